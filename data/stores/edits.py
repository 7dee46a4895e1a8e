"""Edits: changes of a plan, written as rows before and after.

A change is its own inverse, read the other way: undoing puts every row back, with its number. What is derived -
households, people, polygons - is made anew from the cells of the grids, zones and units that are touched.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
from geoalchemy2.shape import from_shape
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Table,
    TableValuedAlias,
    bindparam,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from data.sql import read_sql
from data.stores._rows import copy_frame
from data.stores.parts import PlanPart, Row, Rows, grid_ids_of_cells, read_part
from data.tables.plans import grids, household_units, plan_cells, unit_cells, zone_cells, zones
from geo.cover import dissolve, shapes_of_units

Change = dict[str, Any]
MANY = 1000


def change_of(before: PlanPart, after: PlanPart) -> Change:
    """Return what is other: rows of grids, zones and units, and where cells lie."""
    return {
        "grids": _rows_changed(before.grids, after.grids),
        "zones": _rows_changed(before.zones, after.zones),
        "units": _rows_changed(before.unit_rows, after.unit_rows),
        "cells": _moved(before.grid_of, after.grid_of),
        "zone_cells": _moved(before.zone_of, after.zone_of),
        "shares": _dealt_anew(before.units, after.units),
    }


def reversed_change(change: Mapping[str, Any]) -> Change:
    """Return the change that undoes one."""
    return {name: [[row[0], row[2], row[1], *row[3:]] for row in rows] for name, rows in change.items()}


def composed(changes: Sequence[Mapping[str, Any]]) -> Change:
    """Return the one change that several make, done one after the other."""
    made: Change = {name: [] for name in ("grids", "zones", "units", "cells", "zone_cells", "shares")}
    for name, rows in made.items():
        # by what it is and where it is now: a cell may stand in several units
        now: dict[tuple[Any, ...], list[Any]] = {}
        for row in (row for change in changes for row in change[name]):
            first = now.pop((_frozen(row[0]), _frozen(row[1])), None)
            now[(_frozen(row[0]), _frozen(row[2]))] = [*(first or row)[:2], *row[2:]]
        rows.extend(row for row in now.values() if row[1] != row[2])
        rows.sort(key=lambda row: (row[0], str(row[1])))
    return made


def _frozen(value: Any) -> Any:
    """Return a row as a key."""
    if isinstance(value, dict):
        return tuple(sorted(value.items()))
    return tuple(value) if isinstance(value, list) else value


def touched_grids(change: Mapping[str, Any]) -> tuple[set[int], set[int]]:
    """Return the numbers of grids that a change leaves, altered or new, and of those that it takes away."""
    gone = {int(key) for key, _, after in change["grids"] if after is None}
    named = {int(key) for key, _, after in change["grids"] if after is not None}
    return (named | {int(grid) for row in change["cells"] for grid in row[1:3]}) - gone, gone


def write_change(
    connection: Connection, plan_id: int, change: Mapping[str, Any], revision: int, *, part: PlanPart | None = None
) -> None:
    """Write a change of a plan, and what is derived from it, under a revision.

    Parameters
    ----------
    part
        All grids that it touches, as they are after it, where that is known; None: they are read.
    """
    there, gone = touched_grids(change)
    new = {int(key) for key, was, _ in change["grids"] if was is None}
    if part is None:
        part = _turned(read_part(connection, plan_id, _grids_to_read(connection, plan_id, change, new)), change)
    moved = part.grid_of.isin({int(grid) for row in change["cells"] for grid in row[1:3]})
    drawn = _derived(dissolve(part.cells, part.grid_of[moved]), ("households", "people")) if moved.any() else {}
    rows = _after(change["grids"])
    _relabel(connection, {key: row for key, row in rows.items() if key not in drawn}, revision)
    for grid_id in sorted(there & (set(drawn) | new)):
        values = {**rows.get(grid_id, {}), **drawn.get(grid_id, {}), "plan_id": plan_id, "revision": revision}
        _put(connection, grids, grid_id, values, is_new=grid_id in new)
    _write_cells(connection, plan_id, change)
    _write_zones(connection, part, change, revision)
    _write_units(connection, part, change)
    connection.execute(delete(grids).where(grids.c.grid_id.in_(sorted(gone))))


def _grids_to_read(connection: Connection, plan_id: int, change: Mapping[str, Any], new: set[int]) -> set[int]:
    """Return the grids whose ground or parts a change alters, as they are before it."""
    cells = {int(row[0]) for name in ("cells", "zone_cells") for row in change[name]}
    cells |= {int(row[0][0]) for row in change["shares"]}
    home = set(grid_ids_of_cells(connection, plan_id, cells).tolist()) if cells else set()
    return home | ({int(grid) for row in change["cells"] for grid in row[1:3]} - new)


def _relabel(connection: Connection, rows: Rows, revision: int) -> None:
    """Write grids whose ground stays as it is: one statement for however many."""
    if rows:
        told = json.dumps([{"grid_id": key, **row} for key, row in rows.items()])
        connection.execute(text(read_sql("plans/relabel")), {"rows": told, "revision": revision})


def _turned(part: PlanPart, change: Mapping[str, Any]) -> PlanPart:
    """Return where the cells of a part lie after a change."""
    grid_of, zone_of = part.grid_of.copy(), part.zone_of.copy()
    grid_of.update(pd.Series({row[0]: row[2] for row in change["cells"]}, dtype="int64"))
    zone_of.update(pd.Series({row[0]: row[2] for row in change["zone_cells"]}, dtype="int64"))
    dealt = _shares(part.units) | {(row[0][0], row[0][1]): row[2] for row in change["shares"]}
    rows = [(unit, cell, held) for (cell, unit), held in dealt.items() if held is not None]
    units = pd.DataFrame(rows, columns=["unit", "cell_id", "households"])
    return replace(part, grid_of=grid_of.astype("int64"), zone_of=zone_of.astype("int64"), units=units)


def _after(changed: Sequence[Sequence[Any]]) -> Rows:
    return {int(key): after for key, _, after in changed if after is not None}


def _write_cells(connection: Connection, plan_id: int, change: Mapping[str, Any]) -> None:
    if change["cells"]:
        ids, to = ([int(row[at]) for row in change["cells"]] for at in (0, 2))
        moved = _pairs(ids, to)
        here = (plan_cells.c.plan_id == plan_id) & (plan_cells.c.cell_id == moved.c.one)
        connection.execute(update(plan_cells).where(here).values(grid_id=moved.c.other))


def _write_zones(connection: Connection, part: PlanPart, change: Mapping[str, Any], revision: int) -> None:
    moved = {int(zone) for row in change["zone_cells"] for zone in row[1:3]}
    _take_out(connection, zone_cells, zone_cells.c.zone_id, change["zone_cells"])
    own = part.zone_of[part.zone_of.isin(moved)]
    drawn = _derived(dissolve(part.cells, own), ("households", "people")) if len(own) else {}
    _put_rows(connection, zones, change["zones"], drawn, {"revision": revision})
    put = [{"zone_id": row[2], "cell_id": row[0]} for row in change["zone_cells"]]
    _put_in(connection, zone_cells, put)


def _write_units(connection: Connection, part: PlanPart, change: Mapping[str, Any]) -> None:
    moved = {int(row[0][1]) for row in change["shares"]}
    gone = [[*row[0]] for row in change["shares"] if row[1] is not None]
    _take_out(connection, unit_cells, unit_cells.c.unit_id, gone)
    own = part.units[part.units["unit"].isin(moved)]
    ground = pd.DataFrame({"households": own.groupby("unit")["households"].sum()})
    shapes = gpd.GeoDataFrame(ground, geometry=shapes_of_units(part.cells, own)) if len(own) else None
    drawn = {} if shapes is None else _derived(shapes, ("households",))
    _put_rows(connection, household_units, change["units"], drawn, {})
    put = [
        {"unit_id": row[0][1], "cell_id": row[0][0], "households": row[2]}
        for row in change["shares"]
        if row[2] is not None
    ]
    _put_in(connection, unit_cells, put)


def _derived(drawn: gpd.GeoDataFrame, names: Sequence[str]) -> Rows:
    """Return what follows from the cells, by number."""
    shapes = [from_shape(shape, srid=4326) for shape in drawn.geometry]
    counts = zip(*(drawn[name].astype("int64").tolist() for name in names), strict=True)
    rows = zip(drawn.index.tolist(), counts, shapes, strict=True)
    return {int(key): {**dict(zip(names, own, strict=True)), "geometry": shape} for key, own, shape in rows}


def _put_rows(connection: Connection, table: Table, changed: Sequence[Sequence[Any]], drawn: Rows, more: Row) -> None:
    """Delete, update and insert zones or units in this order: a code that is given up may be taken at once."""
    gone, new = ({int(row[0]) for row in changed if row[at] is None} for at in (2, 1))
    rows = _after(changed)
    connection.execute(delete(table).where(next(iter(table.primary_key.columns)).in_(sorted(gone))))
    altered = ({int(row[0]) for row in changed} | set(drawn)) - gone
    for key in (*sorted(altered - new), *sorted(new)):
        _put(connection, table, key, {**rows.get(key, {}), **drawn.get(key, {}), **more}, is_new=key in new)


def _put(connection: Connection, table: Table, key: int, values: Row, *, is_new: bool) -> None:
    column = next(iter(table.primary_key.columns))
    if is_new:
        connection.execute(insert(table).values(**{column.name: key}, **values))
    elif values:
        connection.execute(update(table).where(column == key).values(**values))


def _put_in(connection: Connection, table: Table, rows: list[Row]) -> None:
    """Write rows of a table; COPY pays from so many on."""
    if len(rows) > MANY:
        copy_frame(connection, table, pd.DataFrame(rows))
    elif rows:
        connection.execute(insert(table), rows)


def _take_out(connection: Connection, table: Table, column: ColumnElement[int], rows: Sequence[Sequence[Any]]) -> None:
    """Delete the rows (cell, zone or unit) that a change begins with."""
    if rows:
        gone = _pairs([row[0] for row in rows], [row[1] for row in rows])
        connection.execute(delete(table).where(table.c.cell_id == gone.c.one, column == gone.c.other))


def _pairs(one: Sequence[int], other: Sequence[int]) -> TableValuedAlias:
    """Return numbers as a table of two columns, one and other."""
    lists = (bindparam(None, type_=ARRAY(BigInteger), value=[int(each) for each in some]) for some in (one, other))
    return func.unnest(*lists).table_valued("one", "other").render_derived()


def _rows_changed(before: Rows, after: Rows) -> list[list[Any]]:
    keys = sorted(set(before) | set(after))
    return [[key, before.get(key), after.get(key)] for key in keys if before.get(key) != after.get(key)]


def _moved(before: pd.Series, after: pd.Series) -> list[list[int]]:
    there = after.reindex(before.index)
    other = before.to_numpy() != there.to_numpy()
    rows = zip(before.index[other].tolist(), before[other].tolist(), there[other].tolist(), strict=True)
    return [list(row) for row in rows]


def _dealt_anew(before: pd.DataFrame, after: pd.DataFrame) -> list[list[Any]]:
    """Return how many households of a cell a unit has, before and after: [[cell, unit], n or None, n or None]."""
    was, now = _shares(before), _shares(after)
    return [[list(key), was.get(key), now.get(key)] for key in sorted(was | now) if was.get(key) != now.get(key)]


def _shares(units: pd.DataFrame) -> dict[tuple[int, int], int]:
    columns = (units[name].tolist() for name in ("cell_id", "unit", "households"))
    return {(cell, unit): held for cell, unit, held in zip(*columns, strict=True)}


def in_shares(change: Mapping[str, Any]) -> Change:
    """Return a change as it is kept now: once whole rows of units moved, [cell, unit, unit, households]."""
    moved = change.get("unit_cells", ())
    sides = [row for cell, was, now, n in moved for row in ([[cell, was], n, None], [[cell, now], None, n])]
    return {"shares": sides, **{name: rows for name, rows in change.items() if name != "unit_cells"}}


def grids_of_parts(connection: Connection, change: Mapping[str, Any]) -> set[int]:
    """Return the numbers of grids whose zones or household units a change alters."""
    rows = [row for name in ("zones", "units") for _, *sides in change[name] for row in sides if row is not None]
    zone_ids = {int(zone) for row in change["zone_cells"] for zone in row[1:3]}
    unit_ids = {int(row[0][1]) for row in change["shares"]}
    found = {int(row["grid_id"]) for row in rows}
    for table, key, ids in ((zones, zones.c.zone_id, zone_ids), (household_units, household_units.c.unit_id, unit_ids)):
        found |= set(connection.scalars(select(table.c.grid_id).where(key.in_(sorted(ids)))) if ids else ())
    return found
