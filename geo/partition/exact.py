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
EXACT_CELLS, SWIFT_CELLS = 62, 40
# How many sets may be looked at: for a proof that the verifier repeats, and to find a division (some 50 ms).
EXACT_STEPS, FIND_STEPS, SWIFT_STEPS = 50_000, 200_000, 50_000
FOUND, NONE, UNKNOWN = 1, 0, -1

# A connected set: members, households, people, cells to add next, cells it may still add.
Grown = tuple[Whole, Whole, Whole, Whole, Whole]


class SearchTooLongError(Exception):
    """The search was ended before it could know."""


class Small(NamedTuple):
    """A small graph and the ground around it.

    Neighbours on foot of each node as bits, households, people; the same of every piece of ground beyond
    (neighbours being the nodes it touches); the nodes beyond which nothing is known, as bits; and the band.
    """

    around: Ints
    mass: Ints
    people: Ints
    beyond: Ints
    beyond_mass: Ints
    beyond_people: Ints
    open: Whole
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
def piece_at(small: Small, rest: Whole, start: Whole) -> tuple[Whole, Whole, Whole]:
    """Return the connected piece of the rest around `start` (one bit): nodes, households, people, ground beyond too."""
    piece, fresh, met = np.int64(0), start, np.int64(0)
    mass, people = np.int64(0), np.int64(0)
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
    return piece, mass, people


@compiled
def needed(small: Small, rest: Whole, wanted: Whole) -> int:
    """Return how many households of the rest must still join the set beside it; -1: none, whole grids can share all.

    A piece under the band must come along whole; one between whole numbers of grids, with what is too much. Ground
    nobody lives on can go with any grid, but must not be left where it is wanted itself.
    """
    band, left, need = small.band, rest, -1
    while left:
        piece, mass, people = piece_at(small, rest, left & -left)
        left &= ~piece
        if piece & small.open or (mass == 0 and not piece & wanted):
            continue
        fewest = max(1, -(-mass // band.hi), -(-people // band.people_hi))
        if fewest * band.lo > mass or fewest * band.people_lo > people:
            # What lacks people only may need no more households.
            is_short = -(-mass // band.hi) * band.lo > mass
            need = max(need, 0) + (mass % band.hi if is_short else 0)
    return need


@compiled
def grow(small: Small, waiting: list[Grown], grown: Grown, rest: Whole, wanted: Whole) -> None:
    """Put off every set that holds one cell more, each of them once, and can still become a grid."""
    members, mass, people, border, free = grown
    while border:
        bit = border & -border
        cell = lowest(bit)
        border, free = border & ~bit, free & ~bit
        more = (members | bit, mass + small.mass[cell], people + small.people[cell])
        if more[1] > small.band.hi or more[2] > small.band.people_hi:
            continue
        if more[1] + max(0, needed(small, rest & ~more[0], wanted)) <= small.band.hi:
            waiting.append((more[0], more[1], more[2], border | small.around[cell], free))


@compiled
def is_grid(small: Small, members: Whole, mass: Whole, people: Whole) -> bool:
    """Return whether a set is in band, or could be with ground nothing is known of."""
    if mass > small.band.hi or people > small.band.people_hi:
        return False
    return bool((mass >= small.band.lo and people >= small.band.people_lo) or members & small.open != 0)


@compiled
def search(small: Small, wanted: Whole, count: int, steps: Whole) -> tuple[int, Ints]:
    """Look for disjoint connected sets in band that hold all wanted cells, `count` of them (negative: any number).

    Returns FOUND and the sets, NONE, or UNKNOWN where `steps` sets did not do.
    """
    rests: list[Whole] = [(np.int64(1) << len(small.mass)) - 1]
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
        grow(small, waiting, (members, mass, people, border & free, free), rests[-1], wanted)
        if not is_grid(small, members, mass, people) or (count >= 0 and left == 0):
            continue
        rest = rests[-1] & ~members
        onward = left - 1 if count >= 0 else np.int64(0)
        if (rest, onward) in failed or needed(small, rest, wanted) >= 0:
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


def small_of(graph: Graph, band: Band, members: Ints, *, is_whole: bool) -> Small:
    """Return the graph of at most `EXACT_CELLS` members, and the ground beyond them.

    Unless `is_whole` is said - all that matters is among the members -, nothing is known of the ground beyond.
    """
    place = np.full(graph.size, -1, dtype=np.int64)
    place[members] = np.arange(len(members))
    around = np.zeros(len(members), dtype=np.int64)
    arcs = arcs_of(graph, members)
    tails = np.repeat(np.arange(len(members)), graph.ptr[members + 1] - graph.ptr[members])[graph.foot[arcs]]
    heads = graph.idx[arcs][graph.foot[arcs]]
    inside = place[heads] >= 0
    np.bitwise_or.at(around, tails[inside], np.int64(1) << place[heads[inside]])
    pieces = pieces_on_foot(graph, (place < 0) & is_whole)
    count = int(pieces.max(initial=-1)) + 1
    if count > EXACT_CELLS or not is_whole:
        pieces[:], count, is_whole = -1, 0, False
    beyond, outside = np.zeros(count, dtype=np.int64), pieces >= 0
    if is_whole:
        np.bitwise_or.at(beyond, pieces[heads[~inside]], np.int64(1) << tails[~inside])
    masses, peoples = (
        np.bincount(pieces[outside], weights=column[outside], minlength=count).astype(np.int64)
        for column in (graph.mass, graph.people)
    )
    edge = 0 if is_whole else int(np.bitwise_or.reduce(np.int64(1) << tails[~inside], initial=0))
    return Small(around, graph.mass[members], graph.people[members], beyond, masses, peoples, edge, band)


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
    small, bits = small_of(graph, band, np.arange(graph.size), is_whole=True), np.arange(graph.size)
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
        Cells that a grid with one of them can hold, nearest first: only the first `EXACT_CELLS` are looked at.
    band
        Households and people of a grid.
    steps
        How many sets may be looked at: more prove nothing.
    """
    known = np.sort(members[:EXACT_CELLS])
    small = small_of(graph, band, known, is_whole=len(known) == len(members))
    wanted = sum(1 << int(place) for place in np.searchsorted(known, cells))
    return bool(search(small, wanted, -1, steps)[0] == NONE)
