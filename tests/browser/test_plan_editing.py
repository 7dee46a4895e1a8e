"""Editing a plan by hand: with mouse and keyboard, what is drawn and listed is what the server keeps."""

import re

import pytest
from playwright.sync_api import expect

from tests.fixtures.editing import (
    EAST_A,
    NEW_A,
    WEST_A,
    Enter,
    cell,
    click,
    drag,
    edited,
    households,
    kept,
    move_one,
    row,
    spot,
    west_of,
)
from tests.fixtures.services import Service

pytestmark = pytest.mark.browser


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
    expect(page.locator("#edit-accept:visible")).to_be_enabled()
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
