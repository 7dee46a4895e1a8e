"""Ground that two polygons claim is found whatever it is drawn like: judged by every pair, one by one."""

from itertools import combinations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import rotate, scale, translate

from geo.overlaps import overlaps

STEP = 0.01  # degrees: a kilometre


def lattice(columns: int, rows: int, *, skew: float) -> list[shapely.Polygon]:
    """Squares that share their corners, and lean: coordinates that are no round numbers."""
    corner = [
        [(x * STEP + y * skew + 104.6, y * STEP + x * skew / 3 + 26.4) for x in range(columns + 1)]
        for y in range(rows + 1)
    ]
    return [
        shapely.Polygon([corner[y][x], corner[y][x + 1], corner[y + 1][x + 1], corner[y + 1][x]])
        for y in range(rows)
        for x in range(columns)
    ]  # fmt: skip


def every_pair(shapes: list[shapely.Geometry]) -> float:
    """Square degrees that pairs claim, pair by pair."""
    return sum(one.intersection(other).area for one, other in combinations(shapes, 2))


CHANGES = {
    "nothing": lambda shapes, _: shapes,
    "one of them twice": lambda shapes, at: [*shapes, shapes[at]],
    "one of them twice, the other way round": lambda shapes, at: [*shapes, shapes[at].reverse()],
    "one thrice": lambda shapes, at: [*shapes, shapes[at], shapes[at]],
    "all of them twice": lambda shapes, _: [*shapes, *shapes],
    "one is moved": lambda shapes, at: [*shapes[:at], translate(shapes[at], STEP / 7, 0.0), *shapes[at + 1 :]],
    "one is turned": lambda shapes, at: [*shapes[:at], rotate(shapes[at], 1.0), *shapes[at + 1 :]],
    "one is smaller": lambda shapes, at: [*shapes[:at], scale(shapes[at], 0.5, 0.5), *shapes[at + 1 :]],
    "one lies inside one": lambda shapes, at: [*shapes, scale(shapes[at], 0.5, 0.5)],
    "one holds a hole, and what fills it": lambda shapes, at: [
        *shapes[:at], shapes[at] - scale(shapes[at], 0.5, 0.5), scale(shapes[at], 0.5, 0.5), *shapes[at + 1 :]
    ],
    "one holds a hole, and what more than fills it": lambda shapes, at: [
        *shapes[:at], shapes[at] - scale(shapes[at], 0.5, 0.5), scale(shapes[at], 0.6, 0.6), *shapes[at + 1 :]
    ],
    "one is of many pieces": lambda shapes, at: [
        *shapes[:at],
        shapely.multipolygons([scale(shapes[at], 0.2, 0.2), translate(shapes[at], 20 * STEP)]),
        *shapes[at + 1 :],
    ],
    "one has a corner on a neighbour's side": lambda shapes, at: [
        *shapes[:at], shapely.segmentize(shapes[at], STEP / 3), *shapes[at + 1 :]
    ],
    "another lattice over it": lambda shapes, _: [*shapes, *(translate(one, STEP / 3, STEP / 5) for one in shapes)],
    "one is empty": lambda shapes, at: [*shapes[:at], shapely.Polygon(), *shapes[at + 1 :]],
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
@given(
    columns=st.integers(1, 5),
    rows=st.integers(1, 5),
    skew=st.sampled_from([0.0, STEP / 9, STEP / 3]),
    place=st.integers(0, 24),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_what_two_claim_is_what_pairs_share(
    change: str, columns: int, rows: int, skew: float, place: int, seed: int
) -> None:
    drawn = CHANGES[change](lattice(columns, rows, skew=skew), place % (columns * rows))
    shapes = np.array(drawn, dtype=object)[np.random.default_rng(seed).permutation(len(drawn))]

    found = overlaps(shapes)

    assert shapely.area(found).sum() == pytest.approx(every_pair(drawn), abs=1e-9)
    assert (len(found) > 0) == (every_pair(drawn) > 1e-9)


def test_of_nothing_nothing_is_claimed() -> None:
    assert len(overlaps(np.array([], dtype=object))) == 0
    assert len(overlaps(np.array([shapely.Polygon(), shapely.MultiPolygon()], dtype=object))) == 0
