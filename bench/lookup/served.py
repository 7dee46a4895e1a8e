"""The look-up over HTTP, served as shipped, beside what others would serve: first the answers, then the times.

One demo town, one database, one machine: ours (`wangge serve --workers 2`, limit and log on), a FastAPI route over
asyncpg that gives the same full answer, the same over psycopg2's pool, and tipg (OGC API features) with a filter, each
with two processes, one after the other, in turns. Load: wrk, one thread, 32 connections, points anywhere in the town.
Goals: 25 x tipg's and 4 x asyncpg's requests a second, with at most a third of asyncpg's p99. JSON lines.

Usage: make bench NAME=lookup.served [OPTIONS="--scale 13 --seconds 6 --rounds 3 --home FOLDER"]; wrk: setup/peer.sh.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import numpy as np
from sqlalchemy import Engine, make_url, text

from api.cli.demo import prepare
from bench.lookup.grids import anywhere
from data.calendar import today
from data.postgis.engine import open_engine, reading, transaction
from data.postgis.migrate import upgrade
from data.postgis.server import PrivateServer
from data.profiles import Profile, load_profile
from data.stores import boards, people
from data.stores import grids as grid_store
from geo.warm import warm

HERE, ROOT = Path(__file__).parent, Path(__file__).parent.parent.parent
PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
CONNECTIONS, PROCESSES, SEED = 32, 2, 11
GOAL_TIPG, GOAL_ASYNCPG, GOAL_P99 = 25.0, 4.0, 1 / 3
OURS = "/api/v1/lookup?lon=@LON&lat=@LAT"
TIPG = (
    "/collections/public.peer_grids/items?filter-lang=cql2-text&filter=S_INTERSECTS(geometry,POINT(@LON%20@LAT))"
    "&geom-column=geometry&limit=1"
)


@dataclass(frozen=True)
class Served:
    """Who serves: what is started, and the path that is asked."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    path: str


@dataclass(frozen=True)
class Load:
    """What one round found."""

    per_s: float
    p50_ms: float
    p99_ms: float
    errors: int


def main() -> None:
    """Build the town, compare the answers, then the times."""
    asked = argparse.ArgumentParser(prog="bench.lookup.served")
    asked.add_argument("--scale", type=float, default=13.0)
    asked.add_argument("--seconds", type=int, default=6)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument(
        "--home", type=Path, help="where the town is kept for the next time; it takes ten minutes to build"
    )
    options = asked.parse_args()
    if shutil.which("wrk") is None or not PEERS_PYTHON.exists():
        sys.exit("this bench needs wrk (setup/peer.sh) and its peers (make bench-peers)")
    warm()
    profile = load_profile("demo")
    with standing(options.home, profile, options.scale) as (url, engine):
        measure(url, engine, lay_out(engine, profile), profile, options)


@contextmanager
def standing(home: Path | None, profile: Profile, scale: float) -> Iterator[tuple[str, Engine]]:
    """Build the town, or find it where it was kept; yields its database's URL and an engine without a limit of time."""
    with ExitStack() as kept:
        home = home or Path(kept.enter_context(tempfile.TemporaryDirectory()))
        home.mkdir(parents=True, exist_ok=True)
        cluster = PrivateServer(home, is_durable=False)
        cluster.start()
        kept.callback(cluster.stop)
        url = built(cluster, profile, scale)
        upgrade(url)
        engine = open_engine(url, statement_timeout_ms=0)
        kept.callback(engine.dispose)
        yield url, engine


def built(cluster: PrivateServer, profile: Profile, scale: float) -> str:
    """Return the URL of the town's database, which is built where it is not there yet."""
    name = f"served_{scale:g}_test".replace(".", "_")
    if not cluster.has_database(name):
        half = f"half_{name}"
        if cluster.has_database(half):
            cluster.drop_database(half)
        url = cluster.create_database(half)
        upgrade(url)
        engine = open_engine(url, statement_timeout_ms=0)
        prepare(engine, profile, scale=scale, seed=SEED)
        engine.dispose()
        cluster.create_database(name, template=half)
        cluster.drop_database(half)
    return cluster.url(name)


def lay_out(engine: Engine, profile: Profile) -> str:
    """Make the peers' tables of what holds today; return the box around the grids."""
    day = today()
    with reading(engine) as conn:
        grids, zones = grid_store.read_published(conn, day), grid_store.read_published_zones(conn, day)
        coming = grid_store.read_coming(conn, day)
        contacts, posts = people.public_contacts(conn, day), boards.read_posts(conn, day)
    with transaction(engine, actor="bench", action="bench") as conn:
        run = conn.connection.cursor().execute
        run("DROP TABLE IF EXISTS peer_grids, peer_zones, peer_coming, peer_contacts, peer_posts, peer_labels")
        for name, frame in (("grids", grids), ("zones", zones), ("coming", coming)):
            table = f"peer_{name}"
            extra = {"grids": "community text", "zones": "zone_code text", "coming": "from_on date"}[name]
            column = extra.split()[0]
            run(
                f"CREATE TABLE {table} (grid_id bigint PRIMARY KEY, grid_code text, name text, {extra},"
                " geometry geometry(Geometry, 4326))"
            )
            for row in frame.reset_index().itertuples():
                code = getattr(row, "grid_code", None)
                run(f"INSERT INTO {table} VALUES (%s, %s, %s, %s, ST_GeomFromWKB(%s, 4326))",
                    (row[1], code, row.name, getattr(row, column), row.geometry.wkb))  # fmt: skip
            run(f"CREATE INDEX ON {table} USING gist (geometry)")
        run("CREATE TABLE peer_contacts (grid_code text PRIMARY KEY, name text, duty_line text)")
        for row in contacts.reset_index().itertuples():
            run("INSERT INTO peer_contacts VALUES (%s, %s, %s)", (row[1], row.name, row.duty_line))
        run("CREATE TABLE peer_posts (role text, code text, name text, duty_line text, PRIMARY KEY (role, code))")
        for row in posts.itertuples():
            run("INSERT INTO peer_posts VALUES (%s, %s, %s, %s)", (row.role, row.code, row.name, row.duty_line))
        run("CREATE TABLE peer_labels (category text PRIMARY KEY, label text)")
        for category in profile.stations:
            run("INSERT INTO peer_labels VALUES (%s, %s)", (category.key, category.label.zh))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ANALYZE"))
    told(task="town", grids=len(grids), zones=len(zones), contacts=len(contacts))
    return " ".join(f"{value:.6f}" for value in grids.total_bounds)


def measure(url: str, engine: Engine, box: str, profile: Profile, options: argparse.Namespace) -> None:
    """Start everybody, compare answers, then ask in turns."""
    loads: dict[str, list[Load]] = {}
    with ExitStack() as running:
        addresses = {one.name: (running.enter_context(serving(one)), one.path) for one in everybody(url, profile)}
        compare(addresses, engine)
        for turn in range(options.rounds):
            for name, (address, path) in addresses.items():
                loads.setdefault(name, []).append(load(address, path, box, options.seconds, seed=turn))
    best = {name: summed(rounds) for name, rounds in loads.items()}
    ours = best["wangge"]
    for name, found in best.items():
        told(task="served", peer=name, processes=PROCESSES, connections=CONNECTIONS, per_s=found.per_s,
             p50_ms=found.p50_ms, p99_ms=found.p99_ms, errors=found.errors, ratio=ours.per_s / found.per_s,
             p99_share=ours.p99_ms / found.p99_ms,
             rounds=[round(one.per_s) for one in loads[name]])  # fmt: skip
    told(task="goals", tipg=ours.per_s / best["tipg"].per_s >= GOAL_TIPG, goal_tipg=GOAL_TIPG,
         asyncpg=ours.per_s / best["asyncpg"].per_s >= GOAL_ASYNCPG, goal_asyncpg=GOAL_ASYNCPG,
         p99=ours.p99_ms / best["asyncpg"].p99_ms <= GOAL_P99, goal_p99_share=GOAL_P99)  # fmt: skip


def everybody(url: str, profile: Profile) -> list[Served]:
    """Return who serves, ours first."""
    plain = re.sub(r"^postgresql\+?\w*", "postgresql", url)
    words = {
        "PEER_DSN": plain, "PEER_ON": today().isoformat(), "PEER_DESK": profile.public.desk_name.zh,
        "PEER_PHONE": profile.public.desk_phone, "PEER_MINUTES": str(max(profile.minutes)),
    }  # fmt: skip
    uvicorn = (
        str(PEERS_PYTHON),
        "-m",
        "uvicorn",
        "--workers",
        str(PROCESSES),
        "--no-access-log",
        "--log-level",
        "warning",
    )
    # It takes no address without a host: the folder of the socket stands there, escaped.
    at = make_url(url)
    host = quote(str(at.query["host"]), safe="")
    tipg = {"DATABASE_URL": f"postgresql://{at.username}@{host}:{at.query['port']}/{at.database}",
            "TIPG_DB_SCHEMAS": '["public"]'}  # fmt: skip
    return [
        ourselves(url),
        Served("asyncpg", (*uvicorn, "--app-dir", str(HERE), "peer_app:app"), {"PEER": "asyncpg", **words}, OURS),
        Served("psycopg2", (*uvicorn, "--app-dir", str(HERE), "peer_app:app"), {"PEER": "psycopg2", **words}, OURS),
        Served("tipg", (*uvicorn, "tipg.main:app"), tipg, TIPG),
    ]


def ourselves(url: str) -> Served:
    """Return how we serve, as shipped but for how often one client may ask."""
    command = (sys.executable, "-m", "api.cli", "serve", "--workers", str(PROCESSES))
    return Served("wangge", command, {"WANGGE_DATABASE_URL": url, "WANGGE_LOOKUP_RATE": "1000000000/minute"}, OURS)


@contextmanager
def serving(one: Served) -> Iterator[str]:
    """Start a server on a free port, wait until it answers, and end it with all its processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tempfile.TemporaryFile()  # noqa: SIM115  open for as long as the server writes to it
    process = subprocess.Popen(
        [*one.command, "--port", str(port)], env={**os.environ, **one.environment}, cwd=ROOT, stdout=log, stderr=log,
        start_new_session=True,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                if httpx2.get(f"{address}{asking(one.path, 0.0, 0.0)}", timeout=30).status_code == 200:
                    break
            except httpx2.HTTPError:
                pass
            if process.poll() is not None:
                break
            time.sleep(0.5)
        else:
            raise RuntimeError(f"{one.name} does not answer")
        if process.poll() is not None:
            log.seek(0)
            raise RuntimeError(f"{one.name} ended: {log.read()[-2000:].decode(errors='replace')}")
        yield address
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


def asking(path: str, lon: float, lat: float) -> str:
    """Return the path that asks for a point."""
    return path.replace("@LON", f"{lon:.6f}").replace("@LAT", f"{lat:.6f}")


def compare(addresses: dict[str, tuple[str, str]], engine: Engine, count: int = 1000) -> None:
    """Ask everybody about the same points; those beside a border, where ours is rightly unsure, are told apart."""
    with reading(engine) as conn:
        frame = grid_store.read_published(conn, today())
    points = anywhere(frame, count, seed=SEED).round(6)
    bodies = {
        name: [ask(client, asking(path, lon, lat)) for lon, lat in points.tolist()]
        for name, (address, path) in addresses.items()
        for client in [httpx2.Client(base_url=address, timeout=30)]
    }
    ours = bodies["wangge"]
    sure = [at for at, body in enumerate(ours) if len(body["grids"]) < 2 and body["answer"] != "no_active_plan"]
    for name in ("asyncpg", "psycopg2"):
        differ = [at for at in sure if not is_same(ours[at], bodies[name][at])]
        told(task="answers", peer=name, points=len(sure), differ=len(differ))
        for at in differ[:3]:
            told(task="differs", point=points[at].tolist(), ours=ours[at], peer=bodies[name][at])
    grids = [[row["properties"]["grid_code"] for row in body["features"]] for body in bodies["tipg"]]
    told(task="answers", peer="tipg", points=len(sure),
         differ=sum(grids[at] != [row["grid_code"] for row in ours[at]["grids"]] for at in sure))  # fmt: skip


def ask(client: httpx2.Client, path: str) -> dict[str, Any]:
    """Return an answer's body."""
    answer = client.get(path)
    answer.raise_for_status()
    body: dict[str, Any] = answer.json()
    return body


def is_same(ours: dict[str, Any], peer: dict[str, Any]) -> bool:
    """Return whether two answers say the same; metres may be rounded the other way."""
    mine, theirs = ([{**row, "distance_m": 0} for row in body["stations"]] for body in (ours, peer))
    metres = zip(ours["stations"], peer["stations"], strict=False)
    return (
        {**ours, "stations": mine} == {**peer, "stations": theirs}
        and all(abs(a["distance_m"] - b["distance_m"]) <= 1 for a, b in metres)
    )  # fmt: skip


def load(address: str, path: str, box: str, seconds: int, *, seed: int) -> Load:
    """Ask for some seconds, as fast as 32 connections can."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "--latency", "-s",
               str(HERE / "points.lua"), address]  # fmt: skip
    asked = {**os.environ, "BOX": box, "PATH_ASKED": path, "SEED": str(seed)}
    said = subprocess.run(command, env=asked, capture_output=True, text=True, check=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    lost = re.search(r"Socket errors: .*", said)
    return Load(
        float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),  # type: ignore[index]  # wrk always says so
        milliseconds(said, "50%"), milliseconds(said, "99%"), int(bad[1]) if bad else (1 if lost else 0),
    )  # fmt: skip


def milliseconds(said: str, part: str) -> float:
    """Return a line of wrk's table of latencies."""
    number, unit = re.search(rf"{part}\s+([\d.]+)(us|ms|s)\b", said).groups()  # type: ignore[union-attr]  # as above
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def summed(rounds: list[Load]) -> Load:
    """Return the medians of some rounds."""
    columns = np.array([[one.per_s, one.p50_ms, one.p99_ms] for one in rounds])
    return Load(*(float(statistics.median(column)) for column in columns.T), sum(one.errors for one in rounds))


def told(**facts: Any) -> None:
    """Print one line."""
    rounded = {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in facts.items()}
    print(json.dumps(rounded, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
