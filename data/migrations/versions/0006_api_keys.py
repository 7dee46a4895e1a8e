"""Keys: other systems report and follow incidents without a person's session.

Revision: 0006, after 0005.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COMMENTS = {
    "key_hash": "SHA-256 of the key; the key itself is not kept",
    "name": "who uses it",
    "last_used_at": "to the hour",
}


def upgrade() -> None:
    """Make the table, its rights and its audit."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("""
        CREATE TABLE api_keys (
            key_hash BYTEA NOT NULL,
            account_id BIGINT NOT NULL,
            name TEXT NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            last_used_at TIMESTAMP WITH TIME ZONE,
            revoked_at TIMESTAMP WITH TIME ZONE,
            CONSTRAINT api_keys_pkey PRIMARY KEY (key_hash),
            CONSTRAINT api_keys_account_id_fkey
                FOREIGN KEY (account_id) REFERENCES accounts (account_id) ON DELETE CASCADE
        )""")
    op.execute(
        "CREATE UNIQUE INDEX api_keys_account_id_name_idx ON api_keys (account_id, name) WHERE revoked_at IS NULL"
    )
    for name, told in COMMENTS.items():
        op.execute(f"COMMENT ON COLUMN api_keys.{name} IS '{told}'")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON api_keys TO wangge_writer")
    op.execute("SELECT wangge_watch('api_keys')")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Take the table away; its rights and triggers go with it."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("DROP TABLE api_keys")
    op.execute("RESET ROLE")
