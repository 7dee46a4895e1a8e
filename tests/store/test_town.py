"""A town in and out: the same frames come back, nothing is written over, and clearing leaves accounts and audit."""

import dataclasses
from datetime import UTC, date, datetime

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from sqlalchemy import Connection, Engine, func, select

from data.postgis.engine import reading, transaction
from data.stores import accounts, areas, ground, incidents, people, stations
from data.stores import town as town_store
from data.stores._rows import columns_of, read_frame
from data.stores._values import RefusedRowsError
from data.tables import metadata
from data.town import Town
from geo.errors import ConflictError
from tests.fixtures.small_town import draw_town, square, write_small_town
from tests.store.kept import plain


def full_town() -> Town:
    """The small town with something in every frame."""
    town = draw_town()
    crs = town.areas.crs
    return dataclasses.replace(
        town,
        gates=gpd.GeoDataFrame(
            {"compound_id": pd.array([1, None], dtype="Int64"), "hours": [None, "06:00-22:00"]},
            geometry=[shapely.Point(107.7, 27.951), shapely.Point(107.702, 27.951)], crs=crs,
            index=pd.Index([1, 2], name="gate_id"),
        ),
        stairwells=gpd.GeoDataFrame(
            {"building_id": [1, 1], "number": [1, 2], "households": [16, 14]},
            geometry=[shapely.Point(107.7004, 27.9504), shapely.Point(107.7006, 27.9504)], crs=crs,
            index=pd.Index([1, 2], name="stairwell_id"),
        ),
        barriers=gpd.GeoDataFrame(
            {"kind": ["water", "rail", "wall"], "name": ["云溪", None, None]},
            geometry=[square(4, 0, width=0.1, height=4), shapely.LineString([(107.7, 27.95), (107.71, 27.951)]),
                      shapely.LineString([(107.7, 27.95), (107.7, 27.951)])],
            crs=crs, index=pd.Index([1, 2, 3], name="barrier_id"),
        ),
        greens=gpd.GeoDataFrame(
            {"kind": ["park"], "name": ["云溪公园"]}, geometry=[shapely.MultiPolygon([square(5, 1)])], crs=crs,
            index=pd.Index([1], name="green_id"),
        ),
        truth=gpd.GeoDataFrame(
            {
                "name": ["堵"], "category": ["drain"], "first_on": [date(2026, 3, 1)], "relative_risk": [2.5],
                "incidents": [30],
            },
            geometry=[square(1, 1)], crs=crs,
        ),
        source={"seed": 7, "date": date(2026, 1, 1), "share": float("nan"), "layers": ("a", "b")},
    )  # fmt: skip


def read_greens(conn: Connection) -> gpd.GeoDataFrame:
    """Greens are drawn by tiles alone: nobody else reads them."""
    table = metadata.tables["greens"]
    return read_frame(conn, select(*columns_of(table)).order_by(table.c.green_id), index="green_id")


READERS = {
    "areas": areas.read_areas,
    "compounds": ground.read_compounds,
    "gates": ground.read_gates,
    "buildings": ground.read_buildings,
    "stairwells": ground.read_stairwells,
    "streets": ground.read_streets,
    "barriers": ground.read_barriers,
    "greens": read_greens,
    "stations": stations.read_stations,
    "people": people.read_people,
    "incidents": incidents.read_incidents,
}


def test_every_frame_comes_back(writer: Engine) -> None:
    town = full_town()
    with transaction(writer, actor="t", action="t") as conn:
        counts = town_store.write_town(conn, town)
    assert counts == {noun: len(getattr(town, noun)) for noun in town_store.NOUNS}
    assert set(READERS) == set(town_store.NOUNS)
    with reading(writer) as conn:
        for noun, read in READERS.items():
            written, back = getattr(town, noun), read(conn)
            shared = [name for name in written.columns if name in back.columns and name != "geometry"]
            assert len(shared) >= 2
            assert plain(back[shared]) == plain(written[shared].loc[back.index]), noun
            if "geometry" in written:
                same = shapely.equals_identical(back.geometry.to_numpy(), written.geometry.loc[back.index].to_numpy())
                assert same.all(), noun


def test_what_was_planted_and_the_source_are_kept(writer: Engine) -> None:
    with transaction(writer, actor="t", action="t") as conn:
        town_store.write_town(conn, full_town())
        town_store.write_deployment(conn, town="小镇", profile="demo")
        town_store.write_deployment(conn, profile="baiyun")
    with reading(writer) as conn:
        kept = town_store.read_deployment(conn)
        truth = town_store.read_truth(conn)
    assert kept == {
        "town": "小镇",
        "profile": "baiyun",
        "source": {"seed": 7, "date": "2026-01-01", "share": None, "layers": ["a", "b"]},
    }
    assert truth.drop(columns="geometry").to_dict("records") == [
        {"name": "堵", "category": "drain", "first_on": "2026-03-01", "relative_risk": 2.5, "incidents": 30}
    ]
    assert shapely.equals_identical(truth.geometry[0], square(1, 1))


def test_a_town_is_not_written_over_another(writer: Engine) -> None:
    with transaction(writer, actor="t", action="t") as conn:
        town_store.write_town(conn, draw_town())
    with pytest.raises(ConflictError, match="already"), transaction(writer, actor="t", action="t") as conn:
        town_store.write_town(conn, draw_town())


def test_a_town_with_one_bad_row_leaves_nothing(writer: Engine) -> None:
    town = draw_town()
    bad = dataclasses.replace(town, buildings=town.buildings.assign(area_code="529901009009"))
    with pytest.raises(RefusedRowsError, match="buildings"), transaction(writer, actor="t", action="t") as conn:
        town_store.write_town(conn, bad)
    with reading(writer) as conn:
        assert len(areas.read_areas(conn)) == 0


def test_clearing_takes_all_that_follows_from_a_town_and_leaves_accounts(writer: Engine) -> None:
    write_small_town(writer)
    with transaction(writer, actor="t", action="t") as conn:
        account_id = accounts.create_account(conn, name="lin", password_hash="h", role="planner", scope="*")
        accounts.open_session(
            conn, token_hash=b"x" * 32, account_id=account_id, expires_at=datetime(2100, 1, 1, tzinfo=UTC)
        )
    with transaction(writer, actor="t", action="clear") as conn:
        town_store.clear_town(conn)
    with reading(writer) as conn:
        left = {name for name, table in metadata.tables.items() if conn.scalar(select(func.count()).select_from(table))}
    assert left == {"accounts", "sessions", "audit", "letter_sounds"}
    assert write_small_town(writer).plan_id > 1  # and the next town goes in


def test_clearing_leaves_few_audit_rows(writer: Engine) -> None:
    """Rows are deleted a table at a time: no cascade a row, which would drown the audit."""
    write_small_town(writer)
    with transaction(writer, actor="t", action="clear_it") as conn:
        town_store.clear_town(conn)
    with reading(writer) as conn:
        audit = metadata.tables["audit"]
        rows = conn.execute(select(audit.c.noun, audit.c.operation).where(audit.c.action == "clear_it")).all()
    assert len(rows) == len(set(rows))
    assert ("cells", "delete") in [tuple(row) for row in rows]
