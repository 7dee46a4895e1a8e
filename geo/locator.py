"""Locator: which polygons cover a point, and which lie within a radius of it, in machine code.

Two tables, made once (`geo.shading`). A raster over all ground tells of each cell the one polygon that it lies wholly
in, or all that have a part of it. Where several have, the point is held against their edges, of which each polygon
keeps those of a height together (in bands), so that few are looked at.

A point against an edge is decided in plain doubles and in the stored direction, exactly as PostGIS does, so that
`first` and ST_Covers agree to the last bit, on borders and vertices too. Source: winding number, D. Sunday (2001).
Coordinates are degrees, radii and distances metres on the ellipsoid's tangent plane (`metres_per_degree`).
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
SmallInts = npt.NDArray[np.int32]

ROUNDING_M = 0.001  # a point nearer to a border than this is on it: coordinates carry no more
SEMI_MAJOR_M, ECCENTRICITY2 = 6_378_137.0, 0.006_694_379_990_141_3
NONE, SEVERAL = -1, -2
# `ints`: columns, rows, polygons, then where bands, edges of bands, the raster and the lists begin.
COLUMNS, ROWS, POLYGONS, BANDS, FIRSTS, RASTER, LISTS, HEAD = range(8)
# `reals`: west, south, columns and rows a degree; a polygon's lowest latitude and bands a degree; an edge's ends.
CORNER = 4


class Tables(NamedTuple):
    """All that is known of the polygons, in two arrays."""

    ints: SmallInts
    reals: Floats


def packed(tables: Tables) -> Floats:
    """Return both arrays as one, read only, for `called_on`: how many reals, the reals, the integers two by two."""
    ints, reals = tables
    whole = np.zeros(1 + len(reals) + -(-len(ints) // 2))
    whole[0] = len(reals)
    whole[1 : 1 + len(reals)] = reals
    whole[1 + len(reals) :].view(np.int32)[: len(ints)] = ints
    whole.flags.writeable = False
    return whole


@numba.njit(cache=True, nogil=True)
def unpacked(whole):  # type: ignore[no-untyped-def]  # numba infers
    """Return the integers, and perhaps one more, and the reals of `packed` tables; nothing is copied."""
    reals = 1 + np.int64(whole[0])
    return whole[reals:].view(np.int32), whole[1:reals]


def called_on(whole: Floats, function: Any, arguments: int) -> Callable[..., int]:
    """Return a compiled function of `packed` tables and so many reals as a function of the reals alone.

    It is the machine code itself: to find it by the types of its arguments, to hand over two arrays and to let others
    run meanwhile takes as long as a look-up.
    """
    types = numba.typeof(whole), *[numba.float64] * arguments  # type: ignore[no-untyped-call]  # numba has no types
    return partial(function.compile(types), whole)


@numba.njit(cache=True)
def first_in(whole, lon, lat):  # type: ignore[no-untyped-def]  # numba infers
    """Return `first` of `packed` tables."""
    ints, reals = unpacked(whole)
    return first(ints, reals, lon, lat)


@numba.njit(cache=True)
def only_in(whole, lon, lat, accuracy_m):  # type: ignore[no-untyped-def]  # numba infers
    """Return `only` of `packed` tables."""
    ints, reals = unpacked(whole)
    return only(ints, reals, lon, lat, accuracy_m)


@numba.njit(cache=True, nogil=True)
def first(ints, reals, lon, lat):  # type: ignore[no-untyped-def]  # numba infers
    """Return the lowest place of a polygon that covers a point, -1 where none does."""
    held = _held(lon, lat, ints, reals)
    if held >= NONE:
        return held
    at = ints[LISTS] + SEVERAL - held
    for near in range(at + 1, at + 1 + ints[at]):
        if covers(ints[near], lon, lat, ints, reals):
            return ints[near]
    return NONE


@numba.njit(cache=True, nogil=True)
def first_of_many(ints, reals, lon, lat):  # type: ignore[no-untyped-def]  # numba infers
    """Return `first` of (n,) points."""
    found = np.empty(len(lon), dtype=np.int64)
    for point in range(len(lon)):
        found[point] = first(ints, reals, lon[point], lat[point])
    return found


@numba.njit(cache=True, nogil=True)
def only(ints, reals, lon, lat, accuracy_m):  # type: ignore[no-untyped-def]  # numba infers
    """Return the place of the polygon that a disc lies wholly in, -1 where it touches none, else -2.

    `ROUNDING_M` is added to its radius.
    """
    radius_m = accuracy_m + ROUNDING_M
    east_m, north_m = metres_per_degree(lat)
    west, east, south, north = _cells_around(lon, lat, 1.01 * radius_m / east_m, 1.01 * radius_m / north_m, ints, reals)
    same = NONE
    is_same = west >= 0 and south >= 0 and east < ints[COLUMNS] and north < ints[ROWS] and (east - west) < 64
    if is_same:
        same = ints[ints[RASTER] + south * ints[COLUMNS] + west]
        for row in range(south, north + 1):
            for column in range(west, east + 1):
                is_same &= ints[ints[RASTER] + row * ints[COLUMNS] + column] == same
    if is_same and same >= NONE:
        return same
    places, metres = touched(lon, lat, radius_m, ints, reals)
    if len(places) == 0:
        return NONE
    is_inside = metres[0] == 0.0 and border_m(places[0], lon, lat, ints, reals) > radius_m
    return places[0] if len(places) == 1 and is_inside else SEVERAL


@numba.njit(cache=True, nogil=True)
def only_of_many(ints, reals, lon, lat, accuracy_m):  # type: ignore[no-untyped-def]  # numba infers
    """Return `only` of (n,) discs."""
    found = np.empty(len(lon), dtype=np.int64)
    for point in range(len(lon)):
        found[point] = only(ints, reals, lon[point], lat[point], accuracy_m[point])
    return found


@numba.njit(cache=True, nogil=True)
def touched(lon, lat, radius_m, ints, reals):  # type: ignore[no-untyped-def]  # numba infers
    """Return the places of the polygons that a disc touches, nearest first, and metres to each (0 inside)."""
    east_m, north_m = metres_per_degree(lat)
    half_lon, half_lat = 1.01 * radius_m / east_m, 1.01 * radius_m / north_m
    near = _near(lon, lat, half_lon, half_lat, ints, reals)
    metres = np.empty(len(near), dtype=np.float64)
    count = 0
    for place in near:
        away_m = 0.0
        if not covers(place, lon, lat, ints, reals):
            away_m = _edge_m(place, lon, lat, half_lat, ints, reals)
        if away_m > radius_m:
            continue
        at = count
        while at and (metres[at - 1] > away_m or (metres[at - 1] == away_m and near[at - 1] > place)):
            metres[at], near[at] = metres[at - 1], near[at - 1]
            at -= 1
        metres[at], near[at] = away_m, place
        count += 1
    return near[:count], metres[:count]


@numba.njit(cache=True, nogil=True)
def border_m(place, lon, lat, ints, reals):  # type: ignore[no-untyped-def]  # numba infers
    """Return metres from a point to the border of a polygon."""
    return _edge_m(place, lon, lat, 360.0, ints, reals)


@numba.njit(cache=True, nogil=True)
def metres_per_degree(lat):  # type: ignore[no-untyped-def]  # numba infers
    """Return the length of a degree of longitude and of latitude (radii of curvature, WGS 84)."""
    angle = math.radians(lat)
    curve = 1.0 - ECCENTRICITY2 * math.sin(angle) ** 2
    across = SEMI_MAJOR_M / math.sqrt(curve)
    along = SEMI_MAJOR_M * (1.0 - ECCENTRICITY2) / curve**1.5
    return max(math.radians(across) * math.cos(angle), 1e-9), math.radians(along)


@numba.njit(cache=True, nogil=True)
def _held(lon, lat, ints, reals):  # type: ignore[no-untyped-def]  # numba infers
    """Return what the raster tells of a point: a place, -1, or less: where the list of its cell is."""
    x, y = (lon - reals[0]) * reals[2], (lat - reals[1]) * reals[3]
    if not (0.0 <= x < ints[COLUMNS] and 0.0 <= y < ints[ROWS]):
        return NONE
    return np.int64(ints[ints[RASTER] + np.int64(y) * ints[COLUMNS] + np.int64(x)])


@numba.njit(cache=True, nogil=True)
def _band(place, lat, ints, reals):  # type: ignore[no-untyped-def]  # numba infers
    """Return the band of a polygon that a latitude is in: the nearest where it is in none."""
    low, high = ints[ints[BANDS] + place], ints[ints[BANDS] + place + 1] - 1
    y = (lat - reals[CORNER + 2 * place]) * reals[CORNER + 2 * place + 1]
    return low + np.int64(min(max(y, 0.0), high - low))


@numba.njit(cache=True, nogil=True)
def covers(place, lon, lat, ints, reals):  # type: ignore[no-untyped-def]  # numba infers
    """Return whether a polygon covers a point: an odd number of its edges are passed eastwards, or it lies on one."""
    if ints[ints[BANDS] + place] == ints[ints[BANDS] + place + 1]:
        return False
    band = ints[FIRSTS] + _band(place, lat, ints, reals)
    edges = CORNER + 2 * ints[POLYGONS]
    is_inside = False
    for edge in range(ints[band], ints[band + 1]):
        at = edges + 4 * np.int64(edge)
        x1, y1, x2, y2 = reals[at], reals[at + 1], reals[at + 2], reals[at + 3]
        if lat < min(y1, y2) or lat > max(y1, y2):
            continue
        side = _side(x1, y1, x2, y2, lon, lat)
        if side == 0.0 and min(x1, x2) <= lon <= max(x1, x2):
            return True
        if (y1 <= lat < y2 and side > 0.0) or (y2 <= lat < y1 and side < 0.0):
            is_inside = not is_inside
    return is_inside


@numba.njit(cache=True, nogil=True)
def _side(x1, y1, x2, y2, lon, lat):  # type: ignore[no-untyped-def]  # numba infers
    """Return on which side of an edge a point lies: above 0 to its left, 0 on its line, to the last bit as PostGIS."""
    return (x2 - x1) * (lat - y1) - (lon - x1) * (y2 - y1)


@numba.njit(cache=True, nogil=True)
def _edge_m(place, lon, lat, half_lat, ints, reals):  # type: ignore[no-untyped-def]  # numba infers
    """Return metres to the nearest edge of a polygon among those up to so many degrees further north or south."""
    if ints[ints[BANDS] + place] == ints[ints[BANDS] + place + 1]:
        return np.inf
    east_m, north_m = metres_per_degree(lat)
    low = ints[FIRSTS] + _band(place, lat - half_lat, ints, reals)
    high = ints[FIRSTS] + _band(place, lat + half_lat, ints, reals)
    edges = CORNER + 2 * ints[POLYGONS]
    nearest = np.inf
    for edge in range(ints[low], ints[high + 1]):
        at = edges + 4 * np.int64(edge)
        x1, y1, x2, y2 = reals[at], reals[at + 1], reals[at + 2], reals[at + 3]
        is_beside = min(x1, x2) <= lon <= max(x1, x2) and min(y1, y2) <= lat <= max(y1, y2)
        if is_beside and _side(x1, y1, x2, y2, lon, lat) == 0.0:
            return 0.0
        x, y, dx, dy = (x1 - lon) * east_m, (y1 - lat) * north_m, (x2 - x1) * east_m, (y2 - y1) * north_m
        along = min(max(-(x * dx + y * dy) / (dx * dx + dy * dy), 0.0), 1.0)
        nearest = min(nearest, (x + along * dx) ** 2 + (y + along * dy) ** 2)
    return math.sqrt(nearest)


@numba.njit(cache=True, nogil=True)
def _cells_around(lon, lat, half_lon, half_lat, ints, reals):  # type: ignore[no-untyped-def]  # numba infers
    """Return the first and last column and row around a point; those outside the raster are just outside."""
    west = math.floor(min(max((lon - half_lon - reals[0]) * reals[2], -1.0), np.float64(ints[COLUMNS])))
    east = math.floor(min(max((lon + half_lon - reals[0]) * reals[2], -1.0), np.float64(ints[COLUMNS])))
    south = math.floor(min(max((lat - half_lat - reals[1]) * reals[3], -1.0), np.float64(ints[ROWS])))
    north = math.floor(min(max((lat + half_lat - reals[1]) * reals[3], -1.0), np.float64(ints[ROWS])))
    return np.int64(west), np.int64(east), np.int64(south), np.int64(north)


@numba.njit(cache=True, nogil=True)
def _near(lon, lat, half_lon, half_lat, ints, reals):  # type: ignore[no-untyped-def]  # numba infers
    """Return the places of all polygons that have a part of a cell around a point, in no order."""
    west, east, south, north = _cells_around(lon, lat, half_lon, half_lat, ints, reals)
    seen = np.zeros(ints[POLYGONS], dtype=np.bool_)
    found = np.empty(16, dtype=np.int64)
    count = 0
    for row in range(max(south, 0), min(north, ints[ROWS] - 1) + 1):
        for column in range(max(west, 0), min(east, ints[COLUMNS] - 1) + 1):
            held = ints[ints[RASTER] + row * ints[COLUMNS] + column]
            at = ints[LISTS] + SEVERAL - held
            many = 1 if held >= NONE else ints[at]
            for number in range(many):
                place = held if held >= NONE else ints[at + 1 + number]
                if place < 0 or seen[place]:
                    continue
                seen[place] = True
                if count == len(found):
                    found = np.concatenate((found, np.empty(count, dtype=np.int64)))
                found[count] = place
                count += 1
    return found[:count]
