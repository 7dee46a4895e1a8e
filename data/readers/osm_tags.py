"""OSM tags: what a tag means here - use, floors, road class, passage, barrier, station category.

Pure functions of a tag dictionary. Meanings follow https://wiki.openstreetmap.org/wiki/Map_features;
the choices that are ours (what counts as walkable, where a hut ends) are said beside each table.
"""

import math
import re

from data.readers.osm_elements import Tags

# Things tagged as buildings that have no ground of their own or stand no longer (or not yet).
NOT_BUILDINGS = {"no", "roof", "canopy", "carport", "demolished", "razed", "proposed", "collapsed", "tent", "part"}
HOMES = {
    "apartments", "residential", "house", "detached", "semidetached_house", "terrace", "bungalow", "dormitory",
    "farm", "villa", "static_caravan", "cabin", "houseboat", "hut", "block", "tower_block", "ger",
}  # fmt: skip
HOUSES = {"house", "detached", "bungalow", "villa", "farm", "static_caravan", "cabin", "semidetached_house", "ger"}
BUILDING_USE = {
    "retail": "mall", "supermarket": "mall", "mall": "mall", "kiosk": "mall", "shop": "mall",
    "commercial": "office", "office": "office", "industrial": "works", "warehouse": "works", "factory": "works",
    "manufacture": "works", "hospital": "hospital", "clinic": "hospital", "school": "school",
    "kindergarten": "school", "university": "school", "college": "school", "public": "public",
    "civic": "public", "government": "public", "townhall": "public", "fire_station": "public", "church": "public",
    "chapel": "public", "cathedral": "public", "mosque": "public", "temple": "public", "synagogue": "public",
    "monastery": "public", "shrine": "public", "religious": "public", "train_station": "public", "museum": "public",
    "library": "public", "sports_hall": "public", "sports_centre": "public", "stadium": "public",
    "mixed": "mixed", "mixed_use": "mixed",
}  # fmt: skip
AMENITY_USE = {
    "hospital": "hospital", "clinic": "hospital", "school": "school", "kindergarten": "school",
    "university": "school", "college": "school", "marketplace": "mall", "townhall": "public",
    "place_of_worship": "public", "fire_station": "public", "police": "public", "library": "public",
    "community_centre": "public", "theatre": "public", "cinema": "public", "arts_centre": "public",
    "courthouse": "public", "prison": "public", "public_building": "public", "parking": "other",
    "toilets": "other", "shelter": "other", "fuel": "other", "bicycle_parking": "other", "car_wash": "other",
    "ferry_terminal": "public", "casino": "public", "nightclub": "other", "recycling": "other", "crematorium": "other",
}  # fmt: skip
# Uses of the ground that a plain building=yes takes on.
GROUND_USE = {
    "residential": "residential",
    "industrial": "works", "quarry": "works", "port": "works", "harbour": "works", "railway": "works",
    "landfill": "works", "depot": "works", "commercial": "office", "retail": "mall", "cemetery": "other",
    "military": "other", "allotments": "other", "greenhouse_horticulture": "other", "garages": "other",
    "recreation_ground": "other", "religious": "public", "education": "school", "farmyard": "other",
    "basin": "other", "reservoir": "other",
}  # fmt: skip
ROAD_CLASS = {
    "motorway": "motorway", "motorway_link": "motorway", "trunk": "trunk", "trunk_link": "trunk",
    "primary": "primary", "primary_link": "primary", "secondary": "secondary", "secondary_link": "secondary",
    "tertiary": "tertiary", "tertiary_link": "tertiary", "unclassified": "residential", "residential": "residential",
    "living_street": "residential", "road": "residential", "service": "service", "services": "service",
    "busway": "service", "pedestrian": "footway", "footway": "footway", "track": "path", "path": "path",
    "cycleway": "path", "bridleway": "path", "steps": "steps",
}  # fmt: skip
ON_FOOT = {"yes", "designated", "permissive", "destination", "customers", "official"}
CLOSED = {"no", "private"}
# Roads on which nobody walks unless the tags say so.
NOT_ON_FOOT = {"motorway", "motorway_link", "trunk", "trunk_link", "busway", "bridleway"}
RAILS = {"rail", "light_rail", "subway", "narrow_gauge"}
WALLS = {"wall", "city_wall", "retaining_wall"}
ENCLOSURES = {*WALLS, "fence", "hedge"}
GATES = {"gate", "lift_gate", "swing_gate", "sliding_gate", "hampshire_gate", "kissing_gate", "entrance", "wicket_gate"}
WIDE_STREAM_M = 4.0
STOREY_M = 3.0
TOWN_KM_PER_H = 60.0
FLOORS_MAX = 200

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def numbers_in(text: str | None) -> list[float]:
    """Return the plain numbers written in a tag: "2;3" gives 2 and 3, "ground floor" none."""
    return [float(found) for found in _NUMBER.findall(text.replace(",", ".")[:80])] if text else []


def floors(tags: Tags) -> int | None:
    """Return storeys above ground, or None where the tags do not say.

    From building:levels ("3", "3.5" counts 4, "2;3" the highest), else from height at 3 m a
    storey; what is not a number from above 0 to 200 is not believed.
    """
    levels = [level for level in numbers_in(tags.get("building:levels")) if 0 < level <= FLOORS_MAX]
    negative = (tags.get("building:levels") or "").strip().startswith("-")
    if levels and not negative:
        return math.ceil(max(levels))
    height = tags.get("height") or tags.get("building:height") or ""
    feet = "'" in height or "ft" in height
    metres = [value * (0.3048 if feet else 1) for value in numbers_in(height)[:1]]
    told = [max(1, round(value / STOREY_M)) for value in metres if 0 < value <= FLOORS_MAX * STOREY_M]
    return told[0] if told else None


def is_building(tags: Tags) -> bool:
    """Return whether the element is a standing building above ground; roofs and carports are not."""
    if tags.get("building", "no") in NOT_BUILDINGS:
        return False
    return tags.get("location") not in {"underground", "indoor"}


def told_use(tags: Tags) -> str | None:
    """Return the use that a building's own tags say, or None for a plain building=yes."""
    kind = tags["building"]
    public = AMENITY_USE.get(tags.get("amenity", ""))
    if kind in HOMES:
        return "mixed" if has_business(tags) else "residential"
    if kind == "yes":
        return public or _told_by_others(tags)
    return BUILDING_USE.get(kind) or public or "other"


def _told_by_others(tags: Tags) -> str | None:
    shop = tags.get("shop")
    if shop in {"mall", "department_store", "supermarket"}:
        return "mall"
    if "man_made" in tags or "power" in tags or "railway" in tags:
        return "other"
    if "tourism" in tags or "leisure" in tags or "historic" in tags:
        return "public" if tags.get("tourism") in {"museum", "gallery"} else "other"
    if shop or "office" in tags or "craft" in tags:
        # A shop in a building of three storeys and more has homes above it; a lower one is a shop.
        return "mixed" if (floors(tags) or 0) > 2 else ("office" if "office" in tags else "mall")
    return None


def has_business(tags: Tags) -> bool:
    """Return whether something beside homes is tagged here: a shop, an office, a restaurant ..."""
    return any(key in tags for key in ("shop", "office", "craft")) or tags.get("amenity") in {
        "restaurant", "cafe", "bar", "pub", "fast_food", "bank", "pharmacy", "doctors", "dentist", "clinic",
        "post_office", "childcare", "kindergarten",
    }  # fmt: skip


def road_class(tags: Tags) -> str | None:
    """Return the class of a way that people or cars move on, or None."""
    return ROAD_CLASS.get(tags.get("highway", ""))


def is_private(tags: Tags) -> bool:
    """Return whether the public has no right of way."""
    return tags.get("foot", tags.get("access", "")) in CLOSED


def is_walkable(tags: Tags) -> bool:
    """Return whether the public may walk here.

    The nearest tag decides: foot, then access, then motorroad, then the class of road. Motorways,
    busways and bridleways only where foot or a sidewalk says so; trunk roads there, and where the
    speed limit is a town's (60 km/h); cycleways, tracks and service roads unless refused.
    foot=use_sidepath is no: its own path is drawn beside it.
    """
    foot = tags.get("foot")
    if foot is not None:
        return foot in ON_FOOT
    if tags.get("access") in CLOSED or tags.get("motorroad") == "yes":
        return False
    if tags.get("highway") in NOT_ON_FOOT:
        sides = {tags.get(key) for key in ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right")}
        slow = tags.get("highway", "").startswith("trunk") and 0 < _km_per_h(tags) <= TOWN_KM_PER_H
        return slow or bool(sides & {"both", "left", "right", "yes"})
    return True


def _km_per_h(tags: Tags) -> float:
    text = tags.get("maxspeed", "")
    return sum(numbers_in(text)[:1]) * (1.609 if "mph" in text else 1)


def is_bridge(tags: Tags) -> bool:
    """Return whether a way passes over or under something."""
    return tags.get("bridge", "no") != "no" or tags.get("tunnel", "no") != "no"


def is_water_surface(tags: Tags) -> bool:
    """Return whether a closed way or multipolygon is standing or flowing water."""
    if tags.get("tunnel", "no") != "no" or tags.get("water") == "fountain" or tags.get("intermittent") == "yes":
        return False
    known = tags.get("natural") == "water" or tags.get("waterway") in {"riverbank", "dock"}
    return known or tags.get("landuse") in {"reservoir", "basin"}


def is_water_line(tags: Tags) -> bool:
    """Return whether a waterway stops people on foot: rivers and canals; streams from 4 m width."""
    kind = tags.get("waterway")
    if tags.get("tunnel", "no") != "no" or tags.get("covered", "no") != "no":
        return False
    if kind in {"stream", "drain", "ditch"}:
        return any(width >= WIDE_STREAM_M for width in numbers_in(tags.get("width"))[:1])
    return kind in {"river", "canal"}


def is_rail(tags: Tags) -> bool:
    """Return whether a railway lies open in the ground: not trams, tunnels or disused lines."""
    kind = tags.get("railway", "")
    underground = kind == "subway" and tags.get("layer", "").startswith("-")
    return kind in RAILS and tags.get("tunnel", "no") == "no" and not underground


def green_kind(tags: Tags) -> str | None:
    """Return park, wood, farmland or square, or None."""
    if tags.get("leisure") in {"park", "garden", "nature_reserve", "playground"}:
        return "park" if tags["leisure"] != "garden" or "name" in tags else None
    if tags.get("landuse") in {"recreation_ground", "village_green"}:
        return "park"
    if tags.get("landuse") == "forest" or tags.get("natural") == "wood":
        return "wood"
    if tags.get("landuse") in {"farmland", "meadow", "orchard", "vineyard", "farm"}:
        return "farmland"
    is_square = tags.get("place") == "square" or (tags.get("highway") == "pedestrian" and tags.get("area") == "yes")
    return "square" if is_square else None


def compound_kind(tags: Tags) -> str | None:
    """Return what kind of enclosed ground this is, where tags justify it, or None.

    Homes only behind a tagged wall or fence, or where tagged gated (access=private alone says no more
    than whose ground it is); schools, hospitals, works and malls
    by their grounds, and works and malls only with a name: an unnamed zone is a colour on a plan.
    """
    if "building" in tags:
        return None
    amenity, landuse = tags.get("amenity"), tags.get("landuse")
    if amenity in {"school", "college", "university"} or landuse == "education":
        return "school"
    if amenity == "hospital" or tags.get("healthcare") == "hospital":
        return "hospital"
    gated = tags.get("gated") == "yes" or tags.get("residential") == "gated_community"
    if landuse == "residential" and (gated or tags.get("barrier") in ENCLOSURES):
        return "walled"
    if "name" not in tags:
        return None
    if landuse == "industrial" or tags.get("man_made") == "works":
        return "works"
    return "mall" if tags.get("shop") == "mall" or landuse == "retail" else None


SERVICE = {"townhall", "community_centre", "post_office", "public_building", "social_centre"}
HEALTH = {"hospital", "clinic", "doctors", "pharmacy", "health_post"}
CHILDREN = {"school", "kindergarten", "childcare"}
CULTURE = {"library", "theatre", "arts_centre", "cinema"}
FOOD = {"supermarket", "convenience", "bakery", "butcher", "greengrocer", "general", "mall", "department_store"}
SENIORS = {"senior", "seniors", "elderly", "senior;disabled"}


def station_category(tags: Tags) -> str | None:
    """Return service, health, elderly, children, culture or market, or None."""
    amenity = tags.get("amenity", "")
    if _is_elderly(tags):
        return "elderly"
    by_amenity = (("service", SERVICE), ("health", HEALTH), ("children", CHILDREN), ("culture", CULTURE))
    for category, kinds in by_amenity:
        if amenity in kinds:
            return category
    if tags.get("healthcare") in {"hospital", "clinic", "doctor", "centre", "pharmacy"}:
        return "health"
    if tags.get("leisure") in {"sports_centre", "sports_hall"} or tags.get("tourism") == "museum":
        return "culture"
    if amenity == "social_facility" or tags.get("office") == "government":
        return "service"
    return "market" if tags.get("shop") in FOOD or amenity == "marketplace" else None


def _is_elderly(tags: Tags) -> bool:
    if tags.get("amenity") in {"nursing_home", "retirement_home"}:
        return True
    if tags.get("social_facility:for") in SENIORS:
        return True
    return tags.get("social_facility") in {"nursing_home", "assisted_living"}


def address(tags: Tags) -> str | None:
    """Return street (or place) and number as people write them there, or None without a number.

    Chinese addresses run together and end in 号.
    """
    number = tags.get("addr:housenumber") or tags.get("addr:housename")
    street = tags.get("addr:street") or tags.get("addr:place") or ""
    if not number:
        return clean(tags.get("addr:full"))
    if any("\u4e00" <= letter <= "\u9fff" for letter in street):
        return clean(street + number + ("" if number.endswith("号") else "号"))
    return clean(f"{street} {number}".strip())


def clean(text: str | None) -> str | None:
    """Return text without control characters, which PostgreSQL and pages refuse; None for nothing."""
    if text is None:
        return None
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()) or None
