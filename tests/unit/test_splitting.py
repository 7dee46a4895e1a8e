"""A grid split by a line, along a street, in equal parts: towns whose right answer one can see."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.crs import metric_crs
from geo.errors import BadSettingError, InputError
from geo.partition.bands import BadBandError
from geo.splitting import (
    BadLineError,
    BadMembersError,
    GridInPiecesError,
    NotPartedError,
    Split,
    TooFewCellsError,
    split_by_line,
    split_by_street,
    split_in_parts,
)
from tests.fixtures.lattice import SIDE_M, SOUTH_LAT, WEST_LON, lattice, passage, squares, together

Town = tuple[gpd.GeoDataFrame, pd.DataFrame]


def degrees(shape: Any) -> Any:
    """Return a shape drawn in squares (column, row from the north) of a lattice in degrees."""
    west, _, _, north = squares(0, 0).item().bounds
    there = shapely.transform(shape, lambda xy: xy * (SIDE_M, -SIDE_M) + (west, north))
    return gpd.GeoSeries([there], crs=metric_crs(WEST_LON, SOUTH_LAT)).to_crs(4326)[0]


def drawn(*points: tuple[float, float]) -> shapely.LineString:
    return degrees(shapely.LineString(points))


def picture(town: Town, split: Split, columns: int) -> list[str]:
    """Return the part of each cell, row by row; a dot where a cell is of another grid."""
    parts = split.parts.reindex(town[0].index)
    marks = ["." if pd.isna(part) else str(int(part)) for part in parts]
    return ["".join(marks[at : at + columns]) for at in range(0, len(marks), columns)]


def split_at(town: Town, *points: tuple[float, float], members: Sequence[int] | None = None) -> Split:
    return split_by_line(*town, town[0].index if members is None else members, drawn(*points))


def test_a_line_down_the_middle_makes_two_halves_of_which_the_one_with_more_households_is_first() -> None:
    town = lattice([[10, 10, 10, 20], [10, 10, 10, 20]])
    split = split_at(town, (2, -1), (2, 3))
    assert picture(town, split, 4) == ["1100", "1100"]
    assert len(split.moved) == 0
    assert split.parts.index.equals(town[0].index)


def test_a_cell_goes_where_most_of_it_lies() -> None:
    town = lattice([[10] * 4])
    assert picture(town, split_at(town, (1.6, -1), (1.6, 2)), 4) == ["0011"]
    assert picture(town, split_at(town, (1.4, -1), (1.4, 2)), 4) == ["1000"]


def test_a_short_line_is_carried_straight_on() -> None:
    town = lattice([[10] * 4] * 4)
    assert picture(town, split_at(town, (2, 1.8), (2, 2.2)), 4) == ["0011"] * 4
    diagonal = split_at(town, (1.8, 1.9), (2.2, 2.3))
    assert picture(town, diagonal, 4)[0] == "0000"
    assert picture(town, diagonal, 4)[3] == "1110"


def test_a_line_that_leaves_the_grid_and_comes_back_changes_sides_each_time() -> None:
    town = lattice([[10] * 6] * 2)
    bars = split_at(town, (1, 3), (1, -1), (3, -1), (3, 3), (5, 3), (5, -1))
    # Columns 0 and 3-4 are one side, 1-2 and 5 the other: of each side only one piece can stay.
    assert picture(town, bars, 6) == ["000111", "000111"]
    assert bars.moved.tolist() == [1, 6, 7, 12]
    u = split_at(town, (2, -1), (2, 1), (4, 1), (4, -1))
    assert picture(town, u, 6) == ["001100", "000000"]


def test_an_end_in_a_bay_is_not_carried_on_into_the_other_arm() -> None:
    # A grid like a U: its right arm is not meant.
    town = lattice([[10, 10, 10], [10, 10, 10], [10, 10, 10], [10, 10, 10]])
    members = [cell for cell in town[0].index if cell not in (2, 5, 8)]
    split = split_at(town, (-1, 1), (1.5, 1), members=members)
    assert picture(town, split, 3) == ["1.0", "0.0", "0.0", "000"]


def test_an_end_in_a_hole_is_carried_on() -> None:
    town = lattice([[10] * 3] * 3)
    ring = [cell for cell in town[0].index if cell != 5]
    split = split_at(town, (-1, 1.0), (1.5, 1.0), members=ring)
    assert picture(town, split, 3) == ["111", "0.0", "000"]


def test_a_closed_line_parts_what_it_encloses() -> None:
    town = lattice([[10] * 4] * 4)
    split = split_at(town, (1, 1), (3, 1), (3, 3), (1, 3), (1, 1))
    assert picture(town, split, 4) == ["0000", "0110", "0110", "0000"]


def test_cells_that_would_be_cut_off_go_to_the_other_side() -> None:
    # The third of the upper row (40) can be walked to from the west only.
    walls = [{(2, 0), (3, 0)}, {(2, 0), (2, 1)}]
    town = lattice([[10, 10, 40, 10], [10, 10, 10, 10]], is_wall=lambda a, b: {a, b} in walls)
    split = split_at(town, (2, -1), (2, 3))
    assert picture(town, split, 4) == ["0001", "0011"]
    assert split.moved.tolist() == [3]


def test_what_hangs_on_a_loose_cell_stays_when_that_goes_over() -> None:
    # A comb: the lower row joins all; a line at row 1 leaves four teeth of which one can stay a part.
    walls = [{(x, 0), (x + 1, 0)} for x in range(3)]
    town = lattice([[10, 10, 30, 10], [10] * 4], is_wall=lambda a, b: {a, b} in walls)
    split = split_at(town, (-1, 1), (5, 1))
    assert picture(town, split, 4) == ["0010", "0000"]
    assert split.moved.tolist() == [1, 2, 4]


def test_water_and_loose_land_without_homes_stay_on_their_side() -> None:
    town = lattice([[10, 10, 10, 0, 0], [10, 10, 10, 0, 0]], water={(3, 0), (3, 1)})
    split = split_at(town, (1, -1), (1, 3))
    assert picture(town, split, 5) == ["10000", "10000"]
    assert len(split.moved) == 0
    assert picture(town, split_at(town, (2, -1), (2, 3)), 5) == ["00111", "00111"]


def test_ground_on_two_banks_is_split_across_both() -> None:
    west, east = lattice([[10] * 2] * 3), lattice([[10] * 2] * 3, first_id=7, west=4)
    cells, borders = together(west, east)
    town = cells, passage(passage(borders, 2, 7), 6, 11)
    split = split_at(town, (-1, 1), (7, 1))
    assert split.parts.loc[[1, 2, 7, 8]].eq(1).all()
    assert split.parts.drop([1, 2, 7, 8]).eq(0).all()


def test_a_tower_outweighs_all_the_rest() -> None:
    town = lattice([[1, 1, 900, 1]])
    assert picture(town, split_at(town, (2, -1), (2, 2)), 4) == ["1100"]


def test_order_of_rows_and_members_does_not_matter_and_nothing_is_changed() -> None:
    cells, borders = lattice([[7, 3, 5, 2, 9]] * 4)
    kept = cells.copy(), borders.copy()
    split = split_by_line(cells, borders, cells.index, drawn((1.2, 0.5), (3, 3)))
    mixed = cells.sample(frac=1, random_state=1), borders.sample(frac=1, random_state=2)
    again = split_by_line(*mixed, list(mixed[0].index), drawn((1.2, 0.5), (3, 3)))
    pd.testing.assert_series_equal(split.parts, again.parts)
    pd.testing.assert_frame_equal(cells, kept[0])
    pd.testing.assert_frame_equal(borders, kept[1])


def test_lines_that_part_nothing_are_refused() -> None:
    town = lattice([[10] * 4] * 4)
    for points in ([(6, 0), (6, 4)], [(-1, 0.3), (5, 0.3)]):
        with pytest.raises(NotPartedError, match="not parted") as error:
            split_at(town, *points)
        assert "未能拆分" in error.value.text("zh")
    pond = lattice([[0, 0], [0, 0]], water={(0, 0), (1, 0), (0, 1), (1, 1)})
    with pytest.raises(NotPartedError, match="no land"):
        split_at(pond, (1, -1), (1, 3))


@pytest.mark.parametrize(
    "line", [shapely.Point(1, 1), shapely.LineString(), shapely.LineString([(1, 1), (1, 1)]), None, "line"]
)
def test_what_is_no_line_is_refused(line: Any) -> None:
    cells, borders = lattice([[10] * 4])
    with pytest.raises(BadLineError, match="at least two"):
        split_by_line(cells, borders, cells.index, line)


@pytest.mark.parametrize(
    ("members", "why"), [([], "none"), ([1, 1, 2], "twice"), ([1, 99], "do not exist"), ([1, 5], "several communities")]
)
def test_members_that_are_no_grid_are_refused(members: list[int], why: str) -> None:
    cells, borders = together(lattice([[10] * 4]), lattice([[10] * 4], first_id=5, west=4, area_code="520103001002"))
    with pytest.raises(BadMembersError, match=why):
        split_by_line(cells, borders, members, drawn((1, -1), (1, 2)))


def test_a_grid_whose_homes_are_in_pieces_is_not_split_by_a_line() -> None:
    town = lattice([[10] * 4], is_wall=lambda a, b: {a[0], b[0]} == {1, 2})
    with pytest.raises(GridInPiecesError, match="2 pieces"):
        split_at(town, (1, -1), (1, 2))


def road(rows: int) -> Any:
    """A lattice with a road below a row."""
    return lambda a, b: "road" if {a[1], b[1]} == {rows - 1, rows} else "none"


def test_a_street_parts_a_grid() -> None:
    town = lattice([[10] * 5] * 4, kind_of=road(1))
    split = split_by_street(*town, town[0].index, drawn((-1, 1), (6, 1)))
    assert picture(town, split, 5) == ["11111", "00000", "00000", "00000"]
    pieces = degrees(shapely.MultiLineString([[(0, 1), (2, 1)], [(2, 1), (5, 1)]]))
    assert split_by_street(*town, town[0].index, pieces).parts.equals(split.parts)


def test_two_streets_that_cross_make_four_parts() -> None:
    town = lattice([[10, 20, 20, 20]] * 3)
    cross = degrees(shapely.MultiLineString([[(-1, 1), (5, 1)], [(1, -1), (1, 4)]]))
    assert picture(town, split_by_street(*town, town[0].index, cross), 4) == ["3111", "2000", "2000"]


def test_an_island_between_carriageways_joins_one_side() -> None:
    town = lattice([[10] * 4, [0] * 4, [10] * 4, [10] * 4])
    carriageways = degrees(shapely.MultiLineString([[(-1, 1), (5, 1)], [(-1, 2), (5, 2)]]))
    split = split_by_street(*town, town[0].index, carriageways)
    assert split.parts.nunique() == 2
    assert split.parts.iloc[4:8].nunique() == 1


def test_a_passage_over_the_street_is_closed_and_one_beside_it_is_not() -> None:
    cells, borders = lattice([[10] * 4] * 2, is_wall=lambda a, b: a[1] != b[1] and a[0] != 0)
    bridged = cells, passage(borders, 4, 8)
    split = split_by_street(*bridged, cells.index, drawn((-1, 1), (5, 1)))
    assert split.parts.tolist() == [0] * 4 + [1] * 4
    with pytest.raises(NotPartedError, match="around the street"):
        split_by_street(*bridged, cells.index, drawn((-1, 1), (2, 1)))


def test_streets_that_part_nothing_are_refused() -> None:
    cells, borders = lattice([[10] * 4, [0] * 4])
    for line, why in (
        (drawn((-1, 5), (6, 5)), "around the street"),
        (drawn((0, 1), (3, 1)), "around the street"),
        (drawn((-1, 1), (5, 1)), "one side"),
    ):
        with pytest.raises(NotPartedError, match=why):
            split_by_street(cells, borders, cells.index, line)
    with pytest.raises(BadLineError):
        split_by_street(cells, borders, cells.index, shapely.Point(1, 1))  # type: ignore[arg-type]


def test_where_nobody_lives_every_side_of_the_street_is_a_part() -> None:
    town = lattice([[0] * 4] * 3)
    split = split_by_street(*town, town[0].index, drawn((-1, 1), (5, 1)))
    assert picture(town, split, 4) == ["1111", "0000", "0000"]


def held(town: Town, split: Split) -> list[int]:
    return [int(sum_) for sum_ in town[0]["households"].groupby(split.parts).sum()]


@pytest.mark.parametrize(
    ("count", "households"), [(2, [180, 180]), (3, [120, 120, 120]), (4, [90] * 4), (36, [10] * 36)]
)
def test_equal_parts_are_equal_where_that_is_possible(count: int, households: list[int]) -> None:
    town = lattice([[10] * 6] * 6)
    assert held(town, split_in_parts(*town, town[0].index, count)) == households


def test_parts_within_the_band_end_at_streets() -> None:
    town = lattice([[10] * 6] * 6, kind_of=road(3))
    rows = picture(town, split_in_parts(*town, town[0].index, 2, band=(150, 210)), 6)
    assert rows == ["000000"] * 3 + ["111111"] * 3


def test_pieces_that_are_apart_share_the_number() -> None:
    town = lattice([[10] * 9], is_wall=lambda a, b: {a[0], b[0]} == {2, 3})
    split = split_in_parts(*town, town[0].index, 3)
    assert picture(town, split, 9) == ["000111222"]


def test_more_pieces_than_parts_are_refused() -> None:
    town = lattice([[10] * 6], is_wall=lambda a, b: a[0] in (1, 3))
    with pytest.raises(GridInPiecesError, match="3 pieces") as error:
        split_in_parts(*town, town[0].index, 2)
    assert "3 块" in error.value.text("zh")


def test_a_tower_is_a_part_of_its_own_and_the_rest_is_shared_out() -> None:
    town = lattice([[10, 10, 10, 10, 600]])
    assert picture(town, split_in_parts(*town, town[0].index, 2), 5) == ["11110"]
    assert held(town, split_in_parts(*town, town[0].index, 3)) == [600, 20, 20]


def test_water_and_empty_ground_come_along() -> None:
    town = lattice([[10, 0, 10], [0, 0, 0], [10, 0, 10]], water={(1, 1)})
    split = split_in_parts(*town, town[0].index, 2)
    assert split.parts.notna().all()
    assert held(town, split) == [20, 20]


def test_where_nobody_lives_ground_is_shared_out() -> None:
    town = lattice([[0] * 6] * 2)
    assert split_in_parts(*town, town[0].index, 3).parts.value_counts().tolist() == [4, 4, 4]


def test_parts_that_cannot_be_had_are_refused() -> None:
    cells, borders = lattice([[10, 0, 10, 0]])
    with pytest.raises(TooFewCellsError, match="only 2 cells"):
        split_in_parts(cells, borders, cells.index, 3)
    with pytest.raises(TooFewCellsError, match="only 4 cells"):
        split_in_parts(cells.assign(households=0), borders, cells.index, 5)
    with pytest.raises(BadSettingError, match="two parts"):
        split_in_parts(cells, borders, cells.index, 1)
    with pytest.raises(BadBandError):
        split_in_parts(cells, borders, cells.index, 2, band=(5, 1))
    with pytest.raises(InputError):
        split_in_parts(cells.drop(columns="households"), borders, cells.index, 2)
