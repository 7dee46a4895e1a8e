"""Roles: what the three roles of a deployment are for, and how a login comes to act as one.

`wangge_owner` owns tables and functions and changes them; `wangge_writer` reads and writes rows, under
row-level security, and cannot rewrite the audit; `wangge_reader` sees only what the public look-up
needs. None can log in: a login is a member, and `open_engine(url, role=...)` takes the role on.
Their rights stand in ``data/sql/schema/rights.sql``.
"""

from psycopg2 import sql
from sqlalchemy import Connection, text

from data.postgis.engine import OWNER, READER, WRITER
from geo.errors import NotFoundError

ROLES = (OWNER, WRITER, READER)


def may_act_as(connection: Connection, role: str) -> bool:
    """Return whether the connection's login is a member of a role."""
    known = text("SELECT pg_has_role(session_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = :role")
    return bool(connection.scalar(known, {"role": role}))


def grant_role(connection: Connection, role: str, *, login: str) -> None:
    """Make an existing login a member of one of our roles.

    Raises
    ------
    NotFoundError
        `role` is not one of ours.
    """
    if role not in ROLES:
        raise NotFoundError(what="role", key=role)
    _run(connection, sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(login)))


def ensure_login(connection: Connection, login: str) -> None:
    """Make a login that may write and read rows, and nothing more, where the cluster has none of that name."""
    known = connection.scalar(text("SELECT count(*) FROM pg_roles WHERE rolname = :login"), {"login": login})
    if not known:
        ordinary = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE")
        _run(connection, ordinary.format(sql.Identifier(login)))
    for role in (WRITER, READER):
        grant_role(connection, role, login=login)


def is_superuser(connection: Connection) -> bool:
    """Return whether the connection signed in as one whom no right and no row-level security binds."""
    asked = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user")
    return bool(connection.scalar(asked))


def _run(connection: Connection, statement: sql.Composed) -> None:
    """Run a statement whose names psycopg2 itself quotes."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
    finally:
        cursor.close()
