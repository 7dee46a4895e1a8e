"""From labels to zone polygons: what a user of geopandas or shapely would write.

Usage: python -m bench.partition.peers.unions CELLS.npz OUT.npz (dissolve | union | coverage)
CELLS.npz holds ring_ptr, ring_xy (outlines, not closed) and labels.
"""

import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from bench.partition.peers.cost import hand_back, measured


def dissolve(cells: Any, labels: Any) -> Any:
    """Return the zones by geopandas, its default way."""
    return gpd.GeoDataFrame({"zone": labels}, geometry=cells).dissolve("zone").geometry.to_numpy()


def by_zone(union: Any) -> Any:
    """Return a function that joins the cells of each zone by `union`."""

    def joined(cells: Any, labels: Any) -> Any:
        order = np.argsort(labels, kind="stable")
        starts = np.flatnonzero(np.diff(labels[order])) + 1
        return np.array([union(cells[run]) for run in np.split(order, starts)], dtype=object)

    return joined


CALLS = {
    "dissolve": dissolve,
    "union": by_zone(shapely.union_all),
    "coverage": by_zone(shapely.coverage_union_all),
}


def main(given: Path, out: Path, call: str) -> None:
    """Join the cells and hand back each zone's area and number of points."""
    with np.load(given) as file:
        ptr, xy, labels = file["ring_ptr"], file["ring_xy"], file["labels"]
    rings = shapely.linearrings(xy, indices=np.repeat(np.arange(len(ptr) - 1), np.diff(ptr)))
    cells = shapely.polygons(rings)
    zones, cost = measured(lambda: CALLS[call](cells, labels))
    hand_back(out, cost, area=shapely.area(zones), points=shapely.get_num_coordinates(zones))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
