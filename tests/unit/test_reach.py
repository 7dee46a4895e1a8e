"""Circles, walks and who is left out; figures are worked out by hand at 60 m a minute."""

import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import Point, box

from geo.circles import _paint, _straight
from geo.errors import BadSettingError, MissingColumnsError, WrongCrsError
from geo.nearest import _offer_all
from geo.network import walk_network
from geo.pieces import _cut_all
from geo.reach import Look, nearest, reach, walks
from geo.scene import scene_of
from geo.searches import _nodes, _walks
from geo.walking import settle
from geo.warm import warm_walks
from tests.fixtures.walkground import buildings, frame_of, metres, stations, streets

PACE = {"speed_m_per_s": 1.0}
LONG = streets([(-2000, 0), (2000, 0)])
NEAR_M = 0.6  # contours are interpolated between squares of 5 m, and corners within half a metre of a line left out


def test_a_circle_ends_where_time_runs_out_inside_a_street() -> None:
    made = reach(stations((0, 10)), scene_of(walk_network(LONG), buildings()), minutes=(5, 2), **PACE)
    assert made.index.tolist() == [(1, 2.0), (1, 5.0)]
    assert made.index.names == ["station_id", "minutes"]
    # (300 m - 10 m to the street) to either side; 2 minutes: 120 m
    assert made["reached_m"].round(3).tolist() == [220, 580]
    assert made["snap_m"].round(3).tolist() == [10, 10]
    west, south, east, north = metres(made.loc[[(1, 5.0)]]).total_bounds
    assert (west, south, east, north) == pytest.approx((-290 - 25, -25, 290 + 25, 35), abs=NEAR_M)
    assert (made.geom_type == "MultiPolygon").all()
    assert made.is_valid.all()
    assert made.crs == "EPSG:4326"


def test_the_area_of_a_straight_circle_is_a_band_with_round_ends() -> None:
    made = reach(stations((0, 0)), scene_of(walk_network(LONG), buildings()), minutes=[5], **PACE)
    assert metres(made).area.iloc[0] == pytest.approx(600 * 50 + np.pi * 625, rel=5e-3)


def test_households_are_those_whose_own_minutes_are_within() -> None:
    doors = buildings((100, 30), (280, 15), (280, 30), (-299, 0), (-301, 0))
    net = walk_network(LONG)
    made = reach(stations((0, 0)), scene_of(net, doors), minutes=[5], **PACE)
    # 130, 295, 310, 299 and 301 m: 300 m are in
    assert made["households"].tolist() == [1 + 2 + 8]
    assert made["people"].tolist() == [3 * (1 + 2 + 8)]
    minutes = walks(stations((0, 0)), scene_of(net, doors), longest_min=5, **PACE)["walk_min"]
    assert minutes.index.tolist() == [(1, 1), (1, 2), (1, 4)]
    assert minutes.round(4).tolist() == [round(130 / 60, 4), round(295 / 60, 4), round(299 / 60, 4)]


def test_a_walk_of_exactly_five_minutes_is_within_five() -> None:
    doors = buildings(*[(300 - off, off) for off in (0, 7, 13, 29, 31)])  # 300 m each: along, then aside
    scene = scene_of(walk_network(LONG), doors)
    assert reach(stations((0, 0)), scene, minutes=[5], **PACE)["households"].tolist() == [31]
    assert walks(stations((0, 0)), scene, longest_min=5, **PACE)["walk_min"].tolist() == [5.0] * 5
    assert nearest(stations((0, 0)), scene, longest_min=5, **PACE)["walk_min"].tolist() == [5.0] * 5


def test_the_ground_of_a_circle_covers_every_door_it_counts() -> None:
    doors = buildings((100, 30), (150, 140), (100, -90))
    made = reach(stations((0, 0)), scene_of(walk_network(LONG), doors), minutes=[5], **PACE)
    covered = metres(made).iloc[0].covers(metres(doors).representative_point())
    assert covered.tolist() == [True, True, True]
    assert made["households"].tolist() == [1 + 2 + 4]


def test_neighbours_on_one_street_do_not_walk_to_its_end() -> None:
    net = walk_network(streets([(0, 0), (1000, 0)]))
    made = nearest(stations((500, 0)), scene_of(net, buildings((520, 0), (480, 6))), **PACE)
    assert (made["walk_min"] * 60).round(3).tolist() == [20, 26]


def test_a_way_round_a_loop_is_taken_when_it_is_shorter() -> None:
    net = walk_network(streets([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]))
    made = nearest(stations((50, 0)), scene_of(net, buildings((0, 40))), **PACE)
    assert (made["walk_min"] * 60).round(3).tolist() == [90]  # 50 + 40, not 50 + 100 + 100 + 60


def test_water_without_a_bridge_keeps_people_apart() -> None:
    river = frame_of([box(-3000, 40, 3000, 60)], "barrier_id", kind="water")
    both = [[(-500, 0), (0, 0), (500, 0)], [(-500, 100), (0, 100), (500, 100)]]
    doors, post = buildings((0, 97)), stations((0, 3))
    apart = scene_of(walk_network(streets(*both), barriers=river), doors)
    assert nearest(post, apart, **PACE)["station_id"].isna().all()
    crossed = walk_network(streets(*both, [(0, 0), (0, 100)], bridges=[2]), barriers=river)
    assert (nearest(post, scene_of(crossed, doors), **PACE)["walk_min"] * 60).round(3).tolist() == [106]


def test_doors_of_one_compound_are_joined_without_leaving_by_the_gate() -> None:
    yard = {
        "compounds": frame_of([box(0, 10, 200, 110)], "compound_id"),
        "gates": frame_of([Point(20, 10)], "gate_id", compound_id=1),
    }
    net = walk_network(streets([(-50, 0), (250, 0)]), **yard)
    doors = buildings((180, 100), (-30, 4))
    made = nearest(stations((150, 60)), scene_of(net, doors), **PACE)
    gate_m = float(np.hypot(130, 50)) + 10
    assert (made["walk_min"] * 60).round(2).tolist() == [50, round(gate_m + 50 + 4, 2)]
    circle = reach(stations((150, 60)), scene_of(net, doors), minutes=[1], **PACE)
    assert circle["households"].tolist() == [1]
    assert circle["reached_m"].tolist() == [0]  # one minute does not lead out of the gate
    assert metres(circle).iloc[0].covers(Point(180, 100))


def test_without_streets_a_labelled_straight_line_stands_in() -> None:
    doors = buildings((0, 299), (0, 301))
    for net in (None, walk_network(streets())):
        made = reach(stations((0, 0)), scene_of(net, doors), minutes=(5, 15), **PACE)
        assert made["is_straight_line"].all()
        assert made["snap_m"].isna().all()
        assert made["reached_m"].tolist() == [0, 0]
        assert made["households"].tolist() == [1, 3]
        area = metres(made).area.to_numpy()
        assert area == pytest.approx(np.pi * np.array([300.0, 900.0]) ** 2, rel=0.005)
        near = nearest(stations((0, 0)), scene_of(net, doors), longest_min=5, **PACE)
        assert near["problem"].tolist() == ["no_network", "no_network"]
        assert near["is_straight_line"].tolist() == [True, False]


def test_only_the_station_off_the_streets_gets_a_stand_in() -> None:
    made = reach(
        stations((0, 0), (0, 500)), scene_of(walk_network(LONG), buildings((0, 480), (20, 0))), minutes=[5], **PACE
    )
    assert made["is_straight_line"].tolist() == [False, True]
    assert made["households"].tolist() == [2, 1]


def test_buildings_off_the_streets_have_no_walk_and_say_why() -> None:
    made = nearest(stations((0, 0)), scene_of(walk_network(LONG), buildings((10, 0), (10, 151))), **PACE)
    assert made["problem"].tolist() == [None, "too_far"]
    assert made["station_id"].isna().tolist() == [False, True]
    assert made["walk_min"].isna().tolist() == [False, True]


def test_the_nearest_station_wins_and_ties_go_to_the_lowest_id() -> None:
    posts = stations((-100, 0), (100, 0), (-100, 0)).sample(frac=1, random_state=1)
    made = nearest(
        posts, scene_of(walk_network(LONG), buildings((0, 0), (60, 0), (-60, 0), (1500, 0))), longest_min=10, **PACE
    )
    assert made["station_id"].tolist()[:3] == [1, 2, 1]
    assert pd.isna(made["station_id"].tolist()[3])
    assert made.index.name == "building_id"


def test_holes_the_size_of_a_block_are_filled_and_lakes_are_not() -> None:
    ring = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]
    net = walk_network(streets(ring))
    filled = reach(stations((50, 0)), scene_of(net, buildings()), minutes=[5], look=Look(hole_max_m2=2600), **PACE)
    open_ = reach(
        stations((50, 0)), scene_of(net, buildings()), minutes=[5], look=Look(hole_max_m2=2400), **PACE
    )  # inside: 50 m x 50 m
    assert metres(open_).area.iloc[0] == pytest.approx(metres(filled).area.iloc[0] - 2500, rel=5e-3)


def test_a_station_whose_time_runs_out_on_the_way_to_the_street_has_a_stub() -> None:
    made = reach(stations((0, 100)), scene_of(walk_network(LONG), buildings((0, 99))), minutes=[1], **PACE)
    assert made["reached_m"].tolist() == [0]
    assert made["households"].tolist() == [0]  # 100 m to the street and 99 m back
    assert metres(made).total_bounds == pytest.approx((-25, 40 - 25, 25, 125), abs=NEAR_M)


def test_nothing_to_serve_and_nobody_to_serve_are_answers_too() -> None:
    net = walk_network(LONG)
    none = reach(stations(), scene_of(net, buildings((0, 0))))
    assert len(none) == 0
    assert none.index.names == ["station_id", "minutes"]
    assert list(none.columns) == list(reach(stations((0, 0)), scene_of(net, buildings())).columns)
    assert nearest(stations(), scene_of(net, buildings((0, 0))))["station_id"].isna().all()
    assert len(nearest(stations((0, 0)), scene_of(net, buildings()))) == 0
    assert len(walks(stations(), scene_of(net, buildings((0, 0))), longest_min=5)) == 0
    assert reach(stations(), scene_of(None, buildings())).empty


@pytest.mark.parametrize(
    "bad",
    [
        {"minutes": ()},
        {"minutes": (5, 0)},
        {"minutes": (5, float("nan"))},
        {"speed_m_per_s": 0},
        {"look": Look(width_m=0)},
        {"look": Look(hole_max_m2=float("inf"))},
    ],
    ids=str,
)
def test_numbers_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(BadSettingError) as caught:
        reach(stations((0, 0)), scene_of(walk_network(LONG), buildings((0, 0))), **bad)  # type: ignore[arg-type]
    assert "必须大于 0" in caught.value.text("zh") or "至少需要一个" in caught.value.text("zh")
    with pytest.raises(BadSettingError):
        scene_of(walk_network(LONG), buildings((0, 0)), snap_max_m=-1)


def test_frames_that_are_not_what_they_must_be_are_refused() -> None:
    net = walk_network(LONG)
    with pytest.raises(MissingColumnsError, match="households"):
        reach(stations((0, 0)), scene_of(net, buildings((0, 0)).drop(columns="households")))
    with pytest.raises(WrongCrsError, match="stations"):
        reach(stations((0, 0)).to_crs(3857), scene_of(net, buildings((0, 0))))


def test_frames_come_back_unchanged() -> None:
    posts, doors = stations((0, 0)), buildings((0, 40))
    copies = posts.copy(deep=True), doors.copy(deep=True)
    reach(posts, scene_of(walk_network(LONG), doors))
    pd.testing.assert_frame_equal(posts, copies[0])
    pd.testing.assert_frame_equal(doors, copies[1])


def test_real_streets_give_valid_nested_circles(shared) -> None:  # type: ignore[no-untyped-def]
    import geopandas as gpd

    roads = gpd.read_parquet(shared / "china" / "wuhan_streets_osm.parquet").iloc[:9000].to_crs(4326)
    roads["is_walkable"], roads["is_bridge"] = ~roads["highway"].astype(str).str.contains("motorway"), False
    places = shapely.line_interpolate_point(roads.geometry.to_numpy()[::1500], 0.5, normalized=True)
    posts = gpd.GeoDataFrame(geometry=places, crs=4326)
    made = reach(posts, scene_of(walk_network(roads), buildings()))
    assert made.is_valid.all()
    circle = made.geometry.unstack()
    assert all(outer.covers(inner) for inner, outer in zip(circle[5.0], circle[15.0], strict=True))
    assert (made["reached_m"].unstack()[15.0] > 1000).all()


def test_after_warming_no_walk_compiles_anything() -> None:
    warm_walks()
    kernels = (_walks, _nodes, settle, _offer_all, _cut_all, _straight, _paint)
    ready = [len(kernel.signatures) for kernel in kernels]
    net = walk_network(streets([(0, 0), (100, 0)], [(100, 0), (100, 100)]))
    homes = buildings((90, 10), (500, 500))
    reach(stations((10, 5)), scene_of(net, homes))
    nearest(stations((10, 5), (900, 900)), scene_of(net, homes))
    assert [len(kernel.signatures) for kernel in kernels] == ready
    assert min(ready) > 0
