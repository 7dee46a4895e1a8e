"""The walking graph and where places join it."""

from collections import Counter, defaultdict

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from geo.access import PROBLEMS, doors, snap
from geo.errors import BadSettingError, DuplicateIdError, MissingColumnsError, WrongCrsError, WrongGeometryError
from geo.network import walk_network
from geo.searches import net_of, nodes_within
from tests.fixtures.walkground import frame_of, stations, streets


def walls(*shapes: shapely.Geometry, kind: str = "wall") -> gpd.GeoDataFrame:
    return frame_of(shapes, "barrier_id", kind=kind)


def gated(outline: Polygon, *gates: tuple[float, float]) -> dict[str, gpd.GeoDataFrame]:
    return {
        "compounds": frame_of([outline], "compound_id"),
        "gates": frame_of([Point(gate) for gate in gates], "gate_id", compound_id=1),
    }


def test_streets_meet_at_shared_vertices_ends_or_not() -> None:
    made = walk_network(streets([(0, 0), (100, 0), (200, 0)], [(100, 0), (100, 80)]))
    assert len(made.node_xy) == 4
    assert sorted(np.round(made.edge_length_m, 3)) == [80, 100, 100]
    assert made.component.tolist() == [0, 0, 0, 0]
    assert sorted(made.edge_street.tolist()) == [1, 1, 2]


def test_streets_that_merely_cross_do_not_meet_unless_asked_for() -> None:
    crossing = streets([(0, 0), (200, 0)], [(100, -50), (100, 50)])
    assert len(walk_network(crossing).edge_length_m) == 2
    made = walk_network(crossing, node_crossings=True)
    assert sorted(np.round(made.edge_length_m, 3)) == [50, 50, 100, 100]


def test_a_bridge_never_meets_what_it_crosses_but_lands_at_its_ends() -> None:
    lines = streets([(0, 0), (200, 0)], [(100, -50), (100, 50)], [(0, 50), (200, 50)], bridges=[1])
    made = walk_network(lines, node_crossings=True)
    # the bridge is whole, the street it lands on is cut, the street below is not
    assert sorted(np.round(made.edge_length_m, 3)) == [100, 100, 100, 200]
    assert made.edge_length_m[made.edge_is_bridge].round(3).tolist() == [100]


def test_an_end_just_short_of_another_street_joins_it_when_asked_for() -> None:
    made = walk_network(streets([(0, 0), (200, 0)], [(100, 0.2), (100, 80)]), node_crossings=True)
    assert len(set(made.component.tolist())) == 1


def test_loops_parallels_and_lines_in_parts_are_kept() -> None:
    lines = streets([(0, 0), (50, 50), (100, 0), (0, 0)], [(0, 0), (0, -100), (100, 0)])
    parts = shapely.MultiLineString([[(0, 0), (-10, 0)], [(500, 0), (510, 0)]])
    both = gpd.GeoDataFrame(
        pd.concat([lines, frame_of([parts], "street_id", is_walkable=True, is_bridge=False).set_axis([9])])
    )
    made = walk_network(both)
    # two ways round the loop and one below join (0, 0) and (100, 0); the part at 500 m is a piece of its own
    assert np.round(made.edge_length_m, 1).tolist().count(141.4) == 1
    assert made.components["edges"].tolist() == [4, 1]
    assert made.components["name"].tolist()[1] is None
    whole = streets([(0, 0), (60, 80), (120, 0), (0, 0)])
    assert np.round(walk_network(whole).edge_length_m, 3).tolist() == [320]  # 100 + 100 + 120, a loop at one node


def test_what_is_not_walkable_is_not_there() -> None:
    assert walk_network(streets([(0, 0), (100, 0)], closed=[0])).is_empty
    empty = walk_network(streets())
    assert empty.is_empty
    assert snap(empty, stations((0, 0)), snap_max_m=50)["problem"].tolist() == ["no_network"]


def test_pieces_are_named_by_their_longest_street_and_ordered_by_length() -> None:
    made = walk_network(streets([(0, 0), (10, 0)], [(0, 500), (90, 500)], [(90, 500), (300, 500)]))
    assert made.components["length_m"].round(3).tolist() == [300, 10]
    assert made.components["name"].tolist() == ["street 2", "street 0"]


def test_the_order_of_streets_does_not_matter() -> None:
    lines = streets([(0, 0), (100, 0)], [(100, 0), (100, 90)], [(100, 0), (250, 10)], [(0, 0), (100, 90)])
    one, other = walk_network(lines), walk_network(lines.sample(frac=1, random_state=3))
    for name in (
        "node_xy",
        "edge_nodes",
        "edge_length_m",
        "edge_street",
        "arc_start",
        "arc_node",
        "arc_edge",
        "component",
    ):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_nothing_handed_in_is_changed() -> None:
    lines, point = streets([(0, 0), (100, 0)]), stations((50, 5))
    copies = lines.copy(deep=True), point.copy(deep=True)
    snap(walk_network(lines), point, snap_max_m=50)
    pd.testing.assert_frame_equal(lines, copies[0])
    pd.testing.assert_frame_equal(point, copies[1])


def test_bad_frames_are_refused_by_name() -> None:
    good = streets([(0, 0), (100, 0)])
    with pytest.raises(MissingColumnsError, match="is_bridge"):
        walk_network(good.drop(columns="is_bridge"))
    with pytest.raises(WrongCrsError, match="3857"):
        walk_network(good.to_crs(3857))
    with pytest.raises(DuplicateIdError):
        walk_network(good.iloc[[0, 0]])
    with pytest.raises(WrongGeometryError, match="not LineString"):
        walk_network(good.set_geometry(good.geometry.representative_point()))
    with pytest.raises(BadSettingError, match="snap_max_m"):
        snap(walk_network(good), stations((0, 0)), snap_max_m=0)


def test_a_place_joins_the_nearest_street_at_the_nearest_point() -> None:
    made = snap(
        walk_network(streets([(0, 0), (100, 0)], [(0, 40), (100, 40)])), stations((30, 15), (30, 26)), snap_max_m=50
    )
    assert made["snap_m"].round(3).tolist() == [15, 14]
    assert made["along_m"].round(3).tolist() == [30, 30]
    assert made["edge"].nunique() == 2
    assert made["problem"].isna().all()


def test_places_too_far_are_reported_and_the_others_still_joined() -> None:
    made = snap(walk_network(streets([(0, 0), (100, 0)])), stations((30, 15), (30, 151), (30, 149)), snap_max_m=150)
    assert made["problem"].tolist() == [None, "too_far", None]
    assert made["edge"].tolist() == [0, -1, 0]
    assert made["snap_m"].isna().tolist() == [False, True, False]
    assert set(made["problem"].dropna()) <= set(PROBLEMS)


@pytest.mark.parametrize(
    "barriers",
    [
        walls(LineString([(-50, 20), (150, 20)])),
        walls(box(-50, 15, 150, 25), kind="water"),
        walls(LineString([(-50, 20), (150, 20)]), kind="rail"),
        walls(box(-50, -40, 150, 20)),  # a walled area: its outline is the wall
    ],
    ids=["wall", "water", "rail", "walled area"],
)
def test_access_does_not_cross_barriers(barriers: gpd.GeoDataFrame) -> None:
    lines = streets([(0, 0), (100, 0)], [(0, 90), (100, 90)])
    made = snap(walk_network(lines, barriers=barriers), stations((50, 30)), snap_max_m=150)
    assert made["snap_m"].round(3).tolist() == [60]  # not the street 30 m away behind the barrier
    alone = snap(walk_network(lines.iloc[:1], barriers=barriers), stations((50, 30)), snap_max_m=150)
    assert alone["problem"].tolist() == ["barrier"]


def test_a_house_drawn_inside_the_water_may_step_ashore() -> None:
    made = walk_network(streets([(0, 0), (100, 0)]), barriers=walls(box(-50, 10, 150, 60), kind="water"))
    assert snap(made, stations((50, 20)), snap_max_m=50)["snap_m"].round(3).tolist() == [20]


def test_a_street_along_a_wall_is_joined_from_both_sides() -> None:
    made = walk_network(streets([(0, 0), (100, 0)]), barriers=walls(LineString([(0, 0), (100, 0)])))
    assert snap(made, stations((50, 20), (50, -20)), snap_max_m=50)["snap_m"].round(3).tolist() == [20, 20]


def test_bridges_are_not_joined_in_mid_air() -> None:
    made = walk_network(streets([(0, 0), (100, 0)], [(100, 0), (300, 0)], bridges=[1]))
    found = snap(made, stations((200, 10)), snap_max_m=150)
    assert found["snap_m"].round(2).tolist() == [100.5]  # hypot(100, 10), to the bridge's foot
    assert not made.edge_is_bridge[found["edge"].iloc[0]]


def test_stray_islands_catch_nobody_who_has_a_real_street() -> None:
    lines = streets([(0, 0), (1000, 0)], [(50, 30), (80, 30)], [(5000, 0), (5030, 0)])
    made = snap(walk_network(lines), stations((60, 28), (5010, 5)), snap_max_m=100)
    assert made["snap_m"].round(3).tolist() == [28, 5]
    held = snap(walk_network(lines, island_m=0.5), stations((60, 28)), snap_max_m=100)
    assert held["snap_m"].round(3).tolist() == [2]


YARD = box(0, 10, 200, 110)


def test_a_gated_compound_is_left_through_its_nearest_gate() -> None:
    lines = streets([(-50, 0), (250, 0)])
    made = walk_network(lines, **gated(YARD, (200, 60), (20, 10)))
    found = snap(made, stations((20, 60), (190, 60), (-20, 5)), snap_max_m=150)
    # to the south gate 50 + 10 to the street; the east gate stands 60 m above the street: 10 + 60
    assert found["snap_m"].round(3).tolist() == [60, 70, 5]
    assert found["gate_id"].tolist() == [2, 1, None]
    assert found["outline"].tolist() == [0, 0, -1]


def test_the_stretch_inside_a_compound_may_be_longer_than_the_snapping_distance() -> None:
    made = walk_network(streets([(-50, 0), (450, 0)]), **gated(box(0, 10, 400, 300), (0, 10)))
    found = snap(made, stations((390, 290)), snap_max_m=30)
    assert found["snap_m"].round(1).tolist() == [round(float(np.hypot(390, 280)) + 10, 1)]


def test_a_street_inside_the_compound_is_preferred_and_walls_hold_from_outside() -> None:
    lines = streets([(-50, 0), (20, 0), (250, 0)], [(20, 0), (20, 10), (20, 60), (180, 60), (300, 60), (600, 60)])
    made = walk_network(lines, **gated(YARD, (20, 10)))
    found = snap(made, stations((100, 90), (100, 5), (205, 100)), snap_max_m=150)
    assert found["gate_id"].tolist() == [None, None, None]
    assert found["snap_m"].round(3).tolist() == [30, 5, 40]


def test_a_compound_drawn_to_the_street_is_still_left_by_its_gate() -> None:
    """An outline along the street's own line is a wall all the same."""
    made = walk_network(streets([(-50, 0), (250, 0)]), **gated(box(0, 0, 200, 110), (150, 0)))
    found = snap(made, stations((20, 30)), snap_max_m=150)
    assert found["gate_id"].tolist() == [1]
    assert found["snap_m"].round(3).tolist() == [round(float(np.hypot(130, 30)), 3)]


def test_a_compound_whose_gates_lead_nowhere_is_reported() -> None:
    made = walk_network(streets([(-50, -900), (250, -900)]), **gated(YARD, (20, 10)))
    assert snap(made, stations((20, 60)), snap_max_m=150)["problem"].tolist() == ["too_far"]
    walled = walk_network(
        streets([(-50, 0), (250, 0)]), barriers=walls(box(10, 2, 30, 8), kind="water"), **gated(YARD, (20, 10))
    )
    assert snap(walled, stations((20, 60)), snap_max_m=150)["problem"].tolist() == ["barrier"]


def test_gates_that_stand_in_a_drawn_wall_are_open() -> None:
    wall = walls(YARD.boundary)
    made = walk_network(streets([(-50, 0), (250, 0)]), barriers=wall, **gated(YARD, (20, 10)))
    assert snap(made, stations((20, 60)), snap_max_m=150)["snap_m"].round(3).tolist() == [60]


def test_distances_on_a_real_network_are_those_of_networkx(shared) -> None:  # type: ignore[no-untyped-def]
    roads = gpd.read_parquet(shared / "china" / "wuhan_streets_osm.parquet").iloc[:6000]
    roads["is_walkable"], roads["is_bridge"] = True, False
    made = walk_network(roads.to_crs(4326))
    lines = roads.to_crs(made.crs)
    # the source names its own junctions (u, v): an oracle for where streets meet
    graph, ends = nx.Graph(), defaultdict(Counter)
    for u, v, line in zip(lines["u"], lines["v"], lines.geometry, strict=True):
        graph.add_edge(u, v, m=min(line.length, graph.get_edge_data(u, v, {"m": np.inf})["m"]))
        for node in {u, v}:
            ends[node].update({line.coords[0], line.coords[-1]})
    # a junction lies where most of its streets end; which end of a lone street it is cannot be known
    place = {node: spots.most_common(1)[0][0] for node, spots in ends.items() if spots.most_common(1)[0][1] > 1}
    tree = shapely.STRtree(shapely.points(made.node_xy))
    ours = {node: int(tree.nearest(Point(spot))) for node, spot in place.items()}
    start = next(iter(ours))
    here = stations((0, 0)).set_geometry(gpd.GeoSeries([Point(place[start])], crs=made.crs).to_crs(4326).to_numpy())
    origin = doors(here.set_crs(4326), made, crs=made.crs, snap_max_m=1.0)
    met = nodes_within(net_of(made, origin), origin, limit_m=3000.0)
    to_m = np.full(len(made.node_xy), np.inf)
    to_m[met.node] = met.to_m
    wanted = nx.single_source_dijkstra_path_length(graph, start, cutoff=2999.0, weight="m")
    known = [node for node in wanted if node in ours]
    np.testing.assert_allclose(to_m[[ours[node] for node in known]], [wanted[node] for node in known], atol=0.1)
    assert len(wanted) > 100


def test_those_who_cannot_walk_steps_go_round() -> None:
    lines = streets([(0, 0), (100, 0)], [(100, 0), (100, 40)], [(100, 40), (0, 40)], [(0, 0), (0, 40)])
    lines["is_steps"] = [False, False, False, True]
    assert walk_network(lines).edge_length_m.round(3).tolist() == [100, 40, 100, 40]
    assert walk_network(lines, uses_steps=False).edge_length_m.round(3).tolist() == [100, 40, 100]
    assert len(walk_network(lines.drop(columns="is_steps"), uses_steps=False).edge_length_m) == 4


def test_a_compound_whose_gates_are_shut_stays_closed() -> None:
    road = streets([(-50, 0), (250, 0)])
    yard = frame_of([box(0, 20, 100, 120)], "compound_id")
    doors_of = frame_of([Point(50, 20), Point(100, 100)], "gate_id", compound_id=[1, 1])
    home = stations((50, 60))
    for is_open, wanted_m in (([True, True], 60), ([False, True], None), ([False, False], None)):
        made = walk_network(road, gates=doors_of.assign(is_open=is_open), compounds=yard)
        found = snap(made, home, snap_max_m=50)
        if wanted_m is None:
            assert found["problem"].notna().all()
        else:
            assert found["snap_m"].round(3).tolist() == [wanted_m]


def test_what_two_streets_share_is_there_once() -> None:
    shared = walk_network(streets([(0, 0), (100, 0), (200, 0), (300, 0)], [(200, 0), (100, 0), (100, 50)]))
    assert sorted(shared.edge_length_m.round(3).tolist()) == [50, 100, 100, 100]
    twice = walk_network(streets([(0, 0), (100, 0), (100, 50)], [(100, 50), (100, 0), (0, 0)]))
    assert sorted(twice.edge_length_m.round(3).tolist()) == [50, 100]


def test_streets_as_near_to_a_millimetre_are_told_apart_by_their_order_not_by_rounding() -> None:
    """Between two streets 240 m apart; found by a law: a point and a house about it walked to different streets."""
    lines = [((0.0, 0.0), (120.0, 0.0)), ((360.0, 0.0), (360.0, 120.0))]
    net = walk_network(streets(*lines), island_m=0.0)
    places = [(240.0 + nudge, 0.0) for nudge in (-2e-4, -1e-9, 0.0, 1e-9, 2e-4)]
    found = snap(net, stations(*places), snap_max_m=150.0)
    assert found["edge"].nunique() == 1
    apart = snap(net, stations((239.9, 0.0), (240.1, 0.0)), snap_max_m=150.0)
    assert apart["edge"].nunique() == 2
    at_the_end = snap(net, stations(*((x, 0.0) for x in (510 - 1e-7, 510.0, 510 + 1e-7, 510.01))), snap_max_m=150.0)
    assert (at_the_end["edge"] >= 0).tolist() == [True, True, True, False]
    assert at_the_end["problem"].tolist()[-1] == "too_far"
