"""The impossible: proofs that grids in band cannot be had, so that nobody searches for them in vain.

A *cluster* is a few cells of one piece. It is without grids if no disjoint connected sets in band
hold all its cells and leave ground that whole numbers of grids can share: then some grid around it
must be out of band, whatever the rest of the plan is. Dead ends are joined before anything is tried.
"""

import heapq
from typing import NamedTuple

import numpy as np

from geo.partition.bands import Band, divides, outside
from geo.partition.deadends import hosts_of
from geo.partition.exact import (
    EXACT_CELLS,
    EXACT_STEPS,
    SearchTooLongError,
    are_without_grids,
    exact_division,
)
from geo.partition.graph import Flags, Graph, Ints, contracted, in_order

CLUSTER_SIZES = (1, 2, 3, 4, 6, 8)
CLUSTER_STARTS = 6
PROOF_STEPS = 2000


class Joined(NamedTuple):
    """A piece whose dead ends are one with the cells they hang on: its nodes, and the node of each cell."""

    nodes: Graph
    node_of: Ints

    def is_above(self, band: Band) -> Flags:
        """Return which nodes no grid in band can hold."""
        return np.asarray((self.nodes.mass > band.hi) | (self.nodes.people > band.people_hi), dtype=np.bool_)


def joined_piece(graph: Graph, band: Band) -> Joined:
    """Return a connected piece as proofs look at it."""
    node_of = in_order(hosts_of(graph, band, passes=True))
    is_same = int(node_of.max(initial=-1)) + 1 == graph.size
    return Joined(graph if is_same else contracted(graph, node_of), node_of)


def no_division_of(piece: Joined, band: Band) -> bool:
    """Return whether it is proved, by trying all, that a small piece has no division in band."""
    if piece.nodes.size > EXACT_CELLS:
        return False
    try:
        return exact_division(piece.nodes, band, steps=EXACT_STEPS) is None
    except SearchTooLongError:
        return False


def is_without_grids(graph: Graph, cluster: list[int], band: Band) -> bool:
    """Return whether it is proved that no grids in band can hold the cluster; a search cut short proves nothing."""
    cells = np.unique(np.array(cluster, dtype=np.int64))
    members = within_reach(graph, cells, band.hi, EXACT_CELLS + 1)
    return are_without_grids(graph, cells, members, band, steps=PROOF_STEPS)


def within_reach(graph: Graph, cells: Ints, hi: int, most: int) -> Ints:
    """Return the nodes that one grid can hold with one of `cells`, nearest first; only `most`, where there are more.

    A node is within reach if all nodes on the lightest way to it hold no more than `hi`.
    """
    least = {int(cell): int(graph.mass[cell]) for cell in cells}
    waiting = [(0, cell) for cell in least]
    found: dict[int, None] = {}
    while waiting and len(found) < most:
        held, u = heapq.heappop(waiting)
        if u in found:
            continue
        found[u] = None
        for v in on_foot(graph, u):
            onward = max(held, int(graph.mass[u])) + int(graph.mass[v])
            if onward < least.get(v, hi + 1):
                least[v] = onward
                heapq.heappush(waiting, (onward, v))
    return np.array(list(found), dtype=np.int64)


def cluster_without_grids(piece: Joined, members: Ints, band: Band, *, claimed: set[int]) -> list[int] | None:
    """Return a cluster at a part out of band that no grids can hold, or None where none is found.

    Parameters
    ----------
    piece
        The piece, no cell above the band.
    members
        Cells of the part.
    band
        Households of a grid.
    claimed
        Cells of other clusters: two grids are not excused by one reason.
    """
    here = {int(piece.node_of[cell]): int(cell) for cell in members[::-1] if int(cell) not in claimed}
    # Dead ends that are too much together miss the band in as many parts as they make.
    above = piece.is_above(band)
    if any(above[node] for node in here):
        return [next(here[node] for node in sorted(here) if above[node])]
    taken = {int(piece.node_of[cell]) for cell in claimed}
    cluster = nodes_without_grids(piece.nodes, sorted(set(here) - taken), band, taken)
    if cluster is None:
        return None
    return [here.get(node, int(np.argmax(piece.node_of == node))) for node in cluster]


def nodes_without_grids(graph: Graph, members: list[int], band: Band, claimed: set[int]) -> list[int] | None:
    """Return nodes around one of `members` that no grids can hold, or None."""
    # Only cells that are not a grid by themselves can be in trouble; the lightest are most likely to be.
    light = [u for u in members if 0 < graph.mass[u] < band.lo]
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


def all_excused(graph: Graph, labels: Ints, band: Band) -> bool:
    """Return whether each part out of band has a reason: its piece, or a cluster no grids can hold."""
    if not divides(int(graph.mass.sum()), int(graph.people.sum()), band):
        return True
    mass, people = (np.bincount(labels, weights=column).astype(np.int64) for column in (graph.mass, graph.people))
    missed = outside(mass, people, band)
    claimed: set[int] = set()
    piece = joined_piece(graph, band)
    if no_division_of(piece, band):
        return True
    for part in np.unique(labels[missed[labels] > 0]):
        cluster = cluster_without_grids(piece, np.flatnonzero(labels == part), band, claimed=claimed)
        if cluster is None:
            return False
        claimed.update(cluster)
    return True
