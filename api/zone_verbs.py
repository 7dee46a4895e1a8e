"""Zone verbs: cells between the zones of one grid, zones merged, split, named; grids stay as they are."""

from dataclasses import replace

import pandas as pd
from sqlalchemy import Connection

from api.grid_verbs import Sides, shares
from api.plan_edits import Edit, Rules
from api.plan_parts import AcrossGridsError, NoSuchCellError, NothingToDoError, cells_asked, dealt, refuse_locked
from data.stores import parts
from data.stores.parts import PlanPart, Rows
from geo.errors import NotFoundError

NEW = -1  # stands for a zone or unit that is to be made


def move(conn: Connection, plan_id: int, edit: Edit, _: Rules) -> Sides:
    """Give cells to a zone of their grid, to a new one, or each to its own."""
    part = part_of_cells(conn, plan_id, edit)
    to = targets(conn, edit, part.zones, "zone")
    zone_of = part.zone_of.copy()
    zone_of[list(to)] = list(to.values())
    return part, _zoned(conn, plan_id, part, zone_of)


def merge(conn: Connection, plan_id: int, edit: Edit, _: Rules) -> Sides:
    """Make one zone of several; the first goes on."""
    part = part_of_codes(conn, plan_id, edit)
    ids = [id_of(part.zones, "zone", code) for code in edit.codes]
    if len(set(ids)) < 2:
        raise NothingToDoError(reason="a merge takes two zones or more", reason_zh="合并至少需要两个责任区域")
    return part, _zoned(conn, plan_id, part, part.zone_of.replace(dict.fromkeys(ids[1:], ids[0])))


def split(conn: Connection, plan_id: int, edit: Edit, _: Rules) -> Sides:
    """Part a zone by a line, along streets, or in equal shares; the part with most households keeps the code."""
    part = part_of_codes(conn, plan_id, edit)
    own = id_of(part.zones, "zone", edit.codes[0])
    share_of = shares(conn, part, part.zone_of.index[part.zone_of == own], edit)
    zone_of = part.zone_of.copy()
    zone_of[share_of.index[share_of > 0]] = -share_of[share_of > 0]
    return part, _zoned(conn, plan_id, part, zone_of)


def rename(conn: Connection, plan_id: int, edit: Edit, _: Rules) -> Sides:
    """Give a zone another name."""
    if not edit.name or not edit.name.strip() or len(edit.codes) != 1:
        raise NothingToDoError(reason="one zone and a name are needed", reason_zh="需要一个责任区域和一个名称")
    part = part_of_codes(conn, plan_id, edit)
    own = id_of(part.zones, "zone", edit.codes[0])
    return part, replace(part, zones={**part.zones, own: {**part.zones[own], "name": edit.name.strip()}})


def part_of_cells(conn: Connection, plan_id: int, edit: Edit) -> PlanPart:
    """Return the one grid in which all cells of an edit lie; refuse more, locked ones and cells that are not there."""
    cells = [cell for cell, _ in edit.moves] or cells_asked(conn, edit.cells, edit.buildings)
    home = parts.grid_ids_of_cells(conn, plan_id, cells)
    if missing := sorted(set(cells) - set(home.index)):
        raise NoSuchCellError(ids=", ".join(map(str, missing[:5])))
    return _one_grid(parts.read_part(conn, plan_id, set(home.tolist())))


def part_of_codes(conn: Connection, plan_id: int, edit: Edit) -> PlanPart:
    """Return the one grid in which all zones or units of an edit lie; refuse more, and a locked one."""
    if not edit.codes:
        raise NothingToDoError(reason="no code is given", reason_zh="没有给出编码")
    codes = sorted({code[:15] for code in edit.codes})
    return _one_grid(parts.read_part(conn, plan_id, parts.grid_ids_of_codes(conn, plan_id, codes)))


def targets(conn: Connection, edit: Edit, rows: Rows, what: str) -> dict[int, int]:
    """Return the zone or unit that each cell goes to."""
    if edit.moves:
        return {cell: id_of(rows, what, code) for cell, code in sorted(edit.moves)}
    target = NEW if edit.to is None else id_of(rows, what, edit.to)
    return dict.fromkeys(cells_asked(conn, edit.cells, edit.buildings), target)


def id_of(rows: Rows, what: str, code: str) -> int:
    """Return the number of a zone or unit by code; `what`: "zone" or "unit".

    Raises
    ------
    AcrossGridsError, NotFoundError
        The code is one of another grid; there is none of it.
    """
    for key, row in rows.items():
        if row[f"{what}_code"] == code:
            return key
    known = {str(row[f"{what}_code"])[:15] for row in rows.values()}
    if code[:15] not in known:
        raise AcrossGridsError(codes=", ".join(sorted({code[:15], *known})))
    raise NotFoundError(what=what, key=code)


def _one_grid(part: PlanPart) -> PlanPart:
    if len(part.grids) > 1:
        raise AcrossGridsError(codes=", ".join(sorted(str(row["grid_code"]) for row in part.grids.values())))
    refuse_locked(part, part.grids)
    return part


def _zoned(conn: Connection, plan_id: int, part: PlanPart, zone_of: pd.Series) -> PlanPart:
    return dealt(conn, plan_id, part, part, zone_of=zone_of.astype("int64"), units=part.units)


VERBS = {"move": move, "merge": merge, "split": split, "rename": rename}
