"""OSM boundaries: administrative relations of one level turned into faces, each face named.

EPSG:4326. An extract cuts boundaries at its edge, so a ring need not close. The lines that are
there, with the outline of the town's ground, divide the ground into faces; a face is named

1. by the closed ring it lies in (the smallest, where rings overlap), else
2. by what is inside it - the relation's own label or centre node, a place node of that name, the
   town that most addresses name - among the relations whose boundary runs along it, else
3. by elimination: a stretch of boundary between two relations has one of them on either side.

Lines that end within 300 m of the outline were cut there by the extract and are carried to it. A
boundary that ends further inside is not to be trusted with open ground, and a face still open
between two names stays unnamed: nothing is guessed by nearness.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from data.readers.osm_elements import Elements, assemble, member_lines
from data.readers.osm_tags import clean
from geo.crs import to_degrees, to_metric
from geo.frames import WGS84

# About 10 cm: far enough to be beside a line, near enough to be in the face along it.
BESIDE_DEGREES = 1e-6
MIN_SHAPE_DEGREES2 = 1e-12
EDGE_REACH_M = 300.0
PLACE = "place:"
CARRY_ON = 1.001
MOST_ADDRESSES_SHARE = 0.5


@dataclass(frozen=True)
class Boundary:
    """One administrative division: where its lines run and, where rings close, what they enclose."""

    ref: str
    name: str
    level: int
    lines: tuple[tuple[int, Any], ...]
    shape: Any
    nodes: frozenset[int]

    @cached_property
    def ends(self) -> list[tuple[float, float]]:
        """Where its lines stop: nowhere, if all its rings close."""
        return ends_of(line for _, line in self.lines)

    @property
    def is_closed(self) -> bool:
        """Whether all its rings close in this file."""
        return not self.ends and self.shape.area > MIN_SHAPE_DEGREES2


@dataclass
class Faces:
    """Ground divided by the boundaries of one level; ``names[f]`` is a row of `boundaries` or -1."""

    shapes: np.ndarray
    boundaries: list[Boundary]
    names: np.ndarray
    loose: set[int]
    sides: list[tuple[int, int, frozenset[int]]] = field(default_factory=list)


@dataclass(frozen=True)
class Evidence:
    """Points that say where they are: place nodes and addresses, and label nodes by id."""

    points: np.ndarray
    words: list[str]
    node_points: dict[int, Any]


def boundaries(elements: Elements) -> list[Boundary]:
    """Return the administrative divisions with a level and a name, finest level first."""
    wanted = [item for item in elements.relations if _level(item.tags) is not None]
    lines = member_lines(elements, wanted)
    found = []
    for item in wanted:
        rings = [way for way, role in item.ways if role in ("outer", "inner", "")]
        parts = tuple((way, line) for way in rings for line in lines.get(way, []))
        level, name = _level(item.tags), clean(item.tags.get("name"))
        if parts and level is not None and name:
            shape = assemble(item, lines)
            found.append(Boundary(f"relation/{item.relation_id}", name, level, parts, shape, frozenset(item.nodes)))
    found += _lone_ways(elements, {(item.name, item.level) for item in found})
    return sorted(found, key=lambda item: (-item.level, item.ref))


def _lone_ways(elements: Elements, told: set[tuple[str, int]]) -> list[Boundary]:
    """Return divisions drawn as named ways without a relation, closed or not."""
    found: dict[tuple[str, int], list[int]] = {}
    for row in elements.ways(lambda tags: _level(tags) is not None):
        level, name = _level(elements.way_tags[row]), clean(elements.way_tags[row].get("name"))
        if level is not None and name and (name, level) not in told:
            found.setdefault((name, level), []).append(row)
    return [_of_ways(elements, name, level, rows) for (name, level), rows in found.items()]


def _of_ways(elements: Elements, name: str, level: int, rows: list[int]) -> Boundary:
    lines = elements.lines[rows]
    shape = shapely.union_all(shapely.get_parts(shapely.polygonize([shapely.union_all(lines)])))
    ways = [elements.way_ids[row] for row in rows]
    return Boundary(f"way/{min(ways)}", name, level, tuple(zip(ways, lines, strict=True)), shape, frozenset())


def _level(tags: dict[str, str]) -> int | None:
    text = tags.get("admin_level", "")
    is_one = tags.get("boundary") == "administrative" and text.isascii() and text.isdigit() and len(text) <= 2
    return int(text) if is_one else None


def evidence(elements: Elements) -> Evidence:
    """Return the points of the file that name the division they lie in."""
    rows, words = [], []
    for row, tags in enumerate(elements.node_tags):
        if "place" in tags and "name" in tags:
            rows.append(row)
            words.append(PLACE + tags["name"])
        elif "addr:city" in tags or "addr:suburb" in tags:
            rows.append(row)
            words.append(tags.get("addr:suburb") or tags["addr:city"])
    ids = dict(zip(elements.node_ids, elements.points, strict=True))
    labels = {node for item in elements.relations for node in item.nodes}
    return Evidence(elements.points[rows], words, {node: ids[node] for node in labels if node in ids})


def named_faces(level: list[Boundary], ground: Any, known: Evidence) -> Faces:
    """Return the faces of one level's boundaries over `ground`, named as far as the file tells.

    Parameters
    ----------
    level
        Boundaries of one admin_level.
    ground
        Polygon of the town's ground; closed rings may reach beyond it, open lines end at it.
    known
        From `evidence`.
    """
    lines = [line for item in level for _, line in item.lines]
    bridges, loose_ends = carried_to_edge([end for item in level for end in item.ends], ground)
    shapes = shapely.get_parts(shapely.polygonize([shapely.union_all([*lines, *bridges, ground.boundary])]))
    inside = shapely.point_on_surface(shapes)
    names = _by_ring(level, inside)
    keep = (names >= 0) | shapely.contains_properly(ground, inside)
    loose = {row for row, item in enumerate(level) if loose_ends & set(item.ends)}
    faces = Faces(shapes[keep], level, names[keep], loose)
    if (faces.names < 0).any():
        faces.sides = _sides(faces)
        _by_elimination(faces, known)
    return faces


def ends_of(lines: Iterable[Any]) -> list[tuple[float, float]]:
    """Return the points at which lines stop: those an odd number of them end at."""
    count: Counter[tuple[float, float]] = Counter()
    for line in lines:
        points = shapely.get_coordinates(line)
        count.update([(points[0][0], points[0][1]), (points[-1][0], points[-1][1])])
    return [point for point, times in count.items() if times % 2]


def carried_to_edge(ends: list[tuple[float, float]], ground: Any) -> tuple[list[Any], set[tuple[float, float]]]:
    """Return lines from cut ends to the outline of the ground, and the ends too far inside for one."""
    ends = sorted(set(ends))
    points = np.array(shapely.points(np.asarray(ends, dtype=float).reshape(-1, 2)), dtype=object)
    inside = np.flatnonzero(shapely.contains_properly(ground, points))
    if not len(inside):
        return [], set()
    metric = to_metric(gpd.GeoSeries([ground, *points[inside]], crs=WGS84))
    links = shapely.shortest_line(metric.iloc[1:].to_numpy(), metric.iloc[0].boundary)
    near = shapely.length(links) <= EDGE_REACH_M
    edge = shapely.get_point(to_degrees(gpd.GeoSeries(links, crs=metric.crs)).to_numpy(), -1)
    bridges = [_carried(point, end) for point, end in zip(points[inside[near]], edge[near], strict=True)]
    return bridges, {ends[row] for row in inside[~near]}


def _carried(point: Any, edge: Any) -> Any:
    """Return the line from a point through the edge and a little further, so that they meet."""
    x, y = point.x + (edge.x - point.x) * CARRY_ON, point.y + (edge.y - point.y) * CARRY_ON
    return shapely.LineString([(point.x, point.y), (x, y)])


def _by_ring(level: list[Boundary], inside: np.ndarray) -> np.ndarray:
    """Return the smallest closed ring each point lies in, or -1."""
    names = np.full(len(inside), -1)
    order = sorted(range(len(level)), key=lambda row: -level[row].shape.area)
    for row in order:
        if level[row].shape.area > MIN_SHAPE_DEGREES2:
            names[shapely.contains(level[row].shape, inside)] = row
    return names


def _sides(faces: Faces) -> list[tuple[int, int, frozenset[int]]]:
    """Return, for every stretch of boundary, the faces left and right of it and whose it is."""
    owners: dict[int, set[int]] = {}
    lines: dict[int, list[Any]] = {}
    for row, item in enumerate(faces.boundaries):
        for way, line in item.lines:
            owners.setdefault(way, set()).add(row)
            lines.setdefault(way, []).append(line)
    tree = shapely.STRtree(faces.shapes)
    found: dict[tuple[int, int, frozenset[int]], None] = {}
    for way in sorted(lines):
        for line in lines[way]:
            for left, right in zip(*beside(line, tree), strict=True):
                if left != right:
                    found[(int(left), int(right), frozenset(owners[way]))] = None
    return list(found)


def beside(line: Any, tree: shapely.STRtree) -> tuple[np.ndarray, np.ndarray]:
    """Return the polygons of `tree` left and right of each segment's middle, -1 for none."""
    points = shapely.get_coordinates(line)
    step = np.diff(points, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    middle, step = (points[:-1] + points[1:])[length > 0] / 2, step[length > 0] / length[length > 0, None]
    normal = np.column_stack([-step[:, 1], step[:, 0]]) * BESIDE_DEGREES
    return _which(middle + normal, tree), _which(middle - normal, tree)


def _which(points: np.ndarray, tree: shapely.STRtree) -> np.ndarray:
    found = np.full(len(points), -1)
    rows, hits = tree.query(shapely.points(points), predicate="within")
    found[rows] = hits
    return found


def _told(faces: Faces, known: Evidence) -> dict[int, dict[int, int]]:
    """Return, for each face, the boundaries that what lies in it names, and how often.

    A label or place node decides alone, unless there are two of different names: then the face is
    two places run together and is told nothing. Addresses decide where most of them agree.
    """
    tree = shapely.STRtree(faces.shapes)
    by_name = {item.name: row for row, item in enumerate(faces.boundaries)}
    nodes: dict[int, Counter[int]] = {}
    words: dict[int, Counter[str]] = {}
    for point, face in zip(*tree.query(known.points, predicate="within"), strict=True):
        word = known.words[point]
        if not word.startswith(PLACE):
            words.setdefault(face, Counter())[word] += 1
        elif word.removeprefix(PLACE) in by_name:
            nodes.setdefault(face, Counter())[by_name[word.removeprefix(PLACE)]] += 1
    for row, item in enumerate(faces.boundaries):
        for node in sorted(item.nodes & known.node_points.keys()):
            for face in tree.query(known.node_points[node], predicate="intersects"):
                nodes.setdefault(face, Counter())[row] += 1
    told: dict[int, dict[int, int]] = {}
    for face in range(len(faces.shapes)):
        if face in nodes:
            told[face] = dict(nodes[face]) if len(nodes[face]) == 1 else {}
        elif face in words:
            word, count = max(words[face].items(), key=lambda item: (item[1], item[0]))
            most = word in by_name and count > MOST_ADDRESSES_SHARE * words[face].total()
            told[face] = {by_name[word]: count} if most else {}
    return told


def _by_elimination(faces: Faces, known: Evidence) -> None:
    """Name faces in place: those that something inside names first, then those with one name left."""
    told = _told(faces, known)
    open_names, between = _open_names(faces, told)
    while open_names:
        _strike_out(faces, open_names)
        scored = [
            (float(told[face][row]), face, row)
            for face, rows in open_names.items()
            for row in rows & told.get(face, {}).keys()
        ]
        single = [
            (faces.shapes[face].area, face, *rows)
            for face, rows in open_names.items()
            if len(rows) == 1 and face in between
        ]
        if not scored and not single:
            return
        _, face, row = max(scored or single, key=lambda item: (item[0], -item[1]))
        faces.names[face] = row
        del open_names[face]


def _open_names(faces: Faces, told: dict[int, dict[int, int]]) -> tuple[dict[int, set[int]], set[int]]:
    """Return the unnamed faces with the names their boundaries allow, and which lie between two.

    Along a boundary of two or more the name is one of theirs. A boundary with one owner has it on
    one side only, so it allows that name but leaves none alone. A face along no boundary may have
    the name that is told inside it.
    """
    allowed: dict[int, set[int]] = {}
    perhaps: dict[int, set[int]] = {}
    for left, right, owners in faces.sides:
        for face in (left, right):
            if face < 0 or faces.names[face] >= 0:
                continue
            if len(owners) > 1:
                allowed[face] = allowed[face] & owners if face in allowed else set(owners)
            else:
                perhaps.setdefault(face, set()).update(owners)
    between = set(allowed)
    for face in map(int, np.flatnonzero(faces.names < 0)):
        names = allowed.get(face, perhaps.get(face, set(told.get(face, {}))))
        allowed[face] = names - faces.loose
    return allowed, between


def _strike_out(faces: Faces, open_names: dict[int, set[int]]) -> None:
    """Take from every open face the names that already stand across its boundary."""
    for left, right, _ in faces.sides:
        for face, other in ((left, right), (right, left)):
            if face in open_names and other >= 0:
                open_names[face].discard(int(faces.names[other]))
