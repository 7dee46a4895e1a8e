"""Read a dossier: what a plan changes, with the names that its reader may see."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection

from api.actions.compare_plans import base_grids, codes_by_cell, compare_plans
from api.actions.read_plans import require_plan
from api.auth import Account
from data.calendar import today
from data.profiles import Profile
from data.stores import answers, ground, steps
from data.stores import areas as area_store
from data.stores import cells as cell_store
from data.stores import grids as grid_store
from data.stores import people as people_store
from data.stores import plans as plan_store
from data.stores import stations as station_store
from geo.cover import dissolve

OPEN_TO_CHANGE = ("draft", "returned")
CODE_DIGITS, NOWHERE = 15, "-"


def dossier_of(
    conn: Connection, account: Account, plan_id: int, *, base_id: int | None, profile: Profile, language: str
) -> dict[str, Any]:
    """Return the body of ``GET /plans/{plan_id}/dossier``: totals of the whole plan, rows of the account's ground.

    A plan that was submitted is told as it was then, unless another plan to compare it with is named.

    Raises
    ------
    NotFoundError
        There is no such plan, or no such base, in the account's scope.
    """
    facts, is_frozen = facts_of(conn, account, plan_id, base_id=base_id, profile=profile)
    names = _names(conn, plan_id, facts)
    return {
        "plan": names.plan, "base": names.base, "on": facts["on"], "is_frozen": is_frozen,
        "totals": facts["totals"], **_rows(conn, account, facts, names, profile=profile, language=language),
    }  # fmt: skip


def facts_of(
    conn: Connection, account: Account, plan_id: int, *, base_id: int | None, profile: Profile
) -> tuple[dict[str, Any], bool]:
    """Return what `compare_plans` found, and whether it was frozen with the plan's last step."""
    plan = require_plan(conn, account, plan_id)
    if base_id is None and plan["state"] not in OPEN_TO_CHANGE:
        frozen = steps.read_dossier(conn, plan_id)
        if frozen is not None:
            return {**frozen, "on": date.fromisoformat(str(frozen["on"]))}, True
    if base_id is not None:
        require_plan(conn, account, base_id)
    return compare_plans(conn, plan_id, base_id=base_id, on=today(), profile=profile), False


@dataclass(frozen=True)
class _Names:
    """Who and what the numbers of a dossier are called, as far as its reader may know."""

    plan: dict[str, Any]
    base: dict[str, Any] | None
    grids: Mapping[str, str]
    workers: Mapping[str, str]
    people: Mapping[int, str]

    def grid(self, code: str) -> str | None:
        return self.grids.get(code, code) if code else None


def _names(conn: Connection, plan_id: int, facts: Mapping[str, Any]) -> _Names:
    keys = ("plan_id", "name", "area_name", "state", "revision")
    plan = {key: plan_store.read_plan(conn, plan_id)[key] for key in keys}
    base_id = facts["base_id"]
    base = None if base_id is None else {key: plan_store.read_plan(conn, base_id)[key] for key in keys}
    own = grid_store.read_grids(conn, plan_id, geometry=False).set_index("grid_code")["name"].to_dict()
    changed = {row["grid_code"]: row["name"] for row in facts["grids"] if row["name"]}
    workers = answers.names_answering(conn, facts["on"], role="worker")  # row-level security: in scope
    known = people_store.read_people(conn)["name"]
    people = dict(zip(known.index.tolist(), known.tolist(), strict=True))
    return _Names(plan, base, {**own, **changed}, workers, people)


def _rows(
    conn: Connection, account: Account, facts: Mapping[str, Any], names: _Names, *, profile: Profile, language: str
) -> dict[str, list[dict[str, Any]]]:
    def ours(row: Mapping[str, Any]) -> bool:
        return any(code and account.covers(code) for code in (row["from_grid"], row["to_grid"]))

    def sides(row: Mapping[str, Any]) -> dict[str, Any]:
        return {**row, **{f"{side}_{what}": told for side in ("from", "to") for what, told in (
            ("name", names.grid(row[f"{side}_grid"])), ("worker", names.workers.get(row[f"{side}_grid"])),
        )}}  # fmt: skip

    houses = [row for row in facts["buildings"] if ours(row)]
    addresses = ground.read_addresses(conn, [row["building_id"] for row in houses])
    kinds = {item.key: str(getattr(item.label, language)) for item in profile.incidents.categories}
    return {
        "grids": [
            {**row, "worker": names.workers.get(row["grid_code"])}
            for row in facts["grids"] if account.covers(row["grid_code"])
        ],
        "moves": [sides(row) for row in facts["moves"] if ours(row)],
        "buildings": [{**sides(row), "address": addresses.get(row["building_id"])} for row in houses],
        "workers": [
            {**row, "name": names.people[row["person_id"]]}
            for row in facts["workers"] if row["person_id"] in names.people
        ],
        "stations": _stations(conn, account, facts, names, profile=profile, language=language),
        "incidents": [
            {**sides(row), "category_label": kinds.get(row["category"], row["category"])}
            for row in facts["incidents"] if ours(row)
        ],
    }  # fmt: skip


def _stations(
    conn: Connection, account: Account, facts: Mapping[str, Any], names: _Names, *, profile: Profile, language: str
) -> list[dict[str, Any]]:
    stations = station_store.read_stations(conn)[["name", "category"]]
    kinds = {item.key: str(getattr(item.label, language)) for item in profile.stations}
    rows = []
    for row in facts["stations"]:
        parts = {
            side: [{"grid_code": code, "name": names.grid(code), "households": count} for code, count in row[side]]
            for side in ("before", "after")
        }
        is_known = row["station_id"] in stations.index
        if is_known and any(account.covers(part["grid_code"]) for side in parts.values() for part in side):
            name, kind = stations.loc[row["station_id"], ["name", "category"]]
            rows.append({**row, **parts, "name": name, "category_label": kinds.get(kind, kind)})
    return rows


def changed_ground(
    conn: Connection, account: Account, plan_id: int, *, base_id: int | None, profile: Profile
) -> dict[str, gpd.GeoDataFrame]:
    """Return the maps of a dossier: ``before`` and ``after``, the grids of the communities in which something changes.

    Columns grid_code, name, short (without its community's), state, households; ``moved`` is the ground that changes
    grid: from_grid, to_grid, households. EPSG:4326, of the account's scope.

    Raises
    ------
    NotFoundError
        As `dossier_of`.
    """
    facts, _ = facts_of(conn, account, plan_id, base_id=base_id, profile=profile)
    after = grid_store.read_grids(conn, plan_id)
    before = base_grids(conn, facts["bases"], geometry=True)
    states = {row["grid_code"]: row["state"] for row in facts["grids"]}
    towns = {code[:12] for code in states if account.covers(code)}
    called = area_store.read_areas(conn, level="community")["name"].to_dict()
    return {
        "before": _shown(before, towns, states, called), "after": _shown(after, towns, states, called),
        "moved": _moved(conn, plan_id, facts, (before, after), towns),
    }  # fmt: skip


def _shown(
    grids: gpd.GeoDataFrame, towns: set[str], states: Mapping[str, str], called: Mapping[Hashable, str]
) -> gpd.GeoDataFrame:
    own = grids[grids["area_code"].isin(towns)]
    own = own.assign(
        state=[states.get(code, "kept") for code in own["grid_code"]],
        short=[
            str(name).removeprefix(called.get(area, ""))
            for name, area in zip(own["name"], own["area_code"], strict=True)
        ],
    )
    return gpd.GeoDataFrame(own[["grid_code", "name", "short", "state", "households", "geometry"]])


def _moved(
    conn: Connection, plan_id: int, facts: Mapping[str, Any], sides: tuple[pd.DataFrame, pd.DataFrame], towns: set[str]
) -> gpd.GeoDataFrame:
    """Return the ground that changes grid, a shape a way."""
    both = pd.DataFrame({
        "from_grid": codes_by_cell(conn, sides[0], facts["bases"].values()),
        "to_grid": codes_by_cell(conn, sides[1], [plan_id]),
    }).dropna()  # fmt: skip
    both = both[both["from_grid"] != both["to_grid"]]
    frames = [cell_store.read_cells(conn, within=town) for town in sorted(towns)]
    cells = pd.concat(frames) if frames else cell_store.read_cells(conn, within=NOWHERE)
    cells = cells[cells.index.isin(both.index)]
    ways = both.loc[cells.index, "from_grid"] + both.loc[cells.index, "to_grid"]
    drawn = dissolve(cells, ways)
    codes = [(str(way)[:CODE_DIGITS], str(way)[CODE_DIGITS:]) for way in drawn.index]
    drawn = drawn.assign(from_grid=[code for code, _ in codes], to_grid=[code for _, code in codes])
    return gpd.GeoDataFrame(drawn[["from_grid", "to_grid", "households", "geometry"]])
