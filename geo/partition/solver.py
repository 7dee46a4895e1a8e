"""The solver: pieces of ground, each connected on foot, into grids in band or into equal parts.

All pieces are started by bisection and settled by moves in one go, from several directions; the best
division of each is kept. Only a piece that still has households out of band is mended by itself, its
dead ends joined: by trying everything where it is small, by trees, then with compounds broken near
the trouble, then with all broken. Compounds that fit into a grid are single nodes until then.
"""

from itertools import islice
from typing import NamedTuple

import numpy as np

from geo.partition.aside import set_aside
from geo.partition.bands import Band, best_count, divides, missed_by, missed_of
from geo.partition.bisection import bisected
from geo.partition.deadends import hosts_of
from geo.partition.exact import FIND_STEPS, SWIFT_CELLS, SWIFT_STEPS, SearchTooLongError, exact_division
from geo.partition.graph import Flags, Graph, Ints, arcs_of, contracted, in_order, lines_in, pieces_on_foot, subgraph
from geo.partition.impossible import all_excused, members_of
from geo.partition.limits import Limits, Pull, Weights, limits_of, pull_of
from geo.partition.moves import SWIFT, THOROUGH, part_scores, settled
from geo.partition.pairs import reparted
from geo.partition.repair import BRIEF, LONG, SHORT, is_best, repaired
from geo.partition.small import EXACT_CELLS

STARTS, TURN, ARCS_LOOKED_AT = 4, 0.2, 20_000
PAIRINGS, SWIFT_PAIRINGS = 16, 2
REPAIR_ROUNDS, LOOSENINGS, SMALL_PIECE_NODES, SMALL_PIECE_STARTS = 3, 3, 500, 3
EASINGS, ONE_MORE = 4, 0.1


class Asked(NamedTuple):
    """What a division is asked for: the band, how wishes pull, whether the number of parts is fixed, and haste.

    Swift means one start, a short schedule and little patience: for very large graphs, at a little cost in shape.
    """

    band: Band
    pull: Pull
    is_fixed: bool = False
    is_swift: bool = False


def asked_for(band: Band, weights: Weights, *, is_fixed: bool = False) -> Asked:
    """Return what is asked for with planners' weights."""
    return Asked(band, pull_of(weights, may_empty=not is_fixed), is_fixed)


def divide_pieces(
    graph: Graph,
    pieces: Ints,
    groups: Ints,
    counts: Ints,
    asked: Asked,
    *,
    rng: np.random.Generator,
) -> Ints:
    """Divide pieces of ground into connected parts in band.

    Parameters
    ----------
    graph
        Cells; no node of a piece is above the band.
    pieces
        Piece 0..k-1 of each cell, connected on foot; -1 for cells left out.
    groups
        Group (compound) of each cell, -1 for none: kept whole where that is possible.
    counts
        Into how many parts each piece should fall.
    asked
        Band, pull, whether the counts are orders or hints, and haste.
    rng
        Directions of the first cuts, regions and trees of repairs.

    Returns
    -------
    Ints
        Part of each cell, 0..k-1, -1 where left out. Parts out of band remain only where nothing better was found.
    """
    node_of = whole_groups(graph, np.where(pieces >= 0, groups, -1), asked.band)
    is_grouped = node_of.max(initial=-1) + 1 < graph.size
    nodes = contracted(graph, node_of) if is_grouped else graph
    piece_at = pieces[np.unique(node_of, return_index=True)[1]] if is_grouped else pieces
    labels, piece_of = best_start(nodes, piece_at, counts, asked, rng=rng)
    labels = labels[node_of] if is_grouped else labels
    return mend_pieces(graph, pieces, groups, labels, piece_of, asked, rng=rng)


def best_start(
    graph: Graph, pieces: Ints, counts: Ints, asked: Asked, *, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return the best of several divisions of each piece, and the piece of each part.

    The first is cut along the way the ground lies, the others turned a little against it.
    """
    turn = leaning(graph)
    best, piece_of = one_start(graph, pieces, counts, asked, turn=turn, rng=rng)
    if asked.is_swift or len(piece_of) == len(counts):
        return best, piece_of
    rank = ranks_of(graph, best, piece_of, asked)
    for _ in range(1, STARTS):
        askew = turn + TURN * (2.0 * float(rng.random()) - 1.0)
        other, other_pieces = one_start(graph, pieces, counts, asked, turn=askew, rng=rng)
        other_rank = ranks_of(graph, other, other_pieces, asked)
        is_better = np.array([now < before for now, before in zip(other_rank, rank, strict=True)])
        rank = [now if chosen else before for now, before, chosen in zip(other_rank, rank, is_better, strict=True)]
        # Parts of a piece have numbers of their own in each division: shifted, they never meet.
        taken = (pieces >= 0) & is_better[pieces]
        best = np.where(taken, other + len(piece_of), best)
        piece_of = np.concatenate([piece_of, other_pieces])
        best, piece_of = renumbered(best, piece_of)
    return best, piece_of


def leaning(graph: Graph) -> float:
    """Return the direction (radians, modulo a right angle) in which most borders run or are crossed, by length."""
    arcs = np.arange(0, len(graph.idx), max(1, len(graph.idx) // ARCS_LOOKED_AT))
    tails, heads = np.searchsorted(graph.ptr, arcs, side="right") - 1, graph.idx[arcs]
    step = (graph.x[heads] - graph.x[tails]) + 1j * (graph.y[heads] - graph.y[tails])
    length = np.abs(step)
    real = length > 0
    return float(np.angle((graph.length[arcs][real] * (step[real] / length[real]) ** 4).sum()) / 4)


def renumbered(labels: Ints, piece_of: Ints) -> tuple[Ints, Ints]:
    """Return labels 0.. without gaps, and the piece of each."""
    used = np.zeros(len(piece_of), dtype=np.bool_)
    used[labels[labels >= 0]] = True
    number = np.append(np.cumsum(used) - 1, -1)
    return number[labels], piece_of[used]


def one_start(
    graph: Graph, pieces: Ints, counts: Ints, asked: Asked, *, turn: float, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return one division of each piece, settled, and the piece of each part."""
    labels = bisected(graph, pieces, counts, turn=turn)
    piece_of = piece_of_parts(labels, pieces)
    limits = limits_of(graph, labels, piece_of, asked.band)
    labels = settled(graph, labels, limits, asked.pull, schedule=SWIFT if asked.is_swift else THOROUGH)
    if lines_in(graph).any():
        rounds = SWIFT_PAIRINGS if asked.is_swift else PAIRINGS
        labels = reparted(graph, labels, limits, asked.pull, rounds=rounds, rng=rng)
        labels = settled(graph, labels, limits, asked.pull)
    return renumbered(labels, piece_of)


def piece_of_parts(labels: Ints, pieces: Ints) -> Ints:
    """Return the piece of each part 0..k-1."""
    piece_of = np.zeros(labels.max(initial=-1) + 1, dtype=np.int64)
    inside = labels >= 0
    piece_of[labels[inside]] = pieces[inside]
    return piece_of


def ranks_of(graph: Graph, labels: Ints, piece_of: Ints, asked: Asked) -> list[tuple[int, int, float]]:
    """Return for each piece what it is out of band by, how many parts are, and its score: less is better."""
    limits = limits_of(graph, labels, piece_of, asked.band)
    missed = missed_of(graph, labels, asked.band)
    bad = np.bincount(piece_of, weights=missed > 0)
    # One grid further off is better than several a little off.
    sums = np.bincount(piece_of, weights=missed) + bad * (max(asked.band.lo, asked.band.people_lo) * ONE_MORE)
    score = np.bincount(piece_of, weights=part_scores(graph, labels, limits, asked.pull))
    return list(zip(sums.astype(int).tolist(), bad.astype(int).tolist(), score.tolist(), strict=True))


def mend_pieces(
    graph: Graph, pieces: Ints, groups: Ints, labels: Ints, piece_of: Ints, asked: Asked, *, rng: np.random.Generator
) -> Ints:
    """Return labels in which every piece that had households out of band was worked on by itself."""
    missed = missed_of(graph, labels, asked.band)
    now = labels.copy()
    for piece in np.intersect1d(piece_of[missed > 0], pieces):
        members = np.flatnonzero(pieces == piece)
        part = subgraph(graph, members)
        own = in_order(labels[members])
        if not is_ordered_in_vain(part, own, asked):
            now[members] = now.max() + 1 + mended_piece(part, groups[members], own, asked, rng=rng)
    return renumbered(now, np.zeros(now.max(initial=0) + 1, dtype=np.int64))[0]


def is_ordered_in_vain(graph: Graph, labels: Ints, asked: Asked) -> bool:
    """Return whether so many parts were ordered that they cannot all be in band."""
    count = int(labels.max()) + 1
    return asked.is_fixed and missed_by(int(graph.mass.sum()), int(graph.people.sum()), count, asked.band) > 0


def mended_piece(
    graph: Graph, groups: Ints, labels: Ints, asked: Asked, *, rng: np.random.Generator, tries: int = EASINGS
) -> Ints:
    """Return a better division of one piece than `labels`, if there can be any."""
    if is_best(graph, labels, asked.band):
        return labels
    return eased(graph, groups, mended(graph, groups, labels, asked, rng=rng), asked, rng=rng, tries=tries)


def mended(graph: Graph, groups: Ints, labels: Ints, asked: Asked, *, rng: np.random.Generator) -> Ints:
    """Return a better division of one piece than `labels`, whose compounds that fit are whole.

    Dead ends are joined first: no plan in band parts them from where they hang. If that was not enough, a last
    search with all cells apart may miss the band by less.
    """
    band = asked.band
    host = hosts_of(graph, band)
    is_joined = (host != np.arange(graph.size)).any() and divides(int(graph.mass.sum()), int(graph.people.sum()), band)
    start = in_order(labels[host])
    if not is_joined or (asked.is_fixed and start.max() < labels.max()):
        return mended_nodes(graph, groups, labels, asked, rng=rng)
    node_of = in_order(host)
    first = host[np.unique(node_of, return_index=True)[1]]
    found = mended_nodes(contracted(graph, node_of), groups[first], start[first], asked, rng=rng)[node_of]
    if is_best(graph, found, band):
        return found
    return refined(graph, better(graph, labels, found, asked), np.arange(graph.size), asked, rng=rng)


def eased(
    graph: Graph, groups: Ints, labels: Ints, asked: Asked, *, rng: np.random.Generator, tries: int = EASINGS
) -> Ints:
    """Return a better division of one piece: grids around its trouble are set aside, and the rest is divided anew."""
    if asked.is_fixed or asked.is_swift or tries == 0 or is_best(graph, labels, asked.band):
        return labels
    for aside in islice(set_aside(graph, labels, asked.band, rng=rng), tries):
        now = aside.copy()
        for members in members_of(pieces_on_foot(graph, aside < 0)):
            part = subgraph(graph, members)
            if part.mass.any():
                own = pieces_on_foot(part, np.ones(part.size, dtype=np.bool_), within=labels[members])
                own = mended_piece(part, groups[members], own, asked, rng=rng, tries=tries // 2)
                now[members] = now.max() + 1 + own
        labels = better(graph, labels, in_order(with_empty_ground(graph, now)), asked)
        if is_best(graph, labels, asked.band):
            break
    return labels


def with_empty_ground(graph: Graph, labels: Ints) -> Ints:
    """Return labels in which each piece without one has that of a part beside it."""
    now = labels.copy()
    for members in members_of(pieces_on_foot(graph, labels < 0)):
        arcs = arcs_of(graph, members)
        beside = labels[graph.idx[arcs[graph.foot[arcs]]]]
        now[members] = beside[beside >= 0][0]
    return now


def mended_nodes(graph: Graph, groups: Ints, labels: Ints, asked: Asked, *, rng: np.random.Generator) -> Ints:
    """Return a better division of a piece: compounds whole, then loosened near the trouble, then all apart."""
    band = asked.band
    count = int(labels.max()) + 1
    node_of = whole_groups(graph, groups, band)
    is_grouped = node_of.max() + 1 < graph.size
    labels = refined(graph, labels, node_of, asked, rng=rng, brief=is_grouped)
    if not is_grouped and graph.size <= SMALL_PIECE_NODES and not is_best(graph, labels, band):
        labels = better(graph, labels, searched(graph, count, asked, rng=rng), asked)
    for _ in range(LOOSENINGS if is_grouped else 0):
        if is_best(graph, labels, band):
            break
        node_of = broken_near(graph, labels, node_of, band)
        labels = better(graph, labels, refined(graph, labels, node_of, asked, rng=rng), asked)
    if is_grouped and not is_best(graph, labels, band) and not all_excused(graph, labels, band):
        labels = better(graph, labels, searched(graph, count, asked, rng=rng), asked)
    return labels


def exact_or_none(graph: Graph, asked: Asked, count: int) -> Ints | None:
    """Return a division in band of a small piece by trying all, settled; None where there is none or it takes long."""
    try:
        found = exact_division(
            graph,
            asked.band,
            steps=SWIFT_STEPS if asked.is_swift else FIND_STEPS,
            count=count if asked.is_fixed else None,
        )
    except SearchTooLongError:
        return None
    if found is None:
        return None
    return in_order(settled(graph, in_order(found), one_piece_limits(graph, in_order(found), asked.band), asked.pull))


def whole_groups(graph: Graph, groups: Ints, band: Band) -> Ints:
    """Return the node of each cell when every group that fits into a grid is one (each piece of it)."""
    grouped = groups >= 0
    if not grouped.any():
        return np.arange(graph.size)
    masses = np.bincount(groups[grouped], weights=graph.mass[grouped])
    peoples = np.bincount(groups[grouped], weights=graph.people[grouped])
    fits = grouped & ((masses <= band.hi) & (peoples <= band.people_hi))[groups]
    pieces = pieces_on_foot(graph, fits, within=groups)
    return in_order(np.where(fits, pieces, graph.size + np.arange(graph.size)))


def searched(graph: Graph, count: int, asked: Asked, *, rng: np.random.Generator) -> Ints:
    """Return the best of several divisions of one piece from the beginning, each repaired."""
    best: Ints | None = None
    pieces = np.zeros(graph.size, dtype=np.int64)
    count = count if asked.is_fixed else best_count(int(graph.mass.sum()), int(graph.people.sum()), asked.band)
    for _ in range(SMALL_PIECE_STARTS if graph.size <= SMALL_PIECE_NODES else 1):
        turn = float(rng.random()) * np.pi
        labels, _ = one_start(graph, pieces, np.array([count]), asked, turn=turn, rng=rng)
        labels = improved(graph, labels, asked, rng=rng)
        best = labels if best is None else better(graph, best, labels, asked)
        if is_best(graph, best, asked.band):
            break
    return pieces if best is None else best


def improved(graph: Graph, labels: Ints, asked: Asked, *, rng: np.random.Generator, brief: bool = False) -> Ints:
    """Return labels repaired and settled, as long as any household is out of band, a few times over."""
    patience = SHORT if asked.is_swift else BRIEF if brief else LONG
    for _ in range(1 if brief or graph.size <= SMALL_PIECE_NODES else REPAIR_ROUNDS):
        if is_best(graph, labels, asked.band):
            break
        cut = repaired(graph, labels, asked.band, rng=rng, patience=patience, is_fixed=asked.is_fixed)
        limits = one_piece_limits(graph, cut, asked.band)
        # Only where something was cut anew can a single move do better than before.
        labels = in_order(settled(graph, cut, limits, asked.pull, among=changed_parts(labels, cut)))
    return labels


def changed_parts(before: Ints, now: Ints) -> Flags:
    """Return which nodes are in parts of `now` that are not parts of `before`."""
    sizes = np.bincount(now)
    old = before[np.unique(now, return_index=True)[1]]
    is_same = (np.bincount(now, weights=before == old[now]) == sizes) & (np.bincount(before)[old] == sizes)
    return np.asarray(~is_same[now], dtype=np.bool_)


def one_piece_limits(graph: Graph, labels: Ints, band: Band) -> Limits:
    """Return the limits of the parts of one piece."""
    return limits_of(graph, labels, np.zeros(int(labels.max()) + 1, dtype=np.int64), band)


def refined(
    graph: Graph, labels: Ints, node_of: Ints, asked: Asked, *, rng: np.random.Generator, brief: bool = True
) -> Ints:
    """Return labels improved with the nodes `node_of`, which no part of `labels` cuts; few nodes are searched fully."""
    nodes = contracted(graph, node_of)
    start = in_order(labels[np.unique(node_of, return_index=True)[1]])
    most = SWIFT_CELLS if asked.is_swift else EXACT_CELLS
    is_small = nodes.size <= most and not is_best(nodes, start, asked.band)
    exact = exact_or_none(nodes, asked, int(start.max()) + 1) if is_small else None
    found = improved(nodes, start, asked, rng=rng, brief=brief or is_small) if exact is None else exact
    return found[node_of]


def broken_near(graph: Graph, labels: Ints, node_of: Ints, band: Band) -> Ints:
    """Return finer nodes: the groups in and next to parts out of band are single cells again."""
    bad = np.flatnonzero(missed_of(graph, labels, band))
    arcs = arcs_of(graph, np.flatnonzero(np.isin(labels, bad)))
    near = labels[graph.idx[arcs[graph.foot[arcs]]]]
    loose = np.isin(labels, np.union1d(bad, near))
    return in_order(np.where(loose, graph.size + np.arange(graph.size), node_of))


def better(graph: Graph, one: Ints, other: Ints, asked: Asked) -> Ints:
    """Return the division of one piece with less out of band, then fewer such parts, then the lower score."""
    zeros = np.zeros(max(one.max(), other.max()) + 1, dtype=np.int64)
    ranks = [ranks_of(graph, labels, zeros[: labels.max() + 1], asked)[0] for labels in (one, other)]
    return other if ranks[1] < ranks[0] else one
