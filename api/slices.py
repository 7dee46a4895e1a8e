"""Slices: whole days, weeks, months or years that a span is cut into, and in which of them each incident lies."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

Days = npt.NDArray[np.datetime64]
Ints = npt.NDArray[np.int64]

FREQUENCIES = {"day": "D", "week": "W-SUN", "month": "M", "year": "Y"}


@dataclass(frozen=True)
class Slices:
    """The periods of a span: the first day of each, the day after the last, and (n,) that of each incident, -1 none."""

    unit: str
    starts: tuple[date, ...]
    end: date
    of: Ints

    def days_of(self, first: int, last: int) -> tuple[date, date]:
        """Return the first and the last day of some periods."""
        until = self.starts[last + 1] if last + 1 < len(self.starts) else self.end
        return self.starts[first], until - timedelta(days=1)


def periods_between(unit: str, first: date, last: date) -> pd.PeriodIndex:
    """Return whole periods (weeks begin on Monday) from the one that holds a day to the one that holds another."""
    return pd.period_range(first, last, freq=FREQUENCIES[unit])


def slices_of(days: Days, unit: str, periods: pd.PeriodIndex) -> Slices:
    """Return some periods, and in which of them each of (n,) days lies."""
    starts = tuple(period.start_time.date() for period in periods)
    end = (periods[-1] + 1).start_time.date()
    edges = np.array([*starts, end], dtype="datetime64[D]")
    of = np.searchsorted(edges, days.astype("datetime64[D]"), side="right") - 1
    of[of == len(starts)] = -1
    return Slices(unit, starts, end, of.astype(np.int64))


def sliced(place: Ints, slices: Slices, places: int) -> Ints:
    """Return (places, periods) how many incidents there are; those at no place (-1) or in no period are left out."""
    periods, there = len(slices.starts), (place >= 0) & (slices.of >= 0)
    flat = np.bincount(place[there] * periods + slices.of[there], minlength=places * periods)
    return np.asarray(flat.reshape(-1, periods), dtype=np.int64)
