"""Repair: grids out of band are cut anew, together with more and more of their neighbours.

Moves of single nodes end where a heavy node fits nowhere. Here the grid and some neighbours become
one region again, and random spanning trees of the region are cut exactly (see `trees`). Where no
cut in band is found, wider bands are tried, so that as few households as possible are out.
"""

from collections.abc import Iterator

import numpy as np

from geo.partition.bands import Band, divides, outside
from geo.partition.graph import Graph, Ints, arcs_of, subgraph
from geo.partition.trees import cut_by_trees

REGION_GRIDS = (2, 2, 3, 3, 4, 4, 5, 6, 7, 8, 10, 12, 16, 20)
REGION_TRIES, TREES = 4, 6
MAX_REGION_SUMS = 4_000_000


def masses_of(graph: Graph, labels: Ints) -> Ints:
    """Return the households of each part."""
    return np.bincount(labels, weights=graph.mass).astype(np.int64)


def households_outside(graph: Graph, labels: Ints, band: Band) -> int:
    """Return how many households the parts are out of band, all together."""
    return int(outside(masses_of(graph, labels), band).sum())


def neighbours(graph: Graph, labels: Ints, members: Ints) -> Ints:
    """Return the parts that can be reached on foot from `members` in one step."""
    arcs = arcs_of(graph, members)
    return np.unique(labels[graph.idx[arcs[graph.foot[arcs]]]])


def region_around(graph: Graph, labels: Ints, part: int, grids: int, *, rng: np.random.Generator) -> Ints:
    """Return the nodes of `part` and of neighbours added at random, `grids` parts in all."""
    chosen = [part]
    members = np.flatnonzero(labels == part)
    while len(chosen) < grids:
        around = np.setdiff1d(neighbours(graph, labels, members), chosen)
        if len(around) == 0:
            break
        chosen.append(int(rng.choice(around)))
        members = np.flatnonzero(np.isin(labels, chosen))
    return members


def regions(graph: Graph, labels: Ints, part: int, band: Band, *, rng: np.random.Generator) -> Iterator[Ints]:
    """Yield ever larger regions around a part, without repeating one that failed."""
    tried: set[bytes] = set()
    for grids in REGION_GRIDS:
        for _ in range(REGION_TRIES):
            members = region_around(graph, labels, part, grids, rng=rng)
            if len(members) * (band.hi + 1) > MAX_REGION_SUMS:
                return
            if members.tobytes() not in tried:
                tried.add(members.tobytes())
                yield members


def replaced(labels: Ints, members: Ints, parts: Ints) -> Ints:
    """Return labels in which `members` have the new parts; numbers may have gaps."""
    now = labels.copy()
    now[members] = labels.max() + 1 + parts
    return now


def recut(graph: Graph, labels: Ints, part: int, band: Band, *, rng: np.random.Generator) -> Ints | None:
    """Return labels in which the region of one bad part is all in band, or None."""
    for members in regions(graph, labels, part, band, rng=rng):
        region = subgraph(graph, members)
        if not divides(int(region.mass.sum()), band):
            continue
        parts = cut_by_trees(region, band, tries=TREES, rng=rng)
        if parts is not None:
            return replaced(labels, members, parts)
    return None


def eased(graph: Graph, labels: Ints, part: int, band: Band, *, rng: np.random.Generator) -> Ints | None:
    """Return labels that bring the region of one bad part nearer to the band, or None."""
    missed = int(outside(masses_of(graph, labels), band)[part])
    for share in (0.02, 0.1, 0.25, 0.5, 0.75):
        slack = int(missed * share)
        wide = Band(max(1, band.lo - slack), band.hi + slack)
        for grids in (2, 3, 4):
            members = region_around(graph, labels, part, grids, rng=rng)
            region = subgraph(graph, members)
            if len(members) * (wide.hi + 1) > MAX_REGION_SUMS:
                continue
            parts = cut_by_trees(region, wide, tries=TREES, rng=rng)
            if parts is None:
                continue
            before = outside(np.bincount(labels[members], weights=graph.mass[members]).astype(np.int64), band)
            empty = np.bincount(labels[members], minlength=len(before)) == 0
            if households_outside(region, parts, band) < before[~empty].sum():
                return replaced(labels, members, parts)
    return None


def repaired(graph: Graph, labels: Ints, band: Band, *, rng: np.random.Generator) -> Ints:
    """Return a division with fewer households out of band, or the same one.

    Parameters
    ----------
    graph, labels
        A division into connected parts, 0..k-1.
    band
        Households a part should hold.
    rng
        Chooses regions and trees.

    Returns
    -------
    Ints
        A new array; every part is connected on foot.
    """
    now, hopeless = labels.copy(), set[bytes]()
    while True:
        now = np.unique(now, return_inverse=True)[1].astype(np.int64)
        missed = outside(masses_of(graph, now), band)
        worst = [int(part) for part in np.argsort(-missed, kind="stable") if missed[part] > 0]
        worst = [part for part in worst if np.flatnonzero(now == part).tobytes() not in hopeless]
        if not worst:
            return now
        better = recut(graph, now, worst[0], band, rng=rng)
        if better is None:
            better = eased(graph, now, worst[0], band, rng=rng)
        if better is None:
            hopeless.add(np.flatnonzero(now == worst[0]).tobytes())
        else:
            now = better
