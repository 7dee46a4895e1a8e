"""Discovery: which of many tests still stand when one has made them all.

Of a thousand cells where nothing happens fifty are below p = 0.05 by chance. A q-value is the share of false finds
to be expected among all cells that are kept at that cell's q or below: keeping cells with q up to 0.05 keeps, in the
long run, at most one false one in twenty.

Sources: Benjamini and Hochberg (1995), Controlling the false discovery rate; Benjamini and Yekutieli (2001) for tests
that depend on each other. See docs/methods/hotspots.md.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import erfc

from geo.errors import BadSettingError

Floats = npt.NDArray[np.float64]


def two_sided_p(z: Floats) -> Floats:
    """Return how probable a standard normal number at least as far from 0 as z is, on either side; NaN for NaN."""
    return np.asarray(erfc(np.abs(z) * 0.5**0.5), dtype=np.float64)


def q_values(p: Floats, *, is_dependent: bool = False) -> Floats:
    """Return the false discovery rate at which each test is kept.

    Parameters
    ----------
    p
        (n,) Two-sided p of each test. NaN is no test: it does not count among them, and stays NaN.
    is_dependent
        False: Benjamini and Hochberg, for tests that are independent or lean the same way, as neighbouring cells do.
        True: Benjamini and Yekutieli, for any dependence; stricter by some ln(n) + 0.58.

    Returns
    -------
    numpy.ndarray
        (n,) q from 0 to 1, never below p; equal p have equal q.

    Raises
    ------
    BadSettingError
        A p lies outside 0 to 1.
    """
    p = np.asarray(p, dtype=np.float64)
    tested = np.flatnonzero(~np.isnan(p))
    chances = p[tested]
    if len(chances) == 0:
        return p.copy()
    if not 0 <= chances.min() <= chances.max() <= 1:
        raise BadSettingError(
            what="p", value=f"{chances.min()} - {chances.max()}", reason="it must lie between 0 and 1",
            reason_zh="应在 0 到 1 之间",
        )  # fmt: skip
    order = np.argsort(chances)[::-1]
    tests = len(chances)
    harder = float((1 / np.arange(1, tests + 1)).sum()) if is_dependent else 1.0
    shares = chances[order] * (harder * tests / np.arange(tests, 0, -1))
    q = np.full(p.shape, np.nan)
    q[tested[order]] = np.minimum(np.minimum.accumulate(shares), 1.0)
    return q
