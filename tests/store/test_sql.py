"""SQL files: each says what it returns, takes and needs, and takes values by name only."""

import re
from pathlib import Path

import pytest

from data.sql import FOLDER, read_sql

FILES = sorted(FOLDER.rglob("*.sql"))
QUERIES = [path for path in FILES if path.parent.name != "schema"]


def head(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = lines[: next(at for at, line in enumerate(lines) if not line.startswith("--"))]
    return " ".join(comments)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_begins_by_saying_what_it_does(path: Path) -> None:
    assert len(head(path)) > 80


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_head_names_parameters_crs_and_index(path: Path) -> None:
    said = head(path)
    assert all(word in said for word in ("Parameters:", "CRS:", "Index:"))
    body = read_sql(f"{path.parent.name}/{path.stem}")
    used = set(re.findall(r"(?<![:\w]):(\w+)", body))
    assert used, "a query without parameters belongs in Python"
    assert {name for name in used if not re.search(rf"\b{name}\b", said)} == set()


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_values_come_as_bound_parameters(path: Path) -> None:
    body = read_sql(f"{path.parent.name}/{path.stem}")
    assert "%(" not in body
    assert "{" not in body


def test_every_query_is_used() -> None:
    stores = "".join(path.read_text(encoding="utf-8") for path in (FOLDER.parent / "stores").glob("*.py"))
    unused = [p.stem for p in QUERIES if p.parent.name != "tiles" and f"{p.parent.name}/{p.stem}" not in stores]
    assert unused == []
    assert all(f'"{path.stem}"' in stores for path in QUERIES if path.parent.name == "tiles")
