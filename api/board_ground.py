"""Board ground: what lies in and around one grid, in metres of its own zone; which building its minutes count from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
import shapely.affinity
from sqlalchemy import Connection

from api.actions.package_plan import MAJOR, PATHS
from data.stores import boards as board_store
from geo.crs import metric_crs, to_degrees, to_metric
from geo.frames import WGS84
from maps.board_map import POSTER, BoardGround, Footprint, Mark, Named, Street, window_of

HOMES = ("residential", "mixed")
BESIDE = 1.02  # of the window that is read: an outline must not end inside it


@dataclass(frozen=True, eq=False)
class BoardPlace:
    """A grid and what is around it, in metres.

    Attributes
    ----------
    layers
        Rows of `data.stores.boards.read_board_ground`, in `crs`.
    is_own
        Of each row, whether it is a building of the grid: some point in its middle lies there.
    """

    code: str
    grid: shapely.Geometry
    crs: pyproj.CRS
    layers: gpd.GeoDataFrame
    is_own: pd.Series

    @classmethod
    def read(cls, conn: Connection, code: str, shape: shapely.Geometry, *, on: date) -> "BoardPlace":
        """Read what a poster of a grid shows; `shape` is its polygon, EPSG:4326."""
        centre = shapely.centroid(shape)
        crs = metric_crs(centre.x, centre.y)
        grid = to_metric(gpd.GeoSeries([shape], crs=WGS84), crs).iloc[0]
        window = shapely.affinity.scale(window_of(grid, POSTER), BESIDE, BESIDE)
        around = to_degrees(gpd.GeoSeries([window], crs=crs)).iloc[0]
        layers = to_metric(board_store.read_board_ground(conn, around, on=on), crs)
        middles = shapely.point_on_surface(layers.geometry.to_numpy())
        inside = shapely.covers(grid, middles) & (layers["layer"] == "building").to_numpy()
        return cls(code, grid, crs, layers, pd.Series(inside, index=layers.index, dtype=bool))

    @property
    def buildings(self) -> pd.DataFrame:
        """The grid's own buildings: index building_id; name (or None), look (their use), x, y (of their middle)."""
        own = self.layers[self.is_own]
        middles = shapely.get_coordinates(shapely.point_on_surface(own.geometry.to_numpy()))
        rows = pd.DataFrame({"name": own["name"], "look": own["look"], "x": middles[:, 0], "y": middles[:, 1]})
        return rows.set_index(own["id"].astype("int64").rename("building_id")).sort_index()

    def median_building(self) -> int | None:
        """Return the building nearest to the median of all homes' middles, or of all buildings' where there is no home.

        Ties go to the lower number; None where no building stands in the grid.
        """
        rows = self.buildings
        homes = rows[rows["look"].isin(HOMES)]
        rows = rows if homes.empty else homes
        if rows.empty:
            return None
        east, north = (rows[side].to_numpy() - float(rows[side].median()) for side in ("x", "y"))
        return int(rows.index[int(np.hypot(east, north).argmin())])


def ground_of(place: BoardPlace, marks: Sequence[Mark]) -> BoardGround:
    """Return what the board's map is drawn from."""
    parts = {str(layer): rows for layer, rows in place.layers.groupby("layer")}
    buildings = place.layers["layer"] == "building"
    water = _shapes(parts, "water")
    is_sheet = [bool(shapely.get_dimensions(one) == 2) for one in water]
    return BoardGround(
        grid=place.grid,
        neighbours=[one for one, code in zip(_named(parts, "grid"), _ids(parts, "grid"), strict=True)
                    if code != place.code],
        buildings=[
            Footprint(shape, _called(name), bool(is_own))
            for shape, name, is_own in zip(
                place.layers.geometry[buildings], place.layers["name"][buildings], place.is_own[buildings], strict=True
            )
        ],
        compounds=_named(parts, "compound"), streets=_streets(parts),
        water=[one for one, sheet in zip(water, is_sheet, strict=True) if sheet],
        streams=[one for one, sheet in zip(water, is_sheet, strict=True) if not sheet],
        greens=_shapes(parts, "green"), rails=_shapes(parts, "rail"), marks=marks,
    )  # fmt: skip


def _shapes(parts: dict[str, gpd.GeoDataFrame], layer: str) -> list[shapely.Geometry]:
    return list(parts[layer].geometry) if layer in parts else []


def _ids(parts: dict[str, gpd.GeoDataFrame], layer: str) -> list[str]:
    return [str(one) for one in parts[layer]["id"]] if layer in parts else []


def _named(parts: dict[str, gpd.GeoDataFrame], layer: str) -> list[Named]:
    if layer not in parts:
        return []
    return [(shape, _called(name)) for shape, name in zip(parts[layer].geometry, parts[layer]["name"], strict=True)]


def _streets(parts: dict[str, gpd.GeoDataFrame]) -> list[Street]:
    if "street" not in parts:
        return []
    rows = parts["street"]
    looks = np.select([rows["look"].isin(MAJOR), rows["look"].isin(PATHS)], ["major", "path"], "minor")
    return [
        Street(shape, str(look), _called(name))
        for shape, look, name in zip(rows.geometry, looks, rows["name"], strict=True)
    ]


def _called(name: Any) -> str:
    return name if isinstance(name, str) else ""
