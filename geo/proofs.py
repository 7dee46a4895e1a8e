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
MOST_CELLS = 20


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


def cell_without_grid(town: Town, proof: Proof) -> bool:
    """No connected set in band that holds the cell leaves ground that can be shared."""
    places = np.flatnonzero((town.cell_ids == proof.detail.get("cell_id")) & (town.grid == proof.grid))
    if len(places) != 1 or town.piece[places[0]] < 0 or len(own_pieces(town, proof.grid)) != 1:
        return False
    cell = int(places[0])
    piece = frozenset(np.flatnonzero(town.piece == town.piece[cell]).tolist())
    try:
        return not any(
            town.sum_of(list(group)) >= town.lo and rest_is_shareable(town, group)
            for group in connected_sets(town, cell, piece)
        )
    except TooManySetsError:
        return False


class TooManySetsError(Exception):
    """A search was larger than a certificate may ask for."""


def connected_sets(town: Town, cell: int, among: Group) -> Iterator[Group]:
    """Yield every connected set inside `among` that holds `cell` and is not above the band, by size."""
    layer, count = {frozenset([cell])}, 0
    while layer:
        yield from layer
        count += len(layer)
        if count > MOST_SETS:
            raise TooManySetsError
        layer = {
            group | {near}
            for group in layer
            for near in set().union(*(town.beside.get(u, set()) for u in group)) & among - group
            if town.sum_of(list(group)) + town.households[near] <= town.hi
        }


def rest_is_shareable(town: Town, group: Group) -> bool:
    """Return whether each piece left without `group` can be shared, walking no further than needed."""
    # From here on every number of households can be shared, where the band is wider than one number.
    enough = town.lo * (town.lo // max(1, town.hi - town.lo) + 1)
    for start in set().union(*(town.beside.get(u, set()) for u in group)) - group:
        met, waiting, households = {start}, [start], 0
        while waiting and households < enough:
            u = waiting.pop()
            households += int(town.households[u])
            fresh = town.beside.get(u, set()) - met - group
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
    return not can_be_divided(town, frozenset(inside.tolist()), {})


def can_be_divided(town: Town, rest: Group, known: dict[Group, bool]) -> bool:
    """Return whether connected sets in band cover `rest`: try all that hold its first cell."""
    if not rest:
        return True
    if rest not in known:
        known[rest] = any(
            town.sum_of(list(group)) >= town.lo and can_be_divided(town, rest - group, known)
            for group in connected_sets(town, min(rest), rest)
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
    "cell_without_grid": ("band", cell_without_grid),
    "piece_without_division": ("band", piece_without_division),
    "unpeopled_piece": ("contiguity", unpeopled_piece),
}
