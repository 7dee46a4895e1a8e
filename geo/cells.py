"""Cells: the smallest ground that can change hands, around one building, cut by roads, water and walls.

Frames
    areas, buildings, streets, barriers, compounds, stairwells
        see docs/architecture.md.
    cells
        index cell_id (1..n: by area_code, then west to east, north to south); area_code, building_id,
        stairwell_id, compound_id, kind (building, stairwell, share, open, water), use, households,
        people, geometry (Polygon).

Coordinates come in and go out as EPSG:4326; the work is done in the town's metre zone, on a grid of
0.1 mm. Cells tile every community: no gap, no overlap, neighbours share their vertices to the last bit,
across community outlines too. Straight lines are straight in the metre zone.

Limits: lines that enclose nothing (dead ends) cut nothing; an open or water face below `sliver_m2` or
thinner than `strip_m` is joined to a neighbour; huge open blocks are left whole. See docs/methods/cells.md.
"""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from geo.blocks import (
    CUTTING_CLASSES,
    FAST,
    RAIL,
    WATER,
    Ground,
    areal,
    faces,
    first_hit,
    ground,
    line_bits,
    lines_of,
    loose,
    metric_shapes,
    noded,
)
from geo.crs import metric_crs_of, transformer
from geo.edges import Floats, Ints, Shapes, points_at, shared_edges, unique_points
from geo.errors import EmptyFrameError
from geo.footprints import Samples, samples
from geo.frames import POLYGONS, WGS84, require, require_geometry
from geo.owners import owners
from geo.slivers import absorbed, border_worth
from geo.tessellation import Faces, divided

COLUMNS = (
    "area_code", "building_id", "stairwell_id", "compound_id", "kind", "use", "households", "people", "geometry",
)  # fmt: skip
PARTS = ("stairwell", "share")
POCKET_M = 10.0
FREE_M = 1.0


def cells_from_ground(
    areas: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    barriers: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    *,
    stairwells: gpd.GeoDataFrame | None = None,
    households_max: int | None = None,
    cutting: Sequence[str] = CUTTING_CLASSES,
    sliver_m2: float = 1.0,
    strip_m: float = 2.0,
    workers: int | None = None,
) -> gpd.GeoDataFrame:
    """Return the cells of communities: an enclosed tessellation around buildings.

    Parameters
    ----------
    areas
        index area_code; the rows of level ``community`` are cut, or all rows where there is none. They should
        tile; ground that two of them claim goes to the lower code.
    buildings
        index building_id; households, people, use (optional); Polygons or MultiPolygons that may touch, overlap
        or be invalid. A building counts where its representative point is. Counts that are missing count as 0.
    streets
        road_class, is_bridge, is_private. The classes `cutting` cut, save private service lanes.
    barriers
        kind (water, rail, wall); lines cut, polygons of water become cells of kind ``water``.
    compounds
        kind; outlines cut, whatever the kind.
    stairwells
        building_id, number, households; Points. Where a building's cell is cut.
    households_max
        A building with more is cut by stairwell, or in equal shares where fewer than two are known.
    cutting
        Road classes that cut ground.
    sliver_m2, strip_m
        Open and water faces with less ground, or a smaller mean width (2 area / perimeter), join a neighbour.
    workers
        Threads to work with; None for one a core. The cells are the same whatever it is.

    Returns
    -------
    geopandas.GeoDataFrame
        Cells, EPSG:4326. ``attrs["outside"]`` lists the buildings outside every community (or without a geometry):
        they have no cell. ``attrs["joined"]`` lists buildings too small to draw a cell for; their households
        and people are in the cell they stand in. ``attrs["cut"]`` lists the buildings above `households_max`, by
        how they were cut: ``{"stairwell": ids, "share": ids}``; equal shares are a guess, to be checked on site.
        Households and people of all cells add up to those of all buildings but the ones outside, exactly.

    Raises
    ------
    MissingCrsError, WrongCrsError, MissingColumnsError, DuplicateIdError, WrongGeometryError, EmptyFrameError
        An input cannot be used; areas must be valid polygons.
    """
    _check(areas, buildings, streets, barriers, compounds)
    communities = _communities(areas)
    crs = metric_crs_of(communities)
    outlines = metric_shapes(communities, "areas", crs)
    cut = ground(streets.sort_index(), barriers.sort_index(), compounds.sort_index(), crs=crs, cutting=cutting)
    placed, prints, outside = _placed(buildings.sort_index(), outlines, crs)
    waters = _dry(cut.waters, prints)
    blocks, community, ends = _blocks(outlines, cut, waters)
    who = owners(placed, stairwells, households_max=households_max, crs=crs)
    found = _samples(prints, blocks, who, workers)
    pieces = divided(blocks, ends, found, workers=workers)
    is_water = first_hit(waters, shapely.point_on_surface(blocks)) >= 0
    target = _targets(pieces, community, is_water, found, cut, sliver_m2=sliver_m2, strip_m=strip_m)
    shapes, heads = _merged(pieces.shapes, target)
    cells = _frame(shapes, heads, pieces, is_water, who)
    block = pieces.block[heads]
    cells["area_code"] = communities.index.to_numpy()[community[block]]
    cells["compound_id"] = _compound_of(blocks, cut.compounds, compounds.sort_index().index)[block]
    joined = _join_lost(cells, shapes, pieces, found, who)
    return _finished(cells, shapes, crs, outside=outside, joined=joined)


def _check(
    areas: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    barriers: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
) -> None:
    """Raise where ids are doubled or columns missing."""
    require(areas, "areas", empty=False)
    require(buildings, "buildings", columns=["households", "people"])
    require(streets, "streets", columns=["road_class", "is_bridge", "is_private"])
    require(barriers, "barriers", columns=["kind"])
    require(compounds, "compounds", columns=["kind"])


def _communities(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the areas to cut, by code: those of level community if any is, else all with a geometry."""
    drawn = areas[areas.geometry.notna()]
    if "level" in drawn and (drawn["level"] == "community").any():
        drawn = drawn[drawn["level"] == "community"]
    require_geometry(drawn, "areas", kinds=POLYGONS)
    if len(drawn) == 0:
        raise EmptyFrameError(what="areas", mend="No community has a geometry.")
    return drawn.sort_index()


def _placed(
    buildings: gpd.GeoDataFrame, outlines: Shapes, crs: pyproj.CRS
) -> tuple[gpd.GeoDataFrame, Shapes, list[object]]:
    """Return the buildings inside a community, their footprints in metres, and the ids of the others."""
    prints = metric_shapes(buildings, "buildings", crs)
    inside = first_hit(outlines, shapely.point_on_surface(prints)) >= 0
    return buildings[inside], prints[inside], buildings.index[~inside].tolist()


def _dry(waters: Shapes, prints: Shapes) -> Shapes:
    """Return the water without the footprints of buildings that stand in it: theirs is ground."""
    water, wet = shapely.STRtree(waters).query(shapely.point_on_surface(prints), predicate="intersects")[::-1]
    if len(wet) == 0:
        return waters
    drained = waters.copy()
    for place in np.unique(water):
        drained[place] = shapely.difference(waters[place], shapely.union_all(prints[wet[water == place]]))
    return areal(drained)


def _blocks(outlines: Shapes, cut: Ground, waters: Shapes) -> tuple[Shapes, Ints, Shapes]:
    """Return the blocks inside communities, the community of each, and the lines that enclose nothing."""
    cuts = np.concatenate([cut.cuts, cut.rails, cut.streams, cut.walls, lines_of(cut.compounds), lines_of(waters)])
    near = np.unique(shapely.STRtree(cuts).query(outlines, predicate="intersects")[1])
    lines = noded(np.concatenate([lines_of(outlines), cuts[near]]))
    blocks = faces(lines)
    community = first_hit(outlines, shapely.point_on_surface(blocks))
    return blocks[community >= 0], community[community >= 0], loose(lines, blocks)


def _samples(prints: Shapes, blocks: Shapes, who: pd.DataFrame, workers: int | None) -> Samples:
    """Return the points that stand for owners, each in the block of its building's representative point."""
    if len(prints) == 0:
        return Samples(np.empty((0, 2)), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    doors = shapely.point_on_surface(prints)
    block = first_hit(blocks, doors)
    astray = block < 0  # on the outermost outline, off by the rounding of the grid
    block[astray] = shapely.STRtree(blocks).nearest(doors[astray])
    return samples(prints, block, blocks, who, workers=workers)


def _targets(
    pieces: Faces,
    community: Ints,
    is_water: NDArray[np.bool_],
    found: Samples,
    cut: Ground,
    *,
    sliver_m2: float,
    strip_m: float,
) -> Ints:
    """Return for each face the face whose cell it becomes part of."""
    edges = shared_edges(pieces.shapes)
    settled = np.isin(pieces.block, found.block)
    same = pieces.block[edges.left] == pieces.block[edges.right]
    home = absorbed(settled & (pieces.owner < 0), edges.left[same], edges.right[same], edges.lengths()[same])
    width = 2 * shapely.area(pieces.shapes) / shapely.length(pieces.shapes)
    small = ~settled & (width < max(POCKET_M, strip_m))
    sliver = ~settled & ((shapely.area(pieces.shapes) < sliver_m2) | (width < strip_m))
    where = community[pieces.block]
    near = edges.taken((small | sliver)[edges.left] | (small | sliver)[edges.right])
    bits = line_bits(near.middles(), cut)
    water = is_water[pieces.block] & (pieces.owner < 0)
    pocket = small & ~water & (_free(near.left, near.right, near.lengths(), bits, water) < FREE_M)
    worth = border_worth(near.lengths(), bits) * np.where(water[near.left] == water[near.right], 1.0, 1e-3)
    together = where[near.left] == where[near.right]
    onward = absorbed(sliver | pocket, home[near.left[together]], home[near.right[together]], worth[together])
    return onward[home]


def _free(left: Ints, right: Ints, lengths: Floats, bits: NDArray[np.uint8], water: NDArray[np.bool_]) -> Floats:
    """Return how much border of each face lies on nothing that bars the way (a wall has gates)."""
    free = lengths * (((bits & (RAIL | FAST | WATER)) == 0) & ~water[left] & ~water[right])
    return np.asarray(np.bincount(left, free, len(water)) + np.bincount(right, free, len(water)), dtype=np.float64)


def _merged(shapes: Shapes, target: Ints) -> tuple[Shapes, Ints]:
    """Return one Polygon for each target, joined along shared edges without moving a vertex, and the targets."""
    heads, label = np.unique(target, return_inverse=True)
    merged = shapes[heads].copy()
    crowd = np.flatnonzero(np.bincount(label) > 1)
    order = np.argsort(label, kind="stable")
    bounds = np.searchsorted(label[order], [crowd, crowd + 1])
    for place, start, end in zip(crowd, *bounds, strict=True):
        merged[place] = shapely.get_parts(shapely.coverage_union_all(shapes[order[start:end]]))[0]
    return merged, heads


def _frame(shapes: Shapes, heads: Ints, pieces: Faces, is_water: NDArray[np.bool_], who: pd.DataFrame) -> pd.DataFrame:
    """Return what each cell has of its owner; open ground and water have none."""
    rows = pd.DataFrame(index=pd.RangeIndex(len(shapes)))
    owner = pieces.owner[heads]
    owned = owner >= 0
    plain = np.where(is_water[pieces.block[heads]], "water", "open").astype(object)
    for column in ("building_id", "stairwell_id"):
        rows[column] = pd.array([pd.NA] * len(rows), dtype="Int64")
        rows.loc[owned, column] = pd.array(who[column].to_numpy()[owner[owned]], dtype="Int64")
    rows["kind"] = plain
    rows["use"] = pd.Series([None] * len(rows), dtype=object)
    for column in ("kind", "use"):
        rows.loc[owned, column] = who[column].to_numpy(object)[owner[owned]]
    for column in ("households", "people"):
        rows[column] = np.zeros(len(rows), dtype=np.int64)
        rows.loc[owned, column] = who[column].to_numpy()[owner[owned]]
    return rows


def _compound_of(blocks: Shapes, compounds: Shapes, ids: pd.Index) -> Any:
    """Return the compound each block lies in, the smallest where they are nested."""
    order = np.argsort(shapely.area(compounds), kind="stable")
    hit = first_hit(compounds[order], shapely.point_on_surface(blocks))
    found = pd.array([pd.NA] * len(blocks), dtype="Int64")
    found[hit >= 0] = pd.array(ids.to_numpy()[order[hit[hit >= 0]]], dtype="Int64")
    return found


def _join_lost(cells: pd.DataFrame, shapes: Shapes, pieces: Faces, found: Samples, who: pd.DataFrame) -> list[object]:
    """Add the counts of owners that got no face to the cell they stand in (in place); return their buildings."""
    lost = np.setdiff1d(np.arange(len(who)), pieces.owner)
    if len(lost) == 0:
        return []
    doors = np.array([found.places[found.owner == owner].mean(axis=0) for owner in lost])
    home = shapely.STRtree(shapes).nearest(points_at(doors))
    for column in ("households", "people"):
        np.add.at(cells[column].to_numpy(), home, who[column].to_numpy()[lost])
    buildings: list[object] = who["building_id"].to_numpy()[lost].tolist()
    return buildings


def _finished(
    cells: pd.DataFrame, shapes: Shapes, crs: pyproj.CRS, *, outside: list[object], joined: list[object]
) -> gpd.GeoDataFrame:
    """Return the cells in degrees, in their lasting order, equal vertices staying equal."""
    points, ids = unique_points(shapely.get_coordinates(shapes))
    lon, lat = transformer(crs, WGS84).transform(points[:, 0], points[:, 1])
    degrees = shapely.set_coordinates(shapes.copy(), np.column_stack([lon, lat])[ids])
    middles = shapely.get_coordinates(shapely.point_on_surface(degrees))
    order = np.lexsort((-middles[:, 1], middles[:, 0], cells["area_code"].to_numpy(str)))
    frame = gpd.GeoDataFrame(cells, geometry=degrees, crs=WGS84).iloc[order][list(COLUMNS)]
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="cell_id").astype("int64")
    frame.attrs = {"outside": outside, "joined": joined, "cut": {kind: _ids_of(frame, kind) for kind in PARTS}}
    return frame


def _ids_of(cells: gpd.GeoDataFrame, kind: str) -> list[object]:
    """Return the buildings of the cells of one kind, each once."""
    ids: list[object] = np.sort(cells.loc[cells["kind"] == kind, "building_id"].dropna().unique()).tolist()
    return ids
