"""Rates: incidents per 1,000 households of a cell, raw and steadied where households are few.

A cell of three households and one incident has a rate of 333; it says little. Empirical Bayes (Marshall 1991) moves
each rate towards a mean, the more so the fewer households stand behind it: towards that of all cells
(`smoothed_rates`) or that of the cell and its neighbours (`locally_smoothed_rates`). `deviates` (Freeman and Tukey
1950) are what is tested: a rate of few households, in its own standard deviations too, is so skewed that in every other
town where nothing is the matter some cell would be told as hot (bench/detection.py).

A cell without households has no rate: NaN, and its incidents enter no mean. All four need (n,) arrays of incidents
and households, numbers of 0 or more. Limits: household counts are taken as exact; smoothed rates are for maps, not for
tests, since neighbours smoothed together look alike. They are the same numbers as esda 2.9's (tests say which).

Sources: Marshall (1991), Mapping disease and mortality rates using empirical Bayes estimators; Freeman and
Tukey (1950), Transformations related to the angular and the square root. See docs/methods/hotspots.md.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.errors import BadSettingError
from geo.hotspots.mesh import Near, sums_about

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.number]

PER_HOUSEHOLDS = 1000.0


class Prior(NamedTuple):
    """What rates are moved towards: the rate of all, a household; and how much more than chance rates vary about it."""

    mean: float
    variance: float


def prior_of(incidents: Numbers, households: Numbers) -> Prior:
    """Return the prior of Marshall's empirical Bayes by cells: (n,) incidents and households; mean 0 without either.

    Raises
    ------
    BadSettingError
        Arrays are not of one length, or hold what is no number of 0 or more.
    """
    mean, variance = _moments(*_counted(incidents, households))
    return Prior(mean, max(variance, 0.0))


def raw_rates(incidents: Numbers, households: Numbers) -> Floats:
    """Return incidents per 1,000 households, (n,); NaN without households.

    Raises
    ------
    BadSettingError
        Arrays are not of one length, or hold what is no number of 0 or more.
    """
    events, homes = _counted(incidents, households)
    return PER_HOUSEHOLDS * _per(events, homes)


def smoothed_rates(incidents: Numbers, households: Numbers) -> Floats:
    """Return rates per 1,000 households moved towards the rate of all cells, (n,); NaN without households.

    Notes
    -----
    Where the rates vary no more than chance alone lets them, all become the mean (as Marshall; esda does not stop
    there and moves them beyond it).

    Raises
    ------
    BadSettingError
        Arrays are not of one length, or hold what is no number of 0 or more.
    """
    events, homes = _counted(incidents, households)
    rate = _per(events, homes)
    mean, variance = prior_of(incidents, households)
    return PER_HOUSEHOLDS * _moved(rate, homes, np.full(len(rate), mean), np.full(len(rate), variance))


def locally_smoothed_rates(incidents: Numbers, households: Numbers, near: Near) -> Floats:
    """Return rates per 1,000 households moved towards the rate of a cell and its neighbours; NaN without households.

    Parameters
    ----------
    near
        The mesh, or each cell's neighbours. Cells without households take no part.

    Raises
    ------
    BadSettingError
        Arrays are not of one length, or hold what is no number of 0 or more.
    """
    events, homes = _counted(incidents, households)
    is_lived = homes > 0
    rate, events = _per(events, homes), np.where(is_lived, events, 0.0)
    homes_about, cells_about = sums_about(near, homes), sums_about(near, is_lived.astype(np.float64))
    mean = _per(sums_about(near, events), homes_about)
    squares = _per(sums_about(near, events * np.where(is_lived, rate, 0.0)), homes_about)
    variance = squares - mean**2 - mean * _per(cells_about, homes_about)
    return PER_HOUSEHOLDS * _moved(rate, homes, mean, np.maximum(variance, 0.0))


def deviates(incidents: Numbers, households: Numbers) -> Floats:
    """Return how far incidents are from what households let expect, steadied, (n,); NaN without households.

    ``sqrt(c) + sqrt(c + 1) - sqrt(4 e + 1)``, with e the cell's share of all incidents by households: Freeman and
    Tukey's. Where e is 1 and more about 0 and 1 are its mean and variance; where e is small it is small too.

    Raises
    ------
    BadSettingError
        Arrays are not of one length, or hold what is no number of 0 or more.
    """
    events, homes = _counted(incidents, households)
    total = homes.sum()
    mean = events[homes > 0].sum() / total if total > 0 else 0.0
    apart = np.sqrt(events) + np.sqrt(events + 1) - np.sqrt(4 * mean * homes + 1)
    apart[homes == 0] = np.nan
    return np.asarray(apart)


def _per(events: Floats, homes: Floats) -> Floats:
    """Return events a household, NaN where there is none."""
    return np.asarray(np.divide(events, homes, out=np.full(len(events), np.nan), where=homes > 0))


def _moments(events: Floats, homes: Floats) -> tuple[float, float]:
    """Return the rate of all cells, and how much more than chance rates vary about it (may be below 0)."""
    is_lived = homes > 0
    if not is_lived.any():
        return 0.0, 0.0
    events, homes = events[is_lived], homes[is_lived]
    mean = events.sum() / homes.sum()
    variance = (homes * (events / homes - mean) ** 2).sum() / homes.sum() - mean / homes.mean()
    return float(mean), float(variance)


def _moved(rate: Floats, homes: Floats, mean: Floats, variance: Floats) -> Floats:
    """Return rates moved towards a mean: kept in full where chance is little beside the variance."""
    whole = variance + _per(mean, homes)
    kept = np.divide(variance, whole, out=np.zeros(len(rate)), where=whole > 0)
    return np.asarray(mean + kept * (rate - mean))


def _counted(incidents: Numbers, households: Numbers) -> tuple[Floats, Floats]:
    """Return both as floats, checked."""
    events, homes = np.asarray(incidents, dtype=np.float64), np.asarray(households, dtype=np.float64)
    for what, array in (("incidents", events), ("households", homes)):
        if array.ndim != 1 or len(array) != len(events) or not (np.isfinite(array) & (array >= 0)).all():
            raise BadSettingError(
                what=what, value="an array" if array.size > 6 else array.tolist(),
                reason="a number of 0 or more for each cell is needed", reason_zh="每个单元需要一个不小于 0 的数",
            )  # fmt: skip
    return events, homes
