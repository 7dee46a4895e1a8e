"""From labels to polygons: `geo.cover.dissolve` beside geopandas and shapely, on one labelled city."""

from pathlib import Path

import numpy as np
import pandas as pd

from bench.partition.bare import BAND, frames_of
from bench.partition.city import REPORT_SEEDS, invented
from bench.partition.ground import ground_of, polygons_of, written
from bench.partition.report import Report
from bench.partition.runs import Caller, Outcome, interleaved

CALLS = {
    "geopandas dissolve": "dissolve",
    "shapely union_all by zone": "union",
    "shapely coverage_union_all by zone": "coverage",
}
GOAL_S, GOAL_SIZE, SAME_AREA = 1.0, 100_000, 1e-9


def polygons(report: Report, folder: Path, size: int) -> None:
    """Join a city's cells to zones, all callers with METIS's labels, cells in degrees."""
    arrays = ground_of(*invented(size, seed=REPORT_SEEDS[0]))
    cells, _ = frames_of(arrays, polygons_of(arrays))
    graph = written(folder / "graph.npz", arrays)
    metis = Caller("METIS well", "peers.metis", (str(graph), "well", str(sum(BAND) / 2)))
    labels = interleaved([metis], folder, rounds=1)["METIS well"].labels
    path = folder / "labelled.pickle"
    pd.to_pickle({"cells": cells, "assignment": pd.Series(labels, index=cells.index, name="grid")}, path)
    rings, xy = outlines(cells)
    given = written(folder / "labelled.npz", {"ring_ptr": rings, "ring_xy": xy, "labels": labels})
    ours = Caller("ours", "ours", (str(path), "polygons"), is_ours=True)
    peers = [Caller(name, "peers.unions", (str(given), call)) for name, call in CALLS.items()]
    found = interleaved([ours, *peers], folder, rounds=3)
    for name in CALLS:
        same = equal_areas(found["ours"], found[name])
        report.compared(
            "polygons", "city_mixed", size, ours=found["ours"], peer=found[name],
            comparable=f"area of every zone equal to 1e-9: {same}", quality={},
        )  # fmt: skip
        if size >= GOAL_SIZE:
            report.floor("same zones", f"polygons, {name}", goal="areas equal to 1e-9", seen=same, holds=same)
    wall = found["ours"].failed or found["ours"].cost["wall_s"]
    report.floor(
        "labels to polygons, wall s", f"city_mixed {size}", goal=f"< {GOAL_S}", seen=wall,
        holds=isinstance(wall, float) and wall < GOAL_S,
    )  # fmt: skip


def outlines(cells: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the outlines of cells as runs of coordinates, not closed."""
    import shapely

    xy, ring = shapely.get_coordinates(shapely.get_exterior_ring(cells.geometry.to_numpy()), return_index=True)
    last = np.flatnonzero(np.diff(ring, append=-1) != 0)
    kept = np.delete(np.arange(len(xy)), last)
    counts = np.bincount(ring[kept], minlength=len(cells))
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), xy[kept]


def equal_areas(ours: Outcome, peer: Outcome) -> bool:
    """Return whether both give every zone the same area."""
    if ours.failed is not None or peer.failed is not None:
        return False
    return bool(np.allclose(ours.answer["area"], peer.answer["area"], rtol=SAME_AREA, atol=0))
