"""Look up: who answers at a point, on a day, from what stands in memory (`api.published`).

The point asked for is kept nowhere.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from sqlalchemy import text

from api.published import PublishedGrids, Snapshot
from data.postgis.engine import reading
from data.profiles import Profile
from data.stores import doors
from geo.datums import to_wgs84

STATION_MAX_M = 3000.0
DOOR_MAX_M = 60.0
# A place known more roughly than this, or that so many grids may hold, is asked for again instead of guessed.
COARSE_M = 100.0
CHOICES_MAX = 5
MASK_ZH, MASK_EN = "网格员", "Grid worker"

_WALKS = text(
    "SELECT station_id, walk_min FROM building_walks WHERE building_id = :id AND walk_min IS NOT NULL"
    " UNION SELECT station_id, walk_min FROM category_walks WHERE building_id = :id"
)
_MESSAGES = {
    "assigned": (
        "您所在位置属于「{name}」，由{worker}负责。",
        "This place belongs to {name}; {worker} answers for it.",
    ),
    "vacant": (
        "您所在位置属于「{name}」，目前没有网格员，请联系{desk}：{phone}。",
        "This place belongs to {name}, which has no grid worker at present. Please call {desk}: {phone}.",
    ),
    "near_border": (
        "该位置靠近网格边界，可能属于以下网格之一。",
        "This place is close to a border; it may belong to one of these grids.",
    ),
    "coarse": (
        "定位不够准（约 {accuracy} 米），请输入门牌地址或在地图上点选。",
        "The place is not known well enough (about {accuracy} m). Type an address, or choose the place on the map.",
    ),
    "several": ("该位置对应多个网格，请选择您的网格。", "Several grids answer at this place; choose yours."),
    "outside": (
        "该位置不在本地网格范围内，请联系{desk}：{phone}。",
        "This place lies outside the grids kept here. Please call {desk}: {phone}.",
    ),
    "no_active_plan": (
        "该社区在 {on} 没有生效的网格方案，请联系{desk}：{phone}。",
        "No plan of grids is in force here on {on}. Please call {desk}: {phone}.",
    ),
}
_QUESTIONS = ("您家属于哪一个：{names}？", "Which of these is yours: {names}?")


@dataclass(frozen=True)
class Question:
    """Where, how sure of it, and which day. Degrees in `datum`; `accuracy_m` is a radius in metres."""

    lon: float
    lat: float
    on: date
    accuracy_m: float = 0.0
    datum: str = "wgs84"

    @property
    def wgs84(self) -> tuple[float, float]:
        """The point as the store has it: lon, lat in WGS 84.

        Raises
        ------
        InputError
            The point cannot be in the datum it is said to be in.
        """
        lon, lat = to_wgs84(np.array([self.lon]), np.array([self.lat]), datum=self.datum)
        return float(lon[0]), float(lat[0])


def look_up(published: PublishedGrids, question: Question, *, profile: Profile, language: str) -> dict[str, Any]:
    """Return who answers at a point: the body of ``GET /api/v1/lookup``.

    Raises
    ------
    InputError
        The point cannot be in the datum it is said to be in.
    """
    lon, lat = question.wgs84
    # Taken once: ids found in one snapshot mean nothing in the next.
    snapshot = published.on(question.on)
    kind, ids, certain = _find(published, snapshot, (lon, lat), question)
    rows = _grid_rows(snapshot, ids, (lon, lat), question, profile=profile, language=language)
    if kind == "assigned" and all(row["vacant"] for row in rows):
        kind = "vacant"
    desk = {
        "name": getattr(profile.public.desk_name, language),
        "phone": profile.public.desk_phone,
    }
    is_coarse = not certain and len(ids) > 1 and (question.accuracy_m > COARSE_M or len(ids) > CHOICES_MAX)
    stations = [] if is_coarse else _stations(published, lon, lat, profile=profile, language=language)
    return {
        "answer": kind,
        "certain": certain,
        "is_coarse": is_coarse,
        "on": question.on.isoformat(),
        "message": _message("coarse" if is_coarse else kind, rows, desk, question=question, language=language),
        "grids": rows,
        "next_change": _next_change(snapshot, ids, (lon, lat), question),
        "question": _question(rows, language=language) if len(rows) > 1 and not is_coarse else None,
        "stations": stations,
        # None where no walk from this door was measured: then a station without minutes is not known to be far.
        "walk_max_min": max(profile.minutes) if any(row["walk_min"] is not None for row in stations) else None,
        "desk": desk,
    }


def _find(
    published: PublishedGrids, snapshot: Snapshot, point: tuple[float, float], question: Question
) -> tuple[str, list[Any], bool]:
    if snapshot.index is not None:
        found = snapshot.index.find(*point, accuracy_m=question.accuracy_m)
        if found.kind != "outside":
            return found.kind, list(found.ids), bool(found.certain)
    community = _community_at(published.ground().communities, *point)
    if community is None:
        return "outside", [], question.accuracy_m == 0
    planned = community in set(snapshot.grids["area_code"])
    return ("outside" if planned else "no_active_plan"), [], question.accuracy_m == 0


def _community_at(communities: gpd.GeoDataFrame, lon: float, lat: float) -> str | None:
    hits = communities.sindex.query(shapely.Point(lon, lat), predicate="intersects")
    return str(communities.index[hits[0]]) if len(hits) else None


def _grid_rows(
    snapshot: Snapshot, ids: list[Any], point: tuple[float, float], question: Question, *, profile: Profile,
    language: str,
) -> list[dict[str, Any]]:  # fmt: skip
    zone = _zone_at(snapshot, point, question) if len(ids) == 1 else None
    rows = []
    for grid in snapshot.grids.loc[ids, ["grid_code", "name", "community"]].to_dict("records"):
        code = grid["grid_code"]
        contact = snapshot.contacts.loc[code] if code in snapshot.contacts.index else None
        unit = (
            _post(snapshot, "answerable_unit", zone["zone_code"]) if zone and profile.public.board.shows_units else None
        )
        rows.append(
            {
                **grid,
                "zone": zone and zone["name"],
                "unit": unit,
                "worker": None if contact is None else _masked(contact["name"], language),
                "duty_line": None if contact is None else contact["duty_line"],
                "head": _post(snapshot, "grid_head", code),
                "vacant": contact is None,
            }
        )
    return rows


def _post(snapshot: Snapshot, role: str, code: str) -> dict[str, Any] | None:
    """Return who is told of a post beside the worker: name (a surname, or a unit's), duty_line or None."""
    return snapshot.posts.get((role, code))


def _next_change(
    snapshot: Snapshot, ids: list[Any], point: tuple[float, float], question: Question
) -> dict[str, Any] | None:
    """Return from which day on another grid answers at a point, where that is certain both now and then."""
    index = snapshot.planned.coming_index
    if index is None or len(ids) > 1:
        return None
    found = index.find(*point, accuracy_m=question.accuracy_m)
    if not found.certain:
        return None
    grid = snapshot.planned.coming.loc[found.ids[0]]
    if ids and snapshot.grids.at[ids[0], "grid_code"] == grid["grid_code"]:
        return None
    return {"on": grid["from_on"].isoformat(), "grid_code": grid["grid_code"], "name": grid["name"]}


def _masked(name: str, language: str) -> str:
    """Return a masked name, 丁网格员, in the reader's language: Grid worker 丁."""
    if language == "zh" or not name.endswith(MASK_ZH):
        return name
    return f"{MASK_EN} {name.removesuffix(MASK_ZH).strip()}"


def _zone_at(snapshot: Snapshot, point: tuple[float, float], question: Question) -> dict[str, Any] | None:
    """Return the zone that a point can only be in: zone_code, name."""
    index = snapshot.planned.zone_index
    if index is None:
        return None
    found = index.find(*point, accuracy_m=question.accuracy_m)
    return dict(snapshot.planned.zones.loc[found.ids[0], ["zone_code", "name"]]) if len(found.ids) == 1 else None


def _message(kind: str, rows: list[dict[str, Any]], desk: dict[str, str], *, question: Question, language: str) -> str:
    template = _MESSAGES[kind][0 if language == "zh" else 1]
    first = rows[0] if rows else {"name": "", "worker": ""}
    return template.format(
        name=first["name"], worker=first["worker"], desk=desk["name"], phone=desk["phone"],
        on=question.on.isoformat(), accuracy=f"{max(question.accuracy_m, 1):.0f}",
    )  # fmt: skip


def _question(rows: list[dict[str, Any]], *, language: str) -> str:
    zh = language == "zh"
    names = [
        f"{row['community']} {row['name']}"
        if row["community"] and not row["name"].startswith(row["community"])
        else row["name"]
        for row in rows
    ]
    joined = "、".join(f"「{name}」" for name in names) if zh else ", ".join(names)
    return _QUESTIONS[0 if zh else 1].format(names=joined)


def _stations(
    published: PublishedGrids, lon: float, lat: float, *, profile: Profile, language: str
) -> list[dict[str, Any]]:
    """Return the nearest station of each category on foot, else in a straight line; known walks first, by minutes."""
    stations = published.ground().stations
    if stations.empty:
        return []
    distance_m = _distances_m(stations, lon, lat)
    walks = _walk_of_door(published, lon, lat)
    labels = {category.key: getattr(category.label, language) for category in profile.stations}
    near = pd.DataFrame(
        {"name": stations["name"], "category": stations["category"], "distance_m": distance_m}, index=stations.index
    )
    near["walk_min"] = [walks.get(int(str(station_id)), np.inf) for station_id in near.index]
    near = near[near["distance_m"] <= STATION_MAX_M].sort_values(["walk_min", "distance_m"], kind="stable")
    return [
        {
            "name": row["name"],
            "category": row["category"],
            "category_label": labels.get(row["category"], row["category"]),
            "walk_min": row["walk_min"] if np.isfinite(row["walk_min"]) else None,
            "distance_m": round(float(row["distance_m"])),
        }
        for _, row in near.groupby("category", sort=False).head(1).iterrows()
    ]


def _distances_m(stations: gpd.GeoDataFrame, lon: float, lat: float) -> np.ndarray:
    # Equirectangular about the point: exact to a few parts in 1e5 within the 3 km looked at.
    x = np.radians(stations.geometry.x.to_numpy() - lon) * np.cos(np.radians(lat))
    y = np.radians(stations.geometry.y.to_numpy() - lat)
    return np.asarray(np.hypot(x, y) * 6_371_008.8)


def _walk_of_door(published: PublishedGrids, lon: float, lat: float) -> dict[int, float]:
    """Return minutes on foot from the door at the point, by station: the ones measured as its nearest."""
    with reading(published.engine) as conn:
        building_id = doors.nearest_building(conn, lon, lat, within_m=DOOR_MAX_M)
        if building_id is None:
            return {}
        rows = conn.execute(_WALKS, {"id": int(building_id)}).all()
    return {int(row.station_id): round(float(row.walk_min), 1) for row in rows}
