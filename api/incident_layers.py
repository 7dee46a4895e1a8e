"""Incident layers: what was found among somebody's incidents as layers of one file, in EPSG:4326."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from api.incident_analysis import IncidentAnalysis
from api.incident_words import circle_sentences, circles_of, pattern_sentences, warning_of
from data.readers.layer import Layer
from data.writers.layer import with_columns
from geo.crs import to_degrees
from geo.edges import Shapes
from geo.frames import WGS84
from geo.hotspots.mesh import polygons

CLUSTERS = (
    "cluster", "incidents", "places", "first_on", "last_on", "top_category", "top_category_share", "top_place_share",
    "reporters", "top_reporter_share", "across_m", "warning_zh", "warning_en",
)  # fmt: skip
CIRCLES = (
    "circle", "observed", "expected", "relative_risk", "log_likelihood_ratio", "p", "radius_m", "first_on", "last_on",
    "sentence_zh", "sentence_en",
)  # fmt: skip
# What the columns of a file are called: short, Chinese first.
CALLED = {
    "incidents": "n", "first_on": "first", "last_on": "last", "warning_zh": "warning", "sentence_zh": "sentence",
}  # fmt: skip
DIGITS = 6


def layers_of(done: IncidentAnalysis) -> dict[str, Layer]:
    """Return points, clusters, cells and circles, each under the name of its layer."""
    return {"points": _points(done), "clusters": _clusters(done), "cells": _cells(done), "scan": _circles(done)}


def _points(done: IncidentAnalysis) -> Layer:
    """The kept rows in their order, every column as it came, and the cluster of each, -1 for none."""
    layer = done.incidents.spots.layer(done.incidents.kept)
    return with_columns(layer, {"cluster": pa.array(done.labels.to_numpy(np.int64))})


def _clusters(done: IncidentAnalysis) -> Layer:
    table = done.clusters.drop(columns="geometry").reset_index()
    has_days = done.incidents.moments.resolution != "month"
    rows = table.to_dict("records")
    for language in ("zh", "en"):
        warnings = [warning_of(row, has_days=has_days, language=language) for row in rows]
        table[f"warning_{language}"] = pd.Series(warnings, dtype=object)
    if done.incidents.columns.category is None:
        table["top_category"] = None
    else:
        top = [row["top_categories"][0][1] / row["incidents"] for row in rows]
        table["top_category_share"] = np.round(np.array(top, dtype=np.float64), DIGITS)
    return _layer(done, table, CLUSTERS, done.clusters.geometry.to_numpy())


def _cells(done: IncidentAnalysis) -> Layer:
    table = done.cells
    if done.patterns is not None:
        table = table.assign(pattern=done.patterns["pattern"].astype(object).reindex(table.index))
        for language in ("zh", "en"):
            table[f"pattern_{language}"] = pattern_sentences(done, language).reindex(table.index)
    shapes = gpd.GeoSeries(polygons(done.field.mesh, table.index.to_numpy()), crs=done.zone)
    return _layer(done, table.reset_index(), None, to_degrees(shapes).to_numpy())


def _circles(done: IncidentAnalysis) -> Layer:
    rows = circles_of(done)
    table = pd.DataFrame(rows, columns=["x_m", "y_m", *CIRCLES] if not rows else None)
    table["circle"] = np.arange(len(rows))
    for language in ("zh", "en"):
        table[f"sentence_{language}"] = pd.Series(circle_sentences(done, language), dtype=object)
    points = shapely.points(table[["x_m", "y_m"]].to_numpy(np.float64))
    drawn = shapely.buffer(points, table["radius_m"].to_numpy(np.float64), quad_segs=24)
    shapes = to_degrees(gpd.GeoSeries(drawn, crs=done.zone)).to_numpy()
    return _layer(done, table, CIRCLES, shapes)


def _layer(done: IncidentAnalysis, table: pd.DataFrame, columns: tuple[str, ...] | None, shapes: Shapes) -> Layer:
    """Return a table of polygons as a layer; of the columns, those that are there."""
    kept = table if columns is None else table[[name for name in columns if name in table]]
    held = pa.Table.from_pandas(kept.rename(columns=CALLED), preserve_index=False).replace_schema_metadata(None)
    held = held.append_column("geometry", pa.array(shapely.to_wkb(shapes), type=pa.binary()))
    drawn = np.asarray(shapes, dtype=object)
    path = done.incidents.spots.path
    return Layer(path, held, "geometry", drawn, np.zeros(len(drawn), dtype=bool), WGS84, None, "", "Polygon")
