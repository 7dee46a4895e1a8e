"""Edit a plan: move cells, merge, split, rebalance, rename, lock; each edit is kept with its inverse and revision."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import shapely
from sqlalchemy import Connection, Engine

from api.auth import Account
from api.plan_parts import (
    AcrossCommunitiesError,
    NoSuchCellError,
    NothingToDoError,
    all_grids,
    cells_asked,
    grid_ids,
    redrawn,
    refuse_locked,
    with_new_grid,
)
from data.postgis.engine import transaction
from data.stores import edits, operations
from data.stores.edits import PlanPart, Rows
from geo.codes import scope_of
from geo.rebalance import rebalance
from geo.splitting import split_by_line, split_in_parts

Band = tuple[int, int]
VERBS = ("move", "merge", "split", "rebalance", "rename", "lock", "unlock")


@dataclass(frozen=True)
class Edit:
    """What a planner asks for.

    Attributes
    ----------
    revision
        Of the plan that was looked at.
    verb
        One of `VERBS`.
    grid_codes
        merge: two or more, the first goes on; split, rename: one; rebalance: some; lock, unlock: some, none for all.
    cells, buildings
        move: what moves.
    to
        move: the code of the grid they come to; None for a new one.
    name
        rename, and of a new grid.
    line
        split: (lon, lat) of a drawn line; or, in equal shares,
    count
        split: in how many parts.
    of_revision
        return: which revision (`api.actions.undo_edit.return_to`).
    """

    revision: int
    verb: str
    grid_codes: tuple[str, ...] = ()
    cells: tuple[int, ...] = ()
    buildings: tuple[int, ...] = ()
    to: str | None = None
    name: str | None = None
    line: tuple[tuple[float, float], ...] = ()
    count: int | None = None
    of_revision: int | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """What is kept of it."""
        told = {"grid_codes": self.grid_codes, "cells": self.cells, "buildings": self.buildings, "to": self.to,
                "name": self.name, "line": self.line, "count": self.count, "of_revision": self.of_revision}  # fmt: skip
        return {key: list(value) if isinstance(value, tuple) else value for key, value in told.items() if value}


def edit_plan(
    engine: Engine, *, plan_id: int, edit: Edit, band: Band, account: Account, actor: str,
    commit: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Do one edit and return the plan's revision, the codes of the grids touched, and of those that are gone.

    Parameters
    ----------
    band
        Fewest and most households of a grid: what rebalancing aims at.

    Raises
    ------
    NotFoundError, InputError
        There is no such plan, grid or cell; the edit makes no sense.
    ConflictError
        Somebody changed the plan since (`StaleRevisionError`); its state or a lock allows no edit.
    DeniedError
        It touches ground beyond the account's scope.
    """
    with transaction(engine, actor=actor, action="edit_plan", scope=account.scope, commit=commit) as conn:
        operations.lock_plan(conn, plan_id, seen=edit.revision)
        before, after = _WAYS[edit.verb](conn, plan_id, edit, band)
        change = edits.change_of(before, after)
        if not any(change.values()):
            raise NothingToDoError(reason="it is so already", reason_zh="已经如此")
        rows = {**before.grids, **after.grids}
        return kept(conn, plan_id, change, edit, account=account, actor=actor, rows=rows)


def kept(
    conn: Connection, plan_id: int, change: edits.Change, edit: Edit, *, account: Account, actor: str, rows: Rows
) -> dict[str, Any]:
    """Write a change as an edit of its own, and tell what it touched; `rows` are of all grids that it names."""
    revision = edit.revision + 1
    edits.write_change(conn, plan_id, change, revision)
    operations.add_operation(
        conn, plan_id, revision=revision, verb=edit.verb, asked=edit.asked, change=change, actor=actor
    )  # fmt: skip
    return told(change, revision, account, rows)


def told(change: edits.Change, revision: int, account: Account, rows: Rows) -> dict[str, Any]:
    """Return what a change touched; raise DeniedError where that is not the account's.

    Raises
    ------
    DeniedError
        A grid lies beyond its scope; roll back.
    """
    there, gone = edits.touched_grids(change)
    for grid_id in sorted(there | gone):
        account.require_cover(scope_of(str(rows[grid_id]["area_code"])))
    codes = {grid_id: str(rows[grid_id]["grid_code"]) for grid_id in there | gone}
    return {
        "revision": revision,
        "grids": sorted(codes[grid_id] for grid_id in there),
        "removed": sorted(codes[grid_id] for grid_id in gone),
    }


def _move(conn: Connection, plan_id: int, edit: Edit, _: Band) -> tuple[PlanPart, PlanPart]:
    cells = cells_asked(conn, edit.cells, edit.buildings)
    home = edits.grid_ids_of_cells(conn, plan_id, cells)
    if missing := sorted(set(cells) - set(home.index)):
        raise NoSuchCellError(ids=", ".join(map(str, missing[:5])))
    target = None if edit.to is None else grid_ids(conn, plan_id, [edit.to])[0]
    part = edits.read_part(conn, plan_id, {*home.tolist(), *([] if target is None else [target])})
    refuse_locked(part, home.tolist() if target is None else [*home.tolist(), target])
    communities = set(part.cells.loc[list(cells), "area_code"]) | (
        {str(part.grids[target]["area_code"])} if target else set()
    )
    if len(communities) > 1:
        raise AcrossCommunitiesError(codes=", ".join(sorted(communities)))
    grid_of, rows = part.grid_of.copy(), dict(part.grids)
    if target is None:
        target, rows = with_new_grid(conn, communities.pop(), rows, name=edit.name)
    grid_of[list(cells)] = target
    return part, redrawn(conn, part, grid_of, rows)


def _merge(conn: Connection, plan_id: int, edit: Edit, _: Band) -> tuple[PlanPart, PlanPart]:
    ids = grid_ids(conn, plan_id, edit.grid_codes)
    if len(set(ids)) < 2:
        raise NothingToDoError(reason="a merge takes two grids or more", reason_zh="合并至少需要两个网格")
    part = edits.read_part(conn, plan_id, ids)
    refuse_locked(part, ids)
    communities = {str(row["area_code"]) for row in part.grids.values()}
    if len(communities) > 1:
        raise AcrossCommunitiesError(codes=", ".join(sorted(communities)))
    return part, redrawn(conn, part, pd.Series(ids[0], index=part.grid_of.index, name="grid"), dict(part.grids))


def _split(conn: Connection, plan_id: int, edit: Edit, _: Band) -> tuple[PlanPart, PlanPart]:
    if len(edit.grid_codes) != 1 or bool(edit.line) == (edit.count is not None):
        raise NothingToDoError(reason="one grid, and a line or a count", reason_zh="需要一个网格，以及一条线或份数")
    (own,) = grid_ids(conn, plan_id, edit.grid_codes)
    part = edits.read_part(conn, plan_id, [own])
    refuse_locked(part, [own])
    borders = edits.read_borders_of(conn, part.cells.index.tolist())
    if edit.line:
        line = shapely.LineString(edit.line) if len(edit.line) > 1 else shapely.LineString()
        parts = split_by_line(part.cells, borders, part.cells.index, line).parts
    else:
        parts = split_in_parts(part.cells, borders, part.cells.index, int(edit.count or 0)).parts
    grid_of, rows = part.grid_of.copy(), dict(part.grids)
    for share in range(1, int(parts.max()) + 1):
        new, rows = with_new_grid(conn, str(part.grids[own]["area_code"]), rows, name=None)
        grid_of[parts.index[parts == share]] = new
    return part, redrawn(conn, part, grid_of, rows)


def _rebalance(conn: Connection, plan_id: int, edit: Edit, band: Band) -> tuple[PlanPart, PlanPart]:
    chosen = grid_ids(conn, plan_id, edit.grid_codes)
    if not chosen:
        raise NothingToDoError(reason="no grid is named", reason_zh="没有指定网格")
    part = edits.read_part(conn, plan_id, edits.grids_of_communities(conn, plan_id, chosen))
    refuse_locked(part, chosen)
    fixed = [key for key, row in part.grids.items() if row["is_locked"] or row["kind"] == "dedicated"]
    borders = edits.read_borders_of(conn, part.cells.index.tolist())
    found = rebalance(part.cells, borders, part.grid_of, chosen, band=band, locked=fixed)
    grid_of, rows = part.grid_of.copy(), dict(part.grids)
    grid_of.update(found.assignment)
    for label in sorted(set(grid_of.tolist()) - set(part.grids)):
        cells = grid_of.index[grid_of == label]
        new, rows = with_new_grid(conn, str(part.cells["area_code"][cells[0]]), rows, name=None)
        grid_of[cells] = new
    return part, redrawn(conn, part, grid_of.astype("int64"), rows)


def _rename(conn: Connection, plan_id: int, edit: Edit, _: Band) -> tuple[PlanPart, PlanPart]:
    if not edit.name or not edit.name.strip() or len(edit.grid_codes) != 1:
        raise NothingToDoError(reason="one grid and a name are needed", reason_zh="需要一个网格和一个名称")
    ids = grid_ids(conn, plan_id, edit.grid_codes)
    part = edits.read_rows(conn, ids)
    refuse_locked(part, ids)
    return part, replace(part, grids={ids[0]: {**part.grids[ids[0]], "name": edit.name.strip()}})


def _lock(conn: Connection, plan_id: int, edit: Edit, _: Band) -> tuple[PlanPart, PlanPart]:
    ids = grid_ids(conn, plan_id, edit.grid_codes) if edit.grid_codes else all_grids(conn, plan_id)
    part = edits.read_rows(conn, ids)
    turned = {key: {**row, "is_locked": edit.verb == "lock"} for key, row in part.grids.items()}
    return part, replace(part, grids=turned)


_WAYS = {
    "move": _move,
    "merge": _merge,
    "split": _split,
    "rename": _rename,
    "lock": _lock,
    "unlock": _lock,
    "rebalance": _rebalance,
}
