"""read_osm: what comes out of small files drawn here, and what is said of files that are none."""

from pathlib import Path

import pandas as pd
import pytest
import shapely

from data.profiles import load_profile
from data.readers.frames import table_columns
from data.readers.osm import read_osm
from data.tables import ground, incidents, reach
from data.town import Town
from geo.codes import area_level, check_area_code
from geo.errors import BadFileError
from geo.frames import LINES, POINTS, POLYGONS, WGS84, require, require_geometry
from tests.fixtures.osm_file import STAMP, OsmFile, village

PROFILE = load_profile("demo")


def read(file: OsmFile, folder: Path, **options: str) -> Town:
    return read_osm(file.write(folder / "town.osm.pbf", stamp=STAMP), PROFILE, **options)


def by_ref(frame: pd.DataFrame, ref: str) -> pd.Series:
    return frame.set_index("source_ref").loc[ref]


# -- files that are none ----------------------------------------------------------------------


def test_a_missing_file_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(BadFileError) as told:
        read_osm(tmp_path / "nowhere.osm.pbf", PROFILE)
    assert "nowhere.osm.pbf" in told.value.text("en")
    assert "Check the path" in told.value.text("en")
    assert "无法打开" in told.value.text("zh")


@pytest.mark.parametrize(
    ("data", "english", "chinese"),
    [
        (b"", "empty", "空的"),
        (b"<osm version='0.6'></osm>", "not an .osm.pbf", "不是"),
        (b"\0\0\0\x0d" + bytes(60), "not an", "不是"),
    ],
)
def test_files_of_another_kind_are_told_so(tmp_path: Path, data: bytes, english: str, chinese: str) -> None:
    path = tmp_path / "town.osm.pbf"
    path.write_bytes(data)
    with pytest.raises(BadFileError) as told:
        read_osm(path, PROFILE)
    assert english in told.value.text("en")
    assert chinese in told.value.text("zh")


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    whole = village(OsmFile(), houses=3).write(tmp_path / "whole.osm.pbf").read_bytes()
    path = tmp_path / "cut.osm.pbf"
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(BadFileError):
            read_osm(path, PROFILE)


def test_a_damaged_file_is_refused_or_read_but_never_breaks(tmp_path: Path) -> None:
    whole = bytearray(village(OsmFile(), houses=3).write(tmp_path / "whole.osm.pbf").read_bytes())
    path = tmp_path / "damaged.osm.pbf"
    refused = 0
    for place in range(40, len(whole), 11):
        path.write_bytes(bytes(whole[:place]) + bytes([whole[place] ^ 0xFF]) + bytes(whole[place + 1 :]))
        try:
            read_osm(path, PROFILE)
        except BadFileError:
            refused += 1
    assert refused > 5


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadFileError, match="cannot be opened"):
        read_osm(tmp_path, PROFILE)


def test_streets_alone_make_no_town(tmp_path: Path) -> None:
    file = OsmFile()
    file.way([(0, 0), (100, 0)], highway="residential")
    with pytest.raises(BadFileError, match="no buildings"):
        read(file, tmp_path)


# -- the frames -------------------------------------------------------------------------------


def full_town() -> OsmFile:
    file = village(OsmFile())
    file.way([(-50, -60), (0, 0), (50, -60)], natural="coastline")
    file.way([(0, 0), (0, -20), (60, -20), (120, 0)], highway="footway", bridge="yes")
    file.way([(0, 60), (120, 60)], waterway="river", name="River")
    file.box(20, 70, 60, 40, natural="water", name="Lake")
    file.way([(0, 65), (120, 65)], railway="rail")
    file.way([(0, 50), (120, 50)], barrier="wall")
    yard = file.box(130, 0, 60, 60, amenity="school", name="School")
    file.box(140, 10, 20, 20, building="yes")
    file.node((130, 0), barrier="gate", access="private")
    file.node((90, 15), amenity="pharmacy", name="Pharmacy")
    file.box(200, 0, 40, 40, leisure="park", name="Park")
    assert yard
    return file


def test_every_frame_has_the_columns_of_its_table_and_sound_geometry(tmp_path: Path) -> None:
    town = read(full_town(), tmp_path)
    for frame, table, kinds in (
        (town.compounds, ground.compounds, POLYGONS),
        (town.gates, ground.gates, POINTS),
        (town.buildings, ground.buildings, ("MultiPolygon",)),
        (town.stairwells, ground.stairwells, POINTS),
        (town.streets, ground.streets, ("LineString",)),
        (town.barriers, ground.barriers, (*POLYGONS, *LINES)),
        (town.greens, ground.greens, ("MultiPolygon",)),
        (town.stations, reach.stations, POINTS),
    ):
        require_geometry(frame, table.name, kinds=kinds)
        assert list(frame.drop(columns="geometry").columns) == table_columns(table)
        assert frame.index.name == next(iter(table.primary_key.columns)).name
        assert list(frame.index) == list(range(1, len(frame) + 1))
        for column in table.columns:
            if not column.nullable and column.name in frame:
                assert frame[column.name].notna().all(), f"{table.name}.{column.name}"
    assert len(town.people) == len(town.incidents) == len(town.truth) == 0
    assert "role" in town.people
    assert set(town.incidents.columns) == {*table_columns(incidents.incidents), "geometry"} - {"grid_code_reported"}
    assert town.incidents.crs == WGS84


def test_people_hold_to_the_rule_and_are_marked_as_estimates(tmp_path: Path) -> None:
    buildings = read(village(OsmFile()), tmp_path).buildings
    assert buildings["is_estimate"].all()
    assert buildings["households"].tolist() == [1] * 6  # six houses
    assert buildings["people"].sum() == round(6 * PROFILE.estimate.people_per_household)


def test_the_source_is_stated_with_the_files_own_date(tmp_path: Path) -> None:
    source = read(village(OsmFile()), tmp_path).source
    assert source["authority"] == "OpenStreetMap contributors"
    assert source["licence"] == "ODbL 1.0"
    assert source["date"] == STAMP


def test_the_name_is_the_callers_else_the_places_else_the_files(tmp_path: Path) -> None:
    assert read(village(OsmFile()), tmp_path).name == "town"
    file = village(OsmFile())
    file.node((60, 60), place="village", name="Small", population="9000")
    file.node((70, 60), place="town", name="Big", population="20")
    assert read(file, tmp_path).name == "Big"
    assert read(file, tmp_path, name="Mine").name == "Mine"


def test_same_file_same_town(tmp_path: Path) -> None:
    first, second = read(full_town(), tmp_path), read(full_town(), tmp_path)
    for noun in ("areas", "buildings", "streets", "stations", "gates", "barriers"):
        pd.testing.assert_frame_equal(
            pd.DataFrame(getattr(first, noun).to_wkb()), pd.DataFrame(getattr(second, noun).to_wkb())
        )


# -- buildings --------------------------------------------------------------------------------


def test_outlines_come_from_ways_and_relations_and_are_told_once(tmp_path: Path) -> None:
    file = village(OsmFile())
    outer, inner = file.box(0, 100, 40, 40, building="yes"), file.box(10, 110, 20, 20)
    file.relation([("w", outer, "outer"), ("w", inner, "inner")], type="multipolygon", building="apartments")
    twin = file.box(200, 100, 10, 10, building="yes")
    file.box(200, 100, 10, 10, building="yes")
    buildings = read(file, tmp_path).buildings
    refs = set(buildings["source_ref"])
    assert "relation/1" in refs
    assert f"way/{outer}" not in refs, "the relation's outer ring is told by the relation"
    assert {f"way/{twin}", f"way/{twin + 1}"} & refs == {f"way/{twin}"}, "the second of two equal outlines is left out"
    assert by_ref(buildings, "relation/1").geometry.geoms[0].interiors[0] is not None


def test_a_bow_tie_is_mended_and_roofs_are_no_buildings(tmp_path: Path) -> None:
    file = village(OsmFile())
    tie = file.way([(0, 100), (20, 120), (20, 100), (0, 120), (0, 100)], building="yes")
    roof = file.box(50, 100, 20, 20, building="roof")
    cellar = file.box(80, 100, 20, 20, building="yes", location="underground")
    buildings = read(file, tmp_path).buildings
    assert by_ref(buildings, f"way/{tie}").geometry.is_valid
    assert not {f"way/{roof}", f"way/{cellar}"} & set(buildings["source_ref"])


def test_a_plain_building_takes_the_use_of_its_ground_and_a_shop_inside_makes_it_mixed(tmp_path: Path) -> None:
    file = village(OsmFile())
    file.box(0, 100, 200, 100, landuse="industrial")
    hall = file.box(10, 110, 30, 30, building="yes")
    lodge = file.box(60, 110, 10, 10, building="yes", addr__street="Mill Lane", addr__housenumber="4")
    flats = file.box(300, 0, 20, 20, building="apartments", building__levels="6")
    file.node((310, 10), shop="bakery", name="Bakery")
    buildings = read(file, tmp_path).buildings
    assert by_ref(buildings, f"way/{hall}")["use"] == "works"
    assert by_ref(buildings, f"way/{lodge}")["use"] == "residential"
    assert by_ref(buildings, f"way/{lodge}")["address"] == "Mill Lane 4"
    assert by_ref(buildings, f"way/{flats}")["use"] == "mixed"
    assert by_ref(buildings, f"way/{flats}")["floors"] == 6


def test_address_points_inside_a_building_are_its_address(tmp_path: Path) -> None:
    file = village(OsmFile())
    block = file.box(0, 100, 30, 30, building="apartments")
    for spot, number in (((5, 105), "10"), ((8, 105), "2")):
        file.node(spot, addr__street="中山路", addr__housenumber=number)
    assert by_ref(read(file, tmp_path).buildings, f"way/{block}")["address"] == "中山路2号; 中山路10号"


# -- streets, barriers, gates, stations -------------------------------------------------------


def test_streets_share_the_vertices_that_osm_shares_and_are_measured_in_metres(tmp_path: Path) -> None:
    file = village(OsmFile())
    side = file.way([(40, 0), (40, -100)], highway="steps")
    streets = read(file, tmp_path).streets
    long, steps = by_ref(streets, "way/1"), by_ref(streets, f"way/{side}")
    assert steps.geometry.coords[0] in list(long.geometry.coords)
    assert steps["is_steps"]
    # 100 steps of 1e-5 degrees north at latitude 27: a meridian degree is 110,794 m there (GRS 80).
    assert steps["length_m"] == pytest.approx(110.79, abs=0.05)


def test_a_way_cut_at_the_edge_keeps_its_known_pieces(tmp_path: Path) -> None:
    file = village(OsmFile())
    cut = file.way([(0, -10), (10, -10), (20, -10), (30, -10), (40, -10)], highway="footway")
    file.lose((20, -10))
    pieces = read(file, tmp_path).streets.query(f"source_ref == 'way/{cut}'")
    assert [shapely.get_num_points(line) for line in pieces.geometry] == [2, 2]


def test_roads_without_feet_stay_as_ground_that_is_cut(tmp_path: Path) -> None:
    file = village(OsmFile())
    fast = file.way([(0, 80), (100, 80)], highway="motorway")
    yard = file.way([(0, 90), (100, 90)], highway="service", access="private")
    ferry = file.way([(0, 95), (100, 95)], route="ferry")
    streets = read(file, tmp_path).streets
    assert not by_ref(streets, f"way/{fast}")["is_walkable"]
    assert not by_ref(streets, f"way/{yard}")["is_walkable"]
    assert by_ref(streets, f"way/{yard}")["is_private"]
    assert f"way/{ferry}" not in set(streets["source_ref"])


def test_rivers_stop_at_the_water_they_run_through(tmp_path: Path) -> None:
    file = village(OsmFile())
    file.box(20, 50, 60, 40, natural="water")
    file.way([(0, 60), (50, 60), (120, 60)], waterway="river")
    file.way([(0, 120), (120, 120)], waterway="stream")
    file.box(200, 50, 5, 5, natural="water")
    barriers = read(file, tmp_path).barriers
    assert sorted(barriers.geometry.geom_type) == ["MultiLineString", "Polygon"], "no stream, no pond"
    lake, river = barriers.geometry.iloc[0], barriers.geometry.iloc[1]
    assert not river.crosses(lake)


def test_only_the_gates_of_a_compound_that_open_are_its_own(tmp_path: Path) -> None:
    file = village(OsmFile())
    file.box(0, 100, 100, 100, amenity="school", name="School")
    file.node((0, 100), barrier="gate", access="private")
    file.node((100, 100), barrier="gate", locked="yes")
    file.node((300, 300), barrier="gate", access="private")
    gates = read(file, tmp_path).gates
    assert gates["compound_id"].fillna(0).tolist() == [1, 0, 0]
    assert gates["hours"].fillna("").tolist() == ["", "off", "off"]


def test_a_compound_without_gates_is_entered_where_its_streets_cross_it(tmp_path: Path) -> None:
    file = village(OsmFile())
    file.box(0, 100, 100, 100, amenity="school")
    file.way([(50, 0), (50, 150)], highway="service")
    gates = read(file, tmp_path).gates
    assert len(gates) == 1
    assert gates["compound_id"].tolist() == [1]


def test_compounds_do_not_overlap_and_a_garden_is_none(tmp_path: Path) -> None:
    file = village(OsmFile())
    file.box(0, 100, 200, 200, amenity="hospital")
    file.box(100, 200, 50, 50, amenity="school")
    file.box(0, 5, 20, 20, landuse="residential", barrier="fence")  # one house's fence
    compounds = read(file, tmp_path).compounds
    assert sorted(compounds["kind"]) == ["hospital", "school"]
    assert compounds.geometry.iloc[0].intersection(compounds.geometry.iloc[1]).area == 0


def test_a_station_drawn_twice_stands_once_and_takes_a_name(tmp_path: Path) -> None:
    file = village(OsmFile())
    file.box(0, 100, 30, 30, amenity="kindergarten", building="kindergarten")
    file.node((10, 110), amenity="kindergarten", name="Sun")
    file.node((15, 115), amenity="doctors", opening_hours="Mo-Fr 08:00-12:00")
    stations = read(file, tmp_path).stations
    assert stations["category"].tolist() == ["health", "children"]
    assert stations["name"].tolist() == ["卫生服务", "儿童与教育"]
    assert stations["hours"].tolist()[0] == "Mo-Fr 08:00-12:00"


def test_a_profile_without_a_category_gets_none_of_it(tmp_path: Path) -> None:
    file = village(OsmFile())
    file.node((10, 30), amenity="pharmacy")
    file.node((20, 30), amenity="library")
    fewer = PROFILE.model_copy(update={"stations": tuple(c for c in PROFILE.stations if c.key != "culture")})
    stations = read_osm(file.write(tmp_path / "town.osm.pbf"), fewer).stations
    assert stations["category"].tolist() == ["health"]


def test_control_characters_never_reach_the_frames(tmp_path: Path) -> None:
    file = village(OsmFile())
    odd = file.box(0, 100, 20, 20, building="yes", name="A\x07\tB\n")
    assert by_ref(read(file, tmp_path).buildings, f"way/{odd}")["name"] == "A B"


# -- codes ------------------------------------------------------------------------------------


def test_codes_are_invented_valid_and_lead_to_their_parents(tmp_path: Path) -> None:
    areas = read(village(OsmFile()), tmp_path).areas
    require(areas, "areas", columns=("name", "level", "parent_code", "is_stand_in"))
    assert areas["level"].tolist() == ["county", "street", "community"]
    for code, level, parent in zip(areas.index, areas["level"], areas["parent_code"], strict=True):
        assert check_area_code(code).startswith("99"), "no province has this number"
        assert area_level(code) == level
        assert parent is None or parent in areas.index
