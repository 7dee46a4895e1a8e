"""Cuts: the metres of street within a limit, beside a network whose every edge is cut into pieces of a metre.

scipy's Dijkstra knows nothing of cut edges, so it walks the fine network; a fine piece counts where its middle is
within the limit.
"""

from pathlib import Path
from typing import Any

import numpy as np

from bench.reach.nets import Floats, Ints, Net, net
from bench.reach.report import Report
from bench.reach.runs import CORES
from bench.reach.timing import best
from geo.access import Doors
from geo.pieces import reached_pieces
from geo.searches import net_of, nodes_within

LIMITS_M = np.array([360.0, 1080.0])
FINE_M, LEAST = 1.0, 3  # at least three pieces: then no two run between the same nodes
PLACES, SNAP_M, SHARE = 20, 30.0, 0.005


def cuts(report: Report, folder: Path, names: list[str], seeds: list[int]) -> None:
    """Compare the metres of street about places that stand anywhere on an edge, and some way off it."""
    for name in names:
        ground = net(name, folder)
        fine = Fine(ground)
        for seed in seeds:
            places, node = fine.places(seed)
            reached_m, cost = best(lambda: reached(ground, places), repeats=3)  # noqa: B023
            expected_m, peer_cost = best(lambda: fine.reached(node, places.snap_m), repeats=1)  # noqa: B023
            off = float((np.abs(reached_m - expected_m) / np.maximum(expected_m, 1.0)).max())
            report.compared(
                "cuts", f"{name} seed {seed}", ground.size | {"facilities": PLACES, "fine_edges": len(fine.half_m)},
                ours=cost, peer="scipy on edges of a metre", peer_cost=peer_cost, answers_equal=off <= SHARE,
                threads=(CORES, 1),
                quality={"worst_share_off": round(off, 6), "street_m": np.rint(reached_m.sum(axis=0)).tolist()},
            )  # fmt: skip


def reached(ground: Net, places: Doors) -> Floats:
    """Return (p, 2) metres of street within the limits of places."""
    nothing = places.take(np.empty(0, dtype=np.int64))
    met = nodes_within(net_of(ground.network, nothing), places, limit_m=LIMITS_M[-1])
    return reached_pieces(ground.network, places, met, LIMITS_M).length_m.reshape(-1, len(LIMITS_M))


class Fine:
    """A network with every edge cut into equal pieces of a metre or less: all its pieces, islands and loops too."""

    def __init__(self, ground: Net) -> None:
        network = self.network = ground.network
        self.kept = ground.kept
        self.parts = np.maximum(np.ceil(network.edge_length_m / FINE_M).astype(np.int64), LEAST)
        inner = self.parts - 1
        self.first = len(network.node_xy) + np.concatenate([[0], np.cumsum(inner)[:-1]])
        edge = np.repeat(np.arange(len(inner)), self.parts)
        step = np.arange(len(edge)) - np.repeat(np.cumsum(self.parts) - self.parts, self.parts)
        self.ends = np.stack([self.node_at(edge, step), self.node_at(edge, step + 1)], axis=1)
        self.part_m = (network.edge_length_m / self.parts)[edge]
        self.half_m = self.part_m / 2
        self.nodes = int(self.first[-1] + inner[-1])

    def node_at(self, edge: Ints, step: Ints) -> Ints:
        """Return the node so many pieces along edges."""
        ends = self.network.edge_nodes[edge]
        inside = self.first[edge] + step - 1
        return np.where(step == 0, ends[:, 0], np.where(step == self.parts[edge], ends[:, 1], inside)).astype(np.int64)

    def places(self, seed: int) -> tuple[Doors, Ints]:
        """Return places at cuts of edges of the largest piece, each with a stretch before it, and their nodes."""
        rng, network = np.random.default_rng(seed), self.network
        edge = rng.choice(np.flatnonzero(network.component[network.edge_nodes[:, 0]] == 0), PLACES, replace=False)
        step = rng.integers(0, self.parts[edge] + 1)
        along_m = step * network.edge_length_m[edge] / self.parts[edge]
        nobody, problem = np.full(PLACES, -1, dtype=np.int64), np.full(PLACES, None, dtype=object)
        snap_m, xy = rng.uniform(0, SNAP_M, PLACES), np.zeros((PLACES, 2))
        return Doors(xy, edge, along_m, snap_m, nobody, nobody.copy(), problem), self.node_at(edge, step)

    def reached(self, node: Ints, snap_m: Floats) -> Floats:
        """Return (p, 2) metres of street within the limits of nodes, the stretch before each walked first."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import dijkstra

        shape = self.nodes, self.nodes
        graph = coo_array((self.part_m, tuple(self.ends.T)), shape=shape).tocsr()
        found: list[Any] = []
        for place, before_m in zip(node, snap_m, strict=True):
            to_m = dijkstra(graph, directed=False, indices=place, limit=LIMITS_M[-1]) + before_m
            middle_m = to_m[self.ends].min(axis=1) + self.half_m
            found.append([self.part_m[middle_m <= limit_m].sum() for limit_m in LIMITS_M])
        return np.array(found)
