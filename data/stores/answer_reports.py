"""Answer reports: what residents say is wrong with an answer, counted by grid, kind and day; open until settled."""

from datetime import date
from typing import cast

import pandas as pd
from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from data.stores._rows import read_named
from data.stores._within import EVERYWHERE, below, digits_of
from data.tables.answers import answer_reports
from geo.errors import ConflictError, NotFoundError

COMMUNITY_DIGITS, TIMES_MAX = 12, 10_000


def add_report(connection: Connection, *, kind: str, grid_code: str, on: date) -> None:
    """Count a report; of a grid there is one row a kind and day, open again where it had been settled that day."""
    made = insert(answer_reports).values(
        kind=kind, grid_code=grid_code, area_code=grid_code[:COMMUNITY_DIGITS], reported_on=on
    )  # fmt: skip
    again = made.on_conflict_do_update(
        constraint="answer_reports_once_key",
        set_={
            "times": func.least(answer_reports.c.times + 1, TIMES_MAX), "settled_at": None, "settled_by": None,
        },
    )  # fmt: skip
    connection.execute(again)


def list_open(connection: Connection, *, within: str = EVERYWHERE, limit: int = 500) -> pd.DataFrame:
    """Return open reports, the newest day first; columns as in answers/reports.sql."""
    asked = {"within": digits_of(within), "most": limit}
    return cast(pd.DataFrame, read_named(connection, "answers/reports", asked, index=None, geometry=False))


def settle(connection: Connection, report_id: int, *, by: str, within: str = EVERYWHERE) -> None:
    """Write down that somebody has seen to a report.

    Raises
    ------
    NotFoundError
        There is none of that id within the scope.
    ConflictError
        It is settled already.
    """
    is_it = (answer_reports.c.report_id == report_id) & below(answer_reports.c.area_code, within)
    found = connection.execute(select(answer_reports.c.settled_at).where(is_it).with_for_update()).one_or_none()
    if found is None:
        raise NotFoundError(what="report", key=report_id)
    if found.settled_at is not None:
        raise ConflictError(what=f"report {report_id}", reason="it is settled already", reason_zh="该条已处理")
    connection.execute(update(answer_reports).where(is_it).values(settled_at=func.now(), settled_by=by))
