"""The household estimate: its rule, its limits, and rounding that loses no household."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.profiles import EstimateRule, load_profile
from data.readers.estimates import estimate_households, estimate_people, whole_numbers
from geo.crs import to_degrees
from geo.errors import MissingColumnsError

RULE = EstimateRule(
    m2_per_household=100,
    people_per_household=2.5,
    residential_share=0.8,
    default_floors=2,
    house_footprint_max_m2=300,
    source="test",
)


def frame(*rows: tuple[str, int | None, float], **columns: list[object]) -> gpd.GeoDataFrame:
    """Buildings of (use, floors, footprint_m2), as squares in a row."""
    boxes = [
        shapely.box(500_000 + 200 * n, 3_000_000, 500_000 + 200 * n + m2**0.5, 3_000_000 + m2**0.5)
        for n, (_, _, m2) in enumerate(rows)
    ]
    made = gpd.GeoDataFrame(
        {
            "use": [use for use, _, _ in rows],
            "floors": pd.array([floors for _, floors, _ in rows], dtype="Int64"),
            **columns,
        },
        geometry=boxes,
        crs="EPSG:4544",
    )
    made.index = pd.RangeIndex(1, len(rows) + 1, name="building_id")
    return to_degrees(made)


def test_the_formula_for_a_block_of_flats() -> None:
    # 6 floors x 1,000 m2 x 0.8 / 100 m2 = 48
    assert estimate_households(frame(("residential", 6, 1000)), RULE).tolist() == [48]


def test_unknown_floors_are_the_profiles() -> None:
    # 2 floors x 1,000 m2 x 0.8 / 100 m2 = 16
    assert estimate_households(frame(("residential", None, 1000)), RULE).tolist() == [16]


@pytest.mark.parametrize("use", ["works", "office", "mall", "hospital", "school", "public", "other"])
def test_nobody_lives_in_other_uses(use: str) -> None:
    assert estimate_households(frame((use, 6, 1000)), RULE).tolist() == [0]


def test_a_small_low_building_is_one_familys_house_and_a_large_or_tall_one_is_not() -> None:
    # 2 floors x 301 m2 x 0.8 / 100 = 4.8; 3 floors x 60 m2 x 0.8 / 100 = 1.44
    made = estimate_households(
        frame(("residential", 1, 60), ("residential", 2, 299), ("residential", 2, 301), ("residential", 3, 60)), RULE
    )
    assert made.tolist() == [1, 1, 5, 1]


def test_a_told_house_has_exactly_one_and_a_hut_none() -> None:
    made = estimate_households(
        frame(("residential", 3, 250), ("residential", 1, 20), ("residential", 1, 20), is_house=[True, None, True]),
        RULE,
    )
    assert made.tolist() == [1, 0, 1]


def test_a_told_block_gets_the_formula_even_if_small() -> None:
    # 2 x 100 x 0.8 / 100 = 1.6, rounded as the total
    assert estimate_households(frame(("residential", 2, 100), is_house=[False]), RULE).tolist() == [2]


def test_rounding_keeps_the_total_of_many_equal_houses() -> None:
    # 100 buildings of 1.2 households each: rounding one by one would give 100, not 120.
    made = estimate_households(frame(*[("residential", 3, 50)] * 100, is_house=[False] * 100), RULE)
    assert made.sum() == 120
    assert set(made) == {1, 2}


def test_people_follow_households() -> None:
    assert estimate_people(pd.Series([0, 1, 1, 2]), RULE).sum() == 10
    assert estimate_people(pd.Series([0]), RULE).tolist() == [0]


def test_row_order_does_not_matter() -> None:
    generator = np.random.default_rng(3)
    made = frame(
        *[
            ("residential", int(f), float(a))
            for f, a in zip(generator.integers(1, 9, 60), generator.uniform(50, 900, 60), strict=True)
        ]
    )
    shuffled = made.sample(frac=1, random_state=5)
    pd.testing.assert_series_equal(estimate_households(made, RULE), estimate_households(shuffled, RULE).sort_index())


def test_whole_numbers_are_never_a_household_off() -> None:
    values = pd.Series(np.random.default_rng(1).uniform(0, 9, 200))
    made = whole_numbers(values)
    assert made.sum() == round(values.sum())
    assert ((made - values).abs() < 1).all()


def test_no_buildings_no_households() -> None:
    assert estimate_households(frame(), RULE).tolist() == []


def test_missing_columns_are_named() -> None:
    with pytest.raises(MissingColumnsError, match="floors"):
        estimate_households(frame(("residential", 1, 60)).drop(columns="floors"), RULE)


def test_the_frame_is_left_as_it_was() -> None:
    made = frame(("residential", None, 60))
    before = made.copy()
    estimate_households(made, load_profile("demo").estimate)
    pd.testing.assert_frame_equal(pd.DataFrame(made), pd.DataFrame(before))
