"""Plans: dated maps cell -> grid, with the grids, zones and household units they make.

Published plans of one community never overlap in time: `plan_areas` carries a GiST exclusion
constraint over (scheme, community, days), so the database refuses it, not code.
"""

from geoalchemy2 import Geometry  # noqa: F401  registers the type for autogenerate
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint

from data.tables.ground import area_code, key, metadata, shape

plans = Table(
    "plans",
    metadata,
    key("plan_id"),
    area_code(),
    Column(
        "scheme",
        Text,
        nullable=False,
        server_default="general",
        comment="a second, finer net over the same ground is another scheme",
    ),
    Column("name", Text, nullable=False),
    Column(
        "state",
        Text,
        CheckConstraint("state in ('draft','submitted','returned','approved','published','superseded')", name="state"),
        nullable=False,
        server_default="draft",
    ),
    Column("valid", DATERANGE, comment="days it holds, end excluded; midnight Asia/Shanghai; null until published"),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("document_number", Text),
    Column("seed", BigInteger, nullable=False),
    Column("method", Text, nullable=False, comment="name and version of the method that made it"),
    Column(
        "report", JSONB, nullable=False, server_default=text("'{}'::jsonb"), comment="measures and exceptions, frozen"
    ),
    Column("created_by", BigInteger, ForeignKey("accounts.account_id")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column(
        "base_plan_id",
        BigInteger,
        ForeignKey("plans.plan_id", ondelete="SET NULL"),
        index=True,
        comment="the plan it branched from",
    ),
    CheckConstraint("(state in ('published','superseded')) = (valid is not null)", name="dated"),
)

plan_areas = Table(
    "plan_areas",
    metadata,
    Column("plan_id", BigInteger, ForeignKey("plans.plan_id", ondelete="CASCADE"), primary_key=True),
    area_code(primary_key=True),
    Column("scheme", Text, nullable=False),
    Column("valid", DATERANGE, nullable=False),
    ExcludeConstraint(
        ("scheme", "="), ("area_code", "="), ("valid", "&&"), using="gist", name="plan_areas_one_plan_a_day_excl"
    ),
)

grids = Table(
    "grids",
    metadata,
    key("grid_id"),
    Column("plan_id", BigInteger, ForeignKey("plans.plan_id", ondelete="CASCADE"), nullable=False),
    area_code(),
    Column("grid_code", String(15), CheckConstraint("grid_code ~ '^[0-9]{15}$'", name="digits"), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, CheckConstraint("kind in ('general','dedicated')", name="kind"), nullable=False),
    Column("is_locked", Boolean, nullable=False, server_default="false"),
    Column("households", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("exception", Text, comment="certificate kind, where the grid is outside the band or in pieces"),
    Column("revision", Integer, nullable=False, comment="the plan's revision its polygon was dissolved at"),
    shape("MULTIPOLYGON"),
    UniqueConstraint("plan_id", "grid_code"),
    UniqueConstraint("plan_id", "grid_id"),
    Index(None, "grid_code"),
)

plan_cells = Table(
    "plan_cells",
    metadata,
    Column("plan_id", BigInteger, ForeignKey("plans.plan_id", ondelete="CASCADE"), primary_key=True),
    Column("cell_id", BigInteger, ForeignKey("cells.cell_id"), primary_key=True, index=True),
    Column("grid_id", BigInteger, nullable=False),
    ForeignKeyConstraint(["plan_id", "grid_id"], ["grids.plan_id", "grids.grid_id"], ondelete="CASCADE"),
    Index(None, "plan_id", "grid_id"),
)

zones = Table(
    "zones",
    metadata,
    key("zone_id"),
    Column("grid_id", BigInteger, ForeignKey("grids.grid_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("zone_code", String(18), nullable=False, comment="grid code and a sequence of three"),
    Column("name", Text, nullable=False),
    Column("households", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    shape("MULTIPOLYGON"),
    UniqueConstraint("grid_id", "zone_code"),
    Index(None, "zone_code"),
)

zone_cells = Table(
    "zone_cells",
    metadata,
    Column("zone_id", BigInteger, ForeignKey("zones.zone_id", ondelete="CASCADE"), primary_key=True),
    Column("cell_id", BigInteger, ForeignKey("cells.cell_id"), primary_key=True, index=True),
)

household_units = Table(
    "household_units",
    metadata,
    key("unit_id"),
    Column("grid_id", BigInteger, ForeignKey("grids.grid_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("unit_code", String(19), nullable=False, comment="grid code and a sequence of four"),
    Column("households", Integer, nullable=False),
    shape("MULTIPOLYGON"),
    UniqueConstraint("grid_id", "unit_code"),
)

unit_cells = Table(
    "unit_cells",
    metadata,
    Column("unit_id", BigInteger, ForeignKey("household_units.unit_id", ondelete="CASCADE"), primary_key=True),
    Column("cell_id", BigInteger, ForeignKey("cells.cell_id"), primary_key=True, index=True),
    Column("households", Integer, nullable=False, comment="how many of the cell's households the unit holds"),
)

plan_operations = Table(
    "plan_operations",
    metadata,
    Column("plan_id", BigInteger, ForeignKey("plans.plan_id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False, comment="of the plan after it"),
    Column("kind", Text, CheckConstraint("kind in ('edit','undo','redo')", name="kind"), nullable=False),
    Column("verb", Text, nullable=False),
    Column("of_revision", Integer, comment="the operation that was undone or done again"),
    Column("asked", JSONB, nullable=False, comment="what was asked for, as it was asked"),
    Column(
        "change", JSONB, nullable=False, comment="rows before and after, which is its own inverse read the other way"
    ),
    Column("actor", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("(kind = 'edit') = (of_revision is null)", name="of"),
)

plan_points = Table(
    "plan_points",
    metadata,
    Column("plan_id", BigInteger, ForeignKey("plans.plan_id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("revision", Integer, nullable=False, comment="what the plan was like then"),
    Column("actor", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

plan_steps = Table(
    "plan_steps",
    metadata,
    key("step_id"),
    Column("plan_id", BigInteger, ForeignKey("plans.plan_id", ondelete="CASCADE"), nullable=False, index=True),
    Column(
        "step",
        Text,
        CheckConstraint("step in ('submit','recall','return','approve','publish')", name="step"),
        nullable=False,
    ),
    Column("revision", Integer, nullable=False, comment="of the plan that was looked at"),
    Column("document_number", Text),
    Column("valid_from", Date, comment="publish: the day it holds from"),
    Column("remark", Text),
    Column("report", JSONB, comment="what the doctor found, as it was then"),
    Column("dossier", JSONB, comment="what the plan would change, as it was told then"),
    Column("actor", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("(step = 'publish') = (valid_from is not null)", name="dated"),
    CheckConstraint("step <> 'return' or btrim(remark) <> ''", name="reason"),
)

plan_comments = Table(
    "plan_comments",
    metadata,
    key("comment_id"),
    Column("plan_id", BigInteger, ForeignKey("plans.plan_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("grid_code", String(15), comment="the grid it is pinned to; null: the plan as a whole"),
    Column("revision", Integer, nullable=False, comment="of the plan when it was written"),
    Column("words", Text, CheckConstraint("btrim(words) <> ''", name="words"), nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("settled_by", Text),
    Column("settled_at", DateTime(timezone=True)),
    CheckConstraint("(settled_by is null) = (settled_at is null)", name="settled"),
)

retired_codes = Table(
    "retired_codes",
    metadata,
    Column("grid_code", String(15), primary_key=True),
    Column("plan_id", BigInteger, nullable=False, comment="the draft that issued it and was deleted"),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
