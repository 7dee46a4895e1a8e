"""Cases: incidents reported, followed and settled, within the account's scope."""

from fastapi import Request, Response

from api.actions.handle_incident import Seen, add_note, mark_duplicate, move_incident
from api.actions.read_case import case_body, duplicates_body, unplaced_body
from api.actions.report_incident import Report, place_incident, report_incident
from api.answers import json_answer
from api.deps import AccountDep, RowId, ServicesDep
from api.routes import answers, guarded_router, problems
from api.schemas.cases import (
    CaseAnswer,
    DuplicateAsked,
    Duplicates,
    IncidentMade,
    MoveAsked,
    NewIncident,
    NoteAsked,
    PlaceAsked,
    Unplaced,
)

router = guarded_router("street")
V1 = "/api/v1/incidents"


@router.post(V1, status_code=201, responses=problems(401, 403))
def report(services: ServicesDep, account: AccountDep, body: NewIncident) -> IncidentMade:
    """Report an incident: it is placed and its clock starts."""
    made = report_incident(
        services.staff, Report(source="staff", **body.model_dump()), profile=services.profile, account=account
    )
    return IncidentMade(**{**made.__dict__, "maybe_same": list(made.maybe_same)})


@router.get(f"{V1}/duplicates", responses=answers(Duplicates, 401))
def duplicates(request: Request, services: ServicesDep, account: AccountDep) -> Response:
    """List pairs of open incidents that may be one."""
    with services.read(account) as conn:
        body = duplicates_body(conn, profile=services.profile)
    return json_answer(request, body, reader="nobody")


@router.get(f"{V1}/unplaced", responses=answers(Unplaced, 401))
def unplaced(request: Request, services: ServicesDep, account: AccountDep) -> Response:
    """List incidents that could not be placed, with why."""
    with services.read(account) as conn:
        body = unplaced_body(conn)
    return json_answer(request, body, reader="nobody")


@router.get(f"{V1}/{{incident_id}}", responses=answers(CaseAnswer, 401, 404))
def case(request: Request, services: ServicesDep, account: AccountDep, incident_id: RowId) -> Response:
    """Tell all of an incident: text, history, limit, and what can be done now."""
    return _case(request, services, account, incident_id)


@router.post(f"{V1}/{{incident_id}}/moves", responses=answers(CaseAnswer, 401, 403, 404, 409))
def move(request: Request, services: ServicesDep, account: AccountDep, incident_id: RowId, body: MoveAsked) -> Response:
    """Move an incident on, by the place's rule."""
    seen = None if body.seen_state is None else Seen(body.seen_state, body.seen_tier)
    move_incident(
        services.staff, incident_id, body.move, reason=body.reason, seen=seen, profile=services.profile, account=account
    )
    return _case(request, services, account, incident_id)


@router.post(f"{V1}/{{incident_id}}/notes", responses=answers(CaseAnswer, 401, 403, 404))
def note(request: Request, services: ServicesDep, account: AccountDep, incident_id: RowId, body: NoteAsked) -> Response:
    """Add a note to an incident's history."""
    add_note(services.staff, incident_id, body.note, account=account)
    return _case(request, services, account, incident_id)


@router.put(f"{V1}/{{incident_id}}/duplicate", responses=answers(CaseAnswer, 401, 403, 404, 409))
def duplicate(
    request: Request, services: ServicesDep, account: AccountDep, incident_id: RowId, body: DuplicateAsked
) -> Response:
    """Mark an incident as one that was reported before, or take the mark away."""
    mark_duplicate(services.staff, incident_id, body.of, profile=services.profile, account=account)
    return _case(request, services, account, incident_id)


@router.put(f"{V1}/{{incident_id}}/place", responses=answers(CaseAnswer, 401, 403, 404))
def place(
    request: Request, services: ServicesDep, account: AccountDep, incident_id: RowId, body: PlaceAsked
) -> Response:
    """Give an incident its place."""
    place_incident(services.staff, incident_id, lon=body.lon, lat=body.lat, account=account)
    return _case(request, services, account, incident_id)


def _case(request: Request, services: ServicesDep, account: AccountDep, incident_id: int) -> Response:
    with services.read(account) as conn:
        body = case_body(conn, incident_id, profile=services.profile, account=account)
    return json_answer(request, body, reader="nobody")
