"""Places: the rows of somebody's layer or table as points - stations, buildings - and why some are none.

Polygons stand for a point inside them. Tables (CSV, Excel) are places where they have columns of longitude and
latitude, however these are called. Every column stays as it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyproj
import shapely

from data.readers.files import FORMS, RawTable, read_table, unshifted
from data.readers.layer import PLACES, SUFFIXES, Layer, read_layer
from data.readers.layers import UNREADABLE
from data.readers.nouns import LAT, LON, header_key
from data.readers.values import CellFaultError, number
from geo.crs import to_degrees
from geo.edges import Bools, Floats, Shapes
from geo.errors import BadFileError, EmptyFrameError, MissingCrsError
from geo.frames import WGS84

TABLES = tuple(f".{form}" for form in FORMS if f".{form}" not in SUFFIXES)
GEOMETRY = "geometry"
# Nobody walks so far, and a metre zone is true for a few degrees: beyond, a coordinate is wrong.
ASTRAY_DEG = 10.0
FAULTS = {
    "missing": ("没有位置", "it has no place"),
    "unreadable": UNREADABLE,
    "kind": ("不是点或面", "it is neither a point nor a polygon"),
    "away": ("坐标不是数字或超出坐标系的范围", "its coordinates are no numbers, or outside its coordinate system"),
    "astray": ("离道路 10 度以上（经纬度是否颠倒？）", "it lies more than 10 degrees from the streets (swapped?)"),
    "no_id": ("编号为空", "its id is empty"),
    "same_id": ("编号与前面的行重复", "an earlier row has the same id"),
}


class LocalCrsError(MissingCrsError):
    """A coordinate system of which nobody knows where on earth it lies."""

    zh = "{what}的坐标系“{found}”无法换算成经纬度。请用 --crs 指定（例如 EPSG:4490），或先转换坐标系。"
    en = (
        "{what} is in the coordinate system {found}, which does not say where on earth it lies. "
        "Pass --crs (for example EPSG:4490), or reproject it first."
    )


@dataclass(frozen=True, eq=False)
class Places:
    """Rows as points.

    Attributes
    ----------
    layer
        Every column as the file has it.
    points
        (n,) Points in EPSG:4326; None where there is a fault.
    fault
        (n,) key of `FAULTS`, "" for a good row.
    """

    layer: Layer
    points: gpd.GeoSeries
    fault: Shapes

    def frame(self, index: str) -> gpd.GeoDataFrame:
        """Return the good rows; their numbers, from 1, are the index."""
        rows = np.flatnonzero(self.fault == "")
        numbered = self.points.iloc[rows].set_axis(rows + 1).rename_axis(index)
        return gpd.GeoDataFrame(geometry=numbered, crs=WGS84)

    def without(self, rows: Bools, fault: str) -> "Places":
        """Return the same places, of which some good rows have a fault."""
        told = np.where((self.fault == "") & rows, fault, self.fault).astype(object)
        return replace(self, points=self.points.where(told == "", None), fault=told)


def read_places(path: str | Path, *, layer: str | None = None, crs: str | None = None) -> Places:
    """Return the places in a layer (GeoPackage, GeoJSON, GeoParquet, Shapefile) or a table (CSV, Excel).

    Parameters
    ----------
    layer
        Which layer, or sheet of a workbook; needed where several hold points or polygons.
    crs
        As of `data.readers.layer.read_layer`.

    Raises
    ------
    BadFileError, EmptyFrameError, MissingCrsError, WrongCrsError
        The file cannot be read, has no rows or no columns of coordinates, or does not say where it is.
    """
    path = Path(path)
    if path.suffix.lower() not in (*SUFFIXES, *TABLES):
        forms = ", ".join((*SUFFIXES, *TABLES))
        raise BadFileError(
            file=path.name, reason=f"files of the kind {path.suffix or '(none)'} are not read here",
            reason_zh=f"此处不支持 {path.suffix or '（无后缀）'} 文件", mend=f"Use one of: {forms}.",
            mend_zh=f"请使用：{forms}。",
        )  # fmt: skip
    with np.errstate(invalid="ignore"):  # of coordinates that are no numbers: told below
        if path.suffix.lower() in TABLES:
            found = _of_table(path, read_table(path, sheet=layer, crs=crs))
        else:
            found = read_layer(path, layer=layer, crs=crs, kinds=PLACES)
        shapes = np.asarray(shapely.force_2d(found.shapes), dtype=object)
        fault = np.full(len(shapes), "", dtype=object)
        fault[shapely.is_missing(shapes) | shapely.is_empty(shapes)] = "missing"
        fault[found.unreadable.astype(bool)] = "unreadable"
        fault[(fault == "") & ~np.isin(shapely.get_dimensions(shapes), (0, 2))] = "kind"
        fault[(fault == "") & ~is_finite(shapes)] = "away"
        points = np.full(len(shapes), None, dtype=object)
        good = np.flatnonzero(fault == "")
        points[good] = shapely.point_on_surface(_valid(shapes[good]))
        degrees = in_degrees(points, found)
    fault[good[~_on_earth(degrees.to_numpy()[good])]] = "away"
    return Places(found, degrees.where(fault == "", None), fault)


def in_degrees(shapes: Shapes, layer: Layer) -> gpd.GeoSeries:
    """Return shapes that are in the system of a layer in EPSG:4326, shifted degrees shifted back.

    Raises
    ------
    LocalCrsError
        The system is a local one.
    """
    try:
        degrees = to_degrees(gpd.GeoSeries(shapes, crs=layer.crs))
    except pyproj.exceptions.ProjError as error:
        raise LocalCrsError(what=layer.path.name, found=layer.crs.name) from error
    return unshifted(degrees, layer.datum)


def is_finite(shapes: Shapes) -> Bools:
    """Return which shapes have no coordinate that is infinite or no number."""
    coordinates, which = shapely.get_coordinates(shapes, return_index=True)
    made = np.ones(len(shapes), dtype=np.bool_)
    made[which[~np.isfinite(coordinates).all(axis=1)]] = False
    return made


def centre_of(shapes: Shapes) -> Floats:
    """Return (2,) the middle one of the places of shapes: a few that are elsewhere do not move it."""
    bounds = shapely.bounds(shapes)
    return np.asarray(np.median((bounds[:, :2] + bounds[:, 2:]) / 2, axis=0))


def is_astray(shapes: Shapes, centre: Floats) -> Bools:
    """Return which shapes, in degrees, lie too far from a centre to be measured together with what is there."""
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        apart = np.abs((bounds[:, :2] + bounds[:, 2:]) / 2 - centre)
    return np.asarray((apart > ASTRAY_DEG).any(axis=1), dtype=np.bool_)


def _valid(shapes: Shapes) -> Shapes:
    bad = ~shapely.is_valid(shapes)
    mended = shapes.copy()
    mended[bad] = shapely.make_valid(shapes[bad])
    return mended


def _on_earth(points: Shapes) -> Bools:
    x, y = np.abs(shapely.get_x(points)), np.abs(shapely.get_y(points))
    return np.asarray((x <= 180) & (y <= 90))


def _of_table(path: Path, raw: RawTable) -> Layer:
    headers = {header_key(name): str(name) for name in reversed(raw.cells.columns)}
    lon, lat = (next((headers[key] for key in map(header_key, words) if key in headers), None) for words in (LON, LAT))
    if lon is None or lat is None:
        raise BadFileError(
            file=path.name, reason="it has no columns of longitude and latitude", reason_zh="没有经度、纬度列",
            mend=f"Call them lon and lat. Columns: {', '.join(map(str, raw.cells.columns))}.",
            mend_zh=f"请命名为 lon 和 lat（或 经度、纬度）。现有列：{'、'.join(map(str, raw.cells.columns))}。",
        )  # fmt: skip
    if raw.cells.empty:
        raise EmptyFrameError(what=path.name, mend="")
    x, y = (np.array([_number(cell) for cell in raw.cells[name]]) for name in (lon, lat))
    shapes = np.full(len(x), None, dtype=object)
    there = np.isfinite(x) & np.isfinite(y)
    shapes[there] = shapely.points(x[there], y[there])
    crs = raw.crs or WGS84
    if crs.is_geographic and there.any() and (np.maximum(np.abs(x), np.abs(y))[there] > 360).mean() >= 0.5:
        raise MissingCrsError(what=path.name)
    table = pa.table({str(name): pa.array(column, type=pa.string()) for name, column in raw.cells.items()})
    name = free_name(GEOMETRY, table.column_names)
    table = table.append_column(name, pa.array(shapely.to_wkb(shapes), type=pa.binary()))
    none = np.zeros(len(shapes), dtype=bool)
    return Layer(path, table, name, shapes, none, pyproj.CRS(crs), raw.datum, path.stem, None)


def _number(cell: str) -> float:
    try:
        return number(cell)
    except CellFaultError:
        return float("nan")


def free_name(wished: str, taken: Iterable[str]) -> str:
    """Return a name that no other one equals, in small letters or capitals: name, name_2, name_3 ..."""
    known = {name.lower() for name in taken}
    numbered = (wished if number == 1 else f"{wished}_{number}" for number in count(1))
    return next(name for name in numbered if name.lower() not in known)
