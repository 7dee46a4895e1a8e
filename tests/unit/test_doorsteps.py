"""The nearest building, against shapely's distances in a plane, on random ground."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.doorsteps import doorsteps, nearest_doorstep
from geo.locator import metres_per_degree

LON, LAT = 107.72, 27.95
EAST_M, NORTH_M = metres_per_degree(LAT)


def at(x_m: float, y_m: float) -> tuple[float, float]:
    return LON + x_m / EAST_M, LAT + y_m / NORTH_M


def building(
    x_m: float, y_m: float, *, size_m: float = 10.0, turn: float = 0.0, kind: str = "block"
) -> shapely.Geometry:
    half = size_m / 2
    shape = shapely.box(-half, -half, half, half)
    if kind == "court":  # with a yard
        shape = shape.difference(shapely.box(-half / 2, -half / 2, half / 2, half / 2))
    if kind == "two":  # one building in two pieces
        shape = shapely.union_all([shape, shapely.box(2 * half, -half, 3 * half, half)])
    turned = shapely.affinity.rotate(shape, turn, origin=(0, 0))
    return shapely.transform(turned, lambda xy: np.column_stack(at(xy[:, 0] + x_m, xy[:, 1] + y_m)))


def nearest(shapes: list[shapely.Geometry], x_m: float, y_m: float, within_m: float = 60.0) -> int:
    return int(nearest_doorstep(*at(x_m, y_m), within_m, *doorsteps(np.array(shapes, dtype=object))))


@given(
    st.lists(
        st.tuples(
            st.floats(-300, 300), st.floats(-300, 300), st.floats(1, 80), st.floats(0, 90),
            st.sampled_from(["block", "court", "two"]),
        ),
        max_size=30,
    ),
    st.floats(-400, 400),
    st.floats(-400, 400),
    st.floats(0, 500),
)  # fmt: skip
def test_it_is_the_one_shapely_finds(
    drawn: list[tuple[float, float, float, float, str]], x_m: float, y_m: float, within_m: float
) -> None:
    shapes = [building(x, y, size_m=size, turn=turn, kind=kind) for x, y, size, turn, kind in drawn]
    found = nearest(shapes, x_m, y_m, within_m)
    # A plane through the town's middle: over some hundred metres a millimetre off the one at the point.
    plane = shapely.transform(np.array(shapes, dtype=object), lambda xy: (xy - (LON, LAT)) * (EAST_M, NORTH_M))
    metres = shapely.distance(plane, shapely.Point(x_m, y_m))
    least = float(metres.min(initial=math.inf))
    if found == -1:
        assert least > within_m - 0.05
    else:
        assert metres[found] <= min(least + 0.05, within_m + 0.05)


def test_of_two_equally_near_the_first() -> None:
    assert nearest([building(20, 0), building(0, 0), building(0, 0)], 1, 1) == 1
    assert nearest([building(20, 0), building(-20, 0)], 0, 0) in (0, 1)


def test_a_yard_is_outside_and_a_wall_is_near() -> None:
    assert nearest([building(0, 0, size_m=40, kind="court")], 0, 0, within_m=9) == -1
    assert nearest([building(0, 0, size_m=40, kind="court")], 0, 0, within_m=11) == 0


def test_far_places_and_no_ground_find_none() -> None:
    shapes = [building(0, 0)]
    for lon, lat in ((0.0, 0.0), (-180.0, -90.0), (180.0, 90.0), (LON, -LAT)):
        assert nearest_doorstep(lon, lat, 60.0, *doorsteps(np.array(shapes, dtype=object))) == -1
    assert nearest([], 0, 0) == -1
    assert nearest([shapely.MultiPolygon(), building(0, 0), shapely.Polygon()], 0, 0) == 1


@pytest.mark.parametrize("length_m", [5_000.0, 50_000.0])
def test_a_building_as_long_as_the_town_is_found_along_all_of_it(length_m: float) -> None:
    row = [building(x, 500) for x in np.linspace(0, length_m, 50)]
    wall = shapely.transform(shapely.box(0, 0, length_m, 1), lambda xy: np.column_stack(at(xy[:, 0], xy[:, 1])))
    for x_m in np.linspace(1, length_m - 1, 23):
        assert nearest([*row, wall], float(x_m), -10) == 50
