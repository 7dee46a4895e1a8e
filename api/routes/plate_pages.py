"""Pages of doorplates: the resident's page a plate opens, its plain report form, and the page of those who print."""

from typing import Annotated, Any

from fastapi import Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.actions.report_plate import report_plate
from api.actions.scan_plate import Door, UnknownPlateError, answer_at
from api.auth import Account
from api.deps import AccountDep, LanguageDep, NonceDep, Services, ServicesDep, VisitorDep
from api.language import Language
from api.routes import guarded_router, problems
from api.routes.pages import Chosen, answered, resident_context, shell_of, show
from api.routes.plates import Code, door_of
from api.schemas import plates as shapes
from data.calendar import today
from data.plate_codes import grouped
from data.stores.plates import RevokedPlateError
from maps.pages import lookup
from maps.pages import plates as plates_page_of

residents = guarded_router("residents")
street = guarded_router("street")
Reported = Annotated[bool, Query(description="the visitor has just reported the plate")]


@residents.get("/d/{code}", response_class=HTMLResponse, responses=problems(404, 410))
@residents.get("/D/{code}", response_class=HTMLResponse, responses=problems(404, 410))
def door_page(
    *, request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, visitor: VisitorDep,
    code: Code, reported: Reported = False, grid: Chosen = None,
) -> HTMLResponse:  # fmt: skip
    """Show who answers for the door a plate hangs on; works without scripts. Plates' codes say /D/ in capitals."""
    page = _Page(request, services, language, nonce, visitor)
    try:
        door = door_of(services, request, code)
    except UnknownPlateError:
        return page.without("unknown", status=404)
    except RevokedPlateError:
        return page.without("revoked", status=410)
    return page.of(door, is_reported=reported, grid=grid)


@residents.post("/d/{code}/report", response_class=Response, responses={303: {"description": "done: back to the door"}})
def report_form(
    *, request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, visitor: VisitorDep,
    code: Code, kind: Annotated[shapes.Kind, Form()],
    words: Annotated[str, Form(max_length=400, pattern=r"^[^\x00]*$")] = "",
) -> Response:  # fmt: skip
    """Take the plain form that says what is the matter with a plate."""
    page = _Page(request, services, language, nonce, visitor)
    try:
        door = door_of(services, request, code)
    except UnknownPlateError:
        return page.without("unknown", status=404)
    except RevokedPlateError:
        return page.without("revoked", status=410)
    services.limits.hit("door", "report", services.client_of(request))
    # A form may hold line breaks, each of which browsers send as two characters.
    report_plate(services.staff, door, kind=kind, words=" ".join(words.split())[:200])
    to = f"/d/{door.code}?reported=true" + ("&lang=en" if language == "en" else "")
    return RedirectResponse(to, status_code=303)


@street.get("/plates", response_class=HTMLResponse, responses=problems(401, 403))
def plates_page(
    request: Request, services: ServicesDep, language: LanguageDep, nonce: NonceDep, account: AccountDep
) -> HTMLResponse:
    """Show what plates there are, what waits for print and what must be made anew."""
    context = plates_page_of.PlatesContext(shell=shell_of(request, services, language, account))
    return show(request, plates_page_of.render(context, language=language, nonce=nonce))


class _Page:
    """The resident's page, as a plate opens it."""

    def __init__(
        self, request: Request, services: Services, language: Language, nonce: str, visitor: Account | None
    ) -> None:
        self.request, self.services, self.language, self.nonce = request, services, language, nonce
        self.shell = shell_of(request, services, language, visitor)

    def of(self, door: Door, *, is_reported: bool, grid: str | None) -> HTMLResponse:
        """Return the page of a door."""
        services, language = self.services, self.language
        body = answer_at(services.published, door, on=today(), profile=services.profile, language=language)
        name = door.name(language)
        scanned = lookup.ScannedDoor(
            state="found", code=grouped(door.code), label=name.label, address=name.address, is_reported=is_reported
        )  # fmt: skip
        told = answered(services, body, door.points[0], language=language, grid=grid)
        return self._show(200, door=scanned, is_reported=is_reported, **told)

    def without(self, state: str, *, status: int) -> HTMLResponse:
        """Return the page that offers the search instead."""
        return self._show(status, door=lookup.ScannedDoor(state=state))

    def _show(self, status: int, **told: Any) -> HTMLResponse:
        context = resident_context(self.services, self.shell, **told)
        html = lookup.render(context, language=self.language, nonce=self.nonce)
        return show(self.request, html, status=status)
