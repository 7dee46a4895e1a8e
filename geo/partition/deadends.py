"""Dead ends: ground that a single cell joins to the rest and that is too light for a grid of its own.

Whatever the plan, as long as its grids are in band, such ground is in the grid of that cell: a grid in
it that does not hold the cell would hold less than the band asks for. To join them first makes a search
for a plan, and a proof that there is none, much smaller. Dead ends are found from the lowest points of
a depth-first walk. Source: Hopcroft and Tarjan (1973), efficient algorithms for graph manipulation.
"""

from typing import NamedTuple

import numpy as np

from geo.partition.bands import NO_LIMIT, Band
from geo.partition.compiled import Whole, compiled
from geo.partition.graph import Flags, Graph, Ints

# The verifier walks every dead end anew: wide open ground would keep it long.
MOST_CELLS = 1000


class Walk(NamedTuple):
    """A depth-first walk: nodes in order, the node each was met from (-1: the root), and sums of what it met below."""

    order: Ints
    parent: Ints
    cells: Ints
    mass: Ints
    people: Ints
    is_hung: Flags


class Weighed(NamedTuple):
    """From where on ground is no dead end, and what a node may hold with its dead ends."""

    lo: Whole
    people_lo: Whole
    hi: Whole
    people_hi: Whole


def hosts_of(graph: Graph, band: Band, *, passes: bool = False) -> Ints:
    """Return the cell of a connected graph that each cell's dead end hangs on; itself, where it is in none.

    Parameters
    ----------
    graph
        One piece of ground, connected on foot.
    band
        Households and people of a grid.
    passes
        Whether a cell and its dead ends may be above the band: for a proof. A plan does better with them apart.
    """
    if graph.size == 0 or graph.mass.sum() < 2 * band.lo:
        return np.arange(graph.size)
    limits = (NO_LIMIT, NO_LIMIT) if passes else (band.hi, band.people_hi)
    weighed = Weighed(band.lo, band.people_lo, *limits)
    root = deepest_back_end(graph, walked(graph, 0), weighed)
    return hung(graph, walked(graph, root), weighed)


@compiled
def walked(graph: Graph, root: Whole) -> Walk:
    """Walk a connected graph; a node `is_hung` if what was met from it reaches nothing above its parent."""
    size = len(graph.mass)
    order, parent, at = np.empty(size, dtype=np.int64), np.full(size, -1), graph.ptr[:-1].copy()
    place, low, is_hung = np.full(size, -1), np.empty(size, dtype=np.int64), np.zeros(size, dtype=np.bool_)
    cells, mass, people = np.ones(size, dtype=np.int64), graph.mass.copy(), graph.people.copy()
    order[0], place[root], low[root], count, u = root, 0, 0, 1, np.int64(root)
    while u >= 0:
        if at[u] < graph.ptr[u + 1]:
            v, is_way = graph.idx[at[u]], graph.foot[at[u]]
            at[u] += 1
            if is_way and place[v] < 0:
                order[count], place[v], low[v], parent[v] = v, count, count, u
                count += 1
                u = np.int64(v)
            elif is_way:
                low[u] = min(low[u], place[v])
            continue
        above = parent[u]
        if above >= 0:
            low[above] = min(low[above], low[u])
            is_hung[u] = low[u] >= place[above]
            cells[above] += cells[u]
            mass[above] += mass[u]
            people[above] += people[u]
        u = above
    return Walk(order[:count], parent, cells, mass, people, is_hung)


@compiled
def is_light(cells: Whole, mass: Whole, people: Whole, weighed: Weighed) -> bool:
    """Return whether ground is too light for a grid, and small enough to be walked again."""
    return bool(cells <= MOST_CELLS and (mass < weighed.lo or people < weighed.people_lo))


@compiled
def deepest_back_end(graph: Graph, walk: Walk, weighed: Weighed) -> int:
    """Return the last node whose ground back to the root is a dead end of it, or the root."""
    cells, mass, people = walk.cells.copy(), walk.mass.copy(), walk.people.copy()
    for v in walk.order[1:]:
        if not walk.is_hung[v]:
            u = walk.parent[v]
            # What does not hang on u is with the ground back to the root.
            cells[u] -= walk.cells[v]
            mass[u] -= walk.mass[v]
            people[u] -= walk.people[v]
    root = walk.order[0]
    found = root
    for u in walk.order[1:]:
        back = (len(graph.mass) - cells[u], walk.mass[root] - mass[u], walk.people[root] - people[u])
        if is_light(back[0], back[1], back[2], weighed):
            found = u
    return int(found)


@compiled
def hung(graph: Graph, walk: Walk, weighed: Weighed) -> Ints:
    """Return the node that each node hangs on, itself where it is in no dead end."""
    size = len(graph.mass)
    mass, people = graph.mass.copy(), graph.people.copy()
    host, is_end = np.arange(size), np.zeros(size, dtype=np.bool_)
    for v in walk.order[1:]:
        is_end[v] = walk.is_hung[v] and is_light(walk.cells[v], walk.mass[v], walk.people[v], weighed)
        if is_end[v]:
            mass[walk.parent[v]] += walk.mass[v]
            people[walk.parent[v]] += walk.people[v]
    for v in walk.order[1:]:
        u = walk.parent[v]
        if host[u] != u or (is_end[v] and mass[u] <= weighed.hi and people[u] <= weighed.people_hi):
            host[v] = host[u]
    return host
