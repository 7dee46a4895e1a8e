"""Read a case: one incident with its text and history, what can be done with it now; and what needs a person's eye."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from api.actions.read_incidents import require_row_security
from api.auth import Account
from api.ledgers import ScopeLeakError
from data.profiles import IncidentRule, Profile
from data.stores import cases

OWN = (
    "incident_id", "area_code", "category", "tier", "state", "reported_at", "closed_at", "tier_at", "due_at",
    "parked_at", "returns", "duplicate_of", "grid_code_reported", "building_id", "description", "address", "contact",
    "place_problem", "source", "source_ref", "lon", "lat",
)  # fmt: skip


def case_body(
    conn: Connection, incident_id: int, *, profile: Profile, account: Account, now: datetime | None = None
) -> dict[str, Any]:
    """Return an incident, its events, and the moves that the account may make.

    Raises
    ------
    NotFoundError
        There is none in scope.
    """
    require_row_security(conn)
    case = cases.read_case(conn, incident_id)
    if not account.covers(case["area_code"]):
        raise ScopeLeakError(f"incident {incident_id} is outside the scope {account.scope}")
    rule = profile.incidents
    may_act = rule.tier(case["tier"]).may_act(account.scope)
    moves = rule.moves_from(case["state"], case["tier"]) if may_act and case["duplicate_of"] is None else ()
    return {
        **{name: case[name] for name in OWN},
        "lateness": lateness(case, rule, now or datetime.now(UTC)),
        "events": cases.read_events(conn, incident_id),
        "moves": [
            {"key": move.key, "label_zh": move.label.zh, "label_en": move.label.en, "needs_reason": move.needs_reason}
            for move in moves
        ],
        "maybe_same": _maybe_same(conn, incident_id, rule),
    }


def lateness(case: dict[str, Any], rule: IncidentRule, now: datetime) -> str:
    """Return how a case stands to its limit: closed, parked, none, in_time or overdue."""
    if case["closed_at"] is not None:
        return "closed"
    state = rule.state(case["state"])
    if state is not None and state.is_parked:
        return "parked"
    if case["due_at"] is None:
        return "none"
    return "overdue" if case["due_at"] < now else "in_time"


def duplicates_body(conn: Connection, *, profile: Profile) -> dict[str, Any]:
    """Return pairs of open incidents that may be one, and what "may be" means here."""
    require_row_security(conn)
    rule = profile.incidents
    found = cases.read_duplicates(conn, near_m=rule.duplicate_m, within_hours=rule.duplicate_hours)
    return {
        "near_m": rule.duplicate_m, "within_hours": rule.duplicate_hours,
        "pairs": found.round({"apart_m": 1, "apart_hours": 2}).to_dict("records"),
    }  # fmt: skip


def unplaced_body(conn: Connection) -> dict[str, Any]:
    """Return incidents without a place of ours, newest first."""
    require_row_security(conn)
    return {"incidents": cases.read_unplaced(conn).reset_index().to_dict("records")}


def _maybe_same(conn: Connection, incident_id: int, rule: IncidentRule) -> list[int]:
    near_m, within_hours = rule.duplicate_m, rule.duplicate_hours
    found = cases.read_duplicates(conn, near_m=near_m, within_hours=within_hours, incident_id=incident_id)
    return sorted(
        {int(number) for pair in found[["first_id", "second_id"]].to_numpy() for number in pair} - {incident_id}
    )
