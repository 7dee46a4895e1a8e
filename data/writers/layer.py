"""Layer: the rows of a layer as they came, in their order, with a column or some more."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely

from data.readers.layer import DRIVERS, NAMELESS, PARQUETS, Layer
from data.readers.places import free_name
from geo.errors import BadFileError

# What is added to the name of a column that has to give way.
AS_GIVEN = "_input"
REFUSALS = (
    pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError,
    pyogrio.errors.FeatureError, pyogrio.errors.GeometryError,
)  # fmt: skip


def with_column(layer: Layer, name: str, values: pa.Array) -> pa.Table:
    """Return the layer's table with a column more; one of the same name is replaced where it stands."""
    if name in layer.table.column_names:
        return layer.table.set_column(layer.table.column_names.index(name), name, values)
    return layer.table.append_column(name, values)


def write_layer(layer: Layer, name: str, values: pa.Array, path: Path) -> None:
    """Write a layer with the column `name`, in the form that the suffix of `path` names.

    GeoJSON to GeoJSON and GeoParquet to GeoParquet change nothing but that column; other forms keep what
    they can hold.

    Raises
    ------
    BadFileError
        The form cannot hold the rows.
    """
    suffix, source = path.suffix.lower(), layer.path.suffix.lower()
    table = with_column(layer, name, values)
    try:
        if DRIVERS.get(suffix) == "GeoJSON" and DRIVERS.get(source) == "GeoJSON":
            _write_geojson(layer, name, values, path)
        elif suffix in PARQUETS and source in PARQUETS:
            pq.write_table(table, path)
        elif suffix in PARQUETS:
            pq.write_table(_described(layer, table), path)
        else:
            _write_ogr(layer, table, path)
    except (*REFUSALS, pa.ArrowException, RuntimeError, ValueError) as error:
        raise _cannot_hold(path, error) from error


def _write_geojson(layer: Layer, name: str, values: pa.Array, path: Path) -> None:
    """Write the file's own features with one property more."""
    document = json.loads(layer.path.read_bytes().decode("utf-8-sig"))
    features = document["features"] if document.get("type") == "FeatureCollection" else [document]
    for feature, value in zip(features, values.to_pylist(), strict=True):
        feature["properties"] = {**(feature.get("properties") or {}), name: value}
    declared = layer.crs.to_authority()
    if "crs" not in document and layer.crs != pyproj.CRS.from_epsg(4326) and declared is not None:
        member = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{declared[0]}::{declared[1]}"}}
        document = {"type": document["type"], "crs": member, **document}
    path.write_text(json.dumps(document, ensure_ascii=False, default=str), encoding="utf-8")


def with_columns(layer: Layer, columns: Mapping[str, pa.Array]) -> Layer:
    """Return a layer with more columns.

    One of the same name, in small letters or capitals, stays under its name with "_input" behind it; what stood
    under that name, from an earlier time, gives way.
    """
    taken = {name.lower() for name in columns}
    clashes = {name for name in layer.table.column_names if name.lower() in taken and name != layer.geometry}
    gone = {f"{name}{AS_GIVEN}".lower() for name in clashes}
    kept = [name for name in layer.table.column_names if name.lower() not in gone or name == layer.geometry]
    table = layer.table.select(kept).rename_columns([f"{name}{AS_GIVEN}" if name in clashes else name for name in kept])
    for name, values in columns.items():
        table = table.append_column(name, values)
    return replace(layer, table=table)


def write_layers(layers: Mapping[str, Layer | gpd.GeoDataFrame], path: Path) -> None:
    """Write layers and frames into one GeoPackage, each under its name.

    Raises
    ------
    BadFileError
        The form cannot hold the rows.
    """
    try:
        for name, layer in layers.items():
            if isinstance(layer, Layer):
                _write_ogr(layer, layer.table, path, name=name)
            else:
                pyogrio.write_dataframe(layer, path, layer=name, driver="GPKG")
    except (*REFUSALS, pa.ArrowException, RuntimeError, ValueError) as error:
        raise _cannot_hold(path, error) from error


def _cannot_hold(path: Path, error: Exception) -> BadFileError:
    is_package = path.suffix.lower() == ".gpkg"
    return BadFileError(
        file=path.name, reason=f"this form cannot hold the rows ({error})",
        reason_zh=f"该格式无法保存这些数据（{error}）",
        mend="Rename or leave out what is named." if is_package else "Write .gpkg or .parquet instead.",
        mend_zh="请改名或去掉所指的列。" if is_package else "请改用 .gpkg 或 .parquet。",
    )  # fmt: skip


def _write_ogr(layer: Layer, table: pa.Table, path: Path, *, name: str | None = None) -> None:
    driver = DRIVERS[path.suffix.lower()]
    same = driver == DRIVERS.get(layer.path.suffix.lower())
    options: dict[str, str] = {}
    if driver == "GPKG":
        table = _told_apart(layer, table)
        names = [name for name in table.column_names if name != layer.geometry]
        options["GEOMETRY_NAME"] = free_name(layer.geometry if layer.geometry != NAMELESS else "geom", names)
        # A column called fid is a column of the file, not GeoPackage's own numbering.
        has_fid = "fid" in map(str.lower, names)
        options["FID"] = free_name("ogc_fid" if has_fid else "fid", [*names, options["GEOMETRY_NAME"]])
    if driver == "ESRI Shapefile":
        options["ENCODING"] = "UTF-8"
    with warnings.catch_warnings():  # of names that a Shapefile has to shorten, as it did before
        warnings.simplefilter("ignore")
        pyogrio.write_arrow(
            _plain(layer, table), path, driver=driver,
            layer=name or (layer.name if driver == "GPKG" and same else path.stem),
            geometry_name=layer.geometry, geometry_type=_kind(layer, driver, same=same), crs=layer.crs.to_wkt(),
            layer_options=options,
        )  # fmt: skip


def _told_apart(layer: Layer, table: pa.Table) -> pa.Table:
    """Return a table without names that differ in capitals alone, which a GeoPackage cannot hold: the last keeps it."""
    names = list(table.column_names)
    for place, name in enumerate(names):
        if name != layer.geometry and name.lower() in map(str.lower, names[place + 1 :]):
            names[place] = free_name(name, names)
    return table.rename_columns(names)


def _kind(layer: Layer, driver: str, *, same: bool) -> str:
    """Return the kind of geometry that the new layer declares."""
    if same and layer.kind is not None:
        return layer.kind
    there = layer.shapes[~shapely.is_missing(layer.shapes)]
    names = {shapely.GeometryType(kind).name for kind in np.unique(shapely.get_type_id(there))}
    high = " Z" if bool(shapely.has_z(there).any()) else ""
    if names == {"POINT"}:
        return "Point" + high
    if names <= {"POLYGON", "MULTIPOLYGON"} and (driver == "ESRI Shapefile" or len(names) == 1):
        return ("MultiPolygon" if names == {"MULTIPOLYGON"} and driver != "ESRI Shapefile" else "Polygon") + high
    return "Unknown"


def _plain(layer: Layer, table: pa.Table) -> pa.Table:
    """Return a table that GDAL takes: geometry as WKB, dictionaries as their values, whole types it knows."""
    for place, field in enumerate(table.schema):
        column = table.column(place)
        if field.name == layer.geometry:
            column = _wkb(layer, column)
        elif pa.types.is_dictionary(field.type):
            column = pc.cast(column, field.type.value_type)
        elif pa.types.is_null(field.type):
            column = pc.cast(column, pa.string())
        elif pa.types.is_uint64(field.type):
            column = pc.cast(column, pa.int64())
        elif pa.types.is_decimal(field.type) or pa.types.is_float16(field.type):
            column = pc.cast(column, pa.float64())
        elif pa.types.is_struct(field.type) or pa.types.is_map(field.type):
            column = pa.chunked_array([pa.array(map(_json, column.to_pylist()), type=pa.string())])
        else:
            continue
        table = table.set_column(place, field.name, column)
    return table.replace_schema_metadata(None)


def _json(cell: object) -> str | None:
    return None if cell is None else json.dumps(cell, ensure_ascii=False, default=str)


def _wkb(layer: Layer, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the geometry column as plain WKB: the file's own bytes, where it has them."""
    column = _stored(column)
    if pa.types.is_binary(column.type):
        return column
    if pa.types.is_large_binary(column.type):
        return pc.cast(column, pa.binary())
    return pa.chunked_array([pa.array(shapely.to_wkb(layer.shapes, flavor="iso"), type=pa.binary())])


def _stored(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column without an extension type around its values."""
    if not isinstance(column.type, pa.BaseExtensionType):
        return column
    return pa.chunked_array([chunk.storage for chunk in column.chunks], type=column.type.storage_type)


def _described(layer: Layer, table: pa.Table) -> pa.Table:
    """Return a table with the description that makes it GeoParquet."""
    place = table.column_names.index(layer.geometry)
    name = "geometry" if layer.geometry == NAMELESS else layer.geometry
    table = table.set_column(place, pa.field(name, pa.binary()), _wkb(layer, table.column(place)))
    for other, field in enumerate(table.schema):
        if isinstance(field.type, pa.BaseExtensionType):
            table = table.set_column(other, field.name, _stored(table.column(other)))
    kinds = gpd.GeoSeries(layer.shapes).dropna().geom_type.unique()
    high = bool(shapely.has_z(layer.shapes).any())
    column_of: dict[str, Any] = {
        "encoding": "WKB",
        "crs": layer.crs.to_json_dict(),
        "geometry_types": [] if high else sorted(map(str, kinds)),
    }
    told = {"version": "1.0.0", "primary_column": name, "columns": {name: column_of}}
    return table.replace_schema_metadata({b"geo": json.dumps(told).encode()})
