"""Incident ground: cells over somebody's incidents, what is counted in them, and which stand out."""

import numpy as np
import pandas as pd
import shapely

from api.actions.read_hotspots import LEVELS, Field, HotspotsAsked, judged
from api.incident_exposure import Exposure, spread
from geo.edges import Floats, Ints
from geo.errors import InputError
from geo.hotspots.autocorrelation import getis_ord
from geo.hotspots.discovery import q_values, two_sided_p
from geo.hotspots.emerging import NONE, emerging
from geo.hotspots.mesh import CELLS_MAX, Bounds, Kind, Mesh, cells_of, mesh_over, polygons
from geo.hotspots.rates import raw_rates

# Cells are as small as leaves so many incidents in those that have any; there are at most so many of both.
INCIDENTS_A_CELL, FILLED_MAX, MESH_MAX = 5.0, 5_000, 1_000_000
SIZES_M = (100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000, 7500, 10_000, 20_000, 50_000)
# Cells across the ground, at least.
ACROSS = 10
Q_MAX = 0.05
# From so many periods on there is something to tell of what a cell was over time.
PERIODS_MIN, SLICES_MAX = 10, 1_500_000
NO_CLASS = "none"


class TooManyCellsError(InputError):
    """The cells that are asked for would be too many."""

    zh = "--cell {cell_m:g} 会产生 {cells:,} 个格子，过多。请用 {least_m:,} 米以上的格子，或检查是否有位置错误的行。"
    en = (
        "--cell {cell_m:g} would make {cells:,} cells, too many: ask for {least_m:,} m or more, "
        "or look for rows that lie elsewhere."
    )


def cell_size(xy: Floats, exposure: Exposure | None = None) -> float:
    """Return how wide cells are best for incidents, metres: the smallest of `SIZES_M` that holds enough of them."""
    span_m = float(np.ptp(xy, axis=0).max())
    west, south, east, north = _box(xy, exposure)
    fits = [size for size in SIZES_M if size <= max(SIZES_M[0], span_m / ACROSS)]
    room = [size for size in fits if (east - west) * (north - south) <= MESH_MAX * size**2]
    for size in room:
        filled = len(np.unique(np.floor(xy / size).astype(np.int64) @ (1 << 32, 1)))
        if filled <= FILLED_MAX and len(xy) / filled >= INCIDENTS_A_CELL:
            return float(size)
    return float((room or SIZES_M)[-1])


def field_over(xy: Floats, zone: int, exposure: Exposure | None, *, cell_m: float, kind: Kind) -> Field:
    """Return incidents, and the households they come from, counted in cells over both.

    Raises
    ------
    TooManyCellsError
        There would be more than the mesh can hold.
    """
    bounds = _bounds(xy, exposure, cell_m)
    mesh = mesh_over(bounds, cell_m=cell_m, kind=kind)
    found = np.bincount(cells_of(mesh, xy), minlength=mesh.cells)
    households = np.zeros(mesh.cells) if exposure is None else spread(exposure, mesh)
    return Field(mesh, zone, found, households, (found > 0) | (households > 0))


def cells_table(field: Field, *, has_exposure: bool) -> pd.DataFrame:
    """Return the cells with incidents or households, index ``cell``.

    Columns: count; households and rate (incidents per 1,000 households), NaN without an exposure; z, p (two-sided) and
    q of Gi*, with an exposure of `deviates` from what households let expect, else of counts; class: hot_99, hot_95,
    hot_90, cold_.., none.
    """
    asked = HotspotsAsked(measure="rate" if has_exposure else "count", kind=field.mesh.kind, cell_m=field.mesh.cell_m)
    z, p, words = judged(field, asked)
    q = q_values(p)
    at = np.flatnonzero(field.inside)
    level = np.full(len(at), NO_CLASS, dtype=object)
    for most, name in reversed(LEVELS):
        level[q[at] < most] = name
    names = [NO_CLASS if name == NO_CLASS else f"{words[cell]}_{name}" for cell, name in zip(at, level, strict=True)]
    none = np.full(len(at), np.nan)
    rates = raw_rates(field.incidents[at], field.households[at]) if has_exposure else none
    return pd.DataFrame(
        {"count": field.incidents[at], "households": field.households[at] if has_exposure else none,
         "rate": rates, "z": z[at], "p": p[at], "q": q[at], "class": names},
        index=pd.Index(at, name="cell"),
    )  # fmt: skip


def patterns(field: Field, cases: Ints, at: Ints) -> pd.DataFrame | None:
    """Return what cells were over time, as of `geo.hotspots.emerging`, and for how many periods up to now; by count.

    Parameters
    ----------
    cases
        (filled cells, periods).
    at
        The cells that are filled.

    Returns
    -------
    pandas.DataFrame or None
        Index ``cell``, those with a pattern alone; None where periods are too few, or too many for so many cells.
    """
    periods = cases.shape[1]
    if periods < PERIODS_MIN or periods * len(at) > SLICES_MAX or periods * field.mesh.cells > 40 * MESH_MAX:
        return None
    inside = np.zeros(field.mesh.cells, dtype=np.bool_)
    inside[at] = True
    counts, z = np.zeros(field.mesh.cells), np.empty(cases.shape)
    for period in range(periods):
        counts[at] = cases[:, period]
        z[:, period] = getis_ord(counts, field.mesh, inside=inside)[at]
    q = np.column_stack([q_values(two_sided_p(column)) for column in z.T])
    told = emerging(z, q).set_index(pd.Index(at, name="cell"))
    way = np.where(q <= Q_MAX, np.sign(z), 0)
    is_same = (way == way[:, -1:]) & (way[:, -1:] != 0)
    told["run"] = np.minimum.accumulate(is_same[:, ::-1], axis=1).sum(axis=1)
    return told[told["pattern"] != NONE]


def middles_of(mesh: Mesh, cells: Ints) -> Floats:
    """Return (n, 2) the middles of cells, metres."""
    return np.asarray(shapely.get_coordinates(shapely.centroid(polygons(mesh, cells))), dtype=np.float64)


def _box(xy: Floats, exposure: Exposure | None) -> Bounds:
    """Return the rectangle about incidents and households."""
    boxes = np.array([(*xy.min(axis=0), *xy.max(axis=0))])
    if exposure is not None:
        boxes = np.vstack([boxes, shapely.total_bounds(exposure.shapes)])
    (west, south), (east, north) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def _bounds(xy: Floats, exposure: Exposure | None, cell_m: float) -> Bounds:
    """Return the same, a cell wider all around."""
    west, south, east, north = _box(xy, exposure)
    wide, tall = east - west + 2 * cell_m, north - south + 2 * cell_m
    if (wide / cell_m + 2) * (tall / cell_m + 2) > CELLS_MAX:
        least_m = int(np.ceil((wide * tall / MESH_MAX) ** 0.5 / 10) * 10)
        raise TooManyCellsError(cell_m=cell_m, cells=int(wide * tall / cell_m**2), least_m=least_m)
    return west - cell_m, south - cell_m, east + cell_m, north + cell_m
