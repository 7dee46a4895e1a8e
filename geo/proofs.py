"""Proofs: is an exception's certificate true? Written apart from `geo.partition`, for `geo.verify`.

Each test starts from the cells again. *Piece*: land connected on foot after dedicated grids and
single cells above the band are set aside; *shore*: land connected on foot as it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Group = frozenset[int]

MOST_SETS = 20_000
MOST_CELLS = 40


@dataclass(frozen=True, eq=False)
class Town:
    """Cells with community, grid, households; walks between them; pieces (see above; -1: none)."""

    cell_ids: pd.Index
    area: Ints
    grid: Ints
    households: Ints
    is_land: Flags
    is_general: Flags
    walks: Ints
    lo: int
    hi: int
    piece: Ints
    shore: Ints
    part: Ints

    def is_shareable(self, households: int) -> bool:
        """Return whether some number of grids in band adds up to `households`."""
        return any(k * self.lo <= households <= k * self.hi for k in range(1, households // self.lo + 1))

    def sum_of(self, cells: Ints | Flags | list[int]) -> int:
        """Return the households of cells."""
        return int(self.households[cells].sum())

    @cached_property
    def beside(self) -> dict[int, set[int]]:
        """Cells one can walk to from each cell, inside its piece."""
        near: dict[int, set[int]] = {}
        inside = (self.piece[self.walks] >= 0).all(axis=1)
        for a, b in self.walks[inside].tolist():
            near.setdefault(a, set()).add(b)
            near.setdefault(b, set()).add(a)
        return near


@dataclass(frozen=True)
class Proof:
    """One exception as it was stated."""

    grid: int
    rule: str
    certificate: str
    detail: dict[str, Any] = field(default_factory=dict)


def is_proved(town: Town, proof: Proof) -> bool:
    """Return whether the certificate is of the closed list, fits the rule, and is true."""
    rule, test = TESTS.get(proof.certificate, ("", unproved))
    return rule == proof.rule and test(town, proof)


def unproved(_town: Town, _proof: Proof) -> bool:
    """No certificate at all."""
    return False


def cell_above_band(town: Town, proof: Proof) -> bool:
    """One cell above the band; all else are scraps: whole pieces of under half the lower bound."""
    own = np.flatnonzero((town.grid == proof.grid) & town.is_land)
    above = own[town.households[own] > town.hi]
    scraps = np.unique(town.piece[own][town.piece[own] >= 0])
    whole = all((town.grid[town.piece == scrap] == proof.grid).all() for scrap in scraps)
    small = all(2 * town.sum_of(town.piece == scrap) < town.lo for scrap in scraps)
    return len(above) == 1 and town.cell_ids[above[0]] == proof.detail.get("cell_id") and whole and small


def piece_outside_band(town: Town, proof: Proof) -> bool:
    """The grid's peopled ground is in one piece that cannot be shared, and has no more grids than it needs."""
    own = own_pieces(town, proof.grid)
    if len(own) > 1:
        return False
    if len(own) == 0:
        # Nobody lives in this community's general ground: one grid holds it.
        here = town.is_general & (town.area == town.area[np.flatnonzero(town.grid == proof.grid)[0]])
        return town.sum_of(here) == 0
    inside = town.piece == own[0]
    households = town.sum_of(inside)
    grids = len(np.unique(town.grid[inside & (town.households > 0)]))
    fewest, most = max(1, households // town.hi), max(1, -(-households // town.lo))
    return not town.is_shareable(households) and fewest <= grids <= most


def own_pieces(town: Town, grid: int) -> Ints:
    """Return the pieces in which households of a grid live."""
    held = town.piece[(town.grid == grid) & (town.households > 0)]
    return np.unique(held[held >= 0])


def cells_without_grids(town: Town, proof: Proof) -> bool:
    """No disjoint connected sets in band hold the cells and leave ground that can be shared."""
    named = named_cells(town, proof)
    pieces = np.unique(town.piece[named])
    if not (town.grid[named] == proof.grid).any() or len(pieces) != 1 or pieces[0] < 0:
        return False
    if own_pieces(town, proof.grid).tolist() != pieces.tolist():
        return False
    piece = frozenset(np.flatnonzero(town.piece == pieces[0]).tolist())
    try:
        return not can_hold(town, named, piece, Count())
    except TooManySetsError:
        return False


def named_cells(town: Town, proof: Proof) -> list[int]:
    """Return the cells that a certificate names, by position."""
    names: list[object] = list(proof.detail.get("cell_ids", []))
    places: list[int] = town.cell_ids.get_indexer(pd.Index(names)).tolist()
    return [place for place in places if place >= 0]


def can_hold(town: Town, cells: list[int], free: Group, count: "Count") -> bool:
    """Return whether disjoint connected sets in band of free cells hold `cells` and leave what can be shared."""
    rest = [cell for cell in cells if cell in free]
    return not rest or any(
        town.sum_of(list(group)) >= town.lo
        and rest_is_shareable(town, group, free)
        and can_hold(town, rest[1:], free - group, count)
        for group in connected_sets(town, rest[0], free, count)
    )


@dataclass
class Count:
    """How many sets a proof has looked at."""

    sets: int = 0


class TooManySetsError(Exception):
    """A search was larger than a certificate may ask for."""


def connected_sets(town: Town, cell: int, among: Group, count: Count) -> Iterator[Group]:
    """Yield every connected set inside `among` that holds `cell` and is not above the band, by size."""
    layer = {frozenset([cell])}
    while layer:
        yield from layer
        count.sets += len(layer)
        if count.sets > MOST_SETS:
            raise TooManySetsError
        layer = {
            group | {near}
            for group in layer
            for near in set().union(*(town.beside.get(u, set()) for u in group)) & among - group
            if town.sum_of(list(group)) + town.households[near] <= town.hi
        }


def rest_is_shareable(town: Town, group: Group, free: Group) -> bool:
    """Return whether each piece of `free` ground left beside `group` can be shared; no walk is longer than needed."""
    # From here on every number of households can be shared, where the band is wider than one number.
    enough = town.lo * (town.lo // max(1, town.hi - town.lo) + 1)
    for start in set().union(*(town.beside.get(u, set()) for u in group)) & free - group:
        met, waiting, households = {start}, [start], 0
        while waiting and households < enough:
            u = waiting.pop()
            households += int(town.households[u])
            fresh = (town.beside.get(u, set()) & free) - met - group
            met |= fresh
            waiting += fresh
        # Ground without households could come along with the group.
        if not waiting and households > 0 and not town.is_shareable(households):
            return False
    return True


def piece_without_division(town: Town, proof: Proof) -> bool:
    """The grid's small piece was divided in every way; none is in band."""
    own = own_pieces(town, proof.grid)
    if len(own) != 1:
        return False
    inside = np.flatnonzero(town.piece == own[0])
    if len(inside) > MOST_CELLS:
        return False
    try:
        return not can_be_divided(town, frozenset(inside.tolist()), {}, Count())
    except TooManySetsError:
        return False


def can_be_divided(town: Town, rest: Group, known: dict[Group, bool], count: Count) -> bool:
    """Return whether connected sets in band cover `rest`: try all that hold its first cell."""
    if not rest:
        return True
    if rest not in known:
        known[rest] = any(
            town.sum_of(list(group)) >= town.lo and can_be_divided(town, rest - group, known, count)
            for group in connected_sets(town, min(rest), rest, count)
        )
    return known[rest]


def unpeopled_piece(town: Town, proof: Proof) -> bool:
    """All parts of the grid but one are whole shores without households."""
    own = (town.grid == proof.grid) & town.is_land
    parts = np.unique(town.part[own])
    attached = 0
    for part in parts:
        cells = np.flatnonzero(town.part == part)
        shore = town.shore == town.shore[cells[0]]
        attached += bool(shore.sum() == len(cells) and town.sum_of(cells) == 0)
    return attached >= len(parts) - 1


Test = Callable[[Town, Proof], bool]
TESTS: dict[str, tuple[str, Test]] = {
    "cell_above_band": ("band", cell_above_band),
    "piece_outside_band": ("band", piece_outside_band),
    "cells_without_grids": ("band", cells_without_grids),
    "piece_without_division": ("band", piece_without_division),
    "unpeopled_piece": ("contiguity", unpeopled_piece),
}
