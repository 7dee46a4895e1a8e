"""The dossier over HTTP: what a plan changes, with names its reader may see, as an answer, maps, workbook and paper."""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import shapely
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from data.calendar import today
from tests.fixtures.services import Service, running_service
from tests.fixtures.small_town import COMMUNITIES

V1 = "/api/v1"
A, B, C, _ = COMMUNITIES
WEST_A, EAST_A, WEST_C = f"{A}001", f"{A}002", f"{C}001"
HOME = 30  # households of a cell; tests/fixtures/small_town.py


@pytest.fixture(scope="module")
def service(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service of this module's own, which its tests write to."""
    with new_town() as url, running_service(url) as running:
        yield running


@pytest.fixture(scope="module")
def plan(service: Service) -> str:
    """A draft in which a building of A changes grid and a grid of C is split in two."""
    with service.client("planner") as client:
        made = client.post(f"{V1}/plans/{service.town.plan_id}/branch", json={"name": "秋季调整"}).json()["plan_id"]
        path = f"{V1}/plans/{made}"
        for revision, edit in enumerate(
            ({"verb": "move", "cells": [5], "to": EAST_A}, {"verb": "split", "grid_codes": [WEST_C], "count": 2}), 1
        ):
            answer = client.post(f"{path}/edits", json={"revision": revision, **edit})
            assert answer.status_code == 200, answer.text
    return path


def read(client: httpx2.Client, path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_it_tells_who_moves_from_whom_to_whom(service: Service, plan: str) -> None:
    with service.client("planner") as client:
        told = read(client, f"{plan}/dossier")
    assert (told["is_frozen"], told["base"], told["on"]) == (False, None, today().isoformat())
    new = next(row["grid_code"] for row in told["grids"] if row["state"] == "new")
    ways = {(row["from_grid"], row["to_grid"]): row for row in told["moves"]}
    assert set(ways) == {(WEST_A, EAST_A), (WEST_C, new)}
    moved = ways[WEST_A, EAST_A]
    assert (moved["cells"], moved["buildings"], moved["households"]) == (1, 1, HOME)
    states = {
        row["grid_code"]: (row["state"], row["households_after"] - row["households_before"]) for row in told["grids"]
    }
    assert states[WEST_A] == ("altered", -HOME)
    assert states[EAST_A] == ("altered", HOME)
    assert states[WEST_C] == ("altered", -states[new][1])
    totals = told["totals"]
    assert totals["households"] == HOME + states[new][1]
    assert (totals["grids_altered"], totals["grids_new"], totals["grids_retired"]) == (3, 1, 0)
    assert totals["doorplates"] == totals["buildings"] == len(told["buildings"])
    assert totals["notice_boards"] == 4
    assert totals["border_new_m"] > 0
    loads = {
        code: (row["households_before"], row["households_after"]) for row in told["workers"] for code in row["grids"]
    }
    assert loads[EAST_A] == (240.0, 270.0)


def test_open_incidents_are_handed_over_with_the_ground_they_lie_on(service: Service, plan: str) -> None:
    with service.client("planner") as client:
        told = read(client, f"{plan}/dossier")
    with service.engine.connect() as conn:
        conn.execute(text("SELECT set_config('wangge.scope', '*', true)"))
        inside = "SELECT incident_id FROM incidents i JOIN cells c ON ST_Covers(c.geometry, i.geometry)"
        open_ones = set(conn.scalars(text(f"{inside} WHERE c.cell_id = 5 AND closed_at IS NULL")))
    handed = {row["incident_id"] for row in told["incidents"] if row["to_grid"] == EAST_A}
    assert handed == open_ones
    assert told["totals"]["incidents"] == len(told["incidents"])


def test_a_street_sees_its_own_rows_and_people(service: Service, plan: str) -> None:
    with service.client("street_2") as client:  # C is of this street
        told = read(client, f"{plan}/dossier")
        drawn = read(client, f"{plan}/dossier/ground")
    codes = {
        row[side]
        for row in (*told["moves"], *told["buildings"], *told["incidents"])
        for side in ("from_grid", "to_grid")
    }
    assert codes
    assert all(code.startswith(C) for code in codes)
    assert {row["grid_code"][:12] for row in told["grids"]} == {C}
    assert all(code.startswith("529901002") for row in told["workers"] for code in row["grids"])
    assert all(
        row["properties"].get("grid_code", row["properties"].get("from_grid")).startswith(C)
        for row in drawn["features"]
    )
    assert told["totals"]["grids_altered"] == 3  # the sums are of the whole plan


def test_the_maps_show_both_sides_and_what_moves(service: Service, plan: str) -> None:
    with service.client("planner") as client:
        features = read(client, f"{plan}/dossier/ground")["features"]
    parts = {
        part: [row for row in features if row["properties"]["part"] == part] for part in ("before", "after", "moved")
    }
    ground = {
        part: shapely.union_all([shapely.geometry.shape(row["geometry"]) for row in rows])
        for part, rows in parts.items()
    }
    assert {row["properties"]["grid_code"][:12] for row in parts["after"]} == {A, C}
    assert ground["before"].symmetric_difference(ground["after"]).area < 1e-9
    assert {row["properties"]["from_grid"] for row in parts["moved"]} == {WEST_A, WEST_C}
    assert ground["after"].buffer(1e-9).contains(ground["moved"])
    for row in features:
        place = shapely.Point(row["properties"]["lon"], row["properties"]["lat"])
        assert shapely.geometry.shape(row["geometry"]).buffer(1e-6).contains(place)


def test_any_two_plans_are_compared(service: Service, plan: str) -> None:
    own = int(plan.rsplit("/", 1)[1])
    with service.client("planner") as client:
        there = read(client, f"{plan}/dossier", base=service.town.plan_id)
        back = read(client, f"{V1}/plans/{service.town.plan_id}/dossier", base=own)
        same = read(client, f"{plan}/dossier", base=own)
        assert client.get(f"{plan}/dossier", params={"base": 4711}).status_code == 404
    ways = {(row["from_grid"], row["to_grid"], row["households"]) for row in there["moves"]}
    assert ways == {(row["to_grid"], row["from_grid"], row["households"]) for row in back["moves"]}
    assert there["base"]["plan_id"] == service.town.plan_id
    assert same["moves"] == []
    assert same["totals"]["households"] == 0


def test_the_workbook_has_a_sheet_for_each_who_has_to_act(service: Service, plan: str) -> None:
    with service.client("planner") as client:
        told = read(client, f"{plan}/dossier")
        answer = client.get(f"{plan}/dossier.xlsx")
        english = client.get(f"{plan}/dossier.xlsx?lang=en")
    assert answer.headers["cache-control"] == "no-store"
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    assert book.sheet_names == ["概况", "调整去向", "网格", "楼栋", "网格员负担", "待移交事件", "服务站点", "说明"]
    assert CalamineWorkbook.from_filelike(io.BytesIO(english.content)).sheet_names[1] == "Who moves"
    rows = book.get_sheet_by_name("调整去向").to_python()
    assert [(row[0], row[3], row[7]) for row in rows[1:]] == [
        (row["from_grid"], row["to_grid"], row["households"]) for row in told["moves"]
    ]
    assert len(book.get_sheet_by_name("楼栋").to_python()) == len(told["buildings"]) + 1
    assert ["换网格的户数", told["totals"]["households"]] in book.get_sheet_by_name("概况").to_python()


def test_the_paper_is_a_pdf(service: Service, plan: str) -> None:
    with service.client("planner") as client:
        answer = client.get(f"{plan}/dossier.pdf")
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert "attachment" in answer.headers["content-disposition"]


def test_what_was_submitted_is_told_as_it_was_then(service: Service) -> None:
    """A worker's name is asked for when it is read; the facts are those of the day."""
    with service.client("planner") as planner, service.client("approver") as approver:
        made = planner.post(f"{V1}/plans/{service.town.plan_id}/branch", json={"name": "定格"}).json()["plan_id"]
        path = f"{V1}/plans/{made}"
        edit = {"revision": 1, "verb": "move", "cells": [5], "to": EAST_A}
        assert planner.post(f"{path}/edits", json=edit).status_code == 200
        live = read(planner, f"{path}/dossier")
        for client, step, more in (
            (planner, "submit", {}), (approver, "approve", {"document_number": "1号"}),
            (approver, "publish", {"document_number": "1号", "valid_from": (today() + timedelta(days=30)).isoformat()}),
        ):  # fmt: skip
            assert client.post(f"{path}/{step}", json={"revision": 2, **more}).status_code == 204
        frozen = read(planner, f"{path}/dossier")
        drawn = read(planner, f"{path}/dossier/ground")["features"]
    assert frozen["is_frozen"]
    assert frozen["plan"]["state"] == "published"
    for part in ("totals", "moves", "buildings", "grids", "workers", "stations", "incidents"):
        assert frozen[part] == live[part], part
    assert {row["properties"]["part"] for row in drawn} == {"before", "after", "moved"}
    with service.engine.connect() as conn:
        conn.execute(text("SELECT set_config('wangge.scope', '*', true)"))
        names = set(conn.scalars(text("SELECT name FROM people")))
        kept = conn.scalar(
            text("SELECT string_agg(dossier::text, '') FROM plan_steps WHERE plan_id = :id"), {"id": made}
        )
    assert names
    assert not [name for name in names if name in kept]


def test_what_is_in_force_changes_nothing(service: Service) -> None:
    with service.client("planner") as client:
        told = read(client, f"{V1}/plans/{service.town.plan_id}/dossier", base=service.town.plan_id)
    assert (told["moves"], told["grids"], told["totals"]["border_new_m"]) == ([], [], 0.0)
