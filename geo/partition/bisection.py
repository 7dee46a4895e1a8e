"""Bisection: a first division of a piece of ground, halved again and again between its far ends.

Each half is the set of nodes nearer on foot to one end than to the other. Walking from a node
towards its end never leaves the half, so both halves are in one piece by construction; ties that
break this are mended. Distances are metres between the middles of neighbouring cells.
"""

import heapq

import numpy as np

from geo.partition.compiled import compiled
from geo.partition.graph import Floats, Graph, Ints


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
def prefix(mass: Ints, order: Ints, share: float) -> int:
    """Return how many nodes of `order` come nearest to `share` of its mass; both sides keep one."""
    total = 0
    for u in order:
        total += mass[u]
    held, best, cut = 0, np.inf, 1
    for i in range(len(order) - 1):
        held += mass[order[i]]
        miss = abs(held - share * total) if total > 0 else abs(i + 1 - share * len(order))
        if miss < best:
            best, cut = miss, i + 1
    return cut


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
def halve(graph: Graph, part: Ints, members: Ints, start: int, fresh: int, share: float) -> None:
    """Give the far side of one part the label `fresh`, leaving about `share` of its mass."""
    label = part[start]
    near, far = np.empty(len(part)), np.empty(len(part))
    source = farthest(graph, part, members, start, near)
    sink = farthest(graph, part, members, source, near)
    farthest(graph, part, members, sink, far)
    order = members[np.argsort(near[members] - far[members], kind="mergesort")]
    for u in order[prefix(graph.mass, order, share) :]:
        part[u] = fresh
    hand_over(graph, part, members, label, fresh)
    hand_over(graph, part, members, fresh, label)


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
        halve(graph, part, members, int(members[rng.integers(len(members))]), fresh, (parts // 2) / parts)
        used += 1
        near, far = members[part[members] == label], members[part[members] == fresh]
        first = min(parts // 2, len(near))
        waiting += [(near, max(first, parts - len(far))), (far, min(parts - first, len(far)))]
    return part
