"""Keys: what opens the service to other systems. They come here as their SHA-256; a revoked one stays as a record."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from data.tables.service import accounts, api_keys
from geo.errors import ConflictError, NotFoundError

USED_WITHIN = timedelta(hours=1)  # how exactly it is kept when a key was used: not every call writes


def add_key(connection: Connection, *, key_hash: bytes, account_id: int, name: str) -> None:
    """Keep a key of an account.

    Raises
    ------
    ConflictError
        The account has a key of that name in use.
    """
    values = {"key_hash": key_hash, "account_id": account_id, "name": name}
    made = insert(api_keys).values(**values).on_conflict_do_nothing().returning(api_keys.c.name)
    if connection.scalar(made) is None:
        raise ConflictError(
            what=f"key {name}", reason="the account has one of that name", reason_zh="该账户已有同名密钥"
        )


def find_key(connection: Connection, key_hash: bytes) -> dict[str, Any] | None:
    """Return whose key it is: account_id, name, role, scope, language, and is_fresh: it was marked as used lately.

    None where it is unknown or revoked, or the account is closed.
    """
    who = (accounts.c[name] for name in ("account_id", "name", "role", "scope", "language"))
    is_fresh = func.coalesce(api_keys.c.last_used_at > func.now() - USED_WITHIN, False).label("is_fresh")
    statement = (
        select(*who, is_fresh)
        .join(api_keys, api_keys.c.account_id == accounts.c.account_id)
        .where(api_keys.c.key_hash == key_hash, api_keys.c.revoked_at.is_(None), accounts.c.is_active)
    )
    found = connection.execute(statement).one_or_none()
    return None if found is None else dict(found._mapping)


def mark_used(connection: Connection, key_hash: bytes) -> None:
    """Write down that a key is in use; once in `USED_WITHIN`."""
    last = api_keys.c.last_used_at
    is_due = or_(last.is_(None), last <= func.now() - USED_WITHIN)
    used = update(api_keys).where(api_keys.c.key_hash == key_hash, is_due)
    connection.execute(used.values(last_used_at=func.now()))


def revoke_key(connection: Connection, account_id: int, name: str) -> None:
    """End an account's key of a name; it opens nothing from then on.

    Raises
    ------
    NotFoundError
        The account has none of that name in use.
    """
    of_name = (api_keys.c.account_id == account_id, api_keys.c.name == name, api_keys.c.revoked_at.is_(None))
    if connection.execute(update(api_keys).where(*of_name).values(revoked_at=func.now())).rowcount == 0:
        raise NotFoundError(what="key", key=name)


def list_keys(connection: Connection, account_id: int) -> list[dict[str, Any]]:
    """Return an account's keys, oldest first, without their hashes: name, created_at, last_used_at, revoked_at."""
    names = (api_keys.c[name] for name in ("name", "created_at", "last_used_at", "revoked_at"))
    of_account = select(*names).where(api_keys.c.account_id == account_id)
    return [dict(row._mapping) for row in connection.execute(of_account.order_by(api_keys.c.created_at))]
