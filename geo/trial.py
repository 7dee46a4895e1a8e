"""Trial: streets and gates as they would be - a footbridge more, a street closed, a gate opened - for asking what if.

Frames are those of `geo.network`; they are copied, never changed. Distances are metres in the given CRS.
"""

from collections.abc import Hashable

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geo.crs import to_degrees, to_metric
from geo.errors import BadSettingError
from geo.frames import WGS84

JOIN_M = 30.0  # how far the end of a new street may lie from the one it is to meet
GATE_M = 30.0  # how far a new gate may lie from the compound it is to open
SAME_M = 0.01


def with_street(
    streets: gpd.GeoDataFrame,
    line: shapely.LineString,
    *,
    crs: pyproj.CRS,
    is_bridge: bool,
    join_m: float = JOIN_M,
) -> gpd.GeoDataFrame:
    """Return streets with one more, on foot both ways; it meets others at its ends alone.

    Its ends meet the nearest walkable street within `join_m`: that street is given a vertex there, and so the two share
    it. An end with no street so near stays open.

    Parameters
    ----------
    line
        In EPSG:4326.
    is_bridge
        Doors do not join a bridge along its way.

    Raises
    ------
    BadSettingError
        Neither end meets a street, or the line has no length.
    """
    metres = to_metric(gpd.GeoSeries([line], crs=WGS84), crs).iloc[0]
    if not metres.length > SAME_M:
        raise BadSettingError(what="street", value=line.wkt[:60], reason="it has no length", reason_zh="长度为 0")
    walkable = np.flatnonzero(streets["is_walkable"].to_numpy(dtype=bool))
    shapes = streets.geometry.to_numpy().copy()
    tree = shapely.STRtree(to_metric(streets.geometry, crs).to_numpy()[walkable])
    ends, met = list(metres.coords), 0
    for end in (0, -1):
        point = shapely.Point(ends[end])
        near = tree.query_nearest(point, max_distance=join_m, all_matches=False)
        if len(near):
            row = walkable[near[0]]
            shapes[row], spot = _with_vertex(shapes[row], point, crs)
            ends[end], met = spot, met + 1
    if met == 0:
        raise BadSettingError(
            what="street", value=line.wkt[:60], reason=f"neither end lies within {join_m:g} m of a street",
            reason_zh=f"两端 {join_m:g} 米内都没有道路",
        )  # fmt: skip
    own = to_degrees(gpd.GeoSeries([shapely.LineString(ends)], crs=crs)).iloc[0]
    row = {"is_walkable": True, "is_bridge": is_bridge, "is_steps": False, "geometry": own}
    new_id = int(streets.index.max()) + 1 if len(streets) else 1
    added = gpd.GeoDataFrame([row], geometry="geometry", crs=WGS84, index=pd.Index([new_id], name=streets.index.name))
    kept = streets.set_geometry(gpd.GeoSeries(shapes, index=streets.index, crs=WGS84))
    return gpd.GeoDataFrame(pd.concat([kept, added]), crs=WGS84)


def street_at(streets: gpd.GeoDataFrame, point: shapely.Point, *, crs: pyproj.CRS, near_m: float = JOIN_M) -> Hashable:
    """Return the id of the walkable street nearest to a point, in EPSG:4326.

    Raises
    ------
    BadSettingError
        None lies within `near_m`.
    """
    walkable = streets[streets["is_walkable"].astype(bool)]
    spot = to_metric(gpd.GeoSeries([point], crs=WGS84), crs).iloc[0]
    tree = shapely.STRtree(to_metric(walkable.geometry, crs).to_numpy())
    near = tree.query_nearest(spot, max_distance=near_m, all_matches=False)
    if len(near) == 0:
        raise BadSettingError(
            what="street", value=point.wkt, reason=f"no street lies within {near_m:g} m",
            reason_zh=f"{near_m:g} 米内没有道路",
        )  # fmt: skip
    found: Hashable = walkable.index[near[0]]
    return found


def _with_vertex(
    street: shapely.Geometry, point: shapely.Point, crs: pyproj.CRS
) -> tuple[shapely.Geometry, tuple[float, float]]:
    """Return a street, in degrees, with one more vertex, nearest to a point in metres; and that vertex in metres."""
    line = to_metric(gpd.GeoSeries([street], crs=WGS84), crs).iloc[0]
    along_m = shapely.line_locate_point(line, point)
    spot = shapely.line_interpolate_point(line, along_m)
    vertices = shapely.get_coordinates(line)
    place = np.searchsorted([shapely.line_locate_point(line, shapely.Point(xy)) for xy in vertices], along_m)
    place = int(np.clip(place, 1, len(vertices) - 1))
    degrees = to_degrees(gpd.GeoSeries([spot], crs=crs)).iloc[0]
    known = shapely.get_coordinates(street)
    made = np.insert(known, place, [degrees.x, degrees.y], axis=0)
    return shapely.LineString(made), (spot.x, spot.y)


def with_gate(
    gates: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    point: shapely.Point,
    *,
    crs: pyproj.CRS,
    near_m: float = GATE_M,
) -> gpd.GeoDataFrame:
    """Return gates with one more, in the outline of the compound it stands at.

    A compound without any gate is not closed (`geo.obstacles`): one gate would close it, not open it.

    Raises
    ------
    BadSettingError
        No outline of a closed compound lies within `near_m`.
    """
    compounds = compounds[compounds.index.isin(gates["compound_id"].dropna())]
    spot = to_metric(gpd.GeoSeries([point], crs=WGS84), crs).iloc[0]
    outlines = shapely.boundary(to_metric(compounds.geometry, crs).to_numpy())
    near = shapely.STRtree(outlines).query_nearest(spot, max_distance=near_m, all_matches=False)
    if len(near) == 0:
        raise BadSettingError(
            what="gate", value=point.wkt, reason=f"no closed compound's edge lies within {near_m:g} m",
            reason_zh=f"{near_m:g} 米内没有封闭小区的边界",
        )  # fmt: skip
    at = shapely.line_interpolate_point(outlines[near[0]], shapely.line_locate_point(outlines[near[0]], spot))
    place = to_degrees(gpd.GeoSeries([at], crs=crs)).iloc[0]
    new_id = int(gates.index.max()) + 1 if len(gates) else 1
    row = {"compound_id": compounds.index[near[0]], "hours": None, "geometry": place}
    added = gpd.GeoDataFrame([row], geometry="geometry", crs=WGS84, index=pd.Index([new_id], name="gate_id"))
    return gpd.GeoDataFrame(pd.concat([gates, added]), crs=WGS84)
