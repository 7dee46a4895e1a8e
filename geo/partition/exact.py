"""Exact search: all ways to put cells into grids in band, to find one or to know that there is none.

Some cells are wanted: all of a small piece, or a few that are in trouble. Beginning with a wanted cell with few
free neighbours, every connected set in band that holds it is tried, and the rest in the same way; rests that
failed, or whose pieces no grids can share, are not tried again. Exponential: for some dozen cells.
"""

import numpy as np

from geo.partition.bands import NO_LIMIT, Band
from geo.partition.compiled import Whole, compiled
from geo.partition.graph import Graph, Ints
from geo.partition.small import Small, held_by, lowest, size_of, small_of

SWIFT_CELLS = 40
# How many sets may be looked at: for a proof that the verifier repeats, and to find a division (some 50 ms).
EXACT_STEPS, FIND_STEPS, SWIFT_STEPS = 50_000, 200_000, 50_000
MOST_CROWDS = 256
FOUND, NONE, UNKNOWN = 1, 0, -1

# A connected set: members, households, people, cells to add next, cells it may still add, a piece it must take from.
Grown = tuple[Whole, Whole, Whole, Whole, Whole, Whole]


class SearchTooLongError(Exception):
    """The search was ended before it could know."""


@compiled
def loneliest(small: Small, free: Whole, among: Whole) -> Whole:
    """Return the cell of `among` with the fewest free neighbours: the fewest sets hold it."""
    found, fewest = 0, len(small.mass)
    while among:
        cell = lowest(among)
        among &= among - 1
        count = size_of(small.around[cell] & free)
        if count < fewest:
            found, fewest = cell, count
    return found


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
def shortage(small: Small, rest: Whole, wanted: Whole) -> tuple[Whole, Whole, Whole, Whole]:
    """Return how many households of the rest must still join the set beside it, and the smallest piece they are in.

    A piece under the band must come along whole; one between whole numbers of grids, with what is too much. Ground
    nobody lives on can go with any grid, but must not be left where it is wanted itself. Then the households of all
    pieces of which everything is known: of those the set can take from, and of those it cannot.
    """
    band, left, need, short, near, far = small.band, rest, np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    while left:
        piece, mass, people = piece_at(small, rest, left & -left)
        left &= ~piece
        near += mass if not piece & small.open else 0
        if piece & small.open or (mass == 0 and not piece & wanted) or is_shared(mass, people, band):
            continue
        # What lacks people only may need no more households.
        need += mass % band.hi if -(-mass // band.hi) * band.lo > mass else 0
        short = piece if not short or size_of(piece) < size_of(short) else short
    for i in range(len(small.beyond)):
        # Ground that only the set touches can go with no grid; other ground touches nothing here.
        mass, people = small.beyond_mass[i], small.beyond_people[i]
        if small.beyond[i] and not small.beyond[i] & rest and mass > 0:
            far += mass
            need += 0 if is_shared(mass, people, band) else band.hi + 1
    return need, short, near, far


@compiled
def is_shared(mass: Whole, people: Whole, band: Band) -> bool:
    """Return whether some whole number of grids in band can share so many households and people."""
    fewest = max(1, -(-mass // band.hi), -(-people // band.people_hi))
    return bool(fewest * band.lo <= mass and fewest * band.people_lo <= people)


@compiled
def is_left_well(small: Small, rest: Whole, mass: Whole, near: Whole, far: Whole) -> bool:
    """Return whether grids can share, by its sum, the ground of which not everything is known, beside a set so heavy.

    The set must still take of it what it lacks and cannot take `near`, and may take what it has room for. Nothing is
    said where an earlier set may go on there, too.
    """
    band, taken = small.band, ~rest & ((np.int64(1) << len(small.mass)) - 1)
    if not small.open or taken & small.open or band.people_hi < NO_LIMIT:
        return True
    left = small.total - mass - near - far
    while taken:
        left -= small.mass[lowest(taken)]
        taken &= taken - 1
    most, least = left - max(0, band.lo - mass - near), left - (band.hi - mass)
    return bool(min(most, most // band.lo * band.hi) >= least)


@compiled
def put_off(small: Small, waiting: list[Grown], grown: Grown, rest: Whole, wanted: Whole) -> None:
    """Put off a set, unless it is above the band or will be with what the rest beside it cannot do without it."""
    members, mass, people, border, free, _ = grown
    if mass <= small.band.hi and people <= small.band.people_hi:
        need, short, near, far = shortage(small, rest & ~members, wanted)
        if mass + need <= small.band.hi and is_left_well(small, rest, mass, near, far):
            waiting.append((members, mass, people, border, free, short))


@compiled
def are_crowded(small: Small, rest: Whole, wanted: Whole) -> bool:
    """Return whether some wanted cells, so heavy that no two fit into a grid, have fewer ways on than they are.

    A grid of such a cell must hold a neighbour that leads on to enough households; no two grids hold the same one.
    """
    heavy, left = np.int64(0), wanted & rest & ~small.open
    while left:
        bit = left & -left
        left &= ~bit
        held = small.mass[lowest(bit)]
        heavy |= bit if 2 * held > small.band.hi and held < small.band.lo else np.int64(0)
    # Ways on of so many cells together, for each number of cells: the fewest that any such cells have.
    unions, rest = [(np.int64(0), 0)], rest & ~heavy
    while heavy and len(unions) <= MOST_CROWDS:
        bit = heavy & -heavy
        heavy &= ~bit
        ways = ways_on(small, rest, lowest(bit))
        for i in range(len(unions)):
            union, count = unions[i][0] | ways, unions[i][1] + 1
            if size_of(union) < count:
                return True
            unions.append((union, count))
    return False


@compiled
def ways_on(small: Small, rest: Whole, cell: Whole) -> Whole:
    """Return neighbours of a cell one of which its grid must hold: those from where enough households can be reached.

    Where those from which they cannot be reached have enough together, all neighbours.
    """
    strong, weak, near = np.int64(0), np.int64(0), small.around[cell] & rest
    left, least = near, small.band.lo - small.mass[cell]
    while left:
        start = left & -left
        left &= ~start
        met, held = led_to(small, rest, cell, start)
        strong |= start if held >= least else np.int64(0)
        weak |= np.int64(0) if held >= least else met
    return strong if held_by(small, weak) < least else near


@compiled
def led_to(small: Small, rest: Whole, cell: Whole, start: Whole) -> tuple[Whole, Whole]:
    """Return the nodes that a grid of a cell can reach by one neighbour, until they are enough; their households."""
    met, fresh, held = np.int64(0), start, np.int64(0)
    most, least = small.band.hi - small.mass[cell], small.band.lo - small.mass[cell]
    while fresh and held < least:
        at = lowest(fresh)
        if small.mass[at] <= most:
            met |= np.int64(1) << at
            held += np.int64(least if small.open >> at & 1 else small.mass[at])
            fresh |= small.around[at] & rest
        fresh &= ~(met | np.int64(1) << at)
    return met, held


@compiled
def seed(small: Small, waiting: list[Grown], rest: Whole, wanted: Whole) -> None:
    """Put off the set of one wanted cell, unless the wanted cells are too many for the ways on."""
    if are_crowded(small, rest, wanted):
        return
    # Of all cells the one with the fewest sets; of a few, those first that the caller put first.
    is_all = wanted == (np.int64(1) << len(small.mass)) - 1
    cell = loneliest(small, rest, rest) if is_all else lowest(wanted & rest)
    bit = np.int64(1) << cell
    grown = (bit, small.mass[cell], small.people[cell], small.around[cell] & rest, rest & ~bit, np.int64(0))
    put_off(small, waiting, grown, rest, wanted)


@compiled
def grow(small: Small, waiting: list[Grown], grown: Grown, rest: Whole, wanted: Whole) -> None:
    """Put off every set that holds one cell more, each of them once.

    Where a piece of the rest must lose some of its households, the set goes on there first: nothing else can take them.
    """
    members, mass, people, border, free, short = grown
    onward = border & short if short else border
    while onward:
        bit = onward & -onward
        cell = lowest(bit)
        onward &= ~bit
        # What is put off last is looked at first: it may still go everywhere.
        left = free & ~bit & ~onward
        more = (members | bit, mass + small.mass[cell], people + small.people[cell])
        put_off(small, waiting, (*more, (border | small.around[cell]) & left, left, short), rest, wanted)


@compiled
def is_grid(small: Small, members: Whole, mass: Whole, people: Whole) -> bool:
    """Return whether a set is in band, or may be with ground nothing is known of."""
    if mass > small.band.hi or people > small.band.people_hi:
        return False
    return bool((mass >= small.band.lo and people >= small.band.people_lo) or members & small.unfinished != 0)


@compiled
def search(small: Small, wanted: Whole, count: int, steps: Whole) -> tuple[int, Ints]:
    """Look for disjoint connected sets in band that hold all wanted cells, `count` of them (negative: any number).

    Returns FOUND and the sets, NONE, or UNKNOWN where `steps` sets did not do.
    """
    rests: list[Whole] = [(np.int64(1) << len(small.mass)) - 1]
    sets: list[Whole] = rests[:0]
    zero = np.int64(0)
    waiting = [(zero, zero, zero, zero, zero, zero)][:0]
    bases, failed = [0], {(np.int64(-1), zero)}
    seed(small, waiting, rests[0], wanted)
    while len(rests) > 0:
        left = np.int64(count - len(sets)) if count >= 0 else zero
        if len(waiting) == bases[-1]:
            failed.add((rests.pop(), left))
            bases.pop()
            if len(sets) > 0:
                sets.pop()
            continue
        grown = waiting.pop()
        members, short = grown[0], grown[5]
        steps -= 1
        if steps < 0:
            return UNKNOWN, np.array(sets)
        grow(small, waiting, grown, rests[-1], wanted)
        if short or not is_grid(small, members, grown[1], grown[2]) or (count >= 0 and left == 0):
            continue
        rest = rests[-1] & ~members
        onward = left - 1 if count >= 0 else zero
        if (rest, onward) in failed:
            continue
        if rest & wanted == 0 and (count < 0 or onward == 0):
            sets.append(members)
            return FOUND, np.array(sets)
        if rest & wanted != 0 and (count < 0 or onward > 0):
            sets.append(members)
            rests.append(rest)
            bases.append(len(waiting))
            seed(small, waiting, rest, wanted)
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
    small, bits = small_of(graph, band, np.arange(graph.size), np.arange(0)), np.arange(graph.size)
    found, sets = search(small, (1 << graph.size) - 1, -1 if count is None else count, steps)
    if found == UNKNOWN:
        raise SearchTooLongError
    return None if found == NONE else np.asarray(np.argmax(sets[:, None] >> bits & 1, axis=0), dtype=np.int64)


def are_without_grids(graph: Graph, cells: Ints, reach: tuple[Ints, Ints], band: Band, *, steps: int) -> bool:
    """Return whether it is proved that no grids in band can hold `cells` and leave ground that can be shared.

    Parameters
    ----------
    graph
        A piece of ground.
    cells
        The cells in trouble; grids are sought for the first one first.
    reach
        At most `EXACT_CELLS` nodes that a grid with one of the cells can hold, and those where such grids go on.
    band
        Households and people of a grid.
    steps
        How many sets may be looked at: more prove nothing.
    """
    known = np.append(cells, np.setdiff1d(reach[0], cells))
    return bool(search(small_of(graph, band, known, reach[1]), (1 << len(cells)) - 1, -1, steps)[0] == NONE)


def grids_around(graph: Graph, cells: Ints, reach: tuple[Ints, Ints], band: Band, *, steps: int) -> Ints | None:
    """Return a grid 0.. of each node of some grids in band that hold `cells`, -1 elsewhere; None where none is found.

    Parameters as `are_without_grids`; which grids are found depends on the order of the nodes. What they leave can be
    shared, as far as it is known.
    """
    known = np.append(cells, reach[0][~np.isin(reach[0], cells)])
    small = small_of(graph, band, known, reach[1])._replace(unfinished=0)
    found, sets = search(small, (1 << len(cells)) - 1, -1, steps)
    if found != FOUND:
        return None
    now = np.full(graph.size, -1, dtype=np.int64)
    for grid, members in enumerate(sets.tolist()):
        now[known[(members >> np.arange(len(known)) & 1) > 0]] = grid
    return now
