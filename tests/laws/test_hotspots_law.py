"""Laws of hot spots, against formulas and definitions written plainly."""

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from geo.hotspots.autocorrelation import getis_ord, local_moran, permuted_p
from geo.hotspots.discovery import q_values, two_sided_p
from geo.hotspots.mesh import Mesh, Neighbours, cells_of, counts, mesh_over, neighbours, polygons, sums_about
from geo.hotspots.rates import deviates, locally_smoothed_rates, raw_rates, smoothed_rates

some = settings(max_examples=60)
kinds = st.sampled_from(["square", "hexagon"])
EAST_M, NORTH_M = 471_000.0, 3_093_000.0
offsets = st.tuples(st.floats(0, 500, width=32), st.floats(0, 300, width=32))


@st.composite
def meshes(draw: st.DrawFn) -> Mesh:
    return Mesh(draw(kinds), 100.0, (EAST_M, NORTH_M), draw(st.integers(1, 7)), draw(st.integers(1, 7)))


@st.composite
def counted(draw: st.DrawFn) -> tuple[Mesh, np.ndarray, np.ndarray]:
    """A mesh, counts on it, and which cells count."""
    mesh = draw(meshes())
    values = draw(arrays.arrays(np.int64, mesh.cells, elements=st.integers(0, 30)))
    return mesh, values, draw(arrays.arrays(np.bool_, mesh.cells))


@some
@given(kinds, st.floats(20, 400), st.lists(offsets, min_size=1, max_size=40))
def test_every_point_lies_in_its_cell_and_is_counted_once(kind: str, cell_m: float, at: list) -> None:
    xy = np.array(at) + np.array([EAST_M, NORTH_M])
    mesh = mesh_over((EAST_M, NORTH_M, EAST_M + 500, NORTH_M + 300), cell_m=cell_m, kind=kind)  # type: ignore[arg-type]
    cell = cells_of(mesh, xy)
    assert cell.min() >= 0
    assert (shapely.distance(polygons(mesh, cell), shapely.points(xy)) < 1e-7).all()
    found = counts(mesh, xy)
    np.testing.assert_array_equal(found, [(cell == i).sum() for i in range(mesh.cells)])
    np.testing.assert_array_equal(found, counts(mesh, xy[::-1]))
    np.testing.assert_array_equal(cell[::-1], cells_of(mesh, xy[::-1]))


@some
@given(meshes(), st.data())
def test_corners_and_sides_belong_to_a_cell_that_touches_them(mesh: Mesh, data: st.DataObject) -> None:
    shapes = polygons(mesh, np.arange(mesh.cells))
    ring = shapely.get_coordinates(shapes[data.draw(st.integers(0, mesh.cells - 1))])
    xy = np.concatenate([ring, (ring[1:] + ring[:-1]) / 2])
    cell = cells_of(mesh, xy)
    there = cell >= 0
    assert (shapely.distance(shapes[cell[there]], shapely.points(xy[there])) < 1e-7).all()
    # beyond the mesh only where no cell lies to the east or north
    inner = shapely.coverage_union_all(shapes).buffer(-1e-6)
    assert not shapely.contains_xy(inner, *xy[~there].T).any()


@some
@given(meshes())
def test_cells_tile_and_neighbours_are_mutual_and_touch(mesh: Mesh) -> None:
    shapes = polygons(mesh, np.arange(mesh.cells))
    assert shapely.coverage_is_valid(shapes)
    np.testing.assert_array_equal(cells_of(mesh, shapely.get_coordinates(shapely.centroid(shapes))), range(mesh.cells))
    near = neighbours(mesh)
    pairs = set(zip(np.repeat(np.arange(mesh.cells), np.diff(near.start)).tolist(), near.node.tolist(), strict=True))
    tree = shapely.STRtree(shapes).query(shapes, predicate="intersects").T.tolist()
    assert pairs == {(a, b) for a, b in tree if a != b}


def plain_gi(values: np.ndarray, near: Neighbours) -> list[float]:
    """Ord and Getis (1995), their formula 14."""
    n, mean = len(values), values.mean()
    s = (np.mean(values**2.0) - mean**2) ** 0.5
    z = []
    for i in range(n):
        about = [i, *near.node[near.start[i] : near.start[i + 1]]]
        w = len(about)
        spread = s * ((n * w - w**2) / max(n - 1, 1)) ** 0.5
        z.append((values[about].sum() - mean * w) / spread if spread > 1e-9 else 0.0)
    return z


def plain_moran(values: np.ndarray, near: Neighbours) -> list[float]:
    """Anselin (1995), his formula 12, weights of a row summing to one, scaled by n - 1 as esda does."""
    apart = values - values.mean()
    if np.ptp(values) == 0:
        return [0.0] * len(values)
    around = [near.node[near.start[i] : near.start[i + 1]] for i in range(len(values))]
    lag = np.array([apart[nodes].mean() if len(nodes) else 0.0 for nodes in around])
    return list((len(values) - 1) * apart * lag / (apart**2).sum())


def squeezed(mesh: Mesh, inside: np.ndarray) -> Neighbours:
    """The neighbours among the cells inside alone, numbered anew."""
    near, number = neighbours(mesh, inside=inside), np.cumsum(inside) - 1
    start = near.start[np.concatenate([np.flatnonzero(inside), [len(inside)]])]
    return Neighbours(start, number[near.node])


@some
@given(counted())
def test_gi_star_and_moran_are_their_formulas_and_the_mask_leaves_cells_out(given_: tuple) -> None:
    mesh, values, inside = given_
    for kept in (np.ones(mesh.cells, dtype=bool), inside):
        alone = squeezed(mesh, kept)
        for near in (mesh, neighbours(mesh)):
            z, moran = getis_ord(values, near, inside=kept), local_moran(values, near, inside=kept)
            assert np.isnan(z).tolist() == np.isnan(moran.i).tolist() == (~kept).tolist()
            if kept.any():
                np.testing.assert_allclose(z[kept], plain_gi(values[kept], alone), atol=1e-8)
                np.testing.assert_allclose(moran.i[kept], plain_moran(values[kept], alone), atol=1e-9)
                np.testing.assert_allclose(getis_ord(values[kept], alone), z[kept], atol=1e-9)


@some
@given(counted(), st.floats(0.01, 1000), st.floats(-1000, 1000))
def test_scale_and_origin_of_the_values_do_not_matter_and_their_sign_turns_hot_into_cold(
    given_: tuple, scale: float, shift: float
) -> None:
    mesh, values, inside = given_
    moved = values * scale + shift
    z, moran = getis_ord(values, mesh, inside=inside), local_moran(values, mesh, inside=inside)
    np.testing.assert_allclose(getis_ord(moved, mesh, inside=inside), z, atol=1e-6)
    np.testing.assert_allclose(getis_ord(-moved, mesh, inside=inside), -z, atol=1e-6)
    np.testing.assert_allclose(local_moran(moved, mesh, inside=inside).i, moran.i, atol=1e-6)
    p = permuted_p(values, mesh, inside=inside, permutations=49, seed=1)
    np.testing.assert_array_equal(permuted_p(-values, mesh, inside=inside, permutations=49, seed=1), p)


@some
@given(counted())
def test_moments_of_moran_are_those_of_all_draws(given_: tuple) -> None:
    """The mean and variance of a sum drawn without repeats from the other cells, by definition."""
    mesh, values, inside = given_
    near = squeezed(mesh, inside)
    apart = values[inside] - values[inside].mean() if inside.any() else np.zeros(0)
    z = local_moran(values, mesh, inside=inside).z[inside]
    for i, degree in enumerate(np.diff(near.start)):
        others, n = np.delete(apart, i), len(apart) - 1
        variance = degree * (n - degree) / (n - 1) * others.var() if n > 1 else 0.0
        around = apart[near.node[near.start[i] : near.start[i + 1]]].sum()
        if variance > 1e-9:
            assert abs(z[i] - np.sign(apart[i]) * (around - degree * others.mean()) / variance**0.5) < 1e-6
        else:
            assert abs(z[i]) < 1e-6


@some
@given(counted(), st.integers(1, 60), st.integers(0, 99))
def test_p_by_permutation_counts_ties_on_both_sides(given_: tuple, permutations: int, seed: int) -> None:
    mesh, values, inside = given_
    p = permuted_p(values, mesh, inside=inside, permutations=permutations, seed=seed)
    assert np.isnan(p).tolist() == (~inside).tolist()
    steps = p[inside] * (permutations + 1) / 2
    assert ((p[inside] >= 2 / (permutations + 1) - 1e-12) | (p[inside] == 1)).all()
    assert (p[inside] <= 1).all()
    np.testing.assert_allclose(steps[p[inside] < 1], np.rint(steps[p[inside] < 1]))
    np.testing.assert_array_equal(
        p[inside], permuted_p(values[inside], squeezed(mesh, inside), permutations=permutations, seed=seed)
    )


chances = arrays.arrays(np.float64, st.integers(0, 40), elements=st.one_of(st.floats(0, 1), st.just(np.nan)))


@some
@given(chances, st.booleans(), st.permutations(range(40)))
def test_q_is_the_least_rate_at_which_a_test_is_kept(p: np.ndarray, is_dependent: bool, order: list) -> None:
    q = q_values(p, is_dependent=is_dependent)
    tested = p[~np.isnan(p)]
    assert np.isnan(q).tolist() == np.isnan(p).tolist()
    harder = sum(1 / i for i in range(1, len(tested) + 1)) if is_dependent else 1.0
    for chance, rate in zip(p, q, strict=True):
        if not np.isnan(chance):
            # of the tests up to each threshold that keeps this one, so many are expected by chance
            shares = [len(tested) * harder * t / (tested <= t).sum() for t in tested if t >= chance]
            assert abs(rate - min([1.0, *shares])) < 1e-9
    shuffled = [i for i in order if i < len(p)]
    np.testing.assert_array_equal(q_values(p[shuffled], is_dependent=is_dependent), q[shuffled])


@some
@given(counted(), st.data())
def test_smoothed_rates_lie_between_the_rate_and_the_mean(given_: tuple, data: st.DataObject) -> None:
    mesh, events, inside = given_
    homes = data.draw(arrays.arrays(np.int64, mesh.cells, elements=st.integers(0, 500)))
    homes[~inside] = 0
    raw, smooth = raw_rates(events, homes), smoothed_rates(events, homes)
    local, standard = locally_smoothed_rates(events, homes, mesh), deviates(events, homes)
    lived = homes > 0
    for rates in (raw, smooth, local, standard):
        assert np.isnan(rates).tolist() == (~lived).tolist()
    if not lived.any():
        return
    mean = 1000 * events[lived].sum() / homes.sum()
    about = 1000 * sums_about(mesh, np.where(lived, events, 0.0))[lived] / sums_about(mesh, homes.astype(float))[lived]
    for rates, towards in ((smooth, mean), (local, about)):
        low, high = np.minimum(raw[lived], towards), np.maximum(raw[lived], towards)
        assert (rates[lived] >= low - 1e-6).all()
        assert (rates[lived] <= high + 1e-6).all()
    near = neighbours(mesh)
    np.testing.assert_allclose(locally_smoothed_rates(events, homes, near), local, rtol=1e-9)
    # (sqrt(c) + sqrt(c + 1))^2 lies between 4 c + 1 and 4 c + 2
    expected = mean * homes[lived] / 1000
    assert (standard[lived][events[lived] >= expected + 1e-6] >= 0).all()
    assert (standard[lived][events[lived] <= expected - 0.25 - 1e-6] <= 0).all()


@some
@given(arrays.arrays(np.float64, 20, elements=st.floats(-40, 40)))
def test_p_falls_with_the_distance_from_0(z: np.ndarray) -> None:
    p = two_sided_p(z)
    assert ((p >= 0) & (p <= 1)).all()
    order = np.argsort(np.abs(z))
    assert (np.diff(p[order]) <= 0).all()
    np.testing.assert_array_equal(p, two_sided_p(-z))
