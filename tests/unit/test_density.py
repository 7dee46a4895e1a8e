"""Density surfaces: nothing lost, kernels in metres, tiles that agree, and flat where risk is even."""

import numpy as np
import pytest

from geo.density import EQUATOR_M, binned, binned_homes, densest, density, density_tile, rate_tile, tile
from geo.errors import BadPointError, BadSettingError
from geo.hotspots.rates import Prior
from geo.rng import generator

LON, LAT = 107.72, 27.95


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    """The tile a place is in, by the slippy-map formula."""
    row = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2
    return int((lon + 180) / 360 * 2**z), int(row * 2**z)


def kernel_sum(at: np.ndarray, points: np.ndarray, sd_m: float) -> np.ndarray:
    """The definition, point by point: sum of exp(-d2 / 2 sd2) / (2 pi sd2), per km2."""
    d2 = ((at[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)
    return np.exp(-d2 / (2 * sd_m**2)).sum(axis=1) / (2 * np.pi * sd_m**2) * 1e6


def test_the_integral_is_the_number_of_incidents() -> None:
    points = generator(1, "points").uniform(1000, 4000, (777, 2))
    surface, bounds = density(points, bandwidth_m=120, cell_m=30, bounds=(0, 0, 5000, 5000))
    assert surface.sum() * 30 * 30 / 1e6 == pytest.approx(777, rel=1e-3)
    assert bounds == (0, 5000 - 167 * 30, 167 * 30, 5000)
    assert surface.shape == (167, 167)
    assert surface.min() >= 0


def test_the_surface_is_the_sum_of_kernels() -> None:
    rng = generator(2, "points")
    points = rng.uniform(0, 2000, (60, 2))
    surface, _ = density(points, bandwidth_m=150, cell_m=10, bounds=(0, 0, 2000, 2000))
    row, column = rng.integers(0, 200, (2, 300))
    middle = np.stack([column * 10 + 5, 2000 - (row * 10 + 5)], axis=1).astype(float)
    wanted = kernel_sum(middle, points, 150)
    # counted per 10 m cell and cut at four bandwidths: within 0.1% of the peak
    np.testing.assert_allclose(surface[row, column], wanted, atol=0.001 * wanted.max())


def test_the_coarsest_cells_are_within_a_percent_of_the_sum_of_kernels() -> None:
    rng = generator(12, "points")
    points = rng.normal(1500, 200, (4000, 2))
    surface, _ = density(points, bandwidth_m=150, cell_m=75, bounds=(0, 0, 3000, 3000))
    row, column = np.divmod(np.arange(1600), 40)
    middle = np.stack([column * 75 + 37.5, 3000 - (row * 75 + 37.5)], axis=1)
    wanted = kernel_sum(middle, points, 150)
    np.testing.assert_allclose(surface.ravel(), wanted, atol=0.002 * wanted.max())


def test_the_order_of_incidents_does_not_change_the_last_bit() -> None:
    rng = generator(13, "points")
    points = np.round(rng.normal(1000, 300, (5000, 2)), -1)
    turn = rng.permutation(5000)
    around = {"bandwidth_m": 120, "cell_m": 30, "bounds": (0, 0, 2000, 2000)}
    np.testing.assert_array_equal(density(points, **around)[0], density(points[turn], **around)[0])
    lon, lat = LON + points[:, 0] * 1e-5, LAT + points[:, 1] * 1e-5
    x, y = tile_of(LON + 0.01, LAT + 0.01, 13)
    here = {"z": 13, "x": x, "y": y, "bandwidth_m": 120}
    np.testing.assert_array_equal(density_tile(lon, lat, **here), density_tile(lon[turn], lat[turn], **here))


def test_row_0_is_the_north_and_incidents_outside_reach_in() -> None:
    surface, _ = density(np.array([[50.0, 1050.0]]), bandwidth_m=100, cell_m=20, bounds=(0, 0, 1000, 1000))
    assert surface.argmax() == surface[0].argmax() == 2
    assert surface[0, 2] > 5


def test_no_incidents_make_an_empty_surface() -> None:
    assert density(np.empty((0, 2)), bandwidth_m=100, cell_m=20, bounds=(0, 0, 100, 100))[0].max() == 0
    assert density_tile(np.empty(0), np.empty(0), z=14, x=0, y=0, bandwidth_m=100).max() == 0


@pytest.mark.parametrize("lat", [0.0, 27.95, 60.2])
@pytest.mark.parametrize("z", [13, 15, 17])
def test_a_tile_measures_in_true_metres_at_every_latitude_and_zoom(lat: float, z: int) -> None:
    x, y = tile_of(LON, lat, z)
    made = density_tile(np.array([LON]), np.array([lat]), z=z, x=x, y=y, bandwidth_m=150)
    # the peak of one kernel is 1 / (2 pi sd2): 7.0736 per km2 at 150 m
    assert made.max() == pytest.approx(7.0736, rel=0.02)
    row, column = np.unravel_index(made.argmax(), made.shape)
    pixel_m = EQUATOR_M / (256 * 2**z) * np.cos(np.radians(lat))
    step = int(60 / pixel_m)
    side = -1 if column > 128 else 1
    fall = made[row, column + side * step] / made.max()
    assert fall == pytest.approx(np.exp(-0.5 * (step * pixel_m / 150) ** 2), abs=0.005)


def test_a_tile_agrees_with_the_surface_on_the_plane() -> None:
    rng = generator(3, "points")
    metre = 1 / (np.radians(1) * 6_378_137 * np.cos(np.radians(LAT))), 1 / (np.radians(1) * 6_378_137)
    points = rng.normal(0, 300, (400, 2))
    x, y = tile_of(LON, LAT, 14)
    made = density_tile(LON + points[:, 0] * metre[0], LAT + points[:, 1] * metre[1], z=14, x=x, y=y, bandwidth_m=120)
    world = 256 * 2**14
    column, row = rng.integers(0, 256, (2, 200))
    lon = (x * 256 + column + 0.5) / world * 360 - 180
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * (y * 256 + row + 0.5) / world))))
    at = np.stack([(lon - LON) / metre[0], (lat - LAT) / metre[1]], axis=1)
    wanted = kernel_sum(at, points, 120)
    # the plane here is a sphere's, metres east and north of a place: a few kilometres off it is 0.1% too wide
    np.testing.assert_allclose(made[row, column], wanted, atol=0.005 * wanted.max())


@pytest.mark.parametrize("z", [10, 13, 16])
def test_what_is_laid_out_once_answers_for_every_tile(z: int) -> None:
    rng = generator(7, "points")
    lon, lat = LON + rng.normal(0, 0.01, 3000), LAT + rng.normal(0, 0.01, 3000)
    lon[:500], lat[:500] = LON, LAT  # many at one address
    lon[-3:], lat[-3:] = (2.0, -179.9, 103.0), (50.0, -80.0, 1.0)  # strays
    once = binned(lon, lat)
    assert once.incidents.sum() == 3000
    assert len(once.east) == 2501
    x, y = tile_of(LON, LAT, z)
    for i, j in ((0, 0), (1, 0), (0, -1), (5, 5)):
        here = {"z": z, "x": x + i, "y": y + j, "bandwidth_m": 200}
        near = np.abs(lon - LON) < 1  # a tile needs those around it, no others
        np.testing.assert_array_equal(tile(once, **here), density_tile(lon[near], lat[near], **here))
    assert tile(once, z=z, x=0, y=0, bandwidth_m=200).max() == 0


def test_the_densest_spot_is_that_of_all_tiles() -> None:
    rng = generator(8, "points")
    lon, lat = LON + rng.normal(0, 0.01, 4000), LAT + rng.normal(0, 0.01, 4000)
    lon[:30], lat[:30] = LON + 0.031, LAT - 0.027
    once = binned(np.append(lon, [10.0, 10.0]), np.append(lat, [60.0, 60.0]))
    x, y = tile_of(LON, LAT, 13)
    tiles = [tile(once, z=13, x=x + i, y=y + j, bandwidth_m=90).max() for i in range(-2, 3) for j in range(-2, 3)]
    assert densest(once, bandwidth_m=90) == pytest.approx(max(tiles), rel=0.01)
    one = binned(np.array([LON]), np.array([LAT]))
    assert densest(one, bandwidth_m=150) == pytest.approx(7.0736, rel=0.01)  # 1 / (2 pi sd2)
    assert densest(binned(np.empty(0), np.empty(0)), bandwidth_m=150) == 0


def town(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Homes in degrees, dense in the west and thin in the east, and their households."""
    rng = generator(seed, "homes")
    lon, lat = LON + 0.03 * rng.uniform(0, 1, 3000) ** 2, LAT + 0.03 * rng.uniform(0, 1, 3000)
    return lon, lat, rng.integers(1, 30, 3000)


def whole_town(z: int = 14) -> dict[str, int]:
    """The tile in which the town lies."""
    x, y = (int(part * 2**z) for part in (LON / 360 + 0.5, 0.5 - np.arctanh(np.sin(np.radians(LAT))) / (2 * np.pi)))
    return {"z": z, "x": x, "y": y - 1}


def test_constant_risk_is_a_flat_surface() -> None:
    lon, lat, households = town(1)
    every = binned(lon, lat, 2 * households)  # two incidents a household
    rate, around = rate_tile(
        every, binned_homes(lon, lat, households), Prior(2.0, 0.3), **whole_town(), bandwidth_m=150
    )
    np.testing.assert_allclose(rate, 2000, rtol=1e-9)
    assert around.max() > 100
    # A kernel holds what a circle of its ground would: the density by its ground.
    dense = tile(binned(lon, lat, households), **whole_town(), bandwidth_m=150)
    np.testing.assert_allclose(around, dense * 4 * np.pi * 0.15**2)


def test_raised_risk_stands_out_and_crowds_do_not() -> None:
    lon, lat, households = town(2)
    metres = np.hypot((lon - LON - 0.022) * 111_000 * np.cos(np.radians(LAT)), (lat - LAT - 0.015) * 111_000)
    count = generator(2, "risk").binomial(households, np.where(metres < 300, 0.12, 0.02))  # in the thin east
    incidents, homes = binned(lon, lat, count), binned_homes(lon, lat, households)
    prior = Prior(count.sum() / households.sum(), 0.0001)
    at = whole_town(13) | {"bandwidth_m": 150.0, "tile_px": 512}
    rate, _ = rate_tile(incidents, homes, prior, **at)
    _, column = np.unravel_index(rate.argmax(), rate.shape)
    lon_px = ((at["x"] + (column + 0.5) / 512) / 2**13 - 0.5) * 360
    assert abs(lon_px - LON - 0.022) < 0.003
    _, crowd = np.unravel_index(tile(incidents, **at).argmax(), rate.shape)
    assert ((at["x"] + (crowd + 0.5) / 512) / 2**13 - 0.5) * 360 < LON + 0.01


def test_few_households_are_moved_to_the_rate_of_all() -> None:
    """Marshall's formula at one place: a house of many homes with as many incidents a household as one of few."""
    prior, at = Prior(0.05, 0.01), whole_town(15) | {"bandwidth_m": 60.0}
    x, y = at["x"] + 0.5, at["y"] + 0.5
    lon, lat = (x / 2**15 - 0.5) * 360, np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * y / 2**15))))
    found = []
    for households in (4, 400):
        homes = binned_homes(np.array([lon]), np.array([lat]), np.array([households]))
        incidents = binned(np.array([lon]), np.array([lat]), np.array([households // 4]))
        rate, around = rate_tile(incidents, homes, prior, **at)
        held = around[128, 128]
        # at its own spot a kernel of sd h holds 4 pi h^2 / (2 pi h^2) of it, and a little less beside it
        assert 1.8 * households < held <= 2.0 * households
        kept = prior.variance / (prior.variance + prior.mean / held)
        assert rate[128, 128] == pytest.approx(1000 * (prior.mean + kept * (0.25 - prior.mean)))
        found.append(rate[128, 128])
    assert 50 < found[0] < found[1] < 250


def test_rates_that_vary_by_chance_alone_are_one_rate_and_nothing_is_no_rate() -> None:
    lon, lat, households = town(3)
    homes, some = binned_homes(lon, lat, households), binned(lon[:40], lat[:40])
    rate, _ = rate_tile(some, homes, Prior(0.01, 0.0), **whole_town(), bandwidth_m=150)
    np.testing.assert_allclose(rate, 10)
    none, _ = rate_tile(some, homes, Prior(0.0, 0.0), **whole_town(), bandwidth_m=150)
    assert np.isnan(none).all()


def test_shares_of_households_count() -> None:
    lon, lat, households = town(4)
    at = whole_town() | {"bandwidth_m": 150.0}
    some = binned(lon, lat)
    whole = rate_tile(some, binned_homes(lon, lat, households), Prior(0.1, 0.1), **at)[1]
    eighth = rate_tile(some, binned_homes(lon, lat, households / 8), Prior(0.1, 0.1), **at)[1]
    np.testing.assert_allclose(eighth, whole / 8)


@pytest.mark.parametrize("bad", [np.full(9, -1), np.full(9, np.nan), np.ones(8)], ids=str)
def test_homes_that_cannot_be_counted_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(BadSettingError):
        binned_homes(np.full(9, LON), np.full(9, LAT), bad)


@pytest.mark.parametrize("z", [9, 12, 14, 17])
def test_neighbouring_tiles_agree(z: int) -> None:
    """Four tiles of 256 pixels are one of 512 at the zoom above: no seam, at any of their edges."""
    rng = generator(4, "points")
    lon, lat = LON + rng.normal(0, 0.02, 3000), LAT + rng.normal(0, 0.02, 3000)
    x, y = tile_of(LON, LAT, z)
    whole = density_tile(lon, lat, z=z, x=x, y=y, bandwidth_m=120, tile_px=512)
    four = [
        [density_tile(lon, lat, z=z + 1, x=2 * x + i, y=2 * y + j, bandwidth_m=120) for i in (0, 1)] for j in (0, 1)
    ]
    np.testing.assert_allclose(np.block(four), whole, atol=1e-6 * whole.max())
    assert whole.max() > 0


def test_far_out_every_incident_is_still_counted() -> None:
    rng = generator(5, "points")
    lon, lat = LON + rng.normal(0, 0.02, 500), LAT + rng.normal(0, 0.02, 500)
    x, y = tile_of(LON, LAT, 6)
    made = density_tile(lon, lat, z=6, x=x, y=y, bandwidth_m=120)
    row = np.arange(256) + y * 256 + 0.5
    pixel_m = EQUATOR_M / (256 * 2**6) / np.cosh(np.pi * (1 - 2 * row / (256 * 2**6)))
    assert (made * (pixel_m**2)[:, None]).sum() / 1e6 == pytest.approx(500, rel=1e-3)


@pytest.mark.parametrize(
    "bad",
    [
        {"bandwidth_m": 0.0},
        {"bandwidth_m": float("nan")},
        {"cell_m": 80.0},
        {"cell_m": 0.01},
        {"bounds": (0, 0, 0, 100)},
        {"bounds": (0, 0, float("inf"), 100)},
    ],
    ids=str,
)
def test_numbers_out_of_range_are_refused(bad: dict[str, object]) -> None:
    good = {"bandwidth_m": 100.0, "cell_m": 20.0, "bounds": (0, 0, 1000, 1000)}
    with pytest.raises(BadSettingError):
        density(np.array([[1.0, 1.0]]), **(good | bad))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "bad", [{"z": -1}, {"z": 25}, {"x": 16}, {"y": -1}, {"tile_px": 250}, {"bandwidth_m": 2e5}], ids=str
)
def test_tiles_that_do_not_exist_are_refused(bad: dict[str, float]) -> None:
    good = {"z": 4, "x": 1, "y": 1, "bandwidth_m": 100.0}
    with pytest.raises(BadSettingError):
        density_tile(np.array([LON]), np.array([LAT]), **(good | bad))  # type: ignore[arg-type]


def test_coordinates_that_are_no_places_are_refused() -> None:
    with pytest.raises(BadPointError, match="not a number"):
        density(np.array([[np.nan, 1.0]]), bandwidth_m=100, cell_m=20, bounds=(0, 0, 100, 100))
    with pytest.raises(BadPointError, match="out of range"):
        density_tile(np.array([LAT, 27.0]), np.array([LON, 91.0]), z=4, x=1, y=1, bandwidth_m=100)


def test_what_is_handed_in_is_not_changed() -> None:
    lon, lat = np.array([LON, LON]), np.array([LAT, 89.9])
    density_tile(lon, lat, z=10, x=1, y=1, bandwidth_m=100)
    assert (lon.tolist(), lat.tolist()) == ([LON, LON], [LAT, 89.9])
