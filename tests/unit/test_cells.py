"""Cells: communities are tiled exactly, every household is in one cell, odd buildings lose nothing."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from geo.cells import COLUMNS, cells_from_ground
from geo.errors import (
    DuplicateIdError,
    EmptyFrameError,
    InputError,
    MissingColumnsError,
    MissingCrsError,
    WrongCrsError,
)
from tests.fixtures.drawn import Drawn, degrees, draw, frame, metres

CROSS = """
    ......+......
    .AA...+...BB.
    .AA...+...BB.
    ......+......
    +++++++++++++
    ......+......
    .CC.DD+......
    .CC.DD+......
    ......+......
"""
RIVER = """
    .AA.....BB.
    ~~~~~~~~~~~
    ~~~~~~~~~~~
    .CC........
"""


def cut(town: Drawn, **options: object) -> gpd.GeoDataFrame:
    """Cells of a drawn town, after the promises that hold for all of them were checked."""
    cells = cells_from_ground(*town.ground, **options)
    check(cells, town)
    return cells


def check(cells: gpd.GeoDataFrame, town: Drawn) -> None:
    assert list(cells.columns) == list(COLUMNS)
    assert cells.index.tolist() == list(range(1, len(cells) + 1))
    assert cells.crs == "EPSG:4326"
    assert set(cells.geom_type) == {"Polygon"}
    assert cells.is_valid.all()
    assert shapely.coverage_is_valid(cells.geometry.to_numpy())
    assert shapely.coverage_is_valid(metres(cells).to_numpy())
    ground = metres(cells).area.groupby(cells["area_code"]).sum()
    wanted = metres(town.areas).area
    assert (ground / wanted - 1).abs().max() < 1e-6
    inside = town.buildings.drop(index=cells.attrs["outside"])
    assert cells["households"].sum() == inside["households"].sum()
    assert cells["people"].sum() == inside["people"].sum()


def with_buildings(town: Drawn, shapes: list[shapely.Geometry], **columns: object) -> Drawn:
    return replace(town, buildings=frame("building_id", shapes, **({"households": 10, "people": 30} | columns)))


def test_roads_cut_and_buildings_share_a_block() -> None:
    town = draw(CROSS)
    cells = cut(town)
    assert cells["kind"].value_counts().to_dict() == {"building": 4, "open": 1}
    by_building = metres(cells).set_axis(cells["building_id"])
    # By hand: A has its whole block, 65 x 45 m; C and D share theirs midway between their walls, at x = 35 m.
    assert by_building[1].area == pytest.approx(65 * 45, rel=1e-6)
    assert by_building[3].bounds == pytest.approx((0, 0, 35, 45), abs=0.3)
    assert by_building[4].bounds == pytest.approx((35, 0, 65, 45), abs=0.3)


def test_cells_are_numbered_from_west_to_east_in_each_community() -> None:
    cells = cut(draw(CROSS, split_at=[4]))
    assert cells["area_code"].is_monotonic_increasing
    lon = shapely.get_x(shapely.point_on_surface(cells.geometry.to_numpy()))
    assert all(np.all(np.diff(lon[cells["area_code"] == code]) >= -1e-9) for code in cells["area_code"].unique())


def test_neighbouring_communities_share_the_vertices_of_their_outline() -> None:
    cells = cut(draw("........\n.AA.....\n........\n.....CC.\n.BB.....\n.....DD.\n........", split_at=[4]))
    lon = degrees([shapely.Point(4, 3)]).x[0]
    line = [
        {(x, y) for x, y in shapely.get_coordinates(part.geometry.to_numpy()) if abs(x - lon) < 1e-7}
        for _, part in cells.groupby("area_code")
    ]
    assert line[0] == line[1]
    assert len(line[0]) >= 4  # two ends, where A and B part, and where C and D do


def test_a_building_on_a_community_border_has_one_cell_where_its_middle_is() -> None:
    town = draw("....\n.AA.\n....", split_at=[2])
    town = with_buildings(town, [shapely.box(1.2, 1, 2.4, 2)])
    cells = cut(town)
    assert cells["kind"].tolist() == ["building", "open"]
    assert cells.loc[1, "area_code"] == town.areas.index[0]


def test_a_building_a_road_runs_through_has_one_cell() -> None:
    town = draw("...+...\n...+...\n...+...")
    cells = cut(with_buildings(town, [shapely.box(2, 1, 6, 2)]))
    assert cells["building_id"].notna().sum() == 1
    assert metres(cells)[cells["kind"] == "building"].iloc[0].bounds[0] == pytest.approx(35, abs=0.01)


def test_touching_buildings_are_parted_at_the_party_wall() -> None:
    town = with_buildings(draw("\n".join(["." * 12] * 6)), [shapely.box(2 + n, 2, 3 + n, 4) for n in range(8)])
    cells = cut(town)
    houses = metres(town.buildings)
    ground = metres(cells).set_axis(cells["building_id"].astype(int))
    for building, house in houses.items():
        assert ground[building].intersection(house).area > 0.95 * house.area


def test_water_is_a_cell_without_people() -> None:
    cells = cut(draw(RIVER))
    water = cells[cells["kind"] == "water"]
    assert len(water) == 1
    assert metres(water).iloc[0].area == pytest.approx(110 * 20, rel=1e-6)
    assert water["households"].sum() == 0
    assert water["building_id"].isna().all()


def test_a_building_in_the_water_keeps_its_households_and_leaves_the_water_wet() -> None:
    town = with_buildings(draw(RIVER), [shapely.box(4, 1.5, 5, 2.5), shapely.box(1, 3, 2, 3.5)])
    cells = cut(town)
    assert (cells["kind"] == "water").sum() == 1
    boat = cells[cells["building_id"] == 1]
    assert metres(boat).iloc[0].area == pytest.approx(100, rel=0.01)


def test_an_island_is_ground_of_its_own() -> None:
    cells = cut(with_buildings(draw("~~~~~\n~...~\n~...~\n~~~~~"), [shapely.box(2, 2, 3, 2.5)]))
    assert cells["kind"].value_counts().to_dict() == {"building": 1, "water": 1}
    assert len(metres(cells[cells["kind"] == "water"]).iloc[0].interiors) == 1


def test_a_dead_end_a_footpath_and_a_private_drive_cut_nothing_but_a_lane_does() -> None:
    lines = {"cul-de-sac": shapely.LineString([(2, 0), (2, 3)]), "across": shapely.LineString([(2, -1), (2, 9)])}
    bare = draw("\n".join(["....."] * 5))

    def count(line: str, road_class: str, *, is_private: bool = False) -> int:
        streets = frame(
            "street_id", [lines[line]], road_class=road_class, is_bridge=False, is_walkable=True, is_private=is_private
        )
        return len(cut(replace(bare, streets=streets)))  # fmt: skip

    assert count("cul-de-sac", "residential") == 1
    assert count("across", "footway") == count("across", "steps") == count("across", "path") == 1
    assert count("across", "service", is_private=True) == 1
    assert count("across", "service") == count("across", "primary") == 2


def test_compounds_cut_and_name_the_ground_inside_the_innermost_first() -> None:
    town = draw("\n".join(["." * 10] * 10), compounds=[("walled", (1, 1, 9, 9)), ("school", (2, 2, 4, 4))])
    cells = cut(town)
    assert cells["compound_id"].isna().sum() == 1
    assert sorted(cells["compound_id"].dropna()) == [1, 2]


def test_slivers_between_lines_drawn_twice_are_given_to_a_neighbour() -> None:
    town = draw("\n".join(["." * 10] * 10))
    lines = [shapely.LineString([(5, -1), (5, 11)]), shapely.LineString([(5.05, -1), (4.98, 11)])]
    streets = frame("street_id", lines, road_class="primary", is_bridge=False, is_walkable=True, is_private=False)
    cells = cut(replace(town, streets=streets))
    assert len(cells) == 2


def test_the_strip_between_two_tracks_is_no_cell_of_its_own() -> None:
    town = draw("\n".join(["." * 10] * 10))
    tracks = [shapely.LineString([(x, -1), (x, 11)]) for x in (5, 5.4)]
    cells = cut(replace(town, barriers=frame("barrier_id", tracks, kind="rail")))
    assert len(cells) == 2


def test_a_strip_between_a_wall_and_a_road_is_kept() -> None:
    town = draw("+.........\n" * 10, compounds=[("walled", (1, 0, 10, 10))])
    assert len(cut(town)) == 3  # west of the road, the strip, the compound


def test_ground_without_buildings_streets_or_anything_is_one_open_cell() -> None:
    town = draw("....\n....")
    cells = cut(town)
    assert cells["kind"].tolist() == ["open"]
    assert cells["households"].tolist() == [0]


def test_stairwells_cut_a_large_building_and_bring_their_households() -> None:
    houses = [shapely.box(2, 1, 8, 2), shapely.box(10, 1, 11, 2)]
    town = with_buildings(draw("\n".join(["." * 12] * 4)), houses, households=[300, 50], people=[801, 99])
    places = [shapely.Point(x, 1) for x in (7, 5, 3)]
    doors = frame("stairwell_id", places, building_id=1, number=[3, 2, 1], households=[60, 120, 120])
    cells = cut(town, stairwells=doors, households_max=200)
    stairs = cells[cells["kind"] == "stairwell"].set_index("stairwell_id")
    assert stairs["households"].to_dict() == {3: 120, 2: 120, 1: 60}
    assert stairs["people"].sum() == 801
    assert cells.attrs["cut"] == {"stairwell": [1], "share": []}
    ground = metres(stairs)
    # By hand: borders midway between the doors, at x = 40 m and 60 m, where the building stands.
    row = shapely.box(20, 10, 80, 20)
    bounds = {door: ground[door].intersection(row).bounds for door in stairs.index}
    assert [bounds[3][2], bounds[2][0], bounds[2][2], bounds[1][0]] == pytest.approx([40, 40, 60, 60], abs=0.6)
    assert cells[cells["kind"] == "building"]["households"].tolist() == [50]


def test_households_of_stairwells_follow_the_register_where_they_differ() -> None:
    town = with_buildings(draw("........\n........"), [shapely.box(1, 0.5, 7, 1.5)], households=301, people=7)
    doors = frame(
        "stairwell_id", [shapely.Point(2, 1), shapely.Point(6, 1)], building_id=1, number=[1, 2], households=[40, 20]
    )
    cells = cut(town, stairwells=doors, households_max=200)
    assert sorted(cells["households"]) == [100, 201]  # 301 dealt 2 : 1, largest remainder


@pytest.mark.parametrize("places", [[(2, 1), (2, 1), (2, 1)], [(50, 50), (60, 60), (70, 70)]])
def test_stairwells_that_cannot_part_the_ground_still_get_a_cell_each(places: list[tuple[float, float]]) -> None:
    town = with_buildings(draw("........\n........"), [shapely.box(1, 0.5, 7, 1.5)], households=300, people=900)
    doors = frame(
        "stairwell_id", [shapely.Point(*place) for place in places], building_id=1, number=[1, 2, 3], households=100
    )
    cells = cut(town, stairwells=doors, households_max=200)
    assert sorted(cells["stairwell_id"]) == [1, 2, 3]


def test_a_large_building_without_stairwells_is_cut_in_equal_shares() -> None:
    town = with_buildings(draw("........\n........\n........"), [shapely.box(1, 1, 7, 2)], households=1000, people=2501)
    cells = cut(town, households_max=400)
    assert cells["kind"].tolist() == ["share"] * 3
    assert cells.attrs["cut"] == {"stairwell": [], "share": [1]}
    assert sorted(cells["households"]) == [333, 333, 334]
    assert sorted(cells["people"]) == [833, 833, 835] or sorted(cells["people"]) == [833, 834, 834]
    widths = metres(cells).bounds.pipe(lambda box: box["maxx"] - box["minx"])
    assert widths.max() < 35  # slabs across the long side, not along it


def test_a_building_at_the_limit_is_not_cut() -> None:
    town = with_buildings(draw("....\n...."), [shapely.box(1, 0.5, 3, 1.5)], households=400)
    assert cut(town, households_max=400)["kind"].tolist() == ["building"]


def test_buildings_outside_every_community_are_named_and_not_counted() -> None:
    town = draw("....\n....")
    shapes = [shapely.box(1, 0.5, 2, 1), shapely.box(90, 90, 91, 91), shapely.Polygon(), None]
    cells = cut(with_buildings(town, shapes, households=[1, 20, 300, 4000]))
    assert cells.attrs["outside"] == [2, 3, 4]
    assert cells["households"].sum() == 1


def test_invalid_overlapping_nested_and_repeated_buildings_each_have_a_cell() -> None:
    bow = shapely.Polygon([(1, 1), (2, 2), (2, 1), (1, 2)])
    same = [shapely.box(4, 1, 5, 2)] * 3
    nested = [shapely.box(7, 1, 9, 3), shapely.box(7.4, 1.4, 8, 2), shapely.box(8.5, 0.5, 9.5, 1.5)]
    ring = shapely.box(1, 4, 4, 7).difference(shapely.box(1.5, 4.5, 3.5, 6.5))
    court = shapely.box(2.2, 5.2, 2.8, 5.8)
    kiosk = shapely.box(6, 6, 6.03, 6.02)
    touching = shapely.box(6.03, 6, 8, 7)
    multi = shapely.MultiPolygon([shapely.box(9, 6, 9.3, 7), shapely.box(10, 6, 10.8, 7)])
    shapes = [bow, *same, *nested, ring, court, kiosk, touching, multi]
    cells = cut(with_buildings(draw("\n".join(["." * 12] * 8)), shapes))
    assert cells.attrs["joined"] == []
    assert sorted(cells["building_id"]) == list(range(1, len(shapes) + 1))


def test_forty_buildings_drawn_on_one_spot_lose_no_household() -> None:
    cells = cut(with_buildings(draw("....\n....\n...."), [shapely.box(1, 1, 1.1, 1.1)] * 40))
    assert cells["households"].sum() == 400
    assert cells["building_id"].nunique() + len(cells.attrs["joined"]) == 40


def test_row_order_does_not_matter() -> None:
    town = draw(CROSS, split_at=[4], compounds=[("walled", (7, 0, 13, 4))])
    again = cells_from_ground(*(part.sample(frac=1, random_state=3) for part in town.ground))
    assert_geodataframe_equal(cut(town), again)


def test_nothing_handed_in_is_changed() -> None:
    town = draw(CROSS, compounds=[("walled", (7, 0, 13, 4))])
    before = [part.copy(deep=True) for part in town.ground]
    cut(town, households_max=5)
    for part, was in zip(town.ground, before, strict=True):
        assert_geodataframe_equal(part, was)


def test_only_communities_are_cut_where_levels_are_known() -> None:
    town = draw("....\n....", split_at=[2])
    street = frame("area_code", [shapely.box(0, 0, 4, 2), None], level=["street", "county"]).set_axis(
        ["529901001000", "529901000000"]
    )
    cells = cells_from_ground(pd.concat([town.areas, street]), *town.ground[1:])
    assert sorted(cells["area_code"]) == sorted(town.areas.index)


def test_ground_two_communities_claim_goes_to_the_lower_code() -> None:
    town = draw("......\n......", split_at=[3])
    wide = town.areas.copy()
    wide["geometry"] = degrees([shapely.box(0, 0, 4, 2), shapely.box(3, 0, 6, 2)]).to_numpy()
    cells = cells_from_ground(wide, *town.ground[1:])
    ground = metres(cells).area.groupby(cells["area_code"]).sum()
    assert ground.tolist() == pytest.approx([800, 400], rel=1e-6)


def test_refusals() -> None:
    town = draw(CROSS)
    areas, buildings, streets, barriers, compounds = town.ground
    with pytest.raises(MissingColumnsError, match="households"):
        cells_from_ground(areas, buildings.drop(columns="households"), streets, barriers, compounds)
    with pytest.raises(MissingCrsError, match="buildings"):
        cells_from_ground(areas, buildings.set_crs(None, allow_override=True), streets, barriers, compounds)
    with pytest.raises(WrongCrsError, match="streets"):
        cells_from_ground(areas, buildings, streets.to_crs("EPSG:4545"), barriers, compounds)
    with pytest.raises(DuplicateIdError):
        cells_from_ground(areas, pd.concat([buildings, buildings]), streets, barriers, compounds)
    with pytest.raises(InputError, match="households_max"):
        cells_from_ground(*town.ground, households_max=0)
    with pytest.raises(EmptyFrameError):
        cells_from_ground(areas.iloc[:0], buildings, streets, barriers, compounds)
    with pytest.raises(EmptyFrameError):
        cells_from_ground(
            areas.assign(geometry=gpd.GeoSeries([None], index=areas.index, crs="EPSG:4326")), *town.ground[1:]
        )
