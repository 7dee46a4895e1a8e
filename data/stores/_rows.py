"""Rows: frames into tables by COPY, and queries back into frames. Geometry is EPSG:4326 both ways.

A frame's index is its table's key where it carries the key's name; else the database numbers the rows.
"""

import gc
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg2
from geoalchemy2 import Geometry
from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    LargeBinary,
    Select,
    Table,
    func,
    text,
    type_coerce,
)

from data.sql import read_sql
from data.stores._values import RefusedRowsError, as_column, as_shapes, as_text
from geo.errors import DuplicateIdError, MissingCrsError, WrongCrsError
from geo.frames import WGS84

# -- frames into tables -----------------------------------------------------------------------


def copy_frame(connection: Connection, table: Table, frame: pd.DataFrame) -> int:
    """Write every row of `frame` into `table` by COPY and return how many.

    Parameters
    ----------
    frame
        Columns are columns of the table; ones left out take the table's default. An index (or index
        levels) named as columns of the table is written too; any other index is not.

    Raises
    ------
    RefusedRowsError
        A column the table has not, a value its type cannot hold, or a rule of the table broken.
    MissingCrsError, WrongCrsError
        Geometry is not in EPSG:4326.
    DuplicateIdError
        The index holds an id twice.
    """
    _require_crs(table, frame)
    rows = _with_index(table, frame)
    if len(rows) == 0:
        return 0
    texts = [as_text(table.columns[name], rows[name]) for name in rows.columns]
    lines = StringIO("\n".join(map("\t".join, zip(*texts, strict=True))) + "\n")
    names = ", ".join(f'"{name}"' for name in rows.columns)
    try:
        _copy(connection, table, names, lines)
    except (psycopg2.IntegrityError, psycopg2.DataError) as error:
        raise _refused(table, rows, error) from error
    _advance_numbers(connection, table, rows)
    return len(rows)


def allot_ids(connection: Connection, table: Table, count: int) -> np.ndarray:
    """Return `count` fresh keys of a table with a numbered key, in rising order."""
    asked = text("SELECT nextval(CAST(:numbers AS regclass)) FROM generate_series(1, :count)")
    found = connection.scalars(asked, {"numbers": _numbers(connection, table), "count": count})
    return np.sort(np.fromiter(found, dtype=np.int64, count=count))


def _with_index(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Turn index levels that are columns of the table into columns; refuse columns it has not."""
    is_key = any(str(name) in table.columns for name in frame.index.names)
    if is_key and not frame.index.is_unique:
        doubles = frame.index[frame.index.duplicated()][:5]
        raise DuplicateIdError(what=table.name, ids=", ".join(map(str, doubles)))
    rows = pd.DataFrame(frame).reset_index(drop=not is_key)
    unknown = [str(name) for name in rows.columns if name not in table.columns]
    if unknown:
        raise RefusedRowsError(what=table.name, reason="no such columns", where=", ".join(unknown))
    return rows


def _require_crs(table: Table, frame: pd.DataFrame) -> None:
    if "geometry" not in table.columns or not isinstance(frame, gpd.GeoDataFrame):
        return
    if frame.crs is None:
        raise MissingCrsError(what=table.name)
    if frame.crs != WGS84:
        raise WrongCrsError(what=table.name, found=frame.crs.to_string(), wanted=WGS84.to_string())


def _copy(connection: Connection, table: Table, names: str, lines: StringIO) -> None:
    """COPY, by way of a temporary table where row-level security holds us: PostgreSQL refuses COPY there."""
    guarded = connection.scalar(text("SELECT row_security_active(CAST(:table AS regclass))"), {"table": table.name})
    target = f"incoming_{table.name}" if guarded else table.name
    cursor = connection.connection.cursor()
    try:
        if guarded:
            cursor.execute(f"CREATE TEMPORARY TABLE {target} AS SELECT {names} FROM {table.name} WITH NO DATA")  # noqa: S608  names of our own tables
        cursor.copy_expert(f"COPY {target} ({names}) FROM STDIN", lines)
        if guarded:
            cursor.execute(f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {target}")  # noqa: S608  names of our own tables
            cursor.execute(f"DROP TABLE {target}")
    finally:
        cursor.close()


def _refused(table: Table, rows: pd.DataFrame, error: psycopg2.Error) -> RefusedRowsError:
    found = error.diag
    reason = "; ".join(part for part in (found.message_primary, found.message_detail) if part)
    line = re.search(r"line (\d+)", found.context or "")
    first = rows.columns[0]
    where = f"{first} {rows[first].iloc[int(line.group(1)) - 1]}" if line else f"among {len(rows)} rows"
    return RefusedRowsError(what=table.name, reason=reason, where=where)


def _numbers(connection: Connection, table: Table) -> str:
    """The sequence that numbers a table's rows."""
    key = next(iter(table.primary_key.columns)).name
    asked = text("SELECT pg_get_serial_sequence(:table, :key)")
    return str(connection.scalar(asked, {"table": table.name, "key": key}))


def _advance_numbers(connection: Connection, table: Table, rows: pd.DataFrame) -> None:
    """Let the table's own numbering go on after the highest id that was given."""
    key = next(iter(table.primary_key.columns), None)
    if key is None or key.identity is None or key.name not in rows.columns:
        return
    moved = text("SELECT setval(CAST(:n AS regclass), greatest(:highest, nextval(CAST(:n AS regclass))))")
    connection.execute(moved, {"highest": int(rows[key.name].max()), "n": _numbers(connection, table)})


# -- queries into frames ----------------------------------------------------------------------

# PostgreSQL's numbers of the types that SQLAlchemy hands on as the driver made them: boolean, char, name, integers,
# text, real, double, varchar, date, timestamptz.
_PLAIN = {16, 18, 19, 20, 21, 23, 25, 700, 701, 1042, 1043, 1082, 1184}


def columns_of(table: Table, *names: str, geometry: bool = True) -> list[ColumnElement[Any]]:
    """Return a table's columns (all, or those named) to be selected, its geometry as plain WKB."""
    chosen = [table.columns[name] for name in names] or list(table.columns)
    return [
        shape_of(column) if isinstance(column.type, Geometry) else column
        for column in chosen
        if geometry or not isinstance(column.type, Geometry)
    ]


def shape_of(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a geometry column as WKB called ``geometry``: faster to read than objects made one by one."""
    return type_coerce(func.ST_AsBinary(column), LargeBinary).label("geometry")


def read_frame(
    connection: Connection,
    statement: Executable,
    parameters: Mapping[str, Any] | None = None,
    *,
    index: str | Sequence[str] | None,
    geometry: bool = True,
) -> gpd.GeoDataFrame:
    """Run a query and return its rows as a frame.

    Parameters
    ----------
    statement
        Its column ``geometry``, if there is one, is WKB in EPSG:4326 (see `columns_of`).
    index
        Column or columns that become the index; None numbers the rows from 0.
    geometry
        False returns a plain DataFrame.
    """
    with _collector_paused():
        columns = _columns(connection.execute(statement, parameters or {}), _nullable(statement), geometry=geometry)
    frame = pd.DataFrame(columns) if index is None else pd.DataFrame(columns).set_index(_names(index))
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=WGS84) if geometry else frame


def _columns(result: CursorResult[Any], nullable: Mapping[str, bool], *, geometry: bool) -> dict[str, Any]:
    described: Any = result.cursor.description if result.cursor is not None else ()
    is_shape = [geometry and column.name == "geometry" for column in described]
    is_plain = all(is_ or column.type_code in _PLAIN for column, is_ in zip(described, is_shape, strict=True))
    values = list(zip(*_fetched(result, is_plain=is_plain), strict=True)) or [()] * len(described)
    return {
        column.name: as_shapes(cells)
        if is_
        else as_column(cells, type_code=column.type_code, is_nullable=nullable.get(column.name))
        for column, cells, is_ in zip(described, values, is_shape, strict=True)
    }


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Let the garbage collector wait: each row is a tuple more, and it would walk all there is again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _fetched(result: CursorResult[Any], *, is_plain: bool) -> Sequence[Any]:
    """Return all rows of a result; as the driver made them where nothing is to be converted: a third of the time."""
    if result.cursor is None or not is_plain:
        return result.all()
    rows: Sequence[Any] = result.cursor.fetchall()
    result.close()
    return rows


def read_named(
    connection: Connection,
    name: str,
    parameters: Mapping[str, Any],
    *,
    index: str | Sequence[str] | None,
    geometry: bool = True,
) -> gpd.GeoDataFrame:
    """Run ``data/sql/<name>.sql`` and return its rows as a frame, as `read_frame` does."""
    return read_frame(connection, text(read_sql(name)), parameters, index=index, geometry=geometry)


def _names(index: str | Sequence[str]) -> str | list[str]:
    return index if isinstance(index, str) else list(index)


def _nullable(statement: Executable) -> dict[str, bool]:
    """Which columns may be null, as far as the statement tells: a column made by an expression does not."""
    if not isinstance(statement, Select):
        return {}
    return {column.name: column.nullable for column in statement.selected_columns if hasattr(column, "nullable")}
