"""Editing a plan by hand: with mouse and keyboard, what is drawn and listed is what the server keeps."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.fixtures.browser import WIDTHS, Watched, watch
from tests.fixtures.services import Service, running_service
from tests.fixtures.small_town import COMMUNITIES, SIDE, SmallTown

pytestmark = pytest.mark.browser
V1 = "/api/v1"
WEST_A, EAST_A, WEST_B = (f"{COMMUNITIES[0]}001", f"{COMMUNITIES[0]}002", f"{COMMUNITIES[1]}001")
NEW_A = f"{COMMUNITIES[0]}003"
# Keeps the page's map, so that a test can tell where on the screen a place lies.
KEEP_MAP = """
    let kept;
    const keep = (leaflet) => { kept = leaflet; leaflet.Map.addInitHook(function () { window.keptMap = this; }); };
    Object.defineProperty(window, "L", { configurable: true, get: () => kept, set: keep });
"""
ON_SCREEN = """([lon, lat]) => {
    const box = keptMap.getContainer().getBoundingClientRect();
    const {x, y} = keptMap.latLngToContainerPoint([lat, lon]);
    return [box.left + x, box.top + y];
}"""

Enter = Callable[..., Page]


@pytest.fixture(scope="module")
def service(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    """A service of this module's own, which its tests write to."""
    with new_database() as url, running_service(url) as running:
        yield running


@pytest.fixture
def open_page(chromium: Browser, service: Service) -> Iterator[Enter]:
    """A function (path, account) -> a page that is signed in; no page may fail but as a test expects."""
    opened: list[Watched] = []

    def make(path: str, account: str = "planner", width: str = "desktop") -> Page:
        size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
        context = chromium.new_context(viewport=size, locale="zh-CN")
        context.add_cookies([{"name": "wangge_session", "value": service.token(account), "url": service.url}])
        context.add_init_script(KEEP_MAP)
        watched = Watched(context.new_page(), service.url)
        watch(watched)
        opened.append(watched)
        return watched.open(path)

    yield make
    refusals = re.compile(r"status of 4(09|22)")
    faults = [fault for watched in opened for fault in watched.faults if not refusals.search(fault)]
    for watched in opened:
        watched.page.context.close()
    assert not faults


@pytest.fixture
def plan(service: Service) -> int:
    """A draft of this test's own."""
    with service.client("planner") as client:
        made = client.post(f"{V1}/plans/{service.town.plan_id}/branch", json={"name": "调整草案"})
        return int(made.json()["plan_id"])


def edited(open_page: Enter, plan: int, area: str = COMMUNITIES[0], **options: str) -> Page:
    page = open_page(f"/planner?plan={plan}&edit={area}", **options)
    expect(page.locator("#edit-grids tbody tr")).to_have_count(2)
    expect(page.locator("#edit-bar")).to_be_visible()
    return page


def cell(column: int, row: int) -> int:
    return column * SIDE + row + 1


def spot(page: Page, column: int, row: int, **inside: float) -> tuple[float, float]:
    x, y = page.evaluate(ON_SCREEN, SmallTown.point(column, row, **inside))
    return float(x), float(y)


def click(page: Page, column: int, row: int) -> None:
    page.mouse.click(*spot(page, column, row, dx=0.4, dy=0.7))


def drag(page: Page, first: tuple[float, float], *others: tuple[float, float]) -> None:
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=12)
    page.mouse.up()


def row(page: Page, code: str) -> Any:
    return page.locator(f"#edit-grids tr[data-id='{code}']")


def households(page: Page, code: str, expected: int) -> None:
    expect(row(page, code).locator("td").nth(1)).to_have_text(str(expected))


def kept(service: Service, plan: int) -> dict[str, int]:
    """Return the households of the community's grids as the server has them."""
    with service.client("planner") as client:
        rows = client.get(f"{V1}/plans/{plan}/grids").json()["grids"]
        return {r["grid_code"]: r["households"] for r in rows if r["area_code"] == COMMUNITIES[0]}


def west_of(service: Service, plan: int) -> set[int]:
    """Return the cells of the western grid as the server has them."""
    with service.client("planner") as client:
        found = client.get(f"{V1}/plans/{plan}/cells", params={"area_code": COMMUNITIES[0]}).json()["features"]
    rows = [one["properties"] for one in found]
    return {one["cell_id"] for one in rows if one["grid_code"] == WEST_A}


def move_one(page: Page) -> None:
    """Move the south-western cell of the east to the west, with mouse and Enter."""
    click(page, 2, 0)
    expect(page.locator("#edit-bar")).to_contain_text("选中 1 块，30 户")
    click(page, 0, 0)
    page.keyboard.press("Enter")
    households(page, WEST_A, 270)


def test_a_draft_begins_from_a_published_plan_and_opens_in_edit_mode(open_page: Enter, service: Service) -> None:
    page = open_page(f"/planner?plan={service.town.plan_id}")
    expect(page.locator("#edit")).to_be_hidden()
    page.locator("#branch").click()
    page.locator("#branch-form [name=name]").fill("秋季调整")
    page.locator("#branch-form [type=submit]").click()
    expect(page.locator("#edit-grids tbody tr")).to_have_count(2)
    expect(page.locator("#plan-state")).to_have_text("草案")
    address = re.search(r"plan=(\d+)&edit=(\d{12})$", page.url)
    assert address is not None
    page.reload()
    expect(page.locator("#edit-area")).to_have_value(address[2])
    expect(page.locator("#edit-grids tbody tr")).to_have_count(2)


def test_what_is_pending_tells_both_sides_and_is_done_with_enter(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    bar = page.locator("#edit-bar")
    click(page, 2, 0)
    page.keyboard.down("Shift")
    click(page, 2, 1)
    page.keyboard.up("Shift")
    expect(bar).to_contain_text("选中 2 块，60 户")
    expect(page.locator("#edit-accept")).to_be_disabled()
    page.mouse.move(*spot(page, 0, 1))  # pointing is enough to be told
    expect(bar).to_contain_text("240 → 180")
    expect(bar).to_contain_text("240 → 300规模适当")
    assert kept(service, plan) == {WEST_A: 240, EAST_A: 240}
    click(page, 0, 1)
    page.keyboard.press("Enter")
    households(page, WEST_A, 300)
    households(page, EAST_A, 180)
    expect(row(page, WEST_A)).to_contain_text("规模适当")
    expect(page.locator("#plan-note")).to_contain_text("第 2 版")
    assert kept(service, plan) == {WEST_A: 300, EAST_A: 180}


def test_escape_cancels(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    click(page, 2, 0)
    click(page, 0, 0)
    expect(page.locator("#edit-accept")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(page.locator("#edit-accept")).to_be_hidden()
    page.keyboard.press("Enter")
    assert kept(service, plan) == {WEST_A: 240, EAST_A: 240}


def test_a_rectangle_and_a_lasso_select_and_the_map_stays(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    bar = page.locator("#edit-bar")
    centre = page.evaluate("keptMap.getCenter()")
    page.keyboard.press("r")
    drag(page, spot(page, 2, 0, dx=0.1, dy=0.1), spot(page, 3, 1, dx=0.9, dy=0.9))
    expect(bar).to_contain_text("选中 4 块，120 户")
    page.keyboard.down("Alt")
    drag(page, spot(page, 3, 0, dx=0.1, dy=0.1), spot(page, 3, 1, dx=0.9, dy=0.9))
    page.keyboard.up("Alt")
    expect(bar).to_contain_text("选中 2 块，60 户")
    page.keyboard.press("l")
    page.keyboard.down("Shift")
    corners = [(2, 3, 0.2, 0.9), (2, 3, 0.2, 0.2), (2, 3, 0.9, 0.2), (2, 3, 0.9, 0.9)]
    drag(page, *(spot(page, c, r, dx=dx, dy=dy) for c, r, dx, dy in corners))
    page.keyboard.up("Shift")
    expect(bar).to_contain_text("选中 3 块，90 户")
    assert page.evaluate("keptMap.getCenter()") == centre
    click(page, 0, 0)
    page.locator("#edit-accept").click()
    households(page, WEST_A, 330)
    assert west_of(service, plan) == {*range(1, 9), cell(2, 0), cell(2, 1), cell(2, 3)}


def test_the_hand_moves_the_map_and_space_is_a_hand(open_page: Enter, plan: int) -> None:
    page = edited(open_page, plan)
    page.keyboard.press("b")
    before = page.evaluate("keptMap.getCenter().lng")
    page.keyboard.down("Space")
    x, y = spot(page, 1, 1)
    drag(page, (x, y), (x + 120, y))
    page.keyboard.up("Space")
    assert page.evaluate("keptMap.getCenter().lng") < before
    expect(page.locator("#edit-accept")).to_be_hidden()


def test_a_brush_paints_into_the_grid_where_it_begins(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    page.keyboard.press("b")
    drag(page, spot(page, 1, 0), spot(page, 3, 0), spot(page, 3, 1))
    expect(page.locator("#edit-bar")).to_contain_text("选中 3 块，90 户")
    page.keyboard.press("Enter")
    households(page, WEST_A, 330)
    assert west_of(service, plan) == {*range(1, 9), cell(2, 0), cell(3, 0), cell(3, 1)}


def test_a_new_grid_is_made_merged_and_named(open_page: Enter, plan: int) -> None:
    page = edited(open_page, plan)
    page.keyboard.press("r")
    drag(page, spot(page, 0, 0, dx=0.1, dy=0.1), spot(page, 1, 1, dx=0.9, dy=0.9))
    page.keyboard.press("n")
    expect(page.locator("#edit-bar")).to_contain_text("新网格")
    page.keyboard.press("Enter")
    households(page, NEW_A, 120)
    row(page, WEST_A).locator("button.name").click()
    row(page, NEW_A).locator("button.name").click(modifiers=["Control"])
    page.keyboard.press("m")
    expect(page.locator("#edit-bar")).to_contain_text("120 → 240")
    page.locator("#edit-accept").click()
    expect(row(page, NEW_A)).to_have_count(0)
    households(page, WEST_A, 240)
    row(page, WEST_A).locator("button.name").click()
    page.keyboard.press("F2")
    page.locator("#edit-grids input").fill("河西网格")
    page.keyboard.press("Enter")
    expect(row(page, WEST_A)).to_contain_text("河西网格")
    expect(page.locator("#plan-note")).to_contain_text("第 4 版")
    page.reload()
    expect(row(page, WEST_A)).to_contain_text("河西网格")


def test_a_locked_grid_gives_and_takes_nothing(open_page: Enter, plan: int) -> None:
    page = edited(open_page, plan)
    bar = page.locator("#edit-bar")
    lock = row(page, WEST_A).locator("[data-part=lock]")
    lock.click()
    expect(lock).to_have_attribute("aria-pressed", "true")
    click(page, 0, 0)
    expect(bar).to_contain_text("锁定的网格")
    expect(page.locator("#edit-accept")).to_be_hidden()
    click(page, 2, 0)
    click(page, 0, 0)
    expect(bar).to_contain_text("目标网格已锁定")
    expect(page.locator("#edit-accept")).to_be_disabled()
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+K")
    expect(page.locator("#edit-grids [data-part=lock][aria-pressed=true]")).to_have_count(2)
    page.keyboard.press("Shift+K")
    expect(page.locator("#edit-grids [data-part=lock][aria-pressed=true]")).to_have_count(0)
    move_one(page)


def test_a_lock_unknown_to_the_page_is_the_server_s_to_tell(open_page: Enter, service: Service, plan: int) -> None:
    with service.client("planner") as client:
        body = {"revision": 1, "verb": "lock", "grid_codes": [WEST_A]}
        assert client.post(f"{V1}/plans/{plan}/edits", json=body).status_code == 200
    page = edited(open_page, plan)
    click(page, 2, 0)
    click(page, 0, 0)
    page.keyboard.press("Enter")
    expect(page.locator("#edit-bar [role=alert]")).to_contain_text("锁定")
    assert kept(service, plan) == {WEST_A: 240, EAST_A: 240}


def test_a_refusal_is_told_and_keeps_what_is_pending(open_page: Enter, plan: int) -> None:
    page = edited(open_page, plan)
    words = "网格已交由街道核对，暂不能改动。"
    page.route("**/edits?*", lambda route: route.fulfill(status=422, json={"detail": words}))
    click(page, 2, 0)
    click(page, 0, 0)
    page.keyboard.press("Enter")
    expect(page.locator("#edit-bar [role=alert]")).to_have_text(words)
    expect(page.locator("#edit-accept")).to_be_enabled()
    households(page, WEST_A, 240)
    page.unroute("**/edits?*")
    page.keyboard.press("Enter")
    households(page, WEST_A, 270)
    expect(page.locator("#edit-bar [role=alert]")).to_be_hidden()


def test_undo_redo_points_and_ways_back(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    expect(page.locator("#edit-undo")).to_be_disabled()
    move_one(page)
    page.keyboard.press("Control+z")
    households(page, WEST_A, 240)
    page.keyboard.press("Control+Shift+z")
    households(page, WEST_A, 270)
    page.keyboard.press("Control+z")
    households(page, WEST_A, 240)
    page.keyboard.press("Control+y")
    households(page, WEST_A, 270)
    assert cell(2, 0) in west_of(service, plan)
    page.keyboard.press("j")
    steps = page.locator("#detail .edit-step")
    expect(steps).to_have_count(6)
    expect(steps.nth(4)).to_contain_text("1 块划入第1网格")
    expect(steps.nth(4)).to_contain_text("planner")
    expect(page.locator("#detail s")).to_have_count(0)
    page.locator("#detail [name=point]").fill("第一稿")
    page.keyboard.press("Enter")
    expect(steps.first).to_contain_text("第一稿")
    steps.last.get_by_role("button", name="回到").click()
    households(page, WEST_A, 240)
    expect(steps.first).to_contain_text("回到第 1 版")
    page.keyboard.press("Control+z")
    households(page, WEST_A, 270)
    expect(page.locator("#detail s")).to_have_text("回到第 1 版")
    assert kept(service, plan) == {WEST_A: 270, EAST_A: 210}


def test_who_was_too_slow_is_told_and_may_accept_again(open_page: Enter, service: Service, plan: int) -> None:
    slow, quick = edited(open_page, plan), edited(open_page, plan, account="admin")
    click(slow, 2, 3)
    click(slow, 0, 3)
    move_one(quick)
    slow.keyboard.press("Enter")
    notice = slow.locator("#edit-bar [role=alert]")
    expect(notice).to_contain_text("admin 1 块划入第1网格")
    households(slow, WEST_A, 270)
    expect(slow.locator("#edit-bar")).to_contain_text("选中 1 块，30 户")
    slow.keyboard.press("Enter")
    households(slow, WEST_A, 300)
    expect(notice).to_be_hidden()
    assert west_of(service, plan) == {*range(1, 9), cell(2, 0), cell(2, 3)}


def test_edits_of_a_quick_hand_go_one_after_another(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    for at in range(SIDE):
        click(page, 2, at)
        click(page, 0, at)
        page.keyboard.press("Enter")
    households(page, WEST_A, 360)
    expect(page.locator("#plan-note")).to_contain_text(f"第 {1 + SIDE} 版")
    assert kept(service, plan) == {WEST_A: 360, EAST_A: 120}


def test_all_of_it_with_the_keyboard_alone(open_page: Enter, service: Service, plan: int) -> None:
    page = open_page(f"/planner?plan={plan}")
    expect(page.locator("#edit")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator("#edit-bar")).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.press("Home")
    expect(page.locator("#edit-area")).to_have_value(COMMUNITIES[0])
    expect(row(page, WEST_A)).to_be_visible()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "Shift+ArrowUp", "g"):
        page.keyboard.press(key)
    expect(page.locator("#edit-bar")).to_contain_text("240 → 180")
    page.keyboard.press("Enter")
    households(page, WEST_A, 300)
    page.keyboard.press("p")
    expect(page.locator("#edit-grids tr.is-chosen")).to_have_attribute("data-id", EAST_A)
    page.keyboard.press("k")
    expect(row(page, EAST_A).locator("[data-part=lock]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("?")
    expect(page.locator("#edit-keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#edit-keys")).to_be_hidden()
    page.keyboard.press("e")
    expect(page.locator("#reading")).to_be_visible()
    expect(page).not_to_have_url(re.compile("edit="))
    expect(page.locator("#plan-note")).to_contain_text("第 3 版")


def test_another_community_is_chosen_and_stands_in_the_address(open_page: Enter, plan: int) -> None:
    page = edited(open_page, plan)
    page.select_option("#edit-area", COMMUNITIES[1])
    expect(row(page, WEST_B)).to_be_visible()
    assert page.url.endswith(f"edit={COMMUNITIES[1]}")


def test_who_may_not_edit_and_who_has_too_narrow_a_screen(open_page: Enter, plan: int) -> None:
    page = open_page(f"/planner?plan={plan}&edit={COMMUNITIES[0]}", account="approver")
    expect(page.locator("#grids tbody tr").first).to_be_visible()
    expect(page.locator("#edit")).to_have_count(0)
    phone = open_page(f"/planner?plan={plan}&edit={COMMUNITIES[0]}", width="phone")
    expect(phone.locator(".narrow-note")).to_be_visible()
    expect(phone.locator("#edit")).to_be_hidden()
    expect(phone.locator("#reading")).to_be_visible()
