"""Areas: divisions from province to community, with their outlines. EPSG:4326."""

import geopandas as gpd
from sqlalchemy import Connection, select, text

from data.stores._rows import columns_of, read_frame
from data.stores._within import EVERYWHERE, below
from data.tables.ground import areas


def read_areas(connection: Connection, *, level: str | None = None, within: str = EVERYWHERE) -> gpd.GeoDataFrame:
    """Return areas by code: index area_code; name, level, parent_code, is_stand_in, geometry (or None).

    Parameters
    ----------
    level
        ``"community"`` ...; None is every level.
    within
        Leading digits of a division code.
    """
    statement = select(*columns_of(areas)).where(below(areas.c.area_code, within)).order_by(areas.c.area_code)
    if level is not None:
        statement = statement.where(areas.c.level == level)
    return read_frame(connection, statement, index="area_code")


def edition(connection: Connection) -> int:
    """Return a number that grows whenever areas change; the reader may ask."""
    return int(connection.scalar(text("SELECT public_areas_edition()")) or 0)
