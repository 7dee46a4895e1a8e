"""Measures of plans whose numbers one can work out by hand."""

import numpy as np
import pandas as pd
import pytest

from geo.partition.measures import MEASURES, measure_plan
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
    assert np.isnan(measured(town, [0] * 6)[0]["line_share"].iloc[0])
    assert whole.loc["line_share", "version"] == 1


def test_broken_compounds_are_counted_once() -> None:
    # Compound 1 in two grids, compound 2 whole, compound 3 too large for any grid.
    compounds = {(0, 0): 1, (1, 0): 1, (2, 0): 2, (3, 0): 3, (4, 0): 3}
    town = lattice([[10, 10, 10, 300, 300]], compounds=compounds)
    by_grid, whole = measured(town, [0, 1, 1, 1, 2])
    assert whole.loc["compounds_broken", "value"] == 1
    assert by_grid["compounds_broken"].tolist() == [0.5, 0.5, 0]
