"""Columns: what a column of somebody's layer means - amounts, groups, yes and no - however it is typed.

Numbers may come as whole numbers, as floats or as text, yes and no as words; empty cells are told apart
from zeros. What cannot be read is an error that names the rows; the first row is 1.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.values import CellFaultError, number, plain
from geo.edges import Bools, Floats, Ints, Shapes
from geo.errors import InputError

YES = ("true", "t", "yes", "y", "1", "1.0", "是", "真", "锁定", "锁")
NO = ("false", "f", "no", "n", "0", "0.0", "否", "假", "不锁定", "")
UNITS = ("户", "人")
SHOWN = 5


class BadColumnError(InputError):
    """Cells of a column cannot be used as what they are meant to be."""

    zh = "列 {column} 不可用：{reason_zh}。行号：{rows}（第一行为 1）。请修正后再试。"
    en = "Column {column} cannot be used: {reason}. Rows: {rows} (the first row is 1). Mend them and try again."


@dataclass(frozen=True, eq=False)
class Groups:
    """A column as groups: (n,) `code` 0, 1, ... in the order of the values, -1 where empty; the `values` themselves."""

    code: Ints
    values: pa.Array


def bad_column(column: str, bad: Bools, reason: str, reason_zh: str) -> BadColumnError:
    """Return an error that names the rows marked in `bad`."""
    rows = np.flatnonzero(bad) + 1
    named = ", ".join(map(str, rows[:SHOWN])) + (f" ... ({len(rows):,})" if len(rows) > SHOWN else "")
    return BadColumnError(column=column, reason=reason, reason_zh=reason_zh, rows=named)


def amounts(column: pa.ChunkedArray, name: str) -> tuple[Floats, Bools]:
    """Return the amounts of a column, (n,), 0 where empty; and which cells are empty.

    Raises
    ------
    BadColumnError
        A cell is no number, or below 0.
    """
    column = _flat(column)
    if _is_text(column.type):
        values, empty = _numbers_in_text(column, name)
    elif pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        values = np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)
        empty = np.isnan(values)
    elif pa.types.is_null(column.type):
        values, empty = np.full(len(column), np.nan), np.ones(len(column), dtype=bool)
    else:
        raise bad_column(name, np.ones(len(column), bool), f"it holds {column.type}, no numbers", "不是数字列")
    values = np.where(empty, 0.0, values)
    for bad, reason, reason_zh in (
        (~np.isfinite(values), "not a finite number", "不是有限的数字"),
        (values < 0, "below 0", "小于 0"),
    ):
        if bad.any():
            raise bad_column(name, bad, reason, reason_zh)
    return values, empty


def groups(column: pa.ChunkedArray) -> Groups:
    """Return which rows of a column have the same value; empty and blank cells are in no group."""
    column = _flat(column)
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if _is_text(values.type):
        values = pc.if_else(pc.equal(pc.utf8_trim_whitespace(values), ""), None, values)
    elif pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), None, values)
    found = pc.unique(values).drop_null()
    found = found.take(pc.sort_indices(found))
    code = pc.fill_null(pc.index_in(values, found), -1)
    return Groups(np.asarray(code.to_numpy(zero_copy_only=False), dtype=np.int64), found)


def flags(column: pa.ChunkedArray, name: str) -> Bools:
    """Return a column as yes and no, (n,); empty is no.

    Raises
    ------
    BadColumnError
        A cell is neither.
    """
    column = _flat(column)
    if pa.types.is_boolean(column.type):
        return np.asarray(pc.fill_null(column, False).to_numpy(zero_copy_only=False), dtype=np.bool_)
    words = pd.Series(column.to_pylist(), dtype=object).map(
        lambda cell: "" if _empty(cell) else plain(str(cell)).lower()
    )
    yes, no = words.isin(YES).to_numpy(), words.isin(NO).to_numpy()
    if not (yes | no).all():
        raise bad_column(name, ~(yes | no), "neither yes nor no (true, false, 1, 0, 是, 否)", "既不是“是”也不是“否”")
    return np.asarray(yes, dtype=np.bool_)


def shown(value: object) -> object:
    """Return a value of a column as JSON holds it: floats that are whole as whole numbers, days as text."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column without dictionary or extension around its values."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], type=column.type.storage_type)
    return pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _empty(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and cell != cell)


def _numbers_in_text(column: pa.ChunkedArray, name: str) -> tuple[Floats, Bools]:
    """Return the numbers that texts stand for; 1,234 and 300户 are read as people mean them."""
    texts: Shapes = np.array(column.to_pylist(), dtype=object)
    known, code = np.unique(
        np.array(["" if text is None else text for text in texts], dtype=object), return_inverse=True
    )
    read = np.array([_number(text) for text in known], dtype=np.float64)
    unread = np.array([bool(plain(text)) for text in known], dtype=bool) & np.isnan(read)
    if unread[code].any():
        raise bad_column(name, unread[code], f'not a number ("{known[code[unread[code]][0]]}")', "不是数字")
    return read[code], np.isnan(read[code])


def _number(text: str) -> float:
    told = plain(text)
    for unit in UNITS:
        told = told.removesuffix(unit)
    try:
        return number(told)
    except CellFaultError:
        return float("nan")
