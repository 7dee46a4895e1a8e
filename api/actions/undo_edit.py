"""Undo, redo, go back: a plan's edits are taken back and done again, by whomever and whenever; nothing is forgotten."""

from typing import Literal

from sqlalchemy import Connection, Engine

from api.actions.edit_plan import Told, kept, shown, told
from api.actions.read_plans import require_plan
from api.auth import Account
from api.plan_edits import Edit
from api.plan_parts import NothingToDoError
from data.postgis.engine import transaction
from data.stores import edits, operations, parts
from data.stores.parts import Rows
from geo.errors import NotFoundError

Way = Literal["undo", "redo"]


def undo_edit(
    engine: Engine, *, plan_id: int, seen: int, way: Way = "undo", account: Account, actor: str, commit: bool = True
) -> Told:
    """Take back the last edit that holds, or do the last one taken back again; return what `edit_plan` does.

    Raises
    ------
    NothingToDoError
        There is none.
    NotFoundError, ConflictError, DeniedError
        As of `edit_plan`.
    """
    with transaction(engine, actor=actor, action=f"{way}_edit", scope=account.scope, commit=commit) as conn:
        require_plan(conn, account, plan_id)
        operations.lock_plan(conn, plan_id, seen=seen)
        done, undone = operations.stacks(conn, plan_id)
        stack = done if way == "undo" else undone
        if not stack:
            raise NothingToDoError(reason=f"there is nothing to {way}", reason_zh="没有可撤销或重做的操作")
        stored = operations.read_change(conn, plan_id, stack[-1])
        change = edits.reversed_change(stored) if way == "undo" else stored
        within = edits.grids_of_parts(conn, change)
        rows = _rows(conn, change, within)
        (verb,) = (row["verb"] for row in operations.list_operations(conn, plan_id) if row["revision"] == stack[-1])
        edits.write_change(conn, plan_id, change, seen + 1)
        operations.add_operation(
            conn, plan_id, revision=seen + 1, verb=verb, asked={}, change=change, actor=actor, kind=way,
            of_revision=stack[-1],
        )  # fmt: skip
        return shown(conn, plan_id, told(change, seen + 1, account, rows, within=within))


def restore(
    engine: Engine, *, plan_id: int, seen: int, revision: int, account: Account, actor: str, commit: bool = True
) -> Told:
    """Make a plan what it was at a revision, as one edit that can be undone itself.

    Raises
    ------
    NotFoundError
        The plan never had that revision.
    NothingToDoError
        It is so already.
    ConflictError, DeniedError
        As of `edit_plan`.
    """
    with transaction(engine, actor=actor, action="restore", scope=account.scope, commit=commit) as conn:
        require_plan(conn, account, plan_id)
        operations.lock_plan(conn, plan_id, seen=seen)
        if not operations.first_revision(conn, plan_id) <= revision <= seen:
            raise NotFoundError(what="revision", key=revision)
        now, then = operations.stacks(conn, plan_id)[0], operations.stacks(conn, plan_id, to=revision)[0]
        same = next((at for at, pair in enumerate(zip(now, then, strict=False)) if pair[0] != pair[1]),
                    min(len(now), len(then)))  # fmt: skip
        back = [edits.reversed_change(operations.read_change(conn, plan_id, at)) for at in reversed(now[same:])]
        change = edits.composed([*back, *(operations.read_change(conn, plan_id, at) for at in then[same:])])
        if not any(change.values()):
            raise NothingToDoError(reason="it is so already", reason_zh="已经如此")
        edit = Edit(revision=seen, verb="restore", of_revision=revision)
        return kept(
            conn,
            plan_id,
            change,
            edit,
            account=account,
            actor=actor,
            rows=_rows(conn, change, edits.grids_of_parts(conn, change)),
        )


def _rows(conn: Connection, change: edits.Change, within: set[int]) -> Rows:
    """Return area and code of every grid that a change names or alters within, be it there before or after."""
    there, gone = edits.touched_grids(change)
    named = {int(key): was or now for key, was, now in change["grids"]}
    return parts.read_codes_of(conn, there | gone | within) | named
