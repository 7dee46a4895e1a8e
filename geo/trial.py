"""Trial: streets and gates as they would be - a footbridge more, a street closed, a gate opened - for asking what if.

Frames are those of `geo.network`; they are copied, never changed. Distances are metres in the given CRS.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from geo.crs import to_degrees, to_metric
from geo.errors import BadSettingError, ConflictError
from geo.frames import WGS84

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

JOIN_M = 30.0  # how far the end of a new street may lie from the one it is to meet
GATE_M = 30.0  # how far a new gate may lie from the compound it is to open
STREET_MAX_M = 2_000.0  # longer than any footbridge or lane that two clicks are meant for: a slip of the hand
SAME_M = 0.01
SAME_PLACE_M = 1.0  # what is saved twice lies within so much of itself


class BadChangeError(BadSettingError):
    """A change of the ground that cannot be."""

    zh = "{told_zh}不可用：{reason_zh}。"
    en = "{told} cannot be used: {reason}."


class ClosedAlreadyError(ConflictError):
    """A street is to be closed where nobody walks already."""

    zh = "（{place}）处最近的道路已经不可步行。请点在要封闭的道路上。"
    en = "Nobody walks on the street nearest to ({place}) already. Point at the street that is to be closed."


@dataclass(eq=False)
class _Way:
    """A street that may be given vertices more: (n, 2) of it in degrees, and the same in metres."""

    degrees: Floats
    xy: Floats

    @property
    def line(self) -> shapely.LineString:
        """The street in metres."""
        return shapely.LineString(self.xy)

    def meet(self, point: Floats, crs: pyproj.CRS) -> tuple[Floats, Floats]:
        """Return, in degrees and in metres, the place on it nearest to a point; it has a vertex there from now on."""
        along_m = shapely.line_locate_point(self.line, shapely.Point(point))
        passed_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(self.xy, axis=0).T))])
        nearest = int(np.argmin(np.abs(passed_m - along_m)))
        if abs(passed_m[nearest] - along_m) > SAME_M:
            spot = shapely.line_interpolate_point(self.line, along_m)
            nearest = int(np.clip(np.searchsorted(passed_m, along_m, side="right"), 1, len(self.xy) - 1))
            there = to_degrees(gpd.GeoSeries([spot], crs=crs)).iloc[0]
            self.xy = np.insert(self.xy, nearest, [spot.x, spot.y], axis=0)
            self.degrees = np.insert(self.degrees, nearest, [there.x, there.y], axis=0)
        return self.degrees[nearest], self.xy[nearest]

    def move_end(self, end: int, place: tuple[Floats, Floats]) -> None:
        """Let an end, 0 or -1, lie elsewhere."""
        self.degrees, self.xy = self.degrees.copy(), self.xy.copy()
        self.degrees[end], self.xy[end] = place


def with_streets(
    streets: gpd.GeoDataFrame,
    lines: Sequence[shapely.LineString],
    *,
    crs: pyproj.CRS,
    is_bridge: Sequence[bool],
    join_m: float = JOIN_M,
) -> gpd.GeoDataFrame:
    """Return streets with some more, on foot both ways; they meet others at their ends alone.

    Each end meets the nearest walkable street within `join_m`, or where there is none the nearest that is new as well:
    that street is given a vertex there, and so the two share it.

    Parameters
    ----------
    lines
        In EPSG:4326.
    is_bridge
        For each line: doors do not join a bridge along its way.

    Raises
    ------
    BadSettingError
        A line has no length or is longer than `STREET_MAX_M`, one of its ends meets no street, or new streets meet
        each other and none that is there.
    """
    made = [_Way(shapely.get_coordinates(line), xy) for line, xy in zip(lines, _metres(lines, crs), strict=True)]
    _require_lengths(made)
    walkable = np.flatnonzero(streets["is_walkable"].to_numpy(dtype=bool))
    known = to_metric(streets.geometry, crs).to_numpy()[walkable]
    ends = list(_ends(made, known, join_m))
    _require_ways_in(made, ends)
    met: dict[int, _Way] = {}
    for end in sorted(ends, key=lambda end: end.is_new):
        if end.is_new:
            other = made[end.meets]
        else:
            row = int(walkable[end.meets])
            shape = streets.geometry.iloc[row]
            other = met.setdefault(row, _Way(shapely.get_coordinates(shape), shapely.get_coordinates(known[end.meets])))
        own = made[end.way]
        if not (end.is_new and _is_joined(own.xy[end.end], own, other, join_m)):
            own.move_end(end.end, other.meet(own.xy[end.end], crs))
    shapes = streets.geometry.to_numpy().copy()
    for row, way in met.items():
        shapes[row] = shapely.LineString(way.degrees)
    return _added(streets, shapes, made, is_bridge)


@dataclass(frozen=True)
class _End:
    """An end, 0 or -1, of new street `way`, and the street it meets: one of the new, or of those that are there."""

    way: int
    end: int
    meets: int
    is_new: bool


def _metres(lines: Sequence[shapely.LineString], crs: pyproj.CRS) -> list[Floats]:
    return [shapely.get_coordinates(line) for line in to_metric(gpd.GeoSeries(list(lines), crs=WGS84), crs)]


def _require_lengths(made: list[_Way]) -> None:
    for number, way in enumerate(made, start=1):
        length_m = way.line.length
        if not length_m > SAME_M:
            raise _bad_street(number, "it has no length", "长度为 0")
        if length_m > STREET_MAX_M:
            raise _bad_street(
                number, f"it is {length_m:,.0f} m long, and at most {STREET_MAX_M:,.0f} m are taken",
                f"长 {length_m:,.0f} 米，最长 {STREET_MAX_M:,.0f} 米",
            )  # fmt: skip


def _ends(made: list[_Way], known: npt.NDArray[np.object_], join_m: float) -> Iterator[_End]:
    """Yield what each end of the new streets meets."""
    tree = shapely.STRtree(known)
    drawn = [way.line for way in made]
    for number, way in enumerate(made):
        for end, word, word_zh in ((0, "first", "起点"), (-1, "last", "终点")):
            point = shapely.Point(way.xy[end])
            near = tree.query_nearest(point, max_distance=join_m, all_matches=False)
            others = [(shapely.distance(line, point), at) for at, line in enumerate(drawn) if at != number]
            far_m, nearest = min(others, default=(np.inf, -1))
            if len(near):
                yield _End(number, end, int(near[0]), is_new=False)
            elif far_m <= join_m:
                yield _End(number, end, nearest, is_new=True)
            else:
                place = _told(shapely.Point(way.degrees[end]))
                raise _bad_street(
                    number + 1, f"no street lies within {join_m:g} m of its {word} end ({place})",
                    f"{word_zh}（{place}）{join_m:g} 米内没有道路，两端都须接到道路",
                )  # fmt: skip


def _require_ways_in(made: list[_Way], ends: list[_End]) -> None:
    """Raise where new streets meet each other alone."""
    joined = {end.way for end in ends if not end.is_new}
    for _ in made:
        joined |= {one for end in ends if end.is_new for one, other in (
            (end.way, end.meets), (end.meets, end.way)) if other in joined}  # fmt: skip
    for number in range(len(made)):
        if number not in joined:
            raise _bad_street(
                number + 1, "it meets new streets alone, and none of them meets one that is there",
                "只与新道路相接，没有接到现有道路",
            )  # fmt: skip


def _is_joined(end: Floats, own: _Way, other: _Way, join_m: float) -> bool:
    """Return whether two new streets share a vertex near an end already: the other's end was moved there."""
    near = own.xy[np.hypot(*(own.xy - end).T) <= join_m]
    return bool((shapely.distance(shapely.points(near), shapely.MultiPoint(other.xy)) <= SAME_M).any())


def _added(
    streets: gpd.GeoDataFrame, shapes: npt.NDArray[np.object_], made: list[_Way], is_bridge: Sequence[bool]
) -> gpd.GeoDataFrame:
    first = int(streets.index.max()) + 1 if len(streets) else 1
    index = pd.RangeIndex(first, first + len(made), name=streets.index.name)
    told = {"is_walkable": True, "is_bridge": list(is_bridge), "is_steps": False}
    lines = [shapely.LineString(way.degrees) for way in made]
    kept = streets.set_geometry(gpd.GeoSeries(shapes, index=streets.index, crs=WGS84))
    return gpd.GeoDataFrame(
        pd.concat([kept, gpd.GeoDataFrame(told, geometry=lines, crs=WGS84, index=index)]), crs=WGS84
    )


def _bad_street(number: int, reason: str, reason_zh: str) -> BadChangeError:
    return BadChangeError(
        told=f"New street {number}", told_zh=f"第 {number} 条新道路", reason=reason, reason_zh=reason_zh
    )


def streets_at(
    streets: gpd.GeoDataFrame, points: Sequence[shapely.Point], *, crs: pyproj.CRS, near_m: float = JOIN_M
) -> list[Hashable]:
    """Return the id of the walkable street nearest to each point, in EPSG:4326.

    Raises
    ------
    BadSettingError
        None lies within `near_m` of a point.
    ClosedAlreadyError
        A street on which nobody walks lies nearer.
    """
    shapes = to_metric(streets.geometry, crs).to_numpy()
    is_walkable, tree = streets["is_walkable"].to_numpy(dtype=bool), shapely.STRtree(shapes)
    found: list[Hashable] = []
    for point, spot in zip(points, to_metric(gpd.GeoSeries(list(points), crs=WGS84), crs), strict=True):
        rows = tree.query(spot, predicate="dwithin", distance=near_m)
        if len(rows) == 0:
            place = _told(point)
            raise BadChangeError(
                told=f"The street at ({place})", told_zh=f"（{place}）处的道路",
                reason=f"no street lies within {near_m:g} m", reason_zh=f"{near_m:g} 米内没有道路",
            )  # fmt: skip
        far_m = np.round(shapely.distance(shapes[rows], spot) / SAME_M)
        best = rows[np.lexsort((rows, ~is_walkable[rows], far_m))[0]]
        if not is_walkable[best]:
            raise ClosedAlreadyError(place=_told(point))
        found.append(streets.index[best])
    return found


def nearest_street_m(streets: gpd.GeoDataFrame, points: gpd.GeoSeries, *, crs: pyproj.CRS) -> Floats:
    """Return (p,) metres from points, EPSG:4326, to the nearest walkable street; inf where there is none."""
    walkable = streets[streets["is_walkable"].astype(bool)]
    far_m = np.full(len(points), np.inf)
    if len(walkable):
        tree = shapely.STRtree(to_metric(walkable.geometry, crs).to_numpy())
        (row, _), away_m = tree.query_nearest(
            to_metric(points, crs).to_numpy(), return_distance=True, all_matches=False
        )  # fmt: skip
        far_m[row] = away_m
    return far_m


def with_gates(
    gates: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    points: Sequence[shapely.Point],
    *,
    crs: pyproj.CRS,
    near_m: float = GATE_M,
) -> gpd.GeoDataFrame:
    """Return gates with some more, each in the outline of the compound it stands at.

    A compound without any gate is not closed (`geo.obstacles`): one gate would close it, not open it.

    Raises
    ------
    BadSettingError
        No outline of a closed compound lies within `near_m` of a point.
    """
    compounds = compounds[compounds.index.isin(gates["compound_id"].dropna())]
    outlines = shapely.boundary(to_metric(compounds.geometry, crs).to_numpy())
    tree, rows, spots = shapely.STRtree(outlines), [], []
    for point, spot in zip(points, to_metric(gpd.GeoSeries(list(points), crs=WGS84), crs), strict=True):
        near = tree.query_nearest(spot, max_distance=near_m, all_matches=False)
        if len(near) == 0:
            place = _told(point)
            raise BadChangeError(
                told=f"The gate at ({place})", told_zh=f"（{place}）处的大门",
                reason=f"no closed compound's edge lies within {near_m:g} m",
                reason_zh=f"{near_m:g} 米内没有封闭小区的边界",
            )  # fmt: skip
        rows.append(near[0])
        outline = outlines[near[0]]
        spots.append(shapely.line_interpolate_point(outline, shapely.line_locate_point(outline, spot)))
    first = int(gates.index.max()) + 1 if len(gates) else 1
    index = pd.RangeIndex(first, first + len(rows), name="gate_id")
    told = {"compound_id": compounds.index[rows].to_numpy(), "hours": None}
    places = to_degrees(gpd.GeoSeries(spots, index=index, crs=crs))
    added = gpd.GeoDataFrame(told, geometry=places, index=index, crs=WGS84)
    return gpd.GeoDataFrame(pd.concat([gates, added]), crs=WGS84)


def stand_again(
    new: gpd.GeoDataFrame, known: gpd.GeoDataFrame, *, by: Sequence[str], crs: pyproj.CRS, same_m: float = SAME_PLACE_M
) -> Bools:
    """Return which new points stand within `same_m` of one known or earlier new, the columns `by` being equal."""
    both = pd.concat([known[[*by, "geometry"]], new[[*by, "geometry"]]])
    points = to_metric(gpd.GeoSeries(both["geometry"], crs=WGS84), crs).to_numpy()
    keys = list(zip(*(both[column] for column in by), strict=True))
    one, other = shapely.STRtree(points).query(points[len(known) :], predicate="dwithin", distance=same_m)
    again = np.zeros(len(new), dtype=np.bool_)
    for at, before in zip(one, other, strict=True):
        again[at] |= before < at + len(known) and keys[before] == keys[at + len(known)]
    return again


def run_again(
    lines: Sequence[shapely.LineString], streets: gpd.GeoDataFrame, *, crs: pyproj.CRS, join_m: float = JOIN_M
) -> Bools:
    """Return which new streets run, within a metre, where a walkable street or an earlier new one runs end to end.

    Parameters
    ----------
    lines
        In EPSG:4326, as drawn: before `with_streets` moves their ends.
    """
    drawn = [shapely.LineString(xy) for xy in _metres(lines, crs)]
    known = to_metric(streets.geometry[streets["is_walkable"].astype(bool)], crs).to_numpy()
    tree = shapely.STRtree(known)
    again = np.zeros(len(drawn), dtype=np.bool_)
    for at, line in enumerate(drawn):
        ends = shapely.MultiPoint(shapely.get_coordinates(line)[[0, -1]])
        near = known[tree.query(ends, predicate="dwithin", distance=join_m)]
        again[at] = any(_is_same(line, other, join_m) for other in near) or any(
            _is_same(line, other, SAME_PLACE_M) for other in drawn[:at]
        )
    return again


def _is_same(line: shapely.LineString, other: shapely.LineString, join_m: float) -> bool:
    """Return whether a line is another, drawn in either direction, once its ends are moved onto the other's."""
    xy, known = shapely.get_coordinates(line), shapely.get_coordinates(other)
    for ends in (known[[0, -1]], known[[-1, 0]]):
        if (np.hypot(*(xy[[0, -1]] - ends).T) <= join_m).all():
            moved = shapely.LineString(np.vstack([ends[:1], xy[1:-1], ends[1:]]))
            if shapely.hausdorff_distance(moved, other, densify=0.05) <= SAME_PLACE_M:
                return True
    return False


def _told(point: shapely.Point) -> str:
    return f"{point.x:.5f}, {point.y:.5f}"
