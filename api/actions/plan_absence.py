"""Plan absence: write down who is away and who stands in, change it, take it back - or tell what it would mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from api.absences import Days, gaps_of, overlap
from api.auth import Account
from data.postgis.engine import transaction
from data.stores import duties as duty_store
from data.stores import people as people_store
from geo.errors import InputError, NotFoundError


class OwnSubstituteError(InputError):
    """Somebody away stands in for themselves."""

    zh = "替岗人不能是请假人本人。"
    en = "Somebody away cannot stand in for themselves."


@dataclass(frozen=True)
class Leave:
    """Somebody away from day to day (the last excluded, None: not known), and who stands in.

    `by_duty` names others for single duties; the reason is private.
    """

    person_id: int
    days: Days
    substitute_id: int | None = None
    by_duty: Mapping[int, int] = field(default_factory=dict)
    reason: str | None = None


def plan_absence(
    engine: Engine, leave: Leave, *, account: Account, absence_id: int | None = None, seen: int | None = None,
    is_trial: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Write an absence, or change one seen at a revision; return which duties have nobody meanwhile.

    Raises
    ------
    NotFoundError, StaleRowError
        A person, duty or the absence is not there, or out of scope; somebody changed it since.
    InputError, OverlapError
        The days do not fit; somebody would stand in for themselves, or be away twice.
    """
    away = duty_store.days_of(*leave.days)
    named = {leave.person_id, *leave.by_duty.values(), *([leave.substitute_id] if leave.substitute_id else [])}
    if leave.person_id in {leave.substitute_id, *leave.by_duty.values()}:
        raise OwnSubstituteError()
    with _writing(engine, account, is_trial) as conn:
        known = duty_store.require_people(conn, sorted(named))
        if absence_id is not None:
            before = duty_store.lock_absence(conn, absence_id, seen=seen or 0)
            if before["person_id"] != leave.person_id:
                raise NotFoundError(what="absence", key=absence_id)
        duties = duties_of(conn, leave.person_id)
        for duty_id in leave.by_duty:
            if duty_id not in duties.index:
                raise NotFoundError(what="duty", key=duty_id)
        values = {
            "person_id": leave.person_id, "area_code": known[leave.person_id]["area_code"], "away": away,
            "substitute_id": leave.substitute_id, "reason": leave.reason,
        }  # fmt: skip
        made = duty_store.write_absence(conn, values, absence_id=absence_id)
        duty_store.write_substitutes(conn, made, leave.by_duty)
        gaps = gaps_of(
            leave.days, duties, substitute_id=leave.substitute_id, by_duty=leave.by_duty, others=away_days(conn)
        )
    held = zip(duties["valid_from"], duties["valid_to"], strict=True)
    touched = [overlap(leave.days, (first or date.min, last)) for first, last in held]
    return {
        "absence_id": None if is_trial else made, "is_trial": is_trial,
        "duties": sum(days is not None for days in touched), "gaps": gaps,
    }  # fmt: skip


def drop_absence(engine: Engine, absence_id: int, *, seen: int, account: Account) -> None:
    """Take an absence back: whoever was away answers again.

    Raises
    ------
    NotFoundError, StaleRowError
        It is not there, or out of scope; somebody changed it since.
    """
    with _writing(engine, account, is_trial=False) as conn:
        duty_store.lock_absence(conn, absence_id, seen=seen)
        duty_store.drop_absence(conn, absence_id)


def duties_of(conn: Connection, person_id: int | None = None) -> pd.DataFrame:
    """Return duties in scope, of one person or all, with `code`: what each is for."""
    duties = people_store.read_duties(conn, on=None)
    mine = duties if person_id is None else duties[duties["person_id"] == person_id]
    built = "b" + mine["building_id"].astype("string")
    code = mine["grid_code"].fillna(mine["zone_code"]).fillna(mine["unit_code"]).astype(object)
    return mine.assign(code=code.where(code.notna(), built.astype(object)))


def away_days(conn: Connection) -> dict[int, list[Days]]:
    """Return the days on which people in scope are away, by person_id."""
    found: dict[int, list[Days]] = {}
    for row in duty_store.read_absences(conn).to_dict("records"):
        found.setdefault(int(row["person_id"]), []).append((row["away_from"] or date.min, row["away_to"]))
    return found


def _writing(engine: Engine, account: Account, is_trial: bool) -> Any:
    return transaction(
        engine, actor=account.name, action="plan_absence", scope=account.scope, commit=not is_trial
    )  # fmt: skip
