"""What esda says of the small grids, and of Boston, that the tests of `geo.hotspots` hold.

Usage, in .venv-bench: python -m bench.hotspots.peers.pinned [boston_311_2015.csv.gz]

What is printed are the expected numbers of tests/unit/test_hotspots_autocorrelation.py and test_hotspots_rates.py.
"""

import sys
import warnings
from typing import Any

import esda
import numpy as np
import pandas as pd
import pyproj
from esda.getisord import G_Local
from esda.moran import Moran_Local
from esda.smoothing import Empirical_Bayes, Spatial_Empirical_Bayes, assuncao_rate
from libpysal.weights import W, lat2W, w_subset

COUNTS = np.array([0, 1, 0, 2, 9, 1, 0, 3, 7, 12, 0, 2, 1, 4, 8, 5, 0, 0, 1, 2, 6, 4, 1, 0, 0])
INCIDENTS = np.array([3, 1, 0, 2, 29, 1, 0, 3, 17, 42, 1, 2, 1, 4, 8, 25, 0, 0, 1, 2, 6, 14, 1, 0, 0])
# the cells about the first one, and the middle, are left out: the first is an island
LEFT_OUT = (1, 5, 6, 12)
HOUSEHOLDS = np.array([3, 40, 25, 60, 90, 8, 12, 55, 80, 110, 1, 35, 20, 70, 95, 30, 5, 9, 14, 66, 45, 50, 2, 7, 10])
SIDE = 5
BOSTON_M = 250.0


def grid(cells: list[int]) -> Any:
    """Return the queen's weights of some cells of the grid; w.transform is set in place, so each call makes its own."""
    weights = lat2W(SIDE, SIDE, rook=False)
    return w_subset(weights, cells, silence_warnings=True) if len(cells) < SIDE**2 else weights


def told(name: str, values: Any) -> None:
    """Print an array that Python reads back to the last digit."""
    print(f"{name} = {np.asarray(values, dtype=float).ravel().tolist()}")


def main() -> None:
    """Print Gi*, local Moran and rates."""
    warnings.filterwarnings("ignore")
    print(f"# esda {esda.__version__}")
    everything = list(range(SIDE**2))
    for name, cells in (("WHOLE", everything), ("MASKED", [cell for cell in everything if cell not in LEFT_OUT])):
        counts = COUNTS[cells].astype(float)
        told(f"{name}_GI", G_Local(counts, grid(cells), star=True, transform="B", permutations=0).Zs)
        moran = Moran_Local(counts, grid(cells), permutations=0)
        told(f"{name}_I", moran.Is)
        # Sokal's moments are those of z * lag; esda's I carries (n - 1) / n more
        unscaled = moran.Is * len(cells) / (len(cells) - 1)
        told(f"{name}_I_Z", (unscaled - moran.EIc) / np.sqrt(moran.VIc))
        told(f"{name}_QUADRANT", moran.q)
    told("SMOOTHED", Empirical_Bayes(INCIDENTS, HOUSEHOLDS).r)
    weights: W = grid(everything)
    weights.id_order = everything
    told("LOCALLY", Spatial_Empirical_Bayes(INCIDENTS, HOUSEHOLDS, weights).r)
    told("STANDARDISED", assuncao_rate(INCIDENTS, HOUSEHOLDS))
    if len(sys.argv) > 1:
        boston(sys.argv[1])


def boston(file: str) -> None:
    """Print what sums up Gi* and local Moran of requests on squares, those without any request left out."""
    rows = pd.read_csv(file, usecols=["LATITUDE", "LONGITUDE"])
    to_metres = pyproj.Transformer.from_crs(4326, 32619, always_xy=True)
    xy = np.column_stack(to_metres.transform(rows["LONGITUDE"].to_numpy(), rows["LATITUDE"].to_numpy()))
    place = np.floor((xy - xy.min(axis=0)) / BOSTON_M).astype(int)
    columns, lines = place.max(axis=0) + 1
    counts = np.bincount(place[:, 1] * columns + place[:, 0], minlength=columns * lines)
    kept = np.flatnonzero(counts).tolist()
    weights = [w_subset(lat2W(lines, columns, rook=False), kept, silence_warnings=True) for _ in range(2)]
    z = G_Local(counts[kept].astype(float), weights[0], star=True, transform="B", permutations=0).Zs
    moran = Moran_Local(counts[kept].astype(float), weights[1], permutations=0)
    told(
        "BOSTON", [lines, columns, len(kept), z.max(), z.min(), np.abs(z).sum(), moran.Is.sum(), np.abs(moran.Is).sum()]
    )


if __name__ == "__main__":
    main()
