"""Circles of each length have stations of their own: who is within each, by its own rule.

Revision: 0003, after 0002. Filled when reach is measured again; what the earlier rule knew - every station carries
every circle - is carried over.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, its rights and its audit."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("""
        CREATE TABLE circle_walks (
            building_id BIGINT NOT NULL,
            minutes DOUBLE PRECISION NOT NULL,
            station_id BIGINT NOT NULL,
            walk_min DOUBLE PRECISION NOT NULL,
            CONSTRAINT circle_walks_pkey PRIMARY KEY (building_id, minutes),
            CONSTRAINT circle_walks_building_id_fkey
                FOREIGN KEY (building_id) REFERENCES buildings (building_id) ON DELETE CASCADE,
            CONSTRAINT circle_walks_station_id_fkey
                FOREIGN KEY (station_id) REFERENCES stations (station_id) ON DELETE CASCADE
        )""")
    op.execute("CREATE INDEX circle_walks_station_id_idx ON circle_walks (station_id)")
    op.execute("COMMENT ON COLUMN circle_walks.minutes IS 'a circle of the profile; who is outside it has no row'")
    op.execute("COMMENT ON COLUMN circle_walks.station_id IS 'the nearest among those that carry this circle'")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON circle_walks TO wangge_writer")
    op.execute("""
        INSERT INTO circle_walks (building_id, minutes, station_id, walk_min)
        SELECT w.building_id, m.minutes, w.station_id, w.walk_min
        FROM building_walks w JOIN (SELECT DISTINCT minutes FROM reaches) m ON w.walk_min <= m.minutes
        WHERE w.station_id IS NOT NULL""")
    op.execute("SELECT wangge_watch('circle_walks')")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Take the table away; its rights and triggers go with it."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("DROP TABLE circle_walks")
    op.execute("RESET ROLE")
