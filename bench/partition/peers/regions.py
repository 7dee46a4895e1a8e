"""spopt's regionalisers on a ready graph: Ward with contiguity, and max-p with a threshold.

Usage: python -m bench.partition.peers.regions GRAPH.npz OUT.npz (ward | maxp) HOUSEHOLDS_A_ZONE LEAST
"""

import sys
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from libpysal.weights import W
from spopt.region import MaxPHeuristic, WardSpatial

from bench.partition.peers.cost import hand_back, measured

SEED, CONSTRUCTIONS, ANNEALINGS = 1, 5, 2


def solved(model: Any) -> Any:
    """Return the labels of a model of spopt."""
    model.solve()
    return model.labels_


def main(graph: Path, out: Path, call: str, share: float, least: int) -> None:
    """Group the cells by place; Ward is given the number of zones, max-p the fewest households."""
    warnings.filterwarnings("ignore")
    with np.load(graph) as file:
        arrays = dict(file)
    places = np.column_stack([arrays["x"], arrays["y"]])
    table = {"households": arrays["mass"], "x": arrays["x"], "y": arrays["y"]}
    frame = gpd.GeoDataFrame(table, geometry=shapely.points(places))
    rows = np.split(arrays["idx"], arrays["ptr"][1:-1])
    weights = W({cell: row.tolist() for cell, row in enumerate(rows)}, silence_warnings=True)
    np.random.seed(SEED)
    if call == "ward":
        parts = round(int(arrays["mass"].sum()) / share)
        model = WardSpatial(frame, weights, ["x", "y"], n_clusters=parts)
    else:
        model = MaxPHeuristic(
            frame, weights, ["x", "y"], "households", least, 2,
            max_iterations_construction=CONSTRUCTIONS, max_iterations_sa=ANNEALINGS,
        )  # fmt: skip
    found, cost = measured(lambda: solved(model))
    hand_back(out, cost, labels=np.asarray(found, dtype=np.int64))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], float(sys.argv[4]), int(sys.argv[5]))
