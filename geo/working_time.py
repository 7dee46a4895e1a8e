"""Working time: when an office is at work, and when a limit counted in its hours runs out.

A calendar is a week of spans, holidays on which nobody works, and days worked in their stead (调休), which are like the
week's first working day. Days are those of its time zone. What lies beyond the holidays that are known is counted as
an ordinary week.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from geo.errors import BadSettingError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Span = tuple[int, int]

DAY_MIN = 24 * 60
WEEK = 7
AT_MOST_DAYS = 40_000


@dataclass(frozen=True)
class WorkingCalendar:
    """When an office is at work.

    Attributes
    ----------
    week
        Seven days, Monday first: spans of (start, end) in minutes after midnight, in order, apart from each other.
    days_off, days_on
        Holidays, and days worked instead; a day in both is off.
    zone
        Whose midnight begins a day.

    Raises
    ------
    BadSettingError
        A span is empty, turned, overlaps the one before it or leaves its day; or nobody ever works.
    """

    week: tuple[tuple[Span, ...], ...]
    days_off: frozenset[date] = frozenset()
    days_on: frozenset[date] = frozenset()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))

    def __post_init__(self) -> None:
        """Refuse a week that is none."""
        if len(self.week) != WEEK or not any(self.week):
            raise _bad(self.week, "a week has seven days, and work on one of them", "一周七天，至少一天上班")
        for spans in self.week:
            edges = [minute for span in spans for minute in span]
            if edges != sorted(set(edges)) or any(not 0 <= minute <= DAY_MIN for minute in edges):
                raise _bad(spans, "spans must follow each other within their day", "时段须在当天内依次排列")

    def spans_of(self, day: date) -> tuple[Span, ...]:
        """Return the spans worked on a day."""
        if day in self.days_off:
            return ()
        usual = self.week[day.weekday()]
        return usual or (next(filter(None, self.week)) if day in self.days_on else ())


ALWAYS = WorkingCalendar(week=(((0, DAY_MIN),),) * WEEK)


def deadlines(calendar: WorkingCalendar, since: pd.Series, hours: pd.Series) -> pd.Series:
    """Return the moment by which so many working hours have passed, never before `since`.

    Parameters
    ----------
    since
        (n,) aware times.
    hours
        (n,) working hours, 0 or more; missing means no limit.

    Returns
    -------
    pandas.Series
        Index of `since`, UTC; missing where there is no limit.

    Raises
    ------
    BadSettingError
        Times have no zone, hours are below 0, or a limit lies more than a hundred years ahead.
    """
    start_s, limit_s = _seconds(since), hours.to_numpy(dtype=np.float64) * 3600
    if (limit_s < 0).any():
        raise _bad(float(np.nanmin(limit_s) / 3600), "a limit is 0 hours or more", "时限不能小于 0")
    asked = np.isfinite(start_s) & np.isfinite(limit_s)
    found = np.full(len(start_s), np.nan)
    if asked.any():
        line = _Timeline(calendar, float(start_s[asked].min()))
        wanted = line.worked_s(start_s[asked]) + limit_s[asked]
        ends_s = np.maximum(line.moments_s(wanted), start_s[asked])
        found[asked] = np.where(limit_s[asked] == 0, start_s[asked], ends_s)
    return _times(found, since.index)


def worked_hours(calendar: WorkingCalendar, since: pd.Series, until: pd.Series) -> pd.Series:
    """Return the working hours between two (n,) aware times of each row; below 0 where they are turned.

    Raises
    ------
    BadSettingError
        Times have no zone.
    """
    start_s, end_s = _seconds(since), _seconds(until)
    asked = np.isfinite(start_s) & np.isfinite(end_s)
    found = np.full(len(start_s), np.nan)
    if asked.any():
        line = _Timeline(calendar, float(min(start_s[asked].min(), end_s[asked].min())))
        found[asked] = (line.worked_s(end_s[asked]) - line.worked_s(start_s[asked])) / 3600
    return pd.Series(found, index=since.index, name="worked_hours")


class _Timeline:
    """The spans worked from a day on, as far as they have been asked for."""

    def __init__(self, calendar: WorkingCalendar, first_s: float) -> None:
        self._calendar = calendar
        self._next = datetime.fromtimestamp(first_s, UTC).astimezone(calendar.zone).date()
        self._first = self._next
        self._start_s: Floats = np.empty(0)
        self._end_s: Floats = np.empty(0)
        self._worked_s: Floats = np.zeros(1)  # at the beginning of each span, and at the end of the last

    def worked_s(self, moment_s: Floats) -> Floats:
        """Return the seconds worked from the beginning to each moment."""
        while len(self._end_s) == 0 or self._end_s[-1] < moment_s.max():
            self._grow()
        span = np.searchsorted(self._start_s, moment_s, side="right") - 1
        into_s = np.minimum(moment_s, self._end_s[span]) - self._start_s[span]
        return np.where(span < 0, 0.0, self._worked_s[span] + into_s)

    def moments_s(self, worked_s: Floats) -> Floats:
        """Return the first moment at which so many seconds have been worked."""
        while self._worked_s[-1] < worked_s.max():
            self._grow()
        span = np.maximum(np.searchsorted(self._worked_s, worked_s, side="left") - 1, 0)
        return np.asarray(self._start_s[span] + worked_s - self._worked_s[span])

    def _grow(self) -> None:
        if (self._next - self._first).days > AT_MOST_DAYS:
            raise _bad(AT_MOST_DAYS, "a limit lies more than a hundred years ahead", "时限超过一百年")
        until = self._next + timedelta(days=max(370, (self._next - self._first).days))
        edges = np.array(list(self._edges(self._next, until))).reshape(-1, 2)
        self._next = until
        self._start_s = np.concatenate([self._start_s, edges[:, 0]])
        self._end_s = np.concatenate([self._end_s, edges[:, 1]])
        self._worked_s = np.concatenate([[0.0], np.cumsum(self._end_s - self._start_s)])

    def _edges(self, first: date, until: date) -> Iterator[tuple[float, float]]:
        day = first
        while day < until:
            for start, end in self._calendar.spans_of(day):
                yield self._moment_s(day, start), self._moment_s(day, end)
            day += timedelta(days=1)

    def _moment_s(self, day: date, minute: int) -> float:
        day, minute = (day + timedelta(days=1), 0) if minute == DAY_MIN else (day, minute)
        return datetime.combine(day, time(minute // 60, minute % 60), tzinfo=self._calendar.zone).timestamp()


def _seconds(times: pd.Series) -> Floats:
    """Return aware times as seconds since 1970; missing ones are not a number."""
    if not isinstance(times.dtype, pd.DatetimeTZDtype):
        if times.isna().all():
            return np.full(len(times), np.nan)
        raise _bad(str(times.dtype), "times with a zone are needed", "需要带时区的时间")
    since = times.dt.tz_convert("UTC") - pd.Timestamp(0, tz="UTC")
    return np.asarray(since.dt.total_seconds().to_numpy(dtype=np.float64))


def _times(seconds: Floats, index: pd.Index) -> pd.Series:
    whole = pd.Series(np.ceil(seconds - 1e-6), index=index)  # a limit is kept to the second
    return pd.to_datetime(whole, unit="s", utc=True)


def _bad(value: object, reason: str, reason_zh: str) -> BadSettingError:
    return BadSettingError(what="working time", value=value, reason=reason, reason_zh=reason_zh)
