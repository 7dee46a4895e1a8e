"""gerrychain: a plan by spanning trees, a ReCom walk, and the least deviation it reaches in a given time.

tree: recursive_tree_part within 25 % of an equal share. recom: 200 steps of ReCom from such a plan (the start
is not timed). best: tree plans of ever smaller tolerance for half the time, then short bursts of ReCom
that keep the least maximum deviation, until the time is over.

Usage: python -m bench.partition.peers.chains GRAPH.npz OUT.npz (tree | recom | best) PARTS [SECONDS]
"""

import random
import sys
import time
import warnings
from collections import deque
from functools import partial
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from gerrychain import Graph, MarkovChain, Partition, accept, updaters
from gerrychain.optimization import SingleMetricOptimizer
from gerrychain.proposals import recom
from gerrychain.proposals.tree_proposals import MetagraphError
from gerrychain.tree import bipartition_tree, recursive_tree_part

from bench.partition.peers.cost import hand_back, measured

SEED, TOLERANCE, STEPS, ATTEMPTS, PAIR_ATTEMPTS = 1, 0.25, 200, 20_000, 100
BURST, BURSTS, SHRINK = 10, 5, 0.8
MASS = "households"


def graph_of(arrays: Any) -> Graph:
    """Return gerrychain's graph."""
    tails = np.repeat(np.arange(len(arrays["mass"])), np.diff(arrays["ptr"]))
    net = nx.Graph()
    net.add_nodes_from((node, {MASS: int(mass)}) for node, mass in enumerate(arrays["mass"]))
    net.add_edges_from(zip(tails.tolist(), arrays["idx"].tolist(), strict=True))
    return Graph.from_networkx(net)


def tree_plan(graph: Graph, parts: int, share: float, tolerance: float, attempts: int = ATTEMPTS) -> Any:
    """Return a plan by recursive spanning trees."""
    method = partial(bipartition_tree, max_attempts=attempts)
    return recursive_tree_part(graph, range(parts), share, MASS, tolerance, method=method)


def walked(graph: Graph, start: Any, share: float) -> Any:
    """Return the plan after the steps of a ReCom walk."""
    first = Partition(graph, start, {MASS: updaters.Tally(MASS)})
    propose = partial(recom, pop_col=MASS, pop_target=share, epsilon=TOLERANCE, node_repeats=2)
    return deque(MarkovChain(propose, [], accept.always_accept, first, STEPS), maxlen=1).pop().assignment


def deviation(plan: Partition, share: float) -> float:
    """Return the largest deviation from an equal share."""
    return max(abs(mass / share - 1) for mass in plan[MASS].values())


def best_plan(graph: Graph, parts: int, share: float, seconds: float) -> Any:
    """Return the plan of least maximum deviation found in the time."""
    start, best, tolerance = time.perf_counter(), None, TOLERANCE
    while time.perf_counter() - start < seconds / 2:
        try:
            found = Partition(graph, tree_plan(graph, parts, share, tolerance, 500), {MASS: updaters.Tally(MASS)})
        except Exception:  # noqa: BLE001 - gerrychain raises several kinds when a tree cannot be cut
            continue
        if best is None or deviation(found, share) < deviation(best, share):
            best = found
            tolerance = max(deviation(found, share) * SHRINK, 1e-4)
    method = partial(bipartition_tree, max_attempts=PAIR_ATTEMPTS, allow_pair_reselection=True, warn_attempts=None)
    while time.perf_counter() - start < seconds:
        reach = max(deviation(best, share), 1e-4)
        propose = partial(recom, pop_col=MASS, pop_target=share, epsilon=reach, node_repeats=1, method=method)
        search = SingleMetricOptimizer(propose, [], best, partial(deviation, share=share), maximize=False)
        try:
            for _ in search.short_bursts(BURST, BURSTS):
                if time.perf_counter() - start > seconds:
                    break
        except MetagraphError:  # no two neighbours can be cut any closer
            break
        best = search.best_part
    return best.assignment


def main(given: Path, out: Path, call: str, parts: int, seconds: float) -> None:
    """Make the plan and hand back labels and cost."""
    warnings.filterwarnings("ignore")
    random.seed(SEED)
    with np.load(given) as file:
        arrays = dict(file)
    graph, share = graph_of(arrays), arrays["mass"].sum() / parts
    if call == "tree":
        found, cost = measured(lambda: tree_plan(graph, parts, share, TOLERANCE))
    elif call == "recom":
        start = tree_plan(graph, parts, share, TOLERANCE)
        found, cost = measured(lambda: walked(graph, start, share))
    else:
        found, cost = measured(lambda: best_plan(graph, parts, share, seconds))
    zone = dict(found.items())
    hand_back(out, cost, labels=np.array([zone[node] for node in range(len(arrays["mass"]))], dtype=np.int64))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), float((sys.argv[5:] or ["60"])[0]))
