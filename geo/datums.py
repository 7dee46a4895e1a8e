"""Datums: WGS 84, CGCS2000, GCJ-02 and BD-09, converted both ways, on arrays.

The service keeps EPSG:4326. GCJ-02 (maps made in mainland China) shifts places by 33-700 m; BD-09
(Baidu) shifts GCJ-02 once more. Neither is in the EPSG registry; the formulas are those in common
use (first published as EvilTransform, 2013). Inverses here are solved by fixed-point iteration, so
going there and back moves a point by less than 1e-8 degree (a millimetre).

**CGCS2000** is taken as equal to WGS 84, as EPSG's null transformation 4490-4326 does: they were one
within centimetres in 2000.0 and part with the plate, some 3 cm a year - a metre is the honest limit.

**Where the shift applies.** Not by the usual rectangle, which takes in Korea and much of south-east
Asia, but inside an outline of mainland China drawn by hand for this service from the positions of
border towns (`OUTLINE`), without Hong Kong and Macau (`UNSHIFTED`), and so without Taiwan, whose maps
are published unshifted. Elsewhere GCJ-02 is WGS 84. The outline errs by up to some 20 km in empty
country and by some hundred metres beside Hong Kong and Macau: at the frontier, state coordinates in
WGS 84. Coming back, a point counts as shifted when the place it was shifted from lies inside; so
every inside point returns exactly, and a foreign point within a shift (700 m) of the outline may not.
Hainan and its islands are inside; offshore there is no truth to be had.
"""

from collections.abc import Callable
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely

from geo.errors import BadPointError, BadSettingError

Floats = npt.NDArray[np.float64]
Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
Pair = tuple[Floats, Floats]

DATUMS: tuple[Datum, ...] = ("wgs84", "cgcs2000", "gcj02", "bd09")
KRASOVSKY_M, KRASOVSKY_E2 = 6_378_245.0, 0.006_693_421_622_965_943
BD_WAVE = np.pi * 3000.0 / 180.0
BD_LON, BD_LAT = 0.0065, 0.006
SOLVED_DEG = 1e-12
ROUNDS_MAX = 40

# Mainland China, clockwise from Mohe: lon, lat.
OUTLINE = (
    (121.4, 53.4), (122.4, 53.55), (123.3, 53.6), (124.3, 53.3), (125.6, 53.1), (126.1, 52.6), (126.6, 51.8),
    (127.0, 51.3), (127.3, 50.7), (127.52, 50.27), (127.6, 49.8), (128.8, 49.62), (129.6, 49.4), (130.3, 48.92),
    (130.8, 48.88), (130.65, 48.2), (131.0, 47.72), (132.5, 47.78), (133.1, 48.12), (134.4, 48.45), (135.1, 48.48),
    (134.75, 47.7), (134.2, 47.3), (133.95, 46.5), (133.6, 45.9), (133.15, 45.15), (131.9, 45.32), (131.0, 44.85),
    (131.25, 44.4), (131.28, 43.5), (131.1, 42.95), (130.5, 42.68), (130.65, 42.42), (130.5, 42.55), (130.25, 42.88),
    (129.88, 42.98), (129.72, 42.45), (128.95, 42.05), (128.05, 42.0), (128.3, 41.45), (128.2, 41.405), (127.3, 41.48),
    (126.95, 41.78), (126.2, 41.09), (125.5, 40.75), (124.9, 40.48), (124.395, 40.105), (124.3, 39.85), (124.2, 39.3),
    (123.6, 38.5), (123.5, 37.2), (123.2, 35.5), (123.2, 33.5), (123.6, 31.5), (123.6, 30.0), (123.0, 28.5),
    (121.6, 26.8), (120.6, 26.0), (119.9, 25.1), (118.9, 24.1), (118.3, 23.2), (117.4, 22.4), (115.8, 21.7),
    (114.4, 21.4), (112.6, 20.9), (111.6, 20.4), (111.4, 18.9), (113.4, 17.4), (113.1, 15.6), (110.9, 15.6),
    (109.4, 17.6), (108.3, 18.4), (108.1, 19.3), (108.2, 20.6), (108.15, 21.35), (107.985, 21.535), (107.6, 21.6),
    (107.2, 21.75), (106.715, 21.975), (106.6, 22.35), (106.8, 22.8), (106.3, 22.86), (105.85, 22.92), (105.55, 23.1),
    (105.3, 23.38), (104.9, 23.15), (104.85, 22.93), (104.35, 22.72), (103.965, 22.5), (103.6, 22.75), (103.15, 22.5),
    (102.5, 22.75), (102.15, 22.42), (101.7, 22.45), (101.55, 22.2), (101.8, 21.6), (101.8, 21.13), (101.25, 21.18),
    (101.1, 21.7), (100.0, 21.6), (99.95, 22.02), (99.2, 22.1), (99.5, 22.9), (98.9, 23.2), (98.65, 24.0),
    (97.9, 23.9), (97.55, 23.92), (97.55, 24.7), (98.1, 25.4), (98.7, 26.1), (98.7, 27.3), (98.2, 28.1),
    (97.35, 28.25), (96.3, 28.4), (95.0, 29.0), (94.0, 28.9), (93.0, 28.3), (92.0, 27.75), (91.6, 27.85),
    (90.3, 28.1), (89.5, 28.1), (89.0, 27.3), (88.85, 27.3), (88.8, 27.95), (88.1, 27.87), (87.0, 27.85),
    (86.1, 27.95), (85.97, 27.96), (85.7, 28.3), (85.36, 28.27), (84.9, 28.6), (84.2, 28.85), (83.5, 29.2),
    (82.1, 30.1), (81.2, 30.05), (80.9, 30.25), (80.2, 30.6), (79.0, 31.2), (78.5, 31.9), (78.4, 32.55),
    (79.2, 32.6), (78.8, 33.6), (78.2, 34.7), (77.8, 35.5), (76.6, 35.9), (75.9, 36.6), (75.4, 36.85),
    (74.55, 37.05), (74.9, 37.6), (74.8, 38.4), (73.75, 38.6), (73.6, 39.4), (73.9, 39.75), (74.8, 40.4),
    (75.5, 40.6), (76.4, 40.4), (77.8, 41.1), (78.4, 41.4), (80.2, 42.1), (80.2, 42.9), (80.75, 43.15),
    (80.4, 44.1), (80.4, 44.6), (79.9, 44.9), (80.7, 45.15), (82.0, 45.2), (82.52, 45.12), (82.55, 45.25), (82.3, 45.6),
    (82.8, 46.3), (82.9, 47.2), (84.8, 46.85), (85.5, 47.1), (85.55, 48.15), (85.8, 48.42), (86.8, 48.85),
    (87.4, 49.1), (87.8, 49.18), (88.3, 48.5), (89.7, 48.0), (90.3, 47.6), (91.0, 46.8), (91.0, 46.0),
    (90.7, 45.45), (91.5, 45.1), (93.5, 44.95), (95.3, 44.3), (96.35, 42.78), (99.5, 42.6), (101.8, 42.5),
    (104.5, 41.9), (105.2, 41.6), (107.4, 42.45), (110.1, 42.65), (111.0, 43.35), (111.9, 43.72), (111.95, 43.7),
    (111.5, 44.3), (112.0, 45.05), (113.7, 44.8), (114.5, 45.4), (116.0, 45.7), (116.3, 46.35), (117.4, 46.6),
    (119.7, 46.6), (119.9, 46.85), (118.5, 47.98), (117.8, 48.0), (115.6, 47.9), (116.7, 49.83), (117.32, 49.62),
    (117.8, 49.53), (119.2, 50.1), (119.3, 50.6), (120.1, 51.65), (120.75, 52.1), (120.7, 52.5), (120.2, 52.7),
    (120.9, 53.25), (121.4, 53.4),
)  # fmt: skip

# Hong Kong (along the Shenzhen River) and Macau: lon, lat.
UNSHIFTED = (
    (
        (113.82, 22.13), (113.82, 22.22), (113.87, 22.42), (113.94, 22.455), (114.0, 22.493), (114.03, 22.506),
        (114.05, 22.506), (114.067, 22.516), (114.09, 22.523), (114.113, 22.5305), (114.132, 22.5385),
        (114.156, 22.555), (114.18, 22.558), (114.207, 22.553), (114.226, 22.546), (114.245, 22.548), (114.3, 22.565),
        (114.4, 22.56), (114.5, 22.46), (114.5, 22.13), (113.82, 22.13),
    ),
    (
        (113.5345, 22.2135), (113.549, 22.2158), (113.556, 22.2155), (113.565, 22.218), (113.63, 22.218),
        (113.63, 22.1), (113.55, 22.1), (113.545, 22.13), (113.546, 22.16), (113.532, 22.185), (113.531, 22.2),
        (113.5345, 22.2135),
    ),
)  # fmt: skip


def convert(lon: Floats, lat: Floats, *, source: str, target: str) -> Pair:
    """Return coordinates given in one datum in another.

    Parameters
    ----------
    lon, lat
        Degrees in `source`; numbers or arrays of one shape. Not changed.
    source, target
        Any of `DATUMS`.

    Returns
    -------
    lon, lat
        Arrays of that shape, degrees in `target`.

    Raises
    ------
    BadPointError
        A coordinate is not a number, or out of range (the first one is named).
    BadSettingError
        There is no such datum.
    """
    for datum in (source, target):
        if datum not in DATUMS:
            known = ", ".join(DATUMS)
            raise BadSettingError(
                what="datum", value=datum, reason=f"known are {known}", reason_zh=f"可用坐标系：{known}"
            )
    shape = np.broadcast_shapes(np.shape(lon), np.shape(lat))
    lon, lat = _checked(lon, lat)
    steps = {"wgs84": 0, "cgcs2000": 0, "gcj02": 1, "bd09": 2}
    at, to = steps[source], steps[target]
    while at > to:
        lon, lat = (_wgs84_from_gcj02, _gcj02_from_bd09)[at - 1](lon, lat)
        at -= 1
    while at < to:
        lon, lat = (_gcj02_from_wgs84, _bd09_from_gcj02)[at](lon, lat)
        at += 1
    return lon.reshape(shape), lat.reshape(shape)


def to_wgs84(lon: Floats, lat: Floats, *, datum: str) -> Pair:
    """Return coordinates given in `datum` as EPSG:4326; see `convert`."""
    return convert(lon, lat, source=datum, target="wgs84")


def from_wgs84(lon: Floats, lat: Floats, *, datum: str) -> Pair:
    """Return EPSG:4326 coordinates in `datum`; see `convert`."""
    return convert(lon, lat, source="wgs84", target=datum)


def published_gcj02_from_bd09(lon: Floats, lat: Floats) -> Pair:
    """Return BD-09 coordinates in GCJ-02 by the closed formula others publish.

    It is not the inverse of the way there: up to 0.16 m off it. Use it only to match the numbers of
    others; `convert` goes there and back exactly.
    """
    shape = np.broadcast_shapes(np.shape(lon), np.shape(lat))
    lon, lat = _checked(lon, lat)
    x, y = lon - BD_LON, lat - BD_LAT
    radius = np.hypot(x, y) - 0.00002 * np.sin(y * BD_WAVE)
    angle = np.arctan2(y, x) - 0.000003 * np.cos(x * BD_WAVE)
    return (radius * np.cos(angle)).reshape(shape), (radius * np.sin(angle)).reshape(shape)


def is_shifted(lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
    """Return whether maps of each place (degrees, EPSG:4326) are published in GCJ-02."""
    return np.asarray(shapely.contains_xy(_ground(), lon, lat), dtype=np.bool_)


@cache
def _ground() -> shapely.Geometry:
    ground = shapely.difference(shapely.Polygon(OUTLINE), shapely.union_all([shapely.Polygon(p) for p in UNSHIFTED]))
    shapely.prepare(ground)
    return ground


def _shifted(lon: Floats, lat: Floats) -> Pair:
    """GCJ-02 of any place, inside the outline or not."""
    x, y = lon - 105.0, lat - 35.0
    wave = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    root = np.sqrt(np.abs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (wave + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (wave + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    angle = np.radians(lat)
    curve = 1.0 - KRASOVSKY_E2 * np.sin(angle) ** 2
    across_m = KRASOVSKY_M / np.sqrt(curve) * np.cos(angle)
    along_m = KRASOVSKY_M * (1.0 - KRASOVSKY_E2) / curve**1.5
    return lon + np.degrees(east / across_m), lat + np.degrees(north / along_m)


def _gcj02_from_wgs84(lon: Floats, lat: Floats) -> Pair:
    is_in = is_shifted(lon, lat)
    made = lon.copy(), lat.copy()
    made[0][is_in], made[1][is_in] = _shifted(lon[is_in], lat[is_in])
    return made


def _wgs84_from_gcj02(lon: Floats, lat: Floats) -> Pair:
    """Undo the shift where the place it came from lies inside; a point no place is shifted to counts as shifted."""
    made = lon.copy(), lat.copy()
    is_near = (lon > 70.0) & (lon < 140.0) & (lat > 10.0) & (lat < 60.0)
    back = _solved(_shifted, lon[is_near], lat[is_near])
    is_in = is_shifted(*back) | is_shifted(lon[is_near], lat[is_near])
    for axis in (0, 1):
        made[axis][is_near] = np.where(is_in, back[axis], made[axis][is_near])
    return made


def _bd09_from_gcj02(lon: Floats, lat: Floats) -> Pair:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BD_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BD_WAVE)
    return radius * np.cos(angle) + BD_LON, radius * np.sin(angle) + BD_LAT


def _gcj02_from_bd09(lon: Floats, lat: Floats) -> Pair:
    return _solved(_bd09_from_gcj02, lon, lat)


def _solved(way: Callable[[Floats, Floats], Pair], lon: Floats, lat: Floats) -> Pair:
    """Find the place that `way` takes to (lon, lat), by fixed-point iteration (the shifts vary slowly)."""
    x, y = lon, lat
    for _ in range(ROUNDS_MAX):
        there = way(x, y)
        miss = lon - there[0], lat - there[1]
        x, y = x + miss[0], y + miss[1]
        if max(np.abs(miss[0]).max(initial=0.0), np.abs(miss[1]).max(initial=0.0)) < SOLVED_DEG:
            break
    return x, y


def _checked(lon: Floats, lat: Floats) -> Pair:
    """Return flat copies of both, once they are places on earth."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    x, y = (axis.ravel().copy() for axis in np.broadcast_arrays(lon, lat))
    is_number = np.isfinite(x) & np.isfinite(y)
    is_good = is_number & (np.abs(x) <= 180.0) & (np.abs(y) <= 90.0)
    if not is_good.all():
        at = np.flatnonzero(~is_good)[0]
        value = float(x[at]), float(y[at])
        if not is_number[at]:
            raise BadPointError(value=value, reason="it is not a number", reason_zh="不是数字")
        raise BadPointError(value=value, reason="it is out of range", reason_zh="超出范围")
    return x, y
