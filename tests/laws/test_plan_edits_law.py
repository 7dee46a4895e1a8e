"""Laws of edits: whatever is done to a plan keeps every promise of one, and undoing all gives the start by the byte."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.actions.branch_plan import branch_plan
from api.actions.undo_edit import restore
from api.plan_parts import NothingToDoError
from data.postgis.engine import open_engine
from geo.errors import ConflictError, InputError
from tests.fixtures.desk import ALL, Desk
from tests.fixtures.small_town import COMMUNITIES, write_small_town

CELLS = 16  # of a community, numbered on from those of the one before
COMMUNITY = st.integers(0, 2)


@pytest.fixture(scope="module")
def desk(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Desk]:
    """A draft that every example gives back as it was."""
    with new_database() as url:
        engine = open_engine(url)
        town = write_small_town(engine)
        plan_id = branch_plan(engine, plan_id=town.plan_id, name="草案", actor="lin", account_id=None)
        yield Desk(engine, plan_id)
        engine.dispose()


VERBS = (
    "move", "move", "each", "new", "merge", "split", "rebalance", "redraw", "rename", "lock", "unlock", "undo", "redo",
    "restore", "zone move", "zone new", "zone merge", "zone split", "zone rename", "unit move", "unit new",
    "unit share", "unit merge",
)  # fmt: skip


def steps() -> st.SearchStrategy[list[tuple[str, int, list[int], int]]]:
    """Return what is tried: a verb, a community, some of its cells, and a number that picks grids."""
    some = st.lists(st.integers(1, CELLS), min_size=1, max_size=6, unique=True)
    return st.lists(st.tuples(st.sampled_from(VERBS), COMMUNITY, some, st.integers(0, 99)), min_size=1, max_size=8)


def codes(desk: Desk, community: int) -> list[str]:
    query = "SELECT array_agg(grid_code ORDER BY 1) FROM grids WHERE plan_id = :plan AND area_code = :area"
    return list(desk.scalar(query, area=COMMUNITIES[community]))


def codes_within(desk: Desk, table: str, code: str, grid: str) -> list[str]:
    query = f"SELECT array_agg({code} ORDER BY 1) FROM {table} JOIN grids USING (grid_id) WHERE plan_id = :plan"
    return list(desk.scalar(f"{query} AND grid_code = :grid", grid=grid) or [])


def asked_of_grids(verb: str, cells: tuple[int, ...], one: str, other: str, pick: int) -> dict[str, Any]:
    return {
        "move": {"cells": cells, "to": one},
        "each": {"verb": "move", "moves": tuple((cell, (one, other)[cell % 2]) for cell in cells)},
        "new": {"verb": "move", "cells": cells},
        "merge": {"grid_codes": (one, other)},
        "split": {"grid_codes": (one,), "count": 2 + pick % 3},
        "rebalance": {"grid_codes": (one,)},
        "redraw": {"area_code": one[:12]},
        "rename": {"grid_codes": (one,), "name": f"网格{pick}"},
        "lock": {"grid_codes": (one,)},
        "unlock": {"grid_codes": (one,)},
    }[verb]


def asked_within(desk: Desk, verb: str, cells: tuple[int, ...], grid: str, pick: int) -> dict[str, Any]:
    """Return an edit of zones or units; what lies in another grid than the one picked is left out where it can be."""
    what, act = verb.split()
    table, code = {"zone": ("zones", "zone_code"), "unit": ("household_units", "unit_code")}[what]
    there, inside = codes_within(desk, table, code, grid), set(desk.cells(grid))
    own = tuple(cell for cell in cells if cell in inside) or cells
    one, other = there[pick % len(there)], there[(pick // 7) % len(there)]
    rest: dict[str, Any] = {
        "move": {"verb": "move", "cells": own, "to": one},
        "new": {"verb": "move", "cells": own},
        "share": {"verb": "move", "cells": own[:1], "households": 1 + pick % 29, "to": one if pick % 2 else None},
        "merge": {"verb": "merge", "codes": (one, other)},
        "split": {"verb": "split", "codes": (one,), "count": 2},
        "rename": {"verb": "rename", "codes": (one,), "name": f"片{pick}"},
    }[act]
    return {"level": f"{what}s", **rest}


def do(desk: Desk, verb: str, community: int, some: list[int], pick: int) -> None:
    """Do one step; what is refused changes nothing."""
    cells = tuple(community * CELLS + cell for cell in some)
    there = codes(desk, community)
    one, other = there[pick % len(there)], there[(pick // 7) % len(there)]
    if verb in ("undo", "redo"):
        desk.undo(verb)
    elif verb == "restore":
        first = int(desk.scalar("SELECT min(revision) - 1 FROM plan_operations WHERE plan_id = :plan") or desk.revision)
        wanted = first + pick % (desk.revision - first + 1)
        restore(desk.engine, plan_id=desk.plan_id, seen=desk.revision, revision=wanted, account=ALL, actor="lin")
    elif " " in verb:
        desk.edit(**asked_within(desk, verb, cells, one, pick))
    else:
        desk.edit(**{"verb": verb, **asked_of_grids(verb, cells, one, other, pick)})


@settings(max_examples=12)
@given(steps())
def test_any_edits_keep_every_promise_and_undo_gives_the_start(
    desk: Desk, tried: list[tuple[str, int, list[int], int]]
) -> None:
    start, begun = desk.state(), desk.revision
    for step in tried:
        before = desk.state()
        try:
            do(desk, *step)
        except (InputError, ConflictError):
            assert desk.state() == before
        else:
            desk.check()
    if desk.revision > begun:
        with contextlib.suppress(NothingToDoError):  # taken back already
            restore(desk.engine, plan_id=desk.plan_id, seen=desk.revision, revision=begun, account=ALL, actor="lin")
    assert desk.state() == start
