"""Plans: list, read, propose; their grids and zones."""

from typing import Annotated

from fastapi import Query, Request, Response

from api.actions.read_plans import grid_feature, grid_rows, plan_body, plan_rows, zone_features
from api.answers import GEOJSON, collection, json_answer
from api.deps import AccountDep, RowId, ServicesDep
from api.routes import answers, guarded_router, problems
from api.schemas.base import Feature, FeatureCollection
from api.schemas.plans import (
    GridCode,
    GridProperties,
    GridsAnswer,
    NewPlan,
    PlanAnswer,
    PlansAnswer,
    ZoneProperties,
)
from api.schemas.service import JobTaken
from data.stores import areas
from geo.codes import scope_of
from geo.errors import NotFoundError

router = guarded_router("planning")


@router.get("/api/v1/plans", responses=answers(PlansAnswer, 401))
def list_plans(request: Request, services: ServicesDep, account: AccountDep) -> Response:
    """List the plans that reach into one's scope, newest first."""
    with services.read(account) as conn:
        return json_answer(request, {"plans": plan_rows(conn, account)})


@router.get("/api/v1/plans/{plan_id}", responses=answers(PlanAnswer, 401, 404))
def read_plan(request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId) -> Response:
    """Read one plan and what was measured when it was made."""
    with services.read(account) as conn:
        return json_answer(request, plan_body(conn, account, plan_id))


@router.get("/api/v1/plans/{plan_id}/grids", responses=answers(GridsAnswer, 401, 404))
def read_grids(request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId) -> Response:
    """List a plan's grids within one's scope, each against the band. Kept by nobody: the workers are named."""
    with services.read(account) as conn:
        rows = grid_rows(conn, account, plan_id, profile=services.profile)
    return json_answer(request, {"grids": rows}, reader="nobody")


@router.get(
    "/api/v1/plans/{plan_id}/grids/{grid_code}",
    responses=answers(Feature[GridProperties], 401, 404, media_type=GEOJSON),
)
def read_grid(
    request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId, grid_code: GridCode
) -> Response:
    """Read one grid with its outline, zones and who answers."""
    with services.read(account) as conn:
        body = grid_feature(conn, account, plan_id, grid_code, profile=services.profile)
    return json_answer(request, body, reader="nobody", media_type=GEOJSON)


@router.get(
    "/api/v1/plans/{plan_id}/zones",
    responses=answers(FeatureCollection[ZoneProperties], 401, 404, media_type=GEOJSON),
)
def read_zones(
    request: Request,
    services: ServicesDep,
    account: AccountDep,
    plan_id: RowId,
    grid_code: Annotated[GridCode | None, Query()] = None,
) -> Response:
    """List a plan's zones within one's scope, of one grid or of all."""
    with services.read(account) as conn:
        features = zone_features(conn, account, plan_id, grid_code)
    return json_answer(request, collection(features), media_type=GEOJSON)


@router.post("/api/v1/plans", status_code=202, responses=problems(401, 403, 404))
def propose(services: ServicesDep, account: AccountDep, new: NewPlan) -> JobTaken:
    """Have a plan drawn for an area, close to the one in force if there is one; the answer names the job to watch."""
    account.require_cover(scope_of(new.area_code))
    with services.read(account) as conn:
        known = areas.read_areas(conn, within=scope_of(new.area_code))
    if new.area_code not in known.index:
        raise NotFoundError(what="area", key=new.area_code)
    arguments = new.model_dump()
    job_id = services.queue.defer("propose_plan", arguments, actor=account.name, account_id=account.account_id)
    return JobTaken(job_id=job_id)
