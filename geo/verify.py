"""Verify: checks a plan from its cells, borders and labels alone, and believes no solver.

Written apart from `geo.partition` and importing nothing of it. The rules: every cell in exactly one
grid, every grid in one community, general grids in band, every grid's land in one piece on foot,
sums equal, and every exception excused by a certificate that is true (`geo.proofs` tests those).
Frames as in docs/architecture.md; no geometry is looked at.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.frames import require
from geo.proofs import Proof, Town, is_proved, named_cells

RULES = {
    "coverage": ("每个单元格必须恰好属于一个网格", "every cell is in exactly one grid"),
    "community": ("网格必须位于一个社区之内", "a grid lies in one community"),
    "band": ("网格户数必须在区间之内", "a grid's households are in band"),
    "contiguity": ("网格必须步行连通", "a grid is in one piece on foot"),
    "sums": ("网格的户数与人数必须等于其单元格之和", "a grid's sums equal those of its cells"),
    "certificate": ("例外的理由必须成立", "an exception's certificate is true"),
}


@dataclass(frozen=True)
class Violation:
    """One broken rule: which, of which grid (None: no one grid), and the facts."""

    rule: str
    grid: int | None
    facts: dict[str, Any] = field(default_factory=dict)

    def text(self, language: str = "zh") -> str:
        """Return the violation in `language`: "zh" or "en"."""
        where = "" if self.grid is None else f"{'网格' if language == 'zh' else 'grid'} {self.grid}: "
        facts = ", ".join(f"{name} = {value}" for name, value in self.facts.items())
        return f"{where}{RULES[self.rule][language != 'zh']}" + (f" ({facts})" if facts else "")


def verify_plan(
    cells: pd.DataFrame,
    borders: pd.DataFrame,
    assignment: pd.Series,
    *,
    band: tuple[int, int],
    dedicated: Collection[int] = (),
    exceptions: pd.DataFrame | None = None,
    grids: pd.DataFrame | None = None,
) -> list[Violation]:
    """Return every rule a plan breaks; an empty list means that the plan is right.

    Parameters
    ----------
    cells
        By ``cell_id``: area_code, kind, households, people.
    borders
        cell_a, cell_b, is_walkable.
    assignment
        Grid (integer) by ``cell_id``.
    band
        Fewest and most households of a general grid.
    dedicated
        Labels of the grids that are exempt from the band.
    exceptions
        grid, rule, certificate, detail: excuses breaches of ``band`` and ``contiguity`` whose
        certificate is true. ``unresolved`` excuses nothing.
    grids
        By grid: area_code, households, people; checked against the cells where given.

    Raises
    ------
    InputError
        Columns are missing or ids stand twice in `cells`.
    """
    require(cells, "cells", columns=("area_code", "kind", "households", "people"))
    require(borders.reset_index(drop=True), "borders", columns=("cell_a", "cell_b", "is_walkable"))
    uncovered = list(coverage_violations(cells, assignment))
    if uncovered:
        return uncovered
    town = town_of(cells, borders, assignment, band, dedicated)
    found = [*community_violations(town), *band_violations(town), *contiguity_violations(town)]
    if grids is not None:
        found += list(sum_violations(town, cells, grids))
    return list(unexcused(town, found, exceptions))


def coverage_violations(cells: pd.DataFrame, assignment: pd.Series) -> Iterator[Violation]:
    """Yield cells without a grid, with two, and labels of cells that do not exist."""
    known = assignment.index.isin(cells.index)
    faults = {
        "cells_without_grid": cells.index[~cells.index.isin(assignment.index[assignment.notna()])],
        "cells_with_two_entries": assignment.index[assignment.index.duplicated()].unique(),
        "unknown_cells": assignment.index[~known],
    }
    for fault, ids in faults.items():
        if len(ids):
            yield Violation("coverage", None, {fault: len(ids), "for_example": ids[:5].tolist()})


def town_of(
    cells: pd.DataFrame,
    borders: pd.DataFrame,
    assignment: pd.Series,
    band: tuple[int, int],
    dedicated: Collection[int],
) -> Town:
    """Return the plan as arrays; borders of unknown cells and between communities do not count."""
    ends = np.column_stack([cells.index.get_indexer(pd.Index(borders[end])) for end in ("cell_a", "cell_b")])
    area = pd.factorize(cells["area_code"])[0]
    is_land = (cells["kind"] != "water").to_numpy(dtype=np.bool_)
    walks = borders["is_walkable"].to_numpy(dtype=np.bool_) & (ends >= 0).all(axis=1)
    walks &= is_land[ends].all(axis=1) & (area[ends[:, 0]] == area[ends[:, 1]])
    grid = assignment.reindex(cells.index).to_numpy(dtype=np.int64)
    households = cells["households"].to_numpy(dtype=np.int64)
    is_general = is_land & ~np.isin(grid, list(dedicated))
    town = Town(
        cell_ids=cells.index,
        area=area.astype(np.int64),
        grid=grid,
        households=households,
        is_land=is_land,
        is_general=is_general,
        walks=ends[walks].astype(np.int64),
        lo=int(band[0]),
        hi=int(band[1]),
        piece=np.full(len(cells), -1),
        shore=np.full(len(cells), -1),
        part=np.full(len(cells), -1),
    )
    # The ground as it is; what is left of it for general grids; and what each grid makes of it.
    town.shore[:] = pieces(town.walks, is_land)
    town.piece[:] = pieces(town.walks, is_general & (households <= town.hi))
    same = grid[town.walks[:, 0]] == grid[town.walks[:, 1]]
    town.part[:] = pieces(town.walks[same], is_land)
    return town


def pieces(walks: npt.NDArray[np.int64], among: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return the connected piece of each cell in `among`, -1 elsewhere."""
    walks = walks[among[walks].all(axis=1)]
    size = len(among)
    joined = coo_array((np.ones(len(walks)), (walks[:, 0], walks[:, 1])), shape=(size, size))
    return np.where(among, connected_components(joined, directed=False)[1], -1)


def community_violations(town: Town) -> Iterator[Violation]:
    """Yield grids with cells of more than one community."""
    pairs = np.unique(np.column_stack([town.grid, town.area]), axis=0)
    grids, counts = np.unique(pairs[:, 0], return_counts=True)
    for grid, count in zip(grids[counts > 1], counts[counts > 1], strict=True):
        yield Violation("community", int(grid), {"communities": int(count)})


def band_violations(town: Town) -> Iterator[Violation]:
    """Yield general grids out of band. A grid without any general land is a dedicated one, or water."""
    held = pd.Series(town.households).groupby(town.grid).sum()
    exempt = pd.Series(town.is_land & ~town.is_general).groupby(town.grid).any()
    for grid, households in held[~exempt & ((held < town.lo) | (held > town.hi))].items():
        yield Violation("band", int(str(grid)), {"households": int(households), "band": (town.lo, town.hi)})


def contiguity_violations(town: Town) -> Iterator[Violation]:
    """Yield grids whose land is in more than one piece on foot."""
    parts = pd.Series(town.part[town.is_land]).groupby(town.grid[town.is_land]).nunique()
    for grid, count in parts[parts > 1].items():
        yield Violation("contiguity", int(str(grid)), {"pieces": int(count)})


def sum_violations(town: Town, cells: pd.DataFrame, grids: pd.DataFrame) -> Iterator[Violation]:
    """Yield grids whose sums or community differ from those of their cells."""
    by_grid = cells[["area_code", "households", "people"]].groupby(town.grid)
    real = by_grid.agg({"area_code": "first", "households": "sum", "people": "sum"})
    for grid in real.index.union(grids.index):
        if grid not in grids.index or grid not in real.index:
            yield Violation("sums", int(grid), {"listed": grid in grids.index, "has_cells": grid in real.index})
            continue
        for column in real.columns:
            stated, found = grids.loc[grid, column], real.loc[grid, column]
            if stated != found:
                yield Violation("sums", int(grid), {"column": column, "stated": stated, "cells": found})


def unexcused(town: Town, found: list[Violation], exceptions: pd.DataFrame | None) -> Iterator[Violation]:
    """Yield the violations no true certificate excuses, and the exceptions that are false."""
    breaches = {(violation.rule, violation.grid) for violation in found}
    excused: set[tuple[str, int]] = set()
    claimed: set[int] = set()
    for row in [] if exceptions is None else exceptions.to_dict("records"):
        proof = Proof(int(row["grid"]), str(row["rule"]), str(row["certificate"]), dict(row["detail"] or {}))
        breach = (proof.rule, proof.grid)
        named = set(named_cells(town, proof))
        # One set of cells is a reason for one grid out of band, not for two.
        if breach in breaches and named.isdisjoint(claimed) and is_proved(town, proof):
            excused.add(breach)
            claimed |= named
        elif proof.certificate != "unresolved" or breach not in breaches:
            yield Violation("certificate", proof.grid, {"rule": proof.rule, "certificate": proof.certificate})
    for violation in found:
        if (violation.rule, violation.grid) not in excused:
            yield violation
