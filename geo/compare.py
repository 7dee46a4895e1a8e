"""Compare: what one plan changes of another - who moves from whom to whom, and how far the borders do.

Both plans are maps of the same cells to grid codes: a code that both have is one grid, redrawn or not. A building of
several cells (stairwells) may move in part. Lengths in metres; see docs/methods/compare.md.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geo.errors import InputError
from geo.frames import require

NONE = ""  # a cell that a plan has in no grid


class OtherCellsError(InputError):
    """Plans that name cells which are not there."""

    zh = "方案含有不存在的地块：{ids}。请重新切分地块后再比对。"
    en = "The plan names cells that are not there: {ids}. Draw it on the cells there are now."


@dataclass(frozen=True, eq=False)
class Comparison:
    """What changes between two plans.

    Attributes
    ----------
    moves
        from_grid, to_grid ("" where one plan has no grid there), cells, buildings, households, people; most
        households first. Cells that stay are not told.
    buildings
        building_id, from_grid, to_grid, households, people, is_whole (no other cell of it does otherwise).
    grids
        index grid (code): households_before, households_after, people_before, people_after (0 where it is not there),
        households_kept, state: "kept" (the same cells), "altered", "new" or "retired".
    border_kept_m, border_new_m, border_gone_m
        Length of the borders between grids that both plans, only the second and only the first have.
    """

    moves: pd.DataFrame
    buildings: pd.DataFrame
    grids: pd.DataFrame
    border_kept_m: float
    border_new_m: float
    border_gone_m: float


def compare(cells: pd.DataFrame, borders: pd.DataFrame, before: pd.Series, after: pd.Series) -> Comparison:
    """Return what changes from one plan to another.

    Parameters
    ----------
    cells
        index cell_id; households, people, building_id (empty: open ground).
    borders
        cell_a, cell_b, length_m; those of other cells do not count.
    before, after
        Grid code by cell_id. A cell that only one names lies in no grid under the other.

    Raises
    ------
    MissingColumnsError
        A frame lacks what it should have.
    OtherCellsError
        A plan names a cell that is not among `cells`.
    """
    require(cells, "cells", columns=["households", "people", "building_id"])
    named = before.index.union(after.index)
    if unknown := named.difference(cells.index).tolist():
        raise OtherCellsError(ids=", ".join(map(str, unknown[:5])))
    own = cells.loc[named, ["households", "people", "building_id"]].assign(
        from_grid=before.reindex(named).fillna(NONE), to_grid=after.reindex(named).fillna(NONE)
    )
    moved = own[own["from_grid"] != own["to_grid"]]
    lengths = _borders(borders, own)
    return Comparison(
        moves=_moves(moved), buildings=_buildings(own, moved), grids=_grids(own, moved),
        border_kept_m=lengths[0], border_new_m=lengths[1], border_gone_m=lengths[2],
    )  # fmt: skip


def _moves(moved: pd.DataFrame) -> pd.DataFrame:
    table = moved.groupby(["from_grid", "to_grid"]).agg(
        cells=("households", "size"), buildings=("building_id", "nunique"), households=("households", "sum"),
        people=("people", "sum"),
    )  # fmt: skip
    by = ["households", "cells", "from_grid", "to_grid"]
    return table.reset_index().sort_values(by, ascending=[False, False, True, True], ignore_index=True)


def _buildings(own: pd.DataFrame, moved: pd.DataFrame) -> pd.DataFrame:
    keys = ["building_id", "from_grid", "to_grid"]
    table = moved[moved["building_id"].notna()].groupby(keys, as_index=False)[["households", "people"]].sum()
    ways = own.loc[own["building_id"].notna(), keys].drop_duplicates()["building_id"].value_counts()
    whole = ways.reindex(table["building_id"]).eq(1).to_numpy(bool)
    table = table.assign(building_id=table["building_id"].astype("int64"), is_whole=whole)
    return table.sort_values(["from_grid", "to_grid", "building_id"], ignore_index=True)


def _grids(own: pd.DataFrame, moved: pd.DataFrame) -> pd.DataFrame:
    sides = {}
    for side, name in (("before", "from_grid"), ("after", "to_grid")):
        held = own[own[name] != NONE].groupby(name)[["households", "people"]].sum()
        sides[side] = held.add_suffix(f"_{side}")
    table = pd.concat(sides.values(), axis=1).rename_axis("grid").sort_index()
    there = {side: table[f"households_{side}"].notna() for side in sides}
    same = own[own["from_grid"] == own["to_grid"]]
    table = table.fillna(0).astype("int64")
    table["households_kept"] = same.groupby("from_grid")["households"].sum().reindex(table.index, fill_value=0)
    altered = table.index.isin(moved["from_grid"]) | table.index.isin(moved["to_grid"])
    chosen = [~there["before"], ~there["after"], pd.Series(altered, index=table.index)]
    table["state"] = np.select(chosen, ["new", "retired", "altered"], default="kept")
    return table


def _borders(borders: pd.DataFrame, own: pd.DataFrame) -> tuple[float, float, float]:
    """Return how much border between grids stays, comes and goes."""
    ends = [own.index.get_indexer(pd.Index(borders[end])) for end in ("cell_a", "cell_b")]
    known = (ends[0] >= 0) & (ends[1] >= 0)
    length = borders["length_m"].to_numpy(np.float64)[known]
    was, is_ = (
        own[name].to_numpy(object)[ends[0][known]] != own[name].to_numpy(object)[ends[1][known]]
        for name in ("from_grid", "to_grid")
    )
    return float(length[was & is_].sum()), float(length[is_ & ~was].sum()), float(length[was & ~is_].sum())
