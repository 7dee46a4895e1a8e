"""Areas out of boundaries that are whole, cut, overlapping, or not there; and out of real extracts."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from data.profiles import load_profile
from data.readers.osm import read_osm
from data.readers.osm_areas import Community, tiled
from data.town import Town
from geo.codes import area_level, parent_code
from geo.frames import require_geometry
from tests.fixtures.osm_file import OsmFile, village

PROFILE = load_profile("demo")


def read(file: OsmFile, folder: Path) -> Town:
    return read_osm(file.write(folder / "town.osm.pbf"), PROFILE)


def communities(town: Town) -> gpd.GeoDataFrame:
    return town.areas[town.areas["level"] == "community"]


def assert_sound(town: Town) -> None:
    """Every promise of Town.areas: codes, parents, no overlap, every building in its community."""
    areas, parts = town.areas, communities(town)
    require_geometry(areas, "areas", kinds=("MultiPolygon",))
    for code, level, parent in zip(areas.index, areas["level"], areas["parent_code"], strict=True):
        assert area_level(code) == level
        assert parent is None or parent == parent_code(code)
        assert parent is None or parent in areas.index
    assert (parts["parent_code"].map(areas["level"]) == "street").all()
    whole = shapely.union_all(parts.geometry.to_numpy())
    assert shapely.area(parts.geometry.to_numpy()).sum() == pytest.approx(whole.area, rel=1e-9), "communities overlap"
    for street in areas.index[areas["level"] == "street"]:
        of_street = shapely.union_all(parts.geometry[parts["parent_code"] == street].to_numpy())
        assert of_street.symmetric_difference(areas.geometry[street]).area <= 1e-12 * whole.area
    inside = shapely.point_on_surface(town.buildings.geometry.to_numpy())
    own = parts.geometry.reindex(town.buildings["area_code"]).to_numpy()
    far = shapely.distance(own, inside)
    # All but roundings (1e-7 degrees is a centimetre) lie within; none is without a community.
    assert far.max() < 1e-5
    assert (far < 1e-7).mean() > 0.99


def halves(file: OsmFile, *, level: int = 8) -> tuple[int, int]:
    """Two divisions that share the line x = 60: West and East, 120 x 200 m around the village."""
    shared = file.way([(60, -100), (60, 100)])
    west = file.way([(60, 100), (-100, 100), (-100, -100), (60, -100)])
    east = file.way([(60, 100), (220, 100), (220, -100), (60, -100)])
    return file.division("West", level, [shared, west]), file.division("East", level, [shared, east])


# -- whole boundaries -------------------------------------------------------------------------


def test_whole_divisions_become_communities_that_share_their_border(tmp_path: Path) -> None:
    file = village(OsmFile())
    halves(file)
    town = read(file, tmp_path)
    assert_sound(town)
    parts = communities(town)
    assert parts["name"].tolist() == ["West", "East"]
    assert not parts["is_stand_in"].any()
    assert parts.geometry.iloc[0].touches(parts.geometry.iloc[1])
    assert town.buildings.groupby("area_code").size().tolist() == [3, 3]


def test_the_finest_level_that_holds_most_buildings_is_taken_and_the_next_gives_streets(tmp_path: Path) -> None:
    file = village(OsmFile())
    halves(file, level=9)
    file.division("Town", 8, [file.box(-200, -200, 600, 600)])
    file.division("Ward", 10, [file.box(0, 5, 40, 30)])  # two of six buildings only
    town = read(file, tmp_path)
    assert_sound(town)
    assert communities(town)["name"].tolist() == ["West", "East"]
    streets = town.areas[town.areas["level"] == "street"]
    assert streets["name"].tolist() == ["Town"]
    assert not streets["is_stand_in"].any()
    assert town.areas["name"].iloc[0] == "Town"


def test_overlapping_divisions_are_cut_apart_and_the_smaller_keeps_the_ground(tmp_path: Path) -> None:
    file = village(OsmFile())
    file.division("Big", 8, [file.box(-50, -50, 250, 200)])
    file.division("Small", 8, [file.box(0, 0, 45, 50)])
    town = read(file, tmp_path)
    assert_sound(town)
    counts = town.buildings["area_code"].map(town.areas["name"]).value_counts()
    assert counts.to_dict() == {"Big": 4, "Small": 2}


def test_buildings_outside_every_division_get_a_stand_in_around_them(tmp_path: Path) -> None:
    file = village(OsmFile())
    file.division("West", 8, [file.box(-50, -50, 130, 200)])
    town = read(file, tmp_path)
    assert_sound(town)
    parts = communities(town)
    assert sorted(parts["is_stand_in"]) == [False, True]
    rest = town.buildings["area_code"].map(parts["is_stand_in"])
    assert rest.sum() == 2, "the border runs at x = 80, the last two houses stand at 85 and 105"


# -- cut boundaries ---------------------------------------------------------------------------


def test_a_border_cut_at_the_extract_still_divides_the_town(tmp_path: Path) -> None:
    file = village(OsmFile())
    shared = file.way([(60, -60), (60, 80)])  # ends inside the ground, within reach of its edge
    label = file.node((10, 40), place="suburb", name="West")
    file.division("West", 8, [shared, 998], label=label)
    file.division("East", 8, [shared, 999])  # 998 and 999 are not in the file
    town = read(file, tmp_path)
    assert_sound(town)
    names = town.buildings.sort_values("source_ref")["area_code"].map(town.areas["name"])
    assert sorted(names) == ["East"] * 3 + ["West"] * 3


def test_addresses_name_a_side_where_no_label_does(tmp_path: Path) -> None:
    file = village(OsmFile())
    shared = file.way([(60, -60), (60, 80)])
    file.division("West", 8, [shared, 998])
    file.division("East", 8, [shared, 999])
    for place in range(3):
        file.node((80 + 10.0 * place, 30), addr__city="East", addr__housenumber=str(place))
    town = read(file, tmp_path)
    assert_sound(town)
    assert town.buildings["area_code"].map(town.areas["name"]).value_counts().to_dict() == {"East": 3, "West": 3}


def test_a_border_without_any_word_of_its_sides_is_not_guessed(tmp_path: Path) -> None:
    file = village(OsmFile())
    shared = file.way([(60, -60), (60, 80)])
    file.division("West", 8, [shared, 998])
    file.division("East", 8, [shared, 999])
    town = read(file, tmp_path)
    assert_sound(town)
    assert communities(town)["is_stand_in"].tolist() == [True]


def test_a_border_that_ends_in_the_middle_of_town_is_not_trusted(tmp_path: Path) -> None:
    file = village(OsmFile(), houses=60)
    village(file, south=1000, houses=60)
    shared = file.way([(600, 500), (600, 1200)])  # 500 m and more from every edge
    label = file.node((100, 40), place="suburb", name="West")
    file.division("West", 8, [shared, 998], label=label)
    file.division("East", 8, [shared, 999])
    town = read(file, tmp_path)
    assert_sound(town)
    assert communities(town)["is_stand_in"].all()


def test_without_boundaries_the_ground_is_one_stand_in(tmp_path: Path) -> None:
    town = read(village(OsmFile()), tmp_path)
    assert_sound(town)
    assert communities(town)["is_stand_in"].tolist() == [True]
    assert town.areas["is_stand_in"].all()


# -- sea --------------------------------------------------------------------------------------


def test_the_sea_is_no_ground_but_a_pier_with_a_house_is(tmp_path: Path) -> None:
    file = village(OsmFile())
    file.way([(-900, -40), (900, -40)], natural="coastline")  # eastward: land on the left, north
    file.box(50, -80, 10, 10, building="house")
    town = read(file, tmp_path)
    assert_sound(town)
    land = shapely.union_all(communities(town).geometry.to_numpy())

    def spot(x: float, y: float) -> shapely.Point:
        return shapely.Point(107 + x * 1e-5, 27 + y * 1e-5)

    assert land.contains(spot(60, 60))
    assert not land.contains(spot(0, -100))
    assert land.contains(spot(55, -75))


# -- tiling -----------------------------------------------------------------------------------


def test_tiling_gives_out_holes_and_keeps_every_edge_common() -> None:
    ring = shapely.box(0, 0, 4, 4).difference(shapely.box(1, 1, 2, 2))
    parts = tiled([Community("a", ring, False, None), Community("b", shapely.box(4, 0, 6, 4), False, None)])
    assert [part.shape.area for part in parts] == [16, 8], "the hole of 1 x 1 belongs to the ring around it"
    assert shapely.coverage_is_valid(np.array([part.shape for part in parts]))


# -- real extracts ----------------------------------------------------------------------------


def test_lauf_is_cut_at_its_edge_and_still_has_its_border(shared: Path) -> None:
    town = read_osm(shared / "osm/lauf_de_2020.osm.pbf", PROFILE)
    assert_sound(town)
    counts = town.buildings["area_code"].map(town.areas["name"]).value_counts()
    assert 6400 <= len(town.buildings) <= 6531  # 6,531 tagged ones, counted with pyrosm; roofs and slivers less
    assert counts.index[0] == "Lauf an der Pegnitz"
    assert "Rückersdorf" in counts.index


def test_liechtenstein_has_its_eleven_municipalities(shared: Path) -> None:
    town = read_osm(shared / "osm/liechtenstein_2021.osm.pbf", PROFILE)
    assert_sound(town)
    parts = communities(town)
    municipalities = {
        "Balzers",
        "Eschen",
        "Gamprin",
        "Mauren",
        "Planken",
        "Ruggell",
        "Schaan",
        "Schellenberg",
        "Triesen",
        "Triesenberg",
        "Vaduz",
    }
    assert set(parts["name"][~parts["is_stand_in"]]) == municipalities
    assert set(town.areas["name"][town.areas["level"] == "street"]) >= {"Oberland", "Unterland"}
    assert town.name == "Liechtenstein"
    # The state is 160 km2 (Amt für Statistik); its cut-off outline is in the file whole.
    own = parts[~parts["is_stand_in"]].to_crs(32632)
    assert own.area.sum() / 1e6 == pytest.approx(160.5, abs=0.5)


def test_monaco_and_helsinki_have_their_quarters(shared: Path) -> None:
    monaco = read_osm(shared / "osm/monaco_2020.osm.pbf", PROFILE)
    assert_sound(monaco)
    whole = {"Fontvieille", "La Condamine", "La Rousse", "Larvotto", "Monaco-Ville", "Monte-Carlo"}
    assert set(communities(monaco)["name"]) >= whole
    helsinki = read_osm(shared / "osm/helsinki_centre.osm.pbf", PROFILE)
    assert_sound(helsinki)
    assert set(communities(helsinki)["name"]) >= {"Kluuvi", "Kaartinkaupunki", "Kamppi", "Kallio", "Punavuori"}
