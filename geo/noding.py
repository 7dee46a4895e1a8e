"""Noding: where streets meet, found by their vertices.

Two streets meet where they share a vertex, ends or not; vertices are one when they agree to the
seventh decimal of a degree (about a centimetre), the precision of OpenStreetMap. Everything here
is EPSG:4326.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

KEY_PER_DEGREE = 10_000_000
JOIN_DEG = 5e-6  # about half a metre: how near an end must come to another street to lie on it


@dataclass(frozen=True, eq=False)
class Vertices:
    """Vertices of all streets, street after street.

    Attributes
    ----------
    lonlat
        (v, 2) degrees.
    line, part
        (v,) position of the street, and of the unbroken line within all lines.
    key
        (v,) equal where two vertices are one place.
    """

    lonlat: Floats
    line: Ints
    part: Ints
    key: Ints


def vertices_of(shapes: Shapes, is_bridge: Bools, *, node_crossings: bool = False) -> Vertices:
    """Return the vertices of (s,) street lines, without repeats in a row.

    With `node_crossings`, vertices are added where streets that are not bridges cross or touch,
    and where the end of any street comes within half a metre of one that is not a bridge. A street
    that crosses itself is left as it is.
    """
    parts, owner = shapely.get_parts(shapes, return_index=True)
    lonlat, part = shapely.get_coordinates(parts, return_index=True)
    if node_crossings and len(parts):
        lonlat, part = _with_crossings(parts, np.flatnonzero(~is_bridge[owner]), lonlat, part)
    key = _keys(lonlat)
    keep = np.ones(len(key), dtype=bool)
    keep[1:] = (key[1:] != key[:-1]) | (part[1:] != part[:-1])
    part = part[keep]
    return Vertices(lonlat[keep], owner[part].astype(np.int64), part.astype(np.int64), key[keep])


def edge_ranges(vertices: Vertices) -> tuple[Ints, Ints, Ints]:
    """Return the first and last vertex of every edge, and the node of every vertex (-1 inside an edge).

    Nodes are numbered west to east, south to north, so the order of streets does not matter.
    """
    key, part = vertices.key, vertices.part
    _, place, count = np.unique(key, return_inverse=True, return_counts=True)
    changes = part[1:] != part[:-1]
    is_end = np.ones(len(key), dtype=bool)
    is_end[1:-1] = changes[:-1] | changes[1:]
    stops = np.flatnonzero(is_end | (count[place] > 1))
    is_pair = part[stops[1:]] == part[stops[:-1]]
    first, last = _once(key, stops[:-1][is_pair], stops[1:][is_pair])
    used = np.unique(key[np.concatenate([first, last])])
    node = np.full(len(key), -1, dtype=np.int64)
    at = np.searchsorted(used, key)
    is_node = at < len(used)
    is_node[is_node] = used[at[is_node]] == key[is_node]
    node[is_node] = at[is_node]
    return first, last, node


def _once(key: Ints, first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Leave away edges that are drawn again: what two streets share is cut at every vertex, so it has two."""
    ends = np.sort(np.stack([key[first], key[last]], axis=1), axis=1)
    is_short = np.flatnonzero(last - first == 1)
    kept = np.ones(len(first), dtype=bool)
    kept[is_short] = False
    kept[is_short[np.unique(ends[is_short], axis=0, return_index=True)[1]]] = True
    return first[kept], last[kept]


def _keys(lonlat: Floats) -> Ints:
    lon, lat = np.round(lonlat * KEY_PER_DEGREE).astype(np.int64).T
    return np.asarray((lon + 180 * KEY_PER_DEGREE) * (181 * KEY_PER_DEGREE) + lat + 90 * KEY_PER_DEGREE)


def _with_crossings(parts: Shapes, ground: Ints, lonlat: Floats, part: Ints) -> tuple[Floats, Ints]:
    """Weave the points where lines meet into their vertices, in order along each line."""
    tree = shapely.STRtree(parts[ground])
    a, b = tree.query(parts[ground], predicate="intersects")
    a, b = ground[a[a < b]], ground[b[a < b]]
    meeting, pair = shapely.get_coordinates(shapely.intersection(parts[a], parts[b]), return_index=True)
    ends = np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    end, met = tree.query(ends, predicate="dwithin", distance=JOIN_DEG)
    new_part = np.concatenate([a[pair], b[pair], ground[met]])
    new = np.concatenate([meeting, meeting, shapely.get_coordinates(ends)[end]])
    along = np.concatenate([_along(lonlat, part), shapely.line_locate_point(parts[new_part], shapely.points(new))])
    all_part = np.concatenate([part, new_part])
    order = np.lexsort((np.arange(len(along)), along, all_part))
    return np.concatenate([lonlat, new])[order], all_part[order]


def _along(lonlat: Floats, part: Ints) -> Floats:
    step = np.concatenate([[0.0], np.hypot(*np.diff(lonlat, axis=0).T)])
    is_first = np.concatenate([[True], part[1:] != part[:-1]])
    step[is_first] = 0.0
    along = np.cumsum(step)
    return np.asarray(along - along[np.flatnonzero(is_first)][np.cumsum(is_first) - 1])
