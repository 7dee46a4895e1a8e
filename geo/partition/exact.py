"""Exact search: all divisions of a small piece of ground, to find one or to know that none exists.

Beginning with the first free cell, every connected set in band that holds it is tried, and the rest
is divided in the same way; rests that failed are remembered. Exponential: for some dozen cells.
"""

from collections.abc import Iterator

import numpy as np

from geo.partition.bands import Band
from geo.partition.graph import Graph, Ints

EXACT_CELLS, EXACT_STEPS = 40, 10_000


class SearchTooLongError(Exception):
    """The search was ended before it could know."""


class Search:
    """One search: neighbours on foot and households as bit masks and a list."""

    def __init__(self, graph: Graph, band: Band, steps: int) -> None:
        self.band = band
        self.steps = steps
        self.mass = [int(mass) for mass in graph.mass]
        self.around = [
            sum(1 << int(v) for v in graph.idx[low:high][graph.foot[low:high]])
            for low, high in zip(graph.ptr[:-1], graph.ptr[1:], strict=True)
        ]
        self.failed: set[int] = set()

    def sets_in_band(self, free: int) -> Iterator[int]:
        """Yield every connected set in band of free cells that holds the first free cell."""
        first = (free & -free).bit_length() - 1
        waiting = [(1 << first, self.mass[first], self.around[first] & free, free & ~(1 << first))]
        while waiting:
            members, mass, border, open_ = waiting.pop()
            self.steps -= 1
            if self.steps < 0:
                raise SearchTooLongError
            if self.band.lo <= mass <= self.band.hi:
                yield members
            border &= open_
            while border:
                bit = border & -border
                cell = bit.bit_length() - 1
                border, open_ = border & ~bit, open_ & ~bit
                if mass + self.mass[cell] <= self.band.hi:
                    waiting.append((members | bit, mass + self.mass[cell], border | self.around[cell], open_))

    def divided(self, free: int) -> list[int] | None:
        """Return connected sets in band that cover `free`, or None if there are none."""
        if free == 0:
            return []
        if free in self.failed:
            return None
        for members in self.sets_in_band(free):
            rest = self.divided(free & ~members)
            if rest is not None:
                return [members, *rest]
        self.failed.add(free)
        return None


def exact_division(graph: Graph, band: Band, *, steps: int) -> Ints | None:
    """Divide a small graph so that every part is connected on foot and in band.

    Parameters
    ----------
    graph
        A small one: time doubles with each node.
    band
        Households of a part, bounds included.
    steps
        How many sets may be looked at.

    Returns
    -------
    Ints or None
        Part of each node; None is a proof that no division exists.

    Raises
    ------
    SearchTooLongError
        `steps` were not enough to find a division or to know that there is none.
    """
    sets = Search(graph, band, steps).divided((1 << graph.size) - 1)
    if sets is None:
        return None
    labels = np.empty(graph.size, dtype=np.int64)
    for part, members in enumerate(sets):
        labels[[cell for cell in range(graph.size) if members >> cell & 1]] = part
    return labels
