"""Look up: who answers at a point, on a day, from what stands in memory (`api.published`).

The point asked for is kept nowhere.
"""

import math
from typing import Any

from api import sandbox
from api.found import Found, Question, find
from api.published import Around, PublishedGrids, Snapshot
from data.profiles import Profile

STATION_MAX_M = 3000.0
DOOR_MAX_M = 60.0
MASK_ZH, MASK_EN = "网格员", "Grid worker"

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


def look_up(published: PublishedGrids, question: Question, *, profile: Profile, language: str) -> dict[str, Any]:
    """Return who answers at a point: the body of ``GET /api/v1/lookup``.

    Raises
    ------
    InputError
        The point cannot be in the datum it is said to be in.
    """
    point = question.wgs84
    invented = sandbox.answer_at(*point, on=question.on, language=language)
    if invented is not None:
        return invented
    moment = published.moment(question.on)
    found = find(moment, point, question.accuracy_m)
    near = [] if found.is_coarse(question.accuracy_m) else near_stations(moment.around, point)
    stations = [station_row(moment.around, *one, profile=profile, language=language) for one in near]
    return body_of(moment.snapshot, found, question, stations, profile=profile, language=language)


def body_of(
    snapshot: Snapshot, found: Found, question: Question, stations: list[dict[str, Any]], *, profile: Profile,
    language: str,
) -> dict[str, Any]:  # fmt: skip
    """Return what was found in words, as `look_up` does."""
    rows = _grid_rows(snapshot, found, profile=profile, language=language)
    kind = "vacant" if found.kind == "assigned" and all(row["vacant"] for row in rows) else found.kind
    is_coarse = found.is_coarse(question.accuracy_m)
    desk = {"name": getattr(profile.public.desk_name, language), "phone": profile.public.desk_phone}
    return {
        "answer": kind,
        "certain": found.certain,
        "is_coarse": is_coarse,
        "on": question.on.isoformat(),
        "message": _message("coarse" if is_coarse else kind, rows, desk, question=question, language=language),
        "grids": rows,
        "next_change": _next_change(snapshot, found),
        "question": _question(rows, language=language) if len(rows) > 1 and not is_coarse else None,
        "stations": stations,
        # None where no walk from this door was measured: then a station without minutes is not known to be far.
        "walk_max_min": max(profile.minutes) if any(row["walk_min"] is not None for row in stations) else None,
        "desk": desk,
    }


def near_stations(around: Around, point: tuple[float, float]) -> list[tuple[int, float | None, int]]:
    """Return of each category the nearest station: its place, minutes on foot or None, metres in a straight line.

    Known walks from the door at the point come first, by minutes.
    """
    near = around.nearby.near(*point, door_m=DOOR_MAX_M, within_m=STATION_MAX_M)
    return [
        (int(place), walk_min if walk_min < math.inf else None, round(distance_m))
        for place, walk_min, distance_m in near.tolist()
    ]


def station_row(
    around: Around, place: int, walk_min: float | None, distance_m: int, *, profile: Profile, language: str
) -> dict[str, Any]:
    """Return a station in words."""
    name, category = around.station_rows[place].values()
    label = next((getattr(one.label, language) for one in profile.stations if one.key == category), category)
    return {
        "name": name, "category": category, "category_label": label, "walk_min": walk_min, "distance_m": distance_m,
    }  # fmt: skip


def _grid_rows(snapshot: Snapshot, found: Found, *, profile: Profile, language: str) -> list[dict[str, Any]]:
    planned = snapshot.planned
    zone_code, zone = ("", None) if found.zone is None else planned.zone_rows[found.zone].values()
    shows_unit = zone is not None and profile.public.board.shows_units
    rows = []
    for grid in map(planned.grid_rows.__getitem__, found.grids):
        code = grid["grid_code"]
        contact = snapshot.answering("worker", code)
        rows.append(
            {
                **grid,
                "zone": zone,
                "unit": snapshot.answering("answerable_unit", zone_code) if shows_unit else None,
                "worker": None if contact is None else masked(contact["name"], language),
                "duty_line": None if contact is None else contact["duty_line"],
                "head": snapshot.answering("grid_head", code),
                "vacant": contact is None,
            }
        )
    return rows


def _next_change(snapshot: Snapshot, found: Found) -> dict[str, Any] | None:
    """Return from which day on another grid answers at a point, where that is certain both now and then."""
    if found.coming is None:
        return None
    grid = snapshot.planned.coming_rows[found.coming]
    if found.grids and snapshot.planned.grid_rows[found.grids[0]]["grid_code"] == grid["grid_code"]:
        return None
    return {"on": grid["from_on"].isoformat(), "grid_code": grid["grid_code"], "name": grid["name"]}


def masked(name: str, language: str) -> str:
    """Return a masked name, 丁网格员, in the reader's language: Grid worker 丁."""
    if language == "zh" or not name.endswith(MASK_ZH):
        return name
    return f"{MASK_EN} {name.removesuffix(MASK_ZH).strip()}"


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
