"""Propose a plan: cells -> grids, zones and household units, checked, and stored as a draft."""

from typing import Any

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, Engine, text

from api.actions import Progress, silent
from data.calendar import today
from data.postgis.engine import reading, transaction
from data.profiles import Profile
from data.stores import areas as area_store
from data.stores import cells as cell_store
from data.stores import grids as grid_store
from data.stores import ground
from data.stores import plans as plan_store
from data.stores.plans import PlanGeometry
from geo.codes import scope_of
from geo.cover import dissolve, shapes_of_units
from geo.crs import to_metric
from geo.errors import ConflictError, EmptyFrameError, WanggeError
from geo.lineage import carried_codes, issue_codes
from geo.partition import GridProposal, propose_grids
from geo.partition.measures import measure_plan
from geo.units import units_in_grids
from geo.verify import verify_plan
from geo.zones import zones_in_grids

CODES_LOCK = 7_491_207  # any number that no other lock has: codes are issued by one transaction at a time


class PlanBrokenError(WanggeError):
    """The verifier refused a proposal; nothing was stored."""

    zh = "方案未通过独立校验，未保存：{violations_zh}"
    en = "The independent check refused the plan, nothing was stored: {violations}"


def propose_plan(
    engine: Engine,
    *,
    profile: Profile,
    area_code: str,
    name: str,
    actor: str,
    account_id: int | None = None,
    job_id: int | None = None,
    commit: bool = True,
    seed: int = 0,
    progress: Progress = silent,
) -> int:
    """Draw grids for every community of an area, verify them, store them as a draft; return its plan_id.

    Without `commit` everything is done and rolled back at the end. `job_id` is kept in the report, so that a job
    that is run again finds what it made.

    Raises
    ------
    EmptyFrameError
        The area has no cells yet.
    PlanBrokenError
        The verifier found a rule broken without a certificate.
    """
    progress(0.0, "reading cells")
    scope = scope_of(area_code)
    with reading(engine) as connection:
        cells = cell_store.read_cells(connection, within=scope)
        borders = cell_store.read_borders(connection, within=scope)
        used = plan_store.used_grid_codes(connection, within=scope)
        before = grid_store.read_codes_held(connection, on=today(), within=scope)
        buildings = ground.read_buildings(connection, within=scope)
        names = area_store.read_areas(connection, within=scope)["name"]
    if cells.empty:
        raise EmptyFrameError(what="cells", mend="Run `wangge town cells` first.")
    rule = profile.grid
    cells = _without_small_uses(cells, buildings, footprint_min_m2=rule.dedicated_footprint_min_m2)
    progress(0.1, "drawing grids")
    proposal = propose_grids(
        cells, borders, band=rule.band, dedicated_uses=rule.dedicated_uses,
        dedicated_min_m2=rule.dedicated_min_m2, seed=seed,
        progress=lambda done, of: progress(0.1 + 0.5 * done / of, f"drawing grids, community {done} of {of}"),
    )  # fmt: skip
    progress(0.6, "checking the plan")
    _refuse_broken(cells, borders, proposal, band=rule.band)
    progress(0.7, "drawing zones and household units")
    made = _geometry(cells, borders, proposal, profile=profile, names=names, used=used, before=before, seed=seed)
    report = _report(cells, borders, proposal, made, band=rule.band)
    progress(0.9, f"storing {len(made.grids):,} grids")
    with transaction(engine, actor=actor, action="propose_plan", commit=commit) as connection:
        _refuse_stale_codes(connection, scope, used)
        plan_id = plan_store.create_plan(
            connection, area_code=area_code, name=name, seed=seed, method=proposal.method,
            report={**report, "job_id": job_id}, created_by=account_id,
        )  # fmt: skip
        plan_store.write_grids(connection, plan_id, made)
    progress(1.0, f"{len(made.grids):,} grids, {len(made.zones):,} zones, {len(made.units):,} household units")
    return plan_id


def _refuse_stale_codes(connection: Connection, scope: str, used: list[str]) -> None:
    """Hold every other proposal off, and stop if one has issued codes since ours were chosen."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CODES_LOCK})
    if plan_store.used_grid_codes(connection, within=scope) != used:
        raise ConflictError(
            what=f"plan of {scope}",
            reason="another plan was stored meanwhile; propose again",
            reason_zh="期间已有其他方案保存，请重新生成",
        )


def _without_small_uses(
    cells: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, *, footprint_min_m2: float
) -> gpd.GeoDataFrame:
    """Drop the use of small buildings outside compounds: a shed in wide fields is no works of its own."""
    if buildings.empty:
        return cells
    footprint_m2 = cells["building_id"].map(to_metric(buildings.geometry).area)
    small = cells["compound_id"].isna() & ~(footprint_m2 >= footprint_min_m2)
    return cells.assign(use=cells["use"].mask(small))


def _refuse_broken(
    cells: gpd.GeoDataFrame, borders: pd.DataFrame, proposal: GridProposal, *, band: tuple[int, int]
) -> None:
    broken = verify_plan(
        cells, borders, proposal.assignment, band=band,
        dedicated=proposal.dedicated, exceptions=proposal.exceptions, grids=proposal.grids,
    )  # fmt: skip
    # A grid the search could not mend is the planner's to see and mend: it is kept, listed as unresolved.
    listed = set(proposal.exceptions.loc[proposal.exceptions["certificate"] == "unresolved", "grid"])
    broken = [violation for violation in broken if violation.grid not in listed]
    if broken:
        raise PlanBrokenError(
            violations="; ".join(violation.text("en") for violation in broken[:5]),
            violations_zh="；".join(violation.text("zh") for violation in broken[:5]),
        )


def _geometry(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    proposal: GridProposal,
    *,
    profile: Profile,
    names: pd.Series,
    used: list[str],
    before: pd.Series,
    seed: int,
) -> PlanGeometry:
    """Dissolve grids, zones and units, and give them their codes and names."""
    assignment, rule = proposal.assignment, profile.grid
    grids = proposal.grids.assign(geometry=dissolve(cells, assignment).geometry)
    carried = carried_codes(before, assignment, cells["households"])
    grids["grid_code"] = issue_codes(grids["area_code"], carried, used=used)
    grids["name"] = grids["area_code"].map(names) + "第" + grids["grid_code"].str[-3:].str.lstrip("0") + "网格"
    grids["exception"] = proposal.exceptions.groupby("grid")["certificate"].agg(", ".join).reindex(grids.index)
    zone_of, zones = zones_in_grids(cells, borders, assignment, count=rule.zones_per_grid, seed=seed)
    zones = zones.assign(geometry=dissolve(cells, zone_of).geometry)
    zones["zone_code"] = zones["grid"].map(grids["grid_code"]) + _sequence(zones["grid"], digits=3)
    zones["name"] = "责任区" + zones["zone_code"].str[-3:].str.lstrip("0")
    units, unit_cells = units_in_grids(cells, borders, assignment, size=rule.unit_households, seed=seed)
    units = units.assign(geometry=shapes_of_units(cells, unit_cells))
    units["unit_code"] = units["grid"].map(grids["grid_code"]) + _sequence(units["grid"], digits=4)
    return PlanGeometry(
        grids=gpd.GeoDataFrame(grids, crs=cells.crs),
        plan_cells=assignment,
        zones=gpd.GeoDataFrame(zones, crs=cells.crs),
        zone_cells=zone_of,
        units=gpd.GeoDataFrame(units, crs=cells.crs),
        unit_cells=unit_cells,
    )


def _sequence(parents: pd.Series, *, digits: int) -> pd.Series:
    """1, 2, 3 ... within each parent, as text of so many digits."""
    return (parents.groupby(parents).cumcount() + 1).astype(str).str.zfill(digits)


def _report(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    proposal: GridProposal,
    made: PlanGeometry,
    *,
    band: tuple[int, int],
) -> dict[str, Any]:
    """The measures and exceptions that are frozen with the plan; an exception has its code and place."""
    _, whole = measure_plan(cells, borders, proposal.assignment, band=band, dedicated=proposal.dedicated)
    places = made.grids.geometry.representative_point()
    return {
        "band": list(band),
        "measures": {name: _number(row["value"]) for name, row in whole.iterrows()},
        "versions": whole["version"].to_dict(),
        "exceptions": [
            {
                **row,
                "grid_code": made.grids.at[row["grid"], "grid_code"],
                "place": [places[row["grid"]].x, places[row["grid"]].y],
            }
            for row in proposal.exceptions.to_dict("records")
        ],
    }


def _number(value: float) -> float | None:
    """A number as JSON can hold it: a measure that does not apply is null."""
    return float(value) if pd.notna(value) else None
