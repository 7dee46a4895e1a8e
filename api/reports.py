"""Reports: what an analysis of somebody's layer says about itself, as JSON.

Rows are counted from 1. Amounts are in whole households and people again, whatever units the solver used.
"""

from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from api.analysis import Analysis
from data.readers.columns import shown
from data.readers.tessellation import FAULTS, Counted
from geo.edges import Ints

FORMAT = 1
LISTED = 200
# A block has some dozen neighbours; what has more is ground between blocks.
HUB_NEIGHBOURS = 100
# What a certificate says of cells is told of rows.
NAMED = ("cell_id", "cell_ids", "aside")
PACKAGES = ("numpy", "pandas", "geopandas", "shapely", "pyogrio")
# Facts and measures that are amounts; the rest are shares, counts and lengths.
AMOUNTS = {"households": "households", "grid_households": "households", "people": "people", "grid_people": "people",
           "band": "households", "lo": "households", "hi": "households", "people_band": "people"}  # fmt: skip


def report_of(done: Analysis) -> dict[str, Any]:
    """Return the report of an analysis: plain values, the same for the same rows in the same order."""
    asked, ground = done.question, done.ground
    scale = {"households": ground.households.scale, "people": ground.people.scale}
    return {
        "report": FORMAT,
        "versions": versions_of(done.proposal.method),
        "seed": asked.seed,
        "parameters": _parameters(done),
        "inputs": _inputs(done),
        "ground": _ground(done),
        "barriers": _barriers(done),
        "band": [_scaled(bound, scale["households"]) for bound in done.band],
        "count": len(done.proposal.grids),
        "measures": {
            name: {"value": _measure(str(name), row["value"], scale), "summary": row["summary"],
                   "version": int(row["version"])}
            for name, row in done.whole.iterrows()
        },
        "exceptions": _exceptions(done, scale),
        "grids": _grids(done, scale),
    }  # fmt: skip


def versions_of(method: str) -> dict[str, str]:
    """Return the versions of this project, of the method and of what it stands on."""
    return {
        "wangge": version("wangge"), "method": method, **{name: version(name) for name in PACKAGES},
        "geos": ".".join(map(str, shapely.geos_version)), "gdal": pyogrio.__gdal_version_string__,
        "proj": pyproj.proj_version_str,
    }  # fmt: skip


def _parameters(done: Analysis) -> dict[str, Any]:
    asked = done.question
    return {
        "households": asked.columns.households, "people": asked.columns.people, "within": asked.columns.within,
        "keep": asked.columns.keep, "lock": asked.columns.lock, "whole": asked.columns.whole,
        "unbroken": asked.columns.unbroken, "band": asked.asked_band, "count": asked.count,
        "people_band": asked.people_band, "layer": done.layer.name or None, "crs": asked.crs,
        "barriers": None if asked.barriers is None else asked.barriers.name, "barriers_crs": asked.barriers_crs,
        "barrier_m": asked.reach_m, "tolerance_m": asked.tolerance_m,
    }  # fmt: skip


def _inputs(done: Analysis) -> dict[str, Any]:
    """What became of the rows."""
    ground, fault = done.ground, done.ground.fault
    rows = np.flatnonzero(ground.cell_of_row >= 0)
    order = rows[np.argsort(ground.cell_of_row[rows], kind="stable")]
    together = np.split(order, np.flatnonzero(np.diff(ground.cell_of_row[order])) + 1)
    doubled = [[int(row) + 1 for row in group] for group in together if len(group) > 1]
    return {
        "file": done.layer.path.name,
        "sha256": done.layer.sha256(),
        "crs": done.layer.crs.to_string() if done.layer.datum is None else done.layer.datum,
        "rows": len(fault),
        "cells": len(done.cells),
        "rejected": [
            {"row": int(row) + 1, "reason": FAULTS[fault[row]][1], "reason_zh": FAULTS[fault[row]][0],
             "households": _plain(ground.households.exact[row])}
            for row in np.flatnonzero(fault != "")
        ],
        "mended_rows": _rows(np.flatnonzero(ground.mended)),
        "same_ground": {"cells": len(doubled), "rows": doubled[:LISTED]},
        "households": _counted(ground.households),
        "people": _counted(ground.people) if done.question.columns.people else None,
        "without_within_rows": _rows(np.flatnonzero(_in_no_area(done))),
        "groups_across_within": ground.across,
    }  # fmt: skip


def _in_no_area(done: Analysis) -> Any:
    if done.question.columns.within is None:
        return np.zeros(len(done.ground.fault), dtype=bool)
    cell = done.ground.cell_of_row
    return (cell >= 0) & (done.cells["area_code"].to_numpy(object)[cell] == "")


def _counted(amount: Counted) -> dict[str, Any]:
    """Sums, and how whole they are: `scale` units to one; rounded ones are told."""
    return {
        "sum": _plain(float(amount.exact.sum())), "nulls_taken_as_0": int(amount.empty.sum()),
        "zeros": int(((amount.exact == 0) & ~amount.empty).sum()), "scale": amount.scale,
        "is_exact": bool(amount.is_exact),
    }  # fmt: skip


def _ground(done: Analysis) -> dict[str, Any]:
    """How the cells lie: neighbours, parts, and what was uneven."""
    parts = np.bincount(done.near.parts())
    uneven = done.near.unevenness
    found: dict[str, Any] = {}
    for finding, rows in uneven.groupby("finding", sort=True):
        worst = [
            {"rows": _rows_of_cells(done, [row["cell_a"], row["cell_b"]]), "length_m": round(row["length_m"], 3),
             "width_m": round(row["width_m"], 3), "area_m2": round(row["area_m2"], 3),
             "place": _place(row["lon"], row["lat"])}
            for row in rows.head(20).to_dict("records")
        ]  # fmt: skip
        found[str(finding)] = {
            "count": len(rows), "length_m": round(float(rows["length_m"].sum()), 3),
            "widest_m": round(float(rows["width_m"].max()), 3), "area_m2": round(float(rows["area_m2"].sum()), 3),
            "largest": worst,
        }  # fmt: skip
    return {
        "metre_crs": done.near.crs.to_string(), "borders": len(done.near.borders), "parts": len(parts),
        "cells_of_parts": sorted(map(int, parts), reverse=True)[:LISTED], "uneven": found, "hubs": _hubs(done),
    }  # fmt: skip


def _hubs(done: Analysis) -> list[dict[str, Any]]:
    """Cells without households that very many others lie at: a street network drawn as one polygon, a lake."""
    touched = done.near.borders[["cell_a", "cell_b"]].to_numpy().ravel()
    cells, counts = np.unique(touched, return_counts=True)
    empty = done.cells["households"].reindex(cells).to_numpy() == 0
    hubs = np.flatnonzero(empty & (counts >= HUB_NEIGHBOURS))
    return [
        {"rows": _rows_of_cells(done, [cells[hub]]), "neighbours": int(counts[hub])}
        for hub in hubs[np.argsort(-counts[hubs], kind="stable")][:LISTED]
    ]


def _barriers(done: Analysis) -> dict[str, Any] | None:
    """What barred the way, and which barriers could not be kept to."""
    if done.barriers is None or done.bars is None:
        return None
    cut, bars = done.bars.cut, done.bars
    first_row = np.full(len(done.cells), len(done.ground.fault))
    np.minimum.at(
        first_row, done.ground.cell_of_row[done.ground.cell_of_row >= 0], np.flatnonzero(done.ground.cell_of_row >= 0)
    )
    cut = cut.iloc[np.argsort(first_row[cut["cell_id"].to_numpy(np.int64)], kind="stable")]
    places = done.cells.geometry.loc[cut["cell_id"]].representative_point()
    return {
        "barriers": len(done.barriers.barriers), "passages": len(done.barriers.passages),
        "rows_of_unknown_kind": done.barriers.guessed, "rows_left_out": done.barriers.left_out,
        "borders_not_walkable": int((~bars.borders["is_walkable"]).sum()),
        "cells_joined_by_passages": int((bars.borders["kind"] == "passage").sum()),
        "passages_that_lead_nowhere": len(bars.idle),
        "water_cells": int((done.cells["kind"] == "water").sum()),
        "not_kept_to": [
            {"rows": _rows_of_cells(done, [row["cell_id"]]), "kind": row["kind"],
             "inside_m": round(row["inside_m"], 2), "place": _place(place.x, place.y)}
            for row, place in zip(cut.to_dict("records"), places, strict=True)
        ],
    }  # fmt: skip


def _exceptions(done: Analysis, scale: dict[str, int]) -> list[dict[str, Any]]:
    """Every rule that a grid breaks, the reason, and a place to look at."""
    ids = done.ids.to_pylist()
    grid_of_cell = done.proposal.assignment.sort_index().to_numpy(np.int64)
    area = shapely.area(done.near.shapes)
    found = []
    for row in done.proposal.exceptions.to_dict("records"):
        detail = dict(row["detail"] or {})
        named = _named(detail)
        at = int(row["grid"])
        own = np.flatnonzero(grid_of_cell == at)
        cell = named[0] if named else int(own[np.argmax(area[own])]) if len(own) else None
        point = None if cell is None else done.cells.geometry.loc[cell].representative_point()
        told = {name: _told(name, value, scale) for name, value in detail.items() if name not in NAMED}
        told |= {"rows": _rows_of_cells(done, named)} if named else {}
        told |= {"rows_aside": _rows_of_cells(done, detail["aside"])} if "aside" in detail else {}
        found.append(
            {
                "grid_id": shown(ids[at]) if 0 <= at < len(ids) else None, "rule": row["rule"],
                "certificate": row["certificate"], "detail": told,
                "place": None if point is None else _place(point.x, point.y),
            }
        )  # fmt: skip
    return found


def _named(detail: dict[str, Any]) -> list[int]:
    """The cells that a certificate names."""
    several = detail.get("cell_ids")
    one = detail.get("cell_id")
    return [int(cell) for cell in several] if several is not None else [] if one is None else [int(one)]


def _grids(done: Analysis, scale: dict[str, int]) -> list[dict[str, Any]]:
    """Every grid: sums, how many rows, pieces, and all measures."""
    ids, ground = done.ids.to_pylist(), done.ground
    rows = done.grid_of_row
    count = len(done.proposal.grids)
    sums = {
        name: np.bincount(rows[rows >= 0], amount.exact[rows >= 0], count)
        for name, amount in (("households", ground.households), ("people", ground.people))
    }
    of_rows = np.bincount(rows[rows >= 0], minlength=count)
    names, measured = [str(name) for name in done.by_grid], done.by_grid.to_numpy(np.float64)
    excepted = set(done.proposal.exceptions["grid"])
    found = []
    for grid, row in done.proposal.grids.iterrows():
        at = int(str(grid))
        measures = {name: _measure(name, held, scale) for name, held in zip(names, measured[at], strict=True)}
        carries = None if pd.isna(row["carries"]) else shown(ids[at])
        found.append(
            {
                "grid_id": shown(ids[at]), "within": ground.areas.get(str(row["area_code"])), "carries": carries,
                "households": _plain(sums["households"][at]),
                "people": _plain(sums["people"][at]) if done.question.columns.people else None,
                "rows": int(of_rows[at]), "has_exception": at in excepted, "measures": measures,
            }
        )  # fmt: skip
    return found


def _told(name: str, value: Any, scale: dict[str, int]) -> Any:
    """A fact of a certificate as JSON holds it, amounts in ones."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray | list | tuple | set | frozenset):
        return [_told(name, part, scale) for part in value]
    if isinstance(value, dict):
        return {str(key): _told(str(key), part, scale) for key, part in value.items()}
    if name in AMOUNTS and isinstance(value, (int, float)) and not isinstance(value, bool):
        return _scaled(value, scale[AMOUNTS[name]])
    return shown(value)


def _measure(name: str, value: float, scale: dict[str, int]) -> float | int | None:
    """A measure as JSON can hold it: amounts in ones, null where it does not apply."""
    if pd.isna(value):
        return None
    unit = scale["households"] if name.startswith("households") else scale["people"] if name.startswith("people") else 1
    return _plain(float(value) / unit)


def _scaled(value: float, scale: int) -> float | int:
    return _plain(value / scale)


def _plain(value: float) -> float | int:
    """Whole numbers without a point, others to nine digits: sums of decimals are no longer than their parts."""
    rounded = round(float(value), 9)
    return int(rounded) if rounded.is_integer() else rounded


def _place(lon: float, lat: float) -> list[float]:
    return [round(float(lon), 7), round(float(lat), 7)]


def _rows(places: Ints) -> list[int]:
    return [int(place) + 1 for place in places]


def _rows_of_cells(done: Analysis, cells: list[Any]) -> list[int]:
    wanted = [int(cell) for cell in cells if cell is not None]
    return _rows(np.flatnonzero(np.isin(done.ground.cell_of_row, wanted)))
