"""OSM sea: the water side of the coastline within a window.

EPSG:4326. OSM draws coastline with land on its left and sea on its right. The lines and the
window's edge make faces; the side on which most segments have a face decides what it is. A face
with coast on both sides of the argument (a coastline cut inside the window) is taken for land;
cut ends near the window's edge are carried to it first.
"""

from typing import Any

import numpy as np
import shapely

from data.readers.osm_boundaries import beside, carried_to_edge, ends_of
from data.readers.osm_elements import Elements

DOUBT_SHARE = 0.1


def sea_in(elements: Elements, window: Any) -> Any:
    """Return the sea inside the polygon `window`, empty where there is no coastline."""
    rows = elements.ways(lambda tags: tags.get("natural") == "coastline")
    lines = elements.lines[rows]
    lines = lines[shapely.intersects(lines, window)]
    if not len(lines):
        return shapely.Polygon()
    bridges, _ = carried_to_edge(ends_of(lines), window)
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all([*lines, *bridges, window.boundary])]))
    faces = faces[shapely.contains(window, shapely.point_on_surface(faces))]
    tree = shapely.STRtree(faces)
    land, sea = np.zeros(len(faces)), np.zeros(len(faces))
    for line in lines:
        left, right = beside(line, tree)
        np.add.at(land, left[left >= 0], 1)
        np.add.at(sea, right[right >= 0], 1)
    return shapely.union_all(faces[(sea > 0) & (land <= DOUBT_SHARE * sea)])
