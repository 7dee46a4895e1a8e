"""The offline door: a layer in, grids out. What is asked is kept to, in plans that are checked by hand here."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from tests.fixtures.door import DONE, FAILED, REJECTED_IN_PART, Door, open_door, pieces, sums, write
from tests.fixtures.tiled import EAST, METRES, NORTH, boxes, layer, voronoi


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Door:
    return open_door(tmp_path, monkeypatch, capsys)


def town(columns: int = 12, rows: int = 10, **more: object) -> gpd.GeoDataFrame:
    """12 x 10 squares of 40 households: 4,800, twelve grids of 400."""
    return layer(boxes(columns, rows), **more)


def bar(*places: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in places])


def test_every_row_has_a_grid_in_the_band_and_in_one_piece(door: Door) -> None:
    ended = door(town())
    assert ended.code == DONE, ended.told
    rows = ended.rows
    assert sums(rows).between(300, 500).all()
    assert set(pieces(rows).values()) == {1}
    assert sorted(rows["grid_id"].unique()) == list(range(1, ended.report["count"] + 1))
    assert ended.report["exceptions"] == []
    assert ended.report["band"] == [300, 500]
    assert {grid["grid_id"]: grid["households"] for grid in ended.report["grids"]} == sums(rows).to_dict()
    assert ended.report["measures"]["in_band"]["value"] == 1


def test_grids_are_numbered_as_a_page_is_read(door: Door) -> None:
    rows = door(town()).rows
    first, last = (rows[rows["grid_id"] == grid].union_all().centroid for grid in (1, rows["grid_id"].max()))
    assert first.y > last.y
    assert first.x < last.x


def test_the_same_seed_gives_the_same_plan_whatever_the_row_order(door: Door) -> None:
    cells = layer(voronoi(7, 11), households=np.random.default_rng(7).integers(0, 80, 121)).assign(name=range(121))
    straight = door(cells).rows.set_index("name")["grid_id"]
    mixed = door(cells.sample(frac=1, random_state=3), name="mixed.gpkg").rows.set_index("name")["grid_id"]
    assert straight.to_dict() == mixed.to_dict()


def test_exactly_so_many_grids_as_equal_as_can_be(door: Door) -> None:
    ended = door(town(), count=10)
    assert ended.code == DONE, ended.told
    assert sums(ended.rows).tolist() == [480] * 10
    assert ended.report["parameters"]["band"] is None
    assert ended.report["band"] == [240, 720]
    assert ended.report["measures"]["deviation_share"]["value"] == 0


def test_exactly_so_many_grids_in_the_band(door: Door) -> None:
    ended = door(town(), count=15, band=(280, 360))
    held = sums(ended.rows)
    assert len(held) == 15
    assert held.between(280, 360).all()
    assert set(pieces(ended.rows).values()) == {1}


def test_people_have_a_band_of_their_own(door: Door) -> None:
    cells = town(people=np.where(np.arange(120) % 12 < 6, 80, 120))
    ended = door(cells, people="people", people_band=(900, 1100))
    assert ended.code == DONE, ended.told
    held = sums(ended.rows, "people")
    listed = {found["grid_id"] for found in ended.report["exceptions"]}
    assert held[~held.index.isin(listed)].between(900, 1100).all()
    assert len(listed) <= 1
    assert {grid["grid_id"]: grid["people"] for grid in ended.report["grids"]} == held.to_dict()


def test_grids_never_cross_a_column_and_rows_without_it_are_a_group(door: Door) -> None:
    street = np.where(np.arange(120) % 12 < 4, "东街", np.where(np.arange(120) % 12 < 8, "西街", None))
    ended = door(town(street=street), within="street", band=(300, 560))
    assert ended.code == DONE, ended.told
    rows = ended.rows
    assert rows.groupby("grid_id")["street"].nunique(dropna=False).max() == 1
    assert len(ended.report["inputs"]["without_within_rows"]) == 40
    assert {grid["within"] for grid in ended.report["grids"]} == {"东街", "西街", None}


def test_within_reads_whole_floats_as_numbers(door: Door) -> None:
    ended = door(town(zone=np.where(np.arange(120) < 60, 9.0, 10.0)), within="zone")
    assert [grid["within"] for grid in ended.report["grids"]] == sorted(
        grid["within"] for grid in ended.report["grids"]
    )
    assert ended.report["grids"][0]["within"] == 9


def test_a_wall_is_not_walked_through_and_a_bridge_is(door: Door, tmp_path: Path) -> None:
    cells = town(6, 4)  # 960 households: three grids, unless a wall parts them in 240 and 720
    wall = gpd.GeoDataFrame({"kind": ["wall"]}, geometry=[bar((-10, -100), (610, -100))], crs=METRES)
    across = [(at, at + 6) for at in range(6)]
    path = write(wall.to_crs(4326), tmp_path / "wall.geojson")
    ended = door(cells, barriers=path)
    rows = ended.rows
    assert set(pieces(rows, barred=across).values()) == {1}
    assert sums(rows).min() == 240
    assert ended.report["barriers"]["borders_not_walkable"] == 6
    assert [found["certificate"] for found in ended.report["exceptions"]] == ["piece_outside_band"]
    lon, lat = ended.report["exceptions"][0]["place"]
    north = cells.iloc[:6].to_crs(4326).union_all()
    assert north.contains(shapely.Point(lon, lat))
    bridge = gpd.GeoDataFrame({"kind": ["bridge"]}, geometry=[bar((50, -50), (50, -150))], crs=METRES)
    both = write(pd.concat([wall, bridge]), tmp_path / "both.gpkg")
    opened = door(cells, barriers=both)
    assert sums(opened.rows).between(300, 500).all()
    assert set(pieces(opened.rows, barred=across[1:]).values()) == {1}


def test_a_barrier_through_a_cell_is_reported(door: Door, tmp_path: Path) -> None:
    rail = gpd.GeoDataFrame({"kind": ["rail"]}, geometry=[bar((50, 10), (50, -410))], crs=METRES)
    ended = door(town(6, 4), barriers=write(rail, tmp_path / "rail.gpkg"))
    assert ended.code == DONE, ended.told
    assert [found["rows"] for found in ended.report["barriers"]["not_kept_to"]] == [[1], [7], [13], [19]]
    assert "cannot be kept to" in ended.told


def test_an_unpeopled_lake_is_water_and_parts_what_lies_around_it(door: Door, tmp_path: Path) -> None:
    households = np.full(24, 40)
    households[[2, 8, 14, 20]] = 0
    lake = gpd.GeoDataFrame(
        {"kind": ["water"]}, geometry=[boxes(3, 1)[2].union(bar((250, 0), (250, -400)).buffer(49.9))], crs=METRES
    )
    ended = door(town(6, 4, households=households), barriers=write(lake, tmp_path / "lake.gpkg"), band=(300, 500))
    assert ended.code == DONE, ended.told
    assert ended.report["barriers"]["water_cells"] == 4
    assert ended.rows["grid_id"].notna().all()
    west, east = ended.rows.iloc[[0, 1, 6, 7]], ended.rows.iloc[[3, 4, 5, 9, 10, 11]]
    assert not set(west["grid_id"]) & set(east["grid_id"])


def test_old_grids_are_kept_with_their_ids_and_new_ones_get_new_ids(door: Door) -> None:
    first = door(town()).rows
    old = first["grid_id"].astype("int32") + 100
    again = door(town(old=old), keep="old", band=(300, 500))
    assert again.code == DONE, again.told
    assert again.rows["grid_id"].tolist() == old.tolist()
    assert again.report["measures"]["households_moved"]["value"] == 0
    households = np.full(120, 40)
    households[:12] = 120  # the northern row has grown threefold
    grown = door(town(old=old, households=households), keep="old")
    held = sums(grown.rows)
    assert held.between(300, 500).all()
    new = set(grown.rows["grid_id"]) - set(old)
    assert new
    assert min(new) > old.max()
    stayed = households[(grown.rows["grid_id"] == old).to_numpy()].sum()
    assert stayed > 0.5 * households.sum()


def test_text_ids_are_numbered_on(door: Door) -> None:
    old = pd.Series([f"G{number:03d}" for number in door(town()).rows["grid_id"]]).where(np.arange(120) >= 20)
    ended = door(town(old=old), keep="old")
    new = set(ended.rows["grid_id"]) - set(old.dropna())
    assert all(name.startswith("G0") and len(name) == 4 and name > old.max() for name in new)


def test_a_locked_grid_stays_exactly_as_it_is(door: Door) -> None:
    first = door(town()).rows
    old = first["grid_id"]
    locked = old.isin([old.iloc[0], old.iloc[-1]])
    households = np.where(locked, 40, 55)
    ended = door(town(old=old, households=households, fixed=np.where(locked, "是", "")), keep="old", lock="fixed")
    assert ended.code == DONE, ended.told
    for grid in (old.iloc[0], old.iloc[-1]):
        assert (ended.rows["grid_id"] == grid).tolist() == (old == grid).tolist()
    assert sums(ended.rows).between(300, 500).all()


def test_a_locked_grid_out_of_band_is_an_exception(door: Door) -> None:
    old = pd.Series(np.where(np.arange(120) % 12 < 2, 7, np.nan))
    ended = door(town(old=old, fixed=old.notna()), keep="old", lock="fixed")
    assert ended.code == DONE, ended.told
    assert (ended.rows["grid_id"] == 7).tolist() == old.notna().tolist()
    assert [(found["grid_id"], found["certificate"]) for found in ended.report["exceptions"]] == [(7, "locked_grid")]


def test_a_locked_row_without_an_old_grid_is_an_error(door: Door) -> None:
    ended = door(town(old=[1.0] * 60 + [None] * 60, fixed=True), keep="old", lock="fixed")
    assert ended.code == FAILED
    assert "61, 62" in ended.told
    assert not ended.out.exists()


def test_unbroken_groups_are_never_broken_and_whole_ones_where_they_fit(door: Door) -> None:
    pair = np.arange(120) // 2
    quarter = (np.arange(120) // 24) * 6 + (np.arange(120) % 12) // 2
    ended = door(town(pair=pair, quarter=quarter), unbroken="pair", whole="quarter")
    assert ended.code == DONE, ended.told
    assert sums(ended.rows).between(300, 500).all()
    assert ended.rows.groupby("pair")["grid_id"].nunique().max() == 1
    assert ended.rows.groupby("quarter")["grid_id"].nunique().max() == 1


def test_a_group_that_lies_in_two_areas_is_told(door: Door) -> None:
    pair = np.where(np.abs(np.arange(120) - 59.5) < 1, 1.0, np.nan)
    ended = door(town(zone=np.arange(120) // 60, pair=pair), within="zone", unbroken="pair")
    assert ended.code == DONE, ended.told
    assert ended.report["inputs"]["groups_across_within"] == {"pair": [1]}


def test_fractions_of_households_are_counted_exactly(door: Door) -> None:
    ended = door(town(households=40.5))
    held = sums(ended.rows)
    assert held.between(300, 500).all()
    assert ended.report["inputs"]["households"] == {
        "sum": 4860, "nulls_taken_as_0": 0, "zeros": 0, "scale": 10, "is_exact": True,
    }  # fmt: skip
    assert [grid["households"] for grid in ended.report["grids"]] == held.tolist()
    assert ended.report["band"] == [300, 500]


def test_estimates_with_many_digits_keep_the_true_band(door: Door) -> None:
    rough = np.random.default_rng(1).uniform(20, 60, 120)
    ended = door(town(households=rough))
    assert sums(ended.rows).between(300, 500).all()
    assert not ended.report["inputs"]["households"]["is_exact"]
    assert ended.report["measures"]["households"]["value"] == pytest.approx(rough.sum(), abs=1e-3)
    assert "fractions" in ended.told


def test_estimates_at_the_very_edge_of_the_band_are_in_it(door: Door) -> None:
    # Three islands of two cells: exactly 300, a hair more, a hair less than 500; one third makes the file inexact.
    cells = layer([shapely.box(x, 0, x + 90, 90) for x in (0, 90, 500, 590, 1000, 1090)], households=0.0)
    cells["households"] = [150.0, 150.0, 150.0000001, 150 + 1 / 3, 250.0, 249.9999]
    ended = door(cells)
    assert ended.report["exceptions"] == []
    assert ended.report["measures"]["in_band"]["value"] == 1
    assert ended.report["band"] == [300, 500]


def test_a_cell_above_the_band_is_certified_with_its_row(door: Door) -> None:
    households = np.full(120, 40)
    households[50] = 900
    ended = door(town(households=households))
    (found,) = [found for found in ended.report["exceptions"] if found["certificate"] == "cell_above_band"]
    assert found["detail"]["rows"] == [51]
    assert found["grid_id"] == ended.rows["grid_id"].iloc[50]


def test_an_island_too_small_for_a_grid_is_certified(door: Door) -> None:
    cells = pd.concat([town(), layer([shapely.box(EAST + 5000, NORTH, EAST + 5100, NORTH + 100)])], ignore_index=True)
    ended = door(cells)
    assert ended.code == DONE, ended.told
    assert "2 parts that do not touch" in ended.told
    assert ended.report["ground"]["cells_of_parts"] == [120, 1]
    assert [found["certificate"] for found in ended.report["exceptions"]] == ["piece_outside_band"]


def test_rows_without_ground_keep_their_place_and_are_listed(door: Door) -> None:
    cells = town()
    cells.loc[[3, 40], "geometry"] = [None, shapely.Polygon()]
    ended = door(cells)
    assert ended.code == REJECTED_IN_PART, ended.told
    assert np.flatnonzero(ended.rows["grid_id"].isna()).tolist() == [3, 40]
    assert [row["row"] for row in ended.report["inputs"]["rejected"]] == [4, 41]
    assert sums(ended.rows).between(300, 500).all()


def test_rows_on_the_same_ground_share_a_grid_and_are_all_counted(door: Door) -> None:
    cells = pd.concat([town(), town().iloc[[5, 6]]], ignore_index=True)
    ended = door(cells)
    assert ended.rows["grid_id"].iloc[[120, 121]].tolist() == ended.rows["grid_id"].iloc[[5, 6]].tolist()
    assert ended.report["inputs"]["same_ground"]["rows"] == [[6, 121], [7, 122]]
    assert sums(ended.rows).between(300, 500).all()


def test_polygons_that_do_not_touch_are_refused(door: Door) -> None:
    ended = door(layer([shape.buffer(-5) for shape in boxes(12, 10)]))
    assert ended.code == FAILED
    assert "do not tile the ground" in ended.told
    assert not ended.out.exists()
    assert door(layer([shape.buffer(-5, join_style="mitre") for shape in boxes(12, 10)]), tolerance_m=11).code == DONE


def test_a_street_network_in_one_row_is_told(door: Door) -> None:
    blocks = [shapely.box(EAST + 20 * x, NORTH, EAST + 20 * x + 20, NORTH + 30) for x in range(110)]
    street = shapely.box(EAST, NORTH - 10, EAST + 20 * 110, NORTH)
    ended = door(layer([street, *blocks], households=[0] + [40] * 110))
    assert ended.report["ground"]["hubs"] == [{"rows": [1], "neighbours": 110}]
    assert "Row 1 has no households and 110 neighbours" in ended.told
    assert door(layer([street, *blocks], households=40)).report["ground"]["hubs"] == []


def test_rows_that_a_proof_sets_aside_are_told_as_rows(door: Door) -> None:
    # 294 fits with no neighbour; without it 296 must leave 232 room by the only way, and cuts 564 off.
    corners = [
        (0, 0, 10, 10), (10, 0, 20, 10), (0, 10, 15, 20), (15, 10, 20, 20), (5, 20, 20, 25), (20, 12, 25, 18),
        (5, 25, 10, 30), (12, 25, 17, 30), (25, 12, 30, 18), (30, 12, 35, 18),
    ]  # fmt: skip
    shapes = [shapely.box(*(10 * np.array(corner) + [EAST, NORTH] * 2)) for corner in corners]
    ended = door(layer(shapes, households=[294, 296, 232, 0, 0, 0, 166, 166, 100, 340]))
    details = [found["detail"] for found in ended.report["exceptions"]]
    assert {found["certificate"] for found in ended.report["exceptions"]} == {"cells_without_grids"}
    assert [1] in [detail["rows"] for detail in details]
    assert all(set(detail) <= {"grid_households", "rows", "rows_aside"} for detail in details)
    assert [1] in [detail.get("rows_aside") for detail in details]
