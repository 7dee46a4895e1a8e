"""Places: the rows of somebody's layer or table as points - stations, buildings - and why some are none.

Polygons stand for a point inside them. Tables (CSV, Excel) are places where they have columns of longitude and
latitude, however these are called. Every column stays as it is.
"""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyproj
import shapely

from data.readers.files import FORMS, RawTable, read_table, unshifted
from data.readers.layer import PLACES, SUFFIXES, Layer, read_layer
from data.readers.nouns import LAT, LON, header_key
from data.readers.values import CellFaultError, number
from geo.edges import Shapes
from geo.errors import BadFileError, MissingCrsError
from geo.frames import WGS84

TABLES = tuple(f".{form}" for form in FORMS if f".{form}" not in SUFFIXES)
GEOMETRY = "geometry"
FAULTS = {
    "missing": ("没有位置", "it has no place"),
    "unreadable": ("几何无法读取", "its geometry cannot be read"),
    "kind": ("不是点或面", "it is neither a point nor a polygon"),
    "away": ("坐标不在坐标系的范围内", "its coordinates lie outside its coordinate system"),
}


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
    if path.suffix.lower() in TABLES:
        found = _of_table(path, read_table(path, sheet=layer, crs=crs))
    else:
        found = read_layer(path, layer=layer, crs=crs, kinds=PLACES)
    shapes = np.asarray(shapely.force_2d(found.shapes), dtype=object)
    fault = np.full(len(shapes), "", dtype=object)
    fault[shapely.is_missing(shapes) | shapely.is_empty(shapes)] = "missing"
    fault[found.unreadable.astype(bool)] = "unreadable"
    fault[(fault == "") & ~np.isin(shapely.get_dimensions(shapes), (0, 2))] = "kind"
    points = np.full(len(shapes), None, dtype=object)
    good = np.flatnonzero(fault == "")
    points[good] = shapely.point_on_surface(_valid(shapes[good]))
    degrees = unshifted(gpd.GeoSeries(points, crs=found.crs).to_crs(WGS84), found.datum)
    fault[good[~_on_earth(degrees.to_numpy()[good])]] = "away"
    return Places(found, degrees.where(fault == "", None), fault)


def _valid(shapes: Shapes) -> Shapes:
    bad = ~shapely.is_valid(shapes)
    mended = shapes.copy()
    mended[bad] = shapely.make_valid(shapes[bad])
    return mended


def _on_earth(points: Shapes) -> np.ndarray:
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
    x, y = (np.array([_number(cell) for cell in raw.cells[name]]) for name in (lon, lat))
    shapes = np.full(len(x), None, dtype=object)
    there = np.isfinite(x) & np.isfinite(y)
    shapes[there] = shapely.points(x[there], y[there])
    crs = raw.crs or WGS84
    if crs.is_geographic and there.any() and (np.maximum(np.abs(x), np.abs(y))[there] > 360).mean() >= 0.5:
        raise MissingCrsError(what=path.name)
    table = pa.table({str(name): pa.array(column, type=pa.string()) for name, column in raw.cells.items()})
    table = table.append_column(GEOMETRY, pa.array(shapely.to_wkb(shapes), type=pa.binary()))
    none = np.zeros(len(shapes), dtype=bool)
    return Layer(path, table, GEOMETRY, shapes, none, pyproj.CRS(crs), raw.datum, path.stem, None)


def _number(cell: str) -> float:
    try:
        return number(cell)
    except CellFaultError:
        return float("nan")
