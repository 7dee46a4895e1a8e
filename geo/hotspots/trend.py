"""Trend: whether a series rises or falls more steadily than chance would let it.

Mann (1945) and Kendall (1975): of all pairs of values, those that rise with time less those that fall, S, held against
what it strays by when the order is chance; equal values are allowed for. It asks for direction, not for size, and no
straight line is assumed.

Limits: values should not depend on the one before beyond the trend; where they do, p is too small. The normal
approximation is rough below ten values, and with three no p is below 0.29, with four none below 0.08.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from geo.hotspots.discovery import two_sided_p

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Trend(NamedTuple):
    """Of each series (n,): S, its variance by chance, z above 0 where values rise, and the two-sided p."""

    s: Ints
    variance: Floats
    z: Floats
    p: Floats


def mann_kendall(series: Floats) -> Trend:
    """Return the trend of each row.

    Parameters
    ----------
    series
        (n, t) values in the order of time. NaN is no value: its pairs are left out.

    Notes
    -----
    With m values, var S = (m (m - 1)(2m + 5) - sum g (g - 1)(2g + 5)) / 18 over groups of g equal values; z is S
    brought nearer to 0 by one, over the root of it. Without a pair that differs z is 0 and p is 1.
    """
    values = np.asarray(series, dtype=np.float64)
    s, equals = np.zeros(len(values), dtype=np.int64), np.ones(values.shape)
    for lag in range(1, values.shape[1]):
        early, late = values[:, :-lag], values[:, lag:]
        s += np.count_nonzero(late > early, axis=1) - np.count_nonzero(late < early, axis=1)
        equal = late == early
        equals[:, lag:] += equal
        equals[:, :-lag] += equal
    told = np.isfinite(values)
    count = told.sum(axis=1).astype(np.float64)
    ties = np.where(told, (equals - 1) * (2 * equals + 5), 0.0).sum(axis=1)
    variance = (count * (count - 1) * (2 * count + 5) - ties) / 18
    spread = np.sqrt(np.maximum(variance, 0.0))
    z = np.divide(s - np.sign(s), spread, out=np.zeros(len(values)), where=spread > 0)
    return Trend(s, variance, z, two_sided_p(z))
