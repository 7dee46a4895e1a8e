"""Sandbox: invented points, one for each answer of the look-up, the same on every deployment.

They lie in the Gulf of Guinea, on the equator, a thousandth of a degree apart; no town is there. Names say that they
are invented (示例), telephone numbers begin with 0000, which no area has. Their answers are the examples of the API's
description, so neither can drift from what a program is given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

STEP_DEG, NEAR_DEG = 0.001, 1e-5
CODE = "0000000000000{:02d}"
DESK_PHONE = "0000-0000000"
EXAMPLE_ON = date(2026, 7, 1)

_DESK = ("示例服务台", "Example desk")
_WORDS = {
    "assigned": (
        "您所在位置属于「示例第{n}网格」，由示网格员负责。",
        "This place belongs to Example grid {n}; Grid worker 示 answers for it.",
    ),
    "vacant": (
        "您所在位置属于「示例第{n}网格」，目前没有网格员，请联系示例服务台：0000-0000000。",
        "This place belongs to Example grid {n}, which has no grid worker at present."
        " Please call Example desk: 0000-0000000.",
    ),
    "near_border": (
        "该位置靠近网格边界，可能属于以下网格之一。",
        "This place is close to a border; it may belong to one of these grids.",
    ),
    "several": ("该位置对应多个网格，请选择您的网格。", "Several grids answer at this place; choose yours."),
    "coarse": (
        "定位不够准（约 400 米），请输入门牌地址或在地图上点选。",
        "The place is not known well enough (about 400 m). Type an address, or choose the place on the map.",
    ),
    "outside": (
        "该位置不在本地网格范围内，请联系示例服务台：0000-0000000。",
        "This place lies outside the grids kept here. Please call Example desk: 0000-0000000.",
    ),
    "no_active_plan": (
        "该社区在 {on} 没有生效的网格方案，请联系示例服务台：0000-0000000。",
        "No plan of grids is in force here on {on}. Please call Example desk: 0000-0000000.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Spot:
    """One invented point: what it is for, in both languages, and how its answer is made."""

    key: str
    told: tuple[str, str]
    body: Callable[[date, str], dict[str, Any]]


def answer_at(lon: float, lat: float, *, on: date, language: str) -> dict[str, Any] | None:
    """Return the body of ``GET /api/v1/lookup`` at an invented point; None at every other.

    Parameters
    ----------
    lon, lat
        Degrees; a metre more or less makes no difference.
    on
        The day asked about.
    language
        zh or en.
    """
    if abs(lat) > NEAR_DEG:
        return None
    number = round(lon / STEP_DEG)
    is_one = abs(lon - number * STEP_DEG) <= NEAR_DEG and 1 <= number <= len(SPOTS)
    return SPOTS[number - 1].body(on, language) if is_one else None


def listed(language: str) -> list[dict[str, Any]]:
    """Return the points: key, lon, lat, what they are for, and how to ask."""
    return [
        {
            "key": spot.key, "lon": round(number * STEP_DEG, 3), "lat": 0.0, "told": _in(spot.told, language),
            "href": f"/api/v1/lookup?lon={number * STEP_DEG:.3f}&lat=0",
        }
        for number, spot in enumerate(SPOTS, start=1)
    ]  # fmt: skip


def examples() -> dict[str, dict[str, Any]]:
    """Return the answers by key, as OpenAPI has examples."""
    return {spot.key: {"summary": " ".join(spot.told), "value": spot.body(EXAMPLE_ON, "zh")} for spot in SPOTS}


def _in(words: tuple[str, str], language: str) -> str:
    return words[0 if language == "zh" else 1]


def _grid(n: int, language: str, **more: Any) -> dict[str, Any]:
    return {
        "grid_code": CODE.format(n), "name": _in((f"示例第{n}网格", f"Example grid {n}"), language),
        "community": _in(("示例社区", "Example community"), language), "zone": None, "unit": None,
        "worker": _in(("示网格员", "Grid worker 示"), language), "duty_line": "0000-0000001", "head": None,
        "vacant": False, **more,
    }  # fmt: skip


def _station(language: str) -> dict[str, Any]:
    return {
        "name": _in(("示例社区党群服务中心", "Example service centre"), language), "category": "service",
        "category_label": _in(("党群服务中心", "Service centre"), language), "walk_min": 4.5, "distance_m": 230.0,
    }  # fmt: skip


def _body(answer: str, on: date, language: str, *grids: dict[str, Any], n: int = 1, **more: Any) -> dict[str, Any]:
    """Return a body; `more` stands in for what is usual of such an answer."""
    is_coarse = bool(more.get("is_coarse"))
    names = (
        "、".join(f"「{grid['name']}」" for grid in grids) if language == "zh" else ", ".join(g["name"] for g in grids)
    )
    ask = f"您家属于哪一个：{names}？" if language == "zh" else f"Which of these is yours: {names}?"
    message = _in(_WORDS["coarse" if is_coarse else answer], language).format(n=n, on=on.isoformat())
    return {
        "answer": answer, "certain": answer in ("assigned", "vacant", "outside", "no_active_plan"),
        "is_coarse": is_coarse, "on": on.isoformat(), "message": message, "grids": list(grids), "next_change": None,
        "question": ask if len(grids) > 1 and not is_coarse else None,
        "stations": [] if is_coarse else [_station(language)], "walk_max_min": None if is_coarse else 15.0,
        "desk": {"name": _in(_DESK, language), "phone": DESK_PHONE}, **more,
    }  # fmt: skip


def _assigned(on: date, language: str) -> dict[str, Any]:
    return _body("assigned", on, language, _grid(1, language))


def _in_full(on: date, language: str) -> dict[str, Any]:
    unit = {"name": _in(("示例包保单位", "Example unit"), language), "duty_line": "0000-0000003"}
    head = {"name": "示", "duty_line": "0000-0000002"}
    zone = _in(("示例责任区1", "Example zone 1"), language)
    return _body("assigned", on, language, _grid(2, language, zone=zone, unit=unit, head=head), n=2)


def _changing(on: date, language: str) -> dict[str, Any]:
    coming = _grid(4, language)
    change = {"on": (on + timedelta(days=30)).isoformat(), "grid_code": coming["grid_code"], "name": coming["name"]}
    return _body("assigned", on, language, _grid(3, language), n=3, next_change=change)


def _vacant(on: date, language: str) -> dict[str, Any]:
    return _body("vacant", on, language, _grid(5, language, worker=None, duty_line=None, vacant=True), n=5)


def _near_border(on: date, language: str) -> dict[str, Any]:
    return _body("near_border", on, language, _grid(1, language), _grid(2, language))


def _several(on: date, language: str) -> dict[str, Any]:
    return _body("several", on, language, *(_grid(n, language) for n in (1, 2, 3)))


def _coarse(on: date, language: str) -> dict[str, Any]:
    return _body("several", on, language, *(_grid(n, language) for n in (1, 2, 3, 4)), is_coarse=True)


def _outside(on: date, language: str) -> dict[str, Any]:
    return _body("outside", on, language, stations=[], walk_max_min=None)


def _no_active_plan(on: date, language: str) -> dict[str, Any]:
    return _body("no_active_plan", on, language, stations=[], walk_max_min=None)


SPOTS = (
    Spot("assigned", ("有网格员负责", "a grid worker answers"), _assigned),
    Spot(
        "assigned_in_full",
        ("另有网格长、责任区和包保单位", "with a head, a zone and the unit that answers for it"),
        _in_full,
    ),
    Spot("assigned_changing", ("三十天后换网格", "another grid answers in thirty days"), _changing),
    Spot("vacant", ("网格暂无网格员", "a grid without a worker"), _vacant),
    Spot("near_border", ("靠近边界，两个网格", "near a border: two grids"), _near_border),
    Spot("several", ("多个网格，请选择", "several grids to choose from"), _several),
    Spot("coarse", ("定位不准，请重新提供位置", "known too roughly: ask for the place again"), _coarse),
    Spot("outside", ("不在网格范围内", "outside all grids"), _outside),
    Spot("no_active_plan", ("当日没有生效的网格方案", "no plan in force on that day"), _no_active_plan),
)
