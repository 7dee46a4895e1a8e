"""Imports: rows from files into their table, with every row that did not make it kept beside its reason.

What came in is what was stored and what was rejected: the database refuses an import that lost a row.
"""

from collections.abc import Mapping
from typing import Any, cast

import pandas as pd
from sqlalchemy import Column, Connection, MetaData, Table, insert, select, update

from data.stores._rows import copy_frame, read_frame
from data.stores._values import RefusedRowsError, plain_json
from data.tables import metadata
from data.tables.service import import_rejects
from data.tables.service import imports as imports_table
from geo.errors import DuplicateIdError, NotFoundError

NOUNS = ("areas", "compounds", "buildings", "people", "stations", "incidents", "holidays")
"""Tables that files may fill."""

TABLES = {"holidays": "calendar_days"}  # where a noun's table has another name
KEYS = {"areas": "area_code", "calendar_days": "day"}  # by what a row is known, where not by its source_ref
_HEAD = ("file_name", "file_sha256", "rows_in", "rows_stored")
_REJECT = ["row_number", "field", "reason", "original"]


def write_import(
    connection: Connection, noun: str, checked: pd.DataFrame, rejects: pd.DataFrame, source: Mapping[str, Any]
) -> int:
    """Store checked rows and rejects, and return the import_id.

    A row whose source_ref is there already replaces the columns it brings; its id stays. Other rows are added
    under new ids: those of the file mean nothing here. Areas are known by their code alone, holidays by their day.

    Parameters
    ----------
    noun
        One of `NOUNS`.
    checked
        columns of the table (index not kept, except area_code of areas).
    rejects
        row_number (as in the file), field or None, reason, original (dict of the row's text); several rows
        may stand for one row of the file.
    source
        file_name, file_sha256; rows_in and rows_stored where several rows of the file made one; anything else
        (authority, licence, crs ...) is kept with the import.

    Raises
    ------
    NotFoundError
        `noun` is not something files may fill.
    RefusedRowsError
        A row breaks a rule of the table; the caller's transaction must be rolled back.
    """
    if noun not in NOUNS:
        raise NotFoundError(what="noun", key=noun)
    table = metadata.tables[TABLES.get(noun, noun)]
    import_id = keep_import(connection, noun, len(checked), rejects, source)
    _merge(connection, table, checked if noun == "areas" else checked.reset_index(drop=True))
    return import_id


def keep_import(
    connection: Connection, noun: str, stored: int, rejects: pd.DataFrame, source: Mapping[str, Any]
) -> int:
    """Write down an import and its rejects, and return the import_id; the `stored` rows are the caller's to store.

    Parameters
    ----------
    rejects, source
        As for `write_import`.
    """
    rejected = rejects["row_number"].nunique() if len(rejects) else 0
    values = {
        "noun": noun, "file_name": source["file_name"], "file_sha256": source["file_sha256"],
        "rows_in": source.get("rows_in", stored + rejected),
        "rows_stored": source.get("rows_stored", stored),
        "rows_rejected": rejected,
        "source": plain_json({name: value for name, value in source.items() if name not in _HEAD}),
    }  # fmt: skip
    made = insert(imports_table).values(**values).returning(imports_table.c.import_id)
    import_id = int(connection.execute(made).scalar_one())
    if len(rejects):
        kept = rejects.reindex(columns=_REJECT).reset_index(drop=True)
        copy_frame(connection, import_rejects, kept.assign(import_id=import_id))
    return import_id


def read_imports(connection: Connection, *, noun: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """Return imports, newest first: import_id, noun, file_name, file_sha256, rows_in, rows_stored, rows_rejected ..."""
    statement = select(imports_table).order_by(imports_table.c.import_id.desc()).limit(limit)
    if noun is not None:
        statement = statement.where(imports_table.c.noun == noun)
    return [dict(row._mapping) for row in connection.execute(statement)]


def read_rejects(connection: Connection, import_id: int) -> pd.DataFrame:
    """Return what an import could not take: rows from 0; row_number, field, reason, original (dict)."""
    columns = [import_rejects.c[name] for name in _REJECT]
    statement = select(*columns).where(import_rejects.c.import_id == import_id)
    ordered = statement.order_by(import_rejects.c.row_number, import_rejects.c.reject_id)
    return cast(pd.DataFrame, read_frame(connection, ordered, index=None, geometry=False))


def _merge(connection: Connection, table: Table, rows: pd.DataFrame) -> None:
    """Add rows; change the ones known by the same source_ref (areas by code, holidays by day)."""
    known_by = KEYS.get(table.name, "source_ref")
    frame = rows.reset_index() if rows.index.name == known_by else rows
    if known_by not in frame.columns:
        copy_frame(connection, table, frame)
        return
    refs = frame[known_by].dropna().tolist()
    there = set(connection.scalars(select(table.c[known_by]).where(table.c[known_by].in_(refs))))
    is_known = frame[known_by].isin(there)
    copy_frame(connection, table, frame[~is_known].reset_index(drop=True))
    if is_known.any():
        _change(connection, table, frame[is_known].reset_index(drop=True), known_by)


def _change(connection: Connection, table: Table, frame: pd.DataFrame, known_by: str) -> None:
    """Set the frame's columns on rows that are there, in one statement, from a temporary table."""
    unknown = [str(name) for name in frame.columns if name not in table.columns]
    if unknown:
        raise RefusedRowsError(what=table.name, reason="no such columns", where=", ".join(unknown))
    if frame[known_by].duplicated().any():
        doubles = ", ".join(map(str, frame.loc[frame[known_by].duplicated(), known_by].iloc[:5]))
        raise DuplicateIdError(what=f"{table.name}.{known_by}", ids=doubles)
    changed = Table(f"changed_{table.name}", MetaData(), *(Column(name, table.c[name].type) for name in frame.columns))
    names = ", ".join(f'"{name}"' for name in frame.columns)
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE {changed.name} AS SELECT {names} FROM {table.name} WITH NO DATA"  # noqa: S608  names of our own tables
    )
    copy_frame(connection, changed, frame)
    values = {name: changed.c[name] for name in frame.columns if name != known_by}
    connection.execute(update(table).values(values).where(table.c[known_by] == changed.c[known_by]))
    connection.exec_driver_sql(f"DROP TABLE {changed.name}")
