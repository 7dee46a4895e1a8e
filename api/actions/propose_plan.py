"""Propose a plan: cells -> grids, zones and household units, checked, and stored as a draft."""

from collections.abc import Collection
from dataclasses import dataclass
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
from geo.errors import ConflictError, EmptyFrameError, WanggeError
from geo.lineage import carried_codes, issue_codes
from geo.partition import GridProposal, Weights, propose_grids
from geo.partition.dedicated import without_small_uses
from geo.partition.measures import measure_plan
from geo.units import units_in_grids
from geo.verify import OF_NO_ONE_GRID, verify_plan
from geo.zones import zones_in_grids

CODES_LOCK = 7_491_207  # any number that no other lock has: codes are issued by one transaction at a time


class PlanBrokenError(WanggeError):
    """The verifier refused a proposal; nothing was stored."""

    zh = "方案未通过独立校验，未保存：{violations_zh}"
    en = "The independent check refused the plan, nothing was stored: {violations}"


@dataclass(frozen=True)
class PlanWishes:
    """What a planner asks for beyond the profile.

    Attributes
    ----------
    count
        General grids in all; any number in band where none is given.
    afresh
        Draw as if no plan held. Codes are still carried by overlap, and what moves is still measured.
    locked
        Codes of grids in force that stay exactly as they are. None: those that are locked there already.
    """

    count: int | None = None
    afresh: bool = False
    locked: Collection[str] | None = None


NO_WISHES = PlanWishes()


@dataclass(frozen=True, eq=False)
class _Question:
    """What the solver and the check are both told, and the plan in force (None where there is none)."""

    band: tuple[int, int]
    people_band: tuple[int, int] | None
    count: int | None
    before: pd.Series | None
    locked: tuple[str, ...]
    in_force: pd.Series | None

    @property
    def asked(self) -> dict[str, Any]:
        """The same as arguments of solver and check."""
        names = ("band", "people_band", "count", "before", "locked")
        return {name: getattr(self, name) for name in names}


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
    wishes: PlanWishes = NO_WISHES,
    progress: Progress = silent,
) -> int:
    """Draw grids for every community of an area, verify them, store them as a draft; return its plan_id.

    Where a published plan holds today, as few households as possible change grid, and grids keep their codes.

    Parameters
    ----------
    job_id
        Kept in the report, so that a job that is run again finds what it made.
    commit
        Without it everything is done and rolled back at the end.
    wishes
        A number of grids, locks, a fresh start.

    Raises
    ------
    EmptyFrameError
        The area has no cells yet.
    InputError
        Locked grids are not in force here, or are to be drawn afresh.
    PlanBrokenError
        The verifier found a rule broken without a certificate.
    """
    progress(0.0, "reading cells")
    scope = scope_of(area_code)
    with reading(engine) as connection:
        cells = cell_store.read_cells(connection, within=scope)
        borders = cell_store.read_borders(connection, within=scope)
        used = plan_store.used_grid_codes(connection, within=scope)
        question = _question(connection, profile, scope, wishes)
        buildings = ground.read_buildings(connection, within=scope)
        names = area_store.read_areas(connection, within=scope)["name"]
    if cells.empty:
        raise EmptyFrameError(what="cells", mend="Run `wangge town cells` first.")
    rule = profile.grid
    cells = without_small_uses(cells, buildings, footprint_min_m2=rule.dedicated_footprint_min_m2)
    progress(0.1, "drawing grids")
    proposal = propose_grids(
        cells, borders, dedicated_uses=rule.dedicated_uses, dedicated_min_m2=rule.dedicated_min_m2,
        weights=Weights(**rule.weights.model_dump()), seed=seed, **question.asked,
        progress=lambda done, of: progress(0.1 + 0.5 * done / of, f"drawing grids, community {done} of {of}"),
    )  # fmt: skip
    progress(0.6, "checking the plan")
    _refuse_broken(cells, borders, proposal, question)
    progress(0.7, "drawing zones and household units")
    made = _geometry(cells, borders, proposal, question, profile=profile, names=names, used=used, seed=seed)
    asked = {"seed": seed, "weights": rule.weights.model_dump(), "is_afresh": wishes.afresh, "job_id": job_id}
    report = {**_report(cells, borders, proposal, made, question), **asked}
    progress(0.9, f"storing {len(made.grids):,} grids")
    with transaction(engine, actor=actor, action="propose_plan", commit=commit) as connection:
        _refuse_stale_codes(connection, scope, used)
        plan_id = plan_store.create_plan(
            connection, area_code=area_code, name=name, seed=seed, method=proposal.method, report=report,
            created_by=account_id,
        )  # fmt: skip
        plan_store.write_grids(connection, plan_id, made)
    progress(1.0, f"{len(made.grids):,} grids, {len(made.zones):,} zones, {len(made.units):,} household units")
    return plan_id


def _question(connection: Connection, profile: Profile, scope: str, wishes: PlanWishes) -> _Question:
    """Return what is asked for: the profile's bands, and the plan in force unless the plan is drawn afresh."""
    held = grid_store.read_codes_held(connection, on=today(), within=scope)
    in_force = None if held.empty else held
    before, locked, rule = None if wishes.afresh else in_force, wishes.locked, profile.grid
    if locked is None:
        locked = [] if before is None else grid_store.read_codes_locked(connection, on=today(), within=scope)
    return _Question(rule.band, rule.people_band, wishes.count, before, tuple(sorted(set(locked))), in_force)


def _refuse_stale_codes(connection: Connection, scope: str, used: list[str]) -> None:
    """Hold every other proposal off, and stop if one has issued codes since ours were chosen."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CODES_LOCK})
    if plan_store.used_grid_codes(connection, within=scope) != used:
        raise ConflictError(
            what=f"plan of {scope}",
            reason="another plan was stored meanwhile; propose again",
            reason_zh="期间已有其他方案保存，请重新生成",
        )


def _refuse_broken(cells: gpd.GeoDataFrame, borders: pd.DataFrame, proposal: GridProposal, question: _Question) -> None:
    broken = verify_plan(
        cells, borders, proposal.assignment, dedicated=proposal.dedicated, exceptions=proposal.exceptions,
        grids=proposal.grids, **question.asked,
    )  # fmt: skip
    # A grid the search could not mend is the planner's to see and mend: it is kept, listed as unresolved.
    unresolved = proposal.exceptions[proposal.exceptions["certificate"] == "unresolved"]
    listed = set(zip(unresolved["rule"], unresolved["grid"], strict=True))
    broken = [each for each in broken if (each.rule, OF_NO_ONE_GRID if each.grid is None else each.grid) not in listed]
    if broken:
        raise PlanBrokenError(
            violations="; ".join(violation.text("en") for violation in broken[:5]),
            violations_zh="；".join(violation.text("zh") for violation in broken[:5]),
        )


def _geometry(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    proposal: GridProposal,
    question: _Question,
    *,
    profile: Profile,
    names: pd.Series,
    used: list[str],
    seed: int,
) -> PlanGeometry:
    """Dissolve grids, zones and units, and give them their codes and names."""
    assignment, rule = proposal.assignment, profile.grid
    grids = proposal.grids.assign(geometry=dissolve(cells, assignment).geometry)
    in_force = question.in_force
    carried = {} if in_force is None else carried_codes(in_force, assignment, cells["households"])
    grids["grid_code"] = issue_codes(grids["area_code"], carried, used=used)
    grids["name"] = grids["area_code"].map(names) + "第" + grids["grid_code"].str[-3:].str.lstrip("0") + "网格"
    grids["is_locked"] = grids["grid_code"].isin(question.locked)
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
    question: _Question,
) -> dict[str, Any]:
    """What was asked, measures (also by grid code), and exceptions with code and place: frozen with the plan."""
    by_grid, whole = measure_plan(
        cells, borders, proposal.assignment, band=question.band, people_band=question.people_band,
        dedicated=proposal.dedicated, before=question.in_force,
    )  # fmt: skip
    places, codes = made.grids.geometry.representative_point(), made.grids["grid_code"]
    return {
        "band": list(question.band),
        "people_band": None if question.people_band is None else list(question.people_band),
        "count": question.count,
        "locked": list(question.locked),
        "measures": {name: _number(row["value"]) for name, row in whole.iterrows()},
        "versions": whole["version"].to_dict(),
        "grids": {
            codes[grid]: {name: _number(value) for name, value in row.items()}
            for grid, row in by_grid.to_dict("index").items()
        },
        "exceptions": [
            {
                **row,
                "grid_code": codes.get(row["grid"]),
                "place": [places[row["grid"]].x, places[row["grid"]].y] if row["grid"] in codes.index else None,
            }
            for row in proposal.exceptions.to_dict("records")
        ],
    }


def _number(value: float) -> float | None:
    """A number as JSON can hold it: a measure that does not apply is null."""
    return float(value) if pd.notna(value) else None
