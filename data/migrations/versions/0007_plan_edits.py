"""Plans are edited: every operation with its inverse, named points to go back to, and what a draft branched from.

Revision: 0007, after 0006.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, their rights and their audit."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("ALTER TABLE plans ADD COLUMN base_plan_id BIGINT")
    op.execute("COMMENT ON COLUMN plans.base_plan_id IS 'the plan it branched from'")
    op.execute("""
        ALTER TABLE plans ADD CONSTRAINT plans_base_plan_id_fkey
            FOREIGN KEY (base_plan_id) REFERENCES plans (plan_id) ON DELETE SET NULL""")
    op.execute("CREATE INDEX plans_base_plan_id_idx ON plans (base_plan_id)")
    op.execute("""
        CREATE TABLE plan_operations (
            plan_id BIGINT NOT NULL,
            revision INTEGER NOT NULL,
            kind TEXT NOT NULL,
            verb TEXT NOT NULL,
            of_revision INTEGER,
            asked JSONB NOT NULL,
            change JSONB NOT NULL,
            actor TEXT NOT NULL,
            at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT plan_operations_pkey PRIMARY KEY (plan_id, revision),
            CONSTRAINT plan_operations_plan_id_fkey
                FOREIGN KEY (plan_id) REFERENCES plans (plan_id) ON DELETE CASCADE,
            CONSTRAINT plan_operations_kind_check CHECK (kind in ('edit','undo','redo')),
            CONSTRAINT plan_operations_of_check CHECK ((kind = 'edit') = (of_revision is null))
        )""")
    comments = {
        "revision": "of the plan after it",
        "of_revision": "the operation that was undone or done again",
        "asked": "what was asked for, as it was asked",
        "change": "rows before and after, which is its own inverse read the other way",
    }
    for name, told in comments.items():
        op.execute(f"COMMENT ON COLUMN plan_operations.{name} IS '{told}'")
    op.execute("""
        CREATE TABLE plan_points (
            plan_id BIGINT NOT NULL,
            name TEXT NOT NULL,
            revision INTEGER NOT NULL,
            actor TEXT NOT NULL,
            at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT plan_points_pkey PRIMARY KEY (plan_id, name),
            CONSTRAINT plan_points_plan_id_fkey FOREIGN KEY (plan_id) REFERENCES plans (plan_id) ON DELETE CASCADE
        )""")
    op.execute("COMMENT ON COLUMN plan_points.revision IS 'what the plan was like then'")
    # What was done stays done: nobody rewrites it.
    op.execute("GRANT SELECT, INSERT ON plan_operations TO wangge_writer")
    op.execute("GRANT SELECT, INSERT, DELETE ON plan_points TO wangge_writer")
    op.execute("SELECT wangge_watch('plan_operations')")
    op.execute("SELECT wangge_watch('plan_points')")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Take the tables away; their rights and triggers go with them."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("DROP TABLE plan_points")
    op.execute("DROP TABLE plan_operations")
    op.execute("ALTER TABLE plans DROP COLUMN base_plan_id")
    op.execute("RESET ROLE")
