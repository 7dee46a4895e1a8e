"""Doors: from words or a point to a place. Only what is public is looked at; the reader's role may ask."""

import re
import unicodedata
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection, select, text

from data.sql import read_sql
from data.stores._rows import read_frame, read_named, shape_of
from data.tables.ground import buildings

TEXT_LENGTH_MAX = 80
COLUMNS = ("kind", "id", "label", "score", "lon", "lat", "accuracy_m")
_CLOSE = "0.5"  # least word similarity of a hit: measured to keep the right address first among 500,000
_NUMERALS = str.maketrans("零〇一二三四五六七八九", "00123456789")


def search(connection: Connection, words: str, limit: int = 10) -> pd.DataFrame:
    """Return compounds, buildings and communities called somewhat like `words`, best first.

    Full-width letters, spaces and punctuation make no difference; nor do 幢 and 号楼 for 栋, or a
    Chinese numeral before them.

    Returns
    -------
    pandas.DataFrame
        rows from 0; kind (compound, building, community), id (text), label, score (0 to 1), lon, lat,
        accuracy_m (how far the extent reaches from that point, whole metres, at most 5000; 0 for a building).
    """
    typed = tidy(words)
    if not typed:
        return pd.DataFrame({name: [] for name in COLUMNS})
    threshold = text("SELECT set_config('pg_trgm.word_similarity_threshold', :close, true)")
    connection.execute(threshold, {"close": _CLOSE})
    asked = {
        "typed": typed, "typed_pattern": _pattern(typed), "words": fold(typed), "pattern": _pattern(fold(typed)),
        "most": limit, "close": float(_CLOSE),
    }  # fmt: skip
    return cast(pd.DataFrame, read_named(connection, "doors/search", asked, index=None, geometry=False))


def nearest_building(connection: Connection, lon: float, lat: float, *, within_m: float) -> int | None:
    """Return the building nearest to a point in degrees, or None where there is none within so many metres."""
    asked = {"lon": float(lon), "lat": float(lat), "within_m": float(within_m)}
    found = connection.execute(text(read_sql("doors/nearest")), asked).one_or_none()
    return None if found is None else int(found.building_id)


def edition(connection: Connection) -> int:
    """Return a number that grows whenever doors, stations or walks between them change; the reader may ask."""
    return int(connection.scalar(text("SELECT public_ground_edition()")) or 0)


def read_footprints(connection: Connection) -> gpd.GeoDataFrame:
    """Return all buildings: index building_id; geometry (MultiPolygon, EPSG:4326)."""
    table = buildings.c
    statement = select(table.building_id, shape_of(table.geometry)).order_by(table.building_id)
    return read_frame(connection, statement, index="building_id")


def read_walks(connection: Connection) -> pd.DataFrame:
    """Return all walks that are known from doors: columns building_id, station_id, walk_min (to the tenth).

    Of a door the nearest station and that of each category; what is beyond the longest threshold has no row.
    """
    told = connection.scalar(text(read_sql("doors/walks")))
    sent = {"building_id": ">i8", "station_id": ">i8", "walk_min": ">f8"}
    rows = np.frombuffer(told or b"", dtype=list(sent.items()))
    return pd.DataFrame({name: rows[name].astype(sort[1:]) for name, sort in sent.items()})


def tidy(words: str) -> str:
    """Return words with full-width letters as half-width, without spaces and punctuation."""
    plain = unicodedata.normalize("NFKC", words[:TEXT_LENGTH_MAX])
    return "".join(letter for letter in plain if unicodedata.category(letter)[0] in "LNMS" or letter in "-_%")


def fold(words: str) -> str:
    """Return tidy words as blocks are compared: 三幢, 3号楼 and 3栋 are one."""
    plain = re.sub(r"[零〇一二三四五六七八九](?=栋|幢|号楼|单元)", lambda hit: hit.group().translate(_NUMERALS), words)
    return re.sub(r"(?<=\d)(幢|号楼)", "栋", plain)


def _pattern(words: str) -> str:
    """Words anywhere in a text, as LIKE takes them literally."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", words) + "%"
