"""Incidents: what was reported, where and when, what became of it, and where they gather."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
)
from sqlalchemy.dialects.postgresql import JSONB

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
    shape("POINT"),
    Index(None, "area_code", "reported_at"),
    Index(None, "reported_at"),
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
    Column("note", Text),
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
