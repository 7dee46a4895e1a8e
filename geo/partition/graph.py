"""Graphs: cells as nodes, borders as edges, in the compressed rows that kernels walk.

Metres throughout: node positions, areas (m2) and border lengths are measured in the local metre
zone. An edge is on foot (`foot`) or only a shared border; contiguity asks for edges on foot, the
length of a plan's borders for all of them.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Edges(NamedTuple):
    """Undirected edges, one row each: ends, on foot or not, weighted cost and bare length (m)."""

    a: Ints
    b: Ints
    foot: Flags
    cost: Floats
    length: Floats


class Nodes(NamedTuple):
    """Nodes: households, position (m), ground (m2)."""

    mass: Ints
    x: Floats
    y: Floats
    area: Floats


class Graph(NamedTuple):
    """Compressed rows: the arcs of node u are `ptr[u]:ptr[u + 1]`, each edge stands in both rows."""

    ptr: Ints
    idx: Ints
    foot: Flags
    cost: Floats
    length: Floats
    mass: Ints
    x: Floats
    y: Floats
    area: Floats

    @property
    def size(self) -> int:
        """How many nodes there are."""
        return len(self.mass)

    @property
    def nodes(self) -> Nodes:
        """The node columns alone."""
        return Nodes(self.mass, self.x, self.y, self.area)


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
    return Graph(ptr, heads[order].astype(np.int64), foot, added(edges.cost), added(edges.length), *nodes)


def edges_of(graph: Graph) -> Edges:
    """Return each edge of the graph once, its lower end first."""
    tails = tails_of(graph)
    once = tails < graph.idx
    return Edges(tails[once], graph.idx[once], graph.foot[once], graph.cost[once], graph.length[once])


def tails_of(graph: Graph) -> Ints:
    """Return the node each arc leaves."""
    return np.repeat(np.arange(graph.size), np.diff(graph.ptr))


def arcs_of(graph: Graph, members: Ints) -> Ints:
    """Return the arcs that leave `members`, node by node."""
    counts = graph.ptr[members + 1] - graph.ptr[members]
    return np.repeat(graph.ptr[members] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())


def subgraph(graph: Graph, members: Ints) -> Graph:
    """Return the graph among `members`, whose order becomes the new numbering."""
    place = np.full(graph.size, -1, dtype=np.int64)
    place[members] = np.arange(len(members))
    arcs = arcs_of(graph, members)
    tails = np.repeat(np.arange(len(members)), graph.ptr[members + 1] - graph.ptr[members])
    inside = place[graph.idx[arcs]] >= 0
    arcs = arcs[inside]
    ptr = np.concatenate([[0], np.cumsum(np.bincount(tails[inside], minlength=len(members)))]).astype(np.int64)
    return Graph(
        ptr,
        place[graph.idx[arcs]],
        graph.foot[arcs],
        graph.cost[arcs],
        graph.length[arcs],
        graph.mass[members],
        graph.x[members],
        graph.y[members],
        graph.area[members],
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
    )
    edges = edges_of(graph)
    return graph_from_edges(Edges(node_of[edges.a], node_of[edges.b], *edges[2:]), nodes)


def pieces_on_foot(graph: Graph, among: Flags, *, within: Ints | None = None) -> Ints:
    """Return the connected piece (0, 1, ... by lowest node) of each node in `among`, -1 elsewhere.

    With `within`, only edges whose two ends have the same value there join.
    """
    edges = edges_of(graph)
    joined = edges.foot & among[edges.a] & among[edges.b]
    if within is not None:
        joined &= within[edges.a] == within[edges.b]
    a, b = edges.a[joined], edges.b[joined]
    links = csr_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(graph.size, graph.size))
    _, labels = connected_components(links, directed=False)
    pieces = np.full(graph.size, -1, dtype=np.int64)
    pieces[among] = in_order(labels[among])
    return pieces


def in_order(labels: npt.NDArray[np.integer]) -> Ints:
    """Return the same grouping numbered 0, 1, ... by first appearance."""
    _, first, at = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[at]
