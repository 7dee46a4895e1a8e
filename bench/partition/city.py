"""Point cities: where buildings stand and how many households each holds, invented or read from footprints.

The invented city: 100 x 80 m blocks, twelve buildings along the two long sides of each, 8 % of the
blocks empty. Households of a building: `mixed` (70 % 1-4, 20 % 5-30, 10 % 31-120; 12.6 on average)
or `uniform` (1-120; 60 on average). Seeds 7 and 8 are for tuning, 101 to 103 for the report.
"""

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BLOCK_M = (100.0, 80.0)
ROW_M, SPACING_M = (18.0, 60.0), 14.0
EMPTY_SHARE = 0.08
REPORT_SEEDS, TUNING_SEEDS = (101, 102, 103), (7, 8)
SHARED = Path(os.environ.get("WANGGE_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data"
TOKYO_CRS, FLOOR_M, ROOF_M2_A_HOUSEHOLD = 6677, 3.0, 90.0


def invented(size: int, *, seed: int, households: str = "mixed") -> tuple[Floats, Ints]:
    """Return ``(size, 2)`` places in metres and ``(size,)`` households of an invented city."""
    rng = np.random.default_rng([seed, size])
    wide = int(np.ceil(np.sqrt((size / 12 / (1 - EMPTY_SHARE) + 12) * BLOCK_M[1] / BLOCK_M[0])))
    lots = np.arange(3 * wide * wide)
    built = lots[rng.random(len(lots)) >= EMPTY_SHARE]
    block = np.repeat(built, 12)[:size]
    slot = np.arange(size) % 12
    x = block % wide * BLOCK_M[0] + SPACING_M * (1 + slot % 6) + rng.normal(0, 1.2, size)
    y = block // wide * BLOCK_M[1] + np.asarray(ROW_M)[slot // 6] + rng.normal(0, 2.0, size)
    return np.column_stack([x, y]), households_of(size, rng, households)


def households_of(size: int, rng: np.random.Generator, kind: str) -> Ints:
    """Return households of `size` buildings, `mixed` or `uniform`."""
    if kind == "uniform":
        return rng.integers(1, 121, size).astype(np.int64)
    sort = rng.choice(3, size, p=(0.7, 0.2, 0.1))
    few, some, many = rng.integers(1, 5, size), rng.integers(5, 31, size), rng.integers(31, 121, size)
    return np.choose(sort, [few, some, many]).astype(np.int64)


def tokyo(name: str) -> tuple[Floats, Ints]:
    """Return places and households of real footprints: one household to 90 m2 of floor, 1 to 120 a building.

    `name` is `setagaya_meguro` (report) or `bunkyo_arakawa` (tuning).
    """
    import geopandas as gpd
    import shapely

    table = gpd.read_parquet(SHARED / "buildings" / f"tokyo_{name}.parquet").to_crs(TOKYO_CRS)
    height = table["height_m"].to_numpy(dtype=float)
    floors = np.maximum(1, np.where(np.isnan(height), 2 * FLOOR_M, height) / FLOOR_M)
    middles = shapely.centroid(table.geometry.to_numpy())
    places = np.round(np.column_stack([shapely.get_x(middles), shapely.get_y(middles)]), 1)
    places, first = np.unique(places, axis=0, return_index=True)
    dwellings = np.rint(table.area.to_numpy()[first] * floors[first] / ROOF_M2_A_HOUSEHOLD)
    return places - places.min(axis=0), np.clip(dwellings, 1, 120).astype(np.int64)
