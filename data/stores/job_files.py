"""Job files: what a job made for somebody to take along, kept in parts until it expires."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

from sqlalchemy import Connection, delete, func, insert, select

from data.tables.files import job_file_parts, job_files
from geo.errors import NotFoundError

PART_BYTES = 4_000_000
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class JobFile:
    """What is known of a file without its bytes."""

    name: str
    media_type: str
    size_bytes: int


def write_file(connection: Connection, job_id: int, content: BinaryIO, *, name: str, media_type: str) -> JobFile:
    """Keep what a job made, from the present position on, in place of any file of that job; drop expired ones."""
    connection.execute(delete(job_files).where((job_files.c.job_id == job_id) | (job_files.c.expires_at <= func.now())))
    start = content.tell()
    size_bytes = content.seek(0, 2) - start
    content.seek(start)
    values = {"job_id": job_id, "name": name, "media_type": media_type, "size_bytes": size_bytes}
    connection.execute(insert(job_files).values(**values, expires_at=func.now() + KEPT))
    for number, part in enumerate(_parts(content)):
        connection.execute(insert(job_file_parts).values(job_id=job_id, number=number, content=part))
    return JobFile(name, media_type, size_bytes)


def read_file(connection: Connection, job_id: int) -> JobFile:
    """Return what is known of a job's file.

    Raises
    ------
    NotFoundError
        The job made none, or it has expired.
    """
    columns = job_files.c.name, job_files.c.media_type, job_files.c.size_bytes
    found = connection.execute(
        select(*columns).where(job_files.c.job_id == job_id, job_files.c.expires_at > func.now())
    ).one_or_none()
    if found is None:
        raise NotFoundError(what="file of job", key=job_id)
    return JobFile(*found)


def read_part(connection: Connection, job_id: int, number: int) -> bytes | None:
    """Return one part of a file, from 0; None after the last."""
    found = connection.scalar(
        select(job_file_parts.c.content).where(job_file_parts.c.job_id == job_id, job_file_parts.c.number == number)
    )
    return None if found is None else bytes(found)


def _parts(content: BinaryIO) -> Iterator[bytes]:
    parts: Iterable[bytes] = iter(lambda: content.read(PART_BYTES), b"")
    yield from parts
