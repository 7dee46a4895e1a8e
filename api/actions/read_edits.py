"""Read edits: what was done to a plan, and grids as they are after an edit."""

from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection

from api.actions.read_plans import band_of, require_plan
from api.answers import bbox_of, feature
from api.auth import Account
from data.calendar import today
from data.profiles import Profile
from data.stores import answers, operations, parts
from data.stores.parts import PlanPart, Row

CELL_KEYS = (
    "cell_id", "households", "people", "kind", "use", "building_id", "compound_id", "grid_code", "address",
)  # fmt: skip
KEYS = ("grid_code", "name", "kind", "area_code", "households", "people", "is_locked", "exception")


def grid_features(frame: gpd.GeoDataFrame, *, profile: Profile) -> list[dict[str, Any]]:
    """Return grids as features, each against the band."""
    rows = frame.assign(band=band_of(frame, profile)).to_dict("records")
    return [
        feature(
            row["geometry"], {**{key: row[key] for key in (*KEYS, "band")}, "bbox": bbox_of(row["geometry"])},
            feature_id=row["grid_code"],
        )
        for row in rows
    ]  # fmt: skip


def plan_cells_of(conn: Connection, account: Account, plan_id: int, area_code: str) -> list[dict[str, Any]]:
    """Return the cells of a community as features, each with the grid it lies in, and the address of its building.

    Raises
    ------
    NotFoundError, DeniedError
        There is no such plan in the account's scope; the community is beyond it.
    """
    require_plan(conn, account, plan_id)
    account.require_cover(area_code)
    frame = parts.read_plan_cells(conn, plan_id, area_code)
    ids = frame["cell_id"].tolist()
    on_foot, stations = _on_foot(parts.read_borders_of(conn, ids)), parts.count_stations(conn, ids)
    return [
        feature(
            row["geometry"],
            {
                **{key: row[key] for key in CELL_KEYS},
                "on_foot": on_foot.get(row["cell_id"], []),
                "stations": stations.get(row["cell_id"], 0),
            },
            feature_id=row["cell_id"],
        )
        for row in frame.to_dict("records")
    ]


def _on_foot(borders: pd.DataFrame) -> dict[int, list[int]]:
    """Return the cells that one can walk to from each, every pair once: with the lower number."""
    found: dict[int, list[int]] = {}
    open_ = borders[borders["is_walkable"]]
    for one, other in zip(open_["cell_a"].tolist(), open_["cell_b"].tolist(), strict=True):
        found.setdefault(one, []).append(other)
    return found


def parts_of(conn: Connection, account: Account, plan_id: int, area_code: str) -> dict[str, Any]:
    """Return the zones and household units of a community, the zone of each cell, and the shares of units.

    Raises
    ------
    NotFoundError, DeniedError
        There is no such plan in the account's scope; the community is beyond it.
    """
    plan = require_plan(conn, account, plan_id)
    account.require_cover(area_code)
    part = parts.read_part(conn, plan_id, parts.grids_of_plan(conn, plan_id, area_code=area_code))
    answerable = answers.names_answering(conn, today(), role="answerable_unit")
    zone_codes = {key: str(row["zone_code"]) for key, row in part.zones.items()}
    unit_codes = {key: str(row["unit_code"]) for key, row in part.unit_rows.items()}
    shares = part.units[["cell_id", "unit", "households"]].itertuples(index=False)
    return {
        "revision": plan["revision"],
        "zones": _zones_told(part, answerable),
        "units": _units_told(part),
        "cells": {str(cell): zone_codes[zone] for cell, zone in part.zone_of.items()},
        "shares": [{"cell_id": cell, "unit_code": unit_codes[unit], "households": n} for cell, unit, n in shares],
    }


def _zones_told(part: PlanPart, answerable: dict[str, str]) -> list[dict[str, Any]]:
    sums = part.cells[["households", "people"]].groupby(part.zone_of).sum()
    told = [
        {
            "zone_code": row["zone_code"], "name": row["name"], **_within(part, row),
            "households": int(sums["households"][key]), "people": int(sums["people"][key]),
            "answerable_unit": answerable.get(row["zone_code"]),
        }
        for key, row in part.zones.items()
    ]  # fmt: skip
    return sorted(told, key=lambda row: str(row["zone_code"]))


def _units_told(part: PlanPart) -> list[dict[str, Any]]:
    sums = part.units.groupby("unit")["households"].sum().to_dict()
    told = [
        {"unit_code": row["unit_code"], **_within(part, row), "households": int(sums.get(key, 0))}
        for key, row in part.unit_rows.items()
    ]
    return sorted(told, key=lambda row: str(row["unit_code"]))


def _within(part: PlanPart, row: Row) -> dict[str, Any]:
    grid = part.grids[row["grid_id"]]
    return {"grid_code": grid["grid_code"], "is_locked": grid["is_locked"]}


def history(conn: Connection, account: Account, plan_id: int, *, since: int = 0) -> dict[str, Any]:
    """Return what was done to a plan after a revision.

    Raises
    ------
    NotFoundError
        There is no such plan in the account's scope.
    """
    plan = require_plan(conn, account, plan_id)
    done, undone = operations.stacks(conn, plan_id)
    return {
        "revision": plan["revision"],
        "first_revision": operations.first_revision(conn, plan_id),
        "operations": operations.list_operations(conn, plan_id, since=since),
        "points": operations.list_points(conn, plan_id),
        "can_undo": done[-1] if done else None,
        "can_redo": undone[-1] if undone else None,
    }
