"""Incidents and holidays from files: placed by point or address, timed, never lost; a calendar moves limits."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from api.actions.import_rows import Imported, import_rows
from data.postgis.engine import open_engine, reading
from data.profiles import load_profile
from data.readers.files import read_table
from geo.errors import MissingColumnsError
from tests.fixtures.small_town import SmallTown, write_small_town

PROFILE = load_profile("demo")
HERE = SmallTown.point(1, 1)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The small town, for one test."""
    made = open_engine(database_url)
    write_small_town(made)
    yield made
    made.dispose()


def bring(engine: Engine, path: Path, noun: str, *lines: str, columns: dict[str, str] | None = None) -> Imported:
    path.write_text("\n".join(lines), encoding="utf-8")
    raw = read_table(path)
    return import_rows(engine, noun=noun, raw=raw, profile=PROFILE, actor="test", commit=True, columns=columns)


def stored(engine: Engine, ref: str) -> dict[str, object]:
    with reading(engine) as conn:
        row = conn.execute(text("SELECT * FROM incidents WHERE source_ref = :ref"), {"ref": ref}).one()
        return dict(row._mapping)


def test_rows_are_placed_and_timed_and_those_without_a_place_are_kept(engine: Engine, tmp_path: Path) -> None:
    with reading(engine) as conn:
        address = conn.scalar(text("SELECT address FROM buildings ORDER BY building_id LIMIT 1"))
    done = bring(
        engine, tmp_path / "a.csv", "incidents",
        "工单号,受理时间,类别,经度,纬度,地址,联系电话",
        f"p1,2026-03-02 08:30,下水道堵塞,{HERE[0]},{HERE[1]},,138 0000 0000",
        f"p2,2026-03-02 08:30,下水道堵塞,,,{address},13800000000",
        "p3,2026-03-02 08:30,下水道堵塞,,,不知何处九十九号,",
        "p4,2026-03-02 08:30,下水道堵塞,100,20,,",
        "p5,2026-03-02 08:30,不在册的类别,100,20,,",
    )  # fmt: skip
    assert done.checked.counts == {"rows_in": 5, "rows": 4, "rejects": 1}
    first, second, third, fourth = (stored(engine, ref) for ref in ("p1", "p2", "p3", "p4"))
    assert (first["area_code"], first["grid_code_reported"]) == ("529901001001", "529901001001001")
    assert first["tier"] == "grid"
    assert first["due_at"] == datetime(2026, 3, 3, 9, 30, tzinfo=UTC)  # thirteen working hours
    assert first["reporter"] == second["reporter"] is not None
    assert (second["building_id"], second["place_problem"]) == (1, None)
    assert third["place_problem"] in ("address_unknown", "address_unclear")
    assert (fourth["place_problem"], fourth["area_code"]) == ("outside", "529901000000")


def test_a_column_nobody_knows_by_name_can_be_named(engine: Engine, tmp_path: Path) -> None:
    lines = ("号,何时,何事,x,y", f"q1,2026-03-02,drain,{HERE[0]},{HERE[1]}")
    with pytest.raises(MissingColumnsError):
        bring(engine, tmp_path / "a.csv", "incidents", *lines)
    columns = {"source_ref": "号", "reported_at": "何时", "category": "何事"}
    done = bring(engine, tmp_path / "a.csv", "incidents", *lines, columns=columns)
    assert done.checked.meanings["reported_at"] == "何时"
    assert stored(engine, "q1")["category"] == "drain"
    with pytest.raises(MissingColumnsError, match="没有的列"):
        bring(engine, tmp_path / "a.csv", "incidents", *lines, columns={"reported_at": "没有的列"})


def test_holidays_move_the_limits_of_what_is_open(engine: Engine, tmp_path: Path) -> None:
    row = f"r1,2026-03-02 08:30,drain,{HERE[0]},{HERE[1]}"
    bring(engine, tmp_path / "a.csv", "incidents", "编号,时间,类别,经度,纬度", row)
    assert stored(engine, "r1")["due_at"] == datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
    done = bring(
        engine, tmp_path / "h.csv", "holidays", "日期,类型,名称", "2026-03-03,休,节", "2026-03-07,班,", "2026-03-03,班,"
    )
    assert done.checked.counts["rejects"] == 1  # a day stands once
    assert stored(engine, "r1")["due_at"] == datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
    bring(engine, tmp_path / "h.csv", "holidays", "日期,类型", "2026-03-03,上班")
    assert stored(engine, "r1")["due_at"] == datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
    with reading(engine) as conn:
        kept = pd.DataFrame(conn.execute(text("SELECT day, is_working FROM calendar_days ORDER BY day")).all())
    assert kept["is_working"].tolist() == [True, True]
