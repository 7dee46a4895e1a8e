"""One incident on its page: opened from list and map, moved on, noted, placed, told apart; each refusal in place."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_incidents import middle
from tests.fixtures.browser import Watched
from tests.fixtures.served import Served

Open = Callable[..., Watched]
pytestmark = pytest.mark.browser
YEAR = "/incidents?from=2025-11-01&to=2026-10-31"


def answer(body: object, status: int = 200) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, content_type="application/json", body=json.dumps(body))


def change(page: Page, address: str, path: str, data: dict[str, Any]) -> None:
    made = page.request.post(f"{address}/api/v1/{path}", data=data, headers={"X-Wangge": "1"})
    assert made.ok, made.text()


def open_first(page: Page, where: str = "#cases-rows .case") -> int:
    row = page.locator(where).first
    expect(row).to_be_visible()
    number = int(row.get_attribute("data-case") or 0)
    row.click()
    expect(page.locator("#detail .case-head__line")).to_contain_text(f"#{number}")
    return number


def test_a_row_opens_its_case_and_closing_leads_back(open_browser: Open, served: Served) -> None:
    page = open_browser(role="street_office").open(f"{YEAR}&standing=overdue")
    number = open_first(page)
    detail = page.locator("#detail")
    expect(page.locator("#case-title")).to_be_focused()
    expect(detail.locator(".limit")).to_have_text(re.compile(r"超时 \d+ (天|小时|分钟)"))
    expect(detail).to_contain_text("谁在办")
    expect(detail.locator(".story li")).to_have_count(
        max(1, served.ask(f"SELECT count(*) FROM incident_events WHERE incident_id = {number}"))
    )
    assert f"case={number}" in page.url
    page.wait_for_timeout(900)
    expect(page.locator(".leaflet-marks-pane path.halo")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(detail).to_be_hidden()
    expect(page.locator(f"[data-case='{number}']")).to_be_focused()
    assert "case=" not in page.url


def test_next_and_previous_walk_the_list_and_a_link_opens_the_case(open_browser: Open) -> None:
    watched = open_browser(role="street_office")
    page = watched.open(f"{YEAR}&standing=open")
    first = open_first(page)
    expect(page.locator("#detail [aria-label=上一件]")).to_be_disabled()
    page.locator("#detail [aria-label=下一件]").click()
    expect(page.locator("#detail .case-head__line")).to_contain_text("2 /")
    second = re.search(r"case=(\d+)", page.url)
    assert second is not None
    assert int(second[1]) != first
    address = page.url
    again = watched.open(address.removeprefix(watched.address))
    expect(again.locator("#detail .case-head__line")).to_contain_text(f"#{second[1]}")


def test_a_point_of_the_map_opens_its_case(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(f"{YEAR}&standing=open")
    expect(page.locator("#cases-rows .case").first).to_be_visible()
    page.locator(".leaflet-marks-pane path.leaflet-interactive").last.click(force=True)
    expect(page.locator("#detail .case-head__line")).to_contain_text("#")


def test_a_case_is_moved_on_with_a_reason_and_noted(open_browser: Open, served: Served) -> None:
    page = open_browser(role="street_office").open(f"{YEAR}&state=accepted")
    number = open_first(page)
    detail = page.locator("#detail")
    detail.get_by_role("button", name="挂账", exact=True).click()
    reason = detail.locator(".case__reason textarea")
    expect(reason).to_be_focused()
    detail.locator(".case__reason button").click()
    expect(reason).to_be_focused()
    reason.fill("等配件到货")
    detail.locator(".case__reason button").click()
    expect(detail.locator(".done")).to_have_text("已办：挂账")
    expect(detail.locator(".limit")).to_have_text("挂账")
    expect(detail.locator(".story li").last).to_contain_text("等配件到货")
    expect(detail.locator(".story__move").last).to_contain_text("处理中")
    assert served.ask(f"SELECT count(*) FROM incidents WHERE incident_id = {number} AND state = 'parked'") == 1
    expect(page.locator(f"[data-case='{number}']")).to_have_count(0)
    detail.locator(".case__note textarea").fill("已电话告知")
    detail.locator(".case__note button").click()
    expect(detail.locator(".story li").last).to_contain_text("已电话告知")
    expect(detail.locator(".case__note textarea")).to_have_value("")
    detail.get_by_role("button", name="恢复办理").click()
    expect(detail.locator(".done")).to_have_text("已办：恢复办理")


def test_who_comes_second_is_told_and_sees_how_it_stands(open_browser: Open) -> None:
    watched = open_browser(role="street_office")
    page = watched.open(f"{YEAR}&state=accepted&category=rubbish")
    number = open_first(page)
    change(page, watched.address, f"incidents/{number}/moves", {"move": "park", "reason": "先到一步"})
    page.locator("#detail").get_by_role("button", name="办结").click()
    expect(page.locator("#detail .fault")).to_contain_text("别人先办了一步")
    expect(page.locator("#detail .limit")).to_have_text("挂账")
    expect(page.locator("#detail .story li").last).to_contain_text("先到一步")
    watched.faults[:] = [fault for fault in watched.faults if "409" not in fault]
    change(page, watched.address, f"incidents/{number}/moves", {"move": "resume"})


def test_a_refusal_is_said_on_the_card(open_browser: Open) -> None:
    watched = open_browser(role="street_office")
    page = watched.open(f"{YEAR}&state=accepted")
    open_first(page)
    page.route("**/notes*", answer({"detail": "备注写不进去"}, 422))
    page.locator("#detail .case__note textarea").fill("试一试")
    page.locator("#detail .case__note button").click()
    expect(page.locator("#detail .fault")).to_contain_text("备注写不进去")
    expect(page.locator("#detail .case__note textarea")).to_have_value("试一试")
    watched.faults[:] = [fault for fault in watched.faults if "422" not in fault]


def test_a_case_is_marked_as_a_duplicate_and_unmarked(open_browser: Open, served: Served) -> None:
    watched = open_browser(role="street_office")
    page = watched.open(f"{YEAR}&state=accepted&category=rubbish")
    rows = page.locator("#cases-rows .case")
    expect(rows.first).to_be_visible()
    number, other = (int(rows.nth(at).get_attribute("data-case") or 0) for at in (0, 1))

    def with_twin(route: Route) -> None:
        body = route.fetch().json()
        route.fulfill(json={**body, "maybe_same": [other]})

    page.route(re.compile(rf"/incidents/{number}\?"), with_twin)
    open_first(page)
    page.locator("#detail .same button").last.click()
    expect(page.locator("#detail .done")).to_contain_text("已标为重复件")
    expect(page.locator("#detail .certificate")).to_contain_text(f"#{other}")
    assert served.ask(f"SELECT duplicate_of FROM incidents WHERE incident_id = {number}") == other
    page.locator("#detail .certificate .button").click()
    expect(page.locator("#detail .done")).to_contain_text("重新打开")
    assert served.ask(f"SELECT coalesce(duplicate_of, 0) FROM incidents WHERE incident_id = {number}") == 0


def test_what_waits_is_told_apart_and_placed_on_the_map(open_browser: Open, served: Served) -> None:
    first, second, third = (
        served.ask(
            f"SELECT incident_id FROM incidents WHERE closed_at IS NULL ORDER BY incident_id OFFSET {at} LIMIT 1",
        )
        for at in (0, 1, 2)
    )
    pair = {"first_id": first, "second_id": second, "category": "drain", "apart_m": 12.0, "apart_hours": 0.5}
    lost = {
        "incident_id": third, "area_code": "1", "reported_at": "2026-10-01T00:00:00Z", "category": "noise",
        "state": "reported", "address": "云溪路12号", "place_problem": "address_unclear", "source": "file",
    }  # fmt: skip
    watched = open_browser(role="street_office")
    page = watched.page
    page.route("**/incidents/duplicates*", answer({"near_m": 40, "within_hours": 72, "pairs": [pair]}))
    page.route("**/incidents/unplaced*", answer({"incidents": [lost]}))
    watched.open(YEAR)
    expect(page.locator("#pending-count")).to_have_text("2")
    page.locator("#pending-open").click()
    expect(page.locator("#detail")).to_contain_text("相距 12 米，相隔 30 分钟")
    page.locator("#detail").get_by_role("button", name="不是").click()
    expect(page.locator("#pending-count")).to_have_text("1")
    page.locator("#detail").get_by_role("button", name="在地图上定位").click()
    expect(page.locator("#hint")).to_contain_text(f"#{third} 的位置")
    page.keyboard.press("Escape")
    expect(page.locator("#hint")).to_be_hidden()
    expect(page.locator("#detail")).to_be_visible()
    lon = f"SELECT (ST_X(geometry) * 1e6)::int FROM incidents WHERE incident_id = {third}"
    before = served.ask(lon)
    page.locator("#detail").get_by_role("button", name="在地图上定位").click()
    page.unroute("**/incidents/unplaced*")
    page.mouse.click(*middle(page.locator("#map"), 0.5, 0.6))
    expect(page.locator("#pending-count")).to_be_hidden()
    expect(page.locator("#detail")).to_contain_text("事件都有位置")
    assert served.ask(lon) != before


def test_an_incident_is_reported_from_the_map_by_key(open_browser: Open) -> None:
    watched = open_browser(role="street_office")
    page = watched.open(f"{YEAR}&standing=open")
    number = int(page.locator("#cases-rows .case").first.get_attribute("data-case") or 0)
    sent: list[dict[str, Any]] = []

    def keep(route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        sent.append(route.request.post_data_json)
        made = {"incident_id": number, "area_code": "1", "grid_code": None, "building_id": None}
        return route.fulfill(status=201, json={**made, "place_problem": None, "maybe_same": [number]})

    page.route(re.compile(r"/api/v1/incidents\?lang"), keep)
    page.locator("#report-open").click()
    dialog = page.locator("#report")
    dialog.get_by_role("button", name="上报", exact=True).click()
    expect(page.locator("#report-fault")).to_contain_text("请填写地址")
    dialog.locator("[name=category]").select_option("noise")
    dialog.locator("[name=description]").fill("夜间施工")
    page.locator("#report-pick").click()
    expect(dialog).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#report-place")).to_have_text(re.compile(r"27\.\d{5}, 107\.\d{5}"))
    dialog.get_by_role("button", name="上报", exact=True).click()
    expect(page.locator("#report-made")).to_contain_text(f"编号 #{number}")
    expect(page.locator("#report-made")).to_contain_text("可能与这些是同一件")
    assert sent[0]["category"] == "noise"
    assert sent[0]["description"] == "夜间施工"
    assert set(sent[0]) == {"category", "description", "lon", "lat"}
    page.locator("#report-made .button--main").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#detail .case-head__line")).to_contain_text(f"#{number}")


def test_who_may_not_read_cases_sees_what_the_list_knows(open_browser: Open) -> None:
    watched = open_browser(role="planner")
    page = watched.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    watched.open(f"{YEAR}&standing=open")
    row = page.locator("#cases-rows .case").first
    row.click()
    expect(page.locator("#detail .facts")).to_contain_text("谁在办")
    expect(page.locator("#report-open, #pending-open")).to_have_count(0)
    assert not [url for url in asked if re.search(r"/incidents/(\d+|duplicates|unplaced)\?", url)]


def test_on_a_phone_the_list_leads_to_the_case_and_the_map(open_browser: Open) -> None:
    page = open_browser("phone", role="street_office").open(f"{YEAR}&standing=open")
    page.locator(".sides [data-side=list]").click()
    open_first(page)
    card = page.locator("#detail").bounding_box()
    assert card is not None
    assert card["width"] == 375
    expect(page.locator("#layers")).to_be_in_viewport(ratio=1)
    page.locator("#detail-close").click()
    expect(page.locator("#detail")).to_be_hidden()
