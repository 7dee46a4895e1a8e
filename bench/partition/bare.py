"""Bare frames: cells and borders of tessellations that know no streets - invented cities, small areas, districts."""

import json
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from bench.partition.city import SHARED
from bench.partition.ground import Arrays, Shapes

BAND = (300, 500)
CITY_CRS, CITY_CORNER_M = 32648, (650_000.0, 2_940_000.0)
TAIWAN_CRS, FLORIDA_CRS = 3826, 26917
TAIWAN = ("taipei", "keelung", "hsinchu_city")
LEAST_BORDER_M = 0.01
Frames = tuple[gpd.GeoDataFrame, pd.DataFrame]


def cell_frame(shapes: gpd.GeoSeries, households: Any) -> gpd.GeoDataFrame:
    """Return a cell frame of one community without compounds, in EPSG:4326."""
    count = len(shapes)
    table = {"area_code": "1", "kind": "building", "households": households, "people": households}
    index = pd.RangeIndex(1, count + 1, name="cell_id")
    return gpd.GeoDataFrame(table, geometry=shapes.to_crs(4326).to_numpy(), index=index, crs=4326)


def border_frame(a: Any, b: Any, length_m: Any) -> pd.DataFrame:
    """Return a border frame of walkable borders without a line; `a` and `b` are cell positions."""
    low, high = np.minimum(a, b) + 1, np.maximum(a, b) + 1
    table = pd.DataFrame({"cell_a": low, "cell_b": high, "length_m": length_m, "kind": "none", "is_walkable": True})
    return table.sort_values(["cell_a", "cell_b"], ignore_index=True)


def frames_of(arrays: Arrays, shapes: Shapes) -> Frames:
    """Return the frames of an invented city: it is set down near Guiyang, its own edges are the borders."""
    moved = shapely.transform(shapes, lambda places: places + CITY_CORNER_M)
    tails = np.repeat(np.arange(len(shapes)), np.diff(arrays["ptr"]))
    once = tails < arrays["idx"]
    borders = border_frame(tails[once], arrays["idx"][once].astype(np.int64), arrays["length"][once])
    return cell_frame(gpd.GeoSeries(moved, crs=CITY_CRS), arrays["mass"]), borders


def touching(shapes: gpd.GeoSeries) -> pd.DataFrame:
    """Return the borders of shapes in metres that share at least a centimetre of outline."""
    values = shapes.to_numpy()
    a, b = shapely.STRtree(values).query(values, predicate="intersects")
    a, b = a[a < b], b[a < b]
    shared = shapely.length(shapely.intersection(shapely.boundary(values[a]), shapely.boundary(values[b])))
    real = shared > LEAST_BORDER_M
    return border_frame(a[real], b[real], shared[real])


def taiwan(city: str) -> Frames:
    """Return one city's small areas; a missing household count is none."""
    table = gpd.read_parquet(SHARED / "smallareas" / f"taiwan_{city}_2017.parquet")
    shapes = table.geometry.to_crs(TAIWAN_CRS)
    return cell_frame(shapes, table["H_CNT"].fillna(0).astype(np.int64).to_numpy()), touching(shapes)


def florida() -> Frames:
    """Return the 25 precincts of redist, with redist's own adjacency."""
    table = gpd.read_file(SHARED / "districts" / "redist_fl25.gpkg").to_crs(FLORIDA_CRS)
    told = json.loads((SHARED / "districts" / "redist_fl25_adjacency_0based.json").read_text(encoding="utf-8"))
    pairs = np.array([(int(a), b) for a, row in told.items() for b in row if int(a) < b])
    return cell_frame(table.geometry, table["pop"].astype(np.int64).to_numpy()), named_borders(table.geometry, *pairs.T)


def rhode_island(*, with_island: bool) -> Frames:
    """Return the voting districts with the file's own adjacency; without the island, its mainland alone."""
    import warnings

    path = SHARED / "districts" / "rhode_island_vtd.gpkg"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = gpd.read_file(path, layer="ri_vtd_p4_view").set_index("path")
        edges = gpd.read_file(path, layer="gerrydb_graph_edge")
    a, b = table.index.get_indexer(edges["path_1"]), table.index.get_indexer(edges["path_2"])
    if not with_island:
        kept = largest_part(len(table), a, b)
        place = np.cumsum(kept) - 1
        inside = kept[a] & kept[b]
        table, a, b = table[kept], place[a[inside]], place[b[inside]]
    return cell_frame(table.geometry, table["total_vap"].to_numpy()), named_borders(table.geometry, a, b)


def largest_part(count: int, a: Any, b: Any) -> Any:
    """Return which nodes are in the largest connected part."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, part = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(count, count)), directed=False)
    return part == np.bincount(part).argmax()


def named_borders(shapes: gpd.GeoSeries, a: Any, b: Any) -> pd.DataFrame:
    """Return the borders of given pairs, as long as their outlines run together, a metre at least."""
    values = shapes.to_numpy()
    shared = shapely.length(shapely.intersection(shapely.boundary(values[a]), shapely.boundary(values[b])))
    return border_frame(a, b, np.maximum(shared, 1.0))


def arrays_of(cells: gpd.GeoDataFrame, borders: pd.DataFrame, cost_m: Any = None) -> Arrays:
    """Return the graph of all borders as `bench.partition.ground` writes it, for peers and for quality.

    Border `cost_m` is what the peer's border-cost call minimises; the length where it is not given.
    """
    from bench.partition.ground import rows_of

    metric = cells.geometry.to_crs(cells.estimate_utm_crs()).to_numpy()
    middles = shapely.centroid(metric)
    a, b = (cells.index.get_indexer(borders[end]) for end in ("cell_a", "cell_b"))
    length = borders["length_m"].to_numpy(dtype=np.float64)
    foot = borders["is_walkable"].to_numpy(dtype=np.float64)
    ptr, idx, (length, cost, foot) = rows_of(len(cells), a, b, length, length if cost_m is None else cost_m, foot)
    return {
        "ptr": ptr, "idx": idx, "foot": foot > 0, "cost": cost, "length": length,
        "mass": cells["households"].to_numpy(dtype=np.int64),
        "x": shapely.get_x(middles), "y": shapely.get_y(middles), "area": shapely.area(metric),
    }  # fmt: skip
