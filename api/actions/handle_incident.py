"""Handle an incident: move it from state to state and tier to tier by the place's rule, with who, when and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from api.auth import Account
from data.casework import timed
from data.postgis.engine import transaction
from data.profiles import IncidentRule, Move, Profile
from data.stores import cases
from geo.errors import BadSettingError, ConflictError, DeniedError
from geo.working_time import WorkingCalendar, deadlines, worked_hours

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Seen:
    """What somebody saw when they decided: a case that is elsewhere by now is not moved."""

    state: str
    tier: str | None


def move_incident(
    engine: Engine, incident_id: int, move_key: str, *, reason: str | None, seen: Seen | None, profile: Profile,
    account: Account, now: datetime | None = None,
) -> None:  # fmt: skip
    """Move an incident; the change and its event are one.

    Raises
    ------
    NotFoundError
        There is no such incident in scope.
    ConflictError
        The place's rule has no such move from where it stands, or it stands elsewhere than was seen.
    DeniedError
        The account's area is below the tier at which it stands.
    BadSettingError
        A reason is needed.
    """
    rule, moment = profile.incidents, now or datetime.now(UTC)
    with transaction(engine, actor=account.name, action="move_incident", scope=account.scope) as connection:
        case = cases.read_case(connection, incident_id, lock=True)
        move = _allowed(case, move_key, seen, rule)
        if not rule.tier(case["tier"]).may_act(account.scope):
            raise DeniedError(
                reason=f"it stands at the tier {rule.tier(case['tier']).label.en}, above your area",
                reason_zh=f"该事件在{rule.tier(case['tier']).label.zh}办理，不在您的层级",
            )
        note = (reason or "").strip()
        if move.needs_reason and not note:
            raise BadSettingError(what="reason", value="", reason="a reason is needed", reason_zh="须填写理由")
        calendar = rule.calendar(*cases.read_calendar(connection))
        cases.change_case(connection, incident_id, moved(case, move, rule, calendar, moment))
        cases.add_event(connection, incident_id, {
            "at": moment, "kind": move.key, "tier": rule.tier_after(move, case["tier"]).key, "state": move.to_state,
            "from_tier": case["tier"], "from_state": case["state"], "account_id": account.account_id,
            "actor": account.name, "note": note or None,
        })  # fmt: skip


def moved(case: Row, move: Move, rule: IncidentRule, calendar: WorkingCalendar, now: datetime) -> dict[str, Any]:
    """Return what a move changes: state, tier and clock.

    A new tier starts a new clock; a parked case's stands still and goes on with the hours it had left; a closed case
    has none, and a reopened one starts again.
    """
    before, after = rule.state(case["state"]), rule.state(move.to_state)
    tier = rule.tier_after(move, case["tier"])
    values: dict[str, Any] = {"state": move.to_state, "tier": tier.key}
    if after is not None and after.is_closed:
        return {**values, "closed_at": now, "parked_at": None, "left_hours": None}
    if move.tier != "stay" or (before is not None and before.is_closed):
        values |= {"tier_at": now, "due_at": _due(case, tier.key, rule, calendar, now), "closed_at": None}
        values |= {"parked_at": None, "left_hours": None, "returns": case["returns"] + (move.tier == "down")}
    elif after is not None and after.is_parked and not case["parked_at"]:
        values |= {"parked_at": now, "left_hours": _left_hours(case["due_at"], calendar, now), "due_at": None}
    elif case["parked_at"] and not (after is not None and after.is_parked):
        values |= {"parked_at": None, "left_hours": None, "due_at": _resumed(case["left_hours"], calendar, now)}
    return values


def add_note(engine: Engine, incident_id: int, note: str, *, account: Account) -> None:
    """Write a note into an incident's history.

    Raises
    ------
    NotFoundError
        There is no such incident in scope.
    """
    with transaction(engine, actor=account.name, action="note_incident", scope=account.scope) as connection:
        case = cases.read_case(connection, incident_id, lock=True)
        cases.add_event(connection, incident_id, {
            "at": datetime.now(UTC), "kind": "note", "tier": case["tier"], "state": case["state"],
            "account_id": account.account_id, "actor": account.name, "note": note.strip(),
        })  # fmt: skip


def mark_duplicate(engine: Engine, incident_id: int, of: int | None, *, profile: Profile, account: Account) -> None:
    """Mark an incident as the same as an earlier one, which closes it; None takes the mark away and opens it again.

    Raises
    ------
    NotFoundError
        One of them is not in scope.
    ConflictError
        It is the same incident, or the other is a duplicate itself.
    """
    rule, now = profile.incidents, datetime.now(UTC)
    with transaction(engine, actor=account.name, action="mark_duplicate", scope=account.scope) as connection:
        case = cases.read_case(connection, incident_id, lock=True)
        values: dict[str, Any]
        if of is None:
            values = {"duplicate_of": None, "state": rule.first_state.key, "closed_at": None}
        else:
            _require_first(connection, incident_id, of)
            closed = rule.closed_state
            values = {"duplicate_of": of, "closed_at": now, "state": closed.key if closed else case["state"]}
        cases.change_case(connection, incident_id, values)
        cases.add_event(connection, incident_id, {
            "at": now, "kind": "duplicate" if of else "no_duplicate", "tier": case["tier"], "state": values["state"],
            "from_tier": case["tier"], "from_state": case["state"], "account_id": account.account_id,
            "actor": account.name, "note": str(of) if of else None,
        })  # fmt: skip


def _require_first(connection: Connection, incident_id: int, of: int) -> None:
    other = cases.read_case(connection, of)
    if of == incident_id or other["duplicate_of"] is not None:
        raise ConflictError(
            what=f"incident {incident_id}", reason="the other one must be another, and no duplicate itself",
            reason_zh="所指事件须是另一件，且本身不是重复件",
        )  # fmt: skip


def _allowed(case: Row, move_key: str, seen: Seen | None, rule: IncidentRule) -> Move:
    what = f"incident {case['incident_id']}"
    if seen is not None and (seen.state, seen.tier) != (case["state"], case["tier"]):
        raise ConflictError(
            what=what, reason=f"it is {case['state']} at {case['tier']} by now",
            reason_zh=f"该事件已变为{case['state']}（{case['tier']}）",
        )  # fmt: skip
    moves = {move.key: move for move in rule.moves_from(case["state"], case["tier"])}
    if move_key not in moves:
        raise ConflictError(
            what=what, reason=f"from here there are: {', '.join(moves) or 'none'}",
            reason_zh=f"当前可办：{'、'.join(move.label.zh for move in moves.values()) or '无'}",
        )  # fmt: skip
    return moves[move_key]


def _due(case: Row, tier: str, rule: IncidentRule, calendar: WorkingCalendar, now: datetime) -> datetime | None:
    row = pd.DataFrame({
        "category": [case["category"]], "tier": [tier],
        "reported_at": pd.to_datetime([case["reported_at"]], utc=True), "tier_at": pd.to_datetime([now], utc=True),
    })  # fmt: skip
    return _moment(timed(row, rule, calendar)["due_at"].iloc[0])


def _left_hours(due_at: datetime | None, calendar: WorkingCalendar, now: datetime) -> float | None:
    if due_at is None:
        return None
    since, until = (pd.to_datetime(pd.Series([moment]), utc=True) for moment in (now, due_at))
    return float(worked_hours(calendar, since, until).iloc[0])


def _resumed(left_hours: float | None, calendar: WorkingCalendar, now: datetime) -> datetime | None:
    """Return when the hours left end; what was late already is late from now on."""
    if left_hours is None:
        return None
    since = pd.to_datetime(pd.Series([now]), utc=True)
    return _moment(deadlines(calendar, since, pd.Series([max(left_hours, 0.0)])).iloc[0])


def _moment(found: Any) -> datetime | None:
    return None if pd.isna(found) else found.to_pydatetime()
