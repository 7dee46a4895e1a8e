"""Adjacency: who lies beside whom, along what, and whether one can walk across - drawn cases, one a rule."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geo.adjacency import COLUMNS, borders_between
from geo.cells import cells_from_ground
from geo.errors import MissingColumnsError, WrongGeometryError
from tests.fixtures.drawn import Drawn, degrees, draw, frame, metres, streets

PLAIN = "\n".join(["..........."] * 6)
TWO_BANKS = """
    ....AA.....
    ....AA.....
    ~~~~~~~~~~~
    ....BB.....
    ....BB.....
"""
BRIDGED = """
    .AA..+..BB.
    .....+.....
    ~~~~~=~~~~~
    .....+.....
    .CC..+..DD.
"""


class Town:
    """Cells and borders of a drawn town, asked by building."""

    def __init__(self, town: Drawn, **options: object) -> None:
        self.town = town
        self.cells = cells_from_ground(*town.ground)
        self.borders = borders_between(self.cells, town.streets, town.barriers, town.gates, town.compounds, **options)
        assert list(self.borders.columns) == list(COLUMNS)
        assert (self.borders["cell_a"] < self.borders["cell_b"]).all()
        assert not self.borders.duplicated(["cell_a", "cell_b"]).any()

    def between(self, one: int, other: int) -> tuple[str, bool] | None:
        """Kind and walkability of the border of two buildings, None where there is none."""
        cells = self.cells.index[self.cells["building_id"].isin([one, other])]
        rows = self.borders[self.borders["cell_a"].isin(cells) & self.borders["cell_b"].isin(cells)]
        return None if rows.empty else (rows["kind"].iloc[0], bool(rows["is_walkable"].iloc[0]))


def on(shapes: list[shapely.Geometry], **columns: object) -> Drawn:
    """Plain ground with two buildings, A (1) west and B (2) east of the middle, and one more frame."""
    town = draw(PLAIN, **columns)
    return replace(town, buildings=frame("building_id", shapes, households=10, people=30))


def street(*lines: shapely.LineString, **columns: object) -> gpd.GeoDataFrame:
    return streets(list(lines), **columns)


PAIR = [shapely.box(2, 2, 4, 4), shapely.box(7, 2, 9, 4)]
ACROSS = shapely.LineString([(5.5, -1), (5.5, 7)])  # north to south, parts A from B
ALONG = shapely.LineString([(-1, 5), (12, 5)])  # west to east, crosses it


def test_borders_are_those_of_shapely_with_their_lengths() -> None:
    town = Town(draw(BRIDGED, compounds=[("walled", (0, 0, 5.5, 2))], split_at=[8]))
    shapes = metres(town.cells)
    wanted = {}
    for a, one in shapes.items():
        for b, other in shapes.items():
            length_m = one.intersection(other).length if a < b else 0
            if length_m > 0:
                wanted[a, b] = length_m
    found = town.borders[town.borders["kind"] != "passage"].set_index(["cell_a", "cell_b"])["length_m"]
    assert set(found.index) == set(wanted)
    assert found.to_dict() == pytest.approx(wanted, abs=0.001)


def test_nothing_between_two_buildings_is_walked_freely() -> None:
    assert Town(on(PAIR)).between(1, 2) == ("none", True)


@pytest.mark.parametrize(
    ("road_class", "walks"), [("residential", True), ("primary", True), ("motorway", False), ("trunk", False)]
)
def test_a_road_is_crossed_on_foot_unless_it_is_a_fast_one(road_class: str, walks: bool) -> None:
    town = replace(on(PAIR), streets=street(ACROSS, road_class=road_class, is_walkable=walks))
    assert Town(town).between(1, 2) == ("road", walks)


def test_a_motorway_is_crossed_by_a_bridge_not_at_grade() -> None:
    fast, plain, over = (
        street(ACROSS, road_class="motorway", is_walkable=False),
        street(ALONG),
        street(ALONG, is_bridge=True),
    )
    houses = [shapely.box(2, 5.4, 4, 5.8), shapely.box(7, 5.4, 9, 5.8)]
    for crossing, walks in ((plain, False), (over, True)):
        ways = pd.concat([fast, crossing.set_axis([2])])
        assert Town(replace(on(houses), streets=ways)).between(1, 2) == ("road", walks)


def test_a_trunk_road_is_crossed_where_streets_meet_it() -> None:
    ways = pd.concat([street(ACROSS, road_class="trunk", is_walkable=False), street(ALONG).set_axis([2])])
    assert Town(replace(on(PAIR), streets=ways)).between(1, 2) == ("road", True)


def test_a_motorway_on_a_bridge_bars_nobody() -> None:
    ways = street(ACROSS, road_class="motorway", is_bridge=True, is_walkable=False)
    assert Town(replace(on(PAIR), streets=ways)).between(1, 2) == ("road", True)


def test_a_rail_bars_the_way_but_for_a_level_crossing() -> None:
    rail = frame("barrier_id", [ACROSS], kind="rail")
    assert Town(replace(on(PAIR), barriers=rail)).between(1, 2) == ("rail", False)
    assert Town(replace(on(PAIR), barriers=rail, streets=street(ALONG))).between(1, 2) == ("rail", True)


def test_a_footpath_that_cuts_nothing_still_crosses_a_rail() -> None:
    rail = frame("barrier_id", [ACROSS], kind="rail")
    assert Town(replace(on(PAIR), barriers=rail, streets=street(ALONG, road_class="path"))).between(1, 2) == (
        "rail",
        True,
    )


@pytest.mark.parametrize("end", [5.5, 5.4])
def test_a_street_that_ends_at_the_rail_does_not_cross_it(end: float) -> None:
    rail = frame("barrier_id", [ACROSS], kind="rail")
    stub = street(shapely.LineString([(-1, 5), (end, 5)]))
    assert Town(replace(on(PAIR), barriers=rail, streets=stub)).between(1, 2) == ("rail", False)


def test_a_street_nobody_may_walk_does_not_cross_a_rail() -> None:
    rail = frame("barrier_id", [ACROSS], kind="rail")
    assert Town(replace(on(PAIR), barriers=rail, streets=street(ALONG, is_walkable=False))).between(1, 2) == (
        "rail",
        False,
    )


def test_a_stream_drawn_as_a_line_bars_like_a_river() -> None:
    stream = frame("barrier_id", [ACROSS], kind="water")
    assert Town(replace(on(PAIR), barriers=stream)).between(1, 2) == ("water", False)
    assert Town(replace(on(PAIR), barriers=stream, streets=street(ALONG))).between(1, 2) == ("water", True)


def test_a_river_without_a_bridge_parts_its_banks() -> None:
    town = Town(draw(TWO_BANKS))
    assert town.between(1, 2) is None
    assert set(town.borders["kind"]) == {"water"}
    assert not town.borders["is_walkable"].any()


def test_a_bridge_cuts_the_river_and_joins_the_banks_by_passages() -> None:
    town = Town(draw(BRIDGED))
    assert (town.cells["kind"] == "water").sum() == 2
    passages = town.borders[town.borders["kind"] == "passage"]
    assert (passages["length_m"] == 0).all()
    assert passages["is_walkable"].all()
    banks = {1: "north", 2: "north", 3: "south", 4: "south"}
    building = town.cells["building_id"]
    for row in passages.itertuples():
        assert banks[building[row.cell_a]] != banks[building[row.cell_b]]
    assert town.between(1, 3) == town.between(2, 4) == ("passage", True)
    wet = town.cells.index[town.cells["kind"] == "water"]
    at_water = town.borders[town.borders["cell_a"].isin(wet) | town.borders["cell_b"].isin(wet)]
    assert not at_water["is_walkable"].any()


def test_a_bridge_in_several_pieces_is_one_way_over() -> None:
    town = draw(TWO_BANKS)
    over = [shapely.LineString([(5, y), (5, y + 0.7)]) for y in (1.7, 2.4, 3.1)]
    bridge = street(*over, is_bridge=True, road_class="footway")
    assert Town(replace(town, streets=bridge)).between(1, 2) == ("passage", True)
    assert Town(replace(town, streets=bridge.drop(index=2))).between(1, 2) is None  # the middle piece is missing


def test_a_path_across_an_undivided_river_is_a_passage_and_a_pier_is_not() -> None:
    town = draw(TWO_BANKS)
    for to, found in ((4, ("passage", True)), (2.6, None)):
        assert (
            Town(replace(town, streets=street(shapely.LineString([(5, 1), (5, to)]), road_class="path"))).between(1, 2)
            == found
        )


@pytest.mark.parametrize(
    ("kind", "found"), [("walled", ("wall", False)), ("old_quarter", ("none", True)), ("urban_village", ("none", True))]
)
def test_only_walled_compounds_have_a_wall(kind: str, found: tuple[str, bool]) -> None:
    assert Town(on(PAIR, compounds=[(kind, (0, 0, 5.5, 6))])).between(1, 2) == found


@pytest.mark.parametrize(
    ("gate", "opens"),
    [((1, 5.5, 3), True), ((1, 5.8, 3), True), ((None, 5.5, 3), True), ((2, 5.5, 3), False), ((1, 6.5, 9.5), False)],
)
def test_a_wall_opens_at_a_gate_of_its_compound(gate: tuple[int | None, float, float], opens: bool) -> None:
    walls = [("walled", (0, 0, 5.5, 6)), ("walled", (10, 0, 11, 1))]
    assert Town(on(PAIR, compounds=walls, gates=[gate])).between(1, 2) == ("wall", opens)


def test_a_gate_drawn_off_the_wall_still_joins_inside_and_outside() -> None:
    town = on(PAIR, compounds=[("walled", (0, 0, 5.5, 6))], gates=[(1, 7, 3)])
    assert Town(town).between(1, 2) == ("wall", True)
    assert Town(town, gate_reach_m=10).between(1, 2) == ("wall", False)


def test_a_gate_onto_a_road_opens_the_way_to_both_its_sides() -> None:
    houses = [shapely.box(2, 1, 4, 2), shapely.box(2, 4, 4, 5), shapely.box(7, 1, 9, 2), shapely.box(7, 4, 9, 5)]
    town = on(houses, compounds=[("walled", (0, 0, 5.5, 6))], gates=[(1, 5.5, 3)])
    town = Town(replace(town, streets=street(shapely.LineString([(-1, 3), (12, 3)]))))
    assert town.between(1, 3) == town.between(2, 4) == ("wall", True)
    assert town.between(1, 2) == town.between(3, 4) == ("road", True)


def test_a_wall_without_any_gate_is_closed_unless_asked_otherwise() -> None:
    town = on(PAIR, compounds=[("walled", (0, 0, 5.5, 6))])
    assert Town(town).between(1, 2) == ("wall", False)
    assert Town(town, opens_gateless=True).between(1, 2) == ("none", True)


def test_two_walled_compounds_back_to_back_are_two_worlds() -> None:
    walls = [("walled", (0, 0, 5.5, 6)), ("walled", (5.5, 0, 11, 6))]
    assert Town(on(PAIR, compounds=walls)).between(1, 2) == ("wall", False)


def test_a_wall_of_its_own_bars_too() -> None:
    wall = frame("barrier_id", [ACROSS], kind="wall")
    assert Town(replace(on(PAIR), barriers=wall)).between(1, 2) == ("wall", False)
    assert Town(replace(on(PAIR, gates=[(None, 5.5, 1)]), barriers=wall)).between(1, 2) == ("wall", True)
    assert Town(replace(on(PAIR), barriers=wall, streets=street(ALONG))).between(1, 2) == ("wall", False)


def test_a_wall_beside_the_road_bars_although_the_border_is_the_road() -> None:
    """The compound's outline is drawn 1 m off the road: the sliver between goes, its wall does not."""
    town = on(PAIR, compounds=[("walled", (0, 0, 5.4, 6))])
    assert Town(replace(town, streets=street(ACROSS))).between(1, 2)[1] is False


def test_half_a_wall_leaves_the_other_half_to_walk() -> None:
    wall = [shapely.LineString([(5.5, -1), (5.5, 2)])]
    town = replace(on(PAIR), barriers=frame("barrier_id", wall, kind="wall"))
    assert Town(town).between(1, 2)[1] is True


def test_the_kind_is_what_lies_on_most_of_the_border() -> None:
    bend = shapely.LineString([(5.5, -1), (5.5, 4), (5.5, 7)])
    part_rail = frame("barrier_id", [shapely.LineString([(5.5, 1.5), (5.5, 7)])], kind="rail")
    assert Town(replace(on(PAIR), streets=street(bend), barriers=part_rail)).between(1, 2) == ("rail", True)


def test_row_order_does_not_matter_and_nothing_is_changed() -> None:
    town = draw(BRIDGED, compounds=[("walled", (0, 0, 5.5, 2))], gates=[(1, 3, 2)])
    cells = cells_from_ground(*town.ground)
    others = (town.streets, town.barriers, town.gates, town.compounds)
    before = [part.copy(deep=True) for part in (cells, *others)]
    borders = borders_between(cells, *others)
    again = borders_between(
        cells.sample(frac=1, random_state=1), *(part.sample(frac=1, random_state=2) for part in others)
    )
    pd.testing.assert_frame_equal(borders, again)
    for part, was in zip((cells, *others), before, strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(part), pd.DataFrame(was))


def test_cells_of_a_community_give_the_same_borders_alone_as_in_the_town() -> None:
    town = Town(draw(BRIDGED, split_at=[5]))
    mine = town.cells[town.cells["area_code"] == town.cells["area_code"].iloc[0]]
    alone = borders_between(mine, town.town.streets, town.town.barriers, town.town.gates, town.town.compounds)
    inside = town.borders[town.borders["cell_a"].isin(mine.index) & town.borders["cell_b"].isin(mine.index)]
    pd.testing.assert_frame_equal(alone, inside.reset_index(drop=True), rtol=1e-6)


def test_no_cells_have_no_borders_and_one_cell_has_none() -> None:
    town = draw("..\n..")
    cells = cells_from_ground(*town.ground)
    for few in (cells.iloc[:0], cells):
        borders = borders_between(few, town.streets, town.barriers, town.gates, town.compounds)
        assert borders.empty
        assert list(borders.columns) == list(COLUMNS)


def test_refusals() -> None:
    town = draw(BRIDGED)
    cells = cells_from_ground(*town.ground)
    rest = (town.streets, town.barriers, town.gates, town.compounds)
    with pytest.raises(MissingColumnsError, match="kind"):
        borders_between(cells.drop(columns="kind"), *rest)
    parts = np.array([shapely.MultiPolygon([shape]) for shape in cells.geometry], dtype=object)
    with pytest.raises(WrongGeometryError, match="Polygon"):
        borders_between(cells.set_geometry(parts, crs=cells.crs), *rest)


def test_degrees_and_metres_of_the_drawing_agree() -> None:
    corner = metres(degrees([shapely.Point(3, 4)])).iloc[0]
    assert (corner.x, corner.y) == pytest.approx((30, 40), abs=1e-6)


def test_a_border_on_a_road_knows_the_class_of_the_road() -> None:
    town = draw(PLAIN)
    ways = [[(5, -1), (5, 7)], [(-1, 3), (12, 3)], [(5, -1), (5, 7)], [(2, -1), (2, 7)]]
    classes = ["residential", "primary", "secondary", "footway"]  # on x = 5 a secondary road above a residential one
    houses = [shapely.box(x, y, x + 1, y + 1) for y in (1, 4) for x in (3, 7)]
    town = replace(
        town,
        buildings=frame("building_id", houses, households=1, people=2),
        streets=street(*map(shapely.LineString, ways), road_class=classes),
    )
    borders = Town(town).borders
    found = borders.set_index(["cell_a", "cell_b"])["road_class"].to_dict()
    cells = Town(town).cells.reset_index().set_index("building_id")["cell_id"]
    pair = {key: tuple(sorted((cells[key[0]], cells[key[1]]))) for key in ((1, 2), (1, 3), (3, 4))}
    assert found[pair[1, 2]] == found[pair[3, 4]] == "secondary"
    assert found[pair[1, 3]] == "primary"
    assert borders["road_class"].notna().eq(borders["kind"] == "road").all()


def test_a_class_nobody_foresaw_is_kept_and_borders_without_a_road_have_none() -> None:
    town = on([shapely.box(1, 1, 2, 2), shapely.box(8, 1, 9, 2)])
    plain = Town(town).borders
    assert plain["road_class"].tolist() == [None]
    way = shapely.LineString([(5, -1), (5, 7)])
    cells = cells_from_ground(*replace(town, streets=street(way, road_class="busway")).ground, cutting=["busway"])
    borders = borders_between(cells, street(way, road_class="busway"), town.barriers, town.gates, town.compounds)
    assert borders[["kind", "road_class"]].to_numpy().tolist() == [["road", "busway"]]
