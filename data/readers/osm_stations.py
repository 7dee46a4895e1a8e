"""OSM stations: places that serve people, from amenities, by the profile's categories.

EPSG:4326 points; a place drawn as a surface stands at a point inside it. The mapping of tags to
the keys service, health, elderly, children, culture, market is `osm_tags.station_category`; a
profile that has no such key gets no such station.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from data.profiles import Profile
from data.readers import osm_tags
from data.readers.frames import table_frame
from data.readers.osm_elements import Elements, Tags, surfaces
from data.tables import reach


def stations(elements: Elements, profile: Profile) -> gpd.GeoDataFrame:
    """Return stations (without area_code) in the shape of their table.

    A point inside a surface of the same category and name (or without a name) is the same place
    told twice; the surface stays. A place without a name is called by its category.
    """
    labels = {category.key: category.label.zh for category in profile.stations}

    def wanted(tags: Tags) -> bool:
        return osm_tags.station_category(tags) in labels

    found = surfaces(elements, wanted)
    rows = elements.nodes(wanted)
    tree = shapely.STRtree(found.shapes)
    nodes, hits = tree.query(elements.points[rows], predicate="within")
    told = {
        node for node, hit in zip(nodes, hits, strict=True) if _same(elements.node_tags[rows[node]], found.tags[hit])
    }
    rows = [row for place, row in enumerate(rows) if place not in told]
    refs = found.refs + [f"node/{elements.node_ids[row]}" for row in rows]
    tags = found.tags + [elements.node_tags[row] for row in rows]
    points = np.concatenate([shapely.point_on_surface(found.shapes), elements.points[rows]])
    order = sorted(range(len(refs)), key=refs.__getitem__)
    categories = [osm_tags.station_category(item) or "" for item in tags]
    values: dict[str, Any] = {
        "source_ref": [refs[row] for row in order],
        "name": [_name(tags[row]) or labels[categories[row]] for row in order],
        "category": [categories[row] for row in order],
        "address": [osm_tags.address(tags[row]) for row in order],
        "hours": [osm_tags.clean(tags[row].get("opening_hours")) for row in order],
    }
    return table_frame(reach.stations, values, points[order])


def _name(tags: Tags) -> str | None:
    return osm_tags.clean(tags.get("name") or tags.get("brand") or tags.get("operator"))


def _same(node: Tags, surface: Tags) -> bool:
    names = {_name(node), _name(surface)} - {None}
    return osm_tags.station_category(node) == osm_tags.station_category(surface) and len(names) <= 1
