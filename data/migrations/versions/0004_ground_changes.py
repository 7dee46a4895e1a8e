"""What walking depends on is asked for its newest change with every question: an index finds it at once.

Revision: 0004, after 0003.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the audit of streets, doors, stations and what was measured of them."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("""
        CREATE INDEX audit_ground_idx ON audit (audit_id) WHERE noun IN (
            'streets', 'gates', 'compounds', 'barriers', 'buildings', 'stations', 'building_walks', 'circle_walks',
            'deployment'
        )""")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Take the index away."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("DROP INDEX audit_ground_idx")
    op.execute("RESET ROLE")
