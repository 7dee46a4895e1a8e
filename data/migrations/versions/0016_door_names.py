"""Doors are found by what their names mean and how they sound: names split into words and numbers, and their keys.

Revision: 0016, after 0015.
"""

from alembic import op
from pypinyin import Style, pinyin
from pypinyin.pinyin_dict import pinyin_dict
from sqlalchemy import text

from data.postgis.migrate import run_sql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

LETTERS = range(0x4E00, 0xA000)
SOUNDS_MAX = 3  # beyond, readings are of dictionaries, not of streets
# Numbers that a name holds (2期) are typed as figures or as they are said.
SAID = dict(zip("0123456789", ("ling", "yi", "er", "san", "si", "wu", "liu", "qi", "ba", "jiu"), strict=True))
TABLES = ("areas", "compounds", "buildings")
TRIGRAMS = (
    ("areas", "name"),
    ("compounds", "name"),
    ("buildings", "name"),
    ("buildings", "address"),
)  # no longer asked
FUNCTIONS = (
    "names_of_none()", *(f"names_of_{what}_{table}()" for what in ("new", "changed", "gone") for table in TABLES),
    "write_building_names(bigint[])", "write_place_names(text, bigint[])", "add_name_keys(text[])", "stem_keys(text)",
    "stem_sounds(text)", "door_split(text)", "door_split_any(text)", "door_plain(text)",
)  # fmt: skip


def upgrade() -> None:
    """Make the tables, teach them how letters sound, and write the names of the doors that are there."""
    op.execute("SET LOCAL ROLE wangge_owner")
    run_sql(op.get_bind(), "schema/door_names")
    letters = [chr(code) for code in LETTERS if code in pinyin_dict]
    sounds = {letter: _sounds(letter) for letter in letters} | {figure: [figure, said] for figure, said in SAID.items()}
    op.get_bind().execute(
        text(
            "INSERT INTO letter_sounds SELECT letter, string_to_array(sounds, '/')"
            " FROM unnest(CAST(:letters AS text[]), CAST(:sounds AS text[])) AS told(letter, sounds)"
        ),
        {"letters": list(sounds), "sounds": ["/".join(told) for told in sounds.values()]},
    )
    op.execute("ANALYZE letter_sounds")
    op.execute("SELECT write_place_names('community', array_agg(area_code::bigint)) FROM areas")
    op.execute("SELECT write_place_names('compound', array_agg(compound_id)) FROM compounds")
    op.execute("SELECT write_building_names(array_agg(building_id)) FROM buildings")
    for table, column in TRIGRAMS:
        op.execute(f"DROP INDEX {table}_{column}_idx")
    op.execute("RESET ROLE")


def downgrade() -> None:
    """Forget them, and look for names by their trigrams again."""
    op.execute("SET LOCAL ROLE wangge_owner")
    for table, column in TRIGRAMS:
        op.execute(f"CREATE INDEX {table}_{column}_idx ON {table} USING gin ({column} gin_trgm_ops)")
    op.execute("REVOKE SELECT (number) ON stairwells FROM wangge_reader")
    for table in TABLES:
        for event in ("insert", "update", "delete", "truncate"):
            op.execute(f"DROP TRIGGER door_names_{event} ON {table}")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    for table in ("door_names", "name_keys", "letter_sounds"):
        op.execute(f"DROP TABLE {table}")
    op.execute("RESET ROLE")


def _sounds(letter: str) -> list[str]:
    """Return how a letter is read, without tones: ü is v, as it is typed."""
    found = pinyin(letter, style=Style.NORMAL, heteronym=True)[0]
    return list(dict.fromkeys(sound.replace("ü", "v") for sound in found))[:SOUNDS_MAX]
