"""Reach: who, and what ground, a person can get to on foot from a station in so many minutes.

Minutes are walked along streets: from the station to its street, along the network, and from the
street to the building's door; both stretches count. The households of a circle are those of the
buildings whose own minutes are within it - that is the truth; its polygon is the picture: the
street reached, cut where time runs out, widened, with the stretch to every building counted.

Frames: stations, index station_id; geometry (Point, or polygons: a point inside), EPSG:4326. A station
that joins no street, or a place without streets, gets a straight-line stand-in (detour factor 1),
always labelled ``is_straight_line``.

Limits: no slopes, no lights. See docs/methods/walking.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.access import Doors, access_lines
from geo.circles import Lines, Shape, disc, in_degrees, lines_of, nested, painted
from geo.errors import BadSettingError
from geo.frames import WGS84, empty_frame
from geo.nearest import nearest_to_doors
from geo.network import WalkNetwork
from geo.pieces import reached_pieces
from geo.scene import Scene, above_zero
from geo.searches import Found, nodes_within, walks_all
from geo.threads import mapped

Floats = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]
Progress = Callable[[int, int], None]

METHOD = "reach 2"
SPEED_M_PER_S = 1.2
WIDTH_M = 25.0
HOLE_MAX_M2 = 10_000.0
NEAR_SHARE = 0.9  # a stretch longer than this share of the width is drawn, so that its door lies in the circle
# Minutes are told to so many decimals: a walk of exactly five minutes is within five, whatever its metres' last digits.
MINUTE_DECIMALS = 6
SLACK_MIN = 10.0**-MINUTE_DECIMALS
AT_A_TIME = 64  # stations: enough to share out, few enough to hold in memory and to tell of progress


@dataclass(frozen=True)
class Look:
    """How circles are drawn: half the width of the ground beside a street, and the holes that are filled."""

    width_m: float = WIDTH_M
    hole_max_m2: float = HOLE_MAX_M2


AS_USUAL = Look()


def reach(
    stations: gpd.GeoDataFrame,
    scene: Scene,
    *,
    minutes: Sequence[float] = (5.0, 15.0),
    speed_m_per_s: float = SPEED_M_PER_S,
    look: Look = AS_USUAL,
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Return the circles of every station: one row for each station and threshold.

    Parameters
    ----------
    stations
        (s,) rows, as in the module's docstring. Not changed; their order does not matter.
    scene
        Streets, and buildings joined to them: `geo.scene.scene_of`.
    minutes
        (k,) thresholds above 0, in any order.
    speed_m_per_s
        Walking speed. 1.2 is a planning assumption for adults on level ground.
    look
        How far the polygon extends beside a reached street, metres, and the holes that are filled:
        the insides of street blocks.
    progress
        Told how many stations, of how many, are done.

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
    DuplicateIdError, MissingCrsError, WrongCrsError, WrongGeometryError
        The frame is not what it must be.

    Notes
    -----
    One search for each station, stopped at the longest time: `geo.searches`.
    """
    thresholds = _thresholds(minutes)
    above_zero(speed_m_per_s=speed_m_per_s)
    stations = stations.sort_index()
    origins = scene.join(stations)
    parts = []
    for at in range(0, len(stations), AT_A_TIME):
        which = np.arange(at, min(at + AT_A_TIME, len(stations)))
        part = circles_from(scene, origins.take(which), thresholds, m_per_min=60 * speed_m_per_s, look=look)
        parts.append(part.assign(station_id=stations.index.take(which[part["origin"]])))
        if progress is not None:
            progress(int(which[-1]) + 1, len(stations))
    if not parts:
        return _no_reach(scene.names)
    made = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=WGS84)
    return made.drop(columns="origin").set_index(["station_id", "minutes"])


def minutes_of(way_m: Floats, m_per_min: float) -> Floats:
    """Return minutes for metres, to the decimals that are told."""
    return np.asarray(np.round(way_m / m_per_min, MINUTE_DECIMALS))


def limit_of(minutes: float, m_per_min: float) -> float:
    """Return how far a search must go to find every walk that is told to take at most so many minutes."""
    return (minutes + SLACK_MIN) * m_per_min


def circles_from(
    scene: Scene, origins: Doors, thresholds: Sequence[float], *, m_per_min: float, look: Look = AS_USUAL
) -> gpd.GeoDataFrame:
    """Return the circles of (s,) places that were joined to a scene's streets.

    Parameters
    ----------
    thresholds
        (k,) minutes, shortest first.

    Returns
    -------
    geopandas.GeoDataFrame
        s * k rows as `reach` returns them, with ``origin`` (position) and ``minutes`` as columns.
    """
    above_zero(width_m=look.width_m, hole_max_m2=look.hole_max_m2)
    found = walks_all(scene.net, origins, limit_m=limit_of(thresholds[-1], m_per_min))
    sums = sums_of(scene, found, thresholds, m_per_min=m_per_min, places=len(origins.edge))
    limits_m = np.array([limit_of(threshold, m_per_min) for threshold in thresholds])
    shapes, reached_m = _drawn(scene, origins, found, limits_m, look)
    degrees = in_degrees(shapes.ravel(), scene.crs).reshape(shapes.shape)
    circles = mapped(lambda row: nested(row, hole_max_m2=look.hole_max_m2), degrees)
    is_whole = np.array_equal(scene.counts, np.rint(scene.counts))
    amounts = np.rint(sums).astype(np.int64) if is_whole else sums
    table = pd.DataFrame(amounts.reshape(-1, len(scene.names)), columns=list(scene.names))
    table["reached_m"] = reached_m.ravel()
    table["snap_m"] = np.repeat(origins.snap_m, len(thresholds))
    table["is_straight_line"] = np.repeat(origins.edge < 0, len(thresholds))
    table["origin"] = np.repeat(np.arange(len(origins.edge)), len(thresholds))
    table["minutes"] = np.tile(np.asarray(thresholds, dtype=np.float64), len(origins.edge))
    geometry = np.concatenate(circles) if circles else np.empty(0, dtype=object)
    return gpd.GeoDataFrame(table, geometry=geometry, crs=WGS84)


def sums_of(scene: Scene, found: Found, thresholds: Sequence[float], *, m_per_min: float, places: int) -> Floats:
    """Return (s, k, c): what a scene counts whose own minutes are within each of k thresholds of each of s places."""
    walk_min = minutes_of(found.way_m, m_per_min)
    sums = np.zeros((places, len(thresholds), scene.counts.shape[1]))
    for at, threshold in enumerate(thresholds):
        near = walk_min <= threshold
        for column, counts in enumerate(scene.counts.T):
            sums[:, at, column] = np.bincount(found.origin[near], weights=counts[found.door[near]], minlength=places)
    return sums


def walks(
    stations: gpd.GeoDataFrame,
    scene: Scene,
    *,
    longest_min: float,
    speed_m_per_s: float = SPEED_M_PER_S,
) -> pd.DataFrame:
    """Return every walk from a station to a building that takes at most `longest_min`.

    Parameters
    ----------
    stations, scene, speed_m_per_s
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
    above_zero(longest_min=longest_min, speed_m_per_s=speed_m_per_s)
    stations, m_per_min = stations.sort_index(), 60 * speed_m_per_s
    origins = scene.join(stations)
    found = walks_all(scene.net, origins, limit_m=limit_of(longest_min, m_per_min))
    walk_min = minutes_of(found.way_m, m_per_min)
    near = walk_min <= longest_min
    ids = [stations.index.take(found.origin[near]), scene.ids.take(found.door[near])]
    index = pd.MultiIndex.from_arrays(ids, names=["station_id", "building_id"])
    is_straight_line = origins.edge[found.origin[near]] < 0
    return pd.DataFrame({"walk_min": walk_min[near], "is_straight_line": is_straight_line}, index=index)


def nearest(
    stations: gpd.GeoDataFrame,
    scene: Scene,
    *,
    longest_min: float = np.inf,
    stand_in_min: float = np.inf,
    speed_m_per_s: float = SPEED_M_PER_S,
) -> pd.DataFrame:
    """Return, for every building, the nearest station on foot and the minutes to it.

    Parameters
    ----------
    stations, scene, speed_m_per_s
        As in `reach`.
    longest_min
        Beyond it a building has no station; without it the nearest is told however far it is.
    stand_in_min
        Beyond it no straight line stands in for a walk.

    Returns
    -------
    pandas.DataFrame
        Index building_id, in the order of the scene's; ``station_id`` (NA beyond; ties go to the
        lowest id), ``walk_min`` (NaN beyond), ``is_straight_line``, and ``problem`` (why the building
        itself joins no street - a key of `geo.access.PROBLEMS` - else None).

    Raises
    ------
    Errors of `reach`.
    """
    above_zero(speed_m_per_s=speed_m_per_s)
    if not longest_min > 0:
        above_zero(longest_min=longest_min)
    stations, m_per_min = stations.sort_index(), 60 * speed_m_per_s
    origins = scene.join(stations)
    limits_m = [limit_of(limit_min, m_per_min) for limit_min in (longest_min, min(stand_in_min, longest_min))]
    found = nearest_to_doors(scene.net, origins, limit_m=limits_m[0], line_max_m=limits_m[1])
    walk_min = minutes_of(found.way_m, m_per_min)
    has_one = (found.owner >= 0) & (walk_min <= longest_min)
    which = np.where(has_one, found.owner, 0)
    station = pd.Series(stations.index.take(which) if len(stations) else pd.NA, index=scene.ids)
    straight = origins.edge < 0 if len(stations) else np.zeros(1, dtype=bool)
    return pd.DataFrame(
        {
            "station_id": station.convert_dtypes().where(has_one),
            "walk_min": np.where(has_one, walk_min, np.nan),
            "is_straight_line": has_one & straight[which],
            "problem": pd.Series(scene.homes.problem, index=scene.ids, dtype=object),
        },
        index=scene.ids,
    ).rename_axis(index="building_id")


def _drawn(scene: Scene, origins: Doors, found: Found, limits_m: Floats, look: Look) -> tuple[Shapes, Floats]:
    """Return (s, k) polygons in metres, and (s, k) metres of street in them."""
    shapes = np.empty((len(origins.edge), len(limits_m)), dtype=object)
    network = scene.network
    if network is None:
        shapes[:] = [[disc(xy, limit_m) for limit_m in limits_m] for xy in origins.xy]
        return shapes, np.zeros(shapes.shape)
    met = nodes_within(scene.net, origins, limit_m=limits_m[-1])
    pieces = reached_pieces(network, origins, met, limits_m)
    first = np.searchsorted(found.origin, np.arange(len(origins.edge) + 1))

    def draw(which: int) -> list[Shape]:
        if origins.edge[which] < 0:
            return [disc(origins.xy[which], limit_m) for limit_m in limits_m]
        own = found.rows(slice(first[which], first[which + 1]))
        off = access_lines(network, origins, np.array([which]))
        across = _across(scene, network, origins.xy[which], own, limits_m, drawn_m=NEAR_SHARE * look.width_m)
        streets = [lines_of(network, *pieces.of(which * len(limits_m) + at)) for at in range(len(limits_m))]
        starts = [_cut_short(off, limit_m) for limit_m in limits_m]
        lines = [np.concatenate(all_three) for all_three in zip(starts, streets, across, strict=True)]
        return painted(lines, width_m=look.width_m, hole_max_m2=look.hole_max_m2)

    for which, row in enumerate(mapped(draw, range(len(shapes)))):
        shapes[which] = row
    return shapes, pieces.length_m.reshape(shapes.shape)


def _across(
    scene: Scene, network: WalkNetwork, hub: Floats, own: Found, limits_m: Floats, *, drawn_m: float
) -> list[Lines]:
    """Return, for each limit, the ways to doors off the streets: to far ones, and straight across a compound."""
    is_far = scene.homes.snap_m[own.door] > drawn_m
    lines = []
    for limit_m in limits_m:
        near = own.way_m <= limit_m
        beside = scene.homes.xy[own.door[near & own.is_inside]]
        spokes = np.hstack([np.broadcast_to(hub, beside.shape), beside])
        lines.append(
            np.concatenate([spokes, access_lines(network, scene.homes, own.door[near & ~own.is_inside & is_far])])
        )
    return lines


def _cut_short(lines: Lines, limit_m: float) -> Lines:
    """Stop a place's own stretch where time runs out before the street is reached."""
    way = lines[:, 2:] - lines[:, :2]
    length_m = np.hypot(*way.T)
    before_m = np.cumsum(length_m) - length_m
    share = np.clip(np.divide(limit_m - before_m, length_m, out=np.ones(len(lines)), where=length_m > 0), 0, 1)
    cut = np.hstack([lines[:, :2], lines[:, :2] + way * share[:, None]])
    return np.asarray(cut[before_m <= limit_m])


def _thresholds(minutes: Sequence[float]) -> list[float]:
    if len(minutes) == 0:
        raise BadSettingError(what="minutes", value="[]", reason="one is needed", reason_zh="至少需要一个")
    for value in minutes:
        above_zero(minutes=value)
    return sorted({float(value) for value in minutes})


def _no_reach(names: Sequence[str]) -> gpd.GeoDataFrame:
    frame = empty_frame([*names, "reached_m", "snap_m", "is_straight_line"], index="station_id")
    frame.index = pd.MultiIndex.from_arrays([[], []], names=["station_id", "minutes"])
    return frame
