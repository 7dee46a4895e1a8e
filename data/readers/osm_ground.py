"""OSM ground: buildings, streets, barriers and greens out of OSM elements; areas are given later.

EPSG:4326. Sizes are measured in the town's metre zone. What the tags mean is `osm_tags`; here is
what depends on place: the use a building takes from its ground, the shops and doors inside it.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.readers import osm_tags
from data.readers.frames import multi, table_frame
from data.readers.osm_elements import Elements, Relation, Surfaces, Tags, assemble, member_lines, surfaces
from data.tables import ground
from geo.crs import to_metric
from geo.frames import WGS84

BUILDING_MIN_M2 = 4.0
# Garden ponds and fountains stop nobody; a wall shorter than a house is walked around.
WATER_MIN_M2 = 500.0
WALL_MIN_M = 20.0
ADDRESSES_SHOWN = 6


def buildings(elements: Elements) -> gpd.GeoDataFrame:
    """Return buildings: source_ref, name, address, use, floors, is_house (nullable), MultiPolygon.

    Ways and multipolygon relations with building=*; roofs, carports and what is underground are
    left out, as are exact doubles and footprints below 4 m2. Sorted by source_ref.
    """
    found = _without_doubles(surfaces(elements, osm_tags.is_building))
    inside = shapely.point_on_surface(found.shapes)
    tree = shapely.STRtree(found.shapes)
    told = [osm_tags.told_use(tags) for tags in found.tags]
    uses = _with_business(_with_ground(elements, found, told, inside), elements, tree)
    frame = gpd.GeoDataFrame(
        {
            "source_ref": found.refs,
            "name": [osm_tags.clean(tags.get("name")) for tags in found.tags],
            "address": _addresses(elements, found, tree),
            "use": uses,
            "floors": pd.array([osm_tags.floors(tags) for tags in found.tags], dtype="Int64"),
            "is_house": pd.array([_is_house(tags) for tags in found.tags], dtype="boolean"),
        },
        geometry=gpd.GeoSeries(multi(list(found.shapes)), crs=WGS84),
        crs=WGS84,
    )
    return frame.sort_values("source_ref", ignore_index=True)


def _is_house(tags: Tags) -> bool | None:
    kind = tags["building"]
    return None if kind not in osm_tags.HOMES else kind in osm_tags.HOUSES


def _without_doubles(found: Surfaces) -> Surfaces:
    if not found.refs:
        return found
    big = to_metric(gpd.GeoSeries(found.shapes, crs=WGS84)).area.to_numpy() >= BUILDING_MIN_M2
    outlines = pd.Series(shapely.to_wkb(shapely.normalize(found.shapes)))
    order = pd.Series(found.refs).sort_values().index
    first = ~outlines.loc[order].duplicated().sort_index().to_numpy()
    return found.where(big & first)


def _with_ground(elements: Elements, found: Surfaces, told: list[str | None], inside: np.ndarray) -> list[str]:
    """Return uses, plain buildings taking that of the smallest ground they stand on."""
    grounds = surfaces(elements, lambda tags: _ground_use(tags) is not None)
    order = np.argsort(shapely.area(grounds.shapes), kind="stable")[::-1]
    tree = shapely.STRtree(grounds.shapes[order])
    uses: list[str] = [use or "residential" for use in told]
    houses, hits = tree.query(inside, predicate="within")
    rank = np.full(len(uses), -1)
    np.maximum.at(rank, houses, hits)
    for row in np.flatnonzero(rank >= 0):
        if told[row] is None:
            use = _ground_use(grounds.tags[order[rank[row]]]) or "residential"
            # On a farmyard or between works, a door with a number is a home.
            is_home = "addr:housenumber" in found.tags[row] and use in {"other", "works"}
            uses[row] = "residential" if is_home else use
    return uses


def _ground_use(tags: Tags) -> str | None:
    if "building" in tags:
        return None
    amenity = osm_tags.AMENITY_USE.get(tags.get("amenity", ""))
    return amenity or osm_tags.GROUND_USE.get(tags.get("landuse", ""))


def _with_business(uses: list[str], elements: Elements, tree: shapely.STRtree) -> list[str]:
    """Return uses with homes over a shop, an office or a restaurant as mixed."""
    rows = elements.nodes(osm_tags.has_business)
    _, hits = tree.query(elements.points[rows], predicate="within")
    busy = set(hits.tolist())
    return ["mixed" if use == "residential" and row in busy else use for row, use in enumerate(uses)]


def _addresses(elements: Elements, found: Surfaces, tree: shapely.STRtree) -> list[str | None]:
    """Return each building's own address, else those of the address points in it."""
    own = [osm_tags.address(tags) for tags in found.tags]
    rows = elements.nodes(lambda tags: "addr:housenumber" in tags)
    points, hits = tree.query(elements.points[rows], predicate="within")
    inside: dict[int, set[str]] = {}
    for point, hit in zip(points, hits, strict=True):
        text = osm_tags.address(elements.node_tags[rows[point]])
        if text:
            inside.setdefault(hit, set()).add(text)
    return [mine or _joined(inside.get(row, set())) for row, mine in enumerate(own)]


def _joined(texts: set[str]) -> str | None:
    return "; ".join(sorted(texts, key=lambda text: (len(text), text))[:ADDRESSES_SHOWN]) or None


def streets(elements: Elements) -> gpd.GeoDataFrame:
    """Return streets in the shape of their table, one row a way (or a known piece of a cut way).

    OSM's shared nodes stay shared vertices. Roads nobody walks on are kept with
    ``is_walkable=False``: they cut ground. Squares drawn as areas give their outline; ferries,
    indoor corridors and roads under construction are left out.
    """
    rows = elements.ways(lambda tags: osm_tags.road_class(tags) is not None)
    rows.sort(key=lambda row: elements.way_ids[row])
    tags = [elements.way_tags[row] for row in rows]
    lines = elements.lines[rows]
    lengths = to_metric(gpd.GeoSeries(lines, crs=WGS84)).length.to_numpy() if rows else np.empty(0)
    values: dict[str, Any] = {
        "source_ref": [f"way/{elements.way_ids[row]}" for row in rows],
        "name": [osm_tags.clean(item.get("name")) for item in tags],
        "road_class": [osm_tags.road_class(item) for item in tags],
        "is_walkable": [osm_tags.is_walkable(item) for item in tags],
        "is_steps": [item.get("highway") == "steps" for item in tags],
        "is_private": [osm_tags.is_private(item) for item in tags],
        "is_bridge": [osm_tags.is_bridge(item) for item in tags],
        "length_m": lengths,
    }
    return table_frame(ground.streets, values, lines)


def barriers(elements: Elements) -> gpd.GeoDataFrame:
    """Return water (surfaces from 500 m2; rivers and canals as lines), railways and walls.

    Fences and hedges are left out (OSM draws every garden's), as are tunnels, culverts, trams and
    disused lines. Lakes whose ring does not close in this file keep their known banks as lines.
    """
    water = surfaces(elements, osm_tags.is_water_surface)
    if water.refs:
        water = water.where(to_metric(gpd.GeoSeries(water.shapes, crs=WGS84)).area.to_numpy() >= WATER_MIN_M2)
    rivers, river_names = _water_lines(elements, water)
    rails, rail_names = _lines(elements, osm_tags.is_rail)
    walls, wall_names = _lines(elements, lambda tags: tags.get("barrier") in osm_tags.WALLS)
    if len(walls):
        long = to_metric(gpd.GeoSeries(walls, crs=WGS84)).length.to_numpy() >= WALL_MIN_M
        walls, wall_names = walls[long], [name for name, keep in zip(wall_names, long, strict=True) if keep]
    kinds = ["water"] * (len(water.refs) + len(rivers)) + ["rail"] * len(rails) + ["wall"] * len(walls)
    names = [osm_tags.clean(tags.get("name")) for tags in water.tags] + river_names + rail_names + wall_names
    shapes = np.concatenate([water.shapes, rivers, rails, walls])
    return table_frame(ground.barriers, {"kind": kinds, "name": names}, shapes)


def _lines(elements: Elements, wanted: Any) -> tuple[np.ndarray, list[str | None]]:
    rows = sorted(elements.ways(wanted), key=lambda row: elements.way_ids[row])
    return elements.lines[rows], [osm_tags.clean(elements.way_tags[row].get("name")) for row in rows]


def _water_lines(elements: Elements, water: Surfaces) -> tuple[np.ndarray, list[str | None]]:
    """Return rivers and banks outside the water surfaces: inside them they would cut water in two."""
    lines, names = _lines(elements, osm_tags.is_water_line)
    banks = _open_banks(elements)
    lines = np.concatenate([lines, banks])
    names = names + [None] * len(banks)
    tree = shapely.STRtree(water.shapes)
    lefts = [_outside(line, water.shapes[tree.query(line, predicate="intersects")]) for line in lines]
    kept = [row for row, left in enumerate(lefts) if not left.is_empty]
    return np.array([lefts[row] for row in kept], dtype=object), [names[row] for row in kept]


def _outside(line: Any, shapes: np.ndarray) -> Any:
    return line.difference(shapely.union_all(shapes)) if len(shapes) else line


def _open_banks(elements: Elements) -> np.ndarray:
    open_ones: list[Relation] = []
    waters = [item for item in elements.relations if osm_tags.is_water_surface(item.tags)]
    lines = member_lines(elements, waters)
    for relation in waters:
        if assemble(relation, lines).is_empty:
            open_ones.append(relation)
    banks = [line for item in open_ones for way, _ in item.ways for line in lines.get(way, [])]
    return np.array(banks, dtype=object)


def greens(elements: Elements) -> gpd.GeoDataFrame:
    """Return parks, woods, farmland and squares in the shape of their table."""
    found = surfaces(elements, lambda tags: "building" not in tags and osm_tags.green_kind(tags) is not None)
    values = {
        "kind": [osm_tags.green_kind(tags) for tags in found.tags],
        "name": [osm_tags.clean(tags.get("name")) for tags in found.tags],
    }
    return table_frame(ground.greens, values, multi(list(found.shapes)))
