"""Zones: a second partition inside each grid, about equal households, for those who answer for it.

Every cell of a grid is in exactly one of its zones; a zone is in one piece on foot wherever its grid
is. Made by the engine of `geo.partition`, all grids of a community in one call, in its metre zone; borders
along roads, water and walls cost little there, so zones end at streets where they can.
"""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geo.errors import InputError
from geo.naming import reading_order
from geo.partition.attachment import longest_borders
from geo.partition.bands import BadNumberError
from geo.partition.equal import equal_parts, shared_out
from geo.partition.graph import Floats, Graph, Ints, pieces_on_foot, tails_of
from geo.partition.ground import Ground, grounds_of, some
from geo.rng import generator


class CellWithoutGridError(InputError):
    """A plan leaves cells without a grid."""

    zh = "方案中有单元格没有网格：{ids}。请先补全方案。"
    en = "The plan leaves cells without a grid: {ids}. Complete the plan first."


class TooFewZonesError(InputError):
    """Fewer zones are asked for in all than there are grids."""

    zh = "共 {total} 个责任区不够分给 {grids} 个网格：每个网格至少一个。请给出至少 {grids}。"
    en = "{total} zones in all are too few for {grids} grids, each of which has at least one. Give at least {grids}."


class Divided(NamedTuple):
    """One community before its division: grid (0.. of `names`) of each cell, and the pieces its zones are made of.

    `pieces` are the peopled pieces on foot of each grid (its largest land, where nobody lives there), -1 elsewhere;
    of each piece its grid, weight (households, or ground in m2 where the grid has none) and number of cells.
    """

    ground: Ground
    names: Ints
    grid: Ints
    pieces: Ints
    grid_of: Ints
    weights: Floats
    sizes: Ints


def zones_in_grids(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    assignment: pd.Series,
    *,
    count: int = 4,
    total: int | None = None,
    seed: int = 0,
) -> tuple[pd.Series, pd.DataFrame]:
    """Divide every grid into zones.

    Parameters
    ----------
    cells, borders, assignment
        As `geo.partition.propose_grids` takes and gives them; every cell has a grid.
    count
        Zones a grid; fewer where it has fewer cells on land, more only where its peopled ground is in
        more pieces than that.
    total
        Zones in all, instead of `count`: shared out over the grids by households, at least one each; more or
        fewer come out only where a grid makes more or fewer than its share, as above.
    seed
        Same plan and seed: same zones. With `count`, a grid's zones do not depend on the other grids.

    Returns
    -------
    Series, DataFrame
        ``zone`` by ``cell_id``, in the order of the cells; and by ``zone``: grid, households, people.
        Zones are numbered 0.. by grid, inside a grid in reading order.

    Raises
    ------
    InputError
        Frames or numbers cannot be used, `total` is below the number of grids, or a cell has no grid.
    """
    for name, value in (("count", count), ("total", total)):
        if value is not None and value < 1:
            raise BadNumberError(name=name, value=value)
    grids = grids_of(cells, assignment)
    towns = [ground_in_grids(ground, grids) for ground in grounds_of(cells, borders)]
    labels, ranks = [], []
    for town, asked in zip(towns, zones_asked(towns, count, total), strict=True):
        part = parts_of(town, asked, rng=generator(seed, "zones"))
        ranks.append(ranks_in_grids(town.ground, part, town.grid)[part])
        labels.append(town.names[town.grid])
    ids = np.concatenate([town.ground.cell_ids for town in towns])
    key = np.column_stack([np.concatenate(labels), np.concatenate(ranks)])
    return zone_frames(cells, pd.Index(ids), key)


def zone_frames(cells: gpd.GeoDataFrame, ids: pd.Index, key: Ints) -> tuple[pd.Series, pd.DataFrame]:
    """Return zones numbered by grid and rank (the two columns of `key`, a row an id), and what each holds."""
    of_cell = key[ids.get_indexer(cells.index)]
    width = int(of_cell[:, 1].max()) + 1
    base = int(of_cell[:, 0].min())
    found, zone = np.unique((of_cell[:, 0] - base) * width + of_cell[:, 1], return_inverse=True)
    sums = {
        name: np.bincount(zone, weights=cells[name].to_numpy(np.float64)).astype(np.int64)
        for name in ("households", "people")
    }
    zones = pd.DataFrame({"grid": found // width + base, **sums}, index=pd.RangeIndex(len(found), name="zone"))
    return pd.Series(zone.astype(np.int64), index=cells.index, name="zone"), zones


def grids_of(cells: gpd.GeoDataFrame, assignment: pd.Series) -> pd.Series:
    """Return the grid of each cell, or raise where one has none."""
    grids = assignment[~assignment.index.duplicated()].reindex(cells.index)
    if grids.isna().any():
        raise CellWithoutGridError(ids=some(grids.index[grids.isna()]))
    return grids.astype("int64")


def ground_in_grids(ground: Ground, grids: pd.Series) -> Divided:
    """Return a community's grids and the pieces in which they can be divided."""
    held = grids.to_numpy()[grids.index.get_indexer(ground.cell_ids)]
    names, grid = np.unique(held, return_inverse=True)
    pieces = pieces_on_foot(ground.graph, ~ground.is_water, within=grid)
    land = pieces >= 0
    count = int(pieces.max(initial=-1)) + 1
    grid_of, sizes = np.zeros(count, dtype=np.int64), np.bincount(pieces[land], minlength=count)
    grid_of[pieces[land]] = grid[land]
    mass = np.bincount(pieces[land], weights=ground.households[land], minlength=count)
    area = np.bincount(pieces[land], weights=ground.graph.area[land], minlength=count)
    is_empty = np.bincount(grid_of, weights=mass, minlength=len(names)) == 0
    largest = np.full(len(names), -1, dtype=np.int64)
    order = np.argsort(area, kind="stable")
    largest[grid_of[order]] = order
    chosen = np.where(is_empty[grid_of], largest[grid_of] == np.arange(count), mass > 0)
    number = np.append(np.where(chosen, np.cumsum(chosen) - 1, -1), -1)
    weights = np.where(is_empty[grid_of], area, mass)
    return Divided(ground, names, grid, number[pieces], grid_of[chosen], weights[chosen], sizes[chosen])


def zones_asked(towns: list[Divided], count: int, total: int | None) -> list[Ints]:
    """Return how many zones each grid of each community should make."""
    if total is None:
        return [np.full(len(town.names), count, dtype=np.int64) for town in towns]
    held = [np.bincount(town.grid, weights=town.ground.households, minlength=len(town.names)) for town in towns]
    most = [np.maximum(1, np.bincount(t.grid_of, weights=t.sizes, minlength=len(t.names))).astype(int) for t in towns]
    grids = sum(map(len, held))
    if total < grids:
        raise TooFewZonesError(total=total, grids=grids)
    given = shared_out(np.concatenate(held), np.concatenate(most), total)
    return np.split(given, np.cumsum([len(part) for part in held])[:-1])


def parts_of(town: Divided, asked: Ints, *, rng: np.random.Generator) -> Ints:
    """Return the part (0.., inside one grid each) of every cell of a community."""
    graph = graph_inside(town.ground.graph, town.grid)
    parts = equal_parts(graph, town.pieces, counts_of_pieces(town, asked), rng=rng)
    dry = np.ones(len(town.names), dtype=np.bool_)
    dry[town.grid_of] = False
    # A grid without any land is one zone.
    alone = dry[town.grid]
    parts[alone] = parts.max(initial=-1) + 1 + town.grid[alone]
    parts = np.unique(parts, return_inverse=True)[1] - int((parts < 0).any())
    units = pieces_on_foot(graph, ~town.ground.is_water)
    water = np.flatnonzero(town.ground.is_water)
    units[water] = units.max(initial=-1) + 1 + np.arange(len(water))
    return attached_inside(graph, town.grid, parts, units)


def counts_of_pieces(town: Divided, asked: Ints) -> Ints:
    """Return how many zones each piece makes: a grid's are shared out over its pieces, at least one each."""
    counts = np.minimum(asked[town.grid_of], town.sizes)
    pieces = np.bincount(town.grid_of, minlength=len(town.names))
    for grid in np.flatnonzero(pieces > 1):
        own = np.flatnonzero(town.grid_of == grid)
        counts[own] = shared_out(town.weights[own], town.sizes[own], int(asked[grid]))
    return counts


def graph_inside(graph: Graph, grid: Ints) -> Graph:
    """Return the graph without borders between two grids."""
    tails = tails_of(graph)
    own = grid[tails] == grid[graph.idx]
    ptr = np.concatenate([[0], np.cumsum(np.bincount(tails[own], minlength=graph.size))]).astype(np.int64)
    return graph._replace(
        ptr=ptr, idx=graph.idx[own], foot=graph.foot[own], cost=graph.cost[own], length=graph.length[own]
    )


def attached_inside(graph: Graph, grid: Ints, parts: Ints, units: Ints) -> Ints:
    """Give water and unpeopled ground (`units` that join as one) to the part of its grid along its longest border.

    What touches no part of its grid joins the one with the nearest cell.
    """
    now = parts.copy()
    choice = np.full(int(units.max(initial=-1)) + 1, -1, dtype=np.int64)
    while (now < 0).any():
        chosen = longest_borders(graph, now, units) or nearest_inside(graph, grid, now, units)
        choice[:] = -1
        choice[list(chosen)] = list(chosen.values())
        loose = now < 0
        now[loose] = choice[units[loose]]
    return now


def nearest_inside(graph: Graph, grid: Ints, parts: Ints, units: Ints) -> dict[int, int]:
    """Return for the first loose unit of each grid the part of that grid whose cell is nearest."""
    places, found = np.column_stack([graph.x, graph.y]), {}
    loose = np.flatnonzero(parts < 0)
    for first in loose[np.unique(grid[loose], return_index=True)[1]]:
        own = (units == units[first]) & (parts < 0)
        held = np.flatnonzero((grid == grid[first]) & (parts >= 0))
        away, nearest = cKDTree(places[held]).query(places[own])
        found[int(units[first])] = int(parts[held[nearest[np.argmin(away)]]])
    return found


def ranks_in_grids(ground: Ground, parts: Ints, grid: Ints) -> Ints:
    """Return the rank of each part inside its grid, in reading order of the parts' middles."""
    graph = ground.graph
    area = np.bincount(parts, weights=graph.area)
    x = np.bincount(parts, weights=graph.area * graph.x) / area
    y = np.bincount(parts, weights=graph.area * graph.y) / area
    grid_of = np.zeros(len(area), dtype=np.int64)
    grid_of[parts] = grid
    return ranks_within(grid_of, x, y)


def ranks_within(group: Ints, x: Floats, y: Floats) -> Ints:
    """Return the rank of each point in the reading order of its group."""
    order = np.argsort(group, kind="stable")
    rank = np.empty(len(group), dtype=np.int64)
    for own in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        rank[own[reading_order(x[own], y[own])]] = np.arange(len(own))
    return rank
