"""Files of jobs: whole in any number of parts, replaced by a second run, gone when they expire."""

import io

import pytest
from sqlalchemy import Connection, Engine, text

from data.postgis.engine import WRITER, open_engine, transaction
from data.stores import job_files, jobs
from geo.errors import NotFoundError


def write(conn: Connection, job_id: int, content: bytes) -> None:
    job_files.write_file(conn, job_id, io.BytesIO(content), name="a.pdf", media_type="application/pdf")


def read(conn: Connection, job_id: int) -> bytes:
    parts, number = [], 0
    while (part := job_files.read_part(conn, job_id, number)) is not None:
        parts.append(part)
        number += 1
    return b"".join(parts)


def new_job(conn: Connection) -> int:
    return jobs.create_job(conn, kind="print_boards", arguments={})


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 35])
def test_a_file_comes_back_whole(engine: Engine, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_files, "PART_BYTES", 10)
    content = bytes(range(size))
    with transaction(engine, actor="test", action="test") as conn:
        job_id = new_job(conn)
        write(conn, job_id, content)
        assert read(conn, job_id) == content
        assert job_files.read_file(conn, job_id).size_bytes == size


def test_it_is_written_from_where_the_reading_stands(engine: Engine) -> None:
    content = io.BytesIO(b"headbody")
    content.seek(4)
    with transaction(engine, actor="test", action="test") as conn:
        job_id = new_job(conn)
        made = job_files.write_file(conn, job_id, content, name="a.zip", media_type="application/zip")
        assert (made.size_bytes, read(conn, job_id)) == (4, b"body")


def test_a_second_run_replaces_the_first(engine: Engine) -> None:
    with transaction(engine, actor="test", action="test") as conn:
        job_id, other = new_job(conn), new_job(conn)
        write(conn, other, b"other")
        write(conn, job_id, b"first, and longer")
        write(conn, job_id, b"second")
        assert (read(conn, job_id), read(conn, other)) == (b"second", b"other")


def test_expired_files_are_not_there_and_go_with_the_next(engine: Engine) -> None:
    with transaction(engine, actor="test", action="test") as conn:
        old, new = new_job(conn), new_job(conn)
        write(conn, old, b"old")
        conn.execute(text("UPDATE job_files SET expires_at = now() - interval '1 day'"))
        with pytest.raises(NotFoundError):
            job_files.read_file(conn, old)
        write(conn, new, b"new")
        assert list(conn.scalars(text("SELECT DISTINCT job_id FROM job_file_parts"))) == [new]


def test_the_service_may_write_them_and_a_job_takes_its_file_along(engine: Engine) -> None:
    writer = open_engine(str(engine.url.render_as_string(hide_password=False)), role=WRITER)
    with transaction(writer, actor="test", action="test") as conn:
        job_id = new_job(conn)
        write(conn, job_id, b"x")
        conn.execute(text("DELETE FROM jobs WHERE job_id = :job_id"), {"job_id": job_id})
        assert conn.scalar(text("SELECT count(*) FROM job_file_parts")) == 0
    writer.dispose()
