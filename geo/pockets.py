"""Pockets: the homes that nothing reaches on foot, in groups that have a name and a size."""

import geopandas as gpd
import pandas as pd

from geo.frames import require


def left_out(buildings: gpd.GeoDataFrame, walks: pd.DataFrame, minutes: float) -> pd.DataFrame:
    """Return the homes beyond `minutes` of any station, compound by compound, most households first.

    Parameters
    ----------
    buildings
        Index building_id; area_code, compound_id (may be missing), households, people.
    walks
        As `nearest` returns them: index building_id, ``walk_min``.
    minutes
        The threshold.

    Returns
    -------
    pandas.DataFrame
        ``area_code``, ``compound_id`` (NA: buildings of no compound), ``buildings``, ``households``,
        ``people``, ``nearest_min`` (of those that have a walk at all, else NaN) and ``building_ids``
        (tuple). Buildings without households are not homes and are left away.

    Raises
    ------
    MissingColumnsError, DuplicateIdError
        A frame is not what it must be.
    """
    require(buildings, "buildings", columns=("area_code", "compound_id", "households", "people"))
    require(walks, "walks", columns=("walk_min",))
    walk_min = walks["walk_min"].reindex(buildings.index)
    is_out = ~(walk_min <= minutes) & (buildings["households"] > 0)
    homes = pd.DataFrame(buildings.drop(columns="geometry", errors="ignore"))[is_out]
    homes = homes.assign(walk_min=walk_min[is_out], building_id=homes.index).reset_index(drop=True)
    homes = homes.sort_values("building_id")
    groups = homes.groupby(["area_code", "compound_id"], dropna=False, as_index=False).agg(
        buildings=("building_id", "size"),
        households=("households", "sum"),
        people=("people", "sum"),
        nearest_min=("walk_min", "min"),
        building_ids=("building_id", tuple),
    )
    order = ["households", "area_code", "compound_id"]
    return pd.DataFrame(groups.sort_values(order, ascending=[False, True, True], ignore_index=True))
