"""Sweep: the window with the greatest likelihood ratio, in many data sets at once.

A window is a circle and a run of periods. Data sets lie side by side: the counts of place i and period t stand in
``counts[i, t * lanes : (t + 1) * lanes]``, one lane a data set, so what is learnt about a circle is learnt once for all
of them and whole registers are added at a time. Circles grow place by place. Where one ends, the greatest count of any
run of each length, in any lane, is held against what it would take to beat the worst of the lanes' best so far: hardly
any passes, so hardly any logarithm is taken. Two things spare even the counting. A run holds at most what a longer one
does, so lengths are tried from the longest. And a circle holds at most what a wider one does, so a stretch of circles
that differ little is tried at its widest, against what its narrowest lets expect, and left if nothing passes.

Nothing here draws at random, or depends on how data sets are shared out over lanes.
"""

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from geo.hotspots.likelihood import bounds, log_ratio, low_bounds, steepness
from geo.hotspots.windows import Windows

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.integer]

# Of ratios that differ by less, the first found stays: rounding must not choose between two windows.
TIE_SHARE = 1e-10
# How much more a stretch's widest circle may let expect than its narrowest, in standard deviations of the count.
STRETCH_SD = 0.5
WHERE = 5  # centre, last member, first period, periods, whether low


class Rules(NamedTuple):
    """Which windows count: above (high) or below (low) what was expected, runs up to a length, only those alive now.

    Above, no window counts that holds fewer than `cases_min`; none whose longest run lets expect over `expected_max`.
    """

    is_high: bool
    is_low: bool
    length_max: int
    is_alive: bool
    cases_min: int
    expected_max: float = np.inf


class Chances(NamedTuple):
    """What was expected of (m,) places: by period, then the least and the most of any run of 1, 2 ... periods."""

    table: Floats
    periods: int
    total: float


def chances_of(expected: Floats, total: int, rules: Rules) -> Chances:
    """Return what is expected of every place (m, periods), and of the runs of every length that count."""
    places, periods = expected.shape
    until = np.concatenate([np.zeros((places, 1)), np.cumsum(expected, axis=1)], axis=1)
    least, most = np.empty((2, places, rules.length_max))
    for length in range(1, rules.length_max + 1):
        first = periods - length if rules.is_alive else 0
        runs = until[:, length + first :] - until[:, first : periods - length + 1]
        least[:, length - 1], most[:, length - 1] = runs.min(axis=1), runs.max(axis=1)
    return Chances(np.concatenate([expected, least, most], axis=1), periods, float(total))


def best_windows(
    windows: Windows, chances: Chances, rules: Rules, counts: Counts, taken: Bools, *, kind: type
) -> tuple[Floats, Ints]:
    """Return each lane's greatest ratio, 0 if no window has one, and where it is.

    Parameters
    ----------
    windows, chances, rules
        Circles, what is expected, and which windows count.
    counts
        (m, periods * lanes).
    taken
        (m,) places that no window may hold.
    kind
        What counts of windows are added up in, wide enough for any one of them.

    Returns
    -------
    best
        (lanes,).
    where
        (5, lanes): centre, position of the last member in `windows`, first period, periods, 1 if low else 0.
    """
    lanes = counts.shape[1] // chances.periods
    best, where = np.zeros(lanes), np.full((WHERE, lanes), -1, dtype=np.int64)
    _sweep(windows, chances, rules, (counts, taken), np.zeros(counts.shape[1], dtype=kind), (best, where))
    return best, where


@numba.njit(cache=True, nogil=True)
def _sweep(windows, chances, rules, data, run, found):  # type: ignore[no-untyped-def]  # numba infers
    """Let the circles around every place grow, stretch by stretch, and keep each lane's best window."""
    (start, member, is_whole), (table, periods, total), (counts, taken) = windows, chances, data
    is_high, is_low, longest, is_alive, cases_min, expected_max = rules
    until, bound = np.zeros(len(run) + len(run) // periods, dtype=run.dtype), np.zeros(longest)
    sums, widest = np.zeros(table.shape[1]), table[:, -1].copy()
    kept_run, kept_sums, narrow = run.copy(), sums.copy(), np.zeros(longest)
    low, state = sums[periods : periods + longest], (run, until, sums, bound)
    chance = total, found[0].min(), cases_min
    for centre in range(len(start) - 1):
        run[:], sums[:] = 0, 0.0
        at, stop = start[centre], start[centre + 1]
        while at < stop:
            span = at, stop, sums[-1], expected_max, is_low
            first, end = _stretch(member, is_whole, taken, widest, span)
            if end > first:
                kept_run[:], kept_sums[:] = run, sums
                _grow(run, sums, counts, table, member[at:first])
                narrow[:] = low
                _grow(run, sums, counts, table, member[first:end])
                if not _circle(state, narrow, chance, (False, is_alive, True, centre, end), found):
                    at = end
                    continue
                run[:], sums[:] = kept_run, kept_sums
            if end == at:
                break
            for last in range(at, end):
                _grow(run, sums, counts, table, member[last : last + 1])
                if is_whole[last]:
                    is_new = is_high and _circle(state, low, chance, (False, is_alive, False, centre, last), found)
                    if is_low:
                        is_new |= _circle(state, low, chance, (True, is_alive, False, centre, last), found)
                    if is_new:
                        chance = total, found[0].min(), cases_min
            at = end


@numba.njit(cache=True, nogil=True, inline="always")
def _stretch(member, is_whole, taken, widest, span):  # type: ignore[no-untyped-def]  # numba infers
    """Return where the next circle ends, and the last one that differs little; where it begins if there is none."""
    at, stop, held, expected_max, is_single = span
    first, end, most = at, at, 0.0
    for position in range(at, stop):
        place = member[position]
        if taken[place]:
            break
        held += widest[place]
        if is_whole[position]:
            if held > expected_max:
                break
            if first == at:
                first, most = position + 1, held + STRETCH_SD * np.sqrt(held)
            elif held > most:
                break
            end = position + 1
            if is_single:
                break
    return first, end


@numba.njit(cache=True, nogil=True, inline="always")
def _grow(run, sums, counts, table, places):  # type: ignore[no-untyped-def]  # numba infers
    """Add the cases of places, and what was expected of them."""
    for place in places:
        more, weight = counts[place], table[place]
        for at in range(len(run)):
            run[at] += more[at]
        for at in range(len(sums)):
            sums[at] += weight[at]


@numba.njit(cache=True, nogil=True, inline="always")
def _circle(state, low, chance, asked, found):  # type: ignore[no-untyped-def]  # numba infers
    """Try the runs of one circle, of all lengths; return whether some lane has a new best, or, when dry, might have.

    `low` is the least that the runs of each length let expect, of this circle or of the narrowest it stands for.
    """
    (run, until, sums, bound), (total, worst, cases_min), (is_low, is_alive, is_dry, _, _) = state, chance, asked
    longest, lanes = len(low), len(until) - len(run)
    high = sums[len(sums) - longest :]
    if is_low:
        low_bounds(low, high, total, worst, bound)
    else:
        bounds(low, high, total, worst, bound)
        for at in range(longest):
            bound[at] = max(bound[at], cases_min - 1.0)
    is_new, is_summed, last, periods = False, False, np.inf, len(run) // lanes
    for turn in range(longest):
        # a run holds at most what a longer one does; of missing cases, at most what a shorter one lacks
        length = turn + 1 if is_low else longest - turn
        if last <= bound[length - 1]:
            continue
        if not is_summed:
            _sum_up(until, run, lanes)
            is_summed = True
        first = periods - length if is_alive else 0
        early, late = until[first * lanes : len(until) - length * lanes], until[(first + length) * lanes :]
        last = float(_most(early, late)) if is_low else float(_most(late, early))
        expected = high[length - 1] if is_low else low[length - 1]
        if last > bound[length - 1] and _could(abs(last), expected, total, is_low, worst):
            if is_dry:
                return True
            is_new |= _runs(state, (first, length), chance, asked, found)
    return is_new


@numba.njit(cache=True, nogil=True, inline="always")
def _could(count, expected, total, is_low, worst):  # type: ignore[no-untyped-def]  # numba infers
    """Return whether a count may beat the worst of the bests, if no more (or, when low, no fewer) were expected."""
    return (count < expected) == is_low and count != expected and log_ratio(count, expected, total) > worst


@numba.njit(cache=True, nogil=True)
def _runs(state, span, chance, asked, found):  # type: ignore[no-untyped-def]  # numba infers
    """Try the runs of one length one by one; return whether some lane has a new best."""
    (run, until, sums, _), (total, worst, cases_min), (begin, length), is_low = state, chance, span, asked[0]
    lanes = len(until) - len(run)
    periods, is_new = len(run) // lanes, False
    for first in range(begin, periods - length + 1):
        expected = 0.0
        for period in range(first, first + length):
            expected += sums[period]
        early, late = until[first * lanes : (first + 1) * lanes], until[(first + length) * lanes :][:lanes]
        top = abs(float(_most(early, late) if is_low else _most(late, early)))
        far = (top - expected) ** 2 * steepness(expected, total, is_low)
        if 0.0 < expected < total and far > worst and _could(top, expected, total, is_low, worst):
            is_new |= _lanes(early, late, (expected, total, cases_min), (first, length, asked), found)
    return is_new


@numba.njit(cache=True, nogil=True)
def _lanes(early, late, chance, window, found):  # type: ignore[no-untyped-def]  # numba infers
    """Keep a window in every lane where it is the best so far; return whether there is one."""
    (best, where), (expected, total, cases_min), (first, length, asked) = found, chance, window
    is_low, _, _, centre, at = asked
    share, is_new = steepness(expected, total, is_low), False
    for lane in range(len(best)):
        count = float(late[lane] - early[lane])
        if (count < expected) != is_low or (not is_low and count < cases_min):
            continue
        if (count - expected) ** 2 * share > best[lane]:
            ratio = log_ratio(count, expected, total)
            if ratio > best[lane] * (1 + TIE_SHARE):
                best[lane], is_new = ratio, True
                where[0, lane], where[1, lane], where[2, lane], where[3, lane] = centre, at, first, length
                where[4, lane] = is_low
    return is_new


@numba.njit(cache=True, nogil=True, inline="always")
def _sum_up(until, run, lanes):  # type: ignore[no-untyped-def]  # numba infers
    """Write down the counts until the end of each period, after a period of none."""
    later = until[lanes:]
    for at in range(len(run)):
        later[at] = until[at] + run[at]


@numba.njit(cache=True, nogil=True, inline="always")
def _most(late, early):  # type: ignore[no-untyped-def]  # numba infers
    """Return the greatest difference; sums that have run over their type still differ rightly."""
    top = late.dtype.type(late[0] - early[0])
    for at in range(len(early)):
        top = max(top, late.dtype.type(late[at] - early[at]))
    return top
