"""Splitting: the cells of one grid in two or more parts, by a drawn line, along a street, or in equal shares.

Cells are never cut: each goes to one part as a whole, and every part is in one piece on foot. Nothing is dissolved
and nothing is stored; what comes back says which cell goes where. Frames as in docs/architecture.md, EPSG:4326; the
work is done in the local metre zone. Nobody stands on water: contiguity does not ask it. See docs/methods/redraw.md.
"""

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order

from geo.crs import metre_transformer, metric_crs
from geo.edges import Bools, Ints, Shapes, lines_through, shared_edges
from geo.errors import BadSettingError, InputError
from geo.frames import LINES
from geo.partition.attachment import attached
from geo.partition.bands import band_of, masses_of
from geo.partition.equal import equal_parts, shared_out, with_ground
from geo.partition.graph import Graph, Nodes, edges_of, graph_from_edges, pieces_on_foot, tails_of
from geo.partition.ground import Ground, grounds_of, some
from geo.rebalance import evened_parts
from geo.rng import generator

STREET_M = 1.0
# Cells drawn by others may leave gaps of half a metre; inside its outline a grid has none.
GAP_M = 0.5
# A hand shakes: where a line's end points to is looked at over so much of it.
AIM_M, BEYOND_M = 20.0, 0.1
HAIR = 1e-6


class BadMembersError(InputError):
    """The cells handed in as one grid are no grid."""

    zh = "无法拆分所给地块（{reason_zh}）：{ids}。请给出同一社区内一个网格的全部地块，每块一次。"
    en = "These cells cannot be split ({reason}): {ids}. Give all cells of one grid of one community, each once."


class BadLineError(InputError):
    """What was drawn is no line."""

    zh = "所画的线不可用：{reason_zh}。请在地图上至少点两个不同的点。"
    en = "The line cannot be used: {reason}. Draw it through at least two different points."


class NotPartedError(InputError):
    """A line or street does not part the grid."""

    zh = "未能拆分网格：{reason_zh}。"
    en = "The grid is not parted: {reason}."


class TooFewCellsError(InputError):
    """More parts are asked for than a grid has cells, or than it has cells with homes."""

    zh = "网格只有 {cells} 个（有住户的）地块，无法分成 {count} 份。请减少份数。"
    en = "The grid has only {cells} cells (with homes): too few for {count} parts. Ask for fewer."


class GridInPiecesError(InputError):
    """A grid is in more pieces on foot than it may be."""

    zh = "网格步行上已分为 {pieces} 块，无法得到各自步行连通的 {count} 份。请至少分成 {pieces} 份，或先使各块步行连通。"
    en = (
        "The grid is in {pieces} pieces on foot: {count} parts in one piece each cannot be had. "
        "Ask for {pieces} parts at least, or join the pieces first."
    )


@dataclass(frozen=True, eq=False)
class Split:
    """Where the cells of a grid go.

    Attributes
    ----------
    parts
        Series ``part`` by ``cell_id``, sorted: 0.. by households, most first, so part 0 keeps the grid's code (of
        equals the one with more cells, then the one with the lowest cell_id).
    moved
        Cells that lie mostly on the other side of the line, but would be cut off on foot there.
    """

    parts: pd.Series
    moved: pd.Index


def split_by_line(
    cells: gpd.GeoDataFrame, borders: pd.DataFrame, members: Collection[Hashable], line: shapely.LineString
) -> Split:
    """Split a grid in two by a drawn line.

    Parameters
    ----------
    cells, borders
        Those of the grid; more may come along.
    members
        The cell ids of one grid.
    line
        EPSG:4326. It may be drawn roughly: an end inside the grid is carried straight on (in the direction of the
        last 20 m) until it leaves the grid's outline: holes filled; of ground in several polygons their convex hull. A
        line may leave the grid and come back, and cross itself: sides change. A closed one parts what it encloses.

    Returns
    -------
    Split
        Two parts, each in one piece on foot. A cell is on the side where most of its area lies. Of each side the piece
        with most cells with homes stays; what is loose from it goes to the other side, no more than needed. Land
        without homes that is loose from the grid as it is stays on its side.

    Raises
    ------
    BadLineError, NotPartedError
        The line has no length, lies beside the grid, or leaves no cell on one side.
    GridInPiecesError
        The grid's homes are in several pieces already.
    InputError
        Frames or members cannot be used.
    """
    ground, chosen = _ground(cells, borders, members)
    body = _body(ground)
    side = _sides(_metric(chosen.geometry.to_numpy(), chosen), _metric_line(line, LINES[:1], chosen))
    side = np.where(body | ground.is_water, side, _sides_of_pieces(ground, side))
    if len(np.unique(side[body])) < 2:
        raise NotPartedError(
            reason="no cell lies mostly on the other side of the line; draw it farther inside",
            reason_zh="线的另一侧没有以其为主的地块，请把线画得更靠里",
        )
    final = np.where(body, _in_one_piece_each(ground.graph, body, side), side)
    return _split(ground, final, moved=final != side)


def split_by_street(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    members: Collection[Hashable],
    street_lines: shapely.LineString | shapely.MultiLineString,
    *,
    tolerance_m: float = STREET_M,
) -> Split:
    """Split a grid along a street: what hangs together on foot without crossing it is a part.

    Parameters
    ----------
    cells, borders, members
        As in `split_by_line`.
    street_lines
        The street, in one or more segments, EPSG:4326. It is taken as it is, and not carried on.
    tolerance_m
        A border runs along the street if at least half of it is no farther off. A passage (a border without length) is
        closed where the straight way between the middles of its cells crosses the street.

    Returns
    -------
    Split
        Parts in one piece on foot, each with households. What has none (an island between two carriageways) and water
        joins the part along its longest border. Where nobody lives at all, every piece is a part.

    Raises
    ------
    NotPartedError, InputError
        The grid hangs together around the street, or only one side has homes; frames, members, street cannot be used.
    """
    ground, chosen = _ground(cells, borders, members)
    street = _metric_line(street_lines, LINES, chosen)
    closed = _closed(ground, _metric(chosen.geometry.to_numpy(), chosen), street, tolerance_m)
    before, pieces = (pieces_on_foot(graph, ~ground.is_water) for graph in (ground.graph, closed))
    is_part = _peopled(ground, pieces)
    if is_part.sum() <= _peopled(ground, before).sum():
        is_cut = pieces.max(initial=-1) > before.max(initial=-1)
        raise NotPartedError(
            reason="homes lie on one side of the street only" if is_cut else "it hangs together around the street",
            reason_zh="住户只在街道一侧" if is_cut else "绕过该街道仍步行连通",
        )
    labels = np.append(np.where(is_part, np.cumsum(is_part) - 1, -1), -1)[pieces]
    return _split(ground, labels, pieces=pieces)


def split_in_parts(
    cells: gpd.GeoDataFrame,
    borders: pd.DataFrame,
    members: Collection[Hashable],
    count: int,
    *,
    band: tuple[int, int] | None = None,
    seed: int = 0,
) -> Split:
    """Split a grid in a number of parts with as equal households as are found (as equal ground, where nobody lives).

    Parameters
    ----------
    cells, borders, members, count
        As in `split_by_line`; and the number of parts, at least two.
    band
        Fewest and most households: parts that are all within are equal enough, and streets and shape decide.
    seed
        Same cells and seed: same parts.

    Returns
    -------
    Split
        So many parts in one piece on foot. Pieces that already are apart share the number by households.

    Raises
    ------
    TooFewCellsError
        Fewer cells with homes (where nobody lives: fewer cells on land) than parts.
    GridInPiecesError, InputError
        More pieces with homes than parts; frames, members, band or count cannot be used.

    Notes
    -----
    The engine of zones (`geo.partition.equal`), then `geo.rebalance.evened_parts`.
    """
    ground, _ = _ground(cells, borders, members)
    pieces = pieces_on_foot(ground.graph, ~ground.is_water)
    counts = _counts(ground, pieces, count)
    number = np.append(np.where(counts > 0, np.cumsum(counts > 0) - 1, -1), -1)[pieces]
    counts = counts[counts > 0]
    graph = ground.graph._replace(mass=with_ground(ground.graph, number, len(counts)))
    labels = equal_parts(graph, number, counts, rng=generator(seed, "split"))
    bounds = None if band is None else band_of(band)
    held = masses_of(ground.graph, labels)
    if bounds is None or ((held < bounds.lo) | (held > bounds.hi)).any():
        labels = evened_parts(graph, number, labels, rng=generator(seed, "split", "even"))
    return _split(ground, labels, pieces=pieces)


def _ground(
    cells: gpd.GeoDataFrame, borders: pd.DataFrame, members: Collection[Hashable]
) -> tuple[Ground, gpd.GeoDataFrame]:
    """Return the members as one ground, and their rows, both by id; or raise."""
    ids = pd.Index(list(members))
    chosen = cells[cells.index.isin(ids)].sort_index()
    for is_wrong, reason, reason_zh in (
        (len(ids) == 0, "none are given", "未给出"),
        (ids.has_duplicates, "some stand twice", "有重复"),
        (not ids.isin(chosen.index).all(), "some do not exist", "有不存在的地块"),
        (chosen["area_code"].nunique(dropna=False) > 1, "they are of several communities", "分属多个社区"),
    ):
        if is_wrong:
            bad = ids[ids.duplicated() | ~ids.isin(chosen.index)]
            raise BadMembersError(reason=reason, reason_zh=reason_zh, ids=some(bad if len(bad) else ids))
    inside = borders["cell_a"].isin(ids) & borders["cell_b"].isin(ids)
    (ground,) = grounds_of(chosen, borders[inside])
    return ground, chosen


def _peopled(ground: Ground, pieces: Ints) -> Bools:
    """Return which pieces have households; all of them, where nobody lives."""
    land = pieces >= 0
    held = np.bincount(pieces[land], weights=ground.households[land])
    return (held > 0) | (not held.any())


def _body(ground: Ground) -> Bools:
    """Return the cells to be parted: the piece on foot where people live (the largest, where nobody does)."""
    pieces = pieces_on_foot(ground.graph, ~ground.is_water)
    if not (pieces >= 0).any():
        raise NotPartedError(reason="it has no land", reason_zh="网格没有陆地")
    if ground.households.any() and _peopled(ground, pieces).sum() > 1:
        raise GridInPiecesError(pieces=int(_peopled(ground, pieces).sum()), count=2)
    land = pieces >= 0
    weight = np.bincount(pieces[land], weights=(ground.households + 1e-9 * ground.graph.area)[land])
    return np.asarray(pieces == int(np.argmax(weight)))


def _metric(shapes: Shapes, chosen: gpd.GeoDataFrame) -> Shapes:
    """Return shapes in the metre zone of the cells, the one of their ground."""
    zone = metric_crs(*chosen.total_bounds.reshape(2, 2).mean(axis=0)).to_epsg()
    there: Callable[..., Any] = metre_transformer(int(zone or 0)).transform
    return np.asarray(shapely.transform(shapes, there, interleaved=False))


def _metric_line(line: Any, kinds: Sequence[str], chosen: gpd.GeoDataFrame) -> Any:
    """Return a drawn line in the metre zone of the cells, or raise where it is none."""
    kind = getattr(line, "geom_type", type(line).__name__)
    if kind not in kinds:
        raise BadLineError(reason=f"it is a {kind}", reason_zh=f"类型为 {kind}")
    if not np.isfinite(shapely.get_coordinates(line)).all() or not line.length > 0:
        raise BadLineError(reason="it has no length", reason_zh="长度为零")
    return shapely.remove_repeated_points(_metric(np.array([line], dtype=object), chosen)[0])


def _sides(shapes: Shapes, line: shapely.LineString) -> Ints:
    """Return the side of the line, 0 or 1, on which most of each cell lies; crossing the line changes sides."""
    outline = _outline(shapes)
    if not line.intersects(outline):
        raise NotPartedError(reason="the line lies beside it", reason_zh="线不经过该网格")
    noded = shapely.union_all([outline.exterior, line, *_carried_on(line, outline)])
    faces = np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))))
    faces = faces[shapely.contains(outline, shapely.point_on_surface(faces))]
    edges, colour = shared_edges(faces), np.zeros(len(faces), dtype=np.int64)
    links = coo_array((np.ones(len(edges)), (edges.left, edges.right)), shape=(len(faces), len(faces))).tocsr()
    order, before = breadth_first_order(links, 0, directed=False)
    for face in order[1:]:
        colour[face] = 1 - colour[before[face]]
    held = shapely.area(shapely.intersection(shapes, shapely.union_all(faces[colour == 1])))
    return np.asarray(held > (0.5 + HAIR) * shapely.area(shapes), dtype=np.int64)


def _outline(shapes: Shapes) -> Any:
    """Return the ground in one polygon without holes."""
    whole = shapely.get_parts(shapely.union_all(shapely.buffer(shapes, GAP_M, join_style="mitre")))
    filled = shapely.union_all(shapely.polygons(shapely.get_exterior_ring(whole)))
    return filled if filled.geom_type == "Polygon" else shapely.convex_hull(filled)


def _carried_on(line: shapely.LineString, outline: shapely.Polygon) -> Iterator[shapely.LineString]:
    """Yield what leads from each end of the line that is inside the outline straight out of it."""
    west, south, east, north = outline.bounds
    for way in () if line.is_closed else (line, line.reverse()):
        tip = np.array(way.coords[-1])
        if not outline.contains(shapely.Point(tip)):
            continue
        step = tip - np.array(way.interpolate(max(0.0, way.length - AIM_M)).coords[0])
        ahead = step / max(np.hypot(*step), HAIR)
        inside = shapely.LineString([tip, tip + ahead * np.hypot(east - west, north - south)]).intersection(outline)
        parts = shapely.get_parts(inside)
        first = parts[np.argmin(shapely.distance(parts, shapely.Point(tip)))]
        yield shapely.LineString([tip, tip + ahead * (first.length + BEYOND_M)])


def _sides_of_pieces(ground: Ground, side: Ints) -> Ints:
    """Return for each cell the side on which most of its piece lies; of water its own."""
    pieces = pieces_on_foot(ground.graph, ~ground.is_water)
    number = np.where(pieces >= 0, pieces, len(side) + np.arange(len(side)))
    return np.asarray(np.bincount(number, weights=ground.graph.area * (2 * side - 1))[number] > 0, dtype=np.int64)


def _in_one_piece_each(graph: Graph, body: Bools, side: Ints) -> Ints:
    """Return sides that are each in one piece on foot: loose pieces join their own side where they touch it."""
    pieces = pieces_on_foot(graph, body, within=side)
    held = np.bincount(pieces[body], weights=graph.mass[body])
    homes = np.bincount(pieces[body], weights=graph.mass[body] > 0)
    own = np.zeros(len(held), dtype=np.int64)
    own[pieces[body]] = side[body]
    order = np.lexsort((-np.bincount(pieces[body]), -held, -homes))
    final = np.full(len(held), -1, dtype=np.int64)
    for one in (0, 1):
        final[order[np.argmax(own[order] == one)]] = one
    tails, heads = pieces[tails_of(graph)], pieces[graph.idx]
    linked = graph.foot & (tails >= 0) & (heads >= 0) & (tails != heads)
    tails, heads = tails[linked], heads[linked]
    while (final < 0).any():
        ready = (final[tails] < 0) & (final[heads] >= 0)
        stays = ready & (final[heads] == own[tails])
        taken = stays if stays.any() else ready
        final[tails[taken]] = final[heads[taken]]
    return np.where(body, final[pieces], side)


def _closed(ground: Ground, shapes: Shapes, street: shapely.LineString, tolerance_m: float) -> Graph:
    """Return the graph in which nobody crosses the street."""
    graph, edges = ground.graph, edges_of(ground.graph)
    near = shapely.dwithin(shapes, street, tolerance_m + GAP_M)
    on_foot = np.flatnonzero(edges.foot & ((near[edges.a] & near[edges.b]) | (edges.length == 0)))
    a, b = edges.a[on_foot], edges.b[on_foot]
    shared = shapely.intersection(shapely.boundary(shapes)[a], shapely.buffer(shapes, GAP_M)[b])
    along = shapely.length(shapely.intersection(shared, street.buffer(tolerance_m)))
    middles = np.column_stack([graph.x, graph.y])
    across = shapely.intersects(lines_through(np.stack([middles[a], middles[b]], axis=1)), street)
    shut = np.where(edges.length[on_foot] > 0, 2 * along >= np.maximum(shapely.length(shared), HAIR), across)
    edges.foot[on_foot[shut]] = False
    return graph_from_edges(edges, Nodes(graph.mass, graph.x, graph.y, graph.area, graph.people))


def _counts(ground: Ground, pieces: Ints, count: int) -> Ints:
    """Return how many parts each piece makes, 0 where nobody lives; or raise where so many cannot be had."""
    if count < 2:
        raise BadSettingError(what="count", value=count, reason="two parts at least", reason_zh="至少分成两份")
    has_homes, is_settled = _peopled(ground, pieces), bool(ground.households.any())
    cells = (pieces >= 0) & ((ground.households > 0) | (not is_settled))
    if cells.sum() < count:
        raise TooFewCellsError(cells=int(cells.sum()), count=count)
    if has_homes.sum() > count:
        raise GridInPiecesError(pieces=int(has_homes.sum()), count=count)
    weight = (ground.households if is_settled else ground.graph.area).astype(np.float64)
    held = np.bincount(pieces[cells], weights=weight[cells], minlength=len(has_homes)).astype(np.float64)
    most = np.bincount(pieces[cells], minlength=len(has_homes))
    counts = np.zeros(len(has_homes), dtype=np.int64)
    counts[has_homes] = shared_out(held[has_homes], most[has_homes], count)
    return counts


def _split(ground: Ground, labels: Ints, *, pieces: Ints | None = None, moved: Bools | None = None) -> Split:
    """Return parts by households; `pieces` in none (-1), and water, join one along their longest border."""
    if pieces is not None:
        labels = attached(ground.graph, labels, np.where(pieces >= 0, pieces, len(pieces) + np.arange(len(pieces))))
    _, first, label = np.unique(labels, return_index=True, return_inverse=True)
    order = np.lexsort((first, -np.bincount(label), -np.bincount(label, weights=ground.households)))
    rank = np.argsort(order)
    parts = pd.Series(rank[label], index=ground.cell_ids.rename("cell_id"), name="part", dtype=np.int64)
    return Split(parts, ground.cell_ids[np.zeros(len(label), dtype=np.bool_) if moved is None else moved])
