"""Plans are analysed when they are written: until then the planner of queries knows nothing of a new plan's rows.

Revision: 0008, after 0007.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the writer have the tables of plans analysed, which only their owner may."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("""
        CREATE FUNCTION wangge_analyse_plans() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = public, pg_temp AS $$
        BEGIN
            ANALYZE plan_cells, grids, zones, zone_cells, household_units, unit_cells;
        END $$""")
    op.execute("REVOKE ALL ON FUNCTION wangge_analyse_plans() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION wangge_analyse_plans() TO wangge_writer")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Take the function away."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("DROP FUNCTION wangge_analyse_plans()")
    op.execute("RESET ROLE")
