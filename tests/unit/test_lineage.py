"""Lineage: codes follow the households; a code goes to one grid."""

import pandas as pd

from geo.lineage import carried_codes, issue_codes

A, B, C = "529901001001001", "529901001001002", "529901001001003"


def test_the_largest_overlap_carries_the_code() -> None:
    old = pd.Series({1: A, 2: A, 3: B, 4: B})
    new = pd.Series({1: 0, 2: 1, 3: 1, 4: 1})
    households = pd.Series({1: 400, 2: 10, 3: 200, 4: 200})
    assert carried_codes(old, new, households) == {0: A, 1: B}


def test_overlaps_are_matched_as_a_whole_not_greedily() -> None:
    # Greedy gives label 0 its best, A (60), and leaves label 1 with 10; together 50 + 55 is more.
    old = pd.Series({1: A, 2: B, 3: A, 4: B})
    new = pd.Series({1: 0, 2: 0, 3: 1, 4: 1})
    households = pd.Series({1: 60, 2: 50, 3: 55, 4: 10})
    assert carried_codes(old, new, households) == {0: B, 1: A}


def test_new_grids_get_codes_never_used_and_kept_ones_keep_theirs() -> None:
    areas = pd.Series({0: A[:12], 1: A[:12], 2: A[:12]})
    codes = issue_codes(areas, {1: A}, used=[A, B])
    assert codes.tolist() == [C, A, "529901001001004"]


def test_nothing_before_means_nothing_is_carried() -> None:
    assert carried_codes(pd.Series(dtype=object), pd.Series({1: 0}), pd.Series({1: 3})) == {}


def test_open_ground_carries_a_code_where_nothing_else_does() -> None:
    assert carried_codes(pd.Series({1: A}), pd.Series({1: 0}), pd.Series({1: 0})) == {0: A}
