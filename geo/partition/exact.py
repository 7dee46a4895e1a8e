"""Exact search: all divisions of a small piece of ground, to find one or to know that none exists.

Beginning with the first free cell, every connected set in band that holds it is tried, and the rest
is divided in the same way; rests that failed are remembered. Exponential: for some dozen cells.
"""

from typing import NamedTuple

import numpy as np

from geo.partition.bands import Band
from geo.partition.compiled import Whole, compiled
from geo.partition.graph import Graph, Ints

# A set is the bits of one number, a rest and how many sets it should make another: so few cells fit.
EXACT_CELLS = 40
# How many sets may be looked at: for a proof that the verifier repeats, and to find a division (some 0.1 s).
EXACT_STEPS, FIND_STEPS = 10_000, 1_000_000
FOUND, NONE, UNKNOWN = 1, 0, -1


class SearchTooLongError(Exception):
    """The search was ended before it could know."""


class Small(NamedTuple):
    """A small graph: neighbours on foot of each node as bits, households, people; and the band."""

    around: Ints
    mass: Ints
    people: Ints
    band: Band


@compiled
def lowest(bits: Whole) -> int:
    """Return the position of the lowest bit that is set."""
    place = 0
    while not bits >> place & 1:
        place += 1
    return place


@compiled
def seed_of(small: Small, free: Whole) -> tuple[Whole, Whole, Whole, Whole, Whole]:
    """Return the set of the first free cell: members, households, people, cells to add next, cells it may still add."""
    cell = lowest(free)
    bit = np.int64(1) << cell
    return bit, small.mass[cell], small.people[cell], small.around[cell] & free, free & ~bit


@compiled
def search(small: Small, count: int, steps: Whole) -> tuple[int, Ints]:
    """Look for connected sets in band that cover all cells, `count` of them (negative: any number).

    Returns FOUND and the sets, NONE, or UNKNOWN where `steps` sets did not do.
    """
    band, size = small.band, len(small.mass)
    rests: list[Whole] = [(np.int64(1) << size) - 1]
    sets: list[Whole] = rests[:0]
    bases, waiting, failed = [0], [seed_of(small, rests[0])], {np.int64(-1)}
    while len(rests) > 0:
        left = np.int64(count - len(sets)) if count >= 0 else np.int64(0)
        if len(waiting) == bases[-1]:
            failed.add(rests.pop() | left << EXACT_CELLS)
            bases.pop()
            if len(sets) > 0:
                sets.pop()
            continue
        members, mass, people, border, free = waiting.pop()
        steps -= 1
        if steps < 0:
            return UNKNOWN, np.array(sets)
        border &= free
        while border:
            bit = border & -border
            cell = lowest(bit)
            border, free = border & ~bit, free & ~bit
            if mass + small.mass[cell] <= band.hi and people + small.people[cell] <= band.people_hi:
                more = (mass + small.mass[cell], people + small.people[cell])
                waiting.append((members | bit, more[0], more[1], border | small.around[cell], free))
        if mass < band.lo or people < band.people_lo or (count >= 0 and left == 0):
            continue
        rest = rests[-1] & ~members
        if rest == 0 and (count < 0 or left == 1):
            sets.append(members)
            return FOUND, np.array(sets)
        onward = left - 1 if count >= 0 else np.int64(0)
        if rest != 0 and (count < 0 or onward > 0) and (rest | onward << EXACT_CELLS) not in failed:
            sets.append(members)
            rests.append(rest)
            bases.append(len(waiting))
            waiting.append(seed_of(small, rest))
    return NONE, np.array(sets)


def exact_division(graph: Graph, band: Band, *, steps: int, count: int | None = None) -> Ints | None:
    """Divide a small graph so that every part is connected on foot and in band.

    Parameters
    ----------
    graph
        At most `EXACT_CELLS` nodes: time doubles with each.
    band
        Households and people of a part, bounds included.
    steps
        How many sets may be looked at.
    count
        How many parts; any number where none is given.

    Returns
    -------
    Ints or None
        Part of each node; None is a proof that no division exists.

    Raises
    ------
    SearchTooLongError
        `steps` were not enough to find a division or to know that there is none.
    """
    around = np.zeros(graph.size, dtype=np.int64)
    for cell, (low, high) in enumerate(zip(graph.ptr[:-1], graph.ptr[1:], strict=True)):
        around[cell] = np.bitwise_or.reduce(np.int64(1) << graph.idx[low:high][graph.foot[low:high]].astype(np.int64))
    found, sets = search(Small(around, graph.mass, graph.people, band), -1 if count is None else count, steps)
    if found == UNKNOWN:
        raise SearchTooLongError
    if found == NONE:
        return None
    bits = np.arange(graph.size)
    return np.asarray(np.argmax(sets[:, None] >> bits & 1, axis=0), dtype=np.int64)
