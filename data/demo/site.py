"""Site: one block made ready for building - its outline behind the pavements, and the ways in."""

from dataclasses import dataclass

import numpy as np
import shapely

from data.demo.blocks import Blocks
from data.demo.draft import HALF_WIDTH_M, Draft, Gate, Path, Points, following, largest, linestrings, open_ring

NOT_DOORS = ("", "steps")
DOORS_TRIED = 12
HOURS = (None, None, "06:00-23:00", "06:30-22:30", None)


@dataclass(slots=True)
class Site:
    """A face's ground for building, and the road vertices a path may start from.

    Attributes
    ----------
    outline
        Open ring (n, 2), counter-clockwise; gates add their vertices to it.
    doors
        Vertices of the streets around (m, 2).
    streets
        Their names, one a door.
    """

    face: int
    kind: str
    name: str | None
    outline: Points
    doors: Points
    streets: list[str | None]

    @property
    def polygon(self) -> shapely.Polygon:
        """The outline as a polygon."""
        return shapely.Polygon(self.outline)

    def inner(self, margin_m: float) -> Points | None:
        """Return the outline drawn in by a margin (open ring), None where nothing is left."""
        ground = largest(shapely.buffer(self.polygon, -margin_m, join_style="mitre"))
        return open_ring(shapely.simplify(ground, 0.4)) if ground.area > 120 else None


def sites(blocks: Blocks) -> list[Site]:
    """Return a site for each face in town, in the order of faces."""
    edges_of: dict[int, list[int]] = {}
    for edge, face in blocks.edge_faces.tolist():
        edges_of.setdefault(face, []).append(edge)
    made = []
    for face, leaf in enumerate(blocks.leaf.tolist()):
        block = blocks.leaves[leaf]
        if block.kind in ("fringe", "river", "rail"):
            continue
        ground = _buildable(blocks, face, edges_of[face])
        doors, streets = _doors(blocks, edges_of[face])
        if ground.area > 150:
            made.append(Site(face, block.kind, block.name, open_ring(ground), doors, streets))
    return made


def _buildable(blocks: Blocks, face: int, edges: list[int]) -> shapely.Polygon:
    """Return a face without the ground that its streets take, smoothed a little."""
    lines = linestrings([blocks.edges[edge].coords for edge in edges])
    margins = [HALF_WIDTH_M[blocks.edges[edge].road_class] for edge in edges]
    taken = shapely.union_all(shapely.buffer(lines, margins, quad_segs=2))
    ground = largest(shapely.difference(blocks.faces[face], taken))
    return largest(shapely.simplify(ground, 0.8))


def _doors(blocks: Blocks, edges: list[int]) -> tuple[Points, list[str | None]]:
    doors, streets = [np.empty((0, 2))], []
    for edge in edges:
        path = blocks.edges[edge]
        if path.road_class in NOT_DOORS or path.is_bridge:
            continue
        # corners make poor doors: leave them out where there is anything between them
        coords = path.coords[1:-1] if len(path.coords) > 2 else path.coords
        doors.append(coords)
        streets += [path.name] * len(coords)
    return np.vstack(doors), streets


def open_gate(
    site: Site,
    draft: Draft,
    inside: Points,
    rng: np.random.Generator,
    *,
    compound: int,
    toward: Points | None = None,
) -> bool:
    """Open a gate nearest to a place inside, and lead a path from the street through it to that place.

    The gate becomes a vertex of the outline. With ``compound`` -1 there is no wall, and only the path is made.
    With ``toward`` the street nearest to that place is taken.
    """
    aim = inside if toward is None else toward
    nearest = np.argsort(np.hypot(*(site.doors - aim).T), kind="stable")[:DOORS_TRIED]
    for door in site.doors[nearest]:
        gate = _passage(site, door, inside)
        if gate is None:
            continue
        draft.paths.append(Path(np.array([door, gate, inside]), "service", None, is_private=compound >= 0))
        if compound >= 0:
            site.outline = _with_vertex(site.outline, gate)
            draft.gates.append(Gate(compound, gate, HOURS[int(rng.integers(len(HOURS)))]))
        return True
    return False


def _passage(site: Site, door: Points, inside: Points) -> Points | None:
    """Return where a way from a door to a place inside passes the outline; None where it would pass it twice."""
    ring = shapely.LinearRing(site.outline)
    at = shapely.line_interpolate_point(ring, ring.project(shapely.Point(door)))
    gate = np.asarray(shapely.get_coordinates(at))[0]
    ground = site.polygon
    is_out = shapely.buffer(ground, -0.02).disjoint(shapely.LineString([door, gate]))
    is_in = shapely.buffer(ground, 0.02).covers(shapely.LineString([gate, inside]))
    return gate if is_out and is_in else None


def _with_vertex(ring: Points, point: Points) -> Points:
    """Return an open ring with a point that lies on it as one of its vertices."""
    if (np.hypot(*(ring - point).T) == 0).any():
        return ring
    after = following(ring)
    along = after - ring
    share = np.clip(np.sum((point - ring) * along, axis=1) / np.maximum(np.sum(along**2, axis=1), 1e-12), 0, 1)
    off = np.hypot(*(ring + share[:, None] * along - point).T)
    return np.insert(ring, int(np.argmin(off)) + 1, point, axis=0)
