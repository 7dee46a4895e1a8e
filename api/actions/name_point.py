"""Name a point: what a plan is like now gets a name, to go back to."""

from sqlalchemy import Engine

from data.postgis.engine import transaction
from data.stores import operations


def name_point(
    engine: Engine, *, plan_id: int, seen: int, name: str, actor: str, scope: str = "*", commit: bool = True
) -> None:
    """Give the plan's revision a name; one that was there moves.

    Raises
    ------
    NotFoundError, ConflictError
        There is no such plan; its state allows no edit, or it is at another revision.
    """
    with transaction(engine, actor=actor, action="name_point", scope=scope, commit=commit) as conn:
        operations.lock_plan(conn, plan_id, seen=seen)
        operations.name_point(conn, plan_id, name, revision=seen, actor=actor)
