"""Written: answers to a look-up as the bytes of their JSON, what is the same for many written once.

An answer is what is said of a grid, the stations near the door, and an end. The first and the last are kept with the
snapshot they were made of, stations with the doors, so that they end with them; `look_up` has the words.
"""

from typing import Any

from api import sandbox
from api.actions.look_up import body_of, near_stations, station_row
from api.found import Found, Question, find
from api.published import Around, Moment, Snapshot, Written
from api.schemas.lookup import LookupAnswer, NearStation
from data.profiles import Profile

KEPT_MAX = 20_000  # of either: some kilobytes each at most
_GAP = b'"stations":[]'


def written_answer(moment: Moment, question: Question, *, profile: Profile, language: str) -> bytes:
    """Return the body of ``GET /api/v1/lookup``: `api.actions.look_up.look_up` as JSON, to the byte.

    Raises
    ------
    InputError
        The point cannot be in the datum it is said to be in.
    """
    point = question.wgs84
    invented = sandbox.answer_at(*point, on=question.on, language=language)
    if invented is not None:
        return LookupAnswer.model_validate(invented).model_dump_json().encode()
    found = find(moment, point, question.accuracy_m)
    near = [] if found.is_coarse(question.accuracy_m) else near_stations(moment.around, point)
    begin, end, end_with_minutes = _said(moment.snapshot, found, question, profile=profile, language=language)
    stations = [_station(moment.around, *one, profile=profile, language=language) for one in near]
    has_minutes = any(walk_min is not None for _, walk_min, _ in near)
    return begin + b'"stations":[' + b",".join(stations) + b"]" + (end_with_minutes if has_minutes else end)


def _said(
    snapshot: Snapshot, found: Found, question: Question, *, profile: Profile, language: str
) -> tuple[bytes, bytes, bytes]:
    """Return what stands before the stations, what behind them, and that where one of them has minutes."""
    # How well the place is known is told only where it is known too roughly.
    accuracy_m = question.accuracy_m if found.is_coarse(question.accuracy_m) else None
    key = (found, accuracy_m, language)
    said: tuple[bytes, bytes, bytes] | None = snapshot.written.get(key)
    if said is None:
        body = body_of(snapshot, found, question, [], profile=profile, language=language)
        begin, _, end = LookupAnswer.model_validate(body).model_dump_json().encode().rpartition(_GAP)
        minutes = LookupAnswer.model_validate({**body, "walk_max_min": max(profile.minutes)}).model_dump_json().encode()
        said = (begin, end, minutes.rpartition(_GAP)[2])
        _keep(snapshot.written, key, said)
    return said


def _station(
    around: Around, place: int, walk_min: float | None, distance_m: int, *, profile: Profile, language: str
) -> bytes:
    key = (place, language)
    begin: bytes | None = around.written.get(key)
    if begin is None:
        row = station_row(around, place, None, 0, profile=profile, language=language)
        begin = NearStation.model_validate(row).model_dump_json().encode().rpartition(b'"walk_min":')[0]
        _keep(around.written, key, begin)
    minutes = b"null" if walk_min is None else repr(walk_min).encode()
    return b'%b"walk_min":%b,"distance_m":%d.0}' % (begin, minutes, distance_m)


def _keep(written: Written, key: Any, value: Any) -> None:
    if len(written) >= KEPT_MAX:
        written.clear()
    written[key] = value
