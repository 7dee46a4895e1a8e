"""Equal parts: many pieces of ground in one call, each into a number of its own of about equal connected parts.

Zones and household units are made here. As in the solver, pieces are started by bisection and settled by
moves, from several directions; but every piece has a share of its own to aim at, instead of one band for all.
What becomes of a piece depends on nothing outside of it.
"""

import heapq

import numpy as np

from geo.partition.bands import NO_LIMIT
from geo.partition.bisection import bisected
from geo.partition.graph import Floats, Graph, Ints, tails_of
from geo.partition.limits import Limits, Weights, pull_of
from geo.partition.moves import THOROUGH, part_scores, settled

STARTS, TURN = 3, 0.2
SLACK = 0.1


def equal_parts(graph: Graph, pieces: Ints, counts: Ints, *, rng: np.random.Generator) -> Ints:
    """Divide every piece into its number of connected parts of about equal mass (ground, where it has no mass).

    Parameters
    ----------
    graph
        Any number of pieces, which may touch one another.
    pieces
        Piece 0..k-1 of each node, connected on foot; -1 for nodes left out.
    counts
        Parts each piece should make; no more come out than it has nodes.
    rng
        Directions of the first cuts; the same for every piece.

    Returns
    -------
    Ints
        Part of each node, 0.. piece by piece; -1 where left out.
    """
    counts = np.minimum(counts, np.bincount(pieces[pieces >= 0], minlength=len(counts)))
    if (pieces < 0).all():
        return np.full(graph.size, -1, dtype=np.int64)
    own = levelled(graph, pieces, len(counts))
    limits = equal_limits(own, pieces, counts)
    best = one_start(own, pieces, counts, limits, turn=0.0)
    if (counts < 2).all():
        return best
    rank = ranks_of(own, best, counts, limits)
    for _ in range(1, STARTS):
        other = one_start(own, pieces, counts, limits, turn=TURN * (2.0 * float(rng.random()) - 1.0))
        other_rank = ranks_of(own, other, counts, limits)
        is_better = is_less(other_rank, rank)
        rank = np.where(is_better, other_rank, rank)
        best = np.where((pieces >= 0) & is_better[pieces], other, best)
    return best


def levelled(graph: Graph, pieces: Ints, count: int) -> Graph:
    """Return the graph of the pieces alone, each turned upright, with ground for mass where nobody lives.

    Upright: most borders of the piece, by length, run or are crossed along the axes.
    """
    tails = tails_of(graph)
    inside = (pieces[tails] == pieces[graph.idx]) & (pieces[tails] >= 0)
    tails, heads = tails[inside], graph.idx[inside]
    place = graph.x + 1j * graph.y
    step = place[heads] - place[tails]
    length = np.maximum(np.abs(step), 1e-9)
    fold = graph.length[inside] * (step / length) ** 4
    lean = np.zeros(count, dtype=np.complex128)
    lean.real = np.bincount(pieces[tails], weights=fold.real, minlength=count)
    lean.imag = np.bincount(pieces[tails], weights=fold.imag, minlength=count)
    place = place * np.exp(-0.25j * np.angle(lean))[pieces]
    return Graph(
        np.concatenate([[0], np.cumsum(np.bincount(tails, minlength=graph.size))]).astype(np.int64),
        heads,
        graph.foot[inside],
        graph.cost[inside],
        graph.length[inside],
        with_ground(graph, pieces, count),
        np.ascontiguousarray(place.real),
        np.ascontiguousarray(place.imag),
        np.ascontiguousarray(graph.area),
        np.zeros(graph.size, dtype=np.int64),
    )


def with_ground(graph: Graph, pieces: Ints, count: int) -> Ints:
    """Return the mass of each node; in pieces without any, its ground in thousandths of the piece's largest."""
    own = pieces >= 0
    largest = np.zeros(count)
    np.maximum.at(largest, pieces[own], graph.area[own])
    is_empty = np.bincount(pieces[own], weights=graph.mass[own], minlength=count) == 0
    ground = np.maximum(1, np.rint(graph.area / np.maximum(largest[pieces], 1e-9) * 1000))
    return np.where(own & is_empty[pieces], ground, graph.mass).astype(np.int64)


def equal_limits(graph: Graph, pieces: Ints, counts: Ints) -> Limits:
    """Return the limits of the parts of every piece: near its equal share, the whole numbers beside it included."""
    own = pieces >= 0
    parts = np.maximum(counts, 1)
    share = np.bincount(pieces[own], weights=graph.mass[own], minlength=len(counts)) / parts
    side = np.sqrt(np.maximum(np.bincount(pieces[own], weights=graph.area[own], minlength=len(counts)) / parts, 1.0))
    low = np.minimum(np.ceil(share * (1 - SLACK)), np.floor(share)).astype(np.int64)
    high = np.maximum(np.floor(share * (1 + SLACK)), np.ceil(share)).astype(np.int64)
    zeros = np.zeros(int(counts.sum()), dtype=np.int64)
    return Limits(
        np.repeat(low, counts),
        np.repeat(high, counts),
        zeros,
        zeros + NO_LIMIT,
        np.repeat(np.maximum(share, 1e-9), counts),
        np.repeat(side, counts),
    )


def one_start(graph: Graph, pieces: Ints, counts: Ints, limits: Limits, *, turn: float) -> Ints:
    """Return one division of every piece, settled."""
    labels = bisected(graph, pieces, counts, turn=turn)
    return settled(graph, labels, limits, pull_of(Weights(), may_empty=False), schedule=THOROUGH)


def ranks_of(graph: Graph, labels: Ints, counts: Ints, limits: Limits) -> Floats:
    """Return for each piece, ``(2, k)``, by how much its parts miss their share, and their score: less is better."""
    mass = np.bincount(labels[labels >= 0], weights=graph.mass[labels >= 0], minlength=len(limits.lo))
    missed = np.maximum(0, limits.lo - mass) + np.maximum(0, mass - limits.hi)
    score = part_scores(graph, labels, limits, pull_of(Weights(), may_empty=False))
    piece_of = np.repeat(np.arange(len(counts)), counts)
    rows = [np.bincount(piece_of, weights=row, minlength=len(counts)) for row in (missed, score)]
    return np.stack(rows).astype(np.float64)


def is_less(one: Floats, other: Floats) -> np.ndarray:
    """Return for each column whether `one` comes before `other`, row by row."""
    result = np.zeros(one.shape[1], dtype=np.bool_)
    for a, b in zip(one[::-1], other[::-1], strict=True):
        result = np.where(a == b, result, a < b)
    return result


def shared_out(weights: Floats, most: Ints, total: int) -> Ints:
    """Share out a number over places by weight, at least one each and at most `most`.

    Parameters
    ----------
    weights
        Weight of each place, e.g. households.
    most
        Most that a place can take, at least one.
    total
        What is shared out. Less than there are places cannot be: then each has one.

    Returns
    -------
    Ints
        Adds up to `total`, as far as the places allow. Source: Sainte-Lague (Webster), which favours neither large
        nor small places; ties go to the first.
    """
    given = np.ones(len(weights), dtype=np.int64)
    waiting = [(-float(weight) / 1.5, place) for place, weight in enumerate(weights) if most[place] > 1]
    heapq.heapify(waiting)
    for _ in range(total - len(given)):
        if not waiting:
            break
        place = waiting[0][1]
        given[place] += 1
        if given[place] < most[place]:
            heapq.heapreplace(waiting, (-float(weights[place]) / (given[place] + 0.5), place))
        else:
            heapq.heappop(waiting)
    return given
