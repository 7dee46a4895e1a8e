"""Trees: an exact answer to "can this spanning tree be cut so that every part is in band?".

For each node the set of household sums its unfinished part can have is computed from the leaves
upwards, over all ways to finish or to go on with each branch; then one way is read back from the
root. Pseudo-polynomial: nodes x hi^2 at worst, in words of bits. Many random trees of one region come close to trying
all its divisions. Source: Johnson and Niemi (1983), knapsacks on trees; random spanning trees as in
recombination, DeFord, Duchin and Solomon (2021).
"""

import heapq
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.partition.bands import Band
from geo.partition.compiled import Whole, compiled
from geo.partition.graph import Graph, Ints

FINEST_SUMS = 1024
# A set of sums is a row of bits, so many to a word: shifting a set by a sum adds it to all.
WORD = 32
FULL = (1 << WORD) - 1

Sets = npt.NDArray[np.int64]


class Tree(NamedTuple):
    """A spanning tree: nodes from the root outwards, and each one's parent (-1 at the root)."""

    order: Ints
    parent: Ints


class Reach(NamedTuple):
    """Sums a node's open part can have: in the end, and its parent's before the node was merged."""

    end: Sets
    before: Sets


@compiled
def random_tree(graph: Graph, rng: np.random.Generator) -> Tree:
    """Grow a tree over a connected graph by random arc weights, dear borders joined sooner."""
    size = len(graph.mass)
    order = np.empty(size, dtype=np.int64)
    parent = np.full(size, -1, dtype=np.int64)
    taken = np.zeros(size, dtype=np.bool_)
    heap: list[tuple[float, Whole, Whole]] = [(0.0, np.int64(rng.integers(0, size)), np.int64(-1))]
    count = 0
    while len(heap) > 0:
        _, u, above = heapq.heappop(heap)
        if taken[u]:
            continue
        taken[u] = True
        parent[u] = above
        order[count] = u
        count += 1
        for p in range(graph.ptr[u], graph.ptr[u + 1]):
            v = np.int64(graph.idx[p])
            if graph.foot[p] and not taken[v]:
                heapq.heappush(heap, (rng.random() / (1.0 + graph.cost[p]), v, u))
    return Tree(order[:count], parent)


@compiled
def has(sums: Sets, s: Whole) -> bool:
    """Return whether a sum is in the set."""
    return bool(sums[s // WORD] >> s % WORD & 1)


@compiled
def closes(sums: Sets, lo: Whole) -> bool:
    """Return whether a part can be finished: some sum is in band."""
    if lo // WORD < len(sums) and sums[lo // WORD] >> lo % WORD:
        return True
    return bool(sums[lo // WORD + 1 :].any())


@compiled
def merged(above: Sets, below: Sets, lo: Whole) -> Sets:
    """Return the sums of a part after one branch: the branch finished, or taken along."""
    result = above.copy() if closes(below, lo) else np.zeros_like(above)
    for place in range(len(below)):
        word = below[place]
        bit = 0
        while word:
            if word & 1:
                result[place] |= above[0] << bit & FULL
                for w in range(1, len(above) - place):
                    result[place + w] |= (above[w] << bit | above[w - 1] >> WORD - bit) & FULL
            word >>= 1
            bit += 1
    return result


@compiled
def reach_of(graph: Graph, tree: Tree, lo: Whole, hi: Whole) -> Reach:
    """Compute all sets of sums from the leaves upwards."""
    words = hi // WORD + 1
    end = np.zeros((len(graph.mass), words), dtype=np.int64)
    before = np.zeros((len(graph.mass), words), dtype=np.int64)
    for u in range(len(graph.mass)):
        if graph.mass[u] <= hi:
            end[u, graph.mass[u] // WORD] = np.int64(1) << graph.mass[u] % WORD
    top = (np.int64(1) << hi % WORD + 1) - 1
    for i in range(len(tree.order) - 1, 0, -1):
        u = tree.order[i]
        above = tree.parent[u]
        before[u] = end[above]
        end[above] = merged(before[u], end[u], lo)
        # Sums above the band are of no use.
        end[above, words - 1] &= top
    return Reach(end, before)


@compiled
def nearest_sum(sums: Sets, lo: Whole, target: float) -> int:
    """Return the sum in band nearest to the target."""
    best = -1
    for s in range(lo, len(sums) * WORD):
        if has(sums, s) and (best < 0 or abs(s - target) < abs(best - target)):
            best = s
    return best


@compiled
def branch_share(above: Sets, below: Sets, need: Whole, rng: np.random.Generator) -> int:
    """Choose what a branch brings to its parent's part of `need`: a sum, or -1 for none of them."""
    met, found = 0, -1
    for s in range(min(need + 1, len(below) * WORD)):
        if has(below, s) and has(above, need - s):
            met += 1
            found = s if rng.integers(0, met) == 0 else found
    return found


@compiled
def read_back(tree: Tree, reach: Reach, lo: int, target: float, rng: np.random.Generator) -> Ints:
    """Return parts 0.. of one way to cut the tree; the root's sums must allow it."""
    labels = np.full(len(tree.parent), -1, dtype=np.int64)
    need = np.zeros(len(tree.parent), dtype=np.int64)
    root = tree.order[0]
    labels[root], need[root], used = 0, nearest_sum(reach.end[root], lo, target), 1
    for u in tree.order[1:]:
        above = tree.parent[u]
        # A branch that can be finished is finished half of the time, so that other trees and other
        # readings of one tree bring other plans.
        can_close = has(reach.before[u], need[above]) and closes(reach.end[u], lo)
        share = -1
        if not can_close or rng.random() < 0.5:
            share = branch_share(reach.before[u], reach.end[u], need[above], rng)
        if share < 0:
            labels[u], need[u] = used, nearest_sum(reach.end[u], lo, target)
            used += 1
        else:
            labels[u], need[u] = labels[above], share
            need[above] -= share
    return labels


@compiled
def tree_cut(graph: Graph, lo: int, hi: int, target: float, rng: np.random.Generator) -> Ints:
    """Cut one random tree; an empty array where it cannot be cut."""
    tree = random_tree(graph, rng)
    reach = reach_of(graph, tree, lo, hi)
    if len(tree.order) < len(graph.mass) or not closes(reach.end[tree.order[0]], lo):
        return np.empty(0, dtype=np.int64)
    return read_back(tree, reach, lo, target, rng)


def cut_by_tree(graph: Graph, band: Band, *, rng: np.random.Generator) -> Ints | None:
    """Divide a connected region so that the households of every part are in band, by one random tree.

    Returns
    -------
    Ints or None
        Part of each node, 0.., in any number of parts; None where the tree cannot be cut so. Where a grid holds
        many thousands, sums are rounded: then a part may be a little out of band.
    """
    if graph.size == 0:
        return None
    unit = max(1, band.hi // FINEST_SUMS)
    lo, hi = -(-band.lo // unit), band.hi // unit
    coarse = graph if unit == 1 else graph._replace(mass=np.rint(graph.mass / unit).astype(np.int64))
    labels = tree_cut(coarse, max(lo, 0), hi, band.target / unit, rng)
    return labels if len(labels) else None
