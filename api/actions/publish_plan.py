"""Publish a plan: from a day on, this is who answers where."""

from datetime import date

from sqlalchemy import Engine, text

from data.postgis.engine import transaction
from data.stores import incidents as incident_store
from data.stores import plans as plan_store


def publish_plan(
    engine: Engine,
    *,
    plan_id: int,
    valid_from: date,
    document_number: str | None,
    actor: str,
    scope: str = "*",
    commit: bool = True,
) -> None:
    """Publish a plan from a day on; the plan before it ends that day.

    Look-ups compare the plans' revisions once a second, so they answer by it a second later.

    Raises
    ------
    NotFoundError, ConflictError
        There is no such plan in scope; its state or another plan's dates do not allow it.
    """
    with transaction(engine, actor=actor, action="publish_plan", scope=scope, commit=commit) as connection:
        # Placing a long record of incidents may outlast what a page is allowed.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        plan_store.publish(connection, plan_id, valid_from=valid_from, document_number=document_number)
        incident_store.place_incidents(connection)
