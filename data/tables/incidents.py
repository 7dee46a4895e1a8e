"""Incidents: what was reported, where and when, what became of it, and where they gather."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB

from data.tables.ground import area_code, key, metadata, shape

incidents = Table(
    "incidents",
    metadata,
    key("incident_id"),
    area_code(),
    Column("source_ref", Text, unique=True),
    Column("reported_at", DateTime(timezone=True), nullable=False),
    Column("closed_at", DateTime(timezone=True)),
    Column("category", Text, nullable=False),
    Column("tier", Text),
    Column("state", Text, nullable=False),
    Column("description", Text, comment="private"),
    Column("building_id", BigInteger, ForeignKey("buildings.building_id"), index=True),
    Column("grid_code_reported", String(15), comment="the grid on the day it was reported"),
    shape("POINT", nullable=True),
    Column("source", Text, nullable=False, server_default="file"),
    Column("address", Text, comment="private: as it was given"),
    Column("contact", Text, comment="private: of who reported it, as it was given"),
    Column("reporter", Text, comment="a digest: tells whether two were reported by the same, not by whom"),
    Column("place_problem", Text, comment="why it has no place, or one that is none of ours"),
    Column("tier_at", DateTime(timezone=True), comment="since when it has stood at its tier"),
    Column(
        "due_at",
        DateTime(timezone=True),
        comment="when the limit of its tier ends, in working hours; none while parked",
    ),
    Column("parked_at", DateTime(timezone=True)),
    Column("left_hours", DOUBLE_PRECISION, comment="working hours left when it was parked"),
    Column("returns", Integer, nullable=False, server_default="0"),
    Column("duplicate_of", BigInteger, ForeignKey("incidents.incident_id", ondelete="SET NULL"), index=True),
    Column(
        "touched",
        BigInteger,
        nullable=False,
        server_default=text("(pg_current_xact_id()::text)::bigint"),
        comment="the transaction that wrote it last",
        index=True,
    ),
    CheckConstraint("duplicate_of <> incident_id", name="duplicate_of"),
    Index(None, "area_code", "reported_at"),
    Index(None, "reported_at"),
    Index(None, "place_problem", postgresql_where=text("place_problem IS NOT NULL")),
)

incident_events = Table(
    "incident_events",
    metadata,
    key("event_id"),
    Column(
        "incident_id", BigInteger, ForeignKey("incidents.incident_id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("tier", Text),
    Column("account_id", BigInteger, ForeignKey("accounts.account_id")),
    Column("note", Text, comment="private"),
    Column("state", Text),
    Column("from_tier", Text),
    Column("from_state", Text),
    Column("actor", Text),
)

calendar_days = Table(
    "calendar_days",
    metadata,
    Column("day", Date, primary_key=True),
    Column("is_working", Boolean, nullable=False, comment="false: a holiday; true: worked instead of one"),
    Column("name", Text),
)

incident_clusters = Table(
    "incident_clusters",
    metadata,
    key("cluster_id"),
    area_code(),
    Column("incidents", Integer, nullable=False),
    Column("places", Integer, nullable=False, comment="distinct coordinates"),
    Column("is_one_place", Boolean, nullable=False, comment="one address makes most of the cluster"),
    Column("top_category", Text, nullable=False),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("parameters", JSONB, nullable=False),
    Column("method", Text, nullable=False),
    Column("computed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    shape("POLYGON"),
    Index(None, "area_code"),
)
