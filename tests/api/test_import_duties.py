"""Lists of people on duty as offices keep them: many hands, many ways; every row lands or comes back with why."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import Engine, text

from api.actions.import_duties import import_duties
from api.actions.import_rows import Imported
from data.calendar import today
from data.postgis.engine import open_engine, reading
from data.profiles import load_profile
from data.readers.files import read_table
from data.stores import answers
from data.stores import duties as duty_store
from geo.errors import MissingColumnsError
from tests.fixtures.commands import REJECTED_IN_PART, wangge
from tests.fixtures.small_town import COMMUNITIES, VACANT, write_small_town

PROFILE = load_profile("demo")
A, B, C, D = COMMUNITIES
JULY, JANUARY = date(2026, 7, 1), date(2027, 1, 1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The small town, for one test."""
    made = open_engine(database_url)
    write_small_town(made)
    yield made
    made.dispose()


def bring(engine: Engine, path: Path, *lines: str, commit: bool = True) -> Imported:
    file = path / "名单.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    done = import_duties(engine, raw=read_table(file), profile=PROFILE, actor="test", commit=commit)
    counts = done.checked.counts
    assert counts["rows_in"] == counts["rows"] + counts["rejects"] == len(lines) - 1
    return done


def kept(engine: Engine, name: str) -> list[tuple[object, ...]]:
    """Role, target and days of a person's duties."""
    query = text(
        "SELECT d.role, coalesce(grid_code, zone_code, unit_code, building_id::text), lower(valid), upper(valid)"
        " FROM duties d JOIN people USING (person_id) WHERE name = :name ORDER BY 1, 2"
    )
    with reading(engine) as conn:
        return [tuple(row) for row in conn.execute(query, {"name": name})]


def scalar(engine: Engine, query: str) -> object:
    with reading(engine) as conn:
        return conn.scalar(text(query))


def why(done: Imported) -> dict[int, str]:
    return dict(zip(done.checked.rejects["row_number"], done.checked.rejects["reason_zh"], strict=True))


def test_a_workbook_of_many_hands(engine: Engine, tmp_path: Path) -> None:
    """Title, merged cells, full-width digits, days in five ways, names for codes, two grids in a cell."""
    book = xlsxwriter.Workbook(tmp_path / "名单.xlsx")
    sheet = book.add_worksheet()
    sheet.merge_range("A1:H1", "云溪街道网格人员名单（2026）")
    sheet.write_row("A2", ["社区", "网格名称", "姓名", "岗位", "手机", "任职时间", "楼栋", "止"])
    sheet.merge_range("A3:A6", "桥头社区")
    sheet.write_row("B3", ["第１网格", "周小红", "专职网格员", 13911110001, "2026.7.1-2026.12.31"])
    sheet.write_row("B4", ["第一网格、第二网格", "钱 进", "网格长（书记）", "139 1111 0002", "2026年7月1日至今"])
    sheet.write_row("B5", ["桥头社区第2网格", "周小红", "网格员", "１３９１１１１０００１", 46204])
    sheet.write_row("B6", ["", "吴楼长", "楼栋长", "", "2026-07-01", "17号楼", "长期"])
    sheet.write_row("A8", ["河东社区", "第2网格", "郑来", "网格员", "+86 139-1111-0003", "2026/7/1"])
    book.close()
    raw = read_table(tmp_path / "名单.xlsx")
    done = import_duties(engine, raw=raw, profile=PROFILE, actor="test", commit=True)
    assert (done.checked.counts, why(done)) == ({"rows_in": 5, "rows": 5, "rejects": 0}, {})
    assert kept(engine, "周小红") == [("worker", f"{B}001", JULY, JANUARY), ("worker", f"{B}002", JULY, None)]
    assert kept(engine, "钱 进") == [("grid_head", f"{B}001", JULY, None), ("grid_head", f"{B}002", JULY, None)]
    assert kept(engine, "吴楼长") == [("building_head", "17", JULY, None)]
    assert kept(engine, "郑来") == [("worker", VACANT, JULY, None)]
    assert scalar(engine, "SELECT count(*) FROM people") == 6 + 4
    assert scalar(engine, "SELECT phone FROM people WHERE name = '周小红'") == "13911110001"
    again = import_duties(engine, raw=raw, profile=PROFILE, actor="test", commit=True)
    assert again.checked.counts["rejects"] == 0
    assert scalar(engine, "SELECT count(*) FROM people") == 10
    assert scalar(engine, "SELECT count(*) FROM duties") == 5 + 6


def test_a_leave_with_its_substitute(engine: Engine, tmp_path: Path) -> None:
    done = bring(
        engine, tmp_path, "姓名,社区,请假,替岗人,请假事由,岗位,网格",
        "王小明,云溪社区,2026年8月1日至8月15日,新来的,病假,,",
        "新来的,云溪社区,,,,网格员,第2网格",
        "李建国,云溪社区,2026.8.1-2026.8.3,,,,",
        "张秀英,,2026.8.1-2026.8.3,没有此人,,,",
    )  # fmt: skip
    assert why(done) == {5: "没有叫没有此人的人，请先登记"}
    with reading(engine) as conn:
        away = duty_store.read_absences(conn)
        found = answers.read_answers(conn, date(2026, 8, 15)).query("name == '王小明'").iloc[0]
        after = answers.read_answers(conn, date(2026, 8, 16)).query("name == '王小明'").iloc[0]
    assert away["name"].tolist() == ["王小明", "李建国"]
    assert away["reason"].tolist() == ["病假", None]
    assert (found["answer"], after["answer"]) == ("新来的", "王小明")
    again = bring(engine, tmp_path, "姓名,社区,请假,替岗人", "王小明,云溪社区,2026.8.10-2026.8.20,李建国")
    assert "与已有的日期重叠" in why(again)[2]


REFUSED = {
    "没有": ("李四,网格员,第9网格,,,2026-07-01,", "grids"),
    "有 3 个": ("李四,网格员,第1网格,,,2026-07-01,", "grids"),
    "不属于": (f"李四,网格员,{C}001,{A},,2026-07-01,", "grids"),
    "没有代码为": (f"李四,网格员,{C}001,529901009001,,2026-07-01,", "area_code"),
    "没有529901001001009": ("李四,网格员,529901001001009,,,2026-07-01,", "grids"),
    "不是已知岗位": (f"李四,市长,{C}001,,,2026-07-01,", "roles"),
    "有网格但没有岗位": (f"李四,,{C}001,,,2026-07-01,", "roles"),
    "没有写明对象": ("李四,楼栋长,,,,2026-07-01,", "buildings"),
    "既没有岗位": (f"李四,,,{C},,,", "roles"),
    "早于": (f"李四,网格员,{C}001,,,2026-07-02,2026-07-01", "last_on"),
    "姓名为空": (f",网格员,{C}001,,,2026-07-01,", "name"),
    "手机号属于王小明": (f"李四,网格员,{C}001,,13800000000,2026-07-01,", "phone"),
    "不是电话号码": (f"李四,网格员,{C}001,,办公室,2026-07-01,", "phone"),
    "不是日期": (f"李四,网格员,{C}001,,,明天,", "first_on"),
    "重叠": (f"王小明,网格员,{A}001,,,2025-07-01,", "first_on"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_land_says_why_and_leaves_the_rest(engine: Engine, tmp_path: Path, reason: str) -> None:
    line, field = REFUSED[reason]
    done = bring(engine, tmp_path, "姓名,岗位,网格,社区代码,手机,起,止", line, f"赵六,网格员,{VACANT},,,2026-07-01,")
    assert reason in why(done)[2]
    assert done.checked.rejects.iloc[0]["field"] == field
    assert kept(engine, "李四") == []
    assert kept(engine, "赵六") == [("worker", VACANT, JULY, None)]
    row = "SELECT original ->> '姓名' || reason FROM import_rejects"
    assert str(scalar(engine, row)).startswith(line.split(",")[0])
    assert scalar(engine, "SELECT rows_in || '/' || rows_stored || '/' || rows_rejected FROM imports") == "2/1/1"


def test_a_dry_run_writes_nothing(engine: Engine, tmp_path: Path) -> None:
    done = bring(engine, tmp_path, "姓名,岗位,网格", f"赵六,网格员,{VACANT}", "赵七,网格员,不存在", commit=False)
    assert (done.import_id, done.checked.counts["rejects"]) == (None, 1)
    for table in ("imports", "import_rejects", "absences"):
        assert scalar(engine, f"SELECT count(*) FROM {table}") == 0
    assert scalar(engine, "SELECT count(*) FROM people") == 6


def test_who_is_who(engine: Engine, tmp_path: Path) -> None:
    """By reference, mobile number, or name in the street; a namesake with another number is somebody else."""
    done = bring(
        engine, tmp_path, "工号,姓名,岗位,网格编码,网格名称,联系电话,起",
        f",王小明,网格长,{A}001,第一网格,,2026-07-01",
        f",王小明,网格长,{A}002,第二网格,13800000000,2026-07-01",
        f",王小明,网格长,{B}001,随便,13900000009,2026-07-01",
        f"g1,孙八,网格长,{B}002,,,2026-07-01",
        f"g1,孙八,网格员,{VACANT},,,2026-07-01",
        f"g1,孙九,网格员,{VACANT},,,2026-07-01",
        f",王小明,网格长,{C}001,,,2026-07-01",
        f",王小明,网格员,{B}002,,,2026-07-01",
    )  # fmt: skip
    assert why(done) == {7: "工号属于孙八"}
    told = "SELECT count(*) FROM duties JOIN people p USING (person_id) WHERE name = '王小明' AND p.area_code = "
    assert [scalar(engine, f"{told}'{area}'") for area in (A, B, C)] == [3, 2, 1]
    assert scalar(engine, "SELECT count(*) FROM people WHERE name = '王小明' AND phone = '13900000009'") == 1
    assert scalar(engine, "SELECT count(*) FROM duties WHERE person_id = 1") == 3
    assert len(kept(engine, "孙八")) == 2


def test_zones_units_and_several_posts(engine: Engine, tmp_path: Path) -> None:
    done = bring(
        engine, tmp_path, "姓名,岗位,社区,网格,责任区,联户,楼栋,起",
        "县税务局,包保单位,云溪社区,第1网格,责任区2,,,2026-07-01",
        "冯户长,,云溪社区,第1网格,,第1联户,,2026-07-01",
        "陈双,网格员、楼栋长,河东社区,第2网格,,,33号楼、test/34,2026-07-01",
        "褚某,,云溪社区,第1网格,,第7联户,,2026-07-01",
        "卫某,包保单位,云溪社区,,责任区1,,,2026-07-01",
    )  # fmt: skip
    assert kept(engine, "县税务局") == [("answerable_unit", f"{A}001002", JULY, None)]
    assert scalar(engine, "SELECT kind FROM people WHERE name = '县税务局'") == "organisation"
    assert kept(engine, "冯户长") == [("unit_head", f"{A}0010001", JULY, None)]
    assert "没有联户单元“第7联户”" in why(done)[5]
    assert "有 2 个“责任区1”" in why(done)[6]
    assert [row[:2] for row in kept(engine, "陈双")] == [
        ("building_head", "33"), ("building_head", "34"), ("worker", VACANT),
    ]  # fmt: skip


def test_without_a_first_day_a_duty_begins_today(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, "姓名,岗位,网格", f"赵六,网格员,{VACANT}", f"王小明,网格员,{A}001")
    assert kept(engine, "赵六") == [("worker", VACANT, today(), None)]
    assert len(kept(engine, "王小明")) == 1, "held already, since whenever"


def test_a_list_without_names_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(MissingColumnsError, match="姓名"):
        bring(engine, tmp_path, "岗位,网格", "网格员,第1网格")


def test_the_command_reports_and_writes_when_told(engine: Engine, database_url: str, tmp_path: Path) -> None:
    file, back = tmp_path / "名单.csv", tmp_path / "退回.csv"
    file.write_text(f"姓名,岗位,网格\n赵六,网格员,{VACANT}\n赵七,网格员,不存在\n", encoding="utf-8")
    dry = wangge(database_url, "import", "duties", str(file), "--rejects", str(back))
    assert (dry.returncode, kept(engine, "赵六")) == (REJECTED_IN_PART, []), dry.stderr
    assert "不存在" in back.read_text(encoding="utf-8-sig")
    assert wangge(database_url, "import", "duties", str(file), "--commit").returncode == REJECTED_IN_PART
    assert len(kept(engine, "赵六")) == 1
