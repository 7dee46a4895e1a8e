"""Rings: ground cut in two, again and again, as fields and plots are.

Each cut crosses the long side of what is left, a little off the middle and a little askew, so blocks
follow the roads around them and no two are alike. (Idea: recursive subdivision by oriented boxes, as
in Vanegas et al. 2012, "Procedural generation of parcels in urban modeling".)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.demo.draft import Points, following, signed_m2

Snap = Callable[[Points], Points]
TRIES = 5


@dataclass(frozen=True)
class Cut:
    """A straight cut from one side to the other: ends (2, 2), and how many cuts came before it."""

    ends: Points
    depth: int


@dataclass(frozen=True)
class Size:
    """How small pieces become: between two areas, and never narrower than `least_m`."""

    low_m2: float
    high_m2: float
    least_m: float
    askew: float = 0.1
    spread: float = 0.12


def box(ring: Points) -> tuple[Points, Points, float, float]:
    """Return middle, long direction, length and width of the smallest box that lies along an edge."""
    edges = following(ring) - ring
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    along = edges[lengths > 1e-6] / lengths[lengths > 1e-6, None]
    across = np.column_stack([-along[:, 1], along[:, 0]])
    u, v = along @ ring.T, across @ ring.T
    length, width = u.max(axis=1) - u.min(axis=1), v.max(axis=1) - v.min(axis=1)
    best = int(np.argmin(length * width))
    middle = along[best] * (u[best].max() + u[best].min()) / 2 + across[best] * (v[best].max() + v[best].min()) / 2
    if length[best] >= width[best]:
        return middle, along[best], float(length[best]), float(width[best])
    return middle, across[best], float(width[best]), float(length[best])


def cut(ring: Points, at: Points, direction: Points) -> tuple[Points, Points, Points] | None:
    """Cut an open ring by the line through `at`: two rings and the cut's ends, or None unless it crosses twice."""
    side = (ring[:, 0] - at[0]) * -direction[1] + (ring[:, 1] - at[1]) * direction[0]
    above = side > 0
    turns = np.flatnonzero(above != np.concatenate((above[1:], above[:1])))
    if len(turns) != 2:
        return None
    first, last = int(turns[0]), int(turns[1])
    ends = np.array([_crossing(ring, side, first), _crossing(ring, side, last)])
    left = np.vstack([ends[:1], ring[first + 1 : last + 1], ends[1:]])
    right = np.vstack([ends[1:], ring[last + 1 :], ring[: first + 1], ends[:1]])
    return left, right, ends


def _crossing(ring: Points, side: Points, index: int) -> Points:
    after = (index + 1) % len(ring)
    share = side[index] / (side[index] - side[after])
    point: Points = ring[index] + share * (ring[after] - ring[index])
    return point


def halve(
    ring: Points, size: Size, *, rng: np.random.Generator, snap: Snap | None = None
) -> tuple[Points, Points, Points] | None:
    """Cut a ring across its long side; None where a piece would be narrower than `size.least_m`."""
    middle, along, length, _ = box(ring)
    if length < 2 * size.least_m:
        return None
    for _ in range(TRIES):
        shift = rng.uniform(-size.spread, size.spread) * length
        angle = rng.normal(0, size.askew)
        cosine, sine = np.cos(angle), np.sin(angle)
        direction = np.array([-along[1] * cosine - along[0] * sine, -along[1] * sine + along[0] * cosine])
        parts = cut(ring, middle + shift * along, direction)
        if parts is not None:
            return parts if snap is None else _snapped(parts, snap)
    return None


def _snapped(parts: tuple[Points, Points, Points], snap: Snap) -> tuple[Points, Points, Points]:
    left, right, _ = parts
    ends = np.vstack([left[0], left[-1]])
    ends = snap(ends)
    left, right = left.copy(), right.copy()
    left[0], left[-1], right[0], right[-1] = ends[0], ends[1], ends[1], ends[0]
    return left, right, ends


def divide(
    ring: Points, size: Size, *, rng: np.random.Generator, snap: Snap | None = None
) -> tuple[list[Points], list[Cut]]:
    """Cut a ring into pieces.

    Parameters
    ----------
    ring
        Open ring (n, 2), metres.
    size
        A piece is cut again while it is larger than a number drawn between the two areas.
    rng
        The random stream.
    snap
        Moves the ends of a cut (2, 2), e.g. onto fixed vertices of a border.

    Returns
    -------
    tuple
        The pieces, which tile the ring, and the cuts between them.
    """
    pieces: list[Points] = []
    cuts: list[Cut] = []
    heap = [(ring, 0)]
    while heap:
        piece, depth = heap.pop()
        parts = None
        if abs(signed_m2(piece)) > rng.uniform(size.low_m2, size.high_m2):
            parts = halve(piece, size, rng=rng, snap=snap)
        if parts is None:
            pieces.append(piece)
            continue
        cuts.append(Cut(parts[2], depth))
        heap += [(parts[1], depth + 1), (parts[0], depth + 1)]
    return pieces, cuts
