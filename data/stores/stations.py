"""Stations: places that serve people. EPSG:4326."""

import geopandas as gpd
from sqlalchemy import Connection, select

from data.stores._rows import columns_of, read_frame
from data.stores._within import EVERYWHERE, below
from data.tables.reach import stations


def read_stations(connection: Connection, *, within: str = EVERYWHERE, category: str | None = None) -> gpd.GeoDataFrame:
    """Return stations: index station_id; the columns of the table, geometry (Point).

    Parameters
    ----------
    within
        Leading digits of a division code; a station without a code is everywhere's only.
    category
        One category of the profile; None is all.
    """
    statement = select(*columns_of(stations)).where(below(stations.c.area_code, within))
    if category is not None:
        statement = statement.where(stations.c.category == category)
    return read_frame(connection, statement.order_by(stations.c.station_id), index="station_id")
