"""Incident analysis: what the offline door is asked about incidents, what it read, and what it found before writing."""

from dataclasses import dataclass, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from api.actions.read_hotspots import Field
from api.incident_columns import REPORTER_ROLE, Role, likely, named, time_columns
from api.incident_exposure import Exposure
from api.incident_places import FAULTS as PLACE_FAULTS
from api.incident_places import Spots, read_spots
from api.incident_scan import Scanned
from api.incident_times import Moments, moments_of
from api.reach_analysis import Source, SourceError, refuse_useless
from api.slices import Slices
from data.readers.values import plain
from geo.edges import Bools, Floats, Ints, Shapes
from geo.errors import WrongCrsError
from geo.frames import WGS84
from geo.hotspots.mesh import Kind

FAULTS = {
    **PLACE_FAULTS,
    "no_time": ("没有时间", "it has no time"),
    "time": ("时间无法识别", "its time cannot be read"),
    "year": ("年份不可信", "its year is not believable"),
}
EPS_M, LEAST, DENSER = 50.0, 10, 3.0
SPOTS_A_DEGREE = 10**7
CATEGORY_ROLE = Role("--category", ("类别", "category"), ())


@dataclass(frozen=True)
class IncidentQuestion:
    """What is asked: a file of incidents, which of its columns is what, and how to look at it."""

    file: Source
    lon: str | None = None
    lat: str | None = None
    time: str | None = None
    category: str | None = None
    reporter: str | None = None
    exposure: Source | None = None
    households: str | None = None
    eps_m: float = EPS_M
    min_samples: int | None = None
    cell_m: float | None = None
    kind: Kind = "hexagon"
    radius_max_m: float | None = None
    zone: str = "Asia/Shanghai"
    is_day_first: bool | None = None
    seed: int = 0


@dataclass(frozen=True)
class Columns:
    """Which columns were taken for what; `guessed` are those that nobody named."""

    lon: str | None
    lat: str | None
    time: tuple[str, ...]
    category: str | None
    reporter: str | None
    guessed: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Incidents:
    """The rows of a file: where, when and what each was; those with a fault take no part."""

    spots: Spots
    moments: Moments
    columns: Columns
    category: Shapes
    reporter: Shapes | None

    @property
    def kept(self) -> Bools:
        """Which rows were placed and dated."""
        return np.asarray(self.spots.fault == "", dtype=np.bool_)

    @property
    def lonlat(self) -> Floats:
        """(n, 2) degrees of the kept rows."""
        return np.asarray(shapely.get_coordinates(self.spots.points[self.kept]), dtype=np.float64)

    @cached_property
    def places(self) -> tuple[Floats, Ints]:
        """The different places of the kept rows, (m, 2) degrees, and how many rows lie on each."""
        lon, lat = np.rint(self.lonlat * SPOTS_A_DEGREE).astype(np.int64).T
        key, counts = np.unique(lon * 2**32 + lat, return_counts=True)
        lat = (key + 2**31) % 2**32 - 2**31
        return np.column_stack([(key - lat) >> 32, lat]) / SPOTS_A_DEGREE, counts

    def frame(self) -> gpd.GeoDataFrame:
        """Return the kept rows as `geo.clusters` takes them; their numbers, from 1, are the index."""
        rows = np.flatnonzero(self.kept)
        columns = {
            "category": self.category[rows],
            "reported_at": pd.DatetimeIndex(self.moments.at[rows], tz="UTC"),
        }
        if self.reporter is not None:
            columns["reporter"] = self.reporter[rows]
        return gpd.GeoDataFrame(
            columns, geometry=self.spots.points[rows], crs=WGS84, index=pd.Index(rows + 1, name="row")
        )


@dataclass(frozen=True, eq=False)
class IncidentAnalysis:
    """Clusters, cells and circles for somebody's incidents.

    Attributes
    ----------
    zone
        EPSG code of the metre zone.
    least
        How many incidents make a core.
    labels, clusters
        As of `geo.clusters.clusters`; index row number.
    field, cells, patterns
        As of `api.incident_ground`; patterns None where there is nothing to tell.
    slices, scanned
        As of `api.slices` and `api.incident_scan`.
    """

    question: IncidentQuestion
    incidents: Incidents
    exposure: Exposure | None
    zone: int
    least: int
    labels: pd.Series
    clusters: gpd.GeoDataFrame
    field: Field
    cells: pd.DataFrame
    patterns: pd.DataFrame | None
    slices: Slices
    scanned: Scanned


def read_incidents(question: IncidentQuestion) -> Incidents:
    """Return the rows of a file; those that cannot be placed and dated have a fault.

    Raises
    ------
    InputError
        The file or a column cannot be used, it is not clear which is meant, or no row can be used.
    """
    try:
        spots = read_spots(question.file, lon=question.lon, lat=question.lat)
    except WrongCrsError as error:
        found, wanted = error.fields["found"], error.fields["wanted"]
        raise SourceError(
            told=f"--crs {found} is no coordinate system that is known here. Known are: {wanted}",
            told_zh=f"--crs {found} 不是已知的坐标系。可用：{wanted}",
        ) from error
    file, names = question.file.path.name, spots.names
    times = time_columns(file, names, question.time)
    moments = moments_of(
        [spots.table.column(name) for name in times], ",".join(times), zone=question.zone,
        is_day_first=question.is_day_first,
    )  # fmt: skip
    spots = replace(spots, fault=np.where(spots.fault == "", moments.fault, spots.fault).astype(object))
    refuse_useless(question.file.path, spots.fault, FAULTS)
    category = None if question.category is None else named(file, names, question.category, CATEGORY_ROLE)
    reporters = likely(names, REPORTER_ROLE)
    reporter = reporters[0] if len(reporters) == 1 else None
    if question.reporter is not None:
        reporter = named(file, names, question.reporter, REPORTER_ROLE)
    lon, lat = spots.columns or (None, None)
    guessed = tuple(
        option for option, asked, taken in (
            ("lon", question.lon, lon), ("lat", question.lat, lat), ("time", question.time, times),
            ("reporter", question.reporter, reporter),
        ) if asked is None and taken is not None
    )  # fmt: skip
    columns = Columns(lon, lat, times, category, reporter, guessed)
    return Incidents(spots, moments, columns, _words(spots, category, ""), _people(spots, reporter))


def _people(spots: Spots, column: str | None) -> Shapes | None:
    return None if column is None else _words(spots, column, None)


def _words(spots: Spots, column: str | None, none: str | None) -> Shapes:
    """Return the words of a column, trimmed, each once in memory; `none` for empty cells, and without a column."""
    if column is None:
        return np.full(len(spots.fault), none, dtype=object)
    cells = spots.table.column(column).combine_chunks()
    coded = cells if isinstance(cells, pa.DictionaryArray) else cells.dictionary_encode()
    known = ["" if word is None else plain(str(word)) for word in coded.dictionary.to_pylist()]
    words = np.array([word or none for word in known] + [none], dtype=object)
    return words[np.asarray(pc.fill_null(coded.indices, len(known)), dtype=np.int64)]
