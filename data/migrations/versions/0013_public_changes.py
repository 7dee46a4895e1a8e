"""Whoever answers the public is told at once when something that the public is told changes.

Revision: 0013, after 0012.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# What look-ups are answered from. A plan's grids and zones do not change once it is published.
TOLD = (
    "plans", "plan_areas", "duties", "absences", "absence_duties", "people", "areas", "stations", "building_walks",
    "category_walks",
)  # fmt: skip


def upgrade() -> None:
    """Tell of every statement that writes, once its transaction is through."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("""
        CREATE FUNCTION wangge_tell_public() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
        BEGIN
            PERFORM pg_notify('wangge_public', TG_TABLE_NAME);
            RETURN NULL;
        END $$""")
    for table in TOLD:
        op.execute(f"""
            CREATE TRIGGER wangge_public_told AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION wangge_tell_public()""")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Say nothing any more; services look for themselves from time to time."""
    op.execute("SET LOCAL ROLE wangge_owner")
    for table in TOLD:
        op.execute(f"DROP TRIGGER wangge_public_told ON {table}")
    op.execute("DROP FUNCTION wangge_tell_public()")
    op.execute("RESET ROLE")
