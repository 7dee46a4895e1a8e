"""Plans: dated maps cell -> grid, written whole, published from a day on. EPSG:4326.

A day begins at midnight in Asia/Shanghai; ``valid_to`` is the first day a plan no longer holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import Connection, Row, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from data.sql import read_sql
from data.stores._rows import allot_ids, copy_frame
from data.stores._values import plain_json
from data.stores._within import EVERYWHERE, below, digits_of
from data.tables.ground import areas
from data.tables.plans import (
    grids,
    household_units,
    plan_areas,
    plan_cells,
    plans,
    unit_cells,
    zone_cells,
    zones,
)
from geo.errors import ConflictError, InputError, NotFoundError

OPEN_STATES = ("draft", "returned")
"""States in which a plan's grids may still change."""

_GRID = ["area_code", "grid_code", "name", "kind", "households", "people", "exception", "geometry"]
_ZONE = ["zone_code", "name", "households", "people", "geometry"]
_UNIT = ["unit_code", "households", "geometry"]


class MismatchError(InputError):
    """The parts of a plan do not fit each other."""

    zh = "方案各部分不一致：{what}指向不存在的{parent}：{labels}。"
    en = "The parts of the plan do not fit: {what} names {parent} that are not there: {labels}."


@dataclass(frozen=True)
class PlanGeometry:
    """All of a plan's grids, zones and household units, labelled but not yet numbered. EPSG:4326.

    Attributes
    ----------
    grids
        index the grid's label; area_code, grid_code, name, kind, households, people, exception (text or
        None), geometry; ``is_locked`` where some are. Further columns are not kept.
    plan_cells
        Series cell_id -> grid label; every cell once.
    zones
        index the zone's label; grid (label), zone_code, name, households, people, geometry.
    zone_cells
        Series cell_id -> zone label.
    units
        index the unit's label; grid (label), unit_code, households, geometry.
    unit_cells
        columns unit (label), cell_id, households: a large cell may stand in several units.
    """

    grids: gpd.GeoDataFrame
    plan_cells: pd.Series
    zones: gpd.GeoDataFrame
    zone_cells: pd.Series
    units: gpd.GeoDataFrame
    unit_cells: pd.DataFrame


# -- making -----------------------------------------------------------------------------------


def create_plan(
    connection: Connection,
    *,
    area_code: str,
    name: str,
    seed: int,
    method: str,
    report: Mapping[str, Any],
    scheme: str = "general",
    created_by: int | None = None,
) -> int:
    """Write a draft without grids and return its plan_id.

    Raises
    ------
    NotFoundError
        There is no such area.
    """
    values = {
        "area_code": area_code, "name": name, "seed": seed, "method": method, "report": plain_json(report),
        "scheme": scheme, "created_by": created_by,
    }  # fmt: skip
    if connection.scalar(select(areas.c.area_code).where(areas.c.area_code == area_code)) is None:
        raise NotFoundError(what="area", key=area_code)
    return int(connection.execute(insert(plans).values(**values).returning(plans.c.plan_id)).scalar_one())


def write_grids(connection: Connection, plan_id: int, made: PlanGeometry) -> None:
    """Write a plan's grids, zones, units and their cells, in the place of those it had.

    The rows carry the plan's revision, which rises by one where it had grids before.

    Raises
    ------
    NotFoundError, ConflictError
        There is no such plan; it is published.
    MismatchError, RefusedRowsError
        The parts do not fit each other, or break a rule of their tables. Roll back.
    """
    plan = lock(connection, plan_id)
    if plan.state not in OPEN_STATES:
        raise _closed(plan_id, plan.state)
    had = _drop_grids(connection, plan_id)
    revision = plan.revision + (1 if had else 0)
    if had:
        connection.execute(update(plans).where(plans.c.plan_id == plan_id).values(revision=revision))
    kept = [*_GRID, "is_locked"] if "is_locked" in made.grids else _GRID
    numbers = _number(connection, grids, made.grids)
    rows = made.grids[kept].set_axis(pd.Index(numbers, name="grid_id"))
    copy_frame(connection, grids, rows.assign(plan_id=plan_id, revision=revision))
    cells = pd.DataFrame({"cell_id": made.plan_cells.index, "grid_id": _of(made.plan_cells, numbers, "cells", "grids")})
    copy_frame(connection, plan_cells, cells.assign(plan_id=plan_id))
    _write_zones(connection, made, numbers, revision)
    _write_units(connection, made, numbers)
    # Of a plan that is new the planner of queries knows nothing, and would read it whole for every cell.
    connection.execute(text("SELECT wangge_analyse_plans()"))


def delete_plan(connection: Connection, plan_id: int) -> None:
    """Delete a draft, or a plan that was returned, with its grids; their codes are kept and never issued again.

    Raises
    ------
    NotFoundError, ConflictError
        There is no such plan in the transaction's scope; it is submitted, approved or published.
    """
    state = lock(connection, plan_id, in_scope=True).state
    if state not in OPEN_STATES:
        raise _closed(plan_id, state)
    connection.execute(text(read_sql("plans/retire_codes")), {"plan_id": plan_id})
    _drop_grids(connection, plan_id)
    connection.execute(delete(plans).where(plans.c.plan_id == plan_id))


# -- publishing -------------------------------------------------------------------------------


def publish(connection: Connection, plan_id: int, *, valid_from: date, document_number: str | None) -> None:
    """Let a plan hold in its grids' communities from a day on; the plans before it end that day.

    A plan replaced in all its communities is superseded; one replaced in some goes on in the others.

    Raises
    ------
    NotFoundError
        There is no such plan, or it lies outside the transaction's scope.
    ConflictError
        It is not approved, it has no grids, or another plan begins later in one of its communities.
    """
    state = lock(connection, plan_id, in_scope=True).state
    if state != "approved":
        raise _closed(plan_id, state)
    days = {"plan_id": plan_id, "valid_from": valid_from}
    later = connection.scalar(text(read_sql("plans/later")), days)
    if later is not None:
        raise ConflictError(
            what=f"plan {plan_id}",
            reason=f"another plan begins on {later}; publish from that day or later",
            reason_zh=f"另一方案自 {later} 起生效，请选择当日或之后的日期",
        )
    try:
        with connection.begin_nested():
            _hold(connection, plan_id, days, document_number)
    except IntegrityError as error:
        reason = str(error.orig).splitlines()[0]
        raise ConflictError(what=f"plan {plan_id}", reason=reason, reason_zh=reason) from error


def _hold(connection: Connection, plan_id: int, days: Mapping[str, Any], document_number: str | None) -> None:
    """Close, open, and have the database check both at once rather than at commit."""
    touched = set(connection.scalars(text(read_sql("plans/close_previous")), days))
    opened = connection.execute(text(read_sql("plans/open_areas")), days).all()
    if not opened:
        raise ConflictError(what=f"plan {plan_id}", reason="it has no grids", reason_zh="方案没有网格")
    number = {"document_number": document_number} if document_number is not None else {}
    dated = {"state": "published", "valid": func.daterange(days["valid_from"], None), **number}
    connection.execute(update(plans).where(plans.c.plan_id == plan_id).values(**dated))
    connection.execute(text(read_sql("plans/date_plans")), {"plan_ids": sorted(touched)})
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))


def lock(connection: Connection, plan_id: int, *, in_scope: bool = False) -> Row[*tuple[Any, ...]]:
    """Return a plan's state, revision and area for writing: nobody else changes it until the transaction ends.

    Raises
    ------
    NotFoundError
        There is no such plan, or (`in_scope`) it lies outside the transaction's scope.
    """
    statement = select(plans.c.state, plans.c.revision, plans.c.area_code).where(plans.c.plan_id == plan_id)
    if in_scope:
        statement = statement.where(func.wangge_in_scope(plans.c.area_code))
    found = connection.execute(statement.with_for_update()).one_or_none()
    if found is None:
        raise NotFoundError(what="plan", key=plan_id)
    return found


# -- reading ----------------------------------------------------------------------------------


def read_plan(connection: Connection, plan_id: int, *, within: str = EVERYWHERE) -> dict[str, Any]:
    """Return one plan as `list_plans` does, with its ``report``, which is of the whole plan.

    Raises
    ------
    NotFoundError
        There is no such plan, or nothing of it lies within.
    """
    asked = {"within": digits_of(within), "plan_id": plan_id}
    found = connection.execute(text(read_sql("plans/list")), asked).one_or_none()
    if found is None:
        raise NotFoundError(what="plan", key=plan_id)
    report = connection.scalar(select(plans.c.report).where(plans.c.plan_id == plan_id))
    return {**_plain(found), "report": report}


def read_grid_measures(connection: Connection, plan_id: int) -> dict[str, dict[str, float | None]]:
    """Return what was measured of each grid when a plan was made: code -> name -> number (None: does not apply)."""
    found = connection.scalar(select(plans.c.report["grids"]).where(plans.c.plan_id == plan_id))
    return found if isinstance(found, dict) else {}


def list_plans(connection: Connection, *, within: str = EVERYWHERE) -> list[dict[str, Any]]:
    """Return the plans whose area, or one of whose grids, lies within, newest first.

    Keys: plan_id, name, area_code, area_name, scheme, state, valid_from, valid_to, revision,
    document_number, seed, method, created_by, created_at, and of the grids that lie within: grids (how many),
    households.
    """
    asked = {"within": digits_of(within), "plan_id": None}
    return [_plain(row) for row in connection.execute(text(read_sql("plans/list")), asked)]


def plan_on(connection: Connection, *, area_code: str, on: date, scheme: str = "general") -> int | None:
    """Return the plan that holds in an area on a day, or None.

    For an area above a community: the plan that holds in the first of its communities.
    """
    inside = below(plan_areas.c.area_code, area_code)
    statement = (
        select(plan_areas.c.plan_id)
        .where(inside, plan_areas.c.scheme == scheme, plan_areas.c.valid.contains(on))
        .order_by(plan_areas.c.area_code)
        .limit(1)
    )
    return connection.scalar(statement)


def plans_on(connection: Connection, *, on: date, scheme: str = "general", within: str = EVERYWHERE) -> list[int]:
    """Return the plans that hold somewhere within on a day, in rising order."""
    inside = below(plan_areas.c.area_code, within)
    held = select(plan_areas.c.plan_id).where(inside, plan_areas.c.scheme == scheme, plan_areas.c.valid.contains(on))
    return sorted(set(connection.scalars(held)))


def plans_by_area(
    connection: Connection, *, on: date, scheme: str = "general", within: str = EVERYWHERE
) -> dict[str, int]:
    """Return the plan that holds on a day in each community within that has one."""
    inside = below(plan_areas.c.area_code, within)
    held = select(plan_areas.c.area_code, plan_areas.c.plan_id).where(
        inside, plan_areas.c.scheme == scheme, plan_areas.c.valid.contains(on)
    )
    return {row.area_code: row.plan_id for row in connection.execute(held.order_by(plan_areas.c.area_code))}


def used_grid_codes(connection: Connection, *, within: str = EVERYWHERE) -> list[str]:
    """Return every grid code that any plan ever used, drafts and edits taken back included: codes are not reused."""
    digits = "" if within == EVERYWHERE else digits_of(within)
    return list(connection.scalars(text(read_sql("plans/used_codes")), {"within": digits}))


def stale_communities(connection: Connection, plan_id: int) -> int:
    """Return in how many communities others have published since over the plan that a draft was branched from."""
    return int(connection.scalar(text(read_sql("plans/stale_base")), {"plan_id": plan_id}) or 0)


# -- inside -----------------------------------------------------------------------------------


def _plain(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    return dict(row._mapping)


def _closed(plan_id: int, state: str) -> ConflictError:
    return ConflictError(what=f"plan {plan_id}", reason=f"it is {state}", reason_zh=f"方案状态为 {state}")


def _drop_grids(connection: Connection, plan_id: int) -> int:
    """Delete a plan's grids, children first: one statement a table rather than a cascade a row."""
    own = select(grids.c.grid_id).where(grids.c.plan_id == plan_id)
    own_zones = select(zones.c.zone_id).where(zones.c.grid_id.in_(own))
    own_units = select(household_units.c.unit_id).where(household_units.c.grid_id.in_(own))
    for statement in (
        delete(zone_cells).where(zone_cells.c.zone_id.in_(own_zones)),
        delete(unit_cells).where(unit_cells.c.unit_id.in_(own_units)),
        delete(zones).where(zones.c.grid_id.in_(own)),
        delete(household_units).where(household_units.c.grid_id.in_(own)),
        delete(plan_cells).where(plan_cells.c.plan_id == plan_id),
    ):
        connection.execute(statement)
    return int(connection.execute(delete(grids).where(grids.c.plan_id == plan_id)).rowcount)


def _write_zones(connection: Connection, made: PlanGeometry, grid_numbers: pd.Series, revision: int) -> None:
    numbers = _number(connection, zones, made.zones)
    rows = made.zones[_ZONE].set_axis(pd.Index(numbers, name="zone_id"))
    grid_ids = _of(made.zones["grid"], grid_numbers, "zones", "grids")
    copy_frame(connection, zones, rows.assign(grid_id=grid_ids, revision=revision))
    zone_ids = _of(made.zone_cells, numbers, "cells", "zones")
    copy_frame(connection, zone_cells, pd.DataFrame({"zone_id": zone_ids, "cell_id": made.zone_cells.index}))


def _write_units(connection: Connection, made: PlanGeometry, grid_numbers: pd.Series) -> None:
    numbers = _number(connection, household_units, made.units)
    rows = made.units[_UNIT].set_axis(pd.Index(numbers, name="unit_id"))
    grid_ids = _of(made.units["grid"], grid_numbers, "units", "grids")
    copy_frame(connection, household_units, rows.assign(grid_id=grid_ids))
    cells = made.unit_cells[["cell_id", "households"]].reset_index(drop=True)
    copy_frame(connection, unit_cells, cells.assign(unit_id=_of(made.unit_cells["unit"], numbers, "cells", "units")))


def _number(connection: Connection, table: Any, frame: pd.DataFrame) -> pd.Series:
    """Give each label an id, in the order of labels: row order does not matter."""
    ids = allot_ids(connection, table, len(frame))
    return pd.Series(ids, index=frame.index.sort_values(), dtype="int64").reindex(frame.index)


def _of(labels: pd.Series, numbers: pd.Series, what: str, parent: str) -> np.ndarray:
    """The ids of labels, refusing one that stands for nothing."""
    unknown = labels[~labels.isin(numbers.index)]
    if len(unknown):
        raise MismatchError(what=what, parent=parent, labels=", ".join(map(str, unknown.unique()[:5])))
    return labels.map(numbers).to_numpy(dtype="int64")
