"""Life: a plan is examined, commented on, submitted, recalled, returned, approved and published."""

from fastapi import Request, Response

from api.actions.advance_plan import advance_plan, submit_plan
from api.actions.comment_plan import comment_plan, settle_comment
from api.actions.examine_plan import findings_of
from api.actions.publish_plan import publish_plan
from api.actions.read_life import life_of
from api.actions.read_plans import require_plan
from api.answers import json_answer
from api.auth import Account
from api.deps import AccountDep, LanguageDep, RowId, Services, ServicesDep
from api.routes import answers, guarded_router, problems
from api.schemas.edits import Asked
from api.schemas.life import Approval, CommentAsked, CommentMade, Findings, Life, Publication, Returning, Submission
from data.stores.steps import Step
from geo.codes import scope_of

router = guarded_router("planning")
CHANGED = problems(401, 403, 404, 409)


@router.get("/api/v1/plans/{plan_id}/life", responses=answers(Life, 401, 404))
def read_life(request: Request, services: ServicesDep, account: AccountDep, plan_id: RowId) -> Response:
    """Tell what became of a plan so far, what was said about it, and what one may do next."""
    with services.read(account) as conn:
        return json_answer(request, life_of(conn, account, plan_id), reader="nobody")


@router.get("/api/v1/plans/{plan_id}/findings", responses=answers(Findings, 401, 404))
def read_findings(
    request: Request, services: ServicesDep, account: AccountDep, language: LanguageDep, plan_id: RowId
) -> Response:
    """Examine a plan: everything that is wrong with it, where, how much, and what would mend it."""
    with services.limits.slot(), services.read(account) as conn:
        found = findings_of(conn, account, plan_id, profile=services.profile, language=language)
    return json_answer(request, found, reader="nobody")


@router.post("/api/v1/plans/{plan_id}/submit", status_code=204, response_class=Response, responses=CHANGED)
def submit(services: ServicesDep, account: AccountDep, plan_id: RowId, asked: Submission) -> Response:
    """Hand a plan over for approval; it is examined, and its errors stop it."""
    _require(services, account, plan_id)
    with services.limits.slot():
        submit_plan(
            services.staff, plan_id=plan_id, profile=services.profile, actor=account.name, seen=asked.revision,
            remark=asked.remark, scope=account.scope,
        )  # fmt: skip
    return Response(status_code=204)


@router.post("/api/v1/plans/{plan_id}/recall", status_code=204, response_class=Response, responses=CHANGED)
def recall(services: ServicesDep, account: AccountDep, plan_id: RowId, asked: Asked) -> Response:
    """Take a submitted plan back to go on with it."""
    return _advance(services, account, plan_id, Step("recall", asked.revision, account.name))


@router.post("/api/v1/plans/{plan_id}/return", status_code=204, response_class=Response, responses=CHANGED)
def send_back(services: ServicesDep, account: AccountDep, plan_id: RowId, asked: Returning) -> Response:
    """Send a plan back with the reason."""
    return _advance(services, account, plan_id, Step("return", asked.revision, account.name, remark=asked.remark))


@router.post("/api/v1/plans/{plan_id}/approve", status_code=204, response_class=Response, responses=CHANGED)
def approve(services: ServicesDep, account: AccountDep, plan_id: RowId, asked: Approval) -> Response:
    """Approve a plan that somebody else submitted."""
    step = Step("approve", asked.revision, account.name, asked.document_number, asked.remark)
    return _advance(services, account, plan_id, step)


@router.post("/api/v1/plans/{plan_id}/publish", status_code=204, response_class=Response, responses=CHANGED)
def publish(services: ServicesDep, account: AccountDep, plan_id: RowId, asked: Publication) -> Response:
    """Publish an approved plan from a day on; look-ups learn of it within a second."""
    _require(services, account, plan_id)
    with services.limits.slot():
        publish_plan(
            services.staff, plan_id=plan_id, valid_from=asked.valid_from, document_number=asked.document_number,
            profile=services.profile, actor=account.name, seen=asked.revision, scope=account.scope,
        )  # fmt: skip
    return Response(status_code=204)


@router.post("/api/v1/plans/{plan_id}/comments", status_code=201, responses=problems(401, 403, 404))
def comment(services: ServicesDep, account: AccountDep, plan_id: RowId, asked: CommentAsked) -> CommentMade:
    """Say something about a plan, or about one grid of it."""
    with services.read(account) as conn:
        require_plan(conn, account, plan_id)
    made = comment_plan(
        services.staff, plan_id=plan_id, grid_code=asked.grid_code, words=asked.words, account=account
    )  # fmt: skip
    return CommentMade(comment_id=made)


@router.post(
    "/api/v1/plans/{plan_id}/comments/{comment_id}/settle", status_code=204, response_class=Response,
    responses=problems(401, 403, 404),
)  # fmt: skip
def settle(services: ServicesDep, account: AccountDep, plan_id: RowId, comment_id: RowId) -> Response:
    """Mark what was said as settled."""
    with services.read(account) as conn:
        require_plan(conn, account, plan_id)
    settle_comment(services.staff, plan_id=plan_id, comment_id=comment_id, account=account)
    return Response(status_code=204)


def _advance(services: Services, account: Account, plan_id: int, step: Step) -> Response:
    _require(services, account, plan_id)
    advance_plan(services.staff, plan_id=plan_id, step=step, scope=account.scope)
    return Response(status_code=204)


def _require(services: Services, account: Account, plan_id: int) -> None:
    """Raise NotFoundError for a plan beyond the account's scope, DeniedError for one that reaches out of it."""
    with services.read(account) as conn:
        account.require_cover(scope_of(require_plan(conn, account, plan_id)["area_code"]))
