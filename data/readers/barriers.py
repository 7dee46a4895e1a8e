"""Barriers: what bars the way on foot, and what leads across it, from a file of lines and polygons.

Every layer of the file is read, each in its own coordinate system. A column `kind` (or 类型, 种类) says what
a row is; where it says nothing known, the layer's name may; else lines are walls and polygons are water. Rows
whose kind is a passage, or whose column `bridge` says yes, lead across instead. Points count as passages only.
"""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.readers.columns import YES
from data.readers.files import unshifted
from data.readers.layer import Layer, layer_names, read_layer
from data.readers.values import plain
from geo.crs import to_degrees
from geo.errors import EmptyFrameError
from geo.frames import WGS84

KIND_HEADERS, BRIDGE_HEADERS = ("kind", "类型", "种类"), ("bridge", "桥", "桥梁")
WORDS = {
    "water": (
        "water", "river", "stream", "canal", "lake", "reservoir", "sea", "水", "水体", "水系", "河", "河流", "湖",
    ),
    "rail": ("rail", "rails", "railway", "train", "铁路", "轨道"),
    "wall": ("wall", "walls", "fence", "barrier", "compound", "motorway", "trunk", "墙", "围墙", "围栏", "高速"),
    "passage": (
        "passage", "bridge", "tunnel", "crossing", "level_crossing", "underpass", "footbridge", "gate", "ferry",
        "通道", "桥", "桥梁", "隧道", "道口", "门", "大门", "轮渡", "地道", "天桥",
    ),
}  # fmt: skip
KIND_OF = {word: kind for kind, words in WORDS.items() for word in words}


@dataclass(frozen=True, eq=False)
class Barriers:
    """Barriers (kind; lines, polygons), passages (lines, points, polygons), EPSG:4326, and what was left out.

    `guessed` rows said nothing known of their kind; `left_out` ones had no geometry, or were points that lead nowhere.
    """

    barriers: gpd.GeoDataFrame
    passages: gpd.GeoDataFrame
    guessed: int
    left_out: int


def read_barriers(path: str | Path, *, crs: str | None = None) -> Barriers:
    """Return the barriers and passages in a file.

    Raises
    ------
    BadFileError, MissingCrsError, WrongCrsError
        The file cannot be read, or does not say where it is.
    """
    layers = []
    for name in layer_names(path):
        try:
            layers.append(read_layer(path, layer=name, crs=crs))
        except EmptyFrameError:  # a layer without rows bars nothing
            continue
    rows = pd.concat([_rows(layer) for layer in layers]) if layers else _no_rows()
    here = ~(rows["geometry"].isna() | shapely.is_empty(rows["geometry"].to_numpy()))
    is_point = shapely.get_dimensions(rows["geometry"].to_numpy()) == 0
    here &= ~is_point | (rows["kind"] == "passage")
    good = rows[here]
    frame = gpd.GeoDataFrame(good[["kind"]], geometry=good["geometry"].to_numpy(), crs=WGS84)
    frame = frame.explode(ignore_index=True)
    leads = frame["kind"] == "passage"
    return Barriers(
        frame[~leads].reset_index(drop=True),
        frame[leads].reset_index(drop=True),
        int(good["guessed"].sum()),
        int((~here).sum()),
    )


def _rows(layer: Layer) -> pd.DataFrame:
    """Return kind, whether it is guessed, and geometry in EPSG:4326, of each row."""
    shapes = unshifted(to_degrees(gpd.GeoSeries(shapely.force_2d(layer.shapes), crs=layer.crs)), layer.datum)
    told = _words(layer, KIND_HEADERS).map(KIND_OF)
    told = told.where(told.notna(), KIND_OF.get(plain(layer.name).lower()))
    told = told.mask(_words(layer, BRIDGE_HEADERS).isin(YES).to_numpy(bool), "passage")
    usual = pd.Series(np.where(shapely.get_dimensions(layer.shapes) == 2, "water", "wall"), dtype=object)
    return pd.DataFrame({"kind": told.fillna(usual), "guessed": told.isna(), "geometry": shapes.to_numpy()})


def _words(layer: Layer, headers: tuple[str, ...]) -> pd.Series:
    """Return the words of the first column with one of the headers, "" where there are none."""
    known = {plain(name).lower(): name for name in layer.table.column_names if name != layer.geometry}
    found = next((known[header] for header in headers if header in known), None)
    cells = [""] * layer.table.num_rows if found is None else layer.table.column(found).to_pylist()
    return pd.Series(["" if cell is None else plain(str(cell)).lower() for cell in cells], dtype=object)


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame({"kind": [], "guessed": np.zeros(0, dtype=bool), "geometry": np.empty(0, dtype=object)})
