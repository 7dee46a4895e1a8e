"""scikit-learn's DBSCAN, as most call it and as well as it can be called, and PostGIS's ST_ClusterDBSCAN.

Usage: python -m bench.hotspots.peers.clusters OUT.npz POINTS.npz (usual | best | postgis) REPEATS [DSN]

Called well: points of one place are merged and weighted, which takes the place of repeats in its lists of neighbours;
tree, leaf size and threads are those that were fastest on every tenth point.
"""

import io
import itertools
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.reach.timing import best, hand_back

TRIED_FROM = 20_000
TREES, LEAVES = ("kd_tree", "ball_tree"), (15, 30, 100)
ASKED = "SELECT count(DISTINCT k) FROM (SELECT ST_ClusterDBSCAN(shape, %(eps_m)s, %(least)s) OVER () AS k FROM found) s"
LABELS = "SELECT coalesce(ST_ClusterDBSCAN(shape, %(eps_m)s, %(least)s) OVER (), -1), id FROM found"


def usual(out: Path, arrays: dict[str, Any], repeats: int, _: str) -> None:
    """Fit as the manual does, in one thread."""
    from sklearn.cluster import DBSCAN

    xy, eps_m, least = arrays["xy"], float(arrays["eps_m"]), int(arrays["least"])
    found, cost = best(lambda: DBSCAN(eps=eps_m, min_samples=least, n_jobs=1).fit(xy), repeats=repeats)
    is_core = np.isin(np.arange(len(xy)), found.core_sample_indices_)
    facts = {"gathering": cost, "called": "scikit-learn, n_jobs=1", "threads": 1, "peak_mb": peak_mb()}
    hand_back(out, facts, label=found.labels_, is_core=is_core)  # type: ignore[arg-type]  # arrays all


def merged(arrays: dict[str, Any], options: dict[str, Any], every: int = 1) -> Any:
    """Merge, fit, and give every point its place's label."""
    from sklearn.cluster import DBSCAN

    key = np.ascontiguousarray(arrays["xy"][::every]).view(np.complex128).ravel()  # sorts faster than rows do
    places, of, count = np.unique(key, return_inverse=True, return_counts=True)
    least = max(2, int(arrays["least"]) // every)
    asked = DBSCAN(eps=float(arrays["eps_m"]), min_samples=least, **options)
    found = asked.fit(np.stack([places.real, places.imag], axis=1), sample_weight=count)
    is_core = np.zeros(len(places), dtype=bool)
    is_core[found.core_sample_indices_] = True
    return found.labels_[of], is_core[of]


def best_called(out: Path, arrays: dict[str, Any], repeats: int, _: str) -> None:
    """Try trees, leaves and threads on a tenth, then fit by the fastest."""
    threads = range(1, int(os.environ["OMP_NUM_THREADS"]) + 1)
    ways = [
        {"algorithm": tree, "leaf_size": leaf, "n_jobs": jobs}
        for tree, leaf, jobs in itertools.product(TREES, LEAVES, threads)
    ]
    every = 10 if len(arrays["xy"]) >= TRIED_FROM else 1
    took = [best(lambda way=way: merged(arrays, way, every), repeats=1)[1]["wall_s"] for way in ways]
    way = ways[int(np.argmin(took))]
    (label, is_core), cost = best(lambda: merged(arrays, way), repeats=repeats)
    called = f"scikit-learn, merged, {way['algorithm']}, leaf_size={way['leaf_size']}, n_jobs={way['n_jobs']}"
    facts = {"gathering": cost, "called": called, "threads": way["n_jobs"], "peak_mb": peak_mb()}
    hand_back(out, facts, label=label, is_core=is_core)  # type: ignore[arg-type]  # arrays all


def postgis(out: Path, arrays: dict[str, Any], repeats: int, dsn: str) -> None:
    """Fill a table, ask how many clusters there are, then once more for the labels; reading them is not timed."""
    import psycopg2

    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS postgis")
        cursor.execute("DROP TABLE IF EXISTS found")
        cursor.execute("CREATE UNLOGGED TABLE found (id integer, x float8, y float8, shape geometry(Point, 0))")
        rows = "".join(f"{at}\t{x!r}\t{y!r}\n" for at, (x, y) in enumerate(arrays["xy"].tolist()))
        cursor.copy_expert("COPY found (id, x, y) FROM STDIN", io.StringIO(rows))
        cursor.execute("UPDATE found SET shape = ST_MakePoint(x, y)")
        cursor.execute("ANALYZE found")
        cursor.execute("SET jit = off")
        asked = {"eps_m": float(arrays["eps_m"]), "least": int(arrays["least"])}
        cursor.execute("SELECT pg_backend_pid()")
        backend, wall_s, cpu_s = cursor.fetchone()[0], float("inf"), float("inf")
        for _ in range(repeats):
            wall, cpu = time.perf_counter(), backend_s(backend)
            cursor.execute(ASKED, asked)
            wall_s, cpu_s = min(wall_s, time.perf_counter() - wall), min(cpu_s, backend_s(backend) - cpu)
        cursor.execute(LABELS, asked)
        found = np.array(cursor.fetchall(), dtype=np.int64)
    label = np.empty(len(found), dtype=np.int64)
    label[found[:, 1]] = found[:, 0]
    cost = {"wall_s": float(f"{wall_s:.4g}"), "cpu_s": float(f"{cpu_s:.4g}")}
    facts = {"gathering": cost, "called": "PostGIS ST_ClusterDBSCAN", "threads": 1, "peak_mb": None}
    hand_back(out, facts, label=label)  # type: ignore[arg-type]


def backend_s(pid: int) -> float:
    """Return the processor seconds of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb() -> float:
    """Return the most memory this process has held, megabytes."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


if __name__ == "__main__":
    call = {"usual": usual, "best": best_called, "postgis": postgis}[sys.argv[3]]
    call(Path(sys.argv[1]), dict(np.load(sys.argv[2])), int(sys.argv[4]), sys.argv[5] if len(sys.argv) > 5 else "")
