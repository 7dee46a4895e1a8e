"""Quality of labels, the same arithmetic for ours and for every peer."""

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bench.partition.ground import Arrays, Ints, Shapes


def quality_of(arrays: Arrays, labels: Ints, band: tuple[int, int], cells: Shapes | None = None) -> dict[str, Any]:
    """Return how good labels are: band, contiguity on foot, shape where cells are given.

    Parameters
    ----------
    arrays
        A graph as `bench.partition.ground` makes it.
    labels
        ``(n,)`` zone of each cell; below 0 where it was given none.
    band
        Fewest and most households.
    cells
        ``(n,)`` Polygons, or None.
    """
    zones = np.unique(labels[labels >= 0])
    masses = masses_of(arrays, labels)
    inside = (masses >= band[0]) & (masses <= band[1])
    row = {
        "zones": len(zones),
        "in_band": round(float(inside.mean()), 6),
        "out_of_band": int((~inside).sum()),
        "least": int(masses.min()),
        "most": int(masses.max()),
        "in_pieces": int((pieces_of(arrays, labels) > 1).sum()),
        "without_zone": int((labels < 0).sum()),
    }
    if cells is not None:
        shape = compactness(zone_shapes(cells, labels))
        row |= {"pp_median": round(float(np.median(shape)), 4), "pp_p10": round(float(np.percentile(shape, 10)), 4)}
    return row


def masses_of(arrays: Arrays, labels: Ints) -> Ints:
    """Return the households of each zone, in order of its label."""
    _, at = np.unique(labels[labels >= 0], return_inverse=True)
    return np.bincount(at, weights=arrays["mass"][labels >= 0]).astype(np.int64)


def pieces_of(arrays: Arrays, labels: Ints, stands: npt.NDArray[np.bool_] | None = None) -> Ints:
    """Return how many pieces on foot each zone has; cells where nobody `stands` are left out."""
    on = labels >= 0 if stands is None else (labels >= 0) & stands
    tails = np.repeat(np.arange(len(labels)), np.diff(arrays["ptr"]))
    heads = arrays["idx"]
    same = arrays["foot"] & (labels[tails] == labels[heads]) & on[tails] & on[heads]
    links = coo_array((np.ones(int(same.sum()), dtype=np.int8), (tails[same], heads[same])), shape=(len(labels),) * 2)
    _, piece = connected_components(links, directed=False)
    pairs = np.unique(np.column_stack([labels[on], piece[on]]), axis=0)
    return np.unique(pairs[:, 0], return_counts=True)[1].astype(np.int64)


def zone_shapes(cells: Shapes, labels: Ints) -> Shapes:
    """Return the ground of each zone, by coverage union."""
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(labels[order]) != 0]))
    return np.array([shapely.coverage_union_all(cells[run]) for run in np.split(order, starts[1:])], dtype=object)


def compactness(shapes: Shapes) -> npt.NDArray[np.float64]:
    """Return Polsby-Popper, 4 pi area / perimeter squared: 1 for a disc."""
    return np.asarray(4 * np.pi * shapely.area(shapes) / shapely.length(shapes) ** 2)


def no_line_share(a: Ints, b: Ints, length_m: npt.NDArray[np.float64], kind: Any, labels: Ints) -> float:
    """Return the share of the zones' inner border (m) that lies on no road, water, wall or rail."""
    parted = (labels[a] != labels[b]) & (labels[a] >= 0) & (labels[b] >= 0)
    on_line = np.isin(np.asarray(kind, dtype=str), ("road", "water", "wall", "rail"))
    whole = length_m[parted].sum()
    return float(length_m[parted & ~on_line].sum() / whole) if whole else 0.0
