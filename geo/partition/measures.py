"""Measures of a plan: each a named, versioned function of one plan, one number a grid.

A measure changes its meaning only with its version, so numbers stored with a plan stay readable.
Polsby-Popper: 4 pi area / perimeter^2 (Polsby and Popper 1991), 1 for a disc; on polygons in the local
metre zone. Borders between two communities belong to no plan and are left out. Households kept and moved
go by the old grid that each new one carries on, matched optimally (Kuhn 1955): see `geo.lineage`.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo.crs import metre_transformer, metric_crs_of
from geo.lineage import carried_codes
from geo.partition.bands import Band, band_of
from geo.partition.graph import Edges, Flags, Floats, Ints, Nodes, graph_from_edges, pieces_on_foot
from geo.partition.ground import numbered

LINES = ("road", "water", "wall", "rail")


@dataclass(frozen=True, eq=False)
class MeasuredPlan:
    """A plan as arrays: cells in order of id, labels 0..k-1, borders by cell position.

    Shapes are in EPSG:4326, to be measured in the metre zone `zone` (EPSG). `old` is the old grid of each cell,
    `carries` the one that each grid carries on; -1 for none, and everywhere where there is no old plan.
    """

    labels: Ints
    dedicated: Flags
    band: Band
    households: Ints
    people: Ints
    compound: Ints
    is_water: Flags
    shapes: npt.NDArray[np.object_]
    zone: int
    edges: Edges
    on_line: Flags
    old: Ints
    carries: Ints

    @property
    def count(self) -> int:
        """How many grids there are."""
        return len(self.dedicated)

    @property
    def grid_households(self) -> Ints:
        """Households of each grid."""
        return self.summed(self.households)

    @property
    def grid_people(self) -> Ints:
        """People of each grid."""
        return self.summed(self.people)

    def summed(self, column: Ints) -> Ints:
        """Return the sum of a column over the cells of each grid."""
        return np.bincount(self.labels, weights=column, minlength=self.count).astype(np.int64)


@dataclass(frozen=True)
class Measure:
    """One measure: `function` gives a number a grid (NaN: none), `summary` makes the plan's number.

    A mean is weighted where there is a `weight` a grid. What `needs` something that is not there, a band of people
    or an old plan, has no number at all.
    """

    name: str
    version: int
    function: Callable[[MeasuredPlan], Floats]
    summary: Literal["mean", "median", "sum", "max"]
    needs: Literal["", "people_band", "before"] = ""
    weight: Callable[[MeasuredPlan], Floats] | None = None

    def whole(self, plan: MeasuredPlan, by_grid: pd.Series) -> float:
        """Return the plan's number."""
        if self.weight is None:
            return float(by_grid.agg(self.summary))
        known = by_grid.notna().to_numpy()
        weight = self.weight(plan)[known]
        return float(np.average(by_grid[known], weights=weight)) if weight.sum() > 0 else np.nan


def households(plan: MeasuredPlan) -> Floats:
    """Households of a grid."""
    return plan.grid_households.astype(np.float64)


def people(plan: MeasuredPlan) -> Floats:
    """People of a grid."""
    return plan.grid_people.astype(np.float64)


def in_band(plan: MeasuredPlan) -> Floats:
    """1 for a general grid in band, 0 outside, NaN for a dedicated grid."""
    held = plan.grid_households
    return np.where(plan.dedicated, np.nan, (held >= plan.band.lo) & (held <= plan.band.hi))


def households_outside(plan: MeasuredPlan) -> Floats:
    """By how many households a general grid misses the band; NaN for a dedicated grid."""
    held = plan.grid_households
    missed = np.maximum(0, plan.band.lo - held) + np.maximum(0, held - plan.band.hi)
    return np.where(plan.dedicated, np.nan, missed)


def deviation_share(plan: MeasuredPlan) -> Floats:
    """How far a general grid's households are from the mean of all, as a share of it; NaN for a dedicated grid."""
    held = np.where(plan.dedicated, np.nan, plan.grid_households)
    mean = float(np.nanmean(held)) if np.nansum(held) > 0 else 1.0
    return np.asarray(np.abs(held - mean) / mean, dtype=np.float64)


def people_outside(plan: MeasuredPlan) -> Floats:
    """By how many people a general grid misses the band of people; NaN for a dedicated grid."""
    held = plan.grid_people
    missed = np.maximum(0, plan.band.people_lo - held) + np.maximum(0, held - plan.band.people_hi)
    return np.where(plan.dedicated, np.nan, missed)


def households_moved(plan: MeasuredPlan) -> Floats:
    """Households of a grid that were in another old grid than the one it carries on."""
    moved = (plan.old >= 0) & (plan.old != plan.carries[plan.labels])
    return plan.summed(np.where(moved, plan.households, 0)).astype(np.float64)


def households_kept(plan: MeasuredPlan) -> Floats:
    """Households of a grid that were in the old grid it carries on."""
    kept = (plan.old >= 0) & (plan.old == plan.carries[plan.labels])
    return plan.summed(np.where(kept, plan.households, 0)).astype(np.float64)


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
    wholes = unions_of(plan.shapes[land], plan.labels[land], plan.zone)
    compact: Floats = 4 * np.pi * shapely.area(wholes) / shapely.length(wholes) ** 2
    return compact


def unions_of(shapes: npt.NDArray[np.object_], labels: Ints, zone: int) -> npt.NDArray[np.object_]:
    """Return the union of the shapes (EPSG:4326) of each label 0..k-1, in the metre zone (EPSG).

    Edges used twice drop out (coverage union). Cells that are no valid cover, whose edges overlap or meet without a
    common vertex, are joined by overlay in metres instead.
    """
    order = np.argsort(labels, kind="stable")
    groups = np.split(shapes[order], np.cumsum(np.bincount(labels))[:-1])
    into = metre_transformer(zone)

    def flat(points: Floats) -> Floats:
        return np.column_stack(into.transform(points[:, 0], points[:, 1]))

    wholes = np.empty(len(groups), dtype=object)
    for place, group in enumerate(groups):
        try:
            wholes[place] = shapely.coverage_union_all(group)
        except shapely.GEOSException:
            wholes[place] = None
    sound = shapely.is_valid(wholes)
    wholes[sound] = shapely.transform(wholes[sound], flat)
    for place in np.flatnonzero(~sound).tolist():
        wholes[place] = shapely.union_all(shapely.transform(groups[place], flat))
    return wholes


def inner_border_m(plan: MeasuredPlan, among: Flags | None = None) -> Floats:
    """Metres of a grid's border with other grids; only borders `among`, if given."""
    a, b = plan.labels[plan.edges.a], plan.labels[plan.edges.b]
    cut = a != b if among is None else (a != b) & among
    ends, length = np.concatenate([a[cut], b[cut]]), np.tile(plan.edges.length[cut], 2)
    return np.bincount(ends, weights=length, minlength=plan.count).astype(np.float64)


def line_share(plan: MeasuredPlan) -> Floats:
    """Share of a grid's border with other grids that runs on roads, water, walls or rails."""
    whole, lined = inner_border_m(plan), inner_border_m(plan, plan.on_line)
    share: Floats = np.divide(lined, whole, out=np.full(plan.count, np.nan), where=whole > 0)
    return share


def compounds_broken(plan: MeasuredPlan) -> Floats:
    """How many compounds that would fit into a grid lie partly in this grid, as shares that add up to one."""
    inside = np.flatnonzero(plan.compound >= 0)
    if len(inside) == 0:
        return np.zeros(plan.count)
    masses, peoples = (np.bincount(plan.compound[inside], weights=of[inside]) for of in (plan.households, plan.people))
    pairs = np.unique(np.column_stack([plan.compound[inside], plan.labels[inside]]), axis=0)
    parts = np.bincount(pairs[:, 0], minlength=len(masses))
    broken = (parts > 1) & (masses <= plan.band.hi) & (peoples <= plan.band.people_hi)
    hit = broken[pairs[:, 0]]
    shares: Floats = np.bincount(pairs[hit, 1], weights=1 / parts[pairs[hit, 0]], minlength=plan.count).astype(
        np.float64
    )
    return shares


MEASURES: tuple[Measure, ...] = (
    Measure("households", 1, households, "sum"),
    Measure("people", 1, people, "sum"),
    Measure("in_band", 1, in_band, "mean"),
    Measure("households_outside", 1, households_outside, "sum"),
    Measure("deviation_share", 1, deviation_share, "max"),
    Measure("people_outside", 1, people_outside, "sum", needs="people_band"),
    Measure("pieces", 1, pieces, "max"),
    Measure("polsby_popper", 1, polsby_popper, "median"),
    Measure("line_share", 2, line_share, "mean", weight=inner_border_m),
    Measure("compounds_broken", 1, compounds_broken, "sum"),
    Measure("households_moved", 1, households_moved, "sum", needs="before"),
    Measure("households_kept", 1, households_kept, "sum", needs="before"),
)


def measure_plan(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    assignment: pd.Series,
    *,
    band: tuple[int, int],
    people_band: tuple[int, int] | None = None,
    dedicated: Collection[int] = (),
    before: pd.Series | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure a plan, grid by grid and as a whole.

    Parameters
    ----------
    cells, borders, assignment
        As `propose_grids` takes and gives them; every cell has a grid.
    band, people_band
        Fewest and most households, and people, of a general grid. Without the latter, people are out of no band.
    dedicated
        Labels of dedicated grids.
    before
        Old grid by ``cell_id``, null for none. Without it, nothing is moved or kept.

    Returns
    -------
    DataFrame, DataFrame
        One column a measure, by ``grid``; and version, summary and value, by ``measure``. NaN where a measure does
        not apply.
    """
    plan, grids = measured_plan(cells, borders, assignment, band_of(band, people_band), dedicated, before=before)
    has = {"": True, "people_band": people_band is not None, "before": before is not None}
    none = np.full(plan.count, np.nan)
    columns = {measure.name: measure.function(plan) if has[measure.needs] else none for measure in MEASURES}
    by_grid = pd.DataFrame(columns, index=pd.Index(grids, name="grid"))
    values = [m.whole(plan, by_grid[m.name]) if has[m.needs] else np.nan for m in MEASURES]
    rows = [(m.name, m.version, m.summary, value) for m, value in zip(MEASURES, values, strict=True)]
    whole = pd.DataFrame(rows, columns=["measure", "version", "summary", "value"]).set_index("measure")
    return by_grid, whole


def measured_plan(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    assignment: pd.Series,
    band: Band,
    dedicated: Collection[int],
    *,
    before: pd.Series | None = None,
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
    old, carries = carried_on(cells, labels, before)
    plan = MeasuredPlan(
        labels=labels.astype(np.int64),
        dedicated=np.isin(grids, list(dedicated)),
        band=band,
        households=cells["households"].to_numpy(dtype=np.int64),
        people=cells["people"].to_numpy(dtype=np.int64),
        compound=numbered(cells, "compound_id"),
        is_water=is_water,
        shapes=cells.geometry.to_numpy(),
        zone=int(metric_crs_of(cells).to_epsg() or 0),
        edges=Edges(a[own], b[own], foot, length, length),
        on_line=borders["kind"].isin(LINES).to_numpy(dtype=np.bool_)[own],
        old=old,
        carries=carries,
    )
    return plan, grids


def carried_on(cells: gpd.GeoDataFrame, labels: Ints, before: pd.Series | None) -> tuple[Ints, Ints]:
    """Return the old grid of each cell and the one that each new grid carries on, as numbers, -1 for none."""
    carries = np.full(int(labels.max(initial=-1)) + 1, -1, dtype=np.int64)
    if before is None:
        return np.full(len(cells), -1, dtype=np.int64), carries
    held = before[~before.index.duplicated()].reindex(cells.index)
    old, codes = pd.factorize(held)
    number = dict(zip(codes, range(len(codes)), strict=True))
    for grid, code in carried_codes(held, pd.Series(labels, index=cells.index), cells["households"]).items():
        carries[grid] = number[code]
    return old.astype(np.int64), carries
