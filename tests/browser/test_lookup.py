"""The resident's page on a phone: one tap, by name, on a border, and without JavaScript."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.fixtures.browser import Watched
from tests.fixtures.served import Served

Open = Callable[..., Watched]
pytestmark = pytest.mark.browser


def door(served: Served, households: int = 10) -> tuple[float, float]:
    """A door well inside a building where people live."""
    homes = served.town.buildings[served.town.buildings["households"] >= households]
    point = homes.geometry.iloc[0].representative_point()
    return point.x, point.y


def test_one_tap_tells_who_answers_for_this_door(open_browser: Open, served: Served) -> None:
    lon, lat = door(served)
    watched = open_browser(
        "phone", geolocation={"longitude": lon, "latitude": lat, "accuracy": 1}, permissions=["geolocation"]
    )
    page = watched.open("/lookup")
    page.click("#locate")
    plate = page.locator(".plate").first
    expect(plate).to_be_visible()
    assert re.search(r"\d{15}", plate.inner_text())
    call = page.locator("a.call").first
    assert (call.get_attribute("href") or "").startswith("tel:")


def test_a_place_is_found_by_name(open_browser: Open, served: Served) -> None:
    name = str(served.town.compounds["name"].dropna().iloc[0])
    page = open_browser("phone").open("/lookup")
    page.fill("#q", name)
    page.locator("#found [role=option]").first.click()
    expect(page.locator("#answer #title")).to_be_visible()
    # A compound is a place of many doors: its extent goes along, and too wide a one names nobody.
    accuracy_m = float(re.search(r"accuracy_m=(\d+)", page.url)[1])  # type: ignore[index]  # no match fails the test
    assert accuracy_m > 0
    named = page.locator(".plate, .choices").count() > 0
    assert named != (page.locator("#answer").get_attribute("data-coarse") == "yes")


def test_without_javascript_the_answer_is_in_the_page(open_browser: Open, served: Served) -> None:
    lon, lat = door(served)
    watched = open_browser("phone", java_script_enabled=False)
    page = watched.open(f"/lookup?lon={lon}&lat={lat}")
    expect(page.locator(".plate").first).to_be_visible()
    name = str(served.town.compounds["name"].dropna().iloc[0])
    page = watched.open(f"/lookup?q={name}")
    assert "accuracy_m=" in (page.locator(".places a").first.get_attribute("href") or "")
    page.locator(".places a").first.click()
    expect(page.locator(".plate, .message").first).to_be_visible()


def test_a_place_known_too_roughly_names_nobody(open_browser: Open, served: Served) -> None:
    lon, lat = door(served)
    page = open_browser("phone").open(f"/lookup?lon={lon}&lat={lat}&accuracy_m=4000")
    expect(page.locator(".message")).to_contain_text("4000")
    assert page.locator(".plate").count() == 0
    expect(page.locator("#ask")).to_contain_text("12345")


def test_the_other_language_keeps_to_the_answer(open_browser: Open, served: Served) -> None:
    page = open_browser("phone").open("/lookup")
    name = str(served.town.compounds["name"].dropna().iloc[0])
    page.fill("#q", name)
    page.locator("#found [role=option]").first.click()
    expect(page.locator("#answer #title")).to_be_visible()
    assert "lon=" in (page.locator(".masthead__end a[hreflang]").get_attribute("href") or "")


def test_outside_the_town_the_page_says_so_and_names_the_desk(open_browser: Open) -> None:
    page = open_browser("phone").open("/lookup?lon=0&lat=0")
    expect(page.locator(".message")).to_be_visible()
    expect(page.locator("#answer a.call")).to_contain_text("12345")


def test_nothing_private_is_in_the_page(open_browser: Open, served: Served) -> None:
    lon, lat = door(served)
    page = open_browser("phone").open(f"/lookup?lon={lon}&lat={lat}")
    html = page.content()
    people = served.town.people
    assert not [name for name in people.loc[people["kind"] == "person", "name"] if name in html]
    assert not [phone for phone in people["phone"].dropna() if phone in html]


def test_what_is_offered_late_does_not_lie_over_the_answer(open_browser: Open) -> None:
    page = open_browser("phone").open("/lookup")
    page.route("**/api/v1/search?*", lambda route: (page.wait_for_timeout(1500), route.continue_()))
    with page.expect_request("**/api/v1/search?*"):
        page.fill("#q", "2栋")
    page.keyboard.press("Enter")
    expect(page.locator("#answer a").first).to_be_visible()
    with page.expect_response("**/api/v1/search?*"):
        pass
    expect(page.locator("#found")).to_be_hidden()
    page.locator("#answer a").first.click()
    expect(page.locator(".plate, .choices, .message").first).to_be_visible()
