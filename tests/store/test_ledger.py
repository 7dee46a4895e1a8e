"""Ledger: every choice and count against pandas, on what the store holds; and that it follows every change."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

from data.calendar import ZONE
from data.ledger import STANDINGS, Choice, Ledger, Words, chosen
from data.postgis.engine import WRITER, open_engine, reading, transaction
from data.stores import incidents
from data.stores import ledger as ledgers
from data.stores._rows import copy_frame
from data.tables import metadata
from tests.fixtures.small_town import SOUTH, STEP, WEST, write_small_town
from tests.store.kept import Kept, undoing
from tests.store.many import random_incidents

NOW = datetime(2026, 4, 1, tzinfo=UTC)
NOW_S, SOON_S = int(NOW.timestamp()), int((NOW + timedelta(days=3)).timestamp())


@pytest.fixture(scope="module")
def many(kept: Kept) -> Iterator[tuple[Ledger, gpd.GeoDataFrame]]:
    """400 incidents beside the town's own 62 as a ledger, and what the store holds."""
    with undoing(kept.engines["wangge_writer"]) as conn:
        copy_frame(conn, metadata.tables["incidents"], random_incidents(400))
        parked = "UPDATE incidents SET parked_at = reported_at, due_at = NULL, returns = 1 WHERE incident_id % 7 = 0"
        conn.execute(text(parked))
        incidents.place_incidents(conn)
        rest = text("SELECT incident_id, due_at, parked_at, returns FROM incidents ORDER BY incident_id")
        clocks = pd.DataFrame(conn.execute(rest).all()).set_index("incident_id")
        clocks["due_at"] = pd.to_datetime(clocks["due_at"], utc=True)
        yield ledgers.read_ledger(conn), incidents.read_incidents(conn).join(clocks)


CHOICES = [
    Choice(),
    Choice(first_on=date(2026, 2, 1)),
    Choice(last_on=date(2026, 2, 1)),
    Choice(first_on=date(2026, 2, 1), last_on=date(2026, 2, 1)),
    Choice(category="noise", tier="grid"),
    Choice(state="settled"),
    Choice(category="nothing like it"),
    Choice(grid_code="529901001001001"),
    Choice(weekdays=(6, 7)),
    Choice(hours=(9, 17)),
    Choice(weekdays=(1,), hours=(22, 3)),
    Choice(bbox=(WEST + STEP, SOUTH, WEST + 5 * STEP, SOUTH + 2 * STEP)),
    *(Choice(standing=standing) for standing in STANDINGS),
    Choice(date(2026, 1, 15), date(2026, 3, 15), "drain", None, "reported", bbox=(WEST, SOUTH, WEST + 1, SOUTH + 1)),
]


def by_pandas(frame: gpd.GeoDataFrame, wanted: Choice) -> gpd.GeoDataFrame:
    local = frame["reported_at"].dt.tz_convert(ZONE)
    keep = pd.Series(True, index=frame.index)
    if wanted.first_on:
        keep &= local.dt.date >= wanted.first_on
    if wanted.last_on:
        keep &= local.dt.date <= wanted.last_on
    for name, column in (("category",) * 2, ("tier",) * 2, ("state",) * 2, ("grid_code", "grid_code_reported")):
        if getattr(wanted, name) is not None:
            keep &= frame[column] == getattr(wanted, name)
    if wanted.weekdays:
        keep &= (local.dt.day_of_week + 1).isin(wanted.weekdays)
    if wanted.hours:
        first, last = wanted.hours
        hour = local.dt.hour
        keep &= (hour >= first) & (hour <= last) if first <= last else (hour >= first) | (hour <= last)
    if wanted.bbox:
        keep &= frame.geometry.intersects(shapely.box(*wanted.bbox))
    return frame[keep & stands(frame, wanted.standing)]


def stands(frame: gpd.GeoDataFrame, standing: str | None) -> pd.Series:
    is_open, due = frame["closed_at"].isna(), frame["due_at"]
    soon = pd.Timestamp(SOON_S, unit="s", tz="UTC")
    return {
        None: pd.Series(True, index=frame.index),
        "open": is_open,
        "closed": ~is_open,
        "overdue": is_open & (due < NOW),
        "soon": is_open & (due >= NOW) & (due < soon),
        "in_time": is_open & ((due >= soon) | due.isna()) & frame["parked_at"].isna(),
        "parked": is_open & frame["parked_at"].notna(),
        "returned": is_open & (frame["returns"] > 0),
    }[standing]


@pytest.mark.parametrize("wanted", CHOICES)
def test_a_choice_keeps_what_pandas_keeps(many: tuple[Ledger, gpd.GeoDataFrame], wanted: Choice) -> None:
    ledger, every = many
    expected = by_pandas(every, wanted)
    left = chosen(ledger, wanted, now_s=NOW_S, soon_s=SOON_S)
    assert ledger.incident_id[left].tolist() == list(expected.index)
    found = np.column_stack([ledger.lon[left], ledger.lat[left]])
    np.testing.assert_array_equal(found, shapely.get_coordinates(expected.geometry.values))


@pytest.mark.parametrize("wanted", CHOICES)
def test_counts_are_those_of_pandas(many: tuple[Ledger, gpd.GeoDataFrame], wanted: Choice) -> None:
    ledger, every = many
    rows = by_pandas(every, wanted)
    local = rows["reported_at"].dt.tz_convert(ZONE)
    left = chosen(ledger, wanted, now_s=NOW_S, soon_s=SOON_S)
    for column, keys in (
        (ledger.category, rows["category"]),
        (ledger.tier, rows["tier"]),
        (ledger.state, rows["state"]),
        (ledger.grid, rows["grid_code_reported"]),
        (ledger.area, rows["area_code"]),
    ):
        assert column.counts(left) == keys.value_counts().to_dict()
    np.testing.assert_array_equal(ledger.hour_of_week[left], local.dt.day_of_week * 24 + local.dt.hour)
    assert [date(1970, 1, 1) + timedelta(days=int(day)) for day in ledger.day[left]] == local.dt.date.tolist()


def test_every_open_case_stands_one_way_to_its_limit(many: tuple[Ledger, gpd.GeoDataFrame]) -> None:
    ledger, _ = many
    ways = [
        ledger.standing(name, now_s=NOW_S, soon_s=SOON_S) for name in ("in_time", "soon", "overdue", "parked", "closed")
    ]
    assert (np.sum(ways, axis=0) == 1).all()


def test_a_day_begins_at_midnight_in_shanghai(undone: Connection) -> None:
    moments = ["2026-05-01T15:59:59Z", "2026-05-01T16:00:00Z", "2026-05-02T15:59:59Z", "2026-05-02T16:00:00Z"]
    frame = gpd.GeoDataFrame(
        {"area_code": "529901001001", "category": "midnight", "state": "reported",
         "reported_at": pd.to_datetime(moments, utc=True)},
        geometry=[shapely.Point(WEST, SOUTH)] * 4, crs="EPSG:4326",
    )  # fmt: skip
    copy_frame(undone, metadata.tables["incidents"], frame)
    second = Choice(first_on=date(2026, 5, 2), last_on=date(2026, 5, 2), category="midnight")
    assert chosen(ledgers.read_ledger(undone), second, now_s=0, soon_s=0).sum() == 2


def test_an_empty_store_has_an_empty_ledger(writer: Engine) -> None:
    with reading(writer) as conn:
        ledger = ledgers.read_ledger(conn)
    assert len(ledger) == 0
    assert len(ledger.local_s) == 0
    assert chosen(ledger, Choice(category="drain", hours=(1, 2)), now_s=0, soon_s=0).sum() == 0


def same(a: Ledger, b: Ledger) -> bool:
    def told(column: object) -> list[object]:
        if isinstance(column, Words):
            return [None if code < 0 else column.words[code] for code in column.code.tolist()]
        return [None if value != value else value for value in column.tolist()]  # type: ignore[attr-defined]  # an array

    return all(told(getattr(a, name)) == told(getattr(b, name)) for name in Ledger.__dataclass_fields__)


ADD = text(
    "INSERT INTO incidents (area_code, reported_at, category, state, geometry)"
    " SELECT area_code, now(), :word, state, geometry FROM incidents WHERE incident_id = :number"
)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("state"), st.integers(1, 62), st.sampled_from(["reported", "accepted", "一种新状态"])),
        st.tuples(st.just("category"), st.integers(1, 62), st.sampled_from(["noise", "aaa", "zzz"])),
        st.tuples(st.just("add"), st.integers(1, 62), st.sampled_from(["drain", "brand_new"])),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def living(new_database: object) -> Iterator[Engine]:
    """A small town that changes."""
    with new_database() as url:  # type: ignore[operator]  # a context manager, by its fixture
        engine = open_engine(url, role=WRITER, pool_size=3)
        write_small_town(engine)
        yield engine
        engine.dispose()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_read_on_is_read_anew(living: Engine, changes: list[tuple[str, int, str]]) -> None:
    with reading(living) as conn:
        mark, before = ledgers.read_mark(conn), ledgers.read_ledger(conn)
    assert before.xy_m.shape == (len(before), 2)
    for what, number, word in changes:
        with transaction(living, actor="test", action="move_incident") as conn:
            statement = (
                ADD if what == "add" else text(f"UPDATE incidents SET {what} = :word WHERE incident_id = :number")
            )
            conn.execute(statement, {"word": word, "number": number})
    with reading(living) as conn:
        onward, anew = ledgers.read_ledger(conn, since=mark), ledgers.read_ledger(conn)
    now = ledgers.with_changes(before, onward)
    assert same(now, anew)
    np.testing.assert_allclose(now.xy_m, anew.xy_m)


def test_what_is_written_while_another_writes_is_not_missed(living: Engine) -> None:
    """A transaction begun before the mark and committed after it is read on from the mark."""
    with transaction(living, actor="test", action="move_incident") as slow:
        slow.execute(text("UPDATE incidents SET state = 'slow' WHERE incident_id = 9"))
        with transaction(living, actor="test", action="move_incident") as quick:
            quick.execute(text("UPDATE incidents SET state = 'quick' WHERE incident_id = 10"))
        with reading(living) as conn:
            mark, before = ledgers.read_mark(conn), ledgers.read_ledger(conn)
    with reading(living) as conn:
        onward = ledgers.read_ledger(conn, since=mark)
        anew = ledgers.read_ledger(conn)
    assert 9 in onward.incident_id
    assert same(ledgers.with_changes(before, onward), anew)
