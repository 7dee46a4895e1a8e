"""Frames, coordinate systems, errors and randomness: what everything else stands on."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
from geopandas.testing import assert_geodataframe_equal, assert_geoseries_equal
from shapely import LineString, Point, Polygon

from geo import errors, frames
from geo.crs import metric_crs, metric_crs_of, to_crs, to_degrees, to_metric, transformer, zone_crs
from geo.frames import WGS84
from geo.rng import generator


def points(*lonlat: tuple[float, float], crs: object = 4326) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=[Point(p) for p in lonlat], crs=crs)


@pytest.mark.parametrize(
    ("lon", "lat", "epsg"),
    [
        (107.72, 27.95, 4545),  # Fenggang: 3-degree zone 108E (EPSG registry)
        (106.6, 26.7, 4545),
        (104.9, 26.6, 4544),
        (73.7, 39.5, 4534),  # the west end: never below 75E
        (11.28, 49.5, 32632),  # Lauf
        (-70.9, -33.4, 32719),
        (139.7, 35.6, 32654),
    ],
)
def test_the_zone_is_chosen_by_place(lon: float, lat: float, epsg: int) -> None:
    assert metric_crs(lon, lat).to_epsg() == epsg


def test_one_stray_row_does_not_choose_the_zone() -> None:
    assert metric_crs_of(points((107.7, 27.9), (107.8, 28.0), (0.0, 0.0))).to_epsg() == 4545
    assert metric_crs_of(points((179.9, -17.0), (179.8, -17.1), (-179.9, -17.0))).to_epsg() == 32760


def test_to_metres_and_back_is_the_same_place() -> None:
    there = points((107.72, 27.95), (107.8, 28.0))
    back = to_degrees(to_metric(there))
    assert np.allclose(back.geometry.x, there.geometry.x, atol=1e-9)


def test_a_zone_needs_somewhere_to_be() -> None:
    with pytest.raises(errors.EmptyFrameError):
        metric_crs_of(points())


@pytest.mark.parametrize("epsg", [4534, 4544, 4554, 32601, 32648, 32760])
def test_a_zone_s_numbers_are_those_the_registry_finds(epsg: int) -> None:
    zone = zone_crs(epsg)
    assert zone.area_of_use is not None
    west, south, east, north = zone.area_of_use.bounds
    lon, lat = (axis.ravel() for axis in np.meshgrid(np.linspace(west - 9, east + 9, 7), np.linspace(south, north, 7)))
    there, back = (pyproj.Transformer.from_crs(*pair, always_xy=True) for pair in ((WGS84, zone), (zone, WGS84)))
    x, y = transformer(WGS84, zone).transform(lon, lat)
    assert np.array_equal((x, y), there.transform(lon, lat))
    assert np.array_equal(transformer(zone, WGS84).transform(x, y), back.transform(x, y))


@pytest.mark.parametrize("crs", [4544, 32649, 3857, 4490])
def test_a_frame_is_moved_as_geopandas_moves_it(crs: int) -> None:
    shapes = [Point(104.8, 26.6), None, Polygon(), Polygon([(104.8, 26.6), (104.9, 26.6), (104.9, 26.7)])]
    series = gpd.GeoSeries(shapes, index=list("dbca"), name="home", crs=4326)
    frame = gpd.GeoDataFrame({"name": range(4), "home": series}, geometry="home")
    assert_geoseries_equal(to_crs(series, pyproj.CRS(crs)), series.to_crs(crs))
    assert_geodataframe_equal(to_crs(frame, pyproj.CRS(crs)), frame.to_crs(crs))
    back = frame.to_crs(crs)
    assert_geodataframe_equal(to_degrees(back), back.to_crs(4326))
    assert to_degrees(frame).crs == WGS84
    high = gpd.GeoSeries([Point(104.8, 26.6, 1800.0)], crs=4326)
    assert_geoseries_equal(to_crs(high, pyproj.CRS(crs)), high.to_crs(crs))


def test_what_is_only_like_a_zone_is_left_to_the_registry() -> None:
    zone = zone_crs(4544)
    like = pyproj.CRS(zone.to_wkt("WKT1_ESRI").replace("500000.0", "500001.0"))
    assert like.to_epsg(min_confidence=20) == 4544
    x, y = transformer(WGS84, zone).transform(104.8, 26.6)
    assert transformer(WGS84, like).transform(104.8, 26.6) == pytest.approx((x + 1.0, y), abs=1e-6)


def test_a_frame_without_a_crs_is_refused_with_the_mend() -> None:
    with pytest.raises(errors.MissingCrsError, match="--crs"):
        frames.require_geometry(points((1, 2), crs=None), "stations", kinds=frames.POINTS)


def test_a_frame_in_another_crs_is_refused() -> None:
    with pytest.raises(errors.WrongCrsError, match="EPSG:3857"):
        frames.require_geometry(points((1, 2), crs=3857), "stations", kinds=frames.POINTS)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (None, "empty"),
        (Polygon(), "empty"),
        (LineString([(0, 0), (1, 1)]), "not Polygon"),
        (Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "invalid"),
    ],
)
def test_geometry_that_cannot_be_used_is_named(shape: object, reason: str) -> None:
    frame = gpd.GeoDataFrame(geometry=gpd.GeoSeries([shape], crs=4326))
    with pytest.raises(errors.WrongGeometryError, match=reason):
        frames.require_geometry(frame, "areas", kinds=frames.POLYGONS)


def test_missing_columns_duplicates_and_emptiness_are_refused() -> None:
    with pytest.raises(errors.MissingColumnsError, match="households"):
        frames.require(pd.DataFrame({"a": [1]}), "buildings", columns=["households"])
    with pytest.raises(errors.DuplicateIdError, match="7"):
        frames.require(pd.DataFrame({"a": [1, 2]}, index=[7, 7]), "buildings")
    with pytest.raises(errors.EmptyFrameError):
        frames.require(pd.DataFrame({"a": []}), "buildings", empty=False)


def test_degrees_are_known_from_metres() -> None:
    assert frames.coordinates_in_range(points((0.0, 0.0)))
    assert not frames.coordinates_in_range(points((472445.9, 3092000)))


def test_every_error_speaks_both_languages_with_the_same_fields() -> None:
    def fields(template: str) -> set[str]:
        import string

        return {name.split(".")[0] for _, name, _, _ in string.Formatter().parse(template) if name}

    def below(kind: type) -> list[type]:
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    for kind in below(errors.WanggeError):
        assert kind.zh
        assert kind.en
        assert {f.removesuffix("_zh") for f in fields(kind.zh)} == fields(kind.en), kind


def test_two_purposes_never_share_a_stream() -> None:
    again = generator(3, "streets").random(4)
    assert np.array_equal(generator(3, "streets").random(4), again)
    assert not np.array_equal(generator(3, "buildings").random(4), again)
    assert not np.array_equal(generator(4, "streets").random(4), again)
    # Names that end alike are still other purposes.
    assert not np.array_equal(generator(3, "incidents").random(4), generator(3, "residents").random(4))
