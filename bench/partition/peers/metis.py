"""METIS (pymetis), contiguous k-way, called three ways.

default: as most would. well: the balance loosened to the band's 25 % and borders weighted by
nearness, 1000 / distance. costs: the same with border costs (metres, less along lines) in tenths, what
a caller would do who has measured his borders. What does not hang together is divided part by part.

Usage: python -m bench.partition.peers.metis GRAPH.npz OUT.npz (default | well | costs) HOUSEHOLDS_A_ZONE
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pymetis
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from bench.partition.peers.cost import hand_back, measured

UFACTOR, NEAREST_M, NEARNESS = 250, 5.0, 1000.0


class Piece(NamedTuple):
    """One connected part of a community, ready to call: its cells, how many zones, and what METIS takes."""

    members: Any
    parts: int
    net: pymetis.CSRAdjacency
    mass: Any
    weights: Any


def weights_of(arrays: Any, call: str) -> Any:
    """Return integer weights of the arcs, or None for the default call."""
    if call == "default":
        return None
    if call == "costs":
        return np.maximum(1, np.rint(10 * arrays["cost"])).astype(np.int32)
    tails = np.repeat(np.arange(len(arrays["mass"])), np.diff(arrays["ptr"]))
    heads = arrays["idx"]
    span = np.hypot(arrays["x"][tails] - arrays["x"][heads], arrays["y"][tails] - arrays["y"][heads])
    return np.maximum(1, NEARNESS / np.maximum(span, NEAREST_M)).astype(np.int32)


def pieces_of(arrays: Any, call: str, share: float) -> list[Piece]:
    """Return the parts of the graph that hang together: METIS refuses to keep zones in one piece in any other."""
    weights, size = weights_of(arrays, call), len(arrays["mass"])
    tails = np.repeat(np.arange(size), np.diff(arrays["ptr"]))
    heads = arrays["idx"].astype(np.int64)
    links = csr_array((np.ones(len(heads), dtype=np.int8), heads, arrays["ptr"]), shape=(size, size))
    count, part = connected_components(links, directed=False)
    pieces = []
    for number in range(count):
        members = np.flatnonzero(part == number)
        place = np.full(size, -1, dtype=np.int64)
        place[members] = np.arange(len(members))
        arc = (place[tails] >= 0) & (place[heads] >= 0)
        ptr = np.concatenate([[0], np.cumsum(np.bincount(place[tails[arc]], minlength=len(members)))])
        net = pymetis.CSRAdjacency(ptr.astype(np.int32), place[heads[arc]].astype(np.int32))
        mass = arrays["mass"][members].astype(np.int32)
        parts = max(1, round(int(mass.sum()) / share))
        pieces.append(Piece(members, parts, net, mass, None if weights is None else weights[arc]))
    return pieces


def divided(pieces: list[Piece], call: str) -> list[Any]:
    """Return METIS's labels of every piece."""
    options = pymetis.Options(contig=1) if call == "default" else pymetis.Options(contig=1, ufactor=UFACTOR)
    return [
        [0] * len(piece.members)
        if piece.parts == 1
        else pymetis.part_graph(
            piece.parts, piece.net, vweights=piece.mass, eweights=piece.weights, recursive=False, options=options
        )[1]
        for piece in pieces
    ]


def main(graph: Path, out: Path, call: str, share: float) -> None:
    """Partition the graph and hand back labels and cost; graphs and weights are made before the clock starts."""
    with np.load(graph) as file:
        arrays = dict(file)
    pieces = pieces_of(arrays, call, share)
    found, cost = measured(lambda: divided(pieces, call))
    labels, first = np.full(len(arrays["mass"]), -1, dtype=np.int64), 0
    for piece, own in zip(pieces, found, strict=True):
        labels[piece.members] = first + np.asarray(own, dtype=np.int64)
        first += piece.parts
    hand_back(out, cost, labels=labels)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
