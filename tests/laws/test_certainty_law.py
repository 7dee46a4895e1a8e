"""Certain exactly when the point's accuracy disc lies inside one grid: on three kinds of ground, 10,000 points each.

A phone says 30 m and is wrong by anything up to that, evenly over the disc. Of the certain answers none may be wrong,
and every point whose disc lies inside one grid must be answered for certain.

Where a disc lies is judged by shapely in a transverse Mercator projection about the ground, with nothing of ours:
polygons of densified edges there, the distance of a point to its grid's border against the radius. Between borders
kept as straight in degrees and their densified images, and between that projection and the ellipsoid, lies less than
`UNSURE_M` on ground of a few kilometres (scale 1 + 1e-7, edges cut every 25 m); discs that touch within it are not
judged, and the law says how few those are.
"""

from collections.abc import Callable
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from data.demo import draw_town
from data.profiles import load_profile
from geo.adjacency import borders_between
from geo.cells import cells_from_ground
from geo.cover import dissolve
from geo.lookup import GridIndex
from geo.partition import propose_grids
from geo.rng import generator

POINTS, ACCURACY_M = 10_000, 30.0
UNSURE_M = 0.02
LON, LAT = 107.72, 27.95
GEOD = pyproj.Geod(ellps="WGS84")


def plane(grids: gpd.GeoDataFrame) -> pyproj.Transformer:
    """From degrees to metres about the middle of the ground."""
    west, south, east, north = grids.total_bounds
    told = f"+proj=tmerc +lat_0={(south + north) / 2} +lon_0={(west + east) / 2} +k=1 +ellps=WGS84 +units=m"
    return pyproj.Transformer.from_crs(4326, told, always_xy=True)


def in_degrees(shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    """Shapes drawn in metres about a place, as grids."""
    back = pyproj.Transformer.from_crs(f"+proj=tmerc +lat_0={LAT} +lon_0={LON} +k=1 +ellps=WGS84", 4326, always_xy=True)
    moved = [shapely.transform(shape, lambda xy: np.column_stack(back.transform(*xy.T))) for shape in shapes]
    return gpd.GeoDataFrame(geometry=moved, index=np.arange(1, len(moved) + 1), crs=4326)


@cache
def regular() -> gpd.GeoDataFrame:
    """Squares of 150 m, side by side."""
    return in_degrees([shapely.box(x, y, x + 150, y + 150) for x in range(0, 1500, 150) for y in range(0, 1500, 150)])


@cache
def demo_town() -> gpd.GeoDataFrame:
    """The grids that the engine draws on a demo town."""
    profile = load_profile("demo")
    town = draw_town(profile, scale=0.25, seed=3)
    cells = cells_from_ground(
        town.areas, town.buildings, town.streets, town.barriers, town.compounds,
        stairwells=town.stairwells, households_max=profile.grid.households_max,
    )  # fmt: skip
    borders = borders_between(cells, town.streets, town.barriers, town.gates, town.compounds)
    plan = propose_grids(cells, borders, band=profile.grid.band)
    shapes = dissolve(cells, plan.assignment)
    return gpd.GeoDataFrame(geometry=shapes.geometry.to_numpy(), index=np.arange(1, len(shapes) + 1), crs=4326)


@cache
def ragged() -> gpd.GeoDataFrame:
    """Groups of Voronoi cells: grids in several pieces, with lakes and other grids in them, and gaps between."""
    draw = generator(9, "ragged ground")
    sites = draw.uniform(0, 2000, (700, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(sites), ordered=True))
    cells = shapely.intersection(cells, shapely.box(0, 0, 2000, 2000))
    grid = (sites[:, 0] // 500).astype(int) * 4 + (sites[:, 1] // 500).astype(int)
    stray = draw.random(len(sites))
    grid = np.where(stray < 0.08, draw.integers(0, 16, len(sites)), grid)  # pieces within other grids
    is_ground = stray < 0.93  # the rest are lakes and gaps
    shapes = [shapely.union_all(cells[(grid == one) & is_ground]) for one in range(16)]
    made = in_degrees(shapes)
    assert (made.geometry.geom_type == "MultiPolygon").any()
    assert any(len(part.interiors) for shape in made.geometry for part in shapely.get_parts(shape))
    return made


GROUNDS = {"regular": regular, "demo town": demo_town, "ragged": ragged}


def told_of(grids: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, pd.Series]:
    """True places, where phones say they are, and the answers there: grid where certain, else -1."""
    draw = generator(17, "phones")
    west, south, east, north = grids.total_bounds
    true = draw.uniform([west, south], [east, north], (POINTS, 2))
    away_m = ACCURACY_M * np.sqrt(draw.random(POINTS))  # evenly over the disc
    lon, lat, _ = GEOD.fwd(true[:, 0], true[:, 1], draw.uniform(0, 360, POINTS), away_m)
    told = np.column_stack([lon, lat])
    index = GridIndex.from_grids(grids)
    found = [index.find(x, y, accuracy_m=ACCURACY_M) for x, y in told.tolist()]
    certain = pd.Series([one.ids[0] if one.certain else -1 for one in found])
    many = index.find_all(told[:, 0].copy(), told[:, 1].copy(), np.full(POINTS, ACCURACY_M))
    assert (many.kind == [one.kind for one in found]).all()
    assert [index.ids[many.places[a:b]].tolist() for a, b in zip(many.starts[:-1], many.starts[1:], strict=True)] == [
        list(one.ids) for one in found
    ]
    return true, told, certain.to_numpy(), grids.geometry


@pytest.mark.parametrize("name", list(GROUNDS))
def test_no_certain_answer_is_wrong(name: str) -> None:
    true, _, certain, shapes = told_of(GROUNDS[name]())
    sure = np.flatnonzero(certain >= 0)
    assert len(sure) > POINTS / 10
    homes = shapes.loc[certain[sure]].to_numpy()
    wrong = ~shapely.covers(homes, shapely.points(true[sure]))
    assert wrong.sum() == 0, true[sure][wrong][:3]


@pytest.mark.parametrize("name", list(GROUNDS))
def test_every_disc_inside_one_grid_is_certain_and_no_other(name: str) -> None:
    grids = GROUNDS[name]()
    _, told, certain, shapes = told_of(grids)
    to_metres: Callable[..., np.ndarray] = plane(grids).transform
    flat = [
        shapely.transform(shapely.segmentize(shape, 25 / 111_000), lambda xy: np.column_stack(to_metres(*xy.T)))
        for shape in shapes
    ]
    points = shapely.points(np.column_stack(to_metres(*told.T)))
    tree = shapely.STRtree(flat)
    at, home = tree.query(points, predicate="intersects")
    border_m = np.full(len(points), -np.inf)
    grid = np.full(len(points), -1)
    border_m[at] = shapely.distance(shapely.boundary(np.array(flat, dtype=object)[home]), points[at])
    grid[at] = shapes.index.to_numpy()[home]
    is_judged = np.abs(border_m - ACCURACY_M) > UNSURE_M
    lies_inside = border_m > ACCURACY_M
    expected = np.where(lies_inside, grid, -1)
    assert is_judged.mean() > 0.998
    assert lies_inside.sum() > POINTS / 10
    assert (~lies_inside).sum() > POINTS / 10
    differs = is_judged & (expected != certain)
    assert not differs.any(), (told[differs][:3], border_m[differs][:3], certain[differs][:3])
    # the same by shapely's own discs, for a few: a polygon of 128 corners lies within the circle by 9 mm at most
    for one in np.flatnonzero(is_judged)[:: POINTS // 200]:
        disc = shapely.buffer(points[one], ACCURACY_M, quad_segs=32)
        holds = [int(shapes.index[place]) for place in tree.query(disc) if shapely.contains(flat[place], disc)]
        assert holds == ([certain[one]] if certain[one] >= 0 else [])
