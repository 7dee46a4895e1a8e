"""Reaches: circles and walks in and out, and sums that can be done by hand."""

import pandas as pd
import pytest
import shapely
from sqlalchemy import Connection, select

from data.stores import reaches, stations
from data.stores._rows import read_frame
from data.stores._values import RefusedRowsError
from data.tables import metadata
from tests.fixtures.small_town import COMMUNITIES, draw_reaches, draw_town
from tests.store.kept import plain

A, B, C, D = COMMUNITIES


def kept_walks(conn: Connection) -> pd.DataFrame:
    table = metadata.tables["building_walks"]
    return pd.DataFrame(
        read_frame(conn, select(table).order_by(table.c.building_id), index="building_id", geometry=False)
    )


def test_circles_come_back(conn: Connection) -> None:
    circles, walks = draw_reaches(draw_town())
    back = reaches.read_reaches(conn)
    assert back.index.names == ["station_id", "minutes"]
    columns = ["households", "people", "reached_m", "snap_m", "is_straight_line"]
    assert plain(back[columns]) == plain(circles[columns])
    assert shapely.equals_identical(back.geometry.values, circles.geometry.values).all()
    assert plain(kept_walks(conn)) == plain(walks)


def test_circles_by_minutes_category_station_and_place(conn: Connection) -> None:
    assert list(reaches.read_reaches(conn, minutes=5).index) == [(1, 5.0), (2, 5.0)]
    assert list(reaches.read_reaches(conn, category="health").index) == [(2, 5.0), (2, 15.0)]
    assert list(reaches.read_reaches(conn, station_id=1, minutes=15).index) == [(1, 15.0)]
    assert set(reaches.read_reaches(conn, within=C)["area_code"]) == {C}
    assert len(reaches.read_reaches(conn, minutes=7)) == 0


def test_summary_by_hand(conn: Connection) -> None:
    """A's 16 buildings walk 4 minutes, C's 9, B's and D's have no walk; 30 households and 84 people each."""
    found = reaches.summary(conn, minutes=[15, 5])
    assert (found["households"], found["people"], found["buildings"]) == (1920, 5376, 64)
    assert found["within"] == [
        {"minutes": 5.0, "households": 480, "people": 1344, "share": 0.25},
        {"minutes": 15.0, "households": 960, "people": 2688, "share": 0.5},
    ]
    assert found["left_out"] == {"households": 960, "people": 2688, "buildings": 32}
    assert [(row["area_code"], row["households"], row["left_out"]) for row in found["communities"]] == [
        (A, 480, 0), (B, 480, 480), (C, 480, 0), (D, 480, 480),
    ]  # fmt: skip
    assert [(row["category"], row["stations"], row["within"]) for row in found["categories"]] == [
        ("health", 1, []), ("service", 1, []),
    ]  # fmt: skip


def test_summary_of_one_community(conn: Connection) -> None:
    found = reaches.summary(conn, minutes=[5, 15], within=C)
    assert [row["households"] for row in found["within"]] == [0, 480]
    assert [row["category"] for row in found["categories"]] == ["health"]
    assert len(found["communities"]) == 1


def test_summary_where_nobody_lives(conn: Connection) -> None:
    found = reaches.summary(conn, minutes=[5], within="99")
    assert found["households"] == 0
    assert found["communities"] == []


def test_categories_count_a_household_once(undone: Connection) -> None:
    circles, walks = draw_reaches(draw_town())
    by_category = pd.DataFrame(
        {
            "building_id": [1, 2, 3, 1], "category": ["service", "service", "service", "health"],
            "station_id": pd.array([1, 1, None, 2], dtype="Int64"), "walk_min": [4.0, 12.0, None, 3.0],
        }
    )  # fmt: skip
    reaches.write_reaches(undone, circles, walks, by_category=by_category, method="test/1")
    found = {row["category"]: row["within"] for row in reaches.summary(undone, minutes=[5, 15])["categories"]}
    assert found["service"] == [
        {"minutes": 5.0, "households": 30, "people": 84},
        {"minutes": 15.0, "households": 60, "people": 168},
    ]
    assert [row["households"] for row in found["health"]] == [30, 30]
    assert set(reaches.read_reaches(undone)["method"]) == {"test/1"}


def test_writing_again_replaces(undone: Connection) -> None:
    circles, walks = draw_reaches(draw_town())
    reaches.write_reaches(undone, circles.loc[[1]], walks.loc[:10])
    assert len(reaches.read_reaches(undone)) == 2
    assert len(kept_walks(undone)) == 10


def test_a_straight_line_has_no_snap(undone: Connection) -> None:
    circles, walks = draw_reaches(draw_town())
    reaches.write_reaches(undone, circles.assign(snap_m=float("nan"), is_straight_line=True), walks)
    assert reaches.read_reaches(undone)["snap_m"].isna().all()


def test_a_circle_of_no_station_is_refused(undone: Connection) -> None:
    circles, walks = draw_reaches(draw_town())
    assert 9 not in stations.read_stations(undone).index
    with pytest.raises(RefusedRowsError, match="not present"):
        reaches.write_reaches(undone, circles.rename({1: 9}, level="station_id"), walks)
