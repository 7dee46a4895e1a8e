"""Emerging hot spots: every series of hot and cold has one class, and the trend is Mann and Kendall's."""

from itertools import product

import numpy as np
import pytest
from scipy.special import erfc
from scipy.stats import kendalltau

from geo.errors import BadSettingError
from geo.hotspots.emerging import CLASSES, NONE, PATTERNS, emerging
from geo.hotspots.trend import mann_kendall
from geo.rng import generator

HOT, NOT, COLD = 1, 0, -1


def series(states: np.ndarray, drift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """z and p of cells that are hot, neither or cold; z drifts by some amount a slice, its sign unchanged."""
    states = np.atleast_2d(states)
    z = 3.0 * states + drift * (np.arange(states.shape[1]) - states.shape[1] / 2)
    return np.where(states == 0, 0.01 * z, z), np.where(states == 0, 0.5, 0.01)


def pattern(states: list[int], drift: float = 0.0) -> str:
    return str(emerging(*series(np.array(states), drift))["pattern"].iloc[0])


def plain(states: tuple[int, ...], way: int) -> list[str]:
    """Every class whose words a series fits, in their order: written as the documentation words them."""
    fits = []
    for side, name in ((HOT, "hot"), (COLD, "cold")):
        hot = [state == side for state in states]
        is_now, before, often = hot[-1], hot[:-1], sum(hot) >= 0.9 * len(hot) - 1e-9
        run = next((n for n, is_hot in enumerate(reversed(hot)) if not is_hot), len(hot))
        ever_other = -side in states
        grows = way * side
        words = {
            "new": is_now and not any(before),
            "consecutive": is_now and run >= 2 and sum(hot) == run and not often,
            "intensifying": is_now and often and grows > 0,
            "persistent": is_now and often and grows == 0,
            "diminishing": is_now and often and grows < 0,
            "sporadic": is_now and any(before) and not often and not ever_other,
            "oscillating": is_now and not often and ever_other,
            "historical": states[-1] == NOT and often,
        }
        fits += [f"{word}_{name}" for word in PATTERNS if words[word]]
    return [*fits, NONE]


@pytest.mark.parametrize("slices", [1, 2, 3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize("drift", [-0.2, 0.0, 0.2])
def test_every_short_series_has_the_first_class_that_it_fits(slices: int, drift: float) -> None:
    every = np.array(list(product((COLD, NOT, HOT), repeat=slices)))
    z, p = series(every, drift)
    found = emerging(z, p)
    assert not found["pattern"].isna().any()
    trend = mann_kendall(z)
    way = np.where(trend.p <= 0.05, np.sign(trend.s), 0).astype(int)
    wanted = [plain(tuple(states.tolist()), int(at))[0] for states, at in zip(every, way, strict=True)]
    assert found["pattern"].astype(str).tolist() == wanted


def test_long_series_have_the_first_class_that_they_fit() -> None:
    rng = generator(4, "series")
    every = rng.choice([COLD, NOT, HOT], size=(4000, 20), p=[0.03, 0.05, 0.92])
    every[::3] *= -1
    z = (
        series(every)[0]
        + rng.normal(0, 0.5, every.shape) * (every != 0)
        + rng.choice([-0.1, 0, 0.1], (4000, 1)) * (np.arange(20) - 10) * (every != 0)
    )
    found = emerging(z, np.where(every == 0, 0.5, 0.01))
    trend = mann_kendall(z)
    way = np.where(trend.p <= 0.05, np.sign(trend.s), 0).astype(int)
    wanted = [plain(tuple(states.tolist()), int(at))[0] for states, at in zip(every, way, strict=True)]
    assert found["pattern"].astype(str).tolist() == wanted
    assert set(wanted) >= set(CLASSES) - {"new_hot", "new_cold", "consecutive_hot", "consecutive_cold", NONE}


CASES = {
    # each class, and what the nearest series that are not of it are instead
    "new_hot": (
        [0, 0, 0, 1],
        [(0, 0, 1, 0), "none"], [(0, 0, 1, 1), "consecutive_hot"], [(1, 0, 0, 1), "sporadic_hot"],
    ),
    "consecutive_hot": (
        [0, 0, 1, 1],
        [(0, 1, 1, 0), "none"], [(1, 0, 1, 1), "sporadic_hot"], [(1, 1, 1, 1), "persistent_hot"],
    ),
    "sporadic_hot": ([1, 0, 0, 1], [(1, 0, 1, 0), "none"], [(1, 0, -1, 1), "oscillating_hot"]),
    "oscillating_hot": ([1, -1, 0, 1], [(0, -1, 0, 1), "new_hot"], [(0, -1, 1, 1), "consecutive_hot"]),
    "historical_hot": ([1] * 9 + [0], [(1,) * 8 + (0, 0), "none"], [(1,) * 9 + (-1,), "new_cold"]),
    "persistent_hot": ([0] + [1] * 9, [(0, 0) + (1,) * 8, "consecutive_hot"], [(1, 0, 0) + (1,) * 7, "sporadic_hot"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_class_ends_where_the_next_begins(name: str) -> None:
    states, *neighbours = CASES[name]
    assert pattern(states) == name
    assert pattern([-state for state in states]) == name.replace("hot", "cold")
    for other, wanted in neighbours:
        assert pattern(list(other)) == wanted


def test_lasting_ones_are_told_apart_by_their_trend() -> None:
    often = [1] * 5 + [0] + [1] * 6
    assert [pattern(often, drift) for drift in (-0.2, 0, 0.2)] == [
        "diminishing_hot",
        "persistent_hot",
        "intensifying_hot",
    ]
    cold = [-state for state in often]
    assert [pattern(cold, drift) for drift in (-0.2, 0, 0.2)] == [
        "intensifying_cold",
        "persistent_cold",
        "diminishing_cold",
    ]
    # often, but not now: historical whatever the trend
    assert pattern([1] * 11 + [0], 0.2) == "historical_hot"


@pytest.mark.parametrize(
    ("hot", "slices", "is_often"), [(9, 10, True), (8, 9, False), (18, 20, True), (17, 19, False), (9, 9, True)]
)
def test_often_is_nine_tenths_or_more(hot: int, slices: int, is_often: bool) -> None:
    states = [1] * (hot - 1) + [0] * (slices - hot) + [1]
    assert pattern(states) == ("persistent_hot" if is_often else "sporadic_hot")


def test_thresholds_are_options() -> None:
    z, p = np.array([[0.1, 0.2, 2.0]]), np.array([[0.9, 0.9, 0.08]])
    assert emerging(z, p)["pattern"].iloc[0] == NONE
    assert emerging(z, p, p_max=0.10)["pattern"].iloc[0] == "new_hot"
    weak = np.array([[2.0, 3, 4, 5, 6, 7, 10, 8, 9, 1]])  # S 23, p 0.049
    assert emerging(weak, np.full((1, 10), 0.01))["pattern"].iloc[0] == "intensifying_hot"
    assert emerging(weak, np.full((1, 10), 0.01), trend_p_max=0.01)["pattern"].iloc[0] == "persistent_hot"


def test_a_slice_without_a_value_is_neither_hot_nor_cold() -> None:
    z = np.array([[np.nan, np.nan, 3.0], [3.0, 3.0, np.nan], [np.nan] * 3])
    found = emerging(z, np.where(np.isnan(z), np.nan, 0.001))
    assert found["pattern"].tolist() == ["new_hot", NONE, NONE]
    assert found["hot"].tolist() == [1, 2, 0]
    assert (found["trend_p"] == 1).all()


def test_no_cells_have_no_classes() -> None:
    assert len(emerging(np.empty((0, 4)), np.empty((0, 4)))) == 0


@pytest.mark.parametrize(
    ("z", "p", "options"),
    [
        (np.zeros((2, 3)), np.zeros((2, 2)), {}),
        (np.zeros((2, 0)), np.zeros((2, 0)), {}),
        (np.zeros(3), np.zeros(3), {}),
        (np.zeros((1, 2)), np.array([[0.5, 1.5]]), {}),
        (np.zeros((1, 2)), np.array([[0.5, -0.1]]), {}),
        (np.zeros((1, 2)), np.zeros((1, 2)), {"p_max": 2}),
        (np.zeros((1, 2)), np.zeros((1, 2)), {"trend_p_max": -0.1}),
    ],
)
def test_what_cannot_be_read_is_refused(z: np.ndarray, p: np.ndarray, options: dict[str, float]) -> None:
    with pytest.raises(BadSettingError):
        emerging(z, p, **options)


# S, variance, z and p by original_test of pymannkendall 1.4.3
PINNED = [
    ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 45, 125.0, 3.9354796403996297, 8.303070332638107e-05),
    ([3.1, 2.2, 2.2, 4.0, 3.1, 5.5, 5.5, 5.5, 6.1, 4.2, 7.3, 6.1], 44, 206.0, 2.995951961453956, 0.0027358953043949974),
    ([5, 3, 4, 1, 2, 2, 0, -1], -21, 64.33333333333333, -2.4935149047701484, 0.01264852738024791),
    ([1, 1, 1, 2], 3, 5.0, 0.8944271909999159, 0.37109336952269745),
    ([10, 9, 9, 8, 8, 8, 7, 6, 5, 5, 4, 3, 3, 2, 1], -99, 401.6666666666667, -4.889823457343159, 1.00926453106e-06),
]


@pytest.mark.parametrize(("values", "s", "variance", "z", "p"), PINNED)
def test_the_trend_is_that_of_pymannkendall(values: list[float], s: int, variance: float, z: float, p: float) -> None:
    trend = mann_kendall(np.array([values, values[::-1]], dtype=float))
    assert trend.s.tolist() == [s, -s]
    np.testing.assert_allclose(trend.variance, variance)
    np.testing.assert_allclose(trend.z, [z, -z], rtol=1e-12)
    np.testing.assert_allclose(trend.p, p, rtol=1e-9)


def test_the_trend_is_that_of_every_pair_counted() -> None:
    rng = generator(2, "trend")
    values = rng.integers(0, 6, (60, 17)).astype(float)
    values[rng.random(values.shape) < 0.1] = np.nan
    trend = mann_kendall(values)
    for row, s, variance in zip(values, trend.s, trend.variance, strict=True):
        told = row[~np.isnan(row)]
        assert s == sum(np.sign(told[j] - told[i]) for j in range(len(told)) for i in range(j))
        groups = np.unique(told, return_counts=True)[1]
        m = len(told)
        assert variance == pytest.approx(
            (m * (m - 1) * (2 * m + 5) - (groups * (groups - 1) * (2 * groups + 5)).sum()) / 18
        )


def test_without_the_step_towards_zero_it_is_kendalls_tau() -> None:
    values = generator(3, "tau").normal(size=(5, 30)).round(1)
    trend = mann_kendall(values)
    for row, s, variance in zip(values, trend.s, trend.variance, strict=True):
        p = erfc(abs(s) / np.sqrt(2 * variance))
        assert p == pytest.approx(kendalltau(np.arange(30), row, method="asymptotic").pvalue, rel=1e-9)


def test_a_level_series_has_no_trend() -> None:
    trend = mann_kendall(np.array([[2.0] * 6, [np.nan] * 6, [1.0, *[np.nan] * 5]]))
    assert trend.z.tolist() == [0, 0, 0]
    assert trend.p.tolist() == [1, 1, 1]
