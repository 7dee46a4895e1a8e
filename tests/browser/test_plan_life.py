"""A plan from draft to publication with a real mouse: checked, compared, commented on, sent back, published."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from data.calendar import today
from tests.fixtures.editing import EAST_A, V1, WEST_A, Enter
from tests.fixtures.services import Service

pytestmark = pytest.mark.browser


@pytest.fixture
def moved(service: Service, plan: int) -> int:
    """A draft in which a building of A has changed grid: the one next to the border."""
    with service.client("planner") as client:
        edit = {"revision": 1, "verb": "move", "cells": [5], "to": EAST_A}
        assert client.post(f"{V1}/plans/{plan}/edits", json=edit).status_code == 200
    return plan


def opened(open_page: Enter, plan: int, account: str = "planner", width: str = "desktop") -> Page:
    page = open_page(f"/planner?plan={plan}", account, width)
    expect(page.locator("#life .stages")).to_be_visible()
    return page


def take(page: Page, step: str, **fields: str) -> None:
    """Press a step's button, fill its form, and see it done."""
    page.locator("#life .life__end").get_by_role("button", name=step, exact=True).click()
    dialog = page.locator("#life-dialog")
    for name, value in fields.items():
        dialog.locator(f"[name={name}]").fill(value)
    dialog.get_by_role("button", name=step, exact=True).click()
    expect(dialog).to_have_count(0)


def test_a_plan_is_submitted_sent_back_approved_and_published(open_page: Enter, service: Service, moved: int) -> None:
    planner, approver = opened(open_page, moved), opened(open_page, moved, "approver")
    expect(approver.locator("#life .life__end button")).to_have_count(0)
    take(planner, "提交审批", remark="请审")
    expect(planner.locator("#plan-state")).to_have_text("已提交")
    expect(planner.locator("#edit")).to_be_hidden()
    approver.reload()
    expect(approver.locator("#life .life__end")).to_have_text("退回方案批准")
    take(approver, "退回方案", remark="第一网格请再核对")
    planner.reload()
    expect(planner.locator("#life .verdict--alarm")).to_contain_text("第一网格请再核对")
    expect(planner.locator("#edit")).to_be_visible()
    take(planner, "提交审批")
    approver.reload()
    take(approver, "批准", document_number="云政办〔2026〕9号")
    dialog = approver.locator("#life-dialog")
    approver.locator("#life .life__end").get_by_role("button", name="发布", exact=True).click()
    expect(dialog.locator(".facts")).to_contain_text("换网格的户数30")
    assert dialog.locator("[name=document_number]").input_value() == "云政办〔2026〕9号"
    day = (today() + timedelta(days=60)).isoformat()
    dialog.locator("[name=valid_from]").fill(day)
    dialog.get_by_role("button", name="发布", exact=True).click()
    expect(approver.locator("#plan-state")).to_have_text("待生效")
    expect(approver.locator("#plan-note")).to_contain_text(day)
    approver.get_by_text("意见与经过").click()
    expect(approver.locator(".talk--step")).to_have_count(5)
    with service.client("planner") as client:
        life = client.get(f"{V1}/plans/{moved}/life").json()
    assert [row["step"] for row in life["steps"]] == ["submit", "return", "submit", "approve", "publish"]


def test_an_error_is_found_shown_and_mended_as_proposed(open_page: Enter, service: Service, plan: int) -> None:
    with service.client("planner") as client:  # the far corner of the east given to the west
        edit = {"revision": 1, "verb": "move", "cells": [16], "to": WEST_A}
        assert client.post(f"{V1}/plans/{plan}/edits", json=edit).status_code == 200
    page = opened(open_page, plan)
    page.locator("#life").get_by_role("button", name="检查").click()
    error = page.locator(".finding", has=page.locator(".dot--error"))
    expect(error).to_have_count(1)
    expect(error).to_contain_text("网格分成几块")
    error.locator(".finding__head").click()
    expect(page.locator(".leaflet-marks-pane path")).not_to_have_count(0)
    page.locator("#life .life__end").get_by_role("button", name="提交审批").click()
    expect(page.locator("#life-dialog [role=alert]").first).to_contain_text("1 处错误")
    expect(page.locator("#life-dialog").get_by_role("button", name="提交审批")).to_be_disabled()
    page.keyboard.press("Escape")
    error.get_by_role("button", name="按建议修复").click()
    expect(page.locator("#detail .verdict")).to_have_text("没有错误，可以提交")
    take(page, "提交审批")
    expect(page.locator("#plan-state")).to_have_text("已提交")


def test_a_comment_is_pinned_to_a_grid_and_settled(open_page: Enter, moved: int) -> None:
    street, planner = opened(open_page, moved, "street_1"), opened(open_page, moved)
    street.locator(f"#grids tr[data-id='{WEST_A}']").click()
    street.get_by_text("意见与经过").click()
    street.locator(".talk-form textarea").fill("学校不宜拆开")
    street.locator(".talk-form button").click()
    expect(street.locator(".talk")).to_contain_text("学校不宜拆开")
    planner.reload()
    expect(planner.locator(".talk-pin")).to_have_count(1)
    expect(planner.locator("#life .life__ways b")).to_have_text("1")
    planner.get_by_text("意见与经过").click()
    planner.locator(".talk").get_by_role("button", name="已处理").click()
    expect(planner.locator(".talk")).to_contain_text("planner 已处理")
    expect(planner.locator(".talk-pin")).to_have_count(0)


def test_the_dossier_shows_who_moves_on_two_sides_of_a_map(open_page: Enter, moved: int) -> None:
    page = open_page(f"/dossier?plan={moved}")
    expect(page.locator("#sum-households")).to_have_text("30")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.locator("#rows tbody tr")).to_contain_text(WEST_A)
    bar = page.locator(".swipe")
    box = page.locator(".stage").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 200, steps=6)
    page.mouse.up()
    expect(bar).to_have_attribute("aria-valuenow", "25")
    bar.focus()
    page.keyboard.press("ArrowRight")
    assert int(bar.get_attribute("aria-valuenow") or 0) > 25
    page.get_by_role("button", name="并排").click()
    expect(page.locator("#map-after")).to_be_visible()
    expect(page.locator("#map-after .leaflet-after-pane path")).not_to_have_count(0)
    for tab, count in (("网格2", 2), ("楼栋1", 1)):
        page.locator("#tabs button").filter(has_text=re.compile(f"^{tab}$")).click()
        expect(page.locator("#rows tbody tr")).to_have_count(count)
    with page.expect_download() as taken:
        page.locator("#take-xlsx").click()
    assert taken.value.suggested_filename == f"dossier-{moved}.xlsx"


@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_the_dossier_fits_the_screen(open_page: Enter, moved: int, width: str) -> None:
    page = open_page(f"/dossier?plan={moved}&lang=en", "street_office", width)
    expect(page.locator("#sum-households")).to_have_text("30")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.locator("#tabs")).to_contain_text("Who moves where")
