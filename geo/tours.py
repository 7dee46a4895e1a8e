"""Tours: the shortest way round through all of some places and back, over a table of metres between them.

Up to twelve places the answer is exact (M. Held and R. M. Karp 1962). Above, the shorter of the nearest-neighbour
tour and a walk around the shortest tree (never above twice the tree, which no tour is below) is made shorter by turning
stretches around (2-opt, G. A. Croes 1958) and moving up to three places elsewhere (I. Or 1976), among each place's
nearest, until neither helps. Then two stretches side by side change places (the double bridge of O. Martin, S. W. Otto
and E. W. Felten 1991), it is made shorter again around the cuts, and the shorter is kept; many times. Tables must be
symmetric and metric: no way is longer than one by way of a third place.
"""

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

EXACT_MAX = 12
KICKS_A_PLACE, KICKS_MAX = 60, 10_000
NEAR, STRETCH_MAX = 10, 50
SAME_M = 1e-7


def tour(way_m: Floats, *, seed: int) -> Ints:
    """Return the places of a (p, p) table of metres in the order of a short tour, beginning with place 0.

    Parameters
    ----------
    way_m
        Metres between places: symmetric, metric, finite.
    seed
        Decides where the tour is cut and put together otherwise; the same seed gives the same tour.
    """
    count = len(way_m)
    table = np.ascontiguousarray(way_m, dtype=np.float64)
    if count <= 3:
        return np.arange(count, dtype=np.int64)
    if count <= EXACT_MAX:
        return np.asarray(_exact(table), dtype=np.int64)
    kicks = min(KICKS_A_PLACE * count, KICKS_MAX)
    draw = np.random.default_rng(seed)
    steps = np.sort(draw.integers(1, min(count, STRETCH_MAX), size=(kicks, 3)), axis=1)
    cuts = np.column_stack([draw.integers(0, count, size=kicks), steps])
    near = np.argsort(table + np.diag(np.full(count, np.inf)), axis=1, kind="stable")[:, : min(NEAR, count - 1)]
    return np.asarray(_searched(table, np.ascontiguousarray(near), cuts), dtype=np.int64)


def length_of(way_m: Floats, order: Ints) -> float:
    """Return the metres of a tour, back to where it began."""
    return float(way_m[order, np.roll(order, -1)].sum())


def tree_m(way_m: Floats) -> float:
    """Return the metres of the shortest tree that joins all places: no tour is shorter."""
    return 0.0 if len(way_m) < 2 else float(_tree(np.ascontiguousarray(way_m, dtype=np.float64))[1])


def nearest_first(way_m: Floats) -> Ints:
    """Return the tour that goes to the nearest place not yet seen, from place 0."""
    return np.asarray(_nearest_first(np.ascontiguousarray(way_m, dtype=np.float64)), dtype=np.int64)


@numba.njit(cache=True, nogil=True)
def _exact(way_m):  # type: ignore[no-untyped-def]  # numba infers
    """Dynamic programme over sets of places: the shortest way from 0 through a set, ending at each of its places."""
    rest = len(way_m) - 1
    sets = 1 << rest
    best = np.full((sets, rest), np.inf)
    before = np.full((sets, rest), -1, dtype=np.int64)
    for place in range(rest):
        best[1 << place, place] = way_m[0, place + 1]
    for members in range(sets):
        for step in range(rest):
            if members >> step & 1:
                continue
            larger = members | 1 << step
            for last in range(rest):  # of sets that do not hold it the way is endless
                further = best[members, last] + way_m[last + 1, step + 1]
                if further < best[larger, step]:
                    best[larger, step], before[larger, step] = further, last
    last, least = 0, np.inf
    for place in range(rest):
        whole = best[sets - 1, place] + way_m[place + 1, 0]
        if whole < least:
            last, least = place, whole
    order, members = np.zeros(rest + 1, dtype=np.int64), sets - 1
    for at in range(rest, 0, -1):
        order[at] = last + 1
        last, members = before[members, last], members ^ 1 << last
    return order


@numba.njit(cache=True, nogil=True)
def _nearest_first(way_m):  # type: ignore[no-untyped-def]  # numba infers
    count = len(way_m)
    order, seen = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.bool_)
    seen[0] = True
    for at in range(1, count):
        here, next_place = order[at - 1], -1
        for place in range(count):
            if not seen[place] and (next_place < 0 or way_m[here, place] < way_m[here, next_place]):
                next_place = place
        order[at], seen[next_place] = next_place, True
    return order


@numba.njit(cache=True, nogil=True)
def _tree(way_m):  # type: ignore[no-untyped-def]  # numba infers
    """Prim's tree from place 0: the places as a walk around it first meets them, and its metres."""
    count, total_m = len(way_m), 0.0
    parent, near_m = np.zeros(count, dtype=np.int64), way_m[0].copy()
    inside, joined = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.int64)
    inside[0] = True
    for at in range(1, count):
        nearest = -1
        for place in range(count):
            if not inside[place] and (nearest < 0 or near_m[place] < near_m[nearest]):
                nearest = place
        inside[nearest], joined[at] = True, nearest
        total_m += near_m[nearest]
        for place in range(count):
            if not inside[place] and way_m[nearest, place] < near_m[place]:
                near_m[place], parent[place] = way_m[nearest, place], nearest
    order, waiting = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    met, left = 0, 1
    while left > 0:
        left -= 1
        place = waiting[left]
        order[met] = place
        met += 1
        for at in range(count - 1, 0, -1):
            if parent[joined[at]] == place:
                waiting[left] = joined[at]
                left += 1
    return order, total_m


@numba.njit(cache=True, nogil=True)
def _metres(way_m, order):  # type: ignore[no-untyped-def]  # numba infers
    total_m = way_m[order[-1], order[0]]
    for at in range(len(order) - 1):
        total_m += way_m[order[at], order[at + 1]]
    return total_m


@numba.njit(cache=True, nogil=True)
def _turn(order, at, first, last):  # type: ignore[no-untyped-def]  # numba infers
    """Turn the stretch between two positions around, or the rest of the ring, which is the same, if that is shorter."""
    count = len(order)
    size = (last - first) % count + 1
    if size * 2 > count:
        first, last, size = (last + 1) % count, (first - 1) % count, count - size
    for _ in range(size // 2):
        one, other = order[first], order[last]
        order[first], order[last], at[one], at[other] = other, one, last, first
        first = first + 1 if first + 1 < count else 0
        last = last - 1 if last else count - 1


@numba.njit(cache=True, nogil=True)
def _put_after(order, at, first, size, place, is_turned):  # type: ignore[no-untyped-def]  # numba infers
    """Move `size` places from a position on to behind another place, turned around or not."""
    count = len(order)
    part = np.empty(size, dtype=np.int64)
    for step in range(size):
        part[step] = order[(first + step) % count]
    between = (at[place] - (first + size - 1)) % count
    for step in range(between):
        moved, to = order[(first + size + step) % count], (first + step) % count
        order[to], at[moved] = moved, to
    for step in range(size):
        moved, to = part[size - 1 - step if is_turned else step], (first + between + step) % count
        order[to], at[moved] = moved, to


@numba.njit(cache=True, nogil=True)
def _try_turning(way_m, near, order, at, a):  # type: ignore[no-untyped-def]  # numba infers
    """Turn a stretch around that begins or ends at a place, if one helps; return the four places concerned, or -1."""
    count = len(order)
    for step in (1, -1):
        b = order[(at[a] + step) % count]
        ab_m = way_m[a, b]
        for c in near[a]:
            if way_m[a, c] >= ab_m:
                break
            d = order[(at[c] + step) % count]
            if way_m[a, c] + way_m[b, d] < ab_m + way_m[c, d] - SAME_M:
                if step == 1:
                    _turn(order, at, at[b], at[c])
                else:
                    _turn(order, at, at[a], at[d])
                return b, c, d
    return -1, -1, -1


@numba.njit(cache=True, nogil=True)
def _try_moving(way_m, near, order, at, a):  # type: ignore[no-untyped-def]  # numba infers
    """Move up to three places, a place at their end, beside another, if one move helps; return those concerned."""
    count = len(order)
    for size in range(1, 4):
        for step in (1, -1):
            e = order[(at[a] + step * (size - 1)) % count]
            p, q = order[(at[a] - step) % count], order[(at[e] + step) % count]
            saved_m = way_m[p, a] + way_m[e, q] - way_m[p, q]
            for c in near[a]:
                if way_m[a, c] >= saved_m:
                    break
                if (at[c] - at[a]) * step % count < size:
                    continue  # it is one of those that would move
                for side in (1, -1):
                    x = order[(at[c] + side) % count]
                    if (at[x] - at[a]) * step % count < size:
                        continue
                    if way_m[c, a] + way_m[e, x] - way_m[c, x] < saved_m - SAME_M:
                        first = at[a] if step == 1 else at[e]
                        _put_after(order, at, first, size, c if side == 1 else x, (side == 1) != (step == 1))
                        return p, q, c, x, e
    return -1, -1, -1, -1, -1


@numba.njit(cache=True, nogil=True)
def _improve(way_m, near, order, at, waiting, waits):  # type: ignore[no-untyped-def]  # numba infers
    """Make a tour shorter around the places that wait, until neither turning nor moving helps there."""
    left = len(waiting)
    stack = np.empty(len(order) + 1, dtype=np.int64)
    top = 0
    for one in range(left):
        if not waits[waiting[one]]:
            stack[top], waits[waiting[one]] = waiting[one], True
            top += 1
    while top > 0:
        top -= 1
        a = stack[top]
        waits[a] = False
        turned = _try_turning(way_m, near, order, at, a)
        touched = (a, turned[0], turned[1], turned[2], -1, -1)
        if turned[0] < 0:
            moved = _try_moving(way_m, near, order, at, a)
            if moved[0] < 0:
                continue
            touched = (a, moved[0], moved[1], moved[2], moved[3], moved[4])
        for place in touched:
            if place >= 0 and not waits[place]:
                stack[top], waits[place] = place, True
                top += 1


@numba.njit(cache=True, nogil=True)
def _bridged(order, cut):  # type: ignore[no-untyped-def]  # numba infers
    """Return a tour of which two stretches side by side have changed places, and the places at their ends."""
    count = len(order)
    begin, one, two, three = cut
    made, ends = order.copy(), np.empty(6, dtype=np.int64)
    for step in range(three - one):
        source = two + step if step < three - two else one + step - (three - two)
        made[(begin + one + step) % count] = order[(begin + source) % count]
    for at, step in enumerate((one - 1, one, two - 1, two, three - 1, three)):
        ends[at] = order[(begin + step) % count]
    return made, ends


@numba.njit(cache=True, nogil=True)
def _positions(order):  # type: ignore[no-untyped-def]  # numba infers
    at = np.empty(len(order), dtype=np.int64)
    for position in range(len(order)):
        at[order[position]] = position
    return at


@numba.njit(cache=True, nogil=True)
def _searched(way_m, near, cuts):  # type: ignore[no-untyped-def]  # numba infers
    best = _nearest_first(way_m)
    around = _tree(way_m)[0]
    if _metres(way_m, around) < _metres(way_m, best):
        best = around
    waits = np.zeros(len(best), dtype=np.bool_)
    _improve(way_m, near, best, _positions(best), best.copy(), waits)
    best_m = _metres(way_m, best)
    for one in range(len(cuts)):
        order, ends = _bridged(best, cuts[one])
        _improve(way_m, near, order, _positions(order), ends, waits)
        order_m = _metres(way_m, order)
        if order_m < best_m - SAME_M:
            best, best_m = order, order_m
    for at in range(len(best)):
        if best[at] == 0:
            return np.roll(best, -at)
    return best
