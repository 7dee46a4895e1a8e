"""The map picture: the same for any order, bounded in size, shared borders stay shared."""

import random
import re

import shapely

from maps.picture import BYTES_MAX, Outline, picture_of
from tests.unit.maps_contexts import outlines


def lattice(side):
    cells = [(x, y, 107 + x / 100, 27 + y / 100) for x in range(side) for y in range(side)]
    return tuple(
        Outline(f"{x:06d}{y:03d}", f"{x // 4}", shapely.box(lon, lat, lon + 0.01, lat + 0.01))
        for x, y, lon, lat in cells
    )


def size(picture):
    return sum(len(shape.path) for shape in picture.grids) + sum(map(len, picture.communities))


def test_no_outlines_give_an_empty_picture_with_a_box():
    picture = picture_of([])
    assert picture.grids == ()
    assert picture.width > 0


def test_the_order_of_outlines_does_not_matter():
    rows = list(outlines(8))
    random.Random(1).shuffle(rows)
    assert picture_of(rows) == picture_of(outlines(8))


def test_one_path_a_grid_and_one_a_community():
    picture = picture_of(lattice(8))
    assert len(picture.grids) == 64
    assert len(picture.communities) == 2
    assert len({shape.tint for shape in picture.grids}) == 2


def test_vacant_grids_are_told():
    assert [shape.vacant for shape in picture_of(outlines()).grids].count(True) == 1


def test_paths_stay_inside_the_box():
    picture = picture_of(lattice(5))
    for shape in picture.grids:
        x, y = map(int, re.match(r"M(\d+) (\d+)l", shape.path).groups())
        assert 0 <= x <= picture.width
        assert 0 <= y <= picture.height


def test_many_corners_are_simplified_until_they_fit():
    circles = [Outline(f"{i}", "a", shapely.Point(i * 3, i % 7 * 3).buffer(1.4, quad_segs=400)) for i in range(400)]
    picture = picture_of(circles)
    assert len(picture.grids) == 400
    assert size(picture) <= BYTES_MAX


def test_empty_shapes_and_one_point_do_no_harm():
    rows = [Outline("a", "x", shapely.Polygon()), Outline("b", "x", shapely.box(1, 1, 1.5, 2))]
    assert len(picture_of(rows).grids) == 1


def test_collections_and_holes_are_drawn():
    holed = shapely.difference(shapely.box(0, 0, 4, 4), shapely.box(1, 1, 2, 2))
    parts = shapely.MultiPolygon([holed, shapely.box(6, 0, 7, 1)])
    (shape,) = picture_of([Outline("a", "x", parts)]).grids
    assert shape.path.count("M") == 3
