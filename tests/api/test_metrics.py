"""What was asked of the service, by route: told to admins and to a collector with an admin's key, to nobody else."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.fixtures.commands import wangge
from tests.fixtures.services import STREET_1, Service
from tests.fixtures.small_town import SmallTown

LON, LAT = SmallTown.point(0, 2)


def counted(text: str, route: str) -> dict[tuple[str, str], float]:
    """Requests of a route by method and status."""
    return {
        (sample.labels["method"], sample.labels["status"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "wangge_request_seconds_count" and sample.labels["route"] == route
    }


def test_requests_are_counted_by_route_and_status_and_no_more_is_told(service: Service) -> None:
    admin = service.client("admin")
    before = counted(admin.get("/metrics").text, "/api/v1/lookup")
    for query in (f"lon={LON}&lat={LAT}", f"lon={LON}&lat={LAT}&on=2026-11-22", "lon=here"):
        service.client().get(f"/api/v1/lookup?{query}")
    answer = admin.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    after = counted(answer.text, "/api/v1/lookup")
    assert after[("GET", "200")] == before.get(("GET", "200"), 0) + 2
    assert after[("GET", "422")] == before.get(("GET", "422"), 0) + 1
    assert str(LON)[:7] not in answer.text
    assert "127.0.0.1" not in answer.text


def test_what_is_no_route_or_method_makes_no_series_of_its_own(service: Service) -> None:
    with service.client() as client:
        client.get("/no/such/page-71")
        client.request("BREW", "/lookup")
    text = service.client("admin").get("/metrics").text
    assert "page-71" not in text
    assert "BREW" not in text
    assert counted(text, "(none)")


@pytest.mark.parametrize(("account", "status"), [(None, 401), ("planner", 403), (f"street_office_of_{STREET_1}", 403)])
def test_nobody_else_is_told(service: Service, account: str | None, status: int) -> None:
    assert service.client(account).get("/metrics").status_code == status


def test_a_collector_comes_with_an_admin_s_key(own_service: Service) -> None:
    made = {}
    for account in ("admin", "street_1"):
        told = wangge(own_service.database_url, "account", "key", account, "--for", "监控", "--commit").stdout
        made[account] = re.findall(r"[A-Za-z0-9_-]{30,}", told)[0]
    with own_service.client() as client:
        for headers in ({"X-Api-Key": made["admin"]}, {"Authorization": f"Bearer {made['admin']}"}):
            assert client.get("/metrics", headers=headers).status_code == 200
        assert client.get("/metrics", headers={"X-Api-Key": made["street_1"]}).status_code == 403
        assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
        assert client.get("/metrics", params={"api_key": made["admin"]}).status_code == 400
