"""A new plan that keeps an old one: who moves, who may not, and what locks leave."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geo.partition import GridProposal, Weights, propose_grids
from geo.partition.proposal import NothingAskedError
from geo.verify import verify_plan
from tests.fixtures.lattice import lattice

Frames = tuple[gpd.GeoDataFrame, pd.DataFrame]


def town(columns: int, rows: int, seed: int = 3) -> Frames:
    return lattice(np.random.default_rng(seed).integers(1, 23, (rows, columns)))


def moved(before: pd.Series, plan: GridProposal) -> pd.Series:
    """Which cells have an old grid and are now in a grid that carries on another one."""
    carried = plan.assignment.map(plan.grids["carries"])
    return before.notna() & (carried != before)


def test_an_old_plan_that_is_right_stays_as_it_is() -> None:
    cells, borders = town(40, 40)
    plan = propose_grids(cells, borders)
    again = propose_grids(cells, borders, before=plan.assignment.astype(str), seed=9)
    assert (again.assignment == plan.assignment).all()
    assert again.grids["carries"].tolist() == [str(grid) for grid in plan.grids.index]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("is_named", [True, False])
def test_a_new_compound_moves_nobody_farther_off_than_the_neighbours(seed: int, is_named: bool) -> None:
    cells, borders = town(50, 50)
    plan = propose_grids(cells, borders)
    before = plan.assignment.astype(float)
    grid = int(np.random.default_rng(seed).integers(len(plan.grids)))
    new = before.index[before == grid][:10]
    cells.loc[new, "households"] = 60
    if not is_named:
        before.loc[new] = np.nan
    now = propose_grids(cells, borders, before=before)
    assert verify_plan(cells, borders, now.assignment, band=(300, 500), exceptions=now.exceptions) == []
    ends = borders[["cell_a", "cell_b"]].apply(lambda column: column.map(plan.assignment))
    near = {grid, *ends.loc[ends["cell_a"] == grid, "cell_b"], *ends.loc[ends["cell_b"] == grid, "cell_a"]}
    gone = moved(before, now)
    assert set(before[gone]) <= near
    # Of a grid of m households at least m - 500 must go, or a new grid of 300 be filled, unless the newcomers do that.
    had, has = int(cells.loc[before == grid, "households"].sum()), int(cells.loc[new, "households"].sum())
    least = max(300, had - 500) if is_named else max(0, 300 - has)
    assert cells.loc[gone, "households"].sum() <= least + 60


def test_a_grid_below_the_band_takes_only_what_it_needs() -> None:
    cells, borders = lattice([[20] * 30])
    before = pd.Series(np.repeat([0.0, 1.0], [14, 16]), index=cells.index)
    plan = propose_grids(cells, borders, before=before)
    assert plan.grids["households"].tolist() == [300, 300]
    assert cells.loc[moved(before, plan), "households"].sum() == 20


def test_codes_go_with_the_largest_overlap() -> None:
    cells, borders = lattice([[20] * 40])
    before = pd.Series(np.repeat(["a", "b"], [35, 5]), index=cells.index, dtype=object)
    plan = propose_grids(cells, borders, before=before)
    assert sorted(plan.grids["carries"].tolist()) == ["a", "b"]
    assert plan.grids["households"].between(300, 500).all()


def test_an_old_grid_in_two_pieces_keeps_the_heavier_one() -> None:
    cells, borders = lattice([[20] * 45])
    before = pd.Series(np.repeat(["a", "b", "a"], [18, 20, 7]), index=cells.index, dtype=object)
    plan = propose_grids(cells, borders, before=before)
    assert verify_plan(cells, borders, plan.assignment, band=(300, 500), exceptions=plan.exceptions) == []
    assert not moved(before, plan).iloc[:18].any()


def test_locked_grids_stay_to_the_cell_and_what_they_leave_is_certified() -> None:
    cells, borders = lattice([[20] * 40])
    before = pd.Series(np.repeat(["a", "b", "c"], [10, 20, 10]), index=cells.index, dtype=object)
    plan = propose_grids(cells, borders, before=before, locked=["b"])
    held = plan.assignment.groupby(before).agg(set)
    assert len(held["b"]) == 1
    assert not held["b"] & (held["a"] | held["c"])
    # 200 households on either side of the lock: no number of grids can share them.
    certificates = plan.exceptions.set_index("grid")["certificate"]
    assert sorted(certificates) == ["piece_outside_band", "piece_outside_band"]


def test_a_locked_grid_out_of_band_is_said_to_be_locked() -> None:
    cells, borders = lattice([[20] * 40])
    before = pd.Series(np.repeat(["a", "b"], [10, 30]), index=cells.index, dtype=object)
    plan = propose_grids(cells, borders, before=before, locked=["a"])
    (locked,) = plan.exceptions.loc[plan.exceptions["certificate"] == "locked_grid", "grid"]
    assert plan.grids.at[locked, "carries"] == "a"
    assert plan.grids.at[locked, "households"] == 200


def test_a_planner_who_does_not_mind_changes_gets_rounder_grids() -> None:
    cells, borders = town(30, 30)
    rows = np.arange(len(cells)) // 30
    # Long old grids, each a few rows high, all in band.
    total = cells["households"].groupby(rows).sum()
    strip = (total.cumsum() // 400).astype(int)
    before = pd.Series(strip.to_numpy()[rows], index=cells.index).astype(float)
    kept = propose_grids(cells, borders, before=before)
    loose = propose_grids(cells, borders, before=before, weights=Weights(keep=0.0))

    def border(plan: GridProposal) -> int:
        return int((borders["cell_a"].map(plan.assignment) != borders["cell_b"].map(plan.assignment)).sum())

    assert border(loose) < border(kept)
    assert moved(before, loose).sum() > moved(before, kept).sum()


def test_nonsense_is_refused() -> None:
    cells, borders = lattice([[20] * 20])
    before = pd.Series("a", index=cells.index)
    for wishes in (
        {"band": None},
        {"count": 0},
        {"locked": ["a"]},
        {"before": before, "locked": ["b"]},
        {"before": before, "band": None, "count": 1},
        {"band": None, "count": 1, "people_band": (50, 90)},
    ):
        with pytest.raises(NothingAskedError) as refused:
            propose_grids(cells, borders, **wishes)
        assert refused.value.text("zh") != refused.value.text("en")


def test_a_grid_of_two_communities_cannot_be_locked() -> None:
    cells, borders = lattice([[20] * 20])
    cells["area_code"] = ["520103001001"] * 10 + ["520103001002"] * 10
    with pytest.raises(NothingAskedError, match="several communities"):
        propose_grids(cells, borders, before=pd.Series("a", index=cells.index), locked=["a"])
