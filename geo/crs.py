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
UTM, UTM_ZONES = {326: "", 327: "+south"}, 60
TO_RADIANS = "+step +proj=unitconvert +xy_in=deg +xy_out=rad"
TO_DEGREES = "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
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
        return zone_crs(FIRST_ZONE_EPSG + (meridian - FIRST_MERIDIAN) // 3)
    zone = int((lon + 180) // 6) % UTM_ZONES + 1
    return zone_crs((32600 if lat >= 0 else 32700) + zone)


@lru_cache(maxsize=64)
def transformer(source: pyproj.CRS, target: pyproj.CRS) -> pyproj.Transformer:
    """Return the transformer between two systems, lon before lat and east before north.

    Between degrees and a metre zone it is told what to do. Left to find out it searches the registry for ways from
    CGCS2000 to WGS 84, which here are one: a quarter of a second, in each thread anew, for the very same numbers.

    Raises
    ------
    pyproj.exceptions.ProjError
        There is no way from one to the other, as from a local system.
    """
    if source == WGS84 and (steps := _projection(target)):
        return pyproj.Transformer.from_pipeline(f"+proj=pipeline {TO_RADIANS} +step {steps}")
    if target == WGS84 and (steps := _projection(source)):
        return pyproj.Transformer.from_pipeline(f"+proj=pipeline +step +inv {steps} {TO_DEGREES}")
    return pyproj.Transformer.from_crs(source, target, always_xy=True)


def _projection(crs: pyproj.CRS) -> str:
    """Return how a metre zone is made from radians, in PROJ's words; empty of any other system."""
    epsg = crs.to_epsg()
    if epsg is None or crs != zone_crs(epsg):  # a file's own, much like it
        return ""
    zone, meridian = epsg % 100, FIRST_MERIDIAN + 3 * (epsg - FIRST_ZONE_EPSG)
    if FIRST_MERIDIAN <= meridian <= LAST_MERIDIAN:
        return f"+proj=tmerc +lat_0=0 +lon_0={meridian} +k=1 +x_0=500000 +y_0=0 +ellps=GRS80"
    if epsg // 100 in UTM and 1 <= zone <= UTM_ZONES:
        return f"+proj=utm +zone={zone} {UTM[epsg // 100]} +ellps=WGS84"
    return ""


def metre_transformer(epsg: int) -> pyproj.Transformer:
    """Return the transformer from EPSG:4326 (lon, lat) to a metre zone."""
    return transformer(WGS84, zone_crs(epsg))


@lru_cache(maxsize=256)
def zone_crs(epsg: int) -> pyproj.CRS:
    """Return a metre zone by its number in the registry."""
    return pyproj.CRS.from_epsg(epsg)


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
    return to_crs(frame, crs if crs is not None else metric_crs_of(frame))


def to_degrees(frame: Frame) -> Frame:
    """Return a copy of `frame` in EPSG:4326."""
    return to_crs(frame, WGS84)


def to_crs(frame: Frame, crs: pyproj.CRS) -> Frame:
    """Return a copy of `frame` in another system, as its own `to_crs` does, by `transformer`.

    Raises
    ------
    pyproj.exceptions.ProjError
        There is no way from one to the other.
    """
    shapes = frame.geometry.to_numpy()
    if frame.crs is None or shapely.has_z(shapes).any():
        return frame.to_crs(crs)
    if frame.crs != crs:
        there = transformer(frame.crs, crs)
        shapes = shapely.transform(shapes, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1])))
    moved = gpd.GeoSeries(shapes, index=frame.index, name=frame.geometry.name, crs=crs)
    return moved if isinstance(frame, gpd.GeoSeries) else frame.set_geometry(moved)
