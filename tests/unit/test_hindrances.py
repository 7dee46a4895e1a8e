"""Hindrances: walls, rivers, rails and bridges on the borders of cells that others drew - one rule a test."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.errors import MissingColumnsError
from geo.hindrances import Hindered, hindered, is_water
from geo.neighbours import neighbours_of
from tests.fixtures.tiled import EAST, METRES, NORTH, boxes, in_degrees

WGS84 = "EPSG:4326"


def line(*places: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(EAST + x, NORTH + y) for x, y in places])


def area(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)


def frame(shapes: list[shapely.Geometry], **columns: object) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=METRES).to_crs(WGS84)


def on(
    bars: list[tuple[str, shapely.Geometry]],
    passages: list[shapely.Geometry] | None = None,
    *,
    cells: list[shapely.Geometry] | None = None,
    barrier_m: float = 0.5,
) -> Hindered:
    """Barriers on 3 x 2 squares of 100 m: cells 0 1 2 in the north (0 to -100), 3 4 5 south of them."""
    near = neighbours_of(in_degrees(cells or boxes(3, 2)))
    walls = frame([shape for _, shape in bars], kind=[kind for kind, _ in bars])
    return hindered(near, walls, frame(passages or []), barrier_m=barrier_m)


def shut(found: Hindered) -> set[tuple[int, int]]:
    rows = found.borders[~found.borders["is_walkable"]]
    return set(zip(rows["cell_a"].tolist(), rows["cell_b"].tolist(), strict=True))


def kinds(found: Hindered) -> dict[tuple[int, int], str]:
    return {(row.cell_a, row.cell_b): row.kind for row in found.borders.itertuples()}


EQUATOR = [(0, 3), (1, 4), (2, 5)]


@pytest.mark.parametrize("kind", ["wall", "rail", "water"])
def test_a_line_along_a_border_bars_it_and_names_it(kind: str) -> None:
    found = on([(kind, line((-10, -100), (310, -100)))])
    assert shut(found) == set(EQUATOR)
    assert {pair for pair, told in kinds(found).items() if told == kind} == set(EQUATOR)


@pytest.mark.parametrize(("off", "bars"), [(0.4, True), (0.7, False)])
def test_a_line_beside_a_border_bars_it_within_the_distance_asked_for(off: float, bars: bool) -> None:
    found = on([("wall", line((0, -100 + off), (100, -100 + off)))])
    assert shut(found) == ({(0, 3)} if bars else set())
    assert shut(on([("wall", line((0, -100 + off), (100, -100 + off)))], barrier_m=1.0)) == {(0, 3)}


@pytest.mark.parametrize(("end", "bars"), [(100, True), (99.5, True), (98, False), (50, False)])
def test_a_border_is_walkable_while_a_metre_of_it_is_free(end: float, bars: bool) -> None:
    assert shut(on([("wall", line((0, -100), (end, -100)))])) == ({(0, 3)} if bars else set())


def test_half_of_a_short_border_is_enough() -> None:
    cells = [area(0, 0, 100, 100), area(100, 99, 200, 200)]
    assert shut(on([("wall", line((100, 99), (100, 99.4)))], cells=cells)) == set()
    assert shut(on([("wall", line((100, 99), (100, 99.6)))], cells=cells)) == {(0, 1)}


def test_two_kinds_together_bar_what_neither_bars_alone() -> None:
    bars = [("wall", line((0, -100), (60, -100))), ("water", line((60, -100), (100, -100)))]
    assert shut(on(bars)) == {(0, 3)}
    assert shut(on(bars[:1])) == shut(on(bars[1:])) == set()
    assert kinds(on(bars))[0, 3] == "wall"


def test_a_line_that_crosses_a_border_leaves_it_walkable() -> None:
    assert shut(on([("wall", line((50, -60), (50, -140)))])) == set()


def test_borders_inside_water_are_barred_and_inside_a_walled_yard_are_not() -> None:
    river = area(-10, -120, 310, -80)
    assert shut(on([("water", river)])) == set(EQUATOR)
    assert shut(on([("rail", river)])) == set(EQUATOR)
    assert shut(on([("wall", area(-10, -210, 310, 10))])) == set()
    assert shut(on([("wall", area(0, -200, 100, 0))])) == {(0, 1), (3, 4)}


def test_a_bridge_opens_the_border_it_crosses_and_no_other() -> None:
    river = [("water", area(-10, -120, 310, -80))]
    found = on(river, [line((50, -70), (50, -130))])
    assert shut(found) == {(1, 4), (2, 5)}
    assert found.idle.tolist() == []


def test_a_gate_is_a_point_that_opens_a_wall() -> None:
    wall = [("wall", line((0, -100), (300, -100)))]
    found = on(wall, [shapely.Point(EAST + 250, NORTH - 100)])
    assert shut(found) == {(0, 3), (1, 4)}


def test_a_ferry_joins_cells_that_do_not_touch() -> None:
    cells = [*boxes(2, 1), area(1000, 0, 1100, 100)]
    found = on([], [line((150, -50), (1050, 50))], cells=cells)
    (row,) = found.borders[found.borders["kind"] == "passage"].to_dict("records")
    assert (row["cell_a"], row["cell_b"], row["length_m"], row["is_walkable"]) == (1, 2, 0.0, True)
    assert found.borders[["cell_a", "cell_b"]].apply(tuple, axis=1).is_monotonic_increasing


def test_a_passage_that_leads_nowhere_is_told() -> None:
    found = on([], [line((50, -50), (60, -60)), line((5000, 0), (6000, 0))])
    assert found.idle.tolist() == [0, 1]


def test_a_barrier_through_the_inside_of_a_cell_is_told() -> None:
    found = on([("rail", line((-10, -150), (120, -150)))])
    assert found.cut.to_dict("records") == [{"cell_id": 3, "kind": "rail", "inside_m": pytest.approx(100, abs=0.1)}]
    assert shut(found) == set()


def test_a_barrier_that_ends_inside_or_runs_beside_the_border_cuts_nothing() -> None:
    assert on([("wall", line((50, 10), (50, -50)))]).cut.empty
    assert on([("wall", line((-10, -99.7), (310, -99.7)))]).cut.empty


def test_a_river_through_a_cell_cuts_it_and_water_that_fills_a_cell_makes_it_water() -> None:
    found = on([("water", area(-10, -160, 110, -140)), ("water", area(99, -1, 201, -101))])
    assert found.cut["cell_id"].tolist() == [3]
    assert found.wet == pytest.approx([0.01, 0.99, 0.01, 0.2, 0, 0], abs=0.04)
    assert is_water(np.array([0, 0, 0, 0, 0, 0]), found.wet).tolist() == [False, True, False, False, False, False]
    assert not is_water(np.array([0, 5, 0, 0, 0, 0]), found.wet).any()


def test_without_barriers_nothing_is_barred() -> None:
    found = on([])
    assert shut(found) == set()
    assert set(kinds(found).values()) == {"none"}
    assert found.cut.empty


def test_barriers_need_a_kind() -> None:
    near = neighbours_of(in_degrees(boxes(2, 1)))
    with pytest.raises(MissingColumnsError):
        hindered(near, frame([line((0, 0), (1, 1))]), frame([]), barrier_m=0.5)
