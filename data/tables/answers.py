"""Answers: what residents say is wrong with an answer of the look-up.

A kind, a grid, a day and a count: no place, no moment, no words, nobody's name.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from data.tables.ground import key, metadata

KINDS = ("wrong_grid", "no_answer", "wrong_person", "wrong_place", "other")

answer_reports = Table(
    "answer_reports",
    metadata,
    key("report_id"),
    Column(
        "kind",
        Text,
        CheckConstraint("kind in ('wrong_grid','no_answer','wrong_person','wrong_place','other')", name="kind"),
        nullable=False,
    ),
    Column(
        "grid_code",
        String(15),
        nullable=False,
        comment="the grid that was answered; no reference, it outlives its plan",
    ),
    Column("area_code", String(12), nullable=False, comment="its community"),
    Column(
        "reported_on",
        Date,
        nullable=False,
        comment="the day, Asia/Shanghai; no moment, no place, no words are kept",
    ),
    Column("times", Integer, nullable=False, server_default="1", comment="how often it was said that day"),
    Column(
        "settled_at",
        DateTime(timezone=True),
        comment="null: nobody has seen to it yet; said again that day, it is null again",
    ),
    Column("settled_by", Text),
    UniqueConstraint("grid_code", "kind", "reported_on", name="answer_reports_once_key"),
    CheckConstraint("starts_with(grid_code, area_code)", name="area"),
    CheckConstraint("num_nonnulls(settled_at, settled_by) in (0, 2)", name="settled"),
    Index("answer_reports_open_idx", "area_code", postgresql_where=text("settled_at IS NULL")),
)
