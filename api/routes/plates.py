"""Doorplates: the public's scan and report; issuing, printing, revoking by those who hang them up."""

from typing import Annotated

from fastapi import Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.actions.issue_plates import issue_plates
from api.actions.print_plates import Imprint, Order, count_of, sheet_pdf, sheet_svg
from api.actions.read_plates import batches, plates_page, reprints
from api.actions.report_plate import report_plate
from api.actions.revoke_plate import revoke_plate, settle_report
from api.actions.scan_plate import Door, UnknownPlateError, answer_at, find_door
from api.answers import json_answer
from api.auth import Account
from api.deps import AccountDep, LanguageDep, RowId, RowIdQuery, Services, ServicesDep
from api.job_downloads import job_file_answer
from api.routes import answers, guarded_router, problems
from api.schemas import plates as shapes
from api.schemas.plans import AreaCode
from api.schemas.service import JobTaken
from data.calendar import today
from data.postgis.engine import transaction
from data.stores import plates as plate_store
from geo.codes import scope_of
from geo.errors import InputError, NotFoundError

residents = guarded_router("residents")
router = guarded_router("street")
V1 = "/api/v1"
Code = Annotated[str, Path(min_length=1, max_length=60, examples=["K7Q2-9XBM-04TD-VR3H"])]
AreaChoice = Annotated[AreaCode | None, Query(description="only this area")]
SizeAsked = Annotated[shapes.Size, Query(description="width and height in millimetres")]
PaperAsked = Annotated[shapes.Paper, Query(description="A4 sheets with cut marks, or a page a plate")]
WaitingOnly = Annotated[bool, Query(description="leave out plates printed before")]
Page = Annotated[int, Query(ge=1, le=100_000)]


class WhichPlatesError(InputError):
    """Neither an area nor a batch was named, or both were."""

    zh = "请指定区划或批次之一。"
    en = "Name an area or a batch, one of the two."


def door_of(services: Services, request: Request, code: str) -> Door:
    """Return the door of a code; what nobody signed counts against the client."""
    with services.limits.guessing(services.client_of(request), UnknownPlateError):
        return find_door(services.public, services.plate_keys, code)


@residents.get(f"{V1}/doors/{{code}}", responses=answers(shapes.DoorAnswer, 404, 410))
def scan(request: Request, services: ServicesDep, language: LanguageDep, code: Code) -> Response:
    """Answer who is responsible at the door a plate hangs on: what the public look-up answers, no more."""
    door = door_of(services, request, code)
    body = answer_at(services.published, door, on=today(), profile=services.profile, language=language)
    return json_answer(request, shapes.DoorAnswer.model_validate(body).model_dump(), reader="nobody")


@residents.post(f"{V1}/doors/{{code}}/reports", status_code=201, responses=problems(403, 404, 410))
def report(request: Request, services: ServicesDep, code: Code, body: shapes.ReportAsked) -> shapes.ReportTaken:
    """Say that a plate is lost, damaged or wrong."""
    door = door_of(services, request, code)
    services.limits.hit("door", "report", services.client_of(request))
    report_plate(services.staff, door, kind=body.kind, words=body.words)
    return shapes.ReportTaken()


@router.post(f"{V1}/plates/issue", responses=answers(shapes.Issued, 401, 403, 404))
def issue(request: Request, services: ServicesDep, account: AccountDep, body: shapes.IssueAsked) -> Response:
    """Issue plates for every door of an area that has none; asked again, nothing is issued."""
    done = issue_plates(
        services.staff, services.plate_keys, area_code=body.area_code, size=body.size, account=account,
        is_trial=body.is_trial,
    )  # fmt: skip
    return json_answer(request, shapes.Issued(**vars(done)).model_dump(), reader="nobody")


@router.get(f"{V1}/plates", responses=answers(shapes.Plates, 401, 403))
def list_plates(
    *, request: Request, services: ServicesDep, account: AccountDep, area_code: AreaChoice = None,
    state: Annotated[shapes.State | None, Query()] = None, batch_id: RowIdQuery = None,
    q: Annotated[str, Query(max_length=80, description="in the door's name or the code")] = "",
    after: Annotated[int, Query(ge=0, lt=2**63)] = 0, limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:  # fmt: skip
    """List plates by id."""
    with services.read(account) as conn:
        body = plates_page(
            conn, within=_within(account, area_code), state=state, batch_id=batch_id, words=q, after=after, limit=limit
        )  # fmt: skip
    return json_answer(request, body, reader="nobody")


@router.get(f"{V1}/plates/batches", responses=answers(shapes.Batches, 401, 403))
def list_batches(
    request: Request, services: ServicesDep, account: AccountDep, area_code: AreaChoice = None
) -> Response:
    """List the batches plates were issued in, newest first."""
    with services.read(account) as conn:
        return json_answer(request, batches(conn, within=_within(account, area_code)), reader="nobody")


@router.get(f"{V1}/plates/reprints", responses=answers(shapes.Reprints, 401, 403))
def list_reprints(
    request: Request, services: ServicesDep, account: AccountDep, area_code: AreaChoice = None
) -> Response:
    """List what must be made anew: reported plates, doors without one, plates whose building is gone."""
    with services.limits.slot(), services.read(account) as conn:
        return json_answer(request, reprints(conn, within=_within(account, area_code)), reader="nobody")


@router.post(f"{V1}/plates/{{plate_id}}/revoke", responses=answers(shapes.Revoked, 401, 403, 404, 409))
def revoke(
    request: Request, services: ServicesDep, account: AccountDep, plate_id: RowId, body: shapes.RevokeAsked
) -> Response:
    """End a plate: its code opens nothing from then on; with `replace` its door is given another."""
    done = revoke_plate(
        services.staff, services.plate_keys, plate_id, reason=body.reason, replace=body.replace, account=account
    )  # fmt: skip
    return json_answer(request, vars(done), reader="nobody")


@router.post(f"{V1}/plates/reports/{{report_id}}/settle", responses=answers(shapes.Revoked, 401, 403, 404, 409))
def settle(
    request: Request, services: ServicesDep, account: AccountDep, report_id: RowId, body: shapes.SettleAsked
) -> Response:
    """See to a report: print again under the same code, replace by a new one, or dismiss."""
    done = settle_report(services.staff, services.plate_keys, report_id, outcome=body.outcome, account=account)
    return json_answer(request, vars(done), reader="nobody")


@router.post(f"{V1}/plates/printed", responses=answers(shapes.Printed, 401, 403))
def printed(request: Request, services: ServicesDep, account: AccountDep, body: shapes.PrintedAsked) -> Response:
    """Write down that a batch came back from the printer."""
    with transaction(services.staff, actor=account.name, action="mark_printed") as conn:
        done = plate_store.mark_printed(conn, within=account.scope, batch_id=body.batch_id)
    return json_answer(request, {"plates": done}, reader="nobody")


@router.get(
    f"{V1}/plates/sheet.svg", response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **problems(401, 403, 404)},
)  # fmt: skip
def svg(
    *, services: ServicesDep, account: AccountDep, area_code: AreaChoice = None, batch_id: RowIdQuery = None,
    size: SizeAsked = "90x60", paper: PaperAsked = "A4", waiting_only: WaitingOnly = False, page: Page = 1,
) -> Response:  # fmt: skip
    """Draw one page of plates as SVG."""
    asked = shapes.SheetsAsked(
        area_code=area_code, batch_id=batch_id, size=size, paper=paper, waiting_only=waiting_only
    )  # fmt: skip
    with services.read(account) as conn:
        content = sheet_svg(conn, _order(account, asked), imprint_of(services), page=page)
    return _sheet(content.encode(), "image/svg+xml", f"plates-{size}-{page}.svg")


@router.get(
    f"{V1}/plates/sheet.pdf", response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}, **problems(401, 403, 404)},
)  # fmt: skip
def pdf(
    *, services: ServicesDep, account: AccountDep, area_code: AreaChoice = None, batch_id: RowIdQuery = None,
    size: SizeAsked = "90x60", paper: PaperAsked = "A4", waiting_only: WaitingOnly = False, page: Page | None = None,
) -> Response:  # fmt: skip
    """Draw one page of plates as PDF, or all pages of a small order."""
    asked = shapes.SheetsAsked(
        area_code=area_code, batch_id=batch_id, size=size, paper=paper, waiting_only=waiting_only
    )  # fmt: skip
    with services.limits.slot(), services.read(account) as conn:
        content = sheet_pdf(conn, _order(account, asked), imprint_of(services), page=page)
    return _sheet(content, "application/pdf", f"plates-{size}{f'-{page}' if page else ''}.pdf")


@router.post(f"{V1}/plates/sheets", status_code=202, responses=problems(401, 403, 404))
def order(services: ServicesDep, account: AccountDep, body: shapes.SheetsAsked) -> JobTaken:
    """Order many sheets; the answer names the job to watch, whose file is taken along when it is done."""
    asked = _order(account, body)
    with services.read(account) as conn:
        count_of(conn, asked)
    arguments = {"order": vars(asked), "imprint": vars(imprint_of(services))}
    job_id = services.queue.defer("print_plates", arguments, actor=account.name, account_id=account.account_id)
    return JobTaken(job_id=job_id)


@router.get(
    f"{V1}/plates/sheets/{{job_id}}/file", response_class=StreamingResponse,
    responses={200: {"content": {"application/zip": {}}}, **problems(401, 403, 404)},
)  # fmt: skip
def take(services: ServicesDep, account: AccountDep, job_id: RowId) -> StreamingResponse:
    """Take along the sheets a job of one's own has drawn: a zip of PDFs."""
    return job_file_answer(services, account, job_id)


def imprint_of(services: Services) -> Imprint:
    """Return what all plates of this deployment say."""
    return Imprint.of(services.profile, place=services.place("zh"), public_url=services.settings.public_url)


def _order(account: Account, asked: shapes.SheetsAsked) -> Order:
    if (asked.area_code is None) == (asked.batch_id is None):
        raise WhichPlatesError()
    within = _within(account, asked.area_code)
    if within.endswith("!"):
        raise NotFoundError(what="area", key=asked.area_code)
    return Order(within, asked.size, asked.paper, asked.batch_id, asked.waiting_only)


def _within(account: Account, area_code: str | None) -> str:
    """What is looked at: the account's scope, narrowed to an area; none of it where they do not meet."""
    if area_code is None:
        return account.scope
    digits = scope_of(area_code)
    return digits if account.covers(digits) else f"{digits}!"


def _sheet(content: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'inline; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)
