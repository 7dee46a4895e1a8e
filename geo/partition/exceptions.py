"""Exceptions: grids that break a rule, each with a certificate that says why none could keep it.

The certificates form a closed list, and `geo.verify` checks each one anew:

==========================  ====================================================================
``cell_above_band``         the grid holds a single cell with more households than the band allows
``piece_outside_band``      no whole number of grids in band adds up to its piece of ground
``cell_without_grid``       every connected set in band that holds the cell leaves ground that no
                            whole number of grids in band can share (or there is no such set)
``piece_without_division``  all divisions of its small piece were tried; none is in band
``unpeopled_piece``         ground without households or way on foot was attached
``unresolved``              none of these: the search ended without a plan or a proof
==========================  ====================================================================

*Piece* means: connected on foot, after water, dedicated grids and cells above the band are set aside.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.partition.bands import Band, divides
from geo.partition.exact import EXACT_CELLS, EXACT_STEPS, SearchTooLongError, exact_division
from geo.partition.graph import Flags, Graph, Ints, pieces_on_foot, subgraph
from geo.partition.ground import Ground

COLUMNS = ["grid", "rule", "certificate", "detail"]
PROOF_STEPS = 3000


@dataclass(frozen=True)
class Finding:
    """One exception of one grid, by the grid's number inside its community."""

    grid: int
    rule: str
    certificate: str
    detail: dict[str, object]


def findings_of(ground: Ground, labels: Ints, dedicated: Flags, band: Band) -> list[Finding]:
    """Return every exception of a community's plan.

    Parameters
    ----------
    ground, labels
        The community and the grid of each cell, 0..k-1.
    dedicated
        Whether each grid is dedicated (exempt from the band).
    band
        Households of a general grid.
    """
    masses = np.bincount(labels, weights=ground.households, minlength=len(dedicated)).astype(np.int64)
    general = ~dedicated[labels] & ~ground.is_water
    towers = general & (ground.households > band.hi)
    pieces = pieces_on_foot(ground.graph, general & ~towers)
    findings = []
    for grid in np.flatnonzero(~dedicated & ((masses < band.lo) | (masses > band.hi))):
        members = np.flatnonzero(labels == grid)
        certificate, detail = band_certificate(ground, members, towers, pieces, band)
        findings.append(Finding(int(grid), "band", certificate, {"grid_households": int(masses[grid]), **detail}))
    return findings + list(contiguity_findings(ground, labels))


def band_certificate(
    ground: Ground, members: Ints, towers: Flags, pieces: Ints, band: Band
) -> tuple[str, dict[str, object]]:
    """Return why the grid of `members` is out of band, with the cell or piece that proves it."""
    above = members[towers[members]]
    if len(above):
        cell = above[np.argmax(ground.households[above])]
        return "cell_above_band", {"cell_id": id_of(ground, cell), "households": int(ground.households[cell])}
    own = main_piece(ground, members, pieces)
    mass = int(ground.households[own].sum())
    detail = {"cell_id": id_of(ground, own[0]) if len(own) else None, "households": mass, "cells": len(own)}
    if not divides(mass, band):
        return "piece_outside_band", detail
    piece = subgraph(ground.graph, own)
    here = np.flatnonzero(np.isin(own, members) & (piece.mass > 0))
    for cell in here[np.argsort(piece.mass[here], kind="stable")]:
        if no_grid_for(piece, int(cell), band):
            return "cell_without_grid", {"cell_id": id_of(ground, own[cell])}
    return "piece_without_division" if no_division_of(piece, band) else "unresolved", detail


def main_piece(ground: Ground, members: Ints, pieces: Ints) -> Ints:
    """Return all cells of the piece that the grid's own ground is in: the peopled one if any is."""
    held = pieces[members]
    if not (held >= 0).any():
        return members[:0]
    weight = np.bincount(held[held >= 0], weights=ground.households[members[held >= 0]] + 1e-6)
    return np.flatnonzero(pieces == np.argmax(weight))


def contiguity_findings(ground: Ground, labels: Ints) -> Iterator[Finding]:
    """Yield the grids whose land is in more than one piece on foot: ground was attached to them."""
    pieces = pieces_on_foot(ground.graph, ~ground.is_water, within=labels)
    land = pieces >= 0
    grid_of = np.zeros(pieces.max() + 1, dtype=np.int64)
    grid_of[pieces[land]] = labels[land]
    masses = np.bincount(pieces[land], weights=ground.households[land], minlength=len(grid_of))
    for grid in np.flatnonzero(np.bincount(grid_of) > 1):
        own = np.flatnonzero(grid_of == grid)
        unpeopled = own[masses[own] == 0]
        # With no peopled piece at all, the first one stands for the grid and the rest are attached.
        loose = unpeopled if len(unpeopled) < len(own) else unpeopled[1:]
        cells = np.flatnonzero(np.isin(pieces, loose))
        certificate = "unpeopled_piece" if len(loose) == len(own) - 1 else "unresolved"
        detail = {"pieces": len(loose), "cells": len(cells), "cell_id": id_of(ground, cells[0])}
        yield Finding(int(grid), "contiguity", certificate, detail)


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

    A piece is walked only until it holds so many households that any such number can be shared.
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
        elif not divides(mass, band):
            return False
        else:
            small |= met
    return True


def id_of(ground: Ground, cell: int | np.integer) -> object:
    """Return a cell's id as a plain Python value."""
    value = ground.cell_ids[int(cell)]
    return value.item() if isinstance(value, np.generic) else value


def exception_frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Return exceptions as a frame: grid, rule, certificate, detail."""
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"grid": "int64", "rule": "str", "certificate": "str", "detail": "object"})
