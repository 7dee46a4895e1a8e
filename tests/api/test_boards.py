"""Notice boards over HTTP: what everybody reads, what staff print, and what neither gives away."""

import io
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import text

from api.actions.measure_reach import measure_reach
from api.schemas.boards import BoardAnswer
from data.calendar import today
from data.postgis.engine import transaction
from data.profiles import load_profile
from data.stores import plans as plan_store
from tests.api.test_lookup import look, until
from tests.fixtures.board import codes_in, pages_of
from tests.fixtures.services import STREET_1, STREET_2, Service, running_service, settings_for
from tests.fixtures.small_town import COMMUNITIES, PUBLISHED_ON, VACANT, SmallTown, draw_cells, draw_plan, publish_draft

V1 = "/api/v1/boards"
A, B, C, D = COMMUNITIES
FIRST = f"{A}001"
FULL_NAMES = re.compile("王小明|李建国|张秀英|陈大海|杨柳|赵铁柱")


def told(service: Service, grid_code: str = FIRST, **query: str) -> dict[str, Any]:
    with service.client() as client:
        answer = client.get(f"{V1}/{grid_code}", params=query)
    assert answer.status_code == 200, answer.text
    BoardAnswer.model_validate(answer.json())
    body: dict[str, Any] = answer.json()
    return body


def status(service: Service, path: str, account: str | None = None, **query: str) -> int:
    with service.client(account) as client:
        return client.get(path, params=query).status_code


def poster(service: Service, grid_code: str = FIRST, account: str = "admin", form: str = "pdf", **query: str) -> bytes:
    with service.client(account) as client:
        answer = client.get(f"{V1}/{grid_code}/poster.{form}", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.content


def words_of(pdf: bytes) -> str:
    return "".join("".join(page[0].split()) for page in pages_of(pdf, scale=0.2))


def begin(service: Service, role: str, code: str, person: int) -> None:
    with service.client("planner") as client:
        asked = {"person_id": person, "role": role, "code": code, "from_on": "2026-01-01"}
        answer = client.post("/api/v1/duties", json=asked)
    assert answer.status_code == 200, answer.text


# -- what everybody reads ----------------------------------------------------------------------


def test_the_board_says_what_the_look_up_says(service: Service) -> None:
    body = told(service)
    lon, lat = SmallTown.point(0, 0)
    with service.client() as client:
        (found,) = client.get("/api/v1/lookup", params={"lon": lon, "lat": lat}).json()["grids"]
    assert (body["worker"]["name"], body["worker"]["duty_line"]) == (found["worker"], found["duty_line"])
    assert (body["name"], body["community"], body["street"]) == ("第1网格", "云溪社区", "云溪街道")
    assert (body["households_about"], body["people_about"], body["buildings"]) == (240, 670, 8)
    assert (body["valid_from"], body["document_number"]) == (PUBLISHED_ON.isoformat(), "云政办〔2026〕1号")
    assert body["url"].endswith(f"/board/{FIRST}")
    assert (body["desk"], body["desk_phone"]) == ("社区服务台", "12345")


def test_in_english_everything_but_names_is_english(service: Service) -> None:
    body = told(service, lang="en")
    assert body["worker"]["name"] == "Grid worker 王"
    assert body["desk"] == "Community desk"
    assert not re.search("[一-鿿]", "".join(body["duties"]) + body["hours"])


def test_no_answer_holds_a_full_name_a_private_number_or_an_exact_count(service: Service) -> None:
    with service.client() as client:
        answers = [client.get(f"{V1}/{FIRST}").text, client.get(f"/board/{FIRST}").text]
    answers.append(words_of(poster(service)))
    for answer in answers:
        assert not FULL_NAMES.search(answer)
        assert "1380000" not in answer
        assert not re.search(r"(?<!\d)672(?!\d)", answer), "672 people live there"
    assert "约670" in answers[2]


def test_households_are_rounded_wherever_they_are_told(own_service: Service) -> None:
    with transaction(own_service.engine, actor="test", action="test") as conn:
        conn.execute(text("UPDATE grids SET households = 243, people = 7 WHERE grid_code = :code"), {"code": FIRST})
    body = told(own_service)
    assert (body["households_about"], body["people_about"]) == (240, None)
    printed = words_of(poster(own_service))
    assert "约240" in printed
    assert "不足10" in printed
    assert "243" not in printed


def test_the_page_is_whole_without_scripts_and_carries_its_own_map(service: Service) -> None:
    with service.client() as client:
        answer = client.get(f"/board/{FIRST}", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    html = answer.text
    assert "云溪社区第1网格" in html
    assert "王网格员" in html
    assert 'href="tel:0851-2200000"' in html
    svg = re.search(r'<svg class="board-map".*?</svg>', html, re.DOTALL)
    assert svg is not None
    assert len(svg.group().encode()) < 60_000
    assert "云溪苑" in svg.group()
    assert not re.search(r"<script[^>]+src=", html)


def test_a_vacant_grid_names_the_desk(service: Service) -> None:
    body = told(service, VACANT)
    assert body["worker"] is None
    with service.client() as client:
        html = client.get(f"/board/{VACANT}").text
    assert "暂时空岗" in html
    assert 'href="tel:12345"' in html
    assert "暂时空岗" in words_of(poster(service, VACANT))


def test_a_substitute_is_named_as_in_the_look_up_and_nobody_learns_why(own_service: Service) -> None:
    day = today()
    with own_service.client("planner") as client:
        leave = {"person_id": 1, "from_on": (day - timedelta(days=1)).isoformat(), "substitute_id": 2, "reason": "病假"}
        assert client.post("/api/v1/absences", json=leave).status_code == 200
    found = until(lambda: look(own_service, *SmallTown.point(0, 0)).grids[0], lambda grid: grid.worker == "李网格员")
    body = told(own_service)
    assert body["worker"]["name"] == found.worker == "李网格员"
    assert body["worker"]["duty_line"] == "0851-2200001"
    assert "病假" not in str(body) + words_of(poster(own_service))


def test_heads_police_and_lawyer_are_masked_and_told_where_they_are_set(own_service: Service) -> None:
    empty = told(own_service, f"{A}002")
    assert (empty["heads"], empty["police"], empty["lawyers"], empty["building_heads"]) == ([], [], [], [])
    begin(own_service, "grid_head", FIRST, 2)
    begin(own_service, "police", FIRST, 3)
    begin(own_service, "lawyer", FIRST, 4)
    begin(own_service, "building_head", "b1", 5)
    begin(own_service, "building_head", "b20", 6)  # of another community
    body = told(own_service)
    assert [one["name"] for one in body["heads"]] == ["李网格长"]
    assert [(one["name"], one["duty_line"]) for one in body["police"]] == [("张警官", "0851-2200002")]
    assert [one["name"] for one in body["lawyers"]] == ["陈律师"]
    assert body["building_heads"] == [{"name": "杨楼长", "duty_line": None, "place": "云溪苑1栋"}]
    assert told(own_service, lang="en")["police"][0]["name"] == "Officer 张"
    printed = words_of(poster(own_service))
    assert "张警官" in printed
    assert "云溪苑1栋" in printed
    assert not FULL_NAMES.search(printed)


def test_units_answerable_are_named_where_the_place_says_so(
    new_town: Callable[[], AbstractContextManager[str]],
) -> None:
    for profile, expected in (("demo", ["云岭县供电局"]), ("baiyun", [])):
        with new_town() as url, running_service(url, profile=profile) as service:
            with service.client("planner") as client:
                new = {"area_code": A, "kind": "organisation", "role": "answerable_unit", "name": "云岭县供电局"}
                person = client.post("/api/v1/people", json=new).json()["person_id"]
            begin(service, "answerable_unit", f"{FIRST}001", person)
            assert [one["name"] for one in told(service)["units"]] == expected


def test_stations_have_minutes_where_walks_were_measured(own_service: Service) -> None:
    before = told(own_service)
    assert (before["walks_from"], before["walk_max_min"]) == (None, None)
    assert before["stations"][0]["walk_min"] is None
    measure_reach(own_service.engine, profile=load_profile("demo"), actor="test")
    with running_service_again(own_service) as again:
        body = told(again)
    assert body["walks_from"], "minutes count from a building that is named"
    first, *others = body["stations"]
    assert (first["number"], first["name"], first["walk_min"] is not None) == (1, "云溪社区党群服务中心", True)
    assert [one["number"] for one in body["stations"]] == list(range(1, len(others) + 2))


def running_service_again(service: Service) -> AbstractContextManager[Service]:
    """The same town served anew: what a board said is kept for a few seconds."""
    from contextlib import contextmanager

    from api.app import create_app
    from tests.fixtures.services import serving

    @contextmanager
    def again() -> Any:
        app = create_app(settings_for(service.database_url))
        with serving(app) as address:
            running = Service(address, service.database_url, app, service.engine, service.town)
            yield running
            running.close()

    return again()


@pytest.mark.parametrize(("code", "expected"), [(f"{A}009", 404), (f"{D}001", 404), ("52990100", 422), ("x" * 15, 422)])
def test_a_grid_that_holds_on_no_plan_is_not_there(service: Service, code: str, expected: int) -> None:
    assert status(service, f"{V1}/{code}") == expected
    assert status(service, f"/board/{code}") == expected
    assert status(service, f"{V1}/{code}/poster.pdf", "admin") == expected


def test_an_unknown_board_is_told_in_the_services_own_look(service: Service) -> None:
    with service.client() as client:
        answer = client.get(f"/board/{A}009", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "<h1" in answer.text


def test_somebody_who_asks_too_often_waits(new_town: Callable[[], AbstractContextManager[str]]) -> None:
    with new_town() as url, running_service(url, lookup_rate="3/hour") as service:
        for path in (f"{V1}/{FIRST}", f"/board/{FIRST}"):
            assert [status(service, path) for _ in range(4)] == [200, 200, 200, 429]


# -- another day -------------------------------------------------------------------------------


@pytest.fixture
def planned(own_service: Service) -> tuple[Service, str]:
    """A town whose fourth community has a plan from next month on, and that day."""
    day = today() + timedelta(days=30)
    with transaction(own_service.engine, actor="test", action="test") as conn:
        plan = plan_store.create_plan(
            conn, area_code=D, scheme="general", name="新城方案", seed=1, method="by hand/1",
            report={"measures": {}, "exceptions": []}, created_by=None,
        )  # fmt: skip
        plan_store.write_grids(conn, plan, draw_plan(draw_cells(), communities=(D,)))
        publish_draft(conn, plan, valid_from=day, document_number="云政办〔2026〕9号")
    return own_service, day.isoformat()


def test_staff_of_the_place_may_look_ahead_and_nobody_else(planned: tuple[Service, str]) -> None:
    service, day = planned
    code = f"{D}001"
    assert status(service, f"/board/{code}") == 404, "it does not hold yet"
    assert status(service, f"/board/{code}", on=day) == 401
    assert status(service, f"/board/{code}", f"planner_of_{STREET_1}", on=day) == 404
    assert status(service, f"{V1}/{code}", on=day) == 400, "the public's answer is today's"
    for account in ("planner", f"street_office_of_{STREET_2}"):
        with service.client(account) as client:
            answer = client.get(f"/board/{code}", params={"on": day})
        assert answer.status_code == 200
        assert "预览" in answer.text
        assert "暂时空岗" in answer.text
    printed = words_of(poster(service, code, "planner", on=day))
    assert f"{day}起" in printed
    assert "云政办〔2026〕9号" in printed


def test_a_browser_that_looks_ahead_without_a_session_is_sent_to_sign_in(planned: tuple[Service, str]) -> None:
    service, day = planned
    with service.client() as client:
        answer = client.get(f"/board/{D}001", params={"on": day}, headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=%2Fboard%2F")


def test_today_named_as_a_day_is_nobodys_secret(service: Service) -> None:
    assert status(service, f"/board/{FIRST}", on=today().isoformat()) == 200


def test_before_the_first_plan_there_was_no_board(service: Service) -> None:
    day = (PUBLISHED_ON - timedelta(days=1)).isoformat()
    assert status(service, f"{V1}/{FIRST}/poster.pdf", "planner", on=day) == 404


# -- posters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "width"), [("A3", 297), ("A2", 420)])
def test_a_poster_is_of_the_size_that_is_asked_for_and_its_code_leads_to_the_page(
    service: Service, size: str, width: int
) -> None:
    ((_, picture, sides),) = pages_of(poster(service, size=size))
    assert sides[0] == pytest.approx(width, abs=0.5)
    assert codes_in(picture) == [f"{service.app.state.services.settings.public_url}/board/{FIRST}"]
    png = Image.open(io.BytesIO(poster(service, form="png", size=size)))
    assert png.size[0] == pytest.approx(width / 25.4 * 150, abs=3)
    assert codes_in(png) == codes_in(picture)


def test_a_poster_of_another_street_is_not_there(service: Service) -> None:
    for form in ("pdf", "png"):
        assert status(service, f"{V1}/{FIRST}/poster.{form}", "street_2") == 404
        assert status(service, f"{V1}/{FIRST}/poster.{form}", "street_1") == 200
    assert status(service, f"{V1}/{FIRST}/poster.pdf", "worker_a") == 200
    assert status(service, f"{V1}/{FIRST}/poster.pdf") == 401


@pytest.mark.parametrize("query", [{"size": "A4"}, {"size": "a3"}, {"on": "1890-01-01"}, {"on": "soon"}])
def test_a_poster_of_no_known_size_or_day_is_refused(service: Service, query: dict[str, str]) -> None:
    assert status(service, f"{V1}/{FIRST}/poster.pdf", "admin", **query) == 422


def test_a_day_that_is_over_is_told_as_it_was(service: Service) -> None:
    assert date.fromisoformat(told(service)["on"]) == today()
    assert "2026-01-01起" in words_of(poster(service, on="2026-02-01"))
