"""Repair: parts out of band are cut anew together with some neighbours, until none is out of band.

Moves of single nodes end where a heavy node fits nowhere. Here a part and a few neighbours, drawn at
random, become one region again, and random spanning trees of the region are cut exactly (see
`trees`; very small regions are searched completely). Where no cut in band is found, one that misses
the band by no more households than before is taken as well: what cannot be mended here may be mended
next door.
"""

from typing import NamedTuple

import numpy as np

from geo.partition.bands import Band, divides, missed_of, outside, unavoidable
from geo.partition.exact import SearchTooLongError, exact_division
from geo.partition.graph import Graph, Ints, arcs_of, subgraph
from geo.partition.impossible import all_excused
from geo.partition.trees import FINEST_SUMS, cut_by_tree

REGION_PARTS = (2, 2, 3, 3, 4, 4, 5, 6, 8, 12)
PATIENCE_A_NODE, FEW_NODES = 10, 20
STRICT_TREES, WIDE_TREES = 3, 2
MAX_REGION_SUMS, SUMS_LOOKED_AT = 4_000_000, 600_000_000
REGION_NODES, REGION_STEPS = 12, 200


class Patience(NamedTuple):
    """How many cuts in a row may be in vain: before proofs are asked for, after, for each part, and in the end."""

    first: int
    then: int
    a_part: int
    last: int


SHORT = Patience(30, 0, 0, 0)
BRIEF = Patience(20, 150, 0, 0)
LONG = Patience(20, 150, 60, 1500)


class Division:
    """A division that is being repaired: labels, the nodes of each part, and what each misses the band by."""

    def __init__(self, graph: Graph, labels: Ints, band: Band, *, is_fixed: bool = False) -> None:
        self.graph, self.band, self.labels, self.is_fixed = graph, band, labels.copy(), is_fixed
        self.sums_left = SUMS_LOOKED_AT
        order = np.argsort(labels, kind="stable")
        self.members: list[Ints] = np.split(order, np.cumsum(np.bincount(labels))[:-1])
        missed = missed_of(graph, labels, band)
        self.missed: dict[int, int] = {int(part): int(missed[part]) for part in np.flatnonzero(missed)}

    def region_around(self, part: int, parts: int, *, rng: np.random.Generator) -> list[int]:
        """Return `part` and neighbours on foot added at random, up to `parts` in all."""
        chosen = [part]
        around = set(self.neighbours(part))
        while len(chosen) < parts and around:
            found = sorted(around)[rng.integers(len(around))]
            chosen.append(found)
            around = (around | set(self.neighbours(found))) - set(chosen)
        return chosen

    def neighbours(self, part: int) -> list[int]:
        """Return the other parts that can be reached on foot from a part in one step."""
        arcs = arcs_of(self.graph, self.members[part])
        near: list[int] = np.unique(self.labels[self.graph.idx[arcs[self.graph.foot[arcs]]]]).tolist()
        return [other for other in near if other != part]

    def replace(self, old: list[int], members: Ints, parts: Ints) -> None:
        """Give `members`, the nodes of the `old` parts, new parts; numbers left over stay empty."""
        count = int(parts.max()) + 1
        names = old + list(range(len(self.members), len(self.members) + count - len(old)))
        self.members += [members[:0]] * (len(names) - len(old))
        for part, name in enumerate(names):
            own = members[parts == part]
            self.members[name] = own
            self.labels[own] = name
            missed = (
                int(outside(self.graph.mass[own].sum(), self.graph.people[own].sum(), self.band)) if len(own) else 0
            )
            self.missed.pop(name, None)
            if missed:
                self.missed[name] = missed


def total_outside(graph: Graph, labels: Ints, band: Band) -> int:
    """Return by how much the parts are out of band, all together."""
    return int(missed_of(graph, labels, band).sum())


def is_best(graph: Graph, labels: Ints, band: Band) -> bool:
    """Return whether no division could be less out of band."""
    floor = unavoidable(int(graph.mass.sum()), int(graph.people.sum()), band)
    return total_outside(graph, labels, band) <= floor


def cut_strictly(region: Graph, band: Band, count: int | None, *, rng: np.random.Generator) -> Ints | None:
    """Return parts in band of a region (`count` of them, if given): by trees, or for a very small one by trying all."""
    if not divides(int(region.mass.sum()), int(region.people.sum()), band):
        return None
    for _ in range(STRICT_TREES):
        parts = cut_by_tree(region, band, rng=rng)
        if parts is not None and is_right(region, parts, count) and total_outside(region, parts, band) == 0:
            return parts
    if region.size <= REGION_NODES:
        try:
            return exact_division(region, band, steps=REGION_STEPS, count=count)
        except SearchTooLongError:
            return None
    return None


def is_right(region: Graph, parts: Ints, count: int | None) -> bool:
    """Return whether there are as many parts as asked for, or any number will do."""
    return len(parts) == region.size and (count is None or int(parts.max()) + 1 == count)


def cut_widely(region: Graph, band: Band, missed: int, count: int | None, *, rng: np.random.Generator) -> Ints | None:
    """Return parts of a region that miss the band by no more than `missed`, all together."""
    wide = band._replace(lo=max(1, band.lo - missed), hi=band.hi + missed)
    for _ in range(WIDE_TREES):
        parts = cut_by_tree(region, wide, rng=rng)
        if parts is not None and is_right(region, parts, count) and total_outside(region, parts, band) <= missed:
            return parts
    return None


def repaired(
    graph: Graph, labels: Ints, band: Band, *, rng: np.random.Generator, patience: Patience, is_fixed: bool = False
) -> Ints:
    """Return a division with less out of band, or as much.

    Parameters
    ----------
    graph, labels
        A division into connected parts, 0..k-1.
    band
        Households a part should hold.
    rng
        Chooses regions and trees.
    patience
        `LONG`, `BRIEF` for a first try on coarse nodes, or `SHORT`.
    is_fixed
        The number of parts must stay.

    Returns
    -------
    Ints
        A new array; every part is connected on foot.
    """
    now = Division(graph, labels, band, is_fixed=is_fixed)
    keep_cutting(now, patience.first, rng=rng)
    # What is proved impossible need not be sought.
    if patience.then and now.missed and not all_excused(graph, now.labels, band):
        keep_cutting(now, patience.then + patience.a_part * len(now.missed), rng=rng)
        if patience.last and now.missed and graph.size > FEW_NODES and not all_excused(graph, now.labels, band):
            keep_cutting(now, patience.last, rng=rng)
    return np.unique(now.labels, return_inverse=True)[1].astype(np.int64)


def keep_cutting(now: Division, patience: int, *, rng: np.random.Generator) -> None:
    """Cut until nothing that can be in band is out of it, or `patience` cuts in a row were in vain."""
    floor = unavoidable(int(now.graph.mass.sum()), int(now.graph.people.sum()), now.band)
    # A handful of nodes has a handful of divisions.
    patience = min(patience, PATIENCE_A_NODE * now.graph.size)
    least, idle, turn = sum(now.missed.values()), 0, 0
    while least > floor and idle < patience and now.sums_left > 0:
        recut(now, REGION_PARTS[turn % len(REGION_PARTS)], rng=rng)
        turn, idle = turn + 1, idle + 1
        if sum(now.missed.values()) < least:
            least, idle = sum(now.missed.values()), 0


def recut(now: Division, parts: int, *, rng: np.random.Generator) -> None:
    """Cut one part out of band anew, together with neighbours, unless that leaves more out of band."""
    missed = sorted(now.missed)
    old = now.region_around(missed[rng.integers(len(missed))], parts, rng=rng)
    members = np.sort(np.concatenate([now.members[name] for name in old]))
    sums = len(members) * (min(now.band.hi, 2 * FINEST_SUMS) + 1)
    now.sums_left -= (STRICT_TREES + WIDE_TREES) * sums
    if sums > MAX_REGION_SUMS:
        return
    region, count = subgraph(now.graph, members), len(old) if now.is_fixed else None
    cut = cut_strictly(region, now.band, count, rng=rng)
    if cut is None:
        cut = cut_widely(region, now.band, sum(now.missed.get(name, 0) for name in old), count, rng=rng)
    if cut is not None:
        now.replace(old, members, cut)
