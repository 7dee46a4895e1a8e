"""Monte Carlo: how great the greatest likelihood ratio is when only chance is at work.

Every repeat deals out the cases anew (`geo.hotspots.draws`) and is swept like the real ones; some dozens lie side by
side in one sweep, and sweeps are shared out over the cores. Same seed, same maxima, however many cores there are.
"""

import numba
import numpy as np
import numpy.typing as npt

from geo.hotspots.draws import deal, lots_of
from geo.hotspots.study import Study
from geo.hotspots.sweep import Chances, Rules, best_windows
from geo.hotspots.windows import Windows
from geo.rng import generator
from geo.threads import mapped

Floats = npt.NDArray[np.float64]

LANES_MIN, LANES_MAX = 8, 64
LANE_BYTES = 1 << 25
# Counts of places go in 8 bits and those of windows in 16 if no more is expected than this: by Chernoff's bound a count
# then overruns its type less often than once in 10^100 draws. Hoeffding (1963): a permutation strays no farther.
PLACE_MAX, WINDOW_MAX = 40.0, 16_000.0


def maxima(
    study: Study, windows: Windows, chances: Chances, rules: Rules, *, repeats: int, seed: int, turn: int = 0,
    workers: int | None = None,
) -> Floats:  # fmt: skip
    """Return the greatest ratio of each repeat, (repeats,); `turn` parts the scans that one seed has to serve."""
    lots = lots_of(study, periods=chances.periods)
    place_type, window_type = _types(windows, chances)
    size = len(study.xy_m) * chances.periods
    lanes = int(np.clip(LANE_BYTES // max(size * np.dtype(place_type).itemsize, 1), LANES_MIN, LANES_MAX))
    taken = np.zeros(len(study.xy_m), dtype=np.bool_)

    def swept(repeat: range) -> Floats:
        shape = len(study.xy_m), chances.periods * len(repeat)
        counts: npt.NDArray[np.integer] = np.zeros(shape, dtype=place_type)
        for lane, number in enumerate(repeat):
            deal(lots, generator(seed, "scan", str(turn), str(number)), counts, lane, len(repeat))
        return best_windows(windows, chances, rules, counts, taken, kind=window_type)[0]

    blocks = [range(first, min(first + lanes, repeats)) for first in range(0, repeats, lanes)]
    return np.concatenate(mapped(swept, blocks, workers=workers))


def _types(windows: Windows, chances: Chances) -> tuple[type, type]:
    """Return what counts of places, and of windows, are kept in."""
    by_period = chances.table[:, : chances.periods]
    widest = _widest(windows.start, windows.member, by_period.sum(axis=1))
    if by_period.max(initial=0.0) <= PLACE_MAX and widest <= WINDOW_MAX:
        return np.uint8, np.int16
    return np.int32, np.int32


@numba.njit(cache=True, nogil=True)
def _widest(start, member, expected):  # type: ignore[no-untyped-def]  # numba infers
    """Return the most that any circle lets expect."""
    most = 0.0
    for centre in range(len(start) - 1):
        held = 0.0
        for at in range(start[centre], start[centre + 1]):
            held += expected[member[at]]
        most = max(most, held)
    return most
