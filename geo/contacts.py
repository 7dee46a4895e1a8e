"""Contacts: where the outlines of two polygons run along each other, exactly or nearly.

Three kinds of contact, in this order, each taking what the ones before left over:

1. a segment that two outlines share end to end, to the last bit (as in `geo.edges`);
2. stretches of two segments that face each other within half a millimetre: a vertex of one on the edge of the other;
3. stretches that face each other across a gap, or through an overlap, up to the tolerance; near ones first,
   so that a sliver between two cells keeps them apart.

Two segments face each other when they run against one another, each with its own ground on its left.
Everything is in one metre plane, in arrays: a million segments take seconds.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.edges import Bools, Floats, Ints, Shapes, lines_through, unique_points

TOUCH_M = 0.0005
STEPS_M = (TOUCH_M, 0.02, 0.1)
FACING = -0.5  # cosine: outlines that run within 60 degrees of one another
SHORTEST_M = 1e-6
LEFT_OVER_M = 0.01


@dataclass(frozen=True, eq=False)
class Segments:
    """Straight pieces of outline: (s, 2) ends in metres, ground on their left; the polygon of each, (s,)."""

    start: Floats
    end: Floats
    owner: Ints

    def taken(self, keep: Bools | Ints) -> "Segments":
        """Return the segments picked by a mask or by positions."""
        return Segments(self.start[keep], self.end[keep], self.owner[keep])

    def lengths(self) -> Floats:
        """Return the lengths in metres, (s,)."""
        step = self.end - self.start
        return np.hypot(step[:, 0], step[:, 1])

    def lines(self) -> Shapes:
        """Return the segments as LineStrings, (s,)."""
        return lines_through(np.stack([self.start, self.end], axis=1))


@dataclass(frozen=True, eq=False)
class Contacts:
    """Stretches of border, one row each.

    Attributes
    ----------
    left, right
        (m,) positions of two polygons, left < right.
    ends
        (m, 2, 2) the stretch, on the outline of `left`.
    gap_m
        (m,) how far off `right` is in its middle: above 0 a gap, below 0 an overlap.
    is_exact, is_touch
        (m,) of the first kind; of the first or second.
    loose
        The pieces of outline that face nothing.
    """

    left: Ints
    right: Ints
    ends: Floats
    gap_m: Floats
    is_exact: Bools
    is_touch: Bools
    loose: Segments

    def lengths(self) -> Floats:
        """Return the length of each stretch in metres, (m,)."""
        step = self.ends[:, 1] - self.ends[:, 0]
        return np.hypot(step[:, 0], step[:, 1])


def contacts_of(polygons: Shapes, *, tolerance_m: float) -> Contacts:
    """Return where (n,) Polygons and MultiPolygons in one metre plane lie along each other.

    Parameters
    ----------
    tolerance_m
        Widest gap and deepest overlap across which two outlines still meet.
    """
    segments = outlines(polygons)
    one, other, alone = _twins(segments)
    found = [_rows(segments, one, other, np.zeros(len(one)), exact=True, touch=True)]
    loose = segments.taken(alone)
    reaches = [step for step in STEPS_M if step < tolerance_m] + [max(tolerance_m, SHORTEST_M * 1e3)]
    for reach in reaches:
        rows, loose = _faced(loose, reach)
        found.append(rows)
    columns = [np.concatenate(column) for column in zip(*found, strict=True)]
    order = np.lexsort((columns[2][:, 0, 1], columns[2][:, 0, 0], columns[1], columns[0]))
    left, right, ends, gap, is_exact, is_touch = (column[order] for column in columns)
    return Contacts(left, right, ends, gap, is_exact, is_touch, loose)


def outlines(polygons: Shapes) -> Segments:
    """Return the segments of all rings, ground on the left, those without length left out."""
    single, part_of = shapely.get_parts(polygons, return_index=True)
    rings, ring_of = shapely.get_rings(shapely.orient_polygons(single), return_index=True)
    points, point_of = shapely.get_coordinates(rings, return_index=True)
    inside = point_of[1:] == point_of[:-1]
    owner = part_of[ring_of[point_of[:-1][inside]]].astype(np.int64)
    segments = Segments(points[:-1][inside], points[1:][inside], owner)
    return segments.taken(segments.lengths() > 0)


Rows = tuple[Ints, Ints, Floats, Floats, Bools, Bools]


def _rows(segments: Segments, one: Ints, other: Ints, gap: Floats, *, exact: bool, touch: bool) -> Rows:
    """Return whole segments `one` that meet segments `other` as columns of contacts."""
    ends = np.stack([segments.start[one], segments.end[one]], axis=1)
    kind = np.ones(len(one), dtype=bool)
    return segments.owner[one], segments.owner[other], ends, gap, kind & exact, kind & touch


def _twins(segments: Segments) -> tuple[Ints, Ints, Bools]:
    """Return the pairs of segments with the same ends and two owners, and which segments have no twin."""
    size = len(segments.owner)
    vertices, ids = unique_points(np.concatenate([segments.start, segments.end]))
    low, high = np.minimum(ids[:size], ids[size:]), np.maximum(ids[:size], ids[size:])
    key = low * np.int64(max(len(vertices), 1)) + high
    order = np.lexsort((segments.owner, key))
    sorted_key, owner = key[order], segments.owner[order]
    same = np.concatenate([sorted_key[1:] == sorted_key[:-1], [False]]) if size else np.zeros(0, dtype=bool)
    alone = np.ones(size, dtype=bool)
    alone[order[same]] = alone[order[np.flatnonzero(same) + 1]] = False
    ones, others = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    place = np.flatnonzero(same)
    step = 1
    while len(place):  # more than twice only where the same ground was drawn more than once
        apart = owner[place] != owner[place + step]
        ones.append(order[place[apart]])
        others.append(order[place[apart] + step])
        step += 1
        place = place[place + step < size]
        place = place[sorted_key[place] == sorted_key[place + step]]
    return np.concatenate(ones), np.concatenate(others), alone


def _faced(segments: Segments, reach: float) -> tuple[Rows, Segments]:
    """Return the stretches of segments that face another polygon within `reach`, and what faces nothing."""
    low, high = np.minimum(segments.start, segments.end), np.maximum(segments.start, segments.end)
    boxes = np.asarray(shapely.box(*(low - reach / 2).T, *(high + reach / 2).T), dtype=object)
    one, other = shapely.STRtree(boxes).query(boxes)
    apart = segments.owner[one] != segments.owner[other]
    one, other = one[apart], other[apart]
    low, high, gap = facing_stretch(segments, one, segments, other, reach)
    real = high - low > SHORTEST_M
    one, other, low, high, gap = one[real], other[real], low[real], high[real], gap[real]
    mine = segments.owner[one] < segments.owner[other]
    touch = np.full(int(mine.sum()), reach <= TOUCH_M)
    ends = np.stack([along(segments, one, low), along(segments, one, high)], axis=1)[mine]
    rows = segments.owner[one[mine]], segments.owner[other[mine]], ends, gap[mine], np.zeros_like(touch), touch
    of, low, high = uncovered(segments.lengths(), one, low, high)
    keep = high - low > LEFT_OVER_M
    of, low, high = of[keep], low[keep], high[keep]
    return rows, Segments(along(segments, of, low), along(segments, of, high), segments.owner[of])


def facing_stretch(
    segments: Segments, one: Ints, others: Segments, other: Ints, reach: float, *, any_way: bool = False
) -> tuple[Floats, Floats, Floats]:
    """Return from where to where along segments `one` (metres) the segments `other` run beside them.

    Parameters
    ----------
    one, other
        (p,) positions in `segments` and `others`.
    reach
        How far off, in metres.
    any_way
        Take segments that run the same way too.

    Returns
    -------
    (p,) begin, end (not above begin: nowhere) and distance in the middle, positive to the right of `one`.
    """
    step, away = segments.end[one] - segments.start[one], others.end[other] - others.start[other]
    length, far = np.hypot(step[:, 0], step[:, 1]), np.hypot(away[:, 0], away[:, 1])
    unit = step / length[:, None]
    right = np.column_stack([unit[:, 1], -unit[:, 0]])
    head, tail = others.start[other] - segments.start[one], others.end[other] - segments.start[one]
    at_head, at_tail = (head * unit).sum(axis=1), (tail * unit).sum(axis=1)
    off_head, off_tail = (head * right).sum(axis=1), (tail * right).sum(axis=1)
    cosine = (at_tail - at_head) / far
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (off_tail - off_head) / (at_tail - at_head)
        roots = at_head + (np.array([[-reach], [reach]]) - off_head) / slope
        level = np.abs(slope) < 1e-12
        roots = np.where(level, np.where(np.abs(off_head) <= reach, np.array([[-np.inf], [np.inf]]), np.nan), roots)
        low = np.fmax(np.fmax(0.0, np.minimum(at_head, at_tail)), roots.min(axis=0))
        high = np.fmin(np.fmin(length, np.maximum(at_head, at_tail)), roots.max(axis=0))
        gap = off_head + ((low + high) / 2 - at_head) * slope
    fits = (np.abs(cosine) >= -FACING if any_way else cosine <= FACING) & ~np.isnan(roots).any(axis=0)
    return np.where(fits, low, 0.0), np.where(fits, high, 0.0), np.where(fits, gap, 0.0)


def along(segments: Segments, of: Ints, metres: Floats) -> Floats:
    """Return the points so many metres along segments, (p, 2); the ends themselves to the last bit."""
    length = segments.lengths()[of]
    share = np.where(length > 0, metres / np.where(length > 0, length, 1.0), 0.0)[:, None]
    point = segments.start[of] + (segments.end[of] - segments.start[of]) * share
    return np.where(share <= 0, segments.start[of], np.where(share >= 1, segments.end[of], point))


def uncovered(lengths: Floats, of: Ints, low: Floats, high: Floats) -> tuple[Ints, Floats, Floats]:
    """Return what stretches low to high leave over of segments of given lengths: segment, begin, end."""
    size = len(lengths)
    # A stretch of no length at either end of each segment makes every gap one between two stretches.
    of = np.concatenate([np.arange(size), of, np.arange(size)])
    low = np.concatenate([np.zeros(size), low, lengths])
    high = np.concatenate([np.zeros(size), high, lengths])
    order = np.lexsort((low, of))
    of, low, high = of[order], low[order], high[order]
    # Segments are laid out one after the other, so that one running maximum serves all of them.
    shift = np.concatenate([[0.0], np.cumsum(lengths + 1.0)[:-1]])[of] if size else np.zeros(0)
    reached = np.maximum.accumulate(high + shift) - shift if size else high
    gap = np.concatenate([(of[1:] == of[:-1]) & (low[1:] > reached[:-1]), [False]]) if size else np.zeros(0, dtype=bool)
    at = np.flatnonzero(gap)
    return of[at].astype(np.int64), reached[at], low[at + 1]
