"""scipy.sparse.csgraph and networkx on a ready graph, each called as well as it can be.

Usage: python -m bench.reach.peers.plain OUT.npz FOLDER REPEATS (scipy | ego | nearest) SEED COUNT

scipy: one search a facility for both limits; rows come dense, so what was met is picked out once, and facilities are
asked in the order of the net, as ours are, in chunks whose size is tried out first. networkx: an ego graph for each
limit, as users of osmnx draw circles.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.reach import draw
from bench.reach.timing import best, hand_back

LIMITS_M = (360.0, 1080.0)
CHUNKS = (2, 4, 8, 16, 64)
TRIED = 256


def matrix(graph: dict[str, Any]) -> Any:
    """Return the graph as scipy takes it: both ways in rows, so no transpose is ever made."""
    from scipy.sparse import csr_array

    nodes = len(graph["ptr"]) - 1
    return csr_array((graph["way_m"], graph["idx"], graph["ptr"]), shape=(nodes, nodes))


def scipy_circles(out: Path, graph: dict[str, Any], facilities: Any, repeats: int) -> None:
    """Search with `dijkstra(limit=1080)` in chunks of the best size."""
    net, built = best(lambda: matrix(graph), repeats=repeats)
    homes = graph["households"].astype(np.float64)
    tried = facilities[:TRIED]
    took = {size: best(lambda size=size: chunked(net, homes, tried, size), repeats=2)[1]["wall_s"] for size in CHUNKS}
    size = min(took, key=took.__getitem__)
    found, cost = best(lambda: chunked(net, homes, facilities, size), repeats=repeats)
    names = ("facility", "node", "to_m", "counts", "sums")
    hand_back(out, {"build": built, "circles": cost, "chunk": size}, **dict(zip(names, found, strict=True)))


def chunked(net: Any, homes: Any, facilities: Any, size: int) -> tuple[Any, ...]:
    """Return facility, node and metres of all that is met, and counts and households within both limits."""
    from scipy.sparse.csgraph import dijkstra

    nodes, parts, turn = len(homes), [], np.argsort(facilities)
    for at in range(0, len(facilities), size):
        rows = dijkstra(net, indices=facilities[turn[at : at + size]], limit=LIMITS_M[-1]).ravel()
        met = np.flatnonzero(rows < np.inf)
        row, node = np.divmod(met, nodes) if size > 1 else (np.zeros(len(met), dtype=np.int64), met)
        parts.append((turn[row + at], node, rows[met]))
    facility, node, to_m = (np.concatenate(column) for column in zip(*parts, strict=True))
    near = to_m <= LIMITS_M[0]
    halves = [(facility[near], node[near]), (facility, node)]
    counts = [np.bincount(of, minlength=len(facilities)) for of, _ in halves]
    sums = [np.bincount(of, weights=homes[at], minlength=len(facilities)) for of, at in halves]
    return facility, node, to_m, np.stack(counts, axis=1), np.stack(sums, axis=1)


def ego(out: Path, graph: dict[str, Any], facilities: Any, repeats: int) -> None:
    """Draw an ego graph for each limit and add up its households."""
    import networkx as nx

    net = nx.Graph()
    net.add_nodes_from((node, {"households": count}) for node, count in enumerate(graph["households"].tolist()))
    ends, way_m = graph["edge"].tolist(), graph["edge_m"].tolist()
    net.add_weighted_edges_from(((a, b, m) for (a, b), m in zip(ends, way_m, strict=True)), weight="length")

    def asked() -> Any:
        for at, facility in enumerate(facilities.tolist()):
            for column, limit_m in enumerate(LIMITS_M):
                circle = nx.ego_graph(net, facility, radius=limit_m, distance="length")
                counts[at, column] = circle.number_of_nodes()
                sums[at, column] = sum(count for _, count in circle.nodes(data="households"))

    counts, sums = np.zeros((2, len(facilities), len(LIMITS_M)), dtype=np.int64)
    _, cost = best(asked, repeats=repeats)
    hand_back(out, {"circles": cost}, counts=counts, sums=sums)


def nearest(out: Path, graph: dict[str, Any], facilities: Any, repeats: int) -> None:
    """Search from all facilities at once: metres alone are timed; which facility it is, is asked once more."""
    from scipy.sparse.csgraph import dijkstra

    net = matrix(graph)
    way_m, cost = best(lambda: dijkstra(net, indices=facilities, min_only=True), repeats=2 * repeats)
    whole, with_owner = best(
        lambda: dijkstra(net, indices=facilities, min_only=True, return_predecessors=True), repeats=repeats
    )
    hand_back(out, {"nearest": cost, "with_owner": with_owner}, way_m=way_m, source=whole[2])


if __name__ == "__main__":
    told = dict(np.load(Path(sys.argv[2]) / "graph.npz"))
    drawn = draw.facilities(len(told["kept"]), int(sys.argv[5]), int(sys.argv[6]))
    call = {"scipy": scipy_circles, "ego": ego, "nearest": nearest}[sys.argv[4]]
    call(Path(sys.argv[1]), told, drawn, int(sys.argv[3]))
