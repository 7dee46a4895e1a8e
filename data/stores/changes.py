"""Changes: stations, gates and streets added one by one, and streets drawn or walked otherwise. EPSG:4326."""

import geopandas as gpd
import pandas as pd
import pyproj
from geoalchemy2.shape import from_shape
from sqlalchemy import Connection, Table, update

from data.stores._rows import allot_ids, copy_frame
from data.stores.areas import read_areas
from data.tables.ground import gates, streets
from data.tables.reach import stations


def add_stations(connection: Connection, rows: gpd.GeoDataFrame) -> int:
    """Add stations (name, category, level, hours, Point), each in the community it stands in; return how many."""
    communities = read_areas(connection, level="community")[["geometry"]]
    placed = gpd.sjoin(rows[["geometry"]], communities.reset_index(), predicate="covered_by", how="left")
    code = placed.groupby(level=0)["area_code"].min().reindex(rows.index)
    columns = ["name", "category", "level", "hours", "geometry"]
    return _add(connection, stations, rows[columns].assign(area_code=code.where(code.notna(), None)))


def add_gates(connection: Connection, rows: gpd.GeoDataFrame) -> int:
    """Add gates (compound_id, hours, Point); return how many."""
    return _add(connection, gates, rows[["compound_id", "hours", "geometry"]])


def add_streets(connection: Connection, rows: gpd.GeoDataFrame, *, crs: pyproj.CRS) -> int:
    """Add footways (is_bridge, LineString), measured in a metre CRS; return how many."""
    lengths = rows.geometry.to_crs(crs).length
    made = rows[["is_bridge", "geometry"]].assign(length_m=lengths, road_class="footway", is_walkable=True)
    return _add(connection, streets, made.astype({"is_bridge": bool}))


def change_streets(connection: Connection, rows: gpd.GeoDataFrame) -> int:
    """Give streets, by street_id, their shape and whether people walk there; return how many."""
    for street_id, line, is_walkable in zip(rows.index, rows.geometry, rows["is_walkable"], strict=True):
        shape = from_shape(line, srid=4326)
        own = streets.c.street_id == int(street_id)
        connection.execute(update(streets).where(own).values(geometry=shape, is_walkable=bool(is_walkable)))
    return len(rows)


def _add(connection: Connection, table: Table, rows: gpd.GeoDataFrame) -> int:
    """Add rows under the next numbers of the table: those they were tried under may be somebody else's by now."""
    if len(rows) == 0:
        return 0
    key = next(iter(table.primary_key.columns)).name
    return copy_frame(connection, table, rows.set_index(pd.Index(allot_ids(connection, table, len(rows)), name=key)))
