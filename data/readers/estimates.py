"""Estimates: households and people where the source has none, by one stated rule.

A home's dwelling space is floors x footprint x residential_share; divided by m2_per_household it
gives households. It is a planning figure, marked ``is_estimate``: never a count.

Rounding is by largest remainders over all rows: every building gets its figure rounded down, and
the whole households still missing from the rounded total go to the largest fractions. So the
total carries no rounding bias, no building is off by a household or more, and row order does not
matter (ties go to the lower id). Rounding each row alone would lose or invent some thousand
households in a town of houses that all have the same fraction.
Source of the method: Hamilton apportionment; figures from the profile's ``estimate`` part.
"""

import math

import geopandas as gpd
import numpy as np
import pandas as pd

from data.profiles import EstimateRule
from geo.crs import to_metric
from geo.frames import require

HOME_USES = ("residential", "mixed")
# Up to this many floors a small footprint is one family's house, not a block of flats.
HOUSE_FLOORS_MAX = 2
# Below this footprint a building nobody called a home is a garage, a shed or a kiosk.
HUT_MAX_M2 = 40.0


def estimate_households(buildings: gpd.GeoDataFrame, rule: EstimateRule) -> pd.Series:
    """Return estimated households of each building.

    Parameters
    ----------
    buildings
        Index building_id; ``use``, ``floors`` (null: rule.default_floors), polygons in EPSG:4326;
        optionally ``is_house`` (true: one family's house, false: certainly not one, null: unknown).
    rule
        The profile's rule.

    Returns
    -------
    Series of int64 named ``households``, indexed as `buildings`. 0 for every use but residential
    and mixed, and for untagged huts below 40 m2; 1 for a house (told, or at most 2 floors, on a
    footprint up to house_footprint_max_m2). The formula alone would house 2.5 families in the
    median house of Liechtenstein, twice and a half the country's people in all.

    Raises
    ------
    MissingColumnsError
        ``use`` or ``floors`` is not there.
    """
    require(buildings, "buildings", columns=("use", "floors"))
    if len(buildings) == 0:
        return pd.Series([], index=buildings.index, name="households", dtype="int64")
    footprint_m2 = to_metric(buildings.geometry).area
    floors = buildings["floors"].astype("Float64").fillna(rule.default_floors).astype(float)
    told = buildings["is_house"].astype("boolean") if "is_house" in buildings else _unknown(buildings.index)
    raw = floors * footprint_m2 * rule.residential_share / rule.m2_per_household
    small = footprint_m2 <= rule.house_footprint_max_m2
    is_house = told.astype(object).where(told.notna(), floors <= HOUSE_FLOORS_MAX).astype(bool)
    raw = raw.where(~(is_house & small), 1.0)
    hut = (footprint_m2 < HUT_MAX_M2) & told.isna()
    raw = raw.where(buildings["use"].isin(HOME_USES) & ~hut, 0.0)
    return whole_numbers(raw).rename("households")


def estimate_people(households: pd.Series, rule: EstimateRule) -> pd.Series:
    """Return people of each building: households x people_per_household, by largest remainders."""
    return whole_numbers(households * rule.people_per_household).rename("people")


def whole_numbers(values: pd.Series) -> pd.Series:
    """Return `values` (>= 0) as int64 with the rounded total kept, by largest remainders."""
    exact = values.to_numpy(dtype=float)
    # Equal figures must tie however they were added up, so fractions are compared to nine digits.
    down = np.floor(np.round(exact, 9))
    fraction = np.round(exact - down, 9)
    missing = round(round(math.fsum(exact) - math.fsum(down), 6))
    order = np.lexsort((values.index.to_numpy(), -fraction))
    down[order[: max(missing, 0)]] += 1
    return pd.Series(down.astype("int64"), index=values.index, name=values.name)


def _unknown(index: pd.Index) -> pd.Series:
    return pd.Series(pd.NA, index=index, dtype="boolean")
