"""Edits of a plan: every verb, every refusal; undo of all gives the start back, byte for byte."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from api.actions.branch_plan import branch_plan
from api.actions.delete_plan import delete_plan
from api.actions.undo_edit import restore
from api.auth import Account
from api.plan_parts import AcrossCommunitiesError, NoSuchCellError, NothingToDoError
from data.postgis.engine import open_engine, reading, transaction
from data.stores import operations
from data.stores import plans as plan_store
from data.stores.operations import StaleRevisionError
from geo.errors import ConflictError, DeniedError, InputError, NotFoundError
from geo.rebalance import LockedGridError
from tests.fixtures.desk import ALL, Desk
from tests.fixtures.small_town import COMMUNITIES, SIDE, SmallTown, write_small_town

WEST_A, EAST_A, WEST_B = (f"{COMMUNITIES[0]}001", f"{COMMUNITIES[0]}002", f"{COMMUNITIES[1]}001")


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """The small town's plan, branched to a draft."""
    engine = open_engine(database_url)
    town = write_small_town(engine)
    plan_id = branch_plan(engine, plan_id=town.plan_id, name="草案", actor="lin", account_id=None)
    yield Desk(engine, plan_id)
    engine.dispose()


def test_a_branch_is_as_the_plan_it_came_from(desk: Desk) -> None:
    base = int(desk.scalar("SELECT base_plan_id FROM plans WHERE plan_id = :plan"))
    was, now = Desk(desk.engine, base).state(), desk.state()
    assert [row[1:] for row in was["grids"]] == [row[1:] for row in now["grids"]]
    assert [row[2:] for row in was["zones"]] == [row[2:] for row in now["zones"]]
    assert [row[2:] for row in was["units"]] == [row[2:] for row in now["units"]]
    assert {name: len(rows) for name, rows in was.items()} == {name: len(rows) for name, rows in now.items()}
    assert desk.revision == 1
    desk.check()


def test_cells_move_and_all_that_hangs_on_them_with_them(desk: Desk) -> None:
    cells = desk.cells(WEST_A)
    done = desk.edit("move", cells=tuple(cells[-2:]), to=EAST_A)
    assert (done["revision"], done["grids"], done["redrawn"], done["removed"]) == (
        2,
        both := [WEST_A, EAST_A],
        both,
        [],
    )
    assert done["moved"] == [{"cell_id": cell, "from": WEST_A, "to": EAST_A} for cell in cells[-2:]]
    assert desk.scalar("SELECT households FROM grids WHERE plan_id = :plan AND grid_code = :code", code=EAST_A) == 300
    desk.check()


def test_a_building_moves_to_a_new_grid_with_a_code_that_was_never_used(desk: Desk) -> None:
    building = int(desk.scalar("SELECT building_id FROM cells WHERE cell_id = :cell", cell=desk.cells(WEST_A)[0]))
    done = desk.edit("move", buildings=(building,))
    assert done["grids"] == [WEST_A, f"{COMMUNITIES[0]}003"]
    assert desk.scalar("SELECT name FROM grids WHERE plan_id = :plan AND grid_code LIKE '%003'").endswith("第3网格")
    desk.check()
    desk.undo()
    again = desk.edit("move", buildings=(building,))
    assert again["grids"] == [WEST_A, f"{COMMUNITIES[0]}004"], "a code taken back is not given again"


def test_cells_go_each_to_its_own_grid_in_one_edit(desk: Desk) -> None:
    west, east = desk.cells(WEST_A), desk.cells(EAST_A)
    desk.edit("move", moves=((west[-1], EAST_A), (west[-2], EAST_A), (east[0], WEST_A)))
    assert set(desk.cells(WEST_A)) == {*west[:-2], east[0]}
    desk.check()
    desk.undo()
    with pytest.raises(AcrossCommunitiesError):
        desk.edit("move", moves=((west[-1], EAST_A), (desk.cells(WEST_B)[0], EAST_A)))
    desk.edit("lock", grid_codes=(EAST_A,))
    with pytest.raises(LockedGridError):
        desk.edit("move", moves=((west[-1], EAST_A),))


def test_merged_grids_keep_the_first_code_and_all_zones(desk: Desk) -> None:
    zones = desk.scalar("SELECT count(*) FROM zones JOIN grids USING (grid_id) WHERE plan_id = :plan")
    done = desk.edit("merge", grid_codes=(EAST_A, WEST_A))
    assert (done["revision"], done["grids"], done["removed"]) == (2, [EAST_A], [WEST_A])
    assert desk.scalar("SELECT count(*) FROM zones JOIN grids USING (grid_id) WHERE plan_id = :plan") == zones
    desk.check()


def test_a_grid_is_split_in_shares_and_by_a_line_and_a_part_keeps_the_code(desk: Desk) -> None:
    done = desk.edit("split", grid_codes=(WEST_A,), count=2)
    assert done["grids"] == [WEST_A, f"{COMMUNITIES[0]}003"]
    held = "SELECT array_agg(households) FROM grids WHERE plan_id = :plan AND grid_code IN (:one, :other)"
    assert desk.scalar(held, one=done["grids"][0], other=done["grids"][1]) == [120, 120]
    desk.check()
    desk.undo()
    south, north = SmallTown.point(-1, 0, dy=0.9), SmallTown.point(3, 0, dy=0.9)  # a little below the lowest row's top
    done = desk.edit("split", grid_codes=(WEST_A,), line=(south, north))
    assert desk.scalar(held, one=done["grids"][0], other=done["grids"][1]) == [180, 60]
    desk.check()
    for wrong in ({}, {"line": (south,)}, {"count": 99}, {"line": (south, north), "count": 2}):
        with pytest.raises(InputError):
            desk.edit("split", grid_codes=(EAST_A,), **wrong)


def test_parts_of_one_split_have_codes_of_their_own(desk: Desk) -> None:
    done = desk.edit("split", grid_codes=(WEST_A,), count=4)
    assert done["grids"] == [WEST_A, *(f"{COMMUNITIES[0]}00{n}" for n in (3, 4, 5))]
    desk.check()


def test_a_grid_is_split_along_a_street(desk: Desk) -> None:
    done = desk.edit("split", grid_codes=(WEST_A,), streets=("云溪路",))
    assert len(done["grids"]) == 2
    assert {row["cell_id"] % SIDE in (1, 2) for row in done["moved"]} in ({True}, {False}), "south or north of it"
    desk.check()


def test_a_community_is_drawn_anew_but_for_what_is_locked(desk: Desk) -> None:
    others = [row for row in desk.state()["grids"] if row[1] != COMMUNITIES[0]]
    desk.edit("move", cells=tuple(desk.cells(WEST_A)[2:7]), to=EAST_A)
    desk.edit("redraw", area_code=COMMUNITIES[0])
    rows = [row for row in desk.state()["grids"] if row[1] == COMMUNITIES[0]]
    assert all(200 <= row[6] <= 300 for row in rows), "the desk's band"
    assert [row for row in desk.state()["grids"] if row[1] != COMMUNITIES[0]] == others
    desk.check()
    desk.edit("lock")
    with pytest.raises(NothingToDoError):
        desk.edit("redraw", area_code=COMMUNITIES[0])
    with pytest.raises(NothingToDoError):
        desk.edit("redraw", area_code=COMMUNITIES[3])


def test_rebalancing_brings_neighbours_into_the_band_and_leaves_the_others(desk: Desk) -> None:
    others = [row for row in desk.state()["grids"] if row[1] != COMMUNITIES[0]]
    desk.edit("move", cells=tuple(desk.cells(WEST_A)[2:7]), to=EAST_A)
    done = desk.edit("rebalance", grid_codes=(WEST_A,))
    assert set(done["grids"]) <= {WEST_A, EAST_A}
    rows = [row for row in desk.state()["grids"] if row[1] == COMMUNITIES[0]]
    assert all(200 <= row[6] <= 300 for row in rows), "the desk's band"
    assert [row for row in desk.state()["grids"] if row[1] != COMMUNITIES[0]] == others
    desk.check()
    desk.edit("lock", grid_codes=(WEST_A,))
    with pytest.raises(LockedGridError):
        desk.edit("rebalance", grid_codes=(WEST_A,))


def test_undo_of_all_gives_the_start_and_redo_of_all_the_end(desk: Desk) -> None:
    start = desk.state()
    west = desk.cells(WEST_A)
    desk.edit("move", cells=tuple(west[:3]), to=EAST_A)
    desk.edit("move", cells=tuple(west[3:5]), name="新网格")
    desk.edit("rename", grid_codes=(WEST_B,), name="云溪第一网格")
    desk.edit("merge", grid_codes=(EAST_A, WEST_A))
    desk.edit("lock", grid_codes=(EAST_A,))
    desk.check()
    end = desk.state()
    for _ in range(5):
        desk.undo()
        desk.check()
    assert desk.state() == start
    with pytest.raises(NothingToDoError):
        desk.undo()
    for _ in range(5):
        desk.undo("redo")
    assert desk.state() == end
    with pytest.raises(NothingToDoError):
        desk.undo("redo")
    desk.undo()
    desk.edit("rename", grid_codes=(WEST_B,), name="别的名字")
    with pytest.raises(NothingToDoError):
        desk.undo("redo")


def test_a_plan_goes_back_to_a_revision_in_one_step_and_forward_again(desk: Desk) -> None:
    start, west = desk.state(), desk.cells(WEST_A)
    desk.edit("move", cells=tuple(west[:2]), to=EAST_A)
    middle = desk.state()
    desk.edit("merge", grid_codes=(EAST_A, WEST_A))
    end, last = desk.state(), desk.revision

    def back(revision: int) -> None:
        restore(desk.engine, plan_id=desk.plan_id, seen=desk.revision, revision=revision, account=ALL, actor="lin")

    back(1)
    assert desk.state() == start
    back(last)
    assert desk.state() == end
    back(2)
    assert desk.state() == middle
    desk.undo()
    assert desk.state() == end
    desk.check()
    with pytest.raises(NothingToDoError):
        back(last)
    for wrong in (0, 99):
        with pytest.raises(NotFoundError):
            back(wrong)


def test_what_cannot_be_is_refused_and_changes_nothing(desk: Desk) -> None:
    west, start = desk.cells(WEST_A), desk.state()
    street = Account(2, "wang", "planner", COMMUNITIES[2][:9])
    refusals: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (NoSuchCellError, "move", {"cells": (999_999,), "to": EAST_A}),
        (NotFoundError, "move", {"cells": (west[0],), "to": f"{COMMUNITIES[0]}009"}),
        (AcrossCommunitiesError, "move", {"cells": (west[0],), "to": WEST_B}),
        (AcrossCommunitiesError, "move", {"cells": (west[0], desk.cells(WEST_B)[0])}),
        (AcrossCommunitiesError, "merge", {"grid_codes": (WEST_A, WEST_B)}),
        (NothingToDoError, "merge", {"grid_codes": (WEST_A, WEST_A)}),
        (NothingToDoError, "move", {}),
        (NothingToDoError, "move", {"cells": (west[0],), "to": WEST_A}),
        (NothingToDoError, "rename", {"grid_codes": (WEST_A,), "name": "  "}),
        (NothingToDoError, "unlock", {"grid_codes": (WEST_A,)}),
        (DeniedError, "move", {"cells": (west[0],), "to": EAST_A, "account": street}),
        (StaleRevisionError, "rename", {"grid_codes": (WEST_A,), "name": "x", "seen": 0}),
    ]
    for error, verb, more in refusals:
        with pytest.raises(error):
            desk.edit(verb, **more)
    assert desk.state() == start
    assert desk.revision == 1
    with pytest.raises(StaleRevisionError) as stale:
        desk.edit("rename", grid_codes=(WEST_A,), name="x", seen=0)
    assert (stale.value.fields["revision"], stale.value.fields["missed"]) == (1, [])
    desk.edit("lock")
    for verb, more in (("move", {"cells": (west[0],)}), ("merge", {"grid_codes": (WEST_A, EAST_A)}),
                       ("rename", {"grid_codes": (WEST_A,), "name": "x"})):  # fmt: skip
        with pytest.raises(LockedGridError):
            desk.edit(verb, **more)
    published = Desk(desk.engine, int(desk.scalar("SELECT base_plan_id FROM plans WHERE plan_id = :plan")))
    with pytest.raises(ConflictError, match="branch from it"):
        published.edit("rename", grid_codes=(WEST_A,), name="x")


def test_every_edit_is_kept_with_who_and_what(desk: Desk) -> None:
    desk.edit("rename", grid_codes=(WEST_A,), name="一网格")
    desk.undo()
    with reading(desk.engine) as conn:
        kept = operations.list_operations(conn, desk.plan_id)
    assert [(row["revision"], row["kind"], row["verb"], row["of_revision"]) for row in kept] == [
        (2, "edit", "rename", None), (3, "undo", "rename", 2)
    ]  # fmt: skip
    assert kept[0]["asked"] == {"grid_codes": [WEST_A], "name": "一网格"}
    assert {row["actor"] for row in kept} == {"lin"}


def test_only_codes_that_nobody_else_has_are_retired_with_a_plan(desk: Desk) -> None:
    desk.edit("move", cells=tuple(desk.cells(WEST_A)[:2]))
    desk.edit("move", cells=tuple(desk.cells(EAST_A)[:2]))
    desk.undo()
    delete_plan(desk.engine, plan_id=desk.plan_id, seen=desk.revision, actor="lin")
    with reading(desk.engine) as conn:
        kept = conn.execute(text("SELECT grid_code, plan_id FROM retired_codes ORDER BY 1")).all()
        assert [tuple(row) for row in kept] == [(f"{COMMUNITIES[0]}00{n}", desk.plan_id) for n in (3, 4)]
        assert {row.grid_code for row in kept} < set(plan_store.used_grid_codes(conn))
    assert desk.state() == {name: [] for name in desk.state()}


@pytest.mark.parametrize("state", ["submitted", "approved"])
def test_a_plan_that_is_looked_at_by_others_is_not_deleted(desk: Desk, state: str) -> None:
    with transaction(desk.engine, actor="lin", action="submit") as conn:
        for step in ("submitted", state):
            conn.execute(text("UPDATE plans SET state = :state WHERE plan_id = :plan"),
                         {"state": step, "plan": desk.plan_id})  # fmt: skip
    with pytest.raises(ConflictError):
        delete_plan(desk.engine, plan_id=desk.plan_id, actor="lin")
    assert desk.state()["grids"]
