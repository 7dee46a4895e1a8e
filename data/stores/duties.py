"""Duties changed: begun, ended, handed over; absences, with who answers meanwhile. Only what is in scope.

Days are midnight to midnight in Asia/Shanghai; the last is excluded. A row that is changed must be at the revision
that was seen.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, cast

import pandas as pd
from psycopg2.errors import CheckViolation, ExclusionViolation
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError

from data.stores._rows import read_frame
from data.tables.ground import buildings
from data.tables.people import TARGETS, absence_duties, absences, duties, people
from data.tables.plans import grids, household_units, zones
from geo.errors import ConflictError, InputError, NotFoundError

Row = dict[str, Any]


class StaleRowError(ConflictError):
    """Somebody else changed a duty or an absence since it was read."""

    zh = "{what_zh}已被他人改动：您看到的是第 {seen} 版，现在是第 {revision} 版。请刷新后再改。"
    en = "The {what} has changed: you saw revision {seen}, it is at {revision}. Load it anew and try again."


class OverlapError(ConflictError):
    """The same person would hold the same duty twice on a day, or be away twice."""

    zh = "日期重叠：{reason_zh}。请调整起止日期。"
    en = "Days overlap: {reason}. Choose other days."


class DaysError(InputError):
    """Days that end before they begin, or change nothing."""

    zh = "日期不可用：{reason_zh}。"
    en = "The days cannot be used: {reason}."


def days_of(from_on: date, to_on: date | None) -> Range[date]:
    """Return days as the store keeps them, the last excluded.

    Raises
    ------
    DaysError
        There is none among them.
    """
    if to_on is not None and to_on <= from_on:
        raise DaysError(reason="the last must come after the first", reason_zh="结束日期必须晚于开始日期")
    return Range(from_on, to_on, bounds="[)")


def require_people(connection: Connection, person_ids: Sequence[int]) -> dict[int, Row]:
    """Return persons in scope by id: name, kind, area_code.

    Raises
    ------
    NotFoundError
        One of them is not there, or out of scope.
    """
    columns = (people.c.person_id, people.c.name, people.c.kind, people.c.area_code)
    rows = connection.execute(select(*columns).where(people.c.person_id.in_(person_ids))).mappings()
    found = {int(row["person_id"]): dict(row) for row in rows}
    for person_id in person_ids:
        if person_id not in found:
            raise NotFoundError(what="person", key=person_id)
    return found


def find_target(connection: Connection, column: str, key: str | int) -> str | None:
    """Return the community of what a duty may be for, None where there is no such thing.

    Parameters
    ----------
    column, key
        grid_code, zone_code or unit_code with a code that any plan holds; building_id with a building's.
    """
    if column == "building_id":
        found: str | None = connection.scalar(select(buildings.c.area_code).where(buildings.c.building_id == key))
        return found
    table = {"grid_code": grids, "zone_code": zones, "unit_code": household_units}[column]
    known = connection.scalar(select(table.c[column]).where(table.c[column] == key).limit(1))
    return None if known is None else str(known)[:12]


def begin_duty(connection: Connection, person_id: int, role: str, target: Mapping[str, Any], days: Range[date]) -> int:
    """Give a person a duty and return its duty_id.

    Parameters
    ----------
    target
        area_code, and one of grid_code, zone_code, unit_code, building_id.

    Raises
    ------
    OverlapError
        The person holds it on one of the days already.
    """
    values = {"person_id": person_id, "role": role, "valid": days, **target}
    with _told_plainly():
        return int(connection.execute(insert(duties).values(**values).returning(duties.c.duty_id)).scalar_one())


def lock_duties(connection: Connection, seen: Mapping[int, int]) -> pd.DataFrame:
    """Return duties for writing, by the revision of each that was seen; nobody else changes them meanwhile.

    Returns
    -------
    pandas.DataFrame
        index duty_id; person_id, area_code, role, the four targets, valid_from, valid_to, revision.

    Raises
    ------
    NotFoundError
        One is not there, or out of scope.
    StaleRowError
        One was changed since.
    """
    columns = [duties.c[name] for name in ("duty_id", "person_id", "area_code", "role", *TARGETS, "revision")]
    days = (func.lower(duties.c.valid).label("valid_from"), func.upper(duties.c.valid).label("valid_to"))
    statement = select(*columns, *days).where(duties.c.duty_id.in_(list(seen))).order_by(duties.c.duty_id)
    locked = statement.with_for_update()
    found = cast(pd.DataFrame, read_frame(connection, locked, index="duty_id", geometry=False))
    for duty_id, revision in seen.items():
        _require_seen("duty", "任职", duty_id, revision, found["revision"].get(duty_id))
    return found


def end_duties(connection: Connection, held: pd.DataFrame, on: date) -> None:
    """Let duties (of `lock_duties`) end: `on` is the first day they hold no more. One that never held goes.

    Raises
    ------
    DaysError
        One ends before it began, or has ended by then.
    """
    for duty_id, first, last in zip(held.index, held["valid_from"], held["valid_to"], strict=True):
        mine = duties.c.duty_id == int(duty_id)
        if on < first:
            raise DaysError(reason=f"the duty begins on {first}", reason_zh=f"任职从 {first} 才开始")
        if last is not None and on >= last:
            raise DaysError(reason=f"the duty has ended by {last}", reason_zh=f"任职到 {last} 已结束")
        if on == first:
            connection.execute(delete(duties).where(mine))
        else:
            days = days_of(first, on)
            connection.execute(update(duties).where(mine).values(valid=days, revision=duties.c.revision + 1))


def write_absence(connection: Connection, values: Mapping[str, Any], *, absence_id: int | None = None) -> int:
    """Write an absence, or change one, and return its absence_id.

    Parameters
    ----------
    values
        person_id, area_code, away (days), substitute_id, reason.

    Raises
    ------
    OverlapError
        The person is away on one of the days already.
    """
    with _told_plainly():
        if absence_id is None:
            made = insert(absences).values(**values).returning(absences.c.absence_id)
            return int(connection.execute(made).scalar_one())
        changed = update(absences).where(absences.c.absence_id == absence_id)
        connection.execute(changed.values(**values, revision=absences.c.revision + 1))
        return absence_id


def write_substitutes(connection: Connection, absence_id: int, by_duty: Mapping[int, int]) -> None:
    """Say who answers for single duties during an absence, in the place of what was said before."""
    connection.execute(delete(absence_duties).where(absence_duties.c.absence_id == absence_id))
    if by_duty:
        rows = [{"absence_id": absence_id, "duty_id": duty, "substitute_id": who} for duty, who in by_duty.items()]
        connection.execute(insert(absence_duties), rows)


def lock_absence(connection: Connection, absence_id: int, *, seen: int) -> Row:
    """Return an absence for writing: person_id, area_code, revision.

    Raises
    ------
    NotFoundError, StaleRowError
        It is not there, or out of scope; it was changed since.
    """
    columns = (absences.c.person_id, absences.c.area_code, absences.c.revision)
    statement = select(*columns).where(absences.c.absence_id == absence_id).with_for_update()
    found = connection.execute(statement).mappings().one_or_none()
    _require_seen("absence", "请假", absence_id, seen, None if found is None else found["revision"])
    return dict(found or {})


def drop_absence(connection: Connection, absence_id: int) -> None:
    """Take an absence back."""
    connection.execute(delete(absences).where(absences.c.absence_id == absence_id))


def read_absences(
    connection: Connection, *, from_on: date | None = None, to_on: date | None = None, person_id: int | None = None
) -> pd.DataFrame:
    """Return absences in scope, the earliest first, that touch [from_on, to_on); the reason is private.

    Returns
    -------
    pandas.DataFrame
        index absence_id; person_id, name, area_code, away_from, away_to (a date or None), substitute_id (Int64),
        reason, revision.
    """
    days = (func.lower(absences.c.away).label("away_from"), func.upper(absences.c.away).label("away_to"))
    statement = (
        select(
            absences.c.absence_id, absences.c.person_id, people.c.name, absences.c.area_code, *days,
            absences.c.substitute_id, absences.c.reason, absences.c.revision,
        )
        .join(people, people.c.person_id == absences.c.person_id)
        .order_by(func.lower(absences.c.away), absences.c.absence_id)
    )  # fmt: skip
    if from_on is not None or to_on is not None:
        statement = statement.where(absences.c.away.op("&&")(Range(from_on, to_on, bounds="[)")))
    if person_id is not None:
        statement = statement.where(absences.c.person_id == person_id)
    return cast(pd.DataFrame, read_frame(connection, statement, index="absence_id", geometry=False))


def read_substitutes(connection: Connection, absence_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """Return who answers for single duties during absences: absence_id to duty_id to person_id."""
    statement = select(absence_duties).where(absence_duties.c.absence_id.in_(list(absence_ids)))
    found: dict[int, dict[int, int]] = {}
    for row in connection.execute(statement):
        found.setdefault(int(row.absence_id), {})[int(row.duty_id)] = int(row.substitute_id)
    return found


def _require_seen(what: str, what_zh: str, key: int, seen: int, revision: object) -> None:
    if revision is None:
        raise NotFoundError(what=what, key=key)
    if revision != seen:
        raise StaleRowError(what=f"{what} {key}", what_zh=f"{what_zh} {key} ", seen=seen, revision=revision)


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn what the database refuses into words; the caller's transaction is lost."""
    try:
        yield
    except IntegrityError as error:
        if isinstance(error.orig, ExclusionViolation):
            table = _TABLES[error.orig.diag.table_name or ""]
            raise OverlapError(reason=table[1], reason_zh=table[0]) from error
        if isinstance(error.orig, CheckViolation):
            raise DaysError(reason=str(error.orig.diag.constraint_name), reason_zh="不符合规则") from error
        raise


_TABLES: Mapping[str, tuple[str, str]] = {
    duties.name: ("该人员在这些日期已任此职", "this person holds this duty on some of them already"),
    absences.name: ("该人员在这些日期已请假", "this person is away on some of them already"),
}
