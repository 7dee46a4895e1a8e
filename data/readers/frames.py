"""Frames in the shape of their table: every column there, in order, text as text or None.

A reader fills what it knows; the rest is empty in the way the store expects (None, not NaN).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import BigInteger, Boolean, DateTime, Integer, Table

from geo.frames import WGS84

Shapes = Sequence[Any] | np.ndarray


def table_columns(table: Table) -> list[str]:
    """Return a table's columns without its key and geometry, in the table's order."""
    key = {column.name for column in table.primary_key.columns}
    return [column.name for column in table.columns if column.name not in key and column.name != "geometry"]


def table_frame(
    table: Table, values: Mapping[str, Sequence[Any]], shapes: Sequence[Any] | np.ndarray
) -> gpd.GeoDataFrame:
    """Return a frame of `table`'s columns, EPSG:4326, ids 1..n in row order as index.

    Parameters
    ----------
    table
        One of `data.tables`; its single primary key names the index.
    values
        Column name to values, all as long as `shapes`. Columns not given are empty.
    shapes
        Shapely geometries in degrees, one a row.
    """
    rows = len(shapes)
    key = next(iter(table.primary_key.columns)).name
    index = pd.RangeIndex(1, rows + 1, name=key).astype("int64")
    columns = {name: typed_column(table, name, values.get(name, [None] * rows), index) for name in table_columns(table)}
    geometry = gpd.GeoSeries(np.asarray(shapes, dtype=object), index=index, crs=WGS84)
    return gpd.GeoDataFrame(columns, geometry=geometry, index=index, crs=WGS84)


def typed_column(table: Table, name: str, values: Sequence[Any], index: pd.Index) -> pd.Series:
    """Return one column with the type its table gives it; nullable numbers stay nullable."""
    column = table.columns[name]
    kind: Any = object
    if isinstance(column.type, (Integer, BigInteger)):
        kind = "Int64" if column.nullable else "int64"
    elif isinstance(column.type, Boolean):
        kind = "bool"
    elif isinstance(column.type, DateTime):
        times: pd.Series = pd.Series(pd.to_datetime(list(values), utc=True), index=index, name=name)
        moments: pd.Series = times.dt.as_unit("us")
        return moments
    elif column.type.python_type is float:
        kind = "float64"
    told: pd.Series = pd.Series(list(values), index=index, name=name, dtype=kind)
    return told


def multi(shapes: Shapes) -> np.ndarray:
    """Return every polygonal shape as a MultiPolygon, as the store's columns want them."""
    array = np.array(shapes, dtype=object)
    single = shapely.get_type_id(array) == 3
    if single.any():
        array[single] = shapely.multipolygons(array[single], indices=np.arange(int(single.sum())))
    return array


def polygons_only(shapes: Shapes) -> np.ndarray:
    """Return shapes made valid and reduced to their polygons; what has none becomes empty."""
    array = np.asarray(shapes, dtype=object)
    bad = ~shapely.is_valid(array)
    array[bad] = shapely.make_valid(array[bad])
    mixed = ~np.isin(shapely.get_type_id(array), (3, 6))
    array[mixed] = [_polygon_part(shape) for shape in array[mixed]]
    return array


def _polygon_part(shape: Any) -> Any:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else shapely.Polygon()
