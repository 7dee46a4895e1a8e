"""Warming: tiny plans through every compiled path, so that no request waits for a compiler.

Machine code is kept beside the modules (in the user's cache where that folder cannot be written), so warming
compiles once, at installation, and afterwards only loads. What is compiled depends on the kinds of arrays that
come in, so the plans here come in by the same doors as real ones.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.frames import WGS84
from geo.partition.graph import Edges, Nodes, graph_from_edges
from geo.partition.proposal import divide_graph, propose_grids

SIDE = 9
LON, LAT, STEP = 106.68, 26.58, 0.0003


def warm() -> None:
    """Load or compile all machine code that plans, zones and household units need; seconds the first time."""
    # Zones and units stand on this package.
    from geo.units import units_in_grids
    from geo.zones import zones_in_grids

    for compounds in (False, True):
        cells, borders = tiny_town(compounds=compounds)
        first = propose_grids(cells, borders, band=(60, 90))
        tight = propose_grids(cells, borders, band=(97, 99), people_band=(250, 320))
        grown = cells.assign(households=cells["households"] + (np.arange(len(cells)) % SIDE == 0) * 6)
        old = first.assignment.where(cells.index % 7 > 0)
        propose_grids(grown, borders, band=(60, 90), before=old, locked=[0])
        propose_grids(grown, borders, band=(60, 90), before=old, count=len(first.grids) + 1)
        propose_grids(cells, borders, band=(60, 90), count=len(first.grids) + 1)
        propose_grids(cells, borders, band=None, count=5)
        for plan in (first, tight):
            zones_in_grids(cells, borders, plan.assignment, count=2)
            units_in_grids(cells, borders, plan.assignment)
            units_in_grids(cells, borders, plan.assignment, total=40)
    small, small_borders = tiny_town(compounds=False, side=3)
    propose_grids(small, small_borders, band=(19, 20))
    propose_grids(small, small_borders, band=None, count=3)
    warm_bare_graph()


def warm_bare_graph() -> None:
    """Divide a graph that was made without frames."""
    a, b = edge_ends(SIDE)
    lengths, place = np.full(len(a), 30.0), np.arange(SIDE * SIDE)
    x, y = (30.0 * axis.astype(np.float64) for axis in (place % SIDE, place // SIDE))
    nodes = Nodes(1 + place % 11, x, y, np.full(len(place), 900.0))
    costs = lengths * np.where(a % 3 == 0, 0.3, 1.0)
    graph = graph_from_edges(Edges(a, b, np.ones(len(a), dtype=np.bool_), costs, lengths), nodes)
    for is_swift in (True, False):
        divide_graph(graph, band=(60, 90), is_swift=is_swift)


def tiny_town(*, compounds: bool, side: int = SIDE) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return cells and borders of a square town with a few roads; with compounds, four cells each are one."""
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(side), np.arange(side)))
    west, south = LON + STEP * x, LAT - STEP * y
    households = 1 + (7 * x + 5 * y) % 11
    cells = gpd.GeoDataFrame(
        {
            "area_code": "000000000001",
            "kind": np.where((x == 4) & (y == 4), "water", "building"),
            "compound_id": pd.array(x // 2 * side + y // 2, dtype="Int64") if compounds else None,
            "households": np.where((x == 4) & (y == 4), 0, households),
            "people": 3 * households,
        },
        geometry=np.asarray(shapely.box(west, south, west + STEP, south + STEP)),
        crs=WGS84,
        index=pd.Index(np.arange(side * side), name="cell_id"),
    )
    a, b = edge_ends(side)
    wet = cells["kind"].to_numpy() == "water"
    kind = np.where(a % 3 == 0, "road", "none")
    borders = pd.DataFrame({"cell_a": a, "cell_b": b, "length_m": 30.0, "kind": kind})
    return cells, borders.assign(is_walkable=~wet[a] & ~wet[b])


def edge_ends(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the two ends of each edge of a square lattice."""
    at = np.arange(side * side).reshape(side, side)
    pairs = [(at[:, :-1], at[:, 1:]), (at[:-1], at[1:])]
    a, b = (np.concatenate([pair[end].ravel() for pair in pairs]) for end in (0, 1))
    return a, b
