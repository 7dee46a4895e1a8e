"""Cells of real towns: OpenStreetMap extracts as they are, with every fault they have."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from data.profiles import load_profile
from data.readers.osm import read_osm
from geo.adjacency import borders_between
from geo.cells import cells_from_ground
from geo.cover import cover_findings, dissolve
from geo.crs import metric_crs_of


@pytest.mark.parametrize("name", ["monaco_2020", "lauf_de_2020"])
def test_a_real_town_is_tiled_and_loses_no_household(shared: Path, name: str) -> None:
    profile = load_profile("demo")
    town = read_osm(shared / "osm" / f"{name}.osm.pbf", profile)
    ground = (town.areas, town.buildings, town.streets, town.barriers, town.compounds)
    cells = cells_from_ground(*ground, households_max=profile.grid.households_max)
    communities = town.areas[town.areas["level"] == "community"]
    inside = town.buildings.drop(index=cells.attrs["outside"])
    assert cells["households"].sum() == inside["households"].sum()
    assert set(cells["building_id"].dropna()) | set(cells.attrs["joined"]) == set(inside.index)
    assert shapely.coverage_is_valid(cells.geometry.to_numpy())
    assert _area_error(cells, communities) < 1e-6
    borders = borders_between(cells, town.streets, town.barriers, town.gates, town.compounds)
    assert (borders["length_m"] > 0).eq(borders["kind"] != "passage").all()
    grids = dissolve(cells, pd.Series(cells["area_code"] + "-1", index=cells.index))
    assert cover_findings(communities, grids, inside).empty


def _area_error(cells: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> float:
    """Greatest relative difference between a community's ground and that of its cells."""
    crs = metric_crs_of(communities)
    made = cells.to_crs(crs).area.groupby(cells["area_code"]).sum()
    return float((made / communities.to_crs(crs).area - 1).abs().max())
