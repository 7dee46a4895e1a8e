"""Fixtures of the store tests: the small town, read by many tests or changed by one."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from sqlalchemy import Connection, Engine

from data.postgis.engine import OWNER, READER, WRITER, open_engine, reading
from tests.fixtures.small_town import write_small_town
from tests.store.kept import Kept, undoing


@pytest.fixture(scope="module")
def kept(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Kept]:
    """The small town, for a module's tests that change nothing (or roll back)."""
    with new_database() as url:
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


@pytest.fixture
def writer(database_url: str) -> Iterator[Engine]:
    """An engine of the writer's role on this test's own empty database."""
    engine = open_engine(database_url, role=WRITER, pool_size=2)
    yield engine
    engine.dispose()
