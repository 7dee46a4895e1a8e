"""OSM: a town out of an OpenStreetMap extract, with what OSM does not know estimated or left empty.

EPSG:4326. Households and people are estimates by the profile's rule (`data.readers.estimates`);
people and incidents are empty frames. Data (c) OpenStreetMap contributors, ODbL 1.0.
See docs/guides/your-own-data.md for what each tag becomes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from data.profiles import Profile
from data.readers import osm_areas, osm_boundaries, osm_compounds, osm_ground, osm_stations
from data.readers.estimates import estimate_households, estimate_people
from data.readers.frames import table_columns, table_frame
from data.readers.osm_elements import Elements, read_elements
from data.readers.osm_sea import sea_in
from data.readers.osm_tags import clean
from data.tables import ground, incidents, people
from data.town import Town
from geo.errors import BadFileError
from geo.frames import empty_frame

PLACE_RANK = ("city", "town", "village", "suburb", "hamlet")
TRUTH_COLUMNS = ("name", "category", "first_on", "last_on", "relative_risk", "incidents")


def read_osm(path: str | Path, profile: Profile, *, name: str | None = None) -> Town:
    """Return the town that an ``.osm.pbf`` file holds.

    Parameters
    ----------
    path
        The extract. Its administrative boundaries may be cut at its edge, or be missing.
    profile
        Gives station categories and the rule for estimating households.
    name
        What to call the town; else the division that holds nearly all buildings, else the biggest
        place node, else the file's name.

    Raises
    ------
    BadFileError
        The file is missing, empty, no PBF, cut short, or holds no buildings.
    """
    path = Path(path)
    elements = read_elements(path)
    buildings = osm_ground.buildings(elements)
    if len(buildings) == 0:
        raise BadFileError(
            file=path.name, reason="it holds no buildings", reason_zh="其中没有建筑物",
            mend="Use an extract with building outlines; one cut for routing has only streets.",
            mend_zh="请使用包含建筑轮廓的数据；仅供导航的数据只有道路。",
        )  # fmt: skip
    divisions = osm_boundaries.boundaries(elements)
    name = name or osm_areas.town_name(divisions, buildings.geometry) or _place_name(elements) or _stem(path)
    areas = osm_areas.areas_of(
        divisions,
        osm_boundaries.evidence(elements),
        buildings.geometry,
        name=name,
        sea=sea_in(elements, osm_areas.ground_of(buildings.geometry)),
    )
    streets = osm_ground.streets(elements)
    compounds = _placed(osm_compounds.compounds(elements, buildings), areas)
    return Town(
        name=name,
        areas=areas,
        compounds=compounds,
        gates=osm_compounds.gates(elements, compounds, streets),
        buildings=_lived_in(buildings, areas, compounds, profile),
        stairwells=table_frame(ground.stairwells, {}, []),
        streets=streets,
        barriers=osm_ground.barriers(elements),
        greens=osm_ground.greens(elements),
        stations=_placed(osm_stations.stations(elements, profile), areas, nearest=False),
        people=_no_people(),
        incidents=table_frame(incidents.incidents, {}, []).drop(columns="grid_code_reported"),
        truth=empty_frame(TRUTH_COLUMNS, index="truth_id"),
        source=_source(path, elements),
    )


@dataclass(frozen=True, eq=False)
class OsmWays:
    """What walking needs of an extract, each frame in the shape of its table."""

    streets: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    compounds: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame


def read_osm_ways(path: str | Path) -> OsmWays:
    """Return streets, barriers, and compounds with their gates; an extract without buildings will do.

    Raises
    ------
    BadFileError
        The file is missing, empty, no PBF or cut short.
    """
    elements = read_elements(Path(path))
    streets = osm_ground.streets(elements)
    compounds = osm_compounds.compounds(elements, osm_ground.buildings(elements))
    gates = osm_compounds.gates(elements, compounds, streets)
    return OsmWays(streets, osm_ground.barriers(elements), compounds, gates)


def _place_name(elements: Elements) -> str | None:
    """Return the name of the biggest place node: by kind, then by population."""
    found = []
    for row in elements.nodes(lambda tags: tags.get("place") in PLACE_RANK and "name" in tags):
        tags = elements.node_tags[row]
        people_told = tags.get("population", "")
        count = int(people_told) if people_told.isascii() and people_told.isdigit() else 0
        found.append((PLACE_RANK.index(tags["place"]), -count, elements.node_ids[row], tags["name"]))
    return clean(min(found)[3]) if found else None


def _stem(path: Path) -> str:
    return path.name.removesuffix(".pbf").removesuffix(".osm")


def _placed(frame: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, *, nearest: bool = True) -> gpd.GeoDataFrame:
    return frame.assign(area_code=osm_areas.area_codes_of(frame.geometry, areas, nearest=nearest))


def _lived_in(
    buildings: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame, profile: Profile
) -> gpd.GeoDataFrame:
    """Return buildings in the shape of their table, with community, compound, households, people."""
    points = gpd.GeoSeries(shapely.point_on_surface(buildings.geometry.to_numpy()), crs=buildings.crs)
    households = estimate_households(buildings, profile.estimate)
    values: dict[str, Any] = {
        column: buildings[column] for column in ("source_ref", "name", "address", "use", "floors")
    }
    values["area_code"] = osm_areas.area_codes_of(buildings.geometry, areas, nearest=True)
    values["compound_id"] = osm_compounds.compound_of(points, compounds)
    values["households"] = households
    values["people"] = estimate_people(households, profile.estimate)
    values["is_estimate"] = [True] * len(buildings)
    return table_frame(ground.buildings, values, buildings.geometry.to_numpy())


def _no_people() -> pd.DataFrame:
    columns = dict.fromkeys([*table_columns(people.people), "role"])
    return pd.DataFrame(
        {column: pd.Series(dtype=object) for column in columns}, index=pd.Index([], name="person_id", dtype="int64")
    )


def _source(path: Path, elements: Elements) -> dict[str, Any]:
    return {
        "authority": "OpenStreetMap contributors",
        "attribution": "© OpenStreetMap contributors, ODbL 1.0",
        "has_every_gate": False,
        "licence": "ODbL 1.0",
        "licence_url": "https://www.openstreetmap.org/copyright",
        "file": path.name,
        "date": elements.taken_at,
        "crs": "EPSG:4326",
        "households": "estimated by the profile's rule; not a count",
    }
