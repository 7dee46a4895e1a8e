"""Searches: every walk from many places to many doors, in one go.

What `geo.walking` does for one place is done here for all of them: a bounded Dijkstra each, in machine code, in
threads, over memory that is cleaned only where it was touched. Doors are looked up by the edges that a search met,
so the cost of a search grows with its circle, not with the number of doors. Distances are metres.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from geo.access import Doors
from geo.network import WalkNetwork
from geo.walking import Arcs, Scene, Small, arcs_of, heap_room, settle

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Searches a thread takes at a time: few enough to share the work, many enough to pay for its memory.
SHARE = 64


class Found(NamedTuple):
    """Walks, one row each: place walked from, door walked to, metres, and whether the way stays in a compound.

    Sorted by origin, then by door.
    """

    origin: Ints
    door: Ints
    way_m: Floats
    is_inside: Bools


class Net(NamedTuple):
    """The arcs of a network, and the doors on each of its edges and in each gated compound."""

    arcs: Arcs
    arc_edge: Small
    edge_nodes: Small
    edge_length_m: Floats
    door_start: Ints
    door_at: Ints
    along_m: Floats
    snap_m: Floats
    outline_start: Ints
    outline_door: Ints
    xy: Floats


class Start(NamedTuple):
    """Where a search begins: edge, metres along it and before it, place, and gated compound (-1: none)."""

    edge: Ints
    along_m: Floats
    snap_m: Floats
    xy: Floats
    outline: Ints


class Room(NamedTuple):
    """What a thread works in, infinite and false between searches.

    Metres to each node, a heap, the nodes settled; metres to each door, whether inside a compound, the doors met.
    """

    to_m: Floats
    heap: tuple[Floats, Ints]
    settled: Ints
    way_m: Floats
    is_inside: Bools
    met: Ints


def search_all(network: WalkNetwork | None, origins: Doors, others: Doors, *, limit_m: float) -> Found:
    """Return every walk of at most `limit_m` from some places to others.

    Parameters
    ----------
    network
        None where there are no streets.
    origins, others
        (s,) and (b,) places joined to it. From an origin that joins no street straight lines are measured.
    limit_m
        The longest walk, access stretches included.

    Returns
    -------
    Found
        As `geo.walking.door_distances` measures them.
    """
    on_streets = np.flatnonzero(origins.edge >= 0)
    parts = [straight_lines(origins, others, int(which), limit_m) for which in np.flatnonzero(origins.edge < 0)]
    if network is not None and len(on_streets):
        net, start = net_of(network, others), start_of(origins)
        shares = [on_streets[at : at + SHARE] for at in range(0, len(on_streets), SHARE)]
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            parts += pool.map(lambda share: Found(*_search(net, start, share, limit_m)), shares)
    if not parts:
        return Found(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_))
    columns: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
    # Each share is in order already; only stand-ins came before their turn.
    order = np.argsort(columns[0], kind="stable") if len(on_streets) < len(origins.edge) else slice(None)
    return Found(*[column[order] for column in columns])


def walks_of(scene: Scene) -> tuple[Ints, Ints, Floats]:
    """Return all walks of a scene: station, building (positions) and minutes, sorted by station, then building."""
    found = search_all(scene.network, scene.stations, scene.buildings, limit_m=scene.limit_m)
    walk_min = found.way_m / scene.m_per_min
    is_near = walk_min <= scene.longest_min
    return found.origin[is_near], found.door[is_near], walk_min[is_near]


def straight_lines(origins: Doors, others: Doors, which: int, limit_m: float) -> Found:
    """Return the stand-ins for walks from a place that joins no street."""
    straight_m = np.hypot(*(others.xy - origins.xy[which]).T)
    door = np.flatnonzero(straight_m <= limit_m)
    return Found(np.full(len(door), which), door, straight_m[door], np.zeros(len(door), dtype=np.bool_))


def net_of(network: WalkNetwork, others: Doors) -> Net:
    """Return a network with the doors that join it."""
    joined = np.flatnonzero(others.edge >= 0)
    gated = np.flatnonzero((others.gate >= 0) & (others.outline >= 0))
    return Net(
        arcs_of(network), network.arc_edge, network.edge_nodes, network.edge_length_m,
        *grouped(others.edge[joined], joined, len(network.edge_length_m)), others.along_m, others.snap_m,
        *grouped(others.outline[gated], gated, int(others.outline.max(initial=-1)) + 1), others.xy,
    )  # fmt: skip


def start_of(origins: Doors) -> Start:
    """Return where searches begin; who needs no gate to leave a compound is in none."""
    outline = np.where(origins.gate >= 0, origins.outline, -1)
    return Start(origins.edge, origins.along_m, origins.snap_m, origins.xy, outline)


def grouped(group: Ints, member: Ints, count: int) -> tuple[Ints, Ints]:
    """Return members by group: those of group g are ``second[first[g]:first[g + 1]]``."""
    order = np.argsort(group, kind="stable")
    return np.concatenate([[0], np.cumsum(np.bincount(group, minlength=count))]).astype(np.int64), member[order]


@numba.njit(cache=True, nogil=True)
def _room(net):  # type: ignore[no-untyped-def]  # numba infers
    nodes, arcs, doors = len(net.arcs.start) - 1, len(net.arcs.node), len(net.along_m)
    return Room(
        np.full(nodes, np.inf), heap_room(arcs), np.empty(nodes, dtype=np.int64),
        np.full(doors, np.inf), np.zeros(doors, dtype=np.bool_), np.empty(doors, dtype=np.int64),
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _search(net, start, share, limit_m):  # type: ignore[no-untyped-def]  # numba infers
    """Search from each origin of a share; return origins, doors, metres and whether inside, in order."""
    room, most, size = _room(net), 1024, 0
    origin, door = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    far_m, inside = np.empty(most), np.empty(most, dtype=np.bool_)
    for which in share:
        nodes = room.settled[: _settle_from(net, start, which, limit_m, room)]
        met = np.sort(room.met[: _doors_met(net, start, which, nodes, room)])
        while size + len(met) > most:
            most *= 2
            origin, door = np.append(origin, origin), np.append(door, door)
            far_m, inside = np.append(far_m, far_m), np.append(inside, inside)
        for at in met:
            if room.way_m[at] <= limit_m:
                origin[size], door[size], far_m[size], inside[size] = which, at, room.way_m[at], room.is_inside[at]
                size += 1
            room.way_m[at], room.is_inside[at] = np.inf, False
        for node in nodes:
            room.to_m[node] = np.inf
    return origin[:size].copy(), door[:size].copy(), far_m[:size].copy(), inside[:size].copy()


@numba.njit(cache=True, nogil=True)
def _settle_from(net, start, which, limit_m, room):  # type: ignore[no-untyped-def]  # numba infers
    """Settle the nodes within `limit_m` of an origin; return how many."""
    edge, before_m, along_m = start.edge[which], start.snap_m[which], start.along_m[which]
    seeds = (
        (np.int64(net.edge_nodes[edge, 0]), before_m + along_m),
        (np.int64(net.edge_nodes[edge, 1]), before_m + net.edge_length_m[edge] - along_m),
    )
    return settle(net.arcs, seeds, limit_m, room.to_m, room.heap, room.settled)


@numba.njit(cache=True, nogil=True)
def _doors_met(net, start, which, nodes, room):  # type: ignore[no-untyped-def]  # numba infers
    """Measure the ways to all doors on edges that were met, and in the origin's compound; return how many."""
    count, own = 0, start.edge[which]
    for at in range(net.door_start[own], net.door_start[own + 1]):
        door = net.door_at[at]
        beside_m = abs(net.along_m[door] - start.along_m[which])
        count = _meet(door, start.snap_m[which] + beside_m + net.snap_m[door], room, count)
    for node in nodes:
        for arc in range(net.arcs.start[node], net.arcs.start[node + 1]):
            edge = net.arc_edge[arc]
            for end in range(2):
                if net.edge_nodes[edge, end] == node:
                    count = _doors_on(net, edge, end, room.to_m[node], room, count)
    return _neighbours_met(net, start, which, room, count)


@numba.njit(cache=True, nogil=True)
def _meet(door, far_m, room, count):  # type: ignore[no-untyped-def]  # numba infers
    """Keep the shorter way to a door; return how many doors were met so far."""
    if room.way_m[door] == np.inf:
        room.met[count] = door
        count += 1
    room.way_m[door] = min(room.way_m[door], far_m)
    return count


@numba.njit(cache=True, nogil=True)
def _doors_on(net, edge, end, node_m, room, count):  # type: ignore[no-untyped-def]  # numba infers
    """Measure the ways to the doors on an edge that is entered at one end."""
    for at in range(net.door_start[edge], net.door_start[edge + 1]):
        door = net.door_at[at]
        along_m = net.edge_length_m[edge] - net.along_m[door] if end else net.along_m[door]
        count = _meet(door, node_m + along_m + net.snap_m[door], room, count)
    return count


@numba.njit(cache=True, nogil=True)
def _neighbours_met(net, start, which, room, count):  # type: ignore[no-untyped-def]  # numba infers
    """Measure the straight ways to the doors of the origin's own compound, whoever leaves it by a gate."""
    outline = start.outline[which]
    if outline < 0 or outline + 1 >= len(net.outline_start):
        return count
    for at in range(net.outline_start[outline], net.outline_start[outline + 1]):
        door = net.outline_door[at]
        straight_m = np.hypot(net.xy[door, 0] - start.xy[which, 0], net.xy[door, 1] - start.xy[which, 1])
        room.is_inside[door] = straight_m < room.way_m[door]
        count = _meet(door, straight_m, room, count)
    return count
