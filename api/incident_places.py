"""Incident places: the rows of somebody's file with where each is, in degrees, and why some are nowhere.

A table's columns of coordinates are whatever the caller says, in whatever system; with a comma for the decimal point
where the whole column shows that. A few points far from all others are strays: they choose no metre zone.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from api.incident_columns import LAT_ROLE, LON_ROLE, SwappedError, known, named, require_unswapped
from api.incident_table import SUFFIXES as TABLES
from api.incident_table import is_table, read_text
from api.reach_analysis import Source
from data.readers.files import FAR_FROM_DEGREES, declared_crs
from data.readers.layer import SUFFIXES as LAYERS
from data.readers.layer import Layer
from data.readers.places import FAULTS as PLACE_FAULTS
from data.readers.places import GEOMETRY, LocalCrsError, centre_of, free_name, is_astray, read_places
from data.readers.values import plain
from geo.crs import transformer
from geo.datums import to_wgs84
from geo.edges import Bools, Floats, Shapes
from geo.errors import BadFileError, MissingCrsError
from geo.frames import WGS84

Pair = npt.NDArray[np.float64]

FAULTS = {
    **{key: PLACE_FAULTS[key] for key in ("missing", "unreadable", "kind", "away")},
    "cells": ("单元格比列名多", "it has more cells than there are columns"),
    "number": ("坐标不是数字", "its coordinates are no numbers"),
    "zero": ("坐标为 0, 0", "its coordinates are 0, 0"),
    "swapped": ("经纬度似乎颠倒", "its longitude and latitude look swapped"),
    "astray": ("远离其他所有事件", "it lies far from all others"),
}
NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
COMMA, THOUSANDS, DOTTED = r"^[+-]?\d+,\d+$", r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$", r"^[+-]?\d{1,3}(?:\.\d{3})+,\d+$"
KM_A_DEGREE = 111.195
# Nineteen of twenty rows say where a file is; a gap of three times as far, and of 50 km, parts strays from it.
BODY_SHARE, GAP, GAP_KM = 0.95, 3.0, 50.0
FEW = 3
# Systems are used beside the area that they are meant for.
AREA_MARGIN_DEG = 5.0


@dataclass(frozen=True, eq=False)
class Spots:
    """Rows with their places.

    Attributes
    ----------
    path, name, crs, datum
        The file, its layer, and what its coordinates are in.
    table
        Every column as the file has it, in the file's order; geometry under `geometry`, None for a table.
    columns
        The columns that hold the coordinates of a table; none for a layer.
    points
        (n,) Points in EPSG:4326; None where there is a fault.
    shapes
        (n,) what a layer holds, in its own system; of a table only what lies beyond its system.
    fault
        (n,) key of `FAULTS`, "" for a good row.
    """

    path: Path
    name: str
    crs: pyproj.CRS
    datum: str | None
    table: pa.Table
    geometry: str | None
    columns: tuple[str, ...]
    points: Shapes
    shapes: Shapes
    fault: Shapes

    @property
    def names(self) -> list[str]:
        """The columns of values."""
        return [name for name in self.table.column_names if name != self.geometry]

    def without(self, rows: Bools, fault: str) -> "Spots":
        """Return the same rows, of which some good ones have a fault."""
        told = np.where((self.fault == "") & rows, fault, self.fault).astype(object)
        points = self.points.copy()
        points[told != ""] = None
        return replace(self, fault=told, points=points)

    def sha256(self) -> str:
        """Return the fingerprint of the file."""
        return self.layer(np.zeros(len(self.fault), dtype=np.bool_)).sha256()

    def layer(self, kept: Bools) -> Layer:
        """Return the kept rows as a layer of points in EPSG:4326 with every column as it came."""
        table = self.table.filter(pa.array(kept))
        points = self.points[kept]
        blobs = pa.array(shapely.to_wkb(points), type=pa.binary())
        name = self.geometry or free_name(GEOMETRY, table.column_names)
        if self.geometry is None:
            table = table.append_column(name, blobs)
        else:
            table = table.set_column(table.column_names.index(name), name, blobs)
        none = np.zeros(len(points), dtype=bool)
        return Layer(self.path, table, name, points, none, WGS84, None, "points", "Point")


def read_spots(source: Source, *, lon: str | None = None, lat: str | None = None) -> Spots:
    """Return the rows of a file with their places.

    Parameters
    ----------
    lon, lat
        Columns of a table; None for those that are called so. A layer has places of its own.

    Raises
    ------
    BadFileError, EmptyFrameError, MissingCrsError, WrongCrsError
        As of `data.readers.places.read_places`.
    MissingColumnsError, UnclearColumnError, SwappedError
        The columns of coordinates are not there, not clear, or in each other's place.
    """
    found = _of_table(source, lon, lat) if is_table(source.path) else _of_layer(source)
    return _without_strays(found)


def _of_layer(source: Source) -> Spots:
    if source.path.suffix.lower() not in LAYERS:
        forms = ", ".join((*LAYERS, *TABLES))
        raise BadFileError(
            file=source.path.name, reason=f"files of the kind {source.path.suffix or '(none)'} are not read here",
            reason_zh=f"此处不支持 {source.path.suffix or '（无后缀）'} 文件", mend=f"Use one of: {forms}.",
            mend_zh=f"请使用：{forms}。",
        )  # fmt: skip
    places = read_places(source.path, layer=source.layer, crs=source.crs)
    layer, points = places.layer, places.points.to_numpy()
    found = Spots(
        source.path,
        layer.name,
        layer.crs,
        layer.datum,
        layer.table,
        layer.geometry,
        (),
        points,
        layer.shapes,
        places.fault,
    )
    bare = shapely.force_2d(layer.shapes)
    there = (found.fault == "") & (shapely.get_type_id(bare) == shapely.GeometryType.POINT)
    return found.without(there & (shapely.get_x(bare) == 0) & (shapely.get_y(bare) == 0), "zero")


def _of_table(source: Source, lon: str | None, lat: str | None) -> Spots:
    declared, datum = declared_crs(source.crs)
    crs = declared or WGS84
    read = read_text(source.path, sheet=source.layer)
    file, names = source.path.name, read.cells.column_names
    x_by = known(file, names, LON_ROLE) if lon is None else named(file, names, lon, LON_ROLE)
    y_by = known(file, names, LAT_ROLE) if lat is None else named(file, names, lat, LAT_ROLE)
    require_unswapped(file, x_by, y_by)
    (x, no_x), (y, no_y) = (numbers(read.cells.column(name), is_degrees=crs.is_geographic) for name in (x_by, y_by))
    fault = np.full(len(x), "", dtype=object)
    fault[(x == 0) & (y == 0)] = "zero"
    fault[~(np.isfinite(x) & np.isfinite(y))] = "number"
    fault[no_x | no_y] = "missing"
    fault[read.is_spoiled] = "cells"
    good = fault == ""
    if crs.is_geographic and good.any() and (np.maximum(np.abs(x), np.abs(y))[good] > FAR_FROM_DEGREES).mean() >= 0.5:
        raise MissingCrsError(what=file)
    lonlat = _in_degrees(np.column_stack([x, y])[good], crs, datum, file)
    if _look_swapped(np.column_stack([x, y])[good], lonlat, crs, datum):
        raise SwappedError(file=file, lon=x_by, lat=y_by)
    is_there = _on_earth(lonlat)
    fault[np.flatnonzero(good)[~is_there]] = "away"
    points, shapes = np.full((2, len(x)), None, dtype=object)
    points[fault == ""] = shapely.points(lonlat[is_there])
    shapes[fault == "away"] = shapely.points(x[fault == "away"], y[fault == "away"])
    return Spots(source.path, source.path.stem, crs, datum, read.cells, None, (x_by, y_by), points, shapes, fault)


def numbers(column: pa.ChunkedArray, *, is_degrees: bool) -> tuple[Floats, Bools]:
    """Return the numbers of a column of text, NaN where there is none, and which cells are empty.

    Commas are for thousands or for the decimal point as the whole column shows; where it does not (53,767), they are
    for the decimal point in degrees, and for thousands in metres.
    """
    texts = pc.utf8_trim_whitespace(column)
    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = pa.chunked_array([[plain(text) for text in texts.to_pylist()]], type=pa.string())
    is_empty = np.asarray(pc.equal(texts, ""), dtype=np.bool_)
    if pc.any(pc.match_substring(texts, ",")).as_py():
        texts = _with_points(texts, is_degrees=is_degrees)
    is_number = pc.match_substring_regex(texts, NUMBER)
    values = pc.cast(pc.if_else(is_number, texts, "nan"), pa.float64())
    return np.array(values, dtype=np.float64), is_empty


def _with_points(texts: pa.ChunkedArray, *, is_degrees: bool) -> pa.ChunkedArray:
    """Return numbers with commas as numbers with a decimal point."""
    is_comma, is_thousands = (pc.match_substring_regex(texts, form) for form in (COMMA, THOUSANDS))
    is_dotted = pc.match_substring_regex(texts, DOTTED)
    is_decimal = pc.any(pc.or_(pc.and_not(is_comma, is_thousands), is_dotted)).as_py()
    is_grouped = pc.any(pc.and_not(is_thousands, is_comma)).as_py()
    if not is_decimal and (is_grouped or not is_degrees):
        return pc.if_else(is_thousands, pc.replace_substring(texts, ",", ""), texts)
    plain_dots = pc.if_else(is_dotted, pc.replace_substring(texts, ".", ""), texts)
    return pc.if_else(pc.or_(is_comma, is_dotted), pc.replace_substring(plain_dots, ",", "."), texts)


def _in_degrees(xy: Pair, crs: pyproj.CRS, datum: str | None, file: str) -> Pair:
    """Return (n, 2) coordinates of a system as longitude and latitude; infinite where they have none."""
    if len(xy) == 0 or crs == WGS84:
        lonlat = xy.copy()
    else:
        try:
            away = transformer(crs, WGS84)
        except pyproj.exceptions.ProjError as error:
            raise LocalCrsError(what=file, found=crs.name) from error
        lonlat = np.column_stack(away.transform(*xy.T))
    if datum is not None:
        there = _on_earth(lonlat)
        lonlat[there] = np.column_stack(to_wgs84(*lonlat[there].T, datum=datum))
    return lonlat


def _on_earth(lonlat: Pair) -> Bools:
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(lonlat) <= (180.0, 90.0)).all(axis=1), dtype=np.bool_)


def _look_swapped(xy: Pair, lonlat: Pair, crs: pyproj.CRS, datum: str | None) -> bool:
    """Return whether most coordinates lie where their system is used only if one is taken for the other."""
    area = crs.area_of_use
    if len(xy) == 0 or area is None:
        return False

    def share(places: Pair) -> float:
        margin = AREA_MARGIN_DEG * (crs != WGS84)
        low, high = (area.west - margin, area.south - margin), (area.east + margin, area.north + margin)
        return float(((places >= low) & (places <= high)).all(axis=1).mean())

    return share(lonlat) < 0.1 and share(_in_degrees(xy[:, ::-1], crs, datum, "")) > 0.9


def _without_strays(spots: Spots) -> Spots:
    """Return rows of which those that lie far from all others have a fault."""
    good = np.flatnonzero(spots.fault == "")
    if len(good) == 0:
        return spots
    points = spots.points[good]
    centre = centre_of(points)
    away = is_astray(points, centre)
    away[~away] = _apart(shapely.get_coordinates(points[~away]), centre)
    is_stray = np.zeros(len(spots.fault), dtype=np.bool_)
    is_stray[good[away]] = True
    is_turned = _turned(spots, is_stray | (spots.fault == "away"), centre)
    fault = np.where(is_turned & (spots.fault == "away"), "", spots.fault).astype(object)
    return replace(spots, fault=fault).without(is_turned, "swapped").without(is_stray, "astray")


def _turned(spots: Spots, suspects: Bools, centre: Floats) -> Bools:
    """Return which suspects would lie among the others if one of their degrees were taken for the other."""
    made = np.zeros(len(suspects), dtype=np.bool_)
    if not spots.crs.is_geographic:
        return made
    drawn = np.where(shapely.is_missing(spots.points), spots.shapes, spots.points)
    rows = np.flatnonzero(suspects & (shapely.get_type_id(drawn) == shapely.GeometryType.POINT))
    turned = np.asarray(shapely.points(shapely.get_coordinates(drawn[rows])[:, ::-1]), dtype=object)
    made[rows] = ~is_astray(turned.reshape(-1), centre)
    return made


def _apart(lonlat: Pair, centre: Floats) -> Bools:
    """Return which few places lie beyond a wide gap."""
    away_km = np.hypot(*((lonlat - centre) * (np.cos(np.radians(centre[1])), 1.0)).T) * KM_A_DEGREE
    order = np.argsort(away_km, kind="stable")
    if len(order) < FEW:
        return np.zeros(len(order), dtype=np.bool_)
    ordered = away_km[order]
    body_km = ordered[int(BODY_SHARE * (len(order) - 1))]
    fewest = len(order) - max(1, int((1 - BODY_SHARE) * len(order)))
    gaps = np.flatnonzero(np.diff(ordered[fewest - 1 :]) > max(GAP * body_km, GAP_KM))
    made = np.zeros(len(order), dtype=np.bool_)
    if len(gaps):
        made[order[fewest + gaps[0] :]] = True
    return made
