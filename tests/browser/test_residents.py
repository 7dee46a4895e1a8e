"""The residents' page on a small phone: one screen, every way in, a next step after each refusal, scripts or not."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.resident_pages import AT, PATHS, PHONE, at
from tests.fixtures.services import Service
from tests.fixtures.small_town import COMMUNITIES

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
WEST, EAST = f"{COMMUNITIES[0]}001", f"{COMMUNITIES[0]}002"
# What must be seen without scrolling: the way in, and the answer.
FIRST = ("#title", "#locate", "#q", "#code")
ANSWER = ("#title", ".plate__name", ".plate a.call", ".nearest", ".plate .place-map", ".ways a")


def here(column: int, row: int, accuracy_m: float = 5, *, dx: float = 0.5) -> dict[str, object]:
    """A phone that stands somewhere and may say so."""
    lon, lat = AT(column, row, dx=dx)
    return {
        "geolocation": {"longitude": lon, "latitude": lat, "accuracy": accuracy_m}, "permissions": ["geolocation"],
    }  # fmt: skip


def on_screen(page: Page, selectors: tuple[str, ...]) -> None:
    """Each lies wholly on the screen, below the one before it or beside, and the page is not scrolled."""
    assert page.evaluate("scrollY") == 0
    wide, high = PHONE
    for selector in selectors:
        box = page.locator(selector).first.bounding_box()
        assert box is not None, selector
        assert box["x"] >= 0, selector
        assert box["x"] + box["width"] <= wide, selector
        assert box["y"] >= 0, selector
        assert box["y"] + box["height"] <= high, (selector, box)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_ways_in_are_on_the_first_screen(visit: Visit, language: str) -> None:
    on_screen(visit(f"/lookup?lang={language}"), FIRST)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["assigned", "vacant"])
def test_an_answer_is_one_screen(visit: Visit, name: str, language: str) -> None:
    page = visit(f"{PATHS[name]}&lang={language}")
    on_screen(page, ANSWER)
    assert (page.locator("a.call").first.get_attribute("href") or "").startswith("tel:")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_question_which_grid_is_one_screen(visit: Visit, language: str) -> None:
    page = visit(f"{PATHS['near_border']}&lang={language}")
    on_screen(page, ("#title", ".place-map", ".choices li:first-child a", ".choices li:last-child a"))


def test_a_scanned_door_is_one_screen(visit: Visit, door_paths: dict[str, str]) -> None:
    on_screen(visit(door_paths["door"]), (".door__name", *ANSWER[:4]))


def test_one_tap_answers_and_the_reader_starts_at_its_heading(visit: Visit) -> None:
    page = visit("/lookup", **here(0, 0))
    page.locator("#locate").click()
    expect(page.locator("#title")).to_have_text("第1网格")
    expect(page.locator("#title")).to_be_focused()
    on_screen(page, ANSWER)
    assert re.search(r"lon=107\.70050&lat=27\.95050&accuracy_m=5$", page.url)
    page.go_back()
    expect(page.locator("#title")).to_have_text("查我的网格员")


def test_a_place_that_is_not_exact_enough_asks_for_an_address_or_the_map(visit: Visit) -> None:
    page = visit("/lookup", **here(4, 1, 400))
    page.locator("#locate").click()
    expect(page.locator("#title")).to_have_text("定位不够准")
    expect(page.locator(".message")).to_contain_text("400")
    page.locator("[data-open-map]").click()
    expect(page.locator(".leaflet-container")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.locator(".leaflet-container").click()  # once it lies still
    expect(page.locator(".plate, .choices").first).to_be_visible()


def test_without_leave_to_locate_the_page_says_what_to_do(visit: Visit) -> None:
    page = visit("/lookup")
    page.locator("#locate").click()
    expect(page.locator("#saying")).to_contain_text("没有得到定位许可")
    expect(page.locator("#saying")).to_contain_text("输入地址")
    expect(page.locator("#q")).to_be_visible()


@pytest.mark.parametrize(("code", "words"), [(2, "暂时定不了位"), (3, "定位用时太久")])
def test_a_phone_that_finds_no_place_can_try_again(visit: Visit, code: int, words: str) -> None:
    page = visit("/lookup")
    page.evaluate(
        "code => { navigator.geolocation.getCurrentPosition = (found, failed) => failed({ code }); }", code
    )  # the browser's part: no phone here can be led into a cellar
    page.locator("#locate").click()
    expect(page.locator("#saying")).to_contain_text(words)
    expect(page.locator("#saying").get_by_role("button", name="再试一次")).to_be_visible()


def test_a_cut_line_is_told_with_a_number_to_call_and_mended_by_trying_again(visit: Visit) -> None:
    page = visit("/lookup")
    page.context.set_offline(True)
    page.fill("#q", "云溪苑3栋")
    page.keyboard.press("Enter")
    expect(page.locator("#saying")).to_contain_text("连不上网络")
    expect(page.locator("#saying a[href='tel:12345']")).to_be_visible()
    page.context.set_offline(False)
    page.locator("#saying").get_by_role("button", name="再试一次").click()
    expect(page.locator(".places a").first).to_be_visible()


def test_near_a_border_the_home_is_chosen_and_chosen_again(visit: Visit) -> None:
    page = visit("/lookup", **here(2, 1, 20, dx=0.05))
    page.locator("#locate").click()
    expect(page.locator("#title")).to_have_text("您家属于哪一个网格？")
    page.locator(".choice", has_text="第2网格").click()
    expect(page.locator("#title")).to_have_text("第2网格")
    expect(page.locator(".plate__code")).to_have_text(EAST)
    page.get_by_role("link", name="选错了，重新选").click()
    page.locator(".choice", has_text="第1网格").click()
    expect(page.locator(".plate__code")).to_have_text(WEST)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_the_code_of_a_plate_opens_its_door(visit: Visit, door_paths: dict[str, str], has_scripts: bool) -> None:
    page = visit("/lookup", java_script_enabled=has_scripts)
    code = door_paths["door"].removeprefix("/d/")
    page.fill("#code", f" {code[:4].lower()}-{code[4:]} ")
    page.press("#code", "Enter")
    expect(page.locator(".door__name")).to_have_text("3号楼")
    assert page.url.endswith(door_paths["door"])


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_wrong_code_is_told_and_can_be_mended(visit: Visit, door_paths: dict[str, str], has_scripts: bool) -> None:
    page = visit("/lookup", java_script_enabled=has_scripts)
    page.fill("#code", "K7Q2")
    page.press("#code", "Enter")
    expect(page.locator("#title")).to_have_text("编号不对")
    expect(page.locator("#code")).to_have_value("K7Q2")
    page.fill("#code", "0000000000000000")
    page.press("#code", "Enter")
    expect(page.locator("#title")).to_have_text("没有这个编号的门牌")
    page.fill("#code", door_paths["door"].removeprefix("/d/"))
    page.press("#code", "Enter")
    expect(page.locator(".door__name")).to_have_text("3号楼")


def test_without_scripts_the_whole_way_is_there(visit: Visit, homes: Service) -> None:
    page = visit("/lookup", java_script_enabled=False)
    expect(page.locator("#locate")).to_be_hidden()
    expect(page.locator("#map-place")).to_be_hidden()
    page.fill("#q", "云溪苑")
    page.press("#q", "Enter")
    page.locator(".places a", has_text="云溪苑1栋").first.click()
    expect(page.locator(".plate__code")).to_have_text(WEST)
    on_screen(page, ANSWER)
    page.locator(".ways a").first.click()
    assert page.url.endswith("#report")
    page.get_by_role("button", name="地图显示的不是这里").click()
    expect(page.locator("#thanks")).to_contain_text("谢谢，已转告社区")
    expect(page.locator(".plate__code")).to_have_text(WEST)
    assert "wrong_place" in reported(homes)


def reported(homes: Service) -> set[str]:
    rows = homes.client("street_1").get("/api/v1/lookup/reports").json()["reports"]
    return {row["kind"] for row in rows if row["grid_code"] == WEST}


def test_by_keyboard_alone_from_the_top_to_the_report(visit: Visit, homes: Service) -> None:
    page = visit("/lookup")
    reach(page, "q")
    page.keyboard.type("云溪苑1栋")
    expect(page.locator("#found [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#q")).to_have_attribute("aria-activedescendant", "found-0")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".plate__code")).to_have_text(WEST)
    expect(page.locator("#title")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".plate a.call")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # something wrong?
    page.keyboard.press("Tab")
    expect(page.locator(".report button").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#thanks")).to_be_focused()
    assert "wrong_grid" in reported(homes)


def reach(page: Page, wanted: str) -> None:
    """Press Tab until a control has the focus, and see on the way that focus shows."""
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == wanted:
            return
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    raise AssertionError(f"{wanted} is not reached")


def test_an_office_sees_what_residents_point_out_and_settles_it(visit: Visit, homes: Service) -> None:
    homes.client().post("/api/v1/lookup/reports", json={"kind": "other", "grid_code": f"{COMMUNITIES[2]}001"})
    page = visit("/people", "street_2", size=(1440, 900))
    expect(page.locator("#count-reports")).to_have_text("1")
    page.locator("#tab-reports").click()
    row = page.locator("#reports tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("其他")
    row.get_by_role("button", name="已处理").click()
    expect(page.locator("#reports")).to_contain_text("没有待处理的")
    expect(page.locator("#count-reports")).to_have_text("")


def test_a_worker_does_not_see_them(visit: Visit) -> None:
    assert visit("/people", "worker_a", size=(1440, 900)).locator("#tab-reports").count() == 0


def test_a_link_names_its_own_answer(visit: Visit) -> None:
    """A report about a chosen grid comes back to that grid."""
    page = visit(f"{at(2, 1, accuracy_m=20, dx=0.05)}&grid={EAST}", java_script_enabled=False)
    page.get_by_role("button", name="其他不对").click()
    expect(page.locator("#thanks")).to_be_visible()
    expect(page.locator(".plate__code")).to_have_text(EAST)
