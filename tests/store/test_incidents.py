"""Incidents: every filter and count against pandas, their building and grid of the day, and clusters."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
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
from data.stores.incidents import IncidentFilter
from data.tables import metadata
from geo.rng import generator
from tests.fixtures.small_town import COMMUNITIES, COUNTY, SOUTH, STEP, WEST, draw_cells, draw_plan
from tests.store.kept import Kept, undoing

A, B, C, D = COMMUNITIES
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 4, 1, tzinfo=UTC)


def random_incidents(count: int) -> gpd.GeoDataFrame:
    """Incidents of every kind over three months and the whole town, some of them closed."""
    draw = generator(11, "incidents")
    reported = [FIRST + timedelta(minutes=int(minute)) for minute in draw.integers(0, 90 * 24 * 60, count)]
    closed = [
        moment + timedelta(hours=30) if shut else None
        for moment, shut in zip(reported, draw.random(count) < 0.4, strict=True)
    ]
    column = draw.uniform(0, 17, count)  # the last column lies east of the town
    return gpd.GeoDataFrame(
        {
            "area_code": [COMMUNITIES[min(int(at // 4), 3)] for at in column],
            "reported_at": pd.to_datetime(reported, utc=True),
            "closed_at": pd.to_datetime(pd.Series(closed, dtype=object), utc=True).array,
            "category": draw.choice(["noise", "drain", "rubbish"], count),
            "tier": pd.Series(draw.choice(["grid", "community", "none"], count)).replace("none", None).tolist(),
            "state": ["settled" if moment else "reported" for moment in closed],
            "due_at": pd.to_datetime(
                pd.Series([moment + timedelta(hours=48) if at % 3 else None for at, moment in enumerate(reported)]),
                utc=True,
            ).array,
        },
        geometry=gpd.points_from_xy(WEST + column * STEP, SOUTH + draw.uniform(0, 4, count) * STEP),
        crs="EPSG:4326",
        index=pd.RangeIndex(10_001, 10_001 + count, name="incident_id"),
    )


def due_at(conn: Connection) -> pd.Series:
    rows = conn.execute(text("SELECT incident_id, due_at FROM incidents")).all()
    return pd.Series({row.incident_id: row.due_at for row in rows}, dtype="datetime64[us, UTC]")


@pytest.fixture(scope="module")
def many(kept: Kept) -> Iterator[tuple[Connection, gpd.GeoDataFrame]]:
    """400 incidents beside the town's own 62, in a transaction that is rolled back, and what the store holds."""
    with undoing(kept.engines["wangge_writer"]) as conn:
        copy_frame(conn, metadata.tables["incidents"], random_incidents(400))
        incidents.place_incidents(conn)
        yield conn, incidents.read_incidents(conn)


FILTERS = [
    IncidentFilter(),
    IncidentFilter(first_on=date(2026, 2, 1)),
    IncidentFilter(last_on=date(2026, 2, 1)),
    IncidentFilter(first_on=date(2026, 2, 1), last_on=date(2026, 2, 1)),
    IncidentFilter(category="noise", tier="grid"),
    IncidentFilter(state="settled"),
    IncidentFilter(category="nothing like it"),
    IncidentFilter(bbox=(WEST + STEP, SOUTH, WEST + 5 * STEP, SOUTH + 2 * STEP)),
    IncidentFilter(date(2026, 1, 15), date(2026, 3, 15), "drain", None, "reported", (WEST, SOUTH, WEST + 1, SOUTH + 1)),
]


def by_pandas(frame: gpd.GeoDataFrame, wanted: IncidentFilter) -> gpd.GeoDataFrame:
    days = frame["reported_at"].dt.tz_convert(ZONE).dt.date
    keep = pd.Series(True, index=frame.index)
    if wanted.first_on:
        keep &= days >= wanted.first_on
    if wanted.last_on:
        keep &= days <= wanted.last_on
    for name in ("category", "tier", "state"):
        if getattr(wanted, name) is not None:
            keep &= frame[name] == getattr(wanted, name)
    if wanted.bbox:
        keep &= frame.geometry.intersects(shapely.box(*wanted.bbox))
    return frame[keep]


@pytest.mark.parametrize("wanted", FILTERS)
def test_a_filter_keeps_what_pandas_keeps(many: tuple[Connection, gpd.GeoDataFrame], wanted: IncidentFilter) -> None:
    conn, every = many
    expected = by_pandas(every, wanted)
    found = incidents.read_incidents(conn, filters=wanted)
    assert list(found.index) == list(expected.index)
    places = incidents.read_places(conn, filters=wanted)
    np.testing.assert_array_equal(places, shapely.get_coordinates(expected.geometry.values))


@pytest.mark.parametrize("wanted", FILTERS)
def test_counts_are_those_of_pandas(many: tuple[Connection, gpd.GeoDataFrame], wanted: IncidentFilter) -> None:
    conn, every = many
    rows = by_pandas(every, wanted)
    counted = incidents.counts(conn, wanted, now=NOW)
    local = rows["reported_at"].dt.tz_convert(ZONE)
    is_open = rows["closed_at"].isna()
    late = is_open & (due_at(conn)[rows.index] < NOW)
    assert (counted.total, counted.open, counted.overdue) == (len(rows), is_open.sum(), late.sum())
    for found, keys in (
        (counted.days, local.dt.date),
        (counted.categories, rows["category"]),
        (counted.tiers, rows["tier"]),
        (counted.states, rows["state"]),
        (counted.grids, rows["grid_code_reported"]),
    ):
        assert found.to_dict() == keys.value_counts().to_dict()
        assert found.index.is_monotonic_increasing
    hours = np.zeros((7, 24), dtype=int)
    np.add.at(hours, (local.dt.day_of_week.to_numpy(), local.dt.hour.to_numpy()), 1)
    np.testing.assert_array_equal(counted.hours, hours)


def test_what_has_no_limit_is_never_overdue(many: tuple[Connection, gpd.GeoDataFrame]) -> None:
    conn, rows = many
    is_open = rows["closed_at"].isna()
    far = datetime(2126, 1, 1, tzinfo=UTC)
    assert incidents.counts(conn, now=far).overdue == (is_open & due_at(conn)[rows.index].notna()).sum() < is_open.sum()


def test_pages_put_together_are_the_whole(many: tuple[Connection, gpd.GeoDataFrame]) -> None:
    conn, every = many
    after, pages = None, []
    while len(page := incidents.read_incidents(conn, after=after, limit=97)):
        pages.append(page)
        after = int(page.index[-1])
    assert [len(page) for page in pages[:-1]] == [97] * (len(pages) - 1)
    assert list(pd.concat(pages).index) == list(every.index)


def test_a_day_begins_at_midnight_in_shanghai(undone: Connection) -> None:
    moments = ["2026-05-01T15:59:59Z", "2026-05-01T16:00:00Z", "2026-05-02T15:59:59Z", "2026-05-02T16:00:00Z"]
    frame = gpd.GeoDataFrame(
        {"area_code": A, "category": "midnight", "state": "reported", "reported_at": pd.to_datetime(moments, utc=True)},
        geometry=[shapely.Point(WEST, SOUTH)] * 4, crs="EPSG:4326",
    )  # fmt: skip
    copy_frame(undone, metadata.tables["incidents"], frame)
    second = IncidentFilter(first_on=date(2026, 5, 2), last_on=date(2026, 5, 2), category="midnight")
    assert len(incidents.read_incidents(undone, filters=second)) == 2
    counted = incidents.counts(undone, IncidentFilter(category="midnight"))
    assert counted.days.to_dict() == {date(2026, 5, 1): 1, date(2026, 5, 2): 2, date(2026, 5, 3): 1}


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
    plans.publish(undone, plan_id, valid_from=date(2026, 3, 5), document_number=None)
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
    assert incidents.read_incidents(undone, after=19_999)["grid_code_reported"].tolist() == [f"{A}001"]


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


def test_clusters_by_day_category_and_place(undone: Connection) -> None:
    incidents.write_clusters(undone, clusters_at(0.5, 5.5).assign(area_code=A), parameters={}, method="x")
    every = [(date(2026, 2, 1), 2), (date(2026, 3, 9), 2), (date(2026, 3, 10), 0)]
    for first_on, expected in every:
        assert len(incidents.read_clusters(undone, filters=IncidentFilter(first_on=first_on))) == expected
    for last_on, expected in ((date(2026, 2, 28), 0), (date(2026, 3, 1), 2)):
        assert len(incidents.read_clusters(undone, filters=IncidentFilter(last_on=last_on))) == expected
    assert len(incidents.read_clusters(undone, filters=IncidentFilter(category="noise"))) == 0
    here = (WEST, SOUTH, WEST + STEP, SOUTH + 4 * STEP)
    assert len(incidents.read_clusters(undone, filters=IncidentFilter(bbox=here))) == 1


def test_another_streets_clusters_are_neither_seen_nor_replaced(undone: Connection) -> None:
    for area_code, column in product((A, C), (0.5,)):
        undone.execute(text("SELECT set_config('wangge.scope', :scope, true)"), {"scope": area_code})
        incidents.write_clusters(undone, clusters_at(column).assign(area_code=area_code), parameters={}, method="x")
    assert incidents.read_clusters(undone)["area_code"].tolist() == [C]
    undone.execute(text("SELECT set_config('wangge.scope', '*', true)"))
    assert sorted(incidents.read_clusters(undone)["area_code"]) == [A, C]
