"""Rates: raw, smoothed - the numbers of esda - and their deviates; no households, no rate."""

import numpy as np
import pytest
from scipy.stats import poisson

from geo.errors import BadSettingError
from geo.hotspots.autocorrelation import getis_ord, local_moran, permuted_p
from geo.hotspots.discovery import q_values, two_sided_p
from geo.hotspots.mesh import Mesh, neighbours
from geo.hotspots.rates import deviates, locally_smoothed_rates, raw_rates, smoothed_rates
from geo.rng import generator

# What esda 2.9.0 says of a grid of five by five cells, per household: Empirical_Bayes and Spatial_Empirical_Bayes
# (queen). Made by `python -m bench.hotspots.peers.pinned` on 2026-11-21.
GRID = Mesh("square", 1.0, (0.0, 0.0), 5, 5)
INCIDENTS = np.array([3, 1, 0, 2, 29, 1, 0, 3, 17, 42, 1, 2, 1, 4, 8, 25, 0, 0, 1, 2, 6, 14, 1, 0, 0])
HOUSEHOLDS = np.array([3, 40, 25, 60, 90, 8, 12, 55, 80, 110, 1, 35, 20, 70, 95, 30, 5, 9, 14, 66, 45, 50, 2, 7, 10])
SMOOTHED = np.array([
    0.454897990796, 0.043752006604, 0.0325929212925, 0.045651040827, 0.313187445019, 0.145192712134,
    0.0563943348883, 0.0658520090168, 0.209831505279, 0.37135796713, 0.294616270477, 0.073622259089,
    0.0776659262382, 0.0660132171271, 0.0893230151565, 0.726330001615, 0.0929401315909, 0.0678242297652,
    0.101198917424, 0.0418362861912, 0.137867570948, 0.268878798149, 0.256853662553, 0.078420276562,
    0.0635320456616,
])  # fmt: skip
LOCALLY = np.array([
    0.625975365964, 0.0272666154437, 0.0333080204843, 0.0662684448429, 0.311113581611, 0.114307473421,
    0.0143179895311, 0.0607133356186, 0.20814717438, 0.363443849434, 0.505038849495, 0.0652372758695,
    0.077738548249, 0.0687579233415, 0.0927315782705, 0.764521854839, 0.114106509624, 0.0698698756116,
    0.0588078685261, 0.0572519083969, 0.155521100656, 0.284250446416, 0.200580174519, 0.0254041570439,
    0.0309278350515,
])  # fmt: skip
MEASURES = [raw_rates, smoothed_rates, deviates, lambda events, homes: locally_smoothed_rates(events, homes, GRID)]


def test_rates_are_per_thousand_households() -> None:
    rates = raw_rates(np.array([1, 0, 5, 5]), np.array([4, 10, 2000, 0]))
    np.testing.assert_array_equal(rates, [250, 0, 2.5, np.nan])


def test_smoothed_rates_are_those_of_esda() -> None:
    np.testing.assert_allclose(smoothed_rates(INCIDENTS, HOUSEHOLDS) / 1000, SMOOTHED, rtol=1e-9)
    for near in (GRID, neighbours(GRID)):
        found = locally_smoothed_rates(INCIDENTS, HOUSEHOLDS, near)
        np.testing.assert_allclose(found / 1000, LOCALLY, rtol=1e-9)


def test_few_households_are_moved_further_than_many() -> None:
    events, homes = np.array([1, 100, 10, 10, 40, 0]), np.array([3, 300, 400, 400, 400, 400])
    raw, smooth = raw_rates(events, homes), smoothed_rates(events, homes)
    mean = 1000 * events.sum() / homes.sum()
    assert raw[0] == raw[1]
    assert mean < smooth[0] < smooth[1] < raw[1]


def test_rates_that_vary_no_more_than_chance_all_become_the_mean() -> None:
    events, homes = np.array([10, 11, 9, 10]), np.array([100, 100, 100, 100])
    np.testing.assert_allclose(smoothed_rates(events, homes), 100)


def test_a_cell_without_households_has_no_rate_and_its_incidents_enter_no_mean() -> None:
    empty = np.arange(25) % 6 == 0
    homes = np.where(empty, 0, HOUSEHOLDS)
    for measure in MEASURES:
        found = measure(INCIDENTS, homes)
        assert np.isnan(found).tolist() == empty.tolist()
        np.testing.assert_array_equal(found, measure(np.where(empty, 999, INCIDENTS), homes))
    # as if those cells were not there
    lived = ~empty
    np.testing.assert_allclose(
        smoothed_rates(INCIDENTS, homes)[lived], smoothed_rates(INCIDENTS[lived], homes[lived]), rtol=1e-12
    )
    np.testing.assert_allclose(
        locally_smoothed_rates(INCIDENTS, homes, GRID),
        locally_smoothed_rates(INCIDENTS, homes, neighbours(GRID, inside=lived)), rtol=1e-12,
    )  # fmt: skip


def test_nobody_at_home_and_nothing_happened_are_answers() -> None:
    nothing = np.zeros(25)
    for measure in MEASURES:
        assert np.isnan(measure(INCIDENTS, nothing)).all()
        assert measure(nothing, HOUSEHOLDS).tolist() == [0] * 25
        assert np.isnan(measure(nothing, nothing)).all()
    assert raw_rates(np.empty(0), np.empty(0)).tolist() == []
    assert smoothed_rates(np.empty(0), np.empty(0)).tolist() == []
    assert deviates(np.empty(0), np.empty(0)).tolist() == []


def test_an_island_is_smoothed_towards_itself() -> None:
    homes = np.where(np.isin(np.arange(25), (1, 5, 6)), 0, HOUSEHOLDS)
    assert locally_smoothed_rates(INCIDENTS, homes, GRID)[0] == pytest.approx(1000)  # 3 of 3 households


def test_rates_without_a_number_are_never_told_as_significant() -> None:
    mesh = Mesh("hexagon", 100.0, (0.0, 0.0), 30, 30)
    rng = generator(1, "homes")
    homes = rng.poisson(rng.gamma(0.5, 60, mesh.cells))
    hot = np.hypot(*(np.divmod(np.arange(mesh.cells), 30) - np.array([[10], [10]]))) < 4
    events = rng.poisson(np.where(hot, 0.4, 0.05) * homes)
    rates = deviates(events, homes)
    assert 20 < (homes == 0).sum() < 300
    z = getis_ord(rates, mesh)
    for p in (two_sided_p(z), two_sided_p(local_moran(rates, mesh).z), permuted_p(rates, mesh, seed=1)):
        assert np.isnan(p).tolist() == (homes == 0).tolist()
        assert not (q_values(p) < 0.05)[homes == 0].any()
    q = q_values(two_sided_p(z))
    assert (q[hot & (homes > 0)] < 0.05).mean() > 0.85
    assert (q[~hot & (homes > 0)] < 0.05).mean() < 0.1


def test_bad_input_is_refused() -> None:
    good = np.ones(25)
    for bad in (np.ones(24), np.full(25, np.nan), np.full(25, -1.0), np.full(25, np.inf), np.ones((5, 5))):
        for measure in MEASURES:
            with pytest.raises(BadSettingError, match="0 or more"):
                measure(good, bad)
            with pytest.raises(BadSettingError, match="0 or more"):
                measure(bad, good)
    with pytest.raises(BadSettingError) as refused:
        raw_rates(np.array([1, -2]), np.array([1, 1]))
    assert "不小于 0" in refused.value.text("zh")


def test_the_arrays_are_not_changed() -> None:
    for dtype in (np.int64, np.float64):
        events, homes = INCIDENTS.astype(dtype), np.where(HOUSEHOLDS < 9, 0, HOUSEHOLDS).astype(dtype)
        copies = events.copy(), homes.copy()
        for measure in MEASURES:
            measure(events, homes)
        np.testing.assert_array_equal((events, homes), copies)


@pytest.mark.parametrize(("expected", "variance"), [(0.01, 0.02), (0.1, 0.184), (1.0, 0.94), (5.0, 1.0), (40.0, 0.997)])
def test_deviates_of_chance_are_about_0_as_wide_as_1_and_less_where_little_is_expected(
    expected: float, variance: float
) -> None:
    # Variances are sums over the Poisson distribution itself, scipy 1.17's; a large cell beside them sets the rate.
    cases = np.arange(200)
    homes = np.append(np.ones(200), 1e8)
    found = deviates(np.append(cases, expected * homes.sum() - cases.sum()), homes)[:-1]
    np.testing.assert_allclose(found, np.sqrt(cases) + np.sqrt(cases + 1) - np.sqrt(4 * expected + 1), atol=1e-9)
    chance = poisson.pmf(cases, expected)
    mean = (chance * found).sum()
    assert abs(mean) < 0.1
    assert (chance * found**2).sum() - mean**2 == pytest.approx(variance, abs=0.002)


def test_maps_of_chance_alone_seldom_have_a_hot_cell() -> None:
    mesh, told = Mesh("square", 200.0, (0.0, 0.0), 40, 40), 0
    for seed in range(40):
        rng = generator(seed, "quiet")
        homes = np.round(rng.lognormal(2.5, 0.8, mesh.cells))
        z = getis_ord(deviates(rng.poisson(0.05 * homes), homes), mesh, inside=homes > 0)
        told += bool((q_values(two_sided_p(z)) < 0.05).any())
    assert told <= 6  # of 40 at 5 %: 0 to 6 with 99.9 %; rates in their own standard deviations: 19
