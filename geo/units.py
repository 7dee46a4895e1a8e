"""Units: household units (联户单元, 十联户) of some ten households, inside one grid.

A cell with many households is divided by number; cells with few are joined with neighbours one can
walk to, all of a community in one call of the engine. The households of all units of a grid add up to
those of the grid exactly.
"""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import InputError
from geo.partition.bands import BadNumberError
from geo.partition.compiled import compiled
from geo.partition.equal import equal_parts, shared_out
from geo.partition.graph import Floats, Ints, pieces_on_foot, tails_of
from geo.partition.ground import Ground, grounds_of
from geo.rng import generator
from geo.zones import grids_of, ranks_within

COLUMNS = ["unit", "cell_id", "households"]


class TooFewUnitsError(InputError):
    """Fewer units are asked for in all than there are grids with households."""

    zh = "共 {total} 个联户单元不够分给 {grids} 个有住户的网格：每个网格至少一个。请给出至少 {grids}。"
    en = "{total} units in all are too few for {grids} grids with households, one each. Give at least {grids}."


class Clusters(NamedTuple):
    """One community before its division: grid of each cell, and its cluster (0.., -1 where nobody lives).

    A cluster is a piece of small cells (`small` first clusters), or one large cell; `masses` are their households.
    """

    ground: Ground
    grid: Ints
    cluster: Ints
    small: int
    masses: Ints


class Rows(NamedTuple):
    """Which households are in which unit: a row a cell, several where a cell is divided by number."""

    cell: Ints
    unit: Ints
    households: Ints


def units_in_grids(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    assignment: pd.Series,
    *,
    size: int = 10,
    total: int | None = None,
    seed: int = 0,
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
    total
        Units in all the plan's grids, instead of `size`: the size is then all households by `total`, and units
        are shared out by households over large cells and pieces of small ones. More come out only where there
        are more such clusters that no foot joins, fewer only where there are not as many households.
    seed
        Same plan and seed: same units. With `size`, a grid's units do not depend on the other grids.

    Returns
    -------
    DataFrame, DataFrame
        By ``unit`` (0.., by grid, inside a grid in reading order): grid, households; and rows unit,
        cell_id, households. Cells without households are in no unit.

    Raises
    ------
    InputError
        Frames or numbers cannot be used, `total` is below the number of peopled grids, or a cell has no grid.
    """
    for name, value in (("size", size), ("total", total)):
        if value is not None and value < 1:
            raise BadNumberError(name=name, value=value)
    grids = grids_of(cells, assignment)
    grounds = list(grounds_of(cells, borders))
    wanted = float(size) if total is None else share_in_all(grounds, grids, total)
    towns = [clusters_of(ground, grids, wanted) for ground in grounds]
    made = counts_near(towns, wanted) if total is None else counts_in_all(towns, wanted, total)
    parts = [
        rows_of(town, counts, least, rng=generator(seed, "units"))
        for town, (counts, least) in zip(towns, made, strict=True)
    ]
    return unit_frames(cells, towns, parts)


def share_in_all(grounds: list[Ground], grids: pd.Series, total: int) -> float:
    """Return the households of a unit when there are `total` in all."""
    peopled = np.concatenate([labels_of(ground, grids)[ground.households > 0] for ground in grounds])
    count = len(np.unique(peopled))
    if total < count:
        raise TooFewUnitsError(total=total, grids=count)
    return max(1, sum(int(ground.households.sum()) for ground in grounds)) / total


def labels_of(ground: Ground, grids: pd.Series) -> Ints:
    """Return the grid of each cell of a community."""
    return grids.to_numpy(dtype=np.int64)[grids.index.get_indexer(ground.cell_ids)]


def clusters_of(ground: Ground, grids: pd.Series, size: float) -> Clusters:
    """Return a community's pieces of cells too small to be divided, and the large cells."""
    grid = labels_of(ground, grids)
    is_small = (ground.households > 0) & (2 * ground.households < 3 * size)
    cluster = pieces_on_foot(ground.graph, is_small, within=grid)
    small = int(cluster.max(initial=-1)) + 1
    large = np.flatnonzero((ground.households > 0) & ~is_small)
    cluster[large] = small + np.arange(len(large))
    peopled = cluster >= 0
    masses = np.bincount(cluster[peopled], weights=ground.households[peopled], minlength=small + len(large))
    return Clusters(ground, grid, cluster, small, masses.astype(np.int64))


def counts_near(towns: list[Clusters], size: float) -> list[tuple[Ints, Floats]]:
    """Return how many units near a size each cluster makes, and the households (twice) that make a unit no scrap."""
    counts = [np.maximum(1, np.floor(town.masses / size + 0.5)).astype(np.int64) for town in towns]
    return [(own, np.full(int(own.sum()), size)) for own in counts]


def counts_in_all(towns: list[Clusters], size: float, total: int) -> list[tuple[Ints, Floats]]:
    """Return the same for a number of units in all: the scraps are known first, the others share out the number."""
    scraps = []
    for town in towns:
        alone = joined_scraps(*walks_between(town, town.cluster), town.masses.copy(), np.full(len(town.masses), size))
        scraps.append(alone != np.arange(len(alone)))
    most = [np.where(np.arange(len(t.masses)) < t.small, cells_of(t), t.masses) for t in towns]
    loose, masses = np.concatenate(scraps), np.concatenate([town.masses for town in towns])
    counts = np.ones(len(loose), dtype=np.int64)
    counts[~loose] = shared_out(masses[~loose].astype(np.float64), np.concatenate(most)[~loose], total)
    split = np.split(counts, np.cumsum([len(own) for own in scraps])[:-1])
    # What was not counted as a scrap stays a unit, however small it turns out.
    return [(own, np.repeat(np.where(is_scrap, np.inf, 0.0), own)) for own, is_scrap in zip(split, scraps, strict=True)]


def cells_of(town: Clusters) -> Ints:
    """Return how many cells each cluster has."""
    return np.bincount(town.cluster[town.cluster >= 0], minlength=len(town.masses))


def rows_of(town: Clusters, counts: Ints, least: Floats, *, rng: np.random.Generator) -> Rows:
    """Return which households of which cell are in which unit, once scraps have joined their neighbours."""
    rows = divided(town, counts, rng=rng)
    unit_of = np.full(len(town.cluster), -1, dtype=np.int64)
    # The last part of a divided cell is never larger than the others: scraps join that one.
    unit_of[rows.cell] = rows.unit
    totals = np.bincount(rows.unit, weights=rows.households, minlength=len(least)).astype(np.int64)
    into = joined_scraps(*walks_between(town, unit_of), totals, least)
    return rows._replace(unit=into[rows.unit])


def divided(town: Clusters, counts: Ints, *, rng: np.random.Generator) -> Rows:
    """Return the clusters divided into their counts: small cells by the engine, large ones by number."""
    is_small = (town.cluster >= 0) & (town.cluster < town.small)
    counts = np.where(np.arange(len(counts)) < town.small, np.minimum(counts, cells_of(town)), counts)
    parts = equal_parts(
        town.ground.graph, np.where(is_small, town.cluster, -1), counts[: town.small], rng=rng
    )  # fmt: skip
    first = np.cumsum(counts) - counts
    cells = np.flatnonzero(town.cluster >= 0)
    own = np.where(is_small[cells], 1, counts[town.cluster[cells]])
    cell = np.repeat(cells, own)
    turn = np.arange(len(cell)) - np.repeat(np.cumsum(own) - own, own)
    held, of = town.ground.households[cell], np.repeat(own, own)
    unit = np.where(is_small[cell], parts[cell], first[town.cluster[cell]] + turn)
    return Rows(cell, unit, held // of + (turn < held % of))


def walks_between(town: Clusters, unit_of: Ints) -> tuple[Ints, Ints]:
    """Return the units (both ends) that each walk inside a grid joins, in order of cells."""
    graph = town.ground.graph
    tails, heads = tails_of(graph), graph.idx
    out = graph.foot & (unit_of[tails] >= 0) & (unit_of[heads] >= 0)
    out &= (unit_of[tails] != unit_of[heads]) & (town.grid[tails] == town.grid[heads])
    return unit_of[tails[out]], unit_of[heads[out]]


@compiled
def joined_scraps(tails: Ints, heads: Ints, totals: Ints, least: Floats) -> Ints:
    """Return the unit that each becomes: one with less than half of `least` joins the unit at its first walk out of it.

    `totals` are the households of each unit, and are changed.
    """
    into = np.arange(len(totals))
    for i in range(len(tails)):
        unit, host = tails[i], heads[i]
        if into[unit] != unit or 2 * totals[unit] >= least[unit]:
            continue
        while into[host] != host:
            host = into[host]
        if host != unit:
            into[unit] = host
            totals[host] += totals[unit]
    for unit in range(len(into)):
        host = into[unit]
        while into[host] != host:
            host = into[host]
        into[unit] = host
    return into


def unit_frames(cells: gpd.GeoDataFrame, towns: list[Clusters], parts: list[Rows]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of all communities as frames, units numbered by grid and reading order."""
    grid = np.concatenate([town.grid[rows.cell] for town, rows in zip(towns, parts, strict=True)])
    rank = np.concatenate([ranks_of_rows(town, rows) for town, rows in zip(towns, parts, strict=True)])
    ids = np.concatenate([town.ground.cell_ids.to_numpy()[rows.cell] for town, rows in zip(towns, parts, strict=True)])
    households = np.concatenate([rows.households for rows in parts])
    order = np.lexsort((rank, grid))
    grid, rank, ids, households = grid[order], rank[order], ids[order], households[order]
    is_first = np.ones(len(grid), dtype=np.bool_)
    is_first[1:] = (grid[1:] != grid[:-1]) | (rank[1:] != rank[:-1])
    unit = np.cumsum(is_first) - 1
    rows = pd.DataFrame({"unit": unit, "cell_id": ids, "households": households})
    rows["cell_id"] = rows["cell_id"].astype(cells.index.dtype)
    sums = np.bincount(unit, weights=households, minlength=0).astype(np.int64)
    units = pd.DataFrame({"grid": grid[is_first], "households": sums}, index=pd.RangeIndex(len(sums), name="unit"))
    return units, rows[COLUMNS]


def ranks_of_rows(town: Clusters, rows: Rows) -> Ints:
    """Return the rank of each row's unit inside its grid, in reading order of the units' middles."""
    _, at = np.unique(rows.unit, return_inverse=True)
    if len(at) == 0:
        return at
    graph, count = town.ground.graph, np.bincount(at)
    grid_of = np.zeros(len(count), dtype=np.int64)
    grid_of[at] = town.grid[rows.cell]
    middle = [np.bincount(at, weights=axis[rows.cell]) / count for axis in (graph.x, graph.y)]
    return ranks_within(grid_of, middle[0], middle[1])[at]
