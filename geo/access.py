"""Access: where a place joins the streets, and how long the stretch from its door is.

Frames: points, index any unique id; geometry Point in EPSG:4326. Distances are metres in the
network's CRS. Limits: the stretch is a straight line; other buildings do not stop it. The rule and
its reasons: docs/methods/walking.md.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from geo.crs import to_metric
from geo.errors import BadSettingError
from geo.frames import POINTS, WGS84, require, require_geometry
from geo.network import WalkNetwork

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Joinable = tuple[shapely.STRtree, Ints]

PROBLEMS = {
    "no_network": ("没有可步行的道路", "there are no walkable streets"),
    "too_far": ("附近没有可步行的道路", "no walkable street is near enough"),
    "barrier": ("附近的道路都被水体、铁路或围墙隔开", "water, rails or walls lie before every street nearby"),
}


@dataclass(eq=False)
class _Joins:
    """Joins found so far for p places; edge -1 where there is none."""

    edge: Ints
    along_m: Floats
    snap_m: Floats
    gate: Ints
    is_blocked: Bools

    @classmethod
    def none(cls, n: int) -> "_Joins":
        nan = np.full(n, np.nan)
        return cls(np.full(n, -1, dtype=np.int64), nan, nan.copy(), np.full(n, -1, dtype=np.int64), np.zeros(n, bool))

    def take(self, place: Ints, found: "_Joins") -> None:
        hit = found.edge >= 0
        self.is_blocked[place] |= found.is_blocked
        for name in ("edge", "along_m", "snap_m", "gate"):
            getattr(self, name)[place[hit]] = getattr(found, name)[hit]


@dataclass(frozen=True, eq=False)
class Doors:
    """Places joined to a network; (p,) rows in the order of their frame.

    Attributes
    ----------
    xy
        (p, 2) metres: the place itself.
    edge, along_m, snap_m, gate, outline, problem
        as `snap` returns them.
    """

    xy: Floats
    edge: Ints
    along_m: Floats
    snap_m: Floats
    gate: Ints
    outline: Ints
    problem: npt.NDArray[np.object_]


def doors(frame: gpd.GeoDataFrame, network: WalkNetwork | None, *, crs: pyproj.CRS, snap_max_m: float) -> Doors:
    """Join the rows of a frame to the network; polygons stand for a point inside them.

    Parameters
    ----------
    frame
        Points or polygons, EPSG:4326. Not changed.
    network
        None or an empty one where there are no streets: every row then has the problem "no_network".
    crs
        The network's; where there is none, the zone in which straight lines are measured.

    Raises
    ------
    Errors of `snap`.
    """
    inside = shapely.point_on_surface(to_metric(frame.geometry, crs).to_numpy())
    points = gpd.GeoSeries(inside, index=frame.index, crs=crs)
    joined = snap(network, points.to_crs(WGS84).to_frame("geometry"), snap_max_m=snap_max_m)
    columns = (joined[name].to_numpy() for name in ("edge", "along_m", "snap_m", "gate", "outline", "problem"))
    return Doors(shapely.get_coordinates(inside), *columns)


def snap(network: WalkNetwork | None, points: gpd.GeoDataFrame, *, snap_max_m: float) -> pd.DataFrame:
    """Return where each place joins the streets; a batch never fails for one place.

    The nearest street is taken whose straight access crosses no water, railway, wall or gated
    compound's outline. A place inside a gated compound without such a street of its own joins
    through the gate that makes the stretch shortest: place to gate to street. Bridges and tunnels
    are joined only at their ends, stray islands of path only where there is nothing else.

    Parameters
    ----------
    network
        Built by `geo.network.walk_network`; None or empty where there are no streets.
    points
        Places, (p,) rows, see the module's docstring. Not changed.
    snap_max_m
        How far a street may lie from a place (or, where a gate is taken, from the gate).

    Returns
    -------
    pandas.DataFrame
        Index of `points`; ``edge`` (position in the network, -1 for none), ``along_m`` (metres
        from the edge's start), ``snap_m`` (metres of the whole stretch), ``gate_id`` (None without a
        gate), ``gate`` and ``outline`` (positions in the network's obstacles, -1 for none; the
        outline is the gated compound the place is in) and ``problem`` (None, or a key of
        `PROBLEMS`; ``along_m`` and ``snap_m`` are then NaN).

    Raises
    ------
    BadSettingError
        `snap_max_m` is not above 0.
    DuplicateIdError, MissingCrsError, WrongCrsError, WrongGeometryError
        `points` is not what it must be.
    """
    if not 0 < snap_max_m < np.inf:
        raise BadSettingError(
            what="snap_max_m", value=snap_max_m, reason="it must be above 0", reason_zh="必须大于 0"
        )  # fmt: skip
    require(points, "points")
    require_geometry(points, "points", kinds=POINTS)
    joins = _Joins.none(len(points))
    own = np.full(len(points), -1, dtype=np.int64)
    if network is not None and not network.is_empty and len(points):
        xy = shapely.get_coordinates(to_metric(points.geometry, network.crs).to_numpy())
        own = network.obstacles.outline_of(xy)
        for streets in network.joinable:
            place = np.flatnonzero(joins.edge < 0)
            joins.take(place, _nearest(network, streets, xy[place], own[place], snap_max_m))
            place = np.flatnonzero((joins.edge < 0) & (own >= 0))
            joins.take(place, _by_gate(network, streets, xy[place], own[place], snap_max_m))
    return _table(network, points.index, joins, own)


def access_lines(network: WalkNetwork, places: Doors, which: Ints) -> npt.NDArray[np.object_]:
    """Return the stretch of each chosen place as a LineString in metres: door, gate if any, street."""
    line = network.edge_geometry[places.edge[which]]
    street = shapely.get_coordinates(shapely.line_interpolate_point(line, places.along_m[which]))
    gate = places.gate[which]
    bend = street.copy()
    bend[gate >= 0] = network.obstacles.gate_xy[gate[gate >= 0]]
    return np.asarray(shapely.linestrings(np.stack([places.xy[which], bend, street], axis=1)), dtype=object)


def _nearest(
    network: WalkNetwork, streets: Joinable, xy: Floats, own: Ints, snap_max_m: float, *, at_gate: bool = False
) -> _Joins:
    """Join each place to the nearest street with an open way, looking ever farther."""
    found = _Joins.none(len(xy))
    tree, numbers = streets
    for radius_m in (snap_max_m / 8, snap_max_m / 3, snap_max_m):
        left = np.flatnonzero(found.edge < 0)
        points = np.asarray(shapely.points(xy[left]), dtype=object)
        which, hit = tree.query(points, predicate="dwithin", distance=radius_m)
        line = tree.geometries[hit]
        along_m = shapely.line_locate_point(line, points[which])
        end = shapely.get_coordinates(shapely.line_interpolate_point(line, along_m))
        place = left[which]
        gap_m = np.hypot(*(end - xy[place]).T)
        is_open = network.obstacles.is_open(xy[place], end, own[place], leaves_by_gate=at_gate)
        found.is_blocked[place] = True
        order = np.lexsort((numbers[hit], gap_m, place))
        order = order[is_open[order]]
        best = order[np.unique(place[order], return_index=True)[1]]
        found.edge[place[best]], found.snap_m[place[best]] = numbers[hit[best]], gap_m[best]
        found.along_m[place[best]] = np.asarray(along_m)[best]
    return found


def _by_gate(network: WalkNetwork, streets: Joinable, xy: Floats, own: Ints, snap_max_m: float) -> _Joins:
    """Join each place in a gated compound through the gate that makes the stretch shortest."""
    found = _Joins.none(len(xy))
    ground = network.obstacles
    if len(xy) == 0:
        return found
    exits = _nearest(network, streets, ground.gate_xy, ground.gate_outline, snap_max_m, at_gate=True)
    places = pd.DataFrame({"outline": own, "place": np.arange(len(own))})
    gates = pd.DataFrame({"outline": ground.gate_outline, "gate": np.arange(len(exits.edge))})[exits.edge >= 0]
    pairs = places.merge(gates, on="outline")
    place, gate = pairs["place"].to_numpy(), pairs["gate"].to_numpy()
    start, end = xy[place], ground.gate_xy[gate]
    gap_m = np.hypot(*(end - start).T)
    is_open = ground.is_open(end, start, own[place], leaves_by_gate=True)  # seen from the gate
    total_m = gap_m + exits.snap_m[gate]
    order = np.lexsort((gate, total_m, place))
    order = order[is_open[order]]
    best = order[np.unique(place[order], return_index=True)[1]]
    at, through = place[best], gate[best]
    found.edge[at], found.along_m[at] = exits.edge[through], exits.along_m[through]
    found.snap_m[at], found.gate[at] = total_m[best], through
    return found


def _table(network: WalkNetwork | None, index: pd.Index, joins: _Joins, own: Ints) -> pd.DataFrame:
    is_off = joins.edge < 0
    reason = np.where(joins.is_blocked, "barrier", "no_network" if network is None or network.is_empty else "too_far")
    problem = np.full(len(index), None, dtype=object)
    problem[is_off] = reason[is_off]
    gate_id = np.full(len(index), None, dtype=object)
    has_gate = joins.gate >= 0
    if network is not None:
        gate_id[has_gate] = network.obstacles.gate_ids[joins.gate[has_gate]]
    columns = {
        "edge": joins.edge,
        "along_m": joins.along_m,
        "snap_m": joins.snap_m,
        "gate_id": pd.Series(gate_id, index=index, dtype=object),
        "gate": joins.gate,
        "outline": own,
        "problem": pd.Series(problem, index=index, dtype=object),
    }
    return pd.DataFrame(columns, index=index)
