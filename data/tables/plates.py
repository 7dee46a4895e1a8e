"""Doorplates: a code on every building and stairwell, the batches they were issued in, and what people report of them.

A plate hangs on a wall longer than a town's rows live in the database: it knows its building's reference too, and
finds the building again when the ground is read in anew. It knows nobody who lives there.
"""

from sqlalchemy import (
    BigInteger,
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
    func,
    text,
)

from data.tables.ground import key, metadata

SIZES = ("60x40", "90x60", "120x80")
"""Width and height of a plate in millimetres."""
STATES = ("issued", "printed", "revoked")
REASONS = ("lost", "damaged", "demolished", "replaced", "wrong")
KINDS = ("lost", "damaged", "wrong")
OUTCOMES = ("reprint", "replace", "dismiss")

plate_keys = Table(
    "plate_keys",
    metadata,
    key("key_id"),
    Column(
        "secret",
        LargeBinary,
        CheckConstraint("length(secret) >= 16", name="secret"),
        nullable=False,
        comment="signs codes where no key is set; never in an answer",
    ),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

plate_batches = Table(
    "plate_batches",
    metadata,
    key("batch_id"),
    Column(
        "area_code",
        String(12),
        nullable=False,
        comment="what plates were asked for; no reference, it outlives the town",
    ),
    Column("size", Text, CheckConstraint("size in ('60x40','90x60','120x80')", name="size"), nullable=False),
    Column("count", Integer, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("made_by", Text, nullable=False),
)

doorplates = Table(
    "doorplates",
    metadata,
    key("plate_id"),
    Column(
        "code",
        String(16),
        CheckConstraint("code ~ '^[0-9A-HJKMNP-TV-Z]{16}$'", name="code"),
        nullable=False,
        unique=True,
    ),
    Column(
        "area_code", String(12), nullable=False, index=True, comment="community; no reference, it outlives the town"
    ),
    Column(
        "building_id",
        BigInteger,
        ForeignKey("buildings.building_id", ondelete="SET NULL"),
        comment="null: its building is not in the register any more",
    ),
    Column("stairwell_id", BigInteger, ForeignKey("stairwells.stairwell_id", ondelete="SET NULL"), index=True),
    Column("stairwell_number", Integer, comment="null: a plate of the whole building"),
    Column("building_ref", Text, index=True, comment="source_ref of the building, by which it is found again"),
    Column("label", Text, nullable=False, comment="what the door was called when the plate was issued"),
    Column("batch_id", BigInteger, ForeignKey("plate_batches.batch_id"), nullable=False, index=True),
    Column(
        "state",
        Text,
        CheckConstraint("state in ('issued','printed','revoked')", name="state"),
        nullable=False,
        server_default="issued",
    ),
    Column("issued_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("issued_by", Text, nullable=False),
    Column("printed_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column(
        "revoked_reason",
        Text,
        CheckConstraint("revoked_reason in ('lost','damaged','demolished','replaced','wrong')", name="reason"),
    ),
    Column("replaces", BigInteger, ForeignKey("doorplates.plate_id"), unique=True),
    CheckConstraint("(state = 'revoked') = (revoked_at is not null)", name="revoked"),
    CheckConstraint("(revoked_at is null) = (revoked_reason is null)", name="why"),
    # At most one live plate a door. The number stands beside the id: a stairwell's id goes with its building.
    Index(
        "doorplates_live_idx",
        "building_id",
        "stairwell_id",
        "stairwell_number",
        unique=True,
        postgresql_where=text("revoked_at IS NULL AND building_id IS NOT NULL"),
        postgresql_nulls_not_distinct=True,
    ),
    Index(None, "building_id"),
)

plate_reports = Table(
    "plate_reports",
    metadata,
    key("report_id"),
    Column("plate_id", BigInteger, ForeignKey("doorplates.plate_id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, CheckConstraint("kind in ('lost','damaged','wrong')", name="kind"), nullable=False),
    Column("words", Text, CheckConstraint("length(words) <= 200", name="words"), comment="staff only"),
    Column("times", Integer, nullable=False, server_default="1", comment="how often it was reported while open"),
    Column("reported_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("settled_at", DateTime(timezone=True)),
    Column("settled_by", Text),
    Column("outcome", Text, CheckConstraint("outcome in ('reprint','replace','dismiss')", name="outcome")),
    CheckConstraint("num_nonnulls(settled_at, settled_by, outcome) in (0, 3)", name="settled"),
    # However often it is reported, it is one row until somebody has seen to it.
    Index("plate_reports_open_idx", "plate_id", "kind", unique=True, postgresql_where=text("settled_at IS NULL")),
)
