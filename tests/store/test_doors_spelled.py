"""Doors by the many ways people type them: a table of spellings, any mix of its rules, and names that change."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from data.door_words import readings_of
from data.postgis.engine import OWNER, READER, open_engine, reading, transaction
from data.stores import doors
from data.stores._rows import copy_frame
from data.tables import metadata
from geo.rng import generator
from tests.fixtures.small_town import COMMUNITIES, square, write_small_town
from tests.store.door_spellings import SPELLINGS
from tests.store.kept import Kept

CRS = "EPSG:4326"
COMPOUNDS = {
    101: "云溪苑",
    102: "阳光100",
    103: "锦绣二期",
    104: "绿苑",
    105: "锦绣",
    106: "云岭苑",
    107: "西苑",
    108: "人民路小区",
    109: "鼎盛苑",
    110: "麒麟佳苑",
    111: "和谐佳苑",
}
BUILDINGS = (
    *((101, f"{n}栋", None) for n in range(1, 25)), (102, "A座", None), (102, "B座", None),
    *((103, f"{n}栋", None) for n in range(1, 25)), *((104, f"{n}栋", None) for n in range(1, 4)),
    *((105, f"{n}栋", None) for n in range(1, 25)), *((106, f"{n}栋", None) for n in range(1, 25)),
    *((107, f"{n}栋", None) for n in range(1, 25)), *((108, f"{n}栋", None) for n in range(1, 25)),
    *((None, None, f"人民路{n}号") for n in range(1, 60)), *((None, None, f"重庆路{n}号") for n in range(1, 60)),
    *((None, None, f"重阳路{n}号") for n in range(1, 60)), (None, "101大厦", None), (None, "桥头小学", "人民路99号"),
    *((109, f"鼎盛苑{n}栋", f"盛花巷2号鼎盛苑{n}栋") for n in range(1, 9)), (109, None, "盛花巷2号鼎盛苑门卫室"),
    *((110, f"麒麟佳苑{n}栋", f"环城北路26号麒麟佳苑{n}栋") for n in range(1, 5)),
    *((111, f"{n}栋", "环城北路28号") for n in range(1, 30)), (None, "示例中学", "环城北路30号示例中学"),
    *((None, None, f"盛花巷{n}号") for n in range(4, 9)),
)  # fmt: skip
FIRST_ID = 5_001


def put(
    conn: Connection, compounds: dict[int, str], buildings: tuple[tuple[int | None, str | None, str | None], ...]
) -> None:
    """Write compounds and buildings, numbered from `FIRST_ID`."""
    copy_frame(conn, metadata.tables["compounds"], gpd.GeoDataFrame(
        {"area_code": COMMUNITIES[1], "name": list(compounds.values())},
        geometry=[shapely.MultiPolygon([square(4, 0)])] * len(compounds), crs=CRS,
        index=pd.Index(list(compounds), name="compound_id"),
    ))  # fmt: skip
    copy_frame(conn, metadata.tables["buildings"], gpd.GeoDataFrame(
        {
            "area_code": COMMUNITIES[1], "compound_id": pd.array([row[0] for row in buildings], dtype="Int64"),
            "name": [row[1] for row in buildings], "address": [row[2] for row in buildings],
            "households": 1, "people": 1,
        },
        geometry=[shapely.MultiPolygon([square(4, 0, width=0.01, height=0.01)])] * len(buildings), crs=CRS,
        index=pd.RangeIndex(FIRST_ID, FIRST_ID + len(buildings), name="building_id"),
    ))  # fmt: skip


@pytest.fixture(scope="module")
def spelled(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Connection]:
    """The doors of the table, as the reader sees them; a stairwell in 云溪苑 3栋."""
    with new_database() as url:
        owner, reader = open_engine(url, role=OWNER), open_engine(url, role=READER)
        write_small_town(owner)
        with transaction(owner, actor="test", action="put") as conn:
            conn.execute(text("UPDATE compounds SET name = NULL"))
            conn.execute(text("UPDATE buildings SET name = NULL, address = NULL"))
            put(conn, COMPOUNDS, BUILDINGS)
            conn.execute(
                text(
                    "INSERT INTO stairwells (building_id, number, households, geometry) SELECT :id, n, 1,"
                    " ST_SetSRID(ST_MakePoint(107.7 + n * 0.001, 27.95), 4326) FROM generate_series(1, 3) n"
                ),
                {"id": FIRST_ID + 2},
            )
        with reading(reader) as conn:
            yield conn
        owner.dispose()
        reader.dispose()


def test_there_are_enough_of_them() -> None:
    assert len(dict(SPELLINGS)) == len(SPELLINGS) >= 120


@pytest.mark.parametrize(("typed", "label"), SPELLINGS, ids=[typed for typed, _ in SPELLINGS])
def test_what_people_type(spelled: Connection, typed: str, label: str) -> None:
    found = doors.search(spelled, typed, 5)
    assert list(found["label"][:1]) == [label], found[["label", "score"]].to_string()


@pytest.mark.parametrize(
    "typed", ["查无此地", "zzzzqqqq", "3栋", "501", "云", "，。", "%", "\x00", "a" * 200, "三" * 80]
)
def test_nothing_is_found_where_nothing_fits(spelled: Connection, typed: str) -> None:
    assert (doors.search(spelled, typed, 5)["score"] < 0.7).all()


@pytest.mark.parametrize("typed", ["云溪苑3栋2单元501室", "云溪苑3-2-501", "云溪苑3栋501"])
def test_a_room_is_not_in_the_answer_nor_among_the_keys(spelled: Connection, typed: str) -> None:
    assert not doors.search(spelled, typed, 5)["label"].str.contains("501").any()
    assert not [tail for reading in readings_of("云溪苑3栋2单元501室") for tail, _ in reading.tails if "501" in tail]


@pytest.mark.parametrize(
    "typed", ["盛花巷3号", "盛花巷3", "盛花巷3号楼", "shenghuaxiang3hao", "环城北路8号", "云溪社区盛花巷３號"]
)
def test_a_number_that_no_house_has_leads_to_no_block_of_that_number(spelled: Connection, typed: str) -> None:
    found = doors.search(spelled, typed, 12)
    assert not found.loc[found["label"].str.contains(r"[38]栋"), "score"].ge(0.5).any(), "no more than others there"
    assert (found["score"] < 0.8).all()


def test_a_compound_comes_before_its_blocks_and_others(spelled: Connection) -> None:
    found = doors.search(spelled, "盛花巷2号", 12)
    assert list(found.loc[0, ["kind", "label", "score"]]) == ["compound", "鼎盛苑", 1.0]
    assert (found["score"][1:] < 0.8).all(), "no other is exact"


def test_blocks_that_share_an_address_are_offered(spelled: Connection) -> None:
    found = doors.search(spelled, "环城北路28号", 12)
    assert list(found["label"]) == [
        *(f"和谐佳苑 {n}栋" for n in range(1, 10)),
        "和谐佳苑 10栋",
        "和谐佳苑 11栋",
        "和谐佳苑 12栋",
    ]


def test_letters_that_grow_are_cut_again() -> None:
    assert len(doors.cut_words("\ufdfa" * 80)) == doors.TEXT_LENGTH_MAX


def test_a_stairwell_leads_to_its_own_place(spelled: Connection) -> None:
    block, well = (doors.search(spelled, typed, 1).iloc[0] for typed in ("云溪苑3栋", "云溪苑3栋2单元"))
    assert (block["id"], well["id"]) == (str(FIRST_ID + 2),) * 2
    assert (well["lon"], well["lat"], well["accuracy_m"]) == (107.702, 27.95, 0.0)
    assert (block["lon"], block["lat"]) != (well["lon"], well["lat"])


# -- any mix of the rules ---------------------------------------------------------------------

INVENTED, EACH = 500, 40
FIRST, SECOND = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许", "春夏秋冬梅兰竹菊松柏桃杏梨枣榆槐柳桂枫桐"
ENDS = ("花园", "新村", "大院", "名邸")


def invented() -> list[str]:
    """Names no two of which are one letter, or one letter of their sounds, apart in what comes before the end."""
    draw = generator(5, "invented doors")
    pairs = [a + b + c for a, b in zip(FIRST, SECOND, strict=True) for c in SECOND]
    drawn = draw.permutation([pair + end for pair in pairs for end in ENDS])
    return [str(name) for name in drawn[:INVENTED]]


@pytest.fixture(scope="module")
def many(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[tuple[Connection, dict[str, str]]]:
    """20,000 invented doors in 500 compounds, and how letters sound."""
    with new_database() as url:
        owner, reader = open_engine(url, role=OWNER), open_engine(url, role=READER)
        write_small_town(owner)
        compounds = dict(enumerate(invented(), start=1_001))
        blocks = tuple((key, f"{n}栋", None) for key in compounds for n in range(1, EACH + 1))
        with transaction(owner, actor="test", action="put") as conn:
            put(conn, compounds, blocks)
            known = conn.execute(text("SELECT letter, sounds[1] FROM letter_sounds")).all()
            sounds = {letter: sound for letter, sound in known if letter in FIRST + SECOND + "".join(ENDS)}
        with reading(reader) as conn:
            yield conn, sounds
        owner.dispose()
        reader.dispose()


NUMERALS = "零一二三四五六七八九"


def in_chinese(number: int) -> str:
    """12 is 十二, 30 is 三十."""
    tens, ones = divmod(number, 10)
    return (NUMERALS[tens] if tens > 1 else "") + ("十" if tens else "") + (NUMERALS[ones] if ones else "")


def in_contracts(number: int) -> str:
    """12 is 拾贰, 30 is 叁拾."""
    return in_chinese(number).translate(str.maketrans("一二三四五六七八九十", "壹贰叁肆伍陆柒捌玖拾"))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_mix_of_the_rules_finds_the_door(many: tuple[Connection, dict[str, str]], data: st.DataObject) -> None:
    conn, sounds = many
    name = data.draw(st.sampled_from(invented()))
    number = data.draw(st.integers(1, EACH))
    spelled = name
    how = data.draw(st.sampled_from(["letters", "letters", "mixed", "sounds"]))
    if how != "letters":
        places = range(len(name)) if how == "sounds" else data.draw(st.sets(st.integers(0, len(name) - 1), min_size=1))
        spelled = "".join(sounds[letter] if at in places else letter for at, letter in enumerate(name))
    ways = [str(number), in_chinese(number), in_contracts(number), str(number).translate(WIDE)]
    told = data.draw(st.sampled_from(ways))
    unit = data.draw(st.sampled_from(["栋", "幢", "号楼", "座", "#", "棟", "號樓"]))
    front = data.draw(st.sampled_from(["", "", "贵州省", "遵义市播州区", "贵州省遵义市播州区云溪街道", "云溪社区"]))
    behind = data.draw(st.sampled_from(["", "", "2单元", "二单元501室", "-2-501", "5楼", "501", " 1203室"]))
    gap = data.draw(st.sampled_from(["", " ", "，", "　"]))
    found = doors.search(conn, f"{front}{gap}{spelled}{gap}{told}{unit}{behind}", 3)
    assert list(found["label"][:1]) == [f"{name} {number}栋"], found[["label", "score"]].to_string()


WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


# -- names that change ------------------------------------------------------------------------


def labels(conn: Connection, typed: str) -> list[str]:
    return [label for label, score in doors.search(conn, typed, 5)[["label", "score"]].to_numpy() if score > 0.9]


def test_a_new_name_is_found_at_once_and_an_old_one_no_more(undone: Connection) -> None:
    put(undone, {101: "旧名苑"}, ((101, "3栋", None), (None, "甲楼", "老路7号")))
    assert labels(undone, "旧名苑3栋") == ["旧名苑 3栋"]
    undone.execute(text("UPDATE compounds SET name = '新名苑' WHERE compound_id = 101"))
    assert labels(undone, "旧名苑3栋") == []
    assert labels(undone, "xinmingyuan3dong") == ["新名苑 3栋"]
    undone.execute(text("UPDATE buildings SET name = '4栋' WHERE name = '3栋' AND compound_id = 101"))
    assert labels(undone, "新名苑4栋") == ["新名苑 4栋"]
    undone.execute(text("UPDATE buildings SET compound_id = NULL WHERE compound_id = 101"))
    assert labels(undone, "新名苑4栋") == []
    assert labels(undone, "老路7号") == ["老路7号"]
    undone.execute(text("DELETE FROM buildings WHERE address = '老路7号'"))
    undone.execute(text("DELETE FROM compounds WHERE compound_id = 101"))
    assert labels(undone, "老路7号") == labels(undone, "新名苑") == []


def test_a_compound_is_at_its_street_as_long_as_a_block_of_it_is(undone: Connection) -> None:
    put(undone, {101: "甲子苑", 102: "乙丑苑"}, tuple((101, f"{n}栋", f"老路7号甲子苑{n}栋") for n in (1, 2)))
    assert labels(undone, "老路7号") == ["甲子苑"]
    undone.execute(text("DELETE FROM buildings WHERE name = '1栋' AND compound_id = 101"))
    assert labels(undone, "老路7号") == ["甲子苑"]
    undone.execute(text("UPDATE buildings SET address = '老路9号甲子苑2栋' WHERE compound_id = 101"))
    assert labels(undone, "老路7号") == []
    assert labels(undone, "老路9号") == ["甲子苑"]
    undone.execute(text("UPDATE buildings SET compound_id = 102, address = '老路9号2栋' WHERE compound_id = 101"))
    assert labels(undone, "老路9号") == ["乙丑苑"]
    undone.execute(text("UPDATE compounds SET name = '丙寅苑' WHERE compound_id = 102"))
    assert labels(undone, "老路9号") == ["丙寅苑"]
    undone.execute(text("DELETE FROM buildings WHERE compound_id = 102"))
    assert labels(undone, "老路9号") == []


# -- streets, numbers, compounds and blocks -----------------------------------------------------

STREETS = ("东风路", "解放巷", "文昌大道", "小河街", "育才路", "北门巷")
AT_STREETS = dict(enumerate(("紫荆城", "金谷里", "安居园", "望江台", "青年公寓", "百花阁"), start=2_001))


@pytest.fixture(scope="module")
def at_streets(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[tuple[Connection, dict[str, str]]]:
    """Six compounds of 30 blocks at a street each, houses at its odd numbers; how letters sound."""
    with new_database() as url:
        owner, reader = open_engine(url, role=OWNER), open_engine(url, role=READER)
        write_small_town(owner)
        rows = zip(STREETS, AT_STREETS.items(), range(2, 14, 2), strict=True)
        blocks = [(key, f"{n}栋", f"{at}{no}号{name}{n}栋") for at, (key, name), no in rows for n in range(1, 31)]
        houses = [(None, None, f"{at}{n}号") for at in STREETS for n in range(1, 41, 2)]
        with transaction(owner, actor="test", action="put") as conn:
            put(conn, AT_STREETS, (*blocks, *houses))
            sounds = dict(map(tuple, conn.execute(text("SELECT letter, sounds[1] FROM letter_sounds")).all()))
        with reading(reader) as conn:
            yield conn, sounds
        owner.dispose()
        reader.dispose()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_street_number_is_a_compound_a_house_or_nothing(
    at_streets: tuple[Connection, dict[str, str]], data: st.DataObject
) -> None:
    """Street and number lead to the compound, with a block behind to the block; a number nobody has to neither."""
    conn, sounds = at_streets
    place = data.draw(st.integers(0, len(STREETS) - 1))
    street, name, own = STREETS[place], list(AT_STREETS.values())[place], 2 * place + 2
    number = data.draw(st.sampled_from([own, own, *range(1, 40)]))
    ways = [str(number), in_chinese(number), in_contracts(number), str(number).translate(WIDE)]
    told = data.draw(st.sampled_from(ways))
    front = data.draw(st.sampled_from(["", "云溪社区", "贵州省遵义市播州区云溪街道"]))
    if data.draw(st.booleans()):
        front, told, street, unit = "", str(number), "".join(sounds[letter] for letter in street), "hao"
    else:
        unit = data.draw(st.sampled_from(["号", "號", "号院"]))
    block = data.draw(st.integers(1, 30))
    behind = data.draw(st.sampled_from(["", name, f"{block}栋", f"{name}{block}栋", f"{block}号楼1单元101室"]))
    found = doors.search(conn, f"{front}{street}{told}{unit}{behind}", 12)
    first = str(found.loc[0, "label"]) if len(found) else ""
    if number == own:
        assert first == (f"{name} {block}栋" if str(block) in behind else name)
    elif number % 2 and not behind:
        assert first == f"{STREETS[place]}{number}号"
    elif not behind:
        assert not found.loc[found["label"].str.contains(f" {number}栋"), "score"].ge(0.5).any()
        assert (found["score"] < 0.8).all()


def test_a_bare_number_is_called_by_its_address(undone: Connection) -> None:
    put(undone, {}, ((None, "3号楼", "新桥路8号"),))
    assert labels(undone, "新桥路8号") == ["新桥路8号"]


@pytest.mark.parametrize("typed", ["2栋", "二幢", "2", "2号楼1单元"])
def test_a_number_alone_offers_doors_that_have_it(spelled: Connection, typed: str) -> None:
    found = doors.search(spelled, typed)
    assert len(found)
    assert set(found["kind"]) == {"building"}
    assert all("2" in label for label in found["label"])
    assert found["score"].max() < 0.5, "nobody can tell which is meant"


def test_no_name_is_kept_of_a_door_that_is_gone(kept: Kept, undone: Connection) -> None:
    undone.execute(text("DELETE FROM stairwells"))
    undone.execute(text("UPDATE areas SET name = '改名社区' WHERE area_code = :code"), {"code": COMMUNITIES[0]})
    assert labels(undone, "改名社区") == ["改名社区"]
    orphans = text(
        "SELECT count(*) FROM door_names d WHERE NOT EXISTS (SELECT FROM buildings WHERE building_id = place_id)"
        " AND kind = 'building'"
    )
    assert undone.scalar(orphans) == 0


def test_names_that_say_nothing_are_kept_by_nobody(undone: Connection) -> None:
    put(undone, {101: "，。", 102: "很" * 3_000}, ((101, "3栋", "a" * 5_000), (102, "", None)))
    assert undone.scalar(text("SELECT max(length(stem)) FROM door_names")) <= 60


@settings(max_examples=60, deadline=None)
@given(words=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=90))
def test_whatever_is_typed_is_answered(spelled: Connection, words: str) -> None:
    found = doors.search(spelled, words, 4)
    assert found["score"].between(0, 1).all()


PIECES = st.sampled_from(
    [*"0013579ab甲附-路苑单元号栋", "云溪", "号楼", "号院", "单元", "no", "block", "12", "3号", "1234567"]
)


@given(words=st.lists(st.lists(PIECES, max_size=12).map("".join), min_size=40, max_size=80))
@settings(max_examples=60)
def test_the_quick_way_to_split_words_is_the_long_one(spelled: Connection, words: list[str]) -> None:
    asked = text(
        "SELECT word, (quick.stem, quick.tail), (long.stem, long.tail) FROM unnest(CAST(:words AS text[])) AS word"
        " CROSS JOIN door_split(word) quick CROSS JOIN door_split_any(word) long"
        " WHERE quick IS DISTINCT FROM long"
    )
    assert spelled.execute(asked, {"words": words}).all() == []
