"""Duty cells: what offices write in a list of people on duty - periods, several grids in one cell, posts by many names.

Each parser takes the text of one cell (never empty) and returns a value or raises `CellFaultError`.
"""

import re
from collections.abc import Mapping
from datetime import date

from data.readers import values
from data.readers.values import CellFaultError, plain, shown

OPEN = ("至今", "长期", "无", "无限期", "现在", "今", "now", "open", "-", "—", "/")
_DAY = r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?"
_PERIOD = re.compile(
    rf"(?:自|从|由)?\s*(?P<first>{_DAY})\s*(?:起|开始)?\s*"
    rf"(?:(?:至|到|~|-|—|–|─)+\s*(?:(?P<last>{_DAY})|(?P<short>\d{{1,2}}\s*[-/.月]\s*\d{{1,2}}\s*日?)|(?P<open>今|现在|长期)?)"
    r"\s*(?:止|结束)?)?"
)
_SPLIT = re.compile(r"[、,;\n|]+|\s{2,}")
# In the order they are looked for: 楼栋网格员 would be a worker.
_POSTS = (
    ("网格长", "grid_head"), ("网格支部书记", "grid_head"), ("网格员", "worker"), ("网格管理员", "worker"),
    ("专干", "worker"),
    ("联户长", "unit_head"), ("十户长", "unit_head"), ("单元长", "unit_head"), ("户长", "unit_head"),
    ("楼栋长", "building_head"), ("楼长", "building_head"), ("楼管", "building_head"), ("栋长", "building_head"),
    ("包保", "answerable_unit"), ("责任单位", "answerable_unit"), ("包联", "answerable_unit"),
    ("民警", "police"), ("片警", "police"), ("律师", "lawyer"), ("法律顾问", "lawyer"),
)  # fmt: skip
_NUMERALS = dict(zip("一二三四五六七八九", range(1, 10), strict=True))
_CHINESE = re.compile("[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]")


def several(text: str) -> tuple[str, ...]:
    """Return the names or codes that one cell holds, each once, in their order."""
    parts = (values.words(part) for part in _SPLIT.split(plain(text)) if part.strip())
    return tuple(dict.fromkeys(part.removesuffix(".0") for part in parts))


def posts(known: Mapping[str, str]) -> values.Parser:
    """Return a parser of one or several posts: words of `known`, or words that hold a name of a post."""
    exact = {plain(word).casefold(): role for word, role in known.items()}

    def parse(text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_post(word, exact) for word in several(text)))

    return parse


def _post(word: str, exact: Mapping[str, str]) -> str:
    told = exact.get(word.casefold()) or next((role for part, role in _POSTS if part in word), None)
    if told is None:
        raise CellFaultError(
            f"“{shown(word)}”不是已知岗位：网格员、网格长、楼栋长、联户长、包保单位、民警、律师",
            f'"{shown(word)}" is no known post: worker, grid_head, building_head, unit_head, '
            "answerable_unit, police, lawyer",
        )
    return told


def last_day(text: str) -> date | None:
    """Return the last day of something, None where it goes on: 至今, 长期."""
    return None if plain(text).casefold() in OPEN else values.day(text)


def period(text: str) -> tuple[date, date | None]:
    """Return the first and the last day (included) that one cell holds; one day alone has no last."""
    told = plain(text)
    found = _PERIOD.fullmatch(told)
    if not found:
        return values.day(text), None
    first = values.day(found["first"])
    if found["short"]:
        month, day = (int(part) for part in re.findall(r"\d+", found["short"]))
        try:
            last: date | None = first.replace(month=month, day=day)
        except ValueError as error:
            raise CellFaultError(f"“{shown(text)}”不是日期", f'"{shown(text)}" is no day') from error
    else:
        last = values.day(found["last"]) if found["last"] else None
    return first, last


def name_key(name: str) -> str:
    """Return a name as names are compared: plain, without spaces, 第十二网格 as 第12网格."""
    told = "".join(plain(name).casefold().split())
    return _CHINESE.sub(lambda found: str(_number(found[0])), told)


def _number(told: str) -> int:
    tens, ten, ones = told.partition("十")
    if not ten:
        return _NUMERALS[told]
    return 10 * _NUMERALS.get(tens, 1) + _NUMERALS.get(ones, 0)


def phone_key(phone: str | None) -> str | None:
    """Return the digits of a telephone number as numbers are compared, without a country's +86."""
    if phone is None:
        return None
    digits = "".join(letter for letter in phone if letter.isdigit())
    return digits[2:] if len(digits) == 13 and digits.startswith("861") else digits or None
