"""Ground: areas, compounds, buildings, streets, barriers, greens - and the cells cut from them."""

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def key(name: str) -> Column[int]:
    """A bigint primary key: given by the writer, or next in line."""
    return Column(name, BigInteger, Identity(always=False), primary_key=True)


def shape(kind: str, *, nullable: bool = False) -> Column[Any]:
    """The geometry column, EPSG:4326, with its GiST index."""
    return Column("geometry", Geometry(kind, srid=4326, spatial_index=True), nullable=nullable)


def area_code(*, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    """A 12-digit division code, pointing to `areas`."""
    return Column("area_code", String(12), ForeignKey("areas.area_code"), nullable=nullable, primary_key=primary_key)


areas = Table(
    "areas",
    metadata,
    Column("area_code", String(12), CheckConstraint("area_code ~ '^[0-9]{12}$'", name="digits"), primary_key=True),
    Column("name", Text, nullable=False),
    Column(
        "level",
        Text,
        CheckConstraint("level in ('province','city','county','street','community')", name="level"),
        nullable=False,
    ),
    Column("parent_code", String(12), ForeignKey("areas.area_code"), index=True),
    Column(
        "is_stand_in",
        Boolean,
        nullable=False,
        server_default="false",
        comment="made from the extent, not a real division",
    ),
    shape("MULTIPOLYGON", nullable=True),
)

compounds = Table(
    "compounds",
    metadata,
    key("compound_id"),
    area_code(),
    Column("source_ref", Text, unique=True),
    Column("name", Text),
    Column(
        "kind",
        Text,
        nullable=False,
        server_default="walled",
        comment="walled, old_quarter, urban_village, works, mall, office, school, hospital",
    ),
    shape("MULTIPOLYGON"),
    Index(None, "area_code"),
)

gates = Table(
    "gates",
    metadata,
    key("gate_id"),
    Column("compound_id", BigInteger, ForeignKey("compounds.compound_id"), index=True),
    Column("hours", Text, comment="opening hours as the source writes them; null is always open"),
    shape("POINT"),
)

buildings = Table(
    "buildings",
    metadata,
    key("building_id"),
    area_code(),
    Column("compound_id", BigInteger, ForeignKey("compounds.compound_id"), index=True),
    Column("source_ref", Text, unique=True),
    Column("name", Text),
    Column("address", Text),
    Column(
        "use",
        Text,
        nullable=False,
        server_default="residential",
        comment="residential, mixed, mall, office, works, hospital, school, public, other",
    ),
    Column("floors", Integer),
    Column("households", Integer, CheckConstraint("households >= 0", name="households"), nullable=False),
    Column("people", Integer, CheckConstraint("people >= 0", name="people"), nullable=False),
    Column("is_estimate", Boolean, nullable=False, server_default="false", comment="households were estimated by rule"),
    shape("MULTIPOLYGON"),
    Index(None, "area_code"),
)

stairwells = Table(
    "stairwells",
    metadata,
    key("stairwell_id"),
    Column(
        "building_id", BigInteger, ForeignKey("buildings.building_id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("number", Integer, nullable=False),
    Column("households", Integer, nullable=False),
    shape("POINT"),
)

streets = Table(
    "streets",
    metadata,
    key("street_id"),
    Column("source_ref", Text),
    Column("name", Text),
    Column(
        "road_class",
        Text,
        nullable=False,
        comment="motorway, trunk, primary, secondary, tertiary, residential, service, footway, path, steps",
    ),
    Column("is_walkable", Boolean, nullable=False),
    Column("is_steps", Boolean, nullable=False, server_default="false"),
    Column("is_private", Boolean, nullable=False, server_default="false"),
    Column(
        "is_bridge", Boolean, nullable=False, server_default="false", comment="bridge or tunnel: may pass a barrier"
    ),
    Column("length_m", DOUBLE_PRECISION, nullable=False),
    shape("LINESTRING"),
)

barriers = Table(
    "barriers",
    metadata,
    key("barrier_id"),
    Column("kind", Text, CheckConstraint("kind in ('water','rail','wall')", name="kind"), nullable=False),
    Column("name", Text),
    shape("GEOMETRY"),
)

greens = Table(
    "greens",
    metadata,
    key("green_id"),
    Column("kind", Text, nullable=False, comment="park, wood, farmland, square"),
    Column("name", Text),
    shape("MULTIPOLYGON"),
)

cells = Table(
    "cells",
    metadata,
    key("cell_id"),
    area_code(),
    Column("building_id", BigInteger, ForeignKey("buildings.building_id"), index=True),
    Column("stairwell_id", BigInteger, ForeignKey("stairwells.stairwell_id"), index=True),
    Column("compound_id", BigInteger, ForeignKey("compounds.compound_id"), index=True),
    Column(
        "kind",
        Text,
        CheckConstraint("kind in ('building','stairwell','share','open','water')", name="kind"),
        nullable=False,
    ),
    Column("use", Text),
    Column("households", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    shape("POLYGON"),
    Index(None, "area_code"),
)

cell_borders = Table(
    "cell_borders",
    metadata,
    Column("cell_a", BigInteger, ForeignKey("cells.cell_id", ondelete="CASCADE"), primary_key=True),
    Column("cell_b", BigInteger, ForeignKey("cells.cell_id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("length_m", DOUBLE_PRECISION, nullable=False),
    Column(
        "kind",
        Text,
        CheckConstraint("kind in ('road','water','wall','rail','none','passage')", name="kind"),
        nullable=False,
    ),
    Column(
        "road_class",
        Text,
        CheckConstraint("road_class is null or kind = 'road'", name="road_class"),
        comment="of the road that lies on most of the border; as in streets",
    ),
    Column("is_walkable", Boolean, nullable=False),
    CheckConstraint("cell_a < cell_b", name="order"),
)
