"""Laws of importing: whatever the file, rows in = rows + rejects, and only clear errors come out."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data.profiles import load_profile
from data.readers.checked import check, write_rejects
from data.readers.estimates import whole_numbers
from data.readers.files import FORMS, read_table
from data.readers.nouns import LAT, LON, NOUNS, OUTLINE, noun
from geo.errors import InputError

PROFILE = load_profile("demo")
HEADERS = sorted(
    {word for name in NOUNS for item in noun(name, PROFILE).fields for word in (item.name, *item.aliases)}
    | {*LON, *LAT, *OUTLINE}
)

good = st.sampled_from(
    [
        "",
        "1",
        "107.05",
        "27.05",
        "0",
        "-1",
        "999999",
        "noise",
        "噪音扰民",
        "health",
        "2026/3/5 14:05",
        "2026-03-05",
        "46086.5",
        "990101001001",
        "990101001001001",
        "住宅",
        "网格员",
        "13800000000",
        "社区",
        "300户",
        "nan",
        "inf",
        "1e999",
        "POINT (107 27)",
        "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))",
        "POLYGON ((107 27, 107.1 27, 107.1 27.1, 107 27))",
        "POINT (nan nan)",
        "POINT EMPTY",
        "GEOMETRYCOLLECTION EMPTY",
    ]
)
# Everything a text file can hold; lone surrogates cannot be written in any encoding.
odd = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
cell = st.one_of(good, good, odd)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[list[str]]]:
    name = draw(st.sampled_from(NOUNS))
    wanted = [item.name for item in noun(name, PROFILE).fields if item.required]
    place = {"point": ["lon", "lat"], "polygon": ["geometry"], "none": []}[noun(name, PROFILE).shape]
    more = draw(st.lists(st.one_of(st.sampled_from(HEADERS), odd), max_size=4))
    headers = draw(st.permutations([*wanted, *place, *more]))
    rows = draw(st.lists(st.lists(cell, min_size=0, max_size=len(headers) + 1), max_size=8))
    return name, [list(headers), *rows]


def told_clearly(error: InputError) -> None:
    assert error.text("zh")
    assert error.text("en")


def as_csv(rows: list[list[str]]) -> bytes:
    return "\r\n".join(",".join('"' + text.replace('"', '""') + '"' for text in row) for row in rows).encode()


@settings(max_examples=150)
@given(tables())
def test_every_row_of_any_table_lands_or_is_rejected(table: tuple[str, list[list[str]]]) -> None:
    name, rows = table
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(as_csv(rows))
        try:
            raw = read_table(path)
            made = check(name, raw, profile=PROFILE)
        except InputError as error:
            told_clearly(error)
            return
        assert made.counts["rows_in"] == len(raw.cells)
        assert sorted([*made.rows.index, *made.rejects["row_number"]]) == sorted(raw.cells.index)
        assert made.rejects["reason"].str.len().gt(0).all()
        for row, original in zip(made.rejects["row_number"], made.rejects["original"], strict=True):
            assert list(original.values()) == raw.cells.loc[row].tolist()
        json.dumps(made.rejects["original"].tolist(), ensure_ascii=False).encode()
        write_rejects(made, Path(folder) / "rejects.csv")


@settings(max_examples=150)
@given(
    st.sampled_from(sorted(FORMS)),
    st.one_of(
        st.binary(max_size=200),
        odd.map(str.encode),
        st.sampled_from([b"PK\x03\x04", b"SQLite format 3\x00", b"\xd0\xcf\x11\xe0"]),
    ),
)
def test_any_bytes_are_read_or_refused_with_a_clear_error(form: str, data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"t.{form}"
        path.write_bytes(data)
        try:
            raw = read_table(path)
        except InputError as error:
            told_clearly(error)
            return
        assert raw.cells.index.is_unique
        assert raw.cells.columns.is_unique


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | odd,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd, inner, max_size=3),
    max_leaves=5,
)
points = st.tuples(st.floats(106, 108), st.floats(26, 28)).map(lambda xy: {"type": "Point", "coordinates": xy})
boxes = st.floats(106, 108).map(lambda x: json.loads(shapely.to_geojson(shapely.box(x, 27, x + 0.01, 27.01))))


@settings(max_examples=100)
@given(
    st.sampled_from(NOUNS),
    st.lists(
        st.fixed_dictionaries(
            {
                "properties": st.dictionaries(st.sampled_from(HEADERS), cell | values, max_size=5),
                "geometry": points | boxes | values,
            }
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_every_feature_of_any_geojson_lands_or_is_rejected(name: str, features: list[dict[str, object]]) -> None:
    document = {"type": "FeatureCollection", "features": [{"type": "Feature", **feature} for feature in features]}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "t.geojson"
        path.write_text(json.dumps(document), encoding="utf-8")
        try:
            made = check(name, read_table(path), profile=PROFILE)
        except InputError as error:
            told_clearly(error)
            return
        assert made.counts["rows_in"] == len(features) == len(made.rows) + len(made.rejects)
        if "geometry" in made.rows and len(made.rows):
            there = made.rows.geometry.dropna()
            assert there.is_valid.all()
            assert not there.is_empty.any()


@settings(max_examples=200)
@given(st.lists(st.floats(0, 1e4), max_size=30))
def test_whole_numbers_keep_the_total_and_stay_within_one(figures: list[float]) -> None:
    series = pd.Series(figures, dtype=float)
    made = whole_numbers(series)
    assert abs(made.sum() - series.sum()) <= 0.5 + 1e-5
    assert (np.abs(made - series) < 1 + 1e-8).all()
    assert (made >= 0).all()
