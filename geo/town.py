"""Town: a plan and its ground as arrays, for the check; all it says of the ground is worked out from the cells.

Written apart from `geo.partition`, for `geo.verify` and `geo.proofs`. *Piece*: land connected on foot after
dedicated and locked grids and single cells above the band are set aside; *shore*: after locked grids are.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Load = tuple[int, int]

NO_LIMIT = 1 << 40


@dataclass(frozen=True)
class Bounds:
    """Fewest and most households and people of a general grid; what was not asked for has no bounds."""

    lo: Load
    hi: Load

    @property
    def asked(self) -> list[int]:
        """Which of households (0) and people (1) have bounds."""
        return [i for i in (0, 1) if self.hi[i] < NO_LIMIT]

    @property
    def first(self) -> int:
        """What tells peopled ground from empty ground: households, or people where only they have bounds."""
        return 1 if self.asked == [1] else 0

    def is_above(self, load: Load) -> bool:
        """Return whether a load is more than one grid may hold."""
        return load[0] > self.hi[0] or load[1] > self.hi[1]

    def is_below(self, load: Load) -> bool:
        """Return whether a load is less than one grid must hold."""
        return load[0] < self.lo[0] or load[1] < self.lo[1]

    def counts(self, load: Load, cells: int) -> tuple[int, int]:
        """Return the fewest and the most grids that peopled `cells` make in band, or where none do, least out of it.

        No whole number of grids can share the load if the fewest are more than the most.
        """
        fewest = max(1, *(-(-load[i] // self.hi[i]) for i in (0, 1)))
        most = min(cells, *(load[i] // self.lo[i] if self.lo[i] else cells for i in (0, 1)))
        return (fewest, most) if fewest <= most else (max(1, most), fewest)

    def is_shareable(self, load: Load) -> bool:
        """Return whether some whole number of grids in band adds up to a load: the fewest that are not above it."""
        fewest = max(1, *(-(-load[i] // self.hi[i]) for i in (0, 1)))
        return all(fewest * self.lo[i] <= load[i] for i in (0, 1))


@dataclass(frozen=True, eq=False)
class Town:
    """A plan and its ground as arrays by cell.

    `load` is households and people ``(n, 2)``, `walks` pairs of cells of one community ``(m, 2)``. `locked`
    holds the cells of each locked old grid; `count` is the number of other general grids that was asked for.
    """

    cell_ids: pd.Index
    area: Ints
    grid: Ints
    load: Ints
    is_land: Flags
    is_dedicated: Flags
    walks: Ints
    bounds: Bounds
    count: int | None
    locked: dict[Hashable, Ints]
    known_knots: dict[int, Any] = field(default_factory=dict)

    def load_of(self, cells: Ints | Flags | list[int]) -> Load:
        """Return the households and people of cells."""
        households, people = self.load[cells].sum(axis=0).tolist()
        return households, people

    @cached_property
    def mass(self) -> Ints:
        """Households of each cell (people, where only they are asked for): above zero where it is peopled."""
        return self.load[:, self.bounds.first]

    @cached_property
    def is_locked(self) -> Flags:
        """Cells of locked old grids."""
        cells = np.zeros(len(self.grid), dtype=np.bool_)
        for own in self.locked.values():
            cells[own] = True
        return cells

    @cached_property
    def untouched(self) -> frozenset[int]:
        """Grids that hold exactly the cells of a locked old grid."""
        size = pd.Series(self.grid).value_counts()
        held = [(self.grid[own], len(own)) for own in self.locked.values() if len(own)]
        return frozenset(int(grid[0]) for grid, cells in held if (grid == grid[0]).all() and size[grid[0]] == cells)

    @cached_property
    def is_general(self) -> Flags:
        """Land for general grids that are not locked."""
        return self.is_land & ~self.is_dedicated & ~self.is_locked

    @cached_property
    def is_above(self) -> Flags:
        """General cells that alone hold more than a grid may."""
        return self.is_general & (self.load > np.array(self.bounds.hi)).any(axis=1)

    @cached_property
    def piece(self) -> Ints:
        """What is left of the ground for general grids of several cells, -1 elsewhere."""
        return pieces(self.walks, self.is_general & ~self.is_above)

    @cached_property
    def shore(self) -> Ints:
        """The ground as it is, without locked grids, -1 elsewhere."""
        return pieces(self.walks, self.is_land & ~self.is_locked)

    @cached_property
    def part(self) -> Ints:
        """What each grid makes of the ground, -1 on water."""
        same = self.grid[self.walks[:, 0]] == self.grid[self.walks[:, 1]]
        return pieces(self.walks[same], self.is_land)

    @cached_property
    def made(self) -> int:
        """General grids that hold no locked cell."""
        other = self.is_dedicated | np.isin(self.grid, self.grid[self.is_locked])
        return len(np.unique(self.grid[~other]))

    @cached_property
    def beside(self) -> dict[int, set[int]]:
        """Cells one can walk to from each cell, inside its piece."""
        near: dict[int, set[int]] = {}
        inside = (self.piece[self.walks] >= 0).all(axis=1)
        for a, b in self.walks[inside].tolist():
            near.setdefault(a, set()).add(b)
            near.setdefault(b, set()).add(a)
        return near

    @cached_property
    def piece_load(self) -> Ints:
        """Households and people of each piece ``(p, 2)``."""
        inside = self.piece >= 0
        return np.column_stack(
            [np.bincount(self.piece[inside], weights=self.load[inside, i], minlength=1) for i in (0, 1)]
        ).astype(np.int64)

    @cached_property
    def scraps(self) -> Ints:
        """Pieces beside a cell above the band with less than half of what a grid must hold: they go with it."""
        reached = self.piece[self.walks[self.is_above[self.walks[:, ::-1]]]]
        beside = np.unique(reached[reached >= 0])
        first = self.bounds.first
        small: Ints = beside[2 * self.piece_load[beside, first] < self.bounds.lo[first]]
        return small

    @cached_property
    def possible(self) -> tuple[int, int]:
        """Fewest and most general grids: of each peopled piece, cell above the band and empty community."""
        size = np.bincount(self.piece[(self.piece >= 0) & (self.mass > 0)], minlength=len(self.piece_load))
        peopled = np.flatnonzero(self.piece_load[:, self.bounds.first] > 0)
        ranges = [
            self.bounds.counts((int(self.piece_load[piece, 0]), int(self.piece_load[piece, 1])), int(size[piece]))
            for piece in np.setdiff1d(peopled, self.scraps)
        ]
        alone = int(self.is_above.sum()) + len(empty_communities(self))
        return alone + sum(low for low, _ in ranges), alone + sum(high for _, high in ranges)

    @cached_property
    def pressed(self) -> int:
        """Which way an impossible count presses: -1 to fewer grids than can be, 1 to more, 0 where it is possible."""
        fewest, most = self.possible
        return 0 if self.count is None else (self.count > most) - (self.count < fewest)


def pieces(walks: Ints, among: Flags) -> Ints:
    """Return the connected piece of each cell in `among`, -1 elsewhere."""
    walks = walks[among[walks].all(axis=1)]
    size = len(among)
    joined = coo_array((np.ones(len(walks)), (walks[:, 0], walks[:, 1])), shape=(size, size))
    return np.where(among, connected_components(joined, directed=False)[1], -1).astype(np.int64)


def empty_communities(town: Town) -> Ints:
    """Return the communities whose open ground nobody lives on: one grid, out of band, holds all of it."""
    is_open = ~town.is_locked
    held = town.area[is_open & (town.is_dedicated | town.is_above | (town.is_general & (town.mass > 0)))]
    return np.setdiff1d(town.area[is_open], held)
