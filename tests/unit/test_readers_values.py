"""What people write in cells, and what it means."""

from datetime import UTC, date, datetime

import pytest

from data.readers import values
from data.readers.values import CellFaultError

# 14:05 in Shanghai, UTC+8 all year since 1991.
FIVE_PAST_TWO = datetime(2026, 3, 5, 6, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-05 14:05",
        "2026-03-05T14:05:00",
        "2026-03-05T14:05:00+08:00",
        "2026-03-05T06:05:00Z",
        "2026/3/5 14:05",
        "2026.3.5 14:05",
        "2026年3月5日 14:05",
        "2026年3月5日14时5分",
        "2026年3月5日 下午2时5分",
        "2026年3月5日 下午2:05:00",
        "２０２６/３/５　１４：０５",
        "202603051405",
        "20260305140500",
        "46086.586805556",
    ],
)
def test_one_moment_written_in_many_ways(text: str) -> None:
    assert values.moment(text) == FIVE_PAST_TWO


@pytest.mark.parametrize("text", ["2026-03-05", "2026/3/5", "2026年3月5日", "20260305", "46086"])
def test_a_day_is_its_midnight_in_shanghai(text: str) -> None:
    assert values.moment(text) == datetime(2026, 3, 4, 16, tzinfo=UTC)
    assert values.day(text) == date(2026, 3, 5)


@pytest.mark.parametrize(
    "text",
    [
        "5/3/2026",
        "3-5",
        "2026-13-01",
        "2026-02-30",
        "0001-01-01",
        "9999-12-31",
        "yesterday",
        "12",
        "123456",
        "2026-03-05 25:00",
        "2026-03-05 14:05+99:99",
        "-",
    ],
)
def test_what_is_no_time_is_told_so(text: str) -> None:
    with pytest.raises(CellFaultError) as told:
        values.moment(text)
    assert text[:5] in told.value.text("zh")


@pytest.mark.parametrize(
    ("text", "number"),
    [("300", 300), ("300户", 300), ("1,234", 1234), ("３００", 300), ("12.0", 12), ("1.2e3", 1200), ("0", 0)],
)
def test_counts(text: str, number: int) -> None:
    assert values.count(text) == number


@pytest.mark.parametrize(
    "text", ["-1", "1.5", "many", "1,23", "1e999", "9" * 60, "3000000000", "nan", "inf", ".", "1_000", "二"]
)
def test_what_is_no_count_is_told_so(text: str) -> None:
    with pytest.raises(CellFaultError):
        values.count(text)


def test_codes_keep_their_digits_and_may_be_filled() -> None:
    code = values.code(12, shorter=(6, 9))
    assert code("520113001000") == "520113001000"
    assert code("520113") == "520113000000"
    assert code("012345678901") == "012345678901"
    assert code("520113001000.0") == "520113001000"


@pytest.mark.parametrize(
    ("text", "why"),
    [("5.20113E+11", "科学计数"), ("52011300", "12 位"), ("52011300100x", "12 位"), ("٥٢٠١١٣٠٠١٠٠٠", "12 位")],
)
def test_spoiled_codes_say_what_spoiled_them(text: str, why: str) -> None:
    with pytest.raises(CellFaultError) as told:
        values.code(12)(text)
    assert why in told.value.text("zh")


def test_choices_know_both_languages_and_list_what_is_allowed() -> None:
    parse = values.choice({"noise": "noise", "噪音扰民": "noise", "drain": "drain", "下水道堵塞": "drain"})
    assert parse(" NOISE ") == parse("噪音扰民") == "noise"
    with pytest.raises(CellFaultError) as told:
        parse("火灾")
    assert "噪音扰民、下水道堵塞" in told.value.text("zh")
    assert "noise, drain" in told.value.text("en")


def test_floors_have_bounds() -> None:
    parse = values.between(1, 200)
    assert parse("6层") == 6
    for text in ("0", "201"):
        with pytest.raises(CellFaultError):
            parse(text)


@pytest.mark.parametrize("text", ["13800000000", "0851-12345678", "+86 138 0000 0000", "12345", "（0851）1234567转8"])
def test_telephones(text: str) -> None:
    assert values.phone(text).replace("(", "")


@pytest.mark.parametrize("text", ["none", "1", "call me 12345"])
def test_what_is_no_telephone(text: str) -> None:
    with pytest.raises(CellFaultError):
        values.phone(text)


def test_words_lose_only_what_cannot_be_shown() -> None:
    assert values.words("  云岭\t社区\x07 ") == "云岭 社区"
    with pytest.raises(CellFaultError):
        values.words("\x00\x01")
    with pytest.raises(CellFaultError):
        values.words("x" * 20_000)
