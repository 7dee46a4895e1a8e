"""The offline door for incidents: what it finds in invented towns and real files, held against plain sums."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from scipy.stats import false_discovery_control, norm
from shapely import Point

from geo.errors import BadFileError
from tests.fixtures.door import DONE, FAILED, REJECTED_IN_PART, WRONG_USE, Ended
from tests.fixtures.incident_files import (
    CRS,
    LAYERS,
    SOUTH_M,
    WEST_M,
    IncidentDoor,
    degrees,
    gi_star,
    homes,
    in_circle,
    kept,
    open_incidents,
    town,
)

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> IncidentDoor:
    return open_incidents(tmp_path, monkeypatch, capsys)


def metres(ended: Ended, name: str) -> gpd.GeoDataFrame:
    return ended.layer(name).to_crs(ended.report["parameters"]["metre_crs"])


def test_points_keep_every_column_and_gatherings_are_found(door: IncidentDoor) -> None:
    rows = town()
    ended = door(rows, category="KIND")
    assert ended.code == DONE, ended.told
    points, clusters = ended.layer("points"), ended.layer("clusters").set_index("cluster")
    assert list(points.columns.drop("geometry")) == [*rows.columns, "cluster"]
    assert points["编号"].astype(int).tolist() == rows["编号"].tolist()
    assert np.allclose(np.column_stack([points.geometry.x, points.geometry.y]), rows[["lon", "lat"]], atol=1e-9)
    assert clusters["n"].tolist() == points["cluster"].value_counts().drop(-1).sort_index().tolist()
    street, address, week = (points["cluster"].iloc[rows.index[at]] for at in (410, 450, 480))
    assert len({street, address, week}) == 3
    assert min(street, address, week) == 0
    assert clusters.loc[street, "n"] >= 40
    assert clusters.loc[street, "top_category"] == "占道"
    assert clusters.loc[street, "top_category_share"] == pytest.approx(40 / clusters.loc[street, "n"], abs=1e-6)
    assert clusters.loc[address, "warning_en"].startswith("100% of them lie on one spot")
    assert clusters.loc[address, "warning"].startswith("其中 100% 在同一处")
    assert clusters["warning_en"].isna()[[street, week]].all()
    for name, column in (("first", "min"), ("last", "max")):
        days = pd.to_datetime(points["time"]).dt.floor("D").groupby(points["cluster"]).agg(column).drop(-1)
        assert pd.to_datetime(clusters[name]).tolist() == days.sort_index().tolist()
    for cluster, hull in clusters.geometry.items():
        assert shapely.covers(hull, points.geometry[points["cluster"] == cluster].to_numpy()).all()


@pytest.mark.parametrize("kind", ["hexagon", "square"])
def test_cells_are_counted_and_judged_as_by_hand(door: IncidentDoor, kind: str) -> None:
    ended = door(town(), kind=kind, cell=250)
    assert ended.code == DONE, ended.told
    points, cells = metres(ended, "points"), metres(ended, "cells")
    tree = shapely.STRtree(cells.geometry.to_numpy())
    inwards = points.geometry.translate(0.001, 0.001).to_numpy()  # on a side means in the eastern or northern cell
    counted = np.bincount(tree.query(inwards, predicate="within")[1], minlength=len(cells))
    assert counted.tolist() == cells["count"].tolist()
    assert shapely.area(cells.geometry.to_numpy()) == pytest.approx(250**2 * (1 if kind == "square" else 3**0.5 / 2))
    z = gi_star(cells["count"].to_numpy(float), shapely.set_precision(cells.geometry.to_numpy(), 1e-4))
    assert cells["z"].to_numpy() == pytest.approx(z, abs=1e-6)
    assert cells["p"].to_numpy() == pytest.approx(2 * norm.sf(np.abs(z)), abs=1e-9)
    assert cells["q"].to_numpy() == pytest.approx(false_discovery_control(cells["p"]), abs=1e-9)
    for name, low, high in (("99", 0, 0.01), ("95", 0.01, 0.05), ("90", 0.05, 0.1)):
        hot = (cells["z"] > 0) & (cells["q"] >= low) & (cells["q"] < high)
        assert (cells["class"] == f"hot_{name}").tolist() == hot.tolist()
    assert ended.report["cells"]["classes"] == cells["class"].value_counts().to_dict()
    assert cells[["households", "rate"]].isna().all(axis=None)


def test_households_in_polygons_are_shared_out_by_area(door: IncidentDoor) -> None:
    held = homes()
    held.loc[3, "households"] = 0
    held = pd.concat([held, gpd.GeoDataFrame({"households": [50]}, geometry=[held.geometry[0]], crs=CRS)])
    ended = door(town(), exposure=held.to_crs(4326), households="Households", cell=300)
    assert ended.code == DONE, ended.told
    cells = metres(ended, "cells")
    ground = held.to_crs(cells.crs)
    cut = gpd.overlay(ground.assign(whole=ground.area), cells.reset_index()[["cell", "geometry"]], keep_geom_type=True)
    shared = (cut["households"] * cut.area / cut["whole"]).groupby(cut["cell"]).sum()
    assert cells["households"].to_numpy() == pytest.approx(shared.reindex(cells["cell"]).fillna(0).to_numpy(), abs=1e-3)
    assert cells["households"].sum() == pytest.approx(held["households"].sum())
    lived = cells[cells["households"] > 0]
    assert lived["rate"].to_numpy() == pytest.approx(1000 * lived["count"] / lived["households"])
    told = ended.report["exposure"]
    assert (told["households"], told["rows"], told["households_from"]) == (held["households"].sum(), 65, "column")
    assert ended.report["parameters"]["measure"] == "rate"
    none = cells["households"] == 0
    assert told["incidents_without_households"] == cells["count"][none].sum()
    assert cells["z"].isna().equals(none)


def test_a_scan_against_households_says_what_its_cells_hold(door: IncidentDoor) -> None:
    ended = door(town(), exposure=homes(), households="households", cell=200, kind="square", radius_max=800)
    assert ended.report["scan"]["method"] == "scan 1"
    cells, circles = metres(ended, "cells"), metres(ended, "scan")
    there = cells[cells["households"] > 0]
    total = there["count"].sum()
    assert len(circles) >= 3
    for row in circles.itertuples():
        inside = in_circle(circles.loc[row.Index], there)
        observed, share = there["count"][inside].sum(), there["households"][inside].sum() / 6400
        assert row.observed == observed
        assert row.expected == pytest.approx(total * share, rel=1e-6)
        outside = (total - observed) / (total - total * share)
        assert row.relative_risk == pytest.approx(observed / (total * share) / outside, rel=1e-6)
    gathered = Point(WEST_M + 1000, SOUTH_M + 1000), Point(WEST_M + 3000, SOUTH_M + 3000)
    for spot in gpd.GeoSeries(gathered, crs=CRS).to_crs(circles.crs):
        assert circles.geometry.buffer(100).contains(spot).any()
    assert circles[["first", "last"]].isna().all(axis=None)
    assert ended.report["sentences"]["en"][-len(circles) :] == circles["sentence_en"].tolist()
    assert [found["zh"] for found in ended.report["scan"]["circles"]] == circles["sentence"].tolist()


def test_without_households_the_bad_week_is_found_and_the_busy_street_is_not(door: IncidentDoor) -> None:
    ended = door(town(), cell=200, kind="square", radius_max=800)
    assert ended.report["scan"]["method"] == "spacetime 1"
    assert ended.report["scan"]["against"] == "own totals by place and period"
    assert "No --exposure" in ended.told
    assert "What was busy all the time is not found" in ended.told
    cells, circles, points = (metres(ended, name) for name in ("cells", "scan", "points"))
    first = circles.iloc[0]
    assert (first["p"], str(first["first"])[:10]) == (0.01, "2026-06-01")
    assert first.geometry.buffer(100).contains(gpd.GeoSeries([Point(WEST_M + 1000, SOUTH_M + 3000)], crs=CRS)[0])
    assert (circles["p"].iloc[1:] <= 0.05).all()
    inside = cells[in_circle(first, cells)]
    here = points.sjoin(inside[["geometry"]], predicate="within")
    weeks = pd.to_datetime(points["time"]).dt.to_period("W-SUN")
    span = weeks.between(pd.Period(first["first"], "W-SUN"), pd.Period(first["last"], "W-SUN"))
    assert first["observed"] == span[here.index].sum()
    assert first["expected"] == pytest.approx(len(here) * span.sum() / len(points))


def test_the_same_seed_says_the_same_whatever_the_order_of_rows(door: IncidentDoor) -> None:
    rows, options = town(), {"exposure": homes(), "households": "households", "category": "kind", "seed": 5}
    usual = door(rows, **options)
    turned = door(rows.sample(frac=1, random_state=1), out="turned.gpkg", **options)
    again = door(rows, out="again.gpkg", **options)
    assert again.report == usual.report
    for name in LAYERS[1:]:
        one, other, third = (ended.layer(name) for ended in (usual, turned, again))
        pd.testing.assert_frame_equal(one.drop(columns="geometry"), other.drop(columns="geometry"))
        assert shapely.equals_identical(one.geometry.to_numpy(), third.geometry.to_numpy()).all()
    labels = [ended.layer("points").set_index("编号")["cluster"].sort_index() for ended in (usual, turned)]
    pd.testing.assert_series_equal(*labels)


def test_one_reporter_or_one_day_is_a_warning(door: IncidentDoor) -> None:
    rows = town(rows=60).iloc[60:100].assign(caller=["a"] * 30 + ["b"] * 5 + [""] * 5, time="2026-03-01 08:00")
    ended = door(rows)
    assert "Column caller is taken as --reporter" in ended.told
    found = ended.layer("clusters").iloc[0]
    assert "75% of them come from one reporter" in found["warning_en"]
    assert "100% of them happened on one day" in found["warning_en"]
    assert (found["reporters"], found["top_reporter_share"]) == (2, 0.75)
    assert "caller" not in str(ended.report["clusters"])


@pytest.mark.parametrize(
    ("rows", "cells", "scan"),
    [
        (town().iloc[:1], 1, "one_place"),
        (town().iloc[:2], 2, "one_period"),
        (town().assign(lon=114.0, lat=23.0), 1, "one_place"),
        (town().assign(time="2026-01-01"), None, "one_period"),
    ],
)
def test_where_there_is_little_to_tell_that_is_told(
    door: IncidentDoor, rows: pd.DataFrame, cells: int | None, scan: str
) -> None:
    rows = rows.assign(time=rows["time"].iloc[0]) if len(rows) == 2 else rows
    ended = door(rows)
    assert ended.code == DONE, ended.told
    assert len(ended.layer("points")) == len(rows)
    assert cells in (None, len(ended.layer("cells")))
    assert ended.report["scan"]["why_not"]["reason"] == scan
    assert len(ended.layer("scan")) == 0
    assert list(gpd.list_layers(ended.out)["name"]) == list(LAYERS)


def test_a_few_strays_choose_nothing(door: IncidentDoor) -> None:
    rows = town()
    usual = door(rows)
    odd = pd.DataFrame({"lon": [0.0, 23.1, 117.5, 121.5, -71.0, "x", None, 114.0], "time": "2026-01-01",
                        "lat": [0.0, 114.01, 23.0, 31.2, 42.3, 23.0, 23.0, None]})  # fmt: skip
    ended = door(pd.concat([odd, rows], ignore_index=True), out="odd.gpkg")
    assert ended.code == REJECTED_IN_PART, ended.told
    found = {told["reason"]: told["rows"] for told in ended.report["inputs"]["rejected"]}
    assert found == {"zero": [1], "swapped": [2], "astray": [3, 4, 5], "number": [6], "missing": [7, 8]}
    assert ended.report["inputs"]["points"] + ended.report["inputs"]["rejected_rows"] == ended.report["inputs"]["rows"]
    for key in ("metre_crs", "cell_m", "scan_cell_m", "min_samples"):
        assert ended.report["parameters"][key] == usual.report["parameters"][key]
    pd.testing.assert_frame_equal(ended.layer("cells"), usual.layer("cells"))
    assert "3 rows left out: it lies far from all others (3, 4, 5)" in ended.told


def test_households_elsewhere_or_nowhere_are_told(door: IncidentDoor, tmp_path: Path) -> None:
    spots = degrees(np.array([[1000.0, 1000.0]] * 4 + [[20_000.0, 1000.0]] * 6))
    held = pd.DataFrame(
        {"x": [*spots[:, 0], 0, 113.0], "y": [*spots[:, 1], 0, None], "户数": [5] * 8 + [None, 5, 9, 9]}
    )
    ended = door(town(), exposure=kept(held, tmp_path / "homes.csv"), households="户数", cell=500)
    assert ended.code == REJECTED_IN_PART, ended.told
    told = ended.report["exposure"]
    assert (told["rows"], told["households"], told["households_rejected"], told["nulls_taken_as_0"]) == (12, 63, 18, 1)
    assert told["households_in_cells"] == 45
    assert [(found["reason"], found["rows"]) for found in told["rejected"]] == [("missing", [12]), ("zero", [11])]
    assert told["share_without_incidents_near"] == pytest.approx(25 / 45, abs=1e-6)
    assert "56% of the households lie outside the rectangle of the incidents" in ended.told
    guessed = door(town(), exposure=tmp_path / "homes.csv", cell=500)
    assert guessed.report["exposure"]["households_in_cells"] == 45
    assert "Column 户数 is taken as --households" in guessed.told
    counted = door(town(), exposure=kept(held.rename(columns={"户数": "层数"}), tmp_path / "floors.csv"), cell=500)
    assert (counted.report["exposure"]["households_in_cells"], counted.report["parameters"]["households"]) == (10, None)
    assert "one a point" in counted.told
    away = door(
        town(), exposure=homes().translate(1500).to_frame("geometry").assign(households=9), households="households"
    )
    assert away.code == DONE, away.told
    assert away.report["exposure"]["incidents_without_households"] > 100


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"time": "when"}, "incidents.csv lacks the columns when. It has: 编号, lon, lat, time, kind"),
        ({"category": "类别"}, "incidents.csv lacks the columns 类别"),
        ({"file": town().drop(columns="lon")}, "holds the longitude? Name it with --lon. Columns: 编号, lat, time"),
        ({"file": town().assign(x=1)}, "holds the longitude? Name it with --lon. It may be: lon, x. Columns: 编号"),
        ({"file": town().drop(columns="time")}, "holds the time? Name it with --time. Columns: 编号, lon, lat, kind"),
        ({"file": town().iloc[:0]}, "incidents.csv has no rows"),
        ({"file": town().assign(time="5/3/2026")}, "such as 5/3/2026, do not tell whether the day or the month comes"),
        ({"file": town().assign(time="soon")}, "of 495: its time cannot be read (rows 1, 2, 3, 4, 5 ... 495 in all)"),
        ({"lon": "lat", "lat": "lon"}, "look swapped: use --lon lon --lat lat"),
        ({"file": town().rename(columns={"lon": "lat", "lat": "lon"})}, "look swapped: use --lon lat --lat lon"),
        ({"file": town().assign(lon=500_000, lat=2_550_000)}, "has no coordinate system. State it in the file"),
        ({"crs": "EPSG:99999"}, "--crs EPSG:99999 is no coordinate system that is known here"),
        ({"cell": 1}, "--cell 1 would make"),
        ({"file": Path("no.csv")}, "Cannot read no.csv: it cannot be opened"),
        ({"file": Path("no.docx")}, "Use one of: .gpkg, .geojson"),
        ({"exposure": homes().rename(columns={"households": "floors"})}, "holds polygons: name their column of"),
        ({"exposure": homes(), "households": "people"}, "homes.gpkg lacks the columns people. It has: households"),
        ({"exposure": homes(households=-1), "households": "households"}, "households cannot be used: below 0"),
        ({"exposure": homes(), "exposure_layer": "no", "households": "households"}, "there is no layer no"),
        ({"exposure": homes(), "exposure_crs": "EPSG:0", "households": "x"}, "--exposure-crs EPSG:0 is no coordinate"),
        ({"exposure": homes().to_crs(4326).translate(20).to_frame("geometry")}, "more than 10 degrees"),
        ({"out": "no/such/out.gpkg"}, "cannot be written: there is no folder"),
    ],
)  # fmt: skip
def test_what_cannot_be_says_what_and_how_to_mend_it_and_writes_nothing(
    door: IncidentDoor, tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    ended = door(**{"file": town(), **options})
    assert ended.code == FAILED, ended.told
    assert told in ended.told.replace("\n", " ")
    assert not ended.report
    assert not ended.out.exists()
    assert not list(tmp_path.glob(".wangge*"))


def test_wrong_use_is_told_apart_from_failure(door: IncidentDoor, tmp_path: Path) -> None:
    layer = kept(gpd.GeoDataFrame(town(), geometry=[Point(114, 23)] * 495, crs=4326), tmp_path / "layer.gpkg")
    wrong: list[dict[str, Any]] = [
        {"households": "x"}, {"exposure_crs": "EPSG:4326"}, {"zone": "Mars/Olympus"}, {"out": "out.geojson"},
        {"out": "incidents.csv"}, {"out": "homes.gpkg", "exposure": homes()}, {"out": "report.json"}, {"eps": 0},
        {"min_samples": 1}, {"cell": 0}, {"kind": "triangle"}, {"file": layer, "lon": "lon"}, {"seed": -1},
    ]  # fmt: skip
    for options in wrong:
        ended = door(**{"file": town(), **options})
        assert ended.code == WRONG_USE, (options, ended.told)
    assert not ended.out.exists()


def test_a_run_that_fails_while_it_writes_leaves_what_was_there(
    door: IncidentDoor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = door(town()).out.read_bytes()

    def fails(path: Path, **_: object) -> None:
        path.write_text("{")
        raise BadFileError(file="report", reason="no", reason_zh="", mend="", mend_zh="")

    monkeypatch.setattr("api.actions.analyse_incidents.write_json", fails)
    ended = door(town(seed=1))
    assert ended.code == FAILED
    assert ended.out.read_bytes() == whole
    assert not list(tmp_path.glob(".wangge*"))


def test_a_run_killed_while_it_writes_leaves_all_or_nothing(tmp_path: Path) -> None:
    out, source = tmp_path / "out.gpkg", kept(town(rows=20_000), tmp_path / "town.csv")
    out.write_bytes(b"as it was")
    command = [sys.executable, "-m", "api.cli", "analyse", "incidents", str(source), "--out", str(out)]
    running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while running.poll() is None and not list(tmp_path.glob(".wangge*/out.gpkg*")):
        time.sleep(0.002)
    running.send_signal(signal.SIGKILL)
    running.wait()
    if out.read_bytes() != b"as it was":
        assert [pyogrio.read_info(out, layer=name)["features"] > 0 for name in LAYERS] == [True] * 4


def test_the_command_runs_as_a_process_of_its_own_and_in_chinese(tmp_path: Path) -> None:
    source = kept(town().rename(columns={"time": "what"}), tmp_path / "事件.csv")
    environment = {**os.environ, "LANG": "zh_CN.UTF-8", "WANGGE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    command = [sys.executable, "-m", "api.cli", "analyse", "incidents", str(source), "--out", str(tmp_path / "o.gpkg")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == FAILED
    assert "事件.csv 中哪一列是时间？请用 --time 指明。现有列：编号、lon、lat、what、kind。" in done.stderr


REAL: dict[str, tuple[dict[str, str], int, int, str]] = {
    "boston_311_2015": ({"category": "type", "zone": "America/New_York"}, 121_145, 0, "EPSG:32619"),
    "lancashire_antisocial_2020": ({"zone": "Europe/London"}, 93_992, 1, "EPSG:32630"),
    "nottingham_violence_2020": ({"zone": "Europe/London"}, 13_335, 0, "EPSG:32630"),
    "vancouver_thefts_2020": ({"crs": "EPSG:26910", "zone": "America/Vancouver"}, 21_918, 0, "EPSG:32610"),
}


@pytest.mark.parametrize("name", REAL)
def test_real_files_need_no_code_of_their_own(
    door: IncidentDoor, shared: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.incident_scan.REPEATS", 19)
    options, rows, rejected, crs = REAL[name]
    ended = door(shared / "incidents" / f"{name}.csv.gz", **options)
    assert ended.code == (REJECTED_IN_PART if rejected else DONE), ended.told
    inputs = ended.report["inputs"]
    assert (inputs["rows"], inputs["rejected_rows"], inputs["points"]) == (rows, rejected, rows - rejected)
    assert ended.report["parameters"]["metre_crs"] == crs
    assert pyogrio.read_info(ended.out, layer="points")["features"] == rows - rejected
    cells = ended.layer("cells")
    assert cells["count"].sum() == rows - rejected
    assert len(ended.layer("clusters")) == ended.report["clusters"]["count"] > 0
    west, south, east, north = cells.total_bounds
    assert max(east - west, north - south) < 2
    if name == "lancashire_antisocial_2020":
        assert inputs["rejected"][0]["rows"] == [78_149]
        assert ended.report["times"]["resolution"] == "month"
    if name == "vancouver_thefts_2020":
        assert ended.report["parameters"]["time"] == ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE"]
