"""Compare: what moves from whom to whom, against counting cell by cell."""

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.compare import NONE, OtherCellsError, compare
from tests.fixtures.lattice import lattice

COLUMNS, ROWS = 4, 3
CELLS, BORDERS = lattice([[3, 1, 4, 1], [5, 9, 2, 6], [5, 3, 5, 8]])
# Two cells of one building (stairwells), and one piece of open ground.
CELLS["building_id"] = pd.array([101, 101, *range(103, 112), None], dtype="Int64")
codes = st.lists(st.sampled_from(["A", "B", "C", None]), min_size=len(CELLS), max_size=len(CELLS))


def plan(labels: list[str | None]) -> pd.Series:
    return pd.Series(labels, index=CELLS.index, dtype=object).dropna()


def test_nothing_moves_between_a_plan_and_itself() -> None:
    same = plan(["A"] * 6 + ["B"] * 6)
    found = compare(CELLS, BORDERS, same, same)
    assert found.moves.empty
    assert found.buildings.empty
    assert found.grids["state"].tolist() == ["kept", "kept"]
    assert (found.border_new_m, found.border_gone_m) == (0.0, 0.0)
    assert found.border_kept_m > 0


def test_a_building_that_moves_in_part_is_told_so() -> None:
    before = plan(["A"] * 12)
    after = before.copy()
    after.iloc[0] = "B"
    found = compare(CELLS, BORDERS, before, after)
    assert found.buildings.to_dict("records") == [
        {"building_id": 101, "from_grid": "A", "to_grid": "B", "households": 3, "people": 9, "is_whole": False}
    ]
    after.iloc[1] = "B"
    found = compare(CELLS, BORDERS, before, after)
    assert found.buildings[["households", "is_whole"]].to_numpy().tolist() == [[4, True]]
    assert found.grids["state"].to_dict() == {"A": "altered", "B": "new"}
    assert found.border_new_m == pytest.approx(3 * 30.0)


@given(old=codes, new=codes)
def test_sums_are_those_of_the_cells(old: list[str | None], new: list[str | None]) -> None:
    before, after = plan(old), plan(new)
    found = compare(CELLS, BORDERS, before, after)
    households: Counter[tuple[str, str]] = Counter()
    cells: Counter[tuple[str, str]] = Counter()
    for one, other, count in zip(old, new, CELLS["households"], strict=True):
        if one != other:
            households[one or NONE, other or NONE] += int(count)
            cells[one or NONE, other or NONE] += 1
    ways = list(zip(found.moves["from_grid"], found.moves["to_grid"], strict=True))
    assert dict(zip(ways, found.moves["households"].tolist(), strict=True)) == dict(households)
    assert dict(zip(ways, found.moves["cells"].tolist(), strict=True)) == dict(cells)
    assert found.moves["households"].is_monotonic_decreasing
    for side, labels in (("before", old), ("after", new)):
        held = {code: sum(n for own, n in zip(labels, CELLS["households"], strict=True) if own == code)
                for code in {*old, *new} - {None}}  # fmt: skip
        assert found.grids[f"households_{side}"].to_dict() == held
    assert states(found.grids) == {code: expected(code, old, new) for code in {*old, *new} - {None}}
    assert lengths(old, new) == pytest.approx((found.border_kept_m, found.border_new_m, found.border_gone_m))


@given(old=codes, new=codes, seed=st.integers(0, 99))
def test_rows_in_another_order_change_nothing(old: list[str | None], new: list[str | None], seed: int) -> None:
    before, after = plan(old), plan(new)
    draw = np.random.default_rng(seed)
    one = compare(CELLS, BORDERS, before, after)
    other = compare(
        CELLS.iloc[draw.permutation(len(CELLS))], BORDERS.sample(frac=1, random_state=seed),
        before.iloc[::-1], after.iloc[::-1],
    )  # fmt: skip
    assert one.moves.equals(other.moves)
    assert one.buildings.equals(other.buildings)
    assert one.grids.equals(other.grids)


def test_a_cell_that_is_not_there_is_refused() -> None:
    with pytest.raises(OtherCellsError, match="999"):
        compare(CELLS, BORDERS, pd.Series({999: "A"}), plan(["A"] * 12))


def states(grids: pd.DataFrame) -> dict[Any, str]:
    return dict(grids["state"])


def expected(code: str | None, old: list[str | None], new: list[str | None]) -> str:
    was, is_ = ([at for at, own in enumerate(labels) if own == code] for labels in (old, new))
    return "kept" if was == is_ else "new" if not was else "retired" if not is_ else "altered"


def lengths(old: list[str | None], new: list[str | None]) -> tuple[float, float, float]:
    at = {cell: place for place, cell in enumerate(CELLS.index)}
    told = {"kept": 0.0, "new": 0.0, "gone": 0.0}
    for a, b, length in zip(BORDERS["cell_a"], BORDERS["cell_b"], BORDERS["length_m"], strict=True):
        one, other = at[a], at[b]
        if any(old[place] is None and new[place] is None for place in (one, other)):
            continue  # ground that neither plan knows
        was, is_ = old[one] != old[other], new[one] != new[other]
        if was or is_:
            told["kept" if was and is_ else "new" if is_ else "gone"] += float(length)
    return told["kept"], told["new"], told["gone"]
