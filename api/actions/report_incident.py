"""Report an incident: give it its building, community and grid, and start its clock; one without a place is kept."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from api.actions.start_incidents import door_of
from api.auth import Account
from data.calendar import day_of
from data.casework import NO_PLACE, OUTSIDE, reporter_digest, timed
from data.postgis.engine import transaction
from data.profiles import IncidentRule, Profile
from data.stores import areas as area_store
from data.stores import cases, doors
from geo.errors import BadSettingError, DeniedError

NEAR_M = 50.0


@dataclass(frozen=True)
class Report:
    """What somebody reports: EPSG:4326; a place, or an address, or both; `contact` is private."""

    category: str
    source: str
    description: str | None = None
    lon: float | None = None
    lat: float | None = None
    address: str | None = None
    contact: str | None = None
    reported_at: datetime | None = None
    source_ref: str | None = None


@dataclass(frozen=True)
class Reported:
    """What became of a report: its number, where it belongs, why it has no place, and what may be the same."""

    incident_id: int
    area_code: str
    grid_code: str | None
    building_id: int | None
    place_problem: str | None
    maybe_same: tuple[int, ...]


def report_incident(engine: Engine, report: Report, *, profile: Profile, account: Account) -> Reported:
    """Store a report and start its clock.

    Raises
    ------
    BadSettingError
        The category is none of those in force, or the time lies ahead.
    DeniedError
        Its place lies outside the account's scope.
    """
    rule, now = profile.incidents, datetime.now(UTC)
    reported_at = report.reported_at or now
    _check(report, reported_at, rule, now)
    with transaction(engine, actor=account.name, action="report_incident", scope=account.scope) as connection:
        placed = _placed(connection, report, reported_at, account)
        values = {
            **placed, **_started(connection, report, reported_at, rule), "category": report.category,
            "state": rule.first_state.key, "description": report.description, "address": report.address,
            "contact": report.contact, "reporter": reporter_digest(report.contact), "source": report.source,
            "source_ref": report.source_ref, "reported_at": reported_at,
        }  # fmt: skip
        incident_id = cases.add_incident(connection, values)
        event = {"at": now, "kind": "report", "tier": values["tier"], "state": values["state"]}
        cases.add_event(connection, incident_id, {**event, "actor": account.name, "account_id": account.account_id})
        near = cases.read_duplicates(
            connection, near_m=rule.duplicate_m, within_hours=rule.duplicate_hours, incident_id=incident_id
        )
    same = {int(number) for pair in near[["first_id", "second_id"]].to_numpy() for number in pair} - {incident_id}
    return Reported(
        incident_id, placed["area_code"], placed["grid_code_reported"], placed["building_id"], placed["place_problem"],
        tuple(sorted(same)),
    )  # fmt: skip


def place_incident(engine: Engine, incident_id: int, *, lon: float, lat: float, account: Account) -> None:
    """Give an incident its place, building, community and grid of the day it was reported.

    Raises
    ------
    NotFoundError
        There is no such incident in scope.
    DeniedError
        The place is outside the account's scope, or in no community.
    """
    with transaction(engine, actor=account.name, action="place_incident", scope=account.scope) as connection:
        case = cases.read_case(connection, incident_id, lock=True)
        area_code, grid_code = cases.find_place(connection, lon, lat, on=day_of(case["reported_at"]))
        if area_code is None or not account.covers(area_code):
            raise DeniedError(reason="the place is outside your area", reason_zh="该位置不在您的管辖范围内")
        cases.change_case(connection, incident_id, {
            "geometry": cases.place_of(lon, lat), "area_code": area_code, "grid_code_reported": grid_code,
            "building_id": doors.nearest_building(connection, lon, lat, within_m=NEAR_M), "place_problem": None,
        })  # fmt: skip
        cases.add_event(connection, incident_id, {
            "at": datetime.now(UTC), "kind": "place", "tier": case["tier"], "state": case["state"],
            "account_id": account.account_id, "actor": account.name,
        })  # fmt: skip


def _check(report: Report, reported_at: datetime, rule: IncidentRule, now: datetime) -> None:
    known = [kind.key for kind in rule.kinds_on(day_of(reported_at))]
    if report.category not in known:
        raise BadSettingError(
            what="category", value=report.category, reason=f"kinds in force are {', '.join(known)}",
            reason_zh=f"当前有效的类别为 {'、'.join(known)}",
        )  # fmt: skip
    if reported_at > now + pd.Timedelta(minutes=5):
        raise BadSettingError(what="reported_at", value=reported_at, reason="it lies ahead", reason_zh="不能晚于现在")
    if (report.lon is None) != (report.lat is None):
        raise BadSettingError(
            what="lon, lat", value=(report.lon, report.lat), reason="they go together", reason_zh="须同时给出"
        )


def _placed(connection: Connection, report: Report, reported_at: datetime, account: Account) -> dict[str, Any]:
    """Return where a report belongs: by its point, else by its address; else why nowhere, in the account's own area."""
    lon, lat, building_id = report.lon, report.lat, None
    problem: str | None = NO_PLACE
    if lon is None and report.address:
        found = door_of(connection, report.address)
        if isinstance(found, str):
            problem = found
        else:
            building_id, lon, lat, _ = found
    area_code = grid_code = None
    if lon is not None and lat is not None:
        area_code, grid_code = cases.find_place(connection, lon, lat, on=day_of(reported_at))
        building_id = building_id or doors.nearest_building(connection, lon, lat, within_m=NEAR_M)
        problem = None if area_code else OUTSIDE
    if area_code is not None and not account.covers(area_code):
        raise DeniedError(reason=f"{area_code} is outside your area", reason_zh=f"{area_code} 不在您的管辖范围内")
    return {
        "lon": lon, "lat": lat, "building_id": building_id, "grid_code_reported": grid_code, "place_problem": problem,
        "area_code": area_code or _own_area(connection, account),
    }  # fmt: skip


def _own_area(connection: Connection, account: Account) -> str:
    """Return the highest area within an account's scope: who must find the place of what has none."""
    areas = area_store.read_areas(connection)
    own = [code for code in areas.index if account.covers(str(code))]
    return str(min(own, key=lambda code: (len(str(code).rstrip("0")), code)))


def _started(connection: Connection, report: Report, reported_at: datetime, rule: IncidentRule) -> dict[str, Any]:
    """Return the tier of a new report and when its limit ends."""
    row = pd.DataFrame({"category": [report.category], "reported_at": pd.to_datetime([reported_at], utc=True)})
    clock = timed(row, rule, rule.calendar(*cases.read_calendar(connection))).iloc[0]
    due_at = None if pd.isna(clock["due_at"]) else clock["due_at"].to_pydatetime()
    return {"tier": clock["tier"], "tier_at": reported_at, "due_at": due_at}
