"""Engines and transactions: the one place that knows roles, timeouts and who is writing.

Every transaction carries three settings that the database itself reads: `wangge.scope` (row-level
security), `wangge.actor` and `wangge.action` (the audit trigger, which refuses a write without them).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, make_url, text

EVERYWHERE = "*"
OWNER, WRITER, READER = "wangge_owner", "wangge_writer", "wangge_reader"

# A statement that runs longer than this serves nobody; jobs open their engine with 0 (no limit).
STATEMENT_TIMEOUT_MS = 30_000
LOCK_TIMEOUT_MS = 10_000
IDLE_TIMEOUT_MS = 120_000


def open_engine(
    url: str,
    *,
    role: str | None = None,
    pool_size: int = 5,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
) -> Engine:
    """Return an engine on psycopg2 whose sessions have a role and timeouts from their first moment.

    Parameters
    ----------
    url
        ``postgresql://...``; the driver is set here.
    role
        One of ``wangge_owner``, ``wangge_writer``, ``wangge_reader``; None keeps the login role.
    pool_size
        Connections kept; as many again may be opened under load.
    statement_timeout_ms
        0 is no limit, for jobs and imports.
    """
    settings = {
        "statement_timeout": statement_timeout_ms,
        "lock_timeout": LOCK_TIMEOUT_MS,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT_MS if statement_timeout_ms else 0,
        "timezone": "UTC",
        "jit": "off",
    }
    if role is not None:
        settings["role"] = role
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg2"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's text must not carry names or the point somebody asked about
        connect_args={"options": options, "application_name": "wangge"},
    )


@contextmanager
def transaction(
    engine: Engine, *, actor: str, action: str, scope: str = EVERYWHERE, commit: bool = True
) -> Iterator[Connection]:
    """Open a writing transaction: commits at the end, rolls back on any error.

    Parameters
    ----------
    actor
        Account name, ``command:<user>`` or ``job:<id>``; lands in every audit row.
    action
        The action that writes, e.g. ``"publish_plan"``.
    scope
        Leading digits of the division code whose people and incidents may be seen; ``"*"`` is all.
    commit
        False is a dry run: everything happens, then is rolled back.
    """
    with engine.connect() as connection, connection.begin() as work:
        _set(connection, actor=actor, action=action, scope=scope)
        yield connection
        if not commit:
            work.rollback()


@contextmanager
def reading(engine: Engine, *, scope: str = EVERYWHERE) -> Iterator[Connection]:
    """Open a read-only transaction on one snapshot, seeing people and incidents of `scope` only."""
    with engine.connect() as connection, connection.begin():
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        _set(connection, scope=scope)
        yield connection


def _set(connection: Connection, **settings: str) -> None:
    for name, value in settings.items():
        # The third argument makes it LOCAL: it ends with the transaction, so a pooled connection forgets it.
        connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": f"wangge.{name}", "value": value})
