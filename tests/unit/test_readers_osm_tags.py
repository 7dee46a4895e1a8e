"""What a tag means: floors out of rubbish, who may walk where, what stops people, which use and category."""

import pytest

from data.readers import osm_tags
from data.readers.osm_elements import Tags


@pytest.mark.parametrize(
    ("tags", "floors"),
    [
        ({"building:levels": "3"}, 3),
        ({"building:levels": "3.5"}, 4),  # a half storey under the roof is lived in
        ({"building:levels": "2;3"}, 3),
        ({"building:levels": "2-4"}, 4),
        ({"building:levels": "2,5"}, 3),
        ({"building:levels": " 12 "}, 12),
        ({"building:levels": "0"}, None),
        ({"building:levels": "-1"}, None),
        ({"building:levels": "ground floor"}, None),
        ({"building:levels": ""}, None),
        ({"building:levels": "9999"}, None),
        ({"building:levels": "1" * 5000}, None),
        ({"height": "12"}, 4),  # 3 m a storey
        ({"height": "12 m"}, 4),
        ({"height": "40'"}, 4),  # 40 feet are 12.2 m
        ({"height": "tall"}, None),
        ({"building:levels": "x", "height": "9"}, 3),
        ({}, None),
    ],
)
def test_floors(tags: Tags, floors: int | None) -> None:
    assert osm_tags.floors(tags) == floors


@pytest.mark.parametrize(
    ("tags", "walkable"),
    [
        ({"highway": "footway"}, True),
        ({"highway": "steps"}, True),
        ({"highway": "residential", "access": "private"}, False),
        ({"highway": "residential", "access": "private", "foot": "yes"}, True),
        ({"highway": "residential", "access": "no", "foot": "permissive"}, True),
        ({"highway": "residential", "foot": "no"}, False),
        ({"highway": "primary", "foot": "use_sidepath"}, False),
        ({"highway": "primary", "motorroad": "yes"}, False),
        ({"highway": "motorway"}, False),
        ({"highway": "motorway", "foot": "yes"}, True),
        ({"highway": "trunk"}, False),
        ({"highway": "trunk", "sidewalk": "both"}, True),
        ({"highway": "trunk", "sidewalk": "no"}, False),
        ({"highway": "trunk", "maxspeed": "50"}, True),
        ({"highway": "trunk", "maxspeed": "50 mph"}, False),
        ({"highway": "trunk", "motorroad": "yes", "sidewalk": "both"}, False),
        ({"highway": "cycleway"}, True),
        ({"highway": "cycleway", "foot": "no"}, False),
        ({"highway": "bridleway"}, False),
        ({"highway": "service", "access": "customers"}, True),
    ],
)
def test_who_may_walk(tags: Tags, walkable: bool) -> None:
    assert osm_tags.is_walkable(tags) is walkable


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"highway": "living_street"}, "residential"),
        ({"highway": "primary_link"}, "primary"),
        ({"highway": "track"}, "path"),
        ({"highway": "construction"}, None),
        ({"highway": "proposed"}, None),
        ({"highway": "platform"}, None),
        ({"route": "ferry"}, None),
    ],
)
def test_road_classes(tags: Tags, kind: str | None) -> None:
    assert osm_tags.road_class(tags) == kind


@pytest.mark.parametrize(
    ("tags", "use"),
    [
        ({"building": "yes"}, None),
        ({"building": "apartments"}, "residential"),
        ({"building": "apartments", "shop": "bakery"}, "mixed"),
        ({"building": "house", "amenity": "doctors"}, "mixed"),
        ({"building": "yes", "amenity": "school"}, "school"),
        ({"building": "yes", "amenity": "parking"}, "other"),
        ({"building": "yes", "shop": "supermarket"}, "mall"),
        ({"building": "yes", "shop": "books", "building:levels": "5"}, "mixed"),
        ({"building": "yes", "shop": "books"}, "mall"),
        ({"building": "yes", "office": "lawyer"}, "office"),
        ({"building": "yes", "man_made": "water_tower"}, "other"),
        ({"building": "garage"}, "other"),
        ({"building": "industrial"}, "works"),
        ({"building": "hospital"}, "hospital"),
        ({"building": "church"}, "public"),
        ({"building": "something new"}, "other"),
    ],
)
def test_uses_that_a_building_tells_itself(tags: Tags, use: str | None) -> None:
    assert osm_tags.told_use(tags) == use


@pytest.mark.parametrize(
    ("tags", "is_one"),
    [
        ({"building": "yes"}, True),
        ({"building": "no"}, False),
        ({"building": "carport"}, False),
        ({}, False),
        ({"building": "yes", "location": "underground"}, False),
    ],
)
def test_what_is_a_building(tags: Tags, is_one: bool) -> None:
    assert osm_tags.is_building(tags) is is_one


def test_what_stops_people() -> None:
    assert osm_tags.is_water_line({"waterway": "river"})
    assert not osm_tags.is_water_line({"waterway": "river", "tunnel": "culvert"})
    assert not osm_tags.is_water_line({"waterway": "stream"})
    assert osm_tags.is_water_line({"waterway": "stream", "width": "5 m"})
    assert osm_tags.is_rail({"railway": "rail"})
    assert not osm_tags.is_rail({"railway": "rail", "tunnel": "yes"})
    assert not osm_tags.is_rail({"railway": "tram"})
    assert not osm_tags.is_rail({"railway": "disused"})
    assert not osm_tags.is_rail({"railway": "subway", "layer": "-2"})
    assert osm_tags.is_water_surface({"natural": "water"})
    assert not osm_tags.is_water_surface({"natural": "water", "intermittent": "yes"})


@pytest.mark.parametrize(
    ("tags", "category"),
    [
        ({"amenity": "townhall"}, "service"),
        ({"amenity": "clinic"}, "health"),
        ({"healthcare": "doctor"}, "health"),
        ({"amenity": "nursing_home"}, "elderly"),
        ({"amenity": "social_facility", "social_facility:for": "senior"}, "elderly"),
        ({"amenity": "social_facility"}, "service"),
        ({"amenity": "kindergarten"}, "children"),
        ({"amenity": "library"}, "culture"),
        ({"leisure": "sports_centre"}, "culture"),
        ({"shop": "supermarket"}, "market"),
        ({"amenity": "marketplace"}, "market"),
        ({"amenity": "bench"}, None),
    ],
)
def test_station_categories(tags: Tags, category: str | None) -> None:
    assert osm_tags.station_category(tags) == category


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"landuse": "residential"}, None),
        ({"landuse": "residential", "access": "private"}, None),
        ({"landuse": "residential", "barrier": "wall"}, "walled"),
        ({"landuse": "industrial"}, None),
        ({"landuse": "industrial", "name": "Works"}, "works"),
        ({"amenity": "school"}, "school"),
        ({"amenity": "school", "building": "yes"}, None),
        ({"amenity": "hospital"}, "hospital"),
        ({"landuse": "retail", "name": "Mall"}, "mall"),
    ],
)
def test_compounds_only_where_tags_justify_them(tags: Tags, kind: str | None) -> None:
    assert osm_tags.compound_kind(tags) == kind


@pytest.mark.parametrize(
    ("tags", "address"),
    [
        ({"addr:street": "Hauptstraße", "addr:housenumber": "5a"}, "Hauptstraße 5a"),
        ({"addr:street": "中山路", "addr:housenumber": "5"}, "中山路5号"),
        ({"addr:street": "中山路", "addr:housenumber": "5号"}, "中山路5号"),
        ({"addr:place": "Mühle", "addr:housenumber": "1"}, "Mühle 1"),
        ({"addr:full": "somewhere 3"}, "somewhere 3"),
        ({"addr:street": "Hauptstraße"}, None),
        ({}, None),
    ],
)
def test_addresses(tags: Tags, address: str | None) -> None:
    assert osm_tags.address(tags) == address
