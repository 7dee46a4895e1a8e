"""Exact search: all ways to put cells into grids in band, to find one or to know that there is none.

Some cells are wanted: all of a small piece, or a few that are in trouble. Beginning with a wanted cell with few
free neighbours, every connected set in band that holds it is tried, and the rest in the same way; rests that
failed, or whose pieces no grids can share, are not tried again. Exponential: for some dozen cells.
"""

from typing import NamedTuple

import numpy as np

from geo.partition.bands import Band
from geo.partition.compiled import Whole, compiled
from geo.partition.graph import Graph, Ints, arcs_of, pieces_on_foot

# A set is the bits of one number.
MOST_CELLS = 62
EXACT_CELLS = 40
# How many sets may be looked at: for a proof that the verifier repeats, and to find a division (some 0.1 s).
EXACT_STEPS, FIND_STEPS = 100_000, 1_000_000
FOUND, NONE, UNKNOWN = 1, 0, -1

# A connected set: members, households, people, cells to add next, cells it may still add.
Grown = tuple[Whole, Whole, Whole, Whole, Whole]


class SearchTooLongError(Exception):
    """The search was ended before it could know."""


class Small(NamedTuple):
    """A small graph and the ground around it.

    Neighbours on foot of each node as bits, households, people; the same of every piece of ground beyond
    (neighbours being the nodes it touches); and the band.
    """

    around: Ints
    mass: Ints
    people: Ints
    beyond: Ints
    beyond_mass: Ints
    beyond_people: Ints
    band: Band


@compiled
def lowest(bits: Whole) -> int:
    """Return the position of the lowest bit that is set."""
    place = 0
    while not bits >> place & 1:
        place += 1
    return place


@compiled
def loneliest(small: Small, free: Whole, among: Whole) -> Whole:
    """Return the cell of `among` with the fewest free neighbours: the fewest sets hold it."""
    found, fewest = 0, len(small.mass)
    while among:
        cell = lowest(among)
        among &= among - 1
        near, count = small.around[cell] & free, 0
        while near:
            near &= near - 1
            count += 1
        if count < fewest:
            found, fewest = cell, count
    return found


@compiled
def seed_of(small: Small, free: Whole, wanted: Whole) -> Grown:
    """Return the set of one wanted cell."""
    cell = loneliest(small, free, wanted & free)
    bit = np.int64(1) << cell
    return bit, small.mass[cell], small.people[cell], small.around[cell] & free, free & ~bit


@compiled
def is_shareable(small: Small, rest: Whole, wanted: Whole) -> bool:
    """Return whether each connected piece of the rest holds what some whole number of grids in band can share.

    A piece without households could come along with any grid beside it, but not where it is wanted itself.
    """
    band, left = small.band, rest
    while left:
        piece, fresh = np.int64(0), left & -left
        mass, people, met = np.int64(0), np.int64(0), np.int64(0)
        while fresh:
            cell = lowest(fresh)
            piece |= np.int64(1) << cell
            mass += small.mass[cell]
            people += small.people[cell]
            fresh |= small.around[cell] & rest
            for i in range(len(small.beyond)):
                if small.beyond[i] >> cell & 1 and not met >> i & 1:
                    met |= np.int64(1) << i
                    mass += small.beyond_mass[i]
                    people += small.beyond_people[i]
                    fresh |= small.beyond[i] & rest
            fresh &= ~piece
        is_one = mass > 0 or piece & wanted != 0
        fewest: Whole = max(1, -(-mass // band.hi), -(-people // band.people_hi))
        if is_one and (fewest * band.lo > mass or fewest * band.people_lo > people):
            return False
        left &= ~piece
    return True


@compiled
def grow(small: Small, waiting: list[Grown], grown: Grown) -> None:
    """Put off every set that holds one cell more, each of them once."""
    members, mass, people, border, free = grown
    while border:
        bit = border & -border
        cell = lowest(bit)
        border, free = border & ~bit, free & ~bit
        if mass + small.mass[cell] <= small.band.hi and people + small.people[cell] <= small.band.people_hi:
            more = (mass + small.mass[cell], people + small.people[cell])
            waiting.append((members | bit, more[0], more[1], border | small.around[cell], free))


@compiled
def search(small: Small, wanted: Whole, count: int, steps: Whole) -> tuple[int, Ints]:
    """Look for disjoint connected sets in band that hold all wanted cells, `count` of them (negative: any number).

    Returns FOUND and the sets, NONE, or UNKNOWN where `steps` sets did not do.
    """
    band, size = small.band, len(small.mass)
    rests: list[Whole] = [(np.int64(1) << size) - 1]
    sets: list[Whole] = rests[:0]
    bases, waiting, failed = [0], [seed_of(small, rests[0], wanted)], {(np.int64(-1), np.int64(0))}
    while len(rests) > 0:
        left = np.int64(count - len(sets)) if count >= 0 else np.int64(0)
        if len(waiting) == bases[-1]:
            failed.add((rests.pop(), left))
            bases.pop()
            if len(sets) > 0:
                sets.pop()
            continue
        members, mass, people, border, free = waiting.pop()
        steps -= 1
        if steps < 0:
            return UNKNOWN, np.array(sets)
        grow(small, waiting, (members, mass, people, border & free, free))
        if mass < band.lo or people < band.people_lo or (count >= 0 and left == 0):
            continue
        rest = rests[-1] & ~members
        onward = left - 1 if count >= 0 else np.int64(0)
        if (rest, onward) in failed or not is_shareable(small, rest, wanted):
            continue
        if rest & wanted == 0 and (count < 0 or onward == 0):
            sets.append(members)
            return FOUND, np.array(sets)
        if rest & wanted != 0 and (count < 0 or onward > 0):
            sets.append(members)
            rests.append(rest)
            bases.append(len(waiting))
            waiting.append(seed_of(small, rest, wanted))
    return NONE, np.array(sets)


def small_of(graph: Graph, band: Band, members: Ints) -> Small:
    """Return the graph of at most `MOST_CELLS` members and the ground beyond them; no more pieces of it than bits."""
    place = np.full(graph.size, -1, dtype=np.int64)
    place[members] = np.arange(len(members))
    around = np.zeros(len(members), dtype=np.int64)
    pieces = pieces_on_foot(graph, place < 0)
    count = int(pieces.max(initial=-1)) + 1
    beyond = np.zeros(count, dtype=np.int64)
    arcs = arcs_of(graph, members)
    tails = np.repeat(np.arange(len(members)), graph.ptr[members + 1] - graph.ptr[members])[graph.foot[arcs]]
    heads = graph.idx[arcs][graph.foot[arcs]]
    inside = place[heads] >= 0
    np.bitwise_or.at(around, tails[inside], np.int64(1) << place[heads[inside]])
    np.bitwise_or.at(beyond, pieces[heads[~inside]], np.int64(1) << tails[~inside])
    outside = pieces >= 0
    masses, peoples = (
        np.bincount(pieces[outside], weights=column[outside], minlength=count).astype(np.int64)
        for column in (graph.mass, graph.people)
    )
    return Small(around, graph.mass[members], graph.people[members], beyond, masses, peoples, band)


def exact_division(graph: Graph, band: Band, *, steps: int, count: int | None = None) -> Ints | None:
    """Divide a small graph so that every part is connected on foot and in band.

    Parameters
    ----------
    graph
        At most `MOST_CELLS` nodes: time doubles with each.
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
    small, bits = small_of(graph, band, np.arange(graph.size)), np.arange(graph.size)
    found, sets = search(small, (1 << graph.size) - 1, -1 if count is None else count, steps)
    if found == UNKNOWN:
        raise SearchTooLongError
    return None if found == NONE else np.asarray(np.argmax(sets[:, None] >> bits & 1, axis=0), dtype=np.int64)


def are_without_grids(graph: Graph, cells: Ints, members: Ints, band: Band, *, steps: int) -> bool:
    """Return whether it is proved that no grids in band can hold `cells` and leave ground that can be shared.

    Parameters
    ----------
    graph
        A piece of ground.
    cells
        The cells in trouble.
    members
        All cells that a grid with one of them can hold, ascending; more than `MOST_CELLS` prove nothing.
    band
        Households and people of a grid.
    steps
        How many sets may be looked at: more prove nothing.
    """
    if len(members) > MOST_CELLS:
        return False
    small = small_of(graph, band, members)
    if len(small.beyond) > MOST_CELLS:
        return False
    wanted = sum(1 << int(place) for place in np.searchsorted(members, cells))
    return bool(search(small, wanted, -1, steps)[0] == NONE)
