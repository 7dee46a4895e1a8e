"""Edges: the straight pieces of outline that two polygons of a cover share.

Two polygons are rook neighbours when they have a segment in common, end to end and to the last
bit: cells share their vertices by construction (`geo.cells`), so no tolerance is needed. Works
in any plane; segments are found by sorting their end points, not by geometry.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Shapes = NDArray[np.object_]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class SharedEdges:
    """The ``m`` segments that two polygons share.

    Attributes
    ----------
    left, right
        ``(m,)`` positions of the two polygons, ``left < right``.
    start, end
        ``(m,)`` positions in `vertices`, ``start < end``.
    vertices
        ``(k, 2)`` the distinct vertices of all polygons, west to east, then south to north.
    """

    left: Ints
    right: Ints
    start: Ints
    end: Ints
    vertices: Floats

    def __len__(self) -> int:
        """Return the number of shared segments."""
        return len(self.left)

    def ends(self) -> Floats:
        """Return the segments as ``(m, 2, 2)`` coordinates."""
        return np.stack([self.vertices[self.start], self.vertices[self.end]], axis=1)

    def middles(self) -> Floats:
        """Return the middles of the segments, ``(m, 2)``."""
        middles: Floats = self.ends().mean(axis=1)
        return middles

    def lengths(self) -> Floats:
        """Return the lengths of the segments in the unit of the plane, ``(m,)``."""
        step = self.vertices[self.end] - self.vertices[self.start]
        return np.hypot(step[:, 0], step[:, 1])

    def moved(self, vertices: Floats) -> "SharedEdges":
        """Return the same segments with their vertices in another plane, ``(k, 2)``."""
        return SharedEdges(self.left, self.right, self.start, self.end, vertices)

    def taken(self, keep: Bools | Ints) -> "SharedEdges":
        """Return the segments picked by a mask or by positions."""
        return SharedEdges(self.left[keep], self.right[keep], self.start[keep], self.end[keep], self.vertices)


def shared_edges(polygons: Shapes) -> SharedEdges:
    """Return the segments shared by two of ``n`` polygons, interior rings included.

    Parameters
    ----------
    polygons
        ``(n,)`` Polygons (no MultiPolygon) whose shared vertices are equal to the last bit.
    """
    rings, polygon_of_ring = shapely.get_rings(polygons, return_index=True)
    points, ring_of_point = shapely.get_coordinates(rings, return_index=True)
    vertices, ids = unique_points(points)
    inside = ring_of_point[1:] == ring_of_point[:-1]
    first, last = ids[:-1][inside], ids[1:][inside]
    polygon = polygon_of_ring[ring_of_point[:-1][inside]]
    start, end = np.minimum(first, last), np.maximum(first, last)
    keys = start * np.int64(len(vertices)) + end
    order = np.argsort(keys, kind="stable")
    twins = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    one, other = order[twins], order[twins + 1]
    left, right = np.minimum(polygon[one], polygon[other]), np.maximum(polygon[one], polygon[other])
    apart = left != right
    return SharedEdges(left[apart], right[apart], start[one][apart], end[one][apart], vertices)


def points_at(places: Floats) -> Shapes:
    """Return Points at ``(n, 2)`` places, as an array."""
    return np.asarray(shapely.points(places), dtype=object)


def lines_through(ends: Floats) -> Shapes:
    """Return LineStrings through ``(n, 2, 2)`` end points, as an array."""
    return np.asarray(shapely.linestrings(ends), dtype=object)


def unique_points(points: Floats) -> tuple[Floats, Ints]:
    """Return the distinct points, ``(k, 2)``, and for each of ``(n, 2)`` points its position there."""
    joined = np.ascontiguousarray(points, dtype=np.float64) + 0.0  # -0.0 and 0.0 are one place
    found, ids = np.unique(joined.view(np.complex128).ravel(), return_inverse=True)
    return found.view(np.float64).reshape(-1, 2), ids.astype(np.int64).ravel()
