"""${message}

Revision: ${up_revision}, after ${down_revision | comma,n}
"""
import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    op.execute("SET LOCAL ROLE wangge_owner")  # what a step makes belongs to the owner role, whoever runs it
    ${upgrades if upgrades else "pass"}
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET LOCAL ROLE wangge_owner")
    ${downgrades if downgrades else "pass"}
    op.execute("RESET ROLE")
