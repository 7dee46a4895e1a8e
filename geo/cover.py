"""Cover: grids dissolved from cells, and a doctor for covers that came from elsewhere.

A plan is a map cell -> grid, so its grids have no gap and no overlap: `dissolve` joins cells along the
edges they share and moves no vertex. `cover_findings` asks the same of grids whatever made them (drawn by
hand, imported): gaps, overlaps, slivers, doors in none or two, grids outside their community.

Frames in EPSG:4326; overlays and areas in the local metre zone.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geo.blocks import metric_shapes
from geo.crs import metric_crs_of, to_degrees
from geo.edges import Bools, Ints, Shapes
from geo.errors import InputError
from geo.frames import POLYGONS, require, require_geometry
from geo.threads import mapped, runs

TOLERANCE_M2 = 0.01
SLIVER_M = 0.5
ROUNDING_M = 0.001
PART = 10_000  # cells a thread joins at a time
FINDINGS = ("gap", "overlap", "sliver_gap", "sliver_overlap", "outside", "building_in_none", "building_in_two")
COLUMNS = ("finding", "place", "area_code", "grid", "other", "building_id", "area_m2")


class LabelAcrossAreasError(InputError):
    """One label stands in two communities: a grid belongs to exactly one."""

    zh = "网格标号 {labels} 出现在多个社区。每个网格只属于一个社区，请按社区分别编号。"
    en = "The grid labels {labels} stand in more than one community. A grid belongs to one: number them apart."


class BadAssignmentError(InputError):
    """An assignment names cells that do not exist, or leaves a cell without a label."""

    zh = "网格划分有误（{reason_zh}），地块编号：{ids}。"
    en = "The assignment cannot be used ({reason}), cells: {ids}."


def dissolve(cells: gpd.GeoDataFrame, assignment: pd.Series) -> gpd.GeoDataFrame:
    """Return the polygons of an assignment, on the vertices of its cells.

    Parameters
    ----------
    cells
        As of `geo.cells.cells_from_ground`; households, people, area_code.
    assignment
        index cell_id, values the label of each cell's grid. Cells it does not name are left out.

    Returns
    -------
    geopandas.GeoDataFrame
        index ``grid`` (the labels, sorted); area_code, households, people, cells (how many), geometry
        (MultiPolygon, EPSG:4326).

    Raises
    ------
    BadAssignmentError
        A cell is unknown, named twice or has no label.
    LabelAcrossAreasError
        A label stands in two communities.

    Notes
    -----
    GEOS CoverageUnion: edges used twice drop out, all others stay as they are. Cells that are no valid
    cover (not made by `geo.cells`) are joined by overlay instead.
    """
    require(cells, "cells", columns=["area_code", "households", "people"])
    _check_assignment(cells, assignment)
    assignment = assignment.sort_index()  # where a ring begins hangs on it
    chosen = cells.loc[assignment.index]
    labels, row = np.unique(assignment.to_numpy(), return_inverse=True)
    code, areas = pd.factorize(chosen["area_code"].to_numpy(object), use_na_sentinel=False)
    low, high = np.full(len(labels), len(areas)), np.full(len(labels), -1)
    np.minimum.at(low, row, code)
    np.maximum.at(high, row, code)
    if (low != high).any():
        raise LabelAcrossAreasError(labels=", ".join(map(str, labels[low != high][:5])))
    sums = {name: np.zeros(len(labels), dtype=np.int64) for name in ("households", "people")}
    for name, total in sums.items():
        np.add.at(total, row, chosen[name].to_numpy(np.int64))
    frame = pd.DataFrame(
        {
            "area_code": areas[low],
            **sums,
            "cells": np.bincount(row, minlength=len(labels)),
        },
        index=pd.Index(labels, name="grid"),
    )
    return gpd.GeoDataFrame(frame, geometry=_unions(chosen.geometry.to_numpy(), row), crs=cells.crs)


def _check_assignment(cells: gpd.GeoDataFrame, assignment: pd.Series) -> None:
    """Raise where an assignment names a cell that is not there, or twice, or has no label for one."""
    index = assignment.index
    for bad, reason, reason_zh in (
        (~index.isin(cells.index), "no such cell", "没有这个地块"),
        (index.duplicated(), "a cell stands twice", "地块重复"),
        (assignment.isna().to_numpy(bool), "a cell has no grid", "地块没有网格"),
    ):
        if bad.any():
            raise BadAssignmentError(reason=reason, reason_zh=reason_zh, ids=", ".join(map(str, index[bad][:5])))


def _unions(shapes: Shapes, row: Ints) -> Shapes:
    """Return one MultiPolygon for each row number, joined along shared edges."""
    order = np.argsort(row, kind="stable")
    cuts = runs(row[order], PART)
    parts = zip(np.split(shapes[order], cuts), np.split(row[order], cuts), strict=True)
    joined = np.concatenate(mapped(lambda part: _joined(*part), parts))
    parts_of, at = shapely.get_parts(joined, return_index=True)
    ground = shapely.get_dimensions(parts_of) == 2
    return np.asarray(shapely.multipolygons(parts_of[ground], indices=at[ground]), dtype=object)


def _joined(shapes: Shapes, row: Ints) -> Shapes:
    """Return the union of each run of shapes with one row number; by overlay where they are no cover."""
    groups = np.split(shapes, np.flatnonzero(np.diff(row)) + 1) if len(row) else []
    joined = np.empty(len(groups), dtype=object)
    for place, group in enumerate(groups):
        try:
            joined[place] = shapely.coverage_union_all(group)
        except shapely.GEOSException:  # edges that overlap, or that meet without a common vertex
            joined[place] = shapely.union_all(group)
    for place in np.flatnonzero(~shapely.is_valid(joined)).tolist():
        joined[place] = shapely.union_all(groups[place])
    return joined


def shapes_of_units(cells: gpd.GeoDataFrame, unit_cells: pd.DataFrame) -> gpd.GeoSeries:
    """Return the ground of each household unit.

    Parameters
    ----------
    cells
        index cell_id; Polygons.
    unit_cells
        Rows unit, cell_id (as of `geo.units.units_in_grids`). A cell may be in several units.

    Returns
    -------
    geopandas.GeoSeries
        index unit, sorted; MultiPolygons in the CRS of `cells`. A cell whose households are dealt to several units
        (floors of one building) is in the ground of each: there units lie above one another.

    Raises
    ------
    BadAssignmentError
        A cell is unknown.
    """
    ids = pd.Index(unit_cells["cell_id"])
    if not ids.isin(cells.index).all():
        lost = ", ".join(map(str, ids[~ids.isin(cells.index)].unique()[:5]))
        raise BadAssignmentError(reason="no such cell", reason_zh="没有这个地块", ids=lost)
    rows = unit_cells[["unit", "cell_id"]].drop_duplicates().sort_values(["unit", "cell_id"])
    units, row = np.unique(rows["unit"].to_numpy(), return_inverse=True)
    shapes = _unions(cells.geometry.loc[rows["cell_id"]].to_numpy(), row)
    return gpd.GeoSeries(shapes, index=pd.Index(units, name="unit"), crs=cells.crs)


def cover_findings(
    areas: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    *,
    tolerance_m2: float = TOLERANCE_M2,
    sliver_m: float = SLIVER_M,
) -> gpd.GeoDataFrame:
    """Return what keeps grids from covering their communities once and only once.

    Parameters
    ----------
    areas
        index area_code; the rows of level ``community``, or all where there is none.
    grids
        index: the grid's name; area_code; Polygons or MultiPolygons, mended where invalid.
    buildings
        index building_id; a building is where its representative point is, a point on a border is in one grid.
    tolerance_m2
        Pieces of ground below this, or thinner than a millimetre (`ROUNDING_M`), are rounding and no finding.
    sliver_m
        A gap or overlap with a smaller mean width (2 area / perimeter) is called a sliver.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a finding, sorted: finding (gap, overlap, sliver_gap, sliver_overlap, outside, building_in_none,
        building_in_two), place (in words), area_code, grid, other (the second grid), building_id, area_m2 (0 for
        buildings), geometry (EPSG:4326). Empty where the cover is whole. ``attrs["tolerance_m2"]`` states the
        tolerance.
    """
    require(areas, "areas")
    require(grids, "grids", columns=["area_code"])
    require_geometry(grids.iloc[:0], "grids", kinds=POLYGONS)
    require(buildings, "buildings")
    drawn = _communities(areas)
    crs = metric_crs_of(drawn)
    towns, shapes = metric_shapes(drawn, "areas", crs), metric_shapes(grids.sort_index(), "grids", crs)
    names, codes = grids.sort_index().index.to_numpy(object), grids.sort_index()["area_code"].to_numpy(object)
    found = [
        *_gaps(towns, drawn.index.to_numpy(object), shapes, sliver_m),
        *_overlaps(shapes, names, codes, sliver_m),
        *_strays(towns, drawn.index.to_numpy(object), shapes, names, codes),
    ]
    found = [row for row in found if row["area_m2"] >= tolerance_m2]
    found += _doors(metric_shapes(buildings, "buildings", crs), buildings.index.to_numpy(object), shapes, names)
    return _findings(found, crs, tolerance_m2)


def _communities(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the areas that grids are to cover."""
    drawn = areas[areas.geometry.notna()].sort_index()
    if "level" in drawn and (drawn["level"] == "community").any():
        drawn = drawn[drawn["level"] == "community"]
    return drawn


def _pieces(shapes: Shapes, sliver_m: float) -> tuple[Shapes, Ints, Bools]:
    """Return the polygons in shapes that are no rounding, which shape each is of, and whether it is a sliver."""
    parts, at = shapely.get_parts(shapes, return_index=True)
    parts, inner = shapely.get_parts(parts, return_index=True)
    whole = (shapely.get_dimensions(parts) == 2) & (shapely.area(parts) > 0)
    parts, at = parts[whole], at[inner[whole]]
    width = 2 * shapely.area(parts) / shapely.length(parts)
    seen = width >= ROUNDING_M
    return parts[seen], at[seen], width[seen] < sliver_m


def _row(finding: str, place: str, shape: shapely.Geometry, **more: object) -> dict[str, Any]:
    """Return one finding."""
    blank = {"area_code": None, "grid": None, "other": None, "building_id": None}
    area_m2 = float(shapely.area(shape))
    return {"finding": finding, "place": place, **blank, **more, "area_m2": area_m2, "geometry": shape}


def _gaps(towns: Shapes, codes: Shapes, shapes: Shapes, sliver_m: float) -> list[dict[str, Any]]:
    """Return the ground of each community that no grid has."""
    town, grid = shapely.STRtree(shapes).query(towns, predicate="intersects")
    covered = [shapely.union_all(shapes[grid[town == place]]) for place in range(len(towns))]
    parts, at, thin = _pieces(shapely.difference(towns, np.array(covered, dtype=object)), sliver_m)
    return [
        _row("sliver_gap" if narrow else "gap", f"community {codes[place]}", part, area_code=codes[place])
        for part, place, narrow in zip(parts, at, thin, strict=True)
    ]


def _overlaps(shapes: Shapes, names: Shapes, codes: Shapes, sliver_m: float) -> list[dict[str, Any]]:
    """Return the ground that two grids have."""
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    parts, at, thin = _pieces(shapely.intersection(shapes[one], shapes[other]), sliver_m)
    return [
        _row(
            "sliver_overlap" if narrow else "overlap",
            f"grids {names[one[pair]]} and {names[other[pair]]}",
            part,
            area_code=codes[one[pair]],
            grid=names[one[pair]],
            other=names[other[pair]],
        )
        for part, pair, narrow in zip(parts, at, thin, strict=True)
    ]


def _strays(towns: Shapes, towns_codes: Shapes, shapes: Shapes, names: Shapes, codes: Shapes) -> list[dict[str, Any]]:
    """Return the ground of each grid outside its own community (all of it, where that is not among the areas)."""
    home = pd.Index(towns_codes).get_indexer(pd.Index(codes))
    rest = shapes.copy()
    known = home >= 0
    rest[known] = shapely.difference(shapes[known], towns[home[known]])
    parts, at, _ = _pieces(rest, 0.0)
    return [
        _row("outside", f"grid {names[grid]} outside {codes[grid]}", part, area_code=codes[grid], grid=names[grid])
        for part, grid in zip(parts, at, strict=True)
    ]


def _doors(prints: Shapes, ids: Shapes, shapes: Shapes, names: Shapes) -> list[dict[str, Any]]:
    """Return the buildings that stand in no grid, or inside two."""
    points = shapely.point_on_surface(prints)
    tree = shapely.STRtree(shapes)
    none = np.setdiff1d(np.arange(len(points)), tree.query(points, predicate="intersects")[0])
    door, grid = tree.query(points, predicate="within")
    twice = np.flatnonzero(np.bincount(door, minlength=len(points)) > 1)
    found = [
        _row("building_in_none", f"building {ids[place]}", points[place], building_id=ids[place]) for place in none
    ]
    for place in twice:
        both = np.sort(grid[door == place])[:2]
        grids = {"grid": names[both[0]], "other": names[both[1]]}
        where = f"building {ids[place]} in grids {names[both[0]]} and {names[both[1]]}"
        found.append(_row("building_in_two", where, points[place], building_id=ids[place], **grids))
    return found


def _findings(found: list[dict[str, Any]], crs: pyproj.CRS, tolerance_m2: float) -> gpd.GeoDataFrame:
    """Return the findings as a frame in degrees, by kind, place and size."""
    rows = pd.DataFrame(found, columns=[*COLUMNS, "geometry"]).astype({"area_m2": "float64"})
    frame = to_degrees(gpd.GeoDataFrame(rows, geometry=gpd.GeoSeries(rows["geometry"], crs=crs), crs=crs))
    frame["order"] = frame["finding"].map(FINDINGS.index) if len(frame) else np.empty(0, dtype=np.int64)
    frame = frame.sort_values(["order", "place", "area_m2"], ascending=[True, True, False], kind="stable")
    frame = frame.drop(columns="order").reset_index(drop=True)
    frame.attrs = {"tolerance_m2": tolerance_m2}
    return frame
