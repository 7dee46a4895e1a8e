"""Chains: the borders of a Voronoi diagram between different owners, as lines from fork to fork.

Edges are duals of Delaunay edges: circumcentre to circumcentre. They are joined by the numbers of their ends,
not by geometry, so a line of GEOS is made for each border, not for each edge. One metre plane.
"""

from typing import cast

import numba
import numpy as np
import shapely
from scipy.spatial import Delaunay

from geo.blocks import GRID_M
from geo.edges import Floats, Ints, Shapes, unique_points


def voronoi_edges(places: Floats, owner: Ints, bounds: Floats) -> tuple[Floats, Ints]:
    """Return the Voronoi edges between points of different owners.

    Returns
    -------
    ``(k, 2)`` distinct places on the grid, and ``(m, 2)`` positions of the ends of each edge there. A frame of far
    points keeps every edge that crosses the bounds finite.
    """
    centre = (bounds[:2] + bounds[2:]) / 2
    reach = 3 * np.hypot(*(bounds[2:] - bounds[:2])) + 10
    turn = 2 * np.pi * (np.arange(8) + 0.3) / 8
    frame = reach * np.column_stack([np.cos(turn), np.sin(turn)])
    points = np.vstack([places - centre, frame])
    who = np.append(owner, np.full(len(frame), -1))
    mesh = Delaunay(points)
    trio = who[mesh.simplices]
    mixed = np.flatnonzero((trio[:, 0] != trio[:, 1]) | (trio[:, 0] != trio[:, 2]))
    trio, beside = trio[mixed], mesh.neighbors[mixed]
    left, right = trio[:, [1, 2, 0]], trio[:, [2, 0, 1]]
    place, side = np.nonzero((mixed[:, None] < beside) & (left != right) & (left >= 0) & (right >= 0))
    ends = np.searchsorted(mixed, np.column_stack([mixed[place], beside[place, side]]))
    middles = np.round((_circumcentres(points[mesh.simplices[mixed]]) + centre) / GRID_M) * GRID_M
    vertices, ids = unique_points(middles)
    ends = np.sort(ids[ends], axis=1)
    keys = np.unique((ends[:, 0] * len(vertices) + ends[:, 1])[ends[:, 0] != ends[:, 1]])
    return vertices, np.column_stack(np.divmod(keys, max(len(vertices), 1)))


def _circumcentres(corners: Floats) -> Floats:
    """Return the circumcentres of ``(n, 3, 2)`` triangles; the middle of one that is flat."""
    base = corners[:, 0]
    b, c = corners[:, 1] - base, corners[:, 2] - base
    double = 2 * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
    b2, c2 = (b**2).sum(axis=1), (c**2).sum(axis=1)
    flat = np.abs(double) < 1e-12 * (b2 + c2)
    safe = np.where(flat, 1.0, double)
    offset = np.column_stack([c[:, 1] * b2 - b[:, 1] * c2, b[:, 0] * c2 - c[:, 0] * b2]) / safe[:, None]
    return base + np.where(flat[:, None], (b + c) / 3, offset)


def chained(places: Floats, ends: Ints) -> tuple[Shapes, Ints]:
    """Return edges joined into lines from fork to fork.

    Parameters
    ----------
    places, ends
        ``(k, 2)`` places, and ``(m, 2)`` the positions of each edge's ends, each edge once.

    Returns
    -------
    LineStrings (closed where there is no fork), and the place each begins at.
    """
    ways = ends.ravel()
    order = np.argsort(ways, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(ways, minlength=len(places)))])
    walk, starts = _walked(first, order, ends)
    chain = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    lines = (
        np.asarray(shapely.linestrings(places[walk], indices=chain), dtype=object) if len(ends) else np.empty(0, object)
    )
    return lines, walk[starts[:-1]]


def _walked(first: Ints, order: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Return the vertices of all chains one after another, and where each begins (and the last one ends)."""
    walk, starts, count = _walk(first, order, ends)
    return cast(Ints, walk[: starts[count]]), cast(Ints, starts[: count + 1])


@numba.njit(cache=True, nogil=True)
def _walk(first, order, ends):  # type: ignore[no-untyped-def]  # numba infers
    """Follow edges through every vertex that has two: first from forks and loose ends, then around rings."""
    walk = np.empty(2 * len(ends), np.int64)
    starts = np.empty(len(ends) + 1, np.int64)
    used = np.zeros(len(ends), np.bool_)
    count, at = 0, 0
    for rings in (False, True):
        for origin in range(len(first) - 1):
            if (first[origin + 1] - first[origin] == 2) != rings:
                continue
            for place in range(first[origin], first[origin + 1]):
                edge = order[place] // 2
                if used[edge]:
                    continue
                starts[count] = at
                count += 1
                walk[at] = origin
                at += 1
                vertex = origin
                while True:
                    used[edge] = True
                    vertex = ends[edge, 0] + ends[edge, 1] - vertex
                    walk[at] = vertex
                    at += 1
                    start = first[vertex]
                    if vertex == origin or first[vertex + 1] - start != 2:
                        break
                    edge = order[start] // 2
                    if used[edge]:
                        edge = order[start + 1] // 2
                    if used[edge]:
                        break
    starts[count] = at
    return walk, starts, count
