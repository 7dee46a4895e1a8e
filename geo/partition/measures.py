"""Measures of a plan: each a named, versioned function of one plan, one number a grid.

A measure changes its meaning only with its version, so numbers stored with a plan stay readable.
Polsby-Popper: 4 pi area / perimeter^2 (Polsby and Popper 1991), 1 for a disc; on polygons in the local
metre zone. Borders between two communities belong to no plan and are left out.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.crs import to_metric
from geo.partition.bands import Band, band_of
from geo.partition.graph import Edges, Flags, Floats, Ints, Nodes, graph_from_edges, pieces_on_foot
from geo.partition.ground import numbered

LINES = ("road", "water", "wall", "rail")


@dataclass(frozen=True, eq=False)
class MeasuredPlan:
    """A plan as arrays: cells in order of id, labels 0..k-1, borders by cell position."""

    labels: Ints
    dedicated: Flags
    band: Band
    households: Ints
    compound: Ints
    is_water: Flags
    shapes: npt.NDArray[np.object_]
    edges: Edges
    on_line: Flags

    @property
    def count(self) -> int:
        """How many grids there are."""
        return len(self.dedicated)

    @property
    def grid_households(self) -> Ints:
        """Households of each grid."""
        return np.bincount(self.labels, weights=self.households, minlength=self.count).astype(np.int64)


@dataclass(frozen=True)
class Measure:
    """One measure: `function` gives a number a grid (NaN: none), `summary` makes the plan's number."""

    name: str
    version: int
    function: Callable[[MeasuredPlan], Floats]
    summary: Literal["mean", "median", "sum", "max"]


def in_band(plan: MeasuredPlan) -> Floats:
    """1 for a general grid in band, 0 outside, NaN for a dedicated grid."""
    held = plan.grid_households
    return np.where(plan.dedicated, np.nan, (held >= plan.band.lo) & (held <= plan.band.hi))


def households_outside(plan: MeasuredPlan) -> Floats:
    """By how many households a general grid misses the band; NaN for a dedicated grid."""
    held = plan.grid_households
    missed = np.maximum(0, plan.band.lo - held) + np.maximum(0, held - plan.band.hi)
    return np.where(plan.dedicated, np.nan, missed)


def pieces(plan: MeasuredPlan) -> Floats:
    """In how many pieces on foot a grid's land is (0: it has none)."""
    zeros = np.zeros(len(plan.labels))
    graph = graph_from_edges(plan.edges, Nodes(plan.households, zeros, zeros, zeros))
    piece = pieces_on_foot(graph, ~plan.is_water, within=plan.labels)
    firsts = np.unique(piece[piece >= 0], return_index=True)[1]
    counts: Floats = np.bincount(plan.labels[piece >= 0][firsts], minlength=plan.count).astype(np.float64)
    return counts


def polsby_popper(plan: MeasuredPlan) -> Floats:
    """4 pi area / perimeter^2 of a grid's land (of all its cells where it has no land)."""
    land = ~plan.is_water | (np.bincount(plan.labels, weights=~plan.is_water, minlength=plan.count) == 0)[plan.labels]
    order = np.argsort(plan.labels[land], kind="stable")
    stops = np.cumsum(np.bincount(plan.labels[land], minlength=plan.count))[:-1]
    wholes = np.array([shapely.union_all(part) for part in np.split(plan.shapes[land][order], stops)])
    compact: Floats = 4 * np.pi * shapely.area(wholes) / shapely.length(wholes) ** 2
    return compact


def line_share(plan: MeasuredPlan) -> Floats:
    """Share of a grid's border with other grids that runs on roads, water, walls or rails."""
    a, b = plan.labels[plan.edges.a], plan.labels[plan.edges.b]
    cut = a != b
    ends = np.concatenate([a[cut], b[cut]])
    length = np.tile(plan.edges.length[cut], 2)
    whole = np.bincount(ends, weights=length, minlength=plan.count)
    lined = np.bincount(ends, weights=length * np.tile(plan.on_line[cut], 2), minlength=plan.count)
    share: Floats = np.divide(lined, whole, out=np.full(plan.count, np.nan), where=whole > 0)
    return share


def compounds_broken(plan: MeasuredPlan) -> Floats:
    """How many compounds that would fit into a grid lie partly in this grid, as shares that add up to one."""
    inside = np.flatnonzero(plan.compound >= 0)
    if len(inside) == 0:
        return np.zeros(plan.count)
    masses = np.bincount(plan.compound[inside], weights=plan.households[inside])
    pairs = np.unique(np.column_stack([plan.compound[inside], plan.labels[inside]]), axis=0)
    parts = np.bincount(pairs[:, 0], minlength=len(masses))
    broken = (parts > 1) & (masses <= plan.band.hi)
    hit = broken[pairs[:, 0]]
    shares: Floats = np.bincount(pairs[hit, 1], weights=1 / parts[pairs[hit, 0]], minlength=plan.count).astype(
        np.float64
    )
    return shares


MEASURES: tuple[Measure, ...] = (
    Measure("in_band", 1, in_band, "mean"),
    Measure("households_outside", 1, households_outside, "sum"),
    Measure("pieces", 1, pieces, "max"),
    Measure("polsby_popper", 1, polsby_popper, "median"),
    Measure("line_share", 1, line_share, "mean"),
    Measure("compounds_broken", 1, compounds_broken, "sum"),
)


def measure_plan(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    assignment: pd.Series,
    *,
    band: tuple[int, int],
    dedicated: Collection[int] = (),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure a plan, grid by grid and as a whole.

    Parameters
    ----------
    cells, borders, assignment
        As `propose_grids` takes and gives them; every cell has a grid.
    band
        Fewest and most households of a general grid.
    dedicated
        Labels of dedicated grids.

    Returns
    -------
    DataFrame, DataFrame
        One column a measure, by ``grid``; and version, summary and value, by ``measure``.
    """
    plan, grids = measured_plan(cells, borders, assignment, band_of(band), dedicated)
    columns = {measure.name: measure.function(plan) for measure in MEASURES}
    by_grid = pd.DataFrame(columns, index=pd.Index(grids, name="grid"))
    rows = [(m.name, m.version, m.summary, float(by_grid[m.name].agg(m.summary))) for m in MEASURES]
    whole = pd.DataFrame(rows, columns=["measure", "version", "summary", "value"]).set_index("measure")
    return by_grid, whole


def measured_plan(
    cells: gpd.GeoDataFrame, borders: pd.DataFrame, assignment: pd.Series, band: Band, dedicated: Collection[int]
) -> tuple[MeasuredPlan, npt.NDArray[np.int64]]:
    """Return the plan as arrays, and the grids its labels stand for."""
    cells = cells.sort_index()
    grids, labels = np.unique(assignment.reindex(cells.index).to_numpy(dtype=np.int64), return_inverse=True)
    area = cells["area_code"].to_numpy()
    a, b = (cells.index.get_indexer(borders[end]).astype(np.int64) for end in ("cell_a", "cell_b"))
    own = area[a] == area[b]
    length = borders["length_m"].to_numpy(dtype=np.float64)[own]
    is_water = (cells["kind"] == "water").to_numpy(dtype=np.bool_)
    foot = borders["is_walkable"].to_numpy(dtype=np.bool_)[own] & ~is_water[a[own]] & ~is_water[b[own]]
    plan = MeasuredPlan(
        labels=labels.astype(np.int64),
        dedicated=np.isin(grids, list(dedicated)),
        band=band,
        households=cells["households"].to_numpy(dtype=np.int64),
        compound=numbered(cells, "compound_id"),
        is_water=is_water,
        shapes=to_metric(cells.geometry).to_numpy(),
        edges=Edges(a[own], b[own], foot, length, length),
        on_line=borders["kind"].isin(LINES).to_numpy(dtype=np.bool_)[own],
    )
    return plan, grids
