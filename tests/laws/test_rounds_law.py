"""Laws of rounds: on any streets a round passes every door once, no shorter than a tree and no longer than two."""

import itertools

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.tours import length_of, nearest_first, tour, tree_m


@st.composite
def tables(draw: st.DrawFn, most: int = 40) -> np.ndarray:
    """Metres between some nodes of a random connected graph: symmetric and metric, with ties and zeros."""
    count = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    graph = nx.random_labeled_tree(count, seed=int(rng.integers(2**31))) if count > 1 else nx.empty_graph(1)
    for _ in range(draw(st.integers(0, 2 * count))):
        graph.add_edge(*(int(node) for node in rng.integers(0, count, 2)))
    whole = draw(st.booleans())
    for edge in graph.edges.values():
        edge["m"] = float(rng.integers(0, 5)) if whole else float(rng.random() * 100)
    found = dict(nx.all_pairs_dijkstra_path_length(graph, weight="m"))
    table = np.array([[found[a][b] for b in range(count)] for a in range(count)])
    return np.minimum(table, table.T)


@settings(max_examples=80)
@given(tables(), st.integers(0, 9))
def test_a_round_passes_every_door_once_between_its_bounds(way_m: np.ndarray, seed: int) -> None:
    order = tour(way_m, seed=seed)
    length_m, least_m = length_of(way_m, order), tree_m(way_m)
    assert sorted(order) == list(range(len(way_m)))
    assert order[0] == 0
    assert least_m - 1e-6 <= length_m <= 2 * least_m + 1e-6
    assert length_m <= length_of(way_m, nearest_first(way_m)) + 1e-6
    assert (order == tour(way_m, seed=seed)).all()
    graph = nx.from_numpy_array(way_m + 1e-12)
    tree = nx.minimum_spanning_tree(graph)
    assert abs(sum(edge["weight"] for edge in tree.edges.values()) - least_m) < 1e-6 + 1e-11 * len(way_m)


@settings(max_examples=40)
@given(tables(most=7))
def test_a_round_of_few_doors_is_the_shortest(way_m: np.ndarray) -> None:
    rest = itertools.permutations(range(1, len(way_m)))
    least_m = min(length_of(way_m, np.array([0, *one])) for one in rest)
    assert abs(length_of(way_m, tour(way_m, seed=0)) - least_m) < 1e-6
