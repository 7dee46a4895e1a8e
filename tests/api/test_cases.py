"""Cases over real HTTP: reported, placed, moved by the rule, timed in working hours, parked, handed back, told apart.

Tiers are those of the demo profile: grid, community, street, county; its office works Monday to Friday, 08:30-12:00
and 14:30-17:30.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import httpx2
import pandas as pd
import pytest

from api.actions.handle_incident import moved
from data.casework import timed
from data.profiles import load_profile
from tests.fixtures.services import Service, running_service
from tests.fixtures.small_town import SmallTown

V1 = "/api/v1/incidents"
RULE = load_profile("demo").incidents
HERE = dict(zip(("lon", "lat"), SmallTown.point(1, 1), strict=True))  # in A, whose street is 529901001
THERE = dict(zip(("lon", "lat"), SmallTown.point(9, 1), strict=True))  # in C, of the other street


@pytest.fixture(scope="module")
def service(new_town: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service of this module's own, which its tests write to."""
    with new_town() as url, running_service(url) as running:
        yield running


def report(client: httpx2.Client, **values: object) -> dict[str, object]:
    answer = client.post(V1, json={"category": "drain", **values})
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


def move(client: httpx2.Client, number: object, key: str, **values: object) -> httpx2.Response:
    return client.post(f"{V1}/{number}/moves", json={"move": key, **values})


def case(client: httpx2.Client, number: object) -> dict[str, object]:
    answer = client.get(f"{V1}/{number}")
    assert answer.status_code == 200, answer.text
    return answer.json()  # type: ignore[no-any-return]


def test_a_report_finds_its_building_grid_and_community(service: Service) -> None:
    with service.client("street_1") as client:
        made = report(client, **HERE, description="井盖翘起")
        told = case(client, made["incident_id"])
    assert (made["area_code"], made["grid_code"]) == ("529901001001", "529901001001001")
    assert made["building_id"] is not None
    assert (told["state"], told["tier"], told["description"]) == ("reported", "grid", "井盖翘起")
    assert [event["kind"] for event in told["events"]] == ["report"]
    assert told["events"][0]["actor"] == "street_1"
    assert {item["key"] for item in told["moves"]} == {"accept", "pass_up"}


def test_what_cannot_be_placed_is_kept_and_listed_and_can_be_placed_by_hand(service: Service) -> None:
    with service.client("street_1") as client:
        made = [report(client), report(client, address="天涯海角路九千号"), report(client, lon=100.0, lat=20.0)]
        assert [one["place_problem"] for one in made] == ["no_place", "address_unknown", "outside"]
        numbers = [one["incident_id"] for one in made]
        listed = client.get(f"{V1}/unplaced").json()["incidents"]
        assert set(numbers) <= {row["incident_id"] for row in listed}
        assert case(client, numbers[2])["lon"] == 100.0  # what was told is not lost
        answer = client.put(f"{V1}/{numbers[0]}/place", json=HERE)
        assert answer.json()["grid_code_reported"] == "529901001001001"
        listed = client.get(f"{V1}/unplaced").json()["incidents"]
        assert numbers[0] not in {row["incident_id"] for row in listed}
        assert client.put(f"{V1}/{numbers[1]}/place", json=THERE).status_code == 403


def test_a_case_climbs_one_tier_at_a_time_with_a_reason(service: Service) -> None:
    with service.client("street_office") as client:
        number = report(client, **HERE)["incident_id"]
        assert move(client, number, "pass_up").status_code == 422
        assert move(client, number, "pass_up", reason="  ").status_code == 422
        for tier in ("community", "street", "county"):
            answer = move(client, number, "pass_up", reason="本级无法解决")
            assert answer.json()["tier"] == tier
        assert move(client, number, "pass_up", reason="再上报").status_code == 409  # there is nothing above
        back = move(client, number, "hand_back", reason="属街道职责").json()
    assert (back["tier"], back["state"], back["returns"]) == ("street", "returned", 1)
    assert [event["kind"] for event in back["events"]] == ["report", *["pass_up"] * 3, "hand_back"]
    assert [event["from_tier"] for event in back["events"]] == [None, "grid", "community", "street", "county"]
    assert back["events"][-1]["note"] == "属街道职责"


def test_who_works_below_a_tier_cannot_act_there(service: Service) -> None:
    with service.client("street_office") as client:
        number = report(client, **HERE)["incident_id"]
        assert move(client, number, "pass_up", reason="需社区").status_code == 200
        assert move(client, number, "pass_up", reason="需街道").status_code == 200
    with service.client("worker_a") as client:  # of the community A
        assert case(client, number)["moves"] == []
        assert move(client, number, "accept").status_code == 403
    with service.client("street_1") as client:
        assert move(client, number, "accept").status_code == 200


def test_a_move_that_was_decided_on_old_news_is_refused(service: Service) -> None:
    with service.client("street_1") as client:
        number = report(client, **HERE)["incident_id"]
        seen = {"seen_state": "reported", "seen_tier": "grid"}
        assert move(client, number, "accept", **seen).status_code == 200
        again = move(client, number, "accept", **seen)
        assert again.status_code == 409
        assert move(client, number, "settle").json()["lateness"] == "closed"
        assert move(client, number, "settle").status_code == 409
        assert move(client, number, "reopen").status_code == 422
        assert move(client, number, "reopen", reason="居民反映未解决").json()["closed_at"] is None


def test_another_streets_case_is_not_there(service: Service) -> None:
    with service.client("street_office") as client:
        number = report(client, **THERE)["incident_id"]
    with service.client("street_1") as client:
        assert client.get(f"{V1}/{number}").status_code == 404
        assert move(client, number, "accept").status_code == 404
        assert client.post(f"{V1}/{number}/notes", json={"note": "看看"}).status_code == 404
        assert client.put(f"{V1}/{number}/duplicate", json={"of": None}).status_code == 404
        assert client.put(f"{V1}/{number}/place", json=HERE).status_code == 404
        assert client.post(V1, json={"category": "drain", **THERE}).status_code == 403


def test_the_same_thing_reported_twice_is_pointed_out(service: Service) -> None:
    near = {"lon": HERE["lon"] + 0.0003, "lat": HERE["lat"]}  # 30 m on
    with service.client("street_1") as client:
        first = report(client, **HERE, category="greenery")["incident_id"]
        second = report(client, **near, category="greenery")
        other = report(client, **near, category="falling")
        assert first in second["maybe_same"]
        assert first not in other["maybe_same"]
        pairs = client.get(f"{V1}/duplicates").json()["pairs"]
        assert (first, second["incident_id"]) in {(pair["first_id"], pair["second_id"]) for pair in pairs}
        number = second["incident_id"]
        assert client.put(f"{V1}/{number}/duplicate", json={"of": number}).status_code == 409
        marked = client.put(f"{V1}/{number}/duplicate", json={"of": first}).json()
        assert (marked["duplicate_of"], marked["lateness"], marked["moves"]) == (first, "closed", [])
        pairs = client.get(f"{V1}/duplicates").json()["pairs"]
        assert number not in {number for pair in pairs for number in (pair["first_id"], pair["second_id"])}
        assert client.put(f"{V1}/{number}/duplicate", json={"of": None}).json()["lateness"] != "closed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"category": "dragons"},
        {"category": "drain", "lon": 107.7},
        {"category": "drain", **HERE, "reported_at": "2126-01-01T00:00:00+08:00"},
        {"category": "drain", **HERE, "reported_at": "2026-01-01T00:00:00"},
        {"category": "drain", **HERE, "state": "settled"},
    ],
)
def test_a_report_that_makes_no_sense_is_refused(service: Service, wrong: dict[str, object]) -> None:
    with service.client("street_1") as client:
        assert client.post(V1, json=wrong).status_code == 422


def test_limits_run_in_working_hours_and_stand_still_while_parked() -> None:
    calendar = RULE.calendar()
    monday = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)  # 08:30 in Shanghai
    row = {"category": ["drain"], "tier": ["grid"], "reported_at": [monday]}
    frame = pd.DataFrame(row).assign(reported_at=lambda rows: pd.to_datetime(rows["reported_at"], utc=True))
    due = timed(frame, RULE, calendar)["due_at"].iloc[0]
    assert due == datetime(2026, 3, 3, 9, 30, tzinfo=UTC)  # thirteen hours: two days
    standing = {
        "incident_id": 1, "state": "accepted", "tier": "grid", "category": "drain", "reported_at": monday,
        "due_at": due.to_pydatetime(), "parked_at": None, "left_hours": None, "returns": 0, "closed_at": None,
    }  # fmt: skip
    moves = {move.key: move for move in RULE.moves}
    noon = datetime(2026, 3, 3, 4, 0, tzinfo=UTC)
    parked = {**standing, **moved(standing, moves["park"], RULE, calendar, noon)}
    assert (parked["due_at"], parked["left_hours"]) == (None, 3.0)
    week_after = noon + timedelta(days=7)
    resumed = {**parked, **moved(parked, moves["resume"], RULE, calendar, week_after)}
    assert resumed["due_at"] == datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
    risen = moved(resumed, moves["pass_up"], RULE, calendar, week_after)
    assert (risen["tier"], risen["tier_at"]) == ("community", week_after)
    assert risen["due_at"] == datetime(2026, 3, 17, 4, 0, tzinfo=UTC)  # 32.5 hours: 3, four days of 6.5, 3.5


def test_of_two_who_move_a_case_at_once_one_is_told_so(service: Service) -> None:
    with service.client("street_1") as first, service.client("worker_a") as second, ThreadPoolExecutor(2) as pool:
        number = report(first, **HERE)["incident_id"]
        for client in (first, second):
            case(client, number)
        answers = list(pool.map(lambda client: move(client, number, "accept").status_code, (first, second)))
    assert sorted(answers) == [200, 409]
