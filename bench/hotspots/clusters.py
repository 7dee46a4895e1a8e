"""DBSCAN beside scikit-learn, called as most do and as well as it can be, and beside PostGIS; also ours, one a process.

Usage of the latter: python -m bench.hotspots.clusters OUT.npz POINTS.npz REPEATS

Answers are compared first: the same cores, the same clusters of cores, the same noise (PostGIS does not tell cores: all
but those on the rim of two clusters). What stands on a rim goes to the nearest core with us, to the first with others.
"""

import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from bench.hotspots.points import BOSTON, REPORT_SEEDS, boston, invented
from bench.hotspots.runs import HotspotCaller, compared
from bench.reach.runs import CORES, Outcome, interleaved
from bench.reach.timing import best, hand_back
from data.postgis.server import PostgisMissingError, PrivateServer
from geo.crs import to_metric
from geo.gathering import gathering

Floats = npt.NDArray[np.float64]
Data = tuple[str, Floats, float, int]

LANCASHIRE = BOSTON.parent / "lancashire_antisocial_2020.csv.gz"
SCIKIT_GOAL, POSTGIS_GOAL, MEMORY_GOAL_MB = 25.0, 50.0, 500.0
LARGE = 1_000_000
EPS_M = 60.0


def measure(*, quick: bool) -> Iterator[dict[str, Any]]:
    """Return the lines of invented towns of growing size, of other radii, and of real incidents."""
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as name:
        folder = Path(name)
        with database(folder) as dsn:
            if dsn is None:
                yield {"task": "dbscan", "data": "-", "peer": "PostGIS", "failed": "there is no PostGIS", "holds": None}
            for data in towns(quick=quick):
                yield from beside_peers(folder, data, dsn)


def towns(*, quick: bool) -> Iterator[Data]:
    """Return names, points, radii and how many make a core."""
    for seed in REPORT_SEEDS[:1] if quick else REPORT_SEEDS:
        for count in (10_000, 100_000) if quick else (10_000, 100_000, LARGE):
            yield f"invented {count}, seed {seed}", invented(count, seed), EPS_M, max(10, count // 1000)
    town = invented(10_000 if quick else 100_000, REPORT_SEEDS[0])
    for eps_m, least in ((5.0, 3), (20.0, 5), (300.0, len(town) // 50)):
        yield f"invented {len(town)}, seed {REPORT_SEEDS[0]}", town, eps_m, least
    if BOSTON.exists():
        yield "boston", boston(), 50.0, 20
    if LANCASHIRE.exists():
        yield "lancashire, strays 200 km off", lancashire(), 100.0, 50


def lancashire() -> Floats:
    """Return Lancashire's reports in metres; some lie far outside."""
    rows = pd.read_csv(LANCASHIRE)
    places = gpd.GeoSeries.from_xy(rows["longitude"], rows["latitude"], crs=4326)
    return shapely.get_coordinates(to_metric(places).to_numpy())


def beside_peers(folder: Path, data: Data, dsn: str | None) -> Iterator[dict[str, Any]]:
    """Return the lines of one set of points; large ones are asked of the peers but once."""
    name, xy, eps_m, least = data
    file = folder / "points.npz"
    np.savez(file, xy=xy, eps_m=eps_m, least=least)
    repeats = "1" if len(xy) >= LARGE else "3"
    callers = [
        HotspotCaller("ours", "clusters", (str(file), "5"), is_ours=True, threads=CORES),
        HotspotCaller("usual", "peers.clusters", (str(file), "usual", repeats)),
        HotspotCaller("best", "peers.clusters", (str(file), "best", repeats), threads=CORES),
    ]
    if dsn is not None:
        callers.append(HotspotCaller("postgis", "peers.clusters", (str(file), "postgis", repeats, dsn)))
    found = interleaved(callers, folder, rounds=1)
    size = {"points": len(xy), "places": len(np.unique(xy, axis=0))}
    rule = f"{name}, {eps_m:g} m, {least}"
    is_goal = len(xy) >= LARGE
    goals = {"usual": SCIKIT_GOAL, "best": SCIKIT_GOAL, "postgis": POSTGIS_GOAL}
    for peer, outcome in list(found.items())[1:]:
        yield line(rule, size, found["ours"], outcome, goals[peer] if is_goal else None)
    if is_goal and not found["ours"].failed:
        peak_mb = found["ours"].fact("peak_mb")
        yield {
            "task": "dbscan, memory", "data": rule, "size": size, "ours": found["ours"].cost("gathering"),
            "goal": f"under {MEMORY_GOAL_MB:g} MB", "holds": peak_mb < MEMORY_GOAL_MB, "answers_equal": None,
            "quality": {"peak_mb": peak_mb, "before_mb": found["ours"].fact("before_mb")}
            | {f"{peer}_peak_mb": outcome.fact("peak_mb") for peer, outcome in found.items() if not outcome.failed},
        }  # fmt: skip


def line(rule: str, size: dict[str, int], ours: Outcome, peer: Outcome, goal: float | None) -> dict[str, Any]:
    """Return ours beside a peer."""
    if ours.failed or peer.failed:
        failed = ours.failed or peer.failed
        return {
            "task": "dbscan",
            "data": rule,
            "size": size,
            "peer": peer.caller.name,
            "failed": failed,
            "holds": False,
        }
    is_same, facts = same(ours.answer, peer.answer)
    return compared(
        "dbscan", rule, size, ours=ours.cost("gathering"), peer=str(peer.fact("called")),
        peer_cost=peer.cost("gathering"), answers_equal=is_same, goal=goal, threads=(CORES, int(peer.fact("threads"))),
        quality=facts,
    )  # fmt: skip


def same(ours: dict[str, Any], peer: dict[str, Any]) -> tuple[bool, dict[str, int]]:
    """Return whether cores, their clusters and noise are the same, and what was found."""
    mine, other, is_core = ours["label"], peer["label"], ours["is_core"]
    pairs = np.unique(np.stack([mine, other])[:, is_core], axis=1)
    facts = {
        "clusters": int(mine.max() + 1), "cores": int(is_core.sum()), "noise": int((mine < 0).sum()),
        "noise_differs": int(((mine < 0) != (other < 0)).sum()),
        "cores_differ": int((is_core != peer["is_core"]).sum()) if "is_core" in peer else 0,
        "clusters_differ": 2 * pairs.shape[1] - sum(len(np.unique(side)) for side in pairs),
    }  # fmt: skip
    return not any(count for name, count in facts.items() if "differ" in name), facts


@contextmanager
def database(folder: Path) -> Iterator[str | None]:
    """Start a private PostGIS in the folder; None where it is not installed."""
    home = Path(tempfile.mkdtemp(prefix="postgis-", dir=folder))
    folder.chmod(0o711)  # a server started by root runs as another user, who must reach its own folder
    server = PrivateServer(home)
    try:
        server.start()
    except PostgisMissingError:
        yield None
        return
    try:
        server.create_database("incidents")
        yield f"dbname=incidents user=wangge host={server.sockets} port={server.port}"
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def peak_mb() -> float:
    """Return the most memory this process has held, megabytes."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def main(out: Path, file: str, repeats: int) -> None:
    """Answer for one set of points, compiled code loaded before."""
    arrays = dict(np.load(file))
    xy, rule = arrays["xy"], {"eps_m": float(arrays["eps_m"]), "least": int(arrays["least"])}
    gathering(xy[:50], eps_m=1e6, least=2)
    before_mb = peak_mb()
    found, cost = best(lambda: gathering(xy, **rule), repeats=repeats)
    facts: dict[str, Any] = {"gathering": cost, "before_mb": before_mb, "peak_mb": peak_mb()}
    hand_back(out, facts, label=found.label, is_core=found.is_core)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
