"""wangge account: who may sign in."""

import secrets
from typing import Annotated

import typer
from rich.table import Table

from api.actions.change_account import change_account
from api.actions.sign_in import create_account
from api.cli._service import actor, console, ready_engine
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


@app.command("list")
def list_accounts() -> None:
    """List accounts, their roles and scopes."""
    with ready_engine() as engine, reading(engine) as connection:
        rows = accounts.list_accounts(connection)
    table = Table("name", "role", "scope", "active")
    for row in rows:
        table.add_row(row["name"], row["role"], row["scope"], "yes" if row["is_active"] else "no")
    console.print(table)
