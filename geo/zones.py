"""Zones: a second partition inside each grid, about equal households, for those who answer for it.

Every cell of a grid is in exactly one of its zones; a zone is in one piece on foot wherever its grid
is. Made by the engine of `geo.partition`, in the metre zone of each community.
"""

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import InputError
from geo.naming import reading_order
from geo.partition.attachment import attached
from geo.partition.bands import BadNumberError
from geo.partition.graph import Graph, Ints, pieces_on_foot, subgraph
from geo.partition.ground import Ground, grounds_of, some
from geo.partition.solver import divide_into
from geo.rng import generator


class CellWithoutGridError(InputError):
    """A plan leaves cells without a grid."""

    zh = "方案中有单元格没有网格：{ids}。请先补全方案。"
    en = "The plan leaves cells without a grid: {ids}. Complete the plan first."


def zones_in_grids(
    cells: gpd.GeoDataFrame, borders: pd.DataFrame, assignment: pd.Series, *, count: int = 4, seed: int = 0
) -> tuple[pd.Series, pd.DataFrame]:
    """Divide every grid into zones.

    Parameters
    ----------
    cells, borders, assignment
        As `geo.partition.propose_grids` takes and gives them; every cell has a grid.
    count
        Zones a grid; fewer where it has fewer cells on land, more only where its peopled ground is in
        more pieces than that.
    seed
        Same plan and seed: same zones. A grid's zones do not depend on the other grids.

    Returns
    -------
    Series, DataFrame
        ``zone`` by ``cell_id``, in the order of the cells; and by ``zone``: grid, households, people.
        Zones are numbered 0.. by grid, inside a grid in reading order.

    Raises
    ------
    InputError
        Frames or `count` cannot be used, or a cell has no grid.
    """
    if count < 1:
        raise BadNumberError(name="count", value=count)
    grids = grids_of(cells, assignment)
    parts = []
    for ground in grounds_of(cells, borders):
        labels = grids.loc[ground.cell_ids].to_numpy(dtype=np.int64)
        order = np.argsort(labels, kind="stable")
        for members in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
            parts.append(zones_of(ground, members, int(labels[members[0]]), count=count, seed=seed))
    rows = pd.concat(parts).sort_values(["grid", "part"], kind="stable")
    rows["zone"] = rows.groupby(["grid", "part"], sort=True).ngroup()
    zones = rows.groupby("zone").agg(grid=("grid", "first"), households=("households", "sum"), people=("people", "sum"))
    return rows["zone"].reindex(cells.index).astype("int64"), zones


def grids_of(cells: gpd.GeoDataFrame, assignment: pd.Series) -> pd.Series:
    """Return the grid of each cell, or raise where one has none."""
    grids = assignment[~assignment.index.duplicated()].reindex(cells.index)
    if grids.isna().any():
        raise CellWithoutGridError(ids=some(grids.index[grids.isna()]))
    return grids.astype("int64")


def zones_of(ground: Ground, members: Ints, grid: int, *, count: int, seed: int) -> pd.DataFrame:
    """Return one grid's cells with grid, part (0.. in reading order), households and people."""
    graph, is_water = subgraph(ground.graph, members), ground.is_water[members]
    rng = generator(seed, "zones", str(ground.cell_ids[members[0]]))
    pieces = pieces_on_foot(graph, ~is_water)
    units = pieces.copy()
    units[is_water] = pieces.max() + 1 + np.arange(is_water.sum())
    labels = attached(graph, divided_pieces(graph, pieces, count, rng=rng), units)
    area = np.bincount(labels, weights=graph.area)
    middle_x = np.bincount(labels, weights=graph.area * graph.x) / area
    middle_y = np.bincount(labels, weights=graph.area * graph.y) / area
    part = np.argsort(reading_order(middle_x, middle_y))[labels]
    columns = {"grid": grid, "part": part, "households": graph.mass, "people": ground.people[members]}
    return pd.DataFrame(columns, index=ground.cell_ids[members])


def divided_pieces(graph: Graph, pieces: Ints, count: int, *, rng: np.random.Generator) -> Ints:
    """Return the zone of each cell of the peopled pieces (of the largest one if none is), -1 elsewhere."""
    labels = np.full(graph.size, -1, dtype=np.int64)
    if not (pieces >= 0).any():
        return np.zeros(graph.size, dtype=np.int64)
    land = pieces >= 0
    masses = np.bincount(pieces[land], weights=graph.mass[land])
    weights = masses if masses.any() else np.bincount(pieces[land], weights=graph.area[land])
    chosen = np.flatnonzero(masses) if masses.any() else np.array([np.argmax(weights)])
    sizes = np.bincount(pieces[land])[chosen]
    for piece, zones in zip(chosen, shares(weights[chosen], sizes, count), strict=True):
        inside = np.flatnonzero(pieces == piece)
        labels[inside] = labels.max() + 1 + divide_into(subgraph(graph, inside), int(zones), rng=rng)
    return labels


def shares(weights: np.ndarray, sizes: Ints, count: int) -> Ints:
    """Return how many zones each piece gets: one each, the rest where a zone would be heaviest."""
    given = np.ones(len(weights), dtype=np.int64)
    while given.sum() < count and (given < sizes).any():
        given[np.argmax(np.where(given < sizes, weights / given, -1.0))] += 1
    return given
