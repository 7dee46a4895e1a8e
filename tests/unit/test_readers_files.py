"""Files as text: encodings, delimiters, digits, geometry and its CRS; and files that are none."""

import gzip
import hashlib
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from data.readers.files import RawTable, read_table
from geo.errors import BadFileError, InputError, MissingCrsError, WrongCrsError
from geo.frames import WGS84
from tests.fixtures.workbook import write_workbook

TEXT = "编号,名称,区划代码\n1,云岭社区,990101001001\n2,河东社区,990101001002\n"


def read(folder: Path, data: bytes, name: str = "t.csv", **options: str) -> RawTable:
    path = folder / name
    path.write_bytes(data)
    return read_table(path, **options)


# -- CSV --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("utf-8"), "utf-8"),
        (TEXT.encode("gb18030"), "gb18030"),
        (TEXT.encode("gbk"), "gb18030"),
        (TEXT.encode("utf-16"), "utf-16"),
    ],
)
def test_encodings_give_the_same_text(tmp_path: Path, data: bytes, encoding: str) -> None:
    raw = read(tmp_path, data)
    assert raw.encoding == encoding
    assert raw.cells.columns.tolist() == ["编号", "名称", "区划代码"]
    assert raw.cells["名称"].tolist() == ["云岭社区", "河东社区"]
    assert raw.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["编号", "名称", "备注"], ["1", "a", "x.y"], ["2", "b", ""]]
    raw = read(tmp_path, "\n".join(delimiter.join(row) for row in rows).encode())
    assert raw.cells.to_numpy().tolist() == rows[1:]


def test_quotes_hold_delimiters_and_line_breaks(tmp_path: Path) -> None:
    raw = read(tmp_path, b'id,name\n1,"a, b\n""c"""\n')
    assert raw.cells["name"].tolist() == ['a, b\n"c"']


def test_row_numbers_count_header_title_and_blank_rows(tmp_path: Path) -> None:
    raw = read(tmp_path, "社区台账,,\n编号,名称,户数\n1,a,3\n,,\n2,b,4\n".encode())
    assert raw.cells.columns.tolist() == ["编号", "名称", "户数"]
    assert raw.cells.index.tolist() == [3, 5]


def test_short_rows_are_filled_and_long_ones_are_marked(tmp_path: Path) -> None:
    raw = read(tmp_path, b"id,name\n1\n2,b,c\n3,d,,\n")
    assert raw.cells["name"].tolist() == ["", "b|c", "d"]
    assert list(raw.faults) == [3]


def test_headers_without_a_name_or_told_twice_stay_apart(tmp_path: Path) -> None:
    raw = read(tmp_path, b"id,,id\n1,2,3\n")
    assert raw.cells.columns.tolist() == ["id", "列2", "id #3"]


def test_excels_own_hint_line_is_read(tmp_path: Path) -> None:
    raw = read(tmp_path, b"sep=;\nid;name\n1;a,b\n")
    assert raw.cells["name"].tolist() == ["a,b"]
    assert raw.cells.index.tolist() == [3]


def test_what_a_database_cannot_keep_is_replaced(tmp_path: Path) -> None:
    raw = read(tmp_path, b"id,name\n1,a\x00b\n")
    assert raw.cells["name"].tolist() == ["a\ufffdb"]


@pytest.mark.parametrize(
    ("data", "name", "english"),
    [
        (b"", "t.csv", "empty"),
        (b"  \n ", "t.csv", "empty"),
        (b",,\n,,\n", "t.csv", "no row"),
        (b"\xff\xff\xff\x81", "t.csv", "not text"),
        (b'id,name\n1,"never closed\n', "t.csv", "quotes"),
        (b"id\n1\n", "t.doc", "are not read"),
        (b"no zip", "t.xlsx", "not a whole workbook"),
        (b"{", "t.geojson", "not whole JSON"),
        (b"[]", "t.geojson", "no FeatureCollection"),
        (b"[" * 100_000, "t.geojson", "not whole JSON"),
        (b"no sqlite", "t.gpkg", "not a whole GeoPackage"),
    ],
)
def test_files_that_are_none_are_told_in_both_languages(tmp_path: Path, data: bytes, name: str, english: str) -> None:
    with pytest.raises(BadFileError) as told:
        read(tmp_path, data, name)
    assert english in told.value.text("en")
    assert name in told.value.text("zh")
    assert told.value.text("zh") != told.value.text("en")


def test_a_missing_file_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="cannot be opened"):
        read_table(tmp_path / "nowhere.csv")


def test_an_unknown_crs_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(WrongCrsError, match="EPSG:1"):
        read(tmp_path, TEXT.encode(), crs="EPSG:1")


# -- workbooks --------------------------------------------------------------------------------


def test_text_cells_keep_their_digits_and_numbers_read_as_people_do(tmp_path: Path) -> None:
    rows = [
        ["编码", "户数", "比例", "有"],
        ["012345678901234", 300, 0.25, True],
        ["520113001000001", 12.0, 1e-3, False],
    ]
    raw = read_table(write_workbook(tmp_path / "t.xlsx", {"表": rows}))
    assert raw.cells["编码"].tolist() == ["012345678901234", "520113001000001"]
    assert raw.cells["户数"].tolist() == ["300", "12"]
    assert raw.cells["比例"].tolist() == ["0.25", "0.001"]
    assert raw.cells["有"].tolist() == ["true", "false"]
    assert not raw.faults


def test_a_number_longer_than_excel_keeps_is_marked(tmp_path: Path) -> None:
    rows = [["编码", "名称"], [520113001000001234, "a"], ["520113001000001234", "b"]]
    raw = read_table(write_workbook(tmp_path / "t.xlsx", {"表": rows}))
    assert list(raw.faults) == [2]
    assert "15 位" in raw.faults[2][0]


def test_sheets_are_chosen_by_name_and_rows_count_as_in_excel(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path / "t.xlsx", {"一": [[None, None], ["编号", "名称"], ["1", "a"]], "二": [["编号", "名称"], ["2", "b"]]}
    )
    assert read_table(path).cells.index.tolist() == [3]
    assert read_table(path, sheet="二").cells["名称"].tolist() == ["b"]
    with pytest.raises(BadFileError, match="一, 二"):
        read_table(path, sheet="三")


def test_a_workbook_cut_short_is_told_so(tmp_path: Path) -> None:
    whole = write_workbook(tmp_path / "t.xlsx", {"表": [["编号", "名称"], ["1", "a"]]}).read_bytes()
    for length in range(1, len(whole), 97):
        with pytest.raises(InputError):
            read(tmp_path, whole[:length], "cut.xlsx")


def test_a_stray_cell_in_the_last_corner_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "t.xlsx", {"表": [["编号", "名称"], ["1", "a"]]})
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b'r="B2"', b'r="XFD1048576"')
    with zipfile.ZipFile(path, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)
    with pytest.raises(BadFileError, match="row 1048576, column 16384"):
        read_table(path)


# -- GeoJSON ----------------------------------------------------------------------------------


def geojson(*features: dict[str, object], **more: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more}, ensure_ascii=False).encode()


def feature(geometry: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


POINT = {"type": "Point", "coordinates": [107.0, 27.0]}


def test_geojson_keeps_digits_and_geometry(tmp_path: Path) -> None:
    raw = read(
        tmp_path, geojson(feature(POINT, code=5201130010000012345, share=0.1, none=None, tags={"a": 1})), "t.geojson"
    )
    assert raw.cells.iloc[0].to_dict() == {
        "code": "5201130010000012345",
        "share": "0.1",
        "none": "",
        "tags": '{"a": "1"}',
    }
    assert raw.geometry is not None
    assert raw.geometry.iloc[0] == shapely.Point(107, 27)
    assert raw.cells.index.tolist() == [1]


def test_an_older_files_crs_member_is_honoured(tmp_path: Path) -> None:
    # EPSG:4544: CGCS2000, zone of 105 E; its false easting of 500 km is the meridian itself.
    metres = {"type": "Point", "coordinates": [500_000.0, 2_900_000.0]}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4544"}}
    raw = read(tmp_path, geojson(feature(metres), crs=crs), "t.geojson")
    assert raw.geometry is not None
    assert raw.geometry.crs == WGS84
    assert raw.geometry.iloc[0].x == pytest.approx(105.0)


def test_metres_without_a_crs_are_refused_and_a_declared_one_helps(tmp_path: Path) -> None:
    data = geojson(feature({"type": "Point", "coordinates": [500_000.0, 2_900_000.0]}))
    with pytest.raises(MissingCrsError):
        read(tmp_path, data, "t.geojson")
    raw = read(tmp_path, data, "t.geojson", crs="EPSG:4544")
    assert raw.geometry is not None
    assert raw.geometry.iloc[0].x == pytest.approx(105.0)


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point"},
        {"type": "Polygon", "coordinates": [[[0, 0], [1]]]},
        {"type": "Blob", "coordinates": []},
        "POINT(1 2)",
        5,
    ],
)
def test_a_geometry_that_cannot_be_read_marks_its_row_only(tmp_path: Path, geometry: object) -> None:
    raw = read(tmp_path, geojson(feature(geometry), feature(POINT)), "t.geojson")
    assert list(raw.faults) == [1]
    assert raw.geometry is not None
    assert raw.geometry.notna().tolist() == [False, True]


def test_shifted_degrees_come_back_when_declared(tmp_path: Path) -> None:
    # Guiyang: GCJ-02 lies some 300-400 m east-south-east of WGS 84 there (see tests of geo.datums).
    data = geojson(feature({"type": "Point", "coordinates": [106.7135, 26.5783]}), feature(None))
    shifted, straight = read(tmp_path, data, "t.geojson", crs="GCJ-02"), read(tmp_path, data, "t.geojson")
    assert shifted.geometry is not None
    assert straight.geometry is not None
    assert 0.002 < shifted.geometry.iloc[0].distance(straight.geometry.iloc[0]) < 0.007
    assert shifted.geometry.iloc[1] is None
    assert shifted.datum == "gcj02"


# -- GeoPackage -------------------------------------------------------------------------------


def layer(crs: str | None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"区划代码": ["990101001001", None], "户数": [3, 4]}, geometry=[shapely.Point(107, 27), None], crs=crs
    )


def test_a_layer_in_any_crs_comes_in_degrees(tmp_path: Path) -> None:
    layer("EPSG:4326").to_crs("EPSG:4544").to_file(tmp_path / "t.gpkg", layer="点")
    raw = read_table(tmp_path / "t.gpkg")
    assert raw.cells["区划代码"].tolist() == ["990101001001", ""]
    assert raw.cells["户数"].tolist() == ["3", "4"]
    assert raw.geometry is not None
    assert raw.geometry.crs == WGS84
    assert raw.geometry.iloc[0].distance(shapely.Point(107, 27)) < 1e-9
    assert raw.geometry.iloc[1] is None


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_layer_without_a_crs_is_refused(tmp_path: Path) -> None:
    layer(None).to_file(tmp_path / "t.gpkg")
    with pytest.raises(MissingCrsError, match=r"t\.gpkg"):
        read_table(tmp_path / "t.gpkg")
    assert read_table(tmp_path / "t.gpkg", crs="cgcs2000").geometry is not None


def test_of_several_layers_one_must_be_named(tmp_path: Path) -> None:
    layer("EPSG:4326").to_file(tmp_path / "t.gpkg", layer="a")
    layer("EPSG:4326").to_file(tmp_path / "t.gpkg", layer="b")
    with pytest.raises(BadFileError, match="a, b"):
        read_table(tmp_path / "t.gpkg")
    assert len(read_table(tmp_path / "t.gpkg", sheet="b").cells) == 2


def test_gzipped_text_is_read_and_what_is_broken_is_told(tmp_path: Path) -> None:
    whole = gzip.compress("编号,名称\n1,甲\n".encode("gb18030"))
    (tmp_path / "a.csv.gz").write_bytes(whole)
    found = read_table(tmp_path / "a.csv.gz")
    assert (found.form, found.cells["名称"].tolist()) == ("csv", ["甲"])
    for name, data, told in (
        ("cut.csv.gz", whole[:-12], "no whole gzip file"), ("no.csv.gz", b"1,2", "no whole gzip file"),
        ("b.xlsx.gz", gzip.compress(b"x"), "files of the kind .gz are not read"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BadFileError, match=told):
            read_table(tmp_path / name)
