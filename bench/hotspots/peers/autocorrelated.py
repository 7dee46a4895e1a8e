"""esda on squares, called as well as it can be, and as most call it.

Usage: python -m bench.hotspots.peers.autocorrelated OUT.npz POINTS.npz (local | permutations | first) REPEATS [JOBS]

Well called: a `Graph` that holds the cells themselves, already binary, made once; a `W`, as examples have it, is
standardised and its diagonal filled at every call. transform="R" would give Gi* a self weight of 1 beside neighbours
of 1/8: another statistic. The histogram is NumPy's own, and once more as one writes it by hand when that is too slow.
"""

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from esda.getisord import G_Local
from esda.moran import Moran_Local
from libpysal.graph import Graph
from libpysal.weights import lat2W, w_subset

from bench.reach.timing import best, hand_back

SEED = 5


class Ground:
    """Points, the shape of their squares, which count, and their neighbours as esda takes them."""

    def __init__(self, file: str) -> None:
        arrays = dict(np.load(file))
        self.xy, self.inside = arrays["xy"], arrays["inside"]
        self.counts = arrays["counts"][self.inside].astype(float)
        self.rates = arrays["rates"][self.inside] if "rates" in arrays else None
        self.shape = int(arrays["rows"]), int(arrays["columns"])
        self.origin_m, self.cell_m = arrays["origin_m"], float(arrays["cell_m"])

    def weights(self) -> Any:
        """Return the queen's weights of the squares that count."""
        whole = lat2W(*self.shape, rook=False)
        return whole if self.inside.all() else w_subset(whole, np.flatnonzero(self.inside).tolist())

    def histogram(self) -> Any:
        """Count by numpy.histogram2d."""
        (rows, columns), (west, south) = self.shape, self.origin_m
        span = [[south, south + rows * self.cell_m], [west, west + columns * self.cell_m]]
        return np.histogram2d(self.xy[:, 1], self.xy[:, 0], bins=self.shape, range=span)[0].ravel()

    def by_hand(self) -> Any:
        """Count by numpy.bincount, points trusted to lie inside."""
        (rows, columns), (west, south) = self.shape, self.origin_m
        row = np.minimum(((self.xy[:, 1] - south) / self.cell_m).astype(np.int32), rows - 1)
        column = np.minimum(((self.xy[:, 0] - west) / self.cell_m).astype(np.int32), columns - 1)
        return np.bincount(row * columns + column, minlength=rows * columns)


def local(out: Path, ground: Ground, repeats: int, _: int) -> None:
    """Gi* without permutations."""
    few, costs = max(3, repeats // 20), {}
    found, costs["histogram"] = best(ground.histogram, repeats=3)
    hand, costs["by_hand"] = best(ground.by_hand, repeats=few)
    weights, costs["weights"] = best(ground.weights, repeats=1)
    near, costs["graph"] = best(lambda: Graph.from_W(weights).assign_self_weight(1).transform("b"), repeats=1)
    around = Graph.from_W(weights).transform("r")
    y = ground.counts

    def scored(graph: Any) -> Any:
        return G_Local(y, graph, star=True, transform="B", permutations=0)

    best_called, costs["ready"] = best(lambda: scored(near), repeats=repeats)
    _usual, costs["usual"] = best(lambda: scored(weights), repeats=2)
    moran, costs["moran"] = best(lambda: Moran_Local(y, around, permutations=0), repeats=few)
    hand_back(
        out, costs, histogram=found, by_hand=hand, z=best_called.Zs, p=best_called.p_norm, i=moran.Is, quadrant=moran.q
    )


def permutations(out: Path, ground: Ground, repeats: int, jobs: int) -> None:
    """999 draws, compiled before and workers started; draws are not kept, which saves esda time."""
    weights = ground.weights()
    star, around = Graph.from_W(weights).assign_self_weight(1).transform("b"), Graph.from_W(weights).transform("r")

    def gi(values: Any, graph: Any, times: int = 999) -> Any:
        options = {"permutations": times, "keep_simulations": False, "n_jobs": jobs, "seed": SEED}
        return G_Local(values, graph, star=True, transform="B", **options).p_sim

    def moran(values: Any, times: int = 999) -> Any:
        return Moran_Local(values, around, permutations=times, keep_simulations=False, n_jobs=jobs, seed=SEED).p_sim

    gi(ground.counts, star, 9)
    moran(ground.counts, 9)
    costs: dict[str, Any] = {}
    of_counts, costs["counts"] = best(lambda: gi(ground.counts, star), repeats=repeats)
    of_rates, costs["rates"] = best(lambda: gi(ground.rates, star), repeats=repeats)
    of_moran, costs["moran"] = best(lambda: moran(ground.rates), repeats=repeats)
    hand_back(out, costs, counts=of_counts, rates=of_rates, moran=of_moran)


def first(out: Path, ground: Ground, repeats: int, jobs: int) -> None:
    """Answer once; `repeats` is how many permutations."""
    found = ground.histogram()[ground.inside]
    scored = G_Local(found, ground.weights(), star=True, transform="B", permutations=repeats, n_jobs=jobs, seed=SEED)
    hand_back(out, {}, z=scored.Zs)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    task = {"local": local, "permutations": permutations, "first": first}[sys.argv[3]]
    task(Path(sys.argv[1]), Ground(sys.argv[2]), int(sys.argv[4]), int(sys.argv[5]) if len(sys.argv) > 5 else 1)
