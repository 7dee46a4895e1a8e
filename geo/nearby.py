"""Nearby: of each category the station nearest to a door on foot, else in a straight line.

Minutes are those that were measured from the building at the door (`geo.reach`); a station without any is ranked after
all that have some, by metres. Metres in a straight line are those of a sphere about the point, right to some parts in
a thousand within the few kilometres looked at.
"""

import math
from dataclasses import dataclass

import geopandas as gpd
import numba
import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.doorsteps import Doorsteps, doorsteps, nearest_doorstep

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
SmallInts = npt.NDArray[np.int32]

EARTH_M = 6_371_008.8  # mean radius, IUGG
NONE = -1
FRAME = 6  # numbers of a raster's frame (`geo.doorsteps`)
HEAD = 6


@dataclass(frozen=True, eq=False)
class Nearby:
    """Stations and doors in memory; made by `from_frames`, never changed.

    All numbers stand in two arrays: a call from Python pays for each array that it hands over.

    Attributes
    ----------
    ints
        How many buildings, cells of the raster, places in its lists, stations, categories and walks there are; where
        each building's corners begin (b + 1); where each cell's list begins (c + 1), and the lists; each station's
        category; where each building's walks begin (b + 1), and to which station each leads.
    reals
        The raster's frame; lon and lat of each station; minutes of each walk; lon and lat of all corners.
    """

    ints: SmallInts
    reals: Floats

    @classmethod
    def from_frames(cls, buildings: gpd.GeoDataFrame, stations: gpd.GeoDataFrame, walks: pd.DataFrame) -> "Nearby":
        """Return what is near.

        Parameters
        ----------
        buildings
            Index building_id; geometry Polygon or MultiPolygon, EPSG:4326.
        stations
            Index station_id; category, geometry Point, EPSG:4326. `near` tells their places in this order.
        walks
            building_id, station_id, walk_min; those of unknown buildings or stations count for nothing.
        """
        categories, category = np.unique(stations["category"].to_numpy(dtype=str), return_inverse=True)
        lon_lat = np.column_stack([stations.geometry.x.to_numpy(), stations.geometry.y.to_numpy()])
        doors = doorsteps(buildings.geometry.to_numpy())
        first, station, minutes = _walks(buildings.index, stations.index, walks)
        counts = (len(buildings), len(doors.cells) - 1, len(doors.held), len(stations), len(categories), len(station))
        ints = np.concatenate([counts, doors.first, doors.cells, doors.held, category, first, station])
        reals = np.concatenate([doors.frame, lon_lat.ravel(), minutes, doors.corners.ravel()])
        return cls(ints.astype(np.int32), reals)

    def near(self, lon: float, lat: float, *, door_m: float, within_m: float) -> Floats:
        """Return the best station of each category within so many metres, nearest first.

        Parameters
        ----------
        lon, lat
            Degrees, EPSG:4326.
        door_m
            How far the building may be whose measured minutes count.

        Returns
        -------
        numpy.ndarray
            (k, 3) place among the stations, minutes on foot (inf where none were measured), metres.
        """
        found: Floats = _near(lon, lat, door_m, within_m, self.ints, self.reals)
        return found


def _walks(buildings: pd.Index, stations: pd.Index, walks: pd.DataFrame) -> tuple[Ints, Ints, Floats]:
    """Return where each building's walks begin, (w,) places of stations, (w,) minutes."""
    building = buildings.get_indexer(pd.Index(walks["building_id"]))
    station = stations.get_indexer(pd.Index(walks["station_id"]))
    is_known = (building >= 0) & (station >= 0)
    order = np.argsort(building[is_known], kind="stable")
    first = np.searchsorted(building[is_known][order], np.arange(len(buildings) + 1))
    minutes = walks["walk_min"].to_numpy(dtype=np.float64)[is_known][order]
    return first, station[is_known][order], minutes


@numba.njit(cache=True, nogil=True)
def _near(lon, lat, door_m, within_m, ints, reals):  # type: ignore[no-untyped-def]  # numba infers
    """Return `Nearby.near`."""
    doors, stations, walks = _parts(ints, reals)
    (first, station, walk_min), (lon_lat, category, categories) = walks, stations
    squeeze = math.cos(math.radians(lat))
    best, metres = _nearest(lon, lat, squeeze, within_m, stations)
    minutes = np.full(categories, np.inf)
    door = nearest_doorstep(lon, lat, door_m, doors)
    if door != NONE:
        for at in range(first[door], first[door + 1]):
            place = station[at]
            to_m = _metres(lon, lat, squeeze, lon_lat[place])
            if to_m <= within_m:
                _take((best, minutes, metres), category[place], place, walk_min[at], to_m)
    return _sorted(best, minutes, metres)


@numba.njit(cache=True, nogil=True)
def _parts(ints, reals):  # type: ignore[no-untyped-def]  # numba infers
    """Return the doorsteps, the stations (lon and lat, category, how many categories) and the walks of the arrays."""
    buildings, cells, held, stations, categories, walks = ints[0], ints[1], ints[2], ints[3], ints[4], ints[5]
    one = HEAD + buildings + 1
    two = one + cells + 1
    three = two + held
    four = three + stations
    five = four + buildings + 1
    after = FRAME + 2 * stations
    lon_lat, walk_min = reals[FRAME:after].reshape(-1, 2), reals[after : after + walks]
    corners = reals[after + walks :].reshape(-1, 2)
    doors = Doorsteps(reals[:FRAME], corners, ints[HEAD:one], ints[one:two], ints[two:three])
    return doors, (lon_lat, ints[three:four], categories), (ints[four:five], ints[five:], walk_min)


@numba.njit(cache=True, nogil=True)
def _nearest(lon, lat, squeeze, within_m, stations):  # type: ignore[no-untyped-def]  # numba infers
    """Return of each category the nearest station in a straight line, the lowest of equals, and metres to it."""
    lon_lat, category, categories = stations
    best, metres = np.full(categories, NONE, dtype=np.int64), np.full(categories, within_m)
    half_lat = math.degrees(1.01 * within_m / EARTH_M)
    for place in range(len(lon_lat)):
        if abs(lon_lat[place, 1] - lat) > half_lat or abs(lon_lat[place, 0] - lon) * squeeze > half_lat:
            continue
        to_m, number = _metres(lon, lat, squeeze, lon_lat[place]), category[place]
        if to_m < metres[number] or (best[number] == NONE and to_m <= within_m):
            best[number], metres[number] = place, to_m
    return best, metres


@numba.njit(cache=True, nogil=True)
def _metres(lon, lat, squeeze, to):  # type: ignore[no-untyped-def]  # numba infers
    """Return metres to a station: equirectangular about the point; a degree of longitude is `squeeze` of latitude's."""
    x, y = (to[0] - lon) * squeeze, to[1] - lat
    return math.radians(math.sqrt(x * x + y * y)) * EARTH_M


@numba.njit(cache=True, nogil=True)
def _take(kept, category, place, walk_min, to_m):  # type: ignore[no-untyped-def]  # numba infers
    """Keep a station as its category's best, where it is: by minutes, then metres, then place."""
    best, minutes, metres = kept
    held = (minutes[category], metres[category], best[category])
    if best[category] == NONE or (walk_min, to_m, place) < held:
        best[category], minutes[category], metres[category] = place, walk_min, to_m


@numba.njit(cache=True, nogil=True)
def _sorted(best, minutes, metres):  # type: ignore[no-untyped-def]  # numba infers
    """Return the categories that have a station, nearest first, as `Nearby.near` does."""
    count = 0
    for number in range(len(best)):
        place, walk, to_m = best[number], minutes[number], metres[number]
        if place == NONE:
            continue
        at = count
        while at and (walk, to_m, place) < (minutes[at - 1], metres[at - 1], best[at - 1]):
            best[at], minutes[at], metres[at] = best[at - 1], minutes[at - 1], metres[at - 1]
            at -= 1
        best[at], minutes[at], metres[at] = place, walk, to_m
        count += 1
    return np.column_stack((best[:count].astype(np.float64), minutes[:count], metres[:count]))
