"""Cover: whether every door is in exactly one grid on a day, with someone answerable. EPSG:4326.

A door is a stairwell, or the middle of a building that has none. Doors are held against the stored
polygons, not against the cells these were made of: that is the point of asking.
"""

from datetime import date
from typing import cast

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection

from data.stores._rows import read_named
from data.stores._within import EVERYWHERE, digits_of


def count_doors(connection: Connection, *, on: date, scheme: str = "general", within: str = EVERYWHERE) -> pd.DataFrame:
    """Return how many doors each community has, and how they lie. The reader's role may ask.

    Returns
    -------
    pandas.DataFrame
        index area_code; doors, doors_covered, doors_without_grid, doors_in_several.

    A door is covered when it lies in exactly one grid and that grid has a worker. Every figure of cover, public
    or not, comes from here.
    """
    asked = {"on": on, "scheme": scheme, "within": digits_of(within)}
    frame = read_named(connection, "cover/counts", asked, index="area_code", geometry=False)
    return cast(pd.DataFrame, frame)


def cover_by_community(
    connection: Connection, *, on: date, scheme: str = "general", within: str = EVERYWHERE
) -> pd.DataFrame:
    """Return cover of each community.

    Returns
    -------
    pandas.DataFrame
        index area_code; name, households, grids, vacant (grids without a worker), and the columns of `count_doors`.
    """
    asked = {"on": on, "scheme": scheme, "within": digits_of(within)}
    frame = read_named(connection, "cover/communities", asked, index="area_code", geometry=False)
    return cast(pd.DataFrame, frame).join(count_doors(connection, on=on, scheme=scheme, within=within))


def stray_doors(
    connection: Connection, *, on: date, scheme: str = "general", within: str = EVERYWHERE, most: int = 1000
) -> gpd.GeoDataFrame:
    """Return up to `most` doors that lie in no grid on a day, or in several.

    Returns
    -------
    geopandas.GeoDataFrame
        rows from 0; building_id, stairwell_id (Int64), area_code, name, households, grids (0, or 2 and more),
        geometry (Point).
    """
    asked = {"on": on, "scheme": scheme, "within": digits_of(within), "most": most}
    return read_named(connection, "cover/doors", asked, index=None)


def vacancies(
    connection: Connection, *, on: date, scheme: str = "general", within: str = EVERYWHERE
) -> gpd.GeoDataFrame:
    """Return grids without a worker on a day, largest first: index grid_id; grid_code, name, households ..."""
    asked = {"on": on, "scheme": scheme, "within": digits_of(within)}
    return read_named(connection, "cover/vacancies", asked, index="grid_id")
