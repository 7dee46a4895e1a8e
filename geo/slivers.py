"""Slivers: pieces of ground too small or too thin to stand alone, given to a neighbour.

A piece goes to the neighbour with which it has most border; border along a road, a wall, a rail or
water counts for less, so ground is rather joined to what it can be walked to from.
"""

import numpy as np
from numpy.typing import NDArray

from geo.blocks import FAST, RAIL, ROAD, WALL, WATER
from geo.edges import Floats, Ints

BORDER_WORTH = ((ROAD, 0.5), (WALL, 0.1), (RAIL, 0.05), (FAST, 0.05), (WATER, 0.01))


def border_worth(lengths: Floats, bits: NDArray[np.uint8]) -> Floats:
    """Return the lengths of ``(m,)`` pieces of border, lessened by what lies on them."""
    worth = lengths.astype(np.float64)
    for bit, share in BORDER_WORTH:
        worth[(bits & bit) > 0] *= share
    return worth


def absorbed(loose: NDArray[np.bool_], left: Ints, right: Ints, worth: Floats) -> Ints:
    """Return for each of ``n`` pieces the settled piece it ends in: itself, if it is not loose.

    Parameters
    ----------
    loose
        ``(n,)`` which pieces are to be given away.
    left, right, worth
        ``(m,)`` pieces of border: the two sides and what the border counts for. A loose piece no border leads
        away from keeps itself.

    Notes
    -----
    In rounds: every loose piece beside settled ground joins the side with the greatest worth in all (ties: the
    lowest position) and is settled from the next round on.
    """
    target: Ints = np.arange(len(loose), dtype=np.int64)
    waiting = loose.copy()
    one, other = np.concatenate([left, right]), np.concatenate([right, left])
    value = np.concatenate([worth, worth])
    while waiting.any():
        useful = waiting[one] & ~waiting[other]
        if not useful.any():
            break
        keys = one[useful] * np.int64(len(loose)) + target[other[useful]]
        pair, index = np.unique(keys, return_inverse=True)
        total = np.bincount(index, value[useful])
        piece, side = np.divmod(pair, len(loose))
        order = np.lexsort((side, -np.round(total, 6), piece))
        taken, first = np.unique(piece[order], return_index=True)
        target[taken] = side[order[first]]
        waiting[taken] = False
    return target
