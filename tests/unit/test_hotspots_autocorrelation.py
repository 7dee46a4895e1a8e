"""Gi* and local Moran: the numbers of esda, and of formulas written plainly; p by permutation; q."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.stats import false_discovery_control, norm

from geo.errors import BadSettingError
from geo.hotspots.autocorrelation import QUADRANTS, _drawn, getis_ord, local_moran, permuted_p
from geo.hotspots.discovery import q_values, two_sided_p
from geo.hotspots.mesh import Mesh, Neighbours, counts, mesh_over, neighbours
from geo.rng import generator

# A grid of five by five cells, and what esda 2.9.0 says of it; MASKED leaves out the cells about the first, which is so
# an island, and the middle. Made by `python -m bench.hotspots.peers.pinned` on 2026-11-21. esda's I has a factor
# (n - 1) / n that its moments lack: the script takes it out before z. Quadrants are esda's q in our order, HH LL HL LH.
GRID = Mesh("square", 1.0, (0.0, 0.0), 5, 5)
COUNTS = np.array([0, 1, 0, 2, 9, 1, 0, 3, 7, 12, 0, 2, 1, 4, 8, 5, 0, 0, 1, 2, 6, 4, 1, 0, 0])
INSIDE = ~np.isin(np.arange(25), (1, 5, 6, 12))
WHOLE_GI = np.array([
    -1.47981328806, -1.62436470272, -0.500236880768, 2.31008267411, 3.10367919708, -1.76488068046,
    -2.10542112634, -0.605121036312, 2.64552915875, 3.5747264738, -1.20281676949, -1.60532109633,
    -0.855171051317, 1.64532909873, 2.45059865185, 0.0618270302072, -0.730146043815, -1.48029608883,
    -0.98019605882, -0.21920492528, 0.648236794327, -0.0786889475365, -1.48384872497, -1.76488068046,
    -1.31611712788,
])  # fmt: skip
WHOLE_I = np.array([
    0.520192076831, 0.310588235294, 0.0397599039616, -0.235390156062, 2.38213685474, 0.342280912365,
    0.437358943577, -0.0137214885954, 0.807406962785, 2.69546218487, 0.288259303721, 0.103325330132,
    0.1006242497, 0.166350540216, 1.15116446579, -0.0726050420168, 0.0956722689076, 0.282046818727,
    0.120432172869, 0.0109483793517, 0.0700120048019, -0.0401920768307, 0.278895558223, 0.487058823529,
    0.437358943577,
])  # fmt: skip
WHOLE_I_Z = np.array([
    1.21941040066, 1.51019630228, 0.206098666848, -2.51891203354, 2.65814588956, 1.65874020086, 1.93695959426,
    -0.636042230181, 2.41838883825, 3.27818686624, 0.955548364479, 1.57050101722, 0.725169120388, 1.57346190158,
    2.07700106077, -0.198814963982, 0.516522558469, 1.29130639617, 0.853140141633, 0.141650309955,
    0.208281225292, -0.22830184801, 1.36165240369, 1.55510812258, 1.03534845339,
])  # fmt: skip
WHOLE_QUADRANT = np.array([
    2, 2, 2, 4, 1, 2, 2, 3, 1, 1, 2, 2, 2, 1, 1, 3, 2, 2, 2, 2, 1, 3, 2, 2, 2,
])  # fmt: skip
MASKED_GI = np.array([
    -0.917197605991, -0.090440043899, 1.94566994065, 2.75842133892, -0.117919390343, 2.54128492436,
    3.18382353925, -0.881790428015, -1.21850036687, 1.51745790447, 2.08324256272, -0.255492012409,
    -0.914131267754, -1.68200153267, -1.17008802273, -0.530637256542, 0.384370186571, -0.393064634475,
    -1.76879085514, -2.04393609927, -1.51487073531,
])  # fmt: skip
MASKED_I = np.array([
    -0, -0.218506869724, -0.283396788611, 1.83247806655, 0.00165535507366, 0.715113391823, 2.05264029134,
    0.206367599183, 0.143022678365, 0.109253434862, 0.810461844066, -0.11190200298, 0.145671246482,
    0.364178116206, 0.173812282735, 0.0503227942394, -0.0331071014733, -0.0516470782983, 0.372454891574,
    0.597252110578, 0.546267174309,
])  # fmt: skip
MASKED_I_Z = np.array([
    np.nan, -0.372980441207, -2.15621564445, 2.34206227561, 0.107515214715, 2.33298312784, 2.89840142425,
    0.515068228334, 1.14998167704, 1.47285029597, 1.7381139134, -0.46933838641, 0.678111846675, 1.47589048982,
    1.01856691013, 0.431243128891, 3.02727050995e-17, -0.502502551988, 1.62866006554, 1.8307592326,
    1.22550716397,
])  # fmt: skip
MASKED_QUADRANT = np.array([
    2, 4, 4, 1, 2, 1, 1, 2, 2, 1, 1, 3, 2, 2, 2, 2, 3, 3, 2, 2, 2,
])  # fmt: skip
# esda 2.9.0, same script: Boston's requests of 2015 on squares of 250 m (EPSG:32619) that have one
BOSTON_M = 250.0
BOSTON = {"rows": 73, "columns": 65, "inside": 1748}
BOSTON_GI = (15.12804923675855, -0.43367460635493993, 522.5859766213518)
BOSTON_I = (45.07807962561169, 47.34505023006671)


def ways() -> list:
    """The same grid as a mesh and as lists."""
    return [GRID, neighbours(GRID)]


@pytest.mark.parametrize("near", ways(), ids=["mesh", "lists"])
def test_gi_star_and_moran_are_those_of_esda(near: Mesh | Neighbours) -> None:
    np.testing.assert_allclose(getis_ord(COUNTS, near), WHOLE_GI, rtol=0, atol=1e-9)
    found = local_moran(COUNTS, near)
    np.testing.assert_allclose(found.i, WHOLE_I, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.z, WHOLE_I_Z, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(found.quadrant, WHOLE_QUADRANT)


@pytest.mark.parametrize("near", ways(), ids=["mesh", "lists"])
def test_cells_left_out_are_as_if_they_were_not_there(near: Mesh | Neighbours) -> None:
    z, found = getis_ord(COUNTS, near, inside=INSIDE), local_moran(COUNTS, near, inside=INSIDE)
    np.testing.assert_allclose(z[INSIDE], MASKED_GI, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.i[INSIDE], MASKED_I, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.z[INSIDE][1:], MASKED_I_Z[1:], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(found.quadrant[INSIDE][1:], MASKED_QUADRANT[1:])
    for answer in (z, found.i, found.z):
        assert np.isnan(answer[~INSIDE]).all()
    assert found.quadrant[~INSIDE].tolist() == [0] * 4
    # esda says NaN and LL of the island; nothing is known about its neighbours
    assert (found.i[0], found.z[0], QUADRANTS[found.quadrant[0]]) == (0, 0, "")


def test_a_value_that_is_no_number_is_left_out_as_by_the_mask() -> None:
    for unknown in (np.nan, np.inf, -np.inf):
        values = np.where(INSIDE, COUNTS, unknown)
        for near in ways():
            np.testing.assert_array_equal(getis_ord(values, near), getis_ord(COUNTS, near, inside=INSIDE))
            np.testing.assert_array_equal(local_moran(values, near), local_moran(COUNTS, near, inside=INSIDE))
            p = permuted_p(values, near, seed=1)
            np.testing.assert_array_equal(p, permuted_p(COUNTS, near, inside=INSIDE, seed=1))
            assert np.isnan(p[~INSIDE]).all()
    both = np.where(INSIDE, COUNTS, np.array([np.inf, -np.inf] * 13)[:25])
    np.testing.assert_array_equal(getis_ord(both, GRID), getis_ord(COUNTS, GRID, inside=INSIDE))


def nothing_stands_out(values: np.ndarray, near: Mesh | Neighbours) -> None:
    found = local_moran(values, near)
    for answer in (getis_ord(values, near), found.i, found.z):
        assert answer.tolist() == [0] * len(values)
    assert two_sided_p(getis_ord(values, near)).tolist() == [1] * len(values)
    assert permuted_p(values, near, permutations=49, seed=1).tolist() == [1] * len(values)


def test_where_nothing_can_stand_out_nothing_does() -> None:
    for near in ways():
        for value in (0.0, 0.1, 1e9 / 3, -7.7, 1e-300):
            nothing_stands_out(np.full(25, value), near)
    one = Mesh("square", 1.0, (0.0, 0.0), 1, 1)
    for near in (one, neighbours(one)):
        nothing_stands_out(np.array([7.0]), near)
    # three cells that are all each other's neighbours
    triangle = Neighbours(np.array([0, 2, 4, 6]), np.array([1, 2, 0, 2, 0, 1]))
    np.testing.assert_allclose(getis_ord(np.array([1.0, 2, 9]), triangle), 0, atol=1e-12)
    assert local_moran(np.array([1.0, 2, 9]), triangle).z.tolist() == [0, 0, 0]
    assert permuted_p(np.array([1.0, 2, 9]), triangle, seed=1).tolist() == [1, 1, 1]


def test_no_cell_at_all_is_an_answer() -> None:
    nobody = Neighbours(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64))
    assert getis_ord(np.empty(0), nobody).tolist() == []
    assert permuted_p(np.empty(0), nobody, seed=1).tolist() == []
    assert np.isnan(getis_ord(COUNTS, GRID, inside=np.zeros(25, dtype=bool))).all()
    assert np.isnan(local_moran(np.full(25, np.nan), GRID).i).all()
    assert np.isnan(permuted_p(np.full(25, np.nan), GRID, seed=1)).all()


def test_islands_are_compared_by_themselves_in_gi_star_and_not_at_all_in_moran() -> None:
    apart = Neighbours(np.zeros(5, dtype=np.int64), np.zeros(0, dtype=np.int64))
    values = np.array([1.0, 2, 3, 10])
    np.testing.assert_allclose(getis_ord(values, apart), (values - 4) / np.std(values))
    found = local_moran(values, apart)
    assert (found.i.tolist(), found.z.tolist(), found.quadrant.tolist()) == ([0] * 4, [0] * 4, [0] * 4)
    assert permuted_p(values, apart, seed=1).tolist() == [1] * 4


def test_moran_tells_the_high_among_low() -> None:
    values = np.ones(25)
    values[12] = 40
    found = local_moran(values, GRID)
    assert QUADRANTS[found.quadrant[12]] == "HL"
    assert {QUADRANTS[found.quadrant[cell]] for cell in (6, 7, 8, 11, 13, 16, 17, 18)} == {"LH"}
    assert QUADRANTS[found.quadrant[0]] == "LL"


def plain_p(values: np.ndarray, near: Neighbours, permutations: int, seed: int) -> np.ndarray:
    """Each cell by itself: of the cells drawn, the first that are not itself stand in for its neighbours."""
    degree = np.diff(near.start)
    drawn = _drawn(len(values), int(degree.max()) + 1, permutations, seed)
    p = []
    for cell, size in enumerate(degree):
        around = values[near.node[near.start[cell] : near.start[cell + 1]]].sum()
        sums = np.array([sum(values[i] for i in [i for i in row if i != cell][:size]) for row in drawn])
        fewer = min((sums >= around - 1e-9).sum(), (sums <= around + 1e-9).sum())
        p.append(min(1.0, 2 * (fewer + 1) / (permutations + 1)))
    return np.array(p)


@pytest.mark.parametrize("kind", ["square", "hexagon"])
@pytest.mark.parametrize("rows", [3, 12])  # a row of few cells is shuffled whole, of many drawn until none repeats
def test_p_by_permutation_is_that_of_every_cell_by_itself(kind: str, rows: int) -> None:
    mesh = Mesh(kind, 1.0, (0.0, 0.0), rows, 11)  # type: ignore[arg-type]
    rng = generator(5, kind)
    for values in (rng.poisson(0.3, mesh.cells).astype(float), rng.gamma(1.0, 3.0, mesh.cells)):
        expected = plain_p(values, neighbours(mesh), 199, seed=7)
        np.testing.assert_array_equal(permuted_p(values, mesh, permutations=199, seed=7), expected)
        np.testing.assert_array_equal(permuted_p(values, neighbours(mesh), permutations=199, seed=7), expected)


@pytest.mark.parametrize(("cells", "take"), [(9, 9), (60, 9), (400, 9), (5000, 9), (3, 1)])
def test_draws_have_no_repeats_and_every_cell_comes_up_alike(cells: int, take: int) -> None:
    drawn = _drawn(cells, take, 4000, seed=3)
    assert drawn.shape == (4000, take)
    assert all(len(set(row)) == take for row in drawn.tolist())
    for place in (0, take - 1):
        seen = np.bincount(drawn[:, place], minlength=cells)
        expected = 4000 / cells
        # the sum of squares over what is expected has mean cells - 1 and variance 2 (cells - 1)
        assert abs(((seen - expected) ** 2 / expected).sum() - (cells - 1)) < 5 * (2 * cells) ** 0.5


def test_p_by_permutation_has_its_seed_and_its_convention() -> None:
    values = generator(6, "gamma").gamma(1.0, 2.0, 25)
    first = permuted_p(values, GRID, permutations=99, seed=1)
    np.testing.assert_array_equal(first, permuted_p(values, GRID, permutations=99, seed=1))
    assert (first != permuted_p(values, GRID, permutations=99, seed=2)).any()
    # no draw is as high or as low as the neighbours of a cell in the middle of the highest
    steep = np.zeros(400)
    mesh = Mesh("square", 1.0, (0.0, 0.0), 20, 20)
    steep[neighbours(mesh).node[slice(*neighbours(mesh).start[210:212])]] = 1000
    assert permuted_p(steep, mesh, permutations=99, seed=1)[210] == 2 / 100


def test_among_mostly_empty_cells_an_empty_one_is_not_cold() -> None:
    # two draws of three are empty as well: esda's p_sim of Gi* is 0.001 there (2.9.0, both tails counted unlike)
    mesh = Mesh("square", 1.0, (0.0, 0.0), 60, 60)
    values = (generator(7, "sparse").random(3600) < 0.05).astype(float)
    p = permuted_p(values, mesh, seed=1)
    empty = np.isclose(getis_ord(values, mesh), getis_ord(values, mesh).min())
    assert empty.sum() > 1500
    assert p[empty].min() == 1
    assert (p < 0.05).mean() < 0.05


def test_the_two_p_agree_where_cells_hold_many() -> None:
    mesh = Mesh("square", 1.0, (0.0, 0.0), 30, 30)
    values = generator(8, "many").poisson(400, 900)
    p = permuted_p(values, mesh, permutations=9999, seed=1)
    z = local_moran(values, mesh).z
    np.testing.assert_allclose(p, two_sided_p(z), atol=0.03)


def test_chance_alone_is_kept_to_its_share() -> None:
    mesh = Mesh("square", 1.0, (0.0, 0.0), 60, 60)
    shares, finds = [], 0
    for seed in range(10):
        values = generator(seed, "chance").poisson(20, 3600)
        p = two_sided_p(getis_ord(values, mesh))
        shares.append((p < 0.05).mean())
        finds += (q_values(p) < 0.05).any()
    assert np.mean(shares) == pytest.approx(0.05, abs=0.01)
    assert finds <= 3


def test_a_planted_hot_spot_and_a_cold_one_are_found() -> None:
    mesh = Mesh("square", 200.0, (0.0, 0.0), 40, 40)
    row, column = np.divmod(np.arange(1600), 40)
    hot, cold = np.hypot(row - 10, column - 12) < 3, np.hypot(row - 30, column - 25) < 4
    values = generator(9, "planted").poisson(np.where(hot, 30, np.where(cold, 2, 10)))
    z = getis_ord(values, mesh)
    q = q_values(two_sided_p(z))
    assert (z[hot] > 0).all()
    assert (z[cold] < 0).all()
    assert (q[hot] < 0.05).mean() > 0.95
    assert (q[cold] < 0.05).mean() > 0.8
    near = np.hypot(row - 10, column - 12) < 5
    near |= np.hypot(row - 30, column - 25) < 6
    assert (q[~near] < 0.05).sum() <= 3
    q = q_values(permuted_p(values, mesh, permutations=99_999, seed=1))
    assert (q[hot] < 0.05).mean() > 0.95


def test_two_sided_p_is_that_of_the_normal() -> None:
    z = np.array([0.0, 1.0, -1.0, 1.959963984540054, -5.0, 30.0, np.nan])
    np.testing.assert_allclose(two_sided_p(z), 2 * norm.sf(np.abs(z)), rtol=1e-12)
    assert two_sided_p(np.array([3])).tolist() == two_sided_p(np.array([-3.0])).tolist()


def test_q_values_are_those_of_benjamini_and_hochberg_and_yekutieli() -> None:
    p = generator(10, "p").random(500) ** 3
    p[::7] = p[3]
    np.testing.assert_allclose(q_values(p), false_discovery_control(p), rtol=1e-12)
    np.testing.assert_allclose(q_values(p, is_dependent=True), false_discovery_control(p, method="by"), rtol=1e-12)
    assert len(np.unique(q_values(p)[::7])) == 1


def test_q_of_nan_is_nan_and_does_not_count() -> None:
    p = np.array([np.nan, 0.01, 0.04, np.nan, 0.03])
    # Benjamini and Hochberg by hand: 3 tests, 0.01 x 3, then 0.04 x 3 / 3 for both others
    np.testing.assert_allclose(q_values(p), [np.nan, 0.03, 0.04, np.nan, 0.04])
    assert q_values(np.empty(0)).tolist() == []
    assert np.isnan(q_values(np.full(3, np.nan))).all()
    assert q_values(np.array([0.0, 1.0])).tolist() == [0, 1]
    assert np.isnan(p).sum() == 2


def test_bad_input_is_refused() -> None:
    for call in (getis_ord, local_moran, lambda *a, **k: permuted_p(*a, **k, seed=1)):
        for near in ways():
            with pytest.raises(BadSettingError, match="values"):
                call(np.ones(24), near)
            with pytest.raises(BadSettingError, match="values"):
                call(np.ones((5, 5)), near)
            with pytest.raises(BadSettingError, match="inside"):
                call(COUNTS, near, inside=np.ones(24, dtype=bool))
    with pytest.raises(BadSettingError, match="permutations"):
        permuted_p(COUNTS, GRID, permutations=0, seed=1)
    for p in ([1.1], [-0.1, 0.5]):
        with pytest.raises(BadSettingError, match="p cannot be"):
            q_values(np.array(p))


def test_the_values_are_not_changed() -> None:
    for values in (COUNTS.copy(), COUNTS.astype(float), np.where(INSIDE, COUNTS, np.nan)):
        copy = values.copy()
        for inside in (None, INSIDE):
            getis_ord(values, GRID, inside=inside)
            local_moran(values, GRID, inside=inside)
            permuted_p(values, GRID, inside=inside, permutations=9, seed=1)
        np.testing.assert_array_equal(values, copy)
    assert getis_ord(COUNTS, GRID).flags.writeable


def test_real_requests_have_the_numbers_of_esda(shared) -> None:  # type: ignore[no-untyped-def]
    rows = pd.read_csv(shared / "incidents" / "boston_311_2015.csv.gz", usecols=["LATITUDE", "LONGITUDE"])
    points = gpd.GeoSeries.from_xy(rows["LONGITUDE"], rows["LATITUDE"], crs=4326).to_crs(32619)
    xy = shapely.get_coordinates(points.to_numpy())
    mesh = mesh_over(tuple(points.total_bounds), cell_m=BOSTON_M)
    found = counts(mesh, xy)
    inside = found > 0
    assert found.sum() == len(rows) == 121_145
    assert {"rows": mesh.rows, "columns": mesh.columns, "inside": inside.sum()} == BOSTON
    z = getis_ord(found, mesh, inside=inside)
    assert (np.nanmax(z), np.nanmin(z), np.nansum(np.abs(z))) == pytest.approx(BOSTON_GI, abs=1e-8)
    i = local_moran(found, mesh, inside=inside).i
    assert (np.nansum(i), np.nansum(np.abs(i))) == pytest.approx(BOSTON_I, abs=1e-8)
    np.testing.assert_allclose(getis_ord(found, neighbours(mesh, inside=inside), inside=inside), z, atol=1e-9)
    np.testing.assert_array_equal(counts(mesh, xy[::-1]), found)
