"""Places tried on the reach page: a pin goes wherever one clicks, stays, and waits for its answer."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_siting_changes import FIND, Gate, middle
from tests.fixtures.browser import Watched

Open = Callable[..., Watched]
pytestmark = pytest.mark.browser
AT = "**/api/v1/reach/at?*"
POCKETS = "**/api/v1/reach/pockets?*"


def opened(open_browser: Open, width: str = "desktop") -> Page:
    page = open_browser(width, role="planner").open("/reach")
    if page.locator("#legend").get_attribute("open") is None:
        page.locator("#legend summary").click()
    return page


@pytest.mark.parametrize("layer", ["圈外片区", "薄弱点"])
def test_a_click_inside_a_pocket_or_a_weak_spot_places_a_pin(open_browser: Open, layer: str) -> None:
    page = opened(open_browser)
    with page.expect_response(POCKETS):
        page.select_option("#pocket-minutes", "5")
    page.locator("#more-toggles label", has_text=layer).click()
    expect(page.locator("path.leaflet-interactive").first).to_be_attached()
    with page.expect_response(AT):
        page.mouse.click(*page.evaluate(FIND, "path.leaflet-interactive"))
    expect(page.locator(".leaflet-marker-draggable")).to_have_count(1)


def test_a_station_clicked_is_chosen_and_places_no_pin(open_browser: Open) -> None:
    page = opened(open_browser)
    page.mouse.click(*page.evaluate(FIND, ".leaflet-marker-icon"))
    expect(page.locator("#detail h2")).not_to_have_text("若站点设在此处")
    expect(page.locator("#detail")).to_be_visible()
    expect(page.locator(".leaflet-marker-draggable")).to_have_count(0)


def test_a_station_without_a_street_is_said_to_be_an_estimate(open_browser: Open) -> None:
    watched = open_browser(role="planner")

    def without_streets(route: Route) -> None:
        answer = route.fetch()
        made = answer.json()
        for feature in made["features"]:
            feature["properties"]["snap_m"] = None
        route.fulfill(response=answer, json=made)

    watched.page.route("**/api/v1/reach/stations*", without_streets)
    page = watched.open("/reach")
    page.mouse.click(*page.evaluate(FIND, ".leaflet-marker-icon"))
    expect(page.locator("#detail-body")).to_contain_text("附近无道路，按直线估算")


def test_a_pin_stays_when_a_kind_is_chosen_and_is_asked_again(open_browser: Open) -> None:
    page = opened(open_browser)
    with page.expect_response(AT):
        page.mouse.click(*middle(page))
    place = page.locator("#detail-head .code").inner_text()
    with page.expect_response("**/api/v1/reach/at?*category=service*"):
        page.locator("#categories button").first.click()
    expect(page.locator(".leaflet-marker-draggable")).to_have_count(1)
    expect(page.locator("#detail-head .code")).to_have_text(place)
    expect(page.locator("#cover-note")).to_contain_text("党群服务中心")


def test_arrow_keys_move_the_pin(open_browser: Open) -> None:
    page = opened(open_browser)
    with page.expect_response(AT) as answer:
        page.mouse.click(*middle(page))
    places = [answer.value.json()["place"]]
    for key in ("ArrowUp", "Shift+ArrowUp"):
        with page.expect_response(AT) as answer:
            page.keyboard.press(key)
        places.append(answer.value.json()["place"])
    north_m = [(b["lat"] - a["lat"]) * 111_320 for a, b in pairwise(places)]
    assert north_m == pytest.approx([5, 20], abs=0.1)
    assert {place["lon"] for place in places} == {places[0]["lon"]}


def test_a_slow_answer_is_announced_and_old_rows_wait(open_browser: Open) -> None:
    page = opened(open_browser)
    gate = Gate(page, POCKETS)
    page.select_option("#pocket-minutes", "5")
    expect(page.locator(".hint--busy")).to_be_visible()
    assert page.locator("#pockets").evaluate("rows => rows.inert")
    gate.open()
    expect(page.locator(".hint--busy")).to_be_hidden()
    assert not page.locator("#pockets").evaluate("rows => rows.inert")


def test_only_the_newest_question_fills_the_list_of_pockets(open_browser: Open) -> None:
    page = opened(open_browser)
    gate = Gate(page, POCKETS)
    page.select_option("#pocket-minutes", "5")
    page.wait_for_timeout(100)
    gate.is_open = True
    with page.expect_response(POCKETS) as newest:
        page.select_option("#pocket-minutes", "15")
    expect(page.locator("#pockets")).not_to_have_attribute("inert", "")
    households = newest.value.json()["households"]
    expect(page.locator("#pocket-note")).to_contain_text(f"{households:,}" if households else "")


def test_paper_names_the_walker_and_the_moment(open_browser: Open) -> None:
    page = opened(open_browser)
    with page.expect_response(AT):
        page.mouse.click(*middle(page))
    with page.expect_response("**walker=elder**"):
        page.select_option("#walker", "elder")
    page.fill("#hour", "2026-03-04T03:00")
    page.emulate_media(media="print")
    ways = page.locator("#print-ways")
    expect(ways).to_be_visible()
    expect(ways).to_contain_text("老年人")
    expect(ways).to_contain_text("2026-03-04 03:00")
    for hidden in ("#walker", "#categories", "#print", "#hour-note"):
        expect(page.locator(hidden)).to_be_hidden()
    page.emulate_media(media="screen")


def test_on_a_phone_the_walker_can_be_read(open_browser: Open) -> None:
    page = open_browser("phone", role="planner").open("/reach")
    box = page.locator("#walker").bounding_box()
    assert box is not None
    assert box["width"] > 200
