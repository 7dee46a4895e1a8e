"""Water and rails: the river, a pond or two, the railway and what is left of the old town wall."""

import numpy as np
import shapely

from data.demo.blocks import Blocks
from data.demo.draft import Draft, Points, Shapes
from data.demo.valley import Valley

CLEAR_M = 30.0


def lay_barriers(blocks: Blocks, valley: Valley, draft: Draft, rng: np.random.Generator) -> Shapes:
    """Add river, ponds and railway to a draft; return their shapes, which buildings keep away from."""
    draft.barriers.append(("water", "云溪河", _river(valley)))
    u = np.arange(0, valley.length_m + 1, 25.0)
    rails = shapely.LineString(valley.to_plane(np.column_stack([u, np.full(len(u), -valley.rail_m)])))
    draft.barriers.append(("rail", "黔云铁路", rails))
    for number, pond in enumerate(_ponds(blocks, valley, rng)):
        draft.barriers.append(("water", f"{'青碧龙鹤'[number % 4]}潭水库", pond))
    return np.array([shape for _, _, shape in draft.barriers], dtype=object)


def _river(valley: Valley) -> shapely.Polygon:
    u = np.arange(0, valley.length_m + 1, 20.0)
    half = valley.river_half_m(u)
    banks = np.vstack([np.column_stack([u, -half]), np.column_stack([u, half])[::-1]])
    return shapely.Polygon(valley.to_plane(banks))


def _ponds(blocks: Blocks, valley: Valley, rng: np.random.Generator) -> list[shapely.Polygon]:
    """Return ponds in the country, clear of every edge between faces."""
    lines = shapely.STRtree([shapely.LineString(path.coords) for path in blocks.edges])
    wanted = max(1, round(3 * valley.size))
    ponds: list[shapely.Polygon] = []
    for _ in range(60):
        if len(ponds) == wanted:
            break
        reach = rng.uniform(45, 110)
        u = rng.uniform(0.05, 0.95) * valley.length_m
        v = rng.choice([-1.0, 1.0]) * rng.uniform(0.4, 0.95) * valley.half_m
        at = valley.to_plane(np.array([[u, v]]))[0]
        pond = shapely.Polygon(at + blob(reach, rng))
        if len(lines.query(pond, predicate="dwithin", distance=CLEAR_M)) == 0:
            ponds.append(pond)
    return ponds


def blob(reach_m: float, rng: np.random.Generator) -> Points:
    """Return a round, uneven ring about the origin (open)."""
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    swell = sum(rng.uniform(0.05, 0.17) * np.sin(k * angles + rng.uniform(0, 6.28)) for k in (1, 2, 3, 5))
    ring: Points = reach_m * (1 + np.asarray(swell))[:, None] * np.column_stack([np.cos(angles), 0.75 * np.sin(angles)])
    return ring
