"""Read edits: what was done to a plan, and grids as they are after an edit."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, select

from api.actions.read_plans import band_of, require_plan
from api.answers import bbox_of, feature
from api.auth import Account
from data.profiles import Profile
from data.stores import operations
from data.stores._rows import columns_of, read_frame
from data.tables.ground import buildings, cells
from data.tables.plans import grids, plan_cells

CELL_KEYS = ("cell_id", "households", "people", "kind", "use", "building_id", "compound_id")
KEYS = ("grid_code", "name", "kind", "area_code", "households", "people", "is_locked", "exception")


def edited_grids(conn: Connection, plan_id: int, codes: Collection[str], *, profile: Profile) -> list[dict[str, Any]]:
    """Return grids of a plan by code as features, in order of code."""
    statement = select(*columns_of(grids, "grid_id", *KEYS, "geometry"))
    own = (grids.c.plan_id == plan_id, grids.c.grid_code.in_(sorted(codes)))
    frame = read_frame(conn, statement.where(*own).order_by(grids.c.grid_code), index="grid_id")
    frame = frame.assign(band=band_of(frame, profile))
    return [
        feature(
            row["geometry"], {**{key: row[key] for key in (*KEYS, "band")}, "bbox": bbox_of(row["geometry"])},
            feature_id=row["grid_code"],
        )
        for row in frame.to_dict("records")
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
    statement = (
        select(*columns_of(cells, *CELL_KEYS, "geometry"), grids.c.grid_code, buildings.c.address)
        .join(plan_cells, plan_cells.c.cell_id == cells.c.cell_id)
        .join(grids, grids.c.grid_id == plan_cells.c.grid_id)
        .outerjoin(buildings, buildings.c.building_id == cells.c.building_id)
        .where(plan_cells.c.plan_id == plan_id, cells.c.area_code == area_code)
        .order_by(cells.c.cell_id)
    )
    frame = read_frame(conn, statement, index=None)
    keys = (*CELL_KEYS, "grid_code", "address")
    return [
        feature(row["geometry"], {key: row[key] for key in keys}, feature_id=row["cell_id"])
        for row in frame.to_dict("records")
    ]


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
