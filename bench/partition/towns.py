"""Towns with streets, water, walls and compounds: the demo generator's, and Lauf out of OpenStreetMap."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from bench.partition.bare import Frames
from bench.partition.city import SHARED

LINES = ("road", "water", "wall", "rail")
LINE_FACTOR = 0.2
REPORT_SEED = 11
CELLS_AT_FULL_SCALE = 8_465


def demo_town(cells: int, *, seed: int = REPORT_SEED) -> tuple[Frames, dict[str, Any]]:
    """Return the frames of a demo town of about `cells` cells, and what its profile asks of a plan."""
    from data.demo import draw_town
    from data.profiles import load_profile

    profile = load_profile("demo")
    return framed(draw_town(profile, scale=cells / CELLS_AT_FULL_SCALE, seed=seed), profile)


def lauf() -> tuple[Frames, dict[str, Any]]:
    """Return the frames of Lauf an der Pegnitz, its households estimated by the demo profile's rule."""
    from data.profiles import load_profile
    from data.readers.osm import read_osm

    profile = load_profile("demo")
    return framed(read_osm(SHARED / "osm" / "lauf_de_2020.osm.pbf", profile), profile)


def framed(town: Any, profile: Any) -> tuple[Frames, dict[str, Any]]:
    """Return a town's cells and borders, and the rules of its profile."""
    from geo.adjacency import borders_between
    from geo.cells import cells_from_ground
    from geo.partition.dedicated import without_small_uses

    rule = profile.grid
    stairwells = town.stairwells if len(town.stairwells) else None
    cells = cells_from_ground(
        town.areas, town.buildings, town.streets, town.barriers, town.compounds,
        stairwells=stairwells, households_max=rule.households_max,
    )  # fmt: skip
    cells = without_small_uses(cells, town.buildings, footprint_min_m2=rule.dedicated_footprint_min_m2)
    borders = borders_between(
        cells, town.streets, town.barriers, town.gates, town.compounds, opens_gateless=stairwells is None
    )
    asked = {"band": rule.band, "dedicated_uses": rule.dedicated_uses, "dedicated_min_m2": rule.dedicated_min_m2}
    return (cells, borders), asked


def line_cost(borders: pd.DataFrame) -> Any:
    """Return the cost in metres that a caller of METIS who knows of lines would set: a fifth along a line."""
    return borders["length_m"].to_numpy() * np.where(borders["kind"].isin(LINES), LINE_FACTOR, 1.0)


def inner_borders(cells: gpd.GeoDataFrame, borders: pd.DataFrame) -> pd.DataFrame:
    """Return the borders inside communities: no zone of ours or of a peer crosses into another."""
    area = cells["area_code"].to_numpy()
    a, b = (cells.index.get_indexer(borders[end]) for end in ("cell_a", "cell_b"))
    return borders[area[a] == area[b]].reset_index(drop=True)
