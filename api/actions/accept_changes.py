"""Accept changes: what was tried becomes the town's - stations, gates and streets - and reach is measured anew."""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
from sqlalchemy import Connection, Engine

from api.actions.try_changes import Changes, changed_ground, check_places
from api.walk_scene import TownGround, WalkScenes
from data.postgis.engine import transaction
from data.profiles import Profile
from data.stores import changes as change_store
from geo.access import PROBLEMS, doors
from geo.edges import Bools
from geo.errors import ConflictError, InputError
from geo.trial import nearest_street_m, run_again, stand_again

# What a change hangs on: tables in which somebody else may have changed what it was tried upon.
HANGS_ON: Mapping[str, tuple[str, ...]] = {
    "stations": ("stations", "streets", "gates", "compounds", "barriers"),
    "gates": ("gates", "compounds"),
    "streets": ("streets", "barriers"),
}
NOUNS = {
    "stations": ("站点", "stations"), "streets": ("道路", "streets"), "gates": ("大门", "gates"),
    "compounds": ("小区", "compounds"), "barriers": ("水体、铁路和围墙", "barriers"),
}  # fmt: skip


class NamelessStationError(InputError):
    """A station without a name."""

    zh = "站点需要名称。"
    en = "A station needs a name."


class AlreadyThereError(ConflictError):
    """What is to be added stands there already, or twice in one request."""

    zh = "{told_zh}已经在那里了，不再重复保存。请去掉后再保存。"
    en = "{told} is there already and is not saved twice. Leave it out and save again."


class GroundChangedError(ConflictError):
    """The ground is not what the changes were tried upon."""

    zh = "试算之后{nouns_zh}已有变动。请重新试算，看过结果再保存。"
    en = "Since this was tried, {nouns} changed. Try it again, look at the result, and save then."


class OffStreetError(InputError):
    """A station that joins no street: its circle would be a compass circle."""

    zh = "站点“{name}”接不到道路：{reason_zh}{far_zh}。请移到路边；若确实如此，请在请求中写明 off_street: true。"
    en = (
        "The station {name} joins no street: {reason}{far}. Move it to a street; "
        "if it is meant to stand there, say so with off_street: true."
    )


def accept_changes(
    engine: Engine,
    scenes: WalkScenes,
    *,
    changes: Changes,
    profile: Profile,
    actor: str,
    off_street: bool = False,
    seen: str | None = None,
    commit: bool = True,
) -> dict[str, int]:
    """Write the changes and return how many rows of each noun are new or other; circles are stale until measured.

    One at a time: the ground is read when nobody else changes it by hand, and only what is other is written.

    Parameters
    ----------
    off_street
        Whether a station may join no street.
    seen
        What the changes were tried upon, as the trial told it; None: whatever is there.

    Raises
    ------
    InputError
        A station has no name or joins no street, or a change makes no sense: see `try_changes`.
    ConflictError
        It is there already, or the ground is no longer what it was tried upon.
    """
    if any(not name for _, _, name in changes.stations):
        raise NamelessStationError()
    with transaction(engine, actor=actor, action="accept_changes", commit=commit) as conn:
        change_store.lock_ground(conn)
        check_places(conn, changes)
        before = scenes.ground(conn)
        _refuse_twice("streets", run_again(changes.lines, before.streets, crs=before.crs))
        after = changed_ground(before, changes, profile)
        new = {noun: getattr(after, noun).iloc[len(getattr(before, noun)) :] for noun in HANGS_ON}
        for noun, by in (("stations", ("category", "name")), ("gates", ("compound_id",))):
            again = stand_again(new[noun], getattr(before, noun), by=by, crs=before.crs)
            _refuse_twice(noun, again, [name for _, _, name in changes.stations])
        if seen is not None:
            _refuse_stale(conn, changes, seen)
        if len(new["stations"]) and not off_street:
            _require_joined(after, new["stations"], snap_max_m=profile.walking.snap_max_m)
        return {
            "stations": change_store.add_stations(conn, new["stations"]),
            "gates": change_store.add_gates(conn, new["gates"]),
            "streets": change_store.add_streets(conn, new["streets"], crs=before.crs) + _change(conn, before, after),
        }


def _change(conn: Connection, before: TownGround, after: TownGround) -> int:
    """Write what is other of the streets that were there, and nothing else; return how many they are."""
    was, now = before.streets, after.streets.loc[before.streets.index]
    is_other = ~now.geometry.geom_equals_exact(was.geometry, tolerance=0.0).to_numpy(bool)
    is_closed = was["is_walkable"].to_numpy(bool) & ~now["is_walkable"].to_numpy(bool)
    change_store.reshape_streets(conn, now.geometry[is_other])
    change_store.close_streets(conn, now.index[is_closed])
    return int((is_other | is_closed).sum())


def _refuse_twice(noun: str, again: Bools, names: Sequence[str | None] = ()) -> None:
    """Raise where a station, gate or street is there already, or stands twice among those that are new."""
    zh, en = {"stations": ("站点“{}”", "Station {}"), "gates": ("第 {} 道大门", "Gate {}"),
              "streets": ("第 {} 条道路", "Street {}")}[noun]  # fmt: skip
    for at in np.flatnonzero(again).tolist():
        told = names[at] if noun == "stations" else at + 1
        raise AlreadyThereError(told=en.format(told), told_zh=zh.format(told))


def _refuse_stale(conn: Connection, changes: Changes, seen: str) -> None:
    """Raise where what the changes hang on was written since they were tried, or was not through then."""
    asked = {
        "stations": changes.stations,
        "gates": changes.gates,
        "streets": (*changes.streets, *changes.closed_at),
    }
    nouns = {noun for kind, some in asked.items() if some for noun in HANGS_ON[kind]}
    changed = sorted(change_store.nouns_changed(conn, since=seen, nouns=nouns))
    if changed:
        zh, en = zip(*(NOUNS[noun] for noun in changed), strict=True)
        raise GroundChangedError(nouns=", ".join(en), nouns_zh="、".join(zh))


def _require_joined(after: TownGround, stations: gpd.GeoDataFrame, *, snap_max_m: float) -> None:
    network = after.network()
    joined = doors(stations, network, crs=after.crs, snap_max_m=snap_max_m)
    far_m: Sequence[float] = nearest_street_m(after.streets, stations.geometry, crs=after.crs).tolist()
    for name, problem, street_m in zip(stations["name"], joined.problem, far_m, strict=True):
        if problem is not None:
            zh, en = PROBLEMS[problem]
            is_known = np.isfinite(street_m)
            raise OffStreetError(
                name=name, reason=en, reason_zh=zh,
                far=f" (the nearest is {street_m:,.0f} m away, {snap_max_m:g} m are allowed)" if is_known else "",
                far_zh=f"（最近的道路在 {street_m:,.0f} 米外，最多 {snap_max_m:g} 米）" if is_known else "",
            )  # fmt: skip
