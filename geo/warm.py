"""Warming: everything that is compiled, compiled or loaded before anybody waits for it."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.clusters import clusters
from geo.density import density, density_tile
from geo.frames import WGS84
from geo.hotspots.scan import scan
from geo.hotspots.spacetime import spacetime
from geo.lookup import GridIndex
from geo.nearby import Nearby
from geo.network import walk_network
from geo.partition import propose_grids
from geo.partition.warm import tiny_town
from geo.partition.warm import warm as warm_plans
from geo.reach import nearest, reach, walks
from geo.scene import scene_of
from geo.suggestions import fix
from geo.tours import tour, tree_m

LON, LAT, STEP = 106.68, 26.58, 0.002


def warm() -> None:
    """Load or compile all machine code; some minutes the first time, a second later."""
    warm_planning()
    warm_ground()


def warm_planning() -> None:
    """Load or compile what plans are made with: half of it all, and nothing of the other half."""
    warm_plans()
    warm_fixes()


def warm_ground() -> None:
    """Load or compile walks, findings and look-ups: the other half."""
    warm_walks()
    warm_findings()
    warm_lookups()


def warm_lookups() -> None:
    """Ask for one place in two grids, and what is near it."""
    grids = frame([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], "grid_id")
    index = GridIndex.from_grids(grids)
    index.cover(LON, LAT)
    index.place(LON, LAT, 0.0)
    index.find(LON, LAT)
    _ = index.overlaps
    lon, lat = np.array([LON]), np.array([LAT])
    index.find_many(lon, lat)
    index.places(lon, lat, np.zeros(1))
    stations = frame([shapely.Point(0, 0)], "station_id").assign(category="any")
    walks = pd.DataFrame({"building_id": [0], "station_id": [0], "walk_min": [1.0]})
    Nearby.from_frames(grids, stations, walks).near(LON, LAT, door_m=10.0, within_m=10.0)


def warm_walks() -> None:
    """Walk once on two streets."""
    streets = frame([shapely.LineString([(0, 0), (1, 0)]), shapely.LineString([(1, 0), (1, 1)])], "street_id")
    network = walk_network(streets.assign(is_walkable=True, is_bridge=False))
    places = frame([shapely.Point(0.5, 0)], "station_id"), frame([shapely.Point(1, 0.5)], "building_id")
    homes = places[1].assign(households=1, people=1)
    reach(places[0], scene_of(network, homes))
    walks(places[0], scene_of(network, homes), longest_min=15.0)
    nearest(places[0], scene_of(network, homes))
    for count in (5, 13):  # few places are tried completely, more are not
        middles = np.arange(count, dtype=np.float64)
        tour(np.abs(middles[:, None] - middles[None, :]), seed=0)
        tree_m(np.abs(middles[:, None] - middles[None, :]))


def warm_fixes() -> None:
    """Mend one grid of a tiny plan that is a household below its band."""
    cells, borders = tiny_town(compounds=False)
    assignment = propose_grids(cells, borders, band=(60, 90)).assignment
    held = int(cells["households"][assignment == 0].sum())
    fix(cells, borders, assignment, 0, band=(held + 1, held + 30))


def warm_findings() -> None:
    """Look once for everything that incidents are looked for, in four places."""
    corners: list[shapely.Geometry] = [shapely.Point(*at) for at in ((0, 0), (0, 0.01), (0.01, 0), (5, 5))]
    incidents = frame(corners, "incident_id").assign(category="any", reported_at=pd.Timestamp(0, tz="UTC"))
    clusters(incidents, eps_m=50.0, min_incidents=2)
    lon, lat = incidents.geometry.x.to_numpy(), incidents.geometry.y.to_numpy()
    density_tile(lon, lat, z=14, x=0, y=0, bandwidth_m=100.0)
    xy_m = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0], [900.0, 900.0]])
    density(xy_m, bandwidth_m=100.0, cell_m=50.0, bounds=(0.0, 0.0, 900.0, 900.0))
    cases, homes = np.array([5, 4, 0, 1]), np.ones(4)
    scan(xy_m, cases, homes, seed=0, repeats=9)
    by_time = np.column_stack([cases, cases[::-1]])
    for exposure in (homes, None):
        spacetime(xy_m, by_time, exposure, seed=0, repeats=9)


def frame(shapes: list[shapely.Geometry], index: str) -> gpd.GeoDataFrame:
    """Return shapes, drawn in steps, somewhere on land."""
    there = [shapely.transform(shape, lambda xy: xy * STEP + (LON, LAT)) for shape in shapes]
    return gpd.GeoDataFrame(geometry=there, crs=WGS84).rename_axis(index=index)
