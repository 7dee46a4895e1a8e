"""Draft: what the drawing hands from hand to hand before frames are made of it.

Everything is in metres of the county's metre zone; rings are open (the last vertex is not the first
again) unless said otherwise. A draft belongs to one tile; numbers (`face`, `compound`) count in it.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely

Points = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Shapes = npt.NDArray[np.object_]

# Half the width of the ground a street of each class takes, pavement and setback included.
HALF_WIDTH_M = {
    "primary": 15.0,
    "secondary": 11.5,
    "tertiary": 9.0,
    "residential": 6.5,
    "service": 4.5,
    "footway": 2.0,
    "steps": 2.0,
    "path": 2.0,
    "": 3.0,
}


@dataclass(slots=True)
class House:
    """One building: ring (n, 2), where it stands and who lives there.

    `spot` is (x, y, angle, length): the middle and the long axis, along which stairwells stand.
    Of two that overlap, the one of lower `rank` stays.
    """

    ring: Points
    face: int
    use: str
    floors: int
    households: int = 0
    stairs: int = 0
    spot: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    compound: int = -1
    name: str | None = None
    place: str | None = None
    rank: int = 1


@dataclass(slots=True)
class Path:
    """A way: its line (n, 2) meets others only at shared vertices."""

    coords: Points
    road_class: str
    name: str | None = None
    is_private: bool = False
    is_bridge: bool = False
    is_steps: bool = False


@dataclass(slots=True)
class Compound:
    """Ground behind one wall (or of one quarter), with the gates' vertices in its outline."""

    shape: shapely.Polygon
    kind: str
    name: str
    face: int


@dataclass(slots=True)
class Gate:
    """A gate: a vertex of its compound's outline and of a path."""

    compound: int
    at: Points
    hours: str | None


@dataclass(slots=True)
class Green:
    """A park, wood, field or square."""

    shape: shapely.Polygon | shapely.MultiPolygon
    kind: str
    name: str | None = None


@dataclass(slots=True)
class Draft:
    """All that was drawn on one tile."""

    houses: list[House] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    compounds: list[Compound] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)
    greens: list[Green] = field(default_factory=list)
    barriers: list[tuple[str, str, shapely.Geometry]] = field(default_factory=list)


def polygons(rings: list[Points]) -> Shapes:
    """Return polygons of many open rings at once."""
    if not rings:
        return np.empty(0, dtype=object)
    sizes = [len(ring) for ring in rings]
    owners = np.repeat(np.arange(len(rings)), sizes)
    return np.asarray(shapely.polygons(shapely.linearrings(np.vstack(rings), indices=owners)), dtype=object)


def linestrings(lines: list[Points]) -> Shapes:
    """Return lines of many coordinate arrays at once."""
    if not lines:
        return np.empty(0, dtype=object)
    owners = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    return np.asarray(shapely.linestrings(np.vstack(lines), indices=owners), dtype=object)


def open_ring(polygon: shapely.Geometry) -> Points:
    """Return the outer ring of a polygon as open coordinates (n, 2), counter-clockwise."""
    ring = np.asarray(shapely.get_coordinates(shapely.get_exterior_ring(polygon)))[:-1]
    return ring if signed_m2(ring) > 0 else ring[::-1].copy()


def signed_m2(ring: Points) -> float:
    """Return the area of an open ring, negative where it runs clockwise."""
    x, y = ring[:, 0], ring[:, 1]
    return float(0.5 * (x[:-1] @ y[1:] - x[1:] @ y[:-1] + x[-1] * y[0] - x[0] * y[-1]))


def following(ring: Points) -> Points:
    """Return the vertex after each vertex of an open ring."""
    return np.concatenate((ring[1:], ring[:1]))


def largest(shape: shapely.Geometry) -> shapely.Polygon:
    """Return the largest polygon of a geometry (an empty one where there is none)."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return max(parts, key=lambda part: part.area) if parts else shapely.Polygon()


def many(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Return a polygon or polygons as a MultiPolygon."""
    parts = shapely.get_parts(shape)
    return shapely.MultiPolygon([part for part in parts.tolist() if part.geom_type == "Polygon"])


def turned(points: Points, angle: float) -> Points:
    """Return points turned about the origin by an angle in radians, counter-clockwise."""
    cosine, sine = np.cos(angle), np.sin(angle)
    moved: Points = points @ np.array([[cosine, sine], [-sine, cosine]])
    return moved
