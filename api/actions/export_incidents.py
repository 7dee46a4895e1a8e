"""Export incidents: what a filter leaves as a table, in words, without what people wrote or who they are."""

import codecs
import io
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from pyarrow import csv

from api.actions.count_incidents import Clock
from api.actions.rank_incidents import standings
from api.actions.read_incidents import Wanted, frame_of, is_own
from data.calendar import ZONE
from data.ledger import Bools, Ledger
from data.profiles import Profile
from geo.errors import InputError

XLSX_ROWS_MAX = 100_000
SHEET_TOP = 1
COLUMNS = {
    "incident_id": ("编号", "Number"),
    "category": ("类别", "Kind"),
    "tier": ("办理层级", "Tier"),
    "state": ("状态", "State"),
    "standing": ("时限情况", "Standing"),
    "reported_at": ("上报时间", "Reported"),
    "due_at": ("办理时限", "Limit"),
    "closed_at": ("办结时间", "Closed"),
    "grid_code": ("上报时网格", "Grid when reported"),
    "lon": ("经度", "Longitude"),
    "lat": ("纬度", "Latitude"),
}
STANDINGS = {
    "overdue": ("超时", "Overdue"), "soon": ("快到期", "Due soon"), "in_time": ("时限内", "In time"),
    "parked": ("挂账", "Parked"), "closed": ("已办结", "Closed"),
}  # fmt: skip
# A cell that begins so is taken for a formula by a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class TooManyRowsError(InputError):
    """More rows than a workbook is made for while somebody waits."""

    zh = "共有 {found} 行，超过 Excel 导出上限 {most} 行，请缩小范围或导出 CSV。"
    en = "There are {found} rows, more than the {most} of a workbook. Narrow the filter, or take CSV."


def export_table(
    ledger: Ledger, left: Bools, wanted: Wanted, clock: Clock, *, profile: Profile, language: str
) -> pd.DataFrame:
    """Return what a filter leaves, a row an incident by number, in a reader's words; times are Shanghai's."""
    rows = np.flatnonzero(left)
    frame = frame_of(ledger, rows)
    rule, place = profile.incidents, 0 if language == "zh" else 1
    labels = {
        name: {item.key: getattr(item.label, language) for item in items}
        for name, items in (("category", rule.categories), ("tier", rule.tiers), ("state", rule.states))
    }
    table = pd.DataFrame({"incident_id": frame.index.to_numpy()})
    for name, words in labels.items():
        keys = frame[name].unique()
        table[name] = frame[name].map({key: _plain(words.get(key, key)) for key in keys}).to_numpy()
    table["standing"] = pd.Series(standings(ledger, rows, clock), dtype=object).map(
        {name: words[place] for name, words in STANDINGS.items()}
    )
    for name in ("reported_at", "due_at", "closed_at"):
        table[name] = frame[name].dt.tz_convert(ZONE).dt.tz_localize(None).dt.floor("min").to_numpy()
    table["grid_code"] = frame["grid_code"].where(is_own(frame["grid_code"], wanted.scope), None).to_numpy()
    table["lon"], table["lat"] = np.round(ledger.lon[rows], 6), np.round(ledger.lat[rows], 6)
    return table[list(COLUMNS)].rename(columns={name: told[place] for name, told in COLUMNS.items()})


def as_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV that a spreadsheet reads as UTF-8."""
    moments = [name for name in table.columns if pd.api.types.is_datetime64_any_dtype(table[name])]
    rows = pa.Table.from_pandas(table, preserve_index=False)
    for name in moments:  # as minutes, empty where there is none
        place = rows.column_names.index(name)
        rows = rows.set_column(place, name, pc.strftime(rows.column(name).cast(pa.timestamp("s")), "%Y-%m-%d %H:%M"))
    out = io.BytesIO(codecs.BOM_UTF8)
    out.seek(0, io.SEEK_END)
    csv.write_csv(rows, out, csv.WriteOptions(quoting_style="needed"))
    return out.getvalue()


def as_workbook(table: pd.DataFrame, *, title: str, notes: list[tuple[str, str]], language: str) -> bytes:
    """Return a table as an Excel workbook: the rows, and a sheet that says what was asked.

    Raises
    ------
    TooManyRowsError
        There are more than `XLSX_ROWS_MAX`.
    """
    if len(table) > XLSX_ROWS_MAX:
        raise TooManyRowsError(found=len(table), most=XLSX_ROWS_MAX)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#e8efec"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet = book.add_worksheet("事件" if language == "zh" else "Incidents")
        sheet.write_row(0, 0, list(table.columns), head)
        for at, row in enumerate(table.itertuples(index=False), start=SHEET_TOP):
            for column, value in enumerate(row):
                _write(sheet, at, column, value, moment)
        sheet.freeze_panes(SHEET_TOP, 0)
        sheet.autofilter(0, 0, max(len(table), 1), len(table.columns) - 1)
        sheet.set_column(0, len(table.columns) - 1, 16)
        asked = book.add_worksheet("说明" if language == "zh" else "About")
        asked.write(0, 0, title, head)
        for at, (name, value) in enumerate(notes, start=2):
            asked.write_string(at, 0, name)
            asked.write_string(at, 1, value)
        asked.set_column(0, 1, 28)
    return out.getvalue()


def _write(sheet: Any, at: int, column: int, value: Any, moment: Any) -> None:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return
    if isinstance(value, datetime):
        sheet.write_datetime(at, column, value, moment)
    elif isinstance(value, str):
        sheet.write_string(at, column, value)
    else:
        sheet.write_number(at, column, value)


def _plain(words: str | None) -> str | None:
    """Return words that no spreadsheet takes for a formula."""
    return f"'{words}" if words is not None and words.startswith(FORMULA) else words
