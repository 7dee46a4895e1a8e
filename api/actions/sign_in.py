"""Sign in and out: a name and a password for a session, and a session for an account."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from api.auth import EVERYWHERE, Account, hash_password, new_token, password_fits, token_hash
from api.errors import WrongPasswordError
from data.postgis.engine import reading, transaction
from data.stores import accounts
from geo.codes import scope_of
from geo.errors import DeniedError, InputError

PASSWORD_LENGTH_MIN = 10


class WeakPasswordError(InputError):
    """A password too short to keep anyone out."""

    zh = "密码至少需要 {minimum} 个字符。"
    en = "A password has at least {minimum} characters."


def sign_in(engine: Engine, *, name: str, password: str, lifetime: timedelta) -> tuple[str, Account]:
    """Open a session; return its cookie and the account.

    Raises
    ------
    WrongPasswordError
        The name is unknown, the account closed, or the password wrong: all in the same time and words.
    """
    with reading(engine) as conn:
        found = accounts.find_account(conn, name)
    fits = password_fits(password, found["password_hash"] if found else None)
    if found is None or not fits or not found["is_active"]:
        raise WrongPasswordError()
    token = new_token()
    with transaction(engine, actor=name, action="sign_in") as conn:
        accounts.open_session(
            conn, token_hash=token_hash(token), account_id=found["account_id"], expires_at=datetime.now(UTC) + lifetime
        )
    return token, _account(found)


def sign_out(engine: Engine, *, token: str, actor: str) -> None:
    """Close a session; one that is closed already stays closed."""
    with transaction(engine, actor=actor, action="sign_out") as conn:
        accounts.close_session(conn, token_hash(token))


def account_of_token(engine: Engine, token: str) -> Account | None:
    """Return whose session a cookie opens, or None: unknown, run out, or the account closed."""
    with reading(engine) as conn:
        found = accounts.find_session(conn, token_hash(token))
    return _account(found) if found is not None else None


def create_account(
    engine: Engine, *, name: str, password: str, role: str, scope: str = EVERYWHERE, actor: str, language: str = "zh"
) -> int:
    """Create an account; return its id.

    Raises
    ------
    WeakPasswordError, ConflictError
        The password is too short; the name is taken.
    """
    kept, scope = hash_password(checked_password(password)), leading_digits(scope)
    with transaction(engine, actor=actor, action="create_account") as conn:
        return accounts.create_account(conn, name=name, password_hash=kept, role=role, scope=scope, language=language)


def checked_password(password: str) -> str:
    """Return a password that is long enough; raise WeakPasswordError for any other."""
    if len(password) < PASSWORD_LENGTH_MIN:
        raise WeakPasswordError(minimum=PASSWORD_LENGTH_MIN)
    return password


def leading_digits(scope: str) -> str:
    """Return a scope as it is kept: a whole division code is cut to the digits that codes below it share."""
    return scope_of(scope) if len(scope) == 12 else scope


def refuse_wider_scope(giver: Account, scope: str) -> None:
    """Raise DeniedError where an admin would give a scope wider than their own.

    Compared as it will be kept: 529900000000 begins with 529900, and yet stands for all of 5299.
    """
    kept = leading_digits(scope)
    if giver.scope != EVERYWHERE and (kept == EVERYWHERE or not kept.startswith(giver.scope)):
        raise DeniedError(reason="the scope is wider than your own", reason_zh="授予的范围超出您自己的管辖范围")


def _account(row: dict[str, object]) -> Account:
    return Account(
        account_id=int(str(row["account_id"])),
        name=str(row["name"]),
        role=str(row["role"]),
        scope=str(row["scope"]),
        language=str(row["language"]),
    )
