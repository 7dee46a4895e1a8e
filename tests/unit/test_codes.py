"""Codes: levels, parents, scopes; grid codes are issued once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.codes import area_level, check_area_code, grid_code, next_grid_codes, parent_code, scope_of
from geo.errors import BadCodeError


@pytest.mark.parametrize(
    ("code", "level", "parent", "scope"),
    [
        ("520000000000", "province", None, "52"),
        ("520100000000", "city", "520000000000", "5201"),
        ("520113000000", "county", "520100000000", "520113"),
        ("520113001000", "street", "520113000000", "520113001"),
        ("520113001004", "community", "520113001000", "520113001004"),
    ],
)
def test_a_code_names_its_level_parent_and_scope(code: str, level: str, parent: str | None, scope: str) -> None:
    assert (area_level(code), parent_code(code), scope_of(code)) == (level, parent, scope)


@pytest.mark.parametrize("code", ["", "52", "52011300100x", "5201130010040", "５２０１１３００１００４"])
def test_what_is_not_twelve_digits_is_refused(code: str) -> None:
    with pytest.raises(BadCodeError):
        check_area_code(code)


def test_grid_codes_go_on_after_the_highest_ever_used() -> None:
    used = ["520113001004001", "520113001004007", "520113001005900"]
    assert next_grid_codes("520113001004", 2, used=used) == ["520113001004008", "520113001004009"]


def test_a_community_has_at_most_999_grid_codes() -> None:
    assert grid_code("520113001004", 999) == "520113001004999"
    for sequence in (0, 1000, -1):
        with pytest.raises(BadCodeError):
            grid_code("520113001004", sequence)


@given(st.sets(st.integers(1, 900), max_size=20), st.integers(0, 20))
def test_a_code_is_never_given_twice(used: set[int], count: int) -> None:
    taken = [grid_code("520113001004", sequence) for sequence in used]
    fresh = next_grid_codes("520113001004", count, used=taken)
    assert len(set(fresh)) == count
    assert not set(fresh) & set(taken)
