"""Plate reports: a plate lost, damaged or wrong, as the public tells it; open until somebody settles it."""

from typing import Any, cast

import pandas as pd
from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from data.stores._rows import read_named
from data.stores._within import EVERYWHERE, below, digits_of
from data.tables.plates import doorplates, plate_reports
from geo.errors import ConflictError, NotFoundError


def add_report(connection: Connection, plate_id: int, kind: str, words: str | None) -> None:
    """Write a report; one of the same kind that is open already is counted once more, its first words kept."""
    made = insert(plate_reports).values(plate_id=plate_id, kind=kind, words=words)
    again = made.on_conflict_do_update(
        index_elements=["plate_id", "kind"],
        index_where=text("settled_at IS NULL"),
        set_={
            "times": func.least(plate_reports.c.times + 1, 10_000),
            "words": func.coalesce(plate_reports.c.words, made.excluded.words),
        },
    )
    connection.execute(again)


def list_open(connection: Connection, *, within: str = EVERYWHERE, limit: int = 1000) -> pd.DataFrame:
    """Return open reports, oldest first; columns as in plates/reports.sql."""
    asked = {"within": digits_of(within), "most": limit}
    return cast(pd.DataFrame, read_named(connection, "plates/reports", asked, index=None, geometry=False))


def read_report(connection: Connection, report_id: int, *, within: str = EVERYWHERE) -> dict[str, Any]:
    """Return a report's own row, held to the end of the transaction.

    Raises
    ------
    NotFoundError
        There is none of that id within the scope.
    ConflictError
        It is settled already.
    """
    statement = (
        select(plate_reports)
        .join(doorplates, doorplates.c.plate_id == plate_reports.c.plate_id)
        .where(plate_reports.c.report_id == report_id, below(doorplates.c.area_code, within))
        .with_for_update(of=plate_reports)
    )
    found = connection.execute(statement).one_or_none()
    if found is None:
        raise NotFoundError(what="report", key=report_id)
    if found.settled_at is not None:
        raise ConflictError(what=f"report {report_id}", reason="it is settled already", reason_zh="该上报已处理")
    return dict(found._mapping)


def settle(connection: Connection, *, by: str, outcome: str, report_id: int | None = None, plate_id: int) -> int:
    """Settle an open report of a plate, or (without a report_id) all of them; return how many."""
    chosen = [plate_reports.c.plate_id == plate_id, plate_reports.c.settled_at.is_(None)]
    if report_id is not None:
        chosen.append(plate_reports.c.report_id == report_id)
    values = {"settled_at": func.now(), "settled_by": by, "outcome": outcome}
    return int(connection.execute(update(plate_reports).where(*chosen).values(**values)).rowcount)
