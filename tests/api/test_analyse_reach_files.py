"""Files as people have them, at the offline door for walking: wrong zones and labels, codes and numbers in tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shapely import Point

from tests.fixtures.door import (
    DONE,
    FAILED,
    REJECTED_IN_PART,
    Door,
    asked,
    drawn,
    five_buildings,
    open_reach,
    three_streets,
    two_stations,
    write,
)  # fmt: skip


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Door:
    return open_reach(tmp_path, monkeypatch, capsys)


def said(told: str) -> str:
    """What was told, in one line."""
    return " ".join(told.split())


@pytest.mark.parametrize("part", ["streets", "stations", "buildings"])
def test_a_layer_in_the_wrong_zone_is_told_and_how_far_apart_it_lies(door: Door, part: str) -> None:
    frames = {"streets": three_streets(), "stations": two_stations(), "buildings": five_buildings()}
    # metres of the zone about 108 degrees, said to be of the one about 111: three degrees, 295 km at 28 degrees north
    frames[part] = frames[part].set_crs("EPSG:4546", allow_override=True)
    ended = asked(door, **frames)
    assert ended.code == FAILED
    told = said(ended.told)
    assert "lies 294 km and more from the streets" in told
    other = "buildings" if part == "buildings" else "stations"
    assert f"check --{other}-crs, --streets-crs" in told
    assert "(110.7" in told
    assert "(107.7" in told
    assert not ended.out.exists()


def test_places_in_a_wrong_zone_are_told_in_chinese(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    ended = asked(door, stations=two_stations().set_crs("EPSG:4546", allow_override=True))
    assert ended.code == FAILED
    assert "两者的坐标系不一致" in ended.told


def test_a_few_that_are_far_or_all_that_are_not_very_far_are_walked_as_ever(door: Door) -> None:
    ended = asked(door, stations=drawn([Point(0, 20), Point(1000, -30), Point(40_000, 0)]))
    assert ended.code == DONE, ended.told
    assert ended.layer("stations")["problem"].fillna("").tolist() == ["", "", "too_far"]
    near = asked(door, stations=drawn([Point(0, 5_000), Point(0, 9_000)]))
    assert near.code == DONE, near.told
    assert set(near.layer("stations")["problem"]) == {"too_far"}
    assert asked(door, stations=drawn([Point(0, 11_000)])).code == FAILED
    # nobody walks anywhere: straight lines stand in, as they do where there are no streets
    assert asked(door, streets=three_streets(foot="no"), stations=drawn([Point(0, 11_000)])).code == DONE


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet", ".geojson"])
def test_metres_that_are_called_degrees_are_told_as_such(door: Door, tmp_path: Path, suffix: str) -> None:
    posts = write(two_stations().set_crs(4326, allow_override=True), tmp_path / f"posts{suffix}")
    ended = asked(door, stations=posts)
    assert ended.code == FAILED
    assert f"posts{suffix} says that its coordinates are degrees (" in said(ended.told)
    assert "or pass --stations-crs" in said(ended.told)
    assert "has no coordinate system" not in ended.told
    named = asked(door, stations=posts, stations_crs="EPSG:4545")
    assert named.code == DONE, named.told


def test_a_file_that_says_nothing_is_told_so(door: Door, tmp_path: Path) -> None:
    nothing = write(two_stations().set_crs(None, allow_override=True), tmp_path / "posts.parquet")
    assert "posts.parquet has no coordinate system" in said(asked(door, stations=nothing).told)
    table = pd.DataFrame({"x": [471_000, 472_000], "y": [3_093_020, 3_092_970]})
    table.to_csv(tmp_path / "posts.csv", index=False)
    assert "posts.csv has no coordinate system" in said(asked(door, stations=tmp_path / "posts.csv").told)
    called = asked(door, stations=tmp_path / "posts.csv", stations_crs="EPSG:4326")
    assert "says that its coordinates are degrees (EPSG:4326)" in said(called.told)


def test_plain_numbers_of_a_table_are_numbers_and_codes_stay_text(door: Door, tmp_path: Path) -> None:
    spots = five_buildings().centroid.to_crs(4326)
    columns = {
        "经度": spots.x, "纬度": spots.y,
        "户数": ["10", "20", " 30 ", "", "50"], "面积": ["1.5", "2", "-3.25", "", "0"],
        "楼号": ["01", "02", "10", "11", "12"], "区划": ["529901001001"] * 5, "电话": ["13800000000"] * 5,
        "说明": ["1", "2", "约3", "", ""], "空": [""] * 5, "全角": ["１", "２", "３", "４", "５"],
        "科学": ["1e3"] * 5,
    }  # fmt: skip
    pd.DataFrame(columns).to_csv(tmp_path / "homes.csv", index=False)
    ended = asked(door, buildings=tmp_path / "homes.csv", households="户数")
    assert ended.code == DONE, ended.told
    made = ended.layer("buildings")
    assert made["户数"].fillna(-1).tolist() == [10, 20, 30, -1, 50]
    assert made["面积"].fillna(-1).tolist() == [1.5, 2, -3.25, -1, 0]
    for name in ("楼号", "区划", "电话", "说明", "全角", "科学"):
        assert made[name].fillna("").tolist() == columns[name]
    assert np.isclose(made["经度"], spots.x).all()


@pytest.mark.parametrize("word", ["站点编号", "编号"])
def test_the_id_is_found_by_its_usual_names(door: Door, tmp_path: Path, word: str) -> None:
    spots = two_stations().to_crs(4326).geometry
    table = pd.DataFrame({word: ["01", "02"], "lon": spots.x, "lat": spots.y})
    table.to_csv(tmp_path / "posts.csv", index=False)
    ended = asked(door, stations=tmp_path / "posts.csv")
    assert ended.code == DONE, ended.told
    assert ended.layer("circles")["station_id"].tolist() == ["01", "01", "02", "02"]
    assert ended.report["parameters"]["station_id"] == word
    table[word] = [7, 9]
    table.to_csv(tmp_path / "posts.csv", index=False)
    assert asked(door, stations=tmp_path / "posts.csv").layer("stations")["station_id"].tolist() == [7, 9]
    # not all have one, or two have the same: it is none, unless it is asked for
    for cells in (["01", ""], ["01", "01"]):
        table[word] = cells
        table.to_csv(tmp_path / "posts.csv", index=False)
        ended = asked(door, stations=tmp_path / "posts.csv")
        assert (ended.code, ended.layer("stations")["station_id"].tolist()) == (DONE, [1, 2])
        assert asked(door, stations=tmp_path / "posts.csv", station_id=word).code == REJECTED_IN_PART


def test_station_id_goes_before_other_names(door: Door) -> None:
    posts = two_stations(编号=["a", "b"], station_id=["x", "y"], 站点编号=["c", "d"])
    assert asked(door, stations=posts).layer("stations")["station_id"].tolist() == ["x", "y"]
    posts = posts.drop(columns="station_id")
    assert asked(door, stations=posts).layer("stations")["station_id"].tolist() == ["c", "d"]


def test_a_building_off_the_streets_has_a_station_off_the_streets_alone(door: Door) -> None:
    """The last building lies 300 m from a street, at (300, 500), nearer to the first station than to the third."""
    posts = [Point(0, 20), Point(1000, -30), Point(-200, 700)]
    ended = asked(door, stations=drawn(posts), minutes=(5, 15))
    made = ended.layer("buildings")
    assert made["station_id"].fillna(0).tolist() == [1, 2, 2, 2, 3]
    assert made["is_straight_line"].tolist() == [False] * 4 + [True]
    assert made["walk_min"].iloc[-1] == pytest.approx(np.hypot(500, 200) / 72, abs=1e-3)
    # and none where that takes longer than the longest time
    assert asked(door, stations=drawn(posts), minutes=(5,)).layer("buildings")["station_id"].fillna(0).iloc[-1] == 0
