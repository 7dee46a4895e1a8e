"""Laws of neighbours: break vertices, move cells a little, shuffle rows - the same cells lie side by side."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from shapely import affinity

from geo.neighbours import neighbours_of
from tests.fixtures.tiled import in_degrees, pairs, voronoi, with_vertices

SETTINGS = settings(max_examples=25)
seeds = st.integers(0, 10_000)


def met(shapes: list[shapely.Geometry], **options: float) -> set[tuple[int, int]]:
    borders = neighbours_of(in_degrees(shapes), **options).borders
    return set(zip(borders["cell_a"].tolist(), borders["cell_b"].tolist(), strict=True))


@SETTINGS
@given(seeds, st.integers(2, 7))
def test_a_clean_tessellation_has_the_borders_that_shapely_finds(seed: int, count: int) -> None:
    shapes = voronoi(seed, count)
    long, _ = pairs(shapes, longer_than=0.05)
    assert met(shapes) >= long
    _, any_border = pairs(shapes, longer_than=0)
    assert met(shapes) <= any_border


@SETTINGS
@given(seeds, st.integers(2, 6), st.randoms(use_true_random=False))
def test_broken_vertices_change_nothing(seed: int, count: int, random: object) -> None:
    shapes = voronoi(seed, count)
    rng = np.random.default_rng(seed)
    broken = [with_vertices(shape, rng) for shape in shapes]
    long, any_border = pairs(shapes, longer_than=0.05)
    assert long <= met(broken) <= any_border


@SETTINGS
@given(seeds, st.integers(2, 6), st.floats(0, 0.2))
def test_small_gaps_and_overlaps_change_no_border_that_is_longer_than_they_are(
    seed: int, count: int, far: float
) -> None:
    """Every cell is moved by up to 20 cm, so that outlines part or overlap by up to 40 cm."""
    shapes = voronoi(seed, count)
    rng = np.random.default_rng(seed)
    turn = rng.uniform(0, 2 * np.pi, len(shapes))
    moved = [
        affinity.translate(with_vertices(shape, rng), far * np.cos(way), far * np.sin(way))
        for shape, way in zip(shapes, turn, strict=True)
    ]
    long, _ = pairs(shapes, longer_than=2.0)
    found = met(moved)
    assert found >= long
    near = {(a, b) for a, b in found if shapely.distance(shapes[a], shapes[b]) > 1.0}
    assert not near


@SETTINGS
@given(seeds, st.integers(2, 6))
def test_rows_in_another_order_give_the_same_borders(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = [
        affinity.translate(with_vertices(shape, rng), *rng.uniform(-0.1, 0.1, 2)) for shape in voronoi(seed, count)
    ]
    cells = in_degrees(shapes)
    straight = neighbours_of(cells)
    mixed = neighbours_of(cells.iloc[rng.permutation(len(cells))])
    assert_frame_equal(straight.borders, mixed.borders)
    assert_frame_equal(straight.unevenness, mixed.unevenness)


@SETTINGS
@given(seeds, st.integers(2, 5))
def test_lengths_add_up_to_the_outlines(seed: int, count: int) -> None:
    """Every metre of outline faces a neighbour or the outside of the square, whoever has the vertices."""
    rng = np.random.default_rng(seed)
    shapes = [with_vertices(shape, rng) for shape in voronoi(seed, count)]
    near = neighbours_of(in_degrees(shapes))
    inside = near.borders["length_m"].sum()
    outlines = shapely.length(near.shapes).sum()
    assert 2 * inside + 4000 == pytest.approx(outlines, rel=1e-3)
