"""The audit: every write leaves a row, a write without an actor is refused, and nobody rewrites it."""

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from data.postgis.engine import OWNER, WRITER, open_engine, reading, transaction
from data.stores.audit import read_audit
from data.tables import metadata
from tests.store.kept import Kept, undoing

# What doors are found by follows the names that are written, in their statement; the service cannot write it.
FOLLOWING = {"letter_sounds", "name_keys", "door_names"}
WATCHED = sorted(set(metadata.tables) - {"audit"} - FOLLOWING)


def entries(conn: Connection) -> list[tuple[str, str, int]]:
    return [(row["noun"], row["operation"], row["rows"]) for row in reversed(read_audit(conn, limit=1000))]


ADDED_TO = ("plan_operations", "plan_steps", "plan_comments")


@pytest.mark.parametrize("role", [None, OWNER, WRITER])
def test_no_table_is_written_without_an_actor(kept: Kept, role: str | None) -> None:
    """Not even by the superuser, whom no right and no policy holds."""
    engine = open_engine(kept.url, role=role)
    for table in WATCHED:
        # What was done to a plan the service may add to, not take from: the right refuses before the guard does.
        is_kept = role == WRITER and table in ADDED_TO
        told = f"permission denied for table {table}" if is_kept else f"a write to {table} names no actor"
        with engine.connect() as conn, pytest.raises(ProgrammingError, match=told):
            conn.execute(text(f"DELETE FROM {table} WHERE false"))
    engine.dispose()


def test_what_was_done_to_a_plan_is_not_rewritten_even_with_an_actor(kept: Kept) -> None:
    for statement in ("DELETE FROM plan_operations", "UPDATE plan_operations SET actor = 'somebody else'"):
        with transaction(kept.engines[WRITER], actor="test", action="test", commit=False) as conn:
            refused = pytest.raises(ProgrammingError, match="permission denied for table plan_operations")
            with refused, conn.begin_nested():
                conn.execute(text(statement))


def test_no_operation_is_done_without_an_actor(engine: Engine) -> None:
    for statement in (
        "INSERT INTO deployment VALUES ('a', '1')",
        "UPDATE deployment SET value = '2'",
        "DELETE FROM deployment",
        "TRUNCATE deployment",
    ):
        with engine.connect() as conn, pytest.raises(ProgrammingError, match="names no actor"):
            conn.execute(text(statement))


@pytest.mark.parametrize(("actor", "action"), [("", "a"), ("a", ""), ("", "")])
def test_an_empty_name_is_no_name(engine: Engine, actor: str, action: str) -> None:
    refused = pytest.raises(ProgrammingError, match="names no actor")
    with refused, transaction(engine, actor=actor, action=action) as conn:
        conn.execute(text("DELETE FROM greens"))


def test_each_operation_is_counted(engine: Engine) -> None:
    with transaction(engine, actor="lin", action="tidy") as conn:
        conn.execute(text("INSERT INTO deployment VALUES ('a', '1'), ('b', '1'), ('c', '1')"))
        conn.execute(text("UPDATE deployment SET value = '2' WHERE name <> 'a'"))
        conn.execute(text("DELETE FROM deployment WHERE name = 'a'"))
        conn.execute(text("DELETE FROM deployment WHERE name = 'nothing'"))
        conn.execute(text("TRUNCATE deployment"))
    with reading(engine) as conn:
        assert entries(conn) == [
            ("deployment", "insert", 3),
            ("deployment", "update", 2),
            ("deployment", "delete", 1),
            ("deployment", "truncate", 2),
        ]
        assert {(row["actor"], row["action"]) for row in read_audit(conn)} == {("lin", "tidy")}


def test_a_write_rolled_back_leaves_no_row(engine: Engine) -> None:
    with undoing(engine) as conn:
        conn.execute(text("INSERT INTO deployment VALUES ('a', '1')"))
        assert len(read_audit(conn)) == 1
    with reading(engine) as conn:
        assert read_audit(conn) == []


def test_an_actor_ends_with_the_transaction(engine: Engine) -> None:
    with transaction(engine, actor="lin", action="tidy") as conn:
        conn.execute(text("INSERT INTO deployment VALUES ('a', '1')"))
    with engine.connect() as conn, pytest.raises(ProgrammingError, match="names no actor"):
        conn.execute(text("DELETE FROM deployment"))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO audit (actor, action, noun, operation, rows) VALUES ('lin', 'tidy', 'people', 'delete', 1)",
        "SELECT nextval(pg_get_serial_sequence('audit', 'audit_id'))",
        "SELECT setval(pg_get_serial_sequence('audit', 'audit_id'), 1)",
    ],
)
def test_the_writer_forges_no_row(kept: Kept, statement: str) -> None:
    """Not even under its own name: rows of the audit come from the trigger alone."""
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with refused, transaction(kept.engines[WRITER], actor="lin", action="tidy") as conn:
        conn.execute(text(statement))


def test_what_the_writer_writes_is_written_down(writer: Engine) -> None:
    with transaction(writer, actor="lin", action="tidy") as conn:
        conn.execute(text("INSERT INTO deployment VALUES ('a', '1'), ('b', '1')"))
        conn.execute(text("DELETE FROM deployment WHERE name = 'a'"))
    with reading(writer) as conn:
        assert entries(conn) == [("deployment", "insert", 2), ("deployment", "delete", 1)]
        assert {row["actor"] for row in read_audit(conn)} == {"lin"}


@pytest.mark.parametrize("role", [OWNER, WRITER])
@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_audit_is_only_added_to(kept: Kept, role: str, statement: str) -> None:
    with (
        pytest.raises(DBAPIError, match=r"only added to|permission denied"),
        transaction(kept.engines[role], actor="x", action="x") as conn,
    ):
        conn.execute(text(statement))


def test_pages(kept: Kept) -> None:
    with reading(kept.engines[WRITER]) as conn:
        every = read_audit(conn, limit=1000)
        first = read_audit(conn, limit=5)
        rest = read_audit(conn, limit=1000, before=first[-1]["audit_id"])
        assert first + rest == every
        assert read_audit(conn, actor="nobody") == []
        assert {row["noun"] for row in every} >= {"buildings", "people", "plans", "grids", "incidents", "duties"}
        assert next(row["rows"] for row in every if row["noun"] == "buildings") == 64
