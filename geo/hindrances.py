"""Hindrances: which borders a wall, river or railway bars, which a bridge opens, and what barriers cut in two.

A border is barred where a barrier runs along it within a tolerance, or where it lies inside a polygon of
water or rails (of a wall's polygon only the outline bars); it stays walkable while enough of it is free, as in
`geo.adjacency`. A passage (bridge, tunnel, crossing, gate, ferry) opens the barred borders it meets, and the
cells at the two ends of its line are joined.

A barrier that runs through the inside of a cell cannot be kept to: the cell is the smallest ground there is.
Such cells are told. A cell without households that lies in a water polygon is water: nobody stands on it.

Frames
    barriers    kind (water, rail, wall); lines and polygons, EPSG:4326.
    passages    lines, points and polygons, EPSG:4326.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.blocks import areal, lines_of, metric_shapes
from geo.contacts import Segments, along, facing_stretch, uncovered
from geo.edges import Bools, Floats, Ints, Shapes
from geo.frames import require
from geo.neighbours import Neighbours

FREE_M = 1.0
BAR_KINDS = ("wall", "rail", "water")  # of two kinds that bar the same length, the later one names the border
PART_SHARE = 0.02
WET_SHARE = 0.9
Stretches = tuple[Ints, Floats, Floats]


@dataclass(frozen=True, eq=False)
class Hindered:
    """Borders with what bars them.

    Attributes
    ----------
    borders
        As of `geo.neighbours`, ``kind`` being what lies on at least half of the length, ``is_walkable`` whether one
        can step across; rows of kind ``passage`` (length 0) join cells without a border.
    cut
        cell_id, kind, inside_m: cells that a barrier cuts in two or more parts, which cannot be kept to.
    wet
        (n,) by position in `cell_ids`: the share of each cell that lies in water polygons.
    idle
        Positions in `passages` of those that open and join nothing.
    """

    borders: pd.DataFrame
    cut: pd.DataFrame
    wet: Floats
    idle: Ints


def hindered(
    near: Neighbours,
    barriers: gpd.GeoDataFrame,
    passages: gpd.GeoDataFrame,
    *,
    barrier_m: float,
    free_m: float = FREE_M,
) -> Hindered:
    """Return the borders of `near` with what bars and opens them.

    Parameters
    ----------
    near
        Of `geo.neighbours.neighbours_of`.
    barriers
        kind; lines and polygons. Other kinds than water and rail are walls.
    passages
        Lines, points and polygons that lead across barriers.
    barrier_m
        How far a barrier may lie from the border it stands on, and a passage from what it opens.
    free_m
        So much border without a barrier makes it walkable (half of it, where it is shorter than twice that).

    Raises
    ------
    MissingCrsError, WrongCrsError, MissingColumnsError
        An input cannot be used.
    """
    require(barriers.reset_index(drop=True), "barriers", columns=["kind"])
    shapes = metric_shapes(barriers, "barriers", near.crs).copy()
    kinds = np.where(barriers["kind"].isin(BAR_KINDS), barriers["kind"], "wall").astype(object)
    is_yard = (kinds == "wall") & (shapely.get_dimensions(shapes) == 2)
    shapes[is_yard] = shapely.boundary(shapes[is_yard])
    stretches = near.contacts
    border = Segments(stretches.ends[:, 0], stretches.ends[:, 1], np.arange(len(stretches.left)))
    barred, where = _barred(border, shapes, kinds, barrier_m)
    row = _row_of(near)
    total = np.bincount(row[row >= 0], border.lengths()[row >= 0], len(near.borders))
    lengths = {kind: np.bincount(row[row >= 0], held[row >= 0], len(near.borders)) for kind, held in barred.items()}
    free = total - lengths.pop("any")
    open_enough = free >= np.minimum(free_m, 0.5 * total) - 1e-9
    kind = near.borders["kind"].to_numpy(object).copy()
    for name in BAR_KINDS:
        kind[(lengths[name] >= 0.5 * total) & (lengths[name] > 0)] = name
    opened, links, idle = _opened(near, metric_shapes(passages, "passages", near.crs), where, row, barrier_m)
    borders = near.borders.assign(kind=kind, is_walkable=open_enough | opened)
    return Hindered(
        borders=_joined(near, borders, links),
        cut=_cut(near, shapes, kinds, barrier_m),
        wet=_wet(near.shapes, areal(shapes[kinds == "water"])),
        idle=idle,
    )


def _row_of(near: Neighbours) -> Ints:
    """Return the row in `borders` of each stretch, -1 for stretches too short to be a border."""
    ids, size = near.cell_ids, np.int64(len(near.cell_ids))
    known = ids.get_indexer(pd.Index(near.borders["cell_a"])) * size + ids.get_indexer(pd.Index(near.borders["cell_b"]))
    asked = near.contacts.left * size + near.contacts.right
    at = np.minimum(np.searchsorted(known, asked), max(len(known) - 1, 0))
    return np.where(known[at] == asked, at, -1) if len(known) else np.full(len(asked), -1)


def _barred(border: Segments, shapes: Shapes, kinds: Shapes, reach: float) -> tuple[dict[str, Floats], Stretches]:
    """Return how much of each stretch of border each kind bars, and all kinds together ("any"), and where."""
    found: list[Stretches] = []
    held = {}
    for kind in BAR_KINDS:
        mine = shapes[kinds == kind]
        beside, inside = _beside(border, lines_of(mine), reach), _inside(border, areal(mine))
        found.append(_together([beside, inside]))
        held[kind] = _covered(border, found[-1])
    where = _together(found)
    return {**held, "any": _covered(border, where)}, where


def _together(found: list[Stretches]) -> Stretches:
    of, low, high = (np.concatenate(column) for column in zip(*found, strict=True))
    return of.astype(np.int64), low, high


def _covered(border: Segments, found: Stretches) -> Floats:
    """Return how much of each segment the stretches cover together."""
    lengths = border.lengths()
    of, low, high = uncovered(lengths, *found)
    return np.maximum(0.0, lengths - np.bincount(of, high - low, len(lengths)))


def _beside(border: Segments, lines: Shapes, reach: float) -> Stretches:
    """Return where lines run along segments, within `reach`."""
    points, line = shapely.get_coordinates(lines, return_index=True)
    inside = line[1:] == line[:-1]
    bars = Segments(points[:-1][inside], points[1:][inside], line[:-1][inside])
    bars = bars.taken(bars.lengths() > 0)
    one, other = shapely.STRtree(bars.lines()).query(border.lines(), predicate="dwithin", distance=reach)
    low, high, _ = facing_stretch(border, one, bars, other, reach, any_way=True)
    real = high > low
    return one[real], low[real], high[real]


def _inside(border: Segments, polygons: Shapes) -> Stretches:
    """Return where segments lie in polygons."""
    lines = border.lines()
    polygon, line = shapely.STRtree(lines).query(polygons, predicate="intersects")
    parts, pair = shapely.get_parts(shapely.intersection(lines[line], polygons[polygon]), return_index=True)
    is_line = shapely.get_type_id(parts) == 1
    parts, of = parts[is_line], line[pair[is_line]]
    ends = np.stack([shapely.get_coordinates(shapely.get_point(parts, place)) for place in (0, -1)])
    at = np.hypot(*np.moveaxis(ends - border.start[of], -1, 0)) if len(of) else np.zeros((2, 0))
    return of.astype(np.int64), at.min(axis=0), at.max(axis=0)


def _opened(near: Neighbours, passages: Shapes, where: Stretches, row: Ints, reach: float) -> tuple[Bools, Ints, Ints]:
    """Return which borders passages open, the pairs of cells they join, and which passages do neither."""
    opened = np.zeros(len(near.borders), dtype=bool)
    used = np.zeros(len(passages), dtype=bool)
    of, low, high = where
    contacts = near.contacts
    border = Segments(contacts.ends[:, 0], contacts.ends[:, 1], np.arange(len(contacts.left)))
    bars = Segments(along(border, of, low), along(border, of, high), of).lines()
    passage, bar = shapely.STRtree(bars).query(passages, predicate="dwithin", distance=reach)
    met = row[of[bar]] >= 0
    opened[row[of[bar[met]]]] = True
    used[passage[met]] = True
    lines = np.flatnonzero(shapely.get_type_id(passages) == 1)
    ends = np.concatenate([shapely.get_point(passages[lines], 0), shapely.get_point(passages[lines], -1)])
    point, cell = shapely.STRtree(near.shapes).query_nearest(ends, max_distance=max(reach, 1e-6), all_matches=True)
    at = np.full(len(ends), -1, dtype=np.int64)
    at[point[::-1]] = cell[::-1]  # on a border between cells: the first of them
    links = np.column_stack([at[: len(lines)], at[len(lines) :]])
    joins = (links >= 0).all(axis=1) & (links[:, 0] != links[:, 1])
    used[lines[joins]] = True
    return opened, np.unique(np.sort(links[joins], axis=1), axis=0), np.flatnonzero(~used)


def _joined(near: Neighbours, borders: pd.DataFrame, links: Ints) -> pd.DataFrame:
    """Return borders made walkable where a link follows them, and a passage for every other link."""
    ids = near.cell_ids.to_numpy()
    pairs = pd.DataFrame({"cell_a": ids[links[:, 0]], "cell_b": ids[links[:, 1]]})
    keys = pd.MultiIndex.from_frame(borders[["cell_a", "cell_b"]])
    wanted = pd.MultiIndex.from_frame(pairs)
    borders = borders.assign(is_walkable=borders["is_walkable"] | keys.isin(wanted))
    more = pairs[~wanted.isin(keys)].assign(length_m=0.0, kind="passage", is_walkable=True)
    if more.empty:
        return borders
    return pd.concat([borders, more]).sort_values(["cell_a", "cell_b"], ignore_index=True)


def _cut(near: Neighbours, shapes: Shapes, kinds: Shapes, reach: float) -> pd.DataFrame:
    """Return the cells that barriers run through from side to side."""
    parts, of = shapely.get_parts(shapes, return_index=True)
    bars = np.concatenate([parts, np.empty(0, dtype=object)])
    cell, bar = shapely.STRtree(bars).query(near.shapes, predicate="intersects")
    is_area = shapely.get_dimensions(bars[bar]) == 2
    edge = np.where(is_area, shapely.boundary(bars[bar]), bars[bar])
    inside = shapely.length(shapely.intersection(_whole(near.shapes[cell]), edge))
    deep = inside > 2 * reach
    cell, bar, inside, is_area = cell[deep], bar[deep], inside[deep], is_area[deep]
    rows = []
    stops = np.flatnonzero(np.diff(cell)) + 1
    for group in np.split(np.arange(len(cell)), stops) if len(cell) else []:
        here = cell[group[0]]
        thick = np.where(is_area[group], bars[bar[group]], shapely.buffer(bars[bar[group]], 0.01))
        left = shapely.get_parts(shapely.difference(_whole(near.shapes[here : here + 1])[0], shapely.union_all(thick)))
        area = shapely.area(left)
        wide = 2 * area > reach * shapely.length(left)
        if int((wide & (area >= PART_SHARE * shapely.area(near.shapes[here]))).sum()) > shapely.get_num_geometries(
            near.shapes[here]
        ):
            longest = group[np.argmax(inside[group])]
            rows.append((near.cell_ids[here], kinds[of[bar[longest]]], float(inside[group].sum())))
    return pd.DataFrame(rows, columns=["cell_id", "kind", "inside_m"])


def _wet(shapes: Shapes, waters: Shapes) -> Floats:
    """Return the share of each cell that lies in water."""
    cell, water = shapely.STRtree(waters).query(shapes, predicate="intersects")
    common = shapely.area(shapely.intersection(_whole(shapes[cell]), waters[water]))
    area = shapely.area(shapes)
    return np.minimum(1.0, np.bincount(cell, common, len(shapes)) / np.where(area > 0, area, 1.0))


def _whole(shapes: Shapes) -> Shapes:
    """Return polygons that overlays take: what is only invalid in the last bit is mended."""
    bad = ~shapely.is_valid(shapes)
    now = shapes.copy()
    now[bad] = shapely.buffer(shapes[bad], 0)
    return now


def is_water(households: Ints, wet: Floats) -> Bools:
    """Return which cells nobody stands on: without households, and almost all in water polygons."""
    return np.asarray((households == 0) & (wet >= WET_SHARE), dtype=np.bool_)
