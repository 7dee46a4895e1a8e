"""Edits over HTTP: branch, edit, conflict with what was missed, undo, redo, points, going back; scope and roles."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx2
import pytest

from tests.fixtures.services import Service, running_service
from tests.fixtures.small_town import COMMUNITIES

V1 = "/api/v1"
WEST_A, EAST_A, WEST_C = (f"{COMMUNITIES[0]}001", f"{COMMUNITIES[0]}002", f"{COMMUNITIES[2]}001")


@pytest.fixture(scope="module")
def service(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service of this module's own, which its tests write to."""
    with new_town() as url, running_service(url) as running:
        yield running


def branched(client: httpx2.Client, plan_id: int) -> str:
    made = client.post(f"{V1}/plans/{plan_id}/branch", json={"name": "调整草案"})
    assert made.status_code == 201, made.text
    return f"{V1}/plans/{made.json()['plan_id']}"


def edited(client: httpx2.Client, plan: str, **asked: Any) -> dict[str, Any]:
    answer = client.post(f"{plan}/edits", json=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_draft_is_branched_edited_undone_and_done_again(service: Service) -> None:
    with service.client("planner") as client:
        plan = branched(client, service.town.plan_id)
        cell = 1  # the south-western square of A
        done = edited(client, plan, revision=1, verb="move", cells=[cell], to=EAST_A)
        assert (done["revision"], done["removed"]) == (2, [])
        shown = {row["id"]: row["properties"] for row in done["grids"]}
        assert {code: row["households"] for code, row in shown.items()} == {WEST_A: 210, EAST_A: 270}
        assert {row["geometry"]["type"] for row in done["grids"]} == {"MultiPolygon"}
        rows = {row["grid_code"]: row for row in client.get(f"{plan}/grids").json()["grids"]}
        assert rows[EAST_A]["households"] == 270
        assert client.post(f"{plan}/points", json={"revision": 2, "name": "第一稿"}).status_code == 204
        merged = edited(client, plan, revision=2, verb="merge", grid_codes=[EAST_A, WEST_A])
        assert merged["removed"] == [WEST_A]
        undone = client.post(f"{plan}/undo", json={"revision": 3}).json()
        assert {row["id"] for row in undone["grids"]} == {WEST_A, EAST_A}
        assert client.post(f"{plan}/redo", json={"revision": 4}).json()["removed"] == [WEST_A]
        back = client.post(f"{plan}/restore", json={"revision": 5, "to": 1}).json()
        assert {row["properties"]["households"] for row in back["grids"]} == {240}
        told = client.get(f"{plan}/history").json()
    assert [(row["kind"], row["verb"]) for row in told["operations"]] == [
        ("edit", "move"), ("edit", "merge"), ("undo", "merge"), ("redo", "merge"), ("edit", "restore")
    ]  # fmt: skip
    assert [(row["name"], row["revision"]) for row in told["points"]] == [("第一稿", 2)]
    assert (told["revision"], told["first_revision"], told["can_undo"], told["can_redo"]) == (6, 1, 6, None)
    assert {row["actor"] for row in told["operations"]} == {"planner"}


def test_cells_of_a_community_know_their_grid_and_those_of_others_are_not_told(service: Service) -> None:
    plan = f"{V1}/plans/{service.town.plan_id}"
    with service.client("street_1") as client:
        own = client.get(f"{plan}/cells", params={"area_code": COMMUNITIES[0]}).json()["features"]
        assert client.get(f"{plan}/cells", params={"area_code": COMMUNITIES[2]}).status_code == 403
        assert client.get(f"{plan}/cells", params={"area_code": "5299"}).status_code == 422
    assert len(own) == 16
    assert {row["properties"]["grid_code"] for row in own} == {WEST_A, EAST_A}
    assert {row["properties"]["households"] for row in own} == {30}


def test_problems_are_told_and_a_mending_is_found_that_can_be_done(service: Service) -> None:
    with service.client("planner") as client:
        plan = branched(client, service.town.plan_id)
        told = client.get(f"{plan}/problems", params={"area_code": COMMUNITIES[0]}).json()["problems"]
        assert {row["grid_code"]: row["outside"] for row in told} == {WEST_A: -60, EAST_A: -60}  # 240 of 300 to 500
        assert {row["pieces"] for row in told} == {1}
        edited(client, plan, revision=1, verb="move", cells=[9, 10, 11], to=WEST_A)
        told = client.get(f"{plan}/problems", params={"area_code": COMMUNITIES[0]}).json()["problems"]
        assert told[0]["grid_code"] == EAST_A
        fix = client.get(f"{plan}/grids/{EAST_A}/fix").json()
        assert (fix["state"], fix["answers"]) == ("none", [])  # 480 households are no two grids of 300
        edited(client, plan, revision=2, verb="merge", grid_codes=[WEST_A, EAST_A])
        assert client.get(f"{plan}/grids/{WEST_A}/fix").json()["state"] == "in_band"
        split = edited(client, plan, revision=3, verb="split", grid_codes=[WEST_A], count=2)
        assert len(split["grids"]) == 2
        assert (
            client.post(f"{plan}/edits", json={"revision": 4, "verb": "split", "grid_codes": [WEST_A]}).status_code
            == 422
        )
        assert client.get(f"{plan}/grids/{COMMUNITIES[0]}009/fix").status_code == 404
    with service.client("street_1") as client:
        base = f"{V1}/plans/{service.town.plan_id}"
        assert client.get(f"{base}/problems", params={"area_code": COMMUNITIES[2]}).status_code == 403
        assert client.get(f"{base}/grids/{WEST_C}/fix").status_code == 404


def test_a_lock_is_seen_by_whoever_opens_the_plan(service: Service) -> None:
    with service.client("planner") as client:
        plan = branched(client, service.town.plan_id)
        edited(client, plan, revision=1, verb="lock", grid_codes=[WEST_A])
        rows = {row["grid_code"]: row["is_locked"] for row in client.get(f"{plan}/grids").json()["grids"]}
    assert rows.pop(WEST_A)
    assert not any(rows.values())


def test_who_was_too_slow_learns_what_was_missed(service: Service) -> None:
    with service.client("planner") as client:
        plan = branched(client, service.town.plan_id)
        edited(client, plan, revision=1, verb="rename", grid_codes=[WEST_A], name="甲")
        answer = client.post(f"{plan}/edits", json={"revision": 1, "verb": "lock"})
    assert answer.status_code == 409
    told = answer.json()
    assert told["revision"] == 2
    assert [(row["revision"], row["verb"], row["asked"]["name"]) for row in told["missed"]] == [(2, "rename", "甲")]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"verb": "move", "cells": [999_999], "to": EAST_A}, 422),
        ({"verb": "move", "cells": [1], "to": WEST_C}, 422),
        ({"verb": "move", "cells": [1], "to": f"{COMMUNITIES[0]}009"}, 404),
        ({"verb": "move", "cells": []}, 422),
        ({"verb": "burn"}, 422),
        ({"verb": "rename", "grid_codes": [WEST_A], "name": " "}, 422),
        ({"verb": "merge", "grid_codes": [WEST_A]}, 422),
        ({"verb": "lock", "colour": "red"}, 422),
        ({"verb": "lock", "revision": 0}, 422),
        ({"verb": "move", "moves": [{"cell_id": 1, "to": WEST_C}]}, 422),
        ({"verb": "split", "grid_codes": [WEST_A], "streets": ["没有这条路"]}, 422),
        ({"verb": "split", "grid_codes": [WEST_A], "streets": ["云溪路"], "count": 2}, 422),
        ({"verb": "redraw"}, 422),
        ({"verb": "redraw", "area_code": COMMUNITIES[3]}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(service: Service, asked: dict[str, Any], status: int) -> None:
    with service.client("planner") as client:
        plan = branched(client, service.town.plan_id)
        answer = client.post(f"{plan}/edits", json={"revision": 1, **asked})
        assert answer.status_code == status, answer.text
        assert client.get(f"{plan}/history").json()["revision"] == 1


def test_a_published_plan_takes_no_edit_and_a_missing_one_is_not_found(service: Service) -> None:
    with service.client("planner") as client:
        for plan_id, status in ((service.town.plan_id, 409), (99_999, 404)):
            body = {"revision": 1, "verb": "lock"}
            assert client.post(f"{V1}/plans/{plan_id}/edits", json=body).status_code == status
            assert client.post(f"{V1}/plans/{plan_id}/undo", json={"revision": 1}).status_code == status
        assert client.post(f"{V1}/plans/99999/branch", json={"name": "x"}).status_code == 404
        plan = branched(client, service.town.plan_id)
        assert client.post(f"{plan}/undo", json={"revision": 1}).status_code == 422
        assert client.post(f"{plan}/restore", json={"revision": 1, "to": 7}).status_code == 404
    for account in ("approver", "street_1"):
        with service.client(account) as client:
            assert client.post(f"{plan}/edits", json={"revision": 1, "verb": "lock"}).status_code == 403


def test_a_draft_is_deleted_and_its_codes_are_never_given_again(service: Service) -> None:
    with service.client("planner") as client:
        plan = branched(client, service.town.plan_id)
        new = edited(client, plan, revision=1, verb="move", cells=[1])["grids"][-1]["id"]
        client.post(f"{plan}/undo", json={"revision": 2})
        stale = client.delete(plan, params={"revision": 1})
        assert (stale.status_code, [row["verb"] for row in stale.json()["missed"]]) == (409, ["move", "move"])
        assert client.delete(plan).status_code == 422
        assert client.delete(plan, params={"revision": 3}).status_code == 204
        assert client.get(plan).status_code == client.delete(plan, params={"revision": 3}).status_code == 404
        later = edited(client, branched(client, service.town.plan_id), revision=1, verb="move", cells=[1])
        assert int(later["grids"][-1]["id"]) == int(new) + 1


def test_a_plan_that_held_or_reaches_beyond_the_scope_is_not_deleted(service: Service) -> None:
    with service.client("planner") as client:
        plan = branched(client, service.town.plan_id)
        published = f"{V1}/plans/{service.town.plan_id}"
        assert client.delete(published, params={"revision": 1}).status_code == 409
    for account, status in (("planner_2", 403), ("approver", 403), ("street_1", 403)):
        with service.client(account) as client:
            assert client.delete(plan, params={"revision": 1}).status_code == status
    with service.client("planner") as client:
        assert client.get(plan).status_code == client.get(published).status_code == 200


def test_a_dry_run_tells_what_an_edit_would_do_and_keeps_nothing(service: Service) -> None:
    with service.client("planner") as client:
        plan = branched(client, service.town.plan_id)
        asked = {"revision": 1, "verb": "split", "grid_codes": [WEST_A], "count": 2}
        seen = edited(client, plan, **asked, dry_run=True)
        assert seen["revision"] == client.get(f"{plan}/history").json()["revision"] == 1
        assert {row["properties"]["households"] for row in seen["grids"]} == {120}
        assert {row["geometry"]["type"] for row in seen["grids"]} == {"MultiPolygon"}
        assert {(row["from"], row["to"]) for row in seen["moved"]} == {(WEST_A, seen["grids"][1]["id"])}
        assert edited(client, plan, **asked, dry_run=True) == seen, "no code was given"
        done = edited(client, plan, **asked)
        assert done == {**seen, "revision": 2}
        stale = client.post(f"{plan}/edits", json={**asked, "dry_run": True})
        assert (stale.status_code, len(stale.json()["missed"])) == (409, 1)
    with service.client("street_1") as client:
        assert client.post(f"{plan}/edits", json={**asked, "dry_run": True}).status_code == 403


def test_a_grid_is_split_along_a_street_that_was_offered(service: Service) -> None:
    with service.client("planner") as client:
        plan = branched(client, service.town.plan_id)
        (street,) = client.get(f"{plan}/grids/{WEST_A}/streets").json()["streets"]
        assert (street["name"], street["street_ids"], street["households"]) == ("云溪路", [1], [120, 120])
        assert street["length_m"] == pytest.approx(197, abs=1)  # two squares of 98.5 m
        for named in (["云溪路"], [1]):
            seen = edited(client, plan, revision=1, verb="split", grid_codes=[WEST_A], streets=named, dry_run=True)
            assert sorted(row["cell_id"] for row in seen["moved"]) in ([1, 2, 5, 6], [3, 4, 7, 8])
        assert client.get(f"{plan}/grids/{COMMUNITIES[0]}009/streets").status_code == 404
    with service.client("street_1") as client:
        assert client.get(f"{V1}/plans/{service.town.plan_id}/grids/{WEST_C}/streets").status_code == 404


def test_zones_and_units_are_edited_inside_a_grid_and_told_by_community(service: Service) -> None:
    with service.client("planner") as client:
        plan = branched(client, service.town.plan_id)
        asked = {"revision": 1, "level": "zones", "verb": "split", "codes": [f"{WEST_A}001"], "count": 2}
        seen = edited(client, plan, **asked, dry_run=True)
        (new,) = {row["to"] for row in seen["moved"]}
        assert new[:15] == WEST_A
        assert [row["id"] for row in edited(client, plan, **asked)["grids"]] == [WEST_A]
        edited(client, plan, revision=2, level="units", verb="move", cells=[1], households=12)
        told = client.get(f"{plan}/parts", params={"area_code": COMMUNITIES[0]}).json()
        assert told["revision"] == 3
        assert {row["zone_code"]: row["households"] for row in told["zones"] if row["grid_code"] == WEST_A} == {
            f"{WEST_A}001": 60, f"{WEST_A}002": 120, new: 60
        }  # fmt: skip
        assert {row["answerable_unit"] for row in told["zones"]} == {None}
        assert [row["households"] for row in told["units"] if row["grid_code"] == WEST_A] == [228, 12]
        assert len(told["cells"]) == 16
        assert sum(row["households"] for row in told["shares"]) == 480
        for wrong in ({"verb": "lock"}, {"verb": "merge", "codes": [f"{WEST_A}001", f"{EAST_A}001"]},
                      {"verb": "merge", "codes": [WEST_A]}):  # fmt: skip
            body = {"revision": 3, "level": "zones", **wrong}
            assert client.post(f"{plan}/edits", json=body).status_code == 422
    with service.client("street_1") as client:
        base = f"{V1}/plans/{service.town.plan_id}/parts"
        assert client.get(base, params={"area_code": COMMUNITIES[2]}).status_code == 403
        assert client.get(base, params={"area_code": COMMUNITIES[0]}).status_code == 200


def test_grids_that_keep_their_ground_are_told_without_it(service: Service) -> None:
    with service.client("planner") as client:
        plan = branched(client, service.town.plan_id)
        locked = edited(client, plan, revision=1, verb="lock")
        assert len(locked["grids"]) == 6
        assert {row["geometry"] for row in locked["grids"]} == {None}
        assert client.get(f"{plan}/grids/{WEST_A}/fix").status_code == 409


def test_a_community_is_drawn_anew_around_what_is_locked(service: Service) -> None:
    with service.client("planner") as client:
        plan = branched(client, service.town.plan_id)
        asked = {"verb": "redraw", "area_code": COMMUNITIES[0]}
        seen = edited(client, plan, revision=1, **asked, dry_run=True)
        # 480 households, 300 to 500 a grid: one
        assert [row["properties"]["households"] for row in seen["grids"]] == [480]
        assert len(seen["removed"]) == 1
        done = edited(client, plan, revision=1, **asked)
        assert done["removed"] == seen["removed"]
        assert client.post(f"{plan}/undo", json={"revision": 2}).status_code == 200
        edited(client, plan, revision=3, verb="lock", grid_codes=[WEST_A])
        body = {"revision": 4, **asked}
        assert client.post(f"{plan}/edits", json=body).status_code == 422, "the other half alone stays as it is"
