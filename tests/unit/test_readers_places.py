"""Places and street lines: what the rows of anybody's files become, and why some become nothing."""

import struct
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from shapely import LineString, MultiLineString, MultiPoint, Point, Polygon, box

from data.readers.files import FORMS
from data.readers.layer import SUFFIXES, Layer
from data.readers.places import FAULTS, TABLES, LocalCrsError, Places, free_name, is_astray, read_places
from data.readers.street_lines import FAULTS as STREET_FAULTS
from data.readers.street_lines import StreetLines, read_street_lines
from data.writers.layer import with_columns, write_layers
from geo.datums import from_wgs84
from geo.errors import BadFileError, EmptyFrameError, MissingCrsError, WrongCrsError
from tests.fixtures.door import drawn, three_streets, write
from tests.fixtures.workbook import write_workbook

LON, LAT = 107.7, 27.95


def table(path: Path, rows: dict[str, list[object]], encoding: str = "utf-8") -> Path:
    pd.DataFrame(rows).to_csv(path, index=False, encoding=encoding)
    return path


def lonlat(places: Places) -> list[list[float]]:
    return shapely.get_coordinates(places.points.dropna().to_numpy()).round(6).tolist()


def raw(path: Path, blobs: list[bytes | None]) -> Path:
    """A GeoParquet whose geometries are bytes as given."""
    write(gpd.GeoDataFrame({"n": range(len(blobs))}, geometry=[Point(LON, LAT)] * len(blobs), crs=4326), path)
    held = pq.read_table(path)
    place = held.column_names.index("geometry")
    pq.write_table(held.set_column(place, held.schema.field(place), pa.array(blobs, type=pa.binary())), path)
    return path


def bytes_of(kind: int, points: list[tuple[float, float]], *, rings: bool = False) -> bytes:
    head = struct.pack("<BII", 1, kind, 1) if rings else struct.pack("<BI", 1, kind)
    return head + struct.pack("<I", len(points)) + b"".join(struct.pack("<dd", *point) for point in points)


@pytest.mark.parametrize(
    ("lon", "lat"), [("lon", "lat"), ("经度", "纬度"), ("LNG", "Latitude"), ("X", "y"), ("东经（度）", " 北纬 ")]
)
def test_tables_say_where_in_many_words(tmp_path: Path, lon: str, lat: str) -> None:
    path = table(tmp_path / "a.csv", {"名称": ["甲", "乙"], lon: ["107.7", "107.8"], lat: ["27.95", ""]}, "gb18030")
    found = read_places(path)
    assert lonlat(found) == [[LON, LAT]]
    assert found.fault.tolist() == ["", "missing"]
    assert found.layer.table.column("名称").to_pylist() == ["甲", "乙"]
    assert found.frame("station_id").index.tolist() == [1]


def test_workbooks_are_tables_too(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"说明": [["a", "b"]], "站": [["lon", "lat"], [LON, LAT], ["x", LAT]]})
    assert read_places(path, layer="站").fault.tolist() == ["", "missing"]
    with pytest.raises(BadFileError, match="no columns of longitude and latitude"):
        read_places(path)


def test_tables_in_metres_and_in_shifted_degrees(tmp_path: Path) -> None:
    path = table(tmp_path / "m.csv", {"x": [471_000], "y": [3_093_020]})
    with pytest.raises(MissingCrsError):
        read_places(path)
    assert lonlat(read_places(path, crs="EPSG:4545")) == [[107.705305, 27.95076]]
    lon, lat = from_wgs84(np.array([LON]), np.array([LAT]), datum="gcj02")
    shifted = table(tmp_path / "g.csv", {"lon": lon.tolist(), "lat": lat.tolist()})
    assert lonlat(read_places(shifted, crs="GCJ-02")) == [[LON, LAT]]
    with pytest.raises(WrongCrsError):
        read_places(shifted, crs="EPSG:0")


def test_a_table_may_have_a_column_called_geometry(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", {"lon": [LON], "lat": [LAT], "geometry": ["here"], "Geometry_2": [1]})
    found = read_places(path)
    assert found.layer.geometry == "geometry_3"
    assert found.layer.table.column("geometry").to_pylist() == ["here"]


def test_nothing_is_said_as_such(tmp_path: Path) -> None:
    with pytest.raises(EmptyFrameError):
        read_places(table(tmp_path / "a.csv", {"lon": [], "lat": []}))
    with pytest.raises(BadFileError) as caught:
        read_places(tmp_path / "a.docx")
    assert all(form in caught.value.text("zh") for form in (*SUFFIXES, *(f".{form}" for form in FORMS)))
    assert not set(TABLES) & set(SUFFIXES)


def test_every_shape_is_a_point_or_says_why_not(tmp_path: Path) -> None:
    bow = Polygon([(0, 0), (20, 20), (20, 0), (0, 20)])
    shapes = [Point(5, 5), None, Point(), Polygon(), MultiPoint([(7, 7)]), box(0, 0, 9, 9), bow,
              LineString([(0, 0), (9, 9)]), shapely.force_3d(Point(8, 8), 3.5)]  # fmt: skip
    path = write(drawn(shapes), tmp_path / "a.gpkg")
    found = read_places(path)
    assert found.fault.tolist() == ["", "missing", "missing", "missing", "", "", "", "kind", ""]
    inside = gpd.GeoSeries(found.points, crs=4326).to_crs(drawn([]).crs)
    for row, shape in ((0, shapes[0]), (4, shapes[4]), (5, shapes[5]), (8, Point(8, 8))):
        there = drawn([shape]).geometry[0]
        assert there.distance(inside[row]) < 1e-6
    assert drawn([shapely.make_valid(bow)]).geometry[0].distance(inside[6]) < 1e-6
    assert not found.points[found.fault == ""].has_z.any()


def test_bytes_that_are_no_geometry_and_numbers_that_are_none(tmp_path: Path) -> None:
    nan, inf = float("nan"), float("inf")
    blobs = [Point(LON, LAT).wkb, b"\x01\x02", bytes_of(3, [(0, 0), (1, 1), (2, 0)], rings=True), None,
             bytes_of(3, [(0, 0), (nan, 5), (5, 5), (0, 0)], rings=True),
             bytes_of(3, [(0, 0), (inf, 5), (5, 5), (0, 0)], rings=True), Point(inf, 5).wkb, Point(181, 5).wkb,
             Point(LAT, LON).wkb]  # fmt: skip
    found = read_places(raw(tmp_path / "a.parquet", blobs))
    assert found.fault.tolist() == ["", "unreadable", "unreadable", "missing", "away", "away", "away", "away", "away"]
    assert set(found.fault) - {""} <= set(FAULTS)


def test_a_local_system_is_told_with_its_name(tmp_path: Path) -> None:
    local = drawn([Point(1, 1)]).set_crs('LOCAL_CS["北京地方坐标系",UNIT["metre",1]]', allow_override=True)
    for path in (tmp_path / "a.shp", tmp_path / "a.gpkg", tmp_path / "a.parquet"):
        with pytest.raises(LocalCrsError, match="北京地方坐标系"):
            read_places(write(local, path))
        assert read_places(path, crs="EPSG:4545").fault.tolist() == [""]


def test_places_lose_their_point_with_a_fault_and_keep_the_first_fault(tmp_path: Path) -> None:
    found = read_places(write(drawn([Point(0, 0), None, Point(1, 1)]), tmp_path / "a.gpkg"))
    marked = found.without(np.array([True, True, False]), "no_id")
    assert marked.fault.tolist() == ["no_id", "missing", ""]
    assert marked.points.notna().tolist() == [False, False, True]
    assert found.fault.tolist() == ["", "missing", ""]


def test_what_is_far_off_is_astray() -> None:
    places = np.array([Point(LON + 9, LAT - 9), Point(0, 0), Point(LAT, LON), None], dtype=object)
    assert is_astray(places, np.array([LON, LAT])).tolist() == [False, True, True, False]


def lines_of(tmp_path: Path, shapes: list[object], **columns: object) -> StreetLines:
    return read_street_lines(write(drawn(shapes, **columns), tmp_path / "lines.gpkg"))


def test_every_line_is_a_street_or_says_why_not(tmp_path: Path) -> None:
    good = LineString([(0, 0), (100, 0)])
    with_flat = MultiLineString([[(0, 0), (0, 50)], [(5, 5), (5, 5)]])
    flat = MultiLineString([[(5, 5), (5, 5)], [(6, 6), (6, 6)]])
    mixed = shapely.GeometryCollection([good, Point(0, 0)])
    shapes = [good, None, LineString(), LineString([(7, 7), (7, 7)]), with_flat, flat, Point(1, 1), box(0, 0, 1, 1),
              mixed, shapely.force_3d(LineString([(0, 0), (0, 9)]), 4)]  # fmt: skip
    found = lines_of(tmp_path, shapes)
    assert found.fault.tolist() == ["", "missing", "missing", "flat", "", "flat", "kind", "kind", "kind", ""]
    assert found.streets.index.tolist() == [1, 5, 10]
    assert found.streets.to_crs(drawn([]).crs).length.round(3).tolist() == [100, 50, 9]
    assert not found.streets.has_z.any()
    assert set(found.fault) - {""} <= set(STREET_FAULTS)


def test_a_street_astray_does_not_choose_the_zone(tmp_path: Path) -> None:
    lines = [LineString([(LON, LAT), (LON + 0.01, LAT)])] * 2 + [LineString([(0, 0), (0, 0.01)])]
    path = write(gpd.GeoDataFrame(geometry=lines, crs=4326), tmp_path / "a.geojson")
    assert read_street_lines(path).fault.tolist() == ["", "", "astray"]


def test_arcs_are_told_row_by_row(tmp_path: Path) -> None:
    arc = bytes_of(8, [(LON, LAT), (LON, LAT + 0.001), (LON + 0.001, LAT)])
    found = read_street_lines(raw(tmp_path / "a.parquet", [arc, LineString([(LON, LAT), (LON, LAT + 1)]).wkb, None]))
    assert found.fault.tolist() == ["unreadable", "", "missing"]


def test_a_property_may_have_the_name_gdal_gives_to_nameless_geometry(tmp_path: Path) -> None:
    path = write(
        gpd.GeoDataFrame({"wkb_geometry": ["x"]}, geometry=[Point(LON, LAT)], crs=4326), tmp_path / "a.geojson"
    )
    found = read_places(path)
    assert lonlat(found) == [[LON, LAT]]
    assert found.layer.column("wkb_geometry").to_pylist() == ["x"]
    layer = with_columns(found.layer, {})
    again = tmp_path / "b.gpkg"
    write_layers({"a": layer}, again)
    assert gpd.read_file(again)["wkb_geometry"].tolist() == ["x"]


def test_what_is_drawn_twice_is_walked_once(tmp_path: Path) -> None:
    one, back = LineString([(0, 0), (100, 0)]), LineString([(100, 0), (0, 0)])
    found = lines_of(tmp_path, [one, back, one, LineString([(0, 0), (99, 0)])], foot=["yes", "yes", "no", "yes"])
    assert found.again.tolist() == [False, True, False, False]
    assert found.streets["is_walkable"].tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("column", "cells", "walked"),
    [
        ("foot", ["yes", "no", None], [True, False, True]),
        ("FOOT", ["designated", "private", ""], [True, False, True]),
        ("walkable", [True, False, True], [True, False, True]), ("is_walkable", [1, 0, 1], [True, False, True]),
        ("可步行", ["是", "否", "是"], [True, False, True]), ("步行", ["可", "禁止", " 不可 "], [True, False, False]),
        ("on foot", [1.0, 0.0, np.nan], [True, False, True]), ("highway", ["no", "no", "no"], [True, True, True]),
    ],
)  # fmt: skip
def test_a_column_says_no_in_many_words(tmp_path: Path, column: str, cells: list[object], walked: list[bool]) -> None:
    found = lines_of(tmp_path, list(three_streets().translate(-471_000, -3_093_000)), **{column: cells})
    assert found.streets["is_walkable"].tolist() == walked
    assert found.walkable_by == (None if column == "highway" else column)


def test_bridges_and_names_are_found_in_either_language(tmp_path: Path) -> None:
    shapes = list(three_streets().translate(-471_000, -3_093_000))
    found = lines_of(
        tmp_path, shapes, 道路名称=["东路", None, " 西路 "], bridge=["F", "yes", None], 隧道=["", "", "是"]
    )
    assert found.streets["name"].fillna("").tolist() == ["东路", "", "西路"]
    assert found.streets["is_bridge"].tolist() == [False, True, True]


def test_names_are_free_where_no_other_is_written_alike() -> None:
    assert free_name("geom", []) == "geom"
    assert free_name("geom", ["GEOM", "geom_2"]) == "geom_3"


def layer_of(path: Path, **cells: object) -> Layer:
    """A layer of one place with a column for each cell."""
    columns = {name: [cell] for name, cell in cells.items()}
    return read_places(write(gpd.GeoDataFrame(columns, geometry=[Point(LON, LAT)], crs=4326), path)).layer


def test_columns_give_way_but_are_not_lost(tmp_path: Path) -> None:
    layer = layer_of(tmp_path / "a.parquet", Snap_M="mine", snap_m_input="old", n=1)
    made = with_columns(layer, {"snap_m": pa.array([20.0])}).table
    assert made.drop_columns(["geometry"]).to_pylist() == [{"Snap_M_input": "mine", "n": 1, "snap_m": 20.0}]


def test_a_geopackage_takes_names_that_differ_in_capitals_alone_and_all_it_uses_itself(tmp_path: Path) -> None:
    odd = {"Name": "A", "name": "b", "fid": "c", "FID": "d", "ogc_fid": "e", "geom": "f"}
    layer = layer_of(tmp_path / "a.parquet", **odd)
    write_layers({"one": layer, "two": layer}, tmp_path / "out.gpkg")
    for name in ("one", "two"):
        made = gpd.read_file(tmp_path / "out.gpkg", layer=name)
        cells = made.drop(columns="geometry").iloc[0].to_dict()
        assert cells == {"Name_2": "A", "name": "b", "fid_2": "c", "FID": "d", "ogc_fid": "e", "geom": "f"}
        assert made.geometry[0] == Point(LON, LAT)
