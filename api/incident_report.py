"""Incident report: what an analysis of incidents says about itself, as JSON. Rows are counted from 1."""

from typing import Any

import numpy as np
import pandas as pd

from api.actions.read_hotspots import METHOD as CELLS_METHOD
from api.incident_analysis import FAULTS, IncidentAnalysis
from api.incident_exposure import EXPOSURE_FAULTS
from api.incident_ground import Q_MAX, middles_of
from api.incident_scan import P_MAX, REPEATS, SELECT, WHYS
from api.incident_words import LANGUAGES, circle_sentences, circles_of, sentences_of, warning_of
from api.reach_analysis import Words
from api.reports import versions_of
from geo.clusters import METHOD as CLUSTERS_METHOD
from geo.edges import Shapes
from geo.hotspots.emerging import METHOD as PATTERNS_METHOD

FORMAT = 1
METHOD = "incidents 1"
LISTED = 200
DIGITS = 6


def incident_report_of(done: IncidentAnalysis) -> dict[str, Any]:
    """Return the report: plain values, the same for the same rows in the same order."""
    return {
        "report": FORMAT,
        "versions": {
            **versions_of(METHOD), "clusters": CLUSTERS_METHOD, "cells": CELLS_METHOD,
            "patterns": None if done.patterns is None else PATTERNS_METHOD, "scan": done.scanned.method,
        },
        "seed": done.question.seed,
        "parameters": _parameters(done),
        "inputs": _inputs(done),
        "times": _times(done),
        "exposure": _exposure(done),
        "clusters": _clusters(done),
        "cells": _cells(done),
        "scan": _scan(done),
        "sentences": {language: sentences_of(done, language) for language in LANGUAGES},
    }  # fmt: skip


def rejected_of(fault: Shapes, words: Words) -> list[dict[str, Any]]:
    """Return each reason for which rows were rejected, in both languages, and those rows, from 1."""
    found = []
    for reason in words:
        rows = np.flatnonzero(fault == reason) + 1
        if len(rows):
            zh, en = words[reason]
            found.append({"reason": reason, "zh": zh, "en": en, "count": len(rows), "rows": rows.tolist()})
    return found


def _parameters(done: IncidentAnalysis) -> dict[str, Any]:
    asked, columns = done.question, done.incidents.columns
    return {
        "lon": columns.lon, "lat": columns.lat, "time": list(columns.time), "category": columns.category,
        "reporter": columns.reporter, "columns_guessed": _guessed(done), "layer": asked.file.layer,
        "crs": asked.file.crs, "zone": asked.zone, "dates": done.incidents.moments.order,
        "exposure": None if asked.exposure is None else asked.exposure.path.name,
        "exposure_crs": None if asked.exposure is None else asked.exposure.crs,
        "households": None if done.exposure is None else done.exposure.by,
        "eps_m": asked.eps_m, "min_samples": done.least, "min_samples_chosen": asked.min_samples is None,
        "kind": asked.kind, "cell_m": done.field.mesh.cell_m, "cell_chosen": asked.cell_m is None,
        "measure": "count" if done.exposure is None else "rate", "correction": "benjamini-hochberg", "q_max": Q_MAX,
        "scan_cell_m": done.scanned.cell_m, "radius_max_m": done.scanned.radius_max_m,
        "radius_chosen": asked.radius_max_m is None, "repeats": REPEATS, "p_max": P_MAX,
        "select": None if done.exposure is None else SELECT,
        "metre_crs": f"EPSG:{done.zone}",
    }  # fmt: skip


def _guessed(done: IncidentAnalysis) -> list[str]:
    """Which options were taken from what columns are called."""
    is_guessed = done.exposure is not None and done.exposure.by is not None and done.question.households is None
    return [*done.incidents.columns.guessed, *(["households"] if is_guessed else [])]


def _inputs(done: IncidentAnalysis) -> dict[str, Any]:
    spots, kept = done.incidents.spots, done.incidents.kept
    places, counts = done.incidents.places
    place = np.round(places[counts.argmax()], 7)
    return {
        "file": spots.path.name,
        "sha256": spots.sha256(),
        "crs": spots.datum or spots.crs.to_string(),
        "rows": len(kept),
        "points": int(kept.sum()),
        "rejected_rows": int((~kept).sum()),
        "spots": len(counts),
        "commonest_spot": {"place": place.tolist(), "incidents": int(counts.max())},
        "rejected": rejected_of(spots.fault, FAULTS),
    }


def _times(done: IncidentAnalysis) -> dict[str, Any]:
    moments, kept, slices = done.incidents.moments, done.incidents.kept, done.slices
    days = moments.local[kept].astype("datetime64[D]")
    return {
        "resolution": moments.resolution, "dates": moments.order, "rows_with_zone": moments.zoned,
        "first_on": str(days.min()), "last_on": str(days.max()), "unit": slices.unit, "periods": len(slices.starts),
        "periods_from": slices.starts[0].isoformat(), "rows_outside_periods": int((slices.of < 0).sum()),
    }  # fmt: skip


def _exposure(done: IncidentAnalysis) -> dict[str, Any] | None:
    held = done.exposure
    if held is None:
        return None
    fault = held.spots.fault
    without = done.cells.loc[~(done.cells["households"] > 0), "count"].sum()
    return {
        "rows": len(fault), "households": _number(held.households.sum()),
        "households_rejected": _number(held.households[fault != ""].sum()),
        "households_from": "one a point" if held.by is None else "column", "nulls_taken_as_0": held.empty or 0,
        "households_in_cells": _number(done.cells["households"].sum()), "incidents_without_households": int(without),
        "share_without_incidents_near": _number(_elsewhere(done)),
        "rejected": rejected_of(fault, EXPOSURE_FAULTS),
    }  # fmt: skip


def _elsewhere(done: IncidentAnalysis) -> float:
    """Which share of the households lies outside the rectangle of the incidents."""
    middles = middles_of(done.field.mesh, done.cells.index.to_numpy())
    filled = middles[done.cells["count"] > 0]
    inside = ((middles >= filled.min(axis=0)) & (middles <= filled.max(axis=0))).all(axis=1)
    return float(done.cells["households"][~inside].sum() / max(done.cells["households"].sum(), 1e-9))


def _clusters(done: IncidentAnalysis) -> dict[str, Any]:
    has_days = done.incidents.moments.resolution != "month"
    listed = []
    for cluster, row in enumerate(done.clusters.drop(columns="geometry").head(LISTED).to_dict("records")):
        warnings = {name: warning_of(row, has_days=has_days, language=name) for name in LANGUAGES}
        listed.append({
            "cluster": cluster, "incidents": row["incidents"], "places": row["places"],
            "first_on": row["first_on"].isoformat(), "last_on": row["last_on"].isoformat(),
            "top_category": row["top_category"] or None, "across_m": round(row["across_m"], 1),
            "top_place_share": _number(row["top_place_share"]), "warning": warnings if warnings["en"] else None,
        })  # fmt: skip
    return {"count": len(done.clusters), "incidents": int((done.labels >= 0).sum()), "listed": listed}


def _cells(done: IncidentAnalysis) -> dict[str, Any]:
    patterns = None if done.patterns is None else done.patterns["pattern"].astype(str).value_counts().sort_index()
    return {
        "count": len(done.cells), "mesh": done.field.mesh.cells,
        "classes": {str(name): int(n) for name, n in done.cells["class"].value_counts().sort_index().items()},
        "patterns": None if patterns is None else {str(name): int(count) for name, count in patterns.items()},
    }  # fmt: skip


def _scan(done: IncidentAnalysis) -> dict[str, Any]:
    held = done.scanned
    sentences = {name: circle_sentences(done, name) for name in LANGUAGES}
    circles = [
        {
            "circle": at, "observed": row["observed"], "expected": _number(row["expected"]),
            "relative_risk": _number(row["relative_risk"]), "p": _number(row["p"]),
            "radius_m": round(row["radius_m"], 1), "place": [round(row["lon"], 6), round(row["lat"], 6)],
            "first_on": row["first_on"] and row["first_on"].isoformat(),
            "last_on": row["last_on"] and row["last_on"].isoformat(),
            "zh": sentences["zh"][at], "en": sentences["en"][at],
        }
        for at, row in enumerate(circles_of(done))
    ]  # fmt: skip
    why = None if held.why is None else {"reason": held.why, "zh": WHYS[held.why][0], "en": WHYS[held.why][1]}
    return {
        "method": held.method, "why_not": why, "against": None if held.method is None else _against(held.method),
        "places": held.places, "incidents": held.incidents, "circles": circles,
    }  # fmt: skip


def _against(method: str) -> str:
    return "households" if method.startswith("scan") else "own totals by place and period"


def _number(value: float) -> float | int | None:
    """A figure as JSON can hold it."""
    if pd.isna(value) or not np.isfinite(value):
        return None
    rounded = round(float(value), DIGITS)
    return int(rounded) if rounded.is_integer() else rounded
