"""Rules: what must hold between the cells of a row and between the rows of a file, noun by noun.

Each rule notes faults in the batch; each frame maker turns the rows that are left into the
columns of their table. Communities are looked up in the deployment's areas where there are any.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.casework import NO_PLACE, OUTSIDE
from data.profiles import Profile
from data.readers.estimates import estimate_households, estimate_people
from data.readers.frames import table_columns, table_frame
from data.readers.shapes import Fault
from data.tables import ground, incidents, people, reach
from geo.codes import LEVELS, area_level, parent_code
from geo.frames import WGS84

DUTY_TARGETS = ("grid_code", "zone_code", "unit_code", "building")
DUTY_WORDS = ("grid_codes", "grids", "zone_codes", "zones", "buildings", "unit_codes", "units")
DUTY_COLUMNS = ("role", *DUTY_TARGETS, "first_on", "last_on")


@dataclass
class Batch:
    """The rows of one file on their way: parsed values, shapes, and the faults found so far."""

    records: dict[int, dict[str, Any]]
    geometry: gpd.GeoSeries
    faults: dict[int, list[Fault]]
    profile: Profile
    areas: gpd.GeoDataFrame | None

    def fail(self, row: int, name: str, reason_zh: str, reason: str) -> None:
        """Note one fault of one row."""
        self.faults.setdefault(row, []).append((name, reason_zh, reason))

    def left(self) -> list[int]:
        """Return the rows without a fault so far, in the file's order."""
        return [row for row in self.records if not self.faults.get(row)]


def _refuse_doubles(batch: Batch, name: str, key: Callable[[int], Hashable | None]) -> None:
    """Reject every row whose key an earlier good row already has; None is no key."""
    first: dict[Hashable, int] = {}
    for row in batch.left():
        told = key(row)
        if told is not None and first.setdefault(told, row) != row:
            batch.fail(row, name, f"与第 {first[told]} 行重复", f"it repeats row {first[told]}")


def _by_ref(batch: Batch) -> None:
    _refuse_doubles(batch, "source_ref", lambda row: batch.records[row]["source_ref"])


def _outlines(batch: Batch) -> dict[int, bytes | None]:
    """Return each row's geometry as bytes that compare."""
    return dict(zip(batch.geometry.index, shapely.to_wkb(batch.geometry.to_numpy(dtype=object)), strict=True))


def _place(batch: Batch, *, needed: bool) -> None:
    """Fill area_code from the ground where it is empty; reject codes that are no community."""
    known = None if batch.areas is None else batch.areas[batch.areas["level"] == "community"]
    lying = {} if known is None else _communities(batch.geometry, known)
    for row, record in batch.records.items():
        code = record["area_code"]
        if code is None:
            record["area_code"] = code = lying.get(row)
            if code is None and needed and not any(name == "geometry" for name, _, _ in batch.faults.get(row, [])):
                batch.fail(
                    row,
                    "area_code",
                    "没有区划代码，也不在任何社区范围内",
                    "it has no division code and lies in no community",
                )
        elif known is not None and code not in known.index:
            batch.fail(row, "area_code", f"没有代码为 {code} 的社区", f"there is no community {code}")


def _communities(geometry: gpd.GeoSeries, known: gpd.GeoDataFrame) -> dict[int, str]:
    there = geometry[geometry.notna()]
    grounds = known[known.geometry.notna()].sort_index(ascending=False)
    points = shapely.point_on_surface(there.to_numpy(dtype=object))
    rows, hits = shapely.STRtree(grounds.geometry.to_numpy()).query(points, predicate="intersects")
    # Written in descending code order, so a point on a common border gets the lowest code.
    order = sorted(zip(hits, rows, strict=True))
    return {there.index[row]: grounds.index[hit] for hit, row in order}


def check_areas(batch: Batch) -> None:
    """Codes stand once, levels fit the code, every named parent exists and is of a higher level."""
    _refuse_doubles(batch, "area_code", lambda row: batch.records[row]["area_code"])
    for row in batch.left():
        record = batch.records[row]
        by_code = area_level(record["area_code"])
        if record["level"] not in (None, by_code):
            batch.fail(
                row,
                "level",
                f"级别与代码不符：代码是 {by_code} 级",
                f"the level does not fit the code, which is a {by_code}'s",
            )
        record["level"] = by_code
    known = set() if batch.areas is None else set(batch.areas.index)
    while _orphans(batch, known):
        continue


def _orphans(batch: Batch, known: set[str]) -> bool:
    """Reject rows whose named parent is not there; return whether any was (its children are next)."""
    left = batch.left()
    there = known | {batch.records[row]["area_code"] for row in left}
    found = False
    for row in left:
        code, parent = batch.records[row]["area_code"], batch.records[row]["parent_code"]
        if parent is None:
            continue
        if parent not in there:
            batch.fail(row, "parent_code", f"没有上级 {parent}", f"there is no parent {parent}")
            found = True
        elif LEVELS.index(area_level(parent)) >= LEVELS.index(area_level(code)):
            batch.fail(
                row, "parent_code", f"上级 {parent} 的级别不高于本级", f"the parent {parent} is of no higher level"
            )
            found = True
    return found


def areas_frame(batch: Batch, rows: list[int]) -> gpd.GeoDataFrame:
    """Return areas: area_code, name, level, parent_code, is_stand_in, MultiPolygon or None."""
    records = [batch.records[row] for row in rows]
    there = {record["area_code"] for record in records} | (set() if batch.areas is None else set(batch.areas.index))
    above = [record["parent_code"] or parent_code(record["area_code"]) for record in records]
    columns: dict[str, Any] = {
        "area_code": [record["area_code"] for record in records],
        "name": [record["name"] for record in records],
        "level": [record["level"] for record in records],
        "parent_code": [code if code in there else None for code in above],
    }
    frame = pd.DataFrame(columns, dtype=object).assign(is_stand_in=False)
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(batch.geometry.loc[rows].to_list(), crs=WGS84), crs=WGS84)


def check_buildings(batch: Batch) -> None:
    """Each reference and each outline stands once; every building lies in a community."""
    _place(batch, needed=True)
    _by_ref(batch)
    outlines = _outlines(batch)
    _refuse_doubles(batch, "geometry", outlines.__getitem__)


def buildings_frame(batch: Batch, rows: list[int]) -> gpd.GeoDataFrame:
    """Return buildings; households the file leaves empty are estimated and marked so."""
    frame = _frame(
        batch, rows, ground.buildings, {"use": "residential", "households": 0, "people": 0, "is_estimate": False}
    )
    rule = batch.profile.estimate
    told = pd.Series([batch.records[row]["households"] for row in rows], index=frame.index, dtype="Int64")
    unknown = told.isna()
    guess = estimate_households(frame[unknown], rule).reindex(frame.index)
    frame["households"] = told.fillna(guess.astype("Int64")).astype("int64")
    frame["is_estimate"] = unknown.astype(bool)
    counted = pd.Series([batch.records[row]["people"] for row in rows], index=frame.index, dtype="Int64")
    frame["people"] = counted.fillna(estimate_people(frame["households"], rule).astype("Int64")).astype("int64")
    return frame


def check_people(batch: Batch) -> None:
    """One row a duty: a target needs a role, at most one target, days in order, one person a reference."""
    for row in batch.left():
        record = batch.records[row]
        targets = [name for name in DUTY_TARGETS if record[name] is not None]
        if len(targets) > 1:
            names = ", ".join(targets)
            batch.fail(
                row, targets[1], f"一行只能有一个任职对象（{names}）", f"a row holds one duty's target, not {names}"
            )
        if targets and record["role"] is None:
            batch.fail(row, "role", "有任职对象但没有角色", "it names what is answered for, but no role")
        if record["first_on"] and record["last_on"] and record["first_on"] > record["last_on"]:
            batch.fail(row, "last_on", "结束日期早于开始日期", "it ends before it begins")
        _community_of_duty(batch, row)
    _place(batch, needed=True)
    _one_person(batch)
    _refuse_doubles(batch, "name", lambda row: tuple(batch.records[row].values()))


def _community_of_duty(batch: Batch, row: int) -> None:
    record = batch.records[row]
    for name in ("grid_code", "zone_code", "unit_code"):
        told = record[name]
        if told is None:
            continue
        if record["area_code"] is None:
            record["area_code"] = told[:12]
        elif told[:12] != record["area_code"]:
            batch.fail(
                row,
                name,
                f"{told} 不属于社区 {record['area_code']}",
                f"{told} is not of the community {record['area_code']}",
            )


def _one_person(batch: Batch) -> None:
    first: dict[str, tuple[int, Any]] = {}
    for row in batch.left():
        record = batch.records[row]
        who = (record["name"], record["phone"], record["kind"], record["area_code"])
        if record["source_ref"] is None:
            continue
        seen, known = first.setdefault(record["source_ref"], (row, who))
        if known != who:
            batch.fail(
                row,
                "source_ref",
                f"与第 {seen} 行编号相同但不是同一人",
                f"it has the reference of row {seen}, which is someone else",
            )


def people_frame(batch: Batch, rows: list[int]) -> pd.DataFrame:
    """Return people, one row a duty, with DUTY_COLUMNS behind the columns of the table."""
    names = list(dict.fromkeys([*table_columns(people.people), *DUTY_COLUMNS]))
    frame = pd.DataFrame(
        [[batch.records[row].get(name) for name in names] for row in rows], columns=names, dtype=object
    )
    unit = frame["role"] == "answerable_unit"
    frame["kind"] = frame["kind"].where(frame["kind"].notna(), np.where(unit, "organisation", "person"))
    return frame.where(frame.notna(), None)


def check_duties(batch: Batch) -> None:
    """Days in order, a post or a leave in each row; whom and what it names is for the register to find."""
    for row in batch.left():
        record = batch.records[row]
        _spread(batch, row, "term", "first_on", "last_on")
        _spread(batch, row, "leave", "leave_from", "leave_to")
        if record["leave_to"] and not record["leave_from"]:
            batch.fail(row, "leave_to", "有请假结束日期但没有开始日期", "a leave ends that does not begin")
        if not (record["roles"] or record["leave_from"] or any(record[name] for name in DUTY_WORDS)):
            batch.fail(row, "roles", "既没有岗位，也没有请假", "it tells neither a post nor a leave")
        if record["substitute"] and not record["leave_from"]:
            batch.fail(row, "substitute", "有替岗人但没有请假日期", "it names a substitute, but no leave")
    _refuse_doubles(batch, "name", lambda row: tuple(batch.records[row].values()))


def _spread(batch: Batch, row: int, whole: str, first: str, last: str) -> None:
    """Let one cell that holds both days stand for those told apart; refuse days in the wrong order."""
    record = batch.records[row]
    if record[whole] is not None:
        if record[first] is not None and record[first] != record[whole][0]:
            batch.fail(row, whole, "与单独的起止日期列不一致", "it does not agree with the columns of single days")
        record[first], record[last] = record[whole][0], record[last] or record[whole][1]
    if record[first] and record[last] and record[first] > record[last]:
        batch.fail(row, last, "结束日期早于开始日期", "it ends before it begins")


def duties_frame(batch: Batch, rows: list[int]) -> pd.DataFrame:
    """Return what the rows say, a column a field; lists as tuples, what is not told as None."""
    names = list(batch.records[rows[0]]) if rows else []
    told = {name: pd.Series([batch.records[row][name] for row in rows], dtype=object) for name in names}
    return pd.DataFrame(told, index=range(len(rows)))


def check_stations(batch: Batch) -> None:
    """Each reference, and each name of a category at one spot, stands once."""
    _place(batch, needed=False)
    _by_ref(batch)
    spots, told = _outlines(batch), batch.records
    _refuse_doubles(batch, "name", lambda row: (told[row]["name"], told[row]["category"], spots[row]))


def stations_frame(batch: Batch, rows: list[int]) -> gpd.GeoDataFrame:
    """Return stations in the shape of their table."""
    return _frame(batch, rows, reach.stations, {})


def check_incidents(batch: Batch) -> None:
    """Closed after reported; state told or plain from it; the same report stands once; a place is no must."""
    states = batch.profile.incidents.states
    closed = {state.key for state in states if state.is_closed}
    for row in batch.left():
        record = batch.records[row]
        if record["closed_at"] and record["closed_at"] < record["reported_at"]:
            batch.fail(row, "closed_at", "办结时间早于上报时间", "it was closed before it was reported")
        if record["state"] is None:
            # Not told: the first state, or the first closed one if the row says when it was closed.
            ended = [state.key for state in states if state.is_closed == bool(record["closed_at"])]
            record["state"] = (ended or [state.key for state in states])[0]
        elif record["closed_at"] and record["state"] not in closed:
            batch.fail(row, "state", "有办结时间但状态未办结", "it has a closing time, but its state is open")
    _place(batch, needed=False)
    _by_ref(batch)
    spots = _outlines(batch)
    _refuse_doubles(batch, "reported_at", lambda row: (*batch.records[row].values(), spots[row]))


def incidents_frame(batch: Batch, rows: list[int]) -> gpd.GeoDataFrame:
    """Return incidents in the shape of their table; times are aware UTC. What has no place of ours says why."""
    frame = _frame(batch, rows, incidents.incidents, {"returns": 0, "touched": 0})
    nowhere = frame.geometry.isna().map({True: NO_PLACE, False: None})
    frame["place_problem"] = nowhere.mask(frame.geometry.notna() & frame["area_code"].isna(), OUTSIDE)
    return frame


def check_holidays(batch: Batch) -> None:
    """Each day stands once; a day without a kind is a holiday."""
    _refuse_doubles(batch, "day", lambda row: batch.records[row]["day"])


def holidays_frame(batch: Batch, rows: list[int]) -> pd.DataFrame:
    """Return holidays, and days worked instead, in the shape of their table."""
    told = [batch.records[row] for row in rows]
    return pd.DataFrame({
        "day": pd.Series([row["day"] for row in told], dtype=object),
        "is_working": pd.Series([row["is_working"] == "yes" for row in told], dtype=bool),
        "name": pd.Series([row["name"] for row in told], dtype=object),
    })  # fmt: skip


def _frame(batch: Batch, rows: list[int], table: Any, missing: dict[str, Any]) -> gpd.GeoDataFrame:
    values = {
        name: [missing.get(name) if (told := batch.records[row].get(name)) is None else told for row in rows]
        for name in table_columns(table)
    }
    return table_frame(table, values, batch.geometry.loc[rows].to_list())


RULES: dict[str, Callable[[Batch], None]] = {
    "areas": check_areas, "buildings": check_buildings, "people": check_people, "duties": check_duties,
    "stations": check_stations, "incidents": check_incidents, "holidays": check_holidays,
}  # fmt: skip
FRAMES: dict[str, Callable[[Batch, list[int]], Any]] = {
    "areas": areas_frame, "buildings": buildings_frame, "people": people_frame, "duties": duties_frame,
    "stations": stations_frame, "incidents": incidents_frame, "holidays": holidays_frame,
}  # fmt: skip
# Columns of the tables that come from elsewhere, and those a row always gets.
NOT_READ = (
    "compound_id", "building_id", "grid_code_reported", "source", "tier_at", "due_at", "parked_at", "left_hours",
    "returns", "duplicate_of", "touched", "reporter",
)  # fmt: skip
FILLED_IN: dict[str, set[str]] = {
    "areas": {"level", "parent_code"},
    "buildings": {"area_code", "use", "households", "people"},
    "people": {"area_code", "source_ref", "kind", *DUTY_COLUMNS},
    "duties": {
        "area_code",
        "community",
        "source_ref",
        "phone",
        "telephone",
        "duty_line",
        "roles",
        *DUTY_WORDS,
        "first_on",
        "last_on",
        "leave_from",
        "leave_to",
        "substitute",
        "reason",
    },
    "stations": {"area_code"},
    "incidents": {"area_code", "state", "place_problem"},
    "holidays": {"is_working"},
}
