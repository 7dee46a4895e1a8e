"""Bands: how many households a grid may hold, and which sums of households whole grids can share."""

from typing import NamedTuple

import numpy as np

from geo.errors import InputError
from geo.partition.graph import Graph, Ints

MOST_COUNTS = 10_000
NO_LIMIT = 1 << 40


class BadBandError(InputError):
    """The band of households is not two whole numbers, the lower one first."""

    zh = "户数区间 {band} 不可用。请给出两个整数：下限至少为 1，上限不小于下限，例如 (300, 500)。"
    en = "The band {band} cannot be used. Give two whole numbers, at least 1, the lower first, for example (300, 500)."


class BadNumberError(InputError):
    """A number of zones or a size of units is below one."""

    zh = "{name} 不可用：{value}。请给出至少为 1 的整数。"
    en = "{name} cannot be used: {value}. Give a whole number of at least 1."


class Band(NamedTuple):
    """Fewest and most households of a grid, and people, where they count too; all bounds allowed.

    `centre` is what grids aim at, where that is not the middle of the band.
    """

    lo: int
    hi: int
    people_lo: int = 0
    people_hi: int = NO_LIMIT
    centre: float = 0.0

    @property
    def target(self) -> float:
        """Households that grids aim at."""
        return self.centre or (self.lo + self.hi) / 2

    @property
    def asks_people(self) -> bool:
        """Whether people count too."""
        return self.people_hi < NO_LIMIT


def band_of(bounds: tuple[int, int], people_bounds: tuple[int, int] | None = None) -> Band:
    """Return bounds of households, and of people where given, as a band, or raise BadBandError."""
    for lo, hi in [bounds] if people_bounds is None else [bounds, people_bounds]:
        if lo != int(lo) or hi != int(hi) or not 1 <= lo <= hi:
            raise BadBandError(band=(lo, hi))
    return Band(int(bounds[0]), int(bounds[1]), *(() if people_bounds is None else map(int, people_bounds)))


def divides(mass: int, people: int, band: Band) -> bool:
    """Return whether some whole number of grids in band can share so many households and people."""
    fewest = max(1, -(-mass // band.hi), -(-people // band.people_hi))
    return fewest * band.lo <= mass and fewest * band.people_lo <= people


def unavoidable(mass: int, people: int, band: Band) -> int:
    """Return by how much any grids that share `mass` and `people` miss the band, all together, at least."""
    return missed_by(mass, people, best_count(mass, people, band), band)


def best_count(mass: int, people: int, band: Band) -> int:
    """Return how many grids ground should make: in band and near the target, else least out of band."""
    first = max(1, min(mass // band.hi, people // band.people_hi if band.asks_people else mass))
    last = max(first, -(-mass // band.lo), -(-people // band.people_lo) if band.people_lo else 0)

    def badness(count: int) -> tuple[int, float, int]:
        missed = missed_by(mass, people, count, band)
        return missed, count if missed else abs(mass / count - band.target), count

    # Only near the target can be best: at its sides what is missed grows, and so does the distance.
    near = min(max(int(mass / band.target), first), last)
    counts = range(first, last + 1) if last - first < MOST_COUNTS else {first, last, near, min(near + 1, last)}
    return min(counts, key=badness)


def missed_by(mass: int, people: int, count: int, band: Band) -> int:
    """Return by how much `count` grids that share `mass` and `people` miss the band at least."""
    missed = max(0, count * band.lo - mass, mass - count * band.hi)
    return missed + max(0, count * band.people_lo - people, people - count * band.people_hi)


def outside(mass: Ints | np.int64, people: Ints | np.int64, band: Band) -> Ints:
    """Return by how much each grid misses the band, households and people added up (0 inside)."""
    missed = np.maximum(0, band.lo - mass) + np.maximum(0, mass - band.hi)
    return np.asarray(
        missed + np.maximum(0, band.people_lo - people) + np.maximum(0, people - band.people_hi), np.int64
    )


def masses_of(graph: Graph, labels: Ints) -> Ints:
    """Return the households of each part; nodes with label -1 are in none."""
    inside = labels >= 0
    return np.bincount(labels[inside], weights=graph.mass[inside]).astype(np.int64)


def peoples_of(graph: Graph, labels: Ints) -> Ints:
    """Return the people of each part; nodes with label -1 are in none."""
    inside = labels >= 0
    return np.bincount(labels[inside], weights=graph.people[inside]).astype(np.int64)


def missed_of(graph: Graph, labels: Ints, band: Band) -> Ints:
    """Return by how much each part misses the band."""
    return outside(masses_of(graph, labels), peoples_of(graph, labels), band)
