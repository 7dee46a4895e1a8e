"""Opening hours as people write them, read at moments of a week: Monday 9:00, 13:00, 20:00 and Saturday 10:00."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from geo.hours import is_open

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY_9, MONDAY_13, MONDAY_20, SATURDAY_10 = (
    datetime(2026, 11, 23, 9, tzinfo=SHANGHAI),
    datetime(2026, 11, 23, 13, tzinfo=SHANGHAI),
    datetime(2026, 11, 23, 20, tzinfo=SHANGHAI),
    datetime(2026, 11, 21, 10, tzinfo=SHANGHAI),
)


@pytest.mark.parametrize(
    ("hours", "wanted"),
    [
        ("Mo-Fr 8:30-17:30", "yy.."),
        ("Mo-Fr 08:30-12:00,14:00-17:30; Sa 09:00-12:00", "y..y"),
        ("24/7", "yyyy"),
        ("off", "...."),
        ("周一至周五 8:30-17:30", "yy.."),
        ("周一至周五 8:30-12:00，14:00-17:30；周六 9:00-12:00", "y..y"),
        ("工作日上午9:00-12:00 下午2:00-5:30", "y..."),
        ("周一到周五（上午8:30—12:00，下午14:30—18:00）", "y..."),
        ("每天 7:00-22:00", "yyyy"),
        ("24小时开放", "yyyy"),
        ("星期一到星期日 08:00~20:00", "yy.y"),
        ("周一至周五8:30-17:30，周末休息", "yy.."),
        ("周一、周三 9:00-11:00", "y..."),
        ("8:30-17:30（节假日除外）", "yy.y"),
        ("晚上7:00-9:00", "..y."),
        (None, "yyyy"),
        ("  ", "yyyy"),
        ("whenever", "????"),
        ("法定节假日休息", "????"),
    ],
)
def test_hours_are_read_in_both_languages(hours: str | None, wanted: str) -> None:
    told = [is_open(hours, at) for at in (MONDAY_9, MONDAY_13, MONDAY_20, SATURDAY_10)]
    assert "".join({True: "y", False: ".", None: "?"}[found] for found in told) == wanted


def test_an_aware_moment_is_read_by_the_clock_of_the_zone() -> None:
    hours = "Mo-Fr 08:30-17:30"
    one_utc = datetime(2026, 11, 23, 1, tzinfo=UTC)  # nine in the morning in Shanghai
    assert is_open(hours, one_utc, zone=SHANGHAI) is True
    assert is_open(hours, one_utc) is False
    assert is_open(hours, one_utc.replace(hour=9), zone=SHANGHAI) is True
    assert is_open(hours, one_utc.replace(hour=10), zone=SHANGHAI) is False
    assert is_open(hours, MONDAY_9.replace(tzinfo=None), zone=SHANGHAI) is True  # a naive one is local already
