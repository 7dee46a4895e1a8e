"""Graphs: cells as nodes, borders as edges, in the compressed rows that kernels walk.

Metres throughout: node positions, areas (m2) and border lengths are measured in the local metre
zone. An edge is on foot (`foot`) or only a shared border; contiguity asks for edges on foot, the
length of a plan's borders for all of them.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.partition.compiled import compiled

Ints = npt.NDArray[np.int64]
SmallInts = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NO_LINE = 0.95


class Edges(NamedTuple):
    """Undirected edges, one row each: ends, on foot or not, weighted cost and bare length (m)."""

    a: Ints
    b: Ints
    foot: Flags
    cost: Floats
    length: Floats


class Nodes(NamedTuple):
    """Nodes: households, position (m), ground (m2), people (none: 0 everywhere)."""

    mass: Ints
    x: Floats
    y: Floats
    area: Floats
    people: Ints | None = None


class Graph(NamedTuple):
    """Compressed rows: the arcs of node u are `ptr[u]:ptr[u + 1]`, each edge stands in both rows."""

    ptr: Ints
    idx: SmallInts
    foot: Flags
    cost: Floats
    length: Floats
    mass: Ints
    x: Floats
    y: Floats
    area: Floats
    people: Ints

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return len(self.mass)


def graph_from_edges(edges: Edges, nodes: Nodes) -> Graph:
    """Return the graph of `edges`: doubles are added up, loops dropped, heads in ascending order."""
    size = len(nodes.mass)
    real = edges.a != edges.b
    low, high = np.minimum(edges.a, edges.b)[real], np.maximum(edges.a, edges.b)[real]
    pairs, at = np.unique(low * max(size, 1) + high, return_inverse=True)
    tail, head = pairs // max(size, 1), pairs % max(size, 1)
    tails, heads = np.concatenate([tail, head]), np.concatenate([head, tail])
    order = np.lexsort((heads, tails))

    def added(column: Flags | Floats) -> Floats:
        sums = np.bincount(at, weights=column[real], minlength=len(pairs)).astype(np.float64)
        return np.concatenate([sums, sums])[order]

    ptr = np.concatenate([[0], np.cumsum(np.bincount(tails, minlength=size))]).astype(np.int64)
    foot = added(edges.foot) > 0
    people = np.zeros(size, dtype=np.int64) if nodes.people is None else nodes.people
    cost, length = added(edges.cost), added(edges.length)
    return Graph(ptr, heads[order].astype(np.int32), foot, cost, length, *nodes[:4], people)


def edges_of(graph: Graph) -> Edges:
    """Return each edge of the graph once, its lower end first."""
    tails = tails_of(graph)
    once = tails < graph.idx
    return Edges(tails[once], graph.idx[once].astype(np.int64), graph.foot[once], graph.cost[once], graph.length[once])


def tails_of(graph: Graph) -> Ints:
    """Return the node each arc leaves."""
    return np.repeat(np.arange(graph.size), np.diff(graph.ptr))


def arcs_of(graph: Graph, members: Ints) -> Ints:
    """Return the arcs that leave `members`, node by node."""
    counts = graph.ptr[members + 1] - graph.ptr[members]
    return np.repeat(graph.ptr[members] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())


def subgraph(graph: Graph, members: Ints) -> Graph:
    """Return the graph among `members` (ascending), whose order becomes the new numbering."""
    arcs = arcs_of(graph, members)
    tails = np.repeat(np.arange(len(members)), graph.ptr[members + 1] - graph.ptr[members])
    heads = graph.idx[arcs]
    place = np.minimum(np.searchsorted(members, heads), len(members) - 1)
    inside = members[place] == heads
    arcs = arcs[inside]
    ptr = np.concatenate([[0], np.cumsum(np.bincount(tails[inside], minlength=len(members)))]).astype(np.int64)
    return Graph(
        ptr,
        place[inside].astype(np.int32),
        graph.foot[arcs],
        graph.cost[arcs],
        graph.length[arcs],
        graph.mass[members],
        graph.x[members],
        graph.y[members],
        graph.area[members],
        graph.people[members],
    )


def contracted(graph: Graph, node_of: Ints) -> Graph:
    """Return the graph whose nodes are the groups 0..g-1 of `node_of` (one entry a node)."""
    count = int(node_of.max()) + 1 if len(node_of) else 0
    area: Floats = np.bincount(node_of, weights=graph.area, minlength=count).astype(np.float64)
    nodes = Nodes(
        np.bincount(node_of, weights=graph.mass, minlength=count).astype(np.int64),
        np.bincount(node_of, weights=graph.x * graph.area, minlength=count) / area,
        np.bincount(node_of, weights=graph.y * graph.area, minlength=count) / area,
        area,
        np.bincount(node_of, weights=graph.people, minlength=count).astype(np.int64),
    )
    edges = edges_of(graph)
    return graph_from_edges(Edges(node_of[edges.a], node_of[edges.b], *edges[2:]), nodes)


def pieces_on_foot(graph: Graph, among: Flags, *, within: Ints | None = None) -> Ints:
    """Return the connected piece (0, 1, ... by lowest node) of each node in `among`, -1 elsewhere.

    With `within`, only edges whose two ends have the same value there join.
    """
    return flooded(graph, among, np.zeros(0, dtype=np.int64) if within is None else within)


@compiled
def flooded(graph: Graph, among: Flags, within: Ints) -> Ints:
    """Number the pieces by walking each from its lowest node; an empty `within` joins all."""
    pieces = np.full(len(among), -1, dtype=np.int64)
    stack = np.empty(len(among), dtype=np.int32)
    count = 0
    for start in range(len(among)):
        if not among[start] or pieces[start] >= 0:
            continue
        pieces[start] = count
        stack[0] = start
        height = 1
        while height > 0:
            height -= 1
            u = stack[height]
            for p in range(graph.ptr[u], graph.ptr[u + 1]):
                v = graph.idx[p]
                if pieces[v] >= 0 or not graph.foot[p] or not among[v]:
                    continue
                if len(within) == 0 or within[v] == within[u]:
                    pieces[v] = count
                    stack[height] = v
                    height += 1
        count += 1
    return pieces


def lines_in(graph: Graph) -> Flags:
    """Return which arcs cross a line that grids should end at: a metre of it costs less than a plain one."""
    return graph.cost < NO_LINE * graph.length


def without_lines(graph: Graph) -> Graph:
    """Return the graph in which one cannot walk across lines."""
    return graph._replace(foot=graph.foot & ~lines_in(graph))


def in_order(labels: npt.NDArray[np.integer]) -> Ints:
    """Return the same grouping numbered 0, 1, ... by first appearance."""
    _, first, at = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[at]
