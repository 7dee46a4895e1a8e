"""Read reach: stations and circles as features, and who is left out, within a scope."""

from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection

from api.answers import feature
from data.profiles import Profile
from data.stores import reaches as reach_store
from data.stores import stations as station_store

_CIRCLE_KEYS = ("name", "category", "households", "people", "reached_m", "is_straight_line")


def station_features(conn: Connection, *, scope: str, category: str | None, profile: Profile) -> list[dict[str, Any]]:
    """Return the stations of a scope; ``households_<minutes>`` is None where nothing was measured."""
    stations = station_store.read_stations(conn, within=scope, category=category)
    circles = reach_store.read_reaches(conn, category=category, within=scope)
    households = circles["households"].unstack("minutes") if len(circles) else pd.DataFrame()
    snap_m = circles["snap_m"].groupby(level="station_id").first() if len(circles) else pd.Series(dtype=float)
    features = []
    for station_id, row, shape in zip(stations.index, stations.to_dict("records"), stations.geometry, strict=True):
        properties = {
            "station_id": station_id,
            **{key: row[key] for key in ("name", "category", "level")},
            **{f"households_{minutes:g}": _cell(households, station_id, minutes) for minutes in profile.minutes},
            "snap_m": snap_m.get(station_id),
        }
        features.append(feature(shape, properties, feature_id=station_id))
    return features


def _cell(table: pd.DataFrame, row: Any, column: Any) -> int | None:
    if row not in table.index or column not in table.columns:
        return None
    value = float(table.to_numpy(dtype=float)[table.index.get_loc(row), table.columns.get_loc(column)])
    return None if np.isnan(value) else int(value)


def circle_features(
    conn: Connection, *, scope: str, minutes: float, category: str | None, station_id: int | None
) -> list[dict[str, Any]]:
    """Return what can be reached on foot in so many minutes from the stations of a scope."""
    circles = reach_store.read_reaches(conn, minutes=minutes, category=category, station_id=station_id, within=scope)
    rows = circles[list(_CIRCLE_KEYS)].to_dict("records")
    return [
        feature(
            shape,
            {"station_id": int(station), "minutes": float(threshold), **row},
            feature_id=f"{station}-{threshold:g}",
        )
        for (station, threshold), row, shape in zip(circles.index, rows, circles.geometry, strict=True)
    ]


def reach_summary(conn: Connection, *, scope: str, profile: Profile, language: str = "zh") -> dict[str, Any]:
    """Return reach within a scope, with the profile's labels, categories in the profile's order."""
    found = reach_store.summary(conn, minutes=profile.minutes, within=scope)
    measured = {row["category"]: row for row in found["categories"]}
    return {
        "minutes": found["minutes"],
        "speed_m_per_s": profile.walking.speed_m_per_s,
        "households": found["households"],
        "people": found["people"],
        "within": [{key: row[key] for key in ("minutes", "households", "share")} for row in found["within"]],
        "left_out": found["left_out"],
        "categories": [
            {
                "key": category.key,
                "label": getattr(category.label, language),
                "stations": measured.get(category.key, {}).get("stations", 0),
                "within": [
                    {"minutes": row["minutes"], "households": row["households"]}
                    for row in measured.get(category.key, {}).get("within", [])
                ],
            }
            for category in profile.stations
        ],
        "communities": found["communities"],
    }
