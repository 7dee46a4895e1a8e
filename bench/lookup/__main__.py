"""Looking up points beside shapely's STRtree and PostGIS, in one run: first the answers, then the times. JSON lines.

Goals, in process: one by one 20 x STRtree at 2,000 grids and 10 x at 50,000, in bulk 5 x; the index made in 1 s and
8 s, within 400 MB; and of a million points, borders and corners among them, exactly the grids ST_Covers tells.

Usage: make bench NAME=lookup [OPTIONS="--grids 2000 50000 --points 1000000"]
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from sqlalchemy import text

from bench.lookup.grids import Floats, anywhere, grids, on_borders
from bench.reach.timing import best
from data.postgis.engine import open_engine
from data.postgis.server import PrivateServer
from geo.lookup import GridIndex

Ints = npt.NDArray[np.int64]
SEED, POINT_SEED = 23, 5
CHANGED = 25  # grids of a new plan
GOALS = {2000: (20.0, 5.0, 1.0), 50000: (10.0, 5.0, 8.0)}  # one by one, in bulk, seconds to make
ONE_BY_ONE, MOST_MB = 50_000, 400.0


def main() -> None:
    """Make the grids, ask everybody, and tell."""
    asked = argparse.ArgumentParser(prog="bench.lookup")
    asked.add_argument("--grids", type=int, nargs="+", default=[2000, 50000])
    asked.add_argument("--points", type=int, default=1_000_000)
    options = asked.parse_args()
    GridIndex.from_grids(grids(5, seed=SEED)).find(0.0, 0.0)  # compiled or loaded
    for count in options.grids:
        frame = grids(count, seed=SEED)
        index = made(frame, count)
        same_as_postgis(frame, index, options.points)
        beside_tree(frame, index, count)


def made(frame: gpd.GeoDataFrame, count: int) -> GridIndex:
    """Make the index and its overlaps, and tell how long it took and how much memory; and how long after a change."""
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start_s = time.perf_counter()
    index = GridIndex.from_grids(frame)
    is_proper = len(index.overlaps) == 0
    took_s = time.perf_counter() - start_s
    more_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    kept_mb = sum(array.nbytes for array in index.tables) / 1e6
    goal_s = GOALS.get(count, (0.0, 0.0, 8.0))[2]
    tell(task="make", grids=len(frame), ours_s=took_s, goal_s=goal_s, kept_mb=kept_mb, peak_more_mb=more_mb,
         holds=is_proper and took_s <= goal_s and more_mb <= MOST_MB)  # fmt: skip
    shapes = frame.geometry.to_numpy().copy()
    shapes[:CHANGED] = shapely.normalize(shapes[:CHANGED])
    start_s = time.perf_counter()
    GridIndex.from_grids(frame.set_geometry(shapes, crs=frame.crs), before=index)
    tell(task="make again", grids=len(frame), changed=CHANGED, ours_s=time.perf_counter() - start_s)
    return index


def same_as_postgis(frame: gpd.GeoDataFrame, index: GridIndex, count: int) -> None:
    """Ask PostGIS and ourselves of points anywhere, on corners and on edges, and tell how many answers differ."""
    few = count // 10
    points = np.vstack([anywhere(frame, count - 2 * few, seed=POINT_SEED), on_borders(frame, 2 * few, seed=POINT_SEED)])
    start_s = time.perf_counter()
    ours = index.find_many(points[:, 0], points[:, 1])
    took_s = time.perf_counter() - start_s
    theirs, theirs_s = covers(frame, points)
    tell(task="ST_Covers", grids=len(frame), points=len(points), answers_differ=int((ours != theirs).sum()),
         ours_s=took_s, peer_s=theirs_s, ratio=theirs_s / took_s)  # fmt: skip


def covers(frame: gpd.GeoDataFrame, points: Floats) -> tuple[Ints, float]:
    """Return the first grid that PostGIS says covers each point, -1 for none, and the seconds of the query."""
    with tempfile.TemporaryDirectory() as folder:
        server = PrivateServer(Path(folder), is_durable=False)
        server.start()
        try:
            engine = open_engine(server.create_database("lookup_test"), statement_timeout_ms=0)
            with engine.begin() as conn:
                conn.execute(text("CREATE EXTENSION postgis"))
                conn.execute(text("CREATE TABLE places (place int, lon float8, lat float8)"))
                conn.execute(text("CREATE TABLE grids (grid int, geometry geometry(Geometry, 4326))"))
                conn.execute(
                    text("INSERT INTO places SELECT * FROM unnest(:place, :lon, :lat)"),
                    {"place": list(range(len(points))), "lon": points[:, 0].tolist(), "lat": points[:, 1].tolist()},
                )
                rows = zip(frame.index.tolist(), shapely.to_wkb(frame.geometry.to_numpy()), strict=True)
                conn.execute(
                    text("INSERT INTO grids VALUES (:grid, ST_GeomFromWKB(:wkb, 4326))"),
                    [{"grid": grid, "wkb": wkb} for grid, wkb in rows],
                )
                conn.execute(text("CREATE INDEX ON grids USING gist (geometry)"))
                conn.execute(text("ANALYZE"))
                start_s = time.perf_counter()
                found = conn.execute(text(
                    "SELECT place, min(grid) FROM places JOIN grids"
                    " ON ST_Covers(geometry, ST_SetSRID(ST_MakePoint(lon, lat), 4326)) GROUP BY place"
                )).all()  # fmt: skip
                took_s = time.perf_counter() - start_s
            engine.dispose()
        finally:
            server.stop()
    told = np.full(len(points), -1, dtype=np.int64)
    place, grid = np.array(found, dtype=np.int64).reshape(-1, 2).T
    told[place] = grid
    return told, took_s


def beside_tree(frame: gpd.GeoDataFrame, index: GridIndex, count: int) -> None:
    """Ask STRtree and ourselves one point at a time, and all at once."""
    shapes = frame.geometry.to_numpy().copy()
    shapely.prepare(shapes)
    tree = shapely.STRtree(shapes)
    points = anywhere(frame, 2 * ONE_BY_ONE, seed=POINT_SEED + 1)
    one_by_one = points[:ONE_BY_ONE].tolist()

    def theirs(lon: float, lat: float) -> int:
        found = tree.query(shapely.Point(lon, lat), predicate="intersects")
        return int(found.min()) if found.size else -1

    goals, cover = GOALS.get(count, (10.0, 5.0, 8.0)), index.cover
    beside("one by one", frame, goals[0], ONE_BY_ONE,
           lambda: [cover(lon, lat) for lon, lat in one_by_one],
           lambda: [theirs(lon, lat) for lon, lat in one_by_one])  # fmt: skip

    def all_of_theirs() -> Ints:
        place, grid = tree.query(shapely.points(points), predicate="intersects")
        told = np.full(len(points), -1, dtype=np.int64)
        told[place[::-1]] = frame.index.to_numpy()[grid[::-1]]
        return told

    beside("in bulk", frame, goals[1], len(points), lambda: index.find_many(points[:, 0], points[:, 1]), all_of_theirs)
    took = best(lambda: [index.place(lon, lat, 15.0) for lon, lat in one_by_one], repeats=5)[1]["wall_s"]
    tell(task="one by one, 15 m", grids=len(frame), ours_us=1e6 * took / ONE_BY_ONE)


def beside(
    task: str, frame: gpd.GeoDataFrame, goal: float, count: int, ours: Callable[[], Any], peer: Callable[[], Any]
) -> None:
    """Compare the answers, then the times of both, in microseconds a point."""
    is_equal = bool(np.array_equal(ours(), peer()))
    ours_us, peer_us = (1e6 * best(call, repeats=5)[1]["wall_s"] / count for call in (ours, peer))
    tell(task=task, grids=len(frame), ours_us=ours_us, peer="STRtree", peer_us=peer_us, ratio=peer_us / ours_us,
         goal=goal, answers_equal=is_equal, holds=is_equal and peer_us / ours_us >= goal)  # fmt: skip


def tell(**facts: Any) -> None:
    """Print one line."""
    print(json.dumps({k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in facts.items()}), flush=True)


if __name__ == "__main__":
    main()
