"""Measure reach: minutes on foot from every building to its nearest station, and every station's circles."""

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
from sqlalchemy import Engine

from api.actions import Progress, silent
from api.walk_scene import read_ground
from data.postgis.engine import reading, transaction
from data.profiles import Circle, Profile, WalkingRule
from data.stores import reaches as reach_store
from geo.reach import METHOD, nearest, reach, walks


@dataclass(frozen=True)
class Measured:
    """How many circles there are, how many pieces the streets lie in, and stations that join no street, with why.

    One bad station never stops the others: a straight line stands in for its walks.
    """

    circles: int
    pieces: int
    stand_ins: tuple[tuple[int, str], ...]


def measure_reach(
    engine: Engine, *, profile: Profile, actor: str, commit: bool = True, progress: Progress = silent
) -> Measured:
    """Measure and store circles and walks of every station."""
    rule = profile.walking
    progress(0.0, "reading streets")
    with reading(engine) as connection:
        town = read_ground(connection)
    stations, scene = town.stations, town.at(None).scene(rule.snap_max_m)
    longest_min = max(profile.minutes)
    circles = reach(
        stations, scene, minutes=profile.minutes, speed_m_per_s=rule.speed_m_per_s,
        progress=lambda done, of: progress(0.2 + 0.6 * done / of, f"walking from station {done:,} of {of:,}"),
    )  # fmt: skip
    progress(0.8, "finding the nearest station of every building")
    nearest_of_all = nearest(stations, scene, longest_min=longest_min, speed_m_per_s=rule.speed_m_per_s)
    every_walk = walks(stations, scene, longest_min=longest_min, speed_m_per_s=rule.speed_m_per_s)
    by_category = _nearest_by_category(every_walk, stations)
    by_circle = _within_circles(every_walk, stations, rule)
    circles = circles[_carried(circles, stations, rule)]
    progress(0.9, f"writing {len(circles):,} circles")
    with transaction(engine, actor=actor, action="measure_reach", commit=commit) as connection:
        reach_store.write_reaches(
            connection, circles, nearest_of_all, by_category=by_category, by_circle=by_circle, method=METHOD
        )
    progress(1.0, f"{len(circles):,} circles, {len(town.buildings):,} buildings")
    problems = scene.join(stations).problem
    return Measured(
        circles=len(circles),
        pieces=0 if scene.network is None else len(scene.network.components),
        stand_ins=tuple((int(at), str(why)) for at, why in zip(stations.index, problems, strict=True) if why),
    )


def _carriers(stations: gpd.GeoDataFrame, circle: Circle) -> pd.Series:
    """Return which stations carry a circle, by station_id."""
    told = [
        circle.is_carried_by(category, level)
        for category, level in zip(stations["category"], stations["level"], strict=True)
    ]
    return pd.Series(told, index=stations.index, dtype=bool)


def _carried(circles: gpd.GeoDataFrame, stations: gpd.GeoDataFrame, rule: WalkingRule) -> pd.Series:
    """Return which circles there are by the profile's rule; the others were drawn for nobody."""
    by_minutes = {circle.minutes: _carriers(stations, circle) for circle in rule.circles}
    told = [bool(by_minutes[minutes][station_id]) for station_id, minutes in circles.index]
    return pd.Series(told, index=circles.index, dtype=bool)


def _within_circles(every_walk: pd.DataFrame, stations: gpd.GeoDataFrame, rule: WalkingRule) -> pd.DataFrame:
    """Return, for each circle, whoever is in it, and the nearest station that carries it; ties to the lower number."""
    rows = every_walk.reset_index().sort_values(["building_id", "walk_min", "station_id"], kind="stable")
    parts = []
    for circle in rule.circles:
        near = (rows["walk_min"] <= circle.minutes) & rows["station_id"].map(_carriers(stations, circle)).eq(True)
        parts.append(rows[near].drop_duplicates("building_id").assign(minutes=circle.minutes))
    return pd.concat(parts, ignore_index=True)


def _nearest_by_category(every_walk: pd.DataFrame, stations: gpd.GeoDataFrame) -> pd.DataFrame:
    """Of every walk keep, for each building and category, the shortest; ties go to the lower station number."""
    rows = every_walk.reset_index()
    rows["category"] = rows["station_id"].map(stations["category"])
    rows = rows.sort_values(["building_id", "category", "walk_min", "station_id"], kind="stable")
    return rows.drop_duplicates(["building_id", "category"])
