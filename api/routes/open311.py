"""Open311 GeoReport v2: kinds of incidents for everybody; reporting and following them with a key.

Every path may end in ``.xml`` or ``.json``; without, Accept decides, and else it is XML.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.access import OPEN311
from api.actions.read_requests import Asked, request_body, requests_body, service_kind, services_body
from api.actions.report_request import notice, report_request
from api.answers import JSON
from api.deps import AccountDep, LanguageDep, Services, ServicesDep
from api.keyed import KeyedRoute
from api.open311 import MEDIA, told
from api.routes import TAGS
from api.schemas.open311 import (
    Discovery,
    ErrorLine,
    NewRequest,
    RequestMade,
    Service,
    ServiceDefinition,
    ServiceRequest,
    TokenAnswer,
)
from data.calendar import today
from geo.errors import NotFoundError

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Everywhere:
    """What every call may carry; the key is read by the guard."""

    jurisdiction_id: Annotated[str | None, Query(description="the place's division code; may be left out")] = None
    api_key: Annotated[
        str | None, Query(description="better sent as the header X-Api-Key: addresses get written down")
    ] = None


@dataclass(frozen=True)
class Narrowed:
    """What narrows a list of requests."""

    service_request_id: Annotated[list[str], Query(default_factory=list, description="these alone; comma delimited")]
    service_code: Annotated[list[str], Query(default_factory=list, description="comma delimited")]
    status: Annotated[list[str], Query(default_factory=list, description="open, closed")]
    start_date: Annotated[str | None, Query(description="with its zone; usually 90 days ago")] = None
    end_date: Annotated[str | None, Query(description="at most 90 days after start_date")] = None
    page: Annotated[str | None, Query(description="1 and up")] = None
    page_size: Annotated[str | None, Query(description="at most 1000")] = None


def in_jurisdiction(services: ServicesDep, more: Annotated[Everywhere, Depends()]) -> None:
    """Refuse a call that means another place."""
    require_jurisdiction(services, more.jurisdiction_id)


def require_jurisdiction(services: Services, asked: str | None) -> None:
    """Raise NotFoundError where a jurisdiction_id is given that is not this place's code."""
    if asked and asked.strip() != services.profile.place.code:
        raise NotFoundError(what="jurisdiction_id", key=asked[:60])


def answers(model: Any, *statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entries of a route: its model, and the refusals of all."""
    refused = {"model": list[ErrorLine], "description": "codes and descriptions"}
    return {
        200: {"model": model, "content": {"text/xml": {}, JSON: {}}},
        **dict.fromkeys((400, *statuses, 429), refused),
    }


router = APIRouter(route_class=KeyedRoute, tags=[TAGS["street"]], dependencies=[Depends(in_jurisdiction)])
_FORM_ASKED = {"requestBody": {"required": True, "content": {FORM: {"schema": NewRequest.model_json_schema()}}}}


@router.get(f"{OPEN311}/discovery", responses=answers(Discovery, 404))
def discovery(request: Request, services: ServicesDep, language: LanguageDep) -> Response:
    """Say where the interface is, in which forms, and whom to ask for a key."""
    body = Discovery.model_validate(_discovery(services, language)).model_dump()
    return told(request, "discovery", body, is_public=True)


@router.get(f"{OPEN311}/services", responses=answers(list[Service], 404))
def services_in_force(request: Request, services: ServicesDep, language: LanguageDep) -> Response:
    """List the kinds of incidents in force today."""
    body = [Service(**row).model_dump() for row in services_body(services.profile, language)]
    return told(request, "services", body, is_public=True)


@router.get(f"{OPEN311}/services/{{service_code}}", responses=answers(ServiceDefinition, 404))
def service(request: Request, services: ServicesDep, service_code: str) -> Response:
    """Define a kind: it asks for nothing more than every report."""
    kind = service_kind(services.profile, service_code)
    body = ServiceDefinition(service_code=kind.key, attributes=[]).model_dump()
    return told(request, "service_definition", body, is_public=True)


@router.post(f"{OPEN311}/requests", responses=answers(list[RequestMade], 403, 404), openapi_extra=_FORM_ASKED)
def report(request: Request, services: ServicesDep, account: AccountDep, language: LanguageDep) -> Response:
    """Report an incident; its id is given at once."""
    try:
        asked = NewRequest.of_form(request.state.fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    require_jurisdiction(services, asked.jurisdiction_id)
    made = report_request(services.staff, asked, profile=services.profile, account=account)
    words = notice(made, language, profile=services.profile, has_files=request.state.has_files)
    body = RequestMade(service_request_id=str(made.incident_id), service_notice=words, account_id=asked.account_id)
    # 200, not 201: widespread clients take no other for done.
    return told(request, "service_requests", [body.model_dump()])


@router.get(f"{OPEN311}/requests", responses=answers(list[ServiceRequest], 403, 404))
def requests(
    *, request: Request, services: ServicesDep, account: AccountDep, language: LanguageDep,
    more: Annotated[Narrowed, Depends()],
) -> Response:  # fmt: skip
    """List requests within the scope of the key's account, newest first."""
    asked = Asked(
        ids=more.service_request_id, codes=more.service_code, statuses=more.status, start=more.start_date,
        end=more.end_date, page=more.page, page_size=more.page_size,
    )  # fmt: skip
    with services.read(account) as conn:
        rows = requests_body(conn, asked, profile=services.profile, account=account, language=language)
    return _told_requests(request, rows)


@router.get(f"{OPEN311}/requests/{{service_request_id}}", responses=answers(list[ServiceRequest], 403, 404))
def one_request(
    *, request: Request, services: ServicesDep, account: AccountDep, language: LanguageDep, service_request_id: str
) -> Response:
    """Tell how a request stands."""
    with services.read(account) as conn:
        rows = request_body(conn, service_request_id, profile=services.profile, account=account, language=language)
    return _told_requests(request, rows)


@router.get(f"{OPEN311}/tokens/{{token}}", responses=answers(list[TokenAnswer], 403, 404))
def token_id(
    request: Request, services: ServicesDep, account: AccountDep, language: LanguageDep, token: str
) -> Response:  # fmt: skip
    """Return the id of a token: they are the same, for ids are given at once."""
    with services.read(account) as conn:
        rows = request_body(conn, token, profile=services.profile, account=account, language=language)
    number = rows[0]["service_request_id"]
    return told(request, "service_requests", [TokenAnswer(service_request_id=number, token=number).model_dump()])


def _told_requests(request: Request, rows: list[dict[str, Any]]) -> Response:
    return told(request, "service_requests", [ServiceRequest(**row).model_dump() for row in rows])


def _discovery(services: Services, language: str) -> dict[str, Any]:
    rule, public, settings = services.profile.incidents, services.profile.public, services.settings
    first = [table.valid_from for table in rule.tables if table.valid_from <= today()]
    changeset = f"{max(first, default=rule.tables[0].valid_from).isoformat()} 00:00"
    desk = f"{getattr(public.desk_name, language)} {public.desk_phone}"
    key = {"zh": "密钥由本服务的运维人员发放", "en": "the operator of this service gives keys"}[language]
    endpoint = {
        "specification": SPECIFICATION, "url": f"{settings.public_url}{OPEN311}", "changeset": changeset,
        "type": "production" if settings.environment == "production" else "test",
        "formats": [media.partition(";")[0] for media in MEDIA.values()],
    }  # fmt: skip
    return {"changeset": changeset, "contact": desk, "key_service": f"{key}：{desk}", "endpoints": [endpoint]}
