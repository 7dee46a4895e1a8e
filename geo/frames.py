"""Frames: what a table handed to the science must have, checked at the door.

Every frame's index is its id. Geometry columns are called ``geometry``.
"""

from collections.abc import Iterable, Sequence

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from geo.errors import (
    DuplicateIdError,
    EmptyFrameError,
    MissingColumnsError,
    MissingCrsError,
    WrongCrsError,
    WrongGeometryError,
)

WGS84 = pyproj.CRS.from_epsg(4326)
POLYGONS = ("Polygon", "MultiPolygon")
LINES = ("LineString", "MultiLineString")
POINTS = ("Point",)


def require(frame: pd.DataFrame, what: str, *, columns: Sequence[str] = (), empty: bool = True) -> None:
    """Check id uniqueness, columns and, with ``empty=False``, that there are rows."""
    if not frame.index.is_unique:
        raise DuplicateIdError(what=what, ids=_some(frame.index[frame.index.duplicated()]))
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise MissingColumnsError(what=what, columns=", ".join(missing), found=", ".join(map(str, frame.columns)))
    if not empty and len(frame) == 0:
        raise EmptyFrameError(what=what, mend="")


def require_geometry(
    frame: gpd.GeoDataFrame, what: str, *, kinds: Sequence[str], crs: pyproj.CRS | None = WGS84
) -> None:
    """Check CRS (skipped with ``crs=None``), geometry kinds, emptiness and validity.

    Raises
    ------
    MissingCrsError, WrongCrsError, WrongGeometryError
        The last names up to five ids.
    """
    if frame.crs is None:
        raise MissingCrsError(what=what)
    if crs is not None and frame.crs != crs:
        raise WrongCrsError(what=what, found=frame.crs.to_string(), wanted=crs.to_string())
    shapes = frame.geometry
    for bad, reason in (
        (shapes.isna() | shapes.is_empty, "empty"),
        (~shapes.geom_type.isin(kinds), f"not {' or '.join(kinds)}"),
        (~shapes.is_valid, "invalid"),
    ):
        if bad.any():
            raise WrongGeometryError(what=what, reason=reason, ids=_some(frame.index[bad]))


def empty_frame(columns: Iterable[str], *, index: str, crs: pyproj.CRS | None = WGS84) -> gpd.GeoDataFrame:
    """Return a frame without rows that has `columns`, a geometry column and a named index."""
    frame = gpd.GeoDataFrame({name: [] for name in columns}, geometry=gpd.GeoSeries([], crs=crs), crs=crs)
    frame.index = pd.Index([], name=index, dtype="int64")
    return frame


def coordinates_in_range(frame: gpd.GeoDataFrame) -> bool:
    """Return whether all coordinates could be degrees of longitude and latitude."""
    if len(frame) == 0:
        return True
    west, south, east, north = shapely.total_bounds(frame.geometry.to_numpy())
    return bool(west >= -180 and east <= 180 and south >= -90 and north <= 90)


def _some(ids: pd.Index) -> str:
    return ", ".join(map(str, ids[:5])) + (" ..." if len(ids) > 5 else "")
