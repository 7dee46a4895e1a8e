"""Lookup: which grid a place is in, and whether that is certain given how well the place is known.

An in-memory index over the grids of a plan. It knows polygons only: whether someone answers for a
grid, and whether there is a plan at all, is decided by the caller.

Frames: grids, index any unique id; geometry Polygon or MultiPolygon, EPSG:4326. Points are degrees;
distances are metres on the ellipsoid's tangent plane at the point (WGS 84 radii of curvature;
within a millimetre up to some kilometres). Limits: not across the 180th meridian, not at the poles.
See docs/methods/lookup.md.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import geopandas as gpd
import numba
import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import BadPointError, BadSettingError
from geo.frames import POLYGONS, require, require_geometry
from geo.locator import (
    ROUNDING_M,
    Tables,
    border_m,
    called_on,
    first_in,
    first_of_many,
    metres_per_degree,
    only,
    only_in,
    only_of_many,
    packed,
    touched,
    unpacked,
)
from geo.overlaps import overlaps
from geo.shading import amended, tables

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]
Kind = Literal["assigned", "near_border", "several", "outside"]

UNSURE = -2


@dataclass(frozen=True)
class Answer:
    """What is known of one place.

    Attributes
    ----------
    kind
        "assigned": the whole accuracy disc lies inside one grid. "near_border": the disc touches two
        grids, or one and ground outside all. "several": three or more, or grids that overlap there.
        "outside": none.
    ids
        the grids the disc touches, nearest first, ties by id. Empty when outside.
    certain
        True exactly for "assigned".
    distance_to_border_m
        from the point to the nearest border of the grids it is in, or, outside, to the nearest grid;
        inf when there are no grids.
    """

    kind: Kind
    ids: tuple[Any, ...]
    certain: bool
    distance_to_border_m: float


@dataclass(frozen=True, eq=False)
class Answers:
    """What is known of many places: of each the same as `Answer` tells.

    Attributes
    ----------
    kind
        (n,) the kinds.
    starts, places
        (n + 1,) and (m,): the grids that disc i touches, as numbers among `GridIndex.ids`, nearest first, are
        places[starts[i]:starts[i + 1]].
    """

    kind: npt.NDArray[np.str_]
    starts: Ints
    places: Ints

    @property
    def counts(self) -> Ints:
        """(n,) how many grids each disc touches."""
        return np.diff(self.starts)

    @property
    def first(self) -> Ints:
        """(n,) the nearest of them, -1 where there is none."""
        found = np.full(len(self.kind), -1, dtype=np.int64)
        any_ = self.counts > 0
        found[any_] = self.places[self.starts[:-1][any_]]
        return found


@dataclass(frozen=True, eq=False)
class GridIndex:
    """An immutable index of grids; build it with `from_grids`.

    Attributes
    ----------
    ids
        (g,) ids, sorted.
    shapes
        (g,) their polygons in degrees, in the same order.
    whole
        What points are held against (`geo.locator.packed`), in the same order.
    """

    ids: npt.NDArray[Any]
    shapes: Shapes
    whole: Floats

    @classmethod
    def from_grids(cls, grids: gpd.GeoDataFrame, *, before: "GridIndex | None" = None) -> "GridIndex":
        """Return the index of a frame of grids; the order of rows does not matter.

        Parameters
        ----------
        before
            An index of other grids: a polygon that is the very same there (the object, not an equal one), of whatever
            id, is taken from it, so that few changed grids take little time.

        Raises
        ------
        DuplicateIdError, MissingCrsError, WrongCrsError, WrongGeometryError
            The frame is not what it must be.
        """
        require(grids, "grids")
        grids = grids.sort_index()
        shapes, ids = grids.geometry.to_numpy().copy(), grids.index.to_numpy().copy()
        was = np.full(len(ids), -1) if before is None else before._places_of(shapes)
        require_geometry(grids[was < 0], "grids", kinds=POLYGONS)
        whole = packed(tables(shapes) if before is None else amended(before.tables, shapes, was))
        for array in (ids, shapes):
            array.flags.writeable = False
        return cls(ids, shapes, whole)

    @cached_property
    def tables(self) -> Tables:
        """What points are held against."""
        return Tables(*unpacked(self.whole))

    @cached_property
    def place(self) -> Callable[[float, float, float], int]:
        """A function (lon, lat, accuracy_m) -> the number among `ids` of the grid that a disc lies wholly in.

        -1 where it touches none, `UNSURE` otherwise. For those who ask often: nothing is checked.
        """
        return called_on(self.whole, only_in, 3)

    @cached_property
    def cover(self) -> Callable[[float, float], int]:
        """A function (lon, lat) -> the number among `ids` of the first grid that covers a point, -1 where none does.

        As PostGIS' ST_Covers has it, also on borders and corners. Nothing is checked.
        """
        return called_on(self.whole, first_in, 2)

    def places(self, lon: Floats, lat: Floats, accuracy_m: Floats) -> Ints:
        """Return `place` of (n,) discs, checked.

        Raises
        ------
        BadPointError
            A coordinate is not a number, or out of range (the first one is named).
        """
        _check_points(lon, lat)
        return np.asarray(only_of_many(*self.tables, lon, lat, accuracy_m))

    def find(self, lon: float, lat: float, *, accuracy_m: float = 0.0) -> Answer:
        """Return the grid of one place.

        Parameters
        ----------
        lon, lat
            Degrees, EPSG:4326.
        accuracy_m
            Radius of the disc the place lies in for sure, as a phone states it. 0 is a point; a
            millimetre is always added, so a point on a border is never certain.

        Raises
        ------
        BadPointError
            A coordinate is not a number, or out of range.
        BadSettingError
            The accuracy is negative or not a number.
        """
        near, to_m = self._touched(lon, lat, accuracy_m)
        if len(near) == 0:
            return Answer("outside", (), certain=False, distance_to_border_m=self._nearest_m(lon, lat))
        away_m = self._border_m(near[to_m == 0.0], lon, lat) if to_m[0] == 0.0 else float(to_m[0])
        kind = self._kind(len(near), away_m, to_m, accuracy_m + ROUNDING_M, (lon, lat))
        ids = tuple(self.ids[near].tolist())
        return Answer(kind, ids, certain=kind == "assigned", distance_to_border_m=away_m)

    def touched(self, lon: float, lat: float, *, accuracy_m: float = 0.0) -> tuple[Any, ...]:
        """Return the ids that `find` tells of, and nothing else: quicker, and no overlaps are looked for.

        Raises
        ------
        BadPointError, BadSettingError
            As `find`.
        """
        return tuple(self.ids[self._touched(lon, lat, accuracy_m)[0]].tolist())

    def find_many(self, lon: Floats, lat: Floats) -> npt.NDArray[Any]:
        """Return the grid of every point: (n,) ids; on a border the lowest id.

        Outside all grids it is -1, or None where ids are not integers.

        Parameters
        ----------
        lon, lat
            (n,) degrees, EPSG:4326.

        Raises
        ------
        BadPointError
            A coordinate is not a number, or out of range (the first one is named).
        """
        x, y = (np.ravel(np.asarray(axis, dtype=np.float64)) for axis in (lon, lat))
        _check_points(x, y)
        place = first_of_many(*self.tables, x, y)
        is_integer = np.issubdtype(self.ids.dtype, np.integer)
        found = np.full(len(x), -1 if is_integer else None, dtype=self.ids.dtype if is_integer else object)
        found[place >= 0] = self.ids[place[place >= 0]]
        return found

    def find_all(self, lon: Floats, lat: Floats, accuracy_m: Floats) -> Answers:
        """Return of (n,) discs what `find` tells of each, some hundred times as fast.

        Raises
        ------
        BadPointError, BadSettingError
            A coordinate is not a number, or out of range (the first one is named); an accuracy is none.
        """
        _check_points(lon, lat)
        if len(accuracy_m):
            for one in (float(accuracy_m.min()), float(accuracy_m.max())):
                _check_accuracy(one)
        counts, places, sure = _touched_by_many(*self.tables, lon, lat, accuracy_m)
        kind = np.where(counts >= 3, "several", "near_border")
        kind[sure] = np.where(counts[sure] == 0, "outside", "assigned")
        pairs = np.flatnonzero(~sure & (counts == 2))
        for at in pairs if len(pairs) and len(self.overlaps) else []:
            if self._is_claimed_twice((float(lon[at]), float(lat[at])), float(accuracy_m[at]) + ROUNDING_M):
                kind[at] = "several"
        return Answers(kind, np.concatenate([[0], np.cumsum(counts)]), places)

    @cached_property
    def overlaps(self) -> shapely.STRtree:
        """(o,) tree of ground that two grids claim, in degrees; empty for a proper plan. Takes as long as the rest."""
        return shapely.STRtree(overlaps(self.shapes))

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Their polygons in a tree, made when somebody asks from outside."""
        return shapely.STRtree(self.shapes)

    def _places_of(self, shapes: Shapes) -> Ints:
        """Return the places of polygons that are here, each once; -1 of others."""
        places = {id(shape): place for place, shape in enumerate(self.shapes)}
        return np.fromiter((places.pop(id(shape), -1) for shape in shapes), dtype=np.int64, count=len(shapes))

    def _touched(self, lon: float, lat: float, accuracy_m: float) -> tuple[Ints, Floats]:
        """Return the places of the grids a disc touches, nearest first, and metres to each."""
        _check_points(np.array([lon]), np.array([lat]))
        _check_accuracy(accuracy_m)
        near, to_m = touched(float(lon), float(lat), accuracy_m + ROUNDING_M, *self.tables)
        return near, to_m

    def _border_m(self, inside: Ints, lon: float, lat: float) -> float:
        return min(float(border_m(place, float(lon), float(lat), *self.tables)) for place in inside.tolist())

    def _kind(self, count: int, border_m: float, to_m: Floats, radius_m: float, place: tuple[float, float]) -> Kind:
        if count == 1 and to_m[0] == 0.0 and border_m > radius_m:
            return "assigned"
        if count >= 3 or (count == 2 and self._is_claimed_twice(place, radius_m)):
            return "several"
        return "near_border"

    def _is_claimed_twice(self, place: tuple[float, float], radius_m: float) -> bool:
        hit = self.overlaps.query(_box(*place, radius_m))
        return bool((_metres_to(self.overlaps.geometries[hit], *place) <= radius_m).any())

    def _nearest_m(self, lon: float, lat: float) -> float:
        """Metres to the nearest grid: a first one by degrees, then every one that could be nearer."""
        if len(self.ids) == 0:
            return math.inf
        nearest = self.tree.geometries[[self.tree.nearest(shapely.Point(lon, lat))]]
        bound_m = float(_metres_to(nearest, lon, lat)[0])
        hit = self.tree.query(_box(lon, lat, bound_m))
        return min(bound_m, float(_metres_to(self.tree.geometries[hit], lon, lat).min(initial=np.inf)))


@numba.njit(cache=True, nogil=True)
def _touched_by_many(ints, reals, lon, lat, accuracy_m):  # type: ignore[no-untyped-def]  # numba infers
    """Return of (n,) discs how many polygons each touches, all of them one after the other, and whether it is sure.

    Sure is a disc that lies wholly in one, or touches none (`only`); `ROUNDING_M` is added to its radius.
    """
    counts, sure = np.zeros(len(lon), dtype=np.int64), np.zeros(len(lon), dtype=np.bool_)
    found = np.empty(len(lon) + 16, dtype=np.int64)
    at = 0
    for point in range(len(lon)):
        place = only(ints, reals, lon[point], lat[point], accuracy_m[point])
        sure[point] = place >= -1
        if place == -1:
            continue
        near = np.array([place], dtype=np.int64)
        if place == UNSURE:
            near, _ = touched(lon[point], lat[point], accuracy_m[point] + ROUNDING_M, ints, reals)
        if at + len(near) > len(found):
            found = np.concatenate((found, np.empty(len(found) + len(near), dtype=np.int64)))
        counts[point] = len(near)
        for one in near:
            found[at] = one
            at += 1
    return counts, found[:at], sure


def _metres_to(shapes: Shapes, lon: float, lat: float) -> Floats:
    """Metres from a place to each shape, on the tangent plane; 0 inside."""
    covers = shapely.covers(shapes, shapely.Point(lon, lat))
    scale = np.array(metres_per_degree(lat))
    plane = shapely.transform(shapes[~covers], lambda xy: (xy - [lon, lat]) * scale)
    to_m = np.zeros(len(shapes))
    to_m[~covers] = shapely.distance(plane, shapely.Point(0.0, 0.0))
    return to_m


def _box(lon: float, lat: float, radius_m: float) -> Any:
    """A box in degrees that holds the disc, a little more to be safe."""
    east_m, north_m = metres_per_degree(lat)
    half_lon, half_lat = min(1.01 * radius_m / east_m, 360.0), min(1.01 * radius_m / north_m, 360.0)
    return shapely.box(lon - half_lon, lat - half_lat, lon + half_lon, lat + half_lat)


def _check_points(lon: Floats, lat: Floats) -> None:
    for is_bad, reason, reason_zh in (
        (~(np.isfinite(lon) & np.isfinite(lat)), "it is not a number", "不是数字"),
        ((np.abs(lon) > 180.0) | (np.abs(lat) > 90.0), "it is out of range", "超出范围"),
    ):
        if is_bad.any():
            value = (float(lon[is_bad][0]), float(lat[is_bad][0]))
            raise BadPointError(value=value, reason=reason, reason_zh=reason_zh)


def _check_accuracy(accuracy_m: float) -> None:
    if not 0 <= accuracy_m < np.inf:
        raise BadSettingError(
            what="accuracy_m", value=accuracy_m, reason="it must be 0 or more metres", reason_zh="必须是不小于 0 的米数"
        )
