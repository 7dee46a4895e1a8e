"""Units: household units (联户单元, 十联户) of some ten households, inside one grid.

A cell with many households is divided by number; cells with few are joined with neighbours one can
walk to. The households of all units of a grid add up to those of the grid exactly.
"""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.naming import reading_order
from geo.partition.bands import BadNumberError
from geo.partition.graph import Ints, pieces_on_foot, subgraph, tails_of
from geo.partition.ground import Ground, grounds_of
from geo.partition.solver import divide_into
from geo.rng import generator
from geo.zones import grids_of

COLUMNS = ["unit", "cell_id", "households"]


def units_in_grids(
    cells: gpd.GeoDataFrame, borders: pd.DataFrame, assignment: pd.Series, *, size: int = 10, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide the households of every grid into units.

    Parameters
    ----------
    cells, borders, assignment
        As `geo.partition.propose_grids` takes and gives them; every cell has a grid.
    size
        Households a unit should have. Cells of one and a half times that and more are divided by
        number; smaller ones are joined, and a scrap of under half a unit joins a neighbouring
        cell's unit where there is one.
    seed
        Same plan and seed: same units.

    Returns
    -------
    DataFrame, DataFrame
        By ``unit`` (0.., by grid, inside a grid in reading order): grid, households; and rows unit,
        cell_id, households. Cells without households are in no unit.

    Raises
    ------
    InputError
        Frames or `size` cannot be used, or a cell has no grid.
    """
    if size < 1:
        raise BadNumberError(name="size", value=size)
    grids = grids_of(cells, assignment)
    tables = [units_of(ground, grids, size=size, seed=seed) for ground in grounds_of(cells, borders)]
    rows = pd.concat(tables, ignore_index=True).sort_values(["grid", "rank"], kind="stable")
    rows["unit"] = rows.groupby(["grid", "rank"], sort=True).ngroup()
    rows["cell_id"] = rows["cell_id"].astype(cells.index.dtype)
    units = rows.groupby("unit").agg(grid=("grid", "first"), households=("households", "sum"))
    return units, rows[COLUMNS].reset_index(drop=True)


def units_of(ground: Ground, grids: pd.Series, *, size: int, seed: int) -> pd.DataFrame:
    """Return one community's rows: grid, rank (unit inside the grid), cell_id, households."""
    labels = grids.loc[ground.cell_ids].to_numpy(dtype=np.int64)
    joined = joined_cells(ground, labels, size=size, seed=seed)
    cell, unit, households = divided_cells(ground, joined, size)
    unit = scraps_joined(ground, labels, (cell, unit, households), size)
    rows = pd.DataFrame({"grid": labels[cell], "unit": unit, "cell": cell, "households": households})
    rows["cell_id"] = ground.cell_ids[cell]
    rows["rank"] = ranks(ground, rows)
    return rows[["grid", "rank", "cell_id", "households"]]


def joined_cells(ground: Ground, labels: Ints, *, size: int, seed: int) -> Ints:
    """Return the unit (0..) of each peopled cell too small to be divided, -1 elsewhere."""
    small = (ground.households > 0) & (2 * ground.households < 3 * size)
    pieces = pieces_on_foot(ground.graph, small, within=labels)
    masses = np.bincount(pieces[small], weights=ground.households[small])
    units = pieces.copy()
    order = np.argsort(pieces, kind="stable")
    starts = np.searchsorted(pieces[order], np.arange(len(masses) + 1))
    for piece in np.flatnonzero(2 * masses >= 3 * size):
        members = order[starts[piece] : starts[piece + 1]]
        count = int(masses[piece] / size + 0.5)
        rng = generator(seed, "units", str(ground.cell_ids[members[0]]))
        parts = divide_into(subgraph(ground.graph, members), count, rng=rng)
        units[members] = np.where(parts == 0, piece, units.max() + parts)
    return units


def divided_cells(ground: Ground, units: Ints, size: int) -> tuple[Ints, Ints, Ints]:
    """Return rows (cell, unit, households): one a joined cell, several a cell divided by number."""
    cells = np.flatnonzero(ground.households > 0)
    held = ground.households[cells]
    parts = np.where(units[cells] >= 0, 1, (2 * held + size) // (2 * size))
    cell = np.repeat(cells, parts)
    turn = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    total, of = np.repeat(held, parts), np.repeat(parts, parts)
    households = total // of + (turn < total % of)
    alone = units[cell] < 0
    unit = units[cell].copy()
    unit[alone] = units.max(initial=-1) + 1 + np.arange(alone.sum())
    return cell, unit, households


def scraps_joined(ground: Ground, labels: Ints, rows: tuple[Ints, Ints, Ints], size: int) -> Ints:
    """Return the units of the rows once scraps have joined a neighbouring cell's smallest unit."""
    cell, unit, households = rows
    totals = np.bincount(unit, weights=households, minlength=1).astype(np.int64)
    first_row = np.full(len(labels), -1, dtype=np.int64)
    # The last part of a divided cell is never larger than the others.
    first_row[cell] = np.arange(len(cell))
    result = unit.copy()
    for tail, head in walks_out_of_scraps(ground, labels, rows, totals, size):
        scrap, host = result[first_row[tail]], result[first_row[head]]
        if scrap == unit[first_row[tail]] and scrap != host and 2 * totals[scrap] < size:
            result[result == scrap] = host
            totals[host] += totals[scrap]
            totals[scrap] = 0
    return result


def walks_out_of_scraps(
    ground: Ground, labels: Ints, rows: tuple[Ints, Ints, Ints], totals: Ints, size: int
) -> Iterator[tuple[int, int]]:
    """Yield (cell of a scrap, peopled neighbour in its grid but not in its unit), in order of cells."""
    cell, unit, _ = rows
    unit_of = np.full(len(labels), -1, dtype=np.int64)
    unit_of[cell] = unit
    tails, heads = tails_of(ground.graph), ground.graph.idx
    scrap = np.append(2 * totals < size, False)[unit_of]
    out = ground.graph.foot & scrap[tails] & (unit_of[heads] >= 0)
    out &= (unit_of[tails] != unit_of[heads]) & (labels[tails] == labels[heads])
    yield from zip(tails[out].tolist(), heads[out].tolist(), strict=True)


def ranks(ground: Ground, rows: pd.DataFrame) -> Ints:
    """Return the rank of each row's unit inside its grid, in reading order of the units' middles."""
    middles = pd.DataFrame(
        {
            "grid": rows["grid"],
            "unit": rows["unit"],
            "x": ground.graph.x[rows["cell"]],
            "y": ground.graph.y[rows["cell"]],
        }
    )
    middles = middles.groupby("unit", as_index=False).agg({"grid": "first", "x": "mean", "y": "mean"})
    middles["rank"] = 0
    for _, own in middles.groupby("grid"):
        order = reading_order(own["x"].to_numpy(), own["y"].to_numpy())
        middles.loc[own.index[order], "rank"] = np.arange(len(own))
    return rows["unit"].map(middles.set_index("unit")["rank"]).to_numpy(dtype=np.int64)
