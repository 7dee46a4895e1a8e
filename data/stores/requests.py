"""Requests: incidents as other systems follow them - what, where, when and how far; never who reported.

Row-level security shows only those in scope.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, false, func, or_, select

from data.tables.incidents import incident_events, incidents

_OWN = (
    "incident_id", "area_code", "category", "state", "tier", "reported_at", "closed_at", "tier_at", "due_at",
    "description", "address", "building_id", "duplicate_of",
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """Which requests.

    Attributes
    ----------
    ids
        These, and nothing else is asked.
    since, until
        Reported between these seconds, both included.
    categories
        Of these kinds; None is all.
    is_closed
        By the moment it was closed, or by `closed_states`; None is both.
    """

    ids: tuple[int, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    categories: tuple[str, ...] | None = None
    is_closed: bool | None = None


def read_requests(
    connection: Connection, choice: Choice, *, closed_states: tuple[str, ...], limit: int, skip: int = 0
) -> list[dict[str, Any]]:
    """Return requests, newest first: the columns above, is_closed, lon, lat, and changed_at of the last event."""
    place, closed = incidents.c.geometry, _closed(closed_states)
    last = select(func.max(incident_events.c.at)).where(incident_events.c.incident_id == incidents.c.incident_id)
    statement = select(
        *(incidents.c[name] for name in _OWN), closed.label("is_closed"), func.ST_X(place).label("lon"),
        func.ST_Y(place).label("lat"), last.scalar_subquery().label("changed_at"),
    ).where(*_conditions(choice, closed))  # fmt: skip
    ordered = statement.order_by(incidents.c.reported_at.desc(), incidents.c.incident_id.desc())
    return [dict(row._mapping) for row in connection.execute(ordered.limit(limit).offset(skip))]


def _closed(closed_states: tuple[str, ...]) -> ColumnElement[bool]:
    return or_(incidents.c.closed_at.is_not(None), incidents.c.state.in_(closed_states) if closed_states else false())


def _conditions(choice: Choice, closed: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    if choice.ids is not None:
        return [incidents.c.incident_id.in_(choice.ids)]
    asked: list[ColumnElement[bool]] = []
    if choice.since is not None:
        asked.append(incidents.c.reported_at >= choice.since)
    if choice.until is not None:
        asked.append(incidents.c.reported_at < choice.until + timedelta(seconds=1))
    if choice.categories is not None:
        asked.append(incidents.c.category.in_(choice.categories))
    if choice.is_closed is not None:
        asked.append(closed if choice.is_closed else ~closed)
    return asked
