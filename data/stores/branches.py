"""Branches: a draft that begins as another plan is, with rows of its own and the same codes."""

from sqlalchemy import Connection, Table, insert, literal, select, text

from data.tables.plans import grids, household_units, plan_cells, plans, unit_cells, zone_cells, zones
from geo.errors import NotFoundError

FIRST = 1


def branch(connection: Connection, plan_id: int, *, name: str, created_by: int | None) -> int:
    """Write a draft that is as a plan is, and return its plan_id. Its report is that of the plan it came from.

    Raises
    ------
    NotFoundError
        There is no such plan.
    """
    kept = ("area_code", "scheme", "seed", "method", "report")
    source = select(
        *(plans.c[column] for column in kept),
        literal(name),
        literal(plan_id),
        literal(created_by, type_=plans.c.created_by.type),
    ).where(plans.c.plan_id == plan_id)
    made = connection.execute(
        insert(plans).from_select([*kept, "name", "base_plan_id", "created_by"], source).returning(plans.c.plan_id)
    ).scalar()
    if made is None:
        raise NotFoundError(what="plan", key=plan_id)
    _copy_grids(connection, plan_id, int(made))
    _copy_parts(connection, zones, zone_cells, "zone_code", plan_id, int(made))
    _copy_parts(connection, household_units, unit_cells, "unit_code", plan_id, int(made))
    connection.execute(text("SELECT wangge_analyse_plans()"))
    return int(made)


def _copy_grids(connection: Connection, plan_id: int, made: int) -> None:
    own = [column.name for column in grids.c if column.name not in ("grid_id", "plan_id", "revision")]
    rows = select(literal(made), literal(FIRST), *(grids.c[name] for name in own)).where(grids.c.plan_id == plan_id)
    connection.execute(insert(grids).from_select(["plan_id", "revision", *own], rows.order_by(grids.c.grid_id)))
    old, new = grids.alias(), grids.alias()
    cells = (
        select(literal(made), plan_cells.c.cell_id, new.c.grid_id)
        .join(old, old.c.grid_id == plan_cells.c.grid_id)
        .join(new, (new.c.grid_code == old.c.grid_code) & (new.c.plan_id == made))
        .where(plan_cells.c.plan_id == plan_id)
    )
    connection.execute(insert(plan_cells).from_select(["plan_id", "cell_id", "grid_id"], cells))


def _copy_parts(connection: Connection, table: Table, cells: Table, code: str, plan_id: int, made: int) -> None:
    """Copy zones or household units with their cells: a code is one of its grid's."""
    key = next(iter(table.primary_key.columns)).name
    old, new = grids.alias(), grids.alias()
    own = [column.name for column in table.c if column.name not in (key, "grid_id", "revision")]
    first = [literal(FIRST)] if "revision" in table.c else []
    rows = (
        select(new.c.grid_id, *first, *(table.c[name] for name in own))
        .join(old, old.c.grid_id == table.c.grid_id)
        .join(new, (new.c.grid_code == old.c.grid_code) & (new.c.plan_id == made))
        .where(old.c.plan_id == plan_id)
        .order_by(table.c[key])
    )
    names = ["grid_id", *(["revision"] if first else []), *own]
    connection.execute(insert(table).from_select(names, rows))
    copied = table.alias()
    here = (
        select(copied.c[key], *(cells.c[column.name] for column in cells.c if column.name != key))
        .join(table, table.c[key] == cells.c[key])
        .join(old, old.c.grid_id == table.c.grid_id)
        .join(new, (new.c.grid_code == old.c.grid_code) & (new.c.plan_id == made))
        .join(copied, (copied.c.grid_id == new.c.grid_id) & (copied.c[code] == table.c[code]))
        .where(old.c.plan_id == plan_id)
    )
    connection.execute(insert(cells).from_select([key, *(c.name for c in cells.c if c.name != key)], here))
