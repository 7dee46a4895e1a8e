"""The offline door for walking: streets, stations and buildings in, circles and minutes out, from anybody's files.

Drawn in metres; at the usual 1.2 m/s five minutes are 360 m and fifteen are 1,080 m.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, MultiLineString, MultiPoint, Point, Polygon

from data.readers.osm import read_osm_ways
from geo.datums import from_wgs84
from geo.errors import BadFileError
from tests.fixtures.door import (
    DONE,
    FAILED,
    LAYERS,
    REJECTED_IN_PART,
    WRONG_USE,
    Door,
    Ground,
    asked,
    drawn,
    five_buildings,
    on_plane,
    open_reach,
    same,
    three_streets,
    town_at_random,
    two_stations,
    write,
)  # fmt: skip
from tests.fixtures.walkground import CRS, EAST_M, NORTH_M

ROOT = Path(__file__).parent.parent.parent
PACE = 72.0  # metres a minute


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Door:
    return open_reach(tmp_path, monkeypatch, capsys)


def test_figures_worked_out_by_hand(door: Door) -> None:
    ended = asked(door)
    assert ended.code == DONE, ended.told
    homes, circles, posts = ended.layer("buildings"), ended.layer("circles"), ended.layer("stations")
    # door to street, along, street to door: 20+100+40; 30+420+30; 30+400+300+20; 30+150+20; 300 m off is too far
    assert homes["station_id"].fillna(0).tolist() == [1, 2, 2, 2, 0]
    assert homes["walk_min"].tolist()[:4] == pytest.approx(np.array([160, 480, 750, 200]) / PACE, abs=1e-6)
    assert homes["walk_min"].isna().tolist() == [False] * 4 + [True]
    assert homes["walk_problem"].fillna("").tolist() == ["", "", "", "", "too_far"]
    assert circles[["station_id", "minutes"]].to_numpy().tolist() == [[1, 5], [1, 15], [2, 5], [2, 15]]
    # from 1: 340 m of the first street; all of it and 460 m each way beyond. From 2: 330 m west, 200 m to the end; all
    assert circles["reached_m"].tolist() == [340, 600 + 460 + 460, 330 + 200, 1800]
    assert circles["households"].tolist() == [10, 10 + 20 + 30, 40, 100]
    assert posts["snap_m"].tolist() == [20, 30]
    assert posts["problem"].isna().all()
    where = posts.geometry.to_crs(CRS)
    assert np.column_stack([where.x - EAST_M, where.y - NORTH_M]).round(3).tolist() == [[0, 0], [1000, 0]]
    assert homes.geometry.geom_equals_exact(five_buildings().geometry, 1e-9).all()
    assert homes.crs == five_buildings().crs
    assert ended.report["within"] == [
        {"minutes": 5.0, "buildings": 2, "households": 50, "share": 0.3333, "left_out": 100},
        {"minutes": 15.0, "buildings": 4, "households": 100, "share": 0.6667, "left_out": 50},
    ]
    assert ended.report["network"]["length_m"] == 1800
    assert "Within 5 minutes of a station: 50 households (33.3%), 100 left out" in ended.told


def test_a_walk_of_five_minutes_sharp_is_within_five_minutes(door: Door) -> None:
    ended = asked(door, stations=drawn([Point(0, 0)]), buildings=drawn([Point(360, 0), Point(340, 20), Point(361, 0)]),
                  households=None)  # fmt: skip
    assert ended.layer("circles")["households"].tolist() == [2, 3]
    assert (ended.layer("buildings")["walk_min"] <= 5).tolist() == [True, True, False]
    assert ended.report["within"][0]["buildings"] == 2


@pytest.mark.parametrize("seed", range(4))
def test_random_towns_agree_with_brute_force(door: Door, seed: int) -> None:
    net, posts, homes = town_at_random(seed)
    ended = door(net, posts, homes, households="households", minutes=(4, 9), speed=1.0, island_max=0, snap_max=120)
    assert ended.code == DONE, ended.told
    spots = {**{f"s{name}": xy[0] for name, xy in zip("abcdz", on_plane(posts), strict=True)},
             **{row: xy[0] for row, xy in enumerate(on_plane(homes))}}  # fmt: skip
    ground = Ground(on_plane(net), spots)
    off = {row for row in range(60) if ground.snap_m[row] > 120}
    walks = {name: ground.to_places(f"s{name}") for name in "abcd"}
    far_m = pd.DataFrame({name: [walks[name].get(row, np.inf) for row in range(60)] for name in "abcd"})
    far_m.loc[list(off)] = np.inf
    line_m = np.array([np.hypot(*np.subtract(spots[row], spots["sz"])) for row in range(60)])
    far_m["z"] = np.where(line_m <= 9 * 60, line_m, np.inf)
    made, circles = ended.layer("buildings"), ended.layer("circles").set_index(["station_id", "minutes"])
    reached = np.isfinite(far_m.min(axis=1))
    assert made["walk_min"].notna().tolist() == reached.tolist()
    assert made["walk_min"][reached].to_numpy() == pytest.approx(far_m.min(axis=1)[reached] / 60, abs=2e-5)
    assert made["station_id"][reached].tolist() == far_m[reached].idxmin(axis=1).tolist()
    assert set(made.index[made["walk_problem"] == "too_far"]) == off
    for (name, minutes), row in circles.iterrows():
        within = far_m[name] <= minutes * 60
        assert row["households"] == homes["households"][within].sum(), (name, minutes)
        if name == "z":
            assert row["is_straight_line"]
            continue
        assert row["reached_m"] == pytest.approx(ground.reached_m(f"s{name}", minutes * 60), abs=0.05)
        doors = homes.geometry[within].to_crs(4326)
        assert shapely.dwithin(doors.to_numpy(), row.geometry, 1e-7).all()
        assert row.geometry.is_valid
        assert circles.geometry[(name, 9)].covers(circles.geometry[(name, 4)])


def test_a_real_town_agrees_with_networkx(door: Door, shared: Path, tmp_path: Path) -> None:
    osm = shared / "osm" / "lauf_de_2020.osm.pbf"
    lines = read_osm_ways(osm).streets.query("is_walkable")
    usual = lines[~lines["is_bridge"]].geometry.to_numpy()
    picked = np.random.default_rng(3).choice(len(usual), 64, replace=False)
    ends = shapely.get_coordinates(shapely.linestrings([shape.coords[:2] for shape in usual[picked]])).reshape(-1, 4)
    spots = gpd.GeoSeries(shapely.points((ends[:, :2] + ends[:, 2:]) / 2), crs=4326)
    posts, homes = gpd.GeoDataFrame(geometry=spots[:4]), gpd.GeoDataFrame(geometry=spots[4:])
    ended = door(None, posts, homes, osm=osm, island_max=0)
    assert ended.code == DONE, ended.told
    assert ended.layer("stations")["snap_m"].max() < 0.01
    metres = ended.report["parameters"]["crs"]
    ground = Ground(on_plane(lines.to_crs(metres)), {at: (spot.x, spot.y) for at, spot in spots.to_crs(metres).items()})
    walks = {at: ground.to_places(at) for at in range(4)}
    far_m = pd.DataFrame({at + 1: [walks[at].get(row, np.inf) for row in range(4, 64)] for at in range(4)})
    made = ended.layer("buildings")
    assert made["walk_min"].fillna(np.inf).to_numpy() == pytest.approx(far_m.min(axis=1) / PACE, abs=1e-3)
    has_way = np.isfinite(far_m.min(axis=1))
    assert made["station_id"].fillna(0).tolist() == far_m.idxmin(axis=1).where(has_way, 0).tolist()
    for row in ended.layer("circles").itertuples():
        assert row.households == (far_m[row.station_id] <= row.minutes * PACE).sum()
        assert row.reached_m == pytest.approx(ground.reached_m(row.station_id - 1, row.minutes * PACE), rel=2e-3)


@pytest.mark.parametrize("suffix", [".geojson", ".parquet", ".shp"])
def test_every_form_says_the_same(door: Door, tmp_path: Path, suffix: str) -> None:
    frames = {"streets": three_streets(名称="东路"), "stations": two_stations(名称="甲"), "buildings": five_buildings()}
    if suffix == ".geojson":
        frames = {name: frame.to_crs(4326) for name, frame in frames.items()}
    files = {name: write(frame, tmp_path / f"{name}{suffix}") for name, frame in frames.items()}
    ended, usual = asked(door, **files, out="a.gpkg"), asked(door, **frames)
    assert ended.code == DONE, ended.told
    same(ended, usual)


def test_a_table_is_places_and_keeps_its_cells(door: Door, tmp_path: Path) -> None:
    spots, cells = five_buildings().centroid.to_crs(4326), ["10户", "２.5", "30.0", "", "1,050"]
    pd.DataFrame({"经度": spots.x, "纬度": spots.y, "户数": cells}).to_csv(tmp_path / "homes.csv", encoding="gb18030")
    ended = asked(door, buildings=tmp_path / "homes.csv", households="户数")
    assert ended.code == DONE, ended.told
    assert ended.layer("buildings")["户数"].tolist() == cells
    assert ended.layer("circles")["households"].tolist() == [10, 42.5, 0, 42.5]
    assert (ended.report["buildings"]["households"], ended.report["buildings"]["nulls_taken_as_0"]) == (1092.5, 1)
    assert "1 building without households taken as 0" in ended.told


def test_systems_of_all_kinds_are_one_ground(door: Door, tmp_path: Path) -> None:
    usual = asked(door)
    shifted = shapely.transform(
        five_buildings().to_crs(4326).geometry.to_numpy(), lambda xy: np.column_stack(from_wgs84(*xy.T, datum="gcj02"))
    )
    homes = gpd.GeoDataFrame(five_buildings().drop(columns="geometry"), geometry=shifted, crs=4326)
    nowhere = write(two_stations().set_crs(None, allow_override=True), tmp_path / "nowhere.parquet")
    ended = asked(door, streets=three_streets().to_crs(3857), buildings=homes, buildings_crs="gcj02",
                  stations=nowhere, stations_crs="EPSG:4545")  # fmt: skip
    assert ended.code == DONE, ended.told
    columns = ["station_id", "walk_min"]
    pd.testing.assert_frame_equal(ended.layer("buildings")[columns], usual.layer("buildings")[columns], atol=0.01)
    # beside the circles, not 400 m away from them
    assert ended.layer("buildings").to_crs(CRS).distance(five_buildings().to_crs(CRS)).max() < 0.1


def test_columns_of_our_names_stay_under_another(door: Door, tmp_path: Path) -> None:
    homes = five_buildings(station_id=list("vwxyz"), Walk_min=7, 名称=list("甲乙丙丁戊"), fid=[5, 6, 7, 8, 9])
    posts = two_stations(station_id=[70, 90], problem=["漏水", None], minutes=3, station_id_input="old")
    ended = asked(door, stations=posts, buildings=homes)
    assert ended.code == DONE, ended.told
    made = ended.layer("buildings")
    assert made["station_id"].fillna(0).tolist() == [70, 90, 90, 90, 0]
    assert made["station_id_input"].tolist() == list("vwxyz")
    assert made["Walk_min_input"].tolist() == [7] * 5
    assert made["名称"].tolist() == list("甲乙丙丁戊")
    told = ended.layer("stations")
    assert told["station_id"].tolist() == [70, 90]
    assert told["problem_input"].fillna("").tolist() == ["漏水", ""]
    assert told["station_id_input"].tolist() == ["old"] * 2
    again = asked(door, stations=posts, buildings=write(made, tmp_path / "made.gpkg"), out="again.gpkg")
    third = write(again.layer("buildings"), tmp_path / "third.gpkg")  # nothing piles up
    assert set(asked(door, buildings=third, out="c.gpkg").layer("buildings")) == set(again.layer("buildings"))


def test_one_bad_station_never_stops_a_batch(door: Door) -> None:
    bow = Polygon([(990, 20), (1010, 40), (1010, 20), (990, 40)])
    shapes = [Point(0, 20), None, Point(), MultiPoint([(1000, -30)]), bow, LineString([(0, 0), (9, 0)]),
              Point(0, 25), Point(0, 30), Point(600, 2000), Point(-EAST_M - 5e6, -NORTH_M)]  # fmt: skip
    ids = ["a", "b", "c", "d", "e", "f", "a", None, "i", "j"]
    ended = asked(door, stations=drawn(shapes, station_id=ids, 名称=range(10)))
    assert ended.code == REJECTED_IN_PART, ended.told
    posts = ended.layer("stations")
    problems = ["", "missing", "missing", "", "", "kind", "same_id", "no_id", "too_far", "astray"]
    assert posts["problem"].fillna("").tolist() == problems
    assert posts["名称"].tolist() == list(range(10))
    assert posts["snap_m"].fillna(-1).tolist() == [20, -1, -1, 30, 35, *[-1] * 5]
    circles = ended.layer("circles").set_index(["station_id", "minutes"])
    assert list(circles.index.unique(0)) == ["a", "d", "e", "i"]
    assert circles["households"].loc[["a", "d"]].tolist() == [10, 60, 40, 100]
    assert circles["is_straight_line"].groupby(level=0).all().tolist() == [False, False, False, True]
    disc_m2 = circles.geometry.to_crs(CRS).area[("i", 5.0)]
    assert disc_m2 == pytest.approx(np.pi * 360**2, rel=0.005)
    report = ended.report["stations"]
    assert [(found["row"], found["reason"]) for found in report["rejected"]] == [
        (row + 1, problem) for row, problem in enumerate(problems) if problem not in ("", "too_far")
    ]
    assert [(found["row"], found["problem"]) for found in report["problems"]] == [(9, "too_far")]
    assert "station i (row 9): no walkable street is near enough; straight lines stand in" in ended.told
    assert "it has no place (rows 2, 3)" in ended.told


def test_a_single_station_and_nobody_to_reach(door: Door) -> None:
    ended = door(three_streets(), two_stations().iloc[:1], minutes=7.5)
    assert ended.code == DONE, ended.told
    assert ended.layer("circles")["reached_m"].tolist() == [7.5 * PACE - 20]
    assert ended.layer("circles")["households"].isna().all()
    assert gpd.list_layers(ended.out)["name"].tolist() == ["circles", "stations"]
    assert (ended.report["buildings"], ended.report["within"]) == (None, [])


def test_streets_of_all_kinds_are_one_net(door: Door) -> None:
    north = MultiLineString([[(600, 0, 5), (600, 300, 9)], [(600, 300, 9), (600, 600, 9)], [(5, 5, 0), (5, 5, 0)]])
    shapes = [LineString([(0, 0, 1), (600, 0, 2)]), LineString([(1200, 0), (600, 0)]), north, None, LineString(),
              LineString([(7, 7), (7, 7)]), Point(0, 0), LineString([(600, 0), (0, 0)]),
              Point(0, 0).buffer(9)]  # fmt: skip
    ended, usual = asked(door, streets=drawn(shapes), out="a.gpkg"), asked(door)
    assert ended.code == REJECTED_IN_PART, ended.told
    same(ended, usual)
    assert [(found["row"], found["reason"]) for found in ended.report["streets"]["rejected"]] == [
        (4, "missing"), (5, "missing"), (6, "flat"), (7, "kind"), (9, "kind"),
    ]  # fmt: skip
    assert ended.report["streets"]["drawn_again"] == [8]


def test_nobody_walks_where_a_column_says_no(door: Door) -> None:
    for column, cells, told in (("可步行", ["是", "否", None], None), ("x", [1, 0, 1], "x")):
        ended = asked(door, streets=three_streets(**{column: cells}), walkable=told)
        assert ended.code == DONE, ended.told
        assert (ended.report["streets"]["walkable"], ended.report["parameters"]["walkable"]) == (2, column)
        assert ended.layer("buildings")["walk_problem"].fillna("").tolist() == ["", "", "", "too_far", "too_far"]


def test_streets_that_only_cross_meet_where_that_is_asked_for(door: Door) -> None:
    cross = drawn([LineString([(0, 0), (600, 0)]), LineString([(300, -300), (300, 300)])])
    posts, homes = drawn([Point(0, 5)]), drawn([Point(305, 200), Point(500, -5)])
    apart = door(cross, posts, homes)
    assert apart.layer("buildings")["walk_problem"].fillna("").tolist() == ["no_way", ""]
    assert apart.report["buildings"]["problems"] == {"no_way": 1}
    assert "2 pieces that do not meet" in apart.told
    assert "try --node-crossings" in apart.told
    joined = door(cross, posts, homes, node_crossings=True)
    assert joined.layer("buildings")["walk_min"].tolist() == pytest.approx([510 / PACE, 510 / PACE], abs=1e-3)


def test_where_nothing_is_walkable_straight_lines_stand_in(door: Door) -> None:
    ended = asked(door, streets=three_streets(foot="no"))
    assert ended.code == DONE, ended.told
    assert ended.report["network"] is None
    straight_m = [np.hypot(100, 20), np.hypot(420, 60), np.hypot(380, 330), np.hypot(150, 50), np.hypot(300, 480)]
    assert ended.layer("buildings")["walk_min"].to_numpy() == pytest.approx(np.array(straight_m) / PACE, abs=1e-4)
    assert ended.layer("circles")["is_straight_line"].all()
    assert set(ended.layer("stations")["problem"]) == {"no_network"}


def test_a_river_stops_the_step_to_the_street_even_where_it_is_drawn_badly(door: Door, tmp_path: Path) -> None:
    river = drawn([Polygon([(50, 5), (150, 5), (50, 25), (150, 25)]), LineString([(3, 3), (3, 3)])], kind="water")
    ended = asked(door, barriers=write(river, tmp_path / "river.gpkg"))
    assert ended.code == DONE, ended.told
    assert ended.layer("buildings")["walk_problem"].fillna("").tolist() == ["barrier", "", "", "", "too_far"]


def test_the_report_says_what_the_layers_hold(door: Door, tmp_path: Path) -> None:
    homes = pd.concat([five_buildings(), drawn([None, Point(900, 9)], households=[7, 1.5])], ignore_index=True)
    ended = asked(door, buildings=homes, minutes=(15, 5, 5))
    assert ended.code == REJECTED_IN_PART, ended.told
    made, told = ended.layer("buildings"), ended.report["buildings"]
    assert set(ended.report) == {
        "report", "versions", "parameters", "streets", "network", "stations", "buildings", "within",
    }  # fmt: skip
    assert ended.report["parameters"]["minutes"] == [5, 15]
    assert (told["rows"], told["households"], told["households_rejected"]) == (7, homes["households"].sum(), 7)
    assert told["problems"] == made["walk_problem"].drop(5).value_counts().to_dict() == {"too_far": 1}
    assert [found["row"] for found in told["rejected"]] == [6]
    assert told["joined"] == made["walk_min"].notna().sum()
    for row in ended.report["within"]:
        within = made[made["walk_min"] <= row["minutes"]]
        assert (row["buildings"], row["households"]) == (len(within), within["households"].sum())
        assert row["households"] + row["left_out"] + told["households_rejected"] == told["households"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"buildings": five_buildings(households=[1, 2, -3, 4, 5])}, "households cannot be used: below 0. Rows: 3"),
        ({"buildings": five_buildings(households=["x"] * 5)}, 'not a number ("x"). Rows: 1, 2, 3, 4, 5'),
        ({"households": "户数"}, "buildings.gpkg lacks the columns 户数. It has: households"),
        ({"station_id": "id"}, "stations.gpkg lacks the columns id"),
        ({"walkable": "foot"}, "streets.gpkg lacks the columns foot"),
        ({"stations": two_stations().iloc[:0]}, "stations.gpkg has no rows"),
        ({"buildings": five_buildings().iloc[:0]}, "buildings.gpkg has no rows"),
        ({"streets": two_stations()}, "No row of streets.gpkg can be used, of 2: it is no line (rows 1, 2). Is it"),
        ({"stations": three_streets()}, "it is neither a point nor a polygon (rows 1, 2, 3)"),
        ({"stations": two_stations().set_crs(4326, allow_override=True)}, "or pass --stations-crs"),
        ({"stations": two_stations().to_crs(4326).set_geometry([Point(0, 0)] * 2, crs=4326)}, "more than 10 degrees"),
        ({"buildings_crs": "EPSG:99999"}, "--buildings-crs EPSG:99999 is no coordinate system that is known here"),
        ({"streets_layer": "no"}, "there is no layer no. Layers: streets"),
        ({"stations": Path("posts.docx")}, "Use one of: .gpkg, .geojson, .json, .shp, .parquet, .geoparquet, .csv"),
        ({"streets": None, "osm": Path("no.osm.pbf")}, "Cannot read no.osm.pbf: it cannot be opened"),
        ({"out": "no/such/out.gpkg"}, "cannot be written: there is no folder"),
    ],
)  # fmt: skip
def test_what_cannot_be_says_what_and_how_to_mend_it_and_writes_nothing(
    door: Door, tmp_path: Path, options: dict[str, Any], told: str
) -> None:
    ended = asked(door, **options)
    assert ended.code == FAILED, ended.told
    assert told in ended.told.replace("\n", " ")
    assert not ended.report
    assert not ended.out.exists()
    assert not list(tmp_path.glob(".wangge*"))


def test_a_file_of_several_layers_is_asked_which(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "all.gpkg"
    for name, frame in {"roads": three_streets(), "posts": two_stations(), "homes": five_buildings()}.items():
        frame.to_file(path, layer=name, engine="pyogrio")
    ended = asked(door, streets=path, stations=path, buildings=path)
    assert ended.code == FAILED
    assert "which layer is meant? It has: roads, posts, homes. Name one with --stations-layer" in ended.told
    named = asked(door, streets=path, stations=path, buildings=path, stations_layer="posts", buildings_layer="homes")
    same(named, asked(door, out="usual.gpkg"))


def test_wrong_use_is_told_apart_from_failure(door: Door, tmp_path: Path) -> None:
    wrong: list[dict[str, Any]] = [
        {"osm": "a.pbf"}, {"streets": None}, {"minutes": 0}, {"minutes": (5, "nan")}, {"minutes": 1441}, {"speed": 0},
        {"speed": 9}, {"snap_max": 0}, {"width": 0}, {"out": "out.geojson"}, {"out": "stations.gpkg"},
        {"out": "report.json"}, {"buildings": None}, {"barriers_crs": "EPSG:4326"},
        {"streets": None, "osm": "a.pbf", "walkable": "foot"},
    ]  # fmt: skip
    for options in wrong:
        ended = asked(door, **options)
        assert ended.code == WRONG_USE, (options, ended.told)
    assert not ended.out.exists()


def test_inputs_stay_and_a_second_run_says_the_same(door: Door, tmp_path: Path) -> None:
    first = asked(door)
    before = {path: path.read_bytes() for path in tmp_path.iterdir() if path != first.out}
    second = asked(door, **{part: tmp_path / f"{part}.gpkg" for part in ("streets", "stations", "buildings")},
                   out="second.gpkg")  # fmt: skip
    assert {path: path.read_bytes() for path in before} == before
    for name in LAYERS:
        one, other = first.layer(name), second.layer(name)
        assert shapely.equals_identical(one.geometry.to_numpy(), other.geometry.to_numpy()).all()
        pd.testing.assert_frame_equal(one.drop(columns="geometry"), other.drop(columns="geometry"))


def test_a_run_that_ends_while_it_writes_leaves_what_was_there(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = asked(door).out.read_bytes()

    def fails(path: Path, **_: object) -> None:
        path.write_text("{")
        raise BadFileError(file="report", reason="no", reason_zh="", mend="", mend_zh="")

    monkeypatch.setattr("api.actions.analyse_reach.write_json", fails)
    ended = asked(door, stations=two_stations().iloc[:1])
    assert ended.code == FAILED
    assert ended.out.read_bytes() == whole
    assert not list(tmp_path.glob(".wangge*"))


def test_the_command_runs_as_a_process_of_its_own_and_in_chinese(tmp_path: Path) -> None:
    words = ["--minutes", "5", "15", "--out", str(tmp_path / "out.gpkg"), "--stations", str(tmp_path / "no.csv")]
    words += ["--streets", str(write(three_streets(), tmp_path / "streets.gpkg"))]
    environment = {**os.environ, "LANG": "zh_CN.UTF-8", "WANGGE_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    command = [sys.executable, "-m", "api.cli", "analyse", "reach", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == FAILED
    assert "无法读取 no.csv" in done.stderr
