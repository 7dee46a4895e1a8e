"""Equal parts: many pieces in one call, each with its own number of parts."""

import numpy as np
import pytest

from geo.partition.equal import equal_parts, shared_out
from geo.partition.graph import Graph, pieces_on_foot
from geo.partition.ground import grounds_of
from tests.fixtures.lattice import lattice


def graph_of(households: object, **options: object) -> Graph:
    (ground,) = grounds_of(*lattice(households, **options))
    return ground.graph


def columns(size: int, widths: list[int], height: int) -> np.ndarray:
    assert sum(widths) == size
    return np.tile(np.repeat(np.arange(len(widths)), widths), height)


def test_every_piece_makes_its_own_number_of_equal_connected_parts() -> None:
    graph = graph_of([[10] * 12] * 6)
    pieces = columns(12, [2, 4, 6], 6)
    labels = equal_parts(graph, pieces, np.array([1, 2, 4]), rng=np.random.default_rng(0))
    assert np.bincount(labels, weights=graph.mass).tolist() == [120, 120, 120, 90, 90, 90, 90]
    # Parts are numbered piece by piece, and each is in one piece on foot.
    assert [np.unique(labels[pieces == piece]).tolist() for piece in range(3)] == [[0], [1, 2], [3, 4, 5, 6]]
    assert pieces_on_foot(graph, labels >= 0, within=labels).max() == 6


def test_a_piece_does_not_feel_its_neighbours() -> None:
    graph = graph_of(np.random.default_rng(1).integers(0, 20, (8, 16)))
    pieces = columns(16, [8, 8], 8)
    both = equal_parts(graph, pieces, np.array([4, 9]), rng=np.random.default_rng(5))
    alone = equal_parts(graph, np.where(pieces == 0, 0, -1), np.array([4]), rng=np.random.default_rng(5))
    assert both[pieces == 0].tolist() == alone[pieces == 0].tolist()
    assert (alone[pieces == 1] == -1).all()


def test_a_piece_without_households_is_divided_by_ground() -> None:
    graph = graph_of([[0] * 4 + [9] * 4] * 4)
    labels = equal_parts(graph, columns(8, [4, 4], 4), np.array([2, 2]), rng=np.random.default_rng(0))
    assert np.bincount(labels).tolist() == [8, 8, 8, 8]


def test_no_more_parts_than_nodes_and_none_of_nothing() -> None:
    graph = graph_of([[5, 5, 5]])
    labels = equal_parts(graph, np.zeros(3, dtype=np.int64), np.array([9]), rng=np.random.default_rng(0))
    assert sorted(labels.tolist()) == [0, 1, 2]
    nothing = equal_parts(graph, np.full(3, -1), np.zeros(0, dtype=np.int64), rng=np.random.default_rng(0))
    assert nothing.tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    ("weights", "most", "total", "given"),
    [
        ([100, 300], [9, 9], 4, [1, 3]),
        ([0, 300], [9, 9], 4, [1, 3]),
        ([100, 300], [9, 2], 5, [3, 2]),
        ([100, 300], [1, 2], 9, [1, 2]),
        ([5, 5, 5], [9, 9, 9], 2, [1, 1, 1]),
        ([0, 0], [2, 2], 4, [2, 2]),
    ],
)
def test_numbers_are_shared_out_by_weight(weights: list[int], most: list[int], total: int, given: list[int]) -> None:
    assert shared_out(np.array(weights, dtype=float), np.array(most), total).tolist() == given
