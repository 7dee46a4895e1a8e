"""Town: the frames that make a working town, whoever made them (the demo generator, an OSM reader).

Every frame is EPSG:4326, its index is its id (1..n), its columns are those of the table of the same
name in `data.tables`. A reader that knows nothing of a noun hands over an empty frame.
"""

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd


@dataclass(frozen=True)
class Town:
    """Ground, people, stations and incidents of one deployment; never grids, units or zones.

    Attributes
    ----------
    areas
        index ``area_code``; name, level, parent_code, is_stand_in, geometry (MultiPolygon). Communities
        tile their street without gap or overlap; every building lies in one community.
    compounds, gates, buildings, stairwells, streets, barriers, greens
        as in `data.tables.ground`.
    stations
        as in `data.tables.reach`.
    people
        as in `data.tables.people`, plus ``role``: the duty a person is willing to take
        (worker, grid_head, building_head, unit_head, answerable_unit). Duties themselves are
        results: they need grids. Fewer people than grids leaves some vacant.
    incidents
        as in `data.tables.incidents`, without ``grid_code_reported``.
    truth
        planted clusters (demo only): name, category, first_on, last_on, relative_risk, incidents,
        geometry (the ground it was planted on).
    source
        authority, licence, date, seed ... as declared; stored in ``deployment``.
    """

    name: str
    areas: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    stairwells: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    greens: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    people: pd.DataFrame
    incidents: gpd.GeoDataFrame
    truth: gpd.GeoDataFrame
    source: dict[str, Any] = field(default_factory=dict)
