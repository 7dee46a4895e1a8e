"""Incident scan: circles in which there is more than chance explains, and when, without a database.

With an exposure circles are held against their households, over the whole time. Without one nobody knows what chance
lets expect of a place, and a scan that took all places alike would find the town centre: then only place and time
together are asked about, by the space-time permutation scan, which needs nothing but the incidents themselves.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from api.incident_exposure import Exposure
from api.incident_ground import field_over, middles_of
from api.incident_times import Times
from api.slices import Slices, periods_between, sliced, slices_of
from geo.edges import Floats
from geo.hotspots import scan as space
from geo.hotspots import spacetime as time
from geo.hotspots.mesh import cells_of

REPEATS, P_MAX = 999, 0.05
SELECT = "gini"  # see `geo.hotspots.findings`
# A scan's circles are so many of its cells wide; cells are made larger until circles and periods are this little work.
RADIUS_CELLS, WORK_MAX = 6, 3_000_000
FACTORS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40, 60, 80, 100)
UNITS = ("day", "week", "month", "year")
# Periods are the shortest of which there are not more than so many, but for a few rows far off in time.
PERIODS_MAX, BODY, MARGIN_SHARES = 60, (0.005, 0.995), 10
# Why there was no scan.
WHYS = {
    "one_place": ("所有事件在同一处，无法扫描", "all incidents lie in one place: there is nothing to scan"),
    "one_period": ("所有事件在同一时段，且没有户数", "all incidents lie in one period, and there are no households"),
    "no_households": ("没有一起事件发生在有户数的格子里", "no incident lies in a cell with households"),
}


@dataclass(frozen=True, eq=False)
class Scanned:
    """What a scan found, and how it was asked.

    Attributes
    ----------
    method
        Of `geo.hotspots`; None where there was no scan.
    why
        Key of `WHYS`; None where there was one.
    found
        As of `geo.hotspots.scan`; p up to `P_MAX`, and the most likely one whatever its p.
    cell_m, radius_max_m, places, incidents
        The cells, the widest circle, how many cells were looked at, and how many incidents lie in them.
    """

    method: str | None
    why: str | None
    found: pd.DataFrame
    cell_m: float
    radius_max_m: float
    places: int
    incidents: int


def slices_over(local: Times, resolution: str) -> Slices:
    """Return whole days, weeks (Monday first), months or years over the times of incidents.

    Parameters
    ----------
    local
        (n,) by the clock of the place, none missing.
    resolution
        "month" for times that are months: no period is shorter.
    """
    ordered = np.sort(local).astype("datetime64[D]")
    low, high = (ordered[int(share * (len(ordered) - 1) + 0.5)] for share in BODY)
    margin = (high - low) // MARGIN_SHARES
    inner = ordered[(ordered >= low - margin) & (ordered <= high + margin)]
    units = UNITS[UNITS.index("month") :] if resolution == "month" else UNITS
    for unit in units:
        periods = periods_between(unit, ordered[0].item(), ordered[-1].item())
        if len(periods) > PERIODS_MAX:
            periods = periods_between(unit, inner[0].item(), inner[-1].item())
        if len(periods) <= PERIODS_MAX:
            break
    return slices_of(local, unit, periods)


def scanned(
    xy: Floats, zone: int, exposure: Exposure | None, slices: Slices, *, cell_m: float,
    radius_max_m: float | None, seed: int,
) -> Scanned:  # fmt: skip
    """Return what chance does not explain: of households' share, or, without an exposure, of place and time together.

    Parameters
    ----------
    cell_m
        The least side of the squares that are scanned; they are larger where there would be too much work.
    radius_max_m
        The widest circle; None for `RADIUS_CELLS` cells.
    """
    periods = 1 if exposure is not None else len(slices.starts)
    for factor in FACTORS:
        size_m = cell_m * factor
        radius_m = radius_max_m or RADIUS_CELLS * size_m
        field = field_over(xy, zone, exposure, cell_m=size_m, kind="square")
        at = np.flatnonzero(field.inside if exposure is None else field.households > 0)
        middles = middles_of(field.mesh, at)
        if _members(middles, radius_m) * periods <= WORK_MAX:
            break
    inside = np.isin(cells_of(field.mesh, xy), at) & ((slices.of >= 0) | (exposure is not None))
    why = _why_not(exposure, slices, places=len(at), incidents=int(inside.sum()))
    asked = size_m, radius_m, len(at), int(inside.sum())
    if why is not None:
        return Scanned(None, why, pd.DataFrame(), *asked)
    if exposure is not None:
        found = space.scan(
            middles, field.incidents[at], field.households[at], radius_max_m=radius_m, repeats=REPEATS, seed=seed,
            p_max=P_MAX, select=SELECT,
        )  # fmt: skip
        return Scanned(space.METHOD, None, found.clusters, *asked)
    cases = sliced(np.searchsorted(at, cells_of(field.mesh, xy)), slices, len(at))
    found = time.spacetime(middles, cases, None, radius_max_m=radius_m, repeats=REPEATS, seed=seed, p_max=P_MAX)
    return Scanned(time.METHOD, None, found.clusters, *asked)


def _members(middles: Floats, radius_m: float) -> float:
    tree = cKDTree(middles)
    return float(tree.count_neighbors(tree, radius_m))


def _why_not(exposure: Exposure | None, slices: Slices, *, places: int, incidents: int) -> str | None:
    """Return why there is nothing to scan, if so."""
    if exposure is not None:
        return "no_households" if incidents == 0 else "one_place" if places < 2 else None
    return "one_place" if places < 2 else "one_period" if len(slices.starts) < 2 else None
