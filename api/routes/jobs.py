"""How far a job is."""

from typing import Annotated, Any

from fastapi import Path

from api.auth import Account
from api.deps import AccountDep, LanguageDep, ServicesDep
from api.jobs import job_message
from api.routes import guarded_router, problems
from api.schemas.service import JobAnswer
from data.stores import jobs
from geo.errors import NotFoundError

router = guarded_router("planning")


@router.get("/api/v1/jobs/{job_id}", responses=problems(401, 404))
def read_job(
    services: ServicesDep, account: AccountDep, language: LanguageDep, job_id: Annotated[int, Path(ge=1, lt=2**63)]
) -> JobAnswer:
    """Say how far a job is; one's own jobs, and all of them for an admin."""
    with services.read(account) as conn:
        row = jobs.read_job(conn, job_id)
    if not _may_see(account, row):
        raise NotFoundError(what="job", key=job_id)
    return JobAnswer(
        job_id=job_id,
        kind=row["kind"],
        state=row["state"],
        progress_share=row["progress_share"],
        message=job_message(row, language),
        result=row["result"] if row["state"] == "done" else None,
    )


def _may_see(account: Account, row: dict[str, Any]) -> bool:
    return row["account_id"] == account.account_id or (account.role == "admin" and account.scope == "*")
