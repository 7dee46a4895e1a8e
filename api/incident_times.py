"""Incident times: a column of somebody's file, or several joined, as moments, however people write them.

A column is read as one: whether 5/3/2026 is in May or in March is decided by all its cells together, and where none
of them can decide, the caller has to. Forms are those of `data.readers.values.moment`, and those of other countries
and programs: names of months, a.m. and p.m., months without a day, seconds since 1970.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from data.readers.values import EXCEL_DAYS, EXCEL_EPOCH, YEARS, plain
from geo.edges import Bools, Floats, Ints, Shapes
from geo.errors import InputError

Times = npt.NDArray[np.datetime64]
Parts = dict[str, Any]

DAY_S, SECOND_US, MONTHS_A_YEAR = 86_400, 1_000_000, 12
# A year of two figures is one up to 2069.
CENTURY_ENDS = 70
# From such a share on, months without a day are what a column holds.
MONTHLY_SHARE = 0.01
# What programs write for no date at all.
NO_DATE = np.datetime64("1900-01-01")
MONTHS = {name: at for at, name in enumerate(("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct",
                                              "nov", "dec"), start=1)}  # fmt: skip
CLOCK = (
    r"(?:[T\s,]*(?P<half>上午|下午)?\s*(?P<hour>\d{1,2})\s*[:时点.]\s*(?:(?P<minute>\d{1,2})\s*分?"
    r"(?:\s*[:.]?\s*(?P<second>\d{1,2})(?:[.,](?P<part>\d{1,9}))?\s*秒?)?)?\s*(?P<noon>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$"
)
YEAR, SHORT_YEAR, MONTH = r"(?P<year>\d{4})", r"(?P<year>\d{4}|\d{2})", r"(?P<month>\d{1,2})"
DAY, NAME = r"(?P<day>\d{1,2})", r"(?P<name>[A-Za-z]{3,9})"
FORMS = (
    rf"^{YEAR}\s*[-/.年]\s*{MONTH}\s*[-/.月]\s*{DAY}\s*[日号]?{CLOCK}",
    rf"^(?P<one>\d{{1,2}})\s*(?P<mark>[-/.])\s*(?P<two>\d{{1,2}})\s*[-/.]\s*{SHORT_YEAR}{CLOCK}",
    rf"^{YEAR}\s*[-/.年]\s*{MONTH}\s*月?(?:份)?$",
    r"^(?P<year>\d{4})(?P<month>\d{2})(?:(?P<day>\d{2})(?:[T\s]?(?P<hour>\d{2})(?P<minute>\d{2})"
    r"(?P<second>\d{2})?(?P<zone>Z)?)?)?$",
    rf"^(?:[A-Za-z]{{3,9}},?\s+)?{DAY}(?:st|nd|rd|th)?[-\s/.]*{NAME}\.?[-\s/.,]*{SHORT_YEAR}{CLOCK}",
    rf"^(?:[A-Za-z]{{3,9}},\s+)?{NAME}\.?[-\s]*{DAY}(?:st|nd|rd|th)?,?\s+{YEAR}{CLOCK}",
    rf"^{NAME}\.?[-\s,/]*{YEAR}$",
    r"^(?P<serial>\d{5}(?:\.\d{1,20})?)$",
    r"^(?P<since>\d{10}|\d{13})$",
)


class UnclearDatesError(InputError):
    """Nothing in a column says whether its dates begin with the day or with the month."""

    zh = "列 {column} 的日期（如“{example}”）无法判断是日在前还是月在前。请用 --day-first 或 --month-first 指明。"
    en = (
        "The dates of column {column}, such as {example}, do not tell whether the day or the month comes first. "
        "Say it: --day-first or --month-first."
    )


@dataclass(frozen=True, eq=False)
class Moments:
    """When the rows of a file happened.

    Attributes
    ----------
    at, local
        (n,) datetime64[us], by UTC and by the clock of the place; NaT where there is a fault.
    fault
        (n,) "no_time", "time" or "year"; "" for a good row.
    order
        "day_first" or "month_first" where dates were written so; else None.
    resolution
        "month", "day" or "time": how exactly it is told.
    zoned
        How many good rows say their own zone.
    """

    at: Times
    local: Times
    fault: Shapes
    order: str | None
    resolution: str
    zoned: int


@dataclass(frozen=True, eq=False)
class _Read:
    """Cells as clocks show them (NaT: no time), whose clock (offset from UTC, NaN: the place's), and how written."""

    wall: Times
    offset_us: Floats
    has_day: Bools
    is_empty: Bools
    order: str | None = None


def moments_of(
    columns: Sequence[pa.ChunkedArray], name: str, *, zone: str, is_day_first: bool | None = None
) -> Moments:
    """Return when each row happened.

    Parameters
    ----------
    columns
        One column; or year, month and what follows down to the second; or a day and a clock's time.
    name
        What to call them.
    zone
        Whose clock is meant where a row does not say it.
    is_day_first
        How 5/3/2026 is read; None lets the column decide.

    Raises
    ------
    UnclearDatesError
        The column cannot decide.
    """
    column = _flat(columns[0]) if len(columns) == 1 else _joined(columns)
    cells = column.combine_chunks().dictionary_encode()
    cells = cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
    known, code = cells.dictionary, np.asarray(pc.fill_null(cells.indices, len(cells.dictionary)), dtype=np.int64)
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        read = _typed(known)
    else:
        read = _written(_plain(_as_text(known)), name, is_day_first)
    at, local = _by_clock(read, zone)
    fault = np.where(np.isnat(read.wall), "time", "").astype(object)
    fault[(fault == "") & ~_is_believable(read.wall)] = "year"
    fault[read.is_empty] = "no_time"
    at[fault != ""] = local[fault != ""] = np.datetime64("NaT")
    is_zoned = (np.isfinite(read.offset_us) & (fault == ""))[code]
    resolution = _resolution(local[code], read.has_day[code])
    return Moments(at[code], local[code], fault[code], read.order, resolution, int(is_zoned.sum()))


def _flat(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _as_text(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return values as text; whole numbers in floats are written whole."""
    if pa.types.is_floating(values.type):
        whole = pc.equal(values, pc.round(values))
        texts = pc.cast(values, pa.string())
        return pc.if_else(whole, pc.cast(pc.cast(pc.round(values), pa.int64(), safe=False), pa.string()), texts)
    return pc.cast(values, pa.string())


def _plain(texts: pa.Array) -> pa.Array:
    """Return texts with plain letters and figures, without spaces at their ends; and an empty one for no cell."""
    texts = pa.concat_arrays([texts, pa.array([""], type=pa.string())])
    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = pa.array([plain(text) for text in texts.to_pylist()], type=pa.string())
    return pc.replace_substring_regex(pc.utf8_trim_whitespace(texts), r"^(\d+)\.0+$", r"\1")


def _joined(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Return parts of a time as one text: 2020-1-5 9:05; or whatever they are, with a space between."""
    parts = [pc.fill_null(_as_text(_flat(part)), "") for part in columns]
    parts = [pc.replace_substring_regex(pc.utf8_trim_whitespace(part), r"^(\d+)\.0+$", r"\1") for part in parts]
    years = pc.sum(pc.match_substring_regex(parts[0], r"^\d{4}$")).as_py() or 0
    if 2 * years < (pc.sum(pc.not_equal(parts[0], "")).as_py() or 0):
        return pc.utf8_trim_whitespace(pc.binary_join_element_wise(*parts, " "))
    day = pc.utf8_rtrim(pc.binary_join_element_wise(*parts[:3], "-"), "-")
    if len(parts) <= 3:
        return day
    clock = [pc.if_else(pc.equal(part, ""), "0", part) for part in parts[3:]]
    clock = [*clock, pc.if_else(pc.equal(day, ""), "", "0")] if len(clock) == 1 else clock
    told = pc.binary_join_element_wise(day, pc.binary_join_element_wise(*clock, ":"), " ")
    return pc.if_else(pc.equal(day, ""), "", told)


def _typed(known: pa.Array) -> _Read:
    """Return days and times that the file itself knows as such."""
    zoned = pa.types.is_timestamp(known.type) and known.type.tz is not None
    wall = pc.cast(known, pa.timestamp("us", tz="UTC" if zoned else None), safe=False)
    wall = np.append(wall.to_numpy(zero_copy_only=False).astype("datetime64[us]"), np.datetime64("NaT"))
    offset_us = np.full(len(wall), 0.0 if zoned else np.nan)
    return _Read(wall, offset_us, np.ones(len(wall), dtype=np.bool_), np.isnat(wall))


def _written(texts: pa.Array, name: str, is_day_first: bool | None) -> _Read:
    """Return texts as times, each by the first form that fits it."""
    count = len(texts)
    wall, offset_us = np.full(count, "NaT", dtype="datetime64[us]"), np.full(count, np.nan)
    has_day, order = np.ones(count, dtype=np.bool_), None
    left = np.flatnonzero(np.asarray(pc.not_equal(texts, "")))
    for form in FORMS:
        if len(left) == 0:
            break
        found = pc.extract_regex(texts.take(pa.array(left)), form)
        fits = np.asarray(pc.is_valid(found))
        rows, left = left[fits], left[~fits]
        if len(rows) == 0:
            continue
        part: Parts = {field.name: pc.struct_field(found.filter(pa.array(fits)), field.name) for field in found.type}
        if "one" in part:
            order = _order_of(part, name, str(texts[int(rows[0])]), is_day_first)
            part["day"], part["month"] = (part["one"], part["two"])[:: 1 if order == "day_first" else -1]
        wall[rows], offset_us[rows], has_day[rows] = _counted(part) if len(part) == 1 else _shown(part)
    return _Read(wall, offset_us, has_day, np.asarray(pc.equal(texts, "")), order)


def _order_of(part: Parts, name: str, example: str, is_day_first: bool | None) -> str:
    """Return what comes first in dates such as 5/3/2026, by those that can be read in one way only."""
    if is_day_first is None:
        days = int((_figures(part, "one") > MONTHS_A_YEAR).sum()) + int(pc.sum(pc.equal(part["mark"], ".")).as_py())
        months = int((_figures(part, "two") > MONTHS_A_YEAR).sum())
        if days == months:
            raise UnclearDatesError(column=name, example=example)
        is_day_first = days > months
    return "day_first" if is_day_first else "month_first"


def _figures(part: Parts, key: str, empty: int = 0) -> Ints:
    """Return a part as whole numbers; what is not there is `empty`."""
    if key not in part:
        return np.full(len(next(iter(part.values()))), empty, dtype=np.int64)
    told = pc.if_else(pc.equal(part[key], ""), str(empty), part[key])
    return np.asarray(pc.cast(told, pa.int64()), dtype=np.int64)


def _counted(part: Parts) -> tuple[Times, Floats, Bools]:
    """Return days of Excel's calendar, and seconds or milliseconds since 1970, which are UTC."""
    (key, texts), value = next(iter(part.items())), np.asarray(pc.cast(next(iter(part.values())), pa.float64()))
    if key == "serial":
        wall = np.datetime64(EXCEL_EPOCH, "us") + np.rint(value * DAY_S).astype("timedelta64[s]")
        wall[(value < EXCEL_DAYS[0]) | (value >= EXCEL_DAYS[1])] = np.datetime64("NaT")
        return wall, np.full(len(value), np.nan), np.ones(len(value), dtype=np.bool_)
    is_fine = np.asarray(pc.utf8_length(texts)) > len("1577836800")
    seconds = np.where(is_fine, value / 1000, value)
    wall = np.datetime64(0, "us") + np.rint(seconds * SECOND_US).astype("timedelta64[us]")
    return wall, np.zeros(len(value)), np.ones(len(value), dtype=np.bool_)


def _shown(part: Parts) -> tuple[Times, Floats, Bools]:
    """Return what a calendar and a clock show; NaT for what none can."""
    year, month, day = _figures(part, "year"), _figures(part, "month"), _figures(part, "day", 1)
    is_short = np.asarray(pc.equal(pc.utf8_length(part["year"]), 2))
    year = np.where(is_short, year + np.where(year < CENTURY_ENDS, 2000, 1900), year)
    if "name" in part:
        names = pc.utf8_lower(pc.utf8_slice_codeunits(part["name"], 0, 3)).to_pylist()
        month = np.array([MONTHS.get(name, 0) for name in names], dtype=np.int64)
    hour, minute, second = (_figures(part, key) for key in ("hour", "minute", "second"))
    hour = _of_day(part, hour)
    first = (year - 1970).astype("timedelta64[Y]") + np.datetime64("1970", "Y")
    in_month = first.astype("datetime64[M]") + (month - 1).astype("timedelta64[M]")
    on_day = in_month.astype("datetime64[D]") + (day - 1).astype("timedelta64[D]")
    since_us = ((hour * 60 + minute) * 60 + second) * SECOND_US + _microseconds(part, len(year))
    wall = on_day.astype("datetime64[us]") + since_us.astype("timedelta64[us]")
    is_one = (month >= 1) & (month <= MONTHS_A_YEAR) & (on_day.astype("datetime64[M]") == in_month) & (day >= 1)
    wall[~(is_one & (hour < 24) & (minute < 60) & (second < 60))] = np.datetime64("NaT")
    has_day = np.asarray(pc.not_equal(part["day"], "")) if "day" in part else np.zeros(len(year), dtype=np.bool_)
    return wall, _offsets(part, len(year)), has_day


def _of_day(part: Parts, hour: Ints) -> Ints:
    """Return hours of the day, those of the afternoon moved by twelve."""
    is_late, is_early = np.zeros(len(hour), dtype=np.bool_), np.zeros(len(hour), dtype=np.bool_)
    if "half" in part:
        is_late = np.asarray(pc.equal(part["half"], "下午"))
    if "noon" in part:
        half = pc.utf8_lower(pc.utf8_slice_codeunits(part["noon"], 0, 1))
        is_late |= np.asarray(pc.equal(half, "p"))
        is_early = np.asarray(pc.equal(half, "a"))
    return np.where(is_late & (hour < 12), hour + 12, np.where(is_early & (hour == 12), 0, hour))


def _microseconds(part: Parts, count: int) -> Ints:
    if "part" not in part:
        return np.zeros(count, dtype=np.int64)
    told = pc.utf8_slice_codeunits(pc.utf8_rpad(part["part"], 6, "0"), 0, 6)
    return np.asarray(pc.cast(told, pa.int64()), dtype=np.int64)


def _offsets(part: Parts, count: int) -> Floats:
    """Return how far clocks are before UTC, in microseconds; NaN where they do not say."""
    offset_us = np.full(count, np.nan)
    if "zone" not in part:
        return offset_us
    zones = part["zone"].dictionary_encode()
    for at, zone in enumerate(zones.dictionary.to_pylist()):
        if zone:
            digits = zone[1:].replace(":", "").ljust(4, "0")
            minutes = 60 * int(digits[:2]) + int(digits[2:]) if zone[0] in "+-" else 0
            offset_us[np.asarray(zones.indices) == at] = (-minutes if zone[0] == "-" else minutes) * 60 * SECOND_US
    return offset_us


def _by_clock(read: _Read, zone: str) -> tuple[Times, Times]:
    """Return times by UTC, and by the clock of the place."""
    is_zoned = np.isfinite(read.offset_us)
    at, local = read.wall.copy(), read.wall.copy()
    at[is_zoned] -= read.offset_us[is_zoned].astype("timedelta64[us]")
    sane = _is_believable(read.wall)
    for rows, is_local in ((np.flatnonzero(sane & ~is_zoned), True), (np.flatnonzero(sane & is_zoned), False)):
        if len(rows) and is_local:
            # An hour that a clock shows twice is taken as the earlier; one that it skips, as the next.
            clock = pd.DatetimeIndex(local[rows]).tz_localize(
                zone, ambiguous=np.ones(len(rows), dtype=bool), nonexistent="shift_forward"
            )
            at[rows] = clock.tz_convert("UTC").tz_localize(None).to_numpy()
        elif len(rows):
            clock = pd.DatetimeIndex(at[rows], tz="UTC").tz_convert(zone)
            local[rows] = clock.tz_localize(None).to_numpy()
    return at, local


def _is_believable(wall: Times) -> Bools:
    first, end = (np.datetime64(f"{year}-01-01") for year in YEARS)
    return np.asarray((wall >= first) & (wall < end) & (wall != NO_DATE), dtype=np.bool_)


def _resolution(local: Times, has_day: Bools) -> str:
    """Return how exactly times are told; days that are all the first of a month are months."""
    there = ~np.isnat(local)
    if not there.any():
        return "time"
    told, has_day = local[there], has_day[there]
    days = told.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    if (~has_day).mean() > MONTHLY_SHARE:
        return "month"
    if (days != told).any():
        return "time"
    return "month" if (days == months).all() and months.min() < months.max() else "day"
