"""Examine a plan: everything that is wrong with it, where, how much, and what would mend it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from api.actions.read_plans import require_plan
from api.answers import bbox_of
from api.auth import EVERYWHERE, Account
from api.finding_words import finding_repair, finding_title
from data.calendar import today
from data.profiles import Profile
from data.stores import answers, ground
from data.stores import areas as area_store
from data.stores import cells as cell_store
from data.stores import grids as grid_store
from data.stores import plans as plan_store
from geo.codes import scope_of
from geo.doctor import UNITS, PlanGround, plan_findings

SHOWN_MAX = 500
_KEPT = ("kind", "is_error", "area_code", "grid_code", "other_code", "building_id", "size", "unit", "barrier", "cells",
         "bbox", "lon", "lat")  # fmt: skip


def findings_of(conn: Connection, account: Account, plan_id: int, *, profile: Profile, language: str) -> dict[str, Any]:
    """Return the body of ``GET /plans/{plan_id}/findings``, of the account's ground.

    Raises
    ------
    NotFoundError
        There is no such plan in the account's scope.
    """
    require_plan(conn, account, plan_id)
    report = examine(conn, plan_id, profile=profile, within=account.scope)
    return worded(conn, plan_id, report, language=language)


def examine(conn: Connection, plan_id: int, *, profile: Profile, within: str = EVERYWHERE) -> dict[str, Any]:
    """Return what is wrong with a plan: revision, errors, warnings, kinds (counts), findings (`SHOWN_MAX` at most).

    Parameters
    ----------
    within
        Leading digits of the division whose ground is asked about.
    """
    plan = plan_store.read_plan(conn, plan_id, within=within)
    whole = scope_of(plan["area_code"])
    asked = within if within != EVERYWHERE and len(within) > len(whole) else whole
    found = plan_findings(_ground(conn, plan_id, asked), band=profile.grid.band)
    codes = grid_store.read_grids(conn, plan_id, geometry=False)["grid_code"]
    stale = _stale_base(conn, plan_id, plan["state"])
    errors = int(found["is_error"].sum())
    kinds = {str(kind): int(count) for kind, count in found["kind"].value_counts().sort_index().items()}
    return {
        "revision": plan["revision"],
        "errors": errors,
        "warnings": len(found) - errors + len(stale),
        "kinds": kinds | {row["kind"]: 1 for row in stale},
        "findings": [_row(row, codes) for row in found.head(SHOWN_MAX).to_dict("records")] + stale,
    }


def worded(conn: Connection, plan_id: int, report: Mapping[str, Any], *, language: str) -> dict[str, Any]:
    """Return a report in a reader's words: title, repair, and the names of grid, community and house."""
    grids = grid_store.read_grids(conn, plan_id, geometry=False).set_index("grid_code")["name"]
    names = area_store.read_areas(conn)["name"]
    houses = sorted({row["building_id"] for row in report["findings"] if row["building_id"] is not None})
    addresses = ground.read_addresses(conn, houses)
    return {**report, "findings": [
        {
            **row, "title": finding_title(row["kind"], barrier=row["barrier"], language=language),
            "repair": finding_repair(
                row["kind"], is_error=row["is_error"], to=_name(grids, row["other_code"]), language=language
            ),
            "grid": _name(grids, row["grid_code"]), "other": _name(grids, row["other_code"]),
            "community": _name(names, row["area_code"]), "address": addresses.get(row["building_id"]),
        }
        for row in report["findings"]
    ]}  # fmt: skip


def _ground(conn: Connection, plan_id: int, within: str) -> PlanGround:
    grids = grid_store.read_grids(conn, plan_id)
    grids = grids[grids["area_code"].str.startswith(within)]
    grid_of = grid_store.read_assignment(conn, plan_id)
    staffed = answers.names_answering(conn, today(), role="worker")
    return PlanGround(
        areas=area_store.read_areas(conn, level="community", within=within),
        cells=cell_store.read_cells(conn, within=within),
        borders=cell_store.read_borders(conn, within=within),
        grid_of=grid_of[grid_of.isin(grids.index)],
        grids=grids,
        buildings=ground.read_buildings(conn, within=within),
        vacant=grids.index[~grids["grid_code"].isin(staffed)],
    )


def _row(row: Mapping[str, Any], codes: pd.Series) -> dict[str, Any]:
    shape = row["geometry"]
    inside = None if shape is None else shape.representative_point()
    grid, other = (None if pd.isna(row[name]) else str(codes[row[name]]) for name in ("grid", "other"))
    values = (
        row["kind"], bool(row["is_error"]), row["area_code"], grid, other,
        None if pd.isna(row["building_id"]) else int(row["building_id"]), round(float(row["size"]), 1),
        UNITS[row["kind"]], row["barrier"], [int(cell) for cell in row["cells"]],
        None if shape is None else bbox_of(shape),
        *((None, None) if inside is None else (round(inside.x, 7), round(inside.y, 7))),
    )  # fmt: skip
    return dict(zip(_KEPT, values, strict=True))


def _stale_base(conn: Connection, plan_id: int, state: str) -> list[dict[str, Any]]:
    """Return that others have published since this draft was begun: publishing it would take their work back."""
    newer = 0 if state in ("published", "superseded") else plan_store.stale_communities(conn, plan_id)
    blank = dict.fromkeys(_KEPT) | {"is_error": False, "cells": [], "unit": "communities"}
    return [{**blank, "kind": "stale_base", "size": float(newer)}] if newer else []


def _name(names: pd.Series, code: str | None) -> str | None:
    return None if code is None else str(names.get(code, code))
