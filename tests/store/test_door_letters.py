"""Doors whose names are written in traditional letters, or typed so; numbers as contracts have them."""

import pytest
from sqlalchemy import Connection, text

from data.postgis.engine import OWNER, open_engine, reading, transaction
from data.postgis.migrate import downgrade, upgrade
from data.stores import doors
from tests.fixtures.small_town import write_small_town
from tests.store.test_doors_spelled import put

COMPOUNDS = {101: "環龍苑", 102: "观澜湖", 103: "伍家岗小区", 104: "金谷里"}
BUILDINGS = (
    (101, "拾貳棟", "環市路叁號環龍苑拾貳棟"), (101, "1栋", "環市路叁號環龍苑1栋"), (102, "2栋", None),
    (103, "5栋", None), (104, "3栋", "人民路5号金谷里3栋"),
)  # fmt: skip


@pytest.fixture
def named(undone: Connection) -> Connection:
    put(undone, COMPOUNDS, BUILDINGS)
    return undone


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("環龍苑12棟", "環龍苑 拾貳棟"), ("环龙苑十二栋", "環龍苑 拾貳棟"), ("环市路3号12栋", "環龍苑 拾貳棟"),
        ("huanlongyuan12dong", "環龍苑 拾貳棟"), ("環市路叁號環龍苑拾贰栋", "環龍苑 拾貳棟"),
        ("环市路三号", "環龍苑"), ("觀瀾湖貳幢", "观澜湖 2栋"), ("观澜湖贰号楼", "观澜湖 2栋"),
        ("伍家崗小區", "伍家岗小区"), ("伍家岗小区伍栋", "伍家岗小区 5栋"),
    ],
)  # fmt: skip
def test_a_door_is_found_in_either_letters(named: Connection, typed: str, label: str) -> None:
    found = doors.search(named, typed, 3)
    assert list(found["label"][:1]) == [label], found[["label", "score"]].to_string()
    assert found.loc[0, "score"] > 0.9


def test_every_letter_has_one_simplified_letter_which_stays(named: Connection) -> None:
    odd = text(
        "SELECT count(*) FILTER (WHERE plain <> letter),"
        " count(*) FILTER (WHERE length(plain) <> 1 OR door_plain(plain) <> plain)"
        " FROM (SELECT chr(n) AS letter, door_plain(chr(n)) AS plain FROM generate_series(19968, 40959) n) letters"
    )
    read_otherwise, wrong = named.execute(odd).one()
    assert read_otherwise > 1_000
    assert wrong == 0


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("叁号", "3号"), ("叄號", "3号"), ("拾号", "10号"), ("贰拾栋", "20栋"), ("贰拾叁栋肆单元", "23栋4单元"),
        ("壹佰零伍室", "105室"), ("陆家嘴陆栋", "陆家嘴6栋"), ("伍家岗", "伍家岗"), ("柒星路", "柒星路"),
    ],
)  # fmt: skip
def test_a_numeral_counts_where_a_unit_follows(named: Connection, typed: str, plain: str) -> None:
    assert named.scalar(text("SELECT door_plain(:typed)"), {"typed": typed}) == plain


def names(conn: Connection) -> list[tuple[object, ...]]:
    return sorted(map(tuple, conn.execute(text("SELECT kind, place_id, stem, tail FROM door_names"))))


def test_names_that_were_there_before_are_written_anew_and_back(database_url: str) -> None:
    owner = open_engine(database_url, role=OWNER)
    write_small_town(owner)
    with transaction(owner, actor="test", action="put") as conn:
        put(conn, COMPOUNDS, BUILDINGS)
    with reading(owner) as conn:
        fresh = names(conn)
    downgrade(database_url, revision="0021")
    with reading(owner) as conn:
        before = names(conn)
        assert "環龙苑" in {stem for _, _, stem, _ in before}
        assert "环龙苑" not in {stem for _, _, stem, _ in before}
        assert conn.scalar(text("SELECT door_plain('叁栋')")) == "叁栋"
    with transaction(owner, actor="test", action="put") as conn:  # as they were written then
        conn.execute(text("SELECT write_building_names(array_agg(building_id)) FROM buildings"))
        conn.execute(text("SELECT write_place_names('compound', array_agg(compound_id)) FROM compounds"))
        assert names(conn) == before
    upgrade(database_url)
    with reading(owner) as conn:
        assert names(conn) == fresh
    owner.dispose()
