"""Delete a plan that never held, with its grids and its history; codes that it issued are kept as retired."""

from sqlalchemy import Engine

from api.auth import EVERYWHERE
from data.postgis.engine import transaction
from data.stores import operations
from data.stores import plans as plan_store


def delete_plan(
    engine: Engine, *, plan_id: int, seen: int | None = None, actor: str, scope: str = EVERYWHERE, commit: bool = True
) -> None:
    """Delete a draft, or a plan that was sent back.

    Parameters
    ----------
    seen
        Revision of the plan that was looked at; None: whatever it is.

    Raises
    ------
    NotFoundError
        There is no such plan.
    ConflictError
        It is submitted, approved or published; it has changed since (`StaleRevisionError`).
    """
    with transaction(engine, actor=actor, action="delete_plan", scope=scope, commit=commit) as connection:
        operations.lock_plan(connection, plan_id, seen=seen)
        plan_store.delete_plan(connection, plan_id)
