"""Answers: JSON, GeoJSON (RFC 7946) and tiles with their ETag and Cache-Control.

Strong ETags are made from the bytes sent, so an equal answer is never sent twice.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from fastapi import Request, Response

GEOJSON = "application/geo+json"
JSON = "application/json"
MVT = "application/vnd.mapbox-vector-tile"
PNG = "image/png"
YEAR_S = 31_536_000
# 1e-7 degrees is about a centimetre.
PRECISION_DEG = 1e-7

Reader = Literal["public", "staff", "nobody"]
_CACHE: Mapping[str, str] = {
    "public": "public, no-cache",
    "staff": "private, no-cache",
    "nobody": "no-store",
}


def plain(value: object) -> object:
    """Return a value as JSON knows it: no NaN, no numpy, dates in ISO 8601."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | np.ndarray):
        return [plain(item) for item in value]
    return _scalar(value)


def _scalar(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def json_bytes(body: object) -> bytes:
    """Return compact UTF-8 JSON of any of our values."""
    return json.dumps(plain(body), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def tagged(request: Request, content: bytes, *, media_type: str, cache: str, vary: str = "Cookie") -> Response:
    """Return `content` with a strong ETag, or 304 where the reader has it already."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"etag": etag, "cache-control": cache, "vary": vary}
    asked = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in asked or "*" in asked:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def json_answer(
    request: Request, body: object, *, reader: Reader = "staff", media_type: str = JSON, status: int = 200
) -> Response:
    """Return JSON; `reader` "nobody" may not be kept by anyone."""
    content = json_bytes(body)
    if reader == "nobody" or status != 200:
        return Response(content, status_code=status, media_type=media_type, headers={"cache-control": "no-store"})
    return tagged(request, content, media_type=media_type, cache=_CACHE[reader])


def attachment(content: bytes, media_type: str, name: str) -> Response:
    """Return a file to take along, which nobody on the way may keep."""
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


def tile_answer(
    request: Request, content: bytes | None, *, media_type: str = MVT, reader: Reader, is_revised: bool = False
) -> Response:
    """Return a tile: 204 when empty.

    Parameters
    ----------
    reader
        Who may keep it; a tile for "nobody" is not to be stored at all.
    is_revised
        What it shows changes with its revision alone: kept for ever where the address carries one (``?v=``).
    """
    cache = _CACHE[reader]
    if is_revised and reader != "nobody" and request.query_params.get("v"):
        cache = cache.replace("no-cache", f"max-age={YEAR_S}, immutable")
    if not content:
        return Response(status_code=204, headers={"cache-control": cache, "vary": "Cookie"})
    if reader == "nobody":
        return Response(bytes(content), media_type=media_type, headers={"cache-control": cache})
    return tagged(request, bytes(content), media_type=media_type, cache=cache)


def feature(
    geometry: shapely.Geometry | None, properties: Mapping[str, object], *, feature_id: object
) -> dict[str, Any]:
    """Return one GeoJSON feature; rings run counter-clockwise, as RFC 7946 asks."""
    return {"type": "Feature", "id": feature_id, "geometry": _shape(geometry), "properties": dict(properties)}


def _shape(geometry: shapely.Geometry | None) -> dict[str, Any] | None:
    if geometry is None or shapely.is_empty(geometry):
        return None
    rounded = shapely.set_precision(geometry, PRECISION_DEG, mode="pointwise")
    shape: dict[str, Any] = json.loads(shapely.to_geojson(shapely.orient_polygons(rounded)))
    return shape


def collection(features: Iterable[Mapping[str, Any]], **extra: object) -> dict[str, Any]:
    """Return a GeoJSON FeatureCollection; `extra` members stand beside ``features``."""
    return {"type": "FeatureCollection", "features": list(features), **extra}


def frame_features(frame: gpd.GeoDataFrame, columns: Iterable[str] | None = None) -> list[dict[str, Any]]:
    """Return a frame's rows as features: the index is the id and, under its name, a property too."""
    names = [name for name in (columns if columns is not None else frame.columns) if name != frame.geometry.name]
    rows = frame[names].to_dict("records") if names else [{} for _ in range(len(frame))]
    index_name = str(frame.index.name or "id")
    return [
        feature(shape, {index_name: key, **row}, feature_id=key)
        for key, row, shape in zip(frame.index, rows, frame.geometry, strict=True)
    ]


def bbox_of(geometry: shapely.Geometry | None) -> list[float] | None:
    """Return [west, south, east, north] with seven decimals, or None without a geometry."""
    if geometry is None or shapely.is_empty(geometry):
        return None
    return [round(float(value), 7) for value in shapely.bounds(geometry)]
