"""Issue plates: a code for every door of an area that has none - buildings, and stairwells where there are several.

Doors that have a plate keep it: asked twice, the second time issues nothing.
"""

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from api.auth import Account
from api.door_names import name_door
from api.plate_keys import PlateKeys
from data.plate_codes import new_codes
from data.postgis.engine import transaction
from data.stores import areas as area_store
from data.stores import plates as plate_store
from geo.codes import scope_of
from geo.errors import InputError, NotFoundError

DOORS_MAX = 20_000
COLUMNS = ["area_code", "building_id", "stairwell_id", "stairwell_number", "building_ref", "replaces"]


class ManyDoorsError(InputError):
    """More doors wait for a plate than are issued at a time."""

    zh = "该区划有超过 {most} 个门没有门牌，请按社区分批制作。"
    en = "More than {most} doors of this area have no plate. Issue them community by community."


@dataclass(frozen=True)
class Issued:
    """What was issued; `batch_id` is None where nothing was, or for a trial."""

    batch_id: int | None
    plates: int
    buildings: int
    stairwells: int
    replacements: int


def issue_plates(
    engine: Engine, keys: PlateKeys, *, area_code: str, size: str, account: Account, is_trial: bool = False
) -> Issued:
    """Issue plates for all doors of an area without one; with `is_trial` only say how many.

    Raises
    ------
    NotFoundError
        There is no such area within the account's scope.
    ManyDoorsError
        More than `DOORS_MAX` doors wait.
    """
    within = scope_of(area_code)
    if not account.covers(within):
        raise NotFoundError(what="area", key=area_code)
    with transaction(engine, actor=account.name, action="issue_plates", commit=not is_trial) as conn:
        if area_code not in area_store.read_areas(conn, within=within).index:
            raise NotFoundError(what="area", key=area_code)
        plate_store.lock_plates(conn)
        plate_store.rejoin(conn, within=within)
        doors = plate_store.read_missing(conn, within=within, limit=DOORS_MAX + 1)
        if len(doors) > DOORS_MAX:
            raise ManyDoorsError(most=DOORS_MAX)
        batch_id = None  # a trial uses up no number of a batch
        if not is_trial:
            batch_id, _ = write_batch(conn, keys, doors, area_code=area_code, size=size, by=account.name)
    keys.forget()
    stairwells = int(doors["stairwell_number"].notna().sum())
    return Issued(
        batch_id=batch_id, plates=len(doors), buildings=len(doors) - stairwells,
        stairwells=stairwells, replacements=int(doors["replaces"].notna().sum()),
    )  # fmt: skip


def write_batch(
    conn: Connection, keys: PlateKeys, doors: pd.DataFrame, *, area_code: str, size: str, by: str
) -> tuple[int | None, list[int]]:
    """Write plates for doors (rows of `read_missing`), in the order people walk past them; return batch and plates."""
    if doors.empty:
        return None, []
    named = doors.assign(label=[name_door(row).label for row in doors.to_dict("records")])
    places = [_place_of(row) for row in named.to_dict("records")]
    ordered = named.iloc[sorted(range(len(places)), key=places.__getitem__)]
    key = keys.signing(conn)
    codes = new_codes(key, len(ordered))
    while taken := plate_store.known_codes(conn, codes):
        codes = [*(code for code in codes if code not in taken), *new_codes(key, len(taken), taken=codes)]
    rows = ordered[[*COLUMNS, "label"]].reset_index(drop=True).assign(code=codes)
    return plate_store.write_plates(conn, rows, area_code=area_code, size=size, by=by)


def _place_of(door: dict[Any, Any]) -> tuple[Any, ...]:
    """Order by community, compound, name (9栋 before 10栋), and the building's own plate before its stairwells'."""
    compound = "" if pd.isna(door["compound"]) else str(door["compound"])
    number = door["stairwell_number"]
    return door["area_code"], compound, _natural(door["label"]), 0 if pd.isna(number) else int(number)


def _natural(label: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", label) if part]
