"""Pairs: two neighbouring parts are joined and parted anew along a branch of a random spanning tree.

Dear borders are joined first, so branches end at roads, water and walls; both sides of a cut are in one
piece by construction. Source: recombination, DeFord, Duchin and Solomon (2021), here as a search: a cut is
taken only if it is better than the one there was.
"""

import heapq
from typing import NamedTuple

import numpy as np

from geo.partition.compiled import Whole, compiled
from geo.partition.graph import Flags, Graph, Ints
from geo.partition.limits import Limits, Pull
from geo.partition.moves import Rules, Sums, beyond, enter, sums_of

CUTS_TRIED = 6
LEAST_GAIN = 1e-6


class Scale(NamedTuple):
    """What makes the score of a pair free of units (m, households), and how wishes pull."""

    side_m: float
    target: float
    pull: Pull


class Halves(NamedTuple):
    """Nodes of two parts, which of them are to be in the first, and the names of both."""

    nodes: Ints
    inside: Flags
    first: Whole
    second: Whole


class Pairing(NamedTuple):
    """Scratch of recombination: the tree over two parts (nodes from the root, parents, sums) and marks."""

    order: Ints
    parent: Ints
    held: Ints
    mark: Ints


@compiled
def pairing_of(size: int) -> Pairing:
    """Return scratch for a graph of so many nodes."""
    none = np.zeros(size, dtype=np.int64)
    return Pairing(none, none.copy(), none.copy(), none.copy())


@compiled
def neighbour(graph: Graph, labels: Ints, start: int, work: Pairing, mark: int, rng: np.random.Generator) -> int:
    """Return a part that can be reached on foot from the part of `start` in a step: a random one, by borders."""
    work.order[0], work.mark[start] = start, mark
    count, done, met, found = 1, 0, 0, -1
    while done < count:
        u = work.order[done]
        done += 1
        for p in range(graph.ptr[u], graph.ptr[u + 1]):
            v = graph.idx[p]
            if not graph.foot[p] or labels[v] < 0:
                continue
            if labels[v] != labels[u]:
                met += 1
                found = labels[v] if rng.integers(0, met) == 0 else found
            elif work.mark[v] != mark:
                work.mark[v] = mark
                work.order[count] = v
                count += 1
    return int(found)


@compiled
def paired_tree(
    graph: Graph, labels: Ints, pair: tuple[int, int], work: Pairing, mark: int, rng: np.random.Generator
) -> int:
    """Grow a random tree over the part of a node and another one, and sum up its branches; return its nodes."""
    start, other = pair
    heap = [(0.0, np.int64(start), np.int64(-1))]
    own, count = labels[start], 0
    while len(heap) > 0:
        _, u, above = heapq.heappop(heap)
        if work.mark[u] == mark:
            continue
        work.mark[u], work.parent[u], work.held[u], work.order[count] = mark, above, graph.mass[u], u
        count += 1
        for p in range(graph.ptr[u], graph.ptr[u + 1]):
            v = np.int64(graph.idx[p])
            if graph.foot[p] and work.mark[v] != mark and (labels[v] == own or labels[v] == other):
                heapq.heappush(heap, (rng.random() / (1.0 + graph.cost[p]), v, u))
    for i in range(count - 1, 0, -1):
        work.held[work.parent[work.order[i]]] += work.held[work.order[i]]
    return count


@compiled
def fitting(work: Pairing, count: int, total: int, band: tuple[Whole, Whole], rng: np.random.Generator) -> Ints:
    """Return up to `CUTS_TRIED` branches, at random, that leave both parts in band."""
    lo, hi = band
    found, met = np.full(CUTS_TRIED, -1, dtype=np.int64), 0
    for i in range(1, count):
        held = work.held[work.order[i]]
        if held < lo or held > hi or total - held < lo or total - held > hi:
            continue
        place = met if met < CUTS_TRIED else rng.integers(0, met + 1)
        met += 1
        if place < CUTS_TRIED:
            found[place] = work.order[i]
    return found


@compiled
def laid(work: Pairing, count: int, root: int, inside: Flags) -> None:
    """Mark the branch of `root`."""
    for i in range(count):
        u = work.order[i]
        inside[u] = u == root or (i > 0 and inside[work.parent[u]])


@compiled
def pair_score(graph: Graph, work: Pairing, count: int, inside: Flags, scale: Scale) -> float:
    """Return the score of a cut of a tree's nodes in two: border between them, spread and evenness of both."""
    side, target, pull = scale
    cut, moments = 0.0, np.zeros((2, 5))
    here = work.order[0]
    for i in range(count):
        u = work.order[i]
        part = moments[1 if inside[u] else 0]
        dx, dy, area = graph.x[u] - graph.x[here], graph.y[u] - graph.y[here], graph.area[u]
        part[0] += area
        part[1] += area * dx
        part[2] += area * dy
        part[3] += area * (dx * dx + dy * dy)
        part[4] += graph.mass[u]
        if inside[u]:
            for p in range(graph.ptr[u], graph.ptr[u + 1]):
                v = graph.idx[p]
                if work.mark[v] == work.mark[u] and not inside[v]:
                    cut += graph.cost[p]
    spread, even = 0.0, 0.0
    for part in moments:
        spread += part[3] - (part[1] ** 2 + part[2] ** 2) / max(part[0], 1e-9)
        even += (part[4] - target) ** 2 / target**2
    return float(pull.cut * cut / side + pull.spread * spread / side**4 + pull.even * even)


@compiled
def repart(graph: Graph, labels: Ints, sums: Sums, rules: Rules, rounds: int, rng: np.random.Generator) -> None:
    """Part every part anew with a neighbour, `rounds` times over, wherever that is better and both are in band."""
    work, inside = pairing_of(len(labels)), np.zeros(len(labels), dtype=np.bool_)
    member, mark = np.full(len(sums.mass), -1, dtype=np.int64), 0
    for u in range(len(labels)):
        if labels[u] >= 0:
            member[labels[u]] = u
    for turn in range(rounds * len(member)):
        a, mark = turn % len(member), mark + 2
        if member[a] < 0 or labels[member[a]] != a:
            continue
        b = neighbour(graph, labels, member[a], work, mark, rng)
        if b < 0:
            continue
        count = paired_tree(graph, labels, (member[a], b), work, mark + 1, rng)
        band = (rules.limits.lo[a], rules.limits.hi[a])
        roots = fitting(work, count, sums.mass[a] + sums.mass[b], band, rng)
        for i in range(count):
            inside[work.order[i]] = labels[work.order[i]] == a
        scale = Scale(rules.limits.side_m[a], rules.limits.target[a], rules.pull)
        best = best_branch(graph, work, count, inside, roots, scale)
        if best >= 0:
            laid(work, count, best, inside)
            swap(graph, labels, sums, rules.limits, Halves(work.order[:count], inside, a, b))
            for i in range(count):
                member[labels[work.order[i]]] = work.order[i]


@compiled
def best_branch(graph: Graph, work: Pairing, count: int, inside: Flags, roots: Ints, scale: Scale) -> Whole:
    """Return the branch whose cut has a lower score than the cut there is (`inside`), and the lowest; -1: none."""
    least, best = pair_score(graph, work, count, inside, scale) - LEAST_GAIN, -1
    for root in roots:
        if root < 0:
            break
        laid(work, count, root, inside)
        score = pair_score(graph, work, count, inside, scale)
        if score < least:
            least, best = score, root
    return best


@compiled
def swap(graph: Graph, labels: Ints, sums: Sums, limits: Limits, halves: Halves) -> None:
    """Give the nodes inside to the first part, the others to the second, unless people are then out of band."""
    nodes, inside, a, b = halves
    people: Whole = 0
    for u in nodes:
        people += graph.people[u] if inside[u] else 0
    rest = sums.people[a] + sums.people[b] - people
    before = beyond(sums.mass[a], sums.people[a], a, limits) + beyond(sums.mass[b], sums.people[b], b, limits)
    after: Whole = max(0, limits.people_lo[a] - people) + max(0, people - limits.people_hi[a])
    if after + max(0, limits.people_lo[b] - rest) + max(0, rest - limits.people_hi[b]) > before:
        return
    for u in nodes:
        now = a if inside[u] else b
        if labels[u] != now:
            enter(graph, sums, u, labels[u], -1)
            enter(graph, sums, u, now, 1)
            labels[u] = now


def reparted(graph: Graph, labels: Ints, limits: Limits, pull: Pull, *, rounds: int, rng: np.random.Generator) -> Ints:
    """Return a division in which pairs of neighbouring parts were parted anew where that is better.

    Parameters
    ----------
    graph, labels
        A division into connected parts 0..k-1, -1 for nodes left out.
    limits, pull
        As in `geo.partition.moves.settled`.
    rounds
        How often each part is tried with a neighbour drawn at random.
    """
    now = labels.copy()
    none = np.empty(0, dtype=np.int64)
    rules = Rules(limits, pull, none, labels >= 0)
    repart(graph, now, sums_of(graph, now, len(limits.lo)), rules, rounds, rng)
    return now
