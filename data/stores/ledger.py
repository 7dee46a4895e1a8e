"""The ledger read from the store: all of it by COPY, and later what was written since."""

import io
from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from sqlalchemy import Connection, Integer, and_, bindparam, func, select, text

from data.ledger import NEVER, Bools, Ints, Ledger, Words, metres
from data.sql import read_sql
from data.tables.service import STAY_ACTIONS, audit

_NUMBERS = ("incident_id", "building_id", "reported_s", "closed_s", "due_s", "returns")
_WORDS = ("category", "tier", "state", "area", "grid", "reporter")
_TYPES = {
    **dict.fromkeys(_NUMBERS, pa.int64()), **dict.fromkeys(("lon", "lat"), pa.float64()),
    **dict.fromkeys(("is_parked", "is_stray"), pa.bool_()),
    **dict.fromkeys(_WORDS, pa.dictionary(pa.int32(), pa.string())),
}  # fmt: skip
_EMPTY = {"building_id": -1, "closed_s": NEVER, "due_s": NEVER, "returns": 0}


class Mark(NamedTuple):
    """Up to where the store was read: every transaction before it is in, or came to nothing."""

    before: int


def read_mark(connection: Connection) -> Mark:
    """Return the mark to read on from later; to be taken before what it marks is read."""
    return Mark(int(connection.scalar(text("SELECT (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint")) or 0))


def read_edition(connection: Connection) -> tuple[int, int]:
    """Return how often incidents were written by anything that may move them between areas, or replace them.

    What left a scope is not seen to leave from inside it: a ledger of another edition must be read whole.
    """
    writes = and_(audit.c.noun == "incidents", audit.c.action.not_in(STAY_ACTIONS))
    count, newest = connection.execute(select(func.count(), func.max(audit.c.audit_id)).where(writes)).one()
    return int(count), int(newest or 0)


def read_ledger(connection: Connection, *, since: Mark | None = None) -> Ledger:
    """Return the incidents in scope; with `since`, those written by transactions that a mark does not hold."""
    raw = io.BytesIO()
    statement = text(read_sql("incidents/ledger")).bindparams(
        bindparam("since", 0 if since is None else since.before, Integer)
    )
    query = statement.compile(connection.engine, compile_kwargs={"literal_binds": True})  # COPY binds nothing
    cursor = connection.connection.cursor()
    try:
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)", raw)
    finally:
        cursor.close()
    raw.seek(0)
    options = csv.ConvertOptions(
        column_types=_TYPES, true_values=["t"], false_values=["f"], strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )  # fmt: skip
    return _ledger(csv.read_csv(raw, convert_options=options))


def with_changes(ledger: Ledger, changed: Ledger) -> Ledger:
    """Return a ledger with rows changed or added; the one given stays as it is."""
    if len(changed) == 0:
        return ledger
    place = np.searchsorted(ledger.incident_id, changed.incident_id)
    known = place < len(ledger)
    known[known] = ledger.incident_id[place[known]] == changed.incident_id[known]
    columns = {
        item.name: _merged(getattr(ledger, item.name), getattr(changed, item.name), place, known)
        for item in fields(Ledger)
    }
    whole = Ledger(**columns)
    if len(ledger) and not known.all() and not np.all(np.diff(whole.incident_id[len(ledger) - 1 :]) > 0):
        return whole.rows(np.argsort(whole.incident_id, kind="stable"))
    if "xy_m" in vars(ledger):  # metres are worked out for what changed alone
        changed_m = metres(changed.lon, changed.lat, ledger.zone)
        vars(whole).update(zone=ledger.zone, xy_m=_merged(ledger.xy_m, changed_m, place, known))
    return whole


def _ledger(table: pa.Table) -> Ledger:
    columns = {name: _column(table.column(name), name) for name in table.column_names}
    return Ledger(**columns)


def _column(column: pa.ChunkedArray, name: str) -> Any:
    if name in _WORDS:
        return _words(column)
    if name in _EMPTY:
        column = pc.fill_null(column, pa.scalar(_EMPTY[name], pa.int64()))
    return column.to_numpy()


def _words(column: pa.ChunkedArray) -> Words:
    """Return a dictionary column as words in their order."""
    whole = column.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string()))
    words = np.array(whole.dictionary.to_pylist(), dtype=object)
    order = np.argsort(words)
    place = np.empty(len(words) + 1, dtype=np.int32)
    place[order], place[-1] = np.arange(len(words)), -1
    code = pc.fill_null(whole.indices, -1).to_numpy(zero_copy_only=False)
    return Words(place[code], tuple(words[order].tolist()))


def _merged(column: Any, changed: Any, place: Ints, known: Bools) -> Any:
    """Return a column with the known rows replaced and the others behind it."""
    if isinstance(column, Words):
        words = tuple(sorted({*column.words, *changed.words}))
        first, second = (_coded(part, words) for part in (column, changed))
        return Words(_merged(first, second, place, known), words)
    merged = np.concatenate([column, changed[~known]])
    merged[place[known]] = changed[known]
    return merged


def _coded(column: Words, words: tuple[str, ...]) -> npt.NDArray[np.int32]:
    """Return a column's numbers in a longer list of words."""
    if column.words == words:
        return column.code
    number = {word: at for at, word in enumerate(words)}
    return np.array([*(number[word] for word in column.words), -1], dtype=np.int32)[column.code]
