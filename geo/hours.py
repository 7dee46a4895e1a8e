"""Hours: whether something is open, from opening hours as people write them.

The grammar is OpenStreetMap's (the library opening-hours-py reads it); hours in Chinese, such as 周一至周五 8:30-17:30,
are put into it first. Public holidays are not known here: a rule for them alone does not count.
"""

import re
from datetime import datetime, tzinfo
from functools import lru_cache

from opening_hours import OpeningHours, validate

DAYS = {"一": "Mo", "二": "Tu", "三": "We", "四": "Th", "五": "Fr", "六": "Sa", "日": "Su", "天": "Su"}
WORDS = (
    ("24小时", "24/7"), ("全天", "24/7"), ("全年无休", ""),
    ("工作日", "Mo-Fr"), ("每天", "Mo-Su"), ("每日", "Mo-Su"), ("双休日", "Sa-Su"), ("周末", "Sa-Su"),
    ("法定节假日", "PH"), ("节假日除外", "; PH off"), ("节假日", "PH"),
    ("不开放", "off"), ("休息", "off"), ("关闭", "off"), ("闭馆", "off"),
)  # fmt: skip
# Full-width signs and the many dashes, sign by sign.
SIGNS = str.maketrans("：；，、—–～~至到", ":;,,------")
DAY = r"(?:周|星期|礼拜)([一二三四五六日天])(?:-(?:周|星期|礼拜)?([一二三四五六日天]))?"
TIME = r"(上午|下午|晚上|中午)?\s*(\d{1,2}):(\d\d)"
IDLE = r"开放时间|营业时间|服务时间|开放|营业|服务|办公|[(（）)。]"
NOON = 12


def is_open(hours: str | None, at: datetime, *, zone: tzinfo | None = None) -> bool | None:
    """Return whether something is open at a moment; True where no hours are told, None where none can be read.

    Parameters
    ----------
    hours
        OpenStreetMap's grammar (``Mo-Fr 08:30-17:30; Sa 09:00-12:00``), or Chinese. ``off`` is never.
    at
        A naive moment is local already; an aware one is what the clock then shows in `zone`.
    zone
        Where the hours hold; None reads an aware moment by its own clock.
    """
    if not hours or not hours.strip():
        return True
    read = _read(hours.strip())
    return None if read is None else bool(read.is_open(local(at, zone)))


def local(at: datetime, zone: tzinfo | None) -> datetime:
    """Return the naive moment that a clock in a zone shows; a naive one is that already."""
    there = at.astimezone(zone) if zone is not None and at.tzinfo is not None else at
    return there.replace(tzinfo=None)


@lru_cache(maxsize=10_000)
def _read(hours: str) -> OpeningHours | None:
    told = _in_grammar(hours)
    # Rules for holidays alone say when it is closed, not when it is open.
    return OpeningHours(told) if told != "PH off" and validate(told) else None


def _in_grammar(hours: str) -> str:
    """Return hours in OpenStreetMap's grammar; what is in it already stays as it is."""
    if hours.isascii():
        return re.sub(r"(?<!\d)(\d):(\d\d)", r"0\1:\2", hours)
    told = hours.translate(SIGNS)
    for word, meant in WORDS:
        told = told.replace(word, f" {meant} ")
    told = re.sub(DAY, _days, told)
    told = re.sub(rf"{TIME}\s*-\s*{TIME}", _span, told)
    told = re.sub(IDLE, " ", told)
    told = re.sub(r"(?<=[A-Za-z ]):", " ", told)
    told = re.sub(r"(\d\d:\d\d-\d\d:\d\d)[\s,]*(?=\d\d:)", r"\1,", told)
    told = re.sub(r"(\d\d:\d\d)\s*[,;]?\s*(?=(?:Mo|Tu|We|Th|Fr|Sa|Su|PH)\b)", r"\1; ", told)
    told = re.sub(r"(?<=[a-z])\s*,\s*(?=[A-Z])", ",", told)
    return re.sub(r"\s+", " ", told).strip(" ,;")


def _days(found: re.Match[str]) -> str:
    first, last = found.groups()
    return f" {DAYS[first]}-{DAYS[last]} " if last else f" {DAYS[first]} "


def _span(found: re.Match[str]) -> str:
    half, hour, minute, half_to, hour_to, minute_to = found.groups()
    begin, end = _hour(half, int(hour)), _hour(half_to or half, int(hour_to))
    return f" {begin:02}:{minute}-{end:02}:{minute_to} "


def _hour(half: str | None, hour: int) -> int:
    return hour + NOON if half in ("下午", "晚上") and hour < NOON else hour
