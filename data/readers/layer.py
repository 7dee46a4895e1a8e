"""Layer: one layer of somebody's file, whole: every column as it is, and its geometry ready to be used.

For work that hands rows back as they came (`data.writers.layer`): nothing is renamed, cast or left out. The
readers of registers (`data.readers.files`) read text instead, and check it against a noun.
"""

import hashlib
import json
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely

from data.readers.files import FAR_FROM_DEGREES, declared_crs
from data.readers.layers import shapes_of
from geo.edges import Shapes
from geo.errors import BadFileError, EmptyFrameError, MissingColumnsError, MissingCrsError
from geo.frames import WGS84

DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON", ".shp": "ESRI Shapefile"}
PARQUETS = (".parquet", ".geoparquet")
SUFFIXES = (*DRIVERS, *PARQUETS)
# What GDAL advises those who call it, which is no advice for those who have a file.
LIBRARY_HINT = re.compile(r";?\s*It might help to specify the correct driver explicitly.*", re.DOTALL)
# What a layer may hold, as GDAL names it, and as people do in both languages.
POLYGONS, LINES, PLACES = ("Polygon", "Surface"), ("Line", "Curve"), ("Point", "Polygon", "Surface")
CALLED = {POLYGONS: ("polygons", "面"), LINES: ("lines", "线"), PLACES: ("points or polygons", "点或面")}
# What GDAL calls a geometry column that has no name in the file.
NAMELESS = "wkb_geometry"


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of a file.

    Attributes
    ----------
    table
        Every column as the file has it, geometry too, in the file's order.
    geometry
        Name of the geometry column.
    shapes
        (n,) geometries; None where there is none or it cannot be read.
    unreadable
        (n,) whether there are bytes that are no geometry of straight lines.
    crs
        What the coordinates are in.
    datum
        gcj02 or bd09, where the caller said so; else None.
    name, kind
        Of the layer; the kind of geometry it declares.
    """

    path: Path
    table: pa.Table
    geometry: str
    shapes: Shapes
    unreadable: Shapes
    crs: pyproj.CRS
    datum: str | None
    name: str
    kind: str | None

    def column(self, name: str) -> pa.ChunkedArray:
        """Return a column of values, or raise `MissingColumnsError` with the names that there are."""
        names = [found for found in self.table.column_names if found != self.geometry]
        if name not in names:
            raise MissingColumnsError(what=self.path.name, columns=name, found=", ".join(names))
        return self.table.column(name)

    def sha256(self) -> str:
        """Return the fingerprint of the file."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def read_layer(
    path: str | Path, *, layer: str | None = None, crs: str | None = None, kinds: tuple[str, ...] = POLYGONS
) -> Layer:
    """Return one layer of a GeoPackage, GeoJSON, GeoParquet or Shapefile.

    Parameters
    ----------
    layer
        Which one; needed where several hold what is looked for.
    crs
        The coordinate system, such as "EPSG:4490", or "gcj02" or "bd09" for shifted degrees; overrules what the
        file says.
    kinds
        What is looked for: POLYGONS, LINES or PLACES.

    Raises
    ------
    BadFileError
        The file is missing, empty, of no known form or damaged, or it is not clear which layer is meant.
    EmptyFrameError
        It has no rows.
    MissingCrsError, WrongCrsError
        The file does not say its system, or cannot be in it; `crs` names none.
    """
    path = Path(path)
    declared, datum = declared_crs(crs)
    _require_file(path)
    table, geometry, told, name, kind = (
        _parquet(path) if path.suffix.lower() in PARQUETS else _ogr(path, layer or layer_of(path, kinds), kinds)
    )
    if table.num_rows == 0:
        raise EmptyFrameError(what=path.name, mend="")
    shapes, unreadable = _shapes(path, table, geometry)
    found = declared or told
    if found is None or (found.is_geographic and not _could_be_degrees(shapes)):
        raise MissingCrsError(what=path.name)
    return Layer(path, table, geometry, shapes, unreadable, found, datum, name, kind)


def layer_names(path: str | Path) -> list[str]:
    """Return the layers of a file that may hold geometry; one nameless layer where the form has no layers."""
    path = Path(path)
    _require_file(path)
    if path.suffix.lower() in PARQUETS:
        return [""]
    return [str(name) for name, kind in _layers(path) if kind is not None]


def _require_file(path: Path) -> None:
    """Raise where a path is no file of a known form with something in it."""
    forms = ", ".join(SUFFIXES)
    if path.suffix.lower() not in SUFFIXES:
        raise BadFileError(
            file=path.name, reason=f"files of the kind {path.suffix or '(none)'} are not read here",
            reason_zh=f"此处不支持 {path.suffix or '（无后缀）'} 文件", mend=f"Use one of: {forms}.",
            mend_zh=f"请使用：{forms}。",
        )  # fmt: skip
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise BadFileError(
            file=path.name, reason=f"it cannot be opened ({error.strerror})", reason_zh=f"无法打开（{error.strerror}）",
            mend="Check the path and the right to read it.", mend_zh="请检查路径和读取权限。",
        ) from error  # fmt: skip
    if empty:
        raise BadFileError(
            file=path.name, reason="the file is empty", reason_zh="文件是空的",
            mend="Export it again.", mend_zh="请重新导出。",
        )  # fmt: skip


def damaged(path: Path, error: Exception) -> BadFileError:
    """Return what to raise where a library cannot read a file, in its words but for its advice to programmers."""
    told = LIBRARY_HINT.sub("", str(error)).strip().rstrip(".;") or type(error).__name__
    return BadFileError(
        file=path.name, reason=f"it is damaged or not what its name says ({told})",
        reason_zh=f"文件已损坏或内容与后缀不符（{told}）", mend="Export it again.", mend_zh="请重新导出。",
    )  # fmt: skip


def _layers(path: Path) -> list[tuple[str, str | None]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [(str(name), kind) for name, kind in pyogrio.list_layers(path)]
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise damaged(path, error) from error


def layer_of(path: Path, kinds: tuple[str, ...]) -> str:
    """Return the one layer that can hold what is looked for."""
    layers = _layers(path)
    named = [name for name, kind in layers if kind is not None]
    likely = [name for name, kind in layers if kind is not None and any(word in kind for word in kinds)]
    open_kind = [name for name, kind in layers if kind in ("Unknown", "GeometryCollection")]
    for few in (likely, likely + open_kind, named):
        if len(few) == 1:
            return few[0]
    if not named:
        raise BadFileError(
            file=path.name, reason="no layer in it has geometry", reason_zh="没有含几何的图层",
            mend=f"Hand in a layer of {CALLED[kinds][0]}.", mend_zh=f"请提供{CALLED[kinds][1]}图层。",
        )  # fmt: skip
    raise BadFileError(
        file=path.name, reason=f"which layer is meant? It has: {', '.join(named)}",
        reason_zh=f"请指明图层，现有：{'、'.join(named)}", mend="Name one with --layer.", mend_zh="请用 --layer 指定。",
    )  # fmt: skip


Found = tuple[pa.Table, str, pyproj.CRS | None, str, str | None]


def _ogr(path: Path, layer: str, kinds: tuple[str, ...]) -> Found:
    """Return what GDAL reads: table, geometry column, system, layer, kind."""
    try:
        # GDAL warns of small damage that it gets over; what it does not get over is an error.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta, table = pyogrio.read_arrow(path, layer=layer)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError) as error:
        names = [name for name, _ in _layers(path)]
        if layer not in names:
            raise BadFileError(
                file=path.name, reason=f"there is no layer {layer}", reason_zh=f"没有图层 {layer}",
                mend=f"Layers: {', '.join(names)}.", mend_zh=f"图层：{'、'.join(names)}。",
            ) from error  # fmt: skip
        raise damaged(path, error) from error
    except pa.ArrowException as error:
        raise damaged(path, error) from error
    table, geometry = _named(table, meta.get("geometry_name"))
    if geometry not in table.column_names:
        raise BadFileError(
            file=path.name, reason=f"layer {layer} has no geometry", reason_zh=f"图层 {layer} 没有几何",
            mend=f"Hand in a layer of {CALLED[kinds][0]}.", mend_zh=f"请提供{CALLED[kinds][1]}图层。",
        )  # fmt: skip
    return table, geometry, crs_told(meta.get("crs")), layer, meta.get("geometry_type")


def _named(table: pa.Table, told: str | None) -> tuple[pa.Table, str]:
    """Return a table and its geometry column's name, which no column of values has, though it may in the file."""
    names = table.column_names
    if told or names.count(NAMELESS) < 2:
        return table, told or NAMELESS
    free = next(name for size in range(1, len(names) + 1) if (name := NAMELESS + "_" * size) not in names)
    return table.rename_columns([*names[:-1], free]), free  # GDAL puts the geometry last


def crs_told(told: str | None) -> pyproj.CRS | None:
    """Return what a file declares; a system that is called undefined is no answer."""
    if not told:
        return None
    try:
        crs = pyproj.CRS.from_user_input(told)
    except pyproj.exceptions.CRSError:
        return None
    return None if any(word in crs.name.lower() for word in ("undefined", "unknown")) else crs


def _parquet(path: Path) -> Found:
    """Return what a GeoParquet file holds: table, geometry column, system, no layer, no kind."""
    try:
        table = pq.read_table(path)
        told = json.loads((table.schema.metadata or {})[b"geo"])
        geometry = told["primary_column"]
        column = told["columns"][geometry]
        table.column(geometry)
        crs = WGS84 if "crs" not in column else column["crs"] and pyproj.CRS.from_user_input(column["crs"])
    except (pa.ArrowException, OSError) as error:
        raise damaged(path, error) from error
    except (KeyError, TypeError, json.JSONDecodeError, pyproj.exceptions.CRSError) as error:
        raise BadFileError(
            file=path.name, reason="it is Parquet, but its geometry is not described as GeoParquet",
            reason_zh="是 Parquet 文件，但没有 GeoParquet 几何说明",
            mend="Write it with geopandas or QGIS as GeoParquet.",
            mend_zh="请用 geopandas 或 QGIS 另存为 GeoParquet。",
        ) from error  # fmt: skip
    return table, geometry, crs, "", None


def _shapes(path: Path, table: pa.Table, geometry: str) -> tuple[Shapes, Shapes]:
    """Return the geometries, and which rows have bytes that are none."""
    column = table.column(geometry)
    if not (pa.types.is_binary(_storage(column.type)) or pa.types.is_large_binary(_storage(column.type))):
        shapes = np.asarray(gpd.read_parquet(path).geometry.to_numpy(), dtype=object)
        return shapes, np.zeros(len(shapes), dtype=bool)
    blobs = column.to_pylist()
    shapes = np.array(shapes_of(blobs), dtype=object)
    there = np.array([bool(blob) for blob in blobs], dtype=bool)
    return shapes, there & shapely.is_missing(shapes)


def _storage(kind: Any) -> pa.DataType:
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def _could_be_degrees(shapes: Shapes) -> bool:
    """Return whether most geometries lie where degrees can."""
    bounds = np.abs(shapely.bounds(shapes).reshape(-1, 4))
    there = np.isfinite(bounds).all(axis=1)
    return not there.any() or bool((bounds[there].max(axis=1) <= FAR_FROM_DEGREES).mean() >= 0.5)
