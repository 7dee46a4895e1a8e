"""Grid verbs: what each edit makes of the grids it is about - the part of the plan before it, and after."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import shapely
from sqlalchemy import Connection

from api.plan_edits import Edit, Rules
from api.plan_parts import (
    AcrossCommunitiesError,
    NoSuchCellError,
    NothingToDoError,
    cells_asked,
    redrawn,
    refuse_locked,
    with_new_grid,
)
from data.stores import parts
from data.stores.parts import PlanPart
from geo.rebalance import rebalance
from geo.splitting import split_by_line, split_by_street, split_in_parts

Sides = tuple[PlanPart, PlanPart]
Verb = Callable[[Connection, int, Edit, Rules], Sides]
NEW = 0  # stands for a grid that is to be made; numbers of the store begin at 1


def move(conn: Connection, plan_id: int, edit: Edit, _: Rules) -> Sides:
    """Give cells to one grid, to a new one, or each to its own."""
    targets = _targets(conn, plan_id, edit)
    home = parts.grid_ids_of_cells(conn, plan_id, list(targets))
    if missing := sorted(set(targets) - set(home.index)):
        raise NoSuchCellError(ids=", ".join(map(str, missing[:5])))
    touched = {*home.tolist(), *targets.values()} - {NEW}
    part = parts.read_part(conn, plan_id, touched)
    refuse_locked(part, touched)
    for cell, grid in targets.items():
        _refuse_across({str(part.cells["area_code"][cell]), *_community(part, grid)})
    grid_of, rows = part.grid_of.copy(), dict(part.grids)
    if NEW in targets.values():
        communities = set(part.cells.loc[list(targets), "area_code"])
        _refuse_across(communities)
        new, rows = with_new_grid(conn, communities.pop(), rows, name=edit.name)
        targets = {cell: new if grid == NEW else grid for cell, grid in targets.items()}
    grid_of[list(targets)] = list(targets.values())
    return part, redrawn(conn, plan_id, part, grid_of, rows)


def merge(conn: Connection, plan_id: int, edit: Edit, _: Rules) -> Sides:
    """Make one grid of several; the first goes on."""
    ids = parts.grid_ids_of_codes(conn, plan_id, edit.grid_codes)
    if len(set(ids)) < 2:
        raise NothingToDoError(reason="a merge takes two grids or more", reason_zh="合并至少需要两个网格")
    part = parts.read_part(conn, plan_id, ids)
    refuse_locked(part, ids)
    _refuse_across({str(row["area_code"]) for row in part.grids.values()})
    return part, redrawn(
        conn, plan_id, part, pd.Series(ids[0], index=part.grid_of.index, name="grid"), dict(part.grids)
    )


def split(conn: Connection, plan_id: int, edit: Edit, _: Rules) -> Sides:
    """Part a grid by a line, along streets, or in equal shares; the part with most households keeps the code."""
    if len(edit.grid_codes) != 1:
        raise NothingToDoError(reason="one grid is needed", reason_zh="需要指定一个网格")
    (own,) = parts.grid_ids_of_codes(conn, plan_id, edit.grid_codes)
    part = parts.read_part(conn, plan_id, [own])
    refuse_locked(part, [own])
    share_of = shares(conn, part, part.cells.index, edit)
    grid_of, rows = part.grid_of.copy(), dict(part.grids)
    for share in range(1, int(share_of.max()) + 1):
        new, rows = with_new_grid(conn, str(part.grids[own]["area_code"]), rows, name=None)
        grid_of[share_of.index[share_of == share]] = new
    return part, redrawn(conn, plan_id, part, grid_of, rows)


def shares(conn: Connection, part: PlanPart, members: pd.Index, edit: Edit) -> pd.Series:
    """Return the share (0..) of each of some cells of a part, split as an edit asks."""
    if bool(edit.line) + bool(edit.streets) + (edit.count is not None) != 1:
        raise NothingToDoError(
            reason="a line, streets or a count is needed", reason_zh="需要一条线、街道或份数，三者之一"
        )
    borders = parts.read_borders_of(conn, part.cells.index.tolist())
    if edit.line:
        line = shapely.LineString(edit.line) if len(edit.line) > 1 else shapely.LineString()
        return split_by_line(part.cells, borders, members, line).parts
    if edit.streets:
        ground = shapely.union_all(part.cells.loc[members].geometry.to_numpy())
        streets = parts.read_streets_across(conn, ground, chosen=edit.streets)
        if streets.empty:
            raise NothingToDoError(reason="no such street runs through it", reason_zh="没有这样的街道穿过")
        lines = shapely.MultiLineString(shapely.get_parts(streets.geometry.to_numpy()).tolist())
        return split_by_street(part.cells, borders, members, lines).parts
    return split_in_parts(part.cells, borders, members, int(edit.count or 0)).parts


def even(conn: Connection, plan_id: int, edit: Edit, rules: Rules) -> Sides:
    """Draw grids and those around them anew, into the band."""
    chosen = parts.grid_ids_of_codes(conn, plan_id, edit.grid_codes)
    if not chosen:
        raise NothingToDoError(reason="no grid is named", reason_zh="没有指定网格")
    part = parts.read_part(conn, plan_id, parts.grids_of_communities(conn, plan_id, chosen))
    refuse_locked(part, chosen)
    return part, _renewed(conn, plan_id, part, chosen, rules, ring=1)


def redraw(conn: Connection, plan_id: int, edit: Edit, rules: Rules) -> Sides:
    """Draw a whole community anew from the plan as it is; locked and dedicated grids stay."""
    if edit.area_code is None:
        raise NothingToDoError(reason="no community is named", reason_zh="没有指定社区")
    part = parts.read_part(conn, plan_id, parts.grids_of_plan(conn, plan_id, area_code=edit.area_code))
    chosen = sorted(set(part.grids) - set(_fixed(part)))
    if not chosen:
        raise NothingToDoError(reason="no grid of it may change", reason_zh="该社区没有可以调整的网格")
    return part, _renewed(conn, plan_id, part, chosen, rules, ring=0)


def rename(conn: Connection, plan_id: int, edit: Edit, _: Rules) -> Sides:
    """Give a grid another name."""
    if not edit.name or not edit.name.strip() or len(edit.grid_codes) != 1:
        raise NothingToDoError(reason="one grid and a name are needed", reason_zh="需要一个网格和一个名称")
    ids = parts.grid_ids_of_codes(conn, plan_id, edit.grid_codes)
    part = parts.read_rows(conn, ids)
    refuse_locked(part, ids)
    return part, replace(part, grids={ids[0]: {**part.grids[ids[0]], "name": edit.name.strip()}})


def lock(conn: Connection, plan_id: int, edit: Edit, _: Rules) -> Sides:
    """Lock or unlock grids; all of the plan where none is named."""
    codes = edit.grid_codes
    ids = parts.grid_ids_of_codes(conn, plan_id, codes) if codes else parts.grids_of_plan(conn, plan_id)
    part = parts.read_rows(conn, ids)
    turned = {key: {**row, "is_locked": edit.verb == "lock"} for key, row in part.grids.items()}
    return part, replace(part, grids=turned)


VERBS = {
    "move": move, "merge": merge, "split": split, "rebalance": even, "redraw": redraw, "rename": rename, "lock": lock,
    "unlock": lock,
}  # fmt: skip


def _targets(conn: Connection, plan_id: int, edit: Edit) -> dict[int, int]:
    """Return the grid that each cell goes to."""
    if edit.moves:
        codes = sorted({code for _, code in edit.moves})
        of_code = dict(zip(codes, parts.grid_ids_of_codes(conn, plan_id, codes), strict=True))
        return {cell: of_code[code] for cell, code in sorted(edit.moves)}
    target = NEW if edit.to is None else parts.grid_ids_of_codes(conn, plan_id, [edit.to])[0]
    return dict.fromkeys(cells_asked(conn, edit.cells, edit.buildings), target)


def _community(part: PlanPart, grid: int) -> set[str]:
    return {str(part.grids[grid]["area_code"])} if grid != NEW else set()


def _refuse_across(communities: set[str]) -> None:
    if len(communities) > 1:
        raise AcrossCommunitiesError(codes=", ".join(sorted(communities)))


def _fixed(part: PlanPart) -> list[int]:
    return [key for key, row in part.grids.items() if row["is_locked"] or row["kind"] == "dedicated"]


def _renewed(conn: Connection, plan_id: int, part: PlanPart, chosen: list[int], rules: Rules, *, ring: int) -> PlanPart:
    """Return a part whose grids are drawn anew; new ones get numbers and codes."""
    borders = parts.read_borders_of(conn, part.cells.index.tolist())
    found = rebalance(
        part.cells, borders, part.grid_of, chosen, band=rules.band, people_band=rules.people_band,
        weights=rules.weights, locked=_fixed(part), ring=ring,
    )  # fmt: skip
    grid_of, rows = part.grid_of.copy(), dict(part.grids)
    grid_of.update(found.assignment)
    for label in sorted(set(grid_of.tolist()) - set(part.grids)):
        cells = grid_of.index[grid_of == label]
        new, rows = with_new_grid(conn, str(part.cells["area_code"][cells[0]]), rows, name=None)
        grid_of[cells] = new
    return redrawn(conn, plan_id, part, grid_of.astype("int64"), rows)
