"""Reach: stations, what can be reached on foot from them, and who is left out."""

from typing import Annotated, Literal

from fastapi import Query, Request, Response

from api.actions.read_reach import circle_features, reach_summary, station_features
from api.actions.read_reach_cover import read_grid_walks, read_reach_cover, weak_spots
from api.answers import GEOJSON, collection, json_answer
from api.auth import EVERYWHERE
from api.deps import AccountDep, LanguageDep, OnDay, ServicesDep
from api.routes import answers, guarded_router, problems
from api.schemas.base import FeatureCollection
from api.schemas.reach import CircleProperties, GridWalks, ReachCover, ReachSummary, StationProperties, WeakSpot
from api.schemas.service import JobTaken
from data.calendar import today
from geo.errors import DeniedError

router = guarded_router("planning")
Category = Annotated[str | None, Query(max_length=40, pattern=r"^[a-z][a-z0-9_]*$", examples=["health"])]
Minutes = Annotated[
    float | None,
    Query(gt=0, le=240, allow_inf_nan=False, description="one of the profile's circles; else the longest"),
]


@router.get("/api/v1/reach/stations", responses=answers(FeatureCollection[StationProperties], 401, media_type=GEOJSON))
def stations(request: Request, services: ServicesDep, account: AccountDep, category: Category = None) -> Response:
    """List the stations within one's scope with the households within reach."""
    with services.read(account) as conn:
        features = station_features(
            conn, services.scenes, scope=account.scope, category=category, profile=services.profile
        )
    return json_answer(request, collection(features), media_type=GEOJSON)


@router.get("/api/v1/reach/circles", responses=answers(FeatureCollection[CircleProperties], 401, media_type=GEOJSON))
def circles(
    request: Request,
    services: ServicesDep,
    account: AccountDep,
    minutes: Minutes = None,
    category: Category = None,
    station_id: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """List what can be reached on foot in so many minutes: ground, households and people."""
    with services.read(account) as conn:
        features = circle_features(
            conn, services.scenes, scope=account.scope, minutes=minutes, category=category, station_id=station_id,
            profile=services.profile,
        )  # fmt: skip
    return json_answer(request, collection(features), media_type=GEOJSON)


@router.get("/api/v1/reach/summary", responses=answers(ReachSummary, 401))
def summary(request: Request, services: ServicesDep, account: AccountDep, language: LanguageDep) -> Response:
    """Count households within each threshold, by category and community, and those left out."""
    with services.read(account) as conn:
        return json_answer(
            request, reach_summary(conn, scope=account.scope, profile=services.profile, language=language)
        )


@router.post("/api/v1/reach", status_code=202, responses=problems(401, 403))
def measure(services: ServicesDep, account: AccountDep) -> JobTaken:
    """Measure all circles and walks anew; the answer names the job to watch."""
    if account.scope != EVERYWHERE:
        raise DeniedError(reason="measuring takes the scope *", reason_zh="重新测算需要全域范围 *")
    job_id = services.queue.defer("measure_reach", {}, actor=account.name, account_id=account.account_id)
    return JobTaken(job_id=job_id)


@router.get("/api/v1/reach/cover", responses=answers(ReachCover, 401))
def cover(
    *,
    request: Request,
    services: ServicesDep,
    account: AccountDep,
    by: Annotated[Literal["grid", "community", "street"], Query()] = "community",
    category: Category = None,
    on: OnDay = None,
) -> Response:
    """Count households and people within each circle by grid, community or street, and by kinds of service reached."""
    with services.read(account) as conn:
        made = read_reach_cover(
            conn, services.scenes, by=by, category=category, scope=account.scope, on=on or today(),
            profile=services.profile,
        )  # fmt: skip
    return json_answer(request, made)


@router.get("/api/v1/reach/grids", responses=answers(GridWalks, 401))
def grid_walks(request: Request, services: ServicesDep, account: AccountDep, on: OnDay = None) -> Response:
    """Tell the minutes on foot from every grid's centre to the nearest station of each category."""
    with services.read(account) as conn:
        made = read_grid_walks(
            conn, services.scenes, scope=account.scope, on=on or today(), profile=services.profile
        )  # fmt: skip
    return json_answer(request, {"grids": made})


@router.get("/api/v1/reach/weak-spots", responses=answers(FeatureCollection[WeakSpot], 401, media_type=GEOJSON))
def spots(request: Request, services: ServicesDep, account: AccountDep) -> Response:
    """List the compounds of the kinds that the profile calls weak spots."""
    with services.read(account) as conn:
        features = weak_spots(conn, services.scenes, scope=account.scope, profile=services.profile)
    return json_answer(request, collection(features), media_type=GEOJSON)
