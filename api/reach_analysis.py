"""Reach analysis: what the offline door is asked about walking, and what it found, before anything is written."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from data.readers import places, street_lines
from data.readers.barriers import read_barriers
from data.readers.columns import SHOWN, amounts
from data.readers.nouns import header_key
from data.readers.osm import read_osm_ways
from data.readers.places import Places, centre_of, is_astray, read_places
from data.readers.street_lines import read_street_lines
from geo.access import Doors
from geo.edges import Bools, Floats, Shapes
from geo.errors import BadFileError, BadSettingError, InputError, MissingCrsError, WrongCrsError
from geo.frames import LINES, POLYGONS, WGS84
from geo.network import ISLAND_M
from geo.reach import SPEED_M_PER_S, WIDTH_M
from geo.scene import SNAP_MAX_M, Scene

ID_COLUMN = "station_id"
Words = Mapping[str, tuple[str, str]]


class SourceError(InputError):
    """What is wrong with one of the files, in the words of this command's options."""

    zh = "{told_zh}"
    en = "{told}"


class NothingUsableError(InputError):
    """No row of a file can be used."""

    zh = "{what}中没有一行可用（共 {rows:,} 行）：{reasons_zh}。请检查文件、图层和坐标系是否正确。"
    en = (
        "No row of {what} can be used, of {rows:,}: {reasons}. "
        "Is it the right file, the right layer, the right coordinate system?"
    )


@dataclass(frozen=True)
class Source:
    """A file, which layer of it, and its coordinate system where it does not say."""

    path: Path
    layer: str | None = None
    crs: str | None = None


@dataclass(frozen=True)
class ReachQuestion:
    """What is asked: streets (OSM or lines), stations, buildings, and how people walk."""

    stations: Source
    minutes: tuple[float, ...]
    osm: Path | None = None
    streets: Source | None = None
    barriers: Source | None = None
    buildings: Source | None = None
    station_id: str | None = None
    households: str | None = None
    walkable: str | None = None
    speed_m_per_s: float = SPEED_M_PER_S
    snap_max_m: float = SNAP_MAX_M
    island_m: float = ISLAND_M
    width_m: float = WIDTH_M
    node_crossings: bool = False

    @property
    def thresholds(self) -> list[float]:
        """The minutes asked for, each once, shortest first."""
        return sorted({float(value) for value in self.minutes})


@dataclass(frozen=True, eq=False)
class Ways:
    """Streets, and what stands in the way.

    `fault` and `again` are of the rows of a file of lines, as of `data.readers.street_lines`; empty for OSM.
    """

    streets: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame | None
    compounds: gpd.GeoDataFrame | None
    gates: gpd.GeoDataFrame | None
    fault: Shapes
    again: Bools
    walkable_by: str | None


@dataclass(frozen=True, eq=False)
class Posts:
    """Stations as places; (n,) ids of all rows, and the column that they are of, None for numbers from 1."""

    places: Places
    ids: pa.Array
    ids_by: str | None


@dataclass(frozen=True, eq=False)
class Homes:
    """Buildings as places, with (n,) households of each row, and how many were empty cells; None: one a building."""

    places: Places
    households: Floats
    empty: int | None

    def frame(self) -> gpd.GeoDataFrame:
        """Return the good rows as `geo.scene` takes them."""
        good = self.places.frame("building_id")
        return good.assign(households=self.households[good.index.to_numpy() - 1])


@dataclass(frozen=True, eq=False)
class ReachAnalysis:
    """Circles and walks for somebody's files.

    Attributes
    ----------
    origins, station_rows
        (s,) good stations, joined to the streets, and their row numbers from 1.
    circles
        As of `geo.reach.reach`: index (row number, minutes).
    nearest
        As of `geo.reach.nearest`: index row number of the building; None without buildings.
    """

    question: ReachQuestion
    ways: Ways
    stations: Posts
    homes: Homes | None
    scene: Scene
    origins: Doors
    station_rows: pd.Index
    circles: gpd.GeoDataFrame
    nearest: pd.DataFrame | None


def read_all(question: ReachQuestion) -> tuple[Posts, Homes | None, Ways]:
    """Return stations, buildings if any, and streets; places that are nowhere near the streets have a fault.

    Raises
    ------
    InputError
        Files or columns cannot be used, or no row of a file can be.
    """
    stations, homes = read_stations(question), read_homes(question)
    ways = read_ways(question)
    if len(ways.streets) == 0:
        return stations, homes, ways
    centre = centre_of(ways.streets.geometry.to_numpy())
    stations = Posts(_here(stations.places, centre), stations.ids, stations.ids_by)
    if homes is not None:
        homes = Homes(_here(homes.places, centre), homes.households, homes.empty)
    return stations, homes, ways


def read_stations(question: ReachQuestion) -> Posts:
    """Return the stations; those whose id is empty, or stands in an earlier good row, have a fault."""
    source = question.stations
    with _options_of("stations"):
        found = read_places(source.path, layer=source.layer, crs=source.crs)
    ids, name = _ids(found, question.station_id)
    told = pd.Series(ids.to_pylist(), dtype=object)
    is_empty = told.isna() | (told.astype(str).str.strip() == "")
    found = found.without(is_empty.to_numpy(bool), "no_id")
    good = np.flatnonzero(found.fault == "")
    again = np.zeros(len(told), dtype=np.bool_)
    again[good] = told.astype(str).iloc[good].duplicated().to_numpy(bool)
    return Posts(_usable(found.without(again, "same_id")), ids, name)


def read_homes(question: ReachQuestion) -> Homes | None:
    """Return the buildings asked about, if any; without a column of households each counts as one."""
    source = question.buildings
    if source is None:
        return None
    with _options_of("buildings"):
        found = _usable(read_places(source.path, layer=source.layer, crs=source.crs))
    if question.households is None:
        return Homes(found, np.ones(len(found.fault)), None)
    values, empty = amounts(found.layer.column(question.households), question.households)
    return Homes(found, values, int(empty.sum()))


def read_ways(question: ReachQuestion) -> Ways:
    """Return the streets of an OSM extract or of a layer of lines, and the barriers."""
    barriers = None
    if question.barriers is not None:
        with _options_of("barriers"):
            barriers = _mended(read_barriers(question.barriers.path, crs=question.barriers.crs).barriers)
    if question.osm is not None:
        osm = read_osm_ways(question.osm)
        walls = osm.barriers if barriers is None else pd.concat([osm.barriers, barriers], ignore_index=True)
        nothing = np.empty(0, dtype=object)
        return Ways(osm.streets, walls, osm.compounds, osm.gates, nothing, nothing.astype(bool), None)
    source = question.streets
    if source is None:
        raise BadSettingError(
            what="streets", value=None, reason="streets or an OSM extract are needed", reason_zh="需要道路或 OSM 数据"
        )
    with _options_of("streets"):
        lines = read_street_lines(source.path, walkable=question.walkable, layer=source.layer, crs=source.crs)
    _refuse_useless(source.path, lines.fault, street_lines.FAULTS)
    return Ways(lines.streets, barriers, None, None, lines.fault, lines.again, lines.walkable_by)


def rejected_rows(fault: Shapes, words: Words) -> list[dict[str, Any]]:
    """Return row (from 1), reason (a key of `words`) and its words in both languages, of each row with a fault."""
    return [
        {"row": int(row) + 1, "reason": fault[row], "zh": words[fault[row]][0], "en": words[fault[row]][1]}
        for row in np.flatnonzero(fault)
    ]


def in_words(rejected: list[dict[str, Any]], language: str = "en") -> str:
    """Return why rows were rejected, with the first of them for each reason."""
    rows_of: dict[str, list[int]] = {}
    for found in rejected:
        rows_of.setdefault(found[language], []).append(found["row"])
    one, several, more, between = (
        ("第 {} 行", "第 {} 行", " 等 {:,} 行", "；") if language == "zh"
        else ("row {}", "rows {}", " ... {:,} in all", "; ")
    )  # fmt: skip
    return between.join(
        f"{reason} ({(several if rows[1:] else one).format(', '.join(map(str, rows[:SHOWN])))}"
        f"{more.format(len(rows)) if rows[SHOWN:] else ''})"
        for reason, rows in rows_of.items()
    )


def no_homes() -> gpd.GeoDataFrame:
    """Return the buildings of those who have none."""
    return gpd.GeoDataFrame({"households": np.empty(0)}, geometry=gpd.GeoSeries([], crs=WGS84), crs=WGS84)


@contextmanager
def _options_of(part: str) -> Iterator[None]:
    """Let what a reader says of a file name the options of this command: --stations-crs for --crs."""
    try:
        yield
    except WrongCrsError as error:
        found, wanted = error.fields["found"], error.fields["wanted"]
        raise SourceError(
            told=f"--{part}-crs {found} is no coordinate system that is known here. Known are: {wanted}",
            told_zh=f"--{part}-crs {found} 不是已知的坐标系。可用：{wanted}",
        ) from error
    except (MissingCrsError, BadFileError) as error:
        told, told_zh = (re.sub(r"--(crs|layer)\b", rf"--{part}-\1", error.text(language)) for language in ("en", "zh"))
        raise SourceError(told=told, told_zh=told_zh) from error


def _ids(stations: Places, column: str | None) -> tuple[pa.Array, str | None]:
    """Return the id of each row, and their column: the one named, or one called station_id; None: numbers from 1."""
    layer = stations.layer
    name = column
    if column is None:
        names = [found for found in layer.table.column_names if found != layer.geometry]
        name = next((found for found in names if header_key(found) == header_key(ID_COLUMN)), None)
    if name is not None:
        ids = layer.column(name)
        ids = pc.cast(ids, ids.type.value_type) if pa.types.is_dictionary(ids.type) else ids
        ids = pc.cast(ids, pa.string()) if pa.types.is_decimal(ids.type) else ids
        if column is not None or ids.null_count < len(ids):
            return ids.combine_chunks(), name
    return pa.array(range(1, layer.table.num_rows + 1), type=pa.int64()), None


def _here(found: Places, centre: Floats) -> Places:
    """Return places of which those that are nowhere near the streets have a fault."""
    return _usable(found.without(is_astray(found.points.to_numpy(), centre), "astray"))


def _usable(found: Places) -> Places:
    _refuse_useless(found.layer.path, found.fault, places.FAULTS)
    return found


def _refuse_useless(path: Path, fault: Shapes, words: Words) -> None:
    if (fault != "").all():
        rejected = rejected_rows(fault, words)
        raise NothingUsableError(
            what=path.name, rows=len(fault), reasons=in_words(rejected), reasons_zh=in_words(rejected, "zh")
        )


def _mended(barriers: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return barriers with their invalid shapes made valid, and without what is then nothing."""
    shapes = shapely.make_valid(barriers.geometry.to_numpy())
    mended = barriers.set_geometry(gpd.GeoSeries(shapes, index=barriers.index, crs=barriers.crs))
    mended = mended.explode(ignore_index=True)
    return mended[mended.geom_type.isin((*LINES, *POLYGONS)) & ~mended.is_empty].reset_index(drop=True)
