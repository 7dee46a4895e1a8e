"""The wangge command as its user runs it: real processes, real files, exit codes, nothing left behind."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from data.postgis.engine import open_engine
from tests.fixtures.commands import DONE, FAILED, REJECTED_IN_PART, ROOT, WRONG_USE, environment, wangge
from tests.fixtures.osm_file import OsmFile, village
from tests.fixtures.small_town import COMMUNITIES, PUBLISHED_ON, write_small_town


def rows(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def stations_csv(path: Path, count: int, *, bad: int = 0) -> Path:
    lines = ["编号,名称,类别,经度,纬度"]
    lines += [f"s{n},服务站{n},service,{107.7002 + n * 1e-5:.6f},27.9502" for n in range(count)]
    lines += [f"b{n},坏站{n},no such kind,107.7002,27.9502" for n in range(bad)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_help_reads_like_a_table_of_contents(database_url: str) -> None:
    done = wangge(database_url, "--help")
    assert done.returncode == DONE
    for noun in ("demo", "serve", "work", "town", "import", "plan", "reach", "incidents", "account", "database"):
        assert noun in done.stdout


def test_a_town_is_built_from_an_extract_and_everything_follows(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    file = village(OsmFile(), houses=12).write(tmp_path / "village.osm.pbf")
    dry = wangge(database_url, "town", "build", "--osm", str(file))
    assert (dry.returncode, rows(engine, "areas")) == (DONE, 0)
    assert "Dry run" in dry.stdout
    done = wangge(database_url, "town", "build", "--osm", str(file), "--commit")
    assert done.returncode == DONE, done.stderr
    for table in ("areas", "buildings", "streets", "cells", "grids", "zones", "household_units", "plan_areas"):
        assert rows(engine, table) > 0, table
    assert "village" in wangge(database_url, "town", "status").stdout


@pytest.mark.parametrize(
    ("name", "content"), [("not.osm.pbf", b"hello"), ("empty.osm.pbf", b""), ("cut.osm.pbf", None)]
)
def test_a_bad_extract_says_why_and_leaves_nothing_behind(
    engine: Engine, database_url: str, tmp_path: Path, name: str, content: bytes | None
) -> None:
    path = tmp_path / name
    if content is None:
        whole = village(OsmFile(), houses=40).write(tmp_path / "whole.osm.pbf").read_bytes()
        content = whole[: len(whole) * 2 // 3]
    path.write_bytes(content)
    done = wangge(database_url, "town", "build", "--osm", str(path), "--commit")
    assert done.returncode == FAILED
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert rows(engine, "areas") == rows(engine, "deployment") == 0


def test_a_bad_extract_leaves_the_town_that_was_there(engine: Engine, database_url: str, tmp_path: Path) -> None:
    write_small_town(engine)
    before = rows(engine, "buildings")
    path = tmp_path / "bad.osm.pbf"
    path.write_bytes(b"\0" * 400)
    assert wangge(database_url, "town", "build", "--osm", str(path), "--commit").returncode == FAILED
    assert rows(engine, "buildings") == before


def test_wrong_use_is_told_apart_from_failure(database_url: str) -> None:
    assert wangge(database_url, "town", "build").returncode == WRONG_USE
    assert wangge(database_url, "import", "unicorns", "x.csv").returncode == WRONG_USE
    done = wangge(database_url, "import", "stations", "no-such-file.csv")
    assert done.returncode == FAILED
    assert "no-such-file.csv" in done.stderr


def test_an_import_is_a_dry_run_until_committed_and_rejects_are_kept(
    engine: Engine, database_url: str, tmp_path: Path
) -> None:
    write_small_town(engine)
    before = rows(engine, "stations")
    file = stations_csv(tmp_path / "站点.csv", 5, bad=2)
    rejects = tmp_path / "退回.csv"
    dry = wangge(database_url, "import", "stations", str(file), "--rejects", str(rejects))
    assert (dry.returncode, rows(engine, "stations")) == (REJECTED_IN_PART, before)
    assert "错误原因" in rejects.read_text(encoding="utf-8-sig")
    assert "坏站1" in rejects.read_text(encoding="utf-8-sig")
    done = wangge(database_url, "import", "stations", str(file), "--commit")
    assert (done.returncode, rows(engine, "stations"), rows(engine, "import_rejects")) == (3, before + 5, 2)
    again = wangge(database_url, "import", "stations", str(file), "--commit")
    assert (again.returncode, rows(engine, "stations")) == (REJECTED_IN_PART, before + 5)


def test_people_bring_their_duties(engine: Engine, database_url: str, tmp_path: Path) -> None:
    write_small_town(engine)
    before = rows(engine, "duties")
    grid = COMMUNITIES[2] + "002"
    file = tmp_path / "people.csv"
    file.write_text(
        "编号,姓名,区划代码,角色,网格编码,开始日期\n"
        f"p1,张三,{COMMUNITIES[2]},网格员,{grid},{PUBLISHED_ON}\n"
        f"p1,张三,{COMMUNITIES[2]},网格长,{grid},{PUBLISHED_ON}\n"
        f"p2,李四,{COMMUNITIES[2]},网格员,{COMMUNITIES[2]}999,{PUBLISHED_ON}\n",
        encoding="utf-8",
    )
    done = wangge(database_url, "import", "people", str(file), "--commit")
    assert done.returncode == REJECTED_IN_PART, done.stderr
    assert "999" in done.stdout
    assert rows(engine, "duties") == before + 2
    assert rows(engine, "people WHERE source_ref = 'p1'") == 1
    assert rows(engine, "people WHERE source_ref = 'p2'") == 0
    assert wangge(database_url, "import", "people", str(file), "--commit").returncode == REJECTED_IN_PART
    assert rows(engine, "duties") == before + 2


def test_an_import_killed_in_the_middle_leaves_nothing(engine: Engine, database_url: str, tmp_path: Path) -> None:
    write_small_town(engine)
    before = rows(engine, "stations")
    file = stations_csv(tmp_path / "stations.csv", 300)
    command = [sys.executable, "-m", "api.cli", "import", "stations", str(file), "--commit"]
    holder = open_engine(database_url)
    with holder.connect() as lock:
        # The import stops at the locked table, in the middle of its transaction, its head row written.
        lock.execute(text("LOCK TABLE stations IN SHARE MODE"))
        process = subprocess.Popen(command, cwd=ROOT, env=environment(database_url), stdout=subprocess.DEVNULL)
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'stations'::regclass")
        for _ in range(300):
            if lock.scalar(waiting):
                break
            time.sleep(0.2)
        assert lock.scalar(waiting), "the import never reached the table"
        process.kill()
        process.wait()
        lock.rollback()
    holder.dispose()
    time.sleep(0.5)
    assert rows(engine, "stations") == before
    assert rows(engine, "imports") == 0


def test_the_first_admin_is_made_by_command(engine: Engine, database_url: str) -> None:
    done = wangge(database_url, "account", "create", "lin")
    assert done.returncode == DONE, done.stderr
    assert "Password (shown once)" in done.stdout
    with engine.connect() as connection:
        role, kept = connection.execute(text("SELECT role, password_hash FROM accounts WHERE name = 'lin'")).one()
    assert role == "admin"
    assert kept.startswith("$argon2")
    assert wangge(database_url, "account", "create", "lin").returncode == FAILED
    changed = wangge(database_url, "account", "change", "lin", "--role", "planner", "--scope", "529901", "--close")
    assert changed.returncode == DONE, changed.stderr
    assert rows(engine, "accounts WHERE role = 'planner' AND scope = '529901' AND NOT is_active") == 1
    assert wangge(database_url, "account", "change", "nobody", "--close").returncode == FAILED


def test_a_plan_is_proposed_published_and_deleted_only_when_committed(engine: Engine, database_url: str) -> None:
    write_small_town(engine)
    before, grids = rows(engine, "plans"), rows(engine, "grids")
    area = COMMUNITIES[0]
    dry = wangge(database_url, "plan", "propose", area)
    assert (dry.returncode, rows(engine, "plans"), rows(engine, "grids")) == (DONE, before, grids), dry.stderr
    assert "Dry run" in dry.stdout
    assert wangge(database_url, "plan", "propose", area, "--commit").returncode == DONE
    assert rows(engine, "plans") == before + 1
    with engine.connect() as connection:
        plan = connection.scalar(text("SELECT max(plan_id) FROM plans"))
    assert wangge(database_url, "plan", "check", str(plan)).returncode == DONE
    publish = ("plan", "publish", str(plan), "--from", "2027-01-01", "--document", "试2号")
    assert wangge(database_url, *publish, "--commit").returncode == FAILED  # a draft is submitted and approved first
    assert wangge(database_url, "plan", "submit", str(plan)).returncode == DONE
    assert wangge(database_url, "plan", "approve", str(plan), "--document", "试1号").returncode == FAILED
    assert wangge(database_url, "plan", "submit", str(plan), "--commit").returncode == DONE
    assert wangge(database_url, "plan", "approve", str(plan), "--document", "试1号", "--commit").returncode == DONE
    assert wangge(database_url, *publish).returncode == DONE
    assert rows(engine, "plans WHERE state = 'published'") == 1
    assert wangge(database_url, "plan", "delete", str(plan), "--commit").returncode == FAILED
    assert wangge(database_url, "plan", "return", str(plan), "--reason", "再议", "--commit").returncode == DONE
    assert wangge(database_url, "plan", "delete", str(plan), "--commit").returncode == DONE
    assert rows(engine, "plans") == before
    assert wangge(database_url, "plan", "delete", "1", "--commit").returncode == FAILED
