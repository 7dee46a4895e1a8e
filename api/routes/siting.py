"""Siting: what a station elsewhere would reach, where the next should stand, and what changes would do."""

from datetime import datetime
from typing import Annotated

from fastapi import Query, Request, Response

from api.actions.accept_changes import accept_changes
from api.actions.find_sites import find_sites
from api.actions.read_pockets import read_pockets
from api.actions.try_changes import Changes, try_changes
from api.actions.try_place import Asked, try_place
from api.answers import GEOJSON, json_answer
from api.auth import EVERYWHERE
from api.deps import AccountDep, LanguageDep, ServicesDep
from api.routes import answers, guarded_router, problems
from api.routes.reach import Category, Minutes
from api.schemas.reach import (
    AcceptAsked,
    AcceptedAnswer,
    ChangesAsked,
    Pockets,
    Sites,
    SitingAsked,
    TrialAnswer,
    TrialAsked,
    TriedCircles,
)
from geo.errors import DeniedError

router = guarded_router("planning")
Walker = Annotated[str | None, Query(max_length=40, pattern=r"^[a-z][a-z0-9_]*$", examples=["elder"])]
Moment = Annotated[datetime | None, Query(description="a moment; without a zone local; gates shut then stay shut")]


@router.get("/api/v1/reach/at", responses=answers(TriedCircles, 401, media_type=GEOJSON))
def at_place(
    *,
    request: Request,
    services: ServicesDep,
    account: AccountDep,
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    walker: Walker = None,
    at: Moment = None,
    category: Category = None,
) -> Response:
    """Tell what a station at a place would reach: ground, households, and those of them nobody serves yet."""
    asked = Asked(account.scope, walker, at, category)
    with services.read(account) as conn:
        made = try_place(conn, services.scenes, lon=lon, lat=lat, profile=services.profile, asked=asked)
    return json_answer(request, made, media_type=GEOJSON)


@router.get("/api/v1/reach/pockets", responses=answers(Pockets, 401, media_type=GEOJSON))
def pockets(
    request: Request,
    services: ServicesDep,
    account: AccountDep,
    language: LanguageDep,
    minutes: Minutes = None,
    category: Category = None,
) -> Response:
    """List the homes no station reaches in time, in groups with a name and a size, most households first."""
    with services.read(account) as conn:
        made = read_pockets(
            conn, services.scenes, scope=account.scope, minutes=minutes, category=category,
            profile=services.profile, language=language,
        )  # fmt: skip
    return json_answer(request, made, media_type=GEOJSON)


@router.post("/api/v1/reach/siting", responses=answers(Sites, 401, 403, media_type=GEOJSON))
def siting(request: Request, services: ServicesDep, account: AccountDep, body: SitingAsked) -> Response:
    """Find where the next stations should stand; existing ones stay. Nothing is stored."""
    asked = Asked(account.scope, body.walker, body.at, body.category)
    with services.limits.slot(), services.read(account) as conn:
        made = find_sites(
            conn, services.scenes, profile=services.profile, asked=asked, minutes=body.minutes, count=body.count,
            candidates=body.candidates,
        )  # fmt: skip
    return json_answer(request, made, media_type=GEOJSON, reader="nobody")


@router.post("/api/v1/reach/trial", responses=answers(TrialAnswer, 401, 403, 409, media_type=GEOJSON))
def trial(request: Request, services: ServicesDep, account: AccountDep, body: TrialAsked) -> Response:
    """Tell what more stations, gates and footbridges, or closed streets, would change. Nothing is stored."""
    asked = Asked(account.scope, body.walker, body.at, body.category)
    with services.limits.slot(), services.read(account) as conn:
        made = try_changes(
            conn, services.scenes, changes=_changes(body), profile=services.profile, asked=asked
        )  # fmt: skip
    return json_answer(request, made, media_type=GEOJSON, reader="nobody")


@router.post("/api/v1/reach/changes", status_code=202, responses=problems(401, 403, 409))
def accept(services: ServicesDep, account: AccountDep, body: AcceptAsked) -> AcceptedAnswer:
    """Make changes that were tried the town's own, and measure reach anew; the answer names the job to watch."""
    if account.scope != EVERYWHERE:
        raise DeniedError(reason="changing the ground takes the scope *", reason_zh="修改道路和站点需要全域范围 *")
    counts = accept_changes(
        services.staff, services.scenes, changes=_changes(body), profile=services.profile, actor=account.name,
        off_street=body.off_street, seen=body.seen,
    )  # fmt: skip
    job_id = services.queue.defer("measure_reach", {}, actor=account.name, account_id=account.account_id)
    return AcceptedAnswer(job_id=job_id, **counts)


def _changes(body: ChangesAsked) -> Changes:
    return Changes(
        stations=[((station.lon, station.lat), station.category, station.name) for station in body.stations],
        gates=body.gates,
        streets=body.streets,
        closed_at=body.closed_at,
    )
