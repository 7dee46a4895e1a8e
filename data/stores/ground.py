"""Ground: compounds, gates, buildings, stairwells, streets, barriers, greens. EPSG:4326.

``within`` is the leading digits of a division code. What carries no code of its own (streets, barriers,
greens) is inside where it touches an area inside; gates and stairwells go with compound and building too.
"""

from collections.abc import Collection
from typing import cast

import geopandas as gpd
import pandas as pd
from sqlalchemy import ColumnElement, Connection, Table, exists, func, or_, select, text, true

from data.stores._rows import columns_of, read_frame
from data.stores._within import EVERYWHERE, below
from data.tables.ground import areas, barriers, buildings, compounds, gates, stairwells, streets


def edition(connection: Connection) -> int:
    """Return a number that grows whenever doors, stations or walks between them change; the reader may ask."""
    return int(connection.scalar(text("SELECT public_ground_edition()")) or 0)


def read_compounds(connection: Connection, *, within: str = EVERYWHERE) -> gpd.GeoDataFrame:
    """Return compounds: index compound_id; area_code, source_ref, name, kind, geometry (MultiPolygon)."""
    return _read(connection, compounds, "compound_id", below(compounds.c.area_code, within))


def read_gates(connection: Connection, *, within: str = EVERYWHERE) -> gpd.GeoDataFrame:
    """Return gates: index gate_id; compound_id (Int64), hours, geometry (Point)."""
    inside = select(compounds.c.compound_id).where(below(compounds.c.area_code, within))
    condition = or_(gates.c.compound_id.in_(inside), _touches(gates, within))
    return _read(connection, gates, "gate_id", true() if within == EVERYWHERE else condition)


def read_buildings(connection: Connection, *, within: str = EVERYWHERE) -> gpd.GeoDataFrame:
    """Return buildings: index building_id; the columns of the table, geometry (MultiPolygon)."""
    return _read(connection, buildings, "building_id", below(buildings.c.area_code, within))


def read_addresses(connection: Connection, building_ids: Collection[int]) -> dict[int, str]:
    """Return what some buildings are called by address, else by name; those with neither are left out."""
    called = func.coalesce(buildings.c.address, buildings.c.name)
    some = select(buildings.c.building_id, called).where(buildings.c.building_id.in_(sorted(building_ids)))
    return {row[0]: row[1] for row in connection.execute(some.where(called.is_not(None)))}


def read_homes(connection: Connection) -> pd.DataFrame:
    """Return where people live: index building_id; lon, lat (of a point inside), households, people, area_code."""
    place = func.ST_PointOnSurface(buildings.c.geometry)
    statement = select(
        buildings.c.building_id, func.ST_X(place).label("lon"), func.ST_Y(place).label("lat"), buildings.c.households,
        buildings.c.people, buildings.c.area_code,
    ).where(buildings.c.households > 0)  # fmt: skip
    ordered = statement.order_by(buildings.c.building_id)
    return cast(pd.DataFrame, read_frame(connection, ordered, index="building_id", geometry=False))


def read_stairwells(connection: Connection, *, within: str = EVERYWHERE) -> gpd.GeoDataFrame:
    """Return stairwells: index stairwell_id; building_id, number, households, geometry (Point)."""
    inside = select(buildings.c.building_id).where(below(buildings.c.area_code, within))
    condition = true() if within == EVERYWHERE else stairwells.c.building_id.in_(inside)
    return _read(connection, stairwells, "stairwell_id", condition)


def read_streets(connection: Connection, *, within: str = EVERYWHERE) -> gpd.GeoDataFrame:
    """Return streets: index street_id; the columns of the table, geometry (LineString)."""
    return _read(connection, streets, "street_id", _touches(streets, within))


def read_barriers(connection: Connection, *, within: str = EVERYWHERE) -> gpd.GeoDataFrame:
    """Return barriers: index barrier_id; kind, name, geometry (polygons and lines)."""
    return _read(connection, barriers, "barrier_id", _touches(barriers, within))


def _read(connection: Connection, table: Table, key: str, condition: ColumnElement[bool]) -> gpd.GeoDataFrame:
    statement = select(*columns_of(table)).where(condition).order_by(table.c[key])
    return read_frame(connection, statement, index=key)


def _touches(table: Table, within: str) -> ColumnElement[bool]:
    if within == EVERYWHERE:
        return true()
    touched = func.ST_Intersects(areas.c.geometry, table.c.geometry)
    return exists().where(below(areas.c.area_code, within), touched)
