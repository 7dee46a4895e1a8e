"""Open311 GeoReport v2 over real HTTP: what the specification asks, and that nobody's name comes out.

Keys are in test_open311_keys, the requests of real clients, word for word, in test_open311_clients.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from api.actions.handle_incident import mark_duplicate, move_incident
from api.auth import Account
from data.postgis.engine import transaction
from data.profiles import load_profile
from data.stores import cases
from tests.fixtures.open311 import CODE, HERE, OF_TOWN, THERE, V2, key_of, numbers, program, report, told, xml
from tests.fixtures.services import Service, running_service

PROFILE = load_profile("demo")
WHO = {"first_name": "三", "last_name": "张", "phone": "13800009999", "email": "zhang@example.org"}


@pytest.fixture(scope="module")
def service(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service of this module's own, which its tests write to."""
    with new_town() as url, running_service(url) as running:
        yield running


@pytest.fixture(scope="module")
def key(service: Service) -> str:
    """A key of the first street's office."""
    return key_of(service, "street_1")


@pytest.fixture(scope="module")
def wide(service: Service) -> str:
    """A key of an office whose scope is everything."""
    return key_of(service, "street_office")


@pytest.fixture
def client(service: Service) -> Iterator[httpx2.Client]:
    """Another system."""
    with program(service) as other:
        yield other


# -- what everybody may ask ---------------------------------------------------------------------


def test_discovery_names_the_endpoint_and_its_forms(client: httpx2.Client) -> None:
    body = client.get("/discovery.json").json()
    [endpoint] = body["endpoints"]
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["url"].endswith(V2)
    assert (endpoint["type"], endpoint["formats"]) == ("test", ["text/xml", "application/json"])
    assert "12345" in body["contact"]
    root = xml(client.get("/discovery.xml"))
    assert root.tag == "discovery"
    assert [item.text for item in root.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]
    assert {item.tag for item in root} == set(body)


def test_services_are_the_kinds_in_force(client: httpx2.Client) -> None:
    answer = client.get("/services.json")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    body = answer.json()
    kinds = PROFILE.incidents.kinds_on(datetime.now(UTC).date())
    assert [row["service_code"] for row in body] == [kind.key for kind in kinds]
    assert {(row["metadata"], row["type"]) for row in body} == {(False, "realtime")}
    rows = xml(client.get("/services.xml")).findall("service")
    assert [row.findtext("service_name") for row in rows] == [kind.label.zh for kind in kinds]
    assert {row.findtext("metadata") for row in rows} == {"false"}
    assert client.get("/services.json?lang=en").json()[1]["service_name"] == "Drain blocked"


def test_the_form_is_the_paths_ending_else_accept_else_xml(client: httpx2.Client) -> None:
    asked = {"": "text/xml", "text/html,*/*": "text/xml", "application/json": "application/json",
             "application/xml;q=0.9, application/json": "text/xml"}  # fmt: skip
    for accept, media in asked.items():
        assert client.get("/services", headers={"Accept": accept}).headers["content-type"].startswith(media), accept
    assert xml(client.get("/services.xml", headers={"Accept": "application/json"})).tag == "services"
    assert "Accept" in client.get("/services").headers["vary"]


def test_a_service_asks_for_nothing_more(client: httpx2.Client) -> None:
    assert client.get("/services/drain.json").json() == {"service_code": "drain", "attributes": []}
    root = xml(client.get("/services/drain.xml"))
    assert (root.tag, root.findtext("service_code"), len(root.findall("attributes/attribute"))) == (
        "service_definition", "drain", 0,
    )  # fmt: skip
    refused = client.get("/services/dragons.xml")
    assert refused.status_code == 404
    [error] = xml(refused)
    assert (error.tag, error.findtext("code")) == ("error", "404")
    assert "dragons" in (error.findtext("description") or "")


def test_another_jurisdiction_is_not_found(client: httpx2.Client, key: str) -> None:
    asked = {"api_key": key, "jurisdiction_id": "city.gov"}
    for path in ("discovery", "services", "services/drain", "requests", "requests/1", "tokens/1"):
        params = asked if path.startswith(("requests", "tokens")) else {"jurisdiction_id": "city.gov"}
        for own in (CODE, ""):
            assert client.get(f"/{path}.json", params={**params, "jurisdiction_id": own}).status_code == 200, path
        refused = client.get(f"/{path}.json", params=params)
        assert (refused.status_code, refused.json()[0]["code"]) == (404, 404), path
        assert "city.gov" in refused.json()[0]["description"]
    sent = {**asked, "service_code": "drain", **HERE}
    assert client.post("/requests.xml", data=sent).status_code == 404
    assert client.post("/requests.xml", data={**sent, "jurisdiction_id": CODE}).status_code == 200


# -- reporting ----------------------------------------------------------------------------------


def test_a_request_becomes_an_incident_and_who_reported_it_never_comes_out(
    service: Service, client: httpx2.Client, key: str
) -> None:
    sent = {
        **WHO, "description": "井盖翘起\r\n当心 <b>&amp; 😀", "address_string": "云溪路6号门口", "account_id": "c-77",
        "device_id": "tt222111", "attribute[contact_email]": "li@example.org", "attribute[DEPTH]": "30厘米",
    }  # fmt: skip
    number = report(client, key, **sent)
    with service.engine.connect() as conn:
        kept = cases.read_case(conn, int(number))
        events = cases.read_events(conn, int(number))
    assert (kept["source"], kept["category"], kept["area_code"]) == ("open311", "drain", "529901001001")
    assert kept["contact"] == "张三，13800009999，zhang@example.org，li@example.org，账户 c-77，设备 tt222111"
    assert kept["reporter"] is not None
    assert [(event["kind"], event["actor"]) for event in events] == [("report", "street_1")]
    single = told(client, key, number)
    assert single["description"] == "井盖翘起\n当心 <b>&amp; 😀\n\nDEPTH：30厘米"
    assert (single["address"], single["service_code"], single["agency_responsible"]) == (
        "云溪路6号门口", "drain", "网格",
    )  # fmt: skip
    assert (single["lat"], single["long"]) == (HERE["lat"], HERE["long"])
    for path in (f"requests/{number}", "requests", f"tokens/{number}"):
        for form in ("xml", "json"):
            answer = client.get(f"/{path}.{form}", params={"api_key": key})
            assert answer.headers["cache-control"] == "no-store"
            hidden = (*WHO.values(), "张三", "li@example.org", "tt222111", "c-77")
            assert not [word for word in hidden if word in answer.text and len(word) > 1], path
            assert number in answer.text


def test_a_place_is_a_point_an_address_or_a_building(client: httpx2.Client, key: str) -> None:
    by_address = told(client, key, report(client, key, lat="", long="", address_string="云溪路5号"))
    assert (by_address["address_id"], by_address["address"]) == ("5", "云溪路5号")
    answer = client.post("/requests.json", data={"api_key": key, "service_code": "drain", "address_id": "5"})
    by_building = told(client, key, answer.json()[0]["service_request_id"])
    assert (by_building["lat"], by_building["long"]) == (by_address["lat"], by_address["long"])
    assert (by_building["address_id"], by_building["address"]) == ("5", None)
    asked = {"api_key": key, "service_code": "drain", "address_string": "天涯海角路九千号"}
    root = xml(client.post("/requests.xml", data=asked))
    assert "位置未能确定" in (root.findtext("request/service_notice") or "")
    assert told(client, key, root.findtext("request/service_request_id") or "")["lat"] is None


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"service_code": None, **HERE}, 400, "service_code"),
        ({"service_code": "  ", **HERE}, 400, "service_code"),
        ({"service_code": "dragons", **HERE}, 404, "dragons"),
        ({}, 400, "address_string"),
        ({"lat": "27.9515"}, 400, "lat"),
        ({"lat": "north", "long": "107.7"}, 400, "lat"),
        ({"lat": "nan", "long": "107.7"}, 400, "lat"),
        ({"lat": "127", "long": "107.7"}, 400, "lat"),
        ({"address_id": "999999"}, 400, "address_id"),
        ({"address_id": "#NOTPINPOINTED#"}, 400, "address_id"),
        ({**HERE, "description": "长" * 4001}, 400, "description"),
        ({**HERE, "phone": "1" * 101}, 400, "phone"),
        ({**HERE, "first_name": "a\x00b"}, 400, "first_name"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    client: httpx2.Client, key: str, wrong: dict[str, Any], status: int, said: str
) -> None:
    sent = {name: value for name, value in {"service_code": "drain", **wrong}.items() if value is not None}
    for form in ("json", "xml"):
        answer = client.post(f"/requests.{form}", data={"api_key": key, **sent})
        assert answer.status_code == status, answer.text
        lines = answer.json() if form == "json" else [{item.tag: item.text for item in row} for row in xml(answer)]
        assert {str(line["code"]) for line in lines} == {str(status)}
        assert any(said in line["description"] for line in lines), answer.text
        assert "1" * 101 not in answer.text, "what somebody typed of themselves is not said back"


def test_media_is_kept_where_it_is_a_web_address(client: httpx2.Client, key: str) -> None:
    urls = ["javascript:alert(1)", "https://example.org/1.jpg", "http://[::1/x", "http://example.org/2.jpg"]
    single = told(client, key, report(client, key, media_url=urls, description="看图"))
    assert single["description"] == "看图\n\n附件：https://example.org/1.jpg\n附件：http://example.org/2.jpg"
    assert single["media_url"] == "https://example.org/1.jpg"
    assert told(client, key, report(client, key, media_url="ftp://example.org/x"))["description"] is None


def test_a_file_is_not_kept_and_that_is_said(client: httpx2.Client, key: str) -> None:
    sent = {"api_key": key, "service_code": "drain", **{name: str(value) for name, value in HERE.items()}}
    answer = client.post("/requests.json?lang=en", data=sent, files={"media": ("a.png", b"\x89PNG")})
    assert answer.status_code == 200
    assert "media_url" in answer.json()[0]["service_notice"]
    large = client.post("/requests.json", data=sent, files={"media": ("a.png", b"x" * 1_100_000)})
    assert large.status_code == 413


def test_outside_the_accounts_scope_nothing_is_reported_or_told(client: httpx2.Client, key: str, wide: str) -> None:
    refused = client.post("/requests.xml?lang=en", data={"api_key": key, "service_code": "drain", **THERE})
    assert refused.status_code == 403
    assert "outside your area" in (xml(refused).findtext("error/description") or "")
    number = report(client, wide, **THERE)
    assert told(client, wide, number)["service_request_id"] == number
    for path in (f"requests/{number}", f"tokens/{number}"):
        assert client.get(f"/{path}.json", params={"api_key": key}).status_code == 404
    assert numbers(client, key, service_request_id=f"1,{number}") == [1]
    own, all_ = set(numbers(client, key, **OF_TOWN)), set(numbers(client, wide, **OF_TOWN))
    assert own == set(range(1, 43))  # those of A and B; the others are C's
    assert all_ == set(range(1, 63))


# -- following ----------------------------------------------------------------------------------


def test_a_request_tells_how_the_incident_stands(service: Service, client: httpx2.Client, key: str) -> None:
    number = report(client, key)
    fresh = told(client, key, number)
    assert (fresh["status"], fresh["status_notes"]) == ("open", "已上报")
    assert fresh["requested_datetime"].endswith("+08:00")
    assert datetime.fromisoformat(fresh["expected_datetime"]) > datetime.fromisoformat(fresh["requested_datetime"])
    office = Account(1, "street_1", "street_office", "529901001")
    moment = datetime.now(UTC) + timedelta(hours=1)
    steps = [("accept", "处理中", "open"), ("park", "挂账", "open"), ("resume", "处理中", "open")]
    for at, (move, label, status) in enumerate([*steps, ("settle", "已办结", "closed")]):
        move_incident(
            service.engine, int(number), move, reason="待料", seen=None, profile=PROFILE, account=office,
            now=moment + timedelta(hours=at),
        )  # fmt: skip
        now = told(client, key, number)
        assert (now["status"], now["status_notes"]) == (status, label)
        assert datetime.fromisoformat(now["updated_datetime"]) == (moment + timedelta(hours=at)).replace(microsecond=0)
        assert (now["expected_datetime"] is None) == (move == "park")
    twin = report(client, key)
    mark_duplicate(service.engine, int(twin), int(number), profile=PROFILE, account=office)
    assert (told(client, key, twin)["status"], told(client, key, twin)["status_notes"]) == ("closed", "已办结 (重复件)")
    [row] = xml(client.get(f"/requests/{twin}.xml", params={"api_key": key, "lang": "en"}))
    assert (row.tag, row.findtext("status_notes"), row.findtext("agency_responsible")) == (
        "request", "Settled (duplicate)", "Grid",
    )  # fmt: skip


def test_a_token_is_the_id(client: httpx2.Client, key: str) -> None:
    assert client.get("/tokens/7.json", params={"api_key": key}).json() == [{"service_request_id": "7", "token": "7"}]
    root = xml(client.get("/tokens/7.xml", params={"api_key": key}))
    assert (root.tag, root.findtext("request/service_request_id"), root.findtext("request/token")) == (
        "service_requests", "7", "7",
    )  # fmt: skip
    for token in ("123456789", "0", "x", "9" * 40, "-1", "７"):
        assert client.get(f"/tokens/{token}.json", params={"api_key": key}).status_code == 404, token
        assert client.get(f"/requests/{token}.json", params={"api_key": key}).status_code == 404, token


def test_a_list_is_narrowed_and_newest_first(client: httpx2.Client, wide: str) -> None:
    whole = numbers(client, wide, **OF_TOWN)
    assert whole == list(range(62, 0, -1))  # seven hours apart
    drains = numbers(client, wide, **OF_TOWN, service_code="drain")
    assert drains == [number for number in whole if number % 2 == 0]
    assert numbers(client, wide, **OF_TOWN, service_code="drain,noise") == whole
    assert numbers(client, wide, **OF_TOWN, service_code=["drain", "noise, x"]) == whole
    assert numbers(client, wide, **OF_TOWN, service_code="dragons") == []
    closed = numbers(client, wide, **OF_TOWN, status="closed")
    assert closed == [number for number in whole if number % 3 == 1]
    assert set(numbers(client, wide, **OF_TOWN, status="open")) == set(whole) - set(closed)
    assert (
        numbers(client, wide, **OF_TOWN, status="open,closed") == numbers(client, wide, **OF_TOWN, status="") == whole
    )
    # by id, and nothing else counts
    assert numbers(client, wide, service_request_id="3, 1,x,999999", status="closed", service_code="x") == [3, 1]
    assert numbers(client, wide, service_request_id="x") == []
    pages = [numbers(client, wide, **OF_TOWN, page_size=25, page=page) for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [25, 25, 12, 0]
    assert [number for page in pages for number in page] == whole


def test_a_span_is_to_the_second_and_at_most_ninety_days(client: httpx2.Client, wide: str) -> None:
    first = "2026-03-02T01:30:00Z"  # number 1
    assert numbers(client, wide, start_date=first, end_date=first) == [1]
    assert numbers(client, wide, start_date="2026-03-02T09:30:00+08:00", end_date="2026-03-02T09:30:00 08:00") == [1]
    assert numbers(client, wide, start_date="2026-03-02T01:30:01Z", end_date="2026-03-02T08:30:00Z") == [2]
    assert numbers(client, wide, start_date="2026-03-02", end_date="2026-03-02") == [3, 2, 1]  # the place's own day
    assert numbers(client, wide, end_date="2026-03-02T08:30:00Z") == [2, 1]
    assert numbers(client, wide, start_date="2026-03-19T20:30:00Z") == [62]  # and 90 days on
    assert 1 not in numbers(client, wide)  # the last 90 days
    for span, fits in ((90, 200), (91, 400)):
        end = (datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=span)).isoformat()
        asked = {"api_key": wide, "start_date": "2026-03-01T00:00:00Z", "end_date": end}
        assert client.get("/requests.json", params=asked).status_code == fits


@pytest.mark.parametrize(
    "wrong",
    [
        {"start_date": "2026-03-01T00:00:00"}, {"start_date": "yesterday"}, {"end_date": "0001-01-01T00:00:00Z"},
        {"start_date": "2026-03-02T00:00:00Z", "end_date": "2026-03-01T00:00:00Z"}, {"status": "done"}, {"page": "0"},
        {"page_size": "1001"}, {"page_size": "-1"}, {"page": "９"}, {"bbox": "1,2,3,4"}, {"page": ["1", "2"]},
    ],
)  # fmt: skip
def test_a_list_that_makes_no_sense_is_refused(client: httpx2.Client, key: str, wrong: dict[str, Any]) -> None:
    answer = client.get("/requests.json", params={"api_key": key, **wrong})
    assert (answer.status_code, answer.json()[0]["code"]) == (400, 400)
    assert next(iter(wrong)).split("_")[0] in answer.json()[0]["description"]


def test_what_xml_cannot_hold_is_left_out(service: Service, client: httpx2.Client, key: str) -> None:
    with transaction(service.engine, actor="test", action="report_incident") as conn:
        odd = "\u0001响\u000b\ufffe\ufdd0\u000c]]>\r\n<a>"
        conn.execute(text("UPDATE incidents SET description = :odd WHERE incident_id = 20"), {"odd": odd})
    [row] = xml(client.get("/requests/20.xml", params={"api_key": key}))
    assert row.findtext("description") == "响\ufdd0]]>\n<a>"
    assert told(client, key, "20")["description"] == odd
