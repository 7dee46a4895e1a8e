"""Streets and gates as they would be; figures are worked out by hand, in metres on a plane."""

import pytest
import shapely
from shapely import Point, box

from geo.access import snap
from geo.errors import BadSettingError
from geo.network import walk_network
from geo.trial import street_at, with_gate, with_street
from tests.fixtures.walkground import CRS, degrees, frame_of, stations, streets

TWO = streets([(0, 0), (400, 0)], [(0, 100), (400, 100)])


def line(*points: tuple[float, float]) -> shapely.LineString:
    return degrees([shapely.LineString(points)]).iloc[0]


def at(x: float, y: float) -> Point:
    return degrees([Point(x, y)]).iloc[0]


def test_a_new_street_meets_those_its_ends_come_near() -> None:
    made = with_street(TWO, line((200, 5), (210, 95)), crs=CRS, is_bridge=False)
    assert made.index.tolist() == [1, 2, 3]
    net = walk_network(made)
    assert len(net.components) == 1
    # both streets are cut where the new one meets them, at 200 and 210 m; it runs from (200, 0) to (210, 100)
    assert sorted(net.edge_length_m.round(2).tolist()) == [100.50, 190, 200, 200, 210]
    assert TWO.geometry.count_coordinates().tolist() == [2, 2]  # nothing handed in is changed


def test_an_end_far_from_streets_stays_open_and_two_are_refused() -> None:
    made = with_street(TWO, line((200, 5), (200, 60)), crs=CRS, is_bridge=False)
    assert len(walk_network(made).components) == 2
    with pytest.raises(BadSettingError, match="neither end"):
        with_street(TWO, line((200, 45), (200, 55)), crs=CRS, is_bridge=False)
    with pytest.raises(BadSettingError, match="no length"):
        with_street(TWO, line((200, 5), (200, 5)), crs=CRS, is_bridge=False)


def test_streets_that_nobody_walks_are_not_met() -> None:
    closed = TWO.assign(is_walkable=[True, False])
    made = with_street(closed, line((200, 5), (200, 95)), crs=CRS, is_bridge=False)
    assert made.geometry.loc[2].equals(TWO.geometry.loc[2])


def test_the_street_under_a_point_is_found_within_reach_alone() -> None:
    assert street_at(TWO, at(100, 20), crs=CRS) == 1
    assert street_at(TWO, at(100, 80), crs=CRS) == 2
    with pytest.raises(BadSettingError, match="no street"):
        street_at(TWO, at(100, 50), crs=CRS)


def test_a_gate_opens_the_compound_it_stands_at() -> None:
    yard = frame_of([box(100, 10, 300, 90)], "compound_id")
    gates = frame_of([Point(200, 90)], "gate_id", compound_id=[1], hours=[None])
    home = stations((200, 30))
    before = walk_network(TWO, gates=gates, compounds=yard)
    assert snap(before, home, snap_max_m=60)["snap_m"].round(2).tolist() == [70]  # 60 m up to the gate, 10 m on
    opened = with_gate(gates, yard, at(200, 5), crs=CRS)
    assert opened.index.tolist() == [1, 2]
    after = walk_network(TWO, gates=opened, compounds=yard)
    assert snap(after, home, snap_max_m=60)["snap_m"].round(2).tolist() == [30]  # 20 m down to the new one, 10 m on
    with pytest.raises(BadSettingError, match="no closed compound"):
        with_gate(gates, yard, at(200, -100), crs=CRS)
    with pytest.raises(BadSettingError, match="no closed compound"):
        with_gate(gates.iloc[:0], yard, at(200, 5), crs=CRS)
