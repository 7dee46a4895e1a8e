"""Density: how many incidents there are per square kilometre, as a smooth surface.

Each incident is spread by a Gaussian of standard deviation ``bandwidth_m`` (true metres on the
ground), cut off at four of them and scaled so that nothing is lost; incidents are first counted per
cell or pixel, each shared among the four nearest (`geo.smoothing`). Arrays are rows from north to
south, columns from west to east, in incidents per km2.

`density` works on a plane in metres; `tile` on the Web-Mercator pixels of a map tile, where the
kernel of each incident is that many metres at its own latitude, so that neighbouring tiles agree:
`binned` lays incidents out once for many tiles, and for `densest`. `rate_tile` asks how many there
are for those who live there.
Sources: Silverman (1986), Density Estimation; Kelsall and Diggle (1995), Non-parametric estimation of
spatial variation in relative risk; Marshall (1991), Mapping disease and mortality rates using
empirical Bayes estimators; XYZ tile scheme (OSGeo TMS wiki, "slippy map").
Limits: no edge correction, and no tile knows of incidents across the 180th meridian.
See docs/methods/hotspots.md.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.errors import BadPointError, BadSettingError
from geo.hotspots.rates import Prior
from geo.smoothing import CUT_SD as CUT_SD
from geo.smoothing import WHOLE, counted, kernels, spread
from geo.strips import places_in_strips, runs_within

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bounds = tuple[float, float, float, float]

CELLS_PER_SD_MIN = 2.0
PIXELS_PER_SD_MAX = 12.0
CELLS_MAX = 50_000_000
ZOOM_MAX = 24
BANDWIDTH_MAX_M = 100_000.0
EQUATOR_M = 2 * np.pi * 6_378_137.0
MERCATOR_LAT_MAX = 85.0511287798066
M2_PER_KM2 = 1e6
# Incidents are laid in strips as high as a tile of this zoom: a tile of a street then looks at few, a town has some.
STRIP_ZOOM = 17
# The densest spot is looked for in blocks of so many pixels.
BLOCK_PX = 128
# Shares of a household count as well.
PARTS_OF_HOUSEHOLD = 1024
PER_HOUSEHOLDS = 1000.0


class Binned(NamedTuple):
    """Places of incidents on the world's map, 0 to 1 eastward and southward, in strips, and how many lie on each.

    Places of strip s are ``start[s]:start[s + 1]``, from west to east; strips follow each other from north to south.
    """

    east: Floats
    south: Floats
    incidents: Ints
    start: Ints
    top: Floats
    bottom: Floats


def density(points_xy: Floats, *, bandwidth_m: float, cell_m: float, bounds: Bounds) -> tuple[Floats, Bounds]:
    """Return the density surface of points on a plane in metres.

    Parameters
    ----------
    points_xy
        (n, 2) metres. Points outside `bounds`, but near, count where their kernel reaches in.
    bandwidth_m
        Standard deviation of the kernel, metres.
    cell_m
        Side of a cell, at most half of the bandwidth.
    bounds
        West, south, east, north in metres.

    Returns
    -------
    surface
        (rows, columns) incidents per km2 at the middles of cells; row 0 is the northernmost.
    bounds
        West and north as given, east and south moved outward to whole cells.

    Raises
    ------
    BadSettingError
        A number is out of its range, or there would be more than fifty million cells.
    BadPointError
        A coordinate is not a number.
    """
    xy = _finite(points_xy)
    _check("bandwidth_m", bandwidth_m, is_good=0 < bandwidth_m < np.inf)
    _check("cell_m", cell_m, is_good=0 < cell_m <= bandwidth_m / CELLS_PER_SD_MIN)
    west, south, east, north = bounds
    _check("bounds", bounds, is_good=bool(np.isfinite(bounds).all()) and east > west and north > south)
    rows, columns = int(np.ceil((north - south) / cell_m)), int(np.ceil((east - west) / cell_m))
    margin = int(np.ceil(CUT_SD * bandwidth_m / cell_m)) + 1
    shape = rows + 2 * margin, columns + 2 * margin
    _check("cell_m", cell_m, is_good=shape[0] * shape[1] <= CELLS_MAX)
    origin = west - (margin - 0.5) * cell_m, north + (margin - 0.5) * cell_m
    points = xy[:, 0], xy[:, 1], None
    counts = counted(points, np.array([[0, len(xy)]]), shape, origin, (1 / cell_m, -1 / cell_m))
    kernel = np.repeat(kernels(np.array([bandwidth_m / cell_m])), shape[0], axis=0)
    surface = spread(counts, kernel, margin, (rows, columns))
    surface *= M2_PER_KM2 / cell_m**2
    return surface, (west, north - rows * cell_m, west + columns * cell_m, north)


def binned(lon: Floats, lat: Floats, weights: Ints | None = None) -> Binned:
    """Lay incidents out for `tile` and `densest`, which can then be asked many times.

    Parameters
    ----------
    lon, lat
        (n,) degrees, EPSG:4326, in any order.
    weights
        (n,) How many there are at each; one if not given.

    Raises
    ------
    BadPointError
        A coordinate is not a number, or not on earth.
    """
    east, south = _world(lon, lat)
    weights = np.ones(len(east), dtype=np.int64) if weights is None else weights
    if len(east) == 0:
        nothing, none = np.empty(0), np.empty(0, dtype=np.int64)
        return Binned(nothing, nothing, none, np.zeros(1, dtype=np.int64), nothing, nothing)
    places = places_in_strips(east, south, weights, 2.0**-STRIP_ZOOM)
    first = places.start[:-1]
    top, bottom = np.minimum.reduceat(places.y, first), np.maximum.reduceat(places.y, first)
    return Binned(places.x, places.y, places.weight, places.start, top, bottom)


def density_tile(lon: Floats, lat: Floats, *, z: int, x: int, y: int, bandwidth_m: float, tile_px: int = 256) -> Floats:
    """Return the density of incidents on the pixels of one map tile: `tile` of `binned`, for one tile alone."""
    return tile(binned(lon, lat), z=z, x=x, y=y, bandwidth_m=bandwidth_m, tile_px=tile_px)


def tile(incidents: Binned, *, z: int, x: int, y: int, bandwidth_m: float, tile_px: int = 256) -> Floats:
    """Return the density of incidents on the pixels of one map tile.

    Parameters
    ----------
    incidents
        All there are; those too far away are skipped.
    z, x, y
        Tile of the XYZ scheme.
    bandwidth_m
        Standard deviation of the kernel in metres on the ground, at most a hundred kilometres.
    tile_px
        Pixels along a side, a power of two.

    Returns
    -------
    numpy.ndarray
        (tile_px, tile_px) incidents per km2; row 0 is the northernmost.

    Raises
    ------
    BadSettingError
        A number is out of its range, or there is no such tile.

    Notes
    -----
    Where a bandwidth is more than a dozen pixels the surface is made at a lower zoom, on the pixel
    grid all tiles share, and read between its pixels.
    """
    _check("bandwidth_m", bandwidth_m, is_good=0 < bandwidth_m <= BANDWIDTH_MAX_M)
    _check("z", z, is_good=0 <= z <= ZOOM_MAX)
    _check("x, y", (x, y), is_good=0 <= x < 2**z and 0 <= y < 2**z)
    _check("tile_px", tile_px, is_good=1 <= tile_px <= 4096 and tile_px & (tile_px - 1) == 0)
    world_px = float(tile_px * 2**z)
    step = 2 ** max(0, int(np.ceil(np.log2(bandwidth_m * world_px / EQUATOR_M / PIXELS_PER_SD_MAX))))
    if step == 1:
        return _window(incidents, (y * tile_px, x * tile_px), (tile_px, tile_px), world_px, bandwidth_m)
    first = (y * tile_px) // step - 2, (x * tile_px) // step - 2
    size = -(-tile_px // step) + 5
    coarse = _window(incidents, first, (size, size), world_px / step, bandwidth_m)
    middle = (np.arange(tile_px) + 0.5) / step - 0.5
    down, right = middle + y * tile_px / step - first[0], middle + x * tile_px / step - first[1]
    return np.ascontiguousarray(np.maximum(_between(_between(coarse, down).T, right).T, 0.0))


def binned_homes(lon: Floats, lat: Floats, households: Floats) -> Binned:
    """Lay households out for `rate_tile`; shares of a household count to a thousandth.

    Raises
    ------
    BadPointError, BadSettingError
        A coordinate is not a number or not on earth; a count of households is below 0 or not a number.
    """
    homes = np.asarray(households, dtype=np.float64).ravel()
    is_good = len(homes) == np.size(lon) and bool((homes >= 0).all() and homes.sum() < np.inf)
    _check("households", "", is_good=is_good)
    return binned(lon, lat, np.rint(homes * PARTS_OF_HOUSEHOLD).astype(np.int64))


def rate_tile(
    incidents: Binned, homes: Binned, prior: Prior, *, z: int, x: int, y: int, bandwidth_m: float, tile_px: int = 256
) -> tuple[Floats, Floats]:
    """Return incidents per 1,000 households on the pixels of one map tile, steadied where few households are near.

    Kernels of incidents over kernels of households (Kelsall and Diggle), moved towards the rate of all by the
    households that a kernel holds (Marshall): a kernel is as wide as a circle of ``kernel_km2``.

    Parameters
    ----------
    incidents, z, x, y, bandwidth_m, tile_px
        As of `tile`.
    homes
        As of `binned_homes`.
    prior
        The rate of all, and how much more than chance rates vary; of cells about as large as a kernel.

    Returns
    -------
    rate, households
        (tile_px, tile_px) each; NaN where there is no prior to speak of. `households` are those a kernel holds.

    Raises
    ------
    BadSettingError
        As of `tile`.
    """
    living, found = (
        tile(places, z=z, x=x, y=y, bandwidth_m=bandwidth_m, tile_px=tile_px) * kernel_km2(bandwidth_m)
        for places in (homes, incidents)
    )
    around = living / PARTS_OF_HOUSEHOLD
    sure = prior.variance * around + prior.mean
    rate = np.full(around.shape, np.nan)
    np.divide(prior.variance * found + prior.mean**2, sure, out=rate, where=sure > 0)
    return PER_HOUSEHOLDS * rate, around


def kernel_km2(bandwidth_m: float) -> float:
    """Return the ground that a Gaussian kernel averages over: 4 pi h^2, one over the integral of its square."""
    return 4 * np.pi * bandwidth_m**2 / M2_PER_KM2


def densest(incidents: Binned, *, bandwidth_m: float) -> float:
    """Return the highest density there is, incidents per km2, to a percent; 0 for none.

    Blocks of the map are looked at from the fullest on, and left out where even all their incidents on one spot
    would make less.
    """
    _check("bandwidth_m", bandwidth_m, is_good=0 < bandwidth_m <= BANDWIDTH_MAX_M)
    world_px = 2.0 ** np.floor(np.log2(PIXELS_PER_SD_MAX * EQUATOR_M / bandwidth_m))
    across = int(world_px / BLOCK_PX) + 1
    row, column = ((at * (world_px / BLOCK_PX)).astype(np.int64) for at in (incidents.south, incidents.east))
    blocks, held = np.unique(row * across + column, return_counts=True)
    most = 0.0
    for block in blocks[np.argsort(-held, kind="stable")].tolist():
        first = block // across * BLOCK_PX, block % across * BLOCK_PX
        surface = _window(incidents, first, (BLOCK_PX, BLOCK_PX), world_px, bandwidth_m, most)
        most = max(most, float(surface.max()))
    return most


def _window(
    incidents: Binned,
    first: tuple[int, int],
    shape: tuple[int, int],
    world_px: float,
    bandwidth_m: float,
    least: float = 0.0,
) -> Floats:
    """Density on a window of the world's pixels; zeros where it can nowhere be more than `least`."""
    margin = _margin(np.array([first[0], first[0] + shape[0]], dtype=np.float64), world_px, bandwidth_m)
    size = shape[0] + 2 * margin, shape[1] + 2 * margin
    _check("bandwidth_m", bandwidth_m, is_good=size[0] * size[1] <= CELLS_MAX)
    top, left = (first[0] - margin + 0.5) / world_px, (first[1] - margin + 0.5) / world_px
    bottom, right = top + size[0] / world_px, left + size[1] / world_px
    low, high = np.searchsorted(incidents.bottom, top), np.searchsorted(incidents.top, bottom)
    runs = runs_within(incidents.east, incidents.start[low : high + 1], left, right)
    points = incidents.east, incidents.south, incidents.incidents
    counts = counted(points, runs, size, (left, top), (world_px, world_px))
    source_m = _pixel_m(np.arange(size[0], dtype=np.float64) + first[0] - margin + 0.5, world_px)
    target_m = source_m[margin : margin + shape[0]]
    kernel = kernels(bandwidth_m / source_m)
    if counts.sum() / WHOLE * (kernel.max() / target_m.min()) ** 2 * M2_PER_KM2 <= least:
        return np.zeros(shape)
    surface = spread(counts, kernel, margin, shape)
    surface *= (M2_PER_KM2 / target_m**2)[:, None]
    return surface


def _between(values: Floats, at: Floats) -> Floats:
    """Read rows of an array between its rows, by cubic convolution (Keys 1981)."""
    low = np.floor(at).astype(np.int64)
    t = at - low
    weights = (
        ((2 - t) * t - 1) * t / 2, ((3 * t - 5) * t * t + 2) / 2, ((4 - 3 * t) * t + 1) * t / 2, (t - 1) * t * t / 2
    )  # fmt: skip
    return np.asarray(sum(weight[:, None] * values[low + step] for step, weight in enumerate(weights, start=-1)))


def _margin(edge_px: Floats, world_px: float, bandwidth_m: float) -> int:
    """How many pixels beyond a window an incident can still reach it: the kernel widens towards the poles."""
    margin = 1
    for _ in range(3):
        outer = np.array([edge_px[0] - margin, edge_px[1] + margin])
        margin = int(np.ceil(CUT_SD * bandwidth_m / _pixel_m(outer, world_px).min())) + 1
    return margin


def _pixel_m(row: Floats, world_px: float) -> Floats:
    """Side of a pixel on the ground, metres, at a row of the world's pixels (clipped to the map)."""
    angle = np.pi * (1 - 2 * np.clip(row / world_px, 0.0, 1.0))
    return np.asarray(EQUATOR_M / world_px / np.cosh(angle))


def _world(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return places on the world's map, 0 to 1 eastward and southward."""
    lonlat = _finite(np.stack([np.ravel(lon), np.ravel(lat)], axis=1))
    bad = np.abs(lonlat) > [180.0, 90.0]
    if bad.any():
        worst = tuple(lonlat[bad.any(axis=1)][0].tolist())
        raise BadPointError(value=worst, reason="it is out of range", reason_zh="超出范围")
    sine = np.sin(np.radians(np.clip(lonlat[:, 1], -MERCATOR_LAT_MAX, MERCATOR_LAT_MAX)))
    return lonlat[:, 0] / 360.0 + 0.5, 0.5 - np.arctanh(sine) / (2 * np.pi)


def _finite(points: Floats) -> Floats:
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    is_good = np.isfinite(points)
    if not is_good.all():
        worst = tuple(points[~is_good.all(axis=1)][0].tolist())
        raise BadPointError(value=worst, reason="it is not a number", reason_zh="不是数字")
    return points


def _check(what: str, value: object, *, is_good: bool) -> None:
    if not is_good:
        raise BadSettingError(what=what, value=value, reason="it is out of range", reason_zh="超出范围")
