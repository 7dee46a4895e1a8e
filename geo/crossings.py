"""Crossings: where a walkable street leads over, under or across what bars the way.

A bar is ground one does not step on: water polygons, and a narrow band along streams, rails and fast
roads. The stretches of walkable streets inside a bar are followed from bank to bank; the land cells at
their ends are linked. Streets split in mid-river, and bridges that meet on an island of the bar, are
followed as one. One metre plane.

Rules: any walkable street crosses water, a rail or a trunk road (culvert, level crossing, underpass);
a motorway is crossed only by a street that is a bridge or tunnel. What is itself on a bridge or in a
tunnel bars nothing (`geo.blocks.ground`).
"""

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

from geo.blocks import Ground
from geo.edges import Ints, Shapes, points_at

BAND_M = 0.5
TOUCH_M = 0.3
BANK_MAX_M = 5.0


def crossing_links(shapes: Shapes, land: Ints, cut: Ground, walkable: Shapes, is_bridge: NDArray[np.bool_]) -> Ints:
    """Return the pairs of land cells that a walkable street links across a bar.

    Parameters
    ----------
    shapes
        ``(n,)`` cells, Polygons in metres.
    land
        Positions of the cells one can stand on.
    cut
        What bars the way, in the same plane.
    walkable, is_bridge
        ``(s,)`` single lines of walkable streets, and whether each is a bridge or tunnel.

    Returns
    -------
    ``(m, 2)`` positions of cells, the lower one first, each pair once.
    """
    wet = np.concatenate([cut.waters, _bands(np.concatenate([cut.rails, cut.streams]))])
    links = [
        _links(shapes, land, wet, walkable),
        _links(shapes, land, _bands(cut.trunks), walkable),
        _links(shapes, land, _bands(cut.motorways), walkable[is_bridge]),
    ]
    return np.unique(np.concatenate(links), axis=0)


def _bands(lines: Shapes) -> Shapes:
    """Return narrow ground along lines."""
    bands: Shapes = shapely.buffer(lines, BAND_M, cap_style="flat", quad_segs=2)
    return bands


def _links(shapes: Shapes, land: Ints, bars: Shapes, streets: Shapes) -> Ints:
    """Return the pairs of land cells linked across one family of bars."""
    none = np.empty((0, 2), dtype=np.int64)
    if len(bars) == 0 or len(streets) == 0 or len(land) == 0:
        return none
    zones = shapely.get_parts(shapely.union_all(bars))
    street, zone = shapely.STRtree(zones).query(streets, predicate="intersects")
    stretches, of = shapely.get_parts(
        shapely.line_merge(shapely.intersection(streets[street], zones[zone])), return_index=True
    )
    long = shapely.length(stretches) > 0
    stretches, of = stretches[long], zone[of[long]]
    if len(stretches) == 0:
        return none
    left, right = shapely.STRtree(stretches).query(stretches, predicate="dwithin", distance=0.01)
    graph = coo_matrix((np.ones(len(left)), (left, right)), shape=(len(stretches), len(stretches)))
    group = connected_components(graph, directed=False)[1]
    ends = points_at(np.concatenate([_end(stretches, 0), _end(stretches, -1)]))
    on_bank = shapely.dwithin(ends, np.tile(shapely.boundary(zones)[of], 2), 0.01)
    return _joined(shapes, land, ends[on_bank], np.tile(group, 2)[on_bank])


def _end(lines: Shapes, place: int) -> NDArray[np.float64]:
    """Return the first (0) or last (-1) vertex of each line."""
    points: NDArray[np.float64] = shapely.get_coordinates(shapely.get_point(lines, place))
    return points


def _joined(shapes: Shapes, land: Ints, exits: Shapes, group: Ints) -> Ints:
    """Return the pairs of cells at exits of one crossing, along the shortest tree over its exits."""
    cells_at = _cells_at(shapes, land, exits)
    pairs: set[tuple[int, int]] = set()
    order = np.argsort(group, kind="stable")
    for crossing in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        for one, other in _tree(shapely.get_coordinates(exits[crossing])):
            for a in cells_at[crossing[one]]:
                pairs.update((min(a, b), max(a, b)) for b in cells_at[crossing[other]] if a != b)
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)


def _tree(points: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the edges of the shortest tree that joins points."""
    if len(points) < 2:
        return []
    tree = minimum_spanning_tree(squareform(pdist(points) + 1e-6)).tocoo()
    return list(zip(tree.row.tolist(), tree.col.tolist(), strict=True))


def _cells_at(shapes: Shapes, land: Ints, places: Shapes) -> list[list[int]]:
    """Return the land cells that each place touches, or else the nearest one within `BANK_MAX_M`."""
    tree = shapely.STRtree(shapes[land])
    found: list[list[int]] = [[] for _ in places]
    for place, cell in tree.query(places, predicate="dwithin", distance=TOUCH_M).T:
        found[place].append(int(land[cell]))
    bare = np.array([place for place, cells in enumerate(found) if not cells], dtype=np.int64)
    if len(bare):
        for place, cell in tree.query_nearest(places[bare], max_distance=BANK_MAX_M, all_matches=False).T:
            found[bare[place]].append(int(land[cell]))
    return found
