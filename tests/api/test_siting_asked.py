"""What is asked of walking is answered for it: who walks, when, which circle and category; and not too much at once.

The town is that of test_siting: stations stand in columns 1 and 9, 55.4 m beside the street, as homes do.
"""

from contextlib import ExitStack

import httpx2
import pytest
from sqlalchemy import update

from data.postgis.engine import transaction
from data.tables import metadata
from tests.fixtures.services import Service
from tests.fixtures.small_town import SmallTown

AT = dict(zip(("lon", "lat"), SmallTown.point(4, 2, dx=0.0, dy=0.0), strict=True))
MONDAY_9, MONDAY_20 = "2026-11-23T09:00:00", "2026-11-23T20:00:00"


def new_households(client: httpx2.Client, **query: object) -> dict[float, int]:
    answer = client.get("/api/v1/reach/at", params={**AT, **query})  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    told = [feature["properties"] for feature in answer.json()["features"]]
    return {circle["minutes"]: circle["new_households"] for circle in told}


def test_who_is_new_depends_on_who_walks(service: Service) -> None:
    with service.client("planner") as client:
        usual, elder = new_households(client), new_households(client, walker="elder")
    # as measured, for the usual walker: 4 minutes in columns 0-3, 9 in columns 8-11
    assert usual == {5.0: 6 * 30, 15.0: 12 * 30}
    # 240 m for the elder: stations hold columns 0-2 and 8-10, the place 2-5; 720 m: all there is
    assert elder == {5.0: 6 * 30, 15.0: 0}


def test_who_is_new_depends_on_the_moment(own_service: Service) -> None:
    stations = metadata.tables["stations"]
    with transaction(own_service.engine, actor="test", action="draw") as conn:
        conn.execute(update(stations).where(stations.c.station_id == 1).values(hours="周一至周五 8:30-17:30"))
    with own_service.client("planner") as client:
        by_day, by_night = new_households(client, at=MONDAY_9), new_households(client, at=MONDAY_20)
        # 360 m: the station in column 1 holds columns 0-3, that in 9 holds 7-11, the place 1-6
        assert by_day[5.0] == 6 * 30
        assert by_night[5.0] == 12 * 30
        # an hour told with a zone is that hour there
        assert new_households(client, at="2026-11-23T01:00:00Z") == by_day
        assert new_households(client, at="2026-11-23T12:00:00Z") == by_night
        assert new_households(client, at="2026-11-23T09:00:00Z") == new_households(client, at="2026-11-23T17:00:00")
        asked = {"stations": [{**AT, "category": "service"}]}
        tried = [
            client.post("/api/v1/reach/trial", json={**asked, "at": at}).json()["within"]
            for at in (MONDAY_9, "2026-11-23T01:00:00Z", MONDAY_20, "2026-11-23T20:00:00+08:00")
        ]
    assert tried[0] == tried[1] != tried[2] == tried[3]


def test_who_is_new_is_searched_for_once_a_scene(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    with service.client("planner") as client:
        before = new_households(client, walker="elder", category="service")
        monkeypatch.setattr("api.actions.try_place.nearest_to_doors", lambda *_, **__: asked.append(1))
        assert new_households(client, walker="elder", category="service") == before
    assert not asked


WRONG = (
    ("GET", "pockets?minutes=10", "没有 10 分钟的服务圈。现有：5, 15"),
    ("GET", "circles?minutes=7", "没有 7 分钟的服务圈"),
    ("GET", "pockets?category=nothing", "没有这个类别：nothing。现有：service, health"),
    ("GET", "circles?category=nothing", "没有这个类别"),
    ("GET", "stations?category=nothing", "没有这个类别"),
    ("GET", "cover?category=nothing", "没有这个类别"),
    ("GET", "at?lon=107.704&lat=27.952&category=nothing", "没有这个类别"),
    ("POST", {"minutes": 7}, "没有 7 分钟的服务圈"),
    ("POST", {"minutes": 5, "category": "nothing"}, "没有这个类别"),
    ("POST", {"stations": [{**AT, "category": "service"}], "category": "nothing"}, "没有这个类别"),
    ("POST", {"stations": [{**AT, "category": "nothing"}]}, "没有这个类别"),
)


@pytest.mark.parametrize(("method", "asked", "words"), WRONG)
def test_what_the_profile_does_not_know_is_refused(service: Service, method: str, asked: object, words: str) -> None:
    with service.client("planner") as client:
        if method == "GET":
            answer = client.get(f"/api/v1/reach/{asked}")
        else:
            assert isinstance(asked, dict)
            route = "siting" if "minutes" in asked else "trial"
            answer = client.post(f"/api/v1/reach/{route}", json=asked)
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]


def test_a_walker_nobody_knows_is_told_in_one_language(service: Service) -> None:
    with service.client("planner") as client:
        chinese = client.get("/api/v1/reach/at", params={**AT, "walker": "nobody"})
        english = client.get("/api/v1/reach/at", params={**AT, "walker": "nobody", "lang": "en"})
    assert (chinese.status_code, english.status_code) == (404, 404)
    assert chinese.json()["detail"] == "没有这种步行者：nobody。现有：adult, elder, wheelchair。"
    assert english.json()["detail"].isascii()


def test_without_minutes_the_longest_circle_is_meant(service: Service) -> None:
    with service.client("planner") as client:
        for path in ("pockets", "circles"):
            plain, told = (client.get(f"/api/v1/reach/{path}{query}").json() for query in ("", "?minutes=15"))
            assert plain == told


def test_sites_say_how_far_candidates_were_thinned_out(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    spots = [SmallTown.point(column, 2, dx=dx, dy=0.0) for column in range(16) for dx in (0.1, 0.4, 0.7)]
    with service.client("planner") as client:

        def sited(**asked: object) -> dict[str, object]:
            answer = client.post("/api/v1/reach/siting", json={"minutes": 5, "count": 2, **asked})
            assert answer.status_code == 200, answer.text
            return answer.json()  # type: ignore[no-any-return]

        whole = sited()
        assert (whole["candidates"], whole["candidates_given"], whole["spacing_m"]) == (64, 64, None)
        assert not whole["is_straight_line"]
        monkeypatch.setattr("api.actions.find_sites.BUILDINGS_MAX", 20)
        few = sited()
        assert few["candidates"] <= 20
        assert few["candidates_given"] == 64
        assert few["spacing_m"] >= 120
        assert sited(candidates=spots)["spacing_m"] is None
        monkeypatch.setattr("geo.siting.WALKS_MAX", 200)
        own = sited(candidates=spots)
        assert own["candidates_given"] == 48
        assert 0 < own["candidates"] < 48
        assert own["spacing_m"] is not None


def test_who_comes_when_all_slots_are_held_is_asked_to_come_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.limits.SLOT_WAIT_S", 0.01)
    bodies = {"siting": {"minutes": 5}, "trial": {"stations": [{**AT, "category": "service"}]}}
    with service.client("planner") as client, ExitStack() as held:
        for _ in range(2):
            assert client.post("/api/v1/reach/trial", json=bodies["trial"]).status_code == 200
            held.enter_context(service.app.state.services.limits.slot())
        for route, body in bodies.items():
            answer = client.post(f"/api/v1/reach/{route}", json=body)
            assert answer.status_code == 429, answer.text
            assert int(answer.headers["retry-after"]) > 0
            assert "测算已满" in answer.json()["detail"]
        assert client.get("/api/v1/reach/at", params=AT).status_code == 200  # what is light goes on
        held.close()
        assert client.post("/api/v1/reach/trial", json=bodies["trial"]).status_code == 200
