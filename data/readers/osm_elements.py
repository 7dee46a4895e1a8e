"""OSM elements: one .osm.pbf read into arrays - tagged nodes, ways as lines, relations as member lists.

EPSG:4326. A way whose nodes are partly missing (cut at the extract's edge) is kept in pieces and
marked cut. Format: https://wiki.openstreetmap.org/wiki/PBF_Format, read with libosmium.
Limit: a file cut exactly between two of its blocks cannot be told from a smaller, whole one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely

from data.readers.frames import polygons_only
from geo.errors import BadFileError

Tags = dict[str, str]
Wanted = Callable[[Tags], bool]
NO_TAGS: Tags = {}
AREA_RELATIONS = ("multipolygon", "boundary")
# The header block's name stands within the first bytes of every PBF file.
PBF_MARK, PBF_MARK_WITHIN = b"OSMHeader", 32


@dataclass(frozen=True)
class Relation:
    """An OSM relation: its tags, its member ways with their roles, its member nodes."""

    relation_id: int
    tags: Tags
    ways: list[tuple[int, str]]
    nodes: list[int]


@dataclass
class Elements:
    """What one file holds. Arrays of one noun are aligned row by row."""

    node_ids: list[int] = field(default_factory=list)
    node_tags: list[Tags] = field(default_factory=list)
    points: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=object))
    way_ids: list[int] = field(default_factory=list)
    way_tags: list[Tags] = field(default_factory=list)
    lines: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=object))
    is_closed: list[bool] = field(default_factory=list)
    is_cut: list[bool] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    taken_at: str | None = None

    def ways(self, wanted: Wanted) -> list[int]:
        """Return the rows of tagged ways that `wanted` accepts."""
        return [row for row, tags in enumerate(self.way_tags) if tags and wanted(tags)]

    def nodes(self, wanted: Wanted) -> list[int]:
        """Return the rows of tagged nodes that `wanted` accepts."""
        return [row for row, tags in enumerate(self.node_tags) if wanted(tags)]


@dataclass(frozen=True)
class Surfaces:
    """Polygons with the element each came from ("way/123", "relation/9")."""

    refs: list[str]
    tags: list[Tags]
    shapes: np.ndarray

    def where(self, keep: np.ndarray) -> "Surfaces":
        """Return the surfaces at which `keep` is true."""
        rows = np.flatnonzero(keep)
        return Surfaces([self.refs[row] for row in rows], [self.tags[row] for row in rows], self.shapes[rows])


def read_elements(path: Path) -> Elements:
    """Return everything of use in the file at `path`.

    Raises
    ------
    BadFileError
        No such file, empty, not a PBF, cut short, damaged, or a file of many versions.
    """
    _check_file(path)
    try:
        return _read(path)
    except (RuntimeError, UnicodeDecodeError) as error:
        raise BadFileError(
            file=path.name, reason=f"the file is cut short or damaged ({error})",
            reason_zh=f"文件不完整或已损坏（{error}）",
            mend="Download it again and compare its size or checksum.", mend_zh="请重新下载，并核对文件大小或校验值。",
        ) from error  # fmt: skip


def _check_file(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(PBF_MARK_WITHIN)
    except OSError as error:
        raise BadFileError(
            file=path.name, reason=f"it cannot be opened ({error.strerror})", reason_zh=f"无法打开（{error.strerror}）",
            mend="Check the path and the right to read it.", mend_zh="请检查路径和读取权限。",
        ) from error  # fmt: skip
    if not head:
        raise BadFileError(
            file=path.name, reason="the file is empty", reason_zh="文件是空的",
            mend="Download it again.", mend_zh="请重新下载。",
        )  # fmt: skip
    if PBF_MARK not in head:
        raise BadFileError(
            file=path.name, reason="this is not an .osm.pbf file", reason_zh="这不是 .osm.pbf 文件",
            mend="Hand over OpenStreetMap data in PBF form; osmium cat turns .osm into .osm.pbf.",
            mend_zh="请提供 PBF 格式的 OpenStreetMap 数据；.osm 文件可用 osmium cat 转换。",
        )  # fmt: skip


def _read(path: Path) -> Elements:
    file = osmium.io.File(str(path), "pbf")
    elements = Elements()
    processor = osmium.FileProcessor(file)
    elements.taken_at = processor.header.get("osmosis_replication_timestamp") or None
    if processor.header.has_multiple_object_versions:
        raise RuntimeError("it holds the history of its objects, not one state")
    relations = osmium.FileProcessor(file, osmium.osm.RELATION)
    elements.relations = [_relation(item) for item in relations if item.tags.get("type") in AREA_RELATIONS]
    members = {way for relation in elements.relations for way, _ in relation.ways}
    tagged = osmium.filter.EmptyTagFilter()
    tagged.enable_for(osmium.osm.NODE)
    writer = osmium.geom.WKBFactory()
    points: list[tuple[float, float]] = []
    lines: list[Any] = []
    both = osmium.osm.NODE | osmium.osm.WAY
    items: Iterable[Any] = osmium.FileProcessor(file, both).with_locations().with_filter(tagged)
    for item in items:
        if item.is_way():
            _take_way(elements, item, members, writer, lines)
        elif item.location.valid():
            elements.node_ids.append(item.id)
            elements.node_tags.append(dict(item.tags))
            points.append((item.location.lon, item.location.lat))
    elements.points = np.array(shapely.points(np.asarray(points, dtype=float).reshape(-1, 2)), dtype=object)
    elements.lines = np.array(shapely.from_wkb(np.array(lines, dtype=object)), dtype=object)
    return elements


def _relation(item: Any) -> Relation:
    ways = [(member.ref, member.role) for member in item.members if member.type == "w"]
    nodes = [member.ref for member in item.members if member.type == "n"]
    return Relation(item.id, dict(item.tags), ways, nodes)


def _take_way(elements: Elements, item: Any, members: set[int], writer: Any, lines: list[Any]) -> None:
    tags = dict(item.tags)
    if not tags and item.id not in members:
        return
    try:
        pieces, is_cut = [writer.create_linestring(item)], False
    except osmium.InvalidLocationError:
        pieces, is_cut = _known_runs(item), True
    except RuntimeError:
        return  # fewer than two different nodes: no line, no ground
    for piece in pieces:
        elements.way_ids.append(item.id)
        elements.way_tags.append(tags or NO_TAGS)
        elements.is_closed.append(not is_cut and item.is_closed())
        elements.is_cut.append(is_cut)
        lines.append(piece)


def _known_runs(item: Any) -> list[bytes]:
    """Return the stretches of a cut way whose nodes are in the file, as WKB."""
    runs: list[list[tuple[float, float]]] = [[]]
    for node in item.nodes:
        if node.location.valid():
            runs[-1].append((node.location.lon, node.location.lat))
        elif runs[-1]:
            runs.append([])
    return [shapely.to_wkb(shapely.LineString(run)) for run in runs if len(set(run)) > 1]


def surfaces(elements: Elements, wanted: Wanted) -> Surfaces:
    """Return the valid polygons of closed ways and multipolygon relations that `wanted` accepts.

    A way that is the outer ring of an accepted relation is not told twice. Relations whose rings
    do not close in this file give the rings that do.
    """
    refs, tags, shapes, told = _relation_surfaces(elements, wanted)
    rows = [row for row in elements.ways(wanted) if elements.is_closed[row] and elements.way_ids[row] not in told]
    rings = elements.lines[rows]
    enough = shapely.get_num_points(rings) >= 4
    rows = [row for row, fits in zip(rows, enough, strict=True) if fits]
    coordinates, index = shapely.get_coordinates(rings[enough], return_index=True)
    if rows:
        made: Any = shapely.polygons(shapely.linearrings(coordinates, indices=index))
        shapes.extend(made)
    refs += [f"way/{elements.way_ids[row]}" for row in rows]
    tags += [elements.way_tags[row] for row in rows]
    found = Surfaces(refs, tags, polygons_only(np.array(shapes, dtype=object)))
    return found.where(~shapely.is_empty(found.shapes))


def _relation_surfaces(elements: Elements, wanted: Wanted) -> tuple[list[str], list[Tags], list[Any], set[int]]:
    accepted = [item for item in elements.relations if item.tags.get("type") == "multipolygon" and wanted(item.tags)]
    lines = member_lines(elements, accepted)
    refs: list[str] = []
    tags: list[Tags] = []
    shapes: list[Any] = []
    told: set[int] = set()
    for relation in accepted:
        shape = assemble(relation, lines)
        if not shapely.is_empty(shape):
            refs.append(f"relation/{relation.relation_id}")
            tags.append(relation.tags)
            shapes.append(shape)
            told.update(way for way, role in relation.ways if role != "inner")
    return refs, tags, shapes, told


def member_lines(elements: Elements, relations: list[Relation]) -> dict[int, list[Any]]:
    """Return way id to its line pieces, for the member ways of `relations` that the file holds."""
    wanted = {way for relation in relations for way, _ in relation.ways}
    lines: dict[int, list[Any]] = {}
    for row, way in enumerate(elements.way_ids):
        if way in wanted:
            lines.setdefault(way, []).append(elements.lines[row])
    return lines


def assemble(relation: Relation, lines: dict[int, list[Any]]) -> Any:
    """Return the (Multi)Polygon that a relation's rings enclose, empty if none closes.

    Rings are found by polygonizing outer and inner members apart, so ways in any order and
    direction serve; an inner ring cuts only the outer face it lies in, so islands in lakes stay.
    """
    outers, inners = _faces(relation, lines, inner=False), _faces(relation, lines, inner=True)
    kept = []
    for outer in outers:
        holes = [inner for inner in inners if inner.intersects(outer) and not inner.covers(outer)]
        kept.append(outer.difference(shapely.union_all(holes)) if holes else outer)
    return polygons_only([shapely.union_all(kept)])[0] if kept else shapely.Polygon()


def _faces(relation: Relation, lines: dict[int, list[Any]], *, inner: bool) -> list[Any]:
    parts = [line for way, role in relation.ways if (role == "inner") == inner for line in lines.get(way, [])]
    if not parts:
        return []
    return list(shapely.get_parts(shapely.polygonize([shapely.union_all(parts)])))
