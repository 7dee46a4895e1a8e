"""Cells of a list of people on duty: periods, several things in one cell, posts by many names, names compared."""

from datetime import date

import pytest

from data.readers.duty_cells import last_day, name_key, period, phone_key, posts, several
from data.readers.nouns import ROLE_WORDS
from data.readers.values import CellFaultError

FIRST = date(2026, 7, 1)


@pytest.mark.parametrize(
    ("cell", "last"),
    [
        ("2026.7.1-2026.12.31", date(2026, 12, 31)),
        ("2026-07-01-2026-08-01", date(2026, 8, 1)),
        ("2026-07-01 至 2026-08-01", date(2026, 8, 1)),
        ("２０２６年７月１日－２０２７年６月３０日", date(2027, 6, 30)),
        ("自2026年7月1日起至2026年9月30日止", date(2026, 9, 30)),
        ("2026.7.1到7月15日", date(2026, 7, 15)),
        ("2026/7/1~7/15", date(2026, 7, 15)),
        ("2026年7月1日至今", None),
        ("2026.7.1-长期", None),
        ("2026年7月1日起", None),
        ("2026-07-01", None),
        ("20260701", None),
        ("46204", None),
    ],
)
def test_a_period_in_one_cell(cell: str, last: date | None) -> None:
    assert period(cell) == (FIRST, last)


@pytest.mark.parametrize(
    "cell", ["明天", "2026.7", "2026.7.1-2026.13.1", "2026.7.1-2.30", "至今", "2026.7.1-8", "7.1-7.15"]
)
def test_a_period_that_is_none(cell: str) -> None:
    with pytest.raises(CellFaultError):
        period(cell)


def test_the_last_day_may_be_open() -> None:
    assert last_day("长期") is last_day(" 至今 ") is last_day("—") is None
    assert last_day("2026.7.1") == FIRST
    with pytest.raises(CellFaultError):
        last_day("再说")


def test_several_in_one_cell() -> None:
    assert several("第1网格、第２网格，第三网格\n第1网格") == ("第1网格", "第2网格", "第三网格")
    assert several("test/33; 王 五") == ("test/33", "王 五")


@pytest.mark.parametrize(
    ("cell", "roles"),
    [
        ("网格员", ("worker",)), ("兼职网格员", ("worker",)), ("网格长（书记）", ("grid_head",)),
        ("网格长、网格员", ("grid_head", "worker")), ("楼栋长", ("building_head",)), ("十户长", ("unit_head",)),
        ("单元长", ("unit_head",)), ("包保单位", ("answerable_unit",)), ("worker", ("worker",)),
    ],
)  # fmt: skip
def test_posts_by_many_names(cell: str, roles: tuple[str, ...]) -> None:
    assert posts(ROLE_WORDS)(cell) == roles


def test_a_post_nobody_knows() -> None:
    with pytest.raises(CellFaultError, match="no known post"):
        posts(ROLE_WORDS)("网格长、市长")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("第一网格", "第1网格"),
        ("第十二 网格", "第１２网格"),
        ("二十网格", "20网格"),
        ("第三十五网格", "第35网格"),
        ("Ａ区", "a区"),
    ],
)
def test_names_that_are_one(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_numbers_that_are_one() -> None:
    assert phone_key("+86 138-0000 0000") == phone_key("13800000000") == "13800000000"
    assert phone_key("0851-2200000") == "08512200000"
    assert phone_key(None) is phone_key("") is None
