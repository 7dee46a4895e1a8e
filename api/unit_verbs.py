"""Unit verbs: buildings, or some households of one, between the household units of a grid; units merged."""

import pandas as pd
from sqlalchemy import Connection

from api.grid_verbs import Sides
from api.plan_edits import Edit, Rules
from api.plan_parts import NothingToDoError, dealt
from api.zone_verbs import id_of, part_of_cells, part_of_codes, targets
from data.stores.parts import PlanPart

Held = dict[tuple[int, int], int]


def move(conn: Connection, plan_id: int, edit: Edit, _: Rules) -> Sides:
    """Give households of cells to a unit of their grid, to a new one, or each to its own.

    Without a number of households all of a cell's go, from whatever unit; with one, so many of its largest shares.
    """
    part = part_of_cells(conn, plan_id, edit)
    to = targets(conn, edit, part.unit_rows, "unit")
    held = _held(part)
    for cell, unit in to.items():
        _hand_over(held, cell, unit, edit.households)
    return part, _united(conn, plan_id, part, held)


def merge(conn: Connection, plan_id: int, edit: Edit, _: Rules) -> Sides:
    """Make one unit of several; the first goes on."""
    part = part_of_codes(conn, plan_id, edit)
    ids = [id_of(part.unit_rows, "unit", code) for code in edit.codes]
    if len(set(ids)) < 2:
        raise NothingToDoError(reason="a merge takes two units or more", reason_zh="合并至少需要两个联户单元")
    held: Held = {}
    for (cell, unit), count in _held(part).items():
        key = (cell, ids[0] if unit in ids else unit)
        held[key] = held.get(key, 0) + count
    return part, _united(conn, plan_id, part, held)


def _held(part: PlanPart) -> Held:
    """Return how many households of each cell each unit has."""
    columns = (part.units[name].tolist() for name in ("cell_id", "unit", "households"))
    return {(cell, unit): count for cell, unit, count in zip(*columns, strict=True)}


def _hand_over(held: Held, cell: int, unit: int, households: int | None) -> None:
    """Give households of a cell to a unit, the largest shares of others first."""
    others = sorted((key for key in held if key[0] == cell and key[1] != unit), key=lambda key: (-held[key], key))
    left = sum(held[key] for key in others) if households is None else households
    if left > sum(held[key] for key in others):
        raise NothingToDoError(reason="the cell has not so many households", reason_zh="该地块没有这么多户")
    for key in others:
        given = min(left, held[key])
        left -= given
        held[key] -= given
        held[(cell, unit)] = held.get((cell, unit), 0) + given


def _united(conn: Connection, plan_id: int, part: PlanPart, held: Held) -> PlanPart:
    rows = [(unit, cell, count) for (cell, unit), count in sorted(held.items()) if count]
    units = pd.DataFrame(rows, columns=["unit", "cell_id", "households"], dtype="int64")
    return dealt(conn, plan_id, part, part, zone_of=part.zone_of, units=units)


VERBS = {"move": move, "merge": merge}
