"""Analyse incidents: somebody's file in, points with clusters, hulls, cells and circles out. No database."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from api.actions import Progress, silent
from api.actions.analyse_reach import require_folders
from api.actions.read_hotspots import Field
from api.incident_analysis import DENSER, LEAST, IncidentAnalysis, IncidentQuestion, read_incidents
from api.incident_exposure import read_exposure
from api.incident_ground import cell_size, cells_table, field_over, patterns
from api.incident_layers import layers_of
from api.incident_report import incident_report_of
from api.incident_scan import scanned, slices_over
from api.slices import sliced
from data.readers.places import centre_of
from data.writers.files import write_json, write_together
from data.writers.layer import write_layers
from geo.clusters import clusters
from geo.crs import metre_transformer, metric_crs_of
from geo.hotspots.mesh import cells_of, polygons

# On less ground than a square kilometre there is nothing to compare with.
GROUND_M2 = 1e6


def analyse_incidents(
    question: IncidentQuestion, *, out: Path, report: Path | None = None, progress: Progress = silent
) -> dict[str, Any]:
    """Write points, clusters, cells and circles as layers of one GeoPackage, and a report; return the report.

    Raises
    ------
    InputError
        Files, columns or numbers cannot be used.
    """
    require_folders(out, report)
    done = analysed_incidents(question, progress=progress)
    progress(0.8, "writing")
    made = incident_report_of(done)
    writers: dict[Path, Callable[[Path], None]] = {out: partial(write_layers, layers_of(done))}
    if report is not None:
        writers[report] = partial(write_json, content=made)
    write_together(writers)
    progress(1.0, f"{made['clusters']['count']:,} clusters")
    return made


def analysed_incidents(question: IncidentQuestion, *, progress: Progress = silent) -> IncidentAnalysis:
    """Return what was found among incidents; nothing is written.

    Raises
    ------
    InputError
        Files, columns or numbers cannot be used.
    """
    progress(0.0, "reading")
    incidents = read_incidents(question)
    frame = incidents.frame()
    zone = int(metric_crs_of(frame).to_epsg() or 0)
    xy = np.column_stack(metre_transformer(zone).transform(*incidents.lonlat.T))
    exposure = None
    if question.exposure is not None:
        exposure = read_exposure(question.exposure, question.households, centre_of(frame.geometry.to_numpy()), zone)
    progress(0.3, f"counting {len(frame):,} incidents in cells")
    cell_m = question.cell_m or cell_size(xy, exposure)
    field = field_over(xy, zone, exposure, cell_m=cell_m, kind=question.kind)
    cells = cells_table(field, has_exposure=exposure is not None)
    kept = incidents.kept
    slices = slices_over(incidents.moments.local[kept], incidents.moments.resolution)
    at = np.flatnonzero(field.incidents)
    cases = sliced(np.searchsorted(at, cells_of(field.mesh, xy)), slices, len(at))
    progress(0.4, "finding clusters")
    least = question.min_samples or least_of(field, question.eps_m)
    labels, found = clusters(frame, eps_m=question.eps_m, min_incidents=least, time_zone=question.zone)
    progress(0.5, "scanning")
    circles = scanned(xy, zone, exposure, slices, cell_m=cell_m, radius_max_m=question.radius_max_m, seed=question.seed)
    return IncidentAnalysis(
        question, incidents, exposure, zone, least, labels, found, field, cells, patterns(field, cases, at), slices,
        circles,
    )  # fmt: skip


def least_of(field: Field, eps_m: float) -> int:
    """Return how many incidents make a core: `DENSER` times what its circle holds on average, at least `LEAST`.

    On average over the ground that has incidents: else in a dense town everything is one cluster.
    """
    cell_m2 = shapely.area(polygons(field.mesh, np.zeros(1, dtype=np.int64))[0])
    area_m2 = max(float((field.incidents > 0).sum() * cell_m2), GROUND_M2)
    on_average = float(field.incidents.sum()) * math.pi * eps_m**2 / area_m2
    return max(LEAST, math.ceil(DENSER * on_average))
