"""wangge account: who may sign in."""

import secrets
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from api.actions.change_account import change_account
from api.actions.change_keys import give_key, keys_of, revoke_key
from api.actions.sign_in import create_account
from api.cli._service import Commit, actor, console, ready_engine, told
from data.calendar import day_of
from data.postgis.engine import reading
from data.stores import accounts
from data.tables.service import ACCOUNT_ROLES

app = typer.Typer(help="Accounts: who may sign in, in which role, for which area.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="name to sign in with")],
    *,
    role: Annotated[str, typer.Option(help=f"one of {', '.join(ACCOUNT_ROLES)}")] = "admin",
    scope: Annotated[str, typer.Option(help="leading digits of a division code; * is everything")] = "*",
    password: Annotated[
        str, typer.Option(help="leave out to have one made and shown once", envvar="WANGGE_ADMIN_PASSWORD")
    ] = "",
) -> None:
    """Create an account. The first one is how a new deployment gets its admin."""
    chosen = password or secrets.token_urlsafe(12)
    with ready_engine() as engine:
        create_account(engine, name=name, password=chosen, role=role, scope=scope, actor=actor())
    console.print(f"Created {name} ({role}, scope {scope})", highlight=False)
    if not password:
        console.print(f"Password (shown once): {chosen}", highlight=False, markup=False)


@app.command()
def change(
    name: Annotated[str, typer.Argument(help="whose account")],
    *,
    role: Annotated[str | None, typer.Option(help=f"one of {', '.join(ACCOUNT_ROLES)}")] = None,
    scope: Annotated[str | None, typer.Option(help="leading digits of a division code; * is everything")] = None,
    password: Annotated[bool, typer.Option("--password", help="make a new one, shown once; ends all sessions")] = False,
    close: Annotated[bool | None, typer.Option("--close/--reopen", help="close the account, or open it again")] = None,
) -> None:
    """Change an account's role, scope or password, or close it."""
    fresh = secrets.token_urlsafe(12) if password else None
    with ready_engine() as engine:
        change_account(
            engine, name=name, role=role, scope=scope, password=fresh, actor=actor(),
            is_active=None if close is None else not close,
        )  # fmt: skip
    console.print(f"Changed {name}", highlight=False)
    if fresh:
        console.print(f"Password (shown once): {fresh}", highlight=False, markup=False)


@app.command()
def key(
    name: Annotated[str, typer.Argument(help="whose account: its role and scope are the key's")],
    *,
    user: Annotated[str, typer.Option("--for", help="what the key is called: who uses it")] = "open311",
    revoke: Annotated[str | None, typer.Option(help="end the key of this name instead")] = None,
    commit: Commit = False,
) -> None:
    """Give an account a key for another system (Open311), or revoke one."""
    with ready_engine() as engine:
        if revoke is not None:
            revoke_key(engine, account_name=name, key_name=revoke, actor=actor(), commit=commit)
        else:
            made = give_key(engine, account_name=name, key_name=user, actor=actor(), commit=commit)
        rows = keys_of(engine, name)
    table = Table("key", "created", "last used", "revoked")
    for row in rows:
        table.add_row(row["name"], *(_day(row[column]) for column in ("created_at", "last_used_at", "revoked_at")))
    console.print(table)
    if told(commit) and revoke is None:
        console.print(f"Key (shown once): {made}", highlight=False, markup=False)


def _day(moment: datetime | None) -> str:
    return "" if moment is None else day_of(moment).isoformat()


@app.command("list")
def list_accounts() -> None:
    """List accounts, their roles and scopes."""
    with ready_engine() as engine, reading(engine) as connection:
        rows = accounts.list_accounts(connection)
    table = Table("name", "role", "scope", "active")
    for row in rows:
        table.add_row(row["name"], row["role"], row["scope"], "yes" if row["is_active"] else "no")
    console.print(table)
