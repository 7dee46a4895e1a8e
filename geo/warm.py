"""Warming: everything that is compiled, compiled or loaded before anybody waits for it."""

import geopandas as gpd
import shapely

from geo.frames import WGS84
from geo.network import walk_network
from geo.partition.warm import warm as warm_plans
from geo.reach import nearest, reach, walks
from geo.scene import scene_of

LON, LAT, STEP = 106.68, 26.58, 0.002


def warm() -> None:
    """Load or compile all machine code; about a minute the first time, a second later."""
    warm_walks()
    warm_plans()


def warm_walks() -> None:
    """Walk once on two streets."""
    streets = frame([shapely.LineString([(0, 0), (1, 0)]), shapely.LineString([(1, 0), (1, 1)])], "street_id")
    network = walk_network(streets.assign(is_walkable=True, is_bridge=False))
    places = frame([shapely.Point(0.5, 0)], "station_id"), frame([shapely.Point(1, 0.5)], "building_id")
    homes = places[1].assign(households=1, people=1)
    reach(places[0], scene_of(network, homes))
    walks(places[0], scene_of(network, homes), longest_min=15.0)
    nearest(places[0], scene_of(network, homes))


def frame(shapes: list[shapely.Geometry], index: str) -> gpd.GeoDataFrame:
    """Return shapes, drawn in steps, somewhere on land."""
    there = [shapely.transform(shape, lambda xy: xy * STEP + (LON, LAT)) for shape in shapes]
    return gpd.GeoDataFrame(geometry=there, crs=WGS84).rename_axis(index=index)
