"""Counts: how many grids each piece of ground makes, freely or so that a number asked for comes out."""

from typing import NamedTuple

import numpy as np

from geo.partition.bands import Band, best_count
from geo.partition.graph import Ints


class Pieces(NamedTuple):
    """Pieces of ground: households, people, and how many cells are peopled."""

    masses: Ints
    peoples: Ints
    sizes: Ints


def counts_of(masses: Ints, peoples: Ints, band: Band) -> Ints:
    """Return for each piece the number of grids that is in band and nearest to the target, else least out of band."""
    pairs = zip(masses.tolist(), peoples.tolist(), strict=True)
    return np.array([best_count(mass, people, band) for mass, people in pairs], dtype=np.int64)


def ordered_counts(pieces: Pieces, band: Band, count: int) -> Ints:
    """Return numbers of grids that add up to `count`, at least one a piece.

    Parameters
    ----------
    pieces
        What there is to share.
    band
        Where the count allows it, every piece gets a number that can be in band.
    count
        Grids in all. Fewer than there are pieces cannot be: then each piece is one grid. Nor can be more than there
        are peopled cells.
    """
    given = counts_of(pieces.masses, pieces.peoples, band)
    fewest, most = bounds_of(pieces, band)
    given = np.minimum(given, pieces.sizes)
    while given.sum() != count:
        step = 1 if given.sum() < count else -1
        allowed = (given + step >= fewest) & (given + step <= most)
        if not allowed.any():
            allowed = (given + step >= 1) & (given + step <= pieces.sizes)
        if not allowed.any():
            break
        # One grid more where they are heaviest, one fewer where they would be lightest.
        load = pieces.masses / given if step > 0 else -pieces.masses / np.maximum(given - 1, 1)
        given[np.argmax(np.where(allowed, load, -np.inf))] += step
    return given


def bounds_of(pieces: Pieces, band: Band) -> tuple[Ints, Ints]:
    """Return the fewest and the most grids each piece can make in band; where none can be, those least out of band.

    The same bounds are what the certificate `count_impossible` speaks of.
    """
    masses, peoples, sizes = pieces
    fewest = np.maximum(1, np.maximum(-(-masses // band.hi), -(-peoples // band.people_hi)))
    most = np.minimum(masses // band.lo, sizes)
    if band.people_lo:
        most = np.minimum(most, peoples // band.people_lo)
    indivisible = fewest > most
    low = np.where(indivisible, np.maximum(1, np.minimum(fewest, most)), fewest)
    return low, np.where(indivisible, np.maximum(1, fewest), most)
