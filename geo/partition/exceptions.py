"""Exceptions: grids that break a rule, each with a certificate that says why none could keep it.

The certificates form a closed list, and `geo.verify` checks each one anew:

==========================  ====================================================================
``cell_above_band``         the grid holds a single cell with more households than the band allows
``piece_outside_band``      no whole number of grids in band adds up to its piece of ground
``cells_without_grids``     no disjoint connected sets in band hold the named cells and leave ground
                            that whole numbers of grids in band can share
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
from geo.partition.graph import Flags, Ints, pieces_on_foot, subgraph
from geo.partition.ground import Ground
from geo.partition.impossible import cluster_without_grids, no_division_of

COLUMNS = ["grid", "rule", "certificate", "detail"]


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
    findings, claimed = [], set[int]()
    for grid in np.flatnonzero(~dedicated & ((masses < band.lo) | (masses > band.hi))):
        members = np.flatnonzero(labels == grid)
        certificate, detail = band_certificate(ground, members, towers, pieces, (band, claimed))
        findings.append(Finding(int(grid), "band", certificate, {"grid_households": int(masses[grid]), **detail}))
    return findings + list(contiguity_findings(ground, labels))


def band_certificate(
    ground: Ground, members: Ints, towers: Flags, pieces: Ints, asked: tuple[Band, set[int]]
) -> tuple[str, dict[str, object]]:
    """Return why the grid of `members` is out of band, with the cells or piece that prove it.

    `asked` is the band, and the cells that already excuse another grid: this call adds its own.
    """
    band, claimed = asked
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
    here = np.flatnonzero(np.isin(own, members))
    known = {int(place) for place in np.flatnonzero(np.isin(own, sorted(claimed)))}
    cluster = cluster_without_grids(piece, here, band, claimed=known)
    if cluster is not None:
        claimed.update(int(own[place]) for place in cluster)
        return "cells_without_grids", {"cell_ids": [id_of(ground, own[place]) for place in cluster]}
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


def id_of(ground: Ground, cell: int | np.integer) -> object:
    """Return a cell's id as a plain Python value."""
    value = ground.cell_ids[int(cell)]
    return value.item() if isinstance(value, np.generic) else value


def exception_frame(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Return exceptions as a frame: grid, rule, certificate, detail."""
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"grid": "int64", "rule": "str", "certificate": "str", "detail": "object"})
