"""Nearest: for every door, and every node, the nearest of many places on foot, in one search from all of them.

Ways are those of `geo.searches`: along the streets, beside each other on one street, straight across a compound that
both leave by its gates, and straight as a stand-in from a place that joins no street. Of ways of one length (to a
micrometre) the place that comes first is kept. Distances are metres.
"""

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from geo.access import Doors
from geo.searches import Net, start_of
from geo.walking import SAME_M, Small, ring_of, settle, shelves_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NOBODY = np.iinfo(np.int32).max


class Nearest(NamedTuple):
    """Metres to the nearest place (inf where none is within the limit), and which place that is (-1)."""

    way_m: Floats
    owner: Small


def nearest_to_nodes(net: Net, origins: Doors, *, limit_m: float = np.inf) -> Nearest:
    """Return the nearest of (s,) places to each node of a net, within a limit; places without a street do not count."""
    return _shown(*_settled(net, origins, limit_m))


def nearest_to_doors(net: Net, origins: Doors, *, limit_m: float = np.inf, line_max_m: float = np.inf) -> Nearest:
    """Return the nearest of (s,) places to each door of a net, within a limit; off the streets as stand-ins.

    No straight line longer than `line_max_m` stands in for a walk.
    """
    to_m, owner = _settled(net, origins, limit_m)
    doors = len(net.along_m)
    found = np.full(doors, np.inf), np.full(doors, NOBODY, dtype=np.int32)
    _offer_all(net, start_of(origins), np.flatnonzero(origins.edge >= 0), (to_m, owner), limit_m, found)
    for which in np.flatnonzero(origins.edge < 0):
        straight_m = np.hypot(*(net.xy - origins.xy[which]).T)
        _offer_lines(which, straight_m, min(limit_m, line_max_m), found)
    return _shown(*found)


def _shown(way_m: Floats, owner: Small) -> Nearest:
    owner[owner == NOBODY] = -1
    return Nearest(way_m, owner)


def _settled(net: Net, origins: Doors, limit_m: float) -> tuple[Floats, Small]:
    nodes = len(net.arcs.start) - 1
    to_m, owner = np.full(nodes, np.inf), np.full(nodes, NOBODY, dtype=np.int32)
    joined = np.flatnonzero(origins.edge >= 0)
    edge, along_m = origins.edge[joined], origins.along_m[joined]
    seed_node = net.edge_nodes[edge].T.ravel().astype(np.int64)
    seed_m = np.concatenate([along_m, net.edge_length_m[edge] - along_m]) + np.tile(origins.snap_m[joined], 2)
    if len(joined):
        spread_m = max(net.longest_m, float(np.ptp(seed_m)))
        seeds = seed_node, seed_m, np.tile(joined, 2).astype(np.int32)
        room = to_m, shelves_of(nodes, ring_of(spread_m, limit_m)), np.empty(nodes, dtype=np.int32)
        settle(net.arcs, seeds, float(limit_m), owner, room)
    return to_m, owner


@numba.njit(cache=True, nogil=True)
def _offer_all(net, start, joined, settled, limit_m, found):  # type: ignore[no-untyped-def]  # numba infers
    """Offer every door the way to its nearest nodes' places, and the ways to places beside it."""
    to_m, owner = settled
    for node in range(len(to_m)):
        for at in range(net.near_start[node], net.near_start[node + 1]):
            _offer(net.near_door[at], to_m[node] + net.near_m[at], owner[node], limit_m, found)
    for which in joined:
        edge, outline = start.edge[which], start.outline[which]
        for at in range(net.edge_start[edge], net.edge_start[edge + 1]):
            door = net.edge_door[at]
            beside_m = abs(net.along_m[door] - start.along_m[which])
            _offer(door, start.snap_m[which] + beside_m + net.snap_m[door], which, limit_m, found)
        if outline >= 0 and outline + 1 < len(net.outline_start):
            for at in range(net.outline_start[outline], net.outline_start[outline + 1]):
                door = net.outline_door[at]
                straight_m = np.hypot(net.xy[door, 0] - start.xy[which, 0], net.xy[door, 1] - start.xy[which, 1])
                _offer(door, straight_m, which, limit_m, found)


@numba.njit(cache=True, nogil=True)
def _offer_lines(which, straight_m, limit_m, found):  # type: ignore[no-untyped-def]  # numba infers
    for door in range(len(straight_m)):
        _offer(door, straight_m[door], which, limit_m, found)


@numba.njit(cache=True, nogil=True)
def _offer(door, far_m, by, limit_m, found):  # type: ignore[no-untyped-def]  # numba infers
    """Give a door the way offered where that is shorter, or as short and the place comes first."""
    way_m, owner = found
    if far_m <= limit_m and far_m <= way_m[door] + SAME_M:
        is_less = far_m < way_m[door] - SAME_M
        owner[door] = by if is_less else min(by, owner[door])
        way_m[door] = min(way_m[door], far_m)
