"""The nearest station of each category, against the same said in pandas."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.nearby import EARTH_M, Nearby
from geo.rng import generator

LON, LAT = 107.72, 27.95
DEGREE_M = math.radians(1) * EARTH_M
CATEGORIES = ["clinic", "police", "service", "school"]


def points(xy_m: np.ndarray, name: str, first: int = 0) -> gpd.GeoDataFrame:
    lon, lat = LON + xy_m[:, 0] / DEGREE_M / math.cos(math.radians(LAT)), LAT + xy_m[:, 1] / DEGREE_M
    index = pd.RangeIndex(first, first + len(xy_m), name=name)
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), index=index, crs=4326)


def town(seed: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, pd.DataFrame]:
    """30 buildings of 10 m, 25 stations, and for each building some walks, none of the far ones."""
    draw = generator(seed, "nearby")
    buildings = points(draw.uniform(-500, 500, (30, 2)), "building_id", 100)
    buildings.geometry = [
        shapely.box(point.x - 5e-5, point.y - 5e-5, point.x + 5e-5, point.y + 5e-5) for point in buildings.geometry
    ]
    stations = points(draw.uniform(-4000, 4000, (25, 2)), "station_id", 7)
    stations["category"] = draw.choice(CATEGORIES, 25)
    pairs = pd.MultiIndex.from_product([buildings.index, stations.index], names=["building_id", "station_id"])
    walks = pd.DataFrame({"walk_min": draw.uniform(1, 30, len(pairs)).round(1)}, index=pairs).reset_index()
    return buildings, stations, walks.sample(frac=0.1, random_state=seed)


def said_in_pandas(
    stations: gpd.GeoDataFrame, walks: pd.DataFrame, building_id: int | None, lon: float, lat: float, within_m: float
) -> list[tuple[int, float, float]]:
    x = np.radians(stations.geometry.x - lon) * math.cos(math.radians(lat))
    metres = np.hypot(x, np.radians(stations.geometry.y - lat)) * EARTH_M
    minutes = walks[walks["building_id"] == building_id].set_index("station_id")["walk_min"]
    rows = pd.DataFrame({"category": stations["category"], "metres": metres, "place": range(len(stations))})
    rows["minutes"] = minutes.reindex(stations.index).fillna(np.inf)
    rows = rows[rows["metres"] <= within_m].sort_values(["minutes", "metres", "place"])
    best = rows.drop_duplicates("category")
    return list(zip(best["place"], best["minutes"], best["metres"], strict=True))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("within_m", [500.0, 3000.0])
def test_it_is_what_sorting_says(seed: int, within_m: float) -> None:
    buildings, stations, walks = town(seed)
    nearby = Nearby.from_frames(buildings, stations, walks)
    for building_id, shape in buildings.geometry.items():
        lon, lat = shape.centroid.x, shape.centroid.y
        covering = [key for key, other in buildings.geometry.items() if other.covers(shape.centroid)]
        found = nearby.near(lon, lat, door_m=60.0, within_m=within_m).tolist()
        expected = said_in_pandas(stations, walks, covering[0], lon, lat, within_m)
        assert building_id in covering
        assert [(place, minutes) for place, minutes, _ in found] == [(place, walk) for place, walk, _ in expected]
        assert np.allclose([metres for *_, metres in found], [metres for *_, metres in expected])


def test_far_from_every_door_no_walk_counts() -> None:
    buildings, stations, walks = town(1)
    nearby = Nearby.from_frames(buildings, stations, walks)
    lon, lat = points(np.array([[1500.0, 1500.0]]), "x").geometry.iloc[0].coords[0]
    found = nearby.near(lon, lat, door_m=60.0, within_m=3000.0).tolist()
    assert [place for place, *_ in found] == [
        place for place, *_ in said_in_pandas(stations, walks, None, lon, lat, 3000.0)
    ]
    assert {minutes for _, minutes, _ in found} == {math.inf}


def test_walks_of_what_is_gone_count_for_nothing() -> None:
    buildings, stations, walks = town(2)
    gone = pd.DataFrame({"building_id": [1, 100], "station_id": [7, 1], "walk_min": [0.1, 0.1]})
    nearby = Nearby.from_frames(buildings, stations, pd.concat([gone, walks]))
    shape = buildings.geometry.iloc[0].centroid
    assert 0.1 not in nearby.near(shape.x, shape.y, door_m=60.0, within_m=9000.0)[:, 1]


def test_nothing_at_all() -> None:
    buildings, stations, walks = town(3)
    empty = Nearby.from_frames(buildings.iloc[:0], stations.iloc[:0], walks.iloc[:0])
    assert empty.near(LON, LAT, door_m=60.0, within_m=3000.0).shape == (0, 3)
    doorless = Nearby.from_frames(buildings.iloc[:0], stations, walks)
    assert len(doorless.near(LON, LAT, door_m=60.0, within_m=9000.0)) == len(CATEGORIES)
