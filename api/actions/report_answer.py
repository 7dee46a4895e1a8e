"""Report answer: a resident says that an answer of the look-up is wrong.

Kept are the kind, the grid that was answered, the day and a count. Nobody is asked who or where they are, or for words.
"""

from datetime import date

from sqlalchemy import Engine

from api.published import PublishedGrids
from data.postgis.engine import transaction
from data.stores import answer_reports
from geo.errors import NotFoundError

ACTOR = "public"


def report_answer(engine: Engine, published: PublishedGrids, *, kind: str, grid_code: str, on: date) -> None:
    """Count what is wrong with the answer of a grid, on a day.

    Raises
    ------
    NotFoundError
        No such grid answers that day: what is made up is not written down.
    """
    if not (published.on(on).grids["grid_code"] == grid_code).any():
        raise NotFoundError(what="grid", key=grid_code)
    with transaction(engine, actor=ACTOR, action="report_answer", scope=grid_code[:12]) as conn:
        answer_reports.add_report(conn, kind=kind, grid_code=grid_code, on=on)
