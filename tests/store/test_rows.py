"""Rows: what is written comes back the same, and what cannot be kept is refused by name."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, select, text
from sqlalchemy.dialects.postgresql import Range

from data.postgis.engine import OWNER, WRITER, open_engine, transaction
from data.stores._rows import allot_ids, copy_frame, read_frame
from data.stores._values import RefusedRowsError
from data.stores.ground import read_buildings, read_streets
from data.stores.incidents import read_descriptions, read_incidents
from data.tables import metadata
from geo.errors import DuplicateIdError, MissingCrsError, WrongCrsError
from tests.store.kept import Kept, undoing

BUILDINGS, STREETS, INCIDENTS = (metadata.tables[name] for name in ("buildings", "streets", "incidents"))
AREA = "529901001001"
BOX = shapely.box(107.7, 27.9, 107.8, 28.0)

SIGNS = ["\\N", "\\", "\t", "a\nb\r", "'; DROP TABLE people; --", "NULL", "", "云溪苑３栋", "🏠"]
EARLIEST, LATEST = datetime(1900, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001  the strategy adds the zone

degrees = st.floats(min_value=-80, max_value=80, allow_nan=False)
# Everything PostgreSQL can hold: not NUL, not half a surrogate pair; with the signs COPY escapes.
words = st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
words = words | st.sampled_from(
    ["\\N", "\\", "\t", "a\nb\r", "'; DROP TABLE people; --", "NULL", "", "云溪苑３栋", "🏠"]
)


@st.composite
def boxes(draw: Any) -> shapely.MultiPolygon:
    west, south = draw(degrees), draw(degrees)
    width, height = draw(st.floats(1e-9, 1)), draw(st.floats(1e-9, 1))
    return shapely.MultiPolygon([shapely.box(west, south, west + width, south + height)])


building_rows = st.fixed_dictionaries(
    {
        "name": words,
        "address": words,
        "floors": st.none() | st.integers(-(2**31), 2**31 - 1),
        "households": st.integers(0, 2**31 - 1),
        "is_estimate": st.booleans(),
        "geometry": boxes(),
    }
)


@pytest.fixture(scope="module", params=[WRITER, OWNER])
def engine_of_role(kept: Kept, request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine = open_engine(kept.url, role=request.param)
    yield engine
    engine.dispose()


def building_frame(rows: list[dict[str, Any]], first_id: int) -> gpd.GeoDataFrame:
    index = pd.RangeIndex(first_id, first_id + len(rows), name="building_id").astype("int64")
    kinds: dict[str, Any] = {
        "name": object,
        "address": object,
        "floors": "Int64",
        "households": "int64",
        "is_estimate": bool,
    }
    columns: Any = {
        name: pd.Series([row[name] for row in rows], index=index, dtype=kind) for name, kind in kinds.items()
    }
    shapes = [row["geometry"] for row in rows]
    return gpd.GeoDataFrame(columns, geometry=shapes, index=index, crs="EPSG:4326")


@given(rows=st.lists(building_rows, min_size=1, max_size=6), data=st.data())
@settings(max_examples=40)
def test_what_is_written_is_read_back(engine_of_role: Engine, rows: list[dict[str, Any]], data: st.DataObject) -> None:
    """Values, types, ids and every bit of every coordinate; in whatever order the rows came."""
    frame = building_frame(rows, 1_000)
    shuffled = frame.loc[data.draw(st.permutations(list(frame.index)))]
    with undoing(engine_of_role) as conn:
        copy_frame(conn, BUILDINGS, shuffled.assign(area_code=AREA, people=0))
        back = read_buildings(conn).loc[1_000:][list(frame.columns)]
        pd.testing.assert_frame_equal(back.drop(columns="geometry"), frame.drop(columns="geometry"))
        assert (shapely.to_wkb(back.geometry.values) == shapely.to_wkb(frame.geometry.values)).all()
        assert back.crs == frame.crs


@given(
    st.lists(
        st.tuples(words, st.datetimes(EARLIEST, LATEST, timezones=st.timezones())),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=25)
def test_guarded_tables_take_the_same_rows(engine_of_role: Engine, rows: list[tuple[str | None, datetime]]) -> None:
    """COPY is refused where row-level security holds: the way round must lose nothing either."""
    index = pd.RangeIndex(1_000, 1_000 + len(rows), name="incident_id").astype("int64")
    moments = pd.to_datetime(pd.Series([moment for _, moment in rows], index=index), utc=True).dt.as_unit("us")
    frame = gpd.GeoDataFrame(
        {
            "area_code": AREA, "category": "noise", "state": "reported", "reported_at": moments,
            "description": [w for w, _ in rows],
        },
        geometry=[shapely.Point(107.7, 27.9)] * len(rows), index=index, crs="EPSG:4326",
    )  # fmt: skip
    with undoing(engine_of_role) as conn:
        copy_frame(conn, INCIDENTS, frame)
        back = read_incidents(conn).loc[1000:]
        pd.testing.assert_series_equal(back["reported_at"], moments, check_names=False)
        written = read_descriptions(conn, list(index)).sort_index()
        assert written.tolist() == [w for w, _ in rows]
        assert str(back["closed_at"].dtype) == "datetime64[us, UTC]"


def test_a_polygon_is_kept_as_a_multipolygon_and_height_is_dropped(undone: Connection) -> None:
    flat, tall = shapely.box(0, 0, 1, 1), shapely.force_3d(shapely.box(2, 0, 3, 1), 40.0)
    frame = gpd.GeoDataFrame(
        {"area_code": AREA, "households": 0, "people": 0}, geometry=[flat, tall], crs="EPSG:4326",
        index=pd.Index([900, 901], name="building_id"),
    )  # fmt: skip
    before = frame.copy(deep=True)
    copy_frame(undone, BUILDINGS, frame)
    back = read_buildings(undone).loc[[900, 901]]
    assert back.geometry[900].equals_exact(shapely.MultiPolygon([flat]))
    assert back.geometry[901].equals_exact(shapely.MultiPolygon([shapely.box(2, 0, 3, 1)]))
    assert not shapely.has_z(back.geometry.values).any()
    assert frame.equals(before)  # what the caller passed in is as it was


def test_an_empty_frame_writes_nothing_and_comes_back_with_its_types(undone: Connection) -> None:
    empty = read_buildings(undone, within="99")
    assert copy_frame(undone, BUILDINGS, empty) == 0
    assert len(empty) == 0
    assert empty.dtypes.equals(read_buildings(undone).dtypes)
    assert empty.crs == "EPSG:4326"


def test_numbering_goes_on_after_ids_that_were_given(undone: Connection) -> None:
    row = gpd.GeoDataFrame(
        {"road_class": "path", "is_walkable": True, "length_m": 1.5}, index=[0],
        geometry=[shapely.LineString([(0, 0), (1, 1)])], crs="EPSG:4326",
    )  # fmt: skip
    copy_frame(undone, STREETS, row.set_index(pd.Index([5_000], name="street_id")))
    copy_frame(undone, STREETS, row)  # numbered by the database
    assert read_streets(undone).index.max() > 5_000
    fresh = allot_ids(undone, STREETS, 3)
    assert (np.diff(fresh) > 0).all()
    assert fresh.min() > read_streets(undone).index.max()


def test_ids_given_below_the_numbering_do_not_set_it_back(undone: Connection) -> None:
    high = allot_ids(undone, STREETS, 1)[0]
    row = gpd.GeoDataFrame(
        {"road_class": "path", "is_walkable": True, "length_m": 1.5}, index=pd.Index([high - 1], name="street_id"),
        geometry=[shapely.LineString([(0, 0), (1, 1)])], crs="EPSG:4326",
    )  # fmt: skip
    if high - 1 not in read_streets(undone).index:
        copy_frame(undone, STREETS, row)
    assert allot_ids(undone, STREETS, 1)[0] > high


def good(**changes: Any) -> gpd.GeoDataFrame:
    row: dict[str, Any] = {
        "area_code": AREA, "name": "一", "floors": 3, "households": 1, "people": 2, "is_estimate": False,
        "geometry": shapely.MultiPolygon([BOX]), **changes,
    }  # fmt: skip
    frame = pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in row.items()})
    return gpd.GeoDataFrame(frame, crs="EPSG:4326").set_index(pd.Index([7_000], name="building_id"))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"households": 1.5}, "whole number"),
        ({"households": "many"}, "whole number"),
        ({"households": float("inf")}, "whole number"),
        ({"households": 2**31}, "out of range"),
        ({"households": -1}, "buildings_households_check"),
        ({"households": None}, "null value"),
        ({"name": 3.5}, "not text"),
        ({"name": "a\x00b"}, "not valid text"),
        ({"name": "\ud800"}, "not valid text"),
        ({"is_estimate": "yes"}, "not true or false"),
        ({"area_code": "529999999999"}, "is not present in table"),
        ({"area_code": "5299999999990"}, "too long"),
        ({"geometry": shapely.Point(1, 1)}, "holds MULTIPOLYGON"),
        ({"colour": "red"}, "no such columns"),
    ],
)
def test_what_cannot_be_kept_is_refused(kept: Kept, changes: dict[str, Any], reason: str) -> None:
    with (
        pytest.raises(RefusedRowsError, match=reason) as caught,
        transaction(kept.engines[WRITER], actor="t", action="t") as conn,
    ):
        copy_frame(conn, BUILDINGS, good(**changes))
    assert "没有写入任何内容" in caught.value.text("zh")


def test_the_refusal_names_the_row(kept: Kept) -> None:
    frame = pd.concat([good(), good(households=-1).set_index(pd.Index([7_001], name="building_id"))])
    with (
        pytest.raises(RefusedRowsError, match="building_id 7001"),
        transaction(kept.engines[WRITER], actor="t", action="t") as conn,
    ):
        copy_frame(conn, BUILDINGS, gpd.GeoDataFrame(frame, crs="EPSG:4326"))


@pytest.mark.parametrize(("crs", "error"), [(None, MissingCrsError), ("EPSG:3857", WrongCrsError)])
def test_other_coordinate_systems_are_refused(undone: Connection, crs: str | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        copy_frame(undone, BUILDINGS, good().set_crs(crs, allow_override=True))


def test_an_id_twice_is_refused(undone: Connection) -> None:
    with pytest.raises(DuplicateIdError, match="7000"):
        copy_frame(undone, BUILDINGS, gpd.GeoDataFrame(pd.concat([good(), good()]), crs="EPSG:4326"))


def test_moments_without_a_zone_are_refused(undone: Connection) -> None:
    frame = gpd.GeoDataFrame(
        {"area_code": [AREA], "category": "x", "state": "y", "reported_at": [pd.Timestamp("2026-01-01 08:00")]},
        geometry=[shapely.Point(1, 1)], crs="EPSG:4326",
    )  # fmt: skip
    with pytest.raises(RefusedRowsError, match="time zone"):
        copy_frame(undone, INCIDENTS, frame)


def test_days_ranges_and_documents(undone: Connection) -> None:
    duties = metadata.tables["duties"]
    frame = pd.DataFrame(
        {"person_id": [1, 1], "area_code": AREA, "role": "worker", "grid_code": "529901001001999",
         "duty_id": [900, 901], "valid": [Range(date(2026, 1, 1), date(2026, 2, 1)), Range(date(2026, 2, 1), None)]}
    ).set_index("duty_id")  # fmt: skip
    copy_frame(undone, duties, frame)
    statement = select(
        duties.c.duty_id, func.lower(duties.c.valid).label("first"), func.upper(duties.c.valid).label("last")
    )
    back = read_frame(undone, statement.where(duties.c.duty_id >= 900), index="duty_id", geometry=False)
    assert back.loc[900].tolist() == [date(2026, 1, 1), date(2026, 2, 1)]
    assert back.loc[901].tolist() == [date(2026, 2, 1), None]
    deployment = metadata.tables["deployment"]
    document = {"text": '一\t二\n\\N "q"', "list": [1, None, 2.5]}
    copy_frame(undone, deployment, pd.DataFrame({"name": ["doc"], "value": [document]}))
    assert undone.scalar(select(deployment.c.value).where(deployment.c.name == "doc")) == document


def test_moments_are_utc_wherever_the_session_stands(undone: Connection) -> None:
    undone.execute(text("SET LOCAL timezone = 'Asia/Shanghai'"))
    assert read_incidents(undone).iloc[0]["reported_at"] == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
