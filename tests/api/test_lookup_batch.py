"""Many look-ups in one call: the same answers as one by one, who may ask, and how many."""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import httpx2
import numpy as np
import pytest
import shapely

from api.actions.look_up_many import _enough_m, file_ground
from api.sandbox import listed
from api.schemas.lookup_batch import POINTS_MAX, LookupBatchAnswer
from geo.datums import from_wgs84
from geo.rng import generator
from tests.fixtures.open311 import key_of
from tests.fixtures.services import Service
from tests.fixtures.small_town import SOUTH, STEP, WEST, SmallTown

AT = SmallTown.point
BATCH = "/api/v1/lookup/batch"
Points = list[dict[str, Any]]


def asked(client: httpx2.Client, points: Points, **more: Any) -> list[dict[str, Any]]:
    answer = client.post(BATCH, json={"points": points, **more})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    told = LookupBatchAnswer.model_validate(answer.json())
    assert told.count == len(points)
    return [row.model_dump() for row in told.rows]


@pytest.fixture
def staff(service: Service) -> Iterator[httpx2.Client]:
    with service.client("grid_worker") as client:
        yield client


def points_of_every_kind() -> Points:
    """Anywhere in and around the town, on borders, on corners, in vacant grids, known well and badly."""
    draw = generator(31, "batch")
    anywhere = draw.uniform([-1.0, -1.0], [17.0, 5.0], (150, 2))
    border = np.column_stack([draw.integers(0, 17, 40), draw.uniform(0, 4, 40)])
    corner = np.column_stack([draw.integers(0, 17, 40), draw.integers(0, 5, 40)])
    places = np.vstack([anywhere, border, corner])
    accuracy = draw.choice([0.0, 0.5, 5.0, 30.0, 120.0, 400.0, 1500.0, 5000.0], len(places))
    return [
        {"id": f"p{at}", "lon": WEST + x * STEP, "lat": SOUTH + y * STEP, "accuracy_m": float(metres)}
        for at, ((x, y), metres) in enumerate(zip(places.tolist(), accuracy, strict=True))
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("on", [None, "2025-12-31"])
def test_each_point_is_answered_as_it_is_alone(
    service: Service, staff: httpx2.Client, on: str | None, language: str
) -> None:
    points = points_of_every_kind()
    day = {} if on is None else {"on": on}
    answer = staff.post(BATCH, json={"points": points, **day}, params={"lang": language})
    rows = answer.json()["rows"]
    for point, row in zip(points, rows, strict=True):
        place = {name: point[name] for name in ("lon", "lat", "accuracy_m")}
        alone = staff.get("/api/v1/lookup", params={**place, **day, "lang": language}).json()
        first = alone["grids"][0] if alone["grids"] else {}
        expected = {
            "id": point["id"], "answer": alone["answer"], "certain": alone["certain"],
            **{name: first.get(name) for name in ("grid_code", "name", "worker", "duty_line")},
            "zone": first.get("zone") if len(alone["grids"]) == 1 else None,
            "grid_codes": [grid["grid_code"] for grid in alone["grids"]][: 5 if point["accuracy_m"] > 100 else None],
        }  # fmt: skip
        assert row == expected, point
    kinds = {row["answer"] for row in rows}
    assert kinds == ({"assigned", "vacant", "near_border", "several", "outside", "no_active_plan"} if on is None
                     else {"outside", "no_active_plan"})  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
def test_invented_points_are_answered_as_alone(service: Service, staff: httpx2.Client, language: str) -> None:
    points = [{"lon": spot["lon"], "lat": spot["lat"]} for spot in listed(language)]
    rows = staff.post(BATCH, json={"points": points}, params={"lang": language}).json()["rows"]
    alone = [staff.get("/api/v1/lookup", params={**point, "lang": language}).json() for point in points]
    for name in ("answer", "certain"):
        assert [row[name] for row in rows] == [body[name] for body in alone]
    assert [row["grid_codes"] for row in rows] == [[grid["grid_code"] for grid in body["grids"]] for body in alone]
    assert len({row["answer"] for row in rows}) == 6


def test_rough_places_cost_what_is_told_of_them() -> None:
    """A disc of 5 km touches hundreds of these grids: never more than some dozen of them are looked for."""
    cells = [
        shapely.box(x, y, x + 0.002, y + 0.002) for x in 107 + np.arange(40) * 0.002 for y in np.arange(40) * 0.002
    ]
    codes = [f"{at:015d}" for at in range(len(cells))]
    ground = file_ground(gpd.GeoDataFrame({"grid_code": codes, "name": codes}, geometry=cells, crs="EPSG:4326"))
    assert ground.index is not None
    lon, lat = generator(5, "rough").uniform([107, 0], [107.08, 0.08], (200, 2)).T.copy()
    rough = np.full(200, 5000.0)
    enough = _enough_m(ground.index, lon, lat, rough)
    few, all_ = (ground.index.find_all(lon, lat, metres) for metres in (enough, rough))
    assert all_.counts.min() > 300
    assert 5 < few.counts.min() <= few.counts.max() < 40
    assert (few.kind == all_.kind).all()
    for at in range(200):
        near, every = (found.places[found.starts[at] :][:5].tolist() for found in (few, all_))
        assert near == every


@pytest.mark.parametrize("crs", ["gcj02", "bd09", "cgcs2000"])
def test_points_may_be_in_another_datum(staff: httpx2.Client, crs: Any) -> None:
    lon, lat = (axis.tolist() for axis in from_wgs84(np.array([AT(0, 0)[0]]), np.array([AT(0, 0)[1]]), datum=crs))
    (row,) = asked(staff, [{"lon": lon[0], "lat": lat[0], "accuracy_m": 5}], crs=crs)
    assert (row["answer"], row["certain"], row["grid_code"], row["id"]) == ("assigned", True, "529901001001001", None)


def test_ids_come_back_as_they_were_given_and_in_order(staff: httpx2.Client) -> None:
    lon, lat = AT(0, 0)
    rows = asked(staff, [{"id": one, "lon": lon, "lat": lat} for one in ("b", 7, "b", "甲")])
    assert [row["id"] for row in rows] == ["b", 7, "b", "甲"]


def test_ten_thousand_points_at_once_and_not_one_more(staff: httpx2.Client) -> None:
    draw = generator(2, "many")
    places = draw.uniform([WEST, SOUTH], [WEST + 16 * STEP, SOUTH + 4 * STEP], (POINTS_MAX, 2)).round(7).tolist()
    points: Points = [{"lon": lon, "lat": lat, "accuracy_m": 30} for lon, lat in places]
    assert len(asked(staff, points)) == POINTS_MAX
    assert staff.post(BATCH, json={"points": [*points, points[0]]}).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"points": []},
        {"points": [{"lon": 181, "lat": 0}]},
        {"points": [{"lon": 0, "lat": 91}]},
        {"points": [{"lon": 107, "lat": 27, "accuracy_m": -1}]},
        {"points": [{"lon": 107, "lat": 27, "accuracy_m": 5001}]},
        {"points": [{"lon": 107}]},
        {"points": [{"lon": "x", "lat": 1}]},
        {"points": [{"lon": 107, "lat": 27, "name": "x"}]},
        {"points": [{"id": "a\nb", "lon": 107, "lat": 27}]},
        {"points": [{"lon": 107, "lat": 27}], "crs": "mars"},
        {"points": [{"lon": 107, "lat": 27}], "on": "soon"},
        {"points": [{"lon": 107, "lat": 27}], "more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_question_is_refused(staff: httpx2.Client, body: dict[str, Any]) -> None:
    answer = staff.post(BATCH, json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")


POINT = {"points": [{"lon": AT(0, 0)[0], "lat": AT(0, 0)[1]}]}


def test_a_system_asks_with_its_key_and_nobody_without(service: Service) -> None:
    with httpx2.Client(base_url=service.url, timeout=30) as program:
        assert program.post(BATCH, json=POINT).status_code == 403  # neither our page nor a key
        assert program.post(BATCH, json=POINT, headers={"X-Wangge": "1"}).status_code == 401
        key = key_of(service, "street_office")
        answer = program.post(BATCH, json=POINT, headers={"X-Api-Key": key})
        assert (answer.status_code, answer.json()["rows"][0]["answer"]) == (200, "assigned")
        for wrong in ("x" * 43, "", key[:-1]):
            assert program.post(BATCH, json=POINT, headers={"X-Api-Key": wrong}).status_code == 403
        # a key in the address would stand in logs: it is no parameter here
        assert program.post(f"{BATCH}?api_key={key}", json=POINT, headers={"X-Wangge": "1"}).status_code == 400


def test_a_page_of_another_site_cannot_ask_with_a_visitors_cookie(service: Service) -> None:
    with service.client("planner") as client:
        del client.headers["X-Wangge"]
        answer = client.post(BATCH, json=POINT, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
