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
_GAP = '"stations":[]'


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
    begun, stations = moment.around.written, []
    for place, walk_min, distance_m in near:
        station = begun.get((place, language)) or _begun(moment.around, place, profile=profile, language=language)
        stations.append(f'{station}"walk_min":{"null" if walk_min is None else walk_min},"distance_m":{distance_m}.0}}')
        end = end if walk_min is None else end_with_minutes
    return f'{begin}"stations":[{",".join(stations)}]{end}'.encode()


def _said(
    snapshot: Snapshot, found: Found, question: Question, *, profile: Profile, language: str
) -> tuple[str, str, str]:
    """Return what stands before the stations, what behind them, and that where one of them has minutes."""
    # How well the place is known is told only where it is known too roughly.
    accuracy_m = question.accuracy_m if found.is_coarse(question.accuracy_m) else None
    key = (found, accuracy_m, language)
    said: tuple[str, str, str] | None = snapshot.written.get(key)
    if said is None:
        body = body_of(snapshot, found, question, [], profile=profile, language=language)
        begin, _, end = LookupAnswer.model_validate(body).model_dump_json().rpartition(_GAP)
        minutes = LookupAnswer.model_validate({**body, "walk_max_min": max(profile.minutes)}).model_dump_json()
        said = (begin, end, minutes.rpartition(_GAP)[2])
        _keep(snapshot.written, key, said)
    return said


def _begun(around: Around, place: int, *, profile: Profile, language: str) -> str:
    """Return a station as far as it is the same for every door."""
    row = station_row(around, place, None, 0, profile=profile, language=language)
    begin = NearStation.model_validate(row).model_dump_json().rpartition('"walk_min":')[0]
    _keep(around.written, (place, language), begin)
    return begin


def _keep(written: Written, key: Any, value: Any) -> None:
    if len(written) >= KEPT_MAX:
        written.clear()
    written[key] = value
