"""Grids redrawn with those around them: what moves, what stays, what is told."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geo.errors import BadSettingError
from geo.partition import propose_grids
from geo.partition.bands import BadBandError
from geo.rebalance import LockedGridError, UnknownGridError, rebalance
from geo.verify import verify_plan
from geo.zones import CellWithoutGridError
from tests.fixtures.lattice import lattice, together

Town = tuple[gpd.GeoDataFrame, pd.DataFrame]


def row(town: Town, *sizes: int) -> pd.Series:
    """Return grids 1, 2, ... of so many cells one after the other."""
    return pd.Series(np.repeat(np.arange(len(sizes)) + 1, sizes), index=town[0].index, name="grid")


def test_a_grid_below_the_band_takes_only_what_it_needs() -> None:
    town = lattice([[20] * 48])
    before = row(town, 14, 18, 16)
    found = rebalance(*town, before, [1], band=(300, 500))
    assert found.assignment.tolist() == [1] * 15 + [2] * 17
    assert found.households_moved == 20
    assert found.is_in_band
    assert found.exceptions.empty
    assert found.grids["households_before"].to_dict() == {1: 280, 2: 360}
    assert found.grids["households_after"].to_dict() == {1: 300, 2: 340}
    assert found.grids["is_in_band_before"].to_dict() == {1: False, 2: True}
    assert found.grids["is_in_band_after"].to_dict() == {1: True, 2: True}


def test_a_wider_ring_reaches_farther() -> None:
    # 280, 300 and 340: the second can spare nothing, unless it takes from the third.
    town = lattice([[20] * 46])
    before = row(town, 14, 15, 17)
    near = rebalance(*town, before, [1], band=(300, 500))
    far = rebalance(*town, before, [1], band=(300, 500), ring=2)
    assert sorted(near.assignment.index) == list(range(1, 30))
    assert far.is_in_band
    assert far.assignment.value_counts().sort_index().to_dict() == {1: 15, 2: 15, 3: 16}
    # 29 cells of 20 are 580: two grids of 300 cannot be had, one of 500 neither.
    assert not near.is_in_band
    assert set(near.exceptions["certificate"]) == {"piece_outside_band"}
    assert set(near.exceptions["grid"]) <= set(near.assignment)


def test_a_new_grid_gets_a_label_above_all_others() -> None:
    town = lattice([[20] * 62])
    before = row(town, 30, 16, 16).replace({3: 70})
    found = rebalance(*town, before, [1], band=(250, 350), ring=0)
    assert sorted(found.assignment.unique()) == [1, 71]
    assert found.is_in_band
    assert found.grids.loc[71, "households_before"] == 0
    assert not found.grids.loc[71, "is_in_band_before"]


def test_a_grid_too_small_for_anything_is_joined() -> None:
    town = lattice([[20] * 20])
    found = rebalance(*town, row(town, 2, 18), [1], band=(300, 500))
    assert found.assignment.eq(2).all()
    assert found.households_moved == 40
    assert found.grids.loc[1].tolist() == [40, 0, False, False]


def test_locked_grids_and_other_communities_are_never_touched() -> None:
    town = lattice([[20] * 46])
    before = row(town, 14, 18, 14)
    found = rebalance(*town, before, [1, 3], band=(300, 500), locked=[2])
    assert set(found.assignment) == {1, 3}
    assert found.households_moved == 0
    cells, borders = together(town, lattice([[20] * 20], first_id=47, west=46, area_code="520103001002"))
    crossing = pd.DataFrame([(46, 47, 30.0, "none", True)], columns=borders.columns)
    labels = pd.concat([before, pd.Series(9, index=range(47, 67))])
    wide = rebalance(cells, pd.concat([borders, crossing]), labels, [3], band=(300, 500), ring=9)
    assert 9 not in set(wide.assignment)
    assert set(wide.assignment) == {1, 2, 3}


def test_a_tower_is_told_with_its_certificate() -> None:
    town = lattice([[100, 900, 100, 100, 100]])
    found = rebalance(*town, row(town, 2, 3), [1], band=(300, 500))
    assert "cell_above_band" in set(found.exceptions["certificate"])
    (grid,) = found.exceptions.loc[found.exceptions["certificate"] == "cell_above_band", "grid"]
    assert found.assignment[2] == grid
    assert not found.grids.loc[grid, "is_in_band_after"]


def test_water_stays_in_its_grid() -> None:
    town = lattice([[20] * 32, [0] * 32], water={(x, 1) for x in range(32)})
    before = pd.Series(np.tile(np.repeat([1, 2], [14, 18]), 2), index=town[0].index)
    found = rebalance(*town, before, [1], band=(300, 500))
    assert found.assignment.iloc[32:].equals(before.iloc[32:])
    assert found.households_moved == 20


def test_holes_in_the_rest_of_the_town_do_not_matter() -> None:
    households = np.random.default_rng(4).integers(1, 23, (24, 24))
    town = lattice(households)
    plan = propose_grids(*town, band=(300, 500))
    grown = town[0].copy()
    members = plan.assignment.index[plan.assignment == 3]
    grown.loc[members[:10], "households"] = 40
    found = rebalance(grown, town[1], plan.assignment, [3], band=(300, 500))
    now = plan.assignment.copy()
    now.loc[found.assignment.index] = found.assignment
    assert verify_plan(grown, town[1], now, band=(300, 500)) == []
    assert found.households_moved == int(grown["households"][now != plan.assignment].sum())


def test_same_seed_same_answer_whatever_the_order_of_rows() -> None:
    town = lattice(np.random.default_rng(2).integers(1, 30, (12, 12)))
    before = pd.Series(np.arange(144) // 12 // 3, index=town[0].index)
    kept = town[0].copy(), town[1].copy(), before.copy()
    found = rebalance(*town, before, [1], band=(300, 600), seed=4)
    mixed = rebalance(
        town[0].sample(frac=1, random_state=1), town[1].iloc[::-1], before.iloc[::-1], [1], band=(300, 600), seed=4
    )
    pd.testing.assert_series_equal(found.assignment, mixed.assignment)
    pd.testing.assert_frame_equal(found.grids, mixed.grids)
    pd.testing.assert_frame_equal(town[0], kept[0])
    pd.testing.assert_frame_equal(town[1], kept[1])
    pd.testing.assert_series_equal(before, kept[2])


def test_what_cannot_be_asked_is_refused() -> None:
    town = lattice([[20] * 32])
    before = row(town, 14, 18)
    for grids, error in (([7], UnknownGridError), ([], UnknownGridError), ([1, 2], LockedGridError)):
        with pytest.raises(error):
            rebalance(*town, before, grids, band=(300, 500), locked=[2])
    with pytest.raises(CellWithoutGridError):
        rebalance(*town, before.iloc[1:], [2], band=(300, 500))
    with pytest.raises(BadBandError):
        rebalance(*town, before, [1], band=(500, 300))
    with pytest.raises(BadSettingError, match="ring"):
        rebalance(*town, before, [1], band=(300, 500), ring=-1)
