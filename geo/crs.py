"""Coordinate systems: degrees in the store, metres in the measuring; the zone is chosen here.

Geometry is kept in EPSG:4326 (lon, lat). Areas and lengths are measured in the local CGCS2000
3-degree Gauss-Kruger zone inside that system's area of use, and in the local UTM zone elsewhere.
Never in Web Mercator. Sources: EPSG registry (4534-4554; area of use of EPSG:4490), GB/T 22021.
"""

from functools import lru_cache
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from geo.errors import EmptyFrameError
from geo.frames import WGS84

FIRST_ZONE_EPSG, FIRST_MERIDIAN, LAST_MERIDIAN = 4534, 75, 135
CGCS2000_BOUNDS = (73.62, 16.7, 134.77, 53.56)

Frame = TypeVar("Frame", gpd.GeoDataFrame, gpd.GeoSeries)


def metric_crs(lon: float, lat: float) -> pyproj.CRS:
    """Return the metre CRS in which ground near a place is measured.

    CGCS2000 / 3-degree Gauss-Kruger by central meridian (EPSG:4534 to 4554) inside the area of
    use of CGCS2000, else the WGS 84 / UTM zone.
    """
    west, south, east, north = CGCS2000_BOUNDS
    if west <= lon <= east and south <= lat <= north:
        meridian = int(np.clip(round(lon / 3) * 3, FIRST_MERIDIAN, LAST_MERIDIAN))
        return pyproj.CRS.from_epsg(FIRST_ZONE_EPSG + (meridian - FIRST_MERIDIAN) // 3)
    zone = int((lon + 180) // 6) % 60 + 1
    return pyproj.CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


@lru_cache(maxsize=64)
def metre_transformer(epsg: int) -> pyproj.Transformer:
    """Return the transformer from EPSG:4326 (lon, lat) to a metre zone; making one costs tens of milliseconds."""
    return pyproj.Transformer.from_crs(WGS84, pyproj.CRS.from_epsg(epsg), always_xy=True)


def metric_crs_of(frame: gpd.GeoDataFrame | gpd.GeoSeries) -> pyproj.CRS:
    """Return the metre CRS of a frame in EPSG:4326, by where most of its rows are: one stray row moves nothing.

    Raises
    ------
    EmptyFrameError
        The frame has no geometry to choose by.
    """
    shapes = frame.geometry.to_numpy()
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if len(bounds) == 0:
        raise EmptyFrameError(what="frame", mend="A metric zone is chosen by where the rows are.")
    west, south, east, north = np.median(bounds, axis=0)
    return metric_crs((west + east) / 2, (south + north) / 2)


def to_metric(frame: Frame, crs: pyproj.CRS | None = None) -> Frame:
    """Return a copy of `frame` in metres, in `crs` or in the zone of its own rows."""
    return frame.to_crs(crs if crs is not None else metric_crs_of(frame))


def to_degrees(frame: Frame) -> Frame:
    """Return a copy of `frame` in EPSG:4326."""
    return frame.to_crs(WGS84)
