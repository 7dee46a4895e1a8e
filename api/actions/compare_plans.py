"""Compare plans: what one changes of another, or of what is in force - in facts that can be frozen.

Facts name people and incidents by number only: who may see a name is asked when they are read
(`api.actions.read_dossier`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection

from data.profiles import Profile
from data.stores import cells as cell_store
from data.stores import grids as grid_store
from data.stores import incidents as incident_store
from data.stores import people as people_store
from data.stores import plans as plan_store
from data.stores import reaches as reach_store
from geo.codes import scope_of
from geo.compare import NONE, Comparison, compare


@dataclass(frozen=True, eq=False)
class Sides:
    """Two plans of the same ground: cells, borders, and each side's grid code by cell and name by code."""

    cells: pd.DataFrame
    borders: pd.DataFrame
    before: pd.Series
    after: pd.Series
    names: Mapping[str, str]


def compare_plans(
    conn: Connection, plan_id: int, *, base_id: int | None = None, on: date, profile: Profile
) -> dict[str, Any]:
    """Return what a plan changes.

    Parameters
    ----------
    base_id
        The plan it is compared with; None: what holds in the plan's communities on a day.
    on
        That day; duties are those of it as well.

    Returns
    -------
    dict
        plan_id, revision, base_id, bases (the plan compared with, by community), on; totals; grids, moves,
        buildings, workers, stations, incidents (rows). A first plan moves nobody: what had no grid before is told in
        ``totals`` alone.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    plan = plan_store.read_plan(conn, plan_id)
    within = scope_of(plan["area_code"])
    bases = plan_store.plans_by_area(conn, on=on, within=within) if base_id is None else _all_of(conn, base_id)
    sides = _sides(conn, plan_id, plan["area_code"], bases)
    found = compare(sides.cells, sides.borders, sides.before, sides.after)
    moved = found.moves[found.moves["from_grid"].ne(NONE) & found.moves["to_grid"].ne(NONE)]
    changed = _changed_cells(sides)
    incidents = _incidents(conn, changed)
    facts = {
        "plan_id": plan_id, "revision": plan["revision"], "base_id": base_id, "bases": bases, "on": on,
        "grids": _grids(found, sides.names),
        "moves": _moves(moved, incidents),
        "buildings": _records(found.buildings[found.buildings["from_grid"].ne(NONE)]),
        "workers": _workers(conn, found, on),
        "stations": _stations(conn, sides, minutes=min(profile.minutes)),
        "incidents": incidents,
    }  # fmt: skip
    return {**facts, "totals": _totals(found, moved, changed, facts)}


def base_grids(conn: Connection, bases: Mapping[str, int], *, geometry: bool = False) -> gpd.GeoDataFrame:
    """Return the grids that a plan is compared with: index grid_id; each community's of its own plan (`bases`)."""
    frames = []
    for plan_id in sorted(set(bases.values())):
        grids = grid_store.read_grids(conn, plan_id, geometry=geometry)
        frames.append(grids[[bases.get(area) == plan_id for area in grids["area_code"]]])
    return pd.concat(frames) if frames else grid_store.read_grids(conn, 0, geometry=geometry)


def codes_by_cell(conn: Connection, grids: pd.DataFrame, plan_ids: Iterable[int]) -> pd.Series:
    """Return the code of the grid of each cell of some plans: Series by cell_id, of the grids that are given."""
    parts = [grid_store.read_assignment(conn, plan_id) for plan_id in sorted(set(plan_ids))]
    grid_of = pd.concat(parts) if parts else pd.Series(dtype="int64").rename_axis("cell_id")
    return grid_of[grid_of.isin(grids.index)].map(grids["grid_code"]).astype(object)


def _sides(conn: Connection, plan_id: int, area_code: str, bases: Mapping[str, int]) -> Sides:
    within = scope_of(area_code)
    grids = grid_store.read_grids(conn, plan_id, geometry=False)
    was = base_grids(conn, {area: base for area, base in bases.items() if area in set(grids["area_code"])})
    names = pd.concat([was, grids]).set_index("grid_code")["name"]
    return Sides(
        cells=pd.DataFrame(cell_store.read_cells(conn, within=within).drop(columns="geometry")),
        borders=cell_store.read_borders(conn, within=within),
        before=codes_by_cell(conn, was, bases.values()),
        after=codes_by_cell(conn, grids, [plan_id]),
        names={str(code): str(name) for code, name in names.items()},
    )


def _all_of(conn: Connection, plan_id: int) -> dict[str, int]:
    return dict.fromkeys(grid_store.read_grids(conn, plan_id, geometry=False)["area_code"], plan_id)


def _changed_cells(sides: Sides) -> pd.DataFrame:
    """Return the cells that had a grid and have another: index cell_id; from_grid, to_grid, building_id ..."""
    both = pd.DataFrame({"from_grid": sides.before, "to_grid": sides.after}).dropna()
    both = both[both["from_grid"] != both["to_grid"]]
    return both.join(sides.cells[["building_id", "stairwell_id", "compound_id"]])


def _grids(found: Comparison, names: Mapping[str, str]) -> list[dict[str, Any]]:
    rows = found.grids[found.grids["state"] != "kept"].reset_index()
    rows = rows.rename(columns={"grid": "grid_code"})
    return [{**row, "name": names.get(row["grid_code"])} for row in _records(rows)]


def _moves(moved: pd.DataFrame, incidents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    counts = pd.Series([(row["from_grid"], row["to_grid"]) for row in incidents], dtype=object).value_counts()
    return [{**row, "incidents": int(counts.get((row["from_grid"], row["to_grid"]), 0))} for row in _records(moved)]


def _incidents(conn: Connection, changed: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the open incidents that another grid is to take over."""
    found = incident_store.open_in_cells(conn, changed.index.tolist())
    ways = changed[["from_grid", "to_grid"]].reindex(found["cell_id"])
    found = found.drop(columns="cell_id").assign(
        from_grid=ways["from_grid"].to_numpy(object), to_grid=ways["to_grid"].to_numpy(object)
    )
    return _records(found.reset_index())


def _workers(conn: Connection, found: Comparison, on: date) -> list[dict[str, Any]]:
    """Return whose load changes: households of the grids each worker has, shared among those who have the same."""
    duties = people_store.read_duties(conn, on=on)
    duties = duties[(duties["role"] == "worker") & duties["grid_code"].isin(found.grids.index)]
    shared = duties["grid_code"].map(duties["grid_code"].value_counts())
    rows = duties[["person_id", "grid_code"]].join(found.grids, on="grid_code")
    sums = {side: (rows[f"households_{side}"] / shared).groupby(rows["person_id"]).sum().round(1)
            for side in ("before", "after")}  # fmt: skip
    codes = rows.groupby("person_id")["grid_code"].agg(lambda own: sorted(own))
    return [
        {"person_id": int(str(person)), "grids": codes[person], "households_before": float(sums["before"][person]),
         "households_after": float(sums["after"][person])}
        for person in codes.index if sums["before"][person] != sums["after"][person]
    ]  # fmt: skip


def _stations(conn: Connection, sides: Sides, *, minutes: float) -> list[dict[str, Any]]:
    """Return the stations whose circle of the fewest minutes reaches into other grids than before."""
    nearest = reach_store.read_walks(conn, minutes=minutes)["station_id"]
    own = sides.cells.assign(before=sides.before, after=sides.after)
    own = own[own["building_id"].notna() & own["before"].notna()]
    own = own.assign(station_id=nearest.reindex(own["building_id"].astype("int64")).to_numpy())
    own = own[own["station_id"].notna()].astype({"station_id": "int64"})
    rows = []
    for station, cells in own.groupby("station_id"):
        parts = {side: cells.groupby(side)["households"].sum() for side in ("before", "after")}
        if not parts["before"].equals(parts["after"].rename_axis("before")):
            told = {side: [[str(code), int(count)] for code, count in part.items()] for side, part in parts.items()}
            rows.append({"station_id": int(str(station)), "minutes": minutes, **told})
    return rows


def _totals(found: Comparison, moved: pd.DataFrame, changed: pd.DataFrame, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sums of everything, and what is to be printed anew (docs/methods/compare.md says by which rule)."""
    doors = changed[changed["building_id"].notna()][["building_id", "stairwell_id"]].drop_duplicates()
    states = found.grids["state"].value_counts()
    fresh = found.moves[found.moves["from_grid"].eq(NONE)]
    return {
        "buildings": int(changed["building_id"].nunique()),
        **{name: int(moved[name].sum()) for name in ("cells", "households", "people")},
        "households_all": int(found.grids["households_after"].sum()),
        "first_households": int(fresh["households"].sum()),
        **{f"grids_{state}": int(states.get(state, 0)) for state in ("kept", "altered", "new", "retired")},
        "incidents": len(facts["incidents"]),
        "workers": len(facts["workers"]),
        "stations": len(facts["stations"]),
        "doorplates": len(doors),
        "notice_boards": int(states.get("altered", 0) + states.get("new", 0)),
        "compounds": int(changed["compound_id"].nunique()),
        "border_kept_m": round(found.border_kept_m, 1),
        "border_new_m": round(found.border_new_m, 1),
        "border_gone_m": round(found.border_gone_m, 1),
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
