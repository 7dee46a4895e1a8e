"""Migrations: from nothing to the tables as written, back, and again; and what a database must be."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from data.migrations.versions import __path__ as versions
from data.postgis.engine import OWNER, open_engine
from data.postgis.migrate import UnfitDatabaseError, downgrade, drift, upgrade
from data.postgis.server import PrivateServer
from data.tables import metadata

_numbers = count()
FROM = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
OURS = "n.nspname = 'public' AND c.relname <> 'alembic_version' AND c.relname <> 'spatial_ref_sys'"


@pytest.fixture
def bare(server: PrivateServer) -> Iterator[str]:
    """An empty database that no migration has seen."""
    name = f"bare_{next(_numbers)}_test"
    server.drop_database(name)
    yield server.create_database(name)
    server.drop_database(name)


@contextmanager
def connected(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


def tables_in(url: str) -> set[str]:
    query = f"SELECT c.relname {FROM} WHERE relkind = 'r' AND {OURS}"
    with connected(url) as engine, engine.connect() as conn:
        return set(conn.scalars(text(query)))


def rules_in(url: str) -> set[tuple[str, ...]]:
    """Every constraint, index and comment, as PostgreSQL writes them down."""
    queries = (
        f"SELECT c.relname, k.conname, pg_get_constraintdef(k.oid) {FROM}"
        f" JOIN pg_constraint k ON k.conrelid = c.oid WHERE contype <> 't' AND {OURS}",
        f"SELECT c.relname, i.indexname, i.indexdef {FROM} JOIN pg_indexes i ON i.tablename = c.relname WHERE {OURS}",
        "SELECT c.relname, a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull,"
        f" a.attidentity, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)) {FROM}"
        " JOIN pg_attribute a ON a.attrelid = c.oid"
        " LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
        f" WHERE attnum > 0 AND relkind = 'r' AND {OURS}",
    )
    with connected(url) as engine, engine.connect() as conn:
        return {tuple(row) for query in queries for row in conn.execute(text(query))}


def test_up_down_and_up_again(bare: str) -> None:
    upgrade(bare)
    assert tables_in(bare) == set(metadata.tables)
    downgrade(bare)
    assert tables_in(bare) == set()
    upgrade(bare)
    assert tables_in(bare) == set(metadata.tables)


def test_going_down_leaves_no_function_behind(bare: str) -> None:
    upgrade(bare)
    downgrade(bare)
    with connected(bare) as engine, engine.connect() as conn:
        ours = text("SELECT proname FROM pg_proc WHERE pg_get_userbyid(proowner) = :owner")
        assert list(conn.scalars(ours, {"owner": OWNER})) == []


def test_upgrading_twice_changes_nothing(bare: str) -> None:
    upgrade(bare)
    before = rules_in(bare)
    upgrade(bare)
    assert rules_in(bare) == before


def test_no_drift(database_url: str) -> None:
    assert drift(database_url) == []


def test_drift_is_seen(engine: Engine, database_url: str) -> None:
    with engine.begin() as conn:
        conn.execute(text("ALTER TABLE gates DROP COLUMN hours"))
    assert [change[0] for change in drift(database_url)] == ["add_column"]


def test_migrated_tables_are_those_written_in_python(bare: str, database_url: str) -> None:
    """Alembic's own comparison sees no CHECK and no EXCLUDE; PostgreSQL's catalogue does."""
    with connected(bare) as engine, engine.begin() as conn:
        conn.execute(text("CREATE EXTENSION postgis; CREATE EXTENSION btree_gist; CREATE EXTENSION pg_trgm"))
        metadata.create_all(conn)
    written, migrated = rules_in(bare), rules_in(database_url)
    assert sum("CHECK" in rule[2] for rule in written) > 15
    assert written == migrated


def test_everything_belongs_to_the_owner_role(engine: Engine) -> None:
    query = f"SELECT c.relname {FROM} WHERE relkind IN ('r', 'S') AND {OURS} AND pg_get_userbyid(relowner) <> :owner"
    with engine.connect() as conn:
        assert list(conn.scalars(text(query), {"owner": OWNER})) == []


def test_chinese_text_has_trigrams(engine: Engine) -> None:
    with engine.connect() as conn:
        # Seven pieces: two pads before, one behind, six letters.
        assert conn.scalar(text("SELECT cardinality(show_trgm('凤冈县人民路'))")) == 7


def test_a_database_blind_to_chinese_is_refused(server: PrivateServer) -> None:
    name = "blind_test"
    server.drop_database(name)
    server._client("createdb", "-T", "template0", "-E", "UTF8", "-l", "C", name)
    try:
        with pytest.raises(UnfitDatabaseError, match=r"C\.UTF-8"):
            upgrade(server.url(name))
        assert tables_in(server.url(name)) == set()
    finally:
        server.drop_database(name)


def test_a_login_without_rights_is_told_so(bare: str, server: PrivateServer) -> None:
    with connected(bare) as engine, engine.begin() as conn:
        conn.execute(text("DROP ROLE IF EXISTS powerless"))
        conn.execute(text("CREATE ROLE powerless LOGIN"))
    try:
        with pytest.raises(UnfitDatabaseError, match="permission denied"):
            upgrade(bare.replace("//wangge@", "//powerless@"))
    finally:
        with connected(bare) as engine, engine.begin() as conn:
            conn.execute(text("DROP ROLE powerless"))


def test_every_step_is_in_order() -> None:
    steps = sorted(path.stem[:4] for path in Path(versions[0]).glob("[0-9]*.py"))
    assert steps == [f"{number:04d}" for number in range(1, len(steps) + 1)]


def test_two_processes_may_migrate_at_once(bare: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(upgrade, bare) for _ in range(2)]:
            done.result(timeout=60)
    assert tables_in(bare) == set(metadata.tables)


def test_a_login_that_is_no_superuser_migrates(bare: str) -> None:
    """It owns its database, may make roles, and found the extensions there."""
    with connected(bare) as engine, engine.begin() as conn:
        conn.execute(text("CREATE EXTENSION postgis; CREATE EXTENSION btree_gist; CREATE EXTENSION pg_trgm"))
        conn.execute(text("CREATE ROLE steward LOGIN CREATEROLE"))
        conn.execute(text(f"ALTER DATABASE {engine.url.database} OWNER TO steward"))
    try:
        upgrade(bare.replace("//wangge@", "//steward@"))
        assert drift(bare) == []
        assert tables_in(bare) == set(metadata.tables)
    finally:
        with connected(bare) as engine, engine.begin() as conn:
            conn.execute(text(f"ALTER DATABASE {engine.url.database} OWNER TO wangge"))
            conn.execute(text("REASSIGN OWNED BY steward TO wangge; DROP OWNED BY steward; DROP ROLE steward"))
