"""pandana: the households within 1,080 m of every node, its contraction and its precomputing counted.

Usage: python -m bench.reach.peers.accessible OUT.npz FOLDER REPEATS
"""

import contextlib
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.reach.timing import best, hand_back

LIMIT_M = 1080.0


def main(out: Path, graph: dict[str, Any], repeats: int) -> None:
    """Build, precompute, set and aggregate; each step is also told by itself."""
    import pandana

    def built() -> Any:
        (x, y), (a, b) = graph["xy"].T, graph["edge"].T
        metres = pd.DataFrame({"m": graph["edge_m"]})
        return pandana.Network(pd.Series(x), pd.Series(y), pd.Series(a), pd.Series(b), metres, twoway=True)

    def summed() -> Any:
        homes = pd.Series(graph["households"].astype(np.float64))
        net.set(pd.Series(np.arange(len(homes))), variable=homes, name="households")
        return net.aggregate(LIMIT_M, type="sum", decay="flat", name="households")

    with quiet():
        net, build = best(built, repeats=1)
        _, precompute = best(lambda: net.precompute(LIMIT_M), repeats=1)
        sums, aggregate = best(summed, repeats=repeats)
    hand_back(out, {"build": build, "precompute": precompute, "aggregate": aggregate}, sums=sums.to_numpy())


@contextlib.contextmanager
def quiet() -> Any:
    """Send what the library prints, from Python and from C++, nowhere."""
    warnings.simplefilter("ignore")
    kept = os.dup(1)
    with Path(os.devnull).open("w") as nowhere:
        sys.stdout.flush()
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)


if __name__ == "__main__":
    main(Path(sys.argv[1]), dict(np.load(Path(sys.argv[2]) / "graph.npz")), int(sys.argv[3]))
