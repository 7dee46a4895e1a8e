"""Aside: ground around trouble that had better be grids by itself, so that the rest can be divided anew."""

from collections.abc import Iterator

import numpy as np

from geo.partition.bands import Band, missed_of
from geo.partition.exact import grids_around
from geo.partition.graph import Graph, Ints, pieces_on_foot
from geo.partition.impossible import (
    CLUSTER_SIZES,
    CLUSTER_STARTS,
    HEAVY_STEPS,
    Joined,
    cluster_around,
    is_without_grids,
    joined_piece,
    nodes_without_grids,
    within_reach,
)

GRIDS_TRIED = 12


def set_aside(graph: Graph, labels: Ints, band: Band, *, rng: np.random.Generator) -> Iterator[Ints]:
    """Yield what may be grids of its own so that the rest is better divided, numbered 0.. cell by cell, -1 elsewhere.

    First all cells in parts out of band that no grid can hold, with their dead ends. Where there are none, grids in
    band that hold the heaviest cell of such a part, and other heavy ones near it that it leaves room to; then one of
    some cells that grids cannot hold together.
    """
    piece = joined_piece(graph, band)
    mass = piece.nodes.mass
    bad = [np.unique(piece.node_of[labels == part]) for part in np.flatnonzero(missed_of(graph, labels, band))]
    bad = [nodes[(2 * mass[nodes] >= band.lo) & (mass[nodes] < band.lo)] for nodes in bad]
    alone = [node for nodes in bad for node in nodes.tolist() if is_without_grids(piece.nodes, [node], band)]
    if alone:
        yield np.where(np.isin(piece.node_of, alone), piece.node_of, -1)
        return
    starts = [int(nodes[np.argmax(mass[nodes])]) for nodes in bad if len(nodes)][:CLUSTER_STARTS]
    for size in CLUSTER_SIZES:
        for start in starts:
            cluster = cluster_around(piece.nodes, start, size, range(band.lo // 2, band.lo), set())
            grids = grids_for(piece, cluster, band, rng=rng) if len(cluster) == size else None
            if grids is not None:
                yield grids[piece.node_of]
    for start in starts:
        for node in nodes_without_grids(piece.nodes, [start], band, set()) or []:
            yield np.where(piece.node_of == node, 0, -1)


def grids_for(piece: Joined, cluster: list[int], band: Band, *, rng: np.random.Generator) -> Ints | None:
    """Return grids in band that hold a cluster and leave what can be shared, as the grid of each node; -1 elsewhere."""
    cells = np.array(cluster, dtype=np.int64)
    near, edge = within_reach(piece.nodes, cells, band.hi)
    for _ in range(GRIDS_TRIED):
        grids = grids_around(piece.nodes, cells, (rng.permutation(near), edge), band, steps=HEAVY_STEPS)
        if grids is None:
            continue
        rest = piece._replace(fragment=pieces_on_foot(piece.nodes, (grids < 0) & (piece.fragment >= 0)))
        if not rest.shared_badly(band)[(grids < 0) & (piece.fragment >= 0)].any():
            return grids
    return None
