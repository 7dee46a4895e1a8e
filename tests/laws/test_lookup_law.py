"""Laws of lookup: never certain when the place, within its accuracy, could lie elsewhere - and else always."""

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.lookup import GridIndex

GEOD = pyproj.Geod(ellps="WGS84")
AROUND = np.arange(0.0, 360.0, 5.0)
SIZE_DEG = 0.01
few = settings(max_examples=40)


def town(seed: int, lon: float, lat: float) -> gpd.GeoDataFrame:
    """Twenty grids that tile a square without gap: the cells of random sites, cut at its rim."""
    sites = np.random.default_rng(seed).uniform([lon, lat], [lon + SIZE_DEG, lat + SIZE_DEG], (20, 2))
    ground = shapely.box(lon, lat, lon + SIZE_DEG, lat + SIZE_DEG)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(sites), extend_to=ground))
    shapes = shapely.intersection(cells, ground)
    return gpd.GeoDataFrame(geometry=shapes, crs=4326)


# To a tenth of a metre: no town lies at 5e-324 degrees, where the ground of this test could not be drawn.
latitudes = st.floats(-60.0, 70.0).map(lambda lat: round(lat, 6))
places = st.tuples(st.floats(-0.1, 1.1), st.floats(-0.1, 1.1))


@few
@given(
    st.integers(0, 30),
    st.floats(74.0, 134.0),
    latitudes,
    st.lists(places, min_size=1, max_size=5),
    st.floats(0.0, 400.0),
)
def test_certain_means_every_place_of_the_disc_is_in_that_grid(
    seed: int, lon: float, lat: float, shares: list[tuple[float, float]], accuracy_m: float
) -> None:
    grids = town(seed, lon, lat)
    index = GridIndex.from_grids(grids)
    for east, north in shares:
        x, y = lon + east * SIZE_DEG, lat + north * SIZE_DEG
        answer = index.find(x, y, accuracy_m=accuracy_m)
        rim = [GEOD.fwd(x, y, azimuth, accuracy_m)[:2] for azimuth in AROUND]
        points = shapely.points([(x, y), *rim])
        covered = np.array([shapely.covers(shape, points) for shape in grids.geometry])
        touched = set(np.flatnonzero(covered.any(axis=1)).tolist())
        assert answer.certain == (answer.kind == "assigned")
        # what sampled points of the disc touch is among the ids, whatever the kind
        assert touched <= set(answer.ids)
        if answer.certain:
            assert covered[answer.ids[0]].all()
            assert answer.distance_to_border_m >= accuracy_m
        if answer.kind == "outside":
            assert not touched
        # and not certain means that some place hardly beyond the disc lies elsewhere
        if not answer.certain and answer.ids:
            home = grids.geometry[answer.ids[0]]
            metres = pyproj.Transformer.from_crs(4326, f"+proj=aeqd +lon_0={x} +lat_0={y} +ellps=WGS84", always_xy=True)
            flat = shapely.transform(
                shapely.boundary(home), lambda xy, to=metres: np.stack(to.transform(*xy.T), axis=1)
            )
            assert shapely.distance(flat, shapely.Point(0, 0)) <= accuracy_m + 0.01


@few
@given(st.integers(0, 30), st.floats(74.0, 134.0), latitudes, st.lists(places, min_size=1, max_size=30))
def test_many_points_get_a_grid_that_covers_them_or_none(
    seed: int, lon: float, lat: float, shares: list[tuple[float, float]]
) -> None:
    grids = town(seed, lon, lat)
    x, y = (np.array(axis) for axis in zip(*[(lon + e * SIZE_DEG, lat + n * SIZE_DEG) for e, n in shares], strict=True))
    found = GridIndex.from_grids(grids).find_many(x, y)
    for grid, point in zip(found.tolist(), shapely.points(x, y), strict=True):
        covering = [i for i, shape in enumerate(grids.geometry) if shape.covers(point)]
        assert grid == min(covering, default=-1)


def changed(frame: gpd.GeoDataFrame, draws: np.random.Generator, what: str) -> gpd.GeoDataFrame:
    """The frame with two of it made one, one cut in two, gone, moved or twice there, none left, one far away, or twice
    as many; or with all of it numbered anew."""
    shapes, at = dict(frame.geometry), draws.permutation(frame.index.tolist()).tolist()
    new = max(shapes, default=0) + 1
    if what == "none":
        shapes = {}
    elif what == "far":
        shapes[new] = shapely.box(*(frame.total_bounds + 5 * SIZE_DEG)) if len(frame) else shapely.box(0, 0, 1, 1)
    elif what == "many":
        shapes |= {new + i: shapely.affinity.scale(shape, 0.3, 0.3) for i, shape in enumerate(frame.geometry)}
    elif what == "renumbered":
        shapes = dict(zip(draws.permutation(range(new, new + len(shapes))).tolist(), frame.geometry, strict=True))
    elif len(at):
        one = shapes.pop(at[0])
        west, south, east, north = one.bounds
        half = shapely.box(west, south, (west + east) / 2, north)
        shapes |= {
            "merged": {at[0]: one.union(shapes.pop(at[-1], one))},
            "cut": {new + 1: one & half, new: one - half},
            "gone": {},
            "twice": {at[0]: one, new: one},
            "moved": {at[0]: shapely.affinity.translate(one, (east - west) / 3)},
        }[what]
    return gpd.GeoDataFrame(geometry=list(shapes.values()), index=list(shapes), crs=4326)


@few
@given(
    st.integers(0, 30),
    st.lists(
        st.sampled_from(["merged", "cut", "gone", "moved", "twice", "none", "far", "many", "renumbered"]),
        min_size=1,
        max_size=5,
    ),
)
def test_an_index_made_of_the_one_before_answers_like_a_fresh_one(seed: int, changes: list[str]) -> None:
    draws = np.random.default_rng(seed)
    frame = town(seed, 104.6, 26.4)
    index = GridIndex.from_grids(frame)
    for what in changes:
        before, frame = frame, changed(frame, draws, what)
        index = GridIndex.from_grids(frame.sample(frac=1.0, random_state=seed), before=index)

        fresh = GridIndex.from_grids(frame)
        corners = shapely.get_coordinates(np.concatenate([before.geometry, frame.geometry]))
        lon, lat = np.vstack([draws.uniform(-0.2, 1.2, (60, 2)) * SIZE_DEG + [104.6, 26.4], corners]).T
        accuracy_m = draws.choice([0.0, 5.0, 300.0], len(lon))
        assert index.ids.tolist() == fresh.ids.tolist()
        assert index.find_many(lon, lat).tolist() == fresh.find_many(lon, lat).tolist()
        assert index.places(lon, lat, accuracy_m).tolist() == fresh.places(lon, lat, accuracy_m).tolist()
        answers, expected = index.find_all(lon, lat, accuracy_m), fresh.find_all(lon, lat, accuracy_m)
        assert (answers.kind.tolist(), answers.places.tolist()) == (expected.kind.tolist(), expected.places.tolist())
        for place in zip(lon[:8], lat[:8], strict=True):
            assert index.find(*place, accuracy_m=30.0) == fresh.find(*place, accuracy_m=30.0)
