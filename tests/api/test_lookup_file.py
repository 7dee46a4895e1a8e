"""wangge lookup file: odd tables in, the same rows with answers out; whole or not at all, however long."""

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

from api.actions.look_up_file import COLUMNS
from data.readers import pieces
from data.readers.sheets import read_workbook
from geo.datums import from_wgs84
from geo.rng import generator
from tests.fixtures.commands import DONE, FAILED, REJECTED_IN_PART, WRONG_USE, wangge
from tests.fixtures.services import Service
from tests.fixtures.small_town import SmallTown, square
from tests.fixtures.workbook import write_workbook

AT = SmallTown.point
NOWHERE = "postgresql://nobody@/nothing_test"  # no command may look for it
GRIDS = gpd.GeoDataFrame(
    {"网格编码": ["G1", "G2"], "名称": ["甲网格", None]},
    geometry=[square(0, 0, width=2, height=4), square(2, 0, width=2, height=4)], crs=4326,
)  # fmt: skip
HEADER, ROWS = ("序号", "经度", "纬度", "备注"), (
    ("1", *map(str, AT(0, 0)), "甲"), ("2", *map(str, AT(3, 0)), "乙，丙"), ("3", *map(str, AT(9, 9)), 'say "x"'),
)  # fmt: skip
FIRST = {"answer": "assigned", "certain": True, "grid_code": "G1", "grid_name": "甲网格", "grid_codes": "G1"}


@pytest.fixture
def grids(tmp_path: Path) -> Path:
    path = tmp_path / "grids.geojson"
    GRIDS.to_file(path)
    return path


def ask(file: Path, out: Path, grids: Path | None, *more: str, url: str = NOWHERE) -> Any:
    options = [] if grids is None else ["--grids", str(grids)]
    return wangge(url, "lookup", "file", str(file), "--out", str(out), *options, *more)


def answers(path: Path) -> list[dict[str, Any]]:
    """The rows of a CSV."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def text_of(delimiter: str, header: tuple[str, ...] = HEADER, rows: tuple[tuple[str, ...], ...] = ROWS) -> str:
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in (header, *rows)]
    return "\r\n".join(delimiter.join(row) for row in quoted) + "\r\n"


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter"),
    [
        ("in.csv", "utf-8", ","), ("in.csv", "utf-8-sig", ","), ("in.csv", "gb18030", ","), ("in.txt", "gb18030", ";"),
        ("in.tsv", "utf-8", "\t"), ("in.csv", "utf-16", ","), ("in.csv.gz", "gb18030", "|"),
        ("in.csv.gz", "utf-8", ","),
    ],
)  # fmt: skip
def test_odd_tables_are_read(tmp_path: Path, grids: Path, name: str, encoding: str, delimiter: str) -> None:
    data = text_of(delimiter).encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    ended = ask(tmp_path / name, tmp_path / "out.csv", grids)
    assert ended.returncode == DONE, ended.stderr
    found = answers(tmp_path / "out.csv")
    assert list(found[0]) == [*HEADER, *COLUMNS]
    assert [tuple(row[column] for column in HEADER) for row in found] == list(ROWS)
    assert [row["grid_code"] for row in found] == ["G1", "G2", ""]
    assert [row["answer"] for row in found] == ["assigned", "assigned", "outside"]
    assert not (tmp_path / "out.csv.rejected.csv").exists()
    assert "3 rows: 3 answered" in ended.stdout


@pytest.mark.parametrize("form", [".csv", ".csv.gz", ".parquet", ".gpkg", ".geojson", ".xlsx"])
@pytest.mark.parametrize("source", [".csv", ".parquet", ".gpkg", ".geojson", ".xlsx", ".shp", "plain.parquet"])
def test_every_form_becomes_every_form(tmp_path: Path, grids: Path, source: str, form: str) -> None:
    rows = pd.DataFrame(list(ROWS), columns=list(HEADER))
    layer = gpd.GeoDataFrame(
        rows, geometry=gpd.points_from_xy(rows["经度"].astype(float), rows["纬度"].astype(float)), crs=4326
    )
    path = tmp_path / f"in{'.parquet' if source == 'plain.parquet' else source}"
    if source == ".csv":
        path.write_text(text_of(","), encoding="utf-8")
    elif source == "plain.parquet":
        rows.astype({"经度": float, "纬度": float}).to_parquet(path)
    elif source == ".xlsx":
        write_workbook(path, {"Sheet1": [list(HEADER), *map(list, ROWS)]})
    elif source == ".parquet":
        layer.to_parquet(path)
    else:
        layer.to_file(path, encoding="utf-8")
    out = tmp_path / f"out{form}"
    ended = ask(path, out, grids)
    assert ended.returncode == DONE, ended.stderr
    if form.startswith(".csv"):
        found = pd.DataFrame(answers(out))
    elif form == ".xlsx":
        sheet = read_workbook(out, out.read_bytes(), None)
        found = pd.DataFrame(sheet.rows, columns=sheet.headers)
    elif form == ".parquet":
        found = pq.read_table(out).to_pandas()
    else:
        found = gpd.read_file(out)
        assert found.geometry.iloc[0].distance(shapely.Point(*AT(0, 0))) < 1e-9
        assert found.crs == "EPSG:4326"
    assert len(found) == len(ROWS)
    told = found.iloc[0][list(FIRST)].to_dict()
    assert {name: str(value).lower() for name, value in told.items()} == {n: str(v).lower() for n, v in FIRST.items()}
    assert list(found["备注"]) == [row[3] for row in ROWS]


BAD = (
    ("a", "", "27.95", ""), ("b", "abc", "27.95", ""), ("c", "27.95", "107.70", ""),
    ("d", "１０７．７００５", "27.9505", "30"),
    ("e", "107.7005", "27.9505", "-1"), ("f", "107.7005", "27.9505", "99999"), ("g", "107.7005", "27.9505", "x"),
    ("h", "107.7005", "27.9505", ""), ("i", "nan", "27.95", ""), ("j", "1e400", "27.95", ""),
)  # fmt: skip


def test_every_row_is_answered_or_lies_in_the_other_file_with_its_reason(tmp_path: Path, grids: Path) -> None:
    text = text_of(",", ("id", "lng", "lat", "精度"), BAD) + '"k","107.7"\r\n\r\n,,,\r\n"l","107.7","27.9","1","2"\r\n'
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    ended = ask(tmp_path / "in.csv", tmp_path / "out.csv", grids)
    assert ended.returncode == REJECTED_IN_PART, ended.stderr
    assert [row["id"] for row in answers(tmp_path / "out.csv")] == ["d", "h"]
    rejected = answers(tmp_path / "out.csv.rejected.csv")
    reasons = {row["text"].split("|")[0].split(",")[0].strip('"'): row["reason"] for row in rejected}
    assert set(reasons) == set("abcefgijkl")
    assert reasons["a"] == "it has no coordinates"
    assert {reasons[key] for key in "bi"} == {"its coordinates are no numbers"}
    assert all("swapped" in reasons[key] for key in "cj")
    assert {reasons[key] for key in "efg"} == {"its accuracy is no number of metres from 0 to 5000"}
    assert {reasons[key] for key in "kl"} == {"it has more or fewer cells than there are columns"}
    assert [row["row"] for row in rejected if row["text"].startswith(("a", "i"))] == ["1", "9"]
    assert "12 rows: 2 answered" in ended.stdout
    # mended, nothing of the other file stays
    (tmp_path / "in.csv").write_text(text_of(","), encoding="utf-8")
    assert ask(tmp_path / "in.csv", tmp_path / "out.csv", grids).returncode == DONE
    assert not (tmp_path / "out.csv.rejected.csv").exists()


def test_the_answers_are_those_of_the_service(service: Service, tmp_path: Path) -> None:
    draw = generator(8, "file")
    places = draw.uniform([107.699, 27.949], [107.717, 27.955], (200, 2))
    accuracy = draw.choice([0.0, 10.0, 30.0, 200.0], 200)
    lines = [f"{x!r},{y!r},{m}" for (x, y), m in zip(places.tolist(), accuracy.tolist(), strict=True)]
    (tmp_path / "in.csv").write_text("lon,lat,accuracy_m\n" + "\n".join(lines), encoding="utf-8")
    ended = ask(tmp_path / "in.csv", tmp_path / "out.csv", None, url=service.database_url)
    assert ended.returncode == DONE, ended.stderr
    found = answers(tmp_path / "out.csv")
    points = [
        {"lon": x, "lat": y, "accuracy_m": m} for (x, y), m in zip(places.tolist(), accuracy.tolist(), strict=True)
    ]
    with service.client("planner") as client:
        rows = client.post("/api/v1/lookup/batch", json={"points": points}).json()["rows"]
    for mine, theirs in zip(found, rows, strict=True):
        expected = {
            "answer": theirs["answer"], "certain": str(theirs["certain"]).lower(),
            "grid_code": theirs["grid_code"] or "", "grid_name": theirs["name"] or "",
            "worker": theirs["worker"] or "",
            "duty_line": theirs["duty_line"] or "", "zone": theirs["zone"] or "",
            "grid_codes": ";".join(theirs["grid_codes"]),
        }  # fmt: skip
        assert {name: mine[name] for name in COLUMNS} == expected
    before = ask(tmp_path / "in.csv", tmp_path / "old.csv", None, "--on", "2025-12-31", url=service.database_url)
    assert before.returncode == DONE
    assert {row["answer"] for row in answers(tmp_path / "old.csv")} == {"no_active_plan", "outside"}


@pytest.mark.parametrize("crs", ["gcj02", "bd09", "EPSG:4545"])
def test_coordinates_may_be_in_another_system(tmp_path: Path, grids: Path, crs: str) -> None:
    lon, lat = (np.array([one]) for one in AT(0, 0))
    if crs.startswith("EPSG"):
        x, y = gpd.GeoSeries.from_xy(lon, lat, crs=4326).to_crs(crs).iloc[0].coords[0]
    else:
        x, y = (float(axis[0]) for axis in from_wgs84(lon, lat, datum=crs))  # type: ignore[arg-type]  # one of them
    (tmp_path / "in.csv").write_text(f"a,b\n{x!r},{y!r}\n", encoding="utf-8")
    ended = ask(
        tmp_path / "in.csv",
        tmp_path / "out.geojson",
        grids,
        "--lon",
        "a",
        "--lat",
        "b",
        "--crs",
        crs,
        "--accuracy",
        "20",
    )
    assert ended.returncode == DONE, ended.stderr
    (row,) = gpd.read_file(tmp_path / "out.geojson").to_dict("records")
    assert (row["grid_code"], row["certain"]) == ("G1", True)
    assert row["geometry"].distance(shapely.Point(*AT(0, 0))) < 1e-7


@pytest.mark.parametrize(
    ("headings", "datum"),
    [
        (("经度（GCJ02）", "纬度（GCJ02）"), "gcj02"), (("lng_gcj02", "lat_gcj02"), "gcj02"),
        (("火星坐标_经度", "纬度"), "gcj02"), (("lon", "lat_bd09"), "bd09"), (("百度经度", "百度纬度"), "bd09"),
        (("BD-09 lng", "BD-09 lat"), "bd09"), (("经度（度）", "纬度（度）"), None), (("lon_wgs84", "lat_wgs84"), None),
        (("经度(CGCS2000)", "纬度(WGS84)"), None),
    ],
)  # fmt: skip
def test_headings_say_what_datum_it_is(
    tmp_path: Path, grids: Path, headings: tuple[str, str], datum: str | None
) -> None:
    lon, lat = (np.array([one]) for one in AT(0, 0))
    if datum is not None:
        lon, lat = from_wgs84(lon, lat, datum=datum)  # type: ignore[arg-type]  # one of them
    (tmp_path / "in.csv").write_text(
        f"{headings[0]},{headings[1]}\n{float(lon[0])!r},{float(lat[0])!r}\n", encoding="utf-8"
    )
    for crs in ((), ("--crs", datum or "EPSG:4326")):
        ended = ask(tmp_path / "in.csv", tmp_path / "out.geojson", grids, *crs)
        assert ended.returncode == DONE, ended.stderr
        assert (f"taken as {datum.upper()}, as their headings say" if datum else "taken as longitude") in ended.stdout
        assert "None" not in ended.stdout
        (row,) = gpd.read_file(tmp_path / "out.geojson").to_dict("records")
        assert row["grid_code"] == "G1"
        assert row["geometry"].distance(shapely.Point(*AT(0, 0))) < 1e-7


@pytest.mark.parametrize(
    ("headings", "crs"),
    [
        ("经度（GCJ02）,纬度（GCJ02）", "EPSG:4326"), ("lng_gcj02,lat_gcj02", "bd09"), ("lng_gcj02,lat", "EPSG:4490"),
        ("lon_wgs84,lat_wgs84", "gcj02"), ("lon_wgs84,lat_wgs84", "EPSG:4545"), ("lng_gcj02,lat_bd09", None),
        ("lng_gcj02,lat_wgs84", None),
    ],
)  # fmt: skip
def test_headings_that_contradict_are_refused(tmp_path: Path, grids: Path, headings: str, crs: str | None) -> None:
    (tmp_path / "in.csv").write_text(f"{headings}\n107.7,27.9\n", encoding="utf-8")
    ended = ask(tmp_path / "in.csv", tmp_path / "out.csv", grids, *(() if crs is None else ("--crs", crs)))
    assert ended.returncode == FAILED
    assert "headings" in ended.stderr
    assert headings.split(",", maxsplit=1)[0] in ended.stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("name", ["gone.csv", "gone.geojson", "gone.xlsx", "gone.parquet"])
def test_a_file_that_is_not_there_is_said_so(tmp_path: Path, grids: Path, name: str) -> None:
    ended = ask(tmp_path / name, tmp_path / "out.csv", grids)
    assert ended.returncode == FAILED
    assert "there is no such file" in ended.stderr
    assert "damaged" not in ended.stderr


def test_a_damaged_layer_is_told_without_the_librarys_hints(tmp_path: Path, grids: Path) -> None:
    (tmp_path / "in.geojson").write_text('{"type": "FeatureColl', encoding="utf-8")
    ended = ask(tmp_path / "in.geojson", tmp_path / "out.csv", grids)
    assert ended.returncode == FAILED
    assert "damaged" in ended.stderr
    for hint in ("DRIVER", "prefix", "driver"):
        assert hint not in ended.stderr


def test_an_answer_of_an_earlier_time_is_not_lost(tmp_path: Path, grids: Path) -> None:
    (tmp_path / "in.csv").write_text(text_of(","), encoding="utf-8")
    assert ask(tmp_path / "in.csv", tmp_path / "one.csv", grids).returncode == DONE
    assert ask(tmp_path / "one.csv", tmp_path / "two.csv", grids).returncode == DONE
    found = answers(tmp_path / "two.csv")
    assert list(found[0]) == [*HEADER, *(f"{name}_input" for name in COLUMNS), *COLUMNS]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"), ("lon,lat\n", "no rows"), ("a,b\n1,2\n", "no columns of longitude"),
        ("lon,lat\n500000,3000000\n", "coordinate"),
        ('lon,lat\n107.7,"27.9\n', ""),
    ],
)  # fmt: skip
def test_what_cannot_be_used_leaves_nothing(tmp_path: Path, grids: Path, text: str, told: str) -> None:
    (tmp_path / "in.csv").write_text(text, encoding="utf-8")
    (tmp_path / "out.csv").write_text("from before", encoding="utf-8")
    ended = ask(tmp_path / "in.csv", tmp_path / "out.csv", grids)
    assert ended.returncode == FAILED
    assert told in ended.stderr
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "from before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grids.geojson", "in.csv", "out.csv"]


def test_damage_far_down_leaves_nothing(tmp_path: Path, grids: Path) -> None:
    data = gzip.compress(("lon,lat\n" + "107.7005,27.9505\n" * 400_000).encode())
    (tmp_path / "in.csv.gz").write_bytes(data[: len(data) - 50])
    ended = ask(tmp_path / "in.csv.gz", tmp_path / "out.csv", grids)
    assert ended.returncode == FAILED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grids.geojson", "in.csv.gz"]


@pytest.mark.parametrize(
    "more", [("--accuracy", "-1"), ("--accuracy", "9999"), ("--rejects", "/elsewhere/x.csv"), ("--on", "2026-01-01")]
)
def test_wrong_use_is_told(tmp_path: Path, grids: Path, more: tuple[str, ...]) -> None:
    (tmp_path / "in.csv").write_text(text_of(","), encoding="utf-8")
    assert ask(tmp_path / "in.csv", tmp_path / "out.csv", grids, *more).returncode == WRONG_USE
    assert ask(tmp_path / "in.csv", tmp_path / "in.csv", grids).returncode == WRONG_USE
    assert ask(tmp_path / "in.csv", tmp_path / "out.doc", grids).returncode == WRONG_USE


def test_a_long_file_is_read_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("lon,lat\n" + "107.7005,27.9505\n" * 3_000_000, encoding="utf-8")
    with pieces.open_pieces(path) as found:
        sizes = [len(piece.lon) for piece in found]
    assert sum(sizes) == 3_000_000
    assert max(sizes) < 1_500_000
