"""People and duties: who answers for what, from day to day."""

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, String, Table, Text
from sqlalchemy.dialects.postgresql import DATERANGE

from data.tables.ground import area_code, key, metadata

DUTY_ROLES = ("worker", "grid_head", "building_head", "unit_head", "answerable_unit")

people = Table(
    "people",
    metadata,
    key("person_id"),
    area_code(),
    Column("source_ref", Text, unique=True),
    Column(
        "kind",
        Text,
        CheckConstraint("kind in ('person','organisation')", name="kind"),
        nullable=False,
        server_default="person",
    ),
    Column("role", Text, comment="what the person is there to do; a duty says where and when"),
    Column("name", Text, nullable=False),
    Column("phone", Text, comment="private; never in a public answer"),
    Column("duty_line", Text, comment="the number the public may call"),
    Index(None, "area_code"),
)

duties = Table(
    "duties",
    metadata,
    key("duty_id"),
    Column("person_id", BigInteger, ForeignKey("people.person_id", ondelete="CASCADE"), nullable=False, index=True),
    area_code(),
    Column(
        "role",
        Text,
        CheckConstraint("role in ('worker','grid_head','building_head','unit_head','answerable_unit')", name="role"),
        nullable=False,
    ),
    Column("grid_code", String(15)),
    Column("zone_code", String(18)),
    Column("unit_code", String(19)),
    Column("building_id", BigInteger, ForeignKey("buildings.building_id"), index=True),
    Column("valid", DATERANGE, nullable=False),
    CheckConstraint("num_nonnulls(grid_code, zone_code, unit_code, building_id) = 1", name="one_target"),
    Index(None, "grid_code"),
    Index(None, "zone_code"),
    Index(None, "area_code"),
)
