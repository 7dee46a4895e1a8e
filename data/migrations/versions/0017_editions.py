"""Editions count every change, also one that was begun earlier and came through later than the newest.

Revision: 0017, after 0016.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WALKED = ("streets", "gates", "compounds", "barriers", "buildings", "stations", "building_walks", "circle_walks",
          "deployment")  # fmt: skip
TOLD_OF = ("areas", "people", "duties", "absences", "absence_duties")
NEWEST = """
    SELECT coalesce((SELECT audit_id FROM audit WHERE noun IN ({nouns}) ORDER BY audit_id DESC LIMIT 1), 0)"""
# Either part grows, or stays where the other grows: numbers are given before transactions are through, in any order.
COUNTED = "SELECT coalesce(max(audit_id), 0) + count(*) FROM audit WHERE noun IN ({nouns})"


def upgrade() -> None:
    """Count the changes of the ground, and of whom the public is told of."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute(_edition("public_ground_edition", COUNTED, WALKED))
    op.execute(_edition("public_people_edition", COUNTED, TOLD_OF))
    op.execute("REVOKE ALL ON FUNCTION public_people_edition() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION public_people_edition() TO wangge_writer, wangge_reader")
    op.execute(f"CREATE INDEX audit_people_idx ON audit (audit_id) WHERE noun IN ({_listed(TOLD_OF)})")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Tell the newest change alone, as before."""
    op.execute("SET LOCAL ROLE wangge_owner")
    op.execute("DROP INDEX audit_people_idx")
    op.execute("DROP FUNCTION public_people_edition()")
    op.execute(_edition("public_ground_edition", NEWEST, WALKED))
    op.execute("RESET ROLE")


def _edition(name: str, query: str, nouns: tuple[str, ...]) -> str:
    # The reader may not read the audit.
    return (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS bigint"
        " LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp"
        f" AS $$ {query.format(nouns=_listed(nouns))} $$"
    )


def _listed(nouns: tuple[str, ...]) -> str:
    return ", ".join(f"'{noun}'" for noun in nouns)
