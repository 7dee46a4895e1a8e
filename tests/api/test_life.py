"""A plan's life over HTTP: submitted, returned, approved, published; who may, in which order, and at midnight."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from data.calendar import today
from tests.fixtures.services import STREET_1, Service, running_service
from tests.fixtures.small_town import COMMUNITIES, SOUTH, STEP, WEST

V1 = "/api/v1"
A, B, C, _ = COMMUNITIES
WEST_A, EAST_A = f"{A}001", f"{A}002"
TOMORROW = today() + timedelta(days=1)
DOCUMENT = "云政办〔2026〕12号"


@pytest.fixture
def service(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service of each test's own: what is published stays."""
    with new_town() as url, running_service(url) as running:
        yield running


def drafted(client: httpx2.Client, base: int, *, moves: bool = True) -> str:
    """A branch of a plan in which a building has changed grid."""
    plan = f"{V1}/plans/{client.post(f'{V1}/plans/{base}/branch', json={'name': '调整'}).json()['plan_id']}"
    if moves:
        edit = {"revision": 1, "verb": "move", "cells": [5], "to": EAST_A}
        assert client.post(f"{plan}/edits", json=edit).status_code == 200
    return plan


def step(client: httpx2.Client, plan: str, name: str, **more: Any) -> httpx2.Response:
    revision = client.get(plan).json()["revision"]
    return client.post(f"{plan}/{name}", json={"revision": revision, **more})


def took(client: httpx2.Client, plan: str, name: str, **more: Any) -> None:
    answer = step(client, plan, name, **more)
    assert answer.status_code == 204, answer.text


def test_a_plan_lives_from_draft_to_superseded_and_everything_is_kept(service: Service) -> None:
    with service.client("planner") as planner, service.client("approver") as approver:
        plan = drafted(planner, service.town.plan_id)
        assert planner.get(f"{plan}/life").json()["may"] == ["submit"]
        took(planner, plan, "submit", remark="请审")
        assert planner.get(f"{plan}/life").json()["may"] == ["recall"]
        assert approver.get(f"{plan}/life").json()["may"] == ["return", "approve"]
        edit = {"revision": 2, "verb": "rename", "grid_codes": [WEST_A], "name": "改"}
        assert planner.post(f"{plan}/edits", json=edit).status_code == 409
        took(approver, plan, "return", remark="请再核对")
        assert planner.post(f"{plan}/edits", json=edit).status_code == 200
        took(planner, plan, "submit")
        took(approver, plan, "approve", document_number=DOCUMENT)
        took(approver, plan, "publish", valid_from=TOMORROW.isoformat(), document_number=DOCUMENT)
        life = planner.get(f"{plan}/life").json()
        told = planner.get(plan).json()
        old = planner.get(f"{V1}/plans/{service.town.plan_id}").json()
    assert (life["state"], life["may"]) == ("published", [])
    assert [(row["step"], row["actor"], row["revision"]) for row in life["steps"]] == [
        ("submit", "planner", 2), ("return", "approver", 2), ("submit", "planner", 3), ("approve", "approver", 3),
        ("publish", "approver", 3),
    ]  # fmt: skip
    assert [row["remark"] for row in life["steps"]] == ["请审", "请再核对", None, None, None]
    assert [row["errors"] for row in life["steps"]] == [0, None, 0, None, 0]
    assert life["steps"][-1]["document_number"] == DOCUMENT
    assert (told["valid_from"], told["document_number"]) == (TOMORROW.isoformat(), DOCUMENT)
    assert old["valid_to"] == TOMORROW.isoformat()
    with service.engine.connect() as conn:
        frozen = conn.scalar(
            text("SELECT dossier FROM plan_steps WHERE step = 'publish' ORDER BY step_id DESC LIMIT 1")
        )
        actions = set(conn.scalars(text("SELECT action FROM audit WHERE noun = 'plan_steps'")))
    assert frozen["totals"]["households"] == 30  # the building that was moved; tests/fixtures/small_town.py
    assert actions >= {"submit_plan", "return_plan", "approve_plan", "publish_plan"}


def test_a_plan_of_tomorrow_answers_nobody_today_and_everybody_at_midnight(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the second, in Shanghai: one grid before, the other after, and never none or two."""
    midnight = datetime(TOMORROW.year, TOMORROW.month, TOMORROW.day, tzinfo=UTC) - timedelta(hours=8)
    with service.client("planner") as planner, service.client("approver") as approver, service.client() as public:
        plan = drafted(planner, service.town.plan_id)
        took(planner, plan, "submit")
        took(approver, plan, "approve", document_number=DOCUMENT)
        took(approver, plan, "publish", valid_from=TOMORROW.isoformat(), document_number=DOCUMENT)
        place = {"lon": WEST + 1.5 * STEP, "lat": SOUTH + 0.5 * STEP}

        def grid(**asked: Any) -> str:
            answer = public.get(f"{V1}/lookup", params={**place, **asked}).json()
            (found,) = answer["grids"]
            return str(found["grid_code"])

        assert grid() == WEST_A
        assert (grid(on=today().isoformat()), grid(on=TOMORROW.isoformat())) == (WEST_A, EAST_A)
        for at, code in ((midnight - timedelta(seconds=1), WEST_A), (midnight, EAST_A)):

            class Clock(datetime):
                @classmethod
                def now(cls, tz: Any = None, *, _at: datetime = at) -> datetime:  # type: ignore[override]  # fixed
                    return _at.astimezone(tz)

            monkeypatch.setattr("data.calendar.datetime", Clock)
            assert grid() == code


@pytest.mark.parametrize("name", ["submit", "recall", "return", "approve", "publish"])
def test_each_step_asks_for_its_role_and_its_ground(service: Service, name: str) -> None:
    planners, approvers = {"planner", "admin"}, {"approver", "admin"}
    allowed = planners if name in ("submit", "recall") else approvers
    body = {
        "submit": {}, "recall": {}, "return": {"remark": "否"}, "approve": {"document_number": DOCUMENT},
        "publish": {"document_number": DOCUMENT, "valid_from": TOMORROW.isoformat()},
    }[name]  # fmt: skip
    path = f"{V1}/plans/{service.town.plan_id}/{name}"
    with service.client() as stranger:
        assert stranger.post(path, json={"revision": 1, **body}).status_code == 401
    for role in ("grid_worker", "street_office", "planner", "approver", "admin"):
        with service.client(role) as client:
            answer = client.post(path, json={"revision": 1, **body})
            assert answer.status_code == (409 if role in allowed else 403), role
        with service.client(f"{role}_of_{STREET_1}") as client:  # the plan is the whole county's
            assert client.post(path, json={"revision": 1, **body}).status_code == 403
    with service.client("admin") as client:
        assert client.post(f"{V1}/plans/4711/{name}", json={"revision": 1, **body}).status_code == 404
        assert client.post(path, json=body).status_code == 422
        assert client.post(path, json={"revision": 1, **body, "more": 1}).status_code == 422


def test_who_submitted_does_not_approve(service: Service) -> None:
    with service.client("admin") as admin, service.client("approver") as approver:
        plan = drafted(admin, service.town.plan_id)
        took(admin, plan, "submit")
        assert admin.get(f"{plan}/life").json()["may"] == ["recall", "return"]
        answer = step(admin, plan, "approve", document_number=DOCUMENT)
        assert answer.status_code == 403
        assert "须由另一人批准" in answer.json()["detail"]
        took(approver, plan, "approve", document_number=DOCUMENT)


def test_errors_stop_a_plan_and_are_told_with_their_repair(service: Service) -> None:
    """A corner of C given to the grid at the other end: in pieces. The proposed repair mends it."""
    with service.client("planner") as planner:
        plan = drafted(planner, service.town.plan_id, moves=False)
        cells = planner.get(f"{plan}/cells", params={"area_code": A}).json()["features"]
        west = sorted(row["properties"]["cell_id"] for row in cells if row["properties"]["grid_code"] == WEST_A)
        edit = {"revision": 1, "verb": "move", "cells": west[:1], "to": None}
        code = next(
            row["id"] for row in planner.post(f"{plan}/edits", json=edit).json()["grids"]
            if row["id"] not in (WEST_A, EAST_A)
        )  # fmt: skip
        far = max(row["properties"]["cell_id"] for row in cells if row["properties"]["grid_code"] == EAST_A)
        assert planner.post(
            f"{plan}/edits", json={"revision": 2, "verb": "move", "cells": [far], "to": code}
        ).is_success
        found = planner.get(f"{plan}/findings").json()
        piece = next(row for row in found["findings"] if row["kind"] == "pieces")
        assert (found["errors"], piece["is_error"], piece["grid_code"], piece["other_code"]) == (1, True, code, EAST_A)
        assert "划给" in piece["repair"]
        assert WEST < piece["lon"] < WEST + 4 * STEP
        answer = step(planner, plan, "submit")
        assert answer.status_code == 409
        assert "1 处错误" in answer.json()["detail"]
        assert planner.get(f"{plan}/life").json()["steps"] == []
        mend = {"revision": 3, "verb": "move", "cells": piece["cells"], "to": piece["other_code"]}
        assert planner.post(f"{plan}/edits", json=mend).is_success
        assert planner.get(f"{plan}/findings").json()["errors"] == 0
        assert "Too few households" in planner.get(f"{plan}/findings?lang=en").text
        took(planner, plan, "submit")


def test_a_stale_step_is_told_what_it_missed(service: Service) -> None:
    with service.client("planner") as planner:
        plan = drafted(planner, service.town.plan_id)
        answer = planner.post(f"{plan}/submit", json={"revision": 1})
    assert answer.status_code == 409
    assert [row["verb"] for row in answer.json()["missed"]] == ["move"]


def test_a_day_that_is_over_and_a_draft_are_not_published(service: Service) -> None:
    with service.client("planner") as planner, service.client("approver") as approver:
        plan = drafted(planner, service.town.plan_id)
        answer = step(approver, plan, "publish", valid_from=TOMORROW.isoformat(), document_number=DOCUMENT)
        assert (answer.status_code, "草案" in answer.json()["detail"]) == (409, True)
        took(planner, plan, "submit")
        took(approver, plan, "approve", document_number=DOCUMENT)
        past = (today() - timedelta(days=1)).isoformat()
        answer = step(approver, plan, "publish", valid_from=past, document_number=DOCUMENT)
        assert (answer.status_code, "已经过去" in answer.json()["detail"]) == (422, True)
        took(approver, plan, "publish", valid_from=today().isoformat(), document_number=DOCUMENT)


def test_a_draft_of_a_plan_that_others_replaced_is_warned_of(service: Service) -> None:
    with service.client("planner") as planner, service.client("approver") as approver:
        mine, theirs = drafted(planner, service.town.plan_id), drafted(planner, service.town.plan_id)
        assert "stale_base" not in planner.get(f"{mine}/findings").json()["kinds"]
        took(planner, theirs, "submit")
        took(approver, theirs, "approve", document_number=DOCUMENT)
        took(approver, theirs, "publish", valid_from=TOMORROW.isoformat(), document_number=DOCUMENT)
        found = planner.get(f"{mine}/findings").json()
    (stale,) = [row for row in found["findings"] if row["kind"] == "stale_base"]
    assert (stale["is_error"], stale["size"], stale["unit"]) == (False, 3.0, "communities")


def test_comments_are_pinned_seen_in_scope_and_settled(service: Service) -> None:
    with (
        service.client("street_1") as street, service.client("street_2") as other, service.client("planner") as planner,
        service.client("grid_worker") as worker,
    ):  # fmt: skip
        plan = drafted(planner, service.town.plan_id)
        said = street.post(f"{plan}/comments", json={"grid_code": WEST_A, "words": "学校不宜拆开"})
        assert said.status_code == 201
        assert street.post(f"{plan}/comments", json={"words": "总体可行"}).status_code == 201
        assert street.post(f"{plan}/comments", json={"grid_code": f"{C}001", "words": "x"}).status_code == 404
        assert street.post(f"{plan}/comments", json={"grid_code": f"{A}999", "words": "x"}).status_code == 404
        assert street.post(f"{plan}/comments", json={"words": "  "}).status_code == 422
        assert worker.post(f"{plan}/comments", json={"words": "x"}).status_code == 403
        path = f"{plan}/comments/{said.json()['comment_id']}/settle"
        assert planner.post(path).status_code == 204
        assert planner.post(f"{plan}/comments/4711/settle").status_code == 404
        mine = street.get(f"{plan}/life").json()["comments"]
        theirs = other.get(f"{plan}/life").json()["comments"]
    assert [(row["grid_code"], row["actor"], row["settled_by"]) for row in mine] == [
        (WEST_A, "street_1", "planner"), (None, "street_1", None),
    ]  # fmt: skip
    assert [row["words"] for row in theirs] == ["总体可行"]


def test_a_street_sees_findings_of_its_own_ground_only(service: Service) -> None:
    with service.client("planner") as planner:
        plan = drafted(planner, service.town.plan_id)
    with service.client("street_1") as street:
        found = street.get(f"{plan}/findings").json()
    areas = {row["area_code"] for row in found["findings"]}
    assert found["findings"]
    assert all(code.startswith(STREET_1) for code in areas)


def test_days_are_the_citys(service: Service) -> None:
    """What is published today holds from today by the city's calendar, wherever the machine stands."""
    assert isinstance(today(), date)
    with service.client("planner") as client:
        held = client.get(f"{V1}/cover").json()
    assert held["on"] == today().isoformat()
