"""Exceptions: grids that break a rule, each with a certificate that says why none could keep it.

The certificates form a closed list, and `geo.verify` checks each one anew:

==========================  ====================================================================
``cell_above_band``         the grid holds a single cell with more households, or people, than the band allows
``piece_outside_band``      no whole number of grids in band adds up to its piece of ground
``cells_without_grids``     no disjoint connected sets in band hold the named cells and leave ground
                            that whole numbers of grids in band can share
``piece_without_division``  all divisions of its small piece were tried; none is in band
``count_impossible``        the pieces of ground cannot make so many (or so few) grids in band
``locked_grid``             the grid is locked, and out of band or in pieces as it was
``unpeopled_piece``         ground without households or way on foot was attached
``unresolved``              none of these: the search ended without a plan or a proof
==========================  ====================================================================

*Piece* means: connected on foot, after water, dedicated and locked grids and cells above the band are set aside.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from geo.partition.bands import Band, divides, outside
from geo.partition.graph import Flags, Ints, pieces_on_foot, subgraph
from geo.partition.ground import Ground
from geo.partition.impossible import CLUSTER_SIZES, Joined, cluster_without_grids, joined_piece, no_division_of

COLUMNS = ["grid", "rule", "certificate", "detail"]


class Finding(NamedTuple):
    """One exception of one grid, by the grid's number inside its community."""

    grid: int
    rule: str
    certificate: str
    detail: dict[str, object]


class Order(NamedTuple):
    """How many grids were asked for, came out, and can be in band at least and at most."""

    asked: int
    made: int
    fewest: int
    most: int

    @property
    def is_impossible(self) -> bool:
        """Whether no plan in band has so many grids."""
        return not self.fewest <= self.asked <= self.most

    @property
    def detail(self) -> dict[str, object]:
        """The facts, for a certificate."""
        return {"count": self.asked, "fewest": self.fewest, "most": self.most}


def missing_count(order: Order | None) -> list[dict[str, object]]:
    """Return the exception of a plan (grid -1: of no one grid) that has another number of grids than asked for."""
    if order is None or order.made == order.asked:
        return []
    certificate = "count_impossible" if order.is_impossible else "unresolved"
    return [{"grid": -1, "rule": "count", "certificate": certificate, "detail": {**order.detail, "made": order.made}}]


def findings_of(ground: Ground, labels: Ints, dedicated: Flags, band: Band, order: Order | None) -> list[Finding]:
    """Return every exception of a community's plan.

    Parameters
    ----------
    ground, labels
        The community and the grid of each cell, 0..k-1.
    dedicated
        Whether each grid is dedicated (exempt from the band).
    band
        Band of a general grid.
    order
        The number of grids asked for, if one was.
    """
    held, people = (
        np.bincount(labels, weights=column, minlength=len(dedicated)).astype(np.int64)
        for column in (ground.households, ground.people)
    )
    general = ~dedicated[labels] & ~ground.is_water & ~ground.is_locked
    towers = general & ((ground.households > band.hi) | (ground.people > band.people_hi))
    search = Search(ground, towers, pieces_on_foot(ground.graph, general & ~towers), band, order, set(), set(), {})
    missed = np.flatnonzero(~dedicated & (outside(held, people, band) > 0))
    reasons: dict[int, tuple[str, dict[str, object]]] = {}
    # Cells that no grid can hold are named before clusters are looked for, which must do without them.
    for sizes in (CLUSTER_SIZES[:1], CLUSTER_SIZES):
        for grid in missed.tolist():
            if reasons.get(grid, ("unresolved",))[0] == "unresolved":
                reasons[grid] = band_certificate(search, np.flatnonzero(labels == grid), sizes)
    findings = []
    for grid, (certificate, detail) in reasons.items():
        facts = {"grid_households": int(held[grid])} | ({"grid_people": int(people[grid])} if band.asks_people else {})
        findings.append(Finding(grid, "band", certificate, {**facts, **detail}))
    return findings + list(contiguity_findings(ground, labels))


class Search(NamedTuple):
    """What certificates are looked for in; `claimed` are the cells that already excuse another grid.

    `alone` are those of them that no grid can hold; `joined` keeps pieces, by their first cell and how many such cells
    are set aside, as proofs look at them.
    """

    ground: Ground
    towers: Flags
    pieces: Ints
    band: Band
    order: Order | None
    claimed: set[int]
    alone: set[int]
    joined: dict[tuple[int, int], Joined]

    def piece_of(self, own: Ints, aside: Sequence[int] = ()) -> Joined:
        """Return a piece of the cells `own` with its dead ends joined, some of its cells set aside (by place)."""
        key = (int(own[0]), len(aside))
        if key not in self.joined:
            self.joined[key] = joined_piece(subgraph(self.ground.graph, own), self.band, aside)
        return self.joined[key]


def band_certificate(search: Search, members: Ints, sizes: tuple[int, ...]) -> tuple[str, dict[str, object]]:
    """Return why the grid of `members` is out of band, with the cells (so many) or the piece that prove it."""
    ground, band = search.ground, search.band
    if ground.is_locked[members].any():
        return "locked_grid", {"cells": len(members)}
    above = members[search.towers[members]]
    if len(above):
        cell = above[np.argmax(ground.households[above])]
        return "cell_above_band", {"cell_id": id_of(ground, cell), "households": int(ground.households[cell])}
    own = main_piece(ground, members, search.pieces)
    mass, people = int(ground.households[own].sum()), int(ground.people[own].sum())
    detail = {"cell_id": id_of(ground, own[0]) if len(own) else None, "households": mass, "cells": len(own)}
    if not divides(mass, people, band):
        return "piece_outside_band", detail
    if search.order is not None and search.order.is_impossible:
        return "count_impossible", search.order.detail
    cells, aside = claimed_cluster(search, own, members, sizes)
    if cells:
        named = {"cell_ids": cells, "aside": aside} if aside else {"cell_ids": cells}
        return "cells_without_grids", {role: [id_of(ground, cell) for cell in own] for role, own in named.items()}
    if sizes == CLUSTER_SIZES and no_division_of(search.piece_of(own), band):
        return "piece_without_division", detail
    return "unresolved", {"households": mass, "cells": len(own)}


def claimed_cluster(search: Search, own: Ints, members: Ints, sizes: tuple[int, ...]) -> tuple[list[int], list[int]]:
    """Return cells of a piece near a grid that no grids in band can hold, and claim them; none: an empty list.

    And the cells set aside for it: those of the piece that no grid can hold, where there is no proof with them.
    """
    here = np.flatnonzero(np.isin(own, members))
    known, alone = (np.flatnonzero(np.isin(own, sorted(cells))).tolist() for cells in (search.claimed, search.alone))
    for aside in [[], alone] if alone else [[]]:
        piece = search.piece_of(own, aside)
        places = cluster_without_grids(piece, here, search.band, claimed=set(known), sizes=sizes) or []
        if places:
            cells = own[places].tolist()
            search.claimed.update(cells)
            if len(cells) == 1 and not aside and piece.fragment[piece.node_of[places[0]]] >= 0:
                search.alone.update(cells)
            return cells, own[aside].tolist()
    return [], []


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
        cells = np.flatnonzero(np.isin(pieces, loose if len(loose) else own[1:]))
        certificate = "unpeopled_piece" if len(loose) == len(own) - 1 else "unresolved"
        if ground.is_locked[labels == grid].any():
            certificate = "locked_grid"
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
