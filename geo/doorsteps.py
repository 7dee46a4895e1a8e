"""Doorsteps: which building is nearest to a point, in machine code.

A raster over all ground lists in each cell the buildings whose box has a part of it; a point is held against the edges
of those in the cells around it. Coordinates are degrees, distances metres on the ellipsoid's tangent plane at the point
(`geo.locator.metres_per_degree`).
"""

import math
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt
import shapely

from geo.locator import metres_per_degree

Floats = npt.NDArray[np.float64]
SmallInts = npt.NDArray[np.int32]
Shapes = npt.NDArray[np.object_]

CELLS_EACH, CELLS_MIN, CELLS_MAX = 1, 16, 2**22  # of the raster: a building, in all
NONE = -1


class Doorsteps(NamedTuple):
    """All that is known of (b,) buildings.

    Attributes
    ----------
    frame
        (6,) of the raster: west, south, columns and rows a degree, columns, rows.
    corners
        (c, 2) their rings one after the other, degrees; a row of nan ends each, so that no edge joins two.
    first
        (b + 1,) where each building's corners begin.
    cells, held
        Where each cell's list begins, and the lists: places of buildings.
    """

    frame: Floats
    corners: Floats
    first: SmallInts
    cells: SmallInts
    held: SmallInts


def doorsteps(shapes: Shapes) -> Doorsteps:
    """Return the doorsteps of (b,) Polygons or MultiPolygons in degrees, in order; empty ones are near nothing."""
    parts, building = shapely.get_parts(shapes, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    corners = np.full((len(points) + len(rings), 2), np.nan)
    corners[np.arange(len(points)) + ring] = points
    with_end = np.bincount(ring, minlength=len(rings)) + 1
    counts = np.bincount(building[part], weights=with_end, minlength=len(shapes))
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    boxes = shapely.bounds(shapes)
    frame = _frame(boxes)
    cells, held = _listed(frame, boxes)
    return Doorsteps(frame, corners, first, cells, held)


@numba.njit(cache=True, nogil=True)
def nearest_doorstep(lon, lat, within_m, frame, corners, first, cells, held):  # type: ignore[no-untyped-def]  # numba
    """Return the place of the building nearest to a point within so many metres, the lowest of equals; -1: none."""
    east_m, north_m = metres_per_degree(lat)
    half_lon, half_lat = 1.01 * within_m / east_m, 1.01 * within_m / north_m
    west, east = _span(lon - half_lon, lon + half_lon, frame[0], frame[2], frame[4])
    south, north = _span(lat - half_lat, lat + half_lat, frame[1], frame[3], frame[5])
    found, least = NONE, within_m
    for row in range(south, north + 1):
        for column in range(west, east + 1):
            cell = row * np.int64(frame[4]) + column
            for at in range(cells[cell], cells[cell + 1]):
                place = held[at]
                away_m = _away_m(lon, lat, east_m, north_m, corners[first[place] : first[place + 1]])
                if away_m < least or (away_m == least and (found == NONE or place < found)):
                    found, least = place, away_m
    return found


@numba.njit(cache=True, nogil=True)
def _away_m(lon, lat, east_m, north_m, corners):  # type: ignore[no-untyped-def]  # numba infers
    """Return metres from a point to a building, 0 inside it."""
    least, is_inside = np.inf, False
    for at in range(len(corners) - 1):
        x1, y1 = (corners[at, 0] - lon) * east_m, (corners[at, 1] - lat) * north_m
        x2, y2 = (corners[at + 1, 0] - lon) * east_m, (corners[at + 1, 1] - lat) * north_m
        dx, dy = x2 - x1, y2 - y1
        if not dx * dx + dy * dy > 0.0:  # no edge: the nan between two rings, or a corner given twice
            continue
        along = min(max(-(x1 * dx + y1 * dy) / (dx * dx + dy * dy), 0.0), 1.0)
        least = min(least, (x1 + along * dx) ** 2 + (y1 + along * dy) ** 2)
        if (y1 > 0.0) != (y2 > 0.0) and x1 - y1 * dx / dy > 0.0:
            is_inside = not is_inside
    return 0.0 if is_inside else math.sqrt(least)


@numba.njit(cache=True, nogil=True)
def _span(low, high, origin, a_degree, count):  # type: ignore[no-untyped-def]  # numba infers
    """Return the first and last column (or row) between two longitudes; first after last outside the raster."""
    begin = min(max(math.floor((low - origin) * a_degree), 0.0), count)
    end = max(min(math.floor((high - origin) * a_degree), count - 1.0), -1.0)
    return np.int64(begin), np.int64(end)


def _frame(boxes: Floats) -> Floats:
    known = boxes[~np.isnan(boxes[:, 0])]
    if len(known) == 0:
        return np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    west, south = known[:, :2].min(axis=0)
    width, height = np.maximum(known[:, 2:].max(axis=0) - (west, south), 1e-9)
    count = min(max(len(known) * CELLS_EACH, CELLS_MIN), CELLS_MAX)
    # As square as cells of whole numbers can be; a long thin town has no raster longer than `count`.
    columns = min(max(round(math.sqrt(count * width * math.cos(math.radians(south)) / height)), 1), count)
    rows = max(count // columns, 1)
    # A hair wider than the ground, so that its last edge lies in the last cell.
    return np.array([west, south, columns / width * (1 - 1e-12), rows / height * (1 - 1e-12), columns, rows])


def _listed(frame: Floats, boxes: Floats) -> tuple[SmallInts, SmallInts]:
    count = _counted(frame, boxes)
    cells = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    return cells, _filled(frame, boxes, cells)


@numba.njit(cache=True, nogil=True)
def _counted(frame, boxes):  # type: ignore[no-untyped-def]  # numba infers
    """Return of how many buildings each cell has a part."""
    count = np.zeros(np.int64(frame[4] * frame[5]), dtype=np.int64)
    for place in range(len(boxes)):
        if boxes[place, 0] <= boxes[place, 2]:
            west, east = _span(boxes[place, 0], boxes[place, 2], frame[0], frame[2], frame[4])
            south, north = _span(boxes[place, 1], boxes[place, 3], frame[1], frame[3], frame[5])
            for row in range(south, north + 1):
                for column in range(west, east + 1):
                    count[row * np.int64(frame[4]) + column] += 1
    return count


@numba.njit(cache=True, nogil=True)
def _filled(frame, boxes, cells):  # type: ignore[no-untyped-def]  # numba infers
    """Return the buildings of each cell, in order."""
    held = np.empty(cells[-1], dtype=np.int32)
    at = cells[:-1].copy()
    for place in range(len(boxes)):
        if boxes[place, 0] <= boxes[place, 2]:
            west, east = _span(boxes[place, 0], boxes[place, 2], frame[0], frame[2], frame[4])
            south, north = _span(boxes[place, 1], boxes[place, 3], frame[1], frame[3], frame[5])
            for row in range(south, north + 1):
                for column in range(west, east + 1):
                    cell = row * np.int64(frame[4]) + column
                    held[at[cell]] = place
                    at[cell] += 1
    return held
