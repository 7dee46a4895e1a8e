"""Shading: the tables that `geo.locator` holds points against, made from polygons.

Where most polygons are in other tables already, only the new ones are looked at, and the rest is put in order.
"""

import math

import numba
import numpy as np
import numpy.typing as npt

from geo.locator import (
    BANDS,
    COLUMNS,
    CORNER,
    FIRSTS,
    HEAD,
    LISTS,
    NONE,
    POLYGONS,
    RASTER,
    ROWS,
    SEVERAL,
    Tables,
    covers,
)
from geo.sides import Shapes, Sides, sides_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CELLS_EACH, CELLS_MIN, CELLS_MAX = 160, 2**16, 2**23  # of the raster: a polygon, in all
EDGES_A_BAND = 6
NEAR_CELL = 1e-6  # an edge this near to a cell, in cells, is taken to be in it
GROWN_MAX = 1.25  # so many times the cells of a raster may be wanted before another is drawn


def tables(shapes: Shapes) -> Tables:
    """Return the tables of (n,) Polygons or MultiPolygons in degrees, valid, in order; empty ones cover nothing."""
    sides = sides_of(shapes)
    return _amended(_bare(sides, len(shapes)), sides, np.full(len(shapes), NONE), np.arange(len(shapes)))


def amended(before: Tables, shapes: Shapes, was: Ints) -> Tables:
    """Return the tables of (n,) shapes of which most are in other tables already: the same answers, in less time.

    Parameters
    ----------
    was
        (n,) the place each had before, no two the same; -1 for new ones, which alone are looked at.
    """
    new = np.flatnonzero(was < 0)
    sides = sides_of(shapes[new])
    cells = int(before.ints[COLUMNS]) * int(before.ints[ROWS])
    fits = _is_within(sides, before) and _cells_for(len(shapes)) <= GROWN_MAX * cells
    return _amended(before, sides, was, new) if fits else tables(shapes)


def _bare(sides: Sides, count: int) -> Tables:
    """Return the tables of no polygons, with a raster for these; its outermost cells hold nothing."""
    columns, rows, corner = 1, 1, np.array([0.0, 0.0, 1e-3, 1e-3])
    if len(sides.place):
        low, high = _box(sides)
        wide, high_ = np.maximum(high - low, 1e-9)
        squeeze = max(math.cos(math.radians(float(low[1] + high[1]) / 2)), 0.01)
        cells = _cells_for(count)
        columns = int(np.clip(math.sqrt(cells * wide * squeeze / high_), 1, cells))
        rows = max(1, cells // columns)
        per_degree = np.array([columns / wide, rows / high_])
        columns, rows, corner = columns + 2, rows + 2, np.concatenate([low - 1.0 / per_degree, per_degree])
    ints = np.full(HEAD + 3 + columns * rows, NONE, dtype=np.int32)
    ints[:HEAD] = columns, rows, 0, HEAD, HEAD + 1, HEAD + 2, HEAD + 2 + columns * rows
    ints[HEAD : HEAD + 2] = 0
    return Tables(ints, corner)


def _cells_for(count: int) -> int:
    """Return of how many cells the raster of so many polygons is."""
    return min(max(CELLS_EACH * count, CELLS_MIN), CELLS_MAX)


def _is_within(sides: Sides, before: Tables) -> bool:
    """Return whether sides lie within the inner cells of a raster."""
    if len(sides.place) == 0:
        return True
    (west, south, columns, rows), size = before.reals[:CORNER], before.ints[[COLUMNS, ROWS]]
    low, high = ((end - [west, south]) * [columns, rows] for end in _box(sides))
    return bool((low >= 1.0).all() and (high <= size - 1.0).all())


def _box(sides: Sides) -> tuple[Floats, Floats]:
    x, y = sides.ends[:, ::2], sides.ends[:, 1::2]
    return np.array([x.min(), y.min()]), np.array([x.max(), y.max()])


def _amended(before: Tables, sides: Sides, was: Ints, new: Ints) -> Tables:
    """Return tables of `before`'s polygons that are still there, and of new ones: their places, and their sides."""
    starts, firsts, bands, banded = _joined(before, was, _banded(sides.ends, sides.place, len(new)))
    reals = np.concatenate([before.reals[:CORNER], bands.ravel(), banded.ravel()])
    columns, rows = before.ints[:POLYGONS].tolist()
    head = np.array([columns, rows, len(was), *HEAD + np.cumsum([0, len(starts), len(firsts), columns * rows])])
    raster = np.empty(columns * rows, dtype=np.int32)
    ints = np.concatenate([head, starts, firsts, raster], dtype=np.int32, casting="unsafe")
    now = np.full(before.ints[POLYGONS], NONE)
    now[was[was >= 0]] = np.flatnonzero(was >= 0)
    first_edge = np.searchsorted(sides.place, np.arange(len(new) + 1))
    lists = _shade((sides.ends, first_edge, new), ints, reals, before.ints, now)
    return Tables(np.concatenate([ints, lists]), reals)


def _joined(before: Tables, was: Ints, new: tuple[Ints, Ints, Floats, Floats]) -> tuple[Ints, Ints, Floats, Floats]:
    """Return what `_banded` does of all polygons, in their order: as they were before, or, of new ones, as given."""
    ints, reals = before
    count, at = int(ints[POLYGONS]), CORNER + 2 * int(ints[POLYGONS])
    starts = ints[ints[BANDS] : ints[BANDS] + count + 1]
    firsts = ints[ints[FIRSTS] : ints[FIRSTS] + starts[-1] + 1]
    of_polygon = np.concatenate([np.diff(starts), np.diff(new[0])]).astype(np.int64)
    of_band = np.concatenate([np.diff(firsts), np.diff(new[1])]).astype(np.int64)
    polygon = np.where(was >= 0, was, count + np.cumsum(was < 0) - 1)
    band = _members(of_polygon, polygon)
    edge = _members(of_band, band)
    return (
        np.concatenate([[0], np.cumsum(of_polygon[polygon])]),
        np.concatenate([[0], np.cumsum(of_band[band])]),
        np.concatenate([reals[CORNER:at].reshape(-1, 2), new[2]])[polygon],
        np.concatenate([reals[at:].reshape(-1, 4), new[3]])[edge],
    )


def _members(sizes: Ints, group: Ints) -> Ints:
    """Return the members of groups, in the order asked; members are numbered group by group."""
    many = sizes[group]
    first = (np.cumsum(sizes) - sizes)[group] - (np.cumsum(many) - many)
    return np.asarray(np.arange(many.sum()) + np.repeat(first, many))


@numba.njit(cache=True, nogil=True)
def _banded(edges, polygon, count):  # type: ignore[no-untyped-def]  # numba infers
    """Return where the bands of each polygon begin and the edges of each band; the bands' scale; edges, band by band.

    An edge stands in each band it has a height of.
    """
    many = np.zeros(count, dtype=np.int64)
    bands = np.empty((count, 2))
    bands[:, 0], bands[:, 1] = np.inf, -np.inf
    for edge in range(len(edges)):
        place, low, high = polygon[edge], min(edges[edge, 1], edges[edge, 3]), max(edges[edge, 1], edges[edge, 3])
        many[place] += 1
        bands[place, 0], bands[place, 1] = min(bands[place, 0], low), max(bands[place, 1], high)
    starts = np.zeros(count + 1, dtype=np.int32)
    for place in range(count):
        own = -(-many[place] // EDGES_A_BAND)
        starts[place + 1] = starts[place] + own
        if own == 0:
            bands[place, 0], bands[place, 1] = 0.0, 1.0
        bands[place, 1] = own / max(bands[place, 1] - bands[place, 0], 1e-12)
    firsts = np.zeros(starts[-1] + 1, dtype=np.int32)
    for edge in range(len(edges)):
        for band in _bands_of(edges[edge], polygon[edge], starts, bands):
            firsts[band + 1] += 1
    firsts[:] = np.cumsum(firsts)
    banded, filled = np.empty((firsts[-1], 4)), firsts.copy()
    for edge in range(len(edges)):
        for band in _bands_of(edges[edge], polygon[edge], starts, bands):
            banded[filled[band]] = edges[edge]
            filled[band] += 1
    return starts, firsts, bands, banded


@numba.njit(cache=True, nogil=True)
def _bands_of(edge, place, starts, bands):  # type: ignore[no-untyped-def]  # numba infers
    """Return the numbers of the bands of its polygon that an edge has a height of."""
    last = starts[place + 1] - starts[place] - 1
    low, high = (min(edge[1], edge[3]) - bands[place, 0]), (max(edge[1], edge[3]) - bands[place, 0])
    one, other = min(max(low * bands[place, 1], 0.0), last), min(max(high * bands[place, 1], 0.0), last)
    return range(starts[place] + np.int64(one), starts[place] + np.int64(other) + 1)


@numba.njit(cache=True, nogil=True)
def _shade(drawn, ints, reals, before, now):  # type: ignore[no-untyped-def]  # numba infers
    """Fill the raster, and return the lists of the cells that several polygons have a part of.

    `drawn` are the edges of new polygons, where those of each begin, and their places; `now` is where polygons of
    `before` stand now, -1 where they are gone.
    """
    edges, first_edge, new = drawn
    found = _kept(ints, before, now)
    no_lists = np.empty(0, dtype=np.int32)
    for number in range(len(new)):
        _shade_one(new[number], edges[first_edge[number] : first_edge[number + 1]], ints, reals, found, no_lists)
    lists = _listed(ints, found, before, now)
    for number in range(len(new)):
        _shade_one(new[number], edges[first_edge[number] : first_edge[number + 1]], ints, reals, found, lists)
    return lists


@numba.njit(cache=True, nogil=True)
def _kept(ints, before, now):  # type: ignore[no-untyped-def]  # numba infers
    """Fill the raster with what is still there; return how many hold each cell, and whether an edge runs through it."""
    size = ints[COLUMNS] * ints[ROWS]
    many, crossed = np.zeros(size, dtype=np.int32), np.zeros(size, dtype=np.bool_)
    for cell in range(size):
        ints[ints[RASTER] + cell] = NONE
        for place in _holders(before, cell):
            if now[place] >= 0:
                ints[ints[RASTER] + cell] = now[place]
                many[cell] += 1
        crossed[cell] = many[cell] > 0 and before[before[RASTER] + cell] <= SEVERAL
    return many, crossed


@numba.njit(cache=True, nogil=True)
def _listed(ints, found, before, now):  # type: ignore[no-untyped-def]  # numba infers
    """Give each cell that needs one a list, and return the lists, with those of `before` in them."""
    many, crossed = found
    length = 0
    for cell in range(len(many)):
        if crossed[cell] or many[cell] > 1:
            ints[ints[RASTER] + cell] = SEVERAL - length
            length += many[cell] + 1
    lists = np.zeros(max(length, 1), dtype=np.int32)
    for cell in range(len(many)):
        at = SEVERAL - ints[ints[RASTER] + cell]
        for place in _holders(before, cell) if at >= 0 else before[:0]:
            if now[place] >= 0:
                _put(lists, at, now[place])
    return lists


@numba.njit(cache=True, nogil=True)
def _holders(ints, cell):  # type: ignore[no-untyped-def]  # numba infers
    """Return the places that have a part of a cell."""
    at = ints[RASTER] + cell
    held = ints[at]
    if held <= SEVERAL:
        at = ints[LISTS] + SEVERAL - held
        return ints[at + 1 : at + 1 + ints[at]]
    return ints[at : at + (held >= 0)]


@numba.njit(cache=True, nogil=True)
def _put(lists, at, place):  # type: ignore[no-untyped-def]  # numba infers
    """Put a place into a list, in order."""
    lists[at] += 1
    last = at + lists[at]
    while last > at + 1 and lists[last - 1] > place:
        lists[last] = lists[last - 1]
        last -= 1
    lists[last] = place


@numba.njit(cache=True, nogil=True)
def _shade_one(place, edges, ints, reals, found, lists):  # type: ignore[no-untyped-def]  # numba infers
    """Count a polygon in each cell it has a part of; where there are lists, write it there instead."""
    if len(edges) == 0:
        return
    (many, crossed), columns = found, ints[COLUMNS]
    west, east, south, north = _box_of(edges, reals)
    marks = np.zeros((north - south + 1, east - west + 1), dtype=np.bool_)
    _mark(edges, marks, west, south, reals)
    for row in range(south, north + 1):
        is_inside, is_known = False, False
        for column in range(west, east + 1):
            cell = np.int64(row) * columns + column
            is_marked = marks[row - south, column - west]
            if is_marked:
                is_known = False
            elif not is_known:
                lon, lat = reals[0] + (column + 0.5) / reals[2], reals[1] + (row + 0.5) / reals[3]
                is_inside, is_known = covers(place, lon, lat, ints, reals), True
            if not (is_marked or is_inside):
                continue
            if len(lists) == 0:
                many[cell] += 1
                crossed[cell] |= is_marked
                ints[ints[RASTER] + cell] = place
            elif ints[ints[RASTER] + cell] <= SEVERAL:
                _put(lists, SEVERAL - ints[ints[RASTER] + cell], place)


@numba.njit(cache=True, nogil=True)
def _box_of(edges, reals):  # type: ignore[no-untyped-def]  # numba infers
    """Return the first and last column and row that edges reach."""
    west = math.floor((min(edges[:, 0].min(), edges[:, 2].min()) - reals[0]) * reals[2] - NEAR_CELL)
    east = math.floor((max(edges[:, 0].max(), edges[:, 2].max()) - reals[0]) * reals[2] + NEAR_CELL)
    south = math.floor((min(edges[:, 1].min(), edges[:, 3].min()) - reals[1]) * reals[3] - NEAR_CELL)
    north = math.floor((max(edges[:, 1].max(), edges[:, 3].max()) - reals[1]) * reals[3] + NEAR_CELL)
    return np.int64(west), np.int64(east), np.int64(south), np.int64(north)


@numba.njit(cache=True, nogil=True)
def _mark(edges, marks, west, south, reals):  # type: ignore[no-untyped-def]  # numba infers
    """Mark the cells that edges run through or along, row by row."""
    for edge in range(len(edges)):
        x1, y1 = (edges[edge, 0] - reals[0]) * reals[2], (edges[edge, 1] - reals[1]) * reals[3]
        x2, y2 = (edges[edge, 2] - reals[0]) * reals[2], (edges[edge, 3] - reals[1]) * reals[3]
        low, high = math.floor(min(y1, y2) - NEAR_CELL), math.floor(max(y1, y2) + NEAR_CELL)
        for row in range(low, high + 1):
            one, other = min(x1, x2), max(x1, x2)
            if low < high and abs(y2 - y1) > NEAR_CELL:
                slope = (x2 - x1) / (y2 - y1)
                ends = x1 + (row - NEAR_CELL - y1) * slope, x1 + (row + 1 + NEAR_CELL - y1) * slope
                one, other = max(one, min(ends)), min(other, max(ends))
            first_column = max(math.floor(one - NEAR_CELL) - west, 0)
            last_column = min(math.floor(other + NEAR_CELL) - west, marks.shape[1] - 1)
            marks[row - south, first_column : last_column + 1] = True
