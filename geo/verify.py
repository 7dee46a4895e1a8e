"""Verify: checks a plan from its cells, borders and labels alone, and believes no solver.

Written apart from `geo.partition` and importing nothing of it. The rules: every cell in exactly one
grid, every grid in one community, general grids in band and as many as asked, every grid's land in one
piece on foot, locked grids as they were, household units whole, sums equal, and every exception excused
by a certificate that is true (`geo.proofs` tests those).
Frames as in docs/architecture.md; no geometry is looked at.
"""

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from geo.frames import require
from geo.proofs import Proof, is_proved, places_of
from geo.town import NO_LIMIT, Bounds, Ints, Town, pieces

RULES = {
    "coverage": ("每个单元格必须恰好属于一个网格", "every cell is in exactly one grid"),
    "community": ("网格必须位于一个社区之内", "a grid lies in one community"),
    "band": ("网格户数（及要求的人数）必须在区间之内", "a grid's households (and people, where asked for) are in band"),
    "count": ("一般网格的数量必须与要求一致", "there are as many general grids as were asked for"),
    "contiguity": ("网格必须步行连通", "a grid is in one piece on foot"),
    "locked": ("锁定的网格必须与原方案完全一致", "a locked grid stays exactly as it was"),
    "unit": ("住户单元不得拆分到多个网格", "a household unit is in one grid"),
    "sums": ("网格的户数与人数必须等于其单元格之和", "a grid's sums equal those of its cells"),
    "certificate": ("例外的理由必须成立", "an exception's certificate is true"),
}
OF_NO_ONE_GRID = -1
NO_BAND = (0, NO_LIMIT)


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
    band: tuple[int, int] | None,
    people_band: tuple[int, int] | None = None,
    count: int | None = None,
    dedicated: Collection[int] = (),
    before: pd.Series | None = None,
    locked: Collection[Hashable] = (),
    exceptions: pd.DataFrame | None = None,
    grids: pd.DataFrame | None = None,
) -> list[Violation]:
    """Return every rule a plan breaks; an empty list means that the plan is right.

    Parameters
    ----------
    cells
        By ``cell_id``: area_code, kind, households, people and, optional, unit_id.
    borders
        cell_a, cell_b, is_walkable.
    assignment
        Grid (integer) by ``cell_id``.
    band
        Fewest and most households of a general grid; None: households are not asked for.
    people_band
        Fewest and most people of a general grid; where both bands are given both must hold.
    count
        How many general grids there must be, locked ones not counted.
    dedicated
        Labels of the grids that are exempt from the band.
    before
        Old grid by ``cell_id``, null for none.
    locked
        Old grids that must stay exactly as they are.
    exceptions
        grid, rule, certificate, detail: excuses breaches of ``band``, ``contiguity`` and (grid -1)
        ``count`` whose certificate is true. ``unresolved`` excuses nothing.
    grids
        By grid: area_code, households, people; checked against the cells where given.

    Raises
    ------
    InputError
        Columns are missing or ids stand twice in `cells` or `before`.
    """
    require(cells, "cells", columns=("area_code", "kind", "households", "people"))
    require(borders.reset_index(drop=True), "borders", columns=("cell_a", "cell_b", "is_walkable"))
    uncovered = list(coverage_violations(cells, assignment))
    if uncovered:
        return uncovered
    town = town_of(
        cells,
        borders,
        assignment.reindex(cells.index).to_numpy(dtype=np.int64),
        Bounds(*zip(band or NO_BAND, people_band or NO_BAND, strict=True)),
        dedicated=dedicated,
        count=count,
        locked=locked_cells(cells, before, locked),
    )
    found = [
        *community_violations(town),
        *band_violations(town),
        *count_violations(town),
        *contiguity_violations(town),
        *locked_violations(town),
        *unit_violations(town, cells),
        *([] if grids is None else sum_violations(town, cells, grids)),
    ]
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


def locked_cells(cells: pd.DataFrame, before: pd.Series | None, locked: Collection[Hashable]) -> dict[Hashable, Ints]:
    """Return the positions of the cells of each locked old grid; none where there is no such grid."""
    nowhere = np.empty(0, dtype=np.int64)
    if before is None:
        return dict.fromkeys(locked, nowhere)
    require(before.to_frame("grid"), "before")
    old = before.reindex(cells.index).reset_index(drop=True)
    held = old[old.isin(list(locked))]
    found = {label: own.index.to_numpy(dtype=np.int64) for label, own in held.groupby(held)}
    return {label: found.get(label, nowhere) for label in locked}


def town_of(
    cells: pd.DataFrame,
    borders: pd.DataFrame,
    grid: Ints,
    bounds: Bounds,
    *,
    dedicated: Collection[int],
    count: int | None,
    locked: dict[Hashable, Ints],
) -> Town:
    """Return the plan as arrays; borders of unknown cells and between communities do not count."""
    ends = np.column_stack([cells.index.get_indexer(pd.Index(borders[end])) for end in ("cell_a", "cell_b")])
    area = pd.factorize(cells["area_code"])[0]
    is_land = (cells["kind"] != "water").to_numpy(dtype=np.bool_)
    walks = borders["is_walkable"].to_numpy(dtype=np.bool_) & (ends >= 0).all(axis=1)
    walks &= is_land[ends].all(axis=1) & (area[ends[:, 0]] == area[ends[:, 1]])
    return Town(
        cell_ids=cells.index,
        area=area.astype(np.int64),
        grid=grid,
        load=cells[["households", "people"]].to_numpy(dtype=np.int64),
        is_land=is_land,
        is_dedicated=np.isin(grid, list(dedicated)),
        walks=ends[walks].astype(np.int64),
        bounds=bounds,
        count=count,
        locked=locked,
    )


def community_violations(town: Town) -> Iterator[Violation]:
    """Yield grids with cells of more than one community."""
    pairs = np.unique(np.column_stack([town.grid, town.area]), axis=0)
    grids, counts = np.unique(pairs[:, 0], return_counts=True)
    for grid, count in zip(grids[counts > 1], counts[counts > 1], strict=True):
        yield Violation("community", int(grid), {"communities": int(count)})


def band_violations(town: Town) -> Iterator[Violation]:
    """Yield grids out of band. Dedicated ones are exempt, if there is land in them."""
    held = pd.DataFrame(town.load).groupby(town.grid).sum()
    exempt = pd.Series(town.is_land & town.is_dedicated).groupby(town.grid).any()
    out = ((held < list(town.bounds.lo)) | (held > list(town.bounds.hi))).any(axis=1)
    for grid, load in held[~exempt & out].iterrows():
        facts: dict[str, Any] = {}
        for i, name, bounds in ((0, "households", "band"), (1, "people", "people_band")):
            if i in town.bounds.asked:
                facts |= {name: int(load[i]), bounds: (town.bounds.lo[i], town.bounds.hi[i])}
        yield Violation("band", int(str(grid)), facts)


def count_violations(town: Town) -> Iterator[Violation]:
    """Yield the number of general grids that are not locked, if it is another than was asked for."""
    if town.count is not None and town.made != town.count:
        yield Violation("count", None, {"asked": town.count, "made": town.made})


def locked_violations(town: Town) -> Iterator[Violation]:
    """Yield locked old grids that are not there, not all in one grid, or in one that holds more."""
    for label, own in town.locked.items():
        grids = np.unique(town.grid[own])
        together = int(np.isin(town.grid, grids).sum())
        if len(grids) != 1 or together != len(own):
            grid = int(grids[0]) if len(grids) == 1 else None
            facts = {"old_grid": label, "cells": len(own), "grids": len(grids), "taken_in": together - len(own)}
            yield Violation("locked", grid, facts)


def unit_violations(town: Town, cells: pd.DataFrame) -> Iterator[Violation]:
    """Yield household units in several grids: on foot together in a piece, and of no more than one grid may hold."""
    if "unit_id" not in cells:
        return
    known = cells["unit_id"].notna().to_numpy(dtype=np.bool_) & (town.piece >= 0)
    unit = np.full(len(cells), -1, dtype=np.int64)
    unit[known] = cells.loc[known].groupby(["area_code", "unit_id"], sort=False).ngroup()
    held = pd.DataFrame(town.load[known]).groupby(unit[known]).sum()
    too_large = held.index[(held > list(town.bounds.hi)).any(axis=1)]
    same = unit[town.walks[:, 0]] == unit[town.walks[:, 1]]
    bits = pieces(town.walks[same], known & ~np.isin(unit, too_large))
    counts = pd.Series(town.grid[bits >= 0]).groupby(bits[bits >= 0]).nunique()
    for bit in counts.index[counts > 1]:
        among = np.flatnonzero(bits == bit)
        facts = {"unit_id": cells["unit_id"].iloc[int(among[0])], "grids": np.unique(town.grid[among]).tolist()}
        yield Violation("unit", None, facts)


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
    breaches = {breach_of(violation) for violation in found}
    excused: set[tuple[str, int]] = set()
    claimed: set[int] = set()
    for row in [] if exceptions is None else exceptions.to_dict("records"):
        proof = Proof(int(row["grid"]), str(row["rule"]), str(row["certificate"]), dict(row["detail"] or {}))
        breach = (proof.rule, proof.grid)
        named = set(places_of(town, proof, "cell_ids"))
        # One set of cells is a reason for one grid out of band, not for two.
        if breach in breaches and named.isdisjoint(claimed) and is_proved(town, proof):
            excused.add(breach)
            claimed |= named
        elif proof.certificate != "unresolved" or breach not in breaches:
            facts = {"rule": proof.rule, "certificate": proof.certificate}
            yield Violation("certificate", None if proof.grid == OF_NO_ONE_GRID else proof.grid, facts)
    for violation in found:
        if breach_of(violation) not in excused:
            yield violation


def breach_of(violation: Violation) -> tuple[str, int]:
    """Return rule and grid of a violation, as an exception names them."""
    return violation.rule, OF_NO_ONE_GRID if violation.grid is None else violation.grid
