"""Change keys: give an account a key for another system, revoke one, and find out whose a key is."""

import secrets
from typing import Any

from sqlalchemy import Connection, Engine

from api.access import HANDLERS
from api.auth import Account, token_hash
from data.postgis.engine import reading, transaction
from data.stores import accounts, keys
from geo.errors import ConflictError, NotFoundError

PREFIX = "wangge_"  # so that a key left in a file is found by who looks for secrets


def give_key(engine: Engine, *, account_name: str, key_name: str, actor: str, commit: bool = True) -> str:
    """Give an account a key and return it: it is kept nowhere.

    Raises
    ------
    NotFoundError
        There is no account of that name.
    ConflictError
        The account's role may not handle incidents, or it has a key of that name.
    """
    key = PREFIX + secrets.token_urlsafe(32)
    with transaction(engine, actor=actor, action="give_key", commit=commit) as conn:
        account = _account(conn, account_name)
        if account["role"] not in HANDLERS:
            roles = sorted(HANDLERS)
            raise ConflictError(
                what=f"account {account_name}",
                reason=f"the role {account['role']} does not handle incidents; a key needs {', '.join(roles)}",
                reason_zh=f"角色 {account['role']} 不办理事件；密钥需要：{'、'.join(roles)}",
            )
        keys.add_key(conn, key_hash=token_hash(key), account_id=account["account_id"], name=key_name)
    return key


def revoke_key(engine: Engine, *, account_name: str, key_name: str, actor: str, commit: bool = True) -> None:
    """End a key at once.

    Raises
    ------
    NotFoundError
        There is no account of that name, or it has no key of that name in use.
    """
    with transaction(engine, actor=actor, action="revoke_key", commit=commit) as conn:
        keys.revoke_key(conn, _account(conn, account_name)["account_id"], key_name)


def keys_of(engine: Engine, account_name: str) -> list[dict[str, Any]]:
    """Return an account's keys; see `data.stores.keys.list_keys`."""
    with reading(engine) as conn:
        return keys.list_keys(conn, _account(conn, account_name)["account_id"])


def account_of_key(engine: Engine, key: str) -> Account | None:
    """Return whose key it is, or None: unknown, revoked, or the account closed."""
    key_hash = token_hash(key)
    with reading(engine) as conn:
        found = keys.find_key(conn, key_hash)
    if found is None:
        return None
    if not found.pop("is_fresh"):
        with transaction(engine, actor=found["name"], action="use_key") as conn:
            keys.mark_used(conn, key_hash)
    return Account(**found)


def _account(conn: Connection, name: str) -> dict[str, Any]:
    found = accounts.find_account(conn, name)
    if found is None:
        raise NotFoundError(what="account", key=name)
    return found
