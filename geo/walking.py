"""Walking: shortest ways on foot from one place, bounded, on a `geo.network.WalkNetwork`.

Distances are metres. The search is Dijkstra's (1959) with a binary heap, begun at both ends of the
edge a place joins and stopped at a limit, so its cost grows with the circle, not with the city.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt
import pyproj

from geo.access import Doors
from geo.network import WalkNetwork, runs

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]


class Arcs(NamedTuple):
    """The arcs of node i are ``start[i]:start[i + 1]``: the node each leads to, and its metres."""

    start: Small
    node: Small
    way_m: Floats


@numba.njit(cache=True, nogil=True)
def _push(heap_m, heap_node, size, key_m, node):  # type: ignore[no-untyped-def]  # numba infers
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if heap_m[parent] <= key_m:
            break
        heap_m[at], heap_node[at] = heap_m[parent], heap_node[parent]
        at = parent
    heap_m[at], heap_node[at] = key_m, node
    return size + 1


@numba.njit(cache=True, nogil=True)
def _sink(heap_m, heap_node, size):  # type: ignore[no-untyped-def]  # numba infers
    """Drop the top of a heap of `size` + 1 entries."""
    key_m, node, at = heap_m[size], heap_node[size], 0
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        if child + 1 < size and heap_m[child + 1] < heap_m[child]:
            child += 1
        if heap_m[child] >= key_m:
            break
        heap_m[at], heap_node[at] = heap_m[child], heap_node[child]
        at = child
    heap_m[at], heap_node[at] = key_m, node


@numba.njit(cache=True, nogil=True)
def heap_room(arcs):  # type: ignore[no-untyped-def]  # numba infers
    """Return room for a heap over so many arcs: metres and nodes."""
    return np.empty(arcs + 4), np.empty(arcs + 4, dtype=np.int64)


@numba.njit(cache=True, nogil=True)
def settle(arcs, seeds, limit_m, to_m, heap, settled):  # type: ignore[no-untyped-def]  # numba infers
    """Settle nodes within `limit_m` of seeds (node, metres); return how many stand in `settled`, nearest first.

    `to_m` is inf on entry; `heap` is room for metres and nodes, a place for each arc and seed.
    """
    heap_m, heap_node = heap
    size = count = 0
    for node, start_m in seeds:
        if start_m <= limit_m and start_m < to_m[node]:
            to_m[node] = start_m
            size = _push(heap_m, heap_node, size, start_m, node)
    while size > 0:
        node_m, node = heap_m[0], heap_node[0]
        size -= 1
        _sink(heap_m, heap_node, size)
        if node_m > to_m[node]:
            continue
        settled[count] = node
        count += 1
        for arc in range(arcs.start[node], arcs.start[node + 1]):
            head, next_m = arcs.node[arc], node_m + arcs.way_m[arc]
            if next_m <= limit_m and next_m < to_m[head]:
                to_m[head] = next_m
                size = _push(heap_m, heap_node, size, next_m, head)
    return count


def node_distances(
    network: WalkNetwork, *, edge: int, along_m: float, start_m: float, limit_m: float
) -> tuple[Ints, Floats]:
    """Return the nodes within `limit_m` of a point on an edge, nearest first, and all distances.

    Parameters
    ----------
    edge, along_m
        The point: an edge's position, and metres from its start.
    start_m
        What has been walked before the point is reached.

    Returns
    -------
    nodes
        Nodes settled, in order of distance.
    to_m
        (n,) metres to every node of the network; inf beyond the limit.
    """
    ends = network.edge_nodes[edge]
    length_m = network.edge_length_m[edge]
    seeds = ((int(ends[0]), float(start_m + along_m)), (int(ends[1]), float(start_m + length_m - along_m)))
    to_m, settled = np.full(len(network.node_xy), np.inf), np.empty(len(network.node_xy), dtype=np.int64)
    count = settle(arcs_of(network), seeds, float(limit_m), to_m, heap_room(len(network.arc_node)), settled)
    return settled[:count].copy(), to_m


def arcs_of(network: WalkNetwork) -> Arcs:
    """Return a network's arcs as a search takes them."""
    return Arcs(network.arc_start, network.arc_node, network.arc_m)


def door_distances(
    network: WalkNetwork, origin: Doors, which: int, others: Doors, to_m: Floats
) -> tuple[Floats, Bools]:
    """Return metres on foot from one door to others, and which of those ways stay inside a compound.

    Two doors that join the streets through the gates of one compound are also joined by the
    straight line between them: nobody leaves by the gate to reach the next house.

    Parameters
    ----------
    to_m
        (n,) as `node_distances` returns them for `origin`'s row `which`.
    """
    edge = np.maximum(others.edge, 0)
    ends = network.edge_nodes[edge]
    by_start = to_m[ends[:, 0]] + others.along_m
    by_end = to_m[ends[:, 1]] + network.edge_length_m[edge] - others.along_m
    way_m = np.minimum(by_start, by_end)
    is_beside = others.edge == origin.edge[which]
    beside_m = origin.snap_m[which] + np.abs(others.along_m - origin.along_m[which])
    way_m = np.where(is_beside, np.minimum(way_m, beside_m), way_m) + others.snap_m
    way_m[others.edge < 0] = np.inf
    is_neighbour = (others.gate >= 0) & (origin.gate[which] >= 0) & (others.outline == origin.outline[which])
    straight_m = np.hypot(*(others.xy - origin.xy[which]).T)
    is_inside = is_neighbour & (straight_m < way_m)
    return np.where(is_inside, straight_m, way_m), is_inside


def reached_pieces(
    network: WalkNetwork, origin: Doors, which: int, nodes: Ints, to_m: Floats, limit_m: float
) -> tuple[Ints, Floats, Floats]:
    """Return the pieces of street within `limit_m`: edge, from and to (metres from the edge's start).

    Edges are cut exactly where the way runs out, from either end. Pieces do not overlap.
    """
    own, own_m = origin.edge[which], origin.along_m[which]
    rest_m = limit_m - origin.snap_m[which]
    if own < 0 or rest_m < 0:
        return np.empty(0, dtype=np.int64), np.empty(0), np.empty(0)
    nodes = nodes[to_m[nodes] <= limit_m]
    edge, from_start, from_end = _left_over(network, nodes, limit_m - to_m[nodes])
    length_m = network.edge_length_m[edge]
    is_other = edge != own
    is_whole = is_other & (from_start + from_end >= length_m)
    tail, head = is_other & ~is_whole & (from_start > 0), is_other & ~is_whole & (from_end > 0)
    own_rest = (from_start[~is_other].max(initial=0.0), from_end[~is_other].max(initial=0.0))
    own_from, own_to = _own_pieces(own_m, network.edge_length_m[own], rest_m, *own_rest)
    return (
        np.concatenate([edge[is_whole], edge[tail], edge[head], np.full(len(own_from), own)]),
        np.concatenate([np.zeros(is_whole.sum() + tail.sum()), (length_m - from_end)[head], own_from]),
        np.concatenate([length_m[is_whole], from_start[tail], length_m[head], own_to]),
    )


def _left_over(network: WalkNetwork, nodes: Ints, rest_m: Floats) -> tuple[Ints, Floats, Floats]:
    """Edges at settled nodes, and how much of the way is left when each is entered at its start and end."""
    arc = runs(network.arc_start[nodes].astype(np.int64), network.arc_start[nodes + 1].astype(np.int64))
    degree = network.arc_start[nodes + 1] - network.arc_start[nodes]
    tail, rest_m = np.repeat(nodes, degree), np.repeat(rest_m, degree)
    edge, at = np.unique(network.arc_edge[arc], return_inverse=True)
    rests = []
    for end in (0, 1):
        rest = np.zeros(len(edge))
        is_there = network.edge_nodes[edge[at], end] == tail
        rest[at[is_there]] = rest_m[is_there]
        rests.append(rest)
    return edge.astype(np.int64), rests[0], rests[1]


def _own_pieces(
    along_m: float, length_m: float, rest_m: float, from_start: float, from_end: float
) -> tuple[Floats, Floats]:
    """Merge what is reached on the first edge: both ways from the door, and round again from its ends."""
    spans = [(max(along_m - rest_m, 0.0), min(along_m + rest_m, length_m))]
    spans += [(0.0, min(from_start, length_m)), (max(length_m - from_end, 0.0), length_m)]
    merged: list[tuple[float, float]] = []
    for begin, end in sorted(span for span in spans if span[1] > span[0]):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return np.array([span[0] for span in merged]), np.array([span[1] for span in merged])


@dataclass(frozen=True, eq=False)
class Walk:
    """One station's search.

    Attributes
    ----------
    walk_min, is_inside
        (b,) minutes to every building (inf beyond the longest), and whether the way stays in a compound.
    nodes, to_m
        as `node_distances` returns them; empty for a stand-in.
    """

    walk_min: Floats
    is_inside: Bools
    nodes: Ints
    to_m: Floats


@dataclass(frozen=True, eq=False)
class Scene:
    """Stations and buildings joined to the streets, and the pace; everything is in metres in `crs`."""

    network: WalkNetwork | None
    crs: pyproj.CRS
    stations: Doors
    buildings: Doors
    m_per_min: float
    longest_min: float

    @property
    def limit_m(self) -> float:
        """The longest walk, with room for rounding."""
        return self.longest_min * self.m_per_min * (1 + 1e-9)

    def walk(self, which: int) -> Walk:
        """Search from one station; along a straight line where it joins no street."""
        here = self.stations
        if self.network is None or here.edge[which] < 0:
            straight_m = np.hypot(*(self.buildings.xy - here.xy[which]).T)
            return self._within(straight_m, np.zeros(len(straight_m), dtype=bool), np.empty(0, np.int64), np.empty(0))
        nodes, to_m = node_distances(
            self.network,
            edge=int(here.edge[which]),
            along_m=float(here.along_m[which]),
            start_m=float(here.snap_m[which]),
            limit_m=self.limit_m,
        )
        return self._within(*door_distances(self.network, here, which, self.buildings, to_m), nodes, to_m)

    def _within(self, way_m: Floats, is_inside: Bools, nodes: Ints, to_m: Floats) -> Walk:
        walk_min = way_m / self.m_per_min
        return Walk(np.where(walk_min <= self.longest_min, walk_min, np.inf), is_inside, nodes, to_m)
