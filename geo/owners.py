"""Owners: what a cell is made around - a building, one of its stairwells, or a share of it.

A building is one owner as long as its households do not exceed the limit. A larger one is cut by
stairwell, or in equal shares where fewer than two stairwells are known. Counts are dealt out in whole
numbers by largest remainder (Hare-Niemeyer), so they add up to the building's own, always.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
from numpy.typing import NDArray

from geo.blocks import metric_shapes
from geo.edges import Ints
from geo.errors import InputError
from geo.frames import require

COLUMNS = ("building", "building_id", "stairwell_id", "kind", "use", "households", "people", "x", "y")


def apportion(total: int, weights: NDArray[np.generic]) -> Ints:
    """Return `total` dealt out in whole numbers by ``(n,)`` weights; equally where all are zero.

    Largest remainders first, ties to the earlier place. The sum is `total`, exactly.
    """
    share = np.nan_to_num(np.asarray(weights, dtype=np.float64), nan=0.0).clip(min=0)
    share = share / share.sum() if share.sum() > 0 else np.full(len(share), 1 / len(share))
    exact = total * share
    dealt = np.floor(exact + 1e-9).astype(np.int64)
    rest = np.argsort(-(exact - dealt), kind="stable")[: total - int(dealt.sum())]
    dealt[rest] += 1
    return dealt


def owners(
    buildings: gpd.GeoDataFrame,
    stairwells: gpd.GeoDataFrame | None,
    *,
    households_max: int | None,
    crs: pyproj.CRS,
) -> pd.DataFrame:
    """Return one row a future cell, in the order of the buildings.

    Parameters
    ----------
    buildings
        ``n`` rows; households, people and, if known, use.
    stairwells
        building_id, number, households; Points. None where nothing is known.
    households_max
        A building above this is cut; None cuts nothing.

    Returns
    -------
    pandas.DataFrame
        building (position in `buildings`), building_id, stairwell_id, kind (building, stairwell, share), use,
        households, people, and the stairwell's place x, y in `crs` (NaN for the others).

    Raises
    ------
    InputError
        `households_max` is below 1.
    """
    count = len(buildings)
    whole = pd.DataFrame(
        {
            "building": np.arange(count),
            "building_id": buildings.index.to_numpy(),
            "stairwell_id": pd.array([pd.NA] * count, dtype="Int64"),
            "kind": "building",
            "use": buildings["use"].to_numpy() if "use" in buildings else np.full(count, None, dtype=object),
            "households": buildings["households"].fillna(0).to_numpy(np.int64),
            "people": buildings["people"].fillna(0).to_numpy(np.int64),
            "x": np.nan,
            "y": np.nan,
        }
    )
    if households_max is None:
        return whole
    if households_max < 1:
        raise InputError(detail=f"households_max = {households_max}：至少为 1 / must be at least 1.")
    large = whole["households"] > households_max
    if not large.any():
        return whole
    doors = _doors(stairwells, crs)
    cut = [_parts(row, doors.get(row["building_id"]), households_max) for _, row in whole[large].iterrows()]
    joined = pd.concat([whole[~large], *cut], ignore_index=True)
    joined["stairwell_id"] = joined["stairwell_id"].astype("Int64")
    return joined.sort_values("building", kind="stable", ignore_index=True)


def _doors(stairwells: gpd.GeoDataFrame | None, crs: pyproj.CRS) -> dict[object, pd.DataFrame]:
    """Return the stairwells of each building, in the order of their numbers."""
    if stairwells is None or len(stairwells) == 0:
        return {}
    require(stairwells, "stairwells", columns=["building_id", "households"])
    points = gpd.GeoSeries(metric_shapes(stairwells, "stairwells", crs), index=stairwells.index)
    frame = pd.DataFrame(
        {
            "building_id": stairwells["building_id"],
            "number": stairwells.get("number", stairwells.index),
            "households": stairwells["households"].fillna(0),
            "x": points.x,
            "y": points.y,
        },
        index=stairwells.index,
    )
    frame = frame.dropna(subset=["building_id", "x", "y"]).sort_index().sort_values("number", kind="stable")
    return dict(iter(frame.groupby("building_id")))


def _parts(row: pd.Series, doors: pd.DataFrame | None, households_max: int) -> pd.DataFrame:
    """Return the owners of one building that is too large: its stairwells, or equal shares."""
    if doors is not None and len(doors) > 1:
        kind, weights = "stairwell", doors["households"].to_numpy(np.float64)
        ids, places = doors.index.to_series().astype("Int64").array, doors[["x", "y"]].to_numpy(np.float64)
    else:
        kind, weights = "share", np.ones(-(-int(row["households"]) // households_max))
        ids, places = pd.array([pd.NA] * len(weights), dtype="Int64"), np.full((len(weights), 2), np.nan)
    households = apportion(int(row["households"]), weights)
    return pd.DataFrame(
        {
            "building": row["building"],
            "building_id": row["building_id"],
            "stairwell_id": ids,
            "kind": kind,
            "use": row["use"],
            "households": households,
            "people": apportion(int(row["people"]), households),
            "x": places[:, 0],
            "y": places[:, 1],
        }
    )
