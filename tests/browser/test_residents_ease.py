"""The residents' page is light, legible and usable by all: weight, slow lines, large type, contrast, names (axe)."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.fixtures.browser import Watched
from tests.fixtures.resident_pages import PATHS, at
from tests.fixtures.served import Served
from tests.fixtures.services import Service

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
BYTES_MAX = 60_000
GRAVE = ("serious", "critical")
# 50 kB a second, four tenths of a second there and back.
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
WIDE = "document.documentElement.scrollWidth"

SMALL_TARGETS = """() => [...document.querySelectorAll(".lookup :is(a, button, input, summary), .masthead a")]
    .filter(part => part.checkVisibility() && part.type !== "hidden" && part.type !== "radio")
    .filter(part => { const box = part.getBoundingClientRect(); return box.height < 43.5 || box.width < 43.5; })
    .map(part => part.outerHTML.slice(0, 100))"""
SMALL_TYPE = """least => [...document.querySelectorAll("main *")].filter(part =>
    [...part.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()) && part.checkVisibility()
    && !part.closest("svg, .visually-hidden") && parseFloat(getComputedStyle(part).fontSize) < least)
    .map(part => part.outerHTML.slice(0, 100))"""


def weigh(page: Page) -> dict[str, Any]:
    """Begin to count what comes over the wire, headers and all."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    kept: dict[str, Any] = {"urls": {}, "bytes": {}, "session": session}
    session.on("Network.requestWillBeSent", lambda e: kept["urls"].__setitem__(e["requestId"], e["request"]["url"]))
    session.on(
        "Network.loadingFinished", lambda e: kept["bytes"].__setitem__(e["requestId"], int(e["encodedDataLength"]))
    )
    return kept


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("is_answer", [False, True])
def test_all_that_comes_before_the_map_is_light(
    open_browser: Callable[..., Watched], served: Served, is_answer: bool, language: str
) -> None:
    """On a phone nothing of the map comes until somebody scrolls to it, so all that came counts."""
    homes = served.town.buildings[served.town.buildings["households"] >= 10]
    point = homes.geometry.iloc[0].representative_point()
    watched = open_browser("phone")
    kept = weigh(watched.page)
    page = watched.open(f"/lookup?lang={language}" + (f"&lon={point.x}&lat={point.y}" if is_answer else ""))
    page.wait_for_timeout(500)
    assert not [url for url in kept["urls"].values() if "/vendor/" in url or "/tiles/" in url]
    weights = {kept["urls"][key].split("?")[0].rsplit("/", 1)[-1]: size for key, size in kept["bytes"].items()}
    assert 10_000 < sum(weights.values()) < BYTES_MAX, weights


@pytest.mark.parametrize("width", ["phone", "desktop"])
def test_on_a_slow_line_the_answer_is_read_before_the_map_is_asked_for(
    chromium: Any, homes: Service, width: str
) -> None:
    size = {"phone": (375, 667), "desktop": (1440, 900)}[width]
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
    page = context.new_page()
    kept = weigh(page)
    kept["session"].send("Network.emulateNetworkConditions", SLOW)
    page.goto(homes.url + PATHS["assigned"], wait_until="commit")
    expect(page.locator(".plate a.call")).to_be_visible()
    assert not [url for url in kept["urls"].values() if "/vendor/" in url]
    if width == "phone":
        page.wait_for_load_state("networkidle")
        assert not [url for url in kept["urls"].values() if "/vendor/" in url]
        page.mouse.wheel(0, 4000)
    expect(page.locator(".leaflet-container")).to_be_visible(timeout=60_000)
    painted, asked = page.evaluate("""() => [
        performance.getEntriesByName("first-contentful-paint")[0].startTime,
        Math.min(...performance.getEntriesByType("resource").filter(one => one.name.includes("/vendor/"))
            .map(one => one.startTime)),
    ]""")
    assert painted < asked
    context.close()


def test_a_thrifty_line_loads_the_map_only_when_asked(visit: Visit) -> None:
    page = visit("/lookup")
    page.add_init_script("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(page.url)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(800)
    assert page.locator(".leaflet-container").count() == 0
    page.locator("#open-map").click()
    expect(page.locator(".leaflet-container")).to_be_visible()


def test_a_map_that_does_not_come_can_be_asked_for_again(visit: Visit) -> None:
    page = visit("/lookup")
    page.context.set_offline(True)
    page.locator("#open-map").click()
    expect(page.locator("#open-map")).to_contain_text("再试一次")
    page.context.set_offline(False)
    page.locator("#open-map").click()
    expect(page.locator(".leaflet-container")).to_be_visible()


def test_on_a_wide_screen_the_map_comes_by_itself_and_a_click_on_it_asks(visit: Visit) -> None:
    page = visit(PATHS["assigned"], size=(1440, 900))
    expect(page.locator(".leaflet-container")).to_be_visible()
    expect(page.locator(".plate .place-map")).to_be_hidden()
    box = page.locator(".leaflet-container").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".plate__code")).to_be_visible()
    expect(page.locator("#title")).to_be_focused()


def findings(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found if one["impact"] in GRAVE for node in one["nodes"]
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", [*PATHS, "door", "several", "chosen"])
def test_a_page_is_legible_and_fits(visit: Visit, door_paths: dict[str, str], name: str, language: str) -> None:
    """What axe finds, how large type and targets are, and how wide the page gets: of one opened page."""
    chosen = f"{at(2, 1, accuracy_m=20, dx=0.05)}&grid=529901001001002"
    path = {**PATHS, **door_paths, "chosen": chosen}[name]
    page = visit(f"{path}{'&' if '?' in path else '?'}lang={language}", size=(320, 568))
    assert page.evaluate(WIDE) <= 320
    page.set_viewport_size({"width": 375, "height": 667})
    page.reload(wait_until="networkidle")  # as a phone of that width has it
    assert page.get_attribute("html", "lang") == {"zh": "zh-CN", "en": "en"}[language]
    assert findings(page) == []
    if name != "board":  # made for paper, too
        assert page.evaluate("getComputedStyle(document.querySelector('.lookup')).fontSize") == "18px"
        assert page.evaluate(SMALL_TYPE, 16) == []
        assert page.evaluate(SMALL_TARGETS) == []
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(WIDE) <= 375


def test_axe_finds_nothing_serious_where_the_map_is_open_and_where_places_are_offered(visit: Visit) -> None:
    page = visit(PATHS["assigned"], size=(1440, 900))
    expect(page.locator(".leaflet-container")).to_be_visible()
    assert findings(page) == []
    page.fill("#q", "云溪苑")
    expect(page.locator("#found [role=option]").first).to_be_visible()
    assert findings(page) == []


def test_who_wants_no_motion_gets_none(visit: Visit) -> None:
    page = visit("/lookup", reduced_motion="reduce")
    moving = (
        "() => [...document.querySelectorAll('*')].filter(e => parseFloat(getComputedStyle(e).transitionDuration) > 0)"
    )
    assert page.evaluate(f"({moving})().length") == 0


def test_a_screen_reader_hears_what_is_going_on(visit: Visit) -> None:
    page = visit("/lookup")
    assert page.locator("#saying").get_attribute("aria-live") == "polite"
    assert page.locator("#told").get_attribute("data-state") == "start"
    page.fill("#q", "没有这个地方吧")
    page.press("#q", "Enter")
    expect(page.locator("#title")).to_be_focused()
    assert "没有找到" in page.title()
    assert page.locator("#answer").get_attribute("aria-live") == "polite"


CALLS = """() => [...document.querySelectorAll(".call")].map(call => [
    call.querySelector("b").textContent, call.scrollWidth <= call.clientWidth,
    call.querySelector("b").getClientRects().length])"""


@pytest.mark.parametrize("width", [320, 375])
@pytest.mark.parametrize("name", ["assigned", "vacant", "near_border", "outside"])
def test_a_number_is_read_whole_however_large_the_type(visit: Visit, name: str, width: int) -> None:
    page = visit(PATHS[name], size=(width, 667))
    page.evaluate("document.documentElement.style.fontSize = '32px'")
    calls = page.evaluate(CALLS)
    assert calls
    assert all(number and is_whole and lines == 1 for number, is_whole, lines in calls), calls


@pytest.mark.parametrize("name", ["assigned", "vacant", "near_border", "outside"])
def test_what_is_printed_holds_the_number_to_call(visit: Visit, name: str) -> None:
    page = visit(PATHS[name], size=(794, 1123))  # a sheet of A4
    numbers = page.locator(".call b").all_text_contents()
    page.emulate_media(media="print")
    assert numbers
    for call in page.locator(".call").all():
        expect(call).to_be_visible()
        expect(call).to_have_css("color", "rgb(0, 0, 0)")
    for top in page.locator(".plate__top").all():  # printers leave grounds out
        expect(top).to_have_css("color", "rgb(0, 0, 0)")


def test_a_compound_of_several_grids_leads_to_its_buildings(visit: Visit) -> None:
    page = visit(f"{PATHS['coarse'].replace('accuracy_m=400', 'accuracy_m=300')}&q=云溪苑")
    expect(page.locator("h1")).to_have_text("“云溪苑”分属几个网格")
    expect(page.locator(".message")).to_have_text("请写到楼栋或门牌号。")  # that point lies in no compound
    page = visit(f"{at(1, 1, accuracy_m=300)}&q=云溪社区")  # its point lies in that compound by chance
    expect(page.locator(".message")).to_have_text("请写到楼栋或门牌号。")
    page = visit(f"{at(1, 1, accuracy_m=300)}&q=云溪苑")
    expect(page.locator(".message").first).to_have_text("请选您的楼栋。")
    page.locator(".places a").first.click()
    expect(page.locator("#answer")).to_have_attribute("data-answer", "assigned")


def test_thanks_are_not_passed_on_with_the_address(visit: Visit) -> None:
    page = visit(PATHS["reported"])
    expect(page.locator("#thanks")).to_be_visible()
    assert "reported" not in page.url
    page.reload()
    expect(page.locator("#thanks")).to_have_count(0)
