"""Dedicated grids (专属网格): works, malls, hospitals and the like that are a grid of their own.

A unit is a compound whose every known use is dedicated, or, outside such compounds, neighbouring
cells of one dedicated use; each in one piece on foot. It is taken only if what is left of the
community is not worse to divide: never more pieces that no number of grids in band can share.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from geo.partition.bands import Band, divides
from geo.partition.graph import Flags, Ints, pieces_on_foot, without_lines
from geo.partition.ground import Ground


def dedicated_units(ground: Ground, among: Flags, *, uses: Collection[str], min_m2: float, band: Band) -> list[Ints]:
    """Return the cells of each dedicated grid, the largest ground first.

    Parameters
    ----------
    ground
        One community.
    among
        Cells that can be taken.
    uses
        Values of `use` that call for a dedicated grid.
    min_m2
        Smallest ground of a dedicated grid.
    band
        Band of general grids: decides whether the rest can still be divided.

    Returns
    -------
    list of Ints
        Positions of cells. Ground without households that only a unit connects comes with it.
    """
    if not uses:
        return []
    free, taken = among & ~ground.is_water, []
    for members in candidates(ground, among, uses=uses, min_m2=min_m2):
        left = free.copy()
        left[members] = False
        if indivisible_pieces(ground, left, band) > indivisible_pieces(ground, free, band):
            continue
        unit = with_enclosed(ground, members, left)
        whole = with_block(ground, unit, free)
        rest = free.copy()
        rest[whole] = False
        if indivisible_pieces(ground, rest, band) <= indivisible_pieces(ground, left, band):
            unit = whole
        free[unit] = False
        taken.append(unit)
    return taken


def candidates(ground: Ground, among: Flags, *, uses: Collection[str], min_m2: float) -> list[Ints]:
    """Return the connected units large enough, by ground (descending), then by first cell."""
    wanted = np.isin(ground.use.astype(str), sorted(uses)) & ~pd.isna(ground.use) & ~ground.is_water
    known = ~pd.isna(ground.use) & ~ground.is_water
    in_compound = ground.compound >= 0
    count = int(ground.compound.max(initial=-1)) + 1
    other = np.bincount(ground.compound[in_compound & known & ~wanted], minlength=max(count, 1))
    some = np.bincount(ground.compound[in_compound & wanted], minlength=max(count, 1))
    whole = in_compound & ((some > 0) & (other == 0))[ground.compound] & ~ground.is_water
    # One number a compound or a use: neighbours of the same number are one unit.
    number = np.where(whole, ground.compound, count + pd.factorize(ground.use)[0])
    pieces = pieces_on_foot(ground.graph, among & (whole | wanted), within=number)
    areas = np.bincount(pieces[pieces >= 0], weights=ground.graph.area[pieces >= 0])
    large = [piece for piece in np.argsort(-areas, kind="stable") if areas[piece] >= min_m2]
    return [np.flatnonzero(pieces == piece) for piece in large]


def indivisible_pieces(ground: Ground, free: Flags, band: Band) -> int:
    """Return how many peopled pieces of `free` ground no number of grids in band can share.

    Cells above the band count as pieces of their own, as they will in the plan.
    """
    fits = (ground.households <= band.hi) & (ground.people <= band.people_hi)
    pieces = pieces_on_foot(ground.graph, free & fits)
    inside = pieces >= 0
    masses = np.bincount(pieces[inside], weights=ground.households[inside])
    peoples = np.bincount(pieces[inside], weights=ground.people[inside])
    return sum(m > 0 and not divides(int(m), int(p), band) for m, p in zip(masses, peoples, strict=True))


def with_enclosed(ground: Ground, members: Ints, left: Flags) -> Ints:
    """Return the unit with the unpeopled pieces that only it connected to the rest, in order."""
    pieces = pieces_on_foot(ground.graph, left)
    masses = np.bincount(pieces[pieces >= 0], weights=ground.households[pieces >= 0], minlength=1)
    inside = np.zeros(len(left), dtype=np.bool_)
    inside[members] = True
    joined = pieces_on_foot(ground.graph, left | inside) == pieces_on_foot(ground.graph, left | inside)[members[0]]
    unpeopled = (pieces >= 0) & (masses == 0)[pieces]
    return np.flatnonzero(inside | (joined & unpeopled))


def with_block(ground: Ground, unit: Ints, free: Flags) -> Ints:
    """Return the unit with the free ground around it up to the next lines, where nobody lives there."""
    inside = np.zeros(len(free), dtype=np.bool_)
    inside[unit] = True
    blocks = pieces_on_foot(without_lines(ground.graph), free)
    around = free & ~inside & np.isin(blocks, blocks[unit])
    held = np.bincount(blocks[around], weights=ground.households[around], minlength=int(blocks.max(initial=0)) + 1)
    return np.flatnonzero(inside | (around & (held == 0)[blocks]))
