"""Read a job: one's own, and all of them for an admin over everything."""

from typing import Any

from sqlalchemy import Connection

from api.auth import EVERYWHERE, Account
from data.stores import jobs
from geo.errors import NotFoundError


def find_job(conn: Connection, job_id: int, *, account: Account) -> dict[str, Any]:
    """Return a job as the store has it.

    Raises
    ------
    NotFoundError
        There is no such job, or it is somebody else's.
    """
    row = jobs.read_job(conn, job_id)
    is_operator = account.role == "admin" and account.scope == EVERYWHERE
    if row["account_id"] != account.account_id and not is_operator:
        raise NotFoundError(what="job", key=job_id)
    return row
