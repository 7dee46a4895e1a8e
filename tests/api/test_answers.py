"""Each answer is what its schema says, carries what caches need, and draws what the store holds."""

import io
from typing import Any

import mapbox_vector_tile
import numpy as np
import pytest
from PIL import Image
from pydantic import BaseModel
from sqlalchemy import text

from api.actions.read_density import COLOURS, RATE_SPAN, paint
from api.answers import plain
from api.schemas.base import Feature, FeatureCollection
from api.schemas.incidents import Clusters, DensityScale, IncidentsPage, IncidentSummary
from api.schemas.plans import (
    AreaProperties,
    CoverAnswer,
    GridProperties,
    GridsAnswer,
    PlanAnswer,
    PlansAnswer,
    ZoneProperties,
)
from api.schemas.reach import CircleProperties, ReachSummary, StationProperties
from data.postgis.engine import transaction
from maps.words import percent
from tests.api.test_scope import tile_at
from tests.fixtures.services import Service
from tests.fixtures.small_town import VACANT, SmallTown

MODELS: dict[str, type[BaseModel]] = {
    "/api/v1/areas": FeatureCollection[AreaProperties],
    "/api/v1/plans": PlansAnswer,
    "/api/v1/plans/{plan}": PlanAnswer,
    "/api/v1/plans/{plan}/grids": GridsAnswer,
    "/api/v1/plans/{plan}/grids/529901001001001": Feature[GridProperties],
    "/api/v1/plans/{plan}/zones": FeatureCollection[ZoneProperties],
    "/api/v1/cover": CoverAnswer,
    "/api/v1/cover?on=2025-01-01": CoverAnswer,
    "/api/v1/reach/stations": FeatureCollection[StationProperties],
    "/api/v1/reach/circles?minutes=5": FeatureCollection[CircleProperties],
    "/api/v1/reach/summary": ReachSummary,
    "/api/v1/incidents?limit=10": IncidentsPage,
    "/api/v1/incidents/summary?category=drain&tier=grid&state=reported": IncidentSummary,
    "/api/v1/incidents/summary?from=1999-01-01&to=1999-01-02": IncidentSummary,
    "/api/v1/incidents/clusters": Clusters,
    "/api/v1/incidents/density/scale": DensityScale,
}


def get(service: Service, path: str, account: str = "planner") -> Any:
    with service.client(account) as client:
        answer = client.get(path.format(plan=service.town.plan_id))
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("path", MODELS)
def test_an_answer_is_what_its_schema_says(service: Service, path: str) -> None:
    MODELS[path].model_validate(get(service, path))


def test_a_plan_and_its_grids(service: Service) -> None:
    (plan,) = get(service, "/api/v1/plans")["plans"]
    assert (plan["grids"], plan["households"], plan["valid_from"]) == (6, 6 * 240, "2026-01-01")
    grids = get(service, "/api/v1/plans/{plan}/grids")["grids"]
    assert [row["band"] for row in grids] == ["below"] * 6  # 240 households; the demo's band is 300 to 500
    assert [row["zones"] for row in grids] == [2] * 6
    assert [row["buildings"] for row in grids] == [8] * 6
    assert [row["worker"] is None for row in grids] == [row["grid_code"] == VACANT for row in grids]
    # A rectangle of 2 by 4 squares of 98.4 m by 110.8 m: 4 pi A / P^2.
    width_m, height_m = 2 * 98.4, 4 * 110.8
    expected = 4 * np.pi * width_m * height_m / (2 * (width_m + height_m)) ** 2
    assert grids[0]["compactness"] == pytest.approx(expected, abs=0.003)


def test_cover_counts_doors_gaps_and_vacancies(service: Service) -> None:
    cover = get(service, "/api/v1/cover")
    assert (cover["doors"], cover["doors_covered"]) == (64, 40)
    assert (cover["doors_without_grid"], cover["doors_in_several"]) == (16, 0)
    assert [(row["doors_without_grid"], row["doors_in_several"]) for row in cover["communities"]] == [
        (0, 0), (0, 0), (0, 0), (16, 0),
    ]  # fmt: skip
    assert (cover["gaps"], cover["overlaps"]) == ([], [])
    assert [row["grid_code"] for row in cover["vacancies"]] == [VACANT]
    before = get(service, "/api/v1/cover?on=2025-01-01")
    assert (before["doors_covered"], before["grids"], before["plan_ids"]) == (0, 0, [])
    assert (before["doors_without_grid"], len(before["strays"])) == (64, 50)


def test_doors_without_a_grid_are_listed_where_they_are(service: Service) -> None:
    strays = get(service, "/api/v1/cover")["strays"]
    assert {(row["community"], row["grids"]) for row in strays} == {("新城社区", 0)}
    told = sorted((row["lon"], row["lat"]) for row in strays)
    expected = sorted(SmallTown.point(column, row) for column in range(12, 16) for row in range(4))
    assert np.abs(np.subtract(told, expected)).max() < 1e-6
    assert get(service, "/api/v1/cover", "worker_a")["strays"] == []


def test_the_front_door_tells_the_share_of_the_cover_page(own_service: Service) -> None:
    """Also where a building has stairwells: of building 1's two one lies in D, so 40 doors of 65 are covered."""
    places = [SmallTown.point(0, 0), SmallTown.point(13, 1)]
    with transaction(own_service.engine, actor="t", action="t") as conn:
        for number, (lon, lat) in enumerate(places, start=1):
            conn.execute(
                text(
                    "INSERT INTO stairwells (building_id, number, households, geometry)"
                    " VALUES (1, :number, 15, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
                ),
                {"number": number, "lon": lon, "lat": lat},
            )
    cover = get(own_service, "/api/v1/cover")
    assert (cover["doors"], cover["doors_covered"], cover["doors_without_grid"]) == (65, 40, 17)
    with own_service.client() as client:
        page = client.get("/").text
    assert f"<dd>{percent(40 / 65)}</dd>" in page


def test_incidents_page_by_page_is_all_of_them_once(service: Service) -> None:
    seen: list[int] = []
    after = 0
    while True:
        page = get(service, f"/api/v1/incidents?limit=25&after={after}")
        seen += [row["id"] for row in page["features"]]
        if page["next_after"] is None:
            break
        after = page["next_after"]
    assert seen == list(range(1, 63))


def test_the_summary_adds_up(service: Service) -> None:
    body = get(service, "/api/v1/incidents/summary")
    assert body["total"] == 62
    assert body["open"] == 41  # every third of 62 is closed: 21
    assert body["overdue"] == 41  # all are months old, the grid's limit is 48 hours
    assert sum(row["count"] for row in body["categories"]) == 62
    assert np.sum(body["hours"]) == 62
    by_grid = {row["grid_code"]: row for row in body["grids"]}
    assert by_grid["529901001001002"]["count"] == 30
    assert by_grid["529901001001002"]["per_1000_households"] == pytest.approx(1000 * 30 / 240)
    assert get(service, "/api/v1/incidents/summary?from=2026-03-02&to=2026-03-02")["total"] == body["days"][0]["count"]


def test_polygons_run_counter_clockwise_and_say_no_crs(service: Service) -> None:
    body = get(service, "/api/v1/areas?level=community")
    assert "crs" not in body
    ring = np.array(body["features"][0]["geometry"]["coordinates"][0][0])
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    assert np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0  # shoelace: positive is counter-clockwise (RFC 7946)


def test_etags_are_strong_and_spare_the_second_answer(service: Service) -> None:
    with service.client("planner") as client:
        first = client.get("/api/v1/plans")
        again = client.get("/api/v1/plans", headers={"If-None-Match": first.headers["etag"]})
        other = client.get("/api/v1/areas", headers={"If-None-Match": first.headers["etag"]})
    assert first.headers["etag"].startswith('"')
    assert first.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


def test_personal_answers_are_kept_by_nobody(service: Service) -> None:
    with service.client("admin") as client:
        for path in (
            "/api/v1/session",
            "/api/v1/incidents",
            "/api/v1/accounts",
            "/api/v1/audit",
            "/planner",
            "/",
            "/login",
        ):
            assert client.get(path).headers["cache-control"] == "no-store", path


def test_public_tiles(service: Service) -> None:
    z, x, y = tile_at(*SmallTown.point(2, 2), 15)
    with service.client() as client:
        base = client.get(f"/tiles/base/{z}/{x}/{y}.mvt")
        published = client.get(f"/tiles/published/{z}/{x}/{y}.mvt")
        kept = client.get(f"/tiles/published/{z}/{x}/{y}.mvt?v=3")
        empty = client.get(f"/tiles/published/{z}/0/0.mvt")
        again = client.get(f"/tiles/base/{z}/{x}/{y}.mvt", headers={"If-None-Match": base.headers["etag"]})
    assert base.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    layers = mapbox_vector_tile.decode(base.content)
    assert {"streets", "buildings"} <= set(layers)
    grids = mapbox_vector_tile.decode(published.content)["grids"]["features"]
    assert all(set(row["properties"]) == {"grid_code", "name"} for row in grids), "no figures for the public"
    assert "529901001001001" in {row["properties"]["grid_code"] for row in grids}
    assert published.headers["cache-control"] == "public, no-cache"
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (empty.status_code, empty.content) == (204, b"")
    assert again.status_code == 304


def test_plan_tiles_hold_grids_zones_and_labels(service: Service) -> None:
    z, x, y = tile_at(*SmallTown.point(2, 2), 15)
    with service.client("planner") as client:
        answer = client.get(f"/tiles/grids/{service.town.plan_id}/{z}/{x}/{y}.mvt?v=1")
    layers = mapbox_vector_tile.decode(answer.content)
    assert set(layers) == {"grids", "zones", "grid_labels"}
    first = next(row["properties"] for row in layers["grids"]["features"] if row["properties"]["sequence"] == 1)
    assert (first["households"], first["band"], "vacant" in first) == (240, "below", False)
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


def test_the_density_picture_is_coloured_by_the_scale(service: Service) -> None:
    z, x, y = tile_at(*SmallTown.point(2, 2), 16)
    scale = get(service, "/api/v1/incidents/density/scale")
    with service.client("planner") as client:
        answer = client.get(f"/api/v1/incidents/density/{z}/{x}/{y}.png")
    picture = np.asarray(Image.open(io.BytesIO(answer.content)))
    top = tuple(int(COLOURS[-1][at : at + 2], 16) for at in (1, 3, 5))
    brightest = picture[..., :3].reshape(-1, 3).astype(int).sum(axis=1).max()
    assert brightest >= 0.9 * sum(top), "the densest spot of all lies in this tile"
    assert scale["stops"][-1]["value"] == scale["max_per_km2"]


def test_the_rate_picture_is_laid_about_the_rate_of_all(service: Service) -> None:
    z, x, y = tile_at(*SmallTown.point(2, 2), 16)
    scale = get(service, "/api/v1/incidents/density/scale?measure=rate")
    values = [stop["value"] for stop in scale["stops"]]
    assert values[4] == pytest.approx(scale["mean_per_1000_households"], abs=0.01)
    assert values[-1] == pytest.approx(RATE_SPAN * values[4], rel=1e-3)
    assert (scale["measure"], scale["max_per_km2"], scale["is_flat"]) == ("rate", None, False)
    total = get(service, "/api/v1/incidents/summary")["total"]
    assert scale["mean_per_1000_households"] == pytest.approx(1000 * total / (64 * 30), abs=0.01)  # squares x homes
    with service.client("planner") as client:
        answer = client.get(f"/api/v1/incidents/density/{z}/{x}/{y}.png", params={"measure": "rate"})
    picture = np.asarray(Image.open(io.BytesIO(answer.content))).astype(int)
    shown = picture[picture[..., 3] > 100]
    assert len(shown) > 1000
    assert (shown[:, 0] > shown[:, 2] + 60).any(), "more than all: brown"
    assert (shown[:, 2] > shown[:, 0]).any(), "fewer: blue"


def test_paint_is_clear_at_zero_and_brightest_at_the_peak() -> None:
    surface = np.zeros((256, 256))
    surface[10, 10], surface[20, 20], surface[30, 30] = 100.0, 50.0, 1000.0
    picture = np.asarray(Image.open(io.BytesIO(paint(surface, 100.0))))
    assert picture[0, 0, 3] == 0
    assert tuple(picture[10, 10, :3]) == tuple(picture[30, 30, :3]) == (0xFC, 0xFF, 0xA4)  # beyond the peak is the peak
    assert 0 < picture[20, 20, 3] <= picture[10, 10, 3]


def test_plain_knows_no_nan_and_no_numpy() -> None:
    odd = {"a": np.float64("nan"), "b": np.int64(3), "c": [np.array([1.5]), None], 4: float("inf")}
    assert plain(odd) == {"a": None, "b": 3, "c": [[1.5], None], "4": None}
