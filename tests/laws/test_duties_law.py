"""Laws of duties: whatever duties, absences and plans are, who answers is what asking each day by itself says."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from data.postgis.engine import open_engine, transaction
from data.stores import answers, people
from data.stores import plans as plan_store
from tests.fixtures.small_town import COMMUNITIES, COUNTY, draw_cells, draw_plan, write_small_town
from tests.store.kept import undoing

A, FIRST, DAYS = COMMUNITIES[0], date(2026, 3, 1), 12
GRIDS = (f"{A}001", f"{A}002", f"{A}003")
TORN, LOST = 1, 9  # a building with a cell in each grid of the first plan, and one that has no cell


@dataclass(frozen=True)
class Duty:
    """Who holds a grid from day to day, counted from `FIRST`."""

    person: int
    grid: str
    first: int
    last: int | None

    def holds(self, day: int) -> bool:
        return self.first <= day and (self.last is None or day < self.last)


@dataclass(frozen=True)
class Absence:
    """Who is away, and who answers: for all, or (by the grid) for one."""

    person: int
    first: int
    last: int | None
    substitute: int | None
    by_grid: tuple[tuple[str, int], ...]

    def holds(self, day: int) -> bool:
        return self.first <= day and (self.last is None or day < self.last)


def spans() -> st.SearchStrategy[tuple[int, int | None]]:
    first = st.integers(-2, DAYS)
    return st.one_of(
        st.tuples(first, st.integers(3, DAYS)).map(lambda s: (s[0], s[0] + s[1])), st.tuples(first, st.none())
    )


def apart(found: list, same: Callable[[object], object]) -> list:  # type: ignore[type-arg]
    """Leave out what the database would refuse: the same twice on one day."""
    kept: list = []  # type: ignore[type-arg]
    for one in found:
        clash = [k for k in kept if same(k) == same(one) and any(k.holds(d) and one.holds(d) for d in range(-3, 40))]
        open_twice = [k for k in kept if same(k) == same(one) and k.last is None and one.last is None]
        if not clash and not open_twice:
            kept.append(one)
    return kept


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Duty], list[Absence], int, int]:
    person, grid = st.integers(1, 3), st.sampled_from(GRIDS)
    held = [Duty(draw(person), draw(grid), *draw(spans())) for _ in range(draw(st.integers(1, 6)))]
    away = []
    for _ in range(draw(st.integers(1, 5))):
        who, other = draw(person), draw(st.one_of(person, st.none()))
        single = draw(st.dictionaries(grid, person.filter(lambda p, who=who: p != who), max_size=2))
        away.append(Absence(who, *draw(spans()), None if other == who else other, tuple(sorted(single.items()))))
    turn = draw(st.integers(0, DAYS))
    return (
        apart(held, lambda d: (d.person, d.grid)), apart(away, lambda a: a.person), turn, draw(st.integers(turn, DAYS))
    )  # fmt: skip


@pytest.fixture(scope="module")
def town(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[tuple[Engine, int, int]]:
    """The small town with no duty, and a second plan of A: all of it one grid, numbered 3."""
    with new_database() as url:
        engine = open_engine(url)
        first = write_small_town(engine).plan_id
        cells = draw_cells()
        whole = draw_plan(cells, communities=(A,))
        assignment = whole.plan_cells * 0
        grids = whole.grids.dissolve(by=whole.grids["area_code"], aggfunc="first").reset_index(drop=True)
        grids["grid_code"] = GRIDS[2]
        drawn = type(whole)(
            grids=grids.rename_axis(whole.grids.index.name), plan_cells=assignment, zones=whole.zones.iloc[:0],
            zone_cells=whole.zone_cells.iloc[:0], units=whole.units.iloc[:0], unit_cells=whole.unit_cells.iloc[:0],
        )  # fmt: skip
        with transaction(engine, actor="test", action="test") as conn:
            second = plan_store.create_plan(
                conn, area_code=COUNTY, scheme="general", name="第二次", seed=1, method="by hand/1", report={},
                created_by=None,
            )  # fmt: skip
            plan_store.write_grids(conn, second, drawn)
            conn.execute(text("DELETE FROM duties"))
            conn.execute(text(f"UPDATE cells SET building_id = {TORN} WHERE cell_id = {LOST}"))
        yield engine, first, second
        engine.dispose()


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


def write(conn: Connection, held: list[Duty], away: list[Absence]) -> None:
    for duty in held:
        values = {"p": duty.person, "g": duty.grid, "a": A, "f": on(duty.first),
                  "t": None if duty.last is None else on(duty.last)}  # fmt: skip
        conn.execute(
            text(
                "INSERT INTO duties (person_id, area_code, role, grid_code, valid)"
                " VALUES (:p, :a, 'worker', :g, daterange(cast(:f AS date), cast(:t AS date)))"
            ),
            values,
        )
    for absence in away:
        values = {"p": absence.person, "a": A, "f": on(absence.first), "s": absence.substitute,
                  "t": None if absence.last is None else on(absence.last)}  # fmt: skip
        made = conn.scalar(
            text(
                "INSERT INTO absences (person_id, area_code, away, substitute_id) VALUES"
                " (:p, :a, daterange(cast(:f AS date), cast(:t AS date)), :s) RETURNING absence_id"
            ),
            values,
        )
        for grid, other in absence.by_grid:
            conn.execute(
                text(
                    "INSERT INTO absence_duties (absence_id, duty_id, substitute_id)"
                    " SELECT :a, duty_id, :s FROM duties WHERE person_id = :p AND grid_code = :g"
                ),
                {"a": made, "s": other, "p": absence.person, "g": grid},
            )


def answering(duty: Duty, away: list[Absence], day: int) -> int | None:
    """Who answers for a duty on a day, by the words of the rule."""
    mine = [a for a in away if a.person == duty.person and a.holds(day)]
    if not mine:
        return duty.person
    other = dict(mine[0].by_grid).get(duty.grid, mine[0].substitute)
    if other is None or any(a.person == other and a.holds(day) for a in away):
        return None
    return other


@settings(max_examples=80)
@given(worlds())
def test_a_span_is_what_each_of_its_days_says(
    town: tuple[Engine, int, int], world: tuple[list[Duty], list[Absence], int, int]
) -> None:
    (engine, first, second), (held, away, turn, back) = town, world
    with undoing(engine) as conn:
        write(conn, held, away)
        moved = "UPDATE plan_areas SET valid = daterange('2026-01-01', :turn) WHERE plan_id = :plan AND area_code = :a"
        conn.execute(text(moved), {"turn": on(turn), "plan": first, "a": A})
        if turn < back:  # from `back` on no plan holds
            added = "INSERT INTO plan_areas VALUES (:plan, :a, 'general', daterange(:turn, :back))"
            conn.execute(text(added), {"turn": on(turn), "back": on(back), "plan": second, "a": A})
        found = answers.read_bare_days(conn, FIRST, on(DAYS), within=A)
        told = {
            day: (answers.read_answers(conn, on(day)), people.public_contacts(conn, on(day)))
            for day in range(0, DAYS, 3)
        }
    answered = [
        {duty.grid for duty in held if duty.holds(day) and answering(duty, away, day) is not None}
        for day in range(DAYS)
    ]
    for building in range(1, 17):
        halves = (
            set() if building == LOST else {GRIDS[(building - 1) // 8]} | ({GRIDS[1]} if building == TORN else set())
        )
        wanted = [
            (halves if day < turn else {GRIDS[2]} if day < back else set()) if halves else set() for day in range(DAYS)
        ]
        bare = {day for day in range(DAYS) if not wanted[day] or not wanted[day] <= answered[day]}
        rows = found[found["building_id"] == building]
        days = [
            set(range((row["from_on"] - FIRST).days, (row["to_on"] - FIRST).days)) for row in rows.to_dict("records")
        ]
        assert set().union(*days) == bare, building
        assert sum(map(len, days)) == len(bare)
        assert len(days) == sum(day - 1 not in bare for day in bare), "stretches that touch are one"
        for row, part in zip(rows.to_dict("records"), days, strict=True):
            assert set(row["grid_codes"]) == set().union(*(wanted[day] - answered[day] for day in part))
    for day, (by_duty, contacts) in told.items():
        expected = [(d.person, d.grid, answering(d, away, day)) for d in held if d.holds(day)]
        rows = by_duty.astype({"answer_id": object}).where(by_duty.notna(), None)
        assert sorted(map(str, expected)) == sorted(
            str((int(r["person_id"]), r["grid_code"], None if r["answer_id"] is None else int(r["answer_id"])))
            for r in rows.to_dict("records")
        )
        assert set(contacts.index) == answered[day]
