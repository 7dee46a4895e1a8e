"""Scan plate: from a code to its door, and who answers there - found from the building, so a redraw needs no new plate.

A photo of a plate gives what the public page gives: the door's name and who answers for it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Engine

from api.actions.look_up import look_up
from api.door_names import DoorName, name_door
from api.found import Question
from api.plate_keys import PlateKeys
from api.published import PublishedGrids
from data.plate_codes import is_signed, read_code
from data.postgis.engine import reading
from data.profiles import Profile
from data.stores import plates as plate_store
from data.stores.plates import RevokedPlateError
from geo.errors import NotFoundError

_SEVERAL = (
    "这栋楼分属几个网格，请看您所在单元门口的门牌，或按单元选择。",
    "Several grids answer for parts of this building. Scan the plate at your own stairwell, or choose yours.",
)
_CHOOSE = ("您家属于哪一个：{names}？", "Which of these is yours: {names}?")


class UnknownPlateError(NotFoundError):
    """No plate has this code: it was mistyped, or guessed. It is not said which."""

    zh = "没有这个编号的门牌。请核对编号，或按地址查询。"
    en = "No doorplate has this code. Check it, or search by address."


@dataclass(frozen=True)
class Door:
    """A door with a live plate: what it is called, and a point (lon, lat; EPSG:4326) in each of its cells."""

    plate_id: int
    code: str
    row: dict[Any, Any]
    points: tuple[tuple[float, float], ...]

    def name(self, language: str) -> DoorName:
        """Return what the door is called."""
        return name_door(self.row, stairwell="stairwell", language=language)


def find_door(engine: Engine, keys: PlateKeys, typed: str) -> Door:
    """Return the door of a code as it was typed or scanned.

    Raises
    ------
    UnknownPlateError
        No plate has it. Codes that nobody signed are refused without asking the database.
    RevokedPlateError
        It was a plate's once; or the building is not in the register any more.
    """
    code = read_code(typed)
    if code is None or not is_signed(code, keys.accepted()):
        raise UnknownPlateError()
    with reading(engine) as conn:
        rows = plate_store.find_door(conn, code)
    if rows.empty:
        raise UnknownPlateError()
    first = rows.iloc[0].to_dict()
    placed = rows.dropna(subset=["lon", "lat"])
    if not first["is_live"] or placed.empty:
        raise RevokedPlateError()
    points = tuple(zip(placed["lon"].tolist(), placed["lat"].tolist(), strict=True))
    return Door(int(first["plate_id"]), code, first, points)


def answer_at(
    published: PublishedGrids, door: Door, *, on: date, profile: Profile, language: str
) -> dict[str, Any]:  # fmt: skip
    """Return who answers at a door: the body of ``GET /api/v1/doors/{code}``.

    Every cell of the door is asked for. Where they are of one grid that is the answer; where they are not, it is
    "several", however sure each is by itself.
    """
    bodies = [
        look_up(published, Question(lon=lon, lat=lat, on=on), profile=profile, language=language)
        for lon, lat in door.points
    ]
    name = door.name(language)
    told = {
        "label": name.label, "address": name.address or None, "stairwell": _number(door.row["stairwell"]),
        "community": _text(door.row["community"]),
    }  # fmt: skip
    return {**_merged(bodies, language), "door": told}


def _merged(bodies: list[dict[str, Any]], language: str) -> dict[str, Any]:
    """Return one answer for the cells of one door."""
    first = bodies[0]
    grids = {row["grid_code"]: row for body in bodies for row in body["grids"]}
    is_one = len({frozenset(row["grid_code"] for row in body["grids"]) for body in bodies}) == 1
    if not is_one and len(grids) > 1:
        rows = list(grids.values())
        at = 0 if language == "zh" else 1
        names = [row["name"] for row in rows]
        joined = "、".join(f"「{name}」" for name in names) if language == "zh" else ", ".join(names)
        return {
            **first, "answer": "several", "certain": False, "is_coarse": False, "message": _SEVERAL[at],
            "grids": rows, "next_change": None, "question": _CHOOSE[at].format(names=joined),
        }  # fmt: skip
    # What differs from cell to cell is not known of the door.
    vague = {key: _common([body["grids"][0].get(key) for body in bodies if body["grids"]]) for key in ("zone", "unit")}
    rows = [{**row, **{key: vague[key] for key in vague if key in row}} for row in first["grids"]]
    best = first if first["grids"] else next((body for body in bodies if body["grids"]), first)
    return {
        **best, "grids": rows or best["grids"], "certain": is_one and all(body["certain"] for body in bodies),
        "next_change": _common([body["next_change"] for body in bodies]),
    }  # fmt: skip


def _common(values: list[Any]) -> Any:
    return values[0] if values and all(value == values[0] for value in values) else None


def _number(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
