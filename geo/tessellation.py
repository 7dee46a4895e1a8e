"""Tessellation: blocks divided around the buildings in them, so that neighbours share every vertex.

Inside a block, ground belongs to the owner whose outline is nearest (a Voronoi diagram of the outline
points, borders kept only between different owners, straightened by up to `STRAIGHTEN_M`). Those borders and
the outline of the block are noded together and polygonized: the faces tile the block, by construction.
Blocks are divided in parts of the town, on all cores; what they put on their common outlines is agreed upon
in `geo.seams`. One metre plane throughout.

Limits: nearness is as the crow flies inside the block's plane, so a block that bends can cut an
owner's ground in two; the part away from the building is left loose for a neighbour.
Source: enclosed tessellation, Fleischmann et al. (2020).
"""

from dataclasses import astuple, dataclass

import numpy as np
import shapely
from scipy.spatial import cKDTree

from geo.blocks import GRID_M, SPAN_M, faces, first_hit, lines_of, noded
from geo.chains import chained, voronoi_edges
from geo.edges import Bools, Floats, Ints, Shapes, points_at
from geo.footprints import Samples
from geo.seams import Rim, agreed, joined, rim_of
from geo.threads import mapped, runs

STRAIGHTEN_M = 0.25
OVERSHOOT_M = 0.01
SPECK_M = 0.25
ROUNDS = 3
PART = 100_000  # points a part of the town


@dataclass(frozen=True)
class Faces:
    """Ground in pieces: ``(n,)`` Polygons, the block and the owner of each (-1: nobody's, or loose)."""

    shapes: Shapes
    block: Ints
    owner: Ints


def divided(blocks: Shapes, ends: Shapes, found: Samples, *, workers: int | None = None) -> Faces:
    """Return the blocks divided around their owners.

    Parameters
    ----------
    blocks
        ``(b,)`` Polygons that share their vertices; ground outside them is left out.
    ends
        Lines inside blocks that enclose nothing, noded with the blocks' outlines: dead ends. Where a border of
        owners crosses one, ground beyond it is cut off from its owner.
    found
        Points that stand for owners, each inside its block; all points of an owner in one block.
    workers
        Threads; None for one a core. The faces do not depend on it.

    Returns
    -------
    Faces
        West to east, north to south. Each owner has exactly one face, save those whose ground was too small to
        draw (see `geo.cells`).
    """
    parts = _parts(found)
    shapes, block = _divided(blocks, ends, [_taken(found, part) for part in parts], workers)
    order = np.argsort(block, kind="stable")
    bounds = np.searchsorted(block[order], [0, *(found.block[part[0]] for part in parts[1:]), len(blocks)])
    jobs = [
        (shapes[mine], block[mine], _taken(found, part))
        for part, mine in zip(parts, np.split(order, bounds[1:-1]), strict=True)
    ]
    drawn = mapped(lambda job: _owned(*job, blocks), jobs, workers=workers)
    shapes, block, owner = (np.concatenate(arrays) for arrays in zip(*drawn, strict=True))
    middles = shapely.get_coordinates(shapely.point_on_surface(shapes))
    order = np.lexsort((-middles[:, 1], middles[:, 0]))
    return Faces(shapes[order], block[order], owner[order])


def _parts(found: Samples) -> list[Ints]:
    """Return the samples in parts of whole blocks, some `PART` each, by block."""
    order = np.argsort(found.block, kind="stable")
    return np.split(order, runs(found.block[order], PART))


def _taken(found: Samples, keep: Ints) -> Samples:
    """Return the samples at positions."""
    return Samples(found.places[keep], found.owner[keep], found.block[keep])


def _divided(blocks: Shapes, ends: Shapes, parts: list[Samples], workers: int | None) -> tuple[Shapes, Ints]:
    """Return the blocks cut along the borders of their owners, and the block of each face."""
    home = first_hit(blocks, shapely.line_interpolate_point(ends, 0.5, normalized=True))
    cut = mapped(lambda part: _cut(blocks, (ends, home), part), parts, workers=workers)
    busy = np.concatenate([np.unique(part.block) for part in parts])
    idle = np.setdiff1d(np.arange(len(blocks)), busy)
    whole = shapely.normalize(blocks[idle])
    shapes = np.concatenate([*(faces for faces, _, _ in cut), whole])
    block = np.concatenate([*(block for _, block, _ in cut), idle])
    rim = joined([*(rim for _, _, rim in cut), rim_of(whole)], [*(len(faces) for faces, _, _ in cut), len(whole)])
    fitting = agreed(shapes, block, blocks, rim, workers=workers)
    if fitting is not None:
        return fitting
    found = Samples(*(np.concatenate(arrays) for arrays in zip(*map(astuple, parts), strict=True)))
    return _cut_at_once(blocks, ends, found)


def _cut(blocks: Shapes, ends: tuple[Shapes, Ints], found: Samples) -> tuple[Shapes, Ints, Rim]:
    """Return the blocks that have samples, cut along the borders of their owners one by one; block and rim."""
    chains, at = _borders(blocks, found)
    torn = np.unique(at)
    rims, of = shapely.get_parts(shapely.boundary(blocks[torn]), return_index=True)
    inner = np.isin(ends[1], torn)
    lines, which = np.concatenate([chains, rims, ends[0][inner]]), np.concatenate([at, torn[of], ends[1][inner]])
    groups, names = _grouped(lines, which)
    groups = np.asarray(shapely.union_all(groups[:, None], axis=1, grid_size=GRID_M), dtype=object)
    shapes, of = shapely.get_parts(shapely.polygonize(groups[:, None]), return_index=True)
    inside = shapely.intersects(blocks[names[of]], shapely.point_on_surface(shapes))
    whole = np.setdiff1d(found.block, torn)
    shapes = shapely.normalize(np.concatenate([shapes[inside], blocks[whole]]))
    return shapes, np.concatenate([names[of][inside], whole]), rim_of(shapes)


def _cut_at_once(blocks: Shapes, ends: Shapes, found: Samples) -> tuple[Shapes, Ints]:
    """Return all blocks cut along the borders of their owners, noded together: what always fits, but slowly."""
    chains, _ = _borders(blocks, found)
    shapes = faces(noded(np.concatenate([chains, lines_of(blocks), ends])))
    block = first_hit(blocks, shapely.point_on_surface(shapes))
    return shapes[block >= 0], block[block >= 0]


def _owned(shapes: Shapes, block: Ints, found: Samples, blocks: Shapes) -> tuple[Shapes, Ints, Ints]:
    """Return faces, their blocks and owners: one face for each owner, as far as its ground can be drawn."""
    names, which = np.unique(found.owner, return_inverse=True)
    if len(names) == 0:
        return shapes, block, np.full(len(shapes), -1, dtype=np.int64)
    found = Samples(found.places, which, found.block)
    anchors, nearest = _anchors(found, len(names)), _Nearest(found)
    drawn = Faces(shapes, block, nearest.owners(shapes, block))
    for last in range(ROUNDS + 1):
        main = _mains(drawn, anchors)
        if main.min() >= 0 or last == ROUNDS:
            break
        drawn = _with_specks(drawn, blocks, np.flatnonzero(main < 0), nearest)
    owner = np.full(len(drawn.shapes), -1, dtype=np.int64)
    owner[main[main >= 0]] = names[main >= 0]
    return drawn.shapes, drawn.block, owner


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


def _borders(blocks: Shapes, found: Samples) -> tuple[Shapes, Ints]:
    """Return the lines between different owners, straightened and cut off just past their block, and that block."""
    order = np.argsort(found.block, kind="stable")
    block, starts = np.unique(found.block[order], return_index=True)
    places, ends, at = [np.empty((0, 2))], [np.empty((0, 2), dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    count = 0
    for place, mine in zip(block, np.split(order, starts[1:]) if len(block) else [], strict=True):
        if np.ptp(found.owner[mine]) > 0:
            drawn = voronoi_edges(found.places[mine], found.owner[mine], shapely.bounds(blocks[place]))
            places.append(drawn[0])
            ends.append(drawn[1] + count)
            at.append(np.full(len(drawn[0]), place, dtype=np.int64))
            count += len(drawn[0])
    chains, origin = chained(np.concatenate(places), np.concatenate(ends))
    rings = shapely.is_closed(chains)
    chains[~rings] = shapely.simplify(chains[~rings], STRAIGHTEN_M, preserve_topology=False)
    chains[rings] = shapely.simplify(chains[rings], STRAIGHTEN_M, preserve_topology=True)
    return _cut_off(shapely.segmentize(chains, SPAN_M), np.concatenate(at)[origin], blocks)


def _grouped(lines: Shapes, group: Ints) -> tuple[Shapes, Ints]:
    """Return a MultiLineString for each group (ascending), and which group it is."""
    names, index = np.unique(group, return_inverse=True)
    order = np.argsort(index, kind="stable")
    groups: Shapes = np.asarray(shapely.multilinestrings(lines[order], indices=index[order]), dtype=object)
    return groups, names


def _cut_off(chains: Shapes, block: Ints, blocks: Shapes) -> tuple[Shapes, Ints]:
    """Return the chains without what lies more than a centimetre outside their block, and their blocks."""
    shapely.prepare(blocks)
    inside = shapely.contains_properly(blocks[block], chains)
    if inside.all():
        return chains, block
    rim, homes = _grouped(chains[~inside], block[~inside])
    wide = shapely.buffer(blocks[homes], OVERSHOOT_M, join_style="mitre")
    pieces, of = shapely.get_parts(shapely.intersection(rim, wide), return_index=True)
    pieces, inner = shapely.get_parts(pieces, return_index=True)
    lines = shapely.get_dimensions(pieces) == 1
    return np.concatenate([chains[inside], pieces[lines]]), np.concatenate([block[inside], homes[of[inner[lines]]]])


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
