"""Incidents on a plane: invented towns, and Boston's service requests of 2015, with the mesh they are counted in."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from bench.reach.nets import SHARED
from geo.crs import to_metric
from geo.hotspots.mesh import Mesh, counts, mesh_over
from geo.rng import generator

Floats = npt.NDArray[np.float64]

TUNING_SEEDS, REPORT_SEEDS = (1, 2, 3), (11, 12)
TOWN_M, GATHERINGS = 12_000.0, 40
GATHERED_SHARE, REPEATED_SHARE = 0.6, 0.08
BOSTON = SHARED / "incidents" / "boston_311_2015.csv.gz"


def invented(count: int, seed: int) -> Floats:
    """Return incidents of a town of 12 x 12 km: gatherings 60 to 400 m wide, the rest anywhere, some at one address."""
    rng = generator(seed, "hotspots")
    middle, wide_m = rng.uniform(0, TOWN_M, (GATHERINGS, 2)), rng.uniform(60, 400, GATHERINGS)
    gathering = rng.integers(0, GATHERINGS, int(count * GATHERED_SHARE))
    gathered = rng.normal(middle[gathering], wide_m[gathering, None])
    xy = np.concatenate([gathered, rng.uniform(0, TOWN_M, (count - len(gathered), 2))])
    again = rng.integers(0, count, (2, int(count * REPEATED_SHARE)))
    xy[again[0]] = xy[again[1]]
    # the address of an incident beyond the town's edge is on the edge; nobody is asked about the last digit there
    return np.clip(xy, 0.0, TOWN_M - 1e-6)


def boston() -> Floats:
    """Return Boston's requests in metres."""
    rows = pd.read_csv(BOSTON, usecols=["LATITUDE", "LONGITUDE"])
    degrees = gpd.GeoSeries.from_xy(rows["LONGITUDE"], rows["LATITUDE"], crs=4326)
    return shapely.get_coordinates(to_metric(degrees).to_numpy())


def told(folder: Path, xy: Floats, cell_m: float, *, is_masked: bool) -> tuple[Path, Mesh, dict[str, Any]]:
    """Write points, mesh and mask for the callers; with a mask only cells where anything happened count."""
    bounds = tuple(xy.min(axis=0)) + tuple(xy.max(axis=0)) if is_masked else (0.0, 0.0, TOWN_M, TOWN_M)
    mesh = mesh_over(bounds, cell_m=cell_m)  # type: ignore[arg-type]
    found = counts(mesh, xy)
    inside = found > 0 if is_masked else np.ones(mesh.cells, dtype=bool)
    shape = {"rows": mesh.rows, "columns": mesh.columns, "cell_m": cell_m, "origin_m": mesh.origin_m}
    file = folder / f"points_{len(xy)}_{mesh.cells}_{is_masked:d}.npz"
    np.savez(file, xy=xy, inside=inside, counts=found, is_masked=is_masked, **shape)
    return file, mesh, {"points": len(xy), "cells": int(inside.sum())}
