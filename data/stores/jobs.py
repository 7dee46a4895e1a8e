"""Jobs: long work, how far it is and what came of it. The queue itself is the job library's."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from data.stores._values import plain_json
from data.tables.service import jobs
from geo.errors import NotFoundError

_ENDED = ("done", "failed")


def create_job(
    connection: Connection, *, kind: str, arguments: Mapping[str, Any], account_id: int | None = None
) -> int:
    """Write a waiting job and return its id; `arguments` must be JSON."""
    values = {"kind": kind, "arguments": plain_json(arguments), "account_id": account_id}
    return int(connection.execute(insert(jobs).values(**values).returning(jobs.c.job_id)).scalar_one())


def update_job(connection: Connection, job_id: int, **values: Any) -> None:
    """Change state, progress_share, message or result; a job that is done or failed is given its end time.

    Raises
    ------
    NotFoundError
        There is no such job.
    """
    if "result" in values:
        values["result"] = plain_json(values["result"])
    if values.get("state") in _ENDED:
        values = {"finished_at": func.now(), **values}
    changed = connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(**values))
    if changed.rowcount == 0:
        raise NotFoundError(what="job", key=job_id)


def read_job(connection: Connection, job_id: int) -> dict[str, Any]:
    """Return a job: job_id, kind, arguments, state, progress_share, message, result, account_id, created_at ...

    Raises
    ------
    NotFoundError
        There is no such job.
    """
    found = connection.execute(select(jobs).where(jobs.c.job_id == job_id)).one_or_none()
    if found is None:
        raise NotFoundError(what="job", key=job_id)
    return dict(found._mapping)
