"""Moves: one node at a time to a neighbouring grid, as long as the plan gets better.

A plan is better if fewer households are out of band; among equals, if its score is lower: weighted
border length, spread of ground around each grid's middle (moment of inertia) and distance from the
middle of the band, all without unit. A grid left behind must stay in one piece on foot.
Source: boundary moves after Kernighan and Lin (1970), with an exact contiguity walk.
"""

from typing import NamedTuple

import numpy as np

from geo.partition.bands import Band
from geo.partition.compiled import compiled
from geo.partition.graph import Flags, Floats, Graph, Ints

CUT_WEIGHT, SPREAD_WEIGHT, BALANCE_WEIGHT = 1.0, 6.0, 0.5
PASSES = 60


class Sums(NamedTuple):
    """What each grid holds: households, nodes, ground and its first moments."""

    mass: Ints
    nodes: Ints
    area: Floats
    x: Floats
    y: Floats


class Scale(NamedTuple):
    """What makes the score free of units: band, target, and the side of a typical grid (m)."""

    lo: int
    hi: int
    target: float
    side_m: float
    may_empty: bool


class Walk(NamedTuple):
    """Scratch of the contiguity walk: when each node was met, and the nodes still to leave."""

    met: Ints
    stack: Ints


@compiled
def sums_of(graph: Graph, labels: Ints, count: int) -> Sums:
    """Add up the nodes of each grid."""
    sums = Sums(
        np.zeros(count, dtype=np.int64),
        np.zeros(count, dtype=np.int64),
        np.zeros(count),
        np.zeros(count),
        np.zeros(count),
    )
    for u in range(len(labels)):
        enter(graph, sums, u, labels[u], 1)
    return sums


@compiled
def enter(graph: Graph, sums: Sums, u: int, z: int, sign: int) -> None:
    """Let node u enter (sign 1) or leave (sign -1) grid z."""
    sums.mass[z] += sign * graph.mass[u]
    sums.nodes[z] += sign
    sums.area[z] += sign * graph.area[u]
    sums.x[z] += sign * graph.area[u] * graph.x[u]
    sums.y[z] += sign * graph.area[u] * graph.y[u]


@compiled
def holds_without(graph: Graph, labels: Ints, u: int, walk: Walk, stamp: int) -> bool:
    """Return whether u's grid stays in one piece when u leaves: walk until all its neighbours are met."""
    wanted, first = 0, -1
    for p in range(graph.ptr[u], graph.ptr[u + 1]):
        v = graph.idx[p]
        if graph.foot[p] and labels[v] == labels[u]:
            walk.met[v] = stamp
            wanted += 1
            first = v
    if wanted < 2:
        return wanted == 1
    walk.met[u] = walk.met[first] = stamp + 1
    wanted -= 1
    walk.stack[0] = first
    height = 1
    while height > 0 and wanted > 0:
        height -= 1
        w = walk.stack[height]
        for p in range(graph.ptr[w], graph.ptr[w + 1]):
            v = graph.idx[p]
            if graph.foot[p] and labels[v] == labels[u] and walk.met[v] != stamp + 1:
                wanted -= walk.met[v] == stamp
                walk.met[v] = stamp + 1
                walk.stack[height] = v
                height += 1
    return wanted == 0


@compiled
def beyond(mass: int, scale: Scale) -> int:
    """Return by how many households a grid misses the band."""
    return max(0, scale.lo - mass) + max(0, mass - scale.hi)


@compiled
def band_change(graph: Graph, sums: Sums, u: int, pair: tuple[int, int], scale: Scale) -> int:
    """Return how many more households are out of band when u moves between the pair of grids."""
    a, b = pair
    mass = graph.mass[u]
    left = 0 if sums.nodes[a] == 1 else beyond(sums.mass[a] - mass, scale)
    return left + beyond(sums.mass[b] + mass, scale) - beyond(sums.mass[a], scale) - beyond(sums.mass[b], scale)


@compiled
def spread(graph: Graph, sums: Sums, u: int, z: int, sign: int) -> float:
    """Return what u adds (sign 1) to or takes (sign -1) from the moment of inertia of grid z."""
    area = sums.area[z]
    rest = area + sign * graph.area[u]
    if area <= 0.0 or rest <= 0.0 or (sign < 0 and sums.nodes[z] == 1):
        return 0.0
    dx, dy = graph.x[u] - sums.x[z] / area, graph.y[u] - sums.y[z] / area
    return float(sign * graph.area[u] * area / rest * (dx * dx + dy * dy))


@compiled
def score_change(graph: Graph, sums: Sums, labels: Ints, u: int, b: int, scale: Scale) -> float:
    """Return the change of the score when u moves to grid b."""
    a = labels[u]
    cut = 0.0
    for p in range(graph.ptr[u], graph.ptr[u + 1]):
        z = labels[graph.idx[p]]
        if z == a:
            cut += graph.cost[p]
        elif z == b:
            cut -= graph.cost[p]
    inertia = spread(graph, sums, u, a, -1) + spread(graph, sums, u, b, 1)
    mass = graph.mass[u]
    off_a, off_b = sums.mass[a] - scale.target, sums.mass[b] - scale.target
    left = -off_a * off_a if sums.nodes[a] == 1 else mass * (mass - 2.0 * off_a)
    balance = (left + mass * (mass + 2.0 * off_b)) / scale.target**2
    return float(CUT_WEIGHT * cut / scale.side_m + SPREAD_WEIGHT * inertia / scale.side_m**4 + BALANCE_WEIGHT * balance)


@compiled
def best_move(graph: Graph, sums: Sums, labels: Ints, u: int, scale: Scale) -> int:
    """Return the grid that u should move to, or -1 where it is best where it is."""
    a, target, band_best, score_best = labels[u], -1, 0, -1e-9
    if sums.nodes[a] == 1 and not scale.may_empty:
        return -1
    for p in range(graph.ptr[u], graph.ptr[u + 1]):
        b = labels[graph.idx[p]]
        if b in (a, target) or not graph.foot[p]:
            continue
        band_gain = band_change(graph, sums, u, (a, b), scale)
        if band_gain > band_best:
            continue
        score = score_change(graph, sums, labels, u, b, scale)
        if band_gain < band_best or score < score_best:
            target, band_best, score_best = b, band_gain, score
    return target


@compiled
def settle(graph: Graph, labels: Ints, sums: Sums, scale: Scale, passes: int) -> int:
    """Move nodes until none wants to; return how many moves were made."""
    size = len(labels)
    walk = Walk(np.zeros(size, dtype=np.int64), np.empty(size, dtype=np.int64))
    restless = np.ones(size, dtype=np.bool_)
    stamp, moves = 1, 0
    for _ in range(passes):
        before = moves
        for u in range(size):
            if not restless[u]:
                continue
            restless[u] = False
            a, b = labels[u], best_move(graph, sums, labels, u, scale)
            if b < 0:
                continue
            stamp += 2
            if sums.nodes[a] > 1 and not holds_without(graph, labels, u, walk, stamp):
                continue
            enter(graph, sums, u, a, -1)
            enter(graph, sums, u, b, 1)
            labels[u] = b
            moves += 1
            wake(graph, restless, u)
        if moves == before:
            break
    return moves


@compiled
def wake(graph: Graph, restless: Flags, u: int) -> None:
    """Ask u and its neighbours again."""
    restless[u] = True
    for p in range(graph.ptr[u], graph.ptr[u + 1]):
        restless[graph.idx[p]] = True


def settled(graph: Graph, labels: Ints, band: Band, *, may_empty: bool = True, rounds: int = 3) -> Ints:
    """Return a division that no single move makes better.

    Parameters
    ----------
    graph, labels
        A division into connected parts, 0..k-1.
    band
        Households a part should hold.
    may_empty
        Whether a part's last node may leave it, which removes the part.
    rounds
        How often all nodes are asked again from the beginning: a grid's middle moves with it.

    Returns
    -------
    Ints
        A new array; parts are numbered 0.. without gap.
    """
    now = labels.copy()
    count = int(now.max()) + 1
    scale = scale_of(graph, count, band, may_empty=may_empty)
    sums = sums_of(graph, now, count)
    for _ in range(rounds):
        if settle(graph, now, sums, scale, PASSES) == 0:
            break
    return np.unique(now, return_inverse=True)[1].astype(np.int64)


def scale_of(graph: Graph, count: int, band: Band, *, may_empty: bool = True) -> Scale:
    """Return what makes the score of a division into `count` parts free of units."""
    side_m = float(np.sqrt(max(graph.area.sum(), 1.0) / max(count, 1)))
    return Scale(band.lo, band.hi, max(band.target, 1.0), side_m, may_empty)


def score_of(graph: Graph, labels: Ints, band: Band) -> float:
    """Return the score of a division (lower is better), in the weights of the moves."""
    count = int(labels.max()) + 1
    scale, sums = scale_of(graph, count, band), sums_of(graph, labels, count)
    tails = np.repeat(np.arange(graph.size), np.diff(graph.ptr))
    cut = graph.cost[labels[tails] != labels[graph.idx]].sum() / 2
    dx, dy = graph.x - (sums.x / sums.area)[labels], graph.y - (sums.y / sums.area)[labels]
    inertia = (graph.area * (dx * dx + dy * dy)).sum()
    balance = ((sums.mass - scale.target) ** 2).sum() / scale.target**2
    return float(CUT_WEIGHT * cut / scale.side_m + SPREAD_WEIGHT * inertia / scale.side_m**4 + BALANCE_WEIGHT * balance)
