"""The solver: one piece of ground, connected on foot, into grids in band.

Start by bisection, settle by moves, repair by trees, settle again; several starts where households
stay out of band. Compounds that fit into a grid are single nodes at first, and are broken only
where no plan in band was found with them whole.
"""

import numpy as np

from geo.partition.bands import Band, best_count, outside
from geo.partition.bisection import bisected
from geo.partition.exact import EXACT_CELLS, exact_division
from geo.partition.graph import Graph, Ints, contracted, in_order, pieces_on_foot, subgraph
from geo.partition.moves import score_of, settled
from geo.partition.repair import households_outside, masses_of, neighbours, repaired

STARTS = 4
SMALL_PIECE_CELLS, SMALL_PIECE_STARTS = 400, 3


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
        Part of each node, 0..k-1. Parts out of band remain only where none better was found.
    """
    whole = whole_groups(graph, groups, band)
    labels = searched(graph, whole, band, rng=rng)
    if households_outside(graph, labels, band) == 0:
        return labels
    loose = broken_near(graph, labels, whole, band)
    labels = better(graph, labels, refined(graph, labels, loose, band, rng=rng), band)
    if households_outside(graph, labels, band) == 0:
        return labels
    free = np.arange(graph.size)
    labels = better(graph, labels, searched(graph, free, band, rng=rng), band)
    if households_outside(graph, labels, band) and graph.size <= EXACT_CELLS:
        return exact_division(graph, band) or_else(labels)
    return labels
