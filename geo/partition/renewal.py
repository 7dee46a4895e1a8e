"""Renewal: a new division that keeps an old one, where as few households as possible change grid.

The old grids are taken over; ground they do not name joins a neighbour or becomes a grid; what is then out
of band is mended close by. For each such grid several repairs are made of it and its neighbours (households
handed over one cell at a time, the grid split, joined to a neighbour, cut anew), each is settled so that
ground goes home where it can, and of those that leave least out of band the one that moves fewest
households is kept. Other grids stay, and so do those of which it is proved that no plan is better. Two things
reach further: a planner's weight for keeping below one settles all borders against that weight, and a piece
that could not be mended so is worked on as if it were new.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from geo.partition.bands import divides, masses_of, missed_of
from geo.partition.bisection import bisected
from geo.partition.graph import Graph, Ints, arcs_of, contracted, in_order, pieces_on_foot, subgraph
from geo.partition.impossible import cluster_without_grids, joined_piece
from geo.partition.limits import KEEP, limits_of
from geo.partition.moves import part_scores, settled
from geo.partition.repair import cut_strictly, cut_widely, is_best
from geo.partition.solver import Asked, divide_pieces, mend_pieces, one_piece_limits, piece_of_parts, whole_groups

RECUTS = (2, 2, 3, 3, 4)
TURNS = (0.0, 0.8)
ROUNDS = 4


class Region(NamedTuple):
    """A grid out of band (part 0) and its neighbours: graph, part of each node, part it came from (-1: none)."""

    graph: Graph
    own: Ints
    home: Ints
    parts: int


def renewed(
    graph: Graph, pieces: Ints, groups: Ints, old: Ints, counts: Ints, asked: Asked, *, rng: np.random.Generator
) -> Ints:
    """Divide pieces of ground anew, keeping an old division.

    Parameters
    ----------
    graph, pieces, groups, counts, asked
        As in `geo.partition.solver.divide_pieces`. The counts are used only where they are orders.
    old
        Old grid of each cell, -1 for none.

    Returns
    -------
    Ints
        Part of each cell, 0.., -1 where left out.
    """
    labels = taken_over(graph, pieces, old)
    labels = with_fresh_pieces(graph, pieces, labels, groups, counts, asked, rng=rng)
    labels = with_newcomers(graph, pieces, labels, asked)
    if asked.is_fixed:
        labels = with_counts(graph, pieces, labels, counts)
    stuck = stuck_parts(graph, pieces, labels, asked)
    # Compounds are whole where the old plan has them whole; at last cells may go one by one.
    for node_of in (whole_groups(graph, uncut(groups, labels), asked.band), np.arange(graph.size)):
        first = np.unique(node_of, return_index=True)[1]
        nodes = contracted(graph, node_of) if len(first) < graph.size else graph
        labels = mended_parts(nodes, labels[first], old[first], stuck, asked, rng=rng)[node_of]
    missed = missed_by_parts(graph, labels, asked)
    missed[list(stuck)] = 0
    inside = np.flatnonzero(labels >= 0)
    bad = np.unique(pieces[inside[missed[labels[inside]] > 0]])
    labels = in_order_inside(labels)
    whole, piece_of = uncut(groups, labels), piece_of_parts(labels, pieces)
    return mend_pieces(graph, np.where(np.isin(pieces, bad), pieces, -1), whole, labels, piece_of, asked, rng=rng)


def stuck_parts(graph: Graph, pieces: Ints, labels: Ints, asked: Asked) -> set[int]:
    """Return the parts out of band of which it is proved that no plan could do better: they stay as they were.

    What holds two grids or more is not asked after: it can be split.
    """
    missed, mass = missed_by_parts(graph, labels, asked), masses_of(graph, labels)
    stuck: set[int] = set()
    inside = labels >= 0
    bad = (missed > 0) & (mass < 2 * asked.band.lo)
    for piece in np.unique(pieces[inside & bad[labels]]):
        members = np.flatnonzero((pieces == piece) & inside)
        part, own = subgraph(graph, members), labels[members]
        if is_best(part, in_order(own), asked.band):
            stuck.update(np.unique(own[missed[own] > 0]).tolist())
        if not divides(int(part.mass.sum()), int(part.people.sum()), asked.band):
            continue
        ground, claimed = joined_piece(part, asked.band), set[int]()
        for name in np.unique(own[bad[own]]):
            cluster = cluster_without_grids(ground, np.flatnonzero(own == name), asked.band, claimed=claimed)
            if cluster is not None:
                claimed.update(cluster)
                stuck.add(int(name))
    return stuck


def missed_by_parts(graph: Graph, labels: Ints, asked: Asked) -> Ints:
    """Return by how much each part misses the band; one that was joined to another is empty, and misses nothing."""
    missed = missed_of(graph, labels, asked.band)
    missed[np.bincount(labels[labels >= 0]) == 0] = 0
    return missed


def taken_over(graph: Graph, pieces: Ints, old: Ints) -> Ints:
    """Return the old grids as parts: of one in several pieces the heaviest (then largest); -1 elsewhere."""
    bits = pieces_on_foot(graph, (pieces >= 0) & (old >= 0), within=old)
    inside = bits >= 0
    if not inside.any():
        return np.full(graph.size, -1, dtype=np.int64)
    count = int(bits.max()) + 1
    mass = np.bincount(bits[inside], weights=graph.mass[inside], minlength=count)
    area = np.bincount(bits[inside], weights=graph.area[inside], minlength=count)
    grid = np.zeros(count, dtype=np.int64)
    grid[bits[inside]] = old[inside]
    order = np.lexsort((area, mass))
    best = np.full(int(old.max()) + 1, -1, dtype=np.int64)
    best[grid[order]] = order
    kept = inside & (best[old] == bits)
    labels = np.full(graph.size, -1, dtype=np.int64)
    labels[kept] = in_order(old[kept])
    return labels


def with_fresh_pieces(
    graph: Graph, pieces: Ints, labels: Ints, groups: Ints, counts: Ints, asked: Asked, *, rng: np.random.Generator
) -> Ints:
    """Return labels in which pieces without any old grid are divided as if there were no old plan."""
    is_known = np.zeros(len(counts), dtype=np.bool_)
    is_known[pieces[(pieces >= 0) & (labels >= 0)]] = True
    if is_known.all():
        return labels
    number = np.where(is_known, -1, np.cumsum(~is_known) - 1)
    fresh = np.where(pieces >= 0, number[pieces], -1)
    parts = divide_pieces(graph, fresh, groups, counts[~is_known], asked, rng=rng)
    return np.where(parts >= 0, labels.max() + 1 + parts, labels)


def with_newcomers(graph: Graph, pieces: Ints, labels: Ints, asked: Asked) -> Ints:
    """Give ground without an old grid a part: its own if it is large enough, else a neighbour, one with room first."""
    now = labels.copy()
    bits = pieces_on_foot(graph, (pieces >= 0) & (now < 0))
    if not (bits >= 0).any():
        return now
    mass = np.bincount(bits[bits >= 0], weights=graph.mass[bits >= 0]).astype(np.int64)
    for large in np.flatnonzero(mass >= asked.band.lo):
        now[bits == large] = now.max() + 1
    held = masses_of(graph, now)
    while ((pieces >= 0) & (now < 0)).any():
        tails = np.flatnonzero((pieces >= 0) & (now < 0))
        arcs = arcs_of(graph, tails)
        across = graph.foot[arcs] & (now[graph.idx[arcs]] >= 0)
        bit = bits[np.repeat(tails, graph.ptr[tails + 1] - graph.ptr[tails])[across]]
        rows, at = np.unique(np.column_stack([bit, now[graph.idx[arcs[across]]]]), axis=0, return_inverse=True)
        length = np.bincount(at.ravel(), weights=graph.length[arcs[across]])
        over = np.maximum(0, held[rows[:, 1]] + mass[rows[:, 0]] - asked.band.hi)
        order = np.lexsort((rows[:, 1], -length, over, rows[:, 0]))
        bit, host = rows[order[0], 0], rows[order[0], 1]
        now[bits == bit] = host
        held[host] += mass[bit]
    return now


def with_counts(graph: Graph, pieces: Ints, labels: Ints, counts: Ints) -> Ints:
    """Return labels with the ordered number of parts in each piece: the heaviest are halved, the lightest joined."""
    now = labels.copy()
    for piece in range(len(counts)):
        members = np.flatnonzero(pieces == piece)
        part, own = subgraph(graph, members), in_order(now[members])
        while own.max() + 1 < min(counts[piece], part.size):
            own = halved_heaviest(part, own)
        while own.max() + 1 > counts[piece]:
            own = joined_lightest(part, own)
        now[members] = now.max() + 1 + own
    return in_order_inside(now)


def halved_heaviest(graph: Graph, labels: Ints) -> Ints:
    """Return labels in which the heaviest part of more than one node is two parts."""
    mass = np.where(np.bincount(labels) > 1, masses_of(graph, labels), -1)
    piece = np.where(labels == np.argmax(mass), 0, -1)
    return np.where(bisected(graph, piece, np.array([2])) == 1, labels.max() + 1, labels)


def joined_lightest(graph: Graph, labels: Ints) -> Ints:
    """Return labels in which the lightest part is one with its lightest neighbour on foot."""
    mass = masses_of(graph, labels)
    light = int(np.argmin(mass))
    arcs = arcs_of(graph, np.flatnonzero(labels == light))
    near = np.setdiff1d(labels[graph.idx[arcs[graph.foot[arcs]]]], [light])
    return in_order(np.where(labels == light, near[np.argmin(mass[near])], labels))


def uncut(groups: Ints, labels: Ints) -> Ints:
    """Return the groups that lie in one part; -1 for cells of the others."""
    held = np.where(labels >= 0, groups, -1)
    known = held >= 0
    if not known.any():
        return held
    least = np.full(int(held.max()) + 1, np.iinfo(np.int64).max)
    most = np.full(int(held.max()) + 1, -1)
    np.minimum.at(least, held[known], labels[known])
    np.maximum.at(most, held[known], labels[known])
    return np.where(known & (least == most)[held], held, -1)


def in_order_inside(labels: Ints) -> Ints:
    """Return the same parts numbered 0.. by first appearance; -1 stays."""
    now = labels.copy()
    now[labels >= 0] = in_order(labels[labels >= 0])
    return now


def mended_parts(
    graph: Graph, labels: Ints, old: Ints, stuck: set[int], asked: Asked, *, rng: np.random.Generator
) -> Ints:
    """Return labels with less out of band; each bad part that is not stuck is mended together with its neighbours."""
    now, tried = labels.copy(), dict[int, int]()
    home = homes(graph, now, old)
    if asked.pull.keep < KEEP:
        limits = limits_of(graph, now, np.zeros(int(now.max()) + 1, dtype=np.int64), asked.band)
        now = settled(graph, now, limits, asked.pull, home=home)
    while True:
        missed = missed_by_parts(graph, now, asked)
        missed[list(stuck)] = 0
        bad = [int(part) for part in np.argsort(-missed, kind="stable") if missed[part] and tried.get(part, 0) < ROUNDS]
        if not bad:
            return now
        tried[bad[0]] = tried.get(bad[0], 0) + 1
        now, home = mended_at(graph, now, home, bad[0], asked, rng=rng)


def homes(graph: Graph, labels: Ints, old: Ints) -> Ints:
    """Return the part that carries on each node's old grid, -1 where there is none."""
    known = (labels >= 0) & (old >= 0)
    rows, at = np.unique(np.column_stack([old[known], labels[known]]), axis=0, return_inverse=True)
    held = np.bincount(at.ravel(), weights=graph.mass[known] + 1e-6 * graph.area[known])
    carrier, taken = np.full(int(old.max(initial=-1)) + 1, -1, dtype=np.int64), set[int]()
    for row in np.argsort(-held, kind="stable"):
        grid, part = rows[row].tolist()
        if carrier[grid] < 0 and part not in taken:
            carrier[grid] = part
            taken.add(part)
    return np.where(known, carrier[old], -1)


def mended_at(
    graph: Graph, labels: Ints, home: Ints, part: int, asked: Asked, *, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return labels and homes after the best repair of one part and its neighbours, if one leaves less out of band."""
    own = np.flatnonzero(labels == part)
    arcs = arcs_of(graph, own)
    near = labels[graph.idx[arcs[graph.foot[arcs]]]]
    names = np.concatenate([[part], np.setdiff1d(near[near >= 0], [part])])
    members = np.flatnonzero(np.isin(labels, names))
    place = np.full(int(max(labels.max(), home.max())) + 2, -1, dtype=np.int64)
    place[names] = np.arange(len(names))
    region = Region(subgraph(graph, members), place[labels[members]], place[home[members]], len(names))
    best, best_rank = region.own, rank_of(region, region.own, asked)
    floor = best_rank[0]
    for cut in repairs(region, asked, rng=rng):
        now = sent_home(region, cut, asked)
        rank = rank_of(region, now, asked)
        if rank < best_rank and rank[0] < floor:
            best, best_rank = now, rank
    result = labels.copy()
    more = labels.max() + 1 + np.arange(max(0, int(best.max()) + 1 - len(names)))
    result[members] = np.concatenate([names, more])[best]
    return result, home


def repairs(region: Region, asked: Asked, *, rng: np.random.Generator) -> Iterator[Ints]:
    """Yield divisions of a region that may leave less of it out of band."""
    graph, own = region.graph, region.own
    yield own
    mass = int(graph.mass[own == 0].sum())
    if not asked.is_fixed:
        for count in range(max(2, -(-mass // asked.band.hi)), mass // asked.band.lo + 2):
            for turn in TURNS:
                yield split(graph, own, count, turn=turn)
        for other in range(1, region.parts):
            yield np.where(own == 0, other, own)
    for parts in RECUTS:
        cut = recut(region, parts, asked, rng=rng)
        if cut is not None:
            yield cut


def split(graph: Graph, labels: Ints, count: int, *, turn: float) -> Ints:
    """Return labels in which part 0 is `count` parts: itself and new ones behind all others."""
    parts = bisected(graph, np.where(labels == 0, 0, -1), np.array([count]), turn=turn)
    return np.where(parts > 0, labels.max() + parts, labels)


def recut(region: Region, parts: int, asked: Asked, *, rng: np.random.Generator) -> Ints | None:
    """Return a division in which part 0 and some neighbours, drawn at random, are cut anew; None: no cut found."""
    chosen = np.concatenate([[0], 1 + rng.permutation(region.parts - 1)[: parts - 1]])
    among = np.isin(region.own, chosen)
    among &= pieces_on_foot(region.graph, among) == pieces_on_foot(region.graph, among)[np.argmax(region.own == 0)]
    members = np.flatnonzero(among)
    graph, before = subgraph(region.graph, members), np.unique(region.own[members])
    missed = missed_of(graph, in_order(region.own[members]), asked.band)
    count = len(before) if asked.is_fixed else None
    cut = cut_strictly(graph, asked.band, count, rng=rng)
    if cut is None:
        cut = cut_widely(graph, asked.band, int(missed.sum()), count, rng=rng)
    if cut is None:
        return None
    result = region.own.copy()
    result[members] = region.parts + cut
    return named_by_home(region, result)


def named_by_home(region: Region, labels: Ints) -> Ints:
    """Return the same parts, each named after the part it shares most households with; optimally matched."""
    names, at = np.unique(labels, return_inverse=True)
    shared = np.zeros((len(names), region.parts))
    known = region.home >= 0
    np.add.at(shared, (at[known], region.home[known]), region.graph.mass[known] + 1e-6 * region.graph.area[known])
    rows, columns = linear_sum_assignment(shared, maximize=True)
    name = np.full(len(names), -1, dtype=np.int64)
    name[rows] = columns
    free = name < 0
    name[free] = region.parts + np.arange(free.sum())
    return name[at]


def sent_home(region: Region, labels: Ints, asked: Asked) -> Ints:
    """Return a division of a region settled by moves, its number of parts as it is."""
    limits = one_piece_limits(region.graph, labels, asked.band)
    return settled(region.graph, labels, limits, asked.pull._replace(may_empty=False), home=region.home)


def rank_of(region: Region, labels: Ints, asked: Asked) -> tuple[int, int, float]:
    """Return what a division is out of band by, how many households left home, and its score: less is better."""
    graph, limits = region.graph, one_piece_limits(region.graph, labels, asked.band)
    empty = np.bincount(labels) == 0
    missed = np.where(empty, 0, missed_of(graph, labels, asked.band))
    away = (region.home >= 0) & (region.home != labels)
    return int(missed.sum()), int(graph.mass[away].sum()), float(part_scores(graph, labels, limits, asked.pull).sum())
