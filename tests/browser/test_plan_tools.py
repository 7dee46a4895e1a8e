"""Tools of the editor: splits, mendings and redrawings are shown before they are done; borders are dragged."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.editing import (
    EAST_A,
    NEW_A,
    WEST_A,
    Enter,
    cell,
    drag,
    edited,
    households,
    kept,
    row,
    spot,
    west_of,
)
from tests.fixtures.services import Service
from tests.fixtures.small_town import COMMUNITIES

pytestmark = pytest.mark.browser


def choose(page: Page, code: str) -> None:
    row(page, code).locator("button.name").click()


def test_a_grid_in_equal_parts_is_shown_before_it_is_split(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    bar = page.locator("#edit-bar")
    choose(page, WEST_A)
    page.keyboard.press("2")
    expect(bar).to_contain_text("第1网格均分 2 份4 块、120 户换网格")
    expect(bar).to_contain_text("240 → 120")
    expect(row(page, WEST_A).locator("td").nth(1)).to_have_text("240120")
    assert kept(service, plan) == {WEST_A: 240, EAST_A: 240}
    page.keyboard.press("Escape")
    expect(page.locator("#edit-accept")).to_be_hidden()
    page.locator("#edit-count").fill("4")
    choose(page, WEST_A)
    page.locator("[data-act=parts]").click()
    expect(bar).to_contain_text("均分 4 份")
    page.keyboard.press("Enter")
    households(page, NEW_A, 60)
    assert kept(service, plan) == {WEST_A: 60, EAST_A: 240, **{f"{COMMUNITIES[0]}00{n}": 60 for n in (3, 4, 5)}}


def test_a_street_is_offered_and_parts_the_grid(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    choose(page, WEST_A)
    page.keyboard.press("t")
    choice = page.locator("#edit-choices button")
    expect(choice).to_have_count(1)
    expect(choice).to_contain_text("云溪路197 米120 + 120 户")
    expect(page.locator("#edit-bar")).to_contain_text("沿云溪路拆分")
    page.keyboard.press("Enter")
    households(page, WEST_A, 120)
    expect(page.locator("#edit-choices")).to_be_hidden()
    assert west_of(service, plan) in ({1, 2, 5, 6}, {3, 4, 7, 8})


def test_a_drawn_line_splits_the_grid_it_runs_through(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    page.keyboard.press("s")
    drag(page, spot(page, 0, 0, dx=0.2, dy=0.95), spot(page, 1, 0, dx=0.8, dy=0.95))
    expect(page.locator("#edit-bar")).to_contain_text("按线拆分第1网格2 块、60 户换网格")
    page.keyboard.press("Enter")
    households(page, WEST_A, 180)
    assert west_of(service, plan) == {2, 3, 4, 6, 7, 8}


def test_a_border_is_dragged_and_what_is_swept_changes_sides(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    bar = page.locator("#edit-bar")
    page.keyboard.press("d")
    drag(page, spot(page, 0, 0), spot(page, 0, 1))
    expect(bar).to_contain_text("请按在两个网格之间的边界上")
    page.mouse.move(*spot(page, 1, 0, dx=0.98))
    page.mouse.down()
    page.mouse.move(*spot(page, 2, 0), steps=10)
    expect(page.locator(".tip", has_text="→")).to_contain_text("240 → 270")
    expect(page.locator(".tip", has_text="→")).to_contain_text("240 → 210")
    page.mouse.move(*spot(page, 3, 0), steps=10)
    expect(page.locator(".tip", has_text="→")).to_contain_text("240 → 300")
    page.mouse.move(*spot(page, 2, 0), steps=10)
    expect(page.locator(".tip", has_text="→")).to_contain_text("240 → 270")
    page.mouse.up()
    drag(page, spot(page, 1, 3, dx=0.98), spot(page, 2, 3))  # another stretch goes with it
    expect(bar).to_contain_text("移动边界2 块、60 户换网格")
    assert kept(service, plan) == {WEST_A: 240, EAST_A: 240}
    page.keyboard.press("Enter")
    households(page, WEST_A, 300)
    assert west_of(service, plan) == {*range(1, 9), cell(2, 0), cell(2, 3)}
    page.keyboard.press("k")
    choose(page, EAST_A)
    page.keyboard.press("k")
    expect(row(page, EAST_A).locator("[data-part=lock]")).to_have_attribute("aria-pressed", "true")
    drag(page, spot(page, 1, 1, dx=0.98), spot(page, 2, 1))
    expect(bar).to_contain_text("已锁定")


def test_a_mending_names_buildings_by_address_and_is_accepted_as_moves(
    open_page: Enter, service: Service, plan: int
) -> None:
    page = edited(open_page, plan)
    moves = [
        {"cell_id": cell(2, at), "from": EAST_A, "to": WEST_A, "households": 30, "address": f"云溪路{cell(2, at)}号"}
        for at in range(2)
    ]
    answers = [
        {"moves": some, "households": {WEST_A: 240 + 30 * len(some), EAST_A: 240 - 30 * len(some)},
         "is_in_band": False, "border_m": 9.5}
        for some in (moves, moves[:1])
    ]  # fmt: skip
    told = json.dumps({"grid_code": WEST_A, "state": "found", "answers": answers})
    page.route("**/fix?*", lambda route: route.fulfill(body=told, content_type="application/json"))
    choose(page, WEST_A)
    page.keyboard.press("f")
    choices = page.locator("#edit-choices button")
    expect(choices).to_have_count(2)
    expect(choices.first).to_contain_text("云溪路9号 · 云溪路10号")
    expect(choices.first).to_contain_text("240 → 300")
    choices.nth(1).click()
    expect(page.locator("#edit-bar")).to_contain_text("240 → 270")
    page.keyboard.press("Enter")
    households(page, WEST_A, 270)
    assert west_of(service, plan) == {*range(1, 9), cell(2, 0)}


def test_grids_are_evened_out_and_a_community_redrawn(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    bar = page.locator("#edit-bar")
    choose(page, WEST_A)
    page.keyboard.press("a")
    expect(bar).to_contain_text("重新平衡第1网格及周边")
    expect(bar).to_contain_text("240 → 480规模适当")  # of 480 households one grid of 300 to 500
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+A")
    expect(bar).to_contain_text("重划整个社区8 块、240 户换网格")
    page.keyboard.press("Enter")
    expect(page.locator("#edit-grids tbody tr")).to_have_count(1)
    assert list(kept(service, plan).values()) == [480]
    page.keyboard.press("Shift+A")
    expect(bar.get_by_role("alert")).to_contain_text("无需改动")


def test_what_is_offered_is_void_once_somebody_changed_the_plan(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    choose(page, WEST_A)
    page.keyboard.press("2")
    expect(page.locator("#edit-accept:visible")).to_be_enabled()
    with service.client("admin") as client:
        body = {"revision": 1, "verb": "rename", "grid_codes": [EAST_A], "name": "河西网格"}
        assert client.post(f"/api/v1/plans/{plan}/edits", json=body).status_code == 200
    page.keyboard.press("Enter")
    expect(page.locator("#edit-bar [role=alert]")).to_contain_text("改名为河西网格")
    expect(page.locator("#edit-accept")).to_be_hidden()
    assert kept(service, plan) == {WEST_A: 240, EAST_A: 240}


def test_the_whole_plan_is_locked_and_more_columns_are_shown(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    page.keyboard.press("Shift+L")
    expect(page.locator("#edit-grids [data-part=lock][aria-pressed=true]")).to_have_count(2)
    with service.client("planner") as client:
        rows = client.get(f"/api/v1/plans/{plan}/grids").json()["grids"]
    assert [one["is_locked"] for one in rows] == [True] * 6
    page.keyboard.press("Shift+L")
    expect(page.locator("#edit-grids [data-part=lock][aria-pressed=false]")).to_have_count(2)
    figures = row(page, WEST_A).locator("td")
    # pieces, people, 4 pi area / outline squared of 2 x 4 squares, stations, households of the worker
    expect(figures.nth(3)).to_have_text("1")
    expect(figures.nth(4)).to_have_text("672")
    expect(figures.nth(5)).to_have_text("0.67")
    expect(figures.nth(6)).to_have_text("1")
    expect(figures.nth(7)).to_have_text("240")
    expect(figures.nth(5)).to_be_visible()
    page.uncheck("#edit-more")
    expect(figures.nth(5)).to_be_hidden()
