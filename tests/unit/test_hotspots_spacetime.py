"""Space and time: circles with spans, held against an exposure or against the cases' own totals."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest

from geo.errors import BadSettingError
from geo.hotspots.draws import deal, lots_of
from geo.hotspots.spacetime import spacetime
from geo.hotspots.study import study_of
from geo.rng import generator

SIDE, CELL_M, PERIODS = 7, 100.0, 8
MIDDLES = (np.arange(SIDE) + 0.5) * CELL_M
GRID = np.stack(np.meshgrid(MIDDLES, MIDDLES, indexing="ij"), axis=-1).reshape(-1, 2)
HERE = np.hypot(*(GRID - (250.0, 250.0)).T) <= 120


def town(seed: int, *, cases: int = 700, when: slice | None = None, risk: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
    """Cases by cell and period, more in a circle about (250, 250) at some time, and households."""
    rng = generator(seed, "town")
    households = np.round(rng.lognormal(3, 0.7, len(GRID)))
    chance = np.repeat(households[:, None], PERIODS, axis=1)
    if when is not None:
        chance[HERE, when] *= risk
    return rng.multinomial(cases, (chance / chance.sum()).ravel()).reshape(chance.shape), households


def plain(
    cases: np.ndarray,
    expected: np.ndarray,
    *,
    kind: str = "high",
    length_max: int = PERIODS // 2,
    is_alive: bool = False,
) -> tuple[float, np.ndarray, int, int]:
    """The greatest ratio of all circles and spans, and where it is, written plainly."""
    total, best = cases.sum(), (0.0, np.zeros(len(GRID), dtype=bool), -1, -1)
    for middle in GRID:
        far_m = np.hypot(*(GRID - middle).T)
        for radius_m in np.unique(far_m.round(3)):
            inside = far_m <= radius_m + 1e-3
            if expected[inside].sum() > total / 2 * (1 + 1e-9):
                break
            for first in range(PERIODS):
                for last in range(first, min(PERIODS, first + length_max)):
                    if is_alive and last != PERIODS - 1:
                        continue
                    c, e = cases[inside, first : last + 1].sum(), expected[inside, first : last + 1].sum()
                    if e <= 0 or (c > e) != (kind == "high") or (c > e and c < 2):
                        continue
                    ratio = (c * np.log(c / e) if c else 0) + (total - c) * np.log((total - c) / (total - e))
                    if ratio > best[0] * (1 + 1e-9):
                        best = ratio, inside, first, last
    return best


def expected_of(cases: np.ndarray, exposure: np.ndarray | None) -> np.ndarray:
    if exposure is None:
        return np.outer(cases.sum(axis=1), cases.sum(axis=0)) / cases.sum()
    weights = exposure if exposure.ndim == 2 else np.repeat(exposure[:, None], PERIODS, axis=1)
    return weights * cases.sum() / weights.sum()


@pytest.mark.parametrize("kind", ["high", "low"])
@pytest.mark.parametrize("is_alive", [False, True])
@pytest.mark.parametrize("against", ["households", "households by period", "cases"])
def test_the_most_likely_is_the_greatest_of_all_tried_plainly(kind: str, is_alive: bool, against: str) -> None:
    cases, households = town(1, when=slice(5, 8))
    by_period = households[:, None] * np.array([1, 1, 2, 2, 1, 1, 3, 1])
    exposure = {"households": households, "households by period": by_period, "cases": None}[against]
    found = spacetime(GRID, cases, exposure, seed=1, kind=kind, is_alive=is_alive, repeats=9)
    ratio, inside, first, last = plain(cases, expected_of(cases, exposure), kind=kind, is_alive=is_alive)
    row = found.clusters.loc[0]
    assert row["log_likelihood_ratio"] == pytest.approx(ratio, rel=1e-9)
    np.testing.assert_array_equal(found.cluster == 0, inside)
    assert row[["first_period", "last_period"]].tolist() == [first, last]
    assert row["is_alive"] == (last == PERIODS - 1)
    assert row["is_high"] == (kind == "high")
    assert row["observed"] == cases[inside, first : last + 1].sum()
    assert row["expected"] == pytest.approx(expected_of(cases, exposure)[inside, first : last + 1].sum())


@pytest.mark.parametrize("exposed", [True, False])
def test_a_planted_cluster_is_found_with_its_time(exposed: bool) -> None:
    cases, households = town(2, cases=1500, when=slice(1, 4), risk=7.0)
    found = spacetime(GRID, cases, households if exposed else None, seed=1)
    first = found.clusters.loc[0]
    assert first["p"] == 0.001
    assert first[["first_period", "last_period"]].tolist() == [1, 3]
    assert not first["is_alive"]
    assert (found.cluster[HERE] == 0).mean() > 0.7
    now = spacetime(GRID, cases, households if exposed else None, seed=1, is_alive=True)
    assert now.clusters.loc[0, "p"] > 0.05


@pytest.mark.parametrize("exposed", [True, False])
def test_what_began_lately_is_alive(exposed: bool) -> None:
    cases, households = town(3, cases=1500, when=slice(6, 8))
    found = spacetime(GRID, cases, households if exposed else None, seed=1, is_alive=True)
    assert found.clusters.loc[0, ["p", "first_period", "last_period", "is_alive"]].tolist() == [0.001, 6, 7, True]


def test_no_span_is_longer_than_asked() -> None:
    cases, households = town(4, cases=1500, when=slice(1, 7))
    for length in (1, 2, 6, PERIODS):
        found = spacetime(GRID, cases, households, seed=1, repeats=9, length_max=length, p_max=1)
        spans = found.clusters["last_period"] - found.clusters["first_period"] + 1
        assert spans.max() <= length
    usual = spacetime(GRID, cases, households, seed=1, repeats=9, p_max=1)
    assert (usual.clusters["last_period"] - usual.clusters["first_period"]).max() < PERIODS // 2


def test_a_busy_month_is_not_found_without_exposure_or_with_one_by_period() -> None:
    rng = generator(5, "season")
    season = np.array([1, 1, 1, 6, 6, 1, 1, 1])
    households = np.round(rng.lognormal(3, 0.7, len(GRID)))
    chance = np.outer(households, season)
    cases = rng.multinomial(2000, (chance / chance.sum()).ravel()).reshape(chance.shape)
    assert spacetime(GRID, cases, households, seed=1).clusters.loc[0, "p"] == 0.001
    assert spacetime(GRID, cases, chance, seed=1).clusters.loc[0, "p"] > 0.05
    assert spacetime(GRID, cases, None, seed=1).clusters.loc[0, "p"] > 0.05


def test_what_is_always_lively_is_found_against_households_only() -> None:
    cases, households = town(6, cases=1500, when=slice(0, PERIODS))
    assert spacetime(GRID, cases, households, seed=1).clusters.loc[0, "p"] == 0.001
    assert spacetime(GRID, cases, None, seed=1).clusters.loc[0, "p"] > 0.05


def test_a_shuffle_keeps_the_cases_of_every_place_and_period() -> None:
    cases, _ = town(7)
    lots, lanes = lots_of(study_of(GRID, cases, None), periods=PERIODS), 40
    counts = np.zeros((len(GRID), PERIODS * lanes), dtype=np.int32)
    for lane in range(lanes):
        deal(lots, generator(1, "scan", "0", str(lane)), counts, lane, lanes)
    dealt = counts.reshape(len(GRID), PERIODS, lanes)
    assert (dealt.sum(axis=1) == cases.sum(axis=1)[:, None]).all()
    assert (dealt.sum(axis=0) == cases.sum(axis=0)[:, None]).all()
    assert (dealt != cases[:, :, None]).any(axis=(0, 1)).all()
    # on the average a place has its share of every period
    mean, wanted = dealt.mean(axis=2), expected_of(cases, None)
    assert np.abs(mean - wanted).max() < 5 * np.sqrt(wanted.max() / lanes)


@pytest.mark.parametrize("exposed", [True, False])
def test_periods_before_those_looked_at_change_no_draw(exposed: bool) -> None:
    cases, households = town(8)
    study, short = study_of(GRID, cases, households if exposed else None), 3
    whole, late = np.zeros((len(GRID), PERIODS), dtype=np.int32), np.zeros((len(GRID), short), dtype=np.int32)
    for counts in (whole, late):
        deal(lots_of(study, periods=counts.shape[1]), generator(1, "one"), counts, 0, 1)
    if exposed:
        assert late.sum() == pytest.approx(cases.sum() * short / PERIODS, rel=0.2)
    else:
        np.testing.assert_array_equal(late, whole[:, -short:])


@pytest.mark.parametrize(("exposed", "is_alive"), [(True, False), (True, True), (False, False), (False, True)])
def test_p_is_even_where_there_is_nothing_to_find(exposed: bool, is_alive: bool) -> None:
    p = []
    for seed in range(80):
        cases, households = town(seed, cases=300)
        found = spacetime(GRID, cases, households if exposed else None, seed=seed, repeats=49, is_alive=is_alive)
        p.append(found.clusters["p"].iloc[0])
    assert kstest(p, "uniform").pvalue > 0.05  # with these seeds; one run, so it cannot flake


def test_the_order_of_rows_does_not_matter() -> None:
    cases, households = town(9, when=slice(3, 6))
    order = generator(1, "order").permutation(len(GRID))
    for exposure in (households, None):
        one = spacetime(GRID, cases, exposure, seed=1, repeats=49, p_max=1)
        other = spacetime(
            GRID[order], cases[order], None if exposure is None else exposure[order], seed=1, repeats=49, p_max=1
        )
        pd.testing.assert_frame_equal(one.clusters.drop(columns="row"), other.clusters.drop(columns="row"))
        np.testing.assert_array_equal(one.cluster[order], other.cluster)


def test_without_cases_nothing_is_found() -> None:
    for exposure in (np.ones(len(GRID)), None):
        found = spacetime(GRID, np.zeros((len(GRID), 3)), exposure, seed=1, repeats=9)
        assert len(found.clusters) == 0
        assert found.clusters["is_alive"].dtype == bool


@pytest.mark.parametrize(
    "change", [{"length_max": 0}, {"length_max": 9}, {"exposure": np.ones((49, 3))}, {"cases": np.ones((49, 0))}]
)
def test_what_cannot_be_scanned_is_refused(change: dict[str, object]) -> None:
    given = {"cases": np.ones((len(GRID), PERIODS)), "exposure": np.ones(len(GRID)), "seed": 1, "repeats": 9}
    with pytest.raises(BadSettingError):
        spacetime(GRID, **(given | change))  # type: ignore[arg-type]
