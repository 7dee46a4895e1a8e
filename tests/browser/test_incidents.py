"""The incidents page: figures, filters and charts - the database's counts, kept in the address, by mouse and by key."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.fixtures.browser import WIDTHS, Watched
from tests.fixtures.served import Served

Open = Callable[..., Watched]
pytestmark = pytest.mark.browser
YEAR = "/incidents?from=2025-11-01&to=2026-10-31"

# What a control is called: its words, its label, or what it is labelled by.
NAMELESS = """() => [...document.querySelectorAll("a, button, input, select, textarea, [role=slider], [tabindex='0']")]
    .filter(part => part.checkVisibility({visibilityProperty: true}) && !part.closest(".leaflet-control-attribution"))
    .filter(part => !(part.textContent.trim() || part.getAttribute("aria-label") || part.title || part.labels?.length))
    .map(part => part.outerHTML.slice(0, 120))"""


def count(page: Page, name: str) -> int:
    locator = page.locator(f"#sum-{name}")
    expect(locator).to_have_text(re.compile(r"\d"))
    return int(locator.inner_text().replace(",", ""))


def settled(page: Page, name: str, number: int) -> None:
    expect(page.locator(f"#sum-{name}")).to_have_text(f"{number:,}")


def middle(part: Locator, at: float = 0.5, down: float = 0.5) -> tuple[float, float]:
    part.scroll_into_view_if_needed()
    box = part.bounding_box()
    assert box is not None
    return box["x"] + box["width"] * at, box["y"] + box["height"] * down


def test_the_figures_are_the_database_s(open_browser: Open, served: Served) -> None:
    page = open_browser(role="street_office").open(YEAR)
    settled(page, "total", served.ask("SELECT count(*) FROM incidents"))
    waiting = "SELECT count(*) FROM incidents WHERE closed_at IS NULL"
    settled(page, "open", served.ask(waiting))
    settled(page, "overdue", served.ask(f"{waiting} AND due_at < now()"))
    settled(page, "returned", served.ask(f"{waiting} AND returns > 0"))
    settled(page, "parked", served.ask(f"{waiting} AND state = 'parked'"))


def test_a_figure_filters_and_is_released_again(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(YEAR)
    total, overdue = count(page, "total"), count(page, "overdue")
    button = page.locator("#standings [data-standing=overdue]")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#cases-note")).to_contain_text(f"共 {overdue:,} 件")
    settled(page, "total", total)
    assert "standing=overdue" in page.url
    expect(page.locator("#cases-rows .limit").first).to_contain_text("超时")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#cases-note")).to_contain_text(f"共 {total:,} 件")
    assert "standing" not in page.url


def test_what_is_filtered_is_said_kept_in_the_address_and_cleared(open_browser: Open, served: Served) -> None:
    watched = open_browser(role="street_office")
    page = watched.open(YEAR)
    total = count(page, "total")
    page.locator("#categories button").nth(1).click()
    page.locator("#hour-choices button").nth(3).click()
    page.locator("#states button").last.click()
    chips = page.locator("#chosen button")
    expect(chips).to_have_count(3)
    night = "extract(hour FROM reported_at AT TIME ZONE 'Asia/Shanghai') NOT BETWEEN 6 AND 19"
    chosen = f"SELECT count(*) FROM incidents WHERE category = 'drain' AND state = 'settled' AND {night}"
    narrowed, address = served.ask(chosen), page.url
    settled(page, "total", narrowed)
    assert {"category=", "hours=20-5", "state="} <= set(re.findall(r"[a-z]+=(?:20-5)?", address))
    again = watched.open(address.removeprefix(watched.address))
    settled(again, "total", narrowed)
    expect(again.locator("#chosen button")).to_have_count(3)
    expect(again.locator("#chosen-span")).to_contain_text("2025-11-01")
    again.locator("#chosen button").first.click()
    expect(again.locator("#chosen button")).to_have_count(2)
    again.locator("#clear").click()
    expect(again.locator("#chosen button")).to_have_count(0)
    settled(again, "total", total)


def test_an_address_with_nonsense_shows_the_page_all_the_same(open_browser: Open, served: Served) -> None:
    nonsense = "&category=%27&standing=late&hours=99-1&weekdays=8&layer=x&at=1&case=x&grid=1&reading=on"
    page = open_browser(role="street_office").open(YEAR + nonsense)
    settled(page, "total", served.ask("SELECT count(*) FROM incidents"))
    expect(page.locator("#chosen button")).to_have_count(0)


def test_chips_carry_their_own_counts_also_while_another_is_chosen(open_browser: Open, served: Served) -> None:
    page = open_browser(role="street_office").open(YEAR)
    first, second = page.locator("#categories button").nth(0), page.locator("#categories button").nth(1)
    expect(first.locator("b")).to_have_text(re.compile(r"\d"))
    before = second.locator("b").inner_text()
    first.click()
    settled(page, "total", served.ask("SELECT count(*) FROM incidents WHERE category = 'fire_lane'"))
    expect(second.locator("b")).to_have_text(before)
    expect(page.locator("#categories button").first).to_be_focused()


def test_who_has_them_counts_the_open_ones(open_browser: Open, served: Served) -> None:
    page = open_browser(role="street_office").open(YEAR)
    waiting = "SELECT count(*) FROM incidents WHERE closed_at IS NULL AND tier = 'community'"
    community = page.locator("#tiers [data-key=community]")
    expect(community.locator("b")).to_have_text(f"{served.ask(waiting):,}")
    community.click()
    expect(page.locator("#cases-note")).to_contain_text(f"共 {served.ask(waiting):,} 件")
    expect(page.locator("#standings [data-standing=open]")).to_have_attribute("aria-pressed", "true")


def test_days_are_chosen_by_dragging_and_by_keys(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(YEAR)
    total = count(page, "total")
    chart = page.locator("#days svg")
    expect(chart.locator(".bar--in").first).to_be_visible()
    page.mouse.move(*middle(chart, 0.4))
    page.mouse.down()
    page.mouse.move(*middle(chart, 0.6), steps=4)
    page.mouse.up()
    expect(page.locator("#sum-total")).not_to_have_text(f"{total:,}")
    first = page.locator("#dates [name=from]").input_value()
    assert "2026-03-01" < first < "2026-05-01"
    grip = page.locator("#days .grip").first
    expect(grip).to_have_attribute("aria-valuetext", first)
    grip.focus()
    page.keyboard.press("PageDown")
    expect(page.locator("#dates [name=from]")).not_to_have_value(first)
    page.locator("#all-days").click()
    settled(page, "total", total)


def test_hours_are_chosen_by_dragging_by_label_and_by_keys(open_browser: Open, served: Served) -> None:
    page = open_browser(role="street_office").open(YEAR)
    chart = page.locator("#hours svg")
    expect(page.locator("#hours-note")).to_contain_text("最深")
    page.mouse.move(*middle(chart, 0.5, 0.05))
    page.mouse.down()
    page.mouse.move(*middle(chart, 0.9, 0.3), steps=4)
    page.mouse.up()
    expect(page.locator("#chosen button")).to_have_count(1)
    assert re.search(r"weekdays=1,2,3&hours=\d+-2\d", page.url)
    chart.locator(".hour__day").nth(0).click()
    expect(page.locator("#chosen button")).to_contain_text("星期二、三")
    page.locator("#clear").click()
    expect(page.locator("#chosen button")).to_have_count(0)
    chart.focus()
    for key in ("ArrowDown", "Shift+ArrowRight", "Shift+ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#chosen button")).to_have_count(1)
    wanted = re.search(r"weekdays=(\d)&hours=(\d+)-(\d+)", page.url)
    assert wanted is not None
    day, first, last = (int(part) for part in wanted.groups())
    assert last - first == 2
    local = "reported_at AT TIME ZONE 'Asia/Shanghai'"
    chosen = (
        f"SELECT count(*) FROM incidents WHERE extract(isodow FROM {local}) = {day}"
        f" AND extract(hour FROM {local}) BETWEEN {first} AND {last}"
    )
    settled(page, "total", served.ask(chosen))
    chart.focus()
    page.keyboard.press("Escape")
    expect(page.locator("#chosen button")).to_have_count(0)


def test_the_charts_say_in_words_what_they_show(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(YEAR)
    expect(page.locator(".settled__words")).to_have_text(
        re.compile(r"[\d,]+ 件已办结：一半在 [\d.]+ 天内，九成在 [\d.]+ 天内。")
    )
    expect(page.locator("#chance b")).to_have_text(re.compile("偶然"))
    expect(page.locator("#chance span")).to_contain_text("随机对照 999 次")


def test_a_test_of_few_incidents_says_that_it_is_no_guide(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(f"{YEAR}&standing=overdue&layer=hotspots&method=gi_star")
    expect(page.locator("#layer-legend")).to_contain_text("少于 50 件的检验不可信")
    expect(page.locator("#chance b")).to_have_text("没有哪处多得超出偶然")


def test_time_plays_and_ends_where_it_began(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(YEAR)
    total = count(page, "total")
    page.select_option("#play-window", "91")
    go = page.locator("#play-go")
    go.focus()
    page.keyboard.press("Space")
    expect(go).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#chosen-span")).to_contain_text("91 天")
    expect(page.locator("#play-words")).to_have_text(re.compile("2025-11-0[89]|2025-11-[12]"))
    assert count(page, "total") < total
    assert "2025-11-01" in page.url
    page.keyboard.press("Space")
    expect(go).to_have_attribute("aria-pressed", "false")
    where = page.locator("#play-words").inner_text()
    page.locator("#play-at").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#play-words")).not_to_have_text(where)
    page.keyboard.press("Escape")
    settled(page, "total", total)
    expect(page.locator("#play-end")).to_be_hidden()


def test_time_does_not_run_for_who_asks_for_less_motion(open_browser: Open) -> None:
    page = open_browser(role="street_office", reduced_motion="reduce").open(YEAR)
    count(page, "total")
    go = page.locator("#play-go")
    expect(go).to_have_attribute("aria-label", "下一段")
    go.click()
    expect(page.locator("#play-words")).to_contain_text("2025-11-01")
    go.click()
    expect(page.locator("#play-words")).to_contain_text("2025-11-04")
    expect(go).to_have_attribute("aria-pressed", "false")


def test_grids_are_told_by_another_day_and_the_total_stays(open_browser: Open) -> None:
    page = open_browser(role="street_office").open(f"{YEAR}&tab=grids")
    total = count(page, "total")
    expect(page.locator("#reading-note")).to_contain_text("总数都一样")
    page.select_option("#reading", "on")
    page.fill("#reading-on", "2025-12-01")
    expect(page.locator("#chosen button")).to_contain_text("2025-12-01 的网格")
    settled(page, "total", total)
    assert re.search(r"reading=on&on=2025-12-01", page.url)


def test_what_fails_is_said_in_its_place_and_tried_again(open_browser: Open, served: Served) -> None:
    watched = open_browser(role="street_office")
    page = watched.page
    busy = {"status": 503, "content_type": "application/problem+json", "body": '{"detail": "服务正忙"}'}
    page.route("**/incidents/summary*", lambda route: route.fulfill(**busy))
    watched.open(YEAR)
    expect(page.locator("#counts-fault")).to_contain_text("服务正忙")
    expect(page.locator("#cases-rows .case").first).to_be_visible()
    page.unroute("**/incidents/summary*")
    page.locator("#counts-fault button").click()
    settled(page, "total", served.ask("SELECT count(*) FROM incidents"))
    expect(page.locator("#counts-fault")).to_be_empty()
    watched.faults[:] = [fault for fault in watched.faults if "503" not in fault]


def test_nothing_found_is_said(open_browser: Open) -> None:
    page = open_browser(role="street_office").open("/incidents?from=2020-01-01&to=2020-01-31")
    settled(page, "total", 0)
    expect(page.locator("#cases-rows")).to_contain_text("没有符合条件的事件")
    expect(page.locator("#layer-legend")).to_contain_text("没有符合条件的事件")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_control_has_a_name_and_nothing_is_wider_than_the_screen(
    open_browser: Open, width: str, language: str
) -> None:
    page = open_browser(width, role="street_office").open(f"{YEAR}&lang={language}&standing=open&hours=20-5&layer=work")
    count(page, "total")
    for side in ("overview", "list"):
        if page.locator(".sides").is_visible():
            page.locator(f".sides [data-side={side}]").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width][0]
        assert page.evaluate(NAMELESS) == []
