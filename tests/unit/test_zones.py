"""Zones: a second partition inside grids."""

import numpy as np
import pandas as pd
import pytest

from geo.partition import propose_grids
from geo.partition.bands import BadNumberError
from geo.verify import verify_plan
from geo.zones import CellWithoutGridError, TooFewZonesError, zones_in_grids
from tests.fixtures.lattice import lattice


def checked(town: tuple, assignment: pd.Series, **options: int) -> tuple[pd.Series, pd.DataFrame]:
    """Make zones, and check what must hold for every plan."""
    cells, borders = town
    zone, zones = zones_in_grids(cells, borders, assignment, **options)
    assert zone.index.equals(cells.index)
    assert zone.name == "zone"
    assert zones.index.tolist() == list(range(len(zones)))
    assert assignment.groupby(zone).nunique().eq(1).all()
    assert zones["grid"].eq(assignment.groupby(zone).first()).all()
    for column in ("households", "people"):
        assert zones[column].tolist() == cells[column].groupby(zone).sum().tolist()
    # Contiguity on foot, asked of the verifier with a band nothing can break.
    broken = verify_plan(cells, borders, zone, band=(1, 10**9), dedicated=set(zones.index))
    assert [violation.rule for violation in broken] == []
    return zone, zones


def test_a_square_grid_makes_four_equal_zones() -> None:
    town = lattice([[10] * 6] * 6)
    zone, zones = checked(town, pd.Series(0, index=town[0].index))
    assert zones["households"].tolist() == [90, 90, 90, 90]
    assert zone.to_numpy().reshape(6, 6)[::5, ::5].tolist() == [[0, 1], [2, 3]]


def test_zones_follow_the_streets() -> None:
    def kind(a: tuple[int, int], b: tuple[int, int]) -> str:
        return "road" if {a[1], b[1]} == {2, 3} else "none"

    town = lattice([[10] * 6] * 6, kind_of=kind)
    zone, _ = checked(town, pd.Series(0, index=town[0].index), count=2)
    assert zone.to_numpy().reshape(6, 6).tolist() == [[0] * 6] * 3 + [[1] * 6] * 3


def test_every_grid_of_a_plan_has_its_zones() -> None:
    town = lattice(np.random.default_rng(1).integers(0, 30, (40, 40)))
    plan = propose_grids(*town)
    _, zones = checked(town, plan.assignment)
    assert zones.groupby("grid").size().eq(4).all()
    shares = zones["households"] / zones.groupby("grid")["households"].transform("mean")
    assert shares.between(0.6, 1.4).all()


@pytest.mark.parametrize(("cells", "count", "zones"), [(3, 4, 3), (1, 4, 1), (9, 1, 1), (9, 9, 9)])
def test_a_grid_has_no_more_zones_than_cells(cells: int, count: int, zones: int) -> None:
    town = lattice([[100] * cells])
    assert len(checked(town, pd.Series(5, index=town[0].index), count=count)[1]) == zones


def test_a_star_of_cells_makes_as_many_zones_as_asked() -> None:
    # The middle cell joins all others, so all but one zone are single cells.
    middle = (1, 1)
    town = lattice([[9] * 3] * 3, is_wall=lambda a, b: middle not in (a, b))
    labels = pd.Series([1, 0, 1, 0, 0, 0, 1, 0, 1], index=town[0].index)
    cells, borders = town
    star = cells[labels == 0], borders[borders["is_walkable"]]
    assert len(checked(star, labels[labels == 0], count=4)[1]) == 4


def test_water_and_empty_ground_are_in_a_zone() -> None:
    water = {(3, row) for row in range(4)}
    town = lattice([[20, 20, 20, 0, 0, 0]] * 4, water=water)
    plan = propose_grids(*town, band=(200, 300))
    cells, borders = town
    zone, zones = zones_in_grids(cells, borders, plan.assignment, count=3)
    assert zone.notna().all()
    assert zones["households"].gt(0).all()
    assert len(zones) == 3


def test_a_grid_nobody_lives_in_is_divided_by_ground() -> None:
    town = lattice([[0] * 6] * 4)
    zone, _ = checked(town, pd.Series(0, index=town[0].index))
    assert zone.value_counts().tolist() == [6, 6, 6, 6]


def test_zones_of_one_grid_do_not_depend_on_the_others() -> None:
    town = lattice(np.random.default_rng(4).integers(1, 30, (12, 24)))
    halves = pd.Series(np.tile(np.repeat([0, 1], 12), 12), index=town[0].index)
    zone, _ = checked(town, halves)
    moved = halves.replace({1: 2})
    moved[(halves == 1) & (np.arange(len(halves)) % 24 > 20)] = 3
    other, _ = checked(town, moved)
    assert zone[halves == 0].tolist() == other[halves == 0].tolist()


def test_bad_requests_are_refused() -> None:
    cells, borders = lattice([[10, 10]])
    with pytest.raises(BadNumberError, match="count"):
        zones_in_grids(cells, borders, pd.Series(0, index=cells.index), count=0)
    with pytest.raises(CellWithoutGridError, match="2"):
        zones_in_grids(cells, borders, pd.Series([0], index=cells.index[:1]))


def test_a_zone_border_follows_a_winding_road_rather_than_the_straight_middle() -> None:
    # The road runs along row 5 in the west and row 6 in the east: a straight cut would be shorter and more equal.
    road = {(x, 5 if x < 6 else 6) for x in range(12)}

    def kind(a: tuple[int, int], b: tuple[int, int]) -> str:
        north = a in road and b == (a[0], a[1] + 1)
        step = {a, b} == {(5, 6), (6, 6)}
        return "road" if north or step else "none"

    town = lattice([[10] * 12] * 12, kind_of=kind)
    zone, zones = checked(town, pd.Series(0, index=town[0].index), count=2)
    lines = town[1][zone.loc[town[1]["cell_a"]].to_numpy() != zone.loc[town[1]["cell_b"]].to_numpy()]
    assert set(lines["kind"]) == {"road"}
    assert sorted(zones["households"]) == [660, 780]


def test_zones_in_all_are_shared_out_by_households() -> None:
    town = lattice([[10] * 12] * 6)
    # Grids of 6, 18 and 48 cells: 60, 180 and 480 households.
    labels = pd.Series(np.tile(np.repeat([0, 1, 2], [1, 3, 8]), 6), index=town[0].index)
    _, zones = checked(town, labels, total=12)
    assert zones.groupby("grid").size().tolist() == [1, 3, 8]
    _, zones = checked(town, labels, total=3)
    assert zones.groupby("grid").size().tolist() == [1, 1, 1]


def test_fewer_zones_in_all_than_grids_are_refused() -> None:
    town = lattice([[10] * 4])
    with pytest.raises(TooFewZonesError, match="at least 4"):
        zones_in_grids(*town, pd.Series([0, 1, 2, 3], index=town[0].index), total=3)


def test_a_grid_in_two_pieces_shares_its_zones_between_them() -> None:
    town = lattice([[10, 10, 10, 10, 10, 10, 0, 10, 10]], water={(6, 0)})
    zone, zones = checked_but_pieces(town, count=4)
    assert zones["households"].tolist() == [20, 20, 20, 20]
    # The water between them joins one bank.
    assert zone.to_numpy()[6] in (zone.to_numpy()[5], zone.to_numpy()[7])


def checked_but_pieces(town: tuple, *, count: int) -> tuple[pd.Series, pd.DataFrame]:
    return zones_in_grids(*town, pd.Series(0, index=town[0].index), count=count)


def test_open_ground_that_touches_no_zone_joins_the_nearest_one_of_its_own_grid() -> None:
    # The last cell has no border with its grid; the other grid is nearer.
    cells, borders = lattice([[10, 10, 10, 10, 0]])
    borders = borders[borders["cell_b"] != 5]
    labels = pd.Series([0, 0, 1, 1, 0], index=cells.index)
    zone, zones = zones_in_grids(cells, borders, labels, count=2)
    assert zones["grid"].tolist() == [0, 0, 1, 1]
    assert zone[5] == zone[2]


def test_a_grid_of_water_is_one_zone() -> None:
    town = lattice([[10, 10, 0, 0]], water={(2, 0), (3, 0)})
    zone, zones = zones_in_grids(*town, pd.Series([0, 0, 1, 1], index=town[0].index), count=2)
    assert zones["grid"].tolist() == [0, 0, 1]
    assert zone.tolist() == [0, 1, 2, 2]


def test_same_zones_in_any_row_order_and_for_any_labels() -> None:
    cells, borders = lattice(np.random.default_rng(6).integers(0, 30, (16, 16)))
    plan = propose_grids(cells, borders).assignment
    zone, _ = zones_in_grids(cells, borders, plan, seed=3)
    again, zones = zones_in_grids(
        cells.sample(frac=1, random_state=1), borders.sample(frac=1, random_state=2), plan * 10 - 7, seed=3
    )
    assert again.reindex(cells.index).tolist() == zone.tolist()
    assert set(zones["grid"]) == set(plan * 10 - 7)
