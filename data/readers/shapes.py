"""Shapes of imported rows: from lon and lat cells, from WKT or from the file's own geometry.

Everything ends in EPSG:4326; each fault is told by row. Column order lon, lat as people label
them; a swap that shows (a latitude beyond 90) is named as such.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from data.readers.files import FAR_FROM_DEGREES, RawTable, unshifted
from data.readers.frames import multi
from data.readers.nouns import Noun
from data.readers.values import CellFaultError, number
from geo.crs import to_degrees
from geo.errors import MissingColumnsError, MissingCrsError
from geo.frames import WGS84

# A kilometre of open sea around 0, 0: where coordinates land that were never filled in.
NULL_ISLAND_DEGREES = 0.01
Fault = tuple[str, str, str]
Told = tuple[np.ndarray, str, str]


@dataclass
class Shapes:
    """One geometry (or None) a row, with the faults found: row_number to (field, zh, en)."""

    geometry: gpd.GeoSeries
    faults: dict[int, list[Fault]] = field(default_factory=dict)

    def fail(self, row: int, name: str, reason_zh: str, reason: str) -> None:
        """Note one fault of one row."""
        self.faults.setdefault(row, []).append((name, reason_zh, reason))


def shapes_of(raw: RawTable, columns: Mapping[str, str], noun: Noun) -> Shapes:
    """Return the checked geometry of every row of `raw` for `noun`.

    Parameters
    ----------
    columns
        Field name to the header that holds it (from `data.readers.checked`).

    Raises
    ------
    MissingColumnsError
        The noun needs a place and the file has neither geometry nor coordinates.
    MissingCrsError
        No system is declared and most coordinates cannot be degrees.
    """
    if raw.geometry is not None:
        found = Shapes(raw.geometry.copy())
    elif "geometry" in columns:
        found = _from_wkt(raw, columns["geometry"])
    elif "lon" in columns and "lat" in columns and noun.shape == "point":
        found = _from_cells(raw, columns["lon"], columns["lat"])
    elif noun.shape_required:
        wanted = "经度 (lon), 纬度 (lat)" if noun.shape == "point" else "geometry (WKT)"
        raise MissingColumnsError(what=raw.file_name, columns=wanted, found=", ".join(raw.cells.columns))
    else:
        found = Shapes(gpd.GeoSeries([None] * len(raw.cells), index=raw.cells.index, crs=WGS84))
    _check_all(found, noun)
    return found


def _from_cells(raw: RawTable, lon: str, lat: str) -> Shapes:
    values = {name: [_number(text) for text in raw.cells[header]] for name, header in (("lon", lon), ("lat", lat))}
    pairs = np.array([[_or_nan(value) for value in values[name]] for name in ("lon", "lat")], dtype=float).T
    pairs = pairs.reshape(-1, 2)
    there = np.isfinite(pairs).all(axis=1)
    _refuse_metres(raw, pairs[there])
    shapes = np.full(len(pairs), None, dtype=object)
    shapes[there] = shapely.points(pairs[there])
    found = Shapes(_in_degrees(shapes, raw))
    for name, cells in values.items():
        for row, value in zip(raw.cells.index, cells, strict=True):
            if isinstance(value, CellFaultError):
                found.fail(row, name, value.text("zh"), value.text("en"))
    return found


def _number(text: str) -> float | CellFaultError | None:
    if not text.strip():
        return None
    try:
        return number(text)
    except CellFaultError as fault:
        return fault


def _or_nan(value: float | CellFaultError | None) -> float:
    return value if isinstance(value, float) else float("nan")


def _refuse_metres(raw: RawTable, pairs: np.ndarray) -> None:
    if raw.crs is None and len(pairs) and (np.abs(pairs).max(axis=1) > FAR_FROM_DEGREES).mean() >= 0.5:
        raise MissingCrsError(what=f"{raw.file_name} ({pairs[0][0]:.0f}, {pairs[0][1]:.0f})")


def _from_wkt(raw: RawTable, header: str) -> Shapes:
    texts = [text.strip() for text in raw.cells[header]]
    with np.errstate(all="ignore"):  # 1e999 becomes infinite, and is rejected as such
        shapes = shapely.from_wkt(np.array([text or None for text in texts], dtype=object), on_invalid="ignore")
    there = np.array([shape is not None and not shape.is_empty for shape in shapes], dtype=bool)
    bounds = shapely.bounds(shapes[there])[:, :2]
    _refuse_metres(raw, bounds[np.isfinite(bounds).all(axis=1)])
    found = Shapes(_in_degrees(shapely.force_2d(shapes), raw))
    for row, text, shape in zip(raw.cells.index, texts, shapes, strict=True):
        if text and shape is None:
            found.fail(row, "geometry", "WKT 无法读取", "the WKT cannot be read")
    return found


def _in_degrees(shapes: np.ndarray, raw: RawTable) -> gpd.GeoSeries:
    series = gpd.GeoSeries(list(shapes), index=raw.cells.index, crs=raw.crs or WGS84)
    return unshifted(series if raw.crs is None or raw.crs == WGS84 else to_degrees(series), raw.datum)


def _check_all(found: Shapes, noun: Noun) -> None:
    """Check every shape in place: there, finite, in range, of the right kind, valid."""
    index = found.geometry.index
    shapes = np.array(found.geometry.to_list(), dtype=object)
    there = np.array([shape is not None for shape in shapes], dtype=bool) & ~shapely.is_empty(shapes)
    fits = there.copy()
    for bad, zh, en in (*_faults_of_place(shapes), *_faults_of_kind(shapes, noun.shape)):
        for place in np.flatnonzero(fits & bad):
            found.fail(int(index[place]), "geometry", zh, en)
        fits &= ~bad
    if noun.shape_required:
        for place in np.flatnonzero(~there):
            if int(index[place]) not in found.faults:
                found.fail(int(index[place]), "geometry", "没有坐标或几何", "it has no coordinates or geometry")
    made = np.full(len(shapes), None, dtype=object)
    made[fits] = _as_wanted(shapes[fits], noun.shape)
    found.geometry = gpd.GeoSeries(list(made), index=index, crs=WGS84)


def _faults_of_place(shapes: np.ndarray) -> list[Told]:
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    size = np.abs(bounds)
    with np.errstate(invalid="ignore"):
        lon, lat = size[:, [0, 2]].max(axis=1), size[:, [1, 3]].max(axis=1)
    return [
        (~np.isfinite(bounds).all(axis=1), "坐标不是有效数字", "its coordinates are not finite numbers"),
        (
            (lat > 90) & (lat <= 180) & (lon <= 90),
            "纬度超出 ±90，经纬度可能写反了", "the latitude is beyond 90; lon and lat may be swapped",
        ),
        ((lon > 180) | (lat > 90), "坐标超出经纬度范围", "its coordinates are outside the range of degrees"),
        (
            np.maximum(lon, lat) < NULL_ISLAND_DEGREES,
            "坐标为 0, 0，未填写", "its coordinates are 0, 0: never filled in",
        ),
    ]  # fmt: skip


def _faults_of_kind(shapes: np.ndarray, wanted: str) -> list[Told]:
    kind = shapely.get_type_id(shapes)
    is_polygon = np.isin(kind, (3, 6))
    faults: list[Told] = []
    if wanted == "polygon":
        faults.append((~is_polygon, "需要面", "a polygon is needed"))
    if wanted == "point":
        faults.append((~is_polygon & (kind != 0), "需要点", "a point is needed"))
    faults.append((~shapely.is_valid(shapes), "几何无效（如自相交）", "its geometry is invalid (it crosses itself)"))
    if wanted == "polygon":
        faults.append((shapely.area(shapes) == 0, "面积为 0", "its ground is nothing"))
    return faults


def _as_wanted(shapes: np.ndarray, wanted: str) -> Any:
    if wanted == "polygon":
        return shapely.normalize(multi(shapes))
    if wanted == "point":
        surface = shapely.get_type_id(shapes) != 0
        points = shapes.copy()
        points[surface] = shapely.point_on_surface(shapes[surface])
        return points
    return None
