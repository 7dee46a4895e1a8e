"""What to look at next, and the fewest buildings that bring a grid into the band: grounds whose answer one can see."""

from collections.abc import Sequence

import geopandas as gpd
import pandas as pd
import pytest

from geo.cover import LabelAcrossAreasError
from geo.errors import BadSettingError
from geo.partition.bands import BadBandError
from geo.rebalance import LockedGridError, UnknownGridError
from geo.suggestions import Fixes, fix, next_problems
from geo.zones import CellWithoutGridError
from tests.fixtures.lattice import lattice, passage, together

BAND = (30, 50)
Town = tuple[gpd.GeoDataFrame, pd.DataFrame]


def plan(town: Town, rows: Sequence[str]) -> pd.Series:
    """Return an assignment drawn with a letter a cell."""
    return pd.Series(list("".join(rows)), index=town[0].index, name="grid", dtype=object)


def moves(found: Fixes) -> list[list[tuple[object, object, object]]]:
    return [[tuple(move) for move in answer.moves] for answer in found.answers]


def test_the_one_building_that_is_missing_comes_over() -> None:
    # a b: a has 25 and needs 5 at least; of b's rim only the 8 does, and 42 - 8 is in band.
    town = lattice([[25, 8, 34]])
    found = fix(*town, plan(town, ["abb"]), "a", band=BAND)
    assert found.state == "found"
    assert found.is_exhaustive
    assert moves(found) == [[(2, "b", "a")]]
    (answer,) = found.answers
    assert answer.households == {"a": 33, "b": 34}
    assert (answer.buildings, answer.open_cells, answer.is_in_band, answer.border_m) == (1, 0, True, 0.0)
    assert found.text("en") == "Grid a: 1 ways to bring it into the band"
    assert "网格 a" in found.text("zh")


def test_a_grid_above_the_band_gives_away_what_is_too_much() -> None:
    town = lattice([[30, 20, 9, 31]])
    found = fix(*town, plan(town, ["aaab"]), "a", band=BAND)
    assert moves(found) == [[(3, "a", "b")]]
    assert found.answers[0].households == {"a": 50, "b": 40}


def test_after_a_first_move_the_rim_has_changed() -> None:
    # Two fives must come, and the second touches b only.
    town = lattice([[22, 5, 5, 35]])
    found = fix(*town, plan(town, ["abbb"]), "a", band=BAND)
    assert moves(found) == [[(2, "b", "a"), (3, "b", "a")]]


def test_fewest_cells_come_first_then_the_best_balance() -> None:
    # a 24, b 58: with the 10 they are 11 and 3 from 45, with the 8 they are 13 and 5; with both, two cells move.
    town = lattice([[12, 10, 20], [12, 8, 20]])
    found = fix(*town, plan(town, ["abb", "abb"]), "a", band=(30, 60))
    assert moves(found) == [[(2, "b", "a")], [(5, "b", "a")], [(2, "b", "a"), (5, "b", "a")]]


def test_among_equals_the_shortest_border_comes_first() -> None:
    # The upper 8 has b on three sides, the lower one on two.
    town = lattice([[12, 20, 5], [12, 8, 5], [1, 8, 5]])
    found = fix(*town, plan(town, ["abb", "abb", "abb"]), "a", band=(30, 50))
    assert moves(found)[:2] == [[(8, "b", "a")], [(5, "b", "a")]]
    assert [answer.border_m for answer in found.answers[:2]] == [30.0, 60.0]


def test_of_two_that_are_as_good_the_lower_cells_come_first() -> None:
    town = lattice([[9, 25, 9], [16, 0, 16], [16, 0, 16]], water={(1, 1), (1, 2)})
    found = fix(*town, plan(town, ["bac", "bac", "bac"]), "a", band=BAND)
    assert moves(found) == [[(1, "b", "a")], [(3, "c", "a")], [(1, "b", "a"), (3, "c", "a")]]


def test_nobody_is_cut_off() -> None:
    # The 8 would do, but b's 20 can be walked to through it only; 8 and 20 are too many.
    town = lattice([[25, 8, 30], [0, 20, 0]], water={(0, 1), (2, 1)})
    found = fix(*town, plan(town, ["abb", "abb"]), "a", band=(30, 40))
    assert found.state == "none"
    assert found.is_exhaustive
    assert "up to 3 buildings" in found.text("en")


def test_empty_ground_comes_along_only_where_it_must() -> None:
    # The way to the 8 leads over open ground; the open cell behind it would be cut off.
    town = lattice([[25, 0, 8, 0], [40, 40, 40, 0]], is_wall=lambda a, b: a[1] != b[1] and a[0] != 1)
    assignment = plan(town, ["abbb", "bbbb"])
    found = fix(*town, assignment, "a", band=(30, 130))
    (first, *_) = found.answers
    assert ([move.cell_id for move in first.moves], first.buildings, first.open_cells) == ([2, 3, 4], 1, 2)
    spare = lattice([[25, 8, 40], [0, 0, 0]])
    for answer in fix(*spare, plan(spare, ["abb", "abb"]), "a", band=(30, 50)).answers:
        assert answer.open_cells == 0


def test_neighbours_do_not_leave_the_band_nor_get_farther_from_it() -> None:
    town = lattice([[25, 8, 24]])
    assert fix(*town, plan(town, ["abb"]), "a", band=BAND).state == "none"
    # c is above the band already: what it gives brings it nearer, and is told.
    above = lattice([[25, 8, 60]])
    (answer,) = fix(*above, plan(above, ["acc"]), "a", band=BAND).answers
    assert answer.households == {"a": 33, "c": 60}
    assert not answer.is_in_band


def test_a_tower_above_the_band_cannot_be_mended() -> None:
    town = lattice([[10, 800, 10, 40]])
    found = fix(*town, plan(town, ["aaab"]), "a", band=BAND)
    assert found.answers == ()
    assert found.state == "none"


def test_nothing_is_to_be_done_in_band() -> None:
    town = lattice([[40, 40]])
    found = fix(*town, plan(town, ["ab"]), "a", band=BAND)
    assert (found.state, found.answers, found.is_exhaustive) == ("in_band", (), True)


def test_locked_grids_and_other_communities_give_nothing() -> None:
    town = lattice([[25, 8, 34]])
    assert fix(*town, plan(town, ["abb"]), "a", band=BAND, locked=["b"]).state == "none"
    west, east = lattice([[25]]), lattice([[8, 34]], first_id=2, west=1, area_code="520103001002")
    cells, borders = together(west, east)
    joined = cells, passage(borders, 1, 2)
    assert fix(*joined, plan(joined, ["abb"]), "a", band=BAND).state == "none"


def test_a_grid_is_never_emptied() -> None:
    # b holds one building and is below the band as it is.
    town = lattice([[25, 8, 40]])
    assert fix(*town, plan(town, ["abc"]), "a", band=BAND).state == "none"


def test_a_grid_in_pieces_may_stay_so_but_not_fall_into_more() -> None:
    town = lattice([[25, 8, 20, 10]], is_wall=lambda a, b: a[0] == 2)
    (answer,) = fix(*town, plan(town, ["abbb"]), "a", band=BAND).answers
    assert [move.cell_id for move in answer.moves] == [2]


def test_at_most_so_many_buildings_move() -> None:
    town = lattice([[20, 4, 4, 4, 38]])
    assignment = plan(town, ["abbbb"])
    assert fix(*town, assignment, "a", band=BAND, moves_max=2).state == "none"
    assert len(fix(*town, assignment, "a", band=BAND, moves_max=3).answers[0].moves) == 3


def test_order_of_rows_does_not_matter_and_nothing_is_changed() -> None:
    cells, borders = lattice([[9, 9, 7, 5, 8, 6]] * 4)
    assignment = plan((cells, borders), ["aabbcc"] * 4)
    kept = cells.copy(), borders.copy(), assignment.copy()
    found = fix(cells, borders, assignment, "b", band=(52, 75))
    mixed = fix(
        cells.sample(frac=1, random_state=3),
        borders.sample(frac=1, random_state=4),
        assignment.sample(frac=1, random_state=5),
        "b",
        band=(52, 75),
    )
    assert found == mixed
    assert len(found.answers) == 3
    pd.testing.assert_frame_equal(cells, kept[0])
    pd.testing.assert_frame_equal(borders, kept[1])
    pd.testing.assert_series_equal(assignment, kept[2])


def test_a_search_that_ends_at_its_limit_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.suggestions.STEPS", 3)
    town = lattice([[22, 5, 5, 35]])
    found = fix(*town, plan(town, ["abbb"]), "a", band=BAND)
    assert (found.state, found.is_exhaustive) == ("unfinished", False)
    assert "may be one" in found.text("en")


def test_what_cannot_be_asked_is_refused() -> None:
    town = lattice([[25, 8, 34]])
    assignment = plan(town, ["abb"])
    with pytest.raises(UnknownGridError, match="no grid z"):
        fix(*town, assignment, "z", band=BAND)
    with pytest.raises(LockedGridError, match="locked"):
        fix(*town, assignment, "a", band=BAND, locked=["a"])
    with pytest.raises(CellWithoutGridError):
        fix(*town, assignment.iloc[:2], "a", band=BAND)
    with pytest.raises(BadBandError):
        fix(*town, assignment, "a", band=(50, 30))
    for moves_max in (0, 6):
        with pytest.raises(BadSettingError, match="1 to 5"):
            fix(*town, assignment, "a", band=BAND, moves_max=moves_max)
    other = together(town, lattice([[9]], first_id=4, west=9, area_code="520103001002"))
    with pytest.raises(LabelAcrossAreasError):
        fix(*other, plan(other, ["abba"]), "a", band=BAND)


def test_problems_come_worst_first() -> None:
    # a in two pieces, b 20 above, c 5 below, d and e right; e has nobody.
    town = lattice(
        [[20, 40, 20, 25, 35, 35], [0, 30, 0, 0, 0, 0]], is_wall=lambda a, b: a[1] != b[1] and a[0] in (0, 2)
    )
    assignment = plan(town, ["abacde", "bbbbde"])
    problems = next_problems(*town, assignment, band=BAND, vacant=["e", "c", "nobody"])
    assert problems.index.tolist() == ["a", "b", "c", "e"]
    assert problems["outside"].tolist() == [0, 20, -5, 0]
    assert problems["pieces"].tolist() == [2, 1, 1, 1]
    assert problems["is_vacant"].tolist() == [False, False, True, True]
    assert problems["households"].tolist() == [40, 70, 25, 35]


def test_a_dedicated_grid_has_no_band_and_water_is_no_piece() -> None:
    town = lattice([[40, 0, 3, 0]], water={(1, 0), (3, 0)})
    assignment = plan(town, ["aabb"])
    assert next_problems(*town, assignment, band=BAND, exempt=["b"]).empty
    assert next_problems(*town, assignment, band=BAND).index.tolist() == ["b"]
    mixed = next_problems(
        town[0].sample(frac=1, random_state=1), town[1].iloc[::-1], assignment.iloc[::-1], band=BAND, vacant=["a"]
    )
    pd.testing.assert_frame_equal(mixed, next_problems(*town, assignment, band=BAND, vacant=["a"]))
