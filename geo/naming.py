"""Naming: the order in which grids, zones and units get their numbers: as a page is read.

Rows run from north to south; inside a row from west to east. A row is as high as a typical part is
wide, so that a few metres do not shuffle neighbours. Source: the habit of Chinese grid codes
(from left to right, from top to bottom), as in the coding of unit grids in GB/T 30428.1.
"""

import numpy as np
import numpy.typing as npt


def reading_order(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the positions of points in reading order: west to east in rows, rows north to south.

    Parameters
    ----------
    x, y
        Middles of the parts, in metres (east, north).

    Returns
    -------
    array of int
        ``order``; ``x[order]`` is in reading order; inside a row at the same x, north first.
    """
    if len(x) == 0:
        return np.empty(0, dtype=np.int64)
    width, height = float(np.ptp(x)), float(np.ptp(y))
    # n parts fill rows x columns; a strip one part wide still has one row a part.
    step = np.sqrt(width * height / len(x)) if min(width, height) > 0 else max(width, height) / len(x)
    step = max(float(step), height / len(x), 1e-6)
    rows = np.minimum((y.max() - y) // step, len(x))
    return np.lexsort((-y, x, rows)).astype(np.int64)
