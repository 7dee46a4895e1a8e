"""Staffing: everyone in their own community, the largest grid first, a shortage leaves the smallest vacant."""

import pandas as pd

from geo.staffing import staff

HERE, THERE = "529901001001", "529901001002"


def grids(**households: int) -> pd.DataFrame:
    return pd.DataFrame({"area_code": HERE, "households": households})


def people(*areas: str) -> pd.DataFrame:
    return pd.DataFrame({"area_code": list(areas)}, index=range(1, len(areas) + 1))


def test_a_shortage_leaves_the_smallest_grid_vacant() -> None:
    duties = staff(grids(a=300, b=480, c=400), people(HERE, HERE))
    assert set(duties["target"]) == {"b", "c"}


def test_nobody_serves_another_community() -> None:
    assert staff(grids(a=300), people(THERE)).empty


def test_every_grid_has_its_first_worker_before_any_has_a_second() -> None:
    duties = staff(grids(a=300, b=480), people(HERE, HERE, HERE), per_target=2)
    assert duties["target"].value_counts().to_dict() == {"b": 2, "a": 1}
    assert duties["person_id"].is_unique


def test_the_order_of_rows_does_not_matter() -> None:
    targets, staffers = grids(a=300, b=480, c=300), people(HERE, HERE)
    again = staff(targets.iloc[::-1], staffers.iloc[::-1])
    pd.testing.assert_frame_equal(staff(targets, staffers), again)
