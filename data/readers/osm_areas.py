"""OSM areas: communities, streets and one county out of boundaries, or out of the extent alone.

EPSG:4326. The communities are the finest administrative level that holds most buildings; the
next level above gives the streets; the county is the whole town. Buildings outside every
division get a stand-in community around them, so every building lies in exactly one community.
Communities tile: all outlines are noded together and each face is given out once.

Codes begin with 99, a province number that no place has (GB/T 2260), so they never meet real ones.
"""

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.readers.frames import multi, polygons_only
from data.readers.osm_boundaries import Boundary, Evidence, named_faces
from geo.codes import LEVEL_DIGITS
from geo.crs import metric_crs_of, to_degrees, to_metric
from geo.errors import BadFileError
from geo.frames import WGS84

CODE_BASE = "990101"
MOST_SHARE = 0.5
# A division cut by the extract's edge with fewer buildings is a neighbour's scrap, not a community.
SCRAP_SHARE = 0.01
NEARLY_ALL_SHARE = 0.75
GROUND_MARGIN_M = 100.0
STAND_IN_REACH_M, STAND_IN_MARGIN_M = 300.0, 100.0
PIER_M = 10.0
PER_PARENT = 999


@dataclass(frozen=True)
class Community:
    """One community before it has a code; `parent` is the ref of the boundary it lies in."""

    name: str
    shape: Any
    is_stand_in: bool
    parent: str | None


def ground_of(buildings: gpd.GeoSeries) -> Any:
    """Return the town's ground: the convex hull of its buildings and 100 m around it, in degrees."""
    metric = to_metric(buildings)
    hull = shapely.convex_hull(shapely.GeometryCollection(metric.to_list()))
    return to_degrees(gpd.GeoSeries([hull.buffer(GROUND_MARGIN_M)], crs=metric.crs)).iloc[0]


def areas_of(
    divisions: list[Boundary], known: Evidence, buildings: gpd.GeoSeries, *, name: str, sea: Any
) -> gpd.GeoDataFrame:
    """Return areas in the shape of their table, index area_code: county, streets, communities.

    Parameters
    ----------
    divisions, known
        From `osm_boundaries`.
    buildings
        Polygons in degrees; they decide what ground is the town's.
    name
        The town's name: of the county, and of what has no division of its own.
    sea
        Polygon in degrees that is no ground (empty where there is no coast).
    """
    ground = ground_of(buildings)
    inside = shapely.point_on_surface(buildings.to_numpy())
    communities = _divided(divisions, known, ground, inside)
    communities = _with_stand_in(communities, ground, buildings, inside, name)
    dry = _dry(communities, ground, buildings, sea)
    return _frame(tiled(dry), {item.ref: item.name for item in divisions}, name)


def _divided(divisions: list[Boundary], known: Evidence, ground: Any, inside: np.ndarray) -> list[Community]:
    """Return the named faces of the finest level that holds most buildings, or none."""
    for level in sorted({item.level for item in divisions}, reverse=True):
        faces = named_faces([item for item in divisions if item.level == level], ground, known)
        named = np.flatnonzero(faces.names >= 0)
        tree = shapely.STRtree(faces.shapes[named])
        held, hits = tree.query(inside, predicate="within")
        if len(held) < MOST_SHARE * len(inside):
            continue
        count = np.bincount(faces.names[named[hits]], minlength=len(faces.boundaries))
        closed = np.array([item.is_closed for item in faces.boundaries])
        used = np.flatnonzero((count > 0) & (closed | (count >= SCRAP_SHARE * len(inside))))
        coarser = [item for item in divisions if item.level < level]
        return [_community(faces.boundaries[row], faces.shapes[faces.names == row], coarser) for row in used]
    return []


def town_name(divisions: list[Boundary], buildings: gpd.GeoSeries) -> str | None:
    """Return the name of the smallest closed division that holds nearly all buildings, or None."""
    inside = shapely.point_on_surface(buildings.to_numpy())
    for item in sorted(divisions, key=lambda item: item.shape.area):
        if item.is_closed:
            shapely.prepare(item.shape)
            if shapely.contains(item.shape, inside).mean() >= NEARLY_ALL_SHARE:
                return item.name
    return None


def _community(item: Boundary, faces: np.ndarray, coarser: list[Boundary]) -> Community:
    shape = polygons_only([shapely.union_all(faces)])[0]
    point = shape.representative_point()
    around = [above for above in coarser if above.shape.contains(point)]
    parent = max(around, key=lambda above: (above.level, above.ref)).ref if around else None
    return Community(item.name, shape, False, parent)


def _with_stand_in(
    communities: list[Community], ground: Any, buildings: gpd.GeoSeries, inside: np.ndarray, name: str
) -> list[Community]:
    """Return communities and, where buildings lie outside them all, one more around those."""
    if not communities:
        return [Community(name, ground, True, None)]
    covered = shapely.union_all([item.shape for item in communities])
    shapely.prepare(covered)
    outside = ~shapely.contains_properly(covered, inside)
    if not outside.any():
        return communities
    metric = to_metric(buildings[outside], metric_crs_of(buildings))
    # Out and partly back in again, so that neighbours within 600 m become one piece.
    around = shapely.union_all(metric.buffer(STAND_IN_REACH_M)).buffer(STAND_IN_MARGIN_M - STAND_IN_REACH_M)
    around = to_degrees(gpd.GeoSeries([around], crs=metric.crs)).iloc[0]
    shape = polygons_only([around.difference(covered)])[0]
    return [*communities, Community(f"{name}（其余）", shape, True, None)]


def _dry(communities: list[Community], ground: Any, buildings: gpd.GeoSeries, sea: Any) -> list[Community]:
    """Return communities without the sea; piers and quays with buildings on them stay."""
    if sea.is_empty:
        return communities
    metric = to_metric(buildings[buildings.intersects(sea)], metric_crs_of(buildings))
    piers = gpd.GeoSeries([shapely.union_all(metric.buffer(PIER_M))], crs=metric.crs)
    wet = sea.difference(to_degrees(piers).iloc[0]) if len(metric) else sea
    shapes = polygons_only([item.shape.intersection(ground).difference(wet) for item in communities])
    return [replace(item, shape=shape) for item, shape in zip(communities, shapes, strict=True) if not shape.is_empty]


def tiled(communities: list[Community]) -> list[Community]:
    """Return communities whose outlines are noded together: no overlap, no sliver, holes filled.

    Where two claim the same ground the smaller has it. Ground enclosed by communities that none
    claims goes to the one with the longest border to it.
    """
    shapes = [item.shape for item in communities]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all([shape.boundary for shape in shapes])]))
    inside = shapely.point_on_surface(faces)
    owner = np.full(len(faces), -1)
    for row in sorted(range(len(shapes)), key=lambda row: -shapes[row].area):
        shapely.prepare(shapes[row])
        owner[shapely.contains(shapes[row], inside)] = row
    _fill_holes(faces, owner)
    made = [
        Community(
            item.name,
            polygons_only([shapely.coverage_union_all(faces[owner == row])])[0],
            item.is_stand_in,
            item.parent,
        )
        for row, item in enumerate(communities)
    ]
    return [item for item in made if not item.shape.is_empty]


def _fill_holes(faces: np.ndarray, owner: np.ndarray) -> None:
    """Give each unclaimed face to the neighbour with the longest border, in place."""
    tree = shapely.STRtree(faces)
    for face in np.flatnonzero(owner < 0):
        near = [hit for hit in tree.query(faces[face], predicate="intersects") if owner[hit] >= 0]
        shared = shapely.length(shapely.intersection(faces[face].boundary, shapely.boundary(faces[near])))
        if len(near) and shared.max() > 0:
            owner[face] = owner[near[int(shared.argmax())]]


def _frame(communities: list[Community], names: dict[str, str], name: str) -> gpd.GeoDataFrame:
    rows: list[dict[str, Any]] = []
    groups: dict[tuple[str, int], list[Community]] = {}
    for item in communities:
        key, part = item.parent or "", 0
        while len(groups.get((key, part), [])) >= PER_PARENT:
            part += 1
        groups.setdefault((key, part), []).append(item)
    if len(groups) > PER_PARENT:
        raise BadFileError(
            file=name, reason="it holds more than 999 groups of communities", reason_zh="社区分组超过 999 个",
            mend="Cut the extract to one county.", mend_zh="请裁剪为一个县的范围。",
        )  # fmt: skip
    county = CODE_BASE.ljust(12, "0")
    for number, ((key, _), members) in enumerate(sorted(groups.items()), start=1):
        street = f"{CODE_BASE}{number:03d}"
        rows.append(_row(street.ljust(12, "0"), names.get(key, name), "street", county, not key, _union(members)))
        rows += [
            _row(f"{street}{place:03d}", item.name, "community", street.ljust(12, "0"), item.is_stand_in, item.shape)
            for place, item in enumerate(members, start=1)
        ]
    rows.insert(0, _row(county, name, "county", None, True, _union(communities)))
    rows.sort(key=lambda row: (LEVEL_DIGITS[row["level"]], row["area_code"]))
    frame = pd.DataFrame(rows, dtype=object).set_index("area_code")
    frame.index = frame.index.astype(object)
    shapes = gpd.GeoSeries(multi(list(frame.pop("geometry"))), index=frame.index, crs=WGS84)
    return gpd.GeoDataFrame(frame.astype({"is_stand_in": bool}), geometry=shapes, crs=WGS84)


def _union(communities: list[Community]) -> Any:
    return polygons_only([shapely.coverage_union_all([item.shape for item in communities])])[0]


def _row(code: str, name: str, level: str, parent: str | None, is_stand_in: bool, shape: Any) -> dict[str, Any]:
    return {
        "area_code": code, "name": name, "level": level, "parent_code": parent,
        "is_stand_in": is_stand_in, "geometry": shape,
    }  # fmt: skip


def area_codes_of(shapes: gpd.GeoSeries, areas: gpd.GeoDataFrame, *, nearest: bool) -> pd.Series:
    """Return the community each shape lies in by its representative point, null outside all.

    With ``nearest`` a shape outside every community (a quay over the sea, a rounding) takes the
    one next to it.
    """
    communities = areas[areas["level"] == "community"]
    codes = np.full(len(shapes), None, dtype=object)
    points = shapely.point_on_surface(shapes.to_numpy())
    tree = shapely.STRtree(communities.geometry.to_numpy())
    rows, hits = tree.query(points, predicate="intersects")
    # A point on a common border belongs to the first by code, always the same one.
    order = np.argsort(-hits, kind="stable")
    codes[rows[order]] = communities.index.to_numpy()[hits[order]]
    lost = np.flatnonzero(pd.isna(codes))
    if nearest and len(lost):
        codes[lost] = communities.index.to_numpy()[tree.nearest(points[lost])]
    return pd.Series(codes, index=shapes.index, name="area_code", dtype=object)
