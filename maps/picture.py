"""A map without a map library: grid outlines as the paths of one small SVG.

Outlines (EPSG:4326) are drawn in an equirectangular view about their middle, in whole units of a
1000-unit box, simplified together so that shared borders stay shared. Method of the common
simplification: Visvalingam-Whyatt on coverage edges (GEOS ``coverage_simplify``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

SIZE = 1000
MARGIN = 12
TINTS = 4
BYTES_MAX = 48_000
SPECK = 12  # square units: smaller rings are dust


@dataclass(frozen=True, slots=True)
class Outline:
    """One published grid: code, the community it belongs to, and its (Multi)Polygon in EPSG:4326."""

    grid_code: str
    area_code: str
    geometry: shapely.Geometry
    vacant: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """One path (SVG ``d``); `tint` 0-3 goes by community."""

    path: str
    tint: int
    vacant: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """Paths of the grids and of the communities' borders, in a box of `width` x `height` units."""

    width: int
    height: int
    grids: tuple[Shape, ...]
    communities: tuple[str, ...]


def picture_of(outlines: Sequence[Outline]) -> Picture:
    """Return the picture of some grids; an empty one for none.

    The result is the same whatever the order of `outlines`, and stays below some 48 kB: the more
    corners there are, the more are left out.
    """
    rows = sorted((row for row in outlines if not shapely.is_empty(row.geometry)), key=lambda row: row.grid_code)
    if not rows:
        return Picture(SIZE, SIZE * 3 // 4, (), ())
    shapes, width, height = _in_box(np.array([row.geometry for row in rows], dtype=object))
    areas = sorted({row.area_code for row in rows})
    tolerance, picture = 1.0, Picture(width, height, (), ())
    while tolerance < SIZE:
        simple = shapely.coverage_simplify(shapes, tolerance)
        grids = tuple(
            Shape(_path(shape), areas.index(row.area_code) % TINTS, row.vacant)
            for row, shape in zip(rows, simple, strict=True)
        )
        picture = Picture(width, height, grids, tuple(_borders(rows, simple, areas)))
        if sum(len(shape.path) for shape in grids) + sum(map(len, picture.communities)) <= BYTES_MAX:
            break
        tolerance *= 2
    return picture


def over(outlines: Sequence[Outline], shapes: Sequence[shapely.Geometry]) -> tuple[str, ...]:
    """Return paths of shapes (EPSG:4326) that lie over the picture of some grids; one without ground is empty."""
    ground = np.array([row.geometry for row in outlines if not shapely.is_empty(row.geometry)], dtype=object)
    if len(ground) == 0 or len(shapes) == 0:
        return ("",) * len(shapes)
    place, _, _ = _view(ground)
    return tuple(_path(shape) for shape in shapely.transform(np.array(shapes, dtype=object), place))


def _in_box(shapes: NDArray[np.object_]) -> tuple[NDArray[np.object_], int, int]:
    place, width, height = _view(shapes)
    return shapely.transform(shapes, place), width, height


def _view(shapes: NDArray[np.object_]) -> tuple[Callable[[NDArray[np.float64]], NDArray[np.float64]], int, int]:
    west, south, east, north = shapely.total_bounds(shapes)
    stretch = np.cos(np.radians((south + north) / 2))
    scale = (SIZE - 2 * MARGIN) / max((east - west) * stretch, north - south, 1e-9)

    def place(points: NDArray[np.float64]) -> NDArray[np.float64]:
        x = (points[:, 0] - west) * stretch * scale + MARGIN
        y = (north - points[:, 1]) * scale + MARGIN
        return np.column_stack([x, y])

    width = round((east - west) * stretch * scale) + 2 * MARGIN
    return place, width, round((north - south) * scale) + 2 * MARGIN


def _borders(rows: Sequence[Outline], shapes: NDArray[np.object_], areas: Sequence[str]) -> list[str]:
    codes = np.array([row.area_code for row in rows])
    return [_path(shapely.union_all(shapes[codes == area])) for area in areas]


def _path(shape: shapely.Geometry) -> str:
    polygons = (part for part in shapely.get_parts(shape) if part.geom_type == "Polygon")
    rings = (ring for part in polygons for ring in (part.exterior, *part.interiors) if _is_seen(ring))
    return "".join(_ring(np.rint(shapely.get_coordinates(ring)).astype(int)) for ring in rings)


def _is_seen(ring: shapely.LinearRing) -> bool:
    return bool(shapely.area(shapely.polygons(ring)) >= SPECK)


def _ring(points: NDArray[np.int_]) -> str:
    # Relative steps of whole units: a third of the bytes of absolute decimals.
    steps = np.diff(points[:-1], axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    if len(steps) < 2:
        return ""
    return f"M{points[0, 0]} {points[0, 1]}l" + " ".join(f"{x} {y}" for x, y in steps) + "z"
