"""Layers: GeoJSON and GeoPackage as rows of text and shapes, in the CRS the file declares.

GeoJSON is read as text, so that long codes keep their digits; RFC 7946 makes it EPSG:4326, an
older file's ``crs`` member is honoured. A feature whose geometry cannot be read is marked spoiled.
"""

import json
import math
import warnings
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely

from data.readers.sheets import Sheet, decoded
from geo.errors import BadFileError
from geo.frames import WGS84

UNREADABLE = (
    "几何无法读取，或含弧线（请先转为折线）",
    "its geometry cannot be read, or has arcs: make them straight lines",
)


def read_geojson(path: Path, data: bytes, sheet: str | None) -> Sheet:  # noqa: ARG001 - every form's reader has one signature
    """Return the features of a FeatureCollection, or of one Feature."""
    text, encoding = decoded(path.name, data)
    try:
        # Floats stay as written; numbers of any length stay whole.
        document = json.loads(text, parse_float=_Written, parse_int=_Written, parse_constant=_Written)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadFileError(
            file=path.name, reason=f"it is not whole JSON ({error})", reason_zh=f"不是完整的 JSON（{error}）",
            mend="Export it again.", mend_zh="请重新导出。",
        ) from error  # fmt: skip
    features = _features(path.name, document)
    headers: dict[str, None] = {}
    for feature in features:
        headers |= dict.fromkeys(str(key) for key in _properties(feature))
    names = list(headers) + (["id"] if "id" not in headers and any("id" in item for item in features) else [])
    rows, shapes, faults = [], [], {}
    for number, feature in enumerate(features, start=1):
        told = {"id": feature.get("id"), **_properties(feature)}
        rows.append([_text(told.get(name)) for name in names])
        shape = _shape(feature.get("geometry"))
        if shape is None and feature.get("geometry") is not None:
            faults[number] = UNREADABLE
        shapes.append(shape)
    return Sheet(names, rows, list(range(1, len(rows) + 1)), faults, encoding, shapes, _json_crs(document))


class _Written(str):
    """A JSON number as it was written."""

    __slots__ = ()


def _features(name: str, document: Any) -> list[dict[str, Any]]:
    kind = document.get("type") if isinstance(document, dict) else None
    found = document.get("features") if kind == "FeatureCollection" else [document] if kind == "Feature" else None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found) or not found:
        raise BadFileError(
            file=name, reason="it is no FeatureCollection with features", reason_zh="不是含有要素的 FeatureCollection",
            mend="Export it as GeoJSON with features.", mend_zh="请导出为含要素的 GeoJSON。",
        )  # fmt: skip
    return found


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, float):
        return "" if math.isnan(value) else str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.hex() if isinstance(value, bytes) else str(value)


def _shape(geometry: Any) -> Any:
    if not isinstance(geometry, dict):
        return None
    try:
        return shapely.from_geojson(json.dumps(_numbers(geometry)))
    except (shapely.errors.GEOSException, ValueError, RecursionError):
        return None


def _numbers(value: Any) -> Any:
    if isinstance(value, _Written):
        return float(value)
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    return [_numbers(item) for item in value] if isinstance(value, list) else value


def _json_crs(document: dict[str, Any]) -> pyproj.CRS | None:
    member = document.get("crs")
    if member is None:
        return WGS84
    try:
        crs = pyproj.CRS.from_user_input(str(member["properties"]["name"]))
    except (pyproj.exceptions.CRSError, KeyError, TypeError):
        return None
    # CRS84 is EPSG:4326 with the axes the way everyone draws them.
    return WGS84 if crs.name == "WGS 84 (CRS84)" else crs


def read_geopackage(path: Path, data: bytes, sheet: str | None) -> Sheet:  # noqa: ARG001 - every form's reader has one signature
    """Return the features of one layer; `sheet` names it where there are several."""
    try:
        # GDAL warns of small damage that it gets over; what it does not get over is an error.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            meta, table = _layer(path, sheet)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FieldError) as error:
        raise BadFileError(
            file=path.name, reason=f"it is not a whole GeoPackage ({error})",
            reason_zh=f"GeoPackage 不完整或已损坏（{error}）",
            mend="Export it again.", mend_zh="请重新导出。",
        ) from error  # fmt: skip
    geometry = meta.get("geometry_name") or "wkb_geometry"
    names = [name for name in table.column_names if name != geometry]
    columns = [[_text(value) for value in table.column(name).to_pylist()] for name in names]
    rows = [list(row) for row in zip(*columns, strict=True)] if names else [[] for _ in range(table.num_rows)]
    numbers = list(range(1, table.num_rows + 1))
    if geometry not in table.column_names:
        return Sheet(names, rows, numbers)
    blobs = table.column(geometry).to_pylist()
    shapes = shapes_of(blobs)
    faults = {
        number: UNREADABLE for number, blob, shape in zip(numbers, blobs, shapes, strict=True) if blob and shape is None
    }
    return Sheet(names, rows, numbers, faults, None, shapes, _layer_crs(meta.get("crs")))


def shapes_of(blobs: list[bytes | None]) -> list[Any]:
    """Return geometries of straight lines from well-known binary; None for the rest: nothing, no geometry, arcs."""
    try:
        return list(shapely.from_wkb(np.array(blobs, dtype=object), on_invalid="ignore"))
    except NotImplementedError:  # one arc among many rows stops them all; then each is read by itself
        return [shapes_of([blob])[0] for blob in blobs] if len(blobs) > 1 else [None]


def _layer(path: Path, sheet: str | None) -> tuple[dict[str, Any], Any]:
    """Return meta and arrow table of the layer that is meant."""
    layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    if (sheet is None and len(layers) != 1) or (sheet is not None and sheet not in layers):
        raise BadFileError(
            file=path.name, reason=f"which layer is meant? It has: {', '.join(layers)}",
            reason_zh=f"请指明图层，现有：{'、'.join(layers)}",
            mend="Name one of its layers.", mend_zh="请用图层名指定其中一个。",
        )  # fmt: skip
    found: tuple[dict[str, Any], Any] = pyogrio.read_arrow(path, layer=sheet or layers[0])
    return found


def _layer_crs(told: str | None) -> pyproj.CRS | None:
    if not told:
        return None
    crs = pyproj.CRS.from_user_input(told)
    # GeoPackage writes "undefined" systems out in full; they are no answer.
    return None if "undefined" in crs.name.lower() or "unknown" in crs.name.lower() else crs
