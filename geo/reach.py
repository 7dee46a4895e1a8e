"""Reach: who, and what ground, a person can get to on foot from a station in so many minutes.

Minutes are walked along streets: from the station to its street, along the network, and from the
street to the building's door; both stretches count. The households of a circle are those of the
buildings whose own minutes are within it - that is the truth; its polygon is the picture: the
street reached, cut where time runs out, widened, with the stretch to every building counted.

Frames
    stations   index station_id; geometry (Point, or polygons: a point inside).
    buildings  index building_id; households, people; geometry (polygons or Point).
All in EPSG:4326. A station that joins no street, or a place without streets, gets a straight-line
stand-in (detour factor 1), always labelled ``is_straight_line``.

Limits: no stairs, slopes, lights, opening hours. See docs/methods/walking.md.
"""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely
from shapely.ops import substring

from geo.access import access_lines, doors
from geo.circles import Brush, Shape, disc, in_degrees, nested
from geo.crs import metric_crs, metric_crs_of
from geo.errors import BadSettingError
from geo.frames import POINTS, POLYGONS, WGS84, empty_frame, require, require_geometry
from geo.network import WalkNetwork
from geo.searches import walks_of
from geo.walking import Scene, Walk, reached_pieces

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]

METHOD = "reach 1"
SHORT_M = 1e-6
SAME_MIN = 1e-6
SPEED_M_PER_S = 1.2
SNAP_MAX_M = 150.0
WIDTH_M = 25.0
HOLE_MAX_M2 = 10_000.0
NEAR_SHARE = 0.95  # a stretch longer than this share of the width is drawn, so that its door lies in the circle


def reach(
    stations: gpd.GeoDataFrame,
    network: WalkNetwork | None,
    buildings: gpd.GeoDataFrame,
    *,
    minutes: Sequence[float] = (5.0, 15.0),
    speed_m_per_s: float = SPEED_M_PER_S,
    snap_max_m: float = SNAP_MAX_M,
    width_m: float = WIDTH_M,
    hole_max_m2: float = HOLE_MAX_M2,
) -> gpd.GeoDataFrame:
    """Return the circles of every station: one row for each station and threshold.

    Parameters
    ----------
    stations, buildings
        (s,) and (b,) rows, as in the module's docstring. Not changed; their order does not matter.
    network
        Built by `geo.network.walk_network`; None or empty where a place has no streets.
    minutes
        (k,) thresholds above 0, in any order.
    speed_m_per_s
        Walking speed. 1.2 is a planning assumption for adults on level ground.
    snap_max_m
        How far a street may lie from a door. Farther stations get a stand-in, farther buildings
        are in no circle but a stand-in's.
    width_m
        How far the polygon extends beside a reached street, metres.
    hole_max_m2
        Smaller holes - the insides of street blocks - are filled.

    Returns
    -------
    geopandas.GeoDataFrame
        s * k rows in EPSG:4326, index (station_id, minutes), sorted: ``households``, ``people``,
        ``reached_m`` (length of street, metres; 0 for a stand-in), ``snap_m`` (NaN for a stand-in),
        ``is_straight_line``, ``geometry`` (MultiPolygon, valid; a shorter time's lies within a
        longer time's).

    Raises
    ------
    BadSettingError
        A number is out of its range.
    MissingColumnsError, DuplicateIdError, MissingCrsError, WrongCrsError, WrongGeometryError
        A frame is not what it must be.

    Notes
    -----
    Dijkstra (1959), one search for each station, stopped at the longest time.
    """
    thresholds = _thresholds(minutes)
    _above_zero(width_m=width_m, hole_max_m2=hole_max_m2)
    require(buildings, "buildings", columns=("households", "people"))
    scene, stations = _scene(
        stations, network, buildings, longest_min=thresholds[-1], speed_m_per_s=speed_m_per_s, snap_max_m=snap_max_m
    )
    brush = None if network is None or network.is_empty else Brush(network, width_m, hole_max_m2)
    counts = buildings[["households", "people"]].to_numpy(dtype=np.int64)
    rows, shapes = [], []
    for which in range(len(stations)):
        walk = scene.walk(which)
        for threshold in thresholds:
            is_in = walk.walk_min <= threshold
            shape, reached_m = _ground(scene, brush, which, walk, threshold)
            rows.append((*counts[is_in].sum(axis=0), reached_m))
            shapes.append(shape)
    if not shapes:
        return _no_reach()
    degrees = in_degrees(np.array(shapes, dtype=object), scene.crs).reshape(-1, len(thresholds))
    circles = np.concatenate([nested(row, hole_max_m2=hole_max_m2) for row in degrees])
    table = pd.DataFrame(rows, columns=["households", "people", "reached_m"])
    table["snap_m"] = np.repeat(scene.stations.snap_m, len(thresholds))
    table["is_straight_line"] = np.repeat(scene.stations.edge < 0, len(thresholds))
    table.index = pd.MultiIndex.from_product([stations.index, thresholds], names=["station_id", "minutes"])
    return gpd.GeoDataFrame(table, geometry=gpd.GeoSeries(circles, index=table.index, crs=WGS84))


def walks(
    stations: gpd.GeoDataFrame,
    network: WalkNetwork | None,
    buildings: gpd.GeoDataFrame,
    *,
    longest_min: float,
    speed_m_per_s: float = SPEED_M_PER_S,
    snap_max_m: float = SNAP_MAX_M,
) -> pd.DataFrame:
    """Return every walk from a station to a building that takes at most `longest_min`.

    Parameters
    ----------
    stations, network, buildings, speed_m_per_s, snap_max_m
        As in `reach`.

    Returns
    -------
    pandas.DataFrame
        Index (station_id, building_id), sorted by station; ``walk_min`` and ``is_straight_line``.
        The households of a circle are the sums over these rows.

    Raises
    ------
    Errors of `reach`.
    """
    scene, stations = _scene(
        stations, network, buildings, longest_min=longest_min, speed_m_per_s=speed_m_per_s, snap_max_m=snap_max_m
    )
    station, building, walk_min = walks_of(scene)
    index = pd.MultiIndex.from_arrays(
        [stations.index.take(station), buildings.index.take(building)], names=["station_id", "building_id"]
    )
    is_straight_line = scene.stations.edge[station] < 0
    return pd.DataFrame({"walk_min": walk_min, "is_straight_line": is_straight_line}, index=index)


def nearest(
    stations: gpd.GeoDataFrame,
    network: WalkNetwork | None,
    buildings: gpd.GeoDataFrame,
    *,
    longest_min: float = 15.0,
    speed_m_per_s: float = SPEED_M_PER_S,
    snap_max_m: float = SNAP_MAX_M,
) -> pd.DataFrame:
    """Return, for every building, the nearest station on foot and the minutes to it.

    Parameters
    ----------
    stations, network, buildings, speed_m_per_s, snap_max_m
        As in `reach`.
    longest_min
        Beyond it a building has no station.

    Returns
    -------
    pandas.DataFrame
        Index building_id, in the order of `buildings`; ``station_id`` (NA beyond; ties go to the
        lowest id), ``walk_min`` (NaN beyond), ``is_straight_line``, and ``problem`` (why the building
        itself joins no street - a key of `geo.access.PROBLEMS` - else None).

    Raises
    ------
    Errors of `reach`.
    """
    scene, stations = _scene(
        stations, network, buildings, longest_min=longest_min, speed_m_per_s=speed_m_per_s, snap_max_m=snap_max_m
    )
    which, building, walk_min = walks_of(scene)
    best_min = np.full(len(buildings), np.inf)
    np.minimum.at(best_min, building, walk_min)
    best = np.full(len(buildings), -1, dtype=np.int64)
    # Of several written to one place the last stays: the lowest station.
    is_best = np.flatnonzero(walk_min <= best_min[building] + SAME_MIN)[::-1]
    best[building[is_best]] = which[is_best]
    has_one = best >= 0
    station = pd.Series(stations.index.take(np.maximum(best, 0)) if len(stations) else pd.NA, index=buildings.index)
    straight = scene.stations.edge < 0 if len(stations) else np.zeros(1, dtype=bool)
    return pd.DataFrame(
        {
            "station_id": station.convert_dtypes().where(has_one),
            "walk_min": np.where(has_one, best_min, np.nan),
            "is_straight_line": has_one & straight[np.maximum(best, 0)],
            "problem": pd.Series(scene.buildings.problem, index=buildings.index, dtype=object),
        },
        index=buildings.index,
    ).rename_axis(index="building_id")


def left_out(buildings: gpd.GeoDataFrame, walks: pd.DataFrame, minutes: float) -> pd.DataFrame:
    """Return the homes beyond `minutes` of any station, compound by compound, most households first.

    Parameters
    ----------
    buildings
        Index building_id; area_code, compound_id (may be missing), households, people.
    walks
        As `nearest` returns them: index building_id, ``walk_min``.
    minutes
        The threshold.

    Returns
    -------
    pandas.DataFrame
        ``area_code``, ``compound_id`` (NA: buildings of no compound), ``buildings``, ``households``,
        ``people``, ``nearest_min`` (of those that have a walk at all, else NaN) and ``building_ids``
        (tuple). Buildings without households are not homes and are left away.

    Raises
    ------
    MissingColumnsError, DuplicateIdError
        A frame is not what it must be.
    """
    require(buildings, "buildings", columns=("area_code", "compound_id", "households", "people"))
    require(walks, "walks", columns=("walk_min",))
    walk_min = walks["walk_min"].reindex(buildings.index)
    is_out = ~(walk_min <= minutes) & (buildings["households"] > 0)
    homes = pd.DataFrame(buildings.drop(columns="geometry", errors="ignore"))[is_out]
    homes = homes.assign(walk_min=walk_min[is_out], building_id=homes.index).reset_index(drop=True)
    homes = homes.sort_values("building_id")
    groups = homes.groupby(["area_code", "compound_id"], dropna=False, as_index=False).agg(
        buildings=("building_id", "size"),
        households=("households", "sum"),
        people=("people", "sum"),
        nearest_min=("walk_min", "min"),
        building_ids=("building_id", tuple),
    )
    order = ["households", "area_code", "compound_id"]
    return pd.DataFrame(groups.sort_values(order, ascending=[False, True, True], ignore_index=True))


def _scene(
    stations: gpd.GeoDataFrame,
    network: WalkNetwork | None,
    buildings: gpd.GeoDataFrame,
    *,
    longest_min: float,
    speed_m_per_s: float,
    snap_max_m: float,
) -> tuple[Scene, gpd.GeoDataFrame]:
    """Check everything and join both frames to the streets; stations come back sorted by id."""
    _above_zero(longest_min=longest_min, speed_m_per_s=speed_m_per_s, snap_max_m=snap_max_m)
    for frame, what in ((stations, "stations"), (buildings, "buildings")):
        require(frame, what)
        require_geometry(frame, what, kinds=(*POINTS, *POLYGONS))
    stations = stations.sort_index()
    crs = _crs(network, stations, buildings)
    joined = [doors(frame, network, crs=crs, snap_max_m=snap_max_m) for frame in (stations, buildings)]
    return Scene(network, crs, joined[0], joined[1], speed_m_per_s * 60.0, longest_min), stations


def _crs(network: WalkNetwork | None, *frames: gpd.GeoDataFrame) -> pyproj.CRS:
    if network is not None and not network.is_empty:
        return network.crs
    filled = [frame for frame in frames if len(frame)]
    return metric_crs_of(filled[0]) if filled else metric_crs(0.0, 0.0)


def _ground(scene: Scene, brush: Brush | None, which: int, walk: Walk, threshold: float) -> tuple[Shape, float]:
    """Draw one circle in metres, and measure the street in it."""
    here, doors_in = scene.stations, walk.walk_min <= threshold
    limit_m = threshold * scene.m_per_min
    if scene.network is None or brush is None or here.edge[which] < 0:
        return disc(here.xy[which], limit_m), 0.0
    edge, from_m, to_m = reached_pieces(scene.network, here, which, walk.nodes, walk.to_m, limit_m)
    reached_m = float((to_m - from_m).sum())
    is_long = to_m - from_m > SHORT_M
    is_far = scene.buildings.snap_m > NEAR_SHARE * brush.width_m
    inside, far = np.flatnonzero(doors_in & walk.is_inside), np.flatnonzero(doors_in & ~walk.is_inside & is_far)
    stretches = [
        _cut_short(access_lines(scene.network, here, np.array([which])), limit_m),
        access_lines(scene.network, scene.buildings, far),
        _spokes(here.xy[which], scene.buildings.xy[inside]),
    ]
    return brush.paint(edge[is_long], from_m[is_long], to_m[is_long], np.concatenate(stretches)), reached_m


def _spokes(hub: Floats, ends: Floats) -> Shapes:
    """Straight lines from one point to others."""
    return np.array([shapely.LineString([hub, end]) for end in ends], dtype=object)


def _cut_short(lines: Shapes, limit_m: float) -> Shapes:
    """Stop a station's own stretch where time runs out before the street is reached."""
    return np.array([substring(line, 0.0, limit_m) for line in lines], dtype=object)


def _thresholds(minutes: Sequence[float]) -> list[float]:
    if len(minutes) == 0:
        raise BadSettingError(what="minutes", value="[]", reason="one is needed", reason_zh="至少需要一个")
    for value in minutes:
        _above_zero(minutes=value)
    return sorted({float(value) for value in minutes})


def _above_zero(**numbers: float) -> None:
    for name, value in numbers.items():
        if not 0 < value < np.inf:
            raise BadSettingError(what=name, value=value, reason="it must be above 0", reason_zh="必须大于 0")


def _no_reach() -> gpd.GeoDataFrame:
    frame = empty_frame(["households", "people", "reached_m", "snap_m", "is_straight_line"], index="station_id")
    frame.index = pd.MultiIndex.from_arrays([[], []], names=["station_id", "minutes"])
    return frame
