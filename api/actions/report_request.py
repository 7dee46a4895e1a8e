"""Report a request: what another system sends becomes an incident; the service and its place are looked up."""

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Engine
from sqlalchemy.exc import NoResultFound

from api.actions.read_requests import ID_MAX, service_kind
from api.actions.report_incident import Report, Reported, report_incident
from api.auth import Account
from api.language import Language
from api.schemas.open311 import NewRequest
from data.postgis.engine import reading
from data.profiles import Profile
from data.stores import cases
from geo.errors import BadSettingError, InputError

SOURCE = "open311"
NOTICES: Mapping[str, Mapping[Language, str]] = {
    "placed": {"zh": "已转{tier}办理。", "en": "Handed to: {tier}."},
    "unplaced": {
        "zh": "位置未能确定，将由工作人员核实。", "en": "The place could not be told; somebody will look for it.",
    },
    "files": {
        "zh": "随附的文件没有保存；请用 media_url 提供链接。", "en": "Files are not kept; send a link as media_url.",
    },
}  # fmt: skip


class NoLocationError(InputError):
    """A request without a place."""

    zh = "缺少位置：请提供 lat 与 long，或 address_string，或 address_id。"
    en = "There is no location: send lat and long, or address_string, or address_id."


def report_request(engine: Engine, asked: NewRequest, *, profile: Profile, account: Account) -> Reported:
    """Store a request as an incident and start its clock.

    Raises
    ------
    NotFoundError
        No such service is in force.
    NoLocationError, BadSettingError
        There is no place, half a place, or an address_id that is no building.
    DeniedError
        The place lies outside the scope of the key's account.
    """
    kind = service_kind(profile, asked.service_code)
    report = Report(
        category=kind.key, source=SOURCE, description=asked.text, lon=asked.long, lat=asked.lat,
        address=asked.address_string, contact=asked.contact,
    )  # fmt: skip
    if asked.lat is None and asked.long is None and asked.address_string is None:
        report = _at_door(engine, report, asked.address_id)
    return report_incident(engine, report, profile=profile, account=account)


def notice(made: Reported, language: Language, *, profile: Profile, has_files: bool) -> str:
    """Return what becomes of a request, in words for who sent it."""
    parts = ["unplaced" if made.place_problem else "placed", *(["files"] if has_files else [])]
    tier = profile.incidents.tiers[0].label
    return " ".join(NOTICES[part][language] for part in parts).format(tier=tier.zh if language == "zh" else tier.en)


def _at_door(engine: Engine, report: Report, address_id: str | None) -> Report:
    """Return a report at the door of a building."""
    if address_id is None:
        raise NoLocationError()
    number = int(address_id) if address_id.isascii() and address_id.isdecimal() and len(address_id) < 20 else 0
    try:
        with reading(engine) as conn:
            door = cases.door(conn, min(number, ID_MAX))
    except NoResultFound as error:
        raise BadSettingError(
            what="address_id",
            value=address_id,
            reason="it is no building_id of this place",
            reason_zh="没有这个建筑编号",
        ) from error
    return replace(report, lon=door.lon, lat=door.lat)
