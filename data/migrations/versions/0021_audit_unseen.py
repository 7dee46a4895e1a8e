"""What a trial did not see is found by an index, however long the audit has grown.

Revision: 0021, after 0020.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the transactions."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("CREATE INDEX audit_written_by_idx ON audit (written_by)")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Take it away."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("DROP INDEX audit_written_by_idx")
    op.execute("RESET ROLE")
