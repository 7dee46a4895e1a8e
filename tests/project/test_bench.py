"""The benchmark's own arithmetic: a measure that flatters us would be worse than none."""

import numpy as np
import pytest
import shapely

from bench.partition.city import REPORT_SEEDS, TUNING_SEEDS, invented
from bench.partition.ground import ground_of, polygons_of
from bench.partition.quality import masses_of, no_line_share, pieces_of, quality_of
from bench.partition.real import deviation
from bench.partition.runs import Caller, Outcome, ratio


def squares() -> dict:
    """Three unit squares in a row, joined on foot, 100, 200 and 300 households."""
    arrays = {"ptr": [0, 1, 3, 4], "idx": [1, 0, 2, 1], "foot": [True] * 4, "mass": [100, 200, 300]}
    return {name: np.array(values) for name, values in arrays.items()}


BOXES = np.array([shapely.box(x, 0, x + 1, 1) for x in range(3)], dtype=object)


def test_quality_counts_band_pieces_and_shape() -> None:
    whole = quality_of(squares(), np.array([0, 0, 0]), (300, 500), BOXES)
    assert (whole["zones"], whole["out_of_band"], whole["least"], whole["in_pieces"]) == (1, 1, 600, 0)
    apart = quality_of(squares(), np.array([5, 9, 5]), (200, 400), BOXES)
    assert (apart["zones"], apart["out_of_band"], apart["in_pieces"]) == (2, 0, 1)
    single = quality_of(squares(), np.array([0, 1, 2]), (100, 300), BOXES)
    assert single["pp_median"] == pytest.approx(np.pi / 4, abs=1e-4)


def test_a_cell_without_a_zone_is_counted_and_a_closed_border_parts() -> None:
    arrays = squares()
    assert quality_of(arrays, np.array([0, 0, -1]), (300, 300))["without_zone"] == 1
    arrays["foot"] = np.array([True, True, False, False])
    assert pieces_of(arrays, np.array([0, 0, 0])).tolist() == [2]
    assert pieces_of(arrays, np.array([0, 0, 0]), np.array([True, True, False])).tolist() == [1]
    assert masses_of(arrays, np.array([3, -1, 3])).tolist() == [400]


def test_a_border_counts_as_on_a_line_only_where_zones_part() -> None:
    a, b, length, kind = np.array([0, 1]), np.array([1, 2]), np.array([10.0, 30.0]), ["none", "wall"]
    assert no_line_share(a, b, length, kind, np.array([0, 1, 2])) == pytest.approx(0.25)
    assert no_line_share(a, b, length, kind, np.array([0, 0, 1])) == 0
    assert no_line_share(a, b, length, ["passage", "none"], np.array([0, 1, 1])) == 1


def test_a_deviation_needs_every_zone_in_one_piece() -> None:
    assert deviation(squares(), np.array([0, 0, 1]), 2) == 0
    assert deviation(squares(), np.array([0, 1, 1]), 2) == pytest.approx(2 / 3, abs=1e-6)
    assert deviation(squares(), np.array([0, 1, 0]), 2) is None
    assert deviation(squares(), np.array([0, 0, 1]), 3) is None


def test_an_invented_city_is_a_tessellation_whose_graph_is_in_one_piece() -> None:
    places, households = invented(600, seed=TUNING_SEEDS[0])
    arrays = ground_of(places, households)
    cells = polygons_of(arrays)
    assert shapely.is_valid(cells).all()
    assert shapely.coverage_is_valid(cells)
    np.testing.assert_allclose(shapely.area(cells), arrays["area"], rtol=1e-9)
    assert shapely.area(shapely.coverage_union_all(cells)) == pytest.approx(arrays["area"].sum(), rel=1e-9)
    assert pieces_of(arrays, np.zeros(600, dtype=np.int64)).tolist() == [1]
    inner = arrays["ridge_b"] >= 0
    outline = arrays["ridge_m"][~inner].sum()
    assert outline == pytest.approx(shapely.length(shapely.coverage_union_all(cells)), rel=1e-6)


def test_the_city_is_the_same_every_time_and_report_seeds_are_not_tuned_on() -> None:
    first, second = invented(50, seed=7), invented(50, seed=7)
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()
    assert not set(REPORT_SEEDS) & set(TUNING_SEEDS)
    assert invented(20_000, seed=8)[1].mean() == pytest.approx(12.6, rel=0.05)
    assert invented(20_000, seed=8, households="uniform")[1].mean() == pytest.approx(60.5, rel=0.02)


def test_a_ratio_needs_both_answers() -> None:
    def outcome(*costs: dict) -> Outcome:
        return Outcome(Caller("x", "none", ("",)), None, list(costs))  # type: ignore[arg-type]

    def cost(seconds: float) -> dict:
        return {"wall_s": seconds, "cpu_s": seconds, "peak_mb": 2.0, "base_mb": 1.0}

    assert ratio(outcome(cost(8), cost(2), cost(3)), outcome(cost(1))) == 3
    assert ratio(outcome({"failed": "slow"}), outcome(cost(1))) is None
