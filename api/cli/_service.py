"""What every command needs: settings with their database, an engine, who is asking, a progress bar."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine

from api import actions
from api.database import with_database
from api.settings import Settings, load_settings
from data.postgis.engine import WRITER, open_engine, reading
from data.profiles import Profile, load_profile
from data.stores.town import read_deployment

console = Console()
Commit = Annotated[bool, typer.Option("--commit", help="write it; without this do everything and write nothing")]


def ready_settings() -> Settings:
    """Return the environment's settings with the database running and migrated."""
    return with_database(load_settings())


@contextmanager
def ready_engine(settings: Settings | None = None) -> Iterator[Engine]:
    """An engine without statement limit, with the rights of the service, for the length of one command."""
    engine = open_engine((settings or ready_settings()).url, role=WRITER, statement_timeout_ms=0)
    try:
        yield engine
    finally:
        engine.dispose()


def actor() -> str:
    """Return how this command's writes are signed in the audit."""
    return f"command:{getpass.getuser()}"


def profile_of(engine: Engine, settings: Settings | None = None) -> Profile:
    """Return the profile in the settings, else the one the town was built with, else the demo's."""
    wanted = (settings or load_settings()).profile
    if wanted is None:
        with reading(engine) as connection:
            wanted = read_deployment(connection).get("profile", "demo")
    return load_profile(str(wanted))


@contextmanager
def progress_bar(title: str) -> Iterator[actions.Progress]:
    """A bar that an action's progress moves; plain lines where there is no terminal."""
    columns = (
        TextColumn("{task.fields[title]:<14}"),
        BarColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=1.0, title=title)
        yield lambda share, message: bar.update(task, completed=share, description=message)


def told(commit: bool) -> bool:
    """Return `commit`; without it, say that nothing was written."""
    if not commit:
        console.print("Dry run: nothing was written. Add --commit to write it.")
    return commit
