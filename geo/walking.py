"""Walking: shortest ways on foot along the arcs of a `geo.network.WalkNetwork`, stopped at a limit.

Nodes wait for their turn on shelves, each some metres wide, so that putting one away and taking the next costs the
same however many wait; the shelves stand in a ring and are used again. A node whose way grows shorter moves to its new
shelf, or comes back once more: the metres are exact, as Dijkstra's (1959) are. Shelves are R. B. Dial's (*Algorithm
360*, 1969), taking floats as U. Meyer and P. Sanders do (*Delta-stepping*, 2003). Distances are metres.
"""

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from geo.network import WalkNetwork

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]

# Of 2 to 32 m, 8 was fastest or within a tenth of it on Helsinki, Liechtenstein, Wuhan and a net of 500,000 edges.
SHELF_M = 8.0
# Ways that differ by less than this are the same length: rounding must not choose between two stations.
SAME_M = 1e-6
END, OFF = -1, -2


class Arcs(NamedTuple):
    """The arcs of node i are ``start[i]:start[i + 1]``: the node each leads to, and its metres."""

    start: Small
    node: Small
    way_m: Floats


class Shelves(NamedTuple):
    """Nodes that wait: the first on each shelf, and the nodes after and before each (END none, OFF: waits nowhere)."""

    first: Small
    after: Small
    before: Small


def arcs_of(network: WalkNetwork) -> Arcs:
    """Return a network's arcs as a search takes them."""
    return Arcs(network.arc_start, network.arc_node, network.arc_m)


def ring_of(longest_m: float, limit_m: float) -> int:
    """Return how many shelves a search needs where no arc is longer, and no two seeds lie farther apart."""
    return int(min(longest_m, limit_m) / SHELF_M) + 2


@numba.njit(cache=True, nogil=True)
def shelves_of(nodes, ring):  # type: ignore[no-untyped-def]  # numba infers
    """Return empty shelves for so many nodes."""
    return Shelves(
        np.full(ring, END, dtype=np.int32), np.empty(nodes, dtype=np.int32), np.full(nodes, OFF, dtype=np.int32)
    )


@numba.njit(inline="always")
def _put(first, after, before, node, node_m):  # type: ignore[no-untyped-def]  # numba infers
    shelf = int(node_m / SHELF_M) % len(first)
    second = first[shelf]
    first[shelf], after[node], before[node] = node, second, END
    if second != END:
        before[second] = node


@numba.njit(inline="always")
def _take_first(first, after, before, shelf):  # type: ignore[no-untyped-def]  # numba infers
    node = first[shelf]
    second = after[node]
    first[shelf], before[node] = second, OFF
    if second != END:
        before[second] = END


@numba.njit(inline="always")
def _take(first, after, before, node, node_m):  # type: ignore[no-untyped-def]  # numba infers
    """Take a node off the shelf where it waits; return whether it waited at all."""
    ahead = before[node]
    if ahead != OFF:
        behind = after[node]
        if ahead == END:
            first[int(node_m / SHELF_M) % len(first)] = behind
        else:
            after[ahead] = behind
        if behind != END:
            before[behind] = ahead
        before[node] = OFF
    return ahead != OFF


@numba.njit(inline="always")
def _wins(owner, node, by, next_m, old_m):  # type: ignore[no-untyped-def]  # numba infers
    """Return whether a way offered to a node is shorter or, as short, of a lower owner; make the owner its own."""
    if owner is None:
        wins = next_m < old_m
    elif next_m > old_m + SAME_M:
        wins = False
    else:
        is_less = next_m < old_m - SAME_M
        wins = is_less or by < owner[node] or next_m < old_m
        if is_less or by < owner[node]:
            owner[node] = by
    return wins


@numba.njit(cache=True, nogil=True)
def _seeded(seeds, limit_m, owner, room):  # type: ignore[no-untyped-def]  # numba infers
    """Put the seeds on their shelves; return how many nodes they are, and the first shelf."""
    to_m, (first, after, before), met = room
    seed_node, seed_m, seed_owner = seeds
    count, lowest_m = 0, np.inf
    for at in range(len(seed_node)):
        node, next_m = seed_node[at], seed_m[at]
        if next_m > limit_m:
            continue
        old_m = to_m[node]
        by = 0 if owner is None else seed_owner[at]
        if not _wins(owner, node, by, next_m, old_m):
            continue
        if not _take(first, after, before, node, old_m):
            met[count] = node
            count += 1
        to_m[node] = min(next_m, old_m)
        _put(first, after, before, node, to_m[node])
        lowest_m = min(lowest_m, to_m[node])
    return count, int(lowest_m / SHELF_M) % len(first) if count else 0


@numba.njit(cache=True, nogil=True)
def settle(arcs, seeds, limit_m, owner, room):  # type: ignore[no-untyped-def]  # numba infers
    """Walk from seeds as far as `limit_m`; return how many nodes were met.

    Seeds are arrays of nodes and metres, which lie no farther apart than the ring of shelves was made for, and of
    owners. The room is metres to each node (inf on entry), shelves (empty before and after), and where to put the
    nodes met. Each node is left its metres and its `owner`: of ways of one length the lowest owner's. Where owners
    do not matter theirs and the seeds' are None: numba then leaves them out.
    """
    start, heads, way_m = arcs
    to_m, (first, after, before), met = room
    count, shelf = _seeded(seeds, limit_m, owner, room)
    waiting, by = count, 0
    while waiting > 0:
        while first[shelf] == END:
            shelf = shelf + 1 if shelf + 1 < len(first) else 0
        node = first[shelf]
        _take_first(first, after, before, shelf)
        waiting -= 1
        node_m = to_m[node]
        if owner is not None:
            by = owner[node]
        for arc in range(start[node], start[node + 1]):
            head, next_m = heads[arc], node_m + way_m[arc]
            old_m = to_m[head]
            if next_m > limit_m or not _wins(owner, head, by, next_m, old_m):
                continue
            if old_m == np.inf:
                met[count] = head
                count += 1
                waiting += 1
            elif not _take(first, after, before, head, old_m):
                waiting += 1
            to_m[head] = min(next_m, old_m)
            _put(first, after, before, head, to_m[head])
    return count
