"""The same numbers everywhere: what was measured when a plan was made is what the API tells, whole and grid by grid."""

from typing import Any

import pytest

from api.jobs import run_worker
from geo.partition.measures import MEASURES
from tests.fixtures.services import Service, settings_for

COMMUNITY = "529901001001"
NAMES = {measure.name for measure in MEASURES}


def proposed(service: Service, **asked: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Have a plan drawn as a planner does; return it and its grids."""
    with service.client("planner") as client:
        answer = client.post("/api/v1/plans", json={"area_code": COMMUNITY, "name": "试划", **asked})
        assert answer.status_code == 202, answer.text
        run_worker(settings_for(service.database_url), wait=False)
        job = client.get(f"/api/v1/jobs/{answer.json()['job_id']}").json()
        assert job["state"] == "done", job
        plan_id = job["result"]["plan_id"]
        plan = client.get(f"/api/v1/plans/{plan_id}").json()
        grids = client.get(f"/api/v1/plans/{plan_id}/grids").json()["grids"]
        for row in grids:
            one = client.get(f"/api/v1/plans/{plan_id}/grids/{row['grid_code']}").json()
            assert one["properties"]["measures"] == row["measures"]
    return plan, grids


def test_a_plan_s_measures_are_the_sums_of_its_grids(own_service: Service) -> None:
    plan, grids = proposed(own_service, seed=7)
    report = plan["report"]
    assert set(report["measures"]) == set(report["versions"]) == NAMES
    for row in grids:
        assert set(row["measures"]) == NAMES
        assert (row["measures"]["households"], row["measures"]["people"]) == (row["households"], row["people"])
        assert row["compactness"] == pytest.approx(row["measures"]["polsby_popper"], abs=1e-4)
    for name in ("households", "people", "households_outside", "households_moved", "households_kept"):
        assert report["measures"][name] == sum(row["measures"][name] for row in grids)
    assert report["measures"]["people_outside"] is None
    assert (report["band"], report["people_band"], report["count"], report["is_afresh"]) == (
        [300, 500],
        None,
        None,
        False,
    )
    assert report["weights"] == {"lines": 1, "compact": 1, "even": 1, "compounds": 1, "keep": 1}


def test_a_planner_asks_for_a_number_for_locks_and_for_a_fresh_start(own_service: Service) -> None:
    lock = f"{COMMUNITY}001"
    plan, grids = proposed(own_service, count=1, locked=[lock])
    assert (plan["report"]["count"], plan["report"]["locked"]) == (1, [lock])
    assert {row["grid_code"] for row in grids} == {lock, f"{COMMUNITY}002"}
    plan, grids = proposed(own_service, afresh=True)
    assert plan["report"]["is_afresh"]
    assert [row["households"] for row in grids] == [480]


@pytest.mark.parametrize(
    "asked", [{"count": 0}, {"count": "many"}, {"afresh": "perhaps"}, {"locked": ["001"]}, {"bands": 1}]
)
def test_what_cannot_be_asked_is_refused(service: Service, asked: dict[str, Any]) -> None:
    with service.client("planner") as client:
        answer = client.post("/api/v1/plans", json={"area_code": COMMUNITY, "name": "试划", **asked})
    assert answer.status_code == 422, answer.text


def test_a_plan_that_was_made_elsewhere_has_no_measures_of_grids(service: Service) -> None:
    with service.client("planner") as client:
        rows = client.get(f"/api/v1/plans/{service.town.plan_id}/grids").json()["grids"]
    assert [row["measures"] for row in rows] == [{}] * 6
    assert all(0 < row["compactness"] <= 1 for row in rows)


def test_what_was_measured_of_a_grid_is_not_told_once_it_is_redrawn(own_service: Service) -> None:
    plan, grids = proposed(own_service, seed=7, count=3)
    first, second, third = (row["grid_code"] for row in grids)
    with own_service.client("planner") as client:
        cells = client.get(f"/api/v1/plans/{plan['plan_id']}/cells", params={"area_code": COMMUNITY}).json()["features"]
        moved = next(cell["id"] for cell in cells if cell["properties"]["grid_code"] == first)
        body = {"revision": plan["revision"], "verb": "move", "cells": [moved], "to": second}
        assert client.post(f"/api/v1/plans/{plan['plan_id']}/edits", json=body).status_code == 200
        rows = {row["grid_code"]: row for row in client.get(f"/api/v1/plans/{plan['plan_id']}/grids").json()["grids"]}
    assert rows[first]["measures"] == rows[second]["measures"] == {}
    assert set(rows[third]["measures"]) == NAMES
    assert 0 < rows[first]["compactness"] < 1  # of its outline
