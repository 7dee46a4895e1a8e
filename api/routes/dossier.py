"""Dossier: what a plan changes - as an answer, as maps, as a workbook, on paper - and the plan to take along."""

from datetime import UTC, datetime
from typing import Annotated, Any

import geopandas as gpd
from fastapi import Query, Request, Response

from api.actions.export_dossier import dossier_workbook
from api.actions.package_plan import package_plan
from api.actions.read_dossier import changed_ground, dossier_of
from api.actions.read_plans import require_plan
from api.answers import GEOJSON, attachment, collection, feature, json_answer
from api.auth import Account
from api.deps import AccountDep, LanguageDep, RowId, Services, ServicesDep
from api.dossier_words import dossier_notes, dossier_totals, said
from api.language import Language
from api.routes import answers, guarded_router, problems
from api.schemas.base import FeatureCollection
from api.schemas.dossier import Dossier, DossierGround
from data.calendar import ZONE
from geo.codes import scope_of
from maps.dossier import PaperDossier, Side, dossier_pdf
from maps.picture import Outline

PDF, XLSX = "application/pdf", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"
BaseId = Annotated[int | None, Query(ge=1, lt=2**63, description="the plan to compare with; else those in force")]
router = guarded_router("planning")


@router.get("/api/v1/plans/{plan_id}/dossier", responses=answers(Dossier, 401, 404))
def read_dossier(
    request: Request, services: ServicesDep, account: AccountDep, language: LanguageDep, plan_id: RowId,
    base: BaseId = None,
) -> Response:  # fmt: skip
    """Tell what a plan changes: who moves from whom to whom, and what that makes to be done."""
    return json_answer(request, _dossier(services, account, plan_id, base, language), reader="nobody")


@router.get(
    "/api/v1/plans/{plan_id}/dossier/ground",
    responses=answers(FeatureCollection[DossierGround], 401, 404, media_type=GEOJSON),
)
def read_ground(
    request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId, base: BaseId = None
) -> Response:
    """Draw what a plan changes: grids before and after where something changes, and the ground that moves."""
    with services.limits.slot(), services.read(account) as conn:
        ground = changed_ground(conn, account, plan_id, base_id=base, profile=services.profile)
    return json_answer(
        request, collection(_features(ground)), reader="nobody", media_type=GEOJSON
    )  # fmt: skip


@router.get(
    "/api/v1/plans/{plan_id}/dossier.xlsx", response_class=Response,
    responses={**problems(401, 404), 200: {"content": {XLSX: {}}}},
)  # fmt: skip
def take_workbook(
    services: ServicesDep, account: AccountDep, language: LanguageDep, plan_id: RowId, base: BaseId = None
) -> Response:
    """Take the dossier along as an Excel workbook, a sheet for each of those who have to act on it."""
    made = _dossier(services, account, plan_id, base, language)
    return attachment(dossier_workbook(made, language=language), XLSX, f"dossier-{plan_id}.xlsx")


@router.get(
    "/api/v1/plans/{plan_id}/dossier.pdf", response_class=Response,
    responses={**problems(401, 404), 200: {"content": {PDF: {}}}},
)  # fmt: skip
def take_paper(
    services: ServicesDep, account: AccountDep, language: LanguageDep, plan_id: RowId, base: BaseId = None
) -> Response:
    """Print the dossier, with the maps before and after."""
    made = _dossier(services, account, plan_id, base, language)
    with services.limits.slot(), services.read(account) as conn:
        ground = changed_ground(conn, account, plan_id, base_id=base, profile=services.profile)
    paper = PaperDossier(
        title=said("title", language), place=services.place(language), made_at=datetime.now(UTC).astimezone(ZONE),
        notes=dossier_notes(made, language), totals=dossier_totals(made, language), body=made,
        before=_side(ground["before"]), after=_side(ground["after"]), moved=list(ground["moved"].geometry),
        attribution=services.attribution(),
    )  # fmt: skip
    return attachment(dossier_pdf(paper, language=language), PDF, f"dossier-{plan_id}.pdf")


@router.get(
    "/api/v1/plans/{plan_id}/package.zip", response_class=Response,
    responses={**problems(401, 403, 404), 200: {"content": {ZIP: {}}}},
)  # fmt: skip
def take_package(services: ServicesDep, account: AccountDep, language: LanguageDep, plan_id: RowId) -> Response:
    """Take the whole plan along: announcement, maps, layers, tables, checksums; its digest is in `x-package-digest`."""
    with services.limits.slot(), services.read(account) as conn:
        account.require_cover(scope_of(require_plan(conn, account, plan_id)["area_code"]))
        content, digest = package_plan(
            conn, plan_id, profile=services.profile, attribution=services.attribution(), language=language
        )
    answer = attachment(content, ZIP, f"plan-{plan_id}.zip")
    answer.headers["x-package-digest"] = digest
    return answer


def _dossier(
    services: Services, account: Account, plan_id: int, base_id: int | None, language: Language
) -> dict[str, Any]:
    with services.limits.slot(), services.read(account) as conn:
        return dossier_of(conn, account, plan_id, base_id=base_id, profile=services.profile, language=language)


def _features(ground: dict[str, gpd.GeoDataFrame]) -> list[dict[str, Any]]:
    rows = []
    for part, frame in ground.items():
        plain = frame.drop(columns="geometry").to_dict("records")
        for at, (row, shape) in enumerate(zip(plain, frame.geometry, strict=True)):
            inside = shape.representative_point()  # where its name goes
            place = {"lon": round(inside.x, 7), "lat": round(inside.y, 7)}
            rows.append(feature(shape, {"part": part, **row, **place}, feature_id=f"{part}-{at}"))
    return rows


def _side(grids: gpd.GeoDataFrame) -> Side:
    codes = [str(code) for code in grids["grid_code"]]
    outlines = [Outline(code, code[:12], shape) for code, shape in zip(codes, grids.geometry, strict=True)]
    return Side(outlines, list(grids["state"]))
