"""Hamlets: lanes that leave the country roads, farmhouses along them, and paths up the hills.

Lanes start at a vertex of a road, wander, and stop before anything that lies in their way.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import cKDTree

from data.demo.blocks import Blocks
from data.demo.draft import Draft, House, Path, Points, Shapes
from data.demo.names import Names
from data.demo.valley import Valley

STEP_M = 22.0
APART_M = 42.0


@dataclass(frozen=True)
class Lane:
    """A village lane, the face it lies in, and the hamlet along it."""

    coords: Points
    face: int
    village: str


def build_hamlets(
    blocks: Blocks, valley: Valley, taken: Shapes, draft: Draft, names: Names, rng: np.random.Generator
) -> None:
    """Draw lanes and farmhouses in every face outside the town, away from what is `taken` (water, rails)."""
    lanes = _lanes(blocks, valley, taken, names, rng)
    for lane in lanes:
        draft.paths.append(Path(lane.coords, "residential", f"{lane.village}路"))
    houses = [house for lane in lanes for house in _farmhouses(lane, rng)]
    houses += _roadside(blocks, lanes, rng)
    shapes = shapely.polygons([house.ring for house in houses]) if houses else np.empty(0, dtype=object)
    near = shapely.STRtree(taken).query(shapes, predicate="dwithin", distance=12.0)[0]
    draft.houses += [houses[index] for index in np.setdiff1d(np.arange(len(houses)), near)]


def _lanes(blocks: Blocks, valley: Valley, taken: Shapes, names: Names, rng: np.random.Generator) -> list[Lane]:
    starts = _starts(blocks)
    if not starts:
        return []
    count = round(190 * valley.size) + 4
    chosen = [starts[index] for index in rng.permutation(len(starts))]
    spots = [_road_spots(blocks)]
    lanes: list[Lane] = []
    tree = cKDTree(spots[0])
    fixed = shapely.STRtree(taken)
    grown: list[tuple[Points, int, str]] = []
    while chosen and len(lanes) < count:
        at, face = chosen.pop()
        grown.append((at, face, names.village()))
        while grown and len(lanes) < count:
            start, ground, village = grown.pop()
            line = _wander(start, blocks.faces[ground], (tree, fixed), lanes, rng)
            if line is None:
                continue
            lanes.append(Lane(line, ground, village))
            for branch in line[3:-1:4][: int(rng.integers(0, 3))]:
                grown.append((branch, ground, village))
    return lanes


def _starts(blocks: Blocks) -> list[tuple[Points, int]]:
    """Return vertices inside the edges of country roads, each with a face beside it."""
    starts = []
    for edge, face in blocks.edge_faces.tolist():
        path = blocks.edges[edge]
        is_country = blocks.leaves[blocks.leaf[face]].kind == "fringe"
        if is_country and path.road_class not in ("", "footway", "steps") and not path.is_bridge:
            starts += [(spot, face) for spot in path.coords[1:-1:2]]
    return starts


def _road_spots(blocks: Blocks) -> Points:
    """Return the vertices of all streets: lanes keep away from them."""
    return np.vstack([path.coords for path in blocks.edges if path.road_class])


def _wander(
    start: Points,
    face: shapely.Polygon,
    near: tuple[cKDTree, shapely.STRtree],
    lanes: list[Lane],
    rng: np.random.Generator,
) -> Points | None:
    """Walk from a road into its face; None where there is no room."""
    shapely.prepare(face)
    steps = int(rng.integers(5, 18))
    turns = np.cumsum(rng.normal(0, 0.17, steps)) + np.linspace(0, rng.normal(0, 0.5), steps)
    others = np.vstack([lane.coords for lane in lanes]) if lanes else np.empty((0, 2))
    best: Points | None = None
    for heading in rng.permutation(8) * (np.pi / 4) + rng.uniform(0, 0.7):
        moves = STEP_M * np.column_stack([np.cos(heading + turns), np.sin(heading + turns)])
        line = np.vstack([start, start + np.cumsum(moves, axis=0)])
        good = shapely.contains_xy(face, line[1:, 0], line[1:, 1])
        good &= near[0].query(line[1:])[0] > np.minimum(APART_M * 0.9, STEP_M * 0.72 * np.arange(1, steps + 1))
        points = shapely.points(line[1:])
        good[near[1].query(points, predicate="dwithin", distance=26.0)[0]] = False
        if len(others):
            away = np.min(np.hypot(line[1:, None, 0] - others[:, 0], line[1:, None, 1] - others[:, 1]), axis=1)
            good &= away > np.minimum(APART_M, STEP_M * 0.72 * np.arange(1, steps + 1))
        length = int(np.argmin(good)) if not good.all() else steps
        is_longer = length >= 4 and (best is None or length + 1 > len(best))
        if is_longer and face.covers(shapely.LineString(line[: length + 1])):
            best = line[: length + 1]
        if best is not None and len(best) > 7:
            break
    return best


def _farmhouses(lane: Lane, rng: np.random.Generator) -> list[House]:
    """Return houses on both sides of a lane, thickest around its middle, in one or two rows."""
    line = shapely.LineString(lane.coords)
    at = np.arange(16.0, line.length, 15.0)
    at = at + rng.uniform(-4, 4, len(at))
    heart, spread = rng.uniform(0.2, 0.8) * line.length, 70 + 0.3 * line.length
    odds = 0.95 * np.exp(-(((at - heart) / spread) ** 2))
    houses = []
    for side in (1.0, -1.0):
        for row, share in ((11.0, 1.0), (27.0, 0.55)):
            here = at[rng.random(len(at)) < odds * share] + rng.uniform(-3, 3)
            off = side * (row + rng.uniform(0, 5, len(here)))
            houses += _beside(line, here, off, (lane.face, lane.village), rng)
    return houses


def _roadside(blocks: Blocks, lanes: list[Lane], rng: np.random.Generator) -> list[House]:
    """Return houses along the country roads where hamlets meet them."""
    houses: list[House] = []
    if not lanes:
        return houses
    villages = [lane.village for lane in lanes]
    tree = cKDTree(np.array([lane.coords[0] for lane in lanes]))
    for edge, face in blocks.edge_faces.tolist():
        path = blocks.edges[edge]
        if not path.road_class or path.is_bridge or blocks.leaves[blocks.leaf[face]].kind != "fringe":
            continue
        line = shapely.LineString(path.coords)
        at = np.arange(10.0, line.length - 6, 19.0)
        spots = shapely.get_coordinates(shapely.line_interpolate_point(line, at)).reshape(-1, 2)
        away, nearest = tree.query(spots)
        here = np.flatnonzero(rng.random(len(at)) < 0.6 * np.exp(-((away / 110) ** 2)))
        side = _side_of(line, blocks.faces[face])
        width = 20.0 if path.road_class in ("primary", "secondary") else 14.0
        for index in here.tolist():
            off = np.array([side * (width + rng.uniform(0, 6))])
            houses += _beside(line, at[[index]], off, (face, villages[int(nearest[index])]), rng)
    return houses


def _side_of(line: shapely.LineString, face: shapely.Polygon) -> float:
    """Return 1 where a face lies left of an edge, -1 where right."""
    middle = line.length / 2
    a, b = shapely.get_coordinates(shapely.line_interpolate_point(line, [middle, middle + 0.5]))
    left = (a + b) / 2 + np.array([-(b - a)[1], (b - a)[0]])
    return 1.0 if shapely.contains_xy(face, left[0], left[1]) else -1.0


def _beside(
    line: shapely.LineString, at: Points, off: Points, where: tuple[int, str], rng: np.random.Generator
) -> list[House]:
    """Return farmhouses at distances along a line, so far to its left."""
    if len(at) == 0:
        return []
    spots = shapely.get_coordinates(shapely.line_interpolate_point(line, at)).reshape(-1, 2)
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, at + 3)).reshape(-1, 2)
    angles = np.arctan2(*(ahead - spots).T[::-1]) + rng.normal(0, 0.13, len(at))
    middles = spots + off[:, None] * np.column_stack([-np.sin(angles), np.cos(angles)])
    half = np.column_stack([rng.uniform(4.5, 7.0, len(at)), rng.uniform(4.0, 5.6, len(at))])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half[:, None, :]
    turn = np.stack([np.cos(angles), np.sin(angles)])
    x = corners[..., 0] * turn[0][:, None] - corners[..., 1] * turn[1][:, None] + middles[:, :1]
    y = corners[..., 0] * turn[1][:, None] + corners[..., 1] * turn[0][:, None] + middles[:, 1:]
    floors = rng.choice(np.array([1, 1, 2, 2, 2, 3]), len(at))
    flats = rng.choice(np.array([1, 1, 1, 1, 2]), len(at))
    return [
        House(
            np.column_stack([x[i], y[i]]),
            where[0],
            "residential",
            int(floors[i]),
            int(flats[i]),
            place=where[1],
            rank=3,
        )
        for i in range(len(at))
    ]
