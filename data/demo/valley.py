"""Valley: where a tile of the county lies, and how straight lines become bends.

The town is laid out in valley coordinates: u along the river, v across it (the river's middle is
v = 0), metres. One smooth map of the whole county bends them into the plane: the river meanders, roads
bend with it, and neighbouring tiles agree on their common border to the last bit. Tiles of one row
share a river; rows are neighbouring valleys.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data.demo.draft import Points
from geo.rng import generator

BANK_M = 52.0  # from the river's middle to the embankment roads
TRACK_M = 14.0  # from the rails to the lanes beside them
LATTICE_M = 100.0  # lines meet a tile's border only at multiples of this
STEP_M = 25.0  # distance of vertices along every line


@dataclass(frozen=True)
class Valley:
    """One tile: its seed, its row and column in the county, and its size (1 is a town of 50,000 households)."""

    seed: int
    row: int
    column: int
    size: float

    @property
    def north_m(self) -> float:
        """From the river to the northern ring road."""
        return float(max(250.0, 690 * self.size**0.35))

    @property
    def rail_m(self) -> float:
        """From the river to the railway in the south."""
        return float(max(200.0, 310 * self.size**0.25) + TRACK_M)

    @property
    def south_m(self) -> float:
        """From the river to the southern ring road."""
        return float(self.rail_m + TRACK_M + max(120.0, 240 * self.size**0.25))

    @property
    def core_m(self) -> float:
        """How long the town is."""
        thin = 1 + 0.62 * (1 - self.size) ** 2  # roads and river take more of a small town
        return 4.95e6 * self.size * thin / (self.north_m + self.south_m)

    @property
    def length_m(self) -> float:
        """How long the tile is, a multiple of 200 m."""
        return float(np.ceil((self.core_m + 2 * max(300.0, 900 * self.size**0.5)) / 200) * 200)

    @property
    def half_m(self) -> float:
        """From the river to the tile's northern and southern border, a multiple of 100 m."""
        return float(np.ceil(max(650.0, 1850 * self.size**0.5) / 100) * 100)

    @property
    def middle_m(self) -> float:
        """Where the town's middle lies along the river."""
        return self.length_m / 2

    @property
    def core_from(self) -> float:
        """Where the town begins along the river."""
        return self.middle_m - self.core_m / 2

    @property
    def core_to(self) -> float:
        """Where the town ends along the river."""
        return self.middle_m + self.core_m / 2

    @cached_property
    def _bends(self) -> Points:
        rng = generator(self.seed, "bend", f"{self.row}")
        height = min(1.0, self.half_m / 1900)
        lengths = np.array([1150.0, 2500.0, 5600.0]) * rng.uniform(0.92, 1.08, 3)
        heights = np.array([42.0, 205.0, 190.0]) * rng.uniform(0.85, 1.15, 3) * height
        return np.column_stack([heights, 2 * np.pi / lengths, rng.uniform(0, 2 * np.pi, 3)])

    @cached_property
    def _ripples(self) -> Points:
        rng = generator(self.seed, "rippl")
        lengths = np.array([640.0, 900.0, 2100.0, 3600.0])
        heights = np.array([9.0, 16.0, 45.0, 110.0]) * min(1.0, self.half_m / 1900)
        turns = rng.uniform(0, 2 * np.pi, (2, 4))
        waves = 2 * np.pi / lengths * np.stack([np.cos(turns), np.sin(turns)])
        return np.column_stack([np.tile(heights, 2), waves.reshape(2, -1).T, rng.uniform(0, 2 * np.pi, 8)])

    def meander_m(self, along: Points) -> tuple[Points, Points]:
        """Return how far the river lies off its mean line, and its slope, at county distances along it."""
        height, wave, phase = self._bends.T
        angle = along[:, None] * wave + phase
        return np.sum(height * np.sin(angle), axis=1), np.sum(height * wave * np.cos(angle), axis=1)

    def to_plane(self, places: Points) -> Points:
        """Return valley coordinates (n, 2) of this tile as metres in the plane (n, 2)."""
        along = places[:, 0] + self.column * self.length_m
        across = places[:, 1]
        level = across + self.row * 2 * self.half_m
        offset, slope = self.meander_m(along)
        fade = (1 - (across / self.half_m) ** 2) ** 2
        x = along - 0.55 * slope * across * np.exp(-((across / 360) ** 2)) * fade
        y = level + offset * fade
        height, wave_u, wave_v, phase = self._ripples.T
        ripple = height * np.sin(along[:, None] * wave_u + level[:, None] * wave_v + phase)
        return np.column_stack([x + ripple[:, :4].sum(axis=1), y + ripple[:, 4:].sum(axis=1)])

    def river_half_m(self, along: Points) -> Points:
        """Return half the river's width at distances along the tile."""
        far = along + self.column * self.length_m
        return np.asarray(25 + 5 * np.sin(far / 310 + self.row) + 3 * np.sin(far / 97))


def valleys(scale: float, seed: int) -> list[Valley]:
    """Return the tiles of a county of `scale` towns: equal in size, in rows of neighbouring valleys."""
    count = max(1, int(np.ceil(scale - 1e-9)))
    size = scale / count
    shape = Valley(seed, 0, 0, size)
    columns = max(1, round(float(np.sqrt(count * 2 * shape.half_m / shape.length_m))))
    return [Valley(seed, number // columns, number % columns, size) for number in range(count)]
