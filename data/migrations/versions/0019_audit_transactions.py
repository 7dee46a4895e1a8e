"""Every row of the audit tells its transaction, so that a trial can tell what it did not see from what it did.

Revision: 0019, after 0018.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write the transaction's number down; rows that are there already count as written now."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("ALTER TABLE audit ADD COLUMN written_by bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint")
    op.execute("COMMENT ON COLUMN audit.written_by IS 'the transaction, as pg_current_xact_id numbers it'")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Take it away."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("ALTER TABLE audit DROP COLUMN written_by")
    op.execute("RESET ROLE")
