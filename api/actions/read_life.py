"""Read a plan's life: the steps it took, what was said about it, and what an account may do next."""

from typing import Any

from sqlalchemy import Connection

from api.access import ACCESS, V1
from api.actions.read_plans import require_plan
from api.auth import Account
from data.stores import steps
from geo.codes import scope_of

_TOLD = ("step", "revision", "at", "actor", "document_number", "valid_from", "remark")


def life_of(conn: Connection, account: Account, plan_id: int) -> dict[str, Any]:
    """Return the body of ``GET /plans/{plan_id}/life``.

    Raises
    ------
    NotFoundError
        There is no such plan in the account's scope.
    """
    plan = require_plan(conn, account, plan_id)
    taken = steps.list_steps(conn, plan_id)
    comments = steps.list_comments(conn, plan_id)
    return {
        "state": plan["state"],
        "revision": plan["revision"],
        "steps": [{**{key: row[key] for key in _TOLD}, **_counts(row["report"])} for row in taken],
        "comments": [row for row in comments if row["grid_code"] is None or account.covers(row["grid_code"])],
        "may": _may(conn, account, plan_id, plan),
    }


def _counts(report: dict[str, Any] | None) -> dict[str, int | None]:
    return {name: None if report is None else int(report[name]) for name in ("errors", "warnings")}


def _may(conn: Connection, account: Account, plan_id: int, plan: dict[str, Any]) -> list[str]:
    """Return the steps that an account may take now: by its role, its scope, the plan's state, and who submitted it."""
    if not account.covers(scope_of(plan["area_code"])):
        return []
    able = [
        step for step, (states, _) in steps.LIFE.items()
        if plan["state"] in states and account.role in ACCESS[f"POST {V1}/plans/{{plan_id}}/{step}"].roles
    ]  # fmt: skip
    is_own = "approve" in able and steps.last_actor(conn, plan_id, "submit") == account.name
    return [step for step in able if not (is_own and step == "approve")]
