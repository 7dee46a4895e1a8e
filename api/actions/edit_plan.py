"""Edit a plan: each edit is kept with its inverse and revision; a preview tells what one would do and keeps nothing."""

from collections.abc import Collection, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, Engine

from api import grid_verbs, unit_verbs, zone_verbs
from api.actions.read_plans import require_plan
from api.auth import Account
from api.grid_verbs import Sides, Verb
from api.plan_edits import Edit, Level, Rules
from api.plan_parts import NothingToDoError
from data.postgis.engine import transaction
from data.stores import edits, operations, parts
from data.stores.parts import PlanPart, Rows
from geo.codes import scope_of
from geo.cover import dissolve

Told = tuple[dict[str, Any], gpd.GeoDataFrame]
VERBS: Mapping[Level, Mapping[str, Verb]] = {
    "grids": grid_verbs.VERBS,
    "zones": zone_verbs.VERBS,
    "units": unit_verbs.VERBS,
}


def edit_plan(
    engine: Engine, *, plan_id: int, edit: Edit, rules: Rules, account: Account, actor: str,
    commit: bool = True,
) -> Told:  # fmt: skip
    """Do one edit and tell the plan's revision, the codes of the grids touched and gone, and the cells that moved.

    Returns
    -------
    dict, geopandas.GeoDataFrame
        See `told`; and the grids touched, as of `preview_edit`, without the ground of those that keep it.

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
        require_plan(conn, account, plan_id)
        operations.lock_plan(conn, plan_id, seen=edit.revision)
        before, after = _sides(conn, plan_id, edit, rules)
        change = edits.change_of(before, after)
        rows = {**before.grids, **after.grids}
        return kept(conn, plan_id, change, edit, account=account, actor=actor, rows=rows, part=after)


def preview_edit(engine: Engine, *, plan_id: int, edit: Edit, rules: Rules, account: Account, actor: str) -> Told:
    """Return what `edit_plan` would tell, and the grids as they would be; nobody else waits for it.

    Returns
    -------
    dict, geopandas.GeoDataFrame
        The revision is the one that was looked at. Frame: index grid_id; columns of `data.stores.parts.GRID`,
        households, people, geometry (EPSG:4326), in order of code. Codes of new grids are not given yet.

    Raises
    ------
    NotFoundError, InputError, ConflictError, DeniedError
        As of `edit_plan`.
    """
    with transaction(engine, actor=actor, action="preview_edit", scope=account.scope, commit=False) as conn:
        require_plan(conn, account, plan_id)
        operations.check_plan(conn, plan_id, seen=edit.revision)
        before, after = _sides(conn, plan_id, edit, rules)
        change = edits.change_of(before, after)
        rows = {**before.grids, **after.grids}
        seen = told(change, edit.revision, account, rows, within=rows if edit.level != "grids" else ())
        moved = _moved(before, after, edit.level, seen["moved"])
        shown = edits.touched_grids(change)[0] if edit.level == "grids" else set(after.grids)
        return {**seen, "moved": moved}, _drawn(after, shown)


def kept(
    conn: Connection, plan_id: int, change: edits.Change, edit: Edit, *, account: Account, actor: str, rows: Rows,
    part: PlanPart | None = None,
) -> Told:  # fmt: skip
    """Write a change as an edit of its own, and tell what it touched.

    Parameters
    ----------
    rows
        Of all grids that it names.
    part
        As of `data.stores.edits.write_change`.
    """
    revision = edit.revision + 1
    within = edits.grids_of_parts(conn, change)
    edits.write_change(conn, plan_id, change, revision, part=part)
    operations.add_operation(
        conn, plan_id, revision=revision, verb=edit.verb, asked=edit.asked, change=change, actor=actor
    )  # fmt: skip
    return shown(conn, plan_id, told(change, revision, account, rows, within=within))


def shown(conn: Connection, plan_id: int, seen: dict[str, Any]) -> Told:
    """Return what was told, and the grids as they are now; those that are not redrawn without their ground."""
    return seen, parts.read_grids_by_code(conn, plan_id, seen["grids"], drawn=seen["redrawn"])


def told(
    change: edits.Change, revision: int, account: Account, rows: Rows, *, within: Collection[int]
) -> dict[str, Any]:
    """Return what a change touched; raise DeniedError where that is not the account's.

    Parameters
    ----------
    rows
        Of all grids that it names.
    within
        Grids whose zones or units it alters.

    Returns
    -------
    dict
        revision; grids and removed (codes), redrawn (codes of those whose ground is other), moved (cell_id, from, to).

    Raises
    ------
    DeniedError
        A grid lies beyond its scope; roll back.
    """
    there, gone = edits.touched_grids(change)
    there |= set(within) - gone
    for grid_id in sorted(there | gone):
        account.require_cover(scope_of(str(rows[grid_id]["area_code"])))
    codes = {grid_id: str(rows[grid_id]["grid_code"]) for grid_id in there | gone}
    moved = [{"cell_id": cell, "from": codes[was], "to": codes[now]} for cell, was, now in change["cells"]]
    return {
        "revision": revision,
        "grids": sorted(codes[grid_id] for grid_id in there),
        "removed": sorted(codes[grid_id] for grid_id in gone),
        "redrawn": sorted({row[side] for row in moved for side in ("from", "to")}),
        "moved": moved,
    }


def _sides(conn: Connection, plan_id: int, edit: Edit, rules: Rules) -> Sides:
    """Return the part of the plan that an edit is about, before it and after."""
    verb = VERBS[edit.level].get(edit.verb)
    if verb is None:
        raise NothingToDoError(reason=f"{edit.verb} is for grids alone", reason_zh="此操作只用于网格")
    before, after = verb(conn, plan_id, edit, rules)
    if not any(edits.change_of(before, after).values()):
        raise NothingToDoError(reason="it is so already", reason_zh="已经如此")
    return before, after


def _moved(before: PlanPart, after: PlanPart, level: Level, cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cells that move between what an edit is about; of units, where most of a cell's households go."""
    if level == "grids":
        return cells
    homes = [part.zone_of if level == "zones" else _main_units(part) for part in (before, after)]
    key = "zone_code" if level == "zones" else "unit_code"
    was, now = (
        home.map({one: row[key] for one, row in rows.items()})
        for home, rows in zip(homes, _rows_of(before, after, level), strict=True)
    )
    other = was.index[was.ne(now.reindex(was.index))]
    return [{"cell_id": int(cell), "from": was[cell], "to": now[cell]} for cell in other]


def _rows_of(before: PlanPart, after: PlanPart, level: Level) -> tuple[Rows, Rows]:
    return (before.zones, after.zones) if level == "zones" else (before.unit_rows, after.unit_rows)


def _main_units(part: PlanPart) -> pd.Series:
    ordered = part.units.sort_values(["cell_id", "households", "unit"], ascending=[True, False, True], kind="stable")
    return ordered.drop_duplicates("cell_id").set_index("cell_id")["unit"]


def _drawn(part: PlanPart, grid_ids: set[int]) -> gpd.GeoDataFrame:
    """Return grids of a part with their ground; those without cells in it have none."""
    rows = pd.DataFrame.from_dict({key: part.grids[key] for key in sorted(grid_ids)}, orient="index")
    ground = dissolve(part.cells, part.grid_of[part.grid_of.isin(grid_ids)])[["households", "people", "geometry"]]
    drawn = gpd.GeoDataFrame(rows.join(ground), geometry="geometry", crs=part.cells.crs)
    return drawn.rename_axis("grid_id").sort_values("grid_code")
