"""A station moved on the map: households at once, circles as polygons a little later; real buildings, real streets."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from bench.reach.nets import Floats, net, osm_file
from bench.reach.report import Report
from geo.reach import circles_from, limit_of, sums_of
from geo.scene import Scene, scene_of
from geo.searches import walks_all

PLACES, AWAY_M = 200, 60.0
M_PER_MIN, MINUTES = 72.0, [5.0, 15.0]
ROUNDS, WARM = 3, 20
GOAL_MS = 1.0
HOUSEHOLDS_MAX = 12


def moved(report: Report, folder: Path, names: list[str], seeds: list[int]) -> None:
    """Ask for the households, and for the polygons, of random places, one by one."""
    for name in names:
        scene, middles = town(name, folder)
        size = {"buildings": len(scene.ids), "edges": len(scene.network.edge_length_m) if scene.network else 0}
        for seed in seeds:
            places = spots(middles, seed)
            sums = asked(places, lambda lon, lat: households(scene, lon, lat))  # noqa: B023
            drawn = asked(places, lambda lon, lat: polygons(scene, lon, lat))  # noqa: B023
            data = f"{name} seed {seed}"
            report.line(
                "moved", data, size, ours={"households_ms": sums, "circles_ms": drawn}, peer=None,
                goal=f"median < {GOAL_MS} ms", steps_ms=steps(scene, places), answers_equal=same(scene, places[:20]),
            )  # fmt: skip
            report.goal(
                f"moved | {data} | households", goal=f"< {GOAL_MS} ms", seen=f"{sums['median']} ms",
                holds=sums["median"] < GOAL_MS,
            )  # fmt: skip


def town(name: str, folder: Path) -> tuple[Scene, Floats]:
    """Return a scene with the buildings of OpenStreetMap, invented households in them, and where they stand."""
    from data.readers.osm_elements import read_elements
    from data.readers.osm_ground import buildings

    found = buildings(read_elements(osm_file(name)))
    count = np.random.default_rng(1).integers(1, HOUSEHOLDS_MAX + 1, len(found))
    homes = found[["geometry"]].assign(households=count, people=3 * count).rename_axis(index="building_id")
    middles = shapely.get_coordinates(shapely.centroid(found.geometry.to_numpy()))
    return scene_of(net(name, folder).network, gpd.GeoDataFrame(homes, crs=4326)), middles


def spots(middles: Floats, seed: int) -> Floats:
    """Return random places, in degrees, each some tens of metres from a random building."""
    rng = np.random.default_rng(seed)
    near = middles[rng.choice(len(middles), PLACES, replace=False)]
    away = rng.normal(0, AWAY_M, (PLACES, 2)) / 111_320.0
    away[:, 0] /= np.cos(np.radians(near[:, 1]))
    return near + away


def households(scene: Scene, lon: float, lat: float) -> Floats:
    """Return the households and people of one place within both times."""
    origin = scene.join_at(lon, lat)
    found = walks_all(scene.net, origin, limit_m=limit_of(MINUTES[-1], M_PER_MIN))
    return sums_of(scene, found, MINUTES, m_per_min=M_PER_MIN, places=1)


def polygons(scene: Scene, lon: float, lat: float) -> gpd.GeoDataFrame:
    """Return the circles of one place."""
    return circles_from(scene, scene.join_at(lon, lat), MINUTES, m_per_min=M_PER_MIN)


def asked(places: Floats, call: Callable[[float, float], Any]) -> dict[str, float]:
    """Return median and 95th percentile in ms of the best of a few rounds over all places."""
    rounds = []
    for lon, lat in places[:WARM]:
        call(lon, lat)
    for _ in range(ROUNDS):
        took = []
        for lon, lat in places:
            start = time.perf_counter()
            call(lon, lat)
            took.append(time.perf_counter() - start)
        rounds.append(1e3 * np.array(took))
    quickest = min(rounds, key=lambda took: float(np.median(took)))
    return {"median": round(float(np.median(quickest)), 3), "p95": round(float(np.quantile(quickest, 0.95)), 3)}


def steps(scene: Scene, places: Floats) -> dict[str, float]:
    """Return the median ms of each step of asking for households."""
    origins = [scene.join_at(lon, lat) for lon, lat in places]
    limit_m = limit_of(MINUTES[-1], M_PER_MIN)
    walked = [walks_all(scene.net, origin, limit_m=limit_m) for origin in origins]
    calls: dict[str, Callable[[int], Any]] = {
        "join": lambda at: scene.join_at(*places[at]),
        "walk": lambda at: walks_all(scene.net, origins[at], limit_m=limit_m),
        "sum": lambda at: sums_of(scene, walked[at], MINUTES, m_per_min=M_PER_MIN, places=1),
    }
    found = {}
    for name, call in calls.items():
        took = []
        for at in range(len(places)):
            start = time.perf_counter()
            call(at)
            took.append(time.perf_counter() - start)
        found[name] = round(1e3 * float(np.median(took)), 3)
    return found


def same(scene: Scene, places: Floats) -> bool:
    """Return whether the households asked for quickly are those told beside the polygons."""
    for lon, lat in places:
        told = polygons(scene, lon, lat)[list(scene.names)].to_numpy()
        if not np.array_equal(np.rint(households(scene, lon, lat)[0]), told):
            return False
    return True
