"""Counts over real HTTP: three readings with one total, filters that add up, and what changes is seen at once.

The small town's 62 incidents lie in A (30), B (12) and C (20); one of B lies in C's grid, one of C on B's border.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx2
import pytest
import shapely

from tests.fixtures.services import Service, running_service
from tests.fixtures.small_town import SmallTown

V1 = "/api/v1/incidents"


@pytest.fixture(scope="module")
def service(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service of this module's own, which its tests write to."""
    with new_town() as url, running_service(url) as running:
        yield running


def summary(client: httpx2.Client, **query: object) -> dict[str, object]:
    answer = client.get(f"{V1}/summary", params=query)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


@pytest.mark.parametrize("account", ["planner", "street_1", "street_2", "worker_a"])
@pytest.mark.parametrize("reading", [{"reading": "reported"}, {"reading": "now"}, {"reading": "on", "on": "2026-03-01"},
                                     {"reading": "on", "on": "2025-06-01"}])  # fmt: skip
def test_whatever_the_reading_the_total_is_one(service: Service, account: str, reading: dict[str, str]) -> None:
    with service.client(account) as client:
        told, plain = summary(client, **reading), summary(client)
    assert told["total"] == plain["total"] > 0
    assert sum(row["count"] for row in told["grids"]) + told["elsewhere"] == told["total"]
    assert sum(row["open"] for row in told["grids"]) <= told["open"]
    if reading.get("on") == "2025-06-01":  # before the first plan
        assert told["grids"] == []


def test_parts_add_up_to_the_whole(service: Service) -> None:
    with service.client("planner") as client:
        whole = summary(client)
        days = [summary(client, weekdays=str(day))["total"] for day in range(1, 8)]
        hours = [summary(client, hours=hours)["total"] for hours in ("0-5", "6-21", "22-23")]
        night = summary(client, hours="22-5")["total"]
        stands = {
            name: summary(client, standing=name)["total"] for name in ("in_time", "soon", "overdue", "parked", "closed")
        }
        grid = whole["grids"][0]
        assert summary(client, grid=grid["grid_code"])["total"] == grid["count"]
    assert sum(days) == sum(hours) == whole["total"] == sum(stands.values())
    assert night == hours[0] + hours[2]
    assert stands["overdue"] == whole["overdue"]
    assert sum(map(sum, whole["hours"])) == whole["total"]
    assert sum(whole["settled"]["counts"]) == stands["closed"]
    assert whole["settled"]["median_days"] == 1.0  # every one of them took a day


@pytest.mark.parametrize(
    "wrong",
    [{"weekdays": "8"}, {"weekdays": "1,,2"}, {"hours": "24-1"}, {"hours": "5"}, {"standing": "late"}, {"grid": "1"},
     {"from": "2026-03-02", "to": "2026-03-01"}, {"bbox": "1,2,3"}, {"reading": "tomorrow"}],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_refused(service: Service, wrong: dict[str, str]) -> None:
    with service.client("planner") as client:
        assert client.get(f"{V1}/summary", params=wrong).status_code == 422


def test_pages_put_together_are_the_whole_and_keep_to_the_filter(service: Service) -> None:
    with service.client("planner") as client:
        for query in ({}, {"standing": "open", "category": "drain"}, {"hours": "8-12"}):
            after, ids = 0, []
            while after is not None:
                page = client.get(V1, params={**query, "limit": 7, "after": after}).json()
                ids += [row["id"] for row in page["features"]]
                after = page["next_after"]
            assert ids == sorted(set(ids))
            assert len(ids) == summary(client, **query)["total"]


def test_what_changes_is_counted_by_the_next_request(service: Service) -> None:
    here = dict(zip(("lon", "lat"), SmallTown.point(1, 1), strict=True))
    with service.client("street_1") as client, service.client("street_2") as other:
        before, others = summary(client), summary(other)["total"]
        number = client.post(V1, json={"category": "falling", **here}).json()["incident_id"]
        assert summary(client)["total"] == before["total"] + 1
        assert summary(client, state="accepted")["total"] == 0
        client.post(f"{V1}/{number}/moves", json={"move": "accept"})
        assert summary(client, state="accepted")["total"] == 1
        assert summary(other)["total"] == others


def test_what_moves_to_another_street_leaves_this_one(service: Service) -> None:
    here, there = (dict(zip(("lon", "lat"), SmallTown.point(*at), strict=True)) for at in ((1, 2), (9, 2)))
    with service.client("street_1") as first, service.client("street_2") as second, service.client("admin") as whole:
        number = first.post(V1, json={"category": "falling", **here}).json()["incident_id"]
        before = summary(first)["total"], summary(second)["total"]
        assert whole.put(f"{V1}/{number}/place", json=there).status_code == 200
        assert (summary(first)["total"], summary(second)["total"]) == (before[0] - 1, before[1] + 1)


def test_the_list_begins_with_who_has_waited_longest(service: Service) -> None:
    with service.client("planner") as client:
        body = client.get(f"{V1}/ranked", params={"limit": 500}).json()
        overdue = client.get(f"{V1}/ranked", params={"standing": "overdue", "limit": 5}).json()
        whole = summary(client)
        assert "居民反映" not in client.get(f"{V1}/ranked").text
    rows = [row["properties"] for row in body["features"]]
    assert len(rows) == body["total"] == whole["total"]
    names = [row["standing"] for row in rows]
    kinds = ("overdue", "soon", "in_time", "parked", "closed")
    assert [kinds.index(name) for name in names] == sorted(kinds.index(name) for name in names)
    assert names.count("overdue") == overdue["total"] == whole["overdue"]
    due = [row["due_at"] for row in rows if row["standing"] == "overdue"]
    assert due == sorted(due)


def test_cells_that_stand_out_are_where_incidents_gather(service: Service) -> None:
    corner = SmallTown.point(2, 2, dx=0.55, dy=0.55)  # thirty incidents within 20 m
    with service.client("planner") as client, service.client("street_2") as other:
        body = client.get(f"{V1}/hotspots", params={"cell_m": 100}).json()
        foreign = other.get(f"{V1}/hotspots", params={"cell_m": 100}).json()
    hot = [row for row in body["features"] if row["properties"]["class"].startswith("hot")]
    assert any(shapely.from_geojson(json.dumps(row["geometry"])).covers(shapely.Point(corner)) for row in hot)
    assert all(row["properties"]["q"] >= row["properties"]["p"] for row in body["features"])
    assert body["parameters"]["incidents"] > foreign["parameters"]["incidents"] > 0
    assert foreign["parameters"]["incidents"] == summary_of_street_2(service)


def summary_of_street_2(service: Service) -> object:
    with service.client("street_2") as client:
        return summary(client)["total"]


@pytest.mark.parametrize("wrong", [{"cell_m": "5"}, {"method": "magic"}, {"kind": "circle"}, {"measure": "sum"}])
def test_cells_that_make_no_sense_are_refused(service: Service, wrong: dict[str, str]) -> None:
    with service.client("planner") as client:
        assert client.get(f"{V1}/hotspots", params=wrong).status_code == 422
