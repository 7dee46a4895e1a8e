"""Ground: the ready graph and the cells of a point city, one file that ours and the peers all read.

Cells are the Voronoi polygons of the places. Empty ground is held off by ghosts: points of a 60 m
lattice at least 90 m from every place, whose own cells are dropped, so that cells tile what is built
up and end near it. Edges are Delaunay edges of at most 130 m, and those of the spanning tree that join
what is left apart. Every corner of a cell is the circumcentre of a triangle, so neighbours share it
to the last bit and a coverage union is exact.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import Delaunay, cKDTree

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Arrays = dict[str, npt.NDArray[Any]]
Shapes = npt.NDArray[np.object_]

EDGE_M = 130.0
GHOST_PITCH_M, GHOST_AWAY_M = 60.0, 90.0
LENGTH_M = (1.0, 150.0)
JITTER_M = 1e-3
SPAN = 2**32


def ground_of(places: Floats, households: Ints) -> Arrays:
    """Return graph and cells of a point city.

    Returns
    -------
    dict
        ptr, idx, foot, cost, length (m, between 1 and 150), mass, x, y, area (m2): as in
        `geo.partition.graph.Graph`, cost being the length. ring_ptr, ring_xy: outline of each cell,
        not closed. ridge_a, ridge_b, ridge_m: what each border truly measures, -1 for a ghost.
    """
    places = places + np.random.default_rng(0).uniform(-JITTER_M, JITTER_M, places.shape)
    count = len(places)
    points = np.concatenate([places, ghosts(places)])
    net = Delaunay(points)
    corners = circumcentres(points[net.simplices])
    ring_ptr, ring_xy = rings(net.simplices, corners, places)
    ridges = ridges_of(net, corners, count)
    a, b = edges_of(places)
    length = np.clip(lengths_of(a, b, ridges), *LENGTH_M)
    ptr, idx, (length,) = rows_of(count, a, b, length)
    graph = {
        "ptr": ptr, "idx": idx, "foot": np.ones(len(idx), dtype=np.bool_), "cost": length, "length": length,
        "mass": households, "x": places[:, 0].copy(), "y": places[:, 1].copy(), "area": areas(ring_ptr, ring_xy),
    }  # fmt: skip
    return graph | {"ring_ptr": ring_ptr, "ring_xy": ring_xy} | ridges


def ghosts(places: Floats) -> Floats:
    """Return lattice points that stand for empty ground, within and around the city."""
    margin = 4 * GHOST_AWAY_M
    spans = [
        np.arange(*edge, GHOST_PITCH_M) for edge in zip(places.min(0) - margin, places.max(0) + margin, strict=True)
    ]
    lattice = np.stack(np.meshgrid(*spans), axis=-1).reshape(-1, 2)
    lattice += np.random.default_rng(1).uniform(-1, 1, lattice.shape)
    return lattice[cKDTree(places).query(lattice, distance_upper_bound=GHOST_AWAY_M)[0] > GHOST_AWAY_M]


def circumcentres(triangles: Floats) -> Floats:
    """Return the middle of the circle through each of ``(t, 3, 2)`` triangles."""
    origin = triangles[:, 0]
    b, c = triangles[:, 1] - origin, triangles[:, 2] - origin
    twice = 2 * (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0])
    bb, cc = (b**2).sum(1), (c**2).sum(1)
    x = (c[:, 1] * bb - b[:, 1] * cc) / twice
    y = (b[:, 0] * cc - c[:, 0] * bb) / twice
    return origin + np.column_stack([x, y])


def rings(simplices: npt.NDArray[np.int32], corners: Floats, places: Floats) -> tuple[Ints, Floats]:
    """Return the outline of each place's cell: its triangles' circumcentres, sorted by direction."""
    owner, corner = simplices.ravel().astype(np.int64), np.repeat(np.arange(len(simplices)), 3)
    real = owner < len(places)
    owner, corner = owner[real], corner[real]
    away = corners[corner] - places[owner]
    order = np.lexsort((np.arctan2(away[:, 1], away[:, 0]), owner))
    ptr = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(places)))]).astype(np.int64)
    return ptr, corners[corner[order]]


def areas(ptr: Ints, xy: Floats) -> Floats:
    """Return the area of every ring."""
    after = np.arange(len(xy)) + 1
    after[ptr[1:] - 1] = ptr[:-1]
    own = xy - np.repeat(xy[ptr[:-1]], np.diff(ptr), axis=0)
    following = xy[after] - np.repeat(xy[ptr[:-1]], np.diff(ptr), axis=0)
    return np.add.reduceat(own[:, 0] * following[:, 1] - own[:, 1] * following[:, 0], ptr[:-1]) / 2


def ridges_of(net: Delaunay, corners: Floats, count: int) -> Arrays:
    """Return the borders of the cells, once each: a < b, or b = -1 where a ghost lies beyond."""
    triangle, side = np.nonzero(net.neighbors > np.arange(len(net.simplices))[:, None])
    beyond = net.neighbors[triangle, side]
    ends = np.sort(
        np.column_stack([net.simplices[triangle, (side + 1) % 3], net.simplices[triangle, (side + 2) % 3]]), axis=1
    ).astype(np.int64)
    real = ends[:, 0] < count
    span = np.hypot(*(corners[triangle] - corners[beyond]).T)[real]
    a, b = ends[real].T
    return {"ridge_a": a, "ridge_b": np.where(b < count, b, -1), "ridge_m": span}


def edges_of(places: Floats) -> tuple[Ints, Ints]:
    """Return the ends of the graph's edges, a < b, ascending."""
    triangles = Delaunay(places).simplices.astype(np.int64)
    ends = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]]), axis=1)
    a, b = np.divmod(np.unique(ends[:, 0] * SPAN + ends[:, 1]), SPAN)
    span = np.hypot(*(places[a] - places[b]).T)
    tree = minimum_spanning_tree(coo_array((span, (a, b)), shape=(len(places),) * 2)).tocoo()
    joins = np.minimum(tree.row, tree.col).astype(np.int64) * SPAN + np.maximum(tree.row, tree.col)
    return np.divmod(np.union1d((a * SPAN + b)[span <= EDGE_M], joins), SPAN)


def lengths_of(a: Ints, b: Ints, ridges: Arrays) -> Floats:
    """Return the length of the border between the ends of each edge, 0 where they do not touch."""
    known = ridges["ridge_b"] >= 0
    keys = ridges["ridge_a"][known] * SPAN + ridges["ridge_b"][known]
    order = np.argsort(keys)
    at = np.searchsorted(keys, a * SPAN + b, sorter=order).clip(max=len(keys) - 1)
    hit = keys[order[at]] == a * SPAN + b
    return np.where(hit, ridges["ridge_m"][known][order[at]], 0.0)


def rows_of(count: int, a: Ints, b: Ints, *columns: Floats) -> tuple[Ints, npt.NDArray[np.int32], list[Floats]]:
    """Return compressed rows of undirected edges, heads ascending."""
    tails, heads = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.lexsort((heads, tails))
    ptr = np.concatenate([[0], np.cumsum(np.bincount(tails, minlength=count))]).astype(np.int64)
    return ptr, heads[order].astype(np.int32), [np.concatenate([column, column])[order] for column in columns]


def polygons_of(arrays: Arrays) -> Shapes:
    """Return the cells as Polygons."""
    import shapely

    ptr, xy = arrays["ring_ptr"], arrays["ring_xy"]
    return shapely.polygons(shapely.linearrings(xy, indices=np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))))


def written(path: Path, arrays: Arrays) -> Path:
    """Write the arrays and return where they are."""
    np.savez(path, **arrays)
    return path
