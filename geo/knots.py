"""Knots: cells of a piece of ground that every plan in band keeps in one grid.

Where a cell is taken away and some ground then hangs loose that is too light for a grid, that ground is in
the cell's grid: a grid in it without the cell would be below the band. Cells that must go together so are one
knot. A knot above the band is set aside, as a single such cell is, and what it held together are pieces by
themselves, with knots of their own. Written apart from `geo.partition`, for `geo.proofs`; found by walking away from
every cell.
"""

from dataclasses import dataclass, replace

from geo.town import Bounds, Ints, Load, Town

# A longer walk than this finds no loose ground: open land without households would be walked for ever.
MOST_CELLS = 1000

Neighbours = dict[int, set[int]]


@dataclass(frozen=True)
class Knots:
    """A piece whose nodes are knots, each named by its lowest cell.

    `knot_of` is the knot of each cell, `loads` and `beside` are the households and people of each knot, and the
    knots one can walk to from it.
    """

    bounds: Bounds
    knot_of: dict[int, int]
    loads: dict[int, Load]
    beside: Neighbours

    def load_of(self, knots: frozenset[int]) -> Load:
        """Return the households and people of knots."""
        loads = [self.loads[knot] for knot in knots]
        return sum(load[0] for load in loads), sum(load[1] for load in loads)


def knots_of(town: Town, cells: Ints) -> Knots:
    """Return the knots of the cells of one piece; those no grid can hold are set aside, and the rest is tied anew."""
    loads = {cell: (load[0], load[1]) for cell, load in zip(cells.tolist(), town.load[cells].tolist(), strict=True)}
    among = set(loads)
    beside = {cell: town.beside.get(cell, set()) & among for cell in loads}
    return knots_without(Knots(town.bounds, {cell: cell for cell in loads}, loads, beside), set())


def knots_without(ground: Knots, aside: set[int]) -> Knots:
    """Return the knots of ground from which some, and then all that are above the band, are set aside."""
    while True:
        beside = {knot: set() if knot in aside else near - aside for knot, near in ground.beside.items()}
        ground = tied(replace(ground, beside=beside))
        aside = {knot for knot, load in ground.loads.items() if ground.bounds.is_above(load) and ground.beside[knot]}
        if not aside:
            return ground


def tied(ground: Knots) -> Knots:
    """Return ground in which each knot is one with what hangs loose without it."""
    tie_of = {knot: knot for knot in ground.loads}
    for knot in ground.loads:
        for loose in loose_ground(knot, ground):
            tie(tie_of, {knot, *loose})
    tie_of = {knot: end_of(tie_of, knot) for knot in tie_of}
    sums: dict[int, Load] = {}
    beside: Neighbours = {}
    for knot, end in tie_of.items():
        held, load = sums.get(end, (0, 0)), ground.loads[knot]
        sums[end] = (held[0] + load[0], held[1] + load[1])
        near = {tie_of[other] for other in ground.beside[knot]}
        beside[end] = (beside.get(end, set()) | near) - {end}
    return Knots(ground.bounds, {cell: tie_of[knot] for cell, knot in ground.knot_of.items()}, sums, beside)


def loose_ground(knot: int, ground: Knots) -> list[set[int]]:
    """Return the pieces that hang loose without `knot`, each too light for a grid."""
    near = ground.beside[knot]
    # Neighbours that hang together are on one ground: a single walk tells whether it is loose.
    starts = sorted(near)[:1] if are_together(near, ground.beside) else sorted(near)
    found: list[set[int]] = []
    for start in starts:
        if any(start in loose for loose in found):
            continue
        loose = light_ground(start, knot, ground)
        found += [loose] if loose else []
    return found


def are_together(cells: set[int], beside: Neighbours) -> bool:
    """Return whether one can walk from each of `cells` to each other without leaving them."""
    waiting = list(cells)[:1]
    met = set(waiting)
    while waiting:
        fresh = (beside.get(waiting.pop(), set()) & cells) - met
        met |= fresh
        waiting += fresh
    return len(met) >= len(cells)


def light_ground(start: int, away: int, ground: Knots) -> set[int]:
    """Return all ground around `start` when `away` is taken away, if it is too light for a grid; else nothing."""
    met, waiting, load = {start}, [start], (0, 0)
    while waiting and len(met) <= MOST_CELLS:
        u = waiting.pop()
        load = (load[0] + ground.loads[u][0], load[1] + ground.loads[u][1])
        if not ground.bounds.is_below(load):
            return set()
        fresh = ground.beside[u] - met - {away}
        met |= fresh
        waiting += fresh
    return met if not waiting and len(met) <= MOST_CELLS else set()


def end_of(knot_of: dict[int, int], cell: int) -> int:
    """Return the cell that stands for a cell's knot."""
    while knot_of[cell] != cell:
        cell = knot_of[cell]
    return cell


def tie(knot_of: dict[int, int], cells: set[int]) -> None:
    """Make one knot of cells and their knots: its lowest cell stands for it."""
    ends = {end_of(knot_of, cell) for cell in cells}
    lowest = min(ends)
    for end in ends:
        knot_of[end] = lowest
