"""The requests that real Open311 clients send, byte for byte, and what they read out of our answers.

- georeport 0.3.1 (Python, 2025): recorded from the wire. It has no place for a key where it reads, so the key stands in
  the address, as ``https://open311:KEY@host/open311/v2``, which `requests` sends as Basic.
- three 0.8.0 (Python 2; its one Python 2 import replaced): recorded from the wire.
- FixMyStreet's Open311.pm (commit 3092ba7a) with GetServiceRequests and PopulateServiceList: written down from its
  source, encoded as Perl's HTTP::Request::Common and URI do (line ends as CRLF, brackets and commas escaped).
- Bloomington's GeoReporter for Android (commit 01913eee): written down from its source.

Only the host, the key and its Base64 are put in.
"""

import base64
import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any
from xml.etree import ElementTree

import pytest

from data.stores import cases
from tests.fixtures.open311 import key_of
from tests.fixtures.services import Service, running_service

V2 = "/open311/v2"
PLACE = "jurisdiction_id=529901000000"
REQUESTS = {
    "User-Agent": "python-requests/2.34.2", "Accept-Encoding": "gzip, deflate", "Accept": "*/*",
    "Connection": "keep-alive",
}  # fmt: skip
LWP = {"TE": "deflate,gzip;q=0.3", "Connection": "TE, close", "User-Agent": "libwww-perl/6.43", "Accept-Encoding": ""}
ANDROID = {"Connection": "Keep-Alive", "User-Agent": "Apache-HttpClient/UNAVAILABLE (java 1.4)", "Accept-Encoding": ""}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def service(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service of this module's own, which its tests write to."""
    with new_town() as url, running_service(url) as running:
        yield running


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    """A key of the first street's office."""
    return key_of(service, "street_1")


def send(
    service: Service, method: str, path: str, headers: dict[str, str], body: bytes | None = None
) -> tuple[int, bytes]:
    """Send a request just so, and return status and body."""
    host = service.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.putrequest(method, V2 + path, skip_accept_encoding=True)
        for name, value in {**headers, **({"Content-Length": str(len(body))} if body is not None else {})}.items():
            if value:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def xmltodict(content: bytes) -> Any:
    """What the xmltodict of georeport makes of a document without attributes: repeated children are a list."""

    def value(element: ElementTree.Element) -> Any:
        made: dict[str, Any] = {}
        for child in element:
            part = value(child)
            if child.tag in made:
                made[child.tag] = [*(made[child.tag] if isinstance(made[child.tag], list) else [made[child.tag]]), part]
            else:
                made[child.tag] = part
        return made or element.text

    root = ElementTree.fromstring(content)
    return {root.tag: value(root)}


def xml_simple(content: bytes) -> dict[str, Any]:
    """What XML::Simple makes of it as Open311.pm asks: the root is left out, items are lists, empty is undef."""
    items = ("service", "attribute", "value", "request", "error", "request_update")
    groups = {"services": "service", "attributes": "attribute", "values": "value"}

    def value(element: ElementTree.Element) -> Any:
        made: dict[str, Any] = {}
        for child in element:
            part = value(child)
            if child.tag in groups:
                part = part[groups[child.tag]] if part else None
            made[child.tag] = [*made.get(child.tag, []), part] if child.tag in items else part
        return made or element.text

    return dict(value(ElementTree.fromstring(content)) or {})


# -- georeport 0.3.1 ----------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["json", "xml"])
def test_georeport_reads_services_and_requests(service: Service, key: str, form: str) -> None:
    basic = {**REQUESTS, "Authorization": "Basic " + base64.b64encode(f"open311:{key}".encode()).decode()}

    def get(path: str, headers: dict[str, str] = basic) -> Any:
        status, content = send(service, "GET", path, headers)
        assert status < 400, content  # raise_for_status
        return json.loads(content) if form == "json" else xmltodict(content)

    listed = get(f"/services.{form}?{PLACE}")
    services = listed if form == "json" else listed["services"]["service"]
    assert services[1]["service_code"] == "drain"
    assert services[1]["service_name"] == "下水道堵塞"
    defined = get(f"/services/drain.{form}?{PLACE}")
    assert (defined if form == "json" else defined["service_definition"])["service_code"] == "drain"
    span = "start_date=2026-03-01T00%3A00%3A00Z&end_date=2026-03-05T00%3A00%3A00%2B08%3A00"
    found = get(f"/requests.{form}?service_code=drain%2Cnoise&{span}&status=open&{PLACE}")
    rows = found if form == "json" else found["service_requests"]["request"]
    assert [row["service_request_id"] for row in rows] == ["9", "8", "6", "5", "3", "2"]
    one = get(f"/requests/1.{form}?{PLACE}")
    row = one[0] if form == "json" else one["service_requests"]["request"]
    assert (row["status"], row["requested_datetime"]) == ("closed", "2026-03-02T09:30:00+08:00")
    two = get(f"/requests.{form}?service_request_id=1%2C2&{PLACE}")
    assert len(two if form == "json" else two["service_requests"]["request"]) == 2
    assert send(service, "GET", f"/requests.{form}", REQUESTS)[0] == 403


# -- three 0.8.0 --------------------------------------------------------------------------------


def test_three_discovers_posts_and_follows(service: Service, key: str) -> None:
    def get(path: str) -> Any:
        status, content = send(service, "GET", path, REQUESTS)
        assert status < 500
        return json.loads(content)

    assert get(f"/discovery.json?{PLACE}")["endpoints"][0]["type"] == "test"
    assert len(get(f"/services.json?{PLACE}")) == 7
    assert get(f"/services/drain.json?{PLACE}")["service_code"] == "drain"
    body = (
        "lat=27.9515&long=107.7015&phone=555-5555&email=a%40b.c&description=A+large+sinkhole%0Ais+destroying+the+street"
        "&media_url=http%3A%2F%2Ffarm3.static.flickr.com%2F2002%2Fa.jpg&service_code=drain&jurisdiction_id=529901000000"
        "&address_string=%E4%BA%91%E6%BA%AA%E8%B7%AF5%E5%8F%B7&first_name=%E4%B8%89&last_name=%E5%BC%A0"
        f"&api_key={key}"
    )
    status, content = send(service, "POST", "/requests.json", {**REQUESTS, **FORM}, body.encode())
    [made] = json.loads(content)
    number = made["service_request_id"]
    assert (status, number.isdecimal()) == (200, True)
    [row] = get(f"/requests/{number}.json?api_key={key}&{PLACE}")
    assert row["description"].startswith("A large sinkhole\nis destroying the street")
    assert (row["media_url"], row["address"]) == ("http://farm3.static.flickr.com/2002/a.jpg", "云溪路5号")
    span = "start_date=2026-03-01T00%3A00%3A00Z&end_date=2026-03-10T00%3A00%3A00Z"
    assert len(get(f"/requests.json?api_key={key}&service_code=noise&{PLACE}&page_size=2&{span}")) == 2
    assert get(f"/tokens/{number}.json?api_key={key}&{PLACE}") == [{"service_request_id": number, "token": number}]
    assert get(f"/requests.json?{PLACE}")[0]["code"] == 403


def test_three_sends_a_file_in_parts(service: Service, key: str) -> None:
    edge = "3162e7a002f74df048de0b939669f129"
    fields = {"description": "x", "service_code": "drain", "jurisdiction_id": "529901000000",
              "address_string": "云溪路5号", "api_key": key}  # fmt: skip
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    parts.append('Content-Disposition: form-data; name="media"; filename="p.png"\r\n\r\n\x7fPNG1234\r\n')
    body = "".join(f"--{edge}\r\n{part}" for part in parts) + f"--{edge}--\r\n"
    kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    status, content = send(service, "POST", "/requests.json", {**REQUESTS, **kind}, body.encode())
    assert (status, json.loads(content)[0]["service_request_id"].isdecimal()) == (200, True)


# -- FixMyStreet --------------------------------------------------------------------------------


def test_fixmystreet_takes_over_the_services(service: Service) -> None:
    status, content = send(service, "GET", f"/services.xml?{PLACE}", LWP)
    assert status == 200
    services = xml_simple(content)["service"]
    assert [row["service_code"] for row in services][:2] == ["fire_lane", "drain"]
    assert {row["metadata"].lower() for row in services} == {"false"}
    assert {row["group"] for row in services} == {None}


def test_fixmystreet_sends_a_report_and_reads_its_id(service: Service, key: str) -> None:
    body = (
        f"api_key={key}&attribute%5Bclosest_address%5D=5+Yunxi+Road&attribute%5Btitle%5D=Drain"
        "&description=Drain+blocked%0D%0A%0D%0AWater+stands+in+the+street%0D%0A%0D%0A"
        "http%3A%2F%2Fwww.fixmystreet.com%2Freport%2F123%0D%0A"
        "&email=test%40example.com&first_name=Test&jurisdiction_id=529901000000&last_name=User&lat=27.9515&long=107.7015"
        "&media_url=http%3A%2F%2Fwww.fixmystreet.com%2Fphoto%2F123.0.full.jpeg"
        "&media_url=http%3A%2F%2Fwww.fixmystreet.com%2Fphoto%2F123.1.full.jpeg"
        "&phone=01234+567890&service_code=drain"
    )
    status, content = send(service, "POST", "/requests.xml", {**LWP, **FORM}, body.encode())
    assert 200 <= status < 300
    request_id = xml_simple(content)["request"][0]["service_request_id"]
    assert isinstance(request_id, str)  # "return $request_id unless ref $request_id"
    with service.engine.connect() as conn:
        kept = cases.read_case(conn, int(request_id))
    assert kept["contact"] == "Test User，01234 567890，test@example.com"
    assert kept["description"] == (
        "Drain blocked\n\nWater stands in the street\n\nhttp://www.fixmystreet.com/report/123\n\n"
        "closest_address：5 Yunxi Road\ntitle：Drain\n"
        "附件：http://www.fixmystreet.com/photo/123.0.full.jpeg\n附件：http://www.fixmystreet.com/photo/123.1.full.jpeg"
    )


def test_fixmystreet_reads_why_it_was_refused(service: Service) -> None:
    status, content = send(service, "POST", "/requests.xml", {**LWP, **FORM}, b"api_key=old&service_code=drain")
    [error] = xml_simple(content)["error"]
    assert (status, error["code"]) == (403, "403")
    assert "api_key" in error["description"]


def test_fixmystreet_fetches_requests_of_a_span(service: Service, key: str) -> None:
    """By GetServiceRequests: Open311.pm sends no key here, LWP what stands in the address of the endpoint."""
    basic = {**LWP, "Authorization": "Basic " + base64.b64encode(f"open311:{key}".encode()).decode()}
    span = "end_date=2026-03-03T00%3A00%3A00Z&start_date=2026-03-02T00%3A00%3A00Z"
    status, content = send(service, "GET", f"/requests.xml?{span}&{PLACE}", basic)
    assert status == 200
    rows = xml_simple(content)["request"]
    assert [row["service_request_id"] for row in rows] == ["4", "3", "2", "1"]
    assert all(row["lat"] and row["long"] and row["updated_datetime"] for row in rows)
    status, content = send(service, "GET", f"/requests.xml?{PLACE}&service_request_id=1%2C2", basic)
    assert [row["status"] for row in xml_simple(content)["request"]] == ["open", "closed"]


# -- GeoReporter for Android --------------------------------------------------------------------


def test_georeporter_takes_nothing_but_200_for_done(service: Service, key: str) -> None:
    body = (
        f"service_code=drain&jurisdiction_id=529901000000&api_key={key}&lat=27.9515&long=107.7015"
        "&address_string=5+Yunxi+Road&description=Blocked&device_id=tt222111"
        "&attribute%5Bcolour%5D%5B%5D=red&attribute%5Bcolour%5D%5B%5D=blue"
    )
    status, content = send(service, "POST", "/requests.json", {**ANDROID, **FORM}, body.encode())
    assert status == 200
    number = json.loads(content)[0]["service_request_id"]
    with service.engine.connect() as conn:
        assert cases.read_case(conn, int(number))["description"] == "Blocked\n\ncolour：red、blue"
    status, content = send(service, "POST", "/requests.json", {**ANDROID, **FORM}, f"api_key={key}".encode())
    assert (status, "service_code" in json.loads(content)[0]["description"]) == (400, True)
