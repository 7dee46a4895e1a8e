"""What residents say is wrong with an answer: taken without a name, refused when made up, seen by its street alone."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from api.schemas.answer_reports import AnswerReports
from data.calendar import today
from data.postgis.engine import WRITER, open_engine, reading, transaction
from data.stores import answer_reports
from data.tables.answers import KINDS
from data.tables.answers import answer_reports as table
from maps.pages.lookup import MISTAKES
from tests.fixtures.services import STREET_1, STREET_2, Service, running_service
from tests.fixtures.small_town import COMMUNITIES, VACANT, SmallTown

V1 = "/api/v1/lookup/reports"
WEST_A, WEST_C = f"{COMMUNITIES[0]}001", f"{COMMUNITIES[2]}001"


@pytest.fixture
def town(town_url: str) -> Iterator[Service]:
    with running_service(town_url, door_rate="100000/minute") as running:
        yield running


def say(service: Service, kind: str = "no_answer", grid_code: str = WEST_A, **more: Any) -> int:
    return service.client().post(V1, json={"kind": kind, "grid_code": grid_code, **more}).status_code


def told(service: Service, account: str = "street_1") -> list[dict[str, Any]]:
    answer = service.client(account).get(V1)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return AnswerReports.model_validate(answer.json()).model_dump(mode="json")["reports"]


def test_the_kinds_are_the_same_everywhere() -> None:
    assert set(KINDS) == set(MISTAKES)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_taken_and_told_to_the_street(town: Service, kind: str) -> None:
    assert say(town, kind) == 201
    (row,) = told(town)
    assert row.pop("report_id") > 0
    assert row == {
        "kind": kind, "grid_code": WEST_A, "grid": "第1网格", "area_code": COMMUNITIES[0], "community": "云溪社区",
        "reported_on": today().isoformat(), "times": 1,
    }  # fmt: skip


def test_one_row_a_grid_kind_and_day_however_often_it_is_said(town: Service) -> None:
    for _ in range(3):
        assert say(town) == 201
    assert say(town, "other") == 201
    assert {(row["kind"], row["times"]) for row in told(town)} == {("no_answer", 3), ("other", 1)}


def test_only_the_columns_named_are_kept(town: Service) -> None:
    """No place, no moment, no words: a new column here is a promise broken."""
    assert set(table.columns.keys()) == {
        "report_id", "kind", "grid_code", "area_code", "reported_on", "times", "settled_at", "settled_by",
    }  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {}, {"kind": "no_answer"}, {"grid_code": WEST_A}, {"kind": "rude", "grid_code": WEST_A},
        {"kind": "no_answer", "grid_code": "1"}, {"kind": "no_answer", "grid_code": f"{WEST_A}x"},
        {"kind": "no_answer", "grid_code": WEST_A, "words": "王某不接电话"},
        {"kind": "no_answer", "grid_code": WEST_A, "lon": 107.7},
        {"kind": ["no_answer"], "grid_code": WEST_A}, [], "no_answer",
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_words_and_places_too(town: Service, body: Any) -> None:
    assert town.client().post(V1, json=body).status_code == 422
    assert told(town, "admin") == []


@pytest.mark.parametrize("grid_code", ["000000000000000", f"{COMMUNITIES[3]}001"])
def test_a_grid_that_does_not_answer_today_is_not_found(town: Service, grid_code: str) -> None:
    assert say(town, grid_code=grid_code) == 404
    assert told(town, "admin") == []


def test_a_foreign_page_reports_nothing(town: Service) -> None:
    client = town.client()
    del client.headers["X-Wangge"]
    for headers in ({}, {"Origin": "https://elsewhere.example"}):
        answer = client.post(V1, json={"kind": "other", "grid_code": WEST_A}, headers=headers)
        assert answer.status_code == 403
        form = {"kind": "other", "grid_code": WEST_A, "back": "/lookup"}
        assert client.post("/lookup/reports", data=form, headers=headers).status_code == 403
    assert told(town, "admin") == []


def test_a_client_may_say_so_only_so_often(town_url: str) -> None:
    with running_service(town_url, door_rate="3/hour") as running:
        assert [say(running, kind) for kind in KINDS] == [201, 201, 201, 429, 429]
        answer = running.client().post("/lookup/reports", data={"kind": "other", "grid_code": WEST_A})
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        assert len(told(running)) == 3


# -- the plain form ---------------------------------------------------------------------------


def form_of(service: Service, back: str, **more: Any) -> str:
    client = service.client()
    del client.headers["X-Wangge"]
    body = {"kind": "wrong_grid", "grid_code": WEST_A, "back": back}
    answer = client.post("/lookup/reports", data=body, headers={"Origin": service.url}, **more)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_the_form_leads_back_to_the_answer_and_says_thanks(town: Service) -> None:
    lon, lat = SmallTown.point(0, 0)
    to = form_of(town, f"/lookup?lon={lon}&lat={lat}&q=云溪苑")
    assert to.endswith("#thanks")
    page = town.client().get(to).text
    assert "谢谢，已转告社区" in page
    assert WEST_A in page
    assert 'action="/lookup/reports"' not in page, "it was said already"
    assert [row["kind"] for row in told(town)] == ["wrong_grid"]


@pytest.mark.parametrize(
    "back",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/login?next=/x",
        "/lookup/reports",
        "",
        "lookup",
    ],
)
def test_the_form_leads_nowhere_else(town: Service, back: str) -> None:
    assert form_of(town, back).startswith("/lookup?reported=true")


def test_the_form_keeps_the_language_and_says_thanks_once(town: Service) -> None:
    assert form_of(town, "/d/K7Q29XBM04TDVR3H?reported=true&lang=en", params={"lang": "en"}).split("?")[1] == (
        "reported=true&lang=en#thanks"
    )


# -- who sees it ------------------------------------------------------------------------------


def test_a_street_sees_its_own_alone(town: Service) -> None:
    say(town, grid_code=WEST_A)
    say(town, grid_code=WEST_C)
    assert [row["grid_code"] for row in told(town, "street_1")] == [WEST_A]
    assert [row["grid_code"] for row in told(town, "street_2")] == [WEST_C]
    assert {row["grid_code"] for row in told(town, "admin")} == {WEST_A, WEST_C}


@pytest.mark.parametrize("account", [None, "grid_worker", "approver"])
def test_nobody_else_sees_or_settles_it(town: Service, account: str | None) -> None:
    """Least of all the worker whose phone is not answered."""
    say(town)
    (row,) = told(town)
    client, refused = town.client(account), 401 if account is None else 403
    assert client.get(V1).status_code == refused
    assert client.post(f"{V1}/{row['report_id']}/settle").status_code == refused
    assert len(told(town)) == 1


def test_the_newest_day_comes_first(town: Service) -> None:
    with transaction(town.engine, actor="test", action="test") as conn:
        for days, kind in ((2, "other"), (0, "no_answer"), (1, "wrong_grid")):
            answer_reports.add_report(conn, kind=kind, grid_code=WEST_A, on=today() - timedelta(days=days))
    assert [row["kind"] for row in told(town)] == ["no_answer", "wrong_grid", "other"]
    rows = town.client("street_1").get(V1, params={"limit": 1}).json()["reports"]
    assert [row["kind"] for row in rows] == ["no_answer"]
    assert town.client("street_1").get(V1, params={"limit": 0}).status_code == 422


def test_what_is_settled_is_gone_and_in_the_audit(town: Service) -> None:
    say(town)
    (row,) = told(town)
    at = f"{V1}/{row['report_id']}/settle"
    assert town.client("street_2").post(at).status_code == 404
    assert town.client("street_1").post(at).status_code == 204
    assert told(town) == []
    assert town.client("street_1").post(at).status_code == 409
    assert town.client("street_1").post(f"{V1}/999999/settle").status_code == 404
    audit = town.client("admin").get("/api/v1/audit").json()["audit"]
    mine = [(entry["actor"], entry["action"]) for entry in audit if entry["noun"] == "answer_reports"]
    assert mine == [("street_1", "settle_answer"), ("public", "report_answer")]


def test_said_again_the_same_day_it_is_open_again(town: Service) -> None:
    say(town)
    (row,) = told(town)
    town.client("street_1").post(f"{V1}/{row['report_id']}/settle")
    say(town)
    (again,) = told(town)
    assert (again["report_id"], again["times"]) == (row["report_id"], 2)


def test_the_table_itself_keeps_streets_apart(town: Service) -> None:
    say(town, grid_code=WEST_A)
    say(town, grid_code=VACANT)
    writer = open_engine(town.database_url, role=WRITER)
    try:
        seen = {}
        for scope in (STREET_1, STREET_2, ""):
            with reading(writer, scope=scope) as conn:
                seen[scope] = set(conn.scalars(text("SELECT grid_code FROM answer_reports")))
        assert seen == {STREET_1: {WEST_A}, STREET_2: {VACANT}, "": set()}
    finally:
        writer.dispose()


@pytest.mark.parametrize("account", ["street_1", "planner", "admin", "grid_worker", "approver"])
def test_the_page_of_people_has_the_section_for_those_who_see_to_it(town: Service, account: str) -> None:
    page = town.client(account).get("/people", headers={"Accept": "text/html"}).text
    assert ("居民指出的错误" in page) == (account in ("street_1", "planner", "admin"))
