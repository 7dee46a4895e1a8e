"""Edits: branch from a plan, change a draft, undo, redo, go back; what was done, by whom."""

from contextlib import nullcontext
from typing import Annotated, Any

from fastapi import Query, Request, Response

from api.actions.branch_plan import branch_plan
from api.actions.delete_plan import delete_plan
from api.actions.edit_plan import Told, edit_plan, preview_edit
from api.actions.name_point import name_point
from api.actions.read_edits import grid_features, history, parts_of, plan_cells_of
from api.actions.read_plans import require_plan
from api.actions.read_problems import fixes_of, problems_of
from api.actions.read_streets import streets_of
from api.actions.undo_edit import Way, restore, undo_edit
from api.answers import GEOJSON, collection, json_answer
from api.auth import Account
from api.deps import AccountDep, RowId, Services, ServicesDep
from api.plan_edits import Edit, Rules
from api.routes import answers, guarded_router, problems
from api.schemas.base import FeatureCollection
from api.schemas.edits import (
    Asked,
    BranchAnswer,
    BranchAsked,
    CellProperties,
    EditAnswer,
    EditAsked,
    GridProblems,
    History,
    Mendings,
    PartsAnswer,
    PointAsked,
    RestoreAsked,
    StreetsAcross,
)
from api.schemas.plans import AreaCode, GridCode
from data.profiles import Profile
from geo.codes import scope_of
from geo.partition import Weights

router = guarded_router("planning")
EDITED = answers(EditAnswer, 401, 403, 404, 409)
HEAVY = frozenset({"rebalance", "redraw"})


@router.post("/api/v1/plans/{plan_id}/branch", status_code=201, responses=problems(401, 403, 404))
def branch(services: ServicesDep, account: AccountDep, plan_id: RowId, asked: BranchAsked) -> BranchAnswer:
    """Begin a draft as a plan is; codes stay."""
    with services.read(account) as conn:
        account.require_cover(scope_of(require_plan(conn, account, plan_id)["area_code"]))
    made = branch_plan(
        services.staff, plan_id=plan_id, name=asked.name, actor=account.name, account_id=account.account_id,
        scope=account.scope,
    )  # fmt: skip
    return BranchAnswer(plan_id=made)


@router.delete(
    "/api/v1/plans/{plan_id}", status_code=204, response_class=Response, responses=problems(401, 403, 404, 409)
)
def delete(
    services: ServicesDep, account: AccountDep, plan_id: RowId,
    revision: Annotated[int, Query(ge=1, lt=2**31, description="of the plan that was looked at")],
) -> Response:  # fmt: skip
    """Delete a draft, or a plan that was sent back, with its history; its codes are never given again."""
    with services.read(account) as conn:
        account.require_cover(scope_of(require_plan(conn, account, plan_id)["area_code"]))
    delete_plan(services.staff, plan_id=plan_id, seen=revision, actor=account.name, scope=account.scope)
    return Response(status_code=204)


@router.post("/api/v1/plans/{plan_id}/edits", responses=EDITED)
def edit(request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId, asked: EditAsked) -> Response:
    """Do one edit upon the revision that was looked at, or tell what it would do; 409 where somebody was quicker."""
    wanted, rules, engine = _edit_of(asked), _rules_of(services.profile), services.staff
    with services.limits.slot() if asked.verb in HEAVY else nullcontext():
        act = preview_edit if asked.dry_run else edit_plan
        done = act(engine, plan_id=plan_id, edit=wanted, rules=rules, account=account, actor=account.name)
    return _told(request, services, done)


@router.post("/api/v1/plans/{plan_id}/undo", responses=EDITED)
def undo(request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId, asked: Asked) -> Response:
    """Take the last edit back, whoever made it."""
    return _turn(request, services, account, plan_id, asked, "undo")


@router.post("/api/v1/plans/{plan_id}/redo", responses=EDITED)
def redo(request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId, asked: Asked) -> Response:
    """Do the last edit that was taken back again."""
    return _turn(request, services, account, plan_id, asked, "redo")


@router.post("/api/v1/plans/{plan_id}/restore", responses=EDITED)
def go_back(
    request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId, asked: RestoreAsked
) -> Response:
    """Make the plan what it was at a revision: one edit more, which can be undone itself."""
    done = restore(
        services.staff, plan_id=plan_id, seen=asked.revision, revision=asked.to, account=account, actor=account.name
    )
    return _told(request, services, done)


@router.post(
    "/api/v1/plans/{plan_id}/points", status_code=204, response_class=Response, responses=problems(401, 403, 404, 409)
)
def point(services: ServicesDep, account: AccountDep, plan_id: RowId, asked: PointAsked) -> Response:
    """Give what the plan is like now a name."""
    _require(services, account, plan_id)
    name_point(
        services.staff, plan_id=plan_id, seen=asked.revision, name=asked.name, actor=account.name, scope=account.scope
    )
    return Response(status_code=204)


@router.get(
    "/api/v1/plans/{plan_id}/cells",
    responses=answers(FeatureCollection[CellProperties], 401, 403, 404, media_type=GEOJSON),
)
def read_cells(
    request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId, area_code: AreaCode
) -> Response:
    """List the cells of a community, the smallest ground that can change hands, each with its grid."""
    with services.read(account) as conn:
        features = plan_cells_of(conn, account, plan_id, area_code)
    return json_answer(request, collection(features), media_type=GEOJSON, reader="nobody")


@router.get("/api/v1/plans/{plan_id}/parts", responses=answers(PartsAnswer, 401, 403, 404))
def read_parts(
    request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId, area_code: AreaCode
) -> Response:
    """List the zones and household units of a community, and which cells lie in them."""
    with services.read(account) as conn:
        found = parts_of(conn, account, plan_id, area_code)
    return json_answer(request, found, reader="nobody")


@router.get("/api/v1/plans/{plan_id}/problems", responses=answers(GridProblems, 401, 403, 404))
def read_problems(
    request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId, area_code: AreaCode
) -> Response:
    """List the grids of a community that are in pieces, out of the band or vacant, the gravest first."""
    with services.read(account) as conn:
        found = problems_of(conn, account, plan_id, area_code, profile=services.profile)
    return json_answer(request, {"problems": found}, reader="nobody")


@router.get("/api/v1/plans/{plan_id}/grids/{grid_code}/fix", responses=answers(Mendings, 401, 403, 404, 409))
def read_fix(
    request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId, grid_code: GridCode
) -> Response:
    """Name at most three buildings whose move brings a grid into the band; nothing is changed."""
    with services.limits.slot(), services.read(account) as conn:
        found = fixes_of(conn, account, plan_id, grid_code, profile=services.profile)
    return json_answer(request, found, reader="nobody")


@router.get("/api/v1/plans/{plan_id}/grids/{grid_code}/streets", responses=answers(StreetsAcross, 401, 403, 404))
def read_streets(
    request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId, grid_code: GridCode
) -> Response:
    """List the streets along which a grid can be split, with the households of each part."""
    with services.limits.slot(), services.read(account) as conn:
        found = streets_of(conn, account, plan_id, grid_code)
    return json_answer(request, {"streets": found}, reader="nobody")


@router.get("/api/v1/plans/{plan_id}/history", responses=answers(History, 401, 404))
def read_history(
    request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId,
    since: Annotated[int, Query(ge=0, lt=2**31, description="only what came after this revision")] = 0,
) -> Response:  # fmt: skip
    """Tell what was done to a plan, by whom and when, and what undo and redo come to next."""
    with services.read(account) as conn:
        return json_answer(request, history(conn, account, plan_id, since=since), reader="nobody")


def _edit_of(asked: EditAsked) -> Edit:
    moves = tuple((move.cell_id, move.to) for move in asked.moves)
    rest: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in asked.model_dump(exclude={"dry_run", "moves"}).items()
    }
    return Edit(moves=moves, **rest)


def _rules_of(profile: Profile) -> Rules:
    rule = profile.grid
    return Rules(rule.band, rule.people_band, Weights(**rule.weights.model_dump()))


def _require(services: Services, account: Account, plan_id: int) -> None:
    """Raise NotFoundError where a plan does not reach into the account's scope."""
    with services.read(account) as conn:
        require_plan(conn, account, plan_id)


def _turn(request: Request, services: Services, account: Account, plan_id: int, asked: Asked, way: Way) -> Response:
    done = undo_edit(services.staff, plan_id=plan_id, seen=asked.revision, way=way, account=account, actor=account.name)
    return _told(request, services, done)


def _told(request: Request, services: Services, done: Told) -> Response:
    seen, frame = done
    told = {key: seen[key] for key in ("revision", "removed", "moved")}
    return json_answer(request, {**told, "grids": grid_features(frame, profile=services.profile)}, reader="nobody")
