"""The first tables, their roles, rights, policies and triggers.

Revision: 0001, after nothing. A released step never changes: what comes later is a step of its own.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

from data.postgis.migrate import run_sql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Children after parents. The audit itself is not watched.
WATCHED = (
    "accounts",
    "areas",
    "barriers",
    "deployment",
    "greens",
    "imports",
    "streets",
    "compounds",
    "import_rejects",
    "incident_clusters",
    "jobs",
    "people",
    "plans",
    "sessions",
    "stations",
    "buildings",
    "gates",
    "grids",
    "plan_areas",
    "reaches",
    "building_walks",
    "category_walks",
    "duties",
    "household_units",
    "incidents",
    "stairwells",
    "zones",
    "cells",
    "incident_events",
    "cell_borders",
    "plan_cells",
    "unit_cells",
    "zone_cells",
)


def upgrade() -> None:
    for extension in ("postgis", "btree_gist", "pg_trgm"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    run_sql(op.get_bind(), "schema/roles")
    op.execute("SET LOCAL ROLE wangge_owner")  # what a step makes belongs to the owner role, whoever runs it
    create_tables()
    for name in ("scope", "audit", "plan_dates", "contacts"):
        run_sql(op.get_bind(), f"schema/{name}")
    for table in WATCHED:
        op.execute(f"SELECT wangge_watch('{table}')")
    run_sql(op.get_bind(), "schema/rights")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE wangge_owner")
    for table in reversed((*WATCHED, "audit")):
        op.execute(f"DROP TABLE {table} CASCADE")  # CASCADE: policies and foreign keys go with their tables
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("RESET ROLE")


FUNCTIONS = (
    "public_contacts(date)",
    "wangge_masked_name(text, text)",
    "wangge_plan_gaps()",
    "wangge_plan_dates()",
    "wangge_audit_stays()",
    "wangge_watch(regclass)",
    "wangge_audit()",
    "wangge_in_scope(text)",
)


def create_tables() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column(
            "scope", sa.String(length=12), nullable=False, comment="leading digits of a division code; * is everything"
        ),
        sa.Column("language", sa.Text(), server_default="zh", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("accounts_pkey")),
        sa.UniqueConstraint("name", name=op.f("accounts_name_key")),
    )
    op.create_geospatial_table(
        "areas",
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.String(length=12), nullable=True),
        sa.Column(
            "is_stand_in",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="made from the extent, not a real division",
        ),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(["parent_code"], ["areas.area_code"], name=op.f("areas_parent_code_fkey")),
        sa.PrimaryKeyConstraint("area_code", name=op.f("areas_pkey")),
    )
    op.create_index(
        op.f("areas_name_idx"),
        "areas",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_index(op.f("areas_parent_code_idx"), "areas", ["parent_code"], unique=False)
    op.create_geospatial_index(
        "idx_areas_geometry", "areas", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="account name, or command:<os user>, or job:<id>"),
        sa.Column("action", sa.Text(), nullable=False, comment="the action that wrote, e.g. publish_plan"),
        sa.Column("noun", sa.Text(), nullable=False, comment="table written"),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("audit_pkey")),
    )
    op.create_geospatial_table(
        "barriers",
        sa.Column("barrier_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column(
            "geometry",
            Geometry(
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("barrier_id", name=op.f("barriers_pkey")),
    )
    op.create_geospatial_index(
        "idx_barriers_geometry", "barriers", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "deployment",
        sa.Column("name", sa.Text(), nullable=False, comment="town, profile, source, seed, built_at ..."),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("deployment_pkey")),
    )
    op.create_geospatial_table(
        "greens",
        sa.Column("green_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="park, wood, farmland, square"),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("green_id", name=op.f("greens_pkey")),
    )
    op.create_geospatial_index(
        "idx_greens_geometry", "greens", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "imports",
        sa.Column("import_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("rows_in", sa.Integer(), nullable=False),
        sa.Column("rows_stored", sa.Integer(), nullable=False),
        sa.Column("rows_rejected", sa.Integer(), nullable=False),
        sa.Column(
            "source",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="authority, licence, date, CRS as declared",
        ),
        sa.Column("committed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("rows_in = rows_stored + rows_rejected", name=op.f("imports_nothing_lost_check")),
        sa.PrimaryKeyConstraint("import_id", name=op.f("imports_pkey")),
    )
    op.create_geospatial_table(
        "streets",
        sa.Column("street_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_ref", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column(
            "road_class",
            sa.Text(),
            nullable=False,
            comment="motorway, trunk, primary, secondary, tertiary, residential, service, footway, path, steps",
        ),
        sa.Column("is_walkable", sa.Boolean(), nullable=False),
        sa.Column("is_steps", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_private", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "is_bridge",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="bridge or tunnel: may pass a barrier",
        ),
        sa.Column("length_m", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="LINESTRING",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("street_id", name=op.f("streets_pkey")),
    )
    op.create_geospatial_index(
        "idx_streets_geometry", "streets", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_table(
        "compounds",
        sa.Column("compound_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("source_ref", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column(
            "kind",
            sa.Text(),
            server_default="walled",
            nullable=False,
            comment="walled, old_quarter, urban_village, works, mall, office, school, hospital",
        ),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["area_code"], ["areas.area_code"], name=op.f("compounds_area_code_fkey")),
        sa.PrimaryKeyConstraint("compound_id", name=op.f("compounds_pkey")),
        sa.UniqueConstraint("source_ref", name=op.f("compounds_source_ref_key")),
    )
    op.create_index(op.f("compounds_area_code_idx"), "compounds", ["area_code"], unique=False)
    op.create_index(
        op.f("compounds_name_idx"),
        "compounds",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_geospatial_index(
        "idx_compounds_geometry", "compounds", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "import_rejects",
        sa.Column("reject_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False, comment="as in the file, header counted"),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("original", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.import_id"], name=op.f("import_rejects_import_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reject_id", name=op.f("import_rejects_pkey")),
    )
    op.create_index(op.f("import_rejects_import_id_idx"), "import_rejects", ["import_id"], unique=False)
    op.create_geospatial_table(
        "incident_clusters",
        sa.Column("cluster_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("incidents", sa.Integer(), nullable=False),
        sa.Column("places", sa.Integer(), nullable=False, comment="distinct coordinates"),
        sa.Column("is_one_place", sa.Boolean(), nullable=False, comment="one address makes most of the cluster"),
        sa.Column("top_category", sa.Text(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="POLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["area_code"], ["areas.area_code"], name=op.f("incident_clusters_area_code_fkey")),
        sa.PrimaryKeyConstraint("cluster_id", name=op.f("incident_clusters_pkey")),
    )
    op.create_geospatial_index(
        "idx_incident_clusters_geometry",
        "incident_clusters",
        ["geometry"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("incident_clusters_area_code_idx"), "incident_clusters", ["area_code"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "arguments", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("progress_share", sa.DOUBLE_PRECISION(), server_default="0", nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("jobs_account_id_fkey")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("jobs_pkey")),
    )
    op.create_table(
        "people",
        sa.Column("person_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("source_ref", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), server_default="person", nullable=False),
        sa.Column(
            "role", sa.Text(), nullable=True, comment="what the person is there to do; a duty says where and when"
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True, comment="private; never in a public answer"),
        sa.Column("duty_line", sa.Text(), nullable=True, comment="the number the public may call"),
        sa.ForeignKeyConstraint(["area_code"], ["areas.area_code"], name=op.f("people_area_code_fkey")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("people_pkey")),
        sa.UniqueConstraint("source_ref", name=op.f("people_source_ref_key")),
    )
    op.create_index(op.f("people_area_code_idx"), "people", ["area_code"], unique=False)
    op.create_table(
        "plans",
        sa.Column("plan_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column(
            "scheme",
            sa.Text(),
            server_default="general",
            nullable=False,
            comment="a second, finer net over the same ground is another scheme",
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column(
            "valid",
            postgresql.DATERANGE(),
            nullable=True,
            comment="days it holds, end excluded; midnight Asia/Shanghai; null until published",
        ),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("document_number", sa.Text(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False, comment="name and version of the method that made it"),
        sa.Column(
            "report",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="measures and exceptions, frozen",
        ),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state in ('published','superseded')) = (valid is not null)", name=op.f("plans_dated_check")
        ),
        sa.ForeignKeyConstraint(["area_code"], ["areas.area_code"], name=op.f("plans_area_code_fkey")),
        sa.ForeignKeyConstraint(["created_by"], ["accounts.account_id"], name=op.f("plans_created_by_fkey")),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("plans_pkey")),
    )
    op.create_table(
        "sessions",
        sa.Column(
            "token_hash",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of the cookie; the cookie itself is not kept",
        ),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("sessions_account_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("sessions_pkey")),
    )
    op.create_geospatial_table(
        "stations",
        sa.Column("station_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=True),
        sa.Column("source_ref", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False, comment="one of the profile's station categories"),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["area_code"], ["areas.area_code"], name=op.f("stations_area_code_fkey")),
        sa.PrimaryKeyConstraint("station_id", name=op.f("stations_pkey")),
        sa.UniqueConstraint("source_ref", name=op.f("stations_source_ref_key")),
    )
    op.create_geospatial_index(
        "idx_stations_geometry", "stations", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_table(
        "buildings",
        sa.Column("building_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("compound_id", sa.BigInteger(), nullable=True),
        sa.Column("source_ref", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column(
            "use",
            sa.Text(),
            server_default="residential",
            nullable=False,
            comment="residential, mixed, mall, office, works, hospital, school, public, other",
        ),
        sa.Column("floors", sa.Integer(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column(
            "is_estimate",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="households were estimated by rule",
        ),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["area_code"], ["areas.area_code"], name=op.f("buildings_area_code_fkey")),
        sa.ForeignKeyConstraint(["compound_id"], ["compounds.compound_id"], name=op.f("buildings_compound_id_fkey")),
        sa.PrimaryKeyConstraint("building_id", name=op.f("buildings_pkey")),
        sa.UniqueConstraint("source_ref", name=op.f("buildings_source_ref_key")),
    )
    op.create_index(
        op.f("buildings_address_idx"),
        "buildings",
        ["address"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"address": "gin_trgm_ops"},
    )
    op.create_index(op.f("buildings_area_code_idx"), "buildings", ["area_code"], unique=False)
    op.create_index(op.f("buildings_compound_id_idx"), "buildings", ["compound_id"], unique=False)
    op.create_index(
        op.f("buildings_name_idx"),
        "buildings",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_geospatial_index(
        "idx_buildings_geometry", "buildings", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_table(
        "gates",
        sa.Column("gate_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("compound_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "hours", sa.Text(), nullable=True, comment="opening hours as the source writes them; null is always open"
        ),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["compound_id"], ["compounds.compound_id"], name=op.f("gates_compound_id_fkey")),
        sa.PrimaryKeyConstraint("gate_id", name=op.f("gates_pkey")),
    )
    op.create_index(op.f("gates_compound_id_idx"), "gates", ["compound_id"], unique=False)
    op.create_geospatial_index(
        "idx_gates_geometry", "gates", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_geospatial_table(
        "grids",
        sa.Column("grid_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("grid_code", sa.String(length=15), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("is_locked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column(
            "exception",
            sa.Text(),
            nullable=True,
            comment="certificate kind, where the grid is outside the band or in pieces",
        ),
        sa.Column("revision", sa.Integer(), nullable=False, comment="the plan's revision its polygon was dissolved at"),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["area_code"], ["areas.area_code"], name=op.f("grids_area_code_fkey")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.plan_id"], name=op.f("grids_plan_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("grid_id", name=op.f("grids_pkey")),
        sa.UniqueConstraint("plan_id", "grid_code", name=op.f("grids_plan_id_grid_code_key")),
        sa.UniqueConstraint("plan_id", "grid_id", name=op.f("grids_plan_id_grid_id_key")),
    )
    op.create_index(op.f("grids_grid_code_idx"), "grids", ["grid_code"], unique=False)
    op.create_geospatial_index(
        "idx_grids_geometry", "grids", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "plan_areas",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("scheme"), "="),
            (sa.column("area_code"), "="),
            (sa.column("valid"), "&&"),
            using="gist",
            name="plan_areas_one_plan_a_day_excl",
        ),
        sa.ForeignKeyConstraint(["area_code"], ["areas.area_code"], name=op.f("plan_areas_area_code_fkey")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.plan_id"], name=op.f("plan_areas_plan_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "area_code", name=op.f("plan_areas_pkey")),
    )
    op.create_geospatial_table(
        "reaches",
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("reached_m", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column(
            "snap_m",
            sa.DOUBLE_PRECISION(),
            nullable=True,
            comment="station to street; null for a straight-line stand-in",
        ),
        sa.Column(
            "is_straight_line",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="a stand-in where there is no network",
        ),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.station_id"], name=op.f("reaches_station_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("station_id", "minutes", name=op.f("reaches_pkey")),
    )
    op.create_geospatial_index(
        "idx_reaches_geometry", "reaches", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "building_walks",
        sa.Column("building_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "station_id",
            sa.BigInteger(),
            nullable=True,
            comment="the nearest on foot; null beyond the longest threshold",
        ),
        sa.Column("walk_min", sa.DOUBLE_PRECISION(), nullable=True, comment="null beyond the longest threshold"),
        sa.ForeignKeyConstraint(
            ["building_id"], ["buildings.building_id"], name=op.f("building_walks_building_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.station_id"], name=op.f("building_walks_station_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("building_id", name=op.f("building_walks_pkey")),
    )
    op.create_index(op.f("building_walks_station_id_idx"), "building_walks", ["station_id"], unique=False)
    op.create_table(
        "category_walks",
        sa.Column("building_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False, comment="the nearest among the stations of this category"),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "walk_min", sa.DOUBLE_PRECISION(), nullable=False, comment="beyond the longest threshold there is no row"
        ),
        sa.ForeignKeyConstraint(
            ["building_id"], ["buildings.building_id"], name=op.f("category_walks_building_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["station_id"], ["stations.station_id"], name=op.f("category_walks_station_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("building_id", "category", name=op.f("category_walks_pkey")),
    )
    op.create_index(op.f("category_walks_station_id_idx"), "category_walks", ["station_id"], unique=False)
    op.create_table(
        "duties",
        sa.Column("duty_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("grid_code", sa.String(length=15), nullable=True),
        sa.Column("zone_code", sa.String(length=18), nullable=True),
        sa.Column("unit_code", sa.String(length=19), nullable=True),
        sa.Column("building_id", sa.BigInteger(), nullable=True),
        sa.Column("valid", postgresql.DATERANGE(), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(grid_code, zone_code, unit_code, building_id) = 1", name=op.f("duties_one_target_check")
        ),
        sa.ForeignKeyConstraint(["area_code"], ["areas.area_code"], name=op.f("duties_area_code_fkey")),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.building_id"], name=op.f("duties_building_id_fkey")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.person_id"], name=op.f("duties_person_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("duty_id", name=op.f("duties_pkey")),
    )
    op.create_index(op.f("duties_area_code_idx"), "duties", ["area_code"], unique=False)
    op.create_index(op.f("duties_building_id_idx"), "duties", ["building_id"], unique=False)
    op.create_index(op.f("duties_grid_code_idx"), "duties", ["grid_code"], unique=False)
    op.create_index(op.f("duties_person_id_idx"), "duties", ["person_id"], unique=False)
    op.create_index(op.f("duties_zone_code_idx"), "duties", ["zone_code"], unique=False)
    op.create_geospatial_table(
        "household_units",
        sa.Column("unit_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_code", sa.String(length=19), nullable=False, comment="grid code and a sequence of four"),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["grid_id"], ["grids.grid_id"], name=op.f("household_units_grid_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("household_units_pkey")),
        sa.UniqueConstraint("grid_id", "unit_code", name=op.f("household_units_grid_id_unit_code_key")),
    )
    op.create_index(op.f("household_units_grid_id_idx"), "household_units", ["grid_id"], unique=False)
    op.create_geospatial_index(
        "idx_household_units_geometry",
        "household_units",
        ["geometry"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_geospatial_table(
        "incidents",
        sa.Column("incident_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("source_ref", sa.Text(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True, comment="private"),
        sa.Column("building_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "grid_code_reported", sa.String(length=15), nullable=True, comment="the grid on the day it was reported"
        ),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["area_code"], ["areas.area_code"], name=op.f("incidents_area_code_fkey")),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.building_id"], name=op.f("incidents_building_id_fkey")),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("incidents_pkey")),
        sa.UniqueConstraint("source_ref", name=op.f("incidents_source_ref_key")),
    )
    op.create_geospatial_index(
        "idx_incidents_geometry", "incidents", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(
        op.f("incidents_area_code_reported_at_idx"), "incidents", ["area_code", "reported_at"], unique=False
    )
    op.create_index(op.f("incidents_building_id_idx"), "incidents", ["building_id"], unique=False)
    op.create_index(op.f("incidents_reported_at_idx"), "incidents", ["reported_at"], unique=False)
    op.create_geospatial_table(
        "stairwells",
        sa.Column("stairwell_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("building_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["building_id"], ["buildings.building_id"], name=op.f("stairwells_building_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("stairwell_id", name=op.f("stairwells_pkey")),
    )
    op.create_geospatial_index(
        "idx_stairwells_geometry", "stairwells", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("stairwells_building_id_idx"), "stairwells", ["building_id"], unique=False)
    op.create_geospatial_table(
        "zones",
        sa.Column("zone_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=False),
        sa.Column("zone_code", sa.String(length=18), nullable=False, comment="grid code and a sequence of three"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grids.grid_id"], name=op.f("zones_grid_id_fkey"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("zone_id", name=op.f("zones_pkey")),
        sa.UniqueConstraint("grid_id", "zone_code", name=op.f("zones_grid_id_zone_code_key")),
    )
    op.create_geospatial_index(
        "idx_zones_geometry", "zones", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("zones_grid_id_idx"), "zones", ["grid_id"], unique=False)
    op.create_index(op.f("zones_zone_code_idx"), "zones", ["zone_code"], unique=False)
    op.create_geospatial_table(
        "cells",
        sa.Column("cell_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("building_id", sa.BigInteger(), nullable=True),
        sa.Column("stairwell_id", sa.BigInteger(), nullable=True),
        sa.Column("compound_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("use", sa.Text(), nullable=True),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="POLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["area_code"], ["areas.area_code"], name=op.f("cells_area_code_fkey")),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.building_id"], name=op.f("cells_building_id_fkey")),
        sa.ForeignKeyConstraint(["compound_id"], ["compounds.compound_id"], name=op.f("cells_compound_id_fkey")),
        sa.ForeignKeyConstraint(["stairwell_id"], ["stairwells.stairwell_id"], name=op.f("cells_stairwell_id_fkey")),
        sa.PrimaryKeyConstraint("cell_id", name=op.f("cells_pkey")),
    )
    op.create_index(op.f("cells_area_code_idx"), "cells", ["area_code"], unique=False)
    op.create_index(op.f("cells_building_id_idx"), "cells", ["building_id"], unique=False)
    op.create_index(op.f("cells_compound_id_idx"), "cells", ["compound_id"], unique=False)
    op.create_index(op.f("cells_stairwell_id_idx"), "cells", ["stairwell_id"], unique=False)
    op.create_geospatial_index(
        "idx_cells_geometry", "cells", ["geometry"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_table(
        "incident_events",
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("incident_events_account_id_fkey")),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.incident_id"],
            name=op.f("incident_events_incident_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("incident_events_pkey")),
    )
    op.create_index(op.f("incident_events_incident_id_idx"), "incident_events", ["incident_id"], unique=False)
    op.create_table(
        "cell_borders",
        sa.Column("cell_a", sa.BigInteger(), nullable=False),
        sa.Column("cell_b", sa.BigInteger(), nullable=False),
        sa.Column("length_m", sa.DOUBLE_PRECISION(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("is_walkable", sa.Boolean(), nullable=False),
        sa.CheckConstraint("cell_a < cell_b", name=op.f("cell_borders_order_check")),
        sa.ForeignKeyConstraint(
            ["cell_a"], ["cells.cell_id"], name=op.f("cell_borders_cell_a_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["cell_b"], ["cells.cell_id"], name=op.f("cell_borders_cell_b_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("cell_a", "cell_b", name=op.f("cell_borders_pkey")),
    )
    op.create_index(op.f("cell_borders_cell_b_idx"), "cell_borders", ["cell_b"], unique=False)
    op.create_table(
        "plan_cells",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["cell_id"], ["cells.cell_id"], name=op.f("plan_cells_cell_id_fkey")),
        sa.ForeignKeyConstraint(
            ["plan_id", "grid_id"],
            ["grids.plan_id", "grids.grid_id"],
            name=op.f("plan_cells_plan_id_grid_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.plan_id"], name=op.f("plan_cells_plan_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "cell_id", name=op.f("plan_cells_pkey")),
    )
    op.create_index(op.f("plan_cells_cell_id_idx"), "plan_cells", ["cell_id"], unique=False)
    op.create_index(op.f("plan_cells_plan_id_grid_id_idx"), "plan_cells", ["plan_id", "grid_id"], unique=False)
    op.create_table(
        "unit_cells",
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "households", sa.Integer(), nullable=False, comment="how many of the cell's households the unit holds"
        ),
        sa.ForeignKeyConstraint(["cell_id"], ["cells.cell_id"], name=op.f("unit_cells_cell_id_fkey")),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["household_units.unit_id"], name=op.f("unit_cells_unit_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("unit_id", "cell_id", name=op.f("unit_cells_pkey")),
    )
    op.create_index(op.f("unit_cells_cell_id_idx"), "unit_cells", ["cell_id"], unique=False)
    op.create_table(
        "zone_cells",
        sa.Column("zone_id", sa.BigInteger(), nullable=False),
        sa.Column("cell_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["cell_id"], ["cells.cell_id"], name=op.f("zone_cells_cell_id_fkey")),
        sa.ForeignKeyConstraint(
            ["zone_id"], ["zones.zone_id"], name=op.f("zone_cells_zone_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("zone_id", "cell_id", name=op.f("zone_cells_pkey")),
    )
    op.create_index(op.f("zone_cells_cell_id_idx"), "zone_cells", ["cell_id"], unique=False)
    op.create_check_constraint(
        op.f("accounts_role_check"), "accounts", "role in ('grid_worker','street_office','planner','approver','admin')"
    )
    op.create_check_constraint(op.f("accounts_scope_check"), "accounts", "scope = '*' or scope ~ '^[0-9]{2,12}$'")
    op.create_check_constraint(op.f("areas_digits_check"), "areas", "area_code ~ '^[0-9]{12}$'")
    op.create_check_constraint(
        op.f("areas_level_check"), "areas", "level in ('province','city','county','street','community')"
    )
    op.create_check_constraint(op.f("barriers_kind_check"), "barriers", "kind in ('water','rail','wall')")
    op.create_check_constraint(op.f("jobs_state_check"), "jobs", "state in ('waiting','running','done','failed')")
    op.create_check_constraint(op.f("people_kind_check"), "people", "kind in ('person','organisation')")
    op.create_check_constraint(
        op.f("plans_state_check"),
        "plans",
        "state in ('draft','submitted','returned','approved','published','superseded')",
    )
    op.create_check_constraint(op.f("buildings_households_check"), "buildings", "households >= 0")
    op.create_check_constraint(op.f("buildings_people_check"), "buildings", "people >= 0")
    op.create_check_constraint(op.f("grids_digits_check"), "grids", "grid_code ~ '^[0-9]{15}$'")
    op.create_check_constraint(op.f("grids_kind_check"), "grids", "kind in ('general','dedicated')")
    op.create_check_constraint(
        op.f("duties_role_check"),
        "duties",
        "role in ('worker','grid_head','building_head','unit_head','answerable_unit')",
    )
    op.create_check_constraint(
        op.f("cells_kind_check"), "cells", "kind in ('building','stairwell','share','open','water')"
    )
    op.create_check_constraint(
        op.f("cell_borders_kind_check"), "cell_borders", "kind in ('road','water','wall','rail','none','passage')"
    )
