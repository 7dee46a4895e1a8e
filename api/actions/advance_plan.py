"""Advance a plan: submit it, take it back, return it, approve it. Publishing has a file of its own."""

from typing import Any

from sqlalchemy import Connection, Engine

from api.actions.compare_plans import compare_plans
from api.actions.examine_plan import examine
from data.calendar import today
from data.postgis.engine import EVERYWHERE, transaction
from data.profiles import Profile
from data.stores import steps
from data.stores.steps import Step
from geo.errors import ConflictError, DeniedError


class UnsoundPlanError(ConflictError):
    """The doctor found errors: such a plan goes no further."""

    zh = "方案检查发现 {errors} 处错误，改正后才能继续。"
    en = "The plan has {errors} errors. Mend them first."


class OwnPlanError(DeniedError):
    """Who submitted a plan does not approve it as well."""

    zh = "方案由您提交，须由另一人批准。"
    en = "You submitted this plan: somebody else has to approve it."


def submit_plan(
    engine: Engine, *, plan_id: int, profile: Profile, actor: str, seen: int | None = None, remark: str | None = None,
    scope: str = EVERYWHERE, commit: bool = True,
) -> None:  # fmt: skip
    """Hand a draft, or a plan that was returned, over for approval, with what was found and what it changes.

    Raises
    ------
    NotFoundError, WrongStateError, StaleRevisionError
        There is no such plan in scope; its state does not allow it; it is at another revision than was seen.
    UnsoundPlanError
        It has errors.
    """
    with transaction(engine, actor=actor, action="submit_plan", scope=scope, commit=commit) as conn:
        steps.require_state(conn, plan_id, "submit", seen=seen)
        report, dossier = proofs_of(conn, plan_id, profile=profile)
        steps.take_step(conn, plan_id, Step("submit", seen, actor, remark=remark, report=report, dossier=dossier))


def advance_plan(
    engine: Engine, *, plan_id: int, step: Step, is_own_allowed: bool = False, scope: str = EVERYWHERE,
    commit: bool = True,
) -> None:  # fmt: skip
    """Recall, return or approve a plan.

    Parameters
    ----------
    is_own_allowed
        Whether the one who submitted it may approve it too: an operator at the machine.

    Raises
    ------
    NotFoundError, WrongStateError, StaleRevisionError
        As `submit_plan`.
    NoReasonError, NoDocumentError
        A return without a reason, an approval without a document number.
    OwnPlanError
        The one who approves has submitted it.
    """
    with transaction(engine, actor=step.actor, action=f"{step.step}_plan", scope=scope, commit=commit) as conn:
        steps.require_state(conn, plan_id, step.step, seen=step.seen)
        if step.step == "approve" and not is_own_allowed and steps.last_actor(conn, plan_id, "submit") == step.actor:
            raise OwnPlanError(reason="you submitted it", reason_zh="您是提交人")
        steps.take_step(conn, plan_id, step)


def proofs_of(conn: Connection, plan_id: int, *, profile: Profile) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the report and the dossier that are frozen with a step.

    Raises
    ------
    UnsoundPlanError
        The report has errors.
    """
    report = examine(conn, plan_id, profile=profile)
    if report["errors"]:
        raise UnsoundPlanError(errors=report["errors"])
    return report, compare_plans(conn, plan_id, on=today(), profile=profile)
