"""Strips: points on a plane laid in strips, so that those near a place are a few runs of neighbours.

Points at one place are merged and weighted. The places of a strip are sorted along it from west to east, the strips
from south to north; each is cut into cells, whose places are all near each other. Nothing is laid over the whole
extent, so a few strays far away cost nothing.

Two places are near when ``dx * dx + dy * dy <= near2`` in float64, of the coordinates as they are given. What is let
in or left out without that comparison is so by a margin, or by bounds that rounding cannot turn.
"""

from itertools import pairwise
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Strips a radius is high: more where more places lie in a circle, so that fewer of them lie on its rim.
STRIPS_MIN, STRIPS_A_ROOT = 1.0, 0.1
# Points that are asked, and asked about, to guess how many lie in a circle.
ASKED, ASKED_ABOUT = 256, 1024
# Strips are as high all over the extent, unless strays make it so large that there were many more than points.
STRIPS_A_POINT, COLUMNS_MAX = 4, 65_536
# What a sort by insertion may move, a point, before a strip is sorted otherwise.
MOVES_MAX = 16
# Of squares: far above the rounding of three operations, far below what can be measured.
MARGIN_SHARE = 1e-12
# A thread is worth its start from so many places on.
PIECE = 20_000


class Strips(NamedTuple):
    """Places, those of strip s at ``start[s]:start[s + 1]`` by x, then y.

    ``before[i]`` is the weight of all places ahead of i. Strip s lies between ``south[s]`` and ``north[s]``; strips
    ``first[s]:last[s]``, itself among them, may hold places near its own.
    """

    x: Floats
    y: Floats
    weight: Ints
    before: Ints
    start: Ints
    south: Floats
    north: Floats
    first: Ints
    last: Ints

    def pieces(self) -> list[tuple[int, int]]:
        """Return strips, from and to, in pieces of about as many places, for threads."""
        cuts = np.searchsorted(self.start, np.arange(0, self.start[-1], PIECE)).tolist()
        return [(a, b) for a, b in pairwise([*cuts, len(self.start) - 1]) if a < b]


class Cells(NamedTuple):
    """Cells of strip s are ``of_strip[s]:of_strip[s + 1]``, places of cell c ``start[c]:start[c + 1]``; bounds."""

    of_strip: Ints
    start: Ints
    west: Floats
    south: Floats
    east: Floats
    north: Floats


class Places(NamedTuple):
    """Places in strips, by x, then y: the first five columns of `Strips`, and the place of each point."""

    x: Floats
    y: Floats
    weight: Ints
    before: Ints
    start: Ints
    place: Ints


def strips_of(xy: Floats, weight: Ints, radius_m: float) -> tuple[Strips, Ints]:
    """Return the places of (n, 2) points, one or more, in strips, and the place of each point."""
    x, y = (np.ascontiguousarray(column) for column in xy.T)
    near2 = radius_m * radius_m
    strips = max(STRIPS_MIN, STRIPS_A_ROOT * float(_crowd(x, y, near2)) ** 0.5)
    x, y, weight, before, start, place = places_in_strips(x, y, weight, radius_m / strips)
    return Strips(x, y, weight, before, start, *_reach(y, start, near2)), place


def places_in_strips(x: Floats, y: Floats, weight: Ints, height: float) -> Places:
    """Merge points, one or more, to places, in strips at most so high."""
    strip, count = _strip_of(y, height)
    columns, extent = min(COLUMNS_MAX, 4 * len(x)), float(np.ptp(x))
    column = ((x - x.min()) * ((columns - 1) / extent if extent > 0 else 0.0)).astype(np.int64)
    order, _ = _counted(column, columns, np.arange(len(x)))
    order, start = _counted(strip, count, order)
    x, y = x[order], y[order]
    _sort(x, y, order, start)
    return Places(*_merged((x, y, weight[order]), order, start))


def _strip_of(y: Floats, height_m: float) -> tuple[Ints, int]:
    """Return the strip of each point, at most so high, and how many there are."""
    extent_m = float(np.ptp(y))
    if extent_m < height_m * STRIPS_A_POINT * len(y):
        return ((y - y.min()) / height_m).astype(np.int64), int(extent_m / height_m) + 1
    strip, count = _packed(y, np.argsort(y), height_m)
    return strip, count


@numba.njit(cache=True, nogil=True)
def _crowd(x, y, near2):  # type: ignore[no-untyped-def]  # numba infers
    """Guess how many points at other places lie within a circle."""
    count, near, pairs = len(x), 0, 0
    for i in range(0, count, max(1, count // ASKED)):
        for j in range(0, count, max(1, count // ASKED_ABOUT)):
            dx, dy = x[i] - x[j], y[i] - y[j]
            near += 0 < dx * dx + dy * dy <= near2
            pairs += 1
    return count * near / pairs


@numba.njit(cache=True, nogil=True)
def _packed(y, order, height_m):  # type: ignore[no-untyped-def]  # numba infers
    """Return the strip of each point, each begun by the first point that the one before cannot hold."""
    strip, count, south = np.empty(len(y), dtype=np.int64), 0, -np.inf
    for at in order:
        if y[at] - south > height_m:
            count, south = count + 1, y[at]
        strip[at] = count - 1
    return strip, count


@numba.njit(cache=True, nogil=True)
def _counted(slot, slots, order):  # type: ignore[no-untyped-def]  # numba infers
    """Return `order` sorted by slot, what was ahead staying ahead, and where each slot begins."""
    start = np.zeros(slots + 1, dtype=np.int64)
    for at in slot:
        start[at + 1] += 1
    start = np.cumsum(start)
    free, turn = start.copy(), np.empty(len(order), dtype=np.int64)
    for at in order:
        turn[free[slot[at]]] = at
        free[slot[at]] += 1
    return turn, start


@numba.njit(cache=True, nogil=True)
def _sort(x, y, order, start):  # type: ignore[no-untyped-def]  # numba infers
    """Sort each strip by x, then y; most are nearly sorted."""
    for s in range(len(start) - 1):
        low, high = start[s], start[s + 1]
        moves = MOVES_MAX * (high - low)
        for i in range(low + 1, high):
            x_i, y_i, order_i, j = x[i], y[i], order[i], i
            while j > low and (x[j - 1] > x_i or (x[j - 1] == x_i and y[j - 1] > y_i)):
                x[j], y[j], order[j] = x[j - 1], y[j - 1], order[j - 1]
                j -= 1
            x[j], y[j], order[j] = x_i, y_i, order_i
            moves -= i - j
            if moves < 0:
                break
        if moves < 0:
            turn = np.argsort(y[low:high], kind="mergesort")
            turn = turn[np.argsort(x[low:high][turn], kind="mergesort")]
            x[low:high], y[low:high], order[low:high] = x[low:high][turn], y[low:high][turn], order[low:high][turn]


@numba.njit(cache=True, nogil=True)
def _merged(points, order, start):  # type: ignore[no-untyped-def]  # numba infers
    """Merge points at one place; return x, y, weight, weight ahead, starts of strips that hold any, place of each."""
    x, y, weight = points
    place, begin = np.empty(len(x), dtype=np.int64), np.empty(len(start), dtype=np.int64)
    at, strip = -1, 0
    for s in range(len(start) - 1):
        if start[s] < start[s + 1]:
            begin[strip] = at + 1
            strip += 1
        for i in range(start[s], start[s + 1]):
            if i > start[s] and x[i] == x[at] and y[i] == y[at]:
                weight[at] += weight[i]
            else:
                at += 1
                x[at], y[at], weight[at] = x[i], y[i], weight[i]
            place[order[i]] = at
    begin[strip] = at + 1
    before = np.zeros(at + 2, dtype=np.int64)
    before[1:] = np.cumsum(weight[: at + 1])
    return x[: at + 1], y[: at + 1], weight[: at + 1], before, begin[: strip + 1], place


@numba.njit(cache=True, nogil=True)
def _reach(y, start, near2):  # type: ignore[no-untyped-def]  # numba infers
    """Return the bounds of strips, and for each the first and the one after the last that may be near."""
    strips = len(start) - 1
    south, north = np.empty(strips), np.empty(strips)
    first, last = np.empty(strips, dtype=np.int64), np.full(strips, strips)
    for s in range(strips):
        south[s], north[s] = y[start[s] : start[s + 1]].min(), y[start[s] : start[s + 1]].max()
    low = 0
    for s in range(strips):
        while (south[s] - north[low]) * abs(south[s] - north[low]) > near2:
            last[low] = s
            low += 1
        first[s] = low
    return south, north, first, last


@numba.njit(cache=True, nogil=True)
def cells_of(x, y, start, near2):  # type: ignore[no-untyped-def]  # numba infers
    """Cut strips into cells no wider than that all their places are near each other."""
    of_strip, begin = np.empty(len(start), dtype=np.int64), np.empty(len(x) + 1, dtype=np.int64)
    west, south, east, north = np.empty(len(x)), np.empty(len(x)), np.empty(len(x)), np.empty(len(x))
    cell = -1
    for s in range(len(start) - 1):
        of_strip[s] = cell + 1
        for i in range(start[s], start[s + 1]):
            if i > start[s]:
                low, high, wide = min(south[cell], y[i]), max(north[cell], y[i]), x[i] - west[cell]
                if wide * wide + (high - low) * (high - low) <= near2:
                    south[cell], east[cell], north[cell] = low, x[i], high
                    continue
            cell += 1
            begin[cell], west[cell], south[cell], east[cell], north[cell] = i, x[i], y[i], x[i], y[i]
    end = cell + 1
    of_strip[len(start) - 1], begin[end] = end, len(x)
    return Cells(of_strip, begin[: end + 1], west[:end], south[:end], east[:end], north[:end])


@numba.njit(cache=True, nogil=True)
def runs_within(x, start, west, east):  # type: ignore[no-untyped-def]  # numba infers
    """Return for each strip, of starts and an end, from and to which of its places lie between west and east."""
    runs = np.empty((max(len(start) - 1, 0), 2), dtype=np.int64)
    for s in range(len(runs)):
        strip = x[start[s] : start[s + 1]]
        runs[s, 0] = start[s] + np.searchsorted(strip, west)
        runs[s, 1] = start[s] + np.searchsorted(strip, east, side="right")
    return runs


@numba.njit(inline="always")
def widths(south, north, s, t, near2):  # type: ignore[no-untyped-def]  # numba infers
    """Return how far apart along x places of two strips may be near, and how far surely are (below 0: nowhere)."""
    least_m = max(0.0, max(south[t] - north[s], south[s] - north[t]))
    most_m = max(north[t] - south[s], north[s] - south[t])
    out_m = np.sqrt(near2 * (1 + MARGIN_SHARE) - least_m * least_m)
    in2 = near2 * (1 - MARGIN_SHARE) - most_m * most_m
    return out_m, (np.sqrt(in2) if in2 >= 0 else -out_m)
