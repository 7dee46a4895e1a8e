"""Neighbours: any tessellation, drawn by anybody - one fault a test, and the borders expected by hand."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import affinity

from geo.errors import BadSettingError, DuplicateIdError, EmptyFrameError, WrongGeometryError
from geo.neighbours import Neighbours, neighbours_of
from geo.tiles import tiles_of
from tests.fixtures.tiled import EAST, NORTH, boxes, in_degrees


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.box(EAST + west, NORTH + south, EAST + east, NORTH + north)


def found(*shapes: shapely.Geometry, **options: float) -> Neighbours:
    return neighbours_of(in_degrees(list(shapes)), **options)


def lengths(near: Neighbours) -> dict[tuple[int, int], float]:
    return {(row.cell_a, row.cell_b): row.length_m for row in near.borders.itertuples()}


def findings(near: Neighbours) -> dict[str, int]:
    return near.unevenness["finding"].value_counts().to_dict()


def test_squares_have_the_borders_they_share_and_corners_are_none() -> None:
    near = found(*boxes(3, 3))
    assert len(near.borders) == 12
    assert (near.borders["cell_a"] < near.borders["cell_b"]).all()
    assert near.borders["length_m"].to_numpy() == pytest.approx(100, abs=0.1)
    assert (0, 4) not in lengths(near)
    assert near.parts().max() == 0
    assert findings(near) == {}


def test_a_vertex_of_one_on_the_edge_of_another_parts_no_neighbours() -> None:
    near = found(box(0, 0, 100, 100), box(100, 0, 150, 40), box(100, 40, 150, 100))
    assert lengths(near) == pytest.approx({(0, 1): 40, (0, 2): 60, (1, 2): 50}, abs=0.1)
    assert findings(near) == {}


def test_a_long_edge_across_zones_keeps_the_neighbour_on_its_middle() -> None:
    """Straight in degrees, bent in metres: the middle of 50 km lies some 30 m beside the chord."""
    west, east = shapely.box(110, 40, 110.6, 40.3), [shapely.box(x, 39.8, x + 0.3, 40) for x in (110, 110.3)]
    tiles = tiles_of(np.array([west, *east], dtype=object), gpd.GeoSeries([west], crs=4326).crs)
    near = neighbours_of(gpd.GeoDataFrame(geometry=tiles.shapes))
    assert set(lengths(near)) == {(0, 1), (0, 2), (1, 2)}


@pytest.mark.parametrize("gap", [0.02, 0.2, 0.45])
def test_a_gap_up_to_the_tolerance_is_a_border_and_told(gap: float) -> None:
    near = found(box(0, 0, 100, 100), box(100 + gap, 0, 200, 100))
    assert lengths(near) == pytest.approx({(0, 1): 100}, abs=0.1)
    (row,) = near.unevenness.to_dict("records")
    assert (row["finding"], row["cell_a"], row["cell_b"]) == ("gap", 0, 1)
    assert row["width_m"] == pytest.approx(gap, abs=0.005)
    assert row["area_m2"] == pytest.approx(100 * gap, rel=0.05)


def test_an_overlap_up_to_the_tolerance_is_a_border_and_told() -> None:
    near = found(box(0, 0, 100, 100), box(99.7, 0, 200, 100))
    assert lengths(near) == pytest.approx({(0, 1): 100}, abs=1)
    assert findings(near) == {"overlap": 1}
    assert near.unevenness["width_m"].iloc[0] == pytest.approx(0.3, abs=0.005)


def test_a_gap_above_the_tolerance_is_none_unless_the_tolerance_is_raised() -> None:
    shapes = box(0, 0, 100, 100), box(100.8, 0, 200, 100)
    assert found(*shapes).borders.empty
    assert found(*shapes).parts().tolist() == [0, 1]
    assert len(found(*shapes, tolerance_m=1.0).borders) == 1
    assert found(box(0, 0, 100, 100), box(100.02, 0, 200, 100), tolerance_m=0).borders.empty


def test_a_sliver_between_two_cells_keeps_them_apart() -> None:
    near = found(box(0, 0, 100, 100), box(100, 0, 100.3, 100), box(100.3, 0, 200, 100))
    assert set(lengths(near)) == {(0, 1), (1, 2)}
    assert findings(near) == {"sliver": 1}


def test_a_sliver_that_shares_no_vertex_keeps_them_apart() -> None:
    near = found(box(0, 0, 100, 100), box(100, -5, 100.3, 105), box(100.3, -10, 200, 110))
    assert set(lengths(near)) == {(0, 1), (1, 2)}


def test_corners_of_shrunken_squares_are_no_borders() -> None:
    near = found(*(shape.buffer(-0.15, join_style="mitre") for shape in boxes(3, 3)))
    assert len(near.borders) == 12
    assert (0, 4) not in lengths(near)
    assert (1, 3) not in lengths(near)


def test_corners_of_squares_that_slipped_are_no_borders() -> None:
    rng = np.random.default_rng(5)
    shapes = [affinity.translate(shape, *rng.uniform(-0.15, 0.15, 2)) for shape in boxes(20, 20)]
    wanted = {(at, at + 1) for at in range(400) if at % 20 < 19} | {(at, at + 20) for at in range(380)}
    near = set(lengths(found(*shapes)))
    assert near >= wanted
    assert len(near - wanted) <= 3  # corners that came to lie on one line, to half a millimetre


def test_a_cell_that_lies_over_another_is_its_neighbour_and_told() -> None:
    near = found(box(0, 0, 100, 100), box(40, 40, 60, 60))
    assert set(lengths(near)) == {(0, 1)}
    assert findings(near) == {"large_overlap": 1}
    assert near.unevenness["area_m2"].iloc[0] == pytest.approx(400, rel=0.01)


def test_a_large_cell_over_a_lattice_meets_all_of_it() -> None:
    near = found(*boxes(3, 3), box(10, -290, 290, -10))
    assert {pair for pair in lengths(near) if 9 in pair} == {(cell, 9) for cell in range(9)}


def test_the_same_ground_drawn_twice_has_the_same_neighbours() -> None:
    first, second, third = boxes(3, 1)
    near = found(first, second, second, third)
    assert set(lengths(near)) == {(0, 1), (0, 2), (1, 2), (1, 3), (2, 3)}


def test_a_multipolygon_is_one_cell_and_meets_what_its_parts_meet() -> None:
    a, b, c, d = boxes(4, 1)
    near = found(shapely.MultiPolygon([a, c]), b, d)
    assert set(lengths(near)) == {(0, 1), (0, 2)}
    assert lengths(near)[0, 1] == pytest.approx(200, abs=0.2)


def test_a_hole_is_filled_by_its_neighbour() -> None:
    ring = box(0, 0, 100, 100).difference(box(40, 40, 60, 60))
    assert lengths(found(ring, box(40, 40, 60, 60))) == pytest.approx({(0, 1): 80}, abs=0.1)


def test_parts_that_do_not_touch_are_parts() -> None:
    near = found(*boxes(2, 2), *(affinity.translate(shape, 5000) for shape in boxes(2, 1)))
    assert sorted(np.bincount(near.parts()).tolist()) == [2, 4]


def test_what_cannot_be_asked_is_told() -> None:
    cells = in_degrees(boxes(2, 1))
    with pytest.raises(BadSettingError):
        neighbours_of(cells, tolerance_m=-1)
    with pytest.raises(EmptyFrameError):
        neighbours_of(cells.iloc[:0])
    with pytest.raises(DuplicateIdError):
        neighbours_of(cells.set_axis([1, 1]))
    with pytest.raises(WrongGeometryError):
        neighbours_of(cells.set_geometry(cells.representative_point()))


def test_published_adjacencies_of_real_districts_are_found(shared: Path) -> None:
    florida = _cells(gpd.read_file(shared / "districts/redist_fl25.gpkg"))
    told = json.loads((shared / "districts/redist_fl25_adjacency_0based.json").read_text())
    wanted = {(int(a), b) for a, others in told.items() for b in others if int(a) < b}
    assert set(lengths(neighbours_of(florida))) == wanted
    path = shared / "districts/rhode_island_vtd.gpkg"
    units = gpd.read_file(path, layer="ri_vtd_p4_view")
    with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as file:
        edges = file.execute("SELECT path_1, path_2 FROM gerrydb_graph_edge").fetchall()
    place = {name: at for at, name in enumerate(units["path"])}
    wanted = {tuple(sorted((place[a], place[b]))) for a, b in edges}
    assert set(lengths(neighbours_of(_cells(units)))) == wanted


def test_a_clean_city_agrees_with_shapely(shared: Path) -> None:
    city = gpd.read_parquet(shared / "smallareas/taiwan_hsinchu_city_2017.parquet")
    near = neighbours_of(_cells(city))
    shapes = near.shapes
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    common = shapely.length(shapely.intersection(shapely.boundary(shapes[one]), shapely.boundary(shapes[other])))
    wanted = {(a, b) for a, b, length in zip(one.tolist(), other.tolist(), common, strict=True) if length > 0.001}
    assert set(lengths(near)) == wanted
    assert near.unevenness[near.unevenness["finding"] != "sliver"].empty
    assert near.parts().max() == 0


def _cells(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=tiles_of(frame.geometry.to_numpy(), frame.crs).shapes)
