"""Laws of reach, on random nets: nesting, growth, truth of household lists, and networkx's distances."""

from collections.abc import Sequence

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.ops import substring

from geo.access import Doors
from geo.access import doors as joined
from geo.circles import lines_of, painted
from geo.network import WalkNetwork, walk_network
from geo.pieces import reached_pieces
from geo.reach import nearest, reach, walks
from geo.scene import scene_of
from geo.searches import circles_within, nodes_within, sums_within, walks_all
from geo.searches import net_of as searched
from tests.fixtures.walkground import XY, buildings, lattice_lines, metres, stations, streets

SIDE, SPACING_M = 5, 120.0
ALL = lattice_lines(SIDE, SPACING_M)
MINUTES = (5.0, 15.0)
few = settings(max_examples=12)

nets = st.lists(st.booleans(), min_size=len(ALL), max_size=len(ALL)).map(
    lambda keep: [ALL[0], *(line for line, kept in zip(ALL[1:], keep[1:], strict=True) if kept)]
)
inside = st.floats(-30.0, (SIDE - 1) * SPACING_M + 30.0)
places = st.lists(st.tuples(inside, inside), min_size=1, max_size=12, unique=True)
speeds = st.floats(0.3, 1.5)


def net_of(lines: Sequence[tuple[XY, XY]]) -> WalkNetwork:
    return walk_network(streets(*lines), island_m=0.0)  # a place's street must not depend on the other streets


@few
@given(nets, places, places, speeds)
def test_a_short_circle_lies_within_a_long_one_and_counts_no_other_homes(
    lines: list[tuple[XY, XY]], posts: list[XY], doors: list[XY], speed: float
) -> None:
    made = reach(stations(*posts), scene_of(net_of(lines), buildings(*doors)), minutes=MINUTES, speed_m_per_s=speed)
    assert made.is_valid.all()
    assert (made.geom_type == "MultiPolygon").all()
    for _, circle in made.groupby("station_id"):
        short, long = circle.iloc[0], circle.iloc[1]
        assert long.geometry.covers(short.geometry)
        assert short.households & long.households == short.households  # powers of two: a set of buildings
        assert short.reached_m <= long.reached_m + 1e-6


@few
@given(nets, places, places, speeds)
def test_the_households_of_a_circle_are_those_whose_own_minutes_are_within_it(
    lines: list[tuple[XY, XY]], posts: list[XY], doors: list[XY], speed: float
) -> None:
    net, homes, post = net_of(lines), buildings(*doors), stations(*posts)
    made = reach(post, scene_of(net, homes), minutes=MINUTES, speed_m_per_s=speed)
    each = walks(post, scene_of(net, homes), longest_min=15.0, speed_m_per_s=speed)
    counts = homes["households"].reindex(each.index.get_level_values("building_id")).set_axis(each.index)
    for minutes in MINUTES:
        wanted = counts[each["walk_min"] <= minutes].groupby("station_id").sum().reindex(post.index, fill_value=0)
        assert made.xs(minutes, level="minutes")["households"].tolist() == wanted.tolist()
    near = nearest(post, scene_of(net, homes), longest_min=15.0, speed_m_per_s=speed)
    best = each["walk_min"].groupby("building_id").min().reindex(homes.index)
    pd.testing.assert_series_equal(near["walk_min"], best, check_names=False)


@few
@given(nets, places, places)
def test_the_ground_of_a_circle_covers_the_doors_it_counts(
    lines: list[tuple[XY, XY]], posts: list[XY], doors: list[XY]
) -> None:
    net, homes, post = net_of(lines), buildings(*doors), stations(*posts)
    made = metres(reach(post, scene_of(net, homes), minutes=[5], speed_m_per_s=1.0))
    point = shapely.point_on_surface(metres(homes).to_numpy())
    for station, building in walks(post, scene_of(net, homes), longest_min=5, speed_m_per_s=1.0).index:
        assert made[(station, 5.0)].covers(point[building - 1])


@few
@given(
    nets,
    st.lists(st.integers(0, len(ALL) - 1), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, len(ALL) - 1), st.floats(0.2, 0.8)), min_size=1, max_size=8),
    speeds,
)
def test_more_streets_never_shrink_a_circle_while_snapping_holds(
    lines: list[tuple[XY, XY]], added: list[int], doors: list[tuple[int, float]], speed: float
) -> None:
    """Doors stand 2 m beside a street there from the start, so that no new street comes nearer."""
    before, after = net_of(lines), net_of([*lines, *(ALL[i] for i in added if ALL[i] not in lines)])
    spots = []
    for at, share in doors:
        (x0, y0), (x1, y1) = lines[at % len(lines)]
        along = (x0 + (x1 - x0) * share, y0 + (y1 - y0) * share)
        spots.append((along[0] + 2.0 * (x0 == x1), along[1] + 2.0 * (y0 == y1)))
    post, homes = stations((SPACING_M / 2, 1.0)), buildings(*spots)
    fewer, more = (reach(post, scene_of(net, homes), minutes=MINUTES, speed_m_per_s=speed) for net in (before, after))
    assert (fewer["snap_m"] - more["snap_m"]).abs().max() < 1e-6
    assert ((fewer["households"] & more["households"]) == fewer["households"]).all()
    assert (more["reached_m"] >= fewer["reached_m"] - 1e-6).all()
    # corners near to a straight line are left out, so rims may differ by a metre
    assert metres(fewer).difference(metres(more).buffer(1.0)).area.max() == 0


def door_graph(net: WalkNetwork, doors: Doors, name: str) -> nx.MultiGraph:
    """The streets, and each door hung on both ends of its own street."""
    graph = nx.MultiGraph()
    for (tail, head), length_m in zip(net.edge_nodes.tolist(), net.edge_length_m.tolist(), strict=True):
        graph.add_edge(tail, head, m=length_m)
    for which, (edge, along_m, snap_m) in enumerate(zip(doors.edge, doors.along_m, doors.snap_m, strict=True)):
        if edge >= 0:
            tail, head = net.edge_nodes[edge].tolist()
            graph.add_edge((name, which), tail, m=snap_m + along_m)
            graph.add_edge((name, which), head, m=snap_m + net.edge_length_m[edge] - along_m)
    return graph


@few
@given(nets, places, st.floats(10.0, 900.0))
def test_distances_are_those_of_networkx(lines: list[tuple[XY, XY]], posts: list[XY], limit_m: float) -> None:
    net = net_of(lines)
    origins = joined(stations(*posts), net, crs=net.crs, snap_max_m=60.0)
    met = nodes_within(searched(net, origins), origins, limit_m=limit_m)
    for which in range(len(posts)):
        nodes, to_m = (column[met.start[which] : met.start[which + 1]] for column in (met.node, met.to_m))
        graph = door_graph(net, origins.take(np.array([which])), "post")
        wanted = nx.single_source_dijkstra_path_length(graph, ("post", 0), weight="m") if ("post", 0) in graph else {}
        wanted = {node: far_m for node, far_m in wanted.items() if far_m <= limit_m and node != ("post", 0)}
        assert sorted(nodes.tolist()) == sorted(wanted)
        np.testing.assert_allclose(to_m, [wanted[node] for node in nodes.tolist()], rtol=1e-12, atol=1e-9)


@few
@given(nets, places, places, st.integers(0, 2**32 - 1))
def test_the_order_of_rows_does_not_matter(
    lines: list[tuple[XY, XY]], posts: list[XY], doors: list[XY], seed: int
) -> None:
    roads, homes, post = streets(*lines), buildings(*doors), stations(*posts)
    made = reach(post, scene_of(walk_network(roads), homes))
    mixed = [frame.sample(frac=1, random_state=seed) for frame in (post, roads, homes)]
    again = reach(mixed[0], scene_of(walk_network(mixed[1]), mixed[2]))
    pd.testing.assert_frame_equal(made.drop(columns="geometry"), again.drop(columns="geometry"))
    assert made.geometry.geom_equals(again.geometry).all()


@few
@given(nets, places, places, st.floats(50.0, 900.0))
def test_all_searches_at_once_find_what_networkx_finds_for_each(
    lines: list[tuple[XY, XY]], posts: list[XY], doors: list[XY], limit_m: float
) -> None:
    net = net_of(lines)
    origins, others = (
        joined(frame, net, crs=net.crs, snap_max_m=60.0) for frame in (stations(*posts), buildings(*doors))
    )
    found = walks_all(searched(net, others), origins, limit_m=limit_m)
    graph = nx.compose(door_graph(net, origins, "post"), door_graph(net, others, "door"))
    for which in range(len(posts)):
        wanted = {}
        for door in range(len(doors)):
            if origins.edge[which] < 0:
                far_m = float(np.hypot(*(others.xy[door] - origins.xy[which])))
            elif others.edge[door] < 0:
                continue
            else:
                far_m = shortest(graph, which, door)
                if origins.edge[which] == others.edge[door]:
                    beside_m = abs(origins.along_m[which] - others.along_m[door])
                    far_m = min(far_m, origins.snap_m[which] + beside_m + others.snap_m[door])
            if far_m <= limit_m:
                wanted[door] = far_m
        mine = found.origin == which
        assert found.door[mine].tolist() == sorted(wanted)
        np.testing.assert_allclose(found.way_m[mine], [wanted[door] for door in found.door[mine]], atol=1e-9)


def shortest(graph: nx.MultiGraph, post: int, door: int) -> float:
    """Metres from a post to a door, through no other door."""
    ends = {("post", post), ("door", door)}
    view = nx.subgraph_view(graph, filter_node=lambda node: isinstance(node, int) or node in ends)
    try:
        return float(nx.dijkstra_path_length(view, ("post", post), ("door", door), weight="m"))
    except nx.NetworkXNoPath:
        return float("inf")


@few
@given(nets, places, places, speeds)
def test_a_symmetric_net_gives_symmetric_times(
    lines: list[tuple[XY, XY]], posts: list[XY], doors: list[XY], speed: float
) -> None:
    net = net_of(lines)
    there = walks(stations(*posts), scene_of(net, buildings(*doors)), longest_min=15.0, speed_m_per_s=speed)
    swapped = stations(*doors), buildings(*posts)
    back = walks(swapped[0], scene_of(net, swapped[1]), longest_min=15.0, speed_m_per_s=speed)
    walked = there[~there["is_straight_line"]]["walk_min"]
    other = back[~back["is_straight_line"]]["walk_min"].rename_axis(["building_id", "station_id"])
    other = other.reorder_levels(["station_id", "building_id"]).sort_index()
    pd.testing.assert_series_equal(walked.sort_index(), other, atol=1e-9)


@few
@given(nets, places, places, speeds)
def test_the_nearest_of_all_is_the_shortest_walk_of_any(
    lines: list[tuple[XY, XY]], posts: list[XY], doors: list[XY], speed: float
) -> None:
    """However far: the longest walk on these nets takes less than a hundred minutes."""
    net, homes, post = net_of(lines), buildings(*doors), stations(*posts)
    near = nearest(post, scene_of(net, homes), speed_m_per_s=speed)
    each = walks(post, scene_of(net, homes), longest_min=100.0, speed_m_per_s=speed)["walk_min"]
    best = each.groupby("building_id").min().reindex(homes.index)
    pd.testing.assert_series_equal(near["walk_min"], best, check_names=False)
    for building, row in near.dropna(subset="walk_min").iterrows():
        ties = each.xs(building, level="building_id")
        assert row["station_id"] == ties[ties <= row["walk_min"] + 1e-6].index.min()


@few
@given(nets, places, st.floats(1.0, 12.0))
def test_the_street_in_a_circle_is_that_of_a_net_cut_into_metres(
    lines: list[tuple[XY, XY]], posts: list[XY], minutes: float
) -> None:
    """Every street is cut into short pieces; those whose middle is within the time make up the circle's street."""
    net = net_of(lines)
    made = reach(stations(*posts), scene_of(net, buildings()), minutes=[minutes], speed_m_per_s=1.0)
    origins = joined(stations(*posts), net, crs=net.crs, snap_max_m=150.0)
    met = nodes_within(searched(net, origins), origins, limit_m=5000.0)
    for which, reached_m in enumerate(made["reached_m"]):
        if origins.edge[which] < 0:
            continue
        to_m = np.full(len(net.node_xy), np.inf)
        span = slice(met.start[which], met.start[which + 1])
        to_m[met.node[span]] = met.to_m[span]
        total = 0.0
        for edge, length_m in enumerate(net.edge_length_m):
            middle = (np.arange(int(np.ceil(length_m))) + 0.5) / np.ceil(length_m) * length_m
            way = np.minimum(to_m[net.edge_nodes[edge, 0]] + middle, to_m[net.edge_nodes[edge, 1]] + length_m - middle)
            if edge == origins.edge[which]:
                way = np.minimum(way, origins.snap_m[which] + np.abs(middle - origins.along_m[which]))
            total += (way <= minutes * 60).sum() / len(middle) * length_m
        # each cut, at most two a street, may be half a metre off
        assert abs(total - reached_m) <= len(net.edge_length_m) * 1.01 + 1


@few
@given(nets, places, st.floats(1.0, 12.0))
def test_the_ground_is_the_buffer_of_the_street_reached(
    lines: list[tuple[XY, XY]], posts: list[XY], minutes: float
) -> None:
    """Its contour runs within a raster square of 5 m, half its diagonal and what is straightened, of the exact one."""
    net = net_of(lines)
    origins = joined(stations(*posts), net, crs=net.crs, snap_max_m=150.0)
    met = nodes_within(searched(net, origins), origins, limit_m=minutes * 60)
    pieces = reached_pieces(net, origins, met, np.array([minutes * 60]))
    for which in np.flatnonzero(pieces.start[1:] > pieces.start[:-1]):
        edge, from_m, to_m = pieces.of(which)
        street = [
            substring(net.edge_geometry[at], begin, end) for at, begin, end in zip(edge, from_m, to_m, strict=True)
        ]
        exact = shapely.union_all(shapely.buffer(street, 25.0, quad_segs=32))
        ours = painted([lines_of(net, edge, from_m, to_m)], width_m=25.0, hole_max_m2=0.0)[0]
        assert shapely.symmetric_difference(ours, exact).area <= 0.02 * exact.area
        assert shapely.covers(shapely.buffer(exact, 4.0), ours)


@few
@given(nets, places, places, st.floats(50.0, 900.0))
def test_one_search_for_nodes_and_sums_finds_what_two_do(
    lines: list[tuple[XY, XY]], posts: list[XY], doors: list[XY], limit_m: float
) -> None:
    net, homes = net_of(lines), buildings(*doors)
    origins, others = (joined(frame, net, crs=net.crs, snap_max_m=60.0) for frame in (stations(*posts), homes))
    ground, limits_m = searched(net, others), np.array([limit_m / 3, limit_m])
    weights = homes[["households", "people"]].to_numpy(dtype=float)
    met, sums = circles_within(ground, origins, weights, limits_m=limits_m)
    alone = nodes_within(ground, origins, limit_m=limit_m)
    for column, other in zip(met, alone, strict=True):
        np.testing.assert_array_equal(column, other)
    wanted = sums_within(ground, origins, weights, limits_m=limits_m)
    wanted[origins.edge < 0] = 0  # straight lines reach no node
    np.testing.assert_array_equal(sums, wanted)
    found = walks_all(ground, origins, limit_m=limit_m)
    for which in np.flatnonzero(origins.edge >= 0):
        near = found.door[(found.origin == which) & (found.way_m <= limits_m[0])]
        assert sums[which, 0, 0] == weights[near, 0].sum()
