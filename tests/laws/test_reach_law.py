"""Laws of reach, on random nets: nesting, growth, truth of household lists, and networkx's distances."""

from collections.abc import Sequence

import networkx as nx
import numpy as np
import pandas as pd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.access import doors as joined
from geo.network import WalkNetwork, walk_network
from geo.reach import nearest, reach, walks
from geo.searches import search_all
from geo.walking import Scene, node_distances
from tests.fixtures.walkground import XY, buildings, lattice_lines, metres, stations, streets

SIDE, SPACING_M = 5, 120.0
ALL = lattice_lines(SIDE, SPACING_M)
MINUTES = (5.0, 15.0)
few = settings(max_examples=12, deadline=None)

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
    made = reach(stations(*posts), net_of(lines), buildings(*doors), minutes=MINUTES, speed_m_per_s=speed)
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
    made = reach(post, net, homes, minutes=MINUTES, speed_m_per_s=speed)
    each = walks(post, net, homes, longest_min=15.0, speed_m_per_s=speed)
    counts = homes["households"].reindex(each.index.get_level_values("building_id")).set_axis(each.index)
    for minutes in MINUTES:
        wanted = counts[each["walk_min"] <= minutes].groupby("station_id").sum().reindex(post.index, fill_value=0)
        assert made.xs(minutes, level="minutes")["households"].tolist() == wanted.tolist()
    near = nearest(post, net, homes, longest_min=15.0, speed_m_per_s=speed)
    best = each["walk_min"].groupby("building_id").min().reindex(homes.index)
    pd.testing.assert_series_equal(near["walk_min"], best, check_names=False)


@few
@given(nets, places, places)
def test_the_ground_of_a_circle_covers_the_doors_it_counts(
    lines: list[tuple[XY, XY]], posts: list[XY], doors: list[XY]
) -> None:
    net, homes, post = net_of(lines), buildings(*doors), stations(*posts)
    made = metres(reach(post, net, homes, minutes=[5], speed_m_per_s=1.0))
    point = shapely.point_on_surface(metres(homes).to_numpy())
    for station, building in walks(post, net, homes, longest_min=5, speed_m_per_s=1.0).index:
        assert made[(station, 5.0)].distance(point[building - 1]) < 1e-3


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
    fewer, more = (reach(post, net, homes, minutes=MINUTES, speed_m_per_s=speed) for net in (before, after))
    assert (fewer["snap_m"] - more["snap_m"]).abs().max() < 1e-6
    assert ((fewer["households"] & more["households"]) == fewer["households"]).all()
    assert (more["reached_m"] >= fewer["reached_m"] - 1e-6).all()
    # corners are drawn with chords, so rims may differ by half a metre
    assert metres(fewer).difference(metres(more).buffer(0.5)).area.max() == 0


@few
@given(nets, st.integers(0, 10_000), st.floats(0.0, 1.0), st.floats(0.0, 50.0), st.floats(10.0, 900.0))
def test_distances_are_those_of_networkx(
    lines: list[tuple[XY, XY]], pick: int, share: float, start_m: float, limit_m: float
) -> None:
    net = net_of(lines)
    edge = pick % len(net.edge_length_m)
    along_m = share * net.edge_length_m[edge]
    nodes, to_m = node_distances(net, edge=edge, along_m=along_m, start_m=start_m, limit_m=limit_m)
    graph = nx.MultiGraph()
    for (tail, head), length_m in zip(net.edge_nodes.tolist(), net.edge_length_m.tolist(), strict=True):
        graph.add_edge(tail, head, m=length_m)
    tail, head = net.edge_nodes[edge].tolist()
    graph.add_edge("door", tail, m=start_m + along_m)
    graph.add_edge("door", head, m=start_m + net.edge_length_m[edge] - along_m)
    wanted = nx.single_source_dijkstra_path_length(graph, "door", weight="m")
    wanted.pop("door")
    wanted = {node: far_m for node, far_m in wanted.items() if far_m <= limit_m}
    assert set(nodes.tolist()) == set(wanted)
    np.testing.assert_allclose(to_m[nodes], [wanted[node] for node in nodes.tolist()], rtol=1e-12, atol=1e-9)
    assert np.isinf(np.delete(to_m, nodes)).all()


@few
@given(nets, places, places, st.integers(0, 2**32 - 1))
def test_the_order_of_rows_does_not_matter(
    lines: list[tuple[XY, XY]], posts: list[XY], doors: list[XY], seed: int
) -> None:
    roads, homes, post = streets(*lines), buildings(*doors), stations(*posts)
    made = reach(post, walk_network(roads), homes)
    mixed = [frame.sample(frac=1, random_state=seed) for frame in (post, roads, homes)]
    again = reach(mixed[0], walk_network(mixed[1]), mixed[2])
    pd.testing.assert_frame_equal(made.drop(columns="geometry"), again.drop(columns="geometry"))
    assert made.geometry.geom_equals(again.geometry).all()


@few
@given(nets, places, places, st.floats(50.0, 900.0))
def test_all_searches_at_once_find_what_each_finds_alone(
    lines: list[tuple[XY, XY]], posts: list[XY], doors: list[XY], limit_m: float
) -> None:
    net = net_of(lines)
    origins, others = (
        joined(frame, net, crs=net.crs, snap_max_m=60.0) for frame in (stations(*posts), buildings(*doors))
    )
    found = search_all(net, origins, others, limit_m=limit_m)
    scene = Scene(net, net.crs, origins, others, 1.0, limit_m)
    for which in range(len(posts)):
        alone, mine = scene.walk(which), found.origin == which
        assert found.door[mine].tolist() == np.flatnonzero(np.isfinite(alone.walk_min)).tolist()
        assert np.allclose(found.way_m[mine], alone.walk_min[found.door[mine]], atol=1e-9)
        assert (found.is_inside[mine] == alone.is_inside[found.door[mine]]).all()
