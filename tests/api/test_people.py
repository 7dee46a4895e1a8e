"""People on duty over HTTP: who answers, hand-over, leave, vacancies, loads; conflict, scope, what stays private."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from threading import Thread
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel
from sqlalchemy import text

from api.schemas import people as shapes
from data.postgis.engine import reading
from tests.fixtures.services import Service, running_service
from tests.fixtures.small_town import COMMUNITIES, PUBLISHED_ON, VACANT

V1 = "/api/v1"
A, B, C, D = COMMUNITIES
FIRST, SECOND = f"{A}001", f"{A}002"
JULY, AUGUST = "2026-07-01", "2026-08-01"


@pytest.fixture
def own(own_service: Service) -> Iterator[httpx2.Client]:
    """A planner at a service of one test alone."""
    with own_service.client("planner") as client:
        yield client


@pytest.fixture(scope="module")
def service(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service that tests only read from, with a leave and a duty more."""
    with new_town() as url, running_service(url) as running:
        with running.client("planner") as client:
            leave(client, 1, 2)
        yield running


def asked(client: httpx2.Client, path: str, status: int = 200, **params: Any) -> Any:
    answer = client.get(f"{V1}/{path}", params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


def done(client: httpx2.Client, path: str, status: int = 200, method: str = "POST", **body: Any) -> Any:
    answer = client.request(method, f"{V1}/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def leave(client: httpx2.Client, person: int, substitute: int | None, status: int = 200, **body: Any) -> Any:
    told = {"from_on": JULY, "to_on": AUGUST, "reason": "家中有事", **body}
    return done(client, "absences", status, person_id=person, substitute_id=substitute, **told)


def workers(client: httpx2.Client, grid: str, on: str = JULY) -> list[tuple[str, str | None]]:
    (row,) = asked(client, "duties", on=on, grid_code=grid)["grids"]
    return [(one["name"], one["answer"]) for one in row["workers"]]


MODELS: dict[str, type[BaseModel]] = {
    "people": shapes.People,
    "people/1": shapes.PersonDetail,
    "duties": shapes.Duties,
    f"duties?grid_code={FIRST}": shapes.Duties,
    "duties/vacancies?role=unit_head": shapes.Vacancies,
    "duties/vacancies?from=2025-12-30&to=2026-02-01": shapes.Vacancies,
    "duties/load": shapes.Loads,
    f"duties/rounds?area_code={A}": shapes.Rounds,
    "absences": shapes.Absences,
}


@pytest.mark.parametrize("path", MODELS)
def test_an_answer_is_what_its_schema_says(service: Service, path: str) -> None:
    with service.client("planner") as client:
        answer = client.get(f"{V1}/{path}")
    assert answer.status_code == 200, answer.text
    MODELS[path].model_validate(answer.json())
    assert answer.headers["cache-control"] == "no-store", "people are kept by no cache"


def test_what_a_change_means_is_what_its_schema_says(own: httpx2.Client) -> None:
    over = {"duties": [{"duty_id": 1, "revision": 1}], "to_person_id": 2, "on": JULY, "is_trial": True}
    shapes.Consequences.model_validate(done(own, "duties/hand-over", **over))
    shapes.AbsenceMade.model_validate(leave(own, 1, 2, is_trial=True))


def test_who_answers_for_each_grid_vacant_ones_first(service: Service) -> None:
    with service.client("street_office") as client:
        found = asked(client, "duties", on=JULY)
        rows = {row["grid_code"]: row for row in found["grids"]}
        assert (found["on"], found["grids"][0]["grid_code"], len(rows)) == (JULY, VACANT, 6)
        assert (rows[VACANT]["reason"], rows[VACANT]["workers"]) == ("never", [])
        assert (rows[FIRST]["units"], rows[FIRST]["zones"]) == ({"answered": 0, "all": 1}, {"answered": 0, "all": 2})
        one = rows[FIRST]["workers"][0]
        assert (one["name"], one["answer"], one["is_substitute"]) == ("王小明", "李建国", True)
        assert rows[FIRST]["parts"] is None
        assert workers(client, FIRST, AUGUST) == [("王小明", "王小明")]
        assert asked(client, "duties", on="2025-12-31")["grids"] == []
        assert {row["area_code"] for row in asked(client, "duties", on=JULY, area_code=B)["grids"]} == {B}
        assert asked(client, "duties", 404, on=JULY, grid_code=f"{A}009")


def test_private_numbers_are_for_those_who_call(service: Service) -> None:
    for role, phone in (
        ("street_office", "13800000000"), ("admin", "13800000000"), ("planner", None), ("grid_worker", None),
        ("approver", None),
    ):  # fmt: skip
        with service.client(role) as client:
            page = asked(client, "people", q="王小明")
            assert [row["phone"] for row in page["people"]] == [phone], role
            assert asked(client, "people/1")["phone"] == phone
            assert len(asked(client, "people", q="13800000000")["people"]) == (phone is not None), "nor guessed at"
            for path in ("duties", "duties/load", "duties/vacancies", "absences"):
                assert "1380000000" not in client.get(f"{V1}/{path}").text


def test_why_somebody_is_away_is_told_to_those_who_write_it(service: Service) -> None:
    for role in ("grid_worker", "street_office", "approver", "planner", "admin"):
        with service.client(role) as client:
            (row,) = asked(client, "absences", **{"from": JULY})["absences"]
            assert (row["name"], row["substitute"], row["gaps"]) == ("王小明", "李建国", [])
            assert row["reason"] == ("家中有事" if role in ("planner", "admin") else None)
            assert asked(client, "people/1")["absences"][0]["reason"] == row["reason"]
    with service.client() as client:
        told = client.get(f"{V1}/lookup", params={"lon": 107.7005, "lat": 27.9505, "on": JULY})
        assert told.json()["grids"][0]["worker"] == "李网格员"
        assert not any(word in told.text for word in ("家中", "替", "away", "absen", "1380000"))


def test_pages_and_words(service: Service) -> None:
    with service.client("admin") as client:
        first = asked(client, "people", limit=4)
        rest = asked(client, "people", limit=4, after=first["next_after"])
        assert [row["person_id"] for row in first["people"] + rest["people"]] == [1, 2, 3, 4, 5, 6]
        assert (first["next_after"], rest["next_after"]) == (4, None)
        assert [row["duties"] for row in asked(client, "people", q="铁柱")["people"]] == [0]
        detail = asked(client, "people/2", on=JULY)
        assert [(row["code"], row["from_on"], row["to_on"]) for row in detail["held"]] == [
            (SECOND, PUBLISHED_ON.isoformat(), None)
        ]
        assert [row["code"] for row in detail["stands_in"]] == [FIRST]
        asked(client, "people/999", 404)


def test_vacancies_of_a_day_and_of_days(service: Service) -> None:
    with service.client("planner") as client:
        day = asked(client, "duties/vacancies", on=JULY)
        assert [(row["code"], row["reason"], row["households"]) for row in day["vacancies"]] == [(VACANT, "never", 240)]
        assert len(asked(client, "duties/vacancies", on=JULY, role="building_head")["vacancies"]) == 64
        days = asked(client, "duties/vacancies", **{"from": "2025-12-30", "to": "2026-01-03"})
        assert days["buildings"] == 64
        told = [(row["area_code"], row["grid_codes"], row["from_on"], row["to_on"], row["buildings"], row["households"])
                for row in days["stretches"]]  # fmt: skip
        assert (D, [], "2025-12-30", "2026-01-03", 16, 480) in told
        assert (C, [VACANT], "2025-12-30", "2026-01-03", 8, 240) in told
        assert (A, [], "2025-12-30", "2026-01-01", 16, 480) in told
        for wrong in (
            {"from": JULY},
            {"to": JULY},
            {"from": JULY, "to": JULY},
            {"on": JULY, "from": JULY, "to": AUGUST},
        ):
            asked(client, "duties/vacancies", 422, **wrong)


def test_loads_are_shared_and_substitutes_carry_them(service: Service) -> None:
    with service.client("planner") as client:
        found = asked(client, "duties/load", on=JULY)
        rows = {row["name"]: row for row in found["loads"]}
        assert (rows["李建国"]["households"], rows["李建国"]["stands_in"]) == (480, 1)
        assert rows["李建国"]["codes"] == [FIRST, SECOND]
        assert rows["张秀英"]["people"] == 8 * 84
        assert "王小明" not in rows
        assert found["loads"][0]["name"] == "李建国"
        assert found["mean_households"] == pytest.approx(5 * 240 / 4)
        assert found["norm"] == [300, 500]
        assert asked(client, "duties/load", role="unit_head")["loads"] == []


def test_a_hand_over_is_tried_and_done(own: httpx2.Client) -> None:
    (row,) = asked(own, "duties", grid_code=FIRST)["grids"]
    seen = [{"duty_id": one["duty_id"], "revision": one["revision"]} for one in row["workers"]]
    body = {"duties": seen, "to_person_id": 2, "on": "2027-07-01"}
    tried = done(own, "duties/hand-over", **body, is_trial=True)
    assert tried["gives"] == [{"person_id": 1, "name": "王小明"}]
    assert tried["takes"] == {"person_id": 2, "name": "李建国"}
    assert tried["parts"] == [{"role": "worker", "targets": 1, "households": 240, "people": 672}]
    assert (tried["households_before"], tried["households_after"], tried["vacant"]) == (240, 480, [])
    assert (tried["is_trial"], tried["duty_ids"]) == (True, [])
    assert workers(own, FIRST, "2027-07-01") == [("王小明", "王小明")]
    made = done(own, "duties/hand-over", **body)
    assert {**made, "is_trial": True, "duty_ids": []} == tried
    assert workers(own, FIRST, "2027-06-30") == [("王小明", "王小明")]
    assert workers(own, FIRST, "2027-07-01") == [("李建国", "李建国")]
    late = done(own, "duties/hand-over", 409, **body)
    assert "第 1 版" in late["detail"]


def test_ending_a_duty_names_what_becomes_vacant(own: httpx2.Client) -> None:
    seen = [{"duty_id": 1, "revision": 1}]
    told = done(own, "duties/end", duties=seen, on=JULY)
    assert [(row["code"], row["reason"], row["ended_on"]) for row in told["vacant"]] == [(FIRST, "ended", JULY)]
    assert (told["takes"], told["households_after"]) == (None, None)
    done(own, "duties/end", 422, duties=[{"duty_id": 1, "revision": 2}], on=AUGUST)
    done(own, "duties/end", 404, duties=[{"duty_id": 999, "revision": 1}], on=AUGUST)


def test_a_duty_begins_and_fills_a_vacancy(own: httpx2.Client) -> None:
    body = {"person_id": 6, "role": "worker", "code": VACANT, "from_on": JULY}
    told = done(own, "duties", **body, is_trial=True)
    assert (told["filled"], told["households_after"], told["duty_ids"]) == (1, 240, [])
    assert done(own, "duties", **body)["duty_ids"]
    assert workers(own, VACANT) == [("赵铁柱", "赵铁柱")]
    clash = done(own, "duties", 409, **body)
    assert "日期重叠" in clash["detail"]
    for wrong, status in (
        ({"role": "building_head"}, 422), ({"role": "answerable_unit"}, 422), ({"code": f"{C}009"}, 404),
        ({"code": "b999"}, 422), ({"role": "building_head", "code": "b999"}, 404), ({"person_id": 999}, 404),
        ({"to_on": JULY}, 422), ({"code": "x"}, 422),
    ):  # fmt: skip
        done(own, "duties", status, **{**body, **wrong})
    heads = {"role": "building_head", "code": "b48", "person_id": 6, "from_on": JULY}
    assert done(own, "duties", **heads)["parts"][0]["households"] == 30


def test_a_leave_is_tried_written_changed_and_taken_back(own: httpx2.Client) -> None:
    assert leave(own, 2, None, is_trial=True)["absence_id"] is None
    other = leave(own, 2, None, from_on="2026-07-20")
    assert [(gap["code"], gap["from_on"], gap["reason"]) for gap in other["gaps"]] == [(SECOND, "2026-07-20", "away")]
    made = leave(own, 1, 2)
    assert made["duties"] == 1
    gap = {"duty_id": 1, "role": "worker", "code": FIRST, "from_on": "2026-07-20", "to_on": AUGUST,
           "reason": "substitute_away"}  # fmt: skip
    assert made["gaps"] == [gap]
    assert asked(own, "duties", on="2026-07-25", grid_code=FIRST)["grids"][0]["reason"] == "substitute_away"
    key = f"absences/{made['absence_id']}"
    body = {"person_id": 1, "from_on": JULY, "to_on": None, "substitute_id": 2,
            "by_duty": [{"duty_id": 1, "substitute_id": 6}], "revision": 1}  # fmt: skip
    assert done(own, key, method="PUT", **body)["gaps"] == []
    assert workers(own, FIRST, "2026-07-25") == [("王小明", "赵铁柱")]
    done(own, key, 409, method="PUT", **body)
    done(own, key, 404, method="PUT", **{**body, "revision": 2, "person_id": 3, "by_duty": []})
    assert own.delete(f"{V1}/{key}", params={"revision": 1}).status_code == 409
    assert own.delete(f"{V1}/{key}", params={"revision": 2}).status_code == 204
    assert own.delete(f"{V1}/{key}", params={"revision": 2}).status_code == 404
    assert workers(own, FIRST, "2026-07-25") == [("王小明", "王小明")]
    leave(own, 1, 1, 422)
    leave(own, 1, 2, 422, to_on=JULY)
    leave(own, 1, 999, 404)
    leave(own, 2, 1, 409, from_on="2026-07-25")
    leave(own, 1, 2, 404, by_duty=[{"duty_id": 2, "substitute_id": 6}])


def test_of_two_who_hand_over_at_once_one_is_told(own_service: Service) -> None:
    status: list[int] = []

    def over(to: int) -> None:
        with own_service.client("planner") as client:
            body = {"duties": [{"duty_id": 1, "revision": 1}], "to_person_id": to, "on": JULY}
            status.append(client.post(f"{V1}/duties/hand-over", json=body).status_code)

    own_service.token("planner")
    threads = [Thread(target=over, args=(to,)) for to in (2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status) == [200, 409, 409]
    with own_service.client("planner") as client:
        assert len(workers(client, FIRST)) == 1


def test_somebody_new(own: httpx2.Client, own_service: Service) -> None:
    body = {"area_code": C, "name": " 新来的 ", "phone": "139 0000 0001", "role": "worker"}
    made = done(own, "people", 201, **body)["person_id"]
    assert asked(own, f"people/{made}")["name"] == "新来的"
    done(own, "people", 404, **{**body, "area_code": "529901009001"})
    done(own, "people", 422, **{**body, "name": " "})
    with own_service.client("planner_2") as client:
        done(client, "people", 403, **{**body, "area_code": A})
    with reading(own_service.engine) as conn:
        row = conn.execute(text("SELECT actor, action FROM audit WHERE noun = 'people' ORDER BY audit_id DESC")).first()
    assert row is not None
    assert tuple(row) == ("planner", "add_person")


def test_another_street_is_neither_seen_nor_changed(service: Service) -> None:
    with service.client("planner_2") as client:
        assert [row["person_id"] for row in asked(client, "people")["people"]] == [5, 6]
        assert {row["area_code"] for row in asked(client, "duties", on=JULY)["grids"]} == {C}
        assert asked(client, "duties", on=JULY, area_code=A)["grids"] == []
        assert asked(client, "people", area_code=A)["people"] == []
        assert asked(client, "absences")["absences"] == []
        assert {row["area_code"] for row in asked(client, "duties/vacancies", on=JULY)["vacancies"]} == {C}
        days = asked(client, "duties/vacancies", **{"from": JULY, "to": AUGUST})
        assert {row["area_code"] for row in days["stretches"]} == {C, D}
        assert [row["name"] for row in asked(client, "duties/load", on=JULY)["loads"]] == ["杨柳"]
        asked(client, "people/1", 404)
        asked(client, "duties", 404, on=JULY, grid_code=FIRST)
        done(client, "duties/end", 404, duties=[{"duty_id": 1, "revision": 1}], on=JULY)
        over = {"duties": [{"duty_id": 5, "revision": 1}], "on": JULY}
        done(client, "duties/hand-over", 404, **over, to_person_id=1)
        done(client, "duties", 404, person_id=5, role="worker", code=FIRST, from_on=JULY)
        done(client, "duties", 404, person_id=5, role="building_head", code="b1", from_on=JULY)
        leave(client, 1, 5, 404)
        leave(client, 5, 1, 404)
        body = {"person_id": 5, "from_on": JULY, "revision": 1}
        done(client, "absences/1", 404, method="PUT", **body)
        assert client.delete(f"{V1}/absences/1", params={"revision": 1}).status_code == 404


def test_rounds_of_a_community(service: Service) -> None:
    with service.client("grid_worker") as client:
        found = asked(client, "duties/rounds", area_code=A)
        assert [row["buildings"] for row in found["rounds"]] == [8, 8]
        assert sorted(found["rounds"][0]["order"] + found["rounds"][1]["order"]) == list(range(1, 17))
        for row in found["rounds"]:
            assert row["least_m"] <= row["length_m"] <= 2 * row["least_m"] + 0.2
            assert row["walk_min"] == pytest.approx(row["length_m"] / found["speed_m_per_s"] / 60, abs=0.06)
        assert asked(client, "duties/rounds", area_code=D)["rounds"] == []
    with service.client("planner_2") as client:
        asked(client, "duties/rounds", 404, area_code=A)
        asked(client, "duties/rounds", 422)
