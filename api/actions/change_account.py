"""Change an account: its role, scope or password, or close it; closing or a new password ends its sessions."""

from typing import Any

from sqlalchemy import Engine

from api.actions.sign_in import checked_password, leading_digits
from api.auth import hash_password
from data.postgis.engine import transaction
from data.stores import accounts
from data.tables.service import ACCOUNT_ROLES
from geo.errors import NotFoundError


def change_account(
    engine: Engine,
    *,
    name: str,
    actor: str,
    role: str | None = None,
    scope: str | None = None,
    password: str | None = None,
    is_active: bool | None = None,
) -> None:
    """Change what is given and leave the rest.

    Raises
    ------
    NotFoundError
        There is no account of that name, or no such role.
    WeakPasswordError
        The password is too short.
    """
    if role is not None and role not in ACCOUNT_ROLES:
        raise NotFoundError(what="role", key=role)
    values: dict[str, Any] = {
        "role": role,
        "scope": None if scope is None else leading_digits(scope),
        "is_active": is_active,
    }
    if password is not None:
        values["password_hash"] = hash_password(checked_password(password))
    with transaction(engine, actor=actor, action="change_account") as connection:
        found = accounts.find_account(connection, name)
        if found is None:
            raise NotFoundError(what="account", key=name)
        given = {key: value for key, value in values.items() if value is not None}
        accounts.change_account(connection, found["account_id"], **given)
