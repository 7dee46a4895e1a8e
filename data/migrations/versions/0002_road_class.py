"""Borders know the class of the road that lies on them.

Revision: 0002, after 0001. Borders cut before keep an empty class until their cells are cut again.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and its rule."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("ALTER TABLE cell_borders ADD COLUMN road_class TEXT")
    op.execute(
        "ALTER TABLE cell_borders ADD CONSTRAINT cell_borders_road_class_check"
        " CHECK (road_class is null or kind = 'road')"
    )
    op.execute(
        "COMMENT ON COLUMN cell_borders.road_class IS 'of the road that lies on most of the border; as in streets'"
    )
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Take the column away; its rule and comment go with it."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("ALTER TABLE cell_borders DROP COLUMN road_class")
    op.execute("RESET ROLE")
