"""Windows: the circles of a scan, around every place and out to every distance at which another place is.

A circle is told by its members: those of circles around place i are a run of places from near to far, and a circle
ends wherever all that lie as far have been named. Places whose distances differ by a millimetre or less lie equally
far, so rounding does not part them.
"""

import os
from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from geo.errors import BadSettingError
from geo.threads import mapped

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

SAME_M = 1e-3
SHARE_SLACK = 1e-9
PAIRS_MAX = 100_000_000
SHARES = 8  # of the places, for each core
UNEVEN = 4  # a share of a crowded quarter may have so many times its part of the members


class Windows(NamedTuple):
    """Circles around place i: ``member[start[i]:start[i + 1]]``, from near to far; `is_whole` where a circle ends."""

    start: Ints
    member: Small
    is_whole: Bools


def windows_of(xy_m: Floats, exposure: Floats, *, radius_max_m: float, exposure_share_max: float) -> Windows:
    """Return the circles around every place.

    Parameters
    ----------
    xy_m
        (m, 2) metres, sorted from west to east.
    exposure
        (m,) of each place, in any unit.
    radius_max_m, exposure_share_max
        No circle is wider, or holds a greater share of the whole exposure.

    Raises
    ------
    BadSettingError
        Circles have more than a hundred million members together.
    """
    most = float(exposure.sum()) * exposure_share_max * (1 + SHARE_SLACK)
    shares = np.array_split(np.arange(len(xy_m)), max(1, min(len(xy_m), SHARES * (os.cpu_count() or 1))))
    room = min(PAIRS_MAX, UNEVEN * PAIRS_MAX // len(shares))
    west = np.ascontiguousarray(xy_m[:, 0])
    parts = mapped(
        lambda share: _circles((xy_m, west, exposure), share, radius_max_m, most, room), [s for s in shares if len(s)]
    )
    if any(part[0][0] < 0 for part in parts) or sum(len(part[1]) for part in parts) > PAIRS_MAX:
        raise BadSettingError(
            what="radius_max_m, exposure_share_max", value=(radius_max_m, exposure_share_max),
            reason=f"circles around {len(xy_m)} places would have too many members: lower one of the two",
            reason_zh=f"以 {len(xy_m)} 个位置为圆心的圆成员过多：请减小其中一项",
        )  # fmt: skip
    sizes, member, is_whole = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Windows(np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64), member, is_whole)


@numba.njit(cache=True, nogil=True)
def _circles(places, share, radius_max_m, most, room_max):  # type: ignore[no-untyped-def]  # numba infers
    """Return how many members the circles around each place of a share have, those, and where circles end."""
    size, room = 0, min(1024, room_max)
    member, is_whole = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.bool_)
    sizes = np.empty(len(share), dtype=np.int64)
    near, away_m = np.empty(len(places[0]), dtype=np.int32), np.empty(len(places[0]))
    for at, centre in enumerate(share):
        found = _near(places[0], places[1], centre, radius_max_m + SAME_M, (near, away_m))
        if size + found > room_max:
            sizes[0] = -1
            break
        if size + found > room:
            room = min(2 * (size + found), room_max)
            member, is_whole = _longer(member, size, room), _longer(is_whole, size, room)
        # stable: of places equally far the westernmost comes first
        order = np.argsort(away_m[:found], kind="mergesort")
        sizes[at] = _rings(
            (near[:found][order], away_m[:found][order]), places[2], most, member[size:], is_whole[size:]
        )
        size += sizes[at]
    return sizes, member[:size].copy(), is_whole[:size].copy()


@numba.njit(cache=True, nogil=True)
def _near(xy_m, west_m, centre, radius_m, space):  # type: ignore[no-untyped-def]  # numba infers
    """Name the places within a radius of a centre, and their distances; return how many there are."""
    near, away_m = space
    x, y, count = xy_m[centre, 0], xy_m[centre, 1], 0
    for place in range(np.searchsorted(west_m, x - radius_m), np.searchsorted(west_m, x + radius_m, side="right")):
        far_m = np.sqrt((xy_m[place, 0] - x) ** 2 + (xy_m[place, 1] - y) ** 2)
        if far_m <= radius_m:
            near[count], away_m[count] = place, far_m
            count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _rings(sorted_places, exposure, most, member, is_whole):  # type: ignore[no-untyped-def]  # numba infers
    """Write down rings of places equally far while their exposure stays within `most`; return how many places."""
    near, away_m = sorted_places
    held, at = 0.0, 0
    while at < len(near):
        end = at + 1
        while end < len(near) and away_m[end] - away_m[end - 1] <= SAME_M:
            end += 1
        for place in near[at:end]:
            held += exposure[place]
        if held > most:
            break
        member[at:end], is_whole[at:end] = near[at:end], False
        is_whole[end - 1] = True
        at = end
    return at


@numba.njit(cache=True, nogil=True)
def _longer(array, size, room):  # type: ignore[no-untyped-def]  # numba infers
    """Return more room with what stands at the beginning."""
    longer = np.empty(room, dtype=array.dtype)
    longer[:size] = array[:size]
    return longer
