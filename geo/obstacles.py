"""Obstacles: what a straight step from a door to a street may not cross.

Water, railways and walls stop the step; so does the outline of a compound that has gates, whose
buildings are joined through a gate instead (see `geo.network.snap`). Everything here is in metres,
in the network's CRS. Source of the rule: docs/methods/walking.md.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geo.crs import to_metric
from geo.frames import LINES, POINTS, POLYGONS, require, require_geometry

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SHORT_M = 0.001
ON_OUTLINE_M = 0.1
GATE_DEPTH_M = 2.0


@dataclass(frozen=True, eq=False)
class Obstacles:
    """Barriers and gated compounds, ready to be asked.

    Attributes
    ----------
    lines, areas
        walls and railways as lines (a walled area counts by its outline); water and railway ground as polygons.
    outlines
        one polygon for each compound that has a gate.
    gate_xy, gate_outline, gate_ids
        (g, 2) metres; position in `outlines`; id of each gate that is open. A compound whose gates are all
        shut stays closed.
    """

    lines: shapely.STRtree
    areas: shapely.STRtree
    outlines: shapely.STRtree
    gate_xy: Floats
    gate_outline: Ints
    gate_ids: npt.NDArray[np.object_]

    def outline_of(self, xy: Floats) -> Ints:
        """Return the position of the smallest gated compound that covers each (n, 2) point, or -1."""
        found = np.full(len(xy), -1, dtype=np.int64)
        point, outline = self.outlines.query(shapely.points(xy), predicate="covered_by")
        order = np.argsort(-shapely.area(self.outlines.geometries[outline]), kind="stable")
        found[point[order]] = outline[order]  # the smallest is written last
        return found

    def is_open(self, start: Floats, end: Floats, own: Ints, *, leaves_by_gate: bool = False) -> Bools:
        """Return whether each straight step from `start` to `end` (both (n, 2)) crosses nothing.

        Parameters
        ----------
        own
            position of the compound `start` stands in, or -1; such a step must also end well inside it.
        leaves_by_gate
            the step begins at a gate of compound `own`: that outline does not stop it, nor does
            the wall the gate stands in.
        """
        step = _steps(start, end)
        is_open = np.ones(len(step), dtype=np.bool_)
        asked = np.flatnonzero(shapely.length(step) > SHORT_M)
        is_open[asked[_crossed(self.areas, step[asked], start[asked])]] = False
        past_wall = _steps(_through_gate(start, end), end) if leaves_by_gate else step
        is_open[asked[self.lines.query(past_wall[asked], predicate="crosses")[0]]] = False
        crossing, outline = self.outlines.query(past_wall[asked], predicate="crosses")
        is_open[asked[crossing[outline != own[asked[crossing]]]]] = False
        if not leaves_by_gate:
            inside = np.flatnonzero(own >= 0)
            is_open[inside[~self._stays_inside(step[inside], end[inside], own[inside])]] = False
        return is_open

    def _stays_inside(self, step: Shapes, end: Floats, own: Ints) -> Bools:
        outline = self.outlines.geometries[own]
        is_on_outline = shapely.dwithin(shapely.points(end), shapely.boundary(outline), ON_OUTLINE_M)
        return np.asarray(shapely.covers(outline, step) & ~is_on_outline, dtype=np.bool_)


def _steps(start: Floats, end: Floats) -> Shapes:
    return np.asarray(shapely.linestrings(np.stack([start, end], axis=1)), dtype=object)


def _through_gate(start: Floats, end: Floats) -> Floats:
    """Set each start a little on its way, beyond the wall its gate stands in."""
    gap_m = np.hypot(*(end - start).T)
    share = np.minimum(GATE_DEPTH_M / np.maximum(gap_m, SHORT_M), 0.9)
    return np.asarray(start + (end - start) * share[:, None])


def _crossed(tree: shapely.STRtree, step: Shapes, start: Floats) -> Ints:
    """Positions of steps that run into an area from outside it; a place drawn inside one may leave it."""
    crossing, area = tree.query(step, predicate="crosses")
    from_outside = ~shapely.contains_properly(tree.geometries[area], shapely.points(start[crossing]))
    return np.asarray(crossing[from_outside])


def obstacles(
    crs: pyproj.CRS,
    *,
    barriers: gpd.GeoDataFrame | None = None,
    compounds: gpd.GeoDataFrame | None = None,
    gates: gpd.GeoDataFrame | None = None,
) -> Obstacles:
    """Return the obstacles of a place, in `crs`.

    Parameters
    ----------
    barriers
        index barrier_id; kind (water, rail, wall); geometry lines or polygons, EPSG:4326.
    compounds
        index compound_id; geometry polygons, EPSG:4326. Only those a gate points to count.
    gates
        index gate_id; compound_id (may be missing), is_open (where the column is missing all are); geometry
        Point, EPSG:4326.

    Raises
    ------
    MissingColumnsError, DuplicateIdError, MissingCrsError, WrongCrsError, WrongGeometryError
        As `geo.frames.require` and `require_geometry`.
    """
    lines, areas = _barrier_shapes(barriers, crs)
    outlines, gate_xy, gate_outline, gate_ids = _gated(compounds, gates, crs)
    return Obstacles(
        shapely.STRtree(lines), shapely.STRtree(areas), shapely.STRtree(outlines), gate_xy, gate_outline, gate_ids
    )


def _barrier_shapes(barriers: gpd.GeoDataFrame | None, crs: pyproj.CRS) -> tuple[Shapes, Shapes]:
    nothing = np.empty(0, dtype=object)
    if barriers is None or len(barriers) == 0:
        return nothing, nothing
    require(barriers, "barriers", columns=("kind",))
    require_geometry(barriers, "barriers", kinds=(*LINES, *POLYGONS))
    shape = to_metric(barriers.geometry, crs).to_numpy()
    is_area = shapely.get_dimensions(shape) == 2
    is_wall = barriers["kind"].to_numpy() == "wall"
    lines = np.concatenate([shape[~is_area], shapely.boundary(shape[is_area & is_wall])])
    return lines, shape[is_area & ~is_wall]


def _gated(
    compounds: gpd.GeoDataFrame | None, gates: gpd.GeoDataFrame | None, crs: pyproj.CRS
) -> tuple[Shapes, Floats, Ints, npt.NDArray[np.object_]]:
    nothing = np.empty(0, dtype=object)
    if compounds is None or gates is None or len(compounds) == 0 or len(gates) == 0:
        return nothing, np.empty((0, 2)), np.empty(0, dtype=np.int64), nothing
    require(compounds, "compounds")
    require(gates, "gates", columns=("compound_id",))
    require_geometry(compounds, "compounds", kinds=POLYGONS)
    require_geometry(gates, "gates", kinds=POINTS)
    known = gates[gates["compound_id"].isin(compounds.index)].sort_index()
    gated = compounds[compounds.index.isin(known["compound_id"])].sort_index()
    outline = to_metric(gated.geometry, crs).to_numpy()
    known = known[known["is_open"].astype(bool)] if "is_open" in known else known
    gate_outline = gated.index.get_indexer(known["compound_id"]).astype(np.int64)
    gate_xy = shapely.get_coordinates(to_metric(known.geometry, crs).to_numpy())
    return outline, gate_xy, gate_outline, known.index.to_numpy().astype(object)
