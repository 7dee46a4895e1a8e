"""Doors: from words or a point to a place. Only what is public is looked at; the reader's role may ask."""

from typing import cast

import pandas as pd
from sqlalchemy import Connection, text

from data.door_words import keys_of, readings_of
from data.sql import read_sql
from data.stores._rows import read_named

TEXT_LENGTH_MAX = 80
COLUMNS = ("kind", "id", "label", "score", "lon", "lat", "accuracy_m")

_PLAIN = text(
    "SELECT plain, (SELECT jsonb_object_agg(letter, sounds) FROM letter_sounds"
    " WHERE letter = ANY (regexp_split_to_array(plain, '') COLLATE \"C\")) AS sounds FROM door_plain(:words) AS plain"
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
    typed = connection.execute(_PLAIN, {"words": words[:TEXT_LENGTH_MAX].replace("\0", " ")}).one()
    readings = readings_of(typed.plain)
    keys = keys_of(readings, typed.sounds or {})
    if not keys:
        return pd.DataFrame({name: [] for name in COLUMNS})
    tails = [(number, *tail) for number, reading in enumerate(readings) for tail in reading.tails]
    asked = {
        "kinds": [key.kind for key in keys], "keys": [key.key for key in keys], "scores": [key.score for key in keys],
        "readings": [key.reading for key in keys], "parts": [key.part for key in keys],
        "starts": [key.is_start for key in keys],
        "tail_readings": [number for number, _, _ in tails], "tails": [tail for _, tail, _ in tails],
        "stairwells": [stairwell for _, _, stairwell in tails], "plain": typed.plain, "most": limit,
    }  # fmt: skip
    return cast(pd.DataFrame, read_named(connection, "doors/search", asked, index=None, geometry=False))


def nearest_building(connection: Connection, lon: float, lat: float, *, within_m: float) -> int | None:
    """Return the building nearest to a point in degrees, or None where there is none within so many metres."""
    asked = {"lon": float(lon), "lat": float(lat), "within_m": float(within_m)}
    found = connection.execute(text(read_sql("doors/nearest")), asked).one_or_none()
    return None if found is None else int(found.building_id)
