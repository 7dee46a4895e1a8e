"""Ledger: all incidents of a scope in memory, a column an array, so that any filter is answered at once.

Moments are whole seconds since 1970 (UTC), `NEVER` where there is none; days, weekdays and hours are those of
Asia/Shanghai. Words are kept once: a column of numbers, and the words they stand for (-1: none).
"""

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.calendar import ZONE
from geo.crs import metre_transformer, metric_crs

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NEVER = np.iinfo(np.int64).max
DAY_S = 86_400
READINGS_KEPT = 3
FIRST_DAY = date(1970, 1, 1).toordinal()

Standing = Literal["open", "in_time", "soon", "overdue", "parked", "returned", "closed"]
STANDINGS: tuple[Standing, ...] = ("open", "in_time", "soon", "overdue", "parked", "returned", "closed")


class Words(NamedTuple):
    """A column of words: (n,) numbers, and the word of each number."""

    code: npt.NDArray[np.int32]
    words: tuple[str, ...]

    @classmethod
    def of(cls, values: npt.NDArray[np.object_]) -> "Words":
        """Return values, None for none, as a column of words in their order."""
        code, words = pd.factorize(values, sort=True)
        return cls(code.astype(np.int32), tuple(str(word) for word in words))

    def number(self, word: str) -> int:
        """Return the number of a word; of one that never occurs, a number that none has."""
        return self.words.index(word) if word in self.words else -2

    def counts(self, chosen: Bools | Ints) -> dict[str, int]:
        """Return how often each word stands among the chosen rows; words that do not are left out."""
        found = np.bincount(self.code[chosen] + 1, minlength=len(self.words) + 1)[1:]
        return {word: int(count) for word, count in zip(self.words, found.tolist(), strict=True) if count}


@dataclass(frozen=True, eq=False)
class Ledger:
    """Incidents by incident_id, in rising order.

    Attributes
    ----------
    incident_id, building_id
        building_id is -1 where there is none.
    reported_s, closed_s, due_s
        When it was reported, closed, and when its limit ends.
    lon, lat
        Degrees; NaN without a place.
    category, tier, state, area, grid, reporter
        Words; `grid` is the one of the day it was reported, `reporter` a digest.
    is_parked, is_stray, returns
        Parked; a place that is none of ours, or no place, or marked as a duplicate; how often it was handed back.
    """

    incident_id: Ints
    building_id: Ints
    reported_s: Ints
    closed_s: Ints
    due_s: Ints
    lon: Floats
    lat: Floats
    category: Words
    tier: Words
    state: Words
    area: Words
    grid: Words
    reporter: Words
    is_parked: Bools
    is_stray: Bools
    returns: Ints

    def __len__(self) -> int:
        """Return how many incidents there are."""
        return len(self.incident_id)

    @cached_property
    def local_s(self) -> Ints:
        """Seconds of Shanghai's own clock when each was reported."""
        if len(self) == 0:
            return self.reported_s
        days = self.reported_s // DAY_S
        first = int(days.min())
        offset_s = np.zeros(int(days.max()) - first + 1, dtype=np.int64)
        # One offset a day of UTC is enough: since 1992 the zone has had but one.
        for day in np.flatnonzero(np.bincount(days - first)).tolist():
            offset = datetime.fromtimestamp((day + first) * DAY_S, ZONE).utcoffset() or timedelta()
            offset_s[day] = int(offset.total_seconds())
        return np.asarray(self.reported_s + offset_s[days - first])

    @cached_property
    def day(self) -> npt.NDArray[np.int32]:
        """Days since 1970, Asia/Shanghai, on which each was reported."""
        return (self.local_s // DAY_S).astype(np.int32)

    @cached_property
    def hour_of_week(self) -> npt.NDArray[np.int16]:
        """Hours since Monday's midnight, 0 to 167."""
        return ((self.local_s // 3600 + 72) % 168).astype(np.int16)  # 1970 began on a Thursday

    @cached_property
    def zone(self) -> int:
        """EPSG code of the metre zone in which most of it lies."""
        there = ~np.isnan(self.lon)
        lon, lat = (float(np.median(column[there])) if there.any() else 0.0 for column in (self.lon, self.lat))
        return int(metric_crs(lon, lat).to_epsg() or 0)

    @cached_property
    def xy_m(self) -> Floats:
        """(n, 2) Metres in that zone; NaN without a place."""
        return metres(self.lon, self.lat, self.zone)

    @cached_property
    def readings(self) -> dict[str, Words]:
        """The grid of every incident by other plans than those of its own day, as they were asked for."""
        return {}

    def keep_reading(self, key: str, grid: Words) -> Words:
        """Keep the grids of a set of plans, the newest few sets."""
        self.readings[key] = grid
        for old in list(self.readings)[:-READINGS_KEPT]:
            self.readings.pop(old, None)
        return grid

    def standing(self, name: Standing, *, now_s: int, soon_s: int) -> Bools:
        """Return which incidents stand so at a moment; `soon_s` is when "soon" ends."""
        is_open, is_late, is_near = self.closed_s == NEVER, self.due_s < now_s, self.due_s < soon_s
        known: dict[Standing, Bools] = {
            "open": is_open, "closed": ~is_open, "parked": is_open & self.is_parked,
            "returned": is_open & (self.returns > 0), "overdue": is_open & is_late,
            "soon": is_open & is_near & ~is_late, "in_time": is_open & ~is_near & ~self.is_parked,
        }  # fmt: skip
        return known[name]

    def rows(self, chosen: Bools | Ints) -> "Ledger":
        """Return a ledger of the chosen rows."""
        return Ledger(**{item.name: _taken(getattr(self, item.name), chosen) for item in fields(self)})


def metres(lon: Floats, lat: Floats, zone: int) -> Floats:
    """Return degrees as (n, 2) metres of a zone; NaN stays NaN."""
    there = ~np.isnan(lon)
    xy = np.full((len(lon), 2), np.nan)
    xy[there] = np.column_stack(metre_transformer(zone).transform(lon[there], lat[there]))
    return xy


def _taken(column: Any, chosen: Bools | Ints) -> Any:
    return Words(column.code[chosen], column.words) if isinstance(column, Words) else column[chosen]


@dataclass(frozen=True)
class Choice:
    """Which incidents; None is no limit.

    Attributes
    ----------
    first_on, last_on
        Days reported, both included, Asia/Shanghai.
    category, tier, state, grid_code
        A word.
    standing
        One of `STANDINGS`.
    weekdays, hours
        Days of the week (1 Monday), and hours of the day as (first, last), both included; over midnight where turned.
    bbox
        west, south, east, north in degrees.
    """

    first_on: date | None = None
    last_on: date | None = None
    category: str | None = None
    tier: str | None = None
    state: str | None = None
    grid_code: str | None = None
    standing: Standing | None = None
    weekdays: tuple[int, ...] | None = None
    hours: tuple[int, int] | None = None
    bbox: tuple[float, float, float, float] | None = None


def chosen(ledger: Ledger, choice: Choice, *, now_s: int, soon_s: int) -> Bools:
    """Return which rows of a ledger a choice leaves."""
    left = np.ones(len(ledger), dtype=np.bool_)
    if choice.first_on is not None:
        left &= ledger.day >= choice.first_on.toordinal() - FIRST_DAY
    if choice.last_on is not None:
        left &= ledger.day <= choice.last_on.toordinal() - FIRST_DAY
    for name in ("category", "tier", "state"):
        if (word := getattr(choice, name)) is not None:
            column: Words = getattr(ledger, name)
            left &= column.code == column.number(word)
    if choice.grid_code is not None:
        left &= ledger.grid.code == ledger.grid.number(choice.grid_code)
    if choice.standing is not None:
        left &= ledger.standing(choice.standing, now_s=now_s, soon_s=soon_s)
    return left & _in_hours(ledger, choice) & _in_box(ledger, choice)


def _in_hours(ledger: Ledger, choice: Choice) -> Bools | np.bool_:
    if choice.weekdays is None and choice.hours is None:
        return np.True_
    first, last = choice.hours or (0, 23)
    hours = {hour % 24 for hour in range(first, last + 1 if first <= last else last + 25)}
    week = np.array([
        (choice.weekdays is None or day in choice.weekdays) and hour in hours
        for day in range(1, 8) for hour in range(24)
    ])  # fmt: skip
    return np.asarray(week[ledger.hour_of_week])


def _in_box(ledger: Ledger, choice: Choice) -> Bools | np.bool_:
    if choice.bbox is None:
        return np.True_
    west, south, east, north = choice.bbox
    with np.errstate(invalid="ignore"):
        return (ledger.lon >= west) & (ledger.lon <= east) & (ledger.lat >= south) & (ledger.lat <= north)
