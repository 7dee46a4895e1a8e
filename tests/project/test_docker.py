"""Docker: the files parse, and each service's own command runs as a process on a real database."""

import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text

from data.postgis.engine import WRITER, open_engine
from data.postgis.migrate import upgrade
from data.postgis.roles import is_superuser
from data.postgis.server import SUPERUSER, PrivateServer, find_binaries

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def compose_database(server: PrivateServer) -> Iterator[str]:
    """What the container's own script makes, run with our binaries under names of our own."""
    name = f"docker_{os.getpid()}_test"
    script = (ROOT / "setup/docker-database.sh").read_text(encoding="utf-8")
    script = re.sub(r"(ROLE|DATABASE|OWNER|connect) wangge\b", rf"\1 {name}", script)
    environment = {
        "PATH": f"{find_binaries()}:{os.environ['PATH']}", "PGHOST": str(server.sockets), "PGPORT": str(server.port),
        "POSTGRES_USER": SUPERUSER, "WANGGE_POSTGRES_PASSWORD": "a 'quoted' password",
    }  # fmt: skip
    subprocess.run(["bash", "-c", script], env=environment, check=True, capture_output=True)
    yield server.url(name, login=name)
    server.drop_database(name)


def command(service: dict[str, Any]) -> list[str]:
    return [str(ROOT / ".venv/bin" / service["command"][0]), *service["command"][1:]]


def environment(service: dict[str, Any], database_url: str, port: int) -> dict[str, str]:
    """The service's own variables, the database and port exchanged for the test's."""
    own = {name: re.sub(r"\$\{[^:}]+:-([^}]*)\}", r"\1", str(value)) for name, value in service["environment"].items()}
    return {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/tmp"), **own,
        "WANGGE_DATABASE_URL": database_url, "WANGGE_HOST": "127.0.0.1", "WANGGE_PORT": str(port),
    }  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_compose_brings_postgis_api_and_worker_and_no_password(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"postgis", "api", "worker"}
    written = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert written.count("${WANGGE_POSTGRES_PASSWORD:?") == 2
    assert written.count("${WANGGE_POSTGRES_ADMIN_PASSWORD:?") == 1
    assert all((ROOT / mount.split(":")[0]).exists() for mount in compose["services"]["postgis"]["volumes"][1:])
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["api"]["ports"])


def test_the_image_ends_with_an_ordinary_user_and_a_known_command() -> None:
    written = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    final = written.split("\nFROM ")[-1]
    assert re.search(r"^USER (?!root)\w+$", final, re.MULTILINE)
    assert 'CMD ["wangge", "serve"]' in final
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", written, re.MULTILINE)
    assert all((ROOT / name).exists() for line in copied for name in line.split())


def test_the_api_service_answers(compose: dict[str, Any], compose_database: str) -> None:
    port = free_port()
    service = compose["services"]["api"]
    process = subprocess.Popen(
        command(service), cwd=ROOT, env=environment(service, compose_database, port),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert answer(f"http://127.0.0.1:{port}/healthz", process) == 200
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_the_worker_service_waits_for_work(compose: dict[str, Any], compose_database: str) -> None:
    service = compose["services"]["worker"]
    process = subprocess.Popen(
        command(service), cwd=ROOT, env=environment(service, compose_database, 0),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert "waiting for work" in process.stdout.readline()
        time.sleep(1)
        assert process.poll() is None
    finally:
        process.terminate()
        process.communicate(timeout=30)


def answer(url: str, process: subprocess.Popen[str]) -> int:
    """Ask until the service answers; a process that ended fails with its own words."""
    for _ in range(120):
        if process.poll() is not None:
            pytest.fail(process.stdout.read() if process.stdout else "ended without a word")
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                return int(response.status)
        except OSError:
            time.sleep(0.5)
    return 0


def test_the_service_s_login_is_ordinary_and_bound_by_row_level_security(compose_database: str) -> None:
    upgrade(compose_database)
    engine = open_engine(compose_database, role=WRITER)
    with engine.connect() as connection:
        assert not is_superuser(connection)
        assert connection.scalar(text("SELECT row_security_active('people')"))
    engine.dispose()


def test_a_production_service_refuses_to_be_a_superuser(compose: dict[str, Any], database_url: str) -> None:
    service = compose["services"]["api"]
    done = subprocess.run(
        command(service), cwd=ROOT, env=environment(service, database_url, free_port()),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "superuser" in done.stdout + done.stderr
