"""Accepting changes: nothing twice, nothing lost, nothing that makes no sense; the town is that of test_siting."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
import shapely
from geoalchemy2.shape import from_shape, to_shape
from shapely import Point
from sqlalchemy import func, insert, select, update

from data.postgis.engine import reading, transaction
from data.stores import changes as change_store
from data.tables import metadata
from tests.fixtures.services import Service
from tests.fixtures.small_town import SmallTown

LON, LAT = SmallTown.point(4, 2, dx=0.0, dy=0.0)
STATION = {"lon": LON, "lat": LAT, "category": "service", "name": "桥头服务站"}
FAR = {**STATION, "lat": LAT + 0.01, "name": "山上服务站"}
STREETS, NOUNS = metadata.tables["streets"], ("stations", "gates", "streets")


def lane(column: int) -> list[tuple[float, float]]:
    """A lane from the street through the outer row and back to it, two columns on."""
    corners = ((column, 0.0), (column, 1.5), (column + 2, 1.5), (column + 2, 0.0))
    return [SmallTown.point(at, 2, dx=0.0, dy=dy) for at, dy in corners]


def accept(client: httpx2.Client, **body: object) -> httpx2.Response:
    return client.post("/api/v1/reach/changes", json=body)


def refused(answer: httpx2.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["detail"])


def counted(service: Service) -> list[int]:
    with reading(service.engine) as conn:
        return [conn.scalar(select(func.count()).select_from(metadata.tables[noun])) or 0 for noun in NOUNS]


def street(service: Service) -> tuple[shapely.LineString, bool]:
    """The street that the town was built with, and whether people walk on it."""
    with reading(service.engine) as conn:
        row = conn.execute(select(STREETS.c.geometry, STREETS.c.is_walkable).where(STREETS.c.street_id == 1)).one()
    return to_shape(row.geometry), row.is_walkable


def close_compound(service: Service) -> None:
    """Give the compound a gate, so that another can be opened."""
    with transaction(service.engine, actor="test", action="draw") as conn:
        place = from_shape(Point(*SmallTown.point(1, 1, dx=0.95, dy=0.0)), srid=4326)
        conn.execute(insert(metadata.tables["gates"]).values(compound_id=1, geometry=place))


def test_what_is_there_is_not_saved_twice(own_service: Service) -> None:
    close_compound(own_service)
    gate = SmallTown.point(0, 0, dx=0.05, dy=1.0)
    every: list[dict[str, Any]] = [{"stations": [STATION]}, {"gates": [gate]}, {"streets": [lane(4)]}]
    near = [SmallTown.point(4, 2, dx=0.0, dy=0.05), *lane(4)[1:3], SmallTown.point(6, 2, dx=0.0, dy=-0.05)]
    with own_service.client("planner") as client:
        for body in every:
            twice = {noun: rows * 2 for noun, rows in body.items()}
            assert "已经在那里了" in refused(accept(client, **twice), 409)
        assert accept(client, stations=[STATION], gates=[gate], streets=[lane(4)]).status_code == 202
        before = counted(own_service)
        for body in (*every, {"streets": [near]}, {"streets": [near[::-1]]}):
            assert "已经在那里了" in refused(accept(client, **body), 409)
        english = client.post("/api/v1/reach/changes?lang=en", json=every[0])
        assert "Station 桥头服务站 is there already" in refused(english, 409)
        assert counted(own_service) == before
        other = [{**STATION, "name": "另一处"}, {**STATION, "category": "health"}, {**STATION, "lon": LON + 0.0001}]
        assert accept(client, stations=other).json()["stations"] == 3


def test_a_street_is_closed_once_and_no_other_instead_of_it(own_service: Service) -> None:
    with own_service.client("planner") as client:
        assert accept(client, streets=[lane(4)]).status_code == 202
        spot = [LON + 0.0005, LAT]
        assert accept(client, closed_at=[spot, spot]).json()["streets"] == 1
        assert "已经不可步行" in refused(accept(client, closed_at=[spot]), 409)
        # 20 m off it, with the lane in reach as well
        assert "已经不可步行" in refused(accept(client, closed_at=[[LON + 0.0003, LAT + 0.00015]]), 409)
    assert street(own_service)[1] is False


def test_two_who_accept_at_once_lose_nothing_of_each_other(
    own_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has read the ground waits a second for the other to have read it as well, before they write."""
    both, add_stations = threading.Barrier(2), change_store.add_stations

    def waiting(*args: Any) -> int:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(timeout=1)
        return add_stations(*args)

    monkeypatch.setattr(change_store, "add_stations", waiting)
    clients = [own_service.client("planner") for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda way: accept(way[0], streets=[lane(way[1])]), zip(clients, (4, 8), strict=True)))
    assert [answer.status_code for answer in answers] == [202, 202]
    line, _ = street(own_service)
    met = {round((x - 107.70) * 1000, 3) for x, _ in line.coords}
    assert met == {0, 4, 6, 8, 10, 16}  # its ends, and where both lanes meet it
    assert counted(own_service)[2] == 3


def test_only_what_changes_is_written(own_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    add_stations = change_store.add_stations

    def meanwhile(*args: Any) -> int:
        with transaction(own_service.engine, actor="test", action="by_hand") as conn:
            conn.execute(update(STREETS).where(STREETS.c.street_id == 1).values(is_walkable=False, name="改名路"))
        return add_stations(*args)

    monkeypatch.setattr(change_store, "add_stations", meanwhile)
    with own_service.client("planner") as client:
        assert accept(client, streets=[lane(4)]).status_code == 202
    line, is_walkable = street(own_service)
    assert len(line.coords) == 4
    assert is_walkable is False  # as somebody else left it


def test_what_began_before_a_trial_and_comes_through_after_it_is_noticed(own_service: Service) -> None:
    with own_service.client("planner") as client:
        with transaction(own_service.engine, actor="test", action="import_streets") as conn:
            conn.execute(update(STREETS).where(STREETS.c.street_id == 1).values(name="改名路"))
            answer = client.post("/api/v1/reach/trial", json={"streets": [lane(4)]})
        assert answer.status_code == 200, answer.text
        assert "道路" in refused(accept(client, streets=[lane(4)], seen=answer.json()["seen"]), 409)
        again = client.post("/api/v1/reach/trial", json={"streets": [lane(4)]}).json()
        assert accept(client, streets=[lane(4)], seen=again["seen"]).status_code == 202


def test_what_was_tried_upon_other_ground_is_tried_again(own_service: Service) -> None:
    with own_service.client("planner") as client:

        def tried(**body: object) -> str:
            answer = client.post("/api/v1/reach/trial", json=body)
            assert answer.status_code == 200, answer.text
            return str(answer.json()["seen"])

        seen = tried(streets=[lane(4)])
        assert accept(client, stations=[STATION]).status_code == 202  # of no matter to a street
        assert accept(client, streets=[lane(4)], seen=seen).status_code == 202
        told = refused(accept(client, streets=[lane(8)], seen=seen), 409)
        assert "道路" in told
        assert "重新试算" in told
        assert "站点" not in told
        assert "站点、道路" in refused(accept(client, stations=[{**STATION, "name": "新站"}], seen=seen), 409)
        assert accept(client, streets=[lane(8)], seen=tried(streets=[lane(8)])).status_code == 202
        for odd in (
            f"{2**60 - 1}:{2**60}:",
            "0:9:",
            "9:8:",
            "1:9:7,3",
            "1:9:9",
            "1:9:7,7",
            "1:2",
            ":::",
            "9" * 4000,
            ",",
        ):
            assert refused(accept(client, streets=[lane(10)], seen=odd), 409), odd
        assert accept(client, streets=[lane(12)]).status_code == 202  # who does not say is not asked
        assert accept(client, streets=[lane(2)], seen="x").status_code == 422


def test_a_station_off_the_streets_is_told_and_taken_on_purpose_alone(own_service: Service) -> None:
    with own_service.client("planner") as client:
        tried = client.post("/api/v1/reach/trial", json={"stations": [STATION, FAR]}).json()
        assert tried["is_straight_line"]
        near, far = tried["stations"]
        assert (near["is_straight_line"], near["problem"], near["street_m"]) == (False, None, 0)
        assert (far["is_straight_line"], far["problem"], far["snap_m"]) == (True, "too_far", None)
        assert far["street_m"] == pytest.approx(1108, abs=2)
        assert not client.post("/api/v1/reach/trial", json={"stations": [STATION]}).json()["is_straight_line"]
        told = refused(accept(client, stations=[STATION, FAR]), 422)
        assert "山上服务站" in told
        assert "1,108 米" in told
        assert "off_street: true" in told
        assert counted(own_service)[0] == 2
        assert accept(client, stations=[STATION, FAR], off_street=True).json()["stations"] == 2
        # from now on it counts by a straight line, and siting says so
        assert client.post("/api/v1/reach/siting", json={"minutes": 5}).json()["is_straight_line"]


def test_a_station_beside_a_street_that_is_new_as_well_joins_it(own_service: Service) -> None:
    beside = {**STATION, "lon": LON, "lat": LAT + 0.0021}  # 232 m from the street, 66 m from the lane
    with own_service.client("planner") as client:
        assert "接不到道路" in refused(accept(client, stations=[beside]), 422)
        assert accept(client, stations=[beside], streets=[lane(4)]).status_code == 202


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"stations": [{**STATION, "lon": 0, "lat": 90}]}, "不在本地范围内"),
        ({"stations": [{**STATION, "lon": LON + 0.1}]}, "不在本地范围内"),
        ({"gates": [[0, 0]]}, "不在本地范围内"),
        ({"closed_at": [[LAT, LON - 50]]}, "不在本地范围内"),
        ({"streets": [[[-60, 27.952], [60, 27.952]]]}, "不在本地范围内"),
        ({"streets": [[[LON, LAT], [LON, LAT + 0.01], [LON + 0.01, LAT]]]}, "最长 2,000 米"),
        ({"streets": [[[LON, LAT], [LON, LAT + 0.0015]]]}, "第 1 条新道路不可用：终点"),
        ({"streets": [lane(4), [[LON, LAT + 0.003], [LON, LAT]]]}, "第 2 条新道路不可用：起点"),
        ({}, "没有任何改动"),
    ],
)
def test_garbage_is_refused_when_tried_and_when_saved(service: Service, body: dict[str, object], word: str) -> None:
    before = counted(service)
    with service.client("planner") as client:
        for route in ("trial", "changes"):
            assert word in refused(client.post(f"/api/v1/reach/{route}", json=body), 422)
            english = refused(client.post(f"/api/v1/reach/{route}?lang=en", json=body), 422)
            assert english.isascii()
    assert counted(service) == before


def test_a_place_a_little_beyond_the_border_is_a_place(service: Service) -> None:
    with service.client("planner") as client:
        answer = client.post("/api/v1/reach/trial", json={"stations": [{**STATION, "lon": 107.66}]})
    assert answer.status_code == 200, answer.text
    assert answer.json()["is_straight_line"]
