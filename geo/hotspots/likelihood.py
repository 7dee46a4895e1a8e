"""Likelihood: how much better a window explains the cases than chance does, and how sure one may be of that.

With c cases in a window where e were expected, of C in all, the logarithm of Kulldorff's (1997) likelihood ratio is

    c ln(c / e) + (C - c) ln((C - c) / (C - e))

and grows with c above e. Two bounds spare most logarithms: with d = c - e it is at most d^2 (1 / 2e + 1 / (C - e))
above e, and d^2 (1 / e + 1 / 2(C - e)) below, because x ln x - x + 1 is at most (x - 1)^2 / 2 above 1 and (x - 1)^2
below it.
"""

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Sums of the same numbers in another order may differ in their last digits: that must not decide a rank.
SLACK_SHARE = 1e-9
EULER = 0.5772156649015329


def relative_risk(observed: float, expected: float, total: int) -> float:
    """Return observed to expected inside, by the same outside; infinite where all cases are inside."""
    outside = total - observed
    if outside == 0:
        return float("inf")
    return float((observed / expected) / (outside / (total - expected)))


def rank_p(ratio: float, maxima: Floats) -> float:
    """Return the chance of a ratio as great, by its rank among the greatest of each repeat (Dwass 1957)."""
    reached = int((maxima >= ratio * (1 - SLACK_SHARE)).sum())
    return (1 + reached) / (1 + len(maxima))


def gumbel_p(ratio: float, maxima: Floats) -> float:
    """Return that chance from a Gumbel distribution with the maxima's mean and spread (Abrams et al. 2010).

    A rank among 999 cannot go below 0.001; this can, and is a guess there. With fewer than two different maxima it is
    the rank's.
    """
    spread = float(maxima.std(ddof=1)) if len(maxima) > 1 else 0.0
    if spread == 0.0:
        return rank_p(ratio, maxima)
    scale = spread * np.sqrt(6.0) / np.pi
    middle = float(maxima.mean()) - EULER * scale
    return float(-np.expm1(-np.exp(-(ratio - middle) / scale)))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def log_ratio(observed, expected, total):  # type: ignore[no-untyped-def]  # numba infers
    """Return the logarithm of the likelihood ratio; infinite for cases where none could be."""
    ratio = 0.0
    if observed > 0:
        ratio += observed * np.log(observed / expected)
    if observed < total:
        ratio += (total - observed) * np.log((total - observed) / (total - expected))
    return ratio


@numba.njit(cache=True, nogil=True, error_model="numpy")
def steepness(expected, total, is_low):  # type: ignore[no-untyped-def]  # numba infers
    """Return what the square of observed less expected, times it, is at least the log ratio."""
    inside, outside = (1.0, 2.0) if is_low else (2.0, 1.0)
    return 1.0 / (inside * expected) + 1.0 / (outside * (total - expected))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def bounds(least_expected, most_expected, total, ratio, bound):  # type: ignore[no-untyped-def]  # numba infers
    """Write down which counts no ratio above `ratio` can come from: all up to the bound, where e is in between.

    The bound is concave in e, so it is lowest at one of the two ends.
    """
    for at in range(len(bound)):
        a, b = least_expected[at], most_expected[at]
        first = a + np.sqrt(2.0 * ratio * a * max(total - a, 0.0) / (total + a))
        last = b + np.sqrt(2.0 * ratio * b * max(total - b, 0.0) / (total + b))
        bound[at] = min(first, last) - SLACK_SHARE * (1.0 + b)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def low_bounds(least_expected, most_expected, total, ratio, bound):  # type: ignore[no-untyped-def]  # numba infers
    """Write down the same for counts below e, as minus the count: all from minus the bound up."""
    for at in range(len(bound)):
        a, b = least_expected[at], most_expected[at]
        first = np.sqrt(2.0 * ratio * a * max(total - a, 0.0) / (2.0 * total - a)) - a
        last = np.sqrt(2.0 * ratio * b * max(total - b, 0.0) / (2.0 * total - b)) - b
        bound[at] = min(first, last) - SLACK_SHARE * (1.0 + b)
