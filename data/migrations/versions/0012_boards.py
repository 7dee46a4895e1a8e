"""Notice boards: whom they name, police and lawyers among them, and files that jobs make.

Revision: 0012, after 0011.
"""

from alembic import op

from data.postgis.migrate import run_sql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ROLES = ("worker", "grid_head", "building_head", "unit_head", "answerable_unit")
OPTIONAL = ("police", "lawyer")


def upgrade() -> None:
    """Let police and lawyers hold duties, tell the public whom boards name, make the tables of files."""
    op.execute("SET LOCAL ROLE wangge_owner")
    _allow((*ROLES, *OPTIONAL))
    op.execute("""
        CREATE TABLE job_files (
            job_id BIGINT NOT NULL,
            name TEXT NOT NULL,
            media_type TEXT NOT NULL,
            size_bytes BIGINT NOT NULL,
            made_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT job_files_pkey PRIMARY KEY (job_id),
            CONSTRAINT job_files_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs (job_id) ON DELETE CASCADE,
            CONSTRAINT job_files_size_check CHECK (size_bytes >= 0)
        )""")
    op.execute("CREATE INDEX job_files_expires_at_idx ON job_files (expires_at)")
    op.execute("""
        CREATE TABLE job_file_parts (
            job_id BIGINT NOT NULL,
            number INTEGER NOT NULL,
            content BYTEA NOT NULL,
            CONSTRAINT job_file_parts_pkey PRIMARY KEY (job_id, number),
            CONSTRAINT job_file_parts_job_id_fkey
                FOREIGN KEY (job_id) REFERENCES job_files (job_id) ON DELETE CASCADE
        )""")
    op.execute("COMMENT ON COLUMN job_file_parts.number IS 'from 0, in order'")
    for table in ("job_files", "job_file_parts"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO wangge_writer")
        op.execute(f"SELECT wangge_watch('{table}')")
    run_sql(op.get_bind(), "schema/posts")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Take them away, and the duties of police and lawyers, which the rule before does not know."""
    op.execute("SET LOCAL ROLE wangge_owner")
    for name, value in (("scope", "*"), ("actor", "migration"), ("action", "downgrade")):
        op.execute(f"SET LOCAL wangge.{name} = '{value}'")
    op.execute("DROP FUNCTION public_posts(date, text)")
    op.execute("DROP TABLE job_file_parts")
    op.execute("DROP TABLE job_files")
    op.execute("DELETE FROM duties WHERE role IN ('police', 'lawyer')")
    _allow(ROLES)
    op.execute("RESET ROLE")


def _allow(roles: tuple[str, ...]) -> None:
    """Say which roles a duty may be of."""
    told = ",".join(f"'{role}'" for role in roles)
    op.execute("ALTER TABLE duties DROP CONSTRAINT duties_role_check")
    op.execute(f"ALTER TABLE duties ADD CONSTRAINT duties_role_check CHECK (role in ({told}))")
