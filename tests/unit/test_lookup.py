"""Which grid a place is in: borders, corners, gaps, overlaps, and input that is no place."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
from shapely import MultiPolygon, Polygon, box

from geo.errors import BadPointError, BadSettingError, DuplicateIdError, WrongCrsError, WrongGeometryError
from geo.lookup import UNSURE, Answer, GridIndex

WEST, SOUTH, STEP = 107.70, 27.95, 0.01
GEOD = pyproj.Geod(ellps="WGS84")


def grids(*shapes: Polygon | MultiPolygon, ids: list[object] | None = None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(shapes), index=ids or list(range(11, 11 + len(shapes))), crs=4326)


def square(column: int, row: int, size: float = 1) -> Polygon:
    west, south = WEST + column * STEP, SOUTH + row * STEP
    return box(west, south, west + size * STEP, south + size * STEP)


FOUR = GridIndex.from_grids(grids(square(0, 0), square(1, 0), square(0, 1), square(1, 1)))


def east_of(lon: float, lat: float, metres: float) -> tuple[float, float]:
    """A place so many metres to the east, on the ellipsoid (pyproj: independent of the module)."""
    at = GEOD.fwd(lon, lat, 90, metres)
    return at[0], at[1]


def test_well_inside_is_certain() -> None:
    made = FOUR.find(WEST + STEP / 2, SOUTH + STEP / 2, accuracy_m=30)
    assert (made.kind, made.ids, made.certain) == ("assigned", (11,), True)
    # half of 0.01 degree of longitude at 27.955 N
    assert made.distance_to_border_m == pytest.approx(GEOD.inv(WEST, 27.955, WEST + STEP / 2, 27.955)[2], abs=0.01)


def test_an_answer_is_certain_exactly_while_the_disc_lies_inside_one_grid() -> None:
    lon, lat = east_of(WEST + STEP, SOUTH + STEP / 2, 40.0)
    assert FOUR.find(lon, lat, accuracy_m=39.99).certain
    made = FOUR.find(lon, lat, accuracy_m=40.01)
    assert (made.kind, made.ids, made.certain) == ("near_border", (12, 11), False)
    assert made.distance_to_border_m == pytest.approx(40, abs=0.001)


def test_a_point_on_a_shared_border_belongs_to_both() -> None:
    made = FOUR.find(WEST + STEP, SOUTH + STEP / 2)
    assert (made.kind, made.ids, made.certain, made.distance_to_border_m) == ("near_border", (11, 12), False, 0.0)


def test_a_corner_belongs_to_several() -> None:
    made = FOUR.find(WEST + STEP, SOUTH + STEP)
    assert (made.kind, made.ids, made.certain) == ("several", (11, 12, 13, 14), False)


def test_the_rim_of_all_grids_is_near_a_border_and_beyond_is_outside() -> None:
    inside = FOUR.find(*east_of(WEST, SOUTH + STEP / 2, 5), accuracy_m=10)
    assert (inside.kind, inside.ids) == ("near_border", (11,))
    lon, lat = GEOD.fwd(WEST, SOUTH + STEP / 2, 270, 25)[:2]
    touching = FOUR.find(lon, lat, accuracy_m=26)
    assert (touching.kind, touching.ids, touching.certain) == ("near_border", (11,), False)
    beyond = FOUR.find(lon, lat, accuracy_m=24)
    assert (beyond.kind, beyond.ids, beyond.certain) == ("outside", (), False)
    assert beyond.distance_to_border_m == pytest.approx(25, abs=0.001)


def test_a_lake_in_a_grid_is_outside_and_an_island_in_it_is_not() -> None:
    lake = Polygon(square(0, 0).exterior, [square(0, 0).buffer(-STEP / 4).exterior.coords])
    island = square(0, 0).buffer(-STEP * 0.45)
    index = GridIndex.from_grids(grids(MultiPolygon([lake, island])))
    assert index.find(WEST + STEP / 2, SOUTH + STEP / 2).kind == "assigned"
    assert index.find(WEST + STEP * 0.3, SOUTH + STEP / 2).kind == "outside"
    assert index.find(WEST + STEP * 0.1, SOUTH + STEP / 2).kind == "assigned"


def test_grids_that_overlap_are_never_certain_there() -> None:
    wide = box(WEST, SOUTH, WEST + 1.5 * STEP, SOUTH + STEP)
    index = GridIndex.from_grids(grids(wide, square(1, 0)))
    both = index.find(WEST + 1.25 * STEP, SOUTH + STEP / 2, accuracy_m=5)
    assert (both.kind, both.ids, both.certain) == ("several", (11, 12), False)
    assert index.find(WEST + 0.5 * STEP, SOUTH + STEP / 2, accuracy_m=5).kind == "assigned"
    inner = GridIndex.from_grids(grids(square(0, 0), square(0, 0).buffer(-STEP / 4)))
    assert inner.find(WEST + STEP / 2, SOUTH + STEP / 2).kind == "several"


def test_ids_may_be_anything_and_rows_in_any_order() -> None:
    frame = grids(square(1, 0), square(0, 0), ids=["520327001001002", "520327001001001"])
    index = GridIndex.from_grids(frame)
    assert index.find(WEST + STEP, SOUTH + STEP / 2).ids == ("520327001001001", "520327001001002")
    found = index.find_many(np.array([WEST + STEP, 0.0]), np.array([SOUTH + STEP / 2, 0.0]))
    assert found.tolist() == ["520327001001001", None]


def test_many_points_get_what_each_gets_alone() -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(WEST - STEP, WEST + 3 * STEP, 300), rng.uniform(SOUTH - STEP, SOUTH + 3 * STEP, 300)
    found = FOUR.find_many(lon, lat)
    alone = [FOUR.find(*place).ids for place in zip(lon, lat, strict=True)]
    assert found.tolist() == [ids[0] if ids else -1 for ids in alone]
    assert FOUR.find_many(np.array([WEST + STEP]), np.array([SOUTH + STEP])).tolist() == [11]
    assert FOUR.find_many(np.empty(0), np.empty(0)).tolist() == []


def test_no_grids_answer_outside() -> None:
    index = GridIndex.from_grids(grids().set_axis(pd.RangeIndex(0)))
    assert index.find(WEST, SOUTH) == Answer("outside", (), certain=False, distance_to_border_m=float("inf"))
    assert index.find_many(np.array([WEST]), np.array([SOUTH])).tolist() == [-1]


@pytest.mark.parametrize(
    "place", [(float("nan"), 27.9), (107.7, float("inf")), (181.0, 27.9), (27.9, 107.7), (107.7, -90.1)], ids=str
)
def test_what_is_no_place_on_earth_is_refused(place: tuple[float, float]) -> None:
    with pytest.raises(BadPointError) as caught:
        FOUR.find(*place)
    assert "经度" in caught.value.text("zh")
    with pytest.raises(BadPointError):
        FOUR.find_many(np.array([WEST, place[0]]), np.array([SOUTH, place[1]]))


@pytest.mark.parametrize("accuracy_m", [-1.0, float("nan"), float("inf")])
def test_an_accuracy_that_is_no_distance_is_refused(accuracy_m: float) -> None:
    with pytest.raises(BadSettingError):
        FOUR.find(WEST, SOUTH, accuracy_m=accuracy_m)


def test_frames_that_are_not_grids_are_refused() -> None:
    with pytest.raises(DuplicateIdError):
        GridIndex.from_grids(grids(square(0, 0), square(1, 0), ids=[1, 1]))
    with pytest.raises(WrongCrsError):
        GridIndex.from_grids(grids(square(0, 0)).to_crs(3857))
    with pytest.raises(WrongGeometryError, match="invalid"):
        GridIndex.from_grids(grids(Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])))


def test_the_index_does_not_follow_later_changes() -> None:
    frame = grids(square(0, 0))
    index = GridIndex.from_grids(frame)
    frame.loc[11, "geometry"] = square(5, 5)
    assert index.find(WEST + STEP / 2, SOUTH + STEP / 2).ids == (11,)
    with pytest.raises(ValueError, match="read-only"):
        index.ids[0] = 3


def test_real_small_areas_answer_as_a_spatial_join_does(shared) -> None:  # type: ignore[no-untyped-def]
    areas = gpd.read_parquet(shared / "smallareas" / "taiwan_keelung_2017.parquet")[["geometry"]].to_crs(4326)
    areas = areas.reset_index(drop=True)
    rng = np.random.default_rng(2)
    west, south, east, north = areas.total_bounds
    lon, lat = rng.uniform(west, east, 2000), rng.uniform(south, north, 2000)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)
    joined = points.sjoin(areas, predicate="within")["index_right"]
    wanted = joined.groupby(level=0).min().reindex(points.index, fill_value=-1)
    assert GridIndex.from_grids(areas).find_many(lon, lat).tolist() == wanted.tolist()


def test_asking_often_tells_what_asking_carefully_does() -> None:
    draws = np.random.default_rng(8)
    lon, lat = WEST + draws.uniform(-0.5, 2.5, 2000) * STEP, SOUTH + draws.uniform(-0.5, 2.5, 2000) * STEP
    accuracy_m = draws.choice([0.0, 3.0, 30.0, 500.0], 2000)
    places = FOUR.places(lon, lat, accuracy_m)
    for at in range(2000):
        asked = (float(lon[at]), float(lat[at]))
        found = FOUR.find(*asked, accuracy_m=float(accuracy_m[at]))
        assert FOUR.place(*asked, float(accuracy_m[at])) == places[at]
        wanted = {"outside": -1, "assigned": FOUR.ids.tolist().index(found.ids[0]) if found.ids else None}
        assert places[at] == wanted.get(found.kind, UNSURE)
        first = FOUR.find_many(*(np.array([value]) for value in asked))[0]
        assert FOUR.cover(*asked) == (-1 if first == -1 else FOUR.ids.tolist().index(first))


def test_points_that_are_no_points_are_named_in_bulk() -> None:
    with pytest.raises(BadPointError, match="181"):
        FOUR.places(np.array([WEST, 181.0]), np.array([SOUTH, 0.0]), np.zeros(2))
