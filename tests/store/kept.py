"""What store tests share: the kept town, work that is undone, frames as plain values."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, text

from tests.fixtures.small_town import SmallTown


@dataclass(frozen=True)
class Kept:
    """A database that holds the small town, and engines of each role on it."""

    url: str
    town: SmallTown
    engines: dict[str, Engine]


@contextmanager
def undoing(engine: Engine) -> Iterator[Connection]:
    """A transaction with an actor and everything in scope that leaves nothing behind."""
    names = text(
        "SELECT set_config('wangge.actor', 'test', true), set_config('wangge.action', 'try', true),"
        " set_config('wangge.scope', '*', true)"
    )
    with engine.connect() as connection:
        connection.execute(names)
        yield connection
        connection.rollback()


def plain(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """A frame's index and values as plain Python, missing ones as None: how they are typed does not matter."""
    columns = [frame.index, *(frame[name] for name in frame.columns)]
    return list(zip(*([None if pd.isna(value) else value for value in column] for column in columns), strict=True))


def kept_cells(conn: Connection, plan_id: int) -> tuple[pd.Series, int]:
    """Zone of every cell of a plan, and the households of the cells of its units."""
    of_plan = "FROM {} JOIN grids USING (grid_id) WHERE plan_id = :plan_id"
    zone_of = "SELECT cell_id, zone_id " + of_plan.format("zone_cells JOIN zones USING (zone_id)")
    in_units = "SELECT sum(uc.households) " + of_plan.format("unit_cells uc JOIN household_units USING (unit_id)")
    asked = {"plan_id": plan_id}
    rows = conn.execute(text(zone_of), asked).all()
    return pd.Series(dict(map(tuple, rows)), name="zone"), conn.scalar(text(in_units), asked)
