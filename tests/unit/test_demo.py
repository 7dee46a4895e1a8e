"""The demo town: how much is drawn, what its frames hold, and the planted truth."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.demo import draw_town
from data.demo.areas import join
from data.demo.county import ScaleError
from data.demo.draft import Path, signed_m2
from data.demo.habits import DAYS, HABITS, day_weights, habit_of, hour_weights, moments
from data.demo.names import Names, people_names
from data.demo.rings import Size, box, cut, divide
from data.demo.rows import RowRule, lay_rows, spans
from data.demo.streets import weave
from data.demo.valley import valleys
from data.profiles import Category, Label, load_profile
from data.profiles.casework import Kind
from data.tables import metadata
from data.town import Town
from geo.codes import area_level, parent_code
from geo.crs import metric_crs, metric_crs_of
from geo.frames import WGS84
from geo.rng import generator

METRES = metric_crs(107.72, 27.95)
FRAMES = ("areas", "compounds", "gates", "buildings", "stairwells", "streets", "barriers", "greens", "stations")


@pytest.fixture(scope="module")
def town() -> Town:
    return draw_town(load_profile("demo"))


@pytest.fixture(scope="module")
def hamlet() -> Town:
    return draw_town(load_profile("demo"), scale=0.05, seed=3)


# What the store fills in, and what an invented incident does not have.
MADE_LATER = {"grid_code_reported", "touched", "duplicate_of", "address", "contact", "reporter", "place_problem"}


def metres(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.to_crs(METRES)


def test_town_has_the_size_it_promises(town: Town) -> None:
    levels = town.areas["level"].value_counts()
    assert levels["county"] == 1
    assert 2 <= levels["street"] <= 4
    assert 17 <= levels["community"] <= 28
    assert 7_000 <= len(town.buildings) <= 8_800
    assert 43_000 <= town.buildings["households"].sum() <= 58_000
    assert 2.6 < town.buildings["people"].sum() / town.buildings["households"].sum() < 2.8
    assert 4_500 <= len(town.incidents) <= 7_500
    assert 5 <= len(town.truth) <= 8


def test_every_frame_has_its_tables_columns(town: Town) -> None:
    for name in (*FRAMES, "people", "incidents"):
        frame = getattr(town, name)
        table = metadata.tables[name]
        wanted = {column.name for column in table.columns if not column.primary_key} - MADE_LATER
        assert wanted <= set(frame.columns), name
        assert frame.index.name == next(column.name for column in table.columns if column.primary_key)
        if name != "areas":
            assert frame.index.tolist() == list(range(1, len(frame) + 1)), name
    assert {"name", "category", "first_on", "last_on", "relative_risk", "incidents", "geometry"} == set(
        town.truth.columns
    )
    assert set(town.people["role"]) == {"worker", "grid_head", "building_head", "unit_head", "answerable_unit"}


def test_columns_that_may_not_be_null_are_not(town: Town) -> None:
    for name in (*FRAMES, "people", "incidents"):
        frame = getattr(town, name)
        for column in metadata.tables[name].columns:
            if not column.nullable and column.name in frame.columns:
                assert frame[column.name].notna().all(), f"{name}.{column.name}"


def test_geometry_is_valid_degrees_of_the_tables_kind(town: Town) -> None:
    for name in (*FRAMES, "incidents"):
        frame = getattr(town, name)
        assert frame.crs == WGS84
        assert frame.geometry.is_valid.all()
        assert not frame.geometry.is_empty.any()
        kind = metadata.tables[name].c.geometry.type.geometry_type
        if kind != "GEOMETRY":
            assert set(frame.geometry.geom_type.str.upper()) == {kind}, name
    west, south, east, north = town.areas.total_bounds
    assert 107.5 < west < 107.72 < east < 107.9
    assert 27.8 < south < 27.95 < north < 28.1


def test_references_point_to_rows_that_exist(town: Town) -> None:
    codes = set(town.areas.index)
    for name in ("compounds", "buildings", "stations", "people", "incidents"):
        assert set(getattr(town, name)["area_code"]) <= codes, name
    assert set(town.buildings["compound_id"].dropna()) <= set(town.compounds.index)
    assert set(town.gates["compound_id"]) <= set(town.compounds.index)
    assert set(town.stairwells["building_id"]) <= set(town.buildings.index)
    assert set(town.incidents["building_id"].dropna()) <= set(town.buildings.index)
    for code, row in town.areas.iterrows():
        assert area_level(str(code)) == row["level"]
        if row["level"] != "county":
            assert row["parent_code"] == parent_code(str(code))


def test_communities_are_large_enough_for_grids(town: Town, hamlet: Town) -> None:
    for place in (town, hamlet):
        households = place.buildings.groupby("area_code")["households"].sum()
        communities = place.areas.index[place.areas["level"] == "community"]
        assert len(communities) >= 2
        assert households.reindex(communities, fill_value=0).min() >= 300
        assert households.max() <= 4_500


def test_buildings_lie_in_their_community_and_compound(town: Town) -> None:
    shapes = town.buildings.geometry.to_numpy()
    assert shapely.covers(town.areas.geometry.loc[town.buildings["area_code"]].to_numpy(), shapes).all()
    walled = town.buildings.dropna(subset="compound_id")
    compounds = metres(town.compounds).geometry.loc[walled["compound_id"].astype(int)].to_numpy()
    assert shapely.covers(compounds, metres(walled).geometry.to_numpy()).all()


def test_stairwells_share_their_buildings_households(town: Town) -> None:
    sums = town.stairwells.groupby("building_id")["households"].sum()
    assert (sums == town.buildings["households"].loc[sums.index]).all()
    assert town.stairwells["households"].between(1, 60).all()
    inside = town.buildings.geometry.loc[town.stairwells["building_id"]].to_numpy()
    assert shapely.covers(inside, town.stairwells.geometry.to_numpy()).all()
    great = town.buildings.index[town.buildings["households"] > 500]
    assert 1 <= len(great) <= 6
    assert set(great) <= set(sums.index)
    towers = town.buildings.loc[sums.index, "floors"]
    assert towers.max() == 33
    assert towers.min() >= 4


def test_town_has_every_kind_of_quarter(town: Town) -> None:
    kinds = {"walled", "old_quarter", "urban_village", "works", "mall", "office", "school", "hospital"}
    assert kinds == set(town.compounds["kind"])
    uses = {"residential", "mixed", "mall", "office", "works", "hospital", "school", "public"}
    assert uses == set(town.buildings["use"])
    assert {"park", "farmland", "wood", "square"} == set(town.greens["kind"])
    assert {"water", "rail", "wall"} == set(town.barriers["kind"])
    assert town.streets["is_bridge"].sum() >= 5
    assert town.streets["is_steps"].sum() >= 10
    assert 0.2 < town.gates["hours"].notna().mean() < 0.6


def test_stations_of_every_category_stand_beside_streets(town: Town, hamlet: Town) -> None:
    for place in (town, hamlet):
        assert set(place.stations["category"]) == {category.key for category in load_profile("demo").stations}
        service = place.stations[(place.stations["category"] == "service") & (place.stations["level"] == "community")]
        assert sorted(service["area_code"]) == sorted(place.areas.index[place.areas["level"] == "community"])
        streets = metres(place.streets).geometry.to_numpy()
        away = shapely.distance(
            metres(place.stations).geometry.to_numpy()[:, None],
            shapely.union_all(streets),
        )
        assert away.max() < 70


def test_category_nobody_knows_gets_stations_and_incidents() -> None:
    profile = load_profile("demo")
    label = Label(zh="书屋", en="Library")
    more = Category(key="library", label=label, colour="#000000")
    table = profile.incidents.tables[-1]
    kinds = (*table.categories, Kind(**more.model_dump()))
    rules = profile.incidents.model_copy(update={"tables": (table.model_copy(update={"categories": kinds}),)})
    place = draw_town(
        profile.model_copy(update={"stations": (*profile.stations, more), "incidents": rules}), scale=0.05, seed=1
    )
    assert place.stations.loc[place.stations["category"] == "library", "name"].str.endswith("书屋").all()
    assert (place.stations["category"] == "library").any()
    assert (place.incidents["category"] == "library").any()


def test_people_suffice_but_for_some_workers(town: Town) -> None:
    roles = town.people["role"].value_counts()
    households = town.buildings.groupby("area_code")["households"].sum()
    general = int(np.maximum(1, np.round(households / 400)).sum())
    rule, compounds = load_profile("demo").grid, town.compounds.to_crs(metric_crs_of(town.compounds))
    dedicated = compounds["kind"].isin(rule.dedicated_uses) & (compounds.area >= rule.dedicated_min_m2)
    grids = general + int(dedicated.sum())
    assert roles["grid_head"] == grids
    assert 0.93 * grids <= roles["worker"] < grids
    assert roles["answerable_unit"] == 4 * grids
    assert abs(roles["unit_head"] - 0.96 * households.sum() / 10) < len(households)
    assert set(town.people.loc[town.people["role"] == "answerable_unit", "kind"]) == {"organisation"}
    workers = town.people[town.people["role"] == "worker"]
    assert set(workers["area_code"]) == set(households.index)


def test_phone_numbers_cannot_be_real(town: Town) -> None:
    # mobile numbers of the mainland begin with 13 to 19; no area code begins with 00
    assert town.people["phone"].str.fullmatch(r"100\d{8}").all()
    assert town.people["duty_line"].dropna().str.fullmatch(r"0000-8\d{6}").all()


def test_addresses_are_given_once(hamlet: Town) -> None:
    alone = hamlet.buildings[hamlet.buildings["compound_id"].isna()]
    assert alone["address"].is_unique
    assert hamlet.buildings["address"].str.contains(r"号|栋").all()


def test_incidents_keep_to_the_year_and_the_profile(town: Town) -> None:
    profile = load_profile("demo").incidents
    local = town.incidents["reported_at"].dt.tz_convert("Asia/Shanghai")
    assert local.min() >= pd.Timestamp("2025-11-01", tz="Asia/Shanghai")
    assert local.max() < pd.Timestamp("2026-11-01", tz="Asia/Shanghai")
    assert str(town.incidents["reported_at"].dt.tz) == "UTC"
    assert town.incidents["reported_at"].is_monotonic_increasing
    assert set(town.incidents["category"]) == {category.key for category in profile.categories}
    assert set(town.incidents["tier"]) <= {tier.key for tier in profile.tiers}
    closed = {state.key for state in profile.states if state.is_closed}
    is_closed = town.incidents["state"].isin(closed)
    assert (is_closed == town.incidents["closed_at"].notna()).all()
    assert (town.incidents["closed_at"] > town.incidents["reported_at"])[is_closed].all()
    assert 0.9 < is_closed.mean() < 1


def test_noise_comes_at_night_and_drains_in_the_rain(town: Town) -> None:
    local = town.incidents["reported_at"].dt.tz_convert("Asia/Shanghai")
    noise, drain = town.incidents["category"] == "noise", town.incidents["category"] == "drain"
    at_night = local.dt.hour.isin([20, 21, 22, 23, 0])
    assert at_night[noise].mean() > 2 * at_night[drain].mean()
    wet = local.dt.month.isin([5, 6, 7])
    assert wet[drain].mean() > 1.3 * 92 / 365


def risk_of(place: Town, cluster: pd.Series) -> tuple[float, float]:
    """Return the relative risk inside planted ground and days against outside, and its standard error (log scale)."""
    inside = metres(place.buildings).geometry.centroid.within(
        gpd.GeoSeries([cluster["geometry"]], crs=WGS84).to_crs(METRES).iloc[0]
    )
    households = place.buildings["households"]
    days = place.incidents["reported_at"].dt.tz_convert("Asia/Shanghai").dt.date
    during = (days >= cluster["first_on"]) & (days <= cluster["last_on"])
    cases = place.incidents[during & (place.incidents["category"] == cluster["category"])]
    here = int(cases.geometry.within(cluster["geometry"]).sum())
    assert here == cluster["incidents"]
    expected = (len(cases) - here) * households[inside].sum() / households[~inside].sum()
    return here / expected, float(np.sqrt(1 / here + 1 / (len(cases) - here)))


def test_planted_clusters_are_as_strong_as_stated(town: Town) -> None:
    measured = [(cluster["relative_risk"], *risk_of(town, cluster)) for _, cluster in town.truth.iterrows()]
    for stated, found, error in measured:
        assert 3 <= stated <= 6
        assert abs(np.log(found / stated)) < 3.3 * error  # three sigma, and a little for seven looks
    assert (town.truth["incidents"] >= 20).all()
    whole_year = [(row["last_on"] - row["first_on"]).days + 1 == DAYS for _, row in town.truth.iterrows()]
    assert any(whole_year)
    assert not all(whole_year)


def test_risk_away_from_clusters_is_even(town: Town) -> None:
    """Categories without a cluster spread over communities as their households do (chi-square, 0.1%)."""
    quiet = set(town.incidents["category"]) - set(town.truth["category"])
    cases = town.incidents[town.incidents["category"].isin(quiet)]
    if cases.empty:
        pytest.skip("every category has a cluster in this town")
    households = town.buildings.groupby("area_code")["households"].sum()
    found = cases["area_code"].value_counts().reindex(households.index, fill_value=0)
    expected = households / households.sum() * len(cases)
    chi2 = float(((found - expected) ** 2 / expected).sum())
    freedom = len(households) - 1
    assert chi2 < freedom + 3.1 * np.sqrt(2 * freedom) + 6


@pytest.mark.parametrize("scale", [0.0, 0.04, -1.0, 126.0, float("nan")])
def test_a_scale_out_of_range_is_refused(scale: float) -> None:
    with pytest.raises(ScaleError) as caught:
        draw_town(load_profile("demo"), scale=scale)
    assert "0.05" in caught.value.text("zh")


def test_tiles_grow_in_number_and_not_in_size() -> None:
    for scale, count in ((0.3, 1), (1.0, 1), (2.5, 3), (10.0, 10), (125.0, 125)):
        tiles = valleys(scale, 0)
        assert len(tiles) == count
        assert len({(tile.row, tile.column) for tile in tiles}) == count
        assert sum(tile.size for tile in tiles) == pytest.approx(scale)
        assert max(tile.size for tile in tiles) <= 1


def test_cutting_keeps_the_ground() -> None:
    ring = np.array([[0.0, 0.0], [90.0, 5.0], [80.0, 60.0], [10.0, 50.0]])
    pieces, cuts = divide(ring, Size(150, 300, 8), rng=generator(0, "test"))
    assert len(pieces) == len(cuts) + 1 > 8
    assert sum(abs(signed_m2(piece)) for piece in pieces) == pytest.approx(signed_m2(ring))
    assert cut(ring, np.array([200.0, 200.0]), np.array([1.0, 0.0])) is None
    _, along, length, width = box(ring)
    assert length >= width
    assert abs(along[0]) > 0.9


def test_rows_stay_inside_and_apart() -> None:
    ring = np.array([[0.0, 0.0], [160.0, 0.0], [160.0, 120.0], [0.0, 120.0]])
    rule = RowRule((2, 4), (13.0, 15.0), (11.0, 13.0), (12.0, 16.0), 6.0)
    rows = lay_rows(ring, rule, generator(1, "test"))
    boxes = [
        shapely.box(bar.x - bar.length / 2, bar.y - bar.depth / 2, bar.x + bar.length / 2, bar.y + bar.depth / 2)
        for bar in rows.bars
    ]
    assert len(boxes) >= 10
    assert shapely.Polygon(ring).buffer(0.4).covers(shapely.union_all(boxes))
    assert shapely.union_all(boxes).area == pytest.approx(sum(shape.area for shape in boxes))
    assert not any(shape.intersects(shapely.LineString([(rows.spine, 0), (rows.spine, 120)])) for shape in boxes)
    assert spans(ring, 60.0) == [(0.0, 160.0)]


def test_weaving_cuts_at_shared_vertices_and_drops_what_hangs_loose() -> None:
    """A street of three vertices, a lane that leaves from the middle one, a bridge over it all, an island.

        lane
         |
    a----b----c      bridge crosses a-b without a vertex; its ends are c and d
    """
    street = Path(np.array([[0.0, 0.0], [10.0, 0.0], [20.0, 0.0]]), "residential", "甲街")
    lane = Path(np.array([[10.0, 0.0], [10.0, 8.0]]), "service", "乙巷")
    bridge = Path(np.array([[20.0, 0.0], [5.0, 5.0], [5.0, -5.0]]), "footway", "丙桥", is_bridge=True)
    island = Path(np.array([[90.0, 90.0], [95.0, 95.0]]), "path", "丁")
    woven = weave([street, lane, bridge, island])
    assert sorted((path.name, len(path.coords)) for path in woven) == [
        ("丙桥", 3),
        ("乙巷", 2),
        ("甲街", 2),
        ("甲街", 2),
    ]


def test_joining_keeps_the_river_until_nothing_else_is_left() -> None:
    """Four parts in a row, 0-1 | 2-3, the river in the middle."""
    eases = {(0, 1): 10.0, (1, 2): 0.0, (2, 3): 10.0}
    parts = join(np.array([5, 5, 5, 5]), eases, most=100, least=10, keep=1)
    assert parts[0] == parts[1] != parts[2] == parts[3]
    small = join(np.array([5, 5, 5, 5]), eases, most=100, least=15, keep=1)
    assert len(set(small.tolist())) == 1


def test_names_are_given_once() -> None:
    names = Names(generator(0, "test"))
    given = [names.street(is_wide=False) for _ in range(300)] + [names.quarter() for _ in range(100)]
    assert len(set(given)) == len(given)
    assert all(2 <= len(name) <= 3 for name in people_names(200, generator(0, "test")))


def test_weights_of_days_and_hours_sum_to_one() -> None:
    for key in (*HABITS, "unheard of"):
        habit = habit_of(key)
        assert day_weights(habit).sum() == pytest.approx(1)
        assert hour_weights(habit).sum() == pytest.approx(1)
    # 1 November 2025 was a Saturday, 3 November a Monday
    weights = day_weights(HABITS["noise"])
    assert weights[0] == pytest.approx(1.45 * weights[2])
    times = moments(HABITS["noise"], 50, (0, 1), generator(0, "test"))
    assert times.min() >= np.datetime64("2025-10-31T16:00:00")
    assert times.max() < np.datetime64("2025-11-01T16:00:00")
