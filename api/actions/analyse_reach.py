"""Analyse reach: somebody's streets and stations in, circles, walks and a report out. No database."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from api.actions import Progress, silent
from api.reach_analysis import ReachAnalysis, ReachQuestion, no_homes, read_homes, read_ways
from api.reach_report import reach_report_of, station_ids
from data.readers.layer import Layer
from data.readers.places import FAULTS, Places, read_places
from data.writers.files import write_json, write_together
from data.writers.layer import with_columns, write_layers
from geo.access import street_points
from geo.frames import WGS84
from geo.network import walk_network
from geo.reach import Look, nearest, reach
from geo.scene import scene_of

CIRCLE_COLUMNS = ["station_id", "minutes", "households", "reached_m", "is_straight_line", "geometry"]


def analyse_reach(
    question: ReachQuestion, *, out: Path, report: Path | None = None, progress: Progress = silent
) -> dict[str, Any]:
    """Write circles, buildings and stations as layers of one GeoPackage, and a report; return the report.

    Raises
    ------
    InputError
        Files or columns cannot be used.
    """
    done = analysed_reach(question, progress=progress)
    made = reach_report_of(done)
    progress(0.95, "writing")
    layers = {"circles": _circles(done), "stations": _stations(done)}
    if done.homes is not None and done.nearest is not None:
        layers["buildings"] = _buildings(done, done.homes.places, done.nearest)
    writers: dict[Path, Callable[[Path], None]] = {out: partial(write_layers, layers)}
    if report is not None:
        writers[report] = partial(write_json, content=made)
    write_together(writers)
    progress(1.0, f"{len(done.circles):,} circles")
    return made


def analysed_reach(question: ReachQuestion, *, progress: Progress = silent) -> ReachAnalysis:
    """Return circles and walks, measured; nothing is written."""
    progress(0.0, "reading")
    stations = read_places(question.stations.path, layer=question.stations.layer, crs=question.stations.crs)
    station_ids(stations, question.station_id)  # a column that names nobody is told before the work
    homes, ways = read_homes(question), read_ways(question)
    progress(0.2, f"joining {len(ways.streets):,} streets")
    network = walk_network(
        ways.streets, gates=ways.gates, compounds=ways.compounds, barriers=ways.barriers,
        node_crossings=question.node_crossings, island_m=question.island_m,
    )  # fmt: skip
    posts = stations.frame("station_id")
    frame = no_homes() if homes is None else homes.frame()
    scene = scene_of(network, frame, snap_max_m=question.snap_max_m, counts=("households",), elsewhere=posts)
    progress(0.3, f"walking from {len(posts):,} stations")
    circles = reach(
        posts, scene, minutes=question.minutes, speed_m_per_s=question.speed_m_per_s,
        look=Look(width_m=question.width_m),
        progress=lambda at, of: progress(0.3 + 0.5 * at / of, f"walking from station {at:,} of {of:,}"),
    )  # fmt: skip
    progress(0.8, "finding the nearest station of every building")
    near = None
    if homes is not None:
        longest_min = max(question.minutes)
        near = nearest(posts, scene, stand_in_min=longest_min, speed_m_per_s=question.speed_m_per_s)
    return ReachAnalysis(question, ways, stations, homes, scene, scene.join(posts), posts.index, circles, near)


def _circles(done: ReachAnalysis) -> gpd.GeoDataFrame:
    ids = station_ids(done.stations, done.question.station_id)
    frame = done.circles.reset_index()
    frame["station_id"] = ids.take(pa.array(frame["station_id"].to_numpy(np.int64) - 1)).to_pylist()
    if done.homes is None:
        frame["households"] = pd.array([pd.NA] * len(frame), dtype="Int64")
    return gpd.GeoDataFrame(frame[CIRCLE_COLUMNS], crs=WGS84)


def _buildings(done: ReachAnalysis, places: Places, near: pd.DataFrame) -> Layer:
    """The rows of the buildings as they came, each with its nearest station and the minutes to it."""
    ids = station_ids(done.stations, done.question.station_id)
    fault = places.fault
    rows = near.reindex(pd.RangeIndex(1, len(fault) + 1))
    nobody = rows["station_id"].isna().to_numpy()
    which = np.where(nobody, 1, rows["station_id"].fillna(1).to_numpy(np.int64)) - 1
    problem = rows["problem"].where(fault == "", fault)
    return with_columns(places.layer, {
        "station_id": ids.take(pa.array(which, mask=nobody)),
        "walk_min": pa.array(rows["walk_min"].to_numpy(np.float64), from_pandas=True),
        "is_straight_line": pa.array(rows["is_straight_line"].eq(True).to_numpy(bool)),
        "walk_problem": pa.array(problem.where(problem.notna(), None).tolist(), type=pa.string()),
    })  # fmt: skip


def _stations(done: ReachAnalysis) -> Layer:
    """The rows of the stations as they came, each at the point where it joins a street, and the metres to it."""
    places, origins = done.stations, done.origins
    rows = done.station_rows.to_numpy(np.int64) - 1
    joined = np.flatnonzero(origins.edge >= 0)
    points = places.points.to_numpy().copy()
    if done.scene.network is not None and len(joined):
        spots = shapely.points(street_points(done.scene.network, origins, joined))
        points[rows[joined]] = gpd.GeoSeries(spots, crs=done.scene.crs).to_crs(WGS84).to_numpy()
    snap_m, problem = np.full(len(places.fault), np.nan), places.fault.copy()
    snap_m[rows], problem[rows] = origins.snap_m, origins.problem
    layer = places.layer
    place = layer.table.column_names.index(layer.geometry)
    moved = layer.table.set_column(place, layer.geometry, pa.array(shapely.to_wkb(points), type=pa.binary()))
    there = places.points.to_numpy()
    return with_columns(replace(layer, table=moved, shapes=points, crs=WGS84, datum=None, kind=None), {
        "station_id": station_ids(places, done.question.station_id),
        "place_lon": pa.array(shapely.get_x(there), from_pandas=True),
        "place_lat": pa.array(shapely.get_y(there), from_pandas=True),
        "snap_m": pa.array(snap_m, from_pandas=True),
        "is_straight_line": pa.array((problem != None) & ~np.isin(problem, list(FAULTS))),  # noqa: E711 - elementwise
        "problem": pa.array(problem.tolist(), type=pa.string()),
    })  # fmt: skip
