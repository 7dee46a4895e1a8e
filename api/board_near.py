"""Board near: the stations a notice board lists, by minutes on foot from the grid's median building."""

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection

from api.board_ground import BoardPlace
from data.profiles import Profile
from data.stores import boards as board_store
from geo.crs import to_metric
from maps.board import NearBy, Words
from maps.board_map import Mark

STATION_MAX_M = 3000.0
OTHER_COLOUR = "#687476"


@dataclass(frozen=True, eq=False)
class Near:
    """The nearest station of each category, numbered from 1: those with minutes first, nearest first.

    Attributes
    ----------
    walks_from, walk_max_min
        The building that minutes count from and the longest walk that is measured; None where no walk from it is.
    """

    stations: tuple[NearBy, ...]
    marks: tuple[Mark, ...]
    walks_from: str | None
    walk_max_min: int | None

    @classmethod
    def read(cls, conn: Connection, place: BoardPlace, stations: gpd.GeoDataFrame, profile: Profile) -> "Near":
        """Find them among all stations (EPSG:4326), within 3 km."""
        building = place.median_building()
        rows = _candidates(place, building, stations)
        walks = pd.DataFrame(columns=["station_id", "walk_min"])
        if building is not None:
            walks = board_store.read_walks_of(conn, building)
        minutes = dict(zip(walks["station_id"].astype("int64"), walks["walk_min"].astype(float), strict=True))
        rows = rows.assign(walk_min=[minutes.get(int(str(key)), np.inf) for key in rows.index])
        rows = rows.sort_values(["walk_min", "distance_m"], kind="stable").drop_duplicates("category")
        columns = rows[["name", "category", "walk_min", "distance_m"]].itertuples(index=False, name=None)
        listed = tuple(_listed(number, *row, profile=profile) for number, row in enumerate(columns, 1))
        marks = tuple(Mark(one.number, point, one.colour) for one, point in zip(listed, rows["point"], strict=True))
        is_walked = any(one.walk_min is not None for one in listed)
        name = place.buildings["name"].get(building) if is_walked else None
        return cls(listed, marks, name if isinstance(name, str) else None, _longest(profile) if is_walked else None)


def _candidates(place: BoardPlace, building: int | None, stations: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return stations within reach: index station_id; name, category, point (metres), distance_m."""
    if building is None:
        from_x, from_y = shapely.get_coordinates(shapely.point_on_surface(place.grid))[0]
    else:
        from_x, from_y = place.buildings.loc[building, ["x", "y"]].astype(float)
    points = to_metric(stations.geometry, place.crs)
    distance_m = np.hypot(points.x.to_numpy() - from_x, points.y.to_numpy() - from_y)
    rows = pd.DataFrame(
        {"name": stations["name"], "category": stations["category"], "point": list(points), "distance_m": distance_m},
        index=stations.index,
    )
    return rows[rows["distance_m"] <= STATION_MAX_M]


def _listed(
    number: int, name: str, category: str, walk_min: float, distance_m: float, *, profile: Profile
) -> NearBy:  # fmt: skip
    known = {one.key: one for one in profile.stations}.get(category)
    label = Words(known.label.zh, known.label.en) if known else Words(category, category)
    colour = known.colour if known else OTHER_COLOUR
    minutes = math.ceil(walk_min) if math.isfinite(walk_min) else None
    return NearBy(number, name, label, colour, minutes, round(distance_m))


def _longest(profile: Profile) -> int:
    return math.floor(max(profile.minutes))
