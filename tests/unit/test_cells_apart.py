"""Cells drawn block by block: seams agree, threads change nothing, outlines a hair apart do no harm."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from geo import seams, tessellation
from geo.blocks import loose
from geo.cells import cells_from_ground
from geo.seams import agreed, joined, rim_of
from geo.threads import in_parts, mapped, runs
from tests.fixtures.drawn import Drawn, degrees, draw, frame, metres, streets

SIDE = 20
PLAIN = "\n".join(["." * SIDE] * SIDE)
HOUSES = [shapely.box(x, y, x + 0.6, y + 0.9) for x in np.arange(0.5, 19, 0.9) for y in range(1, 19, 3)]


@pytest.fixture
def busy() -> Drawn:
    """Many houses in four communities, with streets across them and a dead end."""
    ways = [[(-1, 7.3), (21, 8.1)], [(6.1, -1), (5.2, 21)], [(14, -1), (14, 21)], [(6, 12), (10.2, 11.6)]]
    return replace(
        draw(PLAIN, split_at=[4, 9, 15]),
        buildings=frame("building_id", HOUSES, households=10, people=30),
        streets=streets(list(map(shapely.LineString, ways)), road_class="residential"),
    )


def tiled(cells: gpd.GeoDataFrame, outline: shapely.Geometry) -> None:
    """Cells cover an outline once and only once, vertex on vertex."""
    assert shapely.coverage_is_valid(cells.geometry.to_numpy())
    assert shapely.coverage_is_valid(metres(cells).to_numpy())
    ground = metres(gpd.GeoSeries(degrees([outline]))).iloc[0]
    assert metres(cells).area.sum() == pytest.approx(ground.area, abs=1e-4 * ground.length)
    assert metres(cells).union_all().symmetric_difference(ground).area < 1e-4 * ground.length


def test_threads_and_parts_change_nothing(busy: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = cells_from_ground(*busy.ground, workers=1)
    monkeypatch.setattr(tessellation, "PART", 60)
    monkeypatch.setattr(seams, "PART", 11)
    for workers in (1, 2, 5):
        assert_geodataframe_equal(whole, cells_from_ground(*busy.ground, workers=workers))
    tiled(whole, shapely.box(0, 0, SIDE, SIDE))


def test_what_is_noded_at_once_has_the_same_cells(busy: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow way, for outlines that do not fit, tells the same ground to the same buildings."""
    quick = cells_from_ground(*busy.ground)
    monkeypatch.setattr(tessellation, "agreed", lambda *_, **__: None)
    slow = cells_from_ground(*busy.ground)
    tiled(slow, shapely.box(0, 0, SIDE, SIDE))
    one, other = (metres(cells).set_axis(cells["building_id"]) for cells in (quick, slow))
    assert shapely.area(shapely.symmetric_difference(one.to_numpy(), other[one.index].to_numpy())).max() < 0.05


def test_where_a_border_crosses_a_dead_end_it_follows_it(busy: Drawn) -> None:
    """A dead end cuts nothing by itself, but nobody's ground reaches across it."""
    row = [shapely.box(8, 8, 9, 9), shapely.box(11, 12, 12, 13)]
    town = replace(draw(PLAIN), buildings=frame("building_id", row, households=1, people=2))
    ways = streets([shapely.LineString([(10, -1), (10, 16)])], road_class="residential")
    cells = cells_from_ground(*replace(town, streets=ways).ground)
    west = metres(cells[cells["building_id"] == 1]).iloc[0]
    way = shapely.LineString(metres(ways).iloc[0].coords).intersection(shapely.box(*metres(town.areas).total_bounds))
    assert len(cells) == 2
    assert west.boundary.intersection(way.buffer(0.001)).length > 50


def test_communities_within_a_tenth_of_a_millimetre_are_still_tiled() -> None:
    """Outlines that mean the same but were drawn twice leave slits as wide as the grid."""
    bent = [(10, 0), (10.00001, 5), (10, 10), (9.99999, 15), (10, 20)]
    other = [(10, 20), (10.00001, 11), (10, 0)]
    shapes = [shapely.Polygon([(0, 0), *bent, (0, 20)]), shapely.Polygon([(20, 0), (20, 20), *other])]
    town = replace(draw(PLAIN, split_at=[10]), buildings=frame("building_id", HOUSES, households=10, people=30))
    town.areas["geometry"] = degrees(shapes).to_numpy()
    cells = cells_from_ground(*town.ground)
    tiled(cells, shapely.union_all(shapes))
    assert cells["households"].sum() == 10 * len(HOUSES)


@pytest.mark.parametrize("away_m", [0.0, 1e-4, 4e-4, 0.003])
def test_a_road_on_the_border_of_two_communities_is_no_third_ground(away_m: float) -> None:
    x = 10 + away_m / 10
    way = shapely.LineString([(x, -1), (10, 7), (10 - away_m / 10, 21)])
    town = replace(
        draw(PLAIN, split_at=[10]),
        buildings=frame("building_id", HOUSES, households=10, people=30),
        streets=streets([way], road_class="primary"),
    )
    cells = cells_from_ground(*town.ground)
    tiled(cells, shapely.box(0, 0, SIDE, SIDE))
    assert set(cells["kind"]) == {"building"}
    assert sorted(cells["area_code"].unique()) == sorted(town.areas.index)


def test_a_hole_a_community_in_it_and_one_five_millimetres_wide_are_tiled() -> None:
    shapes = [
        shapely.box(0, 0, 20, 20).difference(shapely.box(6, 6, 9, 9)).difference(shapely.box(12, 12, 13, 13)),
        shapely.box(6, 6, 9, 9),
        shapely.box(20, 0, 20.0005, 20),
    ]
    town = draw(PLAIN, split_at=[5, 10])
    town.areas["geometry"] = degrees(shapes).to_numpy()
    town = replace(town, buildings=frame("building_id", HOUSES, households=10, people=30))
    cells = cells_from_ground(*town.ground)
    tiled(cells, shapely.union_all(shapes))
    assert sorted(cells["area_code"].unique()) == sorted(town.areas.index)


def test_seams_take_over_each_others_vertices_and_say_when_they_cannot() -> None:
    blocks = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    left = [shapely.box(0, 0, 1, 0.3), shapely.box(0, 0.3, 1, 1)]
    right = [shapely.box(1, 0, 2, 0.3), shapely.box(1, 0.3, 2, 0.6), shapely.box(1, 0.6, 2, 1)]
    shapes, block = np.array([*left, *right]), np.array([0, 0, 1, 1, 1])
    rim = joined([rim_of(shapes[:2]), rim_of(shapes[2:])], [2, 3])
    whole, home = agreed(shapes, block, blocks, rim) or ([], [])
    assert shapely.coverage_is_valid(whole)
    assert list(home) == [0, 0, 1, 1, 1]
    assert [1, 0.6] in shapely.get_coordinates(whole[1]).tolist()
    short = shapes.copy()
    short[4] = shapely.box(1.01, 0.6, 2, 1)  # a gap no vertex closes
    assert agreed(short, block, blocks, rim_of(short)) is None


@pytest.mark.parametrize(("inner", "fits"), [(0.99995, False), (0.9, True)])
def test_a_face_turned_inside_out_by_its_seam_is_no_cover(inner: float, *, fits: bool) -> None:
    """The block across bent the outline by 0.1 mm, past a border that runs 0.05 mm beside it."""
    blocks = np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    thin = shapely.Polygon([(1, 0), (1, 1), (inner, 0.5)])
    corner = (0.9999, 0.5)
    across = [[(1, 0), (2, 0), (2, 0.5), corner], [(2, 0.5), (2, 1), (1, 1), corner]]
    shapes = np.array([blocks[0].difference(thin), thin, *map(shapely.Polygon, across)])
    found = agreed(shapes, np.array([0, 0, 1, 1]), blocks, rim_of(shapes))
    assert (found is not None) == fits
    if found is not None:
        assert shapely.coverage_is_valid(found[0])
        assert shapely.area(found[0]).sum() == pytest.approx(2, abs=1e-9)


def test_only_lines_off_every_outline_are_loose() -> None:
    lines = np.array([shapely.LineString(way) for way in ([(0, 0), (0, 1)], [(0, 1), (0.4, 0.6)], [(5, 5), (6, 6)])])
    assert loose(lines, np.array([shapely.box(0, 0, 1, 1)])).tolist() == lines[1:].tolist()


def test_parts_come_back_in_order_and_runs_stay_whole() -> None:
    assert mapped(lambda number: number * 2, range(50), workers=4) == list(range(0, 100, 2))
    assert in_parts(lambda a, b: a + b, np.arange(9), np.arange(9), workers=3, least=2).tolist() == list(
        range(0, 18, 2)
    )
    assert runs(np.array([1, 1, 1, 2, 2, 5, 5, 5]), 2).tolist() == [3, 5]
    assert runs(np.array([], dtype=int), 2).tolist() == []


def test_a_fault_in_a_thread_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        mapped(lambda number: 1 // number, [1, 0, 2], workers=2)


def test_row_order_is_nothing_across_parts(busy: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tessellation, "PART", 40)
    again = cells_from_ground(*(part.sample(frac=1, random_state=8) for part in busy.ground))
    cells = cells_from_ground(*busy.ground)
    assert_geodataframe_equal(cells, again)
    assert pd.Index(cells["building_id"].dropna()).is_unique
