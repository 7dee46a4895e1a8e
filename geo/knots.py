"""Knots: cells of a piece of ground that every plan in band keeps in one grid.

Where a cell is taken away and some ground then hangs loose that is too light for a grid, that ground is in
the cell's grid: a grid in it without the cell would be below the band. Cells that must go together so are one
knot. Written apart from `geo.partition`, for `geo.proofs`; found by walking away from every cell.
"""

from dataclasses import dataclass

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
    """Return the knots of the cells of one piece."""
    loads = {cell: (load[0], load[1]) for cell, load in zip(cells.tolist(), town.load[cells].tolist(), strict=True)}
    knot_of = {cell: cell for cell in loads}
    for cell in loads:
        for loose in loose_ground(cell, loads, town):
            tie(knot_of, {cell, *loose})
    knot_of = {cell: end_of(knot_of, cell) for cell in loads}
    sums: dict[int, Load] = {}
    beside: Neighbours = {}
    for cell, knot in knot_of.items():
        held = sums.get(knot, (0, 0))
        sums[knot] = (held[0] + loads[cell][0], held[1] + loads[cell][1])
        near = {knot_of[other] for other in town.beside.get(cell, set())}
        beside[knot] = (beside.get(knot, set()) | near) - {knot}
    return Knots(town.bounds, knot_of, sums, beside)


def loose_ground(cell: int, loads: dict[int, Load], town: Town) -> list[set[int]]:
    """Return the pieces that hang loose without `cell`, each too light for a grid."""
    near = town.beside.get(cell, set())
    # Neighbours that hang together are on one ground: a single walk tells whether it is loose.
    starts = sorted(near)[:1] if are_together(near, town.beside) else sorted(near)
    found: list[set[int]] = []
    for start in starts:
        if any(start in loose for loose in found):
            continue
        loose = light_ground(start, cell, loads, town)
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


def light_ground(start: int, away: int, loads: dict[int, Load], town: Town) -> set[int]:
    """Return all ground around `start` when `away` is taken away, if it is too light for a grid; else nothing."""
    met, waiting, load = {start}, [start], (0, 0)
    while waiting and len(met) <= MOST_CELLS:
        u = waiting.pop()
        load = (load[0] + loads[u][0], load[1] + loads[u][1])
        if not town.bounds.is_below(load):
            return set()
        fresh = town.beside.get(u, set()) - met - {away}
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
