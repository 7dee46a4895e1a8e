"""Neighbours: which polygons of any tessellation lie side by side, however roughly it was drawn.

`geo.adjacency` asks for cells that share their vertices to the last bit, as `geo.cells` makes them. Here
vertices of one cell may lie on the edge of another, and gaps and overlaps up to a tolerance are borders
all the same. What was uneven is told, so that a person can judge whether the ground was meant like that.

Frames
    cells       index cell_id (unique); Polygon or MultiPolygon, EPSG:4326. A MultiPolygon is one cell.
    borders     (row); cell_a < cell_b, length_m, kind ("none"), is_walkable (True).

EPSG:4326 in; lengths in metres, measured in the local metre zone. See docs/methods/neighbours.md.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.contacts import Contacts, contacts_of
from geo.crs import metric_crs_of, to_metric, transformer
from geo.edges import Bools, Floats, Ints, Shapes, points_at
from geo.errors import BadSettingError
from geo.frames import POLYGONS, WGS84, require, require_geometry

TOLERANCE_M = 0.5
TOLERANCE_MAX_M = 100.0
TOUCH_LENGTH_M, EVEN_M = 0.02, 0.01
# Where four cells meet and have slipped, two that only met in the corner face each other on two sides of it.
CORNER_TOLERANCES = 2.0


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Borders, and where they come from.

    Attributes
    ----------
    borders
        cell_a < cell_b, length_m, kind "none", is_walkable; sorted by cell_a, cell_b.
    unevenness
        finding (gap, overlap, large_overlap, sliver), cell_a, cell_b (None for slivers), length_m, width_m (widest
        gap, deepest overlap, a sliver's mean width), area_m2, lon, lat.
    cell_ids
        The ids, sorted: positions in all arrays.
    shapes
        (n,) the cells in `crs`, in that order.
    contacts
        The stretches of border, `left` and `right` being positions in `cell_ids`.
    crs
        The local metre zone.
    """

    borders: pd.DataFrame
    unevenness: pd.DataFrame
    cell_ids: pd.Index
    shapes: Shapes
    contacts: Contacts
    crs: pyproj.CRS

    def parts(self) -> Ints:
        """Return for each cell, in the order of `cell_ids`, which connected part of the ground it is in, (n,)."""
        a, b = (self.cell_ids.get_indexer(pd.Index(self.borders[end])) for end in ("cell_a", "cell_b"))
        size = len(self.cell_ids)
        links = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(size, size))
        return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def neighbours_of(cells: gpd.GeoDataFrame, *, tolerance_m: float = TOLERANCE_M) -> Neighbours:
    """Return which cells lie side by side.

    Parameters
    ----------
    cells
        Index cell_id; Polygon or MultiPolygon, EPSG:4326.
    tolerance_m
        Widest gap and deepest overlap, in metres, across which two outlines still meet.

    Returns
    -------
    Neighbours
        Two cells have a border where their outlines share a segment or face each other for more than two
        centimetres without a gap, or for more than twice `tolerance_m` across one; and where one lies over the
        other, further than the tolerance. Touching in a corner is no border.

    Raises
    ------
    MissingCrsError, WrongCrsError, DuplicateIdError, WrongGeometryError, EmptyFrameError
        `cells` cannot be used.
    BadSettingError
        `tolerance_m` is no length from 0 to 100 m.
    """
    require(cells, "cells", empty=False)
    require_geometry(cells, "cells", kinds=POLYGONS)
    if not 0 <= tolerance_m <= TOLERANCE_MAX_M:
        raise BadSettingError(
            what="tolerance_m", value=tolerance_m, reason="it must lie between 0 and 100 metres",
            reason_zh="应在 0 到 100 米之间",
        )  # fmt: skip
    cells = cells.sort_index()
    crs = metric_crs_of(cells)
    shapes = shapely.force_2d(to_metric(cells.geometry, crs).to_numpy())
    contacts = contacts_of(shapes, tolerance_m=tolerance_m)
    pairs, lengths = _bordering(contacts, tolerance_m)
    over, area = _lying_over(shapes, contacts, tolerance_m)
    pairs, lengths = _with_overlaps(pairs, lengths, over, 2 * np.sqrt(area))
    ids = cells.index.to_numpy()
    borders = pd.DataFrame(
        {
            "cell_a": ids[pairs[:, 0]],
            "cell_b": ids[pairs[:, 1]],
            "length_m": lengths,
            "kind": np.full(len(pairs), "none", dtype=object),
            "is_walkable": np.ones(len(pairs), dtype=bool),
        }
    )
    uneven = pd.concat(
        [_strips(contacts, pairs, tolerance_m), _overlaps(shapes, over, area), _slivers(shapes, tolerance_m)],
        ignore_index=True,
    )
    return Neighbours(borders, _placed(uneven, ids, crs), cells.index, shapes, contacts, crs)


def _bordering(contacts: Contacts, tolerance_m: float) -> tuple[Ints, Floats]:
    """Return the pairs of cells that share a border, (b, 2), sorted, and how long it is."""
    pairs, row = np.unique(np.column_stack([contacts.left, contacts.right]), axis=0, return_inverse=True)
    row, lengths = row.ravel(), contacts.lengths()

    def total(chosen: Bools) -> Floats:
        return np.bincount(row, np.where(chosen, lengths, 0.0), len(pairs)).astype(np.float64)

    everything = np.ones(len(row), dtype=bool)
    is_border = (total(contacts.is_exact) > 0) | (total(contacts.is_touch) > TOUCH_LENGTH_M)
    is_border |= total(everything) > CORNER_TOLERANCES * tolerance_m
    return pairs[is_border].astype(np.int64), total(everything)[is_border]


def _lying_over(shapes: Shapes, contacts: Contacts, tolerance_m: float) -> tuple[Ints, Floats]:
    """Return the pairs of cells of which one lies over the other further than the tolerance, and the ground in m2.

    The outline of what two cells both hold is outline of either: some of it faces nothing, or the cell lies
    inside the other altogether.
    """
    inner = shapely.get_coordinates(shapely.point_on_surface(shapes))
    points = np.concatenate([inner, (contacts.loose.start + contacts.loose.end) / 2])
    owner = np.concatenate([np.arange(len(shapes)), contacts.loose.owner])
    one, point = shapely.STRtree(points_at(points)).query(shapes, predicate="contains_properly")
    other = owner[point]
    pairs = np.unique(np.column_stack([np.minimum(one, other), np.maximum(one, other)])[one != other], axis=0)
    whole = np.where(shapely.is_valid(shapes), shapes, shapely.buffer(shapes, 0))
    ground = shapely.intersection(whole[pairs[:, 0]], whole[pairs[:, 1]])
    area, around = shapely.area(ground), shapely.length(ground)
    thick = 2 * area > np.maximum(tolerance_m, EVEN_M) * np.maximum(around, EVEN_M)
    return pairs[thick], np.asarray(area[thick], dtype=np.float64)


def _with_overlaps(pairs: Ints, lengths: Floats, over: Ints, more: Floats) -> tuple[Ints, Floats]:
    """Return borders and, where two cells without one lie over each other, one as long as the overlap is wide."""
    size = np.int64(max(pairs.max(initial=0), over.max(initial=0)) + 1)
    new = ~np.isin(over[:, 0] * size + over[:, 1], pairs[:, 0] * size + pairs[:, 1])
    pairs, lengths = np.concatenate([pairs, over[new]]), np.concatenate([lengths, more[new]])
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[order], lengths[order]


def _strips(contacts: Contacts, pairs: Ints, tolerance_m: float) -> pd.DataFrame:
    """Return the thin gaps and overlaps between neighbours, the widest place being where they are.

    What is no longer than the tolerance is only the corner of a neighbour's outline that turns away.
    """
    size = np.int64(contacts.right.max(initial=0) + 1)
    pairs = pairs[pairs.max(axis=1) < size]  # a pair that only lies one over the other has no stretch
    met = np.isin(contacts.left * size + contacts.right, pairs[:, 0] * size + pairs[:, 1])
    frames = []
    for finding, uneven in (("gap", met & (contacts.gap_m > EVEN_M)), ("overlap", met & (contacts.gap_m < -EVEN_M))):
        lengths, width = contacts.lengths()[uneven], np.abs(contacts.gap_m[uneven])
        middle = contacts.ends[uneven].mean(axis=1)
        rows = pd.DataFrame(
            {
                "a": contacts.left[uneven], "b": contacts.right[uneven], "length_m": lengths, "width_m": width,
                "area_m2": lengths * width, "x": middle[:, 0], "y": middle[:, 1],
            }
        )  # fmt: skip
        widest = rows.sort_values(["width_m", "length_m", "a", "b"], kind="stable").groupby(["a", "b"])
        sums = rows.groupby(["a", "b"])[["length_m", "area_m2"]].sum()
        sums = sums[sums["length_m"] > tolerance_m]
        frames.append(
            widest[["width_m", "x", "y"]].last().join(sums, how="inner").reset_index().assign(finding=finding)
        )
    return pd.concat(frames, ignore_index=True)


def _overlaps(shapes: Shapes, over: Ints, area: Floats) -> pd.DataFrame:
    """Return the overlaps that are no thin strips."""
    middle = shapely.get_coordinates(shapely.centroid(shapes[over[:, 0]]))
    return pd.DataFrame(
        {
            "finding": "large_overlap", "a": over[:, 0], "b": over[:, 1], "length_m": 0.0, "width_m": np.sqrt(area),
            "area_m2": area, "x": middle[:, 0], "y": middle[:, 1],
        }
    )  # fmt: skip


def _slivers(shapes: Shapes, tolerance_m: float) -> pd.DataFrame:
    """Return the cells that are thinner than the tolerance."""
    around = shapely.length(shapes)
    width = 2 * shapely.area(shapes) / np.where(around > 0, around, 1.0)
    thin = np.flatnonzero(width < tolerance_m)
    middle = shapely.get_coordinates(shapely.centroid(shapes[thin]))
    return pd.DataFrame(
        {
            "finding": "sliver", "a": thin, "b": -1, "length_m": around[thin] / 2, "width_m": width[thin],
            "area_m2": shapely.area(shapes[thin]), "x": middle[:, 0], "y": middle[:, 1],
        }
    )  # fmt: skip


def _placed(uneven: pd.DataFrame, ids: Shapes, crs: pyproj.CRS) -> pd.DataFrame:
    """Return findings with ids for positions and degrees for metres, the largest first."""
    back = transformer(crs, WGS84)
    lon, lat = back.transform(uneven["x"].to_numpy(np.float64), uneven["y"].to_numpy(np.float64))
    b = uneven["b"].to_numpy(np.int64)
    frame = pd.DataFrame(
        {
            "finding": uneven["finding"].to_numpy(object),
            "cell_a": ids[uneven["a"].to_numpy(np.int64)],
            "cell_b": np.where(b >= 0, ids[b], None),
            **{name: uneven[name].to_numpy(np.float64) for name in ("length_m", "width_m", "area_m2")},
            "lon": lon,
            "lat": lat,
        }
    )
    order = np.lexsort((uneven["b"], uneven["a"], -frame["area_m2"].to_numpy()))
    return frame.iloc[order].reset_index(drop=True)
