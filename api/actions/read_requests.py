"""Read requests: kinds and incidents of a scope as Open311 tells them, without who reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from api.actions.read_incidents import require_row_security
from api.auth import Account
from api.language import Language
from api.ledgers import ScopeLeakError
from api.schemas.base import FIRST_DAY, LAST_DAY
from api.schemas.open311 import media_url
from data.calendar import ZONE, today
from data.profiles import Label, Profile
from data.profiles.casework import Kind
from data.stores import requests as request_store
from data.stores.requests import Choice
from geo.errors import BadSettingError, NotFoundError

SPAN = timedelta(days=90)
REQUESTS_MAX = 1000
ID_MAX = 2**63 - 1
DUPLICATE = {"zh": "重复件", "en": "duplicate"}
STATUSES = {"open": False, "closed": True}


@dataclass(frozen=True)
class Asked:
    """What a list of requests is narrowed to, as it was written; an empty text asks nothing."""

    ids: Sequence[str] = ()
    codes: Sequence[str] = ()
    statuses: Sequence[str] = ()
    start: str | None = None
    end: str | None = None
    page: str | None = None
    page_size: str | None = None


def services_body(profile: Profile, language: Language) -> list[dict[str, Any]]:
    """Return the kinds in force today."""
    return [_service(kind, language) for kind in profile.incidents.kinds_on(today())]


def service_kind(profile: Profile, code: str) -> Kind:
    """Return the kind of a service_code that is in force today; raise NotFoundError where there is none."""
    found = next((kind for kind in profile.incidents.kinds_on(today()) if kind.key == code), None)
    if found is None:
        raise NotFoundError(what="service_code", key=code[:60])
    return found


def requests_body(
    conn: Connection, asked: Asked, *, profile: Profile, account: Account, language: Language
) -> list[dict[str, Any]]:
    """Return the requests asked for, newest first.

    Raises
    ------
    BadSettingError
        A moment, a status or a page cannot be read, or the span is longer than 90 days.
    """
    page, size = _number("page", asked.page, 1, most=10**6), _number("page_size", asked.page_size, REQUESTS_MAX)
    return _read(conn, choice_of(asked), (page - 1) * size, size, profile=profile, account=account, language=language)


def request_body(
    conn: Connection, number: str, *, profile: Profile, account: Account, language: Language
) -> list[dict[str, Any]]:
    """Return one request, as a list; raise NotFoundError where there is none in scope."""
    choice = Choice(ids=_ids([number]))
    found = _read(conn, choice, 0, 1, profile=profile, account=account, language=language)
    if not found:
        raise NotFoundError(what="service_request_id", key=number[:60])
    return found


def choice_of(asked: Asked, now: datetime | None = None) -> Choice:
    """Return what is asked for: by id alone, else of the last 90 days or the span named."""
    if ids := _parts(asked.ids):
        return Choice(ids=_ids(ids))
    since, until = _span(asked, now or datetime.now(UTC))
    statuses = set(_parts(asked.statuses))
    if unknown := statuses - set(STATUSES):
        raise BadSettingError(
            what="status",
            value=sorted(unknown)[0][:60],
            reason="it is open or closed",
            reason_zh="只能是 open 或 closed",
        )
    is_closed = STATUSES[statuses.pop()] if len(statuses) == 1 else None
    return Choice(since=since, until=until, categories=tuple(_parts(asked.codes)) or None, is_closed=is_closed)


def _read(
    conn: Connection, choice: Choice, skip: int, limit: int, *, profile: Profile, account: Account, language: Language
) -> list[dict[str, Any]]:
    require_row_security(conn)
    closed_states = tuple(state.key for state in profile.incidents.states if state.is_closed)
    rows = request_store.read_requests(conn, choice, closed_states=closed_states, limit=limit, skip=skip)
    if not all(account.covers(row["area_code"]) for row in rows):
        raise ScopeLeakError(f"requests outside the scope {account.scope}")
    return [_request(row, profile, language) for row in rows]


def _service(kind: Kind, language: Language) -> dict[str, Any]:
    name, group = _word(kind.label, language), _word(kind.group, language) if kind.group else None
    other = kind.label.en if language == "zh" else kind.label.zh
    words = [word for word in (other, group, kind.code) if word and word != name]
    return {
        "service_code": kind.key, "service_name": name, "description": f"{group}：{name}" if group else name,
        "metadata": False, "type": "realtime", "keywords": ", ".join(words) or None, "group": group,
    }  # fmt: skip


def _request(row: Mapping[str, Any], profile: Profile, language: Language) -> dict[str, Any]:
    rule = profile.incidents
    kind = next((kind for kind in rule.categories if kind.key == row["category"]), None)
    state = rule.state(row["state"])
    notes = _word(state.label, language) if state else row["state"]
    if row["duplicate_of"] is not None:
        notes = f"{notes} ({DUPLICATE[language]})"
    changed_at = row["changed_at"] or row["tier_at"] or row["reported_at"]
    return {
        "service_request_id": str(row["incident_id"]), "status": "closed" if row["is_closed"] else "open",
        "status_notes": notes, "service_name": _word(kind.label, language) if kind else row["category"],
        "service_code": row["category"], "description": row["description"],
        "agency_responsible": _word(rule.tier(row["tier"]).label, language), "service_notice": None,
        "requested_datetime": told_at(row["reported_at"]), "updated_datetime": told_at(row["closed_at"] or changed_at),
        "expected_datetime": row["due_at"] and told_at(row["due_at"]), "address": row["address"],
        "address_id": None if row["building_id"] is None else str(row["building_id"]), "zipcode": None,
        "lat": _degrees(row["lat"]), "long": _degrees(row["lon"]), "media_url": media_url(row["description"]),
    }  # fmt: skip


def told_at(moment: datetime) -> str:
    """Return a moment as W3C's note on dates writes it, in the place's own zone, to the second."""
    return moment.astimezone(ZONE).isoformat(timespec="seconds")


def _word(label: Label, language: Language) -> str:
    return label.zh if language == "zh" else label.en


def _degrees(value: float | None) -> float | None:
    return None if value is None else round(value, 7)


def _parts(values: Sequence[str]) -> list[str]:
    """Return what was written several times, or with commas, or both."""
    return [part.strip() for value in values for part in value.split(",") if part.strip()]


def _ids(parts: Sequence[str]) -> tuple[int, ...]:
    """Return the numbers among ids; anything else is the id of nothing."""
    plain = [int(part) for part in parts if part.isascii() and part.isdecimal() and len(part) < 20]
    return tuple(number for number in plain if number <= ID_MAX)


def _number(what: str, value: str | None, usual: int, *, most: int = REQUESTS_MAX) -> int:
    plain = (value or "").strip()
    if not plain:
        return usual
    if not (plain.isascii() and plain.isdecimal() and len(plain) < 9 and 1 <= int(plain) <= most):
        raise BadSettingError(
            what=what, value=plain[:60], reason=f"write a number from 1 to {most}", reason_zh=f"应为 1 至 {most} 的整数"
        )
    return int(plain)


def _span(asked: Asked, now: datetime) -> tuple[datetime, datetime]:
    """Return the first and last second asked about; what is not said reaches 90 days, and not beyond now."""
    start, end = _moment("start_date", asked.start, time.min), _moment("end_date", asked.end, time(23, 59, 59))
    if end is None:
        end = now if start is None else max(start, min(start + SPAN, now))
    if start is None:
        start = end - SPAN
    if start > end:
        raise BadSettingError(
            what="start_date", value=asked.start, reason="it is after end_date", reason_zh="不能晚于 end_date"
        )
    if (end - start).days > SPAN.days:
        raise BadSettingError(
            what="end_date", value=asked.end, reason="it may lie at most 90 days after start_date",
            reason_zh="与 start_date 相隔不得超过 90 天",
        )  # fmt: skip
    return start, end


def _moment(what: str, value: str | None, day_time: time) -> datetime | None:
    """Return a moment written as W3C's note has it: with its zone, or a day, which is the place's own."""
    plain = (value or "").strip()
    if not plain:
        return None
    wrong = BadSettingError(
        what=what, value=plain[:60], reason="write it with its zone, such as 2026-01-01T00:00:00Z",
        reason_zh="应带时区，例如 2026-01-01T00:00:00+08:00",
    )  # fmt: skip
    try:
        # A plus sign that was not encoded arrives as a space.
        moment = datetime.fromisoformat(plain.replace(" ", "+"))
    except ValueError as error:
        raise wrong from error
    if len(plain) == len("2026-01-01"):
        moment = datetime.combine(moment.date(), day_time, ZONE)
    if moment.tzinfo is None or not FIRST_DAY <= moment.date() <= LAST_DAY:
        raise wrong
    return moment
