"""How long walking rounds are, and how long they take to find: ours beside networkx, on a demo town and on Lauf.

Usage: make bench NAME=rounds [OPTIONS="--quick"]

Buildings are parted into blocks of at most 20, 45 and 90 doors, halving the longer side. Both are given the same tables
of metres on foot; a tour that is not one fails. Goals: never longer than a peer's, and a community (ten grids of at
most 45 doors, their tables included) in under a second. Peers live in .venv-bench (`make bench-peers`).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np

from bench.reach.nets import net, osm_file, why_missing
from bench.reach.runs import PEERS_PYTHON, ROOT
from geo.rounds import ways_between
from geo.scene import Scene, scene_of
from geo.tours import length_of, nearest_first, tour, tree_m

SIZES = (20, 45, 90)
BLOCKS, BLOCKS_QUICK, COMMUNITY_GRIDS = 30, 6, 10
METHODS = ("christofides", "threshold")


def blocks(xy: np.ndarray, most: int) -> list[np.ndarray]:
    """Part places into blocks of at most `most`, halving the longer side."""
    parts, done = [np.arange(len(xy))], []
    while parts:
        part = parts.pop()
        if len(part) <= most:
            done.append(part)
            continue
        side = int(np.ptp(xy[part, 1]) > np.ptp(xy[part, 0]))
        order = part[np.argsort(xy[part, side], kind="stable")]
        parts += [order[: len(order) // 2], order[len(order) // 2 :]]
    return done


def lauf(folder: Path) -> Scene:
    """Buildings and streets of OpenStreetMap."""
    from data.readers.osm_elements import read_elements
    from data.readers.osm_ground import buildings

    found = buildings(read_elements(osm_file("lauf")))
    homes = found[["geometry"]].assign(households=1, people=3).rename_axis(index="building_id")
    return scene_of(net("lauf", folder).network, gpd.GeoDataFrame(homes, crs=4326))


def demo(_: Path) -> Scene:
    """The invented town, with its compounds and gates."""
    from data.demo import draw_town
    from data.profiles import load_profile
    from geo.network import walk_network

    town = draw_town(load_profile("demo"), scale=0.5, seed=7)
    network = walk_network(town.streets, gates=town.gates, compounds=town.compounds, barriers=town.barriers)
    return scene_of(network, town.buildings)


def main() -> None:
    """Print a line a town, size and peer; exit 1 where a goal fails."""
    asked = argparse.ArgumentParser(prog="bench.rounds")
    asked.add_argument("--quick", action="store_true")
    count = BLOCKS_QUICK if asked.parse_args().quick else BLOCKS
    if not PEERS_PYTHON.exists():
        sys.exit("The peers are not set up: make bench-peers")
    holds = []
    with tempfile.TemporaryDirectory(prefix="wangge-bench-") as place:
        towns = {"demo": demo} | ({} if why_missing("lauf") else {"lauf": lauf})
        for name, made in towns.items():
            scene = made(Path(place))
            for size in SIZES:
                holds += compared(name, scene, size, count, Path(place))
            holds.append(community(name, scene))
    sys.exit(0 if all(holds) else 1)


def compared(name: str, scene: Scene, size: int, count: int, place: Path) -> list[bool]:
    """Compare the tours of some blocks of one size."""
    chosen = np.random.default_rng(11).permutation(len(parts := blocks(scene.homes.xy, size)))[:count]
    tables = {str(one): ways_between(scene.network, scene.homes.take(parts[one]))[0] for one in chosen}
    np.savez(place / "tables.npz", **tables)
    tour(next(iter(tables.values())), seed=0)  # compiled before it is timed
    start = time.perf_counter()
    ours = {key: tour(table, seed=0) for key, table in tables.items()}
    ours_s = time.perf_counter() - start
    mine = {key: length_of(tables[key], order) for key, order in ours.items()}
    holds = []
    for method in METHODS:
        peer = str(Path(__file__).with_name("peer.py"))
        done = subprocess.run(
            [str(PEERS_PYTHON), peer, str(place / "tables.npz"), str(place / "out.npz"), method],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        peer_s, found = sum(json.loads(done.stdout).values()), np.load(place / "out.npz")
        theirs = {key: length_of(tables[key], found[key]) for key in tables}
        are_tours = all(sorted(found[key]) == sorted(ours[key]) == list(range(len(tables[key]))) for key in tables)
        ratios = np.array([mine[key] / theirs[key] for key in tables])
        row = {
            "task": "rounds", "data": name, "doors": size, "blocks": len(tables), "peer": method,
            "ours_s": round(ours_s, 3), "peer_s": round(peer_s, 3), "ratio": round(peer_s / ours_s, 1),
            "answers_equal": are_tours, "goal": "never longer",
            "quality": {
                "ours_to_peer_mean": mean_of(ratios), "ours_to_peer_worst": round(float(ratios.max()), 4),
                "ours_to_nearest": mean_of(mine[key] / length_of(t, nearest_first(t)) for key, t in tables.items()),
                "ours_to_tree": mean_of(mine[key] / tree_m(t) for key, t in tables.items() if tree_m(t) > 0),
            },
        }  # fmt: skip
        print(json.dumps(row), flush=True)
        holds.append(bool(are_tours and ratios.max() <= 1 + 1e-9))
    return holds


def mean_of(values: object) -> float:
    """The mean, short."""
    return round(float(np.mean(list(values))), 4)  # type: ignore[call-overload]  # an iterable of numbers


def community(name: str, scene: Scene) -> bool:
    """Time a community: tables and tours of ten grids side by side."""
    parts = blocks(scene.homes.xy, SIZES[1])[:COMMUNITY_GRIDS]
    took = []
    for _ in range(3):
        start = time.perf_counter()
        for part in parts:
            tour(ways_between(scene.network, scene.homes.take(part))[0], seed=0)
        took.append(time.perf_counter() - start)
    row = {"task": "community", "data": name, "grids": len(parts), "doors": sum(map(len, parts)),
           "ours_s": round(min(took), 3), "goal": "< 1 s"}  # fmt: skip
    print(json.dumps(row), flush=True)
    return min(took) < 1


if __name__ == "__main__":
    main()
