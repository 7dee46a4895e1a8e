"""Names in traditional letters, and numbers as contracts have them, are found however they are typed.

Revision: 0022, after 0021.
"""

import re

from alembic import op

from data.sql import read_sql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# Names that are read otherwise now, of blocks with those of their compounds and what these are called by their blocks.
WRITE_CHANGED = """
DO $do$
DECLARE
    communities bigint[] := ARRAY(
        SELECT area_code::bigint FROM areas WHERE level = 'community' AND door_plain(name) <> door_plain_other(name)
    );
    renamed bigint[] := ARRAY(SELECT compound_id FROM compounds WHERE door_plain(name) <> door_plain_other(name));
    blocks bigint[] := ARRAY(
        SELECT building_id FROM buildings
        WHERE door_plain(name) <> door_plain_other(name) OR door_plain(address) <> door_plain_other(address)
            OR compound_id = ANY (renamed)
    );
    gated bigint[] := ARRAY(
        SELECT DISTINCT compound_id FROM buildings WHERE building_id = ANY (blocks) AND compound_id IS NOT NULL
    );
BEGIN
    blocks := ARRAY(SELECT unnest(blocks) UNION SELECT unnest(take_gates(gated)));
    PERFORM write_place_names('community', communities);
    PERFORM write_place_names('compound', renamed);
    PERFORM write_building_names(blocks);
END $do$
"""


def upgrade() -> None:
    """Read more letters, and write the names anew that have any of them."""
    _replace("schema/door_names", "schema/simplified_letters")


def downgrade() -> None:
    """Read them as before. Keys of names that nobody bears any more stay, as they do where a building is gone."""
    _replace("schema/simplified_letters", "schema/door_names")


def _replace(other: str, wanted: str) -> None:
    """Replace `door_plain` itself, whose callers know it by its number, and compare it to a copy of the other."""
    op.execute("SET LOCAL ROLE wangge_owner")
    for statement in (
        f"CREATE FUNCTION door_plain_other{_written(other)}",
        f"CREATE OR REPLACE FUNCTION door_plain{_written(wanted)}",
        WRITE_CHANGED,
        "DROP FUNCTION door_plain_other(text)",
    ):
        op.get_bind().exec_driver_sql(statement, execution_options={"no_parameters": True})
    op.execute("RESET ROLE")


def _written(name: str) -> str:
    """How `door_plain` is written in a file, from its parameters on."""
    pattern = r"^CREATE (?:OR REPLACE )?FUNCTION door_plain(\(.*?^END \$\$;)"
    (written,) = re.findall(pattern, read_sql(name), re.DOTALL | re.MULTILINE)
    return str(written)
