"""The same hand at the size of a city: 100,000 cells, 2,096 grids, and a real mouse."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from data.calendar import today
from tests.fixtures.city import COMMUNITIES, GRID_HIGH, GRID_WIDE, GRIDS_EACH, HOUSEHOLDS, draw_city, place
from tests.fixtures.editing import ON_SCREEN, V1, Enter, drag, households, row
from tests.fixtures.services import Service, running_service

pytestmark = pytest.mark.browser

HERE = 100
AREA = COMMUNITIES[HERE]
SOUTH_WEST, NORTH_WEST, EAST_OF_IT = (f"{AREA}{number:03d}" for number in (1, 2, 3))
NEW = f"{AREA}{GRIDS_EACH + 1:03d}"
FULL = GRID_WIDE * GRID_HIGH * HOUSEHOLDS
PATIENT_MS = 120_000  # to examine, compare and dissolve a city takes some seconds, on a busy machine more


@pytest.fixture(scope="module")
def service(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[Service]:
    with new_database() as url, running_service(url, ground=draw_city(), is_sound=True) as running:
        yield running


@pytest.fixture
def plan(service: Service) -> int:
    with service.client("planner") as client:
        body = {"name": "全市调整"}
        made = client.post(f"{V1}/plans/{service.town.plan_id}/branch", json=body, timeout=PATIENT_MS / 1000)
        return int(made.raise_for_status().json()["plan_id"])


def edited(open_page: Enter, plan: int, account: str = "planner") -> Page:
    page = open_page(f"/planner?plan={plan}&edit={AREA}", account)
    page.set_default_timeout(PATIENT_MS)
    expect(page.locator("#edit-grids tbody tr")).to_have_count(GRIDS_EACH, timeout=PATIENT_MS)
    expect(page.locator("#edit-bar")).to_be_visible()
    return page


def spot(page: Page, column: float, row: float) -> tuple[float, float]:
    x, y = page.evaluate(ON_SCREEN, place(HERE, column, row))
    return float(x), float(y)


def click(page: Page, column: int, row: int) -> None:
    page.mouse.click(*spot(page, column + 0.5, row + 0.5))


def kept(service: Service, plan: int) -> dict[str, Any]:
    """Return the community's grids as the server has them, by code, and the plan's count of cells and grids."""
    with service.client("planner") as client:
        rows = client.get(f"{V1}/plans/{plan}/grids", timeout=60).json()["grids"]
    assert len(rows) >= 2_096 - 1
    return {one["grid_code"]: one["households"] for one in rows if one["area_code"] == AREA}


def test_a_hand_splits_merges_drags_locks_and_takes_back(open_page: Enter, service: Service, plan: int) -> None:
    page = edited(open_page, plan)
    before = kept(service, plan)
    bar = page.locator("#edit-bar")
    page.keyboard.press("s")
    drag(page, spot(page, 0.2, 5), spot(page, 3.8, 5))
    expect(bar).to_contain_text("按线拆分第1网格")
    page.keyboard.press("Enter")
    households(page, SOUTH_WEST, FULL * 7 // 12)
    households(page, NEW, FULL * 5 // 12)

    row(page, SOUTH_WEST).locator("button.name").click()
    row(page, NEW).locator("button.name").click(modifiers=["Control"])
    page.keyboard.press("m")
    page.keyboard.press("Enter")
    households(page, SOUTH_WEST, FULL)
    expect(row(page, NEW)).to_have_count(0)

    page.keyboard.press("d")
    drag(page, spot(page, 3.98, 3.5), spot(page, 4.5, 3.5), spot(page, 5.5, 3.5))
    expect(bar).to_contain_text("移动边界2 块、16 户换网格")
    page.keyboard.press("Enter")
    households(page, SOUTH_WEST, FULL + 2 * HOUSEHOLDS)
    households(page, EAST_OF_IT, FULL - 2 * HOUSEHOLDS)

    lock = row(page, NORTH_WEST).locator("[data-part=lock]")
    lock.click()
    expect(lock).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("v")
    click(page, 1, 20)
    expect(bar).to_contain_text("锁定的网格")
    page.keyboard.press("Shift+L")  # every grid of the city
    expect(page.locator("#edit-grids [data-part=lock][aria-pressed=true]")).to_have_count(GRIDS_EACH)
    with service.client("planner") as client:
        rows = client.get(f"{V1}/plans/{plan}/grids", timeout=60).json()["grids"]
    assert all(one["is_locked"] for one in rows)

    for _ in range(5):
        page.keyboard.press("Control+z")
    households(page, SOUTH_WEST, FULL)
    expect(page.locator("#edit-undo")).to_be_disabled()
    assert kept(service, plan) == before == dict.fromkeys(before, FULL)


def test_two_browsers_at_once_lose_no_edit(open_page: Enter, service: Service, plan: int) -> None:
    slow, quick = edited(open_page, plan), edited(open_page, plan, "admin")
    click(slow, 4, 0)
    click(slow, 0, 0)
    click(quick, 4, 1)
    click(quick, 0, 1)
    quick.keyboard.press("Enter")
    households(quick, SOUTH_WEST, FULL + HOUSEHOLDS)
    slow.keyboard.press("Enter")
    expect(slow.locator("#edit-bar [role=alert]")).to_contain_text("admin 1 块划入第1网格")
    slow.keyboard.press("Enter")
    households(slow, SOUTH_WEST, FULL + 2 * HOUSEHOLDS)
    assert kept(service, plan)[EAST_OF_IT] == FULL - 2 * HOUSEHOLDS


def test_a_city_s_plan_is_sent_back_approved_published_and_told(open_page: Enter, service: Service, plan: int) -> None:
    with service.client("planner") as client:
        cell = client.get(f"{V1}/plans/{plan}/cells", params={"area_code": AREA}).json()["features"]
        first = next(one for one in cell if one["properties"]["grid_code"] == EAST_OF_IT)["properties"]["cell_id"]
        edit = {"revision": 1, "verb": "move", "cells": [first], "to": SOUTH_WEST}
        client.post(f"{V1}/plans/{plan}/edits", json=edit).raise_for_status()
    planner, approver = opened(open_page, plan, "planner"), opened(open_page, plan, "approver")
    take(planner, "提交审批", remark="请审")
    approver.reload()
    take(approver, "退回方案", remark="请再核对")
    planner.reload()
    take(planner, "提交审批", remark="已核对")
    approver.reload()
    take(approver, "批准", document_number="云政办〔2026〕9号")
    day = (today() + timedelta(days=60)).isoformat()
    take(approver, "发布", valid_from=day)
    expect(approver.locator("#plan-state")).to_have_text("待生效")
    page = open_page(f"/dossier?plan={plan}", "approver")
    expect(page.locator("#sum-households")).to_have_text(str(HOUSEHOLDS), timeout=PATIENT_MS)
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.locator("#rows tbody tr")).to_contain_text(SOUTH_WEST)


def opened(open_page: Enter, plan: int, account: str) -> Page:
    page = open_page(f"/planner?plan={plan}", account)
    page.set_default_timeout(PATIENT_MS)
    expect(page.locator("#life .stages")).to_be_visible(timeout=PATIENT_MS)
    return page


def take(page: Page, step: str, **fields: str) -> None:
    """Press a step's button, fill its form, and see it done."""
    page.locator("#life .life__end").get_by_role("button", name=step, exact=True).click()
    dialog = page.locator("#life-dialog")
    for name, value in fields.items():
        dialog.locator(f"[name={name}]").fill(value)
    dialog.get_by_role("button", name=step, exact=True).click()
    expect(dialog).to_have_count(0, timeout=PATIENT_MS)
