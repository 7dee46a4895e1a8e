"""Incidents: what was reported, where it gathers, and how much of what. EPSG:4326; days are Asia/Shanghai.

Row-level security shows only those in scope. Their text leaves through `read_descriptions` alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Connection, delete, func, select, text

from data.calendar import ZONE
from data.sql import read_sql
from data.stores._rows import columns_of, copy_frame, read_frame, read_named
from data.tables.incidents import incident_clusters
from data.tables.incidents import incidents as incidents_table

_PUBLISHED_COLUMNS = (
    "incident_id", "area_code", "reported_at", "closed_at", "category", "tier", "state", "building_id",
    "grid_code_reported", "geometry",
)  # fmt: skip
_CLUSTER = ["area_code", "incidents", "places", "is_one_place", "top_category", "first_on", "last_on", "geometry"]
# What GROUPING() says of each part in counts.sql: a bit is set where a key is not the one grouped by.
_PARTS = {"total": 63, "days": 31, "categories": 47, "tiers": 55, "states": 59, "hours": 61, "grids": 62}


@dataclass(frozen=True)
class IncidentFilter:
    """Which incidents; None is no limit.

    Attributes
    ----------
    first_on, last_on
        Days reported, both included, from midnight to midnight in Asia/Shanghai.
    category, tier, state
        Keys of the profile.
    bbox
        west, south, east, north in degrees.
    """

    first_on: date | None = None
    last_on: date | None = None
    category: str | None = None
    tier: str | None = None
    state: str | None = None
    bbox: tuple[float, float, float, float] | None = None

    @property
    def since(self) -> datetime | None:
        """The moment the first day begins."""
        return None if self.first_on is None else datetime.combine(self.first_on, time.min, tzinfo=ZONE)

    @property
    def until(self) -> datetime | None:
        """The moment the last day ends."""
        if self.last_on is None:
            return None
        return datetime.combine(self.last_on + timedelta(days=1), time.min, tzinfo=ZONE)


EVERY_INCIDENT = IncidentFilter()


@dataclass(frozen=True)
class IncidentCounts:
    """How many incidents a filter leaves.

    Attributes
    ----------
    total, open, overdue
        All; not closed; not closed, and their limit is over.
    days, categories, tiers, states, grids
        Series of counts by date, key or grid code; an incident without tier or grid is not in that one.
    hours
        7 x 24 array, Monday first, Asia/Shanghai.
    """

    total: int
    open: int
    overdue: int
    days: pd.Series
    categories: pd.Series
    tiers: pd.Series
    states: pd.Series
    grids: pd.Series
    hours: np.ndarray


def read_incidents(
    connection: Connection,
    *,
    filters: IncidentFilter = EVERY_INCIDENT,
    after: int | None = None,
    limit: int | None = None,
) -> gpd.GeoDataFrame:
    """Return incidents by id, without their text.

    Parameters
    ----------
    after, limit
        A page: ids above `after`, at most `limit` of them.

    Returns
    -------
    geopandas.GeoDataFrame
        index incident_id; area_code, reported_at, closed_at (UTC), category, tier, state, building_id (Int64),
        grid_code_reported, geometry (Point).
    """
    statement = select(*columns_of(incidents_table, *_PUBLISHED_COLUMNS)).where(*_conditions(filters))
    if after is not None:
        statement = statement.where(incidents_table.c.incident_id > after)
    return read_frame(connection, statement.order_by(incidents_table.c.incident_id).limit(limit), index="incident_id")


def read_descriptions(connection: Connection, incident_ids: Sequence[int]) -> pd.Series:
    """Return what people wrote, by incident_id: private, for those who handle the incident."""
    columns = (incidents_table.c.incident_id, incidents_table.c.description)
    statement = select(*columns).where(incidents_table.c.incident_id.in_(list(incident_ids)))
    return cast(pd.Series, read_frame(connection, statement, index="incident_id", geometry=False)["description"])


def read_places(connection: Connection, *, filters: IncidentFilter = EVERY_INCIDENT) -> np.ndarray:
    """Return where incidents were reported: array of (lon, lat), in degrees, in order of id."""
    shape = incidents_table.c.geometry
    statement = select(func.ST_X(shape), func.ST_Y(shape)).where(*_conditions(filters))
    rows = connection.execute(statement.order_by(incidents_table.c.incident_id)).all()
    return np.array([tuple(row) for row in rows], dtype="float64").reshape(-1, 2)


def first_reported_at(connection: Connection) -> datetime | None:
    """Return the moment of the first incident in scope, or None."""
    first: datetime | None = connection.scalar(select(func.min(incidents_table.c.reported_at)))
    return first


def counts(
    connection: Connection,
    filters: IncidentFilter = EVERY_INCIDENT,
    *,
    now: datetime | None = None,
) -> IncidentCounts:
    """Count incidents by day, category, tier, state, weekday and hour, and grid, in one pass.

    Parameters
    ----------
    now
        The moment against which limits are held; the present one if None.
    """
    west, south, east, north = filters.bbox or (None, None, None, None)
    asked = {
        "since": filters.since, "until": filters.until, "category": filters.category, "tier": filters.tier,
        "state": filters.state, "west": west, "south": south, "east": east, "north": north,
        "now": now or datetime.now(UTC),
    }  # fmt: skip
    rows = read_named(connection, "incidents/counts", asked, index=None, geometry=False)
    parts = {name: rows[rows["part"] == code] for name, code in _PARTS.items()}
    total = parts["total"].iloc[0]
    hours = np.zeros((7, 24), dtype="int64")
    when = parts["hours"]
    hours[when["weekday"].to_numpy(dtype=int) - 1, when["hour"].to_numpy(dtype=int)] = when["incidents"]
    return IncidentCounts(
        total=int(total["incidents"]), open=int(total["open"]), overdue=int(total["overdue"]), hours=hours,
        days=_by(parts["days"], "day"), categories=_by(parts["categories"], "category"),
        tiers=_by(parts["tiers"], "tier"), states=_by(parts["states"], "state"), grids=_by(parts["grids"], "grid_code"),
    )  # fmt: skip


def place_incidents(connection: Connection, *, within_m: float = 50.0, scheme: str = "general") -> dict[str, int]:
    """Give incidents in scope their building and their grid of the day, where they have none yet.

    Parameters
    ----------
    within_m
        How far from the reported place the nearest building may lie; a building given by the source is kept.

    Returns
    -------
    dict
        ``buildings`` and ``grids``: how many incidents were given one.
    """
    buildings = connection.execute(text(read_sql("incidents/place_buildings")), {"within_m": within_m})
    grids = connection.execute(text(read_sql("incidents/place_grids")), {"scheme": scheme})
    return {"buildings": buildings.rowcount, "grids": grids.rowcount}


def write_clusters(
    connection: Connection,
    clusters: gpd.GeoDataFrame | Iterable[gpd.GeoDataFrame],
    *,
    parameters: Mapping[str, Any],
    method: str,
    areas: gpd.GeoDataFrame | None = None,
) -> int:
    """Put clusters in the place of those in scope and return how many.

    Parameters
    ----------
    clusters
        One frame or several: incidents, places, is_one_place, top_category, first_on, last_on, geometry
        (Polygon); area_code, unless `areas` is given. Their index is not kept.
    parameters, method
        What made them; stored with each.
    areas
        Communities: a cluster gets the code of the one in which its middle lies, or which is nearest to it.
    """
    frames = [clusters] if isinstance(clusters, pd.DataFrame) else list(clusters)
    connection.execute(delete(incident_clusters))
    kept = [frame for frame in frames if len(frame)]
    if not kept:
        return 0
    rows = gpd.GeoDataFrame(pd.concat(kept, ignore_index=True), geometry="geometry", crs=kept[0].crs)
    if areas is not None:
        rows["area_code"] = _communities(rows, areas)
    rows = rows[_CLUSTER].assign(method=method)
    rows["parameters"] = [dict(parameters)] * len(rows)
    return copy_frame(connection, incident_clusters, rows)


def read_clusters(connection: Connection, *, filters: IncidentFilter = EVERY_INCIDENT) -> gpd.GeoDataFrame:
    """Return clusters in scope, largest first: index cluster_id; the columns of the table, geometry (Polygon).

    Of the filter, the days keep clusters with an incident on or between them; category and bbox hold as they are.
    """
    table = incident_clusters.c
    conditions: list[ColumnElement[bool]] = []
    if filters.first_on is not None:
        conditions.append(table.last_on >= filters.first_on)
    if filters.last_on is not None:
        conditions.append(table.first_on <= filters.last_on)
    if filters.category is not None:
        conditions.append(table.top_category == filters.category)
    if filters.bbox is not None:
        conditions.append(func.ST_Intersects(table.geometry, func.ST_MakeEnvelope(*filters.bbox, 4326)))
    statement = select(*columns_of(incident_clusters)).where(*conditions)
    return read_frame(connection, statement.order_by(table.incidents.desc(), table.cluster_id), index="cluster_id")


def _conditions(filters: IncidentFilter) -> list[ColumnElement[bool]]:
    table = incidents_table.c
    conditions: list[ColumnElement[bool]] = []
    if filters.since is not None:
        conditions.append(table.reported_at >= filters.since)
    if filters.until is not None:
        conditions.append(table.reported_at < filters.until)
    for name, wanted in asdict(filters).items():
        if name in ("category", "tier", "state") and wanted is not None:
            conditions.append(table[name] == wanted)
    if filters.bbox is not None:
        # Not && alone: it compares boxes rounded to four bytes, and lets in what lies just outside.
        conditions.append(func.ST_Intersects(table.geometry, func.ST_MakeEnvelope(*filters.bbox, 4326)))
    return conditions


def _by(rows: pd.DataFrame, key: str) -> pd.Series:
    named = rows[rows[key].notna()]
    return pd.Series(named["incidents"].to_numpy(dtype="int64"), index=pd.Index(named[key], name=key), name="incidents")


def _communities(clusters: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> np.ndarray:
    """The community each cluster's middle lies in or is nearest to, as degrees go: borders decide metres, not this."""
    middles = clusters.geometry.representative_point()
    own, found = areas.sindex.nearest(middles, return_all=False)
    codes = np.empty(len(clusters), dtype=object)
    codes[own] = areas.index.to_numpy()[found]
    return codes
