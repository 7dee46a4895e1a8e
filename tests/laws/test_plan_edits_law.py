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


def steps() -> st.SearchStrategy[list[tuple[str, int, list[int], int]]]:
    """Return what is tried: a verb, a community, some of its cells, and a number that picks grids."""
    verb = st.sampled_from(
        ["move", "move", "move", "new", "merge", "rename", "lock", "unlock", "undo", "redo", "restore"]
    )
    some = st.lists(st.integers(1, CELLS), min_size=1, max_size=6, unique=True)
    return st.lists(st.tuples(verb, COMMUNITY, some, st.integers(0, 99)), min_size=1, max_size=8)


def codes(desk: Desk, community: int) -> list[str]:
    query = "SELECT array_agg(grid_code ORDER BY 1) FROM grids WHERE plan_id = :plan AND area_code = :area"
    return list(desk.scalar(query, area=COMMUNITIES[community]))


def do(desk: Desk, verb: str, community: int, some: list[int], pick: int) -> None:
    """Do one step; what is refused changes nothing."""
    cells = tuple(community * CELLS + cell for cell in some)
    there = codes(desk, community)
    one, other = there[pick % len(there)], there[(pick // 7) % len(there)]
    asked: dict[str, dict[str, Any]] = {
        "move": {"cells": cells, "to": one},
        "new": {"cells": cells},
        "merge": {"grid_codes": (one, other)},
        "rename": {"grid_codes": (one,), "name": f"网格{pick}"},
        "lock": {"grid_codes": (one,)},
        "unlock": {"grid_codes": (one,)},
    }
    if verb in ("undo", "redo"):
        desk.undo(verb)
    elif verb == "restore":
        first = int(desk.scalar("SELECT min(revision) - 1 FROM plan_operations WHERE plan_id = :plan") or desk.revision)
        wanted = first + pick % (desk.revision - first + 1)
        restore(desk.engine, plan_id=desk.plan_id, seen=desk.revision, revision=wanted, account=ALL, actor="lin")
    else:
        desk.edit("move" if verb == "new" else verb, **asked[verb])


@settings(max_examples=12, deadline=None)
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
