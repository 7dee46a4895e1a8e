"""Try changes: what more stations, gates and footbridges, or closed streets, would do. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection

from api.actions.try_place import Asked, Bools, Floats, standing, walker_of
from api.answers import feature
from api.walk_scene import TownGround, TownScene, WalkScenes, counting
from data.profiles import Profile
from geo.errors import BadSettingError
from geo.frames import WGS84
from geo.nearest import nearest_to_doors
from geo.reach import circles_from, limit_of, minutes_of
from geo.scene import Scene
from geo.trial import street_at, with_gate, with_street

LonLat = tuple[float, float]
CHANGED_MAX = 5000


@dataclass(frozen=True)
class Changes:
    """What would be different, each place as (lon, lat).

    New stations with category and name, new gates, new streets from end to end, and where streets are closed.
    """

    stations: Sequence[tuple[LonLat, str, str | None]] = ()
    gates: Sequence[LonLat] = ()
    streets: Sequence[Sequence[LonLat]] = ()
    closed_at: Sequence[LonLat] = ()


def try_changes(
    conn: Connection, scenes: WalkScenes, *, changes: Changes, profile: Profile, asked: Asked
) -> dict[str, Any]:
    """Return households within each circle before and after, and the buildings whose minutes change, as features.

    Raises
    ------
    BadSettingError
        A street or a gate meets nothing, or there is no such street or category.
    """
    walker = walker_of(profile, asked.walker)
    town = scenes.get(conn, profile, walker, at=asked.at)
    ground = changed_ground(town, changes, profile)
    is_same_ground = not (changes.gates or changes.streets or changes.closed_at)
    scene = town.scene if is_same_ground else ground.scene(profile.walking.snap_max_m, uses_steps=walker.uses_steps)
    m_per_min, mine = 60 * walker.speed_m_per_s, town.is_within(asked.scope)
    counts = town.scene.counts * mine[:, None]
    # Who loses the street it joined does not fly from now on: its straight line is no gain.
    stays = (scene.join(ground.stations).edge >= 0) | (town.scene.join(ground.stations).edge < 0)
    rows, walks = [], {}
    for circle in profile.walking.circles:
        was = town.ground.stations[standing(town.ground.stations, circle, asked)]
        now = ground.stations[standing(ground.stations, circle, asked) & stays]
        both = (town.scene, was), (scene, now)
        pair = [_minutes(held, stations, circle.minutes, m_per_min) for held, stations in both]
        walks[circle.minutes] = pair
        rows.append(_compared(circle.minutes, pair, counts))
    longest = max(profile.minutes)
    added = ground.stations.loc[~ground.stations.index.isin(town.ground.stations.index)]
    return {
        "type": "FeatureCollection",
        "features": _changed(town, walks[longest], mine),
        "closed": _closed(town.ground, ground),
        "within": rows,
        "circles": _circles(counting(scene, counts), added, profile.minutes, m_per_min),
    }


def changed_ground(town: TownScene, changes: Changes, profile: Profile) -> TownGround:
    """Return the ground as it would be."""
    streets, gates, crs = town.ground.streets, town.ground.gates, town.scene.crs
    closed = [street_at(streets, shapely.Point(place), crs=crs) for place in changes.closed_at]
    streets = streets.assign(is_walkable=streets["is_walkable"].astype(bool) & ~streets.index.isin(closed))
    for line in changes.streets:
        way = shapely.LineString(line)
        streets = with_street(streets, way, crs=crs, is_bridge=bool(town.ground.barriers.intersects(way).any()))
    for place in changes.gates:
        gates = with_gate(gates, town.ground.compounds, shapely.Point(place), crs=crs)
    gates = gates.assign(is_open=gates["is_open"].astype("boolean").fillna(True).astype(bool))
    return replace(
        town.ground, streets=streets, gates=gates, stations=_with_stations(town.ground.stations, changes, profile)
    )


def _with_stations(stations: gpd.GeoDataFrame, changes: Changes, profile: Profile) -> gpd.GeoDataFrame:
    if not changes.stations:
        return stations
    known = {category.key for category in profile.stations}
    for _, category, _ in changes.stations:
        if category not in known:
            raise BadSettingError(what="category", value=category, reason="no such category", reason_zh="没有这个类别")
    first = int(stations.index.max()) + 1 if len(stations) else 1
    index = pd.RangeIndex(first, first + len(changes.stations), name="station_id")
    places = gpd.GeoSeries([shapely.Point(place) for place, _, _ in changes.stations], index=index, crs=WGS84)
    categories, names = ([told[at] for told in changes.stations] for at in (1, 2))
    made = {"category": categories, "name": names, "level": None, "hours": None}
    return gpd.GeoDataFrame(pd.concat([stations, gpd.GeoDataFrame(made, geometry=places, index=index)]), crs=WGS84)


def _minutes(scene: Scene, stations: gpd.GeoDataFrame, longest_min: float, m_per_min: float) -> Floats:
    """Return (b,) minutes to the nearest of some stations, inf beyond a circle."""
    found = nearest_to_doors(scene.net, scene.join(stations), limit_m=limit_of(longest_min, m_per_min))
    walk_min = minutes_of(found.way_m, m_per_min)
    return np.asarray(np.where(walk_min <= longest_min, walk_min, np.inf))


def _compared(minutes: float, pairs: list[Floats], counts: Floats) -> dict[str, Any]:
    before, after = (np.isfinite(walk_min) for walk_min in pairs)
    return {
        "minutes": minutes,
        "households": int(counts[:, 0].sum()),
        "before": int(counts[before, 0].sum()),
        "after": int(counts[after, 0].sum()),
        "gained": int(counts[after & ~before, 0].sum()),
        "lost": int(counts[before & ~after, 0].sum()),
    }


def _changed(town: TownScene, pair: list[Floats], mine: Bools) -> list[dict[str, Any]]:
    """Return the buildings whose minutes change by a tenth or more, those that gain or lose a station first."""
    before, after = pair
    both = np.isfinite(before) & np.isfinite(after)
    shift = np.zeros(len(before))
    shift[both] = after[both] - before[both]
    flips = np.isfinite(before) != np.isfinite(after)
    rows = np.flatnonzero(mine & (flips | (np.abs(shift) >= 0.1)) & (town.scene.counts[:, 0] > 0))
    rows = rows[np.lexsort((rows, -town.scene.counts[rows, 0], ~flips[rows]))][:CHANGED_MAX]
    ids = town.scene.ids.to_numpy()
    points = shapely.point_on_surface(town.ground.buildings.geometry.to_numpy()[rows])
    return [
        feature(
            point,
            {
                "before_min": _known(before[row]),
                "after_min": _known(after[row]),
                "households": int(town.scene.counts[row, 0]),
            },
            feature_id=int(ids[row]),
        )
        for row, point in zip(rows, points, strict=True)
    ]


def _closed(before: TownGround, after: TownGround) -> list[dict[str, Any]]:
    """Return the streets that are closed, as features."""
    was = before.streets["is_walkable"].astype(bool)
    shut = before.streets[was & ~after.streets["is_walkable"].reindex(before.streets.index).astype(bool)]
    return [
        feature(line, {"name": name if isinstance(name, str) else None}, feature_id=int(street))
        for street, line, name in zip(shut.index, shut.geometry, shut["name"], strict=True)
    ]


def _known(minutes: float) -> float | None:
    return round(float(minutes), 1) if np.isfinite(minutes) else None


def _circles(
    scene: Scene, added: gpd.GeoDataFrame, minutes: tuple[float, ...], m_per_min: float
) -> list[dict[str, Any]]:
    if len(added) == 0:
        return []
    made = circles_from(scene, scene.join(added), minutes, m_per_min=m_per_min)
    return [
        feature(
            row.geometry,
            {"minutes": row.minutes, "households": row.households, "is_straight_line": row.is_straight_line},
            feature_id=f"{row.origin}-{row.minutes:g}",
        )
        for row in made.itertuples()
    ]
