"""Incidents: every filter and count against pandas, their building and grid of the day, and clusters."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import Connection, text

from data.calendar import ZONE
from data.stores import areas, incidents, plans
from data.stores._rows import copy_frame
from data.tables import metadata
from tests.fixtures.small_town import COMMUNITIES, COUNTY, SOUTH, STEP, WEST, draw_cells, draw_plan, publish_draft
from tests.store.kept import Kept, undoing
from tests.store.many import random_incidents

A, B, C, D = COMMUNITIES
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def many(kept: Kept) -> Iterator[tuple[Connection, gpd.GeoDataFrame]]:
    """400 incidents beside the town's own 62, in a transaction that is rolled back, and what the store holds."""
    with undoing(kept.engines["wangge_writer"]) as conn:
        copy_frame(conn, metadata.tables["incidents"], random_incidents(400))
        incidents.place_incidents(conn)
        yield conn, incidents.read_incidents(conn)


def test_the_first_report(conn: Connection) -> None:
    assert incidents.first_reported_at(conn) == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


def test_text_is_read_apart(conn: Connection) -> None:
    assert "description" not in incidents.read_incidents(conn).columns
    assert incidents.read_descriptions(conn, [1, 2]).to_dict() == {1: "居民反映第0号问题", 2: "居民反映第1号问题"}


def test_each_incident_gets_the_nearest_building(many: tuple[Connection, gpd.GeoDataFrame]) -> None:
    """Against shapely in metres: a building lies in the middle of every square, so 50 m reach most places."""
    conn, every = many
    rows = every.loc[10_001:]
    metric = rows.geometry.to_crs(4546)  # the 3-degree zone of 111 E covers none of this: distances stay within 1e-3
    buildings = gpd.GeoSeries.from_wkb(
        [bytes(b) for b in conn.scalars(text("SELECT ST_AsBinary(geometry) FROM buildings ORDER BY building_id"))],
        crs=4326, index=pd.RangeIndex(1, 65),
    ).to_crs(4546)  # fmt: skip
    distances = np.array([shapely.distance(point, buildings.to_numpy()) for point in metric])
    clear = np.abs(np.sort(distances, axis=1)[:, 0] - 50) > 0.2
    nearest = np.where(distances.min(axis=1) <= 50, distances.argmin(axis=1) + 1, 0)
    second = np.partition(distances, 1, axis=1)
    clear &= second[:, 1] - second[:, 0] > 0.2
    assert clear.sum() > 300
    np.testing.assert_array_equal(rows["building_id"].fillna(0).to_numpy(dtype=int)[clear], nearest[clear])
    assert (nearest == 0).any()


def test_each_incident_gets_the_grid_of_its_day(many: tuple[Connection, gpd.GeoDataFrame]) -> None:
    conn, every = many
    rows = conn.execute(text("SELECT grid_code, ST_AsBinary(geometry) FROM grids")).all()
    grids = gpd.GeoSeries.from_wkb([bytes(shape) for _, shape in rows], [code for code, _ in rows], crs=4326)
    for point, code in zip(every.geometry, every["grid_code_reported"], strict=True):
        covering = sorted(grids.index[grids.covers(point)])
        assert code == (covering[0] if covering else None)
    assert every["grid_code_reported"].isna().sum() == (every["area_code"] == D).sum()  # D has no plan


def test_what_was_given_stays(undone: Connection) -> None:
    """A building the source names is kept however far; a grid of the day is kept when the plan changes."""
    undone.execute(text("UPDATE incidents SET building_id = NULL, grid_code_reported = NULL"))
    undone.execute(text("UPDATE incidents SET building_id = 64 WHERE incident_id = 1"))
    first = incidents.place_incidents(undone)
    assert first["buildings"] == 61
    assert incidents.place_incidents(undone) == {"buildings": 0, "grids": 0}
    before = incidents.read_incidents(undone)
    assert before.loc[1, "building_id"] == 64
    plan = draw_plan(draw_cells(), communities=(A,))
    renamed = plan.grids.assign(grid_code=[f"{A}021", f"{A}022"])
    plan_id = plans.create_plan(undone, area_code=COUNTY, name="改", seed=1, method="x", report={})
    plans.write_grids(undone, plan_id, plans.PlanGeometry(**{**vars(plan), "grids": renamed}))
    publish_draft(undone, plan_id, valid_from=date(2026, 3, 5))
    incidents.place_incidents(undone)
    pd.testing.assert_series_equal(incidents.read_incidents(undone)["grid_code_reported"], before["grid_code_reported"])
    # One reported before that day, but told to us after it, still gets the grid of its own day.
    undone.execute(text("UPDATE incidents SET grid_code_reported = NULL"))
    incidents.place_incidents(undone)
    again = incidents.read_incidents(undone)
    in_a = again[again["area_code"] == A]
    new = in_a["grid_code_reported"].str.endswith(("021", "022"))
    days = in_a["reported_at"].dt.tz_convert(ZONE).dt.date
    assert (new == (days >= date(2026, 3, 5))).all()
    assert new.any()
    assert not new.all()


def test_a_point_on_a_border_has_one_grid(undone: Connection) -> None:
    border = shapely.Point(WEST + 2 * STEP, SOUTH + STEP / 2)  # between A's two grids
    frame = gpd.GeoDataFrame(
        {"area_code": [A], "category": ["x"], "state": ["y"], "reported_at": pd.to_datetime(["2026-03-01"], utc=True)},
        geometry=[border], crs="EPSG:4326", index=pd.Index([20_000], name="incident_id"),
    )  # fmt: skip
    copy_frame(undone, metadata.tables["incidents"], frame)
    incidents.place_incidents(undone)
    assert incidents.read_incidents(undone).loc[20_000:, "grid_code_reported"].tolist() == [f"{A}001"]


def clusters_at(*columns: float) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "incidents": [int(10 + column) for column in columns], "places": 3, "is_one_place": False,
            "top_category": "drain", "first_on": date(2026, 3, 1), "last_on": date(2026, 3, 9),
        },
        geometry=[shapely.Point(WEST + column * STEP, SOUTH + STEP).buffer(0.0001) for column in columns],
        crs="EPSG:4326",
    )  # fmt: skip


def test_clusters_replace_those_before_and_know_their_community(undone: Connection) -> None:
    communities = areas.read_areas(undone, level="community")
    options = {"parameters": {"eps_m": 80.0}, "method": "dbscan/1", "areas": communities}
    assert incidents.write_clusters(undone, [clusters_at(0.5, 5.5), clusters_at(), clusters_at(13.5)], **options) == 3
    found = incidents.read_clusters(undone)
    assert found["area_code"].tolist() == [D, B, A]  # largest first
    assert found["parameters"].tolist() == [{"eps_m": 80.0}] * 3
    assert found["first_on"].tolist() == [date(2026, 3, 1)] * 3
    assert incidents.write_clusters(undone, clusters_at(9.0).assign(area_code=C), parameters={}, method="x") == 1
    assert incidents.read_clusters(undone)["area_code"].tolist() == [C]
    assert incidents.write_clusters(undone, [], parameters={}, method="x") == 0
    assert len(incidents.read_clusters(undone)) == 0


def test_another_streets_clusters_are_neither_seen_nor_replaced(undone: Connection) -> None:
    for area_code, column in product((A, C), (0.5,)):
        undone.execute(text("SELECT set_config('wangge.scope', :scope, true)"), {"scope": area_code})
        incidents.write_clusters(undone, clusters_at(column).assign(area_code=area_code), parameters={}, method="x")
    assert incidents.read_clusters(undone)["area_code"].tolist() == [C]
    undone.execute(text("SELECT set_config('wangge.scope', '*', true)"))
    assert sorted(incidents.read_clusters(undone)["area_code"]) == [A, C]
