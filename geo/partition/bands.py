"""Bands: how many households a grid may hold, and which sums of households whole grids can share."""

from typing import NamedTuple

import numpy as np

from geo.errors import InputError
from geo.partition.graph import Ints


class BadBandError(InputError):
    """The band of households is not two whole numbers, the lower one first."""

    zh = "户数区间 {band} 不可用。请给出两个整数：下限至少为 1，上限不小于下限，例如 (300, 500)。"
    en = "The band {band} cannot be used. Give two whole numbers, at least 1, the lower first, for example (300, 500)."


class BadNumberError(InputError):
    """A number of zones or a size of units is below one."""

    zh = "{name} 不可用：{value}。请给出至少为 1 的整数。"
    en = "{name} cannot be used: {value}. Give a whole number of at least 1."


class Band(NamedTuple):
    """Lowest and highest number of households of a grid, both allowed."""

    lo: int
    hi: int

    @property
    def target(self) -> float:
        """The middle of the band."""
        return (self.lo + self.hi) / 2


def band_of(bounds: tuple[int, int]) -> Band:
    """Return `bounds` as a band, or raise BadBandError."""
    lo, hi = bounds
    if lo != int(lo) or hi != int(hi) or not 1 <= lo <= hi:
        raise BadBandError(band=bounds)
    return Band(int(lo), int(hi))


def divides(mass: int, band: Band) -> bool:
    """Return whether some whole number k of grids has k * lo <= mass <= k * hi."""
    fewest = max(1, -(-mass // band.hi))
    return fewest * band.lo <= mass


def unavoidable(mass: int, band: Band) -> int:
    """Return by how many households any grids that share `mass` miss the band, all together, at least."""
    return missed_by(mass, best_count(mass, band), band)


def best_count(mass: int, band: Band) -> int:
    """Return how many grids `mass` should make: in band and near the target, else least out of band."""
    first = max(1, mass // band.hi)

    def badness(count: int) -> tuple[int, float, int]:
        missed = missed_by(mass, count, band)
        return missed, count if missed else abs(mass / count - band.target), count

    return min(range(first, max(first, -(-mass // band.lo)) + 1), key=badness)


def missed_by(mass: int, count: int, band: Band) -> int:
    """Return by how many households `count` grids that share `mass` miss the band at least."""
    return max(0, count * band.lo - mass, mass - count * band.hi)


def outside(masses: Ints | np.int64, band: Band) -> Ints:
    """Return by how many households each grid misses the band (0 inside)."""
    return np.asarray(np.maximum(0, band.lo - masses) + np.maximum(0, masses - band.hi), dtype=np.int64)
