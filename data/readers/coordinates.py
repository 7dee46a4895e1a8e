"""Coordinates: the numbers of a column of a table, fast where they are plain, elsewhere read as people mean them."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.values import CellFaultError, number
from geo.edges import Bools, Floats

PLAIN_NUMBER = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\s*$"


def numbers(column: pa.ChunkedArray) -> tuple[Floats, Bools]:
    """Return the numbers of a column, nan where a cell is none, and which cells are empty."""
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        values = np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)
        return values, np.isnan(values)
    is_plain = pc.fill_null(pc.match_substring_regex(column, PLAIN_NUMBER), False)
    told = pc.cast(pc.if_else(is_plain, pc.utf8_trim_whitespace(column), None), pa.float64())
    values = np.asarray(told.to_numpy(zero_copy_only=False), dtype=np.float64).copy()
    others = np.flatnonzero(~np.asarray(is_plain.to_numpy(zero_copy_only=False), dtype=bool))
    is_empty = np.zeros(len(values), dtype=np.bool_)
    for at, cell in zip(others.tolist(), column.take(pa.array(others)).to_pylist(), strict=True):
        is_empty[at] = not (cell or "").strip()
        values[at] = np.nan if is_empty[at] else _number(cell)
    return values, is_empty


def _number(cell: str) -> float:
    try:
        return number(cell)
    except CellFaultError:
        return float("nan")
