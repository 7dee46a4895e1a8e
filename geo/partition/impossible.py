"""The impossible: proofs that grids in band cannot be had, so that nobody searches for them in vain.

A *cluster* is a few cells of one piece. It is without grids if no disjoint connected sets in band
hold all its cells and leave ground that whole numbers of grids can share: then some grid around it
must be out of band, whatever the rest of the plan is. Dead ends are joined before anything is tried;
a cell that is above the band with its dead ends is set aside as a single such cell is, and what it
held together are pieces by themselves.
"""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from geo.partition.bands import Band, divides, missed_of
from geo.partition.compiled import Whole, compiled
from geo.partition.deadends import hosts_of
from geo.partition.exact import EXACT_STEPS, SearchTooLongError, are_without_grids, exact_division
from geo.partition.graph import Flags, Graph, Ints, contracted, in_order, pieces_on_foot, subgraph
from geo.partition.small import EXACT_CELLS

CLUSTER_SIZES = (1, 2, 3, 4, 6, 8)
CLUSTER_STARTS, ORDERS = 6, 3
PROOF_STEPS, HEAVY_STEPS = 2000, 50_000
WALKED_CELLS, HEAVY_CELLS = 1000, 500


class Joined(NamedTuple):
    """A piece as proofs look at it.

    Its nodes are cells with their dead ends; nodes that no grid in band can hold have no way on foot. `node_of` is the
    node of each cell, `fragment` the ground that each node hangs together with, -1 where no grid can hold it.
    """

    nodes: Graph
    node_of: Ints
    fragment: Ints

    def shared_badly(self, band: Band) -> Flags:
        """Return which nodes are on peopled ground that whole numbers of grids cannot share, or are above the band."""
        is_bad = self.fragment < 0
        for members in members_of(self.fragment):
            mass, people = int(self.nodes.mass[members].sum()), int(self.nodes.people[members].sum())
            is_bad[members] = mass > 0 and not divides(mass, people, band)
        return is_bad


def joined_piece(graph: Graph, band: Band, aside: Sequence[int] = ()) -> Joined:
    """Return a connected piece with dead ends joined, and what is above the band set aside, until nothing changes.

    So are cells `aside`, with their dead ends: it is known of them that no grid can hold them.
    """
    nodes, node_of, fragment = graph, np.arange(graph.size), np.zeros(graph.size, dtype=np.int64)
    while True:
        host = np.arange(nodes.size)
        for members in members_of(fragment):
            host[members] = members[hosts_of(subgraph(nodes, members), band, passes=True)]
        again = in_order(host)
        nodes, node_of = nodes if len(host) == again.max(initial=-1) + 1 else contracted(nodes, again), again[node_of]
        above = (nodes.mass > band.hi) | (nodes.people > band.people_hi)
        above[node_of[list(aside)]] = True
        fragment = pieces_on_foot(nodes, ~above)
        is_way = nodes.foot & ~above[nodes.idx] & ~np.repeat(above, np.diff(nodes.ptr))
        if (is_way == nodes.foot).all():
            return Joined(nodes, node_of, fragment)
        nodes = nodes._replace(foot=is_way)


def members_of(fragment: Ints) -> list[Ints]:
    """Return the nodes of each fragment."""
    order = np.argsort(fragment, kind="stable")
    ends = np.cumsum(np.bincount(fragment + 1))
    return np.split(order, ends[:-1])[1:]


def no_division_of(piece: Joined, band: Band) -> bool:
    """Return whether it is proved, by trying all, that a small piece has no division in band."""
    if piece.nodes.size > EXACT_CELLS:
        return False
    try:
        return exact_division(piece.nodes, band, steps=EXACT_STEPS) is None
    except SearchTooLongError:
        return False


def is_without_grids(graph: Graph, cluster: list[int], band: Band, *, steps: int = PROOF_STEPS) -> bool:
    """Return whether it is proved that no grids in band can hold the cluster; a search cut short proves nothing."""
    cells = np.array(cluster, dtype=np.int64)
    return are_without_grids(graph, cells, within_reach(graph, cells, band.hi), band, steps=steps)


def within_reach(graph: Graph, cells: Ints, hi: int) -> tuple[Ints, Ints]:
    """Return nodes that one grid can hold with one of `cells`, fewest steps away; and those where such grids go on.

    A node is within reach if the lightest way to it holds no more than `hi`.
    """
    least = lightest_ways(graph, cells, hi)
    near = in_steps(graph, cells, least <= hi)
    is_edge = least <= hi
    is_edge[near] = False
    return near, np.flatnonzero(is_edge)


@compiled
def lightest_ways(graph: Graph, cells: Ints, hi: Whole) -> Ints:
    """Return the households on the lightest way from one of `cells` to each node, at least; above `hi` where none is.

    The walk ends after so many nodes: where it ended, ways go on.
    """
    least = np.full(len(graph.mass), hi + 1)
    done = np.zeros(len(graph.mass), dtype=np.bool_)
    least[cells] = graph.mass[cells]
    waiting = [(least[cell], cell) for cell in cells]
    heapq.heapify(waiting)
    count = 0
    while waiting and count < WALKED_CELLS:
        held, u = heapq.heappop(waiting)
        if done[u]:
            continue
        done[u], count = True, count + 1
        for p in range(graph.ptr[u], graph.ptr[u + 1]):
            v = np.int64(graph.idx[p])
            onward = max(held, graph.mass[u]) + graph.mass[v]
            if graph.foot[p] and onward < least[v]:
                least[v] = onward
                heapq.heappush(waiting, (onward, v))
    return least


@compiled
def in_steps(graph: Graph, cells: Ints, among: Flags) -> Ints:
    """Return the nodes `among` some that are fewest steps from `cells`: as many as an exact search can take."""
    found, is_met = np.empty(EXACT_CELLS, dtype=np.int64), ~among
    is_met[cells] = True
    found[: len(cells)] = cells
    count, at = len(cells), 0
    while at < count and count < EXACT_CELLS:
        u = found[at]
        at += 1
        for p in range(graph.ptr[u], graph.ptr[u + 1]):
            v = graph.idx[p]
            if graph.foot[p] and not is_met[v] and count < EXACT_CELLS:
                is_met[v] = True
                found[count] = v
                count += 1
    return found[:count]


def cluster_without_grids(
    piece: Joined, members: Ints, band: Band, *, claimed: set[int], sizes: tuple[int, ...] = CLUSTER_SIZES
) -> list[int] | None:
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
    sizes
        How many cells a cluster may have.
    """
    here = {int(piece.node_of[cell]): int(cell) for cell in members[::-1] if int(cell) not in claimed}
    # Dead ends that are too much together miss the band in as many parts as they make, and so does what they leave.
    is_bad = piece.shared_badly(band)
    if any(is_bad[node] for node in here):
        return [next(here[node] for node in sorted(here) if is_bad[node])]
    taken = {int(piece.node_of[cell]) for cell in claimed}
    cluster = nodes_without_grids(piece.nodes, sorted(set(here) - taken), band, taken, sizes)
    if cluster is None:
        return None
    return [here.get(node, int(np.argmax(piece.node_of == node))) for node in cluster]


def nodes_without_grids(
    graph: Graph, members: list[int], band: Band, claimed: set[int], sizes: tuple[int, ...] = CLUSTER_SIZES
) -> list[int] | None:
    """Return nodes around one of `members` that no grids can hold, or None."""
    # Only cells that are not a grid by themselves can be in trouble: the lightest, or heavy ones beside each other.
    alone = [u for u in members if 0 < graph.mass[u] < band.lo]
    alone.sort(key=lambda u: (graph.mass[u], u))
    for starts, least, steps in ((alone, 1, PROOF_STEPS), (alone[::-1], band.lo // 2, HEAVY_STEPS)):
        for size in sizes:
            for start in starts[:CLUSTER_STARTS]:
                cluster = cluster_around(graph, start, size, range(least, band.lo), claimed)
                for order in orders_of(graph, cluster) if len(cluster) == size else []:
                    if is_without_grids(graph, order, band, steps=steps):
                        return shrunk(graph, order, start, band, steps)
    return None


def orders_of(graph: Graph, cluster: list[int]) -> list[list[int]]:
    """Return orders to prove a cluster in: each of a few cells first, then those with fewest neighbours."""
    lonely = sorted(cluster, key=lambda u: (graph.ptr[u + 1] - graph.ptr[u], u))
    return [[first, *(u for u in lonely if u != first)] for first in lonely[:ORDERS]]


def shrunk(graph: Graph, cluster: list[int], start: int, band: Band, steps: int) -> list[int]:
    """Return the cluster without the cells its proof does not need; `start` is kept."""
    for cell in cluster:
        fewer = [other for other in cluster if other != cell]
        if cell != start and is_without_grids(graph, fewer, band, steps=steps):
            cluster = fewer
    return cluster


def cluster_around(graph: Graph, start: int, size: int, masses: range, claimed: set[int]) -> list[int]:
    """Return `start` and the cells of such `masses` nearest to it in steps, `size` in all."""
    cluster, met, layer = [start], {start}, [start]
    while layer and len(cluster) < size:
        layer = sorted({v for u in layer for v in on_foot(graph, u)} - met)
        met.update(layer)
        cluster += [v for v in layer if int(graph.mass[v]) in masses and v not in claimed]
        if len(met) > (20 * size if masses.start == 1 else HEAVY_CELLS):
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
    missed = missed_of(graph, labels, band)
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
