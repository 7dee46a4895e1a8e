"""The street office's board with half a million incidents: what each answer takes over HTTP, on a service as shipped.

The demo town's incidents are drawn again and again, moved by up to 20 m and ten days. Goals: the first answers of a new
service in 2 s, those after a change of filter in 0.5 s. There is no peer: what is measured is ours alone.

Usage: make bench NAME=board [OPTIONS="--incidents 500000"]
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import uvicorn
from pydantic import SecretStr
from sqlalchemy import Engine, text

from api.actions.build_town import build_town
from api.actions.prepare_town import prepare_town
from api.actions.sign_in import create_account
from api.app import create_app
from api.settings import Settings
from data.demo import draw_town
from data.postgis.engine import open_engine, transaction
from data.postgis.migrate import upgrade
from data.postgis.server import PrivateServer
from data.profiles import load_profile

FIRST_GOAL_S, FILTER_GOAL_S = 2.0, 0.5
REPEATS = 5
PASSWORD = "a long password for the bench"
V1 = "/api/v1/incidents"
TILE = f"{V1}/density/15/26187/13754.png"
CHANGES = (
    {}, {"category": "drain"}, {"category": "noise", "weekdays": "6,7", "hours": "20-2"}, {"standing": "overdue"},
    {"from": "2026-03-01", "to": "2026-05-31"}, {"tier": "community"},
)  # fmt: skip
PARTS = ("summary", "ranked", "hotspots", "density/scale")
MULTIPLY = text("""
    INSERT INTO incidents (area_code, reported_at, closed_at, category, tier, state, description, building_id,
        grid_code_reported, geometry, source, tier_at, due_at, parked_at, left_hours, returns)
    SELECT area_code, reported_at + d, closed_at + d, category, tier, state, description, building_id,
        grid_code_reported,
        ST_Translate(geometry, (random() - 0.5) * 4e-4, (random() - 0.5) * 4e-4),
        'file', tier_at + d, due_at + d, parked_at + d, left_hours, returns
    FROM (
        SELECT i.*, make_interval(secs => (random() - 0.5) * 1728000) AS d
        FROM incidents i, generate_series(1, :times)
    ) q""")


def fill(engine: Engine, incidents: int) -> int:
    """Build the demo town with so many incidents, about; return how many there are."""
    profile = load_profile("demo")
    build_town(engine, draw_town(profile, scale=1.0, seed=3), profile=profile, actor="bench")
    prepare_town(engine, profile=profile, actor="bench")
    create_account(engine, name="bench", password=PASSWORD, role="street_office", scope="*", actor="bench")
    with transaction(engine, actor="bench", action="import_rows") as connection:
        there = connection.scalar(text("SELECT count(*) FROM incidents")) or 1
        connection.execute(text("SELECT setseed(0.3)"))
        connection.execute(MULTIPLY, {"times": max(0, round(incidents / there) - 1)})
        connection.execute(text("ANALYZE incidents"))
        return int(connection.scalar(text("SELECT count(*) FROM incidents")) or 0)


@contextmanager
def client_of(url: str) -> Iterator[httpx2.Client]:
    """A client of a new service, signed in."""
    settings = Settings(
        database_url=SecretStr(url), log_level="error", api_rate="100000/minute", tile_rate="100000/minute"
    )
    server = uvicorn.Server(uvicorn.Config(create_app(settings), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=120, headers={"X-Wangge": "1"}) as client:
        client.post("/api/v1/session", data={"name": "bench", "password": PASSWORD}).raise_for_status()
        yield client
    server.should_exit = True
    thread.join(timeout=20)


def seconds(client: httpx2.Client, path: str, query: dict[str, str]) -> float:
    """Return what one answer takes."""
    start = time.perf_counter()
    client.get(path, params=query).raise_for_status()
    return time.perf_counter() - start


def told(task: str, size: int, took: list[float], goal: float) -> None:
    """Print one line."""
    worst = max(took)
    print(json.dumps({
        "task": task, "size": size, "median_s": round(statistics.median(took), 3), "worst_s": round(worst, 3),
        "goal_s": goal, "holds": worst <= goal,
    }))  # fmt: skip


def measure(client: httpx2.Client, size: int) -> None:
    """Time the first answers of a service, then every part after each change of filter."""
    for part in ("summary", "ranked", "density/scale"):
        told(f"first {part}", size, [seconds(client, f"{V1}/{part}", {})], FIRST_GOAL_S)
    for part in PARTS:
        told(f"filter {part}", size, [seconds(client, f"{V1}/{part}", query) for query in CHANGES], FILTER_GOAL_S)
    for part in PARTS:
        took = [seconds(client, f"{V1}/{part}", CHANGES[1]) for _ in range(REPEATS)]
        told(f"again {part}", size, took, FILTER_GOAL_S)
    told("filter density tile", size, [seconds(client, TILE, query) for query in CHANGES], FILTER_GOAL_S)
    told("filter clusters of a kind", size, [seconds(client, f"{V1}/clusters", CHANGES[1])], FILTER_GOAL_S)
    told("scan, once a filter", size, [seconds(client, f"{V1}/scan", CHANGES[1])], FIRST_GOAL_S)


def main() -> None:
    """Build, serve, measure; nothing is left behind."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--incidents", type=int, default=500_000)
    wanted = asked.parse_args().incidents
    with tempfile.TemporaryDirectory() as folder:
        cluster = PrivateServer(Path(folder), is_durable=False)
        cluster.start()
        try:
            url = cluster.create_database("board_test")
            upgrade(url)
            engine = open_engine(url, statement_timeout_ms=0)
            size = fill(engine, wanted)
            engine.dispose()
            with client_of(url) as client:
                measure(client, size)
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
