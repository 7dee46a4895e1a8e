"""Boards: what a notice board says of a grid on a day - nothing but what anybody may know. EPSG:4326.

The reader's role may ask all of it. Whom the public may call for a grid is `people.public_contacts`.
"""

from datetime import date
from typing import cast

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy import Connection, func, select, text

from data.stores._rows import read_frame, read_named
from data.stores._within import EVERYWHERE, below, digits_of
from data.tables.plans import grids, plan_areas, zones
from data.tables.reach import category_walks

_POSTS = text("SELECT role, code, name, kind, duty_line FROM public_posts(:on, :within) ORDER BY role, code")


def read_board_grids(
    connection: Connection,
    *,
    on: date,
    within: str = EVERYWHERE,
    grid_code: str | None = None,
    scheme: str = "general",
) -> gpd.GeoDataFrame:
    """Return grids that hold on a day, by code; empty where none does.

    Returns
    -------
    geopandas.GeoDataFrame
        index grid_code; name, kind, area_code, community, street (or None), plan_id, revision, document_number (or
        None), valid_from (a date), households, people, geometry.
    """
    asked = {"on": on, "within": digits_of(within), "grid_code": grid_code, "scheme": scheme}
    return read_named(connection, "boards/grids", asked, index="grid_code")


def read_board_ground(
    connection: Connection, around: shapely.Polygon, *, on: date, scheme: str = "general"
) -> gpd.GeoDataFrame:
    """Return what a map shows inside the box of `around` (EPSG:4326): rows from 0, by layer and id.

    Returns
    -------
    geopandas.GeoDataFrame
        layer (building, compound, green, water, rail, wall, street, grid), id (text), name (or None), look (use, kind
        or road class), compound (name of a building's own, or None), geometry (whole, not cut).
    """
    west, south, east, north = (float(value) for value in shapely.bounds(around))
    asked = {"west": west, "south": south, "east": east, "north": north, "on": on, "scheme": scheme}
    return read_named(connection, "boards/ground", asked, index=None)


def read_posts(connection: Connection, on: date, *, within: str = EVERYWHERE) -> pd.DataFrame:
    """Return whom boards name beside the worker, for areas within, on a day; while one is away, the substitute.

    Returns
    -------
    pandas.DataFrame
        rows from 0; role (grid_head, building_head, answerable_unit, police, lawyer), code (of the grid, zone or
        building: ``b`` and its id), name (a person's surname, an organisation's name), kind, duty_line (or None).
    """
    asked = {"on": on, "within": digits_of(within)}
    return cast(pd.DataFrame, read_frame(connection, _POSTS, asked, index=None, geometry=False))


def read_walks_of(connection: Connection, building_id: int) -> pd.DataFrame:
    """Return the nearest station on foot of each category, from one building: index category; station_id, walk_min."""
    walks = category_walks
    statement = select(walks.c.category, walks.c.station_id, walks.c.walk_min).where(
        walks.c.building_id == building_id, walks.c.walk_min.is_not(None)
    )
    found = read_frame(connection, statement.order_by(walks.c.category), index="category", geometry=False)
    return cast(pd.DataFrame, found)


def read_zone_names(connection: Connection, plan_id: int, grid_code: str) -> dict[str, str]:
    """Return what the zones of a grid are called in a plan, by code."""
    statement = (
        select(zones.c.zone_code, zones.c.name)
        .join(grids, grids.c.grid_id == zones.c.grid_id)
        .where(grids.c.plan_id == plan_id, grids.c.grid_code == grid_code)
        .order_by(zones.c.zone_code)
    )
    return {str(code): str(name) for code, name in connection.execute(statement)}


def count_boards(connection: Connection, *, on: date, within: str = EVERYWHERE, scheme: str = "general") -> int:
    """Return how many grids within hold on a day."""
    holds = (plan_areas.c.plan_id == grids.c.plan_id) & (plan_areas.c.area_code == grids.c.area_code)
    statement = (
        select(func.count())
        .select_from(grids)
        .join(plan_areas, holds)
        .where(plan_areas.c.scheme == scheme, plan_areas.c.valid.contains(on), below(grids.c.area_code, within))
    )
    return int(connection.scalar(statement) or 0)
