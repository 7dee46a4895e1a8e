"""Sides: the straight pieces of polygons' rings, as they are stored, and on which side of each the ground lies."""

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]


class Sides(NamedTuple):
    """The sides of polygons, polygon by polygon; none is without length.

    Attributes
    ----------
    ends
        (m, 4) lon and lat of the first and of the last end, in stored direction.
    place
        (m,) the polygon, rising.
    is_left
        (m,) whether the polygon's ground lies to the left.
    """

    ends: Floats
    place: Ints
    is_left: Bools


def sides_of(shapes: Shapes) -> Sides:
    """Return the sides of (n,) valid Polygons or MultiPolygons; empty ones have none."""
    parts, of_part = shapely.get_parts(shapes, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    xy, of_point = shapely.get_coordinates(rings, return_index=True)
    is_shell = np.concatenate([np.ones(min(len(rings), 1), dtype=np.bool_), of_ring[1:] != of_ring[:-1]])
    return Sides(*_split(xy, of_point, of_part[of_ring], shapely.is_ccw(rings) == is_shell))


@numba.njit(cache=True, nogil=True)
def _split(xy, of_point, of_ring, is_left):  # type: ignore[no-untyped-def]  # numba infers
    """Return the pieces between points of a ring that are not one place."""
    is_side = np.zeros(len(xy), dtype=np.bool_)
    for point in range(len(xy) - 1):
        is_moved = xy[point, 0] != xy[point + 1, 0] or xy[point, 1] != xy[point + 1, 1]
        is_side[point] = is_moved and of_point[point] == of_point[point + 1]
    many = is_side.sum()
    ends, place, left = np.empty((many, 4)), np.empty(many, dtype=np.int64), np.empty(many, dtype=np.bool_)
    at = 0
    for point in range(len(xy) - 1):
        if is_side[point]:
            ends[at, 0], ends[at, 1] = xy[point, 0], xy[point, 1]
            ends[at, 2], ends[at, 3] = xy[point + 1, 0], xy[point + 1, 1]
            place[at], left[at] = of_ring[of_point[point]], is_left[of_point[point]]
            at += 1
    return ends, place, left
