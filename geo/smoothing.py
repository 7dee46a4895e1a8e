"""Smoothing: points counted on a raster and spread by a Gaussian, in machine code.

A point is shared among the four nearest middles of cells (linear binning), by thousandths and in whole numbers, so
that the order of points does not change the last bit. Counts are then spread across and along, only from where there
are any. Sharing widens the kernel by a sixth of a squared cell on average; that is taken off it.
"""

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CUT_SD = 4.0
# A cell in parts, and what a point of weight 1 is counted as.
SHIFT, PARTS, WHOLE = 10, 1024, 1024 * 1024
BINNED_VARIANCE = 1 / 6
VARIANCE_MIN = 0.04


def kernels(sd: Floats) -> Floats:
    """Return weights at whole-cell distances for (r,) standard deviations in cells: (r, 2 * reach + 1), sums one."""
    reach = int(CUT_SD * sd.max()) + 1
    steps = np.arange(-reach, reach + 1)
    variance = np.maximum(sd**2 - BINNED_VARIANCE, VARIANCE_MIN)[:, None]
    weight = np.exp(-0.5 * steps**2 / variance)
    weight[np.abs(steps) > np.maximum(CUT_SD * sd, 0.5)[:, None]] = 0.0
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def counted(
    points: tuple[Floats, Floats, Ints | None], runs: Ints, shape: tuple[int, int], origin: Any, scale: Any
) -> Ints:
    """Count points on a raster; those outside the middles of its outermost cells are left away.

    Parameters
    ----------
    points
        x, y and weight; None is one each.
    runs
        (r, 2) which of them: from and to.
    shape
        Rows and columns of the raster.
    origin, scale
        Where the middle of the first cell lies, x and y, and how many cells there are to a unit.

    Returns
    -------
    numpy.ndarray
        `WHOLE` for each point of weight 1, shared among four cells.
    """
    counts = np.zeros(shape, dtype=np.int64)
    x, y, weight = points
    _count((x, y), weight, runs, origin, scale, counts)
    return counts


def spread(counts: Ints, kernel: Floats, margin: int, shape: tuple[int, int]) -> Floats:
    """Return counts spread by the kernel of each of their rows, on the rows and columns inside a margin."""
    across = np.zeros((counts.shape[0], shape[1]))
    is_empty = np.zeros(counts.shape[0], dtype=np.bool_)
    surface = np.zeros(shape)
    _spread_across(counts, kernel, margin, across, is_empty)
    _spread_along(across, kernel, margin, is_empty, surface)
    return surface


@numba.njit(cache=True, nogil=True)
def _count(points, weight, runs, origin, scale, counts):  # type: ignore[no-untyped-def]  # numba infers
    (x, y), (left, top), (wide, high) = points, origin, (scale[0] * PARTS, scale[1] * PARTS)
    rows, columns = counts.shape
    right, bottom = float((columns - 1) * PARTS), float((rows - 1) * PARTS)
    cells = counts.ravel()
    for run in range(len(runs)):
        for i in range(runs[run, 0], runs[run, 1]):
            along, down = (x[i] - left) * wide, (y[i] - top) * high
            if not (0 <= along < right and 0 <= down < bottom):
                continue
            column, row = int(along), int(down)
            east, south = column & (PARTS - 1), row & (PARTS - 1)
            at = (row >> SHIFT) * columns + (column >> SHIFT)
            share, south_share = PARTS - south, south
            if weight is not None:
                share, south_share = share * weight[i], south_share * weight[i]
            cells[at] += (PARTS - east) * share
            cells[at + 1] += east * share
            cells[at + columns] += (PARTS - east) * south_share
            cells[at + columns + 1] += east * south_share


@numba.njit(cache=True, nogil=True)
def _spread_across(counts, kernel, margin, across, is_empty):  # type: ignore[no-untyped-def]  # numba infers
    reach, columns = kernel.shape[1] // 2, across.shape[1]
    for row in range(counts.shape[0]):
        is_empty[row] = True
        weights, target = kernel[row], across[row]
        for column in range(counts.shape[1]):
            if counts[row, column]:
                is_empty[row], value = False, counts[row, column] / WHOLE
                first, last = max(column - margin - reach, 0), min(column - margin + reach + 1, columns)
                shift = reach + margin - column
                near, weight = target[first:last], weights[first + shift : last + shift]
                for at in range(len(near)):
                    near[at] += value * weight[at]


@numba.njit(cache=True, nogil=True)
def _spread_along(across, kernel, margin, is_empty, surface):  # type: ignore[no-untyped-def]  # numba infers
    reach, rows = kernel.shape[1] // 2, surface.shape[0]
    for row in range(across.shape[0]):
        if is_empty[row]:
            continue
        source = across[row]
        for at in range(max(row - margin - reach, 0), min(row - margin + reach + 1, rows)):
            weight, target = kernel[row, at + margin - row + reach], surface[at]
            for column in range(len(source)):
                target[column] += weight * source[column]
