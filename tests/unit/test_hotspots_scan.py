"""The scan: the greatest of all circles, told in full, and no more often found by chance than its p says."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gumbel_r, kstest

from geo.errors import BadSettingError
from geo.hotspots import montecarlo, windows
from geo.hotspots.findings import Found, gini
from geo.hotspots.scan import scan
from geo.rng import generator

SIDE, CELL_M = 12, 100.0
MIDDLES = (np.arange(SIDE) + 0.5) * CELL_M
GRID = np.stack(np.meshgrid(MIDDLES, MIDDLES, indexing="ij"), axis=-1).reshape(-1, 2)


def town(
    seed: int, *, cases: int = 900, risks: dict[tuple[float, float], float] | None = None
) -> tuple[np.ndarray, ...]:
    """Households of a grid of cells, some without, and cases: more within 160 m of some points."""
    rng = generator(seed, "town")
    households = np.round(rng.lognormal(3, 0.8, len(GRID)))
    households[rng.random(len(GRID)) < 0.08] = 0
    chance = households.copy()
    for point, risk in (risks or {}).items():
        chance[np.hypot(*(GRID - point).T) <= 160] *= risk
    return rng.multinomial(cases, chance / chance.sum()), households


def ratio(c: float, e: float, total: float) -> float:
    inside = c * np.log(c / e) if c else 0.0
    return inside + ((total - c) * np.log((total - c) / (total - e)) if c < total else 0.0)


def circles(xy: np.ndarray, radius_max_m: float = np.inf) -> list[np.ndarray]:
    """The members of every circle about every place, written plainly."""
    every = []
    for middle in xy:
        far_m = np.hypot(*(xy - middle).T)
        every += [far_m <= radius_m + 1e-3 for radius_m in np.unique(far_m.round(3)) if radius_m <= radius_max_m + 1e-3]
    return every


def plain(
    xy: np.ndarray,
    cases: np.ndarray,
    households: np.ndarray,
    *,
    kind: str = "high",
    share_max: float = 0.5,
    **limit: float,
) -> list[tuple[float, np.ndarray]]:
    """The most likely circle, and those that follow and share no cell with one before."""
    total, expected, found = cases.sum(), households * cases.sum() / households.sum(), []
    for inside in circles(xy, **limit):
        c, e = cases[inside].sum(), expected[inside].sum()
        is_asked = kind == "both" or (c > e) == (kind == "high")
        if 0 < e <= share_max * total * (1 + 1e-9) and is_asked and not (c > e and c < 2) and c != e and e < total:
            found.append((ratio(c, e, total), inside))
    kept: list[tuple[float, np.ndarray]] = []
    for value, inside in sorted(found, key=lambda pair: -pair[0]):
        if not any((inside & other).any() for _, other in kept):
            kept.append((value, inside))
    return kept


def same(one: Found, other: Found) -> None:
    pd.testing.assert_frame_equal(one.clusters, other.clusters)
    np.testing.assert_array_equal(one.cluster, other.cluster)
    np.testing.assert_array_equal(one.maxima, other.maxima)


@pytest.mark.parametrize("kind", ["high", "low", "both"])
@pytest.mark.parametrize("limit", [{}, {"radius_max_m": 300.0}, {"exposure_share_max": 0.08}])
def test_clusters_are_those_of_every_circle_tried_plainly(kind: str, limit: dict[str, float]) -> None:
    xy = GRID + generator(1, "moved").uniform(-30, 30, GRID.shape).round(2)
    cases, households = town(1, risks={(300.0, 300.0): 3.0, (900.0, 700.0): 0.3})
    found = scan(xy, cases, households, seed=1, repeats=19, p_max=1, kind=kind, **limit)
    named = {"share_max" if name == "exposure_share_max" else name: value for name, value in limit.items()}
    wanted = plain(xy, cases, households, kind=kind, **named)
    assert len(found.clusters) > 5
    for at, (value, inside) in enumerate(wanted[: len(found.clusters)]):
        row = found.clusters.loc[at]
        assert row["log_likelihood_ratio"] == pytest.approx(value, rel=1e-9)
        np.testing.assert_array_equal(found.cluster == at, inside)
        assert row["observed"] == cases[inside].sum()
        expected = households[inside].sum() / households.sum() * cases.sum()
        assert row["expected"] == pytest.approx(expected)
        outside = (cases.sum() - row["observed"]) / (cases.sum() - expected)
        assert row["relative_risk"] == pytest.approx(row["observed"] / expected / outside)
        assert row["is_high"] == (row["observed"] > expected)
        assert row["rows"] == inside.sum()
        far_m = np.hypot(*(xy[inside] - [row["x_m"], row["y_m"]]).T)
        assert row["radius_m"] == pytest.approx(far_m.max())
        np.testing.assert_array_equal(xy[row["row"]], [row["x_m"], row["y_m"]])


def test_on_a_grid_cells_equally_far_come_in_together() -> None:
    cases, households = town(2, risks={(550.0, 550.0): 2.5})
    found = scan(GRID + 471_000.123, cases, households, seed=1, repeats=19, p_max=1)
    for at, (value, _) in enumerate(plain(GRID, cases, households)[:5]):
        assert found.clusters.loc[at, "log_likelihood_ratio"] == pytest.approx(value, rel=1e-9)


def test_a_little_example_worked_by_hand() -> None:
    # four cells in a row, 10 households each, 6 + 1 + 1 + 0 cases of 8: the first alone expects 2
    xy = np.array([[0.0, 0], [100, 0], [200, 0], [300, 0]])
    found = scan(xy, np.array([6, 1, 1, 0]), np.full(4, 10), seed=1, repeats=99)
    first = found.clusters.loc[0]
    assert first["log_likelihood_ratio"] == pytest.approx(6 * np.log(3) + 2 * np.log(1 / 3))  # 4.394
    assert first[["observed", "expected", "radius_m", "rows"]].tolist() == [6, 2.0, 0.0, 1]
    assert first["relative_risk"] == pytest.approx(9.0)
    assert found.cluster.tolist() == [0, -1, -1, -1]


def test_planted_clusters_are_found_and_nothing_else() -> None:
    cases, households = town(3, cases=2000, risks={(300.0, 300.0): 3.0, (850.0, 850.0): 3.0})
    found = scan(GRID, cases, households, seed=1, radius_max_m=400)
    assert len(found.clusters) == 2
    assert (found.clusters["p"] == 0.001).all()
    assert (found.clusters["p_gumbel"] < 1e-6).all()
    for point in ((300.0, 300.0), (850.0, 850.0)):
        planted = np.hypot(*(GRID - point).T) <= 160
        at = found.cluster[planted & (households > 0)]
        assert (at == at[0]).mean() > 0.6
        assert at[0] >= 0


def test_p_is_the_rank_among_the_repeats() -> None:
    cases, households = town(4)
    found = scan(GRID, cases, households, seed=7, repeats=199, p_max=1)
    for _, row in found.clusters.iterrows():
        rank = 1 + (found.maxima >= row["log_likelihood_ratio"] * (1 - 1e-9)).sum()
        assert row["p"] == rank / 200
    assert all(a <= b for a, b in pairwise(found.clusters["p"]))
    kept = scan(GRID, cases, households, seed=7, repeats=199, p_max=float(found.clusters["p"].iloc[2]))
    pd.testing.assert_frame_equal(kept.clusters, found.clusters[found.clusters["p"] <= found.clusters["p"].iloc[2]])


def test_the_gumbel_p_has_the_mean_and_spread_of_the_repeats() -> None:
    cases, households = town(5, risks={(500.0, 500.0): 1.6})
    found = scan(GRID, cases, households, seed=7, repeats=499, p_max=1)
    scale = found.maxima.std(ddof=1) * np.sqrt(6) / np.pi
    middle = found.maxima.mean() - np.euler_gamma * scale
    wanted = gumbel_r.sf(found.clusters["log_likelihood_ratio"], middle, scale)
    np.testing.assert_allclose(found.clusters["p_gumbel"], wanted, rtol=1e-9)
    assert np.abs(found.clusters["p_gumbel"] - found.clusters["p"]).max() < 0.05


def test_the_same_seed_gives_the_same_answer_whatever_the_threads() -> None:
    cases, households = town(6)
    one, two, five = (scan(GRID, cases, households, seed=3, repeats=150, workers=workers) for workers in (1, 2, 5))
    same(one, two)
    same(one, five)
    other = scan(GRID, cases, households, seed=4, repeats=150)
    assert not np.array_equal(one.maxima, other.maxima)
    # a repeat is the same, however many there are
    np.testing.assert_array_equal(scan(GRID, cases, households, seed=3, repeats=70).maxima, one.maxima[:70])


def test_wide_and_narrow_numbers_give_the_same_maxima(monkeypatch: pytest.MonkeyPatch) -> None:
    cases, households = town(7)
    narrow = scan(GRID, cases, households, seed=1, repeats=90, kind="both")
    monkeypatch.setattr(montecarlo, "PLACE_MAX", 0.0)
    same(narrow, scan(GRID, cases, households, seed=1, repeats=90, kind="both"))


def test_many_cases_run_over_no_number() -> None:
    # 625 a cell and 45,000 a circle: neither goes in 8 and 16 bits
    found = scan(GRID, *town(7, cases=90_000), seed=1, repeats=90)
    assert 2 < found.maxima.mean() < 12


def test_each_repeat_deals_out_all_cases_by_exposure() -> None:
    from geo.hotspots.draws import MANY, deal, lots_of
    from geo.hotspots.study import study_of

    for total in (300, MANY * len(GRID) + 1):
        cases, households = town(8, cases=total)
        study = study_of(GRID, cases[:, None], households)
        lots, counts = lots_of(study, periods=1), np.zeros((len(GRID), 400), dtype=np.int32)
        for lane in range(400):
            deal(lots, generator(1, "scan", "0", str(lane)), counts, lane, 400)
        np.testing.assert_array_equal(counts.sum(axis=0), total)
        assert counts[study.expected[:, 0] == 0].sum() == 0
        # each cell's mean strays from what is expected as a binomial's would
        spread = np.sqrt(study.expected[:, 0] * (1 - study.expected[:, 0] / total) / 400)
        far = (counts.mean(axis=1) - study.expected[:, 0])[spread > 0] / spread[spread > 0]
        assert np.abs(far).max() < 4.5
        assert 0.85 < far.std() < 1.15


def test_p_is_even_where_there_is_nothing_to_find() -> None:
    p = [scan(GRID, *town(seed), seed=seed, repeats=99, radius_max_m=300).clusters["p"].iloc[0] for seed in range(150)]
    assert kstest(p, "uniform").pvalue > 0.05  # with these seeds; one run, so it cannot flake


def test_one_after_another_shows_what_a_strong_cluster_hides() -> None:
    cases, households = town(9, cases=1500, risks={(250.0, 250.0): 7.0, (850.0, 850.0): 1.9})
    at_once = scan(GRID, cases, households, seed=1, radius_max_m=300)
    in_turn = scan(GRID, cases, households, seed=1, radius_max_m=300, select="in_turn")
    assert at_once.clusters.loc[0].equals(in_turn.clusters.loc[0])
    assert len(in_turn.clusters) > len(at_once.clusters)
    rest = in_turn.cluster != 0
    assert in_turn.clusters.loc[1, "expected"] == pytest.approx(
        households[in_turn.cluster == 1].sum() / households[rest].sum() * cases[rest].sum()
    )
    assert np.hypot(*(in_turn.clusters.loc[1, ["x_m", "y_m"]].astype(float) - 850)) < 200


def test_the_gini_coefficient_parts_two_clusters_that_one_circle_holds() -> None:
    # two blocks of nine cells with three times the risk, two columns as crowded between them, few people elsewhere
    households, blocks = np.ones((SIDE, SIDE)), np.zeros((SIDE, SIDE), dtype=int)
    blocks[2:5, 4:7], blocks[7:10, 4:7] = 1, 2
    households[2:10, 4:7] = 4
    cases = (households * np.where(blocks > 0, 3, 1)).astype(int)
    options = {"seed": 1, "repeats": 199, "exposure_share_max": 0.7}
    one = scan(GRID, cases.ravel(), households.ravel(), **options)
    two = scan(GRID, cases.ravel(), households.ravel(), select="gini", **options)
    assert len(one.clusters) == 1
    assert len(two.clusters) == 2
    assert sorted(set(zip(two.cluster.tolist(), blocks.ravel().tolist(), strict=True))) == [(-1, 0), (0, 1), (1, 2)]
    assert gini(parts(two), cases.sum()) > gini(parts(one), cases.sum())
    assert (two.clusters["p"] == 0.005).all()
    np.testing.assert_array_equal(one.maxima, two.maxima)


def parts(found: Found) -> list[tuple[float, float]]:
    return list(zip(found.clusters["observed"], found.clusters["expected"], strict=True))


def test_without_a_sure_cluster_all_ways_tell_the_likeliest_only() -> None:
    cases, households = town(12)
    found = [scan(GRID, cases, households, seed=1, repeats=99, select=way) for way in ("likely", "gini", "in_turn")]
    assert found[0].clusters.loc[0, "p"] > 0.05
    same(found[0], found[1])
    same(found[0], found[2])


@pytest.mark.parametrize(
    ("clusters", "total", "wanted"),
    [
        ([], 100.0, 0.0),
        ([(50.0, 50.0)], 100.0, 0.0),
        ([(100.0, 25.0)], 100.0, 0.75),  # all cases among a quarter
        # by hand: below the Lorenz curve through (0.8, 0.5) and (0.9, 0.7) lie 0.2, 0.06 and 0.085
        ([(30.0, 10.0), (20.0, 10.0)], 100.0, 1 - 2 * 0.345),
    ],
)
def test_the_gini_coefficient(clusters: list[tuple[float, float]], total: float, wanted: float) -> None:
    assert gini(clusters, total) == pytest.approx(wanted)


def test_rows_on_one_spot_are_one_place() -> None:
    cases, households = town(10, risks={(500.0, 500.0): 2.0})
    halves = cases // 2, cases - cases // 2
    found = scan(np.concatenate([GRID, GRID]), np.concatenate(halves), np.tile(households / 2, 2), seed=1, repeats=99)
    once = scan(GRID, cases, households, seed=1, repeats=99)
    np.testing.assert_allclose(found.maxima, once.maxima)
    np.testing.assert_array_equal(found.cluster, np.tile(once.cluster, 2))
    assert found.clusters["rows"].tolist() == [2 * rows for rows in once.clusters["rows"]]


def test_what_is_handed_in_is_not_changed() -> None:
    cases, households = town(11)
    kept = GRID.copy(), cases.copy(), households.copy()
    scan(GRID, cases, households, seed=1, repeats=9, select="in_turn", p_max=1, radius_max_m=150)
    for before, now in zip(kept, (GRID, cases, households), strict=True):
        np.testing.assert_array_equal(before, now)


@pytest.mark.parametrize("exposure", [np.ones(4), np.array([1.0, 0, 0, 0]), np.zeros(4)])
def test_without_cases_nothing_is_found(exposure: np.ndarray) -> None:
    found = scan(np.arange(8.0).reshape(4, 2), np.zeros(4), exposure, seed=1)
    assert len(found.clusters) == 0
    assert found.clusters["p"].dtype == "float64"
    assert found.cluster.tolist() == [-1] * 4
    assert (found.maxima == 0).all()


def test_one_place_and_no_place_are_no_map() -> None:
    assert len(scan(np.array([[5.0, 5]]), np.array([9]), np.array([3]), seed=1, repeats=9).clusters) == 0
    assert len(scan(np.empty((0, 2)), np.empty(0), np.empty(0), seed=1, repeats=9).clusters) == 0
    # everybody lives in one cell: no circle holds up to half, or less than all
    xy, cases = np.array([[0.0, 0], [50, 0]]), np.array([7, 0])
    assert len(scan(xy, cases, np.array([3, 0]), seed=1, repeats=9).clusters) == 0
    assert len(scan(xy, cases, np.array([3, 0]), seed=1, repeats=9, exposure_share_max=1).clusters) == 0


def test_all_cases_in_one_cell() -> None:
    cases = np.zeros(len(GRID), dtype=int)
    cases[40] = 30
    first = scan(GRID, cases, np.ones(len(GRID)), seed=1, repeats=99).clusters.loc[0]
    assert first["log_likelihood_ratio"] == pytest.approx(30 * np.log(len(GRID)))
    assert first["relative_risk"] == np.inf
    assert first["row"] == 40


def test_one_case_is_a_cluster_only_if_so_asked() -> None:
    households = np.ones(len(GRID))
    households[7] = 1e-6
    cases = np.ones(len(GRID), dtype=int)
    assert scan(GRID, cases, households, seed=1, repeats=99, cases_min=1).cluster[7] == 0
    assert scan(GRID, cases, households, seed=1, repeats=99).clusters.loc[0, "observed"] > 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"xy_m": np.zeros((3, 3))}, "xy_m"),
        ({"xy_m": np.array([[0, 0], [1, np.nan], [2, 2.0]])}, "xy_m"),
        ({"cases": np.ones(2)}, "cases"),
        ({"cases": np.array([1, -1, 1])}, "cases"),
        ({"cases": np.array([1, np.nan, 1])}, "cases"),
        ({"cases": np.array([1, 0.5, 1])}, "cases"),
        ({"cases": np.array([3e9, 0, 1])}, "cases"),
        ({"exposure": np.ones(4)}, "exposure"),
        ({"exposure": np.array([1, -2, 1])}, "exposure"),
        ({"exposure": np.array([1, np.inf, 1])}, "exposure"),
        ({"exposure": np.array([1, 0, 1])}, "row 1"),
        ({"kind": "warm"}, "kind"),
        ({"select": "all"}, "select"),
        ({"radius_max_m": 0}, "radius_max_m"),
        ({"radius_max_m": np.nan}, "radius_max_m"),
        ({"exposure_share_max": 0}, "exposure_share_max"),
        ({"exposure_share_max": 1.01}, "exposure_share_max"),
        ({"repeats": 0}, "repeats"),
        ({"p_max": -0.1}, "p_max"),
        ({"cases_min": 0}, "cases_min"),
    ],
)
def test_what_cannot_be_scanned_is_refused(change: dict[str, object], says: str) -> None:
    given = {"xy_m": np.array([[0.0, 0], [1, 1], [2, 2]]), "cases": np.ones(3), "exposure": np.ones(3), "seed": 1}
    with pytest.raises(BadSettingError, match=says) as raised:
        scan(**(given | change))  # type: ignore[arg-type]
    assert raised.value.text("zh") != raised.value.text("en")


def test_more_circles_than_memory_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "PAIRS_MAX", 2000)
    with pytest.raises(BadSettingError, match="radius_max_m"):
        scan(GRID, *town(1), seed=1, repeats=9)
    assert len(scan(GRID, *town(1), seed=1, repeats=9, radius_max_m=100.0).clusters) == 1
