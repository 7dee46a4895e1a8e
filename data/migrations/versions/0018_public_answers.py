"""Whom an answer at a door names is read in one question, and whether areas changed is told apart from people.

Revision: 0018, after 0017.
"""

from alembic import op

from data.postgis.migrate import run_sql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both functions, and the index that the second asks."""
    op.execute("SET LOCAL ROLE wangge_owner")
    run_sql(op.get_bind(), "schema/public_answers")
    # Counted as the other editions are: numbers are given before transactions are through, in any order.
    op.execute("""
        CREATE FUNCTION public_areas_edition() RETURNS bigint
            LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
            AS $$ SELECT coalesce(max(audit_id), 0) + count(*) FROM audit WHERE noun = 'areas' $$""")
    op.execute("REVOKE ALL ON FUNCTION public_areas_edition() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION public_areas_edition() TO wangge_writer, wangge_reader")
    op.execute("CREATE INDEX audit_areas_idx ON audit (audit_id) WHERE noun = 'areas'")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Take them away."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("DROP INDEX audit_areas_idx")
    op.execute("DROP FUNCTION public_areas_edition()")
    op.execute("DROP FUNCTION public_answers(date)")
    op.execute("RESET ROLE")
