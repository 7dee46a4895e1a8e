"""Edits of a plan over HTTP on a service as shipped: a small town beside a city of 2,176 grids and 100,000 cells.

Every edit is asked as the planner's page asks it, by one hand, and taken back. Goal: 95 of 100 answers in 0.2 s, at
whatever size (locking all grids of a plan: 1 s). There is no peer: what is measured is ours alone.

Usage: make bench NAME=edits [OPTIONS="--scales 1 14 --repeats 40"]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import uvicorn
from pydantic import SecretStr
from sqlalchemy import Engine, text

from api.actions.build_town import build_town
from api.actions.cut_cells import cut_cells
from api.actions.propose_plan import propose_plan
from api.actions.sign_in import create_account
from api.app import create_app
from api.settings import Settings
from data.demo import draw_town
from data.postgis.engine import open_engine, reading
from data.postgis.migrate import upgrade
from data.postgis.server import PrivateServer
from data.profiles import load_profile
from data.stores import areas as area_store
from geo.warm import warm

GOAL_S, ALL_GOAL_S = 0.2, 1.0
PASSWORD = "a long password for the bench"
V1 = "/api/v1/plans"
CELLS = text("""
    SELECT g.area_code, g.grid_code, array_agg(cell_id ORDER BY cell_id) AS cells
    FROM grids g JOIN plan_cells USING (plan_id, grid_id)
    WHERE plan_id = :plan AND kind = 'general' GROUP BY 1, 2 ORDER BY 2""")
Asked = dict[str, Any]
Grids = list[tuple[str, list[int]]]
Found = tuple[dict[str, list[float]], int, int]  # seconds by task, how many grids, how many cells


class Desk:
    """A planner at a draft: asks, keeps the revision, and counts seconds by task."""

    def __init__(self, client: httpx2.Client, plan_id: int) -> None:
        self.client, self.path, self.revision = client, f"{V1}/{plan_id}", 1
        self.took: dict[str, list[float]] = {}

    def ask(self, task: str, path: str, body: Asked) -> None:
        start = time.perf_counter()
        answer = self.client.post(f"{self.path}/{path}", json={"revision": self.revision, **body})
        self.took.setdefault(task, []).append(time.perf_counter() - start)
        if answer.status_code == 422:  # a building too large to be halved, cells that lie there already
            self.took[task].pop()
            return
        answer.raise_for_status()
        told = answer.json()["revision"]
        is_done, self.revision = told > self.revision, told
        if is_done and path == "edits":
            self.ask("undo", "undo", {})


def asked(chance: Random, grids: Grids) -> dict[str, Asked]:
    """Return one edit of every kind, between two grids of a community."""
    (one, cells), (other, _) = chance.sample(grids, 2)
    some = chance.sample(cells, min(3, len(cells) - 1))
    return {
        "move": {"verb": "move", "cells": some, "to": other},
        "new grid": {"verb": "move", "cells": some},
        "merge": {"verb": "merge", "grid_codes": [one, other]},
        "rename": {"verb": "rename", "grid_codes": [one], "name": f"网格{chance.randrange(1000)}"},
        "lock": {"verb": "lock", "grid_codes": [one]},
        "split": {"verb": "split", "grid_codes": [one], "count": 2},
        "split, shown first": {"verb": "split", "grid_codes": [one], "count": 2, "dry_run": True},
        "zone": {"level": "zones", "verb": "move", "cells": some[:1]},
        "unit": {"level": "units", "verb": "move", "cells": some[:1]},
    }


def fill(engine: Engine, scale: float) -> int:
    """Build a demo town of this scale with cells and a plan, and return the plan."""
    profile = load_profile("demo")
    build_town(engine, draw_town(profile, scale=scale, seed=3), profile=profile, actor="bench")
    cut_cells(engine, profile=profile, actor="bench")
    with reading(engine) as conn:
        areas = area_store.read_areas(conn)
    top = areas.index[areas["parent_code"].isna()].min()
    create_account(engine, name="bench", password=PASSWORD, role="planner", scope="*", actor="bench")
    return propose_plan(engine, profile=profile, area_code=top, name="方案", actor="bench", seed=3)


@contextmanager
def client_of(url: str) -> Iterator[httpx2.Client]:
    """A client of a new service in a process of its own, signed in."""
    served = subprocess.Popen(
        [sys.executable, "-m", "bench.edits", "--serve", url], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert served.stdout is not None
        address = f"http://127.0.0.1:{served.stdout.readline().strip()}"
        with httpx2.Client(base_url=address, timeout=120, headers={"X-Wangge": "1"}) as client:
            client.post("/api/v1/session", data={"name": "bench", "password": PASSWORD}).raise_for_status()
            yield client
    finally:
        served.terminate()
        served.wait(timeout=20)


def serve(url: str) -> None:
    """Serve a database until told to end; the first line written is the port."""
    settings = Settings(database_url=SecretStr(url), log_level="error", api_rate="100000/minute")
    server = uvicorn.Server(uvicorn.Config(create_app(settings), host="127.0.0.1", port=0, log_level="error"))

    def tell() -> None:
        while not server.started:
            time.sleep(0.05)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)

    warm()
    threading.Thread(target=tell, daemon=True).start()
    server.run()


def measure(url: str, plan_id: int, repeats: int) -> Found:
    """Return the seconds of every task, and how many grids and cells the plan has."""
    engine = open_engine(url)
    with client_of(url) as client:
        branched = client.post(f"{V1}/{plan_id}/branch", json={"name": "调整"})
        draft = int(branched.raise_for_status().json()["plan_id"])
        with reading(engine) as conn:
            rows = conn.execute(CELLS, {"plan": draft}).all()
            size = conn.execute(
                text("SELECT (SELECT count(*) FROM grids WHERE plan_id = :plan), count(*) FROM plan_cells"
                     " WHERE plan_id = :plan"), {"plan": draft},
            ).one()  # fmt: skip
        places: dict[str, Grids] = {}
        for row in rows:
            if len(row.cells) > 1:
                places.setdefault(row.area_code, []).append((row.grid_code, row.cells))
        chance, desk = Random(7), Desk(client, draft)
        several = [grids for grids in places.values() if len(grids) > 1]
        for _ in range(repeats):
            for task, body in asked(chance, chance.choice(several)).items():
                desk.ask(task, "edits", body)
        for _ in range(3):
            desk.ask("lock all", "edits", {"verb": "lock"})
    engine.dispose()
    return desk.took, int(size[0]), int(size[1])


def p95(took: list[float]) -> float:
    """Return what 95 of 100 are within."""
    return sorted(took)[max(0, -(-95 * len(took) // 100) - 1)]


def told(scale: float, found: Found, before: dict[str, float]) -> dict[str, float]:
    """Print one line a task, with the growth since the size before; return the medians."""
    took, grids, cells = found
    medians = {task: statistics.median(seconds) for task, seconds in took.items()}
    for task, seconds in took.items():
        goal = ALL_GOAL_S if task == "lock all" else GOAL_S
        print(json.dumps({
            "task": task, "scale": scale, "grids": grids, "cells": cells, "edits": len(seconds),
            "median_s": round(medians[task], 4), "p95_s": round(p95(seconds), 4), "goal_s": goal,
            "holds": p95(seconds) <= goal,
            "growth": round(medians[task] / before[task], 2) if task in before else None,
        }))  # fmt: skip
    return medians


def at_scales(name: str, scales: list[float], measure: Callable[[str, int], Found]) -> None:
    """Draw and propose a town of each scale on a database server that leaves nothing behind, and measure its plan."""
    warm()
    before: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        cluster = PrivateServer(Path(folder), is_durable=False)
        cluster.start()
        try:
            for at, scale in enumerate(scales):
                url = cluster.create_database(f"{name}_{at}_test")
                upgrade(url)
                engine = open_engine(url, statement_timeout_ms=0)
                plan_id = fill(engine, scale)
                engine.dispose()
                before = told(scale, measure(url, plan_id), before)
        finally:
            cluster.stop()


def main() -> None:
    """Build a town of each scale, serve it, edit it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scales", type=float, nargs="+", default=[1.0, 14.0])
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.serve:
        serve(wanted.serve)
        return
    at_scales("edits", wanted.scales, lambda url, plan_id: measure(url, plan_id, wanted.repeats))


if __name__ == "__main__":
    main()
