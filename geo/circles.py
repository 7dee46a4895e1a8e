"""Circles: polygons of what is reached on foot - pieces of street, widened - without holes that are not there.

The distance to the nearest piece is laid over a raster of squares, five to the width, and the polygon is its contour
at the width, interpolated: within a few decimetres of the true buffer, and a hundred times faster. Contours of fewer
minutes are drawn first and painted over, so they lie within those of more. Pieces come in metres, polygons go out in
EPSG:4326; `nested` makes sure of the order to the last digit, since simplifying and reprojection do not.
"""

from typing import Any

import contourpy
import geopandas as gpd
import numba
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geo.crs import to_degrees
from geo.network import WalkNetwork

Shape = Any  # shapely types its functions as one geometry or an array of them
Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Lines = npt.NDArray[np.float64]

SQUARES = 5  # to the width
OFF_LEVEL = 1e-4  # of the width: no square's corner lies on the contour itself, where rings would touch
STRAIGHT = 0.02  # of the width: corners this near to a straight line are left out
FAR = np.inf
DISC_SEGMENTS = 16
M_PER_DEGREE = 111_320.0
NEST_DEG = 1e-8


def lines_of(network: WalkNetwork, edge: Ints, from_m: Floats, to_m: Floats) -> Lines:
    """Return (l, 4) straight lines, x y to x y in metres, that make up pieces of street."""
    return np.asarray(_straight(network.edge_vertex, network.vertex_xy, network.vertex_m, edge, from_m, to_m))


def painted(lines: list[Lines], *, width_m: float, hole_max_m2: float) -> list[Shape]:
    """Return the ground within `width_m` of lines, once for each list of them and all the lists before it.

    Parameters
    ----------
    lines
        k arrays of (l, 4) straight lines, in metres; at least one of them is not empty.
    hole_max_m2
        Smaller holes - the insides of street blocks - are filled.

    Returns
    -------
    list
        k MultiPolygons in metres.
    """
    side_m = width_m / SQUARES
    far_m = width_m + 1.5 * side_m
    ends = np.concatenate(lines).reshape(-1, 2)
    low = (np.floor((ends.min(axis=0) - far_m) / side_m) - 1) * side_m
    columns, rows = (np.ceil((ends.max(axis=0) + far_m - low) / side_m) + 2).astype(int)
    squared = np.full((rows, columns), FAR)
    shapes = []
    for part in lines:
        _paint((squared, low[0], low[1], side_m), part, far_m)
        shapes.append(_contour(np.sqrt(squared), low, side_m, width_m, hole_max_m2))
    return shapes


def _contour(away_m: Floats, low: Floats, side_m: float, width_m: float, hole_max_m2: float) -> Shape:
    away_m[away_m > 2 * width_m] = 2 * width_m
    away_m[np.abs(away_m - width_m) < OFF_LEVEL * width_m] = width_m * (1 - OFF_LEVEL)
    made = contourpy.contour_generator(z=away_m, fill_type=contourpy.FillType.OuterOffset).filled(-1.0, width_m)
    shapes = []
    for points, offsets in zip(*made, strict=True):
        rings = np.split(points * side_m + low, offsets[1:-1])
        shapes.append(shapely.Polygon(rings[0], [ring for ring in rings[1:] if _area_m2(ring) >= hole_max_m2]))
    return shapely.simplify(shapely.MultiPolygon(shapes), STRAIGHT * width_m)


def _area_m2(ring: Floats) -> float:
    x, y = (ring - ring[0]).T
    return abs(float(x[:-1] @ y[1:] - x[1:] @ y[:-1])) / 2


@numba.njit(cache=True, nogil=True)
def _straight(edge_vertex, vertex_xy, vertex_m, edge, from_m, to_m):  # type: ignore[no-untyped-def]  # numba infers
    most = 0
    for at in range(len(edge)):
        most += edge_vertex[edge[at] + 1] - edge_vertex[edge[at]] - 1
    lines, size = np.empty((most, 4)), 0
    for at in range(len(edge)):
        for vertex in range(edge_vertex[edge[at]] + 1, edge_vertex[edge[at] + 1]):
            before_m, after_m = vertex_m[vertex - 1], vertex_m[vertex]
            if after_m <= max(from_m[at], before_m) or before_m >= to_m[at]:
                continue
            first = max((from_m[at] - before_m) / (after_m - before_m), 0.0)
            last = min((to_m[at] - before_m) / (after_m - before_m), 1.0)
            for axis in range(2):
                begin, way = vertex_xy[vertex - 1, axis], vertex_xy[vertex, axis] - vertex_xy[vertex - 1, axis]
                lines[size, axis], lines[size, 2 + axis] = begin + way * first, begin + way * last
            size += 1
    return lines[:size].copy()


@numba.njit(cache=True, nogil=True)
def _paint(raster, lines, far_m):  # type: ignore[no-untyped-def]  # numba infers
    """Keep the squared metres to the nearest line, wherever that is within `far_m`."""
    for line in range(len(lines)):
        begin_x, begin_y, end_x, end_y = lines[line]
        length_m = np.hypot(end_x - begin_x, end_y - begin_y)
        # The box around a long slanting line is mostly empty: go along it in steps.
        steps = max(1, int(np.ceil(length_m / (2 * far_m))))
        way_x, way_y = (end_x - begin_x) / steps, (end_y - begin_y) / steps
        for step in range(steps):
            _paint_short(raster, (begin_x + way_x * step, begin_y + way_y * step, way_x, way_y), far_m)


@numba.njit(cache=True, nogil=True)
def _paint_short(raster, line, far_m):  # type: ignore[no-untyped-def]  # numba infers
    squared, low_x, low_y, side_m = raster
    begin_x, begin_y, way_x, way_y = line
    way2 = way_x * way_x + way_y * way_y
    per_way2 = 1.0 / way2 if way2 > 0 else 0.0
    left = int((min(begin_x, begin_x + way_x) - far_m - low_x) / side_m)
    right = int((max(begin_x, begin_x + way_x) + far_m - low_x) / side_m) + 1
    bottom = int((min(begin_y, begin_y + way_y) - far_m - low_y) / side_m)
    top = int((max(begin_y, begin_y + way_y) + far_m - low_y) / side_m) + 1
    for row in range(bottom, top + 1):
        y = low_y + row * side_m - begin_y
        for column in range(left, right + 1):
            x = low_x + column * side_m - begin_x
            along = min(max((x * way_x + y * way_y) * per_way2, 0.0), 1.0)
            away_x, away_y = x - along * way_x, y - along * way_y
            squared[row, column] = min(squared[row, column], away_x * away_x + away_y * away_y)


def disc(xy: Floats, radius_m: float) -> Shape:
    """Return a disc about one (2,) point in metres, drawn just outside the true circle, so that it covers it."""
    outer_m = radius_m / np.cos(np.pi / (4 * DISC_SEGMENTS))
    return shapely.buffer(shapely.Point(xy), outer_m, quad_segs=DISC_SEGMENTS)


def in_degrees(shapes: Shapes, crs: pyproj.CRS) -> Shapes:
    """Return (s,) polygons in metres as valid MultiPolygons in EPSG:4326."""
    degrees = to_degrees(gpd.GeoSeries(shapes, crs=crs)).to_numpy()
    return np.array([as_multipolygon(shape) for shape in degrees], dtype=object)


def nested(circles: Shapes, *, hole_max_m2: float) -> Shapes:
    """Return one place's circles, fewest minutes first, each made to cover the one before it."""
    made = [circles[0]]
    for outer in circles[1:]:
        inner = made[-1]
        if not shapely.covers(outer, inner):
            margin = shapely.buffer(inner, NEST_DEG, join_style="mitre")
            metres = M_PER_DEGREE**2 * np.cos(np.radians(shapely.get_y(shapely.centroid(inner))))
            outer = as_multipolygon(filled_holes(shapely.union(outer, margin), hole_max_m2 / metres))
        made.append(outer)
    return np.array(made, dtype=object)


def filled_holes(shape: Shape, hole_max: float) -> Shape:
    """Return a polygonal shape without holes smaller than `hole_max` (in the square of its unit)."""
    parts = []
    for part in shapely.get_parts(shape):
        holes = [ring for ring in part.interiors if shapely.area(shapely.Polygon(ring)) >= hole_max]
        parts.append(shapely.Polygon(part.exterior, holes))
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def as_multipolygon(shape: Shape) -> shapely.MultiPolygon:
    """Return a polygonal shape as one valid MultiPolygon; lines and points that mending leaves are dropped."""
    if not shapely.is_valid(shape):
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)
