"""SQL: statements too long to stand in Python, a file each. Its head says what it returns, takes and needs."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def read_sql(name: str) -> str:
    """Return the text of ``data/sql/<name>.sql`` without its comment lines.

    A comment may name a parameter (``:on``) in passing; without this it would have to be given.
    """
    lines = (FOLDER / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))
