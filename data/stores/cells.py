"""Cells: the smallest ground that can change hands, and what lies between them. EPSG:4326, borders in metres."""

from typing import cast

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, delete, or_, select

from data.stores._rows import columns_of, copy_frame, read_frame
from data.stores._within import EVERYWHERE, below
from data.tables.ground import cell_borders
from data.tables.ground import cells as cells_table
from data.tables.plans import plan_cells
from geo.errors import ConflictError


def write_cells(connection: Connection, cells: gpd.GeoDataFrame, borders: pd.DataFrame) -> None:
    """Put cells and borders in the place of all cells of the communities they lie in.

    Parameters
    ----------
    cells
        index cell_id; columns as in the table. Ids must not be those of another community's cells.
    borders
        cell_a, cell_b, length_m, kind, is_walkable and, where known, road_class.

    Raises
    ------
    ConflictError
        A plan, in whatever state, is made of the present cells.
    RefusedRowsError
        A rule of the tables is broken.
    """
    communities = sorted(set(cells["area_code"]))
    _refuse_used(connection, communities)
    here = select(cells_table.c.cell_id).where(cells_table.c.area_code.in_(communities))
    # Borders first and in one statement: cascading would take them away cell by cell.
    connection.execute(
        delete(cell_borders).where(or_(cell_borders.c.cell_a.in_(here), cell_borders.c.cell_b.in_(here)))
    )
    connection.execute(delete(cells_table).where(cells_table.c.area_code.in_(communities)))
    copy_frame(connection, cells_table, cells)
    copy_frame(connection, cell_borders, borders)


def read_cells(connection: Connection, *, within: str = EVERYWHERE) -> gpd.GeoDataFrame:
    """Return cells: index cell_id; area_code, building_id, stairwell_id, compound_id (Int64), kind, use ..."""
    statement = select(*columns_of(cells_table)).where(below(cells_table.c.area_code, within))
    return read_frame(connection, statement.order_by(cells_table.c.cell_id), index="cell_id")


def read_borders(connection: Connection, *, within: str = EVERYWHERE) -> pd.DataFrame:
    """Return borders whose two cells lie inside: cell_a < cell_b, length_m, kind, road_class, is_walkable."""
    one, other = cells_table.alias(), cells_table.alias()
    statement = select(cell_borders).order_by(cell_borders.c.cell_a, cell_borders.c.cell_b)
    if within != EVERYWHERE:
        statement = (
            statement.join(one, one.c.cell_id == cell_borders.c.cell_a)
            .join(other, other.c.cell_id == cell_borders.c.cell_b)
            .where(below(one.c.area_code, within), below(other.c.area_code, within))
        )
    return cast(pd.DataFrame, read_frame(connection, statement, index=None, geometry=False))


def _refuse_used(connection: Connection, communities: list[str]) -> None:
    used = (
        select(plan_cells.c.plan_id)
        .join(cells_table, cells_table.c.cell_id == plan_cells.c.cell_id)
        .where(cells_table.c.area_code.in_(communities))
        .distinct()
        .order_by(plan_cells.c.plan_id)
    )
    plans = ", ".join(str(plan_id) for plan_id in connection.scalars(used))
    if plans:
        raise ConflictError(
            what="cells",
            reason=f"plans {plans} are made of them; delete drafts first",
            reason_zh=f"方案 {plans} 正在使用这些地块，请先删除草案",
        )
