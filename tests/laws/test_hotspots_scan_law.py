"""Laws of the scans, on random places with ties, empty places and few cases."""

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.hotspots.findings import Found
from geo.hotspots.scan import scan
from geo.hotspots.spacetime import spacetime

few = settings(max_examples=40)
REPEATS = 19
Town = tuple[np.ndarray, np.ndarray, np.ndarray]


@st.composite
def towns(draw: st.DrawFn, *, periods: int = 1) -> Town:
    """Places (often on one spot, or equally far), cases by period, and households; nobody means no case."""
    count = draw(st.integers(1, 14))
    spots = st.tuples(st.integers(0, 4), st.integers(0, 4))
    xy = np.array(draw(st.lists(spots, min_size=count, max_size=count)), dtype=float) * 100
    households = np.array(draw(st.lists(st.integers(0, 60), min_size=count, max_size=count)), dtype=float)
    assume(households.sum() > 0)
    rows = st.lists(st.integers(0, 6), min_size=periods, max_size=periods)
    cases = np.array(draw(st.lists(rows, min_size=count, max_size=count)))
    return xy, np.where(households[:, None] > 0, cases, 0), households


def ratio(c: float, e: float, total: float) -> float:
    inside = c * np.log(c / e) if c else 0.0
    return inside + ((total - c) * np.log((total - c) / (total - e)) if c < total else 0.0)


def greatest(xy: np.ndarray, cases: np.ndarray, expected: np.ndarray, kind: str) -> float:
    """The greatest ratio of all circles and spans of up to half of the periods, written plainly."""
    (_, periods), total, best = cases.shape, cases.sum(), 0.0
    for middle in xy:
        far_m = np.hypot(*(xy - middle).T)
        for inside in (far_m <= radius_m + 1e-3 for radius_m in np.unique(far_m.round(3))):
            if expected[inside].sum() > total / 2 * (1 + 1e-9):
                break
            for first in range(periods):
                for last in range(first + 1, min(periods, first + max(1, periods // 2)) + 1):
                    c, e = cases[inside, first:last].sum(), expected[inside, first:last].sum()
                    is_asked = kind == "both" or (c > e) == (kind == "high")
                    if e > 0 and is_asked and not (c > e and c < 2):
                        best = max(best, ratio(c, e, total))
    return best


def told(found: Found) -> pd.DataFrame:
    return found.clusters.drop(columns="row")


@few
@given(towns(periods=4), st.sampled_from(["high", "low", "both"]), st.booleans())
def test_no_circle_and_span_is_more_likely_than_the_first(town: Town, kind: str, exposed: bool) -> None:
    xy, cases, households = town
    found = spacetime(xy, cases, households if exposed else None, seed=1, kind=kind, repeats=REPEATS)
    total = cases.sum()
    expected = np.repeat(households[:, None], 4, axis=1) * total / households.sum() / 4
    if not exposed:
        expected = np.outer(cases.sum(axis=1), cases.sum(axis=0)) / max(total, 1)
    best = greatest(xy, cases, expected, kind) if total else 0.0
    first = found.clusters["log_likelihood_ratio"].max() if len(found.clusters) else 0.0
    np.testing.assert_allclose(first, best, rtol=1e-9, atol=1e-9)


@few
@given(towns(), st.sampled_from([0.25, 4.0, 1024.0]), st.sampled_from(["high", "both"]))
def test_scaling_the_exposure_changes_nothing(town: Town, by: float, kind: str) -> None:
    xy, cases, households = town
    one = scan(xy, cases[:, 0], households, seed=2, repeats=REPEATS, p_max=1, kind=kind)
    other = scan(xy, cases[:, 0], households * by, seed=2, repeats=REPEATS, p_max=1, kind=kind)
    pd.testing.assert_frame_equal(one.clusters, other.clusters)
    np.testing.assert_array_equal(one.cluster, other.cluster)


@few
@given(towns(), st.floats(0.001, 1000))
def test_scaling_by_any_number_moves_last_digits_only(town: Town, by: float) -> None:
    xy, cases, households = town
    one, other = (scan(xy, cases[:, 0], h, seed=2, repeats=REPEATS) for h in (households, households * by))
    first = [found.clusters.loc[:0, ["log_likelihood_ratio", "p"]] for found in (one, other)]
    pd.testing.assert_frame_equal(*first, rtol=1e-9)


@few
@given(towns(), st.randoms(use_true_random=False), st.sampled_from(["likely", "gini", "in_turn"]))
def test_the_order_of_rows_changes_nothing(town: Town, random: object, select: str) -> None:
    xy, cases, households = town
    order = np.array(random.sample(range(len(xy)), len(xy)))  # type: ignore[attr-defined]
    options = {"seed": 3, "repeats": REPEATS, "p_max": 0.6, "select": select}
    one = scan(xy, cases[:, 0], households, **options)
    other = scan(xy[order], cases[order, 0], households[order], **options)
    pd.testing.assert_frame_equal(told(one), told(other))
    np.testing.assert_array_equal(one.cluster[order], other.cluster)
    np.testing.assert_array_equal(one.maxima, other.maxima)


@few
@given(towns(), st.integers(0, 20))
def test_a_case_more_inside_the_most_likely_cluster_makes_it_no_less_likely(town: Town, which: int) -> None:
    xy, cases, households = town
    found = scan(xy, cases[:, 0], households, seed=4, repeats=REPEATS)
    assume(len(found.clusters))
    lived_in = np.flatnonzero((found.cluster == 0) & (households > 0))
    more = cases[:, 0].copy()
    more[lived_in[which % len(lived_in)]] += 1
    again = scan(xy, more, households, seed=4, repeats=REPEATS)
    before, now = (one.clusters.loc[0, "log_likelihood_ratio"] for one in (found, again))
    assert now >= before * (1 - 1e-9)


@few
@given(towns(), st.sampled_from(["high", "low", "both"]))
def test_one_period_is_a_scan_of_space_alone(town: Town, kind: str) -> None:
    xy, cases, households = town
    space = scan(xy, cases[:, 0], households, seed=5, repeats=REPEATS, p_max=1, kind=kind)
    both = spacetime(xy, cases, households, seed=5, repeats=REPEATS, p_max=1, kind=kind)
    pd.testing.assert_frame_equal(space.clusters, both.clusters[space.clusters.columns])
    np.testing.assert_array_equal(space.maxima, both.maxima)


@few
@given(towns(periods=3), st.sampled_from(["high", "low", "both"]), st.booleans())
def test_clusters_share_no_place_and_add_up(town: Town, kind: str, is_alive: bool) -> None:
    xy, cases, households = town
    found = spacetime(xy, cases, households, seed=6, repeats=REPEATS, p_max=1, kind=kind, is_alive=is_alive)
    table = found.clusters
    assert sorted(set(found.cluster.tolist()) - {-1}) == table.index.tolist()
    assert table["p"].between(1 / (REPEATS + 1), 1).all()
    assert table["log_likelihood_ratio"].is_monotonic_decreasing
    for at, row in table.iterrows():
        inside = found.cluster == at
        span = slice(row["first_period"], row["last_period"] + 1)
        assert row["observed"] == cases[inside, span].sum()
        assert (np.hypot(*(xy[inside] - [row["x_m"], row["y_m"]]).T) <= row["radius_m"] + 1e-6).all()
        assert households[inside].sum() <= households.sum() / 2 + 1e-6
        again = ratio(row["observed"], row["expected"], cases.sum())
        np.testing.assert_allclose(row["log_likelihood_ratio"], again, rtol=1e-9)
        assert (row["relative_risk"] > 1) == row["is_high"]
