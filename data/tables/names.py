"""Names: what doors are found by. Written by triggers on areas, compounds and buildings (schema/door_names), by no one else."""

from sqlalchemy import ARRAY, BigInteger, Column, Index, String, Table, Text

from data.tables.ground import metadata

# As bytes: names are compared for being equal and for how they begin, never put in order for people.
AS_BYTES = Text(collation="C")

letter_sounds = Table(
    "letter_sounds",
    metadata,
    Column("letter", AS_BYTES, primary_key=True),
    Column("sounds", ARRAY(Text), nullable=False, comment="pinyin without tones, the commonest first"),
)

name_keys = Table(
    "name_keys",
    metadata,
    Column(
        "kind",
        String(1),
        primary_key=True,
        comment="w whole, e end, s two letters, d one letter left out, p sound, q another reading, t sound with one left out, i initials",
    ),
    Column("key", AS_BYTES, primary_key=True),
    Column("stem", AS_BYTES, primary_key=True),
)

door_names = Table(
    "door_names",
    metadata,
    Column("kind", Text, primary_key=True, comment="community, compound, gate, building"),
    Column(
        "place_id",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="area code, compound_id (of a gate, too) or building_id",
    ),
    Column("stem", AS_BYTES, primary_key=True),
    Column("tail", AS_BYTES, primary_key=True, comment="numbers behind the stem, outermost first, with / between them"),
    Index(None, "stem", "tail"),
    Index(None, "tail", "stem"),
)
