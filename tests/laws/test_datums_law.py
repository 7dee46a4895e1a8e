"""Laws of datums: there and back is the same place; outside, nothing moves; near places stay near."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.datums import convert, from_wgs84, is_shifted, to_wgs84

SAME_DEG = 1e-8
many = settings(max_examples=150)
china = st.tuples(st.floats(73.5, 135.0), st.floats(15.6, 53.6))
earth = st.tuples(st.floats(-180.0, 180.0), st.floats(-90.0, 90.0))
shifted = st.sampled_from(["gcj02", "bd09"])


def far_from_the_outline(lon: float, lat: float) -> bool:
    """Whether ground 0.02 degree around lies all inside or all outside."""
    east, north = np.meshgrid([lon - 0.02, lon, lon + 0.02], [lat - 0.02, lat, lat + 0.02])
    found = is_shifted(east, north)
    return bool(found.all() or not found.any())


@many
@given(china, shifted)
def test_places_inside_go_there_and_back(place: tuple[float, float], datum: str) -> None:
    # at the rim a shifted place may lie outside, where it is also the place that was never shifted
    assume(bool(is_shifted(np.array(place[0]), np.array(place[1]))) and far_from_the_outline(*place))
    there = from_wgs84(*place, datum=datum)
    back = to_wgs84(*there, datum=datum)
    assert np.abs(np.array(back) - place).max() < SAME_DEG
    # the shift is never more than 700 m, Baidu's another 1.3 km
    assert np.hypot((there[0] - place[0]) * np.cos(np.radians(place[1])), there[1] - place[1]) < 0.02


@many
@given(earth)
def test_places_outside_do_not_move(place: tuple[float, float]) -> None:
    assume(not is_shifted(np.array(place[0]), np.array(place[1])) and far_from_the_outline(*place))
    assert from_wgs84(*place, datum="gcj02") == place
    assert to_wgs84(*place, datum="gcj02") == place


@many
@given(china, shifted)
def test_coming_back_and_going_there_is_the_same_place_too(place: tuple[float, float], datum: str) -> None:
    assume(far_from_the_outline(*place))
    back = to_wgs84(*place, datum=datum)
    assert np.abs(np.array(from_wgs84(*back, datum=datum)) - place).max() < SAME_DEG


@many
@given(china, st.floats(0, 6.28), shifted)
def test_near_places_stay_near(place: tuple[float, float], angle: float, datum: str) -> None:
    """A street of 100 m stays a street of 100 m, within a tenth."""
    assume(far_from_the_outline(*place))
    lon = np.array([place[0], place[0] + 0.001 * np.cos(angle)])
    lat = np.array([place[1], place[1] + 0.001 * np.sin(angle)])
    made = from_wgs84(lon, lat, datum=datum)
    moved = np.hypot(np.diff(made[0]), np.diff(made[1]))[0]
    assert 0.0009 < moved < 0.0011


@many
@given(china)
def test_the_way_through_another_datum_is_the_same(place: tuple[float, float]) -> None:
    direct = convert(*place, source="wgs84", target="bd09")
    over = convert(*convert(*place, source="wgs84", target="gcj02"), source="gcj02", target="bd09")
    assert direct == over
