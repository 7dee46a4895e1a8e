"""Profiles: rules of a place, checked."""

from pathlib import Path

import pytest

from data.profiles import FOLDER, GridRule, load_profile, slugs
from geo.errors import BadFileError
from geo.partition import Weights

DEMO = (FOLDER / "demo.toml").read_text(encoding="utf-8")


def demo_with(tmp_path: Path, old: str, new: str) -> str:
    assert old in DEMO
    path = tmp_path / "place.toml"
    path.write_text(DEMO.replace(old, new), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("slug", slugs())
def test_profiles_that_ship_hold_weights_the_engine_takes(slug: str) -> None:
    assert Weights(**load_profile(slug).grid.weights.model_dump()) == Weights()


def test_weights_and_people_may_be_left_out(tmp_path: Path) -> None:
    lines = DEMO.split("[grid.weights]")
    path = tmp_path / "place.toml"
    path.write_text(lines[0] + lines[1][lines[1].index("[walking]") :], encoding="utf-8")
    rule = load_profile(str(path)).grid
    assert rule.weights.model_dump() == {"lines": 1, "compact": 1, "even": 1, "compounds": 1, "keep": 1}
    assert rule.people_band is None


def test_a_band_of_people(tmp_path: Path) -> None:
    more = "people_min = 800\npeople_max = 1500\nzones_per_grid"
    assert load_profile(demo_with(tmp_path, "zones_per_grid", more)).grid.people_band == (800, 1500)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("zones_per_grid", "people_min = 800\nzones_per_grid", "both or none"),
        ("zones_per_grid", "people_max = 800\nzones_per_grid", "both or none"),
        ("zones_per_grid", "people_min = 900\npeople_max = 800\nzones_per_grid", "people_min is above people_max"),
        ("households_min = 300", "households_min = 600", "households_min is above households_max"),
        ("lines = 1.0", "lines = -1.0", "grid.weights.lines"),
        ("lines = 1.0", "lines = 101", "grid.weights.lines"),
        ("lines = 1.0", "streets = 1.0", "grid.weights.streets"),
    ],
)
def test_rules_that_cannot_be_kept_are_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BadFileError, match=said):
        load_profile(demo_with(tmp_path, old, new))


def test_weights_have_the_names_of_the_engine() -> None:
    assert set(GridRule.model_fields["weights"].default.model_dump()) == set(vars(Weights()))
