"""OSM compounds and gates: enclosed grounds where tags justify them, and the ways in.

EPSG:4326, distances in the town's metre zone. Compounds never overlap: a smaller one inside a
larger keeps its ground. A gate's ``hours`` is "off" (OSM opening hours for "never open") where
the gate is locked or refused to everyone; a private gate of a compound stays open to those who
live there.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.readers import osm_tags
from data.readers.frames import multi, polygons_only, table_frame
from data.readers.osm_elements import Elements, Tags, surfaces
from data.tables import ground
from geo.crs import to_metric
from geo.frames import WGS84

COMPOUND_MIN_M2 = 500.0
WALLED_MIN = 3
GATE_ON_WALL_M = 3.0
NEVER_OPEN = "off"


def compounds(elements: Elements, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return compounds (without area_code) in the shape of their table, none overlapping another.

    Walled homes count from three buildings: OSM also draws single fenced gardens.
    """
    found = surfaces(elements, lambda tags: osm_tags.compound_kind(tags) is not None)
    order = np.lexsort((np.array(found.refs, dtype=str), shapely.area(found.shapes)))
    shapes = polygons_only(_disjoint(found.shapes[order]))
    if len(shapes):
        big = to_metric(gpd.GeoSeries(shapes, crs=WGS84)).area.to_numpy() >= COMPOUND_MIN_M2
        held = _held(shapes, buildings)
        lone = np.array([osm_tags.compound_kind(found.tags[row]) == "walled" for row in order]) & (held < WALLED_MIN)
    kept = sorted(np.flatnonzero(big & ~lone), key=lambda row: found.refs[order[row]]) if len(shapes) else []
    tags = [found.tags[order[row]] for row in kept]
    values = {
        "source_ref": [found.refs[order[row]] for row in kept],
        "name": [osm_tags.clean(item.get("name")) for item in tags],
        "kind": [osm_tags.compound_kind(item) for item in tags],
    }
    return table_frame(ground.compounds, values, multi(list(shapes[kept])))


def _held(shapes: np.ndarray, buildings: gpd.GeoDataFrame) -> np.ndarray:
    points = shapely.point_on_surface(buildings.geometry.to_numpy())
    rows, _ = shapely.STRtree(points).query(shapes, predicate="contains")
    return np.bincount(rows, minlength=len(shapes))


def _disjoint(shapes: np.ndarray) -> np.ndarray:
    """Return shapes, smallest first, each without the ground of the smaller ones before it."""
    tree = shapely.STRtree(shapes)
    cut = shapes.copy()
    for row, shape in enumerate(shapes):
        before = [hit for hit in tree.query(shape, predicate="intersects") if hit < row]
        if before:
            cut[row] = shape.difference(shapely.union_all(cut[before]))
    return cut


def compound_of(points: gpd.GeoSeries, compounds: gpd.GeoDataFrame) -> pd.Series:
    """Return the compound_id each point lies in, null outside all, indexed as `points`."""
    ids = pd.Series(pd.NA, index=points.index, dtype="Int64", name="compound_id")
    rows, hits = shapely.STRtree(compounds.geometry.to_numpy()).query(points.to_numpy(), predicate="within")
    ids.iloc[rows] = compounds.index.to_numpy()[hits]
    return ids


def gates(elements: Elements, compounds: gpd.GeoDataFrame, streets: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return gates in the shape of their table.

    Tagged gates first: those within 3 m of a compound's edge are its own unless they never open;
    the others stand in a wall or on a path (compound_id null). A compound left without a gate
    gets one where each street enters it, for people must come in somewhere.
    """
    rows = elements.nodes(lambda tags: tags.get("barrier") in osm_tags.GATES)
    rows.sort(key=lambda row: elements.node_ids[row])
    points = elements.points[rows]
    near = _owners(points, compounds)
    hours = [_hours(elements.node_tags[row], is_compound=it is not None) for row, it in zip(rows, near, strict=True)]
    owners = [None if told == NEVER_OPEN else owner for told, owner in zip(hours, near, strict=True)]
    bare = compounds[~compounds.index.isin([owner for owner in owners if owner is not None])]
    entries, entry_owners = _entries(bare, streets)
    values: dict[str, Any] = {"compound_id": owners + entry_owners, "hours": hours + [None] * len(entries)}
    return table_frame(ground.gates, values, np.concatenate([points, entries]))


def _hours(tags: Tags, *, is_compound: bool) -> str | None:
    access = tags.get("foot", tags.get("access"))
    refused = access == "no" or (access == "private" and not is_compound)
    return NEVER_OPEN if refused or tags.get("locked") == "yes" else osm_tags.clean(tags.get("opening_hours"))


def _owners(points: np.ndarray, compounds: gpd.GeoDataFrame) -> list[int | None]:
    owners: list[int | None] = [None] * len(points)
    if not len(points) or not len(compounds):
        return owners
    edges = to_metric(compounds.geometry).boundary
    places = to_metric(gpd.GeoSeries(points, crs=WGS84), edges.crs).to_numpy()
    rows, hits = shapely.STRtree(edges.to_numpy()).query_nearest(places, max_distance=GATE_ON_WALL_M, all_matches=False)
    for row, hit in zip(rows, hits, strict=True):
        owners[row] = int(compounds.index[hit])
    return owners


def _entries(compounds: gpd.GeoDataFrame, streets: gpd.GeoDataFrame) -> tuple[np.ndarray, list[int | None]]:
    edges = compounds.geometry.boundary.to_numpy()
    on_foot = streets.geometry.to_numpy()[(streets["is_walkable"] | streets["is_private"]).to_numpy()]
    rows, hits = shapely.STRtree(on_foot).query(edges, predicate="intersects")
    found: dict[Any, int | None] = {}
    for row, hit in zip(rows, hits, strict=True):
        crossing = shapely.intersection(edges[row], on_foot[hit])
        for point in shapely.get_parts(crossing):
            if point.geom_type == "Point":
                found.setdefault(point, int(compounds.index[row]))
    points = sorted(found, key=lambda point: (found[point], point.x, point.y))
    return np.array(points, dtype=object), [found[point] for point in points]
