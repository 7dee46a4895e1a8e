"""What a plan may be asked for besides a band of households is checked too: people, counts, locked grids, units.

Every rule is broken on purpose; every certificate is true once, then one fact of the plan is changed.
"""

import pandas as pd
import pytest

from geo.errors import InputError
from geo.verify import Violation, verify_plan
from tests.fixtures.lattice import lattice, together

BAND, PEOPLE = (300, 500), (900, 1500)


def excuse(grid: int, rule: str, certificate: str, **detail: object) -> pd.DataFrame:
    return pd.DataFrame([{"grid": grid, "rule": rule, "certificate": certificate, "detail": detail}])


def excuses(*rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(rows, ignore_index=True)


def row(households: list[int], people: list[int] | None = None, **more: object) -> tuple:
    """Cells in one row, with three people a household or as given, and columns on top."""
    walls = {"is_wall": more.pop("is_wall")} if "is_wall" in more else {}
    cells, borders = lattice([households], **walls)
    return cells.assign(**({} if people is None else {"people": people}), **more), borders


def verified(town: tuple, labels: list[int], **asked: object) -> list[Violation]:
    cells, borders = town
    if "before" in asked:
        asked["before"] = pd.Series(asked["before"], index=cells.index, dtype=object)
    return verify_plan(
        cells, borders, pd.Series(labels, index=cells.index), **{"band": BAND, "people_band": None} | asked
    )


def rules(violations: list[Violation]) -> list[str]:
    return sorted(violation.rule for violation in violations)


# People.


def test_people_out_of_band_are_found_beside_households_in_band() -> None:
    town = row([200, 200, 200, 200], [600, 600, 600, 200])
    assert verified(town, [0, 0, 1, 1], people_band=(800, 1500)) == []
    (violation,) = verified(town, [0, 0, 1, 1], people_band=PEOPLE)
    assert (violation.rule, violation.grid) == ("band", 1)
    assert violation.facts == {"households": 400, "band": BAND, "people": 800, "people_band": PEOPLE}
    assert verified(town, [0, 0, 1, 1]) == []
    assert rules(verified(row([200] * 4, [900, 700, 600, 600]), [0, 0, 1, 1], people_band=PEOPLE)) == ["band"]


def test_households_out_of_band_are_found_beside_people_in_band() -> None:
    town = row([100, 100, 200, 200], [600, 600, 600, 600])
    (violation,) = verified(town, [0, 0, 1, 1], people_band=PEOPLE)
    assert (violation.grid, violation.facts["households"]) == (0, 200)


def test_people_alone_can_be_asked_for() -> None:
    town = row([1, 1, 900, 0], [600, 600, 600, 600])
    assert verified(town, [0, 0, 1, 1], band=None, people_band=PEOPLE) == []
    (violation,) = verified(town, [0, 1, 1, 1], band=None, people_band=(600, 1500))
    assert violation.facts == {"people": 1800, "people_band": (600, 1500)}
    assert verified(town, [0, 1, 1, 1], band=None) == []


def test_a_cell_above_the_band_of_people_is_excused_and_no_other() -> None:
    true = excuse(0, "band", "cell_above_band", cell_id=1)
    for people, left in ((1600, []), (1500, ["band", "certificate"])):
        hostel = row([250, 200, 200], [people, 600, 600])
        assert rules(verified(hostel, [0, 1, 1], people_band=PEOPLE, exceptions=true)) == left
    assert rules(verified(row([250, 200, 200], [1600, 600, 600]), [0, 1, 1], exceptions=true)) == [
        "band", "certificate",
    ]  # fmt: skip


def test_a_piece_no_number_of_grids_can_share_is_judged_for_both_together() -> None:
    why = excuse(0, "band", "piece_outside_band")
    # 500 households make one grid and 1800 people make two: together they make none.
    both = row([250, 250], [800, 1000])
    assert verified(both, [0, 0], people_band=PEOPLE, exceptions=why) == []
    assert rules(verified(both, [0, 0], people_band=(900, 1800), exceptions=why)) == ["certificate"]
    # 800 households make two grids, and so do 1800 people: cut badly they are no exception.
    badly = row([400, 400], [800, 1000])
    assert rules(verified(badly, [0, 1], people_band=PEOPLE, exceptions=why)) == ["band", "certificate"]
    # 800 people make none of two grids, but three grids are more than either needs.
    split = row([400, 200, 200], [200, 200, 400])
    three = excuses(*(excuse(grid, "band", "piece_outside_band") for grid in range(3)))
    assert verified(split, [0, 1, 1], people_band=PEOPLE, exceptions=three.iloc[:2]) == []
    assert rules(verified(split, [0, 1, 2], people_band=PEOPLE, exceptions=three)).count("band") == 3


def test_cells_and_pieces_without_a_division_are_judged_for_both_together() -> None:
    # Two grids of the right households everywhere; the people of the first four cells fit into none.
    people = [1400, 200, 200, 200]
    town = row([200] * 4, people)
    for certificate, detail in (("piece_without_division", {}), ("cells_without_grids", {"cell_ids": [3]})):
        why = excuse(1, "band", certificate, **detail)
        assert verified(town, [0, 0, 1, 1], people_band=(800, 1600), exceptions=why) == []
        assert rules(verified(town, [0, 0, 1, 1], people_band=(400, 1600), exceptions=why)) == ["certificate"]
        other = row([200] * 4, [600, 600, 600, 200])
        assert rules(verified(other, [0, 1, 1, 1], people_band=(800, 1600), exceptions=why)).count("band") == 2


def test_sums_of_people_are_checked() -> None:
    grids = pd.DataFrame({"area_code": "520103001001", "households": [400], "people": [1201]}, index=pd.Index([0]))
    (violation,) = verified(row([200, 200]), [0, 0], grids=grids)
    assert violation.facts == {"column": "people", "stated": 1201, "cells": 1200}


# Counts.


def test_another_number_of_grids_than_asked_for_is_found() -> None:
    town, labels = row([100] * 9), [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert verified(town, labels, count=3) == []
    (violation,) = verified(town, labels, count=2)
    assert (violation.rule, violation.grid, violation.facts) == ("count", None, {"asked": 2, "made": 3})
    assert verified(town, labels, count=2, dedicated={0}) == []
    before = ["a", "a", "a", *[None] * 6]
    assert verified(town, labels, count=2, before=before, locked=["a"]) == []
    assert rules(verified(town, labels, count=3, before=before, locked=["a"])) == ["count"]


def test_fewer_grids_than_can_be_are_impossible() -> None:
    # A wall: 400 households need a grid, and 1000 can make two or three: three or four grids in all.
    walled = row([400, 250, 250, 250, 250], is_wall=lambda a, b: a[0] == 0)
    labels = [0, 1, 1, 2, 2]
    assert verified(walled, labels, count=3) == []
    for count in (1, 2):
        assert verified(walled, labels, count=count, exceptions=excuse(-1, "count", "count_impossible")) == []
    # Four can be; and so can three in one piece of 1400.
    why = excuse(-1, "count", "count_impossible")
    assert rules(verified(walled, labels, count=4, exceptions=why)) == ["certificate", "count"]
    open_row, two = row([400, 250, 250, 250, 250]), [0, 1, 1, 1, 1]
    assert rules(verified(open_row, two, count=3, exceptions=why)) == ["band", "certificate", "count"]
    # People count too: of 3500 at most 1500 go into a grid.
    crowded = row([150, 150, 150, 150], [900, 800, 900, 900])
    assert verified(crowded, [0, 0, 1, 1], count=1, people_band=(900, 1800), exceptions=why) == []
    assert "certificate" in rules(verified(row([150] * 2), [0, 1], count=1, people_band=PEOPLE, exceptions=why))


def test_more_grids_than_can_be_are_impossible() -> None:
    town, labels = row([100] * 9), [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert verified(town, labels, count=4, exceptions=excuse(-1, "count", "count_impossible", count=4)) == []
    # The number stated is another; the breach is of no one grid; and more were made than were too many.
    for why in (
        excuse(-1, "count", "count_impossible", count=5),
        excuse(0, "count", "count_impossible", count=4),
        excuse(-1, "band", "count_impossible", count=4),
        excuse(-1, "count", "piece_outside_band"),
    ):
        assert rules(verified(town, labels, count=4, exceptions=why)) == ["certificate", "count"]
    five = verified(town, [0, 0, 1, 1, 2, 2, 3, 3, 4], count=4, exceptions=excuse(-1, "count", "count_impossible"))
    assert {"count", "certificate"} <= set(rules(five))


def test_unresolved_does_not_excuse_a_count() -> None:
    why = excuse(-1, "count", "unresolved", count=2)
    assert rules(verified(row([100] * 9), [0, 0, 0, 1, 1, 1, 2, 2, 2], count=2, exceptions=why)) == ["count"]
    assert rules(verified(row([100] * 6), [0, 0, 0, 1, 1, 1], count=2, exceptions=why)) == ["certificate"]


def test_a_count_reckons_cells_above_the_band_with_their_scraps_and_empty_ground() -> None:
    # The tower and its scrap are one grid, and 600 households make two at most: four are too many, three are not.
    town, labels = row([100, 900, 300, 300]), [0, 0, 1, 2]
    tower = excuse(0, "band", "cell_above_band", cell_id=2)
    assert verified(town, labels, count=3, exceptions=tower) == []
    too_many = excuses(tower, excuse(-1, "count", "count_impossible", count=4))
    assert verified(town, labels, count=4, exceptions=too_many) == []
    # With a larger neighbour that is no scrap there would be four.
    larger = row([160, 900, 300, 300])
    assert rules(verified(larger, labels, count=4, exceptions=too_many)) == [
        "band", "certificate", "certificate", "count",
    ]  # fmt: skip
    # A community nobody lives in is a grid too.
    empty = together(lattice([[300, 300]]), lattice([[0, 0]], area_code="520103001002", first_id=3, west=4))
    nobody = excuse(2, "band", "piece_outside_band")
    assert verified(empty, [0, 1, 2, 2], count=3, exceptions=nobody) == []
    claimed = excuses(nobody, excuse(-1, "count", "count_impossible"))
    assert verified(empty, [0, 1, 2, 2], count=4, exceptions=claimed) == []
    assert rules(verified(empty, [0, 0, 2, 2], count=3, exceptions=claimed)) == ["band", "certificate", "count"]


def test_a_count_reckons_dedicated_and_locked_ground_out() -> None:
    # Four grids could be made of 1200 households; without the dedicated or locked 300 there are three at most.
    town, labels = row([300] * 4), [0, 1, 2, 3]
    why = excuse(-1, "count", "count_impossible", count=4)
    assert verified(town, labels, count=4, dedicated={3}, exceptions=why) == []
    before = [None, None, None, "a"]
    assert verified(town, labels, count=4, before=before, locked=["a"], exceptions=why) == []
    assert rules(verified(town, [0, 0, 1, 2], count=4, exceptions=why)) == ["band", "certificate", "count"]


def test_an_impossible_count_excuses_the_grids_it_presses_and_no_others() -> None:
    # One grid of 900 was asked for; two are the fewest.
    town = row([300] * 3)
    why = excuse(0, "band", "count_impossible", count=1)
    assert verified(town, [0, 0, 0], count=1, exceptions=why) == []
    for labels, count in (([0, 0, 0], 2), ([0, 0, 0], 3), ([0, 0, 0], None), ([0, 0, 1], 2)):
        assert "certificate" in rules(verified(town, labels, count=count, exceptions=why))
    # Five were asked for; the second piece has one grid although two or three could be made of it.
    apart = row([300, 300, 450, 450, 300], is_wall=lambda a, b: a[0] == 1)
    lazy = excuses(excuse(2, "band", "count_impossible", count=9), excuse(-1, "count", "count_impossible", count=9))
    assert rules(verified(apart, [0, 1, 2, 2, 2], count=9, exceptions=lazy)) == ["band", "certificate"]
    # Too many: a piece of 600 in three grids.
    split = excuses(*(excuse(grid, "band", "count_impossible", count=3) for grid in range(3)))
    assert verified(row([200] * 3), [0, 1, 2], count=3, exceptions=split) == []
    assert rules(verified(row([300] * 3), [0, 1, 1], count=3, exceptions=split)).count("band") == 1


def test_a_piece_outside_the_band_may_be_pressed_only_by_a_count_that_cannot_be() -> None:
    # 550 households: one grid or two; three only where three were asked for, which is more than can be.
    town, labels = row([150, 150, 250]), [0, 1, 2]
    why = excuses(*(excuse(grid, "band", "piece_outside_band") for grid in range(3)))
    assert verified(town, labels, count=3, exceptions=why) == []
    assert rules(verified(town, labels, exceptions=why)) == ["band"] * 3 + ["certificate"] * 3
    assert "band" in rules(verified(town, labels, count=2, exceptions=why))


# Locked grids.


@pytest.mark.parametrize(
    ("labels", "facts"),
    [
        ([0, 0, 1, 1, 1, 2, 2, 2], {"cells": 3, "grids": 2, "taken_in": 2}),
        ([0, 0, 0, 0, 0, 2, 2, 2], {"cells": 3, "grids": 1, "taken_in": 2}),
    ],
)
def test_a_locked_grid_must_stay_as_it_is(labels: list[int], facts: dict[str, int]) -> None:
    town, before = row([100] * 8), ["a", "a", "a", *"bbbbb"]
    assert rules(verified(town, [0, 0, 0, 1, 1, 1, 1, 1], before=before, locked=["a"])) == []
    found = verified(town, labels, before=before, locked=["a"])
    (locked,) = [violation for violation in found if violation.rule == "locked"]
    assert locked.facts == {"old_grid": "a", **facts}
    assert "locked" not in rules(verified(town, labels, before=before))


def test_a_locked_grid_that_is_nowhere_is_found() -> None:
    town = row([400])
    assert rules(verified(town, [0], locked=["a"])) == ["locked"]
    assert rules(verified(town, [0], before=["b"], locked=["a"])) == ["locked"]
    assert verified(town, [0], before=["b"]) == []
    cells, borders = town
    twice = pd.Series(["a", "b"], index=[1, 1])
    with pytest.raises(InputError):
        verify_plan(cells, borders, pd.Series([0], index=[1]), band=BAND, before=twice, locked=["a"])


def test_a_locked_grid_out_of_band_or_in_pieces_is_excused_only_if_it_is_as_before() -> None:
    town, before = row([100, 300, 100, 300]), ["a", "b", "a", "b"]
    small = excuses(excuse(0, "band", "locked_grid"), excuse(0, "contiguity", "locked_grid"))
    labels = [0, 1, 0, 2]
    assert verified(town, labels, before=before, locked=["a"], exceptions=small) == []
    broken = ["band", "certificate", "certificate", "contiguity"]
    # No such lock; another grid is locked; the locked one lost a cell, or took one in.
    assert rules(verified(town, labels, before=before, exceptions=small)) == broken
    assert rules(verified(town, labels, before=list("bbac"), locked=["b"], exceptions=small))[:2] == broken[:2]
    grown = ["a", "b", None, "b"]
    assert set(rules(verified(town, labels, before=grown, locked=["a"], exceptions=small))) == {*broken, "locked"}
    shrunk = ["a", "a", "a", "b"]
    assert set(rules(verified(town, labels, before=shrunk, locked=["a"], exceptions=small))) == {*broken, "locked"}


def test_a_lock_excuses_neither_a_count_nor_a_community() -> None:
    town = row([100, 300])
    why = excuse(0, "count", "locked_grid")
    found = verified(town, [0, 1], before=["a", "b"], locked=["a"], count=2, exceptions=why)
    assert rules(found) == ["band", "certificate", "count"]


def test_a_piece_ends_at_a_locked_grid() -> None:
    # 200 households between two locked grids can be no grid: the certificate is true only with both locks.
    town, labels, before = row([300, 200, 300]), [0, 1, 2], ["a", None, "c"]
    why = excuse(1, "band", "piece_outside_band")
    assert verified(town, labels, before=before, locked=["a", "c"], exceptions=why) == []
    for locked in (["a"], ["c"], []):
        assert rules(verified(town, labels, before=before, locked=locked, exceptions=why)) == ["band", "certificate"]
    # Empty ground walked to only from a locked grid may hang on another one.
    shore = row([300, 0, 300], is_wall=lambda a, b: a[0] == 1)
    island = excuse(1, "contiguity", "unpeopled_piece")
    assert verified(shore, [0, 1, 1], before=["a", None, None], locked=["a"], exceptions=island) == []
    assert rules(verified(shore, [0, 1, 1], exceptions=island)) == ["certificate", "contiguity"]


def test_no_other_certificate_fits_a_locked_grid() -> None:
    town, before = row([100, 0]), ["a", None]
    for certificate in ("piece_outside_band", "piece_without_division", "count_impossible", "cell_above_band"):
        why = excuses(excuse(0, "band", certificate, cell_id=1), excuse(1, "band", "piece_outside_band"))
        found = verified(town, [0, 1], before=before, locked=["a"], count=5, exceptions=why)
        assert rules(found) == ["band", "certificate", "count"]


# Household units.


def test_a_unit_in_two_grids_is_found() -> None:
    town = row([150] * 4, unit_id=pd.array([1, 1, None, None], dtype="Int64"))
    assert verified(town, [0, 0, 1, 1]) == []
    town = row([150] * 4, unit_id=pd.array([None, 7, 7, None], dtype="Int64"))
    (violation,) = verified(town, [0, 0, 1, 1])
    assert (violation.rule, violation.grid, violation.facts) == ("unit", None, {"unit_id": 7, "grids": [0, 1]})


def test_a_unit_may_be_divided_where_it_is_too_large_or_does_not_hang_together() -> None:
    labels = [0, 0, 1, 1]
    large = row([200, 250, 251, 200], unit_id=[None, "u", "u", None])
    assert verified(large, labels) == []
    assert rules(verified(row([200, 250, 250, 200], unit_id=[None, "u", "u", None]), labels)) == ["unit"]
    # Too many people; apart on foot; through a dedicated or locked grid; in two communities.
    crowded = row([150] * 4, [500, 600, 1000, 500], unit_id=[None, "u", "u", None])
    assert verified(crowded, labels, people_band=PEOPLE) == []
    assert rules(verified(crowded, labels, people_band=(900, 1600))) == ["unit"]
    walled = row([150] * 4, unit_id=[None, "u", "u", None], is_wall=lambda a, b: a[0] == 1)
    assert verified(walled, labels) == []
    apart = row([300, 300, 300], unit_id=["u", None, "u"])
    assert verified(apart, [0, 1, 2]) == []
    assert verified(row([200, 100, 300], unit_id=[None, "u", "u"]), [0, 0, 1], dedicated={1}) == []
    locked = row([200, 100, 300], unit_id=[None, "u", "u"])
    assert verified(locked, [0, 0, 1], before=[None, None, "a"], locked=["a"]) == []
    assert rules(verified(locked, [0, 0, 1])) == ["unit"]
    cells, borders = together(lattice([[300]]), lattice([[300]], area_code="520103001002", first_id=2, west=1))
    assert verified((cells.assign(unit_id="u"), borders), [0, 1]) == []


def test_the_new_rules_can_be_read_in_both_languages() -> None:
    assert Violation("count", None, {"asked": 2}).text("zh") == "一般网格的数量必须与要求一致 (asked = 2)"
    assert Violation("count", None, {"asked": 2}).text("en").startswith("there are as many general grids")
    assert Violation("locked", 3).text("zh") == "网格 3: 锁定的网格必须与原方案完全一致"
    assert Violation("locked", 3).text("en") == "grid 3: a locked grid stays exactly as it was"
    assert Violation("unit", None).text("zh") == "住户单元不得拆分到多个网格"
    assert Violation("unit", None).text("en") == "a household unit is in one grid"
