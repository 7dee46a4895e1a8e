"""Autocorrelation: where high or low values lie together more than chance would put them.

`getis_ord` (Gi*) asks of each cell whether it and its neighbours together hold more or less than as many cells
anywhere; `local_moran` whether a cell and its neighbours are alike or unlike. Their z are read as standard normal
(`geo.hotspots.discovery.two_sided_p`), which is rough where cells hold few incidents; `permuted_p` makes no such
assumption. Made for every cell, all of them need `geo.hotspots.discovery.q_values`.

Values are counts or rates of cells, (n,); neighbours are a whole mesh, which is fast, or lists (`Neighbours`).
Weights are binary: a neighbour counts one, and in Gi* the cell itself too. Left out are cells that `inside` does not
name and those without a finite value (no rate): they are nobody's neighbour, no part of any mean, and their answer is
NaN. Where nothing can stand out - all values equal, one cell, a cell whose neighbours are all the others, for Moran
also a cell without any - z is 0 and p is 1.

Sources: Ord and Getis (1995), Local spatial autocorrelation statistics; Anselin (1995), Local indicators of spatial
association; Sokal, Oden and Thomson (1998) for Moran's moments. The same numbers as esda 2.9 (tests say which).
See docs/methods/hotspots.md.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.errors import BadSettingError
from geo.hotspots.mesh import Mesh, Near, sums_about
from geo.rng import generator

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]

QUADRANTS = ("", "HH", "LL", "HL", "LH")
EQUAL_SHARE = 1e-12
SHUFFLED_MAX = 4_000_000


class LocalMoran(NamedTuple):
    """Local Moran's I of every cell, its z, and its quadrant, a position in `QUADRANTS`."""

    i: Floats
    z: Floats
    quadrant: Small


class _Apart(NamedTuple):
    """Values less their mean.

    `value` is 0 for cells left out; `square` its mean square, 0 where all are equal to rounding; `told` the cells
    that count, None for all; `cells` how many they are.
    """

    value: Floats
    square: float
    told: Bools | None
    cells: int

    def shown(self, answer: Floats) -> Floats:
        """Return an answer with NaN for cells left out."""
        return answer if self.told is None else np.where(self.told, answer, np.nan)


def getis_ord(values: npt.NDArray[np.number], near: Near, *, inside: Bools | None = None) -> Floats:
    """Return the z of Getis and Ord's Gi* of every cell: above 0 hot, below 0 cold.

    Parameters
    ----------
    values
        (n,) Counts or rates; NaN is no value.
    near
        The mesh, or each cell's neighbours.
    inside
        (n,) Which cells count; all if not given.

    Returns
    -------
    numpy.ndarray
        (n,) The sum over the cell and its neighbours, less what is expected of as many cells, in standard deviations
        under random order of the values. NaN for cells left out; a cell without neighbours is compared by itself.

    Raises
    ------
    BadSettingError
        Arrays are not of one length.
    """
    apart = _apart(values, near, inside)
    spread = apart.square**0.5
    if spread == 0:
        return apart.shown(np.zeros(len(apart.value)))
    z = sums_about(near, apart.value)
    z *= _scale_of(near, apart)
    z /= spread
    return apart.shown(z)


def local_moran(values: npt.NDArray[np.number], near: Near, *, inside: Bools | None = None) -> LocalMoran:
    """Return the local Moran's I of every cell.

    Parameters
    ----------
    values
        (n,) Counts or rates; NaN is no value. For rates of few households take
        `geo.hotspots.rates.deviates`.
    near
        The mesh, or each cell's neighbours.
    inside
        (n,) Which cells count; all if not given.

    Returns
    -------
    i
        (n,) Above 0: like its neighbours; below 0: unlike. Neighbours' values are averaged.
    z
        (n,) By the moments of I when the cell keeps its value and the others change places.
    quadrant
        (n,) 1 HH high among high, 2 LL low among low, 3 HL high among low, 4 LH low among high, by the mean: a value
        or an average that is not above it is low. 0 for cells left out, without neighbours, or all equal.
        It says nothing of significance.

    Raises
    ------
    BadSettingError
        Arrays are not of one length.
    """
    apart = _apart(values, near, inside)
    value, count, square = apart.value, apart.cells, apart.square
    degree = _sizes(near, apart) - 1
    if square == 0 or count < 2:
        i, z = apart.shown(np.zeros(len(value))), apart.shown(np.zeros(len(value)))
        return LocalMoran(i, z, np.zeros(len(value), dtype=np.int8))
    around = sums_about(near, value) - value
    i = value * around / np.maximum(degree, 1) * ((count - 1) / (count * square))
    z = np.sign(value) * _moved(value, around, degree, count, square)
    high, is_among_high = value > 0, around > 0
    quadrant = np.where(high, np.where(is_among_high, 1, 3), np.where(is_among_high, 4, 2))
    quadrant[(degree <= 0) | ~_told(apart)] = 0
    return LocalMoran(apart.shown(i), apart.shown(z), quadrant.astype(np.int8))


def permuted_p(
    values: npt.NDArray[np.number], near: Near, *, inside: Bools | None = None, permutations: int = 99_999, seed: int
) -> Floats:
    """Return the two-sided p of every cell's neighbours, the same for Gi* and for local Moran, by permutation.

    Parameters
    ----------
    values
        (n,) Counts or rates; NaN is no value.
    near
        The mesh, or each cell's neighbours.
    inside
        (n,) Which cells count; all if not given.
    permutations
        How often each cell's neighbours are drawn. The smallest p is 2 / (permutations + 1). 999 are usual and few:
        after `geo.hotspots.discovery.q_values` on thousands of cells little is left of them, and with the seed the
        number of cells below p = 0.05 changes by a tenth and more.
    seed
        The same seed gives the same p.

    Returns
    -------
    numpy.ndarray
        (n,) The cell keeps its value, and in place of its neighbours as many are drawn from all other cells, none
        twice. Of the draws whose sum is at least, and of those whose sum is at most, that of the true neighbours the
        fewer are counted; p = 2 (fewer + 1) / (permutations + 1), at most 1. NaN for cells left out.

    Raises
    ------
    BadSettingError
        Arrays are not of one length, or `permutations` is below 1.

    Notes
    -----
    Given the cell's own value both statistics grow with nothing but the sum over its neighbours, so one p does for
    both. esda's `p_sim` is the folded, one-sided half, (fewer + 1) / (permutations + 1); it differs where draws tie:
    there esda counts ties for high sums and not for low ones, so that with few incidents cells among empty cells come
    out cold whenever no draw is lower; here ties count on both sides.

    All cells share their draws, as in esda and GeoDa: p of different cells err together.
    """
    if permutations < 1:
        raise BadSettingError(
            what="permutations", value=permutations, reason="it must be 1 or more", reason_zh="至少为 1"
        )
    apart = _apart(values, near, inside)
    told = _told(apart)
    value = np.where(told, values, 0.0).astype(np.float64)
    around = (sums_about(near, value) - value)[told]
    degree = np.rint(_sizes(near, apart)[told] - 1).astype(np.int64)
    p = np.full(len(value), np.nan)
    if apart.cells:
        p[told] = _chances(value[told], around, degree, permutations, seed)
    return p


def _apart(values: npt.NDArray[np.number], near: Near, inside: Bools | None) -> _Apart:
    """Return values less their mean, cells without a value or beyond the mask set to 0."""
    values = np.asarray(values)
    cells = near.cells if isinstance(near, Mesh) else len(near.start) - 1
    for what, array in (("values", values), ("inside", inside)):
        if array is not None and array.shape != (cells,):
            raise BadSettingError(
                what=what, value=array.shape, reason=f"one for each of {cells} cells is needed",
                reason_zh=f"需要与 {cells} 个单元一一对应",
            )  # fmt: skip
    told, count = None, cells
    with np.errstate(invalid="ignore"):
        total = values.sum(dtype=np.float64) if inside is None else np.nan
    if not np.isfinite(total):
        told = np.isfinite(values) if inside is None else inside & np.isfinite(values)
        count = int(np.count_nonzero(told))
        values = np.where(told, values, 0)
        total = values.sum(dtype=np.float64)
    mean = total / max(count, 1)
    apart = np.subtract(values, mean, dtype=np.float64)
    if told is not None:
        apart *= told
    square = float(np.dot(apart, apart)) / max(count, 1)
    if square <= (EQUAL_SHARE * mean) ** 2:
        apart[:], square = 0, 0.0  # what is left is the rounding of the mean
    return _Apart(apart, square, told, count)


def _told(apart: _Apart) -> Bools:
    return np.ones(len(apart.value), dtype=bool) if apart.told is None else apart.told


def _sizes(near: Near, apart: _Apart) -> Floats:
    """Return how many cells each cell and its neighbours are, those left out not counted."""
    if apart.told is None and not isinstance(near, Mesh):
        return 1.0 + np.diff(near.start)
    return sums_about(near, _told(apart).astype(np.float64))


def _scale_of(near: Near, apart: _Apart) -> Floats:
    """Return one over the standard deviation of each cell's sum if values had unit variance."""
    if apart.told is None and isinstance(near, Mesh):
        return _mesh_scale(near)
    return _scale(_sizes(near, apart), apart.cells)


@lru_cache(maxsize=2)
def _mesh_scale(mesh: Mesh) -> Floats:
    """Return the same for a whole mesh, kept for the next counts on it; read only."""
    scale = _scale(sums_about(mesh, np.ones(mesh.cells)), mesh.cells)
    scale.flags.writeable = False
    return scale


def _scale(sizes: Floats, count: int) -> Floats:
    """Return the same for sums over so many of `count` cells, 0 where the sum cannot vary."""
    free = sizes * (count - sizes)
    scale = np.sqrt(max(count - 1, 0) / np.maximum(free, 1.0))
    scale *= free > 0
    return np.asarray(scale)


def _moved(value: Floats, around: Floats, degree: Floats, count: int, square: float) -> Floats:
    """Return the z of the sum over neighbours when these are drawn from all other cells."""
    others = count - 1
    spread = square - value**2 / others
    drawn = degree * (others - degree) / others
    ready = (spread > EQUAL_SHARE * square) & (drawn > 0) & (count > 2)
    variance = np.where(ready, spread * drawn, 1.0) * (count / max(count - 2, 1))
    return np.where(ready, (around + degree * value / others) / variance**0.5, 0.0)


def _chances(value: Floats, around: Floats, degree: Ints, permutations: int, seed: int) -> Floats:
    """Return the two-sided p of sums over neighbours among sums over cells drawn.

    One more cell is drawn than the most neighbours, from all cells. A cell takes the first of them that are not the
    cell itself: a fair draw from the others. So draws are summed and sorted once, and put right for the few in which
    the cell came up.
    """
    most = int(degree.max(initial=0))
    drawn = _drawn(len(value), min(most + 1, len(value)), permutations, seed)
    worth, near = value[drawn], EQUAL_SHARE * (most + 1) * np.abs(value).max(initial=0)
    least, largest = around - near, around + near
    above, below = np.full(len(value), permutations), np.full(len(value), permutations)
    for size in np.flatnonzero(np.bincount(degree, minlength=1)[1:]) + 1:
        cells = np.flatnonzero(degree == size)
        sums = worth[:, :size].sum(axis=1)
        ordered = np.sort(sums)
        above[cells] = permutations - np.searchsorted(ordered, least[cells], side="left")
        below[cells] = np.searchsorted(ordered, largest[cells], side="right")
        draw, place = np.nonzero(degree[drawn[:, :size]] == size)
        cell, before = drawn[draw, place], sums[draw]
        after = before - value[cell] + worth[draw, size]
        np.add.at(above, cell, (after >= least[cell]).astype(np.int64) - (before >= least[cell]))
        np.add.at(below, cell, (after <= largest[cell]).astype(np.int64) - (before <= largest[cell]))
    return np.asarray(np.minimum(2 * (np.minimum(above, below) + 1) / (permutations + 1), 1.0))


def _drawn(cells: int, take: int, permutations: int, seed: int) -> Ints:
    """Return cells in random order without repeats, (permutations, take)."""
    rng = generator(seed, "permutations")
    if take * take > cells:
        step = max(1, SHUFFLED_MAX // max(cells, 1))
        parts = [min(step, permutations - first) for first in range(0, permutations, step)]
        everything = np.arange(cells)
        return np.concatenate([rng.permuted(np.tile(everything, (part, 1)), axis=1)[:, :take] for part in parts])
    drawn = rng.integers(0, cells, (permutations, take))
    again = _repeats(drawn)
    while len(again):  # most rows are good: a row is drawn anew until it is
        drawn[again] = rng.integers(0, cells, (len(again), take))
        again = again[_repeats(drawn[again])]
    return drawn


def _repeats(drawn: Ints) -> Ints:
    """Return the rows in which a cell stands twice."""
    ordered = np.sort(drawn, axis=1)
    return np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
