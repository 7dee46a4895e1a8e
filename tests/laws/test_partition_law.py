"""Laws of plans, on towns drawn at random: nothing lost, nothing doubled, nothing by chance."""

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.partition import propose_grids
from geo.partition.bands import Band
from geo.partition.exact import SearchTooLongError, exact_division
from geo.partition.graph import pieces_on_foot, subgraph
from geo.partition.ground import grounds_of
from geo.verify import verify_plan
from geo.zones import zones_in_grids
from tests.fixtures.lattice import lattice

BAND = (30, 50)
SLOW = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def towns(draw: st.DrawFn, most: int = 9) -> tuple[Any, pd.DataFrame]:
    """A lattice with households, water, closed ways, compounds and uses, all at random."""
    columns, rows = draw(st.integers(1, most)), draw(st.integers(1, most))
    draws = np.random.default_rng(draw(st.integers(0, 10**6)))
    high = draw(st.sampled_from([5, 12, 25]))
    households = draws.integers(0, high + 1, (rows, columns))
    households[draws.random((rows, columns)) < draw(st.sampled_from([0, 0.05, 0.2]))] = draws.integers(30, 80)
    wet = draws.random((rows, columns)) < draw(st.sampled_from([0, 0.1, 0.4]))
    households[wet] = 0
    places = [(x, y) for x in range(columns) for y in range(rows)]
    uses = {place: draws.choice(["residential", "mall"]) for place in places}
    compounds = {(x, y): x // 3 + 100 * (y // 3) for x, y in places} if draw(st.booleans()) else {}
    cells, borders = lattice(households, water={(x, y) for x, y in places if wet[y, x]}, compounds=compounds, uses=uses)
    borders["is_walkable"] &= draws.random(len(borders)) >= draw(st.sampled_from([0, 0.2, 0.5]))
    return cells, borders


def broken_rules(town: tuple[Any, pd.DataFrame], plan: Any) -> list[str]:
    cells, borders = town
    violations = verify_plan(
        cells,
        borders,
        plan.assignment,
        band=BAND,
        dedicated=plan.dedicated,
        exceptions=plan.exceptions,
        grids=plan.grids,
    )
    return [violation.text("en") for violation in violations]


@SLOW
@given(town=towns(), uses=st.sampled_from([(), ("mall",)]), seed=st.integers(0, 5))
def test_every_plan_keeps_the_rules_or_proves_that_none_could(
    town: tuple[Any, pd.DataFrame], uses: tuple[str, ...], seed: int
) -> None:
    plan = propose_grids(*town, band=BAND, dedicated_uses=uses, dedicated_min_m2=2000, seed=seed)
    assert broken_rules(town, plan) == []


@SLOW
@given(seed=st.integers(0, 10**6), columns=st.integers(1, 8), rows=st.integers(1, 8))
def test_where_cells_are_as_heavy_as_grids_only_the_band_may_stay_unresolved(
    seed: int, columns: int, rows: int
) -> None:
    town = lattice(np.random.default_rng(seed).integers(0, 71, (rows, columns)))
    plan = propose_grids(*town, band=BAND)
    unresolved = set(plan.exceptions.loc[plan.exceptions["certificate"] == "unresolved", "grid"])
    cells, borders = town
    violations = verify_plan(cells, borders, plan.assignment, band=BAND, exceptions=plan.exceptions, grids=plan.grids)
    assert {(violation.rule, violation.grid) for violation in violations} == {("band", grid) for grid in unresolved}


@SLOW
@given(town=towns())
def test_nothing_is_lost(town: tuple[Any, pd.DataFrame]) -> None:
    plan = propose_grids(*town, band=BAND)
    assert plan.assignment.index.equals(town[0].index)
    assert sorted(plan.assignment.unique()) == plan.grids.index.tolist() == list(range(len(plan.grids)))
    assert plan.grids["households"].sum() == town[0]["households"].sum()
    assert plan.grids["people"].sum() == town[0]["people"].sum()


@SLOW
@given(town=towns(), seed=st.integers(0, 3), shuffle=st.integers(0, 100))
def test_same_seed_same_plan_whatever_the_order_of_rows(
    town: tuple[Any, pd.DataFrame], seed: int, shuffle: int
) -> None:
    cells, borders = town
    plan = propose_grids(cells, borders, band=BAND, seed=seed)
    mixed = cells.sample(frac=1, random_state=shuffle), borders.sample(frac=1, random_state=shuffle)
    again = propose_grids(*mixed, band=BAND, seed=seed)
    pd.testing.assert_series_equal(again.assignment.sort_index(), plan.assignment.sort_index())
    pd.testing.assert_frame_equal(again.grids, plan.grids)
    pd.testing.assert_frame_equal(again.exceptions, plan.exceptions)


@SLOW
@given(town=towns(most=4))
def test_a_small_piece_that_can_be_divided_is_divided(town: tuple[Any, pd.DataFrame]) -> None:
    plan = propose_grids(*town, band=BAND)
    (ground,) = grounds_of(*town)
    pieces = pieces_on_foot(ground.graph, ~ground.is_water & (ground.households <= BAND[1]))
    bad = plan.exceptions.loc[plan.exceptions["rule"] == "band", "grid"]
    labels = plan.assignment.to_numpy()
    for piece in range(pieces.max() + 1):
        inside = np.flatnonzero(pieces == piece)
        members = subgraph(ground.graph, inside)
        try:
            possible = exact_division(members, Band(*BAND), steps=20_000) is not None
        except SearchTooLongError:
            continue
        if possible:
            assert not np.isin(labels[inside], bad).any()


@SLOW
@given(town=towns(most=7), count=st.integers(1, 5), seed=st.integers(0, 3))
def test_zones_cover_their_grids_exactly(town: tuple[Any, pd.DataFrame], count: int, seed: int) -> None:
    cells, borders = town
    plan = propose_grids(cells, borders, band=BAND)
    zone, zones = zones_in_grids(cells, borders, plan.assignment, count=count, seed=seed)
    assert zone.notna().all()
    assert plan.assignment.groupby(zone).nunique().eq(1).all()
    assert zones.groupby("grid")["households"].sum().eq(plan.grids["households"]).all()
    again, _ = zones_in_grids(cells, borders, plan.assignment, count=count, seed=seed)
    pd.testing.assert_series_equal(again, zone)
