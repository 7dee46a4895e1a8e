"""Changes tried on the siting page: what is tried is what is saved, whatever the network and the hand do."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect
from sqlalchemy import text

from data.postgis.engine import open_engine, reading
from tests.fixtures.browser import Watched
from tests.fixtures.served import Served

Open = Callable[..., Watched]
pytestmark = pytest.mark.browser
TRIAL = "**/api/v1/reach/trial*"

# The first place, on a fine mesh over the map, where what lies on top fits a selector.
FIND = """selector => {
    const box = document.querySelector(".leaflet-container").getBoundingClientRect();
    for (let y = box.top + 60; y < box.bottom - 60; y += 3)
        for (let x = box.left + 60; x < box.right - 60; x += 3)
            if (document.elementFromPoint(x, y)?.closest(selector)) return [x, y];
    return null;
}"""
FREE = """() => {
    const box = document.querySelector(".leaflet-container").getBoundingClientRect();
    const y = box.top + box.height / 2;
    for (let x = box.left + box.width / 2; x < box.right; x += 4)
        if (!document.elementFromPoint(x, y).closest(".leaflet-marker-icon")) return [x, y];
}"""
# A place on open ground, far from every street: no gate can be opened there.
NOWHERE = """() => {
    const box = document.querySelector(".leaflet-container").getBoundingClientRect();
    return [box.left + 8, box.top + 8];
}"""


class Gate:
    """Holds requests back until it is opened."""

    def __init__(self, page: Page, pattern: str) -> None:
        self.held: list[Route] = []
        self.is_open = False
        page.route(pattern, self._take)

    def _take(self, route: Route) -> None:
        if self.is_open:
            route.continue_()
        else:
            self.held.append(route)

    def open(self) -> None:
        """Let through what waits, and all that comes."""
        self.is_open = True
        for route in self.held:
            route.continue_()


def opened(open_browser: Open, width: str = "desktop", **options: object) -> tuple[Watched, Page]:
    watched = open_browser(width, role="planner", **options)
    page = watched.open("/siting")
    if page.locator("#legend").get_attribute("open") is not None:
        page.locator("#legend summary").click()
    return watched, page


def middle(page: Page) -> tuple[float, float]:
    """Return a place near the middle of the map where no station stands."""
    x, y = page.evaluate(FREE)
    return float(x), float(y)


def tool(page: Page, name: str) -> None:
    page.locator("#tools .chip", has_text=name).click()


def place(page: Page, x: float, y: float) -> dict[str, Any]:
    """Click the map and return what was asked of the trial."""
    with page.expect_response(TRIAL) as answer:
        page.mouse.click(x, y)
    return asked(answer.value.request)


def asked(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.post_data or "{}")
    return body


def forgive(watched: Watched, words: str) -> None:
    """Leave out faults that the test itself caused: the console names every refused or broken request."""
    watched.faults[:] = [fault for fault in watched.faults if words not in fault]


def test_a_station_is_saved_once_as_the_kind_it_was_tried_as(open_browser: Open, served: Served) -> None:
    _, page = opened(open_browser)
    page.select_option("#ask [name=category]", "health")
    tool(page, "设站点")
    expect(page.locator("#hint")).to_contain_text("卫生服务")
    x, y = middle(page)
    place(page, x + 120, y - 90)
    page.keyboard.press("Escape")
    with page.expect_response(TRIAL) as again:
        page.select_option("#ask [name=category]", "culture")
    assert asked(again.value.request)["category"] == "culture"
    assert [station["category"] for station in asked(again.value.request)["stations"]] == ["health"]
    page.select_option("#ask [name=category]", "health")
    with page.expect_response(lambda answer: '"walker":"elder"' in (answer.request.post_data or "")) as again:
        page.select_option("#ask [name=walker]", "elder")
    within = {row["minutes"]: row["after"] - row["before"] for row in again.value.json()["within"]}
    row = page.locator("#changes li")
    expect(row).to_contain_text("设站点 · 卫生服务")
    expect(row).to_contain_text("15 分钟内 · 卫生服务 · 老年人")
    expect(row).to_contain_text(f"{within[15]:,} 户")

    saved: list[dict[str, Any]] = []
    page.on("request", lambda r: saved.append(asked(r)) if r.url.split("?")[0].endswith("/reach/changes") else None)
    page.locator("#accept").click()
    dialog = page.locator("#accept-dialog")
    expect(dialog).to_contain_text("设站点 · 卫生服务")
    expect(dialog).to_contain_text(f"{within[15]:,} 户")
    page.locator("#accept-names input").fill("云岭试设卫生站")
    page.locator("#accept-form button[type=submit]").dblclick()
    expect(page.locator("#accept-note")).to_contain_text("已保存")
    expect(page.locator(".leaflet-marker-icon[title=云岭试设卫生站]")).to_have_count(1)
    assert [[station["category"] for station in body["stations"]] for body in saved] == [["health"]]
    engine = open_engine(served.database_url)
    with reading(engine) as connection:
        kept = connection.scalars(text("SELECT category FROM stations WHERE name = '云岭试设卫生站'")).all()
    engine.dispose()
    assert kept == ["health"]
    expect(page.locator("#changes li")).to_have_count(0)


def test_while_a_tool_is_chosen_every_click_on_the_map_is_its_own(open_browser: Open) -> None:
    _, page = opened(open_browser)
    page.select_option("#ask [name=category]", "culture")
    tool(page, "设站点")
    place(page, *middle(page))
    # buildings that come nearer are dots, and dots tell their minutes
    expect(page.locator("path.leaflet-interactive").first).to_be_attached()
    place(page, *page.evaluate(FIND, "path.leaflet-interactive"))
    expect(page.locator("#changes li")).to_have_count(2)
    place(page, *page.evaluate(FIND, ".leaflet-marker-icon.leaflet-interactive"))
    expect(page.locator("#changes li")).to_have_count(3)


def test_each_change_can_be_taken_back_alone(open_browser: Open) -> None:
    _, page = opened(open_browser)
    x, y = middle(page)
    tool(page, "设站点")
    first, second = place(page, x, y), place(page, x + 60, y)
    assert len(second["stations"]) == 2
    with page.expect_response(TRIAL) as after:
        page.locator("#changes li").first.get_by_role("button").click()
    assert asked(after.value.request)["stations"] == second["stations"][1:]
    assert first["stations"] == second["stations"][:1]
    expect(page.locator("#changes li")).to_have_count(1)
    with page.expect_event("dialog") as leaving:
        page.evaluate("setTimeout(() => { location.href = '/reach'; })")
    assert leaving.value.type == "beforeunload"
    leaving.value.dismiss()
    assert page.url.endswith("/siting")


def test_a_slow_refusal_takes_back_the_change_that_was_refused(open_browser: Open) -> None:
    watched, page = opened(open_browser)
    gate = Gate(page, TRIAL)
    tool(page, "开大门")
    page.mouse.click(*page.evaluate(NOWHERE))
    page.wait_for_timeout(100)
    tool(page, "设站点")
    page.mouse.click(*middle(page))
    expect(page.locator("#changes li")).to_have_count(2)
    expect(page.locator("#accept")).to_be_disabled()
    expect(page.locator(".hint--busy")).to_be_visible()
    gate.open()
    expect(page.locator("#changes li")).to_have_count(1)
    expect(page.locator("#changes li")).to_contain_text("设站点")
    expect(page.locator("#tool-note")).to_contain_text("开大门")
    expect(page.locator("#accept")).to_be_enabled()
    expect(page.locator(".hint--busy")).to_be_hidden()
    forgive(watched, "422")


def test_a_broken_line_keeps_the_change_and_offers_it_again(open_browser: Open) -> None:
    watched, page = opened(open_browser)
    page.route(TRIAL, lambda route: route.abort())
    tool(page, "设站点")
    page.mouse.click(*middle(page))
    again = page.locator("#trial").get_by_role("button", name="再试一次")
    expect(again).to_be_visible()
    expect(page.locator("#changes li")).to_have_count(1)
    expect(page.locator("#accept")).to_be_disabled()
    page.unroute(TRIAL)
    again.click()
    expect(page.locator("#trial tbody tr")).to_have_count(2)
    expect(page.locator("#accept")).to_be_enabled()
    forgive(watched, "ERR_FAILED")


def test_a_place_without_streets_is_said_to_be_an_estimate(open_browser: Open) -> None:
    _, page = opened(open_browser)
    tool(page, "设站点")
    page.mouse.click(*page.evaluate(NOWHERE))
    expect(page.locator("#trial tbody tr").last).to_contain_text("附近无道路，按直线估算")
    expect(page.locator("#changes li")).to_contain_text("附近无道路，按直线估算")


def test_a_conflict_is_tried_again_before_it_is_saved(open_browser: Open) -> None:
    watched, page = opened(open_browser)
    saved: list[dict[str, Any]] = []

    def with_basis(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "seen": f"{41 + len(saved)}:50:"})

    def conflict(route: Route) -> None:
        saved.append(asked(route.request))
        route.fulfill(status=409, json={"detail": "试算之后道路已有变动。"})

    page.route(TRIAL, with_basis)
    page.route("**/api/v1/reach/changes*", conflict)
    tool(page, "设站点")
    page.mouse.click(*page.evaluate(NOWHERE))
    for seen in ("41:50:", "42:50:"):
        page.locator("#accept").click()
        page.locator("#accept-names input.input").fill("山上的站点")
        page.locator("#accept-form button[type=submit]").click()
        expect(page.locator("#accept-dialog")).to_be_visible()  # not before it is said that it is meant there
        page.check("#accept-form [name=off_street]")
        with page.expect_response(TRIAL):
            page.locator("#accept-form button[type=submit]").click()
        expect(page.locator("#accept-dialog")).to_be_hidden()
        expect(page.locator("#accept-note")).to_contain_text("已有变动")
        assert (saved[-1]["seen"], saved[-1]["off_street"]) == (seen, True)
    expect(page.locator("#changes li")).to_have_count(1)
    assert len(saved) == 2
    forgive(watched, "409")


def find_sites(page: Page) -> list[dict[str, Any]]:
    page.select_option("#ask [name=category]", "culture")
    page.select_option("#ask [name=minutes]", "5")
    page.select_option("#ask [name=count]", "2")
    with page.expect_response("**/api/v1/reach/siting*") as answer:
        page.locator("#ask button[type=submit]").click()
    found: list[dict[str, Any]] = [feature["properties"] for feature in answer.value.json()["features"]]
    expect(page.locator("#sites .row")).to_have_count(len(found))
    return found


def test_a_site_found_is_tried_as_the_kind_it_was_found_for(open_browser: Open) -> None:
    _, page = opened(open_browser)
    site = find_sites(page)[0]
    page.select_option("#ask [name=category]", "")
    with page.expect_response(TRIAL) as answer:
        page.locator("#sites .row").first.get_by_role("button", name="试试").click()
    body = asked(answer.value.request)
    assert (body["category"], [station["category"] for station in body["stations"]]) == ("culture", ["culture"])
    assert [body["stations"][0]["lon"], body["stations"][0]["lat"]] == site["place"]
    within = {row["minutes"]: row["gained"] for row in answer.value.json()["within"]}
    assert within[5] == site["households"]
    expect(page.locator("#changes li")).to_contain_text(f"{site['households']:,} 户")
    expect(page.locator("#accept")).to_be_enabled()


def test_paper_shows_what_the_screen_shows_and_names_the_question(open_browser: Open) -> None:
    _, page = opened(open_browser)
    find_sites(page)
    page.wait_for_timeout(1000)
    on_screen = page.locator(".leaflet-container").bounding_box()
    assert on_screen is not None
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1047})
    on_paper = page.locator(".leaflet-container").bounding_box()
    assert on_paper is not None
    assert on_paper["width"] <= 718
    assert on_paper["width"] / on_paper["height"] == pytest.approx(on_screen["width"] / on_screen["height"], rel=0.01)
    rank = page.locator(".site__rank").first.bounding_box()
    assert rank is not None
    assert on_paper["y"] < rank["y"] < on_paper["y"] + on_paper["height"]
    expect(page.locator("#site-asked")).to_have_text("文化体育 · 成年人 · 5分钟网格级")
    expect(page.locator("#shape-legend")).to_be_visible()
    for hidden in ("#ask", "#tools", "#print", "#change", ".leaflet-control-zoom", "#sites .button"):
        expect(page.locator(hidden).first).to_be_hidden()
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")


def test_on_a_phone_what_is_done_on_the_map_brings_the_map(open_browser: Open) -> None:
    _, page = opened(open_browser, "phone")
    find_sites(page)
    page.wait_for_timeout(1000)
    shown = page.locator(".site__rank").evaluate_all(
        "ranks => ranks.map(rank => rank.getBoundingClientRect()).map(({left, right}) => left >= 0 && right <= 375)"
    )
    assert all(shown)
    for button in (page.locator("#sites .row__go").first, page.locator("#tools .chip").first):
        button.scroll_into_view_if_needed()
        button.click()
        page.wait_for_timeout(1000)
        assert page.evaluate("window.scrollY") == 0
    note = page.locator("#hint")
    expect(note).to_be_visible()
    width = note.evaluate("element => element.getBoundingClientRect().width")
    assert width <= 375


def test_the_legend_tells_colours_and_shapes(open_browser: Open) -> None:
    page = open_browser(role="planner").open("/siting")
    expect(page.locator("#walk-legend .legend__row")).to_have_count(4)
    expect(page.locator("#shape-legend .legend__row")).to_have_count(6)
    assert re.search(r"\d+ 分钟以内", page.locator("#walk-legend").inner_text())
