"""Counts: how many grids each piece of ground makes, freely or so that a number asked for comes out."""

import numpy as np

from geo.partition.bands import Band, best_count
from geo.partition.graph import Ints


def counts_of(masses: Ints, peoples: Ints, band: Band) -> Ints:
    """Return for each piece the number of grids that is in band and nearest to the target, else least out of band."""
    pairs = zip(masses.tolist(), peoples.tolist(), strict=True)
    return np.array([best_count(mass, people, band) for mass, people in pairs], dtype=np.int64)


def ordered_counts(masses: Ints, peoples: Ints, band: Band, count: int, *, is_even: bool) -> Ints:
    """Return numbers of grids that add up to `count`, at least one a piece.

    Parameters
    ----------
    masses, peoples
        Households and people of each piece.
    band
        Where the count allows it, every piece gets a number that can be in band.
    count
        Grids in all. Fewer than there are pieces cannot be: then each piece is one grid.
    is_even
        There is no band: each grid goes where grids are heaviest.
    """
    given = np.ones(len(masses), dtype=np.int64) if is_even else counts_of(masses, peoples, band)
    fewest, most = (np.ones_like(given), masses) if is_even else bounds_of(masses, peoples, band)
    while given.sum() != count:
        step = 1 if given.sum() < count else -1
        allowed = (given + step >= fewest) & (given + step <= most)
        if not allowed.any():
            allowed = given + step >= 1
        if not allowed.any():
            break
        # One grid more where they are heaviest, one fewer where they would be lightest.
        load = masses / given if step > 0 else -masses / np.maximum(given - 1, 1)
        given[np.argmax(np.where(allowed, load, -np.inf))] += step
    return given


def bounds_of(masses: Ints, peoples: Ints, band: Band) -> tuple[Ints, Ints]:
    """Return the fewest and the most grids each piece can make in band; where none can be, those least out of band.

    The same bounds are what the certificate `count_impossible` speaks of.
    """
    fewest = np.maximum(1, np.maximum(-(-masses // band.hi), -(-peoples // band.people_hi)))
    most = masses // band.lo
    if band.people_lo:
        most = np.minimum(most, peoples // band.people_lo)
    indivisible = fewest > most
    low = np.where(indivisible, np.maximum(1, np.minimum(fewest, most)), fewest)
    return low, np.where(indivisible, np.maximum(1, fewest), most)
