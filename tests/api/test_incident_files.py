"""What is taken along: tables and a brief that say what the page says, within the scope, without anybody's words."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from api.actions.read_public_incidents import LEAST, whole_months, without_small
from tests.fixtures.services import Service, running_service
from tests.fixtures.small_town import SmallTown

V1 = "/api/v1/incidents"


@pytest.fixture(scope="module")
def service(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service of this module's own, which its tests write to."""
    with new_town() as url, running_service(url) as running:
        yield running


def rows(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), dtype=str, encoding="utf-8-sig")


@pytest.mark.parametrize("query", [{}, {"standing": "overdue"}, {"category": "drain", "hours": "8-17"}])
def test_the_table_holds_what_the_filter_leaves(service: Service, query: dict[str, str]) -> None:
    with service.client("street_1") as client:
        total = client.get(f"{V1}/summary", params=query).json()["total"]
        answer = client.get(f"{V1}/export.csv", params=query)
        english = client.get(f"{V1}/export.csv", params={**query, "lang": "en"})
        book = client.get(f"{V1}/export.xlsx", params=query)
    assert answer.content.startswith(b"\xef\xbb\xbf")  # a spreadsheet reads it as UTF-8
    assert answer.headers["cache-control"] == "no-store"
    table = rows(answer.content)
    assert len(table) == len(rows(english.content)) == total
    assert list(table.columns)[:3] == ["编号", "类别", "办理层级"]
    assert list(rows(english.content).columns)[:3] == ["Number", "Kind", "Tier"]
    assert table["上报时间"].str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d").all()
    assert "居民反映" not in answer.text
    assert not table["上报时网格"].dropna().str.startswith("529901002").any()
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(book.content))
    cells = sheets.get_sheet_by_index(0).to_python()
    assert [str(int(row[0])) for row in cells[1:]] == table["编号"].tolist()
    assert {row[0] for row in sheets.get_sheet_by_index(1).to_python()} >= {"事件简报", "日期", "网格口径"}


def test_times_are_shanghais(service: Service) -> None:
    with service.client("planner") as client:
        table = rows(client.get(f"{V1}/export.csv").content).set_index("编号")
    assert table.loc["1", "上报时间"] == "2026-03-02 09:30"  # 01:30 UTC


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_brief_is_one_page_of_pdf(service: Service, language: str) -> None:
    with service.client("street_1") as client:
        answer = client.get(f"{V1}/brief.pdf", params={"lang": language})
        empty = client.get(f"{V1}/brief.pdf", params={"from": "2031-01-01"})
    for made in (answer, empty):
        assert made.status_code == 200, made.text
        assert made.headers["content-type"] == "application/pdf"
        assert made.content.startswith(b"%PDF-")
        assert made.content.count(b"/Type /Page\n") + made.content.count(b"/Type /Page/") <= 1


def test_circles_and_classes_are_told_in_words(service: Service) -> None:
    with service.client("planner") as client, service.client("street_2") as other:
        found = client.get(f"{V1}/scan", params={"cell_m": 100}).json()
        spans = client.get(f"{V1}/scan", params={"cell_m": 100, "unit": "week"}).json()
        grown = client.get(f"{V1}/emerging", params={"cell_m": 100, "unit": "week"}).json()
        foreign = other.get(f"{V1}/scan", params={"cell_m": 100}).json()
        english = client.get(f"{V1}/scan", params={"cell_m": 100, "lang": "en"}).json()
    first = found["features"][0]["properties"]
    assert first["observed"] > 3 * first["expected"]  # thirty lie in one corner of A
    assert first["p"] == 0.001
    assert f"发生 {first['observed']} 件" in first["sentence"]
    assert "1/1000" in first["sentence"]
    assert "by chance once in 1,000" in english["features"][0]["properties"]["sentence"]
    assert spans["features"][0]["properties"]["first_on"] is not None
    assert grown["parameters"]["periods"] == len(grown["parameters"]["starts"])
    for feature in grown["features"]:
        assert sum(feature["properties"]["series"]) == feature["properties"]["incidents"]
    assert foreign["parameters"]["incidents"] < found["parameters"]["incidents"]
    assert all("A" not in feature["properties"]["place"] for feature in foreign["features"])


def test_too_many_periods_are_refused(service: Service) -> None:
    with service.client("planner") as client:
        wide = {"unit": "day", "from": "2020-01-01", "to": "2026-12-31"}
        assert client.get(f"{V1}/emerging", params=wide).status_code == 422


def test_the_public_learns_no_small_count_and_no_place(service: Service) -> None:
    here = dict(zip(("lon", "lat"), SmallTown.point(1, 1), strict=True))
    with service.client("street_1") as client:
        for _ in range(2):
            body = {"category": "falling", **here, "reported_at": "2026-10-02T00:00:00Z", "description": "私事"}
            assert client.post(V1, json=body).status_code == 201
    with service.client() as anybody:
        answer = anybody.get(f"{V1}/public")
        filtered = anybody.get(f"{V1}/public", params={"from": "2026-10-01"})
    assert answer.status_code == 200
    assert filtered.status_code == 400  # no choice of days
    told = answer.json()
    counts = [row["count"] for row in (*told["categories"], *told["communities"])]
    assert all(count is None or count == 0 or count >= LEAST for count in counts)
    assert not {"lon", "lat", "geometry"} & set(answer.text.split('"'))
    assert "私事" not in answer.text
    falling = next(row for row in told["categories"] if row["key"] == "falling")
    assert falling["count"] is None
    with service.client() as anybody:
        page = anybody.get("/figures", params={"lang": "zh"})
    assert page.status_code == 200
    shown = re.findall(r'bars__count">([^<]*)<', page.text)
    assert sorted(shown) == sorted("未公布" if count is None else f"{count:,}" for count in counts)
    assert "私事" not in page.text


@given(st.dictionaries(st.text(min_size=1, max_size=3), st.integers(0, 30), max_size=8))
def test_what_is_hidden_cannot_be_worked_out(counts: dict[str, int]) -> None:
    told = without_small(counts)
    hidden = [counts[key] for key, count in told.items() if count is None]
    assert set(told) == set(counts)
    assert all(count in (None, counts[key]) for key, count in told.items())
    assert not any(0 < count < LEAST for count in told.values() if count is not None)
    if hidden and any(count for count in told.values()):
        assert len(hidden) > 1
        assert sum(hidden) >= LEAST


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [
        (date(2026, 11, 21), date(2025, 11, 1), date(2026, 10, 31)),
        (date(2026, 1, 1), date(2025, 1, 1), date(2025, 12, 31)),
        (date(2028, 3, 31), date(2027, 3, 1), date(2028, 2, 29)),
    ],
)
def test_twelve_whole_months(today: date, first: date, last: date) -> None:
    assert whole_months(today) == (first, last)
