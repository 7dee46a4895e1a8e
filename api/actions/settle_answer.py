"""Settle answer: a street office has seen to what residents said of an answer."""

from sqlalchemy import Engine

from api.auth import Account
from data.postgis.engine import transaction
from data.stores import answer_reports


def settle_answer(engine: Engine, report_id: int, *, account: Account) -> None:
    """Write down that a report was seen to, and by whom.

    Raises
    ------
    NotFoundError
        There is none of that id within the account's scope.
    ConflictError
        It is settled already.
    """
    with transaction(engine, actor=account.name, action="settle_answer", scope=account.scope) as conn:
        answer_reports.settle(conn, report_id, by=account.name, within=account.scope)
