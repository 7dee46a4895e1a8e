"""Workbook: tables as an Excel file that no spreadsheet takes for formulas, with a sheet that says what it is."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter

from geo.errors import InputError

ROWS_MAX = 100_000
# A cell that begins so is taken for a formula by a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class TooManyRowsError(InputError):
    """More rows than a workbook is made for while somebody waits."""

    zh = "共有 {found} 行，超过 Excel 导出上限 {most} 行，请缩小范围或导出 CSV。"
    en = "There are {found} rows, more than the {most} of a workbook. Narrow the filter, or take CSV."


@dataclass(frozen=True, eq=False)
class Sheet:
    """One sheet: its name, and its rows under the names of the table's columns."""

    name: str
    table: pd.DataFrame


def workbook(sheets: Sequence[Sheet], *, about: str, title: str, notes: Sequence[tuple[str, str]]) -> bytes:
    """Return tables as an Excel workbook; the last sheet, `about`, has the title and what it is of.

    Raises
    ------
    TooManyRowsError
        A table has more than `ROWS_MAX` rows.
    """
    for sheet in sheets:
        if len(sheet.table) > ROWS_MAX:
            raise TooManyRowsError(found=len(sheet.table), most=ROWS_MAX)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#e8efec"})
        formats = {
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        for sheet in sheets:
            _fill(book.add_worksheet(sheet.name), sheet.table, head, formats)
        asked = book.add_worksheet(about)
        asked.write_string(0, 0, title, head)
        for at, (name, value) in enumerate(notes, start=2):
            asked.write_string(at, 0, name)
            asked.write_string(at, 1, value)
        asked.set_column(0, 1, 28)
    return out.getvalue()


def plain_words(words: str | None) -> str | None:
    """Return words that no spreadsheet takes for a formula."""
    return f"'{words}" if words is not None and words.startswith(FORMULA) else words


def _fill(sheet: Any, table: pd.DataFrame, head: Any, formats: Mapping[type[date], Any]) -> None:
    sheet.write_row(0, 0, list(table.columns), head)
    for at, row in enumerate(table.itertuples(index=False), start=1):
        for column, value in enumerate(row):
            _write(sheet, at, column, value, formats)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(table), 1), max(len(table.columns) - 1, 0))
    sheet.set_column(0, max(len(table.columns) - 1, 0), 16)


def _write(sheet: Any, at: int, column: int, value: Any, formats: Mapping[type[date], Any]) -> None:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return
    if isinstance(value, date):  # a moment is a day too
        sheet.write_datetime(at, column, value, formats[datetime if isinstance(value, datetime) else date])
    elif isinstance(value, str):
        sheet.write_string(at, column, value)
    else:
        sheet.write_number(at, column, value)
