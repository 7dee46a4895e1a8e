"""Quarters: what is built where - old town, urban village, compounds, towers, works, schools and so on.

Each kind has a share of the town's ground and a place it is drawn to; kinds are dealt out block by
block, best place first, so that like lies by like without sharp edges.
"""

from dataclasses import dataclass, field

import numpy as np
import shapely

from data.demo.draft import Flags, Path, Points, signed_m2
from data.demo.names import Names
from data.demo.rings import Size, divide
from data.demo.valley import BANK_M, Valley

# Share of the ground inside the ring, in the order of choosing; what is left is walled compounds.
SHARES = {
    "government": 0.012,
    "hospital": 0.016,
    "mall": 0.012,
    "market": 0.012,
    "old_quarter": 0.085,
    "urban_village": 0.085,
    "school": 0.05,
    "office": 0.018,
    "park": 0.045,
    "works": 0.085,
    "towers": 0.15,
    "open": 0.155,
}
ALLEY_SIZES = {"old_quarter": Size(2.0e3, 4.4e3, 30.0, askew=0.16), "urban_village": Size(2.4e3, 4.6e3, 32.0)}


@dataclass(slots=True)
class Leaf:
    """A block: its ring in valley coordinates, and its kind."""

    ring: Points
    kind: str
    name: str | None = field(default=None)

    @property
    def middle(self) -> Points:
        """The mean of its vertices' box."""
        return np.asarray((self.ring.max(axis=0) + self.ring.min(axis=0)) / 2)

    @property
    def m2(self) -> float:
        """Its area in valley coordinates."""
        return abs(signed_m2(self.ring))


def name_kinds(leaves: list[Leaf], valley: Valley, old_town: Points, rng: np.random.Generator) -> None:
    """Give every block of kind ``core`` what is built on it; fringe, river and rail keep their kind."""
    core = [leaf for leaf in leaves if leaf.kind == "core"]
    middles = np.array([leaf.middle for leaf in core])
    areas = np.array([leaf.m2 for leaf in core])
    free = np.ones(len(core), dtype=bool)
    pull = _pulls(middles, areas, valley, old_town, rng)
    for kind, share in SHARES.items():
        quota = share * areas.sum()
        for index in _chosen(kind, pull[kind], areas, free, quota, middles):
            core[index].kind = kind
            free[index] = False
    for left in np.flatnonzero(free).tolist():
        core[left].kind = "walled"


def _pulls(
    middles: Points, areas: Points, valley: Valley, old_town: Points, rng: np.random.Generator
) -> dict[str, Points]:
    """Return for each kind how much each block repels it, in metres (plus what size costs)."""
    u, v = middles.T
    side = 1.0 if old_town[0] < valley.middle_m else -1.0
    reach = valley.core_m

    def far(along: float, level: float) -> Points:
        return np.asarray(np.hypot(u - (valley.middle_m + side * along * reach), (v - level) * 1.4))

    def size(best_m2: float) -> Points:
        return np.asarray(600 * np.abs(np.log(areas / best_m2)))

    old = np.hypot(u - old_town[0], v - old_town[1])
    main = np.abs(v - (BANK_M + (valley.north_m - BANK_M) / 3))
    edge = np.minimum(
        far(-0.36, -valley.south_m + 40),
        np.minimum(far(-0.33, valley.north_m - 60), far(0.2, -valley.rail_m + 70) + 150),
    )
    noise = rng.uniform(0, 220, (len(SHARES), len(u)))
    pulls = {
        "government": far(0.16, 300) + size(2.4e4),
        "hospital": far(0.05, -150) + size(2.6e4),
        "mall": far(0.12, 150) + size(1.7e4),
        "market": np.minimum(old + 150, far(-0.3, -150)) + size(1.2e4),
        "old_quarter": np.where(v > 0, old, old + 2000) * 4,
        "urban_village": edge * 3,
        "school": size(2.6e4),
        "office": far(0.2, 260) + size(1.8e4),
        "park": np.minimum(np.abs(v), old + 100) * 1.5 + size(1.6e4),
        "works": far(0.42, -valley.rail_m - 60) * 2,
        "towers": np.minimum(far(0.32, 0.6 * valley.north_m), far(-0.12, -160) + 500) * 2,
        "open": main * 1.6 + 0.3 * old,
    }
    return {kind: pull + row for (kind, pull), row in zip(pulls.items(), noise, strict=True)}


def _chosen(kind: str, pull: Points, areas: Points, free: Flags, quota: float, middles: Points) -> list[int]:
    """Return the blocks of a kind: least pull first, until the quota is as near as it gets."""
    chosen: list[int] = []
    cost = np.where(free, pull, np.inf)
    while np.isfinite(cost).any():
        best = int(np.argmin(cost))
        if quota < areas[best] / 2:
            break
        chosen.append(best)
        quota -= areas[best]
        cost[best] = np.inf
        if kind in ("school", "park", "market"):  # one of these is enough for a neighbourhood
            apart = np.hypot(*(middles - middles[best]).T)
            cost = cost + 1400 * np.exp(-((apart / 600) ** 2))
    return chosen


def alleys(leaf: Leaf, names: Names, rng: np.random.Generator) -> list[Path]:
    """Cut alleys through a block of the old quarter or the urban village."""
    size = ALLEY_SIZES.get(leaf.kind)
    if size is None:
        return []
    _, cuts = divide(leaf.ring, size, rng=rng)
    paths = []
    for cut in cuts:
        run, rise = np.abs(cut.ends[1] - cut.ends[0])
        is_climb = leaf.kind == "old_quarter" and rise > 1.5 * run and rng.random() < 0.45
        is_lane = leaf.kind == "urban_village" and cut.depth == 0
        road_class = "steps" if is_climb else "service" if is_lane else "footway"
        paths.append(Path(cut.ends, road_class, names.alley(), is_steps=is_climb))
    return paths


def outline(leaf: Leaf) -> shapely.Polygon:
    """Return a block as a polygon in valley coordinates."""
    return shapely.Polygon(leaf.ring)
