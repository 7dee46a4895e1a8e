"""Seams: blocks that were divided one by one agree on the vertices of their common outlines.

Where a border ends on the outline of a block, the outline gets a vertex there; the block across does not know.
Edges without a twin across show where: they get the vertices of the other side, in order along the edge. That
bends a face by less than the grid; where it then crosses itself, its block is noded again.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.blocks import GRID_M, faces, first_hit, noded
from geo.edges import Bools, Floats, Ints, Shapes, lines_through, points_at, unique_points
from geo.threads import mapped

REACH_M = 1.5 * GRID_M  # two sides bend a common line by half a diagonal of the grid each
ROUNDS = 4
PART = 10_000


@dataclass(frozen=True)
class Rim:
    """Edges that only one polygon has: ``(m, 2, 2)`` ends, the polygon, and which of its edges it is."""

    ends: Floats
    polygon: Ints
    number: Ints

    def lengths(self) -> Floats:
        """Return the lengths of the edges."""
        step = self.ends[:, 1] - self.ends[:, 0]
        return np.hypot(step[:, 0], step[:, 1])

    def taken(self, keep: Bools | Ints) -> "Rim":
        """Return the edges picked by a mask or by positions."""
        return Rim(self.ends[keep], self.polygon[keep], self.number[keep])


def rim_of(shapes: Shapes, *, workers: int | None = None) -> Rim:
    """Return the edges that only one of ``(n,)`` Polygons has."""
    if len(shapes) > PART:
        parts = np.split(shapes, np.arange(PART, len(shapes), PART))
        return joined(mapped(rim_of, parts, workers=workers), [len(part) for part in parts])
    rings, polygon_of_ring = shapely.get_rings(shapes, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    polygon = polygon_of_ring[ring]
    first = np.flatnonzero(ring[1:] == ring[:-1])
    number = first - np.searchsorted(polygon, polygon[first])
    every = Rim(np.stack([points[first], points[first + 1]], axis=1), polygon[first], number)
    return every.taken(_lone(every.ends))


def joined(rims: list[Rim], counts: list[int]) -> Rim:
    """Return the rims of arrays of polygons as that of the arrays put one after another."""
    starts = np.cumsum([0, *counts])
    rim = Rim(
        np.concatenate([rim.ends for rim in rims]),
        np.concatenate([rim.polygon + start for rim, start in zip(rims, starts, strict=False)]),
        np.concatenate([rim.number for rim in rims]),
    )
    return rim.taken(_lone(rim.ends))


def agreed(
    shapes: Shapes, block: Ints, blocks: Shapes, rim: Rim, *, workers: int | None = None
) -> tuple[Shapes, Ints] | None:
    """Return the faces with the vertices that faces of other blocks have on their outlines.

    Parameters
    ----------
    shapes, block
        ``(n,)`` Polygons that tile their blocks, on the grid, and the block of each.
    blocks
        ``(b,)`` Polygons that share their vertices.
    rim
        The rim of `shapes`.
    workers
        Threads; None for one a core.

    Returns
    -------
    Polygons that share their vertices across blocks too, and the block of each; None where two sides of an
    outline still differ: where outlines that mean the same run a tenth of a millimetre apart.
    """
    outline_m = rim_of(blocks, workers=workers).lengths().sum()
    for _ in range(ROUNDS):
        edge, place = _missing(rim.ends)
        bent, changed = _with_places(shapes, rim, edge, place)
        bad = np.unique(block[changed[_turned(shapes[changed], bent[changed])]])
        shapes = bent
        if len(bad) == 0 and abs(_rest_m(rim.ends, edge, place) - outline_m) < GRID_M / 2:
            return shapes, block
        if len(bad) == 0 and len(edge) == 0:  # a slit as wide as the grid closed on one side only
            return None
        shapes, block = _noded_again(shapes, block, blocks, bad)
        rim = rim_of(shapes, workers=workers)
    return None


def _lone(ends: Floats) -> Ints:
    """Return the positions of edges, ``(m, 2, 2)``, that there is but one of, whichever way they run."""
    places, ids = unique_points(ends.reshape(-1, 2))
    pairs = ids.reshape(-1, 2)
    keys = pairs.min(axis=1) * np.int64(len(places)) + pairs.max(axis=1)
    _, first, count = np.unique(keys, return_index=True, return_counts=True)
    return np.sort(first[count == 1])


def _missing(ends: Floats) -> tuple[Ints, Floats]:
    """Return the edges that lack an end of another edge, and that end, in order along each edge."""
    places, ids = unique_points(ends.reshape(-1, 2))
    place, edge = shapely.STRtree(lines_through(ends)).query(points_at(places), predicate="dwithin", distance=REACH_M)
    step = ends[edge, 1] - ends[edge, 0]
    along = ((places[place] - ends[edge, 0]) * step).sum(axis=1)
    own = (ids.reshape(-1, 2)[edge] == place[:, None]).any(axis=1)
    new = np.flatnonzero(~own & (along > 0) & (along < (step**2).sum(axis=1)))
    order = new[np.lexsort((along[new], edge[new]))]
    return edge[order], places[place[order]]


def _with_places(shapes: Shapes, rim: Rim, edge: Ints, place: Floats) -> tuple[Shapes, Ints]:
    """Return the polygons with places put in on edges of their rim, and which of them changed."""
    changed, local = np.unique(rim.polygon[edge], return_inverse=True)
    if len(changed) == 0:
        return shapes, changed
    kind, points, (rings, polygons) = shapely.to_ragged_array(shapes[changed])
    behind = rings[polygons[local]] + rim.number[edge] + 1
    fresh = np.insert(np.zeros(len(points), dtype=bool), behind, True)
    more = np.empty((len(fresh), 2))
    more[~fresh] = points
    more[fresh] = place[np.argsort(behind, kind="stable")]
    rings = rings + np.searchsorted(np.sort(behind), rings)
    whole = shapes.copy()
    whole[changed] = shapely.from_ragged_array(kind, more, (rings, polygons))
    return whole, changed


def _turned(before: Shapes, after: Shapes) -> Bools:
    """Return which polygons cross themselves, or were as thin as the grid and lie inside out."""
    turned: Bools = ~shapely.is_valid(after)
    rings, polygon = shapely.get_rings(before, return_index=True)
    turned[polygon[shapely.is_ccw(rings) != shapely.is_ccw(shapely.get_rings(after))]] = True
    return turned


def _rest_m(ends: Floats, edge: Ints, place: Floats) -> float:
    """Return the length of the edges without a twin, after places were put in on them."""
    points = np.insert(ends.reshape(-1, 2), 2 * edge + 1, place, axis=0)
    count = np.bincount(edge, minlength=len(ends)) + 2
    inside = np.delete(np.arange(len(points)), np.cumsum(count) - 1)
    pieces = np.stack([points[inside], points[inside + 1]], axis=1)
    step = np.diff(pieces[_lone(pieces)], axis=1)[:, 0]
    return float(np.hypot(step[:, 0], step[:, 1]).sum())


def _noded_again(shapes: Shapes, block: Ints, blocks: Shapes, bad: Ints) -> tuple[Shapes, Ints]:
    """Return the faces after those of some blocks were noded with one another."""
    again = np.isin(block, bad)
    if not again.any():
        return shapes, block
    fresh = faces(noded(shapely.get_parts(shapely.boundary(shapes[again]))))
    hit = first_hit(blocks[bad], shapely.point_on_surface(fresh))
    return (
        np.concatenate([shapes[~again], fresh[hit >= 0]]),
        np.concatenate([block[~again], bad[hit[hit >= 0]]]),
    )
