"""Comment on a plan: say something about it or about one of its grids, and settle what was said."""

from sqlalchemy import Engine

from api.auth import Account
from data.postgis.engine import transaction
from data.stores import parts, steps
from geo.errors import NotFoundError


def comment_plan(engine: Engine, *, plan_id: int, grid_code: str | None, words: str, account: Account) -> int:
    """Keep a comment and return its comment_id.

    Raises
    ------
    NotFoundError
        The plan has no such grid, or none that is the account's.
    """
    with transaction(engine, actor=account.name, action="comment_plan", scope=account.scope) as conn:
        if grid_code is not None:
            if not account.covers(grid_code):
                raise NotFoundError(what="grid", key=grid_code)
            parts.grid_ids_of_codes(conn, plan_id, [grid_code])
        return steps.add_comment(conn, plan_id, grid_code=grid_code, words=words, actor=account.name)


def settle_comment(engine: Engine, *, plan_id: int, comment_id: int, account: Account) -> None:
    """Mark a comment as settled.

    Raises
    ------
    NotFoundError
        The plan has no such comment.
    """
    with transaction(engine, actor=account.name, action="settle_comment", scope=account.scope) as conn:
        steps.settle_comment(conn, plan_id, comment_id, actor=account.name)
