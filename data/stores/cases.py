"""Cases: one incident followed - where it stands, what was done with it by whom, and what may be the same.

Row-level security shows only those in scope. A case holds private text: it is for those who handle it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple, cast

import pandas as pd
from geoalchemy2 import WKTElement
from sqlalchemy import Column, Connection, MetaData, Table, func, insert, select, text, update

from data.sql import read_sql
from data.stores._rows import copy_frame, read_frame, read_named
from data.tables.ground import buildings
from data.tables.incidents import calendar_days, incident_events, incidents
from geo.errors import NotFoundError

Row = dict[str, Any]


class Door(NamedTuple):
    """A building, a point in it, and its community."""

    building_id: int
    lon: float
    lat: float
    area_code: str


def read_case(connection: Connection, incident_id: int, *, lock: bool = False) -> Row:
    """Return every column of an incident, its place as lon and lat; with `lock` nobody else moves it meanwhile.

    Raises
    ------
    NotFoundError
        There is none in scope.
    """
    columns = [column for column in incidents.columns if column.name != "geometry"]
    place = incidents.c.geometry
    statement = select(*columns, func.ST_X(place).label("lon"), func.ST_Y(place).label("lat"))
    statement = statement.where(incidents.c.incident_id == incident_id)
    found = connection.execute(statement.with_for_update(of=incidents) if lock else statement).one_or_none()
    if found is None:
        raise NotFoundError(what="incident", key=incident_id)
    return dict(found._mapping)


def read_events(connection: Connection, incident_id: int) -> list[Row]:
    """Return what was done with an incident, first to last: event_id, at, kind, tier, state, from_*, actor, note."""
    names = ("event_id", "at", "kind", "tier", "state", "from_tier", "from_state", "actor", "note")
    statement = select(*(incident_events.c[name] for name in names)).where(incident_events.c.incident_id == incident_id)
    ordered = statement.order_by(incident_events.c.at, incident_events.c.event_id)
    return [dict(row._mapping) for row in connection.execute(ordered)]


def add_incident(connection: Connection, values: Mapping[str, Any]) -> int:
    """Store a new incident and return its incident_id; `lon` and `lat`, where both are given, are its place."""
    given = dict(values)
    lon, lat = given.pop("lon", None), given.pop("lat", None)
    given["geometry"] = place_of(lon, lat)
    made = insert(incidents).values(**given).returning(incidents.c.incident_id)
    return int(connection.execute(made).scalar_one())


def change_case(connection: Connection, incident_id: int, values: Mapping[str, Any]) -> None:
    """Set columns of an incident."""
    connection.execute(update(incidents).where(incidents.c.incident_id == incident_id).values(**values))


def add_event(connection: Connection, incident_id: int, values: Mapping[str, Any]) -> None:
    """Write down what was done with an incident."""
    connection.execute(insert(incident_events).values(incident_id=incident_id, **values))


def place_of(lon: float | None, lat: float | None) -> WKTElement | None:
    """Return a place as the store keeps it."""
    return None if lon is None or lat is None else WKTElement(f"POINT({lon:.9f} {lat:.9f})", srid=4326)


def find_place(
    connection: Connection, lon: float, lat: float, *, on: date, scheme: str = "general"
) -> tuple[str | None, str | None]:
    """Return the community a point lies in and the grid it lay in on a day, by code; None where there is none."""
    asked = {"lon": float(lon), "lat": float(lat), "day": on, "scheme": scheme}
    found = connection.execute(text(read_sql("incidents/place_point")), asked).one()
    return found.area_code, found.grid_code


def door(connection: Connection, building_id: int) -> Door:
    """Return a building's door."""
    inside = func.ST_PointOnSurface(buildings.c.geometry)
    statement = select(buildings.c.building_id, func.ST_X(inside), func.ST_Y(inside), buildings.c.area_code)
    return Door(*connection.execute(statement.where(buildings.c.building_id == building_id)).one())


def read_duplicates(
    connection: Connection, *, near_m: float, within_hours: float, incident_id: int | None = None, most: int = 200
) -> pd.DataFrame:
    """Return pairs of open incidents that may be one, soonest after each other first.

    Returns
    -------
    pandas.DataFrame
        rows from 0; first_id, second_id, category, apart_m, apart_hours.
    """
    asked = {"near_m": near_m, "within_hours": within_hours, "incident_id": incident_id, "most": most}
    return cast(pd.DataFrame, read_named(connection, "incidents/duplicates", asked, index=None, geometry=False))


def read_unplaced(connection: Connection, *, limit: int = 500) -> pd.DataFrame:
    """Return incidents without a place of ours, newest first: index incident_id; what is told of them, and why."""
    names = ("incident_id", "area_code", "reported_at", "category", "state", "address", "place_problem", "source")
    statement = select(*(incidents.c[name] for name in names)).where(incidents.c.place_problem.is_not(None))
    ordered = statement.order_by(incidents.c.reported_at.desc(), incidents.c.incident_id.desc()).limit(limit)
    return cast(pd.DataFrame, read_frame(connection, ordered, index="incident_id", geometry=False))


def read_untimed(connection: Connection) -> pd.DataFrame:
    """Return incidents whose clock was never started: index incident_id; category, tier, reported_at."""
    names = ("incident_id", "category", "tier", "reported_at")
    statement = select(*(incidents.c[name] for name in names)).where(incidents.c.tier_at.is_(None))
    return cast(pd.DataFrame, read_frame(connection, statement, index="incident_id", geometry=False))


def read_running(connection: Connection) -> pd.DataFrame:
    """Return open incidents whose clock runs: index incident_id; category, tier, tier_at, reported_at."""
    names = ("incident_id", "category", "tier", "tier_at", "reported_at")
    statement = select(*(incidents.c[name] for name in names)).where(
        incidents.c.closed_at.is_(None), incidents.c.parked_at.is_(None), incidents.c.tier_at.is_not(None)
    )
    return cast(pd.DataFrame, read_frame(connection, statement, index="incident_id", geometry=False))


def write_clocks(connection: Connection, timed: pd.DataFrame) -> int:
    """Set tier, tier_at and due_at of incidents (index incident_id) and return how many."""
    if timed.empty:
        return 0
    names = ("incident_id", "tier", "tier_at", "due_at")
    clocks = Table("clocks", MetaData(), *(Column(name, incidents.c[name].type) for name in names))
    connection.exec_driver_sql(
        "CREATE TEMPORARY TABLE clocks AS SELECT incident_id, tier, tier_at, due_at FROM incidents WITH NO DATA"
    )
    copy_frame(connection, clocks, timed[["tier", "tier_at", "due_at"]].reset_index())
    values = {name: clocks.c[name] for name in names[1:]}
    connection.execute(update(incidents).values(values).where(incidents.c.incident_id == clocks.c.incident_id))
    connection.exec_driver_sql("DROP TABLE clocks")
    return len(timed)


def read_addressed(connection: Connection) -> pd.Series:
    """Return the addresses of incidents that have no place yet, by incident_id."""
    columns = (incidents.c.incident_id, incidents.c.address)
    statement = select(*columns).where(incidents.c.geometry.is_(None), incidents.c.address.is_not(None))
    return cast(pd.Series, read_frame(connection, statement, index="incident_id", geometry=False)["address"])


def read_calendar(connection: Connection) -> tuple[frozenset[date], frozenset[date]]:
    """Return the holidays, and the days worked instead."""
    rows = connection.execute(select(calendar_days.c.day, calendar_days.c.is_working)).all()
    return frozenset(row.day for row in rows if not row.is_working), frozenset(
        row.day for row in rows if row.is_working
    )
