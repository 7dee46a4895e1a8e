"""Incident columns: which column of somebody's file is what, named in any case, or known by what people call it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from data.readers.nouns import LAT, LON, REPORTED, header_key
from geo.errors import InputError, MissingColumnsError

LISTED = 40
# What is put behind a header that stands there twice (`data.readers.sheets`).
AGAIN = re.compile(r" #\d+$")


class Role(NamedTuple):
    """What a column may be: the option that names it, its words (zh, en), and what people call such columns."""

    option: str
    words: tuple[str, str]
    called: tuple[str, ...]


LON_ROLE = Role("--lon", ("经度", "longitude"), (*LON, "point_x", "coord_x", "easting"))
LAT_ROLE = Role("--lat", ("纬度", "latitude"), (*LAT, "point_y", "coord_y", "northing"))
TIME_ROLE = Role(
    "--time", ("时间", "time"),
    (*REPORTED, "reported_at", "reported_on", "reported_date", "report_date", "datetime", "timestamp", "created",
     "created_at", "created_date", "created_on", "opened", "opened_at", "open_dt", "open_date", "occurred",
     "occurred_at", "occurred_on", "incident_date", "incident_time", "requested_datetime", "month", "事件时间",
     "报案时间", "立案时间", "接报时间", "报事时间", "上报日期", "发生日期", "受理日期", "登记时间", "创建时间",
     "月份"),
)  # fmt: skip
REPORTER_ROLE = Role(
    "--reporter", ("上报人", "reporter"),
    ("reporter", "reporter_id", "caller", "caller_id", "complainant", "上报人", "举报人", "投诉人", "报事人", "报案人",
     "诉求人", "来电人", "来电号码", "联系人", "联系电话"),
)  # fmt: skip
# What incidents come from, the best first: of a file that tells households and people, households are taken.
EXPOSURE_ROLES = tuple(
    Role("--households", ("户数", "households"), called)
    for called in (
        ("households", "household", "households_count", "hh", "户数", "住户数", "家庭户数", "总户数"),
        ("exposure", "at_risk", "基数", "暴露量"),
        ("dwellings", "homes", "addresses", "housing_units", "套数", "住房套数"),
        ("population", "pop", "people", "persons", "residents", "人口", "人口数", "人数", "常住人口", "总人口"),
    )
)  # fmt: skip
# Parts of a time in columns of their own, from the year down.
PARTS = (
    ("year", "年", "年份"), ("month", "月", "月份"), ("day", "日"), ("hour", "时", "小时"), ("minute", "分", "分钟"),
    ("second", "秒"),
)  # fmt: skip


class UnclearColumnError(InputError):
    """It is not clear which column is meant."""

    zh = "{file} 中哪一列是{what_zh}？请用 {option} 指明。{likely_zh}现有列：{found_zh}。"
    en = "Which column of {file} holds the {what}? Name it with {option}. {likely}Columns: {found}."


class SwappedError(InputError):
    """Longitude and latitude stand in each other's place."""

    zh = "{file} 的经度与纬度似乎颠倒了：请改用 --lon {lat} --lat {lon}。"
    en = "Longitude and latitude of {file} look swapped: use --lon {lat} --lat {lon}."


def named(file: str, columns: Sequence[str], asked: str, role: Role) -> str:
    """Return the column that is meant: by its very name, else whatever the case, else as `header_key` compares.

    Raises
    ------
    MissingColumnsError, UnclearColumnError
        There is none; there are several.
    """
    for key in (str, str.casefold, header_key):
        found = [name for name in columns if key(name) == key(asked)]
        if len(found) == 1:
            return found[0]
        if found:
            raise _unclear(file, columns, role, found)
    raise MissingColumnsError(what=file, columns=asked, found=_listed(columns, ", "))


def known(file: str, columns: Sequence[str], role: Role) -> str:
    """Return the only column that is called as such columns are.

    Raises
    ------
    UnclearColumnError
        There is none, or there are several.
    """
    found = likely(columns, role)
    if len(found) != 1:
        raise _unclear(file, columns, role, found)
    return found[0]


def likely(columns: Sequence[str], role: Role) -> list[str]:
    """Return the columns that are called as such columns are."""
    words = {header_key(word) for word in role.called}
    return [name for name in columns if header_key(AGAIN.sub("", name)) in words]


def exposure_column(file: str, columns: Sequence[str]) -> str | None:
    """Return the column that is called as what incidents come from is; None where there is none.

    Raises
    ------
    UnclearColumnError
        Several are called so.
    """
    for role in EXPOSURE_ROLES:
        if likely(columns, role):
            return known(file, columns, role)
    return None


def time_columns(file: str, columns: Sequence[str], asked: str | None) -> tuple[str, ...]:
    """Return the column of times, or the columns that together are one.

    Raises
    ------
    MissingColumnsError, UnclearColumnError
        There is none, or several may be meant.
    """
    if asked is not None:
        parts = [part.strip() for part in asked.split(",")]
        is_one = asked in columns or len(parts) == 1
        return tuple(named(file, columns, part, TIME_ROLE) for part in ([asked] if is_one else parts))
    parts_found = _parts(columns)
    whole = [name for name in likely(columns, TIME_ROLE) if name not in parts_found]
    if len(parts_found) > 1 and not whole:
        return tuple(parts_found)
    if len(whole) != 1 or len(parts_found) > 1:
        raise _unclear(file, columns, TIME_ROLE, [*whole, *([",".join(parts_found)] if len(parts_found) > 1 else ())])
    return (whole[0],)


def require_unswapped(file: str, lon: str, lat: str) -> None:
    """Raise `SwappedError` where the names themselves say that one is the other."""
    words = (header_key(lon), header_key(lat))
    eastward, northward = ({key for word in called if len(key := header_key(word)) > 1 and key[0] not in "xy"}
                           for called in (LON, LAT))  # fmt: skip
    if words[0] in northward and words[1] in eastward:
        raise SwappedError(file=file, lon=lon, lat=lat)


def _parts(columns: Sequence[str]) -> list[str]:
    """Return the columns of a year, a month and what follows, as far as there are any; none without both."""
    found: list[str] = []
    for words in PARTS:
        fits = [name for name in columns if header_key(name) in words]
        if len(fits) != 1:
            break
        found += fits
    return found if len(found) > 1 else []


def _unclear(file: str, columns: Sequence[str], role: Role, likely: Sequence[str]) -> UnclearColumnError:
    zh, en = role.words
    return UnclearColumnError(
        file=file, option=role.option, what=en, what_zh=zh, found=_listed(columns, ", "),
        found_zh=_listed(columns, "、"),
        likely=f"It may be: {', '.join(likely)}. " if likely else "",
        likely_zh=f"可能是：{'、'.join(likely)}。" if likely else "",
    )  # fmt: skip


def _listed(columns: Sequence[str], between: str) -> str:
    more = "" if len(columns) <= LISTED else f" ... ({len(columns)})"
    return between.join(columns[:LISTED]) + more
