"""The law between engine and check: whatever is asked for, a plan proposed is right or says why none can be.

They share no code; towns and wishes are drawn at random. A breach listed as `unresolved` is no fault.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.partition import propose_grids
from geo.verify import verify_plan
from tests.fixtures.lattice import lattice, together

BAND, PEOPLE = (30, 50), [(60, 160), (80, 130)]
USES, LEAST_M2 = ("mall",), 2000
SLOW = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])


class Town(NamedTuple):
    """Cells and borders, and the draws that wishes for them come from."""

    cells: Any
    borders: pd.DataFrame
    draws: np.random.Generator


@st.composite
def towns(draw: st.DrawFn) -> Town:
    """One or two lattice communities with water, towers, closed ways, compounds, malls, units and people at random."""
    draws = np.random.default_rng(draw(st.integers(0, 10**6)))
    parts, first, west = [], 1, 0
    for number in range(draw(st.integers(1, 2))):
        columns, rows = draw(st.integers(1, 6)), draw(st.integers(1, 6))
        cells, borders = community(draws, columns, rows, area_code=f"52010300100{number}", first_id=first, west=west)
        parts.append((cells, borders))
        first, west = first + len(cells), west + columns + 3
    cells, borders = together(*parts)
    cells["people"] = (cells["households"] * draws.uniform(1.5, 4, len(cells))).astype(int)
    if draw(st.booleans()):
        units = cells.index.to_numpy() // int(draws.integers(2, 4))
        cells["unit_id"] = pd.array(units, dtype="Int64")
        cells.loc[draws.random(len(cells)) < 0.3, "unit_id"] = pd.NA
    return Town(cells, borders, draws)


def community(draws: np.random.Generator, columns: int, rows: int, **where: Any) -> tuple[Any, pd.DataFrame]:
    """Return one community; now and then nobody lives there."""
    households = draws.integers(0, draws.choice([6, 13, 26]), (rows, columns))
    households[draws.random((rows, columns)) < draws.choice([0, 0.05, 0.2])] = draws.integers(30, 80)
    wet = draws.random((rows, columns)) < draws.choice([0, 0.1, 0.4])
    households[wet | (draws.random() < 0.05)] = 0
    places = [(x, y) for x in range(columns) for y in range(rows)]
    cells, borders = lattice(
        households,
        water={(x, y) for x, y in places if wet[y, x]},
        compounds={(x, y): x // 3 + 100 * (y // 3) for x, y in places} if draws.random() < 0.3 else {},
        uses={place: draws.choice(["residential", "mall"], p=[0.7, 0.3]) for place in places},
        **where,
    )
    borders["is_walkable"] &= draws.random(len(borders)) >= draws.choice([0, 0.2, 0.5])
    return cells, borders


def faults(town: Town, **asked: Any) -> list[str]:
    """Return what the check finds against the plan proposed, without what is listed as unresolved."""
    cells, borders, draws = town
    uses = USES if draws.random() < 0.4 else ()
    plan = propose_grids(cells, borders, dedicated_uses=uses, dedicated_min_m2=LEAST_M2, **asked)
    violations = verify_plan(
        cells,
        borders,
        plan.assignment,
        **(asked | {"band": plan.band}),
        dedicated=plan.dedicated,
        exceptions=plan.exceptions,
        grids=plan.grids,
    )
    unresolved = plan.exceptions[plan.exceptions["certificate"] == "unresolved"]
    listed = set(zip(unresolved["rule"], unresolved["grid"], strict=True))
    found = [each for each in violations if (each.rule, -1 if each.grid is None else each.grid) not in listed]
    return [each.text("en") for each in found]


def old_plan(town: Town) -> pd.Series:
    """Return a plan made before: some cells have lost their grid, some have gone to another of their community."""
    cells, borders, draws = town
    old = propose_grids(cells, borders, band=BAND, seed=1).assignment.astype("Int64")
    moved = cells.index[draws.random(len(cells)) < draws.choice([0, 0.05])]
    for cell in moved:
        old[cell] = draws.choice(old[cells["area_code"] == cells.at[cell, "area_code"]])
    old[draws.random(len(cells)) < draws.choice([0, 0.1])] = pd.NA
    return old


@SLOW
@given(town=towns(), people_band=st.sampled_from([None, *PEOPLE]))
def test_plans_with_units_and_people_are_right_or_say_why(town: Town, people_band: tuple[int, int] | None) -> None:
    assert faults(town, band=BAND, people_band=people_band) == []


@SLOW
@given(town=towns(), people_band=st.sampled_from([None, None, *PEOPLE]), more=st.integers(-3, 3))
def test_plans_of_a_count_are_right_or_say_why(town: Town, people_band: tuple[int, int] | None, more: int) -> None:
    count = max(1, int(town.cells["households"].sum()) // 40 + more)
    assert faults(town, band=BAND, people_band=people_band, count=count) == []


@SLOW
@given(town=towns(), count=st.integers(1, 12))
def test_plans_of_equal_shares_are_right_or_say_why(town: Town, count: int) -> None:
    assert faults(town, band=None, count=count) == []


@SLOW
@given(
    town=towns(),
    people_band=st.sampled_from([None, None, *PEOPLE]),
    more=st.sampled_from([None, None, -1, 0, 1]),
    locks=st.integers(0, 2),
)
def test_plans_that_keep_and_lock_old_grids_are_right_or_say_why(
    town: Town, people_band: tuple[int, int] | None, more: int | None, locks: int
) -> None:
    before = old_plan(town)
    labels = before.dropna().unique().tolist()
    locked = [int(label) for label in town.draws.permutation(labels)[:locks]]
    count = None if more is None else max(1, int(town.cells["households"].sum()) // 40 + more - len(locked))
    assert faults(town, band=BAND, people_band=people_band, count=count, before=before, locked=locked) == []
