"""Steps: the life of a plan - submitted, returned, approved, published - and what was said about it on the way.

A step is only ever added. The database refuses any other way from state to state (`wangge_plan_life`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from data.stores._values import plain_json
from data.stores.operations import EDITABLE, StaleRevisionError, list_operations
from data.stores.plans import lock
from data.tables.plans import plan_comments, plan_steps, plans
from geo.errors import ConflictError, InputError, NotFoundError

LIFE: Mapping[str, tuple[tuple[str, ...], str]] = {
    "submit": (EDITABLE, "submitted"),
    "recall": (("submitted",), "draft"),
    "return": (("submitted", "approved"), "returned"),
    "approve": (("submitted",), "approved"),
    "publish": (("approved",), "published"),
}
"""From which states a step may be taken, and to which it leads."""

WORDS = {
    "draft": ("草案", "a draft"), "submitted": ("已提交", "submitted"), "returned": ("已退回", "returned"),
    "approved": ("已批准", "approved"), "published": ("已发布", "published"), "superseded": ("已被替代", "superseded"),
}  # fmt: skip
_STEP = ("step", "revision", "document_number", "valid_from", "remark", "report", "actor", "at")
_COMMENT = ("comment_id", "grid_code", "revision", "words", "actor", "at", "settled_by", "settled_at")


class WrongStateError(ConflictError):
    """A step that a plan's state does not allow."""

    zh = "方案状态为“{state_zh}”，不能这样做；只有“{wanted_zh}”的方案可以。"
    en = "The plan is {state}, and this can only be done to one that is {wanted}."


class NoReasonError(InputError):
    """Who returns a plan says why."""

    zh = "退回方案必须说明原因。"
    en = "Say why the plan is returned."


class NoDocumentError(InputError):
    """What is approved or published has a number it can be found by."""

    zh = "批准和发布必须填写文号。"
    en = "Approving and publishing take a document number."


@dataclass(frozen=True)
class Step:
    """One step of a plan's life.

    Attributes
    ----------
    step
        One of `LIFE`.
    seen
        The plan's revision that was looked at; None: whatever it is now.
    document_number, remark
        approve and publish need the first, return the second.
    valid_from
        publish: the day it holds from.
    report, dossier
        What the doctor found and what the plan changes, frozen with the step.
    """

    step: str
    seen: int | None
    actor: str
    document_number: str | None = None
    remark: str | None = None
    valid_from: date | None = None
    report: Mapping[str, Any] | None = None
    dossier: Mapping[str, Any] | None = None


def require_state(connection: Connection, plan_id: int, step: str, *, seen: int | None = None) -> dict[str, Any]:
    """Return a plan's state, revision and area for a step; nobody else changes it until the transaction ends.

    Raises
    ------
    NotFoundError
        There is no such plan in the transaction's scope.
    WrongStateError, StaleRevisionError
        Its state does not allow the step; it is at another revision than was looked at.
    """
    plan = lock(connection, plan_id, in_scope=True)
    wanted = LIFE[step][0]
    if plan.state not in wanted:
        told = {f"wanted{tail}": mark.join(WORDS[state][at] for state in wanted)
                for tail, mark, at in (("_zh", "”“", 0), ("", " or ", 1))}  # fmt: skip
        raise WrongStateError(state_zh=WORDS[plan.state][0], state=WORDS[plan.state][1], **told)
    if seen is not None and seen != plan.revision:
        missed = [{**row, "at": row["at"].isoformat()} for row in list_operations(connection, plan_id, since=seen)]
        raise StaleRevisionError(seen=seen, revision=plan.revision, missed=missed)
    return dict(plan._mapping)


def take_step(connection: Connection, plan_id: int, step: Step) -> None:
    """Keep a step, and bring the plan to the state it leads to; publishing is `data.stores.plans.publish`'s.

    Raises
    ------
    NotFoundError, WrongStateError, StaleRevisionError
        As `require_state`.
    NoReasonError, NoDocumentError
        Something that the step needs was not said.
    """
    plan = require_state(connection, plan_id, step.step, seen=step.seen)
    if step.step == "return" and not (step.remark or "").strip():
        raise NoReasonError()
    if step.step in ("approve", "publish") and not (step.document_number or "").strip():
        raise NoDocumentError()
    frozen = {"report": step.report, "dossier": step.dossier}
    connection.execute(
        insert(plan_steps).values(
            plan_id=plan_id, step=step.step, revision=plan["revision"], document_number=step.document_number,
            valid_from=step.valid_from, remark=step.remark, actor=step.actor,
            **{name: plain_json(facts) for name, facts in frozen.items() if facts is not None},
        )
    )  # fmt: skip
    if step.step != "publish":
        values = {"state": LIFE[step.step][1]}
        if step.step == "approve" and step.document_number:
            values["document_number"] = step.document_number
        connection.execute(update(plans).where(plans.c.plan_id == plan_id).values(**values))


def list_steps(connection: Connection, plan_id: int) -> list[dict[str, Any]]:
    """Return a plan's steps, the first first: step_id, step, revision, document_number, valid_from, remark ..."""
    statement = select(plan_steps.c.step_id, *(plan_steps.c[name] for name in _STEP), plan_steps.c.dossier.is_not(None))
    found = connection.execute(statement.where(plan_steps.c.plan_id == plan_id).order_by(plan_steps.c.step_id))
    return [{"step_id": row[0], **dict(zip(_STEP, row[1:-1], strict=True)), "has_dossier": row[-1]} for row in found]


def read_dossier(connection: Connection, plan_id: int) -> dict[str, Any] | None:
    """Return the dossier that was frozen last, or None where none was."""
    mine = (plan_steps.c.plan_id == plan_id) & plan_steps.c.dossier.is_not(None)
    last = select(plan_steps.c.dossier).where(mine).order_by(plan_steps.c.step_id.desc()).limit(1)
    found: dict[str, Any] | None = connection.scalar(last)
    return found


def last_actor(connection: Connection, plan_id: int, step: str) -> str | None:
    """Return who took a step of a plan last."""
    mine = (plan_steps.c.plan_id == plan_id) & (plan_steps.c.step == step)
    return connection.scalar(select(plan_steps.c.actor).where(mine).order_by(plan_steps.c.step_id.desc()).limit(1))


# -- comments ---------------------------------------------------------------------------------


def add_comment(connection: Connection, plan_id: int, *, grid_code: str | None, words: str, actor: str) -> int:
    """Keep a comment on a plan, or on a grid of it, and return its comment_id."""
    revision = select(plans.c.revision).where(plans.c.plan_id == plan_id).scalar_subquery()
    values = {"plan_id": plan_id, "grid_code": grid_code, "words": words, "actor": actor, "revision": revision}
    made = insert(plan_comments).values(**values).returning(plan_comments.c.comment_id)
    return int(connection.execute(made).scalar_one())


def settle_comment(connection: Connection, plan_id: int, comment_id: int, *, actor: str) -> None:
    """Mark a comment as settled; one that was settled already stays as it is.

    Raises
    ------
    NotFoundError
        The plan has no such comment.
    """
    mine = (plan_comments.c.plan_id == plan_id) & (plan_comments.c.comment_id == comment_id)
    if connection.scalar(select(plan_comments.c.comment_id).where(mine)) is None:
        raise NotFoundError(what="comment", key=comment_id)
    settled = update(plan_comments).where(mine, plan_comments.c.settled_at.is_(None))
    connection.execute(settled.values(settled_by=actor, settled_at=func.now()))


def list_comments(connection: Connection, plan_id: int) -> list[dict[str, Any]]:
    """Return what was said about a plan, the first first."""
    statement = select(*(plan_comments.c[name] for name in _COMMENT)).where(plan_comments.c.plan_id == plan_id)
    return [dict(row._mapping) for row in connection.execute(statement.order_by(plan_comments.c.comment_id))]
