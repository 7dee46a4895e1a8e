"""How soon a change is told by every process: a number, all numbers, the plan of a street or city, a city redrawn.

The town of `bench.lookup.served`, served by two processes. Four clients ask every few milliseconds, by a connection of
its own each time, so that both processes are asked; told is how long after the change was committed somebody last asked
and was given the old answer. Goal: a second. JSON lines.

Usage: make bench NAME=lookup.heard [OPTIONS="--scale 13 --rounds 4 --home FOLDER"]
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from bench.lookup.served import OURS, asking, ourselves, serving, standing, told
from data.calendar import today
from data.postgis.engine import transaction
from data.profiles import load_profile
from data.stores import branches, plans, steps
from data.stores.steps import Step
from geo.warm import warm

GOAL_S, ASKERS, ASKED_FOR_S, PAUSE_S = 1.0, 4, 8.0, 0.005
Ready = Callable[[Connection, str, str], Callable[[Connection], Any]]


def main() -> None:
    """Build the town, serve it, change it."""
    asked = argparse.ArgumentParser(prog="bench.lookup.heard")
    asked.add_argument("--scale", type=float, default=13.0)
    asked.add_argument("--rounds", type=int, default=4)
    asked.add_argument("--home", type=Path, help="where the town is kept for the next time")
    options = asked.parse_args()
    warm()
    town = standing(options.home, load_profile("demo"), options.scale)
    with town as (url, engine), serving(ourselves(url)) as address:
        for kind, ready in KINDS.items():
            found = [heard(address, engine, ready, number) for number in range(options.rounds)]
            told(task="heard", change=kind, rounds=options.rounds, median_s=statistics.median(found),
                 slowest_s=max(found), goal_s=GOAL_S, holds=max(found) <= GOAL_S)  # fmt: skip


def heard(address: str, engine: Engine, ready: Ready, number: int) -> float:
    """Make a change; return how many seconds after it somebody last asked and was told what was before."""
    with engine.connect() as conn:
        conn.execute(text("SELECT set_config('wangge.scope', '*', false)"))
        code, lon, lat = conn.execute(GRIDS, {"on": today(), "number": 37 * number}).one()
    path = asking(OURS, lon, lat)
    with transaction(engine, actor="bench", action="bench") as conn:
        change = ready(conn, code, f"0851-{time.time_ns() % 10**7:07d}")

    def ask(_: int) -> tuple[float, dict[str, Any]]:
        time.sleep(PAUSE_S)  # else the clients alone would have one of two cores
        sent_s = time.perf_counter()
        with closing(HTTPConnection(address.removeprefix("http://"))) as connection:
            connection.request("GET", path)
            (grid,) = json.load(connection.getresponse())["grids"]
        return sent_s, {key: grid[key] for key in ("name", "duty_line")}

    with ThreadPoolExecutor(ASKERS) as askers:
        _, before = ask(0)
        with transaction(engine, actor="bench", action="bench") as conn:
            change(conn)
        committed_s, last_s, after = time.perf_counter(), 0.0, before
        while time.perf_counter() - committed_s < ASKED_FOR_S:
            for sent_s, after in askers.map(ask, range(ASKERS)):
                last_s = max(last_s, sent_s - committed_s) if after == before else last_s
    if after == before:
        raise RuntimeError("nobody was told of the change")
    return last_s


GRIDS = text(
    "SELECT g.grid_code, ST_X(p), ST_Y(p) FROM grids g JOIN plan_areas a USING (plan_id, area_code)"
    " JOIN public_contacts(:on) c ON c.grid_code = g.grid_code, ST_PointOnSurface(g.geometry) p"
    " WHERE a.valid @> CAST(:on AS date) ORDER BY g.grid_code OFFSET :number LIMIT 1"
)


def a_person(_: Connection, code: str, line: str) -> Callable[[Connection], Any]:
    """The duty line of whoever works in the grid."""
    one = text(
        "UPDATE people SET duty_line = :line"
        " WHERE person_id IN (SELECT person_id FROM duties WHERE role = 'worker' AND grid_code = :code)"
    )
    return lambda conn: conn.execute(one, {"line": line, "code": code})


def everybody(_: Connection, _code: str, line: str) -> Callable[[Connection], Any]:
    """Each person's duty line."""
    return lambda conn: conn.execute(text("UPDATE people SET duty_line = :line"), {"line": line})


def plan_of(conn: Connection, within: str, line: str, *, is_redrawn: bool = False) -> Callable[[Connection], Any]:
    """A plan of some communities, approved, in which every grid is called otherwise; published it is heard of.

    Where it `is_redrawn`, every polygon is another one, a decimetre further east.
    """
    held = conn.scalar(text("SELECT plan_id FROM plans WHERE state = 'published' ORDER BY plan_id LIMIT 1"))
    plan = branches.branch(conn, held, name=f"bench {line}", created_by=None)
    if within:
        conn.execute(text("DELETE FROM grids WHERE plan_id = :plan AND NOT starts_with(area_code, :within)"),
                     {"plan": plan, "within": within})  # fmt: skip
    conn.execute(text("UPDATE grids SET name = name || :line WHERE plan_id = :plan"), {"plan": plan, "line": line[-1]})
    for table in ("grids", "zones") if is_redrawn else ():
        conn.execute(text(EASTWARDS[table]), {"plan": plan})
    steps.take_step(conn, plan, Step("submit", None, "planner"))
    steps.take_step(conn, plan, Step("approve", None, "approver", document_number=line))
    steps.take_step(conn, plan, Step("publish", None, "approver", line, valid_from=today()))
    return lambda later: plans.publish(later, plan, valid_from=today(), document_number=line)


EASTWARDS = {
    "grids": "UPDATE grids SET geometry = ST_Translate(geometry, 1e-6, 0) WHERE plan_id = :plan",
    "zones": "UPDATE zones z SET geometry = ST_Translate(z.geometry, 1e-6, 0) FROM grids g"
    " WHERE z.grid_id = g.grid_id AND g.plan_id = :plan",
}
KINDS: dict[str, Ready] = {
    "a person": a_person,
    "everybody": everybody,
    "the plan of a street": lambda conn, code, line: plan_of(conn, code[:9], line),
    "the plan of the city": lambda conn, _, line: plan_of(conn, "", line),
    "the city drawn anew": lambda conn, _, line: plan_of(conn, "", line, is_redrawn=True),
}


if __name__ == "__main__":
    main()
