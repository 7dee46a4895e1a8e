"""Bisection: a first division of a piece of ground, halved again and again along its cheapest line.

For each halving some orders of the nodes are swept: along six directions, and by how much nearer on
foot a node is to one far end of the ground than to the other (both halves are then in one piece by
construction, however the ground winds). In each order the cheapest cut near the wanted share is
taken; loose bits go to the other half; the order with the least border wins. Metres and households.
"""

import heapq
from typing import NamedTuple

import numpy as np

from geo.partition.compiled import compiled
from geo.partition.graph import Floats, Graph, Ints

DIRECTIONS = 6
SLACK = 0.2
FAR_OFF = 1e9


class Aim(NamedTuple):
    """What a halving aims at: one half's share of the mass, and how many households off it may be."""

    share: float
    slack: float


@compiled
def farthest(graph: Graph, part: Ints, members: Ints, start: int, away: Floats) -> int:
    """Fill `away` with distances on foot from `start` inside its part; return the farthest member."""
    for u in members:
        away[u] = np.inf
    away[start] = 0.0
    heap = [(0.0, start)]
    while len(heap) > 0:
        here, u = heapq.heappop(heap)
        if here > away[u]:
            continue
        for p in range(graph.ptr[u], graph.ptr[u + 1]):
            v = graph.idx[p]
            if not graph.foot[p] or part[v] != part[start]:
                continue
            there = here + np.hypot(graph.x[u] - graph.x[v], graph.y[u] - graph.y[v])
            if there < away[v]:
                away[v] = there
                heapq.heappush(heap, (there, v))
    last = start
    for u in members:
        if away[u] > away[last]:
            last = u
    return last


@compiled
def sweep(graph: Graph, part: Ints, order: Ints, want: float, slack: float) -> int:
    """Return how many nodes of `order` to cut off: the cheapest cut whose mass is within `slack` of `want`.

    Where no cut is that near, the nearest one. Both sides keep a node.
    """
    place = np.full(len(part), -1, dtype=np.int64)
    for i in range(len(order)):
        place[order[i]] = i
    held, cost, best, cut = 0, 0.0, np.inf, 1
    for i in range(len(order) - 1):
        u = order[i]
        held += graph.mass[u]
        for p in range(graph.ptr[u], graph.ptr[u + 1]):
            there = place[graph.idx[p]]
            if there >= 0:
                cost += graph.cost[p] if there > i else -graph.cost[p]
        rating = rated(cost, abs(held - want) - slack)
        if rating < best:
            best, cut = rating, i + 1
    return cut


@compiled
def rated(cost: float, over: float) -> float:
    """Return the rating of a cut: its cost, and far above that what its mass is off by."""
    return cost if over <= 0.0 else FAR_OFF * (1.0 + over) + cost


@compiled
def hand_over(graph: Graph, part: Ints, members: Ints, label: int, other: int) -> None:
    """Give all pieces of `label` but the heaviest (then largest) to the part `other`."""
    seen = np.zeros(len(part), dtype=np.bool_)
    stack = np.empty(len(members), dtype=np.int64)
    kept = np.empty(0, dtype=np.int64)
    kept_mass = -1
    for s in members:
        if part[s] != label or seen[s]:
            continue
        count, walked, mass = 1, 0, 0
        stack[0] = s
        seen[s] = True
        while walked < count:
            u = stack[walked]
            walked += 1
            mass += graph.mass[u]
            for p in range(graph.ptr[u], graph.ptr[u + 1]):
                v = graph.idx[p]
                if graph.foot[p] and part[v] == label and not seen[v]:
                    seen[v] = True
                    stack[count] = v
                    count += 1
        if mass > kept_mass or (mass == kept_mass and count > len(kept)):
            kept, kept_mass = stack[:count].copy(), mass
    for u in members:
        if part[u] == label:
            part[u] = other
    for u in kept:
        part[u] = label


@compiled
def sides(graph: Graph, part: Ints, members: Ints, start: int) -> Floats:
    """Return the orders to sweep: one row of values by member each."""
    near, far = np.empty(len(part)), np.empty(len(part))
    source = farthest(graph, part, members, start, near)
    sink = farthest(graph, part, members, source, near)
    farthest(graph, part, members, sink, far)
    rows = np.empty((DIRECTIONS + 1, len(members)))
    rows[0] = near[members] - far[members]
    for i in range(DIRECTIONS):
        angle = np.pi * i / DIRECTIONS
        rows[i + 1] = np.cos(angle) * graph.x[members] + np.sin(angle) * graph.y[members]
    return rows


@compiled
def border_between(graph: Graph, part: Ints, members: Ints, label: int, fresh: int) -> float:
    """Return the cost of all borders between two parts."""
    cost = 0.0
    for u in members:
        if part[u] == label:
            for p in range(graph.ptr[u], graph.ptr[u + 1]):
                if part[graph.idx[p]] == fresh:
                    cost += graph.cost[p]
    return cost


@compiled
def halve(graph: Graph, part: Ints, members: Ints, start: int, fresh: int, aim: Aim) -> None:
    """Give one side of a part the label `fresh`; the other keeps about `aim.share` of the mass."""
    label, total = part[start], graph.mass[members].sum()
    best, chosen = np.inf, part[members]
    for row in sides(graph, part, members, start):
        order = members[np.argsort(row, kind="mergesort")]
        cut = sweep(graph, part, order, aim.share * total, aim.slack)
        for u in order[cut:]:
            part[u] = fresh
        hand_over(graph, part, members, label, fresh)
        hand_over(graph, part, members, fresh, label)
        held = 0
        for u in members:
            held += graph.mass[u] if part[u] == label else 0
        rating = rated(border_between(graph, part, members, label, fresh), abs(held - aim.share * total) - aim.slack)
        if rating < best:
            best, chosen = rating, part[members]
        part[members] = label
    part[members] = chosen


def bisected(graph: Graph, count: int, *, rng: np.random.Generator) -> Ints:
    """Divide one piece of ground into `count` connected parts of about equal mass.

    Parameters
    ----------
    graph
        Connected on foot.
    count
        How many parts; fewer come out only where there are fewer nodes.
    rng
        Chooses where each halving begins to look for its far ends.

    Returns
    -------
    Ints
        Part of each node, 0..count-1.
    """
    part = np.zeros(graph.size, dtype=np.int64)
    waiting, used = [(np.arange(graph.size), min(count, graph.size))], 1
    while waiting:
        members, parts = waiting.pop()
        if parts < 2 or len(members) < 2:
            continue
        label, fresh = int(part[members[0]]), used
        aim = Aim((parts // 2) / parts, SLACK * graph.mass[members].sum() / parts)
        halve(graph, part, members, int(members[rng.integers(len(members))]), fresh, aim)
        used += 1
        near, far = members[part[members] == label], members[part[members] == fresh]
        first = min(parts // 2, len(near))
        waiting += [(near, max(first, parts - len(far))), (far, min(parts - first, len(far)))]
    return part
