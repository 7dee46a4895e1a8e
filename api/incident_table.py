"""Incident table: a table (CSV of any delimiter, gzipped too, or a workbook) as columns of text, fast.

What a table says is what `data.readers.sheets` makes of it. Long CSV is read by pyarrow, some twenty times as fast and
in a fifth of the memory, where that gives the same for its first rows; else, and where a row is wider or narrower than
the header, by `sheets`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from data.readers.files import FORMS, PACKED, TEXTS, storable, suffix_of, unpacked
from data.readers.places import TABLES
from data.readers.sheets import DELIMITERS, LOST_DIGITS, Sheet, decoded, read_csv
from geo.edges import Bools
from geo.errors import BadFileError, EmptyFrameError

SUFFIXES = (*TABLES, *(f"{suffix}{PACKED}" for suffix in TEXTS))
HEAD_BYTES = 1 << 16


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of text, "" where a cell is empty; (n,) `is_spoiled`: the row has more cells than there are columns."""

    cells: pa.Table
    is_spoiled: Bools


def is_table(path: Path) -> bool:
    """Return whether a file is a table by its name."""
    return path.name.lower().endswith(SUFFIXES)


def read_text(path: Path, *, sheet: str | None = None) -> Table:
    """Return the rows of a table; blank ones are none.

    Raises
    ------
    BadFileError
        The file is missing, empty or damaged, or has no header.
    EmptyFrameError
        It has no rows.
    """
    data, suffix = unpacked(path), suffix_of(path)
    if suffix.lower() in TEXTS:
        text = decoded(path.name, data)[0].removeprefix("\ufeff").encode()
        found = _quick(path, text) or _told(read_csv(path, data, None))
    else:
        found = _told(FORMS[suffix.lower().lstrip(".")](path, data, sheet))
    if found.cells.num_rows == 0:
        raise EmptyFrameError(what=path.name, mend="")
    return found


def _told(found: Sheet) -> Table:
    """Return what a form's reader found, as columns."""
    columns = list(zip(*found.rows, strict=True)) or [()] * len(found.headers)
    cells = pa.table({
        storable(name): pa.array([storable(cell) for cell in column], type=pa.string())
        for name, column in zip(found.headers, columns, strict=True)
    })  # fmt: skip
    spoiled = {row for row, why in found.faults.items() if why != LOST_DIGITS}
    return Table(cells, np.array([row in spoiled for row in found.row_numbers], dtype=np.bool_))


def _quick(path: Path, text: bytes) -> Table | None:
    """Return the rows as pyarrow reads them; None where that is not surely the same."""
    if b"\0" in text:
        return None
    cut = text.rfind(b"\n", 0, HEAD_BYTES) if len(text) > HEAD_BYTES else len(text)
    head = text[:cut]
    try:
        sheet = read_csv(path, head, None)
        if sheet.faults or not sheet.rows:
            return None
        for delimiter in DELIMITERS:
            if _is_same(head, sheet, delimiter):
                cells = _parsed(text, sheet, delimiter)
                return Table(cells, np.zeros(cells.num_rows, dtype=np.bool_))
    except (BadFileError, pa.ArrowInvalid):
        pass
    return None


def _is_same(head: bytes, sheet: Sheet, delimiter: str) -> bool:
    try:
        cells = _parsed(head, sheet, delimiter)
    except pa.ArrowInvalid:
        return False
    return list(zip(*(column.to_pylist() for column in cells.columns), strict=True)) == [*map(tuple, sheet.rows)]


def _parsed(text: bytes, sheet: Sheet, delimiter: str) -> pa.Table:
    """Return the rows below the header, blank ones left out."""
    cells = csv.read_csv(
        pa.py_buffer(text),
        read_options=csv.ReadOptions(column_names=sheet.headers, skip_rows=sheet.row_numbers[0] - 1),
        parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(sheet.headers, pa.string()), strings_can_be_null=False
        ),
    )
    is_filled = pc.not_equal(pc.utf8_trim_whitespace(cells.column(0)), "")
    for column in cells.columns[1:]:
        if pc.all(is_filled).as_py():
            break
        is_filled = pc.or_(is_filled, pc.not_equal(pc.utf8_trim_whitespace(column), ""))
    return cells if pc.all(is_filled).as_py() else cells.filter(is_filled)
