"""Lookup: which grid a place is in, and whether that is certain given how well the place is known.

An in-memory index over the grids of a plan. It knows polygons only: whether someone answers for a
grid, and whether there is a plan at all, is decided by the caller.

Frames: grids, index any unique id; geometry Polygon or MultiPolygon, EPSG:4326. Points are degrees;
distances are metres on the ellipsoid's tangent plane at the point (WGS 84 radii of curvature;
within a millimetre up to some kilometres). Limits: not across the 180th meridian, not at the poles.
See docs/methods/lookup.md.
"""

from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import BadPointError, BadSettingError
from geo.frames import POLYGONS, require, require_geometry

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]
Kind = Literal["assigned", "near_border", "several", "outside"]

SEMI_MAJOR_M, ECCENTRICITY2 = 6_378_137.0, 0.006_694_379_990_141_3
ROUNDING_M = 0.001  # a point nearer to a border than this is on it: coordinates carry no more
OVERLAP_MIN_M2 = 1.0
FAR_DEG = 400.0


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
class GridIndex:
    """An immutable index of grids; build it with `from_grids`.

    Attributes
    ----------
    ids
        (g,) ids, sorted.
    tree
        their polygons in degrees, in the same order.
    overlaps
        (o,) tree of ground that two grids claim, in degrees; empty for a proper plan.
    """

    ids: npt.NDArray[Any]
    tree: shapely.STRtree
    overlaps: shapely.STRtree

    @classmethod
    def from_grids(cls, grids: gpd.GeoDataFrame) -> "GridIndex":
        """Return the index of a frame of grids; the order of rows does not matter.

        Raises
        ------
        DuplicateIdError, MissingCrsError, WrongCrsError, WrongGeometryError
            The frame is not what it must be.
        """
        require(grids, "grids")
        require_geometry(grids, "grids", kinds=POLYGONS)
        grids = grids.sort_index()
        shapes = grids.geometry.to_numpy().copy()
        shapely.prepare(shapes)
        ids = grids.index.to_numpy().copy()
        ids.flags.writeable = shapes.flags.writeable = False
        tree = shapely.STRtree(shapes)
        return cls(ids, tree, shapely.STRtree(_overlaps(tree)))

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
        _check_points(np.array([[lon, lat]]))
        if not 0 <= accuracy_m < np.inf:
            raise BadSettingError(
                what="accuracy_m",
                value=accuracy_m,
                reason="it must be 0 or more metres",
                reason_zh="必须是不小于 0 的米数",
            )
        radius_m = accuracy_m + ROUNDING_M
        near, to_m = self._near(lon, lat, radius_m)
        if len(near) == 0:
            return Answer("outside", (), certain=False, distance_to_border_m=self._nearest_m(lon, lat))
        border_m = self._border_m(near, to_m, lon, lat)
        ids = tuple(self.ids[near].tolist())
        kind = self._kind(len(near), border_m, to_m, radius_m, (lon, lat))
        return Answer(kind, ids, certain=kind == "assigned", distance_to_border_m=border_m)

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
        lonlat = np.stack([np.ravel(lon), np.ravel(lat)], axis=1).astype(np.float64)
        _check_points(lonlat)
        is_integer = np.issubdtype(self.ids.dtype, np.integer)
        found = np.full(len(lonlat), -1 if is_integer else None, dtype=self.ids.dtype if is_integer else object)
        # a tree of the points is asked, because then the grids' polygons are the prepared ones
        grid, point = shapely.STRtree(np.asarray(shapely.points(lonlat))).query(
            self.tree.geometries, predicate="covers"
        )
        order = np.argsort(-grid, kind="stable")  # the lowest id is written last
        found[point[order]] = self.ids[grid[order]]
        return found

    def _near(self, lon: float, lat: float, radius_m: float) -> tuple[Ints, Floats]:
        """Positions of the grids a disc touches and metres to each (0 inside), nearest first."""
        hit = self.tree.query(_box(lon, lat, radius_m))
        hit = np.sort(hit)
        to_m = _metres_to(self.tree.geometries[hit], lon, lat)
        is_near = to_m <= radius_m
        hit, to_m = hit[is_near], to_m[is_near]
        order = np.lexsort((hit, to_m))
        return hit[order], to_m[order]

    def _border_m(self, near: Ints, to_m: Floats, lon: float, lat: float) -> float:
        inside = near[to_m == 0.0]
        if len(inside) == 0:
            return float(to_m[0])
        return float(_metres_to(shapely.boundary(self.tree.geometries[inside]), lon, lat).min())

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
            return float("inf")
        first = self.tree.geometries[[self.tree.nearest(shapely.Point(lon, lat))]]
        bound_m = float(_metres_to(first, lon, lat)[0])
        hit = self.tree.query(_box(lon, lat, bound_m))
        return min(bound_m, float(_metres_to(self.tree.geometries[hit], lon, lat).min(initial=np.inf)))


def _overlaps(tree: shapely.STRtree) -> Shapes:
    """Ground that two grids claim, more than a square metre of it."""
    shapes = tree.geometries
    a, b = tree.query(shapes, predicate="intersects")
    a, b = a[a < b], b[a < b]
    is_more_than_touch = ~shapely.touches(shapes[a], shapes[b])
    a, b = a[is_more_than_touch], b[is_more_than_touch]
    shared = np.asarray(shapely.intersection(shapes[a], shapes[b]), dtype=object)
    east_m, north_m = _metres_per_degree(shapely.get_y(shapely.centroid(shared)))
    return np.asarray(shared[shapely.area(shared) * east_m * north_m > OVERLAP_MIN_M2], dtype=object)


def _metres_to(shapes: Shapes, lon: float, lat: float) -> Floats:
    """Metres from a place to each shape, on the tangent plane; 0 inside."""
    covers = shapely.covers(shapes, shapely.Point(lon, lat))
    scale = np.array(_metres_per_degree(lat))
    plane = shapely.transform(shapes[~covers], lambda xy: (xy - [lon, lat]) * scale)
    to_m = np.zeros(len(shapes))
    to_m[~covers] = shapely.distance(plane, shapely.Point(0.0, 0.0))
    return to_m


def _metres_per_degree(lat: Any) -> tuple[Any, Any]:
    """Length of a degree of longitude and of latitude (radii of curvature, WGS 84)."""
    angle = np.radians(lat)
    curve = 1.0 - ECCENTRICITY2 * np.sin(angle) ** 2
    across = SEMI_MAJOR_M / np.sqrt(curve)
    along = SEMI_MAJOR_M * (1.0 - ECCENTRICITY2) / curve**1.5
    return np.radians(across) * np.cos(angle), np.radians(along)


def _box(lon: float, lat: float, radius_m: float) -> Any:
    """A box in degrees that holds the disc, a little more to be safe."""
    east_m, north_m = _metres_per_degree(lat)
    half_lon = min(1.01 * radius_m / max(east_m, 1e-9), FAR_DEG)
    half_lat = min(1.01 * radius_m / north_m, FAR_DEG)
    return shapely.box(lon - half_lon, lat - half_lat, lon + half_lon, lat + half_lat)


def _check_points(lonlat: Floats) -> None:
    is_bad = ~np.isfinite(lonlat).all(axis=1)
    if is_bad.any():
        value = tuple(lonlat[is_bad][0].tolist())
        raise BadPointError(value=value, reason="it is not a number", reason_zh="不是数字")
    is_bad = (np.abs(lonlat) > [180.0, 90.0]).any(axis=1)
    if is_bad.any():
        value = tuple(lonlat[is_bad][0].tolist())
        raise BadPointError(value=value, reason="it is out of range", reason_zh="超出范围")
