"""Branch a plan: a draft that begins as another plan is, to be edited while that one goes on."""

from sqlalchemy import Engine

from data.postgis.engine import transaction
from data.stores import branches


def branch_plan(
    engine: Engine, *, plan_id: int, name: str, actor: str, account_id: int | None, scope: str = "*",
    commit: bool = True,
) -> int:  # fmt: skip
    """Write the draft and return its plan_id; grids, zones and household units keep their codes.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    with transaction(engine, actor=actor, action="branch_plan", scope=scope, commit=commit) as conn:
        return branches.branch(conn, plan_id, name=name, created_by=account_id)
