"""Dedicated grids: taken where they are wanted and large enough, left where they would break the rest."""

from tests.fixtures.lattice import SIDE_M, lattice
from tests.unit.test_partition import certificates, proposed

CELL_M2 = SIDE_M * SIDE_M


def block(columns: range, rows: range, value: object) -> dict[tuple[int, int], object]:
    return {(x, y): value for x in columns for y in rows}


def test_neighbouring_cells_of_one_use_become_one_dedicated_grid() -> None:
    uses = block(range(2, 4), range(2, 4), "mall")
    cells, borders = lattice([[20] * 6] * 6, uses=uses)
    plan = proposed((cells, borders), dedicated_uses=["mall"], dedicated_min_m2=3 * CELL_M2)
    (mall,) = plan.dedicated
    assert set(plan.assignment.index[plan.assignment == mall]) == set(cells.index[cells["use"] == "mall"])
    assert plan.exceptions.empty


def test_a_compound_of_dedicated_use_comes_whole_with_its_yard() -> None:
    compounds = block(range(3), range(3), 7)
    uses = block(range(3), range(3), None) | {(0, 0): "hospital", (1, 1): "hospital"}
    cells, borders = lattice([[30] * 6] * 6, uses=uses, compounds=compounds)
    plan = proposed((cells, borders), dedicated_uses=["hospital"])
    (hospital,) = plan.dedicated
    assert set(plan.assignment.index[plan.assignment == hospital]) == set(cells.index[cells["compound_id"] == 7])


def test_a_mixed_compound_is_not_dedicated_as_a_whole() -> None:
    compounds = block(range(3), range(3), 7)
    uses = block(range(3), range(3), "residential") | {(0, 0): "office"}
    plan = proposed(lattice([[20] * 6] * 6, uses=uses, compounds=compounds), dedicated_uses=["office"])
    (office,) = plan.dedicated
    assert plan.assignment.eq(office).sum() == 1


def test_too_small_ground_is_not_dedicated() -> None:
    uses = block(range(2, 4), range(2, 4), "mall")
    plan = proposed(lattice([[20] * 6] * 6, uses=uses), dedicated_uses=["mall"], dedicated_min_m2=5 * CELL_M2)
    assert not plan.dedicated


def test_a_dedicated_grid_that_would_cut_the_rest_into_scraps_is_not_taken() -> None:
    # A mall across the middle would leave 200 and 200 households.
    uses = block(range(2, 3), range(4), "mall")
    plan = proposed(lattice([[25, 25, 0, 25, 25]] * 4, uses=uses), dedicated_uses=["mall"])
    assert not plan.dedicated
    assert plan.grids["households"].tolist() == [400]


def test_ground_only_the_mall_connects_comes_with_it() -> None:
    # The court in the middle has no households and no other way out.
    uses = block(range(1, 4), range(1, 4), "mall") | {(2, 2): None}
    households = [[30] * 5, [30, 0, 0, 0, 30], [30, 0, 0, 0, 30], [30, 0, 0, 0, 30], [30] * 5]
    cells, borders = lattice(households, uses=uses)
    plan = proposed((cells, borders), dedicated_uses=["mall"])
    (mall,) = plan.dedicated
    assert plan.assignment.loc[13] == mall
    assert plan.exceptions.empty


def test_two_compounds_side_by_side_are_two_dedicated_grids() -> None:
    compounds = block(range(2), range(2), 1) | block(range(2, 4), range(2), 2)
    uses = block(range(4), range(2), "works")
    plan = proposed(lattice([[0] * 4, [0] * 4, [100] * 4], uses=uses, compounds=compounds), dedicated_uses=["works"])
    assert len(plan.dedicated) == 2
    assert certificates(plan) == []


def test_a_dedicated_grid_does_not_swallow_another_and_what_lies_beyond() -> None:
    # Found by the law of tests/laws/test_verify_law.py: the three would take all, and be parted by the one.
    uses = {(x, 0): use for x, use in enumerate(["mall", "mall", "mall", None, "mall", None])}
    plan = proposed(lattice([[0] * 6], uses=uses), dedicated_uses=["mall"], dedicated_min_m2=CELL_M2 / 2)
    assert plan.assignment.tolist() == [0, 0, 0, 0, 1, 1]
    assert plan.dedicated == {0, 1}
    assert "contiguity" not in set(plan.exceptions["rule"])
