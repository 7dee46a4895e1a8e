"""The first tables, their roles, rights, policies and triggers.

Revision: 0001, after nothing. A released step never changes: what comes later is a step of its own.
"""

from alembic import op

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
    """Make extensions, roles, tables and all that guards them."""
    for extension in ("postgis", "btree_gist", "pg_trgm"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    run_sql(op.get_bind(), "schema/roles")
    op.execute("SET LOCAL ROLE wangge_owner")  # what a step makes belongs to the owner role, whoever runs it
    for name in ("tables", "scope", "audit", "plan_dates", "contacts"):
        run_sql(op.get_bind(), f"schema/{name}")
    for table in WATCHED:
        op.execute(f"SELECT wangge_watch('{table}')")
    run_sql(op.get_bind(), "schema/rights")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Remove tables and functions; extensions and roles, which others may share, stay."""
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
