"""The peer: Christofides' tour of networkx, and threshold accepting from it, over a table of metres.

Usage: python peer.py IN.npz OUT.npz METHOD
"""

import json
import sys
import time

import networkx as nx
import numpy as np


def main() -> None:
    """Answer for every table of a file, and print the seconds each took."""
    source, out, method = sys.argv[1:4]
    tables = np.load(source)
    tours, seconds = {}, {}
    for name in tables.files:
        graph = nx.from_numpy_array(np.maximum(tables[name], 1e-9))
        graph.remove_edges_from(nx.selfloop_edges(graph))
        start = time.perf_counter()
        found = nx.approximation.christofides(graph)
        if method == "threshold":
            found = nx.approximation.threshold_accepting_tsp(graph, found, seed=1, max_iterations=10, N_inner=500)
        seconds[name] = time.perf_counter() - start
        tours[name] = np.array(found[:-1])
    np.savez(out, **tours)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
