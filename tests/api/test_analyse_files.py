"""The offline door and other people's files: every form, every fault, and nothing lost on the way."""

import json
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

from data.readers.layer import SUFFIXES
from geo.errors import BadFileError
from tests.fixtures.door import (
    DONE,
    FAILED,
    REJECTED_IN_PART,
    WRONG_USE,
    Door,
    open_door,
    pieces,
    read,
    same_but_for_grids,
    sums,
    write,
)  # fmt: skip
from tests.fixtures.tiled import EAST, NORTH, boxes, layer

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Door:
    return open_door(tmp_path, monkeypatch, capsys)


def town(**more: object) -> gpd.GeoDataFrame:
    """6 x 6 squares of 40 households: 1,440, four grids."""
    return layer(boxes(6, 6), **more)


def full() -> gpd.GeoDataFrame:
    """Columns of many types, some empty."""
    some = np.arange(36) % 5 == 0
    return town(
        name=[f"第{number}块" for number in range(36)], code="520115001001", flag=np.arange(36) % 2 == 0,
        rate=np.where(some, np.nan, 0.1 * np.arange(36)), big=2**40 + np.arange(36),
        small=pd.array(np.where(some, 0, 7), dtype="int32"), note=np.where(some, None, "x"),
    )  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_form_gives_the_same_rows_columns_and_geometries_back(door: Door, tmp_path: Path, suffix: str) -> None:
    cells = full().drop(columns="flag") if suffix == ".shp" else full()
    if suffix in {".geojson", ".json"}:
        cells = cells.to_crs(4326)
        path = tmp_path / f"in{suffix}"
        cells.to_file(path, driver="GeoJSON", engine="pyogrio")
    else:
        path = write(cells, tmp_path / f"in{suffix}")
    ended = door(path, out=f"out{suffix}")
    assert ended.code == DONE, ended.told
    same_but_for_grids(read(path), ended.rows)
    assert sums(ended.rows).between(300, 500).all()
    assert not list(tmp_path.glob(".wangge*"))


@pytest.mark.parametrize("out", ["out.gpkg", "out.geojson", "out.parquet", "out.shp"])
@pytest.mark.parametrize("name", ["in.gpkg", "in.parquet", "in.geojson", "in.shp"])
def test_every_form_can_be_written_from_every_other(door: Door, tmp_path: Path, name: str, out: str) -> None:
    cells = town(code="052", rate=0.5)
    ended = door(write(cells.to_crs(4326) if "json" in name else cells, tmp_path / name), out=out)
    assert ended.code == DONE, ended.told
    rows, before = ended.rows, read(tmp_path / name)
    assert rows["code"].tolist() == ["052"] * 36
    assert rows.crs.to_epsg() == before.crs.to_epsg()
    # A Shapefile winds its rings the other way.
    given, made = before.geometry.normalize().values, rows.geometry.normalize().values
    assert shapely.equals_exact(made, given, tolerance=1e-9).all()
    assert sums(rows).between(300, 500).all()


def test_a_geojson_keeps_everything_it_says(door: Door, tmp_path: Path) -> None:
    cells = town().to_crs(4326)
    document = json.loads(cells.to_json())
    document["title"] = "小区"
    for number, feature in enumerate(document["features"]):
        feature["id"] = 100 - number
        feature["properties"]["more"] = {"list": [1, 2.50]}
    path = tmp_path / "in.geojson"
    path.write_text(json.dumps(document), encoding="utf-8")
    ended = door(path, out="out.geojson")
    assert ended.code == DONE, ended.told
    made = json.loads(ended.out.read_text(encoding="utf-8"))
    grids = [feature["properties"].pop("grid_id") for feature in made["features"]]
    assert made == document
    assert all(isinstance(grid, int) for grid in grids)


def test_heights_multipolygons_and_odd_systems_come_back_as_they_were(door: Door, tmp_path: Path) -> None:
    shapes: list[shapely.Geometry] = [shapely.force_3d(shape, z=12.5) for shape in boxes(6, 6)]
    cells = gpd.GeoDataFrame({"households": 40}, geometry=shapes, crs="EPSG:4549", index=range(36)).to_crs(3857)
    cells.loc[7, "geometry"] = shapely.MultiPolygon([cells.geometry[7]])
    for name in ("in.gpkg", "in.parquet"):
        path = write(cells, tmp_path / name)
        ended = door(path, out=f"out{path.suffix}")
        assert ended.code == DONE, ended.told
        same_but_for_grids(read(path), ended.rows)
        assert ended.rows.has_z.all()
        assert set(pieces(ended.rows).values()) == {1}


def test_feet_and_other_hemispheres_are_measured_in_metres(door: Door, tmp_path: Path) -> None:
    feet = 0.3048006096
    shapes = [
        shapely.transform(shape, lambda points: (points - [EAST, NORTH]) / feet + [900_000, 900_000])
        for shape in boxes(6, 6)
    ]
    cells = gpd.GeoDataFrame({"households": 40}, geometry=shapes, crs="EPSG:2249", index=range(36))
    ended = door(cells)
    assert ended.code == DONE, ended.told
    assert sums(ended.rows).between(300, 500).all()
    south = town().set_crs(32756, allow_override=True)
    assert door(south).code == DONE


def test_an_invalid_polygon_is_mended_for_the_work_and_comes_back_as_it_was(door: Door, tmp_path: Path) -> None:
    cells = town()
    west, south, east, north = cells.geometry[14].bounds
    spike = [
        (west, south),
        (east, south),
        (east, north),
        (west, north),
        (west, south),
        (west - 20, south),
        (west, south),
    ]
    cells.loc[14, "geometry"] = shapely.Polygon(spike)
    assert not cells.geometry[14].is_valid
    path = write(cells, tmp_path / "in.gpkg")
    ended = door(path)
    assert ended.code == DONE, ended.told
    assert ended.report["inputs"]["mended_rows"] == [15]
    same_but_for_grids(read(path), ended.rows)
    assert sums(ended.rows).between(300, 500).all()


def test_points_lines_and_nothings_stay_as_rows_without_a_grid(door: Door, tmp_path: Path) -> None:
    cells = town()
    odd = [shapely.Point(EAST, NORTH), shapely.LineString([(EAST, NORTH), (EAST + 9, NORTH)]), None,
           shapely.Polygon([(EAST, NORTH), (EAST + 5, NORTH), (EAST, NORTH)])]  # fmt: skip
    cells = pd.concat([cells.iloc[:10], layer(odd, households=0), cells.iloc[10:]], ignore_index=True)
    for out in ("out.gpkg", "out.parquet"):
        ended = door(write(cells, tmp_path / out.replace("out", "in")), out=out)
        assert ended.code == REJECTED_IN_PART, ended.told
        assert np.flatnonzero(ended.rows["grid_id"].isna()).tolist() == [10, 11, 12, 13]
        assert [(row["row"], row["reason"]) for row in ended.report["inputs"]["rejected"]] == [
            (11, "it is no polygon"), (12, "it is no polygon"), (13, "it has no geometry"),
            (14, "its ground is nothing"),
        ]  # fmt: skip


def test_empty_cells_are_no_households_and_text_is_read_as_numbers(door: Door) -> None:
    ended = door(town(households=[None if at % 9 == 0 else "1,040户" if at == 5 else " 40 " for at in range(36)]))
    assert ended.code == DONE, ended.told
    assert ended.report["inputs"]["households"]["nulls_taken_as_0"] == 4
    assert ended.report["inputs"]["households"]["sum"] == 31 * 40 + 1040


@pytest.mark.parametrize(
    ("households", "why"),
    [
        ([40] * 35 + [-3], "below 0"), ([40] * 35 + [np.inf], "not a finite number"),
        (["40"] * 35 + ["viele"], 'not a number ("viele")'), ([True] * 36, "it holds bool, no numbers"),
    ],
)  # fmt: skip
def test_households_that_cannot_be_are_an_error_that_names_the_rows(
    door: Door, households: list[object], why: str
) -> None:
    ended = door(town(households=households), name="cells.parquet", out="out.parquet")
    assert ended.code == FAILED
    assert "households" in ended.told
    assert why in ended.told
    assert "36" in ended.told
    assert not ended.out.exists()
    assert not ended.report


def test_a_column_that_is_not_there_is_an_error_that_lists_those_that_are(door: Door) -> None:
    ended = door(full(), households="housholds")
    assert ended.code == FAILED
    assert "lacks the columns housholds" in ended.told
    assert "households, name, code" in ended.told
    assert "geom" not in ended.told
    assert door(full(), within="streets").code == FAILED


def test_a_layer_without_a_system_asks_for_one(door: Door, tmp_path: Path) -> None:
    nowhere = gpd.GeoDataFrame(town().drop(columns="geometry"), geometry=list(town().geometry), crs=None)
    path = write(nowhere, tmp_path / "in.parquet")
    ended = door(path, out="out.parquet")
    assert ended.code == FAILED
    assert "--crs" in ended.told
    told = door(path, out="out.parquet", crs="EPSG:4549")
    assert told.code == DONE, told.told
    metres = write(nowhere.set_crs(4326, allow_override=True), tmp_path / "metres.gpkg")
    assert "has no coordinate system" in door(metres).told
    assert door(metres, crs="EPSG:9999999").code == FAILED


def test_shifted_degrees_are_shifted_back_for_places_only(door: Door, tmp_path: Path) -> None:
    path = write(town(households=[900] + [40] * 35).to_crs(4326), tmp_path / "in.geojson")
    straight, shifted = door(path, out="a.geojson"), door(path, out="b.geojson", crs="gcj02")
    assert straight.rows["grid_id"].tolist() == shifted.rows["grid_id"].tolist()
    assert shapely.equals_identical(straight.rows.geometry.values, shifted.rows.geometry.values).all()
    lon, lat = straight.report["exceptions"][0]["place"]
    moved = shifted.report["exceptions"][0]["place"]
    assert 0.001 < abs(moved[0] - lon) + abs(moved[1] - lat) < 0.02


def test_a_file_of_several_layers_needs_a_name_where_two_hold_polygons(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "in.gpkg"
    town().to_file(path, layer="blocks", engine="pyogrio")
    gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=4326).to_file(path, layer="shops", engine="pyogrio")
    assert door(path).code == DONE
    town(households=20).to_file(path, layer="yards", engine="pyogrio")
    ended = door(path)
    assert ended.code == FAILED
    assert "blocks, shops, yards" in ended.told
    assert door(path, layer="yards").report["inputs"]["households"]["sum"] == 720
    assert "there is no layer yard" in door(path, layer="yard").told


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("no.gpkg", None), ("empty.geojson", b""), ("broken.gpkg", b"SQLite format 3\0 and no more"),
        ("broken.parquet", b"PAR1"), ("words.geojson", b"hello"), ("cells.docx", b"PK"),
        ("none.geojson", b'{"type": "FeatureCollection", "features": []}'),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(door: Door, tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    ended = door(tmp_path / name)
    assert ended.code == FAILED, ended.told
    assert name in ended.told
    assert "Traceback" not in ended.told
    assert not ended.out.exists()


def test_parquet_without_geometry_says_so(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "plain.parquet"
    pd.DataFrame({"households": [1, 2]}).to_parquet(path)
    assert "GeoParquet" in door(path).told


def test_wrong_use_is_told_apart_from_failure(door: Door, tmp_path: Path) -> None:
    cells = write(town(old=1), tmp_path / "in.gpkg")
    before = cells.read_bytes()
    for options in (
        {"lock": "old"}, {"people_band": (1, 2)}, {"band": (500, 300)}, {"band": (0, 300)}, {"count": 0},
        {"out": "out.docx"}, {"out": "in.gpkg"}, {"tolerance_m": -1}, {"seed": -1},
    ):  # fmt: skip
        ended = door(cells, **options)
        assert ended.code == WRONG_USE, (options, ended.told)
    link = tmp_path / "link.gpkg"
    link.symlink_to(cells)
    assert door(cells, out="link.gpkg").code == WRONG_USE
    assert cells.read_bytes() == before


def test_a_folder_that_is_not_there_is_an_error_and_nothing_is_written(door: Door, tmp_path: Path) -> None:
    ended = door(town(), out="no/such/out.gpkg")
    assert ended.code == FAILED
    assert "cannot be written" in ended.told
    assert not ended.report


def test_what_stood_there_is_replaced_or_left_whole(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.gpkg").write_bytes(b"something else")
    assert door(town()).code == DONE
    whole = (tmp_path / "out.gpkg").read_bytes()

    def fails(path: Path, **_: object) -> None:
        path.write_text("{")
        raise BadFileError(file="report", reason="no", reason_zh="", mend="", mend_zh="")

    monkeypatch.setattr("api.actions.analyse_grids.write_json", fails)
    assert door(town(households=30)).code == FAILED
    assert (tmp_path / "out.gpkg").read_bytes() == whole
    assert not list(tmp_path.glob(".wangge*"))


def test_a_second_run_keeps_the_grids_of_the_first(door: Door, tmp_path: Path) -> None:
    first = door(town())
    again = door(first.out, out="again.gpkg", keep="grid_id")
    assert again.code == DONE, again.told
    assert again.rows["grid_id"].tolist() == first.rows["grid_id"].tolist()
    assert list(again.rows.columns) == list(first.rows.columns)


def test_a_column_that_can_hold_no_ids_is_refused(door: Door, tmp_path: Path) -> None:
    ended = door(town(day=pd.Timestamp("2026-01-01")), keep="day")
    assert ended.code == FAILED
    assert "cannot hold ids" in ended.told


def test_parquet_keeps_the_types_of_its_columns_and_of_the_old_ids(door: Door, tmp_path: Path) -> None:
    old = pd.Categorical(["a1" if at % 6 < 3 else "a2" for at in range(36)])
    path = write(town(old=old, tiny=pd.array([1] * 36, dtype="int8"), households=20), tmp_path / "in.parquet")
    ended = door(path, out="out.parquet", keep="old")
    assert ended.code == DONE, ended.told
    before, after = pq.read_schema(path), pq.read_schema(ended.out)
    assert [after.field(name).type for name in before.names] == [before.field(name).type for name in before.names]
    assert set(ended.rows["grid_id"]) == {"a1", "a2"}


def test_barriers_come_in_any_form_and_say_what_they_lack(door: Door, tmp_path: Path) -> None:
    across = shapely.LineString([(EAST - 9, NORTH - 300), (EAST + 609, NORTH - 300)])
    wall = gpd.GeoDataFrame({"类型": ["围墙"]}, geometry=[across], crs="EPSG:4549")
    for name in ("wall.shp", "wall.parquet", "wall.geojson"):
        path = write(wall.to_crs(4326) if "json" in name else wall.to_crs(3857), tmp_path / name)
        ended = door(town(), barriers=path)
        assert ended.code == DONE, ended.told
        assert ended.report["barriers"]["borders_not_walkable"] == 6
        assert ended.report["barriers"]["rows_of_unknown_kind"] == 0
    unplaced = write(gpd.GeoDataFrame(geometry=list(wall.geometry), crs=None), tmp_path / "unplaced.parquet")
    assert "unplaced.parquet" in door(town(), barriers=unplaced).told
    assert door(town(), barriers=unplaced, barriers_crs="EPSG:4549").report["barriers"]["rows_of_unknown_kind"] == 1


def test_errors_are_told_in_chinese_to_those_who_read_it(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    ended = door(town(), households="户数")
    assert ended.code == FAILED
    assert "缺少列：户数" in ended.told


def test_the_command_runs_as_a_process_of_its_own_without_a_database(tmp_path: Path) -> None:
    path = write(town(), tmp_path / "in.gpkg")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "zh_CN.UTF-8",
                   "WANGGE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}  # fmt: skip
    command = [sys.executable, "-m", "api.cli", "analyse", "grids", str(path), "--out", str(tmp_path / "out.gpkg")]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *more], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    done = run("--households", "households")
    assert done.returncode == DONE, done.stderr
    assert read(tmp_path / "out.gpkg")["grid_id"].notna().all()
    wrong = run("--households", "户数")
    assert wrong.returncode == FAILED
    assert "缺少列" in wrong.stderr
    assert run().returncode == WRONG_USE
