"""Accounts and sessions. Passwords come here hashed, session cookies as their SHA-256; neither leaves a trace else."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from data.tables.service import accounts, sessions
from geo.errors import ConflictError, NotFoundError

_OPEN_COLUMNS = (
    accounts.c.account_id,
    accounts.c.name,
    accounts.c.role,
    accounts.c.scope,
    accounts.c.language,
    accounts.c.is_active,
    accounts.c.created_at,
)


def create_account(
    connection: Connection, *, name: str, password_hash: str, role: str, scope: str, language: str = "zh"
) -> int:
    """Write an account and return its id.

    Raises
    ------
    ConflictError
        The name is taken.
    """
    values = {"name": name, "password_hash": password_hash, "role": role, "scope": scope, "language": language}
    made = insert(accounts).values(**values).on_conflict_do_nothing(index_elements=["name"])
    account_id = connection.scalar(made.returning(accounts.c.account_id))
    if account_id is None:
        raise ConflictError(what=f"account {name}", reason="the name is taken", reason_zh="用户名已存在")
    return int(account_id)


def find_account(connection: Connection, name: str) -> dict[str, Any] | None:
    """Return an account by name, active or not, with its password_hash; None where there is none."""
    found = connection.execute(select(*_OPEN_COLUMNS, accounts.c.password_hash).where(accounts.c.name == name))
    return _as_dict(found.one_or_none())


def list_accounts(connection: Connection) -> list[dict[str, Any]]:
    """Return all accounts by name, without password hashes: account_id, name, role, scope, language, is_active ..."""
    return [dict(row._mapping) for row in connection.execute(select(*_OPEN_COLUMNS).order_by(accounts.c.name))]


def change_account(connection: Connection, account_id: int, **values: Any) -> None:
    """Change password_hash, role, scope, language or is_active; closing an account ends its sessions.

    Raises
    ------
    NotFoundError
        There is no such account.
    """
    changed = connection.execute(update(accounts).where(accounts.c.account_id == account_id).values(**values))
    if changed.rowcount == 0:
        raise NotFoundError(what="account", key=account_id)
    if values.get("is_active") is False or "password_hash" in values:
        connection.execute(delete(sessions).where(sessions.c.account_id == account_id))


def open_session(connection: Connection, *, token_hash: bytes, account_id: int, expires_at: datetime) -> None:
    """Keep a session, and forget the ones that have run out."""
    connection.execute(delete(sessions).where(sessions.c.expires_at <= func.now()))
    values = {"token_hash": token_hash, "account_id": account_id, "expires_at": expires_at}
    connection.execute(insert(sessions).values(**values))


def find_session(connection: Connection, token_hash: bytes) -> dict[str, Any] | None:
    """Return whose session it is; None where it is unknown or has run out, or the account is closed."""
    statement = (
        select(*_OPEN_COLUMNS, sessions.c.expires_at)
        .join(sessions, sessions.c.account_id == accounts.c.account_id)
        .where(sessions.c.token_hash == token_hash, sessions.c.expires_at > func.now(), accounts.c.is_active)
    )
    return _as_dict(connection.execute(statement).one_or_none())


def close_session(connection: Connection, token_hash: bytes) -> None:
    """Forget a session; one that is not there is no error."""
    connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


def _as_dict(row: Any) -> dict[str, Any] | None:
    return None if row is None else dict(row._mapping)
