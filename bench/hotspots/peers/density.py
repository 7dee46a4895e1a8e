"""KDEpy's FFTKDE on a given grid and on its own, and a histogram smoothed by SciPy: incidents per square kilometre.

Usage: python -m bench.hotspots.peers.density OUT.npz POINTS.npz REPEATS (same_grid | own_grid | hand)

The grid and its points are made before the clock starts, and are told in kilometres: KDEpy ends its kernel where it
falls below a ten-thousandth whatever the unit, which in metres is 2.4 bandwidths and loses 3 % of all.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.reach.timing import best, hand_back

M_PER_KM, M2_PER_KM2 = 1000.0, 1e6


def same_grid(arrays: dict[str, Any], repeats: int) -> tuple[Any, Any, str]:
    """Evaluate on the middles of our cells."""
    from KDEpy import FFTKDE

    west, _, east, north = arrays["bounds"].tolist()
    cells = int(arrays["cells"])
    middle = (np.arange(cells) + 0.5) * ((east - west) / cells)
    x, y = np.meshgrid(west + middle, north - middle[::-1], indexing="ij")
    grid, places = np.stack([x.ravel(), y.ravel()], axis=1) / M_PER_KM, arrays["xy"] / M_PER_KM
    asked = FFTKDE(kernel="gaussian", bw=float(arrays["bandwidth_m"]) / M_PER_KM)
    found, cost = best(lambda: asked.fit(places).evaluate(grid), repeats=repeats)
    surface = found.reshape(cells, cells).T[::-1] * len(places)
    return surface, cost, "KDEpy FFTKDE, the same grid"


def own_grid(arrays: dict[str, Any], repeats: int) -> tuple[Any, Any, str]:
    """Evaluate as the manual does, on as many points that KDEpy lays itself; its answer is not compared."""
    from KDEpy import FFTKDE

    places = arrays["xy"] / M_PER_KM
    asked = FFTKDE(kernel="gaussian", bw=float(arrays["bandwidth_m"]) / M_PER_KM)
    (_, found), cost = best(lambda: asked.fit(places).evaluate(int(arrays["cells"])), repeats=repeats)
    return found, cost, "KDEpy FFTKDE, its own grid"


def hand(arrays: dict[str, Any], repeats: int) -> tuple[Any, Any, str]:
    """Count by numpy.bincount and smooth by scipy's gaussian_filter in single precision."""
    from scipy.ndimage import gaussian_filter

    west, _, east, north = arrays["bounds"].tolist()
    cells, xy = int(arrays["cells"]), arrays["xy"]
    cell_m = (east - west) / cells

    def smoothed() -> Any:
        column, row = ((xy[:, 0] - west) / cell_m).astype(np.int32), ((north - xy[:, 1]) / cell_m).astype(np.int32)
        counts = np.bincount(row * cells + column, minlength=cells**2).reshape(cells, cells).astype(np.float32)
        return gaussian_filter(counts, float(arrays["bandwidth_m"]) / cell_m, mode="constant")

    found, cost = best(smoothed, repeats=repeats)
    return found * (M2_PER_KM2 / cell_m**2), cost, "numpy.bincount + scipy gaussian_filter, float32"


if __name__ == "__main__":
    call = {"same_grid": same_grid, "own_grid": own_grid, "hand": hand}[sys.argv[4]]
    made, took, called = call(dict(np.load(sys.argv[2])), int(sys.argv[3]))
    hand_back(Path(sys.argv[1]), {"surface": took, "called": called}, surface=made)  # type: ignore[dict-item]
