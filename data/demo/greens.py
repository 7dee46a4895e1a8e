"""Greens: fields around the villages, woods on the hills, green banks along the river in town."""

import numpy as np
import shapely
from scipy.spatial import cKDTree

from data.demo.blocks import Blocks
from data.demo.buildings import FARM
from data.demo.draft import (
    HALF_WIDTH_M,
    Draft,
    Flags,
    Green,
    House,
    Ints,
    Path,
    Points,
    Shapes,
    largest,
    linestrings,
    open_ring,
    polygons,
)
from data.demo.rings import Size, divide
from data.demo.valley import Valley

FIELD = Size(2600.0, 9000.0, 26.0, askew=0.1, spread=0.2)
CLOSE_M, ROUND_M = 26.0, 42.0  # how far woods grow together, and how round their edges are


def lay_greens(
    blocks: Blocks,
    valley: Valley,
    water: Shapes,
    drawn: tuple[list[Path], list[House], Draft],
    rng: np.random.Generator,
) -> None:
    """Add banks, fields and woods to a draft, clear of the streets, the houses and the water."""
    streets, houses, draft = drawn
    widths = [HALF_WIDTH_M[path.road_class] * 0.75 for path in streets]
    ways = shapely.buffer(linestrings([path.coords for path in streets]), widths, quad_segs=2)
    farms = polygons([house.ring for house in houses if house.rank == FARM])
    yards = shapely.buffer(farms, 5.0, join_style="mitre")
    taken = np.concatenate([ways, yards, shapely.buffer(water, 6.0)])
    _banks(blocks, water, draft)
    plots, faces = _plots(blocks, rng)
    is_field, is_wood = _uses(plots, farms, valley, rng)
    woods = _woods(plots[is_wood], taken, draft)
    _fields(_clear(plots[is_field], np.concatenate([taken, woods])), faces[is_field], draft)


def _banks(blocks: Blocks, water: Shapes, draft: Draft) -> None:
    river = water[0]
    for face, leaf in zip(blocks.faces, blocks.leaf.tolist(), strict=True):
        if blocks.leaves[leaf].kind == "river":
            bank = largest(shapely.difference(shapely.buffer(face, -9.0), shapely.buffer(river, 2.0)))
            if bank.area > 200:
                draft.greens.append(Green(bank, "park", "河滨绿道"))


def _plots(blocks: Blocks, rng: np.random.Generator) -> tuple[Shapes, Ints]:
    """Cut the country into plots; each with the face it lies in."""
    rings: list[Points] = []
    owners: list[int] = []
    for face, leaf in enumerate(blocks.leaf.tolist()):
        if blocks.leaves[leaf].kind == "fringe":
            pieces, _ = divide(open_ring(blocks.faces[face]), FIELD, rng=rng)
            rings += pieces
            owners += [face] * len(pieces)
    return shapely.buffer(polygons(rings), 0), np.array(owners, dtype=np.int64)


def _uses(plots: Shapes, farms: Shapes, valley: Valley, rng: np.random.Generator) -> tuple[Flags, Flags]:
    """Return which plots are fields (valley floor, around villages) and which are wooded (the hills)."""
    spots = shapely.get_coordinates(shapely.centroid(plots))
    u = np.linspace(0, valley.length_m, 200)
    bed = shapely.LineString(valley.to_plane(np.column_stack([u, 0 * u])))
    shapely.prepare(bed)
    off = shapely.distance(shapely.points(spots), bed) / valley.half_m
    wild = _hilliness(spots, valley) + 0.9 * off + rng.normal(0, 0.05, len(plots))
    if len(farms):
        by_village = cKDTree(shapely.get_coordinates(shapely.centroid(farms))).query(spots)[0]
        wild -= 0.75 * np.exp(-((by_village / 150) ** 2))
    idle = rng.random(len(plots)) < 0.07
    return (wild < 0.62) & ~idle, wild > 0.7


def _clear(plots: Shapes, taken: Shapes) -> Shapes:
    """Return plots without the ground that is taken (empty where too little is left)."""
    cleared = plots.copy()
    first, second = shapely.STRtree(taken).query(plots, predicate="intersects")
    if len(first) == 0:
        return cleared
    order = np.argsort(first, kind="stable")
    first, second = first[order], second[order]
    rows, begins = np.unique(first, return_index=True)
    for row, there in zip(rows.tolist(), np.split(second, begins[1:]), strict=True):
        cleared[row] = shapely.difference(plots[row], shapely.union_all(taken[there]))
    return cleared


def _fields(plots: Shapes, faces: Ints, draft: Draft) -> None:
    """One green a face: its fields, with balks between them."""
    drawn_in = shapely.buffer(plots, -1.0, join_style="mitre")
    for face in np.unique(faces).tolist():
        parts = shapely.get_parts(drawn_in[faces == face])
        parts = parts[shapely.area(parts) > 350]
        if len(parts):
            draft.greens.append(Green(shapely.MultiPolygon(shapely.simplify(parts, 0.3).tolist()), "farmland", None))


def _woods(plots: Shapes, taken: Shapes, draft: Draft) -> Shapes:
    """Grow plots together into woods with round edges; return them, clear of what is taken."""
    whole = shapely.buffer(shapely.union_all(plots, grid_size=0.1), CLOSE_M, quad_segs=4)
    whole = shapely.buffer(shapely.buffer(whole, -CLOSE_M - ROUND_M, quad_segs=4), ROUND_M - 2.0, quad_segs=4)
    parts = np.asarray(shapely.get_parts(shapely.simplify(whole, 1.0)), dtype=object)
    woods = np.asarray(shapely.get_parts(_clear(parts, taken)), dtype=object)
    woods = woods[shapely.area(woods) > 1500]
    draft.greens += [Green(wood, "wood", None) for wood in woods]
    return woods


def _hilliness(spots: Points, valley: Valley) -> Points:
    """Return how wild the ground is, about 0 to 0.6, from a few waves."""
    x, y = spots.T
    phase = 0.7 * (valley.seed % 17)
    wave = np.sin(x / 410 + phase) * np.cos(y / 350 - phase) + 0.6 * np.sin((x + y) / 230 + 2 * phase)
    return np.asarray(0.3 + 0.2 * wave)
