"""Place ground: the small map of an answer, its ground drawn once a grid and kept while the plan holds."""

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from markupsafe import Markup
from sqlalchemy import Engine

from api.board_ground import BoardPlace, ground_of
from api.deps import Services
from data.postgis.engine import reading
from data.stores import boards as board_store
from geo.crs import metric_crs, to_degrees, to_metric
from geo.frames import WGS84
from maps.board_map import window_of
from maps.pages.lookup import Answer
from maps.place_map import LOOK, PlaceGround, place_map

KEPT_S = 600.0
TITLES = {
    "zh": ("地图：您查询的位置在{names}内。", "地图：您查询的位置和附近的网格：{names}。"),
    "en": ("Map: the place you asked for lies in {names}.", "Map: the place you asked for, and the grids: {names}."),
}


@dataclass(frozen=True, eq=False)
class Drawn:
    """The ground of some grids, and the metre zone it was drawn in."""

    ground: PlaceGround
    crs: pyproj.CRS

    def pinned(self, place: tuple[float, float], accuracy_m: float, title: str) -> Markup:
        """Return the map with a place on it: lon, lat, EPSG:4326."""
        at = to_metric(gpd.GeoSeries([shapely.Point(place)], crs=WGS84), self.crs).iloc[0]
        return place_map(self.ground, self.ground.pin(at.x, at.y, accuracy_m), title)


def map_of(
    services: Services, answer: Answer, place: tuple[float, float], *, on: date, language: str, chosen: str = "",
    accuracy_m: float = 0.0,
) -> Markup | None:  # fmt: skip
    """Return the small map of an answer, of the chosen grid alone where one was; None where it names no grid.

    Parameters
    ----------
    place
        lon, lat in EPSG:4326.
    """
    snapshot = services.published.on(on)
    known = set(snapshot.grids["grid_code"])  # a plan may have been published since the answer was found
    names = {grid.grid_code: grid.name for grid in answer.shown if grid.grid_code in known}
    names = {chosen: names[chosen]} if chosen in names else names
    if not names:
        return None
    key = (snapshot.key, *sorted(names))

    def draw() -> Drawn:
        return _draw(services.public, snapshot.grids, tuple(sorted(names)), on)

    drawn: Drawn = services.places.get(key, draw, every_s=KEPT_S)
    joined = ("、" if language == "zh" else ", ").join(names.values())
    return drawn.pinned(place, accuracy_m, TITLES[language][len(names) > 1].format(names=joined))


def _draw(engine: Engine, grids: gpd.GeoDataFrame, codes: tuple[str, ...], on: date) -> Drawn:
    rows = grids[grids["grid_code"].isin(codes)].sort_values("grid_code")
    middle = shapely.centroid(shapely.union_all(rows.geometry.to_numpy()))
    crs = metric_crs(middle.x, middle.y)
    shapes = to_metric(rows.geometry, crs)
    whole = shapely.union_all(shapes.to_numpy())
    around = to_degrees(gpd.GeoSeries([window_of(whole, LOOK)], crs=crs)).iloc[0]
    with reading(engine) as conn:
        layers = to_metric(board_store.read_board_ground(conn, around, on=on), crs)
    is_building = (layers["layer"] == "building").to_numpy()
    inside = shapely.covers(whole, shapely.point_on_surface(layers.geometry.to_numpy())) & np.asarray(is_building)
    own = pd.Series(inside, index=layers.index, dtype=bool)
    ground = ground_of(BoardPlace("", whole, crs, layers, own), ())
    return Drawn(PlaceGround.of(ground, list(zip(shapes, rows["name"].astype(str), strict=True))), crs)
