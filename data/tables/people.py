"""People and duties: who answers for what, from day to day; who is away, and who answers meanwhile."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    literal_column,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint

from data.tables.ground import area_code, key, metadata

DUTY_ROLES = ("worker", "grid_head", "building_head", "unit_head", "answerable_unit", "police", "lawyer")
TARGETS = ("grid_code", "zone_code", "unit_code", "building_id")
"""What a duty may be for: exactly one of them."""
TARGET_OF = {
    "worker": "grid_code",
    "grid_head": "grid_code",
    "answerable_unit": "zone_code",
    "unit_head": "unit_code",
    "building_head": "building_id",
    "police": "grid_code",
    "lawyer": "grid_code",
}
"""What somebody of a role answers for."""

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
        CheckConstraint(
            "role in ('worker','grid_head','building_head','unit_head','answerable_unit','police','lawyer')",
            name="role",
        ),
        nullable=False,
    ),
    Column("grid_code", String(15)),
    Column("zone_code", String(18)),
    Column("unit_code", String(19)),
    Column("building_id", BigInteger, ForeignKey("buildings.building_id"), index=True),
    Column("valid", DATERANGE, nullable=False, comment="days, end excluded; midnight Asia/Shanghai"),
    Column("revision", Integer, nullable=False, server_default="1"),
    CheckConstraint("num_nonnulls(grid_code, zone_code, unit_code, building_id) = 1", name="one_target"),
    CheckConstraint("not isempty(valid)", name="days"),
    ExcludeConstraint(
        ("person_id", "="),
        ("role", "="),
        (literal_column("coalesce(grid_code, zone_code, unit_code, 'b' || building_id::text)"), "="),
        ("valid", "&&"),
        using="gist",
        name="duties_once_excl",
    ),
    Index(None, "grid_code"),
    Index(None, "zone_code"),
    Index(None, "area_code"),
)

absences = Table(
    "absences",
    metadata,
    key("absence_id"),
    Column("person_id", BigInteger, ForeignKey("people.person_id", ondelete="CASCADE"), nullable=False, index=True),
    area_code(),
    Column("away", DATERANGE, nullable=False, comment="days, end excluded; midnight Asia/Shanghai"),
    Column("substitute_id", BigInteger, ForeignKey("people.person_id", ondelete="SET NULL"), index=True),
    Column("reason", Text, comment="private"),
    Column("revision", Integer, nullable=False, server_default="1"),
    CheckConstraint("substitute_id <> person_id", name="substitute"),
    CheckConstraint("not isempty(away)", name="days"),
    ExcludeConstraint(("person_id", "="), ("away", "&&"), using="gist", name="absences_once_excl"),
    Index(None, "area_code"),
)

absence_duties = Table(
    "absence_duties",
    metadata,
    Column("absence_id", BigInteger, ForeignKey("absences.absence_id", ondelete="CASCADE"), primary_key=True),
    Column("duty_id", BigInteger, ForeignKey("duties.duty_id", ondelete="CASCADE"), primary_key=True, index=True),
    Column(
        "substitute_id",
        BigInteger,
        ForeignKey("people.person_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        comment="who answers for this duty, where it is somebody else than for the rest",
    ),
)
