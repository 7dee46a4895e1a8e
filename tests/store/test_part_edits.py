"""Edits of zones and household units inside a grid: every verb, every refusal, undo by the byte."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from api.actions.branch_plan import branch_plan
from api.auth import Account
from api.plan_parts import AcrossGridsError, NothingToDoError
from data.postgis.engine import open_engine, reading, transaction
from data.stores import edits
from geo.errors import DeniedError, InputError, NotFoundError
from geo.rebalance import LockedGridError
from tests.fixtures.desk import Desk
from tests.fixtures.small_town import COMMUNITIES, write_small_town

WEST_A, EAST_A = (f"{COMMUNITIES[0]}00{n}" for n in (1, 2))
LOWER, UPPER = (f"{WEST_A}00{n}" for n in (1, 2))  # rows 0 and 1, rows 2 and 3 of two columns
UNIT = f"{WEST_A}0001"


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """The small town's plan, branched to a draft."""
    engine = open_engine(database_url)
    town = write_small_town(engine)
    yield Desk(engine, branch_plan(engine, plan_id=town.plan_id, name="草案", actor="lin", account_id=None))
    engine.dispose()


def zones(desk: Desk, grid: str = WEST_A) -> dict[str, list[int]]:
    query = (
        "SELECT zone_code, array_agg(cell_id ORDER BY cell_id) FROM zone_cells JOIN zones USING (zone_id)"
        " JOIN grids USING (grid_id) WHERE plan_id = :plan AND grid_code = :grid GROUP BY 1 ORDER BY 1"
    )
    with reading(desk.engine) as conn:
        return {row[0]: row[1] for row in conn.execute(text(query), {"plan": desk.plan_id, "grid": grid})}


def units(desk: Desk, grid: str = WEST_A) -> dict[str, dict[int, int]]:
    query = (
        "SELECT unit_code, cell_id, c.households FROM unit_cells c JOIN household_units USING (unit_id)"
        " JOIN grids USING (grid_id) WHERE plan_id = :plan AND grid_code = :grid ORDER BY 1, 2"
    )
    found: dict[str, dict[int, int]] = {}
    with reading(desk.engine) as conn:
        for code, cell, count in conn.execute(text(query), {"plan": desk.plan_id, "grid": grid}):
            found.setdefault(code, {})[cell] = count
    return found


def test_cells_move_between_zones_of_a_grid_which_stays(desk: Desk) -> None:
    grids = desk.state()["grids"]
    done = desk.edit("move", level="zones", cells=(2, 6), to=UPPER)
    assert (done["grids"], done["redrawn"], done["removed"]) == ([WEST_A], [], [])
    assert zones(desk) == {LOWER: [1, 5], UPPER: [2, 3, 4, 6, 7, 8]}
    assert [row[:6] for row in desk.state()["grids"]] == [row[:6] for row in grids]
    desk.check()


def test_a_new_zone_has_a_code_that_was_never_used(desk: Desk) -> None:
    start = desk.state()
    desk.edit("move", level="zones", cells=(1,))
    assert zones(desk)[f"{WEST_A}003"] == [1]
    desk.check()
    desk.undo()
    assert desk.state() == start
    desk.edit("move", level="zones", cells=(1, 5))
    assert zones(desk)[f"{WEST_A}004"] == [1, 5]
    desk.edit("merge", level="zones", codes=(LOWER, UPPER, f"{WEST_A}004"))
    assert list(zones(desk)) == [LOWER]
    desk.edit("split", level="zones", codes=(LOWER,), count=3)
    assert list(zones(desk)) == [LOWER, f"{WEST_A}005", f"{WEST_A}006"]
    desk.check()


def test_a_zone_is_named_and_split_by_a_line_that_reads_its_own_cells(desk: Desk) -> None:
    desk.edit("rename", level="zones", codes=(LOWER,), name="南片")
    assert desk.scalar("SELECT z.name FROM zones z JOIN grids USING (grid_id) WHERE plan_id = :plan"
                       " AND zone_code = :code", code=LOWER) == "南片"  # fmt: skip
    with pytest.raises(InputError):
        desk.edit("split", level="zones", codes=(UPPER,), streets=("云溪路",))  # it runs along its southern rim
    desk.edit("split", level="zones", codes=(UPPER,), count=2)
    assert len(zones(desk)) == 3
    desk.check()


def test_households_go_from_unit_to_unit_whole_or_in_part(desk: Desk) -> None:
    start = desk.state()
    desk.edit("move", level="units", cells=(1, 2))
    new = f"{WEST_A}0002"
    assert units(desk)[new] == {1: 30, 2: 30}
    desk.edit("move", level="units", cells=(3,), to=new, households=12)
    assert (units(desk)[new][3], units(desk)[UNIT][3]) == (12, 18)
    desk.edit("move", level="units", cells=(3,), to=UNIT, households=5)
    assert (units(desk)[new][3], units(desk)[UNIT][3]) == (7, 23)
    desk.check()
    end = desk.state()
    desk.edit("merge", level="units", codes=(new, UNIT))
    assert units(desk) == {new: dict.fromkeys(range(1, 9), 30)}
    desk.check()
    desk.undo()
    assert desk.state() == end
    for _ in range(3):
        desk.undo()
    assert desk.state() == start


def test_a_grid_that_moves_takes_shared_cells_with_their_shares(desk: Desk) -> None:
    desk.edit("move", level="units", cells=(5,), households=10)
    start = desk.state()
    desk.edit("move", cells=(5, 6), to=EAST_A)
    assert sum(one.get(5, 0) for one in units(desk, EAST_A).values()) == 30
    desk.check()
    desk.undo()
    assert desk.state() == start


def test_what_zones_and_units_cannot_do_is_refused(desk: Desk) -> None:
    start = desk.state()
    street = Account(2, "wang", "planner", COMMUNITIES[2][:9])
    refusals: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (AcrossGridsError, "move", {"level": "zones", "cells": (1, 9)}),
        (AcrossGridsError, "move", {"level": "zones", "cells": (1,), "to": f"{EAST_A}001"}),
        (AcrossGridsError, "merge", {"level": "zones", "codes": (LOWER, f"{EAST_A}001")}),
        (AcrossGridsError, "merge", {"level": "units", "codes": (UNIT, f"{EAST_A}0001")}),
        (NotFoundError, "move", {"level": "zones", "cells": (1,), "to": f"{WEST_A}099"}),
        (NothingToDoError, "move", {"level": "zones", "cells": (1,), "to": LOWER}),
        (NothingToDoError, "move", {"level": "units", "cells": (1,), "households": 31}),
        (NothingToDoError, "merge", {"level": "zones", "codes": (LOWER,)}),
        (NothingToDoError, "merge", {"level": "zones"}),
        (NothingToDoError, "rename", {"level": "zones", "codes": (LOWER,), "name": " "}),
        (NothingToDoError, "lock", {"level": "zones"}),
        (NothingToDoError, "split", {"level": "units", "codes": (UNIT,), "count": 2}),
        (DeniedError, "move", {"level": "zones", "cells": (1,), "account": street}),
        (DeniedError, "rename", {"level": "zones", "codes": (LOWER,), "name": "x", "account": street}),
    ]
    for error, verb, more in refusals:
        with pytest.raises(error):
            desk.edit(verb, **more)
    assert desk.state() == start
    desk.edit("lock", grid_codes=(WEST_A,))
    for level in ("zones", "units"):
        with pytest.raises(LockedGridError):
            desk.edit("move", level=level, cells=(1,))


def test_units_moved_as_rows_once_are_read_as_shares() -> None:
    old = {"grids": [], "zones": [], "units": [], "cells": [], "zone_cells": [], "unit_cells": [[4, 1, 2, 30]]}
    assert edits.in_shares(old)["shares"] == [[[4, 1], 30, None], [[4, 2], None, 30]]
    assert edits.composed([edits.in_shares(old), edits.reversed_change(edits.in_shares(old))])["shares"] == []


def test_an_edit_of_zones_kept_in_the_old_form_is_undone(desk: Desk) -> None:
    start = desk.state()
    desk.edit("move", cells=(5, 6), to=EAST_A)
    with transaction(desk.engine, actor="lin", action="test") as conn:
        conn.execute(text("""
            UPDATE plan_operations SET change = change - 'shares' || jsonb_build_object('unit_cells', (
                SELECT jsonb_agg(jsonb_build_array(one -> 0 -> 0, one -> 0 -> 1, two -> 0 -> 1, one -> 1))
                FROM jsonb_array_elements(change -> 'shares') one, jsonb_array_elements(change -> 'shares') two
                WHERE one ->> 2 IS NULL AND two ->> 1 IS NULL AND one -> 0 -> 0 = two -> 0 -> 0
            )) WHERE plan_id = :plan"""), {"plan": desk.plan_id})  # fmt: skip
    desk.undo()
    assert desk.state() == start
