"""Blocks: the planar partition of a tile - every face of ground and every edge between faces.

Roads, the river's middle, the tile's border and lines along ridges are cut at all crossings once, in
valley coordinates, and only then bent into the plane: faces that share an edge share its vertices
exactly, so unions of faces tile without gap or overlap.
"""

from dataclasses import dataclass, replace

import numpy as np
import shapely

from data.demo.draft import Ints, Path, Points, Shapes, linestrings, open_ring
from data.demo.names import Names
from data.demo.quarters import Leaf, alleys, name_kinds
from data.demo.rings import Size, divide
from data.demo.roads import Bones
from data.demo.valley import BANK_M, LATTICE_M, STEP_M, TRACK_M, Valley

SNAP_M = 0.01  # lines closer than this become one


@dataclass(frozen=True)
class Blocks:
    """Faces and edges of one tile, in metres of the plane.

    Attributes
    ----------
    faces
        Polygons (n,), sharing vertices.
    leaf
        Which leaf of `leaves` each face lies in (n,).
    leaves
        The blocks before alleys cut them, in valley coordinates, with their kinds.
    edges
        One path for each piece of line between two junctions.
    edge_faces
        (edge, face) pairs (m, 2): one or two faces an edge.
    """

    faces: Shapes
    leaf: Ints
    leaves: list[Leaf]
    edges: list[Path]
    edge_faces: Ints


def lay_blocks(valley: Valley, bones: Bones, names: Names, rng: np.random.Generator) -> Blocks:
    """Cut a tile into faces; see the module docstring."""
    border = _border(valley)
    middle = Path(
        np.column_stack([np.arange(0, valley.length_m + 1, 50.0), 0 * np.arange(0, valley.length_m + 1, 50.0)]), ""
    )
    fixed = [*bones.paths, border, middle]
    leaves: list[Leaf] = []
    # the rounded pieces, not the lines they came from: cuts end on the rounded ones
    nodes = _nodes(fixed)
    lines = [replace(path, coords=np.asarray(shapely.get_coordinates(piece))) for piece, path in nodes]
    for ground in _faces([piece for piece, _ in nodes]):
        made, paths = _divided(ground, valley, bones, names, rng)
        leaves += made
        lines += paths
    name_kinds(leaves, valley, bones.old_town, rng)
    for leaf in leaves:
        lines += alleys(leaf, names, rng)
    return _assembled(valley, lines, leaves)


def _border(valley: Valley) -> Path:
    end, half = valley.length_m, valley.half_m
    u, v = np.arange(0, end + 1, STEP_M), np.arange(-half, half + 1, STEP_M)
    ring = np.vstack([
        np.column_stack([u, 0 * u - half]), np.column_stack([0 * v + end, v])[1:],
        np.column_stack([u[::-1], 0 * u + half])[1:], np.column_stack([0 * v, v[::-1]])[1:],
    ])  # fmt: skip
    return Path(ring, "")


def _nodes(paths: list[Path]) -> list[tuple[shapely.LineString, Path]]:
    """Cut lines at all crossings; each piece with the path it came from."""
    sources = linestrings([path.coords for path in paths])
    pieces = shapely.get_parts(shapely.union_all(sources, grid_size=SNAP_M))
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    found = shapely.STRtree(sources).nearest(middles)
    return [(piece, paths[index]) for piece, index in zip(pieces, found, strict=True)]


def _faces(pieces: list[shapely.LineString]) -> list[shapely.Polygon]:
    """Return the faces between noded lines, west to east and south to north."""
    faces = shapely.get_parts(shapely.polygonize(pieces))
    spots = shapely.get_coordinates(shapely.point_on_surface(faces))
    return list(faces[np.lexsort(spots.T)])


def ground_kind(spot: Points, valley: Valley, core: shapely.Polygon) -> str:
    """Return what a place is: river, rail, core or fringe."""
    if valley.core_from < spot[0] < valley.core_to and abs(spot[1]) < BANK_M:
        return "river"
    if not shapely.contains_xy(core, spot[0], spot[1]):
        return "fringe"
    return "rail" if abs(spot[1] + valley.rail_m) < TRACK_M else "core"


def _divided(
    ground: shapely.Polygon, valley: Valley, bones: Bones, names: Names, rng: np.random.Generator
) -> tuple[list[Leaf], list[Path]]:
    """Divide ground between main roads into blocks (in town) or along ridges (outside)."""
    spot = shapely.get_coordinates(shapely.point_on_surface(ground))[0]
    kind = ground_kind(spot, valley, bones.core)
    ring = open_ring(ground)
    if kind in ("river", "rail"):
        return [Leaf(ring, kind)], []
    if kind == "fringe":
        wide = Size(2.2e5, 5.5e5, 160.0)
        pieces, cuts = divide(ring, wide, rng=rng, snap=lambda ends: _on_lattice(ends, valley))
        return [Leaf(piece, kind) for piece in pieces], [Path(cut.ends, "") for cut in cuts]
    shrink = float(np.clip(valley.size**0.25, 0.5, 1))
    near = np.hypot(*(spot - bones.old_town)) < 420
    size = Size(7e3, 1.7e4, 55.0) if near else Size(2.3e4 * shrink, 5.2e4 * shrink, 75.0)
    pieces, cuts = divide(ring, size, rng=rng)
    return [Leaf(piece, kind) for piece in pieces], [_street(cut.ends, cut.depth, names) for cut in cuts]


def _street(ends: Points, depth: int, names: Names) -> Path:
    length = float(np.hypot(*(ends[1] - ends[0])))
    is_wide = depth <= 1 and length > 150
    return Path(ends, "tertiary" if is_wide else "residential", names.street(is_wide=is_wide))


def _on_lattice(ends: Points, valley: Valley) -> Points:
    """Move ends that lie on the tile's border to the next of its fixed vertices."""
    moved = ends.copy()
    for end in moved:
        if min(abs(end[0]), abs(end[0] - valley.length_m)) < 1.0:
            end[0] = 0.0 if end[0] < valley.length_m / 2 else valley.length_m
            end[1] = round(end[1] / LATTICE_M) * LATTICE_M
        elif abs(abs(end[1]) - valley.half_m) < 1.0:
            end[1] = np.sign(end[1]) * valley.half_m
            end[0] = round(end[0] / LATTICE_M) * LATTICE_M
    return moved


def _assembled(valley: Valley, lines: list[Path], leaves: list[Leaf]) -> Blocks:
    nodes = _nodes(lines)
    pieces = shapely.segmentize(np.array([piece for piece, _ in nodes], dtype=object), STEP_M * 1.04)
    faces = np.array(_faces(list(pieces)), dtype=object)
    tree = shapely.STRtree([shapely.Polygon(leaf.ring).buffer(0) for leaf in leaves])
    leaf = _owners(faces, tree)
    bent = shapely.transform(faces, valley.to_plane)
    edges = [
        Path(valley.to_plane(np.asarray(shapely.get_coordinates(piece))), path.road_class, path.name,
             is_bridge=path.is_bridge, is_steps=path.is_steps)
        for piece, (_, path) in zip(pieces, nodes, strict=True)
    ]  # fmt: skip
    return Blocks(bent, leaf, leaves, edges, _sides(pieces, faces))


def _owners(faces: Shapes, tree: shapely.STRtree) -> Ints:
    """Return the leaf each face lies in: the nearest to a point inside it."""
    return np.asarray(tree.nearest(shapely.point_on_surface(faces)), dtype=np.int64)


def _sides(pieces: Shapes, faces: Shapes) -> Ints:
    """Return (edge, face) pairs of faces that touch the middle of an edge."""
    middles = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    return np.asarray(shapely.STRtree(faces).query(middles, predicate="dwithin", distance=1e-4).T, dtype=np.int64)
