"""Change duties: begin, end or hand them over - or only tell what it would mean, and write nothing.

A hand-over is one transaction: the old duty ends on the day the new one begins.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from api.auth import Account
from data.postgis.engine import transaction
from data.stores import answers
from data.stores import duties as duty_store
from data.tables.people import TARGET_OF, TARGETS
from geo.errors import InputError, NotFoundError

Row = dict[str, Any]
CODE_DIGITS = {"grid_code": 15, "zone_code": 18, "unit_code": 19}


class WrongTargetError(InputError):
    """A role answers for another kind of thing."""

    zh = "岗位 {role} 不能任职于 {code}：对象类型不符。"
    en = "The role {role} does not answer for {code}: that is something else."


def begin_duty(
    engine: Engine, *, person_id: int, role: str, code: str, days: tuple[date, date | None], account: Account,
    is_trial: bool = False,
) -> Row:  # fmt: skip
    """Give somebody a duty; return what it means.

    Raises
    ------
    NotFoundError
        There is no such person or target in scope.
    InputError, OverlapError
        The role does not answer for that; the days do not fit.
    """
    span = duty_store.days_of(*days)
    with _writing(engine, account, "begin_duty", is_trial) as conn:
        taker = duty_store.require_people(conn, [person_id])[person_id]
        target = _target(conn, role, code, account)
        change = _Change(conn, {(role, target["area_code"])}, days[0], person_id)
        made = duty_store.begin_duty(conn, person_id, role, target, span)
        return change.told([(role, code)], takes=taker, made=[made], is_trial=is_trial)


def end_duties(engine: Engine, *, seen: Mapping[int, int], on: date, account: Account, is_trial: bool = False) -> Row:
    """Let duties end, `on` being the first day they hold no more; return what it means.

    Raises
    ------
    NotFoundError, StaleRowError, DaysError
        A duty is not there, or out of scope; somebody changed it since; the day does not fit.
    """
    return _move(engine, seen, on, None, account=account, is_trial=is_trial)


def hand_over(
    engine: Engine, *, seen: Mapping[int, int], to_person_id: int, on: date, account: Account, is_trial: bool = False
) -> Row:
    """Let somebody take duties over from a day on, until these would have ended; return what it means.

    Raises
    ------
    NotFoundError, StaleRowError, DaysError, OverlapError
        A duty or person is not there, or out of scope; somebody changed it since; the days do not fit.
    """
    return _move(engine, seen, on, to_person_id, account=account, is_trial=is_trial)


def _move(
    engine: Engine, seen: Mapping[int, int], on: date, to: int | None, *, account: Account, is_trial: bool
) -> Row:
    with _writing(engine, account, "hand_over" if to else "end_duties", is_trial) as conn:
        held = duty_store.lock_duties(conn, seen)
        names = duty_store.require_people(conn, sorted({*held["person_id"].tolist(), *([to] if to else [])}))
        held["code"] = _codes(held)
        change = _Change(conn, set(zip(held["role"], held["area_code"], strict=True)), on, to)
        duty_store.end_duties(conn, held, on)
        made = [] if to is None else [_taken(conn, row, to, on) for row in held.to_dict("records")]
        gives = {int(who): names[int(who)]["name"] for who in held["person_id"]}
        moved = list(zip(held["role"], held["code"], strict=True))
        return change.told(moved, takes=names.get(to or 0), made=made, is_trial=is_trial, gives=gives)


def _taken(conn: Connection, row: Mapping[Any, Any], to: int, on: date) -> int:
    column = next(name for name in TARGETS if not pd.isna(row[name]))
    key = int(row[column]) if column == "building_id" else row[column]
    days = duty_store.days_of(on, row["valid_to"])
    return duty_store.begin_duty(conn, to, row["role"], {"area_code": row["area_code"], column: key}, days)


def _writing(engine: Engine, account: Account, action: str, is_trial: bool) -> Any:
    return transaction(engine, actor=account.name, action=action, scope=account.scope, commit=not is_trial)


def _codes(held: pd.DataFrame) -> pd.Series:
    built = "b" + held["building_id"].astype("Int64").astype("string")
    code = held["grid_code"].fillna(held["zone_code"]).fillna(held["unit_code"])
    return code.astype(object).where(code.notna(), built.astype(object))


def _target(conn: Connection, role: str, code: str, account: Account) -> Row:
    """Return area_code and column of what a code names.

    Raises
    ------
    WrongTargetError, NotFoundError
        The role answers for something else; there is no such thing in scope.
    """
    column = TARGET_OF[role]
    is_building = column == "building_id"
    if code.startswith("b") != is_building or (not is_building and len(code) != CODE_DIGITS[column]):
        raise WrongTargetError(role=role, code=code)
    key = int(code[1:]) if is_building else code
    area = duty_store.find_target(conn, column, key)
    if area is None or not account.covers(area):
        raise NotFoundError(what="building" if is_building else column.removesuffix("_code"), key=key)
    return {"area_code": area, column: key}


class _Change:
    """What stood on a day before a change, held against what stands after it."""

    def __init__(self, conn: Connection, places: Iterable[tuple[str, str]], on: date, taker: int | None) -> None:
        self.conn, self.places, self.on, self.taker = conn, sorted(places), on, taker
        self.before, self.load_before = self._targets(), self._load()

    def _targets(self) -> dict[str, pd.DataFrame]:
        found: dict[str, list[pd.DataFrame]] = {}
        for role, area in self.places:
            found.setdefault(role, []).append(answers.read_targets(self.conn, role, on=self.on, within=area))
        return {role: pd.concat(frames) for role, frames in found.items()}

    def _load(self) -> float | None:
        if self.taker is None:
            return None
        roles = {role for role, _ in self.places}
        mine = answers.read_answers(self.conn, self.on)
        mine = mine[(mine["answer_id"] == self.taker) & mine["role"].isin(roles)]
        areas = sorted(set(zip(mine["role"], mine["area_code"], strict=True)))
        known = [answers.read_targets(self.conn, role, on=self.on, within=area) for role, area in areas]
        if not known:
            return 0.0
        targets = pd.concat(known)
        targets = targets[~targets.index.duplicated()]
        rows = targets.reindex(mine["code"].unique()).dropna(subset="answering")
        return float((rows["households"] / rows["answering"].clip(lower=1)).sum())

    def told(
        self, moved: list[tuple[str, str]], *, takes: Row | None, made: list[int], is_trial: bool,
        gives: Mapping[int, str] | None = None,
    ) -> Row:  # fmt: skip
        """Return the body of an answer; `moved` are roles and codes of what changes hands."""
        after = self._targets()
        vacant: list[Row] = []
        filled = 0
        for role, frame in after.items():
            was, now = self.before[role]["reason"], frame["reason"]
            lost = frame[now.notna() & was.reindex(frame.index).isna()]
            vacant += vacancy_rows(lost)
            filled += int((now.isna() & was.reindex(frame.index).notna()).sum())
        away = duty_store.read_absences(self.conn, from_on=self.on, to_on=None, person_id=self.taker or 0)
        return {
            "on": self.on, "is_trial": is_trial,
            "gives": [{"person_id": key, "name": name} for key, name in (gives or {}).items()],
            "takes": None if takes is None else {"person_id": self.taker, "name": takes["name"]},
            "is_away": bool((away["away_from"] <= self.on).any()) if len(away) else False,
            "parts": [_part(role, [code for one, code in moved if one == role], rows) for role, rows in after.items()],
            "vacant": vacant, "filled": filled, "households_before": self.load_before,
            "households_after": self._load(), "duty_ids": [] if is_trial else made,
        }  # fmt: skip


def _part(role: str, codes: list[str], targets: pd.DataFrame) -> Row:
    rows = targets.reindex(pd.unique(pd.Series(codes, dtype=object))).dropna(subset="households")
    people = None if rows["people"].isna().all() else int(rows["people"].sum())
    return {"role": role, "targets": len(set(codes)), "households": int(rows["households"].sum()), "people": people}


def vacancy_rows(targets: pd.DataFrame) -> list[Row]:
    """Return targets that have nobody as rows of an answer, most households first."""
    ordered = targets.sort_values("households", ascending=False, kind="stable").reset_index()
    names = ["code", "name", "area_code", "community", "grid_code", "households", "people", "reason", "holder",
             "ended_on", "next_on"]  # fmt: skip
    return plain_rows(ordered[names])


def plain_rows(frame: pd.DataFrame) -> list[Row]:
    """Return rows of an answer: what is missing is None."""
    rows = frame.astype(object)
    return [
        {str(name): value for name, value in row.items()} for row in rows.where(rows.notna(), None).to_dict("records")
    ]
