"""Compounds are found by their street and number, which stand in the addresses of their blocks alone.

Revision: 0020, after 0019.
"""

import re

from alembic import op

from data.postgis.migrate import run_sql
from data.sql import read_sql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

REPLACED = (
    "write_building_names", "names_of_gone_compounds", "names_of_gone_buildings", "names_of_changed_compounds",
    "names_of_changed_buildings", "names_of_none",
)  # fmt: skip
COMMENTS = {"kind": "community, compound, building", "place_id": "area code, compound_id or building_id"}


def upgrade() -> None:
    """Write the names of the buildings that are there anew, and those of their compounds."""
    op.execute("SET LOCAL ROLE wangge_owner")
    run_sql(op.get_bind(), "schema/street_numbers")
    _write_buildings()
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Write them as before. Keys of names that nobody bears any more stay, as they do where a building is gone."""
    op.execute("SET LOCAL ROLE wangge_owner")
    earlier = read_sql("schema/door_names")
    for name in REPLACED:
        (written,) = re.findall(rf"^CREATE (FUNCTION {name}\(.*?^END \$\$;)", earlier, re.DOTALL | re.MULTILINE)
        op.get_bind().exec_driver_sql(f"CREATE OR REPLACE {written}", execution_options={"no_parameters": True})
    op.execute("DROP FUNCTION take_gates(bigint[])")
    op.execute("DROP FUNCTION door_front(text)")
    op.execute("DELETE FROM door_names WHERE kind = 'gate'")
    for column, words in COMMENTS.items():
        op.execute(f"COMMENT ON COLUMN door_names.{column} IS '{words}'")
    _write_buildings()
    op.execute("RESET ROLE")


def _write_buildings() -> None:
    op.execute("SELECT write_building_names(array_agg(building_id)) FROM buildings")
