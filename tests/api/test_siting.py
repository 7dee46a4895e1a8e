"""Trying places and changes, pockets and sites, over real HTTP on the small town.

One street runs through the middle of 16 x 4 squares of 0.001 degrees (98.34 x 110.8 m); buildings stand in their
middles, 30 households each. The two rows beside the street join it (55.4 m), the outer two are too far (166 m). A
station on the street reaches whoever is within 360 m (5 minutes) and 1,080 m (15 minutes) of walking.
"""

import httpx2
import pytest
from geoalchemy2.shape import from_shape
from shapely import Point
from sqlalchemy import func, insert, select

from data.postgis.engine import reading, transaction
from data.tables import metadata
from tests.fixtures.services import Service
from tests.fixtures.small_town import SmallTown

AT = dict(zip(("lon", "lat"), SmallTown.point(4, 2, dx=0.0, dy=0.0), strict=True))
FAR = {"lon": AT["lon"], "lat": AT["lat"] + 0.01}
# A lane from the street through the outer row and back.
LANE = [SmallTown.point(column, 2, dx=0.0, dy=dy) for column, dy in ((4, 0.0), (4, 1.5), (6, 1.5), (6, 0.0))]


def get(client: httpx2.Client, path: str, **query: object) -> dict[str, object]:
    answer = client.get(f"/api/v1/reach/{path}", params=query)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def circles(body: dict) -> dict[float, dict]:  # type: ignore[type-arg]
    return {feature["properties"]["minutes"]: feature["properties"] for feature in body["features"]}


def rows(service: Service, table: str) -> int:
    with reading(service.engine) as conn:
        return conn.scalar(select(func.count()).select_from(metadata.tables[table])) or 0


def test_a_place_tells_what_a_station_there_would_reach(service: Service) -> None:
    with service.client("planner") as client:
        made = get(client, "at", **AT)
    told = circles(made)
    # 5 minutes: columns within (360 - 55.4) / 98.34 = 3.1 of the place, six of them, two rows; 15: 10.4, so 0 to 13
    assert (told[5.0]["households"], told[5.0]["people"]) == (12 * 30, 12 * 84)
    assert told[15.0]["households"] == 28 * 30
    # stations hold A (columns 0-3) in 5 minutes, A and C (8-11) in 15
    assert told[5.0]["new_households"] == 6 * 30
    assert told[15.0]["new_households"] == 12 * 30
    assert told[15.0]["straight_households"] > told[15.0]["households"]
    assert told[15.0]["radius_m"] == 1080
    assert not told[5.0]["is_straight_line"]
    assert made["place"]["snap_m"] == pytest.approx(0, abs=0.5)
    assert all(feature["geometry"]["type"] == "MultiPolygon" for feature in made["features"])


def test_a_slower_walker_reaches_less(service: Service) -> None:
    with service.client("planner") as client:
        made = get(client, "at", **AT, walker="elder")
        told = circles(made)
        # 240 m: columns within (240 - 55.4) / 98.34 = 1.9, four of them
        assert told[5.0]["households"] == 8 * 30
        assert made["walker"] == {"key": "elder", "speed_m_per_s": 0.8, "uses_steps": True}
        assert client.get("/api/v1/reach/at", params={**AT, "walker": "nobody"}).status_code == 404


def test_a_place_far_from_streets_is_a_labelled_stand_in(service: Service) -> None:
    with service.client("planner") as client:
        made = get(client, "at", **FAR)
    assert made["place"]["problem"] == "too_far"
    assert made["place"]["snapped"] is None
    assert circles(made)[15.0]["is_straight_line"]


def test_homes_outside_the_scope_are_not_counted(service: Service) -> None:
    with service.client("street_1") as client:  # columns 0 to 7
        assert circles(get(client, "at", **AT))[15.0]["households"] == 16 * 30
        mine = get(client, "pockets", minutes=15)
        sited = client.post("/api/v1/reach/siting", json={"minutes": 15, "count": 1}).json()
        tried = client.post("/api/v1/reach/trial", json={"closed_at": [[AT["lon"], AT["lat"]]]}).json()
    assert {row["properties"]["area_code"][:9] for row in mine["features"]} == {"529901001"}
    assert sited["households"] == 32 * 30
    assert tried["within"][0]["households"] == 32 * 30
    west = SmallTown.point(8, 0, dx=0.0)[0]
    assert tried["features"]
    assert all(row["geometry"]["coordinates"][0] < west for row in tried["features"])


def test_pockets_are_named_and_ranked(service: Service) -> None:
    with service.client("planner") as client:
        made = get(client, "pockets", minutes=15)
        english = get(client, "pockets", minutes=15, lang="en")
    assert (made["pockets"], made["households"], made["people"]) == (2, 960, 2688)
    told = [row["properties"] for row in made["features"]]
    assert [(row["name"], row["community"], row["buildings"], row["households"]) for row in told] == [
        ("云溪路一带", "桥头社区", 16, 480), ("云溪路一带", "新城社区", 16, 480),
    ]  # fmt: skip
    assert english["features"][0]["properties"]["name"] == "Around 云溪路"


def test_sites_do_what_a_trial_of_them_does(service: Service) -> None:
    with service.client("planner") as client:
        made = client.post("/api/v1/reach/siting", json={"minutes": 5, "count": 2}).json()
        sites = [row["properties"] for row in made["features"]]
        added = [{"lon": site["place"][0], "lat": site["place"][1], "category": "service"} for site in sites]
        tried = client.post("/api/v1/reach/trial", json={"stations": added}).json()
        every = client.post("/api/v1/reach/siting", json={"minutes": 5, "count": None}).json()
    assert [site["rank"] for site in sites] == [1, 2]
    assert sites[0]["households"] >= sites[1]["households"] > 0
    assert made["gap_share"] == 0
    five = tried["within"][0]
    assert (five["minutes"], five["before"], five["after"]) == (5, made["before"], made["after"])
    assert made["after"] == made["before"] + sum(site["households"] for site in sites)
    assert len(tried["circles"]) == 4
    # the two rows beside the street can be served, the outer ones cannot
    assert every["after"] == 32 * 30
    assert every["beyond"] == 32 * 30


def test_given_candidates_are_the_only_ones(service: Service) -> None:
    spots = [list(SmallTown.point(column, 2, dx=0.0, dy=0.0)) for column in (13, 14)]
    with service.client("planner") as client:
        made = client.post("/api/v1/reach/siting", json={"minutes": 5, "count": 1, "candidates": spots}).json()
        assert made["candidates"] == 2
        assert made["features"][0]["properties"]["place"] in [[round(v, 7) for v in spot] for spot in spots]
        for bad in ({"minutes": 7}, {"minutes": 5, "count": 0}, {"minutes": 5, "candidates": []}, {"minutes": "x"}, {}):
            assert client.post("/api/v1/reach/siting", json=bad).status_code == 422


def test_a_closed_street_and_a_bridge_are_tried_and_nothing_is_stored(service: Service) -> None:
    before = {table: rows(service, table) for table in ("streets", "gates", "stations", "audit")}
    with service.client("planner") as client:
        closed = client.post("/api/v1/reach/trial", json={"closed_at": [[AT["lon"], AT["lat"]]]}).json()
        bridged = client.post("/api/v1/reach/trial", json={"streets": [LANE]}).json()
    assert closed["within"][0]["after"] < closed["within"][0]["before"]
    assert closed["within"][0]["lost"] > 0
    assert closed["closed"][0]["properties"]["name"] == "云溪路"
    assert bridged["within"][1]["gained"] > 0  # homes of the outer row that join the new street
    assert {table: rows(service, table) for table in before} == before


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"closed_at": [[FAR["lon"], FAR["lat"]]]}, "30 米内没有道路"),
        ({"gates": [[FAR["lon"], FAR["lat"]]]}, "没有封闭小区的边界"),
        ({"streets": [[[FAR["lon"], FAR["lat"]], [FAR["lon"] + 0.001, FAR["lat"]]]]}, "两端"),
        ({"streets": [[[AT["lon"], AT["lat"]], [AT["lon"], AT["lat"]]]]}, "长度为 0"),
        ({"stations": [{**AT, "category": "nothing"}]}, "没有这个类别"),
        ({}, ""),
        ({"stations": [{"lon": 200, "lat": 0, "category": "service"}]}, ""),
        ({"streets": [[[107.7, 27.9]]]}, ""),
    ],
)
def test_changes_that_make_no_sense_are_refused(service: Service, change: dict[str, object], word: str) -> None:
    with service.client("planner") as client:
        for route in ("trial", "changes"):
            answer = client.post(f"/api/v1/reach/{route}", json=change)
            assert answer.status_code == 422, answer.text
            assert word in answer.text or route == "changes"


def test_accepted_changes_are_stored_and_seen_at_once(own_service: Service) -> None:
    body = {
        "stations": [{**AT, "category": "service", "name": "桥头服务站"}],
        "gates": [list(SmallTown.point(0, 0, dx=0.05, dy=1.0))],
        "streets": [LANE],
    }
    with transaction(own_service.engine, actor="test", action="draw") as conn:
        gate = {"compound_id": 1, "geometry": from_shape(Point(*SmallTown.point(1, 1, dx=0.95, dy=0.0)), srid=4326)}
        conn.execute(insert(metadata.tables["gates"]).values(**gate))
    with own_service.client("planner") as client:
        before = circles(get(client, "at", **AT))
        answer = client.post("/api/v1/reach/changes", json=body)
        assert answer.status_code == 202, answer.text
        made = answer.json()
        assert (made["stations"], made["gates"], made["streets"]) == (1, 1, 2)  # one new, one with a vertex more
        assert circles(get(client, "at", **AT))[5.0]["households"] > before[5.0]["households"]
        names = [row["properties"]["name"] for row in get(client, "stations")["features"]]
        assert "桥头服务站" in names
        closing = client.post("/api/v1/reach/changes", json={"closed_at": [[AT["lon"] - 0.002, AT["lat"]]]})
        assert closing.json()["streets"] == 1
        assert circles(get(client, "at", **AT))[5.0]["households"] < before[5.0]["households"]
    with own_service.client("admin") as client:
        told = {(row["action"], row["noun"]) for row in client.get("/api/v1/audit").json()["audit"]}
    assert {("accept_changes", noun) for noun in ("stations", "gates", "streets")} <= told


def test_only_planners_of_the_whole_town_change_the_ground(service: Service) -> None:
    body = {"stations": [{**AT, "category": "service", "name": "某站"}]}
    for account, status in (("street_office", 403), ("approver", 403), ("grid_worker", 403), ("planner_2", 403)):
        with service.client(account) as client:
            assert client.post("/api/v1/reach/changes", json=body).status_code == status
    with service.client("planner") as client:
        nameless = {"stations": [{**AT, "category": "service"}]}
        assert "站点需要名称" in client.post("/api/v1/reach/changes", json=nameless).text


@pytest.mark.parametrize(("by", "rows"), [("street", 2), ("community", 4), ("grid", 6)])
def test_cover_by_division_adds_up(service: Service, by: str, rows: int) -> None:
    """A walks 4 minutes, C 9: in 5 minutes A's 480 households, in 15 C's as well; grids hold A, B and C alone."""
    with service.client("planner") as client:
        made = get(client, "cover", by=by, on="2026-11-20")
        service_alone = get(client, "cover", by=by, category="health", on="2026-11-20")
    assert len(made["rows"]) == rows
    total = sum(row["households"] for row in made["rows"])
    assert total == (1440 if by == "grid" else 1920)
    assert [sum(row["within"][at]["households"] for row in made["rows"]) for at in (0, 1)] == [480, 960]
    assert all(
        row["within"][1]["left_out"] == row["households"] - row["within"][1]["households"] for row in made["rows"]
    )
    assert made["rows"][0]["within"][1]["left_out"] == max(row["within"][1]["left_out"] for row in made["rows"])
    # nothing was measured by category in the small town
    assert sum(row["within"][1]["households"] for row in service_alone["rows"]) == 0
    assert [row["kinds"] for row in made["kinds"]] == list(range(7))


def test_cover_keeps_to_the_scope(service: Service) -> None:
    with service.client("street_2") as client:
        for path in ("cover?by=grid", "cover?by=community", "grids"):
            body = client.get(f"/api/v1/reach/{path}").json()
            codes = [row.get("code") or row["grid_code"] for row in body.get("rows") or body["grids"]]
            assert codes
            assert all(code.startswith("529901002") for code in codes)


def test_minutes_from_the_middle_of_a_grid_are_those_of_its_middle_home(service: Service) -> None:
    with service.client("planner") as client:
        grids = get(client, "grids", on="2026-11-20")["grids"]
        spots = get(client, "weak-spots")
    assert [row["grid_code"] for row in grids] == sorted(row["grid_code"] for row in grids)
    first = {row["grid_code"]: row["minutes"] for row in grids}
    known = [minutes["service"] for minutes in first.values() if minutes["service"] is not None]
    # a home beside the street walks 55.4 m to it and less than the whole street of 1,575 m to a station on it
    assert known
    assert all(55.4 / 72 < minutes < (55.4 + 1575 + 60) / 72 for minutes in known)
    assert all(
        set(minutes) == {"service", "health", "elderly", "children", "culture", "market"} for minutes in first.values()
    )
    assert spots["features"] == []  # the small town's one compound is walled


@pytest.mark.parametrize("account", ["street_1", "street_2"])
def test_every_reading_counts_the_same_homes_and_none_of_another_street(service: Service, account: str) -> None:
    with service.client(account) as client:
        stations = client.get("/api/v1/reach/stations").json()["features"]
        assert stations
        for station in stations:
            lon, lat = station["geometry"]["coordinates"]
            here = circles(get(client, "at", lon=lon, lat=lat))
            for minutes in (5.0, 15.0):
                assert station["properties"][f"households_{minutes:g}"] == here[minutes]["households"]
                found = client.get("/api/v1/reach/circles", params={"minutes": minutes}).json()["features"]
                own = next(row["properties"] for row in found if row["properties"]["station_id"] == station["id"])
                assert (own["households"], own["people"]) == (here[minutes]["households"], here[minutes]["people"])
            tried = {"stations": [{"lon": lon + 0.0005, "lat": lat, "category": "service", "name": "试"}]}
            trial = client.post("/api/v1/reach/trial", json=tried).json()
            near = circles(get(client, "at", lon=lon + 0.0005, lat=lat))
            told = {row["properties"]["minutes"]: row["properties"]["households"] for row in trial["circles"]}
            assert told == {minutes: near[minutes]["households"] for minutes in told}
