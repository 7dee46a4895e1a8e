"""Every page, at three widths, with every other host blocked: whole, legible, nothing wider than the screen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.fixtures.browser import WIDTHS, Watched

MAPS = {
    "/planner": "planner",
    "/cover": "planner",
    "/reach": "street_office",
    "/siting": "planner",
    "/incidents": "street_office",
}
PAGES = {
    "/": None, "/login": None, "/lookup": None, "/figures": None, "/people": "planner", "/boards": "planner",
    "/plates": "planner", **MAPS,
}  # fmt: skip
Open = Callable[..., Watched]

pytestmark = pytest.mark.browser

# A glyph the font does not have is drawn as the same box as a code point that no font has.
HAS_GLYPHS = """text => {
    const canvas = document.createElement("canvas"); canvas.width = canvas.height = 40;
    const pen = canvas.getContext("2d", {willReadFrequently: true});
    pen.font = "32px " + getComputedStyle(document.body).fontFamily;
    const ink = letter => {
        pen.clearRect(0, 0, 40, 40);
        pen.fillText(letter, 2, 34);
        return new Uint32Array(pen.getImageData(0, 0, 40, 40).data.buffer).join();
    };
    const box = ink("\\u{10FFFD}"), none = ink(" ");
    return [...new Set(text)].filter(letter => letter.trim() && [box, none].includes(ink(letter)));
}"""

# Controls that a person uses must not lie under something else once they are scrolled to.
COVERED = """() => [...document.querySelectorAll("a, button, input, select, summary")].filter(part => {
    const ways = {visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true};
    if (!part.checkVisibility(ways) || part.closest(".visually-hidden, .skip")) return false;
    if (part.closest("details:not([open])") && !part.closest("summary")) return false;
    part.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
    const box = part.getBoundingClientRect(), x = box.left + box.width / 2, y = box.top + box.height / 2;
    if (!box.width || getComputedStyle(part).pointerEvents === "none") return false;
    const top = document.elementFromPoint(x, y);
    return !top || !(part.contains(top) || top.contains(part) || top.closest("label")?.contains(part));
}).map(part => part.outerHTML.slice(0, 120))"""


def chinese(page: Page) -> str:
    return "".join(letter for letter in page.inner_text("body") if "一" <= letter <= "鿿")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_at_every_width(open_browser: Open, path: str, width: str) -> None:
    page = open_browser(width, role=PAGES[path]).open(path)
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0]
    assert len(chinese(page)) > 20
    assert page.evaluate(HAS_GLYPHS, chinese(page)) == []
    if path in MAPS:
        has_ground_a_legend_and_a_scale_with_units(page)
    assert page.evaluate(COVERED) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_speaks_english_on_request_and_remembers(open_browser: Open, path: str) -> None:
    watched = open_browser(role=PAGES[path])
    page = watched.open(f"{path}?lang=en")
    assert page.get_attribute("html", "lang") == "en"
    heading = page.locator("h1").inner_text()
    assert not any("一" <= letter <= "鿿" for letter in heading)
    assert watched.open(path).get_attribute("html", "lang") == "en"


def has_ground_a_legend_and_a_scale_with_units(page: Page) -> None:
    legend = page.locator("#legend")
    assert legend.is_visible()
    if is_closed := legend.get_attribute("open") is None:
        page.locator("#legend summary").click()
    assert page.locator(".legend__row, #legend .check, .ramp").first.is_visible()
    assert page.locator(".leaflet-control-scale-line").first.inner_text().strip().endswith("m")
    assert page.locator(".leaflet-map-pane canvas").count() > 0
    assert drawn(page) > 0.02
    if is_closed:
        page.locator("#legend summary").click()


def drawn(page: Page) -> float:
    """Share of the map's canvas pixels that differ from the commonest one."""
    return float(
        page.evaluate("""() => {
            let other = 0, all = 0;
            for (const canvas of document.querySelectorAll(".leaflet-map-pane canvas")) {
                if (!canvas.width) continue;
                const seen = new Map(), pen = canvas.getContext("2d");
                const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
                for (let i = 0; i < data.length; i += 64) {
                    const key = data[i] << 24 | data[i + 1] << 16 | data[i + 2] << 8 | data[i + 3];
                    seen.set(key, (seen.get(key) ?? 0) + 1); all += 1;
                }
                other += [...seen.values()].reduce((a, b) => a + b, 0) - Math.max(...seen.values());
            }
            return all ? other / all : 0;
        }""")
    )


@pytest.mark.parametrize("path", MAPS)
def test_a_staff_page_sends_a_stranger_to_sign_in_and_back(open_browser: Open, path: str) -> None:
    from tests.fixtures.served import PASSWORD

    page = open_browser().open(path)
    assert "/login" in page.url
    page.fill("input[name=name]", MAPS[path])
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"**{path}")


def test_an_unknown_page_says_so_in_the_service_s_own_look(open_browser: Open) -> None:
    watched = open_browser()
    answer = watched.page.goto(f"{watched.address}/no-such-page")
    assert answer is not None
    assert answer.status == 404
    assert watched.page.locator("h1").is_visible()
    watched.faults[:] = [fault for fault in watched.faults if "404" not in fault]
