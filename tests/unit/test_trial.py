"""Streets and gates as they would be; figures are worked out by hand, in metres on a plane."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import Point, box

from geo.access import snap
from geo.errors import BadSettingError
from geo.network import walk_network
from geo.trial import (
    ClosedAlreadyError,
    nearest_street_m,
    run_again,
    stand_again,
    streets_at,
    with_gates,
    with_streets,
)
from tests.fixtures.walkground import CRS, degrees, frame_of, stations, streets

TWO = streets([(0, 0), (400, 0)], [(0, 100), (400, 100)])


def line(*points: tuple[float, float]) -> shapely.LineString:
    return degrees([shapely.LineString(points)]).iloc[0]


def at(x: float, y: float) -> Point:
    return degrees([Point(x, y)]).iloc[0]


def tried(*lines: shapely.LineString, on: gpd.GeoDataFrame = TWO) -> gpd.GeoDataFrame:
    return with_streets(on, lines, crs=CRS, is_bridge=[False] * len(lines))


def test_a_new_street_meets_those_its_ends_come_near() -> None:
    made = tried(line((200, 5), (210, 95)))
    assert made.index.tolist() == [1, 2, 3]
    net = walk_network(made)
    assert len(net.components) == 1
    # both streets are cut where the new one meets them, at 200 and 210 m; it runs from (200, 0) to (210, 100)
    assert sorted(net.edge_length_m.round(2).tolist()) == [100.50, 190, 200, 200, 210]
    assert TWO.geometry.count_coordinates().tolist() == [2, 2]  # nothing handed in is changed


def test_a_vertex_that_is_there_is_met_and_none_is_added() -> None:
    made = tried(line((3, 4), (0, 100)))  # the ends of both streets are nearest
    assert made.geometry.count_coordinates().tolist() == [3, 2, 2]
    again = tried(line((3, 0), (0, 100)), on=made)
    assert again.geometry.loc[1].equals_exact(made.geometry.loc[1], 0)


def test_new_streets_meet_each_other_whichever_comes_first() -> None:
    near, far = line((200, 5), (200, 60)), line((205, 62), (300, 99))
    for lines in ((near, far), (far, near)):
        net = walk_network(tried(*lines))
        assert len(net.components) == 1
        assert len(net.edge_length_m) == 6
    # a branch that ends on the way of another, drawn before it
    branch = walk_network(tried(line((150, 52), (150, 99)), line((100, 0), (100, 50), (300, 50), (300, 0))))
    assert len(branch.components) == 1


@pytest.mark.parametrize(
    ("lines", "words", "words_zh"),
    [
        ([line((200, 5), (200, 60))], "within 30 m of its last end", "第 1 条新道路不可用：终点"),
        ([line((200, 5), (210, 95)), line((300, 50), (200, 5))], "New street 2 .* of its first end", "第 2 条新道路"),
        ([line((200, 45), (200, 55))], "first end", "两端都须接到道路"),
        ([line((200, 5), (200, 5))], "no length", "长度为 0"),
        ([line((200, 0), (200, 2001), (300, 100))], "m long, and at most 2,000 m", "最长 2,000 米"),
        ([line((900, 0), (950, 0)), line((950, 0), (900, 0))], "new streets alone", "没有接到现有道路"),
    ],
)
def test_streets_that_lead_nowhere_are_refused(lines: list[shapely.LineString], words: str, words_zh: str) -> None:
    with pytest.raises(BadSettingError, match=words) as refused:
        tried(*lines)
    assert words_zh in refused.value.text("zh")


def test_streets_that_nobody_walks_are_not_met() -> None:
    closed = TWO.assign(is_walkable=[True, False])
    with pytest.raises(BadSettingError, match="last end"):
        tried(line((200, 5), (200, 95)), on=closed)


def test_the_street_under_a_point_is_found_within_reach_alone() -> None:
    assert streets_at(TWO, [at(100, 20), at(100, 80)], crs=CRS) == [1, 2]
    with pytest.raises(BadSettingError, match="no street"):
        streets_at(TWO, [at(100, 20), at(100, 50)], crs=CRS)
    closed = TWO.assign(is_walkable=[True, False])
    assert streets_at(closed, [at(100, 20)], crs=CRS, near_m=90) == [1]
    with pytest.raises(ClosedAlreadyError, match="already"):
        streets_at(closed, [at(100, 80)], crs=CRS, near_m=90)


def test_metres_to_the_nearest_walkable_street() -> None:
    closed = TWO.assign(is_walkable=[True, False])
    points = degrees([Point(100, 20), Point(100, 80), Point(500, 0)])
    assert nearest_street_m(closed, points, crs=CRS).round(3).tolist() == [20, 80, 100]
    assert np.isinf(nearest_street_m(TWO.iloc[:0], points, crs=CRS)).all()


def test_what_is_there_is_known_again() -> None:
    known = stations((100, 0), (200, 0)).assign(category="health", name=["one", "two"])
    new = stations((100.5, 0), (100.5, 0), (200, 0.2), (100, 50), (100, 50.5)).assign(
        category=["health", "market", "health", "health", "health"], name=["one", "one", "two", "one", "one"]
    )
    again = stand_again(new, known, by=("category", "name"), crs=CRS)
    assert again.tolist() == [True, False, True, False, True]
    apart = stations((101.5, 0)).assign(category="health", name="one")
    assert not stand_again(apart, known, by=("category", "name"), crs=CRS).any()


def test_a_street_that_runs_there_is_known_again_however_its_ends_were_moved() -> None:
    drawn = line((200, 8), (230, 50), (210, 92))
    made = tried(drawn)
    backwards = line((210, 92), (230, 50), (200, 8))
    other = line((200, 8), (235, 50), (210, 92))
    assert run_again([drawn, backwards, other], made, crs=CRS).tolist() == [True, True, False]
    assert run_again([drawn, other, backwards], TWO, crs=CRS).tolist() == [False, False, True]
    assert run_again([drawn], made.assign(is_walkable=[True, True, False]), crs=CRS).tolist() == [False]


def test_a_gate_opens_the_compound_it_stands_at() -> None:
    yard = frame_of([box(100, 10, 300, 90)], "compound_id")
    gates = frame_of([Point(200, 90)], "gate_id", compound_id=[1], hours=[None])
    home = stations((200, 30))
    before = walk_network(TWO, gates=gates, compounds=yard)
    assert snap(before, home, snap_max_m=60)["snap_m"].round(2).tolist() == [70]  # 60 m up to the gate, 10 m on
    opened = with_gates(gates, yard, [at(200, 5), at(305, 50)], crs=CRS)
    assert opened.index.tolist() == [1, 2, 3]
    after = walk_network(TWO, gates=opened, compounds=yard)
    assert snap(after, home, snap_max_m=60)["snap_m"].round(2).tolist() == [30]  # 20 m down to the new one, 10 m on
    with pytest.raises(BadSettingError, match="no closed compound"):
        with_gates(gates, yard, [at(200, 5), at(200, -100)], crs=CRS)
    with pytest.raises(BadSettingError, match="no closed compound"):
        with_gates(gates.iloc[:0], yard, [at(200, 5)], crs=CRS)
