"""Datum headings: what columns of longitude and latitude say of their datum: 经度（GCJ02）, lng_bd09, lon (WGS-84)."""

import re
from collections.abc import Sequence
from pathlib import Path

import pyproj

from data.readers import values
from data.readers.nouns import header_key
from geo.errors import BadFileError
from geo.frames import WGS84

# Names by which maps and phones call their datum, as one letter case without anything between.
NAMES = {
    "gcj02": "gcj02", "gcj": "gcj02", "火星": "gcj02", "火星坐标": "gcj02", "火星坐标系": "gcj02", "国测局": "gcj02",
    "高德": "gcj02", "amap": "gcj02", "腾讯": "gcj02",
    "bd09ll": "bd09", "bd09": "bd09", "百度": "bd09", "百度坐标": "bd09", "百度坐标系": "bd09", "baidu": "bd09",
    "wgs84": "wgs84", "cgcs2000": "cgcs2000", "国家2000": "cgcs2000", "大地2000": "cgcs2000", "epsg4326": "wgs84",
    "epsg4490": "cgcs2000",
}  # fmt: skip
_BETWEEN = r"[\s_\-:.()\[\]/]*"
# As a word of its own: behind or before the rest of a heading, not in the middle of another word.
_NAME = re.compile(
    r"(?:(?<![a-z])|(?<=lng)|(?<=lon)|(?<=lat))(?:"
    + "|".join(_BETWEEN.join(map(re.escape, name)) for name in sorted(NAMES, key=len, reverse=True))
    + r")(?![a-z0-9])"
)


def datum_of(heading: str) -> str | None:
    """Return the datum a heading names: gcj02, bd09, wgs84, cgcs2000; None where it names none."""
    found = _NAME.search(values.plain(heading).casefold())
    return None if found is None else NAMES[re.sub(_BETWEEN, "", found.group())]


def place_key(heading: str) -> str:
    """Return a heading as it is compared, without the datum it names."""
    return header_key(re.sub(r"[/\[\]]", "", _NAME.sub("", values.plain(heading).casefold())))


def headed_datum(path: Path, columns: Sequence[str], declared: pyproj.CRS | None, datum: str | None) -> str | None:
    """Return the shifted datum, gcj02 or bd09, that the headings of longitude and latitude name; None for none.

    Parameters
    ----------
    declared, datum
        What somebody said the file is in (`data.readers.files.declared_crs`); None for nobody.

    Raises
    ------
    BadFileError
        One heading contradicts the other, or what was said.
    """
    named = {name: found for name in columns if (found := datum_of(name)) is not None}
    if not named:
        return None
    shown = ", ".join(f"{name}: {found}" for name, found in named.items())
    if len({_shift(found) for found in named.values()}) > 1:
        raise BadFileError(
            file=path.name, reason=f"the headings name two datums ({shown})",
            reason_zh=f"两列标题写的坐标系不一致（{shown}）",
            mend="Pass --lon and --lat of one datum.", mend_zh="请用 --lon、--lat 指定同一坐标系的两列。",
        )  # fmt: skip
    headed = _shift(next(iter(named.values())))
    if declared is None or (headed == datum and (headed is not None or _is_plain(declared))):
        return headed
    said = datum or declared.to_string()
    raise BadFileError(
        file=path.name, reason=f"its headings say {shown}, --crs says {said}",
        reason_zh=f"标题写的是 {shown}，--crs 写的是 {said}",
        mend="Leave --crs out, or rename the columns if they are wrong.",
        mend_zh="请去掉 --crs；若标题有误，请先改正标题。",
    )  # fmt: skip


def _shift(datum: str) -> str | None:
    return datum if datum in ("gcj02", "bd09") else None


def _is_plain(declared: pyproj.CRS) -> bool:
    return bool(declared.is_geographic) and (declared == WGS84 or declared.to_epsg() in (4326, 4490))
