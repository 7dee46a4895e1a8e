"""Revoke plate: end a plate's code, with a new plate for the door or without; settle what was reported of it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from api.actions.issue_plates import write_batch
from api.auth import Account
from api.plate_keys import PlateKeys
from data.postgis.engine import transaction
from data.stores import plate_reports
from data.stores import plates as plate_store
from geo.errors import ConflictError

NO_SUCCESSOR = frozenset({"demolished"})


@dataclass(frozen=True)
class Revoked:
    """What became of a plate: the one that takes its place and its batch, if there is one."""

    plate_id: int
    successor_id: int | None
    batch_id: int | None


def revoke_plate(
    engine: Engine, keys: PlateKeys, plate_id: int, *, reason: str, replace: bool, account: Account, commit: bool = True
) -> Revoked:
    """End a plate; with `replace` issue another for its door at once. Open reports of it are settled.

    Raises
    ------
    NotFoundError
        There is none of that id within the account's scope.
    ConflictError
        It is revoked already; or its door is gone, so that nothing can take its place.
    """
    with transaction(engine, actor=account.name, action="revoke_plate", commit=commit) as conn:
        plate_store.lock_plates(conn)
        plate = plate_store.read_plate(conn, plate_id, within=account.scope)
        done = _revoke(conn, keys, plate, reason=reason, replace=replace, by=account.name)
        outcome = "replace" if done.successor_id else "dismiss"
        plate_reports.settle(conn, by=account.name, outcome=outcome, plate_id=plate_id)
    keys.forget()
    return done


def settle_report(engine: Engine, keys: PlateKeys, report_id: int, *, outcome: str, account: Account) -> Revoked:
    """See to a report: print the plate again under its code, replace it by a new one, or dismiss what was said.

    Raises
    ------
    NotFoundError
        There is no such report within the account's scope.
    ConflictError
        It is settled already; the plate is revoked, or its door is gone.
    """
    with transaction(engine, actor=account.name, action="settle_report") as conn:
        plate_store.lock_plates(conn)
        report = plate_reports.read_report(conn, report_id, within=account.scope)
        plate = plate_store.read_plate(conn, report["plate_id"], within=account.scope)
        done = Revoked(plate["plate_id"], None, None)
        if outcome == "reprint":
            _require_live(plate)
            plate_store.print_again(conn, plate["plate_id"])
        if outcome == "replace":
            done = _revoke(conn, keys, plate, reason=report["kind"], replace=True, by=account.name)
        which = report_id if outcome == "dismiss" else None  # a plate made anew answers all that was said of it
        plate_reports.settle(
            conn, by=account.name, outcome=outcome, report_id=which, plate_id=plate["plate_id"]
        )  # fmt: skip
    keys.forget()
    return done


def _revoke(
    conn: Connection, keys: PlateKeys, plate: dict[str, Any], *, reason: str, replace: bool, by: str
) -> Revoked:
    plate_id = plate["plate_id"]
    plate_store.revoke_plate(conn, plate_id, reason)
    if not replace:
        return Revoked(plate_id, None, None)
    found = plate_store.read_missing(conn, building_id=plate["building_id"] or 0)
    door = found[found["replaces"] == plate_id]
    if door.empty or reason in NO_SUCCESSOR:
        raise ConflictError(
            what=f"plate {plate_id}", reason="its building or stairwell is gone, so nothing can take its place",
            reason_zh="楼栋或单元已不在册，无法补发；请直接停用",
        )  # fmt: skip
    batch_id, ids = write_batch(conn, keys, door, area_code=plate["area_code"], size=plate["size"], by=by)
    return Revoked(plate_id, ids[0], batch_id)


def _require_live(plate: dict[str, Any]) -> None:
    if plate["revoked_at"] is not None:
        raise ConflictError(what=f"plate {plate['plate_id']}", reason="it is revoked", reason_zh="该门牌已停用")
