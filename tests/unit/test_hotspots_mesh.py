"""Meshes: every point in one cell, cells that tile, neighbours that touch."""

import numpy as np
import pytest
import shapely

from geo.errors import BadSettingError
from geo.hotspots.mesh import Mesh, cells_of, counts, mesh_over, neighbours, polygons, sums_about
from geo.rng import generator

# a place in the 108th meridian's zone of CGCS2000, whose coordinates have seven digits before the point
EAST_M, NORTH_M = 471_000.25, 3_093_000.125


def squares() -> Mesh:
    """Cells 3 4 5 above 0 1 2, each 10 m, from (100, 200)."""
    return mesh_over((100, 200, 130, 220), cell_m=10)


def hexagons(rows: int = 3, columns: int = 3) -> Mesh:
    """Cells 6 7 8 above 3 4 5, moved to the east, above 0 1 2."""
    return Mesh("hexagon", 2.0, (0.0, 0.0), rows, columns)


def test_squares_are_numbered_from_the_south_west() -> None:
    assert squares() == Mesh("square", 10, (100, 200), rows=2, columns=3)
    xy = np.array([(105, 205), (125, 205), (105, 215), (125, 215)])
    assert cells_of(squares(), xy).tolist() == [0, 2, 3, 5]


def test_a_point_on_a_side_lies_in_the_eastern_or_northern_square_and_on_the_rim_in_the_last() -> None:
    xy = np.array([(100, 200), (110, 205), (105, 210), (110, 210), (130, 205), (130, 220), (100, 220)])
    assert cells_of(squares(), xy).tolist() == [0, 1, 3, 4, 2, 5, 3]


def test_a_point_beyond_the_mesh_has_no_cell_and_is_not_counted() -> None:
    xy = np.array([(99.999, 205), (130.001, 205), (105, 199.999), (105, 220.001), (1e30, 205), (125, 215)])
    assert cells_of(squares(), xy).tolist() == [-1, -1, -1, -1, -1, 5]
    assert counts(squares(), xy).tolist() == [0, 0, 0, 0, 0, 1]
    assert counts(squares(), xy, np.arange(1.0, 7.0)).tolist() == [0, 0, 0, 0, 0, 6]
    assert cells_of(hexagons(), np.array([(-0.1, 1.0), (0.1, 0.0), (1e30, 1e30)])).tolist() == [-1, -1, -1]


def test_no_point_is_an_answer() -> None:
    assert cells_of(squares(), np.empty((0, 2))).tolist() == []
    assert counts(squares(), np.empty((0, 2))).tolist() == [0] * 6
    assert counts(squares(), np.empty((0, 2)), np.empty(0)).tolist() == [0] * 6


def test_one_place_is_one_cell() -> None:
    for kind in ("square", "hexagon"):
        mesh = mesh_over((EAST_M, NORTH_M, EAST_M, NORTH_M), cell_m=100, kind=kind)
        assert cells_of(mesh, np.array([(EAST_M, NORTH_M)])).min() >= 0
    assert mesh_over((EAST_M, NORTH_M, EAST_M, NORTH_M), cell_m=100).cells == 1


def test_many_points_are_counted_as_few_are() -> None:
    mesh = mesh_over((0, 0, 1000, 700), cell_m=35, kind="square")
    xy = generator(1, "points").uniform((-50, -50), (1050, 750), (70_000, 2))  # more than two parts of the work
    cell = cells_of(mesh, xy)
    column, row = np.floor(xy / 35).T
    inside = (column >= 0) & (column < mesh.columns) & (row >= 0) & (row < mesh.rows)
    np.testing.assert_array_equal(cell, np.where(inside, row * mesh.columns + column, -1))
    np.testing.assert_array_equal(counts(mesh, xy), np.bincount(cell[inside], minlength=mesh.cells))
    weights = generator(1, "weights").integers(0, 9, len(xy)).astype(float)
    assert counts(mesh, xy, weights).sum() == weights[inside].sum()


def test_a_square_has_the_neighbours_at_its_sides_and_corners() -> None:
    near = neighbours(squares())
    assert [near.node[a:b].tolist() for a, b in zip(near.start, near.start[1:], strict=False)] == [
        [1, 3, 4], [0, 2, 3, 4, 5], [1, 4, 5], [0, 1, 4], [0, 1, 2, 3, 5], [1, 2, 4],
    ]  # fmt: skip


def test_a_hexagon_has_the_six_neighbours_at_its_sides() -> None:
    near = neighbours(hexagons())
    assert [near.node[a:b].tolist() for a, b in zip(near.start, near.start[1:], strict=False)] == [
        [1, 3], [0, 2, 3, 4], [1, 4, 5], [0, 1, 4, 6, 7], [1, 2, 3, 5, 7, 8], [2, 4, 8], [3, 7], [3, 4, 6, 8],
        [4, 5, 7],
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["square", "hexagon"])
def test_neighbours_are_the_cells_that_touch_and_sums_are_over_them(kind: str) -> None:
    mesh = Mesh(kind, 70.0, (EAST_M, NORTH_M), rows=6, columns=5)  # type: ignore[arg-type]
    shapes = polygons(mesh, np.arange(mesh.cells))
    touching = [np.flatnonzero(shapely.distance(shape, shapes) == 0) for shape in shapes]
    near, values = neighbours(mesh), generator(2, kind).integers(0, 50, mesh.cells).astype(float)
    for cell, found in enumerate(touching):
        assert near.node[near.start[cell] : near.start[cell + 1]].tolist() == [i for i in found if i != cell]
    expected = [values[found].sum() for found in touching]
    assert sums_about(mesh, values).tolist() == expected
    assert sums_about(near, values).tolist() == expected


def test_sums_are_the_same_in_meshes_too_long_or_too_wide_for_one_part() -> None:
    for rows, columns in ((1, 1), (1, 40_000), (40_000, 1), (700, 60), (3, 20_000)):
        mesh = Mesh("square", 1.0, (0.0, 0.0), rows, columns)
        values = generator(3, "long").integers(0, 9, mesh.cells).astype(float)
        np.testing.assert_array_equal(sums_about(mesh, values), sums_about(neighbours(mesh), values))


def test_cells_outside_have_no_neighbours_and_are_nobodys() -> None:
    near = neighbours(squares(), inside=np.array([True, True, False, True, False, True]))
    assert [near.node[a:b].tolist() for a, b in zip(near.start, near.start[1:], strict=False)] == [
        [1, 3], [0, 3, 5], [], [0, 1], [], [1],
    ]  # fmt: skip
    assert sums_about(near, np.array([1.0, 2, 4, 8, 16, 32])).tolist() == [11, 43, 4, 11, 16, 34]


@pytest.mark.parametrize("kind", ["square", "hexagon"])
def test_polygons_tile_without_gap_or_overlap(kind: str) -> None:
    mesh = Mesh(kind, 33.3, (EAST_M, NORTH_M), rows=7, columns=6)  # type: ignore[arg-type]
    shapes = polygons(mesh, np.arange(mesh.cells))
    assert shapely.is_valid(shapes).all()
    assert shapely.is_ccw(shapely.get_exterior_ring(shapes)).all()
    assert shapely.coverage_is_valid(shapes)
    union = shapely.coverage_union_all(shapes)
    assert shapely.get_num_interior_rings(union) == 0
    assert union.area == pytest.approx(shapely.area(shapes).sum(), rel=1e-9)
    each = 33.3**2 * (1 if kind == "square" else 3**0.5 / 2)
    np.testing.assert_allclose(shapely.area(shapes), each, rtol=1e-7)


def test_a_hexagon_is_as_wide_as_asked() -> None:
    (shape,) = polygons(hexagons(), np.array([4]))
    sides = np.hypot(*np.diff(shapely.get_coordinates(shape), axis=0).T)
    np.testing.assert_allclose(sides, 2 / 3**0.5)
    west, _, east, _ = shape.bounds
    assert east - west == pytest.approx(2)
    middle = shapely.centroid(polygons(hexagons(), np.array([4, 5, 8])))
    assert shapely.distance(middle[0], middle[1:]).tolist() == pytest.approx([2, 2])


@pytest.mark.parametrize("kind", ["square", "hexagon"])
def test_a_mesh_covers_its_bounds(kind: str) -> None:
    bounds = (EAST_M, NORTH_M, EAST_M + 1234.5, NORTH_M + 777.7)
    for cell_m in (50, 61.7, 123.45, 777.7, 5000):
        mesh = mesh_over(bounds, cell_m=cell_m, kind=kind)  # type: ignore[arg-type]
        union = shapely.coverage_union_all(polygons(mesh, np.arange(mesh.cells)))
        assert shapely.box(*bounds).buffer(-1e-6).within(union)
        rim = shapely.get_coordinates(shapely.segmentize(shapely.box(*bounds), 1.0))
        assert cells_of(mesh, rim).min() >= 0


def test_bad_input_is_refused() -> None:
    for bounds in ((0, 0, np.nan, 1), (1, 0, 0, 1), (0, 1, 1, 0), (0, 0, np.inf, 1)):
        with pytest.raises(BadSettingError, match="bounds"):
            mesh_over(bounds, cell_m=1)
    for cell_m in (0, -1, np.nan, np.inf):
        with pytest.raises(BadSettingError, match="cell_m"):
            mesh_over((0, 0, 9, 9), cell_m=cell_m)
    with pytest.raises(BadSettingError, match="four million"):
        mesh_over((0, 0, 1e6, 1e6), cell_m=400)
    with pytest.raises(BadSettingError, match="kind"):
        mesh_over((0, 0, 9, 9), cell_m=1, kind="triangle")  # type: ignore[arg-type]
    for xy in ([(np.nan, 205.0)], [(105.0, np.inf)], [(105.0, 205.0), (-np.inf, 0)]):
        for mesh in (squares(), hexagons()):
            with pytest.raises(BadSettingError, match="xy"):
                cells_of(mesh, np.array(xy))
    with pytest.raises(BadSettingError, match="weights") as refused:
        counts(squares(), np.zeros((3, 2)), np.ones(2))
    assert "权重" in refused.value.text("zh")


def test_the_points_are_not_changed() -> None:
    xy = generator(4, "points").uniform(0, 300, (100, 2))
    copy = xy.copy()
    counts(squares(), xy)
    counts(hexagons(), xy, np.ones(100))
    np.testing.assert_array_equal(xy, copy)
