"""The verifier refuses every broken rule: plans are broken on purpose, one rule at a time."""

import ast
from pathlib import Path

import pandas as pd
import pytest

import geo.proofs
import geo.town
import geo.verify
from geo.errors import InputError
from geo.verify import Violation, verify_plan
from tests.fixtures.lattice import lattice, together

BAND = (300, 500)


def excuse(grid: int, rule: str, certificate: str, **detail: object) -> pd.DataFrame:
    return pd.DataFrame([{"grid": grid, "rule": rule, "certificate": certificate, "detail": detail}])


def verified(town: tuple, labels: list[int], **more: object) -> list[Violation]:
    cells, borders = town
    assignment = pd.Series(labels, index=cells.index, name="grid")
    return verify_plan(cells, borders, assignment, band=BAND, **more)


def rules(violations: list[Violation]) -> list[str]:
    return sorted(violation.rule for violation in violations)


@pytest.fixture
def row() -> tuple:
    """Six cells of 100 households in a row."""
    return lattice([[100] * 6])


def test_a_right_plan_passes(row: tuple) -> None:
    assert verified(row, [0, 0, 0, 1, 1, 1]) == []


def test_a_cell_without_a_grid_is_found(row: tuple) -> None:
    cells, borders = row
    short = pd.Series([0, 0, 0, 1, 1], index=cells.index[:5])
    (violation,) = verify_plan(cells, borders, short, band=BAND)
    assert violation.rule == "coverage"
    assert violation.facts == {"cells_without_grid": 1, "for_example": [6]}


def test_an_empty_label_is_found(row: tuple) -> None:
    assert rules(verified(row, [0, 0, 0, 1, 1, None])) == ["coverage"]


def test_a_cell_with_two_grids_is_found(row: tuple) -> None:
    cells, borders = row
    twice = pd.Series([0, 0, 0, 1, 1, 1, 0], index=[*cells.index, 6])
    assert rules(verify_plan(cells, borders, twice, band=BAND)) == ["coverage"]


def test_a_cell_that_does_not_exist_is_found(row: tuple) -> None:
    cells, borders = row
    more = pd.Series([0, 0, 0, 1, 1, 1, 1], index=[*cells.index, 77])
    (violation,) = verify_plan(cells, borders, more, band=BAND)
    assert violation.facts["for_example"] == [77]


def test_a_grid_in_two_communities_is_found() -> None:
    town = together(lattice([[200]]), lattice([[200]], area_code="520103001002", first_id=2, west=1))
    borders = pd.DataFrame(
        [(1, 2, 30.0, "none", True)], columns=["cell_a", "cell_b", "length_m", "kind", "is_walkable"]
    )
    # A walk over the community's border does not join: the grid is in two pieces as well.
    assert rules(verified((town[0], borders), [0, 0])) == ["community", "contiguity"]


def test_a_grid_out_of_band_is_found(row: tuple) -> None:
    violations = verified(row, [0, 0, 1, 1, 1, 1])
    assert [(violation.rule, violation.grid) for violation in violations] == [("band", 0)]
    assert rules(verified(row, [0] * 6)) == ["band"]


def test_a_dedicated_grid_is_exempt_from_the_band(row: tuple) -> None:
    assert verified(row, [0, 0, 1, 1, 1, 1], dedicated={0}) == []


def test_a_grid_in_two_pieces_is_found(row: tuple) -> None:
    assert rules(verified(row, [0, 0, 1, 1, 1, 0])) == ["contiguity"]


def test_a_dedicated_grid_must_be_in_one_piece(row: tuple) -> None:
    assert rules(verified(row, [0, 1, 1, 1, 1, 0], dedicated={0})) == ["contiguity"]


def test_a_wall_divides_and_water_does_not_carry() -> None:
    walled = lattice([[200, 200]], is_wall=lambda a, b: True)
    assert rules(verified(walled, [0, 0])) == ["contiguity"]
    wet = lattice([[200, 0, 200]], water={(1, 0)})
    assert rules(verified(wet, [0, 0, 0])) == ["contiguity"]


def test_water_need_not_hang_together() -> None:
    assert verified(lattice([[0, 400, 0]], water={(0, 0), (2, 0)}), [0, 0, 0]) == []


def test_sums_that_differ_are_found(row: tuple) -> None:
    grids = pd.DataFrame(
        {"area_code": "520103001001", "households": [300, 300], "people": [900, 900]}, index=pd.Index([0, 1])
    )
    labels = [0, 0, 0, 1, 1, 1]
    assert verified(row, labels, grids=grids) == []
    (violation,) = verified(row, labels, grids=grids.assign(people=[900, 899]))
    assert (violation.rule, violation.grid, violation.facts["column"]) == ("sums", 1, "people")
    assert rules(verified(row, labels, grids=grids.iloc[:1])) == ["sums"]
    assert rules(verified(row, labels, grids=grids.assign(area_code="520103001009"))) == ["sums", "sums"]


def test_a_true_tower_is_excused_and_a_false_one_is_not() -> None:
    town = lattice([[900, 150, 150]])
    assert verified(town, [0, 1, 1], exceptions=excuse(0, "band", "cell_above_band", cell_id=1)) == []
    # Another cell than it says; a tower with a neighbour that is no scrap; a grid without any tower.
    assert rules(verified(town, [0, 1, 1], exceptions=excuse(0, "band", "cell_above_band", cell_id=2))) == [
        "band",
        "certificate",
    ]
    grown = excuse(0, "band", "cell_above_band", cell_id=1)
    assert rules(verified(lattice([[900, 150, 300]]), [0, 0, 1], exceptions=grown)) == ["band", "certificate"]
    none = excuse(1, "band", "cell_above_band", cell_id=2)
    assert "certificate" in rules(verified(lattice([[400, 150]]), [0, 1], exceptions=none))


def test_a_piece_outside_the_band_is_excused_only_if_it_is() -> None:
    why = excuse(0, "band", "piece_outside_band")
    assert verified(lattice([[275, 275]]), [0, 0], exceptions=why) == []
    assert rules(verified(lattice([[150, 150, 400]]), [0, 1, 1], exceptions=why)) == ["band", "band", "certificate"]
    # 550 households in three grids are more grids than the piece needs.
    scattered = pd.concat([excuse(grid, "band", "piece_outside_band") for grid in range(3)], ignore_index=True)
    assert rules(verified(lattice([[150, 150, 250]]), [0, 1, 2], exceptions=scattered)).count("band") == 3


def test_a_cells_without_grids_is_excused_only_if_it_is() -> None:
    row_of_five = lattice([[170] * 5])
    labels = [0, 0, 1, 1, 1]
    assert verified(row_of_five, labels, exceptions=excuse(1, "band", "cells_without_grids", cell_ids=[3])) == []
    # Cell 1 of the other grid proves nothing; and with 150 in the middle the row can be divided.
    assert "band" in rules(
        verified(row_of_five, labels, exceptions=excuse(1, "band", "cells_without_grids", cell_ids=[1]))
    )
    better = lattice([[170, 170, 150, 170, 170]])
    assert "band" in rules(
        verified(better, [0, 1, 1, 1, 1], exceptions=excuse(0, "band", "cells_without_grids", cell_ids=[1]))
    )


def test_one_cluster_is_a_reason_for_one_grid_only() -> None:
    # 5 x 170 in a row need one grid out of band; these labels make three, all with the same reason.
    town, labels = lattice([[170] * 5]), [0, 1, 2, 2, 2]
    excuses = [excuse(grid, "band", "cells_without_grids", cell_ids=[1, 2, 3]) for grid in range(3)]
    assert rules(verified(town, labels, exceptions=pd.concat(excuses))) == ["band"] * 2 + ["certificate"] * 2


def test_a_piece_without_division_is_excused_only_if_it_is() -> None:
    why = excuse(1, "band", "piece_without_division")
    assert verified(lattice([[170] * 5]), [0, 0, 1, 1, 1], exceptions=why) == []
    assert rules(verified(lattice([[170, 170, 150, 170, 190]]), [0, 0, 1, 1, 1], exceptions=why)) == [
        "band",
        "certificate",
    ]


def test_unresolved_excuses_nothing(row: tuple) -> None:
    assert rules(verified(row, [0, 0, 1, 1, 1, 1], exceptions=excuse(0, "band", "unresolved"))) == ["band"]


def test_an_attached_island_is_excused_only_if_nobody_lives_there() -> None:
    why = excuse(0, "contiguity", "unpeopled_piece")
    assert verified(lattice([[400, 0]], is_wall=lambda a, b: True), [0, 0], exceptions=why) == []
    assert "contiguity" in rules(verified(lattice([[390, 10]], is_wall=lambda a, b: True), [0, 0], exceptions=why))
    # An empty cell that could be walked to from the other grid is no island.
    assert "contiguity" in rules(verified(lattice([[300, 300, 0]]), [0, 1, 0], exceptions=why))


def test_exceptions_that_nothing_calls_for_are_found(row: tuple) -> None:
    labels = [0, 0, 0, 1, 1, 1]
    for certificate in ("piece_outside_band", "unresolved", "bad_weather"):
        assert rules(verified(row, labels, exceptions=excuse(0, "band", certificate))) == ["certificate"]
    wrong_rule = excuse(0, "band", "unpeopled_piece")
    assert rules(verified(row, [0, 0, 1, 1, 1, 1], exceptions=wrong_rule)) == ["band", "certificate"]


def test_a_violation_can_be_read_in_both_languages() -> None:
    violation = Violation("band", 3, {"households": 12})
    assert violation.text("zh") == "网格 3: 网格户数（及要求的人数）必须在区间之内 (households = 12)"
    assert (
        violation.text("en")
        == "grid 3: a grid's households (and people, where asked for) are in band (households = 12)"
    )


def test_missing_columns_are_refused(row: tuple) -> None:
    cells, borders = row
    with pytest.raises(InputError):
        verify_plan(cells.drop(columns="kind"), borders, pd.Series(dtype=int), band=BAND)


@pytest.mark.parametrize("module", [geo.verify, geo.proofs, geo.town])
def test_the_verifier_knows_nothing_of_the_solver(module: object) -> None:
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not [name for name in names if name and name.startswith("geo.partition")]
