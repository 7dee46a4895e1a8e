"""Searches: every walk from many places to many doors, in one go.

A bounded search from each place (`geo.walking`), in machine code, in threads, over memory that is cleaned only where it
was touched. Doors are looked up by the edges that a search met, so the cost of a search grows with its circle, not
with the number of doors. Whoever joins no street walks a straight line, as a stand-in. Distances are metres.
"""

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from geo.access import Doors
from geo.network import WalkNetwork, runs
from geo.threads import mapped
from geo.walking import Arcs, Shelves, Small, arcs_of, ring_of, settle, shelves_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Shares of the work for each core: enough to even out, few enough that the memory each needs is paid for.
SHARES = 8


class Found(NamedTuple):
    """Walks, one row each: place walked from, door walked to, metres, and whether the way stays in a compound.

    Sorted by origin, then by door.
    """

    origin: Ints
    door: Ints
    way_m: Floats
    is_inside: Bools

    def rows(self, which: slice | Bools) -> "Found":
        """Return some of the walks."""
        return Found(self.origin[which], self.door[which], self.way_m[which], self.is_inside[which])


class Met(NamedTuple):
    """Nodes met from each of s places, with their metres: those of place i are ``start[i]:start[i + 1]``."""

    start: Ints
    node: Small
    to_m: Floats


class Net(NamedTuple):
    """The arcs of a network, and its doors: by the nodes next to them, by edge, and by gated compound.

    The doors next to node i are ``near_start[i]:near_start[i + 1]`` of ``near_door``, ``near_m`` away from it; those
    on edges and in compounds stand likewise.
    """

    arcs: Arcs
    edge_nodes: Small
    edge_length_m: Floats
    longest_m: float
    near_start: Ints
    near_door: Ints
    near_m: Floats
    edge_start: Ints
    edge_door: Ints
    outline_start: Ints
    outline_door: Ints
    along_m: Floats
    snap_m: Floats
    xy: Floats


class Start(NamedTuple):
    """Where a search begins: edge, metres along it and before it, place, and gated compound (-1: none)."""

    edge: Ints
    along_m: Floats
    snap_m: Floats
    xy: Floats
    outline: Ints


class Room(NamedTuple):
    """What a thread works in, infinite, false and empty between searches.

    The two seeds of a search; metres to each node, shelves, the nodes met; metres to each door, whether inside a
    compound, the doors met.
    """

    seed_node: Ints
    seed_m: Floats
    to_m: Floats
    shelves: Shelves
    nodes: Small
    way_m: Floats
    is_inside: Bools
    doors: Ints


def net_of(network: WalkNetwork | None, others: Doors) -> Net:
    """Return the streets with the doors that join them; None and no streets are the same."""
    if network is None:
        nothing = Arcs(np.zeros(1, np.int32), np.empty(0, np.int32), np.empty(0))
        return _net(nothing, np.empty((0, 2), np.int32), np.empty(0), others)
    return _net(arcs_of(network), network.edge_nodes, network.edge_length_m, others)


def _net(arcs: Arcs, edge_nodes: Small, edge_length_m: Floats, others: Doors) -> Net:
    joined = np.flatnonzero(others.edge >= 0)
    gated = np.flatnonzero((others.gate >= 0) & (others.outline >= 0))
    edge, along_m = others.edge[joined], others.along_m[joined]
    node = edge_nodes[edge].T.ravel().astype(np.int64)
    near_m = np.concatenate([along_m, edge_length_m[edge] - along_m]) + np.tile(others.snap_m[joined], 2)
    near_start, near = grouped(node, np.arange(len(node)), len(arcs.start) - 1)
    return Net(
        arcs, edge_nodes, edge_length_m, float(arcs.way_m.max(initial=0.0)),
        near_start, np.tile(joined, 2)[near], near_m[near],
        *grouped(edge, joined, len(edge_length_m)),
        *grouped(others.outline[gated], gated, int(others.outline.max(initial=-1)) + 1),
        others.along_m, others.snap_m, others.xy,
    )  # fmt: skip


def walks_all(net: Net, origins: Doors, *, limit_m: float) -> Found:
    """Return every walk of at most `limit_m` from some places to the doors of a net.

    Parameters
    ----------
    origins
        (s,) places joined to the same network. From one that joins no street straight lines are measured.
    limit_m
        The longest walk, access stretches included.

    Notes
    -----
    Two doors that join the streets through the gates of one compound are also joined by the straight line between
    them: nobody leaves by the gate to reach the next house.
    """
    start, ring = start_of(origins), ring_of(net.longest_m, limit_m)
    parts = [straight_lines(net, origins, int(which), limit_m) for which in np.flatnonzero(origins.edge < 0)]
    parts += _shared(lambda share: Found(*_walks(net, start, share, limit_m, ring)), net, origins)
    if not parts:
        return Found(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_))
    columns: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return Found(*[column[order] for column in columns])


def sums_within(net: Net, origins: Doors, weights: Floats, *, limits_m: Floats) -> Floats:
    """Return (s, k, w): the sums of (b, w) weights of the doors within each of k limits, for each of s places.

    The doors of a limit are those of `walks_all`; the walks themselves are not kept, so that one may ask for every
    node of a city.
    """
    sums = np.zeros((len(origins.edge), len(limits_m), weights.shape[1]))
    longest_m = float(limits_m.max())
    for which in np.flatnonzero(origins.edge < 0):
        line = straight_lines(net, origins, int(which), longest_m)
        for at, limit_m in enumerate(limits_m):
            sums[which, at] = weights[line.door[line.way_m <= limit_m]].sum(axis=0)
    start, ring = start_of(origins), ring_of(net.longest_m, longest_m)
    _shared(lambda share: _sums(net, start, share, limits_m, ring, (weights, sums)), net, origins)
    return sums


def nodes_within(net: Net, origins: Doors, *, limit_m: float) -> Met:
    """Return the nodes within `limit_m` of each of s places; none for those that join no street."""
    return _met(net, origins, np.array([limit_m]), None)


def circles_within(net: Net, origins: Doors, weights: Floats, *, limits_m: Floats) -> tuple[Met, Floats]:
    """Return what `nodes_within` the longest of k limits and `sums_within` each of them return, in one search.

    Places that join no street reach nothing here.
    """
    sums = np.zeros((len(origins.edge), len(limits_m), weights.shape[1]))
    return _met(net, origins, limits_m, (weights, sums)), sums


def _met(net: Net, origins: Doors, limits_m: Floats, table: tuple[Floats, Floats] | None) -> Met:
    start, ring = start_of(origins), ring_of(net.longest_m, float(limits_m.max()))
    counts = np.zeros(len(origins.edge), dtype=np.int64)
    parts = _shared(lambda share: _nodes(net, start, share, limits_m, (ring, counts), table), net, origins)
    if not parts:
        return Met(np.zeros(len(counts) + 1, np.int64), np.empty(0, np.int32), np.empty(0))
    nodes, metres = (np.concatenate(column) for column in zip(*parts, strict=True))
    # Found in the order of the net; told in that of the places.
    turn = in_order(net, origins)
    begin = np.zeros(len(counts), dtype=np.int64)
    begin[turn] = np.cumsum(counts[turn]) - counts[turn]
    taken = runs(begin, begin + counts)
    return Met(np.concatenate([[0], np.cumsum(counts)]), nodes[taken], metres[taken])


def _shared(search: Callable[[Ints], Any], net: Net, origins: Doors) -> list[Any]:
    """Return what a search makes of the origins that join a street, share by share, in the order of the net."""
    turn = in_order(net, origins)
    shares = np.array_split(turn, min(len(turn), SHARES * (os.cpu_count() or 1))) if len(turn) else []
    return mapped(search, shares)


def in_order(net: Net, origins: Doors) -> Ints:
    """Return the places that join a street in the order of the net's nodes: a search then finds its memory warm."""
    joined = np.flatnonzero(origins.edge >= 0)
    return joined[np.argsort(net.edge_nodes[origins.edge[joined], 0], kind="stable")]


def straight_lines(net: Net, origins: Doors, which: int, limit_m: float) -> Found:
    """Return the stand-ins for walks from a place that joins no street."""
    straight_m = np.hypot(*(net.xy - origins.xy[which]).T)
    door = np.flatnonzero(straight_m <= limit_m)
    return Found(np.full(len(door), which), door, straight_m[door], np.zeros(len(door), dtype=np.bool_))


def start_of(origins: Doors) -> Start:
    """Return where searches begin; who needs no gate to leave a compound is in none."""
    outline = np.where(origins.gate >= 0, origins.outline, -1)
    return Start(origins.edge, origins.along_m, origins.snap_m, origins.xy, outline)


def grouped(group: Ints, member: Ints, count: int) -> tuple[Ints, Ints]:
    """Return members by group: those of group g are ``second[first[g]:first[g + 1]]``."""
    order = np.argsort(group, kind="stable")
    return np.concatenate([[0], np.cumsum(np.bincount(group, minlength=count))]).astype(np.int64), member[order]


@numba.njit(cache=True, nogil=True)
def _room(net, ring):  # type: ignore[no-untyped-def]  # numba infers
    nodes, doors = len(net.arcs.start) - 1, len(net.along_m)
    return Room(
        np.empty(2, dtype=np.int64), np.empty(2), np.full(nodes, np.inf), shelves_of(nodes, ring),
        np.empty(nodes, dtype=np.int32), np.full(doors, np.inf), np.zeros(doors, dtype=np.bool_),
        np.empty(doors, dtype=np.int64),
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _settle_from(net, start, which, limit_m, room):  # type: ignore[no-untyped-def]  # numba infers
    """Settle the nodes within `limit_m` of an origin; return them."""
    edge, before_m, along_m = start.edge[which], start.snap_m[which], start.along_m[which]
    for end in range(2):
        room.seed_node[end] = net.edge_nodes[edge, end]
        room.seed_m[end] = before_m + (net.edge_length_m[edge] - along_m if end else along_m)
    seeds, space = (room.seed_node, room.seed_m, None), (room.to_m, room.shelves, room.nodes)
    return room.nodes[: settle(net.arcs, seeds, limit_m, None, space)]


@numba.njit(cache=True, nogil=True)
def _clean(room, nodes, doors):  # type: ignore[no-untyped-def]  # numba infers
    for node in nodes:
        room.to_m[node] = np.inf
    for door in doors:
        room.way_m[door], room.is_inside[door] = np.inf, False


@numba.njit(cache=True, nogil=True)
def _longer(array, most):  # type: ignore[no-untyped-def]  # numba infers
    """Return room for `most` where an array stands at the beginning."""
    longer = np.empty(most, dtype=array.dtype)
    longer[: len(array)] = array
    return longer


@numba.njit(cache=True, nogil=True)
def _walks(net, start, share, limit_m, ring):  # type: ignore[no-untyped-def]  # numba infers
    """Search from each origin of a share; return origins, doors, metres and whether inside, in order."""
    room, most, size = _room(net, ring), 1024, 0
    origin, door = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    far_m, inside = np.empty(most), np.empty(most, dtype=np.bool_)
    for which in share:
        nodes = _settle_from(net, start, which, limit_m, room)
        met = np.sort(room.doors[: _doors_met(net, start, which, nodes, room)])
        if size + len(met) > most:
            most = 2 * (size + len(met))
            origin, door, far_m, inside = (
                _longer(origin, most), _longer(door, most), _longer(far_m, most), _longer(inside, most)
            )  # fmt: skip
        for at in met:
            if room.way_m[at] <= limit_m:
                origin[size], door[size], far_m[size], inside[size] = which, at, room.way_m[at], room.is_inside[at]
                size += 1
        _clean(room, nodes, met)
    return origin[:size].copy(), door[:size].copy(), far_m[:size].copy(), inside[:size].copy()


@numba.njit(cache=True, nogil=True)
def _sums(net, start, share, limits_m, ring, table):  # type: ignore[no-untyped-def]  # numba infers
    """Search from each origin of a share and add up the weights of the doors within each limit."""
    room, longest_m = _room(net, ring), limits_m.max()
    for which in share:
        nodes = _settle_from(net, start, which, longest_m, room)
        met = room.doors[: _doors_met(net, start, which, nodes, room)]
        _add_up(met, which, limits_m, room.way_m, table)
        _clean(room, nodes, met)


@numba.njit(cache=True, nogil=True)
def _add_up(doors, which, limits_m, way_m, table):  # type: ignore[no-untyped-def]  # numba infers
    weights, sums = table
    for door in doors:
        for at in range(len(limits_m)):
            if way_m[door] <= limits_m[at]:
                for column in range(weights.shape[1]):
                    sums[which, at, column] += weights[door, column]


@numba.njit(cache=True, nogil=True)
def _nodes(net, start, share, limits_m, work, table):  # type: ignore[no-untyped-def]  # numba infers
    """Search from each origin of a share; return nodes and metres, and leave how many each origin has.

    With a table the weights of the doors within each limit are added up as well; numba leaves that out without one.
    """
    ring, counts = work
    room, longest_m, most, size = _room(net, ring), limits_m.max(), 1024, 0
    met, to_m = np.empty(most, dtype=np.int32), np.empty(most)
    for which in share:
        nodes, doors = _settle_from(net, start, which, longest_m, room), room.doors[:0]
        if size + len(nodes) > most:
            most = 2 * (size + len(nodes))
            met, to_m = _longer(met, most), _longer(to_m, most)
        for node in nodes:
            met[size], to_m[size] = node, room.to_m[node]
            size += 1
        counts[which] = len(nodes)
        if table is not None:
            doors = room.doors[: _doors_met(net, start, which, nodes, room)]
            _add_up(doors, which, limits_m, room.way_m, table)
        _clean(room, nodes, doors)
    return met[:size].copy(), to_m[:size].copy()


@numba.njit(cache=True, nogil=True)
def _doors_met(net, start, which, nodes, room):  # type: ignore[no-untyped-def]  # numba infers
    """Measure the ways to the doors next to nodes that were met, and to its neighbours; return how many doors."""
    near_start, near_door, near_m = net.near_start, net.near_door, net.near_m
    to_m, way_m, doors = room.to_m, room.way_m, room.doors
    count = 0
    for node in nodes:
        node_m = to_m[node]
        for at in range(near_start[node], near_start[node + 1]):
            door, far_m = near_door[at], node_m + near_m[at]
            if way_m[door] == np.inf:
                doors[count] = door
                count += 1
            way_m[door] = min(way_m[door], far_m)
    return _neighbours_met(net, start, which, room, count)


@numba.njit(cache=True, nogil=True)
def _neighbours_met(net, start, which, room, count):  # type: ignore[no-untyped-def]  # numba infers
    """Measure the ways to doors on the origin's own edge, and the straight ways across its compound."""
    edge, outline = start.edge[which], start.outline[which]
    for at in range(net.edge_start[edge], net.edge_start[edge + 1]):
        door = net.edge_door[at]
        beside_m = abs(net.along_m[door] - start.along_m[which])
        count = _meet(door, start.snap_m[which] + beside_m + net.snap_m[door], room, count)
    if outline >= 0 and outline + 1 < len(net.outline_start):
        for at in range(net.outline_start[outline], net.outline_start[outline + 1]):
            door = net.outline_door[at]
            straight_m = np.hypot(net.xy[door, 0] - start.xy[which, 0], net.xy[door, 1] - start.xy[which, 1])
            room.is_inside[door] = straight_m < room.way_m[door]
            count = _meet(door, straight_m, room, count)
    return count


@numba.njit(cache=True, nogil=True)
def _meet(door, far_m, room, count):  # type: ignore[no-untyped-def]  # numba infers
    """Keep the shorter way to a door; return how many doors were met so far."""
    if room.way_m[door] == np.inf:
        room.doors[count] = door
        count += 1
    room.way_m[door] = min(room.way_m[door], far_m)
    return count
