"""Ours, one task a process, warmed first, so that no compiled code is ever waited for.

Usage: python -m bench.reach.ours OUT.npz FOLDER REPEATS (circles SEED COUNT | nearest SEED COUNT | every)
"""

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.reach.draw import facilities
from bench.reach.nets import Floats, doors_at
from bench.reach.timing import best, hand_back
from geo.access import Doors
from geo.nearest import nearest_to_nodes
from geo.network import WalkNetwork
from geo.searches import Met, Net, circles_within, net_of, nodes_within, sums_within

LIMITS_M = np.array([360.0, 1080.0])
GROWTH_M = (135.0, 270.0, 540.0, 1080.0, 2160.0)
SAMPLES = (20, 200)
WARM = 16


class Ground:
    """A network, its homes, and which of its nodes the peers know."""

    def __init__(self, folder: Path) -> None:
        self.network: WalkNetwork = pickle.loads((folder / "net.pickle").read_bytes())
        graph = dict(np.load(folder / "graph.npz"))
        self.kept = graph["kept"]
        home = np.flatnonzero(graph["households"])
        self.homes = doors_at(self.network, self.kept[home])
        self.weights = graph["households"][home].astype(np.float64).reshape(-1, 1)
        self.place = np.full(len(self.network.component), -1, dtype=np.int64)
        self.place[self.kept] = np.arange(len(self.kept))

    def facilities(self, seed: int, count: int) -> Doors:
        """Return the places at the nodes that the peers know as facilities."""
        return doors_at(self.network, self.kept[facilities(len(self.kept), seed, count)])


def circles(out: Path, ground: Ground, repeats: int, seed: int, count: int) -> None:
    """Search the nodes within 1,080 m and the households within both limits; hand back the nodes in peers' order."""
    places = ground.facilities(seed, count)
    net, warm = net_of(ground.network, ground.homes), places.take(np.arange(WARM))
    within(net, warm, ground.weights)
    _, built = best(lambda: net_of(ground.network, ground.homes), repeats=repeats)
    costs: dict[str, Any] = {"net": built}
    for sample in SAMPLES:
        few = places.take(np.arange(sample))
        _, costs[f"circles {sample}"] = best(lambda few=few: within(net, few, ground.weights), repeats=3 * repeats)
    (met, counts, sums), costs["circles"] = best(lambda: within(net, places, ground.weights), repeats=repeats)
    _, costs["nodes"] = best(lambda: nodes_within(net, places, limit_m=1080.0), repeats=repeats)
    _, costs["sums"] = best(lambda: sums_within(net, places, ground.weights, limits_m=LIMITS_M), repeats=repeats)
    costs["growth"] = grown(net, places, repeats)
    node = ground.place[met.node]
    facility = np.repeat(np.arange(len(places.edge)), np.diff(met.start))
    order = np.lexsort((node, facility))
    hand_back(out, costs, facility=facility[order], node=node[order], to_m=met.to_m[order], counts=counts, sums=sums)


def within(net: Net, places: Doors, weights: Floats) -> tuple[Met, Any, Floats]:
    """Return the nodes within 1,080 m, how many within each limit, and the households within each."""
    met, sums = circles_within(net, places, weights, limits_m=LIMITS_M)
    facility = np.repeat(np.arange(len(places.edge)), np.diff(met.start))
    near = np.bincount(facility[met.to_m <= LIMITS_M[0]], minlength=len(places.edge))
    counts = np.stack([near, np.diff(met.start)], axis=1)
    return met, counts, sums[:, :, 0]


def grown(net: Net, places: Doors, repeats: int) -> list[dict[str, float]]:
    """Return seconds a facility beside the nodes it settles, for ever wider circles."""
    rows = []
    for limit_m in GROWTH_M:
        met, cost = best(lambda limit_m=limit_m: nodes_within(net, places, limit_m=limit_m), repeats=repeats)
        settled = len(met.node) / len(places.edge)
        us = 1e6 * cost["cpu_s"] / len(places.edge)
        row = {"limit_m": limit_m, "settled": round(settled, 1), "cpu_us": round(us, 2)}
        rows.append(row | {"ns_a_node": round(1e3 * us / settled, 1)})
    return rows


def nearest(out: Path, ground: Ground, repeats: int, seed: int, count: int) -> None:
    """Search the nearest facility of every node."""
    places = ground.facilities(seed, count)
    net = net_of(ground.network, ground.homes)
    nearest_to_nodes(net, places)
    found, cost = best(lambda: nearest_to_nodes(net, places), repeats=2 * repeats)
    hand_back(out, {"nearest": cost}, way_m=found.way_m[ground.kept], owner=found.owner[ground.kept])


def every(out: Path, ground: Ground, repeats: int) -> None:
    """Sum the households within 1,080 m of every node."""
    places, limits_m = doors_at(ground.network, ground.kept), LIMITS_M[-1:]
    net = net_of(ground.network, ground.homes)
    sums_within(net, places.take(np.arange(WARM)), ground.weights, limits_m=limits_m)
    _, built = best(lambda: net_of(ground.network, ground.homes), repeats=repeats)
    sums, cost = best(lambda: sums_within(net, places, ground.weights, limits_m=limits_m), repeats=repeats)
    hand_back(out, {"net": built, "every": cost}, sums=sums[:, 0, 0])


if __name__ == "__main__":
    task = {"circles": circles, "nearest": nearest, "every": every}[sys.argv[4]]
    task(Path(sys.argv[1]), Ground(Path(sys.argv[2])), int(sys.argv[3]), *map(int, sys.argv[5:]))
