"""Answers: who answers for what on a day - the holder of a duty or a substitute - and where nobody does.

All of it is derived from duties and absences by the database, in the scope of whoever asks; names and duty lines
only. Roles are `data.tables.people.DUTY_ROLES`; each has its kind of target (`TARGET_OF`). A building's code is
``b`` and its id.
"""

from datetime import date
from typing import cast

import pandas as pd
from sqlalchemy import Connection, select, text

from data.stores._rows import read_frame, read_named
from data.stores._within import EVERYWHERE, below, digits_of
from data.tables.ground import cells
from data.tables.plans import grids, plan_areas, plan_cells


def read_answers(connection: Connection, on: date) -> pd.DataFrame:
    """Return the duties in scope that hold on a day, each with who answers for it.

    Returns
    -------
    pandas.DataFrame
        index duty_id; person_id, name (of the holder), area_code, role, code (of the target), grid_code, valid_from,
        valid_to (a date or None), answer_id (Int64; the holder or a substitute, none with a problem), answer, kind,
        duty_line, problem (away: nobody is named; substitute_away; None), revision.
    """
    statement = text(
        "SELECT w.duty_id, w.person_id, w.name, w.area_code, w.role,"
        " coalesce(w.grid_code, w.zone_code, w.unit_code, 'b' || w.building_id::text) AS code, w.grid_code,"
        " lower(w.valid) AS valid_from, upper(w.valid) AS valid_to, w.answer_id, w.answer, w.kind, w.duty_line,"
        " w.problem, d.revision FROM wangge_answers(:on) w JOIN duties d USING (duty_id) ORDER BY w.duty_id"
    )
    found = read_frame(connection, statement, {"on": on}, index="duty_id", geometry=False)
    return cast(pd.DataFrame, found.astype({"answer_id": "Int64"}))


def names_answering(connection: Connection, on: date, *, role: str) -> dict[str, str]:
    """Return who of a role answers on a day, substitutes for those who are away: code of the target -> names.

    Several of one target are told together; a target where nobody answers is not in it.
    """
    found = read_answers(connection, on)
    mine = found[(found["role"] == role) & found["answer_id"].notna()]
    return {str(code): "、".join(dict.fromkeys(names)) for code, names in mine.groupby("code")["answer"]}


def read_targets(
    connection: Connection,
    role: str,
    *,
    on: date,
    scheme: str = "general",
    within: str = EVERYWHERE,
    grid_code: str | None = None,
) -> pd.DataFrame:
    """Return what somebody of a role should answer for on a day: grids, zones, units or buildings.

    Parameters
    ----------
    grid_code
        Only those of one grid; a building is of none.

    Returns
    -------
    pandas.DataFrame
        index code; name, area_code, community, grid_code, households, people (Int64), answering (how many do), reason
        (None, or why nobody does: away, substitute_away, ended, never), holder (who is away), ended_on, next_on.
    """
    asked = {"on": on, "role": role, "scheme": scheme, "within": digits_of(within), "grid_code": grid_code}
    found = read_named(connection, "people/answering", asked, index="code", geometry=False)
    return cast(pd.DataFrame, found.astype({"people": "Int64"}))


def read_grid_buildings(
    connection: Connection, on: date, *, scheme: str = "general", within: str = EVERYWHERE
) -> pd.DataFrame:
    """Return which buildings lie in which grids on a day: rows from 0; grid_code, name, households, building_id.

    By grid and building; one in several grids stands in each. The households are the grid's.
    """
    statement = (
        select(grids.c.grid_code, grids.c.name, grids.c.households, cells.c.building_id)
        .distinct()
        .select_from(plan_cells)
        .join(cells, cells.c.cell_id == plan_cells.c.cell_id)
        .join(grids, grids.c.grid_id == plan_cells.c.grid_id)
        .join(plan_areas, (plan_areas.c.plan_id == grids.c.plan_id) & (plan_areas.c.area_code == grids.c.area_code))
        .where(plan_areas.c.scheme == scheme, plan_areas.c.valid.contains(on), below(grids.c.area_code, within))
        .where(cells.c.building_id.is_not(None))
        .order_by(grids.c.grid_code, cells.c.building_id)
    )
    found = read_frame(connection, statement, index=None, geometry=False)
    return cast(pd.DataFrame, found.astype({"building_id": "int64"}))


def read_bare_days(
    connection: Connection,
    from_on: date,
    to_on: date,
    *,
    role: str = "worker",
    scheme: str = "general",
    within: str = EVERYWHERE,
) -> pd.DataFrame:
    """Return when buildings have nobody: each building's days of [from_on, to_on) on which its grid lacks a `role`.

    The grid is the one of the plan that holds that day; a day without a plan counts as bare.

    Returns
    -------
    pandas.DataFrame
        rows from 0, by building and day; building_id, area_code, name, households, from_on, to_on (excluded),
        grid_codes (list; empty where no plan holds).
    """
    asked = {"from_on": from_on, "to_on": to_on, "role": role, "scheme": scheme, "within": digits_of(within)}
    return cast(pd.DataFrame, read_named(connection, "people/bare_days", asked, index=None, geometry=False))
