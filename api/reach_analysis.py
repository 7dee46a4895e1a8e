"""Reach analysis: what the offline door is asked about walking, and what it found, before anything is written."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.readers.barriers import read_barriers
from data.readers.columns import amounts
from data.readers.osm import read_osm_ways
from data.readers.places import Places, read_places
from data.readers.street_lines import read_street_lines
from geo.access import Doors
from geo.edges import Floats, Shapes
from geo.errors import BadSettingError
from geo.frames import WGS84
from geo.network import ISLAND_M
from geo.reach import SPEED_M_PER_S, WIDTH_M
from geo.scene import SNAP_MAX_M, Scene


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


@dataclass(frozen=True, eq=False)
class Ways:
    """Streets, and what stands in the way; `fault` of the rows of a file of lines, empty for OSM."""

    streets: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame | None
    compounds: gpd.GeoDataFrame | None
    gates: gpd.GeoDataFrame | None
    fault: Shapes
    walkable_by: str | None


@dataclass(frozen=True, eq=False)
class Homes:
    """Buildings as places, with (n,) households of each row, and which were empty cells; None: one a building."""

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
        As of `geo.reach.reach`: index (row number, minutes); None where nothing was asked.
    nearest
        As of `geo.reach.nearest`: index row number of the building; None without buildings.
    """

    question: ReachQuestion
    ways: Ways
    stations: Places
    homes: Homes | None
    scene: Scene
    origins: Doors
    station_rows: pd.Index
    circles: gpd.GeoDataFrame
    nearest: pd.DataFrame | None


def read_ways(question: ReachQuestion) -> Ways:
    """Return the streets of an OSM extract or of a layer of lines, and the barriers."""
    barriers = None
    if question.barriers is not None:
        barriers = read_barriers(question.barriers.path, crs=question.barriers.crs).barriers
    nothing = np.empty(0, dtype=object)
    if question.osm is not None:
        osm = read_osm_ways(question.osm)
        walls = osm.barriers if barriers is None else pd.concat([osm.barriers, barriers], ignore_index=True)
        return Ways(osm.streets, walls, osm.compounds, osm.gates, nothing, None)
    source = question.streets
    if source is None:
        raise BadSettingError(
            what="streets", value=None, reason="streets or an OSM extract are needed", reason_zh="需要道路或 OSM 数据"
        )
    lines = read_street_lines(source.path, walkable=question.walkable, layer=source.layer, crs=source.crs)
    return Ways(lines.streets, barriers, None, None, lines.fault, lines.walkable_by)


def read_homes(question: ReachQuestion) -> Homes | None:
    """Return the buildings asked about, if any; without a column of households each counts as one."""
    source = question.buildings
    if source is None:
        return None
    places = read_places(source.path, layer=source.layer, crs=source.crs)
    if question.households is None:
        return Homes(places, np.ones(len(places.fault)), None)
    values, empty = amounts(places.layer.column(question.households), question.households)
    return Homes(places, values, int(empty.sum()))


def no_homes() -> gpd.GeoDataFrame:
    """Return the buildings of those who have none."""
    return gpd.GeoDataFrame({"households": np.empty(0)}, geometry=gpd.GeoSeries([], crs=WGS84), crs=WGS84)
