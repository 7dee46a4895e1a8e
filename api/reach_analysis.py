"""Reach analysis: what the offline door is asked about walking, and what it found, before anything is written."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
from data.readers.layer import PARQUETS, Layer, read_layer
from data.readers.nouns import header_key
from data.readers.osm import read_osm_ways
from data.readers.places import TABLES, Places, centre_of, is_astray, read_places
from data.readers.street_lines import read_street_lines
from geo.access import Doors
from geo.crs import metric_crs_of, to_metric
from geo.edges import Bools, Floats, Shapes
from geo.errors import BadFileError, BadSettingError, InputError, MissingCrsError, WrongCrsError
from geo.frames import LINES, POLYGONS, WGS84
from geo.network import ISLAND_M
from geo.reach import SPEED_M_PER_S, WIDTH_M
from geo.scene import SNAP_MAX_M, Scene

ID_COLUMN = "station_id"
# What people call it: taken unasked where every station has one and no two the same.
ID_WORDS = ("站点编号", "编号")
# Nobody walks so far to a street: who has all places beyond has two coordinate systems.
APART_M, PROBES = 10_000.0, 200
# A table has text alone. Plain numbers become numbers; longer ones, and those that begin with 0, are codes.
WHOLE, DECIMAL = r"^-?(0|[1-9][0-9]{0,8})$", r"^-?(0|[1-9][0-9]{0,8})(\.[0-9]+)?$"
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


class ApartError(InputError):
    """All places are so far from the streets that they must be meant elsewhere."""

    zh = (
        "{what}中的位置离道路都在 {far_km:,.0f} 公里以上：位置在（{here}）一带，道路在（{there}）一带。"
        "两者的坐标系不一致，请检查 {options}（米制坐标请核对带号，例如 EPSG:4545 的中央经线是 108 度）。"
    )
    en = (
        "Every place of {what} lies {far_km:,.0f} km and more from the streets: the places are around ({here}), the "
        "streets around ({there}). One of the two is in another coordinate system: check {options} (in metres, also "
        "the zone: EPSG:4545, for example, has its central meridian at 108 degrees)."
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
    for part, places_of in (("stations", stations.places), ("buildings", None if homes is None else homes.places)):
        if places_of is not None:
            _refuse_apart(places_of, ways.streets, part=part, question=question)
    return stations, homes, ways


def read_stations(question: ReachQuestion) -> Posts:
    """Return the stations; those whose id is empty, or stands in an earlier good row, have a fault."""
    source = question.stations
    with options_of("stations", source):
        found = read_places(source.path, layer=source.layer, crs=source.crs)
    ids, name = _ids(found.layer, question.station_id)
    found = replace(found, layer=_numbered(found.layer))
    told = pd.Series(ids.to_pylist(), dtype=object)
    is_empty = told.isna() | (told.astype(str).str.strip() == "")
    found = found.without(is_empty.to_numpy(bool), "no_id")
    good = np.flatnonzero(found.fault == "")
    again = np.zeros(len(told), dtype=np.bool_)
    again[good] = told.astype(str).iloc[good].duplicated().to_numpy(bool)
    if name is not None and pa.types.is_integer(found.layer.column(name).type):
        ids = found.layer.column(name).combine_chunks()
    return Posts(_usable(found.without(again, "same_id")), ids, name)


def read_homes(question: ReachQuestion) -> Homes | None:
    """Return the buildings asked about, if any; without a column of households each counts as one."""
    source = question.buildings
    if source is None:
        return None
    with options_of("buildings", source):
        found = _usable(read_places(source.path, layer=source.layer, crs=source.crs))
    numbered = replace(found, layer=_numbered(found.layer))
    if question.households is None:
        return Homes(numbered, np.ones(len(found.fault)), None)
    values, empty = amounts(found.layer.column(question.households), question.households)
    return Homes(numbered, values, int(empty.sum()))


def read_ways(question: ReachQuestion) -> Ways:
    """Return the streets of an OSM extract or of a layer of lines, and the barriers."""
    barriers = None
    if question.barriers is not None:
        with options_of("barriers", question.barriers):
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
    with options_of("streets", source):
        lines = read_street_lines(source.path, walkable=question.walkable, layer=source.layer, crs=source.crs)
    refuse_useless(source.path, lines.fault, street_lines.FAULTS)
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
def options_of(part: str, source: Source | None = None) -> Iterator[None]:
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
        label = _label(source) if source is not None and type(error) is MissingCrsError else None
        if source is not None and label is not None:
            raise SourceError(
                told=f"{source.path.name} says that its coordinates are degrees ({label}), but they are metres. "
                f"Correct it in the file, or pass --{part}-crs with the system they are in (for example EPSG:4545).",
                told_zh=f"{source.path.name} 标明的坐标系是经纬度（{label}），坐标却是米。"
                f"请在文件中改正，或用 --{part}-crs 指定实际的坐标系（例如 EPSG:4545）。",
            ) from error
        told, told_zh = (re.sub(r"--(crs|layer)\b", rf"--{part}-\1", error.text(language)) for language in ("en", "zh"))
        raise SourceError(told=told, told_zh=told_zh) from error


def _label(source: Source) -> str | None:
    """Return what says that a file is in degrees: its option, or the file itself; None where nothing does."""
    if source.crs is not None:
        return source.crs
    if source.path.suffix.lower() in TABLES:
        return None
    if source.path.suffix.lower() in PARQUETS:
        found = gpd.read_parquet(source.path).crs
    else:
        layer = read_layer(source.path, layer=source.layer, crs="EPSG:3857").name  # any metres: to read it at all
        found = gpd.read_file(source.path, layer=layer, rows=1).crs
    return None if found is None else str(found.to_string())


def _ids(layer: Layer, column: str | None) -> tuple[pa.Array, str | None]:
    """Return the id of each row, and their column: the one named, or one of a usual name; None: numbers from 1."""
    names = [found for found in layer.table.column_names if found != layer.geometry]
    called = {header_key(found): found for found in reversed(names)}
    own = called.get(header_key(ID_COLUMN))
    for name in [column] if column is not None else [own, *(called.get(header_key(word)) for word in ID_WORDS)]:
        if name is None:
            continue
        ids = layer.column(name)
        ids = pc.cast(ids, ids.type.value_type) if pa.types.is_dictionary(ids.type) else ids
        ids = pc.cast(ids, pa.string()) if pa.types.is_decimal(ids.type) else ids
        told = pd.Series(ids.to_pylist(), dtype=object)
        is_whole = not (told.isna() | (told.astype(str).str.strip() == "")).any() and told.astype(str).is_unique
        if column is not None or is_whole or (name == own and ids.null_count < len(ids)):
            return ids.combine_chunks(), name
    return pa.array(range(1, layer.table.num_rows + 1), type=pa.int64()), None


def _numbered(layer: Layer) -> Layer:
    """Return the layer of a table with those columns as numbers whose every cell is a plain one."""
    if layer.path.suffix.lower() not in TABLES:
        return layer
    table = layer.table
    for place, name in enumerate(table.column_names):
        if name == layer.geometry:
            continue
        cells = pc.utf8_trim_whitespace(table.column(place))
        cells = pc.if_else(pc.equal(cells, ""), None, cells)
        for pattern, kind in ((WHOLE, pa.int64()), (DECIMAL, pa.float64())):
            if cells.null_count < len(cells) and pc.all(pc.match_substring_regex(cells, pattern)).as_py():
                table = table.set_column(place, name, pc.cast(cells, kind))
                break
    return replace(layer, table=table)


def _refuse_apart(found: Places, streets: gpd.GeoDataFrame, *, part: str, question: ReachQuestion) -> None:
    """Raise where all places of a file lie farther from all streets than anybody walks."""
    walkable = streets.geometry[streets["is_walkable"].to_numpy(bool)]
    points = found.points[found.fault == ""]
    if len(walkable) == 0:
        return
    crs = metric_crs_of(walkable)
    tree, spots = shapely.STRtree(to_metric(walkable, crs).to_numpy()), to_metric(points, crs).to_numpy()
    some = np.unique(np.linspace(0, len(spots) - 1, min(PROBES, len(spots))).astype(np.int64))
    for probed in (spots[some], spots):
        far_m = tree.query_nearest(probed, return_distance=True, all_matches=False)[1]
        if far_m.min() <= APART_M:
            return
    here, there = (
        ", ".join(f"{degree:.3f}" for degree in centre_of(shapes.to_numpy())) for shapes in (points, walkable)
    )
    kinds = (part,) if question.osm is not None else (part, "streets")
    raise ApartError(
        what=found.layer.path.name, far_km=float(far_m.min()) / 1000, here=here, there=there,
        options=", ".join(f"--{kind}-crs" for kind in kinds),
    )  # fmt: skip


def _here(found: Places, centre: Floats) -> Places:
    """Return places of which those that are nowhere near the streets have a fault."""
    return _usable(found.without(is_astray(found.points.to_numpy(), centre), "astray"))


def _usable(found: Places) -> Places:
    refuse_useless(found.layer.path, found.fault, places.FAULTS)
    return found


def refuse_useless(path: Path, fault: Shapes, words: Words) -> None:
    """Raise NothingUsableError where every row has a fault."""
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
