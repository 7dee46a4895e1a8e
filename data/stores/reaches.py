"""Reaches: what can be reached on foot from stations, and how far every building is from one. EPSG:4326, minutes."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import ColumnElement, Connection, delete, select

from data.stores._rows import columns_of, copy_frame, read_frame, read_named
from data.stores._within import EVERYWHERE, below, digits_of
from data.tables.reach import building_walks, category_walks, circle_walks, stations
from data.tables.reach import reaches as reaches_table

METHOD = "reach/1"


def write_reaches(
    connection: Connection,
    reaches: gpd.GeoDataFrame,
    walks: pd.DataFrame,
    *,
    by_category: pd.DataFrame | None = None,
    by_circle: pd.DataFrame | None = None,
    method: str = METHOD,
) -> None:
    """Put circles and walks in the place of all that were stored.

    Parameters
    ----------
    reaches
        index (station_id, minutes); households, people, reached_m, snap_m, is_straight_line, geometry.
    walks
        index building_id; station_id, walk_min of the nearest station, both empty beyond the longest threshold.
    by_category
        The same for each category's stations alone: columns building_id, category, station_id, walk_min;
        rows without a walk are left out. `summary` counts categories from it.
    by_circle
        Who is within each circle: columns building_id, minutes, station_id, walk_min of the nearest station that
        carries it; without it every station carries every circle.
    method
        Name and version of what measured them.
    """
    for table in (reaches_table, building_walks, category_walks, circle_walks):
        connection.execute(delete(table))
    circles = reaches if "method" in reaches.columns else reaches.assign(method=method)
    copy_frame(connection, reaches_table, circles)
    copy_frame(connection, building_walks, walks[["station_id", "walk_min"]].rename_axis("building_id"))
    if by_circle is None:
        by_circle = within_circles(walks, sorted(set(reaches.index.get_level_values("minutes"))))
    columns = ["building_id", "minutes", "station_id", "walk_min"]
    copy_frame(connection, circle_walks, by_circle[columns].reset_index(drop=True))
    if by_category is not None:
        columns = ["building_id", "category", "station_id", "walk_min"]
        copy_frame(connection, category_walks, by_category[columns].dropna(subset=["walk_min"]).reset_index(drop=True))


def within_circles(walks: pd.DataFrame, minutes: Sequence[float]) -> pd.DataFrame:
    """Return columns building_id, minutes, station_id, walk_min: the walks within each of some thresholds."""
    near = walks[["station_id", "walk_min"]].rename_axis("building_id").reset_index().dropna(subset=["station_id"])
    parts = [near[near["walk_min"] <= limit].assign(minutes=float(limit)) for limit in minutes]
    return pd.concat(parts, ignore_index=True) if parts else near.iloc[:0].assign(minutes=0.0)


def read_walks(connection: Connection, *, minutes: float | None = None, category: str | None = None) -> pd.DataFrame:
    """Return index building_id; station_id, walk_min: of the nearest station of all, or of a circle, or of a category.

    Buildings that no such station reaches in time have no row.
    """
    table = building_walks
    condition: ColumnElement[bool] = building_walks.c.station_id.is_not(None)
    if category is not None:
        table, condition = category_walks, category_walks.c.category == category
    elif minutes is not None:
        table, condition = circle_walks, circle_walks.c.minutes == minutes
    statement = select(table.c.building_id, table.c.station_id, table.c.walk_min).where(condition)
    return pd.DataFrame(read_frame(connection, statement, index="building_id", geometry=False))


def read_reaches(
    connection: Connection,
    *,
    minutes: float | None = None,
    category: str | None = None,
    station_id: int | None = None,
    within: str = EVERYWHERE,
) -> gpd.GeoDataFrame:
    """Return circles: index (station_id, minutes); name, category, level, area_code, the table's columns, geometry."""
    columns = [column for column in columns_of(reaches_table) if column.name != "computed_at"]
    statement = select(*columns, stations.c.name, stations.c.category, stations.c.level, stations.c.area_code).join(
        stations, stations.c.station_id == reaches_table.c.station_id
    )
    for column, wanted in (
        (reaches_table.c.minutes, minutes),
        (stations.c.category, category),
        (stations.c.station_id, station_id),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    statement = statement.where(below(stations.c.area_code, within))
    statement = statement.order_by(reaches_table.c.station_id, reaches_table.c.minutes)
    return read_frame(connection, statement, index=["station_id", "minutes"])


def summary(connection: Connection, *, minutes: Sequence[float], within: str = EVERYWHERE) -> dict[str, Any]:
    """Return who lives within the circles of `minutes`, and who beyond the longest of them.

    Returns
    -------
    dict
        minutes; households, people, buildings (all); within: [{minutes, households, people, share}];
        left_out: {households, people, buildings}; categories: [{category, stations, within: [{minutes,
        households, people}]}], with no ``within`` where it was not measured by category; communities:
        [{area_code, name, households, left_out}].
    """
    asked = {"minutes": sorted(float(minute) for minute in minutes), "within": digits_of(within)}
    rows = read_named(connection, "reach/communities", asked, index=None, geometry=False)
    longest = rows[rows["minutes"] == asked["minutes"][-1]]
    households, people, buildings_all = (int(longest[name].sum()) for name in ("households", "people", "buildings"))
    return {
        "minutes": asked["minutes"],
        "households": households,
        "people": people,
        "buildings": buildings_all,
        "within": _thresholds(rows, households),
        "left_out": {
            "households": households - int(longest["households_within"].sum()),
            "people": people - int(longest["people_within"].sum()),
            "buildings": buildings_all - int(longest["buildings_within"].sum()),
        },
        "categories": _categories(connection, asked),
        "communities": [
            {
                "area_code": row.area_code,
                "name": row.name,
                "households": int(row.households),
                "left_out": int(row.households - row.households_within),
            }
            for row in longest.itertuples()
        ],
    }


def _thresholds(rows: pd.DataFrame, households: int) -> list[dict[str, Any]]:
    sums = rows.groupby("minutes")[["households_within", "people_within"]].sum()
    return [
        {
            "minutes": float(str(minutes)),
            "households": int(row["households_within"]),
            "people": int(row["people_within"]),
            "share": round(float(row["households_within"]) / households, 4) if households else None,
        }
        for minutes, row in sums.iterrows()
    ]


def _categories(connection: Connection, asked: dict[str, Any]) -> list[dict[str, Any]]:
    within = str(asked["within"])
    statement = select(stations.c.category).where(below(stations.c.area_code, within))
    counts = pd.Series(list(connection.scalars(statement)), dtype=object).value_counts().sort_index()
    rows = read_named(connection, "reach/categories", asked, index=None, geometry=False)
    measured = {
        category: group[["minutes", "households", "people"]].astype({"households": int, "people": int})
        for category, group in rows.groupby("category")
    }
    return [
        {
            "category": category,
            "stations": int(count),
            "within": measured[category].to_dict("records") if category in measured else [],
        }
        for category, count in counts.items()
    ]
