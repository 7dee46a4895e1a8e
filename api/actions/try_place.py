"""Try a place: the circles of a station that stood here, while one waits. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import Connection

from api.answers import feature
from api.walk_scene import FOREVER_S, TownScene, WalkScenes, open_stations
from data.profiles import Circle, Profile, Walker
from data.stores import reaches as reach_store
from geo.access import Doors, street_points
from geo.crs import to_degrees
from geo.errors import BadSettingError, NotFoundError
from geo.nearest import nearest_to_doors
from geo.reach import circles_from, limit_of, minutes_of
from geo.scene import Scene
from geo.searches import walks_all

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class UnknownWalkerError(NotFoundError):
    """A walker that the profile does not know."""

    zh = "没有这种步行者：{key}。现有：{known}。"
    en = "There is no such walker: {key}. There are: {known}."


class UnknownCircleError(BadSettingError):
    """Minutes that are no circle of the profile's: nothing is known of them."""

    zh = "没有 {value:g} 分钟的服务圈。现有：{known} 分钟。"
    en = "There is no circle of {value:g} minutes. There are: {known}."


class UnknownCategoryError(BadSettingError):
    """A category of station that the profile does not know."""

    zh = "没有这个类别：{value}。现有：{known}。"
    en = "There is no such category: {value}. There are: {known}."


@dataclass(frozen=True)
class Asked:
    """How people walk, when, to what kind of station, and who asks: homes beyond the scope are not counted."""

    scope: str
    walker: str | None = None
    at: datetime | None = None
    category: str | None = None


def walker_of(profile: Profile, key: str | None) -> Walker:
    """Return the walker of a key.

    Raises
    ------
    UnknownWalkerError
        The profile knows no such walker.
    """
    walker = profile.walking.walker(key)
    if walker is None:
        raise UnknownWalkerError(key=key, known=", ".join(known.key for known in profile.walking.choices))
    return walker


def circle_of(profile: Profile, minutes: float | None) -> Circle:
    """Return the circle of so many minutes, the longest where none are told.

    Raises
    ------
    UnknownCircleError
        The profile has no such circle.
    """
    wanted = profile.minutes[-1] if minutes is None else minutes
    for circle in profile.walking.circles:
        if circle.minutes == wanted:
            return circle
    raise UnknownCircleError(value=wanted, known=", ".join(f"{known:g}" for known in profile.minutes))


def check_category(profile: Profile, category: str | None) -> None:
    """Raise `UnknownCategoryError` where a category is named that the profile does not know."""
    known = [known.key for known in profile.stations]
    if category is not None and category not in known:
        raise UnknownCategoryError(value=category, known=", ".join(known))


def try_place(
    conn: Connection, scenes: WalkScenes, *, lon: float, lat: float, profile: Profile, asked: Asked
) -> dict[str, Any]:
    """Return where a place joins the streets, and its circles as features, shortest first.

    A circle tells households and people within reach, those of them that no station's circle holds yet
    (``new_households``), and those a compass circle would count (``straight_households``).
    """
    walker = walker_of(profile, asked.walker)
    check_category(profile, asked.category)
    town = scenes.get(conn, profile, walker, at=asked.at)
    scene, m_per_min = town.scene, 60 * walker.speed_m_per_s
    here = scene.join_at(lon, lat)
    circles = circles_from(scene, here, profile.minutes, m_per_min=m_per_min)
    mine = town.is_within(asked.scope)
    found = walks_all(scene.net, here, limit_m=limit_of(profile.minutes[-1], m_per_min))
    straight_m = np.hypot(*(scene.homes.xy - here.xy[0]).T)
    features = []
    for row in circles.itertuples():
        is_in = np.zeros(len(mine), dtype=bool)
        is_in[found.door[minutes_of(found.way_m, m_per_min) <= row.minutes]] = True
        served = served_homes(conn, town, row.minutes, profile=profile, asked=asked)
        properties = {
            "minutes": row.minutes,
            **_counted(scene, is_in & mine),
            "new_households": _counted(scene, is_in & mine & ~served)["households"],
            "straight_households": _counted(scene, (straight_m <= row.minutes * m_per_min) & mine)["households"],
            "radius_m": row.minutes * m_per_min,
            "reached_m": row.reached_m,
            "is_straight_line": row.is_straight_line,
        }
        features.append(feature(row.geometry, properties, feature_id=f"{row.minutes:g}"))
    return {
        "type": "FeatureCollection",
        "features": features,
        "place": {
            "lon": lon, "lat": lat, "snapped": _snapped(scene, here), "snap_m": _number(here.snap_m[0]),
            "problem": here.problem[0],
        },
        "walker": {"key": walker.key, "speed_m_per_s": walker.speed_m_per_s, "uses_steps": walker.uses_steps},
    }  # fmt: skip


def served_homes(conn: Connection, town: TownScene, minutes: float, *, profile: Profile, asked: Asked) -> Bools:
    """Return which buildings some station reaches in time: one that carries the circle, or is of the category asked.

    For the usual walker at no certain moment it is what was measured; for others it is searched for.

    Parameters
    ----------
    town
        As the walker and the moment asked about have it.
    """
    walker, stations = walker_of(profile, asked.walker), town.ground.stations
    usual = profile.walking.usual
    if asked.at is None and (walker.speed_m_per_s, walker.uses_steps) == (usual.speed_m_per_s, usual.uses_steps):
        # What was measured is part of what the scene hangs on: it is read once a scene, not with every move of a hand.
        return town.served.get(
            (minutes, asked.category), lambda: _as_measured(conn, town, minutes, asked.category), every_s=FOREVER_S
        )
    there = standing(stations, circle_of(profile, minutes), asked)

    def search() -> Bools:
        m_per_min = 60 * walker.speed_m_per_s
        doors = town.stations.take(np.flatnonzero(there))
        way_m = nearest_to_doors(town.scene.net, doors, limit_m=limit_of(minutes, m_per_min)).way_m
        return np.asarray(minutes_of(way_m, m_per_min) <= minutes, dtype=np.bool_)

    key = (minutes, asked.category, walker.speed_m_per_s, there.tobytes())
    return town.served.get(key, search, every_s=FOREVER_S)


def _as_measured(conn: Connection, town: TownScene, minutes: float, category: str | None) -> Bools:
    kept = reach_store.read_walks(conn, minutes=None if category else minutes, category=category)
    near = kept.index[kept["walk_min"] <= minutes]
    return np.asarray(town.scene.ids.isin(near), dtype=np.bool_)


def standing(stations: gpd.GeoDataFrame, circle: Circle, asked: Asked) -> Bools:
    """Return which stations count: open at the moment, of the category asked about or else carrying the circle."""
    told = [
        is_there and (category == asked.category if asked.category else circle.is_carried_by(category, level))
        for is_there, category, level in zip(
            open_stations(stations, asked.at), stations["category"], stations["level"], strict=True
        )
    ]
    return np.array(told, dtype=np.bool_)


def _counted(scene: Scene, is_in: Bools) -> dict[str, int]:
    sums = scene.counts[is_in].sum(axis=0)
    return {"households": int(sums[0]), "people": int(sums[1])}


def _snapped(scene: Scene, here: Doors) -> Sequence[float] | None:
    if scene.network is None or here.edge[0] < 0:
        return None
    spot = street_points(scene.network, here, np.array([0]))[0]
    point = to_degrees(gpd.GeoSeries([shapely.Point(spot)], crs=scene.crs)).iloc[0]
    return [round(point.x, 7), round(point.y, 7)]


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
