"""Density: how many incidents there are per square kilometre, as a smooth surface.

Each incident is spread by a Gaussian of standard deviation ``bandwidth_m`` (true metres on the
ground), cut off at four of them and scaled so that nothing is lost; incidents are first counted per
cell or pixel, each shared among the four nearest. Arrays are rows from north to south, columns from
west to east, in incidents per km2.

`density` works on a plane in metres; `density_tile` on the Web-Mercator pixels of a map tile, where
the kernel of each incident is that many metres at its own latitude, so that neighbouring tiles agree.
Source: Silverman (1986), Density Estimation; XYZ tile scheme (OSGeo TMS wiki, "slippy map").
Limits: no edge correction, and no tile knows of incidents across the 180th meridian.
See docs/methods/hotspots.md.
"""

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import gaussian_filter, map_coordinates

from geo.errors import BadPointError, BadSettingError

Floats = npt.NDArray[np.float64]
Bounds = tuple[float, float, float, float]

CUT_SD = 4.0
CELLS_PER_SD_MIN = 2.0
PIXELS_PER_SD_MAX = 12.0
CELLS_MAX = 50_000_000
ZOOM_MAX = 24
BANDWIDTH_MAX_M = 100_000.0
EQUATOR_M = 2 * np.pi * 6_378_137.0
MERCATOR_LAT_MAX = 85.0511287798066
M2_PER_KM2 = 1e6


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
        (rows, columns) incidents per km2; row 0 is the northernmost.
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
    margin = int(np.ceil(CUT_SD * bandwidth_m / cell_m))
    shape = rows + 2 * margin, columns + 2 * margin
    _check("cell_m", cell_m, is_good=shape[0] * shape[1] <= CELLS_MAX)
    counts = _counted((north - xy[:, 1]) / cell_m + margin, (xy[:, 0] - west) / cell_m + margin, shape)
    # the filter's own kernel is cut at a whole cell and sums to one: no incident is lost
    spread = gaussian_filter(counts, bandwidth_m / cell_m, mode="constant", truncate=CUT_SD)
    surface = spread[margin : margin + rows, margin : margin + columns] * (M2_PER_KM2 / cell_m**2)
    return np.ascontiguousarray(surface), (west, north - rows * cell_m, west + columns * cell_m, north)


def density_tile(lon: Floats, lat: Floats, *, z: int, x: int, y: int, bandwidth_m: float, tile_px: int = 256) -> Floats:
    """Return the density of incidents on the pixels of one map tile.

    Parameters
    ----------
    lon, lat
        (n,) degrees, EPSG:4326. All incidents there are; those too far away are skipped.
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
    BadPointError
        A coordinate is not a number, or not on earth.

    Notes
    -----
    Where a bandwidth is more than some dozen pixels the surface is made at a lower zoom, on the
    pixel grid all tiles share, and read between its pixels.
    """
    _check("bandwidth_m", bandwidth_m, is_good=0 < bandwidth_m <= BANDWIDTH_MAX_M)
    _check("z", z, is_good=0 <= z <= ZOOM_MAX)
    _check("x, y", (x, y), is_good=0 <= x < 2**z and 0 <= y < 2**z)
    _check("tile_px", tile_px, is_good=1 <= tile_px <= 4096 and tile_px & (tile_px - 1) == 0)
    column, row = _pixels(lon, lat, tile_px * 2**z)
    equator_px = bandwidth_m * tile_px * 2**z / EQUATOR_M
    halvings = max(0, int(np.ceil(np.log2(equator_px / PIXELS_PER_SD_MAX))))
    if halvings == 0:
        return _window(column, row, (y * tile_px, x * tile_px), (tile_px, tile_px), tile_px * 2**z, bandwidth_m)
    step = 2**halvings
    first = (y * tile_px) // step - 1, (x * tile_px) // step - 1
    size = -(-tile_px // step) + 3
    coarse = _window(column / step, row / step, first, (size, size), tile_px * 2**z / step, bandwidth_m)
    middle = (np.arange(tile_px) + 0.5) / step - 0.5
    at = np.meshgrid(middle + y * tile_px / step - first[0], middle + x * tile_px / step - first[1], indexing="ij")
    return np.asarray(map_coordinates(coarse, at, order=1, mode="nearest"))


def _window(
    column: Floats, row: Floats, first: tuple[int, int], shape: tuple[int, int], world_px: float, bandwidth_m: float
) -> Floats:
    """Density on a window of the world's pixels, from fractional pixel positions."""
    edges = np.array([first[0], first[0] + shape[0]], dtype=np.float64)
    margin = _margin(edges, world_px, bandwidth_m)
    size = shape[0] + 2 * margin, shape[1] + 2 * margin
    _check("bandwidth_m", bandwidth_m, is_good=size[0] * size[1] <= CELLS_MAX)
    counts = _counted(row - first[0] + margin, column - first[1] + margin, size)
    here = np.flatnonzero(counts.any(axis=1))
    if len(here) == 0:
        return np.zeros(shape)
    source_m = _pixel_m((here + first[0] - margin + 0.5).astype(np.float64), world_px)
    sd_px = bandwidth_m / source_m
    across = _blurred(counts[here], sd_px)[:, margin : margin + shape[1]]
    apart = np.arange(margin, margin + shape[0])[:, None] - here[None, :]
    surface = _kernel(apart, sd_px) @ across
    target_m = _pixel_m((np.arange(shape[0]) + first[0] + 0.5).astype(np.float64), world_px)
    return np.asarray(np.maximum(surface, 0.0) * (M2_PER_KM2 / target_m**2)[:, None])


def _kernel(apart: npt.NDArray[np.int64], sd_px: Floats) -> Floats:
    """Weights at whole-pixel distances; each source's weights over all pixels sum to one."""
    reach = int(np.ceil(CUT_SD * sd_px.max())) + 1
    steps = np.arange(-reach, reach + 1)[:, None]
    total = _bell(steps, sd_px).sum(axis=0)
    return np.asarray(_bell(apart, sd_px) / total)


def _bell(apart: npt.NDArray[np.int64], sd_px: Floats) -> Floats:
    weight = np.exp(-0.5 * (apart / sd_px) ** 2)
    return np.where(np.abs(apart) <= np.maximum(CUT_SD * sd_px, 0.5), weight, 0.0)


def _blurred(counts: Floats, sd_px: Floats) -> Floats:
    """Spread each row by its own bandwidth."""
    reach = int(np.ceil(CUT_SD * sd_px.max())) + 1
    length = next_fast_len(counts.shape[1] + 2 * reach, real=True)
    kernel = _kernel(np.arange(-reach, reach + 1)[:, None], sd_px).T
    product = rfft(counts, length, axis=1) * rfft(kernel, length, axis=1)
    return np.asarray(irfft(product, length, axis=1)[:, reach : reach + counts.shape[1]])


def _margin(edge_px: Floats, world_px: float, bandwidth_m: float) -> int:
    """How many pixels beyond a window an incident can still reach it: the kernel widens towards the poles."""
    margin = 1
    for _ in range(3):
        outer = np.clip(np.array([edge_px[0] - margin, edge_px[1] + margin]), 0.0, world_px)
        margin = int(np.ceil(CUT_SD * bandwidth_m / _pixel_m(outer, world_px).min())) + 1
    return margin


def _pixel_m(row: Floats, world_px: float) -> Floats:
    """Side of a pixel on the ground, metres, at a row of the world's pixels (clipped to the map)."""
    angle = np.pi * (1 - 2 * np.clip(row / world_px, 0.0, 1.0))
    return np.asarray(EQUATOR_M / world_px / np.cosh(angle))


def _pixels(lon: Floats, lat: Floats, world_px: float) -> tuple[Floats, Floats]:
    lonlat = _finite(np.stack([np.ravel(lon), np.ravel(lat)], axis=1))
    if (np.abs(lonlat) > [180.0, 90.0]).any():
        worst = lonlat[(np.abs(lonlat) > [180.0, 90.0]).any(axis=1)][0]
        raise BadPointError(value=tuple(worst.tolist()), reason="it is out of range", reason_zh="超出范围")
    angle = np.radians(np.clip(lonlat[:, 1], -MERCATOR_LAT_MAX, MERCATOR_LAT_MAX))
    row = (1 - np.arcsinh(np.tan(angle)) / np.pi) / 2
    return (lonlat[:, 0] / 360.0 + 0.5) * world_px, row * world_px


def _counted(row: Floats, column: Floats, shape: tuple[int, int]) -> Floats:
    """Count points on the middles of cells from fractional cell positions; those outside are left away.

    Each point is shared among the four nearest middles (linear binning), which moves no mass on average.
    """
    is_in = (row >= 0) & (row < shape[0]) & (column >= 0) & (column < shape[1])
    down, right = row[is_in] + 0.5, column[is_in] + 0.5
    top, left = np.floor(down).astype(np.int64), np.floor(right).astype(np.int64)
    low, east = down - top, right - left
    counts = np.zeros((shape[0] + 2) * (shape[1] + 2))  # one cell more all round
    for step_down, share_down in ((0, 1 - low), (1, low)):
        for step_right, share_right in ((0, 1 - east), (1, east)):
            cell = (top + step_down) * (shape[1] + 2) + left + step_right
            counts += np.bincount(cell, weights=share_down * share_right, minlength=len(counts))
    return np.ascontiguousarray(counts.reshape(shape[0] + 2, shape[1] + 2)[1:-1, 1:-1])


def _finite(points: Floats) -> Floats:
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    bad = ~np.isfinite(points).all(axis=1)
    if bad.any():
        raise BadPointError(value=tuple(points[bad][0].tolist()), reason="it is not a number", reason_zh="不是数字")
    return points


def _check(what: str, value: object, *, is_good: bool) -> None:
    if not is_good:
        raise BadSettingError(what=what, value=value, reason="it is out of range", reason_zh="超出范围")
