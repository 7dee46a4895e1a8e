"""What residents say is wrong with an answer: JSON or the page's plain form, seen to by street offices."""

from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fastapi import Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.actions.report_answer import report_answer
from api.actions.settle_answer import settle_answer
from api.answers import json_answer
from api.deps import AccountDep, LanguageDep, RowId, Services, ServicesDep
from api.routes import answers, guarded_router, problems
from api.routes.pages import safe_next
from api.schemas.answer_reports import AnswerReportAsked, AnswerReports, AnswerReportTaken, Kind
from api.schemas.plans import GridCode
from data.calendar import today
from data.stores import answer_reports

residents = guarded_router("residents")
street = guarded_router("street")
V1 = "/api/v1/lookup/reports"
# Where an answer stands that may be reported: the look-up and the pages that doorplates open.
LOOKUP, DOORS = "/lookup", ("/d/", "/D/")


@residents.post(V1, status_code=201, responses=problems(403, 404))
def report(request: Request, services: ServicesDep, body: AnswerReportAsked) -> AnswerReportTaken:
    """Say that an answer is wrong. Only the kind, the grid, the day and a count are kept."""
    _take(request, services, kind=body.kind, grid_code=body.grid_code)
    return AnswerReportTaken()


@residents.post("/lookup/reports", response_class=Response, responses={303: {"description": "done: back to the page"}})
def report_form(
    *, request: Request, services: ServicesDep, language: LanguageDep,
    kind: Annotated[Kind, Form()], grid_code: Annotated[GridCode, Form()],
    back: Annotated[str, Form(max_length=600, pattern=r"^[^\x00]*$")] = "/lookup",
) -> Response:  # fmt: skip
    """Take the page's plain form, and lead back to the answer."""
    _take(request, services, kind=kind, grid_code=grid_code)
    return RedirectResponse(_thanked(back, language), status_code=303)


@street.get(V1, responses=answers(AnswerReports, 401, 403))
def list_reports(
    request: Request, services: ServicesDep, account: AccountDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 500,
) -> Response:  # fmt: skip
    """List what residents say is wrong and nobody has seen to yet, the newest day first."""
    with services.read(account) as conn:
        found = answer_reports.list_open(conn, within=account.scope, limit=limit)
    return json_answer(request, {"reports": found.to_dict("records")}, reader="nobody")


@street.post(f"{V1}/{{report_id}}/settle", status_code=204, responses=problems(401, 403, 404, 409))
def settle(services: ServicesDep, account: AccountDep, report_id: RowId) -> Response:
    """Write down that a report was seen to; said again on another day, it is a new one."""
    settle_answer(services.staff, report_id, account=account)
    return Response(status_code=204)


def _take(request: Request, services: Services, *, kind: str, grid_code: str) -> None:
    services.limits.hit("door", "answer", services.client_of(request))
    report_answer(services.staff, services.published, kind=kind, grid_code=grid_code, on=today())


def _thanked(path: str, language: str) -> str:
    """Return where the answer stands, with thanks; another place than an answer's leads to the look-up."""
    parts = urlsplit(safe_next(path))
    if not parts.path.startswith(DOORS) and parts.path != LOOKUP:
        parts = urlsplit(LOOKUP)
    told = {**dict(parse_qsl(parts.query)), "reported": "true", "lang": language}
    return urlunsplit(("", "", parts.path, urlencode(told), "thanks"))
