"""What the offline door for incidents reads: files in every form, columns however they are called, times as written."""

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from api.incident_columns import UnclearColumnError, exposure_column
from api.incident_places import numbers
from api.incident_table import _quick, _told, read_text
from api.incident_times import UnclearDatesError, moments_of
from data.readers.sheets import read_csv
from data.readers.values import moment
from geo.datums import from_wgs84
from geo.errors import BadFileError
from tests.fixtures.door import DONE, FAILED, REJECTED_IN_PART, Ended
from tests.fixtures.incident_files import CRS, IncidentDoor, kept, open_incidents, town
from tests.fixtures.workbook import write_workbook


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> IncidentDoor:
    return open_incidents(tmp_path, monkeypatch, capsys)


def layer(rows: pd.DataFrame) -> gpd.GeoDataFrame:
    points = gpd.points_from_xy(rows["lon"], rows["lat"])
    return gpd.GeoDataFrame(rows.drop(columns=["lon", "lat"]), geometry=points, crs=4326)


def same(one: Ended, other: Ended) -> None:
    """Both found the same, in the same places to a millimetre."""
    assert one.code == other.code == DONE, one.told
    assert one.layer("points")["cluster"].tolist() == other.layer("points")["cluster"].tolist()
    columns = ["count", "z", "class"]
    pd.testing.assert_frame_equal(one.layer("cells")[columns], other.layer("cells")[columns], atol=1e-6)
    here, there = (ended.layer("points").geometry.to_numpy() for ended in (one, other))
    assert shapely.distance(here, there).max() < 2e-8
    assert one.report["sentences"] == other.report["sentences"]


TABLES: dict[str, tuple[str, dict[str, Any]]] = {
    "comma": (".csv", {}), "tab": (".tsv", {"sep": "\t"}), "bar": (".txt", {"sep": "|"}),
    "gb18030": (".csv", {"encoding": "gb18030"}), "bom": (".csv", {"encoding": "utf-8-sig"}),
    "utf16": (".txt", {"encoding": "utf-16", "sep": "\t"}), "gzip": (".csv.gz", {}), "quoted": (".csv", {"quoting": 1}),
}  # fmt: skip


@pytest.mark.parametrize("form", TABLES)
def test_tables_of_all_forms_say_the_same(door: IncidentDoor, tmp_path: Path, form: str) -> None:
    suffix, how = TABLES[form]
    rows = town().rename(columns={"lon": "经度", "lat": "纬度（°）", "time": "上报时间"})
    same(door(kept(rows, tmp_path / f"表{suffix}", **how), out="a.gpkg"), door(town()))


def test_decimal_commas_workbooks_layers_and_systems_are_one_ground(door: IncidentDoor, tmp_path: Path) -> None:
    rows, usual = town(), door(town(), out="usual.gpkg")
    commas = rows.assign(**{name: rows[name].map("{:.6f}".format).str.replace(".", ",") for name in ("lon", "lat")})
    same(door(kept(commas, tmp_path / "commas.csv", sep=";")), usual)
    sheets = {"说明": [["没有数据"]], "事件": [rows.columns.tolist(), *rows.to_numpy().tolist()]}
    same(door(write_workbook(tmp_path / "book.xlsx", sheets), layer="事件"), usual)
    for suffix, frame in ((".geojson", layer(rows)), (".gpkg", layer(rows).to_crs(CRS))):
        frame.to_file(tmp_path / f"layer{suffix}")
        same(door(tmp_path / f"layer{suffix}"), usual)
    layer(rows.assign(time=pd.to_datetime(rows["time"]))).to_parquet(tmp_path / "layer.parquet")
    same(door(tmp_path / "layer.parquet"), usual)
    metres = layer(rows).to_crs("EPSG:4526").geometry
    plane = rows.drop(columns=["lon", "lat"]).assign(X=metres.x, Y=metres.y)
    same(door(plane, crs="EPSG:4526"), usual)
    turned = door(plane, crs="EPSG:4526", lon="y", lat="x")
    assert turned.code == FAILED
    assert "use --lon X --lat Y" in turned.told
    lon, lat = from_wgs84(rows["lon"].to_numpy(), rows["lat"].to_numpy(), datum="gcj02")
    same(door(rows.assign(lon=lon, lat=lat), crs="gcj02"), usual)


def test_columns_of_our_names_and_odd_ones_stay(door: IncidentDoor, tmp_path: Path) -> None:
    rows = town().assign(Cluster="x", geometry="c(1, 2)", fid=9, Kind="K", **{"类型😀": "甲"})
    ended = door(rows, category="类型😀")
    assert ended.code == DONE, ended.told
    points = ended.layer("points")
    assert points["Cluster_input"].eq("x").all()
    assert points["geometry_2" if "geometry_2" in points else "geometry"].notna().all()
    assert points["类型😀"].eq("甲").all()
    assert pd.api.types.is_integer_dtype(points["cluster"])
    double = tmp_path / "double.csv"
    double.write_text("lon,lat,lon,time\n114.0,23.0,1,2026-01-01\n114.1,23.1,1,2026-01-02\n")
    assert "It may be: lon, lon #3" in door(double).told
    assert door(double, lon="LON").code == DONE
    assert set(door(double, lon="lon").layer("points").columns) >= {"lon", "lon #3"}


def test_rows_that_a_form_spoils_are_told(door: IncidentDoor, tmp_path: Path) -> None:
    lines = town().to_csv(index=False).splitlines()
    lines[4] += ",more"
    lines[6] = "7"
    (tmp_path / "ragged.csv").write_text("\n".join(lines))
    ended = door(tmp_path / "ragged.csv")
    assert ended.code == REJECTED_IN_PART, ended.told
    found = {told["reason"]: told["rows"] for told in ended.report["inputs"]["rejected"]}
    assert found == {"cells": [4], "missing": [6]}
    assert [(told["zh"], told["en"]) for told in ended.report["inputs"]["rejected"]][1][0] == "单元格比列名多"


CUT_GZIP = gzip.compress(b"lon,lat,time\n1,2,3\n")[:-4]


@pytest.mark.parametrize("spoil", [b"", b"x", CUT_GZIP, gzip.compress(b"")], ids=["empty", "letter", "cut", "hollow"])
def test_broken_gzip_is_told(tmp_path: Path, spoil: bytes) -> None:
    (tmp_path / "a.csv.gz").write_bytes(spoil)
    with pytest.raises(BadFileError, match=r"Cannot read a\.csv\.gz"):
        read_text(tmp_path / "a.csv.gz")


CELL = st.text(st.sampled_from(list("ab1 ,;|\t\"'\n\r.-é网😀")), max_size=5)


@settings(max_examples=200)
@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=2, max_size=6), st.sampled_from(",;|\t"))
def test_what_is_read_fast_is_what_is_read_slowly(rows: list[list[str]], delimiter: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows(rows)
    data, path = file.getvalue().encode(), Path("a.csv")
    quick = _quick(path, data)
    if quick is not None:
        slow = _told(read_csv(path, data, None))
        assert quick.cells.equals(slow.cells)
        assert not slow.is_spoiled.any()


def test_long_plain_tables_are_read_fast(tmp_path: Path) -> None:
    data = kept(pd.concat([town()] * 9), tmp_path / "a.csv").read_bytes()
    quick = _quick(Path("a.csv"), data)
    assert quick is not None
    assert quick.cells.equals(_told(read_csv(Path("a.csv"), data, None)).cells)


@pytest.mark.parametrize(
    ("cells", "is_degrees", "found"),
    [
        (["1.5", " -2 ", "3e2", "", "x", "+.5"], True, [1.5, -2, 300, None, None, 0.5]),
        (["53,767", "-2,465978"], True, [53.767, -2.465978]),
        (["53,767", "1,5"], False, [53.767, 1.5]),
        (["53,767", "54,001"], True, [53.767, 54.001]),
        (["490,320", "491,000"], False, [490_320, 491_000]),
        (["5,458,606.92", "5,458,606"], True, [5_458_606.92, 5_458_606]),
        (["5.458.606,92", "490.320,5"], False, [5_458_606.92, 490_320.5]),
        (["１１３．２６", "23。1", "inf", "nan", "1_0", "0x1"], True, [113.26, None, None, None, None, None]),
    ],
)
def test_numbers_with_commas_are_read_as_the_whole_column_shows(
    cells: list[str], is_degrees: bool, found: list[float | None]
) -> None:
    values, is_empty = numbers(pa.chunked_array([cells]), is_degrees=is_degrees)
    assert [None if np.isnan(value) else value for value in values] == found
    assert is_empty.tolist() == [not cell.strip() for cell in cells]


def read(*cells: Any, day_first: bool | None = None, zone: str = "Asia/Shanghai", kind: Any = None) -> Any:
    return moments_of([pa.chunked_array([pa.array(cells, type=kind)])], "t", zone=zone, is_day_first=day_first)


@pytest.mark.parametrize(
    ("cell", "local"),
    [
        ("2026-03-05 14:05", "2026-03-05T14:05"), ("2026/3/5", "2026-03-05"), ("2026.3.5 4:5:6", "2026-03-05T04:05:06"),
        ("2026年3月5日 下午2:05", "2026-03-05T14:05"), ("2026年3月5日14时5分6秒", "2026-03-05T14:05:06"),
        ("２０２６－０３－０５", "2026-03-05"), ("20260305", "2026-03-05"), ("202603051405", "2026-03-05T14:05"),
        ("20260305T140506Z", "2026-03-05T22:05:06"), ("46086.5", "2026-03-05T12:00"), ("2026-03", "2026-03-01"),
        ("2026年3月", "2026-03-01"), ("202603", "2026-03-01"), ("March 2026", "2026-03-01"),
        ("2026-03-05T14:05:06.789Z", "2026-03-05T22:05:06.789"), ("2026-03-05 14:05+01:00", "2026-03-05T21:05"),
        ("2026-03-05T14:05:06+0900", "2026-03-05T13:05:06"), ("5 Mar 2026 2:05 PM", "2026-03-05T14:05"),
        ("Mar 5, 2026 12:05 a.m.", "2026-03-05T00:05"), ("05-MAR-26 14.05.06", "2026-03-05T14:05:06"),
        ("Thu, 05 Mar 2026 06:05:06 GMT", "2026-03-05T14:05:06"), ("1772690706", "2026-03-05T14:05:06"),
        ("1772690706000", "2026-03-05T14:05:06"), ("31/3/2026 23:59", "2026-03-31T23:59"),
        ("3/31/26 11:59 PM", "2026-03-31T23:59"), ("5.3.2026", "2026-03-05"), (20260305, "2026-03-05"),
    ],
)  # fmt: skip
def test_times_are_read_as_people_write_them(cell: Any, local: str) -> None:
    found = read(cell)
    assert found.fault.tolist() == [""]
    assert found.local[0] == np.datetime64(local)
    assert found.at[0] == np.datetime64(local) - np.timedelta64(8, "h")


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("", "no_time"), ("  ", "no_time"), (None, "no_time"), ("soon", "time"), ("2026-02-30", "time"),
        ("12:30", "time"), ("2026-13-01", "time"), ("2026-01-01 24:01", "time"), ("1899-12-30", "year"),
        ("1900-01-01", "year"),
        ("2100-01-01", "year"), ("0026-01-01", "year"), ("12345", "time"), ("5 Foo 2026", "time"),
        ("31/31/2026", "time"), ("2026-01-01 10:61", "time"),
    ],
)  # fmt: skip
def test_what_is_no_time_is_told(cell: str | None, fault: str) -> None:
    found = read(cell, kind=pa.string(), day_first=True)
    assert found.fault.tolist() == [fault]
    assert np.isnat(found.at).all()


def test_the_whole_column_decides_what_comes_first() -> None:
    assert read("5/3/2026", "13/3/2026").order == "day_first"
    months = read("5/3/2026", "3/13/2026")
    assert (months.order, str(months.local[0])[:10]) == ("month_first", "2026-05-03")
    mixed = read("5/3/2026", "13/3/2026", "14/3/2026", "3/14/2026")
    assert (mixed.order, mixed.fault.tolist()) == ("day_first", ["", "", "", "time"])
    assert read("2026-03-05").order is None
    for cells in (("5/3/2026",), ("13/3/2026", "3/13/2026")):
        with pytest.raises(UnclearDatesError, match="--day-first or --month-first"):
            read(*cells)
        assert [read(*cells, day_first=first).order for first in (True, False)] == ["day_first", "month_first"]


@pytest.mark.parametrize("text", ["2026-03-05 14:05", "2026年3月5日 下午2:05", "20260305", "202603051405", "46086.5",
                                  "2026/3/5 14:05:06+02:00"])  # fmt: skip
def test_times_are_those_of_the_registers(text: str) -> None:
    assert read(text).at[0] == np.datetime64(moment(text).replace(tzinfo=None))


def test_clocks_that_go_forward_and_back_and_zones_of_all_kinds() -> None:
    london = read("2026-03-29 01:30", "2026-10-25 01:30", "2026-07-01 12:00", zone="Europe/London")
    assert [str(at)[:16] for at in london.at] == ["2026-03-29T01:00", "2026-10-25T00:30", "2026-07-01T11:00"]
    mixed = read("2026-01-01T00:00:00Z", "2026-01-01 00:00", "2026-01-01T00:00:00-05:00")
    assert [str(at)[:13] for at in mixed.local] == ["2026-01-01T08", "2026-01-01T00", "2026-01-01T13"]
    assert mixed.zoned == 2
    kind = pa.timestamp("us", tz="America/New_York")
    aware = read(pd.Timestamp("2026-01-01T00:00Z").to_pydatetime(), None, kind=kind)
    assert (str(aware.local[0])[:13], aware.fault.tolist(), aware.zoned) == ("2026-01-01T08", ["", "no_time"], 1)


@pytest.mark.parametrize(
    ("cells", "resolution"),
    [
        (["2026-01", "2026-02"], "month"), (["2026-01-01", "2026-02-01"], "month"),
        (["2026-01-01", "2026-01-01"], "day"), (["2026-01-01", "2026-02-02"], "day"),
        (["2026-01-01 00:00", "2026-02-01 00:01"], "time"), (["soon"], "time"),
    ],
)  # fmt: skip
def test_how_exactly_times_are_told(cells: list[str], resolution: str) -> None:
    assert read(*cells).resolution == resolution


def test_parts_of_a_time_are_joined() -> None:
    def joined(*columns: list[Any]) -> list[str]:
        found = moments_of([pa.chunked_array([pa.array(cells)]) for cells in columns], "t", zone="Asia/Shanghai")
        return [fault or str(at)[:16] for at, fault in zip(found.local, found.fault, strict=True)]

    assert joined([2026, 2026, None], [3, 12, None], [5, 31, None], [14, None, None], [5, None, None]) == [
        "2026-03-05T14:05", "2026-12-31T00:00", "no_time",
    ]  # fmt: skip
    assert joined(["2026", "2026.0"], ["3", "02.0"]) == ["2026-03-01T00:00", "2026-02-01T00:00"]
    assert joined([2026.0], [3.0], [5.0], [14.0]) == ["2026-03-05T14:00"]
    assert joined(["2026", "2026"], ["", "2"], ["5", "30"]) == ["time", "time"]
    assert joined(["2026-03-05", "3/31/2026", ""], ["14:05", "2:05 PM", ""]) == [
        "2026-03-05T14:05", "2026-03-31T14:05", "no_time",
    ]  # fmt: skip


def test_months_make_periods_of_months_and_parts_are_found_by_name(door: IncidentDoor) -> None:
    days = pd.to_datetime(town()["time"])
    parts = town().drop(columns="time").assign(YEAR=days.dt.year, Month=days.dt.month, DAY=days.dt.day)
    ended = door(parts)
    assert ended.report["parameters"]["time"] == ["YEAR", "Month", "DAY"]
    assert "Column YEAR,Month,DAY is taken as --time" in ended.told
    named = door(parts, time="year,month")
    assert (named.report["times"]["resolution"], named.report["times"]["unit"]) == ("month", "month")
    assert (named.report["times"]["periods"], ended.report["times"]["unit"]) == (12, "week")
    assert "told to the month" in named.told


def test_a_few_dates_far_off_do_not_stretch_the_periods(door: IncidentDoor) -> None:
    rows = town()
    rows.loc[0, "time"] = "1931-05-01"
    ended = door(rows)
    assert ended.code == DONE, ended.told
    assert (ended.report["times"]["unit"], ended.report["times"]["rows_outside_periods"]) == ("week", 1)
    assert len(ended.layer("points")) == len(rows)


@pytest.mark.parametrize(
    ("columns", "taken"),
    [
        (["Households", "population"], "Households"),
        (["code", "常住人口"], "常住人口"),
        (["code", "floors"], None),
        (["Exposure", "人口"], "Exposure"),
    ],
)
def test_what_incidents_come_from_is_known_by_its_column(columns: list[str], taken: str | None) -> None:
    assert exposure_column("homes.csv", columns) == taken


def test_two_columns_of_households_are_asked_about() -> None:
    with pytest.raises(UnclearColumnError, match="It may be: 户数, households"):
        exposure_column("homes.csv", ["户数", "households"])
