"""Incidents: within the account's scope, by row-level security and by the explicit scope of every reading."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response

from api.actions.count_incidents import Reading, choose, incident_summary
from api.actions.rank_incidents import rank_incidents
from api.actions.read_density import RateSurface, Surface, density_png, density_scale, rate_png, rate_scale
from api.actions.read_hotspots import HotspotsAsked, Measure, Method, hotspots_body
from api.actions.read_incidents import Wanted, cluster_body, incident_page
from api.actions.read_scan import Unit, emerging_body, scan_body
from api.answers import GEOJSON, PNG, json_answer, tile_answer
from api.auth import Account
from api.deps import AccountDep, LanguageDep, OnDay, Services, ServicesDep, TileNumber, Zoom
from api.homes import Homes
from api.routes import answers, guarded_router, problems
from api.routes.tiles import check_tile
from api.schemas.base import Day
from api.schemas.incidents import (
    Clusters,
    DensityScale,
    Emerging,
    Hotspots,
    IncidentsPage,
    IncidentSummary,
    RankedIncidents,
    ScannedCircles,
)
from api.schemas.service import JobTaken
from data.ledger import Bools, Ledger, Standing
from geo.hotspots.mesh import Kind

Measured = Annotated[Measure, Query(description="how many, or how many for the households there")]
router = guarded_router("street")
Key = Annotated[str | None, Query(max_length=40, pattern=r"^[a-z][a-z0-9_]*$")]
CellSize = Annotated[float | None, Query(ge=20, le=5000, allow_inf_nan=False, description="side of a cell")]
FINDINGS_KEPT_S = 60.0
FromDay = Annotated[Day | None, Query(alias="from", description="first day, Asia/Shanghai", examples=["2026-01-01"])]
ToDay = Annotated[Day | None, Query(alias="to", description="last day, included", examples=["2026-06-30"])]


@dataclass(frozen=True)
class Page:
    """Which part of a long list."""

    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000
    after: Annotated[int, Query(ge=0, lt=2**63, description="last incident_id of the page before")] = 0


@dataclass(frozen=True)
class Narrowed:
    """What narrows a choice of incidents further."""

    tier: Key = None
    state: Key = None
    standing: Annotated[Standing | None, Query(description="how it stands to its limit")] = None
    grid: Annotated[str | None, Query(max_length=15, pattern=r"^[0-9]{15}$")] = None
    weekdays: Annotated[str | None, Query(max_length=20, description="1 Monday .. 7", examples=["6,7"])] = None
    hours: Annotated[str | None, Query(max_length=5, description="first-last hour", examples=["20-5"])] = None
    bbox: Annotated[str | None, Query(max_length=120, description="west,south,east,north in degrees")] = None


def wanted(
    account: AccountDep, more: Annotated[Narrowed, Depends()], from_on: FromDay = None, to_on: ToDay = None,
    category: Key = None,
) -> Wanted:  # fmt: skip
    """Return the filter that every incident route knows, tied to the account's scope."""
    return Wanted(scope=account.scope, from_on=from_on, to_on=to_on, category=category, **vars(more))


PageDep = Annotated[Page, Depends()]
WantedDep = Annotated[Wanted, Depends(wanted)]


@router.get("/api/v1/incidents/summary", responses=answers(IncidentSummary, 401))
def summary(
    *, request: Request, services: ServicesDep, account: AccountDep, language: LanguageDep, filters: WantedDep,
    reading: Annotated[Reading, Query(description="by which plan grids are told")] = "reported", on: OnDay = None,
) -> Response:  # fmt: skip
    """Count incidents by day, category, tier, state, hour, time to settle and grid."""
    with services.read(account) as conn:
        ledger, clock = services.ledger(conn, account), services.clock(conn)
    body = incident_summary(
        ledger, filters.with_(reading=reading, on=on), clock, services.published, profile=services.profile,
        language=language,
    )  # fmt: skip
    return json_answer(request, body, reader="nobody")


@router.get("/api/v1/incidents", responses=answers(IncidentsPage, 401, media_type=GEOJSON))
def incidents(
    request: Request, services: ServicesDep, account: AccountDep, filters: WantedDep, page: PageDep
) -> Response:  # fmt: skip
    """List incidents as points, without their text."""
    ledger, left = _left(services, account, filters)
    body = incident_page(ledger, left, filters, limit=page.limit, after=page.after)
    return json_answer(request, body, reader="nobody", media_type=GEOJSON)


@router.get("/api/v1/incidents/ranked", responses=answers(RankedIncidents, 401, media_type=GEOJSON))
def ranked(
    request: Request, services: ServicesDep, account: AccountDep, filters: WantedDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:  # fmt: skip
    """List incidents by how long they are late, without their text: the list beside the map."""
    with services.read(account) as conn:
        ledger, clock = services.ledger(conn, account), services.clock(conn)
    body = rank_incidents(ledger, choose(ledger, filters, clock), filters, clock, limit=limit)
    return json_answer(request, body, reader="nobody", media_type=GEOJSON)


@router.get("/api/v1/incidents/clusters", responses=answers(Clusters, 401, media_type=GEOJSON))
def clusters(request: Request, services: ServicesDep, account: AccountDep, filters: WantedDep) -> Response:
    """Find where the incidents that the filter leaves gather; without one, as the last job found and stored it."""
    with services.read(account) as conn:
        ledger, clock = services.ledger(conn, account), services.clock(conn)
        body = cluster_body(conn, ledger, choose(ledger, filters, clock), filters, profile=services.profile)
    return json_answer(request, body, reader="nobody", media_type=GEOJSON)


@router.post("/api/v1/incidents/clusters", status_code=202, responses=problems(401, 403))
def find(services: ServicesDep, account: AccountDep) -> JobTaken:
    """Find and store the clusters of one's scope anew; the answer names the job to watch."""
    arguments = {"scope": account.scope}
    job_id = services.queue.defer("find_clusters", arguments, actor=account.name, account_id=account.account_id)
    return JobTaken(job_id=job_id)


@router.get("/api/v1/incidents/hotspots", responses=answers(Hotspots, 401, media_type=GEOJSON))
def hotspots(
    *, request: Request, services: ServicesDep, account: AccountDep, filters: WantedDep,
    method: Annotated[Method, Query(description="Getis-Ord Gi*, or local Moran")] = "gi_star",
    measure: Measured = "count",
    kind: Annotated[Kind, Query(description="shape of the cells")] = "hexagon",
    cell_m: CellSize = None,
) -> Response:  # fmt: skip
    """Find cells that stand out more than chance lets expect."""
    ledger, left, homes = _left_and_homes(services, account, filters)
    asked = HotspotsAsked(method, measure, kind, cell_m)
    body = hotspots_body(ledger, left, homes, asked, profile=services.profile)
    return json_answer(request, body, reader="nobody", media_type=GEOJSON)


@router.get("/api/v1/incidents/scan", responses=answers(ScannedCircles, 401, media_type=GEOJSON))
def scan(
    *, request: Request, services: ServicesDep, account: AccountDep, language: LanguageDep, filters: WantedDep,
    unit: Annotated[Unit | None, Query(description="with one, spans of time are scanned as well")] = None,
    cell_m: CellSize = None,
) -> Response:  # fmt: skip
    """Find circles in which there are more incidents than their households let expect (Kulldorff's scan)."""

    def found() -> dict[str, Any]:
        ledger, left, homes = _left_and_homes(services, account, filters)
        names = services.published.ground().communities["name"]
        return scan_body(
            ledger, left, homes, unit=unit, span=(filters.from_on, filters.to_on), cell_m=cell_m,
            profile=services.profile, name_of=lambda code: str(names.get(code, code)), language=language,
        )  # fmt: skip

    body = services.findings.get(("scan", filters, unit, cell_m, language), found, every_s=FINDINGS_KEPT_S)
    return json_answer(request, body, reader="nobody", media_type=GEOJSON)


@router.get("/api/v1/incidents/emerging", responses=answers(Emerging, 401, media_type=GEOJSON))
def emerging(
    *, request: Request, services: ServicesDep, account: AccountDep, language: LanguageDep, filters: WantedDep,
    unit: Unit = "month", cell_m: CellSize = None,
) -> Response:  # fmt: skip
    """Tell what places have been over time: newly hot, lasting, fading."""

    def found() -> dict[str, Any]:
        ledger, left, homes = _left_and_homes(services, account, filters)
        return emerging_body(
            ledger, left, homes, unit=unit, span=(filters.from_on, filters.to_on), cell_m=cell_m,
            profile=services.profile, language=language,
        )  # fmt: skip

    body = services.findings.get(("emerging", filters, unit, cell_m, language), found, every_s=FINDINGS_KEPT_S)
    return json_answer(request, body, reader="nobody", media_type=GEOJSON)


@router.get("/api/v1/incidents/density/scale", responses=answers(DensityScale, 401))
def scale(
    request: Request, services: ServicesDep, account: AccountDep, filters: WantedDep, measure: Measured = "count"
) -> Response:
    """Return the colours of one filter: the same for every tile of it."""
    if measure == "rate":
        body = rate_scale(_rates(services, account, filters), profile=services.profile)
    else:
        body = density_scale(_surface(services, account, filters), profile=services.profile)
    return json_answer(request, body, reader="nobody")


@router.get(
    "/api/v1/incidents/density/{z}/{x}/{y}.png", response_class=Response,
    responses={200: {"content": {PNG: {}}}, 204: {"description": "nothing there"}, **problems(401)},
)  # fmt: skip
def density(
    *, request: Request, services: ServicesDep, account: AccountDep, filters: WantedDep,
    z: Zoom, x: TileNumber, y: TileNumber, measure: Measured = "count",
) -> Response:  # fmt: skip
    """Draw incidents per square kilometre, or steadied per 1,000 households: a kernel in metres, one scale a filter."""
    check_tile(z, x, y)
    if measure == "rate":
        picture = rate_png(_rates(services, account, filters), z=z, x=x, y=y, profile=services.profile)
    else:
        picture = density_png(_surface(services, account, filters), z=z, x=x, y=y, profile=services.profile)
    return tile_answer(request, picture, media_type=PNG, reader="nobody")


def _left(services: Services, account: Account, filters: Wanted) -> tuple[Ledger, Bools]:
    """Return the incidents of a scope, and which of them a filter leaves."""
    with services.read(account) as conn:
        ledger, clock = services.ledger(conn, account), services.clock(conn)
    return ledger, choose(ledger, filters, clock)


def _left_and_homes(services: Services, account: Account, filters: Wanted) -> tuple[Ledger, Bools, Homes]:
    """Return the same, and where the households of the scope live."""
    ledger, left = _left(services, account, filters)
    with services.read(account) as conn:
        homes = services.homes.get(conn)
    return ledger, left, homes.within(account.scope)


def _rates(services: Services, account: Account, filters: Wanted) -> RateSurface:
    ledger, left = _left(services, account, filters)
    with services.read(account) as conn:
        town = services.homes.get(conn)
    return services.surfaces.rates(
        ledger, left, filters, town=town, scope=account.scope,
        bandwidth_m=services.profile.incidents.density_bandwidth_m,
    )  # fmt: skip


def _surface(services: Services, account: Account, filters: Wanted) -> Surface:
    ledger, left = _left(services, account, filters)
    return services.surfaces.get(ledger, left, filters, bandwidth_m=services.profile.incidents.density_bandwidth_m)
