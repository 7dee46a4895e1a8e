"""Tiles: what lies in a tile is in it, as another decoder reads it, and the index finds it."""

import json
import math
from collections.abc import Iterator
from datetime import date
from typing import Any

import geopandas as gpd
import mapbox_vector_tile  # type: ignore[import-untyped]  # it has no types
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from data.postgis.engine import READER, WRITER, reading
from data.sql import read_sql
from data.stores import tiles
from data.stores._rows import copy_frame
from data.tables import metadata
from geo.errors import NotFoundError
from geo.rng import generator
from tests.fixtures.small_town import COMMUNITIES, SOUTH, STEP, VACANT, WEST, SmallTown
from tests.store.kept import Kept, undoing

JULY = date(2026, 7, 1)
BAND = (300, 500)
# Five tile units: smaller than this, or nearer to the border, rounding decides.
SLACK = 5 / 4096


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int, int]:
    """The tile of a place, by the formula of Web Mercator."""
    n = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return z, min(int((lon + 180) / 360 * n), n - 1), min(max(int(y * n), 0), n - 1)


def bounds(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """West, south, east, north of a tile in degrees."""
    n = 2**z
    lats = [math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (y + side) / n)))) for side in (1, 0)]
    return x / n * 360 - 180, lats[0], (x + 1) / n * 360 - 180, lats[1]


def decoded(tile: bytes) -> dict[str, list[dict[str, Any]]]:
    return {name: layer["features"] for name, layer in mapbox_vector_tile.decode(tile).items()}


def values(features: list[dict[str, Any]], name: str) -> list[Any]:
    return sorted(feature["properties"].get(name) for feature in features)


@pytest.fixture
def public(kept: Kept) -> Iterator[Connection]:
    """The reader's connection, without any scope."""
    with reading(kept.engines[READER], scope="") as connection:
        yield connection


NEAR = {"streets", "buildings", "places"}


@pytest.mark.parametrize(
    ("z", "layers"), [(9, set()), (12, {"places"}), (13, {"streets", "places"}), (14, NEAR), (16, NEAR)]
)
def test_base_layers_by_zoom(public: Connection, z: int, layers: set[str]) -> None:
    assert set(decoded(tiles.base_tile(public, *tile_at(*SmallTown.point(3, 2), z)))) == layers


def test_base_features_carry_their_properties(public: Connection) -> None:
    layers = decoded(tiles.base_tile(public, *tile_at(*SmallTown.point(1, 1), 17)))
    street = layers["streets"][0]["properties"]
    assert street == {"road_class": "residential", "name": "云溪路"}
    assert {"use": "residential", "name": "云溪苑6栋"} in [b["properties"] for b in layers["buildings"]]
    assert {"name": "云溪苑", "rank": 3} in [place["properties"] for place in layers["places"]]


def test_places_by_zoom(public: Connection) -> None:
    ranks = {}
    for z in (11, 12, 14, 17):
        places = decoded(tiles.base_tile(public, *tile_at(*SmallTown.point(1, 1), z)))["places"]
        ranks[z] = {place["properties"]["rank"] for place in places}
    assert ranks[11] == {1}
    assert ranks[12] == {1, 2}
    assert ranks[14] == {2}
    assert 3 in ranks[17]
    assert 1 not in ranks[17]


def test_barriers_and_greens(undone: Connection) -> None:
    place = SmallTown.point(5, 1)
    box = shapely.box(place[0], place[1], place[0] + STEP, place[1] + STEP)
    line = shapely.LineString([place, (place[0] + STEP, place[1])])
    crs = "EPSG:4326"
    rows = gpd.GeoDataFrame(
        {"kind": ["water", "water", "rail", "wall"], "name": ["云溪湖", "小溪", None, None]},
        geometry=[box, line, line, line], crs=crs,
    )  # fmt: skip
    copy_frame(undone, metadata.tables["barriers"], rows)
    copy_frame(undone, metadata.tables["greens"], gpd.GeoDataFrame({"kind": ["park"]}, geometry=[box], crs=crs))
    layers = decoded(tiles.base_tile(undone, *tile_at(*place, 15)))
    assert values(layers["water"], "name") == ["云溪湖", "小溪"]
    assert {feature["geometry"]["type"] for feature in layers["water"]} == {"Polygon", "LineString"}
    assert values(layers["greens"], "kind") == ["park"]
    assert (len(layers["rail"]), len(layers["walls"])) == (1, 1)
    far = decoded(tiles.base_tile(undone, *tile_at(*place, 6)))
    assert far == {}  # a lake of 100 m is under a pixel there


def test_main_roads_come_first(undone: Connection) -> None:
    classes = ["motorway", "secondary", "tertiary", "residential", "living_street", "service", "footway", "steps"]
    lats = [SOUTH + at * STEP / 9 for at in range(8)]
    lines = [shapely.LineString([(WEST, lat), (WEST + STEP, lat)]) for lat in lats]
    frame = gpd.GeoDataFrame(
        {"road_class": classes, "is_walkable": True, "length_m": 99.0}, geometry=lines, crs="EPSG:4326"
    )
    undone.execute(text("DELETE FROM streets"))
    copy_frame(undone, metadata.tables["streets"], frame)
    shown = {}
    for z in (12, 14, 15):
        layers = decoded(tiles.base_tile(undone, *tile_at(WEST + STEP / 2, SOUTH, z)))
        shown[z] = values(layers["streets"], "road_class")
    assert shown[12] == ["motorway", "secondary"]
    assert shown[14] == sorted(classes[:5])
    assert shown[15] == sorted(classes)


def test_a_plans_tile(conn: Connection, kept: Kept) -> None:
    layers = decoded(tiles.grids_tile(conn, kept.town.plan_id, *tile_at(*SmallTown.point(10, 2), 15), band=(241, 500)))
    by_code = {feature["properties"]["grid_code"]: feature["properties"] for feature in layers["grids"]}
    # Such a tile is kept for good: who has a worker changes without a new revision and is not in it.
    assert set(by_code[VACANT]) == {"grid_id", "grid_code", "name", "kind", "households", "band", "sequence"}
    assert by_code[VACANT]["sequence"] == 2
    assert by_code[VACANT]["band"] == "below"
    neighbour = by_code[f"{COMMUNITIES[2]}001"]
    assert (neighbour["households"], neighbour["kind"]) == (240, "general")
    assert set(values(layers["zones"], "grid_code")) <= set(by_code)
    assert {label["geometry"]["type"] for label in layers["grid_labels"]} == {"Point"}


@pytest.mark.parametrize(("band", "word"), [((240, 240), "within"), ((1, 239), "above"), ((241, 300), "below")])
def test_the_band_is_an_argument(conn: Connection, kept: Kept, band: tuple[int, int], word: str) -> None:
    tile = tiles.grids_tile(conn, kept.town.plan_id, *tile_at(*SmallTown.point(6, 2), 13), band=band)
    assert set(values(decoded(tile)["grids"], "band")) == {word}


def test_a_dedicated_grid_has_no_band(undone: Connection, kept: Kept) -> None:
    undone.execute(text("UPDATE grids SET kind = 'dedicated' WHERE grid_code = :code"), {"code": VACANT})
    tile = tiles.grids_tile(undone, kept.town.plan_id, *tile_at(*SmallTown.point(10, 2), 16), band=BAND)
    bands = {f["properties"]["grid_code"]: f["properties"]["band"] for f in decoded(tile)["grids"]}
    assert bands[VACANT] == "dedicated"


def test_the_public_tile_says_little(public: Connection) -> None:
    layers = decoded(tiles.published_tile(public, JULY, *tile_at(*SmallTown.point(6, 2), 14)))
    assert set(layers) == {"grids"}
    assert all(set(feature["properties"]) == {"grid_code", "name"} for feature in layers["grids"])
    assert tiles.published_tile(public, date(2025, 12, 31), *tile_at(*SmallTown.point(6, 2), 14)) == b""


def test_walks(conn: Connection) -> None:
    found = decoded(tiles.walks_tile(conn, *tile_at(*SmallTown.point(3, 2, dx=0.9), 16)))["walks"]
    by_walk = {feature["properties"].get("walk_min") for feature in found}
    assert by_walk == {4.0, None}  # A walks 4 minutes, its neighbour B is out of reach
    assert all(feature["properties"]["households"] == 30 for feature in found)
    assert tiles.walks_tile(conn, *tile_at(*SmallTown.point(3, 2), 12)) == b""


def test_far_away_tiles_are_empty(public: Connection, conn: Connection, kept: Kept) -> None:
    far = tile_at(10.0, 50.0, 14)
    assert tiles.base_tile(public, *far) == b""
    assert tiles.published_tile(public, JULY, *far) == b""
    assert tiles.grids_tile(conn, kept.town.plan_id, *far, band=BAND) == b""
    assert tiles.grids_tile(conn, 999, *tile_at(*SmallTown.point(3, 2), 14), band=BAND) == b""


@pytest.mark.parametrize("place", [(0, 0, 0), (1, 0, 0), (1, 1, 1), (5, 0, 0), (5, 31, 31), (5, 31, 0)])
def test_tiles_at_the_worlds_edge(public: Connection, place: tuple[int, int, int]) -> None:
    """Where the tile's box ends at 180 degrees or beyond 85: no error, and nothing of a town that lies elsewhere."""
    assert tiles.published_tile(public, JULY, *place) == b""
    assert tiles.base_tile(public, *place) == b""


def test_a_town_is_in_no_tile_but_its_own(public: Connection) -> None:
    """At zoom 6 the town is some ten units wide: of the tiles around, its own holds it and no other."""
    _, x, y = tile_at(WEST, SOUTH, 6)
    around = [(column, row) for column in range(x - 5, x + 6) for row in range(y - 5, y + 6)]
    assert [place for place in around if tiles.published_tile(public, JULY, 6, *place)] == [(x, y)]


@pytest.mark.parametrize("place", [(3, 8, 0), (3, 0, 8), (3, -1, 0), (-1, 0, 0), (23, 0, 0)])
def test_tiles_that_are_none(public: Connection, place: tuple[int, int, int]) -> None:
    with pytest.raises(NotFoundError):
        tiles.base_tile(public, *place)


# -- law ----------------------------------------------------------------------------------------


def scattered(count: int) -> gpd.GeoDataFrame:
    """Buildings of 5 to 60 m anywhere within some 6 km of the town."""
    draw = generator(5, "tiles")
    west = WEST + draw.uniform(-0.03, 0.03, count)
    south = SOUTH + draw.uniform(-0.03, 0.03, count)
    size = draw.uniform(0.00005, 0.0006, count)
    return gpd.GeoDataFrame(
        {"area_code": COMMUNITIES[0], "name": [f"b{number}" for number in range(count)], "households": 1, "people": 1},
        geometry=shapely.multipolygons(shapely.box(west, south, west + size, south + size)[:, None]),
        crs="EPSG:4326", index=pd.RangeIndex(1_000, 1_000 + count, name="building_id"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def crowd(kept: Kept) -> Iterator[tuple[Connection, gpd.GeoDataFrame]]:
    """5,000 buildings, each with a row of walks, with statistics, in a transaction that is rolled back."""
    frame = scattered(5_000)
    with undoing(kept.engines["wangge_owner"]) as conn:
        conn.execute(text("DELETE FROM category_walks"))
        copy_frame(conn, metadata.tables["buildings"], frame)
        missing = "SELECT building_id FROM buildings EXCEPT SELECT building_id FROM building_walks"
        conn.execute(text(f"INSERT INTO building_walks (building_id) {missing}"))
        conn.execute(text("ANALYZE buildings, building_walks"))
        yield conn, frame


@given(lon=st.floats(WEST - 0.03, WEST + 0.03), lat=st.floats(SOUTH - 0.03, SOUTH + 0.03), z=st.integers(15, 18))
@settings(max_examples=20)
def test_every_building_in_a_tile_is_in_the_tile(
    crowd: tuple[Connection, gpd.GeoDataFrame], lon: float, lat: float, z: int
) -> None:
    conn, frame = crowd
    place = tile_at(lon, lat, z)
    west, south, east, north = bounds(*place)
    inset = (east - west) * SLACK
    inside = frame[frame.intersects(shapely.box(west + inset, south + inset, east - inset, north - inset))]
    found = decoded(tiles.base_tile(conn, *place)).get("buildings", [])
    names = [feature["properties"].get("name") for feature in found]
    assert set(inside["name"]) <= set(names)
    margin = (east - west) * (1 / 64 + 1e-9)
    near = frame.intersects(shapely.box(west - margin, south - margin, east + margin, north + margin))
    assert {name for name in names if name in set(frame["name"])} <= set(frame.loc[near, "name"])
    assert len(names) == len(set(names)) or any(name is None or not name.startswith("b") for name in names)


def test_shapes_are_where_they_should_be(crowd: tuple[Connection, gpd.GeoDataFrame]) -> None:
    """Decoded back to degrees, a building's box is its own to a tile unit."""
    conn, frame = crowd
    z, x, y = tile_at(WEST, SOUTH, 16)
    west, _, east, _ = bounds(z, x, y)
    unit = (east - west) / 4096
    shapes = {f["properties"]["name"]: f["geometry"] for f in decoded(tiles.base_tile(conn, z, x, y))["buildings"]}
    checked = 0
    for name, shape in frame.set_index("name").geometry.items():
        if name not in shapes:
            continue
        lons = shapely.get_coordinates(shapely.from_geojson(json.dumps(shapes[name])))[:, 0]
        box = shape.bounds
        if box[0] > west and box[2] < east:
            expected = [(box[0] - west) / unit, (box[2] - west) / unit]
            np.testing.assert_allclose([lons.min(), lons.max()], expected, atol=1.0)
            checked += 1
    assert checked > 10


@pytest.mark.parametrize("name", ["base", "walks"])
def test_the_index_finds_what_lies_in_a_tile(crowd: tuple[Connection, gpd.GeoDataFrame], name: str) -> None:
    """Not by forbidding other ways: with 5,000 rows the planner takes the index by itself."""
    z, x, y = tile_at(WEST, SOUTH, 16)
    asked = {"z": z, "x": x, "y": y} | ({"within": "*"} if name == "walks" else {})
    plan = "\n".join(crowd[0].scalars(text("EXPLAIN " + read_sql(f"tiles/{name}")), asked))
    assert "Index Scan using idx_buildings_geometry" in plan or "Bitmap Index Scan on idx_buildings_geometry" in plan


def test_the_index_finds_grids(kept: Kept) -> None:
    with undoing(kept.engines[WRITER]) as conn:
        conn.execute(
            text(
                "INSERT INTO grids (plan_id, area_code, grid_code, name, kind, households, people, revision, geometry)"
                " SELECT plan_id, area_code, (700000000000000 + 1000 * grid_id + n)::text, name, kind, 0, 0, 1,"
                " ST_Translate(geometry, n * 0.01, 0) FROM grids, generate_series(1, 500) n"
            )
        )
        conn.execute(text("SELECT wangge_analyse_plans()"))
        z, x, y = tile_at(WEST, SOUTH, 15)
        asked = {"z": z, "x": x, "y": y, "on": JULY, "scheme": "general"}
        plan = "\n".join(conn.scalars(text("EXPLAIN " + read_sql("tiles/published")), asked))
        assert "idx_grids_geometry" in plan
