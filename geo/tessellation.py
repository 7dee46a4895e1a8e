"""Tessellation: blocks divided around the buildings in them, so that neighbours share every vertex.

Inside a block, ground belongs to the owner whose outline is nearest (a Voronoi diagram of the outline
points, borders kept only between different owners). Those borders and all block outlines are noded
together and polygonized: the faces tile, by construction. Borders are straightened by up to
`STRAIGHTEN_M`. One metre plane throughout.

Limits: nearness is as the crow flies inside the block's plane, so a block that bends can cut an
owner's ground in two; the part away from the building is left loose for a neighbour.
Source: enclosed tessellation, Fleischmann et al. (2020).
"""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import Delaunay, cKDTree

from geo.blocks import GRID_M, SPAN_M, faces, first_hit, noded
from geo.edges import Bools, Floats, Ints, Shapes, lines_through, points_at
from geo.footprints import Samples

STRAIGHTEN_M = 0.25
OVERSHOOT_M = 0.01
SPECK_M = 0.25
ROUNDS = 3


@dataclass(frozen=True)
class Faces:
    """Ground in pieces: ``(n,)`` Polygons, the block and the owner of each (-1: nobody's, or loose)."""

    shapes: Shapes
    block: Ints
    owner: Ints


def divided(lines: Shapes, blocks: Shapes, found: Samples, *, owners: int) -> Faces:
    """Return the blocks divided around their owners.

    Parameters
    ----------
    lines
        The noded lines that enclose the blocks.
    blocks
        ``(b,)`` Polygons; ground outside them is left out.
    found
        Points that stand for owners, each inside its block.
    owners
        How many owners there are. Each gets exactly one face, save those whose ground was too small to draw
        (see `geo.cells`).
    """
    shapes = faces(noded(np.concatenate([lines, _borders(blocks, found)])))
    block = first_hit(blocks, shapely.point_on_surface(shapes))
    drawn = Faces(shapes[block >= 0], block[block >= 0], np.full(int((block >= 0).sum()), -1, dtype=np.int64))
    if owners == 0:
        return drawn
    anchors, nearest = _anchors(found, owners), _Nearest(found)
    drawn = Faces(drawn.shapes, drawn.block, nearest.owners(drawn.shapes, drawn.block))
    for last in range(ROUNDS + 1):
        main = _mains(drawn, anchors)
        if main.min() >= 0 or last == ROUNDS:
            break
        drawn = _with_specks(drawn, blocks, np.flatnonzero(main < 0), nearest)
    owner = np.full(len(drawn.shapes), -1, dtype=np.int64)
    owner[main[main >= 0]] = np.flatnonzero(main >= 0)
    return Faces(drawn.shapes, drawn.block, owner)


class _Nearest:
    """The samples by place, kept apart by block."""

    def __init__(self, found: Samples) -> None:
        self.found = found
        self.far = 10 * np.ptp(found.places, axis=0).max() + 1e4
        self.tree = cKDTree(np.column_stack([found.places, found.block * self.far]))
        self.by_block, self.by_owner = np.argsort(found.block, kind="stable"), np.argsort(found.owner, kind="stable")
        self.settled = np.unique(found.block)

    def roomiest(self, owner: int, blocks: Shapes) -> tuple[Floats, float, int]:
        """Return the place of an owner with most room around it: the place, the room in metres, its block.

        In a square of that half width no other owner's sample is nearest, and no block outline passes.
        """
        mine = _run(self.found.owner, self.by_owner, owner)
        block = int(self.found.block[mine[0]])
        near = _run(self.found.block, self.by_block, block)
        places, others = self.found.places[mine], self.found.places[near[self.found.owner[near] != owner]]
        room = 0.4 * shapely.distance(points_at(places), shapely.boundary(blocks[block]))
        if len(others):
            room = np.minimum(room, 0.35 * cKDTree(others).query(places)[0])
        best = int(room.argmax())
        return places[best], float(room[best]), block

    def owners(self, shapes: Shapes, block: Ints) -> Ints:
        """Return the owner of the sample nearest to each face's middle, -1 in a block without any."""
        owner = np.full(len(shapes), -1, dtype=np.int64)
        settled = np.flatnonzero(np.isin(block, self.settled))
        middles = shapely.get_coordinates(shapely.point_on_surface(shapes[settled]))
        owner[settled] = self.found.owner[self.tree.query(np.column_stack([middles, block[settled] * self.far]))[1]]
        return owner


def _anchors(found: Samples, owners: int) -> Floats:
    """Return one place for each owner: of its points, the one nearest to their middle."""
    count = np.bincount(found.owner, minlength=owners).clip(min=1)
    middle = np.column_stack([np.bincount(found.owner, found.places[:, axis], owners) / count for axis in (0, 1)])
    away = ((found.places - middle[found.owner]) ** 2).sum(axis=1)
    order = np.lexsort((away, found.owner))
    owner, first = np.unique(found.owner[order], return_index=True)
    anchors = np.full((owners, 2), np.nan)
    anchors[owner] = found.places[order[first]]
    return anchors


def _borders(blocks: Shapes, found: Samples) -> Shapes:
    """Return the lines between different owners, straightened and cut off just past their block."""
    order = np.argsort(found.block, kind="stable")
    block, starts = np.unique(found.block[order], return_index=True)
    groups = np.split(order, starts[1:]) if len(block) else []
    drawn, at = [np.empty((0, 2, 2))], [np.empty(0, dtype=np.int64)]
    for place, mine in zip(block, groups, strict=True):
        if np.ptp(found.owner[mine]) > 0:
            drawn.append(_voronoi(found.places[mine], found.owner[mine], shapely.bounds(blocks[place])))
            at.append(np.full(len(drawn[-1]), place, dtype=np.int64))
    segments, index = np.concatenate(drawn), np.concatenate(at)
    chains, chain_of = _chains(segments, index)
    return _cut_off(shapely.segmentize(chains, SPAN_M), chain_of, blocks)


def _grouped(lines: Shapes, group: Ints) -> tuple[Shapes, Ints]:
    """Return a MultiLineString for each group (ascending), and which group it is."""
    names, index = np.unique(group, return_inverse=True)
    order = np.argsort(index, kind="stable")
    groups: Shapes = np.asarray(shapely.multilinestrings(lines[order], indices=index[order]), dtype=object)
    return groups, names


def _chains(segments: Floats, block: Ints) -> tuple[Shapes, Ints]:
    """Return segments joined into straightened lines from fork to fork, and the block of each line."""
    joined, blocks = _grouped(lines_through(segments), block)
    chains, at = shapely.get_parts(shapely.line_merge(joined), return_index=True)
    rings = shapely.is_closed(chains)
    chains[~rings] = shapely.simplify(chains[~rings], STRAIGHTEN_M, preserve_topology=False)
    chains[rings] = shapely.simplify(chains[rings], STRAIGHTEN_M, preserve_topology=True)
    return chains, blocks[at]


def _voronoi(places: Floats, owner: Ints, bounds: Floats) -> Floats:
    """Return the Voronoi edges between points of different owners, ``(m, 2, 2)``, on the grid.

    Edges are the duals of Delaunay edges: circumcentre to circumcentre. A frame of far points keeps
    every edge that crosses the bounds finite.
    """
    centre = (bounds[:2] + bounds[2:]) / 2
    reach = 3 * np.hypot(*(bounds[2:] - bounds[:2])) + 10
    turn = 2 * np.pi * (np.arange(8) + 0.3) / 8
    frame = reach * np.column_stack([np.cos(turn), np.sin(turn)])
    points = np.vstack([places - centre, frame])
    who = np.append(owner, np.full(len(frame), -1))
    mesh = Delaunay(points)
    one = np.repeat(np.arange(len(mesh.simplices)), 3)
    other = mesh.neighbors.ravel()
    corners = who[mesh.simplices[:, [[1, 2], [2, 0], [0, 1]]]].reshape(-1, 2)
    border = (one < other) & (corners[:, 0] != corners[:, 1]) & (corners.min(axis=1) >= 0)
    middles = np.round((_circumcentres(points[mesh.simplices]) + centre) / GRID_M) * GRID_M
    edges = np.stack([middles[one[border]], middles[other[border]]], axis=1)
    drawn: Floats = edges[(edges[:, 0] != edges[:, 1]).any(axis=1)]
    return drawn


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


def _cut_off(chains: Shapes, block: Ints, blocks: Shapes) -> Shapes:
    """Return the chains without what lies more than a centimetre outside their block."""
    shapely.prepare(blocks)
    inside = shapely.contains_properly(blocks[block], chains)
    rim, homes = _grouped(chains[~inside], block[~inside])
    wide = shapely.buffer(blocks[homes], OVERSHOOT_M, join_style="mitre")
    pieces = shapely.get_parts(shapely.get_parts(shapely.intersection(rim, wide)))
    return np.concatenate([chains[inside], pieces[shapely.get_dimensions(pieces) == 1]])


def _run(values: Ints, order: Ints, value: int) -> Ints:
    """Return the positions of a value, by the order that sorts the values."""
    start, end = np.searchsorted(values, [value, value + 1], sorter=order)
    return order[start:end]


def _mains(drawn: Faces, anchors: Floats) -> Ints:
    """Return for each owner its one face, -1 where it has none.

    Of the faces nearest to an owner the one its anchor is in counts, or else the largest.
    """
    host = _hosts(drawn.shapes, anchors)
    at_home = np.zeros(len(drawn.shapes), dtype=bool)
    known = np.flatnonzero(drawn.owner >= 0)
    at_home[known] = host[drawn.owner[known]] == known
    order = np.lexsort((-shapely.area(drawn.shapes), ~at_home, drawn.owner))
    order = order[drawn.owner[order] >= 0]
    who, first = np.unique(drawn.owner[order], return_index=True)
    main = np.full(len(anchors), -1, dtype=np.int64)
    main[who] = order[first]
    return _claimed(main, host)


def _claimed(main: Ints, host: Ints) -> Ints:
    """Return `main` where owners without a face took the one their anchor is in, if nobody has it."""
    taken = np.zeros(max(main.max(), host.max()) + 1, dtype=bool)
    taken[main[main >= 0]] = True
    without = np.flatnonzero((main < 0) & (host >= 0))
    free = without[~taken[host[without]]]
    face, first = np.unique(host[free], return_index=True)
    main = main.copy()
    main[free[first]] = face
    return main


def _hosts(shapes: Shapes, anchors: Floats) -> Ints:
    """Return the face each anchor is in, -1 for an owner without a place."""
    host = np.full(len(anchors), -1, dtype=np.int64)
    placed = ~np.isnan(anchors[:, 0])
    host[placed] = first_hit(shapes, points_at(anchors[placed]))
    return host


def _with_specks(drawn: Faces, blocks: Shapes, lost: Ints, nearest: _Nearest) -> Faces:
    """Return the faces after a small square was cut out for each owner that got no ground.

    Only the blocks of those owners are drawn again; the squares stay clear of the block outlines, so the
    vertices on them, shared with other blocks, do not change.
    """
    spots = [nearest.roomiest(owner, blocks) for owner in lost.tolist()]
    spots = [spot for spot in spots if spot[1] > 5 * GRID_M]
    if not spots:
        return drawn
    squares = [_square(place, min(room, SPECK_M)) for place, room, _ in spots]
    mine = np.unique(np.array([block for _, _, block in spots], dtype=np.int64))
    again: Bools = np.isin(drawn.block, mine)
    outlines = shapely.boundary(np.concatenate([drawn.shapes[again], np.array(squares, dtype=object)]))
    shapes = faces(noded(shapely.get_parts(outlines)))
    hit = first_hit(blocks[mine], shapely.point_on_surface(shapes))
    shapes, block = shapes[hit >= 0], mine[hit[hit >= 0]]
    return Faces(
        np.concatenate([drawn.shapes[~again], shapes]),
        np.concatenate([drawn.block[~again], block]),
        np.concatenate([drawn.owner[~again], nearest.owners(shapes, block)]),
    )


def _square(place: Floats, half_m: float) -> shapely.Polygon:
    """Return the square around a place."""
    return shapely.box(*(place - half_m), *(place + half_m))
