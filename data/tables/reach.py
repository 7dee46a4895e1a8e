"""Stations, and who is within reach of them on foot."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Integer, Table, Text, func
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION

from data.tables.ground import area_code, key, metadata, shape

stations = Table(
    "stations",
    metadata,
    key("station_id"),
    area_code(nullable=True),
    Column("source_ref", Text, unique=True),
    Column("name", Text, nullable=False),
    Column("category", Text, nullable=False, comment="one of the profile's station categories"),
    Column("level", Text),
    Column("address", Text),
    Column("hours", Text),
    shape("POINT"),
)

reaches = Table(
    "reaches",
    metadata,
    Column("station_id", BigInteger, ForeignKey("stations.station_id", ondelete="CASCADE"), primary_key=True),
    Column("minutes", DOUBLE_PRECISION, primary_key=True),
    Column("households", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("reached_m", DOUBLE_PRECISION, nullable=False),
    Column("snap_m", DOUBLE_PRECISION, comment="station to street; null for a straight-line stand-in"),
    Column(
        "is_straight_line",
        Boolean,
        nullable=False,
        server_default="false",
        comment="a stand-in where there is no network",
    ),
    Column("method", Text, nullable=False),
    Column("computed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    shape("MULTIPOLYGON"),
)

building_walks = Table(
    "building_walks",
    metadata,
    Column("building_id", BigInteger, ForeignKey("buildings.building_id", ondelete="CASCADE"), primary_key=True),
    Column(
        "station_id",
        BigInteger,
        ForeignKey("stations.station_id", ondelete="CASCADE"),
        index=True,
        comment="the nearest on foot; null beyond the longest threshold",
    ),
    Column("walk_min", DOUBLE_PRECISION, comment="null beyond the longest threshold"),
)

category_walks = Table(
    "category_walks",
    metadata,
    Column("building_id", BigInteger, ForeignKey("buildings.building_id", ondelete="CASCADE"), primary_key=True),
    Column("category", Text, primary_key=True, comment="the nearest among the stations of this category"),
    Column("station_id", BigInteger, ForeignKey("stations.station_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("walk_min", DOUBLE_PRECISION, nullable=False, comment="beyond the longest threshold there is no row"),
)

circle_walks = Table(
    "circle_walks",
    metadata,
    Column("building_id", BigInteger, ForeignKey("buildings.building_id", ondelete="CASCADE"), primary_key=True),
    Column(
        "minutes",
        DOUBLE_PRECISION,
        primary_key=True,
        comment="a circle of the profile; who is outside it has no row",
    ),
    Column(
        "station_id",
        BigInteger,
        ForeignKey("stations.station_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        comment="the nearest among those that carry this circle",
    ),
    Column("walk_min", DOUBLE_PRECISION, nullable=False),
)
