"""Plates: doors without one, plates issued, printed, revoked; and the door behind a code.

Codes come here as `data.plate_codes.read_code` writes them. Rows tell what a door is called, never who lives there.
"""

from collections.abc import Sequence
from typing import Any, cast

import pandas as pd
from sqlalchemy import Connection, func, insert, select, text, update

from data.sql import read_sql
from data.stores._rows import allot_ids, copy_frame, read_named
from data.stores._within import EVERYWHERE, below, digits_of
from data.tables.plates import STATES, doorplates, plate_batches
from geo.errors import ConflictError, NotFoundError, WanggeError

LIVE = ("issued", "printed")
EVERY_ROW = 2**31 - 1
# Any number no other lock has: of two who issue plates for one street, the second finds them issued.
_LOCK = 6_074_011


class RevokedPlateError(WanggeError):
    """The plate was valid once and is no more, or its building is gone."""

    zh = "这块门牌已停用。请按地址查询，或扫描新门牌。"
    en = "This doorplate is no longer valid. Search by address, or scan the new plate."


def lock_plates(connection: Connection) -> None:
    """Wait until nobody else issues or revokes plates, to the end of the transaction."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


# -- doors and plates -----------------------------------------------------------------------------


def read_missing(
    connection: Connection, *, within: str = EVERYWHERE, building_id: int | None = None, limit: int = EVERY_ROW
) -> pd.DataFrame:
    """Return doors without a live plate: rows from 0; building_id, stairwell_id, stairwell_number (Int64), area_code,
    building_ref, name, address, compound, replaces (Int64: the revoked plate a new one would replace).
    """  # noqa: D205  columns fill the first sentence
    asked = {"within": digits_of(within), "building_id": building_id, "most": limit}
    rows = read_named(connection, "plates/missing", asked, index=None, geometry=False)
    whole = ["stairwell_id", "stairwell_number", "replaces"]
    return cast(pd.DataFrame, rows.astype(dict.fromkeys(whole, "Int64")))


def write_plates(
    connection: Connection, rows: pd.DataFrame, *, area_code: str, size: str, by: str
) -> tuple[int, list[int]]:
    """Write a batch of plates and return batch_id and plate_ids, in the rows' order.

    Parameters
    ----------
    rows
        code, area_code, building_id, stairwell_id, stairwell_number, building_ref, label, replaces.
    by
        Account or command, as in the audit.
    """
    batch = {"area_code": area_code, "size": size, "count": len(rows), "made_by": by}
    made = insert(plate_batches).values(**batch).returning(plate_batches.c.batch_id)
    batch_id = int(connection.execute(made).scalar_one())
    ids = allot_ids(connection, doorplates, len(rows))
    plates = rows.assign(batch_id=batch_id, issued_by=by).set_axis(pd.Index(ids, name="plate_id"))
    copy_frame(connection, doorplates, plates)
    return batch_id, [int(key) for key in ids]


def known_codes(connection: Connection, codes: Sequence[str]) -> set[str]:
    """Return which of some codes are taken."""
    return set(connection.scalars(select(doorplates.c.code).where(doorplates.c.code.in_(codes))))


def list_plates(
    connection: Connection, *, within: str = EVERYWHERE, states: Sequence[str] = STATES, batch_id: int | None = None,
    words: str = "", is_astray: bool | None = None, after: int = 0, skip: int = 0, limit: int = EVERY_ROW,
) -> pd.DataFrame:  # fmt: skip
    """Return plates in scope by id, with what their door is called now; columns as in plates/list.sql."""
    asked = {
        "within": digits_of(within), "states": list(states), "batch_id": batch_id, "words": words.strip(),
        "is_astray": is_astray, "after": after, "skip": skip, "most": limit,
    }  # fmt: skip
    rows = read_named(connection, "plates/list", asked, index=None, geometry=False)
    return cast(pd.DataFrame, rows.astype({"stairwell_number": "Int64", "building_id": "Int64", "replaces": "Int64"}))


def count_plates(
    connection: Connection, *, within: str = EVERYWHERE, states: Sequence[str] = STATES, batch_id: int | None = None
) -> int:
    """Return how many plates `list_plates` would return."""
    chosen = select(func.count()).select_from(doorplates)
    chosen = chosen.where(below(doorplates.c.area_code, within), doorplates.c.state.in_(states))
    if batch_id is not None:
        chosen = chosen.where(doorplates.c.batch_id == batch_id)
    return int(connection.scalar(chosen) or 0)


def list_batches(connection: Connection, *, within: str = EVERYWHERE, limit: int = 100) -> pd.DataFrame:
    """Return batches, newest first; columns as in plates/batches.sql."""
    asked = {"within": digits_of(within), "most": limit}
    return cast(pd.DataFrame, read_named(connection, "plates/batches", asked, index=None, geometry=False))


def read_plate(connection: Connection, plate_id: int, *, within: str = EVERYWHERE) -> dict[str, Any]:
    """Return a plate's own row and its batch's `size`, and hold it to the end of the transaction.

    Raises
    ------
    NotFoundError
        There is none of that id within the scope.
    """
    statement = (
        select(doorplates, plate_batches.c.size)
        .join(plate_batches, plate_batches.c.batch_id == doorplates.c.batch_id)
        .where(doorplates.c.plate_id == plate_id, below(doorplates.c.area_code, within))
        .with_for_update(of=doorplates)
    )
    found = connection.execute(statement).one_or_none()
    if found is None:
        raise NotFoundError(what="plate", key=plate_id)
    return dict(found._mapping)


def find_plate(connection: Connection, code: str) -> int | None:
    """Return the plate_id of a code, or None."""
    found: int | None = connection.scalar(select(doorplates.c.plate_id).where(doorplates.c.code == code))
    return found


def revoke_plate(connection: Connection, plate_id: int, reason: str) -> None:
    """Revoke a plate: its code opens nothing from then on.

    Raises
    ------
    ConflictError
        It is revoked already.
    """
    live = (doorplates.c.plate_id == plate_id, doorplates.c.revoked_at.is_(None))
    values = {"state": "revoked", "revoked_at": func.now(), "revoked_reason": reason}
    if connection.execute(update(doorplates).where(*live).values(**values)).rowcount == 0:
        raise ConflictError(what=f"plate {plate_id}", reason="it is revoked already", reason_zh="该门牌已停用")


def mark_printed(connection: Connection, *, within: str = EVERYWHERE, batch_id: int) -> int:
    """Write down that a batch's plates were printed; return how many were waiting for it."""
    waiting = (doorplates.c.batch_id == batch_id, doorplates.c.state == "issued", below(doorplates.c.area_code, within))
    done = update(doorplates).where(*waiting).values(state="printed", printed_at=func.now())
    return int(connection.execute(done).rowcount)


def print_again(connection: Connection, plate_id: int) -> None:
    """Let a live plate wait for print once more, under its own code."""
    live = (doorplates.c.plate_id == plate_id, doorplates.c.revoked_at.is_(None))
    connection.execute(update(doorplates).where(*live).values(state="issued", printed_at=None))


def find_door(connection: Connection, code: str) -> pd.DataFrame:
    """Return what stands behind a code, a row a cell of the door; the reader's role may ask.

    Returns
    -------
    pandas.DataFrame
        empty where there is no such plate; plate_id, is_live, name, address, compound, stairwell (Int64), community,
        lon, lat (degrees, EPSG:4326; missing where the building is gone).
    """
    asked = text("SELECT * FROM wangge_door(:code)")
    rows = pd.DataFrame(connection.execute(asked, {"code": code}).mappings().all())
    return rows if rows.empty else rows.astype({"stairwell": "Int64", "lon": "float64", "lat": "float64"})


# -- a town that is read in anew ------------------------------------------------------------------


def detach(connection: Connection) -> None:
    """Let plates outlive their buildings, which are about to go: they wait to be found again by `rejoin`."""
    held = doorplates.c.building_id.is_not(None)
    connection.execute(update(doorplates).where(held).values(building_id=None, stairwell_id=None))


def rejoin(connection: Connection, *, within: str = EVERYWHERE) -> int:
    """Give live plates whose building left the register their building back where it is there again; return how many.

    A building is known by its source_ref, a stairwell by its number in it.
    """
    return int(connection.execute(text(read_sql("plates/rejoin")), {"within": digits_of(within)}).rowcount)
