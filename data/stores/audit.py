"""Audit: who wrote what, when, for which action. The database writes it; nobody changes it."""

from typing import Any

from sqlalchemy import Connection, select

from data.tables.service import audit

TOLD = ("audit_id", "at", "actor", "action", "noun", "operation", "rows")


def read_audit(
    connection: Connection,
    *,
    limit: int = 100,
    before: int | None = None,
    actor: str | None = None,
    action: str | None = None,
) -> list[dict[str, Any]]:
    """Return writes, newest first: audit_id, at, actor, action, noun, operation (insert, update ...), rows.

    Parameters
    ----------
    limit, before
        A page: at most so many, with an audit_id below `before`.
    actor, action
        Only theirs.
    """
    told = (audit.c[name] for name in TOLD)
    statement = select(*told).order_by(audit.c.audit_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(audit.c.audit_id < before)
    if actor is not None:
        statement = statement.where(audit.c.actor == actor)
    if action is not None:
        statement = statement.where(audit.c.action == action)
    return [dict(row._mapping) for row in connection.execute(statement)]
