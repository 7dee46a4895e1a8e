"""The fast path of the look-up: to the byte what its route says, and whatever is not plain it leaves to the route."""

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from api.access import ACCESS, Access
from api.deps import Services
from api.fast_lookup import PATH, ROW, FastLookup
from data.calendar import today
from tests.fixtures.services import Service, running_service
from tests.fixtures.small_town import SmallTown

# The smallest way to ask the same that the fast path does not take: the language by cookie.
SLOWLY = {"Cookie": "wangge_lang=zh"}
POINTS = st.tuples(st.floats(-1, 17), st.floats(-1, 5))
LON, LAT = SmallTown.point(0, 2)


class Front:
    """The fast path alone; what it passes on is counted instead of answered."""

    def __init__(self, services: Services) -> None:
        self.passed_on = 0
        self.asgi = FastLookup(self._pass_on, services, object())  # type: ignore[arg-type]  # a route that is not asked

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.passed_on += 1

    def ask(self, query: str, *, method: str = "GET", path: str = PATH, headers: tuple[Any, ...] = ()) -> bytes | None:
        """Return the body it answers with, None where it passes on."""
        sent: list[Message] = []
        scope = {
            "type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": list(headers),
            "client": ("127.0.0.1", 1),
        }  # fmt: skip

        async def receive() -> Message:
            return {"type": "http.request"}

        async def send(message: Message) -> None:
            sent.append(message)

        asyncio.run(self.asgi(scope, receive, send))
        return sent[-1]["body"] if sent else None


@pytest.fixture(scope="module")
def front(service: Service) -> Front:
    """The fast path in front of a service that has loaded what it answers from."""
    services: Services = service.app.state.services
    service.client().get(PATH, params={"lon": LON, "lat": LAT})
    for _ in range(200):
        if services.published.held(today()):
            break
        time.sleep(0.05)
    return Front(services)


def slowly(client: httpx2.Client, **query: object) -> httpx2.Response:
    return client.get(PATH, params=query, headers=SLOWLY)


@settings(max_examples=150)
@given(
    POINTS,
    st.sampled_from([0, 0.5, 7, 30, 99, 101, 400, 5000]),
    st.sampled_from(["wgs84", "cgcs2000", "gcj02", "bd09"]),
    st.sampled_from(["zh", "en"]),
)
def test_it_says_what_the_route_says(
    service: Service, front: Front, place: tuple[float, float], accuracy_m: float, crs: str, lang: str
) -> None:
    lon, lat = (round(value, 7) for value in SmallTown.point(0, 0, dx=place[0], dy=place[1]))
    query = {"lon": lon, "lat": lat, "accuracy_m": accuracy_m, "crs": crs, "lang": lang}
    with service.client() as client:
        assert front.ask(urlencode(query)) == slowly(client, **query).content


def test_over_http_both_have_the_same_headers(service: Service, front: Front) -> None:
    with service.client() as client:
        fast, slow = client.get(PATH, params={"lon": LON, "lat": LAT}), slowly(client, lon=LON, lat=LAT)
    assert fast.content == slow.content
    changing = {"x-request-id", "date"}
    assert {k: v for k, v in fast.headers.items() if k not in changing} == {
        k: v for k, v in slow.headers.items() if k not in changing
    }


@pytest.mark.parametrize("order", [("lon", "lat"), ("lat", "lon"), ("lang", "lat", "crs", "lon", "accuracy_m")])
def test_it_takes_parameters_in_any_order(front: Front, order: tuple[str, ...]) -> None:
    values = {"lon": LON, "lat": LAT, "lang": "en", "crs": "wgs84", "accuracy_m": 0}
    assert front.ask(urlencode({name: values[name] for name in order}))


@pytest.mark.parametrize(
    "query",
    [
        "", "lon=1", "lat=1", f"lon={LON}", f"lon={LON}&lat=", f"lon={LON}&lat=91", f"lon=181&lat={LAT}",
        f"lon={LON}&lat={LAT}&lon={LON}", f"lon={LON}&lat={LAT}&q=1", f"lon={LON}&lat={LAT}&on=2026-11-22",
        f"lon={LON}&lat={LAT}&accuracy_m=-1", f"lon={LON}&lat={LAT}&accuracy_m=5001", f"lon={LON}&lat={LAT}&lang=fr",
        f"lon={LON}&lat={LAT}&crs=utm", f"lon=nan&lat={LAT}", f"lon=inf&lat={LAT}", f"lon=1e2&lat={LAT}",
        f"lon=%31&lat={LAT}", f"lon=+1&lat={LAT}", f"lon={LON}&lat={LAT}&", f"lon={LON};lat={LAT}",
        f"lon={LON}&lat={LAT}\x00", f"lon=1_0&lat={LAT}", f"lon=１&lat={LAT}",
    ],
)  # fmt: skip
def test_what_is_not_plain_it_leaves_to_the_route(front: Front, query: str) -> None:
    before = front.passed_on
    assert front.ask(query) is None
    assert front.passed_on == before + 1


def test_other_methods_paths_and_readers_who_are_known_are_the_route_s(front: Front) -> None:
    query = f"lon={LON}&lat={LAT}"
    assert front.ask(query, method="HEAD") is None
    assert front.ask(query, method="POST") is None
    assert front.ask(query, path="/api/v1/lookups") is None
    assert front.ask(query, headers=((b"cookie", b"a=b; wangge_session=x"),)) is None
    assert front.ask(query, headers=((b"cookie", b"a=b"),)) is not None


def test_a_row_that_is_not_open_to_all_closes_it(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ACCESS, ROW, Access(frozenset({"admin"}), rate="lookup"))  # type: ignore[arg-type]  # a dict
    assert Front(front.asgi._services).ask(f"lon={LON}&lat={LAT}") is None


def test_it_counts_with_the_route_and_leaves_refusals_to_it(town_url: str) -> None:
    with running_service(town_url, lookup_rate="5/hour") as service, service.client() as client:
        asked = {"lon": LON, "lat": LAT}
        statuses = [client.get(PATH, params=asked, headers=headers).status_code for headers in (SLOWLY, {}) * 4]
        assert statuses == [200] * 5 + [429] * 3
        refused = client.get(PATH, params=asked)
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) > 0


def test_its_line_in_the_log_names_the_route_and_never_the_point(
    service: Service, front: Front, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    with service.client() as client:
        assert client.get(PATH, params={"lon": LON, "lat": LAT}).status_code == 200
    written = ""
    for _ in range(200):  # the line is written when the answer is on its way already
        written += capfd.readouterr().err
        if "\n" in written:
            break
        time.sleep(0.02)
    (line,) = [line for line in written.splitlines() if '"request"' in line]
    assert json.loads(line)["route"] == PATH
    assert str(LON)[:8] not in line
