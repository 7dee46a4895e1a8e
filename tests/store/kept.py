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
