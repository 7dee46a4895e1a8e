"""Read reach: stations and circles as features, and who is left out, within a scope."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection

from api.actions.try_place import check_category, circle_of
from api.answers import feature
from api.auth import EVERYWHERE
from api.walk_scene import WalkScenes, counting
from data.profiles import Profile
from data.stores import reaches as reach_store
from data.stores import stations as station_store
from geo.reach import AT_A_TIME, limit_of, sums_of
from geo.searches import walks_all

_CIRCLE_KEYS = ("name", "category", "households", "people", "reached_m", "is_straight_line")


def station_features(
    conn: Connection, scenes: WalkScenes, *, scope: str, category: str | None, profile: Profile
) -> list[dict[str, Any]]:
    """Return the stations of a scope; ``households_<minutes>`` is None where nothing was measured.

    Households are those of the scope, whatever else a circle holds.

    Raises
    ------
    BadSettingError
        There is no such category.
    """
    check_category(profile, category)
    stations = station_store.read_stations(conn, within=scope, category=category)
    circles = reach_store.read_reaches(conn, category=category, within=scope)
    circles = _own(conn, scenes, circles, scope=scope, profile=profile)
    households = circles["households"].unstack("minutes") if len(circles) else pd.DataFrame()
    snap_m = circles["snap_m"].groupby(level="station_id").first() if len(circles) else pd.Series(dtype=float)
    features = []
    for station_id, row, shape in zip(stations.index, stations.to_dict("records"), stations.geometry, strict=True):
        properties = {
            "station_id": station_id,
            **{key: row[key] for key in ("name", "category", "level")},
            **{f"households_{minutes:g}": _cell(households, station_id, minutes) for minutes in profile.minutes},
            "snap_m": snap_m.get(station_id),
        }
        features.append(feature(shape, properties, feature_id=station_id))
    return features


def _cell(table: pd.DataFrame, row: Any, column: Any) -> int | None:
    if row not in table.index or column not in table.columns:
        return None
    value = float(table.to_numpy(dtype=float)[table.index.get_loc(row), table.columns.get_loc(column)])
    return None if np.isnan(value) else int(value)


def _own(
    conn: Connection, scenes: WalkScenes, circles: gpd.GeoDataFrame, *, scope: str, profile: Profile
) -> gpd.GeoDataFrame:
    """Return circles with the households and people of a scope alone: what is stored counts everybody's."""
    if scope == EVERYWHERE or len(circles) == 0:
        return circles
    walking = profile.walking
    town = scenes.get(conn, profile, walking.usual)
    stations = town.ground.stations.loc[circles.index.get_level_values("station_id").unique()]
    scene = counting(town.scene, town.counts_within(scope))
    m_per_min = 60 * walking.speed_m_per_s
    sums = []
    for first in range(0, len(stations), AT_A_TIME):  # walks take memory, sums take none
        doors = scene.join(stations.iloc[first : first + AT_A_TIME])
        found = walks_all(scene.net, doors, limit_m=limit_of(profile.minutes[-1], m_per_min))
        sums.append(sums_of(scene, found, profile.minutes, m_per_min=m_per_min, places=len(doors.edge)))
    index = pd.MultiIndex.from_product([stations.index, profile.minutes], names=["station_id", "minutes"])
    told = np.rint(np.concatenate(sums).reshape(-1, 2)).astype(np.int64)
    counts = pd.DataFrame(told, index=index, columns=["households", "people"])
    return circles.assign(**{name: counts[name].reindex(circles.index) for name in counts.columns})


def circle_features(
    conn: Connection, scenes: WalkScenes, *, scope: str, minutes: float | None, category: str | None,
    station_id: int | None, profile: Profile,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return what can be reached on foot in so many minutes from the stations of a scope, and who of the scope.

    None asks for the longest circle.

    Raises
    ------
    BadSettingError
        There is no such circle, or no such category.
    """
    minutes = circle_of(profile, minutes).minutes
    check_category(profile, category)
    circles = reach_store.read_reaches(conn, minutes=minutes, category=category, station_id=station_id, within=scope)
    circles = _own(conn, scenes, circles, scope=scope, profile=profile)
    rows = circles[list(_CIRCLE_KEYS)].to_dict("records")
    return [
        feature(
            shape,
            {"station_id": int(station), "minutes": float(threshold), **row},
            feature_id=f"{station}-{threshold:g}",
        )
        for (station, threshold), row, shape in zip(circles.index, rows, circles.geometry, strict=True)
    ]


def reach_summary(conn: Connection, *, scope: str, profile: Profile, language: str = "zh") -> dict[str, Any]:
    """Return reach within a scope, with the profile's labels, categories in the profile's order."""
    found = reach_store.summary(conn, minutes=profile.minutes, within=scope)
    measured = {row["category"]: row for row in found["categories"]}
    return {
        "minutes": found["minutes"],
        "speed_m_per_s": profile.walking.speed_m_per_s,
        "households": found["households"],
        "people": found["people"],
        "within": [{key: row[key] for key in ("minutes", "households", "share")} for row in found["within"]],
        "left_out": found["left_out"],
        "categories": [
            {
                "key": category.key,
                "label": getattr(category.label, language),
                "stations": measured.get(category.key, {}).get("stations", 0),
                "within": [
                    {"minutes": row["minutes"], "households": row["households"]}
                    for row in measured.get(category.key, {}).get("within", [])
                ],
            }
            for category in profile.stations
        ],
        "communities": found["communities"],
    }
