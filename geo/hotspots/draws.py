"""Draws: as many cases as were seen, dealt out by chance alone.

A case falls on each place and period with the chance that was expected of them, all cases on their own (a
multinomial draw); or every case keeps its place, and the periods of all are shuffled (a permutation). A repeat has a
stream of random numbers of its own, so what is drawn depends neither on threads nor on how many repeats there are.

Cases are thrown one by one on a table that answers at once, Walker's (1977) as made by Vose (1991); where they are many
for each place, numpy draws how many each gets.
"""

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from geo.hotspots.study import Study

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Counts = npt.NDArray[np.integer]

MANY = 8  # cases for each place and period, from which on numpy is faster
ELSEWHERE = -1


class Lots(NamedTuple):
    """What can be drawn.

    Of each lot: its spot (place times periods, plus period; ELSEWHERE: before the periods that are looked at), its
    share, and the table: the chance that it is itself that is drawn, and which lot else. Of each case to be shuffled:
    the spot of its place's first period, and its period (negative: before those looked at).
    """

    spot: Ints
    share: Floats
    chance: Floats
    other: Ints
    place_spot: Ints
    period: Small
    total: int


def lots_of(study: Study, *, periods: int) -> Lots:
    """Return the lots of a study whose last `periods` are looked at."""
    cases, expected = study.cases, study.expected[:, study.expected.shape[1] - periods :]
    if study.is_permuted:
        place, period = (np.repeat(at, cases[cases > 0]) for at in np.nonzero(cases))
        nothing = np.empty(0)
        shift = cases.shape[1] - periods
        return Lots(np.empty(0, np.int64), nothing, nothing, np.empty(0, np.int64),
                    place * periods, (period - shift).astype(np.int32), study.total)  # fmt: skip
    weights = expected.ravel()
    spot = np.flatnonzero(weights > 0)
    share = weights[spot] / study.total
    rest = 1.0 - share.sum()
    if periods < cases.shape[1] and rest > 0:
        spot, share = np.append(spot, ELSEWHERE), np.append(share, rest)
    share = share / share.sum()
    chance, other = _table(share)
    return Lots(spot, share, chance, other, np.empty(0, np.int64), np.empty(0, np.int32), study.total)


def deal(lots: Lots, stream: np.random.Generator, counts: Counts, lane: int, lanes: int) -> None:
    """Draw once and add the cases to a lane of (m, periods * lanes) counts."""
    flat = counts.reshape(-1)
    if len(lots.period):
        _shuffled(lots.place_spot, lots.period.copy(), stream.random(lots.total), flat, (lane, lanes))
    elif lots.total < MANY * len(lots.spot):
        _thrown(lots.spot, lots.chance, lots.other, stream.random(lots.total), flat, (lane, lanes))
    else:
        _put(lots.spot, stream.multinomial(lots.total, lots.share), flat, (lane, lanes))


@numba.njit(cache=True, nogil=True)
def _table(share):  # type: ignore[no-untyped-def]  # numba infers
    """Return Walker's table: a lot drawn evenly is itself with its chance, else the other one."""
    lots = len(share)
    chance, other = share * lots, np.arange(lots)
    poor, rich = np.flatnonzero(chance < 1.0), np.flatnonzero(chance >= 1.0)
    waiting, few = np.empty(2 * lots, dtype=np.int64), len(poor)
    waiting[:few] = poor
    at = 0
    while few and at < len(rich):
        few -= 1
        one, giver = waiting[few], rich[at]
        other[one] = giver
        chance[giver] -= 1.0 - chance[one]
        if chance[giver] < 1.0:
            waiting[few] = giver
            few += 1
            at += 1
    for left in waiting[:few]:
        chance[left] = 1.0  # short of one by rounding only
    for left in rich[at:]:
        chance[left] = 1.0
    return chance, other


@numba.njit(cache=True, nogil=True)
def _thrown(spot, chance, other, random, flat, lane):  # type: ignore[no-untyped-def]  # numba infers
    for number in random:
        height = number * len(spot)
        lot = int(height)
        if height - lot >= chance[lot]:
            lot = other[lot]
        if spot[lot] >= 0:
            flat[spot[lot] * lane[1] + lane[0]] += 1


@numba.njit(cache=True, nogil=True)
def _put(spot, cases, flat, lane):  # type: ignore[no-untyped-def]  # numba infers
    for lot in range(len(spot)):
        if spot[lot] >= 0:
            flat[spot[lot] * lane[1] + lane[0]] += cases[lot]


@numba.njit(cache=True, nogil=True)
def _shuffled(place_spot, period, random, flat, lane):  # type: ignore[no-untyped-def]  # numba infers
    """Shuffle the periods (Fisher and Yates 1938) and add up the cases."""
    for last in range(len(period) - 1, 0, -1):
        at = int(random[last] * (last + 1))
        period[at], period[last] = period[last], period[at]
    for case in range(len(period)):
        if period[case] >= 0:
            flat[(place_spot[case] + period[case]) * lane[1] + lane[0]] += 1
