"""Street lines: somebody's layer of lines as the streets that people walk, and which rows are none.

Streets meet at shared end points or vertices and are walked both ways, unless a column says no. Columns are found by
what they are called, in either language; what a street is classed as does not close it.
"""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.readers.columns import NO
from data.readers.layer import LINES, Layer, read_layer
from data.readers.layers import UNREADABLE
from data.readers.nouns import header_key
from data.readers.places import centre_of, in_degrees, is_astray, is_finite
from data.readers.values import plain
from geo.edges import Bools, Shapes
from geo.frames import WGS84

WALKABLE = ("is_walkable", "walkable", "foot", "on_foot", "可步行", "步行", "是否可步行")
BRIDGE, TUNNEL = ("is_bridge", "bridge", "桥", "桥梁"), ("tunnel", "is_tunnel", "隧道")
NAMES = ("name", "street", "street_name", "名称", "道路名称", "路名", "街道名称")
CLOSED = frozenset(NO) - {""} | {"private", "use_sidepath", "none", "禁止", "不可", "不可步行", "不能"}
FAULTS = {
    "missing": ("没有几何", "it has no geometry"),
    "unreadable": UNREADABLE,
    "kind": ("不是线", "it is no line"),
    "flat": ("长度为 0", "it has no length"),
    "away": ("坐标不是数字或超出坐标系的范围", "its coordinates are no numbers, or outside its coordinate system"),
    "astray": ("离其他道路 10 度以上，坐标可能有误", "it lies more than 10 degrees from most streets"),
}
MULTI = 5


@dataclass(frozen=True, eq=False)
class StreetLines:
    """Streets as `geo.network` takes them, index street_id = row number from 1.

    Attributes
    ----------
    streets
        The good rows; of walkable ones that are drawn twice the first.
    fault
        (n,) key of `FAULTS`, "" for a good row.
    again
        (n,) whether a row is drawn just like an earlier one.
    walkable_by
        The column that says no where nobody walks, None where there is none.
    """

    streets: gpd.GeoDataFrame
    fault: Shapes
    again: Bools
    walkable_by: str | None


def read_street_lines(
    path: str | Path, *, walkable: str | None = None, layer: str | None = None, crs: str | None = None
) -> StreetLines:
    """Return the streets of a GeoPackage, GeoJSON, GeoParquet or Shapefile.

    Parameters
    ----------
    walkable
        Column that says no where nobody walks; else the first column of a usual name.
    layer, crs
        As of `data.readers.layer.read_layer`.

    Raises
    ------
    BadFileError, EmptyFrameError, MissingColumnsError, MissingCrsError, WrongCrsError
        The file cannot be read, has no rows or not that column, or does not say where it is.
    """
    with np.errstate(invalid="ignore"):  # of coordinates that are no numbers: told below
        found = read_layer(path, layer=layer, crs=crs, kinds=LINES)
        shapes = _without_flat_parts(np.asarray(shapely.force_2d(found.shapes), dtype=object))
        fault = np.full(len(shapes), "", dtype=object)
        fault[shapely.is_missing(shapes) | shapely.is_empty(shapes)] = "missing"
        fault[found.unreadable.astype(bool)] = "unreadable"
        fault[(fault == "") & ~np.isin(shapely.get_type_id(shapes), (1, 2, MULTI))] = "kind"
        fault[(fault == "") & ~is_finite(shapes)] = "away"
        fault[(fault == "") & ~shapely.is_valid(shapes)] = "flat"
        degrees = in_degrees(shapes, found).to_numpy()
        bounds = np.abs(shapely.bounds(degrees))
        fault[(fault == "") & ~(bounds <= (180, 90, 180, 90)).all(axis=1)] = "away"
    if (fault == "").any():  # one that is astray would choose the zone in which all are measured
        fault[(fault == "") & is_astray(degrees, centre_of(degrees[fault == ""]))] = "astray"
    by = walkable or _called(found, WALKABLE)
    told = {
        "is_walkable": ~_says_no(found, by) if by else np.ones(len(shapes), dtype=bool),
        "is_bridge": _says_yes(found, _called(found, BRIDGE)) | _says_yes(found, _called(found, TUNNEL)),
        "name": _names(found, _called(found, NAMES)),
    }
    index = pd.RangeIndex(1, len(shapes) + 1, name="street_id")
    streets = gpd.GeoDataFrame(told, geometry=degrees, index=index, crs=WGS84)
    again = _drawn_again(streets, fault)
    return StreetLines(streets[(fault == "") & ~again], fault, again, by)


def _without_flat_parts(shapes: Shapes) -> Shapes:
    """Return lines of many parts without those parts that have no length, unless all are such."""
    made = shapes.copy()
    for row in np.flatnonzero((shapely.get_type_id(shapes) == MULTI) & ~shapely.is_valid(shapes)):
        parts = shapely.get_parts(shapes[row])
        long = parts[shapely.is_valid(parts)]
        made[row] = shapely.multilinestrings(long) if len(long) else shapes[row]
    return made


def _drawn_again(streets: gpd.GeoDataFrame, fault: Shapes) -> Bools:
    """Return which rows are drawn just like an earlier one, in either direction, and are as walkable as it."""
    again = np.zeros(len(fault), dtype=np.bool_)
    good = np.flatnonzero((fault == "") & streets["is_walkable"].to_numpy(bool))
    drawn = pd.Series(shapely.to_wkb(shapely.normalize(streets.geometry.to_numpy()[good])), dtype=object)
    again[good] = drawn.duplicated().to_numpy(bool)
    return again


def _called(layer: Layer, words: tuple[str, ...]) -> str | None:
    """Return the first column that is called one of these words."""
    known = {header_key(name): name for name in layer.table.column_names if name != layer.geometry}
    return next((known[key] for key in map(header_key, words) if key in known), None)


def _words(layer: Layer, name: str) -> pd.Series:
    cells = layer.column(name).to_pylist()
    return pd.Series(["" if cell is None or cell != cell else plain(str(cell)).lower() for cell in cells], dtype=object)


def _says_no(layer: Layer, name: str) -> Bools:
    return np.asarray(_words(layer, name).isin(CLOSED), dtype=np.bool_)


def _says_yes(layer: Layer, name: str | None) -> Bools:
    if name is None:
        return np.zeros(layer.table.num_rows, dtype=np.bool_)
    return np.asarray(~_words(layer, name).isin(NO), dtype=np.bool_)


def _names(layer: Layer, name: str | None) -> list[str | None]:
    if name is None:
        return [None] * layer.table.num_rows
    cells = layer.column(name).to_pylist()
    return [plain(cell) or None if isinstance(cell, str) else None for cell in cells]
