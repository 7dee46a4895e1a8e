"""Tiles: polygons of a tessellation that others made, fit to be measured: flat, mended, in degrees.

Nothing is expected of them: rows may lack a geometry, cross themselves, hold points or lines, have
heights, lie in any coordinate system. What cannot be ground is told with its reason.

Long edges are broken every `SPAN_M` metres first. A line that is straight in the plane it was drawn in
bends when it goes to another one (by L^2 tan(lat) / 8R: 30 m for 40 km, a third of a millimetre for 100 m), and a
vertex of a neighbour that lay on it would lie beside it. The new vertices of an edge are the same to the
last bit from whichever end it is walked.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from geo.crs import to_degrees
from geo.edges import Bools, Floats, Ints, Shapes
from geo.frames import WGS84

SPAN_M = 100.0
METRES_PER_DEGREE = 111_320.0
REASONS = {
    "missing": ("没有几何", "it has no geometry"),
    "empty": ("几何为空", "its geometry is empty"),
    "kind": ("不是面", "it is no polygon"),
    "finite": ("坐标不是有效数字", "its coordinates are not finite numbers"),
    "flat": ("面积为 0", "its ground is nothing"),
    "away": ("坐标不在坐标系的范围内", "its coordinates lie outside its coordinate system"),
}


@dataclass(frozen=True, eq=False)
class Tiles:
    """What became of ``n`` rows.

    Attributes
    ----------
    shapes
        EPSG:4326, (n,): Polygon or MultiPolygon, valid; None where `fault` is told.
    fault
        (n,) key of `REASONS`, "" for a good row.
    mended
        (n,) whether the polygon was invalid and is mended here.
    """

    shapes: gpd.GeoSeries
    fault: Shapes
    mended: Bools


def tiles_of(shapes: Shapes, crs: pyproj.CRS) -> Tiles:
    """Return rows as valid flat polygons in EPSG:4326, with a reason for each that is none.

    Parameters
    ----------
    shapes
        (n,) geometries of any kind in `crs`, None where there is none.
    crs
        Any coordinate system with two horizontal axes.
    """
    shapes = np.asarray(shapes, dtype=object)
    fault = _faults(shapes)
    ground = np.full(len(shapes), None, dtype=object)
    good = fault == ""
    ground[good] = areal_parts(shapely.force_2d(shapes[good]))
    fault[good & shapely.is_missing(ground)] = "kind"
    invalid = ~(shapely.is_valid(ground) | shapely.is_missing(ground))
    ground[invalid] = mended(ground[invalid])
    ground = _broken(ground, crs)
    degrees = to_degrees(gpd.GeoSeries(ground, crs=crs)).to_numpy().copy()
    spoiled = ~(shapely.is_valid(degrees) | shapely.is_missing(degrees))
    finite = np.isfinite(shapely.bounds(degrees)).all(axis=1)
    degrees[spoiled & finite] = mended(degrees[spoiled & finite])
    bounds = np.abs(shapely.bounds(degrees))
    with np.errstate(invalid="ignore"):
        away = ~finite | (bounds[:, [0, 2]].max(axis=1) > 360) | (bounds[:, [1, 3]].max(axis=1) > 90)
    flat = shapely.is_missing(degrees) | ~(shapely.area(degrees) > 0)
    for bad, key in ((~shapely.is_missing(ground) & away, "away"), (flat, "flat")):
        fault[(fault == "") & bad] = key
    degrees[fault != ""] = None
    return Tiles(gpd.GeoSeries(degrees, crs=WGS84), fault, invalid & (fault == ""))


def areal_parts(shapes: Shapes) -> Shapes:
    """Return the polygons in each geometry as one, None where it has none."""
    found = shapes.copy()
    found[~np.isin(shapely.get_type_id(shapes), (3, 6)) | shapely.is_empty(shapes)] = None
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == 7)
    parts, row = shapely.get_parts(shapes[mixed], return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)
    areal = (shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)
    if areal.any():
        rows = row[inner[areal]]
        joined = np.asarray(shapely.multipolygons(parts[areal], indices=np.unique(rows, return_inverse=True)[1]))
        found[mixed[np.unique(rows)]] = joined
    return found


def mended(shapes: Shapes) -> Shapes:
    """Return invalid polygons made valid: what their rings enclose, without lines and points left over."""
    if len(shapes) == 0:
        return shapes
    return areal_parts(np.asarray(shapely.make_valid(shapes, method="structure", keep_collapsed=False), dtype=object))


def _faults(shapes: Shapes) -> Shapes:
    """Return why a row cannot be ground, before anything is computed with it."""
    fault = np.full(len(shapes), "", dtype=object)
    points, row = shapely.get_coordinates(shapes, return_index=True)
    endless = np.zeros(len(shapes), dtype=bool)
    endless[row[~np.isfinite(points).all(axis=1)]] = True
    for bad, key in (
        (shapely.is_missing(shapes), "missing"),
        (shapely.is_empty(shapes), "empty"),
        (~np.isin(shapely.get_type_id(shapes), (3, 6, 7)), "kind"),
        (endless, "finite"),
    ):
        fault[(fault == "") & bad] = key
    return fault


def _broken(shapes: Shapes, crs: pyproj.CRS) -> Shapes:
    """Return polygons whose edges are at most about `SPAN_M` long."""
    points, row = shapely.get_coordinates(shapes, return_index=True)
    same = row[1:] == row[:-1]
    lengths = np.where(same, _metres(points, crs), 0.0)
    long = np.unique(row[:-1][lengths > SPAN_M])
    if len(long) == 0:
        return shapes
    now = shapes.copy()
    kind, points, told = shapely.to_ragged_array(shapes[long])
    rings, *rest = (np.asarray(offset, dtype=np.int64) for offset in told or ())
    points, rings = _with_vertices(points, rings, _metres(points, crs))
    now[long] = shapely.from_ragged_array(kind, points, (rings, *rest))
    return now


def _metres(points: Floats, crs: pyproj.CRS) -> Floats:
    """Return the rough length in metres from each point to the next."""
    step = np.diff(points, axis=0)
    if crs.is_geographic:
        step = step * METRES_PER_DEGREE
        step[:, 0] *= np.cos(np.radians(np.clip(points[:-1, 1], -90, 90)))
        return np.hypot(step[:, 0], step[:, 1])
    return np.hypot(step[:, 0], step[:, 1]) * (crs.axis_info[0].unit_conversion_factor if crs.axis_info else 1.0)


def _with_vertices(points: Floats, rings: Ints, lengths: Floats) -> tuple[Floats, Ints]:
    """Return the vertices with new ones along long edges, and where each ring begins now."""
    pieces = np.ones(len(points), dtype=np.int64)
    pieces[:-1] = np.maximum(1, np.ceil(lengths / SPAN_M)).astype(np.int64)
    pieces[rings[1:] - 1] = 1  # the last vertex of a ring leads nowhere
    at = np.repeat(np.arange(len(points)), pieces)
    step = np.arange(len(at)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    head = np.minimum(at + 1, len(points) - 1)
    start, end = points[at], points[head]
    turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    low, high = np.where(turned[:, None], end, start), np.where(turned[:, None], start, end)
    share = np.where(turned, pieces[at] - step, step) / pieces[at]
    made = np.where((step == 0)[:, None], start, low + (high - low) * share[:, None])
    return made, np.concatenate([[0], np.cumsum(pieces)])[rings]
