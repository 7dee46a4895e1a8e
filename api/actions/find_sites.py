"""Find sites: where the next stations should stand, and what they would change. Nothing is written."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection

from api.actions.try_place import Asked, check_category, circle_of, standing, walker_of
from api.answers import feature
from api.walk_scene import TownScene, WalkScenes
from data.profiles import Profile
from geo.frames import WGS84
from geo.reach import circles_from
from geo.siting import site_stations, thinned, weighable

SPACING_M, SPACING_GROWTH = 120.0, 1.25
BUILDINGS_MAX = 800  # of which a site is chosen; somebody's own candidates may be as many as can be weighed
TIME_MAX_S = 8.0


def find_sites(
    conn: Connection,
    scenes: WalkScenes,
    *,
    profile: Profile,
    asked: Asked,
    minutes: float,
    count: int | None,
    candidates: list[tuple[float, float]] | None,
) -> dict[str, Any]:
    """Return the sites that serve most households more, or the fewest that serve all, with circles and figures.

    Parameters
    ----------
    minutes
        One of the profile's circles; the stations that carry it, or those of the category asked about, stand already.
    count
        None for the fewest that serve everybody who can be served.
    candidates
        (lon, lat) of each; None takes them from the buildings within the scope. More than can be weighed while one
        waits are thinned out, and the answer says how far.

    Raises
    ------
    BadSettingError
        There is no such circle or category.
    """
    walker, circle = walker_of(profile, asked.walker), circle_of(profile, minutes)
    check_category(profile, asked.category)
    town = scenes.get(conn, profile, walker, at=asked.at)
    wanted = _only(town, asked.scope)
    given = _given(candidates) if candidates else town.ground.buildings[town.is_within(asked.scope)]
    most = weighable(given, wanted.scene, minutes=minutes, speed_m_per_s=walker.speed_m_per_s)
    spots, spacing_m = _thinned(given, town, most=most if candidates else min(most, BUILDINGS_MAX))
    is_there = standing(town.ground.stations, circle, asked)
    stations = town.ground.stations[is_there]
    made = site_stations(
        spots, stations, wanted.scene, count=count, minutes=minutes, speed_m_per_s=walker.speed_m_per_s,
        time_max_s=TIME_MAX_S,
    )  # fmt: skip
    chosen = spots.loc[made.sites.index]
    circles = circles_from(
        wanted.scene, wanted.scene.join(chosen), [minutes], m_per_min=60 * walker.speed_m_per_s
    )  # fmt: skip
    places = shapely.point_on_surface(chosen.geometry.to_numpy())
    return {
        "type": "FeatureCollection",
        "features": [
            feature(
                circles.geometry.iloc[rank],
                {
                    "rank": rank + 1, "place": [round(place.x, 7), round(place.y, 7)],
                    "households": int(row["gain"]), "alone_households": int(row["alone"]), "served": int(row["served"]),
                    "share": _share(row["served"], made.total), "address": _address(chosen, rank),
                    "is_straight_line": bool(circles["is_straight_line"].iloc[rank]),
                },
                feature_id=rank + 1,
            )
            for rank, (row, place) in enumerate(zip(made.sites.to_dict("records"), places, strict=True))
        ],
        "minutes": minutes,
        "stations": len(stations),
        "is_straight_line": bool((town.stations.edge[is_there] < 0).any()),
        "candidates": len(spots),
        "candidates_given": len(given),
        "spacing_m": spacing_m,
        "households": int(made.total),
        "before": int(made.before),
        "after": int(made.after),
        "beyond": int(made.beyond),
        "gap_share": made.gap_share,
    }  # fmt: skip


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _only(town: TownScene, scope: str) -> TownScene:
    """Return the town with the homes outside the scope counted as nobody's."""
    if scope == "*":
        return town
    return town.counting(np.where(town.is_within(scope)[:, None], town.scene.counts, 0.0))


def _given(candidates: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    lonlat = np.array(candidates, dtype=np.float64)
    index = pd.RangeIndex(1, len(lonlat) + 1, name="candidate_id")
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*lonlat.T), crs=WGS84, index=index)


def _thinned(given: gpd.GeoDataFrame, town: TownScene, *, most: int) -> tuple[gpd.GeoDataFrame, float | None]:
    """Return candidates far enough apart to be at most so many, and how far that is; None: all of them."""
    spacing_m, asked_m, found = None, SPACING_M, given
    while len(found) > max(most, 1):
        found, spacing_m = thinned(given, town.scene, spacing_m=asked_m), asked_m
        asked_m *= SPACING_GROWTH
    return found, spacing_m


def _address(chosen: gpd.GeoDataFrame, rank: int) -> str | None:
    """Return what the building of a site is called, where it is one."""
    for column in ("name", "address"):
        if column in chosen and pd.notna(chosen[column].iloc[rank]):
            return str(chosen[column].iloc[rank])
    return None
