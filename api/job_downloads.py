"""Job downloads: hand over the file that a job made, part by part, to whoever asked for the job."""

from collections.abc import Iterator

from fastapi.responses import StreamingResponse

from api.actions.read_job import find_job
from api.auth import Account
from api.deps import Services
from data.stores import job_files


def job_file_answer(services: Services, account: Account, job_id: int) -> StreamingResponse:
    """Return the file of a job the account may see.

    Raises
    ------
    NotFoundError
        There is no such job for the account; it made no file, or the file has expired.
    """
    with services.read(account) as conn:
        find_job(conn, job_id, account=account)
        made = job_files.read_file(conn, job_id)
    headers = {
        "content-disposition": f'attachment; filename="{made.name}"', "content-length": str(made.size_bytes),
        "cache-control": "no-store",
    }  # fmt: skip
    return StreamingResponse(_parts(services, account, job_id), media_type=made.media_type, headers=headers)


def _parts(services: Services, account: Account, job_id: int) -> Iterator[bytes]:
    """Give a file part by part: a connection is held no longer than a part is read."""
    number = 0
    while True:
        with services.read(account) as conn:
            part = job_files.read_part(conn, job_id, number)
        if part is None:
            return
        yield part
        number += 1
