"""Household units: about ten households each, never across grids."""

import numpy as np
import pandas as pd
import pytest

from geo.partition import propose_grids
from geo.partition.bands import BadNumberError
from geo.partition.graph import pieces_on_foot
from geo.partition.ground import grounds_of
from geo.units import TooFewUnitsError, units_in_grids
from tests.fixtures.lattice import lattice


def checked(town: tuple, assignment: pd.Series, **options: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make units, and check what must hold for every plan."""
    cells, borders = town
    units, rows = units_in_grids(cells, borders, assignment, **options)
    held = rows.groupby("cell_id")["households"].sum().reindex(cells.index, fill_value=0)
    assert held.eq(cells["households"]).all()
    assert rows["households"].gt(0).all()
    assert not rows.duplicated(["unit", "cell_id"]).any()
    assert units.index.tolist() == list(range(len(units)))
    assert units["households"].eq(rows.groupby("unit")["households"].sum()).all()
    assert rows["cell_id"].map(assignment).eq(rows["unit"].map(units["grid"])).all()
    (ground,) = grounds_of(cells, borders)
    for _, own in rows.groupby("unit"):
        members = cells.index.isin(own["cell_id"])
        assert pieces_on_foot(ground.graph, members).max() == 0
    return units, rows


def one_grid(town: tuple) -> pd.Series:
    return pd.Series(0, index=town[0].index)


@pytest.mark.parametrize(
    ("households", "units"),
    [(1, [1]), (10, [10]), (14, [14]), (15, [8, 7]), (24, [12, 12]), (25, [9, 8, 8]), (103, [11, 11, 11] + [10] * 7)],
)
def test_one_building_is_divided_by_number(households: int, units: list[int]) -> None:
    town = lattice([[households]])
    assert sorted(checked(town, one_grid(town))[0]["households"], reverse=True) == units


def test_small_neighbours_are_joined() -> None:
    town = lattice([[5, 5, 5, 5], [5, 5, 5, 5]])
    assert checked(town, one_grid(town))[0]["households"].tolist() == [10, 10, 10, 10]


def test_units_stop_at_the_grid() -> None:
    town = lattice([[5, 5, 5, 5]])
    units, _ = checked(town, pd.Series([0, 1, 1, 1], index=town[0].index))
    # The 15 on the other side are one and a half units: two.
    assert units["grid"].tolist() == [0, 1, 1]
    assert sorted(units["households"]) == [5, 5, 10]


def test_units_stop_at_walls() -> None:
    town = lattice([[5, 5]], is_wall=lambda a, b: True)
    assert checked(town, one_grid(town))[0]["households"].tolist() == [5, 5]


def test_a_scrap_joins_the_building_beside_it() -> None:
    town = lattice([[3, 20]])
    units, rows = checked(town, one_grid(town))
    assert sorted(units["households"]) == [10, 13]
    assert rows.groupby("unit").size().max() == 2


def test_cells_without_households_are_in_no_unit() -> None:
    town = lattice([[10, 0, 10]])
    _, rows = checked(town, one_grid(town))
    assert rows["cell_id"].tolist() == [1, 3]


def test_a_plan_nobody_lives_in_has_no_units() -> None:
    cells, borders = lattice([[0, 0]])
    units, rows = units_in_grids(cells, borders, pd.Series(0, index=cells.index))
    assert len(units) == len(rows) == 0
    assert list(units.columns) == ["grid", "households"]


@pytest.mark.parametrize("size", [5, 10, 25])
def test_units_of_a_whole_plan_are_near_their_size(size: int) -> None:
    town = lattice(np.random.default_rng(2).choice([0, 1, 2, 4, 9, 30, 77], (24, 24)))
    plan = propose_grids(*town)
    units, _ = checked(town, plan.assignment, size=size)
    assert units["households"].median() == pytest.approx(size, rel=0.25)
    assert units["households"].max() <= 2.5 * size


def test_same_plan_same_units_in_any_row_order() -> None:
    cells, borders = lattice(np.random.default_rng(2).integers(0, 9, (12, 12)))
    plan = propose_grids(cells, borders)
    shuffled = cells.sample(frac=1, random_state=1), borders.sample(frac=1, random_state=1)
    once, again = units_in_grids(cells, borders, plan.assignment), units_in_grids(*shuffled, plan.assignment)
    pd.testing.assert_frame_equal(once[0], again[0])
    pd.testing.assert_frame_equal(once[1], again[1])


def test_a_size_below_one_is_refused() -> None:
    cells, borders = lattice([[10]])
    with pytest.raises(BadNumberError, match="size"):
        units_in_grids(cells, borders, pd.Series(0, index=cells.index), size=0)


@pytest.mark.parametrize("total", [40, 57, 120, 300])
def test_units_in_all_come_out_exactly(total: int) -> None:
    town = lattice(np.random.default_rng(2).choice([0, 1, 2, 4, 9, 30, 77], (16, 16)))
    plan = propose_grids(*town)
    units, _ = checked(town, plan.assignment, total=total)
    assert len(units) == total
    size = town[0]["households"].sum() / total
    assert units["households"].median() == pytest.approx(size, rel=0.3)


def test_a_unit_for_every_household_is_the_most_there_can_be() -> None:
    town = lattice([[3, 0, 2, 1]])
    units, _ = checked(town, one_grid(town), total=50)
    assert units["households"].tolist() == [1] * 6


def test_clusters_that_no_foot_joins_stay_apart_whatever_the_number() -> None:
    town = lattice([[5, 5, 5]], is_wall=lambda a, b: True)
    assert checked(town, one_grid(town), total=1)[0]["households"].tolist() == [5, 5, 5]


def test_a_scrap_is_not_counted_as_a_unit_of_its_own() -> None:
    # Of three units of some eleven households the scrap of three gets none: it joins its neighbour.
    town = lattice([[3, 30]])
    units, _ = checked(town, one_grid(town), total=3)
    assert sorted(units["households"]) == [10, 10, 13]


def test_fewer_units_in_all_than_peopled_grids_are_refused() -> None:
    town = lattice([[10, 10, 0]])
    labels = pd.Series([0, 1, 2], index=town[0].index)
    assert len(checked(town, labels, total=2)[0]) == 2
    with pytest.raises(TooFewUnitsError, match="at least 2"):
        units_in_grids(*town, labels, total=1)
    with pytest.raises(BadNumberError, match="total"):
        units_in_grids(*town, labels, total=0)


def test_units_of_one_grid_do_not_depend_on_the_others() -> None:
    town = lattice(np.random.default_rng(4).integers(0, 9, (10, 20)))
    halves = pd.Series(np.tile(np.repeat([0, 1], 10), 10), index=town[0].index)
    other = halves.mask((halves == 1) & (np.arange(len(halves)) % 20 > 16), 3)
    first, second = (units_in_grids(*town, labels)[1] for labels in (halves, other))
    west = halves.index[halves == 0]
    pd.testing.assert_frame_equal(*(rows[rows["cell_id"].isin(west)] for rows in (first, second)))
