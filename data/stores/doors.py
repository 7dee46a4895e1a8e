"""Doors: from words or a point to a place. Only what is public is looked at; the reader's role may ask."""

from typing import cast
from unicodedata import normalize

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection, select, text

from data.door_words import keys_of, readings_of
from data.sql import read_sql
from data.stores._rows import read_frame, read_named, shape_of
from data.tables.ground import buildings

TEXT_LENGTH_MAX = 80
COLUMNS = ("kind", "id", "label", "score", "lon", "lat", "accuracy_m")

_PLAIN = text(
    "SELECT plain, (SELECT jsonb_object_agg(letter, sounds) FROM letter_sounds"
    " WHERE letter = ANY (regexp_split_to_array(plain, '') COLLATE \"C\")) AS sounds FROM door_plain(:words) AS plain"
)

# All in one value, numbers in network byte order: a city's three million are read in a second.
_WALKS = text(
    "SELECT"
    " string_agg(int8send(building_id) || int8send(station_id) || float8send(round(walk_min * 10) / 10), ''::bytea)"
    " FROM (SELECT building_id, station_id, walk_min FROM building_walks WHERE walk_min IS NOT NULL"
    " UNION SELECT building_id, station_id, walk_min FROM category_walks) walks"
)


def search(connection: Connection, words: str, limit: int = 10) -> pd.DataFrame:
    """Return compounds, buildings and communities called somewhat like `words`, best first.

    Names may be typed in letters, by their sound (yunxiyuan), by its initials (yxy) or mixed, with a letter wrong, with
    words of the area in front. Numbers behind lead to the block and to its stairwell, where it is known; floors and
    rooms are read past. Full-width and traditional letters, signs between, numerals and the words for a block make no
    difference. See `data.door_words`.

    Returns
    -------
    pandas.DataFrame
        rows from 0; kind (compound, building, community), id (text), label (what was found, down to the stairwell),
        score (0 to 1), lon, lat (of the stairwell, where that was found), accuracy_m (how far the extent reaches from
        that point, whole metres, at most 5000; 0 for a building).
    """
    typed = connection.execute(_PLAIN, {"words": cut_words(words)}).one()
    readings = readings_of(typed.plain)
    keys = keys_of(readings, typed.sounds or {})
    tails = [(number, *tail) for number, reading in enumerate(readings) for tail in reading.tails]
    if not keys and not any(tail for _, tail, _ in tails):
        return pd.DataFrame({name: [] for name in COLUMNS})
    asked = {
        "kinds": [key.kind for key in keys], "keys": [key.key for key in keys], "scores": [key.score for key in keys],
        "readings": [key.reading for key in keys], "parts": [key.part for key in keys],
        "starts": [key.is_start for key in keys],
        "tail_readings": [number for number, _, _ in tails], "tails": [tail for _, tail, _ in tails],
        "stairwells": [stairwell for _, _, stairwell in tails], "plain": typed.plain, "most": limit,
    }  # fmt: skip
    return cast(pd.DataFrame, read_named(connection, "doors/search", asked, index=None, geometry=False))


def read_blocks(connection: Connection, lon: float, lat: float, *, words: str, most: int) -> pd.DataFrame:
    """Return the buildings of the compound that a point lies in and `words` name: rows from 0; label, lon, lat."""
    asked = {"lon": lon, "lat": lat, "words": cut_words(words), "most": most}
    return cast(pd.DataFrame, read_named(connection, "doors/blocks", asked, index=None, geometry=False))


def cut_words(words: str) -> str:
    """Return as much of some words as is read, half-width: one letter may stand for eighteen."""
    return normalize("NFKC", words[:TEXT_LENGTH_MAX]).replace("\0", " ")[:TEXT_LENGTH_MAX]


def nearest_building(connection: Connection, lon: float, lat: float, *, within_m: float) -> int | None:
    """Return the building nearest to a point in degrees, or None where there is none within so many metres."""
    asked = {"lon": float(lon), "lat": float(lat), "within_m": float(within_m)}
    found = connection.execute(text(read_sql("doors/nearest")), asked).one_or_none()
    return None if found is None else int(found.building_id)


def read_footprints(connection: Connection) -> gpd.GeoDataFrame:
    """Return all buildings: index building_id; geometry (MultiPolygon, EPSG:4326)."""
    table = buildings.c
    statement = select(table.building_id, shape_of(table.geometry)).order_by(table.building_id)
    return read_frame(connection, statement, index="building_id")


def read_walks(connection: Connection) -> pd.DataFrame:
    """Return all walks that are known from doors: columns building_id, station_id, walk_min (to the tenth).

    Of a door the nearest station and that of each category; what is beyond the longest threshold has no row.
    """
    told = connection.scalar(_WALKS)
    sent = {"building_id": ">i8", "station_id": ">i8", "walk_min": ">f8"}
    rows = np.frombuffer(told or b"", dtype=list(sent.items()))
    return pd.DataFrame({name: rows[name].astype(sort[1:]) for name, sort in sent.items()})
