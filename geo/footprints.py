"""Footprints: the points on building outlines that ground is divided by.

Each building is stood for by points along its outline, dense where another building is near: the
borders then run midway between walls. Outlines that touch are drawn in a little first, so the border
follows the party wall. A building with several owners (stairwells, shares) hands its points to the
nearest stairwell, or to equal slabs along its longer side. Buildings drawn (nearly) twice are taken
as one outline with several owners, in slabs. One metre plane throughout.

Source: sampling as in momepy's morphological tessellation (Fleischmann et al. 2020); spacing by
clearance is ours: two facing rows of points D apart and s from each other give a border that waves
by s^2 / 8D, kept below `WAVE_M`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from geo.edges import Floats, Ints, Shapes, unique_points
from geo.threads import in_parts

INSET_M = 0.6
WAVE_M = 0.25
SPACING_M = (1.5, 5.0)
CLEARANCE_MAX_M = 12.0
PARTED_M = 1.0
SAME_SHARE = 0.8
SMALLEST_M2 = 1.0


@dataclass(frozen=True)
class Samples:
    """Points that stand for owners: ``(m, 2)`` places, the owner and the block of each."""

    places: Floats
    owner: Ints
    block: Ints


def samples(
    footprints: Shapes, block: Ints, blocks: Shapes, owners: pd.DataFrame, *, workers: int | None = None
) -> Samples:
    """Return the points that stand for ``k`` owners of ``n`` footprints inside their blocks.

    Parameters
    ----------
    footprints
        ``(n,)`` valid Polygons or MultiPolygons in metres.
    block
        ``(n,)`` position of the block each footprint's representative point is in.
    blocks
        All blocks, Polygons.
    owners
        ``k`` rows as of `geo.owners.owners`, sorted by ``building``.
    workers
        Threads; None for one a core.
    """
    shapes = _clipped(footprints, block, blocks)
    first = _same(shapes, block)
    group = first[owners["building"].to_numpy()]
    heads = np.flatnonzero(first == np.arange(len(first)))
    count = np.bincount(group, minlength=len(shapes))[heads]
    places, at = _outline_points(shapes[heads], count, workers)
    owner_of_head = np.full(len(shapes), -1, dtype=np.int64)
    owner_of_head[group[::-1]] = np.arange(len(group))[::-1]  # the first owner of each head
    owner = owner_of_head[heads][at]
    crowd = np.flatnonzero(count > 1)
    bounds = np.searchsorted(at, [crowd, crowd + 1])
    rank = np.argsort(group, kind="stable")
    starts = np.searchsorted(group[rank], heads[crowd])
    for place, head in enumerate(crowd):
        inside = slice(bounds[0, place], bounds[1, place])
        mine = rank[starts[place] : starts[place] + count[head]]
        owner[inside] = mine[_part(places[inside], owners[["x", "y"]].to_numpy(np.float64)[mine], shapes[heads[head]])]
    return _all_heard(_distinct(Samples(places, owner, block[heads][at])), shapes, block, owners["building"].to_numpy())


def _clipped(footprints: Shapes, block: Ints, blocks: Shapes) -> Shapes:
    """Return what of each footprint lies in its block; a dot of ground where that is next to nothing."""
    shapely.prepare(blocks)
    shapes = footprints.copy()
    over = ~shapely.covers(blocks[block], shapes)
    shapes[over] = shapely.intersection(shapes[over], blocks[block[over]])
    tiny = shapely.area(shapes) < SMALLEST_M2
    dots = shapely.buffer(shapely.point_on_surface(footprints[tiny]), 0.5, quad_segs=2)
    kept = shapely.intersection(dots, blocks[block[tiny]])
    shapes[tiny] = np.where(shapely.is_empty(kept), dots, kept)
    return shapes


def _same(shapes: Shapes, block: Ints) -> Ints:
    """Return for each footprint the first one that is drawn in (nearly) the same place, itself as a rule."""
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    area = shapely.area(shapes)
    ahead = (left < right) & (block[left] == block[right])
    alike = np.minimum(area[left], area[right]) >= SAME_SHARE * np.maximum(area[left], area[right])
    left, right = left[ahead & alike], right[ahead & alike]
    boxes = shapely.bounds(shapes)
    low, high = np.maximum(boxes[left, :2], boxes[right, :2]), np.minimum(boxes[left, 2:], boxes[right, 2:])
    met = np.prod((high - low).clip(min=0), axis=1) >= SAME_SHARE * np.minimum(area[left], area[right])
    left, right = left[met], right[met]
    common = shapely.area(shapely.intersection(shapes[left], shapes[right]))
    twins = common >= SAME_SHARE * (area[left] + area[right] - common)
    ones = np.ones(int(twins.sum()))
    graph = coo_matrix((ones, (left[twins], right[twins])), shape=(len(shapes), len(shapes)))
    label = connected_components(graph, directed=False)[1]
    _, first = np.unique(label, return_index=True)
    heads: Ints = first[label].astype(np.int64)
    return heads


def _outline_points(shapes: Shapes, count: Ints, workers: int | None) -> tuple[Floats, Ints]:
    """Return points along the outlines and the position of the footprint each stands for, ascending."""
    clearance = _clearance(shapes, workers)
    close = clearance < 1.0
    drawn = shapes.copy()
    drawn[close] = in_parts(
        lambda part: shapely.buffer(part, -INSET_M, join_style="mitre"), shapes[close], workers=workers
    )
    gone = shapely.area(drawn) < SMALLEST_M2 / 4
    drawn[gone] = shapes[gone]
    spacing = np.sqrt(8 * WAVE_M * (clearance + np.where(close, 2 * INSET_M, 0.0))).clip(*SPACING_M)
    sides = np.ptp(shapely.bounds(drawn).reshape(-1, 2, 2), axis=1).max(axis=1)
    spacing = np.where(count > 1, np.minimum(PARTED_M, sides / (4 * count)), spacing)
    dotted = in_parts(
        lambda part, m: shapely.segmentize(shapely.simplify(part, 0.1), m), drawn, spacing, workers=workers
    )
    places, at = shapely.get_coordinates(dotted, return_index=True)
    return places, at.astype(np.int64)


def _clearance(shapes: Shapes, workers: int | None) -> Floats:
    """Return how far the next footprint is from each, `CLEARANCE_MAX_M` at most."""
    tree = shapely.STRtree(shapes)
    tree.query(shapes[:1])  # builds it, before threads share it

    def nearest(part: Shapes) -> Floats:
        away = np.full(len(part), CLEARANCE_MAX_M)
        found, distance = tree.query_nearest(
            part, max_distance=CLEARANCE_MAX_M, exclusive=True, return_distance=True, all_matches=False
        )
        away[found[0]] = distance
        return away

    return in_parts(nearest, shapes, workers=workers)


def _part(places: Floats, doors: Floats, shape: shapely.Geometry) -> Ints:
    """Return for the points of one outline which of its owners each belongs to."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(shape))
    sides = np.diff(corners[:3], axis=0)
    along = sides[np.argmax(np.hypot(sides[:, 0], sides[:, 1]))]
    along = along * (-1 if tuple(along) < (0, 0) else 1)
    order = np.arange(len(doors), dtype=np.int64)
    if not np.isnan(doors).any():
        gaps = places[:, None, :] - doors[None, :, :]
        nearest = np.argmin((gaps**2).sum(axis=2), axis=1)
        if np.bincount(nearest, minlength=len(doors)).min() >= 2:
            return np.asarray(nearest, dtype=np.int64)
        order = np.argsort(doors @ along, kind="stable").astype(np.int64)
    reach = places @ along
    slab = ((reach - reach.min()) / max(np.ptp(reach), 1e-9) * len(doors)).astype(np.int64)
    part: Ints = order[slab.clip(max=len(doors) - 1)]
    return part


def _distinct(found: Samples) -> Samples:
    """Return the samples without points that fall together to the millimetre: the first one keeps the place."""
    corner = found.places.min(axis=0)
    step = np.round((found.places - corner) * 1000).astype(np.int64)
    keys = step[:, 0] * (step[:, 1].max() + 1) + step[:, 1]
    order = np.argsort(keys, kind="stable")
    twin = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    doubtful = np.union1d(order[twin], order[twin + 1])
    ids = unique_points(np.column_stack([keys[doubtful], found.block[doubtful]]).astype(np.float64))[1]
    kept = np.ones(len(keys), dtype=bool)
    kept[np.delete(doubtful, np.unique(ids, return_index=True)[1])] = False
    return Samples(found.places[kept], found.owner[kept], found.block[kept])


def _all_heard(found: Samples, shapes: Shapes, block: Ints, building: Ints) -> Samples:
    """Return the samples with one more for each owner that has none left: a point in its building."""
    silent = np.setdiff1d(np.arange(len(building)), found.owner)
    if len(silent) == 0:
        return found
    home = building[silent]
    places = shapely.get_coordinates(shapely.point_on_surface(shapes[home]))
    return Samples(
        np.concatenate([found.places, places]),
        np.concatenate([found.owner, silent]),
        np.concatenate([found.block, block[home]]),
    )
