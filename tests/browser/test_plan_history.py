"""What was done to a plan and by whom: undo, ways back, refusals, hands that were quicker; keys alone."""

import re

import pytest
from playwright.sync_api import expect

from tests.fixtures.editing import (
    EAST_A,
    V1,
    WEST_A,
    WEST_B,
    Enter,
    cell,
    click,
    edited,
    households,
    kept,
    move_one,
    row,
    west_of,
)
from tests.fixtures.services import Service
from tests.fixtures.small_town import COMMUNITIES, SIDE

pytestmark = pytest.mark.browser


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
    expect(page.locator("#edit-accept:visible")).to_be_enabled()
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
    for code in (WEST_A, EAST_A):  # in pieces, then too small
        page.keyboard.press("p")
        expect(page.locator("#edit-grids tr.is-chosen")).to_have_attribute("data-id", code)
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


def test_a_draft_is_deleted_after_it_was_asked_once_more(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    move_one(page)
    page.locator("#edit-delete").click()
    expect(page.locator("#delete-what")).to_contain_text("调整草案")
    page.locator("#delete-dialog [data-close]").click()
    assert kept(service, plan) == {WEST_A: 270, EAST_A: 210}
    page.locator("#edit-delete").click()
    page.locator("#delete-form [type=submit]").click()
    expect(page.locator("#reading")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"plan=(?!{plan}\b)\d+$"))
    with service.client("planner") as client:
        assert client.get(f"{V1}/plans/{plan}").status_code == 404


def test_a_draft_that_somebody_changed_is_not_deleted(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    with service.client("admin") as client:
        body = {"revision": 1, "verb": "rename", "grid_codes": [WEST_A], "name": "河西网格"}
        assert client.post(f"{V1}/plans/{plan}/edits", json=body).status_code == 200
    page.locator("#edit-delete").click()
    page.locator("#delete-form [type=submit]").click()
    expect(page.locator("#delete-problem")).to_contain_text("方案已被改动")
    assert kept(service, plan) == {WEST_A: 240, EAST_A: 240}
