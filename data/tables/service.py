"""The service itself: the deployment, accounts, sessions, keys, audit, jobs, imports and their rejects."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    and_,
    column,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB

from data.tables.ground import key, metadata

# Actions that write incidents and leave every one in its area.
STAY_ACTIONS = ("report_incident", "move_incident", "mark_duplicate", "publish_plan")
ACCOUNT_ROLES = ("grid_worker", "street_office", "planner", "approver", "admin")

deployment = Table(
    "deployment",
    metadata,
    Column("name", Text, primary_key=True, comment="town, profile, source, seed, built_at ..."),
    Column("value", JSONB, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    key("account_id"),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column(
        "role",
        Text,
        CheckConstraint("role in ('grid_worker','street_office','planner','approver','admin')", name="role"),
        nullable=False,
    ),
    Column(
        "scope",
        String(12),
        CheckConstraint("scope = '*' or scope ~ '^[0-9]{2,12}$'", name="scope"),
        nullable=False,
        comment="leading digits of a division code; * is everything",
    ),
    Column("language", Text, nullable=False, server_default="zh"),
    Column("is_active", Boolean, nullable=False, server_default="true"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True, comment="SHA-256 of the cookie; the cookie itself is not kept"),
    Column("account_id", BigInteger, ForeignKey("accounts.account_id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True, comment="SHA-256 of the key; the key itself is not kept"),
    Column("account_id", BigInteger, ForeignKey("accounts.account_id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False, comment="who uses it"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("last_used_at", DateTime(timezone=True), comment="to the hour"),
    Column("revoked_at", DateTime(timezone=True)),
    Index(None, "account_id", "name", unique=True, postgresql_where=text("revoked_at IS NULL")),
)

# What walking depends on.
WALKED_NOUNS = (
    "streets", "gates", "compounds", "barriers", "buildings", "stations", "building_walks", "circle_walks", "deployment",
)  # fmt: skip

# Whom and what answers to the public name depends on these.
TOLD_NOUNS = ("areas", "people", "duties", "absences", "absence_duties")

audit = Table(
    "audit",
    metadata,
    key("audit_id"),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("actor", Text, nullable=False, comment="account name, or command:<os user>, or job:<id>"),
    Column("action", Text, nullable=False, comment="the action that wrote, e.g. publish_plan"),
    Column("noun", Text, nullable=False, comment="table written"),
    Column("operation", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column(
        "written_by",
        BigInteger,
        nullable=False,
        server_default=text("pg_current_xact_id()::text::bigint"),
        comment="the transaction, as pg_current_xact_id numbers it",
    ),
    Index("audit_written_by_idx", "written_by"),
    # Their changes are counted with every question about walking, and whenever answers may be old.
    Index("audit_ground_idx", "audit_id", postgresql_where=column("noun").in_(WALKED_NOUNS)),
    Index("audit_areas_idx", "audit_id", postgresql_where=column("noun") == "areas"),
    Index("audit_people_idx", "audit_id", postgresql_where=column("noun").in_(TOLD_NOUNS)),
    # What may have moved incidents between areas is asked for with every question about them.
    Index(
        "audit_incidents_idx",
        "audit_id",
        postgresql_where=and_(column("noun") == "incidents", column("action").not_in(STAY_ACTIONS)),
    ),
)

jobs = Table(
    "jobs",
    metadata,
    key("job_id"),
    Column("kind", Text, nullable=False),
    Column("arguments", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    Column(
        "state",
        Text,
        CheckConstraint("state in ('waiting','running','done','failed')", name="state"),
        nullable=False,
        server_default="waiting",
    ),
    Column("progress_share", DOUBLE_PRECISION, nullable=False, server_default="0"),
    Column("message", Text),
    Column("result", JSONB),
    Column("account_id", BigInteger, ForeignKey("accounts.account_id")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("finished_at", DateTime(timezone=True)),
)

imports = Table(
    "imports",
    metadata,
    key("import_id"),
    Column("noun", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("file_sha256", Text, nullable=False),
    Column("rows_in", Integer, nullable=False),
    Column("rows_stored", Integer, nullable=False),
    Column("rows_rejected", Integer, nullable=False),
    Column(
        "source",
        JSONB,
        nullable=False,
        server_default=text("'{}'::jsonb"),
        comment="authority, licence, date, CRS as declared",
    ),
    Column("committed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("rows_in = rows_stored + rows_rejected", name="nothing_lost"),
)

import_rejects = Table(
    "import_rejects",
    metadata,
    key("reject_id"),
    Column("import_id", BigInteger, ForeignKey("imports.import_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("row_number", Integer, nullable=False, comment="as in the file, header counted"),
    Column("field", Text),
    Column("reason", Text, nullable=False),
    Column("original", JSONB, nullable=False),
)
