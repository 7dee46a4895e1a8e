"""The six answers of a lookup, in four datums and two languages, and what a public answer may never hold."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from api.actions.look_up import look_up
from api.found import Question
from api.published import PublishedGrids, Snapshot
from api.sandbox import SPOTS, answer_at
from api.schemas.lookup import LookupAnswer
from data.calendar import today
from data.postgis.engine import transaction
from data.profiles import load_profile
from data.stores import people as people_store
from data.stores import plans as plan_store
from geo.datums import from_wgs84
from geo.lookup import GridIndex
from tests.fixtures.services import Service
from tests.fixtures.small_town import COMMUNITIES, PUBLISHED_ON, VACANT, SmallTown, draw_cells, draw_plan

AT = SmallTown.point
Found = TypeVar("Found")


def look(service: Service, lon: float, lat: float, **query: object) -> LookupAnswer:
    with service.client() as client:
        answer = client.get("/api/v1/lookup", params={"lon": lon, "lat": lat, **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return LookupAnswer.model_validate(answer.json())


def test_assigned(service: Service) -> None:
    found = look(service, *AT(0, 0))
    assert (found.answer, found.certain, found.question) == ("assigned", True, None)
    (grid,) = found.grids
    assert (grid.grid_code, grid.community, grid.zone) == ("529901001001001", "云溪社区", "责任区1")
    assert (grid.worker, grid.duty_line, grid.vacant) == ("王网格员", "0851-2200000", False)
    assert "王网格员" in found.message
    service_centre = next(row for row in found.stations if row.category == "service")
    # 4 minutes is what the town gives every building of A; 1 column and 2 rows lie between (98.5 m and 221.6 m).
    assert service_centre.walk_min == 4.0
    assert service_centre.distance_m == pytest.approx(np.hypot(98.3, 222.4), abs=3)


def test_vacant_names_the_desk(service: Service) -> None:
    found = look(service, *AT(11, 1))
    assert (found.answer, found.certain) == ("vacant", True)
    assert found.grids[0].grid_code == VACANT
    assert found.grids[0].worker is None
    assert found.desk.phone == "12345"
    assert "12345" in found.message


def test_near_border_is_never_certain_and_asks(service: Service) -> None:
    lon, lat = AT(2, 1, dx=0.05)  # 5 m east of the border between the two grids of A
    assert look(service, lon, lat, accuracy_m=2).answer == "assigned"
    found = look(service, lon, lat, accuracy_m=20)
    assert (found.answer, found.certain) == ("near_border", False)
    assert {grid.grid_code for grid in found.grids} == {"529901001001001", "529901001001002"}
    assert found.question is not None
    assert "第1网格" in found.question


def test_several_where_a_phone_does_not_know_where_it_is(service: Service) -> None:
    found = look(service, *AT(4, 1), accuracy_m=400)
    assert (found.answer, found.certain) == ("several", False)
    assert len(found.grids) >= 3
    assert found.is_coarse
    assert (found.question, found.stations) == (None, [])
    assert "400" in found.message


def test_outside_and_no_active_plan(service: Service) -> None:
    assert look(service, 107.60, 27.95).answer == "outside"
    found = look(service, *AT(14, 1))
    assert found.answer == "no_active_plan"
    assert found.grids == []
    assert "12345" in found.message


def test_on_another_day(service: Service) -> None:
    before = look(service, *AT(0, 0), on="2025-12-31")
    assert (before.answer, before.on) == ("no_active_plan", date(2025, 12, 31))
    assert look(service, *AT(0, 0), on=PUBLISHED_ON.isoformat()).answer == "assigned"


@pytest.mark.parametrize("datum", ["wgs84", "cgcs2000", "gcj02", "bd09"])
def test_the_same_place_in_every_datum(service: Service, datum: str) -> None:
    place = AT(2, 1, dx=0.2)  # 20 m from the border: taking GCJ-02 for WGS 84 would miss by hundreds
    lon, lat = from_wgs84(*(np.array([value]) for value in place), datum=datum)
    found = look(service, float(lon[0]), float(lat[0]), crs=datum, accuracy_m=1)
    assert [grid.grid_code for grid in found.grids] == ["529901001001002"]


def test_english(service: Service) -> None:
    found = look(service, *AT(11, 1), lang="en")
    assert found.desk.name == "Community desk"
    assert "no grid worker" in found.message


def test_nothing_of_a_resident_in_public_answers(service: Service) -> None:
    with service.client() as client:
        lon, lat = AT(0, 0)
        bodies = [
            client.get(f"/api/v1/lookup?lon={lon}&lat={lat}").text,
            client.get(f"/lookup?lon={lon}&lat={lat}").text,
            client.get("/api/v1/search?q=云溪").text,
            client.get("/").text,
        ]
    for body in bodies:
        assert "1380000000" not in body  # private numbers
        assert "王小明" not in body  # full names
        assert "居民反映" not in body  # texts of incidents


def test_search_finds_a_compound_and_a_door(service: Service) -> None:
    with service.client() as client:
        places = client.get("/api/v1/search", params={"q": "云溪苑"}).json()["places"]
        none = client.get("/api/v1/search", params={"q": "没有这个地方吧"}).json()["places"]
    assert places[0]["label"] == "云溪苑"
    assert set(places[0]) == {"label", "kind", "lon", "lat", "accuracy_m"}
    assert none == []


def test_a_plan_published_now_answers_within_two_seconds(own_service: Service) -> None:
    place = AT(14, 1)
    assert look(own_service, *place).answer == "no_active_plan"
    with transaction(own_service.engine, actor="test", action="test") as conn:
        plan_id = plan_store.create_plan(
            conn, area_code=COMMUNITIES[3], name="新城", seed=1, method="by hand/1", report={}
        )  # fmt: skip
        plan_store.write_grids(conn, plan_id, draw_plan(draw_cells(), communities=COMMUNITIES[3:]))
    with own_service.client("planner") as planner, own_service.client("approver") as approver:
        for client, step, more in (
            (planner, "submit", {}), (approver, "approve", {"document_number": "云政办〔2026〕2号"}),
            (approver, "publish", {"document_number": "云政办〔2026〕2号", "valid_from": today().isoformat()}),
        ):  # fmt: skip
            answer = client.post(f"/api/v1/plans/{plan_id}/{step}", json={"revision": 1, **more})
            assert answer.status_code == 204, answer.text
    answers = set()
    for _ in range(40):
        answers.add(look(own_service, *place).answer)
        if "vacant" in answers:
            break
        time.sleep(0.1)
    assert "vacant" in answers  # nobody has a duty there yet


class Turning(PublishedGrids):
    """Published grids that are replaced, under other ids, each time anybody asks for them."""

    turns = 0

    def on(self, day: date) -> Snapshot:
        """The grids of the database, with ids that no other turn has."""
        self.turns += 1
        held = super().on(day)
        grids = held.grids.set_axis(held.grids.index + 1000 * self.turns)
        told, index = {"turn": str(self.turns)}, GridIndex.from_grids(grids)
        return replace(held, planned=replace(held.planned, told=told, grids=grids, index=index))


def test_one_answer_is_of_one_snapshot_though_a_plan_is_published_meanwhile(service: Service) -> None:
    published = Turning(service.app.state.services.public)
    question = Question(*AT(0, 0), on=PUBLISHED_ON)
    for turn in (1, 2):
        found = look_up(published, question, profile=load_profile("demo"), language="zh")
        assert [row["grid_code"] for row in found["grids"]] == ["529901001001001"]
        assert published.turns == turn, "a look-up asks once"


def test_a_snapshot_is_kept_until_something_it_tells_changes(own_service: Service) -> None:
    published = PublishedGrids(own_service.app.state.services.public)
    question = Question(*AT(0, 0), on=PUBLISHED_ON)

    def read() -> tuple[Snapshot, dict[str, Any]]:
        published.refresh()
        return published.on(PUBLISHED_ON), look_up(published, question, profile=load_profile("demo"), language="zh")

    first, told = read()
    assert read()[0] is first, "nothing changed"
    change(own_service, "UPDATE stations SET name = name || '一'")
    assert read()[0] is first, "nothing of it changed"
    change(own_service, "UPDATE people SET name = '欧阳' || name")
    second, retold = read()
    assert second is not first
    assert (told["grids"][0]["worker"], retold["grids"][0]["worker"]) == ("王网格员", "欧阳网格员")
    change(own_service, "UPDATE areas SET name = '新' || name WHERE level = 'community'")
    third, renamed = read()
    assert third.planned is not second.planned
    assert renamed["grids"][0]["community"] == "新" + told["grids"][0]["community"]


def test_an_outline_that_crosses_itself_takes_no_answer_away(own_service: Service) -> None:
    change(
        own_service,
        "UPDATE areas SET geometry = ST_GeomFromText('MULTIPOLYGON(((100 20, 101 21, 101 20, 100 21, 100 20)))', 4326)"
        f" WHERE area_code = '{COMMUNITIES[2]}'",
    )
    published = PublishedGrids(own_service.app.state.services.public)
    for point, kind in ((AT(0, 0), "assigned"), ((106.0, 26.0), "outside")):
        question = Question(*point, on=PUBLISHED_ON)
        assert look_up(published, question, profile=load_profile("demo"), language="zh")["answer"] == kind
    assert published.ground().community_at(*AT(0, 0)) == COMMUNITIES[0]
    assert published.ground().index is None


def change(service: Service, statement: str) -> None:
    with transaction(service.engine, actor="test", action="test") as conn:
        conn.execute(text(statement))


def test_overlapping_grids_are_several_never_assigned(own_service: Service) -> None:
    with transaction(own_service.engine, actor="test", action="test") as conn:
        conn.execute(
            text(
                "UPDATE grids SET geometry = ST_Multi(ST_Envelope(ST_Collect(geometry,"
                " (SELECT geometry FROM grids WHERE grid_code = '529901001001002'))))"
                " WHERE grid_code = '529901001001001'"
            )
        )
        conn.execute(text("UPDATE plans SET revision = revision + 1"))  # as whoever draws grids anew does
    found = until(lambda: look(own_service, *AT(2, 1)), lambda told: told.answer == "several")
    assert not found.certain
    assert len(found.grids) == 2


def test_head_and_unit_are_told_by_surname_and_name_alone(own_service: Service) -> None:
    with transaction(own_service.engine, actor="test", action="test") as conn:
        conn.execute(text(
            "INSERT INTO people (person_id, area_code, kind, name, phone, duty_line, role)"
            " VALUES (101, :area, 'person', '欧阳建华', '13900000001', '0851-3300001', 'grid_head'),"
            " (102, :area, 'organisation', '云岭县水务局', '13900000002', '0851-3300002', 'answerable_unit')"
        ), {"area": COMMUNITIES[0]})  # fmt: skip
        people_store.write_duties(conn, pd.DataFrame([
            {"person_id": 101, "area_code": COMMUNITIES[0], "role": "grid_head", "grid_code": f"{COMMUNITIES[0]}001",
             "valid_from": PUBLISHED_ON},
            {"person_id": 102, "area_code": COMMUNITIES[0], "role": "answerable_unit",
             "zone_code": f"{COMMUNITIES[0]}001001", "valid_from": PUBLISHED_ON},
        ]))  # fmt: skip
    grid = until(lambda: look(own_service, *AT(0, 0)).grids[0], lambda found: found.head is not None)
    assert grid.head is not None
    assert (grid.head.name, grid.head.duty_line) == ("欧阳", "0851-3300001")
    assert grid.unit is not None
    assert grid.unit.name == "云岭县水务局"
    assert look(own_service, *AT(0, 3)).grids[0].unit is None  # another zone of the grid
    with own_service.client() as client:
        page = client.get("/lookup", params=dict(zip(("lon", "lat"), AT(0, 0), strict=True))).text
    assert "欧阳" in page
    assert "云岭县水务局" in page
    for private in ("建华", "1390000000"):
        assert private not in page


def until(ask: Callable[[], Found], is_so: Callable[[Found], bool]) -> Found:
    """Ask again until it is so, ten seconds at most; return what was told last."""
    end = time.monotonic() + 10
    while not is_so(found := ask()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def redrawn(service: Service) -> int:
    """Return a plan, approved, in which the first cell east of the border of A goes west."""
    with service.client("planner") as planner, service.client("approver") as approver:
        plan = planner.post(f"/api/v1/plans/{service.town.plan_id}/branch", json={"name": "调整"}).json()["plan_id"]
        edit = {"revision": 1, "verb": "move", "cells": [9], "to": f"{COMMUNITIES[0]}001"}
        assert planner.post(f"/api/v1/plans/{plan}/edits", json=edit).status_code == 200
        for client, step, more in ((planner, "submit", {}), (approver, "approve", {"document_number": "3号"})):
            answer = client.post(f"/api/v1/plans/{plan}/{step}", json={"revision": 2, **more})
            assert answer.status_code == 204, answer.text
    return int(plan)


def publish(service: Service, plan: int, day: date) -> None:
    with service.client("approver") as approver:
        body = {"revision": 2, "valid_from": day.isoformat(), "document_number": "3号"}
        answer = approver.post(f"/api/v1/plans/{plan}/publish", json=body)
    assert answer.status_code == 204, answer.text


def test_what_comes_next_is_told_where_it_is_certain(own_service: Service) -> None:
    day = today() + timedelta(days=30)
    publish(own_service, redrawn(own_service), day)
    found = until(lambda: look(own_service, *AT(2, 0)), lambda told: told.next_change is not None)
    assert found.grids[0].grid_code == f"{COMMUNITIES[0]}002"
    assert found.next_change is not None
    assert (found.next_change.on, found.next_change.grid_code) == (day, f"{COMMUNITIES[0]}001")
    with own_service.client() as client:
        page = client.get("/lookup", params=dict(zip(("lon", "lat"), AT(2, 0), strict=True))).text
    assert f"自 {day} 起，这里属于“第1网格”。" in page
    assert look(own_service, *AT(3, 0)).next_change is None  # stays where it is
    assert look(own_service, *AT(4, 0)).next_change is None
    on_border = look(own_service, *AT(2, 0, dx=0.99), accuracy_m=5)  # then near a border
    assert on_border.next_change is None
    assert look(own_service, *AT(2, 0), on=day.isoformat()).next_change is None


def test_every_answer_is_wholly_old_or_wholly_new_while_a_plan_is_published(own_service: Service) -> None:
    plan = redrawn(own_service)
    told, ending = list[tuple[str, str | None, str | None]](), threading.Event()
    old = (f"{COMMUNITIES[0]}002", "李网格员", "责任区1")
    new = (f"{COMMUNITIES[0]}001", "王网格员", "责任区1")

    def ask() -> None:
        while not ending.is_set():
            (grid,) = look(own_service, *AT(2, 0)).grids
            told.append((grid.grid_code, grid.worker, grid.zone))

    hammers = [threading.Thread(target=ask) for _ in range(4)]
    for hammer in hammers:
        hammer.start()
    try:
        publish(own_service, plan, today())
        until(lambda: told[-1], lambda last: last == new)
    finally:
        ending.set()
        for hammer in hammers:
            hammer.join()
    assert set(told) == {old, new}
    first = told.index(new)
    assert old not in told[first + len(hammers) :], "an answer went back"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sandbox_answers_at_each_of_its_points(service: Service, language: str) -> None:
    with service.client() as client:
        points = client.get("/api/v1/lookup/sandbox").json()["points"]
        assert len(points) == len(SPOTS)
        for point in points:
            told = client.get(f"{point['href']}&lang={language}").json()
            invented = answer_at(point["lon"], point["lat"], on=today(), language=language)
            assert told == LookupAnswer.model_validate(invented).model_dump(mode="json"), point["key"]
        page = client.get("/lookup", params={"lon": points[0]["lon"], "lat": 0})
    assert "示例" in page.text
