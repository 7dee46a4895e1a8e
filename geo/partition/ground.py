"""Ground: one community's cells and borders as arrays, checked at the door.

Cells are sorted by id, so the order of rows never matters; every community is measured in the metre
zone of its own bounds, so its plan never depends on which other communities come along.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.crs import metre_transformer, metric_crs
from geo.errors import InputError
from geo.frames import POLYGONS, require, require_geometry
from geo.partition.graph import Edges, Flags, Floats, Graph, Ints, Nodes, graph_from_edges
from geo.partition.limits import Weights

CELL_COLUMNS = ("area_code", "kind", "households", "people", "geometry")
BORDER_COLUMNS = ("cell_a", "cell_b", "length_m", "kind", "is_walkable")

# What a metre of plan border costs along each kind of line: people know a river or a road as the end
# of their grid, and no line at all as nothing.
KIND_COST = {"water": 0.025, "rail": 0.04, "wall": 0.05, "road": 0.075, "passage": 1.0, "none": 1.0}
SAME_COMPOUND_COST, SAME_BUILDING_COST = 3.0, 3.0


class BadHouseholdsError(InputError):
    """Households or people of a cell are missing, negative, not whole, or stand on water."""

    zh = "单元格的 {column} 不可用（{reason_zh}），编号：{ids}。请修正后再试。"
    en = "Cells have {column} that cannot be used ({reason}), ids: {ids}. Mend them and try again."


class UnknownCellError(InputError):
    """A border names a cell that does not exist."""

    zh = "边界引用了不存在的单元格：{ids}。请用同一批单元格重新生成边界。"
    en = "Borders name cells that do not exist: {ids}. Make the borders from the same cells."


@dataclass(frozen=True, eq=False)
class Ground:
    """One community: its cells in order of id, and the graph of their borders (mass = households).

    Compound, household unit and old grid of a cell are numbers, -1 where there is none.
    """

    area_code: str
    cell_ids: pd.Index
    use: npt.NDArray[np.object_]
    compound: Ints
    unit: Ints
    old: Ints
    is_locked: Flags
    is_water: Flags
    graph: Graph

    @property
    def households(self) -> Ints:
        """Households of each cell."""
        return self.graph.mass

    @property
    def people(self) -> Ints:
        """People of each cell."""
        return self.graph.people


def grounds_of(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    *,
    weights: Weights | None = None,
    before: pd.Series | None = None,
    locked: Collection[object] = (),
) -> Iterator[Ground]:
    """Yield the ground of each community, by area code.

    Parameters
    ----------
    cells, borders
        Frames as in docs/architecture.md; `use`, `building_id`, `compound_id` and `unit_id` may be absent.
        Borders between two communities are left out.
    weights
        How much lines and compounds weigh in what a border costs.
    before
        Old grid by ``cell_id``, null for none; cells it does not name have none.
    locked
        Old grids that stay as they are.

    Raises
    ------
    InputError
        Columns, CRS, geometries, households or the cells that borders name are not right.
    """
    check_cells(cells)
    require(borders.reset_index(drop=True), "borders", columns=BORDER_COLUMNS)
    cells = cells.sort_index()
    places = places_of(cells.index, borders)
    codes, area_of = np.unique(cells["area_code"].to_numpy().astype(str), return_inverse=True)
    members, starts = grouped(area_of, len(codes))
    inside = np.flatnonzero(area_of[places[:, 0]] == area_of[places[:, 1]])
    rows, row_starts = grouped(area_of[places[inside, 0]], len(codes))
    shapes = metric_nodes(cells.geometry.to_numpy(), area_of, len(codes))
    known = known_of(cells, before, locked)
    edges = edges_between(known, borders, places, weights or Weights())
    local = np.empty(len(cells), dtype=np.int64)
    local[members] = np.arange(len(cells)) - np.repeat(starts[:-1], np.diff(starts))
    for number, code in enumerate(codes):
        own = members[starts[number] : starts[number + 1]]
        lines = inside[rows[row_starts[number] : row_starts[number + 1]]]
        among = Edges(*local[places[lines]].T, *(column[lines] for column in edges[2:]))
        yield ground_of(str(code), cells.index[own], known.of(own), among, shapes[own])


class Known(NamedTuple):
    """What is known of each cell, as arrays; compound, building, unit and old grid as numbers, -1 for none."""

    households: Ints
    people: Ints
    is_water: Flags
    use: npt.NDArray[np.object_]
    compound: Ints
    building: Ints
    unit: Ints
    old: Ints
    is_locked: Flags

    def of(self, own: Ints) -> "Known":
        """Return the same of some cells."""
        columns: list[Any] = [column[own] for column in self]
        return Known(*columns)


def known_of(cells: gpd.GeoDataFrame, before: pd.Series | None, locked: Collection[object]) -> Known:
    """Return what is known of all cells; converted once, for frames of single communities are dear."""
    old = None if before is None else before[~before.index.duplicated()].reindex(cells.index)
    return Known(
        cells["households"].to_numpy(dtype=np.int64),
        cells["people"].to_numpy(dtype=np.int64),
        (cells["kind"] == "water").to_numpy(dtype=np.bool_),
        cells["use"].to_numpy(dtype=object) if "use" in cells else np.full(len(cells), None, dtype=object),
        numbered(cells, "compound_id"),
        numbered(cells, "building_id"),
        numbered(cells, "unit_id"),
        np.full(len(cells), -1) if old is None else pd.factorize(old)[0].astype(np.int64),
        np.zeros(len(cells), np.bool_) if old is None else old.isin(list(locked)).to_numpy(np.bool_),
    )


def edges_between(known: Known, borders: pd.DataFrame, places: Ints, weights: Weights) -> Edges:
    """Return all borders as edges, and what they cost."""
    a, b = places[:, 0], places[:, 1]
    foot = borders["is_walkable"].to_numpy(dtype=np.bool_) & ~known.is_water[a] & ~known.is_water[b]
    length = borders["length_m"].to_numpy(dtype=np.float64)
    factor = borders["kind"].map(KIND_COST).fillna(1.0).to_numpy(dtype=np.float64) ** weights.lines
    same_compound = (known.compound[a] == known.compound[b]) & (known.compound[a] >= 0)
    same_building = (known.building[a] == known.building[b]) & (known.building[a] >= 0)
    factor *= np.where(same_compound, SAME_COMPOUND_COST**weights.compounds, 1.0)
    factor *= np.where(same_building, SAME_BUILDING_COST, 1.0)
    return Edges(a, b, foot, length * factor, length)


def places_of(ids: pd.Index, borders: pd.DataFrame) -> Ints:
    """Return the positions of the two cells of each border, or raise where one is unknown."""
    places = np.column_stack([ids.get_indexer(pd.Index(borders[end])) for end in ("cell_a", "cell_b")]).astype(np.int64)
    if (places < 0).any():
        lost = np.concatenate([borders[end].to_numpy()[places[:, i] < 0] for i, end in enumerate(("cell_a", "cell_b"))])
        raise UnknownCellError(ids=some(lost))
    return places


def grouped(number: Ints, count: int) -> tuple[Ints, Ints]:
    """Return positions sorted by number 0..count-1, and where each number begins."""
    order = np.argsort(number, kind="stable")
    return order, np.searchsorted(number[order], np.arange(count + 1))


def metric_nodes(shapes: npt.NDArray[np.object_], area_of: Ints, count: int) -> Floats:
    """Return the middle (x, y) and ground (m2) of each cell in the metre zone of its community, ``(n, 3)``."""
    bounds = shapely.bounds(shapes)
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, area_of, bounds[:, :2])
    np.maximum.at(high, area_of, bounds[:, 2:])
    zones = np.array([metric_crs(*middle).to_epsg() for middle in (low + high) / 2])
    result = np.empty((len(shapes), 3))
    for zone in np.unique(zones):
        own = np.flatnonzero((zones == zone)[area_of])
        there: Callable[..., Any] = metre_transformer(int(zone)).transform
        flat = shapely.transform(shapes[own], there, interleaved=False)
        middles = shapely.centroid(flat)
        area = np.maximum(shapely.area(flat), 1e-3)
        result[own] = np.column_stack([shapely.get_x(middles), shapely.get_y(middles), area])
    return result


def check_cells(cells: gpd.GeoDataFrame) -> None:
    """Raise an InputError that names what cannot be divided, and where."""
    require(cells, "cells", columns=CELL_COLUMNS, empty=False)
    require_geometry(cells, "cells", kinds=POLYGONS)
    for column in ("households", "people"):
        values = pd.to_numeric(cells[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        water = (cells["kind"] == "water").to_numpy() & (column == "households")
        for bad, reason, reason_zh in (
            (~np.isfinite(values), "missing", "缺失"),
            (values < 0, "negative", "为负数"),
            (np.isfinite(values) & (values != np.floor(values)), "not whole numbers", "不是整数"),
            (water & (values > 0), "on water", "位于水面"),
        ):
            if bad.any():
                raise BadHouseholdsError(
                    column=column, reason=reason, reason_zh=reason_zh, ids=some(cells.index.to_numpy()[bad])
                )
    if cells["area_code"].isna().any():
        raise BadHouseholdsError(
            column="area_code", reason="missing", reason_zh="缺失", ids=some(cells.index[cells["area_code"].isna()])
        )


def ground_of(area_code: str, cell_ids: pd.Index, known: Known, edges: Edges, shapes: Floats) -> Ground:
    """Return one community's ground; `shapes` holds middle and ground of each cell."""
    x, y, area = shapes.T.copy()
    return Ground(
        area_code=area_code,
        cell_ids=cell_ids,
        use=known.use,
        compound=from_zero(known.compound),
        unit=from_zero(known.unit),
        old=from_zero(known.old),
        is_locked=known.is_locked,
        is_water=known.is_water,
        graph=graph_from_edges(edges, Nodes(known.households, x, y, area, known.people)),
    )


def from_zero(numbers: Ints) -> Ints:
    """Return the same numbers in the same order without gaps, 0, 1, ...; -1 stays."""
    now, some = numbers.copy(), numbers >= 0
    now[some] = np.unique(numbers[some], return_inverse=True)[1]
    return now


def numbered(cells: pd.DataFrame, column: str) -> Ints:
    """Return 0, 1, ... for the values of a column in sorted order, -1 where it is null or absent."""
    if column not in cells:
        return np.full(len(cells), -1, dtype=np.int64)
    return pd.factorize(cells[column], sort=True)[0].astype(np.int64)


def some(ids: npt.NDArray[np.object_] | pd.Index) -> str:
    """Return up to five ids as text."""
    return ", ".join(map(str, ids[:5])) + (" ..." if len(ids) > 5 else "")
