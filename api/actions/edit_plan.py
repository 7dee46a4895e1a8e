"""Edit a plan: move cells, merge, split, rename, lock; each edit is kept with its inverse and the plan's revision."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, select, text

from api.actions.propose_plan import CODES_LOCK
from api.auth import Account
from data.postgis.engine import transaction
from data.stores import areas as area_store
from data.stores import edits, operations
from data.stores import plans as plan_store
from data.stores._rows import allot_ids
from data.stores.edits import PlanPart, Rows
from data.tables.ground import cells as cells_table
from data.tables.plans import grids, household_units, zones
from geo.carrying import carried_units, carried_zones
from geo.codes import next_grid_codes, scope_of
from geo.errors import ConflictError, InputError, NotFoundError

VERBS = ("move", "merge", "rename", "lock", "unlock")


class NoSuchCellError(InputError):
    """Cells that the plan does not hold."""

    zh = "方案中没有这些地块：{ids}。"
    en = "The plan holds no such cells: {ids}."


class AcrossCommunitiesError(InputError):
    """A grid belongs to exactly one community."""

    zh = "地块与网格不在同一个社区（{codes}）：网格不能跨社区。"
    en = "Cells and grid lie in more than one community ({codes}): a grid belongs to one."


class NothingToDoError(InputError):
    """What is asked for is so already."""

    zh = "无需改动：{reason_zh}。"
    en = "There is nothing to do: {reason}."


class LockedGridError(ConflictError):
    """A locked grid takes no edit."""

    zh = "网格 {codes} 已锁定，不能改动。请先解锁。"
    en = "Grids {codes} are locked and take no edit. Unlock them first."


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
        merge: two or more, the first goes on; rename: one; lock, unlock: some, none for all.
    cells, buildings
        move: what moves.
    to
        move: the code of the grid they come to; None for a new one.
    name
        rename, and of a new grid.
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
    of_revision: int | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """What is kept of it."""
        told = {"grid_codes": self.grid_codes, "cells": self.cells, "buildings": self.buildings, "to": self.to,
                "name": self.name, "of_revision": self.of_revision}  # fmt: skip
        return {key: list(value) if isinstance(value, tuple) else value for key, value in told.items() if value}


def edit_plan(
    engine: Engine, *, plan_id: int, edit: Edit, account: Account, actor: str, commit: bool = True
) -> dict[str, Any]:
    """Do one edit and return the plan's revision, the codes of the grids touched, and of those that are gone.

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
        before, after = _WAYS[edit.verb](conn, plan_id, edit)
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


def _move(conn: Connection, plan_id: int, edit: Edit) -> tuple[PlanPart, PlanPart]:
    cells = _cells_asked(conn, edit)
    home = edits.grid_ids_of_cells(conn, plan_id, cells)
    if missing := sorted(set(cells) - set(home.index)):
        raise NoSuchCellError(ids=", ".join(map(str, missing[:5])))
    target = None if edit.to is None else _grid_ids(conn, plan_id, [edit.to])[0]
    part = edits.read_part(conn, plan_id, {*home.tolist(), *([] if target is None else [target])})
    _refuse_locked(part, home.tolist() if target is None else [*home.tolist(), target])
    communities = set(part.cells.loc[list(cells), "area_code"]) | (
        {str(part.grids[target]["area_code"])} if target else set()
    )
    if len(communities) > 1:
        raise AcrossCommunitiesError(codes=", ".join(sorted(communities)))
    grid_of, rows = part.grid_of.copy(), dict(part.grids)
    if target is None:
        target, rows = _new_grid(conn, communities.pop(), rows, name=edit.name)
    grid_of[list(cells)] = target
    return part, redrawn(conn, part, grid_of, rows)


def _merge(conn: Connection, plan_id: int, edit: Edit) -> tuple[PlanPart, PlanPart]:
    ids = _grid_ids(conn, plan_id, edit.grid_codes)
    if len(set(ids)) < 2:
        raise NothingToDoError(reason="a merge takes two grids or more", reason_zh="合并至少需要两个网格")
    part = edits.read_part(conn, plan_id, ids)
    _refuse_locked(part, ids)
    communities = {str(row["area_code"]) for row in part.grids.values()}
    if len(communities) > 1:
        raise AcrossCommunitiesError(codes=", ".join(sorted(communities)))
    return part, redrawn(conn, part, pd.Series(ids[0], index=part.grid_of.index, name="grid"), dict(part.grids))


def _rename(conn: Connection, plan_id: int, edit: Edit) -> tuple[PlanPart, PlanPart]:
    if not edit.name or not edit.name.strip() or len(edit.grid_codes) != 1:
        raise NothingToDoError(reason="one grid and a name are needed", reason_zh="需要一个网格和一个名称")
    ids = _grid_ids(conn, plan_id, edit.grid_codes)
    part = edits.read_rows(conn, ids)
    _refuse_locked(part, ids)
    return part, replace(part, grids={ids[0]: {**part.grids[ids[0]], "name": edit.name.strip()}})


def _lock(conn: Connection, plan_id: int, edit: Edit) -> tuple[PlanPart, PlanPart]:
    ids = _grid_ids(conn, plan_id, edit.grid_codes) if edit.grid_codes else _all_grids(conn, plan_id)
    part = edits.read_rows(conn, ids)
    turned = {key: {**row, "is_locked": edit.verb == "lock"} for key, row in part.grids.items()}
    return part, replace(part, grids=turned)


_WAYS = {"move": _move, "merge": _merge, "rename": _rename, "lock": _lock, "unlock": _lock}


def redrawn(conn: Connection, part: PlanPart, grid_of: pd.Series, rows: Rows) -> PlanPart:
    """Return a part with other grids: zones and units go along, empty grids are gone, all have numbers and codes."""
    cells = sorted(part.grid_of.index.tolist())
    borders = edits.borders_of(edits.read_borders_of(conn, cells))
    zone_of = _allotted(conn, zones, carried_zones(part.grid_of, part.zone_of, grid_of, borders))
    units = carried_units(part.grid_of, part.units, grid_of)
    units = units.assign(unit=_allotted(conn, household_units, units["unit"]))
    left = set(grid_of.tolist())
    other = part.grid_of.ne(grid_of)
    altered = set(part.grid_of[other].tolist()) | set(grid_of[other].tolist())
    rows = {key: {**row, "exception": None} if key in altered else row for key, row in rows.items() if key in left}
    unit_grid = units["cell_id"].map(grid_of).groupby(units["unit"]).first()
    return replace(
        part, grid_of=grid_of, zone_of=zone_of, units=units, grids=rows,
        zones=_coded(part.zones, grid_of.groupby(zone_of).first(), rows, key="zone_code", digits=3, name="责任区"),
        unit_rows=_coded(part.unit_rows, unit_grid, rows, key="unit_code", digits=4),
    )  # fmt: skip


def _coded(was: Rows, grid_of: pd.Series, grid_rows: Rows, *, key: str, digits: int, name: str | None = None) -> Rows:
    """Return zones or units with the grid they lie in now; those that came to a grid have a new code of it."""
    home = dict(zip(grid_of.index.tolist(), grid_of.tolist(), strict=True))
    stayed = {label: was[label] for label, grid in home.items() if label in was and was[label]["grid_id"] == grid}
    made, last = dict(stayed), dict[int, int]()
    for row in was.values():
        last[row["grid_id"]] = max(last.get(row["grid_id"], 0), int(str(row[key])[15:]))
    for label in sorted(set(home) - set(stayed)):
        grid = home[label]
        last[grid] = last.get(grid, 0) + 1
        own = {"name": f"{name}{last[grid]}"} if name else {}
        made[label] = {"grid_id": grid, key: f"{grid_rows[grid]['grid_code']}{last[grid]:0{digits}d}", **own}
    return made


def _allotted(conn: Connection, table: Any, labels: pd.Series) -> pd.Series:
    """Return labels with numbers of the table for those below 0."""
    new = sorted(set(labels[labels < 0].tolist()), reverse=True)
    numbers = allot_ids(conn, table, len(new)).tolist() if new else []
    return labels.replace(dict(zip(new, numbers, strict=True))) if new else labels


def _new_grid(conn: Connection, community: str, rows: Rows, *, name: str | None) -> tuple[int, Rows]:
    """Return the number of a grid to be, and the rows with it; its code was never used."""
    conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CODES_LOCK})
    (code,) = next_grid_codes(community, 1, used=plan_store.used_grid_codes(conn, within=community))
    (number,) = allot_ids(conn, grids, 1).tolist()
    title = str(area_store.read_areas(conn, within=community)["name"].get(community, "")) + f"第{int(code[12:])}网格"
    made = {"area_code": community, "grid_code": code, "name": name or title, "kind": "general", "is_locked": False,
            "exception": None}  # fmt: skip
    return int(number), {**rows, int(number): made}


def _cells_asked(conn: Connection, edit: Edit) -> tuple[int, ...]:
    cells = set(edit.cells)
    if edit.buildings:
        statement = select(cells_table.c.cell_id).where(cells_table.c.building_id.in_(edit.buildings))
        cells |= set(conn.scalars(statement))
    if not cells:
        raise NothingToDoError(reason="no cells are named", reason_zh="没有选中地块")
    return tuple(sorted(cells))


def _grid_ids(conn: Connection, plan_id: int, codes: Sequence[str]) -> list[int]:
    """Return the numbers of grids by code, in the order asked."""
    statement = select(grids.c.grid_code, grids.c.grid_id).where(
        grids.c.plan_id == plan_id, grids.c.grid_code.in_(codes)
    )
    found: Mapping[str, int] = {row.grid_code: row.grid_id for row in conn.execute(statement)}
    for code in codes:
        if code not in found:
            raise NotFoundError(what="grid", key=code)
    return [found[code] for code in codes]


def _all_grids(conn: Connection, plan_id: int) -> list[int]:
    return list(conn.scalars(select(grids.c.grid_id).where(grids.c.plan_id == plan_id)))


def _refuse_locked(part: PlanPart, ids: Collection[int]) -> None:
    locked = sorted(str(part.grids[key]["grid_code"]) for key in set(ids) if part.grids[key]["is_locked"])
    if locked:
        raise LockedGridError(codes=", ".join(locked))
