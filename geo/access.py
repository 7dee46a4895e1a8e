"""Access: where a place joins the streets, and how long the stretch from its door is.

Frames: points, index any unique id; geometry Point in EPSG:4326. Distances are metres in the
network's CRS. Limits: the stretch is a straight line; other buildings do not stop it. The rule and
its reasons: docs/methods/walking.md.
"""

from dataclasses import dataclass, fields

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from geo.crs import metric_crs_of, to_metric
from geo.errors import BadSettingError
from geo.frames import POINTS, require, require_geometry
from geo.network import WalkNetwork

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Joinable = tuple[shapely.STRtree, Ints]

TIE_M = 0.001

PROBLEMS = {
    "no_network": ("没有可步行的道路", "there are no walkable streets"),
    "too_far": ("附近没有可步行的道路", "no walkable street is near enough"),
    "no_place": ("没有可用的坐标", "it has no usable place"),
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
        as `snap` returns them; `problem` a key of `PROBLEMS` or None.
    """

    xy: Floats
    edge: Ints
    along_m: Floats
    snap_m: Floats
    gate: Ints
    outline: Ints
    problem: npt.NDArray[np.object_]

    def take(self, which: Ints) -> "Doors":
        """Return some of the places."""
        return Doors(*(getattr(self, field.name)[which] for field in fields(self)))


def join(network: WalkNetwork | None, xy: Floats, *, snap_max_m: float) -> Doors:
    """Join places, (p, 2) metres in the network's CRS, to the streets; nobody fails for another.

    The nearest street is taken whose straight access crosses no water, railway, wall or gated
    compound's outline. A place inside a gated compound without such a street of its own joins
    through the gate that makes the stretch shortest: place to gate to street. Bridges and tunnels
    are joined only at their ends, stray islands of path only where there is nothing else. Of streets as near to a
    millimetre the first of the network is taken.

    Parameters
    ----------
    network
        None or an empty one where there are no streets: everybody then has the problem "no_network".
    snap_max_m
        How far a street may lie from a place (or, where a gate is taken, from the gate).

    Raises
    ------
    BadSettingError
        `snap_max_m` is not above 0.
    """
    if not 0 < snap_max_m < np.inf:
        raise BadSettingError(
            what="snap_max_m", value=snap_max_m, reason="it must be above 0", reason_zh="必须大于 0"
        )  # fmt: skip
    joins = _Joins.none(len(xy))
    own = np.full(len(xy), -1, dtype=np.int64)
    there = np.asarray(np.isfinite(xy).all(axis=1), dtype=np.bool_)
    if network is not None and not network.is_empty:
        own[there] = network.obstacles.outline_of(xy[there])
        for streets in network.joinable:
            place = np.flatnonzero((joins.edge < 0) & there)
            joins.take(place, _nearest(network, streets, xy[place], own[place], snap_max_m))
            place = np.flatnonzero((joins.edge < 0) & (own >= 0))
            joins.take(place, _by_gate(network, streets, xy[place], own[place], snap_max_m))
    return Doors(xy, joins.edge, joins.along_m, joins.snap_m, joins.gate, own, _problems(network, joins, there))


def doors(frame: gpd.GeoDataFrame, network: WalkNetwork | None, *, crs: pyproj.CRS, snap_max_m: float) -> Doors:
    """Join the rows of a frame to the network; polygons stand for a point inside them.

    Parameters
    ----------
    frame
        Points or polygons, EPSG:4326. Not changed.
    crs
        The network's; where there is none, the zone in which straight lines are measured.

    Raises
    ------
    Errors of `join`.
    """
    return join(network, inner_points(frame, crs), snap_max_m=snap_max_m)


def inner_points(frame: gpd.GeoDataFrame, crs: pyproj.CRS) -> Floats:
    """Return (p, 2) metres in `crs`: a point of each row, inside where it is a polygon, NaN where there is none."""
    shapes = to_metric(frame.geometry, crs).to_numpy()
    points = shapely.point_on_surface(shapes)
    return np.stack([shapely.get_x(points), shapely.get_y(points)], axis=1)


def snap(network: WalkNetwork | None, points: gpd.GeoDataFrame, *, snap_max_m: float) -> pd.DataFrame:
    """Return where each place of a frame joins the streets, as `join` finds it.

    Parameters
    ----------
    points
        Places, (p,) rows, see the module's docstring. Not changed.

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
    require(points, "points")
    require_geometry(points, "points", kinds=POINTS)
    crs = metric_crs_of(points) if network is None or network.is_empty else network.crs
    joined = join(network, inner_points(points, crs), snap_max_m=snap_max_m)
    gate_id = np.full(len(points), None, dtype=object)
    has_gate = joined.gate >= 0
    if network is not None:
        gate_id[has_gate] = network.obstacles.gate_ids[joined.gate[has_gate]]
    columns = {name: getattr(joined, name) for name in ("edge", "along_m", "snap_m", "gate", "outline")}
    told = {"gate_id": gate_id, "problem": joined.problem}
    as_objects = {name: pd.Series(column, index=points.index, dtype=object) for name, column in told.items()}
    return pd.DataFrame({**columns, **as_objects}, index=points.index)


def street_points(network: WalkNetwork, places: Doors, which: Ints) -> Floats:
    """Return (c, 2) metres: where chosen places, all of them joined, meet their streets."""
    line = network.edge_geometry[places.edge[which]]
    return np.asarray(shapely.get_coordinates(shapely.line_interpolate_point(line, places.along_m[which])))


def access_lines(network: WalkNetwork, places: Doors, which: Ints) -> Floats:
    """Return (2c, 4) straight lines in metres, x y to x y: from each chosen door to its gate, and on to the street.

    Where there is no gate the first line goes all the way and the second is a point.
    """
    door, street = places.xy[which], street_points(network, places, which)
    gate, bend = places.gate[which], street.copy()
    bend[gate >= 0] = network.obstacles.gate_xy[gate[gate >= 0]]
    return np.hstack([door, bend, bend, street]).reshape(-1, 4)


def _nearest(
    network: WalkNetwork, streets: Joinable, xy: Floats, own: Ints, snap_max_m: float, *, at_gate: bool = False
) -> _Joins:
    """Join each place to the nearest street with an open way, looking ever farther."""
    found = _Joins.none(len(xy))
    tree, numbers = streets
    for radius_m in (snap_max_m / 8, snap_max_m / 3, snap_max_m):
        left = np.flatnonzero(found.edge < 0)
        if len(left) == 0:
            break
        points = np.asarray(shapely.points(xy[left]), dtype=object)
        which, hit = tree.query(points, predicate="dwithin", distance=radius_m + TIE_M)
        line = tree.geometries[hit]
        along_m = shapely.line_locate_point(line, points[which])
        end = shapely.get_coordinates(shapely.line_interpolate_point(line, along_m))
        place = left[which]
        gap_m = np.hypot(*(end - xy[place]).T)
        is_near = _to_a_tie(gap_m) <= _to_a_tie(np.array(radius_m))
        is_open = is_near & network.obstacles.is_open(xy[place], end, own[place], leaves_by_gate=at_gate)
        found.is_blocked[place[is_near]] = True
        order = np.lexsort((numbers[hit], _to_a_tie(gap_m), place))
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
    asked = np.flatnonzero(np.isin(ground.gate_outline, own))
    exits = _Joins.none(len(ground.gate_outline))
    at_gates = ground.gate_xy[asked], ground.gate_outline[asked]
    exits.take(asked, _nearest(network, streets, *at_gates, snap_max_m, at_gate=True))
    places = pd.DataFrame({"outline": own, "place": np.arange(len(own))})
    gates = pd.DataFrame({"outline": ground.gate_outline, "gate": np.arange(len(exits.edge))})[exits.edge >= 0]
    pairs = places.merge(gates, on="outline")
    place, gate = pairs["place"].to_numpy(), pairs["gate"].to_numpy()
    start, end = xy[place], ground.gate_xy[gate]
    gap_m = np.hypot(*(end - start).T)
    is_open = ground.is_open(end, start, own[place], leaves_by_gate=True)  # seen from the gate
    total_m = gap_m + exits.snap_m[gate]
    order = np.lexsort((gate, _to_a_tie(total_m), place))
    order = order[is_open[order]]
    best = order[np.unique(place[order], return_index=True)[1]]
    at, through = place[best], gate[best]
    found.edge[at], found.along_m[at] = exits.edge[through], exits.along_m[through]
    found.snap_m[at], found.gate[at] = total_m[best], through
    return found


def _to_a_tie(far_m: Floats) -> Floats:
    """Return distances such that those alike to a millimetre are equal: rounding does not choose between streets."""
    return np.asarray(np.rint(far_m / TIE_M))


def _problems(network: WalkNetwork | None, joins: _Joins, there: Bools) -> npt.NDArray[np.object_]:
    reason = np.where(joins.is_blocked, "barrier", "no_network" if network is None or network.is_empty else "too_far")
    reason = np.where(there, reason, "no_place")
    problem = np.full(len(joins.edge), None, dtype=object)
    is_off = joins.edge < 0
    problem[is_off] = reason[is_off]
    return problem
