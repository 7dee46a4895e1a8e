"""Find sites: where the next stations should stand, and what they would change. Nothing is written."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection

from api.actions.try_place import Asked, standing, walker_of
from api.answers import feature
from api.walk_scene import TownScene, WalkScenes
from data.profiles import Circle, Profile
from geo.errors import BadSettingError
from geo.frames import WGS84
from geo.reach import circles_from
from geo.siting import SITES_MAX, site_stations, thinned

SPACING_M, SPACING_GROWTH = 120.0, 1.25
CANDIDATES_MAX = 800
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
        (lon, lat) of each; None takes them from the buildings within the scope, thinned out.

    Raises
    ------
    BadSettingError
        There is no such circle, or there are too many candidates.
    """
    walker, circle = walker_of(profile, asked.walker), _circle(profile, minutes)
    town = scenes.get(conn, profile, walker, at=asked.at)
    wanted = _only(town, asked.scope)
    spots = _given(candidates) if candidates else _from_buildings(town, asked.scope)
    stations = town.ground.stations[standing(town.ground.stations, circle, asked)]
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
                },
                feature_id=rank + 1,
            )
            for rank, (row, place) in enumerate(zip(made.sites.to_dict("records"), places, strict=True))
        ],
        "minutes": minutes,
        "stations": len(stations),
        "candidates": len(spots),
        "households": int(made.total),
        "before": int(made.before),
        "after": int(made.after),
        "beyond": int(made.beyond),
        "gap_share": made.gap_share,
    }  # fmt: skip


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _circle(profile: Profile, minutes: float) -> Circle:
    for circle in profile.walking.circles:
        if circle.minutes == minutes:
            return circle
    known = ", ".join(f"{known:g}" for known in profile.minutes)
    raise BadSettingError(
        what="minutes", value=minutes, reason=f"the circles are {known} minutes", reason_zh=f"现有服务圈：{known} 分钟"
    )


def _only(town: TownScene, scope: str) -> TownScene:
    """Return the town with the homes outside the scope counted as nobody's."""
    if scope == "*":
        return town
    return town.counting(np.where(town.is_within(scope)[:, None], town.scene.counts, 0.0))


def _given(candidates: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    if len(candidates) > SITES_MAX:
        raise BadSettingError(
            what="candidates",
            value=len(candidates),
            reason=f"at most {SITES_MAX:,}",
            reason_zh=f"最多 {SITES_MAX:,} 个",
        )
    lonlat = np.array(candidates, dtype=np.float64)
    index = pd.RangeIndex(1, len(lonlat) + 1, name="candidate_id")
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*lonlat.T), crs=WGS84, index=index)


def _from_buildings(town: TownScene, scope: str) -> gpd.GeoDataFrame:
    """Return buildings far enough apart to be choices: as many as can be weighed while one waits."""
    buildings = town.ground.buildings[town.is_within(scope)]
    spacing_m, found = SPACING_M, buildings
    while len(found) > CANDIDATES_MAX:
        found = thinned(buildings, town.scene, spacing_m=spacing_m)
        spacing_m *= SPACING_GROWTH
    return found


def _address(chosen: gpd.GeoDataFrame, rank: int) -> str | None:
    """Return what the building of a site is called, where it is one."""
    for column in ("name", "address"):
        if column in chosen and pd.notna(chosen[column].iloc[rank]):
            return str(chosen[column].iloc[rank])
    return None
