"""Dedicated grids (专属网格): works, malls, hospitals and the like that are a grid of their own.

A unit is a compound whose every known use is dedicated, or, outside such compounds, neighbouring
cells of one dedicated use, or of a park of business; each in one piece on foot. It is taken only if
what is left of the community is not worse to divide: never more pieces that no number of grids in
band can share. Ground nobody lives on comes with it where that makes its border better.
"""

from collections.abc import Collection

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from geo.crs import to_metric
from geo.partition.bands import Band, divides
from geo.partition.graph import (
    Flags,
    Graph,
    Ints,
    SmallInts,
    arcs_of,
    lines_in,
    pieces_on_foot,
    tails_of,
    without_lines,
)
from geo.partition.ground import Ground

MOST_CM = 2**30
BUSINESS = ("mall", "office", "works")


def without_small_uses(
    cells: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, *, footprint_min_m2: float
) -> gpd.GeoDataFrame:
    """Drop the use of cells with a small building outside compounds: a shed in wide fields is no works of its own.

    Parameters
    ----------
    cells
        use, building_id, compound_id.
    buildings
        Footprints by ``building_id``, any CRS.
    footprint_min_m2
        Smallest footprint whose use counts.
    """
    if buildings.empty:
        return cells
    footprint_m2 = cells["building_id"].map(to_metric(buildings.geometry).area)
    small = cells["compound_id"].isna() & ~(footprint_m2 >= footprint_min_m2)
    return cells.assign(use=cells["use"].mask(small))


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
    units = candidates(ground, among, uses=uses, min_m2=min_m2)
    reserved = np.isin(np.arange(len(free)), np.concatenate([*units, np.empty(0, dtype=np.int64)]))
    for members in units:
        left = free.copy()
        left[members] = False
        if indivisible_pieces(ground, left, band) > indivisible_pieces(ground, free, band):
            continue
        unit = with_enclosed(ground, members, left & ~reserved)  # what may be a grid of its own is not swallowed
        whole = with_block(ground, unit, free, reserved)
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
    pieces = pieces_on_foot(within_units(ground, number, whole), among & (whole | wanted))
    areas = np.bincount(pieces[pieces >= 0], weights=ground.graph.area[pieces >= 0])
    large = [piece for piece in np.argsort(-areas, kind="stable") if areas[piece] >= min_m2]
    return [np.flatnonzero(pieces == piece) for piece in large]


def within_units(ground: Ground, number: Ints, whole: Flags) -> Graph:
    """Return the graph in which one walks only inside units: of one number, or in one park of business (园区).

    Works, offices and malls outside compounds are one park where no line is between them.
    """
    graph = ground.graph
    is_business = np.isin(ground.use.astype(str), BUSINESS) & ~whole
    tails, heads = tails_of(graph), graph.idx
    is_park = is_business[tails] & is_business[heads] & ~lines_in(graph)
    return graph._replace(foot=graph.foot & (is_park | (number[tails] == number[heads])))


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


def with_block(ground: Ground, unit: Ints, free: Flags, reserved: Flags) -> Ints:
    """Return the unit with such free ground around it, inside its block, that its border costs least.

    A block ends at lines, and nobody lives on what is taken. It is found by a minimum cut between the unit and all
    that is not free. Source: Boykov and Jolly (2001), seeds and cuts; the flow is SciPy's.
    """
    inside = np.zeros(len(free), dtype=np.bool_)
    inside[unit] = True
    blocks = pieces_on_foot(without_lines(ground.graph), free)
    is_loose = free & ~inside & ~reserved & (ground.households == 0) & np.isin(blocks, blocks[unit])
    if not is_loose.any():
        return unit
    around = np.flatnonzero(is_loose)
    place = np.full(len(free), len(around) + 1, dtype=np.int64)
    place[around], place[unit] = np.arange(len(around)), len(around)
    arcs = arcs_of(ground.graph, around)
    tails = np.repeat(np.arange(len(around)), ground.graph.ptr[around + 1] - ground.graph.ptr[around])
    ends = tails, place[ground.graph.idx[arcs]]
    # Whole centimetres, together below what the flow can count.
    cost_cm = np.clip(np.rint(ground.graph.cost[arcs] * 100), 1, MOST_CM // max(1, len(arcs))).astype(np.int32)
    taken = inside.copy()
    taken[around[near_side(*ends, cost_cm, len(around))]] = True
    pieces = pieces_on_foot(ground.graph, taken)
    return np.flatnonzero(pieces == pieces[unit[0]])


def near_side(tails: Ints, heads: Ints, cost: SmallInts, size: int) -> Flags:
    """Return which of `size` nodes a minimum cut leaves with the source (node `size`), not the sink (the next)."""
    both = np.concatenate([tails, heads]), np.concatenate([heads, tails])
    # Arcs among loose ground stand there both ways already; those to source and sink do not.
    once = np.concatenate([np.ones(len(tails), dtype=np.bool_), heads >= size])
    net = csr_array(
        (np.tile(cost, 2)[once], (both[0][once], both[1][once])), shape=(size + 2, size + 2), dtype=np.int32
    )
    left = net - maximum_flow(net, size, size + 1).flow
    left.eliminate_zeros()
    reached = breadth_first_order(left, size, return_predecessors=False)
    side = np.zeros(size + 2, dtype=np.bool_)
    side[reached] = True
    return side[:size]
