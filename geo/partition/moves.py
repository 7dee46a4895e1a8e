"""Moves: one node at a time to a neighbouring part, as long as the plan gets better.

A plan is better if less is out of band; among equals, if its score is lower: cost of the borders,
spread of ground around each part's middle (moment of inertia), distance from the middle of the band and
households away from their old grid, all without unit. A part left behind must stay in one piece on foot.
At first a move may make the score a little worse: so a border gets out of a poor fold (threshold accepting).
Source: boundary moves after Kernighan and Lin (1970), with an exact contiguity walk; thresholds after
Dueck and Scheuer (1990). Any number of pieces is settled in one call; they never meet.
"""

from typing import NamedTuple

import numpy as np

from geo.partition.compiled import Whole, compiled
from geo.partition.graph import Flags, Floats, Graph, Ints, SmallInts
from geo.partition.limits import Limits, Pull

# (by how much a move may worsen the score, how many times round)
SWIFT = ((0.0, 60),)
THOROUGH = ((0.0, 3), (0.1, 2), (0.05, 2), (0.02, 2), (0.0, 60))
LEAST_GAIN = 1e-9


class Sums(NamedTuple):
    """What each part holds: households, people, nodes, ground and its first moments."""

    mass: Ints
    people: Ints
    nodes: Ints
    area: Floats
    x: Floats
    y: Floats


class Rules(NamedTuple):
    """What moves go by: limits of each part, pull of each wish, old part of each node (or empty), who may move."""

    limits: Limits
    pull: Pull
    home: Ints
    free: Flags


class Walk(NamedTuple):
    """Scratch of the contiguity walk: when each node was met, and the nodes still to leave."""

    met: SmallInts
    stack: SmallInts


@compiled
def sums_of(graph: Graph, labels: Ints, count: int) -> Sums:
    """Add up the nodes of each part; nodes with label -1 are in none."""
    sums = Sums(
        np.zeros(count, dtype=np.int64),
        np.zeros(count, dtype=np.int64),
        np.zeros(count, dtype=np.int64),
        np.zeros(count),
        np.zeros(count),
        np.zeros(count),
    )
    for u in range(len(labels)):
        if labels[u] >= 0:
            enter(graph, sums, u, labels[u], 1)
    return sums


@compiled
def enter(graph: Graph, sums: Sums, u: int, z: int, sign: int) -> None:
    """Let node u enter (sign 1) or leave (sign -1) part z."""
    sums.mass[z] += sign * graph.mass[u]
    sums.people[z] += sign * graph.people[u]
    sums.nodes[z] += sign
    sums.area[z] += sign * graph.area[u]
    sums.x[z] += sign * graph.area[u] * graph.x[u]
    sums.y[z] += sign * graph.area[u] * graph.y[u]


@compiled
def holds_without(graph: Graph, labels: Ints, u: int, walk: Walk, stamp: int) -> bool:
    """Return whether u's part stays in one piece when u leaves: walk until all its neighbours are met. Two stamps.

    Neighbours of u mostly touch one another: that is looked at first.
    """
    wanted, first, label = 0, -1, labels[u]
    for p in range(graph.ptr[u], graph.ptr[u + 1]):
        v = graph.idx[p]
        if labels[v] == label and graph.foot[p]:
            walk.met[v] = stamp
            wanted += 1
            first = v
    if wanted < 2:
        return wanted == 1
    walk.met[u] = walk.met[first] = stamp + 1
    walk.stack[0] = first
    wanted -= 1
    height, done, near = 1, 0, True
    while wanted > 0:
        if done == height:
            # All that hangs together beside u is met: from here on the walk leaves the neighbourhood.
            if not near:
                return False
            near, done = False, 0
        w = walk.stack[done]
        done += 1
        for p in range(graph.ptr[w], graph.ptr[w + 1]):
            v = graph.idx[p]
            if labels[v] != label or walk.met[v] == stamp + 1 or (near and walk.met[v] != stamp) or not graph.foot[p]:
                continue
            wanted -= walk.met[v] == stamp
            walk.met[v] = stamp + 1
            walk.stack[height] = v
            height += 1
    return True


@compiled
def beyond(mass: Whole, people: Whole, z: Whole, limits: Limits) -> Whole:
    """Return by how much part z would miss its band if it held so many households and people."""
    missed = max(0, limits.lo[z] - mass) + max(0, mass - limits.hi[z])
    return missed + max(0, limits.people_lo[z] - people) + max(0, people - limits.people_hi[z])


@compiled
def band_change(graph: Graph, sums: Sums, u: int, pair: tuple[int, int], limits: Limits) -> Whole:
    """Return how much more is out of band when u moves between the pair of parts."""
    a, b = pair
    mass, people = graph.mass[u], graph.people[u]
    left = 0 if sums.nodes[a] == 1 else beyond(sums.mass[a] - mass, sums.people[a] - people, a, limits)
    joined = beyond(sums.mass[b] + mass, sums.people[b] + people, b, limits)
    now = beyond(sums.mass[a], sums.people[a], a, limits) + beyond(sums.mass[b], sums.people[b], b, limits)
    return left + joined - now


@compiled
def spread(graph: Graph, sums: Sums, u: int, z: int, sign: int) -> float:
    """Return what u adds (sign 1) to or takes (sign -1) from the moment of inertia of part z."""
    area = sums.area[z]
    rest = area + sign * graph.area[u]
    if area <= 0.0 or rest <= 0.0 or (sign < 0 and sums.nodes[z] == 1):
        return 0.0
    dx, dy = graph.x[u] - sums.x[z] / area, graph.y[u] - sums.y[z] / area
    return float(sign * graph.area[u] * area / rest * (dx * dx + dy * dy))


@compiled
def score_change(graph: Graph, sums: Sums, labels: Ints, u: int, b: int, rules: Rules) -> float:
    """Return the change of the score when u moves to part b."""
    limits, pull, home = rules.limits, rules.pull, rules.home
    a = labels[u]
    cut = 0.0
    for p in range(graph.ptr[u], graph.ptr[u + 1]):
        z = labels[graph.idx[p]]
        if z == a:
            cut += graph.cost[p]
        elif z == b:
            cut -= graph.cost[p]
    inertia = spread(graph, sums, u, a, -1) + spread(graph, sums, u, b, 1)
    mass, side, target = graph.mass[u], limits.side_m[a], limits.target[a]
    off_a, off_b = sums.mass[a] - target, sums.mass[b] - target
    left = -off_a * off_a if sums.nodes[a] == 1 else mass * (mass - 2.0 * off_a)
    even = (left + mass * (mass + 2.0 * off_b)) / target**2
    change = pull.cut * cut / side + pull.spread * inertia / side**4 + pull.even * even
    if len(home) > 0 and home[u] == a:
        change += pull.keep * (mass + 1.0) / target
    elif len(home) > 0 and home[u] == b:
        change -= pull.keep * (mass + 1.0) / target
    return float(change)


@compiled
def best_move(graph: Graph, sums: Sums, labels: Ints, u: int, rules: Rules, worst: float) -> int:
    """Return the part that u should move to, or -1 where it is best where it is."""
    a, target, band_best, score_best = labels[u], -1, 0, worst - LEAST_GAIN
    if sums.nodes[a] == 1 and not rules.pull.may_empty:
        return -1
    last = a
    for p in range(graph.ptr[u], graph.ptr[u + 1]):
        b = labels[graph.idx[p]]
        if b < 0 or b == last or b in (a, target) or not graph.foot[p]:
            continue
        last = b
        band_gain = band_change(graph, sums, u, (a, b), rules.limits)
        if band_gain > band_best:
            continue
        score = score_change(graph, sums, labels, u, b, rules)
        if band_gain < band_best or score < score_best:
            target, band_best, score_best = b, band_gain, score
    return int(target)


@compiled
def settle(graph: Graph, labels: Ints, sums: Sums, rules: Rules, worst: float, passes: int) -> None:
    """Move nodes, up to `passes` times round, until none wants to."""
    restless = rules.free.copy()
    walk, stamp = Walk(np.zeros(len(labels), dtype=np.int32), np.empty(len(labels), dtype=np.int32)), 1
    for _ in range(passes):
        moves = 0
        for u in range(len(labels)):
            if not restless[u]:
                continue
            restless[u] = False
            a, b = labels[u], best_move(graph, sums, labels, u, rules, worst)
            if b < 0:
                continue
            stamp += 2
            if sums.nodes[a] > 1 and not holds_without(graph, labels, u, walk, stamp):
                continue
            enter(graph, sums, u, a, -1)
            enter(graph, sums, u, b, 1)
            labels[u] = b
            moves += 1
            wake(graph, restless, rules.free, u)
        if moves == 0:
            break


@compiled
def wake(graph: Graph, restless: Flags, free: Flags, u: int) -> None:
    """Ask u and its neighbours again, as far as they may move at all."""
    restless[u] = True
    for p in range(graph.ptr[u], graph.ptr[u + 1]):
        restless[graph.idx[p]] = free[graph.idx[p]]


def settled(
    graph: Graph,
    labels: Ints,
    limits: Limits,
    pull: Pull,
    *,
    home: Ints | None = None,
    among: Flags | None = None,
    schedule: tuple[tuple[float, int], ...] = SWIFT,
) -> Ints:
    """Return a division that no single move makes better.

    Parameters
    ----------
    graph, labels
        A division into connected parts 0..k-1; nodes with label -1 stay out of it.
    limits, pull
        Band, target and size of each part; how strongly each wish pulls.
    home
        Part that each node came from, -1 for none: nodes like to stay there.
    among
        Nodes that may move; the others stay.
    schedule
        Thresholds and how many times round, one after the other.

    Returns
    -------
    Ints
        A new array; a part may have lost its last node if the pull allows that.
    """
    now = labels.copy()
    free = labels >= 0 if among is None else among & (labels >= 0)
    sums = sums_of(graph, now, len(limits.lo))
    rules = Rules(limits, pull, np.empty(0, dtype=np.int64) if home is None else home, free)
    for worst, passes in schedule:
        settle(graph, now, sums, rules, worst, passes)
    return now


def part_scores(graph: Graph, labels: Ints, limits: Limits, pull: Pull) -> Floats:
    """Return the score of each part (lower is better): half of each border's cost counts on either side."""
    count = len(limits.lo)
    sums = sums_of(graph, labels, count)
    cut = border_costs(graph, labels, count)
    inertia = inertias(graph, labels, sums)
    even = np.where(sums.nodes > 0, ((sums.mass - limits.target) / limits.target) ** 2, 0.0)
    return pull.cut * cut / 2 / limits.side_m + pull.spread * inertia / limits.side_m**4 + pull.even * even


@compiled
def border_costs(graph: Graph, labels: Ints, count: int) -> Floats:
    """Return the cost of each part's whole border."""
    cost = np.zeros(count)
    for u in range(len(labels)):
        if labels[u] >= 0:
            for p in range(graph.ptr[u], graph.ptr[u + 1]):
                if labels[graph.idx[p]] != labels[u]:
                    cost[labels[u]] += graph.cost[p]
    return cost


@compiled
def inertias(graph: Graph, labels: Ints, sums: Sums) -> Floats:
    """Return the moment of inertia of each part's ground around its middle."""
    total = np.zeros(len(sums.mass))
    for u in range(len(labels)):
        z = labels[u]
        if z >= 0:
            dx, dy = graph.x[u] - sums.x[z] / sums.area[z], graph.y[u] - sums.y[z] / sums.area[z]
            total[z] += graph.area[u] * (dx * dx + dy * dy)
    return total
