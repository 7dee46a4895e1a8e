"""Buildings: which of the drawn houses stand - none on a street, a wall, water or another house."""

import numpy as np
import shapely

from data.demo.blocks import Blocks
from data.demo.draft import Draft, Flags, House, Ints, Path, Points, Shapes, linestrings, polygons

# Walls keep this far from the middle of a street of each class, and of any other way.
STREET_M = {"primary": 11.0, "secondary": 8.5, "tertiary": 6.5, "residential": 4.5, "footway": 1.5, "steps": 1.5}
LANE_M = 2.2
WATER_M = 4.0
LEAST_M2 = 24.0
FARM = 3  # the rank of farmhouses


def settle(draft: Draft, blocks: Blocks, streets: list[Path]) -> tuple[list[House], Shapes]:
    """Return the houses that stand and their polygons.

    A house must be valid, lie in its own face, keep off ways and barriers; of two that meet, the one
    of lower rank stays, and of equal rank the larger.
    """
    shapes = polygons([house.ring for house in draft.houses])
    good = shapely.is_valid(shapes) & (shapely.area(shapes) > LEAST_M2)
    faces = np.array([house.face for house in draft.houses], dtype=np.int64)
    shapely.prepare(blocks.faces)
    good &= shapely.contains_properly(blocks.faces[faces], shapes)
    ways = linestrings([path.coords for path in streets])
    good &= ~_near(shapes, ways, np.array([STREET_M.get(path.road_class, LANE_M) for path in streets]))
    barriers = np.array([shape for _, _, shape in draft.barriers], dtype=object)
    good &= ~_near(shapes, barriers, np.full(len(barriers), WATER_M))
    shapes, houses = shapes[good], [house for house, is_good in zip(draft.houses, good, strict=True) if is_good]
    stays = _alone(shapes, np.array([house.rank for house in houses], dtype=np.int64))
    return [house for house, is_there in zip(houses, stays, strict=True) if is_there], shapes[stays]


def thinned(houses: list[House], shapes: Shapes, wanted: int, rng: np.random.Generator) -> tuple[list[House], Shapes]:
    """Return houses with farmhouses left out, by lot, where there are more than make up `wanted` houses.

    At least half of the farmhouses stay.
    """
    farms = np.array([index for index, house in enumerate(houses) if house.rank == FARM], dtype=np.int64)
    surplus = int(np.clip(len(houses) - wanted, 0, len(farms) // 2))
    gone = set(rng.permutation(farms)[:surplus].tolist())
    stays = [index for index in range(len(houses)) if index not in gone]
    return [houses[index] for index in stays], shapes[stays]


def _near(shapes: Shapes, others: Shapes, distance_m: Points) -> Flags:
    """Return which shapes lie within each other thing's own distance of it."""
    near = np.zeros(len(shapes), dtype=bool)
    near[shapely.STRtree(shapes).query(others, predicate="dwithin", distance=distance_m)[1]] = True
    return near


def _alone(shapes: Shapes, rank: Ints) -> Flags:
    """Return which shapes stay when, of two that meet, the lesser goes."""
    stays = np.ones(len(shapes), dtype=bool)
    place = np.empty(len(shapes), dtype=np.int64)
    place[np.lexsort((-shapely.area(shapes), rank))] = np.arange(len(shapes))
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=0.25)
    pairs = np.column_stack([first, second])[place[first] < place[second]]
    for winner, loser in pairs[np.argsort(place[pairs[:, 0]], kind="stable")].tolist():
        if stays[winner]:
            stays[loser] = False
    return stays
