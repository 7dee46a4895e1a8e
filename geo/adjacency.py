"""Adjacency: which cells lie side by side, what lies between them, and whether one can walk across.

Two cells are neighbours when they share a piece of border (rook). What lies on it is found by looking
for lines within 5 cm of the middle of every straight piece: water before rail, rail before wall, wall
before road. The outline of a walled compound is a wall between the cells in it and all others, wherever
the border was drawn.

Frames
    cells       index cell_id; kind, compound_id; Polygon.
    borders     (row); cell_a < cell_b, length_m, kind (road, water, wall, rail, none, passage), road_class,
                is_walkable.

EPSG:4326 in; lengths in metres, measured in the local metre zone. See docs/methods/cells.md for the rules
on foot and their limits.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from geo.blocks import FAST, RAIL, ROAD, WALL, WALLED_KINDS, WATER, Ground, ground, line_bits, metric_shapes, road_at
from geo.crossings import crossing_links
from geo.crs import metric_crs_of, transformer
from geo.edges import Bools, Floats, Ints, Shapes, SharedEdges, lines_through, shared_edges
from geo.frames import WGS84, require, require_geometry

KINDS = ("none", "road", "wall", "rail", "water")
COLUMNS = ("cell_a", "cell_b", "length_m", "kind", "road_class", "is_walkable")
Bits = NDArray[np.uint8]


def borders_between(
    cells: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    barriers: gpd.GeoDataFrame,
    gates: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    *,
    gate_m: float = 5.0,
    gate_reach_m: float = 30.0,
    free_m: float = 1.0,
    opens_gateless: bool = False,
) -> pd.DataFrame:
    """Return the borders between cells, and the passages that join cells on foot across barriers.

    Parameters
    ----------
    cells
        ``n`` rows as of `geo.cells.cells_from_ground`: neighbours share their vertices to the last bit.
    streets
        road_class, is_walkable, is_bridge, is_private.
    barriers
        kind (water, rail, wall); lines and polygons.
    gates
        compound_id (missing: a gate in any wall); Points.
    compounds
        index compound_id; kind: ``walled`` ones stand behind a wall.
    gate_m
        A gate opens the walls within this distance.
    gate_reach_m
        A gate that opens no border joins the nearest cells inside and outside its compound within this.
    free_m
        So much border without a barrier makes it walkable.
    opens_gateless
        Take the wall of a compound of which no gate is known for open: for places whose gates nobody recorded.

    Returns
    -------
    pandas.DataFrame
        One row a pair of cells, sorted by cell_a, cell_b. ``kind`` is what lies on most of the length. ``road_class``
        is the class of the road that lies on most of a border of kind ``road`` (of two that lie on one another the
        greater), None on all others. ``is_walkable``: one can step from one to the other - along a free stretch,
        through a gate, or along a walkable street. A row of kind ``passage`` has no length: the cells do not touch
        (or only across water), but a street or gate joins them.

    Raises
    ------
    MissingCrsError, WrongCrsError, MissingColumnsError, DuplicateIdError, WrongGeometryError
        An input cannot be used.
    """
    _check(cells, streets, barriers, gates, compounds)
    if len(cells) == 0:
        none = np.empty(0, dtype=object)
        return _frame(np.empty((0, 2), dtype=np.int64), np.empty(0), none, none, np.empty(0, dtype=bool))
    cells = cells.sort_index()
    crs = metric_crs_of(cells)
    edges = _metric(shared_edges(cells.geometry.to_numpy()), crs)
    shapes = metric_shapes(cells, "cells", crs)
    wet = cells["kind"].eq("water").to_numpy(bool)
    home, walls = _keys(cells["compound_id"]), _walled(compounds, gates, opens_gateless=opens_gateless)
    cut = ground(streets, barriers, compounds[compounds.index.isin(walls)], crs=crs)
    bits = _bits(edges, cut, home, np.isin(home, walls))
    pairs, row = np.unique(np.column_stack([edges.left, edges.right]), axis=0, return_inverse=True)
    row = row.ravel()
    lengths: Floats = edges.lengths()
    total = np.bincount(row, lengths, len(pairs)).astype(np.float64)
    kind = _kinds(lengths, bits, row, wet[pairs].any(axis=1))
    road_class = _road_classes(edges, bits, row, kind, cut)
    free = np.bincount(row, lengths * ((bits & (WATER | RAIL | WALL | FAST)) == 0), len(pairs))
    walkable = free >= np.minimum(free_m, 0.5 * total)
    points, keys = metric_shapes(gates, "gates", crs), _keys(gates["compound_id"])
    through, opened = _gated(edges, bits, row, home, points, keys, gate_m=gate_m)
    idle = ~opened & np.isin(keys, walls)
    walkable = (walkable | through) & ~wet[pairs].any(axis=1)
    links = np.concatenate(
        [
            _street_links(shapes, ~wet, cut, streets, crs),
            _gate_links(shapes, ~wet, home, points[idle], keys[idle], reach_m=gate_reach_m),
        ]
    )
    return _with_links(_frame(pairs, total, kind, road_class, walkable), links, cells.index.to_numpy())


def _check(
    cells: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    barriers: gpd.GeoDataFrame,
    gates: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
) -> None:
    """Raise where ids are doubled, columns missing or cells not single polygons."""
    require(cells, "cells", columns=["kind", "compound_id"])
    require_geometry(cells, "cells", kinds=("Polygon",))
    require(streets, "streets", columns=["road_class", "is_walkable", "is_bridge", "is_private"])
    require(barriers, "barriers", columns=["kind"])
    require(gates, "gates", columns=["compound_id"])
    require(compounds, "compounds", columns=["kind"])


def _metric(edges: SharedEdges, crs: pyproj.CRS) -> SharedEdges:
    """Return the same edges with their vertices in metres."""
    there = transformer(WGS84, crs)
    return edges.moved(np.column_stack(there.transform(edges.vertices[:, 0], edges.vertices[:, 1])))


def _keys(ids: pd.Series) -> Ints:
    """Return compound ids as integers, -1 where there is none."""
    return np.asarray(ids.astype("Int64").fillna(-1).to_numpy(), dtype=np.int64)


def _walled(compounds: gpd.GeoDataFrame, gates: gpd.GeoDataFrame, *, opens_gateless: bool) -> Ints:
    """Return the ids of the compounds behind a wall."""
    walled = np.asarray(compounds.index[compounds["kind"].isin(WALLED_KINDS)], dtype=np.int64)
    return walled[np.isin(walled, _keys(gates["compound_id"]))] if opens_gateless else walled


def _bits(edges: SharedEdges, cut: Ground, home: Ints, walled: Bools) -> Bits:
    """Return what lies on each edge; a wall wherever a walled compound ends."""
    bits = line_bits(edges.middles(), cut)
    apart = home[edges.left] != home[edges.right]
    bits[apart & (walled[edges.left] | walled[edges.right])] |= WALL
    return bits


def _kinds(lengths: Floats, bits: Bits, row: Ints, has_water: Bools) -> NDArray[np.object_]:
    """Return what lies on most of each border; the bank of a water cell is water unless it is a road."""
    code = np.zeros(len(bits), dtype=np.int64)
    for place, bit in ((1, ROAD), (2, WALL), (3, RAIL), (4, WATER)):
        code[(bits & bit) > 0] = place
    total = np.zeros((len(has_water), len(KINDS)))
    np.add.at(total, (row, code), lengths)
    most = total.argmax(axis=1)
    most[has_water & (most != 1)] = KINDS.index("water")
    names: NDArray[np.object_] = np.array(KINDS, dtype=object)[most]
    return names


def _road_classes(
    edges: SharedEdges, bits: Bits, row: Ints, kind: NDArray[np.object_], cut: Ground
) -> NDArray[np.object_]:
    """Return the class of the road on most of each border of kind road, None for the others."""
    there = np.flatnonzero(((bits & ROAD) > 0) & (kind == "road")[row])
    name = road_at(edges.taken(there).middles(), cut)
    total = np.zeros((len(kind), len(cut.road_classes) + 1))
    np.add.at(total, (row[there], name), edges.lengths()[there])
    classes: NDArray[np.object_] = np.array([*cut.road_classes, None], dtype=object)
    most = np.where(kind == "road", total[:, : max(len(cut.road_classes), 1)].argmax(axis=1), len(cut.road_classes))
    found: NDArray[np.object_] = classes[most]
    return found


def _gated(
    edges: SharedEdges, bits: Bits, row: Ints, home: Ints, gates: Shapes, keys: Ints, *, gate_m: float
) -> tuple[Bools, Bools]:
    """Return which borders a gate opens, and which gates open one."""
    opens, used = np.zeros(int(row.max(initial=-1)) + 1, dtype=bool), np.zeros(len(gates), dtype=bool)
    wall = np.flatnonzero(((bits & WALL) > 0) & ((bits & (WATER | RAIL | FAST)) == 0))
    tree = shapely.STRtree(lines_through(edges.ends()[wall]))
    gate, place = tree.query(gates, predicate="dwithin", distance=gate_m)
    edge = wall[place]
    fits = (keys[gate] < 0) | (keys[gate] == home[edges.left[edge]]) | (keys[gate] == home[edges.right[edge]])
    opens[row[edge[fits]]] = True
    used[gate[fits]] = True
    return opens, used


def _street_links(shapes: Shapes, dry: Bools, cut: Ground, streets: gpd.GeoDataFrame, crs: pyproj.CRS) -> Ints:
    """Return the pairs of land cells that walkable streets link across barriers."""
    on_foot = streets[streets["is_walkable"].to_numpy(bool)].sort_index()
    lines = metric_shapes(on_foot, "streets", crs)
    single, of = shapely.get_parts(lines, return_index=True)
    is_bridge = on_foot["is_bridge"].to_numpy(bool)[of]
    return crossing_links(shapes, np.flatnonzero(dry), cut, single, is_bridge)


def _gate_links(shapes: Shapes, dry: Bools, home: Ints, gates: Shapes, keys: Ints, *, reach_m: float) -> Ints:
    """Return for each gate that opens no border the nearest cell in its compound and the nearest outside."""
    land = np.flatnonzero(dry)
    gate, place = shapely.STRtree(shapes[land]).query(gates, predicate="dwithin", distance=reach_m)
    cell = land[place]
    away = shapely.distance(gates[gate], shapes[cell])
    order = np.lexsort((cell, away, gate))
    gate, cell = gate[order], cell[order]
    pairs = []
    for which, key in enumerate(keys):
        near = cell[gate == which]
        inside, outside = near[home[near] == key], near[home[near] != key]
        if len(inside) and len(outside):
            pairs.append(sorted((inside[0], outside[0])))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _with_links(borders: pd.DataFrame, links: Ints, ids: NDArray[np.generic]) -> pd.DataFrame:
    """Return borders of positions as borders of ids: walkable where a link follows one, a passage for other links."""
    count = np.int64(len(ids))
    known = borders["cell_a"].to_numpy() * count + borders["cell_b"].to_numpy()
    wanted = np.unique(links[:, 0] * count + links[:, 1])
    more = np.setdiff1d(wanted, known)
    passages = _frame(
        np.column_stack(np.divmod(more, count)),
        np.zeros(len(more)),
        np.full(len(more), "passage", dtype=object),
        np.full(len(more), None, dtype=object),
        np.ones(len(more), dtype=bool),
    )
    borders = borders.assign(is_walkable=borders["is_walkable"] | np.isin(known, wanted))
    columns = {name: np.concatenate([borders[name].array, passages[name].array]) for name in COLUMNS[2:]}
    pairs = ids[np.concatenate([borders[["cell_a", "cell_b"]], passages[["cell_a", "cell_b"]]])]
    whole = _frame(pairs, columns["length_m"], columns["kind"], columns["road_class"], columns["is_walkable"])
    return whole.sort_values(["cell_a", "cell_b"], ignore_index=True)


def _frame(
    pairs: NDArray[np.generic],
    lengths: Floats,
    kind: NDArray[np.object_],
    road_class: NDArray[np.object_],
    walkable: Bools,
) -> pd.DataFrame:
    """Return the border frame; a missing class stays None."""
    classes = pd.Series(road_class, dtype=object)
    columns = (pairs[:, 0], pairs[:, 1], lengths, kind, classes, walkable)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
