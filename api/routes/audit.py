"""The audit: who wrote what, and when."""

from typing import Annotated

from fastapi import Query, Response

from api.auth import EVERYWHERE
from api.deps import AccountDep, ServicesDep
from api.routes import guarded_router, problems
from api.schemas.service import AuditAnswer, AuditRow
from data.stores import audit
from geo.errors import DeniedError

router = guarded_router("admin")


@router.get("/api/v1/audit", responses=problems(401, 403))
def read_audit(
    response: Response, services: ServicesDep, account: AccountDep, limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> AuditAnswer:
    """List the newest writes. They are of the whole deployment, so an admin of a part does not see them."""
    if account.scope != EVERYWHERE:
        raise DeniedError(reason="the audit needs the scope *", reason_zh="查看审计需要全域范围 *")
    response.headers["cache-control"] = "no-store"
    with services.read(account) as conn:
        rows = audit.read_audit(conn, limit=limit)
    return AuditAnswer(audit=[AuditRow.model_validate(dict(row)) for row in rows])
