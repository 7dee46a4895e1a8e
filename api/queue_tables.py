"""Queue tables: what the job library keeps in our database, made once. Apart from the jobs, which bring in a lot."""

import procrastinate.schema
from sqlalchemy import text

from data.postgis.engine import WRITER, open_engine

_LOCK = 7_491_206  # any number: two processes that start together must not install twice


def install_queue(url: str) -> bool:
    """Create the queue's tables where they are missing, and let the writer role use them; return whether it did.

    Needs a login that may create tables.
    """
    owner = open_engine(url, pool_size=1)
    try:
        with owner.begin() as conn:
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            if conn.scalar(text("SELECT to_regclass('procrastinate_jobs')")) is not None:
                return False
            schema = procrastinate.schema.SchemaManager.get_schema()
            conn.exec_driver_sql(schema.replace("%", "%%"))
            conn.exec_driver_sql(
                "GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_events,"
                f" procrastinate_periodic_defers, procrastinate_workers TO {WRITER};"
                f" GRANT USAGE ON SEQUENCE procrastinate_jobs_id_seq, procrastinate_events_id_seq,"
                f" procrastinate_periodic_defers_id_seq TO {WRITER}"
            )
        return True
    finally:
        owner.dispose()
