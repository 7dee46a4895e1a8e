"""Two processes as `wangge serve --workers 2` starts them: they tell the same, and both hear what changes."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from data.postgis.engine import transaction
from tests.api.test_metrics import counted
from tests.fixtures.commands import ROOT, environment, wangge
from tests.fixtures.services import Service, running_service
from tests.fixtures.small_town import SmallTown

LON, LAT = SmallTown.point(0, 2)
LOOKUP = f"/api/v1/lookup?lon={LON}&lat={LAT}"


@contextmanager
def two_processes(database_url: str) -> Iterator[tuple[str, list[int]]]:
    """Serve by two processes; yields the address and their ids."""
    port = free_port()
    command = [sys.executable, "-m", "api.cli", "serve", "--workers", "2", "--port", str(port)]
    env = {**environment(database_url), "WANGGE_LOOKUP_RATE": "100000/minute"}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url)
        yield url, servers(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def both(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[tuple[Service, str, list[int]]]:
    """A service's database and accounts; the address of two processes that serve it, and their ids."""
    with (
        new_town() as database_url,
        running_service(database_url) as service,
        two_processes(database_url) as (url, pids),
    ):
        yield service, url, pids


def test_what_either_answered_each_tells(both: tuple[Service, str, list[int]]) -> None:
    service, url, _ = both
    told = wangge(service.database_url, "account", "key", "admin", "--for", "监控", "--commit").stdout
    key = {"X-Api-Key": re.findall(r"[A-Za-z0-9_-]{30,}", told)[0]}

    def count() -> float:
        return counted(ask(url, "/metrics", key).text, "/api/v1/lookup").get(("GET", "200"), 0.0)

    before = count()
    for _ in range(40):  # a connection each, so that both are asked
        assert ask(url, LOOKUP).status_code == 200
    assert {count() for _ in range(10)} == {before + 40}


def test_a_change_is_told_by_each(both: tuple[Service, str, list[int]]) -> None:
    service, url, pids = both
    assert [worker_told_by(url, pid, pids) for pid in pids] == ["王网格员"] * 2
    for name in ("欧阳", "司马"):
        with transaction(service.engine, actor="test", action="test") as conn:
            conn.execute(text("UPDATE people SET name = :name || '一二'"), {"name": name})
        for pid in pids:
            until_told(url, pid, pids, f"{name}网格员")


def until_told(url: str, pid: int, pids: list[int], name: str) -> None:
    found = ""
    for _ in range(100):
        found = worker_told_by(url, pid, pids)
        if found == name:
            return
        time.sleep(0.1)
    raise AssertionError(f"it still tells {found}")


def worker_told_by(url: str, pid: int, pids: list[int]) -> str:
    """The worker's name as one of the processes tells it: the others stand still meanwhile."""
    others = [other for other in pids if other != pid]
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        (grid,) = ask(url, LOOKUP).json()["grids"]
        return str(grid["worker"])
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)


def servers(pid: int) -> list[int]:
    """Ids of the processes that were started to serve."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    found = [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    assert len(found) == 2
    return found


def ask(url: str, path: str, headers: dict[str, str] | None = None) -> httpx2.Response:
    return httpx2.get(f"{url}{path}", headers=headers, verify=False, timeout=20)


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            if ask(url, "/healthz").status_code == 200:
                return
        except httpx2.HTTPError:
            time.sleep(0.2)
    raise AssertionError("it does not answer")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
