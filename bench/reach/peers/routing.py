"""pgRouting: one `pgr_drivingDistance` for all facilities, both limits out of its rows, summed up in the database.

Usage: python -m bench.reach.peers.routing OUT.npz FOLDER REPEATS DSN SEED COUNT

The table holds every edge once; the graph is asked as an undirected one without reverse costs, which would put every
edge in twice. Processor seconds are those of the database's own process and of this one.
"""

import io
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psycopg2

from bench.reach import draw
from bench.reach.timing import hand_back

LIMITS_M = (360.0, 1080.0)
EDGES = "SELECT id, source, target, cost FROM walk_edges"
DRIVEN = "pgr_drivingDistance(%(edges)s, %(facilities)s::bigint[], %(limit)s, false)"
SUMMED = f"""
    SELECT from_v, count(*) FILTER (WHERE agg_cost <= {LIMITS_M[0]}), count(*),
           coalesce(sum(households) FILTER (WHERE agg_cost <= {LIMITS_M[0]}), 0), sum(households)
    FROM {DRIVEN} JOIN walk_homes USING (node) GROUP BY from_v
"""
ROWS = f"SELECT from_v, node, agg_cost FROM {DRIVEN} ORDER BY 1, 2"


def main(out: Path, graph: dict[str, Any], repeats: int, dsn: str, facilities: Any) -> None:
    """Fill the tables, ask once to warm up, then time."""
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        filled(cursor, graph)
        asked = {"edges": EDGES, "facilities": facilities.tolist(), "limit": LIMITS_M[-1]}
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
        rows, cost = timed(cursor, asked, backend, repeats)
        cursor.execute(ROWS, asked)
        of, node, to_m = np.array(cursor.fetchall(), dtype=np.float64).T
    order = np.argsort(facilities)
    summed = np.array(sorted(rows), dtype=np.int64)
    counts, sums = np.zeros((2, len(facilities), 2), dtype=np.int64)
    counts[order], sums[order] = summed[:, 1:3], summed[:, 3:5]
    facility = order[np.searchsorted(facilities[order], of)]
    names = np.lexsort((node, facility))
    hand_back(
        out, {"circles": cost}, counts=counts, sums=sums,
        facility=facility[names], node=node[names].astype(np.int64), to_m=to_m[names],
    )  # fmt: skip


def filled(cursor: Any, graph: dict[str, Any]) -> None:
    """Write edges and households, with the indexes that pgRouting's manual asks for."""
    cursor.execute("CREATE EXTENSION IF NOT EXISTS pgrouting CASCADE")
    cursor.execute("DROP TABLE IF EXISTS walk_edges, walk_homes")
    cursor.execute("CREATE TABLE walk_edges (id integer PRIMARY KEY, source integer, target integer, cost float8)")
    cursor.execute("CREATE TABLE walk_homes (node bigint PRIMARY KEY, households integer)")
    rows = zip(graph["edge"].tolist(), graph["edge_m"].tolist(), strict=True)
    edges = "".join(f"{at}\t{a}\t{b}\t{m!r}\n" for at, ((a, b), m) in enumerate(rows))
    homes = "".join(f"{node}\t{count}\n" for node, count in enumerate(graph["households"].tolist()))
    cursor.copy_expert("COPY walk_edges FROM STDIN", io.StringIO(edges))
    cursor.copy_expert("COPY walk_homes FROM STDIN", io.StringIO(homes))
    cursor.execute("CREATE INDEX ON walk_edges (source)")
    cursor.execute("CREATE INDEX ON walk_edges (target)")
    cursor.execute("ANALYZE walk_edges")
    cursor.execute("ANALYZE walk_homes")


def timed(cursor: Any, asked: dict[str, Any], backend: int, repeats: int) -> tuple[Any, dict[str, float]]:
    """Return the sums and the least seconds of several askings, the first one not counted."""
    rows, wall_s, cpu_s = None, float("inf"), float("inf")
    for at in range(repeats + 1):
        wall, cpu = time.perf_counter(), time.process_time() + backend_s(backend)
        cursor.execute(SUMMED, asked)
        rows = cursor.fetchall()
        if at:
            wall_s = min(wall_s, time.perf_counter() - wall)
            cpu_s = min(cpu_s, time.process_time() + backend_s(backend) - cpu)
    return rows, {"wall_s": wall_s, "cpu_s": cpu_s}


def backend_s(pid: int) -> float:
    """Return the processor seconds of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    told = dict(np.load(Path(sys.argv[2]) / "graph.npz"))
    seed, count = int(sys.argv[5]), int(sys.argv[6])
    main(Path(sys.argv[1]), told, int(sys.argv[3]), sys.argv[4], draw.facilities(len(told["kept"]), seed, count))
