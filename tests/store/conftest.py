"""Fixtures of the store tests: the small town, read by many tests or changed by one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection, Engine, text

from data.postgis.engine import OWNER, READER, WRITER, open_engine, reading
from tests.fixtures.small_town import SmallTown, write_small_town


@dataclass(frozen=True)
class Kept:
    """A database that holds the small town, and engines of each role on it."""

    url: str
    town: SmallTown
    engines: dict[str, Engine]


@pytest.fixture(scope="module")
def kept(new_database: Callable[[], object]) -> Iterator[Kept]:
    """The small town, for a module's tests that change nothing (or roll back)."""
    with ExitStack() as stack:
        url = stack.enter_context(new_database())
        engines = {role: open_engine(url, role=role, pool_size=1) for role in (OWNER, WRITER, READER)}
        yield Kept(url, write_small_town(engines[WRITER]), engines)
        for engine in engines.values():
            engine.dispose()


@pytest.fixture
def conn(kept: Kept) -> Iterator[Connection]:
    """A reading connection of the writer's role, over everything."""
    with reading(kept.engines[WRITER]) as connection:
        yield connection


@pytest.fixture
def undone(kept: Kept) -> Iterator[Connection]:
    """A writing connection of the writer's role whose work is rolled back."""
    with undoing(kept.engines[WRITER]) as connection:
        yield connection


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


@pytest.fixture
def writer(database_url: str) -> Iterator[Engine]:
    """An engine of the writer's role on this test's own empty database."""
    engine = open_engine(database_url, role=WRITER, pool_size=2)
    yield engine
    engine.dispose()
