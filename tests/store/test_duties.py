"""Duties and absences: who answers on a day and why nobody does; changes that know what they saw; what is refused."""

from datetime import date

import pandas as pd
import pytest
from sqlalchemy import Connection, text

from data.postgis.engine import READER, WRITER, open_engine, reading, transaction
from data.postgis.migrate import downgrade, upgrade
from data.stores import answers, boards, people
from data.stores import duties as duty_store
from data.stores.duties import DaysError, OverlapError, StaleRowError, days_of
from geo.errors import NotFoundError
from tests.fixtures.small_town import COMMUNITIES, PUBLISHED_ON, VACANT, write_small_town
from tests.store.kept import Kept, undoing

A, C = COMMUNITIES[0], COMMUNITIES[2]
JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)
FIRST, SECOND = f"{A}001", f"{A}002"  # held by person 1 and person 2 since the plan holds


def leave(conn: Connection, person: int = 1, substitute: int | None = 6, **values: object) -> int:
    away = days_of(values.pop("first", JULY), values.pop("last", AUGUST))  # type: ignore[arg-type]
    row = {"person_id": person, "area_code": A, "away": away, "substitute_id": substitute, "reason": "病假", **values}
    return duty_store.write_absence(conn, row)


def standing(conn: Connection, grid: str = FIRST, on: date = JULY) -> tuple[object, object]:
    """Who answers for a grid as its worker, and why nobody does."""
    target = answers.read_targets(conn, "worker", on=on, grid_code=grid).loc[grid]
    found = answers.read_answers(conn, on)
    names = found.loc[(found["code"] == grid) & found["answer"].notna(), "answer"].tolist()
    assert len(names) == target["answering"]
    return names, target["reason"]


def test_a_substitute_answers_for_as_long_as_somebody_is_away(undone: Connection) -> None:
    leave(undone)
    assert standing(undone, on=date(2026, 6, 30)) == (["王小明"], None)
    assert standing(undone, on=JULY) == (["赵铁柱"], None)
    assert standing(undone, on=date(2026, 7, 31)) == (["赵铁柱"], None)
    assert standing(undone, on=AUGUST) == (["王小明"], None)
    row = answers.read_answers(undone, JULY).query("code == @FIRST").iloc[0]
    assert (row["person_id"], row["name"], row["answer_id"], row["duty_line"]) == (1, "王小明", 6, "0851-2200005")


def test_the_public_calls_the_substitute_and_learns_no_more(undone: Connection) -> None:
    before = people.public_contacts(undone, JULY)
    leave(undone)
    undone.execute(text("SET LOCAL ROLE wangge_reader"))
    now = people.public_contacts(undone, JULY)
    assert list(now.columns) == list(before.columns) == ["name", "duty_line"]
    assert list(now.loc[FIRST]) == ["赵网格员", "0851-2200005"]
    assert now.drop(index=FIRST).equals(before.drop(index=FIRST))


@pytest.mark.parametrize("on", [PUBLISHED_ON, JULY, AUGUST])
@pytest.mark.parametrize("substitute", [6, None])
def test_an_answer_names_whom_contacts_and_boards_name(undone: Connection, substitute: int | None, on: date) -> None:
    for person, role, target in (
        (1, "worker", {"grid_code": SECOND}), (4, "grid_head", {"grid_code": FIRST}),
        (5, "grid_head", {"grid_code": FIRST}), (6, "building_head", {"building_id": 1}),
        (3, "answerable_unit", {"zone_code": f"{FIRST}001"}),
    ):  # fmt: skip
        duty_store.begin_duty(undone, person, role, {"area_code": A, **target}, days_of(PUBLISHED_ON, None))
    undone.execute(text("UPDATE people SET kind = 'organisation', name = '云溪供水站' WHERE person_id = 3"))
    for person in (1, 4):
        leave(undone, person, substitute)
    undone.execute(text("SET LOCAL ROLE wangge_reader"))
    contacts = people.public_contacts(undone, on)
    posts = boards.read_posts(undone, on).query("role in ('grid_head', 'answerable_unit')")
    told = people.public_answers(undone, on)
    assert {("worker", code): tuple(row) for code, row in contacts.iterrows()} | {
        (row.role, row.code): (row.name_, row.duty_line) for row in posts.rename(columns={"name": "name_"}).itertuples()
    } == {key: (row["name"], row["duty_line"]) for key, row in told.items()}
    assert len(contacts) >= 3
    assert len(posts) == 2


def test_a_colleague_of_the_grid_answers_before_a_substitute(undone: Connection) -> None:
    leave(undone)
    duty_store.begin_duty(undone, 5, "worker", {"area_code": A, "grid_code": FIRST}, days_of(JULY, None))
    assert people.public_contacts(undone, JULY).loc[FIRST, "name"] == "杨网格员"
    assert sorted(standing(undone)[0]) == ["杨柳", "赵铁柱"]  # type: ignore[call-overload]  # names


def test_away_without_a_substitute_is_a_vacancy_with_its_reason(undone: Connection) -> None:
    leave(undone, substitute=None)
    assert standing(undone) == ([], "away")
    row = answers.read_targets(undone, "worker", on=JULY).loc[FIRST]
    assert (row["holder"], row["households"], row["community"]) == ("王小明", 240, "云溪社区")
    assert FIRST not in people.public_contacts(undone, JULY).index


def test_a_substitute_who_is_away_too_is_no_answer_and_nobody_goes_on_looking(undone: Connection) -> None:
    leave(undone, 1, 6)
    leave(undone, 6, 5, first=date(2026, 7, 10), last=date(2026, 7, 20))
    assert standing(undone, on=date(2026, 7, 9)) == (["赵铁柱"], None)
    assert standing(undone, on=date(2026, 7, 10)) == ([], "substitute_away")
    assert standing(undone, on=date(2026, 7, 20)) == (["赵铁柱"], None)


def test_two_who_stand_in_for_each_other_are_both_vacant(undone: Connection) -> None:
    leave(undone, 1, 2)
    leave(undone, 2, 1)
    assert standing(undone, FIRST) == standing(undone, SECOND) == ([], "substitute_away")


def test_a_substitute_may_differ_by_duty(undone: Connection) -> None:
    other = duty_store.begin_duty(undone, 1, "worker", {"area_code": A, "grid_code": SECOND}, days_of(JULY, None))
    absence = leave(undone)
    duty_store.write_substitutes(undone, absence, {other: 5})
    found = answers.read_answers(undone, JULY).query("person_id == 1").set_index("code")["answer"]
    assert found.to_dict() == {FIRST: "赵铁柱", SECOND: "杨柳"}
    assert duty_store.read_substitutes(undone, [absence]) == {absence: {other: 5}}
    duty_store.write_substitutes(undone, absence, {})
    assert set(answers.read_answers(undone, JULY).query("person_id == 1")["answer"]) == {"赵铁柱"}


def test_why_nobody_answers(undone: Connection) -> None:
    found = answers.read_targets(undone, "worker", on=JULY)
    assert found["reason"].to_dict() == {**dict.fromkeys(found.index.drop(VACANT)), VACANT: "never"}
    held = duty_store.lock_duties(undone, {1: 1})
    duty_store.end_duties(undone, held, JULY)
    duty_store.begin_duty(undone, 1, "worker", {"area_code": A, "grid_code": FIRST}, days_of(AUGUST, None))
    row = answers.read_targets(undone, "worker", on=JULY).loc[FIRST]
    assert (row["reason"], row["ended_on"], row["next_on"]) == ("ended", JULY, AUGUST)


@pytest.mark.parametrize(
    ("role", "count", "first"),
    [("grid_head", 6, FIRST), ("answerable_unit", 12, FIRST + "001"), ("unit_head", 6, FIRST + "0001"),
     ("building_head", 64, "b1")],
)  # fmt: skip
def test_each_role_has_its_targets(conn: Connection, role: str, count: int, first: str) -> None:
    found = answers.read_targets(conn, role, on=JULY)
    assert (len(found), found.index[0], set(found["reason"])) == (count, first, {"never"})
    mine = answers.read_targets(conn, role, on=JULY, within=C)
    assert set(mine["area_code"]) == {C}
    assert len(answers.read_targets(conn, role, on=date(2025, 12, 31))) == (64 if role == "building_head" else 0)


def test_days_without_anybody(undone: Connection) -> None:
    """A's western grid lacks its worker on two days of July; C's eastern one always; D has no plan."""
    leave(undone, substitute=None, first=date(2026, 7, 3), last=date(2026, 7, 5))
    found = answers.read_bare_days(undone, JULY, AUGUST)
    mine = found[found["area_code"] == A]
    assert sorted(mine["building_id"]) == list(range(1, 9))
    assert set(zip(mine["from_on"], mine["to_on"], strict=True)) == {(date(2026, 7, 3), date(2026, 7, 5))}
    assert set(map(tuple, mine["grid_codes"])) == {(FIRST,)}
    assert set(map(tuple, found.loc[found["area_code"] == C, "grid_codes"])) == {(VACANT,)}
    none = found[found["area_code"] == COMMUNITIES[3]]
    assert (len(none), set(map(tuple, none["grid_codes"]))) == (16, {()})
    before = answers.read_bare_days(undone, date(2025, 12, 1), date(2026, 2, 1), within=A)
    assert set(zip(before["from_on"], before["to_on"], strict=True)) == {(date(2025, 12, 1), PUBLISHED_ON)}


def test_whether_a_building_has_somebody_does_not_hang_on_who_asks(kept: Kept) -> None:
    with reading(kept.engines[WRITER], scope=A) as conn:
        assert len(answers.read_bare_days(conn, JULY, AUGUST)) == 8 + 16
        assert set(answers.read_answers(conn, JULY)["area_code"]) == {A}
    with kept.engines[WRITER].connect() as conn:
        assert len(answers.read_answers(conn, JULY)) == 0


def test_a_substitute_from_elsewhere_is_named_to_those_whose_grid_it_is(kept: Kept) -> None:
    with undoing(kept.engines[WRITER]) as conn:
        leave(conn, 1, 6)  # person 6 lives in C
        conn.execute(text(f"SELECT set_config('wangge.scope', '{A}', true)"))
        assert standing(conn) == (["赵铁柱"], None)
        assert 6 not in people.read_people(conn).index


def test_nobody_but_staff_asks_who_answers(kept: Kept) -> None:
    for call in ("wangge_answers(current_date)", "wangge_answered('worker')"):
        with reading(kept.engines[READER]) as conn, pytest.raises(Exception, match="permission denied"):
            conn.execute(text(f"SELECT * FROM {call}"))


def test_nobody_holds_the_same_duty_twice_on_a_day(undone: Connection) -> None:
    target = {"area_code": A, "grid_code": FIRST}
    with pytest.raises(OverlapError, match="holds this duty"), undone.begin_nested():
        duty_store.begin_duty(undone, 1, "worker", target, days_of(JULY, AUGUST))
    duty_store.begin_duty(undone, 1, "grid_head", target, days_of(JULY, AUGUST))
    duty_store.begin_duty(undone, 2, "worker", target, days_of(JULY, AUGUST))
    building = {"area_code": A, "building_id": 1}
    duty_store.begin_duty(undone, 1, "building_head", building, days_of(JULY, AUGUST))
    duty_store.begin_duty(undone, 1, "building_head", building, days_of(AUGUST, None))
    with pytest.raises(OverlapError), undone.begin_nested():
        duty_store.begin_duty(undone, 1, "building_head", building, days_of(date(2027, 1, 1), None))


def test_nobody_is_away_twice_or_stands_in_for_themselves(undone: Connection) -> None:
    leave(undone)
    with pytest.raises(OverlapError, match="away"), undone.begin_nested():
        leave(undone, first=date(2026, 7, 31), last=None)
    with pytest.raises(DaysError), undone.begin_nested():
        leave(undone, 2, 2)
    with pytest.raises(DaysError, match="after the first"):
        days_of(JULY, JULY)


def test_a_duty_ends_and_one_that_never_held_goes(undone: Connection) -> None:
    duty_store.end_duties(undone, duty_store.lock_duties(undone, {1: 1}), JULY)
    row = people.read_duties(undone, on=None).loc[1]
    assert (row["valid_from"], row["valid_to"], row["revision"]) == (PUBLISHED_ON, JULY, 2)
    with pytest.raises(StaleRowError, match="saw revision 1, it is at 2"):
        duty_store.lock_duties(undone, {1: 1})
    held = duty_store.lock_duties(undone, {1: 2})
    for on in (date(2025, 6, 1), JULY, AUGUST):
        with pytest.raises(DaysError):
            duty_store.end_duties(undone, held, on)
    duty_store.end_duties(undone, held, PUBLISHED_ON)
    assert 1 not in people.read_duties(undone, on=None).index
    with pytest.raises(NotFoundError):
        duty_store.lock_duties(undone, {1: 2})


def test_an_absence_is_changed_and_taken_back(undone: Connection) -> None:
    absence = leave(undone)
    duty_store.lock_absence(undone, absence, seen=1)
    leave_row = {"person_id": 1, "area_code": A, "away": days_of(JULY, None), "substitute_id": 5, "reason": None}
    duty_store.write_absence(undone, leave_row, absence_id=absence)
    with pytest.raises(StaleRowError):
        duty_store.lock_absence(undone, absence, seen=1)
    row = duty_store.read_absences(undone, from_on=AUGUST).loc[absence]
    assert (row["name"], row["away_from"], row["away_to"], row["substitute_id"]) == ("王小明", JULY, None, 5)
    assert len(duty_store.read_absences(undone, to_on=JULY)) == 0
    duty_store.drop_absence(undone, absence)
    assert len(duty_store.read_absences(undone, person_id=1)) == 0
    with pytest.raises(NotFoundError):
        duty_store.lock_absence(undone, absence, seen=2)


def test_what_is_out_of_scope_is_not_there(kept: Kept) -> None:
    with undoing(kept.engines[WRITER]) as conn:
        absence = leave(conn)
        conn.execute(text(f"SELECT set_config('wangge.scope', '{C}', true)"))
        for call in (
            lambda: duty_store.lock_duties(conn, {1: 1}),
            lambda: duty_store.lock_absence(conn, absence, seen=1),
            lambda: duty_store.require_people(conn, [6, 1]),
        ):
            with pytest.raises(NotFoundError):
                call()
        assert len(duty_store.read_absences(conn)) == 0
        assert conn.scalar(text("SELECT count(*) FROM absence_duties")) == 0


def test_people_are_found_by_words_role_and_page(conn: Connection) -> None:
    def found(**asked: object) -> list[int]:
        return people.find_people(conn, on=JULY, **asked).index.tolist()  # type: ignore[arg-type]

    assert found() == [1, 2, 3, 4, 5, 6]
    assert found(words=" 小明 ") == found(words="13800000000", by_phone=True) == found(words="2200000") == [1]
    assert found(words="13800000000") == []
    assert found(words="%") == []
    assert found(role="worker", after=4) == [5, 6]
    assert found(role="grid_head") == []
    assert found(within=C, limit=1) == [5]
    row = people.find_people(conn, on=JULY).loc[6]
    assert (row["duties"], row["is_away"], row["community"]) == (0, False, "河东社区")


def test_people_are_added(undone: Connection) -> None:
    ids = people.add_people(undone, pd.DataFrame({"area_code": [A, A], "name": ["甲", "乙"]}, index=[7, 9]))
    assert people.read_people(undone).loc[ids[9], "name"] == "乙"


def test_duties_held_twice_before_the_rule_are_made_one(database_url: str) -> None:
    """What older versions allowed is merged when the rule comes, and going back leaves it so."""
    engine = open_engine(database_url)
    write_small_town(engine)
    downgrade(database_url, revision="0009")
    days = ("[2026-03-01,2026-05-01)", "[2026-04-01,2026-06-01)", "[2026-04-01,2026-06-01)", "[2026-07-01,)", "empty")
    with transaction(engine, actor="test", action="test") as conn:
        for valid in days:
            conn.execute(
                text("INSERT INTO duties (person_id, area_code, role, building_id, valid)"
                     " VALUES (1, :a, 'building_head', 1, :v)"), {"a": A, "v": valid},
            )  # fmt: skip
        assert len(people.public_contacts(conn, JULY)) == 5
    upgrade(database_url)
    with reading(engine) as conn:
        rows = people.read_duties(conn, on=None).query("role == 'building_head'")
        assert list(zip(rows["valid_from"], rows["valid_to"], strict=True)) == [
            (date(2026, 3, 1), date(2026, 6, 1)), (JULY, None),
        ]  # fmt: skip
        assert len(people.read_duties(conn, on=JULY)) == 5 + 1
    engine.dispose()


def test_who_answers_is_joined_by_hashing(conn: Connection) -> None:
    """The planner takes a city's 80,000 duties for a hundred; looking through all absences for each took minutes."""
    query = text("SELECT proname FROM pg_proc WHERE 'enable_nestloop=off' = ANY(proconfig) ORDER BY proname")
    assert list(conn.scalars(query)) == [
        "public_answers", "public_contacts", "public_posts", "wangge_answered", "wangge_answers",
    ]  # fmt: skip
