"""Accept changes: what was tried becomes the town's - stations, gates and streets - and reach is measured anew."""

import geopandas as gpd
from sqlalchemy import Engine

from api.actions.try_changes import Changes, changed_ground
from api.walk_scene import TownGround, WalkScenes
from data.postgis.engine import reading, transaction
from data.profiles import Profile
from data.stores import changes as change_store
from geo.errors import BadSettingError


def accept_changes(
    engine: Engine, scenes: WalkScenes, *, changes: Changes, profile: Profile, actor: str, commit: bool = True
) -> dict[str, int]:
    """Write the changes and return how many rows of each noun are new or other; circles are stale until measured.

    Raises
    ------
    BadSettingError
        A station has no name, or a change makes no sense: see `try_changes`.
    """
    if any(not name for _, _, name in changes.stations):
        raise BadSettingError(what="name", value="", reason="a station needs a name", reason_zh="站点需要名称")
    with reading(engine) as conn:
        town = scenes.get(conn, profile, profile.walking.usual)
    ground = changed_ground(town, changes, profile)
    with transaction(engine, actor=actor, action="accept_changes", commit=commit) as conn:
        return {
            "stations": change_store.add_stations(conn, _new(town.ground.stations, ground.stations)),
            "gates": change_store.add_gates(conn, _new(town.ground.gates, ground.gates)),
            "streets": change_store.add_streets(conn, _new(town.ground.streets, ground.streets), crs=town.scene.crs)
            + change_store.change_streets(conn, _other(town.ground, ground)),
        }


def _new(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return after[~after.index.isin(before.index)]


def _other(before: TownGround, after: TownGround) -> gpd.GeoDataFrame:
    """Return the streets that were there and have another shape or are closed now."""
    now = after.streets.loc[before.streets.index]
    is_same = now.geometry.geom_equals_exact(before.streets.geometry, tolerance=0.0) & (
        now["is_walkable"].astype(bool) == before.streets["is_walkable"].astype(bool)
    )
    return now[~is_same]
