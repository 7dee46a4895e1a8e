"""Incidents: what was reported, where it gathers, and how much of what. EPSG:4326; days are Asia/Shanghai.

Row-level security shows only those in scope. Their text leaves through `read_descriptions` alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection, delete, func, select, text

from data.sql import read_sql
from data.stores._rows import columns_of, copy_frame, read_frame, read_named
from data.tables.incidents import incident_clusters
from data.tables.incidents import incidents as incidents_table

_PUBLISHED_COLUMNS = (
    "incident_id", "area_code", "reported_at", "closed_at", "category", "tier", "state", "building_id",
    "grid_code_reported", "geometry",
)  # fmt: skip
_CLUSTER = ["area_code", "incidents", "places", "is_one_place", "top_category", "first_on", "last_on", "geometry"]


def read_incidents(connection: Connection) -> gpd.GeoDataFrame:
    """Return incidents by id, without their text.

    Returns
    -------
    geopandas.GeoDataFrame
        index incident_id; area_code, reported_at, closed_at (UTC), category, tier, state, building_id (Int64),
        grid_code_reported, geometry (Point; None without a place).
    """
    statement = select(*columns_of(incidents_table, *_PUBLISHED_COLUMNS)).order_by(incidents_table.c.incident_id)
    return read_frame(connection, statement, index="incident_id")


def read_descriptions(connection: Connection, incident_ids: Sequence[int]) -> pd.Series:
    """Return what people wrote, by incident_id: private, for those who handle the incident."""
    columns = (incidents_table.c.incident_id, incidents_table.c.description)
    statement = select(*columns).where(incidents_table.c.incident_id.in_(list(incident_ids)))
    return cast(pd.Series, read_frame(connection, statement, index="incident_id", geometry=False)["description"])


def first_reported_at(connection: Connection) -> datetime | None:
    """Return the moment of the first incident in scope, or None."""
    first: datetime | None = connection.scalar(select(func.min(incidents_table.c.reported_at)))
    return first


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


def open_in_cells(connection: Connection, cell_ids: Collection[int]) -> pd.DataFrame:
    """Return the open incidents in scope that lie in some cells: index incident_id; cell_id, category ..."""
    asked = {"cell_ids": [int(cell) for cell in cell_ids]}
    found = read_named(connection, "incidents/open_in_cells", asked, index="incident_id", geometry=False)
    return pd.DataFrame(found)


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


def read_clusters(connection: Connection) -> gpd.GeoDataFrame:
    """Return clusters in scope, largest first: index cluster_id; the columns of the table, geometry (Polygon)."""
    table = incident_clusters.c
    statement = select(*columns_of(incident_clusters)).order_by(table.incidents.desc(), table.cluster_id)
    return read_frame(connection, statement, index="cluster_id")


def _communities(clusters: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> np.ndarray:
    """The community each cluster's middle lies in or is nearest to, as degrees go: borders decide metres, not this."""
    middles = clusters.geometry.representative_point()
    own, found = areas.sindex.nearest(middles, return_all=False)
    codes = np.empty(len(clusters), dtype=object)
    codes[own] = areas.index.to_numpy()[found]
    return codes
