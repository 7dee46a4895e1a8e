"""Laws of clusters: those of DBSCAN written plainly, whatever the order, the ties, the scale and what is far away."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import strips
from geo.gathering import Gathering, gathering
from geo.rng import generator

many = settings(max_examples=150)
few = settings(max_examples=40)

on_lattice = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), min_size=1, max_size=70)
anywhere = st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=1, max_size=70)
in_line = st.lists(st.integers(-40, 40).map(lambda x: (x, 0)), min_size=1, max_size=60)
upright = st.lists(st.integers(-40, 40).map(lambda y: (0, y)), min_size=1, max_size=60)
# the roots of 2, 5 and 10, and whole numbers, are distances that a lattice has exactly
radii = st.sampled_from([0.4, 1.0, 2.0**0.5, 2.0, 5.0**0.5, 3.0, 10.0**0.5, 5.0, 13.0, 1e3])
leasts = st.integers(1, 12)


def plain(xy: np.ndarray, eps_m: float, least: int) -> Gathering:
    """DBSCAN by its definition: every distance, then searches from core to core, then the nearest core of each rest."""
    d2 = (xy[:, None, 0] - xy[None, :, 0]) ** 2 + (xy[:, None, 1] - xy[None, :, 1]) ** 2
    near = d2 <= eps_m * eps_m
    is_core = near.sum(axis=1) >= least
    label, count = np.full(len(xy), -1), 0
    from_the_west = np.lexsort((xy[:, 1], xy[:, 0]))
    for first in from_the_west:
        waiting = [first] if is_core[first] and label[first] < 0 else []
        while waiting:
            at = waiting.pop()
            label[at] = count
            waiting += np.flatnonzero(near[at] & is_core & (label < 0)).tolist()
        count = label.max() + 1
    whole = label.copy()
    for at in np.flatnonzero(~is_core):
        cores = [other for other in from_the_west if near[at, other] and is_core[other]]
        if cores:
            whole[at] = label[min(cores, key=lambda other: d2[at, other])]  # the first of equals
    return Gathering(whole, is_core)


def assert_same(found: Gathering, wanted: Gathering) -> None:
    np.testing.assert_array_equal(found.is_core, wanted.is_core)
    np.testing.assert_array_equal(found.label, wanted.label)


@many
@given(on_lattice | anywhere | in_line | upright, radii, leasts)
def test_it_is_dbscan(points: list[tuple[float, float]], eps_m: float, least: int) -> None:
    xy = np.array(points, dtype=float)
    assert_same(gathering(xy, eps_m=eps_m, least=least), plain(xy, eps_m, least))


@many
@given(on_lattice, st.sampled_from([0.1, 0.3, 1 / 3, 7.7]), st.sampled_from([0.0, 471_000.3, 1e7 / 3]), radii, leasts)
def test_exactly_as_far_is_near_to_the_last_bit(
    points: list[tuple[int, int]], side_m: float, away_m: float, eps: float, least: int
) -> None:
    xy = np.array(points, dtype=float) * side_m + away_m
    assert_same(gathering(xy, eps_m=eps * side_m, least=least), plain(xy, eps * side_m, least))


@few
@given(st.integers(0, 10_000), st.floats(1.0, 60.0), leasts, st.sampled_from([0.5, 2.0, 9.0]), st.booleans())
def test_how_points_are_laid_in_strips_changes_nothing(
    seed: int, eps_m: float, least: int, strips_min: float, has_strays: bool
) -> None:
    rng = generator(seed, "law")
    xy = np.concatenate([rng.normal(middle, 12, (60, 2)) for middle in rng.uniform(0, 150, (4, 2))])
    if has_strays:  # so many strips would be needed that they are packed
        xy = np.concatenate([xy, rng.uniform(-1e7, 1e7, (9, 2))])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strips, "STRIPS_MIN", strips_min)
        patch.setattr(strips, "PIECE", 30)  # and several threads
        assert_same(gathering(xy, eps_m=eps_m, least=least), plain(xy, eps_m, least))


@few
@given(on_lattice, radii, leasts, st.integers(0, 1000))
def test_labels_do_not_depend_on_the_order_and_weights_are_repeats(
    points: list[tuple[int, int]], eps_m: float, least: int, seed: int
) -> None:
    xy = np.array(points, dtype=float)
    found = gathering(xy, eps_m=eps_m, least=least)
    turn = generator(seed, "order").permutation(len(xy))
    assert_same(gathering(xy[turn], eps_m=eps_m, least=least), Gathering(found.label[turn], found.is_core[turn]))
    spots, of, count = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    weighted = gathering(spots, eps_m=eps_m, least=least, weight=count)
    of = of.reshape(-1)
    assert_same(Gathering(weighted.label[of], weighted.is_core[of]), found)


@few
@given(on_lattice, radii, leasts, st.integers(-12, 12), st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 10**6)))
def test_scale_and_translation_change_nothing(
    points: list[tuple[int, int]], eps_m: float, least: int, power: int, by: tuple[int, int]
) -> None:
    xy = np.array(points, dtype=float)
    found = gathering(xy, eps_m=eps_m, least=least)
    assert_same(gathering(xy * 2.0**power, eps_m=eps_m * 2.0**power, least=least), found)  # no bit is lost
    assert_same(gathering(xy + by, eps_m=eps_m, least=least), found)


@few
@given(on_lattice, radii.filter(lambda eps_m: eps_m < 50), leasts)
def test_what_is_far_away_changes_nothing_here(points: list[tuple[int, int]], eps_m: float, least: int) -> None:
    xy = np.array(points, dtype=float)
    found = gathering(xy, eps_m=eps_m, least=least)
    strays = np.array([(1e7, -2e7), (1e9, 3.0), (500.0, 1e9)])
    more = gathering(np.concatenate([xy, strays]), eps_m=eps_m, least=max(least, 2))
    if least >= 2:
        assert more.label[-3:].tolist() == [-1, -1, -1]
        assert_same(Gathering(more.label[:-3], more.is_core[:-3]), found)


@few
@given(on_lattice, radii, leasts)
def test_a_larger_circle_or_fewer_needed_leaves_no_more_noise(
    points: list[tuple[int, int]], eps_m: float, least: int
) -> None:
    xy = np.array(points, dtype=float)
    found = gathering(xy, eps_m=eps_m, least=least)
    for wider in (gathering(xy, eps_m=eps_m * 1.5, least=least), gathering(xy, eps_m=eps_m, least=max(least - 1, 1))):
        assert wider.is_core[found.is_core].all()
        assert (wider.label[found.label >= 0] >= 0).all()
        # and what was one cluster's cores still is
        for label in np.unique(found.label[found.is_core]):
            assert len(np.unique(wider.label[found.is_core & (found.label == label)])) == 1
