"""Grids: what a plan's cells make together - grids, zones, household units - and who holds on a day. EPSG:4326."""

from collections.abc import Collection
from datetime import date
from typing import cast

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, Select, func, select, text

from data.stores._rows import columns_of, read_frame
from data.stores._within import EVERYWHERE, below
from data.tables.ground import areas as areas_table
from data.tables.ground import cells as cells_table
from data.tables.plans import grids, household_units, plan_areas, plan_cells, zones


def read_grids(connection: Connection, plan_id: int, *, geometry: bool = True) -> gpd.GeoDataFrame:
    """Return a plan's grids by code: index grid_id; the columns of the table but plan_id.

    Parameters
    ----------
    geometry
        False leaves the polygons out and returns a plain DataFrame.
    """
    columns = [column for column in columns_of(grids, geometry=geometry) if column.name != "plan_id"]
    statement = select(*columns).where(grids.c.plan_id == plan_id).order_by(grids.c.grid_code)
    return read_frame(connection, statement, index="grid_id", geometry=geometry)


# Whatever of it changes, the grids, zones or coming grids of that community are others, or are called otherwise.
_TOLD = text(
    "SELECT a.area_code, string_agg(concat_ws("
    "':', c.name, p.plan_id, p.revision, lower(a.valid), a.valid @> CAST(:day AS date)), ',' ORDER BY a.valid)"
    " FROM plan_areas a JOIN plans p USING (plan_id) JOIN areas c ON c.area_code = a.area_code"
    " WHERE a.scheme = :scheme AND (upper_inf(a.valid) OR upper(a.valid) > CAST(:day AS date))"
    " GROUP BY a.area_code"
)


def told_published(connection: Connection, on: date, *, scheme: str = "general") -> dict[str, str]:
    """Return of each community with a plan, by code, a short text that changes with what is published there."""
    rows = connection.execute(_TOLD, {"day": on, "scheme": scheme})
    return {str(code): str(told) for code, told in rows}


def read_published(
    connection: Connection, on: date, *, areas: Collection[str] | None = None, scheme: str = "general"
) -> gpd.GeoDataFrame:
    """Return the grids that hold on a day, by code, in every community that has a plan then, or in some of them.

    Returns
    -------
    geopandas.GeoDataFrame
        index grid_id; plan_id, area_code, community (its name), grid_code, name, kind, households, people,
        revision, geometry. For zones see `read_published_zones`, for whom to call `people.public_answers`.
    """
    return read_frame(connection, _held(_of(_told(), areas), on, scheme), index="grid_id")


def read_coming(
    connection: Connection, after: date, *, areas: Collection[str] | None = None, scheme: str = "general"
) -> gpd.GeoDataFrame:
    """Return the grids of each community's next plan after a day: as `read_published`, and from_on (a date)."""
    first = func.lower(plan_areas.c.valid)
    soonest = (
        select(plan_areas.c.area_code, func.min(first).label("from_on"))
        .where(plan_areas.c.scheme == scheme, first > after)
        .group_by(plan_areas.c.area_code)
        .subquery()
    )
    statement = (
        _of(_told(), areas)
        .add_columns(soonest.c.from_on)
        .join(soonest, soonest.c.area_code == grids.c.area_code)
        .join(
            plan_areas,
            (plan_areas.c.plan_id == grids.c.plan_id)
            & (plan_areas.c.area_code == grids.c.area_code)
            & (first == soonest.c.from_on),
        )
        .where(plan_areas.c.scheme == scheme)
    )
    return read_frame(connection, statement, index="grid_id")


def _told() -> Select[tuple[object, ...]]:
    """Select what is told of grids, with the name of their community, by code."""
    columns = columns_of(
        grids, "grid_id", "plan_id", "area_code", "grid_code", "name", "kind", "households", "people", "revision",
        "geometry",
    )  # fmt: skip
    statement = select(*columns, areas_table.c.name.label("community"))
    return statement.join(areas_table, areas_table.c.area_code == grids.c.area_code).order_by(grids.c.grid_code)


def read_published_zones(
    connection: Connection, on: date, *, areas: Collection[str] | None = None, scheme: str = "general"
) -> gpd.GeoDataFrame:
    """Return the zones of the grids of `read_published`: index zone_id; grid_id, area_code, grid_code, zone_code ..."""
    columns = columns_of(zones, "zone_id", "grid_id", "zone_code", "name", "geometry")
    statement = select(*columns, grids.c.area_code, grids.c.grid_code).select_from(zones)
    statement = statement.join(grids, grids.c.grid_id == zones.c.grid_id).order_by(zones.c.zone_code)
    return read_frame(connection, _held(_of(statement, areas), on, scheme), index="zone_id")


def read_assignment(connection: Connection, plan_id: int) -> pd.Series:
    """Return a plan's map cell -> grid: Series ``grid`` of grid_id by cell_id."""
    statement = (
        select(plan_cells.c.cell_id, plan_cells.c.grid_id.label("grid"))
        .where(plan_cells.c.plan_id == plan_id)
        .order_by(plan_cells.c.cell_id)
    )
    frame = read_frame(connection, statement, index="cell_id", geometry=False)
    return cast(pd.Series, frame["grid"].astype("int64"))


def read_zones(connection: Connection, plan_id: int) -> gpd.GeoDataFrame:
    """Return a plan's zones by code: index zone_id; grid_id, grid_code, area_code, zone_code, name, households ..."""
    statement = (
        select(*columns_of(zones), grids.c.grid_code, grids.c.area_code)
        .join(grids, grids.c.grid_id == zones.c.grid_id)
        .where(grids.c.plan_id == plan_id)
        .order_by(zones.c.zone_code)
    )
    return read_frame(connection, statement, index="zone_id")


def read_units(connection: Connection, plan_id: int) -> gpd.GeoDataFrame:
    """Return a plan's household units by code: index unit_id; grid_id, grid_code, area_code, unit_code, households."""
    statement = (
        select(*columns_of(household_units), grids.c.grid_code, grids.c.area_code)
        .join(grids, grids.c.grid_id == household_units.c.grid_id)
        .where(grids.c.plan_id == plan_id)
        .order_by(household_units.c.unit_code)
    )
    return read_frame(connection, statement, index="unit_id")


def count_parts(connection: Connection, plan_id: int) -> pd.DataFrame:
    """Return what lies in each grid of a plan: index grid_id; zones, units, buildings (counts)."""
    zone_count = select(func.count()).where(zones.c.grid_id == grids.c.grid_id).scalar_subquery()
    unit_count = select(func.count()).where(household_units.c.grid_id == grids.c.grid_id).scalar_subquery()
    building_count = (
        select(func.count(cells_table.c.building_id.distinct()))
        .select_from(plan_cells)
        .join(cells_table, cells_table.c.cell_id == plan_cells.c.cell_id)
        .where(plan_cells.c.plan_id == grids.c.plan_id, plan_cells.c.grid_id == grids.c.grid_id)
        .scalar_subquery()
    )
    statement = select(
        grids.c.grid_id, zone_count.label("zones"), unit_count.label("units"), building_count.label("buildings")
    ).where(grids.c.plan_id == plan_id)
    return cast(
        pd.DataFrame,
        read_frame(connection, statement.order_by(grids.c.grid_id), index="grid_id", geometry=False),
    )


def read_codes(connection: Connection, column: str) -> list[str]:
    """Return every code ever issued, in order: `column` is grid_code, zone_code or unit_code."""
    known = {"grid_code": grids, "zone_code": zones, "unit_code": household_units}
    return sorted(connection.scalars(select(known[column].c[column]).distinct()))


def _of(statement: Select[tuple[object, ...]], areas: Collection[str] | None) -> Select[tuple[object, ...]]:
    """Keep the grids of some communities."""
    return statement if areas is None else statement.where(grids.c.area_code.in_(areas))


def _held(statement: Select[tuple[object, ...]], on: date, scheme: str) -> Select[tuple[object, ...]]:
    """Keep the grids of the plan that holds in their community on a day."""
    holds = (plan_areas.c.plan_id == grids.c.plan_id) & (plan_areas.c.area_code == grids.c.area_code)
    return statement.join(plan_areas, holds).where(plan_areas.c.scheme == scheme, plan_areas.c.valid.contains(on))


def read_codes_held(
    connection: Connection, *, on: date, within: str = EVERYWHERE, scheme: str = "general"
) -> pd.Series:
    """Return the grid code that holds for each cell on a day: Series ``grid_code`` by cell_id.

    Each community by the plan that holds there, so that neighbours redrawn on other days are each taken rightly.
    """
    statement = (
        select(plan_cells.c.cell_id, grids.c.grid_code)
        .join(grids, grids.c.grid_id == plan_cells.c.grid_id)
        .where(below(grids.c.area_code, within))
        .order_by(plan_cells.c.cell_id)
    )
    frame = read_frame(connection, _held(statement, on, scheme), index="cell_id", geometry=False)
    return cast(pd.Series, frame["grid_code"].astype(object))


def read_codes_locked(
    connection: Connection, *, on: date, within: str = EVERYWHERE, scheme: str = "general"
) -> list[str]:
    """Return the codes of the locked grids that hold on a day, in order."""
    statement = select(grids.c.grid_code).where(below(grids.c.area_code, within), grids.c.is_locked)
    return sorted(connection.scalars(_held(statement, on, scheme)))
