"""The impossible: proofs that a grid in band cannot be had, so that nobody searches for it in vain."""

import numpy as np

from geo.partition.bands import Band, divides, outside
from geo.partition.exact import EXACT_CELLS, EXACT_STEPS, SearchTooLongError, exact_division
from geo.partition.graph import Graph, Ints

PROOF_STEPS = 3000


def no_division_of(piece: Graph, band: Band) -> bool:
    """Return whether it is proved, by trying all, that a small piece has no division in band."""
    if piece.size > EXACT_CELLS:
        return False
    try:
        return exact_division(piece, band, steps=EXACT_STEPS) is None
    except SearchTooLongError:
        return False


def no_grid_for(graph: Graph, cell: int, band: Band) -> bool:
    """Return whether it is proved that no grid in band can hold `cell` and leave ground that divides.

    All connected sets that hold the cell and stay below the upper bound are walked, up to
    ``PROOF_STEPS`` of them; a walk that ends early proves nothing.
    """
    waiting = [(frozenset([cell]), int(graph.mass[cell]), tuple(on_foot(graph, cell)), frozenset([cell]))]
    for _ in range(PROOF_STEPS):
        if not waiting:
            return True
        members, mass, border, closed = waiting.pop()
        if mass >= band.lo and leaves_divisible(graph, members, band):
            return False
        for i, v in enumerate(border):
            if mass + graph.mass[v] > band.hi:
                continue
            met = closed | set(border[: i + 1])
            onward = tuple(w for w in on_foot(graph, v) if w not in met and w not in border)
            waiting.append((members | {v}, mass + int(graph.mass[v]), border[i + 1 :] + onward, met))
    return False


def on_foot(graph: Graph, u: int) -> list[int]:
    """Return the neighbours of u on foot."""
    low, high = graph.ptr[u], graph.ptr[u + 1]
    return [int(v) for v in graph.idx[low:high][graph.foot[low:high]]]


def leaves_divisible(graph: Graph, members: frozenset[int], band: Band) -> bool:
    """Return whether every piece that is left without `members` can be shared by whole grids.

    A piece is walked only until it holds so many households that any such number can be shared; one
    without households could come along with `members`.
    """
    enough = band.lo * -(-band.lo // max(1, band.hi - band.lo))
    large: set[int] = set()
    small: set[int] = set()
    for start in sorted({v for u in members for v in on_foot(graph, u)} - members):
        if start in small or start in large:
            continue
        met, waiting, mass = {start}, [start], 0
        while waiting and mass < enough and met.isdisjoint(large):
            u = waiting.pop()
            mass += int(graph.mass[u])
            fresh = [v for v in on_foot(graph, u) if v not in met and v not in members]
            met.update(fresh)
            waiting += fresh
        if waiting:
            large |= met
        elif mass > 0 and not divides(mass, band):
            return False
        else:
            small |= met
    return True


def all_excused(graph: Graph, labels: Ints, band: Band) -> bool:
    """Return whether each part out of band has a reason: its piece, or a node in it that no grid can hold."""
    if not divides(int(graph.mass.sum()), band):
        return True
    missed = outside(np.bincount(labels, weights=graph.mass).astype(np.int64), band)
    for part in np.unique(labels[missed[labels] > 0]):
        cells = np.flatnonzero((labels == part) & (graph.mass > 0))
        lightest_first = cells[np.argsort(graph.mass[cells], kind="stable")]
        if not any(no_grid_for(graph, int(u), band) for u in lightest_first):
            return False
    return True
