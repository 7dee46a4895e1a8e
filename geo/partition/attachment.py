"""Attachment: water, and ground nobody lives on, joins the grid along its longest border, one to walk across first."""

import numpy as np
from scipy.spatial import cKDTree

from geo.partition.graph import Flags, Graph, Ints, tails_of


def attached(graph: Graph, labels: Ints, units: Ints) -> Ints:
    """Return labels in which every cell has a grid.

    Parameters
    ----------
    graph
        All cells of a community.
    labels
        Grid of each cell, -1 where it has none yet.
    units
        Cells with the same number >= 0 join as one; looked at only where `labels` is -1.

    Returns
    -------
    Ints
        A new array. In each round every unit that touches a grid joins the one with the longest
        shared border (lowest number among equals), of those one can walk across if there are any;
        so chains of water fill from their banks.
        What touches nothing joins the grid with the nearest cell.
    """
    now = labels.copy()
    choice = np.full(int(units.max(initial=-1)) + 1, -1, dtype=np.int64)
    while (now >= 0).any() and (now < 0).any():
        beside = longest_borders(graph, now, units) | longest_borders(graph, now, units, arcs=graph.foot)
        chosen = beside or nearest_grid(graph, now, units)
        choice[:] = -1
        choice[list(chosen)] = list(chosen.values())
        loose = now < 0
        now[loose] = choice[units[loose]]
    return now


def longest_borders(graph: Graph, labels: Ints, units: Ints, *, arcs: Flags | None = None) -> dict[int, int]:
    """Return for each unit that touches a grid the grid it shares most border with.

    Looks from cells without a grid to cells with one, or along `arcs` (one flag an arc) only.
    """
    tails = tails_of(graph)
    across = (labels[tails] < 0) & (labels[graph.idx] >= 0)
    if arcs is not None:
        across &= arcs
    pairs = np.column_stack([units[tails[across]], labels[graph.idx[across]]])
    pairs, at = np.unique(pairs, axis=0, return_inverse=True)
    lengths = np.bincount(at.ravel(), weights=graph.length[across], minlength=len(pairs))
    order = np.lexsort((pairs[:, 1], -lengths, pairs[:, 0]))
    firsts = order[np.unique(pairs[order, 0], return_index=True)[1]]
    return {int(unit): int(label) for unit, label in pairs[firsts]}


def nearest_grid(graph: Graph, labels: Ints, units: Ints) -> dict[int, int]:
    """Return the first unit without a grid, and the grid whose cell is nearest to one of its cells."""
    unit = units[np.flatnonzero(labels < 0)[0]]
    places = np.column_stack([graph.x, graph.y])
    held = np.flatnonzero(labels >= 0)
    away, nearest = cKDTree(places[held]).query(places[(units == unit) & (labels < 0)])
    return {int(unit): int(labels[held[nearest[np.argmin(away)]]])}
