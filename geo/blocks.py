"""Blocks: the ground between streets, water, rails, walls and the communities' own outlines.

Lines are put on a grid of `GRID_M` metres and noded there all together, for the whole town at once,
so the blocks on the two sides of a line share its vertices, across community outlines too.
Everything here is in one metre plane. Lines that enclose nothing (dead ends) cut nothing.

Long edges are broken every `SPAN_M` metres: a straight line in the metre plane and one in degrees
differ by L^2 tan(lat) / 8R, which for 50 m is below the grid, so a cover that is valid in metres
is still valid after it went back to degrees.

Source: snap rounding, Hobby (1999), as in GEOS OverlayNG; enclosed tessellation, Fleischmann et al.
(2020), doi:10.1016/j.compenvurbsys.2019.101441.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from geo.crs import to_metric
from geo.edges import Floats, Ints, Shapes, lines_through, points_at, unique_points
from geo.frames import POLYGONS, require_geometry

GRID_M = 1e-4
SPAN_M = 50.0
CUTTING_CLASSES = (
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link",
    "tertiary", "tertiary_link", "unclassified", "residential", "living_street", "pedestrian", "road", "service",
)  # fmt: skip
MOTORWAY_CLASSES = ("motorway", "motorway_link")
TRUNK_CLASSES = ("trunk", "trunk_link")
FOOT_CLASSES = ("footway", "path", "steps")
ROAD, WALL, RAIL, WATER, FAST = 1, 2, 4, 8, 16  # bits: several lines may lie on one edge
WALLED_KINDS = ("walled",)


@dataclass(frozen=True)
class Ground:
    """Everything that cuts ground, in one metre plane; arrays of geometries, empty ones left out.

    `road_class` has for each of `roads` its position in `road_classes`, the greatest road first.
    """

    cuts: Shapes
    roads: Shapes
    road_class: Ints
    road_classes: tuple[str, ...]
    trunks: Shapes
    motorways: Shapes
    rails: Shapes
    streams: Shapes
    waters: Shapes
    walls: Shapes
    compounds: Shapes


def metric_shapes(frame: gpd.GeoDataFrame, what: str, crs: pyproj.CRS) -> Shapes:
    """Return the geometries of a frame in `crs`: flat, mended where invalid, None where there is none."""
    require_geometry(frame.iloc[:0], what, kinds=POLYGONS)
    shapes: Shapes = shapely.force_2d(to_metric(frame.geometry, crs).to_numpy())
    broken = ~(shapely.is_valid(shapes) | shapely.is_missing(shapes)) & (shapely.get_dimensions(shapes) == 2)
    shapes[broken] = shapely.make_valid(shapes[broken])
    shapes[shapely.is_empty(shapes)] = None
    return shapes


def ground(
    streets: gpd.GeoDataFrame,
    barriers: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    *,
    crs: pyproj.CRS,
    cutting: Sequence[str] = CUTTING_CLASSES,
) -> Ground:
    """Return what cuts and bars ground, sorted by kind, in the plane `crs`.

    Streets of the classes `cutting` cut, save private service lanes (drives and lanes inside an estate).
    A motorway or trunk road on a bridge or in a tunnel is a road like any other: one walks below or above it.
    """
    lines = metric_shapes(streets, "streets", crs)
    level = ~streets["is_bridge"].to_numpy(bool)
    shapes, kinds = metric_shapes(barriers, "barriers", crs), barriers["kind"].to_numpy()
    is_area = shapely.get_dimensions(shapes) == 2
    estates, walled = metric_shapes(compounds, "compounds", crs), compounds["kind"].isin(WALLED_KINDS).to_numpy(bool)
    is_drive = streets["road_class"].eq("service").to_numpy(bool) & streets["is_private"].to_numpy(bool)
    cuts = streets["road_class"].isin(cutting).to_numpy(bool) & ~is_drive
    is_road = ~streets["road_class"].isin(FOOT_CLASSES).to_numpy(bool)
    names = _by_rank(streets["road_class"][is_road])
    roads, of = shapely.get_parts(lines[is_road], return_index=True)
    drawn = shapely.length(roads) > 0
    return Ground(
        cuts=lines_of(lines[cuts]),
        roads=roads[drawn],
        road_class=pd.Index(names).get_indexer(streets["road_class"][is_road])[of[drawn]],
        road_classes=names,
        trunks=lines_of(lines[level & streets["road_class"].isin(TRUNK_CLASSES).to_numpy(bool)]),
        motorways=lines_of(lines[level & streets["road_class"].isin(MOTORWAY_CLASSES).to_numpy(bool)]),
        rails=lines_of(shapes[kinds == "rail"]),
        streams=lines_of(shapes[(kinds == "water") & ~is_area]),
        waters=areal(shapes[(kinds == "water") & is_area]),
        walls=np.concatenate([lines_of(shapes[kinds == "wall"]), lines_of(estates[walled])]),
        compounds=estates,
    )


def _by_rank(classes: pd.Series) -> tuple[str, ...]:
    """Return the distinct road classes, the greatest first, unknown ones last by name."""
    rank = {name: place for place, name in enumerate(CUTTING_CLASSES)}
    return tuple(sorted(classes.unique(), key=lambda name: (rank.get(name, len(rank)), str(name))))


def areal(shapes: Shapes) -> Shapes:
    """Return the Polygons in `shapes`, multi-part ones and collections taken apart."""
    parts = shapely.get_parts(shapely.get_parts(shapes[~shapely.is_missing(shapes)]))
    polygons: Shapes = parts[(shapely.get_type_id(parts) == 3) & ~shapely.is_empty(parts)]
    return polygons


def lines_of(shapes: Shapes) -> Shapes:
    """Return lines and the outlines of polygons as single LineStrings."""
    parts = shapely.get_parts(shapely.get_parts(shapes[~shapely.is_missing(shapes)]))
    is_area = shapely.get_dimensions(parts) == 2
    outlines = shapely.get_parts(shapely.boundary(parts[is_area]))
    lines: Shapes = np.concatenate([parts[shapely.get_dimensions(parts) == 1], outlines])
    return lines[shapely.length(lines) > 0]


def noded(lines: Shapes) -> Shapes:
    """Return lines cut at every crossing, doubles taken out, on the grid."""
    return shapely.get_parts(shapely.union_all(shapely.segmentize(lines, SPAN_M), grid_size=GRID_M))


def faces(lines: Shapes) -> Shapes:
    """Return the polygons that noded lines enclose, west to east, north to south: no gap, no overlap."""
    found = shapely.normalize(shapely.get_parts(shapely.polygonize(lines)))
    middles = shapely.get_coordinates(shapely.point_on_surface(found))
    ordered: Shapes = found[np.lexsort((-middles[:, 1], middles[:, 0]))]
    return ordered


def loose(lines: Shapes, blocks: Shapes) -> Shapes:
    """Return the noded lines that are on no outline of a block: dead ends, open walls."""
    points, line = shapely.get_coordinates(np.concatenate([lines, shapely.get_rings(blocks)]), return_index=True)
    ids = unique_points(points)[1]
    first = np.flatnonzero(line[1:] == line[:-1])
    keys = np.minimum(ids[first], ids[first + 1]) * len(points) + np.maximum(ids[first], ids[first + 1])
    own, start = np.unique(line[first], return_index=True)  # a noded line is on an outline from end to end, or nowhere
    free: Shapes = lines[~np.isin(keys[start[own < len(lines)]], keys[line[first] >= len(lines)])]
    return free


def first_hit(shapes: Shapes, points: Shapes) -> Ints:
    """Return for each point the lowest position of a polygon that has it (border included), -1 where none."""
    hits = np.full(len(points), len(shapes), dtype=np.int64)
    point, shape = shapely.STRtree(shapes).query(points, predicate="intersects")
    np.minimum.at(hits, point, shape)
    return np.where(hits == len(shapes), -1, hits)


def line_bits(points: Floats, cut: Ground, *, tolerance_m: float = 0.05) -> NDArray[np.uint8]:
    """Return which kinds of line lie at each of ``(n, 2)`` points: ROAD, WALL, RAIL, WATER, FAST bits."""
    kinds = (
        (cut.roads, ROAD),
        (cut.walls, WALL),
        (cut.rails, RAIL),
        (np.concatenate([cut.streams, lines_of(cut.waters)]), WATER),
        (np.concatenate([cut.trunks, cut.motorways]), FAST),
    )
    bits = np.zeros(len(points), dtype=np.uint8)
    places = points_at(points)
    for lines, bit in kinds:
        tree = shapely.STRtree(pieces(lines))
        near = np.unique(tree.query(places, predicate="dwithin", distance=tolerance_m)[0])
        bits[near] |= bit
    return bits


def road_at(points: Floats, cut: Ground, *, tolerance_m: float = 0.05) -> Ints:
    """Return the class of the road at each of ``(n, 2)`` points, the greatest where there are several, or -1.

    The class is a position in ``cut.road_classes``.
    """
    found = np.full(len(points), len(cut.road_classes), dtype=np.int64)
    lines, of = pieces_of(cut.roads)
    point, piece = shapely.STRtree(lines).query(points_at(points), predicate="dwithin", distance=tolerance_m)
    np.minimum.at(found, point, cut.road_class[of[piece]])
    return np.where(found == len(cut.road_classes), -1, found)


def pieces(lines: Shapes) -> Shapes:
    """Return the straight segments of lines, each a LineString of two points."""
    return pieces_of(lines)[0]


def pieces_of(lines: Shapes) -> tuple[Shapes, Ints]:
    """Return the straight segments of lines, and the line each is of."""
    points, line = shapely.get_coordinates(lines, return_index=True)
    inside = line[1:] == line[:-1]
    return lines_through(np.stack([points[:-1][inside], points[1:][inside]], axis=1)), line[1:][inside]
