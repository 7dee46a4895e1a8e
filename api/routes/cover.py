"""Cover: whether every door is in exactly one grid, with someone answerable, on a day."""

from fastapi import Request, Response

from api.actions.read_cover import read_cover
from api.answers import json_answer
from api.deps import AccountDep, OnDay, ServicesDep
from api.routes import answers, guarded_router
from api.schemas.plans import CoverAnswer
from data.calendar import today

router = guarded_router("planning")


@router.get("/api/v1/cover", responses=answers(CoverAnswer, 401))
def cover(request: Request, services: ServicesDep, account: AccountDep, on: OnDay = None) -> Response:
    """Count doors, gaps, overlaps and vacancies within one's scope."""
    with services.read(account) as conn:
        return json_answer(request, read_cover(conn, on=on or today(), scope=account.scope))
