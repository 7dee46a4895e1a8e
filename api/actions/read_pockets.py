"""Read pockets: the homes no station reaches in time, in groups with a name and a size, within a scope."""

from typing import Any

import pandas as pd
from sqlalchemy import Connection

from api.actions.try_place import check_category, circle_of
from api.answers import feature
from api.walk_scene import TownScene, WalkScenes
from data.profiles import Profile
from data.stores import areas as area_store
from data.stores import reaches as reach_store
from geo.pockets import pockets_of

LISTED_MAX = 500


def read_pockets(
    conn: Connection,
    scenes: WalkScenes,
    *,
    scope: str,
    minutes: float | None,
    category: str | None,
    profile: Profile,
    language: str,
) -> dict[str, Any]:
    """Return pockets as features, most households first, and how many households are left out in all.

    Minutes are those that were measured for the profile's usual walker; beyond the longest circle, which None asks for,
    nobody's are known.

    Raises
    ------
    BadSettingError
        There is no such circle, or no such category.
    """
    minutes = circle_of(profile, minutes).minutes
    check_category(profile, category)
    town = scenes.get(conn, profile, profile.walking.usual)
    homes = town.ground.buildings[town.is_within(scope)]
    kept = reach_store.read_walks(conn, minutes=None if category else minutes, category=category)
    is_out = pd.Series(~homes.index.isin(kept.index[kept["walk_min"] <= minutes]), index=homes.index)
    walk_min = reach_store.read_walks(conn, category=category)["walk_min"]
    found = pockets_of(homes, is_out, walk_min, scene=town.scene)
    names = _names(conn, town)
    return {
        "type": "FeatureCollection",
        "features": [
            feature(row.geometry, _told(row, names, language), feature_id=int(pocket))
            for pocket, row in zip(found.index, found.head(LISTED_MAX).itertuples(), strict=False)
        ],
        "pockets": len(found),
        "households": int(found["households"].sum()) if len(found) else 0,
        "people": int(found["people"].sum()) if len(found) else 0,
        "minutes": minutes,
    }


def _names(conn: Connection, town: TownScene) -> dict[str, dict[Any, str]]:
    compounds = town.ground.compounds
    return {
        "compound": dict(zip(compounds.index, compounds["name"], strict=True)),
        "kind": dict(zip(compounds.index, compounds["kind"], strict=True)),
        "area": area_store.read_areas(conn)["name"].to_dict(),
    }


def _told(row: Any, names: dict[str, dict[Any, str]], language: str) -> dict[str, Any]:
    compound = None if pd.isna(row.compound_id) else names["compound"].get(row.compound_id)
    around = row.street or names["area"].get(row.area_code, row.area_code)
    spot = compound or (f"{around}一带" if language == "zh" else f"Around {around}")
    return {
        "name": spot,
        "area_code": row.area_code,
        "community": names["area"].get(row.area_code),
        "kind": None if pd.isna(row.compound_id) else names["kind"].get(row.compound_id),
        "buildings": row.buildings,
        "households": row.households,
        "people": row.people,
        "nearest_min": None if pd.isna(row.nearest_min) else round(row.nearest_min, 1),
    }
