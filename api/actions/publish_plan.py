"""Publish a plan: from a day on, this is who answers where."""

from datetime import date

from sqlalchemy import Engine, text

from api.actions.advance_plan import proofs_of
from data.calendar import today
from data.postgis.engine import EVERYWHERE, transaction
from data.profiles import Profile
from data.stores import incidents as incident_store
from data.stores import plans as plan_store
from data.stores import steps
from data.stores.steps import Step
from geo.errors import InputError


class PastDayError(InputError):
    """What was answered on days that are over is not changed by a plan."""

    zh = "生效日期 {day} 已经过去，最早可以是今天（{today}）。"
    en = "{day} is over: a plan can hold from today ({today}) at the earliest."


def publish_plan(
    engine: Engine, *, plan_id: int, valid_from: date, document_number: str | None, profile: Profile, actor: str,
    seen: int | None = None, may_be_past: bool = False, scope: str = EVERYWHERE, commit: bool = True,
) -> None:  # fmt: skip
    """Publish an approved plan from a day on; the plan before it ends that day.

    Look-ups compare the plans' revisions once a second, so they answer by it a second later.

    Parameters
    ----------
    may_be_past
        Whether the day may be over: the first plan of a town, for incidents reported before it.

    Raises
    ------
    NotFoundError, ConflictError
        There is no such plan in scope; its state, its errors or another plan's dates do not allow it.
    PastDayError, NoDocumentError
        The day is over; no document number is given.
    """
    if valid_from < today() and not may_be_past:
        raise PastDayError(day=valid_from, today=today())
    with transaction(engine, actor=actor, action="publish_plan", scope=scope, commit=commit) as conn:
        # Placing a long record of incidents may outlast what a page is allowed.
        conn.execute(text("SET LOCAL statement_timeout = 0"))
        steps.require_state(conn, plan_id, "publish", seen=seen)
        report, dossier = proofs_of(conn, plan_id, profile=profile)
        step = Step("publish", seen, actor, document_number, None, valid_from, report, dossier)
        steps.take_step(conn, plan_id, step)
        plan_store.publish(conn, plan_id, valid_from=valid_from, document_number=document_number)
        incident_store.place_incidents(conn)
