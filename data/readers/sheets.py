"""Sheets: CSV text and workbooks (xlsx, xls) as rows of text.

Excel keeps 15 digits: a longer number in a numeric cell has already lost its end, so that row is
marked spoiled. The header is the first row with two filled cells, so a title above it is skipped.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pyproj
import python_calamine

from geo.errors import BadFileError

DELIMITERS = (",", ";", "\t", "|")
SNIFFED_ROWS = 20
HEADER_WITHIN = 10
# The first whole number that Excel cannot tell from the next.
EXCEL_DIGITS_END = 10**15
ZIP_MARK = b"PK"
CELLS_MAX, UNPACKED_MAX_BYTES = 10_000_000, 2**30
REFERENCE = re.compile(rb"""\sr=["']([A-Za-z]{0,9})([0-9]{1,18})["']""")
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True)
class Sheet:
    """Rows of text as a form's reader found them; geometry as shapely objects with their CRS."""

    headers: list[str]
    rows: list[list[str]]
    row_numbers: list[int]
    faults: dict[int, tuple[str, str]] = field(default_factory=dict)
    encoding: str | None = None
    shapes: list[object] | None = None
    crs: pyproj.CRS | None = None


def read_csv(path: Path, data: bytes, sheet: str | None) -> Sheet:  # noqa: ARG001 - every form's reader has one signature
    """Return the rows of delimited text; the delimiter is the one that gives the steadiest columns."""
    text, encoding = decoded(path.name, data)
    first = text.split("\n", 1)[0].strip().lower()
    rows = _records(path.name, text, first[4:5] if first.startswith("sep=") else delimiter_of(text))
    start = 1 if first.startswith("sep=") else 0
    numbered = [(number, row) for number, row in enumerate(rows, start=1) if number > start]
    return tabulated(path.name, numbered, {}, encoding)


def decoded(name: str, data: bytes) -> tuple[str, str]:
    """Return the text of `data` and the encoding it was in.

    Raises
    ------
    BadFileError
        The bytes are text in none of the encodings people use here.
    """
    for encoding in [known for bom, known in BOMS if data.startswith(bom)] or ["utf-8", "gb18030"]:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise BadFileError(
        file=name, reason="it is not text in UTF-8 or GB18030", reason_zh="不是 UTF-8 或 GB18030 编码的文本",
        mend="Save it as CSV UTF-8.", mend_zh="请另存为“CSV UTF-8”。",
    )  # fmt: skip


def _records(name: str, text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or ",", strict=True))
    except csv.Error as error:
        line = text.count("\n") + 1
        raise BadFileError(
            file=name, reason=f"its quotes do not close or a cell is too long ({error}; {line} lines)",
            reason_zh=f"引号不配对或单元格过长（{error}；共 {line} 行）",
            mend="Put cells with quotes in quotes and double the quotes inside.",
            mend_zh="含引号的单元格请用引号括起，内部引号写两次。",
        ) from error  # fmt: skip


def delimiter_of(text: str) -> str:
    """Return the delimiter under which most of the first rows are as wide as the widest header."""
    head = "\n".join(text.splitlines()[: SNIFFED_ROWS + 1])

    def score(delimiter: str) -> tuple[int, int]:
        rows = [row for row in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter) if any(row)]
        width = max((len(row) for row in rows[:1]), default=1)
        return (sum(len(row) == width for row in rows) if width > 1 else 0, width)

    return max(DELIMITERS, key=score)


def read_workbook(path: Path, data: bytes, sheet: str | None) -> Sheet:
    """Return the rows of one sheet, the first one if none is named."""
    if data.startswith(ZIP_MARK):
        _refuse_giants(path.name, data)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = book.sheet_names
        if not names or (sheet is not None and sheet not in names):
            raise BadFileError(
                file=path.name, reason=f"there is no sheet {sheet}", reason_zh=f"没有工作表 {sheet}",
                mend=f"Sheets: {', '.join(names)}.", mend_zh=f"工作表：{'、'.join(names)}。",
            )  # fmt: skip
        page = book.get_sheet_by_name(sheet or names[0])
        found, merged = page.to_python(skip_empty_area=False), page.merged_cell_ranges or []
    except python_calamine.PasswordError as error:
        raise BadFileError(
            file=path.name, reason="it is locked with a password", reason_zh="文件有密码",
            mend="Save it without a password.", mend_zh="请取消密码后另存。",
        ) from error  # fmt: skip
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        if isinstance(error, BadFileError):
            raise
        raise BadFileError(
            file=path.name, reason=f"it is not a whole workbook ({error})",
            reason_zh=f"工作簿不完整或已损坏（{error}）",
            mend="Open it in Excel and save it again.", mend_zh="请用 Excel 打开并重新保存。",
        ) from error  # fmt: skip
    faults = {number: LOST_DIGITS for number, row in enumerate(found, start=1) if any(map(_has_lost_digits, row))}
    numbered = [(number, [cell_text(cell) for cell in row]) for number, row in enumerate(found, start=1)]
    return _unmerged(tabulated(path.name, numbered, faults, None), found, merged)


def _unmerged(sheet: Sheet, found: list[list[Any]], merged: Iterable[Any]) -> Sheet:
    """Return a sheet in which cells merged over several rows stand in each; titles and headers stay as they are."""
    row_of = {number: row for row, number in enumerate(sheet.row_numbers)}
    for (top, left), (bottom, _) in merged:
        if top + 1 not in row_of or left >= len(sheet.headers):
            continue
        told = cell_text(found[top][left])
        for number in range(top + 2, bottom + 2):
            if number in row_of and not sheet.rows[row_of[number]][left].strip():
                sheet.rows[row_of[number]][left] = told
    return sheet


def _refuse_giants(name: str, data: bytes) -> None:
    """Refuse a workbook that would not fit in memory: calamine fills the whole box around its cells.

    One stray cell in the last corner of a sheet makes a box of 17 billion.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            parts = [part for part in file.infolist() if part.filename.endswith(".xml")]
            if sum(part.file_size for part in parts) > UNPACKED_MAX_BYTES:
                raise _giant(name, "more than 1 GB when unpacked", "解压后超过 1 GB")
            for part in parts:
                rows, columns = _corner(file.read(part))
                if rows * columns > CELLS_MAX:
                    raise _giant(
                        name, f"a cell in row {rows}, column {columns}", f"第 {rows} 行第 {columns} 列有单元格"
                    )
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise BadFileError(
            file=name, reason=f"it is not a whole workbook ({error})", reason_zh=f"工作簿不完整或已损坏（{error}）",
            mend="Open it in Excel and save it again.", mend_zh="请用 Excel 打开并重新保存。",
        ) from error  # fmt: skip


def _giant(name: str, what: str, what_zh: str) -> BadFileError:
    return BadFileError(
        file=name, reason=f"it is too large ({what})", reason_zh=f"文件过大（{what_zh}）",
        mend="Delete the empty rows and columns around the table, or save it as CSV.",
        mend_zh="请删除表格外多余的行和列，或另存为 CSV。",
    )  # fmt: skip


def _corner(xml: bytes) -> tuple[int, int]:
    """Return the last row and column that a sheet's cell references name."""
    refs = set(REFERENCE.findall(xml))
    row = max((int(digits) for _, digits in refs), default=0)
    letters = {letters.upper() for letters, _ in refs}
    return row, max((_column(name) for name in letters), default=1) if refs else 0


def _column(letters: bytes) -> int:
    """Return the number of a column: A is 1, AA is 27; nothing (a row's own number) is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number or 1


LOST_DIGITS = (
    "有超过 15 位的数字，Excel 已丢失末尾几位；请把该列设为文本后重新填写",
    "it holds a number of more than 15 digits, of which Excel lost the last; make the column text and fill it in again",
)


def _has_lost_digits(cell: object) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) >= EXCEL_DIGITS_END


def cell_text(cell: object) -> str:
    """Return a workbook's typed cell as a person reads it: 5.0 is "5", a day is ISO."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return (
            str(int(cell)) if cell == cell and abs(cell) < EXCEL_DIGITS_END * 10 and cell == int(cell) else repr(cell)
        )
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


def tabulated(
    name: str, numbered: list[tuple[int, list[str]]], faults: dict[int, tuple[str, str]], encoding: str | None
) -> Sheet:
    """Return a sheet: header found and made unique, blank rows left out, short rows filled.

    Raises
    ------
    BadFileError
        No row holds anything.
    """
    filled = [(number, row) for number, row in numbered if any(cell.strip() for cell in row)]
    if not filled:
        raise BadFileError(
            file=name, reason="no row holds anything", reason_zh="没有任何内容",
            mend="The first row names the columns.", mend_zh="第一行应为列名。",
        )  # fmt: skip
    wide = [
        row for row, (_, cells) in enumerate(filled[:HEADER_WITHIN]) if sum(bool(cell.strip()) for cell in cells) > 1
    ]
    start = wide[0] if wide else 0
    headers = _unique(filled[start][1])
    rows, numbers, spoiled = [], [], dict(faults)
    for number, row in filled[start + 1 :]:
        extra = [cell for cell in row[len(headers) :] if cell.strip()]
        if extra:
            spoiled[number] = ("单元格比列名多", "it has more cells than there are columns")
            row = [*row[: len(headers) - 1], "|".join(row[len(headers) - 1 :])]
        rows.append((row + [""] * len(headers))[: len(headers)])
        numbers.append(number)
    return Sheet(headers, rows, numbers, {row: why for row, why in spoiled.items() if row in set(numbers)}, encoding)


def _unique(cells: list[str]) -> list[str]:
    """Return headers, those without a name or with one already used told apart by their place."""
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    told: list[str] = []
    for place, cell in enumerate(cells, start=1):
        header = " ".join(cell.replace("\0", "").split()) or f"列{place}"
        told.append(header if header not in told else f"{header} #{place}")
    return told
