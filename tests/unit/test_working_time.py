"""Working time: limits end when the office has worked so long, over nights, weekends and holidays."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import BadSettingError
from geo.working_time import ALWAYS, WorkingCalendar, deadlines, worked_hours

ZONE = ZoneInfo("Asia/Shanghai")
DAY = ((8 * 60 + 30, 12 * 60), (14 * 60 + 30, 17 * 60 + 30))  # six and a half hours
OFFICE = WorkingCalendar(
    week=(DAY,) * 5 + ((), ()),
    days_off=frozenset(date(2026, 10, day) for day in range(1, 8)),  # National Day
    days_on=frozenset({date(2026, 9, 27), date(2026, 10, 10)}),  # Sunday and Saturday worked instead
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def ends(calendar: WorkingCalendar, since: str, hours: float) -> str:
    found = deadlines(calendar, pd.Series([at(since)]), pd.Series([hours]))
    return found.dt.tz_convert(ZONE).dt.strftime("%Y-%m-%d %H:%M").iloc[0]


@pytest.mark.parametrize(
    ("since", "hours", "end"),
    [
        ("2026-03-02 09:00", 2, "2026-03-02 11:00"),  # a Monday
        ("2026-03-02 11:00", 2, "2026-03-02 15:30"),  # over noon
        ("2026-03-02 20:00", 1, "2026-03-03 09:30"),  # at night
        ("2026-03-06 17:00", 1, "2026-03-09 09:00"),  # over the weekend
        ("2026-03-02 08:30", 6.5, "2026-03-02 17:30"),  # a day ends on that day, not on the next
        ("2026-03-07 10:00", 0, "2026-03-07 10:00"),  # no time at all
        ("2026-09-26 12:00", 1, "2026-09-27 09:30"),  # a Sunday worked instead
        ("2026-09-30 17:00", 1, "2026-10-08 09:00"),  # over National Day
        ("2026-10-09 17:00", 1, "2026-10-10 09:00"),  # a Saturday worked instead
    ],
)
def test_a_limit_ends_when_the_office_has_worked_so_long(since: str, hours: float, end: str) -> None:
    assert ends(OFFICE, since, hours) == end


def test_without_an_office_hours_are_hours() -> None:
    assert ends(ALWAYS, "2026-10-01 23:00", 48) == "2026-10-03 23:00"


def test_rows_keep_their_index_and_what_has_no_limit_has_none() -> None:
    since = pd.Series([at("2026-03-02 09:00"), at("2026-03-02 09:00"), pd.NaT], index=[5, 3, 9])
    found = deadlines(OFFICE, since, pd.Series([1.0, np.nan, 1.0], index=[5, 3, 9]))
    assert found.index.tolist() == [5, 3, 9]
    assert found.notna().tolist() == [True, False, False]


def test_summer_time_is_the_zones_own_business() -> None:
    calendar = WorkingCalendar(week=(((0, 24 * 60),),) * 7, zone=ZoneInfo("Europe/Berlin"))
    since = pd.Series([datetime(2026, 3, 29, 0, 0, tzinfo=ZoneInfo("Europe/Berlin"))])
    until = since + pd.Timedelta(days=1)
    assert worked_hours(calendar, since, until.dt.floor("s")).iloc[0] == pytest.approx(24)


moments = st.integers(0, 3 * 365 * 86_400).map(lambda after: at("2025-01-01 00:00") + timedelta(seconds=after))


@given(moments, st.integers(0, 900 * 60))
def test_a_limit_is_as_long_as_it_says(since: datetime, minutes: int) -> None:
    start, hours = pd.Series([since]), pd.Series([minutes / 60])
    end = deadlines(OFFICE, start, hours)
    assert (end >= start.dt.tz_convert("UTC")).all()
    assert worked_hours(OFFICE, start, end).iloc[0] == pytest.approx(minutes / 60, abs=1 / 1800)
    before = end - pd.Timedelta(seconds=2)
    if minutes and (before > start).all():
        assert worked_hours(OFFICE, start, before).iloc[0] < minutes / 60


@given(moments, moments, moments)
def test_hours_add_up(first: datetime, second: datetime, third: datetime) -> None:
    a, b, c = (pd.Series([moment]) for moment in (first, second, third))
    whole = worked_hours(OFFICE, a, c).iloc[0]
    assert whole == pytest.approx(worked_hours(OFFICE, a, b).iloc[0] + worked_hours(OFFICE, b, c).iloc[0], abs=1e-6)
    assert abs(whole) <= abs((third - first).total_seconds()) / 3600 + 1e-6


@pytest.mark.parametrize(
    "week",
    [
        ((),) * 7,
        (DAY,) * 6,
        (((540, 540),),) * 7,
        (((600, 540),),) * 7,
        (((540, 720), (700, 800)),) * 7,
        (((540, 1500),),) * 7,
    ],
)
def test_a_week_that_is_none_is_refused(week: tuple[tuple[tuple[int, int], ...], ...]) -> None:
    with pytest.raises(BadSettingError):
        WorkingCalendar(week=week)


def test_bad_limits_and_times_are_refused() -> None:
    since = pd.Series([at("2026-03-02 09:00")])
    with pytest.raises(BadSettingError, match="0 hours"):
        deadlines(OFFICE, since, pd.Series([-1.0]))
    with pytest.raises(BadSettingError, match="hundred years"):
        deadlines(OFFICE, since, pd.Series([1e6]))
    with pytest.raises(BadSettingError, match="zone"):
        deadlines(OFFICE, pd.Series([pd.Timestamp("2026-03-02")]), pd.Series([1.0]))
