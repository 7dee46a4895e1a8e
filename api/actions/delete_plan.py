"""Delete a plan that was never published, with its grids: drafts stand in the way of new cells."""

from sqlalchemy import Engine

from data.postgis.engine import transaction
from data.stores import plans as plan_store


def delete_plan(engine: Engine, *, plan_id: int, actor: str, commit: bool = True) -> None:
    """Delete a draft.

    Raises
    ------
    NotFoundError, ConflictError
        There is no such plan; it is published, and published plans are kept.
    """
    with transaction(engine, actor=actor, action="delete_plan", commit=commit) as connection:
        plan_store.delete_plan(connection, plan_id)
