"""Gathering: DBSCAN (Ester et al. 1996) of points on a plane, exactly, whatever the order of the points.

Places lie in strips (`geo.strips`). How many are surely near a place is a difference of two running totals a strip,
so only those on the rim of its circle are measured; a cell is counted as a whole where that decides. Cells of cores
are joined, not cores, as by A. Gunawan (2013) and J. Gan and Y. Tao (*DBSCAN revisited*, 2015).

Two points are near when ``dx * dx + dy * dy <= eps_m * eps_m`` in float64, as in scikit-learn, to the last bit.
"""

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from geo.errors import BadPointError, BadSettingError
from geo.strips import MARGIN_SHARE, Strips, cells_of, strips_of, widths
from geo.threads import mapped

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NOISE = -1
COORDINATE_MAX_M = 1e12


class Gathering(NamedTuple):
    """The cluster of each point, NOISE for none, and whether it is a core.

    Clusters are numbered by their westernmost core, of two as far west by the southern one.
    """

    label: Ints
    is_core: Bools


def gathering(points_xy: Floats, *, eps_m: float, least: int, weight: Ints | None = None) -> Gathering:
    """Return the clusters of points.

    Parameters
    ----------
    points_xy
        (n, 2) metres.
    eps_m
        How near is near; exactly as far is near.
    least
        The weight within `eps_m`, its own counted, that makes a point a core.
    weight
        (n,) whole numbers above 0, how many each point stands for; None is one each.

    Returns
    -------
    Gathering
        Cores within `eps_m` of each other are of one cluster. A point within `eps_m` of a core is of the nearest
        core's cluster; of cores as near, of the westernmost's, then of the southernmost's. All others are NOISE.

    Raises
    ------
    BadSettingError
        `eps_m` or `least` is not above 0.
    BadPointError
        A coordinate is not a number, or no place on a plane in metres.
    """
    xy = np.asarray(points_xy, dtype=np.float64).reshape(-1, 2)
    _check(xy, eps_m, least)
    if len(xy) == 0:
        return Gathering(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_))
    weights = np.ones(len(xy), dtype=np.int64) if weight is None else np.array(weight, dtype=np.int64)
    strips, place = strips_of(xy, weights, float(eps_m))
    near2 = float(eps_m) * float(eps_m)
    cells, pieces = cells_of(strips.x, strips.y, strips.start, near2), strips.pieces()
    is_core = np.zeros(len(strips.x), dtype=np.bool_)
    mapped(lambda piece: _find_cores(strips, cells, (near2, least), piece, is_core), pieces)
    core = np.flatnonzero(is_core)
    cores = strips._replace(x=strips.x[core], y=strips.y[core], start=np.searchsorted(core, strips.start))
    label = np.full(len(strips.x), NOISE, dtype=np.int64)
    core_label = _joined(cores, near2)
    label[core] = core_label
    others = cores, core_label, is_core, label
    mapped(lambda piece: _find_borders(strips, cells, near2, piece, others), pieces)
    return Gathering(label[place], is_core[place])


def _check(xy: Floats, eps_m: float, least: int) -> None:
    for what, value, is_right in (("eps_m", eps_m, 0 < eps_m < np.inf), ("least", least, least >= 1)):
        if not is_right:
            raise BadSettingError(what=what, value=value, reason="it must be above 0", reason_zh="必须大于 0")
    is_good = np.abs(xy) <= COORDINATE_MAX_M
    if not is_good.all():
        point = tuple(xy[~is_good.all(axis=1)][0].tolist())
        raise BadPointError(value=point, reason="it is no place on a plane", reason_zh="不是平面上的位置")


@numba.njit(cache=True, nogil=True)
def _find_cores(strips, cells, rule, piece, is_core):  # type: ignore[no-untyped-def]  # numba infers
    """Mark the cores of some strips."""
    least = rule[1]
    for s in range(piece[0], piece[1]):
        surely, maybe = _weights_near_cells(strips, cells, rule[0], s)
        todo, asked = np.empty(strips.start[s + 1] - strips.start[s], dtype=np.int64), 0
        for cell in range(len(surely)):
            if maybe[cell] < least:
                continue
            for i in range(cells.start[cells.of_strip[s] + cell], cells.start[cells.of_strip[s] + cell + 1]):
                is_core[i] = surely[cell] >= least
                if not is_core[i]:
                    todo[asked] = i
                    asked += 1
        if asked:
            found = _weights_near(strips, rule, s, todo[:asked])
            for i in range(asked):
                is_core[todo[i]] = found[i] >= least


@numba.njit(cache=True, nogil=True)
def _weights_near_cells(strips, cells, near2, s):  # type: ignore[no-untyped-def]  # numba infers
    """Return the weight that is surely near every place of a cell, and that may be near any, for cells of a strip."""
    x, before, start, south, north = strips.x, strips.before, strips.start, strips.south, strips.north
    low, high, west, east = cells.of_strip[s], cells.of_strip[s + 1], cells.west, cells.east
    surely, maybe = np.zeros(high - low, dtype=np.int64), np.zeros(high - low, dtype=np.int64)
    for t in range(strips.first[s], strips.last[s]):
        out_m, in_m = widths(south, north, s, t, near2)
        a = b = c = d = start[t]
        end = start[t + 1]
        for cell in range(low, high):
            west_m, east_m = west[cell], east[cell]
            while a < end and west_m - x[a] > out_m:
                a += 1
            while b < end and x[b] - east_m <= out_m:
                b += 1
            maybe[cell - low] += before[b] - before[a]
            while c < end and east_m - x[c] > in_m:
                c += 1
            while d < end and x[d] - west_m <= in_m:
                d += 1
            surely[cell - low] += max(before[d] - before[c], 0)
    return surely, maybe


@numba.njit(inline="always")
def _weight_near(x, y, weight, at_x, at_y, near2):  # type: ignore[no-untyped-def]  # numba infers
    """Return the weight of places near a place: by a product, not a branch, so that several are taken at once."""
    total = 0
    for j in range(len(x)):
        dx, dy = at_x - x[j], at_y - y[j]
        total += weight[j] * (dx * dx + dy * dy <= near2)
    return total


@numba.njit(cache=True, nogil=True)
def _weights_near(strips, rule, s, todo):  # type: ignore[no-untyped-def]  # numba infers
    """Return the weight near some places of a strip; it is no longer counted once it is enough."""
    x, y, weight, before = strips.x, strips.y, strips.weight, strips.before
    start, south, north = strips.start, strips.south, strips.north
    near2, least = rule
    found = np.zeros(len(todo), dtype=np.int64)
    for t in range(strips.first[s], strips.last[s]):
        out_m, in_m = widths(south, north, s, t, near2)
        a = b = c = d = start[t]
        end = start[t + 1]
        for i in range(len(todo)):
            if found[i] >= least:
                continue
            at_x, at_y = x[todo[i]], y[todo[i]]
            while a < end and at_x - x[a] > out_m:
                a += 1
            while b < end and x[b] - at_x <= out_m:
                b += 1
            while c < end and at_x - x[c] > in_m:
                c += 1
            while d < end and x[d] - at_x <= in_m:
                d += 1
            inner = min(c, d)
            found[i] += before[d] - before[inner]
            found[i] += _weight_near(x[a:inner], y[a:inner], weight[a:inner], at_x, at_y, near2)
            found[i] += _weight_near(x[d:b], y[d:b], weight[d:b], at_x, at_y, near2)
    return found


def _joined(cores: Strips, near2: float) -> Ints:
    """Return the cluster of each core, numbered as `Gathering` says."""
    cells = cells_of(cores.x, cores.y, cores.start, near2)
    root = np.repeat(_joined_cells(cores, cells, near2), np.diff(cells.start))
    first = _westernmost(cores.x, cores.y, root)
    found = np.flatnonzero(first >= 0)
    number: Ints = np.empty(len(first), dtype=np.int64)
    number[found[np.lexsort((cores.y[first[found]], cores.x[first[found]]))]] = np.arange(len(found))
    return np.asarray(number[root])


@numba.njit(inline="always")
def _root(parent, cell):  # type: ignore[no-untyped-def]  # numba infers
    while parent[cell] != cell:
        parent[cell] = parent[parent[cell]]
        cell = parent[cell]
    return cell


@numba.njit(cache=True, nogil=True)
def _joined_cells(cores, cells, near2):  # type: ignore[no-untyped-def]  # numba infers
    """Join cells that hold two cores near each other; return one cell for all that are joined."""
    west, south, east, north = cells.west, cells.south, cells.east, cells.north
    parent = np.arange(len(west))
    for s in range(len(cores.start) - 1):
        for t in range(s, cores.last[s]):
            low, end = cells.of_strip[t], cells.of_strip[t + 1]
            for cell in range(cells.of_strip[s], cells.of_strip[s + 1]):
                while low < end and (west[cell] - east[low]) * abs(west[cell] - east[low]) > near2:
                    low += 1
                root = _root(parent, cell)
                for other in range(max(low, cell + 1), end):
                    if (west[other] - east[cell]) * abs(west[other] - east[cell]) > near2:
                        break
                    if _root(parent, other) == root:
                        continue
                    dx = max(0.0, max(west[other] - east[cell], west[cell] - east[other]))
                    dy = max(0.0, max(south[other] - north[cell], south[cell] - north[other]))
                    if dx * dx + dy * dy <= near2 and _is_near(cores, cells, cell, other, near2):
                        parent[_root(parent, other)] = root
    for cell in range(len(parent)):
        parent[cell] = _root(parent, cell)
    return parent


@numba.njit(cache=True, nogil=True)
def _is_near(cores, cells, cell, other, near2):  # type: ignore[no-untyped-def]  # numba infers
    """Return whether a core of one cell is near one of the other."""
    x, y = cores.x, cores.y
    a, b = cells.start[other], cells.start[other + 1]
    west, south, east, north = cells.west[other], cells.south[other], cells.east[other], cells.north[other]
    for i in range(cells.start[cell], cells.start[cell + 1]):
        at_x, at_y = x[i], y[i]
        dx, dy = max(0.0, max(west - at_x, at_x - east)), max(0.0, max(south - at_y, at_y - north))
        if dx * dx + dy * dy <= near2 and _count_near(x[a:b], y[a:b], at_x, at_y, near2):
            return True
    return False


@numba.njit(inline="always")
def _count_near(x, y, at_x, at_y, near2):  # type: ignore[no-untyped-def]  # numba infers
    count = 0
    for j in range(len(x)):
        dx, dy = at_x - x[j], at_y - y[j]
        count += dx * dx + dy * dy <= near2
    return count


@numba.njit(cache=True, nogil=True)
def _westernmost(x, y, root):  # type: ignore[no-untyped-def]  # numba infers
    """Return the westernmost, then southernmost, core of each root, -1 where there is none."""
    first = np.full(len(x), -1, dtype=np.int64)
    for i in range(len(x)):
        best = first[root[i]]
        if best < 0 or x[i] < x[best] or (x[i] == x[best] and y[i] < y[best]):
            first[root[i]] = i
    return first


@numba.njit(cache=True, nogil=True)
def _find_borders(strips, cells, near2, piece, others):  # type: ignore[no-untyped-def]  # numba infers
    """Give those near a core, and none themselves, the label of the nearest, in some strips."""
    cores, core_label, is_core, label = others
    for s in range(piece[0], piece[1]):
        is_wanted = _cells_near(strips, cells, near2, s, cores)
        todo, asked = np.empty(strips.start[s + 1] - strips.start[s], dtype=np.int64), 0
        for cell in range(cells.of_strip[s], cells.of_strip[s + 1]):
            if is_wanted[cell - cells.of_strip[s]]:
                for i in range(cells.start[cell], cells.start[cell + 1]):
                    if not is_core[i]:
                        todo[asked] = i
                        asked += 1
        if asked:
            found = _nearest(strips, cores, near2, s, todo[:asked])
            for i in range(asked):
                if found[i] >= 0:
                    label[todo[i]] = core_label[found[i]]


@numba.njit(cache=True, nogil=True)
def _cells_near(strips, cells, near2, s, cores):  # type: ignore[no-untyped-def]  # numba infers
    """Return which cells of a strip may be near a core."""
    low, high, x = cells.of_strip[s], cells.of_strip[s + 1], cores.x
    is_near = np.zeros(high - low, dtype=np.bool_)
    for t in range(strips.first[s], strips.last[s]):
        at, end = cores.start[t], cores.start[t + 1]
        out_m, _ = widths(strips.south, strips.north, s, t, near2)
        for cell in range(low, high):
            while at < end and cells.west[cell] - x[at] > out_m:
                at += 1
            if at == end:
                break
            is_near[cell - low] |= x[at] - cells.east[cell] <= out_m
    return is_near


@numba.njit(cache=True, nogil=True)
def _nearest(strips, cores, near2, s, todo):  # type: ignore[no-untyped-def]  # numba infers
    """Return the nearest core, as `gathering` says, of some places of a strip; -1 where none is near."""
    x, y, found, best2 = cores.x, cores.y, np.full(len(todo), -1, dtype=np.int64), np.full(len(todo), near2)
    for t in range(strips.first[s], strips.last[s]):
        begin, at, end = cores.start[t], cores.start[t], cores.start[t + 1]
        for i in range(len(todo)):
            at_x, at_y = strips.x[todo[i]], strips.y[todo[i]]
            dy = max(0.0, max(strips.south[t] - at_y, at_y - strips.north[t]))
            while at < end and x[at] < at_x:
                at += 1
            for step in (1, -1):
                j = at if step == 1 else at - 1
                while begin <= j < end and (x[j] - at_x) ** 2 + dy * dy <= best2[i] * (1 + MARGIN_SHARE):
                    d2, other = (x[j] - at_x) ** 2 + (y[j] - at_y) ** 2, found[i]
                    is_west = other < 0 or x[j] < x[other] or (x[j] == x[other] and y[j] < y[other])
                    if d2 < best2[i] or (d2 == best2[i] and is_west):
                        best2[i], found[i] = d2, j
                    j += step
    return found
