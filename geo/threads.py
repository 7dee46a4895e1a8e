"""Threads: the same work on pieces of an array, on all cores at once.

GEOS, Qhull and the sorts of NumPy let other threads run while they work, so threads are enough: nothing is
copied. What comes back is in the order of the pieces, so it does not depend on how many threads there are.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Piece = TypeVar("Piece")
Result = TypeVar("Result")

LEAST = 2000


def mapped(function: Callable[[Piece], Result], pieces: Iterable[Piece], *, workers: int | None = None) -> list[Result]:
    """Return what `function` makes of every piece, in their order; `workers` threads, None for one a core."""
    todo, count = list(pieces), workers or os.cpu_count() or 1
    if count == 1 or len(todo) < 2:
        return [function(piece) for piece in todo]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(function, todo))


def in_parts(
    function: Callable[..., Any], *arrays: NDArray[Any], workers: int | None = None, least: int = LEAST
) -> NDArray[Any]:
    """Return `function` of arrays of one length, worked out part by part and put together again.

    The function must treat every row alone, as the functions of shapely do.
    """
    count = len(arrays[0])
    ends = np.arange(least, count, least)
    parts = zip(*(np.split(array, ends) for array in arrays), strict=True)
    return np.concatenate(mapped(lambda part: function(*part), parts, workers=workers))


def runs(ordered: NDArray[Any], size: int) -> NDArray[np.int64]:
    """Return where to cut sorted keys into parts of some `size`, so that equal keys stay together."""
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    wanted = np.arange(size, len(ordered), size)
    cuts: NDArray[np.int64] = np.unique(starts[np.searchsorted(starts, wanted, side="right") - 1])
    return cuts[cuts > 0]
