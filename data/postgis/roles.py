"""Roles: what the three roles of a deployment are for, and how a login comes to act as one.

`wangge_owner` owns tables and functions and changes them; `wangge_writer` reads and writes rows, under
row-level security, and cannot rewrite the audit; `wangge_reader` sees only what the public look-up
needs. None can log in: a login is a member, and `open_engine(url, role=...)` takes the role on.
Their rights stand in ``data/sql/schema/rights.sql``.
"""

from psycopg2 import sql
from sqlalchemy import Connection, text

from data.postgis.engine import OWNER, READER, WRITER
from geo.errors import DeniedError, NotFoundError

ROLES = (OWNER, WRITER, READER)


def acting_as(connection: Connection) -> str:
    """Return the role whose rights the connection has now."""
    return str(connection.scalar(text("SELECT current_user")))


def may_act_as(connection: Connection, role: str) -> bool:
    """Return whether the connection's login is a member of a role."""
    known = text("SELECT pg_has_role(session_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = :role")
    return bool(connection.scalar(known, {"role": role}))


def require_role(connection: Connection, role: str) -> None:
    """Refuse a login that may not act as `role`.

    Raises
    ------
    DeniedError
        It is not a member; the message says how to make it one.
    """
    if not may_act_as(connection, role):
        login = connection.scalar(text("SELECT session_user"))
        raise DeniedError(
            reason=f"the login {login} is no member of {role}; as the owner run: GRANT {role} TO {login}",
            reason_zh=f"登录 {login} 不属于角色 {role}；请由库主执行：GRANT {role} TO {login}",
        )


def grant_role(connection: Connection, role: str, *, login: str) -> None:
    """Make an existing login a member of one of our roles.

    Raises
    ------
    NotFoundError
        `role` is not one of ours.
    """
    if role not in ROLES:
        raise NotFoundError(what="role", key=role)
    statement = sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(login))
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
    finally:
        cursor.close()
