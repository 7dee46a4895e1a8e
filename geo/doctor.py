"""Doctor: what is wrong with a plan, where, how much, and what would mend it.

Three questions, each answered from what is kept and not from how it was made: does the drawn cover hold (`geo.cover`),
can every grid be walked as one, and do the counts agree - with the cells, the register of buildings and the band.
Frames in EPSG:4326; sizes in m2, households or buildings, as `UNITS` says. See docs/methods/doctor.md.
"""

from collections.abc import Collection, Hashable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.cover import cover_findings
from geo.edges import Ints
from geo.frames import WGS84, require

# A straight border is bent a little by measuring it in metres where one side has more corners than the other.
ROUNDING_M2 = 1.0
ERRORS = ("gap", "overlap", "outside", "building_in_none", "building_in_two", "pieces", "cut", "sums")
WARNINGS = ("sliver_gap", "sliver_overlap", "register", "below", "above", "vacant")
UNITS = {
    **dict.fromkeys(("gap", "overlap", "outside", "sliver_gap", "sliver_overlap"), "m2"),
    **dict.fromkeys(("building_in_none", "building_in_two"), "buildings"),
    **dict.fromkeys(("pieces", "cut", "sums", "register", "below", "above", "vacant"), "households"),
}
COLUMNS = ("kind", "is_error", "area_code", "grid", "other", "building_id", "size", "barrier", "cells", "geometry")


@dataclass(frozen=True, eq=False)
class PlanGround:
    """A plan as the doctor looks at it.

    Attributes
    ----------
    areas
        index area_code; the communities that the plan is of.
    cells
        index cell_id; area_code, kind, households, people, building_id, geometry.
    borders
        cell_a, cell_b, length_m, kind, is_walkable.
    grid_of
        Grid's label by cell_id, of every cell of the plan.
    grids
        index the label; area_code, kind, households, people, is_locked, exception, geometry: as they are stored.
    buildings
        index building_id; area_code, households (of the register), geometry.
    vacant
        Labels of grids that nobody works in.
    """

    areas: gpd.GeoDataFrame
    cells: gpd.GeoDataFrame
    borders: pd.DataFrame
    grid_of: pd.Series
    grids: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    vacant: Collection[Hashable] = ()


def plan_findings(plan: PlanGround, *, band: tuple[int, int]) -> gpd.GeoDataFrame:
    """Return everything that is wrong with a plan, errors first.

    Parameters
    ----------
    plan
        The plan, whole: communities that it has no grid in are not asked about.
    band
        Fewest and most households of a general grid.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a finding, by severity, kind, size (largest first), grid and place: kind (of `ERRORS` or `WARNINGS`),
        is_error, area_code, grid (label), other (a second grid: of an overlap, or the one that a piece may go to),
        building_id, size (in the kind's unit of `UNITS`; register, below, above: how many households off, signed),
        barrier (cut: water, wall, rail or road), cells (pieces, cut: the cells that may move to ``other``; else ()),
        geometry (EPSG:4326; the whole grid where it is the grid that is meant).

        A breach that a certificate excuses (``exception``: grids in pieces or out of band for a reason that was
        proved) is a warning.

    Raises
    ------
    MissingColumnsError, WrongGeometryError
        A frame lacks what it should have.
    """
    require(plan.grids, "grids", columns=["area_code", "kind", "households", "people", "is_locked", "exception"])
    found = [*_cover_rows(plan), *_piece_rows(plan, band), *_count_rows(plan, band), *_vacant_rows(plan)]
    rows = pd.DataFrame(found, columns=list(COLUMNS), dtype=object).astype({"size": "float64", "is_error": bool})
    order = {kind: place for place, kind in enumerate((*ERRORS, *WARNINGS))}
    rows["order"], rows["least"] = rows["kind"].map(order), -rows["size"].abs()
    rows["name"] = rows["grid"].astype(str)
    by = ["is_error", "order", "least", "name"]
    rows = rows.sort_values(by, ascending=[False, True, True, True], kind="stable").reset_index(drop=True)
    return gpd.GeoDataFrame(rows[list(COLUMNS)], geometry="geometry", crs=WGS84)


def _row(plan: PlanGround, kind: str, grid: Hashable | None, size: float, **more: Any) -> dict[str, Any]:
    """Return a finding; of a grid as a whole where nothing else is said."""
    own = plan.grids.loc[grid] if grid is not None else None
    row: dict[str, Any] = dict.fromkeys(COLUMNS) | {"kind": kind, "is_error": kind in ERRORS, "size": size, "cells": ()}
    if own is not None:
        row |= {"grid": grid, "area_code": own["area_code"], "geometry": own["geometry"]}
        row["is_error"] &= not (kind in ("pieces", "cut") and isinstance(own["exception"], str))
    return row | more


def _cover_rows(plan: PlanGround) -> list[dict[str, Any]]:
    """Gaps, overlaps and what lies outside; buildings in no grid or in two."""
    communities = plan.areas[plan.areas.index.isin(plan.grids["area_code"])]
    buildings = plan.buildings[plan.buildings["area_code"].isin(communities.index)]
    found = cover_findings(communities, plan.grids, buildings, tolerance_m2=ROUNDING_M2)
    homes = buildings["area_code"]
    rows = []
    for one in found.to_dict("records"):
        grid, other, house = (None if pd.isna(one[key]) else one[key] for key in ("grid", "other", "building_id"))
        place = {"area_code": one["area_code"], "size": one["area_m2"]}
        if house is not None:
            place = {"area_code": homes[house], "size": 1.0}
        more = place | {"other": other, "building_id": house, "geometry": one["geometry"]}
        rows.append(_row(plan, one["finding"], grid, **more))
    return rows


def _piece_rows(plan: PlanGround, band: tuple[int, int]) -> list[dict[str, Any]]:
    """Parts of a grid that one cannot walk to from the rest of it: apart, or cut off by what lies between.

    A part from which no way on foot leads to any other grid of the community, and too small to be one itself, can be in
    no plan without a grid in pieces: it is no error.
    """
    piece, cells = _pieces(plan)
    homes = cells.groupby(piece).agg(households=("households", "sum"), count=("grid", "size"), grid=("grid", "first"))
    first = pd.Series(cells.index, index=piece).groupby(level=0).min()
    homes = homes.assign(first=first).sort_values(
        ["grid", "households", "count", "first"], ascending=[True, False, False, True]
    )
    lesser = homes[homes["grid"].duplicated()]
    if lesser.empty:
        return []
    of_cell = pd.Series(piece, index=cells.index)
    beside = _beside(plan, of_cell)
    shapes = plan.cells.geometry
    rows = []
    for label, row in lesser.iterrows():
        grid, own = row["grid"], of_cell.index[of_cell == label]
        barrier = _barrier(beside, label, grid)
        found = _row(
            plan, "pieces" if barrier is None else "cut", grid, float(row["households"]), barrier=barrier,
            other=_taker(plan, beside, label, grid), cells=tuple(own), geometry=shapes.loc[own].union_all(),
        )  # fmt: skip
        if row["households"] < band[0] and _is_island(plan, beside, label, grid):
            found["is_error"] = False
        rows.append(found)
    return rows


def _pieces(plan: PlanGround) -> tuple[Ints, pd.DataFrame]:
    """Return, of each cell of land, which piece on foot of its grid it is in."""
    land = plan.cells.loc[plan.cells["kind"] != "water", ["households"]]
    land = land[land.index.isin(plan.grid_of.index)]
    land = land.assign(grid=plan.grid_of.reindex(land.index))
    one, other = (land.index.get_indexer(pd.Index(plan.borders[end])) for end in ("cell_a", "cell_b"))
    labels = land["grid"].to_numpy()
    joined = plan.borders["is_walkable"].to_numpy(bool) & (one >= 0) & (other >= 0)
    joined[joined] = labels[one[joined]] == labels[other[joined]]
    links = coo_array((np.ones(joined.sum(), dtype=np.int8), (one[joined], other[joined])), shape=(len(land),) * 2)
    return connected_components(links, directed=False)[1], land


def _beside(plan: PlanGround, piece: pd.Series) -> pd.DataFrame:
    """Return the borders seen from each piece: piece, grid (beyond), kind, is_walkable, length_m."""
    sides = []
    for own, far in (("cell_a", "cell_b"), ("cell_b", "cell_a")):
        ends = plan.borders.assign(
            piece=plan.borders[own].map(piece),
            beyond=plan.borders[far].map(piece),
            grid=plan.borders[far].map(plan.grid_of),
        )
        sides.append(ends[ends["piece"].notna() & ends["grid"].notna() & (ends["piece"] != ends["beyond"])])
    columns = ["piece", "grid", "kind", "is_walkable", "length_m"]
    return pd.concat(sides)[columns].groupby(columns[:4])["length_m"].sum().reset_index()


def _barrier(beside: pd.DataFrame, label: Hashable, grid: Hashable) -> str | None:
    """Return what lies on most of the border between a piece and the rest of its grid; None where they do not touch."""
    own = beside[(beside["piece"] == label) & (beside["grid"] == grid)]
    return None if own.empty else str(own.sort_values(["length_m", "kind"], ascending=[False, True])["kind"].iloc[0])


def _is_island(plan: PlanGround, beside: pd.DataFrame, label: Hashable, grid: Hashable) -> bool:
    """Return whether no way on foot leads from a piece to any other grid of its community."""
    home = plan.grids.index[plan.grids["area_code"] == plan.grids.at[grid, "area_code"]]
    ways = beside[(beside["piece"] == label) & beside["is_walkable"] & (beside["grid"] != grid)]
    return not bool(ways["grid"].isin(home).any())


def _taker(plan: PlanGround, beside: pd.DataFrame, label: Hashable, grid: Hashable) -> Hashable | None:
    """Return the open general grid of the same community that shares most border on foot with a piece."""
    open_ = plan.grids[~plan.grids["is_locked"].astype(bool) & (plan.grids["kind"] == "general")]
    open_ = open_[open_["area_code"] == plan.grids.at[grid, "area_code"]].drop(index=grid, errors="ignore")
    able = beside[(beside["piece"] == label) & beside["is_walkable"] & beside["grid"].isin(open_.index)]
    if plan.grids.at[grid, "is_locked"] or able.empty:
        return None
    met = able.groupby("grid")["length_m"].sum().sort_index()
    taker: Hashable = met.idxmax()
    return taker


def _count_rows(plan: PlanGround, band: tuple[int, int]) -> list[dict[str, Any]]:
    """Grids whose stored counts are not those of their cells, not those of the register, or out of band."""
    cells = plan.cells.reindex(plan.grid_of.index)
    held = cells[["households", "people"]].groupby(plan.grid_of).sum().reindex(plan.grids.index, fill_value=0)
    off = held - plan.grids[["households", "people"]].astype("int64")
    off = off[off.ne(0).any(axis=1)]
    count = plan.grids["households"].astype("int64")
    beyond = count.sub(band[1]).clip(lower=0) + count.sub(band[0]).clip(upper=0)
    beyond = beyond[beyond.ne(0) & plan.grids["kind"].eq("general")]
    return [
        *(
            _row(plan, "sums", grid, float(a or b))
            for grid, a, b in zip(off.index, off["households"], off["people"], strict=True)
        ),
        *(_row(plan, "above" if by > 0 else "below", grid, float(by)) for grid, by in beyond.items()),
        *(_row(plan, "register", grid, float(by)) for grid, by in _register(plan).items()),
    ]


def _register(plan: PlanGround) -> pd.Series:
    """Return by how many households the register has more (fewer: below 0) than the cells of each grid; not those at 0.

    A building's difference is told at the grid of its first cell.
    """
    cells = plan.cells[plan.cells["building_id"].notna()]
    cells = cells[cells.index.isin(plan.grid_of.index)].sort_index()
    by = cells["building_id"].astype("int64")
    counted, home = cells["households"].groupby(by).sum(), plan.grid_of.reindex(cells.index).groupby(by).first()
    off = plan.buildings["households"].reindex(counted.index).sub(counted).dropna()
    total: pd.Series = off.groupby(home.reindex(off.index)).sum()
    return total[total != 0].sort_index()


def _vacant_rows(plan: PlanGround) -> list[dict[str, Any]]:
    """Grids that nobody works in."""
    vacant = plan.grids.index[plan.grids.index.isin(list(plan.vacant))]
    return [_row(plan, "vacant", grid, float(plan.grids.at[grid, "households"])) for grid in vacant]
