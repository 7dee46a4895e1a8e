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
from api.reach_analysis import ID_COLUMN, Homes, ReachAnalysis, ReachQuestion, no_homes, read_all
from api.reach_report import reach_report_of, walk_problems
from data.readers.layer import Layer
from data.readers.places import FAULTS, in_degrees
from data.writers.files import write_json, write_together
from data.writers.layer import with_columns, write_layers
from geo.access import street_points
from geo.crs import to_degrees
from geo.edges import Shapes
from geo.errors import InputError
from geo.frames import WGS84
from geo.network import walk_network
from geo.reach import Look, nearest, reach
from geo.scene import scene_of

CIRCLE_COLUMNS = [ID_COLUMN, "minutes", "households", "reached_m", "is_straight_line", "geometry"]
# Minutes are told to a millionth, a tenth of a millimetre: a walk of 5 minutes sharp is within 5 minutes, whatever
# the last digits of reprojected coordinates are.
METRE_DIGITS = 3


class NoFolderError(InputError):
    """The folder to write to is not there."""

    zh = "{file} 无法写入：没有文件夹 {folder}。请先建立，或改用其他路径。"
    en = "{file} cannot be written: there is no folder {folder}. Make it, or name another."


def analyse_reach(
    question: ReachQuestion, *, out: Path, report: Path | None = None, progress: Progress = silent
) -> dict[str, Any]:
    """Write circles, buildings and stations as layers of one GeoPackage, and a report; return the report.

    Raises
    ------
    InputError
        Files or columns cannot be used.
    """
    require_folders(out, report)
    done = analysed_reach(question, progress=progress)
    made = reach_report_of(done)
    progress(0.95, "writing")
    layers = {"circles": _circles(done), "stations": _stations(done)}
    if done.homes is not None and done.nearest is not None:
        layers["buildings"] = _buildings(done, done.homes, done.nearest)
    writers: dict[Path, Callable[[Path], None]] = {out: partial(write_layers, layers)}
    if report is not None:
        writers[report] = partial(write_json, content=made)
    write_together(writers)
    progress(1.0, f"{len(done.circles):,} circles")
    return made


def analysed_reach(question: ReachQuestion, *, progress: Progress = silent) -> ReachAnalysis:
    """Return circles and walks, measured; nothing is written."""
    progress(0.0, "reading")
    stations, homes, ways = read_all(question)
    progress(0.2, f"joining {len(ways.streets):,} streets")
    network = walk_network(
        ways.streets, gates=ways.gates, compounds=ways.compounds, barriers=ways.barriers,
        node_crossings=question.node_crossings, island_m=question.island_m,
    )  # fmt: skip
    posts = stations.places.frame(ID_COLUMN)
    frame = no_homes() if homes is None else homes.frame()
    scene = scene_of(network, frame, snap_max_m=question.snap_max_m, counts=("households",), elsewhere=posts)
    progress(0.3, f"walking from {len(posts):,} stations")
    circles = reach(
        posts, scene, minutes=question.thresholds, speed_m_per_s=question.speed_m_per_s,
        look=Look(width_m=question.width_m),
        progress=lambda at, of: progress(0.3 + 0.5 * at / of, f"walking from station {at:,} of {of:,}"),
    )  # fmt: skip
    circles["reached_m"] = circles["reached_m"].round(METRE_DIGITS)
    progress(0.8, "finding the nearest station of every building")
    near = None
    if homes is not None:
        near = nearest(posts, scene, stand_in_min=max(question.thresholds), speed_m_per_s=question.speed_m_per_s)
    return ReachAnalysis(question, ways, stations, homes, scene, scene.join(posts), posts.index, circles, near)


def require_folders(*paths: Path | None) -> None:
    """Raise before the work where there is no folder to write to after it."""
    for path in paths:
        if path is not None and not path.parent.is_dir():
            raise NoFolderError(file=path, folder=path.parent)


def _circles(done: ReachAnalysis) -> gpd.GeoDataFrame:
    frame = done.circles.reset_index()
    frame[ID_COLUMN] = done.stations.ids.take(pa.array(frame[ID_COLUMN].to_numpy(np.int64) - 1)).to_pylist()
    if done.homes is None:
        frame["households"] = pd.array([pd.NA] * len(frame), dtype="Int64")
    return gpd.GeoDataFrame(frame[CIRCLE_COLUMNS], crs=WGS84)


def _buildings(done: ReachAnalysis, homes: Homes, near: pd.DataFrame) -> Layer:
    """The rows of the buildings as they came, each with its nearest station and the minutes to it."""
    fault, layer = homes.places.fault, homes.places.layer
    rows = near.reindex(pd.RangeIndex(1, len(fault) + 1))
    nobody = rows["station_id"].isna().to_numpy()
    which = np.where(nobody, 1, rows["station_id"].fillna(1).to_numpy(np.int64)) - 1
    problem = walk_problems(done).reindex(rows.index).where(fault == "", fault)
    if layer.datum is not None:  # a GeoPackage cannot say gcj02: beside the circles they would lie askew
        layer = _moved(layer, in_degrees(layer.shapes, layer).to_numpy())
    return with_columns(layer, {
        ID_COLUMN: done.stations.ids.take(pa.array(which, mask=nobody)),
        "walk_min": pa.array(rows["walk_min"].to_numpy(np.float64), from_pandas=True),
        "is_straight_line": pa.array(rows["is_straight_line"].eq(True).to_numpy(bool)),
        "walk_problem": pa.array(problem.where(problem.notna(), None).tolist(), type=pa.string()),
    })  # fmt: skip


def _stations(done: ReachAnalysis) -> Layer:
    """The rows of the stations as they came, each at the point where it joins a street, and the metres to it."""
    posts, origins = done.stations, done.origins
    places = posts.places
    rows = done.station_rows.to_numpy(np.int64) - 1
    joined = np.flatnonzero(origins.edge >= 0)
    points = places.points.to_numpy().copy()
    if done.scene.network is not None and len(joined):
        spots = shapely.points(street_points(done.scene.network, origins, joined))
        points[rows[joined]] = to_degrees(gpd.GeoSeries(spots, crs=done.scene.crs)).to_numpy()
    snap_m, problem = np.full(len(places.fault), np.nan), places.fault.copy()
    snap_m[rows], problem[rows] = origins.snap_m.round(METRE_DIGITS), origins.problem
    layer = _moved(places.layer, points)
    if posts.ids_by is not None and posts.ids_by.lower() == ID_COLUMN:
        layer = replace(layer, table=layer.table.drop_columns([posts.ids_by]))
    there = places.points.to_numpy()
    return with_columns(layer, {
        ID_COLUMN: posts.ids,
        "place_lon": pa.array(shapely.get_x(there), from_pandas=True),
        "place_lat": pa.array(shapely.get_y(there), from_pandas=True),
        "snap_m": pa.array(snap_m, from_pandas=True),
        "is_straight_line": pa.array((problem != None) & ~np.isin(problem, list(FAULTS))),  # noqa: E711 - elementwise
        "problem": pa.array(problem.tolist(), type=pa.string()),
    })  # fmt: skip


def _moved(layer: Layer, shapes: Shapes) -> Layer:
    """Return a layer whose rows have other shapes, in EPSG:4326."""
    place = layer.table.column_names.index(layer.geometry)
    table = layer.table.set_column(place, layer.geometry, pa.array(shapely.to_wkb(shapes), type=pa.binary()))
    return replace(layer, table=table, shapes=shapes, crs=WGS84, datum=None, kind=None)
