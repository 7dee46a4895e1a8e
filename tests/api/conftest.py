"""A real service: PostGIS with the small town, uvicorn on a free port of this machine, clients over HTTP."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Engine

from api.actions.sign_in import create_account
from api.app import create_app
from api.settings import Settings
from data.postgis.engine import open_engine
from tests.fixtures.small_town import SmallTown, write_small_town

PASSWORD = "青山绿水-三号楼-晒太阳"
EVERYWHERE = "*"
STREET_1, STREET_2 = "529901001", "529901002"
# name -> role, scope: every role over everything, and the roles that work in a part.
ACCOUNTS = {
    "grid_worker": ("grid_worker", EVERYWHERE),
    "street_office": ("street_office", EVERYWHERE),
    "planner": ("planner", EVERYWHERE),
    "approver": ("approver", EVERYWHERE),
    "admin": ("admin", EVERYWHERE),
    "worker_a": ("grid_worker", "529901001001"),
    "street_1": ("street_office", STREET_1),
    "street_2": ("street_office", STREET_2),
    "planner_2": ("planner", STREET_2),
    "approver_2": ("approver", STREET_2),
    "admin_2": ("admin", STREET_2),
}


def settings_for(url: str, **values: object) -> Settings:
    """Settings that no environment touches, with limits that no test reaches unless it asks to."""
    rates = {f"{name}_rate": "100000/minute" for name in ("login", "lookup", "search", "api", "tile")}
    return Settings.model_validate({"database_url": SecretStr(url), **rates, **values})


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an app on a free port of this machine; yields its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False, server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.02)
    if not server.started:
        raise RuntimeError("the service did not start")
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=30)


@dataclass
class Service:
    """A service that runs, its town, and clients of it."""

    url: str
    database_url: str
    app: FastAPI
    engine: Engine
    town: SmallTown
    _tokens: dict[str, str] = field(default_factory=dict)
    _clients: list[httpx2.Client] = field(default_factory=list)

    def client(self, account: str | None = None) -> httpx2.Client:
        """A client, signed in as one of `ACCOUNTS` where one is named."""
        client = httpx2.Client(base_url=self.url, timeout=30, headers={"X-Wangge": "1"})
        self._clients.append(client)
        if account is not None:
            client.cookies.set("wangge_session", self.token(account))
        return client

    def token(self, account: str) -> str:
        """The session cookie of an account; everybody signs in once."""
        if account not in self._tokens:
            with httpx2.Client(base_url=self.url, timeout=30, headers={"X-Wangge": "1"}) as client:
                answer = client.post("/api/v1/session", data={"name": account, "password": PASSWORD})
            assert answer.status_code == 204, answer.text
            self._tokens[account] = answer.cookies["wangge_session"]
        return self._tokens[account]

    def close(self) -> None:
        """Close the clients that tests left open."""
        for client in self._clients:
            client.close()


@contextmanager
def running_service(url: str, **values: object) -> Iterator[Service]:
    """A service over the small town in an empty database."""
    engine = open_engine(url)
    town = write_small_town(engine)
    for name, (role, scope) in ACCOUNTS.items():
        create_account(engine, name=name, password=PASSWORD, role=role, scope=scope, actor="test")
    app = create_app(settings_for(url, **values))
    try:
        with serving(app) as address:
            running = Service(address, url, app, engine, town)
            yield running
            running.close()
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def service(new_database: Callable[[], object]) -> Iterator[Service]:
    """A service that tests only read from."""
    with ExitStack() as stack:
        url = stack.enter_context(new_database())  # type: ignore[arg-type]  # a context manager, by its fixture
        yield stack.enter_context(running_service(url))


@pytest.fixture
def own_service(database_url: str) -> Iterator[Service]:
    """A service of one test alone, which may write to it."""
    with running_service(database_url) as running:
        yield running


@pytest.fixture
def anybody(service: Service) -> Iterator[httpx2.Client]:
    """Somebody from the public."""
    with service.client() as client:
        yield client
