"""Job files: what a job made for somebody to take along, in parts, until it expires."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)
from sqlalchemy import func as sql

from data.tables.ground import metadata

job_files = Table(
    "job_files",
    metadata,
    Column("job_id", BigInteger, ForeignKey("jobs.job_id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size_bytes", BigInteger, CheckConstraint("size_bytes >= 0", name="size"), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=sql.now()),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index(None, "expires_at"),
)

job_file_parts = Table(
    "job_file_parts",
    metadata,
    Column("job_id", BigInteger, ForeignKey("job_files.job_id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, comment="from 0, in order"),
    Column("content", LargeBinary, nullable=False),
)
