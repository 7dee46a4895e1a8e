"""Incidents are followed: limits, parked and returned cases, duplicates, who reported, what could not be placed.

Revision: 0005, after 0004. Limits of what is there are set when incidents are placed and timed again.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = {
    "source": "TEXT DEFAULT 'file' NOT NULL",
    "address": "TEXT",
    "contact": "TEXT",
    "reporter": "TEXT",
    "place_problem": "TEXT",
    "tier_at": "TIMESTAMP WITH TIME ZONE",
    "due_at": "TIMESTAMP WITH TIME ZONE",
    "parked_at": "TIMESTAMP WITH TIME ZONE",
    "left_hours": "DOUBLE PRECISION",
    "returns": "INTEGER DEFAULT 0 NOT NULL",
    "duplicate_of": "BIGINT",
    "touched": "BIGINT DEFAULT (pg_current_xact_id()::text)::bigint NOT NULL",
}
EVENT_COLUMNS = {"state": "TEXT", "from_tier": "TEXT", "from_state": "TEXT", "actor": "TEXT"}
COMMENTS = {
    "address": "private: as it was given",
    "contact": "private: of who reported it, as it was given",
    "reporter": "a digest: tells whether two were reported by the same, not by whom",
    "place_problem": "why it has no place, or one that is none of ours",
    "tier_at": "since when it has stood at its tier",
    "due_at": "when the limit of its tier ends, in working hours; none while parked",
    "left_hours": "working hours left when it was parked",
    "touched": "the transaction that wrote it last",
}


def upgrade() -> None:
    """Add columns, the calendar, and the mark of every change."""
    op.execute("SET LOCAL ROLE wangge_owner")
    for name, kind in COLUMNS.items():
        op.execute(f"ALTER TABLE incidents ADD COLUMN {name} {kind}")
    for name, told in COMMENTS.items():
        op.execute(f"COMMENT ON COLUMN incidents.{name} IS '{told}'")
    op.execute("ALTER TABLE incidents ALTER COLUMN geometry DROP NOT NULL")
    op.execute("""
        ALTER TABLE incidents ADD CONSTRAINT incidents_duplicate_of_fkey
            FOREIGN KEY (duplicate_of) REFERENCES incidents (incident_id) ON DELETE SET NULL""")
    op.execute("ALTER TABLE incidents ADD CONSTRAINT incidents_duplicate_of_check CHECK (duplicate_of <> incident_id)")
    op.execute("CREATE INDEX incidents_place_problem_idx ON incidents (place_problem) WHERE place_problem IS NOT NULL")
    op.execute("CREATE INDEX incidents_touched_idx ON incidents (touched)")
    op.execute("CREATE INDEX incidents_duplicate_of_idx ON incidents (duplicate_of)")
    op.execute("""
        CREATE FUNCTION wangge_touch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.touched := (pg_current_xact_id()::text)::bigint;
            RETURN NEW;
        END $$""")
    op.execute("""
        CREATE TRIGGER touch BEFORE UPDATE ON incidents
            FOR EACH ROW EXECUTE FUNCTION wangge_touch()""")
    op.execute("""
        CREATE INDEX audit_incidents_idx ON audit (audit_id) WHERE noun = 'incidents'
            AND action NOT IN ('report_incident', 'move_incident', 'mark_duplicate', 'publish_plan')""")
    for name, kind in EVENT_COLUMNS.items():
        op.execute(f"ALTER TABLE incident_events ADD COLUMN {name} {kind}")
    op.execute("COMMENT ON COLUMN incident_events.note IS 'private'")
    op.execute("""
        CREATE TABLE calendar_days (
            day DATE NOT NULL,
            is_working BOOLEAN NOT NULL,
            name TEXT,
            CONSTRAINT calendar_days_pkey PRIMARY KEY (day)
        )""")
    op.execute("COMMENT ON COLUMN calendar_days.is_working IS 'false: a holiday; true: worked instead of one'")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON calendar_days TO wangge_writer")
    op.execute("SELECT wangge_watch('calendar_days')")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Take them away; incidents without a place go, for there is nothing they could be then."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("DROP INDEX audit_incidents_idx")
    op.execute("DROP TABLE calendar_days")
    for name in EVENT_COLUMNS:
        op.execute(f"ALTER TABLE incident_events DROP COLUMN {name}")
    op.execute("DROP TRIGGER touch ON incidents")
    op.execute("DROP FUNCTION wangge_touch()")
    for name, value in (("scope", "*"), ("actor", "migration"), ("action", "downgrade")):
        op.execute(f"SET LOCAL wangge.{name} = '{value}'")
    op.execute("DELETE FROM incidents WHERE geometry IS NULL")
    op.execute("ALTER TABLE incidents ALTER COLUMN geometry SET NOT NULL")
    for name in COLUMNS:
        op.execute(f"ALTER TABLE incidents DROP COLUMN {name}")
    op.execute("RESET ROLE")
