"""The impossible: proofs that grids in band cannot be had, so that nobody searches for them in vain.

A *cluster* is a few cells of one piece. It is without grids if no disjoint connected sets in band
hold all its cells and leave ground that whole numbers of grids can share: then some grid around it
must be out of band, whatever the rest of the plan is.
"""

from collections.abc import Iterator

import numpy as np

from geo.partition.bands import Band, divides, outside
from geo.partition.exact import EXACT_CELLS, EXACT_STEPS, SearchTooLongError, exact_division
from geo.partition.graph import Graph, Ints

CLUSTER_SIZES = (1, 2, 3, 4, 6, 8)
CLUSTER_STARTS = 6
PROOF_STEPS = 2000

Group = frozenset[int]


def no_division_of(piece: Graph, band: Band) -> bool:
    """Return whether it is proved, by trying all, that a small piece has no division in band."""
    if piece.size > EXACT_CELLS:
        return False
    try:
        return exact_division(piece, band, steps=EXACT_STEPS) is None
    except SearchTooLongError:
        return False


class Proof:
    """One attempt at a proof; its steps are counted."""

    def __init__(self, graph: Graph, band: Band, steps: int = PROOF_STEPS) -> None:
        self.graph, self.band, self.steps = graph, band, steps

    def sets_with(self, cell: int, used: Group) -> Iterator[Group]:
        """Yield every connected set in band that holds `cell` and none of `used`."""
        nothing: tuple[int, ...] = ()
        waiting = [(frozenset([cell]), int(self.graph.mass[cell]), nothing, used | {cell}, (cell,))]
        while waiting:
            members, mass, border, met, fresh = waiting.pop()
            self.steps -= 1
            if self.steps < 0:
                raise SearchTooLongError
            if mass >= self.band.lo:
                yield members
            border += tuple(v for u in fresh for v in on_foot(self.graph, u) if v not in met and v not in border)
            for i, v in enumerate(border):
                onward = mass + int(self.graph.mass[v])
                if onward <= self.band.hi:
                    waiting.append((members | {v}, onward, border[i + 1 :], met | set(border[: i + 1]), (v,)))

    def can_hold(self, cluster: list[int], used: Group) -> bool:
        """Return whether disjoint sets in band hold the cluster and always leave ground that can be shared."""
        rest = [cell for cell in cluster if cell not in used]
        return not rest or any(
            leaves_divisible(self.graph, used | members, self.band) and self.can_hold(rest[1:], used | members)
            for members in self.sets_with(rest[0], used)
        )


def is_without_grids(graph: Graph, cluster: list[int], band: Band) -> bool:
    """Return whether it is proved that no grids in band can hold the cluster; a walk cut short proves nothing."""
    try:
        return not Proof(graph, band).can_hold(cluster, frozenset())
    except SearchTooLongError:
        return False


def cluster_without_grids(graph: Graph, members: Ints, band: Band, *, claimed: set[int]) -> list[int] | None:
    """Return a cluster at a part out of band that no grids can hold, or None where none is found.

    Parameters
    ----------
    graph
        A piece, no node above the band.
    members
        Nodes of the part.
    band
        Households of a grid.
    claimed
        Nodes of other clusters: two grids are not excused by one reason.
    """
    # Only cells that are not a grid by themselves can be in trouble; the lightest are most likely to be.
    light = [int(u) for u in members if 0 < graph.mass[u] < band.lo and int(u) not in claimed]
    light.sort(key=lambda u: (graph.mass[u], u))
    for size in CLUSTER_SIZES:
        for start in light[:CLUSTER_STARTS]:
            cluster = cluster_around(graph, start, size, band, claimed)
            if len(cluster) == size and is_without_grids(graph, cluster, band):
                return shrunk(graph, cluster, band)
    return None


def shrunk(graph: Graph, cluster: list[int], band: Band) -> list[int]:
    """Return the cluster without the cells its proof does not need, the first one kept."""
    for cell in cluster[1:]:
        fewer = [other for other in cluster if other != cell]
        if is_without_grids(graph, fewer, band):
            cluster = fewer
    return cluster


def cluster_around(graph: Graph, start: int, size: int, band: Band, claimed: set[int]) -> list[int]:
    """Return `start` and the light cells nearest to it in steps, `size` in all."""
    cluster, met, layer = [start], {start}, [start]
    while layer and len(cluster) < size:
        layer = sorted({v for u in layer for v in on_foot(graph, u)} - met)
        met.update(layer)
        cluster += [v for v in layer if 0 < graph.mass[v] < band.lo and v not in claimed]
        if len(met) > 20 * size:
            break
    return cluster[:size]


def on_foot(graph: Graph, u: int) -> list[int]:
    """Return the neighbours of u on foot."""
    low, high = graph.ptr[u], graph.ptr[u + 1]
    found: list[int] = graph.idx[low:high][graph.foot[low:high]].tolist()
    return found


def leaves_divisible(graph: Graph, members: Group, band: Band) -> bool:
    """Return whether every piece that is left without `members` can be shared by whole grids.

    A piece is walked only until it holds so many households that any such number can be shared; one
    without households could come along with `members`.
    """
    enough = band.lo * -(-band.lo // max(1, band.hi - band.lo))
    large: set[int] = set()
    small: set[int] = set()
    for start in sorted({v for u in members for v in on_foot(graph, u)} - members):
        if start in small or start in large:
            continue
        met, waiting, mass, people = {start}, [start], 0, 0
        while waiting and (mass < enough or band.asks_people) and met.isdisjoint(large):
            u = waiting.pop()
            mass, people = mass + int(graph.mass[u]), people + int(graph.people[u])
            fresh = [v for v in on_foot(graph, u) if v not in met and v not in members]
            met.update(fresh)
            waiting += fresh
        if waiting:
            large |= met
        elif mass > 0 and not divides(mass, people, band):
            return False
        else:
            small |= met
    return True


def all_excused(graph: Graph, labels: Ints, band: Band) -> bool:
    """Return whether each part out of band has a reason: its piece, or a cluster no grids can hold."""
    if not divides(int(graph.mass.sum()), int(graph.people.sum()), band):
        return True
    mass, people = (np.bincount(labels, weights=column).astype(np.int64) for column in (graph.mass, graph.people))
    missed = outside(mass, people, band)
    claimed: set[int] = set()
    for part in np.unique(labels[missed[labels] > 0]):
        cluster = cluster_without_grids(graph, np.flatnonzero(labels == part), band, claimed=claimed)
        if cluster is None:
            return False
        claimed.update(cluster)
    return True
