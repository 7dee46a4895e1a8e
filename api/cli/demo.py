"""wangge demo: the whole service on the invented town, in one command."""

import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from api.actions.build_town import build_town, fingerprint
from api.actions.prepare_town import prepare_town
from api.actions.sign_in import create_account
from api.cli._service import actor, console, progress_bar, ready_engine, ready_settings
from api.cli.serve import run_server
from api.database import home_of
from api.jobs import GRACE_S
from api.settings import Settings
from data.demo import DEFAULT_SEED, draw_town, town_source
from data.postgis.engine import reading
from data.profiles import Profile, load_profile
from data.stores import accounts
from data.stores import areas as area_store
from data.stores.town import read_deployment
from geo.codes import scope_of

WORKER_ENDS_S = GRACE_S + 3
# One account a door; their passwords are made at random on this machine and kept in its own folder.
DOORS = (
    ("planner", "planner", "*"),
    ("approver", "approver", "*"),
    ("street", "street_office", ""),
    ("admin", "admin", "*"),
)


def demo(
    scale: Annotated[float, typer.Option(help="1 is some 8,000 buildings, 125 a million", min=0.02, max=125)] = 1.0,
    seed: Annotated[int, typer.Option(min=0)] = DEFAULT_SEED,
    port: Annotated[int | None, typer.Option(help="default: 8000, or the next free port")] = None,
    build_only: Annotated[bool, typer.Option("--build-only", help="build the town and stop")] = False,
) -> None:
    """Build the demo town where it is not there yet, then serve its pages."""
    settings, rules = ready_settings(), load_profile("demo")
    with ready_engine(settings) as engine:
        prepare(engine, rules, scale=scale, seed=seed)
        passwords = ensure_accounts(engine, settings)
    if build_only:
        return
    settings = settings.model_copy(update={"port": free_port(settings.host, port or settings.port)})
    announce(settings, passwords)
    with job_runner():
        run_server(settings)


@contextmanager
def job_runner() -> Iterator[None]:
    """Run jobs in a process beside this one, which ends with it: also when this one is told to end."""
    # The server, when it is stopped by a signal, raises it again once it is down: unheeded that would end us at once.
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    worker = subprocess.Popen([sys.executable, "-m", "api.cli", "work"], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        worker.terminate()
        try:
            worker.wait(timeout=WORKER_ENDS_S)
        except subprocess.TimeoutExpired:
            worker.kill()  # its job is taken up by the next one
            worker.wait()
        signal.signal(signal.SIGTERM, before)


def prepare(engine: Engine, rules: Profile, *, scale: float, seed: int) -> None:
    """Build the demo town, unless the database already holds this very one, whole."""
    with reading(engine) as connection:
        there = read_deployment(connection)
    wanted = fingerprint(town_source(scale=scale, seed=seed), rules)
    if there.get("fingerprint") == wanted and there.get("prepared") == wanted:
        return
    with console.status("drawing the demo town"):
        town = draw_town(rules, scale=scale, seed=seed)
    with progress_bar("demo town") as progress:
        build_town(
            engine, town, profile=rules, actor=actor(), progress=lambda share, message: progress(share * 0.2, message)
        )
        prepare_town(
            engine,
            profile=rules,
            actor=actor(),
            seed=seed,
            progress=lambda share, message: progress(0.2 + 0.8 * share, message),
        )


def ensure_accounts(engine: Engine, settings: Settings) -> dict[str, str]:
    """Return the demo accounts' passwords, making accounts and passwords that are not there."""
    kept = home_of(settings) / "demo-accounts.txt"
    passwords = dict(line.split() for line in _lines(kept))
    with reading(engine) as connection:
        known = {row["name"] for row in accounts.list_accounts(connection)}
        street = scope_of(area_store.read_areas(connection, level="street").index.min())
    for name, role, scope in DOORS:
        if name not in known:
            passwords[name] = secrets.token_urlsafe(9)
            create_account(engine, name=name, password=passwords[name], role=role, scope=scope or street, actor=actor())
    kept.touch(mode=0o600)
    kept.write_text("".join(f"{name} {password}\n" for name, password in passwords.items()), encoding="utf-8")
    return passwords


def announce(settings: Settings, passwords: dict[str, str]) -> None:
    """Say where the pages are and who may sign in."""
    address = f"http://{settings.host}:{settings.port}"
    console.print(f"\n[bold]Wangge 网格 is open at {address}[/bold]", highlight=False)
    for who, page in (
        ("residents 居民", "/lookup"),
        ("planners 规划", "/planner"),
        ("street offices 街道", "/incidents"),
    ):
        console.print(f"  {who:<22} {address}{page}", highlight=False)
    console.print("Sign in as", highlight=False)
    for name, password in passwords.items():
        console.print(f"  {name:<10} {password}", highlight=False, markup=False)
    console.print("Ctrl+C stops it.\n")


def free_port(host: str, wanted: int) -> int:
    """Return `wanted`, or the next port above it that nobody listens on."""
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) != 0:
                return port
    raise typer.BadParameter(f"no free port between {wanted} and {wanted + 49}: pass --port")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
