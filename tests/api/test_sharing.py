"""Which other sites' pages may read what the public is told."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx2
import pytest
from pydantic import ValidationError

from api.settings import Settings
from tests.fixtures.services import Service, running_service
from tests.fixtures.small_town import SmallTown

PORTAL, ELSEWHERE = "https://portal.example.gov.cn", "https://elsewhere.example"
LON, LAT = SmallTown.point(0, 2)
LOOKUP = f"/api/v1/lookup?lon={LON}&lat={LAT}"
ALLOWED = "access-control-allow-origin"


@pytest.fixture(scope="module")
def shared(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service that shares with one portal."""
    with new_town() as url, running_service(url, cors_origins=f"{PORTAL}, http://127.0.0.1:9000") as running:
        yield running


def asked(service: Service, path: str, origin: str, **more: str) -> httpx2.Response:
    with service.client() as client:
        return client.get(path, headers={"Origin": origin, **more})


@pytest.mark.parametrize(
    "path", [LOOKUP, f"{LOOKUP}&on=2026-11-22", "/api/v1/search?q=云溪", "/api/v1/boards/529901001001001"]
)
def test_a_listed_site_reads_public_answers_and_no_other_does(shared: Service, path: str) -> None:
    answer = asked(shared, path, PORTAL)
    assert (answer.status_code, answer.headers[ALLOWED]) == (200, PORTAL)
    assert "access-control-allow-credentials" not in answer.headers
    assert "origin" in answer.headers["vary"].lower()
    assert ALLOWED not in asked(shared, path, ELSEWHERE).headers


@pytest.mark.parametrize(
    "path", ["/", "/lookup", "/api/v1/plans", "/api/v1/lookup/reports", "/healthz", "/static/js/core.js"]
)
def test_nothing_else_is_shared(shared: Service, path: str) -> None:
    assert ALLOWED not in asked(shared, path, PORTAL).headers


def test_a_refusal_can_be_read_too(shared: Service) -> None:
    answer = asked(shared, "/api/v1/lookup?lon=here&lat=there", PORTAL)
    assert (answer.status_code, answer.headers[ALLOWED]) == (422, PORTAL)


def test_a_preflight_allows_reading_alone(shared: Service) -> None:
    with shared.client() as client:
        for method, status in (("GET", 200), ("POST", 400), ("DELETE", 400)):
            headers = {"Origin": PORTAL, "Access-Control-Request-Method": method}
            assert client.options("/api/v1/lookup", headers=headers).status_code == status


def test_without_a_list_nobody_reads(service: Service) -> None:
    assert ALLOWED not in asked(service, LOOKUP, PORTAL).headers


@pytest.mark.parametrize(
    "wrong", ["*", "portal.example", "https://a.example/path", "https://*.example", "https://a.example, null"]
)
def test_what_is_no_origin_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(ValidationError, match="is no origin"):
        Settings(cors_origins=wrong)
