"""Doorplates over HTTP: the scan tells what the public page tells, guessing is hopeless, each office keeps its own."""

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from data.calendar import today
from data.plate_codes import LETTERS
from data.postgis.engine import reading
from tests.api.test_lookup import publish, redrawn
from tests.fixtures.plated import DOORS_A, EAST_A, SPLIT, WEST_A, plated_ground
from tests.fixtures.services import STREET_1, STREET_2, Service, running_service
from tests.fixtures.small_town import COMMUNITIES, COUNTY, STREETS, SmallTown

V1 = "/api/v1"
HTML = {"Accept": "text/html"}
A = COMMUNITIES[0]
LOOSE = {"door_rate": "100000/minute"}


@pytest.fixture
def town(database_url: str) -> Iterator[Service]:
    """A service of one test alone, over the town with a building in two grids."""
    with running_service(database_url, ground=plated_ground(), **LOOSE) as running:
        yield running


def issued(service: Service, area_code: str = A, account: str = "street_1", **more: Any) -> dict[str, Any]:
    answer = service.client(account).post(f"{V1}/plates/issue", json={"area_code": area_code, **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def plates(service: Service, account: str = "admin", **asked: Any) -> dict[str, dict[str, Any]]:
    rows = service.client(account).get(f"{V1}/plates", params={"limit": 1000, **asked}).json()["plates"]
    return {row["label"]: row for row in rows}


def scan(service: Service, code: str, **more: str) -> httpx2.Response:
    return service.client().get(f"{V1}/doors/{code}", params=more)


# -- the scan ---------------------------------------------------------------------------------


def test_a_scan_answers_as_the_public_look_up_does_and_names_the_door(town: Service) -> None:
    issued(town)
    code = plates(town)["3号楼"]["code"]
    body = scan(town, code).json()
    assert body.pop("door") == {"label": "3号楼", "address": "云溪路3号", "stairwell": None, "community": "云溪社区"}
    lon, lat = SmallTown.point(0, 2)
    assert body == town.client().get(f"{V1}/lookup", params={"lon": lon, "lat": lat}).json()
    assert body["answer"] == "assigned"
    assert body["certain"] is True


def test_a_code_may_be_typed_carelessly(town: Service) -> None:
    issued(town)
    code = plates(town)["3号楼"]["code"]
    plain = code.replace("-", "")
    for typed in (plain, plain.lower(), code.lower(), plain.replace("0", "o").replace("1", "l"), f" {code} "):
        assert scan(town, typed).status_code == 200, typed


def test_a_building_in_two_grids_says_so_and_its_stairwells_are_certain(town: Service) -> None:
    issued(town)
    rows = plates(town)
    whole = scan(town, rows[f"云溪苑{SPLIT}栋"]["code"]).json()
    assert (whole["answer"], whole["certain"], whole["next_change"]) == ("several", False, None)
    assert {grid["grid_code"] for grid in whole["grids"]} == {WEST_A, EAST_A}
    assert "第1网格" in whole["question"]
    for number, grid_code in ((1, WEST_A), (2, EAST_A)):
        body = scan(town, rows[f"云溪苑{SPLIT}栋 {number}单元"]["code"]).json()
        assert (body["answer"], body["certain"]) == ("assigned", True)
        assert [grid["grid_code"] for grid in body["grids"]] == [grid_code]
        assert body["door"]["stairwell"] == number
    assert "Stairwell 2" in scan(town, rows[f"云溪苑{SPLIT}栋 2单元"]["code"], lang="en").text


def test_a_redraw_needs_no_new_plate(town: Service) -> None:
    """Cell 9 goes west with a new plan: the plates that hang tell the new worker, and the building is whole again."""
    issued(town)
    rows = plates(town)
    codes = [rows[f"云溪苑{SPLIT}栋{part}"]["code"] for part in ("", " 2单元")]
    assert [grids_of(town, code) for code in codes] == [{WEST_A, EAST_A}, {EAST_A}]
    publish(town, redrawn(town), today())
    end = time.monotonic() + 20
    while grids_of(town, codes[1]) != {WEST_A} and time.monotonic() < end:
        time.sleep(0.1)
    assert [grids_of(town, code) for code in codes] == [{WEST_A}, {WEST_A}]
    body = scan(town, codes[0]).json()
    assert (body["answer"], body["certain"]) == ("assigned", True)


def grids_of(service: Service, code: str) -> set[str]:
    return {grid["grid_code"] for grid in scan(service, code).json()["grids"]}


def test_a_vacant_grid_names_the_desk(town: Service) -> None:
    issued(town, COMMUNITIES[2], account="street_2")
    rows = plates(town, area_code=COMMUNITIES[2])
    answers = {scan(town, row["code"]).json()["answer"] for row in rows.values()}
    assert answers == {"assigned", "vacant"}


def test_where_no_plan_holds_the_scan_says_so(town: Service) -> None:
    issued(town, COMMUNITIES[3], account="street_2")
    code = next(iter(plates(town, area_code=COMMUNITIES[3]).values()))["code"]
    body = scan(town, code).json()
    assert body["answer"] == "no_active_plan"
    assert body["desk"]["phone"] in body["message"]


def test_a_photo_of_a_plate_gives_nobody_away(town: Service) -> None:
    issued(town)
    told = scan(town, plates(town)["3号楼"]["code"]).text
    people = plated_ground().town.people
    assert not [name for name in people["name"] if name in told]
    assert not [phone for phone in people["phone"] if phone in told]
    assert not re.search(r"households|people|building_id|plate_id", told)


# -- wrong, revoked, guessed ------------------------------------------------------------------


def changed(code: str) -> str:
    return code[:-1] + LETTERS[(LETTERS.index(code[-1]) + 1) % len(LETTERS)]


def test_wrong_codes_are_all_the_same_404(town: Service) -> None:
    issued(town)
    code = plates(town)["3号楼"]["code"]
    for typed in (changed(code), "0" * 16, "K7Q2", "门牌", "%00", "../admin", "' OR 1=1 --"):
        answer = scan(town, typed)
        assert answer.status_code in (404, 422), typed
        assert "3号楼" not in answer.text
    answer = scan(town, changed(code))
    assert answer.json()["type"] == "urn:wangge:problem:not-found"
    assert answer.json()["detail"] == scan(town, "0" * 16).json()["detail"]


def test_a_revoked_plate_is_410_and_its_successor_works(town: Service) -> None:
    issued(town)
    row = plates(town)["3号楼"]
    done = town.client("street_1").post(
        f"{V1}/plates/{row['plate_id']}/revoke", json={"reason": "lost", "replace": True}
    )
    assert done.status_code == 200
    answer = scan(town, row["code"])
    assert answer.status_code == 410
    assert answer.json()["type"] == "urn:wangge:problem:revoked-plate"
    assert "3号楼" not in answer.text
    fresh = plates(town, state="issued")["3号楼"]
    assert fresh["plate_id"] == done.json()["successor_id"]
    assert scan(town, fresh["code"]).status_code == 200


def test_guessing_is_counted_by_client_and_stopped_whatever_succeeds_between(database_url: str) -> None:
    with running_service(database_url, ground=plated_ground(), door_rate="5/hour") as service:
        issued(service)
        code = plates(service)["3号楼"]["code"]
        for at in range(5):
            assert scan(service, code).status_code == 200
            assert scan(service, f"{at:016d}").status_code == 404
        stopped = scan(service, "9" * 16)
        assert stopped.status_code == 429
        assert int(stopped.headers["retry-after"]) > 0
        # Right or wrong, nothing is told any more: not on the page, nor by reporting.
        assert scan(service, code).status_code == 429
        assert service.client().get(f"/d/{code}", headers=HTML).status_code == 429
        assert service.client().post(f"{V1}/doors/{code}/reports", json={"kind": "lost"}).status_code == 429


def test_right_codes_may_be_scanned_as_often_as_one_likes(database_url: str) -> None:
    with running_service(database_url, ground=plated_ground(), door_rate="2/hour") as service:
        issued(service)
        code = plates(service)["3号楼"]["code"]
        assert {scan(service, code).status_code for _ in range(12)} == {200}


# -- the page and reports ---------------------------------------------------------------------


def test_the_page_of_a_door_names_it_and_who_answers(town: Service) -> None:
    issued(town)
    code = plates(town)["3号楼"]["code"].replace("-", "")
    for path in (f"/d/{code}", f"/D/{code}", f"/d/{code.lower()}"):
        page = town.client().get(path, headers=HTML)
        assert page.status_code == 200
        assert "3号楼" in page.text
        assert WEST_A in page.text
        assert "门牌损坏或丢失" in page.text
        assert page.headers["cache-control"] == "no-store"


def test_wrong_and_revoked_codes_get_a_page_that_offers_the_search(town: Service) -> None:
    issued(town)
    row = plates(town)["3号楼"]
    town.client("street_1").post(f"{V1}/plates/{row['plate_id']}/revoke", json={"reason": "damaged"})
    for code, status, words in ((changed(row["code"]), 404, "没有这个编号的门牌"), (row["code"], 410, "已停用")):
        page = town.client().get(f"/d/{code}", headers=HTML)
        assert page.status_code == status
        assert words in page.text
        assert 'action="/lookup"' in page.text
        assert "3号楼" not in page.text
        assert "门牌损坏或丢失" not in page.text


def test_a_report_reaches_the_office_and_asks_for_nobody(town: Service) -> None:
    issued(town)
    row = plates(town)["3号楼"]
    public = town.client()
    assert (
        public.post(f"{V1}/doors/{row['code']}/reports", json={"kind": "lost", "words": "昨天被摘"}).status_code == 201
    )
    plain = public.post(
        f"/d/{row['code'].replace('-', '')}/report", data={"kind": "damaged", "words": "划花\r\n看不清"},
        headers={"Origin": town.url}, follow_redirects=False,
    )  # fmt: skip
    assert plain.status_code == 303
    page = public.get(plain.headers["location"], headers=HTML)
    assert "谢谢" in page.text
    body = town.client("street_1").get(f"{V1}/plates/reprints").json()
    assert {(one["kind"], one["words"], one["label"]) for one in body["reports"]} == {
        ("lost", "昨天被摘", "3号楼"), ("damaged", "划花 看不清", "3号楼"),
    }  # fmt: skip
    assert town.client("street_2").get(f"{V1}/plates/reprints").json()["reports"] == []
    with reading(town.engine) as conn:
        actors = set(conn.scalars(text("SELECT actor FROM audit WHERE noun = 'plate_reports'")))
    assert actors == {"public"}


def test_a_report_takes_a_kind_and_a_few_words_and_nothing_else(town: Service) -> None:
    issued(town)
    path = f"{V1}/doors/{plates(town)['3号楼']['code']}/reports"
    for body in (
        {}, {"kind": "stolen"}, {"kind": "lost", "words": "长" * 201}, {"kind": "lost", "name": "王小明"},
        {"kind": "lost", "words": "a\x00b"}, {"kind": "lost", "words": "a\nb"},
    ):  # fmt: skip
        assert town.client().post(path, json=body).status_code == 422, body
    assert town.client().post(path, json={"kind": "lost"}).status_code < 300


def test_a_foreign_page_reports_nothing(town: Service) -> None:
    issued(town)
    code = plates(town)["3号楼"]["code"].replace("-", "")
    with httpx2.Client(base_url=town.url) as client:
        for headers in ({"Origin": "https://elsewhere.example"}, {}):
            answer = client.post(f"/d/{code}/report", data={"kind": "lost"}, headers=headers)
            assert answer.status_code == 403
    assert town.client("admin").get(f"{V1}/plates/reprints").json()["reports"] == []


def test_reports_are_limited_and_never_more_than_one_row_a_kind(database_url: str) -> None:
    with running_service(database_url, ground=plated_ground(), door_rate="4/hour") as service:
        issued(service)
        code = plates(service)["3号楼"]["code"]
        sent = [
            service.client().post(f"{V1}/doors/{code}/reports", json={"kind": "lost"}).status_code for _ in range(6)
        ]
        assert sent == [201] * 4 + [429] * 2
        (row,) = service.client("admin").get(f"{V1}/plates/reprints").json()["reports"]
        assert row["times"] == 4


# -- issuing, scope ---------------------------------------------------------------------------


def test_issuing_again_issues_nothing_and_a_trial_writes_nothing(town: Service) -> None:
    trial = issued(town, STREETS[0], is_trial=True)
    assert trial == {"batch_id": None, "plates": 34, "buildings": 32, "stairwells": 2, "replacements": 0}
    assert plates(town) == {}
    assert issued(town)["plates"] == DOORS_A
    assert issued(town)["plates"] == 0
    assert issued(town, STREETS[0])["plates"] == 16


def test_an_office_keeps_its_own_plates_alone(town: Service) -> None:
    issued(town)
    batch = issued(town, STREETS[1], account="planner_2")["batch_id"]
    own, foreign = plates(town, area_code=A), plates(town, area_code=COMMUNITIES[2])
    theirs = next(iter(foreign.values()))
    town.client().post(f"{V1}/doors/{theirs['code']}/reports", json={"kind": "lost"})
    (report,) = town.client("admin").get(f"{V1}/plates/reprints").json()["reports"]
    office = town.client("street_1")
    assert set(plates(town, account="street_1")) == set(own)
    assert plates(town, account="street_1", area_code=COMMUNITIES[2]) == {}
    assert [row["batch_id"] for row in office.get(f"{V1}/plates/batches").json()["batches"]] != [batch]
    refused = {
        office.post(f"{V1}/plates/issue", json={"area_code": STREETS[1]}).status_code,
        office.post(f"{V1}/plates/issue", json={"area_code": COUNTY}).status_code,
        office.post(f"{V1}/plates/{theirs['plate_id']}/revoke", json={"reason": "lost"}).status_code,
        office.post(f"{V1}/plates/reports/{report['report_id']}/settle", json={"outcome": "dismiss"}).status_code,
        office.get(f"{V1}/plates/sheet.svg", params={"area_code": STREETS[1]}).status_code,
        office.get(f"{V1}/plates/sheet.pdf", params={"batch_id": batch}).status_code,
        office.post(f"{V1}/plates/sheets", json={"batch_id": batch}).status_code,
    }
    assert refused == {404}
    assert office.post(f"{V1}/plates/printed", json={"batch_id": batch}).json() == {"plates": 0}
    assert plates(town, area_code=COMMUNITIES[2]) == foreign


@pytest.mark.parametrize("account", ["grid_worker", "approver", None])
def test_who_does_not_hang_plates_up_neither_sees_nor_makes_them(service: Service, account: str | None) -> None:
    client, status = service.client(account), 401 if account is None else 403
    asked = [client.get(f"{V1}/plates/{path}") for path in ("batches", "reprints", "sheet.svg", "sheet.pdf")]
    asked += [client.get(f"{V1}/plates"), client.post(f"{V1}/plates/issue", json={"area_code": A})]
    asked += [client.post(f"{V1}/plates/1/revoke", json={"reason": "lost"}), client.get("/plates")]
    assert {answer.status_code for answer in asked} == {status}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "issue", {"area_code": "123"}, 422),
        ("POST", "issue", {"area_code": "999999999999"}, 404),
        ("POST", "issue", {"area_code": A, "size": "10x10"}, 422),
        ("POST", "issue", {"area_code": A, "note": "x"}, 422),
        ("POST", "999999/revoke", {"reason": "lost"}, 404),
        ("POST", "1/revoke", {"reason": "bored"}, 422),
        ("POST", "reports/999999/settle", {"outcome": "reprint"}, 404),
        ("POST", "reports/1/settle", {"outcome": "burn"}, 422),
        ("POST", "sheets", {}, 422),
        ("POST", "sheets", {"area_code": A, "batch_id": 1}, 422),
        ("POST", "sheets", {"area_code": A}, 404),
        ("GET", "sheet.svg", {}, 422),
        ("GET", "sheet.svg", {"area_code": A}, 404),
        ("GET", "sheet.pdf", {"area_code": A, "size": "1x1"}, 422),
        ("GET", "sheet.pdf", {"area_code": A, "page": 0}, 422),
        ("GET", "sheets/999999/file", {}, 404),
    ],
)
def test_every_refusal(service: Service, method: str, path: str, body: dict[str, Any], status: int) -> None:
    client = service.client("street_1")
    more = {"json": body} if method == "POST" else {"params": body}
    answer = client.request(method, f"{V1}/plates/{path}", **more)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_plates_are_found_by_name_state_and_code_and_come_in_pages(town: Service) -> None:
    issued(town)
    everything = plates(town)
    row = everything["云溪苑6栋"]
    assert set(plates(town, q="云溪苑6")) == {"云溪苑6栋"}
    assert set(plates(town, q=row["code"][:9].lower())) == {"云溪苑6栋"}
    town.client("street_1").post(f"{V1}/plates/{row['plate_id']}/revoke", json={"reason": "wrong"})
    assert set(plates(town, state="revoked")) == {"云溪苑6栋"}
    client, seen, after = town.client("admin"), list[int](), 0
    while after is not None:
        body = client.get(f"{V1}/plates", params={"limit": 5, "after": after}).json()
        seen += [one["plate_id"] for one in body["plates"]]
        after = body["next_after"]
    assert seen == sorted(seen)
    assert len(seen) == DOORS_A


def test_what_must_be_made_anew_is_listed(town: Service) -> None:
    first = town.client("street_1").get(f"{V1}/plates/reprints").json()
    assert {row["name"]: row["doors"] for row in first["missing"]} == {"云溪社区": DOORS_A, "桥头社区": 16}
    issued(town)
    row = plates(town)["3号楼"]
    town.client("street_1").post(f"{V1}/plates/{row['plate_id']}/revoke", json={"reason": "lost"})
    body = town.client("street_1").get(f"{V1}/plates/reprints", params={"area_code": A}).json()
    assert body["missing"] == [{"area_code": A, "name": "云溪社区", "doors": 0, "revoked": 1}]
    assert [one["label"] for one in body["revoked"]] == ["3号楼"]


def test_every_write_names_its_account(town: Service) -> None:
    issued(town)
    row = plates(town)["3号楼"]
    town.client("street_1").post(f"{V1}/plates/{row['plate_id']}/revoke", json={"reason": "lost", "replace": True})
    with reading(town.engine) as conn:
        told = set(conn.execute(text("SELECT actor, action FROM audit WHERE noun = 'doorplates'")).all())
    assert told == {("street_1", "issue_plates"), ("street_1", "revoke_plate")}


def test_streets_named_in_answers_are_the_asker_s(town: Service) -> None:
    issued(town, COUNTY, account="planner")
    for street, other in ((STREET_1, STREET_2), (STREET_2, STREET_1)):
        client = town.client(f"street_office_of_{street}")
        for path in ("plates", "plates/batches", "plates/reprints"):
            assert not re.search(rf"{other}\d", client.get(f"{V1}/{path}").text), path
