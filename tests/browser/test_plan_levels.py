"""Zones and household units, edited by the same tools as grids; who answers for a zone, or that nobody does."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from data.postgis.engine import reading
from tests.fixtures.editing import WEST_A, Enter, cell, click, drag, edited, households, row, spot
from tests.fixtures.services import Service
from tests.fixtures.small_town import COMMUNITIES

pytestmark = pytest.mark.browser
LOWER, UPPER, NEW = (f"{WEST_A}00{n}" for n in (1, 2, 3))
UNIT, NEW_UNIT = f"{WEST_A}0001", f"{WEST_A}0002"


def at_level(page: Page, level: str, rows: int) -> None:
    page.locator(f"button[data-level={level}]").click()
    expect(page.locator("body")).to_have_attribute("data-level", level)
    expect(page.locator("#edit-grids tbody tr")).to_have_count(rows)


def kept(service: Service, plan: int, path: str) -> dict[str, int]:
    with service.client("planner") as client:
        found = client.get(f"/api/v1/plans/{plan}/parts", params={"area_code": COMMUNITIES[0]}).json()
    key = {"zones": "zone_code", "units": "unit_code"}[path]
    return {one[key]: one["households"] for one in found[path] if one["grid_code"] == WEST_A}


def test_cells_change_their_zone_and_the_grid_stays(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    at_level(page, "zones", 4)
    expect(row(page, LOWER)).to_contain_text("空缺")
    expect(page.locator("#edit-sum")).to_contain_text("4 个没有包保单位")
    click(page, 0, 1)
    click(page, 0, 2)
    expect(page.locator("#edit-bar")).to_contain_text("120 → 90")
    expect(page.locator("#edit-bar")).to_contain_text("120 → 150")
    page.keyboard.press("Enter")
    households(page, UPPER, 150)
    assert kept(service, plan, "zones") == {LOWER: 90, UPPER: 150}
    page.keyboard.press("d")
    page.mouse.move(*spot(page, 1, 1, dy=0.98))
    page.mouse.down()
    page.mouse.move(*spot(page, 1, 2, dy=0.6), steps=10)
    page.mouse.up()
    expect(page.locator("#edit-bar")).to_contain_text("移动边界1 块、30 户")
    page.keyboard.press("Enter")
    households(page, LOWER, 120)
    page.keyboard.press("Control+z")
    households(page, LOWER, 90)
    at_level(page, "grids", 2)
    households(page, WEST_A, 240)


def test_zones_are_made_merged_split_and_named(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    page.keyboard.press("q")
    expect(page.locator("#edit-grids tbody tr")).to_have_count(4)
    page.keyboard.press("r")
    drag(page, spot(page, 0, 0, dx=0.1, dy=0.1), spot(page, 1, 0, dx=0.9, dy=0.9))
    page.keyboard.press("n")
    expect(page.locator("#edit-bar")).to_contain_text("新责任区域")
    page.keyboard.press("Enter")
    households(page, NEW, 60)
    row(page, LOWER).locator("button.name").click()
    row(page, NEW).locator("button.name").click(modifiers=["Control"])
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    households(page, LOWER, 120)
    row(page, LOWER).locator("button.name").click()
    page.keyboard.press("2")
    expect(page.locator("#edit-bar")).to_contain_text("120 → 60")
    page.keyboard.press("Enter")
    households(page, f"{WEST_A}004", 60)  # a code that was given once is not given again
    row(page, LOWER).locator("button.name").click()
    page.keyboard.press("F2")
    page.locator("#edit-grids input").fill("南片")
    page.keyboard.press("Enter")
    expect(row(page, LOWER)).to_contain_text("南片")
    page.keyboard.press("a")
    expect(page.locator("#edit-bar [role=alert]")).to_contain_text("此操作只用于网格")
    page.keyboard.press("j")
    expect(page.locator("#detail")).to_contain_text("责任区域 · ")


def test_some_households_of_a_building_go_to_another_unit(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    at_level(page, "units", 2)
    click(page, 0, 0)
    page.keyboard.press("n")
    page.locator("#edit-households").fill("12")
    page.locator("#edit-households").press("Tab")
    expect(page.locator("#edit-bar")).to_contain_text("240 → 228")
    page.locator("#edit-accept").click()
    households(page, NEW_UNIT, 12)
    click(page, 1, 0)
    row(page, NEW_UNIT).locator("button.name").click()
    page.keyboard.press("Enter")
    households(page, NEW_UNIT, 42)
    assert kept(service, plan, "units") == {UNIT: 198, NEW_UNIT: 42}
    with reading(service.engine) as conn:
        shares = "SELECT sum(c.households) FROM unit_cells c JOIN household_units USING (unit_id) JOIN grids"
        query = text(f"{shares} USING (grid_id) WHERE plan_id = :plan AND cell_id = :cell")
        assert conn.scalar(query, {"plan": plan, "cell": cell(0, 0)}) == 30


def test_who_answers_for_a_zone_stands_beside_it(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    with service.client("planner") as client:
        told = client.get(f"/api/v1/plans/{plan}/parts", params={"area_code": COMMUNITIES[0]})
    named = told.text.replace('"answerable_unit":null', '"answerable_unit":"县水务局"', 1)
    assert named != told.text
    page.route("**/parts?*", lambda route: route.fulfill(body=named, content_type="application/json"))
    at_level(page, "zones", 4)
    expect(row(page, LOWER)).to_contain_text("县水务局")
    expect(page.locator("#edit-sum")).to_contain_text("3 个没有包保单位")
