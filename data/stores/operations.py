"""Operations: what was done to a plan, by whom and when; what undo and redo come to next; named points."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, text, update

from data.sql import read_sql
from data.stores._values import plain_json
from data.stores.edits import in_shares
from data.tables.plans import plan_operations, plan_points, plans
from geo.errors import ConflictError, NotFoundError

EDITABLE = ("draft", "returned")
ASKED = ("revision", "kind", "verb", "of_revision", "asked", "actor", "at")


class StaleRevisionError(ConflictError):
    """Somebody else changed the plan since it was read: `fields` hold its revision, and what was `missed`."""

    zh = "方案已被改动：您看到的是第 {seen} 版，现在是第 {revision} 版。请载入最新内容再改。"
    en = "The plan has changed: you saw revision {seen}, it is at {revision}. Load what is new and try again."


def lock_plan(connection: Connection, plan_id: int, *, seen: int | None = None) -> RowMapping:
    """Return a plan's state, revision and area for writing: nobody else changes it until the transaction ends.

    Raises
    ------
    NotFoundError
        There is no such plan.
    ConflictError
        Its state allows no edit; somebody changed it since revision `seen` (`StaleRevisionError`).
    """
    return check_plan(connection, plan_id, seen=seen, is_held=True)


def check_plan(connection: Connection, plan_id: int, *, seen: int | None = None, is_held: bool = False) -> RowMapping:
    """Return and raise what `lock_plan` does; without `is_held` nobody is held off."""
    statement = select(plans.c.state, plans.c.revision, plans.c.area_code).where(plans.c.plan_id == plan_id)
    found = connection.execute(statement.with_for_update() if is_held else statement).mappings().one_or_none()
    if found is None:
        raise NotFoundError(what="plan", key=plan_id)
    if found["state"] not in EDITABLE:
        raise ConflictError(
            what=f"plan {plan_id}", reason=f"it is {found['state']}; branch from it to change it",
            reason_zh=f"方案状态为 {found['state']}，请从它另建草案再改",
        )  # fmt: skip
    if seen is not None and seen != found["revision"]:
        missed = [{**row, "at": row["at"].isoformat()} for row in list_operations(connection, plan_id, since=seen)]
        raise StaleRevisionError(seen=seen, revision=found["revision"], missed=missed)
    return found


def add_operation(
    connection: Connection,
    plan_id: int,
    *,
    revision: int,
    verb: str,
    asked: Mapping[str, Any],
    change: Mapping[str, Any],
    actor: str,
    kind: str = "edit",
    of_revision: int | None = None,
) -> None:
    """Keep an operation and raise the plan's revision to its own."""
    connection.execute(
        insert(plan_operations).values(
            plan_id=plan_id, revision=revision, kind=kind, verb=verb, of_revision=of_revision, asked=plain_json(asked),
            change=plain_json(change), actor=actor,
        )
    )  # fmt: skip
    connection.execute(update(plans).where(plans.c.plan_id == plan_id).values(revision=revision))


def list_operations(connection: Connection, plan_id: int, *, since: int = 0) -> list[dict[str, Any]]:
    """Return what was done to a plan after a revision, the earliest first, without its rows."""
    columns = (plan_operations.c[name] for name in ASKED)
    mine = (plan_operations.c.plan_id == plan_id, plan_operations.c.revision > since)
    found = connection.execute(select(*columns).where(*mine).order_by(plan_operations.c.revision))
    return [dict(row._mapping) for row in found]


def read_change(connection: Connection, plan_id: int, revision: int) -> dict[str, Any]:
    """Return the rows before and after of one operation."""
    mine = (plan_operations.c.plan_id == plan_id, plan_operations.c.revision == revision)
    return in_shares(connection.execute(select(plan_operations.c.change).where(*mine)).scalar_one())


def stacks(connection: Connection, plan_id: int, *, to: int | None = None) -> tuple[list[int], list[int]]:
    """Return the edits that hold, and those undone that may be done again: revisions, the next one last.

    Parameters
    ----------
    to
        As they were at this revision; None: now.
    """
    columns = (plan_operations.c[name] for name in ("revision", "kind"))
    mine = select(*columns).where(plan_operations.c.plan_id == plan_id).order_by(plan_operations.c.revision)
    done: list[int] = []
    undone: list[int] = []
    for revision, kind in connection.execute(mine):
        if to is not None and revision > to:
            break
        if kind == "edit":
            done.append(revision)
            undone.clear()
        elif kind == "undo":
            undone.append(done.pop())
        else:
            done.append(undone.pop())
    return done, undone


def redrawn_grids(connection: Connection, plan_id: int) -> set[int]:
    """Return the numbers of grids whose ground an edit has altered: what was measured of them holds no more."""
    return set(connection.scalars(text(read_sql("plans/redrawn")), {"plan_id": plan_id}))


def first_revision(connection: Connection, plan_id: int) -> int:
    """Return the revision that a plan had before its first edit."""
    least = connection.scalar(select(func.min(plan_operations.c.revision)).where(plan_operations.c.plan_id == plan_id))
    now = connection.execute(select(plans.c.revision).where(plans.c.plan_id == plan_id)).scalar_one()
    return int(now if least is None else least - 1)


def name_point(connection: Connection, plan_id: int, name: str, *, revision: int, actor: str) -> None:
    """Give what the plan is like now a name; a name that was there moves."""
    drop_point(connection, plan_id, name)
    connection.execute(insert(plan_points).values(plan_id=plan_id, name=name, revision=revision, actor=actor))


def drop_point(connection: Connection, plan_id: int, name: str) -> None:
    """Take a name away, if it is there."""
    connection.execute(delete(plan_points).where(plan_points.c.plan_id == plan_id, plan_points.c.name == name))


def list_points(connection: Connection, plan_id: int) -> list[dict[str, Any]]:
    """Return the named points of a plan, the earliest first."""
    columns = (plan_points.c[name] for name in ("name", "revision", "actor", "at"))
    statement = select(*columns).where(plan_points.c.plan_id == plan_id)
    return [dict(row._mapping) for row in connection.execute(statement.order_by(plan_points.c.revision))]
