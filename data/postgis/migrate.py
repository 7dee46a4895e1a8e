"""Migrate: bring a database to the newest tables, roles and rights, and tell whether it strays from them.

Safe to run at every start and by several processes at once: it holds a lock, and does all of it or
nothing, in one transaction.
"""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from data.postgis.engine import open_engine
from data.sql import read_sql
from data.tables import metadata
from geo.errors import WanggeError

FOLDER = Path(__file__).parent.parent / "migrations"

# Any fixed number will do; every process that migrates asks PostgreSQL for the same one.
LOCK = 7_264_432_911

# Tables in our schema that others own: the job library and Alembic itself.
FOREIGN_TABLES = ("procrastinate_", "alembic_version")


class UnfitDatabaseError(WanggeError):
    """The database cannot carry this service."""

    zh = "数据库 {database} 不可用：{reason_zh}。{mend_zh}"
    en = "The database {database} cannot be used: {reason}. {mend}"


def upgrade(url: str, *, revision: str = "head") -> None:
    """Bring the database at `url` to a revision, making extensions, roles, tables and rights.

    Parameters
    ----------
    url
        ``postgresql://...``; the login must own the database and, at the first run, may make extensions and roles.
    revision
        ``"head"`` or a revision's name.

    Raises
    ------
    UnfitDatabaseError
        Chinese text has no trigrams in this database's locale, an extension is not installed, or the
        login lacks a right.
    """
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, *, revision: str = "base") -> None:
    """Take steps back, dropping what they made, rows included; extensions and roles stay."""
    _run(url, lambda config: command.downgrade(config, revision))


def drift(url: str) -> list[Any]:
    """Return how the database differs from `data.tables`, as Alembic tells it; empty where it does not."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"include_object": is_ours})
            return list(compare_metadata(context, metadata))
    finally:
        engine.dispose()


def is_ours(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    """Return whether Alembic should look at an object: not PostGIS's own, not the job library's."""
    if kind == "table" and (name or "").startswith(FOREIGN_TABLES):
        return False
    return bool(alembic_helpers.include_object(item, name, kind, reflected, compare_to))  # type: ignore[no-untyped-call]  # geoalchemy2 is not typed


def run_sql(connection: Connection, name: str) -> None:
    """Run the statements of ``data/sql/<name>.sql`` as they stand: no parameters, `%` and `:` are plain text."""
    connection.exec_driver_sql(read_sql(name), execution_options={"no_parameters": True})


def _run(url: str, step: Any) -> None:
    engine = open_engine(url, statement_timeout_ms=0)
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            config.attributes["connection"] = connection
            step(config)
            _require_trigrams(connection)
    except ProgrammingError as error:
        raise _unfit(url, error) from error
    finally:
        engine.dispose()


def _require_trigrams(connection: Connection) -> None:
    """Refuse a database whose locale hides Chinese text from the search index."""
    if not connection.scalar(text("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")):
        return
    if not connection.scalar(text("SELECT cardinality(show_trgm('凤冈县人民路'))")):
        raise UnfitDatabaseError(
            database=connection.engine.url.database,
            reason="pg_trgm finds no letters in Chinese text",
            reason_zh="pg_trgm 无法识别中文",
            mend="Make the database with: createdb -T template0 -E UTF8 -l C.UTF-8",
            mend_zh="请这样建库：createdb -T template0 -E UTF8 -l C.UTF-8",
        )


def _unfit(url: str, error: ProgrammingError) -> UnfitDatabaseError:
    reason = str(error.orig).strip().splitlines()[0]
    return UnfitDatabaseError(
        database=url.rsplit("@", 1)[-1],  # never the password
        reason=reason,
        reason_zh=reason,
        mend="PostGIS, btree_gist and pg_trgm must be installed, and the login may make extensions and roles.",
        mend_zh="请安装 PostGIS、btree_gist、pg_trgm，并使用有权建立扩展和角色的登录。",
    )
