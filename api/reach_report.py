"""Reach report: what an analysis of walking says about itself, as JSON. Rows are counted from 1."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.reach_analysis import ReachAnalysis, rejected_rows
from api.reports import versions_of
from data.readers import places, street_lines
from data.readers.columns import shown
from geo.access import PROBLEMS
from geo.crs import to_degrees
from geo.edges import Bools
from geo.network import WalkNetwork
from geo.reach import METHOD

FORMAT = 1
LISTED = 200
# A building on a street from which no way leads to a station.
NO_WAY = "no_way"


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


def walk_problems(done: ReachAnalysis) -> pd.Series:
    """Return why a good building joins no street (a key of `PROBLEMS`), or else has no station ("no_way"); or None."""
    problems = pd.Series(done.scene.homes.problem, index=done.scene.ids, dtype=object)
    if done.nearest is None:
        return problems
    return problems.mask(problems.isna() & done.nearest["station_id"].isna().to_numpy(bool), NO_WAY)


def _parameters(done: ReachAnalysis) -> dict[str, Any]:
    asked = done.question
    sources = {"streets": asked.streets, "stations": asked.stations, "barriers": asked.barriers,
               "buildings": asked.buildings}  # fmt: skip
    return {
        "osm": None if asked.osm is None else asked.osm.name,
        **{name: None if source is None else source.path.name for name, source in sources.items()},
        "minutes": asked.thresholds, "speed_m_per_s": asked.speed_m_per_s, "snap_max_m": asked.snap_max_m,
        "island_m": asked.island_m, "width_m": asked.width_m, "node_crossings": asked.node_crossings,
        "station_id": done.stations.ids_by, "households": asked.households, "walkable": done.ways.walkable_by,
        "crs": done.scene.crs.to_string(),
    }  # fmt: skip


def _streets(done: ReachAnalysis) -> dict[str, Any]:
    ways = done.ways
    return {
        "rows": len(ways.fault) if len(ways.fault) else len(ways.streets),
        "walkable": int(ways.streets["is_walkable"].sum()),
        "drawn_again": (np.flatnonzero(ways.again) + 1).tolist(),
        "rejected": rejected_rows(ways.fault, street_lines.FAULTS),
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
    ids = done.stations.ids.to_pylist()
    problems = [
        {"row": int(row), "station_id": shown(ids[row - 1]), "problem": problem, **_words(PROBLEMS[problem])}
        for row, problem in zip(done.station_rows, done.origins.problem, strict=True)
        if problem is not None
    ]
    return {
        "rows": len(ids),
        "joined": int((done.origins.edge >= 0).sum()),
        "straight_line": len(problems),
        "problems": problems,
        "rejected": rejected_rows(done.stations.places.fault, places.FAULTS),
    }


def _buildings(done: ReachAnalysis) -> dict[str, Any] | None:
    homes = done.homes
    if homes is None:
        return None
    fault = homes.places.fault
    problems = walk_problems(done).dropna().value_counts().sort_index()
    return {
        "rows": len(fault),
        "households": _whole(float(homes.households.sum())),
        "households_rejected": _whole(float(homes.households[fault != ""].sum())),
        "households_from": "column" if homes.empty is not None else "one a building",
        "nulls_taken_as_0": homes.empty or 0,
        "joined": int((done.scene.homes.edge >= 0).sum()),
        "problems": {str(key): int(count) for key, count in problems.items()},
        "rejected": rejected_rows(fault, places.FAULTS),
    }


def _within(done: ReachAnalysis, near: pd.DataFrame) -> list[dict[str, Any]]:
    """Whoever is within each threshold of any station, and who is left out."""
    walk_min, counts = near["walk_min"].to_numpy(np.float64), done.scene.counts[:, 0]
    total = float(counts.sum())
    made = []
    for minutes in done.question.thresholds:
        is_in: Bools = walk_min <= minutes
        households = float(counts[is_in].sum())
        made.append({
            "minutes": minutes, "buildings": int(is_in.sum()), "households": _whole(households),
            "share": round(households / total, 4) if total else None, "left_out": _whole(total - households),
        })  # fmt: skip
    return made


def _words(told: tuple[str, str]) -> dict[str, str]:
    return {"zh": told[0], "en": told[1]}


def _whole(amount: float) -> int | float:
    return int(amount) if amount.is_integer() else round(amount, 6)
