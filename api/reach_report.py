"""Reach report: what an analysis of walking says about itself, as JSON. Rows are counted from 1."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from api.reach_analysis import ReachAnalysis
from api.reports import versions_of
from data.readers import places, street_lines
from data.readers.columns import bad_column, shown
from data.readers.places import Places
from geo.access import PROBLEMS
from geo.crs import to_degrees
from geo.edges import Bools, Shapes
from geo.network import WalkNetwork
from geo.reach import METHOD

FORMAT = 1
LISTED = 200
ID_COLUMN = "station_id"


def reach_report_of(done: ReachAnalysis) -> dict[str, Any]:
    """Return the report: plain values, the same for the same rows in the same order."""
    return {
        "report": FORMAT,
        "versions": versions_of(METHOD),
        "parameters": _parameters(done),
        "streets": _streets(done),
        "network": _network(done.scene.network),
        "stations": _stations(done),
        "buildings": _buildings(done),
        "within": [] if done.nearest is None else _within(done, done.nearest),
    }


def station_ids(stations: Places, column: str | None) -> pa.Array:
    """Return the id of each row: of the column named, or one called station_id, or the number of the row from 1.

    Raises
    ------
    MissingColumnsError, BadColumnError
        The column is not there, or an id is empty or there twice.
    """
    rows = stations.layer.table.num_rows
    if column is None and ID_COLUMN not in stations.layer.table.column_names:
        return pa.array(range(1, rows + 1), type=pa.int64())
    name = column or ID_COLUMN
    ids = stations.layer.column(name).combine_chunks()
    ids = ids.dictionary_decode() if pa.types.is_dictionary(ids.type) else ids
    told = pd.Series(ids.to_pylist(), dtype=object)
    for bad, reason, reason_zh in (
        (told.isna() | (told.astype(str).str.strip() == ""), "it is empty", "为空"),
        (told.duplicated(keep=False), "the same id stands in several rows", "编号重复"),
    ):
        if bad.any():
            raise bad_column(name, bad.to_numpy(bool), reason, reason_zh)
    return ids


def _parameters(done: ReachAnalysis) -> dict[str, Any]:
    asked = done.question
    sources = {"streets": asked.streets, "stations": asked.stations, "barriers": asked.barriers,
               "buildings": asked.buildings}  # fmt: skip
    return {
        "osm": None if asked.osm is None else asked.osm.name,
        **{name: None if source is None else source.path.name for name, source in sources.items()},
        "minutes": sorted(asked.minutes), "speed_m_per_s": asked.speed_m_per_s, "snap_max_m": asked.snap_max_m,
        "island_m": asked.island_m, "width_m": asked.width_m, "node_crossings": asked.node_crossings,
        "station_id": asked.station_id, "households": asked.households, "walkable": done.ways.walkable_by,
        "crs": done.scene.crs.to_string(),
    }  # fmt: skip


def _streets(done: ReachAnalysis) -> dict[str, Any]:
    streets, fault = done.ways.streets, done.ways.fault
    return {
        "rows": len(fault) if len(fault) else len(streets),
        "walkable": int(streets["is_walkable"].sum()),
        "rejected": _rejected(fault, street_lines.FAULTS),
    }


def _network(network: WalkNetwork | None) -> dict[str, Any] | None:
    """The pieces of the network, the longest first: named, sized and placed."""
    if network is None:
        return None
    pieces = network.components
    edges = network.component[network.edge_nodes[:, 0]]
    first = np.unique(edges, return_index=True)[1]
    spots = shapely.line_interpolate_point(network.edge_geometry[first[:LISTED]], 0.5, normalized=True)
    points = to_degrees(gpd.GeoSeries(spots, crs=network.crs))
    listed = pieces.head(LISTED).to_dict("records")
    return {
        "nodes": len(network.node_xy),
        "edges": len(network.edge_length_m),
        "length_m": round(float(network.edge_length_m.sum()), 1),
        "pieces": len(pieces),
        "longest_share": round(float(pieces["length_m"].iloc[0] / pieces["length_m"].sum()), 4),
        "listed": [
            {"name": piece["name"], "length_m": round(piece["length_m"], 1), "edges": piece["edges"],
             "place": [round(x, 6), round(y, 6)]}
            for piece, x, y in zip(listed, points.x, points.y, strict=True)
        ],
    }  # fmt: skip


def _stations(done: ReachAnalysis) -> dict[str, Any]:
    ids = station_ids(done.stations, done.question.station_id).to_pylist()
    problems = [
        {"row": int(row), "station_id": shown(ids[row - 1]), "problem": problem, **_words(PROBLEMS[problem])}
        for row, problem in zip(done.station_rows, done.origins.problem, strict=True)
        if problem is not None
    ]
    return {
        "rows": len(done.stations.fault),
        "joined": int((done.origins.edge >= 0).sum()),
        "straight_line": len(problems),
        "problems": problems,
        "rejected": _rejected(done.stations.fault, places.FAULTS),
    }


def _buildings(done: ReachAnalysis) -> dict[str, Any] | None:
    homes = done.homes
    if homes is None:
        return None
    problems = pd.Series(done.scene.homes.problem).dropna().value_counts().sort_index()
    return {
        "rows": len(homes.places.fault),
        "households": _whole(float(homes.households.sum())),
        "households_from": "column" if homes.empty is not None else "one a building",
        "nulls_taken_as_0": homes.empty or 0,
        "joined": int((done.scene.homes.edge >= 0).sum()),
        "problems": {str(key): int(count) for key, count in problems.items()},
        "rejected": _rejected(homes.places.fault, places.FAULTS),
    }


def _within(done: ReachAnalysis, near: pd.DataFrame) -> list[dict[str, Any]]:
    """Whoever is within each threshold of any station, and who is left out."""
    walk_min, counts = near["walk_min"].to_numpy(np.float64), done.scene.counts[:, 0]
    total = float(counts.sum())
    made = []
    for minutes in sorted(done.question.minutes):
        is_in: Bools = walk_min <= minutes
        households = float(counts[is_in].sum())
        made.append({
            "minutes": minutes, "buildings": int(is_in.sum()), "households": _whole(households),
            "share": round(households / total, 4) if total else None, "left_out": _whole(total - households),
        })  # fmt: skip
    return made


def _rejected(fault: Shapes, words: dict[str, tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"row": int(row) + 1, "reason": fault[row], **_words(words[fault[row]])} for row in np.flatnonzero(fault)]


def _words(told: tuple[str, str]) -> dict[str, str]:
    return {"zh": told[0], "en": told[1]}


def _whole(amount: float) -> int | float:
    return int(amount) if amount.is_integer() else round(amount, 6)
