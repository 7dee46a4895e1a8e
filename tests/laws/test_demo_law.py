"""Laws of the demo town, whatever the seed: ground tiles, streets join, walls are passed at gates only."""

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from data.demo import draw_town
from data.demo.blocks import Blocks, lay_blocks
from data.demo.draft import linestrings
from data.demo.names import Names
from data.demo.roads import lay_roads
from data.demo.valley import Valley
from data.profiles import load_profile
from data.town import Town
from geo.crs import metric_crs
from geo.rng import generator

METRES = metric_crs(107.72, 27.95)
WALLED = ["walled", "works", "school", "hospital"]
few = settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
seeds = st.integers(min_value=0, max_value=2**31)


@pytest.fixture(scope="module")
def pair() -> Town:
    """Two tiles side by side."""
    return draw_town(load_profile("demo"), scale=1.02, seed=5)


def blocks_of(valley: Valley) -> Blocks:
    rng = generator(valley.seed, "test")
    return lay_blocks(valley, lay_roads(valley, rng), Names(rng), rng)


def check_ground(town: Town) -> None:
    levels = {level: town.areas[town.areas["level"] == level].geometry.to_numpy() for level in ("street", "community")}
    county = town.areas[town.areas["level"] == "county"].geometry.iloc[0]
    for shapes in levels.values():
        assert shapely.coverage_is_valid(shapes)  # no overlap, and shared borders share vertices
        assert shapely.union_all(shapes).symmetric_difference(county).area == 0  # no gap
    for code, street in town.areas[town.areas["level"] == "street"].iterrows():
        members = town.areas[town.areas["parent_code"] == code].geometry.to_numpy()
        assert shapely.coverage_union_all(members).equals(street["geometry"])


def check_buildings(town: Town) -> None:
    buildings = town.buildings.to_crs(METRES).geometry.to_numpy()
    tree = shapely.STRtree(buildings)
    first, second = tree.query(buildings, predicate="intersects")
    assert (first == second).all()  # each meets only itself
    for frame in (town.streets, town.barriers):
        assert len(tree.query(frame.to_crs(METRES).geometry.to_numpy(), predicate="intersects")[0]) == 0
    streets = shapely.STRtree(town.streets.to_crs(METRES).geometry.to_numpy())
    _, away = streets.query_nearest(buildings, return_distance=True, all_matches=False)
    assert away.max() < 90


def ends_of(town: Town) -> np.ndarray:
    shapes = town.streets.geometry.to_numpy()
    first = shapely.get_coordinates(shapely.get_point(shapes, 0))
    last = shapely.get_coordinates(shapely.get_point(shapes, -1))
    return np.stack([first, last], axis=1)


def check_network(town: Town) -> None:
    ends = ends_of(town)
    _, number = np.unique(ends.reshape(-1, 2) @ np.array([1, 1j]), return_inverse=True)
    pairs = number.reshape(-1, 2)
    size = int(number.max()) + 1
    ones = np.ones(len(pairs))
    parts, label = connected_components(
        coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(size, size)), directed=False
    )
    main = np.bincount(label[pairs[:, 0]], weights=town.streets["length_m"]).max()
    assert parts == 1 or main >= 0.99 * town.streets["length_m"].sum()
    shapes = town.streets.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    apart = first < second
    for a, b in zip(first[apart].tolist(), second[apart].tolist(), strict=True):
        nodes = {tuple(end) for end in ends[a].tolist()} & {tuple(end) for end in ends[b].tolist()}
        met = shapely.get_coordinates(shapely.intersection(shapes[a], shapes[b])).tolist()
        assert {tuple(spot) for spot in met} <= nodes, (a, b)


def check_barriers(town: Town) -> None:
    streets = town.streets.to_crs(METRES)
    barriers = town.barriers.to_crs(METRES)
    crossed = shapely.STRtree(streets.geometry.to_numpy()).query(barriers.geometry.to_numpy(), predicate="intersects")[
        1
    ]
    assert streets["is_bridge"].to_numpy()[crossed].all()
    assert len(crossed) >= 3


def check_gates(town: Town) -> None:
    walled = town.compounds[town.compounds["kind"].isin(WALLED)]
    assert set(walled.index) <= set(town.gates["compound_id"])
    rings = shapely.get_exterior_ring(shapely.get_geometry(town.compounds.geometry.to_numpy(), 0))
    gates = town.gates.geometry.to_numpy()
    own = rings[town.gates["compound_id"].to_numpy() - 1]
    for ring, gate in zip(own.tolist(), shapely.get_coordinates(gates).tolist(), strict=True):
        assert tuple(gate) in ring.coords  # a vertex of the outline, exactly
    at_gates = {tuple(spot) for spot in shapely.get_coordinates(gates).tolist()}
    shapes = town.streets.geometry.to_numpy()
    assert at_gates <= {tuple(spot) for spot in shapely.get_coordinates(shapes).tolist()}
    is_walled = town.compounds["kind"].isin(WALLED).to_numpy()
    first, second = shapely.STRtree(shapes).query(rings[is_walled], predicate="intersects")
    for ring, street in zip(rings[is_walled][first].tolist(), shapes[second].tolist(), strict=True):
        met = shapely.get_coordinates(ring.intersection(street)).tolist()
        assert {tuple(spot) for spot in met} <= at_gates
    compounds = town.compounds.to_crs(METRES).geometry.to_numpy()
    assert len(shapely.STRtree(compounds).query(compounds, predicate="overlaps")[0]) == 0


def check_greens(town: Town) -> None:
    greens = town.greens.to_crs(METRES).geometry.to_numpy()
    water = town.barriers[town.barriers["kind"] == "water"].to_crs(METRES).geometry.to_numpy()
    tree = shapely.STRtree(greens)
    assert len(tree.query(water, predicate="intersects")[0]) == 0
    assert len(tree.query(town.buildings.to_crs(METRES).geometry.to_numpy(), predicate="intersects")[0]) == 0


@given(seed=seeds)
@few
def test_any_small_town_keeps_the_laws(seed: int) -> None:
    town = draw_town(load_profile("demo"), scale=0.05, seed=seed)
    assert (town.areas["level"] == "community").sum() >= 2
    assert (town.areas["level"] == "street").sum() >= 1
    assert town.buildings.groupby("area_code")["households"].sum().min() >= 300
    for check in (check_ground, check_buildings, check_network, check_barriers, check_gates, check_greens):
        check(town)


def test_two_tiles_keep_the_laws(pair: Town) -> None:
    assert (pair.areas["level"] == "street").sum() >= 2
    for check in (check_ground, check_buildings, check_network, check_barriers, check_gates, check_greens):
        check(pair)
    for name in ("compounds", "gates", "buildings", "stairwells", "streets", "stations", "people", "incidents"):
        assert getattr(pair, name).index.is_unique, name
    lying = pair.areas.geometry.loc[pair.incidents["area_code"]].to_numpy()
    assert shapely.dwithin(lying, pair.incidents.geometry.to_numpy(), 0.001).all()


@given(seed=seeds)
@few
def test_neighbouring_tiles_share_their_border(seed: int) -> None:
    tiles = [blocks_of(Valley(seed, row, column, 0.05)) for row, column in ((0, 0), (0, 1), (1, 0))]
    faces = np.concatenate([tile.faces for tile in tiles])
    assert shapely.coverage_is_valid(faces)
    streets = [
        {tuple(spot) for path in tile.edges if path.road_class for spot in path.coords.tolist()} for tile in tiles
    ]
    assert len(streets[0] & streets[1]) >= 2  # the highway and a country road go on
    assert len(streets[0] & streets[2]) >= 1


@given(seed=seeds, size=st.sampled_from([0.05, 0.2, 0.6]))
@few
def test_blocks_leave_no_line_hanging(seed: int, size: float) -> None:
    """Every line between faces parts two faces: none ends in the open."""
    blocks = blocks_of(Valley(seed, 0, 0, size))
    lines = linestrings([path.coords for path in blocks.edges])
    faces, cuts, dangles, invalid = shapely.polygonize_full(lines)
    assert len(shapely.get_parts(faces)) == len(blocks.faces)
    assert shapely.is_empty(shapely.geometrycollections([cuts, dangles, invalid]))
    assert shapely.coverage_is_valid(blocks.faces)


@given(seed=seeds)
@settings(max_examples=2)
def test_same_seed_same_town_and_another_seed_another(seed: int) -> None:
    profile = load_profile("demo")
    first, again, other = (draw_town(profile, scale=0.05, seed=number) for number in (seed, seed, seed + 1))
    for name in ("areas", "compounds", "gates", "buildings", "stairwells", "streets", "barriers", "greens", "stations",
                 "people", "incidents", "truth"):  # fmt: skip
        assert_frame_equal(getattr(first, name), getattr(again, name))
    assert first.buildings.geometry.iloc[0] != other.buildings.geometry.iloc[0]
    assert first.streets["length_m"].sum() != other.streets["length_m"].sum()
