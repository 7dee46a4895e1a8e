"""Export a dossier: what a plan changes as an Excel workbook, a sheet for each of those who have to act on it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from api.dossier_words import dossier_notes, dossier_totals, said
from api.workbook import Sheet, plain_words, workbook
from data.calendar import ZONE

Row = Mapping[str, Any]
Columns = Sequence[tuple[str, Callable[[Row], Any]]]


def dossier_workbook(dossier: Mapping[str, Any], *, language: str) -> bytes:
    """Return a dossier (`api.actions.read_dossier`) as a workbook.

    Raises
    ------
    TooManyRowsError
        More buildings move than a workbook is made for.
    """
    totals = pd.DataFrame(dossier_totals(dossier, language), columns=[said("summary", language), ""])
    sheets = [Sheet(said("summary", language), totals)]
    for name, rows, columns in (
        ("moves", dossier["moves"], _ways(_counts("buildings", "households", "people", "incidents"))),
        ("grids", dossier["grids"], _grids(language)),
        ("houses", dossier["buildings"], [("address", _of("address")), *_ways(_houses(language))]),
        ("staff", dossier["workers"], _staff()),
        ("cases", dossier["incidents"], [("number", _of("incident_id")), ("kind", _of("category_label")),
                                         *_ways([("due", _moment("due_at"))])]),
        ("places", dossier["stations"], _places()),
    ):  # fmt: skip
        sheets.append(Sheet(said(name, language), _table(rows, columns, language)))
    return workbook(
        sheets, about=said("about", language), title=said("title", language), notes=dossier_notes(dossier, language)
    )  # fmt: skip


def _table(rows: Sequence[Row], columns: Columns, language: str) -> pd.DataFrame:
    made = [[value(row) for _, value in columns] for row in rows]
    return pd.DataFrame(made, columns=[said(name, language) for name, _ in columns], dtype=object)


def _of(key: str) -> Callable[[Row], Any]:
    def value(row: Row) -> Any:
        found = row[key]
        return plain_words(found) if isinstance(found, str) else found

    return value


def _counts(*names: str) -> Columns:
    return [(name, _of(name)) for name in names]


def _ways(more: Columns) -> Columns:
    """Return from whom to whom, and what else is told."""
    return [
        ("from", _of("from_grid")), ("name", _of("from_name")), ("from_worker", _of("from_worker")),
        ("to", _of("to_grid")), ("name", _of("to_name")), ("to_worker", _of("to_worker")), *more,
    ]  # fmt: skip


def _grids(language: str) -> Columns:
    return [
        ("code", _of("grid_code")), ("name", _of("name")), ("state", lambda row: said(row["state"], language)),
        ("before", _of("households_before")), ("after", _of("households_after")), ("worker", _of("worker")),
    ]  # fmt: skip


def _houses(language: str) -> Columns:
    return [*_counts("households"), ("whole", lambda row: said("yes" if row["is_whole"] else "no", language))]


def _staff() -> Columns:
    return [
        ("name", _of("name")), ("grids", lambda row: "、".join(row["grids"])),
        ("before", _of("households_before")), ("after", _of("households_after")),
    ]  # fmt: skip


def _places() -> Columns:
    def told(side: str) -> Callable[[Row], str]:
        return lambda row: "、".join(f"{part['name']} {part['households']}" for part in row[side])

    return [("name", _of("name")), ("kind", _of("category_label")), ("grids_before", told("before")),
            ("grids_after", told("after"))]  # fmt: skip


def _moment(key: str) -> Callable[[Row], datetime | None]:
    """Return Shanghai's own clock: a workbook knows no zones."""

    def value(row: Row) -> datetime | None:
        moment = pd.to_datetime(row[key], utc=True)
        return None if pd.isna(moment) else moment.tz_convert(ZONE).tz_localize(None).to_pydatetime()

    return value
