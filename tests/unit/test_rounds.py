"""Walking rounds; lengths are worked out by hand on straight streets."""

import itertools

import numpy as np
import pandas as pd
import pytest

from geo.access import doors
from geo.errors import BadSettingError
from geo.network import walk_network
from geo.rounds import round_of, rounds, ways_between
from geo.tours import length_of, nearest_first, tour, tree_m
from tests.fixtures.walkground import CRS, buildings, streets

LONG = walk_network(streets([(-2000, 0), (2000, 0)]))
SQUARE = walk_network(
    streets([(0, 0), (100, 0)], [(100, 0), (100, 100)], [(100, 100), (0, 100)], [(0, 100), (0, 0)])
)  # fmt: skip


def joined(network, *at):  # type: ignore[no-untyped-def]  # a network and points
    return doors(buildings(*at), network, crs=CRS, snap_max_m=150)


def flat(count: int, *, seed: int) -> np.ndarray:
    points = np.random.default_rng(seed).random((count, 2)) * 500
    return np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))


def test_a_round_along_a_street_is_there_and_back() -> None:
    found = round_of(LONG, joined(LONG, (0, 10), (300, 10), (100, 20), (200, 5)))
    # 300 m out and back; each door but the ends' is passed once more: 2 x (10 + 10) at the ends, 2 x 20, 2 x 5
    assert found.length_m == pytest.approx(600 + 2 * (10 + 10 + 20 + 5), abs=0.1)
    assert found.order[0] == 0
    assert sorted(found.order) == [0, 1, 2, 3]
    assert found.straight == 0


def test_a_round_goes_around_where_streets_do() -> None:
    found = round_of(SQUARE, joined(SQUARE, (50, 0), (100, 50), (50, 100), (0, 50)))
    assert found.length_m == pytest.approx(400, abs=0.1)
    assert found.tree_m == pytest.approx(300, abs=0.1)
    assert found.order.tolist() in ([0, 1, 2, 3], [0, 3, 2, 1])


def test_few_doors_and_none() -> None:
    assert round_of(LONG, joined(LONG, (0, 10))).length_m == 0
    assert round_of(LONG, joined(LONG, (0, 0), (50, 0))).length_m == pytest.approx(100, abs=0.1)
    assert len(rounds(LONG, joined(LONG), pd.Series([], dtype=object, name="grid"))) == 0
    with pytest.raises(BadSettingError, match="groups"):
        rounds(LONG, joined(LONG, (0, 0)), pd.Series(["a", "b"]))


def test_a_door_no_street_joins_is_walked_to_in_a_straight_line() -> None:
    found = round_of(LONG, joined(LONG, (0, 0), (100, 0), (50, 400)))
    assert found.straight == 1
    assert found.length_m == pytest.approx(100 + 2 * np.hypot(50, 400), abs=0.1)
    nowhere = round_of(None, joined(None, (0, 0), (300, 0), (300, 400)))
    assert nowhere.length_m == pytest.approx(300 + 400 + 500, abs=0.1)
    assert nowhere.straight == 3


def test_streets_that_do_not_meet() -> None:
    apart = walk_network(streets([(0, 0), (200, 0)], [(0, 100), (200, 100)]))
    found = round_of(apart, joined(apart, (0, 0), (100, 0), (200, 0), (100, 100)))
    assert found.straight == 1
    assert found.length_m == pytest.approx(200 + 2 * np.hypot(100, 100), abs=0.1)


def test_a_way_past_other_doors_counts() -> None:
    way_m, _ = ways_between(LONG, joined(LONG, (0, 0), (100, 0), (300, 0)))
    np.testing.assert_allclose(way_m, [[0, 100, 300], [100, 0, 200], [300, 200, 0]], atol=0.1)
    assert (way_m == way_m.T).all()


def test_rounds_of_grids_do_not_hang_on_the_order_of_rows() -> None:
    at = [(37 * step % 1000, 20 if step % 2 else -20) for step in range(40)]
    groups = pd.Series(["a" if x < 500 else "b" for x, _ in at], index=range(1, 41), name="grid")
    places = joined(LONG, *at)
    first = rounds(LONG, places, groups, seed=3)
    turn = np.random.default_rng(5).permutation(40)
    again = rounds(LONG, places.take(turn), groups.iloc[turn], seed=3)
    pd.testing.assert_frame_equal(first, again)
    assert first.index.tolist() == ["a", "b"]
    assert first["doors"].sum() == 40
    assert sorted(first.at["a", "order"] + first.at["b", "order"]) == list(range(1, 41))
    missing = groups.where(groups == "a")
    assert rounds(LONG, places, missing, seed=3).index.tolist() == ["a"]


@pytest.mark.parametrize("count", [4, 6, 8])
def test_small_tours_are_the_shortest(count: int) -> None:
    for seed in range(5):
        way_m = flat(count, seed=seed)
        least = min(length_of(way_m, np.array([0, *rest])) for rest in itertools.permutations(range(1, count)))
        assert length_of(way_m, tour(way_m, seed=0)) == pytest.approx(least)


def test_tours_on_a_circle_go_around_it() -> None:
    """Beyond twelve places the search is no proof; where the answer is known, it is found."""
    for count in (13, 40, 120):
        turn = np.random.default_rng(count).permutation(count)
        angle = 2 * np.pi * turn / count
        points = np.column_stack([np.cos(angle), np.sin(angle)])
        way_m = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
        assert length_of(way_m, tour(way_m, seed=1)) == pytest.approx(2 * count * np.sin(np.pi / count))


def test_tours_are_within_a_hundredth_of_a_longer_search() -> None:
    for seed in range(4):
        way_m = flat(50, seed=seed)
        found = [length_of(way_m, tour(way_m, seed=one)) for one in range(8)]
        assert max(found) <= 1.01 * min(found)
        assert tree_m(way_m) < min(found) < length_of(way_m, nearest_first(way_m))
