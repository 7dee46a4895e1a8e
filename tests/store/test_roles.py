"""Rights and scope: what each role may do, and whose people and incidents a transaction sees."""

import re

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from data.postgis.engine import OWNER, READER, WRITER, open_engine, reading, transaction
from data.postgis.roles import ROLES, grant_role, may_act_as
from data.stores import incidents, people, town
from data.tables import metadata
from geo.errors import NotFoundError
from tests.fixtures.small_town import COMMUNITIES
from tests.store.kept import Kept

PUBLIC = {
    "areas", "streets", "barriers", "greens", "compounds", "gates", "plans", "plan_areas", "grids", "zones", "stations",
    "building_walks", "category_walks", "deployment", "letter_sounds", "name_keys", "door_names",
}  # fmt: skip
GUARDED = (
    "people", "duties", "absences", "absence_duties", "incidents", "incident_events", "incident_clusters",
    "answer_reports",
)  # fmt: skip
DENIED = "permission denied"


def run(engine: Engine, statement: str, *, scope: str = "*") -> int:
    with transaction(engine, actor="test", action="try", scope=scope) as conn:
        return conn.execute(text(statement)).rowcount


@pytest.mark.parametrize("role", ROLES)
def test_an_engine_acts_as_its_role(kept: Kept, role: str) -> None:
    with reading(kept.engines[role]) as conn:
        assert conn.scalar(text("SELECT current_user")) == role


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_the_reader_sees_what_is_public_and_nothing_else(kept: Kept, table: str) -> None:
    with reading(kept.engines[READER]) as conn:
        if table in PUBLIC:
            conn.execute(text(f"SELECT * FROM {table} LIMIT 1"))
        else:
            with pytest.raises(ProgrammingError, match=DENIED):
                conn.execute(text(f"SELECT * FROM {table} LIMIT 1"))


@pytest.mark.parametrize("column", ["households", "people", "is_estimate", "source_ref"])
def test_the_reader_does_not_see_who_lives_in_a_building(kept: Kept, column: str) -> None:
    with reading(kept.engines[READER]) as conn, pytest.raises(ProgrammingError, match=DENIED):
        conn.execute(text(f"SELECT {column} FROM buildings"))


def test_the_reader_sees_where_a_stairwell_is_not_who_lives_there(kept: Kept) -> None:
    with reading(kept.engines[READER]) as conn:
        conn.execute(text("SELECT stairwell_id, building_id, geometry FROM stairwells"))
        with pytest.raises(ProgrammingError, match=DENIED):
            conn.execute(text("SELECT households FROM stairwells"))


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_the_reader_writes_nothing(kept: Kept, table: str) -> None:
    with pytest.raises(ProgrammingError, match=DENIED):
        run(kept.engines[READER], f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a integer)",
        "DROP TABLE people",
        "ALTER TABLE people DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE incidents NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY in_scope ON people",
        "ALTER TABLE people DISABLE TRIGGER audit_insert",
        "TRUNCATE people CASCADE",
        "UPDATE audit SET actor = 'someone else'",
        "DELETE FROM audit",
        "CREATE OR REPLACE FUNCTION wangge_in_scope(area_code text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "SET session_replication_role = replica",
    ],
)
def test_the_writer_cannot_change_tables_guards_or_the_audit(kept: Kept, statement: str) -> None:
    with pytest.raises(DBAPIError, match=f"{DENIED}|must be owner|only added to"):
        run(kept.engines[WRITER], statement)


def seen(engine: Engine, scope: str) -> set[str]:
    with reading(engine, scope=scope) as conn:
        return set(incidents.read_incidents(conn)["area_code"]) | set(people.read_people(conn)["area_code"])


@pytest.mark.parametrize("role", [WRITER, OWNER])
@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("*", set(COMMUNITIES[:3])),
        ("529901001", set(COMMUNITIES[:2])),
        (COMMUNITIES[2], {COMMUNITIES[2]}),
        ("52990100200", {COMMUNITIES[2]}),
        ("529902", set()),
        ("", set()),
        ("%", set()),
    ],
)
def test_scope_decides_what_is_seen(kept: Kept, role: str, scope: str, expected: set[str]) -> None:
    assert seen(kept.engines[role], scope) == expected


@pytest.mark.parametrize("table", GUARDED)
def test_without_a_scope_nothing_is_seen(kept: Kept, table: str) -> None:
    with kept.engines[WRITER].connect() as conn:
        assert conn.scalar(text(f"SELECT count(*) FROM {table}")) == 0


def test_a_scope_ends_with_its_transaction(kept: Kept) -> None:
    """The pool hands the same connection on: it must have forgotten."""
    engine = kept.engines[WRITER]
    assert seen(engine, "*")
    with engine.connect() as conn:
        assert conn.scalar(text("SELECT count(*) FROM people")) == 0


@pytest.mark.parametrize("table", ["people", "duties", "incidents"])
def test_nothing_is_written_outside_the_scope(kept: Kept, table: str) -> None:
    change = f"UPDATE {table} SET area_code = '{COMMUNITIES[3]}'"
    with pytest.raises(ProgrammingError, match="row-level security"):
        run(kept.engines[WRITER], change, scope=COMMUNITIES[0])


def test_a_write_reaches_rows_in_scope_only(kept: Kept) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"):
        run(
            kept.engines[WRITER],
            f"INSERT INTO people (area_code, name) VALUES ('{COMMUNITIES[3]}', '外')",
            scope=COMMUNITIES[0],
        )
    assert run(kept.engines[WRITER], "UPDATE people SET name = name", scope=COMMUNITIES[0]) == 2


def test_events_are_seen_where_their_incident_is(undone: Connection) -> None:
    one_each = "INSERT INTO incident_events (incident_id, at, kind) SELECT incident_id, now(), 'seen' FROM incidents"
    undone.execute(text(one_each))
    assert undone.scalar(text("SELECT count(*) FROM incident_events")) == 62
    undone.execute(text(f"SELECT set_config('wangge.scope', '{COMMUNITIES[1]}', true)"))
    assert undone.scalar(text("SELECT count(*) FROM incident_events")) == 12


def test_every_table_with_rows_about_people_is_guarded(kept: Kept) -> None:
    query = "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity AND relkind = 'r'"
    with reading(kept.engines[WRITER]) as conn:
        assert set(conn.scalars(text(query))) == set(GUARDED)


def test_the_reader_clears_no_town(kept: Kept) -> None:
    refused = pytest.raises(ProgrammingError, match=DENIED)
    with refused, transaction(kept.engines[READER], actor="t", action="t") as conn:
        town.clear_town(conn)


def test_membership(engine: Engine) -> None:
    with engine.begin() as conn:
        conn.execute(text("DROP ROLE IF EXISTS newcomer"))
        conn.execute(text("CREATE ROLE newcomer LOGIN"))
    newcomer = open_engine(re.sub("//[^@]+@", "//newcomer@", str(engine.url.set(drivername="postgresql"))))
    try:
        with newcomer.connect() as conn:
            assert not may_act_as(conn, READER)
        with engine.begin() as conn:
            grant_role(conn, READER, login="newcomer")
        with newcomer.connect() as conn:
            assert may_act_as(conn, READER)
            assert not may_act_as(conn, WRITER)
    finally:
        newcomer.dispose()
        with engine.begin() as conn:
            conn.execute(text("DROP ROLE newcomer"))


def test_only_our_roles_are_granted(engine: Engine) -> None:
    with engine.begin() as conn, pytest.raises(NotFoundError):
        grant_role(conn, "pg_execute_server_program", login="wangge")
