"""The solver: one piece of ground, connected on foot, into grids in band or into equal parts.

Start by bisection, settle by moves, repair by trees, settle again; several starts where households
stay out of band. Compounds that fit into a grid are single nodes at first, and are broken only
where no plan in band was found with them whole.
"""

import numpy as np

from geo.partition.bands import Band, best_count, outside
from geo.partition.bisection import bisected
from geo.partition.exact import EXACT_CELLS, EXACT_STEPS, SearchTooLongError, exact_division
from geo.partition.graph import Graph, Ints, arcs_of, contracted, in_order, pieces_on_foot, subgraph
from geo.partition.impossible import all_excused
from geo.partition.moves import score_of, settled
from geo.partition.repair import is_best, masses_of, repaired

SMALL_PIECE_NODES, SMALL_PIECE_STARTS = 500, 3
EQUAL_SLACK = 0.1
REPAIR_ROUNDS, LOOSENINGS = 3, 3


def divide_in_band(graph: Graph, groups: Ints, *, band: Band, rng: np.random.Generator) -> Ints:
    """Divide a piece of ground into connected parts in band.

    Parameters
    ----------
    graph
        A piece that is connected on foot, no node above the band.
    groups
        Group (compound) of each node, -1 for none: kept whole where that is possible.
    band
        Households of a part, bounds included.
    rng
        Where halvings begin, which regions and trees repairs try.

    Returns
    -------
    Ints
        Part of each node, 0..k-1. Parts out of band remain only where nothing better was found.
    """
    if best_count(int(graph.mass.sum()), band) == 1:
        return np.zeros(graph.size, dtype=np.int64)
    node_of = whole_groups(graph, groups, band)
    grouped = node_of.max() + 1 < graph.size
    labels = searched(graph, node_of, band, rng=rng, brief=grouped)
    for _ in range(LOOSENINGS if grouped else 0):
        if is_best(graph, labels, band):
            break
        node_of = broken_near(graph, labels, node_of, band)
        labels = better(graph, labels, refined(graph, labels, node_of, band, rng=rng), band)
    if grouped and not is_best(graph, labels, band) and not all_excused(graph, labels, band):
        labels = better(graph, labels, searched(graph, np.arange(graph.size), band, rng=rng), band)
    if not is_best(graph, labels, band) and graph.size <= EXACT_CELLS:
        exact = exact_or_none(graph, band)
        labels = labels if exact is None else exact
    return labels


def exact_or_none(graph: Graph, band: Band) -> Ints | None:
    """Return a division in band of a small piece by trying all; None where there is none, or it takes too long."""
    try:
        return exact_division(graph, band, steps=EXACT_STEPS)
    except SearchTooLongError:
        return None


def divide_into(graph: Graph, count: int, *, rng: np.random.Generator) -> Ints:
    """Divide a connected piece into `count` connected parts of about equal mass (ground, if it has none).

    Returns
    -------
    Ints
        Part of each node, 0..k-1, with k = min(count, nodes).
    """
    if not graph.mass.any():
        graph = graph._replace(mass=np.maximum(1, np.rint(graph.area / graph.area.max() * 1000)).astype(np.int64))
    count = min(count, graph.size)
    share = graph.mass.sum() / count
    band = Band(int(np.ceil(share * (1 - EQUAL_SLACK))), int(share * (1 + EQUAL_SLACK)))
    best: Ints | None = None
    for _ in range(SMALL_PIECE_STARTS if graph.size <= SMALL_PIECE_NODES else 1):
        labels = bisected(graph, count, rng=rng)
        while labels.max() + 1 < count:
            labels = halved_largest(graph, labels, rng=rng)
        labels = settled(graph, labels, band, may_empty=False)
        best = labels if best is None else better(graph, best, labels, band)
    return np.zeros(graph.size, dtype=np.int64) if best is None else best


def halved_largest(graph: Graph, labels: Ints, *, rng: np.random.Generator) -> Ints:
    """Return labels in which the heaviest part of more than one node is two parts."""
    sizes = np.bincount(labels)
    part = int(np.argmax(np.where(sizes > 1, masses_of(graph, labels), -1)))
    members = np.flatnonzero(labels == part)
    halves = bisected(subgraph(graph, members), 2, rng=rng)
    now = labels.copy()
    now[members[halves == 1]] = labels.max() + 1
    return now


def whole_groups(graph: Graph, groups: Ints, band: Band) -> Ints:
    """Return the node of each cell when every group that fits into a grid is one (each piece of it)."""
    grouped = groups >= 0
    masses = np.bincount(groups[grouped], weights=graph.mass[grouped]) if grouped.any() else np.zeros(1)
    fits = grouped & (masses[groups] <= band.hi)
    pieces = pieces_on_foot(graph, fits, within=groups)
    return in_order(np.where(fits, pieces, graph.size + np.arange(graph.size)))


def searched(graph: Graph, node_of: Ints, band: Band, *, rng: np.random.Generator, brief: bool = False) -> Ints:
    """Return the best of several divisions whose nodes are the groups `node_of`; of one miss, if brief."""
    nodes = contracted(graph, node_of)
    count = best_count(int(graph.mass.sum()), band)
    small = nodes.size <= SMALL_PIECE_NODES
    best: Ints | None = None
    for _ in range(SMALL_PIECE_STARTS if small else 1):
        labels = settled(nodes, bisected(nodes, count, rng=rng), band)
        labels = improved(nodes, labels, band, rng=rng, brief=brief)
        best = labels if best is None else better(nodes, best, labels, band)
        if brief and not is_best(nodes, best, band):
            break
    return np.zeros(graph.size, dtype=np.int64) if best is None else best[node_of]


def improved(graph: Graph, labels: Ints, band: Band, *, rng: np.random.Generator, brief: bool = False) -> Ints:
    """Return labels repaired and settled, as long as any household is out of band, a few times over."""
    for _ in range(1 if brief or graph.size <= SMALL_PIECE_NODES else REPAIR_ROUNDS):
        if is_best(graph, labels, band):
            break
        labels = settled(graph, repaired(graph, labels, band, rng=rng, brief=brief), band)
    return labels


def refined(graph: Graph, labels: Ints, node_of: Ints, band: Band, *, rng: np.random.Generator) -> Ints:
    """Return labels improved with finer nodes than they were made with."""
    nodes = contracted(graph, node_of)
    first = np.unique(node_of, return_index=True)[1]
    return improved(nodes, labels[first], band, rng=rng, brief=True)[node_of]


def broken_near(graph: Graph, labels: Ints, node_of: Ints, band: Band) -> Ints:
    """Return finer nodes: the groups in and next to parts out of band are single cells again."""
    bad = np.flatnonzero(outside(masses_of(graph, labels), band))
    arcs = arcs_of(graph, np.flatnonzero(np.isin(labels, bad)))
    near = labels[graph.idx[arcs[graph.foot[arcs]]]]
    loose = np.isin(labels, np.union1d(bad, near))
    return in_order(np.where(loose, graph.size + np.arange(graph.size), node_of))


def better(graph: Graph, one: Ints, other: Ints, band: Band) -> Ints:
    """Return the division with fewer households out of band, then fewer such parts, then the lower score."""

    def rank(labels: Ints) -> tuple[int, int, float]:
        missed = outside(masses_of(graph, labels), band)
        return int(missed.sum()), int((missed > 0).sum()), score_of(graph, labels, band)

    return other if rank(other) < rank(one) else one
