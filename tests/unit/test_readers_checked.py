"""From text to rows and rejects: each noun's columns, rules, doubles, places; nothing is lost."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from data.profiles import load_profile
from data.readers.checked import AmbiguousColumnsError, Checked, check, write_rejects
from data.readers.files import read_table
from data.tables import ground, people, reach
from data.tables import incidents as incident_tables
from geo.errors import MissingColumnsError, MissingCrsError
from geo.frames import WGS84

PROFILE = load_profile("demo")
STREET, WEST, EAST = "990101001000", "990101001001", "990101001002"
AREAS = gpd.GeoDataFrame(
    {"name": ["街", "西", "东"], "level": ["street", "community", "community"]},
    index=pd.Index([STREET, WEST, EAST], name="area_code"),
    geometry=[
        shapely.MultiPolygon([shapely.box(*bounds)])
        for bounds in ((107, 27, 107.2, 27.1), (107, 27, 107.1, 27.1), (107.1, 27, 107.2, 27.1))
    ],
    crs=WGS84,
)


def checked(
    folder: Path, noun: str, *lines: str, areas: gpd.GeoDataFrame | None = AREAS, crs: str | None = None
) -> Checked:
    path = folder / "t.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    made = check(noun, read_table(path, crs=crs), profile=PROFILE, areas=areas)
    assert made.counts["rows_in"] == made.counts["rows"] + made.counts["rejects"] == len(made.rows) + len(made.rejects)
    return made


def reasons(made: Checked) -> dict[int, str]:
    return dict(zip(made.rejects["row_number"], made.rejects["reason_zh"], strict=True))


def wkt(west: float, south: float = 27.01, size: float = 0.001) -> str:
    return f'"{shapely.box(west, south, west + size, south + size).wkt}"'


# -- headers ----------------------------------------------------------------------------------


def test_headers_are_known_in_both_languages_and_with_their_ornaments(tmp_path: Path) -> None:
    made = checked(tmp_path, "stations", "Name,类别（必填）*, 经 度 ,LAT,没人懂的列", "甲,health,107.05,27.05,x")
    assert made.rows["name"].tolist() == ["甲"]
    assert "没人懂的列" in made.columns


def test_a_missing_column_is_named_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(MissingColumnsError) as told:
        checked(tmp_path, "stations", "名称,经度,纬度", "甲,107,27")
    assert "类别 (category)" in told.value.text("zh")


def test_two_columns_of_one_meaning_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AmbiguousColumnsError, match="名称, name"):
        checked(tmp_path, "stations", "名称,name,类别,经度,纬度", "甲,乙,health,107,27")


def test_an_id_that_a_program_added_gives_way_to_the_number_people_gave(tmp_path: Path) -> None:
    made = checked(tmp_path, "stations", "id,序号,编号,名称,类别,经度,纬度", "9,1,S-1,甲,health,107.05,27.05")
    assert made.rows["source_ref"].tolist() == ["S-1"]
    alone = checked(tmp_path, "stations", "id,序号,名称,类别,经度,纬度", "9,1,甲,health,107.05,27.05")
    assert alone.rows["source_ref"].tolist() == ["9"]


def test_a_place_is_needed_where_the_noun_has_one(tmp_path: Path) -> None:
    with pytest.raises(MissingColumnsError, match="经度"):
        checked(tmp_path, "stations", "名称,类别", "甲,health")
    with pytest.raises(MissingColumnsError, match="WKT"):
        checked(tmp_path, "buildings", "名称,经度,纬度", "甲,107,27")


def test_a_file_of_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert checked(tmp_path, "stations", "名称,类别,经度,纬度").counts == {"rows_in": 0, "rows": 0, "rejects": 0}


# -- places -----------------------------------------------------------------------------------


def test_faults_of_place_are_told_row_by_row(tmp_path: Path) -> None:
    made = checked(
        tmp_path,
        "stations",
        "名称,类别,经度,纬度",
        "甲,health,107.05,27.05",
        "乙,health,0,0",
        "丙,health,27.05,107.05",
        "丁,health,190,27",
        "戊,health,,",
        "己,health,东,27",
        "庚,health,107.05,",
    )
    assert made.rows["name"].tolist() == ["甲"]
    told = reasons(made)
    for row, why in ((3, "0, 0"), (4, "写反"), (5, "超出"), (6, "没有坐标"), (7, "不是数字"), (8, "没有坐标")):
        assert why in told[row]


def test_metres_without_a_declared_system_are_refused_as_a_file(tmp_path: Path) -> None:
    rows = ("名称,类别,经度,纬度", "甲,health,697000,2988000", "乙,health,697100,2988100")
    with pytest.raises(MissingCrsError, match="--crs"):
        checked(tmp_path, "stations", *rows)
    made = checked(tmp_path, "stations", *rows, crs="EPSG:4544", areas=None)
    assert made.counts["rows"] == 2
    # 197 km east of the meridian of 105 E at latitude 27, where a degree is 99.4 km
    assert made.rows.geometry.iloc[0].x == pytest.approx(105 + 197 / 99.4, abs=0.01)


def test_shifted_lon_and_lat_cells_come_back_too(tmp_path: Path) -> None:
    rows = ("名称,类别,经度,纬度", "甲,health,107.05,27.05", "乙,health,0,0", "丙,health,999,27")
    shifted = checked(tmp_path, "stations", *rows, crs="bd09")
    straight = checked(tmp_path, "stations", *rows)
    assert shifted.rows.geometry.iloc[0].distance(straight.rows.geometry.iloc[0]) > 0.005
    assert len(shifted.rejects) == len(straight.rejects) == 2


def test_a_community_is_told_by_the_file_or_by_the_ground(tmp_path: Path) -> None:
    made = checked(
        tmp_path,
        "stations",
        "名称,类别,经度,纬度,区划代码",
        "甲,health,107.05,27.05,",
        f"乙,health,107.05,27.05,{EAST}",
        "丙,health,100,20,",
        "丁,health,107.05,27.05,990101001009",
        f"戊,health,107.05,27.05,{STREET}",
    )
    assert made.rows["area_code"].tolist() == [WEST, EAST, None], "a station may stand outside"
    assert list(reasons(made)) == [5, 6]


def test_a_building_outside_every_community_is_rejected(tmp_path: Path) -> None:
    made = checked(tmp_path, "buildings", "编号,geometry", f"a,{wkt(107.01)}", f"b,{wkt(100)}")
    assert made.rows["area_code"].tolist() == [WEST]
    assert "不在任何社区" in reasons(made)[3]


# -- areas ------------------------------------------------------------------------------------


def test_areas_stand_once_under_parents_that_are_there(tmp_path: Path) -> None:
    made = checked(
        tmp_path,
        "areas",
        "区划代码,名称,级别,上级代码",
        "990101,县,县,",
        f"{STREET},街,街道,",
        f"{WEST},西,社区,{STREET}",
        f"{WEST},再,社区,",
        "990101002001,孤,社区,990101002000",
        f"{EAST},错,县,",
        "12,短,,",
        "99010100100x,坏,,",
        areas=None,
    )
    assert made.rows["area_code"].tolist() == ["990101000000", STREET, WEST, "120000000000"]
    assert made.rows["parent_code"].tolist() == [None, "990101000000", STREET, None]
    assert made.rows["level"].tolist() == ["county", "street", "community", "province"]
    told = reasons(made)
    assert "第 4 行重复" in told[5]
    assert "没有上级" in told[6]
    assert "级别与代码不符" in told[7]
    assert "12 位" in told[9]


def test_a_rejected_parent_takes_its_children_with_it(tmp_path: Path) -> None:
    made = checked(
        tmp_path, "areas", "区划代码,名称,上级代码", f"{WEST},西,{STREET}", f"{STREET},街,990101000000", areas=None
    )
    assert made.counts["rejects"] == 2


# -- buildings --------------------------------------------------------------------------------


def test_households_that_are_told_stay_and_others_are_estimated(tmp_path: Path) -> None:
    made = checked(
        tmp_path,
        "buildings",
        "编号,楼层,户数,人口,用途,geometry",
        f"a,6层,48,120,住宅,{wkt(107.01)}",
        f"b,6,,,住宅,{wkt(107.02)}",
        f"c,6,,,厂房,{wkt(107.03)}",
    )
    assert made.rows["households"].tolist()[0] == 48
    assert made.rows["people"].tolist()[0] == 120
    assert made.rows["is_estimate"].tolist() == [False, True, True]
    # 0.001 degrees square at latitude 27.01: 99.3 m x 110.8 m; 6 x 11,000 m2 x 0.85 / 110 m2
    assert made.rows["households"].tolist()[1] == pytest.approx(6 * 99.3 * 110.8 * 0.85 / 110, rel=0.01)
    assert made.rows["households"].tolist()[2] == 0
    assert set(made.rows.drop(columns="geometry").columns) <= {column.name for column in ground.buildings.columns}


def test_doubles_and_wrong_outlines_are_rejected(tmp_path: Path) -> None:
    made = checked(
        tmp_path,
        "buildings",
        "编号,geometry",
        f"a,{wkt(107.01)}",
        f"a,{wkt(107.02)}",
        f"c,{wkt(107.01)}",
        "d,POINT (107.05 27.05)",
        '"e","POLYGON ((107.05 27.05, 107.06 27.06, 107.06 27.05, 107.05 27.06, 107.05 27.05))"',
        "f,POLYGON EMPTY",
        "g,no wkt",
        "h,",
    )
    assert made.rows["source_ref"].tolist() == ["a"]
    told = reasons(made)
    for row, why in (
        (3, "第 2 行"),
        (4, "第 2 行"),
        (5, "需要面"),
        (6, "无效"),
        (7, "没有坐标"),
        (8, "无法读取"),
        (9, "没有坐标"),
    ):
        assert why in told[row], told[row]


# -- stations, incidents ----------------------------------------------------------------------


def test_an_unknown_category_lists_what_is_allowed(tmp_path: Path) -> None:
    made = checked(tmp_path, "stations", "名称,类别,经度,纬度", "甲,理发,107.05,27.05")
    assert all(category.label.zh in reasons(made)[2] for category in PROFILE.stations)


def test_incidents_are_timed_in_utc_and_stated(tmp_path: Path) -> None:
    made = checked(
        tmp_path,
        "incidents",
        "编号,时间,办结时间,类别,层级,状态,经度,纬度,描述",
        "1,2026/3/5 14:05,,噪音扰民,社区,已上报,107.05,27.05,吵",
        "2,2026年3月5日 14:05,2026-03-06,noise,,,107.15,27.05,",
        "3,2026-03-05,2026-03-04,noise,,,107.05,27.05,",
        "4,2026-03-05,2026-03-06,noise,,处理中,107.05,27.05,",
        "5,,,noise,,,107.05,27.05,",
        "1,2026-03-05,,noise,,,107.05,27.05,",
    )
    assert made.rows["reported_at"].tolist() == [pd.Timestamp("2026-03-05T06:05Z")] * 2
    assert made.rows["state"].tolist() == ["reported", "settled"]
    assert made.rows["tier"].tolist() == ["community", None]
    assert made.rows["area_code"].tolist() == [WEST, EAST]
    told = reasons(made)
    for row, why in ((4, "早于"), (5, "未办结"), (6, "为空"), (7, "第 2 行")):
        assert why in told[row]


def test_the_same_report_without_a_number_stands_once(tmp_path: Path) -> None:
    line = "2026-03-05,noise,107.05,27.05"
    made = checked(tmp_path, "incidents", "时间,类别,经度,纬度", line, line)
    assert made.counts["rows"] == 1


def test_columns_the_file_says_nothing_about_are_not_brought(tmp_path: Path) -> None:
    made = checked(tmp_path, "incidents", "时间,类别,经度,纬度", "2026-03-05,noise,107.05,27.05")
    assert set(made.rows.columns) == {"area_code", "reported_at", "category", "state", "place_problem", "geometry"}
    brought = {column.name for column in incident_tables.incidents.columns}
    assert set(made.rows.columns) <= brought


# -- people -----------------------------------------------------------------------------------


def test_people_and_their_duties(tmp_path: Path) -> None:
    made = checked(
        tmp_path,
        "people",
        "编号,姓名,电话,区划代码,角色,网格编码,责任区编码,起,止",
        f"1,张三,13800000000,{WEST},网格员,{WEST}001,,2026-01-01,2026-12-31",
        f"1,张三,13800000000,{WEST},网格长,{WEST}002,,,",
        f"1,李四,,{WEST},,,,,",
        f"2,王五,,,包保单位,,{EAST}001001,,",
        f"3,赵六,,{WEST},,{WEST}001,,,",
        f"4,钱七,,{WEST},网格员,{EAST}001,,,",
        f"5,孙八,,{WEST},网格员,{WEST}001,{WEST}001001,,",
        f"6,周九,,{WEST},网格员,{WEST}001,,2026-12-31,2026-01-01",
        "7,吴十,,,,,,,",
        f"8,郑,123x,{WEST},,,,,",
        f"9,,,{WEST},,,,,",
    )
    assert made.rows["name"].tolist() == ["张三", "张三", "王五"], "one row a duty"
    assert made.rows["area_code"].tolist() == [WEST, WEST, EAST]
    assert made.rows["kind"].tolist() == ["person", "person", "organisation"]
    told = reasons(made)
    for row, why in (
        (4, "不是同一人"),
        (6, "没有角色"),
        (7, "不属于"),
        (8, "只能有一个"),
        (9, "早于"),
        (10, "没有区划代码"),
        (11, "不是电话"),
        (12, "姓名为空"),
    ):
        assert why in told[row], told[row]
    assert {column.name for column in people.people.columns} - {"person_id"} >= set(made.rows.columns) - {
        "role",
        "grid_code",
        "zone_code",
        "unit_code",
        "building",
        "first_on",
        "last_on",
    }


# -- rejects ----------------------------------------------------------------------------------


def test_all_faults_of_a_row_are_told_at_once(tmp_path: Path) -> None:
    made = checked(tmp_path, "incidents", "时间,类别,经度,纬度", "gestern,火灾,0,0")
    row = made.rejects.iloc[0]
    assert all(why in row["reason_zh"] for why in ("gestern", "火灾", "0, 0"))
    assert row["original"] == {"时间": "gestern", "类别": "火灾", "经度": "0", "纬度": "0"}
    assert row["field"] == "geometry"


def test_rejects_go_back_as_a_file_that_can_be_mended_and_handed_in_again(tmp_path: Path) -> None:
    made = checked(
        tmp_path,
        "stations",
        "名称,类别,经度,纬度,电话本",
        "甲,health,107.05,27.05,x",
        '"乙, ""一""",理发,107.06,27.05,y',
    )
    path = tmp_path / "rejects.csv"
    write_rejects(made, path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel on Chinese Windows needs the mark"
    again = read_table(path)
    assert again.cells.columns.tolist() == ["名称", "类别", "经度", "纬度", "电话本", "错误原因"]
    assert again.cells["名称"].tolist() == ['乙, "一"']
    path.write_text(path.read_text(encoding="utf-8-sig").replace("理发", "health"), encoding="utf-8-sig")
    mended = check("stations", read_table(path), profile=PROFILE, areas=AREAS)
    assert mended.counts == {"rows_in": 1, "rows": 1, "rejects": 0}
    assert not {column.name for column in reach.stations.columns} & {"错误原因"}


def test_rejects_of_a_layer_carry_their_geometry(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"编号": ["a", "b"]},
        geometry=[shapely.Point(107.05, 27.05), shapely.box(107.01, 27.01, 107.02, 27.02)],
        crs=WGS84,
    )
    frame.to_file(tmp_path / "t.geojson")
    made = check("buildings", read_table(tmp_path / "t.geojson"), profile=PROFILE, areas=AREAS)
    assert made.rejects.iloc[0]["original"]["geometry"] == "POINT (107.05 27.05)"
    write_rejects(made, tmp_path / "rejects.csv")
    assert "geometry" in read_table(tmp_path / "rejects.csv").cells
