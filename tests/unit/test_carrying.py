"""Carrying: zones and units go with their grid; torn ones leave a part behind."""

import numpy as np
import pandas as pd

from geo.carrying import Borders, carried_units, carried_zones

# Two rows of six cells, 1-6 over 7-12; grid 10 is the west half with zones 100 (left two columns) and 101, grid 20 the
# east half with zones 200 and 201 (rightmost column).
CELLS = pd.Index(range(1, 13), name="cell_id")
COLUMN = pd.Series([(cell - 1) % 6 for cell in CELLS], index=CELLS)
GRID = pd.Series(np.where(COLUMN < 3, 10, 20), index=CELLS)
ZONE = pd.Series(np.select([COLUMN < 2, COLUMN < 3, COLUMN < 5], [100, 101, 200], 201), index=CELLS, name="zone")


def borders() -> Borders:
    pairs = [(cell, cell + 1) for cell in CELLS if cell % 6] + [(cell, cell + 6) for cell in CELLS if cell <= 6]
    one, other = np.array(pairs).T
    return Borders(one, other, np.full(len(pairs), 10.0))


def moved(*cells: int, to: int) -> pd.Series:
    after = GRID.copy()
    after[list(cells)] = to
    return after


def test_nothing_moves_nothing_changes() -> None:
    pd.testing.assert_series_equal(carried_zones(GRID, ZONE, GRID, borders()), ZONE)


def test_a_whole_zone_goes_along_with_its_number() -> None:
    after = moved(3, 9, to=20)
    pd.testing.assert_series_equal(carried_zones(GRID, ZONE, after, borders()), ZONE)


def test_a_cell_that_leaves_its_zone_joins_the_one_beside_it() -> None:
    found = carried_zones(GRID, ZONE, moved(4, to=10), borders())
    assert found[4] == 101
    assert found.drop(4).equals(ZONE.drop(4))
    # cells behind it follow, from the rim inwards
    found = carried_zones(GRID, ZONE, moved(4, 5, to=10), borders())
    assert found[[4, 5]].tolist() == [101, 101]


def test_what_stands_alone_in_a_new_grid_is_a_new_zone() -> None:
    found = carried_zones(GRID, ZONE, moved(1, 7, 5, to=30), borders())
    assert found[[1, 7]].tolist() == [-1, -1]
    assert found[5] == -2
    assert (found[[2, 8]] == 100).all()


def test_a_merged_grid_keeps_all_its_zones() -> None:
    everything = pd.Series(10, index=CELLS)
    pd.testing.assert_series_equal(carried_zones(GRID, ZONE, everything, borders()), ZONE)


def test_units_go_along_and_torn_ones_leave_a_new_one() -> None:
    units = pd.DataFrame({"unit": [1, 1, 2, 2, 3], "cell_id": [3, 9, 4, 5, 5], "households": [4, 6, 5, 2, 3]})
    found = carried_units(GRID, units, moved(3, 9, 4, to=30))
    assert found["unit"].tolist() == [1, 1, -1, 2, 3]
    assert found["households"].tolist() == units["households"].tolist()


def test_the_order_of_rows_does_not_matter() -> None:
    after = moved(1, 7, 5, 4, to=30)
    found = carried_zones(GRID, ZONE, after, borders())
    mixed = carried_zones(GRID, ZONE.sample(frac=1, random_state=1), after.sample(frac=1, random_state=2), borders())
    pd.testing.assert_series_equal(found, mixed.sort_index())
