"""Values: what people write in a cell - numbers, codes, words, days, times - and what it means.

Each parser takes the text of one cell (never empty) and returns a value or raises `CellFaultError`
with the reason in both languages. Full-width digits and letters are read like plain ones.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from geo.errors import InputError

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Day 0 of Excel's calendar, and the days between which a bare number is one: 1954 to 2119.
EXCEL_EPOCH, EXCEL_DAYS = datetime(1899, 12, 30), (20_000, 80_000)  # noqa: DTZ001 - a calendar, not a moment
YEARS = (1900, 2100)
INT_MAX = 2**31 - 1
TEXT_MAX = 10_000

Parser = Callable[[str], object]

_UNITS = re.compile(r"(户|人|层|楼|个|栋|F)$")
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d*)?(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_TIME = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?"
    r"(?:[T\s]*(?P<half>上午|下午)?\s*(?P<hour>\d{1,2})\s*[:时点]\s*(?:(?P<minute>\d{1,2})\s*分?"
    r"(?:\s*:?\s*(?P<second>\d{1,2})(?:\.\d{1,9})?\s*秒?)?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?", re.ASCII)
_PHONE = re.compile(r"\+?[\d()\-/,;转#*]{3,40}", re.ASCII)


class CellFaultError(InputError):
    """What one cell says cannot be used, and why."""

    zh = "{reason_zh}"
    en = "{reason}"

    def __init__(self, reason_zh: str, reason: str) -> None:
        super().__init__(reason_zh=reason_zh, reason=reason)


def plain(text: str) -> str:
    """Return text with full-width forms made plain and the ends trimmed."""
    return unicodedata.normalize("NFKC", text).strip()


def shown(text: str) -> str:
    """Return text short enough to stand in a message."""
    return text if len(text) <= 40 else text[:37] + "..."


def words(text: str) -> str:
    """Return a name or a sentence: control characters become spaces, ends are trimmed."""
    if len(text) > TEXT_MAX:
        raise CellFaultError(f"文字过长（超过 {TEXT_MAX} 字）", f"longer than {TEXT_MAX} characters")
    told = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if not told:
        raise CellFaultError("没有可读的文字", "there is no readable text")
    return told


def number(text: str) -> float:
    """Return a finite number; thousands separators are allowed."""
    told = plain(text)
    if len(told) > 40 or not any(letter.isdigit() for letter in told) or not _NUMBER.fullmatch(told):
        raise CellFaultError(f"“{shown(text)}”不是数字", f'"{shown(text)}" is not a number')
    value = float(told.replace(",", ""))
    if not math.isfinite(value):
        raise CellFaultError(f"“{shown(text)}”不是数字", f'"{shown(text)}" is not a number')
    return value


def count(text: str) -> int:
    """Return a whole number >= 0; "300户" and "12.0" are read as people mean them."""
    value = number(_UNITS.sub("", plain(text)))
    if value != int(value):
        raise CellFaultError(f"“{shown(text)}”不是整数", f'"{shown(text)}" is not a whole number')
    if value < 0:
        raise CellFaultError(f"“{shown(text)}”小于 0", f'"{shown(text)}" is below 0')
    if value > INT_MAX:
        raise CellFaultError(f"“{shown(text)}”过大", f'"{shown(text)}" is too large')
    return int(value)


def between(low: int, high: int) -> Parser:
    """Return a parser of whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        value = count(text)
        if not low <= value <= high:
            raise CellFaultError(
                f"“{shown(text)}”不在 {low} 到 {high} 之间", f'"{shown(text)}" is not from {low} to {high}'
            )
        return value

    return parse


def code(digits: int, *, shorter: tuple[int, ...] = ()) -> Parser:
    """Return a parser of codes of `digits` digits; `shorter` ones are filled with zeros."""

    def parse(text: str) -> str:
        told = plain(text).removesuffix(".0")
        if "E+" in told.upper():
            raise CellFaultError(
                f"“{shown(text)}”已被 Excel 改成科学计数，请把该列设为文本后重新填写",
                f'Excel turned "{shown(text)}" into a power of ten; make the column text and fill it in again',
            )
        if not (told.isascii() and told.isdigit()) or len(told) not in (digits, *shorter):
            raise CellFaultError(
                f"“{shown(text)}”不是 {digits} 位数字编码", f'"{shown(text)}" is no code of {digits} digits'
            )
        return told.ljust(digits, "0")

    return parse


def choice(known: Mapping[str, str]) -> Parser:
    """Return a parser of words: every key of `known` (any case) means its value."""
    table = {plain(word).casefold(): meaning for word, meaning in known.items()}
    allowed = ", ".join(dict.fromkeys(known.values()))
    allowed_zh = "、".join(word for word in known if not word.isascii()) or allowed

    def parse(text: str) -> str:
        told = table.get(plain(text).casefold())
        if told is None:
            raise CellFaultError(
                f"“{shown(text)}”不在可用值中：{allowed_zh}", f'"{shown(text)}" is not one of: {allowed}'
            )
        return told

    return parse


def phone(text: str) -> str:
    """Return a telephone number as written, without spaces."""
    told = "".join(plain(text).split())
    if not _PHONE.fullmatch(told) or sum(letter.isdigit() for letter in told) < 3:
        raise CellFaultError(f"“{shown(text)}”不是电话号码", f'"{shown(text)}" is not a telephone number')
    return told


def moment(text: str) -> datetime:
    """Return an aware UTC time; a time without a zone is Asia/Shanghai.

    ISO 8601, 2026/3/5 14:05, 2026年3月5日 下午2:05, 20260305, 202603051405, and Excel's day
    numbers. Day-first and month-first dates (5/3/2026) are refused: they cannot be told apart.
    """
    told = plain(text)
    naive, zone = _naive(told, text)
    if not YEARS[0] <= naive.year < YEARS[1]:
        raise CellFaultError(f"“{shown(text)}”的年份不可信", f'the year of "{shown(text)}" is not believable')
    return naive.replace(tzinfo=zone or SHANGHAI).astimezone(UTC)


def day(text: str) -> date:
    """Return the day, in Shanghai, of what `moment` reads."""
    return moment(text).astimezone(SHANGHAI).date()


def _naive(told: str, text: str) -> tuple[datetime, timezone | None]:
    fault = CellFaultError(
        f"“{shown(text)}”不是日期时间；请写成 2026-03-05 14:05",
        f'"{shown(text)}" is not a time; write 2026-03-05 14:05',
    )
    serial = re.fullmatch(r"\d{5}(\.\d{1,20})?", told, re.ASCII)
    if serial and EXCEL_DAYS[0] <= float(told) < EXCEL_DAYS[1]:
        return EXCEL_EPOCH + timedelta(seconds=round(float(told) * 86_400)), None
    parts = _COMPACT.fullmatch(told)
    try:
        if parts:
            return datetime(*(int(part or 0) for part in parts.groups())), None  # type: ignore[arg-type]  # noqa: DTZ001 - six numbers; the caller adds the zone
        found = _TIME.fullmatch(told)
        if not found:
            raise fault
        return _from_parts(found.groupdict())
    except (ValueError, OverflowError) as error:
        raise fault from error


def _from_parts(part: dict[str, str | None]) -> tuple[datetime, timezone | None]:
    hour = int(part["hour"] or 0)
    if part["half"] == "下午" and hour < 12:
        hour += 12
    naive = datetime(  # noqa: DTZ001 - the caller adds the zone
        int(part["year"] or 0), int(part["month"] or 0), int(part["day"] or 0),
        hour, int(part["minute"] or 0), int(part["second"] or 0),
    )  # fmt: skip
    return naive, _zone(part["zone"])


def _zone(told: str | None) -> timezone | None:
    if not told:
        return None
    if told in "Zz":
        return UTC
    digits = told[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if told[0] == "-" else offset)
