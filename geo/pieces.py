"""Pieces: the street reached from a place within a limit, edge by edge, cut exactly where the way runs out.

A piece is an edge's position in a `geo.network.WalkNetwork` and two distances from the edge's start, in metres. Pieces
of one circle do not overlap.
"""

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from geo.access import Doors
from geo.network import WalkNetwork
from geo.searches import Met
from geo.walking import Arcs, arcs_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]


class Pieces(NamedTuple):
    """Pieces of s * k circles, of each place for each limit: those of circle i are ``start[i]:start[i + 1]``."""

    start: Ints
    edge: Ints
    from_m: Floats
    to_m: Floats

    def of(self, circle: int) -> tuple[Ints, Floats, Floats]:
        """Return edge, from and to of one circle."""
        span = slice(self.start[circle], self.start[circle + 1])
        return self.edge[span], self.from_m[span], self.to_m[span]

    @property
    def length_m(self) -> Floats:
        """(s * k,) metres of street in each circle."""
        total = np.concatenate([[0.0], np.cumsum(self.to_m - self.from_m)])
        return np.asarray(np.diff(total[self.start]))


class _Edges(NamedTuple):
    arcs: Arcs
    arc_edge: Small
    edge_nodes: Small
    edge_length_m: Floats


class _Origins(NamedTuple):
    edge: Ints
    along_m: Floats
    snap_m: Floats


def reached_pieces(network: WalkNetwork, origins: Doors, met: Met, limits_m: Floats) -> Pieces:
    """Return what is reached from each of s places within each of k limits, no piece shorter than nothing.

    Parameters
    ----------
    origins
        Joined to the network; one that joins no street reaches nothing.
    met
        As `geo.searches.nodes_within` returns it for the longest limit or a longer one.
    """
    edges = _Edges(arcs_of(network), network.arc_edge, network.edge_nodes, network.edge_length_m)
    return Pieces(*_cut_all(edges, _Origins(origins.edge, origins.along_m, origins.snap_m), met, limits_m))


@numba.njit(cache=True, nogil=True)
def _cut_all(edges, origins, met, limits_m):  # type: ignore[no-untyped-def]  # numba infers
    circles, most, size = len(origins.edge) * len(limits_m), 1024, 0
    start = np.zeros(circles + 1, dtype=np.int64)
    made = np.empty(most, dtype=np.int64), np.empty(most), np.empty(most)
    far_m = np.full(len(edges.arcs.start) - 1, np.inf)
    for which in range(len(origins.edge)):
        nodes = met.node[met.start[which] : met.start[which + 1]]
        far_m[nodes] = met.to_m[met.start[which] : met.start[which + 1]]
        room = 2 * len(limits_m) * (_arcs_at(edges, nodes) + 4)
        if size + room > most:
            most = 2 * (size + room)
            made = _room_for(made[0], most), _room_for(made[1], most), _room_for(made[2], most)
        for at in range(len(limits_m)):
            if origins.edge[which] >= 0:
                own = origins.edge[which], origins.along_m[which], origins.snap_m[which]
                size = _cut(edges, own, (nodes, far_m), limits_m[at], made, size)
            start[which * len(limits_m) + at + 1] = size
        far_m[nodes] = np.inf
    return start, made[0][:size].copy(), made[1][:size].copy(), made[2][:size].copy()


@numba.njit(cache=True, nogil=True)
def _room_for(array, most):  # type: ignore[no-untyped-def]  # numba infers
    longer = np.empty(most, dtype=array.dtype)
    longer[: len(array)] = array
    return longer


@numba.njit(cache=True, nogil=True)
def _arcs_at(edges, nodes):  # type: ignore[no-untyped-def]  # numba infers
    count = 0
    for node in nodes:
        count += edges.arcs.start[node + 1] - edges.arcs.start[node]
    return count


@numba.njit(cache=True, nogil=True)
def _cut(edges, own, met, limit_m, made, size):  # type: ignore[no-untyped-def]  # numba infers
    """Add the pieces of one circle; return how many pieces there are by now."""
    own_edge, along_m, snap_m = own
    nodes, far_m = met
    for node in nodes:
        if far_m[node] > limit_m:
            continue
        for arc in range(edges.arcs.start[node], edges.arcs.start[node + 1]):
            edge = edges.arc_edge[arc]
            first, last = edges.edge_nodes[edge, 0], edges.edge_nodes[edge, 1]
            is_again = first == last and arc > edges.arcs.start[node] and edges.arc_edge[arc - 1] == edge
            if edge == own_edge or is_again or (node == last and far_m[first] <= limit_m and first != last):
                continue  # cut below, or cut already from its other end
            length_m = edges.edge_length_m[edge]
            size = _add(edge, length_m, (0.0, 0.0), (limit_m - far_m[first], limit_m - far_m[last]), made, size)
    rest_m = limit_m - snap_m
    if rest_m >= 0:
        length_m, (first, last) = edges.edge_length_m[own_edge], edges.edge_nodes[own_edge]
        span_m = max(along_m - rest_m, 0.0), min(along_m + rest_m, length_m)
        size = _add(own_edge, length_m, span_m, (limit_m - far_m[first], limit_m - far_m[last]), made, size)
    return size


@numba.njit(cache=True, nogil=True)
def _add(edge, length_m, span_m, rests_m, made, size):  # type: ignore[no-untyped-def]  # numba infers
    """Add the parts of an edge between two marks, and as far as the way goes on from either end, as one or more."""
    low_m, high_m = span_m
    head_m, tail_m = min(max(rests_m[0], 0.0), length_m), length_m - min(max(rests_m[1], 0.0), length_m)
    if low_m < high_m and low_m <= head_m:
        head_m = max(head_m, high_m)
        high_m = low_m
    if low_m < high_m and high_m >= tail_m:
        tail_m = min(tail_m, low_m)
        high_m = low_m
    if head_m >= tail_m:
        head_m = tail_m = length_m
        high_m = low_m
    for begin_m, end_m in ((0.0, head_m), (low_m, high_m), (tail_m, length_m)):
        if end_m > begin_m:
            made[0][size], made[1][size], made[2][size] = edge, begin_m, end_m
            size += 1
    return size
