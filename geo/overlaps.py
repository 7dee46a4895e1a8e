"""Overlaps: ground that two polygons claim.

Most polygons are drawn so that neighbours share their vertices, and then most sides have a twin: the same two ends,
and another polygon's ground across. Only sides without one are looked at. For let m be how many polygons lie over a
point. Across a side with its twin m stays the same, so the ground with m of two or more ends at sides without a twin.
On the inner hand of such a side, where m is still two, lies ground of its own polygon and of another one, which the
side runs through or along. So where no polygon shares ground with one that its lone sides meet, no two share any.
"""

import numba
import numpy as np
import numpy.typing as npt
import shapely

from geo.locator import metres_per_degree
from geo.sides import Sides, sides_of

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Shapes = npt.NDArray[np.object_]

OVERLAP_MIN_M2 = 1.0
SHARES_GROUND = "T********"


def overlaps(shapes: Shapes, *, area_min_m2: float = OVERLAP_MIN_M2) -> Shapes:
    """Return the ground that two of (n,) valid Polygons or MultiPolygons in degrees claim, more than so much of it."""
    if not _any(shapes):  # as plans have none, which are dissolved from cells
        return shapes[:0]
    shapely.prepare(shapes)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    is_more_than_touch = ~shapely.touches(shapes[one], shapes[other])
    shared = shapely.intersection(shapes[one[is_more_than_touch]], shapes[other[is_more_than_touch]])
    return np.asarray(shared[_areas_m2(shared) > area_min_m2], dtype=object)


def _any(shapes: Shapes) -> bool:
    """Return whether two polygons share ground, however little."""
    sides = sides_of(shapes)
    is_lone = _without_twin(sides)
    lines = shapely.linestrings(sides.ends[is_lone].reshape(-1, 2, 2))
    side, met = shapely.STRtree(shapes).query(lines, predicate="intersects")
    own = sides.place[is_lone][side]
    pairs = np.unique(np.column_stack([np.minimum(own, met), np.maximum(own, met)])[own != met], axis=0)
    return bool(shapely.relate_pattern(shapes[pairs[:, 0]], shapes[pairs[:, 1]], SHARES_GROUND).any())


def _without_twin(sides: Sides) -> Bools:
    """Return which sides have not exactly one of their kind, with ground across.

    They are sorted by the middle of their ends, which is the same to the last bit whichever way a side runs. Where two
    middles fall together by chance, sides are taken for lone ones, which costs a little time and hides nothing.
    """
    x, y = sides.ends[:, 0] + sides.ends[:, 2], sides.ends[:, 1] + sides.ends[:, 3]
    middle = np.pi * x + y
    order = np.argsort(middle)
    return np.asarray(_lone(sides.ends, sides.is_left, middle, order))


@numba.njit(cache=True, nogil=True)
def _lone(ends, is_left, middle, order):  # type: ignore[no-untyped-def]  # numba infers
    is_lone = np.ones(len(order), dtype=np.bool_)
    at = 0
    while at < len(order):
        stop = at + 1
        while stop < len(order) and middle[order[stop]] == middle[order[at]]:
            stop += 1
        if stop - at == 2:
            one, other = order[at], order[at + 1]
            runs_along, runs_against = _is_as(ends[one], ends[other], 0), _is_as(ends[one], ends[other], 2)
            is_across = (is_left[one] != is_left[other]) if runs_along else (is_left[one] == is_left[other])
            if is_across and (runs_along or runs_against):
                is_lone[one] = is_lone[other] = False
        at = stop
    return is_lone


@numba.njit(cache=True, nogil=True)
def _is_as(one, other, shift):  # type: ignore[no-untyped-def]  # numba infers
    return (
        one[0] == other[shift]
        and one[1] == other[shift + 1]
        and one[2] == other[2 - shift]
        and one[3] == other[3 - shift]
    )


def _areas_m2(shapes: Shapes) -> npt.NDArray[np.float64]:
    lat = shapely.get_y(shapely.centroid(shapes))
    east_m, north_m = np.array([metres_per_degree(one) for one in lat.tolist()]).reshape(-1, 2).T
    return np.asarray(shapely.area(shapes) * east_m * north_m, dtype=np.float64)
