"""Corners of the check where one condition alone decides: people, counts pressed to the limit, neighbouring units."""

from itertools import pairwise

import pandas as pd

from tests.fixtures.lattice import lattice, linked, together
from tests.unit.test_verify_asked import PEOPLE, excuse, excuses, row, rules, verified


def test_sets_with_too_many_people_are_no_division() -> None:
    why = excuses(*(excuse(grid, "band", "piece_without_division") for grid in (0, 1)))
    asked = {"people_band": (300, 1000), "exceptions": why}
    assert verified(row([200] * 4, [600, 600, 100, 100]), [0, 0, 1, 1], **asked) == []
    assert rules(verified(row([200] * 4, [600, 400, 500, 500]), [0, 0, 1, 1], **asked)) == ["certificate"] * 2


def test_ground_left_over_must_be_shareable_in_people_too_however_large() -> None:
    # Without the first cell 600 households are left, enough for two grids, with 200 people, too few for them.
    town, why = row([300] * 3, [700, 0, 200]), excuse(0, "band", "cells_without_grids", cell_ids=[1])
    assert rules(verified(town, [0, 0, 1], people_band=(300, 1000), exceptions=why)) == ["band"]
    assert rules(verified(town, [0, 0, 1], people_band=(100, 1000), exceptions=why)) == ["band", "certificate"]


def test_where_only_people_are_asked_for_ground_with_people_is_no_empty_ground() -> None:
    why = excuse(0, "contiguity", "unpeopled_piece")
    for people, left in ((0, []), (10, ["certificate", "contiguity"])):
        town = row([0, 0], [1000, people], is_wall=lambda a, b: True)
        assert rules(verified(town, [0, 0], band=None, people_band=PEOPLE, exceptions=why)) == left


def test_there_are_no_more_grids_than_cells() -> None:
    town, why = row([500] * 3), excuse(-1, "count", "count_impossible")
    assert verified(town, [0, 1, 2], band=(100, 500), count=4, exceptions=why) == []
    finer = row([250] * 6)
    found = verified(finer, [0, 0, 1, 1, 2, 2], band=(100, 500), count=4, exceptions=why)
    assert rules(found) == ["certificate", "count"]


def test_an_indivisible_piece_may_be_pressed_to_fewer_grids_only_by_a_count_that_cannot_be() -> None:
    # 1100 households in grids of 300 to 350: three or four, none right.
    town, why = row([100] * 11), excuse(0, "band", "piece_outside_band")
    assert verified(town, [0] * 11, band=(300, 350), count=1, exceptions=why) == []
    assert rules(verified(town, [0] * 11, band=(300, 350), exceptions=why)) == ["band", "certificate"]


def test_a_cell_above_the_band_is_no_empty_community() -> None:
    why = excuse(0, "band", "piece_outside_band")
    assert rules(verified(row([900]), [0], exceptions=why)) == ["band", "certificate"]
    assert verified(row([0]), [0], exceptions=why) == []
    assert rules(verified(row([0, 0]), [0, 1], exceptions=why)) == ["band", "band", "certificate"]


def test_a_piece_pressed_to_its_fewest_is_excused_beside_one_pressed_below() -> None:
    # Two were asked for and three are the fewest: so few fit badly into the piece of 1000.
    town = row([400, 450, 100, 450], is_wall=lambda a, b: a[0] == 0)
    why = excuses(excuse(2, "band", "count_impossible"), excuse(-1, "count", "count_impossible"))
    assert verified(town, [0, 1, 2, 2], count=2, exceptions=why) == []
    assert rules(verified(town, [0, 1, 2, 2], count=3, exceptions=why)) == ["band", "certificate", "certificate"]


def test_a_grid_without_households_is_excused_only_where_too_many_were_asked_for() -> None:
    town, why = row([0, 400]), excuse(0, "band", "count_impossible")
    assert verified(town, [0, 1], count=2, exceptions=why) == []
    outside = excuses(*(excuse(grid, "band", "piece_outside_band") for grid in (0, 1)))
    assert verified(row([0, 200]), [0, 1], count=2, exceptions=outside) == []
    assert rules(verified(row([0, 200]), [0, 1], exceptions=outside)) == ["band", "certificate"]
    for count in (None, 1):
        assert {"band", "certificate"} <= set(rules(verified(town, [0, 1], count=count, exceptions=why)))


def test_units_are_of_one_community_and_end_at_the_next_unit() -> None:
    west, east = lattice([[150, 150]]), lattice([[150, 150]], area_code="520103001002", first_id=3, west=3)
    cells, borders = together(west, east)
    found = verified((cells.assign(unit_id="u"), borders), [0, 1, 2, 3], band=(100, 500))
    assert rules(found) == ["unit", "unit"]
    assert verified(row([300, 300], unit_id=["u", "v"]), [0, 1]) == []


def test_a_plan_of_labels_of_any_kind_is_compared_with_the_old_one() -> None:
    town = row([300, 300])
    for old in (["a", "b"], [7, 8], [7.0, 8.0], [("x", 1), ("x", 2)]):
        assert verified(town, [0, 1], before=pd.Series(old, dtype=object).tolist(), locked=[old[0]]) == []
        assert "locked" in rules(verified(town, [0, 0], before=old, locked=[old[0]]))


def test_cells_that_no_grid_can_hold_may_be_set_aside_if_that_is_so() -> None:
    # 294 fits with no neighbour. Without it 296 must leave 232 room by the only way, and cuts 564 off.
    households = [294, 296, 232, 0, 0, 0, 166, 166, 100, 340]
    ways = [(1, 2), (1, 3), (2, 3), (2, 4), (3, 4), (3, 5), (4, 5), (4, 6), (5, 7), (5, 8), (6, 9), (9, 10)]
    town, labels = linked(households, ways), [0, 1, 2, 2, 4, 2, 4, 4, 2, 3]
    alone = excuse(0, "band", "cells_without_grids", cell_ids=[1])
    other = excuse(1, "band", "cells_without_grids", cell_ids=[2], aside=[1])
    assert verified(town, labels, exceptions=excuses(alone, other)) == []
    # With the first cell in place the second can be held; and the last cell is a grid by itself.
    for aside in ([], [10], [1, 10]):
        other = excuse(1, "band", "cells_without_grids", cell_ids=[2], aside=aside)
        assert rules(verified(town, labels, exceptions=excuses(alone, other))) == ["band", "certificate"]
    itself = excuse(0, "band", "cells_without_grids", cell_ids=[1], aside=[1])
    assert "certificate" in rules(verified(town, labels, exceptions=itself))


def test_heavy_cells_need_a_way_on_each() -> None:
    # Three cells of which no two fit together, two empty yards beside them, and much light ground beyond.
    light = list(range(6, 46))
    ways = [(1, 4), (2, 4), (2, 5), (3, 4), (3, 5)] + [(yard, cell) for yard in (4, 5) for cell in light]
    ways += pairwise(light)
    households = [263, 286, 272, 0, 0] + [20] * 40
    labels = [0, 1, 2, 0, 1, 0, 0, 1] + [3] * 18 + [4] * 19
    why = excuse(2, "band", "cells_without_grids", cell_ids=[3, 1, 2])
    assert verified(linked(households, ways), labels, exceptions=why) == []
    assert rules(verified(linked(households, [*ways, (3, 9)]), labels, exceptions=why)) == ["band", "certificate"]


def test_ground_between_cells_set_aside_is_a_piece_by_itself() -> None:
    # 520 hang on the first cell; without it 590 are left, which no grids can share, in many small cells.
    street = [(4, 5)] + [(cell, cell + 1) for cell in range(5, 122)]
    ways = [(1, 2), (1, 3), (1, 4), *street]
    town = linked([0, 260, 260] + [5] * 118 + [0], ways)
    labels = [0] * 3 + [1] * 59 + [2] * 60
    why = [excuse(grid, "band", "cells_without_grids", cell_ids=[cell]) for grid, cell in ((0, 1), (1, 4), (2, 122))]
    assert rules(verified(town, labels, exceptions=excuses(*why))) == []
    # Ten households more can be shared.
    town[0].loc[4, "households"] += 10
    assert rules(verified(town, labels, exceptions=excuses(*why[:1], why[2]))) == ["band", "certificate"]
