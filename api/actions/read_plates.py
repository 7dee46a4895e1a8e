"""Read plates: what hangs where, what waits for print, and what must be made anew - lost, damaged, or never made."""

from typing import Any

import pandas as pd
from sqlalchemy import Connection

from api.door_names import name_door
from data.plate_codes import grouped, is_signed
from data.stores import areas as area_store
from data.stores import plate_reports
from data.stores import plates as plate_store
from data.tables.plates import STATES

Row = dict[str, Any]
MISSING_SHOWN = 20_000
ROWS_SHOWN = 500


def plates_page(
    conn: Connection, *, within: str, state: str | None, batch_id: int | None, words: str, after: int, limit: int
) -> Row:
    """Return the body of ``GET /api/v1/plates``."""
    states = STATES if state is None else (state,)
    plain = "".join(words.split()).replace("-", "") if words.isascii() else words
    found = plate_store.list_plates(
        conn, within=within, states=states, batch_id=batch_id, words=plain, after=after, limit=limit + 1
    )  # fmt: skip
    shown = found.head(limit)
    last = int(shown["plate_id"].iloc[-1]) if len(found) > limit else None
    return {"plates": [_plate(row) for row in shown.to_dict("records")], "next_after": last}


def batches(conn: Connection, *, within: str) -> Row:
    """Return the body of ``GET /api/v1/plates/batches``."""
    rows = plate_store.list_batches(conn, within=within).to_dict("records")
    return {"batches": [{str(key): value for key, value in row.items()} for row in rows]}


def reprints(conn: Connection, *, within: str) -> Row:
    """Return the body of ``GET /api/v1/plates/reprints``: reports, doors without a plate, plates without a building.

    Doors without one are counted by community; those whose plate was revoked are counted beside new ones.
    """
    reports = plate_reports.list_open(conn, within=within)
    astray = plate_store.list_plates(
        conn, within=within, states=plate_store.LIVE, is_astray=True, limit=ROWS_SHOWN
    )  # fmt: skip
    missing = plate_store.read_missing(conn, within=within, limit=MISSING_SHOWN)
    names = area_store.read_areas(conn, level="community", within=within)["name"]
    return {
        "reports": [{**row, "code": grouped(row["code"])} for row in _records(reports)],
        "astray": [_plate(row) for row in astray.to_dict("records")],
        "missing": [_community(str(code), rows, names) for code, rows in missing.groupby("area_code")],
        "revoked": [
            {"plate_id": int(row["replaces"]), "area_code": row["area_code"], "label": name_door(row).label}
            for row in missing[missing["replaces"].notna()].head(ROWS_SHOWN).to_dict("records")
        ],
    }  # fmt: skip


def count_signed(conn: Connection, keys: tuple[bytes, ...]) -> tuple[list[int], int]:
    """Return how many live plates each key signed, and how many none of them did: those open nothing."""
    codes = plate_store.list_plates(conn, states=plate_store.LIVE)["code"]
    by_key = [sum(is_signed(code, [key]) for code in codes) for key in keys]
    return by_key, sum(not is_signed(code, keys) for code in codes)


def _community(code: str, doors: pd.DataFrame, names: pd.Series) -> Row:
    replaced = int(doors["replaces"].notna().sum())
    return {"area_code": code, "name": str(names.get(code, code)), "doors": len(doors) - replaced, "revoked": replaced}


def _plate(row: dict[Any, Any]) -> Row:
    """Return a plate as staff see it; what its door is called now, else as when it was issued."""
    label = row["label"] if pd.isna(row["building_id"]) else name_door(row).label
    address = None if pd.isna(row["building_id"]) else name_door(row).address or None
    kept = (
        "plate_id", "area_code", "community", "batch_id", "size", "state", "issued_at", "printed_at", "revoked_at",
        "revoked_reason", "replaces", "has_successor",
    )  # fmt: skip
    told = {key: None if pd.isna(row[key]) else row[key] for key in kept}
    return {**told, "code": grouped(row["code"]), "label": label, "address": address,
            "is_astray": bool(pd.isna(row["building_id"]))}  # fmt: skip


def _records(rows: pd.DataFrame) -> list[Row]:
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]
