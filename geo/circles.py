"""Circles: polygons of what is reached on foot - pieces of street, widened.

Lines come in metres, polygons go out in EPSG:4326. A circle of fewer minutes lies within a circle
of more: `nested` makes sure of it to the last digit, since rounded corners and reprojection do not.
"""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geo.crs import to_degrees
from geo.network import WalkNetwork, cut

Shape = Any  # shapely types its functions as one geometry or an array of them
Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

BLOCKS_M = (400.0, 100.0)
QUARTER_SEGMENTS = 4
DISC_SEGMENTS = 16
M_PER_DEGREE = 111_320.0
NEST_DEG = 1e-8


class Brush:
    """Widens pieces of one network's street; blocks of street reached whole are widened once and kept.

    Parameters
    ----------
    network
        Built by `geo.network.walk_network`.
    width_m
        Half the width of the brush: ground this near to a line is reached.
    hole_max_m2
        Smaller holes are filled.
    """

    def __init__(self, network: WalkNetwork, width_m: float, hole_max_m2: float) -> None:
        self.network, self.width_m, self.hole_max_m2 = network, width_m, hole_max_m2
        middle = (network.node_xy[network.edge_nodes[:, 0]] + network.node_xy[network.edge_nodes[:, 1]]) / 2
        self._levels = [_Blocks.of(middle, side_m) for side_m in BLOCKS_M]

    def paint(self, edge: Ints, from_m: Floats, to_m: Floats, others: Shapes) -> Shape:
        """Return the ground near pieces of street (edge, from and to) and near other lines, in metres."""
        is_whole = (from_m <= 0) & (to_m >= self.network.edge_length_m[edge])
        parts = self._painted_whole(edge[is_whole], 0)
        parts += self._widened(cut(self.network, edge[~is_whole], from_m[~is_whole], to_m[~is_whole])).tolist()
        parts += self._widened(others).tolist()
        return filled_holes(shapely.union_all(parts), self.hole_max_m2)

    def _painted_whole(self, edge: Ints, level: int) -> list[Shape]:
        """Shapes that together are the ground near whole edges: blocks of this level and finer ones, then edges."""
        if level == len(self._levels):
            return list(self._widened(self.network.edge_geometry[edge]))
        blocks = self._levels[level]
        is_full = blocks.are_full(edge)
        kept = []
        for block in np.unique(blocks.block[edge[is_full]]).tolist():
            if block not in blocks.ground:
                finer = self._painted_whole(np.flatnonzero(blocks.block == block), level + 1)
                blocks.ground[block] = filled_holes(shapely.union_all(finer), self.hole_max_m2)
            kept.append(blocks.ground[block])
        return kept + self._painted_whole(edge[~is_full], level + 1)

    def _widened(self, lines: Shapes) -> Shapes:
        return np.asarray(shapely.buffer(lines, self.width_m, quad_segs=QUARTER_SEGMENTS), dtype=object)


@dataclass(frozen=True, eq=False)
class _Blocks:
    """Square blocks of one size: each edge's block, edges a block, and the ground of those met whole so far."""

    block: Ints
    size: Ints
    ground: dict[int, Shape]

    @classmethod
    def of(cls, middle: Floats, side_m: float) -> "_Blocks":
        _, block = np.unique(np.floor(middle / side_m), axis=0, return_inverse=True)
        return cls(block.reshape(-1), np.bincount(block.reshape(-1)), {})

    def are_full(self, edge: Ints) -> Bools:
        """Whether each edge's block has all of its edges among `edge`."""
        is_full = np.bincount(self.block[edge], minlength=len(self.size)) == self.size
        return np.asarray(is_full[self.block[edge]], dtype=np.bool_)


def disc(xy: Floats, radius_m: float) -> Shape:
    """Return a disc about one (2,) point in metres, drawn just outside the true circle, so that it covers it."""
    outer_m = radius_m / np.cos(np.pi / (4 * DISC_SEGMENTS))
    return shapely.buffer(shapely.Point(xy), outer_m, quad_segs=DISC_SEGMENTS)


def in_degrees(shapes: Shapes, crs: pyproj.CRS) -> Shapes:
    """Return (s,) polygons in metres as valid MultiPolygons in EPSG:4326."""
    degrees = to_degrees(gpd.GeoSeries(shapes, crs=crs)).to_numpy()
    return np.array([as_multipolygon(shape) for shape in degrees], dtype=object)


def nested(circles: Shapes, *, hole_max_m2: float) -> Shapes:
    """Return one place's circles, fewest minutes first, each made to cover the one before it."""
    made = [circles[0]]
    for outer in circles[1:]:
        inner = made[-1]
        if not shapely.covers(outer, inner):
            margin = shapely.buffer(inner, NEST_DEG, join_style="mitre")
            metres = M_PER_DEGREE**2 * np.cos(np.radians(shapely.get_y(shapely.centroid(inner))))
            outer = as_multipolygon(filled_holes(shapely.union(outer, margin), hole_max_m2 / metres))
        made.append(outer)
    return np.array(made, dtype=object)


def filled_holes(shape: Shape, hole_max: float) -> Shape:
    """Return a polygonal shape without holes smaller than `hole_max` (in the square of its unit)."""
    parts = []
    for part in shapely.get_parts(shape):
        holes = [ring for ring in part.interiors if shapely.area(shapely.Polygon(ring)) >= hole_max]
        parts.append(shapely.Polygon(part.exterior, holes))
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def as_multipolygon(shape: Shape) -> shapely.MultiPolygon:
    """Return a polygonal shape as one valid MultiPolygon; lines and points that mending leaves are dropped."""
    if not shapely.is_valid(shape):
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)
