"""Whoever answers the public keeps doors and walks in memory, and asks whether they are still those.

Revision: 0014, after 0013.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TOLD = ("buildings", "deployment")


def upgrade() -> None:
    """Tell the reader a number that grows with every change of the ground, and of changes of what was silent."""
    op.execute("SET LOCAL ROLE wangge_owner")
    # The reader may not read the audit. The newest of its rows is found by audit_ground_idx.
    op.execute("""
        CREATE FUNCTION public_ground_edition() RETURNS bigint
            LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
            SELECT coalesce((
                SELECT audit_id FROM audit
                WHERE noun IN (
                    'streets', 'gates', 'compounds', 'barriers', 'buildings', 'stations', 'building_walks',
                    'circle_walks', 'deployment'
                )
                ORDER BY audit_id DESC LIMIT 1
            ), 0)
        $$""")
    op.execute("REVOKE ALL ON FUNCTION public_ground_edition() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION public_ground_edition() TO wangge_writer, wangge_reader")
    for table in TOLD:
        op.execute(f"""
            CREATE TRIGGER wangge_public_told AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION wangge_tell_public()""")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Take them away."""
    op.execute("SET LOCAL ROLE wangge_owner")
    for table in TOLD:
        op.execute(f"DROP TRIGGER wangge_public_told ON {table}")
    op.execute("DROP FUNCTION public_ground_edition()")
    op.execute("RESET ROLE")
