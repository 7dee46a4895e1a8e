"""Grids and points that nobody tuned to: groups of Voronoi cells, and points anywhere, on corners and on borders."""

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

Floats = npt.NDArray[np.float64]
CELLS_EACH = 40
WEST, SOUTH, WIDE, HIGH = 104.6, 26.4, 0.4, 0.3  # degrees; as large as a county


def grids(count: int, *, seed: int) -> gpd.GeoDataFrame:
    """Return about `count` grids that tile a rectangle, some 50 corners each: index 1.., EPSG:4326."""
    draws = np.random.default_rng(seed)
    places = draws.random((count * CELLS_EACH, 2)) * [WIDE, HIGH] + [WEST, SOUTH]
    middles = draws.random((count, 2)) * [WIDE, HIGH] + [WEST, SOUTH]
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(places), ordered=True))
    grid = cKDTree(middles).query(places)[1]
    order = np.argsort(grid, kind="stable")
    groups = np.split(cells[order], np.searchsorted(grid[order], np.arange(1, count)))
    shapes = np.array([shapely.coverage_union_all(group) for group in groups if len(group)])
    return gpd.GeoDataFrame(geometry=shapes, index=np.arange(1, len(shapes) + 1), crs="EPSG:4326")


def anywhere(grids: gpd.GeoDataFrame, count: int, *, seed: int) -> Floats:
    """Return (count, 2) points in the box around grids and a little beyond."""
    west, south, east, north = grids.total_bounds
    margin = 0.02 * np.array([east - west, north - south])
    draws = np.random.default_rng(seed)
    return draws.uniform(np.array([west, south]) - margin, np.array([east, north]) + margin, (count, 2))


def on_borders(grids: gpd.GeoDataFrame, count: int, *, seed: int) -> Floats:
    """Return corners of grids, and as many points on their edges: as near as numbers can tell."""
    draws = np.random.default_rng(seed)
    rings = shapely.get_rings(shapely.get_parts(grids.geometry.to_numpy()))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    edges = np.flatnonzero(ring[1:] == ring[:-1])
    chosen = draws.choice(edges, count // 2)
    along = np.where(draws.random(len(chosen)) < 0.5, 0.5, draws.random(len(chosen)))[:, None]
    return np.vstack(
        [xy[draws.choice(len(xy), count - len(chosen))], xy[chosen] + along * (xy[chosen + 1] - xy[chosen])]
    )
