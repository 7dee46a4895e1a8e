"""Ground: one community's cells and borders as arrays, checked at the door.

Cells are sorted by id, so the order of rows never matters; every community is measured in the metre
zone of its own bounds, so its plan never depends on which other communities come along.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.crs import to_metric
from geo.errors import InputError
from geo.frames import POLYGONS, require, require_geometry
from geo.partition.graph import Edges, Flags, Graph, Ints, Nodes, graph_from_edges

CELL_COLUMNS = ("area_code", "kind", "households", "people", "geometry")
BORDER_COLUMNS = ("cell_a", "cell_b", "length_m", "kind", "is_walkable")

# What a metre of plan border costs along each kind of line: people know a river or a road as the end
# of their grid, and no line at all as nothing.
KIND_COST = {"water": 0.1, "rail": 0.15, "wall": 0.2, "road": 0.3, "passage": 1.0, "none": 1.0}
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
    """One community: its cells in order of id, and the graph of their borders (mass = households)."""

    area_code: str
    cell_ids: pd.Index
    people: Ints
    use: npt.NDArray[np.object_]
    compound: Ints
    is_water: Flags
    graph: Graph

    @property
    def households(self) -> Ints:
        """Households of each cell."""
        return self.graph.mass


def grounds_of(cells: gpd.GeoDataFrame, borders: pd.DataFrame) -> Iterator[Ground]:
    """Yield the ground of each community, by area code.

    Parameters
    ----------
    cells, borders
        Frames as in docs/architecture.md; `use`, `building_id` and `compound_id` may be absent.
        Borders between two communities are left out.

    Raises
    ------
    InputError
        Columns, CRS, geometries, households or the cells that borders name are not right.
    """
    check_cells(cells)
    require(borders.reset_index(drop=True), "borders", columns=BORDER_COLUMNS)
    cells = cells.sort_index()
    places = np.column_stack([cells.index.get_indexer(borders[end]) for end in ("cell_a", "cell_b")])
    if (places < 0).any():
        lost = np.concatenate([borders[end].to_numpy()[places[:, i] < 0] for i, end in enumerate(("cell_a", "cell_b"))])
        raise UnknownCellError(ids=some(lost))
    codes, area_of = np.unique(cells["area_code"].to_numpy().astype(str), return_inverse=True)
    for number, code in enumerate(codes):
        members = np.flatnonzero(area_of == number)
        inside = (area_of[places] == number).all(axis=1)
        yield ground_of(str(code), cells.iloc[members], borders[inside], np.searchsorted(members, places[inside]))


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


def ground_of(area_code: str, cells: gpd.GeoDataFrame, borders: pd.DataFrame, place: Ints) -> Ground:
    """Return one community's ground; `place` holds the two cell positions of each border."""
    shapes = to_metric(cells.geometry).to_numpy()
    middles = shapely.centroid(shapes)
    households = cells["households"].to_numpy(dtype=np.int64)
    nodes = Nodes(households, shapely.get_x(middles), shapely.get_y(middles), np.maximum(shapely.area(shapes), 1e-3))
    is_water = (cells["kind"] == "water").to_numpy(dtype=np.bool_)
    compound, building = numbered(cells, "compound_id"), numbered(cells, "building_id")
    a, b = place[:, 0].astype(np.int64), place[:, 1].astype(np.int64)
    foot = borders["is_walkable"].to_numpy(dtype=np.bool_) & ~is_water[a] & ~is_water[b]
    length = borders["length_m"].to_numpy(dtype=np.float64)
    factor = borders["kind"].map(KIND_COST).fillna(1.0).to_numpy(dtype=np.float64)
    factor = factor * np.where((compound[a] == compound[b]) & (compound[a] >= 0), SAME_COMPOUND_COST, 1.0)
    factor = factor * np.where((building[a] == building[b]) & (building[a] >= 0), SAME_BUILDING_COST, 1.0)
    use = cells["use"].to_numpy(dtype=object) if "use" in cells else np.full(len(cells), None, dtype=object)
    return Ground(
        area_code=area_code,
        cell_ids=cells.index,
        people=cells["people"].to_numpy(dtype=np.int64),
        use=use,
        compound=compound,
        is_water=is_water,
        graph=graph_from_edges(Edges(a, b, foot, length * factor, length), nodes),
    )


def numbered(cells: pd.DataFrame, column: str) -> Ints:
    """Return 0, 1, ... for the values of a column in sorted order, -1 where it is null or absent."""
    if column not in cells:
        return np.full(len(cells), -1, dtype=np.int64)
    return pd.factorize(cells[column], sort=True)[0].astype(np.int64)


def some(ids: npt.NDArray[np.object_] | pd.Index) -> str:
    """Return up to five ids as text."""
    return ", ".join(map(str, ids[:5])) + (" ..." if len(ids) > 5 else "")
