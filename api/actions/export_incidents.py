"""Export incidents: what a filter leaves as a table, in words, without what people wrote or who they are."""

import codecs
import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from api.actions.count_incidents import Clock
from api.actions.rank_incidents import standings
from api.actions.read_incidents import Wanted, frame_of, is_own
from api.workbook import Sheet, plain_words, workbook
from data.calendar import ZONE
from data.ledger import Bools, Ledger
from data.profiles import Profile

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
        table[name] = frame[name].map({key: plain_words(words.get(key, key)) for key in keys}).to_numpy()
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
        There are more than `api.workbook.ROWS_MAX`.
    """
    rows, about = ("事件", "说明") if language == "zh" else ("Incidents", "About")
    return workbook([Sheet(rows, table)], about=about, title=title, notes=notes)
