"""Measures of plans whose numbers one can work out by hand."""

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.crs import to_metric
from geo.partition.measures import MEASURES, measure_plan, unions_of
from tests.fixtures.lattice import lattice


def measured(town: tuple, labels: list[int], **more: object) -> tuple[pd.DataFrame, pd.DataFrame]:
    cells, borders = town
    return measure_plan(cells, borders, pd.Series(labels, index=cells.index), band=(300, 500), **more)


def test_every_measure_has_one_name_and_a_version() -> None:
    assert len({measure.name for measure in MEASURES}) == len(MEASURES)
    assert all(measure.version >= 1 for measure in MEASURES)
    by_grid, whole = measured(lattice([[400]]), [0])
    assert list(by_grid.columns) == list(whole.index) == [measure.name for measure in MEASURES]


def test_households_against_the_band() -> None:
    by_grid, whole = measured(lattice([[100, 300, 700, 50]]), [0, 1, 2, 3], dedicated={3})
    assert by_grid["households_outside"].tolist()[:3] == [200, 0, 200]
    assert by_grid["in_band"].tolist()[:3] == [0, 1, 0]
    assert by_grid.loc[3, ["in_band", "households_outside"]].isna().all()
    assert whole.loc["households_outside", "value"] == 400
    assert whole.loc["in_band", "value"] == pytest.approx(1 / 3)


def test_deviation_is_from_the_mean_of_general_grids() -> None:
    by_grid, whole = measured(lattice([[200, 400, 900, 300]]), [0, 1, 2, 3], dedicated={2})
    assert by_grid["deviation_share"].tolist() == pytest.approx([1 / 3, 1 / 3, np.nan, 0], nan_ok=True)
    assert whole.loc["deviation_share", "value"] == pytest.approx(1 / 3)


def test_polsby_popper_of_squares_and_rows() -> None:
    # 4 pi A / P^2: a square pi/4; a row of three 4 pi 3 / 64; land only, so the water cell adds nothing.
    by_grid, _ = measured(lattice([[1, 1, 1, 1, 0]], water={(4, 0)}), [0, 1, 1, 1, 0])
    assert by_grid["polsby_popper"].tolist() == pytest.approx([np.pi / 4, 4 * np.pi * 3 / 64], rel=1e-6)


def test_pieces_are_counted_on_foot() -> None:
    town = lattice([[1, 0, 1, 1]], water={(1, 0)})
    assert measured(town, [0, 0, 0, 1])[0]["pieces"].tolist() == [2, 1]


def test_share_of_borders_on_lines() -> None:
    # Two rows of cells; the border between them is road in two of three columns.
    town = lattice([[1] * 3] * 2, kind_of=lambda a, b: "road" if a[0] == b[0] and a[0] < 2 else "none")
    by_grid, whole = measured(town, [0, 0, 0, 1, 1, 1])
    assert by_grid["line_share"].tolist() == pytest.approx([2 / 3, 2 / 3])
    assert whole.loc["line_share", "value"] == pytest.approx(2 / 3)
    # Three grids: two borders of one cell's side and one of three, on road all of the short ones only.
    town = lattice(
        [[1] * 3] * 2, kind_of=lambda a, b: "road" if a[1] == b[1] == 0 and {a[0], b[0]} == {0, 1} else "none"
    )
    _, whole = measured(town, [0, 1, 1, 2, 2, 2])
    assert whole.loc["line_share", "value"] == pytest.approx(1 / 4)
    assert np.isnan(measured(town, [0] * 6)[0]["line_share"].iloc[0])
    assert whole.loc["line_share", "version"] == 2


def test_broken_compounds_are_counted_once() -> None:
    # Compound 1 in two grids, compound 2 whole, compound 3 too large for any grid.
    compounds = {(0, 0): 1, (1, 0): 1, (2, 0): 2, (3, 0): 3, (4, 0): 3}
    town = lattice([[10, 10, 10, 300, 300]], compounds=compounds)
    by_grid, whole = measured(town, [0, 1, 1, 1, 2])
    assert whole.loc["compounds_broken", "value"] == 1
    assert by_grid["compounds_broken"].tolist() == [0.5, 0.5, 0]


def test_sums_of_households_and_people() -> None:
    by_grid, whole = measured(lattice([[100, 300, 700]]), [0, 0, 1])
    assert by_grid["households"].tolist() == [400, 700]
    assert by_grid["people"].tolist() == [1200, 2100]
    assert whole.loc[["households", "people"], "value"].tolist() == [1100, 3300]


def test_people_against_their_band() -> None:
    town = lattice([[100, 300, 700, 50]])
    by_grid, whole = measured(town, [0, 1, 2, 3], people_band=(400, 1000), dedicated={3})
    assert by_grid["people_outside"].tolist()[:3] == [100, 0, 1100]
    assert np.isnan(by_grid.loc[3, "people_outside"])
    assert whole.loc["people_outside", "value"] == 1200
    none, nothing = measured(town, [0, 1, 2, 3])
    assert none["people_outside"].isna().all()
    assert np.isnan(nothing.loc["people_outside", "value"])


def test_households_kept_and_moved_go_by_the_old_grid_each_carries_on() -> None:
    # Old a: 10 + 20, old b: 30 + 40 + 50, the last cell is new. The 30 go from b to a.
    town = lattice([[10, 20, 30, 40, 50, 60]])
    before = pd.Series(["a", "a", "b", "b", "b", None], index=town[0].index)
    by_grid, whole = measured(town, [0, 0, 0, 1, 1, 1], before=before)
    assert by_grid["households_moved"].tolist() == [30, 0]
    assert by_grid["households_kept"].tolist() == [30, 90]
    assert whole.loc[["households_moved", "households_kept"], "value"].tolist() == [30, 120]
    assert measured(town, [0] * 6)[1].loc[["households_moved", "households_kept"], "value"].isna().all()


def test_old_grids_are_matched_optimally_and_each_is_carried_once() -> None:
    # One by one the first grid would take a (60 of its own), leaving the second with 5; together: b and a, 50 + 55.
    town = lattice([[60, 50, 55, 5]])
    before = pd.Series([1, 2, 1, 2], index=town[0].index)
    by_grid, _ = measured(town, [0, 0, 1, 1], before=before)
    assert by_grid["households_kept"].tolist() == [50, 55]
    assert by_grid["households_moved"].tolist() == [60, 5]


def test_a_grid_that_carries_nothing_on_has_all_its_households_from_elsewhere() -> None:
    town = lattice([[10, 20, 40]])
    by_grid, _ = measured(town, [0, 1, 2], before=pd.Series("old", index=town[0].index))
    assert by_grid["households_moved"].tolist() == [10, 20, 0]


def test_the_old_plan_may_name_cells_that_are_gone_and_miss_new_ones() -> None:
    town = lattice([[10, 20]])
    by_grid, whole = measured(town, [0, 1], before=pd.Series({1: 7, 99: 7}))
    assert by_grid["households_kept"].tolist() == [10, 0]
    assert whole.loc["households_moved", "value"] == 0


def test_polsby_popper_is_that_of_the_overlay_for_cells_of_any_shape() -> None:
    cells, borders = lattice(np.ones((6, 6), dtype=int))
    # A hole inside one grid, filled by another; and an outline that turns.
    labels = pd.Series(0, index=cells.index)
    labels.iloc[[14, 20]] = 1
    labels.iloc[[28, 29, 35]] = 2
    by_grid, _ = measure_plan(cells, borders, labels, band=(1, 2))
    metric = to_metric(cells)
    for grid, shape in metric.dissolve(by=labels.to_numpy()).geometry.items():
        assert by_grid.loc[grid, "polsby_popper"] == pytest.approx(4 * np.pi * shape.area / shape.length**2, rel=1e-12)


def test_cells_whose_edges_do_not_match_are_joined_by_overlay() -> None:
    # A vertex in the middle of a shared edge on one side only; and two cells that overlap. On the zone's meridian.
    west, east = shapely.Polygon([(2, 0), (3, 0), (3, 0.5), (3, 1), (2, 1)]), shapely.box(3, 0, 4, 1)
    odd, over = shapely.box(2, 3, 3, 4), shapely.box(2.5, 3, 4, 4)
    cells = shapely.transform(np.array([west, east, odd, over]), lambda xy: [3, 0] + (xy - [3, 0]) / 1000)
    wholes = unions_of(cells, np.array([0, 0, 1, 1]), 32631)
    assert [shapely.get_num_geometries(whole) for whole in wholes] == [1, 1]
    assert shapely.area(wholes) == pytest.approx(shapely.area(wholes[0]), rel=1e-3)
