"""Keys: given once, found by their hash, marked as used at most once an hour, revoked for good."""

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from api.actions.change_keys import PREFIX, account_of_key, give_key, keys_of, revoke_key
from data.postgis.engine import reading, transaction
from data.stores import accounts, keys
from data.stores import town as town_store
from geo.errors import ConflictError, NotFoundError

HASH, OTHER = b"a" * 32, b"b" * 32


def account(conn: Connection, name: str = "lin", **changes: Any) -> int:
    values = {"name": name, "password_hash": "$argon2id$x", "role": "street_office", "scope": "529901001", **changes}
    return accounts.create_account(conn, **values)


def test_a_key_is_found_by_its_hash_with_the_role_and_scope_of_its_account(undone: Connection) -> None:
    account_id = account(undone)
    keys.add_key(undone, key_hash=HASH, account_id=account_id, name="app")
    assert keys.find_key(undone, HASH) == {
        "account_id": account_id, "name": "lin", "role": "street_office", "scope": "529901001", "language": "zh",
        "is_fresh": False,
    }  # fmt: skip
    assert keys.find_key(undone, OTHER) is None


def test_a_name_is_in_use_once_and_free_again_when_revoked(undone: Connection) -> None:
    account_id = account(undone)
    keys.add_key(undone, key_hash=HASH, account_id=account_id, name="app")
    with pytest.raises(ConflictError, match="one of that name"):
        keys.add_key(undone, key_hash=OTHER, account_id=account_id, name="app")
    keys.add_key(undone, key_hash=b"c" * 32, account_id=account(undone, "wang"), name="app")
    keys.revoke_key(undone, account_id, "app")
    assert keys.find_key(undone, HASH) is None
    with pytest.raises(NotFoundError, match="app"):
        keys.revoke_key(undone, account_id, "app")
    keys.add_key(undone, key_hash=OTHER, account_id=account_id, name="app")
    rows = keys.list_keys(undone, account_id)
    assert [row["revoked_at"] is None for row in rows] in ([False, True], [True, False])
    assert all(set(row) == {"name", "created_at", "last_used_at", "revoked_at"} for row in rows)


def test_closing_an_account_ends_its_keys(undone: Connection) -> None:
    account_id = account(undone)
    keys.add_key(undone, key_hash=HASH, account_id=account_id, name="app")
    accounts.change_account(undone, account_id, is_active=False)
    assert keys.find_key(undone, HASH) is None
    accounts.change_account(undone, account_id, is_active=True)
    assert keys.find_key(undone, HASH) is not None


def test_use_is_written_once_an_hour(undone: Connection) -> None:
    keys.add_key(undone, key_hash=HASH, account_id=account(undone), name="app")
    rows = text("SELECT count(*) FROM audit WHERE noun = 'api_keys' AND operation = 'update'")
    for _ in range(3):
        keys.mark_used(undone, HASH)
    assert undone.scalar(rows) == 1
    found = keys.find_key(undone, HASH)
    assert found is not None
    assert found["is_fresh"] is True
    undone.execute(text("UPDATE api_keys SET last_used_at = now() - interval '61 minutes'"))
    found = keys.find_key(undone, HASH)
    assert found is not None
    assert found["is_fresh"] is False


def test_a_key_is_told_once_and_kept_nowhere(writer: Engine) -> None:
    with transaction(writer, actor="t", action="t") as conn:
        account_id = account(conn)
    key = give_key(writer, account_name="lin", key_name="app", actor="t")
    assert key.startswith(PREFIX)
    assert len(key) > 40
    with reading(writer) as conn:
        kept = " ".join(str(value) for row in conn.execute(text("SELECT * FROM api_keys, audit")) for value in row)
        assert conn.scalar(text("SELECT length(key_hash) FROM api_keys")) == 32
    assert key not in kept
    found = account_of_key(writer, key)
    assert found is not None
    assert (found.account_id, found.name, found.role, found.scope) == (account_id, "lin", "street_office", "529901001")
    assert keys_of(writer, "lin")[0]["last_used_at"] is not None
    assert account_of_key(writer, key + "x") is None
    revoke_key(writer, account_name="lin", key_name="app", actor="t")
    assert account_of_key(writer, key) is None


def test_a_dry_run_gives_and_ends_nothing(writer: Engine) -> None:
    with transaction(writer, actor="t", action="t") as conn:
        account(conn)
    lost = give_key(writer, account_name="lin", key_name="app", actor="t", commit=False)
    assert account_of_key(writer, lost) is None
    key = give_key(writer, account_name="lin", key_name="app", actor="t")
    revoke_key(writer, account_name="lin", key_name="app", actor="t", commit=False)
    assert account_of_key(writer, key) is not None


def test_no_key_for_whom_there_is_not_or_who_does_not_handle_incidents(writer: Engine) -> None:
    with transaction(writer, actor="t", action="t") as conn:
        account(conn, role="planner")
    with pytest.raises(ConflictError, match="does not handle incidents"):
        give_key(writer, account_name="lin", key_name="app", actor="t")
    for change in (give_key, revoke_key):
        with pytest.raises(NotFoundError, match="nobody"):
            change(writer, account_name="nobody", key_name="app", actor="t")
    with pytest.raises(NotFoundError, match="app"):
        revoke_key(writer, account_name="lin", key_name="app", actor="t")


def test_keys_outlive_a_town(writer: Engine) -> None:
    with transaction(writer, actor="t", action="t") as conn:
        account(conn)
    key = give_key(writer, account_name="lin", key_name="app", actor="t")
    with transaction(writer, actor="t", action="clear") as conn:
        town_store.clear_town(conn)
    assert account_of_key(writer, key) is not None
