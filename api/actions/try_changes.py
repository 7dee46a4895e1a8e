"""Try changes: what more stations, gates and footbridges, or closed streets, would do. Nothing is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection

from api.actions.try_place import Asked, Bools, Floats, check_category, standing, walker_of
from api.answers import feature
from api.walk_scene import TownGround, TownScene, WalkScenes, counting
from data.profiles import Profile
from data.stores import changes as change_store
from geo.access import Doors
from geo.errors import InputError
from geo.frames import WGS84
from geo.nearest import nearest_to_doors
from geo.reach import circles_from, limit_of, minutes_of
from geo.scene import Scene
from geo.trial import nearest_street_m, streets_at, with_gates, with_streets

LonLat = tuple[float, float]
CHANGED_MAX = 5000
# Some 5 km: what serves a town may stand a little beyond its border, and nothing that it needs stands farther.
MARGIN_DEG = 0.05


class NothingToChangeError(InputError):
    """Nothing is named that would be different."""

    zh = "没有任何改动。请至少给出一个站点、大门、道路，或一处封闭。"
    en = "Nothing would change. Name a station, a gate, a street or a closed place."


class OutsideError(InputError):
    """A place that is far from the town."""

    zh = "（{place}）不在本地范围内。请给出本地的经度和纬度，单位为度。"
    en = "({place}) lies outside the town. Give a place in it, longitude first, in degrees."


@dataclass(frozen=True)
class Changes:
    """What would be different, each place as (lon, lat).

    New stations with category and name, new gates, new streets from end to end, and where streets are closed.
    """

    stations: Sequence[tuple[LonLat, str, str | None]] = ()
    gates: Sequence[LonLat] = ()
    streets: Sequence[Sequence[LonLat]] = ()
    closed_at: Sequence[LonLat] = ()

    @property
    def lines(self) -> list[shapely.LineString]:
        """The new streets."""
        return [shapely.LineString(line) for line in self.streets]

    def places(self) -> Iterator[LonLat]:
        """Yield every place that is named."""
        yield from (place for place, _, _ in self.stations)
        yield from self.gates
        yield from self.closed_at
        yield from (place for line in self.streets for place in line)


def try_changes(
    conn: Connection, scenes: WalkScenes, *, changes: Changes, profile: Profile, asked: Asked
) -> dict[str, Any]:
    """Return households within each circle before and after, and the buildings whose minutes change, as features.

    Raises
    ------
    InputError
        Nothing changes, a place is far from the town, a street or a gate meets nothing, or there is no such category.
    """
    walker = walker_of(profile, asked.walker)
    check_category(profile, asked.category)
    check_places(conn, changes)
    town = scenes.get(conn, profile, walker, at=asked.at)
    ground = changed_ground(town.ground, changes, profile)
    is_same_ground = not (changes.gates or changes.streets or changes.closed_at)
    scene = town.scene if is_same_ground else ground.scene(profile.walking.snap_max_m, uses_steps=walker.uses_steps)
    m_per_min, mine = 60 * walker.speed_m_per_s, town.is_within(asked.scope)
    counts = town.counts_within(asked.scope)
    added = ground.stations.iloc[len(town.ground.stations) :]
    now, new_before = scene.join(ground.stations), town.scene.join(added)
    # Who loses the street it joined does not fly from now on: its straight line is no gain.
    stays = (now.edge >= 0) | (np.concatenate([town.stations.edge, new_before.edge]) < 0)
    rows, walks, flies = [], {}, False
    for circle in profile.walking.circles:
        was_there = standing(town.ground.stations, circle, asked)
        is_there = standing(ground.stations, circle, asked) & stays
        pair = [
            _minutes(town.scene, town.stations, was_there, circle.minutes, m_per_min=m_per_min),
            _minutes(scene, now, is_there, circle.minutes, m_per_min=m_per_min),
        ]
        walks[circle.minutes] = pair
        rows.append(_compared(circle.minutes, pair, counts))
        flies |= bool((now.edge[is_there] < 0).any())
    doors = now.take(np.arange(len(ground.stations) - len(added), len(ground.stations)))
    return {
        "type": "FeatureCollection",
        "features": _changed(town, walks[max(profile.minutes)], mine),
        "closed": _closed(town.ground, ground),
        "within": rows,
        "circles": _circles(counting(scene, counts), doors, profile.minutes, m_per_min),
        "stations": _stations(ground, added, doors),
        "is_straight_line": flies,
        "seen": change_store.seen(conn),
    }


def check_places(conn: Connection, changes: Changes) -> None:
    """Raise where nothing changes, or a place lies farther from all areas than their margin."""
    places = list(changes.places())
    if not places:
        raise NothingToChangeError()
    bounds = change_store.extent(conn)
    if bounds is None:
        return
    west, south, east, north = bounds
    for lon, lat in places:
        if not (west - MARGIN_DEG <= lon <= east + MARGIN_DEG and south - MARGIN_DEG <= lat <= north + MARGIN_DEG):
            raise OutsideError(place=f"{lon:.5f}, {lat:.5f}")


def changed_ground(before: TownGround, changes: Changes, profile: Profile) -> TownGround:
    """Return the ground as it would be; what is new comes last in its frame."""
    for _, category, _ in changes.stations:
        check_category(profile, category)
    streets, gates, crs = before.streets, before.gates, before.crs
    if changes.closed_at:
        closed = streets_at(streets, [shapely.Point(place) for place in changes.closed_at], crs=crs)
        streets = streets.assign(is_walkable=streets["is_walkable"].astype(bool) & ~streets.index.isin(closed))
    if changes.streets:
        lines = changes.lines
        crossed = set(before.barriers.sindex.query(lines, predicate="intersects")[0].tolist())
        is_bridge = [at in crossed for at in range(len(lines))]
        streets = with_streets(streets, lines, crs=crs, is_bridge=is_bridge)
    if changes.gates:
        gates = with_gates(gates, before.compounds, [shapely.Point(place) for place in changes.gates], crs=crs)
        gates = gates.assign(is_open=gates["is_open"].astype("boolean").fillna(True).astype(bool))
    stations = _with_stations(before.stations, changes)
    return TownGround(streets, gates, before.compounds, before.barriers, before.buildings, stations)


def _with_stations(stations: gpd.GeoDataFrame, changes: Changes) -> gpd.GeoDataFrame:
    if not changes.stations:
        return stations
    first = int(stations.index.max()) + 1 if len(stations) else 1
    index = pd.RangeIndex(first, first + len(changes.stations), name="station_id")
    places = gpd.GeoSeries([shapely.Point(place) for place, _, _ in changes.stations], index=index, crs=WGS84)
    categories, names = ([told[at] for told in changes.stations] for at in (1, 2))
    made = {"category": categories, "name": names, "level": None, "hours": None}
    return gpd.GeoDataFrame(pd.concat([stations, gpd.GeoDataFrame(made, geometry=places, index=index)]), crs=WGS84)


def _minutes(scene: Scene, stations: Doors, is_there: Bools, longest_min: float, *, m_per_min: float) -> Floats:
    """Return (b,) minutes to the nearest of some stations, inf beyond a circle."""
    doors = stations.take(np.flatnonzero(is_there))
    walk_min = minutes_of(nearest_to_doors(scene.net, doors, limit_m=limit_of(longest_min, m_per_min)).way_m, m_per_min)
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


def _circles(scene: Scene, doors: Doors, minutes: tuple[float, ...], m_per_min: float) -> list[dict[str, Any]]:
    if len(doors.edge) == 0:
        return []
    made = circles_from(scene, doors, minutes, m_per_min=m_per_min)
    return [
        feature(
            row.geometry,
            {"minutes": row.minutes, "households": row.households, "is_straight_line": row.is_straight_line},
            feature_id=f"{row.origin}-{row.minutes:g}",
        )
        for row in made.itertuples()
    ]


def _stations(ground: TownGround, added: gpd.GeoDataFrame, doors: Doors) -> list[dict[str, Any]]:
    """Return how each new station, in the order asked, joins the streets: by a straight line where it joins none."""
    street_m = nearest_street_m(ground.streets, added.geometry, crs=ground.crs)
    return [
        {
            "place": [place.x, place.y],
            "is_straight_line": bool(doors.edge[at] < 0),
            "problem": doors.problem[at],
            "snap_m": _metres(doors.snap_m[at]),
            "street_m": _metres(street_m[at]),
        }
        for at, place in enumerate(added.geometry)
    ]


def _metres(value: float) -> float | None:
    return round(float(value), 1) if np.isfinite(value) else None
