"""Incidents to take along: tables, a workbook, a printed brief; and the counts that everybody may know."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
from fastapi import Request, Response

from api.actions.brief_incidents import asked_words, brief_of
from api.actions.count_incidents import choose, incident_summary
from api.actions.export_incidents import as_csv, as_workbook, export_table
from api.actions.read_incidents import Wanted
from api.actions.read_public_incidents import public_counts
from api.actions.read_scan import scan_body
from api.answers import attachment, json_answer
from api.auth import EVERYWHERE, Account
from api.deps import AccountDep, LanguageDep, Services, ServicesDep
from api.language import Language
from api.routes import answers, guarded_router, problems
from api.routes.incidents import FINDINGS_KEPT_S, WantedDep
from api.schemas.incidents import PublicIncidents
from data.calendar import ZONE, today
from data.postgis.engine import reading
from maps.brief import brief_pdf

CSV, PDF = "text/csv; charset=utf-8", "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PUBLIC_KEPT_S = 600.0
router = guarded_router("street")
residents = guarded_router("residents")


@residents.get("/api/v1/incidents/public", responses=answers(PublicIncidents))
def public(request: Request, services: ServicesDep, language: LanguageDep) -> Response:
    """Tell everybody how many incidents there were in the last twelve whole months: no place, no count below five."""
    return json_answer(request, public_figures(services, language), reader="public")


def public_figures(services: Services, language: Language) -> dict[str, Any]:
    """Return what everybody may know, read anew every few minutes."""

    def found() -> dict[str, Any]:
        with reading(services.staff) as conn:
            ledger = services.ledgers.get(conn, EVERYWHERE)
        names = services.published.ground().communities["name"].astype(str).to_dict()
        return public_counts(ledger, names, today=today(), profile=services.profile, language=language)

    return services.findings.get(("public", today(), language), found, every_s=PUBLIC_KEPT_S)


@router.get(
    "/api/v1/incidents/export.csv", response_class=Response, responses={**problems(401), 200: {"content": {CSV: {}}}}
)
def export_csv(services: ServicesDep, account: AccountDep, language: LanguageDep, filters: WantedDep) -> Response:
    """Take the incidents of a filter along as CSV, without their text."""
    return attachment(as_csv(_table(services, account, filters, language)), CSV, "incidents.csv")


@router.get(
    "/api/v1/incidents/export.xlsx", response_class=Response, responses={**problems(401), 200: {"content": {XLSX: {}}}}
)
def export_xlsx(services: ServicesDep, account: AccountDep, language: LanguageDep, filters: WantedDep) -> Response:
    """Take the incidents of a filter along as an Excel workbook, without their text."""
    table = _table(services, account, filters, language)
    title, notes = asked_words(filters, profile=services.profile, language=language)
    return attachment(as_workbook(table, title=title, notes=notes, language=language), XLSX, "incidents.xlsx")


@router.get(
    "/api/v1/incidents/brief.pdf", response_class=Response, responses={**problems(401), 200: {"content": {PDF: {}}}}
)
def brief(services: ServicesDep, account: AccountDep, language: LanguageDep, filters: WantedDep) -> Response:
    """Print one page of a filter's incidents: figures, map, busiest grids, and what chance does not explain."""
    with services.read(account) as conn:
        ledger, clock, homes = services.ledger(conn, account), services.clock(conn), services.homes.get(conn)
    left, own, profile = choose(ledger, filters, clock), homes.within(account.scope), services.profile
    ground = services.published.ground()

    def found() -> dict[str, Any]:
        return scan_body(
            ledger, left, own, unit=None, span=(filters.from_on, filters.to_on), cell_m=None, profile=profile,
            name_of=lambda code: str(ground.communities["name"].get(code, code)), language=language,
        )  # fmt: skip

    scanned = services.findings.get(("scan", filters, None, None, language), found, every_s=FINDINGS_KEPT_S)
    grids = services.published.on(today()).grids.set_index("grid_code")
    made = brief_of(
        incident_summary(ledger, filters, clock, services.published, profile=profile, language=language), scanned,
        grids[[account.covers(str(code)) for code in grids.index]], filters, profile=profile,
        place=services.place(language), attribution=services.attribution(),
        now=datetime.now(UTC).astimezone(ZONE), language=language,
    )  # fmt: skip
    return attachment(brief_pdf(made, language=language), PDF, "brief.pdf")


def _table(services: Services, account: Account, filters: Wanted, language: Language) -> pd.DataFrame:
    with services.read(account) as conn:
        ledger, clock = services.ledger(conn, account), services.clock(conn)
    left = choose(ledger, filters, clock)
    return export_table(ledger, left, filters, clock, profile=services.profile, language=language)
